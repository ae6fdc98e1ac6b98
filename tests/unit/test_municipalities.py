"""Municipality numbers and names through time; points in municipalities that share a border or a polygon."""

from __future__ import annotations

import os
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, box

from geodata.errors import CrsError, UnknownMunicipalityError
from geodata.municipalities import (
    MunicipalityNames,
    find_municipality_by_name,
    find_neighbours,
    lies_in,
    locate_municipality,
    locate_points,
    match_municipality_names,
    merge_shared_polygons,
    nearest_municipality,
    normalise_municipality_number,
    resolve_county,
    resolve_municipality,
    to_current_municipality,
)

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("SYMBIOSEKART_REFERENCE", ROOT.parent / "shared" / "reference"))

STEPS = [
    ("0301", "Oslo", 2017, None, "0301", "current"),
    ("0101", "Halden", 2017, 2019, "3001", "renumbered"),
    ("3001", "Halden", 2020, 2023, "3101", "renumbered"),
    ("3101", "Halden", 2024, None, "3101", "current"),
    ("0709", "Larvik", 2017, 2017, "0712", "merged"),
    ("0712", "Larvik", 2018, 2019, "3805", "merged"),
    ("3805", "Larvik", 2020, 2023, "3909", "renumbered"),
    ("3909", "Larvik", 2024, None, "3909", "current"),
    ("1534", "Haram", 2017, 2019, "1507", "merged"),
    ("1507", "Ålesund", 2020, 2023, "1508", "split"),
    ("1507", "Ålesund", 2020, 2023, "1580", "split"),
    ("1508", "Ålesund", 2024, None, "1508", "current"),
    ("1580", "Haram", 2024, None, "1580", "current"),
    ("0821", "Bø (Telemark)", 2017, 2019, "4020", "merged"),
    ("4020", "Midt-Telemark", 2020, None, "4020", "current"),
    ("1201", "Os (Hordaland)", 2017, 2019, "4624", "merged"),
    ("4624", "Bjørnafjorden", 2020, None, "4624", "current"),
    ("3430", "Os", 2020, None, "3430", "current"),
]


@pytest.fixture(scope="module")
def changes() -> pd.DataFrame:
    columns = ["old_number", "old_name", "valid_from_year", "valid_to_year", "new_number", "kind"]
    frame = pd.DataFrame(STEPS, columns=columns)
    return frame.astype({"valid_from_year": "Int64", "valid_to_year": "Int64"})


@pytest.fixture(scope="module")
def municipalities() -> gpd.GeoDataFrame:
    """Five squares of 0.1 degree side by side from west to east, the last one shared by two numbers."""
    rows = [
        ("3114", "Våler", "Våler", "31", "Østfold", 10.0, pd.NA, 5),
        ("3419", "Våler", "Våler", "34", "Innlandet", 10.1, pd.NA, 7),
        ("1867", "Bø", "Bø", "18", "Nordland", 10.2, pd.NA, 11),
        ("5041", "Snåsa", "Snåase - Snåsa", "50", "Trøndelag", 10.3, pd.NA, 13),
        ("3101", "Halden", "Halden", "31", "Østfold", 10.4, pd.NA, 17),
        ("1508", "Ålesund", "Ålesund", "15", "Møre og Romsdal", 10.5, "1508 1580", 19),
        ("1580", "Haram", "Haram", "15", "Møre og Romsdal", 10.5, "1508 1580", 23),
        ("4020", "Midt-Telemark", "Midt-Telemark", "40", "Telemark", 11.0, pd.NA, 29),
        ("4624", "Bjørnafjorden", "Bjørnafjorden", "46", "Vestland", 11.2, pd.NA, 31),
        ("3430", "Os", "Os", "34", "Innlandet", 11.4, pd.NA, 37),
        ("0301", "Oslo", "Oslo", "03", "Oslo", 11.6, pd.NA, 41),
        ("3909", "Larvik", "Larvik", "39", "Vestfold", 11.8, pd.NA, 43),
    ]
    names = ["municipality_number", "name", "full_name", "county_number", "county_name"]
    frame = pd.DataFrame(rows, columns=[*names, "west", "shared_polygon", "inhabitants"])
    shapes = [box(west, 60.0, round(west + 0.1, 1), 60.1) for west in frame.pop("west")]
    frame["shared_polygon"] = frame["shared_polygon"].astype("string")
    return gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4326")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0301", ("0301", False)),
        ("301", ("0301", True)),
        (301, ("0301", True)),
        (301.0, ("0301", True)),
        ("301,0", ("0301", True)),
        (5001, ("5001", False)),
        (" 0301\u00a0", ("0301", False)),
        ("K-0301", ("0301", False)),
        ("K_0301", ("0301", False)),
        ("k 0301 Oslo", ("0301", False)),
        ("K \u2013 0301", ("0301", False)),
        ("K__0301", (None, False)),
        ("0301 Oslo", ("0301", False)),
        ("0301\u202fOslo", ("0301", False)),
        ("'0301", ("0301", False)),
        ("30100", (None, False)),
        ("30", (None, False)),
        ("Oslo", (None, False)),
        ("", (None, False)),
        (None, (None, False)),
        (float("nan"), (None, False)),
        (True, (None, False)),
        ("-301", (None, False)),
        ("{{7*7}}", (None, False)),
    ],
)
def test_numbers_are_read_as_people_write_them(written: object, read: tuple[str | None, bool]) -> None:
    assert normalise_municipality_number(written) == read


def test_a_number_is_followed_through_every_step(changes: pd.DataFrame) -> None:
    halden = resolve_municipality("101", changes=changes)
    assert (halden.number, halden.today, halden.kind, halden.repaired) == (
        "0101",
        ("3101",),
        "renumbered",
        True,
    )
    larvik = resolve_municipality("0709", changes=changes)
    assert (larvik.today, larvik.kind) == (("3909",), "merged")
    assert resolve_municipality("0301", changes=changes).kind == "current"


def test_a_split_gives_all_candidates_also_through_a_merger(changes: pd.DataFrame) -> None:
    for number in ("1507", "1534"):
        found = resolve_municipality(number, changes=changes)
        assert (found.today, found.kind, found.is_certain) == (("1508", "1580"), "split", False)


def test_the_year_is_compared_and_never_needed(changes: pd.DataFrame) -> None:
    assert resolve_municipality("3001", year=2022, changes=changes).note == ""
    assert resolve_municipality("3001", year=2019, changes=changes).note == "year.not_yet"
    assert resolve_municipality("3001", year=2025, changes=changes).note == "year.no_longer"
    assert resolve_municipality("3001", year=2025, changes=changes).today == ("3101",)
    assert resolve_municipality("0301", year=1990, changes=changes).note == ""  # 2017 means or earlier


@pytest.mark.parametrize(
    ("number", "code"), [("9999", "municipality.unknown"), ("Oslo", "municipality.unreadable")]
)
def test_what_was_never_a_number_is_an_error(number: str, code: str, changes: pd.DataFrame) -> None:
    with pytest.raises(UnknownMunicipalityError) as caught:
        resolve_municipality(number, changes=changes)
    assert caught.value.code == code


def test_county_numbers_lead_to_counties_of_today(changes: pd.DataFrame) -> None:
    assert resolve_county("30", changes=changes) == ("31",)
    assert resolve_county(1, changes=changes) == ("31",)
    assert resolve_county("12", changes=changes) == ("46",)
    assert resolve_county("15", changes=changes) == ("15",)
    with pytest.raises(UnknownMunicipalityError) as caught:
        resolve_county("99", changes=changes)
    assert caught.value.code == "county.unknown"


def test_a_column_is_resolved_without_choosing_or_raising(changes: pd.DataFrame) -> None:
    column = pd.Series(["0101", "301", "1507", "9999", None, " ", 709.0], index=list("abcdefg"))
    table = to_current_municipality(column, changes)
    assert list(table.index) == list("abcdefg")
    assert table["number"].fillna("-").tolist() == ["3101", "0301", "-", "-", "-", "-", "3909"]
    assert table["candidates"].tolist() == [
        ("3101",),
        ("0301",),
        ("1508", "1580"),
        (),
        (),
        (),
        ("3909",),
    ]
    assert table["status"].tolist() == [
        "renumbered",
        "current",
        "split",
        "unknown",
        "missing",
        "missing",
        "merged",
    ]
    assert table["repaired"].tolist() == [False, True, False, False, False, False, True]


def _numbers(name: str, names: MunicipalityNames, **also: str) -> list[str]:
    return [match.municipality_number for match in find_municipality_by_name(name, names, **also)]


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("Våler", ["3114", "3419"]),
        ("VÅLER (ØSTFOLD)", ["3114"]),
        ("Våler i Østfold", ["3114"]),
        ("Våler, Innlandet", ["3419"]),
        ("Våler i Hedmark", ["3419"]),  # a former county
        ("Våler (et sted)", ["3114", "3419"]),
        ("Vaaler", ["3114", "3419"]),
        ("Valer", ["3114", "3419"]),
        ("Aalesund kommune", ["1508"]),
        ("ÅLESUND\u00a0KOMMUNE", ["1508"]),
        ("A\u030alesund", ["1508"]),  # a and a combining ring
        ("Ã…lesund", ["1508"]),  # UTF-8 read as cp1252
        ("Snåase – Snåsa", ["5041"]),
        ("Snåase", ["5041"]),
        ("Snasa", ["5041"]),
        ("Haram", ["1580"]),  # today's before the one that ended in 2019
        ("Bø", ["1867"]),
        ("Bø i Telemark", ["4020"]),
        ("Bø (Nordland)", ["1867"]),
        ("Os", ["3430"]),
        ("Os (Hordaland)", ["4624"]),
        ("Os i Østerdalen", ["3430", "4624"]),  # not a county: nothing is chosen
        ("Atlantis", []),
        ("", []),
        ("{{ 7*7 }}", []),
    ],
)
def test_names_are_found_as_people_write_them(
    written: str, numbers: list[str], municipalities: gpd.GeoDataFrame, changes: pd.DataFrame
) -> None:
    names = MunicipalityNames.build(municipalities, changes=changes)
    assert _numbers(written, names) == numbers


def test_a_county_chooses_among_names(municipalities: gpd.GeoDataFrame, changes: pd.DataFrame) -> None:
    names = MunicipalityNames.build(municipalities, changes=changes)
    assert _numbers("Våler", names, county="31") == ["3114"]
    assert _numbers("Våler", names, county="Innlandet fylke") == ["3419"]
    assert _numbers("Våler", names, county="Viken") == ["3114"]
    assert _numbers("Bø", names, county="Telemark") == ["4020"]
    assert _numbers("Våler", names, county="Narnia") == []
    assert _numbers("Våler", MunicipalityNames.build(municipalities)) == ["3114", "3419"]


def test_matches_say_whether_the_spelling_and_the_name_are_todays(
    municipalities: gpd.GeoDataFrame, changes: pd.DataFrame
) -> None:
    names = MunicipalityNames.build(municipalities, changes=changes)
    assert find_municipality_by_name("Ålesund", names)[0].exact
    assert not find_municipality_by_name("Alesund", names)[0].exact
    assert find_municipality_by_name("Os (Hordaland)", names)[0].former_name == "Os (Hordaland)"
    column = pd.Series(["Halden", "Våler", "Os (Hordaland)", "Atlantis", None])
    table = match_municipality_names(column, names)
    assert table["status"].tolist() == ["found", "ambiguous", "former", "unknown", "missing"]
    assert table["number"].fillna("-").tolist() == ["3101", "-", "4624", "-", "-"]
    assert table["candidates"].tolist()[1] == ("3114", "3419")


@given(st.text(max_size=40))
def test_any_text_may_be_asked_for(text: str) -> None:
    frame = pd.DataFrame(
        {"municipality_number": ["0301"], "name": ["Oslo"], "county_number": ["03"], "county_name": ["Oslo"]}
    )
    names = MunicipalityNames.build(frame)
    found = find_municipality_by_name(text, names)
    assert all(match.municipality_number == "0301" for match in found)
    number, repaired = normalise_municipality_number(text)
    assert number is None or (len(number) == 4 and number.isdecimal() and number.isascii())
    assert number is not None or not repaired


@given(st.permutations(range(len(STEPS))))
def test_the_order_of_the_changes_does_not_matter(order: list[int]) -> None:
    columns = ["old_number", "old_name", "valid_from_year", "valid_to_year", "new_number", "kind"]
    frame = pd.DataFrame([STEPS[place] for place in order], columns=columns)
    numbers = pd.Series(["0101", "1534", "1507", "0709", "0821"])
    expected = [("3101",), ("1508", "1580"), ("1508", "1580"), ("3909",), ("4020",)]
    assert to_current_municipality(numbers, frame)["candidates"].tolist() == expected


def test_points_are_located_with_shore_sea_and_shared_polygons_told(municipalities: gpd.GeoDataFrame) -> None:
    # At 60.05 N a degree of longitude is 55.7 km; 0.005 degrees are 279 m, 0.02 degrees 1 115 m.
    points = gpd.GeoSeries(
        [Point(10.05, 60.05), Point(9.995, 60.05), Point(9.98, 60.05), Point(10.55, 60.05), None, Point()],
        index=list("abcdef"),
        crs="EPSG:4326",
    )
    table = locate_points(points, municipalities)
    assert table["status"].tolist() == ["inside", "near_shore", "outside", "shared", "no_point", "no_point"]
    numbers = ["3114", "3114", "-", "1508 1580", "-", "-"]
    assert table["municipality_number"].fillna("-").tolist() == numbers
    assert table.loc["a", "distance_m"] == 0
    assert table.loc["b", "distance_m"] == pytest.approx(279, rel=0.01)
    assert table.loc["c", "distance_m"] == pytest.approx(1115, rel=0.01)
    assert pd.isna(table.loc["e", "distance_m"])
    assert locate_municipality(points, municipalities, tolerance_m=100).isna()["b"]
    nearest = nearest_municipality(points, municipalities)
    assert nearest.loc["c", "municipality_number"] == "3114"
    assert nearest.loc["c", "distance_m"] == pytest.approx(1115, rel=0.01)
    assert nearest.loc["a", "distance_m"] == 0


def test_an_unknown_statement_is_none(municipalities: gpd.GeoDataFrame) -> None:
    points = gpd.GeoSeries([Point(10.05, 60.05), Point(10.55, 60.05)], crs="EPSG:4326")
    located = locate_points(points, municipalities, stated=pd.Series([pd.NA, pd.NA], dtype="string"))
    assert located["municipality_number"].tolist() == ["3114", "1508 1580"]
    assert located["status"].tolist() == ["inside", "shared"]


def test_what_is_stated_decides_only_between_what_is_possible(municipalities: gpd.GeoDataFrame) -> None:
    points = gpd.GeoSeries([Point(10.55, 60.05), Point(10.55, 60.05), Point(10.1, 60.05)], crs="EPSG:4326")
    stated = pd.Series(["1580", "3101", "3419"], dtype="string")
    located = locate_municipality(points, municipalities, stated=stated)
    assert located.tolist() == ["1580", "1508 1580", "3419"]  # the last lies on the border of 3114 and 3419
    assert lies_in(located, stated).tolist() == [True, False, True]
    assert lies_in(locate_municipality(points, municipalities), pd.Series([pd.NA] * 3)).isna().all()


def test_points_in_metres_are_read_in_their_own_grid(municipalities: gpd.GeoDataFrame) -> None:
    degrees = gpd.GeoSeries([Point(10.05, 60.05)], crs="EPSG:4326")
    for grid in ("EPSG:25832", "EPSG:25833"):
        assert locate_municipality(degrees.to_crs(grid), municipalities).tolist() == ["3114"]
    zone_32_read_as_33 = degrees.to_crs("EPSG:25832").set_crs("EPSG:25833", allow_override=True)
    assert locate_municipality(zone_32_read_as_33, municipalities).isna().all()
    with pytest.raises(CrsError):
        locate_municipality(gpd.GeoSeries([Point(10.05, 60.05)]), municipalities)


def test_no_points_give_no_rows(municipalities: gpd.GeoDataFrame) -> None:
    empty = gpd.GeoSeries([], crs="EPSG:4326")
    assert locate_points(empty, municipalities).empty
    assert nearest_municipality(empty, municipalities).empty


def test_a_shared_polygon_is_drawn_and_counted_once(municipalities: gpd.GeoDataFrame) -> None:
    drawn = merge_shared_polygons(municipalities)
    assert len(drawn) == len(municipalities) - 1
    joint = drawn.set_index("municipality_numbers").loc["1508 1580"]
    assert joint["name"] == "Ålesund / Haram"
    assert joint["inhabitants"] == 19 + 23
    assert drawn["inhabitants"].sum() == municipalities["inhabitants"].sum()
    assert shapely.area(drawn.geometry.to_numpy()).sum() == pytest.approx(11 * 0.01)


def test_neighbours_share_a_line(municipalities: gpd.GeoDataFrame) -> None:
    table = find_neighbours(municipalities)
    pairs = set(zip(table["municipality_number"], table["neighbour_number"], strict=True))
    assert ("3114", "3419") in pairs
    assert ("3419", "3114") in pairs
    assert ("3114", "1867") not in pairs
    assert ("1508", "1580") in pairs
    certain = table.set_index(["municipality_number", "neighbour_number"])["certain"]
    assert not certain["3101", "1508"]
    assert certain["3114", "3419"]
    # 1508's square ends at 10.6; 4020's begins at 11.0, 0.4 degrees = 22.3 km away.
    assert ("4020", "1508") not in pairs
    far = find_neighbours(municipalities, across_water_m=23_000)
    assert ("4020", "1508") in set(zip(far["municipality_number"], far["neighbour_number"], strict=True))


def test_a_common_corner_is_no_border() -> None:
    frame = gpd.GeoDataFrame(
        {
            "municipality_number": ["0001", "0002"],
            "name": ["A", "B"],
            "county_number": ["00", "00"],
            "shared_polygon": pd.array([pd.NA, pd.NA], dtype="string"),
        },
        geometry=[box(10, 60, 10.1, 60.1), box(10.1, 60.1, 10.2, 60.2)],
        crs="EPSG:4326",
    )
    assert find_neighbours(frame).empty


@pytest.mark.skipif(
    not (REFERENCE / "admin" / "kommunenummer_til_2024.csv").is_file(),
    reason="the reference folder is not here (SYMBIOSEKART_REFERENCE or ../shared/reference)",
)
def test_every_number_since_2017_agrees_with_the_reference() -> None:
    from loaders.embedded import read_municipality_changes

    truth = pd.read_csv(REFERENCE / "admin" / "kommunenummer_til_2024.csv", dtype=str, keep_default_na=False)
    table = to_current_municipality(truth["nummer"], read_municipality_changes())
    assert [" ".join(found) for found in table["candidates"]] == truth["nummer_2024"].str.replace(
        ";", " "
    ).tolist()
    assert (table["status"] == "split").sum() == 9
