"""Where municipalities lie: point in polygon, nearest land, neighbours, polygons that two numbers share."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.crs import to_metric, to_wgs84

SHORE_TOLERANCE_M = 500.0
"""A point at most this far from land counts as on land: the polygons are generalised, quays stand out."""

LOCATION_STATUSES = ("inside", "near_shore", "shared", "outside", "no_point")


def merge_shared_polygons(municipalities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return one row a polygon, for maps and sums that must not count a shared polygon twice.

    Parameters
    ----------
    municipalities : as from ``loaders.embedded.read_municipalities``; ``shared_polygon`` holds the numbers
        that share one polygon (``"1508 1580"``) or <NA>.

    Returns
    -------
    GeoDataFrame with ``municipality_numbers`` (one number, or several separated by a space), ``name``
    (joined by `` / ``), ``county_number``, ``inhabitants`` where the input has them, and ``geometry``.
    """
    numbers = municipalities["shared_polygon"].fillna(municipalities["municipality_number"])
    frame = municipalities.assign(municipality_numbers=numbers.astype("string"))
    rules: dict[str, object] = {"name": lambda names: " / ".join(names), "county_number": "first"}
    if "inhabitants" in frame:
        rules["inhabitants"] = "sum"
    groups = frame.groupby("municipality_numbers", sort=True)
    merged = groups.agg(rules).reset_index()
    return gpd.GeoDataFrame(
        merged, geometry=gpd.GeoSeries(groups["geometry"].first().to_numpy(), crs=municipalities.crs)
    )


def locate_points(
    points: gpd.GeoSeries | gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame,
    *,
    stated: pd.Series | None = None,
    tolerance_m: float = SHORE_TOLERANCE_M,
) -> pd.DataFrame:
    """Tell in which municipality each point lies, how sure that is, and how far it is from its land.

    Parameters
    ----------
    points : points with a CRS (degrees or metres); None and empty points are allowed.
    municipalities : as from ``loaders.embedded.read_municipalities``.
    stated : today's number that each point is said to lie in, same index; it decides where a polygon is
        shared or a point lies on a border, and nothing else.
    tolerance_m : how far from the nearest land a point may lie and still belong to it.

    Returns
    -------
    DataFrame with the index of `points`: ``municipality_number`` (string; several numbers separated by a
    space where the polygon is shared and nothing tells which; <NA> at sea, abroad or without a point),
    ``status`` (one of :data:`LOCATION_STATUSES`), ``distance_m`` (Float64; 0 on land, to the nearest land
    otherwise).
    """
    shapes = to_wgs84(points.to_frame("geometry") if isinstance(points, gpd.GeoSeries) else points).geometry
    number = np.full(len(shapes), None, dtype=object)
    status = np.full(len(shapes), "no_point", dtype=object)
    distance = np.full(len(shapes), np.nan)
    with_point = np.flatnonzero(~(shapes.isna() | shapes.is_empty).to_numpy())
    polygons = to_wgs84(merge_shared_polygons(municipalities))
    names = polygons["municipality_numbers"].to_numpy(dtype=object)
    said = None
    if stated is not None:  # an unknown statement is none: <NA> is neither true nor false
        said = stated.astype("string").reindex(shapes.index).fillna("").to_numpy(dtype=object)

    tree = shapely.STRtree(polygons.geometry.to_numpy())
    found, polygon = tree.query(shapes.to_numpy()[with_point], predicate="intersects")
    for row, name in zip(with_point[found].tolist(), names[polygon].tolist(), strict=True):
        on_border_of_stated = said is not None and said[row] in name.split()
        if number[row] is None or on_border_of_stated:
            number[row], status[row], distance[row] = name, "inside", 0.0

    off_land = with_point[np.isin(with_point, with_point[found], invert=True)]
    if len(off_land):
        nearest = nearest_municipality(shapes.iloc[off_land], municipalities)
        for row, name, metres in zip(
            off_land, nearest["municipality_number"], nearest["distance_m"], strict=True
        ):
            near = metres <= tolerance_m
            number[row] = name if near else None
            status[row] = "near_shore" if near else "outside"
            distance[row] = metres

    for row in np.flatnonzero([isinstance(name, str) and " " in name for name in number]):
        if said is not None and said[row] in number[row].split():
            number[row] = said[row]
        else:
            status[row] = "shared"
    return pd.DataFrame(
        {
            "municipality_number": pd.array(number, dtype="string"),
            "status": pd.array(status, dtype="string"),
            "distance_m": pd.array(distance, dtype="Float64"),
        },
        index=shapes.index,
    )


def locate_municipality(
    points: gpd.GeoSeries | gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame,
    *,
    stated: pd.Series | None = None,
    tolerance_m: float = SHORE_TOLERANCE_M,
) -> pd.Series:
    """Return only the municipality number of each point; see :func:`locate_points`.

    <NA> means at sea, abroad or no point. Where two municipalities share one polygon and `stated` is not
    one of them, both numbers come back (``"1508 1580"``): compare with :func:`lies_in`, never with ``==``.
    """
    located = locate_points(points, municipalities, stated=stated, tolerance_m=tolerance_m)
    return located["municipality_number"]


def lies_in(located: pd.Series, stated: pd.Series) -> pd.Series:
    """Tell whether the `stated` number is (one of) the `located` ones; <NA> where either is unknown."""
    answers = [
        pd.NA if pd.isna(place) or pd.isna(said) else said in place.split()
        for place, said in zip(located, stated, strict=True)
    ]
    return pd.Series(answers, index=located.index, dtype="boolean", name="lies_in")


def nearest_municipality(
    points: gpd.GeoSeries | gpd.GeoDataFrame, municipalities: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return the nearest municipality of each point and the distance to its land, however far it is.

    Returns
    -------
    DataFrame with the index of `points`: ``municipality_number`` (string; two numbers for a shared polygon)
    and ``distance_m`` (Float64, metres in EPSG:25833; 0 on land). <NA> without a point.
    """
    metric = to_metric(points.to_frame("geometry") if isinstance(points, gpd.GeoSeries) else points).geometry
    polygons = to_metric(merge_shared_polygons(municipalities))
    number = np.full(len(metric), None, dtype=object)
    distance = np.full(len(metric), np.nan)
    rows = np.flatnonzero(~(metric.isna() | metric.is_empty).to_numpy())
    if len(rows):
        tree = shapely.STRtree(polygons.geometry.to_numpy())
        (found, polygon), metres = tree.query_nearest(
            metric.to_numpy()[rows], return_distance=True, all_matches=False
        )
        number[rows[found]] = polygons["municipality_numbers"].to_numpy(dtype=object)[polygon]
        distance[rows[found]] = metres
    return pd.DataFrame(
        {
            "municipality_number": pd.array(number, dtype="string"),
            "distance_m": pd.array(distance, dtype="Float64"),
        },
        index=metric.index,
    )


def find_neighbours(municipalities: gpd.GeoDataFrame, *, across_water_m: float = 0.0) -> pd.DataFrame:
    """List municipalities that share a land border, both ways.

    Parameters
    ----------
    municipalities : as from ``loaders.embedded.read_municipalities``.
    across_water_m : also count municipalities whose land lies at most this far apart (fjords, sounds);
        0 counts a shared border line only, a common corner is not enough.

    Returns
    -------
    DataFrame ``municipality_number``, ``neighbour_number`` (string), ``certain`` (boolean; False where one
    of the two is known only as part of a shared polygon), sorted.
    """
    polygons = merge_shared_polygons(municipalities)
    names = polygons["municipality_numbers"].to_numpy(dtype=object)
    shapes = to_wgs84(polygons).geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = {
        (int(a), int(b))
        for a, b in zip(first, second, strict=True)
        if a < b and shapely.relate_pattern(shapes[a], shapes[b], "****1****")
    }
    if across_water_m > 0:
        metric = to_metric(polygons).geometry.to_numpy()
        first, second = shapely.STRtree(metric).query(metric, predicate="dwithin", distance=across_water_m)
        pairs |= {(int(a), int(b)) for a, b in zip(first, second, strict=True) if a < b}
    rows = []
    for a, b in pairs:
        certain = " " not in names[a] and " " not in names[b]
        for one in names[a].split():
            for other in names[b].split():
                rows += [(one, other, certain), (other, one, certain)]
    for name in names:
        shared = name.split()
        rows += [(one, other, True) for one in shared for other in shared if one != other]
    table = pd.DataFrame(rows, columns=["municipality_number", "neighbour_number", "certain"])
    table = table.astype(
        {"municipality_number": "string", "neighbour_number": "string", "certain": "boolean"}
    )
    return table.sort_values(["municipality_number", "neighbour_number"], ignore_index=True)
