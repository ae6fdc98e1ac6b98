"""Matching with numbers worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geodata.matching import EXCLUSION_COLUMNS, MATCH_COLUMNS, MAX_PARTNERS, match_streams
from geodata.parameters import ScenarioParameters
from geodata.partners import INQUIRY_ID, append_tables, make_inquiry, rank_partners
from geodata.scoring import PARTS, explain_match
from tests.unit.scenes import TableTravel, give, make_codes, make_tables, take

CODES = make_codes()
PARAMETERS = ScenarioParameters()
SCORES = [part.column for part in PARTS]
TWO = {"a": (10.0, 63.0), "b": (10.1, 63.0)}


def match(streams, *, facilities=TWO, km=32.8, parameters=PARAMETERS, **options):
    tables = make_tables(facilities, streams)
    n = len(facilities)
    matrix = np.asarray(km, dtype=float) if np.ndim(km) else np.full((n, n), float(km))
    return match_streams(
        tables, TableTravel(list(facilities), matrix), codes=CODES, parameters=parameters, **options
    )


def only(streams, **options):
    matches = match(streams, **options).matches
    assert len(matches) == 1
    return matches.iloc[0]


def reasons(streams, **options):
    result = match(streams, **options)
    assert not len(result.matches)
    return dict(zip(result.exclusions["reason"], result.exclusions["pairs"], strict=True))


def test_full_match_worked_by_hand():
    # Same code and material 40; no demand of quality is told, half of 6; 50 of 100 t offered fills a need of
    # 50 t: (0.5 + 1) / 2 of 14 = 10.5; May-September within the whole year: 5/5 and 5/12, mean .708333 of
    # 8 = 5.667 -> 5.75 (quarters); 32.8 km is the half distance: 10; no hazardous waste by its code: 5; where
    # it goes today is not known, half of 7. Sum 77.75.
    row = only(
        [
            give("o", "a", eal_code="030105", amount_best=100, unit="t", months="1-12"),
            take("n", "b", eal_code="030105", amount_best=50, unit="t", months="5-9"),
        ]
    )
    assert [row[name] for name in SCORES] == [40.0, 3.0, 10.5, 5.75, 10.0, 5.0, 3.5]
    assert row["score"] == 77.75
    assert row["exchange_best"] == 50.0
    assert row["shared_digits"] == 6
    assert row["basis"] == "reported"
    assert list(match([]).matches.columns) == list(MATCH_COLUMNS)


@pytest.mark.parametrize(
    ("need_code", "digits", "points"), [("030105", 6, 40.0), ("030101", 4, 31.5), ("170201", 0, 12.0)]
)
def test_code_points_by_shared_digits(need_code, digits, points):
    row = only([give("o", "a", eal_code="030105"), take("n", "b", eal_code=need_code)], km=1)
    assert (row["shared_digits"], row["score_code"]) == (digits, points)


def test_chapter_alone_gives_two_digits():
    row = only([give("o", "a", eal_code="170201"), take("n", "b", eal_code="170101")], km=1)
    assert (row["shared_digits"], row["score_code"]) == (2, 23.25)  # (0.7 x 0.4 + 0.3) x 40 = 23.2


def test_flows_without_code_are_matched_by_material():
    heat = {"material": "surplus_heat", "unit": "MWh"}
    row = only([give("o", "a", amount_best=10, **heat), take("n", "b", amount_best=20, **heat)], km=0)
    assert row["score_code"] == 40.0
    assert (row["exchange_best"], row["unit"]) == (10.0, "MWh")
    one = only([give("o", "a", eal_code="030105"), take("n", "b")], km=0)
    assert one["score_code"] == 31.5  # (0.7 x 0.7 + 0.3) x 40 = 31.6: only one side has a code


def test_related_materials_give_part_of_the_points():
    kinds = {("sawdust", "sawdust"): 40.0, ("sawdust", "wood"): 24.0, ("sawdust", "wood_chips"): 12.0}
    for (offered, needed), points in kinds.items():
        row = only([give("o", "a", material=offered), take("n", "b", material=needed)], km=0)
        assert row["score_code"] == points


def test_unknown_amounts_and_months_are_neutral_and_said():
    row = only([give("o", "a", amount_best=100, unit="t"), take("n", "b")])
    assert (row["score_amount"], row["score_season"]) == (7.0, 4.0)
    assert not row["amount_known"]
    assert row["amount_state"] == "need_unknown"
    assert row[["exchange_min", "exchange_best", "exchange_max"]].isna().all()
    told = {part.part: part.reason_code for part in explain_match(row.to_dict(), parameters=PARAMETERS)}
    assert told["amount"] == "amount.need_unknown"
    assert told["season"] == "season.unknown"


def test_ranges_give_a_range_of_exchange():
    row = only(
        [
            give("o", "a", amount_min=80, amount_best=100, amount_max=120, unit="t"),
            take("n", "b", amount_min=50, amount_max=150, unit="t"),  # best: the middle, 100
        ]
    )
    assert [row[f"exchange_{level}"] for level in ("min", "best", "max")] == [50.0, 100.0, 120.0]


def test_lone_minimum_leaves_the_amount_unknown():
    row = only([give("o", "a", amount_min=80, unit="t"), take("n", "b", amount_best=10, unit="t")])
    assert row["amount_state"] == "offer_unknown"


def test_volumes_become_tonnes_by_density():
    # 1000 m3 of sawdust at 0.15-0.2-0.25 t/m3.
    row = only(
        [
            give("o", "a", material="sawdust", amount_best=1000, unit="m3"),
            take("n", "b", material="sawdust", amount_best=500, unit="t"),
        ]
    )
    assert [row[f"exchange_{level}"] for level in ("min", "best", "max")] == [150.0, 200.0, 250.0]
    assert row["unit"] == "t"


def test_volume_without_density_is_not_compared_with_tonnes():
    glass = {"material": "glass"}
    row = only(
        [give("o", "a", amount_best=9, unit="m3", **glass), take("n", "b", amount_best=5, unit="t", **glass)]
    )
    assert row["amount_state"] == "not_comparable"
    both = [
        give("o", "a", amount_best=9, unit="m3", **glass),
        take("n", "b", amount_best=5, unit="m3", **glass),
    ]
    assert (only(both)["exchange_best"], only(both)["unit"]) == (5.0, "m3")


@pytest.mark.parametrize(
    ("offer", "need", "reason"),
    [
        ({"eal_code": "030104"}, {"eal_code": "030105"}, "hazard"),
        ({"hazardous": True}, {"hazardous": False}, "hazard"),
        ({"unit": "MWh"}, {"unit": "t"}, "unit"),
        ({"amount_best": 0, "unit": "t"}, {"amount_best": 5, "unit": "t"}, "amount_zero"),
        ({"months": "1-3"}, {"months": "6-8"}, "months"),
        ({"eal_code": "170202", "material": "glass"}, {"eal_code": "170201", "material": "wood"}, "material"),
    ],
)
def test_each_test_that_fails_is_told(offer, need, reason):
    assert reasons([give("o", "a", **offer), take("n", "b", **need)], km=5) == {reason: 1}


def test_unknown_hazard_is_not_a_reason():
    row = only([give("o", "a", hazardous=True), take("n", "b")], km=5)
    assert row["hazardous"]
    assert pd.isna(only([give("o", "a"), take("n", "b")], km=5)["hazardous"])


def test_road_limits_are_told_with_their_value():
    streams = [give("o", "a"), take("n", "b")]
    far = match(streams, km=130).exclusions.iloc[0]
    assert (far["reason"], far["value"], far["limit"], far["unit"]) == ("too_far", 130.0, 120.0, "km")
    assert reasons(streams, km=np.nan) == {"unreachable": 1}
    assert reasons(streams, facilities={"a": (10.0, 63.0), "b": None}, km=5) == {"not_placed": 1}
    slow = TableTravel(["a", "b"], np.full((2, 2), 20.0), np.full((2, 2), 300.0))
    row = match_streams(make_tables(TWO, streams), slow, codes=CODES, parameters=PARAMETERS).exclusions.iloc[
        0
    ]
    assert (row["reason"], row["value"], row["limit"]) == ("too_long", 300.0, 240.0)


def test_heat_goes_by_pipe_and_not_across_the_county():
    heat = {"material": "surplus_heat", "unit": "MWh"}
    streams = [give("o", "a", **heat), take("n", "b", **heat)]
    assert len(match(streams, km=9.9).matches) == 1
    row = match(streams, km=10.1).exclusions.iloc[0]
    assert (row["reason"], row["value"], row["limit"]) == ("too_far", 10.1, 10.0)


def test_below_score_tells_the_score():
    # Siblings without codes: 12; 3 + 7 + 4 + 2.5 + 3.5 for what is unknown; 20 * 2 ** -3 = 2.5
    streams = [give("o", "a", material="sawdust"), take("n", "b", material="wood_chips")]
    row = match(streams, km=98.4).exclusions.iloc[0]
    assert (row["reason"], row["limit"], row["unit"]) == ("below_score", 35.0, "points")
    assert row["value"] == 12 + 3 + 7 + 4 + 2.5 + 3.5 + 2.5


def test_far_pairs_are_not_routed_but_told():
    facilities = {"a": (10.0, 59.0), **{f"b{i:02}": (10.0, 68.0) for i in range(20)}}
    tables = make_tables(facilities, [give("o", "a"), *(take(f"n{i:02}", f"b{i:02}") for i in range(20))])
    travel = TableTravel(list(facilities), np.full((21, 21), 1200.0))
    result = match_streams(tables, travel, codes=CODES, parameters=PARAMETERS)
    assert travel.asked == 3  # only those told one by one
    assert list(result.exclusions["pairs"]) == [1, 1, 1, 17]
    assert result.exclusions["need_stream_id"].isna().tolist() == [False, False, False, True]
    assert list(result.exclusions.columns) == list(EXCLUSION_COLUMNS)


def test_a_facility_is_no_partner_of_itself():
    result = match([give("o", "a"), take("n", "a")])
    assert not len(result.matches)
    assert not len(result.exclusions)


def test_weaker_basis_is_said_where_it_stands_first():
    three = {"a": (10.0, 63.0), "b": (10.1, 63.0), "c": (10.2, 63.0)}
    km = np.array([[0, 10, 40], [10, 0, 30], [40, 30, 0]])
    streams = [give("o", "a"), take("n1", "b", basis="modelled"), take("n2", "c")]
    matches = match(streams, facilities=three, km=km).matches
    assert list(matches["basis"]) == ["modelled", "reported"]
    assert list(matches["ahead_of_reported"]) == [True, False]
    even = match(streams, facilities=three, km=10).matches
    assert list(even["basis"]) == ["reported", "modelled"]
    assert not even["ahead_of_reported"].any()


def test_partners_beyond_the_cap_are_counted():
    count = MAX_PARTNERS + 7
    facilities = {"a": (10.0, 63.0)} | {f"b{i:03}": (10.0, 63.1) for i in range(count)}
    streams = [give("o", "a"), *(take(f"n{i:03}", f"b{i:03}") for i in range(count))]
    result = match(streams, facilities=facilities, km=10)
    # Each need's best partner is this offer: kept for the needs' sake.
    assert len(result.matches) == count
    streams += [give(f"p{i:03}", "a") for i in range(MAX_PARTNERS)]
    result = match(streams, facilities=facilities, km=10)
    capped = result.exclusions[result.exclusions["reason"] == "ranked_below"]
    assert len(result.matches) + capped["pairs"].sum() == count * (MAX_PARTNERS + 1)


def test_partners_of_one_facility_and_of_an_inquiry():
    tables = make_tables(
        {"a": (10.0, 63.0), "b": (10.1, 63.0)},
        [take("n1", "a", amount_best=5, unit="t"), give("o1", "a"), take("n2", "b")],
    )
    asked = append_tables(tables, make_inquiry(material="wood", lon=10.05, lat=63.0, amount_best=3, unit="t"))
    km = np.array([[0, 10, 4], [10, 0, 6], [4, 6, 0]])
    travel = TableTravel(list(asked.facilities["facility_id"]), km)
    result = match_streams(asked, travel, codes=CODES, parameters=PARAMETERS, focus=[INQUIRY_ID])
    partners = rank_partners(result.matches, facility_ids=[INQUIRY_ID])
    assert list(partners["partner_facility_id"]) == ["a", "b"]
    assert list(partners["direction"]) == ["gives", "gives"]
    assert partners["exchange_t_best"].iloc[0] == 3.0
    assert set(result.matches["from_facility_id"]) == {INQUIRY_ID}
    taking = rank_partners(match_streams(tables, TableTravel(["a", "b"], km[:2, :2]), codes=CODES,
                                         parameters=PARAMETERS).matches, facility_ids=["b"])  # fmt: skip
    assert list(taking["direction"]) == ["takes"]
    assert not len(rank_partners(result.matches, facility_ids=["nobody"]))
