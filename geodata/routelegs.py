"""What one way by road in full is: its legs, the places it runs through, and a line for a map."""

from __future__ import annotations

from dataclasses import dataclass

import shapely


@dataclass(frozen=True)
class RouteLeg:
    """One stretch: its road number or ferry name (empty on the way to and from the roads), length and
    time.

    `points` are where it runs, ``(lon, lat)`` in EPSG:4326: on a network of places through these, on a road
    graph along the road's own bends.
    """

    road: str
    km: float
    minutes: float
    ferry: bool
    estimated: bool
    points: tuple[tuple[float, float], ...] = ()

    @property
    def kind(self) -> str:
        """``ferry``, ``road``, or ``access`` for a way off the network."""
        return "ferry" if self.ferry else "access" if self.estimated and not self.road else "road"


@dataclass(frozen=True)
class Route:
    """One way.

    Attributes
    ----------
    places : names of the places on the way, in order; a road graph has none.
    legs : stretches, in order; neighbouring ones of the same road are one.
    geometry : line through the points of its legs, EPSG:4326.
    distance_km, minutes, ferries : the whole way, equal to those of the travel table.
    """

    places: tuple[str, ...]
    legs: tuple[RouteLeg, ...]
    geometry: shapely.LineString
    distance_km: float
    minutes: float
    ferries: int
