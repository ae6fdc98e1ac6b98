"""Small road graphs for tests: points by name in kilometres, and the ways through them."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from geodata.routing.graph import EDGE_KINDS, NetworkFacts, RoadGraph
from geodata.routing.segments import RoadSegments
from geodata.routing.simplify import build_graph

EAST, NORTH = 500_000.0, 7_040_000.0
"""Where the points are counted from: on the central meridian of EPSG:25833."""


@dataclass(frozen=True)
class Street:
    """A way through named points; `minutes` for ferries only."""

    points: str
    kmh: float = 60.0
    along: bool = True
    against: bool = True
    kind: str = "minor"
    minutes: float = np.nan
    snappable: bool = True
    name: str = "Street"


def ferry(points: str, minutes: float) -> Street:
    """A ferry between two points."""
    return Street(points, np.nan, kind="ferry", minutes=minutes, snappable=False, name="Ferry")


def lay_streets(points: dict[str, tuple[float, float]], streets: list[Street]) -> RoadGraph:
    """Build a graph; a street's points are names with spaces between."""
    number = {name: k for k, name in enumerate(points)}
    places = np.array(list(points.values()), float).reshape(-1, 2) * 1000 + (EAST, NORTH)
    ways = [[number[name] for name in street.points.split()] for street in streets]
    names = ("", *dict.fromkeys(street.name for street in streets))
    count = len(streets)
    segments = RoadSegments(
        point_x=places[:, 0],
        point_y=places[:, 1],
        point_id=np.arange(1, len(places) + 1),
        way_first=np.cumsum([0, *map(len, ways)]).astype(np.int64),
        way_point=np.concatenate(ways).astype(np.int32),
        way_kind=np.array([EDGE_KINDS.index(street.kind) for street in streets], np.uint8),
        way_name=np.array([names.index(street.name) for street in streets], np.int32),
        way_speed_kmh=np.array([street.kmh for street in streets], np.float32),
        way_minutes=np.array([street.minutes for street in streets], np.float32),
        way_metres=np.full(count, np.nan),
        way_along=np.array([street.along for street in streets]),
        way_against=np.array([street.against for street in streets]),
        way_toll=np.zeros(count, bool),
        way_toll_nok=np.zeros(count, np.float32),
        way_snappable=np.array([street.snappable for street in streets]),
        names=names,
    )
    facts = NetworkFacts("Streets", "2026-01-01", "semi_trailer", "CC0", "nobody")
    return build_graph(segments, facts=facts)


def place_facilities(points: dict[str, tuple[float, float]]) -> gpd.GeoDataFrame:
    """Facilities at points in kilometres."""
    metric = [shapely.Point(EAST + 1000 * x, NORTH + 1000 * y) for x, y in points.values()]
    return gpd.GeoDataFrame({"facility_id": list(points)}, geometry=metric, crs="EPSG:25833")
