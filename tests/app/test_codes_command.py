"""``symbiosekart codes``: one text, a whole column, and what a code is, as told on the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_text_is_answered_with_codes_and_reasons(call) -> None:
    code, out, told = call("codes", "suggest", "kappet impregnert trevirke", "--industry", "16", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["industry"] == "16"
    first = answer["suggestions"][0]
    assert first["code"] in {"030104", "170204"}
    assert first["hazardous"] is True
    assert {"impregnert", "trevirke"} <= set(first["words"])
    assert {"score", "confidence", "mirrors", "material", "title"} <= set(first)
    assert not told


def test_the_answer_is_in_the_readers_language(call) -> None:
    _code, bokmaal, _told = call("codes", "suggest", "gips med asbest", "--limit", "1")
    _code, nynorsk, _told = call("codes", "suggest", "gips med asbest", "--limit", "1", "--lang", "nn")
    assert "17 08 01*" in bokmaal
    assert "farlige stoffer" in bokmaal
    assert "farlege stoff" in nynorsk
    assert "Spegelkode" in nynorsk


def test_what_is_not_known_is_told_and_gives_exit_code_1(call) -> None:
    code, out, told = call("codes", "suggest", "asdf qwer")
    assert (code, out) == (1, "")
    assert "Ingen kode" in told
    code, out, _told = call("codes", "suggest", "asdf qwer", "--json")
    assert code == 1
    assert json.loads(out)["suggestions"] == []


@pytest.mark.parametrize("arguments", [(), ("gips", "--industry", "04"), ("gips", "--lang", "de")])
def test_what_cannot_be_asked_is_refused(call, arguments: tuple[str, ...]) -> None:
    code, out, told = call("codes", "suggest", *arguments)
    assert (code, out) == (2, "")
    assert told


def test_a_column_keeps_rows_order_and_other_columns(call, tmp_path: Path) -> None:
    source, target = tmp_path / "liste.csv", tmp_path / "svar.csv"
    lines = ["Nr;Beskrivelse;Næringskode;Merknad"]
    lines += ["7;gipsplater kapp;41;=1+1", "3;;41;tom", "9;asdf;;ukjent", "1;trekapp;16;æøå", "2;trekapp;41;"]
    source.write_text("\n".join(lines), encoding="utf-8")
    code, _out, told = call("codes", "suggest", "--file", str(source), "--out", str(target))
    assert code == 0
    assert "3 av 5 rader" in told
    rows = _rows(target)
    assert [row["Nr"] for row in rows] == ["7", "3", "9", "1", "2"]
    assert [row["suggested_code"] for row in rows] == ["170802", "", "", "030105", "170201"]
    assert rows[0]["Merknad"].lstrip("'") == "=1+1"
    assert rows[3]["Merknad"] == "æøå"


def test_a_named_column_a_workbook_and_a_bare_list_are_read(call, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [("Rapport",), (), ("id", "Hva er dette", "tonn"), (1, "spillolje", 2.5), (2, "kumøkk", 9)]:
        book.active.append(row)
    book.save(tmp_path / "bok.xlsx")
    options = ("--column", "hva er dette", "--out", str(tmp_path / "svar.xlsx"))
    assert call("codes", "suggest", "--file", str(tmp_path / "bok.xlsx"), *options)[0] == 0
    sheet = openpyxl.load_workbook(tmp_path / "svar.xlsx").active
    values = list(sheet.iter_rows(values_only=True))
    assert values[0][:4] == ("id", "Hva er dette", "tonn", "suggested_code")
    assert [row[:4] for row in values[1:]] == [(1, "spillolje", 2.5, "130205"), (2, "kumøkk", 9, "020106")]
    (tmp_path / "liste.txt").write_text("betong\n\nasdf\ngips, ren\n", encoding="utf-8")
    code, out, _told = call("codes", "suggest", "--file", str(tmp_path / "liste.txt"), "--json")
    answer = json.loads(out)["rows"]
    assert code == 0
    assert [row["text"] for row in answer] == ["betong", "asdf", "gips, ren"]
    assert [bool(row["suggestions"]) for row in answer] == [True, False, True]


def test_a_file_without_such_a_column_is_refused_with_what_was_found(call, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x;y\n1;2\n", encoding="utf-8")
    code, _out, told = call("codes", "suggest", "--file", str(tmp_path / "a.csv"), "--column", "tekst")
    assert code == 2
    assert "x, y" in told


def test_codes_are_shown_as_they_are_written(call) -> None:
    code, out, _told = call("codes", "show", "17 05 03*", "30105", "17.06", "--json", "--lang", "nn")
    shown = json.loads(out)["codes"]
    assert code == 0
    codes = [item["code"] for item in shown]
    assert codes[:2] == ["170503", "030105"]
    assert set(codes[2:]) == {"170601", "170603", "170604", "170605"}
    assert shown[0]["entry"] == "mirror_hazardous"
    assert shown[0]["title"] == "Jord og stein med farlege stoff"


def test_a_code_that_is_not_known_is_told_with_near_ones(call) -> None:
    code, _out, told = call("codes", "show", "17 05 30")
    assert code == 1
    assert "17 05 03*" in told
