"""Small tables swept over a hierarchy with whole arrays, while the compiler has not been loaded.

Loading it and the machine code takes a second, in which a few hundred points of one region are measured
without. The sweep is that of :mod:`geodata.routing.kernels_sweep`, level by level: all nodes that wait for
nothing but what is known become the least of their tails at once. Labels are whole numbers and tolls
multiples of 1/64 NOK, so that both ways of adding them up give the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geodata.routing.graph import Bools, Int32s, Int64s
from geodata.routing.hierarchy import Hierarchy
from geodata.routing.router import Entries
from geodata.transport import Floats, Ints

MOST_STARTS: Final = 2_000
MOST_ARCS: Final = 200_000
MOST_STEPS: Final = 12_000_000
"""Arcs times starts that are swept with arrays; about a third of a second, and 100 MB. More are compiled."""
Tolls = npt.NDArray[np.float32]


class _Level(NamedTuple):
    """Arcs into nodes that are found together: CSR by `heads`, with places in the plan as nodes."""

    heads: Ints
    first: Ints
    tails: Ints
    labels: Floats
    tolls: Tolls


@dataclass(frozen=True, eq=False)
class ArrayPlan:
    """What leads from `starts` up and down to `ends`, for :func:`measure_with_arrays`.

    Attributes
    ----------
    place : row of each rank of the hierarchy, -1 for those that are not met. places : number of rows.
    up, down : the arcs, level by level.
    """

    hierarchy: Hierarchy
    place: Ints
    places: int
    up: tuple[_Level, ...]
    down: tuple[_Level, ...]


def plan_arrays(hierarchy: Hierarchy, starts: Entries, ends: Entries) -> ArrayPlan | None:
    """Return the plan for a table of `starts` and `ends`, None where it is too large for arrays."""
    if len(starts) > MOST_STARTS:
        return None
    ranks = hierarchy.rank
    climbed = _flood(ranks[starts.node], hierarchy.up_first, hierarchy.up_head)
    if climbed is None:
        return None
    led = _flood(ranks[ends.node], hierarchy.down_first, hierarchy.down_tail)
    if led is None:
        return None
    sides = [
        _gather(np.flatnonzero(met), first)
        for met, first in ((climbed, hierarchy.up_first), (led, hierarchy.down_first))
    ]
    arcs = sum(len(arc) for _, arc in sides)
    if arcs > MOST_ARCS or arcs * len(starts) > MOST_STEPS:
        return None
    met = np.flatnonzero(climbed | led)
    place = np.full(len(ranks), -1, np.intp)
    place[met] = np.arange(len(met))
    (low, arc), (under, above) = sides
    up = _cut_levels(
        place[low], place[hierarchy.up_head[arc]], hierarchy.up_label[arc], hierarchy.up_toll[arc]
    )
    down = _cut_levels(
        place[hierarchy.down_tail[above]][::-1],
        place[under][::-1],
        hierarchy.down_label[above][::-1],
        hierarchy.down_toll[above][::-1],
    )
    return ArrayPlan(hierarchy, place, len(met), tuple(up), tuple(down))


def measure_with_arrays(
    plan: ArrayPlan, starts: Entries, ends: Entries, *, tolls: bool
) -> tuple[Floats, Tolls | None]:
    """Return labels of all ways from `starts` to `ends` (inf: none), and their tolls where asked for."""
    lane = np.repeat(np.arange(len(starts)), np.diff(starts.first))
    ranks, place = plan.hierarchy.rank, plan.place
    rows = np.full((plan.places, len(starts)), np.inf)
    paid = np.zeros(rows.shape, np.float32) if tolls else None
    # the best entry of a start at a node comes last, and stays
    order = np.lexsort((-starts.toll, -starts.label))
    seeds = place[ranks[starts.node[order]]], lane[order]
    rows[seeds] = starts.label[order]
    if paid is not None:
        paid[seeds] = starts.toll[order]
    for level in (*plan.up, *plan.down):
        _lead(level, rows, paid)
    out = np.full((len(ends), len(starts)), np.inf)
    out_paid = np.zeros(out.shape, np.float32) if tolls else None
    filled = np.flatnonzero(np.diff(ends.first))
    if len(filled):
        last = _Level(filled, ends.first[filled], place[ranks[ends.node]], ends.label, ends.toll)
        _lead(last, rows, paid, into=out, into_paid=out_paid)
    return out.T, None if out_paid is None else out_paid.T


def _lead(
    level: _Level,
    rows: Floats,
    paid: Tolls | None,
    *,
    into: Floats | None = None,
    into_paid: Tolls | None = None,
) -> None:
    """Give the heads of a level the least of what they have and what their tails give; ties by toll."""
    into, into_paid = (rows, paid) if into is None else (into, into_paid)
    given = rows[level.tails] + level.labels[:, None]
    least = np.minimum.reduceat(given, level.first, axis=0)
    old = into[level.heads]
    if paid is None or into_paid is None:
        into[level.heads] = np.minimum(old, least)
        return
    counts = np.diff(np.append(level.first, len(given)))
    price = paid[level.tails] + level.tolls[:, None]
    price[given != np.repeat(least, counts, axis=0)] = np.inf
    cheapest = np.minimum.reduceat(price, level.first, axis=0)
    old_price = into_paid[level.heads]
    better = np.isfinite(least) & ((least < old) | ((least == old) & (cheapest < old_price)))
    into[level.heads] = np.where(better, least, old)
    into_paid[level.heads] = np.where(better, cheapest, old_price)


def _flood(roots: Int32s, first: Int64s, other: Int32s) -> Bools | None:
    """Tell which nodes `roots` lead to, themselves included; None where their arcs are too many."""
    reached = np.zeros(len(first) - 1, dtype=bool)
    front = np.unique(roots).astype(np.intp)
    reached[front] = True
    arcs = 0
    while len(front):
        heads = other[_gather(front, first)[1]]
        arcs += len(heads)
        if arcs > MOST_ARCS:
            return None
        front = np.unique(heads[~reached[heads]]).astype(np.intp)
        reached[front] = True
    return reached


def _gather(nodes: Ints, first: Int64s) -> tuple[Ints, Int64s]:
    """Return the arcs of `nodes`, one node after another, with the node of each."""
    counts = first[nodes + 1] - first[nodes]
    ends = np.cumsum(counts)
    arc = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first[nodes] - (ends - counts), counts)
    return np.repeat(nodes, counts), arc


def _cut_levels(tails: Ints, heads: Ints, labels: Floats, tolls: Tolls) -> Iterator[_Level]:
    """Yield arcs by how many at most lead to their head; arcs into a tail come before those out of it."""
    if not len(tails):
        return
    steps = [0] * (int(max(tails.max(), heads.max())) + 1)
    for tail, head in zip(tails.tolist(), heads.tolist(), strict=True):
        if steps[tail] >= steps[head]:
            steps[head] = steps[tail] + 1
    depth = np.array(steps)[heads]
    order = np.lexsort((heads, depth))
    cuts = np.flatnonzero(np.diff(depth[order])) + 1
    for part in np.split(order, cuts):
        found, first = np.unique(heads[part], return_index=True)
        yield _Level(found, first, tails[part], labels[part], tolls[part])
