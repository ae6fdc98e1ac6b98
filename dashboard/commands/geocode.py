"""``symbiosekart geocode``: points for a list of addresses, each with how sure it is."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dashboard.labels import GEOCODE_GRADES
from dashboard.text import N_, format_number
from dashboard.text import gettext as _

if TYPE_CHECKING:
    import pandas as pd

    from loaders.addresses import AddressRegister
    from loaders.geocoding import AddressList
    from loaders.geonorge import AddressService, FetchedRegisters

    Index = AddressRegister | FetchedRegisters | AddressService

PROBLEM_WORDS: Final = {
    "point_zero": N_("the coordinates are 0, 0"),
    "point_unreadable": N_("the coordinates cannot be read"),
    "zone_missing": N_(
        "the coordinates do not say their UTM zone: write it in the header, as in “East (UTM 33)”, "
        "or in a column Zone"
    ),
    "point_outside": N_("the coordinates lie at sea or outside Norway"),
    "point_other_municipality": N_("the coordinates lie in another municipality than the row says"),
    "street_unknown": N_("the street is not in the register of addresses"),
    "number_unknown": N_("the house number is not in the register of addresses"),
    "address_ambiguous": N_("several houses far apart have this address"),
    "register_silent": N_("the register of addresses did not answer"),
    "register_elsewhere": N_("the fetched register of addresses does not hold this part of the country"),
    "postcode_differs": N_("the register has another postcode for this address"),
    "postcode_unknown": N_("there is no such postcode"),
    "postcode_elsewhere": N_("the postcode is in another municipality than the row says"),
    "place_unknown": N_("the place is not known"),
    "place_ambiguous": N_("several places have this name"),
    "place_elsewhere": N_("the place is in another municipality than the row says"),
    "municipality_unknown": N_("the municipality is not known"),
    "municipality_ambiguous": N_("several municipalities fit"),
    "box_only": N_("a box at the post office is not where the firm is"),
    "nothing_given": N_("the row does not say where it is"),
    "not_placed": N_("no place was found"),
}
SHOWN: Final = 20
"""Rows without a point that are listed one by one; the rest is counted and stands in the output."""
UNPLACED: Final = 1
"""Exit code where rows were left without a point."""


def geocode(
    file: Annotated[
        Path, typer.Argument(help=_("CSV or Excel file with addresses, postcodes, places or municipalities."))
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help=_("CSV or Excel file (.xlsx) to write the rows to."))
    ] = None,
    register: Annotated[
        Path | None,
        typer.Option(
            "--register",
            help=_("Kartverket's addresses (Matrikkelen) as CSV or zip: houses and streets are found too."),
        ),
    ] = None,
    no_register: Annotated[
        bool, typer.Option("--no-register", help=_("Go without the fetched register of addresses."))
    ] = False,
    online: Annotated[
        bool,
        typer.Option(
            "--online",
            help=_("Ask Kartverket's address search on line instead of a register; each question is kept."),
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_("Write counts and findings as JSON."))] = False,
) -> None:
    """Place the rows of a list and write them with point, grade, radius and what is wrong."""
    from loaders.geocoding import add_points, geocode_list, read_address_list, write_points

    if out is None and not as_json:
        raise typer.BadParameter(_("Name a file to write with --out, or ask for --json."), param_hint="--out")
    if (register is not None) + no_register + online > 1:
        raise typer.BadParameter(
            _("Choose one of --register, --no-register and --online."), param_hint="--online"
        )
    listed = read_address_list(file)
    index = None if no_register else _open_index(register, online=online)
    try:
        points = geocode_list(listed, addresses=index)
    finally:
        if index is not None:
            index.close()
    if out is not None:
        words = {code: _(text) for code, text in PROBLEM_WORDS.items()}
        write_points(add_points(listed, points, problems=words), out, sheet=_("Addresses"))
    data = points.drop(index=sorted(listed.skipped))
    if as_json:
        typer.echo(json.dumps(_describe(listed, data, index), ensure_ascii=False, indent=2))
    else:
        _tell(listed, data, index)
    if data["grade"].isna().any():
        raise typer.Exit(UNPLACED)


def _open_index(register: Path | None, *, online: bool) -> Index | None:
    """Return the register that is named, or the service, or what has been fetched."""
    from loaders.geonorge import open_address_service, open_fetched_register

    if register is not None:
        return _open_register(register)
    return open_address_service() if online else open_fetched_register()


def _open_register(path: Path) -> AddressRegister:
    from loaders.addresses import open_register
    from loaders.geocoding import register_folder
    from loaders.placenames import read_renumbering

    def tell(rows: int) -> None:
        if sys.stderr.isatty():
            line = _("Indexing addresses (once): {rows}").format(rows=format_number(rows))
            typer.echo(f"\r{line}", nl=False, err=True)

    index = open_register(path, folder=register_folder(), renumber=read_renumbering(), progress=tell)
    if sys.stderr.isatty():
        typer.echo("", err=True)
    return index


def _describe(listed: AddressList, points: pd.DataFrame, index: Index | None) -> dict[str, object]:
    """Return counts and rows without a point as plain values."""
    unplaced = [
        {
            "row": listed.numbers[position],
            "asked": _asked(listed, position),
            "problems": str(points.at[position, "problem"] or "").split(),
            "candidates": _candidates(points, position),
        }
        for position in points.index[points["grade"].isna()].tolist()
    ]
    radius = points["radius_m"].dropna()
    return {
        "rows": len(points),
        "columns": listed.found,
        "grades": {str(k): int(v) for k, v in points["grade"].value_counts().items()},
        "median_radius_m": None if radius.empty else float(radius.median()),
        "problems": _count_problems(points),
        "not_placed": unplaced,
        "register": None if index is None else _describe_index(index),
    }


def _describe_index(index: Index) -> dict[str, object]:
    from loaders.geonorge import AddressService, FetchedRegisters

    if isinstance(index, AddressService):
        failure = index.failure
        return {
            "kind": "online",
            "service": index.client.service.title,
            "questions": index.asked,
            "failure": None if failure is None else failure.code,
        }
    facts = index.facts
    described: dict[str, object] = {"kind": "file"}
    if isinstance(index, FetchedRegisters):
        described = {"kind": "fetched", "counties": [record.area for record in index.records if record.area]}
    return described | {
        "rows": facts.rows,
        "skipped": facts.skipped,
        "date": facts.date,
        "digest": facts.digest,
    }


def _tell_index(index: Index | None) -> None:
    """Say which register was used, and where it did not answer."""
    from dashboard.messages import describe_error
    from loaders.geonorge import AddressService, FetchedRegisters, read_county_names

    if index is None:
        line = _("No register of addresses is used: rows are placed by place, postcode and municipality.")
    elif isinstance(index, AddressService):
        line = _("Asked {service}: {questions} questions. © Kartverket, CC BY 4.0.").format(
            service=index.client.service.title, questions=format_number(index.asked)
        )
        if index.failure is not None:
            told, _advice = describe_error(index.failure, _)
            typer.echo(_plain(told), err=True)
            typer.echo(
                _(
                    "The other rows are placed by place, postcode and municipality, "
                    "as the embedded data have them."
                ),
                err=True,
            )
    else:
        facts = index.facts
        told_rows, date = format_number(facts.rows), facts.date or _("date unknown")
        if isinstance(index, FetchedRegisters):
            names = read_county_names()
            areas = [names.get(one.area, one.area) or _("the whole country") for one in index.records]
            line = _(
                "Fetched register of addresses ({areas}): {rows} addresses, {date}. © Kartverket, CC BY 4.0."
            ).format(areas=", ".join(areas), rows=told_rows, date=date)
        else:
            line = _("Register of addresses: {rows} addresses, {date}. © Kartverket, CC BY 4.0.").format(
                rows=told_rows, date=date
            )
    typer.echo(_plain(line))


def _count_problems(points: pd.DataFrame) -> dict[str, int]:
    codes = points["problem"].dropna().str.split().explode()
    return {str(code): int(count) for code, count in codes.value_counts().items()}


def _tell(listed: AddressList, points: pd.DataFrame, index: Index | None) -> None:
    columns = ", ".join(f"{text}" for text in listed.found.values())
    typer.echo(_plain(_("Read by the columns: {columns}.").format(columns=columns)))
    _tell_index(index)
    placed = int(points["grade"].notna().sum())
    typer.echo(
        _("{placed} of {rows} rows were placed:").format(
            placed=format_number(placed), rows=format_number(len(points))
        )
    )
    for grade, word in GEOCODE_GRADES.items():
        own = points[points["grade"] == grade]
        if len(own):
            typer.echo(
                _("  {count} by {grade}, usually within {radius} m").format(
                    count=format_number(len(own)),
                    grade=_(word),
                    radius=format_number(float(own["radius_m"].median())),
                )
            )
    for code, count in _count_problems(points).items():
        word = _(PROBLEM_WORDS.get(code, code))
        typer.echo(f"  {word}: {format_number(count)}")
    without = points.index[points["grade"].isna()].tolist()
    if without:
        typer.echo(_("Not placed (by the row of the sheet):"), err=True)
    for position in without[:SHOWN]:
        line = f"  {listed.numbers[position]}: {_asked(listed, position) or '-'}"
        if near := _candidates(points, position):
            line += " - " + _("nearest: {names}").format(names="; ".join(near))
        typer.echo(_plain(line), err=True)
    if len(without) > SHOWN:
        rest = format_number(len(without) - SHOWN)
        typer.echo(_("  and {count} more").format(count=rest), err=True)


def _asked(listed: AddressList, position: int) -> str:
    names = ("address", "postcode", "place", "municipality", "county")
    parts = [listed.wanted.at[position, name] for name in names]
    parts.append(listed.written.get(position))
    return ", ".join(str(part)[:60] for part in parts if isinstance(part, str))


def _candidates(points: pd.DataFrame, position: int) -> list[str]:
    value = points.at[position, "candidates"]
    return value.split("; ") if isinstance(value, str) else []


def _plain(line: str) -> str:
    # A cell may hold marks that move the cursor or colour the terminal: they are shown, not obeyed.
    return "".join(char if char.isprintable() else "\ufffd" for char in line)
