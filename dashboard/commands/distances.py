"""``symbiosekart distances``: road distances between all places of a list."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dashboard.text import format_number
from dashboard.text import gettext as _

SHOWN = 50
"""Findings told one by one; the rest is counted."""


def distances(
    places: Annotated[Path, typer.Argument(help=_("CSV with id, lat and lon."))],
    out: Annotated[Path, typer.Option("--out", help=_("CSV to write: one row for each ordered pair."))],
) -> None:
    """Measure distances by road between all places of a list, ferries included."""
    from dashboard.messages import describe_finding
    from loaders.distances import write_distances
    from loaders.roads import read_road_network

    report = write_distances(places, out, network=read_road_network())
    for finding in report.findings[:SHOWN]:
        what, advice = describe_finding(finding, _)
        where = _("row {row}: ").format(row=finding.row) if finding.row else ""
        typer.echo("".join(c if c.isprintable() else "?" for c in f"{where}{what} {advice}"), err=True)
    if len(report.findings) > SHOWN:
        more = format_number(len(report.findings) - SHOWN)
        typer.echo(_("… and {count} more findings.").format(count=more), err=True)
    typer.echo(
        _("{places} places, {pairs} pairs, of which {unreachable} without a road.").format(
            places=format_number(report.places),
            pairs=format_number(report.pairs),
            unreachable=format_number(report.unreachable),
        )
    )
    if not report.places:
        sys.exit(1)
