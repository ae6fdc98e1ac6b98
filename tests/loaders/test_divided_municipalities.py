"""Members' rows with the number of a municipality that was divided: settled by their place, or asked for."""

from __future__ import annotations

import pandas as pd
import pytest

from loaders.members import MemberFiles, read_members
from loaders.references import References
from loaders.sandbox import Upload

REFERENCES = References()
NINE = {
    "1504": "1508 Ålesund, 1580 Haram",
    "1507": "1508 Ålesund, 1580 Haram",
    "1523": "1508 Ålesund, 1580 Haram",
    "1529": "1508 Ålesund, 1580 Haram",
    "1534": "1508 Ålesund, 1580 Haram",
    "1546": "1508 Ålesund, 1580 Haram",
    "1613": "5055 Heim, 5056 Hitra, 5059 Orkland",
    "1850": "1806 Narvik, 1875 Hamarøy",
    "5012": "5055 Heim, 5056 Hitra, 5059 Orkland",
}


def read(text: str) -> MemberFiles:
    return read_members([Upload("liste.csv", text.encode())], references=REFERENCES)


def told(result: MemberFiles, code: str) -> list[tuple[int | None, object]]:
    return [(f.row, f.values.get("suggestion")) for f in result.findings if f.code == code]


@pytest.mark.parametrize("number", NINE)
def test_a_divided_number_alone_is_asked_for_with_its_candidates(number: str) -> None:
    result = read(f"Navn;Kommunenr;Aktørtype\nAlfa;{number};produsent\n")
    assert told(result, "row.municipality_split") == [(2, NINE[number])]
    assert result.tables.facilities["municipality_number"].isna().all()


@pytest.mark.parametrize(
    ("number", "postcode", "place", "lat", "lon", "today"),
    [
        ("1507", "6270", "", "", "", "1580"),
        ("1534", "", "Brattvåg", "", "", "1580"),
        ("1504", "6002", "Ålesund", "", "", "1508"),
        ("1850", "8590", "", "", "", "1806"),
        ("1850", "", "Kjøpsvik", "", "", "1806"),
        ("1850", "8270", "", "", "", "1875"),
        ("5012", "7257", "", "", "", "5059"),
        ("1613", "7256", "", "", "", "5056"),
        ("5012", "", "", "63.40", "9.50", "5059"),
        ("1507", "6270", "", "62.596", "6.444", "1580"),  # a point where the two share a polygon
    ],
)
def test_a_postcode_a_place_or_a_point_settles_it_and_that_is_told(
    number: str, postcode: str, place: str, lat: str, lon: str, today: str
) -> None:
    header = "Navn;Kommunenr;Postnr;Poststed;Breddegrad;Lengdegrad;Aktørtype"
    result = read(f"{header}\nAlfa;{number};{postcode};{place};{lat};{lon};produsent\n")
    assert result.tables.facilities["municipality_number"].tolist() == [today]
    assert told(result, "row.municipality_split") == []
    assert [row for row, label in told(result, "row.municipality_settled") if str(label)[:4] == today] == [2]


def test_a_place_elsewhere_settles_nothing() -> None:
    result = read("Navn;Kommunenr;Postnr;Aktørtype\nAlfa;1507;7010;produsent\n")
    assert told(result, "row.municipality_split") == [(2, NINE["1507"])]
    assert pd.isna(result.tables.facilities["municipality_number"].iloc[0])


def test_a_service_area_with_a_divided_number_is_told() -> None:
    text = "Navn;Kommunenr;Dekningsområde;Aktørtype\nAlfa;5001;5001 1850;mottak\n"
    result = read(text)
    assert result.tables.facilities["service_area"].tolist() == ["5001 1806 1875"]
    assert told(result, "row.service_area_split") == [(2, "1806 Narvik, 1875 Hamarøy")]


def test_a_name_of_several_is_not_said_to_be_divided() -> None:
    result = read("Navn;Kommune;Aktørtype\nAlfa;Herøy;produsent\n")
    assert [row for row, _ in told(result, "row.municipality_ambiguous")] == [2]
    assert told(result, "row.municipality_split") == []
