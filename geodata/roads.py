"""Travel by road between facilities: the travel table of :mod:`geodata.transport` over a road network.

A way runs from the point onto the network (see :mod:`geodata.snapping`), along the least-cost way of the
network (see :mod:`geodata.network`) and off it again; of all combinations the cheapest is taken. Two
facilities that meet the same link go straight along it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from geodata.network import RoadNetwork, build_network
from geodata.parameters import ScenarioParameters
from geodata.routing.edgesnapping import SnappedPoints
from geodata.routing.travel import GraphNetwork, GraphTravel, measure_graph_travel
from geodata.snapping import MAX_ACCESS_KM, MAX_ANCHORS, REASONS, Snapped, snap_points
from geodata.transport import Floats, Ints, Legs, Points, locate_facilities, number_spots
from geodata.ways import WayTable

if TYPE_CHECKING:
    import geopandas as gpd
    from scipy.sparse import csr_array

__all__ = [
    "GraphNetwork",
    "GraphTravel",
    "Network",
    "NetworkTravel",
    "RoadNetwork",
    "RoadTravel",
    "build_network",
    "measure_travel",
]

ENTRIES: Final = 8
PAIRS_AT_ONCE: Final = 40_000
ORIGINS_AT_ONCE: Final = 32
SOURCES_AT_ONCE: Final = 256
SAME_LINK_KM: Final = 25.0
"""Only pairs nearer than this as the crow flies are tried along a link they share."""
DIRECT_KM: Final = 2.0
DIRECT_SHARE: Final = 0.5
"""Two points off the road go directly when that is at most half of their ways to the road, and short."""


@dataclass(frozen=True, eq=False)
class RoadTravel:
    """Travel over `network` between placed points (the protocol :class:`geodata.transport.Travel`).

    Attributes
    ----------
    ids : facility_id by position.
    snapped : where the points meet the network.
    node, entry_cost, entry_min, entry_km, rough_km : ``points x ENTRIES``: places to set out from, and what
        it
        takes to get there (cost, minutes, kilometres, of which estimated); unused entries are inf.
    anchor : which of the ways on in `snapped` each entry belongs to.
    """

    ids: tuple[str, ...]
    network: RoadNetwork
    parameters: ScenarioParameters
    snapped: Snapped
    node: Ints
    entry_cost: Floats
    entry_min: Floats
    entry_km: Floats
    rough_km: Floats
    anchor: Ints

    def __getstate__(self) -> dict[str, object]:
        """Leave what is made when asked for to whoever unpickles it."""
        return {spec.name: getattr(self, spec.name) for spec in fields(self)}

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why a point has no distances: ``not_placed``, ``off_network`` or empty when it has."""
        return tuple(REASONS[s] for s in self.snapped.status)

    @property
    def max_access_km(self) -> float:
        """Points farther than this from the network have no distances."""
        return MAX_ACCESS_KM

    def select(self, positions: Ints) -> RoadTravel:
        """Return travel between the facilities at `positions` only; nothing is measured anew."""
        rows = np.asarray(positions, np.intp)
        snapped = Snapped(**{spec.name: getattr(self.snapped, spec.name)[rows] for spec in fields(Snapped)})
        names = ("node", "entry_cost", "entry_min", "entry_km", "rough_km", "anchor")
        arrays = {name: getattr(self, name)[rows] for name in names}
        return replace(self, ids=tuple(self.ids[row] for row in rows), snapped=snapped, **arrays)

    def pairs(self, origins: Ints, destinations: Ints) -> Legs:
        """Legs of the pairs ``(origins[k], destinations[k])``."""
        first, spot = self._spots
        one, two = spot[np.asarray(origins, np.intp)], spot[np.asarray(destinations, np.intp)]
        # The lower one first, so that both directions of a pair are one computation; so are equal points.
        keys, back = np.unique(np.minimum(one, two) * len(first) + np.maximum(one, two), return_inverse=True)
        i, j = (first[ends] for ends in np.divmod(keys, max(len(first), 1)))
        starts = range(0, max(len(i), 1), PAIRS_AT_ONCE)
        blocks = [self._measure(i[s : s + PAIRS_AT_ONCE], j[s : s + PAIRS_AT_ONCE]) for s in starts]
        parts = [np.concatenate([block[c] for block in blocks]) for c in range(5)]
        km, minutes, ferries, toll, rough = parts
        unreachable = ~np.isfinite(minutes)
        for values in (km, minutes, toll, rough):
            values[unreachable] = np.nan
        crossings = np.where(unreachable, -1, ferries).astype(np.int16)
        return Legs(km[back], minutes[back], crossings[back], toll[back], rough[back])

    def minutes_between(self, origins: Ints, destinations: Ints) -> Floats:
        """Minutes as a ``len(origins) x len(destinations)`` matrix; NaN where unreachable."""
        i, j = np.asarray(origins, np.intp), np.asarray(destinations, np.intp)
        out = np.full((len(i), len(j)), np.nan)
        for start in range(0, len(i), ORIGINS_AT_ONCE):
            rows = slice(start, start + ORIGINS_AT_ONCE)
            minutes, _ = self._sweep(i[rows], j)
            a, b = self._close_pairs(i[rows], j)
            minutes[a, b] = np.minimum(minutes[a, b], self.pairs(i[rows][a], j[b]).minutes)
            out[rows] = np.where(np.isfinite(minutes), minutes, np.nan)
        return out

    def pairs_within(
        self, *, max_km: float, max_minutes: float, among: Ints | None = None
    ) -> tuple[Ints, Ints]:
        """Positions of all ordered pairs (i != j, both of `among` where given) within both limits, sorted."""
        everyone = np.arange(len(self.ids)) if among is None else np.unique(np.asarray(among, np.intp))
        placed = everyone[np.isfinite(self.snapped.x[everyone]) & np.isfinite(self.snapped.y[everyone])]
        first, spot = self._spots
        members = placed[np.argsort(spot[placed], kind="stable")]
        shown, start, count = np.unique(spot[members], return_index=True, return_counts=True)
        near = self._spots_within(first[shown], max_km=max_km, max_minutes=max_minutes)
        one, two = np.concatenate([near, near[:, ::-1][near[:, 0] != near[:, 1]]]).T
        # every facility of the one point with every one of the other
        several = count[one] * count[two]
        at = np.arange(several.sum()) - np.repeat(np.cumsum(several) - several, several)
        a, b = np.divmod(at, np.repeat(count[two], several))
        i, j = members[np.repeat(start[one], several) + a], members[np.repeat(start[two], several) + b]
        i, j = np.divmod(np.sort((i * len(self.ids) + j)[i != j]), max(len(self.ids), 1))
        return i, j

    def _spots_within(self, placed: Ints, *, max_km: float, max_minutes: float) -> Ints:
        """Which two of `placed` (different points, ascending) are within both limits, ``pairs x 2``.

        By their place in `placed`, each pair once and the lower first; a point and itself are a pair.
        """
        from scipy.spatial import cKDTree  # slow to load, and not needed for single ways

        tree = cKDTree(np.c_[self.snapped.x[placed], self.snapped.y[placed]])
        found = [np.empty((0, 2), np.intp)]
        for start in range(0, len(placed), SOURCES_AT_ONCE):
            block = placed[start : start + SOURCES_AT_ONCE]
            near = cKDTree(np.c_[self.snapped.x[block], self.snapped.y[block]])
            # Generalised lengths can fall a little short of the crow's: the crow gets a margin.
            table = near.sparse_distance_matrix(tree, max_km * 1150 + 1000, output_type="ndarray")
            one, other = table["i"].astype(np.intp), table["j"].astype(np.intp)
            half = start + one <= other  # both directions of a pair are one computation
            one, other, straight_m = one[half], other[half], table["v"][half]
            two = placed[other]
            # What is within both limits costs no more than this; the small excess is for rounding.
            most = max_minutes + self.network.km_cost_min * max_km + 1e-6
            affordable = self._least_cost(block, one, two) <= most
            affordable |= straight_m <= DIRECT_KM * 1000
            dear = np.flatnonzero(~affordable)
            affordable[dear] = self._share_link(block[one[dear]], two[dear])
            one, other = one[affordable], other[affordable]
            legs = self.pairs(block[one], placed[other])
            within = (legs.minutes <= max_minutes) & (legs.distance_km <= max_km)
            found.append(np.c_[start + one, other][within])
        return np.concatenate(found)

    @cached_property
    def _spots(self) -> tuple[Ints, Ints]:
        return number_spots(self.snapped.x, self.snapped.y)

    @cached_property
    def ways(self) -> WayTable:
        """Least ways between places, in which the rows of all entries may be read."""
        return self.network.ways_from(self.node)

    def _least_cost(self, origins: Ints, one: Ints, two: Ints) -> Floats:
        """Least cost over the network of the pairs ``(origins[one[k]], two[k])``; inf: none."""
        best = np.full((len(origins), len(self.ways.cost)), np.inf)
        for e in range(ENTRIES):
            cost = self.ways.cost[self.node[origins, e]]
            cost += self.entry_cost[origins, e, None]
            np.minimum(best, cost, out=best)
        out = np.full(len(one), np.inf)
        for e in range(ENTRIES):
            np.minimum(out, best[one, self.node[two, e]] + self.entry_cost[two, e], out=out)
        return out

    def _share_link(self, one: Ints, two: Ints) -> npt.NDArray[np.bool_]:
        """Tell which of the pairs meet one link."""
        out = np.zeros(len(one), dtype=bool)
        for a in range(MAX_ANCHORS):
            mine = self.snapped.link[one, a]
            for b in range(MAX_ANCHORS):
                out |= (mine == self.snapped.link[two, b]) & (mine >= 0)
        return out

    def _close_pairs(self, origins: Ints, destinations: Ints) -> tuple[Ints, Ints]:
        """Pairs (row, column) that meet one link, or lie so near that they may go directly."""
        shared = (self._met_links[origins] @ self._met_links[destinations].T).toarray() > 0
        x, y = self.snapped.x, self.snapped.y
        straight_m = np.hypot(x[origins, None] - x[destinations], y[origins, None] - y[destinations])
        a, b = np.nonzero(shared | (straight_m <= DIRECT_KM * 1000))
        return a, b

    @cached_property
    def _met_links(self) -> csr_array:
        from scipy.sparse import csr_array

        point, anchor = np.nonzero(self.snapped.link >= 0)
        link = self.snapped.link[point, anchor]
        shape = (len(self.ids), max(len(self.network.km), 1))
        return csr_array((np.ones(len(point), np.float32), (point, link)), shape=shape)

    def _sweep(self, origins: Ints, destinations: Ints) -> tuple[Floats, Floats]:
        """Minutes and km over the network (not along a shared link), ``origins x destinations``; inf:
        none."""
        ways = self.ways
        rows = np.arange(len(origins))[:, None]
        best = np.full((len(origins), len(ways.cost)), np.inf)
        start = np.zeros(best.shape, np.int8)
        for e in range(ENTRIES):
            cost = self.entry_cost[origins, e, None] + ways.cost[self.node[origins, e]]
            better = cost < best
            best, start = np.where(better, cost, best), np.where(better, e, start)
        out = np.full((len(origins), len(destinations)), np.inf)
        end = np.zeros(out.shape, np.int8)
        for e in range(ENTRIES):
            cost = best[rows, self.node[destinations, e]] + self.entry_cost[destinations, e]
            better = cost < out
            out, end = np.where(better, cost, out), np.where(better, e, end)
        target = self.node[destinations[None, :], end]
        setting_out = start[rows, target]
        source = self.node[origins[:, None], setting_out]
        sums = [
            entry[origins[:, None], setting_out] + entry[destinations[None, :], end] + way[source, target]
            for entry, way in ((self.entry_min, ways.minutes), (self.entry_km, ways.km))
        ]
        minutes, km = (np.where(np.isfinite(out), values, np.inf) for values in sums)
        return minutes, km

    def _measure(self, i: Ints, j: Ints) -> tuple[npt.NDArray[np.generic], ...]:
        ways = self.ways
        entry = self.entry_cost[i][:, :, None] + self.entry_cost[j][:, None, :]
        total = (entry + ways.cost[self.node[i][:, :, None], self.node[j][:, None, :]]).reshape(
            len(i), ENTRIES**2
        )
        best = total.argmin(axis=1) if len(i) else np.empty(0, np.intp)
        cost = total[np.arange(len(i)), best]
        e, f = np.divmod(best, ENTRIES)
        a, b = self.node[i, e], self.node[j, f]
        minutes = self.entry_min[i, e] + self.entry_min[j, f] + ways.minutes[a, b]
        km = self.entry_km[i, e] + self.entry_km[j, f] + ways.km[a, b]
        rough = self.rough_km[i, e] + self.rough_km[j, f]
        ferries = ways.ferries[a, b].astype(float)
        # of two ways that are equal but for the toll, both directions tell the same
        toll = ways.toll_nok[np.minimum(a, b), np.maximum(a, b)].astype(float)
        straight = (
            np.hypot(self.snapped.x[i] - self.snapped.x[j], self.snapped.y[i] - self.snapped.y[j]) / 1000
        )
        for near, other in (self._along_link(i, j, straight), self._directly(i, j, straight)):
            better = other[0] < cost[near]
            hit = near[better]
            cost[hit], minutes[hit], km[hit], rough[hit] = (values[better] for values in other)
            ferries[hit], toll[hit] = 0, 0
        minutes[~np.isfinite(cost)] = np.inf
        if not self.network.knows_tolls:
            toll[:] = np.nan
        same = np.isfinite(cost) & ((i == j) | (straight == 0))
        for values in (km, minutes, ferries, toll, rough):
            values[same] = 0
        return km, minutes, ferries, toll, rough

    def _along_link(self, i: Ints, j: Ints, straight: Floats) -> tuple[Ints, tuple[Floats, ...]]:
        """Ways along a link that both points meet."""
        s = self.snapped
        near = np.flatnonzero(straight <= SAME_LINK_KM)
        i, j = i[near], j[near]
        shared = (s.link[i][:, :, None] == s.link[j][:, None, :]) & (s.link[i][:, :, None] >= 0)

        def over(mine: Floats, along: Floats) -> Floats:
            gap: Floats = np.abs(along[i][:, :, None] - along[j][:, None, :])
            return gap + mine[i][:, :, None] + mine[j][:, None, :]

        minutes = over(s.access_min, s.along_min).reshape(len(near), MAX_ANCHORS**2)
        km = over(s.access_km, s.along_km).reshape(len(near), MAX_ANCHORS**2)
        cost = _weigh(minutes, km, km_cost_min=self.network.km_cost_min)
        cost = np.where(shared.reshape(minutes.shape), cost, np.inf)
        best = cost.argmin(axis=1) if len(near) else np.empty(0, np.intp)
        row = np.arange(len(near))
        rough = (s.estimated_km[i][:, :, None] + s.estimated_km[j][:, None, :]).reshape(
            len(near), MAX_ANCHORS**2
        )[row, best]
        return near, (cost[row, best], minutes[row, best], km[row, best], rough)

    def _directly(self, i: Ints, j: Ints, straight: Floats) -> tuple[Ints, tuple[Floats, ...]]:
        """Ways between two points that lie nearer to one another than to the road."""
        access = self.snapped.access_km.min(axis=1) / self.parameters.access_detour_factor
        limit = np.minimum(DIRECT_KM, DIRECT_SHARE * (access[i] + access[j]))
        near = np.flatnonzero(np.isfinite(access[i] + access[j]) & (straight <= limit))
        km = straight[near] * self.parameters.access_detour_factor
        minutes = 60 * km / self.parameters.access_speed_kmh
        return near, (minutes + self.network.km_cost_min * km, minutes, km, km)


Network: TypeAlias = RoadNetwork | GraphNetwork
"""What distances by road can be measured over: the table of main roads, or a whole road graph."""
NetworkTravel: TypeAlias = RoadTravel | GraphTravel


@overload
def measure_travel(
    network: RoadNetwork,
    facilities: gpd.GeoDataFrame | Points,
    *,
    parameters: ScenarioParameters,
    snapped: Snapped | None = None,
) -> RoadTravel: ...


@overload
def measure_travel(
    network: GraphNetwork,
    facilities: gpd.GeoDataFrame | Points,
    *,
    parameters: ScenarioParameters,
    snapped: SnappedPoints | None = None,
) -> GraphTravel: ...


@overload
def measure_travel(
    network: Network,
    facilities: gpd.GeoDataFrame | Points,
    *,
    parameters: ScenarioParameters,
    snapped: Snapped | SnappedPoints | None = None,
) -> NetworkTravel: ...


def measure_travel(
    network: Network,
    facilities: gpd.GeoDataFrame | Points,
    *,
    parameters: ScenarioParameters,
    snapped: Snapped | SnappedPoints | None = None,
) -> NetworkTravel:
    """Tie `facilities` (points, any CRS, ``facility_id``) to `network`; distances are computed when asked.

    Rows without a point, or too far from the network, keep their position and have no distances; the travel's
    ``reasons`` say why. `snapped` tells where the same points meet the same network where that is known.
    Raises CrsError when the CRS is missing.
    """
    if isinstance(network, GraphNetwork):
        met = snapped if isinstance(snapped, SnappedPoints) else None
        return measure_graph_travel(network, facilities, parameters=parameters, snapped=met)
    ids, x, y = locate_facilities(facilities)
    if not isinstance(snapped, Snapped):
        snapped = snap_points(network, x, y, parameters=parameters)
    node = np.concatenate([snapped.first, snapped.second], axis=1)
    back_km, back_min = snapped.link_km - snapped.along_km, snapped.link_min - snapped.along_min
    is_place = snapped.link < 0
    minutes = np.c_[
        snapped.access_min + snapped.along_min, np.where(is_place, np.inf, snapped.access_min + back_min)
    ]
    km = np.c_[snapped.access_km + snapped.along_km, np.where(is_place, np.inf, snapped.access_km + back_km)]
    rough = np.c_[snapped.estimated_km, snapped.estimated_km]
    cost = _weigh(minutes, km, km_cost_min=network.km_cost_min)
    order = np.argsort(cost, axis=1, kind="stable")
    for e in range(1, node.shape[1]):  # a place reached twice keeps its cheaper entry
        again = np.take_along_axis(node, order[:, e, None], 1) == np.take_along_axis(node, order[:, :e], 1)
        np.put_along_axis(
            cost, order[:, e, None], np.where(again.any(axis=1), np.inf, _at(cost, order[:, e]))[:, None], 1
        )
    order = np.argsort(cost, axis=1, kind="stable")[:, :ENTRIES]
    node, cost, minutes, km, rough = (
        np.take_along_axis(v, order, 1) for v in (node, cost, minutes, km, rough)
    )
    anchor = order % snapped.first.shape[1]
    return RoadTravel(ids, network, parameters, snapped, node, cost, minutes, km, rough, anchor)


def _weigh(minutes: Floats, km: Floats, *, km_cost_min: float) -> Floats:
    """Return what ways cost; infinite where they take for ever, even where kilometres count nothing."""
    out: Floats = minutes + km_cost_min * np.where(np.isfinite(km), km, 0.0)
    return out


def _at(values: Floats, column: Ints) -> Floats:
    picked: Floats = values[np.arange(len(values)), column]
    return picked
