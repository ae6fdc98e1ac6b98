"""What must hold for any plan: mass is kept, row order is nothing, more room is never worse, prices hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from geodata.allocation import AllocationLimits, allocate
from geodata.allocationmodel import build_problem

OFFERS, NEEDS, VIAS = "abcd", "wxyz", "uv"
amounts = st.integers(0, 40).map(lambda n: n / 2)


@st.composite
def regions(draw, least=0):
    """Return pairs, offers, needs and capacities with whole numbers and halves, so that ties are frequent."""
    rows = []
    for offer in OFFERS:
        for need in NEEDS:
            for via in (None, *VIAS):
                if draw(st.integers(0, 3)):
                    continue
                rows.append(
                    {
                        "offer": offer,
                        "need": need,
                        "via": via,
                        "yield_best": draw(st.sampled_from([1.0, 0.5, 2.0])),
                        "distance_km": draw(st.integers(0, 20)) * 5.0,
                        "hierarchy_rank": draw(st.integers(1, 6)),
                        "net_nok_per_t": draw(st.none() | st.integers(-20, 60).map(lambda n: n * 10.0)),
                        "net_kg_co2e_per_t": draw(st.integers(-20, 60)) * 1.0,
                        "kept_t_per_t": draw(st.sampled_from([0.0, 0.5, 1.0])),
                    }
                )
    columns = [
        "offer",
        "need",
        "via",
        "yield_best",
        "distance_km",
        "hierarchy_rank",
        "net_nok_per_t",
        "net_kg_co2e_per_t",
        "kept_t_per_t",
    ]
    pairs = pd.DataFrame(rows, columns=columns)
    sides = []
    for names, column in ((OFFERS, "supply_t"), (NEEDS, "demand_t"), (VIAS, "capacity_t")):
        sides.append(
            pd.DataFrame({"stream_id": list(names), column: [draw(amounts) + least for _name in names]})
        )
    return pairs, *sides


limits = st.builds(
    AllocationLimits,
    max_km=st.none() | st.integers(10, 100).map(float),
    worst_hierarchy_rank=st.none() | st.integers(1, 6).map(float),
    min_placed_share=st.none() | st.sampled_from([0.1, 0.3, 0.6]),
    min_kept_t=st.none() | st.integers(1, 20).map(float),
    must_place=st.sampled_from([(), (), ("a",), ("a", "b")]),
    must_meet=st.sampled_from([(), (), ("w",)]),
)
goals = st.sampled_from(["net", "carbon", "kept"])


def solve(region, goal, limit=None, **options):
    pairs, offers, needs, capacities = region
    return allocate(pairs, offers, needs, capacities=capacities, goal=goal, limits=limit, **options)


@settings(max_examples=40)
@given(regions(), goals, limits)
def test_the_plan_is_what_a_plain_solver_finds_and_keeps_every_limit(region, goal, limit):
    pairs, offers, needs, capacities = region
    problem = build_problem(pairs, offers, needs, capacities=capacities, goal=goal, limits=limit)
    found = solve(region, goal, limit)
    if len(problem.gain):
        plain = linprog(-problem.gain, A_ub=problem.matrix.toarray(), b_ub=problem.bound, method="highs")
        possible, best = plain.status == 0, -plain.fun if plain.status == 0 else None
    else:
        possible, best = bool((problem.bound >= 0).all()), 0.0
    assert found.status == ("optimal" if possible else "infeasible")
    if not possible:
        assert len(found.conflicts)
        return
    assert abs(found.totals["goal"] - best) <= 1e-7 * max(1.0, abs(best))
    carried = found.flows.groupby("offer")["tonnes"].sum()
    supply = offers.set_index("stream_id")["supply_t"]
    left = found.unallocated.set_index("offer")["tonnes"]
    for name in OFFERS:
        assert abs(supply[name] - carried.get(name, 0.0) - left.get(name, 0.0)) < 1e-6
    arriving = found.flows.groupby("need")["delivered"].sum()
    assert (arriving <= needs.set_index("stream_id")["demand_t"].reindex(arriving.index) + 1e-6).all()
    passing = found.flows.dropna(subset="via").groupby("via")["tonnes"].sum()
    assert (passing <= capacities.set_index("stream_id")["capacity_t"].reindex(passing.index) + 1e-6).all()


@settings(max_examples=12)
@given(regions(), goals, st.integers(0, 2**20))
def test_the_order_of_rows_changes_nothing(region, goal, seed):
    found = solve(region, goal)
    mixed = solve([frame.sample(frac=1, random_state=seed) for frame in region], goal)
    for name, value in found.totals.items():
        np.testing.assert_allclose(mixed.totals[name], value, rtol=1e-9, atol=1e-9)
    keys = ["offer", "need", "via", "tonnes"]
    order = ["offer", "need", "via", "tonnes"]
    pd.testing.assert_frame_equal(
        found.flows[keys].sort_values(order).reset_index(drop=True),
        mixed.flows[keys].sort_values(order).reset_index(drop=True),
    )


@settings(max_examples=12)
@given(regions(), goals, st.sampled_from([1, 2, 3]), st.integers(0, 1), st.integers(1, 30))
def test_more_room_is_never_worse(region, goal, table, row, more):
    found = solve(region, goal)
    wider = [frame.copy() for frame in region]
    wider[table].iloc[row, 1] += more
    assert solve(wider, goal).totals["goal"] >= found.totals["goal"] - 1e-9 * max(1, found.totals["goal"])


@settings(max_examples=10)
@given(regions(least=0.5), goals, st.data())
def test_a_price_is_the_difference_that_one_more_or_less_makes(region, goal, data):
    found = solve(region, goal, solve_again=50)
    rows = found.prices[found.prices["kind"].isin(["supply", "demand", "capacity"])]
    row = rows.iloc[data.draw(st.integers(0, len(rows) - 1))]
    tables = {"supply": 1, "demand": 2, "capacity": 3}

    def best_at(amount):
        moved = [frame.copy() for frame in region]
        frame = moved[tables[row["kind"]]]
        frame.iloc[frame.index[frame["stream_id"] == row["id"]][0], 1] = amount
        return solve(moved, goal, solve_again=0).totals["goal"]

    low, high = float(row["holds_from"]), min(float(row["holds_to"]), float(row["amount"]) + 100)
    for end in (low, high, (low + float(row["amount"])) / 2):
        expected = found.totals["goal"] + float(row["price"]) * (end - float(row["amount"]))
        assert abs(best_at(end) - expected) <= 1e-6 * max(1.0, abs(expected))
    small = 1e-4
    for name, sign in (("price_more", 1), ("price_less", -1)):
        if pd.notna(row[name]):
            difference = sign * (best_at(float(row["amount"]) + sign * small) - found.totals["goal"]) / small
            assert abs(difference - float(row[name])) <= 1e-3 * max(1.0, abs(float(row[name])))
