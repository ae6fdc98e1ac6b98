"""A plan's tables: flows, what stays and why, prices, balance, totals, and on what it all rests."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.allocation import Allocation
from geodata.allocationmodel import GOAL_UNITS
from geodata.flows import TONNES
from geodata.planstreams import PER_UNIT, UNITS, UNKNOWN_BASIS
from geodata.schemas import BASES

UNIT_UNKNOWN = "unit_unknown"
"""Reason of an offer whose amount is in a unit that is neither tonnes nor MWh (or that is not told)."""
COMPOSITION_UNKNOWN = "composition_unknown"
"""Reason of an offer whose matches are all with needs of a narrower or a related material."""
AS_TODAY = "as_today"
"""Reason of an offer whose best match would do to it what is done to it today."""
KEPT_AS_TODAY = "kept_as_today"
"""Reason of an offer of which no match keeps more from final treatment than is kept today."""

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
    "basis",
)
"""One row a match that carries anything: `amount` in `unit` of the offered stream a year, `delivered` in
`need_unit`, money and emissions of that amount a year, `kept` the part of it that is kept from final
treatment; `basis` the weakest of what the amounts rest on."""
_TEXTS = (*FLOW_COLUMNS[:15], "offer_treatment", "unit", "need_unit", "emission_basis", "basis")
MONEY_AND_CARBON = (
    "net_nok",
    "net_nok_low",
    "net_nok_high",
    "net_kg_co2e",
    "net_kg_co2e_low",
    "net_kg_co2e_high",
)
BASIS_COLUMNS = ("unit", "basis", "supply", "matches", "placed", *MONEY_AND_CARBON)
BASIS_PARTS = (*BASES, UNKNOWN_BASIS)
"""What a sum is parted by: a column each, that add up to it. What is offered or stays goes by what the
offer's own amount rests on; what is placed by the weakest of all that take part in the match."""


def goal_unit(goal: str, unit: str) -> str:
    """Return what a goal is counted in: NOK, kg CO2e, or the unit of what is planned."""
    return unit if goal == "kept" else GOAL_UNITS[goal]


def tabulate_flows(
    matches: pd.DataFrame, pairs: pd.DataFrame, allocations: Mapping[str, Allocation]
) -> pd.DataFrame:
    """Return :data:`FLOW_COLUMNS` of all parts."""
    carried = pd.concat(
        [found.flows[["pair", "tonnes", "delivered"]] for found in allocations.values()], ignore_index=True
    )
    place = pairs.index.get_indexer(pd.Index(carried["pair"].astype(object)))
    rows = matches.iloc[place].reset_index(drop=True)
    flows = rows.reindex(columns=list(FLOW_COLUMNS))
    flows["amount"], flows["delivered"] = carried["tonnes"], carried["delivered"]
    own = pairs.iloc[place].reset_index(drop=True)
    for name in ("unit", "need_unit", "basis"):
        flows[name] = own[name]
    for name, per_unit in PER_UNIT.items():
        flows[name] = own[per_unit] * carried["tonnes"] if per_unit in own else pd.NA
    if "operation" not in matches:
        flows["operation"] = pd.NA
    numbers = [name for name in FLOW_COLUMNS if name not in _TEXTS]
    kinds = dict.fromkeys(_TEXTS, "string") | dict.fromkeys(numbers, "Float64")
    return (
        flows.astype(kinds)
        .sort_values(
            ["unit", "amount", "match_id"],
            ascending=[True, False, True],
            key=lambda column: column.map(UNITS.index) if column.name == "unit" else column,
        )
        .reset_index(drop=True)
    )


def tabulate_left(
    streams: pd.DataFrame, pairs: pd.DataFrame, allocations: Mapping[str, Allocation], goal: str
) -> pd.DataFrame:
    """Return what stays of each offer and why, with the owner, what is done to it today and what its amount
    rests on.

    Parameters
    ----------
    pairs : all of them, the ones that a plan puts nothing on as well.
    """
    parts = [found.unallocated.assign(unit=unit) for unit, found in allocations.items()]
    offers = streams[streams["direction"] == "offer"]
    odd = offers[~offers["part"].isin(list(allocations))]
    parts.append(
        pd.DataFrame(
            {"offer": odd.index, "tonnes": odd["amount"].to_numpy(), "unit": odd["unit"].to_numpy()}
        ).assign(reason=UNIT_UNKNOWN)
    )
    left = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    left["reason"] = _refine_reasons(left, pairs, goal)
    of = streams.reindex(left["offer"].astype(object))
    left = left.rename(columns={"offer": "offer_stream_id", "tonnes": "amount", "pair": "match_id"})
    for name in ("facility_id", "material", "treatment", "basis"):
        left[name] = pd.array(of[name].to_numpy(dtype=object), dtype="string")
    first = [
        "offer_stream_id",
        "facility_id",
        "material",
        "treatment",
        "unit",
        "amount",
        "basis",
        "reason",
        "match_id",
    ]
    left = left.reindex(columns=[*first, *(name for name in left.columns if name not in first)])
    left["amount"] = left["amount"].astype("Float64")
    return left.astype(
        {"unit": "string", "reason": "string", "match_id": "string", "offer_stream_id": "string"}
    )


def _refine_reasons(left: pd.DataFrame, pairs: pd.DataFrame, goal: str) -> pd.Series:
    """Return the reasons with those told apart that only the match knows."""
    reason = left["reason"].astype(object)
    loose = set(pairs.loc[~pairs["covered"], "offer"].astype(str))
    reason = reason.mask(
        (reason == "no_candidate") & left["offer"].astype(str).isin(loose), COMPOSITION_UNKNOWN
    )
    if "pair" not in left:
        return reason
    idle = reason == "not_worth"
    if goal == "kept":
        return reason.mask(idle, KEPT_AS_TODAY)
    today = left["pair"].map(pairs["as_today"]).astype("boolean").fillna(False).astype(bool)
    return reason.mask(idle & today, AS_TODAY)


def tabulate_prices(streams: pd.DataFrame, allocations: Mapping[str, Allocation], goal: str) -> pd.DataFrame:
    """Return the prices of all parts: whose they are, on what the amount rests, what they are per."""
    prices = join_parts({unit: found.prices for unit, found in allocations.items()})
    of = streams.reindex(prices["id"].astype(object))
    for name in ("facility_id", "material", "basis"):
        prices[name] = pd.array(of[name].to_numpy(dtype=object), dtype="string")
    per = prices["kind"].map({"max_vehicle_km": "km", "max_transport_kg_co2e": "kg CO2e"})
    own_unit = pd.Series(of["unit"].to_numpy(dtype=object), index=prices.index)
    # A price is per unit of the row's own amount: a need may be in another unit than the offer.
    per = per.astype(object).where(per.notna(), own_unit.where(own_unit.notna(), prices["unit"]))
    goal_units = prices["unit"].map({unit: goal_unit(goal, unit) for unit in allocations}).astype(str)
    prices["price_unit"] = (goal_units + "/" + per.astype(str)).astype("string")
    return prices


def join_parts(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the tables of all parts as one, with `unit`."""
    parts = [table.assign(unit=unit) for unit, table in tables.items()]
    filled = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(filled, ignore_index=True)


def tabulate_conflicts(streams: pd.DataFrame, allocations: Mapping[str, Allocation]) -> pd.DataFrame:
    """Return the limits of all parts that cannot be kept together; where one is of a single stream, `basis`
    says what its amount rests on."""
    conflicts = join_parts({unit: found.conflicts for unit, found in allocations.items()})
    of = streams.reindex(conflicts["id"].astype(object))
    return conflicts.assign(basis=pd.array(of["basis"].to_numpy(dtype=object), dtype="string"))


def part_by_basis(amounts: pd.Series, basis: pd.Series) -> pd.DataFrame:
    """Return `amounts` parted by :data:`BASIS_PARTS`: a column each, 0 where the row rests on another."""
    told = basis.astype(object).where(basis.isin(BASES), UNKNOWN_BASIS).to_numpy()
    values = amounts.to_numpy(dtype=np.float64, na_value=np.nan)
    return pd.DataFrame(
        {name: np.where(told == name, values, 0.0) for name in BASIS_PARTS}, index=amounts.index
    )


def tabulate_balance(streams: pd.DataFrame, flows: pd.DataFrame) -> pd.DataFrame:
    """Return supply, what is placed and what stays, by unit and material; each parted by
    :data:`BASIS_PARTS` (`supply_modelled` and so on)."""
    keys = ["unit", "material"]
    offers = streams[streams["direction"] == "offer"]
    supply = offers.groupby(keys)["amount"].agg(
        supply="sum", offers="size", unknown_offers=lambda amounts: int(amounts.isna().sum())
    )
    carried = flows.astype({"unit": object, "material": object})
    placed = carried.groupby(keys)["amount"].sum()
    balance = supply.assign(placed=placed.astype(float).reindex(supply.index).fillna(0.0))
    balance["unallocated"] = balance["supply"] - balance["placed"]

    def add_up(amounts: pd.Series, basis: pd.Series, of: pd.DataFrame) -> pd.DataFrame:
        sums = part_by_basis(amounts, basis).groupby([of[name] for name in keys]).sum()
        return sums.reindex(supply.index).fillna(0.0)

    offered = add_up(offers["amount"], offers["basis"], offers)
    parts = {
        "supply": offered,
        "placed": add_up(carried["amount"], carried["basis"], carried),
        "unallocated": offered - add_up(carried["amount"], find_offer_basis(streams, carried), carried),
    }
    for name, sums in parts.items():
        balance = balance.join(sums.add_prefix(f"{name}_"))
    balance = balance.reset_index()
    order: npt.NDArray[np.intp] = np.lexsort((balance["material"], -balance["supply"], balance["unit"]))
    columns = [*keys, "supply", "placed", "unallocated", "offers", "unknown_offers"]
    columns += [f"{name}_{basis}" for name in parts for basis in BASIS_PARTS]
    return pd.DataFrame(balance.iloc[order][columns].reset_index(drop=True))


def find_offer_basis(streams: pd.DataFrame, flows: pd.DataFrame) -> pd.Series:
    """Return what the offered amount of each flow rests on, whatever the other side does."""
    return flows["offer_stream_id"].astype(object).map(streams["basis"])


def sum_totals(
    streams: pd.DataFrame, flows: pd.DataFrame, allocations: Mapping[str, Allocation]
) -> pd.DataFrame:
    """Return the totals: `name`, `unit`, `value`, and the parts of it by :data:`BASIS_PARTS`."""
    records: list[dict[str, object]] = []

    def tell(name: str, unit: str, value: float, parts: pd.Series | dict[str, float]) -> None:
        records.append({"name": name, "unit": unit, "value": value} | {of: parts[of] for of in BASIS_PARTS})

    for unit, found in allocations.items():
        offers = streams[(streams["direction"] == "offer") & (streams["part"] == unit)]
        own = flows[flows["unit"] == unit]
        offered = part_by_basis(offers["amount"], offers["basis"]).sum()
        stays = offered - part_by_basis(own["amount"], find_offer_basis(streams, own)).sum()
        parted = {"supply": offered, "placed": part_by_basis(own["amount"], own["basis"]).sum()}
        for name, parts in (parted | {"unallocated": stays}).items():
            tell(name, unit, found.totals[f"{name}_t"], parts)
    tonnes = flows[flows["unit"] == TONNES]
    sums = [
        ("kept", TONNES, tonnes["kept"]),
        ("tonne_km", "t km", tonnes["amount"] * tonnes["distance_km"]),
        ("vehicle_km", "km", tonnes["vehicle_km"]),
        *((name, "NOK" if "nok" in name else "kg CO2e", flows[name]) for name in MONEY_AND_CARBON),
        ("matches_used", "", pd.Series(1.0, index=flows.index)),
    ]
    for name, unit, values in sums:
        shares = part_by_basis(values, flows["basis"].reindex(values.index))
        tell(name, unit, _sum_known(values), {basis: _sum_known(shares[basis]) for basis in BASIS_PARTS})
    return pd.DataFrame(records, columns=["name", "unit", "value", *BASIS_PARTS])


def sum_by_basis(streams: pd.DataFrame, flows: pd.DataFrame) -> pd.DataFrame:
    """Return on what the plan rests: :data:`BASIS_COLUMNS`, one row for each unit and basis there is.

    `supply` goes by what the offer's own amount rests on; what is placed and gained by the weakest of all
    that take part in the match, so that nothing modelled passes for reported.
    """
    offers = streams[(streams["direction"] == "offer") & (streams["part"] != "")]
    keys = ["unit", "basis"]
    supply = offers.groupby(keys)["amount"].sum().rename("supply")
    carried = flows[[*keys, "amount", *MONEY_AND_CARBON]].astype(dict.fromkeys(keys, object))
    carried[list(MONEY_AND_CARBON)] = carried[list(MONEY_AND_CARBON)].astype("float64")
    sums = carried.groupby(keys).agg(
        matches=("amount", "size"),
        placed=("amount", "sum"),
        **{name: (name, lambda values: float(values.to_numpy().sum())) for name in MONEY_AND_CARBON},
    )
    table = pd.concat([supply, sums], axis=1).reset_index()
    idle = table["matches"].isna()  # nothing placed gains nothing; NaN where something is and a figure lacks
    for name in ("supply", "matches", "placed", *MONEY_AND_CARBON):
        table[name] = (
            table[name].astype("float64").mask(idle if name != "supply" else table[name].isna(), 0.0)
        )
    order = {name: place for place, name in enumerate((*UNITS, *BASES))}
    table = table.sort_values(keys, key=lambda column: column.map(lambda name: order.get(name, len(order))))
    return table[list(BASIS_COLUMNS)].reset_index(drop=True)


def _sum_known(values: pd.Series) -> float:
    """Return the sum, NaN where one of them is unknown: what lacks a figure is not nothing."""
    return float(values.to_numpy(dtype=np.float64, na_value=np.nan).sum())
