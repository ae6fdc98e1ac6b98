"""The embedded road table: what must stand in it, and distances that anyone can look up."""

from __future__ import annotations

import shutil
from dataclasses import fields, replace
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely

from geodata.network import FASTEST, RoadNetwork
from geodata.routes import find_route
from geodata.routing.router import Router
from geodata.routing.travel import GraphNetwork
from loaders.embedded import data_dir, read_municipalities
from loaders.graphnetworks import read_graph_network
from loaders.hierarchies import make_router
from loaders.networkfiles import write_network
from loaders.roads import (
    build_main_roads,
    read_road_links,
    read_road_network,
    read_road_places,
    write_built,
)
from tests.unit.routing.streets import Street, lay_streets

HOME_COUNTIES = ("03", "31", "32", "33", "39", "50")

POINTS = {
    "Trondheim": (10.3951, 63.4305),
    "Oslo": (10.7461, 59.9127),
    "Steinkjer": (11.4956, 64.0149),
    "Drammen": (10.2045, 59.7441),
    "Moss": (10.6577, 59.4340),
    "Horten": (10.4877, 59.4172),
    "Fredrikstad": (10.9298, 59.2181),
    "Tønsberg": (10.4076, 59.2675),
    "Orkanger": (9.8536, 63.3005),
    "Halden": (11.3875, 59.1248),
    "Kongsberg": (9.6500, 59.6686),
    "Larvik": (10.0352, 59.0533),
    "Namsos": (11.4951, 64.4662),
    "Grong": (12.3120, 64.4633),
    "Røros": (11.3874, 62.5747),
    "Brekstad": (9.6650, 63.6867),
    "Sistranda": (8.8340, 63.7270),
    "Hamar": (11.0680, 60.7945),
}


@pytest.fixture(scope="module")
def network() -> RoadNetwork:
    return read_road_network()


def test_every_seat_of_the_six_counties_is_a_place() -> None:
    municipalities = read_municipalities()
    home = municipalities[municipalities["county_number"].isin(HOME_COUNTIES)]
    places = read_road_places()
    seats = set(places.loc[places["kind"] == "seat", "municipality_number"])
    assert len(home) == 96
    assert set(home["municipality_number"]) <= seats


def test_places_lie_in_their_municipality() -> None:
    places = read_road_places()
    areas = read_municipalities().set_index("municipality_number").geometry.to_crs("EPSG:25833")
    metric = shapely.points(places["lon"].astype(float), places["lat"].astype(float))
    home = places["municipality_number"].str[:2].isin(HOME_COUNTIES).to_numpy()
    own = areas.to_crs("EPSG:4326").loc[places["municipality_number"]].to_numpy()
    degrees_off = shapely.distance(metric, own)[home]
    assert np.mean(degrees_off < 0.02) > 0.99
    assert degrees_off.max() < 0.1


def test_car_ferries_and_tunnels_are_there() -> None:
    links = read_road_links()
    ferries = " ".join(links.loc[links["ferry"], "road"])
    for name in (
        "Moss-Horten",
        "Flakk-Rørvik",
        "Brekstad-Valset",
        "Levanger-Hokstad",
        "Svelvik-Verket",
        "Lund",
    ):
        assert name in ferries
    roads = set(links["road"])
    assert {
        "Fv714",
        "E134",
        "E6",
        "Rv3",
        "E14",
        "E18",
        "E39",
    } <= roads  # Fv714: Hitra, Frøya; E134: Oslofjord


def test_network_hangs_together() -> None:
    links = read_road_links()
    graph = nx.from_pandas_edgelist(links, "from_place", "to_place")
    assert nx.is_connected(graph)
    assert set(graph) == set(read_road_places()["place_id"])


def test_speeds_and_lengths_are_plausible(network: RoadNetwork) -> None:
    links = read_road_links()
    road = links[~links["ferry"]]
    assert road["speed_kmh"].between(25, 80).all()
    assert road["sailing_minutes"].isna().all()
    ferry = links[links["ferry"]]
    assert ferry["sailing_minutes"].between(1, 90).all()
    knots = ferry["km"].sum() / ferry["sailing_minutes"].sum() * 60 / 1.852
    assert 8 < knots < 14
    chord_km = np.hypot(
        network.x[network.tail] - network.x[network.head], network.y[network.tail] - network.y[network.head]
    )
    assert (network.km[~network.ferry] >= 0.9 * chord_km[~network.ferry] / 1000 - 0.7).all()


@pytest.mark.parametrize(
    ("start", "end", "low", "high", "ferries"),
    [
        # signposted and map-service distances, with room for which street one starts from
        ("Trondheim", "Oslo", 470, 515, 0),
        ("Trondheim", "Steinkjer", 110, 126, 0),
        ("Trondheim", "Orkanger", 37, 45, 0),
        ("Trondheim", "Røros", 145, 165, 0),
        ("Trondheim", "Sistranda", 140, 185, 0),  # by the tunnels under the sea
        ("Oslo", "Drammen", 38, 47, 0),
        ("Oslo", "Halden", 108, 122, 0),
        ("Oslo", "Hamar", 118, 130, 0),
        ("Drammen", "Kongsberg", 36, 45, 0),
        ("Tønsberg", "Larvik", 36, 50, 0),
        ("Moss", "Horten", 10, 14, 1),
        ("Fredrikstad", "Tønsberg", 60, 90, 1),
        ("Namsos", "Grong", 45, 55, 0),
        ("Trondheim", "Brekstad", 65, 100, 1),
    ],
)
def test_distances_that_anyone_can_look_up(
    network: RoadNetwork, start: str, end: str, low: float, high: float, ferries: int
) -> None:
    route = find_route(network, shapely.Point(POINTS[start]), shapely.Point(POINTS[end]))
    assert route is not None
    assert low <= route.distance_km <= high
    assert route.ferries == ferries
    assert 60 * route.distance_km / route.minutes <= 80
    assert route.minutes > 35 * ferries


def test_a_hierarchy_tells_the_same_ways(network: RoadNetwork) -> None:
    fast = replace(network, hierarchy=make_router(network.graph).hierarchy)
    assert fast.hierarchy is not None
    some = np.arange(0, len(network.place_ids), 40)
    plain, swept = network.ways_from(some), fast.ways_from(some)
    for name in ("cost", "minutes", "km", "ferries"):
        np.testing.assert_array_equal(getattr(plain, name)[some], getattr(swept, name)[some])
    assert np.mean(plain.toll_nok[some] == swept.toll_nok[some]) > 0.999  # equal ways may differ in toll


def test_the_fastest_ways_take_less_time_and_more_road(network: RoadNetwork) -> None:
    fastest = read_road_network(FASTEST)
    some = np.arange(0, len(network.place_ids), 40)
    quick, cheap = fastest.ways_from(some), network.ways_from(some)
    assert (quick.minutes[some] <= cheap.minutes[some] + 0.05).all()
    assert (quick.km[some] >= cheap.km[some] - 0.005).all()
    assert quick.km[some].sum() > 1.005 * cheap.km[some].sum()


def test_a_network_file_is_read_with_the_land(tmp_path: Path) -> None:
    graph = lay_streets({"A": (0.0, 0.0), "B": (6.0, 0.0)}, [Street("A B")])
    write_network(tmp_path / "roads", Router(graph))
    network = read_graph_network(tmp_path / "roads")
    assert network.describe() == GraphNetwork(Router(graph)).describe()
    assert network.land is not None
    trondheim, frohavet = gpd.GeoSeries(
        gpd.points_from_xy([10.395, 9.35], [63.43, 63.98]), crs="EPSG:4326"
    ).to_crs("EPSG:25833")
    x, y = np.array([trondheim.x, frohavet.x]), np.array([trondheim.y, frohavet.y])
    assert network.land.covers(x, y).tolist() == [True, False]
    over_the_fjord = network.land.measure_sea(x[:1], y[:1], x[:1] - 5000, y[:1] + 15_000)
    assert 4 < over_the_fjord[0] < 16


def test_kept_arrays_are_what_the_tables_give() -> None:
    built, kept = build_main_roads(), read_road_network()
    for spec in fields(RoadNetwork):
        here, there = getattr(built, spec.name), getattr(kept, spec.name)
        if isinstance(here, np.ndarray):
            assert here.dtype == there.dtype, spec.name
            assert shapely.equals_exact(here, there).all() if here.dtype == object else (here == there).all()
        else:
            assert here == there, spec.name
    assert built.digest == kept.digest
    assert built.graph.digest == kept.graph.digest


def test_changed_tables_are_read_instead_of_kept_arrays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(data_dir(), tmp_path / "data")
    monkeypatch.setattr("loaders.roads.data_dir", lambda: tmp_path / "data")
    before = read_road_network()
    links = tmp_path / "data" / "roads" / "links.csv"
    rows = links.read_text(encoding="utf-8").splitlines(keepends=True)
    links.write_text("".join(rows[:-1]), encoding="utf-8")
    after = read_road_network()
    assert len(after.km) == len(before.km) - 1
    assert after.digest != before.digest
    write_built(tmp_path / "data" / "roads")
    assert read_road_network().digest == after.digest
