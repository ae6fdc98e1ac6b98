"""Lists of streams: every row kept, in order, from any of the forms people have; bad files told."""

from __future__ import annotations

import json

import openpyxl
import pytest

from geodata.errors import RefusedFileError
from loaders.rawtables import Limits
from loaders.streamlists import AskedStream, read_stream_list


def test_text_table_with_norwegian_headers(tmp_path):
    path = tmp_path / "liste.csv"
    path.write_bytes(
        'Firma;EAL-kode;Beskrivelse;Næringskode\nA;17 01 01;betong;41.2\nB;;"blåskjell; knust";\n'.encode(
            "cp1252"
        )
    )
    assert read_stream_list(path) == [
        AskedStream(2, "17 01 01", "betong", "41.2"),
        AskedStream(3, "", "blåskjell; knust", ""),
    ]


def test_workbook_keeps_rows_and_numbers_that_lost_their_form(tmp_path):
    book = openpyxl.Workbook()
    for row in (
        ["Our streams"],
        ["Waste code", "Description", "NACE"],
        [30105.0, "sawdust", 16],
        ["", "whey", ""],
    ):
        book.active.append(row)
    path = tmp_path / "streams.xlsx"
    book.save(path)
    assert read_stream_list(path) == [
        AskedStream(3, "30105", "sawdust", "16"),
        AskedStream(4, "", "whey", ""),
    ]


def test_json_lines_with_a_broken_line_between(tmp_path):
    path = tmp_path / "streams.jsonl"
    lines = [
        '{"code": "100201", "nace": 24}',
        "not json",
        "[1, 2]",
        '{"Tekst": "mask", "id": "x", "code": null}',
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert read_stream_list(path) == [
        AskedStream(1, "100201", "", "24"),
        AskedStream(2, fault="uses.json_line"),
        AskedStream(3, fault="uses.json_line"),
        AskedStream(4, "", "mask", "", id="x"),
    ]


def test_one_json_array_is_read_too(tmp_path):
    path = tmp_path / "streams.json"
    path.write_text(json.dumps([{"text": "bark"}, 7]), encoding="utf-8")
    assert read_stream_list(path) == [AskedStream(1, text="bark"), AskedStream(2, fault="uses.json_line")]


def test_deep_and_long_lines_are_faults_not_crashes(tmp_path):
    path = tmp_path / "streams.jsonl"
    path.write_text("[" * 15_000 + "\n" + '{"text": "' + "a" * 30_000 + '"}\n{"text": "' + "b" * 900 + '"}')
    found = read_stream_list(path)
    assert [row.fault for row in found] == ["uses.json_line", "uses.json_line", ""]
    assert found[2].text == "b" * 500


def test_a_file_without_such_columns_is_told(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("lat;lon\n60;10\n")
    with pytest.raises(RefusedFileError) as told:
        read_stream_list(path)
    assert told.value.code == "uses.columns"
    assert told.value.values["found"] == "lat, lon"


@pytest.mark.parametrize("name", ["streams.csv", "streams.jsonl"])
def test_too_large_empty_and_missing_files_are_refused(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(RefusedFileError) as told:
        read_stream_list(path)
    assert told.value.code == "file.not_found"
    path.write_text("")
    with pytest.raises(RefusedFileError) as told:
        read_stream_list(path)
    assert told.value.code == "file.empty"
    path.write_text("code,text\n" * 50 if name.endswith("csv") else '{"text": "a"}\n' * 50)
    with pytest.raises(RefusedFileError) as told:
        read_stream_list(path, limits=Limits(file_bytes=100))
    assert told.value.code == "file.too_large"
    with pytest.raises(RefusedFileError) as told:
        read_stream_list(path, limits=Limits(rows=10))
    assert told.value.code == "file.too_many_rows"
