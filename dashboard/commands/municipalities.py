"""``symbiosekart municipalities``: a table with numbers of any year since 2017, joined to today's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dashboard.commands.progress import show_plain
from dashboard.messages import describe_finding
from dashboard.text import N_, format_number
from dashboard.text import gettext as _

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from geodata.findings import Finding
    from geodata.municipalityjoin import JoinResult
    from geodata.municipalityreading import NumberReader
    from geodata.municipalityshares import Parts
    from loaders.municipalitytables import MunicipalityTable

REASON_WORDS: Final = {
    "split": N_("was divided between several municipalities"),
    "ambiguous": N_("several municipalities have this name"),
    "unknown": N_("is not a number used since 2017"),
    "missing": N_("no number is given"),
}
SETTLES_WORDS: Final = {
    "address": N_("an address, a postcode or coordinates in the row"),
    "share": N_("a share for each part (--shares)"),
    "number": N_("the right number"),
}
OFFERED: Final = {"inhabitants": ("whole", "inhabitants"), "rough": ("whole", "inhabitants", "rough")}
"""Value of ``--shares`` -> the methods of :func:`geodata.municipalityshares.offer_shares` that it takes."""
ADVISED: Final = ("municipality.kept_apart", "municipality.set_beside", "municipality.divided_by_share")
"""What is told with its advice though nothing is wrong."""
SHOWN: Final = 20
ASKED: Final = 1
"""Exit code where something is asked for."""


def municipalities(
    file: Annotated[Path, typer.Argument(help=_("CSV or Excel file with municipality or county numbers."))],
    out: Annotated[
        Path | None, typer.Option("--out", help=_("CSV or Excel file (.xlsx) to write the rows to."))
    ] = None,
    column: Annotated[
        str, typer.Option("--column", help=_("Header or letter of the column of numbers; found by itself."))
    ] = "",
    year: Annotated[
        int | None, typer.Option("--year", min=1900, max=2100, help=_("Year the numbers are of."))
    ] = None,
    year_column: Annotated[
        str, typer.Option("--year-column", help=_("Header or letter of the column of years."))
    ] = "",
    sums: Annotated[
        list[str] | None,
        typer.Option("--sum", help=_("Columns to add up, apart by commas; 20* takes all that begin so.")),
    ] = None,
    means: Annotated[
        list[str] | None,
        typer.Option("--mean", help=_("Columns of rates or shares to average, weighted by --weight.")),
    ] = None,
    weight: Annotated[
        str, typer.Option("--weight", help=_("Column that rates are weighted by, such as inhabitants."))
    ] = "",
    shares: Annotated[
        str,
        typer.Option(
            "--shares",
            help=_(
                "How amounts of divided municipalities are shared: a file (old number, new number, share), "
                "inhabitants (where these tell), or rough (by inhabitants everywhere)."
            ),
        ),
    ] = "",
    changes: Annotated[
        Path | None,
        typer.Option(
            "--changes",
            help=_(
                "File of KLASS's changes, for newer reforms; those that were fetched are used by themselves."
            ),
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=_("Write counts and findings as JSON."))] = False,
) -> None:
    """Join the rows of a table to today's municipalities and write them with what is asked."""
    from loaders.embedded import read_municipality_changes
    from loaders.municipalitycolumns import write_joined
    from loaders.municipalitytables import build_reader, read_municipality_table, read_newer_changes

    if out is None and not as_json:
        raise typer.BadParameter(_("Name a file to write with --out, or ask for --json."), param_hint="--out")
    table = read_municipality_table(file, column=column, year_column=year_column)
    newer = read_newer_changes(changes)
    steps = read_municipality_changes() if newer is None else newer
    parts, methods = _choose_shares(shares, table, steps)
    table, result = _join(
        table, parts, sums=sums or [], means=means or [], weight=weight, year=year, file=file.name,
        reader=build_reader(table.level, changes=newer),
    )  # fmt: skip
    findings = [*table.findings, *result.told]
    written: list[Path] = []
    if out is not None:
        names = (_("Municipalities"), _("asked"), _("totals"))
        written = write_joined(_word(result), out, sheets=names)
    if as_json:
        typer.echo(json.dumps(_describe(table, result, findings, methods), ensure_ascii=False, indent=2))
    else:
        _tell(table, result, findings, written, rough=_list_rough(methods, findings))
        if not (sums or means):
            typer.echo(_("Every row was kept; name columns to add up with --sum, or to average with --mean."))
    if len(result.asked):
        raise typer.Exit(ASKED)


def _join(
    table: MunicipalityTable,
    parts: Parts,
    *,
    sums: Sequence[str],
    means: Sequence[str],
    weight: str,
    year: int | None,
    file: str,
    reader: NumberReader,
) -> tuple[MunicipalityTable, JoinResult]:
    from geodata.municipalityjoin import join_municipalities
    from loaders.municipalitycolumns import choose_columns, read_measures
    from loaders.municipalitytables import name_of

    measures = None
    weighing = name_of(table.rows, weight) if weight else None
    if sums or means:
        added, averaged = choose_columns(table.rows, sums), choose_columns(table.rows, means)
        table, measures = read_measures(table, sums=added, means=averaged, weight=weighing)
    result = join_municipalities(
        table.rows,
        column=table.column,
        reader=reader,
        measures=measures,
        weight=weighing if measures is not None else None,
        year=table.year if year is None else year,
        year_column=table.year_column if year is None else None,
        column_years=table.column_years if year is None else {},
        shares=parts,
        settled=_settle(table, reader) if measures is None else None,
        rows=table.lines,
        file=file,
    )
    return table, result


def _settle(table: MunicipalityTable, reader: NumberReader) -> pd.Series | None:
    from loaders.geonorge import open_fetched_register
    from loaders.municipalitycolumns import settle_by_place

    index = open_fetched_register()
    try:
        return settle_by_place(table, reader, addresses=index)
    finally:
        if index is not None:
            index.close()


def _choose_shares(
    shares: str, table: MunicipalityTable, changes: pd.DataFrame
) -> tuple[Parts, dict[str, str]]:
    """Return the shares to use, and by what method each old number's were made."""
    from geodata.municipalityshares import check_shares, list_split_numbers
    from loaders.municipalitycolumns import read_shares
    from loaders.municipalitytables import read_share_offer

    if not shares:
        return {}, {}
    if shares in OFFERED:
        offer = read_share_offer(table.level)
        parts = list_split_numbers(changes, level=table.level)
        pairs = zip(offer["old_number"], offer["new_number"], strict=True)
        outdated = {old for old, new in pairs if new not in parts.get(old, ())}  # by a newer reform
        chosen = offer[offer["method"].isin(OFFERED[shares]) & ~offer["old_number"].isin(outdated)]
        methods = dict(zip(chosen["old_number"], chosen["method"], strict=True))
    else:
        chosen = read_shares(Path(shares))
        methods = dict.fromkeys(chosen["old_number"].astype(str), "given")
    return check_shares(chosen, changes=changes, level=table.level), methods


def _word(result: JoinResult) -> JoinResult:
    """Return the result with reasons and ways out in the reader's language."""
    from dataclasses import replace

    asked = result.asked.copy()
    for name, words in (("reason", REASON_WORDS), ("settles", SETTLES_WORDS)):
        asked[name] = asked[name].map({code: _(text) for code, text in words.items()})
    return replace(result, asked=asked)


def _describe(
    table: MunicipalityTable, result: JoinResult, findings: list[Finding], methods: dict[str, str]
) -> dict[str, object]:
    """Return counts, what is asked and findings as plain values."""
    columns = ["row", "value", "number", "name", "reason", "candidates", "settles", "suggestion"]
    asked = result.asked[columns].astype(object).where(result.asked[columns].notna(), None)
    return {
        "column": table.column,
        "level": table.level,
        "rows": len(table.rows),
        "joined": len(result.table),
        "asked": asked.to_dict(orient="records"),
        "offers": _offer(result, table),
        "shares": {number: method for number, method in methods.items() if _is_used(number, findings)},
        "totals": result.totals.astype(object).to_dict(orient="records"),
        "findings": [
            {"severity": str(f.severity), "code": f.code, "row": f.row, "value": f.value, **f.values}
            for f in findings
        ],
    }


def _is_used(number: str, findings: list[Finding]) -> bool:
    return any(f.code == "municipality.divided_by_share" and f.value == number for f in findings)


def _list_rough(methods: dict[str, str], findings: list[Finding]) -> list[str]:
    return [number for number, method in methods.items() if method == "rough" and _is_used(number, findings)]


def _offer(result: JoinResult, table: MunicipalityTable) -> list[dict[str, object]]:
    """Return the shares that could be chosen for what is asked."""
    from loaders.municipalitytables import read_share_offer

    numbers = set(result.asked.loc[result.asked["settles"] == "share", "number"].dropna())
    if not numbers:
        return []
    said = _("Statistics Norway (SSB), inhabitants on 1 January {year}")
    offer = read_share_offer(table.level, said=said)
    own = offer[offer["old_number"].isin(numbers)].copy()
    own["source"] = [_(source) for source in own["source"]]
    own["share"] = own["share"].astype(float).round(4)
    return [{str(name): value for name, value in row.items()} for row in own.to_dict(orient="records")]


def _tell(
    table: MunicipalityTable,
    result: JoinResult,
    findings: list[Finding],
    written: list[Path],
    *,
    rough: Sequence[str],
) -> None:
    column = _("Read by the column {column}.").format(column=table.column)
    typer.echo(show_plain(column))
    told = _("{rows} rows were read; {joined} rows are in the joined table.")
    typer.echo(told.format(rows=format_number(len(table.rows)), joined=format_number(len(result.table))))
    for path in written:
        typer.echo(show_plain(_("Written: {file}").format(file=path.name)))
    for _index, total in result.totals.iterrows():
        typer.echo(_word_total(total))
    order = {"error": 0, "warning": 1, "repaired": 2, "info": 3}
    ranked = sorted(findings, key=lambda finding: order[str(finding.severity)])
    for finding in ranked[:SHOWN]:
        what, advice = describe_finding(finding, _)
        warns = str(finding.severity) in ("warning", "repaired")
        line = f"  {what} {advice}" if warns or finding.code in ADVISED else f"  {what}"
        typer.echo(show_plain(line), err=warns)
    if len(ranked) > SHOWN:
        typer.echo(_("  and {count} more").format(count=format_number(len(ranked) - SHOWN)))
    if rough:
        told = _("The shares of {numbers} are rough: replace them where you know better.")
        typer.echo(told.format(numbers=", ".join(rough)), err=True)
    offers = _offer(result, table)
    if offers:
        typer.echo(_("Shares that can be chosen:"))
    for old in dict.fromkeys(str(offer["old_number"]) for offer in offers):
        typer.echo(show_plain(_word_offer([offer for offer in offers if offer["old_number"] == old])))


def _word_total(total: pd.Series) -> str:
    text = _("{column}: {before} before, {after} joined, {asked} asked for")
    shown = {name: format_number(float(total[name]), decimals=3) for name in ("before", "after", "asked")}
    line = text.format(column=show_plain(str(total["column"])), **shown)
    if total["hidden"]:
        more = _("{amount} in sums that are unknown").format(
            amount=format_number(float(total["hidden"]), decimals=3)
        )
        line += f", {more}"
    if total["left_out"]:
        more = _("{amount} in rows of sums or outside municipalities")
        line += ", " + more.format(amount=format_number(float(total["left_out"]), decimals=3))
    return f"{line}."


def _word_offer(rows: list[dict[str, object]]) -> str:
    methods = {
        "whole": _("all of it lies there"),
        "inhabitants": _("by inhabitants, --shares inhabitants"),
        "rough": _("rough: by inhabitants of municipalities that hold other areas too, --shares rough"),
    }
    parts = ", ".join(
        f"{row['new_number']} {format_number(100 * float(str(row['share'])), decimals=1)} %"
        for row in rows
        if row["share"]
    )
    return f"  {rows[0]['old_number']}: {parts} ({methods[str(rows[0]['method'])]}; {rows[0]['source']})"
