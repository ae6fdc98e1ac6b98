"""Kommune: one county or municipality, everything filtered, with neighbours by road as a switch."""

from __future__ import annotations

import streamlit as st

from dashboard import controls, exporting, panels, resulttables, session
from dashboard.choices import NEAR_KM
from dashboard.mapview import MapSelection
from dashboard.notes import note
from dashboard.text import format_number
from dashboard.text import gettext as _

st.title(_("Municipality"))
counties, municipalities = session.county_names(), session.municipality_names()
chosen = controls.choice("municipality")
if chosen in municipalities and session.county_of(chosen) != controls.choice("county"):
    controls.choose("county", session.county_of(chosen))
left, right = st.columns(2)
with left:
    county = controls.pick_one(
        "county", _("County"), sorted(counties, key=counties.__getitem__), labels=counties.__getitem__
    )
within = [number for number in municipalities if county is None or session.county_of(number) == county]
with right:
    municipality = controls.pick_one(
        "municipality",
        _("Municipality"),
        sorted(within, key=municipalities.__getitem__),
        labels=municipalities.__getitem__,
        placeholder=_("The whole county") if county else _("Type a name"),
    )
selected = (municipality,) if municipality else tuple(within) if county else ()


def show_area() -> None:
    """Show the chosen municipalities: figures, map, sums, rows and the report."""
    switch, reach = st.columns(2)
    with switch:
        near = controls.pick_switch(
            "near",
            _("Include neighbours across the border"),
            help_text=_("Facilities outside that are within this distance by road of one inside."),
        )
    near_km = None
    if near:
        with reach:
            low, high = NEAR_KM
            near_km = controls.pick_number(
                "near_km", _("How far by road"), low=low, high=high, step=5, unit="km"
            )
    panels.show_shared_polygon(municipality)
    view = session.quick_view(session.current_filters(municipalities=selected, near_km=near_km))
    panels.show_key_figures(view.result, outline=view.job is not None)
    if near and (outside := session.count_neighbours(view)):
        note(
            _("{count} of the facilities lie outside and are included for their nearness.").format(
                count=format_number(outside)
            )
        )
    clicked = panels.show_scenario_map(
        view, key="map_kommune", height=560, municipalities=selected, bounds=session.bounds_of(selected)
    )
    if clicked is not None and clicked.layer == "municipalities" and clicked.id != municipality:
        controls.choose("county", session.county_of(clicked.id))
        controls.choose("municipality", clicked.id)
        st.rerun()
    panels.await_scenario(view)
    if view.result.tables.facilities.empty:
        show_no_facility()
    else:
        show_rows(view, clicked)


def show_no_facility() -> None:
    """Say what to do where the chosen area has no facility."""
    st.info(
        _(
            "No known facility lies here with the filters chosen. Take away a filter in the side panel, "
            "include neighbours across the border, or pick the whole county. Your own facilities can be "
            "added on the data page."
        ),
        icon=":material/location_off:",
    )
    resulttables.show_served_by(selected, key="kommune_served", opened=True)


def show_rows(view: session.View, clicked: MapSelection | None) -> None:
    """Show the sums and the rows that they are sums of, and offer them as files."""
    st.header(_("Amounts by material and basis"))
    resulttables.show_totals(view, key="kommune_totals")
    resulttables.show_served_by(selected, key="kommune_served")
    st.header(_("Rows behind the figures"))
    resulttables.show_result_tables(view, key="kommune", clicked=clicked)
    st.header(_("Report"))
    exporting.show_downloads(view, key="kommune")


if selected:
    show_area()
else:
    st.info(_("Pick a county or a municipality."), icon=":material/location_city:")
