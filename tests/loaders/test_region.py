"""The real region: typed, placed, sourced, and without an invented figure or a person."""

from __future__ import annotations

import re

import geopandas as gpd
import pandas as pd
import pytest

from geodata.crs import to_metric
from geodata.errors import InvalidTableError
from geodata.industries import normalise_industry_code
from geodata.months import parse_months_column
from geodata.results import RegionTables
from geodata.schemas import TABLES
from loaders.checks import check_table
from loaders.codes import read_eal_codes, read_industries, read_materials
from loaders.embedded import data_dir, read_municipalities
from loaders.region import read_household_coefficients, read_region

GENERALLY_KNOWN = "allment kjent; bekreftes av virksomheten"


@pytest.fixture(scope="module")
def region() -> RegionTables:
    return read_region()


@pytest.fixture(scope="module")
def practice() -> RegionTables:
    return read_region("practice")


@pytest.mark.parametrize("dataset", ["region", "practice"])
@pytest.mark.parametrize("name", ["facilities", "streams", "networks", "memberships"])
def test_tables_conform(request: pytest.FixtureRequest, dataset: str, name: str) -> None:
    tables: RegionTables = request.getfixturevalue(dataset)
    frame = getattr(tables, name)
    assert check_table(frame, name) == []
    known = [column.name for column in TABLES[name]]
    assert list(frame.columns) == known + (["geometry"] if name == "facilities" else [])


@pytest.mark.parametrize("dataset", ["region", "practice"])
def test_industry_codes_and_months_are_written_as_they_are_read(
    request: pytest.FixtureRequest, dataset: str
) -> None:
    tables: RegionTables = request.getfixturevalue(dataset)
    divisions = read_industries()
    for code in tables.facilities["industry_code"].dropna().unique():
        assert normalise_industry_code(code, divisions=divisions) == (code, None)
    months = tables.streams["months"].dropna()
    assert parse_months_column(months)["problem"].isna().all()


def test_unknown_dataset_is_refused() -> None:
    with pytest.raises(InvalidTableError) as caught:
        read_region("elsewhere")  # type: ignore[arg-type]
    assert caught.value.code == "dataset.unknown"


def test_size_and_networks(region: RegionTables) -> None:
    assert len(region.facilities) >= 60
    names = " ".join(region.networks["name"])
    for part in (
        "CIVAC",
        "SeSammen",
        "Thamsklyngen",
        "Industrinavet",
        "WoodWorks!",
        "Skogmo Industripark",
        "NCCE",
        "No Waste!",
    ):
        assert part in names
    networks = region.networks.set_index("network_id")
    assert networks.loc["civac", "founded"] == "2020-05-20"
    assert networks.loc["no-waste", "merged_into"] == "ncce"
    assert networks.loc["no-waste", "ended"] == "2022"


def test_civac_was_founded_by_four(region: RegionTables) -> None:
    members = region.memberships
    founders = members[(members["network_id"] == "civac") & (members["role"] == "founder")]
    assert set(founders["facility_id"]) == {
        "innherred-renovasjon",
        "remidt",
        "trondheim-renholdsverk",
        "mna",
    }
    assert set(founders["from_date"]) == {"2020-05-20"}


def test_memberships_have_a_source_and_point_at_rows(region: RegionTables) -> None:
    members = region.memberships
    assert members["source"].notna().all()
    assert members["facility_id"].isin(region.facilities["facility_id"]).all()
    assert members["network_id"].isin(region.networks["network_id"]).all()
    assert not members.duplicated(["facility_id", "network_id", "role"]).any()


def test_a_network_without_public_members_says_so(region: RegionTables) -> None:
    closed = region.networks[~region.networks["members_public"].fillna(False).astype(bool)]
    assert "industrinavet" in set(closed["network_id"])
    assert closed["note"].notna().all()
    members = region.memberships.set_index("network_id")["role"]
    assert set(members.loc[["industrinavet"]]) == {"office"}


def test_points_lie_in_the_stated_municipality(region: RegionTables) -> None:
    placed = region.facilities[region.facilities.geometry.notna()]
    areas = read_municipalities().set_index("municipality_number").geometry
    stated = gpd.GeoSeries(placed["municipality_number"].map(areas).to_numpy(), crs=areas.crs)
    inside = placed.geometry.reset_index(drop=True).within(stated)
    assert placed["facility_id"].reset_index(drop=True)[~inside].tolist() == []


def test_points_are_no_municipality_midpoints(region: RegionTables) -> None:
    placed = region.facilities[region.facilities.geometry.notna()]
    areas = read_municipalities().set_index("municipality_number").geometry
    metric = to_metric(placed)
    middles = gpd.GeoSeries(
        placed["municipality_number"].map(areas).to_numpy(), index=placed.index, crs=areas.crs
    ).to_crs(metric.crs)
    for middle in (middles.centroid, middles.representative_point()):
        assert metric.geometry.distance(middle).min() > 50
    assert not placed.geometry.to_wkb().duplicated().any()


def test_placing_is_graded_honestly(region: RegionTables) -> None:
    facilities = region.facilities
    placed = facilities.geometry.notna()
    assert facilities.loc[placed, "geocode_quality"].isin(["site", "place"]).all()
    assert facilities.loc[placed, "geocode_radius_m"].ge(500).all()
    assert facilities.loc[~placed, ["geocode_quality", "geocode_radius_m"]].isna().all(axis=None)
    assert facilities.loc[~placed, "note"].notna().all()


def test_known_plants_stand_at_their_sites(region: RegionTables) -> None:
    # Quays of port facilities and streets: Fiborgtangen, Heggstadmoen, Øra, Langøya, Thamshavn, Follafoss.
    expected = {
        "norske-skog-skogn": (63.7167, 11.1550),
        "retura-trv": (63.3384, 10.3542),
        "batteriretur": (59.1846, 10.9583),
        "noah-langoya": (59.4915, 10.3810),
        "elkem-thamshavn": (63.3208, 9.8783),
        "mm-follacell": (63.9813, 11.1000),
        "celsio-klemetsrud": (59.8370, 10.8390),
        "norgips": (59.6915, 10.3242),
    }
    points = region.facilities.set_index("facility_id").geometry
    for facility_id, (lat, lon) in expected.items():
        point = points[facility_id]
        north_km = (point.y - lat) * 111.2
        east_km = (point.x - lon) * 111.2 * 0.47
        assert (north_km**2 + east_km**2) ** 0.5 < 1.2, facility_id


def test_every_row_names_its_source(region: RegionTables) -> None:
    assert region.facilities["source"].notna().all()
    assert region.networks["source"].notna().all()
    assert region.streams["basis"].notna().all()
    assert region.streams["reference"].notna().all()


def test_no_stream_rests_on_general_knowledge_alone(region: RegionTables) -> None:
    assert not region.streams["reference"].str.contains("allment kjent").any()
    bare = region.facilities.loc[region.facilities["source"] == GENERALLY_KNOWN, "facility_id"]
    assert len(bare) > 0
    assert not region.streams["facility_id"].isin(bare).any()


def test_figures_are_published_or_modelled(region: RegionTables) -> None:
    streams = region.streams
    assert set(streams["basis"]) <= {"reported", "estimated", "modelled"}
    figures = streams[streams[["amount_min", "amount_best", "amount_max"]].notna().any(axis=1)]
    published = figures[figures["basis"] != "modelled"]
    # A published figure names a page (a host name) and says in the note or by its year what it speaks of.
    assert published["reference"].str.contains(r"\b[a-z0-9-]+\.[a-z]{2,}\b").all()
    assert (published["reference_year"].notna() | published["note"].notna()).all()
    assert len(published) >= 15
    unknown = streams[streams["amount_best"].isna()]
    assert len(unknown) > 40
    ordered = streams.dropna(subset=["amount_min", "amount_best", "amount_max"])
    assert (ordered["amount_min"] <= ordered["amount_best"]).all()
    assert (ordered["amount_best"] <= ordered["amount_max"]).all()


def test_published_figures_as_read(region: RegionTables) -> None:
    best = region.streams.set_index("stream_id")["amount_best"]
    assert best["retura-trv-offer-cardboard"] == 7496
    assert best["retura-trv-offer-treated-wood"] == 4989
    assert best["metallco-kabel-need-copper-cable"] == 14000
    assert best["ecopro-offer-biogas"] == 37000  # 37 GWh
    assert best["fiborgtangen-offer-hot-water"] == 13_000_000
    capacity = region.streams.set_index("stream_id").loc["ecopro-need-food-waste"]
    assert capacity["amount_best"] is pd.NA
    assert capacity["amount_max"] == 45000
    assert "kapasitet" in capacity["note"]


def test_codes_hazard_and_materials_agree_with_the_lists(region: RegionTables) -> None:
    streams = region.streams
    codes = read_eal_codes().set_index("eal_code")["hazardous"].astype(bool)
    coded = streams.dropna(subset=["eal_code"])
    assert coded["eal_code"].isin(codes.index).all()
    assert (coded["eal_code"].map(codes) == coded["hazardous"].astype(bool)).all()
    assert streams["material"].isin(read_materials()["material"]).all()
    assert streams["facility_id"].isin(region.facilities["facility_id"]).all()


def test_household_waste_is_modelled_and_not_stored(region: RegionTables) -> None:
    stored = (data_dir() / "region" / "streams.csv").read_text(encoding="utf-8")
    assert "modelled" not in stored
    modelled = region.streams[region.streams["basis"] == "modelled"]
    companies = set(modelled["facility_id"])
    served = region.facilities[region.facilities["service_area"].notna()]
    assert companies == set(served["facility_id"])
    people = read_municipalities(detail="light").set_index("municipality_number")["inhabitants"]
    for row in served.itertuples(index=False):
        inhabitants = int(people[row.service_area.split()].sum())
        total = modelled.loc[modelled["facility_id"] == row.facility_id, "amount_best"].sum()
        assert total == pytest.approx(inhabitants * 0.375, rel=1e-9), row.facility_id


def test_no_municipality_is_served_twice(region: RegionTables) -> None:
    numbers = " ".join(region.facilities["service_area"].dropna()).split()
    assert len(numbers) == len(set(numbers))
    assert set(numbers) <= set(read_municipalities(detail="light")["municipality_number"])


def test_household_coefficients_sum_to_the_published_figure() -> None:
    table = read_household_coefficients()
    assert table["kg_per_head_best"].sum() == pytest.approx(375.0, abs=1e-9)
    assert table["kt_2023"].sum() == 2080
    # Worked by hand: residual waste 851 kt x 375 kg / 2 080 kt = 153.43 kg, here 153.44 to close the sum.
    best = table.set_index("material")["kg_per_head_best"]
    assert best["residual_waste"] == pytest.approx(851 * 375 / 2080, abs=0.02)
    assert best["food_waste"] == pytest.approx(39.48, abs=0.005)


@pytest.mark.parametrize(
    ("name", "published_kt", "inhabitants"),
    [("Trøndelag", 173, 482_956), ("Oslo", 193, 717_710), ("Vestfold og Telemark", 204, 433_000)],
)
def test_range_holds_the_counties_published_totals(name: str, published_kt: int, inhabitants: int) -> None:
    table = read_household_coefficients()
    low, high = table["kg_per_head_low"].sum(), table["kg_per_head_high"].sum()
    assert low * inhabitants / 1e6 <= published_kt <= high * inhabitants / 1e6, name


def test_no_person_and_no_contact(region: RegionTables) -> None:
    folder = data_dir() / "region"
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.csv")))
    assert "@" not in text
    assert not re.search(r"(?:\+47|tlf|telefon)", text, re.IGNORECASE)
    assert not re.search(r"(?<!\d)\d{2} \d{2} \d{2} \d{2}(?!\d)", text)
    assert region.facilities["organisation_number"].isna().all()
