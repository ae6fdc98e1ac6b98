"""A region filled from the business register: one run from units to facilities that lie on the shelf.

A run that fails leaves nothing; the same input gives the same file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd

from geodata.errors import RefusedFileError
from geodata.geocoding import AddressIndex, geocode_table
from geodata.registerfacilities import (
    ID_PREFIX,
    SEVERAL,
    UnitChoices,
    make_register_facilities,
    renumber_units,
    select_units,
    settle_municipalities,
)
from geodata.registerjoins import OWNER, find_known, join_plants
from loaders.brreg import read_units
from loaders.embedded import read_municipality_changes
from loaders.official.webclient import Progress
from loaders.placenames import read_gazetteer
from loaders.region import read_region
from loaders.registershelf import GRADE, LEFT, UNDECIDED

REGISTER_TEXT: Final = "Enhetsregisteret, Brønnøysundregistrene"
PLANT_TEXT: Final = "Miljødirektoratet (anlegg med tillatelse)"
MOST_FACILITIES: Final = 25_000
"""More facilities than this are no region that a map or a match table can show."""
_READERS_WORDS: Final = {
    "elsewhere": "outside",
    "no_municipality": "municipality_unknown",
    "other_industry": "industry",
}
"""What :class:`loaders.brreg.UnitsRead` calls a reason -> what it is called here."""


def fill_from_file(
    path: Path,
    *,
    choices: UnitChoices,
    date: str,
    parents: Path | None = None,
    plants: gpd.GeoDataFrame | None = None,
    addresses: AddressIndex | None = None,
    left_before: Mapping[str, int] | None = None,
    progress: Progress | None = None,
) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Return what :func:`fill_register` makes of a file of units, as ``loaders.brreg.read_units`` reads it.

    Parameters
    ----------
    parents : the register's file of firms: tells whose units are a single person's.
    left_before : reason -> units that were left out when the file was made.

    Raises
    ------
    RefusedFileError
        As ``read_units`` and :func:`fill_register`; ``fill.firms``: the file is the one of firms.
    """
    read = read_units(
        path,
        municipalities=choices.municipalities,
        industries=choices.industries,
        parents=parents,
        keep_sole_proprietors=choices.sole_proprietors,
        progress=progress,
    )
    if read.of_firms:
        raise RefusedFileError("fill.firms", file=path.name)
    left = Counter(read.left_out)
    left.update(left_before or {})
    for reason, count in read.faults.items():
        left["twice" if reason == "duplicate" else "unusable"] += count
    return fill_register(
        read.units,
        choices=choices,
        date=date,
        left_before={_READERS_WORDS.get(reason, reason): count for reason, count in left.items()},
        plants=plants,
        addresses=addresses,
        progress=progress,
    )


def fill_register(
    units: pd.DataFrame,
    *,
    choices: UnitChoices,
    date: str,
    left_before: Mapping[str, int] | None = None,
    plants: gpd.GeoDataFrame | None = None,
    addresses: AddressIndex | None = None,
    progress: Progress | None = None,
) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Return the facilities of a region from units of the business register, and counts of what was done.

    Parameters
    ----------
    units : ``geodata.businessunits.BUSINESS_UNIT_COLUMNS``.
    choices : which are taken; municipalities of any county.
    date : ISO date of the units; its year is told as the source's. Empty where it is not known.
    left_before : reason -> units that were left out before.
    plants : facilities with permits and exact points: those that are a unit give it their point, the others
        are facilities of their own.
    addresses : register of addresses; without it, places and postcodes are found.

    Returns
    -------
    Facilities (:data:`geodata.schemas.FACILITIES`, data set ``register``), and counts: ``read``, ``taken``,
    ``left_<reason>``, ``grade_<grade>``, ``grade_none``, ``plants_used``, ``plants_added``,
    ``municipality_undecided`` (and ``undecided_<numbers>`` of them, see
    :func:`geodata.registerfacilities.tell_undecided`), ``municipality_missing``; what is none is not there.

    Raises
    ------
    RefusedFileError
        ``fill.nothing``: no unit was left to take (``fill.nothing_of_one``, ``fill.no_units``);
        ``fill.too_many``: no region has so many.
    """
    tell = progress or (lambda _step, _done, _total: None)
    counts: Counter[str] = Counter()
    counts.update({LEFT + reason: count for reason, count in (left_before or {}).items()})
    counts["read"] = len(units) + sum(counts.values())
    gazetteer = read_gazetteer()
    numbered = renumber_units(
        units, changes=read_municipality_changes(), postal_municipality=gazetteer.postal_municipality
    )
    taken, left = select_units(numbered, choices=choices)
    counts.update({LEFT + reason: count for reason, count in left.items()})
    tell("place", 0, len(taken))
    wanted = taken[["address", "postcode", "place"]].assign(
        municipality=taken["municipality_today"].fillna(taken["municipality_number"])
    )
    points = geocode_table(wanted, gazetteer=gazetteer, addresses=addresses)
    number, inside = settle_municipalities(taken, points, choices=choices)
    counts[LEFT + "municipality_split"] += int((~inside).sum())
    taken = taken.assign(municipality_today=number)[inside]
    facilities = make_register_facilities(taken, points[inside], source=REGISTER_TEXT, year=_year(date))
    if plants is not None:
        facilities, counts["plants_used"], counts["plants_added"] = join_plants(
            facilities, plants, municipalities=choices.municipalities, source=PLANT_TEXT
        )
    known = find_known(facilities, read_region("region").facilities, parents=facilities[OWNER])
    counts[LEFT + "in_region"] += int(known.sum())
    facilities = facilities[~known].reset_index(drop=True)
    if facilities.empty:
        code = {0: "fill.no_units", 1: "fill.nothing_of_one"}.get(counts["read"], "fill.nothing")
        raise RefusedFileError(code, read=counts["read"])
    if len(facilities) > MOST_FACILITIES:
        raise RefusedFileError("fill.too_many", count=len(facilities), most=MOST_FACILITIES)
    for grade, count in facilities["geocode_quality"].fillna("none").value_counts().sort_index().items():
        counts[f"{GRADE}{grade}"] = int(count)
    nowhere = facilities["municipality_number"].isna() & facilities["facility_id"].str.startswith(ID_PREFIX)
    divided = facilities["note"][nowhere & facilities["note"].str.contains(SEVERAL, regex=False, na=False)]
    counts["municipality_undecided"] = len(divided)
    counts["municipality_missing"] = int(nowhere.sum()) - len(divided)
    for numbers, count in divided.value_counts().sort_index().items():
        counts[f"{UNDECIDED}{numbers}"] = int(count)
    counts["taken"] = len(facilities)
    tell("place", len(number), len(number))
    return facilities, {name: count for name, count in counts.items() if count}


def _year(date: str) -> int | None:
    return int(date[:4]) if re.fullmatch(r"\d{4}(-\d\d){0,2}", date) else None
