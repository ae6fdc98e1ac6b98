"""The European Environment Agency: waste that large facilities report to have sent away, year by year.

Read from ``F4_2_WasteTransfers_Facilities.csv`` of the Industrial Emissions Portal. The table tells no
material; what it is good for stands in :mod:`geodata.wastetransfers` and
``docs/sources/miljodirektoratet.md``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd

from geodata.errors import RefusedFileError
from geodata.wastetransfers import (
    TRANSFER_COLUMNS,
    compare_transfers,
    make_hazardous_streams,
    match_transfers,
)
from loaders.official.transferrows import stream_transfers, type_transfers
from loaders.official.webclient import Progress

ATTRIBUTION: Final = "European Environment Agency (EEA), Industrial Emissions Portal"
LICENCE: Final = "CC BY 4.0"
SOURCE: Final = "EEA F4.2, overført farlig avfall"
NOTE: Final = "Materialet er ikke kjent: rapporten sier bare farlig avfall, gjenvinning eller sluttbehandling"

__all__ = [
    "ATTRIBUTION",
    "LICENCE",
    "TRANSFER_COLUMNS",
    "WasteTransfers",
    "compare_transfers",
    "match_transfers",
    "read_waste_transfers",
    "to_streams",
]


@dataclass(frozen=True)
class WasteTransfers:
    """What was read.

    Attributes
    ----------
    table : :data:`geodata.wastetransfers.TRANSFER_COLUMNS`, one row a facility, year, class and treatment.
    facts : counts worth telling: ``rows`` of the file, ``of_country``, ``unreadable`` (left out),
        ``repeated`` (the same row again, taken once), ``added`` (several amounts for one facility, year,
        class and treatment, added up), ``confidential_amount`` (tonnes <NA>), ``confidential_name``.
    """

    table: pd.DataFrame
    facts: Mapping[str, int] = field(default_factory=dict)


def read_waste_transfers(
    path: Path | str, *, country: str = "Norway", progress: Progress | None = None
) -> WasteTransfers:
    """Read the transfers of one country out of a file of all of Europe, part by part.

    Parameters
    ----------
    country : as in the file, or its two letters (``NO``). Columns are found by header in any order and
        casing; further ones are passed over.
    progress : told ``read`` and rows.

    Raises
    ------
    RefusedFileError
        ``file.not_found``, ``file.damaged``, ``eea.not_transfers`` (a column is missing),
        ``eea.unknown_country`` (no such row).
    """
    file = Path(path)
    facts: Counter[str] = Counter(dict.fromkeys(_FACTS, 0))
    parts = [
        type_transfers(texts, facts)
        for texts in stream_transfers(file, country=country, facts=facts, progress=progress)
    ]
    if not parts:
        raise RefusedFileError("eea.unknown_country", file=file.name, country=country)
    table = pd.concat(parts, ignore_index=True)
    twice = table.duplicated().to_numpy(dtype=bool) & table["facility_key"].notna().to_numpy(dtype=bool)
    facts["repeated"] += int(twice.sum())
    table = table[~twice]
    return WasteTransfers(_add_up(table, facts), dict(facts))


_FACTS: Final = (
    *("rows", "of_country", "unreadable", "repeated", "added", "confidential_amount", "confidential_name"),
)
_KEY: Final = ["facility_key", "reporting_year", "hazardous", "treatment"]


def _add_up(table: pd.DataFrame, facts: Counter[str]) -> pd.DataFrame:
    """One row a facility, year, class and treatment; facilities without a key stay row by row."""
    named = table[table["facility_key"].notna()]
    others = {name: "first" for name in TRANSFER_COLUMNS if name not in (*_KEY, "tonnes", "confidential")}
    groups = named.groupby(_KEY, sort=False)
    added = groups.agg({**others, "confidential": "any"})
    added["tonnes"] = groups["tonnes"].sum(min_count=1)
    facts["added"] += len(named) - len(added)
    whole = pd.concat(
        [added.reset_index()[list(TRANSFER_COLUMNS)], table[table["facility_key"].isna()]], ignore_index=True
    )
    order = ["facility_name", "reporting_year", "hazardous", "treatment"]
    return whole.astype(TRANSFER_COLUMNS).sort_values(order, kind="stable").reset_index(drop=True)


def to_streams(
    transfers: WasteTransfers,
    *,
    facilities: gpd.GeoDataFrame,
    streams: pd.DataFrame,
    dataset: str = "register",
) -> pd.DataFrame:
    """Return a stream of mixed hazardous waste for each facility that reports some and has none of its own.

    Waste that is not hazardous becomes no stream, since nothing tells what it is: it is compared instead
    (:func:`geodata.wastetransfers.compare_transfers`). See
    :func:`geodata.wastetransfers.make_hazardous_streams`.
    """
    return make_hazardous_streams(
        transfers.table, facilities=facilities, streams=streams, source=SOURCE, note=NOTE, dataset=dataset
    )
