"""Hierarchies and tables on graphs small enough to work out by hand."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from geodata.errors import NetworkError
from geodata.routing.hierarchy import build_hierarchy, order_by_place, round_tolls
from geodata.routing.labels import pack_labels, unpack_labels
from geodata.routing.ordering import order_by_degree
from geodata.routing.router import Entries, Router, enter_at_nodes
from geodata.routing.tables import iterate_table, measure_pairs, measure_table
from tests.unit.routing.graphs import find_least, make_graph

# 0 - 1 - 2 - 3 in a row, a ferry 0 -> 3 that is slower, and 4 that can be left but not reached.
ROW = [(0, 1, 100, 1000, 0), (1, 2, 100, 1500, 0), (2, 3, 100, 700, 0)]
BOTH = [(head, tail, *label) for tail, head, *label in ROW]
GRAPH = make_graph(5, [*ROW, *BOTH, (0, 3, 400, 500, 1), (4, 0, 50, 90, 0)])


def route(graph=GRAPH, order=None):
    return Router(graph, build_hierarchy(graph, order_by_degree(graph) if order is None else order))


def test_every_order_of_contraction_gives_the_same_table() -> None:
    everywhere = enter_at_nodes(range(5))
    plain = measure_table(Router(GRAPH), everywhere, everywhere).labels
    assert plain.tolist() == [find_least(GRAPH, start) for start in range(5)]
    for order in permutations(range(5)):
        assert np.array_equal(measure_table(route(order=order), everywhere, everywhere).labels, plain)


def test_a_way_adds_up_and_no_way_is_infinite() -> None:
    table = measure_table(route(), enter_at_nodes([0, 0, 4]), enter_at_nodes([3, 4, 0]))
    measures = unpack_labels(table.labels)
    assert measures.km[0, 0] == pytest.approx(3.2)
    assert measures.weight_min[0, 0] == pytest.approx(0.5)
    assert measures.ferries[0, 0] == 0
    assert np.isinf(table.labels[0, 1])
    assert np.isinf(table.labels[1, 1])
    assert measures.km[2, 0] == pytest.approx(3.29)
    assert table.labels[2, 2] == pack_labels(50, 90)
    assert table.toll is None


def test_the_shorter_of_two_ways_of_equal_time_is_taken() -> None:
    # 0 -> 3 by 1 or by 2: the same time, 2 is shorter and comes with a dearer toll.
    arcs = [(0, 1, 10, 500, 0), (1, 3, 10, 500, 0), (0, 2, 10, 400, 0), (2, 3, 10, 400, 0)]
    graph = make_graph(4, arcs, {(0, 2): 30.5, (0, 1): 10.0})
    for order in permutations(range(4)):
        table = measure_table(route(graph, order), enter_at_nodes([0]), enter_at_nodes([3]), tolls=True)
        assert table.labels[0, 0] == pack_labels(20, 800)
        assert table.toll is not None
        assert table.toll[0, 0] == 30.5


def test_the_least_toll_of_ways_that_tie_in_everything() -> None:
    arcs = [(0, 1, 10, 400, 0), (1, 3, 10, 400, 0), (0, 2, 10, 400, 0), (2, 3, 10, 400, 0)]
    graph = make_graph(4, arcs, {(0, 2): 30.0, (1, 3): 10.0})
    # 0 and 3 first: both ways are still there when labels meet.
    table = measure_table(route(graph, [0, 3, 1, 2]), enter_at_nodes([0]), enter_at_nodes([3]), tolls=True)
    assert table.toll is not None
    assert table.toll[0, 0] == 10.0


def test_points_between_nodes_take_their_best_entry() -> None:
    starts = Entries(
        np.array([0, 2, 2, 3]),
        np.array([0, 2, 4], np.int32),
        pack_labels([30, 5, 0], [300, 50, 0]),
        np.array([1, 2, 4], np.float32),
    )
    ends = Entries(
        np.array([0, 0, 2]),
        np.array([3, 1], np.int32),
        pack_labels([7, 1], [70, 10]),
        np.array([8, 16], np.float32),
    )
    for router in (route(), Router(GRAPH)):
        table = measure_table(router, starts, ends, tolls=True)
        assert np.isinf(table.labels[:, 0]).all()
        assert np.isinf(table.labels[1]).all()
        assert table.labels[0, 1] == pack_labels(5 + 100 + 1, 50 + 1500 + 10)
        assert table.labels[2, 1] == pack_labels(50 + 100 + 1, 90 + 1000 + 10)
        assert table.toll is not None
        assert table.toll[[0, 2], 1].tolist() == [18, 20]


def test_arrays_of_other_types_and_strides_say_the_same() -> None:
    labels = np.array([0, 1, 2**30, 1], np.float32)
    loose = Entries(np.arange(3), np.array([2, 9, 0, 9])[::2], labels[::2], np.zeros(4)[::2])
    tight = Entries(
        np.arange(3), np.array([2, 0], np.int32), np.array([0.0, 2.0**30]), np.zeros(2, np.float32)
    )
    for tolls in (False, True):
        expected = measure_table(route(), tight, tight, tolls=tolls).labels
        assert np.array_equal(measure_table(route(), loose, loose, tolls=tolls).labels, expected)
    assert expected[0, 1] == pack_labels(202, 2500)


def test_streamed_rows_and_listed_pairs_are_those_of_the_table() -> None:
    starts, ends = enter_at_nodes([3, 0, 4, 2, 2, 1]), enter_at_nodes([1, 4, 3])
    for router in (route(), Router(GRAPH)):
        whole = measure_table(router, starts, ends).labels
        blocks = list(iterate_table(router, starts, ends, rows_at_once=4))
        assert [(rows.start, rows.stop) for rows, _ in blocks] == [(0, 4), (4, 6)]
        assert np.array_equal(np.concatenate([part.labels for _, part in blocks]), whole)
        i, j = [5, 0, 0, 2, 5], [2, 2, 2, 0, 1]
        assert np.array_equal(measure_pairs(router, starts, ends, i, j).labels, whole[i, j])


def test_nothing_asked_for_is_nothing() -> None:
    none, some = enter_at_nodes([]), enter_at_nodes([0, 1])
    for router in (route(), Router(GRAPH)):
        assert measure_table(router, none, some, tolls=True).labels.shape == (0, 2)
        assert measure_table(router, some, none).labels.shape == (2, 0)
        assert measure_pairs(router, some, some, [], []).labels.shape == (0,)
        assert list(iterate_table(router, none, some)) == []


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [0, 1, 2, 3, 3], [0, 1, 2, 3, 5]])
def test_an_order_that_leaves_nodes_out_is_refused(order: list[int]) -> None:
    with pytest.raises(NetworkError, match=r"network\.order"):
        build_hierarchy(GRAPH, order)


def test_a_bad_order_takes_more_room_and_stays_right() -> None:
    # The hub of a star first: every pair of its 120 rays gets a shortcut, far more than there are arcs.
    rays = range(1, 121)
    graph = make_graph(121, [arc for ray in rays for arc in ((0, ray, ray, 10, 0), (ray, 0, 5, 10, 0))])
    hierarchy = build_hierarchy(graph, range(121))
    assert len(hierarchy.up_head) + len(hierarchy.down_tail) == 240 + 120 * 119
    everywhere = enter_at_nodes(range(121))
    found = measure_table(Router(graph, hierarchy), everywhere, everywhere).labels
    assert np.array_equal(found, measure_table(Router(graph), everywhere, everywhere).labels)


def test_contraction_tells_how_far_it_is() -> None:
    told: list[float] = []
    build_hierarchy(GRAPH, range(5), progress=told.append)
    assert all(0 <= share <= 1 for share in told)


def test_shortcuts_say_what_they_run_through() -> None:
    # 1 and 2 go first, so 0 -> 3 is a shortcut over one of them, and its halves add up to it.
    hierarchy = build_hierarchy(GRAPH, [1, 2, 4, 0, 3])
    rank = hierarchy.rank
    low, high = int(rank[0]), int(rank[3])
    at = int(hierarchy.up_first[low])
    assert hierarchy.up_head[at] == high
    assert hierarchy.up_label[at] == pack_labels(300, 3200)
    via = int(hierarchy.up_via[at])
    assert via in (int(rank[1]), int(rank[2]))
    halves = [
        hierarchy.down_label[k]
        for k in range(int(hierarchy.down_first[via]), int(hierarchy.down_first[via + 1]))
        if hierarchy.down_tail[k] == low
    ] + [
        hierarchy.up_label[k]
        for k in range(int(hierarchy.up_first[via]), int(hierarchy.up_first[via + 1]))
        if hierarchy.up_head[k] == high
    ]
    assert sum(halves) == hierarchy.up_label[at]


def test_tolls_are_kept_to_a_64th_of_a_krone() -> None:
    assert round_tolls(np.array([0.1, 12.5, 0.0], np.float32)).tolist() == [0.09375, 12.5, 0.0]


def test_near_points_come_together() -> None:
    x = np.array([0.0, 100.0, 1.0, 101.0])
    order = order_by_place(x, np.array([0.0, 90.0, 1.0, 91.0])).tolist()
    assert order in ([0, 2, 1, 3], [1, 3, 0, 2])
    assert order_by_place(np.zeros(0), np.zeros(0)).tolist() == []
