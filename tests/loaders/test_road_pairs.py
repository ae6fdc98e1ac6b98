"""A thousand pairs on a real extract, against networkx on a graph built apart from the road engine.

Only the rules for tags are shared: the file is read with pyosmium here, each segment is a link of its own,
measured on the ellipsoid and rounded one by one, and nothing is joined or cut off.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import osmium
import pytest
from pyproj import Geod

from geodata.routing.graph import FERRY
from geodata.routing.router import enter_at_nodes
from geodata.routing.simplify import build_graph
from geodata.routing.tables import measure_table
from geodata.routing.waytags import BarrierRule, read_barrier, read_way
from loaders.hierarchies import make_router
from loaders.osm import read_osm
from loaders.segmentmaking import GATE_MINUTES
from loaders.vehicles import read_road_speeds, read_vehicle
from tests.properties.roadcases import GraphReader, pack

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("SYMBIOSEKART_REFERENCE", ROOT.parent / "shared" / "reference"))
EXTRACT = REFERENCE / "roads" / "oslo_east.osm.pbf"
VEHICLE = "semi_trailer"
STARTS, ENDS = 40, 25
Point = int | tuple[int, int]
"""A point's number; of a closed point, its number and that of the part that ends there."""

pytestmark = pytest.mark.skipif(
    not EXTRACT.exists(),
    reason="the reference folder is not here (SYMBIOSEKART_REFERENCE or ../shared/reference)",
)


def read_plainly() -> nx.DiGraph:
    """Return every segment of every way the vehicle may drive as links between point numbers."""
    vehicle, speeds, geod = read_vehicle(VEHICLE), read_road_speeds(), Geod(ellps="WGS84")
    barriers: dict[int, BarrierRule] = {}
    place: dict[int, tuple[float, float]] = {}
    graph = nx.DiGraph()
    fresh = count()
    for thing in osmium.FileProcessor(EXTRACT):
        if thing.is_node():
            place[thing.id] = (thing.lon, thing.lat)
            rule = read_barrier({tag.k: tag.v for tag in thing.tags}, vehicle)
            if rule != BarrierRule():
                barriers[thing.id] = rule
        if not thing.is_way():
            continue
        rule = read_way({tag.k: tag.v for tag in thing.tags}, vehicle, speeds)
        if rule.closed:
            continue
        assert rule.kind != FERRY, "no ferry in this extract: their rules are tested elsewhere"
        line: list[int] = []
        for node in thing.nodes:
            if not line or line[-1] != node.ref:
                line.append(node.ref)
        for begin, end, barrier in cut_line(line, barriers):
            part: list[Point] = list(line[begin : end + 1])
            # At a closed point every part ends at a point of its own.
            for tip in (0, -1):
                if (closed := barriers.get(line[(begin, end)[tip]])) and closed.closed:
                    part[tip] = (line[(begin, end)[tip]], next(fresh))
            speed_kmh = rule.speed_kmh
            if barrier.gate:
                metres = max(geod.inv(*place[line[begin]], *place[line[end]])[2], 1.0)
                speed_kmh = min(speed_kmh, metres / 1000 / (GATE_MINUTES / 60))
            speed_kmh = float(np.float32(speed_kmh))
            far, time, metres = 0.0, 0, 0
            for one, other in pairwise(part):
                here, there = (place[p[0] if isinstance(p, tuple) else p] for p in (one, other))
                far += geod.inv(*here, *there)[2]
                later = max(round(far * 36 / speed_kmh), time + 1)
                label = pack(later - time, round(far) - metres, 0)
                time, metres = later, round(far)
                for u, v, is_open in ((one, other, rule.along), (other, one, rule.against)):
                    if is_open and label < graph.get_edge_data(u, v, {"label": np.inf})["label"]:
                        graph.add_edge(u, v, label=label)
    return graph


def cut_line(line: list[int], barriers: dict[int, BarrierRule]) -> Iterator[tuple[int, int, BarrierRule]]:
    """Yield parts of a line: apart at closed points, and one segment alone beside gates and tolls."""
    begin, parts = 0, []
    for at, point in enumerate(line):
        barrier = barriers.get(point)
        if barrier is None:
            continue
        if barrier.closed:
            parts.append((begin, at, BarrierRule()))
            begin = at
        elif at > begin:
            parts += [(begin, at - 1, BarrierRule()), (at - 1, at, barrier)]
            begin = at
        elif at + 1 < len(line):
            parts.append((at, at + 1, barrier))
            begin = at + 1
    parts.append((begin, len(line) - 1, BarrierRule()))
    return (part for part in parts if part[0] < part[1])


def test_a_thousand_pairs_agree_exactly():
    segments, facts = read_osm(EXTRACT, vehicle=read_vehicle(VEHICLE))
    graph = build_graph(segments, facts=facts)
    plain = read_plainly()
    random = np.random.default_rng(20261122)
    used = np.unique(segments.way_point)
    used = used[segments.point_id[used] > 0]
    assert set(segments.point_id[used].tolist()) == {p for p in plain if not isinstance(p, tuple)}
    reader = GraphReader(graph, segments)
    used = np.array([p for p in used.tolist() if p in reader.node or p in reader.on_edge])
    chosen = random.choice(used, STARTS + ENDS, replace=False)
    starts, ends = chosen[:STARTS].tolist(), chosen[STARTS:].tolist()
    outs = sorted({node for p in starts for node in reader.find_roots(p)})
    ins = sorted({node for p in ends for node in reader.find_roots(p)})
    table = measure_table(make_router(graph), enter_at_nodes(outs), enter_at_nodes(ins)).labels
    reader.trust({(u, v): table[i, j] for i, u in enumerate(outs) for j, v in enumerate(ins)})
    reached = 0
    for start in starts:
        least = nx.single_source_dijkstra_path_length(plain, int(segments.point_id[start]), weight="label")
        for end in ends:
            told = reader.between(start, end)
            assert told == least.get(int(segments.point_id[end]), np.inf), segments.point_id[[start, end]]
            reached += np.isfinite(told)
    assert reached > 0.8 * STARTS * ENDS
