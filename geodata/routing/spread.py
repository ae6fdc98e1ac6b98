"""How soon every place is reached from one: one sweep over a whole hierarchy, or Dijkstra without one.

The sweep is PHAST (Delling, Goldberg, Nowatzyk, Werneck: "PHAST: Hardware-accelerated shortest path trees",
Journal of Parallel and Distributed Computing 2013): up from the start, then down over all nodes by rank.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geodata.routing import compiled
from geodata.routing.labels import TIME_SCALE
from geodata.routing.paths import RoadEnd, climb_sides
from geodata.routing.router import Router
from geodata.transport import Floats


def measure_all(router: Router, start: RoadEnd, *, max_minutes: float = np.inf) -> Floats:
    """Return the least labels from `start` to all nodes of the graph, dead ends included; inf where no way.

    Labels beyond `max_minutes` may be left out (inf).
    """
    from geodata.routing.kernels_spread import hang_trees, spread_over

    graph, tree = router.graph, router.hierarchy
    label = np.full(len(graph.node_x), np.inf)
    for chain in climb_sides(graph, start, outward=True):
        for node, reached, _ in chain:
            label[node] = min(label[node], reached)
    seeds = np.flatnonzero(np.isfinite(label[: graph.core]))
    if tree is not None and compiled.AVAILABLE:
        by_rank = np.full(graph.core, np.inf)
        by_rank[tree.rank[seeds]] = label[seeds]
        spread_over(
            tree.up_first,
            tree.up_head,
            tree.up_label,
            tree.down_first,
            tree.down_tail,
            tree.down_label,
            by_rank,
        )
        label[: graph.core] = by_rank[tree.rank]
    elif len(seeds):
        limited = np.isfinite(max_minutes) and graph.facts.km_cost_min == 0
        limit = (np.ceil(max_minutes * 600) + 1) * TIME_SCALE if limited else np.inf
        arcs = csr_array((graph.arc_label, graph.arc_head, graph.arc_first), shape=(graph.core, graph.core))
        onward = dijkstra(arcs, indices=seeds, limit=limit)
        label[: graph.core] = (label[seeds, None] + onward).min(axis=0)
    hang_trees(label, graph.core, graph.tree_parent, graph.tree_down)
    return label
