"""A road graph from a vehicle's ways: junctions joined by whole stretches, dead ends cut off, exact.

Times and lengths are whole tenths of a second and metres, rounded cumulatively along each way
(:mod:`geodata.routing.waymeasures`); everything after that is sums and least values of whole numbers. Ways
are cut at junctions and joined elsewhere (:mod:`geodata.routing.chains`), and what only one road leads to
hangs in trees (:mod:`geodata.routing.deadends`). None of it changes the least label between any two points
of the ways.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from geodata.errors import NetworkError
from geodata.routing.chains import Stretches, join_chains
from geodata.routing.deadends import DeadEnds, find_dead_ends
from geodata.routing.graph import FERRY, Bools, Int32s, Int64s, NetworkFacts, RoadGraph
from geodata.routing.graphdigest import sign_graph
from geodata.routing.labels import MAX_LENGTH_KM, TIME_BITS, TIME_SCALE, pack_labels
from geodata.routing.segments import RoadSegments
from geodata.routing.spatialorder import number_places
from geodata.routing.waymeasures import measure_ways
from geodata.transport import Floats

Progress = Callable[[str, float], None]
"""Told the code word of the step and the share of it that is done, 0 to 1."""

LONGEST_DETOUR: Final = 1.5
"""A network is refused where ways this much longer than its bounding box is wide would not fit in a label."""
SCRAP_KM: Final = 5.0
"""Roads that one can drive to and from one another, but not to and from more road than this, are scraps that
a gap in the source cut off (a yard behind a gate, a car park): no point is tied to them. Islands with more
road than this are places of their own."""


@dataclass(frozen=True, eq=False)
class _Nodes:
    """Nodes in their final order, and the number of each of the nodes as they were found."""

    order: Int64s
    number: Int64s
    core: int


def build_graph(
    segments: RoadSegments, *, facts: NetworkFacts, progress: Progress | None = None
) -> RoadGraph:
    """Build the graph of all ways that are open in some direction.

    Nodes lie along a Hilbert curve, trees after the core. Of parallel edges the arc takes the least label,
    then the lowest price. A pair of edges between the same nodes stays a pair of edges.

    Parameters
    ----------
    segments : ways of one vehicle. facts : what the network is, kept as it is.
    progress : told ``"measure"``, ``"join"``, ``"prune"`` and ``"digest"`` as each begins.

    Raises
    ------
    NetworkError
        ``network.no_roads`` (no open way), ``network.too_wide`` and ``network.too_slow`` (labels could not
        hold its distances or times), and what :func:`geodata.routing.waymeasures.measure_ways` raises.
    """
    tell = progress or _tell_nobody
    tell("measure", 0.0)
    measures = measure_ways(segments)
    if not len(measures.point):
        raise NetworkError("network.no_roads", network=facts.name)
    _check_extent(segments.point_x[measures.point], segments.point_y[measures.point], name=facts.name)
    tell("join", 0.0)
    stretches = join_chains(segments, measures)
    del measures
    tell("prune", 0.0)
    places, ends = np.unique(np.concatenate([stretches.tail, stretches.head]), return_inverse=True)
    tail, head = ends[: len(stretches.tail)], ends[len(stretches.tail) :]
    ferry = stretches.kind == FERRY
    locked = np.zeros(len(places), np.bool_)
    locked[tail[ferry]] = locked[head[ferry]] = True
    dead_ends = find_dead_ends(len(places), tail, head, locked=locked)
    labels = pack_labels(stretches.time_ds, stretches.metres, stretches.ferries)
    along = np.where(stretches.along, labels, np.inf)
    against = np.where(stretches.against, labels, np.inf)
    part, part_metres = _find_parts(len(places), tail, head, stretches)
    snappable = stretches.snappable & (part[tail] == part[head])
    snappable &= part_metres[part[tail]] >= SCRAP_KM * 1000
    nodes = _order_nodes(segments.point_x[places], segments.point_y[places], dead_ends)
    tail, head = nodes.number[tail], nodes.number[head]
    edges = np.lexsort((np.arange(len(tail)), np.maximum(tail, head), np.minimum(tail, head)))
    tell("digest", 0.0)
    graph = _assemble(
        segments,
        stretches,
        facts,
        places=places,
        nodes=nodes,
        dead_ends=dead_ends,
        edges=edges,
        ends=(tail[edges], head[edges]),
        labels=(along[edges], against[edges]),
        part=_number_parts(part[nodes.order[: nodes.core]], part_metres),
        snappable=snappable[edges],
    )
    _check_times(graph)
    return sign_graph(graph)


def _tell_nobody(step: str, share: float) -> None:
    pass


def _check_extent(x: Floats, y: Floats, *, name: str) -> None:
    across_km = float(np.hypot(np.ptp(x), np.ptp(y))) / 1000
    if across_km * LONGEST_DETOUR > MAX_LENGTH_KM:
        raise NetworkError("network.too_wide", network=name, km=round(across_km))


def _check_times(graph: RoadGraph) -> None:
    """Refuse a graph in which the way to and from one node of each part shows that times may not fit."""
    matrix = csr_array((graph.arc_label, graph.arc_head, graph.arc_first), shape=(graph.core, graph.core))
    parts = connected_components(matrix, directed=True, connection="weak")[1]
    hubs = np.unique(parts, return_index=True)[1]
    # No least way from u to v takes longer than the one by way of the hub.
    far = 0.0
    for arcs in (matrix, matrix.T.tocsr()):
        reached = dijkstra(arcs, indices=hubs, min_only=True)
        far += float(reached[np.isfinite(reached)].max(initial=0.0)) / TIME_SCALE
    if far >= 2**TIME_BITS:
        raise NetworkError("network.too_slow", network=graph.facts.name, hours=round(far / 36_000))


def _find_parts(nodes: int, tail: Int64s, head: Int64s, stretches: Stretches) -> tuple[Int64s, Int64s]:
    """Return the strongly connected part of each node and the metres of road within each part."""
    from_node = np.concatenate([tail[stretches.along], head[stretches.against]])
    to_node = np.concatenate([head[stretches.along], tail[stretches.against]])
    arcs = coo_matrix((np.ones(len(from_node), np.int8), (from_node, to_node)), shape=(nodes, nodes))
    count, label = connected_components(arcs, directed=True, connection="strong")
    part = np.asarray(label, np.int64)
    inside = (part[tail] == part[head]) & (stretches.kind != FERRY)
    metres = np.bincount(part[tail[inside]], weights=stretches.metres[inside], minlength=count)
    return part, metres.astype(np.int64)


def _number_parts(part: Int64s, metres: Int64s) -> Int32s:
    """Number the parts of core nodes by their metres of road, the longest 0, equals by their first node."""
    found, first, place = np.unique(part, return_index=True, return_inverse=True)
    rank = np.empty(len(found), np.int32)
    rank[np.lexsort((first, -metres[found]))] = np.arange(len(found), dtype=np.int32)
    return rank[place]


def _order_nodes(x: Floats, y: Floats, dead_ends: DeadEnds) -> _Nodes:
    """Core nodes along a curve, then trees in the order of their roots, parents before children."""
    curve = number_places(x, y)
    is_core = dead_ends.parent < 0
    core = np.flatnonzero(is_core)
    core = core[np.lexsort((core, curve[core]))]
    number = np.empty(len(x), np.int64)
    number[core] = np.arange(len(core))
    hung = np.flatnonzero(~is_core)
    hung = hung[np.lexsort((hung, curve[hung], dead_ends.depth[hung], number[dead_ends.root[hung]]))]
    number[hung] = np.arange(len(core), len(x))
    return _Nodes(np.concatenate([core, hung]), number, len(core))


@dataclass(frozen=True, eq=False)
class _Arcs:
    first: Int64s
    head: Int32s
    label: Floats
    toll: npt.NDArray[np.float32]
    edge: Int32s
    forward: Bools


def _make_arcs(
    tail: Int64s, head: Int64s, along: Floats, against: Floats, toll: npt.NDArray[np.float32], core: int
) -> _Arcs:
    """Return the least arc between each two core nodes, sorted by tail and head."""
    inner = np.flatnonzero((tail < core) & (head < core) & (tail != head))
    edge = np.concatenate([inner, inner])
    forward = np.repeat([True, False], len(inner))
    from_node, to_node = np.where(forward, tail[edge], head[edge]), np.where(forward, head[edge], tail[edge])
    label = np.where(forward, along[edge], against[edge])
    order = np.lexsort((edge, toll[edge], label, to_node, from_node))
    order = order[np.isfinite(label[order])]
    from_node, to_node = from_node[order], to_node[order]
    least = np.ones(len(order), np.bool_)
    least[1:] = (from_node[1:] != from_node[:-1]) | (to_node[1:] != to_node[:-1])
    taken = order[least]
    first = np.searchsorted(from_node[least], np.arange(core + 1)).astype(np.int64)
    return _Arcs(
        first,
        to_node[least].astype(np.int32),
        label[taken],
        toll[edge[taken]],
        edge[taken].astype(np.int32),
        forward[taken],
    )


def _assemble(
    segments: RoadSegments,
    stretches: Stretches,
    facts: NetworkFacts,
    *,
    places: Int64s,
    nodes: _Nodes,
    dead_ends: DeadEnds,
    edges: Int64s,
    ends: tuple[Int64s, Int64s],
    labels: tuple[Floats, Floats],
    part: Int32s,
    snappable: Bools,
) -> RoadGraph:
    tail, head = ends
    along, against = labels
    arcs = _make_arcs(tail, head, along, against, stretches.toll_nok[edges], nodes.core)
    new_edge = np.empty(len(edges), np.int64)
    new_edge[edges] = np.arange(len(edges))
    hung = nodes.order[nodes.core :]
    tree_edge = new_edge[dead_ends.edge[hung]]
    upward = tail[tree_edge] == np.arange(nodes.core, len(places))
    counts = np.diff(stretches.first)[edges]
    shape_first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    vertex = np.repeat(stretches.first[:-1][edges] - shape_first[:-1], counts) + np.arange(shape_first[-1])
    point = stretches.point[vertex]
    place = places[nodes.order]
    names, name = _keep_used(segments.names, stretches.name[edges])
    return RoadGraph(
        node_x=_to_decimetre(segments.point_x[place]),
        node_y=_to_decimetre(segments.point_y[place]),
        core=nodes.core,
        arc_first=arcs.first,
        arc_head=arcs.head,
        arc_label=arcs.label,
        arc_toll=arcs.toll,
        arc_edge=arcs.edge,
        arc_forward=arcs.forward,
        tree_parent=nodes.number[dead_ends.parent[hung]].astype(np.int32),
        tree_up=np.where(upward, along[tree_edge], against[tree_edge]),
        tree_down=np.where(upward, against[tree_edge], along[tree_edge]),
        tree_edge=tree_edge.astype(np.int32),
        component=part,
        edge_tail=tail.astype(np.int32),
        edge_head=head.astype(np.int32),
        edge_kind=stretches.kind[edges],
        edge_name=name,
        edge_along=along,
        edge_against=against,
        edge_toll=stretches.toll[edges],
        edge_snappable=snappable,
        shape_first=shape_first,
        shape_x=_to_decimetre(segments.point_x[point]),
        shape_y=_to_decimetre(segments.point_y[point]),
        shape_time=stretches.point_time[vertex],
        shape_metres=stretches.point_metres[vertex],
        names=names,
        facts=facts,
        digest="",
    )


def _to_decimetre(metres: Floats) -> Floats:
    # Divided, not multiplied by 0.1: so that it equals what a file of whole decimetres gives back.
    return np.rint(metres * 10) / 10


def _keep_used(names: tuple[str, ...], number: Int32s) -> tuple[tuple[str, ...], Int32s]:
    """Return the names in use, the empty one first, and each edge's position among them."""
    used = np.union1d(number, [0]).astype(np.int64)
    return tuple(names[k] for k in used), np.searchsorted(used, number).astype(np.int32)
