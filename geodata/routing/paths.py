"""One least way in full: from where a point meets a road, over which arcs, to where another meets a road.

A hierarchy finds the way upwards from both ends (Geisberger, Sanders, Schultes, Vetter: "Exact routing in
large road networks using contraction hierarchies", Transportation Science 2012) and its shortcuts are
unpacked into the arcs they stand for; without one, Dijkstra's predecessors tell the same way. The label of a
path is that of the tables, bit for bit. Among ways with one and the same label any may be shown.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geodata.routing.graph import Int32s, Int64s, RoadGraph
from geodata.routing.hierarchy import Hierarchy
from geodata.routing.labels import LENGTH_SCALE, TIME_SCALE
from geodata.routing.router import Entries, Router
from geodata.transport import Floats


@dataclass(frozen=True)
class RoadEnd:
    """Where a point meets a road.

    Attributes
    ----------
    x, y : the point itself, EPSG:25833. edge : the edge it is tied to.
    time_ds, metres : whole tenths of a second and metres from the edge's tail to the foot point.
    access_label : packed label of the way between the point and the foot point.
    estimated : whether that way is off the network.
    """

    x: float
    y: float
    edge: int
    time_ds: int
    metres: int
    access_label: float = 0.0
    estimated: bool = False


@dataclass(frozen=True)
class Piece:
    """A drive along `edge` from `begin` to `end` (metres from its tail; against the edge where they fall)."""

    edge: int
    begin: int
    end: int
    label: float


@dataclass(frozen=True)
class EntryWay:
    """A way between a point and a core node: its label (access included) and pieces in driving order."""

    node: int
    label: float
    pieces: tuple[Piece, ...]


Chain = list[tuple[int, float, tuple[Piece, ...]]]
"""Nodes from an end of an edge up to the core, each with the label and the pieces of the way there."""


@dataclass(frozen=True, eq=False)
class Path:
    """A least way between two points.

    Attributes
    ----------
    start_entry, end_entry : positions of the entries it uses, among the points' own.
    arcs : arcs of the graph, in driving order (none: both entries are the same node).
    label, toll : the whole way with both entries; toll in NOK, known ones only.
    """

    start_entry: int
    end_entry: int
    arcs: Int64s
    label: float
    toll: float


@dataclass(frozen=True)
class _Climb:
    """Labels of the nodes above some entries, and how each was reached.

    That is the node below and the arc's position, or ``-1 - k`` for entry k itself.
    """

    label: dict[int, float]
    via: dict[int, tuple[int, int]]


def enter_edge(graph: RoadGraph, end: RoadEnd, *, outward: bool) -> tuple[EntryWay, ...]:
    """Return the ways from `end` to the core (`outward`: for starts) or from the core to it, one a side.

    A side that is closed in this direction is left out. Ways through a dead-end tree follow it to its root.
    """
    return tuple(
        EntryWay(node, label, pieces)
        for chain in climb_sides(graph, end, outward=outward)
        for node, label, pieces in chain[-1:]
        if node < graph.core
    )


def climb_sides(graph: RoadGraph, end: RoadEnd, *, outward: bool) -> list[Chain]:
    """Return, for the tail and the head of the edge where open, the nodes from there up to the core.

    Each node comes with the label of its way (access included) and the pieces in driving order. A foot that
    is a node itself may take any road there.
    """
    edge = end.edge
    last = int(graph.shape_first[edge + 1]) - 1
    all_time, all_metres = int(graph.shape_time[last]), int(graph.shape_metres[last])
    along, against = bool(np.isfinite(graph.edge_along[edge])), bool(np.isfinite(graph.edge_against[edge]))
    sides = []
    if (against if outward else along) or not (end.time_ds or end.metres):
        label = end.time_ds * TIME_SCALE + end.metres * LENGTH_SCALE
        piece = Piece(edge, end.metres, 0, label) if outward else Piece(edge, 0, end.metres, label)
        sides.append((int(graph.edge_tail[edge]), label, piece))
    rest_ds, rest_metres = all_time - end.time_ds, all_metres - end.metres
    if (along if outward else against) or not (rest_ds or rest_metres):
        label = rest_ds * TIME_SCALE + rest_metres * LENGTH_SCALE
        begin, stop = (end.metres, all_metres) if outward else (all_metres, end.metres)
        sides.append((int(graph.edge_head[edge]), label, Piece(edge, begin, stop, label)))
    chains = []
    for node, label, piece in sides:
        chain: Chain = [(node, end.access_label + label, (piece,))]
        while chain[-1][0] >= graph.core:
            step = climb_tree(graph, chain[-1][0], outward=outward)
            if step is None:
                break
            parent, way = step
            pieces = chain[-1][2]
            chain.append((parent, chain[-1][1] + way.label, (*pieces, way) if outward else (way, *pieces)))
        chains.append(chain)
    return chains


def climb_tree(graph: RoadGraph, node: int, *, outward: bool) -> tuple[int, Piece] | None:
    """Return a tree node's parent and the drive to it (`outward`) or from it; None where that is closed."""
    t = node - graph.core
    label = float((graph.tree_up if outward else graph.tree_down)[t])
    if not np.isfinite(label):
        return None
    edge, parent = int(graph.tree_edge[t]), int(graph.tree_parent[t])
    whole = int(graph.shape_metres[int(graph.shape_first[edge + 1]) - 1])
    from_tail = (int(graph.edge_tail[edge]) == node) == outward
    return parent, Piece(edge, 0, whole, label) if from_tail else Piece(edge, whole, 0, label)


def pieces_of_arcs(graph: RoadGraph, arcs: Int64s) -> tuple[Piece, ...]:
    """Return the drive along each of `arcs`."""
    edges = graph.arc_edge[arcs]
    wholes = graph.shape_metres[graph.shape_first[edges.astype(np.int64) + 1] - 1]
    return tuple(
        Piece(int(edge), 0, int(whole), float(label))
        if forward
        else Piece(int(edge), int(whole), 0, float(label))
        for edge, whole, label, forward in zip(
            edges, wholes, graph.arc_label[arcs], graph.arc_forward[arcs], strict=True
        )
    )


def find_path(router: Router, start: Entries, end: Entries) -> Path | None:
    """Return the least way from the one point of `start` to the one point of `end`, None when there is none.

    Raises ValueError unless each of them holds one point.
    """
    if len(start) != 1 or len(end) != 1:
        raise ValueError("a path has one start and one end")
    if not len(start.node) or not len(end.node):
        return None
    found = (
        _search_plain(router.graph, start, end)
        if router.hierarchy is None
        else _search_hierarchy(router.hierarchy, start, end)
    )
    if found is None:
        return None
    s, e, arcs = found
    graph = router.graph
    label = float(start.label[s] + graph.arc_label[arcs].sum() + end.label[e])
    toll = float(start.toll[s] + graph.arc_toll[arcs].sum(dtype=np.float64) + end.toll[e])
    return Path(s, e, arcs, label, toll)


def _search_hierarchy(tree: Hierarchy, start: Entries, end: Entries) -> tuple[int, int, Int64s] | None:
    up = _climb(tree.up_first, tree.up_head, tree.up_label, tree.rank[start.node], start.label)
    down = _climb(tree.down_first, tree.down_tail, tree.down_label, tree.rank[end.node], end.label)
    meeting = [(label + down.label[rank], rank) for rank, label in up.label.items() if rank in down.label]
    if not meeting:
        return None
    top = min(meeting)[1]
    rising, s = _descend(up, top)
    falling, e = _descend(down, top)
    arcs: list[int] = []
    for below, position in reversed(rising):
        _unpack(tree, arcs, below, int(tree.up_head[position]), int(tree.up_via[position]))
    for below, position in falling:
        _unpack(tree, arcs, int(tree.down_tail[position]), below, int(tree.down_via[position]))
    return s, e, np.array(arcs, np.int64)


def _climb(first: Int64s, above: Int32s, label: Floats, ranks: Int32s, labels: Floats) -> _Climb:
    """Least labels over upward arcs from entries; every node is settled in the order of rank."""
    least: dict[int, float] = {}
    via: dict[int, tuple[int, int]] = {}
    for k, (rank, entry_label) in enumerate(zip(ranks.tolist(), labels.tolist(), strict=True)):
        if entry_label < least.get(rank, np.inf):
            least[rank], via[rank] = entry_label, (rank, -1 - k)
    waiting = sorted(least)
    while waiting:
        rank = heapq.heappop(waiting)
        begin, stop = int(first[rank]), int(first[rank + 1])
        reached = least[rank] + label[begin:stop]
        for k, (high, total) in enumerate(zip(above[begin:stop].tolist(), reached.tolist(), strict=True)):
            known = least.get(high)
            if known is None:
                heapq.heappush(waiting, high)
            if known is None or total < known:
                least[high], via[high] = total, (rank, begin + k)
    return _Climb(least, via)


def _descend(climb: _Climb, top: int) -> tuple[list[tuple[int, int]], int]:
    """Return (lower node, arc position) from `top` down to an entry, and that entry."""
    steps = []
    below, position = climb.via[top]
    while position >= 0:
        steps.append((below, position))
        below, position = climb.via[below]
    return steps, -1 - position


def _unpack(tree: Hierarchy, arcs: list[int], tail: int, head: int, via: int) -> None:
    """Append the graph's arcs that the hierarchy's arc ``tail -> head`` stands for."""
    waiting = [(tail, head, via)]
    while waiting:
        tail, head, via = waiting.pop()
        if via < 0:
            arcs.append(-1 - via)
            continue
        onward = _find(tree.up_first, tree.up_head, via, head)
        inward = _find(tree.down_first, tree.down_tail, via, tail)
        waiting.append((via, head, int(tree.up_via[onward])))
        waiting.append((tail, via, int(tree.down_via[inward])))


def _find(first: Int64s, above: Int32s, low: int, high: int) -> int:
    begin = int(first[low])
    return begin + int(np.searchsorted(above[begin : int(first[low + 1])], high))


def _search_plain(graph: RoadGraph, start: Entries, end: Entries) -> tuple[int, int, Int64s] | None:
    from scipy.sparse import csr_array  # slow to load
    from scipy.sparse.csgraph import dijkstra

    matrix = csr_array((graph.arc_label, graph.arc_head, graph.arc_first), shape=(graph.core, graph.core))
    nodes, row = np.unique(start.node, return_inverse=True)
    labels, before = dijkstra(matrix, indices=nodes, return_predecessors=True)
    total = start.label[:, None] + labels[np.ix_(row, end.node)] + end.label[None, :]
    s, e = (int(k) for k in np.unravel_index(int(np.argmin(total)), total.shape))
    if not np.isfinite(total[s, e]):
        return None
    arcs: list[int] = []
    node = int(end.node[e])
    while node != nodes[row[s]]:
        tail = int(before[row[s], node])
        arcs.append(_find(graph.arc_first, graph.arc_head, tail, node))
        node = tail
    return s, e, np.array(arcs[::-1], np.int64)


def enter_point(ways: tuple[EntryWay, ...]) -> Entries:
    """Return the ways of one point as :class:`~geodata.routing.router.Entries`."""
    node: npt.NDArray[np.int32] = np.array([way.node for way in ways], np.int32)
    label = np.array([way.label for way in ways], float)
    return Entries(np.array([0, len(ways)], np.int64), node, label, np.zeros(len(ways), np.float32))
