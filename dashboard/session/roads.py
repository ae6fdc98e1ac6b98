"""Which road network and profile the reader has chosen, and what else can be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from dashboard import controls
from dashboard.roadnames import name_profile
from dashboard.session.loaded import load_network
from dashboard.text import format_date
from dashboard.text import gettext as _
from geodata.errors import RefusedFileError, SymbiosekartError
from geodata.roads import GraphNetwork, Network
from geodata.routing.summary import GraphSummary, summarise_graph
from loaders.networkshelf import MAIN_ROADS, Shelf, ShelvedNetwork, list_shelf

__all__ = [
    "MAIN_ROADS",
    "LostRoads",
    "Shelf",
    "ShelvedNetwork",
    "credit_roads",
    "current_network",
    "current_roads",
    "describe_roads",
    "list_roads",
    "look_at_roads",
    "lost_roads",
    "name_profile",
    "name_roads",
    "read_current_roads",
    "summarise_roads",
]


_SHELF, _LOST = "_shelf", "_lost_roads"


@dataclass(frozen=True)
class LostRoads:
    """A network that was chosen and could not be read: its name in words, and why."""

    name: str
    error: SymbiosekartError


def look_at_roads() -> None:
    """Look anew at what lies in the folder of networks; once a run, before anything asks for it."""
    st.session_state[_SHELF] = list_shelf()


def list_roads() -> Shelf:
    """Return the networks that can be chosen, and the files that cannot, as they lay there in this run."""
    if _SHELF not in st.session_state:
        look_at_roads()
    shelf: Shelf = st.session_state[_SHELF]
    damaged = _damaged_files()
    errors = {
        roads.key: damaged[state] for roads in shelf.networks if (state := _file_state(roads)) in damaged
    }
    if not errors:
        return shelf
    sound = tuple(roads for roads in shelf.networks if roads.key not in errors)
    return Shelf(sound, (*shelf.faulty, *errors.values()))


@st.cache_resource(show_spinner=False)
def _damaged_files() -> dict[tuple[str, int, int], RefusedFileError]:
    """Return the files that looked like networks and were not, by place, time and size: for all sessions."""
    return {}


def _file_state(roads: ShelvedNetwork) -> tuple[str, int, int] | None:
    try:
        facts = roads.path.stat() if roads.path is not None else None
    except OSError:
        return None
    return None if facts is None else (str(roads.path), facts.st_mtime_ns, facts.st_size)


def read_current_roads() -> bool:
    """Read the chosen network; False where its file turns out to be damaged.

    It is then chosen no longer, by nobody, until the file is another; :func:`lost_roads` tells. Raises what
    :func:`dashboard.session.loaded.load_network` raises for any other reason.
    """
    roads = current_roads()
    state = _file_state(roads)
    try:
        load_network(roads.key)
    except RefusedFileError as error:
        if state is None:
            raise
        _damaged_files()[state] = error
        name = ", ".join((name_roads(roads.name, roads.date), name_profile(roads.profile)))
        st.session_state[_LOST] = LostRoads(name, error)
        for choice in ("roads", "profile"):
            controls.choose(choice, None)
        return False
    return True


def lost_roads() -> LostRoads | None:
    """Return the network that this reader had chosen and that cannot be read, until another is chosen."""
    if controls.choice("roads") is not None:
        st.session_state.pop(_LOST, None)
    lost: LostRoads | None = st.session_state.get(_LOST)
    return lost


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
