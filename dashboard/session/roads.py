"""Which road network and profile the reader has chosen, and what else can be chosen."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard import controls
from dashboard.roadnames import name_profile
from dashboard.session.loaded import load_network
from dashboard.text import format_date
from dashboard.text import gettext as _
from geodata.roads import GraphNetwork, Network
from geodata.routing.summary import GraphSummary, summarise_graph
from loaders.networkshelf import MAIN_ROADS, Shelf, ShelvedNetwork, list_shelf

__all__ = [
    "MAIN_ROADS",
    "Shelf",
    "ShelvedNetwork",
    "credit_roads",
    "current_network",
    "current_roads",
    "describe_roads",
    "list_roads",
    "name_profile",
    "name_roads",
    "summarise_roads",
]


def list_roads() -> Shelf:
    """Return the networks that can be chosen, and the files that cannot, as they lie there now."""
    return list_shelf()


def current_roads() -> ShelvedNetwork:
    """Return the chosen network; the main roads by least cost where the choice cannot be followed."""
    shelf = list_roads()
    asked = controls.choice("roads")
    found = shelf.networks[0] if asked is None else shelf.find(asked)
    if found is None:
        return shelf.networks[0]
    profile = controls.choice("profile")
    return next((n for n in shelf.groups[found.group] if n.profile == profile), found)


def current_network() -> Network:
    """Return the chosen network itself, read once."""
    return load_network(current_roads().key)


def describe_roads(network: Mapping[str, str]) -> str:
    """Say in one line which roads distances were measured over: name, date and profile of the provenance."""
    parts = (name_roads(network["name"], network.get("date", "")), name_profile(network["profile"]))
    return ", ".join(parts)


def name_roads(name: str, date: str) -> str:
    """Return a network's name and the date of its data in words, as far as a file's own date is one."""
    try:
        day = format_date(date) if date else ""
    except ValueError:
        day = date
    return ", ".join(part for part in (_(name), day) if part)


def summarise_roads(network: GraphNetwork) -> GraphSummary:
    """Count what is in a network that was built from a map file; once for each."""
    return _summarise(network.digest, _network=network)


@st.cache_resource(show_spinner=False, max_entries=8)
def _summarise(digest: str, _network: GraphNetwork) -> GraphSummary:
    return summarise_graph(_network.router.graph)


def credit_roads() -> str:
    """Return whom to name for the chosen network; empty for the embedded one, which is named anyway."""
    roads = current_roads()
    return "" if roads.path is None else (roads.attribution or roads.licence)
