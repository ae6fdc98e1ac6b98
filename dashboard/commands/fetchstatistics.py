"""``symbiosekart fetch ssb`` and ``fetch klass``: tables and code lists of Statistics Norway."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.commands.fetchasking import (
    Address,
    Refresh,
    ask_service,
    tell_kept,
)
from dashboard.commands.progress import show_plain
from dashboard.text import gettext as _

if TYPE_CHECKING:
    from loaders.official.shelf import FetchedRecord


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
    with ask_service(ssb.SSB, address=address, refresh=refresh) as (client, bar):
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
            tell_kept((_keep_ssb(found.table, "household_waste", found.label, found.fetched_on),))
            _tell_unknown(found.unknown_materials, ())
        for number in numbers:
            told = ssb.fetch_table(number, client=client, selection=selection, progress=bar.tell)
            tell_kept((_keep_ssb(told.frame, f"table-{told.table_id}", told.label, told.fetched_on),))
        if accounts:
            waste = ssb.fetch_waste_accounts(client=client, progress=bar.tell)
            tell_kept((_keep_ssb(waste.table, "waste_accounts", "10513 + 10514", waste.fetched_on),))
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
    with ask_service(KLASS, address=address, refresh=refresh) as (client, _bar):
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
        tell_kept((record,))
