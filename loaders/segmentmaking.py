"""Ways as numbered points -> road segments: cut at closed points and gaps, projected, ferries timed."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from pyproj import Geod, Transformer

from geodata.crs import METRIC, WGS84
from geodata.routing.graph import FERRY, Bools, Int64s
from geodata.routing.segments import RoadSegments
from geodata.routing.waytags import FERRY_KMH, GATE_MINUTES, BarrierRule, WayRule
from geodata.transport import Floats

FASTEST_FERRY_KMH: Final = 80.0
"""A crossing time that would need a faster ferry is a slip of the pen."""
_NO_BARRIER: Final = BarrierRule()


@dataclass(frozen=True, eq=False)
class WayTable:
    """Open ways: way k has the points ``refs[first[k] : first[k + 1]]`` and the rule ``rules[rule[k]]``."""

    refs: Int64s
    first: Int64s
    ids: Int64s
    rule: Int64s
    rules: tuple[WayRule, ...]


@dataclass(frozen=True)
class Barriers:
    """Barriers by the number of the point they stand on."""

    rules: Mapping[int, BarrierRule]


@dataclass
class _Pieces:
    """Parts of ways: positions ``start .. end`` (exclusive) in the points of all ways, what is special."""

    way: list[int]
    start: list[int]
    end: list[int]
    new_start: list[bool]
    new_end: list[bool]
    toll: list[bool]
    gate: list[bool]

    def add(
        self,
        way: int,
        start: int,
        end: int,
        *,
        new_start: bool = False,
        new_end: bool = False,
        toll: bool = False,
        gate: bool = False,
    ) -> None:
        if end - start < 2:
            return
        self.way.append(way)
        self.start.append(start)
        self.end.append(end)
        self.new_start.append(new_start)
        self.new_end.append(new_end)
        self.toll.append(toll)
        self.gate.append(gate)


def make_segments(
    table: WayTable, numbers: Int64s, lon: Floats, lat: Floats, *, barriers: Barriers
) -> tuple[RoadSegments, Counter[str]]:
    """Return the ways as road segments, and how many things were left out or cut, by code word.

    Parameters
    ----------
    numbers, lon, lat : points by ascending number, degrees (EPSG:4326). Points of ways that are not among
        them lie outside the extract: the way ends there (``points_outside``), a ferry is left out.
    """
    counts: Counter[str] = Counter()
    x, y = _project(lon, lat)
    refs, first, rule = _drop_repeats(table)
    place = np.searchsorted(numbers, refs)
    here = np.minimum(place, max(len(numbers) - 1, 0))
    there = (numbers[here] == refs) & np.isfinite(x[here]) if len(numbers) else np.zeros(len(refs), bool)
    pieces = _cut_ways(refs, first, rule, there, table.rules, barriers.rules, counts)
    return _join_pieces(pieces, rule, place, (x, y, numbers, lon, lat), table.rules, counts), counts


def _project(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    to_metric = Transformer.from_crs(WGS84, METRIC, always_xy=True)
    x, y = np.empty_like(lon), np.empty_like(lat)
    for start in range(0, len(lon), 1 << 20):
        part = slice(start, start + (1 << 20))
        x[part], y[part] = to_metric.transform(lon[part], lat[part])
    return x, y


def _drop_repeats(table: WayTable) -> tuple[Int64s, Int64s, Int64s]:
    """Return points, first points and rules without ways told twice and points repeated at once."""
    counts = np.diff(table.first)
    keep_way = np.zeros(len(table.ids), bool)
    keep_way[np.unique(table.ids, return_index=True)[1]] = True
    way = np.repeat(np.arange(len(counts)), counts)
    keep = keep_way[way]
    keep[1:] &= (table.refs[1:] != table.refs[:-1]) | (way[1:] != way[:-1])
    left = np.bincount(way[keep], minlength=len(counts))
    kept = left >= 2
    keep &= kept[way]
    first = np.concatenate([[0], np.cumsum(left[kept])]).astype(np.int64)
    return table.refs[keep], first, table.rule[kept]


def _cut_ways(
    refs: Int64s,
    first: Int64s,
    rule: Int64s,
    there: Bools,
    rules: tuple[WayRule, ...],
    barriers: Mapping[int, BarrierRule],
    counts: Counter[str],
) -> _Pieces:
    pieces = _Pieces([], [], [], [], [], [], [])
    standing = np.sort(np.fromiter(barriers, np.int64, len(barriers)))
    special = ~there
    if len(standing):
        near = np.minimum(np.searchsorted(standing, refs), len(standing) - 1)
        special = special | (standing[near] == refs)
    way_special = np.add.reduceat(special, first[:-1]) > 0 if len(rule) else np.zeros(0, bool)
    for way, (start, end, cut) in enumerate(
        zip(first[:-1].tolist(), first[1:].tolist(), way_special.tolist(), strict=True)
    ):
        if not cut:
            pieces.add(way, start, end)
            continue
        is_ferry = rules[rule[way]].kind == FERRY
        outside = int((~there[start:end]).sum())
        counts["points_outside"] += outside
        if outside and is_ferry:
            counts["ferries_outside"] += 1
            continue
        marks = [
            (spot, barriers.get(int(refs[spot]), _NO_BARRIER) if there[spot] else None)
            for spot in (start + np.flatnonzero(special[start:end])).tolist()
        ]
        _cut_way(pieces, way, start, end, [] if is_ferry else marks, counts)
    return pieces


def _cut_way(
    pieces: _Pieces,
    way: int,
    start: int,
    end: int,
    marks: list[tuple[int, BarrierRule | None]],
    counts: Counter[str],
) -> None:
    """Cut one way: apart at closed points and gaps, and a stretch of its own beside tolls and gates."""
    missing = {spot for spot, barrier in marks if barrier is None}
    closed: set[int] = set()
    beside: dict[int, BarrierRule] = {}
    for spot, barrier in marks:
        if barrier is None:
            continue
        if barrier.closed:
            counts[f"points_closed_{barrier.closed}"] += 1
            closed.add(spot)
            continue
        counts["gates" if barrier.gate else "toll_points"] += 1
        # The stretch before the point, or the one after it where the way begins there.
        low = next(
            (low for low in (spot - 1, spot) if start <= low < end - 1 and not missing & {low, low + 1}), -1
        )
        if low >= 0:
            other = beside.get(low, _NO_BARRIER)
            beside[low] = BarrierRule(toll=barrier.toll or other.toll, gate=barrier.gate or other.gate)
    cuts = {start, end - 1} | closed
    for spot in beside:
        cuts |= {spot, spot + 1}
    for spot in missing:
        cuts |= {max(spot - 1, start), spot, min(spot + 1, end - 1)}
    for low, high in itertools.pairwise(sorted(cuts)):
        if not missing & {low, high}:
            rule = beside.get(low, _NO_BARRIER)
            pieces.add(
                way,
                low,
                high + 1,
                new_start=low in closed,
                new_end=high in closed,
                toll=rule.toll,
                gate=rule.gate,
            )


def _join_pieces(
    pieces: _Pieces,
    rule: Int64s,
    place: Int64s,
    points: tuple[Floats, Floats, Int64s, Floats, Floats],
    rules: tuple[WayRule, ...],
    counts: Counter[str],
) -> RoadSegments:
    x, y, numbers, lon, lat = points
    start, end = np.asarray(pieces.start, np.int64), np.asarray(pieces.end, np.int64)
    first = np.concatenate([[0], np.cumsum(end - start)]).astype(np.int64)
    taken = np.arange(first[-1]) + np.repeat(start - first[:-1], end - start)
    at = place[taken]
    # Closed points: every way that ends there gets a point of its own.
    new = np.sort(
        np.concatenate(
            [first[:-1][np.asarray(pieces.new_start, bool)], first[1:][np.asarray(pieces.new_end, bool)] - 1]
        )
    ).astype(np.int64)
    own = np.zeros(len(at), bool)
    own[new] = True
    is_used = np.zeros(len(numbers), bool)
    is_used[at[~own]] = True
    used = np.flatnonzero(is_used)
    source = np.concatenate([used, at[new]])
    at = (np.cumsum(is_used) - 1)[at].astype(np.int32)
    at[new] = len(used) + np.arange(len(new), dtype=np.int32)
    point_id = numbers[source].copy()
    point_id[len(used) :] = 0
    of_rule = rule[np.asarray(pieces.way, np.int64)]
    columns = _tell_rules(rules)
    kind = columns.kind[of_rule]
    speed = columns.speed[of_rule].copy()
    gates = np.flatnonzero(np.asarray(pieces.gate, bool))
    if len(gates):
        ends = source[at[first[gates]]], source[at[first[gates + 1] - 1]]
        metres = Geod(ellps="GRS80").inv(lon[ends[0]], lat[ends[0]], lon[ends[1]], lat[ends[1]])[2]
        slow = np.maximum(np.asarray(metres), 1.0) / 1000 / (GATE_MINUTES / 60)
        speed[gates] = np.minimum(speed[gates], slow)
    is_ferry = kind == FERRY
    minutes = np.full(len(kind), np.nan)
    minutes[is_ferry] = _time_ferries(
        np.flatnonzero(is_ferry), first, at, kind, (lon[source], lat[source]), of_rule, columns, counts
    )
    names, name_of_rule = _number_names(rules)
    return RoadSegments(
        point_x=x[source],
        point_y=y[source],
        point_id=point_id,
        way_first=first,
        way_point=at,
        way_kind=kind,
        way_name=name_of_rule[of_rule],
        way_speed_kmh=speed.astype(np.float32),
        way_minutes=minutes.astype(np.float32),
        way_metres=np.full(len(kind), np.nan),
        way_along=columns.along[of_rule],
        way_against=columns.against[of_rule],
        way_toll=columns.toll[of_rule] | np.asarray(pieces.toll, bool),
        way_toll_nok=np.zeros(len(kind), np.float32),
        way_snappable=columns.snappable[of_rule],
        names=names,
    )


@dataclass(frozen=True, eq=False)
class _RuleColumns:
    kind: npt.NDArray[np.uint8]
    speed: Floats
    sailing: Floats
    wait: Floats
    along: Bools
    against: Bools
    toll: Bools
    snappable: Bools


def _tell_rules(rules: tuple[WayRule, ...]) -> _RuleColumns:
    return _RuleColumns(
        kind=np.array([rule.kind for rule in rules], np.uint8),
        speed=np.array([rule.speed_kmh for rule in rules], float),
        sailing=np.array([rule.sailing_min for rule in rules], float),
        wait=np.array([rule.wait_min for rule in rules], float),
        along=np.array([rule.along for rule in rules], bool),
        against=np.array([rule.against for rule in rules], bool),
        toll=np.array([rule.toll for rule in rules], bool),
        snappable=np.array([rule.snappable for rule in rules], bool),
    )


def _number_names(rules: tuple[WayRule, ...]) -> tuple[tuple[str, ...], npt.NDArray[np.int32]]:
    names = {"": 0}
    numbers = [names.setdefault(rule.name, len(names)) for rule in rules]
    return tuple(names), np.array(numbers, np.int32)


def _time_ferries(
    ferries: Int64s,
    first: Int64s,
    at: npt.NDArray[np.int32],
    kind: npt.NDArray[np.uint8],
    places: tuple[Floats, Floats],
    of_rule: Int64s,
    columns: _RuleColumns,
    counts: Counter[str],
) -> Floats:
    """Return minutes of each ferry way: sailing, and half the wait at each end that is a quay.

    A crossing drawn as several ways waits once: where ferries meet at sea nobody waits.
    """
    road = np.zeros(len(places[0]), bool)
    road[at[np.repeat(kind != FERRY, np.diff(first))]] = True
    geod = Geod(ellps="GRS80")
    minutes = np.zeros(len(ferries))
    for row, way in enumerate(ferries.tolist()):
        line = at[first[way] : first[way + 1]]
        km = geod.line_length(places[0][line], places[1][line]) / 1000
        sailing = columns.sailing[of_rule[way]]
        if not np.isfinite(sailing) or km / (sailing / 60) > FASTEST_FERRY_KMH:
            sailing = km / FERRY_KMH * 60
            counts["ferries_without_duration"] += 1
        quays = int(road[line[0]]) + int(road[line[-1]])
        counts["ferries_without_road"] += int(not road[line].any())
        minutes[row] = sailing + columns.wait[of_rule[way]] * quays / 2
    return minutes
