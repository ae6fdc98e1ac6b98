"""What a scenario holds, as tables: facilities, streams, matches, clusters, what was left out, sums."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import controls, session, tables
from dashboard.labels import DIRECTIONS, label, label_basis
from dashboard.mapview import MapSelection
from dashboard.matchcard import show_match_card
from dashboard.notes import note
from dashboard.text import gettext as _
from dashboard.unreached import show_distance_source, show_unreached
from geodata.totals import sum_streams

FACILITY_COLUMNS = (
    "name",
    "actor_type",
    "municipality",
    "networks",
    "dataset",
    "geocode_quality",
    "source",
    "source_year",
    "note",
)
STREAM_COLUMNS = (
    "facility",
    "direction",
    "material",
    "eal_code",
    "amount_best",
    "unit",
    "basis",
    "amount_min",
    "amount_max",
    "reference",
    "reference_year",
    "months",
    "hazardous",
    "legal_status",
    "dataset",
    "description",
    "note",
)
MATCH_COLUMNS = (
    "rank",
    "from_name",
    "to_name",
    "material",
    "score",
    "exchange_best",
    "unit",
    "basis",
    "distance_km",
    "net_nok_per_t",
    "net_kg_co2e_per_t",
    "break_even_km",
    "via",
    "becomes",
    "minutes",
    "ferries",
    "estimated_km",
    "rank_best",
    "rank_worst",
    "score_code",
    "score_quality",
    "score_amount",
    "score_season",
    "score_distance",
    "score_hazard",
    "score_hierarchy",
    "eal_code",
    "hazardous",
)
PRICE_COLUMNS = ("net_nok_per_t", "net_kg_co2e_per_t", "break_even_km")
MOST_PRICED = 20_000
"""Tables of more matches are shown without money and emissions: a click must not wait for them."""
CLUSTER_COLUMNS = (
    "name",
    "facilities",
    "matches",
    "exchange_t_min",
    "exchange_t_best",
    "exchange_t_max",
    "exchange_mwh_best",
    "matches_amount_unknown",
    "materials",
    "radius_minutes",
    "basis",
)
TOTAL_COLUMNS = (
    "direction",
    "material",
    "basis",
    "amount_best",
    "unit",
    "amount_min",
    "amount_max",
    "streams",
    "unknown",
)
EXCLUSION_COLUMNS = ("from_name", "to_name", "material", "reason", "value", "limit", "unit", "pairs")
TAB_OF_LAYER = {"facilities": 0, "flows": 2, "clusters": 3}


def show_result_tables(view: session.View, *, key: str, clicked: MapSelection | None = None) -> None:
    """Show what the map shows, as tables: facilities, streams, matches, clusters and what was left out.

    Only the open tab is made: a table costs more time than the scenario behind it. What was `clicked` on the
    map opens its tab.
    """
    shows = (show_facilities, show_all_streams, show_matches, show_clusters, show_all_exclusions)
    titles = (_("Facilities"), _("Streams"), _("Matches"), _("Clusters"), _("Left out"))
    if clicked is not None and clicked.layer in TAB_OF_LAYER:
        st.session_state[f"{key}_tabs"] = titles[TAB_OF_LAYER[clicked.layer]]
    tabs = st.tabs(titles, key=f"{key}_tabs", on_change="rerun")
    for tab, show, name in zip(
        tabs, shows, ("facilities", "streams", "matches", "clusters", "left"), strict=True
    ):
        if tab.open:
            with tab:
                show(view, key=f"{key}_{name}")


def show_facilities(view: session.View, *, key: str) -> None:
    """Show the facilities with municipality, networks and source."""
    shown = tables.present_facilities(
        view.result.tables.facilities, municipalities=view.municipality_names, networks=view.networks_of
    )
    tables.show_table(
        shown,
        key=key,
        columns=FACILITY_COLUMNS,
        ids=list(shown["facility_id"].astype(str)),
        alt=_("Facilities with kind, municipality, networks and source. A picked row is marked on the map."),
    )
    show_unreached(view)


def show_all_streams(view: session.View, *, key: str) -> None:
    """Show every stream of the scenario."""
    show_streams(view, view.result.tables.streams, key=key)


def show_all_exclusions(view: session.View, *, key: str) -> None:
    """Show every pair that was left out of the scenario."""
    note(_("Pairs of the same family of materials that did not become a match, nearest first, and why."))
    show_exclusions(view, view.result.exclusions, key=key)
    show_distance_source(view.result)


def show_streams(view: session.View, streams: pd.DataFrame, *, key: str) -> None:
    """Show streams with amount, basis and the source of each figure."""
    shown = tables.present_streams(streams, names=view.names, material=view.material)
    tables.show_table(
        shown,
        key=key,
        columns=STREAM_COLUMNS,
        alt=_("Streams with material, amount a year, basis and the source of the figure."),
    )


def show_matches(view: session.View, *, key: str) -> None:
    """Show the matches by rank, and why the picked one fits."""
    matches = view.result.matches
    priced = len(matches) <= MOST_PRICED
    shown = tables.present_matches(matches, names=view.names, material=view.material, brief=not priced)
    columns = MATCH_COLUMNS
    if priced:
        prices = session.price_view(view)
        shown = shown.assign(**{name: prices[name].to_numpy() for name in PRICE_COLUMNS})
    else:
        columns = tuple(name for name in columns if name not in ("becomes", "rank_best", "rank_worst"))
    tables.show_table(
        shown,
        key=key,
        columns=columns,
        ids=list(shown["match_id"].astype(str)),
        alt=_(
            "Matches by rank, with amount, basis, road distance, money and emissions, and the parts of the "
            "score."
        ),
        empty=_("No match with these filters. Try a longer distance or a lower score."),
    )
    show_distance_source(view.result)
    if not priced:
        note(_("So many matches are not priced in the table. Each has its price on its card."))
    elif len(matches):
        note(
            _("Money and emissions are best estimates, of energy per MWh. The card tells how sure they are.")
        )
    selected = controls.choice("selected")
    if (matches["match_id"] == selected).any():
        show_match_card(view, str(selected), key=f"{key}_card")
    elif len(matches):
        note(_("Pick a row to see why it fits, what it earns and what is missing."))


def show_clusters(view: session.View, *, key: str) -> None:
    """Show the clusters and what could be exchanged inside each."""
    clusters = view.result.clusters.copy()
    clusters["materials"] = [
        ", ".join(view.material(key) for key in str(keys).split())
        for keys in clusters["materials"].fillna("")
    ]
    clusters["basis"] = clusters["basis"].map(label_basis)
    tables.show_table(
        clusters,
        key=key,
        columns=CLUSTER_COLUMNS,
        ids=list(clusters["cluster_id"].astype(str)),
        alt=_("Clusters with number of facilities, matches and tonnes that could be exchanged inside."),
        empty=_("No cluster with these filters."),
        missing="–",
    )
    show_distance_source(view.result)


def show_exclusions(view: session.View, exclusions: pd.DataFrame, *, key: str) -> None:
    """Show pairs that were left out, each with its reason."""
    shown = tables.present_exclusions(exclusions, names=view.names, material=view.material)
    tables.show_table(
        shown,
        key=key,
        columns=EXCLUSION_COLUMNS,
        alt=_("Pairs left out, with the reason and the figure that decided."),
        empty=_("Nothing was left out."),
        missing="–",
    )


def show_totals(view: session.View, *, key: str) -> None:
    """Show the sums by direction, material and basis; they equal the rows' sum, and unknown is counted."""
    totals = sum_streams(view.result.tables.streams)
    totals["direction"] = [label(DIRECTIONS, direction) for direction in totals["direction"]]
    totals["material"] = [view.material(str(material)) for material in totals["material"]]
    totals["basis"] = [label_basis(basis) for basis in totals["basis"]]
    totals["unit"] = tables.text_or_unknown(totals["unit"])
    note(_("The sums are those of the rows below. A stream of unknown amount is counted, and adds nothing."))
    tables.show_table(
        totals,
        key=key,
        columns=TOTAL_COLUMNS,
        titles={"unknown": _("Amount unknown"), "direction": _("Role")},
        alt=_(
            "Sums of the amounts a year by direction, material and basis, with the streams of unknown amount."
        ),
    )


def show_served_by(municipalities: Sequence[str], *, key: str, opened: bool = False) -> None:
    """Show the municipal waste companies that serve these municipalities, wherever they have their seat."""
    companies = session.companies_serving(tuple(municipalities))
    if companies.empty:
        return
    title = _("Municipal waste companies that serve the area")
    with st.expander(title, expanded=opened, icon=":material/recycling:"):
        names = session.municipality_names()
        shown = tables.present_facilities(companies, municipalities=names, networks={})
        tables.show_table(
            shown,
            key=key,
            columns=("name", "municipality", "source", "dataset"),
            alt=_("Municipal waste companies that serve the area, with their seat and source."),
        )
        note(
            _(
                "A company's household waste is modelled for all of its municipalities together and counts "
                "where the company has its seat."
            )
        )
