"""Small made-up roads, and the plainest answers about them: for tests of the road graph."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from geodata.routing.graph import EDGE_KINDS, FERRY, NetworkFacts, RoadGraph
from geodata.routing.segments import RoadSegments

FACTS = NetworkFacts("Made up", "2026-01-01", "semi_trailer", "CC0", "nobody")
TIME, LENGTH = 2**29, 2**6


@dataclass(frozen=True)
class Way:
    points: tuple[int, ...]
    kind: int = EDGE_KINDS.index("minor")
    name: int = 0
    speed: float = 50.0
    minutes: float = float("nan")
    metres: float = float("nan")
    along: bool = True
    against: bool = True
    toll: bool = False
    toll_nok: float = 0.0
    snappable: bool = True


def make_segments(spots, ways) -> RoadSegments:
    """Return the ways between `spots`, pairs of metres."""
    spots = np.asarray(spots, float).reshape(-1, 2)
    return RoadSegments(
        point_x=spots[:, 0],
        point_y=spots[:, 1],
        point_id=np.arange(1, len(spots) + 1),
        way_first=np.cumsum([0, *(len(way.points) for way in ways)]),
        way_point=np.array([p for way in ways for p in way.points], np.int32),
        way_kind=np.array([way.kind for way in ways], np.uint8),
        way_name=np.array([way.name for way in ways], np.int32),
        way_speed_kmh=np.array([np.nan if way.kind == FERRY else way.speed for way in ways], np.float32),
        way_minutes=np.array([way.minutes for way in ways], np.float32),
        way_metres=np.array([way.metres for way in ways], float),
        way_along=np.array([way.along for way in ways], bool),
        way_against=np.array([way.against for way in ways], bool),
        way_toll=np.array([way.toll for way in ways], bool),
        way_toll_nok=np.array([way.toll_nok for way in ways], np.float32),
        way_snappable=np.array([way.snappable for way in ways], bool),
        names=("", "Storgata", "Fv 44"),
    )


@st.composite
def road_cases(draw, *, most_points: int = 9, most_ways: int = 9) -> RoadSegments:
    """Draw a few ways over a few spots: loops, repeats, one-ways, ferries, islands and all."""
    count = draw(st.integers(2, most_points))
    cells = draw(st.lists(st.integers(0, 399), min_size=count, max_size=count, unique=True))
    west = draw(st.sampled_from([-300_000, 260_000, 500_000, 1_090_000]))
    size = draw(st.sampled_from([3.0, 137.7, 2_111.3]))
    spots = [(west + size * (cell % 20), 6_650_000 + size * (cell // 20)) for cell in cells]
    ways = []
    for _ in range(draw(st.integers(1, most_ways))):
        points = tuple(draw(st.lists(st.integers(0, count - 1), min_size=2, max_size=5)))
        ferry = draw(st.integers(0, 5)) == 0
        along, against = draw(st.sampled_from([(True, True), (True, True), (True, False), (False, True)]))
        ways.append(
            Way(
                points,
                kind=FERRY if ferry else draw(st.integers(0, FERRY - 1)),
                name=draw(st.integers(0, 2)),
                speed=draw(st.sampled_from([10.0, 33.3, 80.0])),
                minutes=draw(st.sampled_from([0.5, 25.0])) if ferry else float("nan"),
                metres=draw(st.sampled_from([float("nan"), float("nan"), 0.0, 432.1])),
                along=along,
                against=against,
                snappable=draw(st.booleans()) and not ferry,
            )
        )
    return make_segments(spots, ways)


def list_steps(segments: RoadSegments) -> list[tuple[int, int, int, int, int, bool, bool]]:
    """Return each segment between two different points: points, tenths, metres, crossings, directions.

    Written apart from the code under test, one way and one point at a time.
    """
    turn = Transformer.from_crs("EPSG:25833", "EPSG:4326", always_xy=True)
    geod = Geod(ellps="GRS80")
    steps: list[tuple[int, int, int, int, int, bool, bool]] = []
    ferry_steps: list[int] = []
    for k in range(len(segments.way_kind)):
        along, against = bool(segments.way_along[k]), bool(segments.way_against[k])
        if not (along or against):
            continue
        points: list[int] = []
        for p in segments.way_point[segments.way_first[k] : segments.way_first[k + 1]].tolist():
            if not points or points[-1] != p:
                points.append(p)
        if len(points) < 2:
            continue
        at = [turn.transform(segments.point_x[p], segments.point_y[p]) for p in points]
        sofar = [0]
        for (lon0, lat0), (lon1, lat1) in pairwise(at):
            sofar.append(sofar[-1] + round(geod.inv(lon0, lat0, lon1, lat1)[2] * 1e6))
        told, minutes = float(segments.way_metres[k]), float(segments.way_minutes[k])
        share = [d / sofar[-1] for d in sofar]
        metres = [d / 1e6 if told != told else told * s for d, s in zip(sofar, share, strict=True)]
        if minutes == minutes:
            tenths = [minutes * 600 * s for s in share]
        else:
            tenths = [m * 36 / float(segments.way_speed_kmh[k]) for m in metres]
        time = 0
        for i in range(1, len(points)):
            risen = max(round(tenths[i]), time + 1)
            length = round(metres[i]) - round(metres[i - 1])
            if segments.way_kind[k] == FERRY:
                ferry_steps.append(len(steps))
            steps.append((points[i - 1], points[i], risen - time, length, 0, along, against))
            time = risen
    return _count_crossings(steps, ferry_steps)


def _count_crossings(steps, ferry_steps):
    """Put one crossing on the first step of each run of ferries that only touch one another."""
    touching: dict[int, list[int]] = {}
    for number, step in enumerate(steps):
        for p in step[:2]:
            touching.setdefault(p, []).append(number)
    seen: set[int] = set()
    out = list(steps)
    for number in ferry_steps:
        if number in seen:
            continue
        out[number] = (*steps[number][:4], 1, *steps[number][5:])
        todo = [number]
        while todo:
            here = todo.pop()
            if here in seen:
                continue
            seen.add(here)
            for p in steps[here][:2]:
                if len(touching[p]) == 2:
                    todo += [k for k in touching[p] if k in ferry_steps and k not in seen]
    return out


def pack(time: int, metres: int, ferries: int) -> int:
    return time * TIME + metres * LENGTH + ferries


def link_steps(steps) -> dict[int, dict[int, int]]:
    """Return the least label from each point to each neighbour."""
    links: dict[int, dict[int, int]] = {}
    for one, other, time, metres, ferries, along, against in steps:
        label = pack(time, metres, ferries)
        for here, there, is_open in ((one, other, along), (other, one, against)):
            links.setdefault(here, {})
            if is_open:
                links[here][there] = min(links[here].get(there, label), label)
    return links


def measure_from(links: dict[int, dict[int, int]], start: int) -> dict[int, int]:
    """Return the least label from `start` to all it reaches: plain Dijkstra."""
    least: dict[int, int] = {}
    queue = [(0, start)]
    while queue:
        label, here = heapq.heappop(queue)
        if here in least:
            continue
        least[here] = label
        for there, step in links.get(here, {}).items():
            if there not in least:
                heapq.heappush(queue, (label + step, there))
    return least


class GraphReader:
    """Answers about points of the source from a finished graph, by its documented meaning alone."""

    def __init__(self, graph: RoadGraph, segments: RoadSegments) -> None:
        self.graph = graph
        core: dict[int, dict[int, int]] = {}
        for tail, head, label in zip(graph.arc_tail, graph.arc_head, graph.arc_label, strict=True):
            core.setdefault(int(tail), {})[int(head)] = int(label)
        self._core = core
        self._from: dict[int, dict[int, int]] = {}
        self._known: dict[tuple[int, int], float] | None = None
        spot = {
            (round(x * 10), round(y * 10)): p
            for p, (x, y) in enumerate(zip(segments.point_x, segments.point_y, strict=True))
        }
        self.node: dict[int, int] = {
            spot[round(x * 10), round(y * 10)]: k
            for k, (x, y) in enumerate(zip(graph.node_x, graph.node_y, strict=True))
        }
        self.on_edge: dict[int, tuple[int, int]] = {}
        for edge in range(len(graph.edge_tail)):
            for v in range(int(graph.shape_first[edge]) + 1, int(graph.shape_first[edge + 1]) - 1):
                p = spot[round(graph.shape_x[v] * 10), round(graph.shape_y[v] * 10)]
                self.on_edge[p] = (edge, pack(int(graph.shape_time[v]), int(graph.shape_metres[v]), 0))

    def _climb(self, node: int, labels: np.ndarray) -> list[tuple[int, float]]:
        """Return the node and its ancestors, each with the label of the way (up or down) between them."""
        path, total = [(node, 0.0)], 0.0
        while node >= self.graph.core:
            total += labels[node - self.graph.core]
            node = int(self.graph.tree_parent[node - self.graph.core])
            path.append((node, total))
        return path

    def find_roots(self, point: int) -> set[int]:
        """Return the core nodes through which ways from and to a point of the source lead."""
        nodes = {node for node, _ in (*self._ways_out(point), *self._ways_in(point))}
        return {self._climb(node, self.graph.tree_up)[-1][0] for node in nodes}

    def trust(self, table: dict[tuple[int, int], float]) -> None:
        """Take labels between core nodes from `table` instead of searching for them here."""
        self._known = table

    def between_nodes(self, start: int, end: int) -> float:
        up, down = self._climb(start, self.graph.tree_up), self._climb(end, self.graph.tree_down)
        below = dict(down)
        for node, label in up:
            if node in below:  # the lowest common ancestor
                return label + below[node]
        root, goal = up[-1][0], down[-1][0]
        if self._known is not None:
            return up[-1][1] + self._known[root, goal] + down[-1][1]
        if root not in self._from:
            self._from[root] = measure_from(self._core, root)
        return up[-1][1] + self._from[root].get(goal, np.inf) + down[-1][1]

    def _ways_out(self, point: int) -> list[tuple[int, float]]:
        if point in self.node:
            return [(self.node[point], 0.0)]
        edge, part = self.on_edge[point]
        graph = self.graph
        ways = [(int(graph.edge_head[edge]), graph.edge_along[edge] - part)]
        if np.isfinite(graph.edge_against[edge]):
            ways.append((int(graph.edge_tail[edge]), float(part)))
        return ways

    def _ways_in(self, point: int) -> list[tuple[int, float]]:
        if point in self.node:
            return [(self.node[point], 0.0)]
        edge, part = self.on_edge[point]
        graph = self.graph
        ways = [(int(graph.edge_head[edge]), graph.edge_against[edge] - part)]
        if np.isfinite(graph.edge_along[edge]):
            ways.append((int(graph.edge_tail[edge]), float(part)))
        return ways

    def between(self, start: int, end: int) -> float:
        """Return the least label between two points of the source (none of them in mid-ferry)."""
        if start == end:
            return 0.0
        best = min(
            (
                before + self.between_nodes(u, v) + after
                for u, before in self._ways_out(start)
                for v, after in self._ways_in(end)
            ),
            default=np.inf,
        )
        if start in self.on_edge and end in self.on_edge:
            edge, part = self.on_edge[start]
            other, part_end = self.on_edge[end]
            if edge == other:
                is_open = self.graph.edge_along if part_end >= part else self.graph.edge_against
                if np.isfinite(is_open[edge]):
                    best = min(best, abs(part_end - part))
        return best
