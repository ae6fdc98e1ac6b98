"""``symbiosekart fill``: a region's map filled from the business register, in one run."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dashboard.commands.progress import ProgressBar, show_plain
from dashboard.commands.region import find_municipalities
from dashboard.text import N_, format_number
from dashboard.text import gettext as _

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from geodata.geocoding import AddressIndex
    from loaders.registershelf import Extract

FORMATS: Final = (".xlsx", ".gpkg", ".csv")
STEPS: Final = {
    "read": N_("Reading units"),
    "parents": N_("Reading their owners"),
    "place": N_("Placing units"),
}
NAMED: Final = 3
"""So many municipalities give an extract its name; more are counted."""


def fill(
    units: Annotated[
        Path | None,
        typer.Argument(
            help=_("Units of the business register: bulk file (CSV, JSON, gzip); else what was fetched.")
        ),
    ] = None,
    county: Annotated[list[str] | None, typer.Option(help=_("County number; may be repeated."))] = None,
    municipality: Annotated[
        list[str] | None, typer.Option(help=_("Municipality number of any year, or name; may be repeated."))
    ] = None,
    parents: Annotated[
        Path | None,
        typer.Option(help=_("The register's file of firms: tells which units are a sole proprietor's.")),
    ] = None,
    plants: Annotated[
        Path | None, typer.Option(help=_("Plants with a permit, from Miljødirektoratet: exact points."))
    ] = None,
    register: Annotated[
        Path | None, typer.Option(help=_("Kartverket's addresses (Matrikkelen) as CSV or zip."))
    ] = None,
    min_employees: Annotated[int, typer.Option(min=0, help=_("Leave out units of fewer employees."))] = 5,
    industry: Annotated[
        str, typer.Option(help=_("Beginnings of industry codes, apart by commas: 10,38.1."))
    ] = "",
    sole_proprietors: Annotated[
        bool, typer.Option("--sole-proprietors", help=_("Take units of sole proprietors too."))
    ] = False,
    name: Annotated[str, typer.Option(help=_("What the extract is called; else by its area."))] = "",
    out: Annotated[
        Path | None, typer.Option(help=_("Write the facilities to a file too: .xlsx, .gpkg or .csv."))
    ] = None,
    remove: Annotated[
        str, typer.Option(help=_("Take a filled register off the shelf, and do no more."))
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help=_("Write counts as JSON."))] = False,
) -> None:
    """Make facilities of the units of an area and keep them where the map shows them."""
    from geodata.registerfacilities import UnitChoices
    from loaders import registershelf
    from loaders.plantfetching import read_kept_plants
    from loaders.registerfill import fill_from_file

    if remove:
        registershelf.remove_extract(registershelf.find_extract(remove))
        return
    if out is not None and out.suffix.lower() not in FORMATS:
        raise typer.BadParameter(_("Choose .xlsx, .gpkg or .csv."), param_hint="--out")
    file, day, numbers, left = _find_units(units, county or [], municipality or [])
    dated = units is None or _read_date(units.name) is not None
    choices = UnitChoices(
        municipalities=numbers,
        min_employees=min_employees,
        industries=tuple(part for part in industry.replace(" ", "").split(",") if part),
        sole_proprietors=sole_proprietors,
    )
    with ExitStack() as stack:
        bar = ProgressBar(STEPS)
        stack.callback(bar.close)
        known_plants, plant_facts = read_kept_plants(plants, municipalities=numbers) or (None, {})
        index = _open_addresses(register, stack)
        facilities, counts = fill_from_file(
            file,
            choices=choices,
            date=day if dated else "",
            parents=parents or registershelf.find_parents(),
            plants=known_plants,
            addresses=index,
            left_before=left,
            progress=bar.tell,
        )
    if plant_facts.get("pages_lacking"):
        counts["plants_cut"] = 1
    kept = registershelf.keep_extract(
        facilities,
        counts if dated else {**counts, registershelf.FILE_DAY: 1},
        name=name.strip() or _name_area(numbers, file),
        area="-".join(sorted({number[:2] for number in numbers})),
        question=_describe(choices.min_employees, choices.industries, file, numbers),
        date=day,
        attributions=(
            registershelf.ATTRIBUTION,
            *([] if known_plants is None else [registershelf.PLANT_ATTRIBUTION]),
            *([] if index is None else [registershelf.ADDRESS_ATTRIBUTION]),
        ),
    )
    if out is not None:
        _write(facilities, kept, out)
    if as_json:
        typer.echo(json.dumps(_tabulate(kept), ensure_ascii=False, indent=2))
    else:
        _tell(kept)


def _find_units(
    units: Path | None, county: Sequence[str], municipality: Sequence[str]
) -> tuple[Path, str, tuple[str, ...], dict[str, int]]:
    """Return the file of units, its date, today's numbers of the municipalities asked for, and how many units
    were left out when it was fetched."""
    from loaders.fetching import list_municipalities
    from loaders.official.shelf import sources_folder
    from loaders.registershelf import find_units

    asked = (*list_municipalities(county, ()), *(find_municipalities(municipality) if municipality else ()))
    numbers = tuple(sorted(set(asked)))
    if units is not None:
        if not units.is_file():
            raise typer.BadParameter(
                _("There is no file {name}.").format(name=units.name), param_hint="UNITS"
            )
        saved = datetime.fromtimestamp(units.stat().st_mtime, UTC).date().isoformat()
        return units, _read_date(units.name) or saved, numbers, {}
    record = find_units(numbers)
    if record is None:
        raise typer.BadParameter(
            _("No units have been fetched: name a file, or first run symbiosekart fetch brreg."),
            param_hint="UNITS",
        )
    numbers = numbers or tuple(find_municipalities(record.area.split("-")) if record.area else ())
    if not numbers:
        raise typer.BadParameter(_("Say which county or municipality to fill."), param_hint="--county")
    left = {
        name.removeprefix("left_"): count for name, count in record.facts.items() if name.startswith("left_")
    }
    return record.path(sources_folder()), record.fetched_on, numbers, left


def _read_date(name: str) -> str | None:
    """Return the ISO date in a file's name, as the register names what is downloaded; None where none is."""
    for found in re.finditer(r"(?<!\d)20\d\d-\d\d-\d\d(?!\d)", name):
        try:
            return date.fromisoformat(found[0]).isoformat()
        except ValueError:
            continue
    return None


def _open_addresses(register: Path | None, stack: ExitStack) -> AddressIndex | None:
    """Return the register of addresses that is named, or what has been fetched, open until `stack` ends."""
    from loaders.addresses import open_register
    from loaders.geocoding import register_folder
    from loaders.geonorge import open_fetched_register
    from loaders.placenames import read_renumbering

    if register is not None:
        named = open_register(register, folder=register_folder(), renumber=read_renumbering())
        return stack.enter_context(named)
    fetched = open_fetched_register()
    return None if fetched is None else stack.enter_context(fetched)


def _name_area(numbers: Sequence[str], file: Path) -> str:
    from loaders.embedded import read_municipalities

    if not numbers:
        return file.name.split(".")[0][:40]
    facts = read_municipalities(detail="light").set_index("municipality_number")
    chosen = facts.loc[[number for number in numbers if number in facts.index]]
    whole = [
        str(county)
        for county, members in facts.groupby("county_name", sort=False)
        if set(members.index) <= set(chosen.index)
    ]
    rest = chosen[~chosen["county_name"].isin(whole)]["name"].tolist()
    names = [*whole, *rest[:NAMED]]
    return ", ".join(names) + (f" +{len(rest) - NAMED}" if len(rest) > NAMED else "")


def _describe(least: int, industries: Sequence[str], file: Path, municipalities: Sequence[str]) -> str:
    parts = [file.name, f"employees>={least}"]
    if municipalities:
        parts.append("municipality=" + ",".join(municipalities))
    if industries:
        parts.append("industry=" + ",".join(industries))
    return "; ".join(parts)


def _write(facilities: gpd.GeoDataFrame, kept: Extract, out: Path) -> None:
    import pandas as pd

    from dashboard.sourcewords import word_records
    from loaders.exports import write_csv, write_excel, write_geopackage
    from loaders.registershelf import name_register_sources

    placed = facilities.assign(lat=facilities.geometry.y, lon=facilities.geometry.x)
    sources = word_records(name_register_sources([kept]))
    frames = {"facilities": placed, "sources": pd.DataFrame(sources).astype("string")}
    if out.suffix.lower() == ".csv":
        write_csv(placed, out)
    elif out.suffix.lower() == ".gpkg":
        write_geopackage(frames, out)
    else:
        write_excel(frames, out)


def _tabulate(kept: Extract) -> dict[str, object]:
    record = kept.record
    return {
        "name": kept.name,
        "key": kept.key,
        "facilities": kept.facilities,
        "read": record.facts.get("read", 0),
        "left_out": kept.left_out,
        "grades": kept.grades,
        "plants_used": record.facts.get("plants_used", 0),
        "plants_added": record.facts.get("plants_added", 0),
        "plants_cut": bool(record.facts.get("plants_cut", 0)),
        "municipality_undecided": record.facts.get("municipality_undecided", 0),
        "municipality_missing": record.facts.get("municipality_missing", 0),
        "undecided": kept.undecided,
        "date": record.fetched_on,
        "date_is_of": "register" if kept.is_dated else "file",
        "question": record.question,
        "licence": record.licence,
        "attribution": list(kept.attributions),
        "sha256": record.sha256,
    }


def _tell(kept: Extract) -> None:
    from dashboard.registerwords import tell_date, tell_grades, tell_left_out, tell_others

    facts = kept.record.facts
    typer.echo(
        _("{name}: {count} facilities of {read} units, {date}.").format(
            name=show_plain(kept.name),
            count=format_number(kept.facilities),
            read=format_number(facts.get("read", 0)),
            date=tell_date(kept),
        )
    )
    for line in tell_others(facts):
        typer.echo(f"  {show_plain(line)}")
    if left := tell_left_out(kept):
        typer.echo(_("Left out:"))
    for word, count in left:
        typer.echo(f"  {format_number(count)}: {word}")
    typer.echo(_("Placed by:"))
    for word, count in tell_grades(kept):
        typer.echo(f"  {format_number(count)}: {word}")
    for text in kept.attributions:
        typer.echo(_(text))
    typer.echo(
        _(
            "The map shows them beside the real region; analyse and plan take them with --registers {key}."
        ).format(key=kept.key)
    )
