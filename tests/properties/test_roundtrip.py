# ruff: noqa: E501  (tables of cases are easier to read in whole lines)
"""What is exported can be read back and is the same table, in every format."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from geodata.months import format_months
from geodata.schemas import conform_table
from loaders.exports import export_csv, export_excel, export_geojson, export_geopackage
from loaders.members import read_members
from loaders.references import References
from loaders.sandbox import Upload

REFERENCES = References()
SPOTS = (
    ("5001", 10.395, 63.4305),
    ("0301", 10.752, 59.913),
    ("5037", 11.2996, 63.7464),
    ("3107", 10.935, 59.218),
)
CODES = (("170201", "wood", False), ("170503", "contaminated_soil", True), ("150101", "cardboard", False))
TEXT = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=20
).map(lambda text: " ".join(text.replace("'", "’").split()))
NAMES = TEXT.filter(lambda text: len(text) > 1 and text[:1].isalpha())
FORMULA = st.builds(str.__add__, st.sampled_from(["=", "+", "-", "@", "'=", "''@"]), NAMES)
"""Texts that a spreadsheet would calculate: they are disarmed on the way out and whole again on the way in."""
AMOUNT = st.none() | st.integers(1, 10**7).map(lambda whole: whole / 100)


@st.composite
def tables(draw: st.DrawFn) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    names = draw(st.lists(NAMES, min_size=2, max_size=4, unique_by=str.casefold))
    facilities, streams, points = [], [], []
    for number, name in enumerate(names):
        municipality, lon, lat = draw(st.sampled_from(SPOTS))
        points.append((lon + draw(st.integers(0, 9)) / 1000, lat))
        facilities.append(
            {
                "facility_id": f"A-{number:02d}", "name": name, "actor_type": draw(st.sampled_from(["producer", "research"])),
                "address": draw(st.none() | NAMES), "municipality_number": municipality, "geocode_quality": "given",
                "visibility": draw(st.sampled_from(["private", "network"])), "dataset": "own", "note": draw(st.none() | NAMES | FORMULA),
            }
        )  # fmt: skip
        code, material, hazardous = draw(st.sampled_from(CODES))
        low, step = draw(AMOUNT), draw(st.integers(0, 1000))
        months = draw(st.none() | st.integers(1, 4095))
        streams.append(
            {
                "stream_id": f"S-{number}", "facility_id": f"A-{number:02d}", "direction": draw(st.sampled_from(["offer", "need"])),
                "eal_code": code, "material": material, "hazardous": hazardous, "description": draw(st.none() | NAMES | FORMULA),
                "amount_min": low, "amount_max": None if low is None else low + step, "unit": "t",
                "months": None if months is None else format_months(months), "basis": draw(st.sampled_from(["reported", "modelled"])),
                "price_nok_per_t": draw(st.none() | st.integers(-500, 500).map(float)), "dataset": "own",
                "reference_year": draw(st.none() | st.integers(2000, 2026)), "treatment": draw(st.none() | st.just("R3")),
            }
        )  # fmt: skip
    geometry = gpd.points_from_xy([x for x, _ in points], [y for _, y in points], crs=4326)
    frame = conform_table(pd.DataFrame(facilities).astype(object), "facilities")
    return gpd.GeoDataFrame(frame, geometry=geometry), conform_table(
        pd.DataFrame(streams).astype(object), "streams"
    )


def export(facilities: gpd.GeoDataFrame, streams: pd.DataFrame, *, form: str) -> list[Upload]:
    located = facilities.assign(lat=facilities.geometry.y, lon=facilities.geometry.x)
    frames = {"facilities": located, "streams": streams}
    if form == "csv":
        return [Upload("a.csv", export_csv(located)), Upload("s.csv", export_csv(streams))]
    if form == "xlsx":
        return [Upload("a.xlsx", export_excel(frames))]
    if form == "gpkg":
        return [Upload("a.gpkg", export_geopackage(frames))]
    about = pd.DataFrame({"name": ["x"], "value": [1.0], "unit": ["t"], "source": ["x"]})
    frames |= {"sources": about, "parameters": about, "provenance": about}
    return [
        Upload("a.geojson", export_geojson(frames, layer="facilities")),
        Upload("s.csv", export_csv(streams)),
    ]


@pytest.mark.parametrize("form", ["csv", "xlsx", "gpkg", "geojson"])
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(pair=tables())
def test_export_and_reimport_give_identical_tables(
    form: str, pair: tuple[gpd.GeoDataFrame, pd.DataFrame]
) -> None:
    facilities, streams = pair
    result = read_members(export(facilities, streams, form=form), references=REFERENCES)
    assert [f for f in result.findings if str(f.severity) == "error"] == []
    back = result.tables.facilities.sort_values("facility_id").reset_index(drop=True)
    assert_frame_equal(
        pd.DataFrame(back.drop(columns="geometry")), pd.DataFrame(facilities.drop(columns="geometry"))
    )
    assert back.geometry.x.tolist() == pytest.approx(facilities.geometry.x.tolist(), abs=1e-9)
    assert back.geometry.y.tolist() == pytest.approx(facilities.geometry.y.tolist(), abs=1e-9)
    assert_frame_equal(result.tables.streams.sort_values("stream_id").reset_index(drop=True), streams)
