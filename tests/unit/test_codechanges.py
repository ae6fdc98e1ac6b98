"""Reforms to come: municipality numbers extended by newer steps, industry codes led to the next revision."""

from __future__ import annotations

import pandas as pd
import pytest

from geodata.errors import InvalidTableError
from geodata.industrychanges import classify_industry_changes, translate_industry_codes
from geodata.municipalities import CHANGE_COLUMNS, resolve_municipality, to_current_municipality
from geodata.municipalitychanges import CODE_CHANGE_COLUMNS, extend_changes
from loaders.embedded import read_municipality_changes


def make_changes(*rows: tuple[str, str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(CODE_CHANGE_COLUMNS), dtype="string")


def make_known(*numbers: str) -> pd.DataFrame:
    rows = [(number, f"Sted {number}", 2020, pd.NA, number, "current") for number in numbers]
    table = pd.DataFrame(rows, columns=list(CHANGE_COLUMNS))
    return table.astype({name: "Int64" if "year" in name else "string" for name in CHANGE_COLUMNS})


def list_steps(changes: pd.DataFrame) -> set[tuple[str, str, str]]:
    return set(zip(changes["old_number"], changes["new_number"], changes["kind"], strict=True))


REFORM = make_changes(
    ("5001", "Sted 5001", "5101", "Ny 5101", "2028-01-01"),  # another number
    ("5002", "Sted 5002", "5102", "Ny 5102", "2028-01-01"),  # two into one
    ("5003", "Sted 5003", "5102", "Ny 5102", "2028-01-01"),
    ("5004", "Sted 5004", "5104", "Ny 5104", "2028-01-01"),  # one into two
    ("5004", "Sted 5004", "5105", "Ny 5105", "2028-01-01"),
    ("5006", "Sted 5006", "5007", "Sted 5007", "2028-01-01"),  # into one that stays
    ("5008", "Sted 5008", "5008", "Nytt navn", "2028-01-01"),  # a new name only
    ("0999", "Ukjent", "5108", "Ny 5108", "2028-01-01"),
)
KNOWN = make_known(*(f"500{at}" for at in range(1, 9)))


def test_a_reform_is_taken_in_with_its_kinds() -> None:
    extended = extend_changes(KNOWN, REFORM)
    steps = list_steps(extended.changes)
    assert steps == {
        ("5001", "5101", "renumbered"),
        ("5002", "5102", "merged"),
        ("5003", "5102", "merged"),
        ("5004", "5104", "split"),
        ("5004", "5105", "split"),
        ("5006", "5007", "merged"),
        *((number, number, "current") for number in ("5005", "5007", "5008", "5101", "5102", "5104", "5105")),
    }
    ended = extended.changes[extended.changes["kind"] != "current"]
    assert set(ended["valid_to_year"]) == {2027}
    assert set(ended["valid_from_year"]) == {2020}
    new = extended.changes[extended.changes["old_number"] == "5105"].iloc[0]
    assert (new["old_name"], new["valid_from_year"]) == ("Ny 5105", 2028)
    assert extended.passed_over["reason"].tolist() == ["renamed", "unknown"]
    assert len(extended.taken) == 6
    assert (extended.changes.dtypes == KNOWN.dtypes).all()
    today = to_current_municipality(pd.Series(["5001", "5004", "5007"]), extended.changes)
    assert today["candidates"].tolist() == [("5101",), ("5104", "5105"), ("5007",)]


def test_taking_it_in_twice_changes_nothing() -> None:
    once = extend_changes(KNOWN, REFORM)
    twice = extend_changes(once.changes, REFORM)
    pd.testing.assert_frame_equal(twice.changes, once.changes)
    assert set(twice.passed_over["reason"]) == {"known"}


def test_a_number_that_goes_on_and_gives_away_a_part_asks_which() -> None:
    rows = make_changes(("5001", "Sted 5001", "5101", "Ny 5101", "2028-01-01"))
    for changes, used in (
        (rows, ["5001", "5101"]),
        (pd.concat([rows, make_changes(("5001", "a", "5001", "b", "2028-01-01"))]), None),
        (pd.concat([rows, make_changes(("5001", "a", "5102", "b", "2030-01-01"))]), None),
    ):
        found = extend_changes(KNOWN, changes, still_used=used).changes
        assert ("5001", "5101", "split") in list_steps(found)
        assert len(resolve_municipality("5001", changes=found).today) == 2


def test_reforms_follow_one_another() -> None:
    changes = make_changes(
        ("5101", "Ny 5101", "5201", "Nyere", "2030-01-01"),
        ("5001", "Sted 5001", "5101", "Ny 5101", "2028-01-01"),
    )
    found = extend_changes(KNOWN, changes).changes
    assert resolve_municipality("5001", changes=found).today == ("5201",)


def test_a_number_given_to_another_area_is_refused() -> None:
    first = extend_changes(KNOWN, make_changes(("5001", "a", "5101", "b", "2028-01-01"))).changes
    with pytest.raises(InvalidTableError) as caught:
        extend_changes(first, make_changes(("5002", "c", "5001", "d", "2030-01-01")))
    assert caught.value.code == "municipality.reused"


def test_the_embedded_table_can_be_built_up_reform_by_reform() -> None:
    """Take 2020 and 2024 out of the embedded table, tell them as a register would, and get it back."""
    known = read_municipality_changes()
    before = known[known["valid_from_year"] < 2020]
    ended = before["valid_to_year"].fillna(9999) > 2018
    start = before[~ended].copy()
    in_use = before[ended].drop_duplicates("old_number").copy()
    in_use["new_number"], in_use["kind"], in_use["valid_to_year"] = in_use["old_number"], "current", pd.NA
    start = pd.concat([start, in_use])
    start = start.astype(known.dtypes.to_dict())
    steps = known[(known["kind"] != "current") & (known["valid_to_year"] >= 2019)]
    names = dict(zip(known["old_number"], known["old_name"], strict=True))
    told = make_changes(
        *(
            (old, names[old], new, names[new], f"{last + 1}-01-01")
            for old, new, last in zip(
                steps["old_number"], steps["new_number"], steps["valid_to_year"], strict=True
            )
        )
    )
    current = frozenset(known.loc[known["kind"] == "current", "old_number"])
    found = extend_changes(start, told.sample(frac=1, random_state=1), still_used=current)
    key = ["old_number", "new_number"]
    expected = known.sort_values(key).reset_index(drop=True)
    pd.testing.assert_frame_equal(found.changes.sort_values(key).reset_index(drop=True), expected)


PAIRS = pd.DataFrame(
    [
        ("38.110", "38.110"),
        ("62.020", "62.200"),
        ("62.030", "62.200"),
        ("45.200", "95.310"),
        ("45.200", "95.320"),
        ("68.209", "68.200"),
        ("45", "46.71"),
        ("68.209", "68.200"),
    ],
    columns=["code_from", "code_to"],
)


def test_pairs_of_codes_get_their_kind() -> None:
    table = classify_industry_changes(PAIRS)
    kinds = dict(zip(zip(table["code_from"], table["code_to"], strict=True), table["kind"], strict=True))
    assert kinds == {
        ("38.110", "38.110"): "same",
        ("62.020", "62.200"): "merged",
        ("62.030", "62.200"): "merged",
        ("45.200", "95.310"): "split",
        ("45.200", "95.320"): "split",
        ("68.209", "68.200"): "renumbered",
    }


def test_what_became_several_is_told_and_not_chosen() -> None:
    changes = classify_industry_changes(PAIRS)
    codes = pd.Series(
        ["68.209", "45.200", "62.030", "38.110", "45", "68", None, "10.110", ""], index=range(5, 14)
    )
    found = translate_industry_codes(codes, changes=changes)
    assert found.index.tolist() == codes.index.tolist()
    assert found["code"].fillna("?").tolist() == [
        "68.200",
        "?",
        "62.200",
        "38.110",
        "95",
        "68",
        "?",
        "10.110",
        "?",
    ]
    assert found["candidates"].iloc[1] == ("95.310", "95.320")
    assert found["status"].tolist() == [
        "renumbered",
        "split",
        "merged",
        "same",
        "merged",
        "same",
        "missing",
        "same",
        "missing",
    ]
    used = ["38.110", "68.200", "62.200", "95.310", "45.100"]
    strict = translate_industry_codes(pd.Series(["10.110", "45"]), changes=changes, in_use=used)
    assert strict["status"].tolist() == ["unknown", "split"]
    assert strict["candidates"].tolist() == [(), ("45", "95")]
