"""Where points meet a road graph: the nearest edge, how far along it, and what the way there costs.

Each point is tied to one place on one edge. Rules that keep the answer honest: no ferry or motorway is met
(the graph says which); a way there that crosses the sea is not taken, another edge is looked for; where the
nearest edge lies on a part of the network that the rest cannot reach (an island, a gate, a gap in the map),
one of the main part that is hardly farther away is taken instead, and otherwise the point is told to have no
connection. The way there is the straight line times the detour factor, measured in EPSG:25833.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geodata.land import Land
from geodata.parameters import ScenarioParameters
from geodata.routing.edgesearch import Feet, find_feet, index_edges, join_main, list_feet
from geodata.routing.graph import Bools, Int32s, Int64s, RoadGraph
from geodata.routing.labels import pack_labels
from geodata.snapping import ACROSS_SEA, NO_CONNECTION, NO_POINT, OFF_NETWORK, PLACED
from geodata.transport import Floats, Ints

ON_ROAD_KM: Final = 0.05
"""A point no farther than this from the middle of a road stands at it; the way is not called estimated."""
MAX_ACCESS_KM: Final = 5.0
"""Points farther than this (as the crow flies) from every edge get no distance."""
LONGER_KM, LONGER_TIMES = 2.0, 1.6
"""How much farther than the nearest edge another is looked for when the nearest lies across the sea."""
GAP_KM: Final = 0.15
SCRAP_GAP_KM: Final = 0.5
"""How much farther than the nearest edge one of the main part may lie to be taken instead of a cut-off one;
more where what is cut off is so little road that the graph calls it a scrap."""
ACCESS_SEA_KM: Final = 0.25
"""This much sea under the way to the road is borne: coasts are generalised and quays stand in the water. Less
than on a network of main roads, where points lie far from the places they are tied to: here the roads of
quays are known. Of 26 776 places on land in eastern Oslo it takes 163 on islands without a road for such, and
some ten on quays and at the shore wrongly; 0.7 km lets the islands pass."""
GAP_SEA_KM: Final = 0.05
TRIES: Final = 64
POINTS_AT_ONCE: Final = 20_000
REPAIRS_AT_ONCE: Final = 200


@dataclass(frozen=True, eq=False)
class SnappedPoints:
    """Where each point meets the graph; arrays with one entry a point.

    Attributes
    ----------
    x, y : the points, EPSG:25833, NaN when missing.
    status : position in :data:`geodata.snapping.REASONS`.
    edge : the edge met, -1 where there is none.
    vertex, share : the foot lies this share of the way from this vertex (position in the graph's `shape_x`)
        to the next one.
    foot_x, foot_y : the place met, EPSG:25833.
    part, rest : labels of the edge from its tail to the foot, and on from there to its head; together the
        edge's own.
    straight_km : from the point to the foot as the crow flies, inf where there is none.
    access : label of that way in full. estimated_km : the kilometres of it that are called estimated.
    """

    x: Floats
    y: Floats
    status: npt.NDArray[np.int8]
    edge: Int32s
    vertex: Int64s
    share: Floats
    foot_x: Floats
    foot_y: Floats
    part: Floats
    rest: Floats
    straight_km: Floats
    access: Floats
    estimated_km: Floats

    def select(self, positions: npt.ArrayLike) -> SnappedPoints:
        """Return the points at `positions`, in that order."""
        rows = np.asarray(positions, np.intp)
        return SnappedPoints(**{spec.name: getattr(self, spec.name)[rows] for spec in fields(self)})


def snap_to_edges(
    graph: RoadGraph,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    parameters: ScenarioParameters,
    land: Land | None = None,
    max_access_km: float = MAX_ACCESS_KM,
) -> SnappedPoints:
    """Tie points (EPSG:25833, metres; NaN: none) to the nearest fit edge of `graph`.

    `land` lets ways over the sea be known; a point gets ``off_network`` when no edge is within
    `max_access_km`, ``across_sea`` when every near one lies behind more than ``ACCESS_SEA_KM`` of water, and
    ``no_connection`` when the edge's part of the network and the largest part do not reach one another both
    ways (distances inside its own part are there all the same).
    """
    px, py = np.asarray(x, float), np.asarray(y, float)
    snapped = _start_empty(px, py)
    tree, edges = index_edges(graph)
    located = np.flatnonzero(np.isfinite(px) & np.isfinite(py))
    snapped.status[located] = OFF_NETWORK
    if not len(edges):
        return snapped
    sea = land if land is not None else Land(np.array([], dtype=object))
    for start in range(0, len(located), POINTS_AT_ONCE):
        rows = located[start : start + POINTS_AT_ONCE]
        (one, found) = tree.query_nearest(
            shapely.points(px[rows], py[rows]), max_distance=max_access_km * 1000, all_matches=True
        )
        # of edges equally near (a junction) one of the main part, then one that is no scrap, then the first
        met = edges[found]
        order = np.lexsort((found, ~graph.edge_snappable[met], ~join_main(graph, met), one))
        one, found = one[order], found[order]
        one, pick = np.unique(one, return_index=True)
        rows, met = rows[one], edges[found[pick]]
        feet = find_feet(graph, px[rows], py[rows], met)
        _tie(snapped, graph, rows, met, feet, parameters=parameters, sea=sea)
    _look_further(snapped, graph, parameters=parameters, sea=sea, max_access_km=max_access_km)
    snapped.status[(snapped.status == PLACED) & ~_is_connected(graph, snapped)] = NO_CONNECTION
    _bridge_gaps(snapped, graph, parameters=parameters, sea=sea, max_access_km=max_access_km)
    return snapped


def _start_empty(x: Floats, y: Floats) -> SnappedPoints:
    n = len(x)
    return SnappedPoints(
        x=x,
        y=y,
        status=np.full(n, NO_POINT, np.int8),
        edge=np.full(n, -1, np.int32),
        vertex=np.zeros(n, np.int64),
        share=np.zeros(n),
        foot_x=np.full(n, np.nan),
        foot_y=np.full(n, np.nan),
        part=np.full(n, np.inf),
        rest=np.full(n, np.inf),
        straight_km=np.full(n, np.inf),
        access=np.full(n, np.inf),
        estimated_km=np.zeros(n),
    )


def _tie(
    snapped: SnappedPoints,
    graph: RoadGraph,
    rows: Ints,
    edges: Int32s,
    feet: Feet,
    *,
    parameters: ScenarioParameters,
    sea: Land,
    bearable_sea_km: float = ACCESS_SEA_KM,
) -> Bools:
    """Tie the points at `rows` to the feet on `edges` where no sea is between; tell which were tied."""
    wet = np.zeros(len(rows), dtype=bool)
    doubtful = np.flatnonzero(feet.metres > bearable_sea_km * 1000)
    doubtful = doubtful[sea.surveys(feet.x[doubtful], feet.y[doubtful])]  # roads are on land
    lines = (values[doubtful] for values in (snapped.x[rows], snapped.y[rows], feet.x, feet.y))
    wet[doubtful] = sea.measure_sea(*lines) > bearable_sea_km
    snapped.status[rows[wet]] = ACROSS_SEA
    dry = ~wet
    rows, edges = rows[dry], edges[dry]
    time, metres = (
        values[feet.vertex[dry]] + feet.share[dry] * (values[feet.vertex[dry] + 1] - values[feet.vertex[dry]])
        for values in (graph.shape_time.astype(float), graph.shape_metres.astype(float))
    )
    along, against = graph.edge_along[edges], graph.edge_against[edges]
    whole = np.where(np.isfinite(along), along, against)
    straight_km = feet.metres[dry] / 1000
    access_km = straight_km * parameters.access_detour_factor
    minutes = access_km * (60 / parameters.access_speed_kmh + graph.facts.km_cost_min)
    snapped.status[rows] = PLACED
    snapped.edge[rows] = edges
    snapped.vertex[rows], snapped.share[rows] = feet.vertex[dry], feet.share[dry]
    snapped.foot_x[rows], snapped.foot_y[rows] = feet.x[dry], feet.y[dry]
    snapped.part[rows] = np.minimum(pack_labels(np.rint(time), np.rint(metres)), whole)
    snapped.rest[rows] = whole - snapped.part[rows]
    snapped.straight_km[rows] = straight_km
    snapped.access[rows] = pack_labels(np.rint(600 * minutes), np.rint(1000 * access_km))
    snapped.estimated_km[rows] = np.where(straight_km > ON_ROAD_KM, np.rint(1000 * access_km) / 1000, 0.0)
    return dry


def _look_further(
    snapped: SnappedPoints,
    graph: RoadGraph,
    *,
    parameters: ScenarioParameters,
    sea: Land,
    max_access_km: float,
) -> None:
    """Try other near edges for points whose nearest one lies across the sea."""
    lost = np.flatnonzero(snapped.status == ACROSS_SEA)
    tree, _ = index_edges(graph)
    for start in range(0, len(lost), REPAIRS_AT_ONCE):
        rows = lost[start : start + REPAIRS_AT_ONCE]
        points = shapely.points(snapped.x[rows], snapped.y[rows])
        nearest_m = tree.query_nearest(points, return_distance=True, all_matches=False)[1]
        reach_m = np.minimum(nearest_m * LONGER_TIMES + LONGER_KM * 1000, max_access_km * 1000)
        one, found = tree.query(points, "dwithin", reach_m)
        _try_edges(snapped, graph, rows, one, found, reach_m=reach_m, parameters=parameters, sea=sea)


def _bridge_gaps(
    snapped: SnappedPoints,
    graph: RoadGraph,
    *,
    parameters: ScenarioParameters,
    sea: Land,
    max_access_km: float,
) -> None:
    """Tie points on a cut-off part to the main part where that lies hardly farther away."""
    cut_off = np.flatnonzero(snapped.status == NO_CONNECTION)
    tree, edges = index_edges(graph)
    for start in range(0, len(cut_off), REPAIRS_AT_ONCE):
        rows = cut_off[start : start + REPAIRS_AT_ONCE]
        gap_km = np.where(graph.edge_snappable[snapped.edge[rows]], GAP_KM, SCRAP_GAP_KM)
        reach_m = 1000 * np.minimum(snapped.straight_km[rows] + gap_km, max_access_km)
        one, found = tree.query(shapely.points(snapped.x[rows], snapped.y[rows]), "dwithin", reach_m)
        main = join_main(graph, edges[found])
        before = snapped.select(rows)
        _try_edges(
            snapped,
            graph,
            rows,
            one[main],
            found[main],
            reach_m=reach_m,
            parameters=parameters,
            sea=sea,
            bearable_sea_km=GAP_SEA_KM,
        )
        kept = rows[~np.isin(np.arange(len(rows)), one[main])]
        wet = rows[snapped.status[rows] == ACROSS_SEA]
        for back in (kept, wet):
            where = np.searchsorted(rows, back)
            for spec in fields(snapped):
                getattr(snapped, spec.name)[back] = getattr(before, spec.name)[where]


def _try_edges(
    snapped: SnappedPoints,
    graph: RoadGraph,
    rows: Ints,
    one: Ints,
    found: Ints,
    *,
    reach_m: Floats,
    parameters: ScenarioParameters,
    sea: Land,
    bearable_sea_km: float = ACCESS_SEA_KM,
) -> None:
    """Tie each point to its nearest candidate (pairs of row and edge of the index) not across the sea."""
    _, edges = index_edges(graph)
    feet = list_feet(graph, snapped.x[rows[one]], snapped.y[rows[one]], edges[found])
    feet = feet.select(np.lexsort((feet.vertex, found[feet.pair], feet.metres, one[feet.pair])))
    owner, met = one[feet.pair], edges[found[feet.pair]]
    first = np.searchsorted(owner, np.arange(len(rows)))
    last = np.searchsorted(owner, np.arange(len(rows)), side="right")
    open_ = np.arange(len(rows))
    for turn in range(TRIES):
        open_ = open_[first[open_] + turn < last[open_]]
        if not len(open_):
            break
        tried = first[open_] + turn
        tried = tried[feet.metres[tried] <= reach_m[open_]]
        open_ = owner[tried]
        tied = _tie(
            snapped,
            graph,
            rows[open_],
            met[tried],
            feet.select(tried),
            parameters=parameters,
            sea=sea,
            bearable_sea_km=bearable_sea_km,
        )
        open_ = open_[~tied]


def _is_connected(graph: RoadGraph, snapped: SnappedPoints) -> Bools:
    """Tell which tied points and the largest part of the network reach one another."""
    out = np.zeros(len(snapped.x), dtype=bool)
    tied = np.flatnonzero(snapped.edge >= 0)
    out[tied] = join_main(graph, snapped.edge[tied])
    return out
