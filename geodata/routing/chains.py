"""Stretches of road between junctions: ways cut where roads meet, and joined where nothing else does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from geodata.routing.graph import FERRY, Bools, Int32s, Int64s
from geodata.routing.segments import RoadSegments
from geodata.routing.waymeasures import WayMeasures


@dataclass(frozen=True, eq=False)
class Stretches:
    """Roads between two junctions or ends (the same one for a loop), each with all its points.

    Attributes
    ----------
    tail, head : positions of the end points in :attr:`RoadSegments.point_x`.
    time_ds, metres, ferries : of the whole stretch; crossings are counted once a crossing.
    along, against : whether it may be driven from tail to head, and back.
    kind, name : of its longest part. toll, snappable : as the ways say. toll_nok : known price, 0 if none.
    first : ``stretches + 1``; points of stretch k are ``point[first[k] : first[k + 1]]``, tail to head.
    point, point_time, point_metres : positions in `point_x`; tenths of a second and metres from the tail.
    """

    tail: Int32s
    head: Int32s
    time_ds: Int64s
    metres: Int64s
    ferries: Int64s
    along: Bools
    against: Bools
    kind: npt.NDArray[np.uint8]
    name: Int32s
    toll: Bools
    toll_nok: npt.NDArray[np.float32]
    snappable: Bools
    first: Int64s
    point: Int32s
    point_time: npt.NDArray[np.uint32]
    point_metres: npt.NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Parts of ways between cuts: from position `begin` to position `end` of the measured points.

    A piece i is walked as ``2 * i`` from begin to end and as ``2 * i + 1`` back. `meeting` holds the two
    walks that leave a point where just two way ends meet, one row a point.
    """

    begin: Int64s
    end: Int64s
    way: Int32s
    meeting: Int64s


def join_chains(segments: RoadSegments, measures: WayMeasures) -> Stretches:
    """Cut ways at junctions and join them at points where only two way ends meet.

    Two ways are joined where the same directions are open and they agree on being a ferry, being tolled and
    whether points may be tied to them; speeds, kinds and names may differ. A ring that meets no other road
    becomes a loop. One crossing is counted for a run of ferry ways without a stop between, on its first part;
    a way's known price stands on its first part.
    """
    pieces = _cut_ways(len(segments.point_x), measures)
    walks, chain = _join(segments, pieces)
    return _lay_out(segments, measures, pieces, walks, chain)


def _cut_ways(points: int, measures: WayMeasures) -> _Pieces:
    place, outer = measures.point, measures.starts | measures.ends
    degree = np.bincount(place, weights=np.where(outer, 1, 2), minlength=points).astype(np.int64)
    cut = np.flatnonzero(outer | (degree[place] != 2))
    inside = ~measures.ends[cut[:-1]] if len(cut) else np.zeros(0, np.bool_)
    begin, end = cut[:-1][inside], cut[1:][inside]
    meeting = np.flatnonzero(outer & (degree[place] == 2))
    # An inner point of one way has degree two by itself; way ends of that degree come in twos.
    meeting = meeting[np.argsort(place[meeting], kind="stable")]
    piece_begun = np.searchsorted(begin, meeting)
    piece_ended = np.searchsorted(end, meeting)
    walk = np.where(measures.starts[meeting], 2 * piece_begun, 2 * piece_ended + 1)
    return _Pieces(begin, end, measures.way[begin], walk.reshape(-1, 2))


def _join(segments: RoadSegments, pieces: _Pieces) -> tuple[Int64s, Int64s]:
    """Return the walks of all stretches one after another, and the stretch each belongs to."""
    count = len(pieces.begin)
    along, against = segments.way_along[pieces.way], segments.way_against[pieces.way]
    walk_open = np.stack([along, against], axis=1).ravel()
    ferry = segments.way_kind == FERRY
    nature = (ferry * 4 + segments.way_toll * 2 + segments.way_snappable)[pieces.way]
    one, other = pieces.meeting[:, 0], pieces.meeting[:, 1]
    fits = (
        (nature[one >> 1] == nature[other >> 1])
        & (walk_open[one ^ 1] == walk_open[other])
        & (walk_open[other ^ 1] == walk_open[one])
    )
    one, other = one[fits], other[fits]
    chain = _number_groups(count, one >> 1, other >> 1)
    # A chain with as many joins as pieces is a ring: it is opened at the first of them.
    ring = np.bincount(chain[one >> 1], minlength=count) == np.bincount(chain, minlength=count)
    of_ring = ring[chain[one >> 1]]
    _chains, opened = np.unique(chain[one >> 1][of_ring], return_index=True)
    kept = np.ones(len(one), np.bool_)
    kept[np.flatnonzero(of_ring)[opened]] = False
    one, other = one[kept], other[kept]

    before = np.arange(2 * count)
    before[other] = one ^ 1
    before[one] = other ^ 1
    steps = (before != np.arange(2 * count)).astype(np.int64)
    while True:
        further = before[before]
        if np.array_equal(further, before):
            break
        steps += steps[before]
        before = further
    # Of its two directions a stretch takes that of its first piece.
    _chains, leader = np.unique(chain, return_index=True)
    root = before[2 * leader]
    walks = np.flatnonzero(before == root[np.repeat(chain, 2)])
    walks = walks[np.lexsort((steps[walks], chain[walks >> 1]))]
    return walks, chain[walks >> 1]


def _number_groups(count: int, one: Int64s, other: Int64s) -> Int64s:
    """Return the number of each piece's group where `one` and `other` belong together."""
    links = coo_matrix((np.ones(len(one), np.int8), (one, other)), shape=(count, count))
    _groups, label = connected_components(links, directed=False)
    return np.asarray(label, np.int64)


def _count_crossings(segments: RoadSegments, pieces: _Pieces) -> Int64s:
    """Return one for the first piece of each run of ferries that only meet one another, else zero."""
    ferry = segments.way_kind[pieces.way] == FERRY
    one, other = pieces.meeting[:, 0] >> 1, pieces.meeting[:, 1] >> 1
    both = ferry[one] & ferry[other]
    run = _number_groups(len(ferry), one[both], other[both])
    _runs, leader = np.unique(run, return_index=True)
    crossings = np.zeros(len(ferry), np.int64)
    crossings[leader] = 1
    return np.where(ferry, crossings, 0)


def _lay_out(
    segments: RoadSegments, measures: WayMeasures, pieces: _Pieces, walks: Int64s, chain: Int64s
) -> Stretches:
    piece, back = walks >> 1, (walks & 1).astype(np.bool_)
    begin, end, way = pieces.begin[piece], pieces.end[piece], pieces.way[piece]
    time = measures.time_ds[end] - measures.time_ds[begin]
    metres = measures.metres[end] - measures.metres[begin]
    opens = np.append(True, chain[1:] != chain[:-1])[: len(chain)]
    heads = np.flatnonzero(opens)
    total_time, total_metres = np.add.reduceat(time, heads), np.add.reduceat(metres, heads)
    count = np.diff(np.append(heads, len(walks)))
    time_before = np.cumsum(time) - time
    time_before -= np.repeat(time_before[heads], count)
    metres_before = np.cumsum(metres) - metres
    metres_before -= np.repeat(metres_before[heads], count)

    inner = end - begin + opens
    first_vertex = np.cumsum(inner) - inner
    source = np.where(back, end, begin)
    step = np.where(back, -1, 1)
    owner = np.repeat(np.arange(len(walks)), inner)
    offset = np.arange(len(owner)) - first_vertex[owner] + ~opens[owner]
    at = source[owner] + step[owner] * offset
    point_time = time_before[owner] + np.abs(measures.time_ds[at] - measures.time_ds[source][owner])
    point_metres = metres_before[owner] + np.abs(measures.metres[at] - measures.metres[source][owner])
    first = np.append(first_vertex[heads], len(owner))
    point = measures.point[at]

    # What is told of a whole stretch is that of its longest piece, the first of equals.
    longest = np.lexsort((np.arange(len(walks)), -metres, chain))[heads]
    on_first = measures.starts[begin] & (segments.way_toll_nok[way] > 0)
    toll_nok = np.where(on_first, segments.way_toll_nok[way], 0).astype(np.float64)
    leading = way[heads]
    turned = back[heads]
    along, against = segments.way_along[leading], segments.way_against[leading]
    return Stretches(
        tail=point[first[:-1]],
        head=point[first[1:] - 1],
        time_ds=total_time,
        metres=total_metres,
        ferries=np.add.reduceat(_count_crossings(segments, pieces)[piece], heads),
        along=np.where(turned, against, along),
        against=np.where(turned, along, against),
        kind=segments.way_kind[way[longest]],
        name=segments.way_name[way[longest]],
        toll=segments.way_toll[leading],
        toll_nok=np.add.reduceat(toll_nok, heads).astype(np.float32),
        snappable=segments.way_snappable[leading],
        first=first,
        point=point,
        point_time=point_time.astype(np.uint32),
        point_metres=point_metres.astype(np.uint32),
    )
