"""Units of the business register on the shelf: fetched by search or as a whole, and kept up to date.

What a search brought is kept as CSV in the register's own layout, so that one parser reads it, the bulk file
and what a user downloaded. Sole proprietors are not in it, and the answers of the search, in which they are,
are thrown away when the run is whole.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import pandas as pd

from geodata.errors import ParameterError
from geodata.findings import Finding
from loaders.brreg import BRREG, apply_updates, fetch_bulk, fetch_units, fetch_updates, read_units
from loaders.fetching import name_file
from loaders.official.brregfiles import Kind
from loaders.official.shelf import (
    FetchedRecord,
    answers_folder,
    keep_fetched,
    list_fetched,
    name_area,
    sources_folder,
)
from loaders.official.webclient import Progress, WebClient
from loaders.registershelf import ATTRIBUTION, LICENCE, PARENTS_PART, REGISTER, UNITS_PART

SELECTED_PART: Final = "utvalg"
"""Units of some industries only: not what a region is filled from without being named."""
NEXT_ID: Final = "next_update"
"""Fact of a record: where the next look at the register's changes begins."""
_HEADERS: Final = {
    "organisation_number": "organisasjonsnummer",
    "name": "navn",
    "parent_number": "overordnetEnhet",
    "form": "organisasjonsform.kode",
    "parent_form": "overordnetEnhet.organisasjonsform.kode",
    "industry_code": "naeringskode1.kode",
    "industry_code_2": "naeringskode2.kode",
    "industry_code_3": "naeringskode3.kode",
    "employees": "antallAnsatte",
    "homepage": "hjemmeside",
    "address": "beliggenhetsadresse.adresse",
    "place": "beliggenhetsadresse.poststed",
    "postcode": "beliggenhetsadresse.postnummer",
    "municipality_name": "beliggenhetsadresse.kommune",
    "municipality_number": "beliggenhetsadresse.kommunenummer",
    "country_code": "beliggenhetsadresse.landkode",
    "started_on": "oppstartsdato",
    "closed_on": "nedleggelsesdato",
    "deleted_on": "slettedato",
}
_REGISTERED: Final = "harRegistrertAntallAnsatte"
_SAYS_REGISTERED: Final = {"registered": "true", "withheld": "true", "none_registered": "false"}


@dataclass(frozen=True)
class KeptUnits:
    """What a run put on the shelf, and what a person should know of it."""

    records: tuple[FetchedRecord, ...]
    findings: tuple[Finding, ...] = ()


def write_units(units: pd.DataFrame, path: Path) -> None:
    """Write units as CSV in the register's own layout; ``loaders.brreg.read_units`` reads them back.

    Parameters
    ----------
    units : the table of ``geodata.businessunits.BUSINESS_UNIT_COLUMNS``.
    """
    table = units[list(_HEADERS)].rename(columns=_HEADERS)
    table[_REGISTERED] = units["employees_status"].map(_SAYS_REGISTERED)
    table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def keep_units(
    client: WebClient,
    *,
    municipalities: Sequence[str],
    industries: Sequence[str] = (),
    folder: Path | None = None,
    progress: Progress | None = None,
) -> KeptUnits:
    """Search the units of some municipalities and keep them on the shelf, each with the form of its owner.

    Parameters
    ----------
    municipalities : today's numbers. industries : beginnings of codes; with any, the file is a selection.
    folder : shelf, the user's own where it is None.

    Raises
    ------
    SourceError, UnknownMunicipalityError, ParameterError
        As :func:`loaders.brreg.fetch_units`.
    """
    shelf = folder or sources_folder()
    # Told before the first page: what changes while the pages come is then among the next run's changes.
    begun = dt.date.today()
    read = fetch_units(municipalities=municipalities, industries=industries, client=client, progress=progress)
    part = SELECTED_PART if industries else UNITS_PART
    question = f"{UNITS_PART}?kommunenummer={','.join(municipalities)}"
    if industries:
        question += f"&naeringskode={','.join(industries)}"
    record = _describe(
        part,
        file=name_file("-".join([part, *industries]), municipalities, ".csv"),
        day=min(read.fetched_on or begun.isoformat(), begun.isoformat()),
        question=question,
        areas=municipalities,
        rows=len(read.units),
        facts={f"left_{name}": count for name, count in read.left_out.items()},
    )
    kept = keep_fetched(shelf, record, lambda path: write_units(read.units, path))
    forget_answers()
    return KeptUnits((kept,), read.tell(kept.file))


def keep_bulk(
    client: WebClient, *, folder: Path | None = None, progress: Progress | None = None
) -> KeptUnits:
    """Download the whole register, units and firms, and keep both files as they came.

    Raises
    ------
    SourceError
        As :func:`loaders.official.brregfiles.fetch_bulk`.
    """
    shelf = folder or sources_folder()
    records = []
    wanted: tuple[tuple[Kind, str], ...] = (("enheter", PARENTS_PART), ("underenheter", UNITS_PART))
    for kind, part in wanted:
        target = shelf / REGISTER / f"{kind}.csv.gz.fetching"
        got = fetch_bulk(target, kind=kind, client=client, progress=progress)
        record = _describe(part, file=f"{kind}.csv.gz", day=got.fetched_on, question=f"{kind}/lastned/csv")
        records.append(keep_fetched(shelf, record, partial(_move, got.path)))
    return KeptUnits(tuple(reversed(records)))


def keep_updated(
    client: WebClient, *, folder: Path | None = None, progress: Progress | None = None
) -> KeptUnits:
    """Bring every searched file of units on the shelf up to date with the register's list of changes.

    Raises
    ------
    ParameterError
        ``brreg.nothing_to_update`` where no units were fetched by search.
    SourceError
        As :func:`loaders.brreg.apply_updates`.
    """
    shelf = folder or sources_folder()
    kept = [one for one in list_fetched(shelf, source=REGISTER, part=UNITS_PART) if one.area]
    if not kept:
        raise ParameterError("brreg.nothing_to_update")
    records: list[FetchedRecord] = []
    for record in kept:
        units = read_units(record.path(shelf)).units
        since = dt.date.fromisoformat(record.fetched_on) - dt.timedelta(days=1)
        updates = fetch_updates(
            client=client, since=since, from_id=record.facts.get(NEXT_ID), progress=progress
        )
        done = apply_updates(
            units, updates, client=client, municipalities=record.area.split("-"), progress=progress
        )
        facts = {name: int(count) for name, count in done.counts.items()}
        if done.next_id is not None:
            facts[NEXT_ID] = done.next_id
        renewed = replace(record, fetched_on=updates.fetched_on, rows=len(done.units), facts=facts)
        records.append(keep_fetched(shelf, renewed, partial(write_units, done.units)))
    forget_answers()
    return KeptUnits(tuple(records))


def forget_answers() -> None:
    """Throw away kept answers of the search: they hold sole proprietors too, and only a broken run needs
    them."""
    shutil.rmtree(answers_folder() / BRREG.key, ignore_errors=True)


def _describe(
    part: str,
    *,
    file: str,
    day: str,
    question: str,
    areas: Iterable[str] = (),
    rows: int | None = None,
    facts: dict[str, int] | None = None,
) -> FetchedRecord:
    return FetchedRecord(
        source=REGISTER,
        part=part,
        area=name_area(list(areas)),
        file=file,
        fetched_on=day,
        address=BRREG.address,
        question=question,
        rows=rows,
        licence=LICENCE,
        attribution=ATTRIBUTION,
        facts=facts or {},
    )


def _move(source: Path, target: Path) -> None:
    source.replace(target)
