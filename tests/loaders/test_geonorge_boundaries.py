"""Boundaries in the formats that Geonorge serves, written here; compared with the embedded polygons."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box, mapping

from geodata.boundaries import clip_to_land, compare_boundaries, split_shared_polygons
from geodata.errors import ParameterError, RefusedFileError, SourceError
from geodata.municipalities import find_neighbours
from loaders import embedded
from loaders.geonorge import (
    DOWNLOADS,
    fetch_boundaries,
    fetch_shared_borders,
    open_fetched_boundaries,
    read_boundaries,
)
from loaders.official.shelf import list_fetched
from loaders.official.webclient import WebClient
from tests.loaders.played import Asked, Reply, cut, html, play, status

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("SYMBIOSEKART_REFERENCE", ROOT.parent / "shared" / "reference"))
needs_reference = pytest.mark.skipif(
    not (REFERENCE / "admin").is_dir(),
    reason="the reference folder is not here (SYMBIOSEKART_REFERENCE or ../shared/reference)",
)
UTM = {"type": "name", "properties": {"name": "EPSG:25833"}}
WEST, EAST = box(270_000, 7_030_000, 280_000, 7_040_000), box(280_000, 7_030_000, 290_000, 7_040_000)
NAMES = [
    {"navn": "Pröövebye", "rekkefolge": "1", "sprak": "sma"},
    {"navn": "Prøveby", "rekkefolge": "0", "sprak": "nor"},
]


def feature(number: str, shape: Any, **more: Any) -> dict[str, Any]:
    """Return a municipality as Geonorge writes it; its names are invented."""
    properties = {
        "objtype": "Kommune",
        "samiskForvaltningsområde": False,
        "identifikasjon.Identifikasjon.lokalId": "00000000-0000-4000-8000-000000000000",
        "oppdateringsdato": "2025-11-28T16:43:54+01:00",
        "kommunenummer": number,
        "administrativenhetnavn": NAMES,
        "kommunenavn": "Prøveby",
        "gyldigFra": "2024-01-01",
        "gyldigTil": None,
    }
    geometry = mapping(shape) if shape is not None else None
    return {"type": "Feature", "geometry": geometry, "properties": properties | more}


def collection(features: Sequence[Any], crs: Any = UTM) -> dict[str, Any]:
    return {"type": "FeatureCollection", **({"crs": crs} if crs else {}), "features": list(features)}


BORDER = {
    "type": "Feature",
    "geometry": {"type": "LineString", "coordinates": [[280_000, 7_030_000], [280_000, 7_040_000]]},
    "properties": {"objtype": "Grense", "avgrensningstype": "Kommunegrense"},
}
GEONORGE = {
    "Kommune": collection([feature("5001", WEST), feature("5031", EAST)]),
    "Grense": collection([BORDER]),
}


def write_json(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


def check_two(areas: gpd.GeoDataFrame) -> None:
    """Check that the two squares came where they are, whole, named."""
    assert areas["municipality_number"].tolist() == ["5001", "5031"]
    assert areas.crs.to_epsg() == 4326
    assert areas.is_valid.all()
    assert areas["name"].tolist() == ["Prøveby", "Prøveby"]
    assert areas["name_sma"].tolist() == ["Pröövebye", "Pröövebye"]
    metres = areas.to_crs(25833).geometry.to_list()
    for found, meant in zip(metres, (WEST, EAST), strict=True):
        assert shapely.hausdorff_distance(found, meant) < 0.5
    assert areas["includes_sea"].tolist() == [True, True]


def test_geonorges_two_collections_are_read(tmp_path: Path) -> None:
    areas = read_boundaries(write_json(tmp_path / "Kommuner.geojson", GEONORGE))
    check_two(areas)
    assert areas["valid_from"].tolist() == ["2024-01-01", "2024-01-01"]
    assert areas["mended"].tolist() == [False, False]


def test_the_order_of_members_and_collections_does_not_matter(tmp_path: Path) -> None:
    turned = {key: dict(reversed(value.items())) for key, value in reversed(GEONORGE.items())}
    check_two(read_boundaries(write_json(tmp_path / "a.geojson", {"navn": [1, {"a": {}}], **turned})))
    old = {f"administrative_enheter.{key.lower()}": value for key, value in GEONORGE.items()}
    check_two(read_boundaries(write_json(tmp_path / "b.geojson", old)))


def test_zips_hold_the_same(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Basisdata/Kommuner.geojson", json.dumps(GEONORGE))
        archive.writestr("Basisdata/les.txt", "...")
    check_two(read_boundaries(tmp_path / "a.zip"))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("les.txt", "...")
    with pytest.raises(RefusedFileError) as caught:
        read_boundaries(tmp_path / "b.zip")
    assert caught.value.code == "geonorge.not_boundaries"


def test_a_plain_collection_is_in_degrees_and_says_nothing_of_the_sea(tmp_path: Path) -> None:
    shape = box(10.5, 59.75, 11.0, 60.25)
    plain = {
        "type": "Feature",
        "properties": {"kommunenummer": 301, "navn": "Prøve"},
        "geometry": mapping(shape),
    }
    areas = read_boundaries(write_json(tmp_path / "a.json", collection([plain], crs=None)))
    assert areas["municipality_number"].tolist() == ["0301"]
    assert (areas["name"][0], areas["name_nor"][0]) == ("Prøve", "Prøve")
    assert areas["includes_sea"].isna().all()
    assert areas.total_bounds.tolist() == [10.5, 59.75, 11.0, 60.25]
    urn = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4258"}}
    turned = {**plain, "geometry": mapping(shapely.transform(shape, lambda xy: xy[:, ::-1]))}
    again = read_boundaries(write_json(tmp_path / "b.json", collection([turned], crs=urn)))
    assert again.total_bounds.tolist() == pytest.approx([10.5, 59.75, 11.0, 60.25], abs=1e-6)


def test_counties_are_read_where_they_are_meant(tmp_path: Path) -> None:
    named = {"fylkesnavn": "Prøvefylke", "fylkesnummer": "50", "objtype": "Fylke", "kommunenummer": None}
    both = {"Fylke": collection([feature("", WEST, **named)]), **GEONORGE}
    path = write_json(tmp_path / "a.geojson", both)
    assert "municipality_number" in read_boundaries(path)
    county = read_boundaries(path, kind="counties")
    assert county["county_number"].tolist() == ["50"]
    alone = read_boundaries(write_json(tmp_path / "b.geojson", {"Fylke": both["Fylke"]}))
    pd.testing.assert_frame_equal(pd.DataFrame(alone), pd.DataFrame(county))


HALDEN = box(280_000, 6_560_000, 285_000, 6_565_000)


@pytest.mark.parametrize(
    ("number", "shape"),
    [
        ("4601", box(700_000, 6_580_000, 705_000, 6_585_000)),  # Stockholm
        ("4601", WEST),  # Trondheim
        ("9998", box(700_000, 6_580_000, 705_000, 6_585_000)),
    ],
)
def test_an_area_far_from_where_its_number_is_is_refused(tmp_path: Path, number: str, shape: Any) -> None:
    path = write_json(tmp_path / "a.geojson", {"Kommune": collection([feature(number, shape)])})
    with pytest.raises(RefusedFileError) as caught:
        read_boundaries(path)
    assert caught.value.code == "geonorge.far_away"
    assert caught.value.values["number"] == number


def test_former_numbers_become_todays_where_there_is_one(tmp_path: Path) -> None:
    numbers = {"1601": WEST, "1662": EAST, "0101": HALDEN, "5012": WEST, "9998": EAST}
    features = [feature(number, shape) for number, shape in numbers.items()]
    areas = read_boundaries(write_json(tmp_path / "a.geojson", {"Kommune": collection(features)}))
    told = areas[["municipality_number", "name", "former_numbers", "number_status"]]
    assert told.astype(object).where(told.notna(), None).to_numpy().tolist() == [
        ["3101", "Halden", "0101", "renumbered"],
        ["5001", "Trondheim", "1601, 1662", "merged"],
        ["5012", "Prøveby", None, "split"],
        ["9998", "Prøveby", None, "unknown"],
    ]
    joined = areas.to_crs(25833).geometry.iloc[1]
    assert joined.area == pytest.approx(WEST.union(EAST).area, rel=1e-4)


def test_former_counties_become_todays(tmp_path: Path) -> None:
    features = [
        feature("", shape, fylkesnummer=number, kommunenummer=None, objtype="Fylke", fylkesnavn="P")
        for number, shape in (("16", WEST), ("17", EAST), ("01", HALDEN))
    ]
    areas = read_boundaries(write_json(tmp_path / "a.geojson", {"Fylke": collection(features)}))
    assert areas["county_number"].tolist() == ["01", "50"]  # one municipality of the first went elsewhere
    assert areas["number_status"].tolist() == ["split", "renumbered"]
    assert areas["former_numbers"].tolist()[1] == "16, 17"


def test_parts_are_joined_mended_and_what_has_ended_is_left_out(tmp_path: Path) -> None:
    bow = shapely.Polygon(
        [(300_000, 7_000_000), (310_000, 7_010_000), (310_000, 7_000_000), (300_000, 7_010_000)]
    )
    features = [
        feature("5001", WEST),
        feature("5001", EAST),
        feature("5031", bow),
        feature("5032", EAST, gyldigTil="2020-01-01"),
    ]
    areas = read_boundaries(write_json(tmp_path / "a.geojson", {"Kommune": collection(features)}))
    assert areas["municipality_number"].tolist() == ["5001", "5031"]
    assert areas["mended"].tolist() == [False, True]
    assert areas.is_valid.all()
    km2 = areas.to_crs(25833).area / 1e6
    assert km2.tolist() == pytest.approx([200.0, 50.0], rel=1e-3)


# --- GML ------------------------------------------------------------------------------------------

HEAD = (
    '<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' xmlns:app="https://skjema.geonorge.no/SOSI/produktspesifikasjon/AdmEnheter/20240101">'
)


def positions(shape: Any, *, north_first: bool, dimension: int = 2) -> str:
    points = [(y, x) if north_first else (x, y) for x, y in shape.exterior.coords]
    return " ".join(" ".join([f"{a:.2f}", f"{b:.2f}", *["0"] * (dimension - 2)]) for a, b in points)


def surface(ring: str, *, grid: str = 'srsName="urn:ogc:def:crs:EPSG::25833"') -> str:
    return (
        f'<app:omrade><gml:Surface gml:id="s" {grid}><gml:patches><gml:PolygonPatch><gml:exterior>{ring}'
        "</gml:exterior></gml:PolygonPatch></gml:patches></gml:Surface></app:omrade>"
    )


def member(number: str, area: str) -> str:
    names = "".join(
        f"<app:administrativenhetnavn><app:Administrativenhetnavn><app:navn>{one['navn']}</app:navn>"
        f"<app:rekkefolge>{one['rekkefolge']}</app:rekkefolge><app:sprak>{one['sprak']}</app:sprak>"
        "</app:Administrativenhetnavn></app:administrativenhetnavn>"
        for one in NAMES
    )
    return (
        f'<gml:featureMember><app:Kommune gml:id="k{number}"><app:identifikasjon><app:Identifikasjon>'
        f"<app:lokalId>1</app:lokalId></app:Identifikasjon></app:identifikasjon>{area}"
        f"<app:kommunenummer>{number}</app:kommunenummer><app:kommunenavn>Prøveby</app:kommunenavn>"
        f"{names}<app:gyldigFra>2024-01-01</app:gyldigFra></app:Kommune></gml:featureMember>"
        "<gml:featureMember><app:Grense><app:grense><gml:Curve><gml:segments/></gml:Curve></app:grense>"
        "</app:Grense></gml:featureMember>"
    )


def write_gml(path: Path, *members: str, extra: str = "") -> Path:
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{HEAD}{extra}{"".join(members)}</gml:FeatureCollection>'
    )
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize("north_first", [True, False])
@pytest.mark.parametrize("dimension", [2, 3])
def test_gml_is_read_in_either_order_of_coordinates(
    tmp_path: Path, north_first: bool, dimension: int
) -> None:
    parts = [
        member(
            number,
            surface(
                f'<gml:LinearRing><gml:posList srsDimension="{dimension}">'
                + positions(shape, north_first=north_first, dimension=dimension)
                + "</gml:posList></gml:LinearRing>"
            ),
        )
        for number, shape in (("5001", WEST), ("5031", EAST))
    ]
    areas = read_boundaries(write_gml(tmp_path / "a.gml", *parts))
    check_two(areas)
    assert areas["valid_from"].tolist() == ["2024-01-01", "2024-01-01"]


def test_gml_in_a_zip_with_the_grid_on_the_envelope(tmp_path: Path) -> None:
    envelope = (
        '<gml:boundedBy><gml:Envelope srsName="http://www.opengis.net/def/crs/EPSG/0/25833"/></gml:boundedBy>'
    )
    rings = [
        "<gml:LinearRing>"
        + "".join(f"<gml:pos>{x} {y}</gml:pos>" for x, y in shape.exterior.coords)
        + "</gml:LinearRing>"
        for shape in (WEST, EAST)
    ]
    path = write_gml(
        tmp_path / "a.gml",
        member("5001", surface(rings[0], grid="")),
        member("5031", surface(rings[1], grid="")),
        extra=envelope,
    )
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "Kommuner_GML.gml")
    check_two(read_boundaries(tmp_path / "a.zip"))


def test_rings_of_curves_are_put_together_and_holes_are_kept(tmp_path: Path) -> None:
    curves = [
        "270000 7030000 280000 7030000",
        "280000 7040000 280000 7030000",
        "280000 7040000 270000 7040000",
    ]
    curves.append("270000 7040000 270000 7030000")
    ring = "<gml:Ring>" + "".join(
        "<gml:curveMember><gml:Curve><gml:segments><gml:LineStringSegment>"
        f"<gml:posList>{one}</gml:posList></gml:LineStringSegment></gml:segments></gml:Curve></gml:curveMember>"
        for one in curves
    )
    hole = positions(box(272_000, 7_032_000, 273_000, 7_033_000), north_first=False)
    area = surface(ring + "</gml:Ring>").replace(
        "</gml:exterior>",
        f"</gml:exterior><gml:interior><gml:LinearRing><gml:posList>{hole}</gml:posList></gml:LinearRing>"
        "</gml:interior>",
    )
    areas = read_boundaries(write_gml(tmp_path / "a.gml", member("5001", area)))
    assert (areas.to_crs(25833).area / 1e6).tolist() == pytest.approx([99.0], rel=1e-3)


def test_gml_of_references_is_told(tmp_path: Path) -> None:
    ring = '<gml:Ring><gml:curveMember xlink:href="#k1"/></gml:Ring>'
    with pytest.raises(RefusedFileError) as caught:
        read_boundaries(write_gml(tmp_path / "a.gml", member("5001", surface(ring))))
    assert caught.value.code == "geonorge.topology"


@pytest.mark.parametrize("epsg", [25833, 25832, 4258])
def test_gml_of_another_program_is_read(tmp_path: Path, epsg: int) -> None:
    told = {"kommunenummer": ["5001", "5031"], "kommunenavn": ["Prøveby", "Prøveby"]}
    frame = gpd.GeoDataFrame(told, geometry=[WEST, EAST], crs=25833).to_crs(epsg)
    frame.to_file(tmp_path / "a.gml", driver="GML", layer="Kommune", FORMAT="GML3.2")
    areas = read_boundaries(tmp_path / "a.gml")
    assert areas["municipality_number"].tolist() == ["5001", "5031"]
    for found, meant in zip(areas.to_crs(25833).geometry, (WEST, EAST), strict=True):
        assert shapely.hausdorff_distance(found, meant) < 0.5
    assert areas["includes_sea"].isna().all()


# --- GeoPackage -----------------------------------------------------------------------------------


def write_package(path: Path, *, names: Any = None) -> Path:
    frame = gpd.GeoDataFrame(
        {
            "kommunenummer": ["5001", "5031"],
            "kommunenavn": ["Prøveby", "Prøveby"],
            "administrativenhetnavn": [json.dumps(NAMES) if names is None else names] * 2,
            "gyldigFra": ["2024-01-01", "2024-01-01"],
        },
        geometry=[shapely.MultiPolygon([WEST]), shapely.MultiPolygon([EAST])],
        crs=25833,
    )
    frame.to_file(path, layer="kommune", driver="GPKG")
    return path


def test_a_geopackage_is_read_plain_and_in_a_zip(tmp_path: Path) -> None:
    path = write_package(tmp_path / "a.gpkg")
    check_two(read_boundaries(path))
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "Kommuner.gpkg")
    check_two(read_boundaries(tmp_path / "a.zip"))


def test_a_geopackage_runs_nothing_of_its_own(tmp_path: Path) -> None:
    path = write_package(tmp_path / "a.gpkg")
    with sqlite3.connect(path) as database:
        for name in ("gpkg_geometry_columns", "gpkg_contents"):
            for (trigger,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN (?, 'kommune')",
                (name,),
            ).fetchall():
                database.execute(f'DROP TRIGGER "{trigger}"')
        database.execute("ALTER TABLE kommune RENAME TO gjemt")
        database.execute("CREATE VIEW kommune AS SELECT *, randomblob(9) AS x FROM gjemt")
        database.execute("UPDATE gpkg_geometry_columns SET table_name = 'kommune'")
    with pytest.raises(RefusedFileError) as caught:
        read_boundaries(path)
    assert caught.value.code == "geonorge.not_boundaries"


# --- what is not as it should be ------------------------------------------------------------------


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.97])
def test_halves_are_refused(tmp_path: Path, keep: float) -> None:
    files = [write_json(tmp_path / "a.geojson", GEONORGE), write_package(tmp_path / "a.gpkg")]
    ring = f"<gml:LinearRing><gml:posList>{positions(WEST, north_first=True)}</gml:posList></gml:LinearRing>"
    files.append(write_gml(tmp_path / "a.gml", member("5001", surface(ring))))
    for path in files:
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * keep)])
        with pytest.raises(RefusedFileError) as caught:
            read_boundaries(path)
        assert caught.value.code in ("file.truncated", "file.damaged")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"Kommune": collection([feature("5001", WEST)], crs={"type": "name"})}, "geonorge.no_crs"),
        ({"Grense": collection([BORDER])}, "geonorge.not_boundaries"),
        ({"a": 1}, "geonorge.not_boundaries"),
        (collection([feature("5001", None)]), "geonorge.not_boundaries"),
        ([1], "geonorge.not_boundaries"),
        ({"Kommune": collection([feature("x", WEST)])}, "geonorge.not_boundaries"),
    ],
)
def test_files_without_areas_are_told(tmp_path: Path, value: Any, code: str) -> None:
    with pytest.raises(RefusedFileError) as caught:
        read_boundaries(write_json(tmp_path / "a.geojson", value))
    assert caught.value.code == code


def test_entities_and_bombs_are_refused(tmp_path: Path) -> None:
    evil = tmp_path / "a.gml"
    evil.write_text(
        f'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>{HEAD}&x;</gml:FeatureCollection>'
    )
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.geojson", b" " * 50_000_000)
    for path in (evil, tmp_path / "b.zip", tmp_path / "none.gml"):
        with pytest.raises(RefusedFileError):
            read_boundaries(path)


JUNK = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just(NAMES)
VALUES = st.recursive(JUNK, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner))


@settings(max_examples=60)
@given(st.data())
def test_any_properties_and_coordinates_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    odd = feature("5031", EAST)
    for key in data.draw(st.sets(st.sampled_from(sorted(odd["properties"])))):
        odd["properties"][key] = data.draw(VALUES)
    if data.draw(st.booleans()):
        odd["geometry"] = data.draw(
            st.fixed_dictionaries({"type": st.sampled_from(["Polygon", "MultiPolygon", "Point"])})
        ) | {"coordinates": data.draw(VALUES)}
    path = tmp_path_factory.mktemp("any") / "a.geojson"
    write_json(path, {"Kommune": collection([feature("5001", WEST), odd])})
    try:
        areas = read_boundaries(path)
    except RefusedFileError:
        return
    assert "5001" in set(areas["municipality_number"])
    assert areas["municipality_number"].str.fullmatch(r"\d{4}").all()
    assert areas.is_valid.all()


# --- beside the embedded polygons -----------------------------------------------------------------


@needs_reference
def test_the_example_of_the_structure_is_read() -> None:
    areas = read_boundaries(REFERENCE / "api-examples" / "kartverket_fylker_geojson_struktur.extract.json")
    row = areas.iloc[0]
    assert (row["county_number"], row["name"], row["valid_from"]) == ("33", "Buskerud", "2024-01-01")
    assert areas.to_crs(25833).total_bounds[0] == pytest.approx(239204.29, abs=0.1)


@needs_reference
def test_the_embedded_polygons_agree_with_the_official_ones() -> None:
    official = read_boundaries(REFERENCE / "admin" / "kommuner_2024_kartverket_M.geojson")
    assert len(official) == 357
    assert official.is_valid.all()
    compared = compare_boundaries(official, embedded.read_municipalities()).set_index("number")
    assert compared["status"].value_counts()["same"] >= 340
    assert set(compared.index[compared["status"] == "shared"]) == {"1508", "1580"}
    assert compared["iou"].median() > 0.99
    assert compared["iou"].min() > 0.85
    assert not compared["status"].isin(["only_official", "only_embedded"]).any()


def split_case() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    land = box(270_000, 7_030_000, 290_000, 7_040_000)
    own = gpd.GeoDataFrame(
        {
            "municipality_number": ["5001", "5031", "5032"],
            "name": ["A", "B", "C"],
            "shared_polygon": ["5001 5031", "5001 5031", None],
            "polygon_note": ["together", "together", None],
        },
        geometry=[land, land, box(290_000, 7_030_000, 291_000, 7_040_000)],
        crs=25833,
    ).to_crs(4326)
    # official areas reach into the sea, and leave a strip of coarse coast in the west to nobody
    sea = [box(271_000, 7_020_000, 278_000, 7_050_000), box(278_000, 7_020_000, 290_000, 7_050_000)]
    official = gpd.GeoDataFrame(
        {"municipality_number": ["5001", "5031"], "name": ["A", "B"]}, geometry=sea, crs=25833
    ).to_crs(4326)
    return own, official


def test_a_shared_polygon_is_divided_by_the_official_border() -> None:
    own, official = split_case()
    divided = split_shared_polygons(own, official)
    assert divided["shared_polygon"].isna().all()
    assert divided["polygon_note"].isna().all()
    km2 = (divided.to_crs(25833).area / 1e6).tolist()
    assert km2 == pytest.approx([80.0, 120.0, 10.0], rel=1e-3)  # the strip went to its neighbour
    assert divided.is_valid.all()
    half = split_shared_polygons(own, official.iloc[:1])
    assert half["shared_polygon"].tolist()[0] == "5001 5031"
    assert own["shared_polygon"].notna().sum() == 2  # what was given is not changed


def test_areas_are_clipped_to_land_and_compared_on_it() -> None:
    own, official = split_case()
    dry = clip_to_land(official.assign(includes_sea=True), own)
    assert dry["includes_sea"].tolist() == [False, False]
    assert (dry.to_crs(25833).area / 1e6).tolist() == pytest.approx([70.0, 120.0], rel=1e-3)
    compared = compare_boundaries(official, own).set_index("number")
    assert compared["status"].tolist() == ["shared", "shared", "only_embedded"]
    assert compared.loc["5001", "iou"] == pytest.approx(190 / 200, rel=1e-3)
    assert compared.loc["5001", "sea_share"] == pytest.approx(2 / 3, rel=1e-2)
    far = official.assign(geometry=[box(0, 60, 1, 61)] * 2)
    assert clip_to_land(far, own).is_empty.all()


# --- fetching -------------------------------------------------------------------------------------

PATH = "/geonorge/Basisdata/Kommuner/GeoJSON/Basisdata_0000_Norge_25833_Kommuner_GeoJSON.zip"


def pack(value: Any) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Kommuner.geojson", json.dumps(value))
    return packed.getvalue()


def client(address: str) -> WebClient:
    return WebClient(replace(DOWNLOADS, pause_s=0.0), address=address, wait=lambda _s: None)


def test_boundaries_are_fetched_kept_and_found(tmp_path: Path) -> None:
    content = pack(GEONORGE)

    def answer(asked: Asked) -> Reply:
        return Reply(200, content) if asked.path == PATH else Reply(404, {})

    with play(answer, [status(500), cut(), html()]) as played, client(played.address) as web:
        record = fetch_boundaries(web, folder=tmp_path)
        content = pack({"a": 1})
        with pytest.raises(RefusedFileError):
            fetch_boundaries(web, folder=tmp_path)
        with pytest.raises(SourceError) as caught:
            fetch_boundaries(web, kind="counties", folder=tmp_path)
        with pytest.raises(ParameterError):
            fetch_boundaries(web, kind="x", folder=tmp_path)
    assert caught.value.code == "geonorge.no_file"
    assert (record.part, record.rows, record.attribution) == ("municipalities", 2, "© Kartverket")
    assert [one.file for one in list_fetched(tmp_path)] == ["municipalities.parquet"]  # the good one stays
    assert sorted(path.suffix for path in (tmp_path / "geonorge").iterdir()) == [".json", ".parquet"]
    kept = open_fetched_boundaries(tmp_path)
    assert kept is not None
    check_two(kept)
    assert open_fetched_boundaries(tmp_path, kind="counties") is None


def test_ålesund_and_haram_are_apart_once_boundaries_are_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYMBIOSEKART_SOURCES", str(tmp_path))
    before = embedded.read_municipalities().set_index("municipality_number")
    assert before.loc["1508", "shared_polygon"] == "1508 1580"
    whole = before.to_crs(25833).loc["1508", "geometry"]
    west, south, east, north = whole.buffer(5_000).bounds
    middle = (west + east) / 2  # not the real border: a straight one through the middle
    halves = {"1508": box(west, south, middle, north), "1580": box(middle, south, east, north)}
    drawn = {number: shapely.segmentize(shape, 500.0) for number, shape in halves.items()}
    shown = {"Kommune": collection([feature(number, shape) for number, shape in drawn.items()])}
    content = pack(shown)
    with play(lambda _asked: Reply(200, content)) as played, client(played.address) as web:
        fetch_boundaries(web)
    for detail in ("full", "light"):
        after = embedded.read_municipalities(detail=detail).set_index("municipality_number")  # type: ignore[arg-type]
        assert after["shared_polygon"].isna().all()
        assert after["polygon_note"].isna().all()
        metres = after.to_crs(25833).geometry
        assert metres["1508"].intersection(metres["1580"]).area < 100.0  # square metres
        assert metres["1508"].bounds[2] == pytest.approx(middle, abs=2.0)
        assert after.is_valid.all()
    joined = embedded.read_municipalities().to_crs(25833).set_index("municipality_number").geometry
    assert joined["1508"].union(joined["1580"]).area == pytest.approx(whole.area, rel=1e-6)
    around = find_neighbours(embedded.read_municipalities())
    of_both = set(around["neighbour_number"][around["municipality_number"].isin(list(halves))])
    was = find_neighbours(embedded.read_undivided_municipalities())
    assert of_both == set(was["neighbour_number"][was["municipality_number"].isin(list(halves))])
    untouched = [number for number in before.index if number not in halves]
    assert (
        before.geometry[untouched]
        .geom_equals(embedded.read_municipalities().set_index("municipality_number").geometry[untouched])
        .all()
    )
    (tmp_path / "geonorge" / "divided.parquet").write_bytes(b"half")
    assert embedded.read_municipalities()["shared_polygon"].notna().sum() == 2


def test_the_border_of_two_can_be_asked_for_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMBIOSEKART_SOURCES", str(tmp_path))
    own = embedded.read_municipalities()
    west, south, east, north = own.set_index("municipality_number").loc["1508", "geometry"].buffer(0.1).bounds
    halves = {"1508": box(west, south, 6.3, north), "1580": box(6.3, south, east, north)}
    known = set(halves)

    def answer(asked: Asked) -> Reply:
        number = asked.path.split("/")[2]
        if number not in known:
            return Reply(404, {})
        crs = {"type": "name", "properties": {"name": "EPSG:4258"}}
        shape = json.loads(json.dumps(mapping(halves[number]))) | {"crs": crs}
        return Reply(200, {"kommunenavn": "Prøve", "kommunenummer": number, "omrade": shape})

    with play(answer, [html(), status(503, retry_after="0")]) as played, client(played.address) as web:
        known.remove("1580")
        assert fetch_shared_borders(web) is None
        assert embedded.read_municipalities()["shared_polygon"].notna().sum() == 2
        known.add("1580")
        record = fetch_shared_borders(web)
    assert record is not None
    assert (record.area, record.rows) == ("1508-1580", 4)
    after = embedded.read_municipalities().set_index("municipality_number")
    assert after["shared_polygon"].isna().all()
    assert after.loc["1508", "geometry"].bounds[2] == pytest.approx(6.3, abs=1e-6)
