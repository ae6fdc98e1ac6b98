"""Compiled loops for what is within reach and what is nearest, over parts of a hierarchy."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from geodata.routing.compiled import compiled
from geodata.routing.graph import Int32s, Int64s
from geodata.routing.kernels_lanes import LANES, lead, lead_with_tolls
from geodata.routing.labels import FERRY_BITS, LENGTH_BITS
from geodata.transport import Floats

Floats32 = npt.NDArray[np.float32]
METRES_MASK: Final = 2**LENGTH_BITS - 1


@compiled
def turn_arcs(
    first: Int64s, above: Int32s, label: Floats, toll: Floats32
) -> tuple[Int64s, Int32s, Floats, Floats32]:
    """Return arcs that lie by their lower ends by their upper ends instead, with the lower ends told."""
    count = len(first) - 1
    upper_first = np.zeros(count + 1, np.int64)
    for arc in range(len(above)):
        upper_first[above[arc] + 1] += 1
    for node in range(count):
        upper_first[node + 1] += upper_first[node]
    at = upper_first.copy()
    below, upper_label = np.empty(len(above), np.int32), np.empty(len(above), np.float64)
    upper_toll = np.empty(len(above), np.float32)
    for node in range(count):
        for arc in range(first[node], first[node + 1]):
            place = at[above[arc]]
            at[above[arc]] += 1
            below[place] = node
            upper_label[place] = label[arc]
            upper_toll[place] = toll[arc]
    return upper_first, below, upper_label, upper_toll


@compiled
def sweep_lanes(
    seeds: Floats,
    up_first: Int64s,
    up_tail: Int32s,
    up_label: Floats,
    link: Int32s,
    down_first: Int64s,
    down_tail: Int32s,
    down_label: Floats,
    end_first: Int64s,
    end_row: Int32s,
    end_label: Floats,
) -> Floats:
    """Return the least labels to all ends, a row each with a lane for each start.

    `seeds` (a row for each node of the upward part) tells where starts enter. Arcs of both parts lie by the
    end that is reached; of two nodes the higher comes first. `link` tells where a node of the downward part
    stands in the upward part, or -1.
    """
    climbed, rows = np.empty_like(seeds), np.empty((len(link), LANES))
    reached = np.empty((len(end_first) - 1, LANES))
    for node in range(len(seeds) - 1, -1, -1):
        lead(climbed, node, seeds, node, climbed, up_first[node], up_first[node + 1], up_tail, up_label)
    for node in range(len(link)):
        lead(
            rows,
            node,
            climbed,
            link[node],
            rows,
            down_first[node],
            down_first[node + 1],
            down_tail,
            down_label,
        )
    for end in range(len(reached)):
        lead(reached, end, reached, -1, rows, end_first[end], end_first[end + 1], end_row, end_label)
    return reached


@compiled
def sweep_lanes_with_tolls(
    seeds: Floats,
    seed_toll: Floats32,
    up_first: Int64s,
    up_tail: Int32s,
    up_label: Floats,
    up_toll: Floats32,
    link: Int32s,
    down_first: Int64s,
    down_tail: Int32s,
    down_label: Floats,
    down_toll: Floats32,
    end_first: Int64s,
    end_row: Int32s,
    end_label: Floats,
    end_toll: Floats32,
) -> tuple[Floats, Floats32]:
    """Do what :func:`sweep_lanes` does, with the toll of each way beside its label; the least on ties."""
    climbed, climbed_toll = np.empty_like(seeds), np.empty_like(seed_toll)
    rows, row_toll = np.empty((len(link), LANES)), np.empty((len(link), LANES), np.float32)
    ends = len(end_first) - 1
    reached, reached_toll = np.empty((ends, LANES)), np.empty((ends, LANES), np.float32)
    for node in range(len(seeds) - 1, -1, -1):
        lead_with_tolls(
            climbed,
            node,
            seeds,
            node,
            climbed,
            up_first[node],
            up_first[node + 1],
            up_tail,
            up_label,
            climbed_toll,
            seed_toll,
            climbed_toll,
            up_toll,
        )
    for node in range(len(link)):
        lead_with_tolls(
            rows,
            node,
            climbed,
            link[node],
            rows,
            down_first[node],
            down_first[node + 1],
            down_tail,
            down_label,
            row_toll,
            climbed_toll,
            row_toll,
            down_toll,
        )
    for end in range(ends):
        lead_with_tolls(
            reached,
            end,
            reached,
            -1,
            rows,
            end_first[end],
            end_first[end + 1],
            end_row,
            end_label,
            reached_toll,
            reached_toll,
            row_toll,
            end_toll,
        )
    return reached, reached_toll


@compiled
def seed_lanes(
    seeds: Floats,
    seed_toll: Floats32,
    entry_lane: Int32s,
    entry_node: Int32s,
    entry_label: Floats,
    entry_toll: Floats32,
) -> None:
    """Put entries of starts into `seeds`: the least label of each node and lane, of these the least toll."""
    for entry in range(len(entry_node)):
        node, lane = entry_node[entry], entry_lane[entry]
        old, label = seeds[node, lane], entry_label[entry]
        if label < old or (label == old and entry_toll[entry] < seed_toll[node, lane]):
            seeds[node, lane] = label
            seed_toll[node, lane] = entry_toll[entry]


@compiled
def pick_within(
    reached: Floats, lanes: int, max_km: float, max_minutes: float, km_cost_min: float
) -> tuple[Int64s, Int32s, Floats]:
    """Return for each lane how many ends are within the limits, and lane by lane these and their labels."""
    ends = len(reached)
    inside = np.zeros((ends, lanes), np.bool_)
    counts = np.zeros(lanes, np.int64)
    for end in range(ends):
        for lane in range(lanes):
            if reached[end, lane] < np.inf:
                whole = np.int64(reached[end, lane])
                km = ((whole >> FERRY_BITS) & METRES_MASK) / 1000.0
                minutes = (whole >> (FERRY_BITS + LENGTH_BITS)) / 600.0 - km_cost_min * km
                if km <= max_km and minutes <= max_minutes:
                    inside[end, lane] = True
                    counts[lane] += 1
    picked = np.empty(counts.sum(), np.int32)
    label = np.empty(counts.sum(), np.float64)
    at = np.zeros(lanes, np.int64)
    at[1:] = np.cumsum(counts)[:-1]
    for end in range(ends):
        for lane in range(lanes):
            if inside[end, lane]:
                picked[at[lane]] = end
                label[at[lane]] = reached[end, lane]
                at[lane] += 1
    return counts, picked, label


@compiled
def _insert(
    labels: Floats, ends: Int32s, tolls: Floats32, count: int, label: float, end: int, toll: float
) -> int:
    """Put an end into a sorted list of the least ones, each end once; return the list's new length.

    Of equal labels of one end the least toll is kept, as in tables.
    """
    room = len(labels)
    if count == room and (label > labels[room - 1] or (label == labels[room - 1] and end > ends[room - 1])):
        return count
    gap = count
    for i in range(count):
        if ends[i] == end:
            if labels[i] == label:
                tolls[i] = min(tolls[i], toll)
            if labels[i] <= label:
                return count
            gap = i
            break
    if gap == count:
        if count < room:
            count += 1
        else:
            gap = room - 1
    while gap > 0 and (labels[gap - 1] > label or (labels[gap - 1] == label and ends[gap - 1] > end)):
        labels[gap], ends[gap], tolls[gap] = labels[gap - 1], ends[gap - 1], tolls[gap - 1]
        gap -= 1
    labels[gap], ends[gap], tolls[gap] = label, end, toll
    return count


@compiled
def pass_nearest(
    up_first: Int64s,
    up_head: Int32s,
    up_label: Floats,
    up_toll: Floats32,
    down_first: Int64s,
    down_tail: Int32s,
    down_label: Floats,
    down_toll: Floats32,
    link: Int32s,
    start_first: Int64s,
    start_node: Int32s,
    start_label: Floats,
    start_toll: Floats32,
    end_first: Int64s,
    end_node: Int32s,
    end_label: Floats,
    end_toll: Floats32,
    excluded: Int32s,
    k: int,
) -> tuple[Floats, Int32s, Floats32]:
    """Return labels, numbers and tolls of the nearest ends (starts x k); labels are infinite for none.

    Nodes are local numbers, each after those above it; `link` tells where a node of the upward part stands in
    the downward part, or -1. `excluded` is one end for each start that does not count, or -1.
    """
    room = k + 1
    ends, starts = len(end_first) - 1, len(start_first) - 1
    below_label = np.empty((len(down_first) - 1, room), np.float64)
    below_end = np.empty((len(down_first) - 1, room), np.int32)
    below_toll = np.empty((len(down_first) - 1, room), np.float32)
    below = np.zeros(len(down_first) - 1, np.int64)
    for end in range(ends):
        for entry in range(end_first[end], end_first[end + 1]):
            v = end_node[entry]
            below[v] = _insert(
                below_label[v], below_end[v], below_toll[v], below[v], end_label[entry], end, end_toll[entry]
            )
    for v in range(len(below) - 1, -1, -1):
        for arc in range(down_first[v], down_first[v + 1]):
            h = down_tail[arc]
            for i in range(below[v]):
                label = below_label[v, i] + down_label[arc]
                if below[h] == room and label > below_label[h, room - 1]:
                    break
                toll = below_toll[v, i] + down_toll[arc]
                below[h] = _insert(
                    below_label[h], below_end[h], below_toll[h], below[h], label, below_end[v, i], toll
                )
    near_label = np.empty((len(up_first) - 1, room), np.float64)
    near_end = np.empty((len(up_first) - 1, room), np.int32)
    near_toll = np.empty((len(up_first) - 1, room), np.float32)
    near = np.zeros(len(up_first) - 1, np.int64)
    for v in range(len(near)):
        if link[v] >= 0:
            b = link[v]
            near[v] = below[b]
            near_label[v], near_end[v], near_toll[v] = below_label[b], below_end[b], below_toll[b]
        for arc in range(up_first[v], up_first[v + 1]):
            h = up_head[arc]
            for i in range(near[h]):
                label = near_label[h, i] + up_label[arc]
                if near[v] == room and label > near_label[v, room - 1]:
                    break
                toll = near_toll[h, i] + up_toll[arc]
                near[v] = _insert(
                    near_label[v], near_end[v], near_toll[v], near[v], label, near_end[h, i], toll
                )
    out_label = np.full((starts, k), np.inf)
    out_end = np.full((starts, k), -1, np.int32)
    out_toll = np.zeros((starts, k), np.float32)
    for start in range(starts):
        found = 0
        for entry in range(start_first[start], start_first[start + 1]):
            v = start_node[entry]
            for i in range(near[v]):
                if near_end[v, i] != excluded[start]:
                    found = _insert(
                        out_label[start],
                        out_end[start],
                        out_toll[start],
                        found,
                        start_label[entry] + near_label[v, i],
                        near_end[v, i],
                        start_toll[entry] + near_toll[v, i],
                    )
    return out_label, out_end, out_toll
