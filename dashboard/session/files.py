"""Scenarios and tables as files to take home."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.session.loaded import load_sources
from dashboard.session.scenarios import View
from loaders import templates
from loaders.exports import export_csv, export_excel, export_geojson, export_geopackage, tabulate_result

EXPORT_FORMATS = ("xlsx", "gpkg", "facilities.geojson", "matches.geojson", "clusters.geojson")


def export_result(view: View, form: str) -> bytes:
    """Return a scenario as a file: all tables as ``xlsx`` or ``gpkg``, one layer as ``<layer>.geojson``."""
    frames = tabulate_result(view.result, sources=load_sources())
    if form == "xlsx":
        return export_excel(frames)
    if form == "gpkg":
        return export_geopackage(frames)
    return export_geojson(frames, layer=form.removesuffix(".geojson"))


@st.cache_resource(show_spinner=False)
def make_template(table: str, lang: str) -> bytes:
    """Return an empty Excel template for ``facilities`` or ``streams`` with headers in language `lang`."""
    return templates.make_template(table, language=lang)


def export_table(table: pd.DataFrame) -> bytes:
    """Return a table of words as CSV that a spreadsheet opens: cells that look like formulas are disarmed."""
    return export_csv(table)
