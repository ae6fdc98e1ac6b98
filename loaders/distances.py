"""Road distances between the places of any list: id, lat and lon in, one row for each pair out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from geodata.errors import RefusedFileError
from geodata.findings import Finding, Severity
from geodata.parameters import ScenarioParameters
from geodata.roads import GraphTravel, Network, NetworkTravel, measure_travel
from geodata.transport import place_points
from geodata.traveltables import Question, iterate_pairs
from loaders.placelists import read_place_list, read_points
from loaders.tablewriting import OD_COLUMNS, lay_out_pairs, open_pair_writer
from loaders.travelcache import TravelCache

__all__ = ["OD_COLUMNS", "DistanceReport", "read_points", "write_distances"]


@dataclass(frozen=True)
class DistanceReport:
    """What :func:`write_distances` did.

    Attributes
    ----------
    places : places that were read.
    pairs : rows written. unreachable : those of them that stand without a distance.
    findings : faults of the list, and places that no road reaches.
    """

    places: int
    pairs: int
    unreachable: int
    findings: tuple[Finding, ...]


def write_distances(
    path: Path,
    out: Path,
    *,
    network: Network,
    parameters: ScenarioParameters | None = None,
    question: Question | None = None,
    threads: int | None = None,
    cache: TravelCache | None = None,
    cluster: str = "",
    progress: Callable[[float], None] | None = None,
) -> DistanceReport:
    """Measure the pairs of the places in `path` that `question` wants (None: all ordered pairs, i != j).

    They are written to `out` (:func:`loaders.tablewriting.open_pair_writer`) as they come: the whole table
    never stands in memory. Neither `threads`, `cache` nor `cluster` changes a number.

    Parameters
    ----------
    threads : how many run at once; None: one a processor.
    cache : where tables of known ways are kept (not used by a cluster, and not for parts of a table).
    cluster : address of a Dask scheduler (``tcp://host:port``) whose workers measure the blocks.
    progress : told the share of the rows that are written.

    Raises RefusedFileError ``file.unwritable`` where `out` is the list itself, and as
    :func:`loaders.placelists.read_place_list`, :func:`loaders.tablewriting.open_pair_writer` and
    :func:`loaders.clusterruns.iterate_cluster_pairs`.
    """
    question = question or Question()
    places, findings = read_place_list(path)
    points = place_points(places.ids, places.lon, places.lat)
    if out.exists() and out.samefile(path):
        raise RefusedFileError("file.unwritable", file=out.name)
    tie = measure_travel if cache is None else cache.tie
    travel: NetworkTravel = tie(network, points, parameters=parameters or ScenarioParameters())
    findings += _explain(travel, list(places.rows), file=path.name)
    if isinstance(travel, GraphTravel):
        travel = replace(travel, threads=threads)
    if cluster:
        from loaders.clusterruns import iterate_cluster_pairs

        blocks = iterate_cluster_pairs(travel, question=question, address=cluster)
    else:
        if cache is not None and not question.limited:
            travel = cache.complete(travel)
        blocks = map(lay_out_pairs, iterate_pairs(travel, question=question))
    pairs = unreachable = 0
    with open_pair_writer(out, ids=travel.ids, facts=_describe(travel, question)) as writer:
        for block in blocks:
            writer.write(block)
            pairs += block.num_rows
            unreachable += block.column("distance_km").null_count
            if progress is not None and block.num_rows:
                progress((block.column("from_id")[-1].as_py() + 1) / len(travel.ids))
    return DistanceReport(len(places.ids), pairs, unreachable, tuple(findings))


def _explain(travel: NetworkTravel, rows: list[int], *, file: str) -> list[Finding]:
    """Return a finding for each place that has no distances, or few."""
    limit: dict[str, str | int | float] = {"limit": travel.max_access_km}
    return [
        Finding(Severity.WARNING, f"place.{reason}", file, row, None, place[:80], limit)
        for place, row, reason in zip(travel.ids, rows, travel.reasons, strict=True)
        if reason
    ]


def _describe(travel: NetworkTravel, question: Question) -> dict[str, str]:
    """Return which network and question a table answers, in text."""
    asked = {
        "max_km": question.max_km,
        "max_minutes": question.max_minutes,
        "nearest": question.nearest,
        "access_detour_factor": travel.parameters.access_detour_factor,
        "access_speed_kmh": travel.parameters.access_speed_kmh,
    }
    told = {f"network_{name}": text for name, text in travel.network.describe().items()}
    return told | {name: str(value) for name, value in asked.items() if value is not None}
