"""Areas out of a GeoPackage: a database of one file, read without GDAL and without running anything in it."""

from __future__ import annotations

import re
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import shapely
from shapely.errors import GEOSException

from geodata.errors import RefusedFileError
from loaders.official.areafeatures import AreaFeature, read_feature

MOST_ROWS: Final = 100_000
_NAME: Final = re.compile(r"[^\"\0]{1,200}")
_ENVELOPES: Final = (0, 32, 48, 48, 64)


def read_geopackage_areas(path: Path, *, file: str) -> list[AreaFeature]:
    """Return the areas of all feature tables of a GeoPackage.

    Raises RefusedFileError: ``file.damaged``, ``file.too_many_rows``.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA cell_size_check = ON")
            return list(_read_tables(database, file))
    except (sqlite3.Error, struct.error, GEOSException, OverflowError) as error:
        raise RefusedFileError("file.damaged", file=file) from error


def _read_tables(database: sqlite3.Connection, file: str) -> Iterator[AreaFeature]:
    grids = {
        srs: f"{organisation}:{number}"
        for srs, organisation, number in database.execute(
            "SELECT srs_id, organization, organization_coordsys_id FROM gpkg_spatial_ref_sys"
        )
    }
    # only what is a table: a view would run what the file's maker wrote
    layers = database.execute(
        "SELECT g.table_name, g.column_name, g.srs_id FROM gpkg_geometry_columns g JOIN sqlite_master m"
        " ON m.type = 'table' AND m.name = g.table_name AND m.sql NOT LIKE 'CREATE VIRTUAL%'"
    ).fetchall()
    for table, column, srs in layers:
        if not (_NAME.fullmatch(str(table)) and _NAME.fullmatch(str(column))):
            raise RefusedFileError("file.damaged", file=file)
        rows = database.execute(f'SELECT * FROM "{table}" LIMIT {MOST_ROWS + 1}')  # noqa: S608
        names = [str(description[0]) for description in rows.description]
        for count, row in enumerate(rows):
            if count >= MOST_ROWS:
                raise RefusedFileError("file.too_many_rows", file=file, limit=MOST_ROWS)
            properties = dict(zip(names, row, strict=True))
            blob = properties.pop(str(column), None)
            area = read_feature(properties, None, crs=grids.get(srs, ""))
            shape = _read_blob(blob) if area is not None else None
            if area is not None and shape is not None:
                yield AreaFeature(**{**vars(area), "geometry": shape})


def _read_blob(blob: Any) -> Any:
    """Return the polygon in a GeoPackage's binary geometry, None where it is none."""
    if not isinstance(blob, bytes) or len(blob) < 8 or blob[:2] != b"GP":
        return None
    kind = (blob[3] >> 1) & 0b111
    if kind >= len(_ENVELOPES):
        return None
    shape = shapely.force_2d(shapely.from_wkb(blob[8 + _ENVELOPES[kind] :]))
    return shape if shape is not None and shape.geom_type in ("Polygon", "MultiPolygon") else None
