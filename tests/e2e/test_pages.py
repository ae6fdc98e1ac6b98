"""The reader's journeys in a real browser: first load, a municipality, a partner, a broken file, a link."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import Server
from tests.e2e.test_map import chart, find_frame

pytestmark = pytest.mark.browser
PATHS = {"": "Oversikt", "kommune": "Kommune", "finn-partner": "Finn partner", "plan": "Plan", "data": "Data"}
STATUS = '[data-testid="stStatusWidget"]'


def open_page(page: Page, server: Server, path: str = "", **query: str) -> None:
    """Open a page by its link and wait until it has been made."""
    text = "&".join(f"{name}={value}" for name, value in query.items())
    page.goto(f"{server.url}/{path}?{text}")
    expect(page.get_by_role("heading", level=1, name=PATHS[path])).to_be_visible(timeout=60_000)
    rest(page)


def rest(page: Page) -> None:
    """Wait until the server has answered the last change."""
    page.wait_for_timeout(400)
    expect(page.locator(STATUS)).to_have_count(0, timeout=30_000)


def query_of(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def figure(page: Page, label: str) -> str:
    card = page.get_by_test_id("stMetric").filter(has=page.get_by_text(label, exact=True))
    return card.get_by_test_id("stMetricValue").inner_text().strip()


def expect_query(page: Page, **wanted: str) -> None:
    """Wait until the page's address says `wanted`."""
    page.wait_for_function(
        "wanted => { const found = new URLSearchParams(location.search);"
        " return Object.entries(wanted).every(([name, value]) => found.get(name) === value); }",
        arg=wanted,
        timeout=20_000,
    )
    rest(page)


def expect_figure(page: Page, label: str, *, other_than: str) -> str:
    """Wait until a key figure has changed, and return it."""
    card = page.get_by_test_id("stMetric").filter(has=page.get_by_text(label, exact=True))
    expect(card.get_by_test_id("stMetricValue")).not_to_have_text(other_than, timeout=20_000)
    return figure(page, label)


def choose(page: Page, label: str, text: str) -> None:
    box = page.get_by_role("combobox", name=re.compile(f"{label}"))
    box.click()
    box.fill(text)
    page.get_by_role("option", name=text, exact=True).click()
    rest(page)


def test_the_first_page_is_drawn_within_five_seconds_of_a_warm_server(
    open_context: Callable[..., BrowserContext], dashboard: Server, strangers: list[str], errors: list[str]
) -> None:
    open_page(open_context().new_page(), dashboard)  # the first reader warms the server
    seconds = []
    for _attempt in range(3):  # the best of three: other tests may share the machine
        page = open_context().new_page()
        start = time.monotonic()
        page.goto(dashboard.url)
        find_frame(page)
        seconds.append(time.monotonic() - start)
    crowding = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))  # processes for each core
    assert min(seconds) < 5 * crowding, (seconds, crowding)
    assert int(figure(page, "Anlegg")) >= 60
    assert strangers == []
    assert errors == []


@pytest.mark.parametrize("path", PATHS)
def test_headings_language_and_width(
    open_context: Callable[..., BrowserContext], dashboard: Server, path: str
) -> None:
    for width in (1440, 390):
        page = open_context(width=width).new_page()
        open_page(page, dashboard, path)
        expect(page.locator("html")).to_have_attribute("lang", "nb")
        levels = page.locator("h1, h2, h3, h4").evaluate_all(
            "all => all.filter(h => h.checkVisibility()).map(h => +h.tagName[1])"
        )
        assert levels[0] == 1
        assert all(b - a <= 1 for a, b in pairwise(levels)), levels
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_municipality_filters_page_and_link_and_the_link_brings_it_back(
    open_context: Callable[..., BrowserContext], page: Page, dashboard: Server
) -> None:
    open_page(page, dashboard, "kommune", data="practice")
    county = figure(page, "Anlegg")
    choose(page, "Kommune", "Orkland")
    expect_query(page, data="practice", municipality="5059")
    one = expect_figure(page, "Anlegg", other_than=county)
    assert 0 < int(one) < int(county)
    page.get_by_text("Ta med naboer over grensen").click()
    expect_query(page, near="1")
    more = expect_figure(page, "Anlegg", other_than=one)
    assert int(more) > int(one)
    other = open_context().new_page()
    open_page(other, dashboard, "kommune", **query_of(page))
    assert figure(other, "Anlegg") == more
    page.get_by_role("link", name="Oversikt").click()
    expect(page.get_by_role("heading", level=1, name="Oversikt")).to_be_visible()
    expect_query(page, data="practice", municipality="5059")


def test_back_restores_the_choices(page: Page, dashboard: Server) -> None:
    open_page(page, dashboard)
    before = figure(page, "Anlegg")
    page.get_by_text("Øvingsdata", exact=True).click()
    expect_query(page, data="practice")
    practice = expect_figure(page, "Anlegg", other_than=before)
    assert practice == "200"
    page.go_back()
    assert expect_figure(page, "Anlegg", other_than=practice) == before


def test_what_is_picked_on_the_map_is_the_selected_row(page: Page, dashboard: Server) -> None:
    open_page(page, dashboard, "kommune", data="practice", municipality="5059")
    frame = find_frame(page)
    page.wait_for_timeout(1500)  # the map flies to the municipality
    chart(frame).focus()
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    page.wait_for_function("new URLSearchParams(location.search).get('selected')", timeout=20_000)
    assert query_of(page)["selected"].startswith(("practice-", "m", "c"))


def test_a_partner_is_found_with_two_fields_and_explained(page: Page, dashboard: Server) -> None:
    open_page(page, dashboard, "finn-partner", data="practice")
    choose(page, "Hva er det\\?", "Treflis")
    expect_query(page, has="wood_chips")
    choose(page, "Hvor er det\\?", "Orkanger (Orkland)")
    expect(page.get_by_role("heading", name=re.compile(r"Partnere \([1-9]"))).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile(r"Treff \d+ av"))).to_be_visible()
    frame = find_frame(page)
    assert int(chart(frame).get_attribute("data-features") or 0) >= 2


def test_own_words_and_an_amount_stand_in_the_link(page: Page, dashboard: Server) -> None:
    open_page(page, dashboard, "finn-partner", data="practice")
    for label, words in (("Hva er det\\?", "17 02 04*"), ("Hvor er det\\?", "7300")):
        box = page.get_by_role("combobox", name=re.compile(label))
        box.click()
        box.fill(words)
        page.keyboard.press("Enter")
        rest(page)
    expect(page.get_by_text("Forstått som Impregnert trevirke (17 02 04*)")).to_be_visible(timeout=20_000)
    page.get_by_label("Mengde (la stå tom hvis ukjent)").fill("12.5")
    page.keyboard.press("Enter")
    expect_query(page, has="17 02 04*", place="7300", amount="12.5")


def test_the_check_report_is_filtered_downloaded_and_the_files_removed(page: Page, dashboard: Server) -> None:
    content = (
        "navn;kommunenummer;lat;lon;avfallskode;materiale;mengde;enhet;retning\n"
        "God;5001;63,36;10,37;170201;Trevirke;120;t;tilbyr\n"
        "Negativ;5001;63,35;10,38;170201;Trevirke;-5;t;tilbyr\n"
        "Mistet null;5001;63,35;10,38;30105;Sagflis;5;t;tilbyr\n"
    )
    page.set_viewport_size({"width": 390, "height": 900})
    open_page(page, dashboard, "data")
    page.get_by_role("tab", name="Egne filer").click()
    page.locator('input[type="file"]').first.set_input_files(
        {"name": "egne.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    fault = page.get_by_text(re.compile(r"egne\.csv · rad 3 · kolonne mengde"))
    expect(fault).to_be_visible(timeout=30_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Last ned rapporten").click()
    report = waiting.value.path().read_text(encoding="utf-8-sig")
    assert "egne.csv,3,mengde,'-5" in report  # no cell begins as a formula
    page.get_by_role("button", name=re.compile(r"feil \(1\)")).click()
    expect(fault).to_have_count(0)
    page.get_by_role("button", name="Fjern filene mine").click()
    expect(page.get_by_role("heading", name="Kontrollrapport")).to_have_count(0)
    expect(page.get_by_text("egne.csv")).to_have_count(0)


def test_a_broken_file_is_refused_in_plain_words_and_the_page_stands(page: Page, dashboard: Server) -> None:
    open_page(page, dashboard, "data")
    page.get_by_role("tab", name="Egne filer").click()
    page.locator('input[type="file"]').first.set_input_files(
        {
            "name": "tom.gpkg",
            "mimeType": "application/geopackage+sqlite3",
            "buffer": b"SQLite format 3\x00 cut",
        }
    )
    rest(page)
    expect(page.get_by_role("heading", name="Kontrollrapport")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("0 anlegg og 0 strømmer ble lastet inn.")).to_be_visible()
    assert page.get_by_text("Traceback").count() == 0


def test_names_that_attack_stay_text_in_tables_and_on_the_map(
    page: Page, dashboard: Server, errors: list[str]
) -> None:
    attacks = (
        "<img src=x onerror=window.hit=1>",
        "{{7*7}}",
        "${window.hit=1}",
        "`window.hit=2`",
        "{% raw %}",
    )
    rows = [f'"{name}";5059;63,28{k + 5};9,831;Treflis;100;t;tilbyr' for k, name in enumerate(attacks)]
    content = "\n".join(["navn;kommunenummer;lat;lon;materiale;mengde;enhet;retning", *rows])
    open_page(page, dashboard, "data")
    page.get_by_role("tab", name="Egne filer").click()
    page.locator('input[type="file"]').first.set_input_files(
        {"name": "egne.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    rest(page)
    expect(page.get_by_text(f"{len(attacks)} anlegg og")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Oversikt").click()
    expect(page.get_by_role("heading", level=1, name="Oversikt")).to_be_visible()
    find_frame(page)
    page.get_by_role("link", name="Finn partner").click()
    expect(page.get_by_role("heading", level=1, name="Finn partner")).to_be_visible()
    rest(page)
    page.get_by_text("Bruk egen fil").click()
    expect_query(page, mode="file")
    box = page.get_by_role("combobox", name="Anlegg")
    box.click()
    shown = page.get_by_role("option").all_inner_texts()
    assert {text.removesuffix(", Orkland") for text in shown} == set(attacks)
    assert [frame.evaluate("window.hit") for frame in page.frames] == [None] * len(page.frames)
    assert errors == []


def test_a_bad_link_is_told_in_words(page: Page, dashboard: Server) -> None:
    open_page(page, dashboard, "", km="langt")
    expect(page.get_by_text("Lenken har verdier som ikke kan brukes.")).to_be_visible()
    expect(page.get_by_text("km = langt")).to_be_visible()


def test_a_slider_of_the_plan_is_turned_with_the_keyboard_and_taken_back(
    page: Page, dashboard: Server
) -> None:
    open_page(page, dashboard, "plan", data="practice")
    usual = figure(page, "Netto nytte, millioner NOK i året")
    slider = page.locator(".st-key-figure_driver_and_vehicle_nok_per_hour").get_by_role("slider")
    slider.focus()
    for _press in range(3):
        page.keyboard.press("ArrowRight")
    expect_query(page, figures="driver_and_vehicle_nok_per_hour:760")
    less = expect_figure(page, "Netto nytte, millioner NOK i året", other_than=usual)
    assert float(less.replace(",", ".")) < float(usual.replace(",", "."))
    page.get_by_role("button", name="Tilbake til de vanlige tallene").click()
    assert expect_figure(page, "Netto nytte, millioner NOK i året", other_than=less) == usual
    page.wait_for_function("!new URLSearchParams(location.search).has('figures')", timeout=20_000)


def test_the_exports_are_files_with_their_names(page: Page, dashboard: Server) -> None:
    open_page(page, dashboard, "data")
    page.get_by_role("tab", name="Eksport").click()
    for label, start in (("Excel: alle tabeller", b"PK"), ("GeoJSON: anlegg", b"{")):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=label).click()
        assert waiting.value.path().read_bytes().startswith(start)
        assert waiting.value.suggested_filename.startswith("symbiosekart")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_nothing_serious_of_ours(
    open_context: Callable[..., BrowserContext], dashboard: Server, path: str, dark: bool
) -> None:
    page = open_context(dark=dark).new_page()
    open_page(page, dashboard, path)
    found = Axe().run(page).response["violations"]
    serious = {
        rule["id"]: [node["html"][:160] for node in rule["nodes"]]
        for rule in found
        if rule["impact"] in ("serious", "critical")
    }
    assert serious == {}


def test_a_narrow_screen_has_the_telling_columns_and_a_whole_title_on_the_map(
    open_context: Callable[..., BrowserContext], dashboard: Server
) -> None:
    page = open_context(width=390).new_page()
    open_page(
        page, dashboard, "finn-partner", data="practice", mode="container", has="wood_chips", place="7300"
    )
    narrow, wide = (page.locator(f".st-key-{kind}_partners") for kind in ("narrow", "wide"))
    expect(narrow).to_be_visible(timeout=30_000)
    expect(wide).to_be_hidden()
    headings = narrow.locator('[role="columnheader"]')
    expect(headings).to_contain_text(["Partner", "Vei-km", "Poeng"])
    page.set_viewport_size({"width": 1440, "height": 1000})
    expect(wide).to_be_visible()
    expect(narrow).to_be_hidden()


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("nb", ("Velg filer", "Høyst 50MB per fil", "Hovedmeny", "Skriv ut")),
        ("nn", ("Vel filer", "Høgst 50MB per fil", "Hovudmeny", "Skriv ut")),
        ("en", ("Upload", "At most 50MB per file", "Main menu", "Print")),
    ],
)
def test_the_words_of_the_frame_follow_the_language(
    page: Page, dashboard: Server, lang: str, words: tuple[str, ...]
) -> None:
    button, size, menu, printing = words
    page.goto(f"{dashboard.url}/data?lang={lang}")
    expect(page.get_by_role("heading", level=1, name="Data")).to_be_visible(timeout=60_000)
    page.get_by_role("tab").nth(1).click()
    expect(page.get_by_test_id("stFileUploaderDropzone").get_by_text(button, exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(f"^{size}"))).to_be_visible()
    page.get_by_role("button", name=menu).click()
    expect(page.get_by_role("menuitem", name=printing)).to_be_visible()


def test_the_words_of_the_frame_change_with_the_language(page: Page, dashboard: Server) -> None:
    open_page(page, dashboard, "data")
    expect(page.get_by_role("button", name="Hovedmeny")).to_be_visible()
    page.get_by_role("radio", name="English").click()
    expect(page.get_by_role("button", name="Main menu")).to_be_visible()
    page.get_by_role("radio", name="Nynorsk").click()
    expect(page.get_by_role("button", name="Hovudmeny")).to_be_visible()


def test_what_is_closed_out_of_sight_never_has_the_focus(
    open_context: Callable[..., BrowserContext], dashboard: Server
) -> None:
    page = open_context(width=390).new_page()
    open_page(page, dashboard, "data")
    names = []
    for _stop in range(12):
        page.keyboard.press("Tab")
        left, right = page.evaluate(
            "(() => { const box = document.activeElement.getBoundingClientRect();"
            " return [box.left, box.right]; })()"
        )
        names.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        assert right > 0, names
        assert left < 390, names
    assert "Åpne sidefeltet" in names
    page.get_by_role("button", name="Åpne sidefeltet").press("Enter")
    expect(page.get_by_role("link", name="Oversikt")).to_be_visible()
