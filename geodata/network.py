"""The road network as arrays: named places, the links between them, and what the shortest ways amount to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geodata.crs import METRIC, WGS84
from geodata.errors import NetworkError
from geodata.networkfaults import find_faults
from geodata.schemas import conform_table
from geodata.transport import Floats, Ints

ROWS_AT_ONCE: Final = 256
PROFILE: Final = "truck, least cost: minutes (ferry waiting included) + 0.75 min/km"
KM_COST_MIN: Final = 0.75
"""What a kilometre costs a truck beside its time, in minutes: about 7.5 NOK/km (fuel, tyres, upkeep) against
about
10 NOK/min (driver, capital): the proportion of the Norwegian lorry cost models. It keeps ways from going far
round
for a few minutes."""


@dataclass(frozen=True)
class WayTable:
    """Least-cost ways between all places, each array ``places x places`` and symmetric; inf: no way.

    Attributes
    ----------
    cost : minutes plus :data:`KM_COST_MIN` times kilometres: what a way minimises.
    minutes : truck time, sailing and waiting included.
    km : length of that way.
    ferries : ferry crossings on it.
    toll_nok : known tolls and fares on it.
    """

    cost: Floats
    minutes: Floats
    km: Floats
    ferries: npt.NDArray[np.int16]
    toll_nok: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Places and two-way links of a main-road network.

    Attributes
    ----------
    place_ids, place_names, place_kinds : one entry a place.
    lat, lon : degrees, EPSG:4326. x, y : the same points in EPSG:25833, metres.
    tail, head : places (positions) that a link joins.
    link_names : road numbers or ferry names. km : link lengths.
    minutes : truck time of a link, for a ferry sailing and waiting.
    ferry : whether a link is a car ferry. toll_nok : known toll or fare, 0 where unknown.
    name, date, licence : what the network is, of when, and whom to name. profile : what a way minimises.
    digest : SHA-256 of the two tables' content.
    land : polygons of the land, EPSG:25833, by which a way onto the network is known not to cross the sea; or
        None.
    """

    place_ids: tuple[str, ...]
    place_names: tuple[str, ...]
    place_kinds: tuple[str, ...]
    lat: Floats
    lon: Floats
    x: Floats
    y: Floats
    tail: Ints
    head: Ints
    link_names: tuple[str, ...]
    km: Floats
    minutes: Floats
    ferry: npt.NDArray[np.bool_]
    toll_nok: Floats
    name: str
    date: str
    licence: str
    digest: str
    profile: str = field(default=PROFILE)
    land: npt.NDArray[np.object_] | None = None

    def describe(self) -> dict[str, str]:
        """Return name, date, profile, licence and digest, for provenance."""
        return {
            "name": self.name,
            "date": self.date,
            "profile": self.profile,
            "licence": self.licence,
            "digest": self.digest,
        }

    @cached_property
    def arcs(self) -> tuple[csr_array, Ints, Ints]:
        """Two-way graph of costs, and for looking a link up its sorted keys ``tail * n + head`` and
        number."""
        n = len(self.place_ids)
        rows, columns = np.r_[self.tail, self.head], np.r_[self.head, self.tail]
        links = np.r_[np.arange(len(self.km)), np.arange(len(self.km))]
        keys = rows * n + columns
        cost = self.cost
        order = np.lexsort((np.r_[self.km, self.km], np.r_[cost, cost], keys))
        order = order[np.unique(keys[order], return_index=True)[1]]  # the cheapest of parallel links
        graph = csr_array((cost[links[order]], (rows[order], columns[order])), shape=(n, n))
        return graph, keys[order], links[order]

    @cached_property
    def cost(self) -> Floats:
        """Cost of each link: minutes plus :data:`KM_COST_MIN` times kilometres."""
        return self.minutes + KM_COST_MIN * self.km

    @cached_property
    def ways(self) -> WayTable:
        """All least-cost ways, computed once (2 400 places: some four seconds and 170 MB)."""
        n = len(self.place_ids)
        table = WayTable(
            cost=np.full((n, n), np.inf),
            minutes=np.full((n, n), np.inf),
            km=np.full((n, n), np.inf),
            ferries=np.zeros((n, n), np.int16),
            toll_nok=np.zeros((n, n), np.float32),
        )
        for start in range(0, n, ROWS_AT_ONCE):
            self._fill_rows(table, np.arange(start, min(start + ROWS_AT_ONCE, n)))
        for values in (table.cost, table.minutes, table.km, table.ferries, table.toll_nok):
            # ties may fall either way: one answer for both directions
            values[...] = np.triu(values) + np.triu(values, 1).T
            values.setflags(write=False)
        return table

    def predecessors(self, place: int) -> tuple[Floats, npt.NDArray[np.int32]]:
        """Cost from `place` to every place, and the place before each on the way (-9999: none)."""
        graph, _, _ = self.arcs
        cost, before = dijkstra(graph, indices=place, return_predecessors=True)
        return cost, before

    def link_between(self, tail: Ints, head: Ints) -> Ints:
        """Number of the cheapest link between each pair of neighbouring places."""
        _, keys, links = self.arcs
        found: Ints = links[np.searchsorted(keys, tail * len(self.place_ids) + head)]
        return found

    def _fill_rows(self, table: WayTable, rows: Ints) -> None:
        graph, _, _ = self.arcs
        n = len(self.place_ids)
        cost, before = dijkstra(graph, indices=rows, return_predecessors=True)
        own = np.broadcast_to(np.arange(n), before.shape)
        root = before < 0
        before = np.where(root, own, before)
        link = self.link_between(before[~root], own[~root])
        sums = np.zeros((*before.shape, 4))
        sums[~root] = np.column_stack([self.minutes, self.km, self.ferry, self.toll_nok])[link]
        row = np.arange(len(rows))[:, None]
        while True:  # each round doubles the part of the way that is summed
            further = before[row, before]
            sums += sums[row, before]
            if np.array_equal(further, before):
                break
            before = further
        reached = np.isfinite(cost)
        table.cost[rows] = cost
        table.minutes[rows] = np.where(reached, sums[..., 0], np.inf)
        table.km[rows] = np.where(reached, sums[..., 1], np.inf)
        table.ferries[rows] = sums[..., 2]
        table.toll_nok[rows] = sums[..., 3]


def build_network(
    places: pd.DataFrame,
    links: pd.DataFrame,
    *,
    name: str,
    date: str = "",
    licence: str = "",
    land: gpd.GeoSeries | None = None,
) -> RoadNetwork:
    """Make a network from tables with the columns of ``ROAD_PLACES`` and ``ROAD_LINKS``.

    `land` (polygons clipped at the coast, any CRS) keeps points from reaching the network over the sea.

    Raises
    ------
    NetworkError
        ``network.empty`` when there are no places; ``network.faulty`` with the count and the first of all
        faults: missing values, a place or link named twice, links to unknown places or from a place to
        itself, lengths, speeds or minutes that are negative, zero or not a number.
    """
    places = conform_table(places, "road_places").reset_index(drop=True)
    links = conform_table(links, "road_links").reset_index(drop=True)
    if places.empty:
        raise NetworkError("network.empty", network=name)
    faults = find_faults(places, links)
    if faults:
        raise NetworkError("network.faulty", network=name, count=len(faults), faults="; ".join(faults[:10]))
    position = pd.Series(range(len(places)), index=places["place_id"])
    ferry = links["ferry"].to_numpy(bool)
    km = links["km"].to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        driving = 60 * km / links["speed_kmh"].to_numpy(float, na_value=np.nan)
    crossing = links["sailing_minutes"].to_numpy(float, na_value=0.0) + links["waiting_minutes"].to_numpy(
        float, na_value=0.0
    )
    lat, lon = places["lat"].to_numpy(float), places["lon"].to_numpy(float)
    metric = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=WGS84).to_crs(METRIC)
    return RoadNetwork(
        place_ids=tuple(places["place_id"]),
        place_names=tuple(places["name"]),
        place_kinds=tuple(places["kind"]),
        lat=lat,
        lon=lon,
        x=metric.x.to_numpy(),
        y=metric.y.to_numpy(),
        tail=_positions(position, links["from_place"]),
        head=_positions(position, links["to_place"]),
        link_names=tuple(links["road"].fillna("")),
        km=km,
        minutes=np.where(ferry, crossing, driving),
        ferry=ferry,
        toll_nok=links["toll_nok"].to_numpy(float, na_value=0.0),
        name=name,
        date=date,
        licence=licence,
        digest=_digest(places, links),
        land=None if land is None else land.to_crs(METRIC).make_valid().to_numpy(),
    )


def _positions(position: pd.Series[int], places: pd.Series[str]) -> Ints:
    return np.asarray(position.loc[places], dtype=np.intp)


def _digest(places: pd.DataFrame, links: pd.DataFrame) -> str:
    content = hashlib.sha256()
    for table in (places, links):
        content.update(table.to_csv(index=False, lineterminator="\n").encode())
    return content.hexdigest()
