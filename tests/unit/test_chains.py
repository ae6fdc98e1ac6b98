"""Matches by uses and through intermediaries, with numbers worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geodata.matching import MAX_TURNED_PARTNERS, match_streams
from geodata.parameters import ScenarioParameters
from geodata.qualitytext import read_quality
from geodata.scoring import PARTS, explain_match
from tests.properties.test_chains import CODES
from tests.unit.scenes import TableTravel, give, make_tables, make_use, make_uses, take

PARAMETERS = ScenarioParameters()
USES = make_uses(
    make_use("wood-to-glass", product="glass", intermediary="38", receivers="23:4", hierarchy="recycling",
             operation="R5", yield_low=0.4, yield_best=0.5, yield_high=0.8,
             quality="clean_sorted low_moisture"),
    make_use("glass-to-wood", materials="glass", product="wood", step="none", receivers="16:5", law="product",
             yield_low=1, yield_best=1, yield_high=1),
    make_use("wood-to-heat", product="surplus_heat", step="combustion", operation="R1", hierarchy="energy",
             law="energy", receivers="35:5", intermediary="38", yield_low=2, yield_best=3, yield_high=4),
)  # fmt: skip
THREE = {"a": (10.0, 63.0), "b": (10.1, 63.0), "c": (10.2, 63.0)}
KM = np.array([[0.0, 10, 50], [10, 0, 22.8], [50, 22.8, 0]])


def match(
    streams, *, kinds=("producer", "treatment", "producer"), industries=("16", "38", "23"), km=KM, **options
):
    tables = make_tables(THREE, streams)
    facilities = tables.facilities
    facilities["actor_type"] = pd.array(list(kinds), dtype="string")
    facilities["industry_code"] = pd.array(list(industries), dtype="string")
    options = {"codes": CODES, "uses": USES, "parameters": PARAMETERS} | options
    return match_streams(tables, TableTravel(list(THREE), km), **options)


def offer(**values):
    usual = {"amount_min": 80, "amount_best": 100, "amount_max": 120, "unit": "t", "months": "1-12"}
    usual |= {"hazardous": False, "quality": "ren og tørr", "treatment": "D1", "price_nok_per_t": -900}
    return give("o", "a", **(usual | values))


def accept(**values):
    usual = {"amount_best": 60, "unit": "t", "months": "1-12", "hazardous": False, "treatment": "R5"}
    return take("v", "b", **(usual | values))


def want(**values):
    return take(
        "n", "c", **({"material": "glass", "amount_best": 40, "unit": "t", "hazardous": False} | values)
    )


def chain(*streams, **options):
    matches = match(list(streams), **options).matches
    found = matches[matches["route"] == "intermediary"]
    assert len(found) == 1
    return found.iloc[0]


def test_a_chain_worked_by_hand():
    # Code: 0.85 of 40, of a use that fits (1), an operation that agrees (0.95), a common receiver (0.95) and
    # the same material accepted (1): 30.685 -> 30.75. Quality: both demands met, 6. Amount: 100 t offered,
    # min(60, 40 / 0.5) = 60 taken: (0.6 + 1) / 2 of 14 = 11.2 -> 11.25. Season 8. Distance 32.8 km: 10.
    # Licence: 5. From landfill (6) to recycling (2): (1 + 4/5) / 2 of 7 = 6.3 -> 6.25. Sum 77.25.
    row = chain(offer(), accept(), want())
    points = {part.name: row[part.column] for part in PARTS}
    assert points == {"code": 30.75, "quality": 6.0, "amount": 11.25, "season": 8.0, "distance": 10.0,
                      "hazard": 5.0, "hierarchy": 6.25}  # fmt: skip
    assert row["score"] == 77.25
    assert (row["exchange_min"], row["exchange_best"], row["exchange_max"]) == (50.0, 60.0, 60.0)
    assert (row["capacity"], row["need_amount"], row["yield_best"], row["fills_per_t"]) == (
        60.0,
        40.0,
        0.5,
        0.5,
    )
    assert (row["distance_km"], row["via_km"], row["via_facility_id"], row["via_stream_id"]) == (
        32.8,
        10,
        "b",
        "v",
    )
    assert (row["use_id"], row["step"], row["operation"], row["law"]) == (
        "wood-to-glass",
        "grinding",
        "R5",
        "product",
    )
    assert (row["hierarchy"], row["hierarchy_rank"], row["present_hierarchy"]) == ("recycling", 2, "disposal")
    assert (row["offer_treatment"], row["offer_price_nok_per_t"], row["product"]) == ("D1", -900.0, "glass")
    assert row["missing"] == "code"
    told = {part.part: part.reason_code for part in explain_match(row.to_dict(), parameters=PARAMETERS)}
    assert told == {"code": "code.intermediary", "quality": "quality.met", "amount": "amount.turned",
                    "season": "season.overlap", "distance": "distance.routed", "hazard": "hazard.ordinary",
                    "hierarchy": "hierarchy.better_reported"}  # fmt: skip


def test_the_range_of_the_amount_gives_the_range_of_the_score():
    # Taken: 40 / 0.8 = 50 at the least, 60 (the capacity) at the most; offered 80 to 120.
    # Lowest share: (1 + 50 / 120) / 2 = 0.708 of 14 = 9.917 -> 10; highest: (1 + 60 / 80) / 2 of 14 = 12.25.
    row = chain(offer(), accept(), want())
    assert row["score_low"] == 77.25 - 11.25 + 10.0
    assert row["score_high"] == 77.25 - 11.25 + 12.25


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        ({"hazardous": True}, {"hazardous": False}),
        ({"hazardous": True}, {"hazardous": None}),
        ({"hazardous": False}, {"hazardous": True}),
        ({}, {"treatment": "D1"}),
        ({}, {"material": "glass"}),
        ({"months": "1-3"}, {"months": "6-8"}),
        ({}, {"amount_best": 0}),
    ],
)
def test_who_may_not_take_it_is_no_intermediary(given, accepted):
    matches = match([offer(**given), accept(**accepted), want()]).matches
    assert not (matches["route"] == "intermediary").any()


def test_hazardous_waste_goes_to_one_who_takes_it():
    row = chain(offer(hazardous=True), accept(hazardous=True), want())
    assert row["licence"] == "licensed"


def test_a_producer_of_another_industry_is_no_intermediary():
    streams, kinds = [offer(), accept(), want()], ("producer",) * 3
    other = match(streams, kinds=kinds, industries=("16", "10", "23")).matches
    assert not (other["route"] == "intermediary").any()
    named = match(streams, kinds=kinds).matches
    assert (named["route"] == "intermediary").sum() == 1  # its industry is the use's


def test_heat_goes_on_by_pipe_only():
    heat = want(material="surplus_heat", unit="MWh", amount_best=90)
    burns, industries = accept(treatment="R1"), ("16", "38", "35")
    assert not (match([offer(), burns, heat], industries=industries).matches["route"] == "intermediary").any()
    near = np.array([[0.0, 50, 58], [50, 0, 8], [58, 8, 0]])
    row = chain(offer(), burns, heat, industries=industries, km=near)
    assert (row["unit"], row["need_unit"], row["exchange_best"]) == (
        "t",
        "MWh",
        30.0,
    )  # 90 MWh of 3 MWh a tonne


def test_a_receiver_that_needs_the_product_of_another_stream():
    streams = [give("o", "a", material="glass", amount_best=10, unit="t"),
               take("n", "c", material="wood", amount_best=5, unit="t")]  # fmt: skip
    row = match(streams, industries=("23", "38", "16")).matches.iloc[0]
    assert (row["route"], row["use_id"], row["relation"]) == ("use", "glass-to-wood", "none")
    assert row["score_code"] == 36.0  # 0.9 of 40: the best fit, the usual receiver
    assert row["exchange_best"] == 5.0
    assert not len(match(streams, industries=("23", "38", "16"), uses=None).matches)


def test_a_need_that_takes_the_stream_for_a_use_counts_it():
    # The codes tell nothing (0.3 of 40), but the receiver does what the use says: 0.8 x 0.9 of 40 = 28.8.
    streams = [give("o", "a", eal_code="030105"), take("n", "b", eal_code="170201", treatment="R5")]
    row = match(streams).matches.iloc[0]
    assert (row["route"], row["use_id"], row["score_code"]) == ("same_stream", "wood-to-glass", 28.75)
    assert (row["fills_per_t"], row["yield_best"]) == (1.0, 0.5)
    assert explain_match(row.to_dict(), parameters=PARAMETERS)[0].reason_code == "code.taken_for_use"


def test_a_chain_gives_way_to_the_same_stream_as_well_served():
    both = [give("o", "a", material="wood"), accept(), take("n", "c", material="wood"),
            give("p", "b", material="wood")]  # fmt: skip
    sorting = make_uses(make_use("sort", product="wood", step="sorting", intermediary="38", yield_low=1,
                                 yield_best=1, yield_high=1))  # fmt: skip
    matches = match(both, uses=sorting, km=np.full((3, 3), 5.0)).matches
    assert not (matches["route"] == "intermediary").any()


def test_a_use_hands_on_only_what_was_there():
    # The use takes glass and wood and hands glass on; wood that it takes does not become glass by that.
    hands_on = make_uses(make_use("as-it-is", materials="glass wood", product="glass", step="none",
                                  receivers="23:5"))  # fmt: skip
    streams = [give("o", "a", material="wood"), take("n", "c", material="glass")]
    assert not len(match(streams, uses=hands_on).matches)
    made = make_uses(make_use("made", product="glass", step="none", receivers="23:5"))
    assert list(match(streams, uses=made).matches["route"]) == ["use"]


def test_of_two_ways_the_shorter_is_kept():
    streams = [offer(), accept(), take("w", "b", material="wood", amount_best=60, unit="t", treatment="R5",
                                       hazardous=False, months="1-12"), want()]  # fmt: skip
    assert chain(*streams)["via_stream_id"] == "v"  # as good in all: the first name


def test_weaker_ways_to_turn_a_stream_are_counted():
    count = MAX_TURNED_PARTNERS + 5
    streams = [give(f"o{k:03}", "a", material="glass") for k in range(count)]
    streams += [take(f"n{k:03}", "c", material="wood") for k in range(count)]
    result = match(streams, industries=("23", "38", "16"))
    capped = result.exclusions[result.exclusions["reason"] == "ranked_below"]["pairs"].sum()
    assert capped > 0
    assert len(result.matches) + capped == count**2


@pytest.mark.parametrize(
    ("text", "met", "broken"),
    [
        ("rent", {"clean_sorted"}, set()),
        ("blanda, fuktig", set(), {"clean_sorted", "low_moisture"}),
        ("uten asbest", {"no_asbestos"}, set()),
        ("35 % tørrstoff", set(), {"dry_matter_high"}),
        ("om lag 30 % vann", {"dry_matter_high"}, set()),
        ("70 grader", {"temperature_60c"}, {"temperature_90c"}),
        ("ikke sortert", set(), set()),
        ("etter avtale", set(), set()),
    ],
)
def test_words_of_quality(text, met, broken):
    found_met, found_broken = read_quality(text)
    assert met <= found_met
    assert broken <= found_broken
    assert bool(met) == bool(found_met)
    assert bool(broken) == bool(found_broken)
