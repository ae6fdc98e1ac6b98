"""From matches and their prices to a plan and back: balances, units apart, what the reader is told."""

from __future__ import annotations

from typing import Any, cast

import pandas as pd
import pytest

from geodata.allocation import AllocationLimits
from geodata.errors import AllocationError
from geodata.planning import plan_scenario, summarise_destinations
from geodata.results import ScenarioResult
from tests.unit.scenes import give, make_codes, make_tables, take

PLACES = {name: (10 + k / 10, 63.0) for k, name in enumerate("abcdef")}


def make_result(rows=(), matches=None):
    streams = [
        give("wood-1", "a", amount_best=100, unit="t", eal_code="170201", treatment="R1"),
        give("wood-2", "b", amount_best=40, unit="m3", treatment="D1"),
        give("wood-3", "c", amount_best=None, unit="t"),
        give("glass-1", "a", material="glass", amount_best=7, unit="t"),
        give("heat-1", "b", material="heat", amount_best=500, unit="MWh"),
        give("odd-1", "c", material="glass", amount_best=9, unit="m3"),
        take("board", "d", amount_best=60, unit="t"),
        take("boiler", "e", material="heat", amount_best=300, unit="MWh"),
        take("mill", "f", amount_best=50, unit="t"),
        *rows,
    ]
    frame = pd.DataFrame(
        matches
        or [
            # offer, need, via, unit, need unit, fills, exchange, km, hierarchy, rank
            ("wood-1", "board", None, "t", "t", 1.0, 60, 30, "recycling", 2),
            ("wood-1", "boiler", None, "t", "MWh", 4.0, 75, 20, "energy", 5),
            ("wood-2", "board", "mill", "t", "t", 0.5, 10, 50, "recycling", 2),
            ("wood-3", "board", None, "t", "t", 1.0, None, 5, "recycling", 2),
            ("heat-1", "boiler", None, "MWh", "MWh", 1.0, 300, 1, "reuse", 1),
        ],
        columns=[
            "offer_stream_id",
            "need_stream_id",
            "via_stream_id",
            "unit",
            "need_unit",
            "fills_per_t",
            "exchange_best",
            "distance_km",
            "hierarchy",
            "hierarchy_rank",
        ],
    )
    homes = {row["stream_id"]: row["facility_id"] for row in streams}
    materials = {row["stream_id"]: row.get("material", "wood") for row in streams}
    frame = frame.assign(
        match_id=[f"m{k}" for k in range(len(frame))],
        from_facility_id=frame["offer_stream_id"].map(homes),
        to_facility_id=frame["need_stream_id"].map(homes),
        via_facility_id=frame["via_stream_id"].map(homes),
        material=frame["offer_stream_id"].map(materials),
        need_material=frame["need_stream_id"].map(materials),
        operation=frame["hierarchy"].map({"recycling": "R3", "energy": "R1"}),
    )
    for name in ("offer", "need"):
        amounts = {row["stream_id"]: row["amount_best"] for row in streams}
        frame[f"{name}_amount"] = pd.array(frame[f"{name}_stream_id"].map(amounts), dtype="Float64")
    # 40 m3 of wood at 0.25 t/m3.
    frame.loc[frame["offer_stream_id"] == "wood-2", "offer_amount"] = 10.0
    nothing = cast(Any, None)
    return ScenarioResult(
        make_tables(PLACES, streams), nothing, nothing, frame, nothing, nothing, nothing, nothing, nothing
    )


def make_prices(result, net=(300.0, 100.0, 200.0, 500.0, 50.0)):
    count = len(result.matches)
    frame = pd.DataFrame({"net_nok_per_t": list(net)[:count]}, index=result.matches.index)
    exchange = result.matches["exchange_best"].astype("Float64")
    return frame.assign(
        net_low_nok_per_t=frame["net_nok_per_t"] - 10,
        net_high_nok_per_t=frame["net_nok_per_t"] + 10,
        net_kg_co2e_per_t=20.0,
        net_kg_co2e_per_t_low=10.0,
        net_kg_co2e_per_t_high=30.0,
        kept_t_per_t=1.0,
        transport_kg_co2e_per_t=2.0,
        vehicle_km_per_year=exchange * result.matches["distance_km"] / 10,
        emission_basis="WTW",
    )


@pytest.fixture
def plan():
    result = make_result()
    return plan_scenario(result, make_prices(result), codes=make_codes())


def read_total(plan, name, unit=None):
    rows = plan.totals[plan.totals["name"] == name]
    return rows[rows["unit"] == unit]["value"].item() if unit else rows["value"].item()


def test_tonnes_and_heat_are_planned_apart_and_a_shared_need_is_told(plan):
    # Tonnes: board takes 60 of wood-1 (300); 40 are left, the boiler takes 4 MWh of each: 160 of its 300.
    # A tonne of wood-2 gains 200 and takes half a tonne of room at the board mill; that sends half a tonne of
    # wood-1 to the boiler at a loss of 100. So all 10 t of wood-2 go there, and wood-1 has 55 of the 60 left.
    flows = plan.flows.set_index("match_id")["amount"]
    assert flows.to_dict() == pytest.approx({"m0": 55, "m1": 45, "m2": 10, "m4": 120})
    assert plan.status == "proved_apart"  # the boiler would pay 50 for more heat, had the wood not come first
    assert plan.shared_needs == ("boiler",)
    assert read_total(plan, "net_nok") == pytest.approx(55 * 300 + 45 * 100 + 10 * 200 + 120 * 50)
    assert read_total(plan, "placed", "t") == 110
    assert read_total(plan, "placed", "MWh") == 120


def test_what_each_material_has_is_placed_or_left(plan):
    balance = plan.balance.set_index(["unit", "material"])
    assert (balance["supply"] == balance["placed"] + balance["unallocated"]).all()
    assert balance.loc[("t", "wood"), "supply"] == 110
    assert balance.loc[("t", "wood"), "unknown_offers"] == 1
    assert balance.loc[("MWh", "heat"), "unallocated"] == 380


def test_what_stays_has_its_reason(plan):
    left = plan.unallocated.set_index("offer_stream_id")
    assert left["reason"].to_dict() == {
        "wood-3": "supply_unknown",
        "glass-1": "no_candidate",
        "heat-1": "demand_full",
        "odd-1": "unit_unknown",
    }
    assert left.loc["heat-1", "blocked_by"] == "boiler"
    assert left.loc["heat-1", "match_id"] == "m4"


def test_prices_say_whose_they_are_and_in_what(plan):
    prices = plan.prices.set_index(["unit", "id"])
    assert prices.loc[("t", "board"), "price_unit"] == "NOK/t"
    assert prices.loc[("MWh", "boiler"), "price_unit"] == "NOK/MWh"
    assert prices.loc[("t", "board"), "facility_id"] == "d"
    # One more tonne of room at the board mill moves a tonne of wood-1 there from the boiler.
    assert prices.loc[("t", "board"), "price"] == pytest.approx(200)


def test_links_lose_nothing_between_material_and_treatment(plan):
    links = summarise_destinations(plan)
    for unit in ("t", "MWh"):
        own = links[links["unit"] == unit]
        supply = plan.balance[plan.balance["unit"] == unit]["supply"].sum()
        assert own[own["from_level"] == "material"]["amount"].sum() == pytest.approx(supply)
        assert own[own["to_level"] == "treatment"]["amount"].sum() == pytest.approx(supply)
        into = own[own["to_level"] == "way"].groupby("to_key")["amount"].sum()
        out = own[own["from_level"] == "way"].groupby("from_key")["amount"].sum()
        assert into.to_dict() == pytest.approx(out.to_dict())
    wood = links[(links["from_key"] == "wood") & (links["to_key"] == "recycling")]
    assert wood["amount"].tolist() == pytest.approx([65])


def test_a_facility_may_stand_for_its_offers_and_limits_of_tonnes_leave_heat_alone():
    result = make_result()
    limits = AllocationLimits(must_place=("a",), max_vehicle_km=1e6, min_placed_share=0.1)
    found = plan_scenario(result, make_prices(result), limits=limits, codes=make_codes())
    assert found.status == "infeasible"  # nobody takes the glass of a
    assert set(found.conflicts["kind"]) == {"must_place"}
    assert found.conflicts["id"].tolist() == ["glass-1"]
    assert found.allocations["MWh"].status == "optimal"
    found = plan_scenario(
        result, make_prices(result), limits=AllocationLimits(must_place=("heat-1",)), codes=make_codes()
    )
    assert found.allocations["t"].status == "optimal"
    assert found.allocations["MWh"].status == "infeasible"


def test_prices_of_other_matches_are_refused():
    result = make_result()
    with pytest.raises(AllocationError, match="prices_mismatch"):
        plan_scenario(result, make_prices(result).iloc[:2])


def test_without_prices_nothing_is_placed_and_that_is_said():
    result = make_result()
    prices = make_prices(result).assign(net_nok_per_t=pd.NA)
    found = plan_scenario(result, prices)
    assert found.flows.empty
    assert found.unallocated.set_index("offer_stream_id").loc["wood-1", "reason"] == "unpriced"


def test_a_region_without_matches_has_a_plan_of_nothing():
    result = make_result()
    few = ScenarioResult(
        result.tables, *[cast(Any, None)] * 2, result.matches.iloc[:0], *[cast(Any, None)] * 5
    )
    found = plan_scenario(few, make_prices(few))
    assert found.flows.empty
    assert found.status == "optimal"
    assert set(found.unallocated["reason"]) <= {"no_candidate", "unit_unknown"}
    assert len(summarise_destinations(found))
