"""OpenStreetMap's road tags -> what one truck makes of a way or a barrier.

The rules are told in plain words in docs/networks.md. Turn restrictions are relations between ways, and are
not read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from geodata.routing.graph import EDGE_KINDS, FERRY
from geodata.routing.tagaccess import Leave, Tags, find_limit, grade_access, read_access
from geodata.routing.tagvalues import read_interval, read_metres, read_minutes, read_speed
from geodata.routing.vehicles import SpeedTable, Vehicle, estimate_speed

RESTRICTED_TOP_KMH: Final = 15.0
"""Ways for those with business there (private, destination): slow enough that through ways keep away."""
GATE_MINUTES: Final = 2.0
"""What a gate costs that only those with leave may open."""
FERRY_KMH: Final = 19.0
"""Speed of a ferry whose crossing time is not told (about 10 knots, as in the embedded main roads)."""
FERRY_WAIT_MIN: Final = 15.0
"""Mean wait at a ferry whose interval is not told: half of half an hour."""
LONGEST_WAIT_MIN: Final = 120.0
"""Drivers know the timetable of rare departures."""
LONGEST_NAME: Final = 80
FERRY_KIND: Final = "ferry"

WAY_KEYS: Final = ("highway", "route")
"""A way that has none of these is no road."""
BARRIER_KEYS: Final = ("barrier", "maxheight", "maxweight", "maxwidth", "maxlength", "maxaxleload", "highway")

_UNPAVED: Final = frozenset(
    {
        "unpaved",
        "gravel",
        "fine_gravel",
        "compacted",
        "pebblestone",
        "ground",
        "dirt",
        "earth",
        "sand",
        "grass",
        "mud",
        "rock",
        "woodchips",
        "shells",
        "grass_paver",
    }
)
_SOFT: Final = frozenset(
    {"ground", "dirt", "earth", "sand", "grass", "mud", "rock", "woodchips", "snow", "ice"}
)
_TOO_ROUGH: Final = frozenset({"very_bad", "horrible", "very_horrible", "impassable"})
_YES: Final = frozenset({"yes", "true", "1"})
_PASSABLE: Final = frozenset(
    {"cattle_grid", "toll_booth", "entrance", "kerb", "border_control", "arch", "no"}
)
_GATES: Final = frozenset(
    {
        "gate",
        "lift_gate",
        "swing_gate",
        "sliding_gate",
        "sliding_beam",
        "hampshire_gate",
        "chain",
        "yes",
        "rope",
    }
)
_NEVER_SNAPPED: Final = frozenset({"motorway", "motorway_link"})


@dataclass(frozen=True)
class WayRule:
    """What one vehicle makes of a way.

    Attributes
    ----------
    closed : why it may not be driven (``""``: it may): ``"class"``, ``"access"``, ``"weight"``,
        ``"axleload"``, ``"height"``, ``"length"``, ``"width"``, ``"track"``, ``"surface"``, ``"season"``,
        ``"ferry"``, ``"area"``.
    along, against : whether it may be driven in the order of its points, and against it.
    kind : position in :data:`geodata.routing.graph.EDGE_KINDS`. speed_kmh : mean speed, NaN on ferries.
    sailing_min : minutes on board, NaN where not told. wait_min : mean wait before it, 0 on roads.
    toll : whether a toll is taken. snappable : whether a point may be tied to it.
    name : number and name, clean and short. notes : what was seen and not kept.
    """

    closed: str
    along: bool = False
    against: bool = False
    kind: int = 0
    speed_kmh: float = math.nan
    sailing_min: float = math.nan
    wait_min: float = 0.0
    toll: bool = False
    snappable: bool = False
    name: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class BarrierRule:
    """What one vehicle makes of a point on a way: closed to it, a toll, or a gate that costs time."""

    closed: str = ""
    toll: bool = False
    gate: bool = False


def clean_name(text: str) -> str:
    """Return `text` without control and formatting characters, at most :data:`LONGEST_NAME` characters."""
    shown = "".join(char if char.isprintable() else " " for char in text[: 4 * LONGEST_NAME])
    return " ".join(shown.split())[:LONGEST_NAME].rstrip()


def read_way(tags: Tags, vehicle: Vehicle, speeds: SpeedTable) -> WayRule:
    """Return what `vehicle` makes of a way with `tags`; any text may stand in them."""
    if "highway" in tags:
        return _read_road(tags, vehicle, speeds)
    if tags.get("route") == FERRY_KIND:
        return _read_ferry(tags, vehicle)
    return WayRule("class")


def _find_class(tags: Tags, speeds: SpeedTable) -> str:
    """Return the way's row in the table of speeds, or ``""``."""
    highway = tags["highway"]
    if highway == "service":
        service = tags.get("service", "")
        if service in ("emergency_access", "bus", "busway"):
            return ""
        return f"service:{service}" if f"service:{service}" in speeds else "service"
    return highway if highway in speeds and ":" not in highway else ""


def _read_road(tags: Tags, vehicle: Vehicle, speeds: SpeedTable) -> WayRule:
    road_class = _find_class(tags, speeds)
    if not road_class:
        return WayRule("class")
    if tags.get("area") in _YES:
        return WayRule("area")
    notes: set[str] = set()
    closed = _find_ground(tags, vehicle) or _find_season(tags, notes)
    if closed:
        return WayRule(closed)
    leaves = read_access(tags, vehicle, notes=notes)
    limits = find_limit(tags, vehicle, notes=notes)
    oneway = _find_direction(tags)
    ways = [
        leave is not Leave.CLOSED and not limit and oneway != other
        for leave, limit, other in zip(leaves, limits, (-1, 1), strict=True)
    ]
    if not any(ways):
        shut = [limit for leave, limit in zip(leaves, limits, strict=True) if leave is not Leave.CLOSED]
        return WayRule(next((limit for limit in shut if limit), "access"))
    if any(leave is Leave.RESTRICTED and is_open for leave, is_open in zip(leaves, ways, strict=True)):
        notes.add("restricted")
    if tags.get("hazmat") in ("no", "restricted"):
        notes.add("hazmat")
    road = speeds[road_class]
    unpaved = tags.get("surface", "") in _UNPAVED or (
        road.kind == "track" and tags.get("tracktype") != "grade1"
    )
    paces = []
    for direction, leave, is_open in zip(("forward", "backward"), leaves, ways, strict=True):
        if is_open:
            limit = _find_speed_limit(tags, direction, notes)
            pace = estimate_speed(road, limit_kmh=limit, unpaved=unpaved, vehicle=vehicle)
            paces.append(min(pace, RESTRICTED_TOP_KMH) if leave is Leave.RESTRICTED else pace)
    return WayRule(
        "",
        along=ways[0],
        against=ways[1],
        kind=EDGE_KINDS.index(road.kind),
        # One speed holds both ways: where the two differ, a return trip takes the right time.
        speed_kmh=round(len(paces) / sum(1 / pace for pace in paces), 1),
        toll=_takes_toll(tags),
        snappable=_is_snappable(tags),
        name=_find_name(tags),
        notes=tuple(sorted(notes)),
    )


def _find_ground(tags: Tags, vehicle: Vehicle) -> str:
    """Return why the ground does not carry a truck, or ``""``."""
    if tags.get("smoothness") in _TOO_ROUGH or tags.get("4wd_only") in _YES:
        return "surface"
    if tags["highway"] != "track":
        return ""
    grade = tags.get("tracktype", "")
    if grade.startswith("grade") and grade[5:].isascii() and grade[5:].isdigit():
        return "" if int(grade[5:]) <= vehicle.worst_track_grade else "track"
    # Without a grade only those count that say they are paved or gravelled: most are tractor tracks.
    surface = tags.get("surface", "")
    firm = surface and surface not in _SOFT
    return "" if firm and vehicle.worst_track_grade >= (2 if surface in _UNPAVED else 1) else "track"


def _find_season(tags: Tags, notes: set[str]) -> str:
    """Return ``"season"`` for a road that exists in winter only; note one that may be closed in winter."""
    if tags.get("ice_road") in _YES or tags.get("winter_road") in _YES or tags.get("seasonal") == "winter":
        return "season"
    if tags.get("winter_service") == "no" or tags.get("snowplowing") == "no":
        notes.add("winter_closed")
    elif tags.get("seasonal", "no") != "no":
        notes.add("seasonal")
    return ""


def _find_direction(tags: Tags) -> int:
    """Return 1 for one way along the points, -1 against them, 0 for both, 2 for neither."""
    oneway = tags.get("oneway:hgv", tags.get("oneway:motor_vehicle", tags.get("oneway", "")))
    if oneway in _YES:
        return 1
    if oneway in ("-1", "reverse"):
        return -1
    if oneway == "reversible":
        return 2
    if oneway in ("no", "false", "0", "alternating"):
        return 0
    implied = tags.get("junction") in ("roundabout", "circular") or tags["highway"] in _NEVER_SNAPPED
    return 1 if implied else 0


def _find_speed_limit(tags: Tags, direction: str, notes: set[str]) -> float | None:
    """Return the limit in one direction: the least of the one for all and the one for trucks."""
    limits = []
    for key in ("maxspeed", "maxspeed:hgv"):
        text = tags.get(f"{key}:{direction}", tags.get(key))
        limit = read_speed(text) if text is not None else None
        if limit is not None:
            limits.append(limit)
        elif text is not None:
            notes.add("unclear_speed")
        if f"{key}:conditional" in tags:
            notes.add("conditional_speed")
    for key in ("maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic"):
        if not limits and key in tags:
            limit = read_speed(tags[key])
            limits += [limit] if limit is not None else []
    return min(limits, default=None)


def _takes_toll(tags: Tags) -> bool:
    value = tags.get("toll:hgv", tags.get("toll:motor_vehicle", tags.get("toll", "no")))
    return value not in ("no", "false", "0")


def _is_snappable(tags: Tags) -> bool:
    # Nobody's yard opens on a motorway, in a tunnel or on a bridge, however near it may lie on a map.
    hidden = tags.get("tunnel", "no") not in ("no", "building_passage")
    bridge = tags.get("bridge", "no") != "no"
    return not (tags["highway"] in _NEVER_SNAPPED or tags.get("motorroad") in _YES or hidden or bridge)


def _find_name(tags: Tags) -> str:
    parts = (tags.get("ref", ""), tags.get("name", ""))
    return clean_name(" ".join(part for part in parts if part))


def _read_ferry(tags: Tags, vehicle: Vehicle) -> WayRule:
    """Ferries carry trucks when they say so, or when they say nothing of anyone on foot or wheels."""
    notes: set[str] = set()
    told = [tags[key] for key in ("hgv", "motor_vehicle", "motorcar", "vehicle", "access") if key in tags]
    if not told and ("foot" in tags or "bicycle" in tags):
        return WayRule("ferry")
    if "motorcar" in tags and not {"hgv", "motor_vehicle"} & tags.keys():
        tags = {**tags, "motor_vehicle": tags["motorcar"]}
    leaves = read_access(tags, vehicle, notes=notes)
    limits = find_limit(tags, vehicle, notes=notes)
    oneway = _find_direction({"highway": FERRY_KIND, "oneway": tags.get("oneway", "")})
    ways = [
        leave is not Leave.CLOSED and not limit and oneway != other
        for leave, limit, other in zip(leaves, limits, (-1, 1), strict=True)
    ]
    if not any(ways):
        return WayRule("ferry" if Leave.CLOSED in leaves else next(limit for limit in limits if limit))
    interval = read_interval(tags.get("interval", tags.get("frequency", "")))
    wait = FERRY_WAIT_MIN if interval is None else min(interval / 2, LONGEST_WAIT_MIN)
    if tags.get("seasonal", "no") != "no":
        notes.add("seasonal")
    return WayRule(
        "",
        along=ways[0],
        against=ways[1],
        kind=FERRY,
        sailing_min=read_minutes(tags.get("duration", "")) or math.nan,
        wait_min=wait,
        toll=tags.get("toll:hgv", tags.get("toll", tags.get("fee", "no"))) in _YES,
        name=_find_name(tags),
        notes=tuple(sorted(notes)),
    )


def read_barrier(tags: Tags, vehicle: Vehicle) -> BarrierRule:
    """Return what `vehicle` makes of a point with `tags` on its way."""
    notes: set[str] = set()
    limits = find_limit(tags, vehicle, notes=notes)
    if limits[0] and limits[1]:
        return BarrierRule(closed=limits[0])
    kind = tags.get("barrier", "")
    if not kind or kind in _PASSABLE:
        toll = kind == "toll_booth" or tags.get("highway") == "toll_gantry"
        told = any(key in tags for key in ("access", "motor_vehicle", "vehicle", "hgv"))
        leave = max(read_access(tags, vehicle, notes=notes)) if kind and told else Leave.OPEN
        return BarrierRule(closed="barrier" if leave is Leave.CLOSED else "", toll=toll)
    values = [tags[key] for key in ("access", "vehicle", "motor_vehicle", "hgv") if key in tags]
    leave = min(read_access(tags, vehicle, notes=notes))
    if kind == "height_restrictor":
        heights = (read_metres(tags.get(key, "")) for key in ("maxheight", "maxheight:physical"))
        known = any(height is not None and math.isfinite(height) for height in heights)
        return BarrierRule(closed="" if known and leave is not Leave.CLOSED else "barrier")
    if kind in _GATES:
        return BarrierRule(closed="barrier" if leave is Leave.CLOSED else "", gate=leave is Leave.RESTRICTED)
    # Bollards, blocks, stiles and whatever else stands in the way: open only to those it names.
    opened = bool(values) and leave is Leave.OPEN and grade_access(values[-1], vehicle) is Leave.OPEN
    return BarrierRule(closed="" if opened else "barrier")
