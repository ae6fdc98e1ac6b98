"""The command line: no Streamlit, plain sentences for bad input, and the figures that the pages show."""

from __future__ import annotations

import subprocess
import sys

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest

from dashboard import cli
from geodata.parameters import ScenarioParameters
from geodata.scenario import run_scenario
from loaders.codes import read_waste_codes
from loaders.region import read_region
from loaders.roads import read_road_network
from loaders.uses import read_use_library


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dashboard.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("analyse")
    done = run("analyse", "--out", str(folder), "--dataset", "practice", "--max-km", "90")
    return folder, done


@pytest.fixture(scope="module")
def expected():
    return run_scenario(
        read_region("practice"),
        network=read_road_network(),
        codes=read_waste_codes(),
        uses=read_use_library(),
        parameters=ScenarioParameters(max_distance_km=90),
    )


def test_analyse_writes_the_figures_of_the_pages(analysed, expected):
    folder, done = analysed
    assert done.returncode == 0, done.stderr
    figures = pd.read_csv(folder / "indicators.csv")
    pd.testing.assert_series_equal(
        figures["value"], expected.indicators["value"].astype(float), check_names=False
    )
    matches = gpd.read_file(folder / "symbiosekart.gpkg", layer="matches")
    assert matches["match_id"].tolist() == expected.matches["match_id"].tolist()
    assert matches["score"].tolist() == expected.matches["score"].tolist()
    assert len(matches) > 100
    sheets = openpyxl.load_workbook(folder / "symbiosekart.xlsx", read_only=True)
    assert len(list(sheets["clusters"].iter_rows())) == len(expected.clusters) + 1
    lines = gpd.read_file(folder / "matches.geojson")
    assert len(lines) == len(expected.matches)
    assert pd.read_csv(folder / "parameters.csv").set_index("name")["value"]["max_distance_km"] == 90
    assert "Kartverket" in (folder / "sources.txt").read_text(encoding="utf-8")


def test_analyse_narrows_to_a_municipality_of_any_year(tmp_path, call):
    code, _output, complaint = call(
        "analyse", "--out", str(tmp_path), "--dataset", "practice", "--municipality", "1601"
    )
    assert code == 0, complaint
    facilities = pd.read_csv(tmp_path / "facilities.csv", dtype=str)
    assert set(facilities["municipality_number"]) == {"5001"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("analyse", "--out", "x", "--dataset", "moon"),
        ("analyse", "--out", "x", "--municipality", "Atlantis"),
        ("analyse", "--out", "x", "--municipality", "9999"),
        ("analyse", "--out", "x", "--max-km", "-5"),
        ("analyse", "--out", "x", "no-such-file.csv"),
        ("analyse", "--out", "x", "--dataset", "none"),
        ("analyse",),
        ("--lang", "xx", "sources"),
        ("fly",),
    ],
)
def test_bad_input_gets_a_sentence_and_exit_code_2(arguments, tmp_path, call):
    arguments = tuple(str(tmp_path / "out") if text == "x" else text for text in arguments)
    code, output, complaint = call(*arguments)
    assert code == 2, output
    assert complaint.strip()
    assert not (tmp_path / "out" / "indicators.csv").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("here")
    done = run("analyse", "--out", str(tmp_path / "file" / "sub"), "--dataset", "practice")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_version_sources_and_help_in_the_readers_language(call):
    assert call("--version")[1].split()[0] == "symbiosekart"
    assert "Kartverket" in call("sources")[1]
    norwegian, english = call("--help")[1], call("--lang", "en", "--help")[1]
    assert "Serve the dashboard" in english
    assert "Vis dashbordet" in norwegian
    for command in ("serve", "analyse", "check", "distances", "sources"):
        assert command in english


def test_no_streamlit_in_the_command_line_process():
    code = "import sys, dashboard.cli as c; c.build_app(); sys.exit('streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_serve_becomes_streamlit_on_the_entry_script(monkeypatch):
    started = []
    monkeypatch.setattr(cli.os, "execv", lambda program, command: started.append((program, command)))
    cli.serve(port=8599, host="127.0.0.1")
    [(program, command)] = started
    assert program == command[0] == sys.executable
    assert command[1:5] == ["-m", "streamlit", "run", str(cli.APP)]
    assert cli.APP.is_file()
    assert {"--server.port=8599", "--server.headless=true", "--browser.gatherUsageStats=false"} <= set(
        command
    )


def test_own_files_join_the_analysis_and_their_faults_are_written(tmp_path, call):
    own = tmp_path / "own.csv"
    own.write_text(
        "name;lat;lon;material;direction;amount_best;unit\n"
        "Eget sagbruk;63.43;10.40;sawdust;offer;100;t\n"
        "Feil sagbruk;63.43;10.41;sawdust;offer;-5;t\n",
        encoding="utf-8",
    )
    code, output, complaint = call(
        "analyse", str(own), "--out", str(tmp_path / "out"), "--dataset", "practice"
    )
    findings = pd.read_csv(tmp_path / "out" / "findings.csv")
    assert (findings["severity"] == "error").any()
    assert code == 1, output + complaint
    facilities = pd.read_csv(tmp_path / "out" / "facilities.csv", dtype=str)
    assert "Eget sagbruk" in set(facilities["name"])
    assert len(facilities) > 200
    matches = pd.read_csv(tmp_path / "out" / "matches.csv", dtype=str)
    own_id = facilities.loc[facilities["name"] == "Eget sagbruk", "facility_id"].iloc[0]
    assert (matches["from_facility_id"] == own_id).any()
