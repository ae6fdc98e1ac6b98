"""The page Finn partner in parts: what is searched for, the ranked partners, one partner in full."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboard import controls, panels, session, tables
from dashboard.labels import label_basis
from dashboard.layers import build_facility_layer, build_route_layer, combine_legends
from dashboard.mapview import current_theme, show_map
from dashboard.notes import note
from dashboard.text import format_minutes, format_number, language
from dashboard.text import gettext as _
from geodata.partners import INQUIRY_ID, rank_partners

PARTNER_COLUMNS = (
    "rank",
    "partner",
    "direction",
    "materials",
    "score",
    "distance_km",
    "minutes",
    "ferries",
    "basis",
    "exchange_t_best",
    "exchange_mwh_best",
    "amount_unknown",
    "estimated_km",
)
DIRECTIONS = ("offer", "need")


@dataclass(frozen=True)
class Search:
    """Whose partners are looked for, in which scenario."""

    view: session.View
    facility_id: str


def pick_facility(*, own_only: bool) -> Search | None:
    """Let the reader pick one facility by name; `own_only` among those of the reader's own files."""
    view = session.quick_view(session.current_filters())
    panels.await_scenario(view)
    facilities = view.result.tables.facilities
    if own_only:
        facilities = facilities[facilities["dataset"] == "own"]
        if facilities.empty:
            st.info(_("Drop a file above, or download an empty template on the page Data."))
            return None
    place = dict(
        zip(
            facilities["facility_id"].astype(str),
            facilities["municipality_number"].astype("object").map(view.municipality_names),
            strict=True,
        )
    )
    chosen = controls.pick_one(
        "facility",
        _("Facility"),
        sorted(place, key=lambda key: view.names[key].casefold()),
        labels=lambda key: (
            f"{view.names[key]}, {place[key]}" if isinstance(place[key], str) else view.names[key]
        ),
        placeholder=_("Type a name"),
    )
    if chosen is None:
        st.info(_("Pick a facility to see who could be its partners."), icon=":material/search:")
        return None
    own = view.result.tables.streams
    own = own[own["facility_id"] == chosen]
    with st.expander(
        _("What it offers and needs ({count})").format(count=len(own)), icon=":material/inventory_2:"
    ):
        panels.show_streams(view, own, key="partner_own_streams")
    return Search(view, chosen)


def ask_inquiry() -> Search | None:
    """Ask for material and place, and amount if known; no file and no registration."""
    first, second = st.columns(2)
    materials = session.material_keys()
    places = session.place_names()
    with first:
        material = controls.pick_one(
            "has",
            _("What is it?"),
            sorted(materials, key=session.label_material),
            labels=session.label_material,
            placeholder=_("Wood, cardboard, fish sludge …"),
        )
    with second:
        place = controls.pick_one(
            "place",
            _("Where is it?"),
            list(places),
            labels=lambda key: places[key],
            placeholder=_("Town or village"),
        )
    with first:
        titles = {"offer": _("I have it and want to give it"), "need": _("I need it")}
        direction = controls.pick_segment(
            "gives", _("Which way?"), DIRECTIONS, labels=lambda key: titles[key]
        )
    with second:
        tonnes = st.number_input(
            _("Tonnes a year (leave empty if you do not know)"),
            min_value=0.0,
            value=None,
            step=10.0,
            key="inquiry_tonnes",
        )
    if material is None or place is None:
        st.info(_("Fill in the two fields: what it is and where it is."), icon=":material/edit:")
        return None
    view = session.inquiry_view(material=material, place=place, direction=direction, tonnes=tonnes or None)
    return Search(view, INQUIRY_ID)


def show_partners(search: Search) -> None:
    """Show the ranked partners, the picked one in full, and who was left out and why."""
    view, result = search.view, search.view.result
    ranked = rank_partners(result.matches, facility_ids=[search.facility_id])
    st.header(_("Partners ({count})").format(count=format_number(len(ranked))))
    if len(ranked):
        picked = _selected_row(ranked)
        shown = _present(view, ranked)
        tables.show_table(
            shown,
            key="partners",
            columns=PARTNER_COLUMNS,
            ids=list(ranked["best_match_id"].astype(str)),
            alt=_("Partners by rank, with score, amount, basis, road distance, minutes and ferries."),
            missing="–",
        )
        _show_partner(search, ranked, picked)
    else:
        st.info(_("No partner with these filters. Try a longer distance or a lower score."))
    st.header(_("Left out"))
    note(_("The nearest ones of the same family of materials that did not fit, and why."))
    left = result.exclusions
    touches = (left["from_facility_id"] == search.facility_id) | (
        left["to_facility_id"] == search.facility_id
    )
    panels.show_exclusions(view, left[touches.fillna(False).astype(bool)], key="partners_left")


def _selected_row(ranked: pd.DataFrame) -> pd.Series:
    """Return the picked partner: by match (a row), by facility (a click on the map), else the best one."""
    selected = controls.choice("selected")
    for column in ("best_match_id", "partner_facility_id"):
        found = ranked[ranked[column] == selected]
        if len(found):
            break
    else:
        found = ranked.head(1)
    row = found.iloc[0]
    controls.choose("selected", str(row["best_match_id"]))
    return row


def _present(view: session.View, ranked: pd.DataFrame) -> pd.DataFrame:
    shown = ranked.copy()
    titles = {"gives": _("can take from it"), "takes": _("can give to it")}
    shown["partner"] = shown["partner_facility_id"].astype("object").map(view.names)
    shown["direction"] = shown["direction"].astype("object").map(titles)
    shown["materials"] = [
        ", ".join(view.material(key) for key in str(keys).split()) for keys in shown["materials"]
    ]
    shown["basis"] = shown["basis"].map(label_basis)
    return shown


def _show_partner(search: Search, ranked: pd.DataFrame, row: pd.Series) -> None:
    view, result = search.view, search.view.result
    match = result.matches[result.matches["match_id"] == row["best_match_id"]].iloc[0].to_dict()
    panels.show_explanation(view, match, key="partner_why")
    st.subheader(_("The way by road"))
    st.text(
        _("{km} · {minutes} · {ferries} ferries · {estimated} of it off the main roads and estimated").format(
            km=format_number(match["distance_km"], decimals=1, unit="km"),
            minutes=format_minutes(match["minutes"]),
            ferries=format_number(match["ferries"]),
            estimated=format_number(match["estimated_km"], decimals=1, unit="km"),
        )
    )
    route = session.find_way(view, str(match["from_facility_id"]), str(match["to_facility_id"]))
    facilities = result.tables.facilities
    ids = {search.facility_id, *ranked["partner_facility_id"].astype(str)}
    layers = [build_facility_layer(facilities[facilities["facility_id"].isin(ids)], result.tables.streams)]
    if route is not None:
        layers.insert(0, build_route_layer(route))
    clicked = show_map(
        layers,
        key="map_partner",
        height=460,
        selected_id=str(row["partner_facility_id"]),
        bounds=layers[0].bounds,
        lang=language(),
    )
    if clicked is not None and clicked.layer == "facilities" and clicked.id != row["partner_facility_id"]:
        controls.choose("selected", clicked.id)
        st.rerun()
    with st.expander(_("Legend"), icon=":material/legend_toggle:"):
        st.html(combine_legends(layers, theme=current_theme()))
    if route is not None:
        _show_legs(route)


def _show_legs(route: session.Route) -> None:
    kinds = {"road": _("Road"), "ferry": _("Ferry"), "access": _("Off the main roads (estimated)")}
    legs = pd.DataFrame(
        {
            "kind": [kinds[leg.kind] for leg in route.legs],
            "road": [leg.road or "" for leg in route.legs],
            "distance_km": [leg.km for leg in route.legs],
        }
    )
    tables.show_table(
        legs,
        key="partner_legs",
        columns=("kind", "road", "distance_km"),
        alt=_("The legs of the way with road number and kilometres."),
        titles={"road": _("Road number or ferry")},
        rows_shown=6,
    )
