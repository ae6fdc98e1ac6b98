"""The card of a match: its parts add up, unknown is said with what lacks, data text is text everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import streamlit_folium
from streamlit.testing.v1 import AppTest

from dashboard import resulttables
from dashboard.matchwording import ADVICE, LAW_ASKS, UNPRICED, tell_missing, tell_unpriced
from dashboard.text import THIN_SPACE, gettext, in_language
from dashboard.usewording import Words, gather_words
from geodata.codetables import WasteCodes
from geodata.economics import EconomicChoices, price_matches
from geodata.matchtable import MISSING
from geodata.materials import material_label
from geodata.parameters import ScenarioParameters
from geodata.results import ScenarioResult
from geodata.scenario import run_scenario
from geodata.uses import UseLibrary
from loaders.codes import read_waste_codes
from loaders.economics import read_economics
from loaders.region import read_region
from loaders.roads import read_road_network
from loaders.uses import read_use_library
from tests.app.test_pages import MAIN

HOSTILE = '**x** <img src=x onerror="alert(1)"> :red[y] $a$ {{7*7}}'
Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def codes() -> WasteCodes:
    return read_waste_codes()


@pytest.fixture(scope="module")
def uses() -> UseLibrary:
    return read_use_library()


@pytest.fixture(scope="module")
def words(uses: UseLibrary, codes: WasteCodes) -> Words:
    return gather_words(uses, codes)


@pytest.fixture(scope="module")
def practice(uses: UseLibrary, codes: WasteCodes) -> tuple[ScenarioResult, pd.DataFrame]:
    result = run_scenario(
        read_region("practice"),
        network=read_road_network(),
        codes=codes,
        uses=uses,
        parameters=ScenarioParameters(),
    )
    prices = price_matches(
        result.matches, tables=read_economics(), choices=EconomicChoices(), uses=uses, codes=codes
    )
    return result, prices


@pytest.fixture
def open_partner(monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setattr(streamlit_folium, "_component_func", lambda **said: dict(said.get("default") or {}))

    def opened(page: str = "finn_partner", **query: str) -> AppTest:
        app = AppTest.from_file(str(MAIN), default_timeout=120)
        for turn in (lambda: None, lambda: app.switch_page(f"views/{page}.py")):
            turn()
            for name, value in query.items():
                app.query_params[name] = value
            app.run()
            if page == "oversikt":
                break
        assert not app.exception, app.exception
        return app

    return opened


def find_best(
    practice: tuple[ScenarioResult, pd.DataFrame], wanted: Callable[[pd.DataFrame], pd.Series]
) -> Any:
    """Return the first match that is wanted and is the best of its giver with its taker."""
    matches = practice[0].matches.join(practice[1])
    best = matches[~matches.duplicated(["from_facility_id", "to_facility_id"])]
    found = best[wanted(best).fillna(False).astype(bool)]
    assert len(found), "the practice data have none"
    return found.iloc[0]


def show(open_partner: Open, match: Any, **query: str) -> AppTest:
    return open_partner(
        data="practice",
        mode="facility",
        facility=match["from_facility_id"],
        selected=match["match_id"],
        **query,
    )


def texts(app: AppTest) -> str:
    return "\n".join(text.value for text in app.text)


def number(text: str) -> float:
    kept = text.split(THIN_SPACE + "NOK")[0].split(THIN_SPACE + "kg")[0]
    return float(kept.replace(THIN_SPACE, "").replace(",", ".").replace("−", "-"))


def part_table(app: AppTest, part: str) -> pd.DataFrame:
    for frame in app.dataframe:
        if "part" in frame.value and part in list(frame.value["part"]):
            return frame.value.set_index("part")
    raise AssertionError(f"no table with the part {part}")


def test_everything_that_can_lack_or_be_asked_has_words(uses: UseLibrary, words: Words) -> None:
    assert set(ADVICE) == set(MISSING)
    assert set(uses.laws["law"]) <= set(LAW_ASKS)
    assert len(tell_missing(" ".join(MISSING))) == len(MISSING)


@pytest.mark.parametrize("lang", ["nb", "nn", "en"])
def test_what_has_no_price_is_named_with_its_key(
    lang: str, practice: tuple[ScenarioResult, pd.DataFrame], words: Words, codes: WasteCodes
) -> None:
    keys = sorted(set(" ".join(practice[1]["unpriced"]).split()))
    assert keys
    assert {key.partition("/")[0] for key in keys} <= set(UNPRICED)
    with in_language(lang):
        lines = tell_unpriced(
            " ".join(keys),
            words=words,
            material=lambda key: material_label(key, codes=codes, language=lang),
        )
    assert len(lines) == len(keys)
    assert all(f"({key})" in line and "{" not in line for key, line in zip(keys, lines, strict=True))


def test_a_card_s_money_is_the_table_s_and_its_parts_add_up(
    open_partner: Open, practice: tuple[ScenarioResult, pd.DataFrame]
) -> None:
    match = find_best(practice, lambda rows: rows["net_nok_per_t"].notna() & (rows["unit"] == "t"))
    app = show(open_partner, match)
    shown = {metric.label: metric.value for metric in app.metric}
    assert number(shown["Netto per tonn"]) == pytest.approx(match["net_nok_per_t"], abs=0.5)
    assert number(shown["Spart CO2e per tonn"]) == pytest.approx(match["net_kg_co2e_per_t"], abs=0.5)
    money = part_table(app, "Verdien av det som erstattes")
    for end, column in (
        ("low", "net_low_nok_per_t"),
        ("best", "net_nok_per_t"),
        ("high", "net_high_nok_per_t"),
    ):
        assert money.loc["Netto", end] == pytest.approx(match[column])
        assert money[end].iloc[:-1].sum() == pytest.approx(match[column])
    assert money.loc["Netto", "year"] == pytest.approx(match["net_nok_per_year"])
    carbon = part_table(app, "Unngått produksjon")
    assert carbon.loc["Netto spart", "best"] == pytest.approx(match["net_kg_co2e_per_t"])
    assert "WTW" in texts(app)


def test_a_match_through_an_intermediary_names_both_legs_and_the_licence(
    open_partner: Open, practice: tuple[ScenarioResult, pd.DataFrame]
) -> None:
    match = find_best(practice, lambda rows: rows["route"] == "intermediary")
    app = show(open_partner, match)
    facilities = practice[0].tables.facilities.set_index("facility_id")["name"]
    way = " → ".join(facilities[match[f"{end}_facility_id"]] for end in ("from", "via", "to"))
    said = texts(app)
    assert way in said
    assert "Veien er begge etapper" in said
    via = facilities[match["via_facility_id"]]
    assert f"Mellomleddet {via} tar imot" in said
    partners = next(frame.value for frame in app.dataframe if {"partner", "via"} <= set(frame.value.columns))
    assert via in set(partners["via"])


def test_what_is_unknown_is_said_with_what_lacks_and_is_no_zero(
    open_partner: Open, practice: tuple[ScenarioResult, pd.DataFrame]
) -> None:
    match = find_best(
        practice, lambda rows: rows["net_nok_per_t"].isna() & rows["unpriced"].str.contains("replaced_value")
    )
    app = show(open_partner, match, pays="1")
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Netto per tonn"] == "ukjent"
    said = texts(app)
    assert all(f"({key})" in said for key in match["unpriced"].split())
    assert "Hvor langt det lønner seg, er ikke kjent" in said
    money = part_table(app, "Verdien av det som erstattes")
    assert pd.isna(money.loc["Verdien av det som erstattes", "best"])
    assert pd.isna(money.loc["Netto", "best"])


def test_the_card_has_its_parts_and_sources_in_all_languages(
    open_partner: Open, practice: tuple[ScenarioResult, pd.DataFrame], uses: UseLibrary
) -> None:
    with_precedent = set(uses.uses.loc[uses.uses["precedent"] != "", "use_id"])
    match = find_best(practice, lambda rows: rows["use_id"].isin(with_precedent))
    row = uses.uses.set_index("use_id").loc[match["use_id"]]
    precedent = uses.precedents.set_index("precedent_id").loc[row["precedent"]]
    titles = {
        "nb": ("Hvorfor det passer", "Hva loven krever", "Gjort før", "Hvor tallene kommer fra"),
        "nn": ("Kvifor det passar", "Kva lova krev", "Gjort før", "Kvar tala kjem frå"),
        "en": ("Why it fits", "What the law asks", "Done before", "Where the figures come from"),
    }
    for lang, wanted in titles.items():
        app = show(open_partner, match, lang=lang)
        assert set(wanted) <= {part.label for part in app.expander}
        said = texts(app)
        assert precedent[f"text_{lang}"] in said
        assert precedent["reference"] in said
        with in_language(lang):
            assert gettext(row["source"]) in said


def test_how_far_it_pays_is_in_the_link_and_in_words(
    open_partner: Open, practice: tuple[ScenarioResult, pd.DataFrame]
) -> None:
    match = find_best(practice, lambda rows: (rows["break_even_km"] > 20) & (rows["break_even_km"] < 500))
    app = show(open_partner, match, pays="1")
    assert "Hvor langt det lønner seg" in [part.value for part in app.subheader]
    km = f"{round(match['break_even_km'])}"
    assert f"Beste anslag: {km}{THIN_SPACE}km" in texts(app)
    assert any("Lønner seg innen" in block.body for block in app.get("html"))
    assert app.query_params["pays"] in ("1", ["1"])
    app.session_state["choice_pays"] = False
    app.run()
    assert "pays" not in app.query_params
    assert "Hvor langt det lønner seg" not in [part.value for part in app.subheader]


def test_where_nobody_fits_the_industries_that_usually_take_it_are_named(open_partner: Open) -> None:
    app = open_partner(has="fish_sludge", place="7300", km="5")
    assert "Næringer som pleier å ta imot det" in [part.value for part in app.header]
    said = texts(app)
    assert "ingen her, men disse næringene pleier å ta imot det" in said
    assert "1. " in said
    assert "Regelverk:" in said


def test_the_match_table_holds_money_emissions_and_places(
    open_partner: Open, practice: tuple[ScenarioResult, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_partner("oversikt", data="practice")
    app.session_state["oversikt_tabs"] = "Treff"
    app.run()
    table = next(frame.value for frame in app.dataframe if "net_nok_per_t" in frame.value.columns)
    result, prices = practice
    assert list(table.columns[: len(resulttables.MATCH_COLUMNS)]) == list(resulttables.MATCH_COLUMNS)
    for name in resulttables.PRICE_COLUMNS:
        pd.testing.assert_series_equal(
            table[name].astype("Float64"), prices[name].astype("Float64"), check_names=False, rtol=1e-9
        )
    assert (table["rank_best"] <= table["rank"]).all()
    assert (table["rank"] <= table["rank_worst"]).all()
    monkeypatch.setattr(resulttables, "MOST_PRICED", len(result.matches) - 1)
    app.run()
    assert not any("net_nok_per_t" in frame.value.columns for frame in app.dataframe)
    assert any("prises ikke i tabellen" in part.value for part in app.markdown)


def _show_hostile_card(hostile: str) -> None:
    from dashboard import session
    from dashboard.controls import restore_choices
    from dashboard.matchcard import show_match_card
    from dashboard.session.datasets import describe_dataset
    from dashboard.session.scenarios import make_view
    from geodata.parameters import ScenarioParameters
    from geodata.results import RegionTables
    from geodata.scenario import run_scenario
    from loaders.codes import read_waste_codes
    from loaders.region import read_region
    from loaders.roads import read_road_network
    from loaders.uses import read_use_library

    restore_choices()
    tables = read_region("practice")
    tables = RegionTables(
        facilities=tables.facilities.assign(name=hostile),
        streams=tables.streams.assign(reference=hostile, description=hostile, note=hostile),
        networks=tables.networks,
        memberships=tables.memberships,
    )
    result = run_scenario(
        tables,
        network=read_road_network(),
        codes=read_waste_codes(),
        uses=read_use_library(),
        parameters=ScenarioParameters(),
    )
    chained = result.matches[result.matches["route"] == "intermediary"].iloc[0]
    view = make_view(result, dataset=describe_dataset(tables, key="hostile"), key="hostile")
    assert isinstance(view, session.View)
    show_match_card(view, str(chained["match_id"]), key="card")


def test_hostile_names_are_shown_as_text_and_nowhere_else() -> None:
    app = AppTest.from_function(_show_hostile_card, args=(HOSTILE,), default_timeout=120)
    app.run()
    assert not app.exception, app.exception
    assert f"{HOSTILE} → {HOSTILE} → {HOSTILE}" in texts(app)
    interpreted = [
        *(part.value for part in app.markdown),
        *(part.value for part in app.subheader),
        *(part.value for part in app.header),
        *(part.label for part in app.expander),
        *(part.label for part in app.metric),
        *(str(part.value) for part in app.metric),
    ]
    assert interpreted
    assert not any("onerror" in text or "7*7" in text for text in interpreted)
