"""Units of the business register as facilities: nothing disappears unsaid, and who is in the region stays."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.businessunits import conform_units
from geodata.geocoding import GEOCODE_COLUMNS
from geodata.identifiers import check_digit
from geodata.registerfacilities import (
    LEFT_OUT,
    UnitChoices,
    find_actor_type,
    make_register_facilities,
    renumber_units,
    select_units,
    settle_municipalities,
)
from geodata.registerjoins import OWNER, add_register, find_known, fold_company, join_plants
from geodata.results import RegionTables
from geodata.schemas import ACTOR_TYPES, conform_table, empty_table
from loaders.embedded import read_municipality_changes

CHANGES = read_municipality_changes()


def number(place: int) -> str:
    """Return the next number with a check digit from `place` on."""
    eight = 910_000_00 + place * 7
    while check_digit(f"{eight:08d}") is None:
        eight += 1
    return f"{eight:08d}{check_digit(f'{eight:08d}')}"


def make_units(*rows: dict[str, object]) -> pd.DataFrame:
    usual = {
        "form": "BEDR",
        "parent_form": "AS",
        "industry_code": "25.110",
        "employees": 12,
        "employees_status": "registered",
        "postcode": "7010",
        "place": "TRONDHEIM",
        "municipality_number": "5001",
        "country_code": "NO",
    }
    filled = [
        {
            **usual,
            "organisation_number": number(k),
            "parent_number": number(500 + k),
            "name": f"Oppdiktet {k}",
            **row,
        }
        for k, row in enumerate(rows)
    ]
    return conform_units(pd.DataFrame(filled))


def number_units(units: pd.DataFrame, postal: dict[str, str] | None = None) -> pd.DataFrame:
    return renumber_units(units, changes=CHANGES, postal_municipality=postal or {})


def make_points(*rows: tuple[float, float, str, str] | None) -> pd.DataFrame:
    frame = pd.DataFrame(
        [
            dict.fromkeys(GEOCODE_COLUMNS)
            if row is None
            else {
                "lon": row[0],
                "lat": row[1],
                "grade": row[2],
                "radius_m": 3000.0,
                "municipality_number": row[3],
            }
            for row in rows
        ],
        columns=list(GEOCODE_COLUMNS),
    )
    kinds = dict.fromkeys(("lat", "lon", "radius_m"), "Float64")
    return frame.astype({name: kinds.get(name, "string") for name in GEOCODE_COLUMNS})


def make_facilities(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    usual = {
        "actor_type": "producer",
        "visibility": "public",
        "dataset": "region",
        "municipality_number": "5001",
    }
    frame = pd.DataFrame([{**usual, **row} for row in rows])
    points = [row.get("point") for row in rows]
    frame = frame.drop(columns="point", errors="ignore")
    return gpd.GeoDataFrame(conform_table(frame, "facilities"), geometry=points, crs="EPSG:4326")


def test_numbers_of_former_municipalities_become_todays_and_the_postcode_decides_a_split() -> None:
    units = make_units(
        {"municipality_number": "1601"},  # Trondheim until 2017
        {"municipality_number": "1507", "postcode": "6008"},
        {"municipality_number": "1507", "postcode": "0150"},  # nowhere near: nothing is chosen
        {"municipality_number": "9999"},
        {"municipality_number": None},
    )
    found = number_units(units, {"6008": "1508", "0150": "0301"})
    assert found["municipality_today"].fillna("-").to_list() == ["5001", "1508", "-", "-", "-"]
    assert found["municipality_candidates"].to_list() == ["5001", "1508", "1508 1580", "", ""]


def test_every_unit_left_out_is_counted_once_for_its_first_reason() -> None:
    twice = number(90)
    units = make_units(
        {},
        {"organisation_number": twice},
        {"organisation_number": twice},
        {"municipality_number": None, "country_code": "SE"},
        {"municipality_number": "0301"},
        {"municipality_number": None},
        {"deleted_on": "2024-01-01", "employees": None, "employees_status": "not_given"},
        {"closed_on": "2024-01-01"},
        {"parent_form": "ENK"},
        {"parent_form": None, "employees": None, "employees_status": "withheld"},
        {"industry_code": "47.110"},
        {"employees": None, "employees_status": "none_registered"},
        {"employees": None, "employees_status": "withheld"},
        {"employees": None, "employees_status": "not_given"},
        {"employees": 4},
        {"industry_code": "47.110", "industry_code_3": "25.620"},
    )
    choices = UnitChoices(municipalities=("5001",), industries=("25",))
    taken, counts = select_units(number_units(units), choices=choices)
    assert taken.index.to_list() == [0, 1, 15]
    assert counts == {
        "twice": 1,
        "foreign": 1,
        "outside": 1,
        "municipality_unknown": 1,
        "deleted": 1,
        "closed": 1,
        "industry": 1,
        "no_employees": 1,
        "employees_withheld": 2,
        "employees_not_given": 1,
        "few_employees": 1,
        "sole_proprietor": 1,
    }


@pytest.mark.parametrize(("least", "taken"), [(0, [0, 1, 2, 3]), (1, [0, 1]), (2, [0]), (5, [0]), (13, [])])
def test_a_withheld_number_is_one_to_four_and_unknown_is_never_zero(least: int, taken: list[int]) -> None:
    units = make_units(
        {"name": "Tenkt Verksted AS"},
        {"employees": None, "employees_status": "withheld"},
        {"employees": None, "employees_status": "not_given"},
        {"employees": None, "employees_status": "none_registered"},
    )
    found, _counts = select_units(number_units(units), choices=UnitChoices(min_employees=least))
    assert found.index.to_list() == taken


def test_sole_proprietors_are_taken_only_when_asked_for() -> None:
    units = number_units(make_units({"parent_form": "ENK"}))
    assert len(select_units(units, choices=UnitChoices())[0]) == 0
    assert len(select_units(units, choices=UnitChoices(sole_proprietors=True))[0]) == 1


row_strategy = st.fixed_dictionaries(
    {
        "municipality_number": st.sampled_from(["5001", "1601", "1507", "0301", "5012", "9999", None]),
        "employees": st.one_of(st.none(), st.integers(0, 50)),
        "employees_status": st.sampled_from(["registered", "withheld", "none_registered", "not_given", None]),
        "industry_code": st.sampled_from(["25.110", "38.110", "00.000", None]),
        "parent_form": st.sampled_from(["AS", "ENK", None]),
        "closed_on": st.sampled_from([None, "2020-01-01"]),
        "country_code": st.sampled_from(["NO", "SE", None]),
    }
)


@settings(max_examples=50)
@given(
    rows=st.lists(row_strategy, max_size=12),
    area=st.sampled_from([(), ("5001",), ("1508", "1580"), ("5055",)]),
    least=st.integers(0, 6),
)
def test_nothing_is_lost_or_doubled(rows: list[dict[str, object]], area: tuple[str, ...], least: int) -> None:
    units = make_units(*rows) if rows else conform_units(pd.DataFrame())
    taken, counts = select_units(
        number_units(units), choices=UnitChoices(municipalities=area, min_employees=least)
    )
    assert len(taken) + sum(counts.values()) == len(units)
    assert set(counts) <= set(LEFT_OUT)
    assert taken["organisation_number"].is_unique


def test_the_address_decides_where_a_split_left_several_and_what_may_lie_outside_is_not_taken() -> None:
    units = number_units(
        make_units(*({"municipality_number": "5012"} for _ in range(3)), {"municipality_number": "5001"})
    )
    points = make_points((9.9, 63.4, "address", "5059"), None, (9.9, 63.4, "place", "0301"), None)
    all_parts = UnitChoices(municipalities=("5001", "5055", "5056", "5059"))
    numbers, taken = settle_municipalities(units, points, choices=all_parts)
    assert numbers.fillna("-").to_list() == ["5059", "-", "-", "5001"]
    assert taken.to_list() == [True, True, True, True]
    some = UnitChoices(municipalities=("5059",))
    assert settle_municipalities(units, points, choices=some)[1].to_list() == [True, False, False, False]
    assert settle_municipalities(units, points, choices=UnitChoices())[1].all()


@pytest.mark.parametrize(
    ("code", "actor"),
    [
        ("38.110", "collector"),
        ("38.12", "collector"),
        ("38.320", "treatment"),
        ("38", "treatment"),
        ("37.000", "treatment"),
        ("46.770", "collector"),
        ("46.870", "collector"),
        ("46.731", "service"),
        ("01.410", "primary_production"),
        ("03.211", "primary_production"),
        ("05.100", "producer"),
        ("10.110", "producer"),
        ("35.140", "producer"),
        ("41.200", "construction"),
        ("72.190", "research"),
        ("84.110", "public_body"),
        ("00.000", "service"),
        (None, "service"),
        (pd.NA, "service"),
    ],
)
def test_what_kind_of_actor_an_industry_tells_of(code: object, actor: str) -> None:
    assert find_actor_type(code) == actor
    assert actor in ACTOR_TYPES


def test_facilities_are_marked_as_the_registers_and_carry_no_stream() -> None:
    units = number_units(
        make_units(
            {"name": "=HYPERLINK(1)", "industry_code": "00.000"},
            {"employees": None, "employees_status": "withheld"},
        )
    )
    points = make_points((10.4, 63.4, "place", "5001"), None)
    made = make_register_facilities(units, points, source="Enhetsregisteret", year=2026)
    assert made["dataset"].to_list() == ["register", "register"]
    assert made["facility_id"].to_list() == [f"register-{number(0)}", f"register-{number(1)}"]
    assert made["employees"].fillna(-1).to_list() == [12, -1]
    assert made["employees_low"].fillna(-1).to_list() == [-1, 1]
    assert made["employees_high"].fillna(-1).to_list() == [-1, 4]
    assert made["industry_code"].isna().to_list() == [True, False]
    assert made.geometry.notna().to_list() == [True, False]
    assert made["name"].iloc[0] == "=HYPERLINK(1)"  # hostile text is data until it is written


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Tenkt Sag AS", "TENKT SAG"),
        ("Tenkt Sag A/S", "tenkt  sag as"),
        ("Prøve-Bygg ASA avd. Øst", "PRØVE BYGG ØST"),
        ("Aas Bakeri", "Ås bakeri DA"),
    ],
)
def test_names_are_alike_but_for_legal_form_and_marks(one: str, two: str) -> None:
    assert fold_company(one) == fold_company(two)


def test_a_name_of_legal_forms_alone_stays_a_name() -> None:
    assert fold_company("AS") == "as"


def test_who_stands_in_the_region_already_is_known_by_number_name_or_owner() -> None:
    known = make_facilities(
        {"facility_id": "k1", "name": "Ekte Sag AS", "organisation_number": number(1)},
        {
            "facility_id": "k2",
            "name": "Annet Navn",
            "organisation_number": number(501),
            "municipality_number": "0301",
        },
    )
    units = number_units(
        make_units(
            {"name": "Helt annet"},
            {"name": "Helt annet igjen"},  # same number
            {"name": "EKTE SAG"},
            {"name": "EKTE SAG", "municipality_number": "5006", "postcode": "7715"},
            {"parent_number": number(501), "municipality_number": "0301"},
            {"parent_number": number(501)},  # of the same owner, elsewhere
            {"parent_number": number(1)},  # two of one owner: nobody can tell which is meant
            {"parent_number": number(1)},
        )
    )
    made = make_register_facilities(units, make_points(*[None] * 8), source="x", year=None)
    known_rows = [False, True, True, False, True, False, False, False]
    assert find_known(made, known, parents=made[OWNER]).to_list() == known_rows
    known_rows[4] = False
    assert find_known(made, known).to_list() == known_rows


def test_a_plant_gives_its_point_to_its_unit_and_stands_alone_where_none_fits() -> None:
    units = number_units(
        make_units(
            {"name": "Tenkt Sag AS avd Trondheim"},
            {"name": "Dobbel AS"},
            {"name": "Dobbel DA"},
            {"name": "Uten Anlegg AS"},
        )
    )
    made = make_register_facilities(
        units, make_points(*[(10.0, 63.0, "place", "5001")] * 4), source="Register", year=2026
    )
    plants = make_facilities(
        {
            "facility_id": "m1",
            "name": "TENKT SAG",
            "point": shapely.Point(10.4, 63.4),
            "geocode_radius_m": 100.0,
        },
        {"facility_id": "m2", "name": "Dobbel", "point": shapely.Point(10.5, 63.4)},
        {"facility_id": "m3", "name": "Uten punkt", "point": None},
        {
            "facility_id": "m4",
            "name": "Langt borte",
            "point": shapely.Point(5.3, 60.4),
            "municipality_number": "4601",
        },
    )
    joined, used, added = join_plants(made, plants, municipalities=("5001",), source="Plants")
    assert (used, added) == (1, 1)
    by_id = joined.set_index("facility_id")
    first = by_id.loc[f"register-{number(0)}"]
    assert (first.geometry.x, first.geometry.y) == (10.4, 63.4)
    assert (first["geocode_quality"], first["geocode_radius_m"]) == ("given", 100.0)
    assert first["source"] == "Register; Plants"
    assert by_id.loc[f"register-{number(1)}"].geometry.x == 10.0
    assert by_id.loc["m2", "dataset"] == "register"
    assert "m4" not in by_id.index
    assert len(joined) == 5


def test_a_register_beside_a_region_leaves_every_row_there_as_it_is() -> None:
    own = make_facilities(
        {"facility_id": "own-1", "name": "Tenkt Sag", "organisation_number": number(0), "dataset": "own"}
    )
    tables = RegionTables(own, empty_table("streams"), empty_table("networks"), empty_table("memberships"))
    units = number_units(make_units({"name": "Registerets navn"}, {"name": "Ny i kartet"}))
    made = make_register_facilities(units, make_points(None, None), source="x", year=2026)
    both = add_register(tables, made)
    assert both.facilities["name"].to_list() == ["Tenkt Sag", "Ny i kartet"]
    assert OWNER not in both.facilities
    assert both.facilities.crs == own.crs
    pd.testing.assert_frame_equal(add_register(both, made).facilities, both.facilities)
