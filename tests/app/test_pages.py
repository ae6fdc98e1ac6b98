"""Every page on both data sets: it stands, its totals are its rows' sums, and its link brings it back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit_folium
from streamlit.testing.v1 import AppTest

from dashboard.text import THIN_SPACE

MAIN = Path(__file__).resolve().parents[2] / "dashboard" / "main.py"
PAGES = ("oversikt", "kommune", "finn_partner", "plan", "data")
TITLES = {
    "oversikt": "Oversikt",
    "kommune": "Kommune",
    "finn_partner": "Finn partner",
    "plan": "Plan",
    "data": "Data",
}

RORVIK = "3141310"
"""The place Rørvik: the tester's stand-in for a browser knows no words of the reader's own."""

Open = Callable[..., AppTest]


@pytest.fixture
def maps(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Stand in for the browser's side of the map; returns what each call was given."""
    calls: list[dict[str, Any]] = []

    def component(**arguments: Any) -> dict[str, Any]:
        calls.append(arguments)
        return dict(arguments.get("default") or {})

    monkeypatch.setattr(streamlit_folium, "_component_func", component)
    return calls


@pytest.fixture
def open_page(maps: list[dict[str, Any]]) -> Open:
    def opened(page: str = "oversikt", **query: str) -> AppTest:
        app = AppTest.from_file(str(MAIN), default_timeout=120)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        if page != "oversikt":
            app.switch_page(f"views/{page}.py")
            for name, value in query.items():
                app.query_params[name] = value
            app.run()
        assert not app.exception, app.exception
        return app

    return opened


def _number(text: str) -> float:
    return float(text.split(THIN_SPACE + "t")[0].replace(THIN_SPACE, "").replace(",", "."))


def _query(app: AppTest) -> dict[str, str]:
    return {name: value if isinstance(value, str) else value[0] for name, value in app.query_params.items()}


def _metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def _table(app: AppTest, *columns: str) -> pd.DataFrame:
    for frame in app.dataframe:
        if set(columns) <= set(frame.value.columns):
            return frame.value
    raise AssertionError(f"no table with {columns}: {[list(f.value.columns) for f in app.dataframe]}")


@pytest.mark.parametrize("data", ["region", "practice"])
@pytest.mark.parametrize("page", PAGES)
def test_each_page_stands_on_both_data_sets(open_page: Open, page: str, data: str) -> None:
    app = open_page(page, data=data)
    assert [title.value for title in app.title] == [TITLES[page]]
    warned = [warning.value for warning in app.warning if "Øvingsdata" in warning.value]
    assert len(warned) == (data == "practice")


@pytest.mark.parametrize("page", PAGES)
def test_each_page_is_there_in_english_and_nynorsk(open_page: Open, page: str) -> None:
    english = open_page(page, lang="en")
    assert english.title[0].value in ("Overview", "Municipality", "Find partner", "Plan", "Data")
    open_page(page, lang="nn")


def test_the_language_switch_changes_the_page_at_once(open_page: Open) -> None:
    app = open_page()
    app.session_state["choice_lang"] = "en"
    app.run()
    assert app.title[0].value == "Overview"
    assert _query(app)["lang"] == "en"


def test_the_key_figures_are_the_tables_rows(open_page: Open) -> None:
    app = open_page(data="practice")
    figures = _metrics(app)
    assert _number(figures["Anlegg"]) == len(_table(app, "name", "actor_type")) >= 190
    app.session_state["oversikt_tabs"] = "Strømmer"
    app.run()
    assert _number(figures["Strømmer"]) == len(_table(app, "facility", "material", "basis"))
    app.session_state["oversikt_tabs"] = "Treff"
    app.run()
    matches = _table(app, "from_name", "to_name", "score")
    assert _number(figures["Treff"]) == len(matches)
    parts = [name for name in matches if name.startswith("score_")]
    assert len(parts) == 7
    assert (matches[parts].sum(axis=1) == matches["score"]).all()


@pytest.mark.parametrize(("data", "municipality"), [("region", "5001"), ("practice", "5059")])
def test_a_municipalitys_totals_are_the_sum_of_its_rows(
    open_page: Open, data: str, municipality: str
) -> None:
    app = open_page("kommune", data=data, municipality=municipality)
    totals = _table(app, "direction", "material", "basis", "unknown")
    app.session_state["kommune_tabs"] = "Strømmer"
    app.run()
    rows = _table(app, "facility", "material", "amount_best")
    assert totals["streams"].sum() == len(rows) > 0
    assert totals["unknown"].sum() == rows["amount_best"].isna().sum()
    wanted = rows.groupby(["direction", "material", "basis"])["amount_best"].sum()
    found = totals.groupby(["direction", "material", "basis"])["amount_best"].sum()
    pd.testing.assert_series_equal(
        wanted.sort_index(), found.sort_index(), check_dtype=False, check_index_type=False
    )
    app.session_state["kommune_tabs"] = "Anlegg"
    app.run()
    assert set(_table(app, "name", "municipality")["municipality"]) == {
        {"5001": "Trondheim", "5059": "Orkland"}[municipality]
    }


def test_neighbours_by_road_add_rows_and_are_told(open_page: Open) -> None:
    alone = open_page("kommune", data="practice", municipality="5059")
    both = open_page("kommune", data="practice", municipality="5059", near="1", near_km="60")
    count = [_number(_metrics(app)["Anlegg"]) for app in (alone, both)]
    assert count[1] > count[0] > 0
    extra = f"{count[1] - count[0]:.0f} av anleggene ligger utenfor"
    assert any(extra in markdown.value for markdown in both.markdown)


def test_filters_narrow_map_and_tables_alike(open_page: Open) -> None:
    whole = _number(_metrics(open_page(data="practice"))["Anlegg"])
    app = open_page(data="practice", actor="treatment")
    kinds = set(_table(app, "name", "actor_type")["actor_type"])
    assert kinds == {"behandlingsanlegg"}
    assert 0 < _number(_metrics(app)["Anlegg"]) < whole


def test_a_link_restores_what_was_chosen(open_page: Open) -> None:
    app = open_page(data="practice", km="60", score="55", basis="illustrative")
    assert app.session_state["choice_km"] == 60.0
    assert app.session_state["choice_score"] == 55.0
    assert app.session_state["choice_basis"] == ["illustrative"]
    app.session_state["choice_km"] = 90.0
    app.run()
    assert _query(app)["km"] == "90"
    again = open_page(**_query(app))
    assert _metrics(again) == _metrics(app)


def test_a_bad_link_is_told_in_plain_words(open_page: Open) -> None:
    app = open_page(km="langt", basis="{{7*7}}", municipality="<script>")
    assert any("Lenken har verdier" in warning.value for warning in app.warning)
    told = "\n".join(text.value for text in app.text)
    assert "km = langt" in told
    assert "basis = {{7*7}}" in told
    assert app.session_state["choice_km"] == 120.0


def test_the_best_partner_is_explained_with_parts_that_add_up(open_page: Open) -> None:
    app = open_page("finn_partner", data="practice", mode="facility", facility="practice-001")
    partners = _table(app, "rank", "partner", "score")
    why = _table(app, "part", "points", "why")
    assert len(partners) >= 1
    assert why["points"].iloc[-1] == why["points"].iloc[:-1].sum() == partners["score"].iloc[0]
    assert why["why"].iloc[:-1].str.len().min() > 5
    assert _table(app, "from_name", "to_name", "reason")["reason"].notna().all()


def test_two_fields_are_enough_to_find_a_partner(open_page: Open) -> None:
    app = open_page("finn_partner")
    assert any("To felt er nok" in markdown.value for markdown in app.markdown)
    app = open_page("finn_partner", has="wood", place="3133880")
    assert len(_table(app, "rank", "partner", "score")) >= 1
    assert any("Din forespørsel" in text.value for text in app.text)


def test_own_words_a_code_a_postcode_and_an_amount_are_read_and_told_back(open_page: Open) -> None:
    app = open_page("finn_partner", has="impregnert tre", place="Orkland kommune")
    assert any("Forstått som Impregnert tre" in text.value for text in app.text)
    assert any("sentrum i Orkland kommune" in text.value for text in app.text)
    app = open_page("finn_partner", data="practice", has="20 01 08", place="7300", amount="2500", unit="kg")
    told = [text.value for text in app.text]
    assert any("Matavfall" in text and "20 01 08" in text and "7300" in text for text in told)
    assert _query(app)["amount"] == "2500"
    assert _query(app)["unit"] == "kg"
    why = _table(app, "part", "points", "why")["why"]
    assert any("behovet er ukjent" in reason for reason in why), list(why)  # the amount was read


def test_what_is_not_understood_is_told_with_suggestions(open_page: Open) -> None:
    app = open_page("finn_partner", has="gammel impregnert terrassebord", place="Ingensteds {{7*7}}")
    assert any("ikke forstått" in warning.value for warning in app.warning)
    assert any("Ingen by, tettsted" in warning.value for warning in app.warning)
    assert "Ingensteds {{7*7}}" in [text.value for text in app.text]
    assert any(button.label.startswith("Impregnert") for button in app.button)


def test_without_partners_the_page_says_what_would_help(open_page: Open) -> None:
    app = open_page("finn_partner", has="fish_sludge", place=RORVIK)
    assert any("Ingen passer innenfor" in info.value for info in app.info)
    assert _table(app, "from_name", "to_name", "reason")["reason"].notna().all()
    wider = next(button for button in app.button if button.label.startswith("Søk innen"))
    wider.click().run()
    assert not app.exception
    assert app.session_state["choice_km"] > 120.0
    assert len(_table(app, "rank", "partner", "score")) >= 1


def test_no_data_text_is_given_to_the_map(open_page: Open, maps: list[dict[str, Any]]) -> None:
    open_page(data="practice")
    assert maps
    assert all("Øvingsbedrift" not in repr(arguments) for arguments in maps)


def test_an_uploaded_file_is_read_checked_and_shown_on_the_map(open_page: Open) -> None:
    content = (
        "navn;kommunenummer;lat;lon;materiale;mengde;enhet;retning\n"
        "Prøvebruk <b>A</b>;5001;63,36;10,37;Trevirke;120;t;tilbyr\n"
        "Prøvebruk B;5001;63,35;10,38;Trevirke;-5;t;tilbyr\n"
    )
    app = open_page("data")
    app.file_uploader[0].upload("egen.csv", content.encode(), "text/csv").run()
    assert not app.exception
    assert any("egen.csv · rad 3" in text.value for text in app.text)  # one under another
    app.toggle(key="report_as_table").set_value(True).run()
    report = _table(app, "severity", "file", "row", "what", "advice")
    assert "feil" in set(report["severity"])
    assert (report["file"] == "egen.csv").all()
    app.switch_page("views/oversikt.py").run()
    assert not app.exception
    names = _table(app, "name", "actor_type")["name"].tolist()
    assert "Prøvebruk <b>A</b>" in names


def test_texts_without_a_code_get_one_only_where_the_reader_chooses(open_page: Open) -> None:
    content = (
        "navn;kommunenummer;lat;lon;materiale;mengde;enhet;retning\n"
        "Prøvebruk A;5001;63,36;10,37;gamle kreosotstolpar <i>;12;t;tilbyr\n"
        "Prøvebruk B;5001;63,35;10,38;utgåtte sprøytemidler i bod;1;t;tilbyr\n"
    )
    app = open_page("data")
    app.file_uploader[0].upload("egen.csv", content.encode(), "text/csv").run()
    assert not app.exception
    asked = [box for box in app.selectbox if box.label == "Avfallskode"]
    assert [box.value for box in asked] == [None, None]  # not sure until the reader says otherwise
    use = next(button for button in app.button if button.key == "codes_use")
    assert use.disabled
    assert any(option.startswith("17 02 04*") for option in asked[0].options)
    asked[0].set_value("170204").run()
    next(button for button in app.button if button.key == "codes_use").click().run()
    assert not app.exception
    own = app.session_state["own_files"]
    assert own.files.tables.streams["eal_code"].tolist() == ["170204"]
    assert own.files.tables.streams["hazardous"].tolist() == [True]
    assert own.files.tables.streams["description"].tolist() == ["gamle kreosotstolpar <i>"]
    assert [f.row for f in own.files.findings if f.code == "row.code_accepted"] == [2]
    assert any(f.code == "row.material_unknown" for f in own.files.findings)  # the other is left as it was
    next(button for button in app.button if button.key == "codes_undo").click().run()
    assert app.session_state["own_files"].files.tables.streams.empty


def test_words_that_are_no_material_are_offered_codes_to_choose(open_page: Open) -> None:
    app = open_page("finn_partner", has="utgåtte sprøytemidler i bod", place="7300")
    assert any("ikke forstått" in warning.value for warning in app.warning)
    offered = next(button for button in app.button if button.key == "coded_020108")
    assert "02 01 08*" in offered.label
    assert "sprøytemidler" in offered.label
    # What the button chooses; the tester's stand-in for a browser knows no words of the reader's own.
    app = open_page("finn_partner", has="020108", place="7300")
    assert any("02 01 08*" in text.value for text in app.text)
