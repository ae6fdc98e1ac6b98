"""The reader's own files: upload, what was read of them, and the check report."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import session, tables
from dashboard.labels import SEVERITIES, label
from dashboard.messages import describe_finding
from dashboard.notes import note
from dashboard.text import format_number
from dashboard.text import gettext as _

FILE_TYPES = ("csv", "tsv", "txt", "xlsx", "gpkg", "geojson", "json", "parquet", "zip", "kml")
REPORT_COLUMNS = ("severity", "file", "row", "column", "value", "what", "advice")
_CHANGED = "uploads_changed"


def _note_change(key: str) -> None:
    st.session_state[_CHANGED] = key


def show_uploader(*, key: str) -> None:
    """Let the reader drop files; they are read in a limited subprocess and kept for this session only."""
    files = st.file_uploader(
        _("Drop your own files here"),
        type=list(FILE_TYPES),
        accept_multiple_files=True,
        key=key,
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
    if st.button(_("Remove my files"), icon=":material/delete:"):
        session.keep_uploads([])
        st.rerun()
    st.subheader(_("Check report"))
    if not read.findings:
        st.success(_("No faults were found."), icon=":material/check_circle:")
        return
    tables.show_table(
        tabulate_report(own),
        key="report",
        columns=REPORT_COLUMNS,
        rows_shown=14,
        alt=_("Findings with file, row, column, value, what is wrong and what to do."),
    )


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
                "file": finding.file,
                "row": finding.row,
                "column": finding.column or "",
                "value": finding.value or "",
                "what": what,
                "advice": advice,
            }
        )
    return pd.DataFrame(rows).astype({"row": "Int64"})
