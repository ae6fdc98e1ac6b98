"""Data: what is loaded and from where, own files with their check report, templates and exports."""

from __future__ import annotations

import streamlit as st

from dashboard import datapanels, exporting, panels, registerpanel, session, uploads
from dashboard.notes import note
from dashboard.text import gettext as _

st.title(_("Data"))
view = session.quick_view(session.current_filters())
content, own, registers, export, roads, sources, parameters = st.tabs(
    (
        _("What is loaded"),
        _("Own files"),
        _("Registers"),
        _("Exports"),
        _("Road network"),
        _("Sources"),
        _("Parameters"),
    ),
    key="data_tabs",
)
with content:
    datapanels.show_content()
with own:
    st.header(_("Own files"))
    uploads.show_uploader(key="data_upload")
    uploads.show_report()
    st.subheader(_("Empty templates"))
    exporting.show_templates()
with registers:
    registerpanel.show_registers()
with export:
    st.header(_("Exports"))
    note(_("With the filters and limits chosen on the other pages, sources and parameters included."))
    if view.job is None:
        exporting.show_downloads(view, key="data")
with roads:
    datapanels.show_roads()
with sources:
    datapanels.show_sources()
with parameters:
    datapanels.show_parameters(view)
    datapanels.show_figures()
panels.await_scenario(view)
