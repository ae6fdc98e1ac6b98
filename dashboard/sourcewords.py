"""Where figures and data come from, in the reader's language: for pages, files and the command line alike.

The sources stand in the embedded tables in English, as message ids; a long one is a chain of phrases,
of which each is translated that is known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from dashboard.labels import PARAMETER_TEXTS
from dashboard.text import N_, is_unknown
from dashboard.text import gettext as _

HEADINGS: Final = {
    "part": N_("Part"),
    "title": N_("Title"),
    "owner": N_("Owner"),
    "licence": N_("Licence"),
    "licence_url": N_("Licence's address"),
    "vintage": N_("As of"),
    "attribution_text": N_("Attribution"),
    "scenario": N_("scenario"),
    "road network": N_("road network"),
    "digest": N_("Digest"),
    "network": N_("Road network"),
    "version": N_("Version"),
    "name": N_("Name"),
    "date": N_("Date"),
}
"""Words of a file of sources that are keys elsewhere."""
PHRASES: Final = (
    N_("range expert judgement"),
    N_("low expert judgement"),
    N_("range for this material is expert judgement"),
    N_("range widened by judgement"),
    N_("high end: expert judgement, European margin"),
    N_("the kiln's fuel is expert judgement"),
    N_("low: Norwegian water power"),
    N_("nothing is done"),
    N_("nothing is burnt"),
    N_("no emission where electricity is used"),
    N_("no emission where electric pumps run"),
    N_("by convention CO2 of biomass counts as zero at the stack (IPCC 2006 Guidelines)"),
    N_("planning figure for short-haul masses, 2.0-2.2 NOK/tkm, original publication not traced"),
    N_("expert judgement after"),
    N_("expert judgement between"),
    N_("(degradable carbon to methane over 100 years)"),
    N_("landfilling of degradable waste is banned in Norway since 2009"),
    N_("measured on Norwegian 60 t timber rigs"),
    N_("litres per km"),
    N_("per litre of diesel well to wheel"),
    N_("per litre of diesel tank to wheel"),
    N_("per litre well to wheel"),
    N_("per litre tank to wheel"),
    N_("20.69 NOK/l less VAT"),
    N_("SSB table 09654, July 2025; VAT status assumed"),
    N_("per litre"),
    N_("(combustion, per GJ net calorific value)"),
    N_("per t CaO from the stone"),
    N_("per t crude steel, blast furnace route"),
    N_("per t made in Europe and 16.1 t world mean"),
    N_("about its Environmental Profile Report 2018"),
    N_("cradle to gate"),
    N_("master's thesis"),
    N_("per kWh in Norway"),
    N_("semi-trailer"),
    N_("timber rig 34 t"),
    N_("dry bulk"),
    N_("of natural gas, turned round"),
    N_("from 1.31 kg CO2/km"),
    N_("mean 1.37 NOK/km for diesel"),
    N_("range:"),
    N_("low:"),
    N_("high:"),
    N_("loose or baled as carried on a lorry"),
    N_("physical property of water"),
    N_("physical property: liquid at about -20 °C"),
    N_("physical property: liquid at its boiling point"),
    N_("physical property: liquid or water solution"),
    N_("expert judgement"),
)
"""Phrases of the economic tables' sources; where one holds another, the longer is taken."""
WHOLES: Final = (
    N_(
        "regjeringen.no id2911164: all of former Haram became a municipality again in 2024 (decided by the "
        "Storting in 2022)"
    ),
)
"""Sources of former municipalities that are whole in one of today's."""
_KNOWN = re.compile("|".join(re.escape(phrase) for phrase in sorted(PHRASES, key=len, reverse=True)))


def word_source(text: object) -> str:
    """Return where a figure comes from: the whole where it is known, else its known phrases, translated."""
    if is_unknown(text):
        return _("unknown")
    said = str(text)
    whole = _(said)
    return whole if whole != said else _KNOWN.sub(lambda found: _(found[0]), said)


def word_text(text: str) -> str:
    """Return a heading, a unit or a text of a source for a file, in the reader's language."""
    if text in HEADINGS:
        return _(HEADINGS[text])
    return _(PARAMETER_TEXTS.get(text, text)) if text else text


def word_figures(figures: pd.DataFrame) -> pd.DataFrame:
    """Return a table of figures with its column `source` in the reader's language."""
    return figures.assign(source=pd.array([word_source(text) for text in figures["source"]], dtype="string"))


def word_records(records: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return records of sources with every text in the reader's language."""
    return [{name: word_text(text) for name, text in record.items()} for record in records]
