"""The embedded coefficients of firms' waste: whole, in our vocabulary, summing to the nation's accounts."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

from geodata.industrywaste import (
    NOT_MODELLED,
    check_industry_coefficients,
    find_industry_prefix,
    model_industry_streams,
)
from geodata.results import RegionTables
from geodata.schemas import LEGAL_STATUSES
from loaders.codes import read_eal_codes, read_industries, read_materials
from loaders.industrywaste import (
    INDUSTRY_WORDING,
    read_industry_coefficients,
    read_industry_employment,
    read_waste_accounts,
)
from loaders.members import read_members

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "make_industry_coefficients.py"
ORDINARY_CLASSES = 0.80
"""Least share of a sourced total that our materials stand for; the rest is of unknown material or sludge."""


@pytest.fixture(scope="module")
def coefficients() -> pd.DataFrame:
    return read_industry_coefficients()


@pytest.fixture(scope="module")
def employment() -> pd.DataFrame:
    return read_industry_employment()


@pytest.fixture(scope="module")
def tonnes(coefficients: pd.DataFrame, employment: pd.DataFrame) -> pd.DataFrame:
    """National tonnes of each industry and material: the coefficients times all who work there."""
    return employment.merge(
        coefficients.drop(columns=["source", "year", "status", "note"]), on="industry"
    ).assign(
        best=lambda rows: (rows["employees"] * rows["kg_per_employee_best"] / 1000).astype(float),
        low=lambda rows: (rows["employees"] * rows["kg_per_employee_low"] / 1000).astype(float),
        high=lambda rows: (rows["employees"] * rows["kg_per_employee_high"] / 1000).astype(float),
    )


def test_the_coefficients_are_whole_and_in_order(coefficients: pd.DataFrame) -> None:
    check_industry_coefficients(coefficients)
    rows = coefficients[coefficients["status"] != NOT_MODELLED]
    assert len(rows) > 800
    assert rows[["source", "usual_treatment", "material"]].notna().all(axis=None)
    assert (rows["kg_per_employee_low"] < rows["kg_per_employee_high"]).all()
    assert rows["legal_status"].isin(LEGAL_STATUSES).all()
    nothing = coefficients[coefficients["status"] == NOT_MODELLED]
    assert nothing["note"].notna().all()
    assert nothing["material"].isna().all()


def test_every_material_and_code_is_ours(coefficients: pd.DataFrame) -> None:
    assert set(coefficients["material"].dropna()) <= set(read_materials()["material"])
    codes = read_eal_codes().set_index("eal_code")["hazardous"]
    coded = coefficients[coefficients["eal_code"].notna()]
    assert set(coded["eal_code"]) <= set(codes.index)
    # A code says itself whether it is hazardous waste.
    wrong = coded[codes[coded["eal_code"]].to_numpy() != coded["hazardous"].to_numpy(dtype=bool)]
    assert wrong[["industry", "material", "eal_code"]].to_numpy().tolist() == []
    assert coefficients.loc[coefficients["legal_status"] == "by_product", "eal_code"].isna().all()


def test_every_division_has_an_answer_or_a_reason(coefficients: pd.DataFrame) -> None:
    divisions = read_industries()["division"]
    found = find_industry_prefix(divisions, prefixes=frozenset(coefficients["industry"]))
    assert divisions[found.isna()].tolist() == []


def test_no_prefix_is_outside_the_industries(coefficients: pd.DataFrame) -> None:
    divisions = set(read_industries()["division"])
    assert {industry[:2] for industry in coefficients["industry"]} == divisions
    assert coefficients["industry"].str.fullmatch(r"\d\d(\.\d{1,3})?").all()


def test_the_table_is_what_its_sources_give(coefficients: pd.DataFrame) -> None:
    spec = importlib.util.spec_from_file_location("make_industry_coefficients", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.make_coefficients()
    assert made["industry"].tolist() == coefficients["industry"].tolist()
    assert made["material"].tolist() == coefficients["material"].fillna("").tolist()
    for column in ("kg_per_employee_low", "kg_per_employee_best", "kg_per_employee_high"):
        assert made[column].astype(float).tolist() == pytest.approx(coefficients[column].tolist(), rel=0.01)


def _sum(tonnes: pd.DataFrame, account: str, *, hazardous: bool) -> float:
    inside = tonnes["accounts"].str.split(";").map(lambda names: account in names)
    rows = tonnes[inside & (tonnes["legal_status"] == "waste")]
    return float(rows.loc[rows["hazardous"].fillna(False) <= hazardous, "best"].sum())


def test_the_national_sums_meet_the_accounts(
    tonnes: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    # What cannot be modelled (no material, insured vehicles) is taken off the published total first.
    accounts = read_waste_accounts()
    lines, wrong = [], []
    for row in accounts[accounts["class"].str.startswith("total")].itertuples(index=False):
        if row.use not in ("calibrate", "check"):
            continue
        modelled = _sum(tonnes, row.account, hazardous=row[1] == "total_with_hazardous")
        least = NO_MATERIAL.get(row.account, ORDINARY_CLASSES)
        ratio = modelled / float(row.tonnes)
        inside = least / (row.range_factor if row.use == "check" else 1.0) <= ratio <= row.range_factor
        lines.append(
            f"  {row.account:9s} {row.year} {row.use:9s} model {modelled:11,.0f} t"
            f"  accounts {float(row.tonnes):11,.0f} t  ratio {ratio:5.2f}"
        )
        if not inside:
            wrong.append(lines[-1])
    with capsys.disabled():
        print("\nModelled waste of firms against published totals:", *lines, sep="\n")
    assert wrong == []
    assert len(lines) > 25


NO_MATERIAL = {
    "K": 0.05,  # written-off vehicles of insurers, 29 of 32 kt in 2022
    "C19": 0.60,  # waste of unknown material
}
"""Accounts whose waste is mostly of no material that we model."""


def test_the_materials_meet_the_accounts_too(tonnes: pd.DataFrame) -> None:
    # Classes that are one material or a family of ours, where every industry has one.
    accounts = read_waste_accounts()
    published = accounts[accounts["use"] == "calibrate"].set_index(["account", "class"])["tonnes"]
    for account, waste_class, materials in (
        ("services", "paper", {"paper_cardboard"}),
        ("services", "organic", {"food_waste"}),
        ("services", "mixed", {"mixed_commercial_waste"}),
        ("G", "rubber", {"tyres"}),
        ("C", "paper", {"paper_cardboard"}),
        ("C", "mixed", {"mixed_commercial_waste"}),
        ("F", "gypsum", {"gypsum"}),
        ("F", "asphalt", {"asphalt"}),
        ("F", "mixed", {"mixed_construction_waste"}),
        ("A", "plastic", {"plastic_film", "plastic", "fishing_gear"}),
    ):
        inside = tonnes["accounts"].str.split(";").map(lambda names, account=account: account in names)
        modelled = tonnes.loc[inside & tonnes["material"].isin(materials), "best"].sum()
        assert modelled == pytest.approx(float(published[account, waste_class]), rel=0.03), (
            account,
            waste_class,
        )


def test_tonnes_per_employee_are_of_the_size_that_others_found(
    coefficients: pd.DataFrame, employment: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts = read_waste_accounts()
    people = employment.set_index("industry")["employees"]
    found = {}
    for row in accounts[accounts["use"] == "per_employee"].itertuples(index=False):
        prefixes = {"J": ("58", "59", "60", "61", "62", "63")}.get(row.account, (row.account,))
        rows = coefficients[
            coefficients["industry"].isin(prefixes) & ~coefficients["hazardous"].fillna(False)
        ]
        each = rows.groupby("industry")["kg_per_employee_best"].sum() / 1000
        weights = people[each.index].clip(lower=1)
        mean = float((each * weights).sum() / weights.sum())
        found[row.account] = (mean, float(row.tonnes), float(row.range_factor))
    with capsys.disabled():
        print("\nTonnes per employee, ours against a published factor:")
        for account, (ours, theirs, _) in found.items():
            print(f"  {account:5s} {ours:5.2f} {theirs:5.2f}  ratio {ours / theirs:4.2f}")
    assert len(found) == 7
    assert {a: o / t for a, (o, t, f) in found.items() if not 1 / f <= o / t <= f} == {}


def _model(industry: str, employees: int, coefficients: pd.DataFrame) -> pd.DataFrame:
    facilities = pd.DataFrame(
        {
            "facility_id": ["a"],
            "industry_code": pd.array([industry], dtype="string"),
            "employees": pd.array([employees], dtype="Int64"),
            "dataset": ["register"],
            "source": ["a register"],
        }
    )
    return model_industry_streams(facilities, coefficients=coefficients, wording=INDUSTRY_WORDING).streams


@pytest.mark.parametrize(
    ("industry", "employees", "least_t", "most_t", "material"),
    [
        ("10.710", 30, 50, 300, "food_industry_waste"),  # a bakery: some per cent of what it bakes
        ("45.201", 15, 10, 100, "tyres"),  # a garage
        ("95.310", 15, 10, 100, "tyres"),  # the same garage in SN2025
        ("86.101", 1600, 300, 1500, "food_waste"),  # a hospital of about 200 beds; 618 t by an Irish factor
        ("70.220", 40, 4, 40, "mixed_commercial_waste"),  # an office
        ("47.110", 25, 25, 120, "food_waste"),  # a grocery
        ("56.110", 12, 8, 40, "food_waste"),  # a restaurant
    ],
)
def test_single_firms_are_believable(
    industry: str, employees: int, least_t: float, most_t: float, material: str, coefficients: pd.DataFrame
) -> None:
    streams = _model(industry, employees, coefficients)
    assert least_t <= streams["amount_best"].sum() <= most_t
    assert material in set(streams["material"])
    assert set(streams["basis"]) == {"modelled"}
    assert streams["reference"].str.contains("ansatte: a register").all()


def test_a_builder_is_told_that_it_arises_at_the_sites(coefficients: pd.DataFrame) -> None:
    notes = _model("41.200", 20, coefficients)["note"]
    assert notes.str.endswith("Oppstår på byggeplassene, ikke på adressen.").all()
    assert not _model("47.110", 25, coefficients)["note"].str.contains("byggeplass").any()


def test_a_sawmill_gives_mostly_by_products(coefficients: pd.DataFrame) -> None:
    streams = _model("16.100", 120, coefficients).set_index("material")
    assert set(streams.index[streams["legal_status"] == "by_product"]) == {"wood_chips", "sawdust", "bark"}
    assert 10_000 < streams.loc["wood_chips", "amount_best"] < 100_000
    assert streams.loc[streams["legal_status"] == "waste", "amount_best"].sum() < 1_500


@pytest.mark.parametrize("industry", ["38.110", "39.000", "37.000", "46.770", "46.870", "97.000"])
def test_who_treats_the_waste_of_others_is_not_modelled(industry: str, coefficients: pd.DataFrame) -> None:
    assert _model(industry, 50, coefficients).empty


MEMBERS = """Navn;Næringskode;{header};Postnr;Poststed
Fiktivt Bakeri AS;10.710;{first};7011;Trondheim
Fiktivt Verksted AS;45.201;{second};7600;Levanger
"""


def _read(header: str, first: str, second: str) -> tuple[RegionTables, set[str]]:
    text = MEMBERS.format(header=header, first=first, second=second)
    read = read_members([("liste.csv", text.encode())])
    return read.tables, {finding.code for finding in read.findings}


@pytest.mark.parametrize(
    "header",
    ["Ansatte", "Antall ansatte", "Tal på tilsette", "antallAnsatte", "Employees"],
)
def test_members_files_tell_how_many_work_there(header: str) -> None:
    tables, codes = _read(header, "30", "1 015")
    assert tables.facilities["employees"].tolist() == [30, 1015]
    assert "row.employees_unreadable" not in codes


@pytest.mark.parametrize("text", ["5-9", "12,5", "-4", "mange", "1,2345", "99999999999"])
def test_what_is_not_one_whole_number_is_told_and_left_empty(text: str) -> None:
    tables, codes = _read("Ansatte", text, "7")
    assert tables.facilities["employees"].isna().tolist() == [True, False]
    assert "row.employees_unreadable" in codes


@pytest.mark.parametrize("text", ["", "-", "ukjent"])
def test_nothing_said_of_employees_is_unknown_and_no_fault(text: str) -> None:
    tables, codes = _read("Ansatte", text, "0")
    assert pd.isna(tables.facilities["employees"].iloc[0])
    assert tables.facilities["employees"].iloc[1] == 0
    assert "row.employees_unreadable" not in codes
