"""From points on edges to entries of the core: along the edge, then up or down the dead-end tree."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geodata.routing.edgesearch import climb_trees
from geodata.routing.edgesnapping import SnappedPoints
from geodata.routing.graph import Bools, RoadGraph
from geodata.routing.paths import RoadEnd
from geodata.routing.router import Entries
from geodata.transport import Floats, Ints


def find_sides(
    graph: RoadGraph, snapped: SnappedPoints, *, outward: bool
) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return the two nodes of each point's edge and the labels of the ways to them (`outward`) or from them.

    Arrays ``points x 2`` (tail, head); infinite where the edge is closed that way. A foot that is a node
    itself may take any road there. The way between point and foot is not counted.
    """
    edge = np.maximum(snapped.edge, 0)
    there = snapped.edge >= 0
    tail, head = graph.edge_tail[edge], graph.edge_head[edge]
    along, against = np.isfinite(graph.edge_along[edge]), np.isfinite(graph.edge_against[edge])
    to_tail, to_head = (against, along) if outward else (along, against)
    labels = np.c_[
        np.where(there & (to_tail | (snapped.part == 0)), snapped.part, np.inf),
        np.where(there & (to_head | (snapped.rest == 0)), snapped.rest, np.inf),
    ]
    return np.c_[tail, head].astype(np.int64), labels


def enter_graph(graph: RoadGraph, snapped: SnappedPoints, *, outward: bool) -> Entries:
    """Return where points enter the core as starts (`outward`) or as ends, way to the road included.

    Tolls are nothing here: a toll is known for whole arcs only, so that sums are lower bounds.
    """
    nodes, labels = find_sides(graph, snapped, outward=outward)
    point = np.repeat(np.arange(len(nodes)), 2)
    root, up, down = climb_trees(graph, nodes.ravel())
    label = labels.ravel() + (up if outward else down) + np.repeat(snapped.access, 2)
    return _gather(point, root, label, points=len(nodes))


def _gather(point: Ints, node: Ints, label: Floats, *, points: int) -> Entries:
    """Keep the least label of each point and node, sorted by both."""
    open_: Bools = np.isfinite(label)
    point, node, label = point[open_], node[open_], label[open_]
    order = np.lexsort((label, node, point))
    point, node, label = point[order], node[order], label[order]
    new = np.ones(len(point), dtype=bool)
    new[1:] = (point[1:] != point[:-1]) | (node[1:] != node[:-1])
    first = np.searchsorted(point[new], np.arange(points + 1)).astype(np.int64)
    return Entries(first, node[new].astype(np.int32), label[new], np.zeros(int(new.sum()), np.float32))


def describe_end(graph: RoadGraph, snapped: SnappedPoints, point: int) -> RoadEnd | None:
    """Return where one point meets its road, for a route in full; None where it meets none."""
    if snapped.edge[point] < 0:
        return None
    vertex, share = int(snapped.vertex[point]), float(snapped.share[point])
    time, metres = (
        float(values[vertex]) + share * (float(values[vertex + 1]) - float(values[vertex]))
        for values in (graph.shape_time, graph.shape_metres)
    )
    return RoadEnd(
        x=float(snapped.x[point]),
        y=float(snapped.y[point]),
        edge=int(snapped.edge[point]),
        time_ds=int(np.rint(time)),
        metres=int(np.rint(metres)),
        access_label=float(snapped.access[point]),
        estimated=bool(snapped.estimated_km[point] > 0),
    )
