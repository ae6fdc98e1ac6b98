"""Files of administrative boundaries -> one table of valid areas in degrees, whatever the format."""

from __future__ import annotations

import datetime as dt
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geodata.crs import METRIC, WGS84
from geodata.errors import RefusedFileError
from geodata.municipalities import NUMBER_STATUSES
from loaders.archives import open_archive
from loaders.official.areafeatures import COUNTY, KINDS, MUNICIPALITY, AreaFeature, find_crs
from loaders.official.boundarychecks import refuse_far, renumber_areas
from loaders.official.geojsonareas import read_geojson_areas
from loaders.official.geopackageareas import read_geopackage_areas
from loaders.official.gmlareas import read_gml_areas
from loaders.official.municipalityfacts import LANGUAGES, sort_names
from loaders.rawtables import Limits

BOUNDARY_COLUMNS: Final = (
    "name",
    *(f"name_{code}" for code in LANGUAGES),
    "names_other",
    "former_numbers",
    "number_status",
    "valid_from",
    "includes_sea",
    "mended",
    "geometry",
)
"""After ``municipality_number`` or ``county_number``. ``former_numbers``: those that the file has for the
area where they are not today's; ``number_status``: what became of them, see
:func:`loaders.official.boundarychecks.renumber_areas`. ``includes_sea`` True for Kartverket's own areas, <NA>
where the file does not show whose they are; ``mended``: the area in the file crossed itself."""
LIMITS: Final = Limits(
    file_bytes=1_000_000_000, unpacked_bytes=3_000_000_000, archive_members=50, compression_ratio=100
)
_CHUNK: Final = 1 << 20
_READABLE: Final = (".geojson", ".json", ".gml", ".xml", ".gpkg")


def read_boundary_file(path: Path, *, kind: str = "") -> gpd.GeoDataFrame:
    """Read a file of boundaries; see :func:`loaders.geonorge.read_boundaries`."""
    name = path.name[:120]
    if not path.is_file():
        raise RefusedFileError("file.not_found", file=name)
    if path.stat().st_size > LIMITS.file_bytes:
        raise RefusedFileError("file.too_large", file=name, limit=LIMITS.file_bytes // 1_000_000)
    try:
        areas = [area for part in _open_parts(path, name) for area in _read_part(part, name)]
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise RefusedFileError("file.damaged", file=name) from error
    today = dt.date.today().isoformat()
    areas = [area for area in areas if not area.valid_to or area.valid_to > today]
    kinds = {area.kind for area in areas}
    chosen = KINDS[kind] if kind else (MUNICIPALITY if MUNICIPALITY in kinds else COUNTY)
    areas = [area for area in areas if area.kind == chosen]
    if not areas:
        raise RefusedFileError("geonorge.not_boundaries", file=name)
    return _make_table(areas, chosen, name)


@dataclass(frozen=True)
class _Part:
    """One readable file: by path, or by a stream out of a zip."""

    path: Path | None
    stream: IO[bytes] | None


@contextmanager
def _unpacked(stream: _Again, name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="symbiosekart-") as folder:
        target = Path(folder) / "areas.gpkg"
        with target.open("wb") as out:
            for chunk in _limited(stream, name):
                out.write(chunk)
        yield target


def _open_parts(path: Path, name: str) -> Iterator[_Part]:
    if not zipfile.is_zipfile(path):
        yield _Part(path, None)
        return
    with open_archive(path, file=name, limits=LIMITS) as archive:
        inside = [
            one
            for one in archive.namelist()
            if PurePosixPath(one).suffix.lower() in _READABLE and "__MACOSX" not in one
        ]
        if not inside:
            raise RefusedFileError("geonorge.not_boundaries", file=name)
        for one in inside:
            with archive.open(one) as stream:
                yield _Part(None, stream)


def _read_part(part: _Part, name: str) -> Sequence[AreaFeature]:
    if part.path is not None:
        with part.path.open("rb") as stream:
            if stream.peek(16)[:16] == b"SQLite format 3\0":
                return read_geopackage_areas(part.path, file=name)
            return _read_stream(stream, b"", name)
    assert part.stream is not None  # noqa: S101  (one of the two is there)
    head = part.stream.read(64)
    if head[:16] == b"SQLite format 3\0":
        with _unpacked(_Again(head, part.stream), name) as unpacked:
            return read_geopackage_areas(unpacked, file=name)
    return _read_stream(part.stream, head, name)


class _Again:
    """A stream with its beginning put back, for parsers that read from the start."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest = head, rest

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            head, self._head = self._head, b""
            return head + self._rest.read()
        if self._head:
            head, self._head = self._head[:size], self._head[size:]
            return head
        return self._rest.read(size)


def _read_stream(stream: IO[bytes], head: bytes, name: str) -> Sequence[AreaFeature]:
    head = head or stream.read(64)
    whole: Any = _Again(head, stream)
    begins = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if begins == b"<":
        return read_gml_areas(whole, file=name)
    if begins != b"{":
        raise RefusedFileError("geonorge.not_boundaries", file=name)
    content = b"".join(_limited(whole, name))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedFileError("file.not_utf8", file=name) from error
    del content
    return read_geojson_areas(text, file=name)


def _limited(stream: Any, name: str) -> Iterator[bytes]:
    total = 0
    while chunk := stream.read(_CHUNK):
        total += len(chunk)
        if total > LIMITS.unpacked_bytes:
            raise RefusedFileError("file.zip_bomb", file=name, limit=LIMITS.unpacked_bytes // 1_000_000)
        yield chunk


def _make_table(areas: Sequence[AreaFeature], kind: str, file: str) -> gpd.GeoDataFrame:
    """Return one row a number: parts joined, in degrees, valid."""
    names = {area.crs for area in areas}
    grids: dict[str, CRS] = {}
    for name in names:
        crs = find_crs(name) if name else None
        if crs is None:
            raise RefusedFileError("geonorge.no_crs", file=file)
        grids[name] = crs
    areas, told = renumber_areas(areas)
    by_number: dict[str, list[AreaFeature]] = {}
    for area in areas:
        by_number.setdefault(area.number, []).append(area)
    shapes = np.array([area.geometry for area in areas], dtype=object)
    crossed = ~shapely.is_valid(shapes)
    valid = _keep_areas(shapely.make_valid(shapes))
    degrees = np.full(len(areas), None, dtype=object)
    for name, crs in grids.items():
        rows = np.array([position for position, area in enumerate(areas) if area.crs == name])
        turned = _turn_to_east_north(valid[rows])
        degrees[rows] = gpd.GeoSeries(turned, crs=crs).to_crs(WGS84).to_numpy()
    if not np.isfinite(shapely.bounds(degrees)[~shapely.is_empty(degrees)]).all():
        raise RefusedFileError("file.damaged", file=file)
    degrees = _keep_areas(shapely.make_valid(degrees))
    metres = gpd.GeoSeries(degrees, crs=WGS84).to_crs(METRIC).to_numpy()
    refuse_far([area.number for area in areas], metres, kind=kind, file=file)
    position_of: dict[str, list[int]] = {}
    for position, area in enumerate(areas):
        position_of.setdefault(area.number, []).append(position)
    rows_out = []
    for number in sorted(by_number):
        own = position_of[number]
        first = max(by_number[number], key=lambda part: bool(part.names))
        former = sorted({told[row][0] for row in own} - {number})
        status = max((told[row][1] for row in own), key=NUMBER_STATUSES.index)
        geometry = degrees[own[0]] if len(own) == 1 else shapely.union_all(degrees[own])
        rows_out.append(
            {
                kind: number,
                "name": first.name or None,
                **sort_names(first.names),
                "former_numbers": ", ".join(former) or None,
                "number_status": status,
                "valid_from": first.valid_from or None,
                "includes_sea": True if any(part.official for part in by_number[number]) else None,
                "mended": bool(crossed[own].any()),
                "geometry": geometry,
            }
        )
    table = pd.DataFrame(rows_out, columns=[kind, *BOUNDARY_COLUMNS])
    types = dict.fromkeys([kind, *BOUNDARY_COLUMNS[:-3]], "string") | {
        "includes_sea": "boolean",
        "mended": "bool",
    }
    return gpd.GeoDataFrame(table.astype(types), geometry="geometry", crs=WGS84)


def _turn_to_east_north(shapes: Any) -> Any:
    """Return areas with east (longitude) first.

    Files of one grid come in either order, whatever the standard says. In Norway the northing is larger than
    the easting in every UTM zone in use, and the latitude larger than the longitude: the larger is north.
    """
    bounds = shapely.total_bounds(shapes)
    first, second = bounds[0] + bounds[2], bounds[1] + bounds[3]
    if first <= second:
        return shapes
    return shapely.transform(shapes, lambda points: points[:, ::-1])


def _keep_areas(shapes: Any) -> Any:
    """Return polygons only: mending leaves lines and points where an area touched itself."""
    kept = np.array(shapes, dtype=object)
    for row in np.flatnonzero(~np.isin(shapely.get_type_id(kept), (3, 6))).tolist():
        parts = shapely.get_parts(shapely.get_parts(kept[row]))
        kept[row] = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
    return kept
