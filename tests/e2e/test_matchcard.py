"""The card of a match in a real browser: no barrier, nothing cut off, opened by the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import Server
from tests.e2e.test_map import chart, find_frame
from tests.e2e.test_pages import open_page, rest

pytestmark = pytest.mark.browser
CHOSEN = {"data": "practice", "mode": "facility", "facility": "practice-001", "pays": "1"}
CARD = ".st-key-match_card"


def open_all(page: Page) -> None:
    closed = page.locator(f'{CARD} [data-testid="stExpander"] details:not([open]) > summary')
    while closed.count():
        closed.first.click()
        page.wait_for_timeout(150)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_whole_card_has_no_barrier_and_nothing_is_cut_off(
    open_context: Callable[..., BrowserContext], dashboard: Server, width: int, dark: bool
) -> None:
    page = open_context(width=width, dark=dark).new_page()
    open_page(page, dashboard, "finn-partner", **CHOSEN)
    expect(page.get_by_role("heading", name="Hvor langt det lønner seg")).to_be_visible(timeout=30_000)
    open_all(page)
    rest(page)
    found = Axe().run(page).response["violations"]
    serious = {
        rule["id"]: [node["html"][:160] for node in rule["nodes"]]
        for rule in found
        if rule["impact"] in ("serious", "critical")
    }
    assert serious == {}
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut = page.locator(f'{CARD} [data-testid="stText"]:visible').evaluate_all(
        "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent.slice(0, 80))"
    )
    assert cut == []
    tables = page.locator(f'{CARD} [data-testid="stDataFrame"]:visible')
    assert tables.count() == (3 if width == 1440 else 0)  # lines instead where a table would be cut


def test_a_part_of_the_card_opens_by_the_keyboard_alone(page: Page, dashboard: Server) -> None:
    open_page(page, dashboard, "finn-partner", **CHOSEN)
    part = page.locator(f"{CARD} details").filter(has_text="Hva loven krever")
    expect(part).not_to_have_attribute("open", "")
    why = page.locator(f"{CARD} summary").first
    why.focus()
    for _stop in range(12):  # the table of reasons and its buttons lie between
        page.keyboard.press("Tab")
        if "Hva loven krever" in (page.evaluate("document.activeElement.textContent") or ""):
            break
    page.keyboard.press("Enter")
    expect(part).to_have_attribute("open", "")
    expect(part.get_by_text("ingen juridisk rådgivning")).to_be_visible()


def test_how_far_it_pays_is_drawn_when_switched_on(page: Page, dashboard: Server) -> None:
    open_page(page, dashboard, "finn-partner", **{**CHOSEN, "pays": "0"})
    frame = find_frame(page)
    before = int(chart(frame).get_attribute("data-features") or 0)
    page.get_by_text("Hvor langt lønner det seg?").click()
    expect(page.get_by_role("heading", name="Hvor langt det lønner seg")).to_be_visible(timeout=30_000)
    page.wait_for_function("new URLSearchParams(location.search).get('pays') === '1'", timeout=20_000)
    rest(page)
    page.wait_for_timeout(1500)
    assert int(chart(find_frame(page)).get_attribute("data-features") or 0) > before
