"""The base map from embedded data: complete, light enough to send, and drawn once."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from dashboard.basemap import find_shared_borders, read_base_layers
from dashboard.layerdocument import Layer
from dashboard.server import TILE_HOST

SCRIPT = Path(__file__).resolve().parents[2] / "dashboard" / "static" / "symbiosekart.js"


@pytest.fixture(scope="module")
def layers() -> dict[str, Layer]:
    return {base.layer.key: base.layer for base in read_base_layers()}


def test_every_place_of_the_map_has_a_base(layers: dict[str, Layer]) -> None:
    # 357 municipalities; Ålesund and Haram share one polygon
    assert layers["landlight"].count == layers["landfull"].count == 356
    assert layers["roads"].count > 500
    assert layers["names"].count > 500
    south, west, north, east = layers["landlight"].bounds or (0, 0, 0, 0)
    assert south < 58.1
    assert west < 5
    assert north > 71
    assert east > 30.5


def test_the_base_map_is_light(layers: dict[str, Layer]) -> None:
    packed = {key: len(gzip.compress(layer.content, compresslevel=9)) for key, layer in layers.items()}
    first_view = sum(packed[key] for key in ("landlight", "counties", "names"))
    assert first_view < 400_000
    assert packed["landfull"] < 600_000


def test_the_base_map_cannot_be_clicked(layers: dict[str, Layer]) -> None:
    assert not any(json.loads(layer.content)["symbiosekart"]["clickable"] for layer in layers.values())


def test_ferries_are_dashed(layers: dict[str, Layer]) -> None:
    document = json.loads(layers["roads"].content)
    dashes = [bool(style["dash"]) for style in document["symbiosekart"]["styles"]]
    assert dashes == [False, False, True]
    assert {feature["properties"]["category"] for feature in document["features"]} == {0, 1, 2}


def test_land_is_drawn_at_every_zoom_by_exactly_one_layer() -> None:
    bases = [base for base in read_base_layers() if base.layer.key.startswith("land")]
    for zoom in (0, 3, 8.5, 9, 18):
        assert sum(base.min_zoom <= zoom < base.max_zoom for base in bases) == 1


def test_shared_borders_are_where_two_areas_meet() -> None:
    squares = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(5, 5, 6, 6)]
    frame = gpd.GeoDataFrame(geometry=squares, crs="EPSG:4326")
    assert [sorted(line) for line in find_shared_borders(frame, digits=3)] == [[[1.0, 0.0], [1.0, 1.0]]]


def test_areas_that_do_not_touch_share_nothing() -> None:
    frame = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1), shapely.box(3, 0, 4, 1)], crs="EPSG:4326")
    assert find_shared_borders(frame, digits=3) == []


def test_tiles_are_asked_for_as_kartverket_serves_them_and_named_with_a_link() -> None:
    script = SCRIPT.read_text(encoding="utf-8")
    (template,) = re.findall(r"https://[^'\" ]*\{z\}[^'\" ]*", script)
    assert template.startswith(f"{TILE_HOST}/v1/wmts/1.0.0/")
    assert template.endswith("/default/webmercator/{z}/{y}/{x}.png")  # y stands before x
    assert "opencache" not in script  # the old host is gone
    link = script[script.index("element('a', '\\u00a9 Kartverket')") :][:200]
    assert "link.href = 'https://www.kartverket.no/'" in link
