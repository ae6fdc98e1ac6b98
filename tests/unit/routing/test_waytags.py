"""What a truck makes of the tags of ways and barriers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.routing.graph import EDGE_KINDS
from geodata.routing.vehicles import SPEED_COLUMNS, VEHICLE_COLUMNS
from geodata.routing.waytags import (
    FERRY_WAIT_MIN,
    RESTRICTED_TOP_KMH,
    BarrierRule,
    WayRule,
    clean_name,
    read_barrier,
    read_way,
)
from loaders.embedded import data_dir
from loaders.vehicles import read_road_speeds, read_vehicles

VEHICLES = read_vehicles()
SPEEDS = read_road_speeds()


def read(vehicle: str = "semi_trailer", /, **tags: str) -> WayRule:
    """Read tags; ``__`` in a name stands for a colon."""
    named = {key.replace("__", ":"): value for key, value in tags.items()}
    return read_way(named, VEHICLES[vehicle], SPEEDS)


def barrier(vehicle: str = "semi_trailer", /, **tags: str) -> BarrierRule:
    return read_barrier(tags, VEHICLES[vehicle])


def open_ways(rule: WayRule) -> tuple[bool, bool]:
    return rule.along, rule.against


# --- classes and directions ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("highway", "kind"),
    [
        ("motorway", "motorway"),
        ("trunk_link", "trunk"),
        ("primary", "primary"),
        ("secondary", "secondary"),
        ("tertiary", "tertiary"),
        ("unclassified", "minor"),
        ("residential", "minor"),
        ("living_street", "minor"),
        ("road", "minor"),
        ("service", "service"),
    ],
)
def test_drivable_classes(highway: str, kind: str) -> None:
    rule = read(highway=highway)
    assert not rule.closed
    assert EDGE_KINDS[rule.kind] == kind


@pytest.mark.parametrize(
    "highway",
    ["pedestrian", "cycleway", "path", "steps", "construction", "proposed", "raceway", "footway", "busway"],
)
def test_classes_that_no_truck_drives_even_where_motor_vehicles_may(highway: str) -> None:
    assert read(highway=highway, motor_vehicle="yes").closed == "class"


def test_a_row_of_the_table_is_no_class_of_road() -> None:
    assert read(highway="service:driveway").closed == "class"
    assert read(highway="ferry").closed == "class"


@pytest.mark.parametrize(
    ("tags", "ways"),
    [
        ({}, (True, True)),
        ({"oneway": "yes"}, (True, False)),
        ({"oneway": "1"}, (True, False)),
        ({"oneway": "true"}, (True, False)),
        ({"oneway": "-1"}, (False, True)),
        ({"oneway": "no"}, (True, True)),
        ({"junction": "roundabout"}, (True, False)),
        ({"junction": "circular"}, (True, False)),
        ({"junction": "roundabout", "oneway": "-1"}, (False, True)),
        ({"highway": "motorway"}, (True, False)),
        ({"highway": "motorway_link"}, (True, False)),
        ({"highway": "motorway", "oneway": "no"}, (True, True)),
        ({"oneway": "yes", "oneway:hgv": "no"}, (True, True)),
        ({"motor_vehicle:backward": "no"}, (True, False)),
        ({"access:forward": "no"}, (False, True)),
        ({"access:forward": "no", "motor_vehicle": "yes"}, (True, True)),
        ({"maxweight:forward": "10"}, (False, True)),
    ],
)
def test_directions(tags: dict[str, str], ways: tuple[bool, bool]) -> None:
    assert open_ways(read_way({"highway": "primary", **tags}, VEHICLES["semi_trailer"], SPEEDS)) == ways


# --- access ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "is_open"),
    [
        ({"access": "no"}, False),
        ({"access": "no", "hgv": "yes"}, True),
        ({"motor_vehicle": "no"}, False),
        ({"vehicle": "no", "motor_vehicle": "yes"}, True),
        ({"motor_vehicle": "yes", "hgv": "no"}, False),
        ({"goods": "no"}, False),
        ({"hgv": "no", "goods": "yes"}, False),
        ({"goods": "no", "hgv": "designated"}, True),
        ({"access": "delivery;psv"}, True),
        ({"access": "psv;emergency"}, False),
        ({"access": "unknown"}, True),
        ({"trailer": "no"}, False),
        ({"hgv_articulated": "no"}, False),
    ],
)
def test_the_most_special_access_holds(tags: dict[str, str], is_open: bool) -> None:
    rule = read_way({"highway": "tertiary", **tags}, VEHICLES["semi_trailer"], SPEEDS)
    assert (rule.closed == "") is is_open
    assert is_open or rule.closed == "access"


@pytest.mark.parametrize("value", ["private", "destination", "delivery", "customers", "permit"])
def test_ways_for_some_are_open_and_slow(value: str) -> None:
    rule = read(highway="secondary", motor_vehicle=value)
    assert open_ways(rule) == (True, True)
    assert rule.speed_kmh == RESTRICTED_TOP_KMH
    assert read(highway="secondary", motor_vehicle=value, hgv="yes").speed_kmh > RESTRICTED_TOP_KMH


@pytest.mark.parametrize("value", ["forestry", "agricultural", "agricultural;forestry"])
def test_forestry_ways_are_for_timber(value: str) -> None:
    tags = {"highway": "track", "tracktype": "grade2", "motor_vehicle": value}
    assert read_way(tags, VEHICLES["timber_rig_60t"], SPEEDS).closed == ""
    assert read_way(tags, VEHICLES["three_axle_truck"], SPEEDS).closed == "access"


def test_conditions_on_the_vehicle_close_and_those_on_time_are_noted() -> None:
    assert read(highway="primary", hgv__conditional="no @ (weight>12)").closed == "access"
    assert read(highway="primary", hgv__conditional="no @ (weight>55)").closed == ""
    business = read(highway="primary", hgv="no", hgv__conditional="yes @ destination")
    assert (business.closed, business.speed_kmh) == ("", RESTRICTED_TOP_KMH)
    assert read(highway="primary", hgv="no", hgv__conditional="no @ destination").closed == "access"
    timed = read(highway="primary", hgv__conditional="no @ (Mo-Fr 07:00-09:00)")
    assert (timed.closed, timed.notes) == ("", ("conditional",))
    winter = read(highway="primary", access__conditional="no @ (Nov-May)")
    assert (winter.closed, winter.notes) == ("", ("winter_closed",))
    both = read(highway="primary", hgv__conditional="no @ (weight>55 AND Mo-Fr)")
    assert both.notes == ()


# --- limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vehicle", "tags", "closed"),
    [
        ("three_axle_truck", {"maxweight": "40"}, ""),
        ("semi_trailer", {"maxweight": "40"}, "weight"),
        ("semi_trailer", {"maxweight": "50"}, ""),
        ("timber_rig_60t", {"maxweight": "50"}, "weight"),
        ("semi_trailer", {"maxweightrating:hgv": "7.5"}, "weight"),
        ("semi_trailer", {"maxweight": "3.5", "maxweight:hgv": "none"}, ""),
        ("semi_trailer", {"maxaxleload": "8"}, "axleload"),
        ("semi_trailer", {"maxaxleload": "10"}, ""),
        ("semi_trailer", {"maxheight": "4.1"}, "height"),
        ("three_axle_truck", {"maxheight": "4.1"}, ""),
        ("semi_trailer", {"maxheight": "default"}, ""),
        ("semi_trailer", {"maxlength": "12.4"}, "length"),
        ("three_axle_truck", {"maxlength": "12.4"}, ""),
        ("modulvogntog", {"maxlength": "24"}, "length"),
        ("timber_rig_60t", {"maxlength": "24"}, ""),
        ("semi_trailer", {"maxwidth": "2.2"}, "width"),
    ],
)
def test_limits(vehicle: str, tags: dict[str, str], closed: str) -> None:
    assert read_way({"highway": "primary", **tags}, VEHICLES[vehicle], SPEEDS).closed == closed


def test_a_limit_that_is_not_understood_is_noted_and_does_not_close() -> None:
    rule = read(highway="primary", maxheight="below_default")
    assert (rule.closed, rule.notes) == ("", ("unclear_limit",))


# --- ground, season, speed -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vehicle", "grade", "is_open"),
    [
        ("three_axle_truck", "grade2", True),
        ("three_axle_truck", "grade3", False),
        ("semi_trailer", "grade1", True),
        ("semi_trailer", "grade2", False),
        ("timber_rig_60t", "grade2", True),
        ("modulvogntog", "grade1", False),
    ],
)
def test_tracks_by_grade_and_vehicle(vehicle: str, grade: str, is_open: bool) -> None:
    rule = read_way({"highway": "track", "tracktype": grade}, VEHICLES[vehicle], SPEEDS)
    assert (rule.closed == "") is is_open


def test_tracks_without_a_grade_must_say_they_are_firm() -> None:
    assert read("timber_rig_60t", highway="track").closed == "track"
    assert read("timber_rig_60t", highway="track", surface="gravel").closed == ""
    assert read("timber_rig_60t", highway="track", surface="ground").closed == "track"
    assert read("semi_trailer", highway="track", surface="gravel").closed == "track"


def test_winter_roads() -> None:
    assert read(highway="unclassified", ice_road="yes").closed == "season"
    assert read(highway="unclassified", seasonal="winter").closed == "season"
    assert read(highway="unclassified", winter_service="no").notes == ("winter_closed",)


@pytest.mark.parametrize(
    ("tags", "low", "high"),
    [
        ({"highway": "trunk", "maxspeed": "110"}, 65, 80),
        ({"highway": "trunk", "maxspeed": "50"}, 40, 50),
        ({"highway": "trunk", "maxspeed": "80", "maxspeed:hgv": "40"}, 30, 40),
        ({"highway": "trunk", "maxspeed": "NO:urban"}, 40, 50),
        ({"highway": "trunk", "maxspeed:type": "NO:urban"}, 40, 50),
        ({"highway": "trunk", "maxspeed": "none"}, 65, 80),
        ({"highway": "trunk", "maxspeed": "30 mph"}, 40, 48.3),
        ({"highway": "residential"}, 20, 35),
        ({"highway": "residential", "maxspeed": "walk"}, 5, 6),
        ({"highway": "service", "service": "parking_aisle"}, 5, 10),
    ],
)
def test_speeds_stay_below_the_limit_and_the_trucks_own(
    tags: dict[str, str], low: float, high: float
) -> None:
    assert low <= read_way(tags, VEHICLES["semi_trailer"], SPEEDS).speed_kmh <= high


def test_gravel_is_slower() -> None:
    paved = read(highway="tertiary", surface="asphalt").speed_kmh
    assert read(highway="tertiary", surface="gravel").speed_kmh < paved


def test_speeds_that_differ_by_direction_make_the_return_trip_right() -> None:
    there, back = (read(highway="primary", maxspeed=limit).speed_kmh for limit in ("80", "40"))
    mixed = read(highway="primary", maxspeed__forward="80", maxspeed__backward="40").speed_kmh
    assert 2 / mixed == pytest.approx(1 / there + 1 / back, rel=0.01)


def test_no_speed_of_the_table_is_above_what_trucks_may_drive() -> None:
    assert {speed.kind for speed in SPEEDS.values()} <= set(EDGE_KINDS)
    for speed in SPEEDS.values():
        assert 5 <= speed.unpaved_top_kmh <= speed.top_kmh < 80
        assert 0 < speed.share_of_limit <= 1


# --- tolls, snapping, names -------------------------------------------------------------------------


def test_tolls() -> None:
    assert read(highway="trunk", toll="yes").toll
    assert read(highway="trunk", toll__hgv="yes").toll
    assert not read(highway="trunk", toll="yes", toll__hgv="no").toll
    assert not read(highway="trunk").toll


@pytest.mark.parametrize(
    ("tags", "snappable"),
    [
        ({"highway": "primary"}, True),
        ({"highway": "motorway"}, False),
        ({"highway": "trunk", "motorroad": "yes"}, False),
        ({"highway": "primary", "tunnel": "yes"}, False),
        ({"highway": "primary", "bridge": "yes"}, False),
        ({"highway": "service", "tunnel": "building_passage"}, True),
    ],
)
def test_where_points_may_be_tied(tags: dict[str, str], snappable: bool) -> None:
    assert read_way(tags, VEHICLES["semi_trailer"], SPEEDS).snappable is snappable


def test_names_are_clean_and_short() -> None:
    assert read(highway="trunk", ref="E 6", name="Mosseveien").name == "E 6 Mosseveien"
    assert clean_name("a\x00b\u202e\nc\td") == "a b c d"
    assert len(clean_name("x" * 10_000)) == 80


# --- ferries -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "is_open"),
    [
        ({}, True),
        ({"motor_vehicle": "yes"}, True),
        ({"motorcar": "yes", "foot": "yes"}, True),
        ({"foot": "yes"}, False),
        ({"foot": "yes", "bicycle": "yes"}, False),
        ({"motor_vehicle": "no"}, False),
        ({"motorcar": "no"}, False),
        ({"motor_vehicle": "yes", "hgv": "no"}, False),
        ({"motorcar": "no", "hgv": "yes"}, True),
        ({"access": "no"}, False),
    ],
)
def test_ferries_that_carry_trucks(tags: dict[str, str], is_open: bool) -> None:
    rule = read_way({"route": "ferry", **tags}, VEHICLES["semi_trailer"], SPEEDS)
    assert (rule.closed == "") is is_open
    assert is_open or rule.closed == "ferry"


def test_ferries_sail_and_wait() -> None:
    rule = read(route="ferry", duration="00:35", interval="00:40", name="Moss – Horten")
    assert EDGE_KINDS[rule.kind] == "ferry"
    assert (rule.sailing_min, rule.wait_min) == (35.0, 20.0)
    assert math.isnan(rule.speed_kmh)
    assert not rule.snappable
    untold = read(route="ferry")
    assert math.isnan(untold.sailing_min)
    assert untold.wait_min == FERRY_WAIT_MIN
    assert read(route="ferry", interval="24:00").wait_min <= 120


def test_ferries_with_limits() -> None:
    assert read(route="ferry", maxweight="10").closed == "weight"
    assert read("three_axle_truck", route="ferry", maxlength="15").closed == ""
    assert read("semi_trailer", route="ferry", maxlength="15").closed == "length"


# --- barriers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"barrier": "gate"}, BarrierRule()),
        ({"barrier": "gate", "access": "no"}, BarrierRule("barrier")),
        ({"barrier": "gate", "access": "private"}, BarrierRule(gate=True)),
        ({"barrier": "lift_gate", "motor_vehicle": "private"}, BarrierRule(gate=True)),
        ({"barrier": "lift_gate", "access": "no", "hgv": "yes"}, BarrierRule()),
        ({"barrier": "bollard"}, BarrierRule("barrier")),
        ({"barrier": "bollard", "access": "yes"}, BarrierRule()),
        ({"barrier": "bollard", "bicycle": "yes"}, BarrierRule("barrier")),
        ({"barrier": "block"}, BarrierRule("barrier")),
        ({"barrier": "something_new"}, BarrierRule("barrier")),
        ({"barrier": "cattle_grid"}, BarrierRule()),
        ({"barrier": "toll_booth"}, BarrierRule(toll=True)),
        ({"highway": "toll_gantry"}, BarrierRule(toll=True)),
        ({"barrier": "height_restrictor"}, BarrierRule("barrier")),
        ({"barrier": "height_restrictor", "maxheight": "4.5"}, BarrierRule()),
        ({"barrier": "height_restrictor", "maxheight": "2.1"}, BarrierRule("height")),
        ({"barrier": "height_restrictor", "maxheight": "default"}, BarrierRule("barrier")),
        ({"barrier": "height_restrictor", "maxheight": "low"}, BarrierRule("barrier")),
        ({"barrier": "stile", "motor_vehicle": "destination"}, BarrierRule("barrier")),
        ({"maxheight": "3.5"}, BarrierRule("height")),
        ({"maxheight": "4.5"}, BarrierRule()),
        ({"barrier": "gate", "maxweight": "3.5"}, BarrierRule("weight")),
        ({"highway": "crossing"}, BarrierRule()),
    ],
)
def test_barriers(tags: dict[str, str], expected: BarrierRule) -> None:
    assert read_barrier(tags, VEHICLES["semi_trailer"]) == expected


# --- anything at all ---------------------------------------------------------------------------------

KEYS = st.sampled_from(
    [
        "access",
        "vehicle",
        "motor_vehicle",
        "hgv",
        "hgv:conditional",
        "maxweight",
        "maxheight",
        "maxspeed",
        "maxspeed:hgv",
        "oneway",
        "junction",
        "surface",
        "tracktype",
        "duration",
        "interval",
        "toll",
        "name",
        "barrier",
        "seasonal",
    ]
)


@given(
    st.sampled_from(
        [{"highway": "primary"}, {"highway": "track"}, {"route": "ferry"}, {"highway": "service"}]
    ),
    st.dictionaries(KEYS, st.text(max_size=40), max_size=6),
    st.sampled_from(sorted(VEHICLES)),
)
def test_no_text_breaks_a_rule(base: dict[str, str], tags: dict[str, str], vehicle: str) -> None:
    rule = read_way({**tags, **base}, VEHICLES[vehicle], SPEEDS)
    if rule.closed:
        assert open_ways(rule) == (False, False)
    else:
        assert any(open_ways(rule))
        assert EDGE_KINDS[rule.kind] == "ferry" or 4 < rule.speed_kmh <= VEHICLES[vehicle].top_speed_kmh
        assert rule.name.isprintable()
    read_barrier(tags, VEHICLES[vehicle])


def test_the_tables_have_their_columns() -> None:
    for name, columns in (("vehicles.csv", VEHICLE_COLUMNS), ("road_speeds.csv", SPEED_COLUMNS)):
        head = (data_dir() / "vehicles" / name).read_text(encoding="utf-8").splitlines()[0]
        assert tuple(head.split(",")) == columns
    assert all(vehicle.source for vehicle in VEHICLES.values())
