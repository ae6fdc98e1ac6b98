"""The streams and matches of a scenario as a plan reads them: one unit a part, what may be placed where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.allocation import Allocation, AllocationLimits
from geodata.codetables import WasteCodes
from geodata.flows import ENERGY, TONNES, fill_range, prepare_flows
from geodata.materials import compare_widths
from geodata.results import ScenarioResult

WATER = "m3"
UNITS = (TONNES, WATER, ENERGY)
"""The parts of a plan, each with a balance of its own, in the order they are solved: what lorries carry,
water by pipe, energy."""
UNKNOWN_BASIS = "unknown"
SAME_STREAM_ROUTE = "same_stream"
PER_UNIT = {
    "net_nok": "net_nok_per_t",
    "net_nok_low": "net_low_nok_per_t",
    "net_nok_high": "net_high_nok_per_t",
    "net_kg_co2e": "net_kg_co2e_per_t",
    "net_kg_co2e_low": "net_kg_co2e_per_t_low",
    "net_kg_co2e_high": "net_kg_co2e_per_t_high",
    "kept": "kept_t_per_t",
    "vehicle_km": "vehicle_km_per_t",
}
"""Column of a flow -> figure per unit that it is made of."""


def read_streams(result: ScenarioResult, codes: WasteCodes | None) -> pd.DataFrame:
    """Return what a plan needs to know of each stream, by stream_id.

    Returns
    -------
    direction, facility_id, material, treatment, basis, `amount` (NaN unknown) and its `unit`; `part`: which
    of :data:`UNITS` it is planned with, "" none; `factor`: what one of `unit` is in the unit that matching
    counts in (water by pipe is planned in cubic metres, which matching holds as tonnes).
    """
    rows = result.tables.streams
    names = rows["stream_id"].astype(str)
    _low, best, _high = fill_range(rows["amount_min"], rows["amount_best"], rows["amount_max"])
    streams = pd.DataFrame(
        {
            "direction": rows["direction"].astype(str).to_numpy(),
            "facility_id": rows["facility_id"].astype(str).to_numpy(),
            "material": rows["material"].astype(str).to_numpy(),
            "treatment": rows["treatment"].to_numpy(dtype=object),
            "basis": rows["basis"].astype(object).where(rows["basis"].notna(), UNKNOWN_BASIS).to_numpy(),
            "amount": best,
            "unit": rows["unit"].astype(object).where(rows["unit"].notna(), "").to_numpy(),
        },
        index=pd.Index(names, name="stream_id"),
    ).sort_index()
    if codes is not None:
        ids = tuple(result.tables.facilities["facility_id"].astype(str))
        known = prepare_flows(rows, facility_ids=ids, codes=codes).set_index("stream_id")
        streams["amount"], streams["unit"] = known["amount_best"], known["unit"]
        return _part_water(streams, piped=known["piped"], codes=codes)
    # What matching has already turned into tonnes is not turned again.
    for side, unit in (("offer", "unit"), ("need", "need_unit")):
        if unit not in result.matches:
            unit = "unit"
        told = result.matches.drop_duplicates(f"{side}_stream_id").set_index(f"{side}_stream_id")
        told = told[told[f"{side}_amount"].notna() & told[unit].notna()]
        streams.loc[told.index, "amount"] = told[f"{side}_amount"].astype(float)
        streams.loc[told.index, "unit"] = told[unit].astype(object)
    part = streams["unit"].where(streams["unit"].isin([TONNES, ENERGY]), "")
    return streams.assign(factor=1.0, part=part)


def _part_water(streams: pd.DataFrame, *, piped: pd.Series, codes: WasteCodes) -> pd.DataFrame:
    """Count what flows by pipe in tonnes as cubic metres: no lorry carries it, it would drown the rest."""
    dense = codes.materials.set_index("material")["density_t_per_m3"].astype("Float64")
    density = streams["material"].map(dense).astype("Float64").fillna(1.0).astype(float)
    water = piped.reindex(streams.index).fillna(False).astype(bool) & (streams["unit"] == TONNES)
    factor = density.where(water & (density > 0), 1.0)
    unit = streams["unit"].mask(water, WATER)
    part = unit.where(water | unit.isin([TONNES, ENERGY]), "")
    return streams.assign(factor=factor, unit=unit, part=part, amount=streams["amount"] / factor)


def make_pairs(
    matches: pd.DataFrame, economics: pd.DataFrame, streams: pd.DataFrame, *, codes: WasteCodes | None
) -> pd.DataFrame:
    """Return the columns that :func:`geodata.allocation.allocate` reads, one row a match, by match_id.

    Besides: `unit` and `need_unit` of both sides, `basis`, `as_today` (see
    :data:`geodata.economics.PRICE_COLUMNS`) and `covered` (see :func:`find_covered`).
    """

    def take(name: str, default: Any) -> Any:
        return matches[name] if name in matches else pd.Series(default, index=matches.index, dtype=object)

    direct = pd.Series(1.0, index=matches.index)
    unit = matches["unit"].astype(object).where(matches["unit"].notna(), "")
    need_unit = take("need_unit", None).astype(object).where(lambda told: told.notna(), unit)
    fills = take("fills_per_t", None)
    if "fills_per_t" not in matches:
        fills = direct.where(unit == need_unit, None)
    of_offer, of_need = (streams.reindex(matches[f"{side}_stream_id"]) for side in ("offer", "need"))
    per = pd.Series(of_offer["factor"].to_numpy(dtype=float), index=matches.index).fillna(1.0)
    per_need = pd.Series(of_need["factor"].to_numpy(dtype=float), index=matches.index).fillna(1.0)
    amount = matches["exchange_best"].astype("Float64")
    per_tonne = economics["vehicle_km_per_year"].astype("Float64") / amount.where(amount > 0)
    pairs = pd.DataFrame(
        {
            "offer": matches["offer_stream_id"],
            "need": matches["need_stream_id"],
            "via": take("via_stream_id", None).astype("string"),
            "yield_best": fills.astype("Float64") * per / per_need,
            "distance_km": matches["distance_km"].astype("Float64"),
            "hierarchy_rank": take("hierarchy_rank", None).astype("Float64"),
            "vehicle_km_per_t": per_tonne * per,
            "unit": unit.mask((of_offer["part"] == WATER).to_numpy(), WATER),
            "need_unit": need_unit.mask((of_need["part"] == WATER).to_numpy(), WATER),
            "basis": take("basis", None).astype(object).where(lambda told: told.notna(), UNKNOWN_BASIS),
            "covered": find_covered(matches, codes),
        }
    )
    for name in dict.fromkeys([*PER_UNIT.values(), "transport_kg_co2e_per_t"]):
        if name not in pairs and name in economics:
            known = economics[name].astype("Float64")
            pairs[name] = known if name == "kept_t_per_t" else known * per
    # How warm the water is nobody has told: cubic metres are no MWh, and none are made of them here.
    tepid = (pairs["unit"] == WATER) & (pairs["need_unit"] == ENERGY)
    figures = [name for name in (*PER_UNIT.values(), "transport_kg_co2e_per_t") if name in pairs]
    pairs[figures] = pairs[figures].mask(tepid)
    as_today = economics["as_today"] if "as_today" in economics else pd.Series(False, index=matches.index)
    pairs["as_today"] = as_today.astype("boolean").fillna(False).astype(bool)
    return pairs.set_index(pd.Index(matches["match_id"].astype(str), name="match_id"))


def find_covered(matches: pd.DataFrame, codes: WasteCodes | None) -> npt.NDArray[np.bool_]:
    """Tell which matches a plan may put tonnes on: whether the need asks for what is offered.

    A need for cables takes cables, not the mixed metal or the aluminium that a match may propose to look
    into: what part of such a stream would do nobody has told. A use that makes the product tells it, and so
    do the same six digits where the offer is only told more widely; fish and meat stay apart.
    """
    if codes is None or "need_material" not in matches or "route" not in matches:
        return np.ones(len(matches), dtype=bool)
    offered, needed = (matches[name].astype(object).to_numpy() for name in ("material", "need_material"))
    same, wider = compare_widths(offered, needed, codes=codes)
    digits = matches["shared_digits"] if "shared_digits" in matches else pd.Series(0, index=matches.index)
    one_code = (digits.astype("Int64").fillna(0) >= 6).to_numpy(dtype=bool)
    made = (matches["route"].astype(object) != SAME_STREAM_ROUTE).to_numpy(dtype=bool)
    covered: npt.NDArray[np.bool_] = same | (wider & one_code) | made
    return covered


def find_contested(pairs: pd.DataFrame, taken: pd.Series, later: Allocation, unit: str) -> list[str]:
    """Return the needs of which an earlier part took some while `later` would pay for more of it.

    Where no such need is, the parts' best plans are together the best of all: none stood in another's way.
    """
    prices = later.prices
    if not len(prices):
        return []
    dear = prices[prices["kind"].isin(["demand", "capacity"]) & (prices["price"] > 0).fillna(False)]
    own = pairs[pairs["unit"] == unit]
    names = set(own["need"].astype(str)) | set(own["via"].dropna().astype(str))
    used = set(taken.index[taken > 0].astype(str))
    return sorted(names & used & set(dear["id"].astype(str)))


def list_takers(amounts: pd.Series, names: pd.Series, *, column: str = "demand_t") -> pd.DataFrame:
    """Return the amounts of streams that take something, as the allocation reads them."""
    wanted = sorted(set(names.astype(str)))
    return pd.DataFrame({"stream_id": wanted, column: amounts.reindex(wanted).to_numpy(dtype=np.float64)})


def expand_facilities(limits: AllocationLimits, streams: pd.DataFrame) -> AllocationLimits:
    """Return the limits with facilities replaced by their offers or needs."""

    def expand(names: tuple[str, ...], direction: str) -> tuple[str, ...]:
        own = streams[streams["direction"] == direction]
        found: list[str] = []
        for name in names:
            of_facility = own.index[own["facility_id"] == name]
            found += [name] if name in own.index or not len(of_facility) else of_facility.tolist()
        return tuple(dict.fromkeys(found))

    return replace(
        limits,
        must_place=expand(limits.must_place, "offer"),
        must_meet=expand(limits.must_meet, "need"),
    )


def choose_limits(limits: AllocationLimits, streams: pd.DataFrame, unit: str) -> AllocationLimits:
    """Return the limits that hold for one unit; ids that are no stream stay with the tonnes, to be told."""
    told = streams["part"].to_dict()

    def of_unit(names: tuple[str, ...]) -> tuple[str, ...]:
        # What is in no part's unit stays with the tonnes, to be told there.
        return tuple(name for name in names if (told.get(name) or TONNES) == unit)

    chosen = replace(limits, must_place=of_unit(limits.must_place), must_meet=of_unit(limits.must_meet))
    if unit == TONNES:
        return chosen
    return replace(
        chosen, min_kept_t=None, min_placed_share=None, max_vehicle_km=None, max_transport_kg_co2e=None
    )
