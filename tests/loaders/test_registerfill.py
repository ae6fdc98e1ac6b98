"""A region filled from a small register of the test's own: the same each time, whole or nothing."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from geodata.errors import RefusedFileError
from geodata.identifiers import check_digit
from geodata.industrywaste import add_modelled_streams
from geodata.registerfacilities import UnitChoices
from geodata.registerjoins import add_register
from loaders import registershelf
from loaders.embedded import read_municipalities
from loaders.industrywaste import INDUSTRY_WORDING, read_industry_coefficients
from loaders.region import read_region
from loaders.registerfill import fill_from_file
from loaders.registershelf import (
    find_extract,
    keep_extract,
    list_extracts,
    name_extract,
    name_register_sources,
    read_extract,
    read_register,
    remove_extract,
)

DATE = "2026-11-01"
HEADERS = (
    "organisasjonsnummer",
    "navn",
    "overordnetEnhet",
    "organisasjonsform.kode",
    "naeringskode1.kode",
    "harRegistrertAntallAnsatte",
    "antallAnsatte",
    "beliggenhetsadresse.adresse",
    "beliggenhetsadresse.postnummer",
    "beliggenhetsadresse.poststed",
    "beliggenhetsadresse.kommunenummer",
    "beliggenhetsadresse.landkode",
    "nedleggelsesdato",
)


def number(place: int) -> str:
    """Return an invented number with a valid check digit."""
    eight = 92_000_000 + place * 11
    while check_digit(f"{eight:08d}") is None:
        eight += 1
    return f"{eight:08d}{check_digit(f'{eight:08d}')}"


def make_row(
    place: int,
    *,
    name: str = "",
    industry: str = "25.110",
    employees: int | None = 12,
    town: tuple[str, str, str] = ("7010", "TRONDHEIM", "5001"),
    closed: str = "",
    owner: str = "",
) -> dict[str, str]:
    values = (
        number(place),
        name or f"Oppdiktet Verksted {place} AS",
        owner or number(1000 + place),
        "BEDR",
        industry,
        "false" if employees == 0 else "true",
        str(employees) if employees and employees > 4 else "",
        "Ingenstedsveien 1",
        *town,
        "NO",
        closed,
    )
    return dict(zip(HEADERS, values, strict=True))


BERGEN, STEINKJER = ("5003", "BERGEN", "4601"), ("7713", "STEINKJER", "5006")
ROWS = [
    make_row(1),
    make_row(2, industry="38.110", town=STEINKJER, employees=40),
    make_row(3, employees=3),
    make_row(4, employees=0),
    make_row(5, closed="2020-01-01"),
    make_row(6, town=BERGEN, industry="10.110", employees=25),
    make_row(7, town=("6008", "ÅLESUND", "1507"), employees=9),
    make_row(8, name="=1+1 AS"),
]


@pytest.fixture
def bulk(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "underenheter.csv.gz", ROWS)


def write_csv(path: Path, rows: list[dict[str, str]]) -> Path:
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADERS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_json(path: Path, rows: list[dict[str, str]]) -> Path:
    records = []
    for row in rows:
        record: dict[str, Any] = {}
        for header, value in row.items():
            part, _dot, name = header.partition(".")
            if not value:
                continue
            if header == "beliggenhetsadresse.adresse":
                record.setdefault(part, {})["adresse"] = [value]
            elif name:
                record.setdefault(part, {})[name] = value
            elif header == "harRegistrertAntallAnsatte":
                record[header] = value == "true"
            else:
                record[header] = int(value) if header == "antallAnsatte" else value
        records.append(record)
    path.write_text(json.dumps(records), encoding="utf-8")
    return path


def municipalities(county: str) -> tuple[str, ...]:
    facts = read_municipalities(detail="light")
    return tuple(facts.loc[facts["county_number"] == county, "municipality_number"].astype(str))


def fill(path: Path, county: str = "50", **choices: Any) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    wanted = UnitChoices(municipalities=municipalities(county), **choices)
    return fill_from_file(path, choices=wanted, date=DATE)


def keep(path: Path, county: str = "50", name: str = "Prøvefylket") -> registershelf.Extract:
    facilities, counts = fill(path, county)
    return keep_extract(facilities, counts, name=name, area=county, question="all", date=DATE)


def test_a_county_is_filled_and_every_unit_accounted_for(bulk: Path) -> None:
    facilities, counts = fill(bulk)
    assert facilities["organisation_number"].to_list() == [number(1), number(2), number(8)]
    assert facilities["actor_type"].to_list() == ["producer", "collector", "producer"]
    assert facilities["employees"].to_list() == [12, 40, 12]
    assert set(facilities["dataset"]) == {"register"}
    assert facilities.geometry.notna().all()
    assert facilities["geocode_quality"].isin(["place", "postcode"]).all()
    assert set(facilities["source_year"]) == {2026}
    assert counts["read"] == len(ROWS)
    assert counts["taken"] == 3
    left = {name: count for name, count in counts.items() if name.startswith("left_")}
    assert left == {"left_outside": 2, "left_no_employees": 1, "left_employees_withheld": 1, "left_closed": 1}
    assert sum(left.values()) + counts["taken"] == len(ROWS)


@pytest.mark.parametrize(("county", "expected", "place"), [("46", 6, "4601"), ("15", 7, "1508")])
def test_any_county_can_be_filled_and_a_split_municipality_is_settled(
    bulk: Path, county: str, expected: int, place: str
) -> None:
    facilities, _counts = fill(bulk, county)
    assert facilities["organisation_number"].to_list() == [number(expected)]
    assert facilities["municipality_number"].to_list() == [place]


def test_csv_and_json_give_the_same(bulk: Path, tmp_path: Path) -> None:
    one, counts = fill(bulk)
    two, same = fill(write_json(tmp_path / "underenheter.json", ROWS))
    pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(two))
    assert counts == same


def test_twice_gives_the_same_file_and_another_name_another(bulk: Path) -> None:
    first = keep(bulk)
    assert keep(bulk) == first
    assert list_extracts() == (first,)
    other = keep(bulk, "46", "Annet fylke")
    assert {one.key for one in list_extracts()} == {"provefylket", "annet-fylke"}
    assert first.facilities == 3
    assert first.left_out["outside"] == 2
    remove_extract(other)
    assert list_extracts() == (first,)
    remove_extract(first)


def test_what_was_kept_is_read_as_it_was(bulk: Path) -> None:
    facilities, _counts = fill(bulk)
    kept = keep(bulk)
    found = read_extract(kept.key)
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(facilities))
    assert found.crs == "EPSG:4326"
    tables = read_register(kept.name)
    assert tables.streams.empty
    remove_extract(kept)


def test_a_broken_run_leaves_what_was_there(bulk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = keep(bulk)
    facilities, counts = fill(bulk)

    def break_off(_frame: gpd.GeoDataFrame, path: Path, **_options: object) -> None:
        path.write_bytes(b"PAR1 half")
        raise OSError("no space left on device")

    monkeypatch.setattr(gpd.GeoDataFrame, "to_parquet", break_off)
    for name in ("Prøvefylket", "Nytt"):
        with pytest.raises(OSError, match="no space"):
            keep_extract(facilities, counts, name=name, area="50", question="", date=DATE)
    assert list_extracts() == (before,)
    assert len(read_extract(before.key)) == 3
    folder = before.record.path(registershelf.sources_folder()).parent
    assert sorted(path.name for path in folder.iterdir()) == [
        "provefylket.parquet",
        "provefylket.parquet.source.json",
    ]
    remove_extract(before)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"<html>", b"PAR1" + b"\0" * 200 + b"PAR1"])
def test_a_damaged_extract_is_refused(bulk: Path, content: bytes) -> None:
    kept = keep(bulk)
    kept.record.path(registershelf.sources_folder()).write_bytes(content)
    with pytest.raises(RefusedFileError) as refused:
        read_extract(kept.key)
    assert refused.value.code == "fill.damaged"
    remove_extract(kept)


def test_a_name_that_nobody_gave_is_told_with_those_there_are(bulk: Path) -> None:
    kept = keep(bulk)
    with pytest.raises(RefusedFileError) as refused:
        find_extract("../../etc")
    assert refused.value.code == "fill.unknown"
    assert refused.value.values["names"] == "provefylket"
    remove_extract(kept)


def test_nothing_left_is_told_and_keeps_nothing(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "few.csv.gz", [make_row(3, employees=3), make_row(4, employees=0)])
    with pytest.raises(RefusedFileError) as refused:
        fill(path)
    assert refused.value.code == "fill.nothing"
    assert refused.value.values["read"] == 2


def test_who_stands_in_the_region_already_is_left_out(tmp_path: Path) -> None:
    region = read_region("region").facilities
    named = region[region["municipality_number"] == "5001"].iloc[0]
    rows = [make_row(20, name=str(named["name"]).upper(), employees=40), make_row(21)]
    facilities, counts = fill(write_csv(tmp_path / "two.csv.gz", rows))
    assert facilities["organisation_number"].to_list() == [number(21)]
    assert counts["left_in_region"] == 1


def test_their_streams_are_modelled_only_and_never_kept(bulk: Path) -> None:
    kept = keep(bulk)
    tables = add_register(read_region("region"), read_extract(kept.key))
    modelled = add_modelled_streams(
        tables, coefficients=read_industry_coefficients(), wording=INDUSTRY_WORDING
    )
    streams = modelled.streams[modelled.streams["dataset"] == "register"]
    assert len(streams) > 0
    assert set(streams["basis"]) == {"modelled"}
    assert streams["reference"].str.contains("Enhetsregisteret").all()
    assert not tables.streams["dataset"].eq("register").any()
    remove_extract(kept)


def test_sources_name_owner_licence_and_date(bulk: Path) -> None:
    kept = keep(bulk)
    (record,) = name_register_sources([kept])
    assert record["owner"] == "Brønnøysundregistrene"
    assert record["licence"] == "NLOD 2.0"
    assert record["vintage"] == DATE
    remove_extract(kept)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Trøndelag 2026", "trondelag-2026"),
        ("../../x", "x"),
        ("", "register"),
        ("Ålesund/Ærø", "alesund-aero"),
    ],
)
def test_a_name_becomes_a_key_that_is_safe_in_links_and_files(name: str, key: str) -> None:
    assert name_extract(name) == key


def test_a_number_that_nothing_settles_stands_in_the_note_and_the_counts(tmp_path: Path) -> None:
    nowhere = ("", "", "1507")
    rows = [
        make_row(1, town=nowhere),
        make_row(2, town=nowhere),
        make_row(3, town=("6008", "ÅLESUND", "1507")),
    ]
    path = write_csv(tmp_path / "u.csv.gz", rows)
    facilities, counts = fill(path, "15")
    assert counts["municipality_undecided"] == 2
    assert counts["undecided_1507 → 1508 / 1580"] == 2
    notes = facilities.set_index("organisation_number")["note"]
    assert notes[[number(1), number(2)]].to_list() == ["1507 → 1508 / 1580"] * 2
    assert pd.isna(notes[number(3)])
    kept = keep_extract(facilities, counts, name="M", area="15", question="", date=DATE, folder=tmp_path)
    assert find_extract("m", folder=tmp_path).undecided == {"1507 → 1508 / 1580": 2}
    assert read_extract(kept.key, folder=tmp_path)["note"].dropna().to_list() == ["1507 → 1508 / 1580"] * 2


def test_a_number_of_no_municipality_is_kept_as_given(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "u.csv.gz", [make_row(1, town=("", "", "9898")), make_row(2, town=("", "", ""))]
    )
    facilities, counts = fill_from_file(path, choices=UnitChoices(), date=DATE)
    assert counts["municipality_missing"] == 2
    assert "municipality_undecided" not in counts
    assert facilities.set_index("organisation_number")["note"].dropna().to_dict() == {number(1): "9898"}


FIRM = {"overordnetEnhet": "", "organisasjonsform.kode": "AS"}


def test_the_file_of_firms_is_recognised(tmp_path: Path) -> None:
    firms = [make_row(place) | FIRM for place in range(6)]
    firms[0] |= {"overordnetEnhet": number(77), "organisasjonsform.kode": "ORGL"}  # a firm with an owner
    for path in (write_csv(tmp_path / "e.csv.gz", firms), write_json(tmp_path / "e.json", firms)):
        with pytest.raises(RefusedFileError) as caught:
            fill(path)
        assert (caught.value.code, caught.value.values) == ("fill.firms", {"file": path.name})
    # Units whose own form is told otherwise have an owner all the same.
    owned = [make_row(place) | {"organisasjonsform.kode": "AS"} for place in range(6)]
    assert len(fill(write_csv(tmp_path / "u.csv.gz", owned))[0]) == 6


@pytest.mark.parametrize(
    ("count", "code"), [(0, "fill.no_units"), (1, "fill.nothing_of_one"), (2, "fill.nothing")]
)
def test_nothing_left_is_told_of_one_as_of_one(tmp_path: Path, count: int, code: str) -> None:
    path = write_csv(tmp_path / "u.csv.gz", [make_row(place, town=BERGEN) for place in range(count)])
    with pytest.raises(RefusedFileError) as caught:
        fill(path)
    assert caught.value.code == code
