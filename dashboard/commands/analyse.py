"""``symbiosekart analyse``: the whole job without a browser, with the figures that the pages show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.text import format_number, language
from dashboard.text import gettext as _

if TYPE_CHECKING:
    from geodata.results import RegionTables, ScenarioResult

FIGURES = ("facilities", "streams", "offers", "needs", "matches", "clusters")


def analyse(
    out: Annotated[
        Path, typer.Option("--out", help=_("Folder to write to; it is made where it is missing."))
    ],
    files: Annotated[
        list[Path] | None,
        typer.Argument(help=_("Own files with facilities and streams, added to the data set.")),
    ] = None,
    dataset: Annotated[
        str, typer.Option(help=_("Data set: region (real), practice (fictional) or none (own files only)."))
    ] = "region",
    municipality: Annotated[
        list[str] | None, typer.Option(help=_("Municipality number of any year, or name; may be repeated."))
    ] = None,
    neighbours_km: Annotated[
        float | None, typer.Option(min=0, help=_("Also facilities within so many km by road of these."))
    ] = None,
    max_km: Annotated[float | None, typer.Option(help=_("Longest distance of a match, km by road."))] = None,
    max_minutes: Annotated[float | None, typer.Option(help=_("Longest drive of a match, minutes."))] = None,
    min_score: Annotated[
        float | None, typer.Option(help=_("Lowest score of a match, points of 100."))
    ] = None,
    cluster_minutes: Annotated[
        float | None, typer.Option(help=_("Farthest a cluster's members lie from its middle, minutes."))
    ] = None,
) -> None:
    """Find matches and clusters and write them as Excel, GeoPackage, GeoJSON and CSV with their sources."""
    from geodata.economics import EconomicChoices, describe_parameters, price_matches
    from geodata.parameters import ScenarioParameters
    from geodata.scenario import run_scenario
    from loaders.codes import read_waste_codes
    from loaders.economics import read_economics
    from loaders.embedded import read_sources
    from loaders.exports import Pricing, write_result
    from loaders.roads import read_road_network
    from loaders.uses import read_use_library

    if dataset not in ("region", "practice", "none"):
        raise typer.BadParameter(_("Choose region, practice or none."), param_hint="--dataset")
    chosen = {
        "max_distance_km": max_km,
        "max_minutes": max_minutes,
        "min_score": min_score,
        "cluster_minutes": cluster_minutes,
    }
    parameters = ScenarioParameters(**{name: value for name, value in chosen.items() if value is not None})
    numbers = find_municipalities(municipality) if municipality else None
    tables, faults = read_tables(dataset, files or [], folder=out)
    codes, uses, economics = read_waste_codes(), read_use_library(), read_economics()
    result = run_scenario(
        tables,
        network=read_road_network(),
        codes=codes,
        uses=uses,
        parameters=parameters,
        municipalities=numbers,
        neighbours_km=neighbours_km,
        sources=[path.name for path in files or []],
    )
    usual = EconomicChoices()
    pricing = Pricing(
        prices=price_matches(result.matches, tables=economics, choices=usual, uses=uses, codes=codes),
        figures=describe_parameters(economics, language(), choices=usual),
        digest=economics.digest,
    )
    written = write_result(result, out, sources=read_sources(), pricing=pricing)
    tell_figures(result)
    typer.echo(_("Wrote {count} files to {folder}").format(count=len(written), folder=str(out)))
    if faults:
        typer.echo(_("Some rows were not used: see findings.csv"), err=True)
        raise typer.Exit(1)


def read_tables(dataset: str, files: Sequence[Path], *, folder: Path) -> tuple[RegionTables, bool]:
    """Return the tables to work on and whether some rows of `files` were refused (told in findings.csv)."""
    from geodata.findings import tabulate_findings
    from geodata.partners import append_tables
    from loaders.exports import write_csv
    from loaders.members import read_members
    from loaders.region import read_region

    known = read_region("practice" if dataset == "practice" else "region") if dataset != "none" else None
    if not files:
        if known is None:
            raise typer.BadParameter(_("Name at least one file."), param_hint="FILES")
        return known, False
    for path in files:
        if not path.is_file():
            raise typer.BadParameter(_("There is no file {name}.").format(name=path.name), param_hint="FILES")
    members = read_members(files, known=known)
    write_csv(tabulate_findings(members.findings), folder / "findings.csv")
    tables = members.tables if known is None else append_tables(known, members.tables)
    return tables, members.has_errors


def find_municipalities(wanted: Sequence[str]) -> list[str]:
    """Return today's numbers of municipalities given by number (of any year since 2017) or by name."""
    from geodata.municipality_names import find_municipality_by_name
    from geodata.municipality_numbers import resolve_municipality
    from loaders.embedded import read_municipalities, read_municipality_changes

    numbers: list[str] = []
    for text in wanted:
        if text.strip().isdigit():
            numbers += resolve_municipality(text, changes=read_municipality_changes()).today
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


def tell_figures(result: ScenarioResult) -> None:
    """Print the main key figures."""
    from geodata.indicators import read_indicator

    titles = {
        "facilities": _("Facilities"),
        "streams": _("Streams"),
        "offers": _("Offers"),
        "needs": _("Needs"),
        "matches": _("Matches"),
        "clusters": _("Clusters"),
    }
    for name in FIGURES:
        typer.echo(f"{titles[name]}: {format_number(read_indicator(result.indicators, name))}")
    tonnes = read_indicator(result.indicators, "exchange_best", unit="t")
    text = format_number(tonnes, unit="t") if tonnes == tonnes else _("unknown")
    typer.echo(_("Can be exchanged a year, nothing given twice: {amount}").format(amount=text))
