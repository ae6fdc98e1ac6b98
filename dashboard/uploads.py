"""The reader's own files: upload, what was read of them, and the check report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import session, tables
from dashboard.labels import COLUMNS, CONFIDENCES, SEVERITIES, label
from dashboard.messages import describe_finding
from dashboard.notes import note
from dashboard.text import format_number, is_unknown
from dashboard.text import gettext as _

if TYPE_CHECKING:
    from geodata.codesearch import CodeSuggestion

FILE_TYPES = ("csv", "tsv", "txt", "xlsx", "gpkg", "geojson", "json", "parquet", "zip", "kml")
REPORT_COLUMNS = ("severity", "file", "row", "column", "value", "what", "advice")
SEVERITY_SIGNS = {"error": "✕", "warning": "⚠", "repaired": "✓", "info": "i"}
LISTED = 30
"""Findings shown one under another; more than these are read better in the table."""
_CHANGED = "uploads_changed"
_ROUND = "uploads_round"


def _note_change(key: str) -> None:
    st.session_state[_CHANGED] = key


def forget_uploaders() -> None:
    """Empty the uploaders as well: a widget's files can only be taken away with the widget."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


def show_uploader(*, key: str) -> None:
    """Let the reader drop files; they are read in a limited subprocess and kept for this session only."""
    files = st.file_uploader(
        _("Drop your own files here"),
        type=list(FILE_TYPES),
        accept_multiple_files=True,
        key=f"{key}_{st.session_state.get(_ROUND, 0)}",
        on_change=_note_change,
        args=(key,),
        help=_("CSV, Excel, GeoPackage, GeoJSON, GeoParquet, zipped shapefile or KML."),
    )
    note(_("The files stay in this session. Nobody else sees them, and nothing is saved."))
    if st.session_state.pop(_CHANGED, None) == key:
        with st.spinner(_("Reading and checking …")):
            session.keep_uploads([(file.name, file.getvalue()) for file in files or []])
        st.rerun()


def show_report() -> None:
    """Show what was read of the files, and every finding with row, column, what is wrong and what to do."""
    own = session.own_files()
    if own is None:
        return
    read = own.files
    loaded, streams = len(read.tables.facilities), len(read.tables.streams)
    st.subheader(_("What was read"))
    st.text(
        _("{facilities} facilities and {streams} streams were loaded. {findings} findings.").format(
            facilities=format_number(loaded),
            streams=format_number(streams),
            findings=format_number(len(read.findings)),
        )
    )
    if loaded or streams:
        note(
            _(
                "They are on the map and in Find partner now, marked as your own, beside the data set chosen "
                "in the margin."
            )
        )
        with st.expander(_("The facilities that were read"), icon=":material/factory:"):
            tables.show_table(
                tables.present_facilities(
                    read.tables.facilities, municipalities=session.municipality_names(), networks={}
                ),
                key="own_facilities",
                columns=("name", "actor_type", "municipality", "geocode_quality", "note"),
                alt=_("The facilities of your own files with kind, municipality and what placed them."),
            )
    if st.button(_("Remove my files"), icon=":material/delete:"):
        session.keep_uploads([])
        forget_uploaders()
        st.rerun()
    _offer_codes(own)
    st.subheader(_("Check report"))
    if not read.findings:
        st.success(_("No faults were found."), icon=":material/check_circle:")
        return
    report = tabulate_report(own)
    _show_findings(report)
    named = [name for name in REPORT_COLUMNS if name in report]
    st.download_button(
        _("Download the report (CSV)"),
        data=session.export_table(
            report[named].rename(columns={name: label(COLUMNS, name) for name in named})
        ),
        file_name="symbiosekart-report.csv",
        mime="text/csv",
        key="report_download",
        on_click="ignore",
        icon=":material/download:",
    )


def _offer_codes(own: session.Own) -> None:
    """Offer waste codes for texts without one; nothing is used before the reader chooses it."""
    if own.accepted:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(
                _("You have chosen codes for {count} texts.").format(count=format_number(len(own.accepted)))
            )
            if st.button(_("Undo the chosen codes"), icon=":material/undo:", key="codes_undo"):
                session.forget_accepted_codes()
                st.rerun()
    texts = session.find_uncoded(own)
    if not texts:
        return
    st.subheader(_("Waste codes for rows without one"))
    note(
        _(
            "Suggested from the words. Nothing is used before you choose it; what you are not sure of stays "
            "as it is. The legal text decides (avfallsforskriften chapter 11, annex 1)."
        )
    )
    sure = [text for text in texts if text.suggestions[0].confidence == "high"]
    if sure:
        st.button(
            _("Choose the first where it is sure ({count})").format(count=format_number(len(sure))),
            key="codes_choose_sure",
            icon=":material/done_all:",
            on_click=_choose_sure,
            args=(tuple((_code_key(own, text), text.suggestions[0].code) for text in sure),),
        )
    chosen: dict[str, str] = {}
    for place, text in enumerate(texts):
        key = _code_key(own, text)
        code = _ask_code(text, key) if place < LISTED else st.session_state.get(key)
        if code is not None:
            chosen[text.key] = code
    if len(texts) > LISTED:
        note(
            _("The first {count} of {total} texts are listed; the rest follow when these are chosen.").format(
                count=format_number(LISTED), total=format_number(len(texts))
            )
        )
    if st.button(
        _("Use the chosen codes ({count})").format(count=format_number(len(chosen))),
        key="codes_use",
        type="primary",
        disabled=not chosen,
        icon=":material/check:",
    ):
        with st.spinner(_("Reading and checking …")):
            session.accept_codes(chosen)
        st.rerun()


def _code_key(own: session.Own, text: session.Uncoded) -> str:
    return f"code_for_{own.digest[:8]}_{text.key}"


def _choose_sure(choices: tuple[tuple[str, str], ...]) -> None:
    for key, code in choices:
        st.session_state[key] = code


def _ask_code(text: session.Uncoded, key: str) -> str | None:
    """Ask which code a text has; not sure is the answer until another is given."""
    words = {suggestion.code: suggestion for suggestion in text.suggestions}
    with st.container(border=True, gap="small"):
        # The file's own words are data: they are written as text, never as markdown.
        st.text(f"«{text.text}»")
        rows = _("1 row") if text.rows == 1 else _("{count} rows").format(count=format_number(text.rows))
        told = _("in use without a code") if text.loaded else _("not read: the material was not understood")
        note(f"{rows} · {told}")
        return st.selectbox(
            _("Waste code"),
            [None, *words],
            key=key,
            format_func=lambda code: _("Not sure") if code is None else word_choice(words[code]),
        )


def word_choice(suggestion: CodeSuggestion) -> str:
    """Return a suggested code with title, how sure it is, and the words that made it so."""
    sure = label(CONFIDENCES, suggestion.confidence)
    reason = ", ".join(suggestion.words)
    return " · ".join(filter(None, [session.name_waste_code(suggestion.code), sure, reason]))


def _show_findings(report: pd.DataFrame) -> None:
    """Show the findings by severity: one under another, readable on a narrow screen, or as a table."""
    counts = report["severity"].value_counts(sort=False)
    present = list(counts.index)
    signs = dict(zip(report["severity"], report["sign"], strict=True))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.pills(
            _("Show"),
            present,
            selection_mode="multi",
            default=present,
            format_func=lambda name: f"{signs[name]} {name} ({format_number(counts[name])})",
            key="report_severity_" + "_".join(str(count) for count in counts),
        )
        as_table = st.toggle(_("As a table"), key="report_as_table")
    shown = report[report["severity"].isin(chosen)]
    if as_table:
        tables.show_table(
            shown,
            key="report",
            columns=REPORT_COLUMNS,
            rows_shown=14,
            missing="–",
            alt=_("Findings with file, row, column, value, what is wrong and what to do."),
            empty=_("No findings of the kinds chosen."),
        )
        return
    if shown.empty:
        note(_("No findings of the kinds chosen."))
    for finding in shown.head(LISTED).to_dict("records"):
        with st.container(border=True, gap="small"):
            # The file's own words are data: they are written as text, never as markdown.
            st.text(f"{finding['sign']} {finding['severity']} · {_locate(finding)}")
            st.text(finding["what"])
            if finding["advice"]:
                st.text(f"→ {finding['advice']}")
    if len(shown) > LISTED:
        note(
            _("The first {count} of {total} are listed. The table and the download have them all.").format(
                count=format_number(LISTED), total=format_number(len(shown))
            )
        )


def _locate(finding: Mapping[str, Any]) -> str:
    parts = [str(finding["file"])]
    if not is_unknown(finding["row"]):
        parts.append(_("row {row}").format(row=finding["row"]))
    if finding["column"]:
        parts.append(_("column {column}").format(column=finding["column"]))
    if finding["value"]:
        parts.append(f"«{finding['value']}»")
    return " · ".join(parts)


def tabulate_report(own: session.Own) -> pd.DataFrame:
    """Return one row a finding in the reader's words, the gravest first."""
    order = {severity: rank for rank, severity in enumerate(SEVERITIES)}
    findings = sorted(own.files.findings, key=lambda f: (order[str(f.severity)], f.file, f.row or 0))
    rows = []
    for finding in findings:
        what, advice = describe_finding(finding, _)
        rows.append(
            {
                "severity": label(SEVERITIES, finding.severity),
                "sign": SEVERITY_SIGNS[str(finding.severity)],
                "file": finding.file,
                "row": finding.row,
                "column": finding.column or "",
                "value": finding.value or "",
                "what": what,
                "advice": advice,
            }
        )
    return pd.DataFrame(rows).astype({"row": "Int64"})
