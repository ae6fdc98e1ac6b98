"""A synthetic country's roads from a seed: towns, country, fjords, ferries, main roads that join the towns.

The roads are the relative-neighbourhood graph of seeded points (the graph that real road networks resemble
most among the simple proximity graphs: no long roads beside short ones, few triangles, many dead ends and
chains), and some more Delaunay edges so that a node has 2.64 arcs on average. Density is that of Norway's
drivable roads; a larger graph is a larger country, not a denser one.

The relative-neighbourhood graph is a part of the Delaunay triangulation. Looking for a nearer third point
only among common Delaunay neighbours is not enough: the point inside the lune of an edge need not be a
neighbour of both ends. So that test only thins the edges out, and every edge left is checked against all
points in the disc around its lune, by a k-d tree. The graph is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import Delaunay, cKDTree

from geodata.routing.graph import EDGE_KINDS, FERRY, NetworkFacts, RoadGraph
from geodata.routing.graphdigest import sign_graph
from geodata.routing.labels import NO_WAY, pack_labels

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NODES_PER_KM2 = 1_250_000 / 350_000
TOWNS_PER_NODE = 800 / 1_250_000
IN_TOWNS = 0.65
TOWN_NODES_PER_KM2 = 60.0
EDGES_PER_NODE = 1.375
ONE_WAY = 0.08
SPEED_KMH = {"trunk": 80.0, "primary": 70.0, "secondary": 60.0, "tertiary": 45.0, "minor": 30.0}
CLASSES = tuple(SPEED_KMH)
SAILING_KMH = 20.0
FJORDS = 7
FERRIES_PER_WATER = 6
ORIGIN_X, ORIGIN_Y = 0.0, 6_450_000.0


@dataclass(frozen=True)
class Water:
    """A bent band of water from the left border to `end`; one that passes the right border cuts the land."""

    level: float
    slope: float
    swing: float
    wave: float
    width: float
    end: float

    def middle(self, x: Floats) -> Floats:
        """Return y of the band's middle at each x."""
        out: Floats = self.level + self.slope * x + self.swing * np.sin(x / self.wave)
        return out

    def covers(self, x: Floats, y: Floats) -> Bools:
        """Tell which points lie in the water; a fjord narrows towards its end."""
        half = 0.5 * self.width * np.clip(np.minimum(1.0, (self.end - x) / (4 * self.width)), 0.0, 1.0)
        out: Bools = np.abs(y - self.middle(x)) < half
        return out

    def crossed(self, x: Floats, y: Floats) -> Bools:
        """Tell which straight lines (two columns: their ends) cross the band's middle."""
        side = y - self.middle(x)
        share = side[:, 0] / np.where(side[:, 0] == side[:, 1], 1.0, side[:, 0] - side[:, 1])
        at = x[:, 0] + share * (x[:, 1] - x[:, 0])
        out: Bools = (side[:, 0] * side[:, 1] <= 0) & (at < self.end)
        return out


def make_graph(nodes: int = 1_250_000, *, seed: int = 1) -> RoadGraph:
    """Return a strongly connected road graph of about `nodes` nodes and 2.64 arcs a node, all of it core.

    The same numbers give the same graph. Points are metres in a made-up country placed where Norway lies in
    EPSG:25833; lengths are the straight lines' times 1.02 to 1.45, as if the roads were bent.
    """
    random = np.random.default_rng(seed)
    width = np.sqrt(nodes / NODES_PER_KM2 / 1.4) * 1000
    height = 1.4 * width
    waters = _make_waters(random, width, height)
    xy, towns = _scatter_points(random, nodes, width, height, waters)
    edges, more = make_neighbours(xy)
    dry = ~np.any([w.crossed(xy[edges, 0], xy[edges, 1]) for w in waters], axis=0)
    also = ~np.any([w.crossed(xy[more, 0], xy[more, 1]) for w in waters], axis=0)
    also &= np.hypot(*(xy[more[:, 0]] - xy[more[:, 1]]).T) < 3000
    more = more[also]
    wanted = max(0, int(EDGES_PER_NODE * len(xy)) - int(dry.sum()))
    quays = _make_ferries(random, xy, width, waters)
    edges = np.concatenate([edges[dry], more[random.permutation(len(more))[:wanted]], quays])
    ferry = np.arange(len(edges)) >= len(edges) - len(quays)
    straight = np.hypot(*(xy[edges[:, 0]] - xy[edges[:, 1]]).T)
    metres = np.rint(straight * np.where(ferry, 1.0, random.uniform(1.02, 1.45, len(edges)))) + 1
    waiting_s = random.uniform(600, 1800, len(edges))
    kinds = _rank_roads(random, xy, edges, metres, ferry, towns)
    speed = np.array([SPEED_KMH[c] for c in CLASSES])[kinds]
    time_ds = np.where(
        ferry, 10 * (waiting_s + metres / SAILING_KMH * 3.6), np.rint(10 * metres / speed * 3.6)
    )
    labels = pack_labels(np.maximum(1, np.rint(time_ds)), metres, ferry)
    edge_kind = np.where(ferry, FERRY, np.array([EDGE_KINDS.index(c) for c in CLASSES])[kinds])
    tolls = np.where(ferry & (random.random(len(edges)) < 0.5), 150.0, 0.0)
    tolls[(kinds == 0) & ~ferry & (random.random(len(edges)) < 0.02)] = 40.0
    against = np.where(_choose_one_ways(random, edges, kinds, ferry), NO_WAY, labels)
    return _finish(xy, edges, labels, against, edge_kind, tolls, f"nodes={nodes} seed={seed}")


def _make_waters(random: np.random.Generator, width: float, height: float) -> list[Water]:
    fjords = [
        Water(
            level=height * (i + 0.5 + random.uniform(-0.2, 0.2)) / (FJORDS + 1),
            slope=random.uniform(-0.15, 0.15),
            swing=0.012 * width,
            wave=0.05 * width,
            width=random.uniform(0.005, 0.01) * width,
            end=random.uniform(0.15, 0.5) * width,
        )
        for i in range(FJORDS)
    ]
    sound = Water(
        level=height * 0.93,
        slope=0.02,
        swing=0.01 * width,
        wave=0.07 * width,
        width=0.008 * width,
        end=3 * width,
    )
    return [*fjords, sound]


def _scatter_points(
    random: np.random.Generator, nodes: int, width: float, height: float, waters: list[Water]
) -> tuple[Floats, Floats]:
    """Return points on land, in the order of a Z-curve, and the towns' centres, largest town first."""
    more = int(nodes * 1.06) + 8
    towns = np.column_stack(
        [random.uniform(0, width, _count_towns(nodes)), random.uniform(0, height, _count_towns(nodes))]
    )
    size = 1 / np.arange(1, len(towns) + 1) ** 0.9
    size /= size.sum()
    town = random.choice(len(towns), int(more * IN_TOWNS), p=size)
    spread = np.sqrt(size * nodes * IN_TOWNS / (2 * np.pi * TOWN_NODES_PER_KM2)) * 1000
    inside = towns[town] + random.normal(size=(len(town), 2)) * spread[town, None]
    country = random.uniform(0, 1, (more - len(town), 2)) * (width, height)
    xy = np.round(np.concatenate([inside, country]), 1)
    land = (xy >= 0).all(axis=1) & (xy < (width, height)).all(axis=1)
    for water in waters:
        land &= ~water.covers(xy[:, 0], xy[:, 1])
    xy = np.unique(xy[land], axis=0)
    if len(xy) > nodes:
        xy = xy[np.sort(random.choice(len(xy), nodes, replace=False))]
    return xy[np.argsort(_curve_keys(xy / height), kind="stable")], towns


def _count_towns(nodes: int) -> int:
    return max(8, int(nodes * TOWNS_PER_NODE))


def _curve_keys(share: Floats) -> npt.NDArray[np.uint64]:
    """Return places on a Z-curve, so that neighbours get near numbers, as in real files."""
    keys = np.zeros(len(share), np.uint64)
    cells = (np.clip(share, 0, 0.999999) * 2**16).astype(np.uint64)
    for bit in range(16):
        for axis in (0, 1):
            keys |= ((cells[:, axis] >> np.uint64(bit)) & np.uint64(1)) << np.uint64(2 * bit + axis)
    return keys


def make_neighbours(xy: Floats) -> tuple[Ints, Ints]:
    """Return the edges of the relative-neighbourhood graph, and the other Delaunay edges."""
    corners = Delaunay(xy).simplices.astype(np.int64)
    sides = np.sort(np.stack([corners[:, [1, 2]], corners[:, [2, 0]], corners[:, [0, 1]]], axis=1), axis=2)
    length = ((xy[sides[..., 0]] - xy[sides[..., 1]]) ** 2).sum(axis=2)
    longest = length > np.stack([np.delete(length, i, axis=1).max(axis=1) for i in range(3)], axis=1)
    # Sorted, the copies of a side stand together, and one that is the longest of its triangle comes last.
    key = np.sort(((sides[..., 0] * len(xy) + sides[..., 1]) * 2 + longest).ravel())
    last = key[np.concatenate([key[1:] >> 1 != key[:-1] >> 1, [True]])]
    every = np.column_stack([(last >> 1) // len(xy), (last >> 1) % len(xy)])
    kept = np.flatnonzero(last & 1 == 0)
    empty = np.zeros(len(every), bool)
    empty[kept] = _check_lunes(xy, every[kept])
    return every[empty], every[~empty]


def _check_lunes(xy: Floats, edges: Ints) -> Bools:
    """Tell which edges have no third point nearer to both ends than the ends are to one another."""
    tree = cKDTree(xy)
    empty = np.ones(len(edges), bool)
    open_, near = np.arange(len(edges)), 6
    while open_.size:
        ends = edges[open_]
        span = np.hypot(*(xy[ends[:, 0]] - xy[ends[:, 1]]).T)
        away, third = tree.query(xy[ends].mean(axis=1), k=min(near, len(xy)))
        inside = np.ones(third.shape, bool)
        for end in (0, 1):
            gap = xy[third] - xy[ends[:, end], None, :]
            inside &= np.hypot(gap[..., 0], gap[..., 1]) < span[:, None]
            inside &= third != ends[:, end, None]
        found = inside.any(axis=1)
        empty[open_[found]] = False
        # The lune lies within sqrt(3)/2 of the edge's length from its middle.
        unseen = ~found & (away[:, -1] < 0.8661 * span) & (near < len(xy))
        open_, near = open_[unseen], 4 * near
    return empty


def _make_ferries(random: np.random.Generator, xy: Floats, width: float, waters: list[Water]) -> Ints:
    """Return quays in pairs: the nodes nearest to the two shores at places along each band of water."""
    tree = cKDTree(xy)
    pairs = []
    for water in waters:
        share = (
            np.arange(FERRIES_PER_WATER) + random.uniform(0.2, 0.8, FERRIES_PER_WATER)
        ) / FERRIES_PER_WATER
        x = share * min(0.9 * water.end, width)
        shores = [
            tree.query(np.column_stack([x, water.middle(x) + sign * 0.6 * water.width]))[1]
            for sign in (-1, 1)
        ]
        pair = np.unique(np.sort(np.column_stack(shores), axis=1), axis=0)
        pairs.append(pair[water.crossed(xy[pair, 0], xy[pair, 1]) & (pair[:, 0] != pair[:, 1])])
    # No other road joins two quays: roads across the middle of water are left out.
    return np.unique(np.concatenate(pairs), axis=0).astype(np.int64)


def _rank_roads(
    random: np.random.Generator, xy: Floats, edges: Ints, metres: Floats, ferry: Bools, towns: Floats
) -> npt.NDArray[np.int64]:
    """Return a class for each edge: each level's roads are the quickest ways between neighbouring places.

    A level's places divide the country among them (one Dijkstra from all at once); two whose parts touch are
    neighbours, joined unless a third is nearer to both, as the roads themselves are.
    """
    kinds = np.full(len(edges), len(CLASSES) - 1)
    tree = cKDTree(xy)
    villages = xy[random.choice(len(xy), max(16, len(xy) // 100), replace=False)]
    places = [
        towns[: max(4, len(towns) * 3 // 100)],
        towns[: max(6, len(towns) * 15 // 100)],
        towns,
        np.concatenate([towns, villages]),
    ]
    speed = np.array([SPEED_KMH[c] for c in CLASSES])
    for level, centres in enumerate(places):
        hours = np.where(ferry, 0.5 + metres / 1000 / SAILING_KMH, metres / 1000 / speed[kinds])
        sources = np.unique(tree.query(centres)[1])
        used = _join_places(len(xy), edges, hours, sources)
        kinds[used] = np.minimum(kinds[used], level)
    return kinds


def _join_places(count: int, edges: Ints, weight: Floats, sources: Ints) -> Ints:
    """Return the edges of the least ways between neighbouring sources."""
    a, b = edges.T
    number = coo_array((np.arange(1.0, len(edges) + 1), (a, b)), shape=(count, count)).tocsr()
    roads = coo_array((weight, (a, b)), shape=(count, count)).tocsr()
    away, before, owner = dijkstra(
        roads, directed=False, indices=sources, min_only=True, return_predecessors=True
    )
    bridge = np.flatnonzero((owner[a] != owner[b]) & np.isfinite(away[a]) & np.isfinite(away[b]))
    pair = np.sort(np.column_stack([owner[a[bridge]], owner[b[bridge]]]), axis=1).astype(np.int64)
    total = away[a[bridge]] + weight[bridge] + away[b[bridge]]
    order = np.lexsort([total, pair[:, 1], pair[:, 0]])
    _, first = np.unique(pair[order, 0] * count + pair[order, 1], return_index=True)
    best = order[first]
    best = best[_keep_relative(pair[best], total[best])]
    used, at = [bridge[best]], np.unique(np.concatenate([a[bridge[best]], b[bridge[best]]]))
    seen = np.zeros(count, bool)
    while at.size:
        at = at[(before[at] >= 0) & ~seen[at]]
        seen[at] = True
        low, high = np.minimum(at, before[at]), np.maximum(at, before[at])
        used.append(np.asarray(number[low, high]).ravel().astype(np.int64) - 1 if at.size else at)
        at = np.unique(before[at]).astype(np.int64)
    return np.concatenate(used)


def _keep_relative(pairs: Ints, weight: Floats) -> Bools:
    """Tell which pairs have no third place joined to both by lighter ways."""
    joined: dict[int, dict[int, float]] = {}
    for (a, b), w in zip(pairs.tolist(), weight.tolist(), strict=True):
        joined.setdefault(a, {})[b] = w
        joined.setdefault(b, {})[a] = w
    return np.array(
        [
            all(max(w_a, joined[b][c]) >= w for c, w_a in joined[a].items() if c in joined[b])
            for (a, b), w in zip(pairs.tolist(), weight.tolist(), strict=True)
        ],
        bool,
    )


def _choose_one_ways(
    random: np.random.Generator, edges: Ints, kinds: npt.NDArray[np.int64], ferry: Bools
) -> Bools:
    """Tell which edges may be driven one way only: smaller roads between crossings."""
    degree = np.bincount(edges.ravel())
    crossing = (degree[edges] >= 3).all(axis=1) & ~ferry & (kinds >= 2)
    out = np.zeros(len(edges), bool)
    chosen = np.flatnonzero(crossing)
    out[random.permutation(chosen)[: int(ONE_WAY * len(edges))]] = True
    return out


def _finish(
    xy: Floats, edges: Ints, along: Floats, against: Floats, kind: Ints, toll: Floats, about: str
) -> RoadGraph:
    """Cut out the largest strongly connected part and lay the arcs out by their tails."""
    ways = np.concatenate([edges, edges[:, ::-1]])
    label = np.concatenate([along, against])
    toward = np.concatenate([np.ones(len(edges), bool), np.zeros(len(edges), bool)])
    which = np.tile(np.arange(len(edges)), 2)
    there = np.isfinite(label)
    ways, label, toward, which = ways[there], label[there], toward[there], which[there]
    joined = csr_array((np.ones(len(ways), np.int8), (ways[:, 0], ways[:, 1])), shape=(len(xy), len(xy)))
    _, part = connected_components(joined, directed=True, connection="strong")
    kept = part == np.bincount(part).argmax()
    new = np.cumsum(kept) - 1
    stays = kept[edges].all(axis=1)
    edge_new = np.cumsum(stays) - 1
    inside = stays[which]
    ways, label, toward, which = new[ways[inside]], label[inside], toward[inside], edge_new[which[inside]]
    order = np.lexsort([ways[:, 1], ways[:, 0]])
    ways, label, toward, which = ways[order], label[order], toward[order], which[order]
    edges, along, against, kind, toll = (
        new[edges[stays]],
        along[stays],
        against[stays],
        kind[stays],
        toll[stays],
    )
    x, y = xy[kept, 0] + ORIGIN_X, xy[kept, 1] + ORIGIN_Y
    core, count = len(x), len(edges)
    whole = along.astype(np.int64)
    shape_time = np.zeros(2 * count, np.uint32)
    shape_metres = np.zeros(2 * count, np.uint32)
    shape_time[1::2] = whole >> 29
    shape_metres[1::2] = (whole >> 6) & (2**23 - 1)
    return sign_graph(
        RoadGraph(
            node_x=x,
            node_y=y,
            core=core,
            arc_first=np.searchsorted(ways[:, 0], np.arange(core + 1)).astype(np.int64),
            arc_head=ways[:, 1].astype(np.int32),
            arc_label=label,
            arc_toll=toll[which].astype(np.float32),
            arc_edge=which.astype(np.int32),
            arc_forward=toward,
            tree_parent=np.empty(0, np.int32),
            tree_up=np.empty(0),
            tree_down=np.empty(0),
            tree_edge=np.empty(0, np.int32),
            component=np.zeros(core, np.int32),
            edge_tail=edges[:, 0].astype(np.int32),
            edge_head=edges[:, 1].astype(np.int32),
            edge_kind=kind.astype(np.uint8),
            edge_name=np.zeros(count, np.int32),
            edge_along=along,
            edge_against=against,
            edge_toll=toll > 0,
            edge_snappable=kind != FERRY,
            shape_first=np.arange(0, 2 * count + 1, 2, dtype=np.int64),
            shape_x=x[edges].ravel(),
            shape_y=y[edges].ravel(),
            shape_time=shape_time,
            shape_metres=shape_metres,
            names=("",),
            facts=NetworkFacts(
                name="Synthetic roads",
                source_date="",
                profile="benchmark",
                licence="MIT",
                attribution="made by benchmarks/synthetic.py",
                builder=about,
            ),
            digest="",
        )
    )
