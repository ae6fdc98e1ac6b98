"""What happened in the business register since a day: its list of changes, the last one of each unit.

The list is read by its running number (``oppdateringsid``), never by page: pages end at 10 000 too. Numbers
have gaps and belong to this list alone. A file of the whole register cannot tell that a unit is gone; this
list does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from geodata.errors import ParameterError, SourceError
from loaders.official.brregsearch import UNITS
from loaders.official.webclient import Progress, WebClient

LISTS: Final = {UNITS: "oppdaterteUnderenheter", "enheter": "oppdaterteEnheter"}
"""Kind -> the key under which its changes stand."""
MOST_AT_ONCE: Final = 5_000

ChangeKind = Literal["new", "changed", "deleted", "removed"]

_KINDS: Final[dict[str, ChangeKind]] = {
    "ny": "new",
    "endring": "changed",
    "ukjent": "changed",  # changes from before the register told what they are
    "sletting": "deleted",
    "fjernet": "removed",
}


@dataclass(frozen=True)
class Change:
    """One change: of which unit, what, its running number and its time (ISO, as told)."""

    number: str
    kind: ChangeKind
    update_id: int
    changed_at: str


@dataclass(frozen=True)
class Updates:
    """Changes, the last of each unit.

    Attributes
    ----------
    changes : by running number. read : changes told, before the last of each unit was taken.
    next_id : where the next look begins, or None where nothing is known of the list yet.
    fetched_on : ISO date.
    """

    changes: tuple[Change, ...]
    read: int
    next_id: int | None
    fetched_on: str

    def count(self, kind: ChangeKind) -> int:
        """Return how many units have this as their last change."""
        return sum(change.kind == kind for change in self.changes)


def ask_updates(
    *,
    client: WebClient,
    since: dt.date | None = None,
    from_id: int | None = None,
    kind: str = UNITS,
    at_once: int = MOST_AT_ONCE,
    progress: Progress | None = None,
) -> Updates:
    """Read the list of changes to its end.

    Parameters
    ----------
    since : first day (UTC) where nothing was read before. from_id : :attr:`Updates.next_id` of the last look;
        goes before `since`.
    at_once : changes in one answer, at most 10 000.

    Raises
    ------
    ParameterError
        ``brreg.no_beginning`` with neither `since` nor `from_id`.
    SourceError
        As :meth:`~loaders.official.webclient.WebClient.ask_json`; ``source.unexpected`` also where the list
        runs backwards.
    """
    if since is None and from_id is None:
        raise ParameterError("brreg.no_beginning")
    told: list[Change] = []
    next_id = from_id
    path = f"oppdateringer/{kind}"
    while True:
        begin = {"dato": f"{since}T00:00:00.000Z"} if next_id is None else {"oppdateringsid": str(next_id)}
        answer = client.ask_json(
            path,
            params={**begin, "size": str(at_once), "page": "0"},
            check=lambda value: _is_list(value, kind),
            keep=False,
        )
        changes = [_read_change(row) for row in _read_rows(answer.value, kind)]
        if next_id is not None and any(change.update_id < next_id for change in changes):
            raise SourceError("source.unexpected", service=client.service.title, path=path)
        told += changes
        total = answer.value["page"]["totalElements"]
        if changes:
            next_id = max(change.update_id for change in changes) + 1
        if progress is not None:
            progress("updates", len(told), len(told) + max(total - len(changes), 0))
        if not changes or total <= len(changes):
            return Updates(take_last(told), len(told), next_id, answer.fetched_on)


def take_last(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the last change of each unit, by running number."""
    last = {change.number: change for change in sorted(changes, key=lambda change: change.update_id)}
    return tuple(sorted(last.values(), key=lambda change: change.update_id))


def _read_rows(value: Any, kind: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (value.get("_embedded") or {}).get(LISTS[kind]) or []
    return rows


def _is_list(value: Any, kind: str) -> bool:
    page = value.get("page") if isinstance(value, dict) else None
    total = page.get("totalElements") if isinstance(page, dict) else None
    if not isinstance(total, int) or isinstance(total, bool):
        return False
    embedded = value.get("_embedded") or {}
    rows = embedded.get(LISTS[kind]) or [] if isinstance(embedded, dict) else None
    return isinstance(rows, list) and all(map(_is_change, rows)) and bool(rows) == (total > 0)


def _is_change(row: Any) -> bool:
    if not isinstance(row, dict) or not isinstance(row.get("organisasjonsnummer"), str):
        return False
    number = row.get("oppdateringsid")
    return isinstance(number, int) and not isinstance(number, bool)


def _read_change(row: dict[str, Any]) -> Change:
    told = row.get("endringstype")
    # A kind that is not known is a change: the unit itself is asked for and says what it is.
    kind = _KINDS.get(told.strip().casefold(), "changed") if isinstance(told, str) else "changed"
    when = row.get("dato")
    return Change(
        row["organisasjonsnummer"], kind, row["oppdateringsid"], when if isinstance(when, str) else ""
    )
