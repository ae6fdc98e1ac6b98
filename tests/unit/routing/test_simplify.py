"""Building a graph, by hand: lengths, crossings, rings, dead ends, scraps, prices, order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pyproj import Geod, Transformer

from geodata.errors import NetworkError
from geodata.routing.graph import EDGE_KINDS, FERRY
from geodata.routing.labels import unpack_labels
from geodata.routing.simplify import SCRAP_KM, build_graph
from geodata.routing.spatialorder import number_places
from geodata.routing.summary import summarise_graph
from geodata.routing.waymeasures import measure_ways
from tests.properties.roadcases import FACTS, Way, make_segments

EAST, NORTH = 260_000, 6_650_000
PRIMARY, MOTORWAY = EDGE_KINDS.index("primary"), EDGE_KINDS.index("motorway")


def build(spots, *ways):
    shifted = [(EAST + x, NORTH + y) for x, y in spots]
    return build_graph(make_segments(shifted, ways), facts=FACTS)


def node_at(graph, x, y) -> int:
    return int(np.flatnonzero((graph.node_x == EAST + x) & (graph.node_y == NORTH + y))[0])


def edges_of(graph) -> set[tuple[int, int]]:
    return {(int(t), int(h)) for t, h in zip(graph.edge_tail, graph.edge_head, strict=True)}


@pytest.mark.parametrize(
    ("lon", "lat"), [(4.7, 61.0), (10.7, 59.9), (15.0, 68.0), (25.0, 71.0), (31.1, 70.3)]
)
def test_lengths_are_those_on_the_ground_wherever_in_norway(lon, lat):
    """Zone 33 stretches lengths by two per cent and more where it does not belong."""
    turn = Transformer.from_crs("EPSG:4326", "EPSG:25833", always_xy=True)
    ends = np.array([turn.transform(lon, lat), turn.transform(lon + 0.4, lat + 0.1)])
    graph = build_graph(make_segments(ends, [Way((0, 1), speed=60)]), facts=FACTS)
    metres = Geod(ellps="WGS84").inv(lon, lat, lon + 0.4, lat + 0.1)[2]
    told = unpack_labels(graph.edge_along)
    assert told.km[0] * 1000 == round(metres)
    assert told.weight_min[0] * 600 == round(metres * 36 / 60)


def test_a_length_told_by_the_source_is_shared_out():
    graph = build([(0, 0), (300, 0), (400, 0)], Way((0, 1, 2), metres=1000.0, speed=36))
    assert graph.shape_metres.tolist() == [0, 750, 1000]
    assert graph.shape_time.tolist() == [0, 750, 1000]


def test_rounding_errors_do_not_add_up_and_no_segment_is_free():
    spots = [(1.4 * k, 0) for k in range(1001)]
    graph = build(spots, Way(tuple(range(1001)), speed=50))
    told = unpack_labels(graph.edge_along)
    length = measure_ways(make_segments([(EAST, NORTH), (EAST + 1400, NORTH)], [Way((0, 1))])).metres[-1]
    assert told.km[0] * 1000 == length
    assert abs(told.weight_min[0] * 600 - length * 36 / 50) < 1
    close = build([(0, 0), (0.01, 0), (0.02, 0), (0.03, 0)], Way((0, 1, 2, 3), speed=80))
    assert close.shape_time.tolist() == [0, 1, 2, 3]


def test_ways_join_over_a_point_where_nothing_else_meets():
    graph = build(
        [(0, 0), (100, 0), (200, 0), (300, 0)],
        Way((0, 1), speed=36, kind=PRIMARY, name=1),
        Way((3, 2, 1), speed=72, name=2),
    )
    assert len(graph.edge_tail) == 1
    assert len(graph.node_x) == 2
    assert graph.shape_time[-1] == 100 + 100
    assert EDGE_KINDS[graph.edge_kind[0]] == "minor"  # of the longest part
    assert graph.names[graph.edge_name[0]] == "Fv 44"
    assert graph.edge_along[0] == graph.edge_against[0]


@pytest.mark.parametrize(
    "other",
    [
        {"against": False},
        {"along": False},
        {"snappable": False},
        {"toll": True},
        {"kind": FERRY, "minutes": 9.0, "snappable": False},
    ],
)
def test_ways_that_differ_in_what_counts_stay_apart(other):
    graph = build([(0, 0), (100, 0), (200, 0)], Way((0, 1)), Way((1, 2), **other))
    assert len(graph.edge_tail) == 2


def test_one_way_roads_join_only_in_line():
    joined = build([(0, 0), (100, 0), (200, 0)], Way((0, 1), against=False), Way((2, 1), along=False))
    assert len(joined.edge_tail) == 1
    assert np.isfinite(joined.edge_along[0]) != np.isfinite(joined.edge_against[0])
    facing = build([(0, 0), (100, 0), (200, 0)], Way((0, 1), against=False), Way((2, 1), against=False))
    assert len(facing.edge_tail) == 2


def test_a_crossing_drawn_in_parts_counts_once_and_a_stop_makes_two():
    spots = [(0, 0), (1000, 0), (2000, 0), (3000, 0), (3000, 500)]
    parts = (
        Way((0, 1), kind=FERRY, minutes=5, snappable=False),
        Way((2, 1), kind=FERRY, minutes=5, snappable=False),
        Way((2, 3), kind=FERRY, minutes=5, snappable=False),
    )
    through = build(spots, *parts)
    assert len(through.edge_tail) == 1
    assert unpack_labels(through.edge_along).ferries.tolist() == [1]
    assert unpack_labels(through.edge_along).weight_min.tolist() == [15.0]
    stop = build([*spots, (2000, 100)], *parts, Way((2, 5)), Way((3, 4)))
    ferry = stop.edge_kind == FERRY
    assert ferry.sum() == 2
    assert unpack_labels(stop.edge_along[ferry]).ferries.tolist() == [1, 1]
    assert summarise_graph(stop).ferries == 2


def test_ferries_and_what_lies_beyond_them_stay_in_the_core():
    graph = build(
        [(0, 0), (100, 0), (5000, 0), (5100, 0), (5200, 80)],
        Way((0, 1)),
        Way((1, 2), kind=FERRY, minutes=10, snappable=False),
        Way((2, 3, 4)),
    )
    assert graph.core == 2
    assert (graph.edge_kind[graph.tree_edge] != FERRY).all()
    assert len(graph.node_x) == 4
    no_road = build(
        [(0, 0), (100, 0), (5000, 0)],
        Way((0, 1)),
        Way((1, 2), kind=FERRY, minutes=10, snappable=False),
    )
    assert (no_road.core, len(no_road.node_x)) == (2, 3)


def test_of_a_tree_one_node_stays():
    graph = build([(0, 0), (100, 0), (200, 0), (100, 90)], Way((0, 1, 2)), Way((1, 3)))
    assert (graph.core, len(graph.arc_head)) == (1, 0)
    assert (graph.tree_parent == 0).sum() >= 1
    assert build([(0, 0), (100, 0)], Way((0, 1))).core == 1


def test_a_ring_is_a_loop_and_a_place_to_stay_within():
    """A ring that nothing meets, and one at the end of a road."""
    corners = [(0, 0), (100, 0), (100, 100), (0, 100)]
    alone = build(corners, Way((0, 1, 2, 3, 0)))
    assert (alone.core, len(alone.arc_head)) == (1, 0)
    assert (alone.edge_tail == alone.edge_head).all()
    two = build(corners, Way((0, 1, 2), name=1), Way((0, 3, 2), name=2))
    assert len(two.edge_tail) == 1
    assert len(two.shape_x) == 5
    assert unpack_labels(two.edge_along).km[0] == pytest.approx(0.4, abs=0.002)
    three = build(corners, Way((0, 1)), Way((2, 1)), Way((2, 3, 0)))
    assert (len(three.edge_tail), len(three.shape_x)) == (1, 5)
    led_to = build(
        [*corners, (-500, 0), (-500, 400), (-900, 0)], Way((0, 1, 2, 3, 0)), Way((4, 0)), Way((5, 4, 6))
    )
    assert led_to.core == 1
    assert sorted(led_to.tree_parent.tolist()).count(0) >= 1


def test_dead_ends_hang_by_one_way_roads_too():
    square = [(0, 0), (100, 0), (100, 100), (0, 100)]
    graph = build(
        [*square, (300, 0), (500, 0), (500, 200)],
        Way((0, 1, 2, 3, 0)),
        Way((0, 2)),
        Way((1, 4), against=False),
        Way((4, 5)),
        Way((4, 6)),
    )
    leaf = node_at(graph, 500, 0) - graph.core
    inner = node_at(graph, 300, 0)
    assert graph.tree_parent[leaf] == inner
    assert np.isfinite(graph.tree_up[leaf])
    assert np.isinf(graph.tree_up[inner - graph.core])
    assert np.isfinite(graph.tree_down[inner - graph.core])


def test_parallel_roads_stay_edges_and_the_least_is_the_arc():
    spots = [(0, 0), (50, 400), (100, 0), (50, -40)]
    graph = build(
        spots,
        Way((0, 1, 2), toll=True, toll_nok=30),
        Way((0, 3, 2), toll_nok=20, toll=True),
        Way((2, 0), along=False, speed=10),
    )
    assert len(graph.edge_tail) == 3
    assert len(graph.arc_head) == 2
    assert graph.arc_toll.tolist() == [20.0, 20.0]
    finite = np.isfinite(graph.edge_along)
    assert graph.arc_label.min() == graph.edge_along[finite].min()


def test_a_price_stands_once_on_a_way_that_is_cut():
    spots = [(0, 0), (100, 0), (200, 0), (50, 900), (150, 900)]
    graph = build(spots, Way((0, 1, 2), toll=True, toll_nok=45), Way((0, 3, 1)), Way((1, 4, 2)), Way((0, 2)))
    assert sorted(graph.arc_toll.tolist()) == [0, 0, 0, 0, 45, 45]  # both directions of its first part
    assert graph.edge_toll.sum() == 2


def test_scraps_capture_no_point_but_islands_do():
    long = SCRAP_KM * 1000
    graph = build(
        [(0, 0), (long * 1.1, 0), (0, 9000), (500, 9000), (0, 20_000), (long * 1.1, 20_000)],
        Way((0, 1), name=1),
        Way((2, 3)),
        Way((4, 5), name=2),
    )
    by_north = {
        graph.node_y[t] - NORTH: s for t, s in zip(graph.edge_tail, graph.edge_snappable, strict=True)
    }
    assert by_north == {0.0: True, 9000.0: False, 20_000.0: True}
    assert summarise_graph(graph).snappable_km == pytest.approx(2.2 * SCRAP_KM, rel=0.01)


def test_a_road_that_leads_out_for_good_captures_no_point():
    long = SCRAP_KM * 1100
    graph = build([(0, 0), (long, 0), (long, 700)], Way((0, 1)), Way((1, 2), against=False))
    out = graph.edge_snappable[np.isinf(graph.edge_along) | np.isinf(graph.edge_against)]
    assert out.tolist() == [False]
    assert graph.edge_snappable.sum() == 1


def test_parts_are_numbered_by_their_road():
    graph = build(
        [(0, 0), (100, 0), (9000, 0), (9000, 900)], Way((0, 1)), Way((0, 1), speed=10),
        Way((2, 3)), Way((2, 3), speed=20),
    )  # fmt: skip
    assert graph.component[node_at(graph, 9000, 0)] == 0
    assert graph.component[node_at(graph, 0, 0)] == 1
    assert summarise_graph(graph).parts == 2


def test_what_is_closed_both_ways_is_left_out():
    graph = build([(0, 0), (100, 0), (200, 0)], Way((0, 1)), Way((1, 2), along=False, against=False))
    assert len(graph.node_x) == 2
    with pytest.raises(NetworkError) as told:
        build([(0, 0), (100, 0)], Way((0, 1), along=False, against=False))
    assert told.value.code == "network.no_roads"


@pytest.mark.parametrize(
    ("spots", "way", "code"),
    [
        ([(0, 0), (np.nan, 0)], Way((0, 1)), "network.points"),
        ([(0, 0), (np.inf, 0)], Way((0, 1)), "network.points"),
        ([(0, 0), (10, 0)], Way((0, 1), speed=0), "network.speeds"),
        ([(0, 0), (10, 0)], Way((0, 1), speed=float("nan")), "network.speeds"),
        ([(0, 0), (10, 0)], Way((0, 1), kind=FERRY, minutes=0), "network.speeds"),
        ([(0, 0), (10, 0)], Way((0, 1), kind=FERRY), "network.speeds"),
        ([(0, 0), (10, 0)], Way((0, 1), metres=9e6), "network.too_long"),
        ([(0, 0), (10, 0)], Way((0, 1), kind=FERRY, minutes=40_000), "network.too_long"),
        ([(0, 0), (6e6, 0)], Way((0, 1), metres=1.0), "network.too_wide"),
    ],
)
def test_roads_that_cannot_be_measured_are_told(spots, way, code):
    with pytest.raises(NetworkError) as told:
        build(spots, way)
    assert told.value.code == code


def test_a_chain_of_endless_ferries_is_refused():
    spots = [(1000.0 * k, 0.0) for k in range(9)]
    chain = [Way((k, k + 1), kind=FERRY, minutes=3900.0) for k in range(8)]
    stops = [Way((k, k + 1), speed=5) for k in range(8)]
    assert build(spots, *chain, *stops).core == 9  # the road beside is quicker
    with pytest.raises(NetworkError) as told:
        build(spots, *chain, *stops[::2])
    assert told.value.code == "network.too_slow"


def test_the_digest_changes_with_every_fact_and_road():
    spots = [(EAST, NORTH), (EAST + 100, NORTH)]
    one = build_graph(make_segments(spots, [Way((0, 1))]), facts=FACTS)
    faster = build_graph(make_segments(spots, [Way((0, 1), speed=51)]), facts=FACTS)
    named = build_graph(make_segments(spots, [Way((0, 1), name=1)]), facts=FACTS)
    later = build_graph(make_segments(spots, [Way((0, 1))]), facts=replace(FACTS, source_date="2026-02-01"))
    assert len({graph.digest for graph in (one, faster, named, later)}) == 4


def test_a_curve_visits_every_cell_once_and_steps_to_a_neighbour():
    x, y = (part.ravel().astype(float) for part in np.meshgrid(np.arange(16), np.arange(16)))
    order = np.argsort(number_places(x, y))
    assert len(set(number_places(x, y).tolist())) == 256
    assert (np.abs(np.diff(x[order])) + np.abs(np.diff(y[order])) == 1).all()


def test_progress_tells_each_step():
    told = []
    segments = make_segments([(EAST, NORTH), (EAST + 100, NORTH)], [Way((0, 1))])
    build_graph(segments, facts=FACTS, progress=lambda step, share: told.append(step))
    assert told == ["measure", "join", "prune", "digest"]
