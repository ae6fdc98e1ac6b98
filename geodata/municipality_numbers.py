"""Municipality numbers through time: what any number used since 2017 is called today.

Numbers are four-digit text. One old number may have become several of today's (a split): then all
candidates are returned and none is chosen. No number has been given to another area since 2017 (checked
by the tests), so the year a file speaks of is never needed to read a number; it is only compared with.

Source of the changes: Statistics Norway, KLASS 131 (municipalities), changes of 2018, 2019, 2020 and 2024.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from geodata.errors import UnknownMunicipalityError

CHANGE_COLUMNS = ("old_number", "old_name", "valid_from_year", "valid_to_year", "new_number", "kind")
"""One row a step; ``kind`` is current (no step), renumbered, merged or split. 2017 means 2017 or earlier."""

NUMBER_STATUSES = ("current", "renumbered", "merged", "split", "unknown", "missing")

_NUMBER = re.compile(r"(?:[Kk]\s*[-_\u2010-\u2013]?\s*)?(\d{3,4})(?:[.,]0+)?(?:\s+\D.*)?")
_SPACES = re.compile(r"[\s\u200b\ufeff]+")  # \s takes no-break and thin spaces


@dataclass(frozen=True)
class Resolution:
    """What a municipality number means today.

    Attributes
    ----------
    number : the four-digit number asked for, after repair.
    name : the name it had when it was last in use.
    today : today's number; several where the area was split and a point or an address must decide.
    kind : current, renumbered, merged (now part of something larger) or split.
    repaired : a lost leading zero was put back.
    note : empty, or ``"year.not_yet"`` / ``"year.no_longer"`` when the number was not in use in the year
        asked about (it is resolved all the same).
    """

    number: str
    name: str
    today: tuple[str, ...]
    kind: str
    repaired: bool = False
    note: str = ""

    @property
    def is_certain(self) -> bool:
        """Whether there is exactly one municipality of today."""
        return len(self.today) == 1


def normalise_municipality_number(value: object) -> tuple[str | None, bool]:
    """Read a municipality number as written by people and spreadsheets.

    Takes ``"0301"``, ``301``, ``301.0``, ``"301"``, ``"K-0301"``, ``"K_0301"``, ``"0301 Oslo"`` and
    no-break spaces. Whether the number was ever in use is not asked.

    Returns
    -------
    (four digits or None, whether a lost leading zero was put back)
    """
    if value is None or value is pd.NA or isinstance(value, bool):
        return None, False
    found = _NUMBER.fullmatch(_SPACES.sub(" ", str(value)).strip().strip("'"))
    if found is None:
        return None, False
    digits = found[1]
    return digits.zfill(4), len(digits) == 3


def _follow(number: str, steps: dict[str, list[tuple[str, str]]]) -> tuple[tuple[str, ...], str]:
    # Walks the steps from a number to today's; the walk ends because each step leads to a later year.
    today: set[str] = set()
    kinds: set[str] = set()
    waiting = [number]
    while waiting:
        for new_number, kind in steps[waiting.pop()]:
            if kind == "current":
                today.add(new_number)
            else:
                kinds.add(kind)
                waiting.append(new_number)
    if len(today) > 1:
        return tuple(sorted(today)), "split"
    return tuple(today), "merged" if "merged" in kinds else "renumbered" if kinds else "current"


def _collect_steps(changes: pd.DataFrame) -> dict[str, list[tuple[str, str]]]:
    steps: dict[str, list[tuple[str, str]]] = {}
    for old, new, kind in zip(changes["old_number"], changes["new_number"], changes["kind"], strict=True):
        steps.setdefault(str(old), []).append((str(new), str(kind)))
    return steps


def resolve_municipality(number: object, *, year: int | None = None, changes: pd.DataFrame) -> Resolution:
    """Tell which municipality (or municipalities) of today a number of any year since 2017 is.

    Parameters
    ----------
    number : text or number; see :func:`normalise_municipality_number`.
    year : the year the number's source speaks of; only compared with the years of use, see ``note``.
    changes : as from ``loaders.embedded.read_municipality_changes`` (:data:`CHANGE_COLUMNS`).

    Raises
    ------
    UnknownMunicipalityError
        ``municipality.unreadable`` or ``municipality.unknown``.

    Examples
    --------
    >>> resolve_municipality("5012", changes=changes).today   # Snillfjord, split in 2020
    ('5055', '5056', '5059')
    """
    digits, repaired = normalise_municipality_number(number)
    if digits is None:
        raise UnknownMunicipalityError("municipality.unreadable", value=str(number)[:80])
    own = changes[changes["old_number"] == digits]
    if own.empty:
        raise UnknownMunicipalityError("municipality.unknown", value=digits)
    today, kind = _follow(digits, _collect_steps(changes))
    note = ""
    if year is not None:
        last = own["valid_to_year"].iloc[0]
        first = int(own["valid_from_year"].iloc[0])
        if year < first and first > 2017:  # 2017 stands for 2017 or earlier
            note = "year.not_yet"
        elif not pd.isna(last) and year > int(last):
            note = "year.no_longer"
    return Resolution(digits, str(own["old_name"].iloc[0]), today, kind, repaired, note)


def resolve_county(number: object, *, changes: pd.DataFrame) -> tuple[str, ...]:
    """Tell which county (or counties) of today the municipalities of a county number used since 2017 are in.

    A number that is still in use is itself (``15``, though two of its municipalities moved to ``50``); ``30``
    (Viken) is ``("31", "32", "33")``.

    Raises
    ------
    UnknownMunicipalityError
        ``county.unknown``.
    """
    digits = _SPACES.sub("", str(number)).removesuffix(".0").zfill(2)
    current = changes.loc[changes["kind"] == "current", "old_number"]
    if (current.str[:2] == digits).any():
        return (digits,)
    members = changes.loc[changes["old_number"].str[:2] == digits, "old_number"].drop_duplicates()
    if members.empty:
        raise UnknownMunicipalityError("county.unknown", value=str(number)[:80])
    candidates = to_current_municipality(members, changes)["candidates"]
    return tuple(sorted({today[:2] for found in candidates for today in found}))


def to_current_municipality(numbers: pd.Series, changes: pd.DataFrame) -> pd.DataFrame:
    """Resolve a column of municipality numbers; nothing raises and nothing is chosen.

    Returns
    -------
    DataFrame with the index of `numbers`: ``number`` (string, today's number where there is exactly one,
    else <NA>), ``candidates`` (tuple of text), ``status`` (one of :data:`NUMBER_STATUSES`), ``repaired``
    (boolean, a leading zero was put back).
    """
    steps = _collect_steps(changes)
    answers: dict[object, tuple[object, tuple[str, ...], str, bool]] = {}
    rows = []
    for value in numbers.to_numpy(dtype=object):
        key = None if pd.isna(value) or not str(value).strip() else str(value)
        if key not in answers:
            digits, repaired = normalise_municipality_number(value)
            if key is None:
                answers[key] = (pd.NA, (), "missing", False)
            elif digits is None or digits not in steps:
                answers[key] = (pd.NA, (), "unknown", False)
            else:
                today, kind = _follow(digits, steps)
                answers[key] = (today[0] if len(today) == 1 else pd.NA, today, kind, repaired)
        rows.append(answers[key])
    table = pd.DataFrame(rows, columns=["number", "candidates", "status", "repaired"], index=numbers.index)
    return table.astype({"number": "string", "status": "string", "repaired": "boolean"})
