"""Machine code that sweeps many starts at once over a hierarchy: up from the starts, down to the ends.

A lane is one start. Each node has a row of labels, one a lane, so that one arc serves all lanes by a handful
of vector instructions (:mod:`geodata.routing.kernels_lanes`). All three parts of a sweep are the same step:
a row becomes the least of what its tails' rows give.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geodata.routing.compiled import compiled
from geodata.routing.graph import Int32s, Int64s
from geodata.routing.kernels_lanes import LANES, lead, lead_with_tolls
from geodata.transport import Floats

Tolls = npt.NDArray[np.float32]
_TILE = 16  # ends that are turned from rows of lanes to rows of ends at once


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
def plan_climb(
    up_first: Int64s,
    up_head: Int32s,
    up_label: Floats,
    up_toll: Tolls,
    entry_rank: Int32s,
    position: Int32s,
) -> tuple[Int32s, Int64s, Int32s, Floats, Tolls]:
    """Return the ranks that `entry_rank` lead up to, and the arcs between them by their upper ends.

    The ranks come each after all that it leads to; arcs are CSR by place there, with places as tails. Rows
    are led from tails rather than pushed to heads: a row is then written once.
    """
    closure = order_closure(up_first, up_head, entry_rank, position)
    count = len(closure)
    first = np.zeros(count + 2, np.int64)
    for place in range(count):
        for arc in range(up_first[closure[place]], up_first[closure[place] + 1]):
            first[position[up_head[arc]] + 2] += 1
    for place in range(count):
        first[place + 2] += first[place + 1]
    total = first[count + 1]
    tail = np.empty(total, np.int32)
    label = np.empty(total, np.float64)
    toll = np.empty(total, np.float32)
    for place in range(count):
        for arc in range(up_first[closure[place]], up_first[closure[place] + 1]):
            above = position[up_head[arc]] + 1
            at = first[above]
            tail[at] = place
            label[at] = up_label[arc]
            toll[at] = up_toll[arc]
            first[above] = at + 1
    return closure, first[: count + 1], tail, label, toll


@compiled
def sweep_batch(
    climb_first: Int64s,
    climb_tail: Int32s,
    climb_label: Floats,
    entry_lane: Int32s,
    entry_place: Int32s,
    entry_label: Floats,
    climbed: Floats,
    seed_at: Int32s,
    seed_of_row: Int32s,
    first: Int64s,
    tail: Int32s,
    label: Floats,
    rows: Floats,
    point_first: Int64s,
    point_row: Int32s,
    point_label: Floats,
    column: Int32s,
    kept: Floats,
    out_row: Int64s,
    out: Floats,
) -> None:
    """Sweep one batch of starts up, down and into ``out[out_row[lane], column]``.

    Parameters
    ----------
    climb_* : arcs up, as :func:`plan_climb` gives them. entry_* : where the starts of the lanes enter there.
    climbed : room for the labels of these places. seed_at : one a place, -1 before and after.
    seed_of_row : place of each row, or -1.
    first, tail, label : arcs down, by lower row; a tail stands before. rows : room for the rows' labels.
    point_* : where the ends are left to. ``column[i]`` : the point that column i is about.
    kept : room for LANES rows, a column a point.
    """
    seeds = np.full((len(entry_place), LANES), np.inf)
    for entry in range(len(entry_place)):
        place = entry_place[entry]
        if seed_at[place] < 0:
            seed_at[place] = entry
        seed = seed_at[place]
        lane = entry_lane[entry]
        seeds[seed, lane] = min(seeds[seed, lane], entry_label[entry])
    for place in range(len(climb_first) - 2, -1, -1):
        start = climb_first[place]
        end = climb_first[place + 1]
        lead(climbed, place, seeds, seed_at[place], climbed, start, end, climb_tail, climb_label)
    seed_at[entry_place] = -1

    for row in range(len(first) - 1):
        lead(rows, row, climbed, seed_of_row[row], rows, first[row], first[row + 1], tail, label)
    points = len(point_first) - 1
    tile = np.empty((_TILE, LANES))
    for start in range(0, points, _TILE):
        count = min(_TILE, points - start)
        for k in range(count):
            entry = point_first[start + k]
            end = point_first[start + k + 1]
            lead(tile, k, tile, -1, rows, entry, end, point_row, point_label)
        for lane in range(LANES):
            for k in range(count):
                kept[lane, start + k] = tile[k, lane]
    for lane in range(len(out_row)):
        for at in range(points):
            out[out_row[lane], at] = kept[lane, column[at]]


@compiled
def sweep_batch_with_tolls(
    climb_first: Int64s,
    climb_tail: Int32s,
    climb_label: Floats,
    climb_toll: Tolls,
    entry_lane: Int32s,
    entry_place: Int32s,
    entry_label: Floats,
    entry_toll: Tolls,
    climbed: Floats,
    climbed_toll: Tolls,
    seed_at: Int32s,
    seed_of_row: Int32s,
    first: Int64s,
    tail: Int32s,
    label: Floats,
    toll: Tolls,
    rows: Floats,
    row_toll: Tolls,
    point_first: Int64s,
    point_row: Int32s,
    point_label: Floats,
    point_toll: Tolls,
    column: Int32s,
    kept: Floats,
    kept_toll: Tolls,
    out_row: Int64s,
    out: Floats,
    out_toll: Tolls,
) -> None:
    """Do what :func:`sweep_batch` does, with the toll of each way beside its label; the least on ties."""
    seeds = np.full((len(entry_place), LANES), np.inf)
    seed_toll = np.zeros((len(entry_place), LANES), np.float32)
    for entry in range(len(entry_place)):
        place = entry_place[entry]
        if seed_at[place] < 0:
            seed_at[place] = entry
        seed = seed_at[place]
        lane = entry_lane[entry]
        new = entry_label[entry]
        old = seeds[seed, lane]
        if new < old or (new == old and entry_toll[entry] < seed_toll[seed, lane]):
            seeds[seed, lane] = new
            seed_toll[seed, lane] = entry_toll[entry]
    for place in range(len(climb_first) - 2, -1, -1):
        lead_with_tolls(
            climbed,
            place,
            seeds,
            seed_at[place],
            climbed,
            climb_first[place],
            climb_first[place + 1],
            climb_tail,
            climb_label,
            climbed_toll,
            seed_toll,
            climbed_toll,
            climb_toll,
        )
    seed_at[entry_place] = -1

    for row in range(len(first) - 1):
        lead_with_tolls(
            rows,
            row,
            climbed,
            seed_of_row[row],
            rows,
            first[row],
            first[row + 1],
            tail,
            label,
            row_toll,
            climbed_toll,
            row_toll,
            toll,
        )
    points = len(point_first) - 1
    tile = np.empty((_TILE, LANES))
    toll_tile = np.empty((_TILE, LANES), np.float32)
    for start in range(0, points, _TILE):
        count = min(_TILE, points - start)
        for k in range(count):
            lead_with_tolls(
                tile,
                k,
                tile,
                -1,
                rows,
                point_first[start + k],
                point_first[start + k + 1],
                point_row,
                point_label,
                toll_tile,
                toll_tile,
                row_toll,
                point_toll,
            )
        for lane in range(LANES):
            for k in range(count):
                kept[lane, start + k] = tile[k, lane]
                kept_toll[lane, start + k] = toll_tile[k, lane]
    for lane in range(len(out_row)):
        for at in range(points):
            out[out_row[lane], at] = kept[lane, column[at]]
            out_toll[out_row[lane], at] = kept_toll[lane, column[at]]
