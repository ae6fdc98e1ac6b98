"""Organisation numbers, with check digits worked by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.identifiers import check_digit, check_organisation_number, check_organisation_number_column

# 974760673: 9*3+7*2+4*7+7*6+6*5+0*4+6*3+7*2 = 27+14+28+42+30+0+18+14 = 173; 173 mod 11 = 8; 11-8 = 3.
VALID = "974760673"


def test_check_digit_by_hand() -> None:
    assert check_digit("97476067") == 3
    # 8*3+0*2+0*7+0*6+0*5+0*4+0*3+1*2 = 26; mod 11 = 4; k = 7.
    assert check_digit("80000001") == 7
    # 8*3 + 3*3 = 33 is divisible by 11, so k = 11 and the digit is 0.
    assert check_digit("80000030") == 0
    # 8*3 + 2*5 = 34; mod 11 = 1; k = 10: never issued.
    assert check_digit("80002000") is None


@pytest.mark.parametrize(
    "text",
    [
        VALID,
        "974 760 673",
        "974\u00a0760\u00a0673",
        "974.760.673",
        "NO 974760673 MVA",
        "NO974760673MVA",
        "Org.nr. 974 760 673",
        "Organisasjonsnummer: 974760673",
        "974760673.0",
        974760673,
        974760673.0,
        "９７４７６０６７３",
    ],
)
def test_one_number_in_many_notations(text: object) -> None:
    assert check_organisation_number(text) == (VALID, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("974760674", "orgnr.check_digit"),
        ("974760637", "orgnr.check_digit"),  # last two swapped
        ("800020000", "orgnr.check_digit"),  # k = 10
        ("97476067", "orgnr.malformed"),
        ("9747606730", "orgnr.malformed"),
        ("97476067A", "orgnr.malformed"),
        ("ingen", "orgnr.malformed"),
    ],
)
def test_wrong_numbers_have_a_reason(text: str, problem: str) -> None:
    assert check_organisation_number(text) == (None, problem)


@pytest.mark.parametrize("text", ["", None, float("nan"), pd.NA, " - "])
def test_nothing_written_is_no_problem(text: object) -> None:
    assert check_organisation_number(text) == (None, None)


def test_column() -> None:
    table = check_organisation_number_column(pd.Series([VALID, None, "1"], index=[5, 6, 7]))
    assert table["number"].tolist() == [VALID, pd.NA, pd.NA]
    assert table["problem"].tolist() == [pd.NA, pd.NA, "orgnr.malformed"]
    assert list(table.index) == [5, 6, 7]


@given(st.text("0123456789", min_size=8, max_size=8), st.integers(0, 8), st.integers(1, 9))
def test_any_single_wrong_digit_is_caught(first_eight: str, position: int, step: int) -> None:
    last = check_digit(first_eight)
    if last is None:
        assert all(check_organisation_number(f"{first_eight}{d}")[0] is None for d in range(10))
        return
    number = f"{first_eight}{last}"
    assert check_organisation_number(number) == (number, None)
    wrong = (int(number[position]) + step) % 10
    changed = number[:position] + str(wrong) + number[position + 1 :]
    assert check_organisation_number(changed) == (None, "orgnr.check_digit")
