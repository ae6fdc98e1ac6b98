"""Sums of streams, worked by hand."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from geodata.schemas import conform_table
from geodata.totals import sum_streams


def _streams(*rows: dict[str, object]) -> pd.DataFrame:
    return conform_table(pd.DataFrame(list(rows)), "streams")


def test_sums_by_material_basis_and_unit_with_unknown_counted() -> None:
    wood = {"direction": "offer", "material": "wood", "basis": "reported", "unit": "t"}
    table = sum_streams(
        _streams(
            wood | {"amount_best": 100.0},
            wood | {"amount_min": 10.0, "amount_best": 20.0, "amount_max": 40.0},
            wood | {"amount_min": 5.0},
            wood,
            wood | {"basis": "modelled", "amount_best": 7.0},
            wood | {"unit": "m3", "amount_best": 5.0},
        )
    )
    reported = table[(table["basis"] == "reported") & (table["unit"] == "t")].iloc[0]
    assert (reported["streams"], reported["unknown"]) == (4, 2)
    assert (reported["amount_min"], reported["amount_best"], reported["amount_max"]) == (110.0, 120.0, 140.0)
    assert table["amount_best"].tolist() == [120.0, 7.0, 5.0]  # tonnes and cubic metres stay apart


def test_a_group_of_unknown_amounts_is_unknown_and_not_zero() -> None:
    table = sum_streams(_streams({"direction": "need", "material": "bark", "basis": "reported"}))
    assert table["unknown"].tolist() == [1]
    assert table["amount_best"].isna().all()
    assert table["unit"].isna().all()


amounts = st.one_of(st.none(), st.integers(0, 10_000).map(float))


@given(
    st.lists(
        st.tuples(st.sampled_from(["wood", "glass"]), st.sampled_from(["reported", "modelled"]), amounts),
        min_size=1,
        max_size=30,
    )
)
def test_the_groups_add_up_to_the_rows(rows: list[tuple[str, str, float | None]]) -> None:
    streams = _streams(
        *(
            {"direction": "offer", "material": material, "basis": basis, "unit": "t", "amount_best": amount}
            for material, basis, amount in rows
        )
    )
    table = sum_streams(streams)
    known = [amount for _, _, amount in rows if amount is not None]
    assert table["streams"].sum() == len(rows)
    assert table["unknown"].sum() == len(rows) - len(known)
    assert table["amount_best"].sum() == sum(known)
