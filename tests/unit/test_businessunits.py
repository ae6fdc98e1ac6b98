"""Units of the business register: employees that are not told, revisions of codes, and who is left out."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.businessunits import (
    BUSINESS_UNIT_COLUMNS,
    EMPLOYEES_STATUSES,
    MANY_CODES,
    PERSONAL_FORMS,
    ParentForms,
    classify_employees,
    conform_units,
    drop_closed,
    empty_units,
    fill_parent_forms,
    judge_revision,
    leave_out_sole_proprietors,
    tell_industry_revision,
)

SN2025 = frozenset({"01.110", "38.110", "68.200"})


def make_units(**columns: list[object]) -> pd.DataFrame:
    return conform_units(pd.DataFrame(columns, dtype="object"))


def test_a_table_has_all_columns_in_order_and_type() -> None:
    units = make_units(name=["A"], employees=[5])
    assert tuple(units) == BUSINESS_UNIT_COLUMNS == tuple(empty_units())
    assert {str(dtype) for name, dtype in units.dtypes.items() if name != "employees"} == {"string"}
    assert units["employees"].dtype == "Int64"


@pytest.mark.parametrize(
    ("said", "number", "status"),
    [
        (True, 12, "registered"),
        (True, 0, "registered"),
        (None, 0, "registered"),
        (True, None, "withheld"),
        (False, None, "none_registered"),
        (False, 0, "none_registered"),
        (False, 7, "registered"),
        (None, None, "not_given"),
    ],
)
def test_missing_employees_are_told_apart_and_never_become_zero(
    said: bool | None, number: int | None, status: str
) -> None:
    employees = pd.Series([number], dtype="Int64")
    told = classify_employees(pd.Series([said], dtype="boolean"), employees)
    assert told.tolist() == [status]
    assert status in EMPLOYEES_STATUSES


def test_a_code_that_the_new_revision_lacks_is_of_the_old_one() -> None:
    codes = pd.Series(["68.209", "68.200", "38.110", "68", "00.000", None], dtype="string")
    alone = tell_industry_revision(codes, sn2025=SN2025)
    assert alone.isna().tolist() == [False, True, True, True, True, True]
    assert alone[0] == "sn2007"
    whole = tell_industry_revision(codes, sn2025=SN2025, whole="sn2025")
    assert whole.fillna("-").tolist() == ["sn2007", "sn2025", "sn2025", "sn2025", "-", "-"]


def test_the_revision_of_a_file_is_told_by_many_codes_only() -> None:
    assert judge_revision({"38.110": MANY_CODES - 1}, sn2025=SN2025) == ""
    assert judge_revision({"38.110": MANY_CODES, "00.000": 900}, sn2025=SN2025) == "sn2025"
    assert judge_revision({"38.110": 900, "68.209": 100}, sn2025=SN2025) == "sn2007"
    assert judge_revision({"38.110": 100_000, "68.209": 3}, sn2025=SN2025) == "sn2025"
    assert judge_revision({"00.000": 5_000}, sn2025=SN2025) == ""


@pytest.mark.parametrize("form", sorted(PERSONAL_FORMS))
def test_persons_are_left_out_by_own_or_parents_form(form: str) -> None:
    units = make_units(
        name=["SKOGEN RENHOLD AS", "KARI NORMANN", "ENGA AS"],
        form=["BEDR", form.lower(), "BEDR"],
        parent_form=[form, None, "AS"],
        employees=[80, 80, None],
    )
    left, told = leave_out_sole_proprietors(units)
    assert left["name"].tolist() == ["ENGA AS"]
    assert (told.kept, told.reasons) == (1, {"sole_proprietor": 2})


@pytest.mark.parametrize(
    ("name", "stays"),
    [
        ("FJORDEN TRANSPORT AS", True),
        ("FJORDEN TRANSPORT AS AVD SUND", True),
        ("FJORDEN A/S", True),
        ("Fjorden Transport as", True),
        ("FJORDEN ASA", True),
        ("ÅSEN SA", True),
        ("FJORDEN IKS", True),
        ("HELSE FJORDEN HF AVD SUND", True),
        ("FJORDEN KF", True),
        ("FJORDEN BA", True),
        ("FJORDEN DA", True),
        ("FJORDEN ANS", True),
        ("FJORDEN NUF", True),
        ("SUND KOMMUNE BARNEHAGE", True),
        ("STIFTELSEN FJORDEN", True),
        ("OLA NORMANN", False),
        ("MARIA DA SILVA RENHOLD", False),
        ("DA", False),
        ("HF BYGG OG ANLEGG", False),
        ("KNAUSÅS", False),
        ("ASBJØRN", False),
        ("ÅASA", False),
        (None, False),
    ],
)
def test_without_the_parent_only_evidence_keeps_a_unit(name: str | None, stays: bool) -> None:
    left, told = leave_out_sole_proprietors(make_units(name=[name], form=["BEDR"], employees=[None]))
    assert len(left) == stays
    assert told.reasons == ({} if stays else {"parent_form_unknown": 1})


def test_many_employees_public_administration_and_other_forms_are_evidence() -> None:
    units = make_units(
        name=["A", "B", "C", "D", "KARI OPPDIKTA"],
        form=["BEDR", "BEDR", "ORGL", None, "BEDR"],
        employees=[20, 4, None, None, 19],
        industry_code=["38.110", "84.110", None, None, "10.710"],
    )
    left, told = leave_out_sole_proprietors(units)
    assert left["name"].tolist() == ["A", "B", "C"]
    assert told.reasons == {"parent_form_unknown": 2}


def test_the_file_of_parents_decides_over_what_the_name_shows() -> None:
    units = make_units(
        name=["OLA NORMANN", "FALSKE AS", "UKJENT"],
        form=["BEDR"] * 3,
        parent_number=["810000004", "810000012", "810000020"],
    )
    forms = ParentForms.from_pairs([("810000004", "AS"), ("810000012", "ENK"), ("x", "AS")])
    left, told = leave_out_sole_proprietors(units, forms)
    assert left[["name", "parent_form"]].to_numpy().tolist() == [["OLA NORMANN", "AS"]]
    assert told.reasons == {"sole_proprietor": 1, "parent_form_unknown": 1}


def test_closed_and_deleted_units_are_dropped_and_counted() -> None:
    units = make_units(
        name=["open", "closed", "closing", "deleted"],
        closed_on=[None, "2024-01-31", "2099-01-01", "2020-01-01"],
        deleted_on=[None, None, None, "2020-02-01"],
    )
    left, told = drop_closed(units, on="2026-01-01")
    assert left["name"].tolist() == ["open", "closing"]
    assert told.reasons == {"closed": 1, "deleted": 1}
    assert drop_closed(units)[0]["name"].tolist() == ["open"]
    assert drop_closed(empty_units())[1].kept == 0


FORMS = st.sampled_from(["AS", "ENK", "KOMM", None])


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(800_000_000, 800_000_030), FORMS)),
    st.lists(st.one_of(st.none(), st.integers(800_000_000, 800_000_030).map(str), st.just("12"))),
)
def test_forms_looked_up_are_those_of_a_dictionary(
    pairs: list[tuple[int, str | None]], wanted: list[str | None]
) -> None:
    forms = ParentForms.from_pairs([(str(number), form) for number, form in pairs])  # type: ignore[misc]
    known = {str(number): form for number, form in pairs}
    assert len(forms) == len(known)
    found = forms.look_up(pd.Series(wanted, dtype="string", index=range(7, 7 + len(wanted))))
    assert [None if pd.isna(value) else value for value in found] == [known.get(n or "") for n in wanted]
    halves = ParentForms.join([ParentForms.from_pairs(p) for p in ([(str(n), f) for n, f in pairs],)])  # type: ignore[misc]
    assert len(halves) == len(forms)


def test_known_parent_forms_are_kept_when_others_are_filled() -> None:
    units = make_units(parent_number=["810000004", "810000004"], parent_form=["KF", None])
    filled = fill_parent_forms(units, ParentForms.from_pairs([("810000004", "AS")]))
    assert filled["parent_form"].tolist() == ["KF", "AS"]
    later = ParentForms.join(
        [ParentForms.from_pairs([("810000004", "AS")]), ParentForms.from_pairs([("810000004", "ENK")])]
    )
    assert later.look_up(units["parent_number"]).tolist() == ["ENK", "ENK"]
