"""What lies within so many minutes or kilometres of one place: areas to draw, and the facilities there by the
table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geodata.crs import METRIC, WGS84
from geodata.network import RoadNetwork
from geodata.parameters import ScenarioParameters
from geodata.roads import GraphTravel, Network, RoadTravel, measure_travel
from geodata.routing.entries import describe_end
from geodata.routing.isochrones import WIDTH_M, find_reach_areas
from geodata.routing.labels import pack_labels
from geodata.routing.paths import RoadEnd
from geodata.transport import Travel

MAIN_ROADS_WIDTH_M: Final = 3000.0
"""Main roads are drawn straight from place to place, kilometres off the true road, and stand for the small
ones around them."""


def find_areas(
    network: Network,
    point: shapely.Point,
    *,
    minutes: Sequence[float] = (),
    km: Sequence[float] = (),
    parameters: ScenarioParameters | None = None,
) -> gpd.GeoDataFrame:
    """Return the area within each of `minutes` (or of `km`) of `point` (EPSG:4326) by road, EPSG:4326.

    Columns as of :func:`geodata.routing.isochrones.find_reach_areas`; no rows when the point is not tied to
    the roads. The sea is left out where the land is known. Over main roads the areas lie around these and are
    rough.
    """
    place = gpd.GeoDataFrame({"facility_id": ["a"]}, geometry=[point], crs=WGS84)
    travel = measure_travel(network, place, parameters=parameters or ScenarioParameters())
    if isinstance(travel, GraphTravel):
        start = describe_end(travel.network.router.graph, travel.snapped, 0)
        router, width_m = travel.network.router, WIDTH_M
    else:
        start = _enter_main_road(travel)
        router, width_m = travel.network.router, MAIN_ROADS_WIDTH_M
    if start is None:
        measure = "km" if km else "minutes"
        return gpd.GeoDataFrame({measure: [], "width_m": []}, geometry=gpd.GeoSeries([], crs=WGS84))
    areas = find_reach_areas(router, start, minutes=minutes, km=km, width_m=width_m)
    return _cut_at_coast(areas, _find_land(network))


def _find_land(network: Network) -> npt.NDArray[np.object_] | None:
    if isinstance(network, RoadNetwork):
        return network.land
    return network.land.polygons if network.land is not None else None


def _cut_at_coast(areas: gpd.GeoDataFrame, land: npt.NDArray[np.object_] | None) -> gpd.GeoDataFrame:
    """Return the areas without what is sea, as far as the land (EPSG:25833) is known."""
    if land is None or not len(land) or areas.empty:
        return areas
    metric = areas.geometry.to_crs(METRIC).to_numpy()
    west, south, east, north = shapely.total_bounds(metric)
    near = land[shapely.intersects(land, shapely.box(west, south, east, north))]
    near = shapely.make_valid(shapely.clip_by_rect(near, west, south, east, north))
    dry = [_keep_polygons(shapely.union_all(shapely.intersection(near, area))) for area in metric]
    out = areas.set_geometry(gpd.GeoSeries(dry, index=areas.index, crs=METRIC).to_crs(WGS84))
    return out[~out.geometry.is_empty].reset_index(drop=True)


def _keep_polygons(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon" and not part.is_empty])


def _enter_main_road(travel: RoadTravel) -> RoadEnd | None:
    """Return where the cheapest way onto the main roads meets a link; None where there is none."""
    snapped, network = travel.snapped, travel.network
    if not np.isfinite(travel.entry_cost[0]).any():
        return None
    anchor = int(travel.anchor[0, int(np.argmin(travel.entry_cost[0]))])
    access_km, access_min = float(snapped.access_km[0, anchor]), float(snapped.access_min[0, anchor])
    cost_ds = np.rint(600 * (access_min + network.km_cost_min * access_km))
    access = pack_labels(np.array([cost_ds]), np.array([np.rint(1000 * access_km)]), np.zeros(1, bool))
    link = int(snapped.link[0, anchor])
    if link < 0:  # it meets a place: the end of any road there
        place = int(snapped.first[0, anchor])
        link = _find_link(network, place)
        if link < 0:
            return None
        share = 0.0 if network.tail[link] == place else 1.0
    else:
        share = float(snapped.along_km[0, anchor] / snapped.link_km[0, anchor])
    graph = network.router.graph
    last = int(graph.shape_first[link + 1]) - 1
    return RoadEnd(
        x=float(snapped.x[0]),
        y=float(snapped.y[0]),
        edge=link,
        time_ds=int(np.rint(share * float(graph.shape_time[last]))),
        metres=int(np.rint(share * float(graph.shape_metres[last]))),
        access_label=float(access[0]),
        estimated=bool(snapped.estimated_km[0, anchor] > 0),
    )


def _find_link(network: RoadNetwork, place: int) -> int:
    """Return a link at a place, a road before a ferry; -1 where there is none."""
    there = np.flatnonzero((network.tail == place) | (network.head == place))
    return int(there[np.argsort(network.ferry[there], kind="stable")[0]]) if len(there) else -1


def count_within(travel: Travel, facility_id: str, *, minutes: Sequence[float]) -> pd.DataFrame:
    """Count the other facilities that `facility_id` reaches within each of `minutes`, by the travel table.

    Returns
    -------
    columns `minutes`, `facilities` (within so many minutes, those of fewer included), and `ids` (tuples, the
    nearest first).

    Raises ValueError when `travel` does not know the facility.
    """
    origin = travel.ids.index(facility_id)
    others = np.array([k for k in range(len(travel.ids)) if k != origin], dtype=np.intp)
    there = travel.minutes_between(np.array([origin], np.intp), others)[0]
    order = np.argsort(there, kind="stable")  # NaN, no way, stands last
    names = np.array(travel.ids, dtype=object)[others[order]]
    bands = sorted({float(band) for band in minutes})
    counts = [int(np.sum(there <= band)) for band in bands]
    return pd.DataFrame(
        {"minutes": bands, "facilities": counts, "ids": [tuple(names[:count]) for count in counts]}
    )
