"""From a map file to a network file: read for a vehicle, joined, ordered, written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from geodata.errors import RefusedFileError
from geodata.routing.graph import NetworkFacts
from geodata.routing.router import Router
from geodata.routing.segments import RoadSegments
from geodata.routing.simplify import build_graph
from geodata.routing.vehicles import Vehicle
from loaders.headers import plain_text
from loaders.hierarchies import make_router
from loaders.networkfiles import write_network
from loaders.nvdb import read_nvdb
from loaders.osm import read_osm
from loaders.vehicles import read_vehicle

Progress = Callable[[str, float], None]

STEPS: Final = ("check", "tags", "points", "measure", "join", "prune", "digest", "hierarchy", "write")
"""Code words of the steps that a progress function is told, in their order."""
NAME_LENGTH: Final = 120


def build_network(
    source: Path,
    out: Path,
    *,
    vehicle: str,
    name: str = "",
    replace_existing: bool = False,
    progress: Progress | None = None,
) -> Router:
    """Build the network of `source` for the vehicle with the key `vehicle`, and write it to `out`.

    Parameters
    ----------
    source : an OpenStreetMap file, or a folder of NVDB pages (``*.json``), or one such page.
    name : what people shall call the network; the source's own name when empty.
    progress : told a step of :data:`STEPS` and the share of it that is done.

    Raises
    ------
    RefusedFileError
        ``network.exists``, ``network.same_file``, ``file.unwritable`` (all told before anything is read),
        and what reading the source raises.
    ParameterError, NetworkError
        ``vehicle.unknown``; roads that make no network.
    """
    tell = progress or _tell_nobody
    chosen = read_vehicle(vehicle)
    _check_target(source, out, replace_existing=replace_existing)
    segments, facts = _read_source(source, chosen, tell)
    if name:
        facts = replace(facts, name=plain_text(name)[:NAME_LENGTH])
    counts = {"points": len(np.unique(segments.way_point)), "ways": len(segments.way_kind)}
    graph = build_graph(segments, facts=facts, progress=tell)
    del segments
    tell("hierarchy", 0.0)
    router = make_router(graph, progress=lambda share: tell("hierarchy", share))
    tell("write", 0.0)
    write_network(out, router, source=counts)
    tell("write", 1.0)
    return router


def _tell_nobody(step: str, share: float) -> None:
    pass


def _check_target(source: Path, out: Path, *, replace_existing: bool) -> None:
    if out.exists():
        if not out.is_file():
            raise RefusedFileError("file.not_a_file", file=out.name)
        if source.exists() and out.samefile(source):
            raise RefusedFileError("network.same_file", file=out.name)
        if not replace_existing:
            raise RefusedFileError("network.exists", file=out.name)
    if not out.parent.is_dir():
        raise RefusedFileError("file.unwritable", file=out.name)


def _read_source(source: Path, vehicle: Vehicle, tell: Progress) -> tuple[RoadSegments, NetworkFacts]:
    if source.is_dir() or source.suffix.lower() == ".json":
        return read_nvdb(source, vehicle=vehicle, progress=tell)
    return read_osm(source, vehicle=vehicle, progress=tell)
