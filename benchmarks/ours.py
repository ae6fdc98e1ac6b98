"""What this project's engine takes, and scipy's Dijkstra for the truth: run in processes of their own.

``python -m benchmarks.ours TASK FOLDER ARGUMENT...`` says on its output what was measured (lines of JSON).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.measure import measure, read_held, say
from benchmarks.store import load_arrays, save_arrays
from benchmarks.synthetic import make_graph
from geodata.routing.graph import NetworkFacts, RoadGraph
from geodata.routing.labels import TIME_SCALE
from geodata.routing.router import Entries, Router, enter_at_nodes

POINTS = 20_000
TRUE_STARTS = 5
WHOLE, STREAMED = 10_000, 5_000
"""Tables up to the first size are made whole, from the second on row by row as well."""


def make_roads(folder: Path, nodes: str, seed: str) -> None:
    """Make the graph, the points, what other engines read, and the truth from some of the points."""
    from benchmarks.osmfile import locate_nodes

    graph, made = measure(lambda: make_graph(int(nodes), seed=int(seed)))
    save_arrays(folder, graph)
    np.save(folder / "tail.npy", graph.arc_tail.astype(np.uint32))
    np.save(folder / "time.npy", (graph.arc_label // TIME_SCALE).astype(np.uint32))
    np.save(folder / "lonlat.npy", locate_nodes(graph))
    chosen = np.random.default_rng(int(seed)).permutation(graph.core)[: min(POINTS, graph.core)]
    np.save(folder / "points.npy", chosen)
    arcs = csr_array((graph.arc_label, graph.arc_head, graph.arc_first), shape=(graph.core, graph.core))
    starts = chosen[:TRUE_STARTS]
    labels, cost = measure(lambda: dijkstra(arcs, indices=starts))
    np.save(folder / "truth.npy", labels[:, chosen])
    say(
        nodes=graph.core,
        arcs=len(graph.arc_head),
        digest=graph.digest,
        made=made,
        scipy=cost,
        starts=len(starts),
    )


def write_osm_file(folder: Path) -> None:
    """Write the roads for OSRM."""
    from benchmarks.osmfile import PROFILE, write_osm

    (folder / "osrm").mkdir(exist_ok=True)
    (folder / "osrm" / "roads.lua").write_text(PROFILE, encoding="utf-8")
    write_osm(folder / "osrm" / "roads.osm.pbf", load_graph(folder))


def prepare_router(folder: Path, network: str) -> None:
    """Order, contract, save and load."""
    from geodata.routing.hierarchy import build_hierarchy
    from loaders.hierarchies import order_by_wheel
    from loaders.networkfiles import read_network, write_network

    small = make_graph(2000)
    build_hierarchy(small, np.arange(small.core))
    graph = load_graph(folder)
    order, ordered = measure(lambda: order_by_wheel(graph))
    hierarchy, contracted = measure(lambda: build_hierarchy(graph, order))
    arcs = len(hierarchy.up_head) + len(hierarchy.down_tail)
    router = Router(graph, hierarchy)
    path = folder / network
    _, saved = measure(lambda: write_network(path, router))
    _, loaded = measure(lambda: read_network(path))
    say(
        ordered=ordered,
        contracted=contracted,
        saved=saved,
        loaded=loaded,
        hierarchy_arcs=arcs,
        file_bytes=path.stat().st_size,
    )


def measure_tables(folder: Path, network: str, threads: str, *sizes: str) -> None:
    """Tables of all points against all, time, length and ferries in every cell, and whether they are true."""
    router, held = _read(folder / network)
    points, truth = np.load(folder / "points.npy"), np.load(folder / "truth.npy")
    _warm_up(router)
    say(held_bytes=held, threads=int(threads))
    for size in map(int, sizes):
        ends, known = enter_at_nodes(points[:size]), truth[:, :size]
        if size <= WHOLE:
            labels, cost = measure(
                partial(_fill, router, ends, int(threads)),
                repeat_s=2.0 if size <= 1000 else 0.0,
                runs=2,
            )
            right = float((labels[: len(known)] == known).mean())
            say(
                size=size,
                cells=labels.size,
                cost=cost,
                result_bytes=labels.nbytes,
                right=right,
                streamed=False,
            )
            del labels
        if size >= STREAMED:
            (cells, right), cost = measure(partial(_stream, router, ends, known, int(threads)))
            say(size=size, cells=cells, cost=cost, result_bytes=0, right=right, streamed=True)


def _fill(router: Router, ends: Entries, threads: int) -> np.ndarray:
    from geodata.routing.tables import measure_table

    return measure_table(router, ends, ends, threads=threads).labels


def _drain(router: Router, ends: Entries) -> None:
    from geodata.routing.tables import iterate_table

    for _ in iterate_table(router, ends, ends, threads=1):
        pass


def _stream(router: Router, ends: Entries, known: np.ndarray, threads: int) -> tuple[int, float]:
    """Walk through all rows, keeping none; return how many cells there were, and the share that is true."""
    from geodata.routing.tables import iterate_table

    cells, right = 0, []
    for rows, table in iterate_table(router, ends, ends, threads=threads):
        cells += table.labels.size
        head = known[rows][: len(table.labels)]
        right.extend((table.labels[: len(head)] == head).ravel())
    return cells, float(np.mean(right))


def measure_reach(folder: Path, network: str, *sizes: str) -> None:
    """Pairs within 100 km, within 30 minutes and the 10 nearest, beside the full table; one thread."""
    from geodata.routing.labels import unpack_labels
    from geodata.routing.reach import find_nearest, find_within
    from geodata.routing.tables import measure_table

    router, _ = _read(folder / network)
    points = np.load(folder / "points.npy")
    _warm_up(router)
    few = enter_at_nodes(points[:50])
    find_within(router, few, few, max_km=100, threads=1)
    find_nearest(router, few, few, k=10, threads=1)
    for size in map(int, sizes):
        ends = enter_at_nodes(points[:size])
        some = ends.select(np.arange(min(200, size)))
        _, full = measure(partial(_drain, router, ends))
        table = measure_table(router, some, ends, threads=1).labels
        says = unpack_labels(table)
        order = np.argsort(table, axis=1, kind="stable")[:, :11]
        questions: tuple[tuple[str, dict[str, Any]], ...] = (
            ("within 100 km", {"max_km": 100.0}),
            ("within 30 min", {"max_minutes": 30.0}),
        )
        for question, limits in questions:
            pairs, cost = measure(partial(find_within, router, ends, ends, **limits, threads=1))
            near = says.km <= 100 if "max_km" in limits else says.weight_min <= 30
            here = pairs.start < len(table)
            found = np.zeros_like(near)
            found[pairs.start[here], pairs.end[here]] = True
            same = np.array_equal(found, near) and np.array_equal(pairs.label[here], table[near])
            say(question=question, size=size, pairs=len(pairs.start), cost=cost, full=full, right=float(same))
        pairs, cost = measure(
            partial(find_nearest, router, ends, ends, k=10, exclude=np.arange(size), threads=1)
        )
        own = np.arange(len(table))[:, None]
        best = np.sort(np.where(order == own, np.inf, np.take_along_axis(table, order, axis=1)), axis=1)[
            :, :10
        ]
        same = np.array_equal(pairs.label[pairs.start < len(table)], best.ravel())
        say(question="10 nearest", size=size, pairs=len(pairs.start), cost=cost, full=full, right=float(same))


def make_small(folder: Path) -> None:
    """Make a small network file and places beside its roads, for what starting the program takes."""
    from benchmarks.osmfile import locate_nodes
    from loaders.hierarchies import make_router
    from loaders.networkfiles import write_network

    graph = make_graph(6000)
    write_network(folder / "small.skn", make_router(graph))
    places = [f"P{k},{lat:.6f},{lon:.6f}" for k, (lon, lat) in enumerate(locate_nodes(graph)[::600])]
    (folder / "places.csv").write_text("\n".join(["id,lat,lon", *places, ""]), encoding="utf-8")


def load_graph(folder: Path) -> RoadGraph:
    """Return the graph that :func:`make_roads` kept."""
    stored = load_arrays(folder)
    facts = NetworkFacts(**{**stored["facts"], "notes": tuple(stored["facts"]["notes"])})
    known = {name: stored[name] for name in RoadGraph.__dataclass_fields__}
    return RoadGraph(**{**known, "facts": facts, "names": tuple(stored["names"])})


def _read(path: Path) -> tuple[Router, int]:
    """Return the network at `path`, and the bytes that it holds."""
    from loaders.networkfiles import read_network

    before = read_held()
    router = read_network(path)
    return router, read_held() - before


def _warm_up(router: Router) -> None:
    """Compile, or read what was compiled before."""
    from geodata.routing.tables import iterate_table, measure_table

    few = enter_at_nodes(np.arange(10))
    measure_table(router, few, few, threads=1)
    for _ in iterate_table(router, few, few, threads=1):
        pass


TASKS: dict[str, Callable[..., None]] = {
    "roads": make_roads,
    "osm": write_osm_file,
    "prepare": prepare_router,
    "tables": measure_tables,
    "reach": measure_reach,
    "small": make_small,
}

if __name__ == "__main__":
    _task, _folder, *_more = sys.argv[1:]
    TASKS[_task](Path(_folder), *_more)
