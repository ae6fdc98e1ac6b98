"""Official boundaries beside the embedded polygons, by the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dashboard.cli import build_app
from dashboard.commands.boundaries import STATUS_WORDS
from dashboard.text import in_language
from geodata.boundaries import COMPARISON_STATUSES
from loaders.embedded import read_counties, read_municipalities


def run(*arguments: object) -> Result:
    with in_language("en"):
        return CliRunner().invoke(build_app(), ["--lang", "en", "boundaries", *map(str, arguments)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The embedded municipalities as somebody else would give them: one renamed, one moved, one gone."""
    own = read_municipalities()[["municipality_number", "name", "geometry"]]
    own = own[own["municipality_number"] != "3101"].rename(columns={"municipality_number": "kommunenummer"})
    own.loc[own["kommunenummer"] == "5001", "name"] = "Prøve\x1b[31m"
    moved = own["kommunenummer"].isin(["5001"])
    own.loc[moved, "geometry"] = own.loc[moved, "geometry"].translate(0.1, 0.0)
    own.loc[own["kommunenummer"] == "0301", "kommunenummer"] = "0399"
    path = tmp_path / "kommuner.geojson"
    own.to_file(path, driver="GeoJSON")
    return path


def test_every_status_has_words() -> None:
    assert set(STATUS_WORDS) == set(COMPARISON_STATUSES)


def test_areas_are_compared_one_by_one(file: Path) -> None:
    result = run(file, "--json")
    assert result.exit_code == 0, result.output
    areas = {area["number"]: area for area in json.loads(result.output)["areas"]}
    assert len(areas) == 358
    assert areas["5001"]["status"] == "differs"
    assert 0.1 < areas["5001"]["iou"] < 0.95
    assert (areas["0301"]["status"], areas["0399"]["status"]) == ("only_embedded", "only_official")
    assert areas["3101"]["status"] == "only_embedded"
    assert (areas["1508"]["status"], areas["1580"]["status"]) == ("shared", "shared")
    assert areas["5006"]["status"] == "same"
    assert areas["5006"]["iou"] == pytest.approx(1.0, abs=1e-6)


def test_what_differs_is_told_and_marks_are_not_obeyed(file: Path) -> None:
    result = run(file)
    assert "5001 " in result.output
    assert "drawn otherwise" in result.output
    assert "\x1b" not in result.output
    assert "Agreement on land, median: 100 %" in result.output


def test_counties_are_compared_with_counties(tmp_path: Path) -> None:
    own = read_counties()[["county_number", "name", "geometry"]]
    own = own.rename(columns={"county_number": "fylkesnummer"})
    own.to_file(tmp_path / "fylker.geojson", driver="GeoJSON")
    answer = json.loads(run(tmp_path / "fylker.geojson", "--json").output)
    assert answer["number"] == "county_number"
    assert {area["status"] for area in answer["areas"]} == {"same"}


def test_without_a_file_the_fetched_ones_are_asked_for() -> None:
    result = run()
    assert result.exit_code == 2
    assert "symbiosekart fetch boundaries" in result.output
