"""Contributions of changes: worked by hand, and adding up whatever the scenario."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.comparison import TOTAL, Comparison, compare_plans, gather_choices, spread_choices
from geodata.economics import EconomicChoices, price_matches
from geodata.errors import ParameterError
from loaders.codes import read_waste_codes
from tests.unit.economicscenes import make_matches, make_tables, make_uses


def _contribution(found: Comparison, change: str, indicator: str) -> float:
    rows = found.contributions.set_index(["change", "indicator"])["contribution"]
    return float(rows.loc[(change, indicator)])


def test_shares_of_a_product_worked_by_hand() -> None:
    def evaluate(scenario: dict[str, Hashable]) -> Mapping[str, float]:
        return {"nok": float(scenario["tonnes"]) * float(scenario["margin"])}  # type: ignore[arg-type]

    found = compare_plans(
        {"tonnes": 10, "margin": 5, "km": 3}, {"tonnes": 20, "margin": 8, "km": 3}, evaluate
    )
    # 50 -> 160. Tonnes first: +50 then margin +60; margin first: +30 then tonnes +80. Means: 65 and 45.
    assert found.method == "shapley"
    assert _contribution(found, "tonnes", "nok") == pytest.approx(65)
    assert _contribution(found, "margin", "nok") == pytest.approx(45)
    assert _contribution(found, TOTAL, "nok") == pytest.approx(110)
    assert (found.base, found.changed, found.evaluations) == ({"nok": 50}, {"nok": 160}, 4)
    assert found.changes.to_dict("list") == {
        "name": ["tonnes", "margin"],
        "base": ["10", "5"],
        "changed": ["20", "8"],
    }


def test_many_changes_are_made_in_the_stated_order() -> None:
    def evaluate(scenario: dict[str, Hashable]) -> Mapping[str, float]:
        return {"nok": math.prod(float(value) for value in scenario.values())}  # type: ignore[arg-type]

    base = dict.fromkeys("abcdef", 1)
    changed = dict.fromkeys("abcdef", 2)
    found = compare_plans(base, changed, evaluate, order=["f", "a"])
    assert (found.method, found.evaluations) == ("telescoping", 7)
    assert found.changes["name"].tolist() == ["f", "a", "b", "c", "d", "e"]
    steps = [_contribution(found, name, "nok") for name in "fabcde"]
    assert steps == [1, 2, 4, 8, 16, 32]
    assert sum(steps) == _contribution(found, TOTAL, "nok") == 63


def test_names_set_taken_away_or_belonging_together() -> None:
    seen: list[dict[str, Hashable]] = []

    def evaluate(scenario: dict[str, Hashable]) -> Mapping[str, float]:
        seen.append(scenario)
        return {"set": float(len(scenario))}

    found = compare_plans(
        {"old": 1, "low": 0, "high": 1},
        {"new": 1, "low": 2, "high": 3},
        evaluate,
        together={"low": "range", "high": "range"},
    )
    assert found.changes["name"].tolist() == ["old", "range", "new"]
    assert all((scenario["low"] == 2) == (scenario["high"] == 3) for scenario in seen)
    assert _contribution(found, "old", "set") == pytest.approx(-1)
    assert _contribution(found, "new", "set") == pytest.approx(1)
    assert pd.isna(found.changes.set_index("name").loc["new", "base"])
    with pytest.raises(ParameterError):
        compare_plans({"a": 1}, {"a": 2}, lambda scenario: {}, order=["b"])


def test_nothing_changed_and_unknown_indicators() -> None:
    same = compare_plans({"a": 1}, {"a": 1}, lambda scenario: {"nok": 7.0})
    assert same.contributions.to_dict("records") == [
        {"change": TOTAL, "indicator": "nok", "contribution": 0.0}
    ]
    gaps = compare_plans({"a": 1}, {"a": 2}, lambda s: {"nok": 1.0} if s["a"] == 1 else {"t": 2.0})
    assert gaps.contributions["contribution"].isna().all()
    assert set(gaps.contributions["indicator"]) == {"nok", "t"}


_values = st.integers(-3, 3) | st.booleans() | st.sampled_from(["net", "carbon", "kept"])
_scenarios = st.dictionaries(st.sampled_from("abcdefgh"), _values, max_size=8)


@given(_scenarios, _scenarios, st.integers(0, 2**32), st.floats(1e-6, 1e9))
def test_contributions_add_up_to_the_difference(
    base: dict[str, Hashable], changed: dict[str, Hashable], seed: int, size: float
) -> None:
    def evaluate(scenario: dict[str, Hashable]) -> Mapping[str, float]:
        # any function of the scenario at all: a draw that hangs on all of it
        made = repr((seed, sorted((name, repr(value)) for name, value in scenario.items())))
        return {name: size * math.sin(sum(map(ord, made)) * at) for at, name in ((1.7, "nok"), (0.3, "kg"))}

    found = compare_plans(base, changed, evaluate)
    for indicator in ("nok", "kg"):
        rows = found.contributions[found.contributions["indicator"] == indicator]
        parts = rows.loc[rows["change"] != TOTAL, "contribution"].tolist()
        total = found.changed[indicator] - found.base[indicator]
        assert math.isclose(math.fsum(parts), total, rel_tol=1e-9, abs_tol=1e-9 * size)
        assert _contribution(found, TOTAL, indicator) == total
    if found.method == "shapley":
        again = compare_plans(base, changed, evaluate, order=list(reversed(found.changes["name"].tolist())))
        for name in found.changes["name"]:
            assert math.isclose(
                _contribution(found, name, "nok"),
                _contribution(again, name, "nok"),
                rel_tol=1e-9,
                abs_tol=1e-9 * size,
            )


@given(
    st.lists(st.tuples(st.sampled_from(["gate_fee/sawdust", "mean_speed_kmh"]), st.floats(0, 9)), max_size=2),
    st.booleans(),
    st.sampled_from(["", "semi_trailer"]),
    st.sampled_from(["WTW", "TTW"]),
)
def test_choices_survive_being_spread(
    overrides: list[tuple[str, float]], back: bool, vehicle: str, basis: str
) -> None:
    choices = EconomicChoices(tuple(sorted(dict(overrides).items())), back, vehicle, basis)  # type: ignore[arg-type]
    assert gather_choices({"goal": "net"} | spread_choices(choices)) == choices


def test_two_sets_of_choices_compared_on_priced_matches() -> None:
    codes, tables, uses, matches = read_waste_codes(), make_tables(), make_uses(), make_matches({}, {})

    def evaluate(scenario: dict[str, Hashable]) -> Mapping[str, float]:
        priced = price_matches(
            matches, tables=tables, choices=gather_choices(scenario), uses=uses, codes=codes
        )
        return {name: float(priced[name].sum()) for name in ("net_nok_per_year", "vehicle_km_per_year")}

    base = EconomicChoices()
    other = EconomicChoices(overrides=(("gate_fee/sawdust", 700.0),), empty_return=False)
    found = compare_plans(spread_choices(base), spread_choices(other), evaluate)
    # 2 x 1000 t: 200 NOK/t more gate fee; one way instead of two is 187.50 NOK/t less; they do not meet
    assert _contribution(found, "override:gate_fee/sawdust", "net_nok_per_year") == pytest.approx(400_000)
    assert _contribution(found, "empty_return", "net_nok_per_year") == pytest.approx(375_000)
    assert _contribution(found, "override:gate_fee/sawdust", "vehicle_km_per_year") == 0
    assert _contribution(found, "empty_return", "vehicle_km_per_year") == pytest.approx(-15_000)
