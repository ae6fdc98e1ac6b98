"""What a map layer is: GeoJSON, styles, legend, and labels as plain JSON text; and how it is published.

No text from a table ever enters a folium object (what folium is given is compiled as a template on the server
and as script in the browser). It travels as JSON from this host and is shown with ``textContent``; the folium
element holds addresses and hexadecimal keys only, see :mod:`dashboard.mapview`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dashboard import server
from dashboard.symbols import LegendEntry, Style, Theme, render_legend

Kind = Literal["points", "lines", "polygons"]
KEY = r"[0-9a-f]{16}"
MAX_TEXT = 200
"""Longest label shown on the map, characters; the table has the whole text."""


@lru_cache(maxsize=65_536)
def feature_key(identifier: str) -> str:
    """Return the key (16 hexadecimal digits) that stands for an identifier wherever folium can see it."""
    return hashlib.sha256(identifier.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Layer:
    """One layer of the map, ready to be published; equal content has an equal digest.

    Attributes
    ----------
    key : short name, lower-case letters (``facilities``).
    title : what the layer is called in the map's list of layers.
    kind : what its features are.
    content : GeoJSON as UTF-8 with the styles and label headings in a foreign member.
    digest : SHA-256 of `content`.
    ids : feature key -> identifier in the table.
    legend : what its symbols mean, as (heading, entries).
    count : number of features.
    bounds : south, west, north, east in degrees, or None when there is nothing.
    """

    key: str
    title: str
    kind: Kind
    content: bytes
    digest: str
    ids: Mapping[str, str]
    legend: tuple[tuple[str, tuple[LegendEntry, ...]], ...] = ()
    count: int = 0
    bounds: tuple[float, float, float, float] | None = None

    @cached_property
    def keys(self) -> dict[str, str]:
        """Identifier -> feature key: the other way round."""
        return {identifier: key for key, identifier in self.ids.items()}

    def __hash__(self) -> int:
        return hash((self.key, self.digest))


@dataclass(frozen=True)
class Feature:
    """One thing on the map: coordinates as GeoJSON has them, its category, and its texts.

    `size` is the width of an arrow in pixels, `bend` tells arrows between the same two points apart, and
    `ringed` marks the end of an arrow that goes on from there.
    """

    identifier: str
    coordinates: Any
    category: int
    title: str
    details: tuple[str, ...] = ()
    size: float | None = None
    bend: int = 0
    ringed: bool = False


def plain(value: Any) -> str:
    """Return `value` as a short text with no control characters; unknown is empty."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    text = str(value)
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    text = text.strip()
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def build_layer(
    features: Iterable[Feature],
    *,
    key: str,
    title: str,
    kind: Kind,
    styles: Sequence[Style],
    categories: Sequence[str] = (),
    headings: Sequence[str] = (),
    legend: tuple[tuple[str, tuple[LegendEntry, ...]], ...] = (),
    clickable: bool = True,
    labelled: bool = False,
    arrows: bool = False,
    casing: bool = False,
    hint: str = "",
) -> Layer:
    """Put features together as one layer.

    Parameters
    ----------
    features : what to draw, in EPSG:4326, longitude first.
    styles : one a category; `categories` says in words what each is (shown with the feature).
    headings : one a detail of every feature.
    clickable : whether a click selects it (polygons under the rest often should not).
    labelled : write the titles on the map (areas).
    arrows : lines of two points are drawn as curved arrows that can be clicked.
    casing : lines get a pale edge, so that they stand out from what is under them.
    hint : text shown for a point that stands for several.
    """
    geometry = {"points": "Point", "lines": "LineString", "polygons": "MultiPolygon"}[kind]
    ids: dict[str, str] = {}
    words: dict[str, int] = {}  # details repeat from feature to feature: each stands once, by number
    number_of: dict[str, int] = {}

    def number(detail: str) -> int:
        found = number_of.get(detail)
        if found is None:
            found = number_of[detail] = words.setdefault(plain(detail), len(words))
        return found

    out: list[dict[str, Any]] = []
    for feature in features:
        short = feature_key(feature.identifier)
        ids[short] = feature.identifier
        properties: dict[str, Any] = {
            "key": short,
            "category": feature.category,
            "title": plain(feature.title),
            "details": [number(detail) for detail in feature.details],
        }
        if feature.size is not None:
            properties["size"] = round(feature.size, 2)
        if feature.bend:
            properties["bend"] = feature.bend
        if feature.ringed:
            properties["ringed"] = 1
        out.append(
            {
                "type": "Feature",
                "properties": properties,
                "geometry": {"type": geometry, "coordinates": feature.coordinates},
            }
        )
    return assemble_layer(
        _encode(out)[1:-1],
        count=len(out),
        ids=ids,
        points=_list_points([feature["geometry"]["coordinates"] for feature in out], kind=kind),
        words=list(words),
        key=key,
        title=title,
        kind=kind,
        styles=styles,
        categories=categories,
        headings=headings,
        legend=legend,
        clickable=clickable,
        labelled=labelled,
        arrows=arrows,
        casing=casing,
        hint=hint,
    )


def assemble_layer(
    features: str,
    *,
    count: int,
    ids: Mapping[str, str],
    points: np.ndarray,
    words: Sequence[str],
    key: str,
    title: str,
    kind: Kind,
    styles: Sequence[Style],
    categories: Sequence[str] = (),
    headings: Sequence[str] = (),
    legend: tuple[tuple[str, tuple[LegendEntry, ...]], ...] = (),
    clickable: bool = True,
    labelled: bool = False,
    arrows: bool = False,
    casing: bool = False,
    hint: str = "",
) -> Layer:
    """Put features that are written already together as one layer; the rest as :func:`build_layer`.

    Parameters
    ----------
    features : the features as JSON, with commas between them.
    count : number of features.
    ids : feature key -> identifier of each.
    points : all points of the features, longitude first.
    words : the texts (as :func:`plain` leaves them) that the features' details refer to by number.
    """
    bounds = _bounds(points)
    rest = {
        "key": key,
        "title": plain(title),
        "kind": kind,
        "styles": [style.to_json() for style in styles],
        "categories": [plain(category) for category in categories],
        "headings": [plain(heading) for heading in headings],
        "words": words,
        "clickable": clickable,
        "labelled": labelled,
        "arrows": arrows,
        "casing": casing,
        "hint": plain(hint),
        "bounds": bounds,
    }
    document = f'{{"type":"FeatureCollection","features":[{features}],"symbiosekart":{_encode(rest)}}}'
    content = document.encode()
    digest = hashlib.sha256(content).hexdigest()
    return Layer(key, title, kind, content, digest, ids, legend, count, bounds)


def encode_text(text: str) -> str:
    """Return a text of the data as a JSON string, short and with no control characters."""
    return _encode(plain(text))


def _encode(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _list_points(coordinates: list[Any], *, kind: Kind) -> np.ndarray:
    """Return the points of coordinates as GeoJSON has them; of polygons those of the outer rings."""
    if kind == "points":
        points = coordinates
    elif kind == "lines":
        points = [point for line in coordinates for point in line]
    else:
        rings = [ring for polygon in coordinates for part in polygon for ring in part[:1]]
        points = [point for ring in rings for point in ring]
    return np.asarray(points, dtype=float)


def _bounds(points: np.ndarray) -> tuple[float, float, float, float] | None:
    if not len(points):
        return None
    west, south = points[:, :2].min(axis=0)
    east, north = points[:, :2].max(axis=0)
    return (round(float(south), 5), round(float(west), 5), round(float(north), 5), round(float(east), 5))


def publish(layer: Layer, *, public: bool = False) -> str:
    """Keep `layer` where the browser can fetch it and return the address (see :mod:`dashboard.server`)."""
    return server.STORE.publish(layer.content, digest=layer.digest, public=public)


def combine_legends(layers: Sequence[Layer], *, theme: Theme = "light") -> str:
    """Return the legends of `layers` as an HTML fragment for the page beside the map, all text escaped."""
    return render_legend([group for layer in layers for group in layer.legend], theme=theme)


def polygon_coordinates(geometry: Any, *, digits: int = 5) -> list[Any]:
    """Return the MultiPolygon coordinates of a polygon or multipolygon, rounded; other shapes give none."""
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    rounded = [
        [_round_ring(shapely.get_coordinates(ring), digits) for ring in (part.exterior, *part.interiors)]
        for part in parts
        if not part.is_empty
    ]
    return [[ring for ring in part if len(ring) > 3] for part in rounded if len(part[0]) > 3]


def _round_ring(points: np.ndarray, digits: int) -> list[list[float]]:
    points = np.round(points, digits)
    kept = np.ones(len(points), dtype=bool)
    kept[1:] = (points[1:] != points[:-1]).any(axis=1)
    return cast(list[list[float]], points[kept].tolist())


def point_coordinates(frame: gpd.GeoDataFrame) -> tuple[np.ndarray, list[list[float]]]:
    """Return which rows have a point, and the coordinates of those, rounded to a metre or so."""
    placed = (~frame.geometry.isna() & ~frame.geometry.is_empty).to_numpy(dtype=bool)
    geometry = frame.geometry[placed]
    return placed, np.round(np.column_stack([geometry.x, geometry.y]), 5).tolist()
