"""A newer reform taken into the table of municipality numbers: steps that a register tells, not yet known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import pandas as pd

from geodata.errors import InvalidTableError
from geodata.municipality_numbers import CHANGE_COLUMNS

CODE_CHANGE_COLUMNS: Final = ("old_code", "old_name", "new_code", "new_name", "occurred_on")
"""Changes as a register of codes tells them: one row from an old to a new code, with an ISO date."""
PASSED_OVER: Final = ("renamed", "known", "unknown")
"""Why a row was not taken in: only the name changed; it is as old as the table; no such number in use."""


@dataclass(frozen=True, eq=False)
class ExtendedChanges:
    """The table with the newer steps.

    Attributes
    ----------
    changes : as it was and longer; :data:`geodata.municipality_numbers.CHANGE_COLUMNS`.
    taken : rows of the register's changes that were taken in.
    passed_over : those that were not, with ``reason``, one of :data:`PASSED_OVER`.
    """

    changes: pd.DataFrame
    taken: pd.DataFrame
    passed_over: pd.DataFrame


def extend_changes(
    known: pd.DataFrame, fetched: pd.DataFrame, *, still_used: Collection[str] | None = None
) -> ExtendedChanges:
    """Take steps that are newer than any in `known` into it.

    An old number ends the day before the change, unless it is listed as changed into itself too, is among
    `still_used`, or changes again later: then it goes on and has given away a part. It is *split* where it
    has become several numbers, *merged* where it is now part of something larger, else *renumbered*.

    Parameters
    ----------
    known : as from ``loaders.embedded.read_municipality_changes``.
    fetched : :data:`CODE_CHANGE_COLUMNS`.
    still_used : numbers in use after the last change, where known.

    Raises
    ------
    InvalidTableError
        ``municipality.reused`` where a number that ended is given to another area: then a number alone no
        longer tells the municipality, and the table cannot hold it.
    """
    newest = int(known["valid_from_year"].max())
    rows = fetched.astype(dict.fromkeys(CODE_CHANGE_COLUMNS, "string")).drop_duplicates()
    rows = rows.sort_values("occurred_on", kind="stable").reset_index(drop=True)
    year = rows["occurred_on"].str[:4].astype("Int64")
    reason = pd.Series("", index=rows.index)
    reason[year <= newest] = "known"
    book = _Book(known)
    for day, group in rows[reason == ""].groupby("occurred_on", sort=True):
        date = dt.date.fromisoformat(str(day)[:10])
        moves = group[group["old_code"] != group["new_code"]]
        reason[group.index.difference(moves.index)] = "renamed"
        strange = moves[~moves["old_code"].isin(book.current)]
        reason[strange.index] = "unknown"
        moves = moves.drop(strange.index)
        into_itself = set(group.loc[group["old_code"] == group["new_code"], "old_code"])
        later = set(rows.loc[rows["occurred_on"] > str(day), "old_code"])
        book.take(moves, date=date, go_on=into_itself | later | set(still_used or ()))
    taken = rows[reason == ""].reset_index(drop=True)
    left = rows[reason != ""].assign(reason=reason[reason != ""].astype("string")).reset_index(drop=True)
    return ExtendedChanges(book.tabulate(known), taken, left)


class _Book:
    """The numbers in use and the steps between them, while changes are taken in day by day."""

    def __init__(self, known: pd.DataFrame) -> None:
        self.rows = [tuple(row) for row in known[list(CHANGE_COLUMNS)].itertuples(index=False, name=None)]
        self.current = {row[0]: row for row in self.rows if row[5] == "current"}
        self._ever = {row[0] for row in self.rows}

    def take(self, moves: pd.DataFrame, *, date: dt.date, go_on: set[str]) -> None:
        last_year = (date - dt.timedelta(days=1)).year
        pairs = list(zip(moves["old_code"], moves["new_code"], strict=True))
        names = dict(zip(moves["new_code"], moves["new_name"], strict=True))
        targets: dict[str, set[str]] = {}
        givers: dict[str, set[str]] = {}
        for old, new in pairs:
            targets.setdefault(old, set()).add(new)
            givers.setdefault(new, set()).add(old)
        ended = {old for old in targets if old not in go_on}
        for new in givers:
            if new in self.current and new not in ended:
                givers[new].add(new)  # it was there before, and is larger now
            elif new in self._ever:
                raise InvalidTableError("municipality.reused", number=new)
        before = {old: self.current[old] for old in targets}
        for old in ended:
            self.rows.remove(self.current.pop(old))
        for old, found in targets.items():
            _number, name, first_year, *_rest = before[old]
            for new in sorted(found):
                kind = "renumbered"
                if len(found) + (old not in ended) > 1:
                    kind = "split"
                elif len(givers[new]) > 1:
                    kind = "merged"
                self.rows.append((old, name, first_year, last_year, new, kind))
        for new in givers:
            if new not in self.current:
                self.current[new] = (new, names[new], date.year, pd.NA, new, "current")
                self.rows.append(self.current[new])
                self._ever.add(new)

    def tabulate(self, known: pd.DataFrame) -> pd.DataFrame:
        table = pd.DataFrame(self.rows, columns=list(CHANGE_COLUMNS))
        table = table.astype({name: known[name].dtype for name in CHANGE_COLUMNS})
        return table.sort_values(["old_number", "new_number"], kind="stable").reset_index(drop=True)
