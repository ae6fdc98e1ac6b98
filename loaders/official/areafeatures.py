"""One administrative area as a file tells it, whatever the format; and what its properties say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pyproj import CRS
from pyproj.exceptions import CRSError

from geodata.addresstext import clean_line

MUNICIPALITY: Final = "municipality_number"
COUNTY: Final = "county_number"
KINDS: Final = {"municipalities": MUNICIPALITY, "counties": COUNTY}
"""What a person asks for -> the column of its numbers."""
_NUMBERS: Final = {
    MUNICIPALITY: ("kommunenummer", "kommunenr", "komm_nr", "municipality_number"),
    COUNTY: ("fylkesnummer", "fylkesnr", "fylkenr", "county_number"),
}
_WIDTHS: Final = {MUNICIPALITY: 4, COUNTY: 2}
_NAMES: Final = {
    MUNICIPALITY: ("kommunenavn", "navn", "komm_navn", "name"),
    COUNTY: ("fylkesnavn", "navn", "name"),
}
_LISTED: Final = ("administrativenhetnavn", "kommunenavn", "fylkesnavn", "navn")
_OFFICIAL: Final = (
    "objtype",
    "administrativenhetnavn",
    "avgrensningstype",
    "datauttaksdato",
    "omrade",
    "område",
)
_CODE: Final = re.compile(r"(\d{4,6})\D*$")


@dataclass(frozen=True)
class AreaFeature:
    """An area before it is made a row.

    Attributes
    ----------
    kind : :data:`MUNICIPALITY` or :data:`COUNTY`. number : digits. name : the Norwegian one.
    names : (name, language as written) in the order given.
    valid_from, valid_to : ISO dates or empty. official : it is told as Kartverket tells it, sea and all.
    geometry : shapely polygon in the file's own grid. crs : as the file names it, or empty.
    """

    kind: str
    number: str
    name: str
    names: tuple[tuple[str, str], ...]
    valid_from: str
    valid_to: str
    official: bool
    geometry: Any
    crs: str


def read_feature(properties: Mapping[str, Any], geometry: Any, *, crs: str) -> AreaFeature | None:
    """Return the area that properties and a geometry tell of, or None where they are of something else."""
    plain = {str(key).rsplit(".", 1)[-1].casefold(): value for key, value in properties.items()}
    for kind, keys in _NUMBERS.items():
        given = next((plain[key] for key in keys if plain.get(key) not in (None, "")), None)
        number = _digits(given, _WIDTHS[kind])
        if not number:
            continue
        names = tuple(pair for key in _LISTED if key in plain for pair in _list_names(plain[key]))
        written = next((text for key in _NAMES[kind] if (text := _text(plain.get(key)))), "")
        norwegian = next((name for name, language in names if language in ("nor", "norsk", "Norwegian")), "")
        return AreaFeature(
            kind,
            number,
            norwegian or written or (names[0][0] if names else ""),
            names or (((written, "nor"),) if written else ()),
            _text(plain.get("gyldigfra"))[:10],
            _text(plain.get("gyldigtil"))[:10],
            any(key in plain for key in _OFFICIAL),
            geometry,
            crs,
        )
    return None


def find_crs(text: str) -> CRS | None:
    """Return the horizontal grid that a name means (``EPSG:25833``, a urn, an address), or None.

    Of a grid with heights the horizontal one is returned.
    """
    if "CRS84" in text.upper():
        return CRS.from_epsg(4326)
    found = _CODE.search(text)
    try:
        crs = CRS.from_epsg(int(found[1])) if found else CRS.from_user_input(text)
    except CRSError:
        return None
    return crs.sub_crs_list[0] if crs.is_compound else crs


def _list_names(value: Any) -> list[tuple[str, str]]:
    """Return (name, language) of a list of names; also of one written as JSON in a text."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return []
    parts: Iterable[Any] = value if isinstance(value, list) else [value]
    found = []
    for position, part in enumerate(parts):
        if not isinstance(part, Mapping):
            continue
        keys = {str(key).casefold(): text for key, text in part.items()}
        name = _text(keys.get("navn"))
        if name:
            order = _text(keys.get("rekkefolge") or keys.get("rekkefølge"))
            rank = int(order) if order.isascii() and order.isdecimal() and len(order) < 6 else position
            found.append((rank, position, name, _text(keys.get("sprak") or keys.get("språk"))))
    return [(name, language) for _rank, _position, name, language in sorted(found)]


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value)
    return "" if text.lstrip()[:1] in ("[", "{") else clean_line(text)


def _digits(value: Any, width: int) -> str:
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text.zfill(width) if text.isascii() and text.isdecimal() and 0 < len(text) <= width else ""
