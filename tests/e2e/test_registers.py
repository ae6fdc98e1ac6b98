"""Units of a register on the map: apart from reported and from practice data in shape, legend and switch."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import BrowserContext, Frame, Page, Response, expect

from dashboard.layerdocument import feature_key
from geodata.registerfacilities import UnitChoices
from loaders.registerfill import fill_from_file
from loaders.registershelf import keep_extract
from tests.e2e.conftest import ROOT, Server, serve
from tests.e2e.test_map import chart, find_frame, point_of
from tests.e2e.test_pages import expect_query, figure, open_page, rest
from tests.loaders.test_registerfill import make_row, municipalities, write_csv

pytestmark = pytest.mark.browser
RØROS, OPPDAL = ("7374", "RØROS", "5025"), ("7340", "OPPDAL", "5021")
ROWS = [make_row(1, town=RØROS, employees=30), make_row(2, town=OPPDAL, industry="10.110", employees=50)]
REGISTER = f"register-{ROWS[0]['organisasjonsnummer']}"
HALF = 14
LEAST_DIFFERENCE = 8.0
"""Mean difference of two drawings in steps of 256, without colour: the same one twice gives none."""


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the dashboard with a shelf that holds one extract of two firms."""
    folder, shelf = tmp_path_factory.mktemp("server"), tmp_path_factory.mktemp("sources")
    path = write_csv(shelf / "underenheter.csv.gz", ROWS)
    facilities, counts = fill_from_file(
        path, choices=UnitChoices(municipalities=municipalities("50")), date="2026-11-01"
    )
    keep_extract(
        facilities, counts, name="Fjell", area="50", question="", date="2026-11-01", folder=Path(shelf)
    )
    with serve(ROOT / "dashboard" / "app.py", folder, SYMBIOSEKART_SOURCES=str(shelf)) as server:
        yield server


def listen(page: Page) -> dict[str, dict[str, Any]]:
    """Return the layers that the page fetches, by their key, as they come."""
    layers: dict[str, dict[str, Any]] = {}

    def keep(response: Response) -> None:
        if "/kart/lag/" in response.url and response.ok:
            document = json.loads(response.body())
            if "symbiosekart" in document:
                layers[document["symbiosekart"]["key"]] = document

    page.on("response", keep)
    return layers


def find_alone(layer: dict[str, Any], wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the feature whose style is `wanted` that lies farthest from any other."""
    points = np.array([feature["geometry"]["coordinates"] for feature in layer["features"]])
    styles = layer["symbiosekart"]["styles"]
    best, room = None, 0.0
    for place, feature in enumerate(layer["features"]):
        if wanted(styles[feature["properties"]["category"]]):
            apart = np.abs(points - points[place]).sum(axis=1)
            apart[place] = np.inf
            if apart.min() > room:
                best, room = feature, float(apart.min())
    assert best is not None
    return best


def draw(page: Page, frame: Frame, feature: dict[str, Any]) -> np.ndarray:
    """Return the drawing of a feature without colour, the map moved to it."""
    lon, lat = feature["geometry"]["coordinates"]
    frame.evaluate("([lat, lon]) => map.setView([lat, lon], 13, {animate: false})", [lat, lon])
    page.wait_for_timeout(1_200)
    at = frame.evaluate("key => symbiosekart.locate(key)", feature["properties"]["key"])
    chart(frame).scroll_into_view_if_needed()
    box = chart(frame).bounding_box()
    assert box is not None
    clip = {
        "x": box["x"] + at["x"] - HALF,
        "y": box["y"] + at["y"] - HALF,
        "width": 2 * HALF,
        "height": 2 * HALF,
    }
    picture = Image.open(io.BytesIO(page.screenshot(clip=clip)))  # type: ignore[arg-type]
    return np.asarray(picture.convert("L"), dtype=float)


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_reported_modelled_and_illustrative_look_different_without_colour(
    open_context: Callable[..., BrowserContext], dashboard: Server, width: int, dark: bool, errors: list[str]
) -> None:
    page = open_context(width=width, dark=dark).new_page()
    layers = listen(page)
    open_page(page, dashboard)
    frame = find_frame(page)
    register = next(
        feature
        for feature in layers["facilities"]["features"]
        if feature["properties"]["key"] == feature_key(REGISTER)
    )
    reported = find_alone(layers["facilities"], lambda look: look["pattern"] == "solid" and not look["frame"])
    drawn = {"modelled": draw(page, frame, register), "reported": draw(page, frame, reported)}
    open_page(page, dashboard, data="practice")
    frame = find_frame(page)
    drawn["illustrative"] = draw(
        page, frame, find_alone(layers["facilities"], lambda look: look["pattern"] == "hatch")
    )
    for one, two in (("modelled", "reported"), ("modelled", "illustrative"), ("reported", "illustrative")):
        assert np.abs(drawn[one] - drawn[two]).mean() > LEAST_DIFFERENCE, (one, two)
    assert errors == []


def test_legend_card_and_switch_tell_of_the_register(
    page: Page, dashboard: Server, strangers: list[str], errors: list[str]
) -> None:
    open_page(page, dashboard)
    before = figure(page, "Anlegg")
    legend = page.locator(".st-key-legend_wide")
    for word in ("Fra Enhetsregisteret", "Mengde modellert", "Mengde rapportert"):
        expect(legend.get_by_text(word, exact=True)).to_be_visible()
    frame = find_frame(page)
    at = point_of(frame, REGISTER)
    frame.evaluate("p => map.setView(map.containerPointToLatLng([p.x, p.y]), 12, {animate: false})", at)
    page.wait_for_timeout(900)
    chart(frame).click(position=point_of(frame, REGISTER))  # type: ignore[arg-type]
    expect(frame.locator(".leaflet-popup")).to_contain_text("Enhetsregisteret")
    expect(frame.locator(".leaflet-popup")).to_contain_text("Mengde modellert")
    rest(page)
    page.get_by_role("switch", name="Virksomheter fra Enhetsregisteret (2)").focus()
    page.keyboard.press("Space")
    expect_query(page, registers="0")
    assert int(figure(page, "Anlegg")) == int(before) - 2
    expect(page.locator(".st-key-legend_wide").get_by_text("Fra Enhetsregisteret")).to_have_count(0)
    found = Axe().run(page).response["violations"]
    assert [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")] == []
    assert strangers == []
    assert errors == []
