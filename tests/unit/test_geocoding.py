"""The ladder from coordinates to municipality, over embedded places and a small register of invented
houses."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from geodata.addressladder import AddressRow
from geodata.addresstext import normalise_street
from geodata.geocoding import GEOCODE_COLUMNS, PROBLEMS, geocode_table
from geodata.municipalities import locate_points
from geodata.schemas import GEOCODE_GRADES
from loaders.placenames import read_gazetteer

GAZETTEER = read_gazetteer()


class Register:
    """A register in memory, as the ladder asks it. The houses are invented, the streets well known."""

    def __init__(self, rows: Sequence[AddressRow]) -> None:
        self.rows = rows

    def covers(self, municipalities: Sequence[str]) -> bool:
        return True

    def find_number(
        self, street: str, number: int, *, municipalities: Sequence[str], written: str = ""
    ) -> Sequence[AddressRow]:
        found = [row for row in self._in(street, municipalities) if row.number == number]
        places = {row.municipality_number for row in found}
        return found if municipalities or len(places) == 1 else []

    def find_street(
        self, street: str, *, municipalities: Sequence[str], written: str = ""
    ) -> Sequence[AddressRow]:
        return self._in(street, municipalities)

    def find_postcode(self, postcode: str) -> tuple[float, float, float] | None:
        own = [row for row in self.rows if row.postcode == postcode]
        return (own[0].lon, own[0].lat, 900.0) if own else None

    def suggest_streets(
        self, street: str, *, municipalities: Sequence[str], limit: int, written: str = ""
    ) -> Sequence[str]:
        names = {row.street for row in self.rows if row.municipality_number in municipalities}
        return sorted(names)[:limit]

    def _in(self, street: str, municipalities: Sequence[str]) -> list[AddressRow]:
        return [
            row
            for row in self.rows
            if normalise_street(row.street) == street
            and (not municipalities or row.municipality_number in municipalities)
        ]


def house(street: str, number: int, letter: str = "", *, lon: float, postcode: str = "7011") -> AddressRow:
    return AddressRow(street, number, letter, postcode, "Trondheim", "5001", lon, 63.43)


REGISTER = Register(
    [
        house("Munkegata", 1, lon=10.3950),
        house("Munkegata", 3, lon=10.3952),
        house("Munkegata", 7, "A", lon=10.3955),
        house("Munkegata", 7, "B", lon=10.3957),
        house("Kirkevegen", 2, lon=10.40, postcode="7011"),
        house("Kirkevegen", 2, lon=10.50, postcode="7053"),
        AddressRow("Kirkevegen", 9, "", "1712", "Grålum", "3105", 11.05, 59.29),
    ]
)


def ask(register: Register | None = REGISTER, **columns: object) -> dict[str, object]:
    table = pd.DataFrame({name: [value] for name, value in columns.items()})
    found = geocode_table(table, gazetteer=GAZETTEER, addresses=register)
    assert list(found.columns) == list(GEOCODE_COLUMNS)
    row = {str(name): None if pd.isna(value) else value for name, value in found.iloc[0].items()}
    assert row["grade"] is None or row["grade"] in GEOCODE_GRADES
    assert (row["grade"] is None) == (row["lat"] is None) == (row["radius_m"] is None)
    assert set(str(row["problem"] or "").split()) <= set(PROBLEMS)
    return row


HOUSE, STREET, POINT = "Munkegata 1, 7011 Trondheim", "Munkegata, 7011 Trondheim", "63.43000, 10.39000"


@pytest.mark.parametrize(
    ("columns", "grade", "matched", "problem"),
    [
        ({"address": "Munkegata 1", "postcode": "7011"}, "address", HOUSE, None),
        ({"address": "MUNKEGT. 1", "municipality": "Trondheim"}, "address", HOUSE, None),
        ({"address": "Munke gate 1", "place": "Trondheim"}, "address", HOUSE, None),
        ({"address": "c/o Prøve AS, Munkegata 1", "postcode": 7011.0}, "address", HOUSE, None),
        ({"address": "c/o Prøve AS Munkegata 1", "postcode": "7011"}, "address", HOUSE, None),
        ({"address": "Munkegata 1, 7011 Trondheim"}, "address", HOUSE, None),
        ({"address": "Munkegata 7b", "postcode": "7011"}, "address", "Munkegata 7B, 7011 Trondheim", None),
        ({"address": "Munkegata 1 C", "postcode": "7011"}, "address", HOUSE, None),
        ({"address": "Munkegata 7", "postcode": "7011"}, "address", "Munkegata 7A, 7011 Trondheim", None),
        ({"address": "Munkegata 5", "postcode": "7011"}, "street", STREET, "number_unknown"),
        ({"address": "Munkegata", "postcode": "7011"}, "street", STREET, None),
        ({"address": "Munkegata 1", "postcode": "7020"}, "address", HOUSE, "postcode_differs"),
        ({"address": "Kirkeveien 2", "postcode": "7053"}, "address", "Kirkevegen 2, 7053 Trondheim", None),
        ({"address": "Kirkeveg 2", "municipality": "5001"}, "municipality", "Trondheim", "address_ambiguous"),
        ({"address": "Kirkeveien 9"}, "address", "Kirkevegen 9, 1712 Grålum", None),  # no other town has it
        ({"address": "Postboks 8, 7400 Trondheim"}, "place", "Trondheim", "box_only"),
        ({"address": "Ukjentgata 4", "postcode": "7020"}, "postcode", "Trondheim", "street_unknown"),
        ({"postcode": "7020", "place": "Trondheim"}, "place", "Trondheim", None),
        ({"postcode": "1713 GRÅLUM"}, "place", "Grålum", None),
        ({"postcode": "150"}, "postcode", "Oslo", None),  # a lost zero
        ({"municipality": "5001"}, "municipality", "Trondheim", None),
        ({"municipality": 301}, "municipality", "Oslo", None),
        ({"municipality": "1601"}, "municipality", "Trondheim", None),  # its number until 2018
        ({"municipality": "Kárášjohka"}, "municipality", "Karasjok", None),
        ({"municipality": "LEVANGER - LEVANGE"}, "municipality", "Levanger", None),
        ({"municipality": "Levanger\u00a0kommune"}, "municipality", "Levanger", None),
        ({"municipality": "Herøy", "county": "Nordland"}, "municipality", "Herøy", None),
        ({"place": "Karasjok/Kárášjohka"}, "place", "Karasjok", None),
        ({"place": "LEVANGER - LEVANGE"}, "place", "Levanger", None),
        ({"place": "TRONDHEIM"}, "place", "Trondheim", None),
        ({"place": "Bø", "county": "Telemark"}, "place", "Bø i Telemark", None),
        ({"place": "Bø", "county": "18"}, "place", "Bø i Vesterålen", None),
        ({"place": "Bø", "municipality": "Bø"}, "place", "Bø i Vesterålen", None),
        ({"place": "Bø", "postcode": "3800"}, "place", "Bø i Telemark", None),
        ({"place": "Bø i Telemark"}, "place", "Bø i Telemark", None),
        ({"place": "Os", "municipality": "Bjørnafjorden"}, "place", "Os", None),
        ({"place": "Kvam", "county": "Hordaland"}, "municipality", "Kvam", None),
        ({"place": "Kvam", "county": "12"}, "municipality", "Kvam", None),  # Hordaland until 2019
        ({"place": "Snillfjord"}, "place", "Snillfjord", None),  # divided, the place is in one part
        ({"place": "Leka"}, "municipality", "Leka", None),  # a hamlet across the border has the name too
        ({"place": "Bærum"}, "municipality", "Bærum", None),
        ({"place": "Trondheim", "municipality": "Oslo"}, "municipality", "Oslo", "place_elsewhere"),
        ({"postcode": "7011", "municipality": "Oslo"}, "municipality", "Oslo", "postcode_elsewhere"),
        ({"lat": 63.43049, "lon": 10.39506, "address": "x"}, "given", "63.43049, 10.39506", None),
        ({"lat": 0.0, "lon": 0.0, "postcode": "7011"}, "postcode", "Trondheim", "point_zero"),
        ({"lat": 64.5, "lon": 5.0, "municipality": "5001"}, "municipality", "Trondheim", "point_outside"),
        ({"lat": 63.43, "lon": 10.39, "municipality": "Oslo"}, "given", POINT, "point_other_municipality"),
    ],
)  # fmt: skip
def test_rungs(columns: dict[str, object], grade: str, matched: str, problem: str | None) -> None:
    row = ask(**columns)
    assert (row["grade"], row["matched"], row["problem"]) == (grade, matched, problem)


@pytest.mark.parametrize(
    ("columns", "problems", "candidate"),
    [
        ({}, "nothing_given", None),
        ({"address": ""}, "nothing_given", None),
        ({"place": "Våler"}, "place_ambiguous not_placed", "3114"),
        ({"place": "Bø"}, "place_ambiguous not_placed", "Bø i Telemark (4020 Midt-Telemark)"),
        ({"place": "Sande"}, "place_ambiguous not_placed", "Sande (1514 Sande)"),
        ({"place": "Os"}, "place_ambiguous not_placed", "Os (4624 Bjørnafjorden)"),
        ({"place": "Førde"}, "place_ambiguous not_placed", "Førde (4647 Sunnfjord)"),
        ({"place": "Nes"}, "place_ambiguous not_placed", "Nes (3228 Nes)"),
        ({"address": "Nes"}, "not_placed", None),
        ({"place": "Kvam", "county": "Rogaland"}, "place_ambiguous not_placed", "Kvam (4622 Kvam)"),
        ({"place": "Herøy", "municipality": "Herøy"}, "place_ambiguous not_placed", "Herøy (1515 Herøy)"),
        ({"place": "Trondhem"}, "place_unknown not_placed", "Trondheim"),
        ({"postcode": "9999"}, "postcode_unknown not_placed", None),
        ({"postcode": "12345"}, "postcode_unknown not_placed", None),
        ({"municipality": "Herøy"}, "municipality_ambiguous not_placed", "Herøy"),
        ({"municipality": "5012"}, "municipality_ambiguous not_placed", "5055"),  # divided in 2020
        ({"municipality": "Atlantis"}, "municipality_unknown not_placed", None),
        ({"lat": 0.0, "lon": 0.0}, "point_zero not_placed", None),
        ({"lat": 48.9, "lon": 2.3}, "point_outside not_placed", None),
        ({"lat": 1e300, "lon": -1e300}, "point_outside not_placed", None),
        ({"lat": float("inf"), "lon": 10.0}, "nothing_given", None),
        ({"lat": "sixty", "lon": "ten"}, "nothing_given", None),
    ],
)
def test_what_cannot_be_placed_says_why(
    columns: dict[str, object], problems: str, candidate: str | None
) -> None:
    row = ask(None, **(columns or {"note": "x"}))
    assert row["grade"] is None
    assert row["problem"] == problems
    assert (candidate is None) == (row["candidates"] is None)
    assert candidate is None or candidate in str(row["candidates"])


def test_radius_grows_with_each_rung() -> None:
    rungs = [
        ask(lat=63.43049, lon=10.39506),
        ask(address="Munkegata 1", postcode="7011"),
        ask(address="Munkegata 1 C", postcode="7011"),
        ask(address="Munkegata 5", postcode="7011"),
        ask(postcode="7011"),
        ask(place="Trondheim"),
        ask(municipality="5001"),
    ]
    radii = [float(str(row["radius_m"])) for row in rungs]
    assert radii == sorted(radii)
    assert len(set(radii)) == len(radii)


def test_a_bare_name_is_placed_only_where_its_radius_holds_all_that_it_may_mean() -> None:
    names = sorted({spot.name for spots in GAZETTEER.places.values() for spot in spots})
    names += sorted(GAZETTEER.municipalities["name"])
    found = geocode_table(pd.DataFrame({"place": names}), gazetteer=GAZETTEER)
    bare = np.array([" i " not in name and " på " not in name and "(" not in name for name in names])
    placed = found.assign(name=names)[found["grade"].notna().to_numpy() & bare]
    assert len(placed) > 1_500
    geod = Geod(ellps="GRS80")
    for row in placed.itertuples():
        for spot in GAZETTEER.find_place(row.name):
            metres = geod.inv(row.lon, row.lat, spot.lon, spot.lat)[2]
            assert metres <= 1.01 * row.radius_m, (row.name, spot)


def test_radius_of_a_given_point_follows_its_decimals() -> None:
    fine, coarse = ask(lat=63.430491, lon=10.395061), ask(lat=63.4, lon=10.4)
    assert fine["radius_m"] == 25.0
    assert 5_000.0 < float(str(coarse["radius_m"])) < 12_000.0


def test_a_street_that_is_not_there_is_never_taken_for_another() -> None:
    row = ask(address="Munkegaten 1 B", postcode="7011")
    assert row["matched"] == "Munkegata 1, 7011 Trondheim"
    typo = ask(address="Munkegatta 1", postcode="7011")
    assert typo["grade"] != "address"
    assert "Munkegata" in str(typo["candidates"])


def test_every_embedded_point_lies_on_the_land_of_its_municipality() -> None:
    spots = [*GAZETTEER.postcodes.values(), *GAZETTEER.seats.values()]
    spots += [spot for several in GAZETTEER.places.values() for spot in several]
    spots = [spot for spot in spots if spot.municipality_number]
    points = gpd.GeoSeries(
        gpd.points_from_xy([s.lon for s in spots], [s.lat for s in spots], crs="EPSG:4326")
    )
    located = locate_points(points, GAZETTEER.municipalities)
    assert located["municipality_number"].notna().all()
    away = [
        GAZETTEER.measure_to(spot.municipality_number, spot.lon, spot.lat) for spot in dict.fromkeys(spots)
    ]
    assert max(away) < 2_000.0  # borders are generalised
    assert all(np.isfinite(spot.radius_m) and spot.radius_m > 0 for spot in spots)


def test_every_postcode_on_the_mainland_has_a_point() -> None:
    without = [
        code
        for code, number in GAZETTEER.postal_municipality.items()
        if number and code not in GAZETTEER.postcodes
    ]
    assert without == []


def test_index_and_order_are_kept() -> None:
    table = pd.DataFrame({"postcode": ["7011", "0150", "7011"]}, index=[7, 3, 3])
    found = geocode_table(table, gazetteer=GAZETTEER)
    assert found.index.tolist() == [7, 3, 3]
    assert found["matched"].tolist() == ["Trondheim", "Oslo", "Trondheim"]


def test_an_empty_table_keeps_its_columns() -> None:
    found = geocode_table(pd.DataFrame({"postcode": []}), gazetteer=GAZETTEER)
    assert list(found.columns) == list(GEOCODE_COLUMNS)
    assert len(found) == 0


def test_equal_rows_are_asked_once() -> None:
    asked: list[tuple[str, int]] = []

    class Counting(Register):
        def find_number(
            self, street: str, number: int, *, municipalities: Sequence[str], written: str = ""
        ) -> Sequence[AddressRow]:
            asked.append((street, number))
            return super().find_number(street, number, municipalities=municipalities)

    table = pd.DataFrame({"address": ["Munkegata 1", "Munkegata 3"] * 50_000, "postcode": "7011"})
    found = geocode_table(table, gazetteer=GAZETTEER, addresses=Counting(REGISTER.rows))
    assert found["grade"].eq("address").all()
    assert sorted(asked) == [("munkegate", 1), ("munkegate", 3)]


CELLS = st.none() | st.text(max_size=30) | st.integers() | st.floats()


@settings(max_examples=60)
@given(
    st.lists(
        st.fixed_dictionaries(
            dict.fromkeys(("lat", "lon", "address", "postcode", "place", "municipality", "county"), CELLS)
        ),
        max_size=4,
    )
)
def test_hostile_cells_never_raise(rows: list[dict[str, object]]) -> None:
    table = pd.DataFrame(
        rows, columns=["lat", "lon", "address", "postcode", "place", "municipality", "county"]
    )
    found = geocode_table(table, gazetteer=GAZETTEER, addresses=REGISTER)
    assert len(found) == len(table)
    placed = found[found["grade"].notna()]
    assert not ((placed["lat"] == 0) & (placed["lon"] == 0)).any()
    assert found["lat"].notna().eq(found["grade"].notna()).all()
