"""The data that ships with the application: municipalities, places, postcodes, and every part's source."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import shapely

from geodata.crs import METRIC, WGS84
from loaders.official.shelf import list_fetched, sources_folder

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

SOURCE_COLUMNS = ("part", "title", "owner", "licence", "licence_url", "vintage", "attribution_text")
SHARED_POLYGON_NOTE = "Drawn together with its neighbour: the border between them is not in the open data."

DIVIDED_SOURCE = "geonorge"
DIVIDED_PART = "divided"
"""On the shelf of fetched files: the parts of shared polygons, divided by the official border."""

Detail = Literal["full", "light"]
POLYGON_FILES: dict[Detail, str] = {"full": "polygons.parquet", "light": "polygons_light.parquet"}


def data_dir() -> Path:
    """Return the folder of the embedded data, ``loaders/data``."""
    return Path(__file__).resolve().parent / "data"


def _read_text_table(name: str) -> pd.DataFrame:
    import pandas as pd

    # Numbers of municipalities are text and a place may be called NA: nothing is guessed.
    frame = pd.read_csv(data_dir() / "admin" / name, dtype="string", keep_default_na=False, encoding="utf-8")
    return frame.replace("", pd.NA).astype("string")


def read_sources() -> list[dict[str, str]]:
    """Return one record a source of the embedded data, with :data:`SOURCE_COLUMNS`, in the file's order."""
    with (data_dir() / "sources.csv").open(encoding="utf-8-sig", newline="") as file:
        return [{column: row[column] for column in SOURCE_COLUMNS} for row in csv.DictReader(file)]


def _read_polygons(detail: Detail) -> gpd.GeoDataFrame:
    import geopandas as gpd

    return gpd.read_parquet(data_dir() / "admin" / POLYGON_FILES[detail])


def read_land_polygons() -> npt.NDArray[np.object_]:
    """Read the municipalities' full polygons, clipped at the coast: valid, in EPSG:25833, without a table.

    pandas and GeoPandas, which are slow to load, are not needed for these.
    """
    import pyarrow.parquet as pq
    from pyproj import Transformer

    with pq.ParquetFile(data_dir() / "admin" / POLYGON_FILES["full"]) as file:
        shapes = file.read(columns=["geometry"]).column("geometry").to_pylist()
    to_metres = Transformer.from_crs(WGS84, METRIC, always_xy=True)
    moved = shapely.transform(shapely.from_wkb(shapes), to_metres.transform, interleaved=False)
    return np.asarray(shapely.make_valid(moved), dtype=object)


def read_municipalities(*, detail: Detail = "full") -> gpd.GeoDataFrame:
    """Read the 357 municipalities of today with their polygons.

    Parameters
    ----------
    detail : ``"full"`` for points in polygons, ``"light"`` (about 300 kB of packed GeoJSON) to draw at
        zoom 8 and lower.

    Returns
    -------
    GeoDataFrame (EPSG:4326, clipped at the coast), sorted by number: ``municipality_number``, ``name``
    (Norwegian), ``full_name`` (official, bilingual where it is), ``county_number``, ``county_name``,
    ``seat``, ``inhabitants`` (Int64), ``inhabitants_year`` (Int64), ``language_form`` (bokmål, nynorsk,
    nøytral), ``shared_polygon`` (the numbers that share one polygon, ``"1508 1580"``, else <NA>),
    ``polygon_note`` (:data:`SHARED_POLYGON_NOTE`, an English sentence for
    gettext, else <NA>), ``geometry``. Two rows may hold the same polygon: draw and
    sum areas through :func:`geodata.municipalities.merge_shared_polygons`. Where official boundaries have
    been fetched, none do: the shared polygon is divided by them.
    """
    return _put_divided(read_undivided_municipalities(detail=detail), detail)


def _put_divided(municipalities: gpd.GeoDataFrame, detail: Detail) -> gpd.GeoDataFrame:
    """Return the municipalities with the parts in the place of polygons that have been divided."""
    import geopandas as gpd
    import pandas as pd

    folder = sources_folder()
    records = list_fetched(folder, source=DIVIDED_SOURCE, part=DIVIDED_PART)
    content = records[0].path(folder).read_bytes() if records else b""
    if not records or hashlib.sha256(content).hexdigest() != records[0].sha256:
        return municipalities  # nothing fetched, or damaged since: what ships is always there
    parts = gpd.read_parquet(io.BytesIO(content))
    shapes = parts[parts["detail"] == detail].set_index("municipality_number").geometry
    rows = municipalities["shared_polygon"].notna() & municipalities["municipality_number"].isin(shapes.index)
    out = municipalities.copy()
    for row in out.index[rows]:
        out.loc[row, "geometry"] = shapes[out.at[row, "municipality_number"]]
    out.loc[rows, ["shared_polygon", "polygon_note"]] = pd.NA
    return out


def read_undivided_municipalities(*, detail: Detail = "full") -> gpd.GeoDataFrame:
    """Read the municipalities as they ship, whatever has been fetched; see :func:`read_municipalities`."""
    import geopandas as gpd

    facts = _read_text_table("municipalities.csv")
    facts = facts.astype({"inhabitants": "Int64", "inhabitants_year": "Int64"})
    counties = _read_text_table("counties.csv").set_index("county_number")["name"]
    facts["county_name"] = facts["county_number"].map(counties).astype("string")
    polygons = _read_polygons(detail)
    shapes = polygons.assign(municipality_number=polygons["municipality_numbers"].str.split())
    shapes = shapes.explode("municipality_number", ignore_index=True)
    shapes["shared_polygon"] = shapes["municipality_numbers"].where(
        shapes["municipality_numbers"].str.contains(" ")
    )
    shapes["municipality_number"] = shapes["municipality_number"].astype("string")
    shapes["polygon_note"] = shapes["shared_polygon"].map(
        lambda _numbers: SHARED_POLYGON_NOTE, na_action="ignore"
    )
    shapes = shapes.astype({"shared_polygon": "string", "polygon_note": "string"})
    joined = facts.merge(shapes, on="municipality_number", how="left", validate="1:1")
    columns = [
        "municipality_number",
        "name",
        "full_name",
        "county_number",
        "county_name",
        "seat",
        "inhabitants",
        "inhabitants_year",
        "language_form",
        "shared_polygon",
        "polygon_note",
        "geometry",
    ]
    return gpd.GeoDataFrame(joined[columns], geometry="geometry", crs=polygons.crs)


def read_counties(*, detail: Detail = "full") -> gpd.GeoDataFrame:
    """Read the 15 counties of today: ``county_number``, ``name``, ``full_name``, ``geometry`` (EPSG:4326)."""
    import geopandas as gpd

    counties = _read_text_table("counties.csv")
    polygons = _read_polygons(detail)
    facts = _read_text_table("municipalities.csv").set_index("municipality_number")["county_number"]
    county = polygons["municipality_numbers"].str.split().str[0].map(facts)
    shapes = {
        number: shapely.coverage_union_all(polygons.geometry[county == number].to_numpy())
        for number in counties["county_number"]
    }
    geometry = gpd.GeoSeries([shapes[number] for number in counties["county_number"]], crs=polygons.crs)
    return gpd.GeoDataFrame(counties, geometry=geometry)


def read_county_names() -> dict[str, str]:
    """Return the name of each county of today by its number."""
    counties = _read_text_table("counties.csv")
    return dict(zip(counties["county_number"].astype(str), counties["name"].astype(str), strict=True))


def read_municipality_changes() -> pd.DataFrame:
    """Read every number used since 2017 and its steps; see :data:`geodata.municipalities.CHANGE_COLUMNS`."""
    return _read_text_table("municipality_changes.csv").astype(
        {"valid_from_year": "Int64", "valid_to_year": "Int64"}
    )


def read_municipality_wholes() -> pd.DataFrame:
    """Read where all of a former municipality is in one of today's, though its number leads to several:
    ``old_number``, ``old_name``, ``new_number``, ``new_name``, ``source``."""
    return _read_text_table("municipality_wholes.csv")


def read_places() -> pd.DataFrame:
    """Read 624 towns and villages: ``geoname_id``, ``name``, ``lat``, ``lon`` (degrees), ``population``,
    ``municipality_number``. Source: GeoNames."""
    return _read_text_table("places.csv").astype(
        {"geoname_id": "Int64", "lat": "Float64", "lon": "Float64", "population": "Int64"}
    )


def read_postcodes() -> pd.DataFrame:
    """Read all postcodes: ``postcode``, ``place``, ``municipality_number`` (<NA> on Svalbard and Jan Mayen),
    ``lat``, ``lon`` (point of the place of that name in the municipality, <NA> where none is known)."""
    return _read_text_table("postcodes.csv").astype({"lat": "Float64", "lon": "Float64"})
