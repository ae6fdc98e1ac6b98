"""A region filled from the business register: one run from units to facilities that lie on the shelf.

An extract holds facilities only, never streams: what they may have left over is modelled each time it is
read into a region, and is always marked so. A run that fails leaves nothing; the same input gives the same
file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
from pyarrow import ArrowException

from geodata.addresstext import fold_name
from geodata.errors import RefusedFileError
from geodata.geocoding import AddressIndex, geocode_table
from geodata.registerfacilities import (
    OWNER,
    UnitChoices,
    find_known,
    join_plants,
    make_register_facilities,
    renumber_units,
    select_units,
    settle_municipalities,
)
from geodata.results import RegionTables
from geodata.schemas import WGS84, conform_table, empty_table
from loaders.embedded import read_municipality_changes
from loaders.official.shelf import FetchedRecord, keep_fetched, list_fetched, remove_fetched, sources_folder
from loaders.placenames import read_gazetteer
from loaders.region import read_region

SOURCE: Final = "fill"
"""Name of the extracts' place on the shelf."""
SUFFIX: Final = ".parquet"
LICENCE: Final = "NLOD 2.0"
LICENCE_ADDRESS: Final = "https://data.norge.no/nlod/no/2.0"
ATTRIBUTION: Final = (
    "Contains data under the Norwegian licence for Open Government data (NLOD) distributed by "
    "Brønnøysundregistrene"
)
PLANT_ATTRIBUTION: Final = (
    "Contains data under the Norwegian licence for Open Government data (NLOD) distributed by "
    "Miljødirektoratet"
)
REGISTER_TEXT: Final = "Enhetsregisteret, Brønnøysundregistrene"
PLANT_TEXT: Final = "Miljødirektoratet (anlegg med tillatelse)"
LEFT: Final = "left_"
GRADE: Final = "grade_"

Progress = Callable[[str, int, int | None], None]
"""Step (``read``, ``place``, ``keep``), how many are done, of how many where that is known."""


@dataclass(frozen=True)
class Extract:
    """One filled register on the shelf.

    Attributes
    ----------
    key : stands for it in links and on the command line. name : as it was called when it was made.
    record : where it came from; its `facts` hold the counts that :class:`Filled` tells of.
    """

    key: str
    name: str
    record: FetchedRecord

    @property
    def facilities(self) -> int:
        """How many facilities it holds."""
        return self.record.rows or 0

    @property
    def left_out(self) -> dict[str, int]:
        """Reason of :data:`geodata.registerfacilities.LEFT_OUT` -> units."""
        return _facts(self.record.facts, LEFT)

    @property
    def grades(self) -> dict[str, int]:
        """Grade of :data:`geodata.schemas.GEOCODE_GRADES`, or ``none`` -> facilities."""
        return _facts(self.record.facts, GRADE)

    @property
    def attributions(self) -> tuple[str, ...]:
        """Whom to name, in English for gettext."""
        return tuple(part for part in self.record.attribution.split("; ") if part)


def _facts(facts: Mapping[str, int], start: str) -> dict[str, int]:
    return {name.removeprefix(start): int(count) for name, count in facts.items() if name.startswith(start)}


def fill_register(
    units: Iterable[pd.DataFrame],
    *,
    choices: UnitChoices,
    date: str,
    plants: gpd.GeoDataFrame | None = None,
    addresses: AddressIndex | None = None,
    progress: Progress | None = None,
) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Return the facilities of a region from units of the business register, and counts of what was done.

    Parameters
    ----------
    units : tables of ``geodata.businessunits.BUSINESS_UNIT_COLUMNS``, one after another; only the rows that
        are taken are kept in memory.
    choices : which are taken; municipalities of any county.
    date : ISO date of the units; its year is told as the source's.
    plants : facilities with permits and exact points, as ``loaders.miljodirektoratet.to_facilities`` gives
        them: those that are a unit give it their point, the others are facilities of their own.
    addresses : register of addresses; without it, places and postcodes are found.

    Returns
    -------
    Facilities (:data:`geodata.schemas.FACILITIES`, data set ``register``), and counts: ``read``, ``taken``,
    ``left_<reason>``, ``grade_<grade>``, ``grade_none``, ``plants_used``, ``plants_added``,
    ``municipality_undecided``.

    Raises
    ------
    RefusedFileError
        ``fill.nothing``: no unit was left to take.
    """
    tell = progress or (lambda _step, _done, _total: None)
    taken, counts = _take(units, choices=choices, tell=tell)
    tell("place", 0, len(taken))
    wanted = taken[["address", "postcode", "place"]].assign(
        municipality=taken["municipality_today"].fillna(taken["municipality_number"])
    )
    points = geocode_table(wanted, gazetteer=read_gazetteer(), addresses=addresses)
    number, inside = settle_municipalities(taken, points, choices=choices)
    counts[LEFT + "municipality_split"] += int((~inside).sum())
    taken = taken.assign(municipality_today=number)[inside]
    facilities = make_register_facilities(taken, points[inside], source=REGISTER_TEXT, year=_year(date))
    counts["municipality_undecided"] = int(facilities["municipality_number"].isna().sum())
    if plants is not None:
        facilities, counts["plants_used"], counts["plants_added"] = join_plants(
            facilities, plants, municipalities=choices.municipalities, source=PLANT_TEXT
        )
    known = find_known(facilities, read_region("region").facilities, parents=facilities[OWNER])
    counts[LEFT + "in_region"] += int(known.sum())
    facilities = facilities[~known].reset_index(drop=True)
    if facilities.empty:
        raise RefusedFileError("fill.nothing", read=counts["read"])
    for grade, count in facilities["geocode_quality"].fillna("none").value_counts().sort_index().items():
        counts[f"{GRADE}{grade}"] = int(count)
    counts["taken"] = len(facilities)
    tell("place", len(taken), len(taken))
    return facilities, {name: count for name, count in counts.items() if count}


def _take(
    units: Iterable[pd.DataFrame], *, choices: UnitChoices, tell: Progress
) -> tuple[pd.DataFrame, Counter[str]]:
    """Return the units that are taken, block by block, and the counts of the others."""
    gazetteer, changes = read_gazetteer(), read_municipality_changes()
    counts: Counter[str] = Counter()
    kept: list[pd.DataFrame] = []
    for block in units:
        counts["read"] += len(block)
        numbered = renumber_units(block, changes=changes, postal_municipality=gazetteer.postal_municipality)
        some, left = select_units(numbered, choices=choices)
        counts.update({LEFT + reason: count for reason, count in left.items()})
        if len(some):
            kept.append(some)
        tell("read", counts["read"], None)
    if not kept:
        raise RefusedFileError("fill.nothing", read=counts["read"])
    taken = pd.concat(kept, ignore_index=True)
    repeated = taken["organisation_number"].duplicated()
    counts[LEFT + "twice"] += int(repeated.sum())
    return taken[~repeated].reset_index(drop=True), counts


def _year(date: str) -> int | None:
    return int(date[:4]) if re.fullmatch(r"\d{4}(-\d\d){0,2}", date) else None


def name_extract(name: str) -> str:
    """Return a name as the key that stands for it in links and file names: small letters, digits, ``-``."""
    plain = fold_name(name).translate(str.maketrans(dict(zip("øå", "oa", strict=True)) | {"æ": "ae"}))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "register"


def keep_extract(
    facilities: gpd.GeoDataFrame,
    counts: Mapping[str, int],
    *,
    name: str,
    area: str,
    question: str,
    date: str,
    attribution: str = ATTRIBUTION,
    folder: Path | None = None,
) -> Extract:
    """Put facilities on the shelf as one GeoParquet file with its record: both or neither.

    An older extract of that name is replaced.
    """
    record = FetchedRecord(
        source=SOURCE,
        part=name[:80],
        area=area,
        file=name_extract(name) + SUFFIX,
        fetched_on=date,
        question=question,
        rows=len(facilities),
        licence=LICENCE,
        attribution=attribution,
        facts=dict(counts),
    )
    kept = keep_fetched(
        folder or sources_folder(), record, lambda path: facilities.to_parquet(path, index=False)
    )
    return _describe(kept)


def list_extracts(folder: Path | None = None) -> tuple[Extract, ...]:
    """Return the extracts on the shelf by name."""
    found = list_fetched(folder or sources_folder(), source=SOURCE)
    return tuple(sorted(map(_describe, found), key=lambda extract: (extract.name.casefold(), extract.key)))


def _describe(record: FetchedRecord) -> Extract:
    return Extract(record.file.removesuffix(SUFFIX), record.part, record)


def remove_extract(extract: Extract, *, folder: Path | None = None) -> None:
    """Take an extract off the shelf."""
    remove_fetched(folder or sources_folder(), extract.record)


def read_register(key: str, *, folder: Path | None = None) -> RegionTables:
    """Read one extract as tables of a region: facilities, and no stream.

    Raises
    ------
    RefusedFileError
        ``fill.unknown`` (no such extract, `names` tells which there are), ``fill.damaged``.
    """
    extracts = list_extracts(folder)
    extract = next((one for one in extracts if key in (one.key, one.name)), None)
    if extract is None:
        raise RefusedFileError("fill.unknown", name=key, names=", ".join(one.key for one in extracts))
    path = extract.record.path(folder or sources_folder())
    try:
        table = gpd.read_parquet(path)
        facilities = gpd.GeoDataFrame(conform_table(table, "facilities"), geometry="geometry").to_crs(WGS84)
    except (OSError, ValueError, TypeError, KeyError, ArrowException) as error:
        raise RefusedFileError("fill.damaged", name=extract.name) from error
    return RegionTables(
        facilities=facilities,
        streams=empty_table("streams"),
        networks=empty_table("networks"),
        memberships=empty_table("memberships"),
    )
