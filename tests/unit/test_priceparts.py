"""The parts of a price add up to what the whole table says, and name the figures they rest on."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from geodata.codetables import WasteCodes
from geodata.economics import EconomicChoices, EconomicTables, price_matches
from geodata.economictables import list_keys
from geodata.priceparts import CARBON_PARTS, MONEY_PARTS, explain_price
from geodata.uses import UseLibrary
from loaders.codes import read_waste_codes
from loaders.economics import read_economics
from loaders.uses import read_use_library

PLAIN: dict[str, Any] = {
    "material": "sawdust",
    "need_material": "sawdust",
    "route": "same_stream",
    "unit": "t",
    "distance_km": 40.0,
    "minutes": 45.0,
    "ferries": 1,
    "exchange_best": 100.0,
    "yield_best": 1.0,
}
CHAIN = PLAIN | {
    "material": "residual_waste",
    "need_material": "refuse_derived_fuel",
    "use_id": "residual-waste-to-fuel",
    "route": "intermediary",
    "via_km": 10.0,
    "via_minutes": 15.0,
    "yield_best": 0.6,
}
PRICED = PLAIN | {"offer_price_nok_per_t": -120.0}
HEAT = PLAIN | {"material": "surplus_heat", "need_material": "surplus_heat", "unit": "MWh", "ferries": 0}
UNPRICED = PLAIN | {"use_id": "food-waste-to-ethanol-and-chemicals", "material": "food_waste"}


@pytest.fixture(scope="module")
def tables() -> EconomicTables:
    return read_economics()


@pytest.fixture(scope="module")
def uses() -> UseLibrary:
    return read_use_library()


@pytest.fixture(scope="module")
def codes() -> WasteCodes:
    return read_waste_codes()


@pytest.mark.parametrize("match", [PLAIN, CHAIN, PRICED, HEAT], ids=["plain", "chain", "priced", "heat"])
@pytest.mark.parametrize(
    "choices",
    [EconomicChoices(), EconomicChoices(emission_basis="TTW", empty_return=False)],
    ids=["usual", "turned"],
)
def test_the_parts_add_up_to_the_price_at_each_end(
    match: dict[str, Any],
    choices: EconomicChoices,
    tables: EconomicTables,
    uses: UseLibrary,
    codes: WasteCodes,
) -> None:
    frame = pd.DataFrame([match])
    whole = price_matches(frame, tables=tables, choices=choices, uses=uses, codes=codes).iloc[0]
    parts = explain_price(frame, tables=tables, choices=choices, uses=uses, codes=codes)
    for table, names, net in (
        (parts.money, MONEY_PARTS, ("net_low_nok_per_t", "net_nok_per_t", "net_high_nok_per_t")),
        (
            parts.carbon,
            CARBON_PARTS,
            ("net_kg_co2e_per_t_low", "net_kg_co2e_per_t", "net_kg_co2e_per_t_high"),
        ),
    ):
        assert tuple(table["part"]) == (*names, "net")
        for end, name in zip(("low", "best", "high"), net, strict=True):
            if pd.isna(whole[name]):
                assert math.isnan(table[end].iloc[-1])
            else:
                assert table[end].iloc[-1] == pytest.approx(whole[name], rel=1e-9)
                assert table[end].iloc[:-1].sum() == pytest.approx(table[end].iloc[-1], rel=1e-9)
        known = table.dropna()
        assert (known["low"] <= known["best"]).all()
        assert (known["best"] <= known["high"]).all()
    rows = set(list_keys(tables.parameters))
    assert parts.keys
    assert set(parts.keys) <= rows


def test_what_the_offer_says_of_its_price_replaces_the_table_s_row(
    tables: EconomicTables, uses: UseLibrary, codes: WasteCodes
) -> None:
    said = {"tables": tables, "choices": EconomicChoices(), "uses": uses, "codes": codes}
    told, untold = (explain_price(pd.DataFrame([match]), **said) for match in (PRICED, PLAIN))
    assert list(told.money.loc[0, ["low", "best", "high"]]) == [120.0, 120.0, 120.0]
    assert not any(key.startswith("gate_fee") for key in told.keys)
    assert any(key.startswith("gate_fee") for key in untold.keys)


def test_what_is_not_known_is_no_zero(tables: EconomicTables, uses: UseLibrary, codes: WasteCodes) -> None:
    parts = explain_price(
        pd.DataFrame([UNPRICED]), tables=tables, choices=EconomicChoices(), uses=uses, codes=codes
    )
    money = parts.money.set_index("part")["best"]
    assert math.isnan(money["value"])
    assert math.isnan(money["net"])
    assert not math.isnan(money["transport"])


def test_one_match_at_a_time(tables: EconomicTables, uses: UseLibrary, codes: WasteCodes) -> None:
    with pytest.raises(ValueError, match="one match"):
        explain_price(
            pd.DataFrame([PLAIN, PLAIN]), tables=tables, choices=EconomicChoices(), uses=uses, codes=codes
        )
