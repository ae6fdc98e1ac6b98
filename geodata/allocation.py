"""Which tonnes go where: the best plan over all pairs at once, with its proof, its prices and its limits.

One kind of unit at a time: tonnes, or MWh in a problem of their own; where the text says tonnes, read the
unit of the problem.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geodata.allocationconflicts import CONFLICT_COLUMNS, find_conflicts
from geodata.allocationleft import UNALLOCATED_COLUMNS, explain_unallocated
from geodata.allocationmodel import AllocationLimits, Floats, Problem, build_problem
from geodata.allocationprices import PRICE_COLUMNS, tabulate_prices
from geodata.allocationproof import Proof, prove_infeasible, prove_plan
from geodata.allocationsolver import break_ties, find_scale, solve_problem

__all__ = ["Allocation", "AllocationLimits", "Proof", "allocate"]

FLOW_COLUMNS = ("pair", "offer", "need", "via", "tonnes", "delivered")
_NOTHING = 1e-9


@dataclass(frozen=True, eq=False)
class Allocation:
    """The best plan, or why there is none.

    Attributes
    ----------
    goal : ``net``, ``carbon`` or ``kept``.
    flows : one row a pair that carries anything: `pair` (index of the pairs), `offer`, `need`, `via`,
        `tonnes` of the offered stream a year, `delivered` (of the product).
    totals : ``supply_t``, ``placed_t``, ``unallocated_t``, ``delivered_t``, ``tonne_km``, ``net_nok``,
        ``net_kg_co2e``, ``kept_t``, ``goal``; NaN where a pair that is used has no figure. Where there is no
        plan nothing is placed.
    proof : worked out anew from tonnes and prices.
    prices : :data:`~geodata.allocationprices.PRICE_COLUMNS`.
    unallocated : :data:`~geodata.allocationleft.UNALLOCATED_COLUMNS`; `pair` an index of the pairs.
    conflicts : :data:`~geodata.allocationconflicts.CONFLICT_COLUMNS`; empty where a plan exists.
    """

    goal: str
    flows: pd.DataFrame
    totals: Mapping[str, float]
    proof: Proof
    prices: pd.DataFrame
    unallocated: pd.DataFrame
    conflicts: pd.DataFrame

    @property
    def status(self) -> str:
        """``optimal``, ``infeasible`` or ``not_proved``."""
        return self.proof.status


def allocate(
    pairs: pd.DataFrame,
    offers: pd.DataFrame,
    needs: pd.DataFrame,
    *,
    capacities: pd.DataFrame | None = None,
    goal: str = "net",
    limits: AllocationLimits | None = None,
    solve_again: int = 10,
) -> Allocation:
    """Return the plan that gains most in `goal` while every supply, demand, capacity and limit is kept.

    Parameters
    ----------
    pairs : `offer`, `need`, `via` (stream ids; <NA>: no intermediary), `yield_best` (product per tonne),
        `distance_km`, `hierarchy_rank` (1 best), `net_nok_per_t`, `net_kg_co2e_per_t` (saved),
        `kept_t_per_t`, all per tonne of the offered stream; with their limits `vehicle_km_per_t` and
        `transport_kg_co2e_per_t`. Of the goals' columns only the asked one must be there. A pair whose figure
        is <NA> carries nothing and is told as unpriced.
    offers : `stream_id`, `supply_t` a year. needs : `stream_id`, `demand_t` (of the product).
    capacities : `stream_id` of the intermediaries' accepting streams, `capacity_t` (taken in). A stream that
        is a need as well has one gate for both. An amount that is <NA> is unknown: nothing is placed there.
    goal : ``net`` (NOK), ``carbon`` (kg CO2e saved) or ``kept`` (tonnes kept from final treatment). Among
        plans that are equally good the one with the largest net is taken where another goal is asked for and
        every pair is priced, else the one with the fewest tonne-kilometres; what is equal even so follows the
        sorted ids, never the order of rows.
    solve_again : how many of the dearest prices with an unclear side are worked out by solving anew.

    Raises
    ------
    AllocationError
        ``allocation.goal``, ``.column_missing``, ``.value_missing``, ``.not_numbers``, ``.number``,
        ``.duplicate_id``, ``.unknown_id``, ``.must_unknown``.
    """
    limits = limits or AllocationLimits()
    problem = build_problem(pairs, offers, needs, capacities=capacities, goal=goal, limits=limits)
    solution, master = solve_problem(problem)
    seen = {"solver_pairs": solution.columns, "rounds": solution.rounds}
    if not solution.feasible:
        whole = build_problem(
            pairs, offers, needs, capacities=capacities, goal=goal, limits=limits, keep_closed=True
        )
        return Allocation(
            goal,
            _tabulate_flows(problem, pairs, np.zeros(len(problem.gain))),
            _sum_up(problem, pairs, np.zeros(len(problem.gain))),
            prove_infeasible(problem, solution.prices, **seen),
            _no_rows(PRICE_COLUMNS),
            _no_rows(UNALLOCATED_COLUMNS),
            find_conflicts(whole, solution.prices, limits=limits),
        )
    tonnes, proof = solution.tonnes, prove_plan(problem, solution.tonnes, solution.prices, **seen)
    even = break_ties(problem, solution)
    if even is not tonnes:
        checked = prove_plan(problem, even, solution.prices, **seen)
        # A choice among best plans must be one of them; if rounding spoilt it, the first one stands.
        if checked.status == "optimal":
            tonnes, proof = even, checked
    tonnes = np.where(tonnes > _NOTHING * find_scale(problem.bound), tonnes, 0.0)
    unallocated = explain_unallocated(
        problem,
        tonnes,
        solution.prices,
        km=_read_known(pairs, "distance_km"),
        rank=_read_known(pairs, "hierarchy_rank"),
    )
    position = unallocated["pair"]
    unallocated["pair"] = pd.Series(
        [None if pd.isna(place) else pairs.index[int(place)] for place in position], dtype=object
    )
    return Allocation(
        goal,
        _tabulate_flows(problem, pairs, tonnes),
        _sum_up(problem, pairs, tonnes),
        proof,
        tabulate_prices(problem, solution, master, tonnes=tonnes, solve_again=solve_again),
        unallocated,
        _no_rows(CONFLICT_COLUMNS),
    )


def _tabulate_flows(problem: Problem, pairs: pd.DataFrame, tonnes: Floats) -> pd.DataFrame:
    used = np.flatnonzero(tonnes > 0)
    place = problem.pair[used]
    yields = _read_known(pairs, "yield_best")[place]
    via = pairs["via"].iloc[place].to_numpy(dtype=object) if "via" in pairs else np.full(len(place), None)
    frame = pd.DataFrame(
        {
            "pair": pairs.index[place],
            "offer": problem.offers[problem.offer[used]],
            "need": problem.needs[problem.need[used]],
            "via": pd.array([None if pd.isna(name) else str(name) for name in via], dtype="string"),
            "tonnes": tonnes[used],
            "delivered": tonnes[used] * yields,
        }
    )
    return frame.astype({"offer": "string", "need": "string", "tonnes": "Float64", "delivered": "Float64"})


def _sum_up(problem: Problem, pairs: pd.DataFrame, tonnes: Floats) -> dict[str, float]:
    used = np.flatnonzero(tonnes > 0)
    place, carried = problem.pair[used], tonnes[used]

    def add(column: str) -> float:
        return float(carried @ _read_known(pairs, column)[place])

    supply, placed = float(np.nansum(problem.supply)), float(carried.sum())
    return {
        "supply_t": supply,
        "placed_t": placed,
        "unallocated_t": supply - placed,
        "delivered_t": add("yield_best"),
        "tonne_km": add("distance_km"),
        "net_nok": add("net_nok_per_t"),
        "net_kg_co2e": add("net_kg_co2e_per_t"),
        "kept_t": add("kept_t_per_t"),
        "goal": float(problem.gain[used] @ carried),
    }


def _read_known(pairs: pd.DataFrame, column: str) -> Floats:
    if column not in pairs:
        return np.full(len(pairs), np.nan)
    return np.asarray(pairs[column].to_numpy(dtype=np.float64, na_value=np.nan))


def _no_rows(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
