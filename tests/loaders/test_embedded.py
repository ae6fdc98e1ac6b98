"""The embedded administrative data: complete, valid, and in agreement with itself and the reference."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geodata.municipalities import (
    MunicipalityNames,
    find_municipality_by_name,
    find_neighbours,
    locate_points,
    merge_shared_polygons,
    resolve_county,
    resolve_municipality,
    to_current_municipality,
)
from loaders import embedded

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("SYMBIOSEKART_REFERENCE", ROOT.parent / "shared" / "reference")) / "admin"
needs_reference = pytest.mark.skipif(
    not REFERENCE.is_dir(),
    reason="the reference folder is not here (SYMBIOSEKART_REFERENCE or ../shared/reference)",
)


@pytest.fixture(scope="module")
def municipalities() -> gpd.GeoDataFrame:
    return embedded.read_municipalities()


@pytest.fixture(scope="module")
def changes() -> pd.DataFrame:
    return embedded.read_municipality_changes()


def test_all_municipalities_and_counties_of_today_are_there(municipalities: gpd.GeoDataFrame) -> None:
    assert len(municipalities) == 357
    assert municipalities["municipality_number"].is_unique
    assert municipalities["municipality_number"].str.fullmatch(r"\d{4}").all()
    assert (municipalities["county_number"] == municipalities["municipality_number"].str[:2]).all()
    assert municipalities.drop(columns=["shared_polygon", "polygon_note"]).notna().all(axis=None)
    assert municipalities["inhabitants"].sum() == 5_550_203  # Norway on 1 January 2024
    assert set(municipalities["inhabitants_year"]) == {2024}
    assert set(municipalities["language_form"]) == {"bokmål", "nynorsk", "nøytral"}
    counties = embedded.read_counties()
    assert len(counties) == 15
    assert set(counties["county_number"]) == set(municipalities["county_number"])
    per_county = municipalities.groupby("county_number").size()
    assert (per_county["50"], per_county["31"], per_county["39"], per_county["46"]) == (38, 12, 6, 43)


@pytest.mark.parametrize("detail", ["full", "light"])
def test_polygons_are_one_clean_coverage(detail: embedded.Detail) -> None:
    polygons = merge_shared_polygons(embedded.read_municipalities(detail=detail))
    assert len(polygons) == 356
    assert polygons.crs.to_epsg() == 4326
    assert polygons.is_valid.all()
    assert shapely.coverage_is_valid(polygons.geometry.to_numpy())
    counties = embedded.read_counties(detail=detail)
    assert counties.is_valid.all()
    land_km2 = polygons.to_crs("EPSG:25833").area.sum() / 1e6
    assert counties.to_crs("EPSG:25833").area.sum() / 1e6 == pytest.approx(land_km2, rel=1e-9)
    assert land_km2 == pytest.approx(323_800, rel=0.01)  # mainland Norway with lakes


def test_the_light_polygons_are_light() -> None:
    shapes = merge_shared_polygons(embedded.read_municipalities(detail="light"))[["geometry"]]
    assert len(gzip.compress(shapes.to_json(drop_id=True).encode())) < 400_000


def test_alesund_and_haram_share_one_polygon_and_say_so(municipalities: gpd.GeoDataFrame) -> None:
    rows = municipalities.set_index("municipality_number")
    shared = rows[rows["shared_polygon"].notna()]
    assert shared.index.tolist() == ["1508", "1580"]
    assert shared.geometry.iloc[0].equals(shared.geometry.iloc[1])
    assert set(shared["polygon_note"]) == {embedded.SHARED_POLYGON_NOTE}
    assert rows.drop(index=["1508", "1580"])["polygon_note"].isna().all()


def test_every_number_leads_to_municipalities_of_today(
    municipalities: gpd.GeoDataFrame, changes: pd.DataFrame
) -> None:
    numbers = changes["old_number"].drop_duplicates()
    assert len(numbers) == 835
    table = to_current_municipality(numbers, changes)
    assert not table["status"].isin(["unknown", "missing"]).any()
    today = {number for candidates in table["candidates"] for number in candidates}
    assert today == set(municipalities["municipality_number"])
    is_split = table["status"] == "split"
    split = dict(zip(numbers[is_split], table["candidates"][is_split], strict=True))
    assert len(split) == 9
    assert split["1507"] == ("1508", "1580")
    assert split["1850"] == ("1806", "1875")
    assert split["5012"] == split["1613"] == ("5055", "5056", "5059")


def test_no_number_was_given_to_another_area(changes: pd.DataFrame) -> None:
    # Were a number used twice, the year would be needed to read it; geodata relies on this.
    spans = changes.groupby("old_number")[["valid_from_year", "valid_to_year", "old_name"]].nunique()
    assert (spans <= 1).all(axis=None)
    current = set(changes.loc[changes["kind"] == "current", "old_number"])
    assert not current & set(changes.loc[changes["kind"] != "current", "old_number"])


@pytest.mark.parametrize(
    ("number", "today"),
    [
        ("301", ("0301",)),
        ("0106", ("3107",)),
        ("1601", ("5001",)),
        ("5030", ("5001",)),  # Klæbu
        ("0713", ("3903",)),  # Sande in Vestfold
        ("3811", ("3911",)),
        ("5401", ("5501",)),
        ("1567", ("5061",)),
    ],
)
def test_well_known_numbers(number: str, today: tuple[str, ...], changes: pd.DataFrame) -> None:
    assert resolve_municipality(number, changes=changes).today == today


@pytest.mark.parametrize(
    ("number", "today"),
    [
        ("30", ("31", "32", "33")),
        ("38", ("39", "40")),
        ("54", ("55", "56")),
        ("16", ("50",)),
        ("07", ("33", "39")),  # Vestfold: Svelvik is in Drammen today
        ("5", ("32", "34")),  # Oppland: Jevnaker and Lunner are in Akershus today
        ("50", ("50",)),
    ],
)
def test_county_numbers_since_2017(number: str, today: tuple[str, ...], changes: pd.DataFrame) -> None:
    assert resolve_county(number, changes=changes) == today


def test_every_official_name_finds_its_municipality(
    municipalities: gpd.GeoDataFrame, changes: pd.DataFrame
) -> None:
    names = MunicipalityNames.build(municipalities, changes=changes)
    twice = set(municipalities.loc[municipalities["name"].duplicated(keep=False), "name"])
    assert twice == {"Herøy", "Våler"}
    for row in municipalities.to_dict("records"):
        for written in (row["name"], row["full_name"], row["name"].upper() + " kommune"):
            found = [match.municipality_number for match in find_municipality_by_name(written, names)]
            if row["name"] in twice:
                assert row["municipality_number"] in found
                assert len(found) == 2
            else:
                assert found == [row["municipality_number"]], written
        qualified = find_municipality_by_name(f"{row['name']} ({row['county_name']})", names)
        assert [match.municipality_number for match in qualified] == [row["municipality_number"]]


PLACES_ON_LAND = {
    "Øra": (59.186, 10.962, "3107"),
    "Borg havn": (59.204, 10.955, "3107"),
    "Langøya": (59.493, 10.377, "3903"),
    "Holmestrand, quay": (59.489, 10.320, "3903"),
    "Slagentangen": (59.320, 10.510, "3905"),
    "Herøya": (59.110, 9.640, "4001"),
    "Sjursøya": (59.893, 10.755, "0301"),
    "Heggstadmoen": (63.345, 10.355, "5001"),
    "Brattøra": (63.4385, 10.400, "5001"),
    "Fiborgtangen": (63.7125, 11.164, "5037"),
    "Orkanger, quay": (63.315, 9.860, "5059"),
    "Rørvik, quay": (64.862, 11.238, "5060"),
}


def test_industry_on_the_shore_is_on_land_and_the_fjords_are_not(municipalities: gpd.GeoDataFrame) -> None:
    lat, lon, number = zip(*PLACES_ON_LAND.values(), strict=True)
    points = gpd.GeoSeries(gpd.points_from_xy(lon, lat), index=list(PLACES_ON_LAND), crs="EPSG:4326")
    located = locate_points(points, municipalities)["municipality_number"]
    assert located.to_dict() == dict(zip(PLACES_ON_LAND, number, strict=True))
    fjords = gpd.GeoSeries(gpd.points_from_xy([10.56, 10.40, 5.0], [59.35, 63.50, 60.0]), crs="EPSG:4326")
    assert set(locate_points(fjords, municipalities)["status"]) <= {"outside"}


def test_neighbours_on_the_map(municipalities: gpd.GeoDataFrame) -> None:
    table = find_neighbours(municipalities)
    of = {number: set(rows["neighbour_number"]) for number, rows in table.groupby("municipality_number")}
    assert of["5001"] == {"5028", "5031", "5032"}  # Melhus, Malvik, Selbu
    assert {"3107", "3101"} <= of["3105"]  # Sarpsborg: Fredrikstad, Halden
    assert all(one in of[other] for one, others in of.items() for other in others)
    across = find_neighbours(municipalities, across_water_m=10_000)
    pairs = set(zip(across["municipality_number"], across["neighbour_number"], strict=True))
    assert ("3103", "3901") in pairs  # Moss and Horten, across the Oslofjord


def test_places_lie_in_their_municipality(municipalities: gpd.GeoDataFrame) -> None:
    places = embedded.read_places()
    assert len(places) == 624
    assert places.notna().all(axis=None)
    assert set(places["municipality_number"]) <= set(municipalities["municipality_number"])
    points = gpd.GeoSeries(gpd.points_from_xy(places["lon"], places["lat"]), crs="EPSG:4326")
    located = locate_points(points, municipalities, stated=places["municipality_number"], tolerance_m=1000)
    assert (located["municipality_number"] == places["municipality_number"]).all()


def test_postcodes_name_municipalities_of_today(municipalities: gpd.GeoDataFrame) -> None:
    postcodes = embedded.read_postcodes()
    assert len(postcodes) == 5146
    assert postcodes["postcode"].is_unique
    assert postcodes["postcode"].str.fullmatch(r"\d{4}").all()
    without = postcodes[postcodes["municipality_number"].isna()]
    assert set(without["place"]) >= {"Longyearbyen", "Jan Mayen"}
    assert len(without) == 8
    assert set(postcodes["municipality_number"].dropna()) == set(municipalities["municipality_number"])
    row = postcodes.set_index("postcode")
    assert row.loc["7620", "municipality_number"] == "5037"
    assert row.loc["2436", ["place", "municipality_number"]].tolist() == ["Våler i Solør", "3419"]
    assert row.loc["1592", "municipality_number"] == "3114"
    assert row.loc["6270", "municipality_number"] == "1580"
    with_point = postcodes.dropna(subset=["lat"])
    assert len(with_point) > 2_900
    points = gpd.GeoSeries(
        gpd.points_from_xy(with_point["lon"], with_point["lat"]), index=with_point.index, crs="EPSG:4326"
    )
    stated = with_point["municipality_number"]
    located = locate_points(points, municipalities, stated=stated, tolerance_m=1000)
    assert (located["municipality_number"] == stated).all()


@needs_reference
def test_polygons_agree_with_those_of_2024(municipalities: gpd.GeoDataFrame) -> None:
    truth = gpd.read_file(REFERENCE / "kommuner_2024_kartverket_M.geojson").to_crs("EPSG:25833")
    truth["geometry"] = truth.make_valid()
    shapes = truth.set_index("kommunenummer").geometry
    ours = merge_shared_polygons(municipalities).to_crs("EPSG:25833")
    overlap = []
    for numbers, shape in zip(ours["municipality_numbers"], ours.geometry, strict=True):
        theirs = shapes.loc[numbers.split()].union_all()
        overlap.append(shape.intersection(theirs).area / shape.union(theirs).area)
    measured = pd.Series(overlap, index=ours["municipality_numbers"])
    assert measured.median() > 0.995
    assert measured.quantile(0.05) > 0.97
    assert measured.min() > 0.75  # Træna: islets


@needs_reference
def test_facts_agree_with_the_reference(municipalities: gpd.GeoDataFrame) -> None:
    truth = pd.read_csv(REFERENCE / "kommuner_2024.csv", dtype=str, keep_default_na=False)
    truth = truth.set_index("kommunenummer")["navn_klass"].str.replace(r" \(.*\)$", "", regex=True)
    ours = municipalities.set_index("municipality_number")["full_name"]
    assert ours.to_dict() == truth.to_dict()
