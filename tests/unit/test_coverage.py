"""What is within reach of a place: areas over either kind of network, and counts that are the table's."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geodata.coverage import count_within, find_areas
from geodata.crs import METRIC, WGS84
from geodata.network import RoadNetwork
from geodata.parameters import ScenarioParameters
from geodata.roads import GraphNetwork, measure_travel
from loaders.roads import read_road_network

TRONDHEIM = shapely.Point(10.40, 63.43)
FROYA = shapely.Point(8.70, 63.72)
MINUTES = (30.0, 60.0, 90.0)


@pytest.fixture(scope="module")
def network() -> RoadNetwork:
    return read_road_network()


@pytest.mark.parametrize("profile", ["least_cost", "fastest"])
def test_areas_around_main_roads_grow_and_hold_what_the_table_reaches(
    network: RoadNetwork, profile: str
) -> None:
    roads = network.with_profile(profile)
    areas = find_areas(roads, TRONDHEIM, minutes=MINUTES)
    assert list(areas["minutes"]) == list(MINUTES)
    near, middle, far = areas.geometry.to_crs(METRIC).buffer(1)
    assert middle.covers(near.buffer(-2))
    assert far.covers(middle.buffer(-2))
    # places of the network, as facilities: reached or not by the table, inside or outside by the area
    rows = np.flatnonzero(np.abs(network.lat - TRONDHEIM.y) < 1.2)
    points = gpd.GeoSeries(gpd.points_from_xy(network.lon[rows], network.lat[rows]), crs=WGS84)
    everyone = gpd.GeoDataFrame(
        {"facility_id": ["start", *(f"p{k}" for k in rows)]},
        geometry=[TRONDHEIM, *points],
        crs=WGS84,
    )
    travel = measure_travel(roads, everyone, parameters=ScenarioParameters())
    minutes = travel.minutes_between(np.array([0]), np.arange(1, len(everyone)))[0]
    metric = points.to_crs(METRIC)
    assert network.land is not None
    well_within = minutes <= 85
    dry = np.array([bool(shapely.intersects(network.land, point).any()) for point in metric])
    inside = metric.within(far.buffer(50)).to_numpy()
    assert (well_within & dry).sum() > 20
    assert inside[well_within & dry].all()


def test_the_sea_is_no_part_of_an_area(network: RoadNetwork) -> None:
    areas = find_areas(network, FROYA, minutes=(60,))
    wet = gpd.GeoDataFrame(geometry=areas.geometry.to_crs(METRIC)).geometry.iloc[0]
    land = shapely.union_all(network.land[shapely.intersects(network.land, shapely.box(*wet.bounds))])
    assert wet.difference(land.buffer(1)).area < 1
    assert wet.area > 1e6


def test_a_point_far_from_every_road_has_no_area(network: RoadNetwork) -> None:
    assert find_areas(network, shapely.Point(2.0, 66.0), minutes=MINUTES).empty
    graph = GraphNetwork(network.router)
    assert find_areas(graph, shapely.Point(2.0, 66.0), minutes=MINUTES).empty


def test_a_graph_answers_too(network: RoadNetwork) -> None:
    areas = find_areas(GraphNetwork(network.router), TRONDHEIM, minutes=MINUTES)
    assert list(areas["minutes"]) == list(MINUTES)
    assert areas.geometry.to_crs(METRIC).area.is_monotonic_increasing


def test_counts_are_those_of_the_table(network: RoadNetwork) -> None:
    rng = np.random.default_rng(3)
    rows = rng.choice(len(network.lat), 60, replace=False)
    places = gpd.GeoDataFrame(
        {"facility_id": [f"f{k}" for k in rows] + ["away"]},
        geometry=[*gpd.points_from_xy(network.lon[rows], network.lat[rows]), shapely.Point(2.0, 66.0)],
        crs=WGS84,
    )
    travel = measure_travel(network, places, parameters=ScenarioParameters())
    bands = (240.0, 60.0, 480.0)
    counts = count_within(travel, f"f{rows[7]}", minutes=bands)
    assert list(counts["minutes"]) == sorted(bands)
    minutes = travel.pairs(np.full(60, 7), np.array([k for k in range(61) if k != 7])).minutes
    assert list(counts["facilities"]) == [int((minutes <= band).sum()) for band in sorted(bands)]
    assert counts["facilities"].iloc[-1] > 0
    nearest = counts["ids"].iloc[-1]
    position = [travel.ids.index(name) for name in nearest]
    there = travel.pairs(np.full(len(position), 7), np.array(position)).minutes
    assert (np.diff(there) >= -1e-9).all()
    assert not count_within(travel, "away", minutes=bands)["facilities"].any()
    with pytest.raises(ValueError, match="not in tuple"):
        count_within(travel, "nobody", minutes=bands)


@pytest.mark.parametrize("profile", ["least_cost", "fastest"])
def test_areas_within_kilometres_hold_the_places_that_the_table_puts_there(
    network: RoadNetwork, profile: str
) -> None:
    roads = network.with_profile(profile)
    areas = find_areas(roads, TRONDHEIM, km=(80.0, 20.0, 140.0))
    assert list(areas["km"]) == [20.0, 80.0, 140.0]
    near, middle, far = areas.geometry.to_crs(METRIC).buffer(1)
    assert middle.covers(near.buffer(-2))
    assert far.covers(middle.buffer(-2))
    rows = np.flatnonzero((np.abs(network.lat - TRONDHEIM.y) < 1.5) & (np.abs(network.lon - TRONDHEIM.x) < 4))
    points = gpd.GeoSeries(gpd.points_from_xy(network.lon[rows], network.lat[rows]), crs=WGS84)
    everyone = gpd.GeoDataFrame(
        {"facility_id": ["start", *(f"p{k}" for k in rows)]}, geometry=[TRONDHEIM, *points], crs=WGS84
    )
    travel = measure_travel(roads, everyone, parameters=ScenarioParameters())
    ends = np.arange(1, len(everyone))
    km = travel.pairs(np.zeros(len(ends), dtype=np.intp), ends).distance_km
    metric = points.to_crs(METRIC)
    assert network.land is not None
    dry = np.array([bool(shapely.intersects(network.land, point).any()) for point in metric])
    for area, limit in ((middle, 80.0), (far, 140.0)):
        inside = metric.within(area.buffer(50)).to_numpy()
        assert ((km <= limit - 5) & dry).sum() > 15
        assert inside[(km <= limit - 5) & dry].all()
        # What lies far beyond is outside, but for the width around the last roads.
        straight = metric.distance(points.to_crs(METRIC).iloc[int(np.argmin(km))]).to_numpy() / 1000
        assert not inside[straight > limit + 5].any()


def test_areas_are_asked_for_in_minutes_or_in_kilometres(network: RoadNetwork) -> None:
    with pytest.raises(ValueError, match="either"):
        find_areas(network, TRONDHEIM, minutes=(10,), km=(10,))
