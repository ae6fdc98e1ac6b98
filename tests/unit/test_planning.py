"""From matches and their prices to a plan and back: balances, units apart, what the reader is told."""

from __future__ import annotations

from typing import Any, cast

import pandas as pd
import pytest

from geodata.allocation import AllocationLimits
from geodata.errors import AllocationError
from geodata.planning import BASIS_PARTS, plan_scenario, summarise_destinations
from geodata.results import ScenarioResult
from loaders.codes import read_waste_codes
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


def make_small(streams, rows):
    """Return a scenario of few matches: (offer, need, what differs); real materials."""
    homes = {row["stream_id"]: row["facility_id"] for row in streams}
    of = {row["stream_id"]: row for row in streams}
    plain = {
        "via_stream_id": None,
        "via_facility_id": None,
        "unit": "t",
        "need_unit": "t",
        "route": "same_stream",
    }
    plain |= {"fills_per_t": 1.0, "distance_km": 10.0, "hierarchy": "recycling", "hierarchy_rank": 2}
    plain |= {"operation": "R4", "basis": "reported", "shared_digits": 0}
    frame = pd.DataFrame(
        [
            plain
            | {
                "match_id": f"m{k}",
                "offer_stream_id": offer,
                "need_stream_id": need,
                "from_facility_id": homes[offer],
                "to_facility_id": homes[need],
                "material": of[offer]["material"],
                "need_material": of[need]["material"],
                "exchange_best": 1.0,
            }
            | other
            for k, (offer, need, other) in enumerate(rows)
        ]
    )
    nothing = cast(Any, None)
    return ScenarioResult(
        make_tables(PLACES, streams), nothing, nothing, frame, nothing, nothing, nothing, nothing, nothing
    )


SCRAP = [
    give("scrap", "a", material="metal", amount_best=8000, unit="t"),
    give("wire", "b", material="copper_cable", amount_best=30, unit="t", basis="modelled"),
    take("cables", "c", material="copper_cable", amount_best=9000, unit="t"),
    take("yard", "d", material="metal", amount_best=9000, unit="t"),
]


def plan_small(result, goal="net", **columns):
    prices = make_prices(result, net=(500.0,) * 9)
    return plan_scenario(result, prices.assign(**columns), goal=goal, codes=read_waste_codes())


def test_mixed_scrap_is_not_planned_into_a_need_for_cables():
    result = make_small(SCRAP, [("scrap", "cables", {}), ("wire", "cables", {}), ("wire", "yard", {})])
    plan = plan_small(result)
    assert plan.flows["offer_stream_id"].unique().tolist() == ["wire"]  # a cable is metal, metal is no cable
    left = plan.unallocated.set_index("offer_stream_id")
    assert left.loc["scrap", "reason"] == "composition_unknown"
    assert left.loc["scrap", "amount"] == 8000
    # Where the same six digits stand on both sides, the wider word is only a word.
    told = make_small(SCRAP, [("scrap", "cables", {"shared_digits": 6})])
    assert plan_small(told).flows["amount"].tolist() == [8000]


def test_what_is_done_already_is_told_as_that():
    result = make_small(SCRAP, [("scrap", "yard", {})])
    plan = plan_small(result, net_nok_per_t=-45.0, as_today=True)
    assert plan.flows.empty
    assert plan.unallocated.set_index("offer_stream_id").loc["scrap", "reason"] == "as_today"
    plan = plan_small(result, goal="kept", kept_t_per_t=0.0, net_nok_per_t=-45.0)
    assert plan.unallocated.set_index("offer_stream_id").loc["scrap", "reason"] == "kept_as_today"


def test_what_is_modelled_never_passes_for_reported():
    rows = [("scrap", "yard", {}), ("wire", "cables", {"basis": "modelled"})]
    plan = plan_small(make_small(SCRAP, rows))
    bases = plan.bases.set_index(["unit", "basis"])
    assert bases["supply"].to_dict() == {("t", "reported"): 8000, ("t", "modelled"): 30}
    assert bases["placed"].to_dict() == {("t", "reported"): 8000, ("t", "modelled"): 30}
    assert bases.loc[("t", "modelled"), "net_nok"] == 30 * 500
    assert bases["net_nok"].sum() == pytest.approx(read_total(plan, "net_nok"))
    assert bases["net_nok_low"].sum() == pytest.approx(read_total(plan, "net_nok_low"))
    assert set(plan.flows["basis"]) == {"reported", "modelled"}


def test_water_by_pipe_and_gas_stand_apart_from_what_lorries_carry():
    streams = [
        give("hot", "a", material="hot_water", amount_best=13_000_000, unit="m3"),
        give("raw", "b", material="biogas", amount_best=1_000_000, unit="m3"),
        give("methane", "c", material="biomethane", amount_best=1_000_000, unit="m3"),
        give("soil", "d", material="clean_soil", amount_best=100, unit="t"),
        take("pool", "e", material="hot_water", amount_best=2_000, unit="m3"),
        take("district", "f", material="heat", amount_best=9_000, unit="MWh"),
    ]
    # A cubic metre is no MWh, whatever a use would make of it: how warm it is nobody has told.
    rows = [("hot", "pool", {}), ("hot", "district", {"need_unit": "MWh", "route": "use"})]
    plan = plan_small(make_small(streams, rows))
    assert len(plan.flows) == 1
    assert len(plan_small(make_small(streams, rows), goal="kept").flows) == 1
    supply = plan.totals[plan.totals["name"] == "supply"].set_index("unit")["value"]
    # Raw biogas 6.2 kWh, biomethane 9.7 kWh a normal cubic metre.
    assert supply.to_dict() == pytest.approx({"t": 100, "m3": 13_000_000, "MWh": 6200 + 9700})
    flow = plan.flows.iloc[0]
    assert (flow["unit"], flow["need_unit"], flow["amount"]) == ("m3", "m3", pytest.approx(2000))
    # 500 NOK a tonne, 0.98 t a cubic metre
    assert flow["net_nok"] == pytest.approx(2000 * 0.98 * 500)
    assert read_total(plan, "kept") == 0
    assert plan.status == "optimal"


def test_no_need_is_contested_where_a_later_part_would_not_pay_for_more():
    rows = [
        ("wood-1", "boiler", None, "t", "MWh", 4.0, 75, 20, "energy", 5),
        ("heat-1", "boiler", None, "MWh", "MWh", 1.0, 300, 1, "reuse", 1),
    ]
    result = make_result(matches=rows)
    # All wood goes to the boiler, 100 t x 4 MWh fill its 300; heat would lose there.
    plan = plan_scenario(result, make_prices(result, net=(100.0, -5.0)), codes=make_codes())
    assert (plan.status, plan.shared_needs) == ("optimal", ())
    plan = plan_scenario(result, make_prices(result, net=(100.0, 5.0)), codes=make_codes())
    assert (plan.status, plan.shared_needs) == ("proved_apart", ("boiler",))


def test_every_sum_of_a_plan_is_parted_by_what_it_rests_on():
    rows = [("scrap", "yard", {"basis": "modelled"}), ("wire", "cables", {"basis": "modelled"})]
    streams = [*SCRAP, give("odd", "e", material="metal", amount_best=5, unit="t", basis="illustrative")]
    plan = plan_small(make_small(streams, rows))
    assert plan.unallocated.set_index("offer_stream_id")["basis"].to_dict() == {"odd": "illustrative"}
    assert plan.prices.set_index("id")["basis"].dropna().to_dict() == {
        "scrap": "reported",
        "wire": "modelled",
        "odd": "illustrative",
        "cables": "reported",
        "yard": "reported",
    }
    totals = plan.totals.set_index(["name", "unit"])
    assert totals[[*BASIS_PARTS]].sum(axis=1).to_list() == pytest.approx(totals["value"].to_list())
    # The scrap's own amount is reported, but its match rests on something modelled.
    assert totals.loc[("supply", "t"), [*BASIS_PARTS]].to_list() == [8000, 0, 30, 5, 0]
    assert totals.loc[("placed", "t"), [*BASIS_PARTS]].to_list() == [0, 0, 8030, 0, 0]
    assert totals.loc[("unallocated", "t"), [*BASIS_PARTS]].to_list() == [0, 0, 0, 5, 0]
    for name in ("supply", "placed", "unallocated"):
        parts = plan.balance[[f"{name}_{basis}" for basis in BASIS_PARTS]]
        assert parts.sum(axis=1).to_list() == plan.balance[name].to_list()
        assert parts.sum().to_list() == totals.loc[(name, "t"), [*BASIS_PARTS]].to_list()
    links = summarise_destinations(plan)
    assert links[[*BASIS_PARTS]].sum(axis=1).to_list() == links["amount"].to_list()
    kept = links[(links["from_key"] == "metal") & (links["to_key"] == "recycling")]
    assert kept[["reported", "modelled"]].to_numpy().tolist() == [[0, 8000]]


def test_a_limit_that_cannot_be_kept_says_on_what_its_amount_rests():
    result = make_small(SCRAP, [("scrap", "yard", {})])
    limits = AllocationLimits(must_place=("wire",))
    plan = plan_scenario(result, make_prices(result), limits=limits, codes=read_waste_codes())
    assert plan.conflicts[["id", "basis"]].to_numpy().tolist() == [["wire", "modelled"]]
