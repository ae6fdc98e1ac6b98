"""What is within reach and what is nearest: just what the whole table says, however the work is divided."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.routing import reach, reachgroups
from geodata.routing.labels import pack_labels, unpack_labels
from geodata.routing.reach import ReachedPairs, find_nearest, find_within
from geodata.routing.router import Entries, Router, enter_at_nodes
from geodata.routing.tables import measure_table
from geodata.transport import Floats
from tests.unit.routing.hierarchies import contract_slowly, make_graph, measure_slowly, scatter_graph


def make_entries(random: np.random.Generator, points: int, nodes: int) -> Entries:
    """Points with none to three entries."""
    counts = random.integers(0, 4, points)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    label = pack_labels(random.integers(0, 900, first[-1]), random.integers(0, 900, first[-1]))
    toll = random.integers(0, 30, first[-1]).astype(np.float32)
    return Entries(first, random.integers(0, nodes, first[-1]).astype(np.int32), label, toll)


def make_table(router: Router, starts: Entries, ends: Entries) -> Floats:
    """The whole table of least labels, by plain Dijkstra."""
    between = measure_slowly(router.graph, range(router.graph.core))
    table = np.full((len(starts), len(ends)), np.inf)
    for i in range(len(starts)):
        for j in range(len(ends)):
            s, e = slice(*starts.first[i : i + 2]), slice(*ends.first[j : j + 2])
            total = starts.label[s][:, None] + between[np.ix_(starts.node[s], ends.node[e])] + ends.label[e]
            table[i, j] = total.min(initial=np.inf)
    return table


def check_within(pairs: ReachedPairs, table: Floats, max_km: float, max_minutes: float) -> None:
    measures = unpack_labels(table)
    start, end = np.nonzero((measures.km <= max_km) & (measures.weight_min <= max_minutes))
    assert pairs.start.tolist() == start.tolist()
    assert pairs.end.tolist() == end.tolist()
    assert pairs.label.tolist() == table[start, end].tolist()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 60), st.floats(0, 90), st.booleans())
def test_within_reach_is_what_the_table_says(
    seed: int, max_km: float, max_minutes: float, ties: bool
) -> None:
    graph, random = scatter_graph(seed, 20, close_ties=ties), np.random.default_rng(seed)
    router = Router(graph, contract_slowly(graph, order=random.permutation(20).tolist()))
    starts, ends = make_entries(random, 30, 20), make_entries(random, 9, 20)
    table = make_table(router, starts, ends)
    check_within(find_within(router, starts, ends, max_km=max_km), table, max_km, np.inf)
    check_within(find_within(router, starts, ends, max_minutes=max_minutes), table, np.inf, max_minutes)
    both = find_within(router, starts, ends, max_km=max_km, max_minutes=max_minutes, tolls=True)
    check_within(both, table, max_km, max_minutes)


def test_groups_and_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, random = scatter_graph(4, 60), np.random.default_rng(4)
    router = Router(graph, contract_slowly(graph))
    starts, ends = make_entries(random, 90, 60), make_entries(random, 50, 60)
    once = find_within(router, starts, ends, max_km=9, tolls=True, threads=1)
    assert 0 < len(once.start) < 90 * 50 / 2
    monkeypatch.setattr(reachgroups, "SMALL_GROUP", 1)
    monkeypatch.setattr(reachgroups, "WIDTH_SHARE", 0.1)
    monkeypatch.setattr(reachgroups, "GROUP_STARTS", 5)
    monkeypatch.setattr(reachgroups, "SLACK_M", 10.0)
    divided = find_within(router, starts, ends, max_km=9, tolls=True, threads=3)
    for one, other in zip(once, divided, strict=True):
        assert one.tobytes() == other.tobytes()  # type: ignore[union-attr]


def test_a_pair_counts_by_its_least_way_only() -> None:
    """A quick way of 30 km and a slow one of 10 km: the pair is 30 km apart."""
    points = [(0.0, 0.0), (5_000.0, 9_000.0), (9_000.0, 0.0)]
    edges = [
        (0, 1, 6_000, 15_000, 0, False),
        (1, 2, 6_000, 15_000, 0, False),
        (0, 2, 20_000, 10_000, 0, False),
    ]
    graph = make_graph(points, edges)
    router = Router(graph, contract_slowly(graph))
    entries = enter_at_nodes([0, 2])
    assert find_within(router, entries, entries, max_km=29.9).end.tolist() == [0, 1]
    assert find_within(router, entries, entries, max_km=30).end.tolist() == [0, 1, 0, 1]


def test_minutes_leave_out_what_kilometres_cost() -> None:
    """10 km with 0.75 minutes a kilometre in the weight of 20: 12.5 minutes of driving."""
    graph = make_graph([(0, 0), (9_000, 0)], [(0, 1, 12_000, 10_000, 0, False)])
    graph = replace(graph, facts=replace(graph.facts, objective="cost", km_cost_min=0.75))
    router = Router(graph, contract_slowly(graph))
    a, b = enter_at_nodes([0]), enter_at_nodes([1])
    assert len(find_within(router, a, b, max_minutes=12.5).start) == 1
    assert len(find_within(router, a, b, max_minutes=12.4).start) == 0


def test_a_toll_is_that_of_the_least_way() -> None:
    edges = [(0, 1, 100, 900, 0, True), (1, 2, 100, 900, 0, True), (0, 2, 300, 1_200, 0, True)]
    graph = make_graph([(0, 0), (800, 0), (1_000, 800)], edges, tolls=[20.0, 30.0, 0.0])
    router = Router(graph, contract_slowly(graph, order=[1, 0, 2]))
    a = Entries(np.array([0, 1]), np.array([0], np.int32), np.array([0.0]), np.array([5.0], np.float32))
    for pairs in (
        find_within(router, a, enter_at_nodes([2]), max_km=5, tolls=True),
        find_nearest(router, a, enter_at_nodes([2]), k=1, tolls=True),
    ):
        assert pairs.toll is not None
        assert pairs.toll.tolist() == [55.0]


def test_points_without_entries_and_no_points_reach_nothing() -> None:
    graph = scatter_graph(2, 8)
    router = Router(graph, contract_slowly(graph))
    none = Entries(np.zeros(3, np.int64), np.empty(0, np.int32), np.empty(0), np.empty(0, np.float32))
    for starts, ends in ((none, enter_at_nodes([1])), (enter_at_nodes([1]), none), (none, none)):
        assert len(find_within(router, starts, ends, max_km=1).start) == 0
        assert len(find_nearest(router, starts, ends, k=2).start) == 0
    assert len(find_nearest(router, none, none.select([]), k=2).start) == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6), st.booleans(), st.booleans())
def test_the_nearest_are_the_least_of_the_table(seed: int, k: int, ties: bool, themselves: bool) -> None:
    graph, random = scatter_graph(seed, 18, close_ties=ties), np.random.default_rng(seed)
    router = Router(graph, contract_slowly(graph, order=random.permutation(18).tolist()))
    starts, ends = make_entries(random, 12, 18), make_entries(random, 12, 18)
    if ties:  # equally near ends: the first in number
        ends = replace(ends, label=np.zeros_like(ends.label))
    table = make_table(router, starts, ends)
    if themselves:
        np.fill_diagonal(table, np.inf)
    found = find_nearest(router, starts, ends, k=k, exclude=np.arange(12) if themselves else None)
    order = np.argsort(table, axis=1, kind="stable")[:, :k]
    least = np.take_along_axis(table, order, axis=1)
    start, place = np.nonzero(np.isfinite(least))
    assert found.start.tolist() == start.tolist()
    assert found.end.tolist() == order[start, place].tolist()
    assert found.label.tolist() == least[start, place].tolist()
    assert found.toll is None


def test_senseless_questions_about_the_nearest_are_refused() -> None:
    router, points = Router(scatter_graph(1, 5)), enter_at_nodes([0, 1])
    with pytest.raises(ValueError, match="at least 1"):
        find_nearest(router, points, points, k=0)
    with pytest.raises(ValueError, match="each start"):
        find_nearest(router, points, points, k=1, exclude=[0])


def test_without_a_hierarchy_the_answers_are_the_same() -> None:
    graph, random = scatter_graph(6, 40, close_ties=True), np.random.default_rng(6)
    swept, plain = Router(graph, contract_slowly(graph)), Router(graph)
    starts, ends = make_entries(random, 30, 40), make_entries(random, 30, 40)
    for question in ({"max_km": 8.0}, {"max_minutes": 4.0}, {"max_km": 0.001}):
        one, other = (find_within(r, starts, ends, **question) for r in (swept, plain))
        assert [column.tolist() for column in one[:3]] == [column.tolist() for column in other[:3]]
    one, other = (find_nearest(r, starts, ends, k=5, exclude=np.arange(30)) for r in (swept, plain))
    assert len(one.start) > 30
    assert [column.tolist() for column in one[:3]] == [column.tolist() for column in other[:3]]


def test_many_nearest_come_from_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = scatter_graph(7, 30)
    router, points = Router(graph, contract_slowly(graph)), enter_at_nodes(np.arange(30))
    once = find_nearest(router, points, points, k=50, tolls=True)
    monkeypatch.setattr(reach, "NEAREST_CELLS", 0)
    again = find_nearest(router, points, points, k=50, tolls=True)
    assert len(once.start) > 500
    for one, other in zip(once, again, strict=True):
        assert one.tolist() == other.tolist()  # type: ignore[union-attr]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_tolls_are_those_of_tables(seed: int) -> None:
    graph, random = scatter_graph(seed, 25, close_ties=True), np.random.default_rng(seed)
    router = Router(graph, contract_slowly(graph))
    starts, ends = make_entries(random, 20, 25), make_entries(random, 20, 25)
    table = measure_table(router, starts, ends, threads=1, tolls=True)
    assert table.toll is not None
    for pairs in (
        find_within(router, starts, ends, max_km=15, tolls=True),
        find_nearest(router, starts, ends, k=4, tolls=True),
    ):
        assert pairs.toll is not None
        assert pairs.label.tolist() == table.labels[pairs.start, pairs.end].tolist()
        assert pairs.toll.tolist() == table.toll[pairs.start, pairs.end].tolist()
