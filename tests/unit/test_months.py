"""Months: text to mask and back."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.months import (
    ALL_YEAR,
    count_months,
    format_months,
    overlap_share,
    overlap_shares,
    parse_months,
    parse_months_column,
)


def mask_of(*months: int) -> int:
    return sum(1 << (month - 1) for month in months)


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("1-12", range(1, 13)),
        ("hele året", range(1, 13)),
        ("Heile året", range(1, 13)),
        ("all year", range(1, 13)),
        ("året rundt", range(1, 13)),
        ("helårs", range(1, 13)),
        ("5-9", (5, 6, 7, 8, 9)),
        ("05–09", (5, 6, 7, 8, 9)),
        ("11-2", (11, 12, 1, 2)),
        ("1,4,7", (1, 4, 7)),
        ("1; 4 og 7", (1, 4, 7)),
        ("1 4 7", (1, 4, 7)),
        ("jan-mar", (1, 2, 3)),
        ("januar - mars", (1, 2, 3)),
        ("fra mai til september", (5, 6, 7, 8, 9)),
        ("juni t.o.m. august", (6, 7, 8)),
        ("januar til og med mars", (1, 2, 3)),
        ("jan. feb. mars", (1, 2, 3)),
        ("apr. - okt.", (4, 5, 6, 7, 8, 9, 10)),
        ("mai", (5,)),
        ("Mai.", (5,)),
        ("October to December", (10, 11, 12)),
        ("des-jan", (12, 1)),
        ("jan-feb, okt", (1, 2, 10)),
        ("Q3", (7, 8, 9)),
        ("vinter", (12, 1, 2)),
        ("høst", (9, 10, 11)),
        ("1-12 (jevnt)", range(1, 13)),
        ("12 måneder", range(1, 13)),
        ("12", (12,)),
        (7, (7,)),
        (7.0, (7,)),
    ],
)
def test_months_as_people_write_them(text: object, months: tuple[int, ...]) -> None:
    assert parse_months(text) == (mask_of(*months), None)


@pytest.mark.parametrize("text", ["0", "13", "1-13", "tull", "1--3", "5-", "mai-tull", "2025-05-09 00:00:00"])
def test_what_cannot_be_read_is_told(text: str) -> None:
    assert parse_months(text) == (None, "months.malformed")


@pytest.mark.parametrize("text", ["", None, float("nan"), pd.NA, "-", "ukjent"])
def test_unknown_is_not_the_whole_year(text: object) -> None:
    assert parse_months(text) == (None, None)


@pytest.mark.parametrize(
    ("months", "text"),
    [
        ((), ""),
        ((5,), "5"),
        ((5, 6, 7, 8, 9), "5-9"),
        ((11, 12, 1, 2), "11-2"),
        ((1, 4, 7), "1,4,7"),
        ((12, 1, 5), "5,12-1"),
        (range(1, 13), "1-12"),
    ],
)
def test_canonical_text(months: tuple[int, ...], text: str) -> None:
    assert format_months(mask_of(*months)) == text


def test_every_mask_comes_back() -> None:
    for mask in range(1, ALL_YEAR + 1):
        assert parse_months(format_months(mask)) == (mask, None)


@given(st.integers(1, 12), st.integers(1, 12))
def test_a_range_holds_its_ends_and_its_length(first: int, last: int) -> None:
    mask, problem = parse_months(f"{first}-{last}")
    assert problem is None
    assert mask is not None
    assert mask & mask_of(first)
    assert mask & mask_of(last)
    assert count_months(mask) == (last - first) % 12 + 1


def test_overlap_by_hand() -> None:
    # May-September (5) and August-January (6) share August and September: 2 of 5.
    assert overlap_share(mask_of(5, 6, 7, 8, 9), mask_of(8, 9, 10, 11, 12, 1)) == pytest.approx(0.4)
    assert overlap_share(ALL_YEAR, mask_of(3)) == 1.0
    assert overlap_share(mask_of(3), mask_of(4)) == 0.0
    assert math.isnan(overlap_share(None, ALL_YEAR))
    assert math.isnan(overlap_share(ALL_YEAR, 0))


@given(st.lists(st.tuples(st.integers(0, ALL_YEAR), st.integers(0, ALL_YEAR)), min_size=1, max_size=30))
def test_columns_agree_with_cells_and_order_is_no_matter(pairs: list[tuple[int, int]]) -> None:
    a, b = (pd.Series(side, dtype="Int64") for side in zip(*pairs, strict=True))
    there, back = overlap_shares(a, b), overlap_shares(b, a)
    for index, (first, second) in enumerate(pairs):
        expected = overlap_share(first, second)
        assert there[index] == pytest.approx(expected, nan_ok=True)
        assert back[index] == pytest.approx(expected, nan_ok=True)


def test_column() -> None:
    table = parse_months_column(pd.Series(["1-3", None, "x", "1-3"], index=[3, 4, 5, 6]))
    assert table["mask"].tolist() == [7, pd.NA, pd.NA, 7]
    assert table["problem"].tolist() == [pd.NA, pd.NA, "months.malformed", pd.NA]
