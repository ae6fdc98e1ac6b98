"""KLASS: codes, versions, changes and correspondences, out of the service and out of files."""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.cli import main
from geodata.errors import ParameterError, RefusedFileError
from geodata.municipalities import resolve_municipality
from loaders.embedded import read_municipality_changes
from loaders.klass import (
    INDUSTRIES,
    KLASS,
    MUNICIPALITIES,
    fetch_changes,
    fetch_classification_codes,
    fetch_correspondence,
    fetch_industry_changes,
    fetch_municipality_changes,
    fetch_versions,
    read_changes,
    read_classification,
    read_correspondence,
    read_industry_changes,
    read_versions,
)
from loaders.official.klassrows import find_norwegian_part, read_klass_json
from loaders.official.shelf import FOLDER_SETTING, list_fetched
from loaders.official.webclient import WebClient
from tests.loaders.played import Asked, Played, Reply, play

ROOT = Path(__file__).parents[2]
EXAMPLES = (
    Path(os.environ.get("SYMBIOSEKART_REFERENCE", ROOT.parent / "shared" / "reference")) / "api-examples"
)
needs_examples = pytest.mark.skipif(
    not EXAMPLES.is_dir(),
    reason="the reference folder is not here (SYMBIOSEKART_REFERENCE or ../shared/reference)",
)


def make_code(code: str, name: str | None, **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "parentCode": None,
        "level": "1",
        "name": name,
        "shortName": "",
        "notes": None,
        **more,
    }


CODES = {
    "codes": [
        make_code("5001", "Trondheim\u00a0- Tråante", validFrom=None, validFromInRequestedRange="2020-01-01"),
        make_code("5037", "Levanger - Levangke", validToInRequestedRange="2024-01-01", validTo=None),
        make_code("1875", "Hábmer - Hamarøy"),
        make_code("5041", "Snåase - Snåsa", notes="En merknad."),
        make_code("1806", None),
    ]
}
CHANGES = {
    "codeChanges": [
        {
            "oldCode": "5037",
            "oldName": "Levanger - Levangke",
            "oldShortName": "",
            "newCode": "5137",
            "newName": "Oppdiktet",
            "newShortName": None,
            "changeOccurred": "2026-01-01",
        }
    ]
}
INDUSTRY_CHANGES = {
    "codeChanges": [
        {
            "oldCode": "45.200",
            "oldName": "Bil",
            "newCode": "95.310",
            "newName": "Bil",
            "changeOccurred": "2025-01-01",
        },
        {
            "oldCode": "45.200",
            "oldName": "Bil",
            "newCode": "95.320",
            "newName": "MC",
            "changeOccurred": "2025-01-01",
        },
    ]
}
CORRESPONDENCE = {
    "correspondenceItems": [
        {"sourceCode": "5001", "sourceName": "Trondheim", "targetCode": "50", "targetName": "Trøndelag"},
    ]
}


def answer(asked: Asked) -> Reply:
    if asked.path == "/classifications/131/codesAt.json" and asked.one("date") == "2026-11-22":
        later = [{**one, "code": one["code"].replace("5037", "5137")} for one in CODES["codes"]]
        return Reply(200, {"codes": later})
    answers: dict[str, Any] = {
        "/classifications/131/codesAt.json": CODES,
        "/classifications/131/codes.json": CODES,
        "/classifications/131/changes.json": CHANGES,
        "/classifications/6/changes.json": INDUSTRY_CHANGES,
        "/classifications/131/correspondsAt.json": CORRESPONDENCE,
        "/classifications/131.json": {
            "name": "Kommuner",
            "versions": [{"id": 7, "name": "2024", "validFrom": "2024-01-01"}],
        },
    }
    return Reply(200, answers[asked.path]) if asked.path in answers else Reply(404, {"error": "finnes ikke"})


def make_client(service: Played) -> WebClient:
    return WebClient(KLASS, address=service.address, wait=lambda seconds: None)


def test_codes_of_a_day_have_their_norwegian_name_and_validity() -> None:
    with play(answer, rate=0.4, seed=2) as service, make_client(service) as client:
        codes = fetch_classification_codes(MUNICIPALITIES, on=dt.date(2024, 1, 1), client=client)
        assert service.asked[-1].one("date") == "2024-01-01"
    assert codes["norwegian_name"].fillna("").tolist() == ["Trondheim", "Levanger", "Hamarøy", "Snåsa", ""]
    assert codes["name"][0] == "Trondheim - Tråante"
    assert codes["valid_from"].fillna("").tolist() == ["2020-01-01", "", "", "", ""]
    assert codes["valid_to"].fillna("").tolist() == ["", "2024-01-01", "", "", ""]
    assert codes["notes"].fillna("").tolist() == ["", "", "", "En merknad.", ""]
    assert codes["level"].tolist() == [1] * 5


def test_codes_of_a_span_and_what_goes_with_them() -> None:
    with play(answer) as service, make_client(service) as client:
        span = (dt.date(2020, 1, 1), dt.date(2024, 1, 2))
        assert len(fetch_classification_codes(MUNICIPALITIES, on=span, client=client)) == 5
        assert (service.asked[-1].one("from"), service.asked[-1].one("to")) == ("2020-01-01", "2024-01-02")
        fetch_classification_codes(MUNICIPALITIES, on=(dt.date(2020, 1, 1), None), client=client)
        assert "to" not in service.asked[-1].params
        assert fetch_versions(MUNICIPALITIES, client=client)["version_id"].tolist() == ["7"]
        pairs = fetch_correspondence(MUNICIPALITIES, 104, on=dt.date(2024, 1, 1), client=client)
        assert pairs["target_code"].tolist() == ["50"]
        assert service.asked[-1].one("targetClassificationId") == "104"
        with pytest.raises(ParameterError) as caught:
            fetch_classification_codes(99999, on=dt.date(2024, 1, 1), client=client)
        assert caught.value.code == "klass.unknown"
        with pytest.raises(ParameterError) as caught:
            fetch_changes(131, since=dt.date(2024, 1, 2), until=dt.date(2024, 1, 1), client=client)
        assert caught.value.code == "klass.dates"
        assert fetch_changes(999, since=dt.date(2024, 1, 2), client=client).empty  # nothing changed


def test_a_newer_reform_comes_into_the_table_of_numbers() -> None:
    with play(answer, rate=0.3, seed=1) as service, make_client(service) as client:
        extended = fetch_municipality_changes(client=client, today=dt.date(2026, 11, 22))
        asked = [one for one in service.asked if one.path.endswith("changes.json")]
        assert asked[0].one("from") == "2025-01-01"
    assert resolve_municipality("5037", changes=extended.changes).today == ("5137",)
    assert resolve_municipality("1719", changes=extended.changes).today == ("5137",)
    assert len(extended.changes) == len(read_municipality_changes()) + 1
    with play(answer) as service, make_client(service) as client:
        same = fetch_municipality_changes(client=client, today=dt.date(2024, 6, 1))
        assert not service.asked
    pd.testing.assert_frame_equal(same.changes, read_municipality_changes())


def test_changes_come_as_the_app_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(FOLDER_SETTING, str(tmp_path))
    monkeypatch.setattr("loaders.klass.KLASS", replace(KLASS, pause_s=0.0))
    columns = {"131": "old_number", "6": "code_from", "999": "old_code"}
    with play(answer) as service:
        for number, column in columns.items():
            words = [
                "fetch",
                "klass",
                number,
                "--changes",
                "--on",
                "2026-11-22",
                "--address",
                service.address,
            ]
            monkeypatch.setattr("sys.argv", ["symbiosekart", *words])
            with pytest.raises(SystemExit) as ended:
                main()
            assert not ended.value.code
            (record,) = list_fetched(tmp_path, part=f"changes-{number}")
            table = pd.read_csv(record.path(tmp_path), dtype=str)
            assert table.columns[0] == column
            assert len(table) == record.rows
    assert "nyere enn dem appen har: 1" in capsys.readouterr().out


def test_industry_codes_of_the_turn_to_sn2025() -> None:
    with play(answer) as service, make_client(service) as client:
        changes = fetch_industry_changes(client=client)
        assert INDUSTRIES == 6
        assert service.asked[0].one("from") < "2025-01-01" < service.asked[0].one("to")
    assert set(changes["kind"]) == {"split"}
    assert changes["code_to"].tolist() == ["95.310", "95.320"]


def test_industry_codes_are_found_in_the_table_of_changes_where_no_changes_are_told() -> None:
    answers: dict[str, Any] = {
        "/classifications/6/changes.json": {"codeChanges": []},
        "/classifications/6.json": {
            "versions": [
                {"id": 30, "name": "SN2007", "validFrom": "2009-01-01", "validTo": "2025-01-01"},
                {"id": 31, "name": "SN2025", "validFrom": "2025-01-01"},
            ]
        },
        "/versions/31.json": {
            "name": "SN2025",
            "classificationItems": [],
            "correspondenceTables": [{"id": 8, "changeTable": False}, {"id": 9, "changeTable": True}],
        },
        "/correspondencetables/9.json": {
            "source": "Næringsgruppering (SN2025)",
            "target": "Næringsgruppering (SN2007)",
            "correspondenceMaps": [
                {"sourceCode": "62.200", "targetCode": "62.020"},
                {"sourceCode": "62.200", "targetCode": "62.030"},
            ],
        },
    }
    with (
        play(lambda asked: Reply(200, answers[asked.path])) as service,
        make_client(service) as client,
    ):
        changes = fetch_industry_changes(client=client)
        answers["/versions/31.json"]["correspondenceTables"] = []
        with pytest.raises(ParameterError) as caught:
            fetch_industry_changes(client=client)
    assert changes["code_from"].tolist() == ["62.020", "62.030"]
    assert set(changes["kind"]) == {"merged"}
    assert caught.value.code == "klass.unknown"


@pytest.mark.parametrize("turned", [False, True])
def test_a_table_of_changes_is_read_from_old_to_new_whichever_side_comes_first(
    tmp_path: Path, turned: bool
) -> None:
    maps = [{"sourceCode": "62.020", "sourceName": "Gammel", "targetCode": "62.200", "targetName": "Ny"}]
    sides = {
        "source": "Standard for næringsgruppering (SN2007)",
        "target": "Standard for næringsgruppering (SN2025)",
    }
    if turned:
        maps = [{"sourceCode": "62.200", "sourceName": "Ny", "targetCode": "62.020", "targetName": "Gammel"}]
        sides = {"source": sides["target"], "target": sides["source"]}
    file = tmp_path / "overgang.json"
    file.write_text(json.dumps({"correspondenceMaps": maps, **sides}), encoding="utf-8")
    changes = read_industry_changes(file)
    assert changes.iloc[0].tolist() == ["62.020", "Gammel", "62.200", "Ny", "renumbered"]
    assert len(read_correspondence(file)) == 1


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("sign", [";", ",", "\t"])
def test_csv_files_are_read_in_either_encoding(tmp_path: Path, encoding: str, sign: str) -> None:
    header = ["code", "parentCode", "level", "name", "shortName", "notes", "validFrom", "validTo"]
    rows = [
        header,
        ["0301", "", "1", "Oslo", "", "Linje; to", "", ""],
        ["1514", "", "1", "Sande (Møre)", "", "", "2020-01-01", ""],
    ]
    text = "\r\n".join(sign.join(f'"{cell}"' for cell in row) for row in rows) + "\r\n"
    file = tmp_path / "koder.csv"
    file.write_bytes(text.encode(encoding))
    codes = read_classification(file)
    assert codes["code"].tolist() == ["0301", "1514"]
    assert codes["name"].tolist() == ["Oslo", "Sande (Møre)"]
    assert codes["notes"][0] == "Linje; to"
    assert codes["valid_from"].fillna("").tolist() == ["", "2020-01-01"]


def test_names_of_industries_keep_their_dashes(tmp_path: Path) -> None:
    rows = [make_code("01.110", "Dyrking av korn - unntatt ris", parentCode="01.11", level="5")]
    file = tmp_path / "naering.json"
    file.write_text(json.dumps({"codes": rows}), encoding="utf-8")
    assert read_classification(file)["norwegian_name"].tolist() == ["Dyrking av korn - unntatt ris"]


def test_names_in_a_list_of_languages_are_read(tmp_path: Path) -> None:
    words = [
        {"languageCode": "en", "languageText": "Waste"},
        {"languageCode": "nb", "languageText": "Avfall"},
    ]
    file = tmp_path / "koder.json"
    file.write_text(
        json.dumps({"codes": [make_code("38", "x") | {"name": words, "parentCode": "E"}]}), encoding="utf-8"
    )
    assert read_classification(file)["name"].tolist() == ["Avfall"]


words = st.text(st.characters(whitelist_categories=("Lu", "Ll")), min_size=1, max_size=8)
dashes = st.sampled_from([" - ", "\u00a0- ", " \u2013 ", "  -\u00a0"])


@st.composite
def klass_rows(draw: st.DrawFn) -> tuple[dict[str, Any], list[str], bool]:
    parts = draw(st.lists(words, min_size=1, max_size=3))
    name: str | None = draw(dashes).join(parts)
    if draw(st.integers(0, 5)) == 0:
        name = None
    code = draw(st.from_regex(r"[0-9]{4}", fullmatch=True))
    row = make_code(code, name, notes=draw(st.sampled_from([None, "", {"include": "a"}, "b\u00a0c"])))
    for key in ("parentCode", "level", "shortName", "notes", "name"):
        if draw(st.integers(0, 6)) == 0:
            row.pop(key)
    row["validTo"] = draw(st.sampled_from([None, "2024-01-01", "2024-01-01T00:00:00.000+0000", "snart"]))
    return row, parts, "name" in row and name is not None


@settings(max_examples=40)
@given(st.lists(klass_rows(), min_size=1, max_size=6))
def test_lacking_keys_nulls_and_hard_spaces_cost_no_row(
    rows: list[tuple[dict[str, Any], list[str], bool]],
) -> None:
    given_rows = [row for row, _parts, _named in rows]
    codes = read_klass_json({"codes": given_rows}).table
    assert codes["code"].tolist() == [row["code"] for row in given_rows]
    for (row, parts, named), read in zip(rows, codes.to_dict("records"), strict=True):
        assert (read["norwegian_name"] in parts) if named else pd.isna(read["name"])
        if named:
            assert read["name"] == " ".join(str(row["name"]).split())
        whole_date = str(row["validTo"]).startswith("2024-01-01")
        assert read["valid_to"] == "2024-01-01" if whole_date else pd.isna(read["valid_to"])


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Levanger - Levange", "Levanger"),
        ("Porsanger\u00a0– Porsáŋgu - Porsanki", "Porsanger"),
        ("Guovdageaidnu - Kautokeino", "Kautokeino"),
        ("Hábmer - Hamarøy", "Hamarøy"),
        ("Aurskog-Høland", "Aurskog-Høland"),
        ("Våler (Østfold)", "Våler (Østfold)"),
        ("", ""),
    ],
)
def test_the_norwegian_part_of_a_name(name: str, part: str) -> None:
    assert find_norwegian_part(name, norwegian_names={"Kautokeino", "Levanger"}) == part


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", "{", "a;b\n1;2\n", "<html></html>", '{"codes": 3}', '{"codeChanges": []}', "\x00\x01"],
)
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "koder.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RefusedFileError) as caught:
        read_classification(file)
    assert caught.value.code == "klass.unreadable"
    with pytest.raises(RefusedFileError) as caught:
        read_classification(tmp_path / "borte.csv")
    assert caught.value.code == "file.not_found"


@needs_examples
def test_the_examples_are_read() -> None:
    version = read_classification(EXAMPLES / "klass_version_1710_extract.copied.json")
    assert set(version["valid_from"]) == {"2024-01-01"}
    names = dict(zip(version["code"], version["norwegian_name"], strict=True))
    assert names["5037"] == "Levanger"
    assert names["5001"] == "Trondheim"
    versions = read_versions(EXAMPLES / "klass_classification_131_extract.copied.json")
    assert versions["valid_to"].tolist() == [
        "2015-01-01",
        "2013-01-01",
        "2011-01-01",
        "2008-01-01",
        "2006-01-01",
    ]
    changes = read_changes(EXAMPLES / "klass_131_changes_extract.copied.json")
    assert len(changes) == 10
    assert changes.iloc[1].tolist() == ["1613", "Snillfjord", "5012", "Snillfjord", "2018-01-01"]
    style = read_classification(EXAMPLES / "klass_codes_csv_style.constructed.csv")
    assert style["norwegian_name"].tolist() == ["Levanger", "Orkland"]


@needs_examples
def test_the_changes_of_the_examples_are_known_already() -> None:
    known = read_municipality_changes()
    steps = set(zip(known["old_number"], known["new_number"], strict=True))
    changes = read_changes(EXAMPLES / "klass_131_changes_extract.copied.json")
    later = changes[(changes["occurred_on"] >= "2018") & (changes["old_code"] != changes["new_code"])]
    assert set(zip(later["old_code"], later["new_code"], strict=True)) <= steps
