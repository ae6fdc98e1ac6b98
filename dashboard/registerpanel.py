"""Filled registers on the page Data: what is on the shelf, from when, what was left out and why."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import session, tables
from dashboard.notes import note
from dashboard.registerwords import tell_grades, tell_left_out, tell_others
from dashboard.text import format_date, format_number
from dashboard.text import gettext as _
from loaders.registershelf import Extract

FETCH_COMMAND = "symbiosekart fetch brreg --county 50"
FILL_COMMAND = "symbiosekart fill --county 50"


def show_registers() -> None:
    """Show every extract on the shelf, or how to make the first one."""
    st.header(_("Registers"))
    note(
        _(
            "Companies from public registers fill the map from the first day. What they have left over is "
            "modelled from industry and employees, and marked so, until they tell it themselves."
        )
    )
    extracts, damaged = session.list_registers(), session.damaged_registers()
    if damaged:
        st.warning(_("Extracts that cannot be read; fill them anew:"), icon=":material/error:")
        st.text("\n".join(extract.name for extract in damaged))
    used = {extract.key for extract in session.used_registers()}
    for extract in extracts:
        _show_extract(extract, used=extract.key in used)
    _show_commands(first=not extracts)


def _show_extract(extract: Extract, *, used: bool) -> None:
    record = extract.record
    title = _("Business register of {date}") if extract.is_dated else _("Business register, file of {date}")
    st.subheader(title.format(date=format_date(record.fetched_on)))
    st.text(extract.name)
    left, middle, right = st.columns(3)
    left.metric(_("Facilities"), format_number(extract.facilities), border=True)
    middle.metric(_("Units read"), format_number(record.facts.get("read", 0)), border=True)
    day = _("Date of the register") if extract.is_dated else _("The file was saved")
    right.metric(day, format_date(record.fetched_on), border=True)
    lines = [
        _("Shown on the map.") if used else _("Not shown now: see the switch in the margin."),
        *tell_others(record.facts),
        *(_(text) for text in extract.attributions),
        _("Licence: {licence}. Chosen: {question}. Digest: {digest}").format(
            licence=record.licence, question=record.question, digest=record.sha256[:12]
        ),
    ]
    st.text("\n".join(lines), width="stretch")
    _show_counts(
        tell_left_out(extract),
        key=f"register_left_{extract.key}",
        title=_("Why units were left out"),
        alt=_("Reasons why units of the register were left out, with the number of units."),
    )
    _show_counts(
        tell_grades(extract),
        key=f"register_grades_{extract.key}",
        title=_("How the facilities were placed"),
        alt=_("How the facilities were placed, with the number of facilities."),
    )


def _show_counts(rows: list[tuple[str, int]], *, key: str, title: str, alt: str) -> None:
    if rows:
        tables.show_table(
            pd.DataFrame(rows, columns=["title", "count"]),
            key=key,
            columns=("title", "count"),
            titles={"title": title, "count": _("Count")},
            alt=alt,
            form="register_counts",
        )


def _show_commands(*, first: bool) -> None:
    if first:
        st.info(_("No register has been fetched yet."), icon=":material/domain_add:")
    note(_("On the command line, for any county: fetch the units once, then fill the region."))
    st.code(f"{FETCH_COMMAND}\n{FILL_COMMAND}", language=None)
