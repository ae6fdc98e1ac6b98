"""The national road database (NVDB, Statens vegvesen) -> the ways that one vehicle may drive.

Read are segmented links of the service's version 4, and objects that tell speed limits, load classes,
heights and tolls of stretches of them. :mod:`loaders.nvdbfetch` fetches them.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from pyproj import Transformer

from geodata.crs import METRIC
from geodata.errors import RefusedFileError
from geodata.routing.graph import NetworkFacts
from geodata.routing.segments import RoadSegments
from geodata.routing.vehicles import SpeedTable, Vehicle, estimate_speed
from geodata.transport import Floats
from loaders.nvdbjoining import Line, borrow_lanes, find_link_ends, join_lines
from loaders.nvdbpages import (
    HEIGHT_TYPE,
    LOAD_TYPE,
    MODULAR_TYPE,
    SPEED_TYPE,
    TIMBER_TYPE,
    TOLL_TYPE,
    NvdbLink,
    Stretch,
    read_pages,
)
from loaders.vehicles import read_road_speeds

NAME: Final = "NVDB"
LICENCE: Final = "NLOD 2.0"
ATTRIBUTION: Final = "Inneholder data under NLOD tilgjengeliggjort av Statens vegvesen"
BUILDER: Final = "nvdb-1"

CLASSES: Final = {
    "E": "trunk",
    "R": "trunk",
    "F": "secondary",
    "K": "unclassified",
    "P": "service",
    "S": "track",
}
"""Category (European, national, county, municipal, private, forest) -> class in the table of speeds."""
_LINKS: Final = {"trunk": "trunk_link", "secondary": "secondary_link"}
DRIVABLE: Final = frozenset(
    {"enkel bilveg", "kanalisert veg", "rampe", "rundkjøring", "gatetun", "bilferje", "konnektering"}
)
MOTORWAY_LIMIT_KMH: Final = 90.0
"""Divided European roads with this limit or a higher one are motorways: nobody's yard opens on them."""
POINT_REACH_M: Final = 10.0
"""What lies this near a low bridge is closed with it."""
METRIC_GRIDS: Final = {5972: 25832, 5973: 25833, 5974: 25834, 5975: 25835}
PLAIN_GRIDS: Final = (25832, 25833, 25834, 25835, 32632, 32633, 32634, 32635)

Progress = Callable[[str, float], None]
Pages = Iterable[Mapping[str, Any] | Path | str]


def read_nvdb(
    pages: Pages | Path | str,
    *,
    vehicle: Vehicle,
    limits: Pages = (),
    progress: Progress | None = None,
    speeds: SpeedTable | None = None,
) -> tuple[RoadSegments, NetworkFacts]:
    """Read the roads and ferries that `vehicle` may use from pages of the service.

    Parameters
    ----------
    pages : a folder of pages, files, or pages as they come from JSON. Pages of objects (speed limits, load
        classes, heights, tolls) may stand among them or be handed in as `limits`.
    progress : told ``"tags"`` and ``"points"`` with the share done.

    Returns
    -------
    The ways (EPSG:25833) with the lengths that the database tells, and what the source is.

    Raises
    ------
    RefusedFileError
        ``nvdb.not_links``, ``nvdb.no_roads``, ``nvdb.wrong_grid``, ``file.not_found``, ``file.truncated``.
    """
    tell = progress or _tell_nobody
    tell("tags", 0.0)
    several = [pages] if isinstance(pages, Path | str) else pages
    read = read_pages([*several, *limits], today=dt.date.today())
    if not read.links:
        raise RefusedFileError("nvdb.not_links" if read.unread else "nvdb.no_roads", file=NAME)
    tell("tags", 1.0)
    counts: Counter[str] = Counter({"links_not_read": read.unread})
    wholes = _find_wholes(read.links)
    links = [link for link in read.links if _is_road(link, wholes, vehicle, counts)]
    lines = _make_lines(links, read.stretches, vehicle, speeds or read_road_speeds(), counts)
    if not lines:
        raise RefusedFileError("nvdb.no_roads", file=NAME)
    tell("points", 0.3)
    segments = join_lines(
        lines, ends=find_link_ends(read.links), lanes=borrow_lanes(read.links), counts=counts
    )
    tell("points", 1.0)
    facts = NetworkFacts(
        name=NAME,
        source_date=max((link.since for link in read.links), default=""),
        profile=vehicle.key,
        licence=LICENCE,
        attribution=ATTRIBUTION,
        builder=BUILDER,
        source_digest=read.digest,
        notes=_list_notes(counts, read.stretches, vehicle),
    )
    return segments, facts


def _tell_nobody(step: str, share: float) -> None:
    """Drop what is told."""


def _list_notes(counts: Counter[str], stretches: list[Stretch], vehicle: Vehicle) -> tuple[str, ...]:
    kinds = {stretch.kind for stretch in stretches}
    fixed = ["turn_restrictions_ignored"]
    fixed += [] if SPEED_TYPE in kinds else ["speed_limits_not_in_source"]
    fixed += [] if kinds & {LOAD_TYPE, TIMBER_TYPE} else ["load_classes_not_in_source"]
    fixed += ["road_list_not_in_source"] if vehicle.is_long and not kinds & _lists_for(vehicle) else []
    return tuple(fixed + [f"{code}={count}" for code, count in sorted(counts.items()) if count])


def _lists_for(vehicle: Vehicle) -> set[int]:
    return {TIMBER_TYPE} if vehicle.is_forestry else {MODULAR_TYPE}


# --- which links are roads ------------------------------------------------------------------------------


def _find_wholes(links: list[NvdbLink]) -> frozenset[int]:
    """Return the sequences that stand for a whole road (both carriageways as one line)."""
    return frozenset(link.sequence for link in links if link.level.startswith("Vegtrase"))


def _is_road(link: NvdbLink, wholes: frozenset[int], vehicle: Vehicle, counts: Counter[str]) -> bool:
    kind = link.road_type.lower()
    if kind not in DRIVABLE or link.group == "G" or link.phase not in ("", "V"):
        return False
    # Carriageways and lanes are details of a line that stands for the road, where that one is there.
    if link.level == "Kjørefelt" or (link.inside >= 0 and link.inside in wholes):
        return False
    if link.category == "S" and vehicle.worst_track_grade < 2:
        counts["closed_track"] += 1
        return False
    return True


def _find_class(link: NvdbLink, limit: float) -> str:
    kind = link.road_type.lower()
    road = CLASSES.get(link.category, "service")
    if kind == "gatetun":
        return "living_street"
    if kind == "rampe":
        return _LINKS.get(road, road)
    divided = kind == "kanalisert veg" and road == "trunk"
    return "motorway" if divided and limit >= MOTORWAY_LIMIT_KMH else road


# --- stretches of one speed -----------------------------------------------------------------------------


def _make_lines(
    links: list[NvdbLink],
    stretches: list[Stretch],
    vehicle: Vehicle,
    speeds: SpeedTable,
    counts: Counter[str],
) -> list[Line]:
    of_sequence: defaultdict[int, list[Stretch]] = defaultdict(list)
    for stretch in stretches:
        of_sequence[stretch.sequence].append(stretch)
    needs_list = vehicle.is_long and any(stretch.kind in _lists_for(vehicle) for stretch in stretches)
    lines = []
    for link, points in zip(links, _read_geometries(links), strict=True):
        if points is None:
            counts["links_without_line"] += 1
            continue
        told = [
            _widen(s, link) for s in of_sequence[link.sequence] if s.start <= link.end and s.end >= link.start
        ]
        for start, end in _find_breaks(link, told):
            here = [s for s in told if s.start <= (start + end) / 2 <= s.end]
            tolls = [s.value for s in told if s.kind == TOLL_TYPE and start <= s.start <= end]
            closed = "" if link.is_ferry else _find_limit(link, here, vehicle, needs_list=needs_list)
            if closed:
                counts[f"closed_{closed}"] += 1
                continue
            shares = (
                (start - link.start) / (link.end - link.start),
                (end - link.start) / (link.end - link.start),
            )
            part, metres = _cut_line(points, link.metres, shares)
            limit = min((s.value for s in here if s.kind == SPEED_TYPE and s.value > 0), default=math.nan)
            road = speeds[_find_class(link, limit)]
            speed = estimate_speed(
                road, limit_kmh=limit if limit > 0 else None, unpaved=link.category == "S", vehicle=vehicle
            )
            toll = max((value if value > 0 else 0.0 for value in tolls), default=math.nan)
            lines.append(Line(link, part, metres, start, end, road.kind, speed, toll))
    return lines


def _widen(stretch: Stretch, link: NvdbLink) -> Stretch:
    """Return a height limit at a point as a short stretch, so that it closes what runs under it."""
    if stretch.kind != HEIGHT_TYPE or stretch.start < stretch.end:
        return stretch
    reach = (link.end - link.start) * min(POINT_REACH_M / max(link.metres, 1.0), 0.25)
    return replace(stretch, start=stretch.start - reach, end=stretch.end + reach)


def _find_breaks(link: NvdbLink, told: list[Stretch]) -> list[tuple[float, float]]:
    # Ferries stay whole: their time and wait belong to the crossing.
    spots = set() if link.is_ferry else {spot for s in told if s.start < s.end for spot in (s.start, s.end)}
    inside = sorted(spot for spot in spots if link.start + 1e-8 < spot < link.end - 1e-8)
    ends = [link.start, *inside, link.end]
    return list(itertools.pairwise(ends))


def _find_limit(link: NvdbLink, here: list[Stretch], vehicle: Vehicle, *, needs_list: bool) -> str:
    """Return what closes a stretch to the vehicle, or ``""``; special lists come before the ordinary one."""
    lists = [s for s in here if s.kind in _lists_for(vehicle)] if vehicle.is_long else []
    if needs_list and not lists and link.category in ("E", "R", "F", "K"):
        return "road_list"
    if any(not s.allowed for s in lists):
        return "road_list"
    for stretch in lists or [s for s in here if s.kind == LOAD_TYPE]:
        if stretch.value < vehicle.total_t:
            return "weight"
        if stretch.axle_t < vehicle.axle_t:
            return "axleload"
        if stretch.length_m < vehicle.length_m:
            return "length"
    low = any(s.kind == HEIGHT_TYPE and s.value < vehicle.height_m for s in here)
    return "height" if low else ""


# --- geometry -------------------------------------------------------------------------------------------


def _read_geometries(links: list[NvdbLink]) -> list[Floats | None]:
    with np.errstate(all="ignore"):  # numbers beyond all bounds: such a line is dropped below
        shapes = shapely.from_wkt([link.wkt for link in links], on_invalid="ignore")
    out: list[Floats | None] = []
    for link, shape in zip(links, shapes, strict=True):
        if shape is None or shape.geom_type != "LineString" or shape.is_empty:
            out.append(None)
            continue
        points = shapely.get_coordinates(shape, include_z=True)
        points[:, 2] = np.nan_to_num(points[:, 2], nan=0.0)
        points[:, :2] = _project(points[:, :2], link.srid)
        keep = np.r_[True, np.any(np.diff(points[:, :2], axis=0) != 0, axis=1)]
        points = points[keep]
        out.append(points if len(points) >= 2 and np.isfinite(points).all() else None)
    return out


_TRANSFORMERS: dict[int, Transformer] = {}


def _project(points: Floats, srid: int) -> Floats:
    grid = METRIC_GRIDS.get(srid, srid)
    if f"EPSG:{grid}" == METRIC:
        return points
    if grid not in PLAIN_GRIDS and grid != 4326:
        raise RefusedFileError("nvdb.wrong_grid", file=NAME, srid=srid)
    if grid not in _TRANSFORMERS:
        # The service writes degrees with the latitude first, as EPSG:4326 itself has it.
        _TRANSFORMERS[grid] = Transformer.from_crs(grid, METRIC, always_xy=False)
    x, y = _TRANSFORMERS[grid].transform(points[:, 0], points[:, 1])
    out: Floats = np.column_stack([x, y])
    return out


def _cut_line(points: Floats, metres: float, shares: tuple[float, float]) -> tuple[Floats, float]:
    """Return the part of a line between two shares of its length, and the told length of the part."""
    steps = np.hypot(*np.diff(points[:, :2], axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    # A told length that the drawing denies is a slip.
    told = metres if along[-1] / 1.5 - 20 < metres < along[-1] * 1.5 + 20 else math.nan
    if shares == (0.0, 1.0):
        return points, told
    low, high = shares[0] * along[-1], shares[1] * along[-1]
    inner = points[(along > low) & (along < high)]
    ends = [np.array([np.interp(spot, along, points[:, axis]) for axis in range(3)]) for spot in (low, high)]
    return np.vstack([ends[0], inner, ends[1]]), told * (shares[1] - shares[0])
