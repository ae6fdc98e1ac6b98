"""``symbiosekart fetch``: from an official source to the shelf, where other commands and the app find it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from dashboard.commands.fetchasking import (
    Address,
    County,
    Municipality,
    Refresh,
    ask_service,
    describe_record,
    tell_findings,
    tell_kept,
)
from dashboard.commands.fetchstatistics import fetch_klass, fetch_ssb
from dashboard.commands.progress import show_plain
from dashboard.text import gettext as _


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

    with ask_service(BRREG, address=address, refresh=refresh, max_age_days=1.0) as (client, bar):
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
        tell_kept(kept.records)
        tell_findings(kept.findings)
    typer.echo(_("Put them on the map with: symbiosekart fill"))


# --- Kartverket -----------------------------------------------------------------------------------


def fetch_addresses(county: County = None, address: Address = "") -> None:
    """Fetch the register of addresses and index it where ``geocode`` finds it."""
    from loaders.fetching import list_counties
    from loaders.geonorge import DOWNLOADS, fetch_address_register

    with ask_service(DOWNLOADS, address=address) as (client, bar):
        tell_kept(fetch_address_register(client, counties=list_counties(county or ()), progress=bar.tell))


def fetch_municipalities(refresh: Refresh = False, address: Address = "") -> None:
    """Fetch names, points and boxes of all municipalities of today."""
    from loaders.fetching import CC_BY, keep_table
    from loaders.geonorge import FACTS, fetch_municipality_facts

    with ask_service(FACTS, address=address, refresh=refresh) as (client, _bar):
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
        tell_kept((record,))


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

    with ask_service(geonorge.FACTS if shared else geonorge.DOWNLOADS, address=address) as (client, bar):
        if shared:
            record = geonorge.fetch_shared_borders(client, progress=bar.tell)
        else:
            record = geonorge.fetch_boundaries(client, kind=kind, progress=bar.tell)
        bar.close()
        tell_kept([record] if record is not None else [])
        if record is None:
            typer.echo(_("The service does not have the areas of both; nothing was kept."), err=True)


# --- Miljødirektoratet ----------------------------------------------------------------------------


def fetch_plants(
    county: County = None, municipality: Municipality = None, refresh: Refresh = False, address: Address = ""
) -> None:
    """Fetch the plants with a permit of an area, or of the whole country."""
    from loaders.fetching import list_municipalities
    from loaders.miljodirektoratet import MILJODIREKTORATET
    from loaders.plantfetching import keep_plants

    areas = list_municipalities(county or (), municipality or ())
    with ask_service(MILJODIREKTORATET, address=address, refresh=refresh) as (client, bar):
        tell_kept(keep_plants(client, municipalities=areas, progress=bar.tell))


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
        typer.echo(describe_record(record))
    if not records:
        typer.echo(_("Nothing has been fetched yet. The app works with the embedded data."))
