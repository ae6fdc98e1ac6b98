"""Orders of contraction out of the wheel's file, and what a router is where parts are missing."""

from __future__ import annotations

import importlib.util
import struct
from pathlib import Path

import numpy as np
import pytest

from geodata.errors import NetworkError
from geodata.routing import compiled
from geodata.routing.hierarchy import build_hierarchy
from geodata.routing.labels import MAX_TIME_H
from geodata.routing.ordering import order_by_degree
from geodata.routing.router import Router, enter_at_nodes
from geodata.routing.tables import measure_table
from loaders import hierarchies
from tests.unit.routing.graphs import make_graph

pytest.importorskip("routingkit_ch", reason="the wheel ch-router is not to be had on this platform")
RANDOM = np.random.default_rng(3)
NODES = 120
GRAPH = make_graph(
    NODES,
    [
        (
            int(node),
            int((node + step) % NODES),
            int(RANDOM.integers(10, 900)),
            int(RANDOM.integers(10, 9000)),
            0,
        )
        for node in range(NODES)
        for step in (1, -1, 13, 29)
    ],
)


def test_the_order_of_the_wheel_is_one_and_gives_dijkstras_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hierarchies, "SMALL_NODES", 10)
    router = hierarchies.make_router(GRAPH)
    assert router.hierarchy is not None
    assert sorted(router.hierarchy.node.tolist()) == list(range(NODES))
    everywhere = enter_at_nodes(range(NODES))
    found = measure_table(router, everywhere, everywhere).labels
    assert np.array_equal(found, measure_table(Router(GRAPH), everywhere, everywhere).labels)


def test_the_order_of_the_wheel_is_the_one_it_contracted_in() -> None:
    # Read backwards or by the inverse, the same numbers would be a permutation too, and a bad order.
    order = hierarchies.order_by_wheel(GRAPH)
    arcs = [len(build_hierarchy(GRAPH, wrong).up_head) for wrong in (order, order[::-1], np.argsort(order))]
    assert arcs[0] < min(arcs[1:])


def test_times_beyond_what_the_wheel_can_add_up_are_scaled() -> None:
    long = int(MAX_TIME_H * 36_000) - 1
    graph = make_graph(300, [(k, (k + step) % 300, long - k, 1, 0) for k in range(300) for step in (1, 299)])
    assert sorted(hierarchies.order_by_wheel(graph).tolist()) == list(range(300))


def test_a_small_graph_needs_no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hierarchies, "order_by_wheel", None)
    assert hierarchies.make_router(GRAPH).hierarchy is not None


def test_without_the_wheel_degrees_give_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hierarchies, "SMALL_NODES", 10)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    router = hierarchies.make_router(GRAPH)
    assert router.hierarchy is not None
    assert np.array_equal(router.hierarchy.node, order_by_degree(GRAPH))


def test_without_a_compiler_the_router_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "AVAILABLE", False)
    assert hierarchies.make_router(GRAPH).hierarchy is None


def write_file(
    path: Path, rank: list[int], first: list[int], head: list[int], magic: bytes = b"reiHtnoC"
) -> Path:
    header = magic + struct.pack("<III4x", len(rank), len(head), 0)
    path.write_bytes(header + np.array([*rank, *first, *head], "<u4").tobytes())
    return path


@pytest.mark.parametrize(
    ("rank", "first", "head", "magic"),
    [
        ([0, 1, 2], [0, 1, 2, 2], [1, 2], b"somethin"),
        ([0, 1, 1], [0, 1, 2, 2], [1, 2], b"reiHtnoC"),
        ([0, 1, 3], [0, 1, 2, 2], [1, 2], b"reiHtnoC"),
        ([0, 1, 2], [0, 1, 2, 2], [1, 1], b"reiHtnoC"),
        ([0, 1, 2], [0, 1, 2, 2], [1, 9], b"reiHtnoC"),
        ([0, 1, 2], [0, 2, 1, 2], [1, 2], b"reiHtnoC"),
        ([0, 1], [0, 1, 1], [1], b"reiHtnoC"),
    ],
    ids=["foreign", "twice", "outside", "level", "beyond", "unsorted", "fewer"],
)
def test_a_file_that_holds_no_order_is_refused(
    tmp_path: Path, rank: list[int], first: list[int], head: list[int], magic: bytes
) -> None:
    graph = make_graph(3, [(0, 1, 1, 1, 0)])
    good = write_file(tmp_path / "good", [2, 0, 1], [0, 1, 2, 2], [1, 2])
    assert hierarchies.read_order(good, graph).tolist() == [1, 2, 0]
    with pytest.raises(NetworkError, match=r"network\.order"):
        hierarchies.read_order(write_file(tmp_path / "bad", rank, first, head, magic), graph)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    graph = make_graph(3, [(0, 1, 1, 1, 0)])
    whole = write_file(tmp_path / "good", [2, 0, 1], [0, 1, 2, 2], [1, 2]).read_bytes()
    for length in range(len(whole)):
        (tmp_path / "short").write_bytes(whole[:length])
        with pytest.raises(NetworkError, match=r"network\.order"):
            hierarchies.read_order(tmp_path / "short", graph)
