# ruff: noqa: E501  (tables of cases are easier to read in whole lines)
"""Coordinate systems: stated, missing, wrong zone, and lists that refer to one another."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest

from loaders.members import MemberFiles, read_members
from loaders.references import References
from loaders.sandbox import Upload
from tests.data.member_lists import HEADERS, in_words, make_frame, make_rows, write_vector

NB = HEADERS["nb"]


@pytest.fixture(scope="module")
def references() -> References:
    return References()


def codes(result: MemberFiles) -> list[str]:
    return [f.code for f in result.findings if str(f.severity) != "info"]


def make(count: int = 12) -> gpd.GeoDataFrame:
    return make_frame(in_words(make_rows(count), "nb"), lat=NB["lat"], lon=NB["lon"])


@pytest.mark.parametrize("kind", ["gpkg", "parquet"])
def test_a_missing_system_is_told_and_not_guessed(kind: str, references: References, tmp_path: Path) -> None:
    frame = make().set_crs(None, allow_override=True)
    result = read_members([write_vector(frame, tmp_path, kind=kind)], references=references)
    assert codes(result) == ["file.crs_missing"]
    assert set(result.tables.facilities["geocode_quality"]) == {"municipality"}


def test_the_wrong_zone_is_found_by_the_municipalities_and_put_right(
    references: References, tmp_path: Path
) -> None:
    right = make()
    frame = right.to_crs(25832).set_crs(25833, allow_override=True)
    result = read_members([write_vector(frame, tmp_path, kind="gpkg")], references=references)
    assert codes(result) == ["file.crs_wrong_zone"]
    assert result.tables.facilities.geometry.x.tolist() == pytest.approx(right.geometry.x.tolist(), abs=1e-6)


def test_one_point_in_the_wrong_zone_is_told_at_its_row(references: References, tmp_path: Path) -> None:
    frame = make(30).to_crs(25833)
    frame.loc[7, "geometry"] = make(30).to_crs(25832).geometry.iloc[7]
    result = read_members([write_vector(frame, tmp_path, kind="gpkg")], references=references)
    found = [(f.code, f.row) for f in result.findings if str(f.severity) != "info"]
    assert found == [("row.point_wrong_zone", 8)]


def utm_list(crs: int, *, municipality: bool) -> Upload:
    rows = make().to_crs(crs)
    lines = ["navn;øst;nord" + (";kommune" if municipality else "")]
    for name, number, point in zip(rows[NB["name"]], rows[NB["municipality"]], rows.geometry, strict=True):
        lines.append(f"{name};{point.x:.1f};{point.y:.1f}" + (f";{number}" if municipality else ""))
    return Upload("liste.csv", "\n".join(lines).encode())


@pytest.mark.parametrize("crs", [25832, 25833])
def test_a_zone_is_inferred_only_where_the_municipalities_prove_it(crs: int, references: References) -> None:
    result = read_members([utm_list(crs, municipality=True)], references=references)
    assert [f.values["crs"] for f in result.findings if f.code == "column.crs_inferred"] == [f"EPSG:{crs}"]
    assert codes(result) == []
    without = read_members([utm_list(crs, municipality=False)], references=references)
    assert codes(without).count("file.crs_missing") == 1
    assert without.tables.facilities.geometry.isna().all()


def test_geojson_with_a_stated_system_and_a_polygon(references: References) -> None:
    ring = [[270000, 7038000], [270600, 7038000], [270600, 7038600], [270000, 7038000]]
    document = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25833"}},
        "features": [
            {
                "type": "Feature",
                "properties": {"navn": "A", "kommune": "5001"},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        ],
    }
    result = read_members([Upload("a.geojson", json.dumps(document).encode())], references=references)
    assert codes(result) == []
    assert result.tables.facilities["municipality_number"].tolist() == ["5001"]
    assert any(f.code == "geometry.not_points" for f in result.findings)


def test_streams_find_their_facility_by_id_number_or_name_across_files(references: References) -> None:
    facilities = Upload(
        "anlegg.csv", "id;navn;orgnr;kommune\nA1;Øving AS;974760673;5001\nA2;Prøve AS;;0301\n".encode()
    )
    streams = Upload(
        "strømmer.csv",
        "anlegg;materiale;mengde (t);tilbud/behov\nØving;Trevirke;5;tilbud\n974760673;Papp;6;behov\nA2;Papp;7;tilbud\nIngen;Papp;8;tilbud\n".encode(),
    )
    result = read_members([streams, facilities], references=references)
    assert result.tables.streams["facility_id"].tolist() == ["A1", "A1", "A2"]
    assert [(f.code, f.file, f.row) for f in result.findings if str(f.severity) == "error"] == [
        ("row.facility_unknown", "strømmer.csv", 5)
    ]
