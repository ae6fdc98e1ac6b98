"""Areas within reach: roads cut where the time is up, water left out, dead ends and one-ways minded."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.crs import METRIC, WGS84
from geodata.routing.isochrones import find_reach_areas
from geodata.routing.labels import pack_labels
from geodata.routing.levels import trace_level
from geodata.routing.paths import RoadEnd
from geodata.routing.router import Router
from geodata.routing.spread import measure_all
from tests.unit.routing.hierarchies import contract_slowly, make_graph, measure_slowly, scatter_graph

X, Y = 262_000.0, 6_649_000.0


def to_metric(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    assert areas.crs == WGS84
    return areas.to_crs(METRIC)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_all_nodes_are_reached_as_soon_as_dijkstra_says(seed: int) -> None:
    graph, random = scatter_graph(seed, 20), np.random.default_rng(seed)
    order = random.permutation(20).tolist()
    table = measure_slowly(graph, range(20))
    edge = int(random.choice(np.flatnonzero(graph.edge_snappable)))
    start = RoadEnd(0, 0, edge, 0, 0, float(pack_labels(30, 40)))  # at the tail of its edge
    expected = table[graph.edge_tail[edge]] + start.access_label
    for router in (Router(graph), Router(graph, contract_slowly(graph, order=order))):
        assert measure_all(router, start).tolist() == expected.tolist()
    soon = measure_all(Router(graph), start, max_minutes=5)
    inside = expected < pack_labels(5 * 600 + 1, 0)
    assert soon[inside].tolist() == expected[inside].tolist()


def test_dead_ends_are_reached_through_their_roots_and_within_their_own_tree() -> None:
    points = [(0, 0), (900, 0), (0, 300), (-300, 300), (300, 300)]
    graph = make_graph(
        points, [(0, 1, 900, 950, 0, False)], branches=[(0, 300, 300), (2, 310, 310), (2, 320, 320)]
    )
    start = RoadEnd(-200, 300, 2, 100, 100)  # 100 m from the tip of the left branch
    expected = pack_labels([510, 1_410, 210, 100, 530], [510, 1_460, 210, 100, 530])
    assert measure_all(Router(graph), start).tolist() == expected.tolist()


def test_a_straight_road_is_reached_as_far_as_the_time_allows() -> None:
    """60 km/h in both directions from the middle of 20 km: after 6 minutes 6 km to each side, not more."""
    graph = make_graph([(X, Y), (X + 20_000, Y)], [(0, 1, 12_000, 20_000, 0, False)])
    start = RoadEnd(X + 10_000, Y, 0, 6_000, 10_000)
    areas = to_metric(find_reach_areas(Router(graph), start, minutes=[6, 3, 6], width_m=300))
    assert areas["minutes"].tolist() == [3, 6]
    near, far = areas.geometry
    assert far.bounds == pytest.approx((X + 3_700, Y - 300, X + 16_300, Y + 300), abs=40)
    assert near.bounds == pytest.approx((X + 6_700, Y - 300, X + 13_300, Y + 300), abs=40)
    assert far.area == pytest.approx(12_000 * 600 + np.pi * 300**2, rel=0.03)
    assert near.difference(far).area < 1


def test_a_one_way_road_is_not_driven_back() -> None:
    graph = make_graph([(X, Y), (X + 9_000, Y)], [(0, 1, 5_400, 9_000, 0, True)])
    start = RoadEnd(X + 5_000, Y, 0, 3_000, 5_000)
    (area,) = to_metric(find_reach_areas(Router(graph), start, minutes=[2], width_m=200)).geometry
    assert area.bounds == pytest.approx((X + 4_800, Y - 200, X + 7_200, Y + 200), abs=30)


def test_a_fjord_is_crossed_by_ferry_and_not_filled() -> None:
    points = [(X, Y), (X + 3_000, Y), (X + 9_000, Y), (X + 12_000, Y)]
    edges = [(0, 1, 1_800, 3_000, 0, False), (1, 2, 12_000, 6_000, 1, False), (2, 3, 1_800, 3_000, 0, False)]
    graph = make_graph(points, edges)
    start = RoadEnd(X, Y, 0, 0, 0)
    router = Router(graph, contract_slowly(graph))
    areas = to_metric(find_reach_areas(router, start, minutes=[20, 26], width_m=400))
    home, both = areas.geometry
    assert len(shapely.get_parts(home)) == 1
    assert len(shapely.get_parts(both)) == 2
    assert not both.intersects(shapely.Point(X + 6_000, Y))
    assert both.covers(shapely.Point(X + 11_000, Y))
    land = shapely.box(X - 1_000, Y - 1_000, X + 3_000, Y + 1_000)
    cut = to_metric(find_reach_areas(router, start, minutes=[26], width_m=400, land=land)).geometry[0]
    assert cut.bounds[2] == pytest.approx(X + 3_000, abs=0.01)


def test_a_large_hole_stays_and_a_small_one_is_filled() -> None:
    corners = [(X, Y), (X + 5_000, Y), (X + 5_000, Y + 5_000), (X, Y + 5_000)]
    ring = [(k, (k + 1) % 4, 3_000, 5_000, 0, False) for k in range(4)]
    start = RoadEnd(X, Y, 0, 0, 0)
    (wide,) = to_metric(find_reach_areas(Router(make_graph(corners, ring)), start, minutes=[60])).geometry
    assert not wide.covers(shapely.Point(X + 2_500, Y + 2_500))
    small = [(X + (x - X) / 5, Y + (y - Y) / 5) for x, y in corners]
    graph = make_graph(small, [(a, b, 600, 1_000, 0, False) for a, b, *_ in ring])
    (full,) = to_metric(find_reach_areas(Router(graph), start, minutes=[60])).geometry
    assert full.covers(shapely.Point(X + 500, Y + 500))


def test_nothing_within_the_time_is_no_row_and_senseless_questions_are_refused() -> None:
    graph = make_graph([(X, Y), (X + 900, Y)], [(0, 1, 900, 900, 0, False)])
    router, far_off = Router(graph), RoadEnd(X, Y + 4_000, 0, 0, 0, float(pack_labels(6_000, 5_000)), True)
    areas = find_reach_areas(router, far_off, minutes=[5])
    assert (len(areas), list(areas.columns)) == (0, ["minutes", "width_m", "geometry"])
    assert find_reach_areas(router, far_off, minutes=[5, 11])["minutes"].tolist() == [11]
    assert len(find_reach_areas(router, far_off, minutes=[])) == 0
    for minutes, width in (([np.inf], 300), ([5], 0), ([5], np.nan)):
        with pytest.raises(ValueError, match="finite"):
            find_reach_areas(router, far_off, minutes=minutes, width_m=width)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(2, 40))
def test_reached_nodes_are_inside_and_far_ones_outside(seed: int, minutes: float) -> None:
    graph = scatter_graph(seed, 25, ferries=False)
    router = Router(graph, contract_slowly(graph))
    start = RoadEnd(float(graph.node_x[0]), float(graph.node_y[0]), 0, 0, 0)
    frame = find_reach_areas(router, start, minutes=[minutes / 2, minutes])
    again = find_reach_areas(router, start, minutes=[minutes, minutes / 2])
    assert frame.geometry.to_wkb().tolist() == again.geometry.to_wkb().tolist()
    assert frame.is_valid.all()
    inner, outer = to_metric(frame).geometry
    assert inner.difference(outer).area < 1
    spent = measure_all(router, start) / 2**29 / 600
    nodes = shapely.points(graph.node_x, graph.node_y)
    assert shapely.covers(outer, nodes[spent < minutes]).all()
    reached = shapely.union_all(
        [
            shapely.LineString(np.column_stack([graph.shape_x, graph.shape_y])[2 * e : 2 * e + 2])
            for e in range(len(graph.edge_tail))
            if min(spent[graph.edge_tail[e]], spent[graph.edge_head[e]]) < minutes
        ]
    )
    filled = shapely.get_parts(outer.difference(reached.buffer(450)))
    assert (shapely.area(filled) < 800**2).all()  # nothing but small holes


def test_the_level_line_of_a_cone_is_a_circle() -> None:
    x, y = np.arange(-10, 11) * 10.0, np.arange(-12, 13) * 10.0
    height = 55 - np.hypot(x[None, :], y[:, None])
    area = trace_level(height, x, y)
    assert area.area == pytest.approx(np.pi * 55**2, rel=0.01)
    assert trace_level(np.where(height > 30, -1.0, height), x, y).area < area.area - 1_200
    assert trace_level(-np.ones((5, 5)), x[:5], y[:5]).is_empty
