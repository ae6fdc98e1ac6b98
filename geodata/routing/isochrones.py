"""Areas reached from a place within given minutes or kilometres: what lies near the reached roads.

Every road is cut where the time is up, or the distance (that of the way that the router takes, which need not
be the shortest), and the area is what lies within a stated width of a reached piece of
road. It is the level line of the distance to these pieces on a grid (marching squares, after Lorensen and
Cline 1987 in two dimensions; distances by Euclidean distance transform), so that its cost is bounded by the
grid and not by the number of roads. Water, forest and mountain between roads are holes and not reached;
ferries carry on, but the water they cross is not reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import shapely
from scipy.ndimage import distance_transform_edt

from geodata.crs import METRIC, WGS84
from geodata.routing.graph import FERRY, Int64s, RoadGraph
from geodata.routing.labels import unpack_labels
from geodata.routing.levels import trace_level
from geodata.routing.paths import RoadEnd, climb_sides
from geodata.routing.roadroutes import trace_piece
from geodata.routing.router import Router
from geodata.routing.spread import measure_all
from geodata.transport import Floats

WIDTH_M: Final = 400.0
"""Usual distance from a reached road that still counts as reached."""
CELLS_A_WIDTH: Final = 5
MAX_CELLS: Final = 1_500_000
HOLE_WIDTHS: Final = 2.0
"""Holes smaller than a square of this many widths are filled."""

Measure = Literal["minutes", "km"]


def find_reach_areas(
    router: Router,
    start: RoadEnd,
    *,
    minutes: Sequence[float] = (),
    km: Sequence[float] = (),
    width_m: float = WIDTH_M,
    land: shapely.Geometry | None = None,
) -> gpd.GeoDataFrame:
    """Return the area reached from `start` within each of `minutes`, or of `km`, one row each, EPSG:4326.

    Areas of more hold those of fewer. A band within which no road is reached has no row.

    Parameters
    ----------
    minutes, km : one of the two. Kilometres are those of the way that the router takes.
    width_m : how far from a reached road (metres) still counts as reached; on areas so large that the grid is
        coarser than that, the grid's cell counts instead.
    land : EPSG:25833; where given, what is outside is cut off.

    Returns
    -------
    columns `minutes` or `km` (float), `width_m` (the width used) and `geometry` ((Multi)Polygon), rising.

    Raises ValueError for a width that is not positive, bands that are not finite, or both kinds of bands.
    """
    if minutes and km:
        raise ValueError("either minutes or kilometres")
    measure: Measure = "km" if km else "minutes"
    bands = sorted({float(band) for band in km or minutes})
    if not width_m > 0 or not np.isfinite([width_m, *bands]).all():
        raise ValueError("width and bands are finite numbers, the width above 0")
    rows: list[tuple[float, float, shapely.Geometry]] = []
    if bands:
        at, arrival = _sample_roads(
            router, start, measure=measure, most=bands[-1], spacing_m=width_m / CELLS_A_WIDTH
        )
        for band in bands:
            reached = at[arrival <= band]
            if len(reached):
                area, width = _surround(reached, width_m)
                area = area if land is None else shapely.intersection(area, land)
                # Smoothed lines of two bands may cross by a hair where they run together.
                rows.append((band, width, shapely.union(rows[-1][2], area) if rows else area))
    frame = gpd.GeoDataFrame(
        {measure: [row[0] for row in rows], "width_m": [row[1] for row in rows]},
        geometry=gpd.GeoSeries([row[2] for row in rows], crs=METRIC),
        crs=METRIC,
    )
    return frame[~frame.geometry.is_empty].reset_index(drop=True).to_crs(WGS84)


@dataclass(frozen=True)
class _Labels:
    """What labels say: the weight that the router makes least, and the measure that bands are in."""

    weight: Floats
    measure: Floats

    def __getitem__(self, at: Int64s) -> _Labels:
        return _Labels(self.weight[at], self.measure[at])


def _sample_roads(
    router: Router, start: RoadEnd, *, measure: Measure, most: float, spacing_m: float
) -> tuple[Floats, Floats]:
    """Return points along all roads reached within `most` (EPSG:25833), and the measure of each.

    Points are no farther than `spacing_m` from one another along a road.
    """
    graph = router.graph
    label = measure_all(router, start, max_minutes=most if measure == "minutes" else np.inf)
    at_node = _read_labels(graph, label, measure)
    tail, head = (
        _Labels(*(np.where(np.isfinite(ways), values[nodes], np.inf) for values in _both(at_node)))
        for ways, nodes in ((graph.edge_along, graph.edge_tail), (graph.edge_against, graph.edge_head))
    )
    soonest = np.minimum(tail.measure, head.measure)
    edges = np.flatnonzero((soonest <= most) & (graph.edge_kind != FERRY))
    at, arrival = _sample_edges(graph, edges, tail[edges], head[edges], measure, spacing_m)
    own_at, own_arrival = _sample_start(graph, start, measure, spacing_m)
    at, arrival = np.concatenate([at, own_at]), np.concatenate([arrival, own_arrival])
    inside = arrival <= most
    return at[inside], arrival[inside]


def _both(labels: _Labels) -> tuple[Floats, Floats]:
    return labels.weight, labels.measure


def _read_labels(graph: RoadGraph, label: Floats, measure: Measure) -> _Labels:
    """Return weight (minutes) and measure of labels, inf where there is no way."""
    measures = unpack_labels(label)
    told = measures.km
    if measure == "minutes":
        told = measures.weight_min - graph.facts.km_cost_min * measures.km
    return _Labels(*(np.nan_to_num(values, nan=np.inf) for values in (measures.weight_min, told)))


def _sample_edges(
    graph: RoadGraph, edges: Int64s, tail: _Labels, head: _Labels, measure: Measure, spacing_m: float
) -> tuple[Floats, Floats]:
    """Return points along whole edges and the measure of each, from the end that it is cheaper from."""
    first, counts = graph.shape_first[edges], np.diff(graph.shape_first)[edges]
    vertex = np.repeat(first - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) + np.arange(
        counts.sum()
    )
    edge = np.repeat(np.arange(len(edges)), counts)
    weight, km = graph.shape_time[vertex] / 600.0, graph.shape_metres[vertex] / 1000.0
    along = _Labels(weight, km if measure == "km" else weight - graph.facts.km_cost_min * km)
    whole = along[np.cumsum(counts) - 1]
    x, y = graph.shape_x[vertex], graph.shape_y[vertex]
    low = np.flatnonzero(edge[1:] == edge[:-1])  # segments, by their first vertex
    steps = np.maximum(1, np.ceil(np.hypot(np.diff(x), np.diff(y))[low] / spacing_m)).astype(np.int64)
    segment = np.repeat(low, steps + 1)
    place = np.arange(len(segment)) - np.repeat(np.cumsum(steps + 1) - steps - 1, steps + 1)
    share = place / np.repeat(steps, steps + 1)
    which = edge[segment]

    def reach(name: str) -> tuple[Floats, Floats]:
        there: Floats = getattr(along, name)
        spent = there[segment] + share * (there[segment + 1] - there[segment])
        rest = getattr(whole, name)[which] - spent
        return getattr(tail, name)[which] + spent, getattr(head, name)[which] + rest

    arrivals = reach("measure")
    if measure == "minutes":
        arrival = np.minimum(*arrivals)
    else:
        weights = reach("weight")
        arrival = np.where(weights[0] <= weights[1], *arrivals)
    at = np.column_stack([values[segment] + share * np.diff(values)[segment] for values in (x, y)])
    return at, arrival


def _sample_start(
    graph: RoadGraph, start: RoadEnd, measure: Measure, spacing_m: float
) -> tuple[Floats, Floats]:
    """Return points from where the start meets its road to both ends of that edge."""
    points, arrivals = [], []
    first = float(_read_labels(graph, np.array([start.access_label]), measure).measure[0])
    for chain in climb_sides(graph, start, outward=True):
        line = trace_piece(graph, chain[0][2][0])
        last = float(_read_labels(graph, np.array([chain[0][1]]), measure).measure[0])
        length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        far = np.linspace(0.0, length[-1], int(np.ceil(length[-1] / spacing_m)) + 1)
        points.append(np.column_stack([np.interp(far, length, line[:, axis]) for axis in (0, 1)]))
        arrivals.append(np.interp(far, length, first + (last - first) * length / max(length[-1], 1e-9)))
    if not points:
        return np.empty((0, 2)), np.empty(0)
    return np.concatenate(points), np.concatenate(arrivals)


def _surround(points: Floats, width_m: float) -> tuple[shapely.Geometry, float]:
    """Return what lies within `width_m` of points (or within a cell, where that is more), and that width."""
    west, south = points.min(axis=0)
    span = points.max(axis=0) - (west, south)
    room = (span[0] + 4 * width_m) * (span[1] + 4 * width_m)
    cell = max(width_m / CELLS_A_WIDTH, float(np.sqrt(room / MAX_CELLS)))
    width = max(width_m, cell)
    margin = int(np.ceil(width / cell)) + 2
    # Cells lie on round coordinates, so that bands share them and nothing shakes from run to run.
    origin = np.floor(np.array([west, south]) / cell) - margin
    column, row = (np.floor(points / cell) - origin).astype(np.int64).T
    shape = (int(row.max()) + margin + 1, int(column.max()) + margin + 1)
    stands = np.full((*shape, 2), np.nan)
    stands[row[::-1], column[::-1]] = points[::-1]
    empty = np.isnan(stands[..., 0])
    nearest = distance_transform_edt(empty, return_distances=False, return_indices=True)
    near = stands[nearest[0], nearest[1]]
    x = (origin[0] + np.arange(shape[1]) + 0.5) * cell
    y = (origin[1] + np.arange(shape[0]) + 0.5) * cell
    away = np.hypot(near[..., 0] - x[None, :], near[..., 1] - y[:, None])
    area = trace_level(width - away, x, y)
    area = _fill_holes(area, least_m2=(HOLE_WIDTHS * width) ** 2)
    # Keeping the topology by the way takes minutes where there are thousands of holes.
    area = shapely.simplify(area, cell / 4, preserve_topology=False)
    return (area if area.is_valid else shapely.make_valid(area)), width


def _fill_holes(area: shapely.Geometry, *, least_m2: float) -> shapely.Geometry:
    parts = [
        shapely.Polygon(
            part.exterior, [ring for ring in part.interiors if shapely.Polygon(ring).area >= least_m2]
        )
        for part in shapely.get_parts(area)
    ]
    return shapely.MultiPolygon(parts) if len(parts) != 1 else parts[0]
