"""What the key figures say of themselves, and the help where an area has no facility."""

from __future__ import annotations

from dashboard import session
from dashboard.text import format_number
from geodata.indicators import read_indicator
from geodata.parameters import ScenarioParameters
from tests.app.test_pages import Open, maps, open_page

__all__ = ["maps", "open_page"]


def test_what_could_be_exchanged_says_how_much_of_it_is_modelled(open_page: Open) -> None:
    app = open_page("oversikt")
    figures = session.compute(session.load_region("region"), ScenarioParameters()).indicators
    told = "\n".join(text.value for text in app.text)
    for basis, words in (("modelled", "modellert"), ("reported", "rapportert")):
        amount = read_indicator(figures, "exchange_best", unit="t", basis=basis)
        assert amount > 0
        assert f"{words}: {format_number(amount, unit='t')}" in told


def test_a_municipality_without_facilities_says_what_to_do_and_keeps_the_footer(open_page: Open) -> None:
    app = open_page("kommune", municipality="1508")
    infos = [info.value for info in app.info]
    assert any("Ingen kjente anlegg" in text for text in infos)
    assert any("nabokommunen" in text for text in infos)
    assert "Kilder og lisenser" in [part.label for part in app.expander]


def test_municipalities_of_one_name_show_their_county() -> None:
    names = session.municipality_names()
    assert names["3114"] == "Våler (Østfold)"
    assert names["3419"] == "Våler (Innlandet)"
    assert names["5001"] == "Trondheim"
