"""``symbiosekart roads``: build the road network of a vehicle, and tell what is in one."""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.commands.progress import ProgressBar, show_plain
from dashboard.text import N_, format_date, format_number
from dashboard.text import gettext as _

if TYPE_CHECKING:
    from geodata.routing.router import Router
    from geodata.routing.summary import GraphSummary
    from loaders.networkfiles import NetworkRecord

DEFAULT_VEHICLE = "semi_trailer"

STEPS = {
    "check": N_("Checking the file"),
    "tags": N_("Reading roads"),
    "points": N_("Reading points"),
    "measure": N_("Measuring roads"),
    "join": N_("Joining roads"),
    "prune": N_("Cutting off dead ends"),
    "digest": N_("Putting the network together"),
    "hierarchy": N_("Making distances fast"),
    "write": N_("Writing the network"),
}
KINDS = {
    "motorway": N_("motorway"),
    "trunk": N_("trunk road"),
    "primary": N_("primary road"),
    "secondary": N_("secondary road"),
    "tertiary": N_("tertiary road"),
    "minor": N_("minor road"),
    "service": N_("service road"),
    "track": N_("track"),
    "ferry": N_("ferry"),
}
NOTES = {
    "turn_restrictions_ignored": N_("Turn restrictions are not modelled."),
    "road_list_not_in_source": N_("The list of roads open to long combinations is not in the source."),
    "speed_limits_not_in_source": N_("Speed limits are not in the source; the class of road decides."),
    "load_classes_not_in_source": N_("Load classes are not in the source; no road is closed by them."),
    "closed_access": N_("Roads closed to the vehicle by access rules"),
    "restricted": N_(
        "Private roads and roads for those with business there, open at 15 km/h at most, to through ways too"
    ),
    "closed_area": N_("Areas left out"),
    "closed_axleload": N_("Roads closed by axle load"),
    "closed_weight": N_("Roads closed by weight"),
    "closed_height": N_("Roads closed by height"),
    "closed_length": N_("Roads closed by length"),
    "closed_width": N_("Roads closed by width"),
    "closed_road_list": N_("Roads not open to long combinations"),
    "closed_surface": N_("Roads too rough for the vehicle"),
    "closed_season": N_("Seasonal roads left out"),
    "closed_track": N_("Tracks too soft for the vehicle"),
    "closed_ferry": N_("Ferries that do not take the vehicle"),
    "conditional": N_("Roads with rules for certain times, not modelled"),
    "conditional_speed": N_("Roads with speed limits for certain times, not modelled"),
    "winter_closed": N_("Roads closed in winter, kept open here"),
    "seasonal": N_("Seasonal roads, kept open here"),
    "hazmat": N_("Roads with rules for dangerous goods, not modelled"),
    "unclear_limit": N_("Roads with a limit that could not be read"),
    "unclear_speed": N_("Roads with a speed limit that could not be read"),
    "gates": N_("Gates, kept open here"),
    "toll_points": N_("Toll stations"),
    "points_closed_barrier": N_("Barriers that close a road"),
    "points_closed_height": N_("Height barriers that close a road"),
    "points_closed_weight": N_("Barriers with a weight limit that close a road"),
    "points_closed_axleload": N_("Barriers with an axle load limit that close a road"),
    "points_closed_length": N_("Barriers with a length limit that close a road"),
    "points_closed_width": N_("Barriers with a width limit that close a road"),
    "links_not_read": N_("Links that could not be read"),
    "links_without_line": N_("Links without a line on the map"),
    "nodes_apart": N_("Ends of links that do not meet on the map"),
    "points_outside": N_("Points outside the file"),
    "ferries_outside": N_("Ferries cut off at the edge of the file"),
    "ferries_without_duration": N_("Ferries without a crossing time, which was estimated"),
    "ferries_without_road": N_("Ferries that meet no road"),
}


def build_roads_app() -> typer.Typer:
    """Return the commands under ``symbiosekart roads``, their help in the language chosen by then."""
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    app.command("build", help=_("Build the road network of a vehicle from OpenStreetMap or NVDB."))(build)
    app.command("fetch-nvdb", help=_("Fetch the roads of an area from NVDB, page by page, to build from."))(
        fetch
    )
    app.command("info", help=_("Tell what is in a road network."))(info)
    return app


def build(
    source: Annotated[
        Path, typer.Argument(help=_("OpenStreetMap file (.osm.pbf), or a folder of NVDB pages (.json)."))
    ],
    out: Annotated[Path, typer.Option("--out", help=_("Network file to write, such as norge.roads."))],
    vehicle: Annotated[str, typer.Option("--vehicle", help=_("Key of the vehicle."))] = DEFAULT_VEHICLE,
    name: Annotated[str, typer.Option("--name", help=_("What to call the network."))] = "",
    force: Annotated[bool, typer.Option("--force", help=_("Replace the file if it is there."))] = False,
) -> None:
    """Build a network and tell what came of it."""
    from geodata.routing.summary import summarise_graph
    from loaders.networkbuilds import build_network

    # Told to stop, it leaves as from Ctrl-C: what is half-written is taken away.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    bar = ProgressBar(STEPS)
    try:
        router = build_network(
            source, out, vehicle=vehicle, name=name, replace_existing=force, progress=bar.tell_share
        )
    finally:
        bar.close()
    summary = summarise_graph(router.graph)
    typer.echo(
        _("{file}: {km} km of road and {ferries} ferries, {nodes} nodes, digest {digest}.").format(
            file=out.name,
            km=format_number(summary.road_km),
            ferries=format_number(summary.ferries),
            nodes=format_number(summary.core),
            digest=router.graph.digest[:12],
        )
    )
    if router.hierarchy is None:
        typer.echo(
            _("Without a hierarchy: tables are exact but slow. Install ch-router and numba and build again."),
            err=True,
        )


def fetch(
    folder: Annotated[Path, typer.Argument(help=_("Folder for the pages; what is there already is kept."))],
    county: Annotated[str, typer.Option("--county", help=_("County number, such as 50."))] = "",
    municipality: Annotated[
        str, typer.Option("--municipality", help=_("Municipality number, such as 5001."))
    ] = "",
    bbox: Annotated[
        str, typer.Option("--bbox", help=_("West, south, east, north in metres (EPSG:25833), with commas."))
    ] = "",
) -> None:
    """Fetch pages of road links and what stands on them."""
    from loaders.nvdbfetch import fetch_nvdb

    bar = ProgressBar({"links": N_("Pages of road links")})

    def tell(step: str, pages: float) -> None:
        what = step if step == "links" else _("Pages of objects of type {type}").format(type=step)
        bar.tell(what, pages)

    try:
        files = fetch_nvdb(
            folder, county=county, municipality=municipality, bbox=_read_bbox(bbox), progress=tell
        )
    finally:
        bar.close()
    typer.echo(
        _("{count} pages in {folder}. Build the network with: symbiosekart roads build {folder}").format(
            count=format_number(len(files)), folder=folder
        )
    )


def _read_bbox(text: str) -> tuple[float, float, float, float] | None:
    if not text:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(_("Give four numbers with commas."), param_hint="--bbox") from error
    return west, south, east, north


def info(
    network: Annotated[Path, typer.Argument(help=_("Network file."))],
    as_json: Annotated[bool, typer.Option("--json", help=_("Write JSON, for programs."))] = False,
) -> None:
    """Tell what is in a network file."""
    from geodata.routing.summary import summarise_graph
    from loaders.networkfiles import read_network, read_network_facts

    router, record = read_network(network), read_network_facts(network)
    summary = summarise_graph(router.graph)
    if as_json:
        told = {
            **asdict(record.facts),
            "digest": record.digest,
            "hierarchy": record.has_hierarchy,
            "source": dict(record.source),
            "network": asdict(summary),
        }
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for line in _describe(router, record, summary):
        typer.echo(line)


def _describe(router: Router, record: NetworkRecord, summary: GraphSummary) -> list[str]:
    facts = record.facts
    lines = [
        _("Name: {text}").format(text=show_plain(facts.name)),
        _("Date of the data: {text}").format(text=show_plain(format_date(facts.source_date or None))),
        _("Vehicle: {text}").format(text=show_plain(_name_vehicle(facts.profile))),
        _("Licence: {text}").format(text=show_plain(facts.licence)),
        _("Attribution: {text}").format(text=show_plain(facts.attribution)),
        _("Digest: {text}").format(text=record.digest),
        _("Digest of the source: {text}").format(text=show_plain(facts.source_digest) or _("unknown")),
    ]
    if record.source:
        lines.append(
            _("In the source: {points} points, {ways} roads and ferries for the vehicle").format(
                points=format_number(record.source.get("points")),
                ways=format_number(record.source.get("ways")),
            )
        )
    lines.append(
        _("In the network: {core} nodes, {trees} nodes in dead ends, {edges} edges, {arcs} arcs").format(
            core=format_number(summary.core),
            trees=format_number(summary.nodes - summary.core),
            edges=format_number(summary.edges),
            arcs=format_number(summary.arcs),
        )
    )
    if record.source.get("points"):
        share = 100 * summary.core / record.source["points"]
        lines.append(_("Kept of the points: {share} %").format(share=format_number(share, decimals=1)))
    lines.append(
        _("Shortcuts: {count}").format(
            count=format_number(len(router.hierarchy.up_head) + len(router.hierarchy.down_tail))
            if router.hierarchy is not None
            else _("none (tables are exact but slow)")
        )
    )
    lines.append(_("Road: {km} km").format(km=format_number(summary.road_km)))
    lines += [
        f"  {_(KINDS[kind])}: {format_number(km, decimals=1, unit='km')}" for kind, km in summary.km.items()
    ]
    lines += [
        _("Ferry crossings: {count}").format(count=format_number(summary.ferries)),
        _("One-way road: {km} km").format(km=format_number(summary.one_way_km)),
        _("Toll road: {km} km").format(km=format_number(summary.toll_km, decimals=1)),
        _("Road that places are tied to: {km} km").format(km=format_number(summary.snappable_km)),
        _("Parts without a way between them: {count}, the largest with {km} km").format(
            count=format_number(summary.parts), km=format_number(summary.largest_km)
        ),
    ]
    if facts.notes:
        lines.append(_("Notes:"))
        lines += [f"  {_describe_note(note)}" for note in facts.notes]
    return lines


def _name_vehicle(key: str) -> str:
    """Return a vehicle's name with its key; a key that is not in the table stays as it is."""
    from dashboard.roadnames import name_profile

    name = name_profile(key)
    return key if name == key else f"{name} ({key})"


def _describe_note(note: str) -> str:
    code, _equals, count = note.partition("=")
    text = _(NOTES[code]) if code in NOTES else show_plain(code)
    if not count:
        return text
    return f"{text}: {format_number(int(count)) if count.isdecimal() else show_plain(count)}"
