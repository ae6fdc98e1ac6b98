"""The embedded library of uses: every key exists, every chapter is there, every row has its source."""

from __future__ import annotations

import pandas as pd
import pytest

from geodata.userank import count_popularity
from geodata.uses import check_against_codes, relate_uses
from loaders.codes import read_industries, read_waste_codes
from loaders.uses import read_use_library

CODES = read_waste_codes()
LIBRARY = read_use_library()
PHOSPHORIC_ACID = "060104"
DIVISIONS = set(read_industries()["division"].astype(str))


def keys(column: str) -> list[str]:
    return [key for text in LIBRARY.uses[column] for key in str(text).split()]


def test_every_code_and_material_is_known():
    check_against_codes(LIBRARY, codes=CODES)


def test_there_are_enough_rows_of_every_chapter_and_flow_without_a_code():
    assert len(LIBRARY.uses) >= 250
    chapters = {prefix[:2] for prefix in keys("codes")}
    assert chapters == set(CODES.chapters["chapter"].astype(str))
    without_code = {material for material in keys("materials") if material not in _coded_materials()}
    assert {"surplus_heat", "steam", "cooling_water", "co2", "process_gas"} <= without_code


def _coded_materials() -> set[str]:
    return set(CODES.material_by_code.values())


def test_every_subchapter_is_named_and_every_code_and_material_meets_a_use():
    named = {prefix[:4] for prefix in keys("codes") if len(prefix) >= 4}
    assert set(CODES.subchapters["subchapter"].astype(str)) - named == set()
    met = relate_uses(LIBRARY, codes=CODES)
    assert set(CODES.hazard) <= set(met["key"])
    assert set(CODES.ancestors) <= set(met["key"])


def test_every_division_exists():
    for column in ("donors", "intermediary"):
        assert set(keys(column)) - DIVISIONS == set()
    assert set(LIBRARY.receivers["division"].astype(str)) - DIVISIONS == set()
    for column in ("giver", "receiver"):
        assert set(LIBRARY.exchanges[column].astype(str)) - DIVISIONS == set()


def test_every_row_says_its_source_and_every_precedent_its_reference():
    assert (LIBRARY.uses["source"].str.strip() != "").all()
    for column in ("place", "text_nb", "text_nn", "text_en", "reference"):
        assert (LIBRARY.precedents[column].str.strip() != "").all(), column
    assert (LIBRARY.exchanges["reference"].str.strip() != "").all()
    assert len(LIBRARY.precedents) >= 200
    assert (LIBRARY.uses["precedent"] != "").sum() >= 250


@pytest.mark.parametrize("table", ["steps", "qualities", "laws"])
def test_words_stand_in_three_languages(table):
    frame: pd.DataFrame = getattr(LIBRARY, table)
    for column in ("label_nb", "label_nn", "label_en"):
        assert (frame[column].str.strip() != "").all()
        assert frame[column].is_unique, column
    assert LIBRARY.labels(table, language="nn") == dict(
        zip(frame.iloc[:, 0].astype(str), frame["label_nn"].astype(str), strict=True)
    )


def test_laws_name_their_regulation():
    assert (LIBRARY.laws["reference"].str.strip() != "").all()


def test_published_exchanges_are_whole_and_single_ones_have_a_place():
    exchanges = LIBRARY.exchanges
    assert set(exchanges["kind"]) == {"exchange", "practice"}
    single = exchanges["kind"] == "exchange"
    assert (exchanges.loc[single, "place"] != "").all()
    assert (exchanges.loc[~single, "place"] == "").all()
    assert ((exchanges["code"] != "") | (exchanges["material"] != "")).all()
    assert single.sum() >= 300
    assert exchanges.loc[single, "place"].nunique() >= 50
    repeated = exchanges.duplicated(["giver", "code", "material", "receiver", "place", "stream"])
    assert exchanges.loc[repeated, "exchange_id"].tolist() == []


def test_popularity_is_what_the_exchanges_say():
    counted = count_popularity(LIBRARY.exchanges, divisions=list(read_industries()["division"]))
    pd.testing.assert_frame_equal(
        LIBRARY.popularity, counted, check_dtype=False, check_exact=False, atol=1e-6
    )


def test_yields_rise_and_energy_uses_make_energy():
    low, best, high = (LIBRARY.uses[name].astype(float) for name in ("yield_low", "yield_best", "yield_high"))
    assert ((low <= best) & (best <= high) & (low >= 0)).all()
    material = LIBRARY.uses[LIBRARY.uses["hierarchy"].isin(["reuse", "recycling"])]
    assert (material["yield_best"].astype(float) > 0).all()


def test_what_is_hazardous_is_not_spread_on_land_or_fed():
    """A starred code named in full never stands in a row of feed, food or fertiliser; spent phosphoric acid
    is a raw material of fertiliser, not spread as it is."""
    soft = LIBRARY.uses[LIBRARY.uses["law"].isin(["feed", "food", "fertiliser"])]
    wrong = [
        (row.use_id, prefix)
        for row in soft.itertuples()
        for prefix in str(row.codes).split()
        if CODES.hazard.get(prefix, False) and prefix != PHOSPHORIC_ACID
    ]
    assert wrong == []
