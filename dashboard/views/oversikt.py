"""Oversikt: the whole region at a glance, on the map and as tables."""

from __future__ import annotations

import streamlit as st

from dashboard import panels, resulttables, session
from dashboard.notes import note
from dashboard.text import gettext as _

st.title(_("Overview"))
note(
    _(
        "Who has what, who needs what, how far it is by road, and where several could gain from being "
        "neighbours."
    )
)
view = session.quick_view(session.current_filters())
panels.show_key_figures(view.result, outline=view.job is not None)
clicked = panels.show_scenario_map(view, key="map_oversikt")
panels.await_scenario(view)
st.header(_("Rows behind the figures"))
resulttables.show_result_tables(view, key="oversikt", clicked=clicked)
