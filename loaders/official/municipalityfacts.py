"""Answers of kommuneinfo -> one table of municipalities: numbers, names by language, county, where."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from geodata.addresstext import clean_line
from geodata.errors import RefusedFileError
from loaders.official.savedanswers import read_saved_json
from loaders.official.webclient import Service

FACTS: Final = Service("kommuneinfo", "Kartverket (kommuneinfo)", "https://ws.geonorge.no/kommuneinfo/v1")
LANGUAGES: Final = {
    "nor": ("norwegian", "norsk", "nob", "nno", "no", "nb", "nn", "bokmål", "nynorsk"),
    "sme": ("northern sami", "nordsamisk", "se"),
    "smj": ("lule sami", "lulesamisk"),
    "sma": ("southern sami", "sørsamisk"),
    "fkv": ("kven", "kvensk", "finnish", "finsk", "fin", "fi"),
}
"""Code (ISO 639-3) -> what else the services call the language; Kven stands as Finnish in some."""
FACT_COLUMNS: Final = {
    "municipality_number": "string",
    "name": "string",
    "name_norwegian": "string",
    **{f"name_{code}": "string" for code in LANGUAGES},
    "names_other": "string",
    "county_number": "string",
    "county_name": "string",
    "lon": "Float64",
    "lat": "Float64",
    "west": "Float64",
    "south": "Float64",
    "east": "Float64",
    "north": "Float64",
    "sami_administrative_area": "boolean",
}
"""Column -> type. ``name`` as the service writes it (all languages in one where it does), ``name_<code>``
each valid name by its language, ``names_other`` those of other languages apart by ``; ``; a point inside
and the box around it in degrees; <NA> for what the answer does not hold."""


def read_facts(source: Path | Mapping[str, Any] | Iterable[Any]) -> pd.DataFrame:
    """Read any answer of kommuneinfo; see :func:`loaders.geonorge.read_municipality_facts`."""
    name = source.name[:120] if isinstance(source, Path) else "kommuneinfo"
    value = (
        read_saved_json(source, not_this="geonorge.not_municipalities")
        if isinstance(source, Path)
        else source
    )
    rows = [_read_row(*one) for one in _find_municipalities(value, {})]
    if not rows and not is_fact_answer(value):
        raise RefusedFileError("geonorge.not_municipalities", file=name)
    table = pd.DataFrame(rows, columns=list(FACT_COLUMNS)).astype(FACT_COLUMNS)
    return table.dropna(subset=["municipality_number"]).drop_duplicates(
        "municipality_number", ignore_index=True
    )


def is_fact_answer(value: Any) -> bool:
    """Tell whether a decoded answer is one that holds municipalities, or says that there are none."""
    if isinstance(value, list):
        return all(isinstance(one, dict) and ("kommuner" in one or "kommunenummer" in one) for one in value)
    return isinstance(value, dict) and ("kommunenummer" in value or isinstance(value.get("kommuner"), list))


def find_language(text: Any) -> str:
    """Return the code of a language that a service names, ``nor`` where it names none, or ``""``."""
    name = clean_line(text).casefold() if isinstance(text, str) else ""
    if not name:
        return "nor"
    return next((code for code, others in LANGUAGES.items() if name == code or name in others), "")


def sort_names(names: Iterable[tuple[str, Any]]) -> dict[str, str | None]:
    """Return ``name_<code>`` -> name for (name, language as the service calls it), the first of each, and
    ``names_other``."""
    found: dict[str, str | None] = {f"name_{code}": None for code in LANGUAGES}
    others: list[str] = []
    for name, language in names:
        text = clean_line(name) if isinstance(name, str) else ""
        if not text:
            continue
        code = find_language(language)
        if not code:
            others.append(text)
        elif found[f"name_{code}"] is None:
            found[f"name_{code}"] = text
        elif found[f"name_{code}"] != text:
            others.append(text)
    return {**found, "names_other": "; ".join(dict.fromkeys(others)) or None}


def _find_municipalities(
    value: Any, county: Mapping[str, Any]
) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Return each municipality of an answer with the county that it stands under."""
    if isinstance(value, Mapping):
        inside = value.get("kommuner")
        if isinstance(inside, list):
            return [one for part in inside for one in _find_municipalities(part, value)]
        return [(value, county)] if "kommunenummer" in value else []
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [one for part in value for one in _find_municipalities(part, county)]
    return []


def _read_row(value: Mapping[str, Any], county: Mapping[str, Any]) -> dict[str, Any]:
    number = _digits(value.get("kommunenummer"), 4)
    listed = value.get("gyldigeNavn")
    valid = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    valid.sort(key=lambda one: _order(one.get("prioritet")))
    norwegian = _text(value.get("kommunenavnNorsk"))
    # A name without a language is one of the other languages; only where none is listed is it Norwegian.
    names = [(one.get("navn"), one.get("sprak") or "?") for one in valid]
    if norwegian and not any(find_language(language) == "nor" for _name, language in names):
        names.insert(0, (norwegian, "nor"))
    lon, lat = _read_point(value.get("punktIOmrade"))
    west, south, east, north = _read_box(value.get("avgrensningsboks"))
    flag = value.get("samiskForvaltningsomrade")
    county_number = _digits(value.get("fylkesnummer", county.get("fylkesnummer")), 2)
    return {
        "municipality_number": number,
        "name": _text(value.get("kommunenavn")) or norwegian,
        "name_norwegian": norwegian or _text(value.get("kommunenavn")),
        **sort_names((name, language) for name, language in names if isinstance(name, str)),
        "county_number": county_number or (number[:2] if number else None),
        "county_name": _text(value.get("fylkesnavn", county.get("fylkesnavn"))),
        "lon": lon,
        "lat": lat,
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "sami_administrative_area": flag if isinstance(flag, bool) else None,
    }


def _read_point(point: Any) -> tuple[float | None, float | None]:
    positions = _positions(point)
    return positions[0] if len(positions) == 1 else (None, None)


def _read_box(
    box: Any,
) -> tuple[float, float, float, float] | tuple[None, None, None, None]:
    positions = _positions(box)
    if len(positions) < 2:
        return None, None, None, None
    x, y = [one[0] for one in positions], [one[1] for one in positions]
    return min(x), min(y), max(x), max(y)


def _positions(geometry: Any) -> list[tuple[float, float]]:
    """Return the positions of a GeoJSON point or polygon in degrees; none of one in another grid."""
    found: list[tuple[float, float]] = []

    def collect(value: Any, depth: int) -> None:
        if not isinstance(value, list) or depth > 4:
            return
        numbers = [one for one in value[:2] if _is_number(one)]
        if len(numbers) == 2:
            found.append((float(numbers[0]), float(numbers[1])))
            return
        for part in value:
            collect(part, depth + 1)

    if isinstance(geometry, Mapping):
        collect(geometry.get("coordinates"), 0)
    usable = all(-180 <= x <= 180 and -90 <= y <= 90 for x, y in found)
    return found if usable else []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _order(value: Any) -> float:
    return float(value) if _is_number(value) else math.inf


def _text(value: Any) -> str | None:
    return clean_line(value) or None if isinstance(value, str) else None


def _digits(value: Any, width: int) -> str | None:
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text.zfill(width) if text.isascii() and text.isdecimal() and len(text) <= width else None
