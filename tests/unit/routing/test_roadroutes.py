"""Routes: lines along the roads, legs by name that add up, local ways, both ends' access."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.routing.graph import RoadGraph
from geodata.routing.labels import pack_labels, unpack_labels
from geodata.routing.paths import Piece, RoadEnd
from geodata.routing.roadroutes import find_drive, find_road_route, trace_piece
from geodata.routing.router import Router
from tests.unit.routing.hierarchies import contract_slowly, make_graph, measure_slowly, scatter_graph

X, Y = 262_000.0, 6_649_000.0


def make_fjord_graph() -> RoadGraph:
    """Two roads, a ferry between, a dead end of two branches at the far side."""
    points = [
        (X, Y),
        (X + 1_000, Y),
        (X + 3_000, Y),
        (X + 4_000, Y),
        (X + 4_000, Y + 500),
        (X + 4_000, Y + 900),
    ]
    edges = [
        (0, 1, 600, 1_010, 0, False),
        (1, 2, 9_000, 2_000, 1, False),
        (3, 2, 700, 1_020, 0, False),
    ]
    names = ["Fv. 1", "Aafjorden", "Fv. 1"]
    return make_graph(points, edges, branches=[(3, 300, 510), (4, 300, 410)], names=names)


def test_a_route_follows_roads_and_ferry_and_adds_up() -> None:
    graph = make_fjord_graph()
    access = float(pack_labels(120, 65))
    start = RoadEnd(X + 500, Y - 50, 0, 300, 505, access, True)
    end = RoadEnd(X + 4_000, Y + 700, 4, 150, 205)  # on the outer branch, whose tail is the tip
    for router in (Router(graph), Router(graph, contract_slowly(graph))):
        route = find_road_route(router, start, end)
        assert route is not None
        assert [(leg.road, leg.kind, leg.estimated) for leg in route.legs] == [
            ("", "access", True),
            ("Fv. 1", "road", False),
            ("Aafjorden", "ferry", False),
            ("Fv. 1", "road", False),
            ("", "road", False),
        ]
        assert route.ferries == 1
        assert route.distance_km == pytest.approx((65 + 505 + 2_000 + 1_020 + 510 + 205) / 1_000)
        assert route.minutes == pytest.approx((120 + 300 + 9_000 + 700 + 300 + 150) / 600)
        assert sum(leg.km for leg in route.legs) == pytest.approx(route.distance_km)
        assert sum(leg.minutes for leg in route.legs) == pytest.approx(route.minutes)
        lon, lat = np.array(route.geometry.coords).T
        assert (np.diff(lon[1:-2]) > 0).all()
        assert lat[-1] > lat[-2] > lat[-3]
        for leg, following in pairwise(route.legs):
            assert leg.points[-1] == following.points[0]


def test_points_on_one_edge_go_along_it_where_it_is_open() -> None:
    graph = make_graph(
        [(X, Y), (X + 900, Y), (X + 400, Y + 900)],
        [(0, 1, 900, 1_000, 0, True), (1, 2, 900, 1_200, 0, False), (2, 0, 900, 1_200, 0, False)],
    )
    near, far = RoadEnd(X + 90, Y, 0, 90, 100), RoadEnd(X + 810, Y, 0, 810, 900)
    router = Router(graph, contract_slowly(graph))
    ahead, round_about = find_drive(router, near, far), find_drive(router, far, near)
    assert ahead == (float(pack_labels(720, 800)), (Piece(0, 100, 900, float(pack_labels(720, 800))),))
    assert round_about is not None
    assert round_about[0] == float(pack_labels(90 + 900 + 900 + 90, 100 + 1_200 + 1_200 + 100))
    assert [piece.edge for piece in round_about[1]] == [0, 1, 2, 0]


def test_points_in_one_dead_end_turn_where_their_ways_meet() -> None:
    points = [(X, Y), (X + 500, Y), (X, Y + 300), (X - 300, Y + 300), (X + 300, Y + 300)]
    graph = make_graph(
        points, [(0, 1, 500, 500, 0, False)], branches=[(0, 300, 300), (2, 310, 310), (2, 320, 320)]
    )
    left, right = RoadEnd(X - 200, Y + 300, 2, 100, 100), RoadEnd(X + 200, Y + 300, 3, 100, 100)
    drive = find_drive(Router(graph), left, right)
    assert drive is not None
    assert drive[0] == float(pack_labels(210 + 220, 210 + 220))
    assert [(p.edge, p.begin, p.end) for p in drive[1]] == [(2, 100, 310), (3, 320, 100)]
    outer = find_drive(Router(graph), right, RoadEnd(X, Y + 100, 1, 200, 200))
    assert outer is not None
    assert [(p.edge, p.begin, p.end) for p in outer[1]] == [(3, 100, 320), (1, 0, 200)]


def test_one_and_the_same_place_is_no_drive_and_an_island_no_route() -> None:
    graph = make_graph(
        [(X, Y), (X + 900, Y), (X, Y + 900), (X + 900, Y + 900)],
        [(0, 1, 90, 950, 0, False), (2, 3, 90, 950, 0, False)],
    )
    here = RoadEnd(X + 100, Y, 0, 10, 105)
    route = find_road_route(Router(graph), here, here)
    assert route is not None
    assert (route.distance_km, route.legs) == (0.0, ())
    assert find_road_route(Router(graph), here, RoadEnd(X, Y + 900, 1, 0, 0)) is None


def test_a_part_of_an_edge_is_cut_at_its_metres() -> None:
    graph = make_graph([(0, 0), (100, 0)], [(0, 1, 10, 200, 0, False)])
    assert trace_piece(graph, Piece(0, 50, 150, 0.0)).tolist() == [[25, 0], [75, 0]]
    assert trace_piece(graph, Piece(0, 200, 150, 0.0)).tolist() == [[100, 0], [75, 0]]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_drives_join_and_are_those_of_a_graph_cut_at_the_points(seed: int) -> None:
    graph, random = scatter_graph(seed, 12), np.random.default_rng(seed)
    router = Router(graph, contract_slowly(graph, order=random.permutation(12).tolist()))
    whole = unpack_labels(graph.edge_along)
    between = measure_slowly(graph, range(12))
    for _ in range(5):
        ends = []
        for edge in random.integers(0, len(graph.edge_tail), 2):
            share = random.random()
            time, metres = int(share * whole.weight_min[edge] * 600), int(share * whole.km[edge] * 1000)
            ends.append(RoadEnd(0.0, 0.0, int(edge), time, metres))
        drive = find_drive(router, *ends)
        best = _measure_by_hand(graph, between, *ends)
        assert (np.inf if drive is None else drive[0]) == best
        if drive is not None:
            assert sum(piece.label for piece in drive[1]) == best
            lines = [trace_piece(graph, piece) for piece in drive[1]]
            for line, following in pairwise(lines):
                assert line[-1].tolist() == following[0].tolist()


def _measure_by_hand(graph: RoadGraph, between: np.ndarray, start: RoadEnd, end: RoadEnd) -> float:
    def ways(point: RoadEnd, *, outward: bool) -> list[tuple[int, float]]:
        whole, e = graph.edge_along[point.edge], point.edge
        part = float(pack_labels(point.time_ds, point.metres))
        ferries = float(whole % 64)
        tail, head = (int(graph.edge_tail[e]), part), (int(graph.edge_head[e]), float(whole) - part - ferries)
        two_way = np.isfinite(graph.edge_against[e])
        return [tail, head] if two_way else [head] if outward else [tail]

    totals = [
        a_label + between[a, b] + b_label
        for a, a_label in ways(start, outward=True)
        for b, b_label in ways(end, outward=False)
    ]
    if start.edge == end.edge:
        ahead = end.time_ds >= start.time_ds and end.metres >= start.metres
        if ahead or np.isfinite(graph.edge_against[start.edge]):
            gap = abs(end.time_ds - start.time_ds), abs(end.metres - start.metres)
            totals.append(float(pack_labels(*gap)))
    return min(totals)
