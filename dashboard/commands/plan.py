"""``symbiosekart plan``: which tonnes go where in a region, with proof, prices and what stays."""

from __future__ import annotations

import json
import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

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
from dashboard.text import gettext as _

if TYPE_CHECKING:
    import pandas as pd

    from geodata.economics import EconomicChoices
    from geodata.planning import Plan

NO_PLAN = 1
SHOWN = 15
TABLES = ("flows", "unallocated", "prices", "balance", "totals", "bases", "conflicts")


def plan(
    files: Files = None,
    goal: Annotated[
        str,
        typer.Option(help=_("What to get most of: net (NOK), carbon (emissions avoided) or kept (tonnes).")),
    ] = "net",
    dataset: Dataset = "region",
    modelled: Modelled = True,
    registers: Registers = None,
    municipality: Municipalities = None,
    neighbours_km: NeighboursKm = None,
    max_km: Annotated[float | None, typer.Option(help=_("Longest way of a match, km by road."))] = None,
    worst_hierarchy: Annotated[
        str | None,
        typer.Option(help=_("Lowest place in the waste hierarchy: reuse, recycling ... or 1 to 6.")),
    ] = None,
    must_place: Annotated[
        list[str] | None,
        typer.Option(help=_("Stream or facility whose offers have to be placed whole; may be repeated.")),
    ] = None,
    must_meet: Annotated[
        list[str] | None,
        typer.Option(help=_("Stream or facility whose needs have to be met whole; may be repeated.")),
    ] = None,
    min_kept_t: Annotated[
        float | None, typer.Option(help=_("Tonnes a year to be kept from final treatment at least."))
    ] = None,
    min_placed_share: Annotated[
        float | None, typer.Option(help=_("Share of the known tonnes to be placed at least, 0 to 1."))
    ] = None,
    max_vehicle_km: Annotated[float | None, typer.Option(help=_("Kilometres driven a year at most."))] = None,
    max_transport_co2e_kg: Annotated[
        float | None, typer.Option(help=_("Emissions of transport a year at most, kg CO2e."))
    ] = None,
    figure: Annotated[
        list[str] | None,
        typer.Option(help=_("Another value of an economic figure: name=value; may be repeated.")),
    ] = None,
    empty_return: Annotated[bool, typer.Option(help=_("Count the empty way back."))] = True,
    out: Annotated[
        Path | None, typer.Option("--out", help=_("Folder to write to; it is made where it is missing."))
    ] = None,
    rows: Annotated[int, typer.Option(min=1, max=10_000, help=_("Rows of each table to show."))] = SHOWN,
    as_json: Annotated[bool, typer.Option("--json", help=_("Write JSON, for programs."))] = False,
) -> None:
    """Find the best plan over all matches: what goes where, what one more is worth, what stays and why."""
    from dashboard.planwording import PlanNames, write_plan
    from geodata.allocation import AllocationLimits
    from geodata.economics import price_matches
    from geodata.parameters import ScenarioParameters
    from geodata.planning import plan_scenario
    from loaders.codes import read_waste_codes
    from loaders.economics import read_economics
    from loaders.uses import read_use_library

    limits = AllocationLimits(
        max_km=max_km,
        worst_hierarchy_rank=_read_rank(worst_hierarchy),
        min_kept_t=min_kept_t,
        min_placed_share=min_placed_share,
        must_place=tuple(must_place or ()),
        must_meet=tuple(must_meet or ()),
        max_vehicle_km=max_vehicle_km,
        max_transport_kg_co2e=max_transport_co2e_kg,
    )
    choices = _read_choices(figure or [], empty_return=empty_return)
    usual = ScenarioParameters()
    # A longer reach of the plan needs matches that go that far.
    parameters = ScenarioParameters(max_distance_km=max(max_km or 0.0, usual.max_distance_km))
    codes, uses = read_waste_codes(), read_use_library()
    with TemporaryDirectory() as spare:
        result, faults = run_region(
            dataset,
            files or [],
            municipality=municipality,
            neighbours_km=neighbours_km,
            parameters=parameters,
            codes=codes,
            uses=uses,
            folder=out or Path(spare),
            modelled=modelled,
            registers=registers or [],
        )
    prices = price_matches(result.matches, tables=read_economics(), choices=choices, uses=uses, codes=codes)
    found = plan_scenario(result, prices, goal=goal, limits=limits, codes=codes)
    written = write_tables(found, out) if out is not None else []
    if as_json:
        typer.echo(json.dumps(make_document(found), ensure_ascii=False, allow_nan=False))
    else:
        write_plan(found, names=PlanNames(result, codes), rows=rows, echo=typer.echo)
        if out is not None:
            typer.echo(_("Wrote {count} files to {folder}").format(count=len(written), folder=str(out)))
    if faults:
        where = _("Some rows were not used: see findings.csv")
        typer.echo(
            where if out is not None else _("Some rows were not used: see symbiosekart check"), err=True
        )
    if faults or found.status not in ("optimal", "proved_apart"):
        raise typer.Exit(NO_PLAN)


def write_tables(found: Plan, folder: Path) -> list[Path]:
    """Write every table of a plan as CSV, and all of it as JSON; return what was written."""
    from geodata.planning import summarise_destinations
    from loaders.exports import write_csv

    folder.mkdir(parents=True, exist_ok=True)
    frames = {name: getattr(found, name) for name in TABLES}
    frames["destinations"] = summarise_destinations(found)
    written = [folder / f"plan_{name}.csv" for name in frames]
    for frame, path in zip(frames.values(), written, strict=True):
        write_csv(frame, path)
    document = folder / "plan.json"
    text = json.dumps(make_document(found), ensure_ascii=False, indent=1, allow_nan=False)
    document.write_text(text + "\n", encoding="utf-8")
    return [*written, document]


def make_document(found: Plan) -> dict[str, Any]:
    """Return a plan as JSON knows it: unknown and endless are null, only prices that are not zero."""
    from dataclasses import asdict

    from geodata.planning import summarise_destinations

    priced = found.prices[(found.prices["price"] != 0).fillna(False)] if len(found.prices) else found.prices
    return {
        "goal": found.goal,
        "limits": {name: value for name, value in asdict(found.limits).items() if value not in (None, ())},
        "status": found.status,
        "proofs": {
            unit: {name: _plain(value) for name, value in asdict(allocation.proof).items()}
            for unit, allocation in found.allocations.items()
        },
        "totals": list_records(found.totals),
        "bases": list_records(found.bases),
        "balance": list_records(found.balance),
        "flows": list_records(found.flows),
        "prices": list_records(priced),
        "unallocated": list_records(found.unallocated),
        "conflicts": list_records(found.conflicts),
        "destinations": list_records(summarise_destinations(found)),
        "shared_needs": list(found.shared_needs),
    }


def list_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as JSON knows them."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    from dashboard.text import is_unknown

    if is_unknown(value):
        return None
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _read_rank(text: str | None) -> float | None:
    """Return the rank of a place in the hierarchy, given by name or number."""
    from geodata.uses import HIERARCHIES

    if text is None:
        return None
    name = text.strip().lower()
    if name in HIERARCHIES:
        return float(HIERARCHIES.index(name) + 1)
    if name.isdigit() and 1 <= int(name) <= len(HIERARCHIES):
        return float(int(name))
    allowed = _("Choose one of {names}, or 1 to {last}.").format(
        names=", ".join(HIERARCHIES), last=len(HIERARCHIES)
    )
    raise typer.BadParameter(allowed, param_hint="--worst-hierarchy")


def _read_choices(figures: list[str], *, empty_return: bool) -> EconomicChoices:
    from geodata.economics import EconomicChoices

    overrides = []
    for text in figures:
        name, equals, value = text.partition("=")
        try:
            number = float(value.replace(",", "."))
        except ValueError:
            number = math.nan
        if not equals or not math.isfinite(number):
            raise typer.BadParameter(
                _("Write name=value, such as gate_fee/clean_wood=900."), param_hint="--figure"
            )
        overrides.append((name.strip(), number))
    return EconomicChoices(overrides=tuple(overrides), empty_return=empty_return)
