"""The plan: small cases by hand and by every corner, proofs that fail when they should, named conflicts."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from geodata.allocation import AllocationLimits, allocate
from geodata.allocationmodel import build_problem
from geodata.allocationproof import prove_infeasible, prove_plan
from geodata.allocationsolver import Master, solve_problem
from geodata.errors import AllocationError

PAIRS = ("offer", "need", "via", "yield_best", "distance_km", "hierarchy_rank", "net_nok_per_t")


def make_pairs(*rows):
    frame = pd.DataFrame([dict(zip(PAIRS, row, strict=True)) for row in rows], columns=list(PAIRS))
    return frame.assign(kept_t_per_t=1.0, net_kg_co2e_per_t=100.0 - frame["distance_km"].astype(float))


def make_amounts(column, **amounts):
    return pd.DataFrame({"stream_id": list(amounts), column: list(amounts.values())})


def make_region():
    pairs = make_pairs(
        ("a", "x", None, 1.0, 10, 1, 300.0),
        ("a", "y", None, 1.0, 40, 2, 200.0),
        ("b", "x", None, 1.0, 20, 1, 280.0),
        ("b", "y", "v", 0.5, 60, 2, 100.0),
        ("c", "y", None, 1.0, 30, 5, -20.0),
    )
    return pairs, make_amounts("supply_t", a=10, b=8, c=5), make_amounts("demand_t", x=12, y=6)


def plan(limits=None, goal="net", capacity=3, **changes):
    pairs, offers, needs = make_region()
    return allocate(
        changes.get("pairs", pairs),
        changes.get("offers", offers),
        changes.get("needs", needs),
        capacities=make_amounts("capacity_t", v=capacity),
        goal=goal,
        limits=limits,
    )


def try_every_corner(problem):
    """Return the best sum over all corners of the set of plans: every choice of tight limits is solved."""
    rows = np.vstack([problem.matrix.toarray(), -np.eye(len(problem.gain))])
    bound = np.concatenate([problem.bound, np.zeros(len(problem.gain))])
    best = -np.inf
    for chosen in combinations(range(len(rows)), len(problem.gain)):
        square = rows[list(chosen)]
        if abs(np.linalg.det(square)) < 1e-9:
            continue
        corner = np.linalg.solve(square, bound[list(chosen)])
        if (rows @ corner <= bound + 1e-9).all():
            best = max(best, float(problem.gain @ corner))
    return best


def test_the_plan_of_a_small_region_is_the_one_worked_out_by_hand():
    # A tonne of a moved from x to y loses 100 and frees x for one of b: 280. So a fills y (6 at 200), the
    # rest of a (4 at 300) and all of b (8 at 280) fill x: 1200 + 1200 + 2240 = 4640.
    found = plan()
    assert found.status == "optimal"
    assert found.totals["goal"] == pytest.approx(4640)
    flows = found.flows.set_index(["offer", "need"])["tonnes"]
    assert flows.to_dict() == pytest.approx({("a", "x"): 4, ("a", "y"): 6, ("b", "x"): 8})
    assert found.totals["supply_t"] == found.totals["placed_t"] + found.totals["unallocated_t"]


@pytest.mark.parametrize("goal", ["net", "carbon", "kept"])
@pytest.mark.parametrize("seed", range(8))
def test_no_corner_of_the_set_of_plans_is_better(seed, goal):
    random = np.random.default_rng(seed)
    rows = [
        (o, n, random.choice(["v", None]), random.choice([0.5, 1.0]), int(random.integers(1, 90)), 2, v)
        for o, n, v in zip("aabbc", "xyxzy", random.integers(-50, 300, 5).astype(float), strict=True)
    ]
    offers = make_amounts("supply_t", **dict(zip("abc", random.integers(0, 12, 3).tolist(), strict=True)))
    needs = make_amounts("demand_t", **dict(zip("xyz", random.integers(0, 12, 3).tolist(), strict=True)))
    capacities = make_amounts("capacity_t", v=int(random.integers(0, 9)))
    limits = AllocationLimits(max_km=float(random.integers(40, 120)))
    pairs = make_pairs(*rows)
    problem = build_problem(pairs, offers, needs, capacities=capacities, goal=goal, limits=limits)
    found = allocate(pairs, offers, needs, capacities=capacities, goal=goal, limits=limits)
    assert found.status == "optimal"
    assert found.totals["goal"] == pytest.approx(try_every_corner(problem), abs=1e-9)


def test_what_is_required_is_done_even_at_a_loss_and_its_price_is_below_zero():
    found = plan(AllocationLimits(must_place=("c",)))
    assert found.status == "optimal"
    assert found.flows.set_index("offer").loc["c", "tonnes"] == 5
    # c takes 5 of y's 6 at -20: -100. x: all 10 of a (3000) and 2 of b (560); the last of y: 2 of b by way of
    # v, halved (200). Moving one of a from x to y would lose 100 and those 200 and gain 280.
    price = found.prices.set_index(["kind", "id"]).loc[("must_place", "c"), "price"]
    assert price < 0
    assert found.totals["goal"] == pytest.approx(3660)


def test_reach_and_hierarchy_close_pairs_and_say_so():
    found = plan(AllocationLimits(max_km=15))
    assert found.flows["offer"].tolist() == ["a"]
    reasons = found.unallocated.set_index("offer")
    assert reasons.loc["b", "reason"] == "beyond_reach"
    assert reasons.loc["b", "nearest_km"] == 20
    found = plan(AllocationLimits(worst_hierarchy_rank=1))
    assert found.unallocated.set_index("offer").loc["c", "reason"] == "below_hierarchy"


def test_every_tonne_left_has_its_reason():
    pairs, offers, _needs = make_region()
    offers = pd.concat([offers, make_amounts("supply_t", alone=4, blind=None, priceless=2)])
    offers.loc[offers["stream_id"] == "a", "supply_t"] = 100
    more = make_pairs(("blind", "x", None, 1.0, 5, 1, 10.0), ("priceless", "x", None, 1.0, 5, 1, None))
    found = plan(pairs=pd.concat([pairs, more], ignore_index=True), offers=offers)
    reasons = found.unallocated.set_index("offer")
    assert reasons["reason"].to_dict() == {
        "a": "demand_full",
        "alone": "no_candidate",
        "b": "demand_full",
        "blind": "supply_unknown",
        "c": "not_worth",
        "priceless": "unpriced",
    }
    assert reasons.loc["c", "best_per_t"] == -20
    assert reasons.loc["a", "blocked_by"] in ("x", "y")
    assert reasons.loc["a", "price"] >= 200
    assert pd.isna(reasons.loc["blind", "tonnes"])


def test_a_full_intermediary_is_named_with_its_price():
    pairs = make_pairs(("a", "x", "v", 0.5, 10, 2, 90.0))
    found = allocate(
        pairs,
        make_amounts("supply_t", a=10),
        make_amounts("demand_t", x=100),
        capacities=make_amounts("capacity_t", v=4),
    )
    left = found.unallocated.iloc[0]
    assert (left["reason"], left["blocked_by"], left["price"], left["tonnes"]) == (
        "capacity_full",
        "v",
        90,
        6,
    )
    price = found.prices.set_index("kind").loc["capacity"]
    assert (price["price"], price["holds_from"], price["holds_to"]) == (90, 0, 10)


def test_a_stream_that_is_need_and_intermediary_has_one_gate():
    pairs = make_pairs(("a", "v", None, 1.0, 10, 2, 50.0), ("b", "x", "v", 1.0, 10, 2, 90.0))
    found = allocate(
        pairs,
        make_amounts("supply_t", a=10, b=7),
        make_amounts("demand_t", x=100, v=9),
        capacities=make_amounts("capacity_t", v=9),
    )
    assert found.flows.set_index("offer")["tonnes"].to_dict() == {"a": 2, "b": 7}


def test_kilometres_driven_are_limited_and_priced():
    pairs, _offers, _needs = make_region()
    pairs = pairs.assign(vehicle_km_per_t=pairs["distance_km"] / 10)
    found = plan(AllocationLimits(max_vehicle_km=10), pairs=pairs)
    assert found.status == "optimal"
    used = found.flows.merge(pairs, left_on="pair", right_index=True)
    assert (used["tonnes"] * used["vehicle_km_per_t"]).sum() == pytest.approx(10)
    # The dearest way per kilometre of those used is a to x: 300 a kilometre.
    assert found.prices.set_index("kind").loc["max_vehicle_km", "price"] == pytest.approx(300)
    assert "limit_reached" in found.unallocated["reason"].tolist()


def test_prices_at_a_kink_differ_for_more_and_less():
    # Supply and demand are both 5: one more of either alone is worth nothing, one less costs 30.
    found = allocate(
        make_pairs(("a", "x", None, 1.0, 10, 1, 30.0)),
        make_amounts("supply_t", a=5),
        make_amounts("demand_t", x=5),
    )
    prices = found.prices.set_index("kind")
    priced = prices[prices["price"] > 0]
    assert priced["degenerate"].all()
    assert (priced["price_more"] == 0).all()
    assert (priced["price_less"] == 30).all()


def test_a_plan_or_prices_that_are_wrong_are_no_proof():
    pairs, offers, needs = make_region()
    problem = build_problem(
        pairs,
        offers,
        needs,
        capacities=make_amounts("capacity_t", v=3),
        goal="net",
        limits=AllocationLimits(),
    )
    solution, _master = solve_problem(problem)
    assert prove_plan(problem, solution.tonnes, solution.prices).status == "optimal"
    assert prove_plan(problem, solution.tonnes * 0.999, solution.prices).status == "not_proved"
    assert prove_plan(problem, solution.tonnes * 1.001, solution.prices).status == "not_proved"
    assert prove_plan(problem, solution.tonnes, solution.prices * 0.999).status == "not_proved"
    assert prove_plan(problem, solution.tonnes, solution.prices * 1.001).status == "not_proved"
    wrong = prove_plan(problem, solution.tonnes, solution.prices * 0.5)
    # Prices that undercut pairs are lifted: the bound they give is still one.
    assert wrong.dual >= wrong.primal
    assert prove_infeasible(problem, solution.prices).status == "not_proved"


def test_columns_the_solver_never_saw_are_judged_too():
    random = np.random.default_rng(3)
    names = [f"{n:03}" for n in range(90)]
    rows = [
        (f"o{o}", f"n{n}", None, 1.0, int(random.integers(1, 99)), 2, float(random.integers(-100, 900)))
        for o in names
        for n in names
    ]
    offers = make_amounts("supply_t", **{f"o{n}": int(random.integers(1, 50)) for n in names})
    needs = make_amounts("demand_t", **{f"n{n}": int(random.integers(1, 50)) for n in names})
    found = allocate(make_pairs(*rows), offers, needs)
    assert found.status == "optimal"
    assert found.proof.pairs == 8100
    assert found.proof.solver_pairs < found.proof.pairs


def test_a_master_that_lacks_columns_is_found_out():
    pairs, offers, needs = make_region()
    problem = build_problem(
        pairs,
        offers,
        needs,
        capacities=make_amounts("capacity_t", v=3),
        goal="net",
        limits=AllocationLimits(),
    )
    allowed = np.ones(len(problem.gain), bool)
    allowed[int(np.argmax(problem.gain))] = False
    master = Master(problem, allowed=allowed)
    prices = master.solve()
    assert prove_plan(problem, master.read_tonnes(), prices).status == "not_proved"


@pytest.mark.parametrize(
    ("limits", "kinds"),
    [
        ({"must_place": ("a",), "max_km": 5.0}, {"must_place", "max_km"}),
        ({"must_place": ("c",), "worst_hierarchy_rank": 4}, {"must_place", "worst_hierarchy_rank"}),
        ({"must_meet": ("x", "y"), "max_km": 25.0}, {"must_meet", "max_km"}),
        ({"min_placed_share": 1.0}, {"min_placed_share", "demand"}),
        ({"min_kept_t": 18.0, "must_place": ("b",), "max_km": 35.0}, None),
        ({"min_kept_t": 1e6}, None),
    ],
)
def test_conflicts_are_named_and_none_of_them_is_idle(limits, kinds):
    chosen = AllocationLimits(**limits)
    found = plan(chosen, capacity=0)
    assert found.status == "infeasible"
    assert len(found.conflicts)
    if kinds is not None:
        assert kinds <= set(found.conflicts["kind"])
    check_irreducible(chosen, found.conflicts)


def check_irreducible(limits, conflicts):
    """With the set alone no plan exists; without any one of it there is one."""
    members = list(zip(conflicts["kind"], conflicts["id"].fillna(""), strict=True))
    assert not is_possible(limits, members)
    for member in members:
        assert is_possible(limits, [other for other in members if other != member]), member


def is_possible(limits, members):
    """Whether a plan keeps only these members: everything else is lifted, amounts by a million tonnes."""
    pairs, offers, needs = make_region()
    capacities = make_amounts("capacity_t", v=0)
    for frame, column, kind in ((offers, "supply_t", "supply"), (needs, "demand_t", "demand")):
        lifted = [(kind, name) not in members and (kind, "") not in members for name in frame["stream_id"]]
        frame[column] = frame[column].astype(float).mask(lifted, 1e9)
    if ("capacity", "v") not in members:
        capacities["capacity_t"] = 1e9
    named = {kind for kind, _name in members}
    kept = {
        name: getattr(limits, name)
        for name in ("max_km", "worst_hierarchy_rank", "min_kept_t", "max_vehicle_km")
        if name in named
    }
    # What has to be placed is an amount: it stays what it was when the supply behind it is lifted.
    probe = AllocationLimits(**kept)
    problem = build_problem(pairs, offers, needs, capacities=capacities, goal="kept", limits=probe)
    matrix, bound = problem.matrix.toarray(), list(problem.bound)
    rows = [matrix]
    real_offers, real_needs = make_region()[1:]
    for kind, name in members:
        if kind == "must_place":
            rows.append(-(problem.offers[problem.offer] == name).astype(float)[None, :])
            bound.append(-float(real_offers.set_index("stream_id").loc[name, "supply_t"]))
        if kind == "must_meet":
            need = np.flatnonzero(problem.needs == name)[0]
            rows.append(-matrix[len(problem.offers) + need][None, :])
            bound.append(-float(real_needs.set_index("stream_id").loc[name, "demand_t"]))
        if kind == "min_placed_share":
            rows.append(-np.ones((1, len(problem.gain))))
            bound.append(-limits.min_placed_share * real_offers["supply_t"].sum())
    if not len(problem.gain):
        return min(bound) >= 0
    done = linprog(np.zeros(len(problem.gain)), A_ub=np.vstack(rows), b_ub=bound, method="highs")
    return done.status == 0


def test_a_conflict_says_by_how_much_each_would_have_to_give_way():
    found = plan(AllocationLimits(must_place=("a",), max_km=5.0), capacity=0)
    conflicts = found.conflicts.set_index("kind")
    assert conflicts.loc["must_place", "gives_way_by"] == 10
    assert conflicts.loc["max_km", "would_do"] == 10
    again = plan(AllocationLimits(must_place=("a",), max_km=10.0), capacity=0)
    assert again.status == "optimal"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda p, o, n: (p.drop(columns="offer"), o, n), "allocation.column_missing"),
        (lambda p, o, n: (p.drop(columns="net_nok_per_t"), o, n), "allocation.column_missing"),
        (lambda p, o, n: (p.assign(offer=None), o, n), "allocation.value_missing"),
        (lambda p, o, n: (p.assign(need="nowhere"), o, n), "allocation.unknown_id"),
        (lambda p, o, n: (p.assign(via="nowhere"), o, n), "allocation.unknown_id"),
        (lambda p, o, n: (p.assign(net_nok_per_t=np.inf), o, n), "allocation.number"),
        (lambda p, o, n: (p.assign(distance_km=-1.0), o, n), "allocation.number"),
        (lambda p, o, n: (p.assign(yield_best="much"), o, n), "allocation.not_numbers"),
        (lambda p, o, n: (p.set_index(np.zeros(len(p), int)), o, n), "allocation.duplicate_id"),
        (lambda p, o, n: (p, pd.concat([o, o]), n), "allocation.duplicate_id"),
        (lambda p, o, n: (p, o.assign(supply_t=-1.0), n), "allocation.number"),
        (lambda p, o, n: (p, o, n.drop(columns="demand_t")), "allocation.column_missing"),
    ],
)
def test_input_that_cannot_be_used_is_refused_with_its_reason(change, code):
    pairs, offers, needs = change(*make_region())
    with pytest.raises(AllocationError) as refused:
        allocate(pairs, offers, needs, capacities=make_amounts("capacity_t", v=3))
    assert refused.value.code == code


@pytest.mark.parametrize(
    "limits",
    [{"max_km": -1}, {"min_placed_share": 1.1}, {"worst_hierarchy_rank": 0}, {"max_km": float("nan")}],
)
def test_limits_outside_their_range_are_refused(limits):
    with pytest.raises(AllocationError) as refused:
        AllocationLimits(**limits)
    assert refused.value.code == "allocation.limit_range"


def test_goals_and_required_streams_must_exist():
    with pytest.raises(AllocationError, match="goal"):
        plan(goal="beauty")
    with pytest.raises(AllocationError, match="unknown_id"):
        plan(AllocationLimits(must_place=("nobody",)))
    _pairs, offers, _needs = make_region()
    with pytest.raises(AllocationError, match="must_unknown"):
        plan(AllocationLimits(must_place=("a",)), offers=offers.assign(supply_t=[None, 1.0, 1.0]))


def test_nothing_at_all_is_a_plan_of_nothing():
    pairs, offers, needs = make_region()
    for found in (
        plan(pairs=pairs.iloc[:0]),
        allocate(pairs.iloc[:0], offers.iloc[:0], needs.iloc[:0]),
        plan(pairs=pairs.assign(net_nok_per_t=-1.0)),
    ):
        assert found.status == "optimal"
        assert found.totals["goal"] == 0
        assert found.flows.empty


def test_among_equal_plans_the_shortest_ways_are_taken():
    pairs = make_pairs(("a", "x", None, 1.0, 50, 1, 10.0), ("a", "y", None, 1.0, 20, 1, 10.0))
    found = allocate(pairs, make_amounts("supply_t", a=5), make_amounts("demand_t", x=9, y=9))
    assert found.flows["need"].tolist() == ["y"]
    kept = allocate(
        replace_net(pairs, [90.0, 10.0]),
        make_amounts("supply_t", a=5),
        make_amounts("demand_t", x=9, y=9),
        goal="kept",
    )
    assert kept.flows["need"].tolist() == ["x"]


def replace_net(pairs, values):
    return pairs.assign(net_nok_per_t=values)


def test_a_proof_is_frozen():
    found = plan()
    with pytest.raises(AttributeError):
        found.proof.status = "optimal"  # type: ignore[misc]
    assert replace(found.proof, status="not_proved").status == "not_proved"
