"""The largest exchange with nothing given twice, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from geodata.exchange import sum_exchange
from geodata.flows import prepare_flows
from geodata.matching import match_streams
from geodata.parameters import ScenarioParameters
from tests.unit.scenes import TableTravel, give, make_codes, make_tables, take

CODES = make_codes()


def exchange(streams, *, facilities="abcdef", unit="t", km=1.0):
    tables = make_tables(dict.fromkeys(facilities, (10.0, 63.0)), streams)
    n = len(facilities)
    matrix = np.asarray(km, dtype=float) if np.ndim(km) else np.full((n, n), km)
    travel = TableTravel(list(facilities), matrix)
    matches = match_streams(tables, travel, codes=CODES, parameters=ScenarioParameters()).matches
    return matches, *sum_exchange(
        matches, prepare_flows(tables.streams, facility_ids=travel.ids, codes=CODES), unit=unit
    )


def tonnes(make, number, facility, amount):
    return make(number, facility, amount_best=amount, unit="t")


def test_one_offer_and_two_needs_share_it():
    matches, totals, unknown = exchange(
        [tonnes(give, "o", "a", 100), tonnes(take, "n1", "b", 80), tonnes(take, "n2", "c", 70)]
    )
    assert len(matches) == 2
    assert matches["exchange_best"].sum() == 150  # twice given
    assert totals.tolist() == [100, 100, 100]
    assert unknown == 0


def test_the_largest_total_needs_the_second_best_match():
    # a (100) reaches c and d, b (100) only c: a must give to d for both to be placed.
    km = np.full((4, 4), 500.0)
    km[0, 2], km[0, 3], km[1, 2] = 1.0, 60.0, 20.0
    streams = [tonnes(give, "o1", "a", 100), tonnes(give, "o2", "b", 100)]
    streams += [tonnes(take, "n1", "c", 100), tonnes(take, "n2", "d", 100)]
    matches, totals, _ = exchange(streams, facilities="abcd", km=km)
    assert len(matches) == 3
    assert totals[1] == 200


def test_unknown_is_counted_and_is_not_zero():
    matches, totals, unknown = exchange([give("o", "a"), tonnes(take, "n", "b", 5)])
    assert len(matches) == 1
    assert np.isnan(totals).all()
    assert unknown == 1


def test_units_are_kept_apart():
    heat = {"material": "surplus_heat", "unit": "MWh"}
    streams = [give("h", "a", amount_best=7.5, **heat), take("k", "b", amount_best=9, **heat)]
    streams += [tonnes(give, "o", "a", 2), tonnes(take, "n", "b", 3)]
    assert exchange(streams)[1].tolist() == [2, 2, 2]
    assert exchange(streams, unit="MWh")[1].tolist() == [7.5, 7.5, 7.5]


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_a_linear_programme(seed):
    rng = np.random.default_rng(seed)
    names = [f"f{i:02}" for i in range(16)]
    supply, demand = rng.integers(1, 5000, 8) / 4, rng.integers(1, 5000, 8) / 4
    streams = [tonnes(give, f"o{i}", names[i], supply[i]) for i in range(8)]
    streams += [tonnes(take, f"n{j}", names[8 + j], demand[j]) for j in range(8)]
    km = np.where(rng.random((16, 16)) < 0.4, 10.0, 900.0)
    _, totals, _ = exchange(streams, facilities=names, km=km)
    near = [(i, j) for i in range(8) for j in range(8) if km[i, 8 + j] < 100]
    rows = np.zeros((16, len(near)))
    for k, (i, j) in enumerate(near):
        rows[i, k] = rows[8 + j, k] = 1
    best = linprog(-np.ones(len(near)), A_ub=rows, b_ub=np.concatenate([supply, demand])).fun
    assert totals[1] == pytest.approx(-best, rel=1e-7)
