"""Key figures: sums of the rows, unknown counted and never zero."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geodata.clustering import cluster_facilities
from geodata.flows import prepare_flows
from geodata.indicators import INDICATOR_COLUMNS, read_indicator, summarise_scenario
from geodata.matching import match_streams
from geodata.parameters import ScenarioParameters
from geodata.schemas import BASES
from tests.unit.scenes import TableTravel, give, make_codes, make_tables, take

CODES = make_codes()
PARAMETERS = ScenarioParameters()


@pytest.fixture(scope="module")
def scene():
    tables = make_tables(
        {"a": (10.0, 63.0), "b": (10.1, 63.0), "c": (10.2, 63.0), "d": None},
        [
            give("o1", "a", amount_best=100, unit="t"),
            give("o2", "b", amount_best=30, unit="t", basis="modelled"),
            give("o3", "b", material="glass"),
            give("o4", "a", material="surplus_heat", amount_best=12, unit="MWh", basis="estimated"),
            take("n1", "c", amount_best=110, unit="t"),
            take("n2", "c", material="glass", amount_best=4, unit="t"),
        ],
    )
    km = np.array([[0, 9, 10, 9], [9, 0, 20, 9], [10, 20, 0, 9], [np.nan] * 4], dtype=float)
    travel = TableTravel(list("abcd"), km)
    matches = match_streams(tables, travel, codes=CODES, parameters=PARAMETERS).matches
    flows = prepare_flows(tables.streams, facility_ids=travel.ids, codes=CODES)
    clusters, members = cluster_facilities(tables, travel, matches, flows=flows, parameters=PARAMETERS)
    return tables, matches, summarise_scenario(tables, matches, clusters, members, flows=flows)


@pytest.mark.parametrize(
    ("name", "unit", "basis", "value"),
    [
        ("facilities", None, "all", 4),
        ("facilities_placed", None, "all", 3),
        ("facilities_without_streams", None, "all", 1),
        ("streams", None, "all", 6),
        ("offers", None, "all", 4),
        ("offers", None, "modelled", 1),
        ("offers_amount", "t", "all", 130),
        ("offers_amount", "t", "reported", 100),
        ("offers_amount", "MWh", "all", 12),
        ("offers_amount", "m3", "all", np.nan),
        ("offers_amount_unknown", None, "all", 1),
        ("needs_amount", "t", "all", 114),
        ("matches", None, "all", 3),
        ("matches", None, "modelled", 1),
        ("matches_amount_unknown", None, "all", 1),
        ("facilities_matched", None, "all", 3),
        ("matched_distance_median", "km", "all", 20),
        ("exchange_best", "t", "all", 110),  # 100 + 30 offered to a need of 110
        ("exchange_best", "t", "reported", 100),
        ("exchange_best", "t", "modelled", 10),  # 30 offered, room for 10 beside the 100 reported
        ("exchange_best", "MWh", "all", np.nan),
        ("clusters", None, "all", 1),
        ("facilities_clustered", None, "all", 3),
    ],
)
def test_figures_worked_by_hand(scene, name, unit, basis, value):
    assert read_indicator(scene[2], name, unit=unit, basis=basis) == pytest.approx(value, nan_ok=True)


def test_totals_are_the_sums_of_the_rows(scene):
    tables, matches, indicators = scene
    for name, count in (("offers", 4), ("needs", 2), ("matches", len(matches))):
        parts = sum(read_indicator(indicators, name, basis=basis) for basis in BASES)
        assert parts == read_indicator(indicators, name) == count
    tonnes = tables.streams[(tables.streams["unit"] == "t").fillna(False)]
    for direction in ("offer", "need"):
        total = tonnes.loc[tonnes["direction"] == direction, "amount_best"].sum()
        assert read_indicator(indicators, f"{direction}s_amount", unit="t") == total
    assert tuple(indicators.columns) == INDICATOR_COLUMNS
    assert not indicators.duplicated(["name", "unit", "basis"]).any()


def test_no_rows_give_counts_of_zero_and_unknown_amounts():
    tables = make_tables({}, [])
    travel = TableTravel([], np.zeros((0, 0)))
    matches = match_streams(tables, travel, codes=CODES, parameters=PARAMETERS).matches
    flows = prepare_flows(tables.streams, facility_ids=(), codes=CODES)
    clusters, members = cluster_facilities(tables, travel, matches, flows=flows, parameters=PARAMETERS)
    indicators = summarise_scenario(tables, matches, clusters, members, flows=flows)
    assert read_indicator(indicators, "facilities") == 0
    assert np.isnan(read_indicator(indicators, "offers_amount", unit="t"))
    assert pd.isna(indicators.loc[indicators["name"] == "matched_distance_median", "value"].iloc[0])
    with pytest.raises(KeyError):
        read_indicator(indicators, "no such figure")
