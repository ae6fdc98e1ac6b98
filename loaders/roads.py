"""Road networks ready for travel: the embedded main roads (see docs/roads.md) and network files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from geodata.network import LEAST_COST, RoadNetwork, build_network
from geodata.schemas import ROAD_LINKS, ROAD_PLACES, Column, conform_table
from loaders.embedded import data_dir, read_land_polygons

if TYPE_CHECKING:
    import pandas as pd

NAME: Final = "Symbiosekart main roads"
DATE: Final = "2026-11-22"
LICENCE: Final = "Lengths measured from N1000, © Kartverket, CC BY 4.0; places © GeoNames, CC BY 4.0"


def read_road_places() -> pd.DataFrame:
    """Read the places (columns ``ROAD_PLACES``; lat and lon in degrees, EPSG:4326)."""
    return _read("places.csv", ROAD_PLACES, table="road_places")


def read_road_links() -> pd.DataFrame:
    """Read the links (columns ``ROAD_LINKS``; km, km/h, minutes, NOK)."""
    return _read("links.csv", ROAD_LINKS, table="road_links")


def read_road_network(profile: str = LEAST_COST) -> RoadNetwork:
    """Read the embedded network, with the municipalities' polygons as land.

    `profile` is a key of :data:`geodata.network.PROFILES`. It gets no contraction hierarchy: for 2 400 places
    plain search is done before the compiler has been loaded, and the answers are the same. Raises
    NetworkError when the tables are faulty, KeyError for an unknown profile.
    """
    network = build_network(
        read_road_places(),
        read_road_links(),
        name=NAME,
        date=DATE,
        licence=LICENCE,
        land=read_land_polygons(),
    )
    return network.with_profile(profile)


def _read(file: str, columns: tuple[Column, ...], *, table: str) -> pd.DataFrame:
    import pandas as pd

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
