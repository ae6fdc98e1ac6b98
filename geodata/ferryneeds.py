"""What a way owes to its ferries: which they are, and the way that is left when they do not sail."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import shapely

from geodata.crs import WGS84
from geodata.network import RoadNetwork
from geodata.parameters import ScenarioParameters
from geodata.roads import GraphTravel, Network, measure_travel
from geodata.routes import Route, find_route
from geodata.routing.closures import close_edges
from geodata.routing.entries import describe_end
from geodata.routing.graph import FERRY
from geodata.routing.roadroutes import find_drive, find_road_route
from geodata.routing.router import Router


@dataclass(frozen=True)
class FerryNeed:
    """The ferries of one way.

    Attributes
    ----------
    ferries : their names in the order of the way, each once; ``""`` for one without a name.
    without : the way when none of these sails, with other ferries perhaps; None when there is none.
    """

    ferries: tuple[str, ...]
    without: Route | None


def find_ferry_need(
    network: Network,
    origin: shapely.Point,
    destination: shapely.Point,
    *,
    parameters: ScenarioParameters | None = None,
) -> FerryNeed | None:
    """Return what the way between two points (EPSG:4326) owes to its ferries; None for a way without any.

    A ferry is closed by its name, with every crossing that bears it; one without a name where it is used.
    """
    parameters = parameters or ScenarioParameters()
    if isinstance(network, RoadNetwork):
        return _look_on_main_roads(network, origin, destination, parameters)
    ends = gpd.GeoDataFrame({"facility_id": ["a", "b"]}, geometry=[origin, destination], crs=WGS84)
    return _look_on_graph(measure_travel(network, ends, parameters=parameters))


def _look_on_graph(travel: GraphTravel) -> FerryNeed | None:
    if not travel.pairs(np.array([0]), np.array([1])).ferries[0] > 0:
        return None
    router = travel.network.router
    graph = router.graph
    start, end = (describe_end(graph, travel.snapped, point) for point in (0, 1))
    drive = None if start is None or end is None else find_drive(router, start, end)
    if start is None or end is None or drive is None:
        return None
    taken = [piece.edge for piece in drive[1] if graph.edge_kind[piece.edge] == FERRY]
    names = tuple(dict.fromkeys(graph.names[graph.edge_name[edge]] for edge in taken))
    named = [number for number in {int(graph.edge_name[edge]) for edge in taken} if graph.names[number]]
    closed = (graph.edge_kind == FERRY) & np.isin(graph.edge_name, named)
    closed[taken] = True
    return FerryNeed(names, find_road_route(Router(close_edges(graph, closed)), start, end))


def _look_on_main_roads(
    network: RoadNetwork, origin: shapely.Point, destination: shapely.Point, parameters: ScenarioParameters
) -> FerryNeed | None:
    route = find_route(network, origin, destination, parameters=parameters)
    names = tuple(dict.fromkeys(leg.road for leg in route.legs if leg.ferry)) if route else ()
    if not names:
        return None
    kept = ~(network.ferry & np.isin(np.array(network.link_names), names))
    rest = replace(
        network,
        tail=network.tail[kept],
        head=network.head[kept],
        link_names=tuple(name for name, is_kept in zip(network.link_names, kept, strict=True) if is_kept),
        km=network.km[kept],
        told_minutes=network.told_minutes[kept],
        ferry=network.ferry[kept],
        toll_nok=network.toll_nok[kept],
        content_digest=hashlib.sha256(f"{network.content_digest} without {names}".encode()).hexdigest(),
        hierarchy=None,
    )
    return FerryNeed(names, find_route(rest, origin, destination, parameters=parameters))
