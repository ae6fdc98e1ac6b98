"""Modelled waste of firms: numbers worked by hand, the longest prefix, unknown that stays unknown."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.errors import InvalidTableError
from geodata.industrywaste import (
    add_modelled_streams,
    check_industry_coefficients,
    find_industry_prefix,
    model_industry_streams,
    without_modelled,
)
from geodata.results import RegionTables
from geodata.schemas import conform_table, empty_table

ROWS = [
    # industry, material, code, hazardous, low, best, high, status
    ("10", "food_waste", "200108", False, 100.0, 400.0, 900.0, "derived"),
    ("10.7", "food_industry_waste", "020601", False, 500.0, 1000.0, 2500.0, "derived"),
    ("10.7", "paper_cardboard", "150101", False, 10.0, 20.0, 40.0, "judgement"),
    ("10.71", "food_industry_waste", "020601", False, 700.0, 2000.0, 3000.0, "published"),
    ("46", "paper_cardboard", "150101", False, 100.0, 300.0, 900.0, "derived"),
    ("46.77", None, None, False, 0.0, 0.0, 0.0, "not_modelled"),
    ("45.2", "waste_oil", "130208", True, 50.0, 300.0, 900.0, "derived"),
]
COEFFICIENTS = pd.DataFrame(
    ROWS,
    columns=[
        *("industry", "material", "eal_code", "hazardous"),
        *("kg_per_employee_low", "kg_per_employee_best", "kg_per_employee_high", "status"),
    ],
).assign(usual_treatment="R3", source="a table", year=2022)


def make_facilities(*rows: tuple[str, str | None, int | None], **columns: object) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "facility_id": pd.array([row[0] for row in rows], dtype="string"),
            "industry_code": pd.array([row[1] for row in rows], dtype="string"),
            "employees": pd.array([row[2] for row in rows], dtype="Int64"),
            "dataset": "register",
            **columns,
        }
    )


def make_tables(facilities: pd.DataFrame, streams: pd.DataFrame | None = None) -> RegionTables:
    table = facilities.assign(
        name=facilities["facility_id"],
        actor_type=facilities.get("actor_type", "producer"),
        visibility="public",
    )
    points = gpd.GeoSeries([None] * len(table), index=table.index, crs="EPSG:4326")
    return RegionTables(
        facilities=gpd.GeoDataFrame(conform_table(table, "facilities"), geometry=points),
        streams=streams if streams is not None else empty_table("streams"),
        networks=empty_table("networks"),
        memberships=empty_table("memberships"),
    )


def test_tonnes_by_hand() -> None:
    # 30 employees: 30 x 1 000 kg = 30 t (15 to 75) and 30 x 20 kg = 0.6 t, under a tonne.
    made = model_industry_streams(make_facilities(("bakery", "10.720", 30)), coefficients=COEFFICIENTS)
    row = made.streams.iloc[0]
    assert len(made.streams) == 1
    assert (row["amount_min"], row["amount_best"], row["amount_max"]) == (15.0, 30.0, 75.0)
    assert row["stream_id"] == "industry-bakery-food_industry_waste"
    assert (row["direction"], row["unit"], row["months"], row["basis"]) == ("offer", "t", "1-12", "modelled")
    assert row["legal_status"] == "waste"
    assert row["reference"] == "a table; employees: the facility's own row"
    assert "30 employees" in row["note"]
    assert "10.7 " in row["note"]
    assert (made.rows_left_out, made.tonnes_left_out) == (1, 0.6)
    assert made.skipped.empty


@pytest.mark.parametrize(
    ("code", "prefix"),
    [
        ("10.710", "10.71"),
        ("10.71", "10.71"),
        ("10.720", "10.7"),
        ("10.7", "10.7"),
        ("10", "10"),
        ("10.110", "10"),
        ("46.770", "46.77"),
        ("46.7", "46"),
        ("1", None),
        ("99.000", None),
        (None, None),
    ],
)
def test_the_longest_prefix_answers(code: str | None, prefix: str | None) -> None:
    codes = pd.Series(pd.array([code], dtype="string"))
    found = find_industry_prefix(codes, prefixes=frozenset(COEFFICIENTS["industry"])).iloc[0]
    assert found == prefix if prefix else pd.isna(found)


def test_what_cannot_be_modelled_is_told_and_never_zero() -> None:
    facilities = make_facilities(
        ("unknown", "10.710", None),
        ("nobody", "10.710", 0),
        ("no code", None, 10),
        ("other", "68.200", 10),
        ("scrap", "46.770", 10),
        ("small", "45.200", 1),
        ("whole", "45.200", 10),
    )
    made = model_industry_streams(facilities, coefficients=COEFFICIENTS)
    assert dict(zip(made.skipped["facility_id"], made.skipped["reason"], strict=True)) == {
        "unknown": "employees_unknown",
        "nobody": "no_employees",
        "no code": "industry_unknown",
        "other": "industry_not_covered",
        "scrap": "industry_not_modelled",
        "small": "too_little",
    }
    assert set(made.streams["facility_id"]) == {"whole"}
    assert made.streams["hazardous"].all()


def test_a_range_of_employees_widens_the_amount() -> None:
    facilities = make_facilities(
        ("band", "46", None),
        ("known", "46", 9),
        employees_low=pd.array([4, 1], dtype="Int64"),
        employees_high=pd.array([16, 99], dtype="Int64"),
    )
    streams = model_industry_streams(facilities, coefficients=COEFFICIENTS).streams.set_index("facility_id")
    # 4 x 100 kg, sqrt(4 x 16) = 8 x 300 kg, 16 x 900 kg; a known number stands before any band.
    assert streams.loc["band", ["amount_min", "amount_best", "amount_max"]].tolist() == [0.4, 2.4, 14.4]
    assert streams.loc["known", ["amount_min", "amount_best", "amount_max"]].tolist() == [0.9, 2.7, 8.1]
    assert "4-16 employees" in streams.loc["band", "note"]


def test_a_facility_with_a_stream_of_its_own_gets_none() -> None:
    facilities = make_facilities(("has", "10.710", 50), ("bare", "10.710", 50))
    own = conform_table(
        pd.DataFrame(
            {
                "stream_id": ["s"],
                "facility_id": ["has"],
                "direction": ["need"],
                "material": ["wood"],
                "basis": ["reported"],
                "dataset": ["register"],
            }
        ),
        "streams",
    )
    tables = add_modelled_streams(make_tables(facilities, own), coefficients=COEFFICIENTS)
    assert tables.streams["stream_id"].tolist() == ["s", "industry-bare-food_industry_waste"]
    again = add_modelled_streams(tables, coefficients=COEFFICIENTS)
    assert again.streams["stream_id"].tolist() == tables.streams["stream_id"].tolist()
    assert without_modelled(tables).streams["stream_id"].tolist() == ["s"]
    assert len(without_modelled(tables).facilities) == 2


def test_practice_data_and_municipal_companies_get_none() -> None:
    facilities = make_facilities(
        ("practice", "10.710", 50),
        ("company", "10.710", 50),
        ("serves", "10.710", 50),
        ("firm", "10.710", 50),
        actor_type=["producer", "municipal_waste_company", "collector", "producer"],
        service_area=[None, None, "5001 5006", None],
    )
    facilities["dataset"] = ["practice", "register", "register", "register"]
    tables = add_modelled_streams(make_tables(facilities), coefficients=COEFFICIENTS)
    assert set(tables.streams["facility_id"]) == {"firm"}


def test_tables_without_anything_to_model_stay_the_same_tables() -> None:
    tables = make_tables(make_facilities(("unknown", "10.710", None)))
    assert add_modelled_streams(tables, coefficients=COEFFICIENTS) is tables
    assert without_modelled(tables) is tables
    assert model_industry_streams(tables.facilities.iloc[:0], coefficients=COEFFICIENTS).streams.empty


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kg_per_employee_low": 500.0}, "industrywaste.coefficient_range"),
        ({"kg_per_employee_high": pd.NA}, "industrywaste.coefficient_range"),
        ({"status": "reported"}, "industrywaste.status_unknown"),
        ({"industry": "10.7", "material": "paper_cardboard"}, "industrywaste.row_repeated"),
        ({"industry": "46.77"}, "industrywaste.row_repeated"),
    ],
)
def test_faulty_coefficients_are_refused(change: dict[str, object], code: str) -> None:
    faulty = COEFFICIENTS.astype(object)
    for column, value in change.items():
        faulty.loc[0, column] = value
    with pytest.raises(InvalidTableError) as caught:
        check_industry_coefficients(faulty)
    assert caught.value.code == code


def test_a_missing_column_is_told() -> None:
    with pytest.raises(InvalidTableError) as caught:
        check_industry_coefficients(COEFFICIENTS.drop(columns="source"))
    assert caught.value.values["column"] == "source"


@settings(max_examples=60, deadline=None)
@given(
    first=st.integers(0, 100_000),
    more=st.integers(0, 100_000),
    code=st.sampled_from(["10", "10.110", "10.710", "10.7", "46.210", "45.200", "46.77", "99"]),
    band=st.integers(0, 500),
)
def test_more_employees_never_give_less_and_the_range_holds(
    first: int, more: int, code: str, band: int
) -> None:
    def model(employees: int | None, *, low: int = 0, high: int = 0) -> pd.DataFrame:
        facilities = make_facilities(
            ("a", code, employees),
            employees_low=pd.array([low], dtype="Int64"),
            employees_high=pd.array([high], dtype="Int64"),
        )
        return model_industry_streams(facilities, coefficients=COEFFICIENTS, least_tonnes=0.0).streams

    few, many = model(first).set_index("material"), model(first + more).set_index("material")
    assert set(few.index) <= set(many.index)
    for amount in ("amount_min", "amount_best", "amount_max"):
        assert (few[amount] <= many.loc[few.index, amount]).all()
    spread = model(None, low=first, high=first + band)
    for table in (few, many, spread):
        assert (
            (table["amount_min"] <= table["amount_best"]) & (table["amount_best"] <= table["amount_max"])
        ).all()
        assert set(table["basis"]) <= {"modelled"}
        assert table["stream_id"].is_unique
