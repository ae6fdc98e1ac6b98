"""Land and sea: how much of a straight way lies on water, by polygons of the land."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geodata.transport import Floats

MAX_SEA_KM: Final = 0.7
"""Coastlines are generalised and quays stand in the water: this much sea under a way on is borne."""
MAX_SEA_AFLOAT_KM: Final = 3.0
"""The same on a network of main roads for a point that itself lies in the sea: an islet too small for the
polygons, or a village's rough point."""
SURVEYED_KM: Final = 2.0
"""What lies this near to known land is known to be land or sea; beyond may be a country without polygons."""


@dataclass(frozen=True, eq=False)
class Land:
    """Polygons of the land, EPSG:25833, clipped at the coast; none: the land is not known."""

    polygons: npt.NDArray[np.object_]

    @cached_property
    def _tree(self) -> shapely.STRtree:
        shapely.prepare(self.polygons)
        return shapely.STRtree(self.polygons)

    @property
    def known(self) -> bool:
        """Whether there are polygons to tell land from sea."""
        return len(self.polygons) > 0

    def measure_sea(self, x: Floats, y: Floats, to_x: Floats, to_y: Floats) -> Floats:
        """Kilometres over water of straight lines between points in metres; 0 where the land is not known."""
        if not self.known or not len(x):
            return np.zeros(len(x))
        out = np.zeros(len(x))
        lines = shapely.linestrings(np.stack([np.c_[x, y], np.c_[to_x, to_y]], axis=1))
        # most lines lie within one municipality, which is soon told; few are to be cut up
        doubtful = np.ones(len(lines), dtype=bool)
        doubtful[self._tree.query(lines, predicate="within")[0]] = False
        which = np.flatnonzero(doubtful)
        lines = lines[which]
        one, under = self._tree.query(lines, predicate="intersects")
        # polygons of one land do not overlap, so that their parts of a line add up
        on_land = shapely.length(shapely.intersection(self.polygons[under], lines[one]))
        dry = np.bincount(one, weights=on_land, minlength=len(lines))
        out[which] = np.maximum(0.0, shapely.length(lines) - dry) / 1000
        return out

    def surveys(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Tell which points lie so near known land that what is not land there is sea, no other country."""
        out = np.zeros(len(x), dtype=bool)
        if self.known:
            out[
                self._tree.query(shapely.points(x, y), predicate="dwithin", distance=SURVEYED_KM * 1000)[0]
            ] = True
        return out

    def covers(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Tell which points (metres) lie on land; all where the land is not known."""
        if not self.known:
            return np.ones(len(x), dtype=bool)
        out = np.zeros(len(x), dtype=bool)
        out[self._tree.query(shapely.points(x, y), predicate="intersects")[0]] = True
        return out
