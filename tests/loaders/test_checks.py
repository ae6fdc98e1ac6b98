# ruff: noqa: E501  (tables of cases are easier to read in whole lines)
"""Whole-table checks: every fault of the schema at once, and amounts that look like kilograms."""

from __future__ import annotations

import random

import pandas as pd
import pytest

from geodata.schemas import TABLES, conform_table, empty_table
from loaders.checks import check_table, find_kilograms


@pytest.mark.parametrize("name", TABLES)
def test_an_empty_table_has_no_faults(name: str) -> None:
    assert check_table(pd.DataFrame(empty_table(name)), name) == []


def test_every_fault_is_told_with_its_row() -> None:
    rows = [
        {"stream_id": "a", "facility_id": "f", "direction": "offer", "material": "wood", "basis": "reported", "dataset": "own"},
        {"stream_id": "a", "facility_id": "f", "direction": "give", "material": "wood", "basis": "reported", "dataset": "own",
         "amount_best": -1.0},
        {"stream_id": "b", "facility_id": "f", "direction": "need", "basis": "reported", "dataset": "own"},
    ]  # fmt: skip
    frame = conform_table(pd.DataFrame(rows), "streams")
    found = {(f.code, f.row, f.column) for f in check_table(frame, "streams", rows=[2, 3, 4])}
    assert found == {
        ("table.value_repeated", 2, "stream_id"),
        ("table.value_repeated", 3, "stream_id"),
        ("table.value_not_allowed", 3, "direction"),
        ("table.value_out_of_range", 3, "amount_best"),
        ("table.value_missing", 4, "material"),
    }


def test_a_missing_column_is_told() -> None:
    frame = pd.DataFrame(empty_table("streams")).drop(columns="material")
    assert [(f.code, f.column) for f in check_table(frame, "streams")] == [
        ("table.column_missing", "material")
    ]


def make_streams(amounts: list[float]) -> pd.DataFrame:
    frame = pd.DataFrame({"amount_best": amounts, "material": "wood", "unit": "t"})
    return conform_table(frame, "streams")


def test_one_amount_in_kilograms_is_found() -> None:
    (odd,) = find_kilograms(make_streams([120, 80, 95, 110_000, 150, 60]))
    assert (odd.position, odd.amount, odd.suggestion) == (3, pytest.approx(110_000), pytest.approx(110))


def test_two_amounts_in_kilograms_do_not_hide_each_other() -> None:
    found = find_kilograms(make_streams([120, 80, 95, 110_000, 150, 60, 70_000, 90]))
    assert [odd.position for odd in found] == [3, 6]


@pytest.mark.parametrize("seed", range(20))
def test_a_wide_spread_without_a_fault_gives_no_alarm(seed: int) -> None:
    chance = random.Random(seed)
    assert find_kilograms(make_streams([10 ** chance.gauss(2, 0.6) for _ in range(200)])) == []


def test_few_rows_or_other_units_are_left_alone() -> None:
    assert find_kilograms(make_streams([1, 1000])) == []
    frame = make_streams([1, 1, 1, 1, 1, 1000.0]).assign(unit=pd.array(["MWh"] * 6, dtype="string"))
    assert find_kilograms(frame) == []
