"""What a person writes of a thing and a place, read: material or waste code, and a point on the map."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from geodata.codetables import WasteCodes
from geodata.materials import normalise_material
from geodata.wastecodes import material_of, parse_eal

AMOUNT_UNITS = ("t", "kg", "MWh", "m3")
"""Units in which a person may state a year's amount."""

_CODE = re.compile(r"(?<!\d)\d{2}[ .\-]?\d{2}[ .\-]?\d{2}(?!\d)\s?\*?")
_MOST_WORDS = 12
_SHORTEST_WORD = 4
_SHARED_LETTERS = 5


@dataclass(frozen=True)
class Subject:
    """What a person means by what is in the container.

    Attributes
    ----------
    material : key of the material, None where it was not understood.
    eal_code : waste code of six digits, where one was written.
    hazardous : the code's hazard flag, None without a code.
    suggestions : keys of materials that may have been meant, the nearest first; only without a material.
    """

    material: str | None
    eal_code: str | None = None
    hazardous: bool | None = None
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spot:
    """A point that stands for a written place (degrees, EPSG:4326).

    Attributes
    ----------
    grade : ``place``, ``postcode`` or ``municipality`` (its seat): what the point rests on.
    others : how many other places have the same name; the largest one was taken.
    """

    name: str
    lat: float
    lon: float
    municipality_number: str | None
    grade: str
    others: int = 0


def read_subject(text: str, *, codes: WasteCodes, limit: int = 6) -> Subject:
    """Read a material's key or name, a waste code, or a line with either in it (``17 02 04* old poles``)."""
    text = text.strip()
    if text in codes.ancestors:
        return Subject(text)
    written = _CODE.search(text)
    for part in (text, written.group() if written else ""):
        code = parse_eal(part, codes=codes, star_expected=False).code if part else None
        material = material_of(code, codes=codes)
        if code is not None and material is not None:
            return Subject(material, code, codes.hazard.get(code))
    material = normalise_material(text, codes=codes)
    if material is not None:
        return Subject(material)
    return Subject(None, suggestions=_suggest_materials(text, codes, limit))


def _suggest_materials(text: str, codes: WasteCodes, limit: int) -> tuple[str, ...]:
    """Materials named by a part of the text, longest part first; then those sharing the start of a word."""
    words = re.findall(r"[^\W\d_]+", text.casefold())[:_MOST_WORDS]
    found: dict[str, None] = {}
    for part in _parts(words):
        material = normalise_material(part, codes=codes)
        if material is not None and len(part) >= _SHORTEST_WORD - 1:
            found.setdefault(material)
    starts = {word[:_SHARED_LETTERS] for word in words if len(word) >= _SHORTEST_WORD}
    table = codes.materials
    columns = [table[name].fillna("") for name in ("label_nb", "label_nn", "label_en", "synonyms")]
    ranked: list[tuple[int, str]] = []
    for key, *names in zip(table["material"].astype(str), *columns, strict=True):
        known = re.findall(r"[^\W\d_]+", " ".join(names).casefold())
        shared = sum(any(word.startswith(start) for word in known) for start in starts)
        if shared:
            ranked.append((-shared, key))
    for _shared, key in sorted(ranked):
        found.setdefault(key)
    return tuple(found)[:limit]


def _parts(words: list[str]) -> Iterator[str]:
    for length in range(len(words) - 1, 0, -1):
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])


def find_spot(
    text: str, *, places: pd.DataFrame, postcodes: pd.DataFrame, municipalities: gpd.GeoDataFrame
) -> Spot | None:
    """Find the point of a written place: identifier or name of a place, postcode, or municipality.

    A postcode anywhere in the text decides (``7300 Orkanger``). Of places with one name the largest is taken;
    a municipality stands at its seat. None where nothing of the name is known.

    Parameters
    ----------
    places : ``geoname_id``, ``name``, ``lat``, ``lon``, ``population``, ``municipality_number``.
    postcodes : ``postcode``, ``place``, ``municipality_number``, ``lat``, ``lon`` (<NA> where not known).
    municipalities : ``municipality_number``, ``name``, ``seat``, polygons in EPSG:4326.
    """
    text = " ".join(text.split())
    identified = places[places["geoname_id"].astype(str) == text]
    if len(identified):
        return _place_spot(identified)
    digits = re.search(r"(?<!\d)\d{4}(?!\d)", text)
    if digits is not None:
        posted = postcodes[(postcodes["postcode"] == digits.group()) & postcodes["lat"].notna()]
        if len(posted):
            row = posted.iloc[0]
            return _spot(row, f"{row['postcode']} {str(row['place']).title()}", "postcode")
    wanted = (text[: digits.start()] + text[digits.end() :] if digits else text).strip(" ,()").casefold()
    wanted = wanted.removesuffix(" kommune").strip()
    named = places[places["name"].str.casefold() == wanted]
    if len(named) and not text.casefold().endswith(" kommune"):
        return _place_spot(named)
    known = municipalities["name"].str.casefold() == wanted
    if digits is not None:
        known |= municipalities["municipality_number"] == digits.group()
    if known.any():
        return _seat_spot(municipalities[known].iloc[0], places)
    if len(named):
        return _place_spot(named)
    posted = postcodes[(postcodes["place"].str.casefold() == wanted) & postcodes["lat"].notna()]
    if len(posted):
        row = posted.iloc[0]
        return _spot(row, f"{row['postcode']} {str(row['place']).title()}", "postcode")
    return None


def _place_spot(named: pd.DataFrame) -> Spot:
    largest = named.sort_values("population", ascending=False, kind="stable").iloc[0]
    return _spot(largest, str(largest["name"]), "place", others=len(named) - 1)


def _seat_spot(municipality: Any, places: pd.DataFrame) -> Spot:
    number, seat = str(municipality["municipality_number"]), str(municipality["seat"]).casefold()
    inside = places[places["municipality_number"] == number]
    seats = inside[inside["name"].str.casefold() == seat]
    chosen = seats if len(seats) else inside
    if len(chosen):
        row = chosen.sort_values("population", ascending=False, kind="stable").iloc[0]
        return _spot(row, str(municipality["name"]), "municipality")
    point = municipality["geometry"].representative_point()
    return Spot(str(municipality["name"]), point.y, point.x, number, "municipality")


def _spot(row: Any, name: str, grade: str, *, others: int = 0) -> Spot:
    number = row["municipality_number"]
    return Spot(
        name,
        float(row["lat"]),
        float(row["lon"]),
        None if pd.isna(number) else str(number),
        grade,
        others,
    )


def to_stated_amount(amount: float | None, unit: str) -> tuple[float | None, str | None]:
    """Return a year's amount in a unit of the tables (kilograms become tonnes); no amount has no unit."""
    if amount is None or not amount > 0:
        return None, None
    return (amount / 1000.0, "t") if unit == "kg" else (amount, unit)


def suggest_wider_limits(exclusions: pd.DataFrame, *, facility_id: str) -> pd.DataFrame:
    """Return what would have to give for the nearest of the left-out partners to fit.

    Returns
    -------
    One row a reason that a wider limit would lift: reason (``too_far`` or ``below_score``), value (km of the
    nearest, points of the best), limit, partner_facility_id. Only pairs that are named one by one count.
    """
    touches = (exclusions["from_facility_id"] == facility_id) | (exclusions["to_facility_id"] == facility_id)
    own = exclusions[touches.fillna(False).astype(bool) & exclusions["value"].notna()]
    own = own[own["from_facility_id"].notna() & own["to_facility_id"].notna()]
    rows = []
    for reason, ascending in (("too_far", True), ("below_score", False)):
        of_reason = own[own["reason"] == reason].sort_values("value", ascending=ascending, kind="stable")
        if len(of_reason):
            row = of_reason.iloc[0]
            ends = (str(row["from_facility_id"]), str(row["to_facility_id"]))
            partner = ends[1] if ends[0] == facility_id else ends[0]
            rows.append((reason, float(row["value"]), float(row["limit"]), partner))
    return pd.DataFrame(rows, columns=["reason", "value", "limit", "partner_facility_id"])
