"""What is done when the server starts, and when a reader's run begins."""

from __future__ import annotations

import gc

import streamlit as st

from dashboard import controls
from dashboard.session.datasets import load_dataset
from dashboard.session.loaded import (
    load_codes,
    load_counties,
    load_municipalities,
    load_network,
    load_places,
    load_sources,
)
from dashboard.session.names import place_names
from dashboard.session.scenarios import warm_dataset
from dashboard.text import provide_language


@st.cache_resource(show_spinner=False)
def warm_server() -> bool:
    """Read everything once and compute the first page; then take all of it out of the collector's rounds.

    Streamlit collects garbage after every run; what lives as long as the server need not be looked at again.
    """
    for load in (load_municipalities, load_counties, load_places, load_sources, load_codes, load_network):
        load()
    place_names()
    for name in ("region", "practice"):
        warm_dataset(load_dataset(name, "", (), True, _own=None, _extracts=()))
    gc.collect()
    gc.freeze()
    return True


def start_session() -> None:
    """Say who reads: text and numbers follow the choice of language from here on."""
    provide_language(_chosen_language)
    warm_server()


def _chosen_language() -> str | None:
    # Also asked where no page runs (the command line's process, a test): then nobody has chosen.
    return str(controls.choice("lang"))
