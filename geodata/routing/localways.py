"""Ways between near points that do not run over the core: along an edge, in a dead-end tree, off the road.

The core's tables know the ways from node to node. Two points on one edge may go straight along it, two points
in one dead-end tree turn where their ways meet, and two points far off the road may lie nearer to one another
than to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from geodata.land import Land
from geodata.parameters import ScenarioParameters
from geodata.routing.edgesearch import climb_trees
from geodata.routing.edgesnapping import GAP_SEA_KM, SnappedPoints
from geodata.routing.entries import find_sides
from geodata.routing.graph import RoadGraph
from geodata.routing.labels import pack_labels
from geodata.transport import Floats, Ints

DIRECT_KM: Final = 2.0
DIRECT_SHARE: Final = 0.5
"""Two points off the road go directly when that is at most half of their ways to the road, and short."""
ROUNDING_M: Final = 0.01
"""Pairs are looked for this much farther away, so that rounding loses none; they are measured after."""


@dataclass(frozen=True, eq=False)
class LocalWays:
    """Points by what they could share: see :func:`group_points`.

    Attributes
    ----------
    group : number of the edge (core) or of the core node (tree) that a point has in common with those it may
        reach locally, -1 for none.
    """

    graph: RoadGraph
    snapped: SnappedPoints
    parameters: ScenarioParameters
    land: Land | None
    group: Ints

    def list_pairs(self, origins: Ints, destinations: Ints) -> tuple[Ints, Ints]:
        """Return (row, column) of all pairs of the two lists that may have a local way, sorted."""
        one, two = _join_groups(self.group[origins], self.group[destinations])
        near_one, near_two = self._list_direct(origins, destinations)
        both = np.unique(
            np.r_[one, near_one].astype(np.int64) * max(len(destinations), 1) + np.r_[two, near_two]
        )
        rows, columns = np.divmod(both, max(len(destinations), 1))
        return rows.astype(np.intp), columns.astype(np.intp)

    def measure(self, i: Ints, j: Ints) -> tuple[Floats, Floats]:
        """Return labels of the least local ways of pairs of points, and the estimated kilometres on them.

        Infinite where there is none. Whether a direct way may be taken also depends on there being a way by
        road: see :class:`geodata.routing.travel.GraphTravel`.
        """
        label = np.full(len(i), np.inf)
        snapped = self.snapped
        shared = np.flatnonzero((self.group[i] == self.group[j]) & (self.group[i] >= 0))
        access = snapped.access[i[shared]] + snapped.access[j[shared]]
        ways = np.minimum(self._along_edge(i[shared], j[shared]), self._through_tree(i[shared], j[shared]))
        label[shared] = access + ways
        rough = snapped.estimated_km[i] + snapped.estimated_km[j]
        return label, rough

    def measure_direct(self, i: Ints, j: Ints, *, most: Floats) -> tuple[Floats, Floats]:
        """Return labels of ways straight from point to point, and their kilometres.

        Infinite where that is not allowed, and where it is more than `most` or there is no other way (inf):
        whether such a way is over water is never looked at.
        """
        s = self.snapped
        straight = np.hypot(s.x[i] - s.x[j], s.y[i] - s.y[j]) / 1000
        with np.errstate(invalid="ignore"):
            limit = np.minimum(DIRECT_KM, DIRECT_SHARE * (s.straight_km[i] + s.straight_km[j]))
        tied = np.isfinite(s.straight_km[i]) & np.isfinite(s.straight_km[j])
        allowed = np.flatnonzero(tied & (straight <= limit))
        km = np.rint(1000 * straight * self.parameters.access_detour_factor) / 1000
        minutes = km[allowed] * (60 / self.parameters.access_speed_kmh + self.graph.facts.km_cost_min)
        ways = pack_labels(np.rint(600 * minutes), np.rint(1000 * km[allowed]))
        useful = (ways <= most[allowed]) & np.isfinite(most[allowed])
        allowed, ways = allowed[useful], ways[useful]
        if self.land is not None and len(allowed):
            a, b = i[allowed], j[allowed]
            wet = self.land.measure_sea(s.x[a], s.y[a], s.x[b], s.y[b]) > GAP_SEA_KM
            dry = ~wet | (straight[allowed] == 0)
            allowed, ways = allowed[dry], ways[dry]
        label = np.full(len(i), np.inf)
        label[allowed] = ways
        return label, km

    def _list_direct(self, origins: Ints, destinations: Ints) -> tuple[Ints, Ints]:
        """Pairs near enough to go directly: one of the two is no nearer to its road than to the other."""
        s = self.snapped
        found = [np.empty((2, 0), np.int64)]
        for mine, others, turned in ((origins, destinations, False), (destinations, origins, True)):
            own, far = (np.flatnonzero(np.isfinite(s.straight_km[rows])) for rows in (mine, others))
            if not len(own) or not len(far):
                continue
            tree = shapely.STRtree(shapely.points(s.x[others[far]], s.y[others[far]]))
            reach_m = 1000 * np.minimum(DIRECT_KM, s.straight_km[mine[own]]) + ROUNDING_M
            points = shapely.points(s.x[mine[own]], s.y[mine[own]])
            near, hits = tree.query(points, predicate="dwithin", distance=reach_m)
            one, two = own[near], far[hits]
            found.append(np.stack([two, one] if turned else [one, two]))
        one, two = np.concatenate(found, axis=1)
        return one, two

    def _along_edge(self, i: Ints, j: Ints) -> Floats:
        s, graph = self.snapped, self.graph
        edge = s.edge[i]
        gap = s.part[j] - s.part[i]
        ahead = np.where(np.isfinite(graph.edge_along[edge]) & (gap >= 0), gap, np.inf)
        back = np.where(np.isfinite(graph.edge_against[edge]) & (gap <= 0), -gap, np.inf)
        ways = np.where(gap == 0, 0.0, np.minimum(ahead, back))
        out: Floats = np.where(edge == s.edge[j], ways, np.inf)
        return out

    def _through_tree(self, i: Ints, j: Ints) -> Floats:
        """Ways that turn at the lowest common ancestor, tried from and to both ends of the edges."""
        graph = self.graph
        start_nodes, start_labels = find_sides(graph, self.snapped.select(i), outward=True)
        end_nodes, end_labels = find_sides(graph, self.snapped.select(j), outward=False)
        best = np.full(len(i), np.inf)
        for a in (0, 1):
            for b in (0, 1):
                way = start_labels[:, a] + end_labels[:, b]
                one, two = start_nodes[:, a].copy(), end_nodes[:, b].copy()
                # a parent has a lower number than its children: the higher of two climbs until they meet
                while len(low := np.flatnonzero((one != two) & (np.maximum(one, two) >= graph.core))):
                    higher = one[low] > two[low]
                    up, down = low[higher], low[~higher]
                    way[up] += graph.tree_up[one[up] - graph.core]
                    one[up] = graph.tree_parent[one[up] - graph.core]
                    way[down] += graph.tree_down[two[down] - graph.core]
                    two[down] = graph.tree_parent[two[down] - graph.core]
                best = np.where((one == two) & (way < best), way, best)
        return best


def group_points(
    graph: RoadGraph, snapped: SnappedPoints, *, parameters: ScenarioParameters, land: Land | None = None
) -> LocalWays:
    """Prepare the local ways of points: on one edge, and in the dead-end trees at one core node."""
    tied = snapped.edge >= 0
    edge = np.maximum(snapped.edge, 0)
    low = np.maximum(graph.edge_tail[edge], graph.edge_head[edge]).astype(np.intp)
    group = np.full(len(edge), -1, np.intp)
    hanging = tied & (low >= graph.core)
    group[hanging] = len(graph.edge_tail) + climb_trees(graph, low[hanging])[0]
    flat = tied & ~hanging
    group[flat] = edge[flat]
    _, numbers = np.unique(group[tied], return_inverse=True)
    group[tied] = numbers
    return LocalWays(graph, snapped, parameters, land, group)


def _join_groups(groups: Ints, others: Ints) -> tuple[Ints, Ints]:
    """Return all pairs (position in `groups`, position in `others`) of one group; -1 is in none."""
    order = np.argsort(others, kind="stable")
    ordered = others[order]
    first, last = np.searchsorted(ordered, groups), np.searchsorted(ordered, groups, side="right")
    counts = np.where(groups >= 0, last - first, 0)
    ends = np.cumsum(counts)
    place = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - counts), counts)
    return np.repeat(np.arange(len(groups)), counts), order[place]
