"""Machine code that sweeps many starts at once over a hierarchy: up from the starts, down to the ends.

A lane is one start. Each node has a row of labels, one a lane, so that one arc serves all lanes by a handful
of vector instructions. The minimum is written ``x if x < y else y``, which is what the processor's own
minimum does; anything else would be translated into something slower.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from geodata.routing.compiled import compiled
from geodata.routing.graph import Int32s, Int64s
from geodata.transport import Floats

LANES: Final = 32
"""Starts that are swept at once."""
Tolls = npt.NDArray[np.float32]


@compiled
def order_closure(first: Int64s, other: Int32s, roots: Int32s, position: Int32s) -> Int32s:
    """Return all nodes that `roots` lead to along the arcs, each after all that it leads to.

    Roots near to each other have most of what they lead to in common, so walking depth first from one after
    the other puts a node soon after what it needs. `position` is -1 everywhere before, and holds the places
    in the returned order after.
    """
    room = 1024
    order = np.empty(room, np.int32)
    stack = np.empty(1024, np.int32)
    upcoming = np.empty(1024, np.int64)
    count = 0
    for root in roots:
        if position[root] != -1:
            continue
        depth = 0
        stack[0] = root
        upcoming[0] = first[root]
        position[root] = -2
        while depth >= 0:
            node = stack[depth]
            arc = upcoming[depth]
            end = first[node + 1]
            while arc < end and position[other[arc]] != -1:
                arc += 1
            if arc < end:
                upcoming[depth] = arc + 1
                depth += 1
                if depth == len(stack):
                    stack = np.concatenate((stack, np.empty(depth, np.int32)))
                    upcoming = np.concatenate((upcoming, np.empty(depth, np.int64)))
                stack[depth] = other[arc]
                upcoming[depth] = first[other[arc]]
                position[other[arc]] = -2
            else:
                if count == len(order):
                    order = np.concatenate((order, np.empty(count, np.int32)))
                position[node] = count
                order[count] = node
                count += 1
                depth -= 1
    return order[:count].copy()


@compiled
def gather_arcs(
    order: Int32s, position: Int32s, first: Int64s, other: Int32s, label: Floats, toll: Tolls
) -> tuple[Int64s, Int32s, Floats, Tolls]:
    """Return the arcs of the nodes in `order`, in that order, with positions in it for their other ends."""
    total = 0
    for node in order:
        total += first[node + 1] - first[node]
    new_first = np.empty(len(order) + 1, np.int64)
    new_other = np.empty(total, np.int32)
    new_label = np.empty(total, np.float64)
    new_toll = np.empty(total, np.float32)
    new_first[0] = 0
    count = 0
    for place in range(len(order)):
        node = order[place]
        for arc in range(first[node], first[node + 1]):
            new_other[count] = position[other[arc]]
            new_label[count] = label[arc]
            new_toll[count] = toll[arc]
            count += 1
        new_first[place + 1] = count
    return new_first, new_other, new_label, new_toll


@compiled
def climb(
    up_first: Int64s,
    up_head: Int32s,
    up_label: Floats,
    entry_lane: Int32s,
    entry_rank: Int32s,
    entry_label: Floats,
    position: Int32s,
    down_position: Int32s,
    rows: Floats,
) -> None:
    """Put labels of the starts' upward ways into `rows`, at the nodes that have a `down_position`.

    `position` is -1 everywhere, before and after. `rows` is infinite before.
    """
    closure = order_closure(up_first, up_head, entry_rank, position)
    labels = np.full((len(closure), LANES), np.inf)
    for entry in range(len(entry_rank)):
        place = position[entry_rank[entry]]
        lane = entry_lane[entry]
        labels[place, lane] = min(labels[place, lane], entry_label[entry])
    for place in range(len(closure) - 1, -1, -1):
        node = closure[place]
        for arc in range(up_first[node], up_first[node + 1]):
            above = position[up_head[arc]]
            weight = up_label[arc]
            for lane in range(LANES):
                old = labels[above, lane]
                new = labels[place, lane] + weight
                labels[above, lane] = new if new < old else old
    for place in range(len(closure)):
        node = closure[place]
        position[node] = -1
        below = down_position[node]
        if below >= 0:
            for lane in range(LANES):
                rows[below, lane] = labels[place, lane]


@compiled
def sweep(first: Int64s, tail: Int32s, label: Floats, rows: Floats) -> None:
    """Lead the labels in `rows` down along all arcs: row i gets those of its tails, which stand before it."""
    for node in range(len(first) - 1):
        for arc in range(first[node], first[node + 1]):
            above = tail[arc]
            weight = label[arc]
            for lane in range(LANES):
                old = rows[node, lane]
                new = rows[above, lane] + weight
                rows[node, lane] = new if new < old else old


@compiled
def finish(
    rows: Floats,
    point_first: Int64s,
    point_row: Int32s,
    point_label: Floats,
    column: Int64s,
    out_row: Int64s,
    out: Floats,
) -> None:
    """Write the least label over each point's entries to ``out[out_row[lane], column]``.

    ``column[i]`` is the point whose labels belong in column i.
    """
    points = len(point_first) - 1
    kept = np.empty((LANES, points))
    for point in range(points):
        for lane in range(LANES):
            least = np.inf
            for entry in range(point_first[point], point_first[point + 1]):
                new = rows[point_row[entry], lane] + point_label[entry]
                least = new if new < least else least
            kept[lane, point] = least
    for lane in range(len(out_row)):
        for at in range(points):
            out[out_row[lane], at] = kept[lane, column[at]]


@compiled
def climb_with_tolls(
    up_first: Int64s,
    up_head: Int32s,
    up_label: Floats,
    up_toll: Tolls,
    entry_lane: Int32s,
    entry_rank: Int32s,
    entry_label: Floats,
    entry_toll: Tolls,
    position: Int32s,
    down_position: Int32s,
    rows: Floats,
    tolls: Tolls,
) -> None:
    """Do what :func:`climb` does, with the toll of each way beside its label; the least where labels tie."""
    closure = order_closure(up_first, up_head, entry_rank, position)
    labels = np.full((len(closure), LANES), np.inf)
    paid = np.zeros((len(closure), LANES), np.float32)
    for entry in range(len(entry_rank)):
        place = position[entry_rank[entry]]
        lane = entry_lane[entry]
        new = entry_label[entry]
        old = labels[place, lane]
        if new < old or (new == old and entry_toll[entry] < paid[place, lane]):
            labels[place, lane] = new
            paid[place, lane] = entry_toll[entry]
    for place in range(len(closure) - 1, -1, -1):
        node = closure[place]
        for arc in range(up_first[node], up_first[node + 1]):
            above = position[up_head[arc]]
            for lane in range(LANES):
                new = labels[place, lane] + up_label[arc]
                toll = paid[place, lane] + up_toll[arc]
                old = labels[above, lane]
                if new < old or (new == old and toll < paid[above, lane]):
                    labels[above, lane] = new
                    paid[above, lane] = toll
    for place in range(len(closure)):
        node = closure[place]
        position[node] = -1
        below = down_position[node]
        if below >= 0:
            for lane in range(LANES):
                rows[below, lane] = labels[place, lane]
                tolls[below, lane] = paid[place, lane]


@compiled
def sweep_with_tolls(
    first: Int64s, tail: Int32s, label: Floats, toll: Tolls, rows: Floats, tolls: Tolls
) -> None:
    """Do what :func:`sweep` does, with the toll of each way beside its label; the least where labels tie."""
    for node in range(len(first) - 1):
        for arc in range(first[node], first[node + 1]):
            above = tail[arc]
            for lane in range(LANES):
                new = rows[above, lane] + label[arc]
                paid = tolls[above, lane] + toll[arc]
                old = rows[node, lane]
                better = new < old or (new == old and paid < tolls[node, lane])
                rows[node, lane] = new if better else old
                tolls[node, lane] = paid if better else tolls[node, lane]


@compiled
def finish_with_tolls(
    rows: Floats,
    tolls: Tolls,
    point_first: Int64s,
    point_row: Int32s,
    point_label: Floats,
    point_toll: Tolls,
    column: Int64s,
    out_row: Int64s,
    out: Floats,
    out_toll: Tolls,
) -> None:
    """Do what :func:`finish` does, with the toll of each way; the least where labels tie."""
    points = len(point_first) - 1
    kept = np.empty((LANES, points))
    paid = np.empty((LANES, points), np.float32)
    for point in range(points):
        for lane in range(LANES):
            least = np.inf
            least_toll = np.float32(0.0)
            for entry in range(point_first[point], point_first[point + 1]):
                new = rows[point_row[entry], lane] + point_label[entry]
                toll = tolls[point_row[entry], lane] + point_toll[entry]
                if new < least or (new == least and toll < least_toll):
                    least = new
                    least_toll = toll
            kept[lane, point] = least
            paid[lane, point] = least_toll
    for lane in range(len(out_row)):
        for at in range(points):
            out[out_row[lane], at] = kept[lane, column[at]]
            out_toll[out_row[lane], at] = paid[lane, column[at]]
