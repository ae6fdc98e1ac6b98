"""The measurement of suggestions itself: hit rates by hand, whole places drawn, no look at the place."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.suggestions import (
    Answer,
    Case,
    draw_places,
    evaluate,
    find_intervals,
    find_rank,
    make_own_cases,
    measure_ranks,
    rank_by_popularity,
    rank_by_same_code,
    read_cases,
    same_places,
)
from loaders.codes import read_waste_codes
from tests.unit.usescenes import exchange, make_library, use

CODES = read_waste_codes()
HEADER = "case_id,giver_division,eal_code,text,receiver_divisions,place,reference\n"


def case(case_id="1", code="100102", receivers=("23",), place="Ghent"):
    return Case(case_id, "35", code, "fly ash", frozenset(receivers), place)


def test_ranks_and_rates_by_hand():
    answer = Answer(("01", "35", "23"))
    assert find_rank(answer, case(receivers=("23", "35"))) == 2
    assert find_rank(answer, case(receivers=("99",))) == float("inf")
    rates = measure_ranks(np.array([1.0, 2.0, 4.0, float("inf")]))
    assert rates == {"top1": 0.25, "top3": 0.5, "top5": 0.75, "mrr": pytest.approx((1 + 0.5 + 0.25) / 4)}


@pytest.mark.parametrize(
    ("place", "same"),
    [
        ("Kalundborg, Denmark", ["Kalundborg"]),
        ("Händelö eco-industrial park, Norrköping", ["Händelö Norrköping"]),
        ("Industrial park of the city", []),
        ("", []),
    ],
)
def test_places_are_known_again_by_a_name_not_by_a_general_word(place, same):
    assert same_places(place, ["Kalundborg", "Händelö Norrköping", "Kymi industrial park"]) == same


def test_baselines_do_not_see_the_tested_place():
    library = make_library(
        [use("row", codes="03")],
        [
            exchange(1, "35", "16", code="100102", place="Ghent"),
            exchange(2, "35", "16", code="100102", place="Ghent"),
            exchange(3, "35", "23", code="100102", place="Ulsan"),
            exchange(4, "35", "35", code="100101", place="Ulsan"),
            exchange(5, "10", "01", code="020106", place="Ulsan"),
            exchange(6, "10", "01", code="020106", place="Ulsan"),
        ],
    )
    popular = rank_by_popularity(library)
    assert popular(case(place="Ghent")).divisions[0] == "01"
    assert popular(case(place="Ulsan")).divisions[0] == "16"
    same = rank_by_same_code(library)
    assert same(case(place="Port of Ghent")).divisions[:2] == ("23", "35")
    assert same(case(place="elsewhere")).divisions[0] == "16"
    assert same(case(place="Ghent", code=None)).divisions[0] == "01"


def test_places_are_drawn_whole_and_intervals_hold_the_value():
    cases = [case(str(number), place="A" if number < 4 else f"P{number}") for number in range(12)]
    for numbers in draw_places(cases)[:50]:
        assert len({(numbers == number).sum() for number in range(4)}) == 1
    ranks = np.array([1.0, 2, 3, 4, 5, 6, 1, 2, 1, 1, 9, 1])
    draws = draw_places(cases)
    for name, (low, high) in find_intervals(ranks, draws).items():
        assert low <= measure_ranks(ranks)[name] <= high
    assert all(low == high == 0.0 for low, high in find_intervals(ranks, draws, ranks).values())


def test_the_whole_measure_on_rankers_made_by_hand():
    cases = [case(str(number), place=f"P{number}") for number in range(6)]
    result = evaluate(
        cases,
        {"worse": lambda _case: Answer(("01", "23")), "ours": lambda _case: Answer(("23", "01"), 0.5)},
    )
    assert result["methods"]["ours"]["value"] == {"top1": 1.0, "top3": 1.0, "top5": 1.0, "mrr": 1.0}
    assert result["gain"]["worse"]["top1"] == (1.0, 1.0)
    assert result["scores"] == [{"from": 0.45, "to": 0.6, "cases": 6, "mean_score": 0.5, "right": 1.0}]
    assert result["failures"] == []


def test_cases_are_read_and_faults_name_their_row(tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text(HEADER + "a,35,10 01 02,fly ash,23 42,Ghent,a page\nb,10,,whey,01,Jæren,a page\n")
    first, second = read_cases(path, codes=CODES)
    assert first == Case("a", "35", "100102", "fly ash", frozenset({"23", "42"}), "Ghent")
    assert second.code is None
    path.write_text(HEADER + "a,35,999999,fly ash,23,Ghent,a page\n")
    with pytest.raises(SystemExit, match="row 2"):
        read_cases(path, codes=CODES)
    path.write_text("case_id,text\na,b\n")
    with pytest.raises(SystemExit, match="giver_division"):
        read_cases(path, codes=CODES)


def test_own_exchanges_become_cases_without_a_word_of_the_receiver():
    library = make_library(
        [use("row", codes="03")],
        [
            exchange(1, "35", "23", code="100102", place="Ghent", stream="fly ash to cement"),
            exchange(2, "35", "35", code="100102", place="Ghent", stream="fly ash as fuel to power"),
            {**exchange(3, "35", "16", stream="fly ash to boards"), "kind": "practice"},
        ],
    )
    assert make_own_cases(library) == [case("1", receivers=("23", "35"))]
