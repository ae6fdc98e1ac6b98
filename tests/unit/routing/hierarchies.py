"""A slow contraction hierarchy in plain Python, and small graphs: independent checks of the fast ones."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from geodata.routing.graph import EDGE_KINDS, NetworkFacts, RoadGraph
from geodata.routing.hierarchy import Hierarchy
from geodata.routing.labels import pack_labels, unpack_labels
from geodata.transport import Floats

FACTS = NetworkFacts("small", "2026-01-01", "truck", "CC0", "nobody")
Edge = tuple[int, int, int, int, int, bool]
"""Tail, head, tenths of a second, metres, ferries, whether it may be driven one way only."""
Branch = tuple[int, int, int]
"""Parent, tenths of a second, metres."""


def make_graph(
    points: Sequence[tuple[float, float]],
    edges: Sequence[Edge],
    *,
    branches: Sequence[Branch] = (),
    tolls: Sequence[float] | None = None,
    kinds: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    facts: NetworkFacts = FACTS,
) -> RoadGraph:
    """Core nodes at the first points with the given edges; each branch hangs a tree node at a later point."""
    core = len(points) - len(branches)
    tails = [e[0] for e in edges] + [core + k for k in range(len(branches))]
    heads = [e[1] for e in edges] + [b[0] for b in branches]
    label = pack_labels(
        [e[2] for e in edges] + [b[1] for b in branches],
        [e[3] for e in edges] + [b[2] for b in branches],
        [e[4] for e in edges] + [0] * len(branches),
    )
    one_way = np.array([e[5] for e in edges] + [False] * len(branches), bool)
    tolls = list(tolls or [0.0] * len(edges))
    best: dict[tuple[int, int], tuple[float, int, bool]] = {}
    for k, (tail, head, *_, only) in enumerate(edges):
        for pair, forward in [((tail, head), True), ((head, tail), False)][: 1 if only else 2]:
            if tail != head and (pair not in best or label[k] < best[pair][0]):
                best[pair] = (float(label[k]), k, forward)
    pairs = sorted(best)
    measures = unpack_labels(label)
    kind = list(kinds or ["ferry" if e[4] else "minor" for e in edges]) + ["service"] * len(branches)
    called = list(names or [""] * len(edges)) + [""] * len(branches)
    words = ("", *sorted({name for name in called if name}))
    shape_time, shape_metres = np.zeros(2 * len(tails), np.uint32), np.zeros(2 * len(tails), np.uint32)
    shape_time[1::2] = np.rint(measures.weight_min * 600)
    shape_metres[1::2] = np.rint(measures.km * 1000)
    x, y = (np.array([p[axis] for p in points], float) for axis in (0, 1))
    ends = np.column_stack([tails, heads]).astype(np.int32).reshape(-1, 2)
    return RoadGraph(
        node_x=x,
        node_y=y,
        core=core,
        arc_first=np.searchsorted([p[0] for p in pairs], np.arange(core + 1)).astype(np.int64),
        arc_head=np.array([p[1] for p in pairs], np.int32),
        arc_label=np.array([best[p][0] for p in pairs], float),
        arc_toll=np.array([tolls[best[p][1]] for p in pairs], np.float32),
        arc_edge=np.array([best[p][1] for p in pairs], np.int32),
        arc_forward=np.array([best[p][2] for p in pairs], bool),
        tree_parent=np.array([b[0] for b in branches], np.int32),
        tree_up=label[len(edges) :],
        tree_down=label[len(edges) :],
        tree_edge=np.arange(len(edges), len(tails), dtype=np.int32),
        component=np.zeros(core, np.int32),
        edge_tail=ends[:, 0],
        edge_head=ends[:, 1],
        edge_kind=np.array([EDGE_KINDS.index(k) for k in kind], np.uint8),
        edge_name=np.array([words.index(name) for name in called], np.int32),
        edge_along=label,
        edge_against=np.where(one_way, np.inf, label),
        edge_toll=np.array([toll > 0 for toll in tolls] + [False] * len(branches), bool),
        edge_snappable=np.array([k != "ferry" for k in kind], bool),
        shape_first=np.arange(0, 2 * len(tails) + 1, 2, dtype=np.int64),
        shape_x=x[ends].ravel(),
        shape_y=y[ends].ravel(),
        shape_time=shape_time,
        shape_metres=shape_metres,
        names=words,
        facts=facts,
        digest="small",
    )


def scatter_graph(seed: int, nodes: int, *, ferries: bool = True, close_ties: bool = False) -> RoadGraph:
    """A random graph whose ways are never shorter than the straight line; some one-way, ferry and toll edges.

    `close_ties` makes many equal times, so that length and ferries decide.
    """
    random = np.random.default_rng(seed)
    xy = random.uniform(0, 20_000, (nodes, 2)).round(1)
    edges: list[Edge] = []
    for tail in range(nodes):
        away = np.hypot(*(xy - xy[tail]).T)
        for head in np.argsort(away)[1:4].tolist():
            metres = int(away[head] * random.uniform(1.0, 1.5)) + 1
            time = 100 * random.integers(1, 4) if close_ties else metres * random.uniform(0.4, 1.5)
            ferry = int(ferries and random.random() < 0.08)
            edges.append((tail, head, int(time) + 1, metres, ferry, bool(random.random() < 0.25)))
    tolls = np.where(random.random(len(edges)) < 0.2, 40.0, 0.0).tolist()
    return make_graph([(float(x), float(y)) for x, y in xy], edges, tolls=tolls)


def contract_slowly(graph: RoadGraph, *, order: Sequence[int] | None = None) -> Hierarchy:
    """Contract node by node with every shortcut, in the order given or by number."""
    node = np.array(order if order is not None else range(graph.core), np.int32)
    rank = np.empty(graph.core, np.int32)
    rank[node] = np.arange(graph.core)
    out: list[dict[int, tuple[float, float, int]]] = [{} for _ in range(graph.core)]
    into: list[dict[int, tuple[float, float, int]]] = [{} for _ in range(graph.core)]
    for arc, (tail, head) in enumerate(zip(graph.arc_tail, graph.arc_head, strict=True)):
        told = (float(graph.arc_label[arc]), float(graph.arc_toll[arc]), -1 - arc)
        out[rank[tail]][int(rank[head])] = into[rank[head]][int(rank[tail])] = told
    for low in range(graph.core):
        for tail, (first, first_toll, _) in into[low].items():
            for head, (second, second_toll, _) in out[low].items():
                if tail > low and head > low and tail != head:
                    told = (first + second, first_toll + second_toll, low)
                    if head not in out[tail] or told[0] < out[tail][head][0]:
                        out[tail][head] = into[head][tail] = told
    up = [sorted((h, *t) for h, t in out[low].items() if h > low) for low in range(graph.core)]
    down = [sorted((h, *t) for h, t in into[low].items() if h > low) for low in range(graph.core)]
    parts = []
    for rows in (up, down):
        flat = [item for row in rows for item in row]
        parts += [
            np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64),
            np.array([item[0] for item in flat], np.int32),
            np.array([item[1] for item in flat], float),
            np.array([item[2] for item in flat], np.float32),
            np.array([item[3] for item in flat], np.int64),
        ]
    return Hierarchy(node, rank, *parts, digest=graph.digest)


def measure_slowly(graph: RoadGraph, starts: Sequence[int]) -> Floats:
    """Least labels from nodes to all nodes, by a heap."""
    table = np.full((len(starts), graph.core), np.inf)
    for row, start in enumerate(starts):
        waiting = [(0.0, int(start))]
        while waiting:
            label, node = heapq.heappop(waiting)
            if label >= table[row, node]:
                continue
            table[row, node] = label
            for arc in range(graph.arc_first[node], graph.arc_first[node + 1]):
                heapq.heappush(waiting, (label + float(graph.arc_label[arc]), int(graph.arc_head[arc])))
    return table
