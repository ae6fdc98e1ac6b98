"""How good the suggested receivers are on cases written apart from the library: far above popularity."""

from __future__ import annotations

from pathlib import Path

from benchmarks.suggestions import (
    evaluate,
    rank_by_library,
    rank_by_popularity,
    rank_by_same_code,
    read_cases,
)
from loaders.codes import read_code_index, read_waste_codes
from loaders.uses import read_use_library

CASES = Path(__file__).parents[1] / "data" / "exchange_cases.csv"


def test_the_right_receiver_is_suggested_far_more_often_than_by_popularity() -> None:
    codes, library = read_waste_codes(), read_use_library()
    index = read_code_index(codes)
    cases = read_cases(CASES, codes=codes)
    measured = evaluate(
        cases,
        {
            "popularity": rank_by_popularity(library),
            "same code": rank_by_same_code(library),
            "all": rank_by_library(library, codes, index, use_code=True, use_text=True, use_giver=True),
        },
    )
    rates = {name: found["value"] for name, found in measured["methods"].items()}
    assert measured["cases"] >= 150
    assert rates["all"]["top5"] >= 0.88
    assert rates["all"]["top1"] >= 0.45
    assert rates["all"]["top5"] > rates["same code"]["top5"] > rates["popularity"]["top5"]
    # The whole intervals of the gain lie above nothing: places are drawn, not single cases.
    assert all(low > 0 for low, _high in measured["gain"]["popularity"].values())
