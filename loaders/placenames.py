"""Where the embedded places, postcodes and municipalities are, as one gazetteer."""

from __future__ import annotations

from functools import cache

import pandas as pd

from geodata.gazetteer import Gazetteer
from geodata.municipalities import to_current_municipality
from loaders import embedded


def read_places_of_all() -> pd.DataFrame:
    """Return ``name``, ``municipality_number``, ``lat``, ``lon`` of GeoNames's towns, largest first, then
    of the named places of the embedded main roads."""
    towns = embedded.read_places().sort_values("population", ascending=False, kind="stable")
    roads = pd.read_csv(
        embedded.data_dir() / "roads" / "places.csv",
        dtype={"name": "string", "municipality_number": "string"},
        keep_default_na=False,
    )
    roads = roads[roads["kind"].isin(["seat", "town", "village"])]
    columns = ["name", "municipality_number", "lat", "lon"]
    return pd.concat([towns[columns], roads[columns]], ignore_index=True)


@cache
def read_gazetteer() -> Gazetteer:
    """Return the embedded places, postcodes and municipalities with their points and radii."""
    return Gazetteer.build(
        postcodes=embedded.read_postcodes(),
        places=read_places_of_all(),
        municipalities=embedded.read_municipalities(),
        changes=embedded.read_municipality_changes(),
    )


def read_renumbering() -> dict[str, str]:
    """Return the number of each former municipality that has become one other -> today's."""
    changes = embedded.read_municipality_changes()
    old = changes["old_number"].drop_duplicates()
    today = to_current_municipality(old, changes)
    return {str(a): str(b) for a, b in zip(old, today["number"], strict=True) if not pd.isna(b) and a != b}
