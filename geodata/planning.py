"""From a scenario's matches and their prices to a plan of the region.

What lorries carry (tonnes), water by pipe (m3) and energy (MWh) are three problems with a balance each,
solved in this order; a need that two of them could meet leaves the later one what the earlier left of it
(`Plan.shared_needs`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from geodata.allocation import Allocation, AllocationLimits, allocate
from geodata.codetables import WasteCodes
from geodata.errors import AllocationError
from geodata.flows import TONNES
from geodata.planstreams import (
    UNITS,
    choose_limits,
    expand_facilities,
    find_contested,
    list_takers,
    make_pairs,
    read_streams,
)
from geodata.plantables import (
    BASIS_PARTS,
    FLOW_COLUMNS,
    goal_unit,
    part_by_basis,
    sum_by_basis,
    sum_totals,
    tabulate_balance,
    tabulate_conflicts,
    tabulate_flows,
    tabulate_left,
    tabulate_prices,
)
from geodata.results import ScenarioResult

__all__ = [
    "BASIS_PARTS",
    "FLOW_COLUMNS",
    "UNITS",
    "Plan",
    "goal_unit",
    "plan_scenario",
    "summarise_destinations",
]


@dataclass(frozen=True, eq=False)
class Plan:
    """One plan of a region.

    Attributes
    ----------
    allocations : unit (``t``, ``MWh``) -> what was solved, with its proof.
    flows : :data:`FLOW_COLUMNS`.
    unallocated : `offer_stream_id`, `facility_id`, `material`, `treatment`, `unit`, `amount`, `basis`,
        `reason` and the figures of :data:`geodata.allocationleft.UNALLOCATED_COLUMNS`; `match_id` the match
        that would come next.
    prices : :data:`geodata.allocationprices.PRICE_COLUMNS` with `unit`, `facility_id`, `material`,
        `basis` (of the stream whose amount it is) and `price_unit`.
    balance : per `unit` and `material`: `supply`, `placed`, `unallocated` (supply = placed + unallocated) and
        `unknown_offers` whose amount nobody has told; `supply_modelled` and so on: the parts of each that
        rest on one of :data:`geodata.plantables.BASIS_PARTS`.
    totals : `name`, `unit`, `value`, and its parts by :data:`geodata.plantables.BASIS_PARTS`; NaN where a
        used match has no figure.
    bases : :data:`geodata.plantables.BASIS_COLUMNS`: how much rests on reported, modelled and illustrative
        figures.
    conflicts : `unit`, :data:`geodata.allocationconflicts.CONFLICT_COLUMNS`, and `basis` of the amount where
        a limit is of one stream.
    shared_needs : needs that an earlier part took some of and a later part would have paid for: these are
        decided first come, and the parts together are then not proved best.
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
    bases: pd.DataFrame
    conflicts: pd.DataFrame
    shared_needs: tuple[str, ...]
    receivers: Mapping[str, str]

    @property
    def status(self) -> str:
        """``optimal``: proved as a whole; ``proved_apart``: each part proved, but needs were decided first
        come (`shared_needs`); else the worst of ``infeasible`` and ``not_proved``."""
        found = [allocation.status for allocation in self.allocations.values()]
        worst = next((name for name in ("infeasible", "not_proved") if name in found), None)
        return worst or ("proved_apart" if self.shared_needs else "optimal")


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
    goal : ``net``, ``carbon`` or ``kept``. For MWh and water, kept means put to use.
    limits : ids in `must_place` and `must_meet` may be streams, or facilities (all their offers or needs).
        Reach, hierarchy and what must be done hold for every part; the other limits are of tonnes.
    codes : densities, so that cubic metres of streams without a match count as tonnes as well, water by pipe
        is told apart, and no tonnes go where the need asks for something narrower than what is offered.

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
    streams = read_streams(result, codes)
    limits = expand_facilities(limits, streams)
    every = make_pairs(matches, economics, streams, codes=codes)
    pairs = every[every["covered"]]
    allocations: dict[str, Allocation] = {}
    demand = streams["amount"].copy()
    used = pd.Series(0.0, index=demand.index)
    shared: list[str] = []
    for unit in UNITS:
        offers = streams[(streams["direction"] == "offer") & (streams["part"] == unit)]
        own = pairs[pairs["unit"] == unit]
        if unit != TONNES and not len(offers):
            continue
        found = allocate(
            own if unit == TONNES else _count_use(own),
            pd.DataFrame({"stream_id": offers.index, "supply_t": offers["amount"].to_numpy()}),
            list_takers(demand, own["need"]),
            capacities=list_takers(demand, own["via"].dropna(), column="capacity_t"),
            goal=goal,
            limits=choose_limits(limits, streams, unit),
        )
        allocations[unit] = found
        shared += find_contested(own, used, found, unit)
        taken = found.flows.groupby("need")["delivered"].sum()
        taken = taken.add(found.flows.groupby("via")["tonnes"].sum(), fill_value=0.0)
        used = used.add(taken.astype(float), fill_value=0.0)
        demand = demand.sub(taken.astype(float), fill_value=0.0).reindex(demand.index).clip(lower=0.0)
    flows = tabulate_flows(matches, every, allocations)
    return Plan(
        goal=goal,
        limits=limits,
        allocations=allocations,
        flows=flows,
        unallocated=tabulate_left(streams, every, allocations, goal),
        prices=tabulate_prices(streams, allocations, goal),
        balance=tabulate_balance(streams, flows),
        totals=sum_totals(streams, flows, allocations),
        bases=sum_by_basis(streams, flows),
        conflicts=tabulate_conflicts(streams, allocations),
        shared_needs=tuple(sorted(set(shared))),
        receivers=dict(
            zip(
                result.tables.facilities["facility_id"].astype(str),
                result.tables.facilities["actor_type"].astype(str),
                strict=True,
            )
        ),
    )


def _count_use(pairs: pd.DataFrame) -> pd.DataFrame:
    """Count what is put to use as kept: water and energy fill no landfill."""
    kept = pairs["kept_t_per_t"]
    return pairs.assign(kept_t_per_t=kept.mask(kept.notna(), 1.0))


def summarise_destinations(plan: Plan) -> pd.DataFrame:
    """Return what goes where as links of a Sankey diagram, tonnes and MWh apart.

    Returns
    -------
    `unit`, `from_level`, `from_key`, `to_level`, `to_key`, `amount`, and its parts by
    :data:`geodata.plantables.BASIS_PARTS`. Levels: `material` -> `way` (the
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
    parted = frame[[*keys, "amount"]].join(part_by_basis(frame["amount"], frame["basis"]))
    sums = parted.groupby(keys, dropna=False, sort=True).sum().reset_index()
    return pd.DataFrame(
        {
            "unit": sums["unit"].astype("string"),
            "from_level": tail[0],
            "from_key": sums[tail[1]].astype("string"),
            "to_level": head[0],
            "to_key": sums[head[1]].astype("string"),
            "amount": sums["amount"].astype("Float64"),
        }
        | {name: sums[name].astype("Float64") for name in BASIS_PARTS}
    )
