"""Stretches of NVDB's links -> road segments: ends that are one place are joined, lanes tell directions."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from geodata.errors import RefusedFileError
from geodata.routing.graph import EDGE_KINDS, FERRY
from geodata.routing.segments import RoadSegments
from geodata.routing.waytags import FERRY_KMH, FERRY_WAIT_MIN, clean_name
from geodata.transport import Floats
from loaders.nvdbpages import NvdbLink

NODE_REACH_M: Final = 100.0
"""A node further from the end of a line is not that end's, except for ferries."""

LinkKey = tuple[int, float, float, int]
LinkEnds = tuple[frozenset[LinkKey], frozenset[LinkKey]]
Lanes = dict[LinkKey, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Line:
    """A stretch of a link with one speed.

    Attributes
    ----------
    points : x, y, z in metres, a row each. metres : told length, NaN where not told.
    start, end : where on the link sequence. kind : name in :data:`geodata.routing.graph.EDGE_KINDS`.
    speed : km/h. toll : NOK, 0 where taken and not known, NaN where none is taken.
    """

    link: NvdbLink
    points: Floats
    metres: float
    start: float
    end: float
    kind: str
    speed: float
    toll: float


class _Joiner:
    """Ends of lines that are one place: union by keys."""

    def __init__(self) -> None:
        self.parent: list[int] = []
        self.known: dict[tuple[object, ...], int] = {}

    def find(self, number: int) -> int:
        while self.parent[number] != number:
            self.parent[number] = self.parent[self.parent[number]]
            number = self.parent[number]
        return number

    def add(self, keys: Iterable[tuple[object, ...]]) -> int:
        mine = len(self.parent)
        self.parent.append(mine)
        for key in keys:
            other = self.known.setdefault(key, mine)
            low, high = sorted((self.find(mine), self.find(other)))
            self.parent[high] = low
        return mine


def join_lines(lines: list[Line], *, ends: LinkEnds, lanes: Lanes, counts: Counter[str]) -> RoadSegments:
    """Return the lines as road segments.

    Ends are one place where the database gives them one node, where they lie at the same position of the same
    link, and where their points are the same to a centimetre (a metre in height); `counts` gets the rest.
    """
    joiner = _Joiner()
    node_at: dict[str, Floats] = {}
    pairs = []
    for line in lines:
        link = line.link
        pair = []
        for spot, point, node, is_real in (
            (line.start, line.points[0], link.start_node, line.start == link.start and link.key in ends[0]),
            (line.end, line.points[-1], link.end_node, line.end == link.end and link.key in ends[1]),
        ):
            keys: list[tuple[object, ...]] = [
                ("at", round(float(point[0]), 2), round(float(point[1]), 2), round(float(point[2]))),
                ("on", link.sequence, link.number, round(spot, 8)),
            ]
            if is_real and node:
                home = node_at.setdefault(node, point)
                if math.dist(home[:2], point[:2]) <= NODE_REACH_M or link.is_ferry:
                    keys.append(("node", node))
                else:
                    counts["nodes_apart"] += 1
            pair.append(joiner.add(keys))
        pairs.append(pair)
    return _write_segments(lines, [[joiner.find(end) for end in pair] for pair in pairs], lanes, counts)


def find_link_ends(links: Iterable[NvdbLink]) -> LinkEnds:
    """Return the keys of the segments that begin, and of those that end, at their link's node.

    Every segment of a link repeats the link's two nodes; only the first and the last one reach them.
    """
    starts: dict[tuple[int, int, str], NvdbLink] = {}
    stops: dict[tuple[int, int, str], NvdbLink] = {}
    for link in links:
        at_start = (link.sequence, link.number, link.start_node)
        if at_start not in starts or link.start < starts[at_start].start:
            starts[at_start] = link
        at_end = (link.sequence, link.number, link.end_node)
        if at_end not in stops or link.end > stops[at_end].end:
            stops[at_end] = link
    return frozenset(link.key for link in starts.values()), frozenset(link.key for link in stops.values())


def borrow_lanes(links: Iterable[NvdbLink]) -> Lanes:
    """Return the lanes of connectors, which tell none: those of the nearest link of their sequence."""
    told: defaultdict[int, list[NvdbLink]] = defaultdict(list)
    connectors = []
    for link in links:
        if link.lanes:
            told[link.sequence].append(link)
        elif link.is_connector:
            connectors.append(link)
    borrowed: Lanes = {}
    for link in connectors:
        near = sorted((abs(other.start - link.start), other.lanes) for other in told[link.sequence])
        if near:
            borrowed[link.key] = near[0][1]
    return borrowed


def _read_directions(link: NvdbLink, lanes: tuple[str, ...]) -> tuple[bool, bool]:
    """Return whether trucks drive along and against a link: odd lanes run with it, even ones against it.

    Lanes for buses (K) and bicycles (S) do not count. Without lanes a road is open both ways, a ramp and a
    roundabout as they are drawn.
    """
    numbers = set()
    for lane in lanes:
        digits = lane[: len(lane) - len(lane.lstrip("0123456789"))]
        if digits and not set(lane[len(digits) :].upper()) & {"K", "S"}:
            numbers.add(int(digits) % 2)
    if numbers:
        return 1 in numbers, 0 in numbers
    if lanes:
        return False, False
    return True, link.road_type.lower() not in ("rampe", "rundkjøring")


def _write_segments(
    lines: list[Line],
    ends: list[list[int]],
    lanes: Lanes,
    counts: Counter[str],
) -> RoadSegments:
    number_of: dict[int, int] = {}
    x: list[float] = []
    y: list[float] = []
    ids: list[int] = []
    way_point: list[int] = []
    first = [0]
    names = {"": 0}
    columns: defaultdict[str, list[Any]] = defaultdict(list)

    def put(point: Floats, identity: int) -> int:
        x.append(float(point[0]))
        y.append(float(point[1]))
        ids.append(identity)
        return len(x) - 1

    def place(end: int, point: Floats) -> int:
        if end not in number_of:
            number_of[end] = put(point, end + 1)
        return number_of[end]

    for line, (start, stop) in zip(lines, ends, strict=True):
        link = line.link
        key = (link.sequence, link.start, link.end, link.number)
        along, against = (True, True) if link.is_ferry else _read_directions(link, lanes.get(key, link.lanes))
        if not (along or against):
            counts["closed_access"] += 1
            continue
        way_point.append(place(start, line.points[0]))
        way_point.extend(put(point, 0) for point in line.points[1:-1])
        way_point.append(place(stop, line.points[-1]))
        first.append(len(way_point))
        km = (line.metres if line.metres > 0 else _measure(line.points)) / 1000
        name = _name_road(link)
        columns["kind"].append(FERRY if link.is_ferry else EDGE_KINDS.index(line.kind))
        columns["name"].append(names.setdefault(name, len(names)))
        columns["speed"].append(math.nan if link.is_ferry else line.speed)
        columns["minutes"].append(km / FERRY_KMH * 60 + FERRY_WAIT_MIN if link.is_ferry else math.nan)
        columns["metres"].append(line.metres)
        columns["along"].append(along)
        columns["against"].append(against)
        columns["toll"].append(not math.isnan(line.toll))
        columns["toll_nok"].append(0.0 if math.isnan(line.toll) else line.toll)
        columns["snappable"].append(_is_snappable(line))
    if not columns:
        raise RefusedFileError("nvdb.no_roads", file="NVDB")
    return RoadSegments(
        point_x=np.array(x),
        point_y=np.array(y),
        point_id=np.array(ids, np.int64),
        way_first=np.array(first, np.int64),
        way_point=np.array(way_point, np.int32),
        way_kind=np.array(columns["kind"], np.uint8),
        way_name=np.array(columns["name"], np.int32),
        way_speed_kmh=np.array(columns["speed"], np.float32),
        way_minutes=np.array(columns["minutes"], np.float32),
        way_metres=np.array(columns["metres"], float),
        way_along=np.array(columns["along"], bool),
        way_against=np.array(columns["against"], bool),
        way_toll=np.array(columns["toll"], bool),
        way_toll_nok=np.array(columns["toll_nok"], np.float32),
        way_snappable=np.array(columns["snappable"], bool),
        names=tuple(names),
    )


def _measure(points: Floats) -> float:
    return float(np.hypot(*np.diff(points[:, :2], axis=0).T).sum())


def _is_snappable(line: Line) -> bool:
    # Nobody's yard opens on a motorway, in a tunnel (U), on a bridge (L) or on a connector, which is no road.
    hidden = line.link.medium.upper() in ("U", "L") or line.link.is_connector
    return not (line.link.is_ferry or hidden or line.kind == "motorway")


def _name_road(link: NvdbLink) -> str:
    letter = {"E": "E", "R": "Rv ", "F": "Fv "}.get(link.category, "")
    number = f"{letter}{link.road_number}" if letter and link.road_number else ""
    return clean_name(" ".join(part for part in (number, link.name) if part))
