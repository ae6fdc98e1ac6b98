"""From a scenario's matches and their prices to a plan of the region, and back to what a reader sees.

Tonnes and MWh are two problems with a balance each. Tonnes come first; a need that both could meet leaves the
MWh what the tonnes left of it (`Plan.shared_needs` names such needs: the two together are then not proved
best).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.allocation import Allocation, AllocationLimits, allocate
from geodata.allocationmodel import GOAL_UNITS
from geodata.codetables import WasteCodes
from geodata.errors import AllocationError
from geodata.flows import ENERGY, TONNES, fill_range, prepare_flows
from geodata.results import ScenarioResult

UNITS = (TONNES, ENERGY)
UNIT_UNKNOWN = "unit_unknown"
"""Reason of an offer whose amount is in a unit that is neither tonnes nor MWh (or that is not told)."""

FLOW_COLUMNS = (
    "match_id",
    "offer_stream_id",
    "need_stream_id",
    "via_stream_id",
    "from_facility_id",
    "to_facility_id",
    "via_facility_id",
    "material",
    "product",
    "need_material",
    "route",
    "use_id",
    "step",
    "operation",
    "hierarchy",
    "hierarchy_rank",
    "offer_treatment",
    "unit",
    "amount",
    "delivered",
    "need_unit",
    "distance_km",
    "net_nok",
    "net_nok_low",
    "net_nok_high",
    "net_kg_co2e",
    "net_kg_co2e_low",
    "net_kg_co2e_high",
    "kept",
    "vehicle_km",
    "emission_basis",
)
"""One row a match that carries anything: `amount` in `unit` of the offered stream a year, `delivered` in
`need_unit`, money and emissions of that amount a year, `kept` the part of it that is kept from final
treatment."""
_TEXTS = (*FLOW_COLUMNS[:15], "offer_treatment", "unit", "need_unit", "emission_basis")
_PER_UNIT = {
    "net_nok": "net_nok_per_t",
    "net_nok_low": "net_low_nok_per_t",
    "net_nok_high": "net_high_nok_per_t",
    "net_kg_co2e": "net_kg_co2e_per_t",
    "net_kg_co2e_low": "net_kg_co2e_per_t_low",
    "net_kg_co2e_high": "net_kg_co2e_per_t_high",
    "kept": "kept_t_per_t",
    "vehicle_km": "vehicle_km_per_t",
}
TOTALS = ("net_nok", "net_nok_low", "net_nok_high", "net_kg_co2e", "net_kg_co2e_low", "net_kg_co2e_high")


@dataclass(frozen=True, eq=False)
class Plan:
    """One plan of a region.

    Attributes
    ----------
    allocations : unit (``t``, ``MWh``) -> what was solved, with its proof.
    flows : :data:`FLOW_COLUMNS`.
    unallocated : `offer_stream_id`, `facility_id`, `material`, `treatment`, `unit`, `amount`, `reason` and
        the figures of :data:`geodata.allocationleft.UNALLOCATED_COLUMNS`; `match_id` the match that would
        come next.
    prices : :data:`geodata.allocationprices.PRICE_COLUMNS` with `unit`, `facility_id`, `material` and
        `price_unit`.
    balance : per `unit` and `material`: `supply`, `placed`, `unallocated` (supply = placed + unallocated) and
        `unknown_offers` whose amount nobody has told.
    totals : `name`, `unit`, `value`; NaN where a used match has no figure.
    conflicts : `unit` and :data:`geodata.allocationconflicts.CONFLICT_COLUMNS`.
    shared_needs : needs that tonnes and MWh could both meet.
    receivers : facility_id -> kind of actor.
    """

    goal: str
    limits: AllocationLimits
    allocations: Mapping[str, Allocation]
    flows: pd.DataFrame
    unallocated: pd.DataFrame
    prices: pd.DataFrame
    balance: pd.DataFrame
    totals: pd.DataFrame
    conflicts: pd.DataFrame
    shared_needs: tuple[str, ...]
    receivers: Mapping[str, str]

    @property
    def status(self) -> str:
        """``optimal`` where every part is proved, else the worst of ``infeasible`` and ``not_proved``."""
        found = [allocation.status for allocation in self.allocations.values()]
        return next((name for name in ("infeasible", "not_proved") if name in found), "optimal")


def plan_scenario(
    result: ScenarioResult,
    economics: pd.DataFrame,
    *,
    goal: str = "net",
    limits: AllocationLimits | None = None,
    codes: WasteCodes | None = None,
) -> Plan:
    """Return the plan that gains most in `goal` over all matches of a scenario.

    Parameters
    ----------
    economics : :data:`geodata.economics.PRICE_COLUMNS`, with the index and order of ``result.matches``.
    goal : ``net``, ``carbon`` or ``kept``. For MWh, kept means put to use.
    limits : ids in `must_place` and `must_meet` may be streams, or facilities (all their offers or needs).
        Reach, hierarchy and what must be done hold for tonnes and MWh; the other limits are of tonnes.
    codes : densities, so that cubic metres of streams without a match count as tonnes as well.

    Raises
    ------
    AllocationError
        As :func:`geodata.allocation.allocate`; ``allocation.prices_mismatch`` where `economics` are of
        others.
    """
    matches = result.matches
    if not matches.index.equals(economics.index):
        raise AllocationError("allocation.prices_mismatch", matches=len(matches), prices=len(economics))
    limits = limits or AllocationLimits()
    streams = _read_streams(result, codes)
    limits = _expand_facilities(limits, streams)
    pairs = _make_pairs(matches, economics)
    allocations: dict[str, Allocation] = {}
    demand = streams["amount"].copy()
    shared = _find_shared(pairs)
    for unit in UNITS:
        offers = streams[(streams["direction"] == "offer") & (streams["unit"] == unit)]
        own = pairs[pairs["unit"] == unit]
        if unit != TONNES and not len(offers):
            continue
        found = allocate(
            own.assign(kept_t_per_t=1.0) if unit == ENERGY else own,
            pd.DataFrame({"stream_id": offers.index, "supply_t": offers["amount"].to_numpy()}),
            _list_takers(demand, own["need"]),
            capacities=_list_takers(demand, own["via"].dropna(), column="capacity_t"),
            goal=goal,
            limits=_choose_limits(limits, streams, unit),
        )
        allocations[unit] = found
        taken = found.flows.groupby("need")["delivered"].sum()
        taken = taken.add(found.flows.groupby("via")["tonnes"].sum(), fill_value=0.0)
        demand = demand.sub(taken.astype(float), fill_value=0.0).reindex(demand.index).clip(lower=0.0)
    flows = _tabulate_flows(matches, pairs, allocations)
    unallocated = _tabulate_left(streams, pairs, allocations)
    return Plan(
        goal=goal,
        limits=limits,
        allocations=allocations,
        flows=flows,
        unallocated=unallocated,
        prices=_tabulate_prices(streams, allocations, goal),
        balance=_balance(streams, flows),
        totals=_sum_totals(flows, allocations, goal),
        conflicts=_join({unit: found.conflicts for unit, found in allocations.items()}),
        shared_needs=shared,
        receivers=dict(
            zip(
                result.tables.facilities["facility_id"].astype(str),
                result.tables.facilities["actor_type"].astype(str),
                strict=True,
            )
        ),
    )


def goal_unit(goal: str, unit: str) -> str:
    """Return what a goal is counted in: NOK, kg CO2e, or the unit of what is planned."""
    return unit if goal == "kept" else GOAL_UNITS[goal]


def summarise_destinations(plan: Plan) -> pd.DataFrame:
    """Return what goes where as links of a Sankey diagram, tonnes and MWh apart.

    Returns
    -------
    `unit`, `from_level`, `from_key`, `to_level`, `to_key`, `amount`. Levels: `material` -> `way` (the
    hierarchy's name, or ``unallocated``) -> `receiver` (kind of actor) -> `treatment` (``R3``, ``D10`` ...;
    ``none``: no waste operation; ``unknown``). What stays unallocated goes straight to its present
    treatment. Nothing is lost on the way: what enters a level leaves it, and all of it is the known supply.
    """
    flows = plan.flows.assign(
        way=plan.flows["hierarchy"].fillna("unknown"),
        receiver=plan.flows["to_facility_id"].map(plan.receivers).astype("string").fillna("unknown"),
        to=plan.flows["operation"].fillna("none"),
    )
    left = plan.unallocated[plan.unallocated["amount"].notna()]
    left = left.assign(way="unallocated", to=left["treatment"].fillna("unknown"))
    parts = [
        _link(flows, ("material", "material"), ("way", "way")),
        _link(left, ("material", "material"), ("way", "way")),
        _link(flows, ("way", "way"), ("receiver", "receiver")),
        _link(left, ("way", "way"), ("treatment", "to")),
        _link(flows, ("receiver", "receiver"), ("treatment", "to")),
    ]
    links = pd.concat(parts, ignore_index=True)
    return links[links["amount"] > 0].reset_index(drop=True)


def _link(frame: pd.DataFrame, tail: tuple[str, str], head: tuple[str, str]) -> pd.DataFrame:
    keys = ["unit", tail[1], head[1]]
    sums = frame.groupby(keys, dropna=False, sort=True)["amount"].sum().reset_index()
    return pd.DataFrame(
        {
            "unit": sums["unit"].astype("string"),
            "from_level": tail[0],
            "from_key": sums[tail[1]].astype("string"),
            "to_level": head[0],
            "to_key": sums[head[1]].astype("string"),
            "amount": sums["amount"].astype("Float64"),
        }
    )


def _read_streams(result: ScenarioResult, codes: WasteCodes | None) -> pd.DataFrame:
    """Return per stream_id: direction, facility, material, treatment, `amount` (NaN unknown) and its unit."""
    rows = result.tables.streams
    names = rows["stream_id"].astype(str)
    _low, best, _high = fill_range(rows["amount_min"], rows["amount_best"], rows["amount_max"])
    streams = pd.DataFrame(
        {
            "direction": rows["direction"].astype(str).to_numpy(),
            "facility_id": rows["facility_id"].astype(str).to_numpy(),
            "material": rows["material"].astype(str).to_numpy(),
            "treatment": rows["treatment"].to_numpy(dtype=object),
            "amount": best,
            "unit": rows["unit"].astype(object).where(rows["unit"].notna(), "").to_numpy(),
        },
        index=pd.Index(names, name="stream_id"),
    ).sort_index()
    if codes is not None:
        ids = tuple(result.tables.facilities["facility_id"].astype(str))
        known = prepare_flows(rows, facility_ids=ids, codes=codes).set_index("stream_id")
        streams["amount"], streams["unit"] = known["amount_best"], known["unit"]
        return streams
    # What matching has already turned into tonnes is not turned again.
    for side, unit in (("offer", "unit"), ("need", "need_unit")):
        if unit not in result.matches:
            unit = "unit"
        told = result.matches.drop_duplicates(f"{side}_stream_id").set_index(f"{side}_stream_id")
        told = told[told[f"{side}_amount"].notna() & told[unit].notna()]
        streams.loc[told.index, "amount"] = told[f"{side}_amount"].astype(float)
        streams.loc[told.index, "unit"] = told[unit].astype(object)
    return streams


def _make_pairs(matches: pd.DataFrame, economics: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that :func:`allocate` reads, one row a match, by match_id."""

    def take(name: str, default: Any) -> Any:
        return matches[name] if name in matches else pd.Series(default, index=matches.index, dtype=object)

    direct = pd.Series(1.0, index=matches.index)
    need_unit = take("need_unit", None).astype(object).where(lambda told: told.notna(), matches["unit"])
    fills = take("fills_per_t", None)
    if "fills_per_t" not in matches:
        fills = direct.where(matches["unit"].astype(object) == need_unit, None)
    amount = matches["exchange_best"].astype("Float64")
    per_tonne = economics["vehicle_km_per_year"].astype("Float64") / amount.where(amount > 0)
    pairs = pd.DataFrame(
        {
            "offer": matches["offer_stream_id"],
            "need": matches["need_stream_id"],
            "via": take("via_stream_id", None).astype("string"),
            "yield_best": fills.astype("Float64"),
            "distance_km": matches["distance_km"].astype("Float64"),
            "hierarchy_rank": take("hierarchy_rank", None).astype("Float64"),
            "vehicle_km_per_t": per_tonne,
            "unit": matches["unit"].astype(object).where(matches["unit"].notna(), ""),
        }
    )
    for name in dict.fromkeys([*_PER_UNIT.values(), "transport_kg_co2e_per_t"]):
        if name not in pairs and name in economics:
            pairs[name] = economics[name].astype("Float64")
    return pairs.set_index(pd.Index(matches["match_id"].astype(str), name="match_id"))


def _find_shared(pairs: pd.DataFrame) -> tuple[str, ...]:
    takers = [
        set(pairs.loc[pairs["unit"] == unit, "need"]) | set(pairs.loc[pairs["unit"] == unit, "via"].dropna())
        for unit in UNITS
    ]
    return tuple(sorted(str(name) for name in takers[0] & takers[1]))


def _list_takers(amounts: pd.Series, names: pd.Series, *, column: str = "demand_t") -> pd.DataFrame:
    wanted = sorted(set(names.astype(str)))
    return pd.DataFrame({"stream_id": wanted, column: amounts.reindex(wanted).to_numpy(dtype=np.float64)})


def _expand_facilities(limits: AllocationLimits, streams: pd.DataFrame) -> AllocationLimits:
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


def _choose_limits(limits: AllocationLimits, streams: pd.DataFrame, unit: str) -> AllocationLimits:
    """Return the limits that hold for one unit; ids that are no stream stay with the tonnes, to be told."""
    units = streams["unit"].to_dict()

    def of_unit(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if (units.get(name, TONNES) == ENERGY) == (unit == ENERGY))

    chosen = replace(limits, must_place=of_unit(limits.must_place), must_meet=of_unit(limits.must_meet))
    if unit == TONNES:
        return chosen
    return replace(
        chosen, min_kept_t=None, min_placed_share=None, max_vehicle_km=None, max_transport_kg_co2e=None
    )


def _tabulate_flows(
    matches: pd.DataFrame, pairs: pd.DataFrame, allocations: Mapping[str, Allocation]
) -> pd.DataFrame:
    carried = pd.concat(
        [found.flows[["pair", "tonnes", "delivered"]] for found in allocations.values()], ignore_index=True
    )
    place = pairs.index.get_indexer(pd.Index(carried["pair"].astype(object)))
    rows = matches.iloc[place].reset_index(drop=True)
    flows = rows.reindex(columns=list(FLOW_COLUMNS))
    flows["amount"], flows["delivered"] = carried["tonnes"], carried["delivered"]
    if "need_unit" not in matches:
        flows["need_unit"] = flows["unit"]
    own = pairs.iloc[place].reset_index(drop=True)
    for name, per_unit in _PER_UNIT.items():
        flows[name] = own[per_unit] * carried["tonnes"] if per_unit in own else pd.NA
    if "operation" not in matches:
        flows["operation"] = pd.NA
    numbers = [name for name in FLOW_COLUMNS if name not in _TEXTS]
    kinds = dict.fromkeys(_TEXTS, "string") | dict.fromkeys(numbers, "Float64")
    return (
        flows.astype(kinds)
        .sort_values(["unit", "amount", "match_id"], ascending=[False, False, True])
        .reset_index(drop=True)
    )


def _tabulate_left(
    streams: pd.DataFrame, pairs: pd.DataFrame, allocations: Mapping[str, Allocation]
) -> pd.DataFrame:
    parts = [found.unallocated.assign(unit=unit) for unit, found in allocations.items()]
    offers = streams[streams["direction"] == "offer"]
    odd = offers[~offers["unit"].isin(list(allocations))]
    parts.append(
        pd.DataFrame(
            {"offer": odd.index, "tonnes": odd["amount"].to_numpy(), "unit": odd["unit"].to_numpy()}
        ).assign(reason=UNIT_UNKNOWN)
    )
    left = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    of = streams.reindex(left["offer"].astype(object))
    left = left.rename(columns={"offer": "offer_stream_id", "tonnes": "amount", "pair": "match_id"})
    for name in ("facility_id", "material", "treatment"):
        left[name] = pd.array(of[name].to_numpy(dtype=object), dtype="string")
    first = [
        "offer_stream_id",
        "facility_id",
        "material",
        "treatment",
        "unit",
        "amount",
        "reason",
        "match_id",
    ]
    left = left.reindex(columns=[*first, *(name for name in left.columns if name not in first)])
    left["amount"] = left["amount"].astype("Float64")
    return left.astype(
        {"unit": "string", "reason": "string", "match_id": "string", "offer_stream_id": "string"}
    )


def _tabulate_prices(streams: pd.DataFrame, allocations: Mapping[str, Allocation], goal: str) -> pd.DataFrame:
    prices = _join({unit: found.prices for unit, found in allocations.items()})
    of = streams.reindex(prices["id"].astype(object))
    for name in ("facility_id", "material"):
        prices[name] = pd.array(of[name].to_numpy(dtype=object), dtype="string")
    per = prices["kind"].map({"max_vehicle_km": "km", "max_transport_kg_co2e": "kg CO2e"})
    own_unit = pd.Series(of["unit"].to_numpy(dtype=object), index=prices.index)
    # A price is per unit of the row's own amount: a need may be in another unit than the offer.
    per = per.astype(object).where(per.notna(), own_unit.where(own_unit.notna(), prices["unit"]))
    goal_units = prices["unit"].map({unit: goal_unit(goal, unit) for unit in allocations}).astype(str)
    prices["price_unit"] = (goal_units + "/" + per.astype(str)).astype("string")
    return prices


def _join(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    parts = [table.assign(unit=unit) for unit, table in tables.items()]
    filled = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(filled, ignore_index=True)


def _balance(streams: pd.DataFrame, flows: pd.DataFrame) -> pd.DataFrame:
    offers = streams[streams["direction"] == "offer"]
    supply = offers.groupby(["unit", "material"])["amount"].agg(
        supply="sum", offers="size", unknown_offers=lambda amounts: int(amounts.isna().sum())
    )
    carried = flows.astype({"unit": object, "material": object}).groupby(["unit", "material"])["amount"].sum()
    balance = supply.assign(placed=carried.astype(float).reindex(supply.index).fillna(0.0))
    balance["unallocated"] = balance["supply"] - balance["placed"]
    balance = balance.reset_index()
    order: npt.NDArray[np.intp] = np.lexsort((balance["material"], -balance["supply"], balance["unit"]))
    columns = ["unit", "material", "supply", "placed", "unallocated", "offers", "unknown_offers"]
    return pd.DataFrame(balance.iloc[order][columns].reset_index(drop=True))


def _sum_totals(flows: pd.DataFrame, allocations: Mapping[str, Allocation], goal: str) -> pd.DataFrame:
    records: list[tuple[str, str, float]] = []
    for unit, found in allocations.items():
        for name in ("supply", "placed", "unallocated"):
            records.append((name, unit, found.totals[f"{name}_t"]))
    tonnes = flows[flows["unit"] == TONNES]
    records.append(("kept", TONNES, _sum_known(tonnes["kept"])))
    records.append(("tonne_km", "t km", _sum_known(tonnes["amount"] * tonnes["distance_km"])))
    records.append(("vehicle_km", "km", _sum_known(tonnes["vehicle_km"])))
    for name in TOTALS:
        records.append((name, "NOK" if "nok" in name else "kg CO2e", _sum_known(flows[name])))
    records.append(("matches_used", "", float(len(flows))))
    return pd.DataFrame(records, columns=["name", "unit", "value"])


def _sum_known(values: pd.Series) -> float:
    """Return the sum, NaN where one of them is unknown: what lacks a figure is not nothing."""
    return float(values.to_numpy(dtype=np.float64, na_value=np.nan).sum())
