"""Large data: a page shows the facilities at once, then the whole result, and says so when it was lost."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from dashboard import panels, session
from dashboard.background import Workshop
from dashboard.remote import CalculationLostError, RemoteCalculator
from dashboard.session import datasets, scenarios
from geodata.indicators import read_indicator
from geodata.parameters import ScenarioParameters
from geodata.scenario import outline_scenario
from geodata.selection import Filters, select_filtered
from tests.app.test_pages import Open, _metrics, _number, maps, open_page

__all__ = ["maps", "open_page"]


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Let the practice data count as large, with a workshop of the test's own."""
    shop = Workshop(kept=8)
    monkeypatch.setattr(datasets, "LARGE", 10)
    monkeypatch.setattr(scenarios, "load_workshop", lambda: shop)
    monkeypatch.setattr(session, "load_workshop", lambda: shop)
    return shop


def test_the_facilities_are_shown_at_once_and_the_rest_when_it_is_there(
    open_page: Open, large: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    calculator = RemoteCalculator(read_network=session.load_network)
    monkeypatch.setattr(scenarios, "load_calculator", lambda: calculator)
    seen: list[session.View] = []
    wait = panels.await_scenario

    def note(view: session.View) -> None:
        seen.append(view)
        wait(view)

    monkeypatch.setattr(panels, "await_scenario", note)
    app = open_page(data="practice", actor="treatment")
    calculator.close()
    outline, whole = seen[0], seen[-1]
    assert outline.job is not None
    assert len(outline.result.matches) == 0
    assert whole.job is None
    pd.testing.assert_frame_equal(outline.result.tables.facilities, whole.result.tables.facilities)
    narrowed = select_filtered(
        session.load_region("practice"), Filters(actor_types=("treatment",)), travel=None
    )
    wanted = session.compute(narrowed, ScenarioParameters())
    pd.testing.assert_frame_equal(whole.result.matches, wanted.matches)
    figures = _metrics(app)
    assert _number(figures["Treff"]) == len(wanted.matches) > 0
    assert _number(figures["Anlegg"]) == len(wanted.tables.facilities)


def test_an_outline_has_the_facilities_and_counts_of_its_scenario() -> None:
    tables = session.load_region("practice")
    for filters in (Filters(), Filters(materials=("wood",)), Filters(municipalities=("5001", "5059"))):
        narrowed = select_filtered(tables, filters, travel=None)
        outline = outline_scenario(narrowed, codes=scenarios.load_codes(), parameters=ScenarioParameters())
        whole = session.compute(narrowed, ScenarioParameters())
        assert list(outline.tables.facilities["facility_id"]) == list(whole.tables.facilities["facility_id"])
        assert len(whole.tables.facilities) > 0
        for name in ("facilities", "facilities_placed", "streams", "offers", "needs", "networks"):
            assert read_indicator(outline.indicators, name) == read_indicator(whole.indicators, name)
        assert list(outline.matches.columns) == list(whole.matches.columns)


def test_a_lost_calculation_is_told_and_tried_anew(
    open_page: Open, large: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def lose(request: object, tables: object, report: object) -> None:
        asked.append(request)
        raise CalculationLostError("calculation.lost")

    monkeypatch.setattr(scenarios, "load_calculator", lambda: SimpleNamespace(calculate=lose))
    app = open_page(data="practice")
    assert any("Beregningen ble avbrutt" in text.value for text in app.text)
    before = len(asked)
    app.run()
    assert not app.exception
    assert len(asked) > before
