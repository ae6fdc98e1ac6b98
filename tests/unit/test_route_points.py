"""A route's legs run on from one another, from the first point to the last, whatever the ends meet."""

from __future__ import annotations

from itertools import pairwise

import pytest
import shapely

from geodata.routes import Route, find_route
from loaders.roads import read_road_network

ENDS = {
    "across the Oslofjord": ((10.934, 59.218), (10.407, 59.267)),
    "along a valley": ((10.397, 63.428), (11.495, 64.014)),
    "near each other": ((10.397, 63.428), (10.41, 63.40)),
    "far off the road": ((11.9, 64.2), (10.7, 59.9)),
}


@pytest.fixture(scope="module", params=ENDS)
def route(request: pytest.FixtureRequest) -> tuple[Route, shapely.Point, shapely.Point]:
    start, end = (shapely.Point(point) for point in ENDS[request.param])
    found = find_route(read_road_network(), start, end)
    assert found is not None
    return found, start, end


def test_legs_run_on_from_the_start_to_the_end(route: tuple[Route, shapely.Point, shapely.Point]) -> None:
    found, start, end = route
    assert found.legs[0].points[0] == (start.x, start.y)
    assert found.legs[-1].points[-1] == (end.x, end.y)
    for one, next_one in pairwise(found.legs):
        gap = shapely.Point(one.points[-1]).distance(shapely.Point(next_one.points[0]))
        assert gap < 0.002  # legs of no length are left out


def test_legs_add_up_and_are_of_known_kinds(route: tuple[Route, shapely.Point, shapely.Point]) -> None:
    found, _start, _end = route
    assert sum(leg.km for leg in found.legs) == pytest.approx(found.distance_km, abs=0.05)
    assert {leg.kind for leg in found.legs} <= {"road", "ferry", "access"}
    assert sum(leg.kind == "ferry" for leg in found.legs) <= found.ferries
    assert all(leg.estimated for leg in found.legs if leg.kind == "access")
