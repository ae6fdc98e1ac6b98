"""Lists of places as people write them: an id, a latitude and a longitude in each row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from geodata.crs import WGS84
from geodata.errors import RefusedFileError
from geodata.findings import Finding, Severity
from loaders.headers import plain_text, read_header
from loaders.quantities import read_coordinate
from loaders.rawtables import Cell, Limits
from loaders.tabular import read_text_table

if TYPE_CHECKING:
    import geopandas as gpd

HEADERS: Final = {
    "id": "id|place_id|placeid|place id|facility_id|stedsid|sted_id|sted id|kode|code|nr|nummer|number|key|"
    "navn|namn|name|sted|stad|place|from_id",
    "lat": "lat|latitude|breddegrad|breiddegrad|bredde|breidde|y|lat_wgs84|wgs84_lat",
    "lon": "lon|lng|long|longitude|lengdegrad|lengde|lengd|x|lon_wgs84|wgs84_lon",
}
_MEANING: Final = {"facility_id": "id", "id": "id", "name": "id", "place": "id", "lat": "lat", "lon": "lon"}
HEADER_ROWS: Final = 30
LAT_RANGE, LON_RANGE = (57.0, 81.0), (-10.0, 33.0)


@dataclass(frozen=True)
class PlaceList:
    """Places of a list, in the file's order: `ids`, `rows` in the file, `lat` and `lon` in degrees
    (EPSG:4326)."""

    ids: tuple[str, ...]
    rows: tuple[int, ...]
    lat: tuple[float, ...]
    lon: tuple[float, ...]


def read_points(path: Path) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Return what :func:`read_place_list` reads as a table: ``facility_id``, ``row``, points (EPSG:4326)."""
    import geopandas as gpd  # slow to load

    places, findings = read_place_list(path)
    table = {"facility_id": list(places.ids), "row": list(places.rows)}
    points = gpd.points_from_xy(places.lon, places.lat)
    return gpd.GeoDataFrame(table, geometry=points, crs=WGS84), findings


def read_place_list(path: Path) -> tuple[PlaceList, list[Finding]]:
    """Read a text table with an id, a latitude and a longitude (delimiter, encoding, decimal comma found
    out).

    Returns
    -------
    (places, findings) : the rows that can be used; one finding for each row that cannot, or whose latitude
        and longitude were swapped back.

    Raises
    ------
    RefusedFileError
        ``file.not_found``, ``file.too_large``, ``distances.columns`` (no such columns), and what reading a
        text table raises.
    """
    limits = Limits()
    file = path.name
    try:
        if path.stat().st_size > limits.file_bytes:
            raise RefusedFileError("file.too_large", file=file, limit=limits.file_bytes // 1_000_000)
        content = path.read_bytes()
    except OSError as error:
        raise RefusedFileError("file.not_found", file=file) from error
    table = read_text_table(content, file=file, limits=limits).tables[0]
    header, columns = _find_header(table.rows, file=file)
    findings: list[Finding] = []
    ids: list[str] = []
    rows: list[int] = []
    lats: list[float] = []
    lons: list[float] = []
    seen: set[str] = set()
    for number, row in zip(table.numbers[header + 1 :], table.rows[header + 1 :], strict=True):
        cells = {name: row[k] if k < len(row) else None for name, k in columns.items()}
        place = plain_text(str(cells["id"])) if cells["id"] is not None else ""
        if not place or place in seen:
            code = "row.id_duplicate" if place else "row.id_missing"
            findings.append(
                Finding(
                    Severity.ERROR, code, file, number, str(table.rows[header][columns["id"]]), place[:80]
                )
            )
            continue
        spot, finding = _read_spot(cells, file=file, row=number)
        findings += [finding] if finding else []
        if spot:
            seen.add(place)
            ids.append(place)
            rows.append(number)
            lats.append(spot[0])
            lons.append(spot[1])
    return PlaceList(tuple(ids), tuple(rows), tuple(lats), tuple(lons)), findings


def _find_header(rows: list[list[Cell]], *, file: str) -> tuple[int, dict[str, int]]:
    wanted = {name: [_key(word) for word in words.split("|")] for name, words in HEADERS.items()}
    for k, row in enumerate(rows[:HEADER_ROWS]):
        keys = [_key(str(cell)) if cell is not None else "" for cell in row]
        found = {
            name: min((words.index(key), c) for c, key in enumerate(keys) if key in words)[1]
            for name, words in wanted.items()
            if any(key in words for key in keys)
        }
        for column, cell in enumerate(row):  # any way of writing it that members' lists may use
            known = _MEANING.get(read_header(str(cell)[:80]).column or "") if cell is not None else None
            if known and known not in found and column not in found.values():
                found[known] = column
        if len(found) == len(wanted):
            return k, found
    shown = ", ".join(str(cell) for cell in rows[0][:8] if cell is not None)[:80]
    raise RefusedFileError("distances.columns", file=file, found=shown)


def _key(text: str) -> str:
    return "".join(c for c in plain_text(text).casefold() if c.isalnum())


def _read_spot(
    cells: dict[str, Cell], *, file: str, row: int
) -> tuple[tuple[float, float] | None, Finding | None]:
    values: dict[str, float] = {}
    for name in ("lat", "lon"):
        number, readable = read_coordinate(cells[name])
        if number is None or not np.isfinite(number):
            code = "row.coordinate_missing" if readable else "row.coordinate_unreadable"
            return None, Finding(Severity.ERROR, code, file, row, name, str(cells[name] or "")[:80])
        values[name] = number
    lat, lon = values["lat"], values["lon"]
    if _within(lat, lon):
        return (lat, lon), None
    shown = f"{lat}, {lon}"[:80]
    if _within(lon, lat):
        return (lon, lat), Finding(Severity.REPAIRED, "row.coordinates_swapped", file, row, "lat", shown)
    return None, Finding(Severity.ERROR, "row.coordinate_range", file, row, "lat", shown)


def _within(lat: float, lon: float) -> bool:
    return LAT_RANGE[0] <= lat <= LAT_RANGE[1] and LON_RANGE[0] <= lon <= LON_RANGE[1]
