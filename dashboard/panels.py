"""Parts that several pages share: key figures, the wait for a calculation, the map with its legend."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import controls, session
from dashboard.background import Job
from dashboard.labels import BASES, label_basis
from dashboard.layers import Layer, combine_legends
from dashboard.mapview import MapSelection, current_theme, show_map
from dashboard.text import N_, format_number, language
from dashboard.text import gettext as _
from geodata.indicators import ALL, index_indicators
from geodata.results import ScenarioResult

FIGURES_BEFORE_MATCHES = 2
SECONDS_BETWEEN_LOOKS = 0.1
"""A click meanwhile is seen at the next look."""
STEP_TEXTS = {
    "": N_("Waiting for another calculation."),
    "travel": N_("Measuring ways by road."),
    "match": N_("Matching offers and needs."),
    "cluster": N_("Finding clusters."),
    "sum": N_("Summing up."),
    "price": N_("Working out money and carbon of every match."),
    "plan": N_("Looking for the best plan."),
}


def await_scenario(view: session.View) -> None:
    """Where `view` is an outline: tell how far the rest has come, and run the page anew when it is there.

    A click meanwhile ends the waiting and is followed at once.
    """
    if view.job is not None:
        await_job(
            view.job, _("The map shows the facilities. Matches, clusters and figures are being computed.")
        )


def await_job(job: Job, text: str) -> None:
    """Tell with `text` that something is being computed and how far it has come; then run the page anew."""
    controls.write_permalink()  # the run ends here: the next one must find the choices in the address
    with session.load_workshop().attend(job), st.status(text, expanded=True):
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
    show_legend(layers, beside=signs)
    return clicked


def show_legend(layers: Sequence[Layer], *, beside: DeltaGenerator) -> None:
    """Show what the signs on a map mean, `beside` it where the screen is wide."""
    legend = combine_legends(layers, theme=current_theme())
    # Two of them, of which the page's style shows one: open beside a wide map, closed below a narrow one.
    for place, opened in (("wide", True), ("narrow", False)):
        with (
            beside.container(key=f"legend_{place}"),
            st.expander(_("Legend"), expanded=opened, icon=":material/legend_toggle:"),
        ):
            st.html(legend)


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
