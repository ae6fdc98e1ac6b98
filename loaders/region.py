"""The tables that ship with the application: the real region and the practice data."""

from __future__ import annotations

from typing import Literal, get_args

import geopandas as gpd
import pandas as pd

from geodata.errors import InvalidTableError
from geodata.household import HouseholdWording, model_household_streams
from geodata.results import RegionTables
from geodata.schemas import TABLES, WGS84, conform_table
from loaders.embedded import data_dir, read_municipalities

Dataset = Literal["region", "practice"]

WORDING = HouseholdWording(
    description="Husholdningsavfall (modellert)",
    reference="{source}; folketall {year}: SSB",
    note="Modellert for {inhabitants} innbyggere i {count} kommuner. Vanlig behandling: {treatment}.",
)


def _read_table(dataset: Dataset, name: str) -> pd.DataFrame:
    # Everything is text first (municipality numbers and codes keep their zeros); an empty cell is unknown.
    path = data_dir() / dataset / f"{name}.csv"
    text = pd.read_csv(path, dtype="string", keep_default_na=False, encoding="utf-8").replace("", pd.NA)
    text = text.astype("string")
    for column in TABLES[name]:
        if column.name not in text:
            continue
        if column.dtype in ("Float64", "Int64"):
            text[column.name] = pd.to_numeric(text[column.name]).astype(column.dtype)  # type: ignore[call-overload]
        elif column.dtype == "boolean":
            text[column.name] = text[column.name].map({"0": False, "1": True}).astype("boolean")
    return conform_table(text, name)


def _place_facilities(table: pd.DataFrame) -> gpd.GeoDataFrame:
    lon = pd.to_numeric(table["lon"]).astype("Float64").to_numpy(dtype=float, na_value=float("nan"))
    lat = pd.to_numeric(table["lat"]).astype("Float64").to_numpy(dtype=float, na_value=float("nan"))
    points = gpd.GeoSeries(gpd.points_from_xy(lon, lat), index=table.index, crs=WGS84)
    points[table["lat"].isna() | table["lon"].isna()] = None
    return gpd.GeoDataFrame(table.drop(columns=["lat", "lon"]), geometry=points)


def read_household_coefficients() -> pd.DataFrame:
    """Read the kilograms of household waste per inhabitant and material (SSB), low, best and high.

    Columns as :data:`geodata.household.COEFFICIENT_COLUMNS` with SSB's own figures in kt for 2021-2023.
    """
    path = data_dir() / "region" / "household_coefficients.csv"
    text = pd.read_csv(path, dtype="string", keep_default_na=False, encoding="utf-8").replace("", pd.NA)
    numbers = [name for name in text.columns if name.startswith(("kg_", "kt_"))]
    table = text.astype("string").astype(dict.fromkeys(numbers, "Float64"))
    table["year"] = table["year"].astype("Int64")
    table["hazardous"] = table["hazardous"].map({"0": False, "1": True}).astype("boolean")
    return table


def read_region(dataset: Dataset = "region") -> RegionTables:
    """Read the embedded tables of one data set, typed as :mod:`geodata.schemas` says.

    Parameters
    ----------
    dataset : ``"region"``: real organisations with published facts, to which the modelled household waste of
        the municipal waste companies is added here (never stored). ``"practice"``: plainly fictional firms.

    Returns
    -------
    RegionTables; facilities are a GeoDataFrame in EPSG:4326 where a facility that is not placed has no
    geometry. Each call reads the files anew: callers cache.

    Raises
    ------
    InvalidTableError
        Code ``dataset.unknown`` for any other name.
    """
    if dataset not in get_args(Dataset):
        raise InvalidTableError("dataset.unknown", dataset=str(dataset))
    facilities = _place_facilities(_read_table(dataset, "facilities"))
    streams = _read_table(dataset, "streams")
    if dataset == "region":
        modelled = model_household_streams(
            pd.DataFrame(facilities.drop(columns="geometry")),
            municipalities=pd.DataFrame(read_municipalities(detail="light").drop(columns="geometry")),
            coefficients=read_household_coefficients(),
            wording=WORDING,
        )
        streams = conform_table(pd.concat([streams, modelled], ignore_index=True), "streams")
    return RegionTables(
        facilities=facilities,
        streams=streams,
        networks=_read_table(dataset, "networks"),
        memberships=_read_table(dataset, "memberships"),
    )
