"""The maintainers' build of the administrative data: its steps on small cases."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import Polygon, box

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "build_admin.py"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_admin", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("capitals", "written"),
    [
        ("VÅLER I SOLØR", "Våler i Solør"),
        ("NY-ÅLESUND", "Ny-Ålesund"),
        ("Å I LOFOTEN", "Å i Lofoten"),
        ("OSLO", "Oslo"),
    ],
)
def test_postal_places_are_written_as_people_do(build: ModuleType, capitals: str, written: str) -> None:
    assert build.write_place_name(capitals) == written


def test_register_names_find_their_key_in_any_order(build: ModuleType) -> None:
    numbers = {build.fold_name("Porsanger - Porsáŋgu - Porsanki"): "5622", build.fold_name("Oslo"): "0301"}
    assert numbers[build.find_key("PORSANKI PORSANGER PORSÁNGU", numbers)] == "5622"
    with pytest.raises(SystemExit):
        build.find_key("ATLANTIS", numbers)


def test_a_divided_polygon_gets_both_numbers_and_an_unknown_one_stops(build: ModuleType) -> None:
    changes = pd.DataFrame(
        [
            ("0301", "", "0301", "current"),
            ("1507", "2023", "1508", "split"),
            ("1507", "2023", "1580", "split"),
            ("0101", "2019", "3001", "renumbered"),
            ("3001", "2023", "3101", "renumbered"),
        ],
        columns=["old_number", "valid_to_year", "new_number", "kind"],
    )
    polygons = gpd.GeoDataFrame(
        {"old_number": ["3001", "1507", "0301"]}, geometry=[box(i, 0, i + 1, 1) for i in range(3)], crs=4326
    )
    numbered = build.renumber_polygons(polygons, changes)
    assert numbered["municipality_numbers"].tolist() == ["0301", "1508 1580", "3101"]
    with pytest.raises(SystemExit, match="0101"):
        build.renumber_polygons(polygons.assign(old_number=["0101", "1507", "0301"]), changes)


def test_slivers_are_closed_and_borders_stay_shared(build: ModuleType) -> None:
    # Two squares of 10 km: between them a hole of 10 m x 2 km, and a ring that crosses itself in the west.
    y = 6_600_000
    crossing = [(300_000, y + 5_000), (299_990, y + 4_990), (299_990, y + 5_000), (300_000, y + 4_990)]
    west = Polygon([(300_000, y), (310_000, y), (310_000, y + 10_000), (300_000, y + 10_000), *crossing])
    hole = [(310_000, y + 6_000), (310_010, y + 6_000), (310_010, y + 4_000), (310_000, y + 4_000)]
    east = Polygon([(310_000, y), (320_000, y), (320_000, y + 10_000), (310_000, y + 10_000), *hole])
    frame = gpd.GeoDataFrame({"municipality_numbers": ["1", "2"]}, geometry=[west, east], crs=25833)
    assert not frame.is_valid.all()
    metric = build.clean_coverage(frame)
    assert shapely.coverage_is_valid(metric.geometry.to_numpy())
    assert metric.union_all().area == pytest.approx(20_000.0 * 10_000.0, abs=100.0)  # the hole was 20 000 m2
    rounded = build.round_to_degrees(metric, 4)
    shapes = rounded.geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.length(shapely.intersection(shapes[0], shapes[1])) > 0.08
    coordinates = shapely.get_coordinates(shapes)
    assert np.allclose(coordinates, np.round(coordinates, 4), atol=1e-12)


def test_small_islands_go_only_where_the_whole_is_large(build: ModuleType) -> None:
    def square(x: float, side: float) -> Polygon:
        return box(x, 6_600_000, x + side, 6_600_000 + side)

    large = shapely.multipolygons([square(0, 20_000), square(30_000, 900)])  # 400 km2 and 0.81 km2
    small = shapely.multipolygons([square(100_000, 3_000), square(110_000, 900)])  # 9 km2 and 0.81 km2
    frame = gpd.GeoDataFrame({"municipality_numbers": ["1", "2"]}, geometry=[large, small], crs=25833)
    light = build.lighten_coverage(frame)
    assert [len(shape.geoms) for shape in light.geometry] == [1, 2]
