"""Vehicles and profiles of road networks in the reader's words, for pages and the command line alike."""

from __future__ import annotations

from functools import lru_cache

from dashboard.labels import ROAD_PROFILES
from dashboard.text import gettext as _
from dashboard.text import language
from loaders.vehicles import read_vehicles

__all__ = ["name_profile"]


def name_profile(key: str) -> str:
    """Return a profile in words: what a way makes least, or the vehicle; an unknown key stays as it is."""
    if key in ROAD_PROFILES:
        return _(ROAD_PROFILES[key])
    names = _load_vehicles().get(key)
    return key if names is None else names[language()]


@lru_cache(maxsize=1)
def _load_vehicles() -> dict[str, dict[str, str]]:
    return {
        key: {"en": vehicle.name_en, "nb": vehicle.name_nb, "nn": vehicle.name_nn}
        for key, vehicle in read_vehicles().items()
    }
