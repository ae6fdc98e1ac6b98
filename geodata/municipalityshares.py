"""Shares of a divided municipality: what of an old number's amounts goes to each of today's.

No share is applied unless somebody chose it. What can be offered, and how well it is known:

- ``whole``: all of the old municipality lies in one of today's (Haram of 2019 is Haram of 2024).
- ``inhabitants``: today's candidates are the old area and nothing more, so their inhabitants divide it.
- ``rough``: the candidates hold other areas too; their inhabitants say little of the part that came to each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, Literal

import pandas as pd

from geodata.errors import InvalidTableError
from geodata.municipality_numbers import resolve_county, to_current_municipality

Level = Literal["municipality", "county"]
Parts = Mapping[str, tuple[tuple[str, float], ...]]
"""Old number -> (today's number, share) of each part; shares of one old number sum to 1."""

SHARE_COLUMNS: Final = ("old_number", "new_number", "share", "method", "source")
SHARE_METHODS: Final = ("whole", "inhabitants", "rough", "given")
SUM_TOLERANCE: Final = 0.005
"""Rounded per cents may miss 1 by this much; they are scaled to it, so that nothing is lost."""


def list_split_numbers(changes: pd.DataFrame, *, level: Level = "municipality") -> dict[str, tuple[str, ...]]:
    """Return every number used since 2017 that is several of today's -> those, in order."""
    old = changes["old_number"].drop_duplicates().reset_index(drop=True)
    if level == "county":
        numbers = sorted(set(old.str[:2]))
        found = {number: resolve_county(number, changes=changes) for number in numbers}
        return {number: today for number, today in found.items() if len(today) > 1}
    today = to_current_municipality(old, changes)
    rows = zip(old, today["candidates"], strict=True)
    return {str(number): tuple(found) for number, found in rows if len(found) > 1}


def check_shares(shares: pd.DataFrame, *, changes: pd.DataFrame, level: Level = "municipality") -> Parts:
    """Return the shares by old number, scaled to sum to exactly 1.

    Parameters
    ----------
    shares : ``old_number``, ``new_number`` (text), ``share`` (0 to 1).
    changes : as from ``loaders.embedded.read_municipality_changes``.

    Raises
    ------
    InvalidTableError
        ``municipality.share_old`` (not a number that was divided), ``municipality.share_new`` (not one of
        its parts), ``municipality.share_twice``, ``municipality.share_range``, ``municipality.share_total``.
    """
    split = list_split_numbers(changes, level=level)
    parts: dict[str, dict[str, float]] = {}
    rows = zip(shares["old_number"], shares["new_number"], shares["share"], strict=True)
    for old, new, share in rows:
        own, target = str(old), str(new)
        if own not in split:
            raise InvalidTableError("municipality.share_old", number=own)
        if target not in split[own]:
            candidates = ", ".join(split[own])
            raise InvalidTableError(
                "municipality.share_new", number=own, target=target, candidates=candidates
            )
        value = math.nan if pd.isna(share) else float(share)
        if not 0.0 <= value <= 1.0 + SUM_TOLERANCE:
            raise InvalidTableError("municipality.share_range", number=own, target=target)
        if target in parts.setdefault(own, {}):
            raise InvalidTableError("municipality.share_twice", number=own, target=target)
        parts[own][target] = value
    for own, found in parts.items():
        total = math.fsum(found.values())
        if abs(total - 1.0) > SUM_TOLERANCE:
            raise InvalidTableError("municipality.share_total", number=own, total=round(total, 4))
        parts[own] = {target: value / total for target, value in found.items()}
    return {own: tuple(sorted(found.items())) for own, found in parts.items()}


def offer_shares(
    municipalities: pd.DataFrame,
    *,
    changes: pd.DataFrame,
    wholes: pd.DataFrame,
    level: Level = "municipality",
    said: str = "Statistics Norway (SSB), inhabitants on 1 January {year}",
) -> pd.DataFrame:
    """Return shares that may be chosen for every divided number: :data:`SHARE_COLUMNS`.

    Parameters
    ----------
    municipalities : today's, ``municipality_number``, ``county_number``, ``inhabitants``,
        ``inhabitants_year``.
    wholes : ``old_number``, ``new_number``, ``source``: where all of an old one went to one of today's.
    said : how the source of inhabitants is called, with ``{year}``.

    Notes
    -----
    A share by inhabitants suits amounts that follow people (household waste), not those of an industry.
    """
    people = municipalities.set_index("municipality_number")["inhabitants"].astype("Float64")
    year = municipalities["inhabitants_year"].max()
    source = said.format(year=year)
    whole = {
        str(old): (str(new), str(said))
        for old, new, said in zip(wholes["old_number"], wholes["new_number"], wholes["source"], strict=True)
    }
    rows: list[tuple[str, str, float, str, str]] = []
    for old, today in list_split_numbers(changes, level=level).items():
        if level == "municipality" and old in whole:
            new, said = whole[old]
            rows += [(old, number, float(number == new), "whole", said) for number in today]
            continue
        counts, exact = _count_people(old, today, people, changes=changes, level=level)
        total = sum(counts.values())
        if total > 0:
            method = "inhabitants" if exact else "rough"
            rows += [(old, number, counts[number] / total, method, source) for number in today]
    table = pd.DataFrame(rows, columns=list(SHARE_COLUMNS))
    texts = {name: "string" for name in SHARE_COLUMNS if name != "share"}
    return table.astype({**texts, "share": "Float64"})


def _count_people(
    old: str, today: tuple[str, ...], people: pd.Series, *, changes: pd.DataFrame, level: Level
) -> tuple[dict[str, float], bool]:
    """Return inhabitants of the candidates, and whether these are the old area and nothing more."""
    members = _trace_back(changes)
    if level == "municipality":
        others = _contemporaries(old, changes) - {old}
        exact = not any(set(members[n]) & set(today) for n in others)
        return {number: _known(people, number) for number in today}, exact
    own = [number for number in members if number[:2] == old]
    areas = {number for one in own for number in members[one]}
    others = {n for one in own for n in _contemporaries(one, changes)} - set(own)
    exact = not any(set(members[n]) & areas for n in others)
    counts = {county: sum(_known(people, n) for n in sorted(areas) if n[:2] == county) for county in today}
    return counts, exact


def _known(people: pd.Series, number: str) -> float:
    value = people.get(number)
    return 0.0 if value is None or pd.isna(value) else float(value)


def _trace_back(changes: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    old = changes["old_number"].drop_duplicates().reset_index(drop=True)
    found = to_current_municipality(old, changes)["candidates"]
    return {str(number): tuple(today) for number, today in zip(old, found, strict=True)}


def _contemporaries(number: str, changes: pd.DataFrame) -> set[str]:
    """Return the numbers in use in the last year that `number` was: each of them another area."""
    own = changes[changes["old_number"] == number].iloc[0]
    last = own["valid_to_year"]
    if pd.isna(last):
        return set()
    used = (changes["valid_from_year"] <= last) & (
        changes["valid_to_year"].isna() | (changes["valid_to_year"] >= last)
    )
    return set(changes.loc[used, "old_number"].astype(str))
