"""``symbiosekart boundaries``: official boundaries beside the embedded polygons, area by area."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dashboard.commands.progress import show_plain
from dashboard.text import N_, format_number, is_unknown
from dashboard.text import gettext as _

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

STATUS_WORDS: Final = {
    "same": N_("the same on land"),
    "differs": N_("drawn otherwise"),
    "shared": N_("one area with its neighbour in the embedded data"),
    "only_official": N_("not in the embedded data"),
    "only_embedded": N_("not in the file"),
}
SHOWN: Final = 20


def boundaries(
    file: Annotated[
        Path | None,
        typer.Argument(
            help=_(
                "Boundaries from Geonorge: GeoJSON, GML or GeoPackage, plain or zip; else the fetched ones."
            )
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=_("Write every area as JSON."))] = False,
) -> None:
    """Compare official boundaries with the embedded polygons, on land."""
    from geodata.boundaries import compare_boundaries
    from loaders.embedded import read_counties, read_undivided_municipalities

    official = _read(file)
    number = str(official.columns[0])
    embedded = read_undivided_municipalities() if number == "municipality_number" else read_counties()
    compared = compare_boundaries(official, embedded, number=number)
    if as_json:
        rows = json.loads(compared.to_json(orient="records", double_precision=5))
        told = {"number": number, "former_numbers": _list_former(official), "areas": rows}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    _tell_former(_list_former(official))
    _tell(compared)


def _list_former(official: gpd.GeoDataFrame) -> list[dict[str, str]]:
    """Return the numbers of the file that are not today's: ``given``, ``today`` (empty where there is no one
    such) and ``status``."""
    if "number_status" not in official:  # fetched by an earlier version
        return []
    former = official[official["number_status"] != "current"]
    listed = []
    for number, given, status in zip(
        former.iloc[:, 0], former["former_numbers"], former["number_status"], strict=True
    ):
        kept = is_unknown(given)
        listed.append({"given": number if kept else given, "today": "" if kept else number, "status": status})
    return listed


def _tell_former(former: list[dict[str, str]]) -> None:
    for row in former[:SHOWN]:
        if row["today"]:
            line = _("The former number {given} was read as {today}.")
        elif row["status"] == "split":
            line = _("The former number {given} was divided among several; its area stands by itself.")
        else:
            line = _("The number {given} is not known; its area stands by itself.")
        typer.echo(show_plain(line.format(given=row["given"], today=row["today"])))
    if len(former) > SHOWN:
        typer.echo(_("  and {count} more").format(count=format_number(len(former) - SHOWN)))


def _read(file: Path | None) -> gpd.GeoDataFrame:
    from loaders.geonorge import open_fetched_boundaries, read_boundaries

    if file is not None:
        return read_boundaries(file)
    fetched = open_fetched_boundaries()
    if fetched is None:
        raise typer.BadParameter(
            _("Name a file, or fetch the boundaries first: symbiosekart fetch boundaries."), param_hint="FILE"
        )
    return fetched


def _tell(compared: pd.DataFrame) -> None:
    for status, word in STATUS_WORDS.items():
        count = int((compared["status"] == status).sum())
        if count:
            typer.echo(f"{_(word)}: {format_number(count)}")
    agreement = compared["iou"].dropna()
    if len(agreement):
        share = format_number(100 * float(agreement.median()), decimals=1)
        typer.echo(_("Agreement on land, median: {share} %").format(share=share))
    rest = compared[compared["status"] != "same"].sort_values("iou", na_position="first")
    for row in rest.head(SHOWN).to_dict("records"):
        line = f"  {row['number']} {show_plain(str(row['name']))}: {_(STATUS_WORDS[row['status']])}"
        if not is_unknown(row["iou"]):
            line += f" ({format_number(100 * row['iou'], decimals=1)} %)"
        typer.echo(line)
    if len(rest) > SHOWN:
        typer.echo(_("  and {count} more").format(count=format_number(len(rest) - SHOWN)))
