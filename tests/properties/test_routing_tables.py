"""Tables over a hierarchy are those of Dijkstra's method, whatever the graph, the order and the batches."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.routing import tables
from geodata.routing.arraysweep import measure_with_arrays, plan_arrays
from geodata.routing.graph import RoadGraph
from geodata.routing.hierarchy import build_hierarchy
from geodata.routing.ordering import order_by_degree
from geodata.routing.reach import ReachedPairs, find_nearest, find_within
from geodata.routing.router import Entries, Router, enter_at_nodes
from geodata.routing.tables import iterate_table, measure_pairs, measure_table
from tests.unit.routing.graphs import find_least, make_graph

NODES = 9
# Few times and lengths, so that ways tie in time with other lengths, and in both.
ARCS = st.lists(
    st.tuples(
        st.integers(0, NODES - 1),
        st.integers(0, NODES - 1),
        st.integers(1, 3),
        st.integers(0, 3),
        st.integers(0, 1),
    ),
    max_size=30,
)
GRAPHS = st.builds(lambda arcs: make_graph(NODES, arcs), ARCS)


@settings(max_examples=150, deadline=None)
@given(GRAPHS, st.permutations(range(NODES)))
def test_equal_to_dijkstra_in_any_order(graph: RoadGraph, order: list[int]) -> None:
    router = Router(graph, build_hierarchy(graph, order))
    everywhere = enter_at_nodes(range(NODES))
    expected = [find_least(graph, start) for start in range(NODES)]
    assert measure_table(router, everywhere, everywhere).labels.tolist() == expected
    assert measure_table(Router(graph), everywhere, everywhere).labels.tolist() == expected
    assert measure_table(router, everywhere, everywhere, tolls=True).labels.tolist() == expected


@settings(max_examples=60, deadline=None)
@given(GRAPHS)
def test_times_keep_the_triangle(graph: RoadGraph) -> None:
    router = Router(graph, build_hierarchy(graph, order_by_degree(graph)))
    everywhere = enter_at_nodes(range(NODES))
    labels = measure_table(router, everywhere, everywhere).labels
    assert (labels[:, None, :] <= labels[:, :, None] + labels[None, :, :]).all()
    assert (np.diagonal(labels) == 0).all()


def make_country(seed: int, *, dear: bool) -> RoadGraph:
    """Return a graph of 300 nodes in a bent strip, with labels that hardly ever tie."""
    random = np.random.default_rng(seed)
    nodes = 300
    arcs, tolls = [], {}
    for node in range(nodes):
        for step in random.choice([1, 2, 3, 15, 16], 3, replace=False):
            head = int((node + step) % nodes)
            label = (
                int(random.integers(50, 5000)),
                int(random.integers(100, 9000)),
                int(random.random() < 0.02),
            )
            ways = [(node, head), (head, node)] if random.random() < 0.8 else [(node, head)]
            for way in ways:
                arcs.append((*way, *label))
                if dear and random.random() < 0.1:
                    tolls[way] = float(random.integers(1, 400)) / 4
    return make_graph(nodes, arcs, tolls)


def scatter_points(random: np.random.Generator, graph: RoadGraph, count: int) -> Entries:
    """Return points with none to three entries each."""
    first = np.concatenate([[0], np.cumsum(random.integers(0, 4, count))]).astype(np.int64)
    return Entries(
        first,
        random.integers(0, graph.core, first[-1]).astype(np.int32),
        random.integers(0, 900, first[-1]) * 2.0**29 + random.integers(0, 900, first[-1]) * 64,
        (random.integers(0, 40, first[-1]) / 4).astype(np.float32),
    )


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.integers(1, 140), st.integers(1, 50), st.integers(1, 200), st.integers(1, 4)
)
def test_what_else_is_asked_and_by_how_many_changes_nothing(
    seed: int, starts: int, ends: int, rows: int, threads: int
) -> None:
    graph = make_country(seed, dear=True)
    router = Router(graph, build_hierarchy(graph, order_by_degree(graph)))
    random = np.random.default_rng(seed)
    froms, tos = scatter_points(random, graph, starts), scatter_points(random, graph, ends)
    whole = measure_table(router, froms, tos, threads=1, tolls=True)
    plain = measure_table(Router(graph), froms, tos, tolls=True)
    assert np.array_equal(whole.labels, plain.labels)
    assert whole.toll is not None
    assert plain.toll is not None
    assert np.array_equal(whole.toll, plain.toll)
    assert np.array_equal(measure_table(router, froms, tos, threads=threads).labels, whole.labels)
    for block, part in iterate_table(router, froms, tos, rows_at_once=rows, threads=threads, tolls=True):
        assert np.array_equal(part.labels, whole.labels[block])
        assert np.array_equal(part.toll, whole.toll[block])
    some, few = random.integers(0, starts, 5), random.integers(0, ends, 3)
    part = measure_table(router, froms.select(some), tos.select(few), tolls=True)
    assert np.array_equal(part.labels, whole.labels[np.ix_(some, few)])
    assert np.array_equal(part.toll, whole.toll[np.ix_(some, few)])
    i, j = random.integers(0, starts, 40), random.integers(0, ends, 40)
    pairs = measure_pairs(router, froms, tos, i, j, tolls=True)
    assert np.array_equal(pairs.labels, whole.labels[i, j])
    assert np.array_equal(pairs.toll, whole.toll[i, j])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 50), st.booleans())
def test_arrays_sweep_what_machine_code_does(seed: int, starts: int, ends: int, dear: bool) -> None:
    graph = make_country(seed, dear=dear)
    router = Router(graph, build_hierarchy(graph, order_by_degree(graph)))
    random = np.random.default_rng(seed)
    froms, tos = scatter_points(random, graph, starts), scatter_points(random, graph, ends)
    swept = measure_table(router, froms, tos, tolls=True)  # the hierarchy has been built: kernels are there
    plan = plan_arrays(router.hierarchy, froms, tos)
    assert plan is not None
    labels, toll = measure_with_arrays(plan, froms, tos, tolls=True)
    assert np.array_equal(labels, swept.labels)
    assert np.array_equal(toll, swept.toll)
    assert np.array_equal(measure_with_arrays(plan, froms, tos, tolls=False)[0], swept.labels)


@settings(max_examples=60, deadline=None)
@given(GRAPHS, st.permutations(range(NODES)))
def test_arrays_sweep_graphs_full_of_ties(graph: RoadGraph, order: list[int]) -> None:
    hierarchy = build_hierarchy(graph, order)
    everywhere = enter_at_nodes(range(NODES))
    plan = plan_arrays(hierarchy, everywhere, everywhere)
    assert plan is not None
    expected = [find_least(graph, start) for start in range(NODES)]
    assert measure_with_arrays(plan, everywhere, everywhere, tolls=False)[0].tolist() == expected


def test_small_tables_wait_for_no_compiler_and_large_ones_use_it(monkeypatch) -> None:
    graph = make_country(3, dear=True)
    router = Router(graph, build_hierarchy(graph, order_by_degree(graph)))
    points = scatter_points(np.random.default_rng(3), graph, 90)
    expected = measure_table(router, points, points, tolls=True)
    asked: list[int] = []

    def watch(plan, starts, ends, *, tolls):
        asked.append(len(starts))
        return measure_with_arrays(plan, starts, ends, tolls=tolls)

    monkeypatch.setattr(tables, "measure_with_arrays", watch)
    monkeypatch.setattr(tables.compiled, "is_loaded", lambda: False)
    small = measure_table(router, points, points, tolls=True)
    blocks = list(iterate_table(router, points, points, rows_at_once=32, tolls=True))
    assert asked == [90, 32, 32, 26]
    monkeypatch.setattr("geodata.routing.arraysweep.MOST_STEPS", 1)
    large = measure_table(router, points, points, tolls=True)
    assert len(asked) == 4
    for table in (small, large):
        assert np.array_equal(table.labels, expected.labels)
        assert np.array_equal(table.toll, expected.toll)
    assert np.array_equal(np.concatenate([part.toll for _, part in blocks]), expected.toll)


def test_reach_over_small_tables_waits_for_no_compiler_either(monkeypatch) -> None:
    graph = make_country(5, dear=True)
    router = Router(graph, build_hierarchy(graph, order_by_degree(graph)))
    points = scatter_points(np.random.default_rng(5), graph, 70)
    itself = np.arange(70)

    def ask() -> list[ReachedPairs]:
        return [
            find_within(router, points, points, max_km=20, max_minutes=90, tolls=True),
            find_within(router, points, points, max_minutes=40, tolls=True),
            find_nearest(router, points, points, k=4, exclude=itself, tolls=True),
        ]

    expected = ask()
    assert all(len(pairs.start) for pairs in expected)
    monkeypatch.setattr(tables.compiled, "is_loaded", lambda: False)
    for name in ("_sweep_groups", "_pass_nearest"):
        monkeypatch.setattr(f"geodata.routing.reach.{name}", None)
    for here, there in zip(ask(), expected, strict=True):
        for name in ("start", "end", "label", "toll"):
            assert np.array_equal(getattr(here, name), getattr(there, name)), name


def test_pairs_are_cut_where_a_table_would_be_too_large(monkeypatch) -> None:
    graph = make_country(7, dear=False)
    router = Router(graph, build_hierarchy(graph, order_by_degree(graph)))
    random = np.random.default_rng(7)
    points = scatter_points(random, graph, 200)
    whole = measure_table(router, points, points).labels
    i, j = random.integers(0, 200, 3000), random.integers(0, 200, 3000)
    sizes: list[int] = []

    def watch(router, starts, ends, **options):
        sizes.append(len(starts) * len(ends))
        return measure_table(router, starts, ends, **options)

    monkeypatch.setattr(tables, "measure_table", watch)
    monkeypatch.setattr(tables, "BLOCK_CELLS", 4000)
    assert np.array_equal(measure_pairs(router, points, points, i, j).labels, whole[i, j])
    assert len(sizes) > 1
    assert max(sizes) <= 200 * tables.BATCH
