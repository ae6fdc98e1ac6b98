"""OpenStreetMap files -> the ways that one vehicle may drive, by pyosmium.

The file is read in three passes, so that memory follows the roads and not the file: relations (ferry
routes), then roads and barriers by their tags, then the coordinates of the points that roads use.
"""

from __future__ import annotations

import datetime as dt
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import osmium

from geodata.errors import RefusedFileError
from geodata.routing.graph import NetworkFacts
from geodata.routing.segments import RoadSegments
from geodata.routing.vehicles import SpeedTable, Vehicle
from geodata.routing.waytags import (
    BARRIER_KEYS,
    FERRY_KIND,
    WAY_KEYS,
    BarrierRule,
    WayRule,
    clean_name,
    read_barrier,
    read_way,
)
from loaders.osmfiles import OsmFile, check_osm_file
from loaders.segmentmaking import Barriers, WayTable, make_segments
from loaders.vehicles import read_road_speeds

LICENCE: Final = "ODbL 1.0"
ATTRIBUTION: Final = "© OpenStreetMap contributors"
BUILDER: Final = "osm-1"
FILTER_FROM_BYTES: Final = 64 * 1024 * 1024
"""From this size on, points are sifted before Python sees them: marks take a bit for each number up to the
highest (1.6 GB at 13 thousand million), which is more than a small file's points take altogether."""
LOWEST_DATE: Final = "2004"
"""OpenStreetMap began then; an older date stands for no date."""

Progress = Callable[[str, float], None]


@dataclass
class _Found:
    """What the tags of a file tell: ways in order, their points' numbers end to end, barriers by number."""

    refs: array[int] = field(default_factory=lambda: array("q"))
    first: array[int] = field(default_factory=lambda: array("q", [0]))
    ids: array[int] = field(default_factory=lambda: array("q"))
    rule: array[int] = field(default_factory=lambda: array("i"))
    rules: dict[WayRule, int] = field(default_factory=dict)
    barriers: dict[int, BarrierRule] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    newest: str = ""

    def add_way(self, number: int, refs: list[int], rule: WayRule) -> None:
        self.ids.append(number)
        self.refs.extend(refs)
        self.first.append(len(self.refs))
        self.rule.append(self.rules.setdefault(rule, len(self.rules)))


def read_osm(
    path: Path | str, *, vehicle: Vehicle, progress: Progress | None = None, speeds: SpeedTable | None = None
) -> tuple[RoadSegments, NetworkFacts]:
    """Read the roads and ferries that `vehicle` may use from an OpenStreetMap file.

    Parameters
    ----------
    path : ``.osm.pbf``, or ``.osm`` plain, gzipped or bzipped; its content decides, not its name.
    progress : told ``"check"``, ``"tags"`` and ``"points"`` with the share done.
    speeds : trucks' speeds by class of road; the embedded table when not given.

    Returns
    -------
    The ways (EPSG:25833; lengths are left to be measured), and what the source is; ``notes`` tells what was
    closed and left out, as ``code=count``.

    Raises
    ------
    RefusedFileError
        Not an OpenStreetMap file, cut off, damaged, a file of changes or of history, or without roads. A
        file that is cut off gives no roads at all rather than half of them.
    """
    tell = progress or _tell_nobody
    tell("check", 0.0)
    source = check_osm_file(Path(path), progress=lambda share: tell("check", share))
    name = source.path.name[:120]
    try:
        date = _read_header(source)
        tell("tags", 0.0)
        found = _read_tags(source, vehicle, speeds or read_road_speeds(), tell)
        if not len(found.refs):
            raise RefusedFileError("osm.no_roads", file=name)
        numbers, lon, lat = _read_points(source, np.unique(_as_array(found.refs)), tell)
    except (RuntimeError, ValueError, osmium.InvalidLocationError) as error:
        # So libosmium tells all faults of a file; its text is not for readers.
        raise RefusedFileError(_name_fault(str(error)), file=name) from error
    table = WayTable(
        refs=_as_array(found.refs),
        first=_as_array(found.first),
        ids=_as_array(found.ids),
        rule=np.frombuffer(found.rule, np.int32).astype(np.int64),
        rules=tuple(found.rules),
    )
    segments, counts = make_segments(table, numbers, lon, lat, barriers=Barriers(found.barriers))
    if not len(segments.way_kind):
        raise RefusedFileError("osm.no_roads", file=name)
    counts.update(found.counts)
    facts = NetworkFacts(
        name=clean_name(name),
        source_date=date or found.newest,
        profile=vehicle.key,
        licence=LICENCE,
        attribution=ATTRIBUTION,
        builder=BUILDER,
        source_digest=source.digest,
        notes=_list_notes(counts, vehicle),
    )
    tell("points", 1.0)
    return segments, facts


def _tell_nobody(step: str, share: float) -> None:
    """Drop what is told."""


def _as_array(numbers: array[int]) -> npt.NDArray[np.int64]:
    return np.frombuffer(numbers, np.int64) if len(numbers) else np.zeros(0, np.int64)


def _name_fault(message: str) -> str:
    cut = ("EOF", "no element found", "truncated", "read close failed", "read failed: -7", "unclosed token")
    return "file.truncated" if any(word in message for word in cut) else "file.damaged"


def _list_notes(counts: Counter[str], vehicle: Vehicle) -> tuple[str, ...]:
    fixed = ["turn_restrictions_ignored"] + (["road_list_not_in_source"] if vehicle.is_long else [])
    return tuple(fixed + [f"{code}={count}" for code, count in sorted(counts.items()) if count])


def _read_header(source: OsmFile) -> str:
    """Return the date of the data as the header tells it; refuses files of history and changes."""
    with osmium.io.Reader(_open(source), osmium.osm.osm_entity_bits.NOTHING) as reader:
        header = reader.header()
        if header.has_multiple_object_versions:
            raise RefusedFileError("osm.change_file", file=source.path.name[:120])
        return _read_date(header.get("osmosis_replication_timestamp") or header.get("timestamp"))


def _read_date(text: str) -> str:
    try:
        return dt.date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return ""


def _open(source: OsmFile) -> Any:
    return osmium.io.File(str(source.path), source.format)


def _read_tags(source: OsmFile, vehicle: Vehicle, speeds: SpeedTable, tell: Progress) -> _Found:
    bits = osmium.osm.osm_entity_bits
    found = _Found()
    routes = dict(_read_ferry_routes(source))
    tell("tags", 0.2)
    known: dict[frozenset[tuple[str, str]], WayRule] = {}
    objects = osmium.FileProcessor(_open(source), bits.NODE | bits.WAY)
    for keys, kind in ((BARRIER_KEYS, bits.NODE), (WAY_KEYS, bits.WAY)):
        sieve = osmium.filter.KeyFilter(*keys)
        sieve.enable_for(kind)
        objects = objects.with_filter(sieve)
    things: Iterator[Any] = iter(objects)
    for thing in things:
        if thing.deleted:
            raise RefusedFileError("osm.change_file", file=source.path.name[:120])
        tags = {tag.k: tag.v for tag in thing.tags}
        if thing.is_node():
            barrier = read_barrier(tags, vehicle)
            if barrier != BarrierRule():
                found.barriers[thing.id] = barrier
            continue
        _take_way(found, thing, tags, routes, known, vehicle, speeds)
    tell("tags", 0.8)
    lacking = [number for number in routes if routes[number] is not None]
    if lacking:
        members = osmium.FileProcessor(_open(source), bits.WAY).with_filter(osmium.filter.IdFilter(lacking))
        for thing in members:
            tags = {tag.k: tag.v for tag in thing.tags}
            _take_way(found, thing, tags, routes, known, vehicle, speeds)
    return found


def _take_way(
    found: _Found,
    way: Any,
    tags: dict[str, str],
    routes: dict[int, dict[str, str] | None],
    known: dict[frozenset[tuple[str, str]], WayRule],
    vehicle: Vehicle,
    speeds: SpeedTable,
) -> None:
    route = routes.get(way.id)
    if route is not None and "highway" not in tags:
        tags = {**route, **tags}
        routes[way.id] = None
    key = frozenset(tags.items())
    rule = known.get(key)
    if rule is None:
        rule = read_way(tags, vehicle, speeds)
        if len(known) < 20_000:
            known[key] = rule
    if rule.closed:
        if rule.closed != "class":
            found.counts[f"closed_{rule.closed}"] += 1
        return
    found.counts.update(rule.notes)
    date = f"{way.timestamp:%Y-%m-%d}"
    if date > LOWEST_DATE:
        found.newest = max(found.newest, date)
    found.add_way(way.id, [node.ref for node in way.nodes], rule)


def _read_ferry_routes(source: OsmFile) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Yield the ways that ferry relations list, with the relation's tags; a duration only of lone ways."""
    bits = osmium.osm.osm_entity_bits
    ferry = osmium.filter.TagFilter(("route", FERRY_KIND))
    relations: Iterator[Any] = iter(osmium.FileProcessor(_open(source), bits.RELATION).with_filter(ferry))
    for relation in relations:
        tags = {tag.k: tag.v for tag in relation.tags if tag.k != "type"}
        ways = [member.ref for member in relation.members if member.type == "w"]
        if len(ways) != 1:
            tags.pop("duration", None)
        for number in ways:
            yield number, tags


def _read_points(
    source: OsmFile, wanted: npt.NDArray[np.int64], tell: Progress
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the numbers (ascending) and the longitudes and latitudes of the wanted points that are there."""
    objects = osmium.FileProcessor(_open(source), osmium.osm.osm_entity_bits.NODE)
    if source.size >= FILTER_FROM_BYTES and wanted[0] >= 0:
        marks = osmium.IdTracker()
        for start in range(0, len(wanted), 1 << 16):
            for number in wanted[start : start + (1 << 16)].tolist():
                marks.add_node(number)
        objects = objects.with_filter(marks.id_filter())
    lon, lat = np.full(len(wanted), np.nan), np.full(len(wanted), np.nan)
    numbers, places = array("q"), array("i")
    done = 0

    def put() -> None:
        given = _as_array(numbers)
        at = np.searchsorted(wanted, given)
        mine = (at < len(wanted)) & (wanted[np.minimum(at, len(wanted) - 1)] == given)
        pairs = np.frombuffer(places, np.int32).reshape(-1, 2)[mine] / 1e7
        lon[at[mine]], lat[at[mine]] = pairs[:, 0], pairs[:, 1]

    nodes: Iterator[Any] = iter(objects)
    for node in nodes:
        location = node.location
        if not location.valid():
            continue
        numbers.append(node.id)
        places.append(location.x)
        places.append(location.y)
        if len(numbers) == 1 << 18:
            put()
            done += len(numbers)
            numbers, places = array("q"), array("i")
            tell("points", min(0.95, done / (done + len(wanted))))
    if len(numbers):
        put()
    there = np.isfinite(lon)
    return wanted[there], lon[there], lat[there]
