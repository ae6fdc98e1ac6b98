"""A table of units brought up to date with what the register says of those that changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from geodata.businessunits import conform_units
from loaders.official.brregunits import FetchedUnit
from loaders.official.brregupdates import Change, Updates

COUNTS: Final = ("renewed", "added", "deleted", "removed", "left")
"""What became of units: a new row for an old one; a row that was not there; marked with the day on which it
was deleted; taken out because the register took it out of the open data, or never knew it; taken out because
it lies elsewhere now, does something else, or belongs to a single person."""


@dataclass(frozen=True)
class UnitsUpdated:
    """A table brought up to date.

    Attributes
    ----------
    units : the table of :data:`geodata.businessunits.BUSINESS_UNIT_COLUMNS`.
    counts : one of :data:`COUNTS` -> units, those that came up.
    next_id : where the next look at the list of changes begins; None where nothing is known of it.
    """

    units: pd.DataFrame
    counts: Mapping[str, int] = field(default_factory=dict)
    next_id: int | None = None


def choose_asked(units: pd.DataFrame, updates: Updates) -> list[str]:
    """Return the numbers to ask for: all that are new or changed, and of those deleted the ones in the table.

    One that is not in the table may have moved into its area.
    """
    here = set(units["organisation_number"])
    return [
        change.number
        for change in updates.changes
        if change.kind in ("new", "changed") or (change.kind == "deleted" and change.number in here)
    ]


def renew_units(
    units: pd.DataFrame, updates: Updates, *, said: Mapping[str, FetchedUnit], fresh: pd.DataFrame
) -> UnitsUpdated:
    """Return `units` with `updates` applied; rows keep their order, new ones come last.

    Parameters
    ----------
    said : what the register says of the numbers of :func:`choose_asked`.
    fresh : rows of those that are registered and belong in the table.
    """
    counts: Counter[str] = Counter()
    here = set(units["organisation_number"])
    belongs = set(fresh["organisation_number"])
    gone: set[str] = set()
    deleted: dict[str, str] = {}
    for change in updates.changes:
        answer = said.get(change.number)
        fate = "removed" if answer is None and change.kind == "removed" else answer.fate if answer else ""
        if change.number not in here:
            counts["added"] += change.number in belongs
        elif fate in ("removed", "unknown"):
            gone.add(change.number)
            counts["removed"] += 1
        elif fate == "deleted":
            deleted[change.number] = _tell_day(answer, change)
            counts["deleted"] += 1
        elif fate == "registered" and change.number not in belongs:
            gone.add(change.number)
            counts["left"] += 1
        elif fate == "registered":
            counts["renewed"] += 1
    table = _put_rows(units, fresh, without=gone)
    table.loc[table["organisation_number"].isin(deleted), "deleted_on"] = table["organisation_number"].map(
        deleted
    )
    return UnitsUpdated(table, {name: counts[name] for name in COUNTS if counts[name]}, updates.next_id)


def _put_rows(units: pd.DataFrame, fresh: pd.DataFrame, *, without: Iterable[str]) -> pd.DataFrame:
    kept = units[~units["organisation_number"].isin(list(without))]
    order = pd.concat([kept["organisation_number"], fresh["organisation_number"]]).drop_duplicates()
    rows = pd.concat([kept[~kept["organisation_number"].isin(fresh["organisation_number"])], fresh])
    return conform_units(rows.set_index("organisation_number").loc[order].reset_index())


def _tell_day(answer: FetchedUnit | None, change: Change) -> str:
    return (answer.deleted_on if answer is not None else "") or change.changed_at[:10]
