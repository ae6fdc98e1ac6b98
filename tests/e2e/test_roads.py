"""A reader's own network: chosen in the margin, followed by the route on the map, named beside distances."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response, expect

from loaders.networkbuilds import build_network
from tests.e2e.conftest import ROOT, Server, serve
from tests.e2e.test_map import find_frame
from tests.e2e.test_pages import expect_query, open_page, rest
from tests.loaders.osmwriting import write_osm

pytestmark = pytest.mark.browser
BENDS = {
    1: (10.380, 63.300),
    2: (10.400, 63.301),
    3: (10.420, 63.330),
    4: (10.440, 63.301),
    5: (10.460, 63.300),
}
FILE = """navn;kommunenummer;lat;lon;materiale;mengde;enhet;retning
Giver;5001;63,3001;10,3801;Matavfall;100;t;tilbyr
Tar imot;5001;63,3001;10,4599;Matavfall;100;t;trenger
"""


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the dashboard with a folder that holds one network: a road with bends."""
    folder, networks = tmp_path_factory.mktemp("server"), tmp_path_factory.mktemp("networks")
    ways = ((1, tuple(BENDS), {"highway": "primary", "name": "Svingveien"}),)
    source = write_osm(networks / "road.osm", BENDS, ways, header_date="2026-05-01T00:00:00Z")
    build_network(source, networks / "road.roads", vehicle="semi_trailer", name="Svingbygda")
    with serve(
        ROOT / "dashboard" / "app.py",
        folder,
        SYMBIOSEKART_NETWORKS=str(networks),
        SYMBIOSEKART_CACHE=str(folder / "cache"),
    ) as server:
        yield server


def test_a_built_network_is_chosen_and_its_road_is_followed(
    page: Page, dashboard: Server, tmp_path: Path
) -> None:
    layers: dict[str, dict] = {}

    def keep(response: Response) -> None:
        if "/kart/lag/" in response.url and response.ok:
            document = json.loads(response.body())
            if "symbiosekart" in document:
                layers[document["symbiosekart"]["key"]] = document

    page.on("response", keep)
    page.set_viewport_size({"width": 1440, "height": 1000})
    open_page(page, dashboard, "finn-partner", mode="file", data="region")
    page.locator('input[type="file"]').first.set_input_files(
        {"name": "egne.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    )
    facility = page.get_by_test_id("stMain").get_by_role("combobox", name="Anlegg")
    expect(facility).to_be_visible(timeout=30_000)
    roads = page.get_by_test_id("stSidebar").get_by_role("combobox", name="Veinett")
    roads.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect_query(page, roads="svingbygda-2026-05-01")
    facility.click()
    page.get_by_role("option", name="Giver").click()
    expect(page.get_by_text("Veiavstander: Svingbygda, 1. mai 2026, Semitrailer").first).to_be_visible(
        timeout=30_000
    )
    frame = find_frame(page)
    expect(frame.locator(".sk-attribution")).to_contain_text("© OpenStreetMap contributors")
    road = max((feature["geometry"]["coordinates"] for feature in layers["route"]["features"]), key=len)
    assert list(BENDS[3]) in [[round(value, 3) for value in point] for point in road]

    page.get_by_role("switch", name="Vis rekkevidde").focus()
    page.keyboard.press("Space")
    expect_query(page, reach="1")
    expect(page.get_by_role("heading", name="Rekkevidde")).to_be_visible(timeout=30_000)
    page.wait_for_timeout(1_000)
    assert layers["reach"]["features"]
    found = Axe().run(page).response["violations"]
    assert [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")] == []

    page.goto(page.url.replace("svingbygda-2026-05-01", "borte"))
    rest(page)
    expect(page.get_by_text("roads = borte")).to_be_visible(timeout=30_000)
