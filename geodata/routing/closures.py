"""A road graph with some of its edges closed: a ferry that does not sail, a road that is shut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geodata.routing.graph import Bools, Int32s, RoadGraph
from geodata.transport import Floats


def close_edges(graph: RoadGraph, closed: Bools) -> RoadGraph:
    """Return `graph` without the edges where `closed` (one entry an edge), for plain searches.

    An arc that followed one of them takes the least of the other edges between its nodes, or falls away; of
    an edge that was no arc before no price is known. Components stay those of the open graph, so that points
    stay tied to where they are; hierarchies of `graph` do not fit, and the digest is empty.
    """
    shut = closed[graph.arc_edge]
    edge, label = graph.arc_edge.copy(), graph.arc_label.copy()
    forward, toll = graph.arc_forward.copy(), graph.arc_toll.copy()
    others = _list_parallel(graph, closed)
    tails = graph.arc_tail
    for arc in np.flatnonzero(shut).tolist():
        tail, head = int(tails[arc]), int(graph.arc_head[arc])
        ways = [
            (float(labels[other]), other, along)
            for other in others.get((min(tail, head), max(tail, head)), [])
            for along, labels in ((True, graph.edge_along), (False, graph.edge_against))
            if along == (int(graph.edge_tail[other]) == tail)
        ]
        label[arc], edge[arc], forward[arc] = min(ways, default=(np.inf, int(edge[arc]), bool(forward[arc])))
        toll[arc] = 0
    kept = np.isfinite(label)
    first = np.concatenate([[0], np.cumsum(kept)])[graph.arc_first].astype(np.int64)
    tree = closed[graph.tree_edge]
    return replace(
        graph,
        arc_first=first,
        arc_head=graph.arc_head[kept],
        arc_label=label[kept],
        arc_toll=toll[kept],
        arc_edge=edge[kept],
        arc_forward=forward[kept],
        tree_up=_shut(graph.tree_up, tree),
        tree_down=_shut(graph.tree_down, tree),
        edge_along=_shut(graph.edge_along, closed),
        edge_against=_shut(graph.edge_against, closed),
        digest="",
    )


def _shut(labels: Floats, where: Bools) -> Floats:
    out: Floats = np.where(where, np.inf, labels)
    return out


def _list_parallel(graph: RoadGraph, closed: Bools) -> dict[tuple[int, int], list[int]]:
    """Return the open edges between the two nodes of every closed edge."""
    low: Int32s = np.minimum(graph.edge_tail, graph.edge_head)
    high: Int32s = np.maximum(graph.edge_tail, graph.edge_head)
    key = low.astype(np.int64) * len(graph.node_x) + high
    open_ = np.flatnonzero(~closed & np.isin(key, key[closed]))
    found: dict[tuple[int, int], list[int]] = {}
    for edge in open_.tolist():
        found.setdefault((int(low[edge]), int(high[edge])), []).append(edge)
    return found
