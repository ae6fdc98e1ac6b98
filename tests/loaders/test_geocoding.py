"""Lists of addresses through the command, and how near the embedded data place all postcodes.

The accuracy needs the reference folder (SYMBIOSEKART_REFERENCE or ../shared/reference). Its points are
GeoNames's, as the embedded places are: what is measured with a place's own point withheld is held out.
"""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from pyproj import Geod
from typer.testing import CliRunner, Result

from dashboard.cli import build_app
from dashboard.commands.geocode import PROBLEM_WORDS
from dashboard.text import in_language
from geodata.gazetteer import Gazetteer
from geodata.geocoding import PROBLEMS, geocode_table
from loaders import embedded
from loaders.members import read_members
from loaders.placenames import read_gazetteer, read_places_of_all, read_renumbering
from tests.loaders.test_addresses import line, write

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("SYMBIOSEKART_REFERENCE", ROOT.parent / "shared" / "reference"))
POSTAL = REFERENCE / "postal" / "geonames_NO.txt"
COUNTIES = ("31", "39", "50")
needs_reference = pytest.mark.skipif(
    not POSTAL.is_file(),
    reason="the reference folder is not here (SYMBIOSEKART_REFERENCE or ../shared/reference)",
)


def run(*arguments: object) -> Result:
    with in_language("en"):
        return CliRunner().invoke(build_app(), ["--lang", "en", "geocode", *(str(one) for one in arguments)])


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_problem_has_words() -> None:
    assert set(PROBLEM_WORDS) == set(PROBLEMS)


def test_columns_are_found_and_kept(tmp_path: Path) -> None:
    source = tmp_path / "liste.csv"
    source.write_text(
        "Medlemmer pr. 1. januar;;;;\n"
        "Navn;Besøksadresse;Postnr;Poststed;Ansatte\n"
        "Prøve AS;Munkegata 1;7011;Trondheim;12\n"
        "=HYPERLINK(1);;1713;GRÅLUM;\n"
        "Ingen;;;;3\n",
        encoding="utf-8",
    )
    out = tmp_path / "ut.csv"
    result = run(source, "--out", out)
    assert result.exit_code == 1, result.output  # one row was left without a point
    rows = read_csv(out)
    assert list(rows[0])[:5] == ["Navn", "Besøksadresse", "Postnr", "Poststed", "Ansatte"]
    assert [row["grade"] for row in rows] == ["place", "place", ""]
    assert rows[1]["Navn"] == "'=HYPERLINK(1)"
    assert rows[2]["problem"] == "the row does not say where it is"
    assert float(rows[0]["radius_m"]) >= 3000
    assert "2 of 3 rows were placed" in result.output


def test_headers_that_a_spreadsheet_would_run_are_made_harmless(tmp_path: Path) -> None:
    source = tmp_path / "liste.csv"
    source.write_text("=cmd|' /C calc'!A0;@postnr;Postnr;Poststed\nx;y;7011;Trondheim\n", encoding="utf-8")
    run(source, "--out", tmp_path / "ut.csv")
    assert all(not name.startswith(("=", "@", "+", "-")) for name in read_csv(tmp_path / "ut.csv")[0])


def test_a_bare_list_of_postcodes_is_read(tmp_path: Path) -> None:
    source = tmp_path / "koder.csv"
    source.write_text("Postnummer\n7011\n0150\n", encoding="utf-8")
    result = run(source, "--out", tmp_path / "ut.csv")
    assert result.exit_code == 0, result.output
    assert [row["grade"] for row in read_csv(tmp_path / "ut.csv")] == ["postcode", "postcode"]


def test_a_column_that_has_the_name_of_an_added_one_stays(tmp_path: Path) -> None:
    source = tmp_path / "liste.csv"
    source.write_text(
        "grade,lat,lon,postnr\nA,63.43049,10.39506,7011\nB,0,0,7011\nC,65.0,2.0,\n", encoding="utf-8"
    )
    run(source, "--out", tmp_path / "ut.csv")
    rows = read_csv(tmp_path / "ut.csv")
    assert [row["grade_file"] for row in rows] == ["A", "B", "C"]
    assert [row["grade"] for row in rows] == ["given", "postcode", ""]
    assert [row["lat"] == row["lat_file"] for row in rows] == [True, False, False]
    assert "0, 0" in rows[1]["problem"]
    assert "at sea" in rows[2]["problem"]


def test_utm_coordinates_are_read_by_their_zone(tmp_path: Path) -> None:
    source = tmp_path / "liste.csv"
    source.write_text("Navn;Øst (EPSG:25832);Nord (EPSG:25832)\nA;569500;7034000\n", encoding="utf-8")
    run(source, "--out", tmp_path / "ut.csv")
    row = read_csv(tmp_path / "ut.csv")[0]
    assert row["grade"] == "given"
    assert (float(row["lat"]), float(row["lon"])) == pytest.approx((63.43, 10.39), abs=0.02)


@pytest.mark.parametrize("headers", ["Nord;Øst", "Y;X", "Nord;Aust (EPSG:99999)"])
def test_utm_coordinates_without_a_zone_say_what_to_write(tmp_path: Path, headers: str) -> None:
    source = tmp_path / "liste.csv"
    source.write_text(f"Navn;{headers}\nA;6652000;262000\nB;7731000,5;653000\n", encoding="utf-8")
    result = run(source, "--out", tmp_path / "ut.csv")
    for row in read_csv(tmp_path / "ut.csv"):
        assert "do not say their UTM zone" in row["problem"]
        assert "cannot be read" not in row["problem"]
    assert "UTM 33" in result.output


def test_rows_without_a_point_have_the_number_of_the_sheet_and_say_what_they_say(tmp_path: Path) -> None:
    source = tmp_path / "liste.csv"
    source.write_text(
        "Medlemmer pr. 1. januar;;;\nNavn;Bredde;Lengde;Poststed\nA;63.43;10.39;\nB;60.0;3.0;\nC;;;Bø\n",
        encoding="utf-8",
    )
    result = run(source, "--out", tmp_path / "ut.csv")
    assert "4: 60.0, 3.0" in result.output
    assert "5: Bø - nearest: Bø i Telemark" in result.output
    unplaced = json.loads(run(source, "--json").output)["not_placed"]
    assert [(row["row"], row["asked"]) for row in unplaced] == [(4, "60.0, 3.0"), (5, "Bø")]


def test_excel_in_and_out(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Firma", "Adresse", "Postnr", "Kommune"])
    book.active.append(["A", "Ukjent vei 1", 7011, "Trondheim"])
    book.active.append(["B", None, 150, None])
    book.save(tmp_path / "inn.xlsx")
    result = run(tmp_path / "inn.xlsx", "--out", tmp_path / "ut.xlsx")
    assert result.exit_code == 0, result.output
    rows = list(openpyxl.load_workbook(tmp_path / "ut.xlsx").active.values)
    assert rows[0][:5] == ("Firma", "Adresse", "Postnr", "Kommune", "lat")
    assert [row[6] for row in rows[1:]] == ["postcode", "postcode"]


def test_with_the_register_houses_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMBIOSEKART_CACHE", str(tmp_path / "kept"))
    houses = [line(nummer=n, øst=270000 + 20 * n) for n in (1, 3, 5)]
    register = write(tmp_path / "register.csv", houses)
    source = tmp_path / "liste.csv"
    source.write_text(
        "Adresse;Postnr\nPrøvev. 3 B;7011\nPrøvevegen 4;7011\nPrøvevegn 3;7011\n", encoding="utf-8"
    )
    result = run(source, "--json", "--register", register, "--out", tmp_path / "ut.csv")
    answer = json.loads(result.output)
    assert answer["grades"] == {"address": 1, "street": 1, "postcode": 1}
    assert answer["register"]["rows"] == 3
    assert answer["not_placed"] == []
    rows = read_csv(tmp_path / "ut.csv")
    assert rows[0]["matched"] == "Prøvevegen 3, 7011 Trondheim"
    assert rows[2]["candidates"] == "Prøvevegen"
    assert float(rows[0]["radius_m"]) < float(rows[1]["radius_m"])


@pytest.mark.parametrize("content", ["", "Navn;Farge\nA;blå\n", "bare tekst\nuten sted\n"])
def test_a_file_that_says_no_place_is_refused_in_words(tmp_path: Path, content: str) -> None:
    source = tmp_path / "liste.csv"
    source.write_text(content, encoding="utf-8")
    result = run(source, "--out", tmp_path / "ut.csv")
    assert result.exit_code != 0
    assert not (tmp_path / "ut.csv").exists()
    assert getattr(result.exception, "code", "") in ("file.empty", "file.nowhere", "file.not_a_table")


def test_a_hundred_thousand_rows_are_read_and_placed(tmp_path: Path) -> None:
    source = tmp_path / "mange.csv"
    codes = sorted(read_gazetteer().postcodes)
    source.write_text(
        "postnr;adresse\n" + "".join(f"{codes[n % 4000]};Gate {n % 500}\n" for n in range(100_000)), "utf-8"
    )
    result = run(source, "--json", "--out", tmp_path / "ut.csv")
    assert json.loads(result.output)["grades"] == {"postcode": 100_000}


def test_former_numbers_that_became_one_other() -> None:
    known = read_renumbering()
    assert known["1601"] == "5001"
    assert "5012" not in known  # divided among three
    assert "5001" not in known


def read_reference() -> pd.DataFrame:
    table = pd.read_csv(POSTAL, sep="\t", header=None, dtype=str, usecols=[1, 6, 9, 10])
    table.columns = pd.Index(["postcode", "municipality", "true_lat", "true_lon"])
    table = table[table["municipality"].str[:2].isin(COUNTIES)].drop_duplicates("postcode")
    return table.astype({"true_lat": float, "true_lon": float}).reset_index(drop=True)


def measure_errors(reference: pd.DataFrame, gazetteer: Gazetteer) -> tuple[np.ndarray, np.ndarray]:
    """Return metres between found and true point, and the stated radii."""
    found = geocode_table(reference[["postcode"]], gazetteer=gazetteer)
    assert found["grade"].notna().all()
    lon, lat = found["lon"].to_numpy(float), found["lat"].to_numpy(float)
    metres = Geod(ellps="GRS80").inv(lon, lat, reference["true_lon"], reference["true_lat"])[2]
    return np.asarray(metres), found["radius_m"].to_numpy(float)


@needs_reference
def test_postcodes_of_three_counties_lie_near_the_reference() -> None:
    reference = read_reference()
    assert len(reference) > 900
    metres, radius = measure_errors(reference, read_gazetteer())
    assert np.median(metres) <= 1_500
    assert np.quantile(metres, 0.9) <= 12_000
    assert (metres <= radius).mean() >= 0.90
    assert np.median(radius) <= 10_000  # a radius that covers everything would say nothing


@needs_reference
def test_radius_is_honest_where_a_places_own_point_is_withheld() -> None:
    """Held out: each postal place is placed by others only, a fifth of all names withheld at a time."""
    reference = read_reference()
    everything = read_places_of_all()
    counties = embedded.read_municipalities()
    counties = gpd.GeoDataFrame(counties[counties["county_number"].isin(COUNTIES)].reset_index(drop=True))
    postcodes = embedded.read_postcodes()
    postcodes = postcodes[postcodes["municipality_number"].isin(counties["municipality_number"])]
    places = everything[everything["municipality_number"].isin(counties["municipality_number"])]
    share = {name: k % 5 for k, name in enumerate(sorted(set(postcodes["place"])))}
    postal = postcodes.set_index("postcode")["place"].map(share)
    metres, radii = [], []
    for part in range(5):
        kept = places[[share.get(str(name)) != part for name in places["name"]]]
        gazetteer = Gazetteer.build(postcodes=postcodes, places=kept, municipalities=counties)
        held_out = reference[reference["postcode"].map(postal) == part]
        error, radius = measure_errors(held_out.reset_index(drop=True), gazetteer)
        metres.append(error)
        radii.append(radius)
    error, radius = np.concatenate(metres), np.concatenate(radii)
    assert len(error) == len(reference)
    assert np.median(error) <= 12_000
    assert (error <= radius).mean() >= 0.90


def test_members_rows_climb_the_same_ladder() -> None:
    content = (
        "Navn;Adresse;Postnr;Poststed;Kommune\n"
        "A;Prøvevegen 1;1713;Grålum;\n"
        "B;;7790;;\n"
        'C;"Postboks 3, 7400 Trondheim";;;\n'
        "D;;;;Trondheim\n"
        "E;;;Trondhem;\n"
    )
    read = read_members([("medlemmer.csv", content.encode())])
    table = read.tables.facilities.set_index("name")
    gazetteer = read_gazetteer()
    assert table.loc[["A", "B", "C", "D"], "geocode_quality"].tolist() == [
        "place",
        "postcode",
        "place",
        "municipality",
    ]
    assert table.loc["B", "geocode_radius_m"] == gazetteer.postcodes["7790"].radius_m
    assert table.loc["C", "municipality_number"] == "5001"
    assert table.loc["D", "geocode_radius_m"] == gazetteer.seats["5001"].radius_m
    assert table.loc["E"].geometry is None
    assert "row.not_placed" in {finding.code for finding in read.findings}
