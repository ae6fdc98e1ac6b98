"""The embedded economic tables: complete, sourced, and able to price what the library of uses knows."""

from __future__ import annotations

import pandas as pd
import pytest

from geodata.codetables import WasteCodes
from geodata.economics import (
    EconomicChoices,
    EconomicTables,
    break_even_reach,
    move_matches,
    price_matches,
)
from geodata.economictables import JUDGEMENT, list_keys
from geodata.uses import UseLibrary
from loaders.codes import read_treatments, read_waste_codes
from loaders.economics import read_economics
from loaders.uses import read_use_library
from tests.unit.economicscenes import make_matches


@pytest.fixture(scope="module")
def tables() -> EconomicTables:
    return read_economics()


@pytest.fixture(scope="module")
def codes() -> WasteCodes:
    return read_waste_codes()


@pytest.fixture(scope="module")
def uses() -> UseLibrary:
    return read_use_library()


def test_every_row_says_its_unit_source_and_meaning(tables: EconomicTables) -> None:
    rows = tables.parameters
    assert len(rows) > 1000
    for column in ("name", "unit", "source", "meaning_nb", "meaning_nn", "meaning_en"):
        assert rows[column].str.strip().ne("").all(), column
    figures = rows[~rows["name"].isin(["density_t_per_m3", "dry_matter_share"])]
    assert figures["year"].between(1990, 2030).all()


def test_judgement_is_given_room(tables: EconomicTables) -> None:
    judged = tables.parameters[tables.parameters["source"] == JUDGEMENT]
    judged = judged[~judged["name"].isin(["density_t_per_m3", "dry_matter_share"])]
    spread = judged["high"] - judged["low"]
    assert (spread >= 0.1 * judged["value"].abs() - 1e-12).all()
    # only what is nothing by nature has no range
    fixed = tables.parameters[tables.parameters["high"] == tables.parameters["low"]]
    assert (fixed["value"] == 0).all()


def test_every_key_of_the_uses_is_priced(tables: EconomicTables, uses: UseLibrary) -> None:
    keys = set(list_keys(tables.parameters))
    replaced = set(tables.replaced["key"])
    assert set(uses.uses["replaces"]) - {""} <= replaced
    assert {f"replaced_value/{key}" for key in replaced} <= keys
    assert {f"replaced_emission_wtw/{key}" for key in replaced} <= keys
    assert {f"treatment_cost/{step}" for step in uses.steps["step"]} <= keys


def test_units_of_what_is_replaced_agree(tables: EconomicTables) -> None:
    rows = tables.parameters.assign(key=list_keys(tables.parameters)).set_index("key")["unit"]
    for key, unit in zip(tables.replaced["key"], tables.replaced["unit"], strict=True):
        assert rows[f"replaced_value/{key}"] == f"NOK/{unit}"
        assert rows[f"replaced_emission_wtw/{key}"] == f"kg CO2e/{unit}"
        if f"replaced_emission_ttw/{key}" in rows:
            assert rows[f"replaced_emission_ttw/{key}"] == f"kg CO2e/{unit}"


def test_a_lorry_lets_out_more_well_to_wheel_than_tank_to_wheel(tables: EconomicTables) -> None:
    rows = tables.parameters.set_index(["name", "subject"])["value"]
    lorries = rows.loc["emission_wtw_kg_per_km"].index
    assert set(lorries) == set(rows.loc["emission_ttw_kg_per_km"].index)
    for lorry in lorries:
        ratio = rows["emission_wtw_kg_per_km", lorry] / rows["emission_ttw_kg_per_km", lorry]
        assert ratio == pytest.approx(3.24 / 2.67, rel=0.02)  # EN 16258: the same litres


def test_links_name_known_materials_treatments_and_keys(tables: EconomicTables, codes: WasteCodes) -> None:
    links = tables.links
    assert set(links["material"]) <= set(codes.ancestors)
    assert set(links["replaces"]) - {""} <= set(tables.replaced["key"])
    assert set(links["usual_treatment"]) - {""} <= set(read_treatments()["treatment"])
    told = set(links["material"])
    assert [name for name, above in codes.ancestors.items() if not told & {name, *above}] == []


def test_every_material_has_a_gate_fee_and_a_way(
    tables: EconomicTables, codes: WasteCodes, uses: UseLibrary
) -> None:
    materials = list(codes.ancestors)
    frame = pd.DataFrame(
        {"material": materials, "need_material": materials, "distance_km": 10.0, "ferries": 0}
    )
    frame["route"] = "same_stream"
    priced = price_matches(frame, tables=tables, choices=EconomicChoices(), uses=uses, codes=codes)
    lacking = {key for text in priced["unpriced"] for key in text.split()}
    assert {key for key in lacking if not key.startswith(("replaced_", "present_"))} == set()
    assert priced["transport_nok_per_t"].notna().all()
    # residual waste and the like replace nothing that is known: told, not guessed
    assert "replaced_value/residual_waste" in lacking


def test_most_uses_are_priced_and_the_rest_say_why(
    tables: EconomicTables, codes: WasteCodes, uses: UseLibrary
) -> None:
    rows = uses.uses[uses.uses["materials"] != ""]
    frame = pd.DataFrame(
        {
            "material": rows["materials"].str.split().str[0],
            "need_material": rows["product"],
            "use_id": rows["use_id"],
            "route": "use",
            "distance_km": 30.0,
            "ferries": 0,
        }
    )
    priced = price_matches(frame, tables=tables, choices=EconomicChoices(), uses=uses, codes=codes)
    known = priced["net_nok_per_t"].notna()
    assert known.mean() > 0.85
    assert priced.loc[~known, "unpriced"].ne("").all()
    nothing = uses.uses.set_index("use_id")["replaces"].eq("")
    lacking = priced.loc[~known, "unpriced"].str.split().explode()
    named = lacking[lacking.str.startswith("replaced_value/")].str.removeprefix("replaced_value/")
    assert nothing[named].all()


@pytest.mark.parametrize(
    ("material", "nearest", "farthest"),
    [("clean_soil", 10, 300), ("concrete", 10, 500), ("surplus_heat", 1, 40), ("sawdust", 50, 1500)],
)
def test_reaches_are_of_the_right_order(
    material: str,
    nearest: float,
    farthest: float,
    tables: EconomicTables,
    codes: WasteCodes,
    uses: UseLibrary,
) -> None:
    reach = break_even_reach(material, tables=tables, choices=EconomicChoices(), uses=uses, codes=codes)
    assert nearest < reach.best < farthest
    assert reach.low <= reach.best <= reach.high
    assert reach.unpriced == ()


REACHES = [
    {"material": "clean_soil", "need_material": "clean_soil"},  # at a tariff
    {"material": "gypsum", "need_material": "gypsum", "use_id": "gypsum-to-plasterboard", "toll_nok": 84.0},
    {"material": "sawdust", "need_material": "sawdust", "ferries": 2, "minutes": None},
    {"material": "bottom_ash", "need_material": "bottom_ash", "operation": "R5", "ferries": 1},
    {
        "material": "wood",
        "need_material": "wood_chips",
        "use_id": "wood-municipal-wide",
        "route": "intermediary",
        "via_km": 12.0,
        "via_minutes": 20.0,
        "ferries": 1,
    },
]


@pytest.mark.parametrize("row", REACHES, ids=[str(row["material"]) for row in REACHES])
@pytest.mark.parametrize("empty_return", [True, False])
def test_net_is_nought_where_the_match_is_moved_to_its_reach(
    row: dict[str, object],
    empty_return: bool,
    tables: EconomicTables,
    codes: WasteCodes,
    uses: UseLibrary,
) -> None:
    told = {
        "tables": tables,
        "uses": uses,
        "codes": codes,
        "choices": EconomicChoices(empty_return=empty_return),
    }
    match = make_matches(row | {"distance_km": 40.0, "minutes": row.get("minutes", 50.0)})
    here = price_matches(match, **told)
    reach = here["break_even_km"]
    assert float(here["net_nok_per_t"].iloc[0]) > 0
    assert float(reach.iloc[0]) > 40
    there = price_matches(move_matches(match, reach), **told)
    assert abs(float(there["net_nok_per_t"].iloc[0])) < 1e-6
    assert float(there["break_even_km"].iloc[0]) == pytest.approx(float(reach.iloc[0]))


def test_waste_burnt_elsewhere_gains_nothing(
    tables: EconomicTables, codes: WasteCodes, uses: UseLibrary
) -> None:
    # Residual waste is burnt with energy recovery today: another burner costs the lorry and no more.
    burnt = {"material": "residual_waste", "need_material": "residual_waste", "use_id": "ch20-to-energy"}
    told = {"tables": tables, "uses": uses, "codes": codes, "choices": EconomicChoices()}
    rows = (burnt, burnt | {"operation": "R1", "use_id": None}, burnt | {"offer_treatment": "D1"})
    priced = price_matches(make_matches(*rows), **told)
    assert priced["as_today"].tolist() == [True, True, False]
    same = priced.iloc[:2]
    assert (same["net_nok_per_t"] == -same["transport_nok_per_t"]).all()
    assert (same["net_kg_co2e_per_t"] == -same["transport_kg_co2e_per_t"]).all()


def test_a_burner_costs_what_its_gate_and_its_heat_bring(tables: EconomicTables) -> None:
    rows = tables.parameters.assign(key=list_keys(tables.parameters)).set_index("key")["value"]
    heat = rows["energy_efficiency"] * rows["replaced_value/heat_district"]
    brought = rows["gate_fee/residual_waste"] + rows["energy_mwh_per_t/group:mixed"] * heat
    for burner in ("R1", "combustion", "incineration"):
        assert rows[f"treatment_cost/{burner}:group:mixed"] == pytest.approx(brought, rel=0.1)


def test_mixed_scrap_is_not_worth_the_copper_in_a_cable(
    tables: EconomicTables, codes: WasteCodes, uses: UseLibrary
) -> None:
    told = {"tables": tables, "uses": uses, "codes": codes, "choices": EconomicChoices()}
    rows = [{"material": "metal", "need_material": name} for name in ("copper_cable", "metal", "aluminium")]
    cable, metal, aluminium = price_matches(make_matches(*rows), **told)["replaced_value_nok_per_t"]
    assert cable <= metal
    assert aluminium <= metal


def test_the_tables_read_the_same_twice(tables: EconomicTables) -> None:
    assert read_economics().digest == tables.digest
