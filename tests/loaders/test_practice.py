"""The practice data: fictional, at real places, and made anew byte for byte by its script."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from geodata.results import RegionTables
from loaders.codes import read_eal_codes, read_materials
from loaders.embedded import data_dir, read_municipalities, read_postcodes
from loaders.practice import make_practice_tables, write_practice
from loaders.region import read_region

TABLES = ("facilities", "streams", "networks", "memberships")


@pytest.fixture(scope="module")
def practice() -> RegionTables:
    return read_region("practice")


def test_script_reproduces_the_committed_files(tmp_path: Path) -> None:
    write_practice(tmp_path)
    for name in TABLES:
        committed = (data_dir() / "practice" / f"{name}.csv").read_bytes()
        assert (tmp_path / f"{name}.csv").read_bytes() == committed, name


def test_another_seed_gives_other_amounts() -> None:
    assert make_practice_tables(seed=1)["streams"] != make_practice_tables(seed=2)["streams"]


def test_sizes(practice: RegionTables) -> None:
    assert len(practice.facilities) == 200
    assert len(practice.streams) == 600
    assert len(practice.networks) == 4
    directions = practice.streams["direction"].value_counts()
    assert directions.min() > 200


def test_every_row_is_plainly_fictional(practice: RegionTables) -> None:
    facilities = practice.facilities
    assert facilities["name"].str.fullmatch(r"Øvingsbedrift \d{3} .+ \(fiktiv\)").all()
    assert facilities["facility_id"].str.startswith("practice-").all()
    assert facilities["organisation_number"].isna().all()
    assert practice.networks["name"].str.endswith("(fiktiv)").all()
    assert set(facilities["dataset"]) == set(practice.streams["dataset"]) == {"practice"}
    assert set(practice.streams["basis"]) == {"illustrative"}


def test_points_lie_in_their_municipality_and_apart(practice: RegionTables) -> None:
    facilities = practice.facilities
    areas = read_municipalities().set_index("municipality_number").geometry
    stated = gpd.GeoSeries(facilities["municipality_number"].map(areas).to_numpy(), crs=areas.crs)
    assert facilities.geometry.reset_index(drop=True).within(stated).all()
    assert not facilities.geometry.to_wkb().duplicated().any()


def test_every_postcode_is_one_of_the_municipality(practice: RegionTables) -> None:
    postcodes = read_postcodes()
    known = set(zip(postcodes["postcode"], postcodes["municipality_number"], strict=True))
    facilities = practice.facilities
    assert set(zip(facilities["postcode"], facilities["municipality_number"], strict=True)) <= known


def test_no_real_organisation_shares_a_name(practice: RegionTables) -> None:
    assert not set(practice.facilities["name"]) & set(read_region("region").facilities["name"])


def test_amounts_are_ordered_and_some_are_unknown(practice: RegionTables) -> None:
    streams = practice.streams
    known = streams.dropna(subset=["amount_best"])
    assert 0 < len(streams) - len(known) < 0.2 * len(streams)
    assert (known["amount_min"] <= known["amount_best"]).all()
    assert (known["amount_best"] <= known["amount_max"]).all()
    assert (known["amount_min"] > 0).all()
    unknown = streams["amount_best"].isna()
    assert streams.loc[unknown, ["amount_min", "amount_max"]].isna().all(axis=None)
    for column in ("months", "quality", "price_nok_per_t", "treatment"):
        assert streams[column].isna().any(), column
        assert streams[column].notna().any(), column


def test_codes_hazard_and_materials_agree_with_the_lists(practice: RegionTables) -> None:
    streams = practice.streams
    codes = read_eal_codes().set_index("eal_code")["hazardous"].astype(bool)
    coded = streams.dropna(subset=["eal_code"])
    assert coded["eal_code"].isin(codes.index).all()
    assert (coded["eal_code"].map(codes) == coded["hazardous"].astype(bool)).all()
    assert streams["material"].isin(read_materials()["material"]).all()


def test_offers_and_needs_complement_each_other(practice: RegionTables) -> None:
    streams = practice.streams
    offered = set(streams.loc[streams["direction"] == "offer", "material"])
    needed = set(streams.loc[streams["direction"] == "need", "material"])
    assert len(offered & needed) >= 25


def test_memberships_point_at_facilities_and_networks(practice: RegionTables) -> None:
    members = practice.memberships
    assert members["facility_id"].isin(practice.facilities["facility_id"]).all()
    assert set(members["network_id"]) == set(practice.networks["network_id"])
    counted = members["network_id"].value_counts()
    stated = practice.networks.set_index("network_id")["member_count"].astype(int)
    assert np.array_equal(counted.sort_index().to_numpy(), stated.sort_index().to_numpy())
