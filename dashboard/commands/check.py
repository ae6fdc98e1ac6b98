"""``symbiosekart check FILE…``: what is wrong in members' files, with row, column and what to do."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.messages import describe_finding
from dashboard.text import LANGUAGES, format_number, language, use_language
from dashboard.text import gettext as _

if TYPE_CHECKING:
    from geodata.findings import Finding
    from loaders.members import MemberFiles

FAULTS, UNUSABLE = 1, 2
"""Exit codes: rows were not loaded; nothing could be read at all. 0: no error."""


def check(
    files: Annotated[list[Path] | None, typer.Argument(help=_("Files with facilities and streams."))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=_("Write the report as JSON."))] = False,
    template_dir: Annotated[
        Path | None, typer.Option(help=_("Write the empty Excel templates into this folder."))
    ] = None,
    lang: Annotated[str | None, typer.Option("--lang", help=_("Language: nb, nn or en."))] = None,
) -> None:
    """Check files before they are used: every fault with row, column and advice."""
    from loaders.members import read_members
    from loaders.templates import write_templates

    if lang is not None:
        if lang not in LANGUAGES:
            raise typer.BadParameter(_("Choose nb, nn or en."), param_hint="--lang")
        use_language(lang)
    if template_dir is not None:
        for path in write_templates(template_dir, language=language()):
            typer.echo(_("Wrote {name}").format(name=path.name))
    if not files:
        if template_dir is None:
            raise typer.BadParameter(_("Name at least one file, or --template-dir."))
        return
    result = read_members(files)
    typer.echo(write_json(result) if as_json else write_text(result))
    if all(summary.refused for summary in result.files):
        raise typer.Exit(UNUSABLE)
    raise typer.Exit(FAULTS if result.has_errors else 0)


def order_findings(result: MemberFiles) -> list[Finding]:
    """Return the findings by file and row, the gravest of a row first; those about the whole file first."""
    rank = {"error": 0, "warning": 1, "repaired": 2, "info": 3}
    files = {summary.file: position for position, summary in enumerate(result.files)}
    return sorted(
        result.findings,
        key=lambda f: (
            files.get(f.file, len(files)),
            f.severity == "info",
            f.row or 0,
            rank[str(f.severity)],
        ),
    )


def write_text(result: MemberFiles) -> str:
    """Return the report as plain lines: a heading a file, then one finding on two lines."""
    words = {"error": _("ERROR"), "warning": _("WARNING"), "repaired": _("REPAIRED"), "info": _("NOTE")}
    lines: list[str] = []
    found = order_findings(result)
    for summary in result.files:
        lines.append(_printable(f"{summary.file}"))
        if not summary.refused:
            told = _(
                "  {loaded} of {rows} rows loaded, {errors} with errors: "
                "{facilities} facilities, {streams} streams."
            )
            lines.append(
                told.format(
                    loaded=format_number(summary.rows_loaded),
                    rows=format_number(summary.rows_in),
                    errors=format_number(summary.rows_with_errors),
                    facilities=format_number(summary.facilities),
                    streams=format_number(summary.streams),
                )
            )
        for finding in found:
            if finding.file == summary.file:
                what, advice = describe_finding(finding, _)
                place = [_("row {row}").format(row=finding.row)] if finding.row else []
                place += [_("column {column}").format(column=finding.column)] if finding.column else []
                head = " ".join(filter(None, [words[str(finding.severity)], ", ".join(place)]))
                lines.append(_printable(f"  {head}: {what}"))
                lines.append(_printable(f"      → {advice}"))
    errors = sum(str(finding.severity) == "error" for finding in found)
    lines.append("")
    lines.append(_("No errors.") if not errors else _("Errors: {count}.").format(count=format_number(errors)))
    return "\n".join(lines)


def _printable(line: str) -> str:
    # A cell may hold marks that move the cursor or colour the terminal: they are shown, not obeyed.
    # A no-break or thin space between thousands is no such mark, though Python calls it unprintable.
    return "".join(char if char.isprintable() else _show_unprintable(char) for char in line)


def _show_unprintable(char: str) -> str:
    return " " if unicodedata.category(char) == "Zs" else "\ufffd"


def write_json(result: MemberFiles) -> str:
    """Return the report as JSON: files with their counts, findings with code, place, sentence and advice."""
    findings = []
    for finding in order_findings(result):
        what, advice = describe_finding(finding, _)
        findings.append(
            {
                "severity": str(finding.severity),
                "code": finding.code,
                "file": finding.file,
                "row": finding.row,
                "column": finding.column,
                "value": finding.value,
                "what": what,
                "advice": advice,
                "values": finding.values,
            }
        )
    files = [
        {
            "file": summary.file,
            "sha256": summary.digest,
            "format": summary.format,
            "encoding": summary.encoding,
            "delimiter": summary.delimiter,
            "crs": summary.crs,
            "rows_in": summary.rows_in,
            "rows_loaded": summary.rows_loaded,
            "rows_with_errors": summary.rows_with_errors,
            "rows_skipped": summary.rows_skipped,
            "facilities": summary.facilities,
            "streams": summary.streams,
            "refused": summary.refused,
        }
        for summary in result.files
    ]
    return json.dumps({"files": files, "findings": findings}, ensure_ascii=False, indent=2)
