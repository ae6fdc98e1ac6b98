"""What was done with the numbers of a table, as findings, and the rows that ask for a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.findings import Finding, Severity
from geodata.municipalityreading import NumberReader, NumberReading

ASKED_COLUMNS: Final = ("row", "value", "number", "name", "reason", "candidates", "settles", "suggestion")
ASIDE: Final = ("sum", "elsewhere")
"""Rows that no decision could place in a municipality: they are left out and told."""
TEXT_MARK: Final = "; "
SHOWN_NUMBERS: Final = 12

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Chosen = list[tuple[tuple[str, float, str], ...]]
"""For each row its parts: today's number, share, and how it was chosen (number, place, share)."""


class Teller:
    """Collects findings about the column `column` of one table."""

    def __init__(
        self,
        file: str,
        column: str,
        cells: Sequence[Any],
        readings: Sequence[NumberReading],
        rows: Sequence[Any],
        reader: NumberReader,
    ) -> None:
        self._file, self._column = file, column
        self._cells, self._readings, self._rows = cells, readings, rows
        self._reader = reader
        self.findings: list[Finding] = []

    def _tell(
        self,
        severity: Severity,
        code: str,
        at: int | None = None,
        value: object = None,
        **values: str | int | float,
    ) -> None:
        row = None if at is None else int(self._rows[at])
        shown = None if value is None else str(value)[:80]
        self.findings.append(Finding(severity, code, self._file, row, self._column, shown, values))

    def _count(self, wanted: Sequence[bool]) -> dict[str, tuple[int, int]]:
        """Return each distinct cell that is wanted -> (position of the first, count)."""
        found: dict[str, tuple[int, int]] = {}
        for at, hit in enumerate(wanted):
            if hit:
                key = " ".join(str(self._cells[at]).split())
                first, count = found.get(key, (at, 0))
                found[key] = (first, count + 1)
        return found

    def tell_repairs(self) -> None:
        """Tell of lost zeros, numbers read by their name, rows that are no municipality, and old numbers."""
        for value, (at, count) in self._count([r.repaired for r in self._readings]).items():
            number = self._readings[at].number
            self._tell(Severity.REPAIRED, "municipality.lost_zero", at, value, suggestion=number, count=count)
        for value, (at, count) in self._count([r.status == "named" for r in self._readings]).items():
            today = self._reader.label(self._readings[at].today[0])
            self._tell(Severity.INFO, "municipality.read_by_name", at, value, suggestion=today, count=count)
        for status, code in (("sum", "municipality.sum_left_out"), ("elsewhere", "municipality.elsewhere")):
            for value, (at, count) in self._count([r.status == status for r in self._readings]).items():
                self._tell(Severity.INFO, code, at, value, count=count)
        for number in {r.number: None for r in self._readings if r.number in self._reader.moved}:
            moved = TEXT_MARK.join(self._reader.moved[number])
            self._tell(Severity.INFO, "municipality.county_moved", None, number, suggestion=moved)
        old = {r.number for r in self._readings if len(r.today) == 1 and r.number not in ("", r.today[0])}
        if old:
            self._tell(Severity.INFO, "municipality.old_numbers", count=len(old))

    def tell_years(self, years: Sequence[int | None], filled: Bools) -> None:
        """Tell of numbers that were not in use in the year of their row, where the row says something."""
        found: dict[tuple[str, int, bool], tuple[int, int]] = {}
        for at, (reading, year) in enumerate(zip(self._readings, years, strict=True)):
            if year is not None and filled[at] and not reading.is_used(year):
                key = (reading.number, year, year < reading.first)
                first, count = found.get(key, (at, 0))
                found[key] = (first, count + 1)
        for (number, year, early), (at, count) in found.items():
            code = "municipality.year_not_yet" if early else "municipality.year_no_longer"
            name = self._readings[at].name
            self._tell(Severity.WARNING, code, at, number, name=name, year=year, count=count)

    def tell_years_of_measures(
        self,
        numeric: Mapping[str, Floats],
        years: Sequence[int | None],
        column_years: Mapping[str, int],
    ) -> None:
        """Tell of amounts under a number that was not in use in their year; zero is no amount."""
        plain = [name for name in numeric if name not in column_years]
        filled = np.zeros(len(self._readings), dtype=bool)
        for name in plain:
            filled |= np.nan_to_num(numeric[name]) != 0
        if plain:
            self.tell_years(years, filled)
        for name, year in column_years.items():
            if name in numeric:
                self.tell_years([year] * len(self._readings), np.nan_to_num(numeric[name]) != 0)

    def tell_chosen(self, chosen: Chosen) -> None:
        """Tell of divided numbers that a place or a share has settled."""
        by_place: dict[tuple[str, str], tuple[int, int]] = {}
        shared: dict[str, int] = {}
        for at, parts in enumerate(chosen):
            number = self._readings[at].number or self._readings[at].name
            if parts and parts[0][2] == "place":
                first, count = by_place.get((number, parts[0][0]), (at, 0))
                by_place[number, parts[0][0]] = (first, count + 1)
            elif parts and parts[0][2] == "share":
                shared.setdefault(number, at)
        for (number, today), (at, count) in by_place.items():
            own, label = self._readings[at], self._reader.label(today)
            code = "municipality.settled_by_place" if own.number else "municipality.chosen_by_place"
            self._tell(Severity.INFO, code, at, number, name=own.name, suggestion=label, count=count)
        for number, at in shared.items():
            said = TEXT_MARK.join(
                f"{self._reader.label(today)} {round(100 * share, 1):g} %" for today, share, _ in chosen[at]
            )
            name = self._readings[at].name
            self._tell(Severity.INFO, "municipality.divided_by_share", at, number, name=name, suggestion=said)

    def tell_merged(self, chosen: Chosen) -> None:
        """Tell which of today's municipalities hold several numbers of the table."""
        members: dict[str, dict[str, None]] = {}
        for at, parts in enumerate(chosen):
            own = self._readings[at]
            for today, _share, _how in parts:
                members.setdefault(today, {})[f"{own.number} {own.name}".strip()] = None
        for today, found in sorted(members.items()):
            if len(found) > 1:
                name = self._reader.labels.get(today, "")
                self._tell(
                    Severity.INFO,
                    "municipality.put_together",
                    None,
                    today,
                    name=name,
                    suggestion=TEXT_MARK.join(sorted(found)),
                )

    def tell_lacking(self, count: int) -> None:
        """Tell that `count` municipalities lack a part of one that was divided."""
        self._tell(Severity.WARNING, "municipality.lacking", count=count)

    def tell_unknown_sums(self, name: str, numbers: Sequence[str]) -> None:
        """Tell of sums that are unknown because one part of them is."""
        if len(numbers):
            distinct = list(dict.fromkeys(numbers))
            shown = ", ".join(self._reader.label(number) for number in distinct[:SHOWN_NUMBERS])
            more = ", …" if len(distinct) > SHOWN_NUMBERS else ""
            self._tell(
                Severity.WARNING,
                "municipality.sum_unknown",
                None,
                name,
                count=len(distinct),
                suggestion=shown + more,
            )

    def list_asked(
        self, chosen: Chosen, table: pd.DataFrame, summed: Sequence[str], *, things: bool
    ) -> pd.DataFrame:
        """Return the rows without a municipality: :data:`ASKED_COLUMNS` and the columns `summed`."""
        open_rows = [
            at for at, parts in enumerate(chosen) if not parts and self._readings[at].status not in ASIDE
        ]
        rows = []
        for at in open_rows:
            own = self._readings[at]
            settles = "number" if own.status != "split" else "address" if things else "share"
            cell = self._cells[at]
            rows.append(
                (
                    self._rows[at],
                    None if own.status == "missing" else str(cell)[:80],
                    own.number or None,
                    own.name or None,
                    own.status,
                    TEXT_MARK.join(self._reader.label(number) for number in own.today) or None,
                    settles,
                    own.suggestion or None,
                )
            )
        asked = pd.DataFrame(rows, columns=list(ASKED_COLUMNS))
        asked = asked.astype({"row": "Int64", **dict.fromkeys(ASKED_COLUMNS[1:], "string")})
        for name in summed:
            label = name
            while label in asked:
                label += "_"
            asked[label] = table[name].iloc[open_rows].to_numpy()
        split = asked[asked["reason"] == "split"]
        code = "municipality.asks_address" if things else "municipality.asks_share"
        for number, count in split["number"].value_counts(sort=False).items():
            first = split[split["number"] == number].iloc[0]
            self._tell(
                Severity.WARNING,
                code,
                None,
                number,
                name=str(first["name"]),
                suggestion=str(first["candidates"]),
                count=int(count),
            )
        for value, (at, count) in self._count(
            [not parts and r.status in ("unknown", "ambiguous")
             for parts, r in zip(chosen, self._readings, strict=True)]
        ).items():  # fmt: skip
            own_reading = self._readings[at]
            if own_reading.status == "ambiguous":
                labels = TEXT_MARK.join(self._reader.label(number) for number in own_reading.today)
                self._tell(
                    Severity.WARNING, "municipality.ambiguous", at, value, suggestion=labels, count=count
                )
            else:
                self._tell(
                    Severity.WARNING,
                    "municipality.not_known",
                    at,
                    value,
                    suggestion=own_reading.suggestion,
                    count=count,
                )
        return asked
