"""What commands over a region share: whose tables, which part of it, and the scenario of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.text import gettext as _

if TYPE_CHECKING:
    from geodata.codetables import WasteCodes
    from geodata.municipality_numbers import Resolution
    from geodata.parameters import ScenarioParameters
    from geodata.results import RegionTables, ScenarioResult
    from geodata.uses import UseLibrary

Files = Annotated[
    list[Path] | None, typer.Argument(help=_("Own files with facilities and streams, added to the data set."))
]
Dataset = Annotated[
    str, typer.Option(help=_("Data set: region (real), practice (fictional) or none (own files only)."))
]
Municipalities = Annotated[
    list[str] | None, typer.Option(help=_("Municipality number of any year, or name; may be repeated."))
]
NeighboursKm = Annotated[
    float | None, typer.Option(min=0, help=_("Also facilities within so many km by road of these."))
]
Modelled = Annotated[
    bool,
    typer.Option(
        help=_(
            "With or without streams that are modelled: from industry and employees, and from inhabitants."
        )
    ),
]

Registers = Annotated[
    list[str] | None,
    typer.Option(help=_("Filled registers added to the data set: name or all; may be repeated.")),
]
ALL_REGISTERS = "all"


def run_region(
    dataset: str,
    files: Sequence[Path],
    *,
    municipality: Sequence[str] | None,
    neighbours_km: float | None,
    parameters: ScenarioParameters,
    codes: WasteCodes,
    uses: UseLibrary,
    folder: Path,
    modelled: bool = True,
    registers: Sequence[str] = (),
) -> tuple[ScenarioResult, bool]:
    """Return the scenario over the embedded roads, and whether rows of `files` were refused.

    With `modelled`, facilities that tell industry and employees and have no stream of their own get modelled
    ones; without it, no modelled stream takes part, whoever modelled it.
    What was refused is told in `folder`/findings.csv. `registers` are names of filled ones; their owners are
    among the sources of the result.
    """
    from geodata.scenario import run_scenario
    from loaders.roads import read_road_network

    if dataset not in ("region", "practice", "none"):
        raise typer.BadParameter(_("Choose region, practice or none."), param_hint="--dataset")
    numbers = find_municipalities(municipality) if municipality else None
    if registers and dataset == "practice":
        raise typer.BadParameter(_("Registers stand beside the real region only."), param_hint="--registers")
    tables, faults = read_tables(dataset, files, folder=folder, alone=not registers)
    tables, credits = add_registers(tables, registers)
    tables = choose_modelled(tables, modelled=modelled)
    result = run_scenario(
        tables,
        network=read_road_network(),
        codes=codes,
        uses=uses,
        parameters=parameters,
        municipalities=numbers,
        neighbours_km=neighbours_km,
        sources=[*(path.name for path in files), *credits],
    )
    return result, faults


def read_tables(
    dataset: str, files: Sequence[Path], *, folder: Path, alone: bool = True
) -> tuple[RegionTables, bool]:
    """Return the tables to work on and whether some rows of `files` were refused (told in findings.csv).

    With `alone`, there must be a data set or a file; else nothing comes of nothing.
    """
    from geodata.findings import tabulate_findings
    from geodata.partners import append_tables
    from loaders.exports import write_csv
    from loaders.members import read_members
    from loaders.region import read_region

    known = read_region("practice" if dataset == "practice" else "region") if dataset != "none" else None
    if not files:
        if known is None and alone:
            raise typer.BadParameter(_("Name at least one file."), param_hint="FILES")
        return known or make_no_tables(), False
    for path in files:
        if not path.is_file():
            raise typer.BadParameter(_("There is no file {name}.").format(name=path.name), param_hint="FILES")
    members = read_members(files, known=known)
    write_csv(tabulate_findings(members.findings), folder / "findings.csv")
    tables = members.tables if known is None else append_tables(known, members.tables)
    return tables, members.has_errors


def make_no_tables() -> RegionTables:
    """Return tables without rows."""
    import geopandas as gpd

    from geodata.results import RegionTables
    from geodata.schemas import empty_table

    others = (empty_table(name) for name in ("streams", "networks", "memberships"))
    return RegionTables(gpd.GeoDataFrame(empty_table("facilities")), *others)


def add_registers(tables: RegionTables, wanted: Sequence[str]) -> tuple[RegionTables, list[str]]:
    """Return `tables` with the facilities of filled registers (names, or ``all``), and whom to name."""
    from geodata.registerjoins import add_register
    from loaders.registershelf import find_extract, list_extracts, read_extract

    extracts = list_extracts() if ALL_REGISTERS in wanted else [find_extract(name) for name in wanted]
    credits = []
    for extract in extracts:
        tables = add_register(tables, read_extract(extract.key))
        credits += [
            f"{_(text)} ({extract.name}, {extract.record.fetched_on})" for text in extract.attributions
        ]
    return tables, list(dict.fromkeys(credits))


def choose_modelled(tables: RegionTables, *, modelled: bool) -> RegionTables:
    """Return `tables` with modelled streams wherever there is nothing else, or without any modelled one."""
    from geodata.industrywaste import add_modelled_streams, without_modelled
    from loaders.industrywaste import INDUSTRY_WORDING, read_industry_coefficients

    if not modelled:
        return without_modelled(tables)
    return add_modelled_streams(tables, coefficients=read_industry_coefficients(), wording=INDUSTRY_WORDING)


def find_municipalities(wanted: Sequence[str]) -> list[str]:
    """Return today's numbers of municipalities given by number (of any year since 2017) or by name."""
    from geodata.municipality_names import find_municipality_by_name
    from geodata.municipality_numbers import resolve_municipality
    from loaders.embedded import read_municipalities, read_municipality_changes

    numbers: list[str] = []
    for text in wanted:
        if text.strip().isdigit():
            meant = resolve_municipality(text, changes=read_municipality_changes())
            if not meant.is_certain:
                _tell_widened(meant)
            numbers += meant.today
            continue
        found = find_municipality_by_name(text, read_municipalities(detail="light"))
        if len(found) != 1:
            names = ", ".join(
                f"{match.municipality_number} {match.name} ({match.county_name})" for match in found
            )
            unknown = _("No municipality is called {name}.").format(name=text[:80])
            several = _("{name} may be several municipalities: {names}.").format(name=text[:80], names=names)
            raise typer.BadParameter(several if found else unknown, param_hint="--municipality")
        numbers.append(found[0].municipality_number)
    return list(dict.fromkeys(numbers))


def _tell_widened(meant: Resolution) -> None:
    from loaders.embedded import read_municipalities

    names = read_municipalities(detail="light").set_index("municipality_number")["name"]
    parts = ", ".join(f"{number} {names[number]}" for number in meant.today)
    text = _("{number} {name} was divided between {parts}; all of these are taken.")
    typer.echo(text.format(number=meant.number, name=meant.name, parts=parts), err=True)
