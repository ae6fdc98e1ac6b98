"""The embedded main roads ready for travel (see docs/roads.md).

People edit the two tables of places and links. What is built from them is kept beside them as plain arrays
(``python -m loaders.roads`` writes it), because loading what reads and checks tables takes longer than all
distances of a short list. The arrays say which tables they are of; once a table is changed it is read
instead.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from geodata.network import LEAST_COST, RoadNetwork, build_network
from geodata.transport import place_points
from loaders.embedded import data_dir, read_land_polygons

if TYPE_CHECKING:
    import pandas as pd

    from geodata.schemas import Column

NAME: Final = "Symbiosekart main roads"
DATE: Final = "2026-11-22"
LICENCE: Final = "Lengths measured from N1000, © Kartverket, CC BY 4.0; places © GeoNames, CC BY 4.0"
BUILT: Final = "network.npz"
BUILT_FORM: Final = "1"
"""Raise when the same tables are built to other arrays than before."""
_TEXTS: Final = ("place_ids", "place_names", "place_kinds", "link_names")
_ARRAYS: Final = (*_TEXTS, "lat", "lon", "tail", "head", "km", "told_minutes", "ferry", "toll_nok")


def read_road_places() -> pd.DataFrame:
    """Read the places (columns ``ROAD_PLACES``; lat and lon in degrees, EPSG:4326)."""
    from geodata.schemas import ROAD_PLACES

    return _read("places.csv", ROAD_PLACES, table="road_places")


def read_road_links() -> pd.DataFrame:
    """Read the links (columns ``ROAD_LINKS``; km, km/h, minutes, NOK)."""
    from geodata.schemas import ROAD_LINKS

    return _read("links.csv", ROAD_LINKS, table="road_links")


def read_road_network(profile: str = LEAST_COST) -> RoadNetwork:
    """Read the embedded network, with the municipalities' polygons as land.

    `profile` is a key of :data:`geodata.network.PROFILES`. It gets no contraction hierarchy: for 2 400 places
    plain search is done before the compiler has been loaded, and the answers are the same. Raises
    NetworkError when the tables are faulty, KeyError for an unknown profile.
    """
    network = _read_built() or build_main_roads()
    return network.with_profile(profile)


def build_main_roads() -> RoadNetwork:
    """Build the embedded network from its tables; raises NetworkError when they are faulty."""
    return build_network(
        read_road_places(),
        read_road_links(),
        name=NAME,
        date=DATE,
        licence=LICENCE,
        land=read_land_polygons(),
    )


def write_built(folder: Path | None = None) -> Path:
    """Write what is built from the embedded tables to `folder` (None: beside them), and return its path."""
    network = build_main_roads()
    path = (folder or data_dir() / "roads") / BUILT
    kept: dict[str, Any] = {name: np.asarray(getattr(network, name)) for name in _ARRAYS}
    np.savez_compressed(path, **kept, tables=_digest_tables(), content=network.content_digest)
    return path


def _read_built() -> RoadNetwork | None:
    """Return the network as it was built, None where that is not there or of other tables."""
    path = data_dir() / "roads" / BUILT
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as file:
        if str(file["tables"]) != _digest_tables():
            return None
        kept: dict[str, Any] = {name: file[name] for name in _ARRAYS}
        digest = str(file["content"])
    kept |= {name: tuple(kept[name].tolist()) for name in _TEXTS}
    places = place_points(kept["place_ids"], kept["lon"], kept["lat"])
    return RoadNetwork(
        **kept,
        x=places.x,
        y=places.y,
        name=NAME,
        date=DATE,
        licence=LICENCE,
        content_digest=digest,
        land=read_land_polygons(),
    )


def _digest_tables() -> str:
    content = hashlib.sha256(BUILT_FORM.encode())
    for name in ("places.csv", "links.csv"):
        content.update(hashlib.sha256((data_dir() / "roads" / name).read_bytes()).digest())
    return content.hexdigest()


def _read(file: str, columns: tuple[Column, ...], *, table: str) -> pd.DataFrame:
    import pandas as pd

    from geodata.schemas import conform_table

    numbers = {column.name: column.dtype for column in columns if column.dtype in ("Float64", "Int64")}
    text = {column.name: "string" for column in columns if column.name not in numbers}
    frame = pd.read_csv(
        data_dir() / "roads" / file,
        dtype=numbers | text,
        keep_default_na=False,
        na_values=[""],
        encoding="utf-8",
    )
    for column in columns:
        if column.dtype == "boolean":
            frame[column.name] = frame[column.name].map({"1": True, "0": False}).astype("boolean")
    return conform_table(frame, table)


if __name__ == "__main__":
    print(write_built())
