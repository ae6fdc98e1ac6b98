"""Digests of tables by their content: the same rows give the same digest, in any order, on any machine."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from dataclasses import asdict

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy
import shapely

from geodata.parameters import ScenarioParameters
from geodata.results import Provenance, RegionTables
from geodata.schemas import TABLES

_KEYS = {
    "facilities": ["facility_id"],
    "streams": ["stream_id"],
    "networks": ["network_id"],
    "memberships": ["facility_id", "network_id", "role"],
}


def digest_table(frame: pd.DataFrame, name: str) -> str:
    """Return the SHA-256 of a table's known columns (and points) as text, rows in the order of their key."""
    columns = [column.name for column in TABLES[name]]
    rows = frame.sort_values(_KEYS[name], kind="stable")
    text = rows[columns].to_csv(index=False, na_rep="\x00", lineterminator="\n")
    digest = hashlib.sha256(text.encode())
    if isinstance(frame, gpd.GeoDataFrame):
        for blob in shapely.to_wkb(rows.geometry.to_numpy(), output_dimension=2):
            digest.update(blob or b"\x00")
    return digest.hexdigest()


def digest_parameters(parameters: ScenarioParameters) -> str:
    """Return the SHA-256 of all parameter values."""
    text = "\n".join(f"{name}={value!r}" for name, value in sorted(asdict(parameters).items()))
    return hashlib.sha256(text.encode()).hexdigest()


def record_provenance(
    tables: RegionTables,
    *,
    network: dict[str, str],
    parameters: ScenarioParameters,
    sources: Sequence[str] = (),
) -> Provenance:
    """Return what is needed to make the same result again."""
    digests = {name: digest_table(getattr(tables, name), name) for name in _KEYS}
    versions = {
        "python": platform.python_version(),
        "geopandas": gpd.__version__,
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "scipy": scipy.__version__,
        "shapely": shapely.__version__,
    }
    return Provenance(
        digests=digests | {"parameters": digest_parameters(parameters)},
        network=network,
        versions=versions,
        sources=tuple(sources),
    )
