"""Areas out of GeoJSON as Geonorge writes it, feature by feature: the file is large, one feature is not.

Geonorge puts several collections in one object, ``{"Kommune": {...}, "Grense": {...}}``; a plain
FeatureCollection, one Feature and kommuneinfo's ``omrade`` are read too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import shapely
from shapely.errors import GEOSException
from shapely.geometry import shape

from geodata.errors import RefusedFileError
from loaders.official.areafeatures import AreaFeature, read_feature

WGS84_NAME: Final = "EPSG:4326"
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_PLAIN: Final = frozenset({"crs", "geometry", "properties", "omrade", "metadata"})
"""Members of the outermost object that are no collections."""


def read_geojson_areas(text: str, *, file: str) -> list[AreaFeature]:
    """Return the areas of a GeoJSON text; features of other kinds (borders) are left out.

    Raises RefusedFileError: ``file.truncated``, ``file.damaged``.
    """
    walker = _Walker(text, file)
    try:
        walker.walk_object(walker.skip(0), depth=0)
    except IndexError as error:
        raise RefusedFileError("file.truncated", file=file) from error
    except (ValueError, RecursionError) as error:
        whole = text.rstrip()[-1:] == "}"
        raise RefusedFileError("file.damaged" if whole else "file.truncated", file=file) from error
    return walker.areas


class _Walker:
    """Goes through the text once, member by member; only the features of areas are held on to."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.areas: list[AreaFeature] = []
        self._decode = json.JSONDecoder(parse_constant=_refuse).raw_decode

    def skip(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def walk_object(self, at: int, *, depth: int) -> int:
        """Read the object that begins at `at`; return where it ends."""
        self._expect(at, "{")
        members: dict[str, Any] = {}
        found: list[AreaFeature] = []
        at = self.skip(at + 1)
        while self.text[at] != "}":
            key, at = self._decode(self.text, at)
            at = self.skip(at)
            self._expect(at, ":")
            at = self.skip(at + 1)
            if key == "features" and self.text[at] == "[":
                at = self._walk_features(at, found)
            elif depth == 0 and self.text[at] == "{" and key not in _PLAIN:
                at = self.walk_object(at, depth=1)
            else:
                members[str(key)], at = self._decode(self.text, at)
            at = self._pass_comma(self.skip(at), "}")
        if members.get("type") == "Feature":
            found += self._read(members)
        elif isinstance(members.get("omrade"), dict):
            found += self._read({"properties": members, "geometry": members["omrade"]})
        crs = _name_crs(members.get("crs"))
        self.areas += [area if area.crs else replace(area, crs=crs) for area in found]
        return at + 1

    def _walk_features(self, at: int, found: list[AreaFeature]) -> int:
        at = self.skip(at + 1)
        while self.text[at] != "]":
            feature, at = self._decode(self.text, at)
            if isinstance(feature, dict):
                found += self._read(feature)
            at = self._pass_comma(self.skip(at), "]")
        return at + 1

    def _read(self, feature: Mapping[str, Any]) -> list[AreaFeature]:
        """Return the area of a feature, its grid empty where only the collection tells it; none of a
        border."""
        properties, geometry = feature.get("properties"), feature.get("geometry")
        if not isinstance(properties, dict) or not isinstance(geometry, dict):
            return []
        if geometry.get("type") not in ("Polygon", "MultiPolygon"):
            return []
        area = read_feature(properties, None, crs=_name_crs(geometry["crs"]) if "crs" in geometry else "")
        if area is None:
            return []
        try:
            drawn = shapely.force_2d(shape(geometry))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, GEOSException) as error:
            raise RefusedFileError("file.damaged", file=self.file) from error
        return [replace(area, geometry=drawn)]

    def _pass_comma(self, at: int, end: str) -> int:
        if self.text[at] == ",":
            return self.skip(at + 1)
        self._expect(at, end)
        return at

    def _expect(self, at: int, mark: str) -> None:
        if self.text[at] != mark:
            raise ValueError


def _refuse(name: str) -> None:
    raise ValueError(name)


def _name_crs(crs: Any) -> str:
    """Return the name in the old member ``crs``; without one it is EPSG:4326 (RFC 7946)."""
    if crs is None:
        return WGS84_NAME
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    return name if isinstance(name, str) else ""
