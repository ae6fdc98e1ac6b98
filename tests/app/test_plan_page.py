"""The page Plan: its figures are its rows' sums, sliders need no new matching, and a link brings it back."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pandas as pd
import pytest
import streamlit as st

from dashboard import controls, economycontrols, figuretable, sankey, session
from dashboard.background import Workshop
from dashboard.calculator import Calculator, PlanRequest, Request
from dashboard.choices import CHOICES
from dashboard.session import datasets, economy, files, scenarios
from dashboard.session.datasets import load_dataset
from geodata.allocation import AllocationLimits
from geodata.economics import EconomicChoices
from geodata.parameters import ScenarioParameters
from geodata.planning import summarise_destinations
from geodata.selection import Filters
from loaders.networkshelf import MAIN_ROADS, read_shelved
from tests.app.test_pages import Open, _metrics, _number, _query, _table, maps, open_page

__all__ = ["maps", "open_page"]

FLOWS = ("from_name", "to_name", "net_nok", "basis")
LEFT = ("facility", "material", "amount", "reason")


@pytest.fixture(scope="module")
def view() -> scenarios.View:
    """The practice data's scenario with the usual parameters."""
    dataset = load_dataset("practice", "", _own=None)
    result = scenarios._compute(dataset.key, MAIN_ROADS, Filters(), ScenarioParameters(), _dataset=dataset)
    return scenarios.make_view(result, dataset=dataset, key="practice of the tests")


@pytest.mark.parametrize("data", ["region", "practice"])
def test_the_figures_are_the_sums_of_the_rows(open_page: Open, data: str) -> None:
    app = open_page("plan", data=data)
    figures, flows = _metrics(app), _table(app, *FLOWS)
    tonnes = flows[flows["unit"] == "t"]
    assert _number(figures["Plassert i året"]) == pytest.approx(tonnes["amount"].sum(), abs=0.5)
    total = flows["net_nok"].sum() / 1e6
    assert _number(figures["Netto nytte, millioner NOK i året"]) == pytest.approx(total, abs=0.5)
    assert any("ingen annen plan" in text.value for text in app.text)
    assert flows["basis"].str.contains("modellert|rapportert|illustrativ|anslått|oppdiktet").all()
    left = _table(app, *LEFT)
    assert left["reason"].str.len().min() > 5
    assert left["basis"].str.contains("modellert|rapportert|illustrativ|anslått|oppdiktet").all()
    if data == "region":  # under a card, and under the diagram
        assert any(text.value.startswith("rapportert ") and "modellert " in text.value for text in app.text)


@pytest.mark.parametrize(
    ("lang", "title"), [("nn", "Kva planen skal gi mest av"), ("en", "What the plan is")]
)
def test_the_page_is_there_in_nynorsk_and_english(open_page: Open, lang: str, title: str) -> None:
    app = open_page("plan", lang=lang)
    assert [group.label for group in app.button_group if group.label.startswith(title)]


def _slider(app: Any, text: str) -> Any:
    return next(slider for slider in app.slider if text in slider.label)


def test_a_slider_changes_the_plan_without_matching_anew(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page("plan", data="practice")
    before = _number(_metrics(app)["Netto nytte, millioner NOK i året"])
    assert not [button for button in app.button if button.label == "Tilbake til de vanlige tallene"]
    matched: list[object] = []
    monkeypatch.setattr(scenarios, "run_scenario", lambda *a, **k: matched.append(a))
    _slider(app, "Sjåfør og bil").set_value(950.0).run()
    assert _number(_metrics(app)["Netto nytte, millioner NOK i året"]) < before
    assert _query(app)["figures"] == "driver_and_vehicle_nok_per_hour:950"
    assert matched == []
    reset = next(button for button in app.button if button.label == "Tilbake til de vanlige tallene")
    reset.click().run()
    assert "figures" not in _query(app)
    assert _number(_metrics(app)["Netto nytte, millioner NOK i året"]) == before
    assert _slider(app, "Sjåfør og bil").value == 700


def test_a_link_brings_goal_figures_and_the_plan_to_compare_with(open_page: Open) -> None:
    app = open_page(
        "plan",
        data="practice",
        goal="kept",
        base="goal=carbon",
        figures="vehicle_nok_per_km:12",
        **{"return": "0"},
    )
    assert _slider(app, "Bilen per kilometer").value == 12
    rows = _table(app, "what", "net_nok", "kept")
    *changes, total, kept, now = rows.to_dict("records")
    assert len(changes) == 3
    assert pd.notna([row["kept"] for row in rows.to_dict("records")]).all()
    for name in ("placed_t", "kept", "net_nok", "net_kg_co2e", "vehicle_km"):
        assert sum(row[name] for row in changes) == pytest.approx(
            total[name], rel=1e-9, abs=1e-6, nan_ok=True
        )
        assert now[name] - kept[name] == pytest.approx(total[name], rel=1e-9, abs=1e-6, nan_ok=True)
    assert now["kept"] >= kept["kept"]
    assert _query(app)["base"] == "goal=carbon"


def test_what_a_link_says_wrong_of_figures_is_told_and_left_out(open_page: Open) -> None:
    app = open_page(
        "plan", figures="vehicle_nok_per_km:1e9~gate_fee/<b>:5", base="goal=everything", vehicle="sledge"
    )
    told = "\n".join(text.value for text in app.text)
    assert "figures = " in told
    assert "base = goal=everything" in told
    assert "vehicle = sledge" in told
    assert not {"figures", "base", "vehicle"} & set(_query(app))
    app = open_page("plan", figures="vehicle_nok_per_km:1e9~vehicle_nok_per_km/nobody:5")
    assert "vehicle_nok_per_km:1000000000" in "\n".join(text.value for text in app.text)


def test_limits_in_conflict_are_named_and_can_be_taken_away(open_page: Open) -> None:
    app = open_page("plan", data="practice", placed="100", worst="reuse")
    assert any("Ingen plan" in error.value for error in app.error)
    told = "\n".join(text.value for text in app.text)
    assert "Andel plassert" in told
    assert "Senk andelen" in told
    next(button for button in app.button if button.label == "Ta bort grensene").click().run()
    assert not app.error
    assert not {"placed", "worst"} & set(_query(app))
    assert len(_table(app, *FLOWS))


def test_figures_in_a_link_are_read_and_written_alike() -> None:
    read, write = CHOICES["figures"].read, CHOICES["figures"].write
    text = "gate_fee/group:wood:900~vehicle_nok_per_km:9.5"
    assert write(read(text)) == text
    for bad in ("x", "gate_fee/wood:", "gate_fee/wood:nan", "a b:1", "../x:1", "k:1e999"):
        with pytest.raises(ValueError, match=r".+"):
            read(bad)
    base = CHOICES["base"]
    for text in ("usual", "goal=carbon", "figures=gate_fee/group:wood:900;goal=kept;return=0"):
        assert base.write(base.read(text)) == text
    for bad in ("goal=x", "lang=nn", "nonsense"):
        with pytest.raises(ValueError, match=r".+"):
            base.read(bad)


def test_a_value_outside_its_range_is_not_taken_from_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pd.DataFrame(
        {"key": ["a", "b"], "meaning": ["A", "B"], "low": 1.0, "high": 3.0, "value": 2.0, "unit": "t"}
    )
    edited = {0: {"own": 9.0}, 1: {"own": 3.0}}
    state: dict[str, Any] = {"w": {"edited_rows": edited}, f"{figuretable.EDITOR}_rows": rows}
    monkeypatch.setattr(st, "session_state", state)
    figuretable._turn_from_table("w")
    assert controls.choice("figures") == (("b", 3.0),)
    assert state[f"{figuretable.EDITOR}_refused"][0].startswith("A: 9")
    edited[1] = {"own": None}
    figuretable._turn_from_table("w")
    assert controls.choice("figures") == ()


@pytest.mark.parametrize("most", [1, 3, 100])
def test_the_diagram_loses_nothing_and_escapes_every_text(view: scenarios.View, most: int) -> None:
    plan = economy._plan(view.key, economy.PlanChoices(), _view=view)
    links = summarise_destinations(plan)
    links = links[links["unit"] == "t"]
    drawn = sankey.gather(links, most=most)
    into = sum(amount for tail, _h, amount, _w in drawn.links if drawn.nodes[tail][0] == "material")
    assert into == pytest.approx(links.loc[links["from_level"] == "material", "amount"].sum())
    for number, (level, _key, amount) in enumerate(drawn.nodes):
        entering = sum(a for _t, head, a, _w in drawn.links if head == number)
        leaving = sum(a for tail, _h, a, _w in drawn.links if tail == number)
        assert amount == pytest.approx(leaving if level == "material" else entering)
    assert sum(level == "material" for level, _k, _a in drawn.nodes) <= most + 1
    hostile = sankey.make_figure(
        drawn, material=lambda key: f"<a href='x'>{key}&", unit="t", theme="dark", narrow=most == 1
    )
    node = hostile["data"][0]["node"]
    assert all("<a" not in text and "&lt;a" in text for text in node["label"] if "href" in text)
    assert any("href" in text for text in node["customdata"]) or most == 0
    assert "<a" not in "".join([*node["customdata"], *hostile["data"][0]["link"]["customdata"]])


def test_the_workbook_holds_the_plan_its_figures_and_its_sources(view: scenarios.View) -> None:
    plan = economy._plan(view.key, economy.PlanChoices(), _view=view)
    book = openpyxl.load_workbook(io.BytesIO(files.export_plan(view, plan)), read_only=True)
    assert {"flows", "unallocated", "prices", "proof", "figures", "sources", "asked"} <= set(book.sheetnames)
    assert sum(1 for _row in book["flows"].iter_rows()) == len(plan.flows) + 1
    header = [cell.value for cell in next(book["figures"].iter_rows())]
    assert {"value", "low", "high", "unit", "year", "source"} <= set(header)


def test_the_calculating_process_plans_as_the_page_does(view: scenarios.View) -> None:
    steps: list[str] = []
    calculator = Calculator(lambda key: view.dataset.tables, read_network=read_shelved)
    asked = PlanRequest(
        Request(view.dataset.key, MAIN_ROADS, Filters(), ScenarioParameters()),
        goal="carbon",
        limits=AllocationLimits(worst_hierarchy_rank=2.0),
        economics=EconomicChoices(empty_return=False),
    )
    found = calculator.calculate(asked, steps.append)
    here = economy._plan(
        view.key,
        economy.PlanChoices(
            "carbon", AllocationLimits(worst_hierarchy_rank=2.0), EconomicChoices(empty_return=False)
        ),
        _view=view,
    )
    pd.testing.assert_frame_equal(found.totals, here.totals)
    pd.testing.assert_frame_equal(found.flows, here.flows)
    assert steps[-2:] == ["price", "plan"]
    again = len(steps)
    calculator.calculate(asked, steps.append)
    assert steps[again:] == ["price", "plan"]  # the scenario is still there: only the plan is made anew


def test_a_large_plan_is_awaited_and_is_the_same(
    open_page: Open, view: scenarios.View, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Workshop(kept=8)
    monkeypatch.setattr(datasets, "LARGE", 10)
    for module in (scenarios, economy, session):
        monkeypatch.setattr(module, "load_workshop", lambda: shop)
    app = open_page("plan", data="practice", base="goal=carbon")
    here = economy._plan(view.key, economy.PlanChoices(), _view=view)
    assert len(_table(app, *FLOWS)) == len(here.flows)
    compared = _table(app, "what", "net_nok").to_dict("records")
    assert len(compared) == 3  # both plans and the difference
    assert compared[1]["placed_t"] - compared[0]["placed_t"] == pytest.approx(compared[2]["placed_t"])


def test_a_step_of_a_slider_is_round_and_cuts_the_range_in_some_forty() -> None:
    for low, high in ((7.0, 12.0), (0.0, 4.0), (-8000.0, 0.0), (0.001, 0.01), (10_000.0, 120_000.0)):
        step = economycontrols.find_step(low, high)
        assert 15 <= (high - low) / step <= 41
        digits = f"{step:e}".partition("e")[0].rstrip("0").rstrip(".")
        assert digits in ("1", "2", "5")


def test_text_of_a_source_stays_as_it_stands_in_a_help_text() -> None:
    assert economycontrols.escape_markdown("[a](http://x) *b* $c$") == r"\[a\]\(http\://x\) \*b\* \$c\$"
