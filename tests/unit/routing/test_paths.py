"""Least ways: arcs that join, labels equal to Dijkstra's, ways on and off roads and through dead ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.routing.labels import pack_labels
from geodata.routing.paths import RoadEnd, climb_sides, enter_edge, enter_point, find_path, pieces_of_arcs
from geodata.routing.router import Entries, Router, enter_at_nodes
from tests.unit.routing.hierarchies import contract_slowly, make_graph, measure_slowly, scatter_graph


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 25), st.booleans())
def test_a_path_has_the_least_label_and_joins_start_and_end(seed: int, nodes: int, ties: bool) -> None:
    graph = scatter_graph(seed, nodes, close_ties=ties)
    random = np.random.default_rng(seed)
    order = random.permutation(nodes).tolist()
    table = measure_slowly(graph, range(nodes))
    for router in (Router(graph), Router(graph, contract_slowly(graph, order=order))):
        for a, b in random.integers(0, nodes, (6, 2)):
            path = find_path(router, enter_at_nodes([a]), enter_at_nodes([b]))
            if path is None:
                assert np.isinf(table[a, b])
                continue
            assert path.label == table[a, b] == graph.arc_label[path.arcs].sum()
            assert path.toll == graph.arc_toll[path.arcs].sum()
            stops = [a, *graph.arc_head[path.arcs]]
            assert stops[-1] == b
            assert stops[:-1] == graph.arc_tail[path.arcs].tolist()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_the_best_pair_of_entries_is_chosen(seed: int) -> None:
    graph, random = scatter_graph(seed, 15), np.random.default_rng(seed)
    table = measure_slowly(graph, range(15))
    start, end = (
        Entries(
            np.array([0, 3], np.int64),
            random.choice(15, 3).astype(np.int32),
            pack_labels(random.integers(0, 900, 3), random.integers(0, 900, 3)),
            random.integers(0, 50, 3).astype(np.float32),
        )
        for _ in range(2)
    )
    total = start.label[:, None] + table[np.ix_(start.node, end.node)] + end.label
    for router in (Router(graph), Router(graph, contract_slowly(graph))):
        path = find_path(router, start, end)
        assert (np.inf if path is None else path.label) == total.min()
        if path is not None:
            assert total[path.start_entry, path.end_entry] == total.min()
            tolls = start.toll[path.start_entry] + end.toll[path.end_entry]
            assert path.toll == tolls + graph.arc_toll[path.arcs].sum()


def test_more_than_one_point_is_refused_and_no_entry_is_no_way() -> None:
    router = Router(scatter_graph(1, 5))
    with pytest.raises(ValueError, match="one start"):
        find_path(router, enter_at_nodes([0, 1]), enter_at_nodes([2]))
    assert find_path(router, enter_at_nodes([0]), enter_point(())) is None


def test_an_open_edge_is_entered_at_both_sides_and_a_one_way_edge_at_one() -> None:
    graph = make_graph([(0, 0), (100, 0)], [(0, 1, 50, 100, 0, False), (0, 1, 80, 120, 0, True)])
    both = enter_edge(graph, RoadEnd(30, 9, 0, 15, 30, float(pack_labels(7, 9))), outward=True)
    assert [(way.node, way.label) for way in both] == [
        (0, float(pack_labels(15 + 7, 30 + 9))),
        (1, float(pack_labels(35 + 7, 70 + 9))),
    ]
    one = RoadEnd(30, 0, 1, 20, 30)
    (leave,) = enter_edge(graph, one, outward=True)
    (arrive,) = enter_edge(graph, one, outward=False)
    assert (leave.node, leave.label) == (1, float(pack_labels(60, 90)))
    assert (arrive.node, arrive.label) == (0, float(pack_labels(20, 30)))
    assert (leave.pieces[0].begin, leave.pieces[0].end) == (30, 120)
    assert (arrive.pieces[0].begin, arrive.pieces[0].end) == (0, 30)


def test_a_dead_end_is_left_by_its_root_with_pieces_in_driving_order() -> None:
    points = [(0.0, 0.0), (100.0, 0.0), (0.0, 50.0), (0.0, 90.0)]
    graph = make_graph(points, [(0, 1, 50, 100, 0, False)], branches=[(0, 30, 50), (2, 20, 40)])
    end = RoadEnd(0, 80, 2, 5, 10)  # 10 m from the far tip of the second branch
    out = climb_sides(graph, end, outward=True)
    assert [[node for node, _, _ in chain] for chain in out] == [[3, 2, 0], [2, 0]]
    near = out[1][-1]
    assert near[1] == float(pack_labels(15 + 30, 30 + 50))
    assert [(p.edge, p.begin, p.end) for p in near[2]] == [(2, 10, 40), (1, 0, 50)]
    back = climb_sides(graph, end, outward=False)[1][-1]
    assert [(p.edge, p.begin, p.end) for p in back[2]] == [(1, 50, 0), (2, 40, 10)]
    assert back[1] == near[1]


def test_pieces_of_arcs_run_with_or_against_their_edges() -> None:
    graph = make_graph([(0, 0), (100, 0), (200, 0)], [(0, 1, 50, 100, 0, False), (2, 1, 60, 110, 0, False)])
    path = find_path(Router(graph), enter_at_nodes([0]), enter_at_nodes([2]))
    assert path is not None
    pieces = pieces_of_arcs(graph, path.arcs)
    assert [(p.edge, p.begin, p.end) for p in pieces] == [(0, 0, 100), (1, 110, 0)]
    assert sum(p.label for p in pieces) == path.label
