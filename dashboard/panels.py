"""Parts that several pages share: key figures, the map with its legend, the tables, and why a match fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import controls, session, tables
from dashboard.labels import BASES, DIRECTIONS, SCORE_PARTS, SCORE_REASONS, label, label_basis
from dashboard.layers import Layer, combine_legends
from dashboard.mapview import MapSelection, current_theme, show_map
from dashboard.messages import describe_finding
from dashboard.notes import note
from dashboard.text import N_, format_minutes, format_number, language
from dashboard.text import gettext as _
from geodata.findings import Finding, Severity
from geodata.indicators import ALL, index_indicators
from geodata.results import ScenarioResult
from geodata.roads import GraphTravel, RoadTravel
from geodata.scoring import explain_match
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
    "minutes",
    "ferries",
    "estimated_km",
    "score_code",
    "score_material",
    "score_amount",
    "score_season",
    "score_distance",
    "eal_code",
    "hazardous",
)
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


FIGURES_BEFORE_MATCHES = 2
UNREACHED_SHOWN = 50
SECONDS_BETWEEN_LOOKS = 0.1
"""A click meanwhile is seen at the next look."""
STEP_TEXTS = {
    "": N_("Waiting for another calculation."),
    "travel": N_("Measuring ways by road."),
    "match": N_("Matching offers and needs."),
    "cluster": N_("Finding clusters."),
    "sum": N_("Summing up."),
}


def await_scenario(view: session.View) -> None:
    """Where `view` is an outline: tell how far the rest has come, and run the page anew when it is there.

    A click meanwhile ends the waiting and is followed at once.
    """
    job = view.job
    if job is None:
        return
    controls.write_permalink()  # the run ends here: the next one must find the choices in the address
    with session.load_workshop().attend(job):
        text = _("The map shows the facilities. Matches, clusters and figures are being computed.")
        with st.status(text, expanded=True):
            step = st.empty()
            while not job.wait(SECONDS_BETWEEN_LOOKS):
                step.text(_(STEP_TEXTS.get(job.step, STEP_TEXTS[""])))
    st.rerun()


def show_key_figures(result: ScenarioResult, *, outline: bool = False) -> None:
    """Show the figures a planner asks for first; of an `outline` those that rest on matches are awaited."""
    figures = index_indicators(result.indicators)

    def read(name: str, unit: str | None = None, basis: str = ALL) -> float:
        return figures[name, unit or name, basis]

    amount = read("exchange_best", "t")
    low, high = (read(f"exchange_{end}", "t") for end in ("min", "max"))
    unknown = read("matches_amount_unknown", "matches")
    median = read("matched_distance_median", "km")
    cards: Sequence[tuple[str, str, str] | tuple[str, str, str, tuple[str, ...]]] = (
        (
            _("Facilities"),
            format_number(read("facilities")),
            _("{count} on the map").format(count=format_number(read("facilities_placed", "facilities"))),
        ),
        (
            _("Streams"),
            format_number(read("streams")),
            _("{offers} offered, {needs} needed").format(
                offers=format_number(read("offers", "streams")),
                needs=format_number(read("needs", "streams")),
            ),
        ),
        (
            _("Matches"),
            format_number(read("matches")),
            _("{count} of unknown amount").format(count=format_number(unknown)),
        ),
        (
            _("Could be exchanged a year"),
            format_number(amount, unit="t"),
            _("no known amount")
            if isnan(amount)
            else _("between {low} and {high}").format(
                low=format_number(low), high=format_number(high, unit="t")
            ),
            tuple(
                f"{label_basis(basis)}: {format_number(value, unit='t')}"
                for basis in BASES
                if (value := read("exchange_best", "t", basis)) > 0
            ),
        ),
        (
            _("Clusters"),
            format_number(read("clusters")),
            _("no match")
            if isnan(median)
            else _("median distance {km}").format(km=format_number(median, unit="km")),
        ),
    )
    with st.container(key="key_figures"):
        for number, (title, value, detail, *bases) in enumerate(cards):
            if outline and number >= FIGURES_BEFORE_MATCHES:
                value, detail, bases = "…", _("being computed"), []
            with st.container(border=True, gap="xxsmall", key=f"figure_{number}"):
                st.metric(title, value)
                st.text("\n".join((detail, *(line for lines in bases for line in lines))))


def show_scenario_map(
    view: session.View,
    *,
    key: str,
    height: int = 640,
    municipalities: Sequence[str] = (),
    extra: Sequence[Layer] = (),
    bounds: tuple[float, float, float, float] | None = None,
) -> MapSelection | None:
    """Show a scenario on the map with its legend; a click selects its row in the tables and is returned."""
    layers = [*session.build_layers(view, municipalities=tuple(municipalities)), *extra]
    drawing, signs = st.columns([3.4, 1])
    with drawing:
        clicked = show_map(
            layers,
            key=key,
            height=height,
            selected_id=controls.choice("selected"),
            bounds=bounds,
            lang=language(),
            credit=session.credit_roads(),
        )
    if clicked is not None and clicked.layer != "municipalities":
        controls.choose("selected", clicked.id)
    legend = combine_legends(layers, theme=current_theme())
    # Two of them, of which the page's style shows one: open beside a wide map, closed below a narrow one.
    for place, opened in (("wide", True), ("narrow", False)):
        with (
            signs.container(key=f"legend_{place}"),
            st.expander(_("Legend"), expanded=opened, icon=":material/legend_toggle:"),
        ):
            st.html(legend)
    return clicked


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
    shown = tables.present_matches(matches, names=view.names, material=view.material)
    tables.show_table(
        shown,
        key=key,
        columns=MATCH_COLUMNS,
        ids=list(shown["match_id"].astype(str)),
        alt=_("Matches by rank, with the parts of the score, amount, basis and road distance."),
        empty=_("No match with these filters. Try a longer distance or a lower score."),
    )
    show_distance_source(view.result)
    picked = matches[matches["match_id"] == controls.choice("selected")]
    if len(picked):
        show_explanation(view, picked.iloc[0].to_dict(), key=f"{key}_why")
    elif len(matches):
        note(_("Pick a row to see why it fits."))


def show_distance_source(result: ScenarioResult) -> None:
    """Say which roads, of which date, and which profile the distances of a scenario are."""
    network = result.provenance.network
    if network:
        st.text(_("Distances by road: {roads}").format(roads=session.describe_roads(network)))


def find_unreached(view: session.View) -> dict[str, str]:
    """Return facility_id -> code of why it has no distances, or only some, over the chosen roads."""
    travel = view.result.travel
    if not isinstance(travel, RoadTravel | GraphTravel):  # an outline knows no ways yet
        return {}
    return {name: reason for name, reason in zip(travel.ids, travel.reasons, strict=True) if reason}


def describe_unreached(view: session.View, facility_id: str, reason: str) -> tuple[str, str]:
    """Return in words why a facility has no distances, and what to do."""
    limit = getattr(view.result.travel, "max_access_km", 0.0)
    name = view.names.get(facility_id, "?")
    finding = Finding(Severity.WARNING, f"place.{reason}", "", None, None, name, {"limit": limit})
    return describe_finding(finding, _)


def show_unreached(view: session.View) -> None:
    """List the facilities without distances, each with the reason; nothing where there are none."""
    unreached = find_unreached(view)
    if not unreached:
        return
    title = _("Without distances by road, or with some only ({count})")
    with st.expander(title.format(count=format_number(len(unreached))), icon=":material/wrong_location:"):
        shown = sorted(unreached.items(), key=lambda row: view.names.get(row[0], "?").casefold())
        lines = [describe_unreached(view, *row)[0] for row in shown[:UNREACHED_SHOWN]]
        st.text("\n".join(lines), width="stretch")
        if len(unreached) > UNREACHED_SHOWN:
            note(_("Only the first {count} are listed.").format(count=UNREACHED_SHOWN))


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


def show_shared_polygon(municipality: str | None) -> None:
    """Say where a municipality's own border is not in the open data."""
    if session.shared_polygon_note(municipality):
        st.info(
            _(
                "The border between this municipality and its neighbour is not in the open data. The two are "
                "drawn together on the map; figures and tables keep them apart."
            ),
            icon=":material/border_clear:",
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


def show_explanation(view: session.View, match: Mapping[str, object], *, key: str) -> None:
    """Show each part of one match's score as text and bar; the parts add up to the score."""
    parts = explain_match(match, parameters=view.result.parameters)
    st.subheader(_("Why this match: {score} points").format(score=_points(match["score"])))
    giver, taker = (view.names.get(str(match[f"{end}_facility_id"]), "?") for end in ("from", "to"))
    st.text(f"{giver} → {taker}")
    table = pd.DataFrame(
        {
            "part": [label(SCORE_PARTS, part.part) for part in parts] + [_("Sum")],
            "points": [part.points for part in parts] + [sum(part.points for part in parts)],
            "share": [100 * part.points / part.max_points if part.max_points else 0.0 for part in parts]
            + [100 * sum(p.points for p in parts) / max(sum(p.max_points for p in parts), 1e-9)],
            "why": [describe_reason(part.reason_code, part.values, material=view.material) for part in parts]
            + [""],
        }
    )
    st.dataframe(
        table.style.format({"points": _points}),
        hide_index=True,
        key=key,
        height="content",
        alt=_("The parts of the score with points and reason; the last row is their sum."),
        column_config={
            "part": st.column_config.TextColumn(_("Part")),
            "points": st.column_config.NumberColumn(_("Points"), width="small"),
            "share": st.column_config.ProgressColumn(
                _("Share of the possible points"), min_value=0, max_value=100, format="%d %%"
            ),
            "why": st.column_config.TextColumn(_("Why"), width="large"),
        },
    )


def _points(value: Any) -> str:
    return format_number(value, decimals=2)


def describe_reason(code: str, values: Mapping[str, Any], *, material: Any) -> str:
    """Word one reason of a score in the reader's language; its values are written with their units."""
    unit = str(values.get("unit", ""))
    written: dict[str, str] = {}
    for name, value in values.items():
        if name in ("offer_material", "need_material"):
            written[name] = material(str(value))
        elif name in ("offer_amount", "need_amount", "exchange_best"):
            written[name] = format_number(value, decimals=1, unit=unit)
        elif name in ("distance_km", "estimated_km"):
            written[name] = format_number(value, decimals=1, unit="km")
        elif name == "minutes":
            written[name] = format_minutes(value)
        else:
            written[name] = str(value)
    text = label(SCORE_REASONS, code)
    return text.format_map(written) if code in SCORE_REASONS else text
