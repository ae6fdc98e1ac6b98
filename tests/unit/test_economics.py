"""Matches priced by hand: every figure below is worked out on paper in the comment beside it."""

from __future__ import annotations

import pandas as pd
import pytest

from geodata.codetables import WasteCodes
from geodata.economics import (
    PRICE_COLUMNS,
    EconomicChoices,
    EconomicTables,
    break_even_reach,
    check_choices,
    describe_parameters,
    price_matches,
)
from geodata.errors import InvalidTableError, ParameterError
from loaders.codes import read_waste_codes
from tests.unit.economicscenes import FIGURES, make_matches, make_tables, make_uses

ORE = 0.005
"""Half an øre: figures agree to 0.01 NOK."""


@pytest.fixture(scope="module")
def codes() -> WasteCodes:
    return read_waste_codes()


def _price(
    codes: WasteCodes,
    *rows: dict[str, object],
    choices: EconomicChoices | None = None,
    tables: EconomicTables | None = None,
) -> pd.DataFrame:
    return price_matches(
        make_matches(*rows),
        tables=tables or make_tables(),
        choices=choices or EconomicChoices(),
        uses=make_uses(),
        codes=codes,
    )


def test_a_match_worked_by_hand(codes: WasteCodes) -> None:
    priced = _price(codes, {"ferries": 1, "toll_nok": 35.0}).iloc[0]
    # payload: min(30 t, 40 m3 x 0.2 t/m3) = 8 t
    assert priced["payload_t"] == pytest.approx(8)
    # gate fee that falls away: 500; replaced peat: 900 x 1 t/t x 0.8 = 720; used as it is: treatment 0
    assert priced["avoided_gate_fee_nok_per_t"] == pytest.approx(500, abs=ORE)
    assert priced["replaced_value_nok_per_t"] == pytest.approx(720, abs=ORE)
    assert priced["treatment_nok_per_t"] == 0
    # a load: 300 fixed + 0.5 h x 600 = 600
    #   there and back: 2 x (1.5 h x 600 + 60 km x 10 + 1 x 400 + 35) = 2 x 1935 = 3870
    #   (600 + 3870) / 8 t = 4470 / 8 = 558.75
    assert priced["transport_nok_per_t"] == pytest.approx(558.75, abs=ORE)
    # 500 + 720 - 0 - 558.75 = 661.25; x 1000 t a year
    assert priced["net_nok_per_t"] == pytest.approx(661.25, abs=ORE)
    assert priced["net_nok_per_year"] == pytest.approx(661_250, abs=ORE)
    # 1000 t / 8 t = 125 loads x 120 km
    assert priced["loads_per_year"] == pytest.approx(125)
    assert priced["vehicle_km_per_year"] == pytest.approx(15_000)
    # what grows with the kilometres: 2 x (1.5 x 600 + 60 x 10) / 8 t / 60 km = 6.25 NOK per tonne and km
    # what does not: (600 + 2 x 435) / 8 = 183.75; (1220 - 183.75) / 6.25 = 165.8 km
    assert priced["break_even_km"] == pytest.approx(165.8, abs=1e-6)
    # carbon: peat 700 x 0.8 = 560; burnt today: 15 - 3 MWh x 0.75 x 40 kg = -75; lorry 1.2 x 120 / 8 = 18
    assert priced["avoided_production_kg_co2e_per_t"] == pytest.approx(560)
    assert priced["avoided_treatment_kg_co2e_per_t"] == pytest.approx(-75)
    assert priced["transport_kg_co2e_per_t"] == pytest.approx(18)
    assert priced["net_kg_co2e_per_t"] == pytest.approx(560 - 75 - 0 - 18)
    assert priced["net_t_co2e_per_year"] == pytest.approx(467)
    assert priced["emission_basis"] == "WTW"
    assert priced["kept_t_per_t"] == 1  # burnt today, used tomorrow
    assert priced["unpriced"] == ""


def test_the_ranges_worked_by_hand(codes: WasteCodes) -> None:
    priced = _price(codes).iloc[0]
    # worst: payload min(25, 35 x 0.15) = 5.25 t; (400 + 1 x 700 + 2 x (1.5 x 700 + 60 x 12)) / 5.25 = 883.81
    # net: 200 + 500 x 0.5 - 883.8095 = -433.8095
    assert priced["net_low_nok_per_t"] == pytest.approx(450 - 4640 / 5.25, abs=ORE)
    # best: payload min(33, 45 x 0.3) = 13.5 t; (200 + 0.25 x 500 + 1.5 x (1.5 x 500 + 60 x 8)) / 13.5 =
    # 160.7407; half of the return is driven with another load
    # net: 900 + 1500 x 1 - 160.7407 = 2239.2593
    assert priced["net_high_nok_per_t"] == pytest.approx(2400 - 2170 / 13.5, abs=ORE)
    # per year: the loss on most tonnes, the gain on most tonnes
    assert priced["net_nok_per_year_low"] == pytest.approx((450 - 4640 / 5.25) * 1600)
    assert priced["net_nok_per_year_high"] == pytest.approx((2400 - 2170 / 13.5) * 1600)
    # at worst loading alone costs 1100 / 5.25 = 209.52 and a km 2 x (17.5 + 12) / 5.25 = 11.238
    assert priced["break_even_km_low"] == pytest.approx((450 - 1100 / 5.25) / (59 / 5.25))


def test_a_chain_worked_by_hand(codes: WasteCodes) -> None:
    chain = {
        "route": "intermediary",
        "use_id": "sawdust-to-pellets",
        "need_material": "wood_pellets",
        "via_km": 20.0,
        "via_minutes": 30.0,
        "ferries": 3,
        "toll_nok": 30.0,
        "distance_km": 60.0,
        "minutes": 90.0,
    }
    priced = _price(codes, chain).iloc[0]
    # first leg, 20 of 60 km: a third of ferries and tolls; sawdust 8 t a load:
    #   (600 + 2 x (0.5 x 600 + 20 x 10 + 1 x 400 + 10)) / 8 = (600 + 1820) / 8 = 302.5
    # second leg 40 km, pellets min(30, 40 x 0.65) = 26 t a load, 0.9 t of them per tonne:
    #   (600 + 2 x (1 x 600 + 40 x 10 + 2 x 400 + 20)) / 26 x 0.9 = (600 + 3640) / 26 x 0.9 = 146.7692
    assert priced["transport_nok_per_t"] == pytest.approx(302.5 + 4240 / 26 * 0.9, abs=ORE)
    # pellets replace pellets: 0.9 t x 4.8 MWh/t x 1 x 500 NOK/MWh = 2160
    assert priced["replaced_value_nok_per_t"] == pytest.approx(2160, abs=ORE)
    assert priced["treatment_nok_per_t"] == pytest.approx(400, abs=ORE)
    assert priced["net_nok_per_t"] == pytest.approx(500 + 2160 - 400 - 302.5 - 4240 / 26 * 0.9, abs=ORE)
    # 1000/8 loads x 40 km + 900/26 loads x 80 km
    assert priced["vehicle_km_per_year"] == pytest.approx(125 * 40 + 900 / 26 * 80)
    assert priced["loads_per_year"] == pytest.approx(125 + 900 / 26)
    # carbon: 0.9 x 4.8 x 20 = 86.4; -75 (see above); pelletising 50; lorries 1.2 x 40/8 + 0.9 x 1.2 x 80/26
    moved = 6 + 0.9 * 96 / 26
    assert priced["net_kg_co2e_per_t"] == pytest.approx(86.4 - 75 - 50 - moved)
    assert priced["kept_t_per_t"] == pytest.approx(0.98)


def test_masses_at_two_kroner_ten_reach_a_little_over_35_km(codes: WasteCodes) -> None:
    soil = {"material": "clean_soil", "need_material": "clean_soil", "toll_nok": None}
    for margin in (75.0, 77.0, 80.0):
        # margin / 2.1 NOK per tonne-kilometre: 35.7, 36.7 and 38.1 km
        chosen = EconomicChoices(overrides=(("gate_fee/clean_soil", margin),))
        priced = _price(codes, soil, choices=chosen).iloc[0]
        assert priced["break_even_km"] == pytest.approx(margin / 2.1, abs=1e-6)
        assert 35 < priced["break_even_km"] < 39
        reach = break_even_reach(
            "clean_soil", tables=make_tables(), choices=chosen, uses=make_uses(), codes=codes
        )
        assert reach.best == pytest.approx(margin / 2.1, abs=1e-6)
        assert reach.low <= reach.best <= reach.high
        assert reach.unpriced == ()


def test_the_empty_return_doubles_vehicle_kilometres(codes: WasteCodes) -> None:
    rows = ({}, {"material": "clean_soil", "need_material": "clean_soil"})
    back = _price(codes, *rows)
    single = _price(codes, *rows, choices=EconomicChoices(empty_return=False))
    assert (back["vehicle_km_per_year"] == 2 * single["vehicle_km_per_year"]).all()
    assert (back["transport_kg_co2e_per_t"] == 2 * single["transport_kg_co2e_per_t"]).all()
    # one way: (600 + 1.5 x 600 + 60 x 10) / 8 = 262.5
    assert single["transport_nok_per_t"].iloc[0] == pytest.approx(262.5, abs=ORE)
    # the tariff holds the way back already
    assert single["transport_nok_per_t"].iloc[1] == back["transport_nok_per_t"].iloc[1] == pytest.approx(126)


def test_a_chosen_vehicle_carries_everything_and_ends_the_tariff(codes: WasteCodes) -> None:
    rows = ({}, {"material": "clean_soil", "need_material": "clean_soil"})
    priced = _price(codes, *rows, choices=EconomicChoices(vehicle="semi_trailer"))
    # sawdust min(25, 90 x 0.2) = 18 t; soil 25 t: (600 + 2 x 1500) / 25 = 144
    assert priced["payload_t"].tolist() == pytest.approx([18, 25])
    assert priced["transport_nok_per_t"].iloc[1] == pytest.approx(144, abs=ORE)
    with pytest.raises(ParameterError) as refused:
        _price(codes, choices=EconomicChoices(vehicle="zeppelin"))
    assert refused.value.code == "parameter.unknown"


def test_heat_goes_by_pipe_and_by_no_lorry(codes: WasteCodes) -> None:
    heat = {"material": "surplus_heat", "need_material": "heat", "unit": "MWh", "distance_km": 3.0}
    priced = _price(codes, heat, heat | {"ferries": 2, "toll_nok": 500.0}).iloc[[0, 1]]
    # 0 + 700 x 0.8 - 0 - 40 x 3 = 440 NOK per MWh; 560 / 40 = 14 km
    assert priced["net_nok_per_t"].tolist() == pytest.approx([440, 440])
    assert priced["break_even_km"].tolist() == pytest.approx([14, 14])
    assert priced["vehicle_km_per_year"].tolist() == priced["loads_per_year"].tolist() == [0, 0]
    assert priced["payload_t"].isna().all()
    assert priced["kept_t_per_t"].tolist() == [0, 0]
    # biogas has no pipe row in these tables: told, never 0
    gas = _price(codes, heat | {"material": "biogas", "need_material": "biogas"}).iloc[0]
    assert pd.isna(gas["transport_nok_per_t"])
    assert pd.isna(gas["net_nok_per_t"])
    assert "pipe_nok_per_mwh_km/biogas" in gas["unpriced"].split()


def test_what_is_not_known_stays_unknown_and_is_named(codes: WasteCodes) -> None:
    priced = _price(
        codes,
        {"distance_km": float("nan"), "minutes": float("nan")},
        {"ferries": None},
        {"material": "hides", "need_material": "hides"},
        {"exchange_best": None},
        {"route": "intermediary", "use_id": "sawdust-to-pellets", "need_material": "wood_pellets"},
        {"offer_treatment": "R3"},
    )
    lacking = [set(text.split()) for text in priced["unpriced"]]
    assert lacking[0] == {"distance"}
    assert lacking[1] == {"ferries"}
    assert {"gate_fee/hides", "density_t_per_m3/hides", "replaced_value/hides"} <= lacking[2]
    assert lacking[3] == set()
    assert lacking[4] == {"via_km"}
    assert lacking[5] == {"treatment_emission_wtw/R3", "present_recovery_yield/sawdust"}
    assert priced["net_nok_per_t"].isna().tolist() == [True, True, True, False, True, False]
    assert priced["net_nok_per_year"].isna().tolist() == [True, True, True, True, True, False]
    assert priced["net_kg_co2e_per_t"].isna().tolist() == [True, False, True, False, True, True]
    # without a known way the reach is that of the material alone
    assert priced["break_even_km"].iloc[0] > 0


def test_a_reported_price_beats_the_table(codes: WasteCodes) -> None:
    priced = _price(codes, {"offer_price_nok_per_t": -650.0}, {"offer_price_nok_per_t": 120.0})
    assert priced["avoided_gate_fee_nok_per_t"].tolist() == [650, -120]
    # it has no range of its own: 650 + 250 - 883.81 at worst
    assert priced["net_low_nok_per_t"].iloc[0] == pytest.approx(900 - 4640 / 5.25, abs=ORE)
    hides = _price(codes, {"material": "hides", "need_material": "hides", "offer_price_nok_per_t": -10.0})
    assert "gate_fee/hides" not in hides["unpriced"].iloc[0].split()


def test_minutes_and_tolls_that_lack_come_from_the_tables(codes: WasteCodes) -> None:
    priced = _price(codes, {"minutes": float("nan"), "toll_nok": None}).iloc[0]
    # an hour at 60 km/h, 1 NOK of toll a kilometre: (600 + 2 x (600 + 600 + 60)) / 8 = 390
    assert priced["transport_nok_per_t"] == pytest.approx(390, abs=ORE)


def test_one_basis_of_emissions_throughout(codes: WasteCodes) -> None:
    ttw = EconomicChoices(emission_basis="TTW")
    priced = _price(codes, choices=ttw).iloc[0]
    assert priced["emission_basis"] == "TTW"
    assert priced["transport_kg_co2e_per_t"] == pytest.approx(1.0 * 120 / 8)
    # these tables hold no direct emissions of peat: nothing of the other kind is put in its place
    assert pd.isna(priced["avoided_production_kg_co2e_per_t"])
    assert pd.isna(priced["net_kg_co2e_per_t"])
    assert "replaced_emission_ttw/peat" in priced["unpriced"].split()
    assert not any("wtw" in key for key in priced["unpriced"].split())
    tables = make_tables(
        replaced_emission_ttw__peat=(100, 50, 200, "kg CO2e/t"),
        treatment_emission_ttw__none=(0, 0, 0, "kg CO2e/unit"),
        replaced_emission_ttw__heat_district=(20, 0, 50, "kg CO2e/MWh"),
        **{"final_emission_ttw__R1:group:wood": (10, 5, 20, "kg CO2e/t")},
    )
    priced = _price(codes, choices=ttw, tables=tables).iloc[0]
    # 100 x 0.8 + (10 - 3 x 0.75 x 20) - 0 - 15 = 30
    assert priced["net_kg_co2e_per_t"] == pytest.approx(30)
    with pytest.raises(ParameterError):
        EconomicChoices(emission_basis="well to pump")  # type: ignore[arg-type]


def test_choices_are_held_to_their_ranges(codes: WasteCodes) -> None:
    tables = make_tables()

    def check(*overrides: tuple[str, float]) -> None:
        check_choices(EconomicChoices(overrides=overrides), tables=tables, codes=codes)

    check(("gate_fee/sawdust", 200.0), ("gate_fee/sawdust", 900.0), ("mean_speed_kmh", 50.0))
    for value in (199.99, 900.01, float("nan"), float("inf")):
        with pytest.raises(ParameterError) as refused:
            check(("gate_fee/sawdust", value))
        assert refused.value.code == "parameter.range"
        assert refused.value.values["name"] == "gate_fee/sawdust"
        assert (refused.value.values["low"], refused.value.values["high"]) == (200, 900)
    for key in ("gate_fee/nonsense", "price", "gate_fee", "", "/", "<script>/sawdust"):
        with pytest.raises(ParameterError) as refused:
            check((key, 500.0))
        assert refused.value.code == "parameter.unknown"


def test_a_choice_may_be_made_for_a_kind_that_only_inherits(codes: WasteCodes) -> None:
    tables = make_tables()
    # stone_gravel has no row of its own: its parent's range holds
    chosen = EconomicChoices(overrides=(("tariff_nok_per_tkm/stone_gravel", 2.2),))
    check_choices(chosen, tables=tables, codes=codes)
    with pytest.raises(ParameterError):
        check_choices(
            EconomicChoices(overrides=(("tariff_nok_per_tkm/stone_gravel", 3.0),)), tables=tables, codes=codes
        )
    soil = {"material": "clean_soil", "need_material": "clean_soil"}
    other = EconomicChoices(overrides=(("tariff_nok_per_tkm/clean_soil", 2.0),))
    assert _price(codes, soil, choices=other)["transport_nok_per_t"].iloc[0] == pytest.approx(120)
    assert _price(codes, soil, choices=chosen)["transport_nok_per_t"].iloc[0] == pytest.approx(126)


def test_the_present_treatment_decides_what_is_kept(codes: WasteCodes) -> None:
    tables = make_tables(
        treatment_cost__R3=(100, 50, 150, "NOK/unit"),
        treatment_emission_wtw__R3=(30, 10, 60, "kg CO2e/unit"),
        present_recovery_yield=(0.9, 0.7, 1, "t/t"),
        treatment_cost__R1=(800, 500, 1200, "NOK/unit"),
    )
    priced = _price(
        codes,
        {"offer_treatment": "R3"},
        {"offer_treatment": "D10"},
        {"offer_treatment": "R12"},
        {"operation": "R1", "offer_treatment": "D10"},
        {"hierarchy": "energy", "step": "none"},
        tables=tables,
    )
    assert priced["kept_t_per_t"].tolist() == [0, 1, 1, 0, 0]
    # recovered today: its 30 kg fall away, the peat it replaces (700 x 0.8 x 0.9 = 504) is given up
    assert priced["avoided_treatment_kg_co2e_per_t"].iloc[0] == pytest.approx(30 - 504)
    assert priced["avoided_treatment_kg_co2e_per_t"].iloc[1] == pytest.approx(15)  # no heat to lose
    # burnt at the receiver: 3 MWh x 0.75 x 0.8 x 700
    assert priced["replaced_value_nok_per_t"].iloc[3] == pytest.approx(1260)


def test_what_is_done_today_elsewhere_gains_nothing_but_the_way(codes: WasteCodes) -> None:
    # Sawdust is burnt today (R1). Burnt elsewhere the same gate is paid and the same heat made: what is left
    # is the way, 600 + 2 x (1.5 x 600 + 60 x 10) = 3600 a load of 8 t, and its carbon, 1.2 x 120 / 8.
    tables = make_tables(treatment_cost__R1=(800, 500, 1200, "NOK/unit"))
    burnt = {"operation": "R1"}
    rows = (burnt, burnt | {"offer_treatment": "R1"}, burnt | {"offer_price_nok_per_t": -700.0})
    priced = _price(codes, *rows, {"operation": "R3"}, burnt | {"offer_treatment": "D1"}, tables=tables)
    assert priced["as_today"].tolist() == [True, True, True, False, False]
    same = priced.iloc[:3]
    assert same["net_nok_per_t"].tolist() == pytest.approx([-450] * 3, abs=ORE)
    assert same["transport_nok_per_t"].tolist() == pytest.approx([450] * 3, abs=ORE)
    assert same["net_kg_co2e_per_t"].tolist() == pytest.approx([-18] * 3)
    assert (same["break_even_km"] == 0).all()
    assert (same["kept_t_per_t"] == 0).all()
    # Recovered as it is recovered today: R3, and peat is replaced as the tables say it usually is.
    again = _price(codes, {"operation": "R3", "offer_treatment": "R3"}, tables=tables).iloc[0]
    assert again["as_today"]
    assert again["net_nok_per_t"] == pytest.approx(-450, abs=ORE)


def test_a_wide_stream_is_never_worth_what_the_narrow_kind_is(codes: WasteCodes) -> None:
    # A cable works' need for cables, and mixed metal offered to it: 5000 x 0.8 as metal, not 90 000 x 0.8.
    rows = {
        "gate_fee/metal": (-1000, -2000, 0, "NOK/t"),
        "density_t_per_m3/metal": (0.5, 0.3, 1, "t/m3"),
        "replaced_value/primary_metal": (5000, 3000, 9000, "NOK/t"),
        "replaced_value/primary_copper": (90000, 70000, 99000, "NOK/t"),
        "replaced_emission_wtw/primary_metal": (2000, 1000, 3000, "kg CO2e/t"),
        "replaced_emission_wtw/primary_copper": (4000, 3000, 5000, "kg CO2e/t"),
    }
    tables = make_tables(**rows)
    links = [("metal", "primary_metal", "R4"), ("copper_cable", "primary_copper", "R4")]
    tables = EconomicTables(
        parameters=tables.parameters,
        links=pd.DataFrame(links, columns=tables.links.columns).astype("string"),
        replaced=tables.replaced,
    )
    told = {"material": "metal", "need_material": "copper_cable", "step": "none", "hierarchy": "reuse"}
    narrow = {"material": "copper_cable", "need_material": "metal", "step": "none", "hierarchy": "reuse"}
    wide, kind = (_price(codes, row, tables=tables).iloc[0] for row in (told, narrow))
    assert wide["replaced_value_nok_per_t"] == pytest.approx(4000)
    assert wide["avoided_production_kg_co2e_per_t"] == pytest.approx(1600)
    assert kind["replaced_value_nok_per_t"] == pytest.approx(4000)  # what the need asks for


def test_a_plant_bears_its_full_cost_for_the_streams_that_cost_more(codes: WasteCodes) -> None:
    tables = make_tables(**{"treatment_cost/pelletising:group:wood": (650, 600, 700, "NOK/unit")})
    pellets = {"route": "use", "use_id": "sawdust-to-pellets", "need_material": "wood_pellets"}
    assert _price(codes, pellets, tables=tables)["treatment_nok_per_t"].iloc[0] == pytest.approx(650)
    assert _price(codes, pellets)["treatment_nok_per_t"].iloc[0] == pytest.approx(400)


def test_wet_feed_stands_for_its_dry_matter_and_a_product_s_own_row_comes_first(codes: WasteCodes) -> None:
    rows = {
        "replaced_value/feed_grain": (3000, 2000, 4000, "NOK/t"),
        "replaced_emission_wtw/feed_grain": (400, 300, 500, "kg CO2e/t"),
        "substitution_ratio/feed_grain": (0.9, 0.5, 1, "t/t"),
        "substitution_ratio/feed_grain:straw": (0.2, 0.1, 0.3, "t/t"),
        "dry_matter_share/whey": (0.06, 0.05, 0.07, "share"),
    }
    tables = make_tables(**rows)
    links = pd.DataFrame(
        [("whey", "feed_grain", "R3"), ("straw", "feed_grain", "R10")], columns=tables.links.columns
    ).astype("string")
    grain = pd.DataFrame([("feed_grain", "", "", "", "t", "dry_matter")], columns=tables.replaced.columns)
    tables = EconomicTables(parameters=tables.parameters, links=links, replaced=grain)
    kinds = [{"material": name, "need_material": name} for name in ("whey", "straw")]
    priced = _price(codes, *kinds, tables=tables)
    # 3000 x 0.9 x 6 % dry matter = 162; straw has no dry matter row here: 3000 x 0.2
    assert priced["replaced_value_nok_per_t"].tolist() == pytest.approx([162, 600])


def test_a_fuel_made_ready_is_burnt_in_the_end(codes: WasteCodes) -> None:
    tables = make_tables(
        **{
            "treatment_cost/boiler": (100, 50, 200, "NOK/MWh"),
            "final_emission_wtw/R1:group:wood": (15, 5, 60, "kg CO2e/t"),
        }
    )
    fuel = {"route": "use", "use_id": "sawdust-to-pellets", "hierarchy": "energy", "product": "wood_pellets"}
    uses = make_uses()
    uses.uses["replaces"] = pd.array(["heat_district"], "string")
    priced = price_matches(
        make_matches(fuel), tables=tables, choices=EconomicChoices(), uses=uses, codes=codes
    ).iloc[0]
    # 0.9 t x 4.8 MWh/t = 4.32 MWh of fuel; the boiler takes 100 a MWh and gives 3/4 as heat: 0.8 of it at 700
    assert priced["replaced_value_nok_per_t"] == pytest.approx(4.32 * 0.75 * 0.8 * 700)
    assert priced["treatment_nok_per_t"] == pytest.approx(400 + 432)
    # pelletising 50 and the stack 15
    assert priced["treatment_kg_co2e_per_t"] == pytest.approx(65)
    assert priced["kept_t_per_t"] == 0


def test_index_and_order_are_those_of_the_matches(codes: WasteCodes) -> None:
    matches = make_matches(
        {}, {"distance_km": 10.0}, {"material": "clean_soil", "need_material": "clean_soil"}
    )
    matches.index = pd.Index([7, 3, 99])
    priced = price_matches(
        matches, tables=make_tables(), choices=EconomicChoices(), uses=make_uses(), codes=codes
    )
    assert priced.index.tolist() == [7, 3, 99]
    assert tuple(priced.columns) == PRICE_COLUMNS
    alone = price_matches(
        matches.loc[[3]], tables=make_tables(), choices=EconomicChoices(), uses=make_uses(), codes=codes
    )
    pd.testing.assert_frame_equal(alone, priced.loc[[3]])


def test_no_matches_give_an_empty_table(codes: WasteCodes) -> None:
    priced = price_matches(
        make_matches({}).iloc[:0],
        tables=make_tables(),
        choices=EconomicChoices(),
        uses=make_uses(),
        codes=codes,
    )
    assert (len(priced), tuple(priced.columns)) == (0, PRICE_COLUMNS)


def test_tables_that_cannot_be_right_are_refused() -> None:
    with pytest.raises(InvalidTableError) as refused:
        make_tables(mean_speed_kmh=(60, 70, 80, "km/h"))
    assert refused.value.code == "economics.range"
    tables = make_tables()
    doubled = pd.concat([tables.parameters, tables.parameters.iloc[[0]]], ignore_index=True)
    with pytest.raises(InvalidTableError) as refused:
        EconomicTables(parameters=doubled)
    assert refused.value.code == "table.duplicate_id"
    with pytest.raises(InvalidTableError):
        EconomicTables(parameters=tables.parameters.drop(columns="low"))


def test_the_digest_follows_the_content() -> None:
    assert make_tables().digest == make_tables().digest
    assert make_tables().digest != make_tables(mean_speed_kmh=(61, 50, 80, "km/h")).digest


def test_parameters_are_described_in_the_reader_s_language() -> None:
    chosen = EconomicChoices(overrides=(("gate_fee/sawdust", 321.0),))
    rows = describe_parameters(make_tables(), "nn", choices=chosen).set_index("key")
    assert len(rows) == len(FIGURES)
    assert rows.loc["gate_fee/sawdust", "chosen"] == 321
    assert rows.loc["gate_fee/sawdust", "value"] == 500
    assert set(rows["meaning"]) == {"nn"}
