"""``symbiosekart transfers``: streams held beside what large facilities report to have sent away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dashboard.commands.progress import ProgressBar, show_plain
from dashboard.commands.region import Dataset, Files, Modelled, Registers
from dashboard.text import N_, format_number, is_unknown
from dashboard.text import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

VERDICTS: Final = {
    "above": N_("more than the facility reported"),
    "far_below": N_("less than a tenth of what it reported: streams are missing"),
    "within": N_("within what it reported"),
    "confidential": N_("the report's tonnes are confidential"),
    "no_transfer": N_("nothing reported, which small amounts need not be"),
}
"""Verdict of ``geodata.wastetransfers.compare_transfers`` -> what it says, the most telling first."""
SHOWN: Final = 20
COLUMNS: Final = {
    "facility_id": N_("Facility ID"),
    "name": N_("Facility"),
    "hazardous": N_("Hazardous"),
    "reported_t": N_("Streams, reported (t)"),
    "modelled_t": N_("Streams, modelled or estimated (t)"),
    "transfer_t": N_("Reported transfer (t)"),
    "transfer_year": N_("Year of the report"),
    "share": N_("Streams per reported tonne"),
    "verdict": N_("Verdict"),
}


def transfers(
    file: Annotated[Path, typer.Argument(help=_("F4_2_WasteTransfers_Facilities.csv, from EEA."))],
    files: Files = None,
    dataset: Dataset = "region",
    modelled: Modelled = True,
    registers: Registers = None,
    country: Annotated[
        str, typer.Option(help=_("Country as the file writes it, or two letters."))
    ] = "Norway",
    year: Annotated[
        int | None,
        typer.Option(min=2000, max=2100, help=_("Year of the reports; else each facility's last.")),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help=_("CSV or Excel file (.xlsx) to write to."))
    ] = None,
    streams: Annotated[
        Path | None,
        typer.Option(
            "--streams", help=_("CSV file for streams of hazardous waste that nobody else tells of.")
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=_("Write JSON, for programs."))] = False,
) -> None:
    """Tell per facility how its streams add up beside its reported transfers."""
    from dashboard.commands.region import add_registers, choose_modelled, read_tables
    from geodata.wastetransfers import compare_transfers
    from loaders.eea import read_waste_transfers, to_streams
    from loaders.exports import write_csv

    if files and out is None:
        raise typer.BadParameter(_("Name a file to write with --out, or ask for --json."), param_hint="--out")
    bar = ProgressBar({"read": N_("Reading")})
    try:
        read = read_waste_transfers(file, country=country, progress=bar.tell)
    finally:
        bar.close()
    folder = out.parent if out is not None else Path()
    tables, _faults = read_tables(dataset, files or [], folder=folder, alone=not registers)
    tables, _credits = add_registers(tables, registers or [])
    tables = choose_modelled(tables, modelled=modelled)
    compared = compare_transfers(tables.streams, read.table, facilities=tables.facilities, year=year)
    names = tables.facilities.set_index("facility_id")["name"]
    compared.insert(1, "name", compared["facility_id"].map(names))
    if out is not None:
        _write(compared, out)
    if streams is not None:
        write_csv(to_streams(read, facilities=tables.facilities, streams=tables.streams), streams)
    if as_json:
        rows = json.loads(compared.to_json(orient="records"))
        typer.echo(json.dumps({"facts": dict(read.facts), "rows": rows}, ensure_ascii=False, indent=2))
        return
    _tell(compared, read.facts)


def _write(compared: pd.DataFrame, out: Path) -> None:
    from loaders.exports import write_csv, write_excel

    shown = compared.assign(verdict=compared["verdict"].map({key: _(text) for key, text in VERDICTS.items()}))
    shown = shown.rename(columns={name: _(title) for name, title in COLUMNS.items()})
    if out.suffix.lower() == ".xlsx":
        write_excel({_("Transfers"): shown}, out)
    else:
        write_csv(shown, out)


def _tell(compared: pd.DataFrame, facts: Mapping[str, int]) -> None:
    typer.echo(
        _("{rows} rows of the country; {left} could not be read, {repeated} came twice.").format(
            rows=format_number(facts.get("of_country", 0)),
            left=format_number(facts.get("unreadable", 0)),
            repeated=format_number(facts.get("repeated", 0)),
        )
    )
    for verdict, text in VERDICTS.items():
        rows = compared[compared["verdict"] == verdict]
        if len(rows):
            typer.echo(f"{_(text)}: {format_number(len(rows))}")
        if verdict in ("above", "far_below"):
            _list_rows(rows.to_dict("records"))


def _list_rows(rows: Sequence[Mapping[str, object]]) -> None:
    for row in rows[:SHOWN]:
        line = _(
            "  {name} ({kind}): streams {reported} reported, {modelled} modelled; report {transfer} in {year}"
        )
        typer.echo(
            show_plain(
                line.format(
                    name=row["name"],
                    kind=_("hazardous") if row["hazardous"] else _("not hazardous"),
                    reported=_tonnes(row["reported_t"]),
                    modelled=_tonnes(row["modelled_t"]),
                    transfer=_tonnes(row["transfer_t"]),
                    year="–" if is_unknown(row["transfer_year"]) else row["transfer_year"],
                )
            )
        )
    if len(rows) > SHOWN:
        typer.echo(_("  … and {count} more").format(count=format_number(len(rows) - SHOWN)))


def _tonnes(value: object) -> str:
    return "–" if is_unknown(value) else format_number(float(str(value)), unit="t")
