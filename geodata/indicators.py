"""Key figures of a scenario as a tidy table; totals are the sums of the rows that the pages show."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from geodata.exchange import LEVELS, sum_exchange
from geodata.results import RegionTables
from geodata.schemas import BASES, UNITS

INDICATOR_COLUMNS = ("name", "value", "unit", "basis")
"""`basis` is ``all``, or one of :data:`geodata.schemas.BASES` for the share that rests on it; `value` is
<NA> where nothing is known (no amount known is not an amount of zero)."""

ALL = "all"
_Row = tuple[str, float, str, str]


def summarise_scenario(
    tables: RegionTables,
    matches: pd.DataFrame,
    clusters: pd.DataFrame,
    members: pd.DataFrame,
    *,
    flows: pd.DataFrame,
) -> pd.DataFrame:
    """Return the key figures with :data:`INDICATOR_COLUMNS`.

    Names
    -----
    ``facilities``, ``facilities_placed``, ``facilities_without_streams``, ``networks``, ``streams``,
    ``offers``, ``needs``; ``offers_amount_unknown``, ``needs_amount_unknown`` (streams without a best
    amount); ``offers_amount``, ``needs_amount`` per unit (sums of `amount_best` in the unit the stream was
    given in); ``matches``, ``matches_amount_unknown``, ``facilities_matched``, ``matched_distance_median``;
    ``exchange_min``, ``exchange_best``, ``exchange_max`` per unit: what could be exchanged a year with
    nothing given twice (with a `basis`: what matches of that basis add to those of better known amounts, so
    that the parts add up); ``clusters``, ``facilities_clustered``.
    """
    rows = [
        *_count_places(tables),
        *_sum_streams(tables.streams),
        *_count_matches(matches),
        *_sum_matched(matches, flows),
        ("clusters", float(len(clusters)), "clusters", ALL),
        ("facilities_clustered", float(members["facility_id"].nunique()), "facilities", ALL),
    ]
    table = pd.DataFrame(rows, columns=list(INDICATOR_COLUMNS))
    return table.astype({"name": "string", "value": "Float64", "unit": "string", "basis": "string"})


def count_inputs(tables: RegionTables, *, like: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `like` with what is known before anything is matched.

    That is the counts of facilities and streams. All other figures are unknown.
    """
    facilities, direction = tables.facilities, tables.streams["direction"]
    known = {
        "facilities": len(facilities),
        "facilities_placed": int((facilities.geometry.notna() & ~facilities.geometry.is_empty).sum()),
        "networks": len(tables.networks),
        "streams": len(direction),
        "offers": int((direction == "offer").sum()),
        "needs": int((direction == "need").sum()),
    }
    value = like["name"].map(known).where(like["basis"] == ALL).astype("Float64")
    return like.assign(value=value)


def read_indicator(
    indicators: pd.DataFrame, name: str, *, unit: str | None = None, basis: str = ALL
) -> float:
    """Return one value of the table (NaN where unknown). Raises KeyError for a figure that is not there."""
    wanted = (indicators["name"] == name) & (indicators["basis"] == basis)
    if unit is not None:
        wanted &= indicators["unit"] == unit
    if wanted.sum() != 1:
        raise KeyError(f"{name} ({unit}, {basis}): {int(wanted.sum())} rows")
    value = indicators.loc[wanted, "value"].iloc[0]
    return float("nan") if pd.isna(value) else float(value)


def index_indicators(indicators: pd.DataFrame) -> dict[tuple[str, str, str], float]:
    """Return (name, unit, basis) -> value of the whole table, NaN where unknown."""
    keys = (indicators[column].tolist() for column in ("name", "unit", "basis"))
    values = indicators["value"].to_numpy(dtype=np.float64, na_value=np.nan).tolist()
    return dict(zip(zip(*keys, strict=True), values, strict=True))


def _count_places(tables: RegionTables) -> Iterator[_Row]:
    facilities = tables.facilities
    placed = facilities.geometry.notna() & ~facilities.geometry.is_empty
    idle = ~facilities["facility_id"].isin(tables.streams["facility_id"])
    yield "facilities", float(len(facilities)), "facilities", ALL
    yield "facilities_placed", float(placed.sum()), "facilities", ALL
    yield "facilities_without_streams", float(idle.sum()), "facilities", ALL
    yield "networks", float(len(tables.networks)), "networks", ALL


def _sum_streams(streams: pd.DataFrame) -> Iterator[_Row]:
    yield "streams", float(len(streams)), "streams", ALL
    for direction in ("offer", "need"):
        chosen = streams[streams["direction"] == direction]
        by_basis = [(ALL, chosen), *((basis, chosen[chosen["basis"] == basis]) for basis in BASES)]
        for basis, some in by_basis:
            yield f"{direction}s", float(len(some)), "streams", basis
            yield f"{direction}s_amount_unknown", float(some["amount_best"].isna().sum()), "streams", basis
            for unit in UNITS:
                amounts = some.loc[some["unit"].astype(object).eq(unit), "amount_best"].dropna()
                total = float(amounts.sum()) if len(amounts) else np.nan
                yield f"{direction}s_amount", total, unit, basis


def _count_matches(matches: pd.DataFrame) -> Iterator[_Row]:
    for basis in (ALL, *BASES):
        some = matches if basis == ALL else matches[matches["basis"] == basis]
        yield "matches", float(len(some)), "matches", basis
        yield "matches_amount_unknown", float((~some["amount_known"]).sum()), "matches", basis
    matched = pd.concat([matches["from_facility_id"], matches["to_facility_id"]]).nunique()
    yield "facilities_matched", float(matched), "facilities", ALL
    median = float(matches["distance_km"].median()) if len(matches) else np.nan
    yield "matched_distance_median", median, "km", ALL


def _sum_matched(matches: pd.DataFrame, flows: pd.DataFrame) -> Iterator[_Row]:
    ranks = matches["basis"].astype(object).map({basis: rank for rank, basis in enumerate(BASES)}).to_numpy()
    for unit in UNITS:
        whole = np.full(len(LEVELS), np.nan)
        for rank, basis in enumerate(BASES):
            alone, _ = sum_exchange(matches[ranks == rank], flows, unit=unit)
            added = alone
            if not np.isnan(alone).all() and not np.isnan(whole).all():
                # A need that is met by better known amounts is not met again: the parts add up to the whole.
                both, _ = sum_exchange(matches[ranks <= rank], flows, unit=unit)
                added = np.maximum(both - whole, 0.0)
            whole = np.where(np.isnan(added), whole, np.nan_to_num(whole) + added)
            for level, total in zip(LEVELS, added, strict=True):
                yield f"exchange_{level}", float(total), unit, basis
        for level, total in zip(LEVELS, whole, strict=True):
            yield f"exchange_{level}", float(total), unit, ALL
