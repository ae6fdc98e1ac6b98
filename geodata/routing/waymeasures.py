"""Whole metres and tenths of a second from the first point of each way to each of its points.

Rounding is cumulative: at point k of a way stand ``metres_k = rint(way so far)`` and
``time_k = max(rint(time so far), time_(k-1) + 1)``; a segment counts ``metres_k - metres_(k-1)`` and
``time_k - time_(k-1)``. So errors do not add up along a way, and every segment between two different points
takes at least a tenth of a second, which keeps every label above zero. A point that a way repeats at once is
left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from pyproj import Geod, Transformer

from geodata.crs import METRIC, WGS84
from geodata.errors import NetworkError
from geodata.routing.graph import Bools, Int32s, Int64s
from geodata.routing.labels import LENGTH_BITS, TIME_BITS
from geodata.routing.segments import RoadSegments
from geodata.transport import Floats

KMH_TO_TENTHS: Final = 36.0
"""Tenths of a second that a metre takes at 1 km/h."""
MICROMETRES: Final = 1e6
"""Lengths are summed in whole micrometres: the sum is then the same in any order and on any machine."""
_CHUNK: Final = 1 << 19


@dataclass(frozen=True, eq=False)
class WayMeasures:
    """The ways that are open in some direction, one entry for each of their points in the ways' order.

    Attributes
    ----------
    point : position in :attr:`RoadSegments.point_x`. way : the way it belongs to.
    starts, ends : whether it is its way's first or last point.
    time_ds, metres : tenths of a second and metres from the way's first point.
    """

    point: Int32s
    way: Int32s
    starts: Bools
    ends: Bools
    time_ds: Int64s
    metres: Int64s


def measure_ways(segments: RoadSegments) -> WayMeasures:
    """Measure all ways that are open in some direction; ways of one point only are left out.

    Lengths are those of the source where it tells them (shared out over the points as measured), else
    geodesics on the ellipsoid between the points. Speed holds for a whole way; a ferry's minutes are
    shared out by length.

    Raises
    ------
    NetworkError
        ``network.points`` for points that are no places, ``network.speeds`` for ways without a speed or a
        time above zero, ``network.too_long`` for a way beyond what a label holds.
    """
    point, way = _drop_repeated(segments)
    starts = np.empty(len(point), np.bool_)
    if len(point):
        starts[0] = True
        starts[1:] = way[1:] != way[:-1]
    ends = np.append(starts[1:], True)[: len(point)]
    far = _measure_lengths(segments, point, starts)
    first = np.flatnonzero(starts)
    last = np.flatnonzero(ends)
    counts = last - first + 1
    rank = np.repeat(np.arange(len(first)), counts)
    index = np.arange(len(point)) - first[rank]
    total = far[last]
    # A way whose points all stand at one place is shared out by their number.
    share = np.where(
        total[rank] > 0, far / np.maximum(total, 1)[rank], index / np.maximum(counts - 1, 1)[rank]
    )
    told = segments.way_metres[way]
    metres = np.where(np.isnan(told), far / MICROMETRES, told * share)
    minutes = segments.way_minutes[way].astype(np.float64)
    speed = segments.way_speed_kmh[way].astype(np.float64)
    timed = ~np.isnan(minutes)
    if not (np.where(timed, minutes, speed) > 0).all():
        raise NetworkError("network.speeds", count=int(np.sum(~(np.where(timed, minutes, speed)[first] > 0))))
    time = np.where(timed, minutes * 600 * share, metres * KMH_TO_TENTHS / np.where(timed, 1.0, speed))
    if len(point) and not (time.max() + counts.max() < 2**TIME_BITS and metres.max() < 2**LENGTH_BITS):
        raise NetworkError("network.too_long", km=float(np.round(metres.max() / 1000)))
    whole_time = _rise(np.rint(time).astype(np.int64), index, rank)
    return WayMeasures(point, way, starts, ends, whole_time, np.rint(metres).astype(np.int64))


def _drop_repeated(segments: RoadSegments) -> tuple[Int32s, Int32s]:
    counts = np.diff(segments.way_first)
    way = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    point = segments.way_point[segments.way_first[0] : segments.way_first[-1]]
    keep = (segments.way_along | segments.way_against)[way]
    keep[1:] &= (point[1:] != point[:-1]) | (way[1:] != way[:-1])
    point, way = point[keep], way[keep]
    alone = np.bincount(way, minlength=len(counts)) < 2
    if alone[way].any():
        point, way = point[~alone[way]], way[~alone[way]]
    return point.astype(np.int32, copy=False), way


def _measure_lengths(segments: RoadSegments, point: Int32s, starts: Bools) -> Int64s:
    """Return micrometres from the first point of each way."""
    used = np.zeros(len(segments.point_x), np.bool_)
    used[point] = True
    x, y = segments.point_x[used], segments.point_y[used]
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise NetworkError("network.points", count=int(np.sum(~np.isfinite(x) | ~np.isfinite(y))))
    lon, lat = _unproject(x, y)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise NetworkError("network.points", count=int(np.sum(~np.isfinite(lon) | ~np.isfinite(lat))))
    place = np.cumsum(used) - 1
    at = place[point]
    step = np.zeros(len(point), np.int64)
    geod = Geod(ellps="GRS80")
    for begin in range(1, len(point), _CHUNK):
        here = at[begin : begin + _CHUNK]
        before = at[begin - 1 : begin - 1 + len(here)]
        *_angles, length = geod.inv(lon[before], lat[before], lon[here], lat[here])
        step[begin : begin + len(here)] = np.rint(np.asarray(length) * MICROMETRES).astype(np.int64)
    step[starts] = 0
    far: Int64s = np.cumsum(step)
    first = np.flatnonzero(starts)
    return far - np.repeat(far[first], np.diff(np.append(first, len(point))))


def _unproject(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    transformer = Transformer.from_crs(METRIC, WGS84, always_xy=True)
    lon, lat = np.empty_like(x), np.empty_like(y)
    for begin in range(0, len(x), _CHUNK):
        part = slice(begin, begin + _CHUNK)
        lon[part], lat[part] = transformer.transform(x[part], y[part])
    return lon, lat


def _rise(time: Int64s, index: Int64s, rank: Int64s) -> Int64s:
    """Return the least times not below `time` that rise by one or more at each point within a way."""
    apart = rank << 32  # lifts each way above the one before, so that one running maximum serves all
    risen: Int64s = np.maximum.accumulate(time - index + apart) - apart + index
    return risen
