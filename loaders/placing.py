"""Points of facilities: which coordinate system they are in, and whether they fall where their row says.

EPSG:25832 read as EPSG:25833 moves a point some 336 km without a sound; latitude and longitude change
places; a
point lands in the sea. Each is found by asking in which municipality the point falls.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geodata.municipalities import locate_points
from loaders.layout import Grid, GridRow
from loaders.quantities import clean_words, is_unknown, read_coordinate
from loaders.rawtables import CRS_MISSING

Floats = npt.NDArray[np.float64]

ZONES = ("EPSG:25832", "EPSG:25833", "EPSG:25835")
"""The projected systems a Norwegian file without a stated one may be in."""

BORDER_TOLERANCE_M = 2_000.0
"""Municipality borders are generalised: a point this near the stated municipality counts as in it."""

_LAT = (57.0, 81.5)
_LON = (-10.0, 34.0)


@dataclass
class Spot:
    """One row's coordinates on their way to a point.

    Attributes
    ----------
    row : row number; x, y : as read (east and north, or longitude and latitude).
    crs : ``EPSG:n``, or None where nothing says.
    x_column, y_column : canonical columns they came from.
    stated : municipalities of today that the row says it lies in.
    problem : an error was already told; no point.
    """

    row: int
    x: float | None = None
    y: float | None = None
    crs: str | None = None
    x_column: str = "geometry"
    y_column: str = "geometry"
    stated: tuple[str, ...] = ()
    problem: bool = False
    lon: float = field(default=float("nan"))
    lat: float = field(default=float("nan"))

    @property
    def has_point(self) -> bool:
        return self.x is not None and self.y is not None and not self.problem


Report = Callable[..., None]
"""Called as ``report(severity, code, row, column, value=..., **values)``; severities as in
geodata.findings."""


def _in(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def read_spot(grid: Grid, row: GridRow, *, report: Report) -> Spot:
    """Return the coordinates of one row as written, with certain repairs (swapped latitude and
    longitude) told."""
    cells = row.cells
    spot = Spot(row.number)
    if "geometry_x" in cells and "geometry_y" in cells:
        x, y = float(str(cells["geometry_x"])), float(str(cells["geometry_y"]))
        spot.x, spot.y = x, y
        spot.crs = None if grid.crs in (None, CRS_MISSING) else grid.crs
        if spot.crs in ("EPSG:4326", "EPSG:4258") and _in(x, _LAT) and _in(y, _LON):
            report(
                "repaired", "row.coordinates_swapped", row.number, "geometry", value=f"{x}, {y}", lat=x, lon=y
            )
            spot.x, spot.y = y, x
        elif spot.crs in ("EPSG:4326", "EPSG:4258") and (abs(x) > 180 or abs(y) > 90):
            spot.crs = None
        return spot
    if not is_unknown(cells.get("lat")) or not is_unknown(cells.get("lon")):
        return _read_pair(grid, row, spot, "lon", "lat", report=report)
    if not is_unknown(cells.get("east")) or not is_unknown(cells.get("north")):
        return _read_pair(grid, row, spot, "east", "north", report=report)
    if not is_unknown(cells.get("coordinates")):
        return _read_joint(grid, row, spot, report=report)
    return spot


def _read_pair(grid: Grid, row: GridRow, spot: Spot, x_column: str, y_column: str, *, report: Report) -> Spot:
    spot.x_column, spot.y_column = x_column, y_column
    numbers: list[float | None] = []
    for column in (x_column, y_column):
        cell = row.cells.get(column)
        number, readable = read_coordinate(cell)
        numbers.append(number)
        if not readable:
            report("error", "row.coordinate_unreadable", row.number, column, value=cell)
            spot.problem = True
        elif number is None:
            report("warning", "row.coordinate_missing", row.number, column)
            spot.problem = True
    if spot.problem:
        return spot
    x, y = numbers[0] or 0.0, numbers[1] or 0.0
    return _settle(grid, row, spot, x, y, report=report)


def _read_joint(grid: Grid, row: GridRow, spot: Spot, *, report: Report) -> Spot:
    spot.x_column = spot.y_column = "coordinates"
    text = clean_words(row.cells.get("coordinates"))
    found = re.fullmatch(
        r"POINT\s*Z?\s*\(\s*(-?\d+(?:\.\d+)?)\s+(-?\d+(?:\.\d+)?)[^)]*\)", text, re.IGNORECASE
    )
    parts = [found[1], found[2]] if found else re.split(r"\s*[;/]\s*|,\s+|\s+", text)
    if not found and len(parts) != 2 and text.count(",") == 1:
        parts = text.split(",")
    if len(parts) == 1 and text.count(",") == 1 and "." in text:
        parts = text.split(",")
    parts = _split_degrees(text) or parts
    read = [read_coordinate(part) for part in parts]
    if len(read) != 2 or read[0][0] is None or read[1][0] is None:
        report("error", "row.coordinate_unreadable", row.number, "coordinates", value=text)
        spot.problem = True
        return spot
    first, second = read[0][0], read[1][0]
    if found or (_in(second, _LAT) and _in(first, _LON)) or second > 6_000_000 > first:
        return _settle(grid, row, spot, first, second, report=report)
    return _settle(grid, row, spot, second, first, report=report)


def _split_degrees(text: str) -> list[str]:
    """Return the two halves of ``N 63° 25.8' E 10° 23.7'``, ``63°25'N 10°23'E``, ``lat: 63.4 lon: 10.4``;
    none elsewhere."""
    bare = re.sub(r"(?i)\b(?:lat|latitude|breddegrad|lon|lng|long|longitude|lengdegrad)\b\s*[:=]?", " ", text)
    if re.search(r"(?i)^\s*[nsøeovw]\s*\d", bare):
        halves = re.findall(r"(?i)[nsøeovw]\s*\d[^nsøeovw]*", bare)
    else:
        halves = re.findall(r"(?i)\d[^nsøeovw]*[nsøeovw]", bare)
    if len(halves) != 2 and bare != text:
        halves = [part for part in re.split(r"\s*[;/]\s*|,\s+|\s+", bare.strip()) if part]
    return [half.strip(" ,;/") for half in halves] if len(halves) == 2 else []


def _settle(grid: Grid, row: GridRow, spot: Spot, x: float, y: float, *, report: Report) -> Spot:
    """Put x, y and, where the row, the header or the values leave no doubt, the CRS on `spot`."""
    if x == 0 and y == 0:
        report("warning", "row.coordinates_zero", row.number, spot.y_column, value="0, 0")
        spot.problem = True
        return spot
    shown = row.cells.get(spot.y_column)
    if _in(x, _LON) and _in(y, _LAT):
        spot.x, spot.y = x, y
        stated = _stated_epsg(grid, row)
        spot.crs = "EPSG:4258" if stated == "EPSG:4258" else "EPSG:4326"
        return spot
    if _in(x, _LAT) and _in(y, _LON):
        report("repaired", "row.coordinates_swapped", row.number, spot.y_column, value=shown, lat=x, lon=y)
        spot.x, spot.y, spot.crs = y, x, "EPSG:4326"
        return spot
    if 6_000_000 < x < 9_500_000 and -1_000_000 < y < 1_500_000:
        report("repaired", "row.coordinates_swapped", row.number, spot.y_column, value=shown, north=x, east=y)
        x, y = y, x
    if -1_000_000 < x < 1_500_000 and 6_000_000 < y < 9_500_000:
        spot.x, spot.y, spot.crs = x, y, _stated_epsg(grid, row)
        if spot.crs in ("EPSG:4326", "EPSG:4258"):
            spot.crs = None
        return spot
    stated = _stated_epsg(grid, row)
    if stated in ("EPSG:3857", "EPSG:900913") and abs(x) < 4_000_000 and 7_000_000 < y < 18_000_000:
        spot.x, spot.y, spot.crs = x, y, "EPSG:3857"
        return spot
    if abs(x) <= 180 and abs(y) <= 90:
        spot.x, spot.y, spot.crs = (
            x,
            y,
            "EPSG:4326",
        )  # on the globe, though not in Norway: told where it is located
        return spot
    report("error", "row.coordinate_range", row.number, spot.y_column, value=shown)
    spot.problem = True
    return spot


def _stated_epsg(grid: Grid, row: GridRow) -> str | None:
    cell = row.cells.get("epsg")
    if not is_unknown(cell):
        return read_crs(clean_words(cell))
    for column in ("east", "north", "lat", "lon", "coordinates"):
        header = grid.headers.get(column)
        if header is not None and header.epsg:
            return f"EPSG:{header.epsg}"
    return None


def read_crs(text: str) -> str | None:
    """Return ``EPSG:n`` for ``25833``, ``EPSG:25833``, ``UTM33``, ``Euref89 UTM sone 32``, ``WGS84``
    ..., else None."""
    if found := re.search(r"\b(\d{4,5})(?:\.0)?\b", text):
        return f"EPSG:{found[1]}"
    if found := re.search(r"(?:utm|sone|zone)?[\s\-]*(3[1-6])\s*[nvw]?\b", text, re.IGNORECASE):
        return f"EPSG:258{found[1]}"
    if re.search(r"wgs\s*-?\s*84|lat|grader|degrees", text, re.IGNORECASE):
        return "EPSG:4326"
    return "EPSG:4258" if re.search(r"euref|etrs", text, re.IGNORECASE) else None


def place_spots(
    spots: Sequence[Spot], *, grid: Grid, municipalities: gpd.GeoDataFrame, report: Report
) -> pd.DataFrame:
    """Give each spot its longitude and latitude and check that it falls in the stated municipality.

    Returns
    -------
    One row a spot: ``lon``, ``lat`` (NaN without a point), ``located`` (municipality number of today or
    <NA>).

    Findings: ``file.crs_missing``, ``column.crs_inferred``, ``crs.zone_repaired``, ``row.point_wrong_zone``,
    ``row.point_other_municipality``, ``row.point_at_sea``.
    """
    undecided = [spot for spot in spots if spot.has_point and spot.crs is None]
    if undecided:
        _infer_zone(undecided, grid=grid, municipalities=municipalities, report=report)
    for crs in {spot.crs for spot in spots if spot.has_point and spot.crs}:
        group = [spot for spot in spots if spot.has_point and spot.crs == crs]
        try:
            usable = CRS.from_user_input(str(crs))
        except CRSError:
            report(
                "error", "file.crs_unknown", None, group[0].x_column, value=str(crs)[:80], count=len(group)
            )
            for spot in group:
                spot.problem = True
            continue
        lon, lat = _to_degrees([spot.x or 0.0 for spot in group], [spot.y or 0.0 for spot in group], usable)
        for spot, x, y in zip(group, lon, lat, strict=True):
            spot.lon, spot.lat = (
                (float(x), float(y)) if np.isfinite(x) and np.isfinite(y) else (np.nan, np.nan)
            )
    located = _check_places(list(spots), municipalities=municipalities, report=report)
    return pd.DataFrame(
        {
            "lon": [spot.lon for spot in spots],
            "lat": [spot.lat for spot in spots],
            "located": pd.array(located, dtype="string"),
        }
    )


def _to_degrees(x: Sequence[float], y: Sequence[float], crs: CRS | str) -> tuple[Floats, Floats]:
    transformer = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    lon, lat = transformer.transform(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def _falls_in(
    lon: Floats, lat: Floats, stated: Sequence[tuple[str, ...]], municipalities: gpd.GeoDataFrame
) -> npt.NDArray[np.bool_]:
    """Tell which points lie in, or within :data:`BORDER_TOLERANCE_M` of, one of their stated
    municipalities."""
    rows_of: dict[str, list[int]] = {}
    for index, numbers in enumerate(stated):
        for number in numbers:
            rows_of.setdefault(number, []).append(index)
    wanted = sorted(rows_of)
    shapes = municipalities[municipalities["municipality_number"].isin(wanted)]
    metric = shapes.set_index("municipality_number").geometry.to_crs("EPSG:25833")
    points = gpd.GeoSeries(gpd.points_from_xy(lon, lat, crs="EPSG:4326")).to_crs("EPSG:25833")
    answers = np.zeros(len(lon), dtype=bool)
    for number in wanted:
        rows = np.array(rows_of[number], dtype=np.intp)
        if number in metric.index:
            answers[rows] |= (points.iloc[rows].distance(metric.loc[number]) <= BORDER_TOLERANCE_M).to_numpy()
    return answers


def _infer_zone(spots: list[Spot], *, grid: Grid, municipalities: gpd.GeoDataFrame, report: Report) -> None:
    judges = [spot for spot in spots if spot.stated]
    column = spots[0].x_column
    from_file = grid.crs == CRS_MISSING
    if judges and not from_file:
        hits = {}
        for zone in ZONES:
            lon, lat = _to_degrees(
                [spot.x or 0.0 for spot in judges], [spot.y or 0.0 for spot in judges], zone
            )
            hits[zone] = int(_falls_in(lon, lat, [spot.stated for spot in judges], municipalities).sum())
        best = max(ZONES, key=lambda zone: hits[zone])
        others = max(hits[zone] for zone in ZONES if zone != best)
        if hits[best] >= 0.8 * len(judges) and others <= 0.1 * len(judges):
            report("info", "column.crs_inferred", None, column, crs=best, count=hits[best], total=len(judges))
            for spot in spots:
                spot.crs = best
            return
    report("error", "file.crs_missing", None, column, count=len(spots))
    for spot in spots:
        spot.problem = True


def _check_places(spots: list[Spot], *, municipalities: gpd.GeoDataFrame, report: Report) -> list[str | None]:
    located: list[str | None] = [None] * len(spots)
    rows = [index for index, spot in enumerate(spots) if np.isfinite(spot.lon)]
    if not rows:
        return located
    lon = np.array([spots[index].lon for index in rows])
    lat = np.array([spots[index].lat for index in rows])
    stated = [spots[index].stated for index in rows]
    inside = _falls_in(lon, lat, stated, municipalities)
    astray = np.array([bool(numbers) for numbers in stated]) & ~inside
    zone_of = _find_true_zone(lon, lat, stated, astray, municipalities)
    told = sum(bool(numbers) for numbers in stated)
    if zone_of and len(zone_of) >= 3 and len(zone_of) >= 0.8 * told:
        _repair_zone(spots, rows, zone_of, report=report)
        return _check_places(spots, municipalities=municipalities, report=report)
    points = gpd.GeoSeries(gpd.points_from_xy(lon, lat, crs="EPSG:4326"))
    one = pd.Series([numbers[0] if len(numbers) == 1 else None for numbers in stated], dtype=object)
    found = locate_points(points, municipalities, stated=one)
    names = municipalities.set_index("municipality_number")["name"]
    for position, index in enumerate(rows):
        spot = spots[index]
        number = found["municipality_number"].iloc[position]
        at_sea = pd.isna(number)
        shown = f"{spot.lat:.5f}, {spot.lon:.5f}"
        if position in zone_of:
            told_as, truly = zone_of[position]
            report(
                "warning",
                "row.point_wrong_zone",
                spot.row,
                spot.x_column,
                value=shown,
                used=told_as,
                suggestion=truly,
            )
        elif at_sea and not inside[position]:
            km = float(found["distance_m"].iloc[position]) / 1000
            report("warning", "row.point_at_sea", spot.row, spot.y_column, value=shown, km=round(km, 1))
        elif astray[position] and not at_sea:
            said = ", ".join(str(names.get(numbers, numbers)) for numbers in spot.stated)
            there = " / ".join(str(names.get(part, part)) for part in str(number).split())
            report(
                "warning",
                "row.point_other_municipality",
                spot.row,
                spot.y_column,
                value=shown,
                stated=said,
                found=there,
            )
        if not at_sea:
            located[index] = spot.stated[0] if inside[position] and len(spot.stated) == 1 else str(number)
        elif inside[position]:
            located[index] = spot.stated[0]
    return located


def _find_true_zone(
    lon: Floats,
    lat: Floats,
    stated: Sequence[tuple[str, ...]],
    astray: npt.NDArray[np.bool_],
    municipalities: gpd.GeoDataFrame,
) -> dict[int, tuple[str, str]]:
    """Return position -> (zone used, true zone) of points that would fall right had the other zone been
    meant."""
    answers: dict[int, tuple[str, str]] = {}
    rows = np.flatnonzero(astray)
    if not len(rows):
        return answers
    for used in ZONES:
        forward = Transformer.from_crs("EPSG:4326", used, always_xy=True)
        east, north = forward.transform(lon[rows], lat[rows])
        for truly in ZONES:
            if truly == used or not np.all(np.isfinite(east)):
                continue
            moved_lon, moved_lat = _to_degrees(list(east), list(north), truly)
            right = _falls_in(moved_lon, moved_lat, [stated[row] for row in rows.tolist()], municipalities)
            for row in rows[right].tolist():
                answers.setdefault(int(row), (used, truly))
    return answers


def _repair_zone(
    spots: list[Spot], rows: list[int], zone_of: dict[int, tuple[str, str]], *, report: Report
) -> None:
    used, truly = next(iter(zone_of.values()))
    group = [spots[index] for index in rows]
    forward = Transformer.from_crs("EPSG:4326", used, always_xy=True)
    east, north = forward.transform([spot.lon for spot in group], [spot.lat for spot in group])
    lon, lat = _to_degrees(list(east), list(north), truly)
    for spot, x, y in zip(group, lon, lat, strict=True):
        spot.lon, spot.lat = float(x), float(y)
    report(
        "repaired",
        "file.crs_wrong_zone",
        None,
        group[0].x_column,
        value=used,
        suggestion=truly,
        count=len(zone_of),
    )
