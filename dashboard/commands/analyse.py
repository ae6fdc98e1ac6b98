"""``symbiosekart analyse``: the whole job without a browser, with the figures that the pages show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.commands.region import (
    Dataset,
    Files,
    Modelled,
    Municipalities,
    NeighboursKm,
    Registers,
    run_region,
)
from dashboard.text import format_number, language
from dashboard.text import gettext as _

if TYPE_CHECKING:
    from geodata.results import ScenarioResult

FIGURES = ("facilities", "streams", "offers", "needs", "matches", "clusters")


def analyse(
    out: Annotated[
        Path, typer.Option("--out", help=_("Folder to write to; it is made where it is missing."))
    ],
    files: Files = None,
    dataset: Dataset = "region",
    modelled: Modelled = True,
    registers: Registers = None,
    municipality: Municipalities = None,
    neighbours_km: NeighboursKm = None,
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
    from dashboard.sourcewords import word_figures, word_text
    from geodata.economics import EconomicChoices, describe_parameters, price_matches
    from geodata.parameters import ScenarioParameters
    from loaders.codes import read_waste_codes
    from loaders.economics import read_economics
    from loaders.embedded import read_sources
    from loaders.exports import Pricing, write_result
    from loaders.uses import read_use_library

    chosen = {
        "max_distance_km": max_km,
        "max_minutes": max_minutes,
        "min_score": min_score,
        "cluster_minutes": cluster_minutes,
    }
    parameters = ScenarioParameters(**{name: value for name, value in chosen.items() if value is not None})
    codes, uses, economics = read_waste_codes(), read_use_library(), read_economics()
    result, faults = run_region(
        dataset,
        files or [],
        municipality=municipality,
        neighbours_km=neighbours_km,
        parameters=parameters,
        codes=codes,
        uses=uses,
        folder=out,
        modelled=modelled,
        registers=registers or [],
    )
    usual = EconomicChoices()
    pricing = Pricing(
        prices=price_matches(result.matches, tables=economics, choices=usual, uses=uses, codes=codes),
        figures=word_figures(describe_parameters(economics, language(), choices=usual)),
        digest=economics.digest,
    )
    written = write_result(result, out, sources=read_sources(), pricing=pricing, word=word_text)
    tell_figures(result)
    typer.echo(_("Wrote {count} files to {folder}").format(count=len(written), folder=str(out)))
    if faults:
        typer.echo(_("Some rows were not used: see findings.csv"), err=True)
        raise typer.Exit(1)


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
        line = f"{titles[name]}: {format_number(read_indicator(result.indicators, name))}"
        if name in ("offers", "matches"):
            modelled = read_indicator(result.indicators, name, basis="modelled")
            told = _("{count} of them modelled").format(count=format_number(modelled))
            line += f" ({told})" if modelled else ""
        typer.echo(line)
    tonnes = read_indicator(result.indicators, "exchange_best", unit="t")
    text = format_number(tonnes, unit="t") if tonnes == tonnes else _("unknown")
    typer.echo(_("Can be exchanged a year, nothing given twice: {amount}").format(amount=text))
    alone = read_indicator(result.indicators, "exchange_best", unit="t", basis="reported")
    if tonnes == tonnes and alone != tonnes:  # a sum that is mostly modelled must not look like a report
        text = format_number(0.0 if alone != alone else alone, unit="t")
        typer.echo(_("  of that with reported amounts alone: {amount}").format(amount=text))
