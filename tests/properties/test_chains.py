"""Matches by uses and intermediaries: the same as three plain loops, and what must hold for any streams."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import geopandas as gpd
import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata import intermediaries
from geodata.codetables import WasteCodes
from geodata.flows import prepare_flows
from geodata.matching import MATCH_COLUMNS, match_streams
from geodata.matchtable import rank_range
from geodata.materials import materials_related
from geodata.parameters import ScenarioParameters
from geodata.results import RegionTables
from geodata.schemas import BASES
from geodata.scoring import PARTS
from geodata.usepairs import (
    CHAIN_PART,
    CODE_SHARES,
    LEAST_STRENGTH,
    RECEIVER_SHARES,
    RELATION_SHARES,
    RELATIONS,
)
from geodata.uses import find_uses
from tests.properties.test_matching import kilometres, shuffle
from tests.unit.scenes import TableTravel, give, make_codes, make_tables, make_use, make_uses, take


def _with_units(codes: WasteCodes) -> WasteCodes:
    energy = codes.materials["material"].isin(["heat", "surplus_heat"])
    return replace(codes, materials=codes.materials.assign(unit=np.where(energy, "MWh", "t")))


CODES = _with_units(make_codes())
PARAMETERS = ScenarioParameters(min_score=10, cluster_minutes=30)
SCORES = [part.column for part in PARTS]
USES = make_uses(
    make_use("glass-to-wood", materials="glass", product="wood", step="none", receivers="16:5", yield_low=1,
             yield_best=1, yield_high=1, quality="clean_sorted"),
    make_use("wood-to-glass", materials="wood", product="glass", receivers="23:4", intermediary="38",
             yield_low=0.4, yield_best=0.5, yield_high=0.6, quality="clean_sorted low_moisture"),
    make_use("wood-to-heat", materials="wood", product="surplus_heat", step="combustion", operation="R1",
             hierarchy="energy", law="energy", receivers="35:5", intermediary="38", yield_low=2, yield_best=3,
             yield_high=4),
)  # fmt: skip
NAMES = "abcde"
KINDS = {"a": ("producer", "16"), "b": ("treatment", "38"), "c": ("collector", ""), "d": ("producer", "23"),
         "e": ("producer", "35")}  # fmt: skip


ROLES = (
    (give, "ade", ("wood", "sawdust")),
    (take, "bc", ("wood", "sawdust")),
    (take, "acde", ("glass", "surplus_heat")),
    (give, NAMES, ("wood", "glass", "surplus_heat")),
    (take, NAMES, ("wood", "sawdust", "glass", "surplus_heat")),
)


@st.composite
def streams(draw):
    rows = []
    for number in range(draw(st.integers(0, 12))):
        low, high = sorted(draw(st.tuples(st.integers(0, 500), st.integers(0, 500))))
        values = {
            "eal_code": draw(st.none() | st.sampled_from(["030105", "030105", "030104", "170201", "170202"])),
            "amount_best": draw(st.none() | st.integers(0, 4000).map(lambda n: n / 8)),
            "unit": draw(st.none() | st.sampled_from(["t", "t", "MWh"])),
            "months": draw(st.none() | st.sampled_from(["1-12", "5-9", "11-2"])),
            "hazardous": draw(st.sampled_from([None, None, False, True])),
            "treatment": draw(st.none() | st.sampled_from(["R3", "R1", "R12", "D1"])),
            "quality": draw(st.none() | st.sampled_from(["ren og tørr", "blandet", "etter avtale"])),
            "basis": draw(st.sampled_from(BASES)),
        }
        if draw(st.booleans()):
            values |= {"amount_min": low, "amount_best": None, "amount_max": high}
        # Most streams play a part in a chain: something is given, accepted by b or c, or wanted.
        make, places, materials = draw(st.sampled_from(ROLES))
        values["material"] = draw(st.sampled_from(materials))
        rows.append(make(f"s{number:02}", draw(st.sampled_from(places)), **values))
    return rows


def build(rows, numbers) -> tuple[RegionTables, TableTravel]:
    points = {name: (10 + k / 100, 63.0) for k, name in enumerate(NAMES)}
    half = np.array(numbers, dtype=float).reshape(5, 5)
    km = half + half.T + 8
    np.fill_diagonal(km, 0)
    tables = make_tables(points, rows)
    facilities = tables.facilities.assign(
        actor_type=pd.array([KINDS[name][0] for name in points], dtype="string"),
        industry_code=pd.array([KINDS[name][1] or None for name in points], dtype="string"),
    )
    return replace(tables, facilities=gpd.GeoDataFrame(facilities)), TableTravel(list(points), km / 4)


def run(rows, numbers, **options) -> pd.DataFrame:
    tables, travel = build(rows, numbers)
    return match_streams(tables, travel, codes=CODES, uses=USES, parameters=PARAMETERS, **options).matches


@settings(max_examples=60, deadline=None)
@given(streams(), kilometres, st.integers(0, 99), st.integers(1, 7))
def test_the_order_of_rows_and_the_size_of_blocks_do_not_matter(rows, numbers, seed, block_pairs):
    tables, travel = build(rows, numbers)
    mixed, mixed_travel = shuffle(tables, travel, seed)
    options = {"codes": CODES, "uses": USES, "parameters": PARAMETERS}
    one = match_streams(tables, travel, **options)
    two = match_streams(mixed, mixed_travel, block_pairs=block_pairs, **options)
    pd.testing.assert_frame_equal(one.matches, two.matches)
    pd.testing.assert_frame_equal(one.exclusions, two.exclusions)


@settings(max_examples=60, deadline=None)
@given(streams(), kilometres)
def test_scores_add_up_and_ranks_lie_within_their_range(rows, numbers):
    matches = run(rows, numbers)
    assert list(matches.columns) == list(MATCH_COLUMNS)
    assert matches["match_id"].is_unique
    assert (matches[SCORES].to_numpy().sum(axis=1) == matches["score"].to_numpy()).all()
    assert (matches[SCORES].to_numpy() * 4 % 1 == 0).all()
    assert ((matches["score_low"] <= matches["score"]) & (matches["score"] <= matches["score_high"])).all()
    assert ((matches["rank_best"] <= matches["rank"]) & (matches["rank"] <= matches["rank_worst"])).all()
    low, high = matches["score_low"].tolist(), matches["score_high"].tolist()
    assert matches["rank_best"].tolist() == [1 + sum(other > mine for other in low) for mine in high]
    assert matches["rank_worst"].tolist() == [sum(other >= mine for other in high) for mine in low]
    ahead = [
        bool(
            row.basis in ("modelled", "illustrative")
            and (matches["basis"][matches["rank"] > row.rank] == "reported").any()
        )
        for row in matches.itertuples()
    ]
    assert matches["ahead_of_reported"].tolist() == ahead


@settings(max_examples=80, deadline=None)
@given(streams(), kilometres)
def test_an_intermediary_is_licensed_and_never_gets_more_than_it_can_take(rows, numbers):
    tables, travel = build(rows, numbers)
    matches = match_streams(tables, travel, codes=CODES, uses=USES, parameters=PARAMETERS).matches
    flows = prepare_flows(tables.streams, facility_ids=travel.ids, codes=CODES).set_index("stream_id")
    for row in matches[matches["route"] == "intermediary"].to_dict("records"):
        offer, via, need = (flows.loc[row[f"{name}_stream_id"]] for name in ("offer", "via", "need"))
        assert len({row["from_facility_id"], row["via_facility_id"], row["to_facility_id"]}) == 3
        assert not via["offer"]
        assert via["treatment"] != "D1"
        if offer["hazard"] == 1:
            assert via["hazard"] == 1
        i, j, k = (travel.ids.index(row[f"{name}_facility_id"]) for name in ("from", "via", "to"))
        assert row["via_km"] == travel.km[i, j]
        assert row["distance_km"] == travel.km[i, j] + travel.km[j, k]
        if pd.notna(row["exchange_best"]):
            assert row["exchange_best"] <= offer["amount_best"]
            assert row["exchange_best"] * row["yield_best"] <= need["amount_best"] * (1 + 1e-9)
            assert row["exchange_min"] <= row["exchange_best"] <= row["exchange_max"]
            if via["unit"] == offer["unit"] and pd.notna(via["amount_best"]):
                assert row["exchange_best"] <= via["amount_best"]
                assert row["exchange_max"] <= via["amount_max"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 8)), max_size=12))
def test_ranges_of_ranks_hold_every_order_that_the_scores_leave_open(pairs):
    low = np.array([float(start) for start, _ in pairs])
    high = low + [float(length) for _, length in pairs]
    best, worst = rank_range(low, high)
    for chance in range(5):
        score = low + np.random.default_rng(chance).random(len(pairs)) * (high - low)
        rank = 1 + (score[None, :] > score[:, None]).sum(axis=1)
        assert (best <= rank).all()
        assert (rank <= worst).all()


def tell_worth(offer: dict, via: dict, need: dict, use: dict, makes: bool) -> float:
    """How good a chain is before its place in the hierarchy of routes, in the plainest words."""
    wider = {"wood": ["wood"], "sawdust": ["sawdust", "wood"], "glass": ["glass"]}[offer["material"]]
    kin = 3 if offer["material"] == via["material"] else 2 if via["material"] in wider else 0
    codes = [offer["code"], via["code"]]
    digits = next((n for n in (6, 4, 2) if all(codes) and codes[0][:n] == codes[1][:n]), 0)
    if not kin and digits != 6:
        return 0.0
    kin_share = RELATION_SHARES[kin if kin else RELATIONS.index(relate(offer, via))]
    by_code = CODE_SHARES[digits] if all(codes) else (0.7 if any(codes) else 1.0) * kin_share
    share = 0.7 * by_code + 0.3 * kin_share
    share = max(share, 0.9) if kin == 2 else share
    fits = find_uses(USES, codes=CODES, code=offer["code"] or None, material=offer["material"])
    fit = dict(zip(fits["use_id"], fits["fit"], strict=True)).get(use["use_id"], 0.0)
    if makes:
        sure = 1.0
    elif via["treatment"] == use["operation"]:
        sure = 0.95
    elif via["treatment"] in ("", "R12"):
        sure = {"38": 0.85, "": 0.6}[via["division"]]
    else:
        return 0.0
    receivers = {part[:2]: RECEIVER_SHARES[int(part[3:])] for part in use["receivers"].split()}
    wanted = receivers.get(need["division"], 0.7) if need["division"] else 0.75
    return share * fit * sure * wanted


def relate(offer: dict, via: dict) -> str:
    return materials_related(offer["material"], via["material"], codes=CODES)


def find_plainly(tables: RegionTables, travel: TableTravel) -> dict[tuple[str, str, str, str], float]:
    """Three loops over offers, accepted streams and needs: (offer, via, need, use) -> worth."""
    flows = prepare_flows(tables.streams, facility_ids=travel.ids, codes=CODES, facilities=tables.facilities)
    offers, needs = (flows[flows["offer"] == side].to_dict("records") for side in (True, False))
    found: dict[tuple[str, str, str, str], float] = {}
    for use in USES.uses[USES.uses["intermediary"] != ""].to_dict("records"):
        energy = use["product"] == "surplus_heat"
        for offer in offers:
            if offer["amount_max"] == 0 or offer["piped"]:
                continue
            for via in needs:
                if not via["treats"] or via["treatment"] == "D1" or via["amount_max"] == 0:
                    continue
                if via["facility"] == offer["facility"]:
                    continue
                if offer["hazard"] == 1 and via["hazard"] != 1:
                    continue
                if offer["hazard"] == 0 and via["hazard"] == 1:
                    continue
                if offer["months"] and via["months"] and not offer["months"] & via["months"]:
                    continue
                given_out = [o["material"] for o in offers if o["facility"] == via["facility"]]
                for need in needs:
                    if need["material"] != use["product"] or need["amount_max"] == 0:
                        continue
                    if need["facility"] in (offer["facility"], via["facility"]):
                        continue
                    if need["unit"] and (need["unit"] == "MWh") != energy:
                        continue
                    first = travel.km[offer["facility"], via["facility"]]
                    last = travel.km[via["facility"], need["facility"]]
                    if first + last > PARAMETERS.max_distance_km or (
                        energy and last > PARAMETERS.max_pipe_km
                    ):
                        continue
                    worth = tell_worth(offer, via, need, use, use["product"] in given_out)
                    if worth >= LEAST_STRENGTH:
                        key = offer["stream_id"], via["stream_id"], need["stream_id"], str(use["use_id"])
                        found[key] = worth
    return found


@settings(max_examples=120, deadline=None)
@given(streams(), kilometres)
def test_chains_are_those_of_three_plain_loops(rows, numbers):
    tables, travel = build(rows, numbers)
    free = ScenarioParameters(min_score=0)
    with mock.patch.multiple(intermediaries, NEAREST_VIAS=99, NEAREST_NEEDS=99):
        matches = match_streams(tables, travel, codes=CODES, uses=USES, parameters=free).matches
    wanted = find_plainly(tables, travel)
    chains = matches[matches["route"] == "intermediary"]
    names = ["offer_stream_id", "via_stream_id", "need_stream_id", "use_id"]
    for row in chains.to_dict("records"):
        points = 40 * CHAIN_PART * wanted[tuple(row[name] for name in names)]
        assert abs(row["score_code"] - points) <= 0.126  # points are rounded to quarters
    matched = set(zip(matches["offer_stream_id"], matches["need_stream_id"], strict=True))
    assert {(offer, need) for offer, _, need, _ in wanted} <= matched
