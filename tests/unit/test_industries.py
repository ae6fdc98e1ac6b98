"""Industry codes: text normalised, zeros found again only where that is certain."""

from __future__ import annotations

import pandas as pd
import pytest

from geodata.industries import (
    division_label,
    normalise_industry_code,
    normalise_industry_column,
    section_of,
)

DIVISIONS = pd.DataFrame(
    [
        ("01", "A", "A", "Jordbruk", "Farming", "11 12 13 41"),
        ("03", "A", "A", "Fiske", "Fishing", "11 12 21 22 30"),
        ("11", "C", "C", "Drikkevarer", "Beverages", ""),
        ("16", "C", "C", "Trevarer", "Wood products", ""),
        ("32", "C", "C", "Annen industri", "Other manufacturing", ""),
        ("38", "E", "E", "Avfall", "Waste", ""),
        ("45", "G", "", "Bilverksteder", "Vehicle repair", ""),
    ],
    columns=["division", "section_sn2007", "section_sn2025", "title_nb", "title_en", "classes"],
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("38.110", "38.110"),
        ("38110", "38.110"),
        ("38.11", "38.11"),
        ("38.1", "38.1"),
        ("38", "38"),
        (38110, "38.110"),
        (38.11, "38.11"),
        ("38,110", "38.110"),
        ("38 110", "38.110"),
        ("E38.110", "38.110"),
        ("E 38", "38"),
        ("38.110 Innsamling av ikke-farlig avfall", "38.110"),
        ("NACE 38.11", "38.11"),
        ("SN2007: 38.110", "38.110"),
        ("38.11.0", "38.110"),
        ("38\u00a0110", "38.110"),
        ("1.11", "01.11"),  # lost zero, point kept
        (1.11, "01.11"),
        ("3.211", "03.211"),
        ("01110", "01.110"),
        ("3811", "38.11"),  # 03.81 is no class, so no lost zero
        ("1610", "16.10"),  # 01.61 is not in this table's classes
    ],
)
def test_codes_are_normalised(text: object, code: str) -> None:
    assert normalise_industry_code(text, divisions=DIVISIONS) == (code, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1110", "industry.ambiguous"),  # 11.10 or 01.110
        ("3211", "industry.ambiguous"),  # 32.11 or 03.211
        ("04.110", "industry.unknown"),
        ("99999", "industry.unknown"),
        ("avfall", "industry.malformed"),
        ("38.1100", "industry.malformed"),
        ("381100", "industry.malformed"),
    ],
)
def test_what_is_no_code_is_told(text: str, problem: str) -> None:
    assert normalise_industry_code(text, divisions=DIVISIONS) == (None, problem)


@pytest.mark.parametrize("text", ["", None, float("nan"), "-"])
def test_nothing_written_is_no_problem(text: object) -> None:
    assert normalise_industry_code(text, divisions=DIVISIONS) == (None, None)


def test_column_and_labels() -> None:
    table = normalise_industry_column(pd.Series(["38110", None, "x", "38110"]), divisions=DIVISIONS)
    assert table["code"].tolist() == ["38.110", pd.NA, pd.NA, "38.110"]
    assert table["problem"].tolist() == [pd.NA, pd.NA, "industry.malformed", pd.NA]
    assert division_label("38.110", divisions=DIVISIONS) == "Avfall"
    assert division_label("38", divisions=DIVISIONS, language="en") == "Waste"
    assert division_label("77", divisions=DIVISIONS) == ""
    assert section_of("45.200", divisions=DIVISIONS) == ""
    assert section_of("45.200", divisions=DIVISIONS, revision="sn2007") == "G"
