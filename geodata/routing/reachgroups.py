"""Groups of starts by place, each with the ends that the straight line lets be within reach of any."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np

from geodata.routing.graph import Int64s, RoadGraph
from geodata.routing.labels import unpack_labels
from geodata.routing.router import Entries
from geodata.transport import Floats

GROUP_STARTS: Final = 1024
"""A group of starts is divided while it has more, or is wide beside the limit."""
SMALL_GROUP: Final = 320
WIDTH_SHARE: Final = 0.5
"""Groups this small, or this narrow, are left whole: preparing one costs what sweeping some starts does."""
STRAIGHT_MARGIN: Final = 1.003
"""UTM 33 draws the far east of Norway this much too long at most, beyond what the graph's own arcs tell."""
SLACK_M: Final = 500.0
"""What arcs shorter than :data:`LONG_ARC_M` or :data:`LONG_ARC_DS` may lose on one way by whole metres and
tenths of a second; what longer ones lose is in the rate measured on them."""
LONG_ARC_M, LONG_ARC_DS = 10, 10


def bound_metres(graph: RoadGraph, *, max_km: float, max_minutes: float) -> float:
    """Return how far apart, as the crow flies, two nodes can be that a way within the limits joins."""
    most_km, most_minutes = _measure_straight(graph)
    return SLACK_M + 1000 * min(
        np.inf if np.isinf(max_km) else max_km * most_km,
        np.inf if np.isinf(max_minutes) else max_minutes * most_minutes,
    )


@lru_cache(maxsize=4)
def _measure_straight(graph: RoadGraph) -> tuple[float, float]:
    """Return the greatest straight kilometres a kilometre of arc and a minute of arc.

    Taken over arcs of ten units and more, what rounding took from them included; infinite without such arcs.
    """
    tail, head = graph.arc_tail, graph.arc_head
    straight = (
        np.hypot(graph.node_x[head] - graph.node_x[tail], graph.node_y[head] - graph.node_y[tail]) / 1000
    )
    measures = unpack_labels(graph.arc_label)
    minutes = measures.weight_min - graph.facts.km_cost_min * measures.km
    found = []
    for amount, least in ((measures.km, LONG_ARC_M / 1000), (minutes, LONG_ARC_DS / 600)):
        long = amount >= least
        short_straight = float(straight[~long].max(initial=0.0)) * 1000
        rate = float((straight[long] / amount[long]).max(initial=0.0))
        # Arcs that are short by label and long by the map tell nothing about how far a way may lead.
        found.append(max(rate, 1.0) * STRAIGHT_MARGIN if long.any() and short_straight < SLACK_M else np.inf)
    return found[0], found[1]


def group_points(
    graph: RoadGraph, starts: Entries, ends: Entries, *, bound_m: float
) -> Iterator[tuple[Int64s, Int64s]]:
    """Yield starts that lie near one another, with the ends that may be within `bound_m` of any of them.

    Every start with an entry is in one group, every node of every entry is thought of.
    """
    start_box, end_box = _enclose(graph, starts), _enclose(graph, ends)
    there = np.flatnonzero(np.diff(ends.first) > 0)
    end_box = end_box[:, there]
    waiting = [np.flatnonzero(np.diff(starts.first) > 0)]
    while waiting:
        rows = waiting.pop()
        if not rows.size:
            continue
        west, south, east, north = start_box[:, rows]
        width, height = east.max() - west.min(), north.max() - south.min()
        wide = max(width, height) > WIDTH_SHARE * bound_m and len(rows) > SMALL_GROUP
        if (wide or len(rows) > GROUP_STARTS) and len(rows) > 1:
            middle = (west + east) if width >= height else (south + north)
            order = np.argsort(middle, kind="stable")
            waiting += [rows[np.sort(order[len(rows) // 2 :])], rows[np.sort(order[: len(rows) // 2])]]
            continue
        away_x = np.maximum(0, np.maximum(west.min() - end_box[2], end_box[0] - east.max()))
        away_y = np.maximum(0, np.maximum(south.min() - end_box[3], end_box[1] - north.max()))
        near = there[np.hypot(away_x, away_y) <= bound_m]
        if near.size:
            yield rows, near


def _enclose(graph: RoadGraph, entries: Entries) -> Floats:
    """Return west, south, east and north of each point's entry nodes (4 x points); NaN without entries."""
    box = np.full((4, len(entries)), np.nan)
    there = np.flatnonzero(np.diff(entries.first) > 0)
    if there.size:
        first = entries.first[there]
        x, y = graph.node_x[entries.node], graph.node_y[entries.node]
        box[:, there] = [
            np.minimum.reduceat(x, first),
            np.minimum.reduceat(y, first),
            np.maximum.reduceat(x, first),
            np.maximum.reduceat(y, first),
        ]
    return box
