"""Tables of least ways from many starts to many ends, exact, row by row or for listed pairs.

The method is RPHAST (Delling, Goldberg and Werneck, "Faster batched shortest paths in road networks", 2011):
what leads down to the ends is cut out of the hierarchy once, and then swept for many starts at a time. Every
number is the one least label, so neither batches, threads nor what else is asked for change it. Tolls are
those of the least way; where ways tie in time, length and ferries, the least toll among those found.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geodata.routing import compiled
from geodata.routing.arraysweep import ArrayPlan, measure_with_arrays, plan_arrays
from geodata.routing.graph import Int32s, Int64s, RoadGraph
from geodata.routing.hierarchy import Hierarchy, order_by_place, round_tolls
from geodata.routing.router import Entries, Router
from geodata.transport import Floats

Tolls = npt.NDArray[np.float32]
BLOCK_CELLS: Final = 16_000_000
"""Cells of a table that are held at once where rows are streamed: 128 MB."""
BATCH: Final = 32  # starts that are swept at once: as many as the kernels have lanes
_GROUP: Final = 4 * BATCH  # starts whose ways up are looked for together
_PAIR_BATCHES: Final = 16  # batches of starts whose pairs are measured together at most
_PLAIN_CELLS: Final = 4_000_000  # labels that plain Dijkstra holds at once


@dataclass(frozen=True, eq=False)
class Table:
    """Least ways: `labels` (starts x ends, or one a pair; inf: no way) and `toll` in NOK where asked for."""

    labels: Floats
    toll: Tolls | None = None


def measure_table(
    router: Router, starts: Entries, ends: Entries, *, threads: int | None = None, tolls: bool = False
) -> Table:
    """Return the table of all least ways from `starts` to `ends`, on `threads` (None: one a processor)."""
    table = _make_table((len(starts), len(ends)), tolls=tolls)
    _plan_table(router, starts, ends).fill(table, starts, threads=threads)
    return table


def iterate_table(
    router: Router,
    starts: Entries,
    ends: Entries,
    *,
    rows_at_once: int | None = None,
    threads: int | None = None,
    tolls: bool = False,
) -> Iterator[tuple[slice, Table]]:
    """Yield the table in blocks of rows, in order: which rows, and their part of the table.

    Never more than one block is held: `rows_at_once` rows (None: as many as fit :data:`BLOCK_CELLS`, whole
    batches at least).
    """
    if rows_at_once is None:
        rows_at_once = max(BLOCK_CELLS // max(len(ends), 1) // BATCH * BATCH, BATCH)
    plan = _plan_table(router, starts, ends)
    for row in range(0, len(starts), rows_at_once):
        block = slice(row, min(row + rows_at_once, len(starts)))
        table = _make_table((block.stop - row, len(ends)), tolls=tolls)
        plan.fill(table, starts.select(np.arange(row, block.stop)), threads=threads)
        yield block, table


def measure_pairs(
    router: Router,
    starts: Entries,
    ends: Entries,
    i: npt.ArrayLike,
    j: npt.ArrayLike,
    *,
    threads: int | None = None,
    tolls: bool = False,
) -> Table:
    """Return the least ways from start ``i[k]`` to end ``j[k]``: arrays of that length.

    Pairs are taken together by near starts, in tables of at most :data:`BLOCK_CELLS` cells.
    """
    first_of, second_of = np.asarray(i, np.int64), np.asarray(j, np.int64)
    found = _make_table((len(first_of),), tolls=tolls)
    asked, which = np.unique(first_of, return_inverse=True)
    turn = np.empty(len(asked), np.int64)
    turn[_sort_points(router.graph, starts.select(asked))] = np.arange(len(asked))
    pairs = np.argsort(turn[which], kind="stable")
    for part in _cut_pairs(turn[which][pairs], second_of[pairs]):
        here = pairs[part]
        rows, row = np.unique(first_of[here], return_inverse=True)
        columns, column = np.unique(second_of[here], return_inverse=True)
        table = measure_table(router, starts.select(rows), ends.select(columns), threads=threads, tolls=tolls)
        found.labels[here] = table.labels[row, column]
        if found.toll is not None and table.toll is not None:
            found.toll[here] = table.toll[row, column]
    return found


def _cut_pairs(turn: Int64s, second: Int64s) -> Iterator[slice]:
    """Cut pairs, sorted by `turn` of their start, into parts of few cells, by whole batches if may be.

    A start with more ends than fit a part alone has its pairs cut too.
    """
    at = 0
    while at < len(turn):
        stop = int(np.searchsorted(turn, turn[at] + BATCH))
        rows = _PAIR_BATCHES
        while rows > 1:
            end = int(np.searchsorted(turn, turn[at] + rows * BATCH))
            if rows * BATCH * len(np.unique(second[at:end])) <= BLOCK_CELLS:
                stop = end
                break
            rows //= 2
        yield slice(at, min(stop, at + BLOCK_CELLS))
        at = min(stop, at + BLOCK_CELLS)


def _make_table(shape: tuple[int, ...], *, tolls: bool) -> Table:
    return Table(np.empty(shape), np.empty(shape, np.float32) if tolls else None)


def _sort_points(graph: RoadGraph, points: Entries) -> Int64s:
    """Return positions of `points` so that near ones come together, by where their first entries lie."""
    known = np.flatnonzero(np.diff(points.first))
    node = points.node[points.first[known]]
    lost = np.flatnonzero(np.diff(points.first) == 0)
    return np.concatenate([known[order_by_place(graph.node_x[node], graph.node_y[node])], lost]).astype(
        np.int64
    )


def _type_entries(points: Entries) -> Entries:
    """Return `points` with arrays of the very types and layout that kernels read without asking."""
    return Entries(
        np.ascontiguousarray(points.first, np.int64),
        np.ascontiguousarray(points.node, np.int32),
        np.ascontiguousarray(points.label, np.float64),
        np.ascontiguousarray(points.toll, np.float32),
    )


def sweeps_arrays(router: Router, starts: Entries, ends: Entries) -> bool:
    """Tell whether the table is so small that it is swept with arrays while the compiler is not loaded."""
    hierarchy = router.hierarchy
    if hierarchy is None or not compiled.AVAILABLE or compiled.is_loaded():
        return False
    return plan_arrays(hierarchy, starts, ends) is not None


def _plan_table(router: Router, starts: Entries, ends: Entries) -> _SweepPlan | _ArraySweep | _PlainPlan:
    if router.hierarchy is None or not compiled.AVAILABLE:
        return _PlainPlan(router.graph, ends)
    if not compiled.is_loaded():
        arrays = plan_arrays(router.hierarchy, starts, ends)
        if arrays is not None:
            return _ArraySweep(arrays, ends)
    return _plan_sweeps(router.graph, router.hierarchy, ends)


@dataclass(frozen=True, eq=False)
class _SweepPlan:
    """What leads down to the ends: nodes in an order in which each stands after those above it.

    `rank` is the node of each row of labels, `row` the row of each rank (-1: none); arcs come by the lower
    row. Entries of points, which come sorted by place, say rows too; `column` is the point of each column.
    """

    graph: RoadGraph
    hierarchy: Hierarchy
    row: Int32s
    rows: int
    arc_first: Int64s
    arc_tail: Int32s
    arc_label: Floats
    arc_toll: Tolls
    point_first: Int64s
    point_row: Int32s
    point_label: Floats
    point_toll: Tolls
    column: Int32s

    def fill(self, table: Table, starts: Entries, *, threads: int | None) -> None:
        """Write the ways from `starts` into the rows of `table`."""
        starts = _type_entries(starts)
        turns = _sort_points(self.graph, starts)
        groups = [turns[at : at + _GROUP] for at in range(0, len(turns), _GROUP)]
        if table.toll is not None and not any(
            known.any() for known in (starts.toll, self.point_toll, self.arc_toll, self.hierarchy.up_toll)
        ):
            table.toll[:] = 0
            table = Table(table.labels)
        workers = min(threads or os.cpu_count() or 1, len(groups))
        queue = iter(groups)  # each worker takes the next group when it is done with one
        if workers <= 1:
            self._sweep_groups(table, starts, queue)
            return
        with ThreadPoolExecutor(workers) as pool:
            jobs = [pool.submit(self._sweep_groups, table, starts, queue) for _ in range(workers)]
            try:
                for job in jobs:
                    job.result()
            finally:
                for _ in queue:  # after a failure or an interrupt nobody takes up another group
                    pass

    def _sweep_groups(self, table: Table, starts: Entries, groups: Iterator[Int64s]) -> None:
        """Sweep groups of starts that stand near each other; what they lead up to is looked for together."""
        from geodata.routing import kernels_sweep as kernels

        above = self.hierarchy
        tolls = table.toll is not None
        position = np.full(len(above.node), -1, np.int32)
        seed_of_row = np.full(self.rows, -1, np.int32)
        rows, kept = np.empty((self.rows, BATCH)), np.empty((BATCH, len(self.column)))
        row_toll, kept_toll = (np.empty(room.shape if tolls else (0, 0), np.float32) for room in (rows, kept))
        for group in groups:
            ranks = above.rank[starts.select(group).node]
            closure, climb_first, climb_tail, climb_label, climb_toll = kernels.plan_climb(
                above.up_first, above.up_head, above.up_label, above.up_toll, ranks, position
            )
            met = np.flatnonzero(self.row[closure] >= 0).astype(np.int32)
            seed_of_row[self.row[closure[met]]] = met
            climbed = np.empty((len(closure), BATCH))
            climbed_toll = np.empty(climbed.shape if tolls else (0, 0), np.float32)
            seed_at = np.full(len(closure), -1, np.int32)
            for at in range(0, len(group), BATCH):
                batch = group[at : at + BATCH]
                some = starts.select(batch)
                lane = np.repeat(np.arange(len(batch), dtype=np.int32), np.diff(some.first))
                place = position[above.rank[some.node]]
                if table.toll is None:
                    kernels.sweep_batch(
                        climb_first,
                        climb_tail,
                        climb_label,
                        lane,
                        place,
                        some.label,
                        climbed,
                        seed_at,
                        seed_of_row,
                        self.arc_first,
                        self.arc_tail,
                        self.arc_label,
                        rows,
                        self.point_first,
                        self.point_row,
                        self.point_label,
                        self.column,
                        kept,
                        batch,
                        table.labels,
                    )
                    continue
                kernels.sweep_batch_with_tolls(
                    climb_first,
                    climb_tail,
                    climb_label,
                    climb_toll,
                    lane,
                    place,
                    some.label,
                    some.toll,
                    climbed,
                    climbed_toll,
                    seed_at,
                    seed_of_row,
                    self.arc_first,
                    self.arc_tail,
                    self.arc_label,
                    self.arc_toll,
                    rows,
                    row_toll,
                    self.point_first,
                    self.point_row,
                    self.point_label,
                    self.point_toll,
                    self.column,
                    kept,
                    kept_toll,
                    batch,
                    table.labels,
                    table.toll,
                )
            seed_of_row[self.row[closure[met]]] = -1
            position[closure] = -1


def _plan_sweeps(graph: RoadGraph, hierarchy: Hierarchy, ends: Entries) -> _SweepPlan:
    from geodata.routing import kernels_sweep as kernels

    turns = _sort_points(graph, ends)
    points = _type_entries(ends.select(turns))
    column = np.empty(len(turns), np.int32)
    column[turns] = np.arange(len(turns), dtype=np.int32)
    row = np.full(graph.core, -1, np.int32)
    rank = hierarchy.rank[points.node]
    order = kernels.order_closure(hierarchy.down_first, hierarchy.down_tail, rank, row)
    arcs = kernels.gather_arcs(
        order,
        row,
        hierarchy.down_first,
        hierarchy.down_tail,
        hierarchy.down_label,
        hierarchy.down_toll,
    )
    return _SweepPlan(
        graph, hierarchy, row, len(order), *arcs, points.first, row[rank], points.label, points.toll, column
    )


@dataclass(frozen=True, eq=False)
class _ArraySweep:
    """A small table, swept with whole arrays."""

    plan: ArrayPlan
    ends: Entries

    def fill(self, table: Table, starts: Entries, *, threads: int | None) -> None:
        """Write the ways from `starts` into the rows of `table`; `threads` makes no difference."""
        labels, toll = measure_with_arrays(self.plan, starts, self.ends, tolls=table.toll is not None)
        table.labels[:] = labels
        if table.toll is not None and toll is not None:
            table.toll[:] = toll


@dataclass(frozen=True, eq=False)
class _PlainPlan:
    """Dijkstra's method over the graph itself, where there is no hierarchy or no compiler."""

    graph: RoadGraph
    ends: Entries

    def fill(self, table: Table, starts: Entries, *, threads: int | None) -> None:
        """Write the ways from `starts` into the rows of `table`; `threads` makes no difference."""
        from scipy.sparse import csr_array  # slow to load
        from scipy.sparse.csgraph import dijkstra

        graph = self.graph
        roads = csr_array((graph.arc_label, graph.arc_head, graph.arc_first), shape=(graph.core, graph.core))
        table.labels[:] = np.inf
        if table.toll is not None:
            table.toll[:] = 0
        step = max(_PLAIN_CELLS // max(graph.core, 1), 1)
        nodes = np.unique(starts.node)
        owner = np.repeat(np.arange(len(starts)), np.diff(starts.first))
        for at in range(0, len(nodes), step):
            some = nodes[at : at + step]
            if table.toll is None:
                labels = dijkstra(roads, indices=some)
                tolls = None
            else:
                labels, before = dijkstra(roads, indices=some, return_predecessors=True)
                tolls = _add_tolls(graph, before)
            entries = np.flatnonzero(np.isin(starts.node, some))
            for entry in entries:
                here = int(np.searchsorted(some, starts.node[entry]))
                self._offer(
                    table,
                    int(owner[entry]),
                    labels[here] + starts.label[entry],
                    None if tolls is None else tolls[here] + starts.toll[entry],
                )

    def _offer(self, table: Table, row: int, labels: Floats, tolls: Tolls | None) -> None:
        """Take ways to all nodes with `labels` into the table's `row` wherever they are better."""
        filled = np.flatnonzero(np.diff(self.ends.first))
        starts = self.ends.first[filled]
        if not len(filled):
            return
        reached = labels[self.ends.node] + self.ends.label
        least = np.minimum.reduceat(reached, starts)
        old = table.labels[row, filled]
        if tolls is None or table.toll is None:
            table.labels[row, filled] = np.minimum(old, least)
            return
        paid = tolls[self.ends.node] + self.ends.toll
        tied = np.repeat(least, np.diff(np.append(starts, len(reached))))
        cheapest = np.minimum.reduceat(np.where(reached == tied, paid, np.inf), starts)
        better = (least < old) | ((least == old) & (cheapest < table.toll[row, filled]))
        better &= np.isfinite(least)
        table.labels[row, filled[better]] = least[better]
        table.toll[row, filled[better]] = cheapest[better]


def _add_tolls(graph: RoadGraph, before: Int32s) -> Tolls:
    """Return the tolls of ways (starts x nodes) along the trees of nodes `before`, by doubling strides."""
    key = graph.arc_tail.astype(np.int64) * graph.core + graph.arc_head
    by_key = np.argsort(key, kind="stable")
    key, price = key[by_key], round_tolls(graph.arc_toll)[by_key]
    toll = np.zeros(before.shape, np.float32)
    for paid, parent in zip(toll, before, strict=True):
        reached = np.flatnonzero(parent >= 0)
        paid[reached] = price[np.searchsorted(key, parent[reached].astype(np.int64) * graph.core + reached)]
        stride = np.where(parent >= 0, parent, np.arange(graph.core, dtype=np.int32))
        while True:  # what is paid on the last 1, 2, 4 ... roads of each way; the first node pays nothing
            further = stride[stride]
            paid += paid[stride]
            if np.array_equal(further, stride):
                break
            stride = further
    return toll
