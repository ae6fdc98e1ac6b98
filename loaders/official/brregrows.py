"""One unit of the business register as plain texts, however it came: a CSV row, a bulk object, an answer.

The bulk CSV has dotted headers in varying casing, JSON has nested objects; both become the same texts, by the
names of :data:`RAW_COLUMNS`. What the texts mean is decided once, in :mod:`loaders.official.brregcolumns`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

HAS_REGISTERED: Final = "has_registered"
"""Whether the register has a number of employees; becomes the column `employees_status`."""

_ADDRESSES: Final = ("beliggenhetsadresse", "forretningsadresse")
"""Where a unit is, and where a firm is. The postal address is no place of work and is never read as one."""
_PLAIN: Final[Mapping[str, tuple[str, ...]]] = {
    "organisation_number": ("organisasjonsnummer", "orgnr"),
    "parent_number": ("overordnetenhet", "overordnetenhet.organisasjonsnummer"),
    "name": ("navn",),
    "form": ("organisasjonsform.kode", "organisasjonsform", "orgform.kode"),
    "industry_code": ("naeringskode1.kode", "naeringskode1"),
    "industry_code_2": ("naeringskode2.kode", "naeringskode2"),
    "industry_code_3": ("naeringskode3.kode", "naeringskode3"),
    "employees": ("antallansatte",),
    HAS_REGISTERED: ("harregistrertantallansatte",),
    "started_on": ("oppstartsdato",),
    "closed_on": ("nedleggelsesdato",),
    "deleted_on": ("slettedato",),
    "homepage": ("hjemmeside",),
}
_IN_ADDRESS: Final[Mapping[str, str]] = {
    "address": "adresse",
    "postcode": "postnummer",
    "place": "poststed",
    "municipality_number": "kommunenummer",
    "municipality_name": "kommune",
    "country_code": "landkode",
}
RAW_COLUMNS: Final = (*_PLAIN, *_IN_ADDRESS)
NEEDED: Final = ("organisation_number", "name")
"""Columns without which a table is no register of units."""

_ODD_SPACES = re.compile(
    r"[\x00-\x20\x7f-\xa0\u00ad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]+"
)
# a slash before an "n" that begins a word of its own ("12/nedre") joins no lines
_LINE_BREAK = re.compile(r"[ ,]*(?:/n(?!edre|ord|ordre|r\b|r\.)|\\n|[\r\n\x0b\x0c\x85\u2028\u2029]+)[ ,]*")


def tidy_text(text: str) -> str:
    """Return `text` on one line: no-break and other odd spaces are spaces, controls go, no space twice."""
    return _ODD_SPACES.sub(" ", text).strip()


def tidy_address(text: str) -> str:
    """Return an address on one line; its lines, apart by a literal ``/n`` or real breaks, get commas."""
    return tidy_text(_LINE_BREAK.sub(", ", text)).strip(", ")


def match_headers(headers: Sequence[str]) -> dict[str, int]:
    """Return the position of each of :data:`RAW_COLUMNS` that the headers name, in any order and casing."""
    positions: dict[str, int] = {}
    for position, header in enumerate(headers):
        positions.setdefault(fold_header(header), position)
    found = {}
    for column, names in _PLAIN.items():
        for name in names:
            if name in positions:
                found[column] = positions[name]
                break
    for kind in _ADDRESSES:
        within = {
            column: positions[f"{kind}.{part}"]
            for column, part in _IN_ADDRESS.items()
            if f"{kind}.{part}" in positions
        }
        if within:
            return found | within
    return found


def fold_header(header: str) -> str:
    """Return a header in small letters, its parts joined by a point, without odd characters at the ends."""
    folded = tidy_text(header).strip("\"' ").casefold()
    folded = folded.replace("æ", "ae").replace("ø", "o").replace("å", "a")
    return re.sub(r"\s*[./:_]\s*", ".", folded)


def flatten_unit(record: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the texts of one unit by :data:`RAW_COLUMNS`; None where the record says nothing.

    Parameters
    ----------
    record : a nested object of the bulk JSON or of an answer of the search, or a CSV row by header (dotted).
        Keys in any casing; missing keys and nulls are the same; unknown keys are passed over.
    """
    folded = {
        (key.casefold() if key.isascii() and key.isalnum() else fold_header(key)): value
        for key, value in record.items()
    }
    flat: dict[str, str | None] = {}
    for column, names in _PLAIN.items():
        flat[column] = next((text for text in (_find(folded, name) for name in names) if text), None)
    for kind in _ADDRESSES:
        within = {column: _find(folded, f"{kind}.{part}") for column, part in _IN_ADDRESS.items()}
        if any(within.values()) or kind == _ADDRESSES[-1]:
            return flat | within
    return flat


def flatten_units(records: Iterable[Mapping[str, Any]]) -> dict[str, list[str | None]]:
    """Return columns of texts by :data:`RAW_COLUMNS` of many records."""
    rows = [flatten_unit(record) for record in records]
    return {column: [row[column] for row in rows] for column in RAW_COLUMNS}


def _find(folded: Mapping[str, Any], name: str) -> str | None:
    value = folded.get(name)
    if value is None and "." in name:
        head, _, tail = name.partition(".")
        inner = folded.get(head)
        if isinstance(inner, Mapping):
            value = inner.get(tail)
            if value is None:
                value = next((v for k, v in inner.items() if str(k).casefold() == tail), None)
    return _as_text(value)


def _as_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    if value is None or isinstance(value, Mapping):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        lines = [text for text in (_as_text(part) for part in value) if text and text.strip()]
        return "\n".join(lines) or None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
