"""Exports: values come back identical, no formula lives, sources and parameters are there, no half files."""

from __future__ import annotations

import io
import json

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.economics import PRICE_COLUMNS, EconomicChoices, describe_parameters, price_matches
from geodata.parameters import ScenarioParameters
from geodata.scenario import run_scenario
from loaders import exports
from loaders.codes import read_waste_codes
from loaders.economics import read_economics
from loaders.uses import read_use_library
from tests.unit.scenes import give, make_codes, make_tables, make_uses, take
from tests.unit.test_scenario import make_network

HOSTILE = ["=1+1", "+47 99", "-5", "@SUM(A1)", "\tx", 'Blåbær & søn, "A/S"', "{{7*7}}", "#N/A", "'quoted"]
SOURCES = [{"part": "roads", "attribution_text": "© Kartverket", "licence": "CC BY 4.0"}]


@pytest.fixture(scope="module")
def result():
    ids = [f"f{k}" for k in range(len(HOSTILE))]
    points = {name: (10.0 + 0.02 * k, 63.0) for k, name in enumerate(ids)} | {"unplaced": None}
    streams = [
        give("o", "f0", amount_best=10.5, unit="t", description="=cmd"),
        take("n", "f1"),
        take("m", "f2"),
    ]
    tables = make_tables(points, streams)
    tables.facilities["name"] = pd.array([*HOSTILE, "Ås"], dtype="string")
    return run_scenario(
        tables, network=make_network(), codes=make_codes(), uses=make_uses(), parameters=ScenarioParameters()
    )


@pytest.fixture(scope="module")
def frames(result):
    return exports.tabulate_result(result, sources=SOURCES)


def test_excel_holds_texts_as_texts(frames, tmp_path):
    exports.write_excel(frames, tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert set(book.sheetnames) >= {
        "facilities",
        "matches",
        "clusters",
        "sources",
        "parameters",
        "indicators",
    }
    sheet = book["facilities"]
    header = [cell.value for cell in sheet[1]]
    cells = [row[header.index("name")] for row in sheet.iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == [*HOSTILE, "Ås"]
    assert all(cell.data_type == "s" for cell in cells)
    assert [cell.quotePrefix for cell in cells[:5]] == [True] * 5
    formulas = [c for s in book for row in s.iter_rows() for c in row if c.data_type in "fe"]
    assert not formulas


def test_excel_numbers_come_back(frames):
    sheet = pd.read_excel(io.BytesIO(exports.export_excel(frames)), sheet_name="matches")
    assert sheet["score"].tolist() == frames["matches"]["score"].tolist()
    assert sheet["distance_km"].tolist() == frames["matches"]["distance_km"].tolist()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), min_size=1, max_size=8))
def test_any_text_round_trips_through_excel(texts):
    frame = pd.DataFrame({"text": pd.array(texts, dtype="string")})
    book = openpyxl.load_workbook(io.BytesIO(exports.export_excel({"t": frame})))
    back = [row[0].value for row in book["t"].iter_rows(min_row=2)]
    assert back == [exports._ILLEGAL_IN_XML.sub("\ufffd", text) for text in texts]


def test_control_characters_do_not_stop_excel():
    frame = pd.DataFrame({"text": ["a\x00b\x0bc"]})
    book = openpyxl.load_workbook(io.BytesIO(exports.export_excel({"t": frame})))
    assert book["t"]["A2"].value == "a\ufffdb\ufffdc"


def test_geopackage_layers(frames, tmp_path):
    path = tmp_path / "x.gpkg"
    exports.write_geopackage(frames, path)
    kinds = dict(pyogrio.list_layers(path))
    assert (kinds["facilities"], kinds["matches"], kinds["clusters"]) == ("Point", "LineString", "Point")
    assert {"streams", "sources", "parameters", "indicators"} <= set(kinds)
    facilities = gpd.read_file(path, layer="facilities")
    assert facilities["name"].tolist() == [*HOSTILE, "Ås"]
    assert facilities.crs == "EPSG:4326"
    assert facilities.geometry.isna().sum() == 1
    matches = gpd.read_file(path, layer="matches")
    assert len(matches) == len(frames["matches"]) > 0
    assert "© Kartverket" in gpd.read_file(path, layer="sources")["attribution_text"].tolist()


def test_geojson_names_sources_and_parameters(frames, tmp_path):
    for layer in exports.LAYERS:
        exports.write_geojson(frames, tmp_path / f"{layer}.geojson", layer=layer)
        document = json.loads((tmp_path / f"{layer}.geojson").read_text(encoding="utf-8"))
        assert document["sources"][0]["attribution_text"] == "© Kartverket"
        assert {p["name"] for p in document["parameters"]} >= {"max_distance_km", "weight_code"}
        assert len(document["features"]) == len(frames[layer])
    back = gpd.read_file(tmp_path / "facilities.geojson")
    assert back["name"].tolist() == [*HOSTILE, "Ås"]
    lon = json.loads(exports.export_geojson(frames, layer="facilities"))["features"][0]["geometry"][
        "coordinates"
    ][0]
    assert lon == 10.0


def test_csv_begins_no_cell_like_a_formula(frames):
    content = exports.export_csv(frames["facilities"])
    assert content.startswith(b"\xef\xbb\xbf")
    names = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)["name"]
    assert names.tolist() == [f"'{n}" if n[0] in "=+-@\t" else n for n in [*HOSTILE, "Ås"]]
    indicators = pd.read_csv(io.BytesIO(exports.export_csv(frames["indicators"])))
    np.testing.assert_array_equal(
        indicators["value"].to_numpy(), frames["indicators"]["value"].to_numpy(dtype=float, na_value=np.nan)
    )


def test_everything_is_written_and_nothing_is_left_over(result, tmp_path):
    paths = exports.write_result(result, tmp_path / "new" / "folder", sources=SOURCES)
    assert sorted(paths) == sorted((tmp_path / "new" / "folder").iterdir())
    text = (tmp_path / "new" / "folder" / "sources.txt").read_text(encoding="utf-8")
    assert "© Kartverket" in text
    assert "max_distance_km = 120" in text
    assert result.provenance.digests["streams"] in text


def test_a_failed_write_leaves_the_old_file(frames, tmp_path, monkeypatch):
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"old")

    def fail(*_arguments):
        raise OSError("disk full")

    monkeypatch.setattr(exports, "_write_sheet", fail)
    with pytest.raises(OSError, match="disk full"):
        exports.write_excel(frames, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_priced_matches_carry_units_figures_and_their_digest(result, tmp_path):
    codes, uses, tables = read_waste_codes(), read_use_library(), read_economics()
    choices = EconomicChoices(overrides=(("mean_speed_kmh", 50.0),))
    prices = price_matches(result.matches, tables=tables, choices=choices, uses=uses, codes=codes)
    figures = describe_parameters(tables, "nb", choices=choices)
    pricing = exports.Pricing(prices=prices, figures=figures, digest=tables.digest)
    frames = exports.tabulate_result(result, sources=SOURCES, pricing=pricing)
    assert len(frames["matches"]) == len(result.matches) > 0
    assert set(PRICE_COLUMNS) <= set(frames["matches"].columns)
    paths = {path.name: path for path in exports.write_result(result, tmp_path, pricing=pricing)}
    matches = pd.read_csv(paths["matches.csv"])
    assert matches["transport_nok_per_t"].notna().all()
    assert matches["emission_basis"].eq("WTW").all()
    units = pd.read_csv(paths["price_units.csv"]).set_index("column")["unit"]
    assert units["break_even_km"] == "km"
    assert set(units.index) <= set(matches.columns)
    told = pd.read_excel(paths["symbiosekart.xlsx"], sheet_name="economics").set_index("key")
    assert (told.loc["mean_speed_kmh", "value"], told.loc["mean_speed_kmh", "chosen"]) == (55, 50)
    assert told["source"].notna().all()
    assert f"digest economics: {tables.digest}" in paths["sources.txt"].read_text(encoding="utf-8")
