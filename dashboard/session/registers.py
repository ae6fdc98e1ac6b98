"""Which filled registers lie on the shelf, which the reader sees beside the real region, and whom to name."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import streamlit as st

from dashboard import controls
from geodata.errors import RefusedFileError
from loaders.registershelf import Extract, list_extracts, name_register_sources, read_extract

KEPT_REGISTERS = 8
_LISTED = "_extracts"


def look_at_registers() -> None:
    """Look anew at what lies on the shelf; once a run, before anything asks for it."""
    st.session_state[_LISTED] = list_extracts()


def list_registers() -> tuple[Extract, ...]:
    """Return the extracts on the shelf that can be read, as they lay there in this run."""
    return tuple(extract for extract in _listed() if extract.record.sha256 not in _damaged())


def damaged_registers() -> tuple[Extract, ...]:
    """Return the extracts on the shelf that turned out to be damaged."""
    return tuple(extract for extract in _listed() if extract.record.sha256 in _damaged())


def _listed() -> tuple[Extract, ...]:
    if _LISTED not in st.session_state:
        look_at_registers()
    found: tuple[Extract, ...] = st.session_state[_LISTED]
    return found


@st.cache_resource(show_spinner=False)
def _damaged() -> set[str]:
    """Return the digests of extracts that cannot be read: for all sessions."""
    return set()


def used_registers() -> tuple[Extract, ...]:
    """Return the extracts that the reader sees: all, or the chosen ones; none beside the practice data."""
    if controls.choice("data") != "region" or not controls.choice("registers"):
        return ()
    known = list_registers()
    chosen = [one for one in known if one.key in controls.choice("extracts")]
    return tuple(one for one in chosen or known if _can_be_read(one))


def _can_be_read(extract: Extract) -> bool:
    try:
        load_extract(extract.key, extract.record.sha256)
    except RefusedFileError:
        _damaged().add(extract.record.sha256)
        return False
    return True


@st.cache_resource(show_spinner=False, max_entries=KEPT_REGISTERS)
def load_extract(key: str, digest: str) -> gpd.GeoDataFrame:
    """Return the facilities of an extract, read once for each of its contents."""
    return read_extract(key)


def register_sources(extracts: Sequence[Extract]) -> list[dict[str, str]]:
    """Return one record a source of `extracts`, as those of the embedded data."""
    return name_register_sources(extracts)


def credit_registers() -> tuple[str, ...]:
    """Return whom to name for the extracts that the reader sees, in English for gettext."""
    return tuple(dict.fromkeys(text for extract in used_registers() for text in extract.attributions))
