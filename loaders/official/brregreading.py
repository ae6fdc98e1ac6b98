"""Rows of the business register as they stream by: those asked for become the table, others are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geodata.businessunits import (
    UNIT_FORMS,
    ParentForms,
    empty_units,
    fill_parent_forms,
    judge_revision,
    leave_out_sole_proprietors,
)
from geodata.findings import Finding, Severity
from loaders.codes import read_sn2025_codes
from loaders.official.brregbulk import BulkFaults, Texts
from loaders.official.brregcolumns import Unreadable, read_numbers, shape_units, tell_revisions
from loaders.official.brregfilters import ELSEWHERE, NOWHERE, IndustryFilter, PlaceFilter
from loaders.official.brregrows import REGISTER_NAMES


@dataclass(frozen=True)
class UnitsRead:
    """Units, and what became of every row that is not among them.

    Attributes
    ----------
    units : the table of :data:`geodata.businessunits.BUSINESS_UNIT_COLUMNS`.
    rows : rows of the source; those of `units`, `left_out` and `faults` together.
    left_out : reason -> rows that were not asked for: ``elsewhere``, ``no_municipality``, ``other_industry``,
        ``sole_proprietor``, ``parent_form_unknown``.
    faults : reason -> rows that could not be used: ``wrong_fields``, ``not_a_unit``, ``number`` (none, or a
        wrong check digit), ``duplicate``.
    unreadable : column -> values that could not be read and are <NA>.
    unsure : units whose old municipality was split: they may lie in another part of it.
    mended : bytes that are not UTF-8 and were read as Windows-1252.
    revision : ``sn2007`` or ``sn2025`` by the whole source, or empty.
    incomplete : of a search, the municipalities of which not all came: number, units told of, units that did.
    fetched_on : of a search, the ISO date of the oldest answer.
    parents_gone : owners that are no longer in the register.
    retired : of a search, industries asked for that SN2025 does not have and that no unit had.
    of_firms : whether the rows are firms ("enheter"): each with a legal form, hardly one with an owner.
    """

    units: pd.DataFrame
    rows: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    faults: Mapping[str, int] = field(default_factory=dict)
    unreadable: Mapping[str, int] = field(default_factory=dict)
    unsure: int = 0
    mended: int = 0
    revision: str = ""
    incomplete: tuple[tuple[str, int, int], ...] = ()
    fetched_on: str = ""
    parents_gone: int = 0
    retired: tuple[str, ...] = ()
    of_firms: bool = False

    def tell(self, file: str) -> tuple[Finding, ...]:
        """Return what a person should know of it; `file` is the source's name."""
        found = [
            Finding(Severity.ERROR, f"brreg.{reason}", file, values={"count": count})
            for reason, count in self.faults.items()
        ]
        found += [
            Finding(
                Severity.WARNING,
                "brreg.unreadable",
                file,
                column=REGISTER_NAMES[column],
                values={"count": count},
            )
            for column, count in self.unreadable.items()
        ]
        found += [
            Finding(
                Severity.WARNING,
                "brreg.incomplete",
                file,
                value=number,
                values={"asked": asked, "found": came},
            )
            for number, asked, came in self.incomplete
        ]
        found += [
            Finding(Severity.WARNING, "brreg.industry_retired", file, value=code) for code in self.retired
        ]
        if self.parents_gone:
            found.append(
                Finding(Severity.INFO, "brreg.parents_gone", file, values={"count": self.parents_gone})
            )
        if self.unsure:
            found.append(Finding(Severity.WARNING, "brreg.split", file, values={"count": self.unsure}))
        if self.mended:
            found.append(Finding(Severity.REPAIRED, "brreg.encoding", file, values={"count": self.mended}))
        found += [
            Finding(Severity.INFO, f"brreg.{reason}", file, values={"count": self.left_out[reason]})
            for reason in (NOWHERE, "sole_proprietor", "parent_form_unknown")
            if self.left_out.get(reason)
        ]
        return tuple(found)


@dataclass
class UnitsReading:
    """Takes rows group by group; what it holds is told by :class:`UnitsRead` when it is finished.

    Parameters
    ----------
    places, industries : which rows are asked for. parents : forms of the firms, where they are known.
    keep_sole_proprietors : else units that are or may be a single person's are left out.
    """

    places: PlaceFilter
    industries: IndustryFilter
    parents: ParentForms | None
    keep_sole_proprietors: bool
    rows: int = 0
    firms: int = 0
    owned: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    unreadable: Unreadable = field(default_factory=Unreadable)
    parts: list[pd.DataFrame] = field(default_factory=list)
    numbers: list[npt.NDArray[np.int64]] = field(default_factory=list)

    def take(self, texts: Texts) -> None:
        """Add a group of rows."""
        numbers = read_numbers(texts["organisation_number"])
        self.rows += len(numbers)
        self._count_codes(texts.get("industry_code"))
        self._count_firms(texts)
        usable = numbers >= 0
        self.faults["number"] += int(np.count_nonzero(~usable))
        there = self.places.judge(texts.get("municipality_number"), rows=len(numbers))
        if not self.places.is_open:
            self._count_elsewhere(texts.get("municipality_number"), usable & ~there)
        usable &= there
        does = self.industries.judge(
            [texts.get(f"industry_code{tail}") for tail in ("", "_2", "_3")], rows=len(numbers)
        )
        self.left_out["other_industry"] += int(np.count_nonzero(usable & ~does))
        usable &= does
        if not usable.all():
            numbers = numbers[usable]
            mask = pa.array(usable)
            texts = {column: array.filter(mask) for column, array in texts.items()}
        if len(numbers):
            self._keep(shape_units(texts, numbers, self.unreadable), numbers)

    def finish(self, faults: BulkFaults) -> UnitsRead:
        """Put the groups together and look at what only the whole tells."""
        for reason, count in faults.rows.items():
            self.faults[reason] += count
            self.rows += count
        units = pd.concat(self.parts, ignore_index=True) if self.parts else empty_units()
        self.parts.clear()
        again = pd.Series(np.concatenate([np.empty(0, dtype=np.int64), *self.numbers])).duplicated()
        if again.any():
            self.faults["duplicate"] += int(again.sum())
            units = units[~again].reset_index(drop=True)
        sn2025 = read_sn2025_codes()
        revision = judge_revision(self.codes, sn2025=sn2025)
        units["industry_revision"] = tell_revisions(units, sn2025=sn2025, whole=revision)
        return UnitsRead(
            units,
            self.rows,
            {reason: count for reason, count in self.left_out.items() if count},
            {reason: count for reason, count in self.faults.items() if count},
            {column: count for column, count in self.unreadable.counts.items() if count},
            self.places.count_unsure(units["municipality_number"]),
            faults.mended,
            revision,
            # Some firms have an owner too (a directorate of its ministry); of units nearly all have.
            of_firms=self.firms > 0.9 * self.rows and self.owned < 0.5 * self.rows,
        )

    def _keep(self, units: pd.DataFrame, numbers: npt.NDArray[np.int64]) -> None:
        if self.keep_sole_proprietors:
            units = fill_parent_forms(units, self.parents)
        else:
            units, left = leave_out_sole_proprietors(units, self.parents)
            self.left_out.update(left.reasons)
        self.parts.append(units)
        self.numbers.append(numbers[units.index.to_numpy()])

    def _count_firms(self, texts: Texts) -> None:
        """Count the rows whose form is a firm's, and those that name an owner."""
        forms, owners = texts.get("form"), texts.get("parent_number")
        if forms is not None:
            own = pc.is_in(
                pc.utf8_upper(pc.utf8_trim_whitespace(forms)), pa.array(sorted(UNIT_FORMS), forms.type)
            )
            told = len(forms) - forms.null_count
            self.firms += told - int(pc.sum(own).as_py() or 0)
        if owners is not None:
            self.owned += len(owners) - owners.null_count

    def _count_codes(self, codes: pa.Array | None) -> None:
        if codes is not None:
            for pair in pc.value_counts(codes).to_pylist():
                if pair["values"] is not None:
                    self.codes[pair["values"]] += pair["counts"]

    def _count_elsewhere(self, municipalities: pa.Array | None, away: npt.NDArray[np.bool_]) -> None:
        count = int(np.count_nonzero(away))
        nowhere = count
        if municipalities is not None:
            nowhere = int(np.count_nonzero(away & municipalities.is_null().to_numpy(zero_copy_only=False)))
        self.left_out[NOWHERE] += nowhere
        self.left_out[ELSEWHERE] += count - nowhere
