"""The base map that needs no network: land, borders, main roads and place names from the embedded data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import geopandas as gpd
import numpy as np
import shapely

from dashboard.layerdocument import Feature, Layer, build_layer, polygon_coordinates, publish
from dashboard.symbols import Colour, Style
from loaders.embedded import read_counties, read_municipalities, read_places
from loaders.roads import read_road_network

LAND = Colour("#f6f4ec", "#1f2b2b")
BORDER = Colour("#cfcabb", "#36464a")
COUNTY_BORDER = Colour("#a79f8c", "#54676d")
ROAD = Colour("#e0b872", "#7d6536")
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
def read_base_layers() -> tuple[BaseLayer, ...]:
    """Return the base map, lowest layer first. Built once; it has no words but the names of places."""
    return (
        BaseLayer(_build_land("light"), 0, FULL_DETAIL_ZOOM),
        BaseLayer(_build_land("full"), FULL_DETAIL_ZOOM, NO_LIMIT),
        BaseLayer(_build_counties(), 0, FULL_DETAIL_ZOOM),
        BaseLayer(_build_roads(), ROADS_ZOOM, NO_LIMIT),
        BaseLayer(_build_names(), 5, NO_LIMIT),
    )


def publish_base() -> list[tuple[str, int, int]]:
    """Publish the base map; return address, lowest and highest zoom of each of its layers."""
    return [(publish(base.layer, public=True), base.min_zoom, base.max_zoom) for base in read_base_layers()]


@cache
def read_crossings() -> frozenset[frozenset[tuple[float, float]]]:
    """Return the two ends (longitude, latitude, four decimals) of every car ferry of the road network."""
    network = read_road_network()
    at = [(round(float(x), 4), round(float(y), 4)) for x, y in zip(network.lon, network.lat, strict=True)]
    ends = zip(network.tail, network.head, network.ferry, strict=True)
    return frozenset(frozenset((at[tail], at[head])) for tail, head, ferry in ends if ferry)


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
    """Return the borders between counties as lines; the coast is drawn by the municipalities."""
    lines = find_shared_borders(read_counties(detail="light"), digits=3)
    features = (Feature(str(number), line, 0, "") for number, line in enumerate(lines))
    style = Style("line", COUNTY_BORDER, width=1.6, opacity=0.9)
    return build_layer(
        features, key="counties", title="", kind="lines", styles=[style], categories=("",), clickable=False
    )


def find_shared_borders(frame: gpd.GeoDataFrame, *, digits: int) -> list[list[list[float]]]:
    """Return the lines where two areas of a coverage meet: coordinates rounded to `digits`, degrees.

    A stretch of a ring is shared when it stands in the rings of two areas.
    """
    stretches = []
    for geometry in frame.geometry:
        rings = shapely.get_rings(shapely.get_parts(geometry))
        coordinates, ring = shapely.get_coordinates(rings, return_index=True)
        coordinates = np.round(coordinates, digits)
        same = (ring[1:] == ring[:-1]) & (coordinates[1:] != coordinates[:-1]).any(axis=1)
        pairs = np.stack([coordinates[:-1][same], coordinates[1:][same]], axis=1)
        backwards = (pairs[:, 0] > pairs[:, 1])[:, 0] | (
            (pairs[:, 0, 0] == pairs[:, 1, 0]) & (pairs[:, 0, 1] > pairs[:, 1, 1])
        )
        pairs[backwards] = pairs[backwards][:, ::-1]
        stretches.append(np.unique(pairs.reshape(-1, 4), axis=0))
    every, count = np.unique(np.concatenate(stretches), axis=0, return_counts=True)
    shared = every[count > 1].reshape(-1, 2, 2)
    merged = shapely.line_merge(shapely.multilinestrings(shapely.linestrings(shared)))
    return [np.round(shapely.get_coordinates(line), digits).tolist() for line in shapely.get_parts(merged)]


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
