"""Downloads: the scenario as Excel, GeoPackage and GeoJSON, and templates to fill in."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard import session
from dashboard.labels import label
from dashboard.text import N_, language
from dashboard.text import gettext as _

FILES = {
    "xlsx": N_("Excel: all tables"),
    "gpkg": N_("GeoPackage: all layers"),
    "facilities.geojson": N_("GeoJSON: facilities"),
    "matches.geojson": N_("GeoJSON: matches"),
    "clusters.geojson": N_("GeoJSON: clusters"),
}
MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "gpkg": "application/geopackage+sqlite3",
    "geojson": "application/geo+json",
}
TEMPLATES = {"facilities": N_("Template: facilities"), "streams": N_("Template: streams")}


def show_downloads(view: session.View, *, key: str) -> None:
    """Offer the scenario as files; each is made when it is asked for."""
    with st.container(horizontal=True):
        for form in session.EXPORT_FORMATS:
            st.download_button(
                label(FILES, form),
                data=partial(session.export_result, view, form),
                file_name=f"symbiosekart.{form}" if "." not in form else f"symbiosekart-{form}",
                mime=MEDIA_TYPES[form.rpartition(".")[2]],
                key=f"{key}_{form}",
                on_click="ignore",
                icon=":material/download:",
            )


def show_templates() -> None:
    """Offer the empty templates in the reader's language."""
    with st.container(horizontal=True):
        for table, title in TEMPLATES.items():
            st.download_button(
                _(title),
                data=partial(session.make_template, table, language()),
                file_name=f"symbiosekart-{table}.xlsx",
                mime=MEDIA_TYPES["xlsx"],
                key=f"template_{table}",
                on_click="ignore",
                icon=":material/description:",
            )
