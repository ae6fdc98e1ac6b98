"""The base map that needs no network: land, borders, main roads and place names from the embedded data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import geopandas as gpd

from dashboard.layerdocument import Feature, Layer, build_layer, polygon_coordinates
from dashboard.symbols import Colour, Style
from dashboard.text import in_language
from loaders.embedded import read_counties, read_municipalities, read_places
from loaders.roads import read_road_network

LAND = Colour("#f6f4ec", "#1f2b2b")
BORDER = Colour("#cfcabb", "#36464a")
COUNTY_BORDER = Colour("#a79f8c", "#54676d")
ROAD = Colour("#d9a441", "#8a6d35")
FERRY = Colour("#5f8fb0", "#4f7f9f")
NAME = Colour("#4a4a42", "#b9c6c4")

FULL_DETAIL_ZOOM = 9
ROADS_ZOOM = 7
NO_LIMIT = 99


@dataclass(frozen=True)
class BaseLayer:
    """A layer of the base map and the zoom levels at which it is drawn."""

    layer: Layer
    min_zoom: int
    max_zoom: int


@cache
def read_base_layers(language: str) -> tuple[BaseLayer, ...]:
    """Return the base map, lowest layer first. Built once a language and published for good."""
    with in_language(language):
        return tuple(_build_base_layers())


def _build_base_layers() -> list[BaseLayer]:
    layers = [
        BaseLayer(_build_land("light"), 0, FULL_DETAIL_ZOOM),
        BaseLayer(_build_land("full"), FULL_DETAIL_ZOOM, NO_LIMIT),
        BaseLayer(_build_counties(), 0, FULL_DETAIL_ZOOM),
        BaseLayer(_build_roads(), ROADS_ZOOM, NO_LIMIT),
        BaseLayer(_build_names(), 5, NO_LIMIT),
    ]
    return layers


def _build_land(detail: Literal["light", "full"]) -> Layer:
    every = read_municipalities(detail=detail)
    shared = every["shared_polygon"]
    municipalities = every[shared.isna() | ~shared.duplicated()]
    return _build_areas(
        municipalities,
        key=f"land{detail}",
        identifier="municipality_number",
        style=Style("area", LAND, BORDER, width=0.8, opacity=1.0),
        digits=3 if detail == "light" else 4,
    )


def _build_counties() -> Layer:
    style = Style("area", LAND, COUNTY_BORDER, width=1.4, opacity=0.0)
    return _build_areas(
        read_counties(detail="light"), key="counties", identifier="county_number", style=style, digits=3
    )


def _build_areas(frame: gpd.GeoDataFrame, *, key: str, identifier: str, style: Style, digits: int) -> Layer:
    features = (
        Feature(str(number), polygon_coordinates(geometry, digits=digits), 0, "")
        for number, geometry in zip(frame[identifier], frame.geometry, strict=True)
        if geometry is not None
    )
    return build_layer(
        features, key=key, title="", kind="polygons", styles=[style], categories=("",), clickable=False
    )


def _build_roads() -> Layer:
    """Return the main-road network: straight links between its places, thin; European roads wider."""
    network = read_road_network()
    at = [
        [round(float(lon), 4), round(float(lat), 4)]
        for lon, lat in zip(network.lon, network.lat, strict=True)
    ]
    features = (
        Feature(
            str(number),
            [at[tail], at[head]],
            2 if ferry else int(not road.startswith("E")),
            "",
        )
        for number, (tail, head, road, ferry) in enumerate(
            zip(network.tail, network.head, network.link_names, network.ferry, strict=True)
        )
    )
    return build_layer(
        features,
        key="roads",
        title="",
        kind="lines",
        styles=[
            Style("line", ROAD, width=1.8, opacity=0.85),
            Style("line", ROAD, width=0.9, opacity=0.7),
            Style("line", FERRY, width=1.3, dash=(3.0, 4.0), opacity=0.9),
        ],
        categories=("", "", ""),
        clickable=False,
    )


def _build_names() -> Layer:
    places = read_places().dropna(subset=["lat", "lon"])
    places = places.sort_values(["population", "name"], ascending=[False, True], na_position="last")
    features = (
        Feature(str(number), [round(float(lon), 4), round(float(lat), 4)], 0, name, size=float(people))
        for number, name, lat, lon, people in zip(
            places["geoname_id"],
            places["name"],
            places["lat"],
            places["lon"],
            places["population"].fillna(0),
            strict=True,
        )
    )
    return build_layer(
        features,
        key="names",
        title="",
        kind="points",
        styles=[Style("circle", NAME, LAND)],
        categories=("",),
        clickable=False,
    )
