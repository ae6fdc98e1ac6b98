"""What is read once for the whole server and shared by all sessions, read only."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import streamlit as st

from geodata.results import RegionTables
from geodata.roads import Network
from geodata.uses import UseLibrary
from geodata.wastecodes import WasteCodes
from loaders.codes import read_waste_codes
from loaders.embedded import read_counties, read_municipalities, read_places, read_postcodes, read_sources
from loaders.industrywaste import read_industry_coefficients
from loaders.networkshelf import MAIN_ROADS, read_shelved
from loaders.references import References
from loaders.region import read_region
from loaders.uses import read_use_library

KEPT_NETWORKS = 2
"""Network files of whole countries take gigabytes; the embedded network stays beside these."""


@st.cache_resource(show_spinner=False)
def load_municipalities() -> gpd.GeoDataFrame:
    """Return today's municipalities, read once."""
    return read_municipalities(detail="light")


@st.cache_resource(show_spinner=False)
def load_counties() -> gpd.GeoDataFrame:
    """Return today's counties, read once."""
    return read_counties(detail="light")


@st.cache_resource(show_spinner=False)
def load_places() -> pd.DataFrame:
    """Return towns and villages with their points, read once."""
    return read_places()


@st.cache_resource(show_spinner=False)
def load_postcodes() -> pd.DataFrame:
    """Return the postcodes with their points, read once."""
    return read_postcodes()


@st.cache_resource(show_spinner=False)
def load_sources() -> list[dict[str, str]]:
    """Return the records of the sources that ship with the app."""
    return read_sources()


@st.cache_resource(show_spinner=False)
def load_codes() -> WasteCodes:
    """Return the waste codes and materials, read once."""
    return read_waste_codes()


@st.cache_resource(show_spinner=False)
def load_uses() -> UseLibrary:
    """Return the library of uses, read once."""
    return read_use_library()


@st.cache_resource(show_spinner=False)
def load_references() -> References:
    """Return what members' files are checked against, read at the first upload."""
    return References(municipalities=read_municipalities(), codes=load_codes())


def load_network(key: str = MAIN_ROADS) -> Network:
    """Return a road network by its key, read and routed once.

    Raises
    ------
    NetworkError, RefusedFileError
        The network's file is gone, or damaged.
    """
    return _load_embedded(key) if key.startswith(MAIN_ROADS) else _load_file(key)


@st.cache_resource(show_spinner=False)
def _load_embedded(key: str) -> Network:
    return read_shelved(key)


@st.cache_resource(show_spinner=False, max_entries=KEPT_NETWORKS)
def _load_file(key: str) -> Network:
    return read_shelved(key)


@st.cache_resource(show_spinner=False)
def load_industry_coefficients() -> pd.DataFrame:
    """Return what industries have left over per employee, read once."""
    return read_industry_coefficients()


@st.cache_resource(show_spinner=False)
def load_region(dataset: str) -> RegionTables:
    """Return the tables of the real region (``region``) or of the practice data (``practice``)."""
    return read_region(dataset)
