"""Units of the business register as facilities: which are taken, where they are, what kind of actor each is.

A unit that is left out is counted under the reason; nothing disappears unsaid. Numbers of municipalities are
followed to today's; where an area was shared out, the postcode decides, else the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.businessunits import leave_out_sole_proprietors
from geodata.columnvalues import Flags, list_flags, list_numbers, list_texts
from geodata.municipalities import to_current_municipality
from geodata.registerjoins import OWNER
from geodata.schemas import WGS84, conform_table

ID_PREFIX: Final = "register-"
SEVERAL: Final = " → "
"""Stands in a note between a number as given and those it may be today."""
LEFT_OUT: Final = (
    "unusable",
    "twice",
    "foreign",
    "outside",
    "municipality_unknown",
    "municipality_split",
    "deleted",
    "closed",
    "bankrupt",
    "industry",
    "no_employees",
    "employees_withheld",
    "employees_not_given",
    "few_employees",
    "sole_proprietor",
    "parent_form_unknown",
    "in_region",
)
"""Why a unit is left out, in the order in which it is asked. ``unusable``: the row could not be read;
``outside``: not in the chosen area;
``municipality_split``: its former municipality was shared out between chosen and other ones and nothing
decides; ``employees_withheld``: between one and four, which the register does not tell."""
WITHHELD_MOST: Final = 4
"""The register withholds counts of one to so many employees."""
NOT_STATED: Final = "00.000"
"""The register's code for an industry that nobody stated."""

_ACTORS: Final = (
    ("38.1", "collector"),
    ("38", "treatment"),
    ("37", "treatment"),
    ("39", "treatment"),
    ("46.77", "collector"),  # wholesale of waste and scrap, SN2007
    ("46.87", "collector"),  # the same in SN2025
    ("72", "research"),
    ("84", "public_body"),
)
_RANGES: Final = (
    ("01", "03", "primary_production"),
    ("05", "36", "producer"),
    ("41", "43", "construction"),
)


@dataclass(frozen=True)
class UnitChoices:
    """Which units are taken.

    Attributes
    ----------
    municipalities : today's numbers; empty takes the whole country.
    min_employees : units of fewer are left out; with 1, those whose small number is withheld are taken too,
        with 0 all, also those of which nothing is known.
    industries : beginnings of industry codes (``10``, ``38.1``); empty takes all.
    sole_proprietors : take units too that are or may be one person's (left out for privacy; see
        :func:`geodata.businessunits.leave_out_sole_proprietors`).
    """

    municipalities: tuple[str, ...] = ()
    min_employees: int = 5
    industries: tuple[str, ...] = ()
    sole_proprietors: bool = False


def renumber_units(
    units: pd.DataFrame, *, changes: pd.DataFrame, postal_municipality: Mapping[str, str]
) -> pd.DataFrame:
    """Return `units` with today's municipality.

    Parameters
    ----------
    units : ``municipality_number`` as given, ``postcode``.
    changes : as from ``loaders.embedded.read_municipality_changes``.
    postal_municipality : postcode -> today's municipality of its place.

    Returns
    -------
    `units` with ``municipality_today`` (string; <NA> where several or none are possible) and
    ``municipality_candidates`` (string, numbers apart by a space; empty where the number is not known).
    """
    place, distinct = pd.factorize(units["municipality_number"].astype("string"), use_na_sentinel=False)
    today = to_current_municipality(pd.Series(distinct, dtype="string"), changes)
    among = np.array([" ".join(found) for found in today["candidates"]], dtype=object)
    candidates = among[place] if len(units) else np.empty(0, dtype=object)
    postcodes = list_texts(units, "postcode")
    several = np.array([" " in text for text in among], dtype=bool)
    for row in np.flatnonzero(several[place]).tolist() if len(units) else []:
        postal = postal_municipality.get(postcodes[row])
        if postal and postal in candidates[row].split():
            candidates[row] = postal
    column = pd.Series(pd.array(candidates, dtype="string"), index=units.index)
    return units.assign(
        municipality_today=column.where(column.str.len() == 4), municipality_candidates=column
    )


def select_units(units: pd.DataFrame, *, choices: UnitChoices) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the units that are taken, and how many are left out for which reason.

    Parameters
    ----------
    units : from :func:`renumber_units`; columns as :data:`geodata.businessunits.BUSINESS_UNIT_COLUMNS`.

    Returns
    -------
    The rows taken (index of `units`), and reason of :data:`LEFT_OUT` -> count, without reasons of none. A
    unit counts once, for the first reason. Former municipalities that may be a chosen one are taken: the
    address decides later (:func:`settle_municipalities`).
    """
    wanted = set(choices.municipalities)
    employees = list_numbers(units, "employees")
    status = list_texts(units, "employees_status")
    candidates = list_texts(units, "municipality_candidates")
    fits = {found: not wanted or bool(wanted.intersection(found.split())) for found in set(candidates)}
    inside = np.array([fits[found] for found in candidates], dtype=bool)
    known = candidates != ""
    country = list_texts(units, "country_code")
    few = np.full(len(units), "", dtype=object)
    if choices.min_employees > 0:
        few[(employees < choices.min_employees)] = "few_employees"
        few[status == "none_registered"] = "no_employees"
        few[np.isnan(employees) & (few == "")] = "employees_not_given"
        few[status == "withheld"] = "employees_withheld" if choices.min_employees > 1 else ""
    tests = {
        "twice": units["organisation_number"].duplicated().to_numpy(dtype=bool),
        "foreign": (country != "") & (country != "NO") & ~known,
        "outside": known & ~inside,
        "municipality_unknown": ~known & bool(wanted),
        "deleted": list_texts(units, "deleted_on") != "",
        "closed": list_texts(units, "closed_on") != "",
        "bankrupt": list_flags(units, "bankrupt"),
        "industry": ~_in_industries(units, choices.industries),
        **{
            reason: few == reason
            for reason in ("no_employees", "employees_withheld", "employees_not_given", "few_employees")
        },
    }
    left = np.zeros(len(units), dtype=bool)
    counts: dict[str, int] = {}
    for reason in LEFT_OUT:
        found = tests.get(reason, False) & ~left
        if count := int(np.sum(found)):
            counts[reason] = count
            left |= found
    taken = units[~left]
    if not choices.sole_proprietors:
        taken, persons = leave_out_sole_proprietors(taken)
        counts.update(persons.reasons)
    return taken, counts


def settle_municipalities(
    units: pd.DataFrame, points: pd.DataFrame, *, choices: UnitChoices
) -> tuple[pd.Series, pd.Series]:
    """Return each unit's municipality of today (<NA> where nothing decides), and whether it is taken.

    Parameters
    ----------
    units : from :func:`select_units`.
    points : of the units, columns of :data:`geodata.geocoding.GEOCODE_COLUMNS`: the municipality of a place
        decides where the number does not.

    A unit whose former municipality was shared out among chosen ones only is taken, decided or not; one that
    may lie outside is not.
    """
    number = units["municipality_today"].astype("string")
    here = points["municipality_number"].astype("string")
    fits = pd.Series(
        [
            isinstance(place, str) and place in str(among).split()
            for place, among in zip(here.astype(object), units["municipality_candidates"], strict=True)
        ],
        index=units.index,
        dtype=bool,
    )
    number = number.fillna(here.where(fits))
    wanted = set(choices.municipalities)
    if not wanted:
        return number, pd.Series(True, index=units.index)
    sure = pd.Series(
        [wanted.issuperset(str(among).split()) for among in units["municipality_candidates"]],
        index=units.index,
        dtype=bool,
    )
    return number, number.isin(wanted).fillna(False).astype(bool) | (number.isna() & sure)


def tell_undecided(units: pd.DataFrame) -> pd.Series:
    """Return the number as given, and which of today's it may be, of units whose municipality is open.

    Parameters
    ----------
    units : ``municipality_number`` as given, ``municipality_candidates``, ``municipality_today`` as decided.

    Returns
    -------
    ``1507 → 1508 / 1580``, in no language; ``9999`` where the number is not known; <NA> where the
    municipality of today is known or no number was given. Index of `units`.
    """
    given = units["municipality_number"].astype("string").str.strip()
    among = units["municipality_candidates"].astype("string").fillna("").str.replace(" ", " / ")
    note = given.where(among == "", given + SEVERAL + among)
    return note.mask(units["municipality_today"].notna() | (given.fillna("") == ""))


def find_actor_type(industry_code: object) -> str:
    """Return the kind of actor that an industry code (SN2007 or SN2025) tells of; ``service`` where none."""
    code = "" if pd.isna(industry_code) else str(industry_code)  # type: ignore[call-overload]
    for beginning, actor in _ACTORS:
        if code.startswith(beginning):
            return actor
    division = code[:2]
    for low, high, actor in _RANGES:
        if division and low <= division <= high:
            return actor
    return "service"


def make_register_facilities(
    units: pd.DataFrame, points: pd.DataFrame, *, source: str, year: int | None
) -> gpd.GeoDataFrame:
    """Return units as facilities.

    Parameters
    ----------
    units : taken ones, ``municipality_today`` decided.
    points : their points, columns of :data:`geodata.geocoding.GEOCODE_COLUMNS`, same order.
    source : what the column `source` says. year : of the extract, or None.

    Returns
    -------
    Facilities as :data:`geodata.schemas.FACILITIES` and :data:`OWNER`, in the order of their numbers; those
    without a place have no point, and those without a municipality keep the number as given in `note`
    (:func:`tell_undecided`).
    """
    codes = units["industry_code"].astype("string")
    table = pd.DataFrame(
        {
            "facility_id": ID_PREFIX + units["organisation_number"].astype("string"),
            "name": units["name"].astype("string"),
            "organisation_number": units["organisation_number"].astype("string"),
            "actor_type": [find_actor_type(code) for code in codes],
            "industry_code": codes.mask(codes == NOT_STATED),
            "employees": units["employees"].astype("Int64"),
            "address": units["address"].astype("string"),
            "postcode": units["postcode"].astype("string"),
            "place": units["place"].astype("string"),
            "municipality_number": units["municipality_today"].astype("string"),
            "geocode_quality": points["grade"].astype("string").to_numpy(),
            "geocode_radius_m": points["radius_m"].to_numpy(dtype=float, na_value=np.nan),
            "source": source,
            "source_year": pd.array([year] * len(units), dtype="Int64"),
            "visibility": "public",
            "dataset": "register",
            "note": tell_undecided(units),
            OWNER: units["parent_number"].astype("string"),
        },
        index=units.index,
    )
    withheld = list_texts(units, "employees_status") == "withheld"
    if withheld.any():  # what is known of them all the same
        for name, end in (("employees_low", 1), ("employees_high", WITHHELD_MOST)):
            table[name] = pd.Series(pd.NA, index=units.index, dtype="Int64").mask(withheld, end)
    table["geocode_radius_m"] = table["geocode_radius_m"].astype("Float64")
    placed = points["grade"].notna().to_numpy(dtype=bool)
    shapes = gpd.points_from_xy(
        points["lon"].to_numpy(dtype=float, na_value=np.nan),
        points["lat"].to_numpy(dtype=float, na_value=np.nan),
        crs=WGS84,
    )
    geometry = pd.Series(np.where(placed, shapes, None), index=units.index)
    found = gpd.GeoDataFrame(
        conform_table(table, "facilities"), geometry=gpd.GeoSeries(geometry, crs=WGS84), crs=WGS84
    )
    return found.sort_values("facility_id", kind="stable").reset_index(drop=True)


def _in_industries(units: pd.DataFrame, beginnings: tuple[str, ...]) -> Flags:
    """Whether one of the up to three codes of a unit begins as asked."""
    found = np.full(len(units), not beginnings)
    for column in ("industry_code", "industry_code_2", "industry_code_3"):
        if beginnings:
            found |= np.array([code.startswith(beginnings) for code in list_texts(units, column)], dtype=bool)
    return found
