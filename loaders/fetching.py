"""From a question to an official service to a file on the shelf, with the record of where it came from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from geodata.errors import UnknownMunicipalityError
from geodata.municipalities import resolve_county, resolve_municipality
from loaders.embedded import read_municipalities, read_municipality_changes
from loaders.exports import write_csv
from loaders.official.shelf import FetchedRecord, keep_fetched, name_area, sources_folder
from loaders.official.webclient import Service

CC_BY: Final = "CC BY 4.0"
NLOD: Final = "NLOD 2.0"
MOST_NAMED: Final = 4
"""Areas that the name of a file lists; more are counted."""


def list_municipalities(counties: Sequence[str], municipalities: Sequence[str]) -> tuple[str, ...]:
    """Return today's numbers of all municipalities of some counties, and of others by number, in order.

    Numbers of any year since 2017 are taken; an area that was split stands for all its parts.

    Raises
    ------
    UnknownMunicipalityError
        ``county.unknown``, ``municipality.unknown``, ``municipality.unreadable``.
    """
    changes = read_municipality_changes()
    today = sorted(read_municipalities(detail="light")["municipality_number"].astype(str))
    found: set[str] = set()
    for county in counties:
        wanted = resolve_county(county, changes=changes)
        found |= {number for number in today if number[:2] in wanted}
    for number in municipalities:
        found |= set(resolve_municipality(number, changes=changes).today)
    return tuple(sorted(found))


def list_counties(counties: Sequence[str]) -> tuple[str, ...]:
    """Return today's numbers of counties given by a number of any year since 2017, in order.

    Raises
    ------
    UnknownMunicipalityError
        ``county.unknown``.
    """
    changes = read_municipality_changes()
    return tuple(sorted({now for number in counties for now in resolve_county(number, changes=changes)}))


def name_file(stem: str, areas: Sequence[str], suffix: str) -> str:
    """Return the name of a fetched file: what it is, of which areas, and its ending."""
    if len(areas) > MOST_NAMED:
        return f"{stem}-{areas[0]}-{areas[-1]}-{len(areas)}{suffix}"
    return "-".join([stem, *areas]) + suffix


def keep_table(
    table: pd.DataFrame,
    *,
    service: Service,
    part: str,
    file: str,
    question: str,
    licence: str,
    attribution: str,
    areas: Sequence[str] = (),
    fetched_on: str = "",
    facts: Mapping[str, int] | None = None,
    folder: Path | None = None,
    write: Callable[[pd.DataFrame, Path], None] = write_csv,
) -> FetchedRecord:
    """Put a table on the shelf as UTF-8 CSV (or as `write` writes it) with its record; return the record.

    Parameters
    ----------
    service, part, question : where it came from, what of it, and what was asked, in the service's words.
    file : name on the shelf. areas : county or municipality numbers. fetched_on : ISO date, today if empty.
    facts : counts worth telling. folder : of the shelf, the user's own where it is None.
    """
    record = FetchedRecord(
        source=service.key,
        part=part,
        area=name_area(list(areas)),
        file=file,
        fetched_on=fetched_on or dt.date.today().isoformat(),
        address=service.address,
        question=question,
        rows=len(table),
        licence=licence,
        attribution=attribution,
        facts=dict(facts or {}),
    )
    return keep_fetched(folder or sources_folder(), record, lambda path: write(table, path))


def require_area(municipalities: Sequence[str]) -> None:
    """Refuse a question that names no area.

    Raises
    ------
    UnknownMunicipalityError
        ``municipality.none_named``.
    """
    if not municipalities:
        raise UnknownMunicipalityError("municipality.none_named")
