"""One way by road in full: the places it runs through, its legs, and a line through them for a map."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import geopandas as gpd
import numpy as np
import shapely

from geodata.crs import METRIC, WGS84
from geodata.parameters import ScenarioParameters
from geodata.roads import GraphTravel, Network, RoadTravel, measure_travel
from geodata.routelegs import Route, RouteLeg

__all__ = ["Route", "RouteLeg", "find_route"]


def find_route(
    network: Network,
    origin: shapely.Point,
    destination: shapely.Point,
    *,
    parameters: ScenarioParameters | None = None,
) -> Route | None:
    """Return the way between two points (EPSG:4326: x is longitude), or None when there is none."""
    ends = gpd.GeoDataFrame({"facility_id": ["a", "b"]}, geometry=[origin, destination], crs=WGS84)
    travel = measure_travel(network, ends, parameters=parameters or ScenarioParameters())
    if isinstance(travel, GraphTravel):
        return travel.find_route(0, 1)
    network = travel.network
    legs = travel.pairs(np.array([0]), np.array([1]))
    minutes, km = float(legs.minutes[0]), float(legs.distance_km[0])
    if not np.isfinite(minutes):
        return None
    ends_lonlat = ((origin.x, origin.y), (destination.x, destination.y))
    direct = (RouteLeg("", km, minutes, False, bool(legs.estimated_km[0] > 0), ends_lonlat),)
    through = _trace(travel, cost=minutes + network.km_cost_min * km)
    if through is None:  # along a link that both meet, or straight from one to the other
        return Route((), direct, shapely.LineString([origin, destination]), km, minutes, 0)
    places, stretches, feet = through
    points = gpd.GeoSeries(
        shapely.points([feet[0], *[(network.x[p], network.y[p]) for p in places], feet[1]]), crs=METRIC
    ).to_crs(WGS84)
    line = shapely.LineString(
        shapely.remove_repeated_points(shapely.LineString([origin, *points, destination]))
    )
    names = tuple(network.place_names[p] for p in places)
    stops = [ends_lonlat[0], *((point.x, point.y) for point in points), ends_lonlat[1]]
    stretches = _lay_out(stretches, stops, links=len(places) - 1)
    return Route(names, tuple(_join(stretches)), line, km, minutes, int(legs.ferries[0]))


def _trace(
    travel: RoadTravel, *, cost: float
) -> tuple[list[int], list[RouteLeg], list[tuple[float, float]]] | None:
    """Return places, legs and where the two ends meet the network, or None when the cheapest way uses no
    place."""
    network = travel.network
    total = (
        travel.entry_cost[0][:, None]
        + travel.entry_cost[1][None, :]
        + travel.ways.cost[np.ix_(travel.node[0], travel.node[1])]
    )
    e, f = np.unravel_index(int(np.argmin(total)), total.shape)
    if not total[e, f] <= cost + 1e-6:
        return None
    start, end = int(travel.node[0, e]), int(travel.node[1, f])
    _, before = network.predecessors(start)
    places = [end]
    while places[-1] != start:
        places.append(int(before[places[-1]]))
    places.reverse()
    links = network.link_between(np.array(places[:-1], np.intp), np.array(places[1:], np.intp))
    middle = [
        RouteLeg(
            network.link_names[k],
            float(network.km[k]),
            float(network.minutes[k]),
            bool(network.ferry[k]),
            False,
        )
        for k in links
    ]
    first, last = _enter(travel, 0, int(e)), _enter(travel, 1, int(f))
    return places, [*first, *middle, *last[::-1]], [_foot(travel, 0, int(e)), _foot(travel, 1, int(f))]


def _enter(travel: RoadTravel, point: int, entry: int) -> list[RouteLeg]:
    """Legs from a point to the place of `entry`: off the network, then along the link it meets."""
    s, a = travel.snapped, int(travel.anchor[point, entry])
    access_km, access_min = float(s.access_km[point, a]), float(s.access_min[point, a])
    legs = [RouteLeg("", access_km, access_min, False, bool(s.estimated_km[point, a] > 0))]
    link = int(s.link[point, a])
    if link >= 0:
        km = float(travel.entry_km[point, entry]) - access_km
        minutes = float(travel.entry_min[point, entry]) - access_min
        legs.append(RouteLeg(travel.network.link_names[link], km, minutes, False, False))
    return legs


def _foot(travel: RoadTravel, point: int, entry: int) -> tuple[float, float]:
    s, a, network = travel.snapped, int(travel.anchor[point, entry]), travel.network
    i, j = int(s.first[point, a]), int(s.second[point, a])
    share = s.along_km[point, a] / s.link_km[point, a] if s.link[point, a] >= 0 else 0.0
    x = network.x[i] + share * (network.x[j] - network.x[i])
    y = network.y[i] + share * (network.y[j] - network.y[i])
    return float(x), float(y)


def _lay_out(legs: list[RouteLeg], stops: list[tuple[float, float]], *, links: int) -> list[RouteLeg]:
    """Give each leg its points. `stops`: start, foot of the access, the places, foot of the access, end.

    An end that meets the network at a place has an access leg only; one that meets a link has a stretch along
    that link too.
    """
    ways = list(pairwise(stops))
    along = len(legs) - links - 2  # 0, 1 or 2 stretches along a met link
    first_is_along = along == 2 or (along == 1 and bool(legs[1].road) and stops[1] != stops[2])
    if not first_is_along:
        del ways[1]
    if along - int(first_is_along) == 0:
        del ways[-2]
    return [replace(leg, points=way) for leg, way in zip(legs, ways, strict=True)]


def _join(legs: list[RouteLeg]) -> list[RouteLeg]:
    joined: list[RouteLeg] = []
    for leg in legs:
        last = joined[-1] if joined else None
        if last and (last.road, last.ferry, last.estimated) == (leg.road, leg.ferry, leg.estimated):
            joined[-1] = RouteLeg(
                leg.road,
                last.km + leg.km,
                last.minutes + leg.minutes,
                leg.ferry,
                leg.estimated,
                last.points + leg.points[1:],
            )
        elif leg.km > 0:
            joined.append(leg)
    return joined
