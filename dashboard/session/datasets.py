"""A data set with the reader's own files beside it, and what every page needs of it; made once for each."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import streamlit as st

from dashboard import controls
from dashboard.layers import FacilityPieces, prepare_facilities
from dashboard.session.loaded import load_region
from dashboard.session.own import Own, used_own
from geodata.partners import append_tables
from geodata.results import RegionTables
from geodata.schemas import ACTOR_TYPES, BASES

KEPT_DATASETS = 8
LARGE = 500
"""Data sets of more facilities than this are shown before they are computed, in a process of their own."""


@dataclass(frozen=True)
class Dataset:
    """The unfiltered tables that the reader has chosen, and what is found in them.

    Attributes
    ----------
    key : digest of all that went in; stands for the tables in caches.
    names : facility_id -> name.
    networks_of : facility_id -> names of its networks.
    networks : network_id -> name.
    materials, bases, actor_types : those that occur, the latter two in the order of the schema.
    """

    key: str
    tables: RegionTables
    names: Mapping[str, str]
    networks_of: Mapping[str, str]
    networks: Mapping[str, str]
    materials: Sequence[str]
    bases: Sequence[str]
    actor_types: Sequence[str]

    @property
    def large(self) -> bool:
        """Whether a page cannot wait for its calculation."""
        return len(self.tables.facilities) > LARGE


def current_dataset() -> Dataset:
    """Return the data set that the reader has chosen, own files included."""
    own = used_own()
    return load_dataset(controls.choice("data"), own.digest if own else "", _own=own)


def current_tables() -> RegionTables:
    """Return the unfiltered tables of the data set that the reader has chosen, own files included."""
    return current_dataset().tables


@st.cache_resource(show_spinner=False, max_entries=KEPT_DATASETS)
def load_dataset(dataset: str, own_digest: str, _own: Own | None) -> Dataset:
    """Return a data set of ours with the reader's own files, which `own_digest` stands for."""
    tables = load_region(dataset)
    if _own is not None:
        tables = append_tables(tables, _own.files.tables)
    found = describe_dataset(tables, key=hashlib.sha256(repr((dataset, own_digest)).encode()).hexdigest())
    if found.large:
        # What stays as long as the files do need not be looked at by every round of the collector.
        gc.collect()
        gc.freeze()
    return found


def describe_dataset(tables: RegionTables, *, key: str) -> Dataset:
    """Put tables together with what is found in them."""
    facilities, streams = tables.facilities, tables.streams
    networks = dict(
        zip(tables.networks["network_id"].astype(str), tables.networks["name"].astype(str), strict=True)
    )
    bases, actors = set(streams["basis"].dropna()), set(facilities["actor_type"].dropna())
    return Dataset(
        key=key,
        tables=tables,
        names=dict(zip(facilities["facility_id"].astype(str), facilities["name"].astype(str), strict=True)),
        networks_of=_name_networks(tables, networks),
        networks=networks,
        materials=tuple(sorted(set(streams["material"].astype(str)))),
        bases=tuple(basis for basis in BASES if basis in bases),
        actor_types=tuple(kind for kind in ACTOR_TYPES if kind in actors),
    )


def _name_networks(tables: RegionTables, networks: Mapping[str, str]) -> Mapping[str, str]:
    members = tables.memberships
    named = members["network_id"].astype("object").map(dict(networks)).dropna()
    grouped = named.groupby(members["facility_id"].astype("object").loc[named.index])
    return {str(name): ", ".join(dict.fromkeys(found)) for name, found in grouped}


@st.cache_resource(show_spinner=False, max_entries=KEPT_DATASETS)
def load_pieces(key: str, lang: str, _facilities: gpd.GeoDataFrame) -> FacilityPieces:
    """Return the texts of a data set's facilities on the map, in language `lang`."""
    return prepare_facilities(_facilities)
