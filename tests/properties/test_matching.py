"""What must hold for any streams: the order of rows does not matter, mass is kept, parts add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.clustering import cluster_facilities
from geodata.exchange import sum_exchange
from geodata.flows import prepare_flows
from geodata.matching import match_streams
from geodata.parameters import ScenarioParameters
from geodata.results import RegionTables
from geodata.schemas import BASES
from geodata.scoring import PARTS
from tests.unit.scenes import TableTravel, give, make_codes, make_tables, take

CODES = make_codes()
PARAMETERS = ScenarioParameters(min_score=10, cluster_minutes=30)
SCORES = [part.column for part in PARTS]

amounts = st.none() | st.integers(0, 10_000).map(lambda n: n / 8)
facilities = st.sampled_from(["a", "b", "c", "d", "e"])


@st.composite
def streams(draw):
    rows = []
    for number in range(draw(st.integers(0, 12))):
        low, high = sorted(draw(st.tuples(st.integers(0, 500), st.integers(0, 500))))
        values = {
            "material": draw(st.sampled_from(["wood", "sawdust", "wood_chips", "glass", "surplus_heat"])),
            "eal_code": draw(st.none() | st.sampled_from(["030105", "030104", "030101", "170201", "170202"])),
            "amount_best": draw(amounts),
            "unit": draw(st.none() | st.sampled_from(["t", "m3", "MWh"])),
            "months": draw(st.none() | st.sampled_from(["1-12", "5-9", "11-2", "1,4,7"])),
            "hazardous": draw(st.none() | st.booleans()),
            "basis": draw(st.sampled_from(BASES)),
        }
        if draw(st.booleans()):
            values |= {"amount_min": low, "amount_best": None, "amount_max": high}
        make = give if draw(st.booleans()) else take
        rows.append(make(f"s{number:02}", draw(facilities), **values))
    return rows


kilometres = st.lists(st.integers(0, 200), min_size=25, max_size=25)


def build(rows, numbers):
    points = {name: (10 + k / 10, 63.0) for k, name in enumerate("abcde")}
    half = np.array(numbers, dtype=float).reshape(5, 5)
    km = half + half.T + 40
    np.fill_diagonal(km, 0)
    return make_tables(points, rows), TableTravel(list(points), km / 4)


def shuffle(tables: RegionTables, travel: TableTravel, seed: int) -> tuple[RegionTables, TableTravel]:
    order = np.random.default_rng(seed).permutation(len(tables.facilities))
    mixed = RegionTables(
        facilities=tables.facilities.iloc[order].reset_index(drop=True),
        streams=tables.streams.sample(frac=1, random_state=seed).reset_index(drop=True),
        networks=tables.networks,
        memberships=tables.memberships,
    )
    ids = np.array(travel.ids, dtype=object)[order]
    return mixed, TableTravel(list(ids), travel.km[np.ix_(order, order)])


@settings(max_examples=40, deadline=None)
@given(streams(), kilometres, st.integers(0, 99), st.integers(1, 7))
def test_the_order_of_rows_and_the_size_of_blocks_do_not_matter(rows, numbers, seed, block_pairs):
    tables, travel = build(rows, numbers)
    one = match_streams(tables, travel, codes=CODES, parameters=PARAMETERS)
    mixed, mixed_travel = shuffle(tables, travel, seed)
    two = match_streams(mixed, mixed_travel, codes=CODES, parameters=PARAMETERS, block_pairs=block_pairs)
    pd.testing.assert_frame_equal(one.matches, two.matches)
    pd.testing.assert_frame_equal(one.exclusions, two.exclusions)
    some, same = (
        cluster_facilities(
            region,
            ways,
            matches,
            flows=prepare_flows(region.streams, facility_ids=ways.ids, codes=CODES),
            parameters=PARAMETERS,
        )
        for region, ways, matches in ((tables, travel, one.matches), (mixed, mixed_travel, two.matches))
    )
    for before, after in zip(some, same, strict=True):
        pd.testing.assert_frame_equal(before, after)


@settings(max_examples=40, deadline=None)
@given(streams(), kilometres)
def test_parts_add_up_and_mass_is_kept(rows, numbers):
    tables, travel = build(rows, numbers)
    matches = match_streams(tables, travel, codes=CODES, parameters=PARAMETERS).matches
    assert (matches[SCORES].to_numpy().sum(axis=1) == matches["score"].to_numpy()).all()
    assert (matches["score"] >= PARAMETERS.min_score).all()
    assert matches["rank"].tolist() == list(range(1, len(matches) + 1))
    assert matches["match_id"].is_unique
    assert (matches["from_facility_id"] != matches["to_facility_id"]).all()
    flows = prepare_flows(tables.streams, facility_ids=travel.ids, codes=CODES).set_index("stream_id")
    for row in matches.to_dict("records"):
        given_t, taken_t = (flows.loc[row[f"{side}_stream_id"]] for side in ("offer", "need"))
        if row["amount_known"]:
            assert row["exchange_best"] == min(given_t["amount_best"], taken_t["amount_best"])
            assert row["exchange_min"] <= row["exchange_best"] <= row["exchange_max"]
        else:
            assert pd.isna(row["exchange_best"])


@settings(max_examples=40, deadline=None)
@given(streams(), kilometres)
def test_every_near_pair_is_matched_or_told(rows, numbers):
    tables, travel = build(rows, numbers)
    result = match_streams(tables, travel, codes=CODES, parameters=PARAMETERS)
    told = set(zip(result.matches["offer_stream_id"], result.matches["need_stream_id"], strict=True))
    count = len(told) + int(result.exclusions["pairs"].sum())
    offers = tables.streams[tables.streams["direction"] == "offer"]
    needs = tables.streams[tables.streams["direction"] == "need"]
    wooden = {"wood", "sawdust", "wood_chips"}

    def near(one, two):
        codes = one["eal_code"], two["eal_code"]
        shared = not any(pd.isna(code) for code in codes) and codes[0][:4] == codes[1][:4]
        kin = one["material"] == two["material"] or {one["material"], two["material"]} <= wooden
        return one["facility_id"] != two["facility_id"] and (kin or shared)

    pairs = [(o, n) for o in offers.to_dict("records") for n in needs.to_dict("records")]
    assert count == sum(near(o, n) for o, n in pairs)


@settings(max_examples=40, deadline=None)
@given(streams(), kilometres)
def test_nothing_is_given_twice(rows, numbers):
    tables, travel = build(rows, numbers)
    matches = match_streams(tables, travel, codes=CODES, parameters=PARAMETERS).matches
    flows = prepare_flows(tables.streams, facility_ids=travel.ids, codes=CODES)
    totals, unknown = sum_exchange(matches, flows, unit="t")
    assert unknown == (~matches["amount_known"]).sum()
    known = matches[matches["amount_known"] & matches["unit"].astype(object).eq("t")]
    if not len(known):
        assert np.isnan(totals).all()
        return
    amounts = flows.set_index("stream_id")["amount_best"]
    for side in ("offer_stream_id", "need_stream_id"):
        assert totals[1] <= amounts.reindex(known[side].unique()).sum() + 1e-6
    assert totals[1] >= known["exchange_best"].max() - 1e-6
    assert totals[0] <= totals[1] + 1e-6
    assert totals[1] <= totals[2] + 1e-6
