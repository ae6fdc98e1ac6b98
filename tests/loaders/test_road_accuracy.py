"""How far the table's distances are from the shortest ways on Kartverket's N1000 roads themselves.

The yardstick is built here anew, with another library and from the points of GeoNames, and shares nothing
with the measuring script. It needs the reference folder (SYMBIOSEKART_REFERENCE or ../shared/reference).
"""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import shapely

from geodata.network import RoadNetwork
from geodata.parameters import ScenarioParameters
from geodata.roads import measure_travel
from loaders.embedded import read_municipalities
from loaders.roads import read_road_network

ROOT = Path(__file__).parents[2]
REFERENCE = Path(os.environ.get("SYMBIOSEKART_REFERENCE", ROOT.parent / "shared" / "reference"))
ROADS = REFERENCE / "roads" / "n1000_veglenke.gpkg"
POSTAL = REFERENCE / "postal" / "geonames_NO.txt"
FERRY_GAP_M = 3000.0

pytestmark = pytest.mark.skipif(
    not (ROADS.is_file() and POSTAL.is_file()),
    reason="the reference folder with N1000 and GeoNames is absent",
)


@pytest.fixture(scope="module")
def network() -> RoadNetwork:
    return read_road_network()


@pytest.fixture(scope="module")
def yardstick() -> tuple[nx.Graph, shapely.STRtree, list[tuple[int, int]]]:
    """N1000 as a graph of its vertices (metres, EPSG:25833), ferry ends joined to the nearest road end."""
    roads = gpd.read_file(ROADS)
    graph: nx.Graph = nx.Graph()
    for row in roads[roads["typeVeg"] == "enkelBilveg"].itertuples():
        points = [(round(c[0]), round(c[1])) for c in row.geometry.coords]
        for a, b in pairwise(points):
            graph.add_edge(a, b, m=float(np.hypot(a[0] - b[0], a[1] - b[1])))
    nodes = list(graph)
    tree = shapely.STRtree(shapely.points(nodes))
    for row in roads[roads["typeVeg"] == "bilferje"].itertuples():
        ends = [(round(c[0]), round(c[1])) for c in (row.geometry.coords[0], row.geometry.coords[-1])]
        graph.add_edge(*ends, m=row.geometry.length)
        for end in ends:
            near = nodes[int(tree.nearest(shapely.Point(end)))]
            gap = float(np.hypot(near[0] - end[0], near[1] - end[1]))
            if near != end and gap < FERRY_GAP_M:
                graph.add_edge(end, near, m=gap)
    return graph, tree, nodes


def read_post_places() -> gpd.GeoDataFrame:
    table = pd.read_csv(POSTAL, sep="\t", header=None, dtype=str).drop_duplicates(2)
    points = gpd.points_from_xy(table[10].astype(float), table[9].astype(float))
    places = gpd.GeoDataFrame({"facility_id": table[2].to_numpy()}, geometry=points, crs="EPSG:4326")
    areas = read_municipalities()[["municipality_number", "seat", "geometry"]]
    return gpd.sjoin(places, areas).drop_duplicates("facility_id").reset_index(drop=True)


def measure_errors(
    network: RoadNetwork,
    places: gpd.GeoDataFrame,
    yardstick: tuple[nx.Graph, shapely.STRtree, list[tuple[int, int]]],
) -> npt.NDArray[np.float64]:
    """Relative errors of all pairs that the yardstick joins, the way to its nearest vertex counted."""
    graph, tree, nodes = yardstick
    metric = places.geometry.to_crs("EPSG:25833")
    near = [nodes[int(tree.nearest(point))] for point in metric]
    access = np.array([point.distance(shapely.Point(v)) for point, v in zip(metric, near, strict=True)])
    places, near, access = places[access < 1500], np.array(near)[access < 1500], access[access < 1500]
    n = len(places)
    true_km = np.full((n, n), np.nan)
    for i in range(n):
        reached = nx.single_source_dijkstra_path_length(graph, tuple(near[i]), weight="m")
        for j in range(n):
            true_km[i, j] = (reached.get(tuple(near[j]), np.nan) + access[i] + access[j]) / 1000
    travel = measure_travel(network, places, parameters=ScenarioParameters())
    i, j = np.triu_indices(n, 1)
    known = np.isfinite(true_km[i, j]) & (true_km[i, j] > 1)
    ours = travel.pairs(i[known], j[known]).distance_km
    errors: npt.NDArray[np.float64] = np.abs(ours / true_km[i, j][known] - 1)
    assert np.isnan(errors).mean() < 0.05, "the yardstick joins pairs that the table does not"
    return errors[~np.isnan(errors)]


def test_seats_of_three_counties(
    network: RoadNetwork, yardstick: tuple[nx.Graph, shapely.STRtree, list[tuple[int, int]]]
) -> None:
    places = read_post_places()
    here = places["municipality_number"].str[:2].isin(["50", "31", "39"])
    seats = places[here & (places["facility_id"].str.lower() == places["seat"].str.lower())]
    assert len(seats) >= 30
    errors = measure_errors(network, seats, yardstick)
    assert np.median(errors) < 0.025
    assert np.quantile(errors, 0.9) < 0.07


def test_places_that_the_table_does_not_name(
    network: RoadNetwork, yardstick: tuple[nx.Graph, shapely.STRtree, list[tuple[int, int]]]
) -> None:
    places = read_post_places()
    named = {name.lower() for name in network.place_names}
    here = places["municipality_number"].str[:2].isin(["50", "31", "32", "33", "39"])
    villages = places[here & ~places["facility_id"].str.lower().isin(named)]
    # post places without a point of their own carry their municipality's: one of each point is enough
    villages = villages[~villages.geometry.to_wkt(rounding_precision=3).duplicated()]
    assert len(villages) >= 25
    errors = measure_errors(network, villages, yardstick)
    assert np.median(errors) < 0.04
    assert np.quantile(errors, 0.9) < 0.12
