"""Kartverket through Geonorge: addresses, municipalities, boundaries; fetched, or read from what you have.

Each ``fetch_*`` asks with a :class:`~loaders.official.webclient.WebClient` of its service
(:data:`ADDRESSES`, :data:`FACTS`, :data:`DOWNLOADS`); each ``read_*`` reads the same from a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from geodata.errors import ParameterError
from loaders import embedded
from loaders.official import addressrows
from loaders.official.addressfiles import FetchedRegisters, choose_fetched, fetch_registers, read_county_names
from loaders.official.addresssearch import ADDRESSES, Question, ask_addresses
from loaders.official.addressservice import AddressService
from loaders.official.boundaryfiles import read_boundary_file
from loaders.official.boundarykeeping import (
    BOUNDARY_SETS,
    ask_areas,
    keep_boundaries,
    keep_shared_borders,
    read_kept_boundaries,
)
from loaders.official.geonorgefiles import DOWNLOADS
from loaders.official.municipalityfacts import FACTS, is_fact_answer, read_facts
from loaders.official.shelf import FetchedRecord, answers_folder, sources_folder
from loaders.official.webclient import Progress, WebClient
from loaders.placenames import read_renumbering

__all__ = [
    "ADDRESSES",
    "DOWNLOADS",
    "FACTS",
    "AddressService",
    "FetchedRegisters",
    "fetch_address_register",
    "fetch_addresses",
    "fetch_boundaries",
    "fetch_municipality_areas",
    "fetch_municipality_facts",
    "fetch_shared_borders",
    "open_address_service",
    "open_fetched_boundaries",
    "open_fetched_register",
    "read_addresses",
    "read_boundaries",
    "read_county_names",
    "read_municipality_facts",
]

KEPT_DAYS: Final = 90.0
"""Houses seldom move: as long a kept answer of the address search is good for placing a list."""


# --- addresses ------------------------------------------------------------------------------------


def fetch_addresses(
    client: WebClient,
    *,
    text: str = "",
    street: str = "",
    number: int | None = None,
    letter: str | None = None,
    municipality: str = "",
    postcode: str = "",
    place: str = "",
    kind: str = "",
    fuzzy: bool = False,
    any_word: bool = False,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Ask Kartverket's address search (``/adresser/v1/sok``) for every address that fits.

    Where more fit than the 10 000 that the service gives, the question is asked for each municipality, and
    within one for each postcode, until all are found.

    Parameters
    ----------
    client : of the service :data:`ADDRESSES`.
    text : free words; ``*`` stands for any ending. street, number, place : as the register has them.
    letter : ``""`` asks for houses without a letter, None for all.
    municipality : four digits, today's. postcode : four digits. kind : ``Vegadresse``, ``Matrikkeladresse``.
    fuzzy : alike names too. any_word : one of the words is enough (``OR``).
    progress : told ``addresses``.

    Returns
    -------
    DataFrame with ``loaders.official.addressrows.ADDRESS_COLUMNS``.

    Raises
    ------
    ParameterError
        ``geonorge.no_question`` where nothing is asked for.
    SourceError
        ``geonorge.window``, ``geonorge.changing``, and what the client raises.
    """
    question = {
        "sok": text.strip(),
        "adressenavn": street.strip(),
        "nummer": "" if number is None else str(number),
        "kommunenummer": municipality,
        "postnummer": postcode,
        "poststed": place.strip(),
        "objtype": kind,
    }
    question = {key: value for key, value in question.items() if value}
    if not question:
        raise ParameterError("geonorge.no_question")
    if letter is not None:
        question["bokstav"] = letter.upper()
    if fuzzy:
        question["fuzzy"] = "true"
    if text.strip():
        question["sokemodus"] = "OR" if any_word else "AND"
    found = ask_addresses(client, question, split=_split_question, progress=progress)
    return addressrows.read_addresses(found, renumber=read_renumbering())


def read_addresses(source: Path | Mapping[str, Any] | Iterable[Any]) -> pd.DataFrame:
    """Read answers of the address search that were kept: a file, an answer, a list of answers.

    Returns and raises as ``loaders.official.addressrows.read_addresses``.
    """
    return addressrows.read_addresses(source, renumber=read_renumbering())


def _split_question(question: Question) -> Sequence[Question]:
    """Return a question for each municipality, or for each postcode, those of the municipality first."""
    postcodes = embedded.read_postcodes()
    if "postnummer" in question:
        return ()
    if "kommunenummer" not in question:
        numbers = postcodes["municipality_number"].dropna().unique()
        return [{**question, "kommunenummer": str(number)} for number in sorted(numbers)]
    own = question["kommunenummer"]
    apart = postcodes["municipality_number"].fillna("9999")
    order = (apart != own).astype(int) + (apart.str[:2] != own[:2]).astype(int)
    near = postcodes[order < 2].assign(order=order[order < 2]).sort_values(["order", "postcode"])
    return [{**question, "postnummer": str(code)} for code in near["postcode"]]


def fetch_address_register(
    client: WebClient,
    *,
    counties: Sequence[str] = (),
    folder: Path | None = None,
    progress: Progress | None = None,
) -> tuple[FetchedRecord, ...]:
    """Download Kartverket's register of addresses (Matrikkelen, CSV) and index it where ``geocode`` finds it.

    A broken download goes on where it ended; the zip is checked, indexed and then thrown away. Each county
    is an index of its own, so that another county can be added later.

    Parameters
    ----------
    client : of the service :data:`DOWNLOADS`.
    counties : two-digit numbers; none, or ``0000``, for the whole country.
    folder : shelf of fetched files, the user's own where it is None.
    progress : told ``download`` with bytes, then ``index`` with rows.

    Returns
    -------
    The record of each index on the shelf.

    Raises
    ------
    ParameterError
        ``geonorge.county``.
    SourceError
        ``geonorge.no_file``, and what the client raises.
    RefusedFileError
        As :func:`loaders.addresses.build_register`.
    """
    return fetch_registers(client, folder or sources_folder(), counties, progress=progress)


def open_fetched_register(folder: Path | None = None) -> FetchedRegisters | None:
    """Return the fetched register of addresses, all counties as one, or None where none has been fetched."""
    shelf = folder or sources_folder()
    records = choose_fetched(shelf)
    opened = FetchedRegisters(records, folder=shelf) if records else None
    if opened is not None and not opened.records:
        opened.close()
        return None
    return opened


def open_address_service() -> AddressService:
    """Return the address search as a register for the ladder, each of its answers kept. Close it."""
    return AddressService(WebClient(ADDRESSES, cache=answers_folder(), max_age_days=KEPT_DAYS))


# --- municipalities -------------------------------------------------------------------------------


def fetch_municipality_facts(
    client: WebClient,
    *,
    municipality: str = "",
    point: tuple[float, float] | None = None,
    name: str = "",
) -> pd.DataFrame:
    """Ask kommuneinfo for all municipalities, or for one by number, by a point in it, or by name.

    Parameters
    ----------
    client : of the service :data:`FACTS`.
    municipality : four digits, today's. point : longitude and latitude, degrees (EPSG:4326).
    name : as it is written; ``*`` stands for any ending.

    Returns
    -------
    DataFrame with ``loaders.official.municipalityfacts.FACT_COLUMNS``, a row a municipality; none where there
    is no such municipality or the point lies abroad.

    Raises
    ------
    ParameterError
        ``geonorge.no_question`` for a number that is not one.
    SourceError
        What the client raises.
    """
    params: dict[str, str] = {}
    path = "/fylkerkommuner"
    if municipality:
        if not (municipality.isascii() and municipality.isdecimal() and len(municipality) == 4):
            raise ParameterError("geonorge.no_question")
        path = f"/kommuner/{municipality}"
    elif point is not None:
        path = "/punkt"
        params = {"ost": f"{point[0]:.7f}", "nord": f"{point[1]:.7f}", "koordsys": "4258"}
    elif name:
        path, params = "/sok", {"knavn": name}
    if path != "/punkt":
        params["utkoordsys"] = "4258"
    alone = frozenset({404}) if municipality or point is not None else frozenset[int]()
    answer = client.ask_json(path, params=params, check=is_fact_answer, absent=alone)
    return read_facts(answer.value if answer.status == 200 else [])


def read_municipality_facts(source: Path | Mapping[str, Any] | Iterable[Any]) -> pd.DataFrame:
    """Read an answer of kommuneinfo that was kept (``/fylkerkommuner``, ``/fylker/{nr}``, ``/kommuner``,
    ``/kommuner/{nr}``, ``/punkt``, ``/sok``).

    Returns
    -------
    DataFrame with ``loaders.official.municipalityfacts.FACT_COLUMNS``, a row a municipality.

    Raises
    ------
    RefusedFileError
        ``file.not_found``, ``file.too_large``, ``file.truncated``, ``geonorge.not_municipalities``.
    """
    return read_facts(source)


# --- boundaries -----------------------------------------------------------------------------------


def read_boundaries(path: Path, *, kind: str = "") -> gpd.GeoDataFrame:
    """Read boundaries of municipalities or counties as Geonorge serves them.

    GeoJSON (several collections in one object, a plain FeatureCollection, kommuneinfo's ``omrade``), GML
    3.2.1 and GeoPackage, each plain or in a zip, in any grid that the file names; the order of the two
    coordinates is settled by where Norway is. Areas that have ended are left out. A former number becomes
    today's where it became one other; where not it is kept, and ``number_status`` says so.

    Parameters
    ----------
    kind : ``municipalities`` or ``counties``; otherwise municipalities where the file has any.

    Returns
    -------
    GeoDataFrame (EPSG:4326, valid polygons), sorted by number: ``municipality_number`` or
    ``county_number``, then ``loaders.official.boundaryfiles.BOUNDARY_COLUMNS``. Kartverket's areas include
    the sea (``includes_sea``); :func:`geodata.boundaries.clip_to_land` leaves the land.

    Raises
    ------
    RefusedFileError
        ``geonorge.not_boundaries``, ``geonorge.no_crs``, ``geonorge.topology``, ``geonorge.far_away`` (an
        area far from where its number says), ``file.not_found``,
        ``file.too_large``, ``file.truncated``, ``file.damaged``, ``file.not_utf8``, ``file.too_many_rows``,
        and what opening a zip raises.
    """
    if kind not in ("", *BOUNDARY_SETS):
        raise ParameterError("geonorge.no_question")
    return read_boundary_file(path, kind=kind)


def fetch_boundaries(
    client: WebClient,
    *,
    kind: str = "municipalities",
    folder: Path | None = None,
    progress: Progress | None = None,
) -> FetchedRecord:
    """Download the boundaries of all municipalities, or of all counties, and keep them on the shelf.

    Parameters
    ----------
    client : of the service :data:`DOWNLOADS`.
    kind : ``municipalities`` or ``counties``.
    folder : shelf of fetched files, the user's own where it is None.
    progress : told ``download`` with bytes, then ``read``.

    Returns
    -------
    The record on the shelf; :func:`open_fetched_boundaries` reads the file. With the municipalities come the
    parts of those that share an embedded polygon; :func:`loaders.embedded.read_municipalities` uses them.

    Raises
    ------
    ParameterError
        ``geonorge.no_question`` for another kind.
    SourceError
        ``geonorge.no_file``, and what the client raises.
    RefusedFileError
        As :func:`read_boundaries`.
    """
    if kind not in BOUNDARY_SETS:
        raise ParameterError("geonorge.no_question")
    return keep_boundaries(client, folder or sources_folder(), kind, progress)


def open_fetched_boundaries(
    folder: Path | None = None, *, kind: str = "municipalities"
) -> gpd.GeoDataFrame | None:
    """Return the boundaries that have been fetched, as :func:`read_boundaries` does, or None."""
    return read_kept_boundaries(folder or sources_folder(), kind)


def fetch_municipality_areas(
    client: WebClient, *, numbers: Sequence[str], progress: Progress | None = None
) -> gpd.GeoDataFrame:
    """Ask kommuneinfo for the areas of a few municipalities (``/kommuner/{nr}/omrade``).

    Parameters
    ----------
    client : of the service :data:`FACTS`. numbers : four digits each, today's.

    Returns
    -------
    As :func:`read_boundaries`; a number that is not one of today's has no row.

    Raises
    ------
    ParameterError
        ``geonorge.no_question`` for numbers that are none.
    SourceError
        What the client raises.
    """
    if not numbers or any(not (n.isascii() and n.isdecimal() and len(n) == 4) for n in numbers):
        raise ParameterError("geonorge.no_question")
    return ask_areas(client, numbers, progress)


def fetch_shared_borders(
    client: WebClient, *, folder: Path | None = None, progress: Progress | None = None
) -> FetchedRecord | None:
    """Ask kommuneinfo for the areas of the municipalities that share an embedded polygon (Ålesund and Haram),
    and keep the polygon's parts where :func:`loaders.embedded.read_municipalities` finds them.

    Two questions instead of the boundaries of the whole country.

    Parameters
    ----------
    client : of the service :data:`FACTS`. folder : shelf of fetched files, the user's own where it is None.
    progress : told ``areas``.

    Returns
    -------
    The record on the shelf, or None where the service does not have all of them.

    Raises
    ------
    SourceError
        What the client raises.
    RefusedFileError
        As :func:`read_boundaries`.
    """
    return keep_shared_borders(client, folder or sources_folder(), progress)
