"""Travel as the crow flies: what a circle on a map would say, kept beside travel by road for contrast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from geodata.transport import Floats, Ints, Legs, locate_facilities

if TYPE_CHECKING:
    import geopandas as gpd

STRAIGHT_SPEED_KMH: Final = 60.0


@dataclass(frozen=True, eq=False)
class StraightTravel:
    """Travel as the crow flies, for contrast with travel by road only: it crosses fjords."""

    ids: tuple[str, ...]
    x: Floats
    y: Floats

    def pairs(self, origins: Ints, destinations: Ints) -> Legs:
        """Legs of the pairs; all of each is estimated."""
        i, j = np.asarray(origins, np.intp), np.asarray(destinations, np.intp)
        km = np.hypot(self.x[i] - self.x[j], self.y[i] - self.y[j]) / 1000
        ferries = np.where(np.isnan(km), -1, 0).astype(np.int16)
        return Legs(km, 60 * km / STRAIGHT_SPEED_KMH, ferries, km * 0, km.copy())

    def minutes_between(self, origins: Ints, destinations: Ints) -> Floats:
        """Minutes at 60 km/h as a matrix; NaN where a point is missing."""
        i, j = np.asarray(origins, np.intp)[:, None], np.asarray(destinations, np.intp)[None, :]
        km: Floats = np.hypot(self.x[i] - self.x[j], self.y[i] - self.y[j]) / 1000
        return 60 * km / STRAIGHT_SPEED_KMH

    def pairs_within(
        self, *, max_km: float, max_minutes: float, among: Ints | None = None
    ) -> tuple[Ints, Ints]:
        """Positions of all ordered pairs (i != j, both of `among` where given) within both limits, sorted."""
        everyone = np.arange(len(self.ids)) if among is None else np.unique(np.asarray(among, np.intp))
        placed = everyone[np.isfinite(self.x[everyone])]
        reach_m = 1000 * min(max_km, max_minutes * STRAIGHT_SPEED_KMH / 60)
        from scipy.spatial import cKDTree

        tree = cKDTree(np.c_[self.x[placed], self.y[placed]])
        half = placed[tree.query_pairs(reach_m, output_type="ndarray")].reshape(-1, 2)
        both = np.concatenate([half, half[:, ::-1]])
        both = both[np.lexsort((both[:, 1], both[:, 0]))]
        return both[:, 0], both[:, 1]


def measure_straight(facilities: gpd.GeoDataFrame) -> StraightTravel:
    """Return travel as the crow flies between `facilities` (points, any CRS, ``facility_id``), at 60 km/h."""
    return StraightTravel(*locate_facilities(facilities))
