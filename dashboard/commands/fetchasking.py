"""What the commands under ``symbiosekart fetch`` share: asking a service, telling what came."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dashboard.commands.progress import ProgressBar, show_plain
from dashboard.messages import MESSAGES, describe_error, describe_finding
from dashboard.text import N_, format_date, format_number
from dashboard.text import gettext as _

if TYPE_CHECKING:
    from geodata.errors import SourceError
    from geodata.findings import Finding
    from loaders.official.shelf import FetchedRecord
    from loaders.official.webclient import Service, WebClient

UNREACHABLE: Final = 3
"""Exit code where a service cannot be had now; what was fetched is kept."""
STEPS: Final = {
    "units": N_("Fetching units"),
    "parents": N_("Fetching their owners"),
    "updates": N_("Fetching changes"),
    "download": N_("Downloading"),
    "index": N_("Indexing addresses"),
    "cells": N_("Fetching figures"),
    "plants": N_("Fetching plants"),
    "areas": N_("Fetching borders"),
    "read": N_("Reading"),
}
INSTEAD: Final = {
    "brreg": N_(
        "Without it: the map works with the embedded region, with what was fetched before, and with the "
        "register's file if you have it (symbiosekart fill FILE)."
    ),
    "geonorge": N_(
        "Without it: places, postcodes and municipalities are embedded, and a downloaded file can be read "
        "(symbiosekart geocode --register FILE)."
    ),
    "kommuneinfo": N_("Without it: today's municipalities, their names and their history are embedded."),
    "ssb": N_("Without it: inhabitants and figures for modelled waste are embedded, each with its year."),
    "klass": N_("Without it: municipalities since 2017 and industry codes are embedded."),
    "miljodirektoratet": N_(
        "Without it: plants of the region that public pages name are embedded, and a saved answer can be "
        "read (symbiosekart fill --plants FILE)."
    ),
}
"""Key of a service -> what still works while it cannot be reached."""

County = Annotated[list[str] | None, typer.Option("--county", help=_("County number; may be repeated."))]
Municipality = Annotated[
    list[str] | None,
    typer.Option("--municipality", help=_("Municipality number of any year; may be repeated.")),
]
Refresh = Annotated[bool, typer.Option("--refresh", help=_("Ask again for what is kept already."))]
Address = Annotated[str, typer.Option("--address", help=_("Another address of the service (a mirror)."))]


@contextmanager
def ask_service(
    service: Service, *, address: str, refresh: bool = False, max_age_days: float = 7.0
) -> Iterator[tuple[WebClient, ProgressBar]]:
    """Give a client of the service and a bar; what fails is told with what still works."""
    from geodata.errors import SourceError
    from loaders.official.shelf import answers_folder
    from loaders.official.webclient import WebClient

    bar = ProgressBar(STEPS)

    def tell_trouble(attempt: int, pause_s: float) -> None:
        bar.close()
        text = _("{service} does not answer as it should; attempt {number} in {seconds} s …")
        typer.echo(
            text.format(service=service.title, number=attempt + 1, seconds=format_number(pause_s)), err=True
        )

    try:
        with WebClient(
            service,
            address=address,
            cache=answers_folder(),
            refresh=refresh,
            max_age_days=max_age_days,
            trouble=tell_trouble,
        ) as client:
            yield client, bar
            bar.close()
            _tell_notices(client, service)
    except SourceError as error:
        bar.close()
        _give_up(error, service)


def _tell_notices(client: WebClient, service: Service) -> None:
    for code in dict.fromkeys(client.notices):
        what, advice = MESSAGES[code]
        typer.echo(f"{_(what).format(service=service.title)} {_(advice)}", err=True)


def _give_up(error: SourceError, service: Service) -> None:
    what, advice = describe_error(error, _)
    typer.echo(_("Error: {text}").format(text=show_plain(what)), err=True)
    typer.echo(show_plain(advice), err=True)
    if service.key in INSTEAD:
        typer.echo(_(INSTEAD[service.key]), err=True)
    sys.exit(UNREACHABLE)


def describe_record(record: FetchedRecord) -> str:
    rows = "" if record.rows is None else _("{count} rows").format(count=format_number(record.rows))
    parts = [
        f"{record.source}/{record.file}",
        rows,
        _("fetched {date}").format(date=format_date(record.fetched_on)),
        record.licence,
        *(_(text) for text in record.attribution.split("; ") if text),
    ]
    return show_plain(", ".join(part for part in parts if part))


def tell_kept(records: Sequence[FetchedRecord]) -> None:
    for record in records:
        typer.echo(describe_record(record))


def tell_findings(findings: Sequence[Finding]) -> None:
    for finding in findings:
        typer.echo(show_plain(" ".join(describe_finding(finding, _))), err=True)
