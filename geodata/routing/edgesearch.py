"""What can be met on a road graph: a search tree over edges, places on them near points, what joins what."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geodata.routing.graph import EDGE_KINDS, FERRY, Bools, Int32s, Int64s, RoadGraph
from geodata.transport import Floats, Ints

MOTORWAY: Final = EDGE_KINDS.index("motorway")


@dataclass(frozen=True)
class Feet:
    """Places on edges near points.

    Attributes
    ----------
    pair : which pair of a point and an edge it belongs to.
    vertex, share, x, y : as in :class:`SnappedPoints`. metres : from the point as the crow flies.
    """

    pair: Ints
    vertex: Int64s
    share: Floats
    x: Floats
    y: Floats
    metres: Floats

    def select(self, positions: npt.ArrayLike) -> Feet:
        """Return the feet at `positions`, in that order."""
        rows = np.asarray(positions)
        return Feet(**{spec.name: getattr(self, spec.name)[rows] for spec in fields(self)})


@lru_cache(maxsize=2)
def index_edges(graph: RoadGraph) -> tuple[shapely.STRtree, Int32s]:
    """Return a search tree over the edges that a point may be tied to, and the numbers of these edges."""
    everything = np.arange(len(graph.edge_tail), dtype=np.int32)
    # roads that are cut off are met too: who lives there is told so, and is not taken to the next shore
    cut_off = ~join_main(graph, everything) & (graph.edge_kind != FERRY) & (graph.edge_kind != MOTORWAY)
    open_ = np.isfinite(graph.edge_along) | np.isfinite(graph.edge_against)
    drawn = np.diff(graph.shape_first) >= 2
    edges = everything[(graph.edge_snappable | cut_off) & open_ & drawn]
    first, counts = graph.shape_first[edges], np.diff(graph.shape_first)[edges]
    vertex = _spread(first, counts)
    lines = shapely.linestrings(
        np.c_[graph.shape_x[vertex], graph.shape_y[vertex]], indices=np.repeat(np.arange(len(edges)), counts)
    )
    return shapely.STRtree(lines), edges


@lru_cache(maxsize=2)
def find_connected(graph: RoadGraph) -> tuple[Bools, Bools]:
    """Return for every node whether it reaches the largest part of the network, and is reached from there.

    The largest part is component 0 of the core; tree nodes follow their way to the core.
    """
    out, back = np.ones(graph.core, dtype=bool), np.ones(graph.core, dtype=bool)
    if graph.core and graph.component.max() > 0:
        seed = np.flatnonzero(graph.component == 0)[:1]
        by_head = np.argsort(graph.arc_head, kind="stable")
        head_first = np.searchsorted(graph.arc_head[by_head], np.arange(graph.core + 1)).astype(np.int64)
        back = _flood(seed, graph.arc_first, graph.arc_head)
        out = _flood(seed, head_first, graph.arc_tail[by_head])
    nodes = np.arange(graph.core, len(graph.node_x))
    root, up, down = climb_trees(graph, nodes)
    return np.r_[out, out[root] & np.isfinite(up)], np.r_[back, back[root] & np.isfinite(down)]


def _flood(seed: Ints, first: Int64s, other: Int32s) -> Bools:
    """Tell which nodes `seed` leads to along arcs ``other[first[node]:first[node + 1]]``, itself included."""
    reached = np.zeros(len(first) - 1, dtype=bool)
    reached[seed] = True
    front = seed
    while len(front):
        heads = other[_spread(first[front], first[front + 1] - first[front])]
        front = np.unique(heads[~reached[heads]])
        reached[front] = True
    return reached


def climb_trees(graph: RoadGraph, nodes: npt.ArrayLike) -> tuple[Ints, Floats, Floats]:
    """Return the core node that each of `nodes` hangs on, and labels of the ways up to it and down."""
    node = np.array(nodes, dtype=np.intp)
    up, down = np.zeros(len(node)), np.zeros(len(node))
    while len(low := np.flatnonzero(node >= graph.core)):
        hanging = node[low] - graph.core
        up[low] += graph.tree_up[hanging]
        down[low] += graph.tree_down[hanging]
        node[low] = graph.tree_parent[hanging]
    return node, up, down


def join_main(graph: RoadGraph, edges: Int32s) -> Bools:
    """Tell for each of `edges` whether the largest part can be reached from it, and it from there."""
    outward, inward = find_connected(graph)
    tail, head = graph.edge_tail[edges], graph.edge_head[edges]
    along, against = np.isfinite(graph.edge_along[edges]), np.isfinite(graph.edge_against[edges])
    leaves = (along & outward[head]) | (against & outward[tail])
    arrives = (along & inward[tail]) | (against & inward[head])
    both: Bools = leaves & arrives
    return both


def find_feet(graph: RoadGraph, x: Floats, y: Floats, edges: Int32s) -> Feet:
    """Return where each point is nearest to its edge (parallel arrays); the first place of several."""
    feet = list_feet(graph, x, y, edges)
    order = np.lexsort((feet.vertex, feet.metres, feet.pair))
    return feet.select(order[np.searchsorted(feet.pair[order], np.arange(len(edges)))])


def list_feet(graph: RoadGraph, x: Floats, y: Floats, edges: Int32s) -> Feet:
    """Return every place where an edge comes nearer to its point than just before and after, in order."""
    first = graph.shape_first[edges]
    pieces = graph.shape_first[edges.astype(np.int64) + 1] - first - 1
    vertex, owner = _spread(first, pieces), np.repeat(np.arange(len(edges)), pieces)
    ax, ay = graph.shape_x[vertex], graph.shape_y[vertex]
    dx, dy = graph.shape_x[vertex + 1] - ax, graph.shape_y[vertex + 1] - ay
    square = dx * dx + dy * dy
    share = ((x[owner] - ax) * dx + (y[owner] - ay) * dy) / np.where(square > 0, square, 1.0)
    share = np.clip(share, 0.0, 1.0)
    foot_x, foot_y = ax + share * dx, ay + share * dy
    metres = np.hypot(foot_x - x[owner], foot_y - y[owner])
    # a foot inside a piece is such a place; one at a vertex where both pieces there have it, and is told once
    last = np.r_[owner[1:] != owner[:-1], True]
    initial = np.r_[True, owner[1:] != owner[:-1]]
    low = (share > 0) & (share < 1) | (share == 0) & initial
    low |= (share == 1) & (last | np.r_[share[1:] == 0, True])
    return Feet(owner, vertex, share, foot_x, foot_y, metres).select(low)


def _spread(first: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> Int64s:
    """Return ``first[k], first[k] + 1, ...``, `counts[k]` of them, for each k in turn."""
    ends = np.cumsum(counts)
    out: Int64s = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - counts), counts)
    return out
