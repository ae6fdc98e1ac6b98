"""The door to Brønnøysundregistrene (Enhetsregisteret): units, which are places of work.

``read_units`` reads a bulk file that the user already has, ``read_records`` what a search answered, through
the same parser. ``fetch_*`` ask the register with a client of :data:`BRREG`. Licence NLOD 2.0. See
``docs/sources/brreg.md``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from geodata.businessunits import (
    ParentForms,
    leave_out_sole_proprietors,
)
from geodata.errors import ParameterError
from geodata.identifiers import check_organisation_number
from geodata.municipalities import resolve_municipality
from loaders.codes import read_sn2025_codes
from loaders.embedded import read_municipality_changes
from loaders.official.brregbulk import BulkFaults, gather_texts, stream_bulk
from loaders.official.brregcolumns import read_numbers
from loaders.official.brregfiles import fetch_bulk
from loaders.official.brregfilters import IndustryFilter, PlaceFilter
from loaders.official.brregparts import INDUSTRY, MUNICIPALITY
from loaders.official.brregreading import UnitsRead, UnitsReading
from loaders.official.brregrenewal import UnitsUpdated, choose_asked, renew_units
from loaders.official.brregsearch import BRREG, PAGE_SIZE, WINDOW, Search
from loaders.official.brregunits import Fate, FetchedUnit, ask_parent_forms, ask_unit, ask_units
from loaders.official.brregupdates import Updates, ask_updates
from loaders.official.webclient import Progress, WebClient

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

_PARENT_COLUMNS: Final = ("organisation_number", "form")


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
    reading = UnitsReading(
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
    reading = UnitsReading(PlaceFilter(), IndustryFilter(), parents, keep_sole_proprietors)
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
    industries : only units one of whose codes begins so (``38``, ``38.1``, ``38.110``). The register has
        SN2025 only and finds nothing by codes of SN2007 that are gone: those are told in ``retired``.
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
    reading = UnitsReading(PlaceFilter(municipalities=wanted), IndustryFilter(industries), None, True)
    seen: set[str] = set()
    lacking = []
    for one in questions:
        part = search.gather({**one, INDUSTRY: ",".join(codes)} if codes else one)
        # A unit that lies in one municipality and has its post in another comes with both.
        reading.take(gather_texts(record for number, record in part.records.items() if number not in seen))
        seen.update(part.records)
        if not part.is_whole:
            lacking.append((one[MUNICIPALITY], part.asked, len(part.records)))
    read = _finish(reading, keep_sole_proprietors=keep_sole_proprietors, client=client, progress=progress)
    return replace(
        read,
        incomplete=tuple(lacking),
        fetched_on=search.fetched_on,
        retired=_find_retired(codes, read.units),
    )


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
    places = PlaceFilter(municipalities=tuple(municipalities))
    reading = UnitsReading(places, IndustryFilter(industries), None, keep_sole_proprietors=True)
    reading.take(gather_texts(unit.record for unit in said.values() if unit.fate == "registered"))
    fresh = _finish(reading, keep_sole_proprietors=keep_sole_proprietors, client=client, progress=progress)
    return renew_units(units, updates, said=said, fresh=fresh.units)


def _finish(
    reading: UnitsReading, *, keep_sole_proprietors: bool, client: WebClient, progress: Progress | None
) -> UnitsRead:
    """Make the table of answers; only the owners of units that belong in it are asked for."""
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


def _find_retired(codes: Iterable[str], units: pd.DataFrame) -> tuple[str, ...]:
    """Return the codes that today's revision does not have and that no unit has: asked for in vain."""
    columns = ("industry_code", "industry_code_2", "industry_code_3")
    known = set(read_sn2025_codes()).union(*(units[column].dropna() for column in columns))
    return tuple(code for code in codes if not any(own.startswith(code) for own in known))


def _tell_units(progress: Progress | None) -> Callable[[int], None] | None:
    return None if progress is None else lambda done: progress("units", done, None)
