"""The truck that roads are read for, and how fast trucks really go on each class of road."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

VEHICLE_COLUMNS: Final = (
    "key",
    "name_en",
    "name_nb",
    "name_nn",
    "total_t",
    "axle_t",
    "height_m",
    "length_m",
    "width_m",
    "top_speed_kmh",
    "worst_track_grade",
    "has_trailer",
    "is_forestry",
    "is_long",
    "source",
)
SPEED_COLUMNS: Final = (
    "road_class",
    "kind",
    "default_limit_kmh",
    "share_of_limit",
    "top_kmh",
    "unpaved_top_kmh",
    "basis",
    "source",
)


@dataclass(frozen=True)
class Vehicle:
    """What a road must let through, loaded to the limit.

    Attributes
    ----------
    key : its name for programs. name_en, name_nb, name_nn : for people.
    total_t, axle_t : tonnes of the whole combination, and on one axle. height_m, length_m, width_m : metres.
    top_speed_kmh : highest speed, by law or by build.
    worst_track_grade : worst ``tracktype`` it drives on (1 solid .. 5 soft; 0 none at all).
    has_trailer : it is articulated or draws a trailer. is_forestry : it drives where only forestry may.
    is_long : it is longer than 22 m and bound to roads that are listed for such combinations.
    source : where the figures come from.
    """

    key: str
    name_en: str
    name_nb: str
    name_nn: str
    total_t: float
    axle_t: float
    height_m: float
    length_m: float
    width_m: float
    top_speed_kmh: float
    worst_track_grade: int
    has_trailer: bool
    is_forestry: bool
    is_long: bool
    source: str


@dataclass(frozen=True)
class RoadSpeed:
    """How fast trucks go on one class of road.

    Attributes
    ----------
    kind : name in :data:`geodata.routing.graph.EDGE_KINDS`. default_limit_kmh : limit where none is told.
    share_of_limit : mean speed as a share of the limit. top_kmh, unpaved_top_kmh : never faster on average.
    """

    kind: str
    default_limit_kmh: float
    share_of_limit: float
    top_kmh: float
    unpaved_top_kmh: float


SpeedTable = Mapping[str, RoadSpeed]
"""Class of road (OpenStreetMap's ``highway`` values, and services as ``service:driveway``) -> its speeds."""


def estimate_speed(
    road: RoadSpeed, *, limit_kmh: float | None, unpaved: bool, vehicle: Vehicle, lowest_kmh: float = 5.0
) -> float:
    """Return the mean speed (km/h) of `vehicle` on `road`: a share of the limit, at most the class's top."""
    limit = min(road.default_limit_kmh if limit_kmh is None else limit_kmh, vehicle.top_speed_kmh)
    top = min(road.top_kmh, road.unpaved_top_kmh) if unpaved else road.top_kmh
    return round(max(min(limit * road.share_of_limit, top), lowest_kmh), 1)
