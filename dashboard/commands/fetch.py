"""``symbiosekart fetch``: from an official source to the shelf, where other commands and the app find it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
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


def build_fetch_app() -> typer.Typer:
    """Return the commands under ``symbiosekart fetch``, their help in the language chosen by then."""
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    app.command("brreg", help=_("Firms' places of work, from Brønnøysundregistrene."))(fetch_brreg)
    app.command("addresses", help=_("The register of addresses, from Kartverket."))(fetch_addresses)
    app.command("municipalities", help=_("Facts on municipalities, from Kartverket."))(fetch_municipalities)
    app.command("boundaries", help=_("Borders of municipalities or counties, from Kartverket."))(
        fetch_boundaries
    )
    app.command("ssb", help=_("Tables of Statistics Norway (SSB), the waste accounts among them."))(fetch_ssb)
    app.command("klass", help=_("Code lists of Statistics Norway: municipalities, counties, industries."))(
        fetch_klass
    )
    app.command("plants", help=_("Plants with a permit, from Miljødirektoratet."))(fetch_plants)
    app.command("list", help=_("What has been fetched, when, and under which licence."))(list_shelf)
    return app


# --- Brønnøysundregistrene ------------------------------------------------------------------------


def fetch_brreg(
    county: County = None,
    municipality: Municipality = None,
    industry: Annotated[
        list[str] | None,
        typer.Option("--industry", help=_("Only this industry, such as 38; may be repeated.")),
    ] = None,
    bulk: Annotated[
        bool, typer.Option("--bulk", help=_("The files of the whole country instead of the search."))
    ] = False,
    update: Annotated[
        bool, typer.Option("--update", help=_("Only what has changed since the units were fetched."))
    ] = False,
    refresh: Refresh = False,
    address: Address = "",
) -> None:
    """Fetch the places of work of an area, without those of sole proprietors."""
    from loaders import brregshelf
    from loaders.brreg import BRREG
    from loaders.fetching import list_municipalities, require_area

    with _asking(BRREG, address=address, refresh=refresh, max_age_days=1.0) as (client, bar):
        if bulk:
            kept = brregshelf.keep_bulk(client, progress=bar.tell)
        elif update:
            kept = brregshelf.keep_updated(client, progress=bar.tell)
        else:
            areas = list_municipalities(county or (), municipality or ())
            require_area(areas)
            kept = brregshelf.keep_units(
                client, municipalities=areas, industries=industry or (), progress=bar.tell
            )
        bar.close()
        _tell_kept(kept.records)
        _tell_findings(kept.findings)
    typer.echo(_("Put them on the map with: symbiosekart fill"))


# --- Kartverket -----------------------------------------------------------------------------------


def fetch_addresses(county: County = None, address: Address = "") -> None:
    """Fetch the register of addresses and index it where ``geocode`` finds it."""
    from loaders.fetching import list_counties
    from loaders.geonorge import DOWNLOADS, fetch_address_register

    with _asking(DOWNLOADS, address=address) as (client, bar):
        _tell_kept(fetch_address_register(client, counties=list_counties(county or ()), progress=bar.tell))


def fetch_municipalities(refresh: Refresh = False, address: Address = "") -> None:
    """Fetch names, points and boxes of all municipalities of today."""
    from loaders.fetching import CC_BY, keep_table
    from loaders.geonorge import FACTS, fetch_municipality_facts

    with _asking(FACTS, address=address, refresh=refresh) as (client, _bar):
        facts = fetch_municipality_facts(client)
        record = keep_table(
            facts,
            service=FACTS,
            part="municipality_facts",
            file="municipalities.csv",
            question="/fylkerkommuner",
            licence=CC_BY,
            attribution="© Kartverket",
        )
        _tell_kept((record,))


def fetch_boundaries(
    kind: Annotated[str, typer.Option("--kind", help=_("municipalities or counties."))] = "municipalities",
    shared: Annotated[
        bool,
        typer.Option("--shared", help=_("Only the border that the embedded data lack (Ålesund and Haram).")),
    ] = False,
    address: Address = "",
) -> None:
    """Fetch the borders of today's municipalities or counties."""
    from loaders import geonorge

    with _asking(geonorge.FACTS if shared else geonorge.DOWNLOADS, address=address) as (client, bar):
        if shared:
            record = geonorge.fetch_shared_borders(client, progress=bar.tell)
        else:
            record = geonorge.fetch_boundaries(client, kind=kind, progress=bar.tell)
        bar.close()
        _tell_kept([record] if record is not None else [])
        if record is None:
            typer.echo(_("The service does not have the areas of both; nothing was kept."), err=True)


# --- Statistics Norway ----------------------------------------------------------------------------


def fetch_ssb(
    table: Annotated[
        list[str] | None, typer.Option("--table", help=_("Table number, such as 10514; may be repeated."))
    ] = None,
    find: Annotated[str, typer.Option("--find", help=_("List the tables that these words find."))] = "",
    accounts: Annotated[
        bool, typer.Option("--waste-accounts", help=_("The national waste accounts, in tonnes."))
    ] = False,
    household: Annotated[
        bool,
        typer.Option("--household-waste", help=_("Household waste by municipality; the table is found.")),
    ] = False,
    choose: Annotated[
        list[str] | None,
        typer.Option("--choose", help=_("Part of a table: Tid=top(3), Region=5001,5006; may be repeated.")),
    ] = None,
    query: Annotated[
        Path | None, typer.Option("--query", help=_("File with the API query of a table."), dir_okay=False)
    ] = None,
    refresh: Refresh = False,
    address: Address = "",
) -> None:
    """Fetch tables as tidy CSV: one row a cell, units beside it."""
    from loaders import ssb

    if not (table or find or accounts or household):
        raise typer.BadParameter(_("Name a table, or words to find one."), param_hint="--table")
    selection = {**(_read_query(query) if query else {}), **_read_selection(choose or ())}
    with _asking(ssb.SSB, address=address, refresh=refresh) as (client, bar):
        if find:
            for row in ssb.find_tables(find, client=client).itertuples(index=False):
                period = f"{row.first_period}–{row.last_period}" if row.last_period else ""
                typer.echo(show_plain(f"{row.table_id}  {row.label}  {period}".rstrip()))
        numbers = list(table or ())
        if household:
            found = ssb.fetch_household_waste(
                client=client, years=selection.get("Tid", "*"), progress=bar.tell
            )
            if found.choice is not None:
                typer.echo(
                    show_plain(
                        _("Table {table} was chosen: {label} ({reasons})").format(
                            table=found.choice.table_id,
                            label=found.label,
                            reasons=", ".join(found.choice.reasons),
                        )
                    )
                )
            _tell_kept((_keep_ssb(found.table, "household_waste", found.label, found.fetched_on),))
            _tell_unknown(found.unknown_materials, ())
        for number in numbers:
            told = ssb.fetch_table(number, client=client, selection=selection, progress=bar.tell)
            _tell_kept((_keep_ssb(told.frame, f"table-{told.table_id}", told.label, told.fetched_on),))
        if accounts:
            waste = ssb.fetch_waste_accounts(client=client, progress=bar.tell)
            _tell_kept((_keep_ssb(waste.table, "waste_accounts", "10513 + 10514", waste.fetched_on),))
            _tell_unknown(waste.unknown_materials, waste.unknown_sources)


def _keep_ssb(frame: object, part: str, question: str, fetched_on: str) -> FetchedRecord:
    import pandas as pd

    from loaders import ssb
    from loaders.fetching import keep_table

    return keep_table(
        pd.DataFrame(frame),
        service=ssb.SSB,
        part=part,
        file=f"{part}.csv",
        question=question,
        licence=ssb.LICENCE,
        attribution=ssb.ATTRIBUTION,
        fetched_on=fetched_on,
    )


def _read_query(path: Path) -> dict[str, list[str] | str]:
    from loaders.official.pxweb import read_query

    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        value = None
    return dict(read_query(value))


def _read_selection(chosen: Sequence[str]) -> dict[str, list[str] | str]:
    from loaders.official.pxweb import split_codes

    selection: dict[str, list[str] | str] = {}
    for text in chosen:
        name, equals, values = text.partition("=")
        if not equals or not name.strip() or not values.strip():
            raise typer.BadParameter(
                _("Write it as Variable=values, such as Tid=top(3)."), param_hint="--choose"
            )
        several = split_codes(values)
        selection[name.strip()] = several if len(several) > 1 else several[0]
    return selection


def _tell_unknown(materials: Sequence[str], sources: Sequence[str]) -> None:
    if materials:
        text = _("Materials without a certain key of ours: {names}").format(names=", ".join(materials))
        typer.echo(show_plain(text), err=True)
    if sources:
        text = _("Sources that are no certain industry: {names}").format(names=", ".join(sources))
        typer.echo(show_plain(text), err=True)


def fetch_klass(
    classification: Annotated[
        int,
        typer.Argument(help=_("Number of the code list: 131 municipalities, 104 counties, 6 industries.")),
    ],
    on: Annotated[
        str, typer.Option("--on", help=_("Valid on this day (YYYY-MM-DD); today if not said."))
    ] = "",
    changes: Annotated[
        bool,
        typer.Option(
            "--changes",
            help=_("What old codes became: municipalities since 2017, industries from SN2007 to SN2025."),
        ),
    ] = False,
    refresh: Refresh = False,
    address: Address = "",
) -> None:
    """Fetch a code list as it is valid on a day."""
    import datetime as dt

    from loaders.fetching import CC_BY, keep_table
    from loaders.klass import KLASS, MUNICIPALITIES, fetch_classification_codes, fetch_known_changes

    try:
        day = dt.date.fromisoformat(on) if on else dt.date.today()
    except ValueError as error:
        raise typer.BadParameter(_("Write the day as 2026-01-31."), param_hint="--on") from error
    with _asking(KLASS, address=address, refresh=refresh) as (client, _bar):
        if changes:
            codes, newer = fetch_known_changes(classification, until=day, client=client)
            if classification == MUNICIPALITIES:
                text = _("Changes that are newer than those the app has: {count}").format(count=newer)
                typer.echo(show_plain(text))
        else:
            codes = fetch_classification_codes(classification, on=day, client=client)
        what = "changes" if changes else "codesAt"
        record = keep_table(
            codes,
            service=KLASS,
            part=f"changes-{classification}" if changes else f"classification-{classification}",
            file=f"klass-{'changes-' if changes else ''}{classification}-{day.isoformat()}.csv",
            question=f"classifications/{classification}/{what}?date={day.isoformat()}",
            licence=CC_BY,
            attribution="Statistisk sentralbyrå (SSB)",
        )
        _tell_kept((record,))


# --- Miljødirektoratet ----------------------------------------------------------------------------


def fetch_plants(
    county: County = None, municipality: Municipality = None, refresh: Refresh = False, address: Address = ""
) -> None:
    """Fetch the plants with a permit of an area, or of the whole country."""
    from loaders.fetching import list_municipalities
    from loaders.miljodirektoratet import MILJODIREKTORATET
    from loaders.plantfetching import keep_plants

    areas = list_municipalities(county or (), municipality or ())
    with _asking(MILJODIREKTORATET, address=address, refresh=refresh) as (client, bar):
        _tell_kept(keep_plants(client, municipalities=areas, progress=bar.tell))


# --- the shelf ------------------------------------------------------------------------------------


def list_shelf(
    as_json: Annotated[bool, typer.Option("--json", help=_("Write JSON, for programs."))] = False,
) -> None:
    """List what lies on the shelf."""
    from loaders.official.shelf import list_fetched, sources_folder

    records = list_fetched(sources_folder())
    if as_json:
        typer.echo(json.dumps([asdict(record) for record in records], ensure_ascii=False, indent=2))
        return
    typer.echo(_("Folder: {folder}").format(folder=show_plain(str(sources_folder()))))
    for record in records:
        typer.echo(_describe(record))
    if not records:
        typer.echo(_("Nothing has been fetched yet. The app works with the embedded data."))


def _describe(record: FetchedRecord) -> str:
    rows = "" if record.rows is None else _("{count} rows").format(count=format_number(record.rows))
    parts = [
        f"{record.source}/{record.file}",
        rows,
        _("fetched {date}").format(date=format_date(record.fetched_on)),
        record.licence,
        *(_(text) for text in record.attribution.split("; ") if text),
    ]
    return show_plain(", ".join(part for part in parts if part))


def _tell_kept(records: Sequence[FetchedRecord]) -> None:
    for record in records:
        typer.echo(_describe(record))


def _tell_findings(findings: Sequence[Finding]) -> None:
    for finding in findings:
        typer.echo(show_plain(" ".join(describe_finding(finding, _))), err=True)


# --- asking ---------------------------------------------------------------------------------------


@contextmanager
def _asking(
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
