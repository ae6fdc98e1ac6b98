"""What people write of a thing and a place, read."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from geodata.inquiries import Spot, find_spot, read_subject, suggest_wider_limits, to_stated_amount
from loaders.codes import read_waste_codes

CODES = read_waste_codes()
PLACES = pd.DataFrame(
    {
        "geoname_id": [11, 12, 13, 14],
        "name": ["Vik", "Vik", "Orkanger", "Lokken"],
        "lat": [60.0, 61.0, 63.3, 63.1],
        "lon": [6.0, 7.0, 9.85, 9.7],
        "population": [300, 900, 8000, 9000],
        "municipality_number": ["4639", "1811", "5059", "5059"],
    }
)
POSTCODES = pd.DataFrame(
    {
        "postcode": ["7300", "7301", "8178", "9999"],
        "place": ["ORKANGER", "ORKANGER", "FJORDBYGDA", "NOWHERE"],
        "municipality_number": pd.array(["5059", "5059", "2100", None], dtype="string"),
        "lat": pd.array([63.31, 63.32, 70.0, None], dtype="Float64"),
        "lon": pd.array([9.86, 9.87, 20.0, None], dtype="Float64"),
    }
)
MUNICIPALITIES = gpd.GeoDataFrame(
    {
        "municipality_number": ["5059", "4639", "3001"],
        "name": ["Orkland", "Vik", "Tom"],
        "seat": ["Orkanger", "Vik", "Tomby"],
    },
    geometry=[box(9, 63, 10, 64), box(6, 59, 7, 61), box(10, 58, 12, 60)],
    crs="EPSG:4326",
)


def spot(text: str) -> Spot | None:
    return find_spot(text, places=PLACES, postcodes=POSTCODES, municipalities=MUNICIPALITIES)


@pytest.mark.parametrize(
    ("text", "material", "code", "hazardous"),
    [
        ("impregnert tre", "impregnated_wood", None, None),
        ("Matavfall", "food_waste", None, None),
        ("food_waste", "food_waste", None, None),
        ("17 02 04*", "impregnated_wood", "170204", True),
        ("170204", "impregnated_wood", "170204", True),
        ("17 02 04* gamle stolper", "impregnated_wood", "170204", True),
        ("sagflis 03 01 05", "sawdust", "030105", False),
    ],
)
def test_a_name_or_a_code_is_understood(
    text: str, material: str, code: str | None, hazardous: bool | None
) -> None:
    read = read_subject(text, codes=CODES)
    assert (read.eal_code, read.hazardous) == (code, hazardous)
    assert read.material == material or code is not None
    assert read.suggestions == ()


def test_a_sentence_gives_suggestions_and_never_a_guess() -> None:
    read = read_subject("gammel impregnert terrassebord", codes=CODES)
    assert read.material is None
    assert "impregnated_wood" in read.suggestions
    assert read_subject("qwrtz", codes=CODES).suggestions == ()


@given(st.text(max_size=90))
def test_any_text_is_read(text: str) -> None:
    read = read_subject(text, codes=CODES)
    assert read.material is None or read.material in CODES.ancestors
    assert set(read.suggestions) <= set(CODES.ancestors)
    assert len(read.suggestions) <= 6
    found = spot(text)
    assert found is None or (58 <= found.lat <= 72)


def test_a_place_by_name_identifier_postcode_or_municipality() -> None:
    assert spot("13") == Spot("Orkanger", 63.3, 9.85, "5059", "place")
    assert spot(" orkanger ") == Spot("Orkanger", 63.3, 9.85, "5059", "place")
    assert spot("7301") == Spot("7301 Orkanger", 63.32, 9.87, "5059", "postcode")
    assert spot("7300 Orkanger") == Spot("7300 Orkanger", 63.31, 9.86, "5059", "postcode")
    assert spot("fjordbygda") == Spot("8178 Fjordbygda", 70.0, 20.0, "2100", "postcode")
    assert spot("Orkland kommune") == Spot("Orkland", 63.3, 9.85, "5059", "municipality")  # its seat
    assert spot("5059") == spot("Orkland")
    assert spot("Tom") == Spot("Tom", 59.0, 11.0, "3001", "municipality")  # no place known: inside it
    assert spot("9999") is None  # a postcode without a point
    assert spot("Ingensteds") is None
    assert spot("") is None


def test_of_places_with_one_name_the_largest_is_taken_and_told() -> None:
    assert spot("Vik") == Spot("Vik", 61.0, 7.0, "1811", "place", others=1)
    assert spot("Vik kommune") == Spot("Vik", 60.0, 6.0, "4639", "municipality")


def test_kilograms_become_tonnes_and_nothing_stays_unknown() -> None:
    assert to_stated_amount(2500.0, "kg") == (2.5, "t")
    assert to_stated_amount(3.0, "MWh") == (3.0, "MWh")
    assert to_stated_amount(None, "kg") == to_stated_amount(0.0, "t") == (None, None)


def test_the_nearest_and_the_best_left_out_say_which_limit_is_in_the_way() -> None:
    left = pd.DataFrame(
        {
            "from_facility_id": ["me", "me", "a", "me", "x", "me"],
            "to_facility_id": ["a", "b", "me", "d", "y", None],
            "reason": ["too_far", "too_far", "below_score", "below_score", "too_far", "too_far"],
            "value": [150.0, 130.0, 20.0, 30.0, 121.0, 122.0],
            "limit": [120.0, 120.0, 35.0, 35.0, 120.0, 120.0],
        }
    ).astype({"from_facility_id": "string", "to_facility_id": "string"})
    wider = suggest_wider_limits(left, facility_id="me")
    assert wider.to_dict("split")["data"] == [
        ["too_far", 130.0, 120.0, "b"],
        ["below_score", 30.0, 35.0, "d"],
    ]
    assert suggest_wider_limits(left, facility_id="nobody").empty
