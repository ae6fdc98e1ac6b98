"""Official boundaries beside the embedded polygons: clipped to land, compared, and used where those lack one.

Official areas reach to the sea's border; the embedded ones end at a generalised coast. They are comparable
on land only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geodata.crs import METRIC, WGS84, to_metric

COMPARISON_COLUMNS: Final = {
    "number": "string",
    "name": "string",
    "status": "string",
    "iou": "Float64",
    "area_km2": "Float64",
    "embedded_km2": "Float64",
    "sea_share": "Float64",
}
"""Column -> type. ``status`` one of :data:`COMPARISON_STATUSES`; ``iou`` the shared area divided by the area
of both together, on land; ``sea_share`` how much of the official area is no embedded land."""
COMPARISON_STATUSES: Final = ("same", "differs", "shared", "only_official", "only_embedded")
ALIKE_IOU: Final = 0.98
"""Two generalisations of one border agree at least so well on land."""
LEAST_PIECE: Final = 1e-9
"""Of the whole. Cutting leaves needles without width along the cut; joined to an area they were spikes."""


def clip_to_land(boundaries: gpd.GeoDataFrame, land: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the part of each area that is land, with ``includes_sea`` False.

    Parameters
    ----------
    boundaries : areas with a CRS, as from ``loaders.geonorge.read_boundaries``. land : polygons with a CRS,
        such as ``loaders.embedded.read_municipalities``.

    Returns
    -------
    GeoDataFrame (EPSG:4326) with the rows of `boundaries`; the geometry is empty where there is no land. The
    coast is that of `land`: what is smaller than its generalisation is lost.
    """
    clipped = _clip(_polygons(boundaries), _polygons(land))
    out = boundaries.drop(columns="geometry").assign(
        includes_sea=pd.array([False] * len(boundaries), "boolean")
    )
    geometry = gpd.GeoSeries(clipped, index=boundaries.index, crs=METRIC).to_crs(WGS84)
    return gpd.GeoDataFrame(out, geometry=_only_areas(geometry.to_numpy()), crs=WGS84)


def compare_boundaries(
    boundaries: gpd.GeoDataFrame, embedded: gpd.GeoDataFrame, *, number: str = "municipality_number"
) -> pd.DataFrame:
    """Compare official areas with embedded ones, on land.

    Parameters
    ----------
    boundaries, embedded : areas with the column `number`, ``name`` and a CRS; `embedded` may have
        ``shared_polygon`` (numbers that share one polygon).

    Returns
    -------
    DataFrame with :data:`COMPARISON_COLUMNS`, a row for each number of either, by number. ``shared`` is told
    of areas that the embedded data hold as one; their ``iou`` is that of all of them together.
    """
    official = dict(zip(boundaries[number].astype(str), _polygons(boundaries), strict=True))
    own = _polygons(embedded)
    known = dict(zip(embedded[number].astype(str), own, strict=True))
    groups = _find_groups(embedded)
    names = {
        **dict(zip(boundaries[number].astype(str), boundaries["name"], strict=True)),
        **dict(zip(embedded[number].astype(str), embedded["name"], strict=True)),
    }
    land = dict(zip(official, _clip(np.array(list(official.values()), dtype=object), own), strict=True))
    rows: list[tuple[object, ...]] = []
    for one in sorted({*official, *known}):
        here, there = official.get(one), known.get(one)
        if here is None or there is None:
            area = None if here is None else float(shapely.area(land[one])) / 1e6
            status = "only_embedded" if here is None else "only_official"
            other = None if there is None else float(shapely.area(there)) / 1e6
            rows.append((one, names[one], status, None, area, other, None))
            continue
        group = groups.get(one, (one,))
        both = shapely.union_all([land[member] for member in group if member in land])
        iou = float(
            shapely.area(shapely.intersection(both, there)) / shapely.area(shapely.union(both, there))
        )
        status = "shared" if len(group) > 1 else "same" if iou >= ALIKE_IOU else "differs"
        area, whole = float(shapely.area(land[one])), float(shapely.area(here))
        sea = 1.0 - area / whole if whole else None
        rows.append((one, names[one], status, iou, area / 1e6, float(shapely.area(there)) / 1e6, sea))
    return pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS)).astype(COMPARISON_COLUMNS)


def split_shared_polygons(municipalities: gpd.GeoDataFrame, boundaries: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the municipalities with shared polygons divided by their official border.

    A polygon is divided only where `boundaries` has all municipalities that share it, and each has land in
    it. Land that official borders leave between them (the embedded coast is coarser) goes to the nearest.

    Parameters
    ----------
    municipalities : as from ``loaders.embedded.read_municipalities``. boundaries : as from
        ``loaders.geonorge.read_boundaries``.

    Returns
    -------
    `municipalities` with ``geometry``, and <NA> in ``shared_polygon`` and ``polygon_note``, of those divided.
    """
    out = municipalities.copy()
    # Cut in the polygons' own coordinates: their outer borders stay the same, to the last digit.
    cutting = _only_areas(boundaries.to_crs(out.crs).geometry.to_numpy())
    official = dict(zip(boundaries["municipality_number"].astype(str), cutting, strict=True))
    numbers = out["municipality_number"].astype(str)
    for group in sorted(set(_find_groups(municipalities).values())):
        rows = [int(np.flatnonzero(numbers == one)[0]) for one in group]
        whole = out.geometry.iloc[rows[0]]
        if any(one not in official for one in group):
            continue
        parts = [shapely.intersection(whole, official[one]) for one in group]
        if any(shapely.area(part) <= 0 for part in parts):
            continue
        left = shapely.get_parts(shapely.difference(whole, shapely.union_all(parts)))
        left = left[shapely.area(left) >= LEAST_PIECE * shapely.area(whole)]
        for piece, position in _find_nearest(left, [official[one] for one in group], crs=out.crs):
            parts[position] = shapely.union(parts[position], piece)
        for row, part in zip(rows, _only_areas(np.array(parts, dtype=object)), strict=True):
            out.loc[out.index[row], "geometry"] = part
            out.loc[out.index[row], ["shared_polygon", "polygon_note"]] = pd.NA
    return out


def _find_nearest(
    pieces: npt.NDArray[np.object_], areas: list[object], *, crs: object
) -> Iterator[tuple[object, int]]:
    """Yield each piece with the position of the area that is nearest in metres."""
    near = gpd.GeoSeries(areas, crs=crs).to_crs(METRIC).to_numpy()
    shapes = gpd.GeoSeries(pieces, crs=crs).to_crs(METRIC).to_numpy()
    for piece, shape in zip(pieces.tolist(), shapes, strict=True):
        yield piece, int(np.argmin(shapely.distance(shape, near)))


def _find_groups(embedded: gpd.GeoDataFrame) -> dict[str, tuple[str, ...]]:
    """Return number -> all numbers of its polygon, for polygons that several share."""
    if "shared_polygon" not in embedded:
        return {}
    groups = [tuple(text.split()) for text in embedded["shared_polygon"].dropna().unique()]
    return {one: group for group in groups for one in group}


def _polygons(areas: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    """Return valid areas in metres."""
    return _only_areas(to_metric(areas, table="areas").geometry.to_numpy())


def _clip(areas: npt.NDArray[np.object_], land: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return the part of each area that lies on `land`, both in metres."""
    tree = shapely.STRtree(land)
    area, piece = tree.query(areas, predicate="intersects")
    cut = shapely.intersection(areas[area], land[piece])
    clipped = np.full(len(areas), shapely.MultiPolygon(), dtype=object)
    for row in np.unique(area).tolist():
        clipped[row] = shapely.union_all(cut[area == row])
    return _only_areas(clipped)


def _only_areas(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return valid polygons; lines and points that mending and cutting leave are dropped."""
    valid = np.array(shapely.make_valid(shapes), dtype=object)
    for row in np.flatnonzero(~np.isin(shapely.get_type_id(valid), (3, 6))).tolist():
        parts = shapely.get_parts(shapely.get_parts(valid[row]))
        valid[row] = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
        if valid[row].is_empty:
            valid[row] = shapely.MultiPolygon()
    return valid
