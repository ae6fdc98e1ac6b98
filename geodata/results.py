"""What a scenario gives back: tables, key figures and where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from geodata.parameters import ScenarioParameters
from geodata.transport import Travel


@dataclass(frozen=True)
class RegionTables:
    """The typed tables that go into a scenario; columns as in :mod:`geodata.schemas`."""

    facilities: gpd.GeoDataFrame
    streams: pd.DataFrame
    networks: pd.DataFrame
    memberships: pd.DataFrame


@dataclass(frozen=True)
class Provenance:
    """Enough to make the same result again.

    Attributes
    ----------
    digests : table name -> SHA-256 of its content.
    network : the road network's name, date, profile, licence and digest.
    versions : package -> version.
    sources : sources to name in every export.
    """

    digests: Mapping[str, str]
    network: Mapping[str, str]
    versions: Mapping[str, str]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class ScenarioResult:
    """One computed scenario; every front shows these figures and calculates none of its own.

    Attributes
    ----------
    tables : the input, filtered as asked.
    matches : see :data:`geodata.matching.MATCH_COLUMNS`.
    exclusions : pairs (or groups of pairs) that were left out, with the reason.
    clusters : one row a cluster; members : facility_id -> cluster_id (absent: noise).
    indicators : name, value, unit, basis.
    travel : distances among `tables.facilities`, on demand.
    """

    tables: RegionTables
    parameters: ScenarioParameters
    travel: Travel
    matches: pd.DataFrame
    exclusions: pd.DataFrame
    clusters: pd.DataFrame
    cluster_members: pd.DataFrame
    indicators: pd.DataFrame
    provenance: Provenance
