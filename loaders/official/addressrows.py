"""Answers of Kartverket's address search -> one tidy table; the same for an answer kept in a file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import pandas as pd
from pyproj import Transformer
from pyproj.exceptions import CRSError

from geodata.addressladder import AddressRow
from geodata.addresstext import clean_line
from geodata.crs import WGS84
from geodata.errors import RefusedFileError
from loaders.official.savedanswers import read_saved_json

ADDRESS_COLUMNS: Final = {
    "street": "string",
    "number": "Int64",
    "letter": "string",
    "text": "string",
    "addition": "string",
    "kind": "string",
    "postcode": "string",
    "place": "string",
    "municipality_number": "string",
    "municipality_given": "string",
    "municipality_name": "string",
    "street_code": "string",
    "property": "string",
    "lon": "Float64",
    "lat": "Float64",
    "verified": "boolean",
    "updated_on": "string",
}
"""Column -> type. ``letter`` <NA> where there is none; ``text`` the address as written; ``addition`` a farm's
or place's own name; ``kind`` ``Vegadresse`` or ``Matrikkeladresse``; ``municipality_number`` today's,
``municipality_given`` as it came; ``property`` ``gårdsnummer/bruksnummer`` (``/festenummer/undernummer``
where they are told); degrees in EPSG:4326, <NA> where no usable point came."""

_BOX: Final = (-10.0, 57.0, 34.0, 81.5)
"""West, south, east, north, degrees: Norway with Svalbard and Jan Mayen."""
_DEGREES: Final = frozenset({"4258", "4326", "4230", "84"})


def read_addresses(
    source: Path | Mapping[str, Any] | Iterable[Any], *, renumber: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Read answers of the address search.

    Parameters
    ----------
    source : a file with an answer, an answer, a list of answers, or a list of its addresses.
    renumber : number of a former municipality -> today's, where it has become one other.

    Returns
    -------
    DataFrame with :data:`ADDRESS_COLUMNS`, a row an address, in the order that they came.

    Raises
    ------
    RefusedFileError
        ``file.not_found``, ``file.too_large``, ``file.truncated``, ``geonorge.not_addresses``.
    """
    name = source.name if isinstance(source, Path) else "adresser"
    value = read_saved_json(source, not_this="geonorge.not_addresses") if isinstance(source, Path) else source
    rows = []
    for address in _find_addresses(value, file=name[:120]):
        rows.append(_read_row(address, renumber or {}))
    return pd.DataFrame(rows, columns=list(ADDRESS_COLUMNS)).astype(ADDRESS_COLUMNS)


def is_address_answer(value: Any) -> bool:
    """Tell whether a decoded answer is one of the address search."""
    if not isinstance(value, dict) or not isinstance(value.get("adresser"), list):
        return False
    metadata = value.get("metadata")
    if not isinstance(metadata, dict):
        return False
    total = metadata.get("totaltAntallTreff")
    return isinstance(total, int) and not isinstance(total, bool) and total >= 0


def list_address_rows(table: pd.DataFrame) -> list[AddressRow]:
    """Return the rows that have a point and a name as the ladder of :mod:`geodata.addressladder` knows
    them."""
    found = []
    usable = table[table["lon"].notna() & table["municipality_number"].notna()].astype(object)
    records: list[dict[Any, Any]] = usable.where(usable.notna(), None).to_dict("records")
    for row in records:
        name = row["street"] or row["addition"]
        place = row["place"] or ""
        if name:
            found.append(
                AddressRow(
                    name,
                    int(row["number"] or 0) if row["street"] else 0,
                    row["letter"] or "",
                    row["postcode"] or "",
                    place.title() if place.isupper() else place,
                    row["municipality_number"],
                    float(row["lon"]),
                    float(row["lat"]),
                )
            )
    return found


def _find_addresses(value: Any, *, file: str) -> list[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if isinstance(value.get("adresser"), list):
            return [one for one in value["adresser"] if isinstance(one, Mapping)]
        if "representasjonspunkt" in value or "adressenavn" in value:
            return [value]
        raise RefusedFileError("geonorge.not_addresses", file=file)
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [one for part in value for one in _find_addresses(part, file=file)]
    raise RefusedFileError("geonorge.not_addresses", file=file)


def _read_row(address: Mapping[str, Any], renumber: Mapping[str, str]) -> list[Any]:
    given = _digits(address.get("kommunenummer"), 4)
    lon, lat = _read_point(address.get("representasjonspunkt"))
    number = _whole(address.get("nummer"))
    return [
        _text(address.get("adressenavn")),
        number if number is not None and number > 0 else None,
        (_text(address.get("bokstav")) or "").upper()[:2] or None,
        _text(address.get("adressetekst")),
        _text(address.get("adressetilleggsnavn")),
        _text(address.get("objtype")),
        _digits(address.get("postnummer"), 4),
        _text(address.get("poststed")),
        renumber.get(given, given) if given else None,
        given,
        _text(address.get("kommunenavn")),
        _text(address.get("adressekode")),
        _read_property(address),
        lon,
        lat,
        _flag(address.get("stedfestingverifisert")),
        (_text(address.get("oppdateringsdato")) or "")[:10] or None,
    ]


def _read_property(address: Mapping[str, Any]) -> str | None:
    parts = [_whole(address.get(key)) for key in ("gardsnummer", "bruksnummer", "festenummer", "undernummer")]
    if parts[0] is None or parts[1] is None:
        return None
    while len(parts) > 2 and not parts[-1]:
        parts.pop()
    return "/".join(str(part or 0) for part in parts)


def _read_point(point: Any) -> tuple[float | None, float | None]:
    if not isinstance(point, Mapping):
        return None, None
    x = _number(next((point[key] for key in ("lon", "øst", "ost", "aust") if key in point), None))
    y = _number(next((point[key] for key in ("lat", "nord") if key in point), None))
    if x is None or y is None:
        return None, None
    epsg = (_text(point.get("epsg")) or "EPSG:4258").rpartition(":")[2]
    if epsg not in _DEGREES:
        transformer = _make_transformer(epsg)
        if transformer is None:
            return None, None
        x, y = (float(one) for one in transformer.transform(x, y))
    west, south, east, north = _BOX
    return (x, y) if west <= x <= east and south <= y <= north else (None, None)


@cache
def _make_transformer(epsg: str) -> Transformer | None:
    if not (epsg.isascii() and epsg.isdecimal() and len(epsg) <= 6):
        return None
    try:
        return Transformer.from_crs(f"EPSG:{epsg}", WGS84, always_xy=True)
    except CRSError:
        return None


def _text(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return clean_line(value) or None


def _digits(value: Any, width: int) -> str | None:
    text = _text(value) or ""
    return text.zfill(width) if text.isascii() and text.isdecimal() and len(text) <= width else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    if number is None or not number.is_integer() or abs(number) > 1e9:
        return None
    return int(number)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None
