"""Areas out of GML 3.2.1 as Geonorge writes it, one feature at a time.

GDAL's own reader needs a writable folder beside the file and knows names of more than one language badly; the
few elements that are needed are read here, with a parser that resolves no entities.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import IO, Any, Final
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
import shapely
from defusedxml.common import DefusedXmlException
from shapely.errors import GEOSException

from geodata.errors import RefusedFileError
from loaders.official.areafeatures import AreaFeature, read_feature

_AREAS: Final = frozenset({"kommune", "fylke"})
_MEMBERS: Final = frozenset({"member", "featuremember", "featuremembers"})
_LINK: Final = "{http://www.w3.org/1999/xlink}href"
Ring = list[tuple[float, float]]


def read_gml_areas(stream: IO[bytes], *, file: str) -> list[AreaFeature]:
    """Return the areas of a GML file; borders and other features are left out.

    Coordinates stay in the order of the file: which of two is north is settled by who knows where Norway
    is.

    Raises RefusedFileError: ``file.truncated``, ``file.damaged``, ``geonorge.topology``.
    """
    areas: list[AreaFeature] = []
    everywhere = ""
    depth = 0  # of areas that are being read: what they hold is not cleared before they are whole
    try:
        events = defusedxml.ElementTree.iterparse(stream, events=("start", "end"), forbid_dtd=True)
        for event, element in events:
            tag = _tag(element)
            if event == "start":
                depth += tag in _AREAS
                continue
            if tag == "envelope" and not everywhere:
                everywhere = element.get("srsName", "")
            if tag in _AREAS:
                depth -= 1
                if depth == 0:
                    areas += _read_area(element, everywhere, file)
                    element.clear()
            elif depth == 0 and (tag in _MEMBERS or tag == "grense"):
                element.clear()
    except ParseError as error:
        cut = "no element" in str(error) or "unclosed" in str(error)
        raise RefusedFileError("file.truncated" if cut else "file.damaged", file=file) from error
    except (DefusedXmlException, RecursionError) as error:
        raise RefusedFileError("file.damaged", file=file) from error
    return areas


def _read_area(element: Element, everywhere: str, file: str) -> list[AreaFeature]:
    # Kartverket's own schema says whose areas they are; another program's copy does not.
    properties: dict[str, Any] = (
        {"objtype": _tag(element)} if "skjema.geonorge.no" in str(element.tag) else {}
    )
    listed: list[dict[str, str]] = []
    for child in element.iter():
        names = {_tag(part): part.text.strip() for part in child if part.text and part.text.strip()}
        if "navn" in names and child is not element:
            listed.append(names)
    for child in element:
        if child.text and child.text.strip():
            properties.setdefault(_tag(child), child.text.strip())
    if listed:
        properties["administrativenhetnavn"] = listed
    named = next((part.get("srsName", "") for part in element.iter() if part.get("srsName")), everywhere)
    area = read_feature(properties, None, crs=named)
    polygons = list(_read_polygons(element, file)) if area is not None else []
    if area is None or not polygons:
        return []
    shape = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    return [AreaFeature(**{**vars(area), "geometry": shape})]


def _read_polygons(element: Element, file: str) -> Iterator[Any]:
    for part in element.iter():
        if _tag(part) not in ("polygon", "polygonpatch"):
            continue
        shells = [_read_ring(ring, file) for ring in part if _tag(ring) == "exterior"]
        holes = [_read_ring(ring, file) for ring in part if _tag(ring) == "interior"]
        if not shells:
            continue
        try:
            yield shapely.Polygon(shells[0], holes)
        except (ValueError, GEOSException) as error:
            raise RefusedFileError("file.damaged", file=file) from error


def _read_ring(ring: Element, file: str) -> Ring:
    """Return the points of a ring, put together from its curves where it has several."""
    joined: Ring = []
    for line in _read_lines(ring, file):
        if joined and line and line[0] != joined[-1] and line[-1] == joined[-1]:
            line = line[::-1]
        joined += line[1:] if joined and line and line[0] == joined[-1] else line
    if not joined:
        linked = any(part.get(_LINK) for part in ring.iter())
        raise RefusedFileError("geonorge.topology" if linked else "file.damaged", file=file)
    return joined


def _read_lines(ring: Element, file: str) -> Iterator[Ring]:
    single: Ring = []
    for part in ring.iter():
        if _tag(part) not in ("poslist", "pos"):
            continue
        numbers = _read_numbers(part.text or "", file)
        given = part.get("srsDimension", "")
        wide = 3 if given == "3" or (len(numbers) % 2 and len(numbers) % 3 == 0) else 2
        line = [(numbers[k], numbers[k + 1]) for k in range(0, len(numbers) - wide + 1, wide)]
        if _tag(part) == "pos":
            single += line
        else:
            yield line
    if single:
        yield single


def _read_numbers(text: str, file: str) -> list[float]:
    try:
        numbers = [float(number) for number in text.split()]
    except ValueError as error:
        raise RefusedFileError("file.damaged", file=file) from error
    if not all(map(math.isfinite, numbers)):
        raise RefusedFileError("file.damaged", file=file)
    return numbers


def _tag(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1].casefold()
