"""The map in a real browser: what it asks for, what a click does, and that attacks stay text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Frame, Locator, Page, expect

from dashboard.layerdocument import feature_key
from tests.e2e.conftest import Server

pytestmark = pytest.mark.browser
FRAME = 'iframe[src*="streamlit_folium"]'


def open_map(page: Page, server: Server, query: str = "") -> Frame:
    """Open the page and return the map's frame when its layers are drawn."""
    page.goto(f"{server.url}/{query}")
    return find_frame(page)


def find_frame(page: Page) -> Frame:
    expect(page.frame_locator(FRAME).locator("[data-drawn]")).to_be_visible(timeout=60_000)
    frame = next(frame for frame in page.frames if "streamlit_folium" in frame.url)
    expect(page.locator('[data-testid="stStatusWidget"]')).to_have_count(0)
    return frame


def chart(frame: Frame) -> Locator:
    return frame.locator(".leaflet-container")


def said(page: Page, name: str) -> str:
    """Return what the page says of `name`, such as the number of its runs."""
    text = page.get_by_text(re.compile(f"^{name}=")).inner_text()
    return text.removeprefix(f"{name}=")


def settle(page: Page) -> None:
    page.wait_for_timeout(900)


def pick(page: Page, kind: str) -> None:
    page.get_by_role("radio", name=kind, exact=True).click()


def point_of(frame: Frame, identifier: str) -> dict[str, float]:
    found: Any = frame.evaluate("key => symbiosekart.locate(key)", feature_key(identifier))
    return cast(dict[str, float], found)


def test_nothing_is_asked_of_another_host(
    page: Page, map_server: Server, strangers: list[str], errors: list[str]
) -> None:
    frame = open_map(page, map_server, "?rich=1&count=300")
    assert frame.evaluate("L.version") == "1.9.3"
    assert int(chart(frame).get_attribute("data-features") or 0) > 300
    frame.locator("button[data-text=zoom_in]").click()
    pick(page, "treatment")
    settle(page)
    assert strangers == []
    assert errors == []


def test_a_pan_or_a_zoom_causes_no_run(page: Page, map_server: Server) -> None:
    frame = open_map(page, map_server, "?count=500")
    settle(page)
    before = said(page, "runs")
    box = chart(frame).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 500, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 200, steps=5)
    page.mouse.up()
    frame.locator("button[data-text=zoom_in]").click()
    settle(page)
    assert said(page, "runs") == before


def test_the_first_load_takes_one_run(page: Page, map_server: Server) -> None:
    open_map(page, map_server, "?count=500")
    settle(page)
    assert said(page, "runs") == "1"


def test_a_filter_keeps_the_map_where_it_is(page: Page, map_server: Server) -> None:
    frame = open_map(page, map_server, "?count=500")
    frame.evaluate("window.marked = true")
    frame.locator("button[data-text=zoom_in]").click()
    settle(page)
    view = frame.evaluate("[map.getZoom(), map.getCenter().lat, map.getCenter().lng]")
    for turn in range(6):
        pick(page, ("treatment", "producer")[turn % 2])
        expect(page.get_by_text(f"runs={turn + 2}", exact=True)).to_be_visible()
    settle(page)
    assert chart(frame).get_attribute("data-features") == said(page, "shown")
    assert frame.evaluate("window.marked") is True
    assert frame.evaluate("[map.getZoom(), map.getCenter().lat, map.getCenter().lng]") == view
    assert frame.evaluate("window.feature_group.length") == 1
    assert frame.evaluate("Object.keys(map._layers).length") < 8


def test_a_click_selects_and_a_second_click_too(page: Page, map_server: Server) -> None:
    frame = open_map(page, map_server, "?count=12")
    identifier = "Øvd bedrift nr. 10 10"
    frame.evaluate("map.setView([63.4, 10.4], 5, {animate: false})")
    at = point_of(frame, identifier)
    frame.evaluate("p => map.setView(map.containerPointToLatLng([p.x, p.y]), 13, {animate: false})", at)
    at = point_of(frame, identifier)
    chart(frame).click(position=at)  # type: ignore[arg-type]
    expect(page.get_by_text(f"clicked=('facilities', '{identifier}')")).to_be_visible()
    expect(frame.locator(".leaflet-popup h2")).to_have_text("Øvd bedrift nr. 10")
    runs = int(said(page, "runs"))
    settle(page)
    assert said(page, "runs") == str(runs)
    chart(frame).click(position=point_of(frame, identifier))  # type: ignore[arg-type]
    expect(page.get_by_text(f"runs={runs + 1}", exact=True)).to_be_visible()


def test_a_row_chosen_in_the_page_is_brought_into_view(page: Page, map_server: Server) -> None:
    frame = open_map(page, map_server, "?count=400")
    frame.evaluate("window.marked = true; map.setView([70, 25], 9, {animate: false})")
    page.get_by_role("combobox").fill("nr. 12 12")
    page.get_by_role("option", name="Øvd bedrift nr. 12 12").click()
    expect(page.get_by_text("runs=2", exact=True)).to_be_visible()
    settle(page)
    size = chart(frame).bounding_box()
    at = point_of(frame, "Øvd bedrift nr. 12 12")
    assert size is not None
    assert 0 < at["x"] < size["width"]
    assert 0 < at["y"] < size["height"]
    assert frame.evaluate("window.marked") is True


def test_attacks_in_every_layer_stay_text(page: Page, map_server: Server, errors: list[str]) -> None:
    frame = open_map(page, map_server, "?rich=1&count=200")
    frame.locator("summary").click()
    for number in range(10):
        at = frame.evaluate(
            """async (number) => {
                for (const {name: url} of performance.getEntriesByType('resource')) {
                    if (!url.includes('/lag/')) continue;
                    const doc = await (await fetch(url)).json();
                    if (!doc.symbiosekart || doc.symbiosekart.key !== 'facilities') continue;
                    const [lon, lat] = doc.features[number].geometry.coordinates;
                    map.setView([lat, lon], 16, {animate: false});
                    return [doc.features[number].properties.title, map.latLngToContainerPoint([lat, lon])];
                }
            }""",
            number,
        )
        title, point = at
        chart(frame).hover(position=point)
        chart(frame).click(position=point)
        expect(frame.locator(".leaflet-popup h2")).to_have_text(re.sub(r"\s+", " ", title))
    settle(page)
    for target in (page, frame):
        assert target.evaluate("window.pwned") is None
    assert frame.locator("img[src=x], .leaflet-popup script").count() == 0
    assert errors == []
    page.get_by_text(re.compile("^runs=")).wait_for()


def test_the_map_can_be_worked_from_the_keyboard(page: Page, map_server: Server) -> None:
    frame = open_map(page, map_server, "?count=12")
    chart(frame).focus()
    page.keyboard.press("n")
    expect(frame.locator("[role=status]")).not_to_be_empty()
    first = frame.locator("[role=status]").inner_text()
    page.keyboard.press("n")
    expect(frame.locator("[role=status]")).not_to_have_text(first)
    zoom = frame.evaluate("map.getZoom()")
    page.keyboard.press("+")
    settle(page)
    assert frame.evaluate("map.getZoom()") > zoom
    page.keyboard.press("p")
    page.keyboard.press("Enter")
    settle(page)
    assert said(page, "clicked") != "None" or frame.evaluate("map.getZoom()") > zoom


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_axe_finds_nothing_serious_in_the_map(
    open_context: Callable[..., BrowserContext], map_server: Server, width: int, dark: bool
) -> None:
    page = open_context(width=width, dark=dark).new_page()
    frame = open_map(page, map_server, "?rich=1&count=200")
    frame.locator("summary").click()
    report = Axe().run(page, context=FRAME)
    serious = [
        f"{found['id']}: {node['html'][:160]}"
        for found in report.response["violations"]
        for node in found["nodes"]
        if found["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert frame.evaluate("document.documentElement.lang") == "nb"
    assert page.locator(FRAME).get_attribute("title") == "Kart over anlegg, treff og klynger"
    assert frame.locator("h1").inner_text() == "Kart over anlegg, treff og klynger"
    assert "user-scalable" not in frame.evaluate("document.head.innerHTML")
    assert frame.evaluate("document.documentElement.classList.contains('sk-dark')") is dark


def test_a_layer_that_is_gone_is_told(page: Page, map_server: Server) -> None:
    frame = open_map(page, map_server, "?count=30")
    page.route("**/kart/lag/*.json", lambda route: route.fulfill(status=404))
    pick(page, "treatment")
    expect(frame.locator("[role=alert]")).to_have_text("Et kartlag kunne ikke hentes. Last siden på nytt.")
