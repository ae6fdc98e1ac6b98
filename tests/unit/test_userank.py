"""Receivers ranked: worked by hand on a small library, and honest where nothing is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.userank import (
    SETTINGS,
    SMOOTHING,
    count_popularity,
    suggest_receivers,
)
from loaders.codes import read_waste_codes
from loaders.uses import read_use_library
from tests.unit.usescenes import exchange, frame, make_library, use

CODES = read_waste_codes()
LIBRARY = read_use_library()
SMALL = make_library(
    [use("dust", codes="030105", receivers="16:5 35:1"), use("ash", materials="fly_ash", receivers="23:5")],
    [
        exchange(1, "16", "01", code="030105", place="A"),
        exchange(2, "35", "23", code="100102", place="B"),
        exchange(3, "35", "23", code="100102", place="C"),
    ],
)


def shares(suggestion):
    table = suggestion.receivers
    return dict(zip(table["division"], table["score"], strict=True))


def test_uses_and_exchanges_are_mixed_as_told():
    """One use with a fit of 1: 0.65 from it, split by 5**2.5 to 1**2.5; the rest from the exchanges."""
    settings = dataclasses.replace(
        SETTINGS, pull=(), sharpness=1.0, text_gain=0.0, donor_unknown=1.0, use_share=0.65, weight_power=2.5
    )
    found = shares(suggest_receivers(SMALL, codes=CODES, code="030105", settings=settings))
    usual, rare = 5**2.5, 1.0
    popular = {
        division: (count + SMOOTHING / 4) / (3 + SMOOTHING)
        for division, count in {"01": 1, "16": 0, "23": 2, "35": 0}.items()
    }
    assert found["16"] == pytest.approx(0.65 * usual / (usual + rare) + 0.35 * popular["16"])
    assert found["35"] == pytest.approx(0.65 * rare / (usual + rare) + 0.35 * popular["35"])
    assert found["23"] == pytest.approx(0.35 * popular["23"])
    assert sum(found.values()) == pytest.approx(1.0)


def test_each_step_pulls_as_far_as_its_exchanges_go():
    """Two exchanges of the code went to 23: (2 + pull x before) / (2 + pull)."""
    settings = dataclasses.replace(SETTINGS, pull=(("code", 4.0),), use_share=0.0, sharpness=1.0)
    found = shares(suggest_receivers(SMALL, codes=CODES, code="100102", settings=settings))
    before = (2 + SMOOTHING / 4) / (3 + SMOOTHING)
    assert found["23"] == pytest.approx((2 + 4 * before) / 6)


def test_places_left_out_do_not_count():
    settings = dataclasses.replace(SETTINGS, pull=(("code", 4.0),), use_share=0.0, sharpness=1.0)
    found = shares(
        suggest_receivers(SMALL, codes=CODES, code="100102", without_places=["B", "C"], settings=settings)
    )
    assert found["23"] == pytest.approx((SMOOTHING / 4) / (1 + SMOOTHING))
    assert found["01"] == pytest.approx((1 + SMOOTHING / 4) / (1 + SMOOTHING))


def test_popularity_counts_single_exchanges_only_and_sums_to_one():
    table = frame(
        "exchanges",
        exchange(1, "10", "35"),
        exchange(2, "10", "35"),
        exchange(3, "10", "01"),
        {**exchange(4, "10", "01"), "kind": "practice"},
    )
    counted = count_popularity(table, divisions=["01", "35", "99"])
    assert counted["division"].tolist() == ["35", "01", "99"]
    assert counted["share"].sum() == pytest.approx(1.0, abs=1e-5)
    assert counted["share"].iloc[0] == pytest.approx((2 + 10 / 3) / 13, abs=1e-6)
    assert counted["source"].tolist()[0] == "2 of 3 published exchanges"


def test_nothing_asked_is_popularity_and_says_so():
    suggestion = suggest_receivers(LIBRARY, codes=CODES, code=None)
    assert suggestion.uncertain
    assert suggestion.reason == "uses.nothing_asked"
    assert set(suggestion.receivers["basis"]) == {"popularity"}
    assert suggestion.receivers["share"].is_monotonic_decreasing
    order = LIBRARY.popularity["division"].tolist()[:5]
    assert suggestion.receivers["division"].tolist()[:5] == order


def test_words_that_mean_nothing_are_uncertain():
    suggestion = suggest_receivers(LIBRARY, codes=CODES, code=None, text="xqzzt vlorp")
    assert suggestion.uncertain
    assert suggestion.reason == "uses.none_fits"


@pytest.mark.parametrize(
    ("asked", "right"),
    [
        ({"code": "030105", "industry": "16"}, {"16", "35", "17"}),
        ({"code": "100102"}, {"23"}),
        ({"code": "020106"}, {"35", "01"}),
        ({"code": None, "material": "surplus_heat", "industry": "24"}, {"35"}),
        ({"code": None, "text": "myse fra ysteri"}, {"10", "01"}),
        ({"code": None, "text": "spent grain from a brewery", "industry": "11.05"}, {"01"}),
        ({"code": None, "text": "utsortert jernskrap frå riving"}, {"24", "38"}),
    ],
)
def test_what_is_well_known_comes_first(asked, right):
    suggestion = suggest_receivers(LIBRARY, codes=CODES, **asked)
    assert suggestion.receivers["division"].iloc[0] in right
    assert not suggestion.uncertain
    assert suggestion.receivers["use_ids"].iloc[0]


def test_the_same_in_three_languages():
    tops = [
        set(suggest_receivers(LIBRARY, codes=CODES, code=None, text=text, limit=3).receivers["division"])
        for text in ("kasserte dekk", "kasserte dekk frå bilverkstad", "end-of-life tyres")
    ]
    assert all(len(tops[0] & top) >= 2 for top in tops)


@given(
    code=st.one_of(st.none(), st.sampled_from(sorted(CODES.hazard))),
    industry=st.one_of(st.none(), st.sampled_from(["01", "10.1", "24.100", "99", "45"])),
    text=st.one_of(st.none(), st.text(max_size=40)),
    limit=st.one_of(st.none(), st.integers(1, 30)),
)
def test_every_question_gets_a_whole_ranking(code, industry, text, limit):
    table = suggest_receivers(
        LIBRARY, codes=CODES, code=code, industry=industry, text=text, limit=limit
    ).receivers
    assert len(table) == (limit or len(table))
    assert limit is not None or len(table) > 80
    assert table["division"].is_unique
    scores = table["score"].to_numpy()
    assert np.isfinite(scores).all()
    assert (np.diff(scores) <= 1e-12).all()
    assert 0 < scores.sum() <= 1 + 1e-9
    assert table["rank"].tolist() == list(range(1, len(table) + 1))
    known = set(LIBRARY.uses["use_id"])
    assert all(set(ids.split()) <= known for ids in table["use_ids"])


def test_the_answer_does_not_depend_on_what_was_asked_before():
    asked = {"code": "191207", "text": "returtre", "industry": "38"}
    first = suggest_receivers(LIBRARY, codes=CODES, **asked).receivers
    suggest_receivers(LIBRARY, codes=CODES, code="100102")
    assert suggest_receivers(LIBRARY, codes=CODES, **asked).receivers.equals(first)


def test_the_ranking_beats_popularity_on_other_places():
    """Each published exchange answered without its own place: a floor well below what is measured."""
    single = LIBRARY.exchanges[(LIBRARY.exchanges["kind"] == "exchange")].iloc[::6]
    popular = LIBRARY.popularity["division"].tolist()[:5]
    hits = plain = 0
    for row in single.itertuples():
        table = suggest_receivers(
            LIBRARY,
            codes=CODES,
            code=row.code or None,
            text=row.stream.split(" to ")[0],
            industry=row.giver,
            without_places=[row.place],
            limit=5,
        ).receivers
        hits += row.receiver in set(table["division"])
        plain += row.receiver in popular
    assert len(single) >= 60
    assert hits >= 0.8 * len(single)
    assert hits >= plain + 5
