"""One unit of the business register as plain texts, however it came: a CSV row, a bulk object, an answer.

The bulk CSV has dotted headers in varying casing, JSON has nested objects; both become the same texts, by the
names of :data:`RAW_COLUMNS`. What the texts mean is decided once, in :mod:`loaders.official.brregcolumns`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

HAS_REGISTERED: Final = "has_registered"
"""Whether the register has a number of employees; becomes the column `employees_status`."""

_ADDRESSES: Final = ("beliggenhetsadresse", "forretningsadresse")
"""Where a unit is, and where a firm is. The postal address is no place of work and is never read as one."""
_PLAIN: Final[Mapping[str, tuple[str, ...]]] = {
    "organisation_number": ("organisasjonsnummer", "orgnr"),
    "parent_number": ("overordnetenhet", "overordnetenhet.organisasjonsnummer"),
    "name": ("navn",),
    "form": ("organisasjonsform.kode", "organisasjonsform", "orgform.kode"),
    # not the register's own: the owner's form, kept beside units that were fetched
    "parent_form": ("overordnetenhet.organisasjonsform.kode",),
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
REGISTER_NAMES: Final = {column: names[0] for column, names in _PLAIN.items()} | {
    column: f"{_ADDRESSES[0]}.{part}" for column, part in _IN_ADDRESS.items()
}
"""Column -> the register's own name of it, in small letters."""
NEEDED: Final = ("organisation_number", "name")
"""Columns without which a table is no register of units."""

ODD_SPACES: Final = (
    r"[\x00-\x20\x7f-\xa0\u00ad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]+"
)
"""Controls and all that looks like a space or like nothing, as a pattern."""
_ODD_SPACES = re.compile(ODD_SPACES)
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
    flat: dict[str, str | None] = dict.fromkeys(RAW_COLUMNS)
    second: dict[str, str] = {}
    for key, value in record.items():
        if value is None:
            continue
        plan = _PLANS.get(key) or _make_plan(key)
        if plan.inner is not None and isinstance(value, dict):
            _take_inner(value, plan, second if plan.is_second else flat)
        elif plan.column:
            text = value if type(value) is str else _as_text(value)
            chosen: dict[str, Any] = second if plan.is_second else flat
            if text and not chosen.get(plan.column):
                chosen[plan.column] = text
    if second and not any(flat[column] for column in _IN_ADDRESS):
        flat |= second
    return flat


class _Plan(NamedTuple):
    """What to do with a key: the column of its value, or the columns of the parts of its value."""

    column: str = ""
    inner: Mapping[str, str] | None = None
    is_second: bool = False


_PLANS: Final[dict[str, _Plan]] = {}
_MOST_PLANS: Final = 1_000
_BY_NAME: Final = {name: column for column, names in _PLAIN.items() for name in names}


def _make_plan(key: str) -> _Plan:
    folded = fold_header(str(key))
    head, _, tail = folded.partition(".")
    if head in _ADDRESSES:
        names = {part: column for column, part in _IN_ADDRESS.items()}
        plan = _Plan(names.get(tail, ""), None if tail else names, head == _ADDRESSES[1])
    else:
        inner = {
            name.partition(".")[2]: column
            for name, column in _BY_NAME.items()
            if name.startswith(f"{folded}.")
        }
        plan = _Plan(_BY_NAME.get(folded, ""), inner or None)
    if len(_PLANS) < _MOST_PLANS:  # a file could have other keys in each record
        _PLANS[key] = plan
    return plan


def _take_inner(value: Mapping[str, Any], plan: _Plan, chosen: dict[str, Any]) -> None:
    inner = plan.inner or {}
    for part, content in value.items():
        column = inner.get(part) or inner.get(str(part).casefold())
        if column and content is not None and not chosen.get(column):
            chosen[column] = content if type(content) is str and content else _as_text(content)


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
