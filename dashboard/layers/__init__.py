"""Tables become map layers here and nowhere else: one ``build_*_layer`` a kind of content.

Texts are in the reader's language when the layer is built: who keeps built layers keeps them by language too.
What a layer is and how its text is kept harmless: :mod:`dashboard.layerdocument`.
"""

from __future__ import annotations

from dashboard.layerdocument import Layer, combine_legends, feature_key, publish
from dashboard.layers.areas import (
    build_break_even_layer,
    build_cluster_layer,
    build_municipality_layer,
    build_reach_layer,
)
from dashboard.layers.facilities import (
    FacilityPieces,
    build_facility_layer,
    find_roles,
    prepare_facilities,
)
from dashboard.layers.lines import build_flow_layer, build_plan_layer, build_route_layer

__all__ = [
    "FacilityPieces",
    "Layer",
    "build_break_even_layer",
    "build_cluster_layer",
    "build_facility_layer",
    "build_flow_layer",
    "build_municipality_layer",
    "build_plan_layer",
    "build_reach_layer",
    "build_route_layer",
    "combine_legends",
    "feature_key",
    "find_roles",
    "prepare_facilities",
    "publish",
]
