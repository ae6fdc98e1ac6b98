"""Travel between facilities over a road graph: the travel table of :mod:`geodata.transport`, exact by road.

A way runs from the point to the nearest edge (:mod:`geodata.routing.edgesnapping`), along it to the core,
over the core (:mod:`geodata.routing.tables`) and off again; near points may have a shorter local way
(:mod:`geodata.routing.localways`). One-way roads make the two directions of a pair differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
import shapely

from geodata.crs import METRIC, WGS84
from geodata.land import Land
from geodata.parameters import ScenarioParameters
from geodata.routing.edgesnapping import MAX_ACCESS_KM, SnappedPoints, snap_to_edges
from geodata.routing.entries import describe_end, enter_graph
from geodata.routing.labels import TIME_SCALE, unpack_labels
from geodata.routing.localways import LocalWays, group_points
from geodata.routing.reach import find_nearest, find_within
from geodata.routing.router import Entries, Router
from geodata.routing.tables import BATCH, BLOCK_CELLS, Table, iterate_table, measure_pairs, measure_table
from geodata.snapping import REASONS
from geodata.transport import Floats, Ints, Legs, Points, locate_facilities

if TYPE_CHECKING:
    import geopandas as gpd

    from geodata.routelegs import Route


@dataclass(frozen=True, eq=False)
class GraphNetwork:
    """A road graph ready for travel: what answers (`router`), and the land where it is known."""

    router: Router
    land: Land | None = None

    @property
    def name(self) -> str:
        """What people call the network."""
        return self.router.graph.facts.name

    @property
    def date(self) -> str:
        """ISO date of its data, '' when the source does not say."""
        return self.router.graph.facts.source_date

    @property
    def profile(self) -> str:
        """Key of the vehicle."""
        return self.router.graph.facts.profile

    @property
    def licence(self) -> str:
        """Whom to name and how: licence, then attribution."""
        facts = self.router.graph.facts
        return ", ".join(part for part in (facts.attribution, facts.licence) if part)

    @property
    def digest(self) -> str:
        """SHA-256 of the graph."""
        return self.router.graph.digest

    @cached_property
    def knows_tolls(self) -> bool:
        """Whether any toll or fare is known; else what a way costs is unknown, and not nothing."""
        return bool((self.router.graph.arc_toll > 0).any())

    def describe(self) -> dict[str, str]:
        """Return name, date, profile, licence and digest, for provenance."""
        return {
            "name": self.name,
            "date": self.date,
            "profile": self.profile,
            "licence": self.licence,
            "digest": self.digest,
        }


class TableShelf(Protocol):
    """Where parts of a table of least ways over the core may be known: see :attr:`GraphTravel.shelf`."""

    def look_up(self, i: Ints, j: Ints, measure: Callable[[Ints, Ints], Table]) -> Table:
        """Return the ways from points `i` to points `j`, with tolls; what is not known is measured."""
        ...

    def select(self, positions: Ints) -> TableShelf:
        """Return the same for the points at `positions` only."""
        ...


@dataclass(frozen=True, eq=False)
class GraphTravel:
    """Travel over `network` between placed points (the protocol :class:`geodata.transport.Travel`).

    Attributes
    ----------
    ids : facility_id by position.
    snapped : where the points meet the graph. starts, ends : their entries of its core.
    local : ways between near points that the core does not know.
    threads : how many run at once; None: one for each processor. Answers do not depend on it.
    known : the table of all least ways over the core with tolls (points x points) where it has been measured
        already; it is looked up then. Answers do not depend on it.
    shelf : where parts of that table may be known where it is too large to be held; no answer depends on it.
    """

    ids: tuple[str, ...]
    network: GraphNetwork
    parameters: ScenarioParameters
    snapped: SnappedPoints
    starts: Entries
    ends: Entries
    local: LocalWays
    threads: int | None = None
    known: Table | None = None
    shelf: TableShelf | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why a point has no distances, or only few (``no_connection``); empty when it has all."""
        return tuple(REASONS[s] for s in self.snapped.status)

    @property
    def max_access_km(self) -> float:
        """Points farther than this from every road have no distances."""
        return MAX_ACCESS_KM

    def select(self, positions: Ints) -> GraphTravel:
        """Return travel between the facilities at `positions` only; nothing is measured anew."""
        rows = np.asarray(positions, np.intp)
        snapped = self.snapped.select(rows)
        return replace(
            self,
            ids=tuple(self.ids[row] for row in rows),
            snapped=snapped,
            starts=self.starts.select(rows),
            ends=self.ends.select(rows),
            local=replace(self.local, snapped=snapped, group=self.local.group[rows]),
            known=None if self.known is None else _look_up(self.known, np.ix_(rows, rows)),
            shelf=None if self.shelf is None else self.shelf.select(rows),
        )

    def pairs(self, origins: Ints, destinations: Ints) -> Legs:
        """Legs of the pairs ``(origins[k], destinations[k])``."""
        i, j = np.asarray(origins, np.intp), np.asarray(destinations, np.intp)
        table = self._measure(i, j, tolls=True)
        return self._finish(i, j, table.labels, 0.0 if table.toll is None else table.toll)

    def minutes_between(self, origins: Ints, destinations: Ints) -> Floats:
        """Minutes as a ``len(origins) x len(destinations)`` matrix; NaN where unreachable."""
        i, j = np.asarray(origins, np.intp), np.asarray(destinations, np.intp)
        out = np.full((len(i), len(j)), np.nan)
        for rows, labels in self.iterate_labels(i, j):
            out[rows] = self._decode_minutes(labels)
        return out

    def iterate_labels(self, origins: Ints, destinations: Ints) -> Iterator[tuple[slice, Floats]]:
        """Yield blocks of rows of the table ``origins x destinations`` as labels, local ways included."""
        i, j = np.asarray(origins, np.intp), np.asarray(destinations, np.intp)
        for rows, table in self._iterate_tables(i, j, rows_at_once=None, tolls=False):
            a, b = self.local.list_pairs(i[rows], j)
            table.labels[a, b] = self._shorten(i[rows][a], j[b], table.labels[a, b])[0]
            yield rows, table.labels

    def iterate_legs(
        self, origins: Ints, destinations: Ints, *, rows_at_once: int | None = None
    ) -> Iterator[tuple[slice, Legs]]:
        """Yield the legs of all pairs in blocks of rows: arrays ``rows x len(destinations)``.

        No more than a block is held. `rows_at_once` is chosen by its size when it is not given.
        """
        i, j = np.asarray(origins, np.intp), np.asarray(destinations, np.intp)
        for rows, table in self._iterate_tables(i, j, rows_at_once=rows_at_once, tolls=True):
            yield rows, self._finish_table(i[rows], j, table)

    def pairs_within(
        self, *, max_km: float, max_minutes: float, among: Ints | None = None
    ) -> tuple[Ints, Ints]:
        """Positions of all ordered pairs (i != j, both of `among` where given) within both limits, sorted."""
        i, j, _, _ = self._find_within(max_km=max_km, max_minutes=max_minutes, among=among, tolls=False)
        return i, j

    def legs_within(
        self, *, max_km: float, max_minutes: float, among: Ints | None = None, origins: Ints | None = None
    ) -> tuple[Ints, Ints, Legs]:
        """Return the pairs of :meth:`pairs_within` with their legs: a sparse travel table.

        Only pairs from `origins` where given; each of them is one of `among`.
        """
        i, j, labels, toll = self._find_within(
            max_km=max_km, max_minutes=max_minutes, among=among, origins=origins, tolls=True
        )
        return i, j, self._finish(i, j, labels, toll)

    def nearest(
        self, *, count: int, among: Ints | None = None, origins: Ints | None = None
    ) -> tuple[Ints, Ints, Legs]:
        """Return for each point the `count` others that are reached soonest (fewer where fewer are reached).

        Sorted by origin, then by time; ties by length, ferries and position. Only for `origins` where given;
        each of them is one of `among`.
        """
        everyone = self._placed(among)
        some = everyone if origins is None else self._placed(origins)
        near = find_nearest(
            self.network.router,
            self.starts.select(some),
            self.ends.select(everyone),
            k=count,
            exclude=np.searchsorted(everyone, some),
            threads=self.threads,
            tolls=True,
        )
        one, two = some[near.start], everyone[near.end]
        i, j, labels, toll = self._add_local(some, everyone, one, two, near.label, near.toll)
        order = np.lexsort((j, labels, i))
        i, j, labels, toll = i[order], j[order], labels[order], toll[order]
        place = np.arange(len(i)) - np.searchsorted(i, i)
        kept = np.isfinite(labels) & (place < count)
        return i[kept], j[kept], self._finish(i[kept], j[kept], labels[kept], toll[kept])

    def find_route(self, origin: int, destination: int) -> Route | None:
        """Return the way between two facilities along the roads, None when there is none.

        Its kilometres, minutes and ferries are those of :meth:`pairs`.
        """
        import geopandas as gpd  # these are slow to load, and tables do without

        from geodata.routelegs import Route, RouteLeg
        from geodata.routing.roadroutes import find_road_route

        i, j = np.array([origin]), np.array([destination])
        legs = self.pairs(i, j)
        km, minutes = float(legs.distance_km[0]), float(legs.minutes[0])
        if not np.isfinite(minutes):
            return None
        graph = self.network.router.graph
        start, end = (describe_end(graph, self.snapped, point) for point in (origin, destination))
        if start is None or end is None:
            return None
        route = find_road_route(self.network.router, start, end)
        if route is not None and (route.distance_km, route.minutes) == (km, minutes):
            return route
        rows = np.array([origin, destination])
        points = gpd.GeoSeries(shapely.points(self.snapped.x[rows], self.snapped.y[rows]), crs=METRIC)
        line = shapely.LineString(points.to_crs(WGS84).to_list())
        between = tuple((float(lon), float(lat)) for lon, lat in line.coords)
        direct = RouteLeg("", km, minutes, False, bool(legs.estimated_km[0] > 0), between)
        return Route((), (direct,), line, km, minutes, 0)

    def _find_within(
        self,
        *,
        max_km: float,
        max_minutes: float,
        among: Ints | None,
        origins: Ints | None = None,
        tolls: bool,
    ) -> tuple[Ints, Ints, Floats, Floats]:
        everyone = self._placed(among)
        some = everyone if origins is None else self._placed(origins)
        found = find_within(
            self.network.router,
            self.starts.select(some),
            self.ends.select(everyone),
            max_km=max_km,
            max_minutes=max_minutes,
            threads=self.threads,
            tolls=tolls,
        )
        one, two = some[found.start], everyone[found.end]
        i, j, labels, toll = self._add_local(some, everyone, one, two, found.label, found.toll)
        measures = unpack_labels(labels)
        with np.errstate(invalid="ignore"):
            near = (measures.km <= max_km) & (self._decode_minutes(labels) <= max_minutes)
        i, j, labels, toll = i[near], j[near], labels[near], toll[near]
        order = np.lexsort((j, i))
        return i[order], j[order], labels[order], toll[order]

    def _add_local(
        self,
        origins: Ints,
        everyone: Ints,
        i: Ints,
        j: Ints,
        labels: Floats,
        toll: npt.NDArray[np.float32] | None,
    ) -> tuple[Ints, Ints, Floats, Floats]:
        """Put pairs that may have local ways, rightly measured, in place of what was found over the core."""
        known = np.zeros(len(i)) if toll is None else toll.astype(float)
        a, b = self.local.list_pairs(origins, everyone)
        a, b = origins[a], everyone[b]
        a, b = a[a != b], b[a != b]
        table = self._measure(a, b, tolls=toll is not None)
        there, _, cheap = self._shorten(a, b, table.labels)
        charged = np.zeros(len(a)) if table.toll is None else np.where(cheap, 0.0, table.toll)
        n = len(self.ids)
        other = (i != j) & ~np.isin(i * n + j, a * n + b)
        return (
            np.r_[i[other], a],
            np.r_[j[other], b],
            np.r_[labels[other], there],
            np.r_[known[other], charged],
        )

    def _iterate_tables(
        self, i: Ints, j: Ints, *, rows_at_once: int | None, tolls: bool
    ) -> Iterator[tuple[slice, Table]]:
        """Yield blocks of the table over the core."""
        if self.known is not None:
            step = rows_at_once or max(BLOCK_CELLS // max(len(j), 1), 1)
            for row in range(0, len(i), step):
                block = slice(row, min(row + step, len(i)))
                yield block, _look_up(self.known, np.ix_(i[block], j))
            return
        if self.shelf is not None:
            step = rows_at_once or max(BLOCK_CELLS // max(len(j), 1) // BATCH * BATCH, BATCH)
            for row in range(0, len(i), step):
                block = slice(row, min(row + step, len(i)))
                yield block, self.shelf.look_up(i[block], j, self._measure_table)
            return
        starts, ends = self.starts.select(i), self.ends.select(j)
        yield from iterate_table(
            self.network.router, starts, ends, rows_at_once=rows_at_once, threads=self.threads, tolls=tolls
        )

    def _measure_table(self, i: Ints, j: Ints) -> Table:
        """Measure the table of least ways over the core from points `i` to points `j`."""
        starts, ends = self.starts.select(i), self.ends.select(j)
        return measure_table(self.network.router, starts, ends, threads=self.threads, tolls=True)

    def _measure(self, i: Ints, j: Ints, *, tolls: bool) -> Table:
        """Return the least ways over the core of pairs."""
        if self.known is not None:
            return _look_up(self.known, (i, j))
        router = self.network.router
        return measure_pairs(router, self.starts, self.ends, i, j, threads=self.threads, tolls=tolls)

    def _placed(self, among: Ints | None) -> Ints:
        everyone = np.arange(len(self.ids)) if among is None else np.unique(np.asarray(among, np.intp))
        return everyone[self.snapped.edge[everyone] >= 0]

    def _shorten(self, i: Ints, j: Ints, labels: Floats) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
        """Return the least of `labels` and local ways, estimated kilometres, and which are local ways."""
        local, rough = self.local.measure(i, j)
        taken = np.isfinite(local) & (local <= labels)
        best = np.where(taken, local, labels)
        direct, direct_km = self.local.measure_direct(i, j, most=best)
        straight = np.isfinite(direct)
        best = np.where(straight, direct, best)
        same = (i == j) & (self.snapped.edge[i] >= 0) | (direct_km == 0) & np.isfinite(best)
        best = np.where(same, 0.0, best)
        rough = np.where(straight, direct_km, rough)
        return best, np.where(same, 0.0, rough), taken | straight | same

    def _finish_table(self, i: Ints, j: Ints, table: Table) -> Legs:
        """Return the legs of all pairs of `i` and `j`; ways over the core in `table` become whole ways."""
        rough = self.snapped.estimated_km
        a, b = self.local.list_pairs(i, j)
        there = np.isfinite(table.labels)
        estimated = np.where(there, rough[i, None] + rough[j], np.nan)
        toll = np.where(there, 0.0 if table.toll is None else table.toll, np.nan)
        best, near_km, local = self._shorten(i[a], j[b], table.labels[a, b])
        table.labels[a, b] = best
        reached = np.isfinite(best)
        estimated[a, b] = np.where(reached, near_km, np.nan)
        toll[a, b] = np.where(reached & local, 0.0, toll[a, b])
        if not self.network.knows_tolls:
            toll = np.where(table.labels == 0, 0.0, np.nan)
        measures = unpack_labels(table.labels)
        minutes = self._decode_minutes(table.labels)
        return Legs(measures.km, minutes, measures.ferries, toll, estimated)

    def _finish(self, i: Ints, j: Ints, labels: Floats, toll: npt.ArrayLike) -> Legs:
        best, rough, local = self._shorten(i, j, labels)
        measures = unpack_labels(best)
        there = np.isfinite(best)
        paid = np.where(local, 0.0, np.asarray(toll, float))
        if not self.network.knows_tolls:
            paid = np.where(best == 0, 0.0, np.nan)
        return Legs(
            distance_km=measures.km,
            minutes=self._decode_minutes(best),
            ferries=measures.ferries,
            toll_nok=np.where(there, paid, np.nan),
            estimated_km=np.where(there, rough, np.nan),
        )

    def _decode_minutes(self, labels: Floats) -> Floats:
        km_cost_min = self.network.router.graph.facts.km_cost_min
        if km_cost_min:
            measures = unpack_labels(labels)
            return measures.weight_min - km_cost_min * measures.km
        minutes: Floats = np.floor(labels / TIME_SCALE) / 600.0  # scaling by a power of two is exact
        minutes[np.isinf(labels)] = np.nan
        return minutes


def _look_up(known: Table, where: tuple[npt.NDArray[np.intp], ...]) -> Table:
    return Table(known.labels[where], None if known.toll is None else known.toll[where])


def measure_graph_travel(
    network: GraphNetwork,
    facilities: gpd.GeoDataFrame | Points,
    *,
    parameters: ScenarioParameters,
    threads: int | None = None,
    snapped: SnappedPoints | None = None,
) -> GraphTravel:
    """Tie `facilities` (points, any CRS, ``facility_id``) to `network`; distances are computed when asked.

    Rows that cannot be tied to it keep their position and have no distances; :attr:`GraphTravel.reasons` says
    why. `snapped` tells where the same points meet the graph where that is known. Raises CrsError when the
    CRS is missing.
    """
    ids, x, y = locate_facilities(facilities)
    graph = network.router.graph
    if snapped is None:
        snapped = snap_to_edges(graph, x, y, parameters=parameters, land=network.land)
    return GraphTravel(
        ids=ids,
        network=network,
        parameters=parameters,
        snapped=snapped,
        starts=enter_graph(graph, snapped, outward=True),
        ends=enter_graph(graph, snapped, outward=False),
        local=group_points(graph, snapped, parameters=parameters, land=network.land),
        threads=threads,
    )
