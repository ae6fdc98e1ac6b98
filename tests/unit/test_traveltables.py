"""Travel tables block by block: the same pairs however they are cut, for either kind of network."""

from __future__ import annotations

from dataclasses import fields, replace

import geopandas as gpd
import numpy as np
import pytest

from geodata.parameters import ScenarioParameters
from geodata.roads import GraphNetwork, NetworkTravel, measure_travel
from geodata.routing.router import Router
from geodata.transport import Legs
from geodata.traveltables import BLOCK_ROWS, PairTable, Question, cut_rows, iterate_pairs, measure_block
from loaders.hierarchies import make_router
from loaders.roads import read_road_network
from tests.unit.routing.streets import Street, ferry, lay_streets, place_facilities

PLACES = {"A": (0, 0), "B": (4, 0), "C": (8, 1), "D": (4, 5), "E": (0, 5), "F": (12, 1), "G": (16, 1)}
STREETS = [
    Street("A B"),
    Street("B C", kmh=80),
    Street("C D", against=False),
    Street("D E", kmh=40),
    Street("E A"),
    Street("B D"),
    ferry("C F", 20),
    Street("F G"),
]
PARAMETERS = ScenarioParameters()


def travel_over_streets(*, swept: bool) -> NetworkTravel:
    """Thirty points, two of them on one spot and one out of reach."""
    graph = lay_streets(PLACES, STREETS)
    spots = np.random.default_rng(7).uniform((-1, -1), (17, 6), (28, 2))
    points = {f"p{k}": (float(x), float(y)) for k, (x, y) in enumerate(spots)}
    points |= {"same": points["p3"], "lost": (200, 200)}
    router = make_router(graph) if swept else Router(graph)
    return measure_travel(GraphNetwork(router), place_facilities(points), parameters=PARAMETERS)


def travel_over_main_roads() -> NetworkTravel:
    chance = np.random.default_rng(8)
    lon, lat = chance.uniform(10.2, 11.6, 30), chance.uniform(63.1, 64.0, 30)
    points = gpd.points_from_xy(np.r_[lon, 8.6637], np.r_[lat, 63.8676], crs="EPSG:4326")
    ids = [f"p{k}" for k in range(31)]
    facilities = gpd.GeoDataFrame({"facility_id": ids}, geometry=points)
    return measure_travel(read_road_network(), facilities, parameters=PARAMETERS)


@pytest.fixture(scope="module", params=["swept", "plain", "main roads"])
def travel(request) -> NetworkTravel:
    if request.param == "main roads":
        return travel_over_main_roads()
    return travel_over_streets(swept=request.param == "swept")


def join(tables: list[PairTable]) -> PairTable:
    legs = {
        spec.name: np.concatenate([getattr(table.legs, spec.name) for table in tables])
        for spec in fields(Legs)
    }
    return PairTable(
        np.concatenate([table.origin for table in tables]),
        np.concatenate([table.destination for table in tables]),
        Legs(**legs),
    )


def assert_same(one: PairTable, other: PairTable) -> None:
    np.testing.assert_array_equal(one.origin, other.origin)
    np.testing.assert_array_equal(one.destination, other.destination)
    for spec in fields(Legs):
        np.testing.assert_array_equal(getattr(one.legs, spec.name), getattr(other.legs, spec.name))


QUESTIONS = [
    Question(),
    Question(max_km=12),
    Question(max_minutes=18),
    Question(max_km=25, max_minutes=30),
    Question(nearest=3),
    Question(nearest=100),
    Question(nearest=4, max_km=8, max_minutes=20),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_the_pairs_are_those_of_the_whole_table(travel: NetworkTravel, question: Question) -> None:
    n = len(travel.ids)
    wanted = []
    for i in range(n):
        others = np.array([j for j in range(n) if j != i])
        legs = travel.pairs(np.full(n - 1, i), others)
        kept = np.arange(n - 1)
        if question.limited:
            kept = kept[np.isfinite(legs.minutes)]
        if question.nearest is not None:
            key = [(legs.minutes[k], legs.distance_km[k], legs.ferries[k], others[k]) for k in kept]
            kept = np.sort(kept[sorted(range(len(kept)), key=key.__getitem__)[: question.nearest]])
        if question.max_km is not None:
            kept = kept[legs.distance_km[kept] <= question.max_km]
        if question.max_minutes is not None:
            kept = kept[legs.minutes[kept] <= question.max_minutes]
        rows = {spec.name: getattr(legs, spec.name)[kept] for spec in fields(Legs)}
        wanted.append(PairTable(np.full(len(kept), i), others[kept], Legs(**rows)))
    found = join(list(iterate_pairs(travel, question=question)))
    assert 0 < len(found.origin) <= n * (n - 1)
    assert_same(found, join(wanted))


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
@pytest.mark.parametrize("step", [1, 7])
def test_blocks_and_threads_change_nothing(travel: NetworkTravel, question: Question, step: int) -> None:
    whole = join(list(iterate_pairs(travel, question=question)))
    threaded = travel if not isinstance(travel.network, GraphNetwork) else replace(travel, threads=3)
    blocks = [slice(row, min(row + step, len(travel.ids))) for row in range(0, len(travel.ids), step)]
    assert_same(join([measure_block(threaded, block, question=question) for block in blocks]), whole)


@pytest.mark.parametrize("points", [0, 1, 5, 130, 5000, 50_000])
def test_rows_are_cut_whole_and_by_the_number_of_points(points: int) -> None:
    for question in (Question(), Question(nearest=2)):
        blocks = cut_rows(points, question=question)
        rows = [row for block in blocks for row in range(block.start, block.stop)]
        assert rows == list(range(points))
        assert all(block.stop - block.start >= min(BLOCK_ROWS, points) for block in blocks[:-1])


def test_nothing_comes_of_no_points() -> None:
    empty = travel_over_streets(swept=False).select(np.array([], dtype=np.intp))
    assert list(iterate_pairs(empty, question=Question())) == []
    assert list(iterate_pairs(empty, question=Question(nearest=1))) == []
