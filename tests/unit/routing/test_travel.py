"""Travel over small road graphs whose answers can be worked by hand (one kilometre is one minute)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from geodata.land import Land
from geodata.parameters import ScenarioParameters
from geodata.roads import measure_travel
from geodata.routes import find_route
from geodata.routing.graph import RoadGraph
from geodata.routing.router import Router
from geodata.routing.travel import GraphNetwork, GraphTravel, measure_graph_travel
from geodata.scenario import describe_network
from tests.unit.routing.streets import EAST, NORTH, Street, ferry, lay_streets, place_facilities
from tests.unit.test_roads import make_network, to_degrees

PARAMETERS = ScenarioParameters(access_detour_factor=1.5, access_speed_kmh=30)
RING = {"A": (0.0, 0.0), "B": (6.0, 0.0), "C": (6.0, 8.0), "D": (0.0, 8.0)}
ROUND = [Street("A B"), Street("B C"), Street("C D"), Street("D A")]


def measure(
    graph: RoadGraph, points: dict[str, tuple[float, float]], *, land: Land | None = None
) -> GraphTravel:
    return measure_graph_travel(
        GraphNetwork(Router(graph), land), place_facilities(points), parameters=PARAMETERS
    )


def leg(travel: GraphTravel, a: str, b: str) -> tuple[float, float, int, float]:
    """Kilometres, minutes, ferries, estimated kilometres."""
    legs = travel.pairs(np.array([travel.ids.index(a)]), np.array([travel.ids.index(b)]))
    return (
        float(legs.distance_km[0]),
        float(legs.minutes[0]),
        int(legs.ferries[0]),
        float(legs.estimated_km[0]),
    )


def land_of(*boxes: tuple[float, float, float, float]) -> Land:
    """Rectangles in kilometres."""
    shift = np.array([EAST, NORTH])
    return Land(
        np.array(
            [shapely.transform(shapely.box(*(1000 * np.array(box))), lambda c: c + shift) for box in boxes]
        )
    )


def test_a_point_beside_the_road_goes_both_ways_and_its_access_is_estimated() -> None:
    travel = measure(lay_streets(RING, ROUND), {"a": (0, 0), "p": (2, 1), "b": (6, 0)})
    assert travel.reasons == ("", "", "")
    # 1 km to the road times 1.5 at 30 km/h, then 2 or 4 km along it
    assert leg(travel, "p", "a") == pytest.approx((3.5, 5.0, 0, 1.5), abs=0.005)
    assert leg(travel, "b", "p") == pytest.approx((5.5, 7.0, 0, 1.5), abs=0.005)


def test_a_point_at_the_road_is_not_called_estimated() -> None:
    travel = measure(lay_streets(RING, ROUND), {"a": (0, 0), "p": (2, 0.04), "q": (2, 0.06)})
    assert leg(travel, "a", "p")[3] == 0
    assert leg(travel, "a", "p")[0] == pytest.approx(2.06, abs=0.002)
    assert leg(travel, "a", "q")[3] == pytest.approx(0.09)


def test_two_points_on_one_edge_go_along_it_where_it_is_open_that_way() -> None:
    points = {"p": (2.0, 0.0), "q": (5.0, 0.0)}
    both = measure(lay_streets(RING, ROUND), points)
    assert leg(both, "p", "q")[:2] == pytest.approx((3, 3), abs=0.005)
    assert leg(both, "q", "p") == leg(both, "p", "q")
    one_way = lay_streets(RING, [Street("A B", against=False), *ROUND[1:]])
    travel = measure(one_way, points)
    assert leg(travel, "p", "q")[0] == pytest.approx(3, abs=0.005)
    assert leg(travel, "q", "p")[0] == pytest.approx(28 - 3, abs=0.01)


def test_a_point_at_the_end_of_a_one_way_road_may_take_the_other_roads_there() -> None:
    graph = lay_streets(RING, [Street("A B", against=False), *ROUND[1:]])
    travel = measure(graph, {"a": (0.0, 0.0), "d": (0.0, 8.0), "b": (6.0, 0.0)})
    assert leg(travel, "a", "d")[0] == pytest.approx(8, abs=0.005)
    assert leg(travel, "b", "a")[0] == pytest.approx(22, abs=0.01)


TREE = RING | {"T": (-3.0, 0.0), "U": (-5.0, 2.0), "V": (-5.0, -2.0)}
BRANCHES = [*ROUND, Street("A T"), Street("T U"), Street("T V")]


def test_points_in_one_dead_end_turn_where_their_ways_meet() -> None:
    travel = measure(lay_streets(TREE, BRANCHES), {"u": (-5, 2), "v": (-5, -2), "t": (-2, 0), "c": (6, 8)})
    branch = float(np.hypot(2, 2))
    assert leg(travel, "u", "v")[0] == pytest.approx(2 * branch, abs=0.005)
    assert leg(travel, "u", "t")[0] == pytest.approx(branch + 1, abs=0.005)
    assert leg(travel, "t", "v")[0] == pytest.approx(branch + 1, abs=0.005)
    assert leg(travel, "v", "c")[0] == pytest.approx(branch + 3 + 14, abs=0.01)


def test_identical_points_and_neighbours_far_off_the_road() -> None:
    points = {"p": (3.0, 2.0), "q": (3.0, 2.0), "near": (3.4, 2.0), "a": (3.0, 0.2)}
    travel = measure(lay_streets(RING, ROUND), points)
    assert leg(travel, "p", "q") == (0, 0, 0, 0)
    assert leg(travel, "p", "p") == (0, 0, 0, 0)
    # 0.4 km straight instead of 2 km to the road and back
    assert leg(travel, "p", "near") == pytest.approx((0.6, 1.2, 0, 0.6), abs=0.005)
    # 1.8 km straight is more than half of 2 and 0.2 km to the road: over the road
    assert leg(travel, "p", "a")[0] == pytest.approx(3.3, abs=0.005)


ISLAND = RING | {"I": (20.0, 0.0), "J": (26.0, 0.0)}
SHORE = [*ROUND, Street("I J")]


def test_a_closed_ferry_leaves_an_island_alone_and_says_so() -> None:
    points = {"a": (0.0, 0.0), "i": (20.0, 0.0), "j": (25.0, 0.0)}
    sailing = measure(lay_streets(ISLAND, [*SHORE, ferry("B I", 45)]), points)
    assert sailing.reasons == ("", "", "")
    assert leg(sailing, "a", "j")[:3] == pytest.approx((25, 6 + 45 + 5, 1), abs=0.02)
    closed = measure(lay_streets(ISLAND, SHORE), points)
    assert closed.reasons == ("", "no_connection", "no_connection")
    legs = closed.pairs(np.array([0, 1, 1]), np.array([1, 0, 2]))
    assert np.isnan(legs.distance_km[:2]).all()
    assert np.isnan(legs.minutes[:2]).all()
    assert np.isnan(legs.toll_nok[:2]).all()
    assert legs.ferries.tolist() == [-1, -1, 0]
    assert legs.distance_km[2] == pytest.approx(5, abs=0.005)


def test_where_no_toll_is_known_what_a_way_costs_is_unknown() -> None:
    corners = {"A": (0, 0), "B": (4, 0), "C": (8, 0), "D": (4, 4)}
    graph = lay_streets(corners, [Street("A B"), Street("B C"), Street("C D"), Street("D A"), Street("B D")])
    assert len(graph.arc_toll)
    points = place_facilities({"a": (0.1, 0), "b": (3, 0), "c": (7, 0), "again": (0.1, 0)})
    some = np.arange(4)
    i, j = np.divmod(np.arange(16), 4)
    for priced in (graph, replace(graph, arc_toll=np.full_like(graph.arc_toll, 25.0), digest="priced")):
        travel = measure_travel(GraphNetwork(Router(priced)), points, parameters=PARAMETERS)
        legs = travel.pairs(i, j)
        ((_, block),) = travel.iterate_legs(some, some)
        np.testing.assert_array_equal(block.toll_nok.ravel(), legs.toll_nok)
        assert np.isfinite(legs.minutes).all()
        at_home = legs.minutes == 0
        assert at_home.sum() == 6
        assert (legs.toll_nok[at_home] == 0).all()
        frame = legs.to_frame(i, j)
        assert frame["toll_nok"].isna().tolist() == (
            [False] * 16 if priced is not graph else (~at_home).tolist()
        )


def test_a_closed_ferry_lengthens_where_there_is_another_way() -> None:
    across = lay_streets(RING, [Street("A B"), Street("B C"), Street("C D"), ferry("D A", 5)])
    round_ = lay_streets(RING, [Street("A B"), Street("B C"), Street("C D")])
    points = {"a": (0.0, 0.0), "d": (0.0, 8.0)}
    assert leg(measure(across, points), "a", "d")[:3] == pytest.approx((8, 5, 1), abs=0.01)
    assert leg(measure(round_, points), "a", "d")[:3] == pytest.approx((20, 20, 0), abs=0.01)
    assert measure(round_, points).reasons == ("", "")


def test_a_few_hundred_metres_of_cut_off_road_are_not_a_place_of_their_own() -> None:
    yard = RING | {"Y": (3.0, 0.05), "Z": (3.0, 0.3)}
    travel = measure(lay_streets(yard, [*ROUND, Street("Y Z")]), {"a": (0, 0), "p": (3.02, 0.2)})
    assert travel.reasons == ("", "")
    assert leg(travel, "a", "p")[0] == pytest.approx(3.02 + 0.3, abs=0.005)
    islet = RING | {"Y": (3.0, -1.5), "Z": (3.0, -1.8)}
    alone = measure(lay_streets(islet, [*ROUND, Street("Y Z")]), {"a": (0, 0), "p": (3.02, -1.6)})
    assert alone.reasons == ("", "no_connection")


def test_points_without_a_road_get_a_reason_and_no_number() -> None:
    facilities = place_facilities({"a": (0, 0), "far": (0, -5.1), "nowhere": (0, 0)})
    facilities.loc[2, "geometry"] = None
    network = GraphNetwork(Router(lay_streets(RING, ROUND)))
    travel = measure_graph_travel(network, facilities, parameters=PARAMETERS)
    assert travel.reasons == ("", "off_network", "not_placed")
    legs = travel.pairs(np.array([0, 0, 1, 2]), np.array([1, 2, 1, 2]))
    assert np.isnan(legs.distance_km).all()
    assert (legs.ferries == -1).all()
    assert np.isnan(travel.minutes_between(np.array([0]), np.array([1, 2]))).all()


def test_the_sea_is_not_crossed_to_the_nearest_road_when_another_is_on_land() -> None:
    mainland, cape = (-5.0, -5.0, 10.0, 0.1), (2.0, 1.5, 3.0, 9.0)
    land = land_of(mainland, cape, (-1.0, 7.0, 10.0, 9.0), (-5.0, 0.2, 0.1, 6.9), (5.9, 0.2, 9.0, 6.9))
    graph = lay_streets(RING, ROUND)
    # 2.5 km west over water is the road D-A; C-D in the north is farther, but on the same land
    travel = measure(graph, {"cape": (2.5, 4.0), "afloat": (4.5, 4.0)}, land=land)
    assert travel.reasons == ("", "across_sea")
    assert travel.snapped.foot_y[0] == pytest.approx(NORTH + 8000)
    assert measure(graph, {"cape": (2.5, 4.0)}).snapped.foot_x[0] == pytest.approx(EAST)


def test_an_islet_in_a_narrow_sound_is_not_ashore_and_a_quay_is() -> None:
    land = land_of((-5.0, -0.02, 10.0, 9.0))
    points = {"quay": (3.0, -0.2), "islet": (3.0, -0.4)}
    travel = measure(lay_streets(RING, ROUND), points, land=land)
    assert travel.reasons == ("", "across_sea")


def test_what_lies_beyond_the_known_land_is_not_called_sea() -> None:
    land = land_of((-30.0, -5.0, -20.0, 5.0))  # of another country
    travel = measure(lay_streets(RING, ROUND), {"p": (3.0, -1.5), "b": (6, 0)}, land=land)
    assert travel.reasons == ("", "")


def test_matrix_pairs_within_and_nearest_agree_with_pairs() -> None:
    graph = lay_streets(TREE | ISLAND, [Street("A B", against=False), *BRANCHES[1:], Street("I J")])
    chance = np.random.default_rng(3)
    points = {f"p{k}": tuple(xy) for k, xy in enumerate(chance.uniform((-6, -3), (8, 9), (25, 2)))}
    points |= {
        "i": (21, 0),
        "j": (25, 0.3),
        "same": points["p0"],
        "besides": (points["p1"][0], points["p1"][1] + 0.1),
    }
    travel = measure(graph, points)
    n = len(points)
    everyone = np.arange(n)
    i, j = (grid.ravel() for grid in np.meshgrid(everyone, everyone, indexing="ij"))
    legs = travel.pairs(i, j)
    np.testing.assert_array_equal(travel.minutes_between(everyone, everyone).ravel(), legs.minutes)
    np.testing.assert_array_equal(
        travel.minutes_between(everyone[3:5], everyone[::2]).ravel(),
        legs.minutes.reshape(n, n)[3:5, ::2].ravel(),
    )
    blocks = list(travel.iterate_legs(everyone, everyone, rows_at_once=4))
    assert [rows.start for rows, _ in blocks] == list(range(0, n, 4))
    for name in ("distance_km", "minutes", "ferries", "toll_nok", "estimated_km"):
        whole = np.concatenate([getattr(part, name) for _, part in blocks])
        np.testing.assert_array_equal(whole.ravel(), getattr(legs, name))
    near = (legs.distance_km <= 9) & (legs.minutes <= 8) & (i != j)
    one, two, reached = travel.legs_within(max_km=9, max_minutes=8)
    assert np.c_[one, two].tolist() == np.c_[i, j][near].tolist()
    assert 20 < len(one) < n * n / 2
    for name in ("distance_km", "minutes", "ferries", "toll_nok", "estimated_km"):
        np.testing.assert_array_equal(getattr(reached, name), getattr(legs, name)[near])
    some = everyone[::3]
    inside = near & np.isin(i, some) & np.isin(j, some)
    assert (
        np.c_[travel.pairs_within(max_km=9, max_minutes=8, among=some)].tolist()
        == np.c_[i, j][inside].tolist()
    )
    one, two, nearest = travel.nearest(count=4)
    assert np.array_equal(
        np.bincount(one, minlength=n),
        np.minimum(4, (np.isfinite(legs.minutes) & (i != j)).reshape(n, n).sum(axis=1)),
    )
    minutes = legs.minutes.reshape(n, n).copy()
    np.fill_diagonal(minutes, np.nan)
    for k in everyone:
        np.testing.assert_allclose(nearest.minutes[one == k], np.sort(minutes[k])[: (one == k).sum()])
    part = travel.select(everyone[1::2])
    a, b = (grid.ravel() for grid in np.meshgrid(everyone[1::2], everyone[1::2], indexing="ij"))
    np.testing.assert_array_equal(part.pairs(a // 2, b // 2).minutes, travel.pairs(a, b).minutes)
    assert part.ids == travel.ids[1::2]


def test_a_route_follows_the_roads_and_adds_up_to_the_table() -> None:
    graph = lay_streets(
        TREE | {"M": (3.0, 1.0)},
        [Street("A M B", name="Bent road"), *BRANCHES[1:], Street("M C", name="Spur")],
    )
    points = {"u": (-5.0, 2.0), "m": (3.0, 1.3), "b": (5.0, 0.3), "off": (8.0, 4.0), "beside": (8.2, 4.0)}
    travel = measure(graph, points)
    for a in range(len(points)):
        for b in range(len(points)):
            legs, route = travel.pairs(np.array([a]), np.array([b])), travel.find_route(a, b)
            assert route is not None
            assert (route.distance_km, route.minutes) == (legs.distance_km[0], legs.minutes[0])
            assert sum(stretch.km for stretch in route.legs) == pytest.approx(route.distance_km)
            assert sum(stretch.minutes for stretch in route.legs) == pytest.approx(route.minutes)
    ends = place_facilities(points).to_crs("EPSG:4326").geometry
    route = find_route(travel.network, ends[0], ends[2], parameters=PARAMETERS)
    assert route is not None
    assert [stretch.road for stretch in route.legs][:2] == ["Street", "Bent road"]
    bend = place_facilities({"m": (3.0, 1.0)}).to_crs("EPSG:4326").geometry[0]
    assert route.geometry.distance(bend) < 1e-6
    assert len(travel.find_route(3, 4).legs) == 1  # straight across


def test_a_scenario_takes_a_road_graph_for_its_network() -> None:
    network = GraphNetwork(Router(lay_streets(TREE, BRANCHES)))
    travel = measure_travel(network, place_facilities({"u": (-5, 2), "c": (6, 8)}), parameters=PARAMETERS)
    assert isinstance(travel, GraphTravel)
    told = describe_network(network)
    assert told == network.describe()
    assert told["profile"] == "semi_trailer"
    assert told["digest"] == network.router.graph.digest


def test_kilometres_that_count_are_taken_out_of_the_minutes_again() -> None:
    # 40 km at 80 km/h cost 30 min + 30, 30 km at 50 km/h 36 min + 22.5
    main_roads = make_network(
        {"A": (0, 0), "B": (28, 0), "M": (14, 5)},
        [("A", "B", 30, 50, 0, 0), ("A", "M", 20, 80, 0, 0), ("M", "B", 20, 80, 0, 0)],
    )
    ends = to_degrees({"a": (0, 0), "b": (28, 0), "half": (14, 0)})
    travel = measure_travel(GraphNetwork(main_roads.router), ends, parameters=PARAMETERS)
    assert leg(travel, "a", "b")[:2] == pytest.approx((30, 36), abs=0.005)
    assert leg(travel, "half", "b")[:2] == pytest.approx((15, 18), abs=0.05)
    everyone = np.arange(3)
    i, j = np.repeat(everyone, 3), np.tile(everyone, 3)
    np.testing.assert_array_equal(
        travel.minutes_between(everyone, everyone).ravel(), travel.pairs(i, j).minutes
    )
    near = np.c_[travel.pairs_within(max_km=16, max_minutes=18.1)].tolist()
    assert near == [[0, 2], [1, 2], [2, 0], [2, 1]]


def test_at_a_junction_with_a_scrap_a_point_stands_at_the_road_that_is_none() -> None:
    # a road of its own beside the ring; ways from both its ends to a roundabout that nobody leaves
    beside = {"I": (-0.3, 0.0), "J": (-0.3, 7.0), "Y": (-1.0, 3.0), "Z": (-1.2, 3.0), "W": (-1.1, 3.1)}
    one_way = [Street("I Y", against=False), Street("J Y", against=False)]
    graph = lay_streets(RING | beside, [*one_way, Street("Y Z W Y"), Street("I J"), *ROUND])
    travel = measure(graph, {"i": (-0.3, 0.0), "j": (-0.3, 7.0)})
    assert travel.reasons == ("no_connection", "no_connection")
    assert travel.snapped.straight_km.tolist() == [0.0, 0.0]
    assert leg(travel, "i", "j")[0] == pytest.approx(7, abs=0.005)
