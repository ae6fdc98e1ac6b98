"""Travel over small networks whose answers can be worked by hand (all points near 63.4 N, 10.4 E)."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geodata.errors import NetworkError
from geodata.network import FASTEST, KM_COST_MIN, LEAST_COST, PROFILES, RoadNetwork, build_network
from geodata.networkfaults import find_faults
from geodata.parameters import ScenarioParameters
from geodata.roads import RoadTravel, measure_travel
from geodata.routes import find_route
from geodata.schemas import conform_table
from geodata.straight import measure_straight
from geodata.transport import number_spots

ORIGIN = (270_000.0, 7_040_000.0)
PARAMETERS = ScenarioParameters(access_detour_factor=1.5, access_speed_kmh=30)


def to_degrees(points: dict[str, tuple[float, float]]) -> gpd.GeoDataFrame:
    """Points in kilometres east and north of ORIGIN, as a table of facilities."""
    metric = [shapely.Point(ORIGIN[0] + 1000 * x, ORIGIN[1] + 1000 * y) for x, y in points.values()]
    frame = gpd.GeoDataFrame({"facility_id": list(points)}, geometry=metric, crs="EPSG:25833")
    return frame.to_crs("EPSG:4326")


def make_network(
    places: dict[str, tuple[float, float]],
    links: list[tuple[str, str, float, float | None, float, float]],
    *,
    land: gpd.GeoSeries | None = None,
) -> RoadNetwork:
    """Links are (from, to, km, speed; or None, sailing, waiting for a ferry)."""
    points = to_degrees(places)
    table = pd.DataFrame(
        {
            "place_id": points["facility_id"],
            "name": points["facility_id"],
            "kind": "village",
            "lat": points.geometry.y,
            "lon": points.geometry.x,
        }
    )
    rows = [
        {
            "link_id": f"{a}-{b}-{k}",
            "from_place": a,
            "to_place": b,
            "road": "Fv1" if speed else "Ferry",
            "km": km,
            "speed_kmh": speed,
            "ferry": speed is None,
            "sailing_minutes": sailing if speed is None else None,
            "waiting_minutes": waiting if speed is None else None,
            "toll_nok": 100.0 if speed is None else None,
            "source": "by hand",
        }
        for k, (a, b, km, speed, sailing, waiting) in enumerate(links)
    ]
    return build_network(table, pd.DataFrame(rows), name="by hand", land=land)


def measure(network: RoadNetwork, points: dict[str, tuple[float, float]]) -> RoadTravel:
    return measure_travel(network, to_degrees(points), parameters=PARAMETERS)


def leg(travel: RoadTravel, a: str, b: str) -> tuple[float, float, int, float, float]:
    i, j = travel.ids.index(a), travel.ids.index(b)
    legs = travel.pairs(np.array([i]), np.array([j]))
    return (
        float(legs.distance_km[0]),
        float(legs.minutes[0]),
        int(legs.ferries[0]),
        float(legs.toll_nok[0]),
        float(legs.estimated_km[0]),
    )


def test_way_along_two_links_adds_lengths_and_times() -> None:
    network = make_network(
        {"A": (0, 0), "B": (10, 0), "C": (20, 0)}, [("A", "B", 12, 60, 0, 0), ("B", "C", 11, 33, 0, 0)]
    )
    km, minutes, ferries, toll, estimated = leg(measure(network, {"a": (0, 0), "c": (20, 0)}), "a", "c")
    assert km == pytest.approx(23, abs=0.01)
    assert minutes == pytest.approx(12 + 20, abs=0.02)
    assert (ferries, estimated) == (0, 0)
    assert np.isnan(toll)  # none is known of this network: that is not free


def test_ferry_counts_waiting_and_is_taken_only_where_it_pays() -> None:
    places = {"N": (0, 5), "S": (0, 0), "E": (30, 2.5)}
    round_the_fjord = [("N", "E", 32, 60, 0, 0), ("E", "S", 32, 60, 0, 0)]
    patient = make_network(places, [*round_the_fjord, ("N", "S", 5, None, 20, 10)])
    # 5 km by ferry cost 20 + 10 + 3.75 < 64 km by road, 64 + 48
    km, minutes, ferries, toll, _ = leg(measure(patient, {"n": (0, 5), "s": (0, 0)}), "n", "s")
    assert (round(km, 2), round(minutes, 1), ferries, toll) == (5, 30, 1, 100)
    rare = make_network(places, [*round_the_fjord, ("N", "S", 5, None, 20, 120)])
    km, minutes, ferries, _, _ = leg(measure(rare, {"n": (0, 5), "s": (0, 0)}), "n", "s")
    assert (round(km, 2), round(minutes, 1), ferries) == (64, 64, 0)


def test_cost_weighs_kilometres_against_minutes() -> None:
    # 40 km at 80 km/h: 30 min + 30 = 60; 30 km at 50 km/h: 36 min + 22.5 = 58.5: the shorter one costs less
    network = make_network(
        {"A": (0, 0), "B": (28, 0), "M": (14, 5)},
        [("A", "B", 30, 50, 0, 0), ("A", "M", 20, 80, 0, 0), ("M", "B", 20, 80, 0, 0)],
    )
    assert KM_COST_MIN == 0.75
    km, minutes, *_ = leg(measure(network, {"a": (0, 0), "b": (28, 0)}), "a", "b")
    assert (round(km, 2), round(minutes, 2)) == (30, 36)


def test_the_fastest_profile_counts_nothing_for_a_kilometre() -> None:
    network = make_network(
        {"A": (0, 0), "B": (28, 0), "M": (14, 5)},
        [("A", "B", 30, 50, 0, 0), ("A", "M", 20, 80, 0, 0), ("M", "B", 20, 80, 0, 0)],
    )
    fastest = network.with_profile(FASTEST)
    km, minutes, *_ = leg(measure(fastest, {"a": (0, 0), "b": (28, 0)}), "a", "b")
    assert (round(km, 2), round(minutes, 2)) == (40, 30)
    assert fastest.describe()["profile"] == PROFILES[FASTEST] != network.describe()["profile"]
    assert fastest.digest != network.digest == fastest.with_profile(LEAST_COST).digest
    with pytest.raises(KeyError):
        network.with_profile("by canoe")


def test_point_off_the_road_goes_both_ways_and_says_what_is_estimated() -> None:
    network = make_network({"A": (0, 0), "B": (10, 0)}, [("A", "B", 12, 60, 0, 0)])
    travel = measure(network, {"a": (0, 0), "p": (4, 2), "b": (10, 0)})
    # straight 2 km to the chord, x 1.5 = 3 km at 30 km/h = 6 min; then 0.4 or 0.6 of 12 km at 60 km/h
    assert leg(travel, "a", "p") == pytest.approx((4.8 + 3, 4.8 + 6, 0, np.nan, 3), abs=0.02, nan_ok=True)
    assert leg(travel, "p", "b") == pytest.approx((7.2 + 3, 7.2 + 6, 0, np.nan, 3), abs=0.02, nan_ok=True)


def test_two_points_at_one_link_go_straight_along_it() -> None:
    network = make_network({"A": (0, 0), "B": (10, 0)}, [("A", "B", 12, 60, 0, 0)])
    km, minutes, *_ = leg(measure(network, {"p": (4, 0), "q": (6, 0)}), "p", "q")
    assert (km, minutes) == pytest.approx((2.4, 2.4), abs=0.02)


def test_same_point_is_no_way_at_all() -> None:
    network = make_network({"A": (0, 0), "B": (10, 0)}, [("A", "B", 12, 60, 0, 0)])
    travel = measure(network, {"p": (4, 3), "q": (4, 3)})
    assert leg(travel, "p", "q") == (0, 0, 0, 0, 0)
    assert leg(travel, "p", "p") == (0, 0, 0, 0, 0)


def test_neighbours_off_the_road_go_directly() -> None:
    network = make_network({"A": (0, 0), "B": (10, 0)}, [("A", "B", 12, 60, 0, 0)])
    km, _, _, _, estimated = leg(measure(network, {"p": (5, 4), "q": (5.4, 4)}), "p", "q")
    assert km == pytest.approx(0.6, abs=0.01)
    assert estimated == km


def test_points_without_way_get_a_reason_and_no_number() -> None:
    network = make_network(
        {"A": (0, 0), "B": (10, 0), "I": (0, 100), "J": (5, 100)},
        [("A", "B", 12, 60, 0, 0), ("I", "J", 6, 60, 0, 0)],
    )
    points = to_degrees({"a": (0, 0), "island": (0, 100), "far": (0, 50), "nowhere": (0, 0)})
    points.loc[3, "geometry"] = None
    travel = measure_travel(network, points, parameters=PARAMETERS)
    assert travel.reasons == ("", "", "off_network", "not_placed")
    legs = travel.pairs(np.zeros(3, np.intp), np.array([1, 2, 3]))
    assert np.isnan(legs.distance_km).all()
    assert np.isnan(legs.minutes).all()
    assert (legs.ferries == -1).all()
    frame = legs.to_frame(["a"] * 3, ["island", "far", "nowhere"])
    assert frame["ferries"].isna().all()
    assert not frame["estimated"].any()
    assert np.isnan(travel.minutes_between(np.array([0]), np.array([1, 2, 3]))).all()
    first, _ = travel.pairs_within(max_km=1000, max_minutes=10_000)
    assert len(first) == 0


FJORD = {"NW": (0, 5), "NE": (8, 5), "SW": (0, 0), "SE": (8, 0), "HEAD": (60, 2.5)}
SHORES: list[tuple[str, str, float, float | None, float, float]] = [
    ("NW", "NE", 9, 60, 0, 0),
    ("SW", "SE", 9, 60, 0, 0),
    ("NE", "HEAD", 58, 60, 0, 0),
    ("SE", "HEAD", 58, 60, 0, 0),
]


@pytest.mark.parametrize("north", [4.9, 4.2, 3.2])
def test_fjord_is_not_crossed_by_a_point_between_the_shores(north: float) -> None:
    network = make_network(FJORD, SHORES)
    travel = measure(network, {"n": (4, north), "s": (4, 0.1)})
    km, *_ = leg(travel, "n", "s")
    assert km > 116
    straight = measure_straight(to_degrees({"n": (4, north), "s": (4, 0.1)}))
    assert straight.pairs(np.array([0]), np.array([1])).distance_km[0] < 5


def test_known_land_keeps_an_islander_from_the_road() -> None:
    shores = [shapely.box(*(1000 * np.array(b))) for b in ((-5, -5, 20, 1), (3, 4, 5, 6))]
    land = gpd.GeoSeries([shapely.transform(s, lambda c: c + ORIGIN) for s in shores], crs="EPSG:25833")
    network = make_network({"A": (0, 0), "B": (10, 0)}, [("A", "B", 12, 60, 0, 0)], land=land)
    travel = measure(network, {"mainland": (4, 0.8), "islander": (4, 5)})
    assert travel.reasons == ("", "across_sea")


def test_matrix_and_pairs_within_agree_with_pairs() -> None:
    network = make_network(FJORD, [*SHORES, ("NW", "SW", 5, None, 15, 10)])
    points = {"a": (1, 6), "b": (7, 5.2), "c": (3, -1), "d": (55, 3), "e": (7.5, 0.3)}
    travel = measure(network, points)
    everyone = np.arange(len(points))
    i, j = (grid.ravel() for grid in np.meshgrid(everyone, everyone, indexing="ij"))
    legs = travel.pairs(i, j)
    matrix = travel.minutes_between(everyone, everyone)
    assert matrix.ravel() == pytest.approx(legs.minutes)
    near = (legs.distance_km <= 30) & (legs.minutes <= 60) & (i != j)
    first, second = travel.pairs_within(max_km=30, max_minutes=60)
    assert list(zip(first, second, strict=True)) == list(zip(i[near], j[near], strict=True))
    assert 0 < len(first) < 20


def test_route_names_its_places_and_legs_and_adds_up() -> None:
    network = make_network(FJORD, [*SHORES, ("NW", "SW", 5, None, 15, 10)])
    ends = to_degrees({"n": (4, 6), "s": (8, 0)})
    route = find_route(network, ends.geometry[0], ends.geometry[1], parameters=PARAMETERS)
    assert route is not None
    assert route.places == ("NW", "SW", "SE")
    assert [(stretch.road, stretch.ferry) for stretch in route.legs] == [
        ("", False),
        ("Fv1", False),
        ("Ferry", True),
        ("Fv1", False),
    ]
    assert route.legs[0].estimated
    assert sum(stretch.km for stretch in route.legs) == pytest.approx(route.distance_km)
    assert sum(stretch.minutes for stretch in route.legs) == pytest.approx(route.minutes)
    assert route.ferries == 1
    assert route.geometry.coords[0] == ends.geometry[0].coords[0]


def test_no_route_to_an_island_without_ferry() -> None:
    network = make_network(
        {"A": (0, 0), "B": (10, 0), "I": (0, 60), "J": (5, 60)},
        [("A", "B", 12, 60, 0, 0), ("I", "J", 6, 60, 0, 0)],
    )
    ends = to_degrees({"a": (0, 0), "i": (0, 60)})
    assert find_route(network, ends.geometry[0], ends.geometry[1]) is None


def test_faulty_tables_are_refused_with_every_fault() -> None:
    with pytest.raises(NetworkError) as caught:
        make_network(
            {"A": (0, 0), "B": (1, 0)},
            [("A", "X", 5, 60, 0, 0), ("A", "B", -2, 60, 0, 0), ("B", "B", 1, 0, 0, 0)],
        )
    assert caught.value.code == "network.faulty"
    text = str(caught.value.values["faults"])
    for part in ("unknown place X", "length -2", "leads to its own start", "speed_kmh 0"):
        assert part in text
    assert caught.value.values["count"] == 4


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("from_place", "X"),
        ("to_place", "A"),
        ("to_place", None),
        ("km", 0.0),
        ("km", float("inf")),
        ("km", None),
        ("ferry", None),
        ("ferry", True),
        ("speed_kmh", -1.0),
        ("toll_nok", -5.0),
        ("waiting_minutes", float("inf")),
        ("lat", 91.0),
        ("lon", -181.0),
        ("name", None),
    ],
)
def test_each_single_fault_is_found_and_no_other_row_is_blamed(column: str, value: object) -> None:
    places = pd.DataFrame(
        {"place_id": ["A", "B", "C"], "name": "P", "kind": "village", "lat": [60.0, 61.0, 62.0], "lon": 10.0}
    )
    links = pd.DataFrame(
        {"link_id": ["1", "2"], "from_place": ["A", "B"], "to_place": ["B", "C"], "road": "E6", "km": 5.0}
        | {"speed_kmh": 60.0, "ferry": False, "sailing_minutes": None, "waiting_minutes": None}
        | {"toll_nok": None, "source": "by hand"}
    )
    places, links = conform_table(places, "road_places"), conform_table(links, "road_links")
    assert find_faults(places, links) == []
    table = places if column in places else links
    table.loc[0, column] = value
    faults = find_faults(places, links)
    assert len(faults) == 1
    assert faults[0].startswith(("link 1: ", "place A: ", "row 1: "))


def test_digest_follows_the_content() -> None:
    one = make_network({"A": (0, 0), "B": (10, 0)}, [("A", "B", 12, 60, 0, 0)])
    same = make_network({"A": (0, 0), "B": (10, 0)}, [("A", "B", 12, 60, 0, 0)])
    other = make_network({"A": (0, 0), "B": (10, 0)}, [("A", "B", 12.1, 60, 0, 0)])
    assert one.digest == same.digest != other.digest
    assert one.describe()["digest"] == one.digest


@pytest.mark.parametrize("seed", range(6))
def test_pairs_within_and_a_part_of_travel_equal_all_pairs_one_by_one(seed: int) -> None:
    chance = np.random.default_rng(seed)
    places = {f"P{k}": (float(x), float(y)) for k, (x, y) in enumerate(chance.uniform(0, 40, (9, 2)))}
    names = list(places)
    links = [
        (a, b, 1.1 * float(np.hypot(*np.subtract(places[a], places[b]))) + 0.1, 60.0, 0, 0)
        for a, b in pairwise(names[:-1])
    ]
    network = make_network(places, links)
    spots = {f"f{k}": (float(x), float(y)) for k, (x, y) in enumerate(chance.uniform(0, 40, (60, 2)))}
    spots |= {f"g{k}": (x + 0.4, y) for k, (x, y) in enumerate(list(spots.values())[:10])}
    travel = measure(network, spots)
    one, two = (axis.ravel() for axis in np.meshgrid(range(70), range(70), indexing="ij"))
    legs = travel.pairs(one, two)
    for km, minutes in ((30.0, 25.0), (12.0, 90.0), (200.0, 40.0)):
        near = (legs.distance_km <= km) & (legs.minutes <= minutes) & (one != two)
        found = np.c_[travel.pairs_within(max_km=km, max_minutes=minutes)]
        assert found.tolist() == np.c_[one, two][near].tolist()
        some = np.arange(3, 70, 4)
        inside = near & np.isin(one, some) & np.isin(two, some)
        found = np.c_[travel.pairs_within(max_km=km, max_minutes=minutes, among=some)]
        assert found.tolist() == np.c_[one, two][inside].tolist()
    part = travel.select(np.arange(1, 70, 2))
    assert part.ids == travel.ids[1::2]
    one, two = (axis.ravel() for axis in np.meshgrid(range(35), range(35), indexing="ij"))
    whole, again = travel.pairs(2 * one + 1, 2 * two + 1), part.pairs(one, two)
    for name in ("distance_km", "minutes", "ferries", "toll_nok", "estimated_km"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(again, name))
    assert part.reasons == travel.reasons[1::2]


@pytest.mark.parametrize("seed", range(4))
def test_equal_points_have_equal_answers_which_are_those_of_the_point_alone(seed: int) -> None:
    chance = np.random.default_rng(seed)
    places = {f"P{k}": (float(x), float(y)) for k, (x, y) in enumerate(chance.uniform(0, 40, (9, 2)))}
    links = [
        (a, b, 1.1 * float(np.hypot(*np.subtract(places[a], places[b]))) + 0.1, 60.0, 0, 0)
        for a, b in pairwise(places)
    ]
    network = make_network(places, links)
    points = [(float(x), float(y)) for x, y in chance.uniform(0, 40, (8, 2))]
    points += [
        (points[0][0] + 0.4, points[0][1]),
        (300.0, 300.0),
    ]  # a near neighbour, and one off the network
    n = 5 * len(points)
    spot = np.r_[np.arange(len(points)), chance.integers(len(points), size=n - len(points))]
    alone = measure(network, {f"p{k}": point for k, point in enumerate(points)})
    travel = measure(network, {f"f{k:02}": points[at] for k, at in enumerate(spot)})
    one, two = (axis.ravel() for axis in np.meshgrid(range(n), range(n), indexing="ij"))
    legs, expected = travel.pairs(one, two), alone.pairs(spot[one], spot[two])
    for name in ("distance_km", "minutes", "ferries", "toll_nok", "estimated_km"):
        np.testing.assert_array_equal(getattr(legs, name), getattr(expected, name))
    assert travel.reasons == tuple(alone.reasons[at] for at in spot)
    assert travel.reasons.count("off_network") == (spot == len(points) - 1).sum()
    equal = (spot[one] == spot[two]) & (spot[one] < len(points) - 1)
    assert not legs.minutes[equal].any()
    for some in (np.arange(n), np.arange(1, n, 3)):
        near = (legs.distance_km <= 30) & (legs.minutes <= 25) & (one != two)
        near &= np.isin(one, some) & np.isin(two, some)
        found = np.c_[travel.pairs_within(max_km=30, max_minutes=25, among=some)]
        assert found.tolist() == np.c_[one, two][near].tolist()
        assert 0 < len(found) < len(some) ** 2


def test_points_are_told_apart_by_both_axes_and_numbered_as_they_come() -> None:
    nowhere = float("nan")
    first, spot = number_spots(
        np.array([5.0, 1.0, 5.0, nowhere, 5.0, 1.0, nowhere]),
        np.array([2.0, 2.0, 3.0, nowhere, 2.0, 2.0, nowhere]),
    )
    assert first.tolist() == [0, 1, 2, 3]
    assert spot.tolist() == [0, 1, 2, 3, 0, 1, 3]
    assert [len(part) for part in number_spots(np.empty(0), np.empty(0))] == [0, 0]
