"""A data set with the reader's own files beside it, and what every page needs of it; made once for each."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import streamlit as st

from dashboard import controls
from dashboard.layers import FacilityPieces, prepare_facilities
from dashboard.session.loaded import load_industry_coefficients, load_region
from dashboard.session.own import Own, used_own
from dashboard.session.registers import load_extract, used_registers
from geodata.industrywaste import add_modelled_streams, without_modelled
from geodata.partners import append_tables
from geodata.registerjoins import add_register
from geodata.results import RegionTables
from geodata.schemas import ACTOR_TYPES, BASES
from loaders.industrywaste import INDUSTRY_WORDING
from loaders.registershelf import Extract

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
    extracts : the filled registers that are part of it.
    """

    key: str
    tables: RegionTables
    names: Mapping[str, str]
    networks_of: Mapping[str, str]
    networks: Mapping[str, str]
    materials: Sequence[str]
    bases: Sequence[str]
    actor_types: Sequence[str]
    extracts: tuple[Extract, ...] = ()

    @property
    def large(self) -> bool:
        """Whether a page cannot wait for its calculation."""
        return len(self.tables.facilities) > LARGE


def current_dataset() -> Dataset:
    """Return the data set that the reader has chosen, own files and registers included."""
    own, extracts = used_own(), used_registers()
    return load_dataset(
        controls.choice("data"),
        own.digest if own else "",
        tuple((extract.key, extract.record.sha256) for extract in extracts),
        controls.choice("modelled"),
        _own=own,
        _extracts=extracts,
    )


def current_tables() -> RegionTables:
    """Return the unfiltered tables of the data set that the reader has chosen, own files included."""
    return current_dataset().tables


@st.cache_resource(show_spinner=False, max_entries=KEPT_DATASETS)
def load_dataset(
    dataset: str,
    own_digest: str,
    registers: tuple[tuple[str, str], ...] = (),
    modelled: bool = True,
    *,
    _own: Own | None,
    _extracts: tuple[Extract, ...] = (),
) -> Dataset:
    """Return a data set of ours with the reader's own files, registers and modelled amounts.

    Parameters
    ----------
    own_digest : stands for `_own`. registers : key and digest of each of `_extracts`.
    modelled : give facilities without a stream modelled ones; without it, no modelled stream is left at all.
    """
    tables = load_region(dataset)
    if _own is not None:
        tables = append_tables(tables, _own.files.tables)
    for extract, digest in registers:  # after the reader's own files: a firm's own row wins
        tables = add_register(tables, load_extract(extract, digest))
    if modelled:
        tables = add_modelled_streams(
            tables, coefficients=load_industry_coefficients(), wording=INDUSTRY_WORDING
        )
    else:
        tables = without_modelled(tables)
    key = hashlib.sha256(repr((dataset, own_digest, registers, modelled)).encode()).hexdigest()
    found = replace(describe_dataset(tables, key=key), extracts=_extracts)
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
