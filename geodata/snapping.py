"""Where points stand on a road network: for each point, a few ways onto it, each with its cost.

A point is tied to the places near it and to the straight chords of the links near it. Several ways are kept,
so that a point between two places goes both ways properly. Four rules keep a point from jumping a fjord:
no way on is much longer than the shortest one or crosses the sea (where the land is known), no link whose
road
strays far from its chord is used between its ends, and two ways on are kept together only when the network
joins them about as shortly as
the point does (a point is no bridge).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geodata.land import MAX_SEA_AFLOAT_KM, MAX_SEA_KM, Land
from geodata.network import RoadNetwork
from geodata.parameters import ScenarioParameters
from geodata.transport import Floats, Ints, number_spots

MAX_ANCHORS: Final = 6
ON_NETWORK_KM: Final = 0.5
"""A point no farther than this from a place or a chord stands on the network; the way is not called
estimated."""
MAX_ACCESS_KM: Final = 25.0
"""Points farther than this (as the crow flies) from the network get no distance."""
LONGER_KM, LONGER_TIMES = 2.0, 1.6
MAX_BEND: Final = 1.7
BRIDGE_SLACK_KM, BRIDGE_TIMES = 6.0, 2.0

PLACED, NO_POINT, OFF_NETWORK, ACROSS_SEA, NO_CONNECTION = 0, 1, 2, 3, 4
REASONS: Final = ("", "not_placed", "off_network", "across_sea", "no_connection")


@dataclass(frozen=True)
class Snapped:
    """Ways onto the network, arrays ``points x MAX_ANCHORS`` (unused: access is inf).

    Attributes
    ----------
    first, second : places at the two ends of the link met (the same place twice when it is a place).
    link : the link met, or -1.
    along_km : road kilometres from `first` to where the link is met; `link_km` the link's length.
    along_min, link_min : the same in minutes.
    access_km, access_min : way from the point to there: straight line times the detour factor.
    estimated_km : the part of `access_km` counted as estimated.
    x, y : the points, EPSG:25833, NaN when missing.
    status : PLACED, NO_POINT, OFF_NETWORK or ACROSS_SEA for each point.
    """

    first: Ints
    second: Ints
    link: Ints
    along_km: Floats
    link_km: Floats
    along_min: Floats
    link_min: Floats
    access_km: Floats
    access_min: Floats
    estimated_km: Floats
    x: Floats
    y: Floats
    status: npt.NDArray[np.int8]


@lru_cache(maxsize=4)
def _land(network: RoadNetwork) -> Land:
    return Land(network.land if network.land is not None else np.array([], dtype=object))


@lru_cache(maxsize=4)
def _trees(network: RoadNetwork) -> tuple[shapely.STRtree, shapely.STRtree, Ints]:
    ends = np.stack(
        [
            np.c_[network.x[network.tail], network.y[network.tail]],
            np.c_[network.x[network.head], network.y[network.head]],
        ],
        axis=1,
    )
    chord_km = np.hypot(*(ends[:, 0] - ends[:, 1]).T) / 1000
    usable = np.flatnonzero(~network.ferry & (network.km <= MAX_BEND * chord_km + 0.3) & (chord_km > 0.02))
    chords = shapely.linestrings(ends[usable]) if len(usable) else np.array([], dtype=object)
    return shapely.STRtree(shapely.points(network.x, network.y)), shapely.STRtree(chords), usable


def snap_points(network: RoadNetwork, x: Floats, y: Floats, *, parameters: ScenarioParameters) -> Snapped:
    """Tie points (EPSG:25833, metres; NaN: none) to `network`; equal points are tied once."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    first, spot = number_spots(x, y)
    tied = _snap_different(network, x[first], y[first], parameters=parameters)
    if len(first) == len(x):
        return tied
    ways = {spec.name: getattr(tied, spec.name)[spot] for spec in fields(Snapped)}
    return Snapped(**{**ways, "x": x, "y": y})


def _snap_different(network: RoadNetwork, x: Floats, y: Floats, *, parameters: ScenarioParameters) -> Snapped:
    n = len(x)
    snapped = Snapped(
        first=np.zeros((n, MAX_ANCHORS), np.intp),
        second=np.zeros((n, MAX_ANCHORS), np.intp),
        link=np.full((n, MAX_ANCHORS), -1, np.intp),
        along_km=np.zeros((n, MAX_ANCHORS)),
        link_km=np.zeros((n, MAX_ANCHORS)),
        along_min=np.zeros((n, MAX_ANCHORS)),
        link_min=np.zeros((n, MAX_ANCHORS)),
        access_km=np.full((n, MAX_ANCHORS), np.inf),
        access_min=np.full((n, MAX_ANCHORS), np.inf),
        estimated_km=np.zeros((n, MAX_ANCHORS)),
        x=x,
        y=y,
        status=np.full(n, NO_POINT, np.int8),
    )
    places, chords, usable = _trees(network)
    located = np.flatnonzero(np.isfinite(snapped.x) & np.isfinite(snapped.y))
    points = shapely.points(snapped.x[located], snapped.y[located])
    if not len(located):
        return snapped
    (_, nearest_place), near_place = places.query_nearest(points, return_distance=True, all_matches=False)
    (_, nearest_chord), near_chord = (
        chords.query_nearest(points, return_distance=True, all_matches=False)
        if len(usable)
        else ((None, np.empty(0, np.intp)), np.full(len(points), np.inf))
    )
    nearest_m = np.minimum(near_place, near_chord)
    reach_m = nearest_m * LONGER_TIMES + LONGER_KM * 1000
    within = nearest_m <= MAX_ACCESS_KM * 1000
    snapped.status[located] = np.where(within, PLACED, OFF_NETWORK)
    near_places, near_chords = _query(places, points, reach_m), _query(chords, points, reach_m)
    # the rows that most points ask for, found together
    network.ways_from(nearest_place[within])
    if len(usable):
        met = usable[nearest_chord[within & (near_chord < near_place)]]
        network.ways_from(np.r_[network.tail[met], network.head[met]])
    for k, i in enumerate(located):
        if within[k]:
            _tie_point(snapped, network, int(i), near_places[k], usable[near_chords[k]], parameters)
    return snapped


def _query(tree: shapely.STRtree, points: npt.NDArray[np.object_], reach_m: Floats) -> list[Ints]:
    """What lies within reach of each point, positions in ascending order."""
    owner, value = tree.query(points, predicate="dwithin", distance=reach_m)
    order = np.lexsort((value, owner))
    return np.split(value[order], np.searchsorted(owner[order], np.arange(1, len(points))))


def _tie_point(
    snapped: Snapped, network: RoadNetwork, i: int, places: Ints, links: Ints, parameters: ScenarioParameters
) -> None:
    px, py = snapped.x[i], snapped.y[i]
    tail, head = network.tail[links], network.head[links]
    dx, dy = network.x[head] - network.x[tail], network.y[head] - network.y[tail]
    share = np.clip(((px - network.x[tail]) * dx + (py - network.y[tail]) * dy) / (dx**2 + dy**2), 0, 1)
    inside = (share > 0) & (share < 1)
    links, tail, head, share = links[inside], tail[inside], head[inside], share[inside]
    foot_x = np.r_[network.x[places], network.x[tail] + share * dx[inside]]
    foot_y = np.r_[network.y[places], network.y[tail] + share * dy[inside]]
    metres = np.hypot(foot_x - px, foot_y - py)
    # columns: first place, second place, link, share of the link, metres as the crow flies
    first, second = np.r_[places, tail], np.r_[places, head]
    link = np.r_[np.full(len(places), -1), links]
    share = np.r_[np.zeros(len(places)), share]
    land = _land(network)
    afloat = not land.covers(np.array([px]), np.array([py]))[0]
    bearable_sea_km = MAX_SEA_AFLOAT_KM if afloat else MAX_SEA_KM
    chosen: list[int] = []
    for c in np.argsort(metres, kind="stable"):
        if len(chosen) == MAX_ANCHORS:
            break
        if chosen:
            # A point is no bridge: the network must join this way on to the nearest about as shortly as the
            # point.
            best = chosen[0]
            meets = [first[best], second[best]]
            ends = network.ways_from(meets).km[np.ix_(meets, [first[c], second[c]])]
            straight_km = (metres[c] + metres[best]) / 1000 * parameters.access_detour_factor
            if ends.min() > BRIDGE_SLACK_KM + BRIDGE_TIMES * straight_km:
                continue
        if metres[c] > MAX_SEA_KM * 1000:
            ends_xy = (np.array([value]) for value in (px, py, foot_x[c], foot_y[c]))
            if land.measure_sea(*ends_xy)[0] > bearable_sea_km:
                continue
        chosen.append(int(c))
    if not chosen:
        snapped.status[i] = ACROSS_SEA
        return
    pick = np.array(chosen, dtype=np.intp)
    k = len(pick)
    safe = np.maximum(link[pick], 0)
    is_link = link[pick] >= 0
    link_km = np.where(is_link, network.km[safe], 0.0) if len(network.km) else np.zeros(k)
    link_min = np.where(is_link, network.minutes[safe], 0.0) if len(network.km) else np.zeros(k)
    access = metres[pick] / 1000 * parameters.access_detour_factor
    snapped.first[i, :k], snapped.second[i, :k], snapped.link[i, :k] = first[pick], second[pick], link[pick]
    snapped.link_km[i, :k], snapped.along_km[i, :k] = link_km, share[pick] * link_km
    snapped.link_min[i, :k], snapped.along_min[i, :k] = link_min, share[pick] * link_min
    snapped.access_km[i, :k] = access
    snapped.access_min[i, :k] = 60 * access / parameters.access_speed_kmh
    snapped.estimated_km[i, :k] = np.where(metres[pick] > ON_NETWORK_KM * 1000, access, 0.0)
