"""The travel table: kilometres, minutes, ferries and toll between facilities, and how sure the leg is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from geodata.crs import METRIC, WGS84, to_metric

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

TRAVEL_COLUMNS = (
    "from_id",
    "to_id",
    "distance_km",
    "minutes",
    "ferries",
    "toll_nok",
    "estimated_km",
    "estimated",
)


@dataclass(frozen=True)
class Legs:
    """Parallel arrays, one entry a pair. Unreachable pairs are NaN everywhere and `ferries` is -1.

    Attributes
    ----------
    distance_km : road and ferry kilometres, access legs included.
    minutes : truck time, waiting for ferries included.
    ferries : number of ferry crossings.
    toll_nok : known tolls and fares; unknown ones count nothing (a lower bound). NaN where the network knows
        none at all, as a map without prices: that is unknown, and not free.
    estimated_km : the part of `distance_km` that is off the network and therefore estimated.
    """

    distance_km: Floats
    minutes: Floats
    ferries: npt.NDArray[np.int16]
    toll_nok: Floats
    estimated_km: Floats

    def to_frame(self, from_ids: npt.ArrayLike, to_ids: npt.ArrayLike) -> pd.DataFrame:
        """Return a table with :data:`TRAVEL_COLUMNS`; `estimated` says that some of it is off the network."""
        import pandas as pd  # slow to load

        return pd.DataFrame(
            {
                "from_id": np.asarray(from_ids, dtype=object),
                "to_id": np.asarray(to_ids, dtype=object),
                "distance_km": self.distance_km,
                "minutes": self.minutes,
                "ferries": pd.array(self.ferries, dtype="Int64"),
                "toll_nok": pd.array(self.toll_nok, dtype="Float64"),
                "estimated_km": self.estimated_km,
                "estimated": self.estimated_km > 0,
            }
        ).assign(ferries=lambda frame: frame["ferries"].mask(frame["ferries"] < 0))


@dataclass(frozen=True, eq=False)
class Points:
    """Places without a table around them: `ids`, and `x` and `y` in metres (EPSG:25833, NaN: not placed)."""

    ids: tuple[str, ...]
    x: Floats
    y: Floats

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self.ids)

    def select(self, positions: Ints) -> Points:
        """Return the places at `positions`, in that order."""
        rows = np.asarray(positions, np.intp)
        return Points(tuple(self.ids[row] for row in rows), self.x[rows], self.y[rows])


def place_points(ids: Sequence[str], lon: npt.ArrayLike, lat: npt.ArrayLike) -> Points:
    """Return places given in degrees (EPSG:4326), to the last bit where a GeoDataFrame of them would be."""
    from pyproj import Transformer

    to_metres = Transformer.from_crs(WGS84, METRIC, always_xy=True)
    x, y = to_metres.transform(np.asarray(lon, float), np.asarray(lat, float))
    return Points(tuple(ids), np.asarray(x, float), np.asarray(y, float))


def locate_facilities(facilities: gpd.GeoDataFrame | Points) -> tuple[tuple[str, ...], Floats, Floats]:
    """Return ids and points in metres (EPSG:25833, NaN where there is none) of `facilities`.

    Raises CrsError when the CRS is missing.
    """
    if isinstance(facilities, Points):
        return facilities.ids, facilities.x, facilities.y
    points = to_metric(facilities[["facility_id", facilities.geometry.name]], table="facilities").geometry
    usable = ~(points.isna() | points.is_empty)
    x, y = np.full(len(points), np.nan), np.full(len(points), np.nan)
    x[usable], y[usable] = points[usable].x, points[usable].y
    return tuple(facilities["facility_id"].astype(str)), x, y


def number_spots(x: Floats, y: Floats) -> tuple[Ints, Ints]:
    """Tell equal points from different ones: what holds of a point holds of all that are equal to it.

    Registers that know no more than a postcode put hundreds of facilities at one point.

    Returns
    -------
    first : for each different point, the position of the first that stands there; ascending.
    spot : for each point, which of these it is equal to. Points without a place are all one.
    """
    both = np.empty(len(x), complex)
    both.real, both.imag = x, y
    _, first, spot = np.unique(both, return_index=True, return_inverse=True)
    order = np.argsort(first)
    number = np.empty(len(first), np.intp)
    number[order] = np.arange(len(first))
    return first[order].astype(np.intp), number[spot]


class Travel(Protocol):
    """Travel between the facilities of one scenario, by their position 0..n-1; never an n x n table by force.

    ``geodata.roads.measure_travel`` makes one from a road network, ``geodata.straight.measure_straight``
    one as the crow flies (for contrast only).
    """

    @property
    def ids(self) -> tuple[str, ...]:
        """facility_id by position."""
        ...

    def pairs(self, origins: Ints, destinations: Ints) -> Legs:
        """Legs of the pairs ``(origins[k], destinations[k])``."""
        ...

    def minutes_between(self, origins: Ints, destinations: Ints) -> Floats:
        """Minutes as a ``len(origins) x len(destinations)`` matrix; NaN where unreachable."""
        ...

    def pairs_within(
        self, *, max_km: float, max_minutes: float, among: Ints | None = None
    ) -> tuple[Ints, Ints]:
        """Positions of all ordered pairs (i != j, both of `among` where given) within both limits, sorted."""
        ...
