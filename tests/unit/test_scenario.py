"""One scenario from a small road network, the checks at the door, and parts of a region."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geodata.errors import CrsError, InvalidTableError
from geodata.indicators import read_indicator
from geodata.parameters import ScenarioParameters
from geodata.partners import INQUIRY_ID, append_tables, make_inquiry
from geodata.provenance import digest_parameters, digest_table
from geodata.results import RegionTables
from geodata.roads import build_network, measure_travel
from geodata.scenario import check_tables, run_inquiry, run_scenario
from geodata.schemas import conform_table
from geodata.selection import facilities_within, select_kinds, select_region
from tests.unit.scenes import NO_USES, TableTravel, give, make_codes, make_tables, make_use, make_uses, take

CODES = make_codes()
PARAMETERS = ScenarioParameters()
POINTS = {"a": (10.0, 63.0), "b": (10.1, 63.0), "c": (10.2, 63.0), "d": None}
STREAMS = [
    give("o1", "a", amount_best=100, unit="t"),
    take("n1", "b", amount_best=60, unit="t", basis="modelled"),
    take("n2", "c", material="sawdust"),
]


def make_network():
    places = pd.DataFrame(
        {
            "place_id": ["A", "B", "C"],
            "name": ["A", "B", "C"],
            "kind": "town",
            "municipality_number": "5001",
            "lat": 63.0,
            "lon": [10.0, 10.1, 10.2],
        }
    )
    links = pd.DataFrame(
        {
            "link_id": ["1", "2"],
            "from_place": ["A", "B"],
            "to_place": ["B", "C"],
            "road": ["E6", "E6"],
            "km": [7.0, 9.0],
            "speed_kmh": [60.0, 60.0],
            "ferry": [False, False],
        }
    )
    return build_network(
        conform_table(places, "road_places"),
        conform_table(links, "road_links"),
        name="test",
        date="2026",
        licence="none",
    )


def test_a_scenario_runs_all_steps_and_says_where_it_came_from():
    tables = make_tables(POINTS, STREAMS)
    result = run_scenario(
        tables, network=make_network(), codes=CODES, uses=NO_USES, parameters=PARAMETERS, sources=["S"]
    )
    matches = result.matches.set_index("to_facility_id")
    assert set(matches.index) == {"b", "c"}
    assert matches.loc["b", "distance_km"] == pytest.approx(7.0, abs=0.1)
    assert matches.loc["c", "distance_km"] == pytest.approx(16.0, abs=0.1)
    assert read_indicator(result.indicators, "exchange_best", unit="t") == 60
    assert read_indicator(result.indicators, "facilities_placed") == 3
    assert result.provenance.network["name"] == "test"
    assert result.provenance.sources == ("S",)
    assert set(result.provenance.digests) == {
        "facilities",
        "streams",
        "networks",
        "memberships",
        "parameters",
    }
    again = run_scenario(
        tables, network=make_network(), codes=CODES, uses=NO_USES, parameters=PARAMETERS, sources=["S"]
    )
    assert again.provenance == result.provenance
    pd.testing.assert_frame_equal(again.matches, result.matches)


def test_digests_follow_the_content_and_not_the_order():
    tables = make_tables(POINTS, STREAMS)
    mixed = tables.streams.sample(frac=1, random_state=1)
    assert digest_table(mixed, "streams") == digest_table(tables.streams, "streams")
    changed = tables.streams.assign(amount_best=tables.streams["amount_best"] + 1)
    assert digest_table(changed, "streams") != digest_table(tables.streams, "streams")
    moved = tables.facilities.set_geometry(tables.facilities.geometry.translate(0.001))
    assert digest_table(moved, "facilities") != digest_table(tables.facilities, "facilities")
    assert digest_parameters(PARAMETERS) != digest_parameters(ScenarioParameters(min_score=36))


@pytest.mark.parametrize(
    ("table", "change", "code"),
    [
        ("streams", lambda t: t.drop(columns="material"), "table.column_missing"),
        ("streams", lambda t: t.assign(direction="sideways"), "table.value_unknown"),
        ("streams", lambda t: t.assign(stream_id="same"), "table.duplicate_id"),
        ("streams", lambda t: t.assign(material=None), "table.value_missing"),
        ("streams", lambda t: t.assign(amount_best="much"), "table.column_type"),
        ("streams", lambda t: t.assign(facility_id="nobody"), "table.orphan_streams"),
        ("facilities", lambda t: t.set_crs(None, allow_override=True), "crs.missing"),
        ("facilities", lambda t: pd.DataFrame(t.drop(columns="geometry")), "table.column_missing"),
    ],
)
def test_tables_are_checked_at_the_door(table, change, code):
    tables = make_tables(POINTS, STREAMS)
    broken = dataclasses.replace(tables, **{table: change(getattr(tables, table))})
    with pytest.raises((InvalidTableError, CrsError)) as caught:
        check_tables(broken)
    assert caught.value.code == code


def test_points_of_another_grid_are_turned_into_degrees():
    tables = make_tables(POINTS, STREAMS)
    moved = dataclasses.replace(tables, facilities=tables.facilities.to_crs("EPSG:25833"))
    points = check_tables(moved).facilities.geometry
    assert points.crs == "EPSG:4326"
    assert points[0].x == pytest.approx(10.0, abs=1e-6)
    assert points[3] is None


def test_municipalities_with_neighbours_by_road():
    tables = make_tables(POINTS, STREAMS)
    facilities = tables.facilities.assign(municipality_number=["5001", "5006", "5006", "5006"])
    tables = dataclasses.replace(tables, facilities=gpd.GeoDataFrame(conform_table(facilities, "facilities")))
    alone = select_region(tables, ["5001"])
    assert list(alone.facilities["facility_id"]) == ["a"]
    assert list(alone.streams["stream_id"]) == ["o1"]
    network = make_network()
    result = run_scenario(
        tables,
        network=network,
        codes=CODES,
        uses=NO_USES,
        parameters=PARAMETERS,
        municipalities=["5001"],
        neighbours_km=8,
    )
    assert list(result.tables.facilities["facility_id"]) == ["a", "b"]
    assert list(result.tables.facilities["neighbour"]) == [False, True]
    assert read_indicator(result.indicators, "streams") == len(result.tables.streams) == 2
    with pytest.raises(ValueError, match="travel"):
        select_region(tables, ["5001"], neighbours_km=8)


def test_facilities_within_a_distance_of_any():
    km = np.array([[0, 5, 50, np.nan], [5, 0, 40, np.nan], [50, 40, 0, np.nan], [np.nan] * 4])
    travel = TableTravel(list("abcd"), km)
    assert facilities_within(travel, np.array([0]), max_km=10).tolist() == [0, 1]
    assert facilities_within(travel, np.array([0, 1]), max_km=40).tolist() == [0, 1, 2]
    assert facilities_within(travel, np.array([3]), max_km=999).tolist() == [3]


def test_kinds_narrow_facilities_and_streams_together():
    tables = make_tables(POINTS, STREAMS)
    networks = conform_table(
        pd.DataFrame({"network_id": ["n"], "name": ["N"], "kind": ["network"]}), "networks"
    )
    members = conform_table(
        pd.DataFrame({"facility_id": ["a"], "network_id": ["n"], "role": ["member"]}), "memberships"
    )
    tables = RegionTables(tables.facilities, tables.streams, networks, members)
    assert list(select_kinds(tables, networks=["n"]).streams["stream_id"]) == ["o1"]
    assert list(select_kinds(tables, bases=["modelled"]).facilities["facility_id"]) == ["b"]
    assert list(select_kinds(tables, materials=["sawdust"]).facilities["facility_id"]) == ["c"]
    assert len(select_kinds(tables, actor_types=["investor"]).facilities) == 0
    assert select_kinds(tables).streams.equals(tables.streams)


def test_ready_travel_gives_the_same_scenario_for_any_part():
    network, tables = make_network(), make_tables(POINTS, STREAMS)
    travel = measure_travel(network, tables.facilities, parameters=PARAMETERS)
    for parameters in (PARAMETERS, ScenarioParameters(max_distance_km=60, min_score=10)):
        for part in (tables, select_kinds(tables, bases=["modelled", "reported"])):
            expected = run_scenario(part, network=network, codes=CODES, uses=NO_USES, parameters=parameters)
            ready = run_scenario(
                part, network=network, codes=CODES, uses=NO_USES, parameters=parameters, travel=travel
            )
            for name in ("matches", "exclusions", "clusters", "cluster_members", "indicators"):
                pd.testing.assert_frame_equal(getattr(ready, name), getattr(expected, name))
            assert ready.travel.ids == expected.travel.ids


def test_travel_that_does_not_fit_is_refused():
    network, tables = make_network(), make_tables(POINTS, STREAMS)
    part = tables.facilities.iloc[:2]
    travel = measure_travel(network, part, parameters=PARAMETERS)
    with pytest.raises(ValueError, match="lacks 2"):
        run_scenario(tables, network=network, codes=CODES, uses=NO_USES, parameters=PARAMETERS, travel=travel)
    slower = ScenarioParameters(access_speed_kmh=20)
    with pytest.raises(ValueError, match="other parameters"):
        run_scenario(tables, network=network, codes=CODES, uses=NO_USES, parameters=slower, travel=travel)


def test_an_inquiry_gets_the_figures_of_the_full_run():
    points = POINTS | {"e": (10.15, 63.0), "f": (10.05, 63.0)}
    streams = [
        *STREAMS,
        take("n3", "e", material="wood_chips", amount_best=5, unit="t"),
        take("n4", "f", material="glass"),
        give("o2", "e", amount_best=7, unit="t"),
    ]
    network, tables = make_network(), make_tables(points, streams)
    parameters = ScenarioParameters(max_distance_km=12.0)
    for direction in ("offer", "need"):
        inquiry = make_inquiry(
            material="wood", lon=10.01, lat=63.0, direction=direction, amount_best=30, unit="t"
        )
        full = run_scenario(
            append_tables(tables, inquiry), network=network, codes=CODES, uses=NO_USES, parameters=parameters
        )
        asked = run_inquiry(
            tables, inquiry, network=network, codes=CODES, uses=NO_USES, parameters=parameters
        )
        mine = (full.matches["from_facility_id"] == INQUIRY_ID) | (
            full.matches["to_facility_id"] == INQUIRY_ID
        )
        places = [
            "rank",
            "rank_best",
            "rank_worst",
            "ahead_of_reported",
        ]  # those tell of the others' matches too
        wanted = full.matches[mine].drop(columns=places).reset_index(drop=True)
        assert len(wanted) >= 1
        pd.testing.assert_frame_equal(asked.matches.drop(columns=places), wanted)
        assert set(asked.tables.facilities["facility_id"]) == {*points, INQUIRY_ID}
        if direction == "offer":
            left = full.exclusions[full.exclusions["from_facility_id"] == INQUIRY_ID].reset_index(drop=True)
            assert len(left) >= 1
            pd.testing.assert_frame_equal(asked.exclusions, left)
        assert asked.clusters.empty


@pytest.mark.parametrize("direction", ["offer", "need"])
@pytest.mark.parametrize("material", ["wood", "glass"])
def test_an_inquiry_gets_the_chains_of_the_full_run(direction, material):
    uses = make_uses(
        make_use("wood-to-glass", product="glass", intermediary="38", receivers="23:4"),
        make_use("glass-to-wood", materials="glass", product="wood", receivers="16:4"),
    )
    # More intermediaries and needs than are looked at of one offer, so that the choice among them matters.
    points = {f"p{k}": (10.0 + 0.01 * k, 63.0) for k in range(16)}
    streams = [
        row
        for k, name in enumerate(points)
        for row in (
            [take(f"v{k:02}", name, treatment="R3", amount_best=50 + k, unit="t")]
            if k % 3 == 0
            else [
                give(f"o{k:02}", name, amount_best=10 * k, unit="t"),
                take(f"n{k:02}", name, material="glass"),
            ]
        )
    ]
    tables = make_tables(points, streams)
    tables.facilities["actor_type"] = pd.array(
        ["treatment" if k % 3 == 0 else "producer" for k in range(16)], dtype="string"
    )
    options = {"network": make_network(), "codes": CODES, "uses": uses, "parameters": PARAMETERS}
    inquiry = make_inquiry(
        material=material, lon=10.061, lat=63.0, direction=direction, amount_best=30, unit="t"
    )
    full = run_scenario(append_tables(tables, inquiry), **options).matches
    asked = run_inquiry(tables, inquiry, **options).matches
    ends = [f"{end}_facility_id" for end in ("from", "to", "via")]
    mine = full[(full[ends] == INQUIRY_ID).fillna(False).any(axis=1).to_numpy(dtype=bool)]
    places = ["rank", "rank_best", "rank_worst", "ahead_of_reported"]
    pd.testing.assert_frame_equal(
        asked.drop(columns=places), mine.drop(columns=places).reset_index(drop=True)
    )
    assert (asked["route"] == "intermediary").any() == (
        (direction, material) in (("offer", "wood"), ("need", "glass"))
    )
