"""The door to Brønnøysundregistrene (Enhetsregisteret): units, which are places of work.

``read_units`` reads a bulk file that the user already has, ``read_records`` what a search answered, through
the same parser. ``fetch_*`` ask the register with a client of :data:`BRREG`. Licence NLOD 2.0. See
``docs/sources/brreg.md``.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
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
)
from geodata.errors import ParameterError
from geodata.findings import Finding, Severity
from geodata.identifiers import check_organisation_number
from geodata.municipalities import resolve_municipality
from loaders.codes import read_sn2025_codes
from loaders.embedded import read_municipality_changes
from loaders.official.brregbulk import BulkFaults, Texts, gather_texts, stream_bulk
from loaders.official.brregcolumns import Unreadable, read_numbers, shape_units, tell_revisions
from loaders.official.brregfiles import fetch_bulk
from loaders.official.brregfilters import ELSEWHERE, NOWHERE, IndustryFilter, PlaceFilter
from loaders.official.brregparts import INDUSTRY, MUNICIPALITY
from loaders.official.brregrenewal import UnitsUpdated, choose_asked, renew_units
from loaders.official.brregsearch import BRREG, PAGE_SIZE, WINDOW, Search
from loaders.official.brregunits import Fate, FetchedUnit, ask_parent_forms, ask_unit, ask_units
from loaders.official.brregupdates import Updates, ask_updates
from loaders.official.webclient import WebClient

__all__ = [
    "BRREG",
    "FetchedUnit",
    "ParentsFetched",
    "UnitsRead",
    "UnitsUpdated",
    "Updates",
    "apply_updates",
    "fetch_bulk",
    "fetch_parent_forms",
    "fetch_unit",
    "fetch_units",
    "fetch_updates",
    "read_parent_forms",
    "read_records",
    "read_units",
]

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
    incomplete : of a search, the municipalities of which not all came: number, units told of, units that did.
    fetched_on : of a search, the ISO date of the oldest answer.
    parents_gone : owners that are no longer in the register.
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
    numbers: list[npt.NDArray[np.int64]] = field(default_factory=list)

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
        )

    def _keep(self, units: pd.DataFrame, numbers: npt.NDArray[np.int64]) -> None:
        if self.keep_sole_proprietors:
            units = fill_parent_forms(units, self.parents)
        else:
            units, left = leave_out_sole_proprietors(units, self.parents)
            self.left_out.update(left.reasons)
        self.parts.append(units)
        self.numbers.append(numbers[units.index.to_numpy()])

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


# ---- asking the register


@dataclass(frozen=True)
class ParentsFetched:
    """What the register says of firms that own units.

    Attributes
    ----------
    forms : of organisation; those of deleted firms are told too.
    gone : number -> ``deleted``, ``removed`` (from the open data) or ``unknown``.
    """

    forms: ParentForms
    gone: Mapping[str, Fate] = field(default_factory=dict)


def fetch_units(
    *,
    municipalities: Iterable[str],
    industries: Iterable[str] = (),
    client: WebClient,
    keep_sole_proprietors: bool = False,
    progress: Progress | None = None,
    window: int = WINDOW,
    page_size: int = PAGE_SIZE,
) -> UnitsRead:
    """Ask for all units of some municipalities; what cannot be reached is told in ``incomplete``.

    Answers that the client keeps are used, so that a broken run goes on where it ended.

    Parameters
    ----------
    municipalities : numbers of any year since 2017, asked for by today's and as given. The register also
        answers with units that only have their post there: they are ``elsewhere`` in ``left_out``.
    industries : only units one of whose codes begins so (``38``, ``38.1``, ``38.110``).
    client : of :data:`BRREG`.
    keep_sole_proprietors : else the owners' forms are asked for too; see
        :func:`geodata.businessunits.leave_out_sole_proprietors`.
    progress : called with ``"units"`` and how many have come, then ``"parents"``.
    window, page_size : see :class:`loaders.official.brregsearch.Search`.

    Raises
    ------
    SourceError
        As :meth:`loaders.official.webclient.WebClient.ask_json`.
    UnknownMunicipalityError, ParameterError
        a municipality or an industry that is asked for does not exist; ``brreg.no_area``: none is.
    """
    wanted = tuple(municipalities)
    codes = IndustryFilter(industries).list_codes()
    questions = [{MUNICIPALITY: number} for number in _list_numbers(wanted)]
    if not questions:
        raise ParameterError("brreg.no_area")
    search = Search(client, window=window, page_size=page_size, tell=_tell_units(progress))
    gathered = [search.gather({**one, INDUSTRY: ",".join(codes)} if codes else one) for one in questions]
    records = {number: record for part in gathered for number, record in part.records.items()}
    read = _shape_answers(
        records.values(),
        places=PlaceFilter(municipalities=wanted),
        industries=IndustryFilter(industries),
        keep_sole_proprietors=keep_sole_proprietors,
        client=client,
        progress=progress,
    )
    lacking = [
        (part.question[MUNICIPALITY], part.asked, len(part.records)) for part in gathered if not part.is_whole
    ]
    return replace(read, incomplete=tuple(lacking), fetched_on=search.fetched_on)


def fetch_unit(number: str, *, client: WebClient) -> FetchedUnit:
    """Ask for one unit: its record, or that it is deleted (with the day), removed or unknown.

    Raises
    ------
    SourceError
        As :meth:`loaders.official.webclient.WebClient.ask_json`.
    """
    valid, _problem = check_organisation_number(number)
    return FetchedUnit(number, "unknown") if valid is None else ask_unit(valid, client=client)


def fetch_parent_forms(
    numbers: Iterable[str], *, client: WebClient, progress: Progress | None = None
) -> ParentsFetched:
    """Ask for the forms of firms, many at a time; those that the search lacks, deleted ones, one by one.

    Raises
    ------
    SourceError
        As :meth:`loaders.official.webclient.WebClient.ask_json`.
    """
    forms, gone = ask_parent_forms(numbers, client=client, progress=progress)
    return ParentsFetched(ParentForms.from_pairs(forms.items()), gone)


def fetch_updates(
    *,
    client: WebClient,
    since: dt.date | None = None,
    from_id: int | None = None,
    progress: Progress | None = None,
) -> Updates:
    """Read the list of changes of units to its end; see :func:`loaders.official.brregupdates.ask_updates`.

    Parameters
    ----------
    since : the day before the units were fetched is safe: what is applied twice changes nothing.
    from_id : ``next_id`` of the last updates; goes before `since`.
    """
    return ask_updates(client=client, since=since, from_id=from_id, progress=progress)


def apply_updates(
    units: pd.DataFrame,
    updates: Updates,
    *,
    client: WebClient,
    municipalities: Iterable[str] = (),
    industries: Iterable[str] = (),
    keep_sole_proprietors: bool = False,
    progress: Progress | None = None,
) -> UnitsUpdated:
    """Return `units` with changes applied: rows renewed and added, deleted ones marked, removed ones gone.

    Parameters
    ----------
    units : the table of :data:`geodata.businessunits.BUSINESS_UNIT_COLUMNS`, fetched or read.
    updates : as from :func:`fetch_updates`. client : of :data:`BRREG`.
    municipalities, industries, keep_sole_proprietors : as the table was fetched; no municipality: all of the
        country.

    Raises
    ------
    SourceError
        As :meth:`loaders.official.webclient.WebClient.ask_json`.
    """
    said = ask_units(choose_asked(units, updates), client=client, keep=False, progress=progress)
    fresh = _shape_answers(
        [unit.record for unit in said.values() if unit.fate == "registered"],
        places=PlaceFilter(municipalities=tuple(municipalities)),
        industries=IndustryFilter(industries),
        keep_sole_proprietors=keep_sole_proprietors,
        client=client,
        progress=progress,
    )
    return renew_units(units, updates, said=said, fresh=fresh.units)


def _shape_answers(
    records: Iterable[Mapping[str, Any]],
    *,
    places: PlaceFilter,
    industries: IndustryFilter,
    keep_sole_proprietors: bool,
    client: WebClient,
    progress: Progress | None,
) -> UnitsRead:
    """Make the table of answers; only the owners of those that lie there are asked for."""
    reading = _Reading(places, industries, None, keep_sole_proprietors=True)
    reading.take(gather_texts(records))
    read = reading.finish(BulkFaults())
    if keep_sole_proprietors:
        return read
    owners = read.units["parent_number"].dropna().unique()
    parents = fetch_parent_forms(map(str, owners), client=client, progress=progress)
    units, left = leave_out_sole_proprietors(read.units, parents.forms)
    return replace(
        read,
        units=units.reset_index(drop=True),
        left_out={**read.left_out, **left.reasons},
        parents_gone=len(parents.gone),
    )


def _list_numbers(municipalities: Iterable[str]) -> tuple[str, ...]:
    """Return the numbers to ask for: today's, and those given that are older, each once."""
    changes = read_municipality_changes()
    found: dict[str, None] = {}
    for given in municipalities:
        resolved = resolve_municipality(given, changes=changes)
        found |= dict.fromkeys((*resolved.today, resolved.number))
    return tuple(found)


def _tell_units(progress: Progress | None) -> Callable[[int], None] | None:
    return None if progress is None else lambda done: progress("units", done, None)
