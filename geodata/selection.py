"""Parts of a region: by municipality (with neighbours by road), network, material, basis or actor type."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.results import RegionTables
from geodata.transport import Travel

Ints = npt.NDArray[np.intp]

_BLOCK_ORIGINS = 256


@dataclass(frozen=True)
class Filters:
    """What a scenario is narrowed to; empty means all. Frozen, so that it can be part of a key.

    Attributes
    ----------
    networks, materials, bases, actor_types : as in :func:`select_kinds`.
    municipalities : numbers, as in :func:`select_region`.
    near_km : with `municipalities`: also what is within so many kilometres by road of a selected facility.
    """

    networks: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    actor_types: tuple[str, ...] = ()
    municipalities: tuple[str, ...] = ()
    near_km: float | None = None


def select_filtered(tables: RegionTables, filters: Filters, *, travel: Travel | None) -> RegionTables:
    """Return what meets the filters.

    Parameters
    ----------
    travel : between the facilities of `tables`; None leaves the neighbours by road out.
    """
    if filters.municipalities:
        near_km = None if travel is None else filters.near_km
        tables = select_region(tables, filters.municipalities, travel=travel, neighbours_km=near_km)
    return select_kinds(
        tables,
        networks=filters.networks,
        materials=filters.materials,
        bases=filters.bases,
        actor_types=filters.actor_types,
    )


def facilities_within(travel: Travel, positions: Ints, *, max_km: float) -> Ints:
    """Return the positions of all facilities within `max_km` by road of `positions`, these included."""
    inside = np.zeros(len(travel.ids), dtype=bool)
    inside[positions] = True
    others = np.flatnonzero(~inside)
    for start in range(0, len(positions), _BLOCK_ORIGINS):
        origins = positions[start : start + _BLOCK_ORIGINS]
        one, two = (axis.ravel() for axis in np.meshgrid(origins, others, indexing="ij"))
        legs = travel.pairs(one.astype(np.intp), two.astype(np.intp))
        with np.errstate(invalid="ignore"):
            inside[two[legs.distance_km <= max_km]] = True
        others = np.flatnonzero(~inside)
    return np.flatnonzero(inside)


def select_region(
    tables: RegionTables,
    municipality_numbers: Collection[str],
    *,
    travel: Travel | None = None,
    neighbours_km: float | None = None,
) -> RegionTables:
    """Return the facilities of some municipalities with their streams, memberships and networks.

    Parameters
    ----------
    travel : between the facilities of `tables`; needed where `neighbours_km` is given.
    neighbours_km : also take facilities within so many kilometres by road of a selected one.

    Returns
    -------
    Tables whose facilities carry one more column, `neighbour`: taken for its nearness only. A municipal waste
    company counts where it stands, not where it collects.
    """
    inside = tables.facilities["municipality_number"].isin(list(municipality_numbers)).to_numpy(dtype=bool)
    chosen = tables.facilities["facility_id"].isin(tables.facilities.loc[inside, "facility_id"]).to_numpy()
    if neighbours_km is not None:
        if travel is None:
            raise ValueError("neighbours_km needs travel")
        positions = np.flatnonzero(
            np.isin(np.array(travel.ids, dtype=object), _ids(tables.facilities[inside]))
        )
        near = np.array(travel.ids, dtype=object)[facilities_within(travel, positions, max_km=neighbours_km)]
        chosen = tables.facilities["facility_id"].isin(list(near)).to_numpy(dtype=bool)
    facilities = tables.facilities[chosen].assign(neighbour=pd.array(~inside[chosen], dtype="boolean"))
    return _narrow(tables, facilities.reset_index(drop=True), tables.streams)


def select_facilities(tables: RegionTables, facility_ids: Collection[str]) -> RegionTables:
    """Return some facilities with their streams, memberships and networks."""
    chosen = tables.facilities["facility_id"].isin(list(facility_ids)).to_numpy(dtype=bool)
    return _narrow(tables, tables.facilities[chosen].reset_index(drop=True), tables.streams)


def select_kinds(
    tables: RegionTables,
    *,
    networks: Collection[str] = (),
    materials: Collection[str] = (),
    bases: Collection[str] = (),
    actor_types: Collection[str] = (),
) -> RegionTables:
    """Return the facilities and streams that meet every condition given; an empty one lets all pass.

    Parameters
    ----------
    networks : network ids; members in any role.
    materials, bases : of the streams; facilities without such a stream are left out.
    actor_types : of the facilities.
    """
    facilities, streams = tables.facilities, tables.streams
    if networks:
        members = tables.memberships[tables.memberships["network_id"].isin(list(networks))]
        facilities = facilities[_is_among(facilities["facility_id"], members["facility_id"])]
    if actor_types:
        facilities = facilities[facilities["actor_type"].isin(list(actor_types))]
    if materials:
        streams = streams[streams["material"].isin(list(materials))]
    if bases:
        streams = streams[streams["basis"].isin(list(bases))]
    if materials or bases:
        facilities = facilities[_is_among(facilities["facility_id"], streams["facility_id"])]
    return _narrow(tables, facilities.reset_index(drop=True), streams)


def _ids(facilities: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    return np.asarray(facilities["facility_id"], dtype=object)


def _is_among(values: pd.Series, wanted: pd.Series) -> npt.NDArray[np.bool_]:
    """Whether each value stands in `wanted`; on long text columns many times faster than ``Series.isin``."""
    known = set(wanted.to_numpy(dtype=object))
    return np.fromiter((value in known for value in values.to_numpy(dtype=object)), bool, len(values))


def _narrow(tables: RegionTables, facilities: gpd.GeoDataFrame, streams: pd.DataFrame) -> RegionTables:
    """Keep what belongs to `facilities`; networks that have members keep their row if one is left."""
    if len(facilities) == len(tables.facilities) and len(streams) == len(tables.streams):
        return RegionTables(facilities, streams, tables.networks, tables.memberships)
    members = tables.memberships[_is_among(tables.memberships["facility_id"], facilities["facility_id"])]
    networks = tables.networks[tables.networks["network_id"].isin(members["network_id"])]
    return RegionTables(
        facilities=facilities,
        streams=streams[_is_among(streams["facility_id"], facilities["facility_id"])].reset_index(drop=True),
        networks=networks.reset_index(drop=True),
        memberships=members.reset_index(drop=True),
    )
