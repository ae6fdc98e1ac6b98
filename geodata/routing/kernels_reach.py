"""Compiled loops for what is within reach and what is nearest, over parts of a hierarchy."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from geodata.routing.compiled import compiled
from geodata.routing.graph import Int32s, Int64s
from geodata.routing.labels import FERRY_BITS, LENGTH_BITS
from geodata.transport import Floats

Floats32 = npt.NDArray[np.float32]
LANES: Final = 16
"""Starts that one sweep serves at once."""
METRES_MASK: Final = 2**LENGTH_BITS - 1


@compiled
def collect_above(first: Int64s, above: Int32s, seeds: Int32s, slot: Int32s) -> Int32s:
    """Return all nodes that can be climbed to from `seeds`, unsorted. `slot`: -1 before, 0 at these after."""
    found = np.empty(1024, np.int32)
    count = 0
    for seed in seeds:
        if slot[seed] < 0:
            slot[seed] = 0
            if count == len(found):
                found = np.concatenate((found, np.empty(len(found), np.int32)))
            found[count] = seed
            count += 1
    done = 0
    while done < count:
        node = found[done]
        done += 1
        for arc in range(first[node], first[node + 1]):
            high = above[arc]
            if slot[high] < 0:
                slot[high] = 0
                if count == len(found):
                    found = np.concatenate((found, np.empty(len(found), np.int32)))
                found[count] = high
                count += 1
    return found[:count]


@compiled
def cut_out(
    first: Int64s, above: Int32s, label: Floats, toll: Floats32, nodes: Int32s, slot: Int32s
) -> tuple[Int64s, Int32s, Floats, Floats32]:
    """Return the arcs of `nodes` (closed upwards) in local numbers; `slot` tells each node's number."""
    local_first = np.zeros(len(nodes) + 1, np.int64)
    for i in range(len(nodes)):
        local_first[i + 1] = local_first[i] + first[nodes[i] + 1] - first[nodes[i]]
    local_above = np.empty(local_first[-1], np.int32)
    local_label = np.empty(local_first[-1], np.float64)
    local_toll = np.empty(local_first[-1], np.float32)
    at = 0
    for i in range(len(nodes)):
        for arc in range(first[nodes[i]], first[nodes[i] + 1]):
            local_above[at] = slot[above[arc]]
            local_label[at] = label[arc]
            local_toll[at] = toll[arc]
            at += 1
    return local_first, local_above, local_label, local_toll


@compiled
def _relax(lower: Floats, upper: Floats, label: float) -> None:
    for k in range(LANES):
        through = upper[k] + label
        lower[k] = through if through < lower[k] else lower[k]


@compiled
def _relax_toll(
    lower: Floats, upper: Floats, label: float, lower_toll: Floats32, upper_toll: Floats32, toll: float
) -> None:
    for k in range(LANES):
        through = upper[k] + label
        better = through < lower[k]
        lower_toll[k] = upper_toll[k] + toll if better else lower_toll[k]
        lower[k] = through if better else lower[k]


@compiled
def sweep_within(
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
    max_km: float,
    max_minutes: float,
    km_cost_min: float,
    tolls: bool,
) -> tuple[Int64s, Int32s, Floats, Floats32]:
    """Return for all starts how many ends are within the limits, and these ends, with labels and tolls.

    All nodes are local numbers, which rise with rank; `link` tells where a node of the downward part stands
    in the upward part, or -1. Ends rise within each start.
    """
    starts, ends = len(start_first) - 1, len(end_first) - 1
    counts = np.zeros(starts, np.int64)
    out_end = np.empty(1024, np.int32)
    out_label = np.empty(1024, np.float64)
    out_toll = np.empty(1024, np.float32)
    filled = 0
    rising = np.empty((len(up_first) - 1, LANES), np.float64)
    falling = np.empty((len(down_first) - 1, LANES), np.float64)
    cell = np.empty((ends, LANES), np.float64)
    kept = LANES if tolls else 1
    rising_toll = np.zeros((len(rising) if tolls else 1, kept), np.float32)
    falling_toll = np.zeros((len(falling) if tolls else 1, kept), np.float32)
    cell_toll = np.zeros((ends if tolls else 1, kept), np.float32)
    met = np.zeros(len(rising), np.bool_)
    for begin in range(0, starts, LANES):
        lanes = min(LANES, starts - begin)
        rising[:] = np.inf
        met[:] = False
        for k in range(lanes):
            for entry in range(start_first[begin + k], start_first[begin + k + 1]):
                node = start_node[entry]
                met[node] = True
                if start_label[entry] < rising[node, k]:
                    rising[node, k] = start_label[entry]
                    if tolls:
                        rising_toll[node, k] = start_toll[entry]
        for node in range(len(rising)):
            if met[node]:
                for arc in range(up_first[node], up_first[node + 1]):
                    high = up_head[arc]
                    met[high] = True
                    if tolls:
                        _relax_toll(
                            rising[high],
                            rising[node],
                            up_label[arc],
                            rising_toll[high],
                            rising_toll[node],
                            up_toll[arc],
                        )
                    else:
                        _relax(rising[high], rising[node], up_label[arc])
        for node in range(len(falling) - 1, -1, -1):
            below = link[node]
            if below >= 0:
                falling[node] = rising[below]
                if tolls:
                    falling_toll[node] = rising_toll[below]
            else:
                falling[node] = np.inf
            for arc in range(down_first[node], down_first[node + 1]):
                high = down_tail[arc]
                if tolls:
                    _relax_toll(
                        falling[node],
                        falling[high],
                        down_label[arc],
                        falling_toll[node],
                        falling_toll[high],
                        down_toll[arc],
                    )
                else:
                    _relax(falling[node], falling[high], down_label[arc])
        hits = np.zeros(LANES, np.int64)
        for end in range(ends):
            cell[end] = np.inf
            for entry in range(end_first[end], end_first[end + 1]):
                node = end_node[entry]
                if tolls:
                    _relax_toll(
                        cell[end],
                        falling[node],
                        end_label[entry],
                        cell_toll[end],
                        falling_toll[node],
                        end_toll[entry],
                    )
                else:
                    _relax(cell[end], falling[node], end_label[entry])
            for k in range(lanes):
                inside = False
                if cell[end, k] < np.inf:
                    whole = np.int64(cell[end, k])
                    km = ((whole >> FERRY_BITS) & METRES_MASK) / 1000.0
                    minutes = (whole >> (FERRY_BITS + LENGTH_BITS)) / 600.0 - km_cost_min * km
                    inside = bool(km <= max_km and minutes <= max_minutes)
                if inside:
                    hits[k] += 1
                else:
                    cell[end, k] = np.inf
        need = filled + hits.sum()
        if need > len(out_end):
            size = max(need, 2 * len(out_end))
            out_end = np.concatenate((out_end[:filled], np.empty(size - filled, np.int32)))
            out_label = np.concatenate((out_label[:filled], np.empty(size - filled, np.float64)))
            out_toll = np.concatenate((out_toll[:filled], np.empty(size - filled, np.float32)))
        for k in range(lanes):
            counts[begin + k] = hits[k]
            for end in range(ends):
                if cell[end, k] < np.inf:
                    out_end[filled] = end
                    out_label[filled] = cell[end, k]
                    out_toll[filled] = cell_toll[end, k] if tolls else np.float32(0.0)
                    filled += 1
    return counts, out_end[:filled], out_label[:filled], out_toll[:filled]


@compiled
def _insert(
    labels: Floats, ends: Int32s, tolls: Floats32, count: int, label: float, end: int, toll: float
) -> int:
    """Put an end into a sorted list of the least ones, each end once; return the list's new length."""
    room = len(labels)
    if count == room and (label > labels[room - 1] or (label == labels[room - 1] and end >= ends[room - 1])):
        return count
    gap = count
    for i in range(count):
        if ends[i] == end:
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

    Nodes are local numbers, which rise with rank; `link` tells where a node of the upward part stands in the
    downward part, or -1. `excluded` is one end for each start that does not count, or -1.
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
    for v in range(len(below)):
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
    for v in range(len(near) - 1, -1, -1):
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
