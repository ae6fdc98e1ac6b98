"""The road network as arrays: named places, the links between them, and what the shortest ways amount to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from geodata.crs import METRIC
from geodata.errors import NetworkError
from geodata.networkgraph import build_place_graph, choose_arcs
from geodata.routing.graph import NetworkFacts, RoadGraph
from geodata.routing.hierarchy import Hierarchy
from geodata.routing.labels import pack_labels, unpack_labels
from geodata.routing.router import Router
from geodata.routing.tables import Table
from geodata.transport import Floats, Ints, place_points
from geodata.ways import MeasureWays, WayRows, WayTable, measure_ways

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

LEAST_COST, FASTEST = "least_cost", "fastest"
PROFILES: Final = MappingProxyType(
    {
        LEAST_COST: "truck, least cost: minutes (ferry waiting included) + 0.75 min/km",
        FASTEST: "truck, fastest: minutes (ferry waiting included)",
    }
)
"""What a way makes as small as it can, by key."""
KM_COST_MIN: Final = 0.75
"""What a kilometre costs a truck beside its time, in minutes: about 7.5 NOK/km (fuel, tyres, upkeep) against
about 10 NOK/min (driver, capital): the proportion of the Norwegian lorry cost models. It keeps ways from
going far round for a few minutes. The fastest way counts nothing for a kilometre."""


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Places and two-way links of a main-road network.

    Attributes
    ----------
    place_ids, place_names, place_kinds : one entry a place.
    lat, lon : degrees, EPSG:4326. x, y : the same points in EPSG:25833, metres.
    tail, head : places (positions) that a link joins.
    link_names : road numbers or ferry names. km : link lengths, in whole metres.
    told_minutes : truck time of a link as its source tells it, for a ferry sailing and waiting.
    ferry : whether a link is a car ferry. toll_nok : known toll or fare, 0 where unknown.
    name, date, licence : what the network is, of when, and whom to name.
    content_digest : SHA-256 of the two tables' content.
    profile_key : what a way minimises, a key of :data:`PROFILES`.
    hierarchy : a contraction hierarchy of :attr:`graph`; without one its ways are found more slowly.
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
    told_minutes: Floats
    ferry: npt.NDArray[np.bool_]
    toll_nok: Floats
    name: str
    date: str
    licence: str
    content_digest: str
    profile_key: str = LEAST_COST
    hierarchy: Hierarchy | None = None
    land: npt.NDArray[np.object_] | None = None

    def __getstate__(self) -> dict[str, object]:
        """Leave what is made when asked for to whoever unpickles it."""
        return {spec.name: getattr(self, spec.name) for spec in fields(self)}

    @property
    def profile(self) -> str:
        """What a way minimises, in words."""
        return PROFILES[self.profile_key]

    @property
    def digest(self) -> str:
        """SHA-256 of the two tables' content, and of the profile where that is not the least cost."""
        if self.profile_key == LEAST_COST:
            return self.content_digest
        return hashlib.sha256(f"{self.content_digest}:{self.profile_key}".encode()).hexdigest()

    @property
    def km_cost_min(self) -> float:
        """What a kilometre counts beside its time, in minutes."""
        return KM_COST_MIN if self.profile_key == LEAST_COST else 0.0

    @property
    def knows_tolls(self) -> bool:
        """Whether any toll or fare is known; else what a way costs is unknown, and not nothing."""
        return bool((self.toll_nok > 0).any())

    def describe(self) -> dict[str, str]:
        """Return name, date, profile, licence and digest, for provenance."""
        return {
            "name": self.name,
            "date": self.date,
            "profile": self.profile,
            "licence": self.licence,
            "digest": self.digest,
        }

    def with_profile(self, key: str) -> RoadNetwork:
        """Return the same places and links with another thing to minimise, a key of :data:`PROFILES`.

        Raises KeyError for an unknown key. What is returned has no hierarchy unless it is this network.
        """
        if key == self.profile_key:
            return self
        if key not in PROFILES:
            raise KeyError(key)
        return replace(self, profile_key=key, hierarchy=None)

    @cached_property
    def labels(self) -> Floats:
        """Label of each link: its cost in whole tenths of a second (one at least), metres, and its ferry."""
        cost_ds = np.maximum(np.rint(600 * (self.told_minutes + self.km_cost_min * self.km)), 1)
        return pack_labels(cost_ds, np.rint(1000 * self.km), self.ferry)

    @cached_property
    def cost(self) -> Floats:
        """Cost of each link in minutes: its time plus :attr:`km_cost_min` times kilometres."""
        return unpack_labels(self.labels).weight_min

    @cached_property
    def minutes(self) -> Floats:
        """Truck time of each link: what its label tells of it, within a twentieth of a second."""
        return self.cost - self.km_cost_min * self.km

    @cached_property
    def arcs(self) -> tuple[Ints, Ints]:
        """Sorted keys ``tail * places + head`` of both directions of the links that ways take, and these."""
        return choose_arcs(len(self.place_ids), self.tail, self.head, self.labels, self.toll_nok)

    @cached_property
    def graph(self) -> RoadGraph:
        """The places and links as a graph: node k is place k, edge k is link k."""
        return build_place_graph(
            self.x,
            self.y,
            tail=self.tail,
            head=self.head,
            labels=self.labels,
            toll_nok=self.toll_nok,
            names=self.link_names,
            facts=NetworkFacts(
                name=self.name,
                source_date=self.date,
                profile=self.profile_key,
                licence=self.licence,
                attribution="",
                objective="cost" if self.km_cost_min else "time",
                km_cost_min=self.km_cost_min,
            ),
        )

    @property
    def router(self) -> Router:
        """What answers questions about ways between places."""
        return Router(self.graph, self.hierarchy)

    @cached_property
    def _way_rows(self) -> WayRows:
        return WayRows(len(self.place_ids), km_cost_min=self.km_cost_min, measure=self._measure_ways)

    def _measure_ways(self, rows: Ints) -> Table:
        return measure_ways(self.router, rows)

    def look_up_ways(self, look_up: Callable[[Ints, MeasureWays], Table]) -> None:
        """Have least ways from now on found by ``look_up(places, measure)``, which may know them already.

        What it does not know it measures by `measure`; answers do not depend on it.
        """
        self._way_rows.measure = lambda rows: look_up(rows, self._measure_ways)

    def ways_from(self, places: npt.ArrayLike) -> WayTable:
        """Return the least ways, in which the rows of `places` may be read, and no others."""
        return self._way_rows.fill(places)

    @property
    def ways(self) -> WayTable:
        """All least ways: a way and the way back have the same cost, time, length and ferries."""
        return self._way_rows.fill_all()

    def predecessors(self, place: int) -> tuple[Floats, npt.NDArray[np.int32]]:
        """Cost from `place` to every place, and the place before each on the way (-9999: none)."""
        from scipy.sparse import csr_array  # slow to load
        from scipy.sparse.csgraph import dijkstra

        graph = self.graph
        matrix = csr_array((graph.arc_label, graph.arc_head, graph.arc_first), shape=(graph.core, graph.core))
        labels, before = dijkstra(matrix, indices=place, return_predecessors=True)
        return np.where(np.isfinite(labels), unpack_labels(labels).weight_min, np.inf), before

    def link_between(self, tail: Ints, head: Ints) -> Ints:
        """Number of the cheapest link between each pair of neighbouring places."""
        keys, links = self.arcs
        found: Ints = links[np.searchsorted(keys, tail * len(self.place_ids) + head)]
        return found


def build_network(
    places: pd.DataFrame,
    links: pd.DataFrame,
    *,
    name: str,
    date: str = "",
    licence: str = "",
    land: gpd.GeoSeries | npt.NDArray[np.object_] | None = None,
) -> RoadNetwork:
    """Make a network from tables with the columns of ``ROAD_PLACES`` and ``ROAD_LINKS``.

    `land` (polygons clipped at the coast: a series of any CRS, or valid ones in EPSG:25833) keeps points from
    reaching the network over the sea.

    Raises
    ------
    NetworkError
        ``network.empty`` when there are no places; ``network.faulty`` with the count and the first of all
        faults: missing values, a place or link named twice, links to unknown places or from a place to
        itself, lengths, speeds or minutes that are negative, zero or not a number.
    """
    # slow to load, and not needed where the network comes from a file of its own
    import pandas as pd

    from geodata.networkfaults import find_faults
    from geodata.schemas import conform_table

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
    metric = place_points(tuple(places["place_id"]), lon, lat)
    return RoadNetwork(
        place_ids=tuple(places["place_id"]),
        place_names=tuple(places["name"]),
        place_kinds=tuple(places["kind"]),
        lat=lat,
        lon=lon,
        x=metric.x,
        y=metric.y,
        tail=_positions(position, links["from_place"]),
        head=_positions(position, links["to_place"]),
        link_names=tuple(links["road"].fillna("")),
        km=np.rint(1000 * km) / 1000,
        told_minutes=np.where(ferry, crossing, driving),
        ferry=ferry,
        toll_nok=links["toll_nok"].to_numpy(float, na_value=0.0),
        name=name,
        date=date,
        licence=licence,
        content_digest=_digest(places, links),
        land=land
        if land is None or isinstance(land, np.ndarray)
        else land.to_crs(METRIC).make_valid().to_numpy(),
    )


def _positions(position: pd.Series[int], places: pd.Series[str]) -> Ints:
    return np.asarray(position.loc[places], dtype=np.intp)


def _digest(places: pd.DataFrame, links: pd.DataFrame) -> str:
    content = hashlib.sha256()
    for table in (places, links):
        content.update(table.to_csv(index=False, lineterminator="\n").encode())
    return content.hexdigest()
