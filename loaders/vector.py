"""Geographic files -> plain rows with a point each, in the CRS the file states. Runs inside the limited
subprocess.

GeoJSON and KML are read with the standard library (defusedxml), GeoParquet with pyarrow; only GeoPackage
and shapefile
reach GDAL, which has every other driver switched off (see :mod:`loaders.sandbox`). A line or polygon
becomes its
representative point, which is told. A missing CRS is told and never guessed.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import sqlite3
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree.ElementTree import Element

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from geodata.errors import RefusedFileError
from loaders.archives import CountedReader, open_archive
from loaders.headers import count_known
from loaders.rawtables import CRS_MISSING, X_HEADER, Y_HEADER, Cell, Limits, Note, RawFile, RawTable
from loaders.tabular import check_xml

WGS84 = "EPSG:4326"
Point = tuple[float, float] | None


# --- GeoJSON --------------------------------------------------------------------------------------


def read_geojson(content: bytes, *, file: str, limits: Limits) -> RawFile:
    """Return the features of a GeoJSON file; a Feature or FeatureCollection, or several under keys as
    Geonorge writes.

    The CRS is the old ``crs`` member where there is one, else EPSG:4326 (RFC 7946).
    """
    try:
        data = json.loads(content.decode("utf-8-sig"), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        code = "file.truncated" if content.rstrip()[-1:] not in (b"}", b"]") else "file.damaged"
        raise RefusedFileError(code, file=file) from error
    collections: list[tuple[str, list[Any], Any]] = []
    if isinstance(data, dict) and data.get("type") == "FeatureCollection":
        collections.append(("", data.get("features") or [], data.get("crs")))
    elif isinstance(data, dict) and data.get("type") == "Feature":
        collections.append(("", [data], data.get("crs")))
    elif isinstance(data, dict):
        for key, part in data.items():
            if isinstance(part, dict) and part.get("type") == "FeatureCollection":
                collections.append((str(key), part.get("features") or [], part.get("crs")))
    if not collections:
        raise RefusedFileError("file.not_features", file=file)
    tables = []
    for name, features, crs in collections:
        if not isinstance(features, list):
            raise RefusedFileError("file.damaged", file=file)
        _check_rows(len(features), file=file, limits=limits)
        records, points, kinds = [], [], set()
        for feature in features:
            feature = feature if isinstance(feature, dict) else {}
            geometry = feature.get("geometry")
            properties = feature.get("properties")
            record = dict(properties) if isinstance(properties, dict) else {}
            if feature.get("id") is not None and "id" not in record and "facility_id" not in record:
                record["id"] = feature["id"]
            records.append(record)
            points.append(_geojson_point(geometry))
            kinds.add(str(geometry.get("type")) if isinstance(geometry, dict) else "")
        tables.append(
            _make_table(name, records, points, crs=_geojson_crs(crs), kinds=kinds, limits=limits, file=file)
        )
    return RawFile("geojson", tables, encoding="UTF-8")


def _geojson_crs(crs: Any) -> str:
    if crs is None:
        return WGS84
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    return _crs_name(str(name)) if name else CRS_MISSING


def _crs_name(text: str) -> str:
    """Return ``EPSG:n`` for the ways of writing it (urn, address, OGC's CRS84), else the text itself."""
    upper = text.upper()
    if "CRS84" in upper:
        return WGS84
    tail = upper.replace("/", ":").rstrip(":").rsplit(":", 1)[-1]
    return f"EPSG:{tail}" if tail.isdigit() and "EPSG" in upper else text[:200]


def _geojson_point(geometry: Any) -> Point:
    if not isinstance(geometry, dict):
        return None
    if geometry.get("type") == "GeometryCollection":
        parts = [_geojson_point(part) for part in geometry.get("geometries") or []]
        return next((part for part in parts if part is not None), None)
    return _middle(list(_positions(geometry.get("coordinates"), depth=0)))


def _positions(value: Any, *, depth: int) -> Iterable[tuple[float, float]]:
    if not isinstance(value, list) or depth > 8:
        return
    if len(value) >= 2 and all(
        isinstance(part, int | float) and not isinstance(part, bool) for part in value[:2]
    ):
        if math.isfinite(value[0]) and math.isfinite(value[1]):
            yield float(value[0]), float(value[1])
        return
    for part in value:
        yield from _positions(part, depth=depth + 1)


def _middle(positions: Sequence[tuple[float, float]]) -> Point:
    if not positions:
        return None
    if len(positions) == 1:
        return positions[0]
    ring = positions[:-1] if positions[0] == positions[-1] else positions
    return (sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring))


# --- KML ------------------------------------------------------------------------------------------


def read_kml(content: bytes, *, file: str, limits: Limits) -> RawFile:
    """Return the placemarks of a KML file (always EPSG:4326), their extended data as columns."""
    check_xml(content, file=file)
    try:
        root = defusedxml.ElementTree.fromstring(content, forbid_dtd=True)
    except (DefusedXmlException, defusedxml.ElementTree.ParseError) as error:
        raise RefusedFileError("file.damaged", file=file) from error
    if _tag(root) != "kml":
        raise RefusedFileError("file.wrong_extension", file=file, extension=".kml", found=_tag(root)[:40])
    records: list[dict[str, Any]] = []
    points: list[Point] = []
    kinds: set[str] = set()
    for placemark in (element for element in root.iter() if _tag(element) == "Placemark"):
        record: dict[str, Any] = {}
        for child in placemark:
            if _tag(child) in ("name", "description", "address") and child.text and child.text.strip():
                record[_tag(child)] = child.text.strip()
        for element in placemark.iter():
            if _tag(element) == "SimpleData" and element.get("name"):
                record[str(element.get("name"))] = (element.text or "").strip() or None
            elif _tag(element) == "Data" and element.get("name"):
                value = next((part.text for part in element if _tag(part) == "value"), None)
                record[str(element.get("name"))] = (value or "").strip() or None
        records.append(record)
        positions, kind = _kml_positions(placemark)
        points.append(_middle(positions))
        kinds.add(kind)
        _check_rows(len(records), file=file, limits=limits)
    if not records:
        raise RefusedFileError("file.not_features", file=file)
    return RawFile(
        "kml", [_make_table("", records, points, crs=WGS84, kinds=kinds, limits=limits, file=file)]
    )


def read_kmz(path: Path, *, file: str, limits: Limits) -> RawFile:
    """Return the placemarks of the one KML document inside a KMZ; raises ``file.zip_content`` for
    anything else."""
    with open_archive(path, file=file, limits=limits) as archive:
        inside = [name for name in archive.namelist() if name.lower().endswith(".kml")]
        if len(inside) != 1:
            raise RefusedFileError("file.zip_content", file=file)
        return read_kml(
            CountedReader(archive, file=file, limits=limits).read(inside[0]), file=file, limits=limits
        )


def _tag(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _kml_positions(placemark: Element) -> tuple[list[tuple[float, float]], str]:
    positions: list[tuple[float, float]] = []
    kind = ""
    for element in placemark.iter():
        if _tag(element) in ("Point", "LineString", "Polygon"):
            kind = kind or _tag(element)
        if _tag(element) != "coordinates":
            continue
        for triple in (element.text or "").split():
            parts = triple.split(",")
            try:
                x, y = float(parts[0]), float(parts[1])
            except (ValueError, IndexError):
                continue
            if math.isfinite(x) and math.isfinite(y):
                positions.append((x, y))
    return positions, kind


# --- GeoParquet -----------------------------------------------------------------------------------


def read_parquet(path: Path, *, file: str, limits: Limits) -> RawFile:
    """Return the rows of a (Geo)Parquet file; raises ``file.truncated``, ``file.too_many_rows``,
    ``file.zip_bomb``."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        source = pq.ParquetFile(path)
        meta = source.metadata
        _check_rows(meta.num_rows, file=file, limits=limits)
        if meta.num_columns > limits.columns:
            raise RefusedFileError("file.too_many_columns", file=file, limit=limits.columns)
        unpacked = sum(meta.row_group(index).total_byte_size for index in range(meta.num_row_groups))
        if unpacked > limits.unpacked_bytes:
            raise RefusedFileError("file.zip_bomb", file=file, limit=limits.unpacked_bytes // 1_000_000)
        geo = json.loads((source.schema_arrow.metadata or {}).get(b"geo", b"{}"))
        frame = source.read(use_threads=False)
        rows: list[dict[str, Any]] = frame.to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RefusedFileError("file.truncated", file=file) from error
    name = geo.get("primary_column") if isinstance(geo, dict) else None
    if not name or name not in frame.column_names:
        return RawFile(
            "parquet", [_make_table("", rows, None, crs=None, kinds=set(), limits=limits, file=file)]
        )
    column = (geo.get("columns") or {}).get(name) or {}
    kinds: set[str] = set()
    points: list[Point] = []
    for row in rows:
        wkb = row.pop(name, None)
        point, kind = _wkb_point(wkb if isinstance(wkb, bytes) else None)
        points.append(point)
        kinds.add(kind)
    crs = WGS84 if "crs" not in column else _projjson_name(column["crs"])
    return RawFile("parquet", [_make_table("", rows, points, crs=crs, kinds=kinds, limits=limits, file=file)])


def _projjson_name(crs: Any) -> str:
    if not isinstance(crs, dict):
        return CRS_MISSING
    ident = crs.get("id")
    if isinstance(ident, dict) and ident.get("code") is not None:
        if ident.get("authority") == "OGC":
            return WGS84
        return f"{ident.get('authority')}:{ident['code']}"
    return str(crs.get("name") or CRS_MISSING)[:200]


def _wkb_point(wkb: bytes | None) -> tuple[Point, str]:
    """Return the representative point of a WKB geometry and its type's name."""
    if not wkb:
        return None, ""
    import shapely

    geometry = shapely.from_wkb(wkb, on_invalid="ignore")
    if geometry is None or geometry.is_empty:
        return None, ""
    point = geometry if geometry.geom_type == "Point" else geometry.representative_point()
    if not (math.isfinite(point.x) and math.isfinite(point.y)):
        return None, geometry.geom_type
    return (float(point.x), float(point.y)), geometry.geom_type


# --- GeoPackage and shapefile (GDAL) --------------------------------------------------------------


def read_geopackage(path: Path, *, file: str, limits: Limits) -> RawFile:
    """Return the feature and attribute layers of a GeoPackage; raises ``file.truncated`` where pages are
    missing."""
    _check_sqlite(path, file=file)
    tables, total = [], 0
    for layer in _list_layers(path, file=file):
        if layer.startswith("layer_styles"):
            continue
        table = _read_layer(path, layer, file=file, limits=limits)
        total += len(table.rows)
        _check_rows(total, file=file, limits=limits)
        tables.append(table)
    if not tables:
        raise RefusedFileError("file.not_features", file=file)
    return RawFile("geopackage", tables)


def _check_sqlite(path: Path, *, file: str) -> None:
    with path.open("rb") as stream:
        head = stream.read(100)
    page = struct.unpack(">H", head[16:18])[0] or 0
    page = 65536 if page == 1 else page
    pages = struct.unpack(">I", head[28:32])[0]
    if len(head) < 100 or page < 512 or path.stat().st_size < page * max(pages, 1):
        raise RefusedFileError("file.truncated", file=file)
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        try:
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute("PRAGMA cell_size_check=ON")
            answer = connection.execute("PRAGMA quick_check(1)").fetchone()
            odd = connection.execute(
                "SELECT count(*) FROM sqlite_master WHERE type='table' AND sql LIKE 'CREATE VIRTUAL%'"
                " AND sql NOT LIKE '%USING rtree%'"
            ).fetchone()
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise RefusedFileError("file.truncated", file=file) from error
    if answer is None or answer[0] != "ok":
        raise RefusedFileError("file.damaged", file=file)
    if odd and odd[0]:
        raise RefusedFileError("file.disguised", file=file, found="virtual table")


def read_shapefile_zip(path: Path, *, file: str, limits: Limits) -> RawFile:
    """Return the shapefiles in a zip, unpacked with counted bytes into the temporary folder under names
    of ours."""
    with open_archive(path, file=file, limits=limits) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and "__MACOSX" not in name]
        stems = [name[:-4] for name in names if name.lower().endswith(".shp")]
        if not stems:
            inside = {PurePosixPath(name).suffix.lower() for name in names}
            code = "file.disguised" if ".vrt" in inside else "file.zip_content"
            raise RefusedFileError(code, file=file, found="VRT" if ".vrt" in inside else "zip")
        reader = CountedReader(archive, file=file, limits=limits)
        tables = []
        for index, stem in enumerate(stems[:20]):
            extensions = {name[len(stem) :].lower(): name for name in names if name.startswith(stem + ".")}
            if not {".shp", ".shx", ".dbf"} <= set(extensions):
                raise RefusedFileError("file.shapefile_incomplete", file=file)
            target = path.parent / f"part{index}"
            for extension in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
                if extension in extensions:
                    content = reader.read(extensions[extension])
                    if extension == ".shp" and not content.startswith(b"\x00\x00\x27\x0a"):
                        raise RefusedFileError("file.damaged", file=file)
                    target.with_suffix(extension).write_bytes(content)
            layer = target.name
            table = _read_layer(target.with_suffix(".shp"), layer, file=file, limits=limits)
            name = PurePosixPath(stem).name if len(stems) > 1 else ""
            tables.append(RawTable(name, table.rows, table.numbers, [], False, table.crs, table.notes))
    return RawFile("shapefile", tables)


def _list_layers(path: Path, *, file: str) -> list[str]:
    import pyogrio
    from pyogrio.errors import DataSourceError

    try:
        return [str(name) for name, _ in pyogrio.list_layers(path)]
    except (DataSourceError, ValueError, RuntimeError) as error:
        raise RefusedFileError("file.damaged", file=file) from error


def _read_layer(path: Path, layer: str, *, file: str, limits: Limits) -> RawTable:
    import pyogrio.raw
    from pyogrio.errors import DataLayerError, DataSourceError, FieldError, GeometryError

    try:
        meta, _, geometries, fields = pyogrio.raw.read(
            path, layer=layer, max_features=limits.rows + 1, datetime_as_string=True
        )
    except (DataLayerError, DataSourceError, FieldError, GeometryError, ValueError, RuntimeError) as error:
        raise RefusedFileError("file.damaged", file=file) from error
    names = [str(name) for name in meta["fields"]]
    columns = [list(column) for column in fields]
    count = len(geometries) if geometries is not None else len(columns[0]) if columns else 0
    _check_rows(count, file=file, limits=limits)
    records = (
        [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)] if columns else []
    )
    records = records or [{} for _ in range(count)]
    if meta["geometry_type"] is None or geometries is None:
        return _make_table(layer, records, None, crs=None, kinds=set(), limits=limits, file=file)
    points: list[Point] = []
    kinds: set[str] = set()
    for wkb in geometries:
        point, kind = _wkb_point(wkb)
        points.append(point)
        kinds.add(kind)
    crs = _crs_text(meta["crs"])
    return _make_table(layer, records, points, crs=crs, kinds=kinds, limits=limits, file=file)


def _crs_text(crs: str | None) -> str:
    """Return ``EPSG:n`` where it is certain, the WKT's own text otherwise, ``missing`` where there is
    none."""
    if not crs or "Undefined" in crs[:40] or "unknown" in crs[:40].lower():
        return CRS_MISSING
    if crs.upper().startswith("EPSG:"):
        return crs.upper()
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        epsg = CRS.from_user_input(crs).to_epsg(min_confidence=60)
    except CRSError:
        return CRS_MISSING
    return f"EPSG:{epsg}" if epsg else crs[:4000]


# --- common ---------------------------------------------------------------------------------------


def _check_rows(count: int, *, file: str, limits: Limits) -> None:
    if count > limits.rows:
        raise RefusedFileError("file.too_many_rows", file=file, limit=limits.rows)


def _make_table(
    name: str,
    records: Sequence[Mapping[str, Any]],
    points: Sequence[Point] | None,
    *,
    crs: str | None,
    kinds: set[str],
    limits: Limits,
    file: str,
) -> RawTable:
    headers: dict[str, None] = {}
    for record in records:
        headers.update(dict.fromkeys(str(key) for key in record))
    if len(headers) + 2 > limits.columns:
        raise RefusedFileError("file.too_many_columns", file=file, limit=limits.columns)
    names = list(headers)
    header: list[Cell] = [*names, *((X_HEADER, Y_HEADER) if points is not None else ())]
    rows = [header]
    numbers = [0]
    for index, record in enumerate(records):
        plain = {str(key): value for key, value in record.items()}
        row: list[Cell] = [_plain(plain.get(key)) for key in names]
        if points is not None:
            point = points[index]
            row += [None, None] if point is None else [point[0], point[1]]
        rows.append(row)
        numbers.append(index + 1)
    notes = []
    odd = sorted(kind for kind in kinds if kind not in ("", "Point", "None"))
    if odd and count_known(rows[0]):
        notes.append(Note("info", "geometry.not_points", values={"kinds": ", ".join(odd)[:80]}))
    return RawTable(name, rows, numbers, has_header_row=False, crs=crs, notes=notes)


def _plain(value: Any) -> Cell:
    if value is None or isinstance(value, bool):
        return value
    if hasattr(value, "item"):  # numpy scalars
        value = value.item()
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 53 else str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 1 << 53 else value
    if isinstance(value, str):
        return value.strip()[:20_000] or None
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return None
    return json.dumps(value, ensure_ascii=False, default=str)[:20_000]
