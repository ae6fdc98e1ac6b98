"""Joining chains and cutting off dead ends change no distance between any two points of the roads."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from geodata.errors import NetworkError
from geodata.routing.graph import FERRY
from geodata.routing.labels import pack_labels
from geodata.routing.simplify import build_graph
from tests.properties.roadcases import FACTS, GraphReader, link_steps, list_steps, road_cases

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def build(segments):
    """Return the graph, None where there is no way to build it of (and then that is said)."""
    if list_steps(segments):
        return build_graph(segments, facts=FACTS)
    with pytest.raises(NetworkError, match="no_roads"):
        build_graph(segments, facts=FACTS)
    return None


@QUICK
@given(road_cases())
def test_every_pair_of_points_keeps_its_least_label(segments):
    graph, steps = build(segments), list_steps(segments)
    if graph is None:
        return
    roads = nx.DiGraph(
        (u, v, {"label": label}) for u, out in link_steps(steps).items() for v, label in out.items()
    )
    roads.add_nodes_from(p for step in steps for p in step[:2])
    reader = GraphReader(graph, segments)
    assert set(reader.node) | set(reader.on_edge) == set(roads)
    ashore = [p for p in roads if p in reader.node or graph.edge_kind[reader.on_edge[p][0]] != FERRY]
    for start in ashore:
        least = nx.single_source_dijkstra_path_length(roads, start, weight="label")
        for end in ashore:
            assert reader.between(start, end) == least.get(end, np.inf), (start, end)


@QUICK
@given(road_cases())
def test_the_graph_is_what_it_says(segments):
    graph = build(segments)
    if graph is None:
        return
    core, nodes = graph.core, len(graph.node_x)
    whole = np.flatnonzero(np.isfinite(np.minimum(graph.edge_along, graph.edge_against)))
    assert len(whole) == len(graph.edge_tail)
    both = np.isfinite(graph.edge_along) & np.isfinite(graph.edge_against)
    assert (graph.edge_along[both] == graph.edge_against[both]).all()
    last = graph.shape_first[1:] - 1
    parts = pack_labels(graph.shape_time[last], graph.shape_metres[last])
    crossings = np.fmin(graph.edge_along, graph.edge_against) - parts
    assert ((crossings >= 0) & (crossings <= (graph.edge_kind == FERRY))).all()
    for node, vertex in ((graph.edge_tail, graph.shape_first[:-1]), (graph.edge_head, last)):
        assert (graph.node_x[node] == graph.shape_x[vertex]).all()
        assert (graph.node_y[node] == graph.shape_y[vertex]).all()
    assert (graph.shape_time[graph.shape_first[:-1]] == 0).all()
    inside = np.ones(len(graph.shape_x), bool)
    inside[graph.shape_first[:-1]] = False
    assert (np.diff(graph.shape_time.astype(int))[inside[1:]] >= 1).all()
    tail = graph.arc_tail
    assert (tail != graph.arc_head).all()
    assert (np.diff(tail.astype(np.int64) * core + graph.arc_head) > 0).all(), "sorted, none twice"
    with_it = graph.arc_forward
    edge = graph.arc_edge
    assert (tail == np.where(with_it, graph.edge_tail[edge], graph.edge_head[edge])).all()
    assert (graph.arc_head == np.where(with_it, graph.edge_head[edge], graph.edge_tail[edge])).all()
    assert (graph.arc_label == np.where(with_it, graph.edge_along[edge], graph.edge_against[edge])).all()
    child = np.arange(core, nodes)
    assert (graph.tree_parent < child).all()
    up = graph.edge_tail[graph.tree_edge] == child
    assert (
        np.where(up, graph.edge_head[graph.tree_edge], graph.edge_tail[graph.tree_edge]) == graph.tree_parent
    ).all()
    assert (
        graph.tree_up == np.where(up, graph.edge_along[graph.tree_edge], graph.edge_against[graph.tree_edge])
    ).all()
    assert (graph.edge_kind[graph.tree_edge] != FERRY).all()


@QUICK
@given(road_cases())
def test_nothing_is_left_to_join_or_cut(segments):
    """No core node but a ferry's end, a junction or a tree's last node; parts are networkx's own."""
    graph = build(segments)
    if graph is None:
        return
    core = graph.core
    inner = (graph.edge_tail < core) & (graph.edge_head < core)
    degree = np.bincount(graph.edge_tail[inner], minlength=core) + np.bincount(
        graph.edge_head[inner], minlength=core
    )
    of_loop = inner & (graph.edge_tail == graph.edge_head)
    degree -= 2 * np.bincount(graph.edge_tail[of_loop], minlength=core)
    ferry = graph.edge_kind == FERRY
    at_ferry = np.zeros(core, bool)
    at_ferry[graph.edge_tail[ferry]] = at_ferry[graph.edge_head[ferry]] = True
    assert ((degree != 1) | at_ferry).all()
    arcs = nx.DiGraph(zip(graph.arc_tail.tolist(), graph.arc_head.tolist(), strict=True))
    arcs.add_nodes_from(range(core))
    parts = {frozenset(part) for part in nx.strongly_connected_components(arcs)}
    ours = {frozenset(np.flatnonzero(graph.component == k).tolist()) for k in np.unique(graph.component)}
    assert ours == parts


@QUICK
@given(road_cases())
def test_the_digest_follows_the_content(segments):
    graph, again = build(segments), build(segments)
    if graph is not None:
        assert graph.digest == again.digest
        assert len(graph.digest) == 64
