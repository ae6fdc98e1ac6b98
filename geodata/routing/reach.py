"""What is within reach, and what is nearest: exact answers at a cost that follows their size.

Within reach: starts are grouped by place, and for each group only the ends that the straight line allows take
part. The part of the hierarchy above these ends is swept for many starts at once, as for tables (Delling,
Goldberg, Werneck: "Faster batched shortest paths in road networks", 2011).

Nearest: every node learns the k nearest ends below it from the nodes it can be climbed to from, lowest rank
first, and then the k nearest of all from the nodes above it, highest rank first; no pair is looked at alone.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geodata.routing import compiled
from geodata.routing.graph import Int32s, Int64s
from geodata.routing.hierarchy import Hierarchy
from geodata.routing.labels import unpack_labels
from geodata.routing.reachgroups import bound_metres, group_points
from geodata.routing.router import Entries, Router
from geodata.routing.tables import BATCH, iterate_table, sweeps_arrays
from geodata.transport import Floats

Floats32 = npt.NDArray[np.float32]

NEAREST_CELLS: Final = 100_000_000
"""Most ends that all nodes may remember at once when the nearest are asked for."""


class ReachedPairs(NamedTuple):
    """Pairs of a start and an end, one entry a pair.

    Attributes
    ----------
    start, end : positions of the points. label : packed labels of the least ways.
    toll : NOK on these ways (known ones), None when not asked for.
    """

    start: Int64s
    end: Int64s
    label: Floats
    toll: Floats32 | None


@dataclass(frozen=True)
class _Limits:
    km: float
    minutes: float
    km_cost_min: float


@dataclass(frozen=True, eq=False)
class _Part:
    """What can be climbed to from some nodes: `order` of nodes, each after those above it, and their arcs.

    `row` says where each node stands in `order`, -1 for others.
    """

    order: Int32s
    row: Int32s
    arcs: tuple[Int64s, Int32s, Floats, Floats32]


@dataclass(frozen=True, eq=False)
class _Reached:
    """What a batch of starts reaches: how many ends each, and these one start after the other."""

    starts: Int64s
    counts: Int64s
    end: Int64s
    label: Floats
    toll: Floats32 | None


def find_within(
    router: Router,
    starts: Entries,
    ends: Entries,
    *,
    max_km: float | None = None,
    max_minutes: float | None = None,
    threads: int | None = None,
    tolls: bool = False,
) -> ReachedPairs:
    """Return the pairs, sorted, whose least way is no longer than `max_km` and takes at most `max_minutes`.

    A pair whose least way is too long is not in the answer even where a slower way is shorter. Ways on and
    off the roads (the labels of the entries) count. Groups, threads and their number change nothing.

    Parameters
    ----------
    max_km, max_minutes : None means no limit. Minutes are those of the way, without what kilometres cost.
    threads : how many groups are worked on at a time; None: as many as there are processors.
    tolls : whether tolls are added up too.
    """
    graph = router.graph
    limits = _Limits(
        np.inf if max_km is None else max_km,
        np.inf if max_minutes is None else max_minutes,
        graph.facts.km_cost_min,
    )
    hierarchy = router.hierarchy
    if hierarchy is None or not compiled.AVAILABLE or sweeps_arrays(router, starts, ends):
        return _filter_table(router, starts, ends, limits, tolls=tolls, threads=threads)
    bound = bound_metres(graph, max_km=limits.km, max_minutes=limits.minutes)
    groups = list(group_points(graph, starts, ends, bound_m=bound))
    if not groups:
        return _concatenate([_NO_PAIRS], tolls=tolls)
    parts = (
        _cut_part(_rise(hierarchy), hierarchy.rank[starts.node]),
        _cut_part(_fall(hierarchy), hierarchy.rank[ends.node]),
    )
    workers = min(threads or os.cpu_count() or 1, len(groups))

    def sweep(part: int) -> list[_Reached]:
        return _sweep_groups(hierarchy, parts, starts, ends, groups[part::workers], limits, tolls=tolls)

    with ThreadPoolExecutor(workers) as pool:
        found = pool.map(sweep, range(workers))
        reached = [batch for worker in found for batch in worker]
    return _join_groups(reached, points=len(starts), tolls=tolls)


def find_nearest(
    router: Router,
    starts: Entries,
    ends: Entries,
    *,
    k: int,
    exclude: npt.ArrayLike | None = None,
    threads: int | None = None,
    tolls: bool = False,
) -> ReachedPairs:
    """Return the `k` nearest ends of each start by label (fewer where fewer are reached).

    Sorted by start, then nearest first; of equally near ends the first in number comes first.

    Parameters
    ----------
    exclude : for each start the position of an end that does not count (itself), or -1.
    threads : for the way without a hierarchy only.

    Raises ValueError when `k` is less than 1 or `exclude` is not one number a start.
    """
    if k < 1:
        raise ValueError("k is at least 1")
    excluded = np.full(len(starts), -1, np.int32) if exclude is None else np.asarray(exclude, np.int32)
    if excluded.shape != (len(starts),):
        raise ValueError("one excluded end for each start")
    kept = min(k, len(ends))
    if not kept:
        return _concatenate([_NO_PAIRS], tolls=tolls)
    hierarchy = router.hierarchy
    if hierarchy is not None and compiled.AVAILABLE and not sweeps_arrays(router, starts, ends):
        up = _cut_part(_rise(hierarchy), hierarchy.rank[starts.node])
        down = _cut_part(_fall(hierarchy), hierarchy.rank[ends.node])
        if (len(up.order) + len(down.order)) * (kept + 1) <= NEAREST_CELLS:
            return _pass_nearest(hierarchy, starts, ends, (up, down), excluded, kept, tolls=tolls)
    return _sort_table(router, starts, ends, excluded, kept, tolls=tolls, threads=threads)


_Arcs = tuple[Int64s, Int32s, Floats, Floats32]


def _rise(hierarchy: Hierarchy) -> _Arcs:
    return hierarchy.up_first, hierarchy.up_head, hierarchy.up_label, hierarchy.up_toll


def _fall(hierarchy: Hierarchy) -> _Arcs:
    return hierarchy.down_first, hierarchy.down_tail, hierarchy.down_label, hierarchy.down_toll


def _cut_part(arcs: _Arcs, nodes: Int32s, row: Int32s | None = None) -> _Part:
    """Return what can be climbed to from `nodes`. `row` (-1 everywhere) is used where given."""
    from geodata.routing.kernels_sweep import gather_arcs, order_closure

    row = np.full(len(arcs[0]) - 1, -1, np.int32) if row is None else row
    order = order_closure(arcs[0], arcs[1], nodes, row)
    return _Part(order, row, gather_arcs(order, row, *arcs))


def _sweep_groups(
    hierarchy: Hierarchy,
    parts: tuple[_Part, _Part],
    starts: Entries,
    ends: Entries,
    groups: list[tuple[Int64s, Int64s]],
    limits: _Limits,
    *,
    tolls: bool,
) -> list[_Reached]:
    """Return what the starts of each group reach of its ends. `parts` are those above all of them."""
    from geodata.routing import kernels_reach as kernels

    rising, falling = parts
    within = (float(limits.km), float(limits.minutes), float(limits.km_cost_min))
    scratch = [np.full(len(part.order), -1, np.int32) for part in parts]
    position = np.full(len(hierarchy.node), -1, np.int32)
    reached = []
    for rows, near in groups:
        here, there = starts.select(rows), ends.select(near)
        enter, leave = rising.row[hierarchy.rank[here.node]], falling.row[hierarchy.rank[there.node]]
        up, down = (
            _cut_part(part.arcs, roots, row)
            for part, roots, row in zip(parts, (enter, leave), scratch, strict=True)
        )
        position[rising.order[up.order]] = np.arange(len(up.order), dtype=np.int32)
        link = position[falling.order[down.order]]
        position[rising.order[up.order]] = -1
        turned = kernels.turn_arcs(*up.arcs)
        enter, leave = up.row[enter], down.row[leave]
        for row, part in zip(scratch, (up, down), strict=True):
            row[part.order] = -1
        for at in range(0, len(rows), BATCH):
            batch = rows[at : at + BATCH]
            some = slice(here.first[at], here.first[at + len(batch)])
            lane = np.repeat(
                np.arange(len(batch), dtype=np.int32), np.diff(here.first[at : at + len(batch) + 1])
            )
            seeds = np.full((len(up.order), BATCH), np.inf)
            seed_toll = np.zeros((len(up.order), BATCH), np.float32)
            kernels.seed_lanes(seeds, seed_toll, lane, enter[some], here.label[some], here.toll[some])
            if tolls:
                labels, paid = kernels.sweep_lanes_with_tolls(
                    seeds, seed_toll, *turned, link, *down.arcs, there.first, leave, there.label, there.toll
                )
            else:
                labels = kernels.sweep_lanes(
                    seeds, *turned[:3], link, *down.arcs[:3], there.first, leave, there.label
                )
            counts, picked, label = kernels.pick_within(labels, len(batch), *within)
            toll = paid[picked, np.repeat(np.arange(len(batch)), counts)] if tolls else None
            reached.append(_Reached(batch, counts, near[picked], label, toll))
    return reached


def _join_groups(parts: list[_Reached], *, points: int, tolls: bool) -> ReachedPairs:
    """Lay the answers out by start."""
    counts = np.zeros(points, np.int64)
    for part in parts:
        counts[part.starts] = part.counts
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    end, label = np.empty(first[-1], np.int64), np.empty(first[-1])
    toll = np.empty(first[-1], np.float32) if tolls else None
    for part in parts:
        at = 0
        for start, count in zip(part.starts.tolist(), part.counts.tolist(), strict=True):
            to = slice(first[start], first[start] + count)
            end[to], label[to] = part.end[at : at + count], part.label[at : at + count]
            if toll is not None and part.toll is not None:
                toll[to] = part.toll[at : at + count]
            at += count
    return ReachedPairs(np.repeat(np.arange(points), counts), end, label, toll)


def _filter_table(
    router: Router,
    starts: Entries,
    ends: Entries,
    limits: _Limits,
    *,
    tolls: bool,
    threads: int | None,
) -> ReachedPairs:
    """Answer from the rows of the full table, where there is no hierarchy or no compiler."""
    parts = [_NO_PAIRS]
    for rows, table in iterate_table(router, starts, ends, threads=threads, tolls=tolls):
        measures = unpack_labels(table.labels)
        minutes = measures.weight_min - limits.km_cost_min * measures.km
        start, end = np.nonzero((measures.km <= limits.km) & (minutes <= limits.minutes))
        toll = None if table.toll is None else table.toll[start, end]
        parts.append(ReachedPairs(start + rows.start, end, table.labels[start, end], toll))
    return _concatenate(parts, tolls=tolls)


def _pass_nearest(
    hierarchy: Hierarchy,
    starts: Entries,
    ends: Entries,
    parts: tuple[_Part, _Part],
    excluded: Int32s,
    k: int,
    *,
    tolls: bool,
) -> ReachedPairs:
    from geodata.routing.kernels_reach import pass_nearest

    up, down = parts
    label, end, toll = pass_nearest(
        *up.arcs,
        *down.arcs,
        down.row[up.order],
        starts.first,
        up.row[hierarchy.rank[starts.node]],
        starts.label,
        starts.toll,
        ends.first,
        down.row[hierarchy.rank[ends.node]],
        ends.label,
        ends.toll,
        excluded,
        k,
    )
    start, place = np.nonzero(np.isfinite(label))
    return ReachedPairs(
        start, end[start, place].astype(np.int64), label[start, place], toll[start, place] if tolls else None
    )


def _sort_table(
    router: Router,
    starts: Entries,
    ends: Entries,
    excluded: Int32s,
    k: int,
    *,
    tolls: bool,
    threads: int | None,
) -> ReachedPairs:
    """Pick the nearest from the rows of the full table."""
    parts = [_NO_PAIRS]
    for rows, table in iterate_table(router, starts, ends, threads=threads, tolls=tolls):
        labels = table.labels.copy()
        mine = np.flatnonzero(excluded[rows] >= 0)
        labels[mine, excluded[rows][mine]] = np.inf
        order = np.argsort(labels, axis=1, kind="stable")[:, :k]
        start, place = np.nonzero(np.isfinite(np.take_along_axis(labels, order, axis=1)))
        end = order[start, place]
        toll = None if table.toll is None else table.toll[start, end]
        parts.append(ReachedPairs(start + rows.start, end, labels[start, end], toll))
    return _concatenate(parts, tolls=tolls)


_NO_PAIRS: Final = ReachedPairs(
    np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0, np.float32)
)


def _concatenate(parts: list[ReachedPairs], *, tolls: bool) -> ReachedPairs:
    toll = np.concatenate([part.toll for part in parts if part.toll is not None]) if tolls else None
    start, end = np.concatenate([p.start for p in parts]), np.concatenate([p.end for p in parts])
    return ReachedPairs(start, end, np.concatenate([p.label for p in parts]), toll)
