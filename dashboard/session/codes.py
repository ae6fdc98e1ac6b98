"""Waste codes suggested for what the reader wrote: the index of words, and rows without a code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from dashboard.session.loaded import load_codes
from dashboard.session.own import Own
from dashboard.text import language
from geodata.wastecodes import format_code, title
from loaders.codes import read_code_index
from loaders.streamrows import accepted_key

if TYPE_CHECKING:
    from geodata.codeindex import CodeIndex
    from geodata.codesearch import CodeSuggestion

UNREAD = "row.material_unknown"
"""The finding of a row whose text is neither a material nor has a code."""
KEPT_TEXTS = 500


@dataclass(frozen=True)
class Uncoded:
    """A text of the reader's files that has no waste code: how many rows, and what it may be.

    Attributes
    ----------
    key : what the choice for this text is kept under. loaded : some rows of it are in use without a code.
    """

    key: str
    text: str
    rows: int
    loaded: bool
    suggestions: tuple[CodeSuggestion, ...]


@st.cache_resource(show_spinner=False)
def load_code_index() -> CodeIndex:
    """Return what is known of the codes in words, built at the first question."""
    return read_code_index(load_codes())


def suggest_codes_for(text: str, *, limit: int = 4) -> tuple[CodeSuggestion, ...]:
    """Return codes that the reader's words may mean, the likeliest first."""
    from geodata.codesearch import suggest_codes

    return suggest_codes(text, index=load_code_index(), limit=limit)


def name_waste_code(code: str) -> str:
    """Return a code with its title in the reader's language."""
    codes = load_codes()
    return f"{format_code(code, codes=codes)} {title(code, codes=codes, language=language())}"


@st.cache_resource(show_spinner=False, max_entries=16)
def _find_uncoded(digest: str, _own: Own) -> tuple[Uncoded, ...]:
    from geodata.codesearch import suggest_many

    found = _collect_texts(_own)
    texts = list(found["text"])
    answers = suggest_many(texts, index=load_code_index(), industries=list(found["industry"]), limit=4)
    rows: Sequence[tuple[str, str, int, bool]] = list(
        zip(found["key"], found["text"], found["rows"], found["loaded"], strict=True)
    )
    return tuple(
        Uncoded(key, text, int(count), bool(loaded), suggestions)
        for (key, text, count, loaded), suggestions in zip(rows, answers, strict=True)
        if suggestions
    )


def find_uncoded(own: Own) -> tuple[Uncoded, ...]:
    """Return the texts without a code that one can be suggested for: those that were not read at all first,
    then the most frequent."""
    return _find_uncoded(own.digest, own)


def _collect_texts(own: Own) -> pd.DataFrame:
    codes, tables = load_codes(), own.files.tables
    industry = dict(zip(tables.facilities["facility_id"], tables.facilities["industry_code"], strict=True))
    coded = set(codes.material_by_code.values())
    rows: list[tuple[str, str, str | None, bool]] = []
    streams = tables.streams
    for text, material, facility in zip(
        streams["description"].where(streams["eal_code"].isna()),
        streams["material"],
        streams["facility_id"],
        strict=True,
    ):
        if isinstance(text, str) and material in coded:
            nace = industry.get(facility)
            rows.append((accepted_key(text), text, nace if isinstance(nace, str) else None, True))
    for finding in own.files.findings:
        if finding.code == UNREAD and finding.value:
            rows.append((accepted_key(finding.value), finding.value, None, False))
    table = pd.DataFrame(rows, columns=["key", "text", "industry", "loaded"], dtype=object)
    if table.empty:
        return table.assign(rows=[])
    grouped = table.groupby("key", sort=False).agg(
        text=("text", "first"),
        industry=("industry", lambda values: next((v for v in values if isinstance(v, str)), None)),
        loaded=("loaded", "all"),
        rows=("text", "size"),
    )
    ordered = grouped.reset_index().sort_values(["loaded", "rows"], ascending=[True, False], kind="stable")
    return ordered.head(KEPT_TEXTS)
