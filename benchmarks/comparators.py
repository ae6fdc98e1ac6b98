"""Other engines on the same roads: run in a process of their own, maybe by another Python.

``python -m benchmarks.comparators ENGINE FOLDER BUDGET_S SIZE...`` needs numpy and the engine; it says on its
output what was measured (lines of JSON). Every engine has one thread. A size whose predicted time is over the
budget is left out. What an engine answers is compared with the times of the truth that is in FOLDER.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Cost, measure, read_held, say

PAIRS = 2000
"""How many pairs are asked for of an engine that answers one by one."""


class Roads:
    """The roads as plain arrays of `folder`, and the times (tenths of a second) that are known to be true."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tail = np.load(folder / "tail.npy")
        self.head = np.load(folder / "arc_head.npy").astype(np.uint32)
        self.time = np.load(folder / "time.npy")
        self.lonlat = np.load(folder / "lonlat.npy")
        self.points = np.load(folder / "points.npy").astype(np.uint32)
        truth = np.load(folder / "truth.npy")
        self.truth = (truth.astype(np.int64) >> 29).astype(float)

    def share_right(self, times: np.ndarray, *, within: float = 0.0) -> float:
        """Return the share of `times` (first rows and columns) that differ from the truth by no more."""
        known = self.truth[: times.shape[0], : times.shape[1]]
        return float((np.abs(times[: len(known)] - known) <= within).mean())


def run_pyroutingkit(roads: Roads, sizes: list[int], budget_s: float) -> None:
    """Customizable contraction hierarchy of RoutingKit, its own many-to-many; times only."""
    from pyroutingkit import CCH

    kept = roads.folder / "pyroutingkit"
    before = read_held()
    cch = CCH()
    if not (kept / "done").exists():
        lon, lat = roads.lonlat.T.astype(np.float32)
        args = (roads.tail, roads.head, np.ascontiguousarray(lat), np.ascontiguousarray(lon), len(lat))
        _, built = measure(lambda: cch.build_topology(*args))
        kept.mkdir(exist_ok=True)
        cch.save_topology(str(kept))
        say(prepared="order and topology", cost=built)
        (kept / "done").touch()
    else:
        cch.load_topology(str(kept))
    _, customized = measure(lambda: cch.customize_weights(roads.time))
    say(prepared="customization", cost=customized, held_bytes=read_held() - before)
    for points in _within(budget_s, sizes):
        which = roads.points[: points.size]
        table, cost = measure(partial(cch.distances_many_to_many, which, which))
        times = np.asarray(table).reshape(len(which), len(which))
        points.tell(cost, cells=times.size, right=roads.share_right(times))


def run_ch_router(roads: Roads, sizes: list[int], budget_s: float) -> None:
    """Contraction hierarchy of RoutingKit, pair by pair from Python; times only."""
    from routingkit_ch import CHQuery, ContractionHierarchy

    kept = roads.folder / "ch-router"
    before = read_held()
    if not kept.exists():
        made, built = measure(
            lambda: ContractionHierarchy.build(len(roads.lonlat), roads.tail, roads.head, roads.time)
        )
        made.save_file(str(kept))
        say(prepared="order and contraction", cost=built)
    else:
        made = ContractionHierarchy.load_file(str(kept))
    query = CHQuery(made)
    say(prepared="load", held_bytes=read_held() - before)
    for points in _within(budget_s, sizes[-1:]):
        rows, columns = roads.truth.shape[0], PAIRS // roads.truth.shape[0]

        def ask(rows: int = rows, columns: int = columns) -> np.ndarray:
            ends = roads.points[:columns].tolist()
            starts = roads.points[:rows].tolist()

            def one(start: int, end: int) -> int:
                return int(query.reset().add_source(start).add_target(end).run().get_distance())

            return np.array([[one(start, end) for end in ends] for start in starts])

        times, cost = measure(ask)
        points.tell(cost, cells=times.size, right=roads.share_right(times), sampled=True)


def run_pandana(roads: Roads, sizes: list[int], budget_s: float) -> None:
    """Contraction hierarchy inside pandana, pairs in one call; times only."""
    import pandas as pd
    from pandana.network import Network

    before = read_held()
    lon, lat = roads.lonlat.T
    arcs = pd.DataFrame({"time": roads.time.astype(float)})
    network, built = measure(
        lambda: Network(
            pd.Series(lon),
            pd.Series(lat),
            pd.Series(roads.tail.astype(int)),
            pd.Series(roads.head.astype(int)),
            arcs,
            twoway=False,
        )
    )
    say(prepared="order and contraction", cost=built, held_bytes=read_held() - before)
    for points in _within(budget_s, sizes[-1:]):
        rows, columns = roads.truth.shape[0], 5 * PAIRS // roads.truth.shape[0]
        starts = np.repeat(roads.points[:rows].astype(int), columns)
        ends = np.tile(roads.points[:columns].astype(int), rows)
        found, cost = measure(partial(network.shortest_path_lengths, starts, ends))
        times = np.asarray(found).reshape(rows, columns)
        points.tell(cost, cells=times.size, right=roads.share_right(times, within=0.01), sampled=True)


def run_osrm(roads: Roads, sizes: list[int], budget_s: float) -> None:
    """OSRM's multi-level Dijkstra, its table service called in this process; times only."""
    import osrm

    folder = roads.folder / "osrm"
    base = folder / "roads.osrm"
    if not (folder / "done").exists():
        tools = Path(sysconfig.get_paths()["purelib"]) / "osrm" / "bin"
        for step in ("extract", "partition", "customize"):
            more = ["-p", str(folder / "roads.lua"), str(folder / "roads.osm.pbf")]
            tail = more if step == "extract" else [str(base)]
            command = [str(tools / f"osrm-{step}"), "-t", "1", *tail]
            cost, peak = _run_tool(command)
            say(prepared=step, cost=cost, peak_bytes=peak)
        (folder / "done").touch()
    before = read_held()
    engine = osrm.OSRM(
        storage_config=str(base),
        algorithm="MLD",
        use_shared_memory=False,
        max_locations_distance_table=100_000,
    )
    say(prepared="load", held_bytes=read_held() - before)
    for points in _within(budget_s, sizes):
        places = [tuple(p) for p in roads.lonlat[roads.points[: points.size]].tolist()]
        asked = osrm.TableParameters(coordinates=places, annotations=["duration"], generate_hints=False)
        answer, cost = measure(partial(engine.Table, asked))
        seconds = np.array([list(row) for row in answer["durations"]], float)
        points.tell(cost, cells=seconds.size, right=roads.share_right(seconds * 10, within=0.5))


class _Size:
    """One size of table, and whether it was measured."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.us_a_cell: float | None = None

    def tell(self, cost: Cost, *, cells: int, right: float, sampled: bool = False) -> None:
        self.us_a_cell = cost.cpu_s / cells * 1e6
        say(size=self.size, cells=cells, cost=cost, right=right, sampled=sampled)


def _within(budget_s: float, sizes: list[int]) -> Iterator[_Size]:
    """Give the sizes that the budget allows, judged by the cost of a cell in the one before."""
    last: float | None = None
    for size in sizes:
        if last is not None and last * size**2 / 1e6 > budget_s:
            say(left_out=size, predicted_s=last * size**2 / 1e6)
            continue
        one = _Size(size)
        yield one
        last = one.us_a_cell


def _run_tool(command: list[str]) -> tuple[Cost, int]:
    """Run another program; return its cost and the most bytes that it held."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    wall = time.perf_counter() - began
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024, 1), usage.ru_maxrss * 1024


ENGINES: dict[str, Callable[[Roads, list[int], float], Any]] = {
    "pyroutingkit": run_pyroutingkit,
    "ch-router": run_ch_router,
    "pandana": run_pandana,
    "osrm": run_osrm,
}

if __name__ == "__main__":
    _engine, _folder, _budget, *_sizes = sys.argv[1:]
    ENGINES[_engine](Roads(Path(_folder)), [int(size) for size in _sizes], float(_budget))
