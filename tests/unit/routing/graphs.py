"""Small road graphs for tests, from listed arcs, and the plainest Dijkstra to hold answers against."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

import numpy as np

from geodata.routing.graph import NetworkFacts, RoadGraph
from geodata.routing.labels import pack_labels

Arc = tuple[int, int, int, int, int]
"""Tail, head, tenths of a second, metres, ferries."""
FACTS = NetworkFacts("test", "2026-11-22", "none", "none", "none")


def make_graph(
    nodes: int, arcs: Iterable[Arc], tolls: dict[tuple[int, int], float] | None = None
) -> RoadGraph:
    """Return a graph of core nodes alone: of parallel arcs the least, and no loops."""
    least: dict[tuple[int, int], tuple[int, int, int]] = {}
    for tail, head, *label in arcs:
        if tail != head:
            key = (tail, head)
            least[key] = min(least.get(key, (2**20, 0, 0)), (label[0], label[1], label[2]))
    keys = sorted(least)
    tail = np.array([key[0] for key in keys], np.int64)
    head = np.array([key[1] for key in keys], np.int32)
    parts = np.array([least[key] for key in keys], float).reshape(-1, 3)
    label = pack_labels(parts[:, 0], parts[:, 1], parts[:, 2])
    first = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=nodes))]).astype(np.int64)
    count = len(keys)
    edges = np.arange(count, dtype=np.int32)
    shape_first = np.arange(count + 1, dtype=np.int64) * 2
    empty = np.zeros(0)
    return RoadGraph(
        node_x=np.arange(nodes, dtype=float) * 1000,
        node_y=(np.arange(nodes, dtype=float) * 7 % 5) * 1000,
        core=nodes,
        arc_first=first,
        arc_head=head,
        arc_label=label,
        arc_toll=np.array([(tolls or {}).get(key, 0.0) for key in keys], np.float32),
        arc_edge=edges,
        arc_forward=np.ones(count, bool),
        tree_parent=np.zeros(0, np.int32),
        tree_up=empty,
        tree_down=empty,
        tree_edge=np.zeros(0, np.int32),
        component=np.zeros(nodes, np.int32),
        edge_tail=tail.astype(np.int32),
        edge_head=head,
        edge_kind=np.zeros(count, np.uint8),
        edge_name=np.zeros(count, np.int32),
        edge_along=label,
        edge_against=np.full(count, np.inf),
        edge_toll=np.zeros(count, bool),
        edge_snappable=np.ones(count, bool),
        shape_first=shape_first,
        shape_x=np.zeros(2 * count),
        shape_y=np.zeros(2 * count),
        shape_time=np.zeros(2 * count, np.uint32),
        shape_metres=np.zeros(2 * count, np.uint32),
        names=("",),
        facts=FACTS,
        digest="0" * 64,
    )


def find_least(graph: RoadGraph, start: int) -> list[float]:
    """Return the least label of the way from `start` to each node (inf: none), by Dijkstra's method."""
    best = [np.inf] * graph.core
    best[start] = 0.0
    queue = [(0.0, start)]
    while queue:
        label, node = heapq.heappop(queue)
        if label > best[node]:
            continue
        for arc in range(int(graph.arc_first[node]), int(graph.arc_first[node + 1])):
            head, new = int(graph.arc_head[arc]), label + float(graph.arc_label[arc])
            if new < best[head]:
                best[head] = new
                heapq.heappush(queue, (new, head))
    return best
