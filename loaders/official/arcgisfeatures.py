"""Features as ArcGIS writes them (Esri JSON or GeoJSON) -> records with plain values, points in EPSG:4326."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pyproj import Transformer
from pyproj.exceptions import ProjError

from geodata.crs import WGS84

_WEB_MERCATOR = frozenset({102100, 102113, 900913, 3785, 3857})
_LARGEST_DEPTH = 4


@dataclass(frozen=True)
class Record:
    """One feature: its values with coded ones decoded, and its point in degrees (NaN where it has none)."""

    values: Mapping[str, Any]
    lon: float = math.nan
    lat: float = math.nan


def is_feature_page(value: Any) -> bool:
    """Tell whether `value` is an answer with features."""
    return isinstance(value, dict) and isinstance(value.get("features"), list)


def read_records(page: Mapping[str, Any], *, described: Mapping[str, Any] | None = None) -> list[Record]:
    """Return the features of one answer; what is no feature is a record without values.

    Parameters
    ----------
    described : the layer's description, for aliases and coded values that the answer does not carry.
    """
    domains: dict[str, dict[str, Any]] = {}
    aliases: dict[str, str] = {}
    for source in (described or {}, page):
        for entry in source.get("fields") or []:
            if isinstance(entry, dict) and isinstance(entry.get("name"), str):
                _learn_field(entry, domains, aliases)
    epsg = _find_epsg(page)
    return [_read_record(feature, domains, aliases, epsg) for feature in page["features"]]


def _learn_field(
    entry: Mapping[str, Any], domains: dict[str, dict[str, Any]], aliases: dict[str, str]
) -> None:
    name = str(entry["name"])
    if isinstance(entry.get("alias"), str):
        aliases[name] = entry["alias"]
    domain = entry.get("domain")
    coded = domain.get("codedValues") if isinstance(domain, dict) else None
    if isinstance(coded, list):
        domains[name] = {
            str(one["code"]): one["name"]
            for one in coded
            if isinstance(one, dict) and {"code", "name"} <= set(one)
        }


def _find_epsg(page: Mapping[str, Any]) -> int:
    reference = page.get("spatialReference")
    if isinstance(reference, dict):
        for key in ("latestWkid", "wkid"):
            if isinstance(reference.get(key), int):
                return _settle_epsg(reference[key])
    crs = page.get("crs")
    name = crs.get("properties", {}).get("name") if isinstance(crs, dict) else None
    digits = str(name).replace("::", ":").rsplit(":", 1)[-1] if name else ""
    return _settle_epsg(int(digits)) if digits.isascii() and digits.isdigit() else 4326


def _settle_epsg(number: int) -> int:
    return 3857 if number in _WEB_MERCATOR else number


def _read_record(
    feature: Any, domains: Mapping[str, Mapping[str, Any]], aliases: Mapping[str, str], epsg: int
) -> Record:
    if not isinstance(feature, dict):
        return Record({})
    given = feature.get("attributes")
    given = given if isinstance(given, dict) else feature.get("properties")
    values: dict[str, Any] = {}
    for name, value in (given if isinstance(given, dict) else {}).items():
        plain = domains.get(name, {}).get(str(value), value) if value is not None else None
        values[str(name)] = plain
        if name in aliases:
            values.setdefault(aliases[name], plain)
    x, y = _find_point(feature.get("geometry"), epsg)
    return Record(values, x, y)


def _find_point(geometry: Any, epsg: int) -> tuple[float, float]:
    nothing = (math.nan, math.nan)
    if not isinstance(geometry, dict):
        return nothing
    own = geometry.get("spatialReference")
    if isinstance(own, dict):
        epsg = _find_epsg({"spatialReference": own})
    pair: Any = (geometry.get("x"), geometry.get("y"))
    if pair == (None, None):
        pair = geometry.get("coordinates") or geometry.get("points")
        for _ in range(_LARGEST_DEPTH):
            if isinstance(pair, list) and pair and isinstance(pair[0], list):
                pair = pair[0]
    if not isinstance(pair, tuple | list) or len(pair) < 2:
        return nothing
    numbers = [float(one) for one in pair[:2] if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) < 2 or not all(map(math.isfinite, numbers)) or numbers == [0.0, 0.0]:
        return nothing
    return _to_degrees(numbers[0], numbers[1], epsg)


def _to_degrees(x: float, y: float, epsg: int) -> tuple[float, float]:
    nothing = (math.nan, math.nan)
    if epsg not in (4326, 4258):
        transformer = _transformer(epsg)
        if transformer is None:
            return nothing
        x, y = transformer.transform(x, y)
    on_globe = math.isfinite(x) and math.isfinite(y) and abs(x) <= 180 and abs(y) <= 90
    return (float(x), float(y)) if on_globe else nothing


@lru_cache(maxsize=16)
def _transformer(epsg: int) -> Transformer | None:
    try:
        return Transformer.from_crs(f"EPSG:{epsg}", WGS84, always_xy=True)
    except ProjError:
        return None


def unknown_systems(pages: Iterable[Mapping[str, Any]]) -> set[int]:
    """Return the numbers of coordinate systems that nobody knows: their points cannot be placed."""
    numbers = {_find_epsg(page) for page in pages}
    return {number for number in numbers if number not in (4326, 4258) and _transformer(number) is None}
