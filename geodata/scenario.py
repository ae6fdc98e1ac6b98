"""The order of the steps and nothing else: check, select, travel, match, cluster, sum up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.clustering import cluster_facilities
from geodata.codetables import WasteCodes
from geodata.crs import to_wgs84
from geodata.errors import InvalidTableError
from geodata.flows import prepare_flows
from geodata.indicators import count_inputs, summarise_scenario
from geodata.matching import find_counterparts, match_streams
from geodata.parameters import ScenarioParameters
from geodata.partners import append_tables
from geodata.provenance import record_provenance
from geodata.results import Provenance, RegionTables, ScenarioResult
from geodata.roads import Network, NetworkTravel, measure_travel
from geodata.schemas import TABLES, WGS84, conform_table, empty_table
from geodata.selection import select_facilities, select_region
from geodata.straight import measure_straight
from geodata.uses import UseLibrary

STEPS = ("travel", "match", "cluster", "sum")
_TABLES = ("facilities", "streams", "networks", "memberships")


def run_scenario(
    tables: RegionTables,
    *,
    network: Network,
    codes: WasteCodes,
    uses: UseLibrary,
    parameters: ScenarioParameters,
    municipalities: Collection[str] | None = None,
    neighbours_km: float | None = None,
    sources: Sequence[str] = (),
    travel: NetworkTravel | None = None,
    focus: Collection[str] | None = None,
    report: Callable[[str], None] = lambda step: None,
) -> ScenarioResult:
    """Compute one scenario; every front (dashboard, command line, export) shows what this returns.

    Parameters
    ----------
    tables : as the loaders leave them; checked here once more (:func:`check_tables`).
    uses : what streams can become.
    municipalities : only facilities of these municipality numbers (None: all).
    neighbours_km : with `municipalities`: also facilities within so many km by road of a selected one.
    sources : sentences to name in every export.
    travel : ready travel over `network` between these facilities or more; None: measured here.
    focus : facility ids: only matches and exclusions that touch one of them are looked for, and nothing is
        clustered or summed up (None: all). For "who fits this one?", in a fraction of the time.
    report : is told each of :data:`STEPS` as it begins and goes on; what it raises ends the work.

    Raises
    ------
    ValueError
        `travel` lacks a facility, or was measured over other roads or with other parameters of access.
    InvalidTableError, CrsError
        The tables cannot be used as they are.
    """
    tables = check_tables(tables)
    if municipalities is not None:
        reach = (
            _choose_travel(travel, tables, network=network, parameters=parameters) if neighbours_km else None
        )
        tables = select_region(tables, municipalities, travel=reach, neighbours_km=neighbours_km)
    report("travel")
    travel = _choose_travel(travel, tables, network=network, parameters=parameters)
    flows = prepare_flows(tables.streams, facility_ids=travel.ids, codes=codes)
    report("match")
    result = match_streams(
        tables,
        travel,
        codes=codes,
        uses=uses,
        parameters=parameters,
        focus=focus,
        pulse=lambda: report("match"),
    )
    provenance = record_provenance(
        tables, network=describe_network(network), parameters=parameters, sources=sources
    )
    if focus is not None:
        return replace(
            _count_only(tables, codes=codes, parameters=parameters),
            travel=travel,
            matches=result.matches,
            exclusions=result.exclusions,
            provenance=provenance,
        )
    report("cluster")
    clusters, members = cluster_facilities(
        tables, travel, result.matches, flows=flows, parameters=parameters, pulse=lambda: report("cluster")
    )
    report("sum")
    indicators = summarise_scenario(tables, result.matches, clusters, members, flows=flows)
    return ScenarioResult(
        tables=tables,
        parameters=parameters,
        travel=travel,
        matches=result.matches,
        exclusions=result.exclusions,
        clusters=clusters,
        cluster_members=members,
        indicators=indicators,
        provenance=provenance,
    )


def outline_scenario(
    tables: RegionTables, *, codes: WasteCodes, parameters: ScenarioParameters
) -> ScenarioResult:
    """Return a scenario of `tables` before anything is matched: to show where things are while the rest runs.

    Its figures count facilities and streams; it has no matches, exclusions or clusters, and its travel knows
    no facility. `tables` are taken as they are.
    """
    return _count_only(tables, codes=codes, parameters=parameters)


def run_inquiry(
    tables: RegionTables,
    inquiry: RegionTables,
    *,
    network: Network,
    codes: WasteCodes,
    uses: UseLibrary,
    parameters: ScenarioParameters,
) -> ScenarioResult:
    """Return who fits `inquiry` among `tables`: its matches and exclusions, and nothing of the others'.

    They are those that :func:`run_scenario` gives of both tables together; only facilities that could come
    into question are measured and matched.
    """
    together = check_tables(append_tables(tables, inquiry))
    asking = tuple(inquiry.facilities["facility_id"].astype(str))
    ids = tuple(together.facilities["facility_id"].astype(str))
    watched = np.isin(np.array(ids, dtype=object), asking)
    found = np.array(ids, dtype=object)[find_counterparts(together, watched, codes=codes, uses=uses)]
    some = select_facilities(together, found.tolist())
    result = run_scenario(some, network=network, codes=codes, uses=uses, parameters=parameters, focus=asking)
    return replace(result, tables=together)


def _count_only(tables: RegionTables, *, codes: WasteCodes, parameters: ScenarioParameters) -> ScenarioResult:
    none = _empty_scenario(codes)
    return replace(
        none, tables=tables, parameters=parameters, indicators=count_inputs(tables, like=none.indicators)
    )


@lru_cache(maxsize=4)
def _empty_scenario(codes: WasteCodes) -> ScenarioResult:
    """Return the scenario of no facilities, whose tables have every column and no row."""
    parameters = ScenarioParameters()
    tables = RegionTables(
        cast(gpd.GeoDataFrame, empty_table("facilities")), *(empty_table(name) for name in _TABLES[1:])
    )
    travel = measure_straight(tables.facilities)
    flows = prepare_flows(tables.streams, facility_ids=travel.ids, codes=codes)
    result = match_streams(tables, travel, codes=codes, parameters=parameters)
    clusters, members = cluster_facilities(tables, travel, result.matches, flows=flows, parameters=parameters)
    return ScenarioResult(
        tables=tables,
        parameters=parameters,
        travel=travel,
        matches=result.matches,
        exclusions=result.exclusions,
        clusters=clusters,
        cluster_members=members,
        indicators=summarise_scenario(tables, result.matches, clusters, members, flows=flows),
        provenance=Provenance({}, {}, {}, ()),
    )


def _choose_travel(
    travel: NetworkTravel | None, tables: RegionTables, *, network: Network, parameters: ScenarioParameters
) -> NetworkTravel:
    """Return the ready travel's part for the facilities of `tables`, or measure it."""
    if travel is None:
        return measure_travel(network, tables.facilities, parameters=parameters)
    if travel.network.digest != network.digest or access_key(travel.parameters) != access_key(parameters):
        raise ValueError("travel was measured over other roads or with other parameters")
    wanted = tuple(tables.facilities["facility_id"].astype(str))
    if wanted == travel.ids:
        return travel
    positions = pd.Index(travel.ids).get_indexer(pd.Index(wanted))
    if (positions < 0).any():
        raise ValueError(f"travel lacks {int((positions < 0).sum())} of the facilities")
    return travel.select(positions.astype(np.intp))


def access_key(parameters: ScenarioParameters) -> tuple[float, float]:
    """Return the parameters that :func:`geodata.roads.measure_travel` depends on; others leave travel as it
    is."""
    return parameters.access_detour_factor, parameters.access_speed_kmh


def describe_network(network: Network) -> dict[str, str]:
    """Return name, date, profile, licence and digest of the road network as text."""
    return {name: str(getattr(network, name)) for name in ("name", "date", "profile", "licence", "digest")}


def check_tables(tables: RegionTables) -> RegionTables:
    """Return the tables with the schema's types, points in EPSG:4326, rows numbered anew.

    Raises
    ------
    InvalidTableError
        ``table.column_missing``, ``table.column_type``, ``table.value_missing``, ``table.value_unknown``,
        ``table.duplicate_id`` or ``table.orphan_streams``; all values name the table and the column.
    CrsError
        ``crs.missing``.
    """
    checked = {name: _check_table(getattr(tables, name), name) for name in _TABLES}
    facilities = tables.facilities
    if not isinstance(facilities, gpd.GeoDataFrame):
        raise InvalidTableError("table.column_missing", table="facilities", column="geometry")
    points = to_wgs84(facilities, table="facilities").geometry.to_numpy()
    orphans = ~checked["streams"]["facility_id"].isin(checked["facilities"]["facility_id"])
    if orphans.any():
        first = str(checked["streams"].loc[orphans, "facility_id"].iloc[0])
        raise InvalidTableError("table.orphan_streams", count=int(orphans.sum()), facility_id=first)
    return RegionTables(
        facilities=gpd.GeoDataFrame(checked["facilities"], geometry=points, crs=WGS84),
        streams=checked["streams"],
        networks=checked["networks"],
        memberships=checked["memberships"],
    )


def _check_table(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    for column in TABLES[name]:
        if column.required and column.name not in frame:
            raise InvalidTableError("table.column_missing", table=name, column=column.name)
    try:
        checked = conform_table(frame, name).reset_index(drop=True)
    except (ValueError, TypeError) as error:
        raise InvalidTableError("table.column_type", table=name, column=str(error)[:80]) from error
    for column in TABLES[name]:
        values = checked[column.name]
        if column.required and values.isna().any():
            raise InvalidTableError(
                "table.value_missing", table=name, column=column.name, count=int(values.isna().sum())
            )
        if column.unique and values.duplicated().any():
            raise InvalidTableError(
                "table.duplicate_id",
                table=name,
                column=column.name,
                value=str(values[values.duplicated()].iloc[0]),
            )
        if column.allowed and not (known := values.isna() | values.isin(column.allowed)).all():
            raise InvalidTableError(
                "table.value_unknown", table=name, column=column.name, value=str(values[~known].iloc[0])[:80]
            )
    return checked
