"""Distances that were measured before, kept on disk: where points meet the roads, and the ways between them.

Over a road graph (:class:`geodata.roads.GraphNetwork`) a label depends on the graph and on how two points
enter it, on nothing else. So tables are kept by the graph's digest, and rows and columns by a digest of a
point's entries; the parameters of access and the point's place are in these. Where a point meets the roads is
kept by the network's digest, the land, the parameters of access and the point, to the last bit of its
coordinates in EPSG:25833. Nothing is rounded: what is looked up is what would be measured. Over the main
roads all ways run between their places, and are kept by the place they set out from, whatever the points.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import platformdirs
import shapely

from geodata.land import Land
from geodata.parameters import ScenarioParameters
from geodata.roads import GraphNetwork, GraphTravel, Network, NetworkTravel, RoadNetwork, measure_travel
from geodata.routing.edgesnapping import SnappedPoints
from geodata.routing.router import Entries
from geodata.routing.tables import Table, measure_table
from geodata.snapping import MAX_ANCHORS, Snapped
from geodata.transport import Ints, Points, locate_facilities
from loaders.tilefiles import KEY_BYTES, PlaneKind, Planes, empty_planes
from loaders.tilestore import MOST_BYTES, TileStore

if TYPE_CHECKING:
    import geopandas as gpd

FOLDER_VARIABLE: Final = "SYMBIOSEKART_CACHE"
RULES: Final = "1"
"""Raise when the same network, parameters and points would be measured otherwise than before."""
MOST_POINTS: Final = 6_000
"""Tables of more points are not held whole (36 million cells of 12 bytes), but row by row."""
CELL_BYTES: Final = 12
MOST_TABLE_BYTES: Final = 2**30
"""What of one table is kept at most: all of 9 400 points, the first 4 400 rows of 20 000. What was used
longest ago goes first, so that of a table larger than the whole cache nothing would be left to find."""
_log = logging.getLogger(__name__)
_TABLE_KINDS: Final = [PlaneKind("labels", "<f8"), PlaneKind("toll", "<f4")]
_GRAPH_KINDS: Final = [
    PlaneKind("status", "|i1"),
    PlaneKind("edge", "<i4"),
    PlaneKind("vertex", "<i8"),
    *(PlaneKind(name, "<f8") for name in ("x", "y", "share", "foot_x", "foot_y", "part", "rest")),
    *(PlaneKind(name, "<f8") for name in ("straight_km", "access", "estimated_km")),
]
_ROAD_KINDS: Final = [
    PlaneKind("status", "|i1"),
    PlaneKind("x", "<f8"),
    PlaneKind("y", "<f8"),
    *(PlaneKind(name, "<i8", (MAX_ANCHORS,)) for name in ("first", "second", "link")),
    *(PlaneKind(name, "<f8", (MAX_ANCHORS,)) for name in ("along_km", "link_km", "along_min", "link_min")),
    *(PlaneKind(name, "<f8", (MAX_ANCHORS,)) for name in ("access_km", "access_min", "estimated_km")),
]


def _lay_planes(table: Table) -> Planes:
    toll = np.zeros(table.labels.shape, np.float32) if table.toll is None else table.toll
    return {"labels": table.labels, "toll": toll}


@dataclass(frozen=True)
class KeptTable:
    """Rows of a table that is too large to be held (a :class:`geodata.routing.travel.TableShelf`).

    Attributes
    ----------
    context : of the tiles. starts, ends : keys of the points. rows : points of the table from which ways are
        kept, the first ones; those from others are measured anew each time.
    """

    store: TileStore
    context: str
    starts: list[bytes]
    ends: list[bytes]
    rows: int

    def look_up(self, i: Ints, j: Ints, measure: Callable[[Ints, Ints], Table]) -> Table:
        """Return the ways from points `i` to points `j`: looked up, and only what is not known measured."""
        kept = i < self.rows
        if kept.any() and not kept.all():
            parts = [self.look_up(i[some], j, measure) for some in (kept, ~kept)]
            planes = [_lay_planes(part) for part in parts]
            whole = empty_planes(len(i), len(j), kinds=_TABLE_KINDS)
            for some, part in zip((kept, ~kept), planes, strict=True):
                for name, plane in part.items():
                    whole[name][some] = plane
            return Table(whole["labels"], whole["toll"])
        if not kept.any():
            return measure(i, j)

        def fill(some: Ints, others: Ints) -> Planes:
            return _lay_planes(measure(i[some], j[others]))

        keys, columns = [self.starts[k] for k in i.tolist()], [self.ends[k] for k in j.tolist()]
        found = self.store.fill(self.context, keys, columns, _TABLE_KINDS, fill)
        return Table(found["labels"], found["toll"])

    def select(self, positions: Ints) -> KeptTable:
        """Return the same for the points at `positions`; of these the first ones are kept."""
        where = np.asarray(positions).tolist()
        return replace(self, starts=[self.starts[k] for k in where], ends=[self.ends[k] for k in where])


@dataclass(frozen=True)
class KeptWays:
    """Least ways between the places of the main roads, by the place they set out from."""

    store: TileStore
    network: RoadNetwork

    def __call__(self, places: Ints, measure: Callable[[Ints], Table]) -> Table:
        """Return the ways from `places` to all places: looked up, and only what is not known measured."""
        count = len(self.network.place_ids)
        kinds = [replace(kind, inner=(count,)) for kind in _TABLE_KINDS]

        def fill(rows: Ints, _columns: Ints) -> Planes:
            return {name: plane[:, None] for name, plane in _lay_planes(measure(places[rows])).items()}

        method = "plain" if self.network.hierarchy is None else "swept"
        context = _digest_words("ways", RULES, method, self.network.digest)
        keys = [place.to_bytes(KEY_BYTES, "little") for place in places.tolist()]
        found = self.store.fill(context, keys, [bytes(KEY_BYTES)], kinds, fill)
        return Table(found["labels"][:, 0], found["toll"][:, 0])


class TravelCache:
    """What is known of travel, in a folder; see :func:`open_cache`.

    Attributes
    ----------
    store : the tiles. most_points : tables of more points are measured when asked, as without a cache.
    """

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES, most_points: int = MOST_POINTS) -> None:
        self.store = TileStore(folder, most_bytes=most_bytes)
        self.most_points = most_points

    @property
    def trouble(self) -> str:
        """Why nothing can be kept, in the system's words; empty where it can."""
        return self.store.trouble

    def complete(self, travel: NetworkTravel) -> NetworkTravel:
        """Return `travel` with its table of ways known: looked up, and only what is new measured.

        With more than `most_points` points the table is not held: its rows are looked up when they are asked
        for, as many as :data:`MOST_TABLE_BYTES` allow. Over the main roads nothing is left to be done.
        """
        if not isinstance(travel, GraphTravel) or travel.known is not None:
            return travel
        router = travel.network.router
        method = "plain" if router.hierarchy is None else "swept"
        context = _digest_words("table", RULES, method, router.graph.digest)
        placed = np.flatnonzero((np.diff(travel.starts.first) > 0) | (np.diff(travel.ends.first) > 0))
        if len(placed) > self.most_points:
            everyone = np.arange(len(travel.ids))
            starts, ends = (_digest_entries(side, everyone) for side in (travel.starts, travel.ends))
            rows = MOST_TABLE_BYTES // (CELL_BYTES * len(everyone))
            return replace(travel, shelf=KeptTable(self.store, context, starts, ends, rows))

        def measure(rows: Ints, columns: Ints) -> Planes:
            starts, ends = travel.starts.select(placed[rows]), travel.ends.select(placed[columns])
            table = measure_table(router, starts, ends, threads=travel.threads, tolls=True)
            return _lay_planes(table)

        found = self.store.fill(
            context,
            _digest_entries(travel.starts, placed),
            _digest_entries(travel.ends, placed),
            _TABLE_KINDS,
            measure,
        )
        if len(placed) == len(travel.ids):
            return replace(travel, known=Table(found["labels"], found["toll"]))
        n = len(travel.ids)
        labels, toll = np.full((n, n), np.inf), np.zeros((n, n), np.float32)
        where = np.ix_(placed, placed)
        labels[where], toll[where] = found["labels"], found["toll"]
        return replace(travel, known=Table(labels, toll))

    def tie(
        self, network: Network, facilities: gpd.GeoDataFrame | Points, *, parameters: ScenarioParameters
    ) -> NetworkTravel:
        """Return travel as :func:`geodata.roads.measure_travel` does, where known points are looked up."""
        points = Points(*locate_facilities(facilities))
        if isinstance(network, RoadNetwork):
            network.look_up_ways(KeptWays(self.store, network))
        record, kinds = (
            (SnappedPoints, _GRAPH_KINDS) if isinstance(network, GraphNetwork) else (Snapped, _ROAD_KINDS)
        )

        def measure(rows: Ints, _columns: Ints) -> Planes:
            snapped = measure_travel(network, points.select(rows), parameters=parameters).snapped
            return {kind.name: getattr(snapped, kind.name)[:, None] for kind in kinds}

        land = network.land.polygons if isinstance(network.land, Land) else network.land
        context = _digest_words(
            "points",
            RULES,
            network.digest,
            _digest_land(land) if land is not None else "",
            float(parameters.access_detour_factor).hex(),
            float(parameters.access_speed_kmh).hex(),
        )
        found = self.store.fill(
            context, _digest_rows([points.x, points.y]), [bytes(KEY_BYTES)], kinds, measure
        )
        values = {name: np.ascontiguousarray(plane[:, 0]) for name, plane in found.items()}
        return measure_travel(network, points, parameters=parameters, snapped=record(**values))


def open_cache(folder: Path | None = None) -> TravelCache:
    """Return the cache in `folder`, or where :data:`FOLDER_VARIABLE` says, or in the user's cache folder.

    Nothing is made on disk before there is something to keep.
    """
    named = os.environ.get(FOLDER_VARIABLE, "").strip()
    root = folder or (
        Path(named) if named else Path(platformdirs.user_cache_dir("symbiosekart", appauthor=False))
    )
    return TravelCache(root / "travel")


def measure_travel_cached(
    network: Network,
    facilities: gpd.GeoDataFrame,
    *,
    parameters: ScenarioParameters,
    cache: TravelCache | None = None,
) -> NetworkTravel:
    """Return travel between `facilities` over `network`, with all that is known looked up on disk.

    Answers are those of :func:`geodata.roads.measure_travel`. Adding facilities measures only their rows and
    columns; removing or reordering them measures nothing. `cache` is that of :func:`open_cache` when not
    given; where it cannot keep anything, that is logged once. Raises CrsError when the CRS is missing.
    """
    cache = cache or open_cache()
    travel = cache.complete(cache.tie(network, facilities, parameters=parameters))
    if cache.trouble:
        _warn_once(cache.trouble)
    return travel


@lru_cache(maxsize=16)
def _warn_once(trouble: str) -> None:
    _log.warning("Distances are not kept on disk: %s", trouble)


def _digest_entries(entries: Entries, points: Ints) -> list[bytes]:
    """Return a key for each of `points`: of the nodes, labels and tolls by which it meets the core."""
    node, label = entries.node.astype("<i4"), entries.label.astype("<f8")
    toll = entries.toll.astype("<f4")
    keys = []
    for point in points.tolist():
        part = slice(int(entries.first[point]), int(entries.first[point + 1]))
        content = node[part].tobytes() + label[part].tobytes() + toll[part].tobytes()
        keys.append(hashlib.sha256(content).digest()[:KEY_BYTES])
    return keys


def _digest_rows(columns: Sequence[npt.NDArray[Any]]) -> list[bytes]:
    values = np.ascontiguousarray(np.stack(columns, axis=1).astype("<f8"))
    return [hashlib.sha256(row.tobytes()).digest()[:KEY_BYTES] for row in values]


def _digest_words(*words: str) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:40]


def _digest_land(polygons: npt.NDArray[np.object_]) -> str:
    """Return a digest of the land by which points are kept from crossing the sea."""
    content = hashlib.sha256()
    for shape in shapely.to_wkb(polygons, byte_order=1):
        content.update(len(shape).to_bytes(8, "little") + shape)
    return content.hexdigest()
