"""Closed edges and what ways owe to ferries: longer, or no way at all, and which ferry it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from geodata.ferryneeds import find_ferry_need
from geodata.network import RoadNetwork
from geodata.parameters import ScenarioParameters
from geodata.roads import GraphNetwork
from geodata.routes import find_route
from geodata.routing.closures import close_edges
from geodata.routing.graph import RoadGraph
from geodata.routing.router import Router, enter_at_nodes
from geodata.routing.tables import measure_table
from tests.unit.routing.streets import EAST, NORTH, Street, ferry, lay_streets
from tests.unit.test_roads import make_network, to_degrees

CORNERS = {
    "A": (0.0, 0.0),
    "B": (6.0, 0.0),
    "C": (6.0, 8.0),
    "D": (0.0, 8.0),
    "I": (0.0, 20.0),
    "J": (6.0, 20.0),
}
ROADS = [Street("A B"), Street("B C"), Street("C D"), Street("I J")]
PARAMETERS = ScenarioParameters(access_detour_factor=1.5, access_speed_kmh=30)


def at(x_km: float, y_km: float) -> shapely.Point:
    to_degrees = Transformer.from_crs("EPSG:25833", "EPSG:4326", always_xy=True)
    return shapely.Point(to_degrees.transform(EAST + 1000 * x_km, NORTH + 1000 * y_km))


def sail(points: str, minutes: float, name: str) -> Street:
    return replace(ferry(points, minutes), name=name)


def lay_network(streets: list[Street]) -> GraphNetwork:
    return GraphNetwork(Router(lay_streets(CORNERS, streets)))


def test_a_ferry_with_a_way_round_it_is_named_with_that_way() -> None:
    network = lay_network([*ROADS, sail("A D", 5, "Short"), sail("D I", 30, "Out")])
    need = find_ferry_need(network, at(0, 0), at(0, 8))
    assert need is not None
    assert need.ferries == ("Short",)
    assert need.without is not None
    assert need.without.distance_km == pytest.approx(20, abs=0.01)
    assert need.without.ferries == 0


def test_without_its_only_ferry_an_island_is_not_reached_and_it_is_named() -> None:
    network = lay_network([*ROADS, sail("A D", 5, "Short"), sail("D I", 30, "Out")])
    need = find_ferry_need(network, at(0, 0), at(6, 20))
    assert need is not None
    assert need.ferries == ("Short", "Out")
    assert need.without is None


def test_another_ferry_takes_over_and_one_of_the_same_name_does_not() -> None:
    roads = [*ROADS, sail("D I", 30, "Out")]
    other = find_ferry_need(lay_network([*roads, sail("C J", 90, "Slow")]), at(0, 8), at(0, 20))
    assert other is not None
    assert other.without is not None
    assert [leg.road for leg in other.without.legs if leg.ferry] == ["Slow"]
    same = find_ferry_need(lay_network([*roads, sail("C J", 90, "Out")]), at(0, 8), at(0, 20))
    assert same is not None
    assert same.without is None


def test_of_ferries_without_a_name_the_one_that_is_used_is_closed() -> None:
    network = lay_network([*ROADS, sail("D I", 30, ""), sail("C J", 90, "")])
    need = find_ferry_need(network, at(0, 8), at(0, 20))
    assert need is not None
    assert need.ferries == ("",)
    assert need.without is not None
    assert need.without.minutes == pytest.approx(6 + 90 + 6, abs=0.05)


def test_a_way_without_ferries_or_no_way_owes_them_nothing() -> None:
    network = lay_network([*ROADS, sail("A D", 50, "Long")])
    assert find_ferry_need(network, at(0, 0), at(0, 8)) is None
    assert find_ferry_need(network, at(0, 0), at(0, 20)) is None


def main_roads(*, round_km: float | None) -> RoadNetwork:
    places = {"a": (0.0, 0.0), "b": (8.0, 0.0), "c": (4.0, 20.0)}
    links = [("a", "b", 8.0, None, 20.0, 10.0)]
    if round_km is not None:
        links += [("a", "c", round_km / 2, 60.0, 0.0, 0.0), ("c", "b", round_km / 2, 60.0, 0.0, 0.0)]
    return make_network(places, links)


@pytest.mark.parametrize("round_km", [60.0, None])
def test_ferries_of_the_main_roads_are_named_too(round_km: float | None) -> None:
    start, end = to_degrees({"a": (0.0, 0.0), "b": (8.0, 0.0)}).geometry
    network = main_roads(round_km=round_km)
    need = find_ferry_need(network, start, end, parameters=PARAMETERS)
    assert need is not None
    assert need.ferries == ("Ferry",)
    if round_km is None:
        assert need.without is None
    else:
        assert need.without is not None
        assert need.without.distance_km == pytest.approx(round_km)
        before = find_route(network, start, end, parameters=PARAMETERS)
        assert before is not None
        assert need.without.distance_km > before.distance_km


@st.composite
def draw_closures(draw: st.DrawFn) -> tuple[list[Street], list[bool]]:
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    streets = []
    for number in range(draw(st.integers(1, 12))):
        a, b = chance.choice(list(CORNERS), 2, replace=False)
        streets.append(
            Street(
                f"{a} {b}", kmh=float(chance.choice([30, 50, 80])), against=bool(chance.random() < 0.7),
                kind="ferry" if chance.random() < 0.7 else "minor", minutes=float(chance.integers(5, 30)),
                name=f"s{number}",
            )
        )  # fmt: skip
    return streets, (chance.random(len(streets)) < 0.4).tolist()


@settings(max_examples=100, deadline=None)
@given(draw_closures())
def test_closing_ferries_equals_building_without_them(case: tuple[list[Street], list[bool]]) -> None:
    streets, closed = case
    keys = [
        street.name for street, shut in zip(streets, closed, strict=True) if shut and street.kind == "ferry"
    ]
    # three slow ferries at every corner, so that all are nodes of both graphs
    anchors = [sail(f"{a} {b}", 4000, "anchor") for a, b in zip("ABCDIJABC", "BCDIJADIJ", strict=True)]
    whole = lay_streets(CORNERS, [*streets, *anchors])
    rest = lay_streets(CORNERS, [*(s for s in streets if s.name not in keys), *anchors])
    shut = np.array([whole.names[name] in keys for name in whole.edge_name])
    assert measure(close_edges(whole, shut)) == measure(rest)
    assert measure(close_edges(whole, np.zeros(len(shut), bool))) == measure(whole)


def measure(graph: RoadGraph) -> dict[tuple[float, ...], float]:
    """Return the least labels between all corners, by where they are."""
    spots = [(float(x), float(y)) for x, y in zip(graph.node_x, graph.node_y, strict=True)]
    assert graph.core == len(CORNERS)
    everyone = enter_at_nodes(np.arange(graph.core))
    labels = measure_table(Router(graph), everyone, everyone).labels
    return {(*a, *b): labels[i, j] for i, a in enumerate(spots) for j, b in enumerate(spots)}
