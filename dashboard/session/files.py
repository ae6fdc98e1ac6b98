"""Scenarios and tables as files to take home."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd
import streamlit as st

from dashboard.session.economy import current_economics, load_economics
from dashboard.session.loaded import load_sources
from dashboard.session.registers import register_sources
from dashboard.session.scenarios import View
from dashboard.sourcewords import word_figures, word_text
from dashboard.text import language
from geodata.economics import describe_parameters
from geodata.planning import Plan, summarise_destinations
from loaders import templates
from loaders.exports import (
    export_csv,
    export_excel,
    export_geojson,
    export_geopackage,
    tabulate_parameters,
    tabulate_provenance,
    tabulate_result,
    tabulate_sources,
)

EXPORT_FORMATS = ("xlsx", "gpkg", "facilities.geojson", "matches.geojson", "clusters.geojson")


def export_result(view: View, form: str) -> bytes:
    """Return a scenario as a file: all tables as ``xlsx`` or ``gpkg``, one layer as ``<layer>.geojson``."""
    frames = tabulate_result(view.result, sources=_sources(view), word=word_text)
    if form == "xlsx":
        return export_excel(frames)
    if form == "gpkg":
        return export_geopackage(frames)
    return export_geojson(frames, layer=form.removesuffix(".geojson"))


def _sources(view: View) -> list[dict[str, str]]:
    return [*load_sources(), *register_sources(view.dataset.extracts)]


def export_plan(view: View, plan: Plan) -> bytes:
    """Return a plan as Excel: every table of it, its proof, the figures it rests on, and the sources."""
    names = pd.Series(view.names, dtype="string")
    flows = plan.flows.copy()
    for place, end in enumerate(("from", "via", "to")):
        flows.insert(place, f"{end}_name", flows[f"{end}_facility_id"].astype(object).map(names))
    proofs = [{"unit": unit, **asdict(found.proof)} for unit, found in plan.allocations.items()]
    asked = [{"name": "goal", "value": plan.goal}]
    asked += [{"name": name, "value": str(value)} for name, value in asdict(plan.limits).items()]
    choices = current_economics()
    asked += [{"name": name, "value": str(value)} for name, value in asdict(choices).items()]
    frames = {
        "totals": plan.totals,
        "bases": plan.bases,
        "flows": flows,
        "unallocated": plan.unallocated,
        "prices": plan.prices,
        "balance": plan.balance,
        "destinations": summarise_destinations(plan),
        "conflicts": plan.conflicts,
        "proof": pd.DataFrame(proofs),
        "asked": pd.DataFrame(asked),
        "figures": word_figures(describe_parameters(load_economics(), language(), choices=choices)),
        "parameters": tabulate_parameters(view.result, word=word_text),
        "sources": tabulate_sources(view.result, sources=_sources(view), word=word_text),
        "provenance": tabulate_provenance(view.result),
    }
    return export_excel(frames)


@st.cache_resource(show_spinner=False)
def make_template(table: str, lang: str) -> bytes:
    """Return an empty Excel template for ``facilities`` or ``streams`` with headers in language `lang`."""
    return templates.make_template(table, language=lang)


def export_table(table: pd.DataFrame) -> bytes:
    """Return a table of words as CSV that a spreadsheet opens: cells that look like formulas are disarmed."""
    return export_csv(table)
