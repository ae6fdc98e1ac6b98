"""Travel over random road graphs against plain Dijkstra with a node put in where each point meets a road."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.parameters import ScenarioParameters
from geodata.routing.graph import FERRY, RoadGraph
from geodata.routing.labels import unpack_labels
from geodata.routing.router import Router
from geodata.routing.travel import GraphNetwork, GraphTravel, measure_graph_travel
from tests.unit.routing.streets import Street, lay_streets, place_facilities

PARAMETERS = ScenarioParameters(access_detour_factor=1.5, access_speed_kmh=30)


@dataclass(frozen=True)
class Country:
    """Crossings, streets and points, by name and in kilometres."""

    spots: dict[str, tuple[float, float]]
    streets: list[Street]
    points: dict[str, tuple[float, float]]

    def measure(self, *, sailing: bool = True) -> GraphTravel:
        """Travel between the points, with the ferries or without."""
        streets = [street for street in self.streets if sailing or street.kind != "ferry"]
        network = GraphNetwork(Router(lay_streets(self.spots, streets)))
        return measure_graph_travel(network, place_facilities(self.points), parameters=PARAMETERS)


@st.composite
def draw_country(draw: st.DrawFn, *, ferries: float = 0.1) -> Country:
    """Up to 14 crossings, streets of two to four of them (one-way, ferries, dead ends), and 12 points."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(3, 14))
    spots = {
        f"n{k}": (float(x) + 0.01 * k, float(y)) for k, (x, y) in enumerate(chance.integers(0, 9, (count, 2)))
    }
    streets = []
    for number in range(draw(st.integers(2, 16))):
        through = chance.choice(count, min(count, int(chance.integers(2, 5))), replace=False)
        one_way = chance.random() < 0.25
        sails = number > 0 and chance.random() < ferries
        streets.append(
            Street(
                " ".join(f"n{k}" for k in through),
                kmh=np.nan if sails else float(chance.choice([30, 50, 80])),
                against=not one_way,
                kind="ferry" if sails else "minor",
                minutes=float(chance.integers(5, 30)) if sails else np.nan,
                snappable=not sails,
                name=f"Street {number}",
            )
        )
    where = np.array(list(spots.values()))
    points = {}
    for k in range(12):  # on the way between two crossings of a street, or a little beside it
        names = streets[int(chance.integers(len(streets)))].points.split()
        piece = int(chance.integers(len(names) - 1))
        a, b = (where[int(name[1:])] for name in names[piece : piece + 2])
        x, y = a + chance.choice([0.0, 1.0, chance.random()]) * (b - a)
        points[f"p{k}"] = (float(x), float(y + chance.choice([0, 0, 0.2 * chance.random()])))
    return Country(spots, streets, points)


def draw_travel() -> st.SearchStrategy[GraphTravel]:
    return draw_country().map(Country.measure)


def join_points(graph: RoadGraph, travel: GraphTravel) -> nx.MultiDiGraph:
    """All edges of the graph as they are, cut where points meet them; the points as nodes ``("p", k)``."""
    out: nx.MultiDiGraph = nx.MultiDiGraph()
    snapped = travel.snapped
    for edge, (tail, head) in enumerate(zip(graph.edge_tail.tolist(), graph.edge_head.tolist(), strict=True)):
        along, against = graph.edge_along[edge], graph.edge_against[edge]
        whole = along if np.isfinite(along) else against
        if not np.isfinite(whole):
            continue
        feet = sorted({float(snapped.part[k]) for k in np.flatnonzero(snapped.edge == edge)} - {0.0, whole})
        nodes = [tail, *((edge, foot) for foot in feet), head]
        for a, b, gap in zip(nodes[:-1], nodes[1:], np.diff([0.0, *feet, whole]), strict=True):
            if np.isfinite(along):
                out.add_edge(a, b, label=float(gap))
            if np.isfinite(against):
                out.add_edge(b, a, label=float(gap))
        for k in np.flatnonzero(snapped.edge == edge):
            part = float(snapped.part[k])
            foot = tail if part == 0 else head if part == whole else (edge, part)
            out.add_edge(("p", int(k)), foot, label=float(snapped.access[k]))
            out.add_edge(foot, ("q", int(k)), label=float(snapped.access[k]))
    return out


@settings(max_examples=150, deadline=None)
@given(draw_travel())
def test_travel_equals_dijkstra_over_all_edges_cut_where_points_meet_them(travel: GraphTravel) -> None:
    plain = join_points(travel.network.router.graph, travel)
    everyone = np.arange(len(travel.ids))
    i, j = (grid.ravel() for grid in np.meshgrid(everyone, everyone, indexing="ij"))
    expected = np.full((len(everyone), len(everyone)), np.inf)
    for k in everyone:
        if ("p", k) in plain:
            reached = nx.single_source_dijkstra_path_length(plain, ("p", k), weight="label")
            expected[k] = [reached.get(("q", other), np.inf) for other in everyone]
    measures = unpack_labels(expected.ravel())
    legs = travel.pairs(i, j)
    s = travel.snapped
    straight_km = np.hypot(s.x[i] - s.x[j], s.y[i] - s.y[j]) / 1000
    beside = straight_km <= 0.5 * (s.straight_km[i] + s.straight_km[j]) + 1e-9  # these may go directly
    by_road = ~beside & (straight_km > 0)
    np.testing.assert_array_equal(legs.distance_km[by_road], measures.km[by_road])
    np.testing.assert_array_equal(legs.minutes[by_road], measures.weight_min[by_road])
    np.testing.assert_array_equal(legs.ferries[by_road], measures.ferries[by_road])
    there = beside & np.isfinite(measures.km)
    assert (legs.minutes[there] <= measures.weight_min[there]).all()
    assert (legs.minutes[(straight_km == 0) & np.isfinite(legs.minutes)] == 0).all()
    matrix = travel.minutes_between(everyone, everyone)
    np.testing.assert_array_equal(matrix.ravel(), legs.minutes)


@settings(max_examples=60, deadline=None)
@given(draw_travel())
def test_no_third_point_makes_a_way_by_road_quicker(travel: GraphTravel) -> None:
    everyone = np.flatnonzero(travel.snapped.straight_km < 0.0005)  # points at the road: no direct ways
    minutes = travel.minutes_between(everyone, everyone)
    minutes = np.where(np.isnan(minutes), np.inf, minutes)
    by_third = (minutes[:, :, None] + minutes[None, :, :]).min(axis=1, initial=np.inf)
    assert (minutes <= by_third + 1e-9).all()


def draw_edge(graph: RoadGraph, edge: int) -> shapely.LineString:
    corners = np.c_[graph.shape_x, graph.shape_y]
    return shapely.LineString(corners[graph.shape_first[edge] : graph.shape_first[edge + 1]])


@settings(max_examples=60, deadline=None)
@given(draw_travel())
def test_points_are_tied_to_the_nearest_fit_edge(travel: GraphTravel) -> None:
    graph, snapped = travel.network.router.graph, travel.snapped
    fit = [edge for edge in range(len(graph.edge_tail)) if graph.edge_snappable[edge]]
    lines = [draw_edge(graph, edge) for edge in fit]
    scraps = [draw_edge(graph, k) for k in np.flatnonzero(~graph.edge_snappable & (graph.edge_kind != FERRY))]
    points = shapely.points(snapped.x, snapped.y)
    for k, point in enumerate(points):
        if snapped.edge[k] >= 0 and graph.edge_snappable[snapped.edge[k]]:
            nearest_m = min(line.distance(point) for line in lines)
            scrap_m = min((line.distance(point) for line in scraps), default=np.inf)
            assert snapped.straight_km[k] * 1000 <= nearest_m + (501 if scrap_m < nearest_m else 151)
            if snapped.status[k] == 0 and graph.component.max(initial=0) == 0:
                assert abs(snapped.straight_km[k] * 1000 - nearest_m) < 1e-6
            foot = shapely.Point(snapped.foot_x[k], snapped.foot_y[k])
            assert lines[fit.index(int(snapped.edge[k]))].distance(foot) < 1e-6


def stands_at_node(travel: GraphTravel) -> np.ndarray:
    snapped = travel.snapped
    return (snapped.straight_km < 1e-6) & ((snapped.part == 0) | (snapped.rest == 0))


@settings(max_examples=60, deadline=None)
@given(draw_country(ferries=0.3))
def test_without_ferries_ways_take_longer_or_there_is_none_and_a_reason(country: Country) -> None:
    sailing, ashore = country.measure(), country.measure(sailing=False)
    everyone = np.arange(len(country.points))
    i, j = (grid.ravel() for grid in np.meshgrid(everyone, everyone, indexing="ij"))
    before, after = sailing.pairs(i, j), ashore.pairs(i, j)
    assert (after.ferries <= 0).all()
    for travel, legs in ((sailing, before), (ashore, after)):
        told = np.array([reason != "" for reason in travel.reasons])
        assert (told[i] | told[j])[np.isnan(legs.minutes)].all()
    # at a node it does not matter to which of its roads a point is tied; elsewhere another may be met now
    same = stands_at_node(sailing) & stands_at_node(ashore)
    both = same[i] & same[j] & ~np.isnan(after.minutes)
    assert (after.minutes[both] >= before.minutes[both]).all()
