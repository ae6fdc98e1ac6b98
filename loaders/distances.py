"""Road distances between the places of any list: id, lat and lon in, one row for each ordered pair out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.crs import WGS84
from geodata.errors import RefusedFileError
from geodata.findings import Finding, Severity
from geodata.parameters import ScenarioParameters
from geodata.roads import Network, NetworkTravel, measure_travel
from loaders.headers import plain_text, read_header
from loaders.quantities import read_coordinate
from loaders.rawtables import Cell, Limits
from loaders.tabular import read_text_table

OD_COLUMNS: Final = ("from_id", "to_id", "distance_km", "minutes", "ferries", "estimated")
HEADERS: Final = {
    "id": "id|place_id|placeid|place id|facility_id|stedsid|sted_id|sted id|kode|code|nr|nummer|number|key|"
    "navn|namn|name|sted|stad|place|from_id",
    "lat": "lat|latitude|breddegrad|breiddegrad|bredde|breidde|y|lat_wgs84|wgs84_lat",
    "lon": "lon|lng|long|longitude|lengdegrad|lengde|lengd|x|lon_wgs84|wgs84_lon",
}
_MEANING: Final = {"facility_id": "id", "id": "id", "name": "id", "place": "id", "lat": "lat", "lon": "lon"}
HEADER_ROWS: Final = 30
BLOCK_PAIRS: Final = 200_000
LAT_RANGE, LON_RANGE = (57.0, 81.0), (-10.0, 33.0)


@dataclass(frozen=True)
class DistanceReport:
    """What :func:`write_distances` did.

    Attributes
    ----------
    places : places that were read.
    pairs : rows written. unreachable : those of them that stand without a distance.
    findings : faults of the list, and places that no road reaches.
    """

    places: int
    pairs: int
    unreachable: int
    findings: tuple[Finding, ...]


def read_points(path: Path) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read a text table with an id, a latitude and a longitude (delimiter, encoding, decimal comma found
    out).

    Returns
    -------
    (points, findings) : ``facility_id``, ``row`` in the file and point geometry (EPSG:4326) of the rows
        that can be used, in the file's order; one finding for each row that cannot, or whose latitude and
        longitude were swapped back.

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
    points = gpd.GeoDataFrame(
        {"facility_id": ids, "row": rows}, geometry=gpd.points_from_xy(lons, lats), crs=WGS84
    )
    return points, findings


def write_distances(
    path: Path, out: Path, *, network: Network, parameters: ScenarioParameters | None = None
) -> DistanceReport:
    """Measure all ordered pairs (i != j) of the places in `path` and write them to `out`, UTF-8, comma,
    decimal point.

    Columns are :data:`OD_COLUMNS`: kilometres, minutes, ferry crossings and whether part of the way is off
    the
    network and therefore estimated. Unreachable pairs stand with empty values. Rows are written in blocks to
    a temporary file
    beside `out`, which takes its name at the end: a broken run leaves no half table. Raises as
    :func:`read_points`, and
    ``file.unwritable``.
    """
    points, findings = read_points(path)
    travel = measure_travel(network, points, parameters=parameters or ScenarioParameters())
    for place, row, reason in zip(travel.ids, points["row"], travel.reasons, strict=True):
        if reason:
            limit: dict[str, str | int | float] = {"limit": travel.max_access_km}
            findings.append(
                Finding(Severity.WARNING, f"place.{reason}", path.name, int(row), None, place[:80], limit)
            )
    pairs = unreachable = 0
    try:
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.", suffix=".part")
    except OSError as error:
        raise RefusedFileError("file.unwritable", file=out.name) from error
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(",".join(OD_COLUMNS) + "\n")
            for block in _measure_blocks(travel):
                block.to_csv(stream, header=False, index=False, lineterminator="\n")
                pairs += len(block)
                unreachable += int(block["distance_km"].isna().sum())
        part.chmod(0o644)
        part.replace(out)
    except OSError as error:
        raise RefusedFileError("file.unwritable", file=out.name) from error
    finally:
        part.unlink(missing_ok=True)
    return DistanceReport(len(points), pairs, unreachable, tuple(findings))


def _measure_blocks(travel: NetworkTravel) -> Iterator[pd.DataFrame]:
    n = len(travel.ids)
    ids = np.array(travel.ids, dtype=object)
    step = max(1, BLOCK_PAIRS // max(n, 1))
    for start in range(0, n, step):
        rows = np.arange(start, min(start + step, n))
        i, j = np.repeat(rows, n), np.tile(np.arange(n), len(rows))
        i, j = i[i != j], j[i != j]
        frame = travel.pairs(i, j).to_frame(ids[i], ids[j])
        frame["distance_km"] = frame["distance_km"].round(3)
        frame["minutes"] = frame["minutes"].round(1)
        known = frame["distance_km"].notna()
        frame["estimated"] = frame["estimated"].map({True: "true", False: "false"}).where(known, "")
        yield frame[list(OD_COLUMNS)]


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
