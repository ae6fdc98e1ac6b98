"""``symbiosekart plan``: the proof, the prices and what stays, in words, as JSON and as files."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pandas as pd
import pytest

from dashboard.planwording import describe_bases, describe_parts
from dashboard.text import format_number, in_language
from geodata.schemas import BASES


def test_a_plan_of_the_practice_region_is_proved_and_its_files_agree(call, tmp_path):
    code, told, _complaint = call(
        "--lang", "en", "plan", "--dataset", "practice", "--json", "--out", str(tmp_path)
    )
    assert code == 0
    document = json.loads(told)
    # Each part is proved; of the whole no more is said where an earlier part took what a later would pay for.
    assert {proof["status"] for proof in document["proofs"].values()} == {"optimal"}
    assert document["status"] == ("proved_apart" if document["shared_needs"] else "optimal")
    assert json.loads((tmp_path / "plan.json").read_text(encoding="utf-8")) == document
    flows = pd.read_csv(tmp_path / "plan_flows.csv")
    assert flows["match_id"].tolist() == [row["match_id"] for row in document["flows"]]
    totals = {(row["name"], row["unit"]): row["value"] for row in document["totals"]}
    own = flows[flows["unit"] == "t"]
    assert own["amount"].sum() == pytest.approx(totals[("placed", "t")])
    assert flows["net_nok"].sum() == pytest.approx(totals[("net_nok", "NOK")])
    proofs = sum(proof["primal"] for proof in document["proofs"].values())
    assert proofs == pytest.approx(totals[("net_nok", "NOK")])
    for row in document["balance"]:
        assert row["supply"] == pytest.approx(row["placed"] + row["unallocated"])
    assert all(row["price"] > 0 for row in document["prices"])


def test_a_plan_in_words_says_what_is_proved_and_why_something_stays(call):
    code, told, _complaint = call(
        "--lang", "en", "plan", "--dataset", "practice", "--goal", "kept", "--rows", "3"
    )
    assert code == 0
    assert "most tonnes kept from final treatment" in told
    assert "Proved: no other plan is better." in told
    assert "What stays, and why" in told
    assert told.count("more; all are in the files") == 3


def test_limits_in_conflict_are_named_with_what_would_do(call):
    words = ("--must-place", "practice-002-3", "--max-km", "20", "--rows", "1")
    code, told, _complaint = call("--lang", "en", "plan", "--dataset", "practice", *words)
    assert code == 1
    assert "There is no plan that keeps all limits." in told
    assert "! Has to be placed (Concrete" in told
    assert "! Longest way: 20" in told


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--goal", "beauty"), "is no goal of a plan"),
        (("--max-km", "-1"), "must be between"),
        (("--must-place", "nobody"), "not among the streams"),
        (("--figure", "gate_fee"), "name=value"),
        (("--figure", "gate_fee/clean_wood=nan"), "name=value"),
        (("--worst-hierarchy", "7"), "Choose one of"),
        (("--dataset", "moon"), "Choose region, practice or none."),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(call, words, complaint):
    dataset = () if "--dataset" in words else ("--dataset", "practice")
    code, _told, told = call("--lang", "en", "plan", *dataset, *words)
    assert code == 2
    assert complaint in told
    assert "Traceback" not in told


def test_a_dearer_way_back_never_makes_the_best_plan_better(call):
    nets = []
    for switch in ("--empty-return", "--no-empty-return"):
        _code, told, _complaint = call("--lang", "en", "plan", "--dataset", "practice", "--json", switch)
        totals = {row["name"]: row["value"] for row in json.loads(told)["totals"]}
        nets.append(totals["net_nok"])
    assert nets[0] < nets[1]


@pytest.mark.parametrize("basis", [*BASES, "unknown"])
def test_a_plan_words_every_basis_that_a_stream_may_have(basis):
    money = {"net_nok": 5.0, "net_nok_low": 1.0, "net_nok_high": 9.0}
    bases = pd.DataFrame([{"unit": "t", "basis": basis, "supply": 10.0, "placed": 4.0} | money])
    with in_language("en"):
        (line,) = describe_bases(SimpleNamespace(bases=bases))
    assert line.startswith(f"Tonnes, {'not told' if basis == 'unknown' else basis}: ")


def test_what_a_sum_rests_on_is_said_in_words():
    with in_language("nb"):
        assert describe_parts({"modelled": 12.0, "reported": 0.0}, unit="t") == "modellert"
        mixed = describe_parts({"reported": 3.0, "modelled": 2000.0, "unknown": 1e-10}, unit="t")
        assert mixed == f"rapportert {format_number(3, unit='t')}, modellert {format_number(2000, unit='t')}"
        assert describe_parts({"modelled": 0.0}) == ""


def test_a_plan_of_modelled_amounts_says_so_in_every_table_and_sum(call, tmp_path):
    code, told, _complaint = call("--lang", "en", "plan", "--goal", "kept", "--out", str(tmp_path))
    assert code == 0
    lines = [line for line in told.splitlines() if line.startswith("Unallocated: ")]
    assert "modelled" in lines[0]
    left = pd.read_csv(tmp_path / "plan_unallocated.csv")
    assert "modelled" in set(left["basis"])
    balance, totals = (pd.read_csv(tmp_path / f"plan_{name}.csv") for name in ("balance", "totals"))
    own = totals[(totals["name"] == "unallocated") & (totals["unit"] == "t")]
    assert own["modelled"].item() > 0
    in_tonnes = balance[balance["unit"] == "t"]
    assert in_tonnes["unallocated_modelled"].sum() == pytest.approx(own["modelled"].item())
    assert pd.read_csv(tmp_path / "plan_destinations.csv")["modelled"].sum() > 0
    document = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    assert all(set(BASES) <= set(row) for row in [*document["totals"], *document["destinations"]])
    assert all("basis" in row for name in ("unallocated", "flows", "prices") for row in document[name])
