"""From what a row says of where it is to a point, its grade and an honest radius.

Coordinates that lie on Norwegian land are taken as they are; all else climbs the ladder
(:mod:`geodata.addressladder`). Nothing is placed at 0, 0 or at sea.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.addressladder import AddressIndex, AddressRow, Answer, Ladder, Question
from geodata.addresstext import clean_line
from geodata.gazetteer import Gazetteer
from geodata.municipalities import locate_points

__all__ = ["AddressIndex", "AddressRow", "Answer", "Question", "geocode_question", "geocode_table"]

GEOCODE_INPUT: Final = ("lon", "lat", "address", "postcode", "place", "municipality", "county")
GEOCODE_COLUMNS: Final = (
    "lat",
    "lon",
    "grade",
    "radius_m",
    "matched",
    "municipality_number",
    "problem",
    "candidates",
)
PROBLEMS: Final = (
    "point_zero",
    "point_unreadable",
    "zone_missing",
    "point_outside",
    "point_other_municipality",
    "street_unknown",
    "number_unknown",
    "address_ambiguous",
    "register_silent",
    "register_elsewhere",
    "postcode_differs",
    "postcode_unknown",
    "postcode_elsewhere",
    "place_unknown",
    "place_ambiguous",
    "place_elsewhere",
    "municipality_unknown",
    "municipality_ambiguous",
    "box_only",
    "nothing_given",
    "not_placed",
)
"""What may be told of a row, whether it was placed or not."""

GIVEN_RADIUS_M: Final = 25.0
BORDER_TOLERANCE_M: Final = 2_000.0
"""Borders are generalised: a point this near the stated municipality counts as in it."""


def geocode_question(
    question: Question, *, gazetteer: Gazetteer, addresses: AddressIndex | None = None
) -> Answer:
    """Answer one row that has no coordinates; see the module for the order of the rungs."""
    return Ladder(gazetteer, addresses).climb(question)


def geocode_table(
    table: pd.DataFrame, *, gazetteer: Gazetteer, addresses: AddressIndex | None = None
) -> pd.DataFrame:
    """Place every row of a table; equal rows are looked up once.

    Parameters
    ----------
    table : any of the columns :data:`GEOCODE_INPUT`; ``lon`` and ``lat`` in degrees (EPSG:4326), the others
        as people write them (``municipality``: number of any year since 2017, or name).

    Returns
    -------
    DataFrame with the index of `table` and :data:`GEOCODE_COLUMNS`: ``lat``, ``lon``, ``radius_m`` Float64;
    ``grade`` one of ``geodata.schemas.GEOCODE_GRADES`` or <NA>; ``problem`` codes of :data:`PROBLEMS` apart
    by spaces; ``candidates`` names apart by ``; ``.
    """
    texts = {name: _text_column(table, name) for name in GEOCODE_INPUT[2:]}
    keys = pd.DataFrame(texts, index=range(len(table)))
    number, distinct = _number_distinct(keys)
    lon, lat, grade, problems = _check_given(table, gazetteer)
    wanted = np.unique(number[grade == ""]) if len(keys) else np.empty(0, int)
    ladder = Ladder(gazetteer, addresses)
    stated = _read_municipalities(distinct, gazetteer)
    answers: dict[int, Answer] = {}
    for key in wanted.tolist():
        address, postcode, place, municipality, county = distinct[key]
        counties = () if municipality else gazetteer.read_counties(county)
        question = Question(address, postcode, place, municipality, stated[key], counties)
        answers[key] = ladder.climb(question)
    located = _locate_given(lon, lat, grade, number, stated, problems, gazetteer)
    rows: list[tuple[object, ...]] = []
    for row, key in enumerate(number.tolist()):
        if grade[row]:
            given = Answer(
                lon[row],
                lat[row],
                "given",
                _given_radius(lon[row], lat[row]),
                f"{lat[row]:.5f}, {lon[row]:.5f}",
                located[row],
                problems[row],
            )
            rows.append(_tell(given))
            continue
        found = answers[key]
        told = (*problems[row], *found.problems)
        if problems[row]:  # a point that cannot be used is something, though nothing else is given
            told = tuple("not_placed" if one == "nothing_given" else one for one in told)
        rows.append(_tell(replace(found, problems=tuple(dict.fromkeys(told)))))
    out = pd.DataFrame(rows, columns=list(GEOCODE_COLUMNS), index=table.index)
    for column in ("lat", "lon", "radius_m"):
        out[column] = pd.array(
            pd.to_numeric(out[column]).to_numpy(dtype=float, na_value=np.nan), dtype="Float64"
        )
        out[column] = out[column].mask(
            out[column].isna() | ~np.isfinite(out[column].to_numpy(float, na_value=np.nan))
        )
    for column in ("grade", "matched", "municipality_number", "problem", "candidates"):
        texts_of = out[column].astype("string")
        out[column] = texts_of.mask(texts_of == "")
    return out


def _tell(answer: Answer) -> tuple[object, ...]:
    problem, candidates = " ".join(answer.problems), "; ".join(answer.candidates)
    return (
        answer.lat,
        answer.lon,
        answer.grade,
        answer.radius_m,
        answer.matched,
        answer.municipality_number,
        problem,
        candidates,
    )


# --- given coordinates ----------------------------------------------------------------------------


def _check_given(
    table: pd.DataFrame, gazetteer: Gazetteer
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.object_], list[tuple[str, ...]]]:
    """Return longitudes, latitudes, ``given`` where the point lies on Norwegian land, and what is wrong
    elsewhere."""
    size = len(table)
    lon, lat = _numbers(table, "lon"), _numbers(table, "lat")
    grade = np.full(size, "", dtype=object)
    problems: list[tuple[str, ...]] = [()] * size
    zero = (lon == 0) & (lat == 0)
    for row in np.flatnonzero(zero).tolist():
        problems[row] = ("point_zero",)
    rows = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat) & ~zero)
    sane = (np.abs(lon[rows]) <= 180) & (np.abs(lat[rows]) <= 90)
    for row in rows[~sane].tolist():
        problems[row] = ("point_outside",)
    rows = rows[sane]
    if len(rows):
        points = gpd.GeoSeries(gpd.points_from_xy(lon[rows], lat[rows], crs="EPSG:4326"))
        found = locate_points(points, gazetteer.municipalities)["municipality_number"]
        for row, place in zip(rows.tolist(), found, strict=True):
            if pd.isna(place):
                problems[row] = ("point_outside",)
            else:
                grade[row] = str(place)
    return lon, lat, grade, problems


def _locate_given(
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    grade: npt.NDArray[np.object_],
    number: npt.NDArray[np.intp],
    stated: Sequence[tuple[str, ...]],
    problems: list[tuple[str, ...]],
    gazetteer: Gazetteer,
) -> list[str]:
    """Return the municipality of each given point; one far from the stated municipality is told, not
    moved."""
    located = []
    for row, here in enumerate(grade.tolist()):
        said = stated[number[row]] if here else ()
        shared = [one for one in said if one in here.split()]
        if here and said and not shared and not _near_any(lon[row], lat[row], said, gazetteer):
            problems[row] = (*problems[row], "point_other_municipality")
        located.append(shared[0] if len(shared) == 1 else here if " " not in here else "")
    return located


def _near_any(lon: float, lat: float, numbers: Sequence[str], gazetteer: Gazetteer) -> bool:
    return any(gazetteer.measure_to(number, lon, lat) <= BORDER_TOLERANCE_M for number in numbers)


def _given_radius(lon: float, lat: float) -> float:
    """Return half of what the last written decimal is worth, at least :data:`GIVEN_RADIUS_M`."""
    decimals = max(_decimals(lon), _decimals(lat))
    return float(max(GIVEN_RADIUS_M, round(111_000.0 * 10.0**-decimals / math.sqrt(2.0), 0)))


def _decimals(value: float) -> int:
    return len(f"{value:.7f}".rstrip("0").partition(".")[2])


# --- columns --------------------------------------------------------------------------------------


def _number_distinct(keys: pd.DataFrame) -> tuple[npt.NDArray[np.intp], list[tuple[str, ...]]]:
    """Return for each row the number of its distinct texts, and those."""
    known: dict[tuple[str, ...], int] = {}
    number = [known.setdefault(row, len(known)) for row in keys.itertuples(index=False, name=None)]
    return np.array(number, dtype=np.intp), list(known)


def _text_column(table: pd.DataFrame, name: str) -> list[str]:
    if name not in table:
        return [""] * len(table)
    known: dict[object, str] = {}
    out = []
    for value in table[name].to_numpy(dtype=object):
        if value is None or value is pd.NA or value != value:
            out.append("")
            continue
        if value not in known:
            whole = int(value) if isinstance(value, float) and value.is_integer() else value
            known[value] = clean_line(whole) if name != "address" else str(whole).strip()
        out.append(known[value])
    return out


def _numbers(table: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    if name not in table:
        return np.full(len(table), np.nan)
    numbers = pd.to_numeric(table[name], errors="coerce")
    return np.asarray(numbers.to_numpy(dtype=np.float64, na_value=np.nan))


def _read_municipalities(distinct: Sequence[tuple[str, ...]], gazetteer: Gazetteer) -> list[tuple[str, ...]]:
    """Return today's numbers that each (.., municipality, county) may mean; none where it says nothing."""
    known: dict[tuple[str, str], tuple[str, ...]] = {}
    out = []
    for row in distinct:
        text, county = row[3], row[4]
        if (text, county) not in known:
            known[text, county] = gazetteer.read_municipality(text, county=county) if text else ()
        out.append(known[text, county])
    return out
