"""The browser's files come from this host; an address nobody knows is an error."""

from __future__ import annotations

import folium
import folium.plugins
import pytest

from dashboard.assets import FROM_COMPONENT, UnknownAssetError, asset_url, localise_links, read_assets
from dashboard.mapview import LocalMap


def test_leaflet_is_version_1_9_3_from_an_installed_package() -> None:
    assert b"Leaflet 1.9.3" in read_assets()["leaflet.js"].content[:200]


@pytest.mark.parametrize("kind", ["default_js", "default_css"])
def test_folium_defaults_become_local_and_only_leaflet_is_left(kind: str) -> None:
    links = localise_links(getattr(folium.Map, kind))
    assert [address.rsplit("/", 1)[1] for _, address in links] == [f"leaflet.{kind.removeprefix('default_')}"]
    assert all(address.startswith(f"{FROM_COMPONENT}/assets/") for _, address in links)


@pytest.mark.parametrize(
    "address",
    [
        "https://cdn.example.org/heat.js",
        "//cdn.example.org/heat.js",
        "http://localhost:9/x.css",
        "/kart/x.js",
        *(address for _, address in folium.plugins.HeatMap.default_js),
        *(address for _, address in folium.plugins.MarkerCluster.default_css),
    ],
)
def test_an_unknown_address_fails_loudly(address: str) -> None:
    with pytest.raises(UnknownAssetError) as caught:
        localise_links([("something", address)])
    assert caught.value.code == "asset.unknown"
    assert caught.value.values["name"] == address


def test_the_map_names_no_other_host() -> None:
    for _, address in (*LocalMap.default_js, *LocalMap.default_css):
        assert address.startswith(f"{FROM_COMPONENT}/assets/"), address


def test_an_address_changes_with_the_content() -> None:
    asset = read_assets()["symbiosekart.js"]
    assert asset.digest in asset_url("symbiosekart.js")
    assert len({asset.digest for name, asset in read_assets().items() if name.endswith(".js")}) == 2


def test_a_file_that_is_not_listed_has_no_address() -> None:
    with pytest.raises(UnknownAssetError):
        asset_url("../../pyproject.toml")


def test_images_lie_beside_the_style_sheet_that_names_them() -> None:
    assets = read_assets()
    assert assets["images/layers.png"].digest == assets["leaflet.css"].digest
    assert b"images/layers.png" in assets["leaflet.css"].content
