"""What is within reach, and what is nearest: exact answers at a cost that follows their size.

Within reach: starts are grouped by place, and for each group only the ends that the straight line allows take
part. Over the part of the hierarchy above the group and the part above these ends, ways are swept for many
starts at once (Delling, Goldberg, Werneck: "Faster batched shortest paths in road networks", ATMOS 2011).

Nearest: every node learns the k nearest ends below it from the nodes it can be climbed to from, lowest rank
first, and then the k nearest of all from the nodes above it, highest rank first; no pair is looked at alone.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geodata.routing import compiled
from geodata.routing.graph import Int32s, Int64s
from geodata.routing.hierarchy import Hierarchy
from geodata.routing.labels import unpack_labels
from geodata.routing.reachgroups import bound_metres, group_points
from geodata.routing.router import Entries, Router
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
    """The upper part of a hierarchy above some entries, in local numbers that rise with rank."""

    nodes: Int32s
    arcs: tuple[Int64s, Int32s, Floats, Floats32]


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
    if router.hierarchy is None or not compiled.AVAILABLE:
        return _filter_table(router, starts, ends, limits, tolls=tolls, threads=threads)
    hierarchy = router.hierarchy
    bound = bound_metres(graph, max_km=limits.km, max_minutes=limits.minutes)
    groups = list(group_points(graph, starts, ends, bound_m=bound))
    workers = max(1, min(threads or os.cpu_count() or 1, len(groups)))
    slots: SimpleQueue[tuple[Int32s, Int32s]] = SimpleQueue()
    for _ in range(workers):
        slots.put((np.full(graph.core, -1, np.int32), np.full(graph.core, -1, np.int32)))

    def sweep(group: tuple[Int64s, Int64s]) -> tuple[Int64s, Int64s, Floats, Floats32]:
        slot = slots.get()
        try:
            return _sweep_group(hierarchy, starts, ends, group, limits, slot, tolls=tolls)
        finally:
            slots.put(slot)

    with ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(sweep, groups))
    return _join_groups([rows for rows, _ in groups], found, points=len(starts), tolls=tolls)


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
    if hierarchy is not None and compiled.AVAILABLE:
        slot = np.full(router.graph.core, -1, np.int32), np.full(router.graph.core, -1, np.int32)
        up, down = _cut_parts(hierarchy, starts, ends, slot)
        if (len(up.nodes) + len(down.nodes)) * (kept + 1) <= NEAREST_CELLS:
            return _pass_nearest(hierarchy, starts, ends, (up, down), excluded, kept, tolls=tolls)
    return _sort_table(router, starts, ends, excluded, kept, tolls=tolls, threads=threads)


def _cut_parts(
    hierarchy: Hierarchy, starts: Entries, ends: Entries, slot: tuple[Int32s, Int32s]
) -> tuple[_Part, _Part]:
    """Return the parts above `starts` and above `ends`. `slot` holds -1 and does so again afterwards."""
    from geodata.routing.kernels_reach import collect_above, cut_out

    parts = []
    for entries, seen, arcs in (
        (
            starts,
            slot[0],
            (hierarchy.up_first, hierarchy.up_head, hierarchy.up_label, hierarchy.up_toll),
        ),
        (
            ends,
            slot[1],
            (hierarchy.down_first, hierarchy.down_tail, hierarchy.down_label, hierarchy.down_toll),
        ),
    ):
        nodes = np.sort(collect_above(arcs[0], arcs[1], hierarchy.rank[entries.node], seen))
        seen[nodes] = np.arange(len(nodes), dtype=np.int32)
        parts.append(_Part(nodes, cut_out(*arcs, nodes, seen)))
        seen[nodes] = -1
    return parts[0], parts[1]


def _find_nodes(among: Int32s, nodes: Int32s) -> Int32s:
    """Return where each of `nodes` stands among sorted others, -1 where it does not."""
    if not len(among):
        return np.full(len(nodes), -1, np.int32)
    at = np.minimum(np.searchsorted(among, nodes), len(among) - 1)
    return np.where(among[at] == nodes, at, -1).astype(np.int32)


def _localise(hierarchy: Hierarchy, entries: Entries, part: _Part) -> tuple[Int64s, Int32s, Floats, Floats32]:
    node = _find_nodes(part.nodes, hierarchy.rank[entries.node])
    return entries.first, node, entries.label, entries.toll


def _sweep_group(
    hierarchy: Hierarchy,
    starts: Entries,
    ends: Entries,
    group: tuple[Int64s, Int64s],
    limits: _Limits,
    slot: tuple[Int32s, Int32s],
    *,
    tolls: bool,
) -> tuple[Int64s, Int64s, Floats, Floats32]:
    """Return, for the starts of a group, how many ends are within reach, and these with labels and tolls."""
    from geodata.routing.kernels_reach import sweep_within

    rows, near = group
    here, there = starts.select(rows), ends.select(near)
    up, down = _cut_parts(hierarchy, here, there, slot)
    counts, end, label, toll = sweep_within(
        *up.arcs,
        *down.arcs,
        _find_nodes(up.nodes, down.nodes),
        *_localise(hierarchy, here, up),
        *_localise(hierarchy, there, down),
        float(limits.km),
        float(limits.minutes),
        float(limits.km_cost_min),
        tolls,
    )
    return counts, near[end], label, toll


def _join_groups(
    rows: list[Int64s],
    found: list[tuple[Int64s, Int64s, Floats, Floats32]],
    *,
    points: int,
    tolls: bool,
) -> ReachedPairs:
    """Lay the groups' answers out by start."""
    counts = np.zeros(points, np.int64)
    for group, part in zip(rows, found, strict=True):
        counts[group] = part[0]
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    total = int(first[-1])
    end, label = np.empty(total, np.int64), np.empty(total)
    toll = np.empty(total, np.float32) if tolls else None
    for group, (count, group_end, group_label, group_toll) in zip(rows, found, strict=True):
        shift = first[group] - np.concatenate([[0], np.cumsum(count)[:-1]])
        to = np.arange(len(group_end)) + np.repeat(shift, count)
        end[to], label[to] = group_end, group_label
        if toll is not None:
            toll[to] = group_toll
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
    from geodata.routing.tables import iterate_table

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
        _find_nodes(down.nodes, up.nodes),
        *_localise(hierarchy, starts, up),
        *_localise(hierarchy, ends, down),
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
    from geodata.routing.tables import iterate_table

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
