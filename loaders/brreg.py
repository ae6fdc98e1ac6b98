"""The door to Brønnøysundregistrene (Enhetsregisteret): units, which are places of work.

``read_units`` reads a bulk file that the user already has, ``read_records`` what a search answered, through
the same parser. Licence NLOD 2.0. See ``docs/sources/brreg.md``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geodata.businessunits import (
    ParentForms,
    empty_units,
    fill_parent_forms,
    judge_revision,
    leave_out_sole_proprietors,
    tell_industry_revision,
)
from geodata.findings import Finding, Severity
from loaders.codes import read_sn2025_codes
from loaders.official.brregbulk import BulkFaults, Texts, gather_texts, stream_bulk
from loaders.official.brregcolumns import Unreadable, read_numbers, shape_units
from loaders.official.brregfilters import ELSEWHERE, NOWHERE, IndustryFilter, PlaceFilter

Progress = Callable[[str, int, int | None], None]
"""Step, how many are done, of how many where that is known."""

_PARENT_COLUMNS: Final = ("organisation_number", "form")


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
    """

    units: pd.DataFrame
    rows: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    faults: Mapping[str, int] = field(default_factory=dict)
    unreadable: Mapping[str, int] = field(default_factory=dict)
    unsure: int = 0
    mended: int = 0
    revision: str = ""

    def tell(self, file: str) -> tuple[Finding, ...]:
        """Return what a person should know of it; `file` is the source's name."""
        found = [
            Finding(Severity.ERROR, f"brreg.{reason}", file, values={"count": count})
            for reason, count in self.faults.items()
        ]
        found += [
            Finding(Severity.WARNING, "brreg.unreadable", file, column=column, values={"count": count})
            for column, count in self.unreadable.items()
        ]
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


def read_units(
    path: Path,
    *,
    counties: Iterable[str] = (),
    municipalities: Iterable[str] = (),
    industries: Iterable[str] = (),
    parents: Path | ParentForms | None = None,
    keep_sole_proprietors: bool = False,
    progress: Progress | None = None,
) -> UnitsRead:
    """Read a bulk file of units ("underenheter"): CSV or JSON, plain, gzip or zip, told by content.

    Filters apply while the file streams by; a whole country needs some 300 bytes a unit.

    Parameters
    ----------
    counties, municipalities : only units that lie there, by numbers of any year since 2017, in the file
        as in the question; a unit whose old municipality was split is taken where it may lie there. Both
        empty: all of the country.
    industries : only units one of whose three codes begins so (``38``, ``38.1``, ``38.110``).
    parents : the file of "enheter", or forms already read: tells whose units are a single person's.
    keep_sole_proprietors : else units that are or may be a single person's business are left out; see
        :func:`geodata.businessunits.leave_out_sole_proprietors`.
    progress : called with ``"read"`` and the rows so far.

    Raises
    ------
    RefusedFileError
        ``file.not_found``, ``file.empty``, ``file.html``, ``file.damaged``, ``brreg.columns``,
        ``brreg.several_files``.
    UnknownMunicipalityError, ParameterError
        a place or an industry that is asked for does not exist.
    """
    reading = _Reading(
        places=PlaceFilter(counties=counties, municipalities=municipalities),
        industries=IndustryFilter(industries),
        parents=read_parent_forms(parents, progress=progress) if isinstance(parents, Path) else parents,
        keep_sole_proprietors=keep_sole_proprietors,
    )
    faults = BulkFaults()
    for texts in stream_bulk(path, faults):
        reading.take(texts)
        if progress is not None:
            progress("read", reading.rows, None)
    return reading.finish(faults)


def read_records(
    records: Iterable[Mapping[str, Any]],
    *,
    parents: ParentForms | None = None,
    keep_sole_proprietors: bool = False,
) -> UnitsRead:
    """Make the table of units of records that a search answered; as :func:`read_units` without filters."""
    reading = _Reading(PlaceFilter(), IndustryFilter(), parents, keep_sole_proprietors)
    reading.take(gather_texts(records))
    return reading.finish(BulkFaults())


def read_parent_forms(
    path: Path, *, numbers: Iterable[str] | None = None, progress: Progress | None = None
) -> ParentForms:
    """Read the forms of firms from a bulk file of "enheter"; some nine bytes a firm are held.

    Parameters
    ----------
    numbers : only of these; None: of all.
    progress : called with ``"parents"`` and the rows so far.

    Raises
    ------
    RefusedFileError
        As :func:`read_units`.
    """
    wanted = (
        None if numbers is None else np.unique([int(n) for n in numbers if n.isascii() and n.isdecimal()])
    )
    parts = []
    rows = 0
    for texts in stream_bulk(path, BulkFaults(), columns=_PARENT_COLUMNS):
        found = read_numbers(texts["organisation_number"])
        forms = texts.get("form")
        rows += len(found)
        usable = found >= 0
        if wanted is not None:
            usable &= np.isin(found, wanted)
        if forms is not None:
            parts.append(
                ParentForms(found[usable], forms.filter(pa.array(usable)).to_pandas().to_numpy(object))
            )
        if progress is not None:
            progress("parents", rows, None)
    return ParentForms.join(parts)


@dataclass
class _Reading:
    places: PlaceFilter
    industries: IndustryFilter
    parents: ParentForms | None
    keep_sole_proprietors: bool
    rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    unreadable: Unreadable = field(default_factory=Unreadable)
    parts: list[pd.DataFrame] = field(default_factory=list)

    def take(self, texts: Texts) -> None:
        """Add a group of rows."""
        numbers = read_numbers(texts["organisation_number"])
        self.rows += len(numbers)
        self._count_codes(texts.get("industry_code"))
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
            self._keep(shape_units(texts, numbers, self.unreadable))

    def finish(self, faults: BulkFaults) -> UnitsRead:
        """Put the groups together and look at what only the whole tells."""
        for reason, count in faults.rows.items():
            self.faults[reason] += count
            self.rows += count
        units = pd.concat(self.parts, ignore_index=True) if self.parts else empty_units()
        self.parts.clear()
        again = units["organisation_number"].astype("int64").duplicated()
        if again.any():
            self.faults["duplicate"] += int(again.sum())
            units = units[~again].reset_index(drop=True)
        sn2025 = read_sn2025_codes()
        revision = judge_revision(self.codes, sn2025=sn2025)
        units["industry_revision"] = tell_industry_revision(
            units["industry_code"], sn2025=sn2025, whole=revision
        )
        return UnitsRead(
            units,
            self.rows,
            {reason: count for reason, count in self.left_out.items() if count},
            {reason: count for reason, count in self.faults.items() if count},
            {column: count for column, count in self.unreadable.counts.items() if count},
            self.places.count_unsure(units["municipality_number"]),
            faults.mended,
            revision,
        )

    def _keep(self, units: pd.DataFrame) -> None:
        if self.keep_sole_proprietors:
            units = fill_parent_forms(units, self.parents)
        else:
            units, left = leave_out_sole_proprietors(units, self.parents)
            self.left_out.update(left.reasons)
        self.parts.append(units)

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
