"""The page Finn partner in parts: what is searched for, the ranked partners, one partner in full."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboard import (
    controls,
    industries,
    matchcard,
    panels,
    payreach,
    reach,
    resulttables,
    session,
    tables,
    unreached,
)
from dashboard.choices import CHOICES, lower_score, widen_distance
from dashboard.labels import ACTOR_TYPES, label, label_basis, label_dataset
from dashboard.layers import Layer, build_facility_layer, build_route_layer, combine_legends
from dashboard.mapview import current_theme, show_map
from dashboard.notes import note
from dashboard.text import format_number, is_unknown, language
from dashboard.text import gettext as _
from dashboard.waywords import describe_ferries, describe_way, show_legs
from geodata.inquiries import suggest_wider_limits
from geodata.partners import rank_partners

PARTNER_COLUMNS = (
    "rank",
    "partner",
    "score",
    "distance_km",
    "net_nok_per_t",
    "net_kg_co2e_per_t",
    "break_even_km",
    "via",
    "minutes",
    "ferries",
    "direction",
    "basis",
    "exchange_t_best",
    "exchange_mwh_best",
    "amount_unknown",
    "estimated_km",
    "materials",
)


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
        resulttables.show_streams(view, own, key="partner_own_streams")
    return Search(view, chosen)


def show_partners(search: Search) -> None:
    """Show the ranked partners, the picked one in full, and who was left out and why."""
    view, result = search.view, search.view.result
    ranked = rank_partners(result.matches, facility_ids=[search.facility_id])
    st.header(_("Partners ({count})").format(count=format_number(len(ranked))))
    if (reason := unreached.find_unreached(view).get(search.facility_id)) is not None:
        st.warning(
            _("Distances from here are not known, or only some of them:"), icon=":material/wrong_location:"
        )
        st.text(" ".join(unreached.describe_unreached(view, search.facility_id, reason)))
    if len(ranked):
        picked = _selected_row(ranked)
        shown = _present(view, ranked)
        tables.show_table(
            shown,
            key="partners",
            columns=PARTNER_COLUMNS,
            ids=list(ranked["best_match_id"].astype(str)),
            alt=_(
                "Partners by rank, with score, intermediary, distance, money, emissions, amount and basis."
            ),
            missing="–",
        )
        note(_("Money and emissions are best estimates of the best match, of energy per MWh."))
        unreached.show_distance_source(result)
        if len(ranked) > 1:
            note(_("Pick a row, or a facility on the map, to see why it fits and the way there."))
        _show_partner(search, ranked, picked)
    else:
        _show_no_partner(view)
        _show_reach_alone(search)
    industries.show_industries(view, search.facility_id, nobody=not len(ranked))
    st.header(_("Left out"))
    _suggest_limits(search)
    note(_("The nearest ones of the same family of materials that did not fit, and why."))
    left = result.exclusions
    touches = (left["from_facility_id"] == search.facility_id) | (
        left["to_facility_id"] == search.facility_id
    )
    own = left[touches.fillna(False).astype(bool)].sort_values(["reason", "value"], kind="stable")
    resulttables.show_exclusions(view, own, key="partners_left")


FILTERS = ("network", "basis", "actor", "material")


def _show_no_partner(view: session.View) -> None:
    st.info(_("Nobody fits within the limits that are set."), icon=":material/search_off:")
    hints = [_("What could help is listed below, with the nearest that were left out.")]
    if any(controls.choice(name) for name in FILTERS):
        hints.append(_("Filters are set in the margin: they also narrow who can be a partner."))
    if (view.result.tables.facilities["dataset"] != "practice").all():
        hints.append(_("The real region holds published facts only; many needs are not published."))
    for hint in hints:
        note(hint)
    if any(controls.choice(name) for name in FILTERS):
        st.button(_("Remove the filters"), on_click=_clear_filters, icon=":material/filter_alt_off:")


def _show_reach_alone(search: Search) -> None:
    """Offer the reach of a facility that has no partner, and how far its stream pays."""
    reached, pays = _pick_reaches(
        search, material=industries.offered_material(search.view, search.facility_id)
    )
    layers = _reach_layers(reached, pays)
    if layers:
        tables_ = search.view.result.tables
        here = tables_.facilities[tables_.facilities["facility_id"] == search.facility_id]
        bounds = layers[0].bounds
        layers.append(build_facility_layer(here, tables_.streams))
        show_map(
            layers,
            key="map_partner",
            height=460,
            bounds=bounds,
            lang=language(),
            credit=session.credit_roads(),
        )
        with st.expander(_("Legend"), icon=":material/legend_toggle:"):
            st.html(combine_legends(layers, theme=current_theme()))
    _show_reaches(search, reached, pays)


def _pick_reaches(
    search: Search, *, match_id: str | None = None, material: str | None = None
) -> tuple[reach.Reach | None, payreach.PayReach | None]:
    """Let the reader switch on the reach in minutes and how far it pays, beside one another."""
    first, second = st.columns(2)
    with first:
        reached = reach.pick_reach(search.view, search.facility_id)
    with second:
        pays = payreach.pick_pay_reach(search.view, search.facility_id, match_id=match_id, material=material)
    return reached, pays


def _reach_layers(reached: reach.Reach | None, pays: payreach.PayReach | None) -> list[Layer]:
    found = [pays.layer if pays is not None else None, reached.layer if reached is not None else None]
    return [layer for layer in found if layer is not None]


def _show_reaches(search: Search, reached: reach.Reach | None, pays: payreach.PayReach | None) -> None:
    if pays is not None:
        payreach.show_pay_reach(pays)
    if reached is not None:
        reach.show_reach(search.view, reached)


def _clear_filters() -> None:
    for name in FILTERS:
        controls.choose(name, CHOICES[name].default)


def _suggest_limits(search: Search) -> None:
    """Offer the limits that would let the nearest of those left out in."""
    result, names = search.view.result, search.view.names
    wider = suggest_wider_limits(result.exclusions, facility_id=search.facility_id)
    for row in wider.to_dict("records"):
        name = names.get(str(row["partner_facility_id"]), "?")
        if row["reason"] == "too_far":
            limit = widen_distance(row["value"])
            if (
                row["limit"] < result.parameters.max_distance_km
            ):  # heat and gas: a pipe's length, not a lorry's
                limit = None
            text = _("The nearest one too far away is {name}, {km} by road; the limit is {limit}.")
            offer = _("Search within {km}")
            values = {
                "km": format_number(row["value"], unit="km"),
                "limit": format_number(row["limit"], unit="km"),
            }
            title, choice = offer.format(km=format_number(limit, unit="km")), "km"
        else:
            limit = lower_score(row["value"])
            text = _("The best one below the limit is {name}, with {points} points; the limit is {limit}.")
            values = {"points": format_number(row["value"], decimals=1), "limit": format_number(row["limit"])}
            title, choice = _("Search from {points} points").format(points=format_number(limit)), "score"
        st.text(text.format(name=name, **values))
        if limit is not None:
            st.button(
                title,
                key=f"widen_{choice}",
                on_click=controls.choose,
                args=(choice, limit),
                icon=":material/zoom_out_map:",
            )


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
    matches = view.result.matches
    places = pd.Series(matches.index, index=matches["match_id"].astype(str))
    best = matches.loc[places[ranked["best_match_id"].astype(str)]]
    shown["via"] = best["via_facility_id"].astype("object").map(view.names).fillna("").to_numpy()
    prices = session.price_some(view, best)
    for name in resulttables.PRICE_COLUMNS:
        shown[name] = prices[name].to_numpy()
    return shown


def _show_partner(search: Search, ranked: pd.DataFrame, row: pd.Series) -> None:
    view, result = search.view, search.view.result
    match = result.matches[result.matches["match_id"] == row["best_match_id"]].iloc[0].to_dict()
    matchcard.show_match_card(view, str(row["best_match_id"]), key="partner_why")
    st.subheader(_("The way by road"))
    on_main_roads = session.current_roads().path is None
    st.text(describe_way(match, on_main_roads=on_main_roads))
    stops = [str(match[f"{end}_facility_id"]) for end in ("from", "via", "to")]
    start, via, end = stops[0], None if is_unknown(match["via_facility_id"]) else stops[1], stops[2]
    if not is_unknown(match["ferries"]) and match["ferries"] > 0:
        for one, two in ((start, end),) if via is None else ((start, via), (via, end)):
            need = session.find_ferries(view, one, two)
            if need is not None:
                st.text(describe_ferries(need))
    unreached.show_distance_source(result)
    route = session.find_whole_way(view, start, via, end)
    reached, pays = _pick_reaches(search, match_id=str(row["best_match_id"]))
    facilities = result.tables.facilities
    ids = {search.facility_id, via, *ranked["partner_facility_id"].astype(str)}
    layers = [build_facility_layer(facilities[facilities["facility_id"].isin(ids)], result.tables.streams)]
    if route is not None:
        layers.insert(0, build_route_layer(route))
    layers = [*_reach_layers(reached, pays), *layers]
    clicked = show_map(
        layers,
        key="map_partner",
        height=460,
        selected_id=str(row["partner_facility_id"]),
        bounds=layers[0].bounds,
        lang=language(),
        credit=session.credit_roads(),
    )
    if (
        clicked is not None
        and clicked.layer == "facilities"
        and clicked.id not in (row["partner_facility_id"], via)
    ):
        controls.choose("selected", clicked.id)
        st.rerun()
    with st.expander(_("Legend"), icon=":material/legend_toggle:"):
        st.html(combine_legends(layers, theme=current_theme()))
    _show_reaches(search, reached, pays)
    if route is not None:
        with st.expander(_("The legs of the way"), icon=":material/route:"):
            show_legs(route)
    _show_about(view, str(row["partner_facility_id"]))


def _show_about(view: session.View, partner_id: str) -> None:
    """Show who the partner is and where each of its figures comes from; no person stands in the data."""
    tables_ = view.result.tables
    partner = tables_.facilities[tables_.facilities["facility_id"] == partner_id].iloc[0]
    st.subheader(_("About the partner"))
    number = partner["municipality_number"]
    facts = (
        view.names.get(partner_id, "?"),
        label(ACTOR_TYPES, partner["actor_type"]),
        "" if is_unknown(number) else view.municipality_names.get(str(number), ""),
        view.networks_of.get(partner_id, ""),
        label_dataset(partner["dataset"]),
    )
    st.text(" · ".join(fact for fact in facts if fact))
    streams = tables_.streams[tables_.streams["facility_id"] == partner_id]
    tables.show_table(
        tables.present_streams(streams, names=view.names, material=view.material),
        key="partner_streams",
        columns=[name for name in resulttables.STREAM_COLUMNS if name != "facility"],
        alt=_("Streams with material, amount a year, basis and the source of the figure."),
    )
    note(
        _(
            "No contact persons stand here. Reach the partner through its own public pages, or through the "
            "office of a network that it is a member of."
        )
    )
