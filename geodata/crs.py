"""Coordinate reference systems: degrees at every border, metres for every measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geodata.errors import CrsError

if TYPE_CHECKING:
    import geopandas as gpd

WGS84 = "EPSG:4326"
METRIC = "EPSG:25833"
"""ETRS89 / UTM 33N: Norway's official grid for the whole mainland."""


def require_crs(frame: gpd.GeoDataFrame, *, table: str) -> None:
    """Raise :class:`CrsError` (code ``crs.missing``) when `frame` does not say its CRS."""
    if frame.crs is None:
        raise CrsError("crs.missing", table=table)


def to_metric(frame: gpd.GeoDataFrame, *, table: str = "points") -> gpd.GeoDataFrame:
    """Return `frame` in :data:`METRIC` (metres); a missing CRS is an error, never a guess."""
    require_crs(frame, table=table)
    return frame.to_crs(METRIC)


def to_wgs84(frame: gpd.GeoDataFrame, *, table: str = "points") -> gpd.GeoDataFrame:
    """Return `frame` in :data:`WGS84` (degrees, longitude first); a missing CRS is an error."""
    require_crs(frame, table=table)
    return frame.to_crs(WGS84)
