"""The network against an independent shortest-path library, on networks drawn at random."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.network import KM_COST_MIN, RoadNetwork, build_network


@st.composite
def draw_networks(draw: st.DrawFn) -> RoadNetwork:
    """Up to twelve places and thirty links, some of them ferries, some parallel, some places cut off."""
    count = draw(st.integers(2, 12))
    places = pd.DataFrame(
        {
            "place_id": [f"p{k}" for k in range(count)],
            "name": [f"P{k}" for k in range(count)],
            "kind": "village",
            "lat": np.linspace(60, 63, count),
            "lon": np.linspace(9, 11, count),
        }
    )
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda e: e[0] != e[1])
    rows = []
    for k, (a, b) in enumerate(draw(st.lists(ends, min_size=1, max_size=30))):
        ferry = draw(st.booleans())
        rows.append(
            {
                "link_id": f"l{k}",
                "from_place": f"p{a}",
                "to_place": f"p{b}",
                "road": "E6",
                "km": draw(st.floats(0.1, 80)),
                "ferry": ferry,
                "speed_kmh": None if ferry else draw(st.floats(20, 80)),
                "sailing_minutes": draw(st.floats(1, 60)) if ferry else None,
                "waiting_minutes": draw(st.floats(0, 60)) if ferry else None,
                "source": "drawn",
            }
        )
    return build_network(places, pd.DataFrame(rows), name="drawn")


@settings(max_examples=60, deadline=None)
@given(draw_networks())
def test_ways_equal_those_of_an_independent_library(network: RoadNetwork) -> None:
    graph = nx.MultiGraph()
    graph.add_nodes_from(range(len(network.place_ids)))
    for k in range(len(network.km)):
        cost = network.minutes[k] + KM_COST_MIN * network.km[k]
        graph.add_edge(int(network.tail[k]), int(network.head[k]), cost=float(cost))
    expected = dict(nx.all_pairs_dijkstra_path_length(graph, weight="cost"))
    ways = network.ways
    for i in graph:
        for j in graph:
            assert ways.cost[i, j] == pytest.approx(expected[i].get(j, np.inf))
    reached = np.isfinite(ways.cost)
    assert ways.cost[reached] == pytest.approx((ways.minutes + KM_COST_MIN * ways.km)[reached])


@settings(max_examples=60, deadline=None)
@given(draw_networks())
def test_ways_are_the_same_in_both_directions_and_never_longer_by_a_third_place(network: RoadNetwork) -> None:
    ways = network.ways
    for values in (ways.cost, ways.minutes, ways.km, ways.ferries, ways.toll_nok):
        assert (values == values.T).all()
    by_third = (ways.cost[:, :, None] + ways.cost[None, :, :]).min(axis=1)
    assert (ways.cost <= by_third + 1e-6).all()
    assert (np.diag(ways.km) == 0).all()


@settings(max_examples=40, deadline=None)
@given(draw_networks())
def test_ferries_are_those_on_the_way(network: RoadNetwork) -> None:
    for start in range(len(network.place_ids)):
        _, before = network.predecessors(start)
        for end in np.flatnonzero(np.isfinite(network.ways.cost[start])):
            cost, place = 0.0, int(end)
            while place != start:
                link = network.link_between(np.array([before[place]]), np.array([place]))[0]
                cost += float(network.cost[link])
                place = int(before[place])
            assert cost == pytest.approx(network.ways.cost[start, end])
    assert (network.ways.ferries[np.isinf(network.ways.cost)] == 0).all()
    if not network.ferry.any():
        assert (network.ways.ferries == 0).all()
