"""What holds of any priced match: parts re-add, net falls with distance, the reach is where net is nought."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.codetables import WasteCodes
from geodata.economics import EconomicChoices, EconomicTables, price_matches
from geodata.uses import UseLibrary
from loaders.codes import read_waste_codes
from loaders.economics import read_economics
from loaders.uses import read_use_library
from tests.unit.economicscenes import make_matches


@cache
def _read() -> tuple[EconomicTables, UseLibrary, WasteCodes]:
    return read_economics(), read_use_library(), read_waste_codes()


def _price(matches: pd.DataFrame, choices: EconomicChoices) -> pd.DataFrame:
    tables, uses, codes = _read()
    return price_matches(matches, tables=tables, choices=choices, uses=uses, codes=codes)


@st.composite
def _matches(draw: st.DrawFn, *, ways_known: bool = False) -> dict[str, object]:
    _tables, uses, codes = _read()
    materials = sorted(codes.ancestors)
    material = draw(st.sampled_from(materials))
    use = draw(st.none() | st.sampled_from(uses.uses["use_id"].tolist()))
    route = "same_stream" if use is None else draw(st.sampled_from(["use", "intermediary"]))
    km = draw(st.floats(0.1, 900))
    part = draw(st.floats(0, 1))
    minutes: object = draw(st.floats(1, 2000))
    known = ways_known or draw(st.booleans())
    amounts = sorted(draw(st.tuples(*[st.floats(0, 1e6)] * 3)))
    return {
        "material": material,
        "need_material": material if use is None else draw(st.sampled_from(materials)),
        "use_id": use,
        "route": route,
        "unit": draw(st.sampled_from(["t", "MWh", None])),
        "operation": draw(st.sampled_from([None, "R1", "R3", "R5", "R12", "D1", "D10"])),
        "offer_treatment": draw(st.sampled_from([None, "R1", "R3", "R4", "R13", "D1", "D7", "D9", "D10"])),
        "offer_price_nok_per_t": draw(st.none() | st.floats(-5000, 5000)),
        "distance_km": km,
        "minutes": minutes if known else float("nan"),
        "ferries": draw(st.integers(0, 4)),
        "toll_nok": draw(st.floats(0, 500)) if known else None,
        "via_km": km * part if route == "intermediary" else None,
        "via_minutes": (minutes * part if known else None) if route == "intermediary" else None,  # type: ignore[operator]
        "exchange_min": amounts[0],
        "exchange_best": amounts[1],
        "exchange_max": amounts[2],
    }


_CHOICES = st.builds(
    EconomicChoices,
    empty_return=st.booleans(),
    vehicle=st.sampled_from(["", "semi_trailer", "three_axle_truck"]),
    emission_basis=st.sampled_from(["WTW", "TTW"]),
)


def _same(a: object, b: object) -> bool:
    if pd.isna(a) or pd.isna(b):
        return bool(pd.isna(a) and pd.isna(b))
    return math.isclose(float(a), float(b), rel_tol=1e-9, abs_tol=1e-6)  # type: ignore[arg-type]


@settings(max_examples=50)
@given(st.lists(_matches(), min_size=1, max_size=8), _CHOICES)
def test_parts_add_up_and_ranges_hold_the_best(
    rows: list[dict[str, object]], choices: EconomicChoices
) -> None:
    matches = make_matches(*rows)
    priced = _price(matches, choices)
    for at in range(len(rows)):
        row = priced.iloc[at]
        net = (
            row["avoided_gate_fee_nok_per_t"]
            + row["replaced_value_nok_per_t"]
            - row["treatment_nok_per_t"]
            - row["transport_nok_per_t"]
        )
        assert _same(net, row["net_nok_per_t"])
        saved = (
            row["avoided_production_kg_co2e_per_t"]
            + row["avoided_treatment_kg_co2e_per_t"]
            - row["treatment_kg_co2e_per_t"]
            - row["transport_kg_co2e_per_t"]
        )
        assert _same(saved, row["net_kg_co2e_per_t"])
        amount = matches["exchange_best"].iloc[at]
        assert _same(row["net_nok_per_t"] * amount, row["net_nok_per_year"])
        assert _same(row["net_kg_co2e_per_t"] * amount / 1000, row["net_t_co2e_per_year"])
        for low, best, high in (
            ("net_low_nok_per_t", "net_nok_per_t", "net_high_nok_per_t"),
            ("net_nok_per_year_low", "net_nok_per_year", "net_nok_per_year_high"),
            ("net_kg_co2e_per_t_low", "net_kg_co2e_per_t", "net_kg_co2e_per_t_high"),
            ("break_even_km_low", "break_even_km", "break_even_km_high"),
        ):
            if pd.notna(row[best]):
                slack = 1e-6 + 1e-9 * abs(row[best])
                assert row[low] <= row[best] + slack
                assert pd.isna(row[high]) or row[best] <= row[high] + slack
        # what is not known is named, and what is named is not known
        lacks = pd.isna(row["net_nok_per_t"]) or pd.isna(row["net_kg_co2e_per_t"])
        lacks = lacks or pd.isna(row["kept_t_per_t"])
        assert lacks == bool(row["unpriced"]), row["unpriced"]
        assert pd.isna(row["kept_t_per_t"]) or 0 <= row["kept_t_per_t"] <= 1


def _scale(row: dict[str, object], factor: float) -> dict[str, object]:
    names = ("distance_km", "minutes", "via_km", "via_minutes")
    return row | {name: row[name] * factor for name in names if row[name] is not None}  # type: ignore[operator]


@settings(max_examples=50)
@given(_matches(), _CHOICES)
def test_net_is_nought_at_the_break_even_distance(row: dict[str, object], choices: EconomicChoices) -> None:
    here = _price(make_matches(row), choices).iloc[0]
    reach = here["break_even_km"]
    if pd.isna(here["net_nok_per_t"]) or pd.isna(reach):
        return
    if reach == 0:
        assert _price(make_matches(_scale(row, 1e-9)), choices)["net_nok_per_t"].iloc[0] <= 1e-3
        return
    there = _price(make_matches(_scale(row, float(reach) / float(row["distance_km"]))), choices).iloc[0]  # type: ignore[arg-type]
    parts = abs(there["avoided_gate_fee_nok_per_t"]) + abs(there["replaced_value_nok_per_t"])
    assert abs(there["net_nok_per_t"]) < max(1e-6, 1e-12 * (parts + there["transport_nok_per_t"]))
    assert _same(there["break_even_km"], reach)


@settings(max_examples=50)
@given(_matches(), st.floats(1.01, 20), _CHOICES)
def test_net_falls_with_distance(row: dict[str, object], factor: float, choices: EconomicChoices) -> None:
    priced = _price(make_matches(row, _scale(row, factor)), choices)
    near, far = priced["net_nok_per_t"].tolist()
    if pd.notna(near):
        assert far < near
    near, far = priced["net_kg_co2e_per_t"].tolist()
    if pd.notna(near):
        assert far <= near


@settings(max_examples=30)
@given(st.lists(_matches(), min_size=2, max_size=12), st.randoms(use_true_random=False), _CHOICES)
def test_the_order_of_matches_changes_nothing(
    rows: list[dict[str, object]], random: object, choices: EconomicChoices
) -> None:
    matches = make_matches(*rows)
    order = np.arange(len(rows))
    random.shuffle(order)  # type: ignore[attr-defined]
    pd.testing.assert_frame_equal(_price(matches, choices).iloc[order], _price(matches.iloc[order], choices))


@settings(max_examples=30)
@given(_matches(), st.floats(0, 1), _CHOICES)
def test_a_dearer_hour_never_gains(row: dict[str, object], part: float, choices: EconomicChoices) -> None:
    tables, _uses, _codes = _read()
    rows = tables.parameters.set_index(["name", "subject"])
    spec = rows.loc[("driver_and_vehicle_nok_per_hour", "")]
    dearer = EconomicChoices(
        overrides=(
            ("driver_and_vehicle_nok_per_hour", spec["value"] + part * (spec["high"] - spec["value"])),
        ),
        empty_return=choices.empty_return,
        vehicle="semi_trailer",
    )
    plain = EconomicChoices(empty_return=choices.empty_return, vehicle="semi_trailer")
    before, after = (_price(make_matches(row), chosen)["net_nok_per_t"].iloc[0] for chosen in (plain, dearer))
    assert pd.isna(before) == pd.isna(after)
    if pd.notna(before):
        assert after <= before + 1e-9
