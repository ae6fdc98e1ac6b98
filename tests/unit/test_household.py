"""Modelled household waste: numbers worked by hand, sums that hold, unknown that stays unknown."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.errors import InvalidTableError, UnknownMunicipalityError
from geodata.household import check_coefficients, model_household_streams, model_household_waste

COEFFICIENTS = pd.DataFrame(
    {
        "material": ["residual_waste", "food_waste"],
        "eal_code": ["200301", "200108"],
        "hazardous": [False, False],
        "kg_per_head_low": [100.0, 20.0],
        "kg_per_head_best": [150.0, 40.0],
        "kg_per_head_high": [200.0, 50.0],
        "usual_treatment": ["R1", "R3"],
        "source": ["a table", "a table"],
        "year": [2023, 2023],
    }
)


def make_municipalities(inhabitants: dict[str, int | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "municipality_number": pd.array(list(inhabitants), dtype="string"),
            "inhabitants": pd.array(list(inhabitants.values()), dtype="Int64"),
            "inhabitants_year": pd.array([2025] * len(inhabitants), dtype="Int64"),
        }
    )


def make_facilities(areas: dict[str, str | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {"facility_id": list(areas), "service_area": pd.array(list(areas.values()), dtype="string")}
    )


def test_municipal_waste_by_hand() -> None:
    # 2 000 inhabitants x 150 kg = 300 t; x 100 = 200 t; x 200 = 400 t; food 2 000 x 40 kg = 80 t.
    waste = model_household_waste(make_municipalities({"5001": 2000}), coefficients=COEFFICIENTS)
    assert waste["material"].tolist() == ["residual_waste", "food_waste"]
    assert waste["amount_min"].tolist() == [200.0, 40.0]
    assert waste["amount_best"].tolist() == [300.0, 80.0]
    assert waste["amount_max"].tolist() == [400.0, 100.0]


def test_company_by_hand() -> None:
    # 2 000 + 3 000 inhabitants: 750 t of residual waste (500 to 1 000), 200 t of food waste (100 to 250).
    streams = model_household_streams(
        make_facilities({"company": "5001 5006", "other": None, "blank": " "}),
        municipalities=make_municipalities({"5001": 2000, "5006": 3000, "5007": 9000}),
        coefficients=COEFFICIENTS,
    )
    assert streams["stream_id"].tolist() == [
        "household-company-residual_waste",
        "household-company-food_waste",
    ]
    assert streams["amount_best"].tolist() == [750.0, 200.0]
    assert streams["amount_min"].tolist() == [500.0, 100.0]
    assert streams["amount_max"].tolist() == [1000.0, 250.0]
    assert set(streams["basis"]) == {"modelled"}
    assert set(streams["direction"]) == {"offer"}
    assert streams["reference"].str.contains("a table").all()
    assert streams["reference"].str.contains("2025").all()
    assert streams["note"].str.contains("5000").all()
    assert streams["reference_year"].tolist() == [2023, 2023]


def test_unknown_inhabitants_make_the_company_unknown_and_not_smaller() -> None:
    streams = model_household_streams(
        make_facilities({"company": "5001 5006", "known": "5001"}),
        municipalities=make_municipalities({"5001": 2000, "5006": None}),
        coefficients=COEFFICIENTS,
    ).set_index("stream_id")
    assert streams.loc["household-company-food_waste", "amount_best"] is pd.NA
    assert streams.loc["household-known-food_waste", "amount_best"] == 80.0


def test_a_municipality_named_twice_counts_once() -> None:
    streams = model_household_streams(
        make_facilities({"company": "5001 5001"}),
        municipalities=make_municipalities({"5001": 2000}),
        coefficients=COEFFICIENTS,
    )
    assert streams["amount_best"].tolist() == [300.0, 80.0]


def test_no_service_area_gives_an_empty_table() -> None:
    streams = model_household_streams(
        make_facilities({"company": None}),
        municipalities=make_municipalities({"5001": 2000}),
        coefficients=COEFFICIENTS,
    )
    assert len(streams) == 0
    assert str(streams["amount_best"].dtype) == "Float64"


def test_unknown_municipality_is_an_error() -> None:
    with pytest.raises(UnknownMunicipalityError) as caught:
        model_household_streams(
            make_facilities({"company": "5001 9999"}),
            municipalities=make_municipalities({"5001": 2000}),
            coefficients=COEFFICIENTS,
        )
    assert caught.value.code == "household.municipality_unknown"
    assert caught.value.values == {"number": "9999", "facility_id": "company"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kg_per_head_low": [160.0, 20.0]}, "household.coefficient_range"),
        ({"kg_per_head_high": [140.0, 50.0]}, "household.coefficient_range"),
        ({"kg_per_head_low": [-1.0, 20.0]}, "household.coefficient_range"),
        ({"kg_per_head_best": [None, 40.0]}, "household.coefficient_range"),
        ({"material": ["wood", "wood"]}, "household.material_repeated"),
    ],
)
def test_faulty_coefficients_are_refused(change: dict[str, list[object]], code: str) -> None:
    with pytest.raises(InvalidTableError) as caught:
        check_coefficients(COEFFICIENTS.assign(**change))
    assert caught.value.code == code


def test_missing_coefficient_column_is_refused() -> None:
    with pytest.raises(InvalidTableError) as caught:
        check_coefficients(COEFFICIENTS.drop(columns="source"))
    assert caught.value.code == "table.column_missing"


@settings(deadline=None, max_examples=40)  # a shared machine's clock says nothing
@given(st.lists(st.integers(min_value=0, max_value=800_000), min_size=1, max_size=12), st.randoms())
def test_company_total_is_the_sum_of_its_municipalities_in_any_order(
    people: list[int], random: object
) -> None:
    numbers = {f"{5000 + index}": count for index, count in enumerate(people)}
    municipalities = make_municipalities(dict(numbers))
    waste = model_household_waste(municipalities, coefficients=COEFFICIENTS)
    order = list(numbers)
    random.shuffle(order)  # type: ignore[attr-defined]
    streams = model_household_streams(
        make_facilities({"company": " ".join(order)}),
        municipalities=municipalities.sample(frac=1, random_state=1),
        coefficients=COEFFICIENTS,
    )
    expected = waste.groupby("material")["amount_best"].sum()
    for row in streams.itertuples(index=False):
        assert row.amount_best == pytest.approx(expected[row.material], rel=1e-9)
        assert row.amount_min <= row.amount_best <= row.amount_max
