"""``symbiosekart municipalities``: files as counties keep them and as Statistics Norway writes them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest

from loaders.exports import write_csv
from loaders.municipalitytables import read_newer_changes
from loaders.official.shelf import FetchedRecord, keep_fetched

LONG = """Kommunenr;Kommune;År;Tonn;Andel
5030;Klæbu;2019;1 200,5;12
5001;Trondheim;2019;80 000;30
1507;Ålesund;2021;300;20
1850;Tysfjord;2018;10;2
101;Halden;2018;7;9
0;Hele landet;2018;81000;9
"""
WIDE = """"Avfall fra husholdninger, etter region og år"

"region";"statistikkvariabel";"2019";"2021"
"K-5001 Trondheim";"Avfall (tonn)";101;150
"K-5030 Klæbu (-2019)";"Avfall (tonn)";11;.
"K-1507 Ålesund (2020-2023)";"Avfall (tonn)";.;200
"K-1534 Haram (-2019)";"Avfall (tonn)";31;.
"""
PLACES = """Navn;Postnr;Poststed;Kommunenr;Merknad
A;6270;Brattvåg;1534;=1+1
B;;Brattvåg;1507;
C;;;1507;
D;8590;Kjøpsvik;1850;
E;7257;Snillfjord;5012;
F;7010;Trondheim;1507;
G;0150;Oslo;301;
"""


@pytest.fixture(autouse=True)
def no_fetched_register(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SYMBIOSEKART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SYMBIOSEKART_SOURCES", str(tmp_path / "sources"))


def save(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_rows_are_kept_with_todays_number_beside(call, tmp_path: Path) -> None:
    target = tmp_path / "ut.csv"
    code, out, told = call("municipalities", str(save(tmp_path / "a.csv", PLACES)), "--out", str(target))
    joined = rows(target)
    assert code == 1
    assert [row["municipality_number"] for row in joined] == ["1580", "1580", "", "1806", "5059", "", "0301"]
    assert [row["Kommunenr"] for row in joined] == ["1534", "1507", "1507", "1850", "5012", "1507", "301"]
    assert joined[0]["Merknad"] == "'=1+1"
    assert joined[2]["municipality_candidates"] == "1508 Ålesund; 1580 Haram"
    asked = rows(tmp_path / "ut-spurt.csv")
    assert [row["row"] for row in asked] == ["4", "7"]  # Trondheim is no part of Ålesund
    assert "ble delt" in told
    assert "301" in told
    assert "Kommunenr" in out


def test_amounts_are_summed_and_what_was_divided_is_asked_for(call, tmp_path: Path) -> None:
    source, target = save(tmp_path / "a.csv", LONG), tmp_path / "ut.csv"
    sums = ("--sum", "Tonn", "--mean", "Andel", "--weight", "Tonn")
    code, out, _told = call("municipalities", str(source), "--out", str(target), *sums)
    joined = {row["municipality_number"]: row for row in rows(target)}
    assert code == 1
    assert set(joined) == {"3101", "5001"}
    assert float(joined["5001"]["Tonn"]) == 81200.5
    assert float(joined["5001"]["Andel"]) == pytest.approx((12 * 1200.5 + 30 * 80000) / 81200.5)
    assert joined["5001"]["Kommune"] == "Klæbu; Trondheim"
    assert "310 det spørres om" in out
    assert "1806 88,8 %" in out  # what could be chosen, and that it is rough
    assert "grovt" in out


def test_shares_are_chosen_never_assumed(call, tmp_path: Path) -> None:
    source, target = save(tmp_path / "a.csv", LONG), tmp_path / "ut.csv"
    asked = ("municipalities", str(source), "--out", str(target), "--sum", "Tonn", "--json", "--shares")
    code, out, _told = call(*asked, "inhabitants")
    answer = json.loads(out)
    assert (code, answer["shares"]) == (1, {"1507": "inhabitants"})
    assert [row["number"] for row in answer["asked"]] == ["1850"]
    code, out, _told = call(*asked, "rough")
    answer = json.loads(out)
    assert (code, answer["asked"], answer["shares"]["1850"]) == (0, [], "rough")
    total = answer["totals"][0]
    assert total["before"] == pytest.approx(total["after"] + total["left_out"])
    own = save(tmp_path / "andeler.csv", "Gammelt nr;Nytt nr;Andel (%)\n1850;1806;40\n1850;1875;60\n")
    code, out, _told = call(*asked, str(own))
    assert json.loads(out)["shares"] == {"1850": "given"}
    shared = {row["municipality_number"]: float(row["Tonn"]) for row in rows(target)}
    assert (shared["1806"], shared["1875"]) == (4.0, 6.0)


@pytest.mark.parametrize(
    ("shares", "word"),
    [
        ("Gammelt nr;Nytt nr;Andel\n1850;1806;0,4\n1850;1875;0,5\n", "0.9"),
        ("Gammelt nr;Nytt nr;Andel\n1850;0301;1\n", "0301"),
        ("Gammelt nr;Nytt nr;Andel\n5001;5001;1\n", "5001"),
        ("a;b;c\n1;2;3\n", "andeler"),
    ],
)
def test_shares_that_do_not_add_up_are_refused(call, tmp_path: Path, shares: str, word: str) -> None:
    source, own = save(tmp_path / "a.csv", LONG), save(tmp_path / "andeler.csv", shares)
    code, out, told = call("municipalities", str(source), "--json", "--sum", "Tonn", "--shares", str(own))
    assert (code, out) == (2, "")
    assert word in told


def test_a_wide_table_of_statistics_norway(call, tmp_path: Path) -> None:
    target = tmp_path / "ut.csv"
    source = save(tmp_path / "ssb.csv", WIDE)
    code, _out, told = call("municipalities", str(source), "--out", str(target), "--sum", "20*")
    assert code == 1
    (row,) = rows(target)
    assert (row["municipality_number"], row["2019"], row["2021"]) == ("5001", "112", "150")
    asked = rows(tmp_path / "ut-spurt.csv")
    assert [row["number"] for row in asked] == ["1507", "1534"]
    assert "1580 Haram" in told


def test_a_workbook_that_names_each_region_once(call, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    lines = [
        ["Avfall etter region, vare og år"],
        [],
        [None, None, 2019, 2021],
        ["5030 Klæbu (-2019)", "Papir", 5, None],
        [None, "Plast", 1, None],
        ["5001 Trondheim", "Papir", 50, 60],
        [None, "Plast", 10, 12],
        ["Kilde: noen"],
    ]
    for line in lines:
        sheet.append(line)
    source, target = tmp_path / "ssb.xlsx", tmp_path / "ut.xlsx"
    book.save(source)
    code, out, _told = call("municipalities", str(source), "--out", str(target), "--sum", "2019,2021")
    assert code == 0
    assert "Papir" not in out
    sheets = openpyxl.load_workbook(target)
    header, *body = [list(row) for row in sheets["Kommuner"].iter_rows(values_only=True)]
    assert header == ["municipality_number", "municipality_name", "column_2", "2019", "2021"]
    assert body == [["5001", "Trondheim", "Papir", 55, 60], ["5001", "Trondheim", "Plast", 11, 12]]
    assert "summer" in sheets.sheetnames
    assert "spurt" not in sheets.sheetnames


def test_counties_and_a_column_that_is_named(call, tmp_path: Path) -> None:
    text = "Område;Fylke;Tonn\nx;30 Viken;100\ny;16;2\nz;50;5\n"
    source = save(tmp_path / "a.csv", text)
    code, out, _told = call("municipalities", str(source), "--json", "--column", "B", "--sum", "C")
    answer = json.loads(out)
    assert (code, answer["level"], answer["column"]) == (1, "county", "Fylke")
    assert [row["number"] for row in answer["asked"]] == ["30"]
    assert [offer["new_number"] for offer in answer["offers"]] == ["31", "32", "33"]
    assert answer["totals"][0]["after"] == 7


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("Navn;Mengde\nA;1\nB;2\n", ()),
        ("År;Mengde\n2018;1\n2019;2\n2020;2\n", ()),  # years are no numbers of Finnmark
        ("Knr;Tonn\n5001;1\n", ("--column", "Kommunenummer")),
        ("Knr;Tonn\n5001;1\n", ("--sum", "Mengde")),
        ("Knr;Tonn\n5001;1\n", ("--sum", "x*")),
        ("Knr;Tonn\n5001;1\n", ("--sum", "Knr")),
        ("Knr;Rate\n5001;1\n5030;2\n", ("--mean", "Rate")),
    ],
)
def test_what_cannot_be_used_is_told(call, tmp_path: Path, text: str, arguments: tuple[str, ...]) -> None:
    code, out, told = call("municipalities", str(save(tmp_path / "a.csv", text)), "--json", *arguments)
    assert (code, out) == (2, "")
    assert told.startswith("Feil:")


def test_hostile_cells_move_no_cursor(call, tmp_path: Path) -> None:
    source = save(tmp_path / "a.csv", "Kommunenr;Tonn\n\x1b[31m1507;1\n5001;{0.__class__}\n5030;2\n")
    _code, out, told = call("municipalities", str(source), "--out", str(tmp_path / "u.csv"), "--sum", "Tonn")
    assert "\x1b" not in out + told
    assert "{0.__class__}" in told


def test_a_newer_reform_is_taken_from_a_file(call, tmp_path: Path) -> None:
    names = ("oldCode", "oldName", "newCode", "newName", "changeOccurred")
    steps = [
        ("5001", "Trondheim", "5070", "Nidaros", "2031-01-01"),
        ("5028", "Melhus", "5070", "Nidaros", "2031-01-01"),
        ("1508", "Ålesund", "1581", "Borgund", "2031-01-01"),
        ("1508", "Ålesund", "1582", "Giske", "2031-01-01"),
    ]
    document = {"codeChanges": [dict(zip(names, step, strict=True)) for step in steps]}
    changes = save(tmp_path / "klass.json", json.dumps(document))
    source = save(tmp_path / "a.csv", "Kommunenr;Tonn\n5030;1\n5028;2\n5070;4\n1508;8\n1507;16\n")
    asked = ("municipalities", str(source), "--json", "--sum", "Tonn", "--changes", str(changes))
    code, out, _told = call(*asked, "--shares", "inhabitants")
    answer = json.loads(out)
    assert code == 1
    assert answer["totals"][0]["after"] == 7
    assert [row["number"] for row in answer["asked"]] == ["1508", "1507"]
    assert answer["asked"][1]["candidates"] == "1580 Haram; 1581 Borgund; 1582 Giske"
    kept = tmp_path / "kept.csv"
    write_csv(read_newer_changes(changes), kept)
    record = FetchedRecord(source="klass", part="changes-131", area="", file="changes.csv", rows=1,
                           fetched_on="2031-01-02", address="", question="", licence="", attribution="",
                           sha256="")  # fmt: skip
    keep_fetched(tmp_path / "sources", record, lambda target: target.write_bytes(kept.read_bytes()))
    _code, by_itself, _told = call(*asked[:-2], "--shares", "inhabitants")
    assert json.loads(by_itself)["totals"] == answer["totals"]


def test_an_output_or_json_must_be_asked_for(call, tmp_path: Path) -> None:
    code, out, told = call("municipalities", str(save(tmp_path / "a.csv", LONG)))
    assert (code, out) == (2, "")
    assert "--out" in told
