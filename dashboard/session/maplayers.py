"""The layers of a scenario, built once for each scenario, language and selection."""

from __future__ import annotations

import streamlit as st

from dashboard.layers import (
    Layer,
    build_cluster_layer,
    build_facility_layer,
    build_flow_layer,
    build_municipality_layer,
)
from dashboard.session.datasets import load_pieces
from dashboard.session.loaded import load_municipalities
from dashboard.session.scenarios import OUTLINE, View
from dashboard.text import language

KEPT_LAYERS = 64


def build_layers(view: View, *, municipalities: tuple[str, ...] = ()) -> list[Layer]:
    """Return the layers of a scenario, lowest first."""
    return [
        _municipality_layer(language(), municipalities),
        *_scenario_layers(view.key, language(), _view=view),
    ]


@st.cache_resource(show_spinner=False, max_entries=KEPT_LAYERS)
def _municipality_layer(lang: str, selected: tuple[str, ...]) -> Layer:
    return build_municipality_layer(load_municipalities(), selected)


@st.cache_resource(show_spinner=False, max_entries=KEPT_LAYERS)
def _scenario_layers(key: str, lang: str, _view: View) -> list[Layer]:
    result = _view.result
    facilities = result.tables.facilities
    above = _facility_layer(key.removesuffix(OUTLINE), lang, len(facilities), _view=_view)
    if result.matches.empty and result.clusters.empty:  # an outline is wanted at once
        return [*_empty_layers(lang, _view=_view), above]
    return [
        build_cluster_layer(result.clusters, result.cluster_members, facilities),
        build_flow_layer(result.matches, facilities),
        above,
    ]


@st.cache_resource(show_spinner=False, max_entries=KEPT_LAYERS)
def _empty_layers(lang: str, _view: View) -> list[Layer]:
    result = _view.result
    nowhere = result.tables.facilities.head(0)
    return [
        build_cluster_layer(result.clusters, result.cluster_members.head(0), nowhere),
        build_flow_layer(result.matches, nowhere),
    ]


@st.cache_resource(show_spinner=False, max_entries=KEPT_LAYERS)
def _facility_layer(key: str, lang: str, count: int, _view: View) -> Layer:
    # An outline and its scenario share the layer, unless neighbours by road came in between.
    tables, dataset = _view.result.tables, _view.dataset
    pieces = load_pieces(dataset.key, lang, _facilities=dataset.tables.facilities)
    return build_facility_layer(tables.facilities, tables.streams, pieces=pieces)
