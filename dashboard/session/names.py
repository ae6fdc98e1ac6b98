"""What things are called, in the reader's language: areas, places, materials and waste codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from dashboard.session.loaded import load_codes, load_counties, load_municipalities, load_places
from dashboard.text import language
from geodata.materials import material_label
from geodata.wastecodes import format_code


def label_material(key: str) -> str:
    """Return a material's name in the reader's language."""
    return label_materials().get(key) or material_label(key, codes=load_codes(), language=language())


def label_materials() -> Mapping[str, str]:
    """Return the names of all materials in the reader's language, by key."""
    return _label_materials(language())


@lru_cache(maxsize=8)
def _label_materials(lang: str) -> Mapping[str, str]:
    codes = load_codes()
    return {key: material_label(key, codes=codes, language=lang) for key in material_keys()}


def material_keys() -> list[str]:
    """Return the keys of all materials."""
    return list(load_codes().materials["material"].astype(str))


def sorted_material_keys() -> list[str]:
    """Return the keys of all materials by their names in the reader's language."""
    names = label_materials()
    return sorted(names, key=lambda key: names[key].casefold())


def format_waste_code(code: str) -> str:
    """Return a waste code as people write it, star included."""
    return format_code(code, codes=load_codes())


@lru_cache(maxsize=1)
def municipality_names() -> Mapping[str, str]:
    """Return municipality number -> name, with the county where two municipalities share a name."""
    frame = load_municipalities()
    names = frame["name"].astype(str)
    told_apart = names + " (" + frame["county_name"].astype(str) + ")"
    shown = names.where(~names.duplicated(keep=False), told_apart)
    return dict(zip(frame["municipality_number"].astype(str), shown, strict=True))


@lru_cache(maxsize=1)
def county_names() -> Mapping[str, str]:
    """Return county number -> name."""
    frame = load_counties()
    return dict(zip(frame["county_number"].astype(str), frame["name"].astype(str), strict=True))


def county_of(municipality_number: str) -> str:
    """Return the number of the county that a municipality lies in: its first two digits."""
    return municipality_number[:2]


def bounds_of(municipalities: Sequence[str]) -> tuple[float, float, float, float] | None:
    """Return south, west, north, east of some municipalities in degrees, or None for none."""
    frame = load_municipalities()
    chosen = frame[frame["municipality_number"].isin(list(municipalities))]
    if chosen.empty:
        return None
    west, south, east, north = (float(edge) for edge in chosen.total_bounds)
    return south, west, north, east


def shared_polygon_note(municipality: str | None) -> str:
    """Return what the data say of a municipality whose border is not open data; empty for all others."""
    frame = load_municipalities()
    notes = frame.loc[frame["municipality_number"] == municipality, "polygon_note"].dropna()
    return str(notes.iloc[0]) if len(notes) else ""


@lru_cache(maxsize=1)
def place_names() -> Mapping[str, str]:
    """Return place identifier -> name with municipality, sorted by name."""
    places, names = load_places().sort_values("name"), municipality_names()
    return {
        str(identifier): f"{name} ({names.get(str(number), '?')})"
        for identifier, name, number in zip(
            places["geoname_id"], places["name"], places["municipality_number"], strict=True
        )
    }
