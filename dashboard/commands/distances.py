"""``symbiosekart distances``: road distances between the places of a list."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.commands.progress import ProgressBar, show_plain
from dashboard.text import format_number
from dashboard.text import gettext as _

if TYPE_CHECKING:
    from geodata.roads import Network
    from loaders.travelcache import TravelCache

SHOWN = 50
"""Findings told one by one; the rest is counted."""


def distances(
    places: Annotated[Path, typer.Argument(help=_("CSV with id, lat and lon."))],
    out: Annotated[
        Path,
        typer.Option(
            "--out", help=_("CSV or Parquet (.parquet) to write, or a folder for a file each block.")
        ),
    ],
    network: Annotated[
        Path | None, typer.Option("--network", help=_("Network file; without it the embedded main roads."))
    ] = None,
    profile: Annotated[
        str, typer.Option("--profile", help=_("What main roads minimise: least_cost or fastest."))
    ] = "",
    within: Annotated[
        float | None, typer.Option("--within", min=0, help=_("Only pairs within this many kilometres."))
    ] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", min=0, help=_("Only pairs within this many minutes."))
    ] = None,
    nearest: Annotated[
        int | None, typer.Option("--nearest", min=1, help=_("For each place only this many others."))
    ] = None,
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help=_("Threads; without it one for each processor."))
    ] = None,
    dask: Annotated[
        str, typer.Option("--dask", help=_("Dask scheduler that does the work, such as tcp://host:8786."))
    ] = "",
    use_cache: Annotated[
        bool, typer.Option("--cache/--no-cache", help=_("Whether known distances are kept on disk."))
    ] = True,
) -> None:
    """Measure distances by road between the places of a list, ferries included."""
    from dashboard.roadnames import name_profile
    from geodata.traveltables import Question
    from loaders.distances import write_distances
    from loaders.travelcache import open_cache

    if network is not None and profile:
        raise typer.BadParameter(_("A network file has its own profile."), param_hint="--profile")
    roads = _read_network(network, profile)
    facts = roads.describe()
    typer.echo(
        show_plain(
            _("Network: {name}, {date}, {profile}. {licence}").format(
                name=_(facts["name"]),
                date=facts["date"] or _("date unknown"),
                profile=name_profile(facts["profile"]),
                licence=_(roads.licence),
            )
        ),
        err=True,
    )
    cache = open_cache() if use_cache else None
    bar = ProgressBar()
    try:
        report = write_distances(
            places,
            out,
            network=roads,
            question=Question(max_km=within, max_minutes=minutes, nearest=nearest),
            threads=threads,
            cache=cache,
            cluster=dask,
            progress=lambda share: bar.tell_share("", share),
        )
    finally:
        bar.close()
    _tell_findings(report.findings)
    _tell_trouble(cache)
    typer.echo(
        _("{places} places, {pairs} pairs, of which {unreachable} without a road.").format(
            places=format_number(report.places),
            pairs=format_number(report.pairs),
            unreachable=format_number(report.unreachable),
        )
    )
    if not report.places:
        sys.exit(1)


def _read_network(path: Path | None, profile: str) -> Network:
    if path is not None:
        from loaders.graphnetworks import read_graph_network

        return read_graph_network(path)
    from geodata.network import LEAST_COST, PROFILES
    from loaders.roads import read_road_network

    if profile and profile not in PROFILES:
        raise typer.BadParameter(
            _("Choose one of: {keys}.").format(keys=", ".join(PROFILES)), param_hint="--profile"
        )
    return read_road_network(profile or LEAST_COST)


def _tell_findings(findings: tuple) -> None:
    from dashboard.messages import describe_finding

    for finding in findings[:SHOWN]:
        what, advice = describe_finding(finding, _)
        where = _("row {row}: ").format(row=finding.row) if finding.row else ""
        typer.echo(show_plain(f"{where}{what} {advice}"), err=True)
    if len(findings) > SHOWN:
        more = format_number(len(findings) - SHOWN)
        typer.echo(_("… and {count} more findings.").format(count=more), err=True)


def _tell_trouble(cache: TravelCache | None) -> None:
    if cache is not None and cache.trouble:
        typer.echo(
            _("Known distances could not be kept on disk: {reason}.").format(reason=cache.trouble), err=True
        )
