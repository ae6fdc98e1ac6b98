"""The synthetic roads that the benchmark measures on are what the benchmark says they are."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from benchmarks.synthetic import make_graph, make_neighbours
from geodata.routing.graph import FERRY
from geodata.routing.graphchecks import check_graph


def test_the_neighbour_graph_is_that_of_its_definition() -> None:
    random = np.random.default_rng(5)
    points = np.concatenate([random.normal(size=(80, 2)), random.uniform(-4, 4, (120, 2))])
    away = cdist(points, points)
    wanted = {
        (i, j)
        for i in range(200)
        for j in range(i + 1, 200)
        if not (np.maximum(away[i], away[j]) < away[i, j]).any()
    }
    edges, others = make_neighbours(points)
    assert {tuple(edge) for edge in edges.tolist()} == wanted
    assert not wanted & {tuple(edge) for edge in others.tolist()}


def test_the_roads_fit_together_and_the_sound_is_crossed_by_ferry_only() -> None:
    graph = make_graph(6000, seed=3)
    check_graph(graph)
    assert graph.core == len(graph.node_x) > 5500
    assert len(graph.arc_head) / graph.core > 2.5
    assert 0.07 < np.isinf(graph.edge_against).mean() < 0.09

    def count_parts(kept: np.ndarray) -> int:
        tails = graph.arc_tail[kept]
        joined = csr_array((np.ones(len(tails)), (tails, graph.arc_head[kept])), shape=(graph.core,) * 2)
        return int(connected_components(joined, connection="strong")[0])

    assert count_parts(np.ones(len(graph.arc_head), bool)) == 1
    assert count_parts(graph.edge_kind[graph.arc_edge] != FERRY) > 1


def test_a_seed_gives_one_graph() -> None:
    assert make_graph(2000, seed=4).digest == make_graph(2000, seed=4).digest
    assert make_graph(2000, seed=4).digest != make_graph(2000, seed=5).digest
