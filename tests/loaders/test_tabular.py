"""Numbers, headers and text tables as people write them, with values worked by hand."""

from __future__ import annotations

import pytest

from loaders.headers import read_header
from loaders.layout import lay_out
from loaders.quantities import NumberStyle, find_number_style, read_coordinate, read_quantity
from loaders.rawtables import Limits, RawTable
from loaders.tabular import choose_delimiter, decode_text, read_text_table


@pytest.mark.parametrize(
    ("text", "low", "best", "high", "unit"),
    [
        ("106\u00a0750,0 kg", None, 106750.0, None, "kg"),
        ("106\u202f750,5", None, 106750.5, None, ""),
        ("1.234,5", None, 1234.5, None, ""),
        ("1,200.50", None, 1200.5, None, ""),
        ("ca. 500", None, 500.0, None, ""),
        ("500-700 t", 500.0, None, 700.0, "t"),
        ("500 – 700", 500.0, None, 700.0, ""),
        ("mellom 5 og 7 tonn", 5.0, None, 7.0, "tonn"),
        ("< 5", None, None, 5.0, ""),
        ("minst 40 m3", 40.0, None, None, "m3"),
        ("(500)", None, -500.0, None, ""),
        ("1.5e3", None, 1500.0, None, ""),
        ("ukjent", None, None, None, ""),
        ("NA", None, None, None, ""),
        ("-", None, None, None, ""),
    ],
)
def test_amounts(text: str, low: float | None, best: float | None, high: float | None, unit: str) -> None:
    read = read_quantity(text, NumberStyle())
    assert (read.low, read.best, read.high, read.unit, read.problem) == (low, best, high, unit, None)


@pytest.mark.parametrize("text", ["abc", "12 34", "50 %", "1.2.3.4", "2026-09-05", "5 hester"])
def test_what_is_no_amount_is_told(text: str) -> None:
    assert read_quantity(text, NumberStyle()).problem is not None


def test_an_undecided_mark_is_settled_by_its_column_or_told() -> None:
    comma = find_number_style(["12,5", "1,234"])
    assert (read_quantity("1,234", comma).best, read_quantity("1,234", comma).ambiguous) == (1.234, False)
    assert (read_quantity("1.234", comma).best, read_quantity("1.234", comma).ambiguous) == (1234.0, True)
    unsure = find_number_style(["1.234", "500"])
    assert read_quantity("1.234", unsure).ambiguous


@pytest.mark.parametrize(
    ("header", "column", "unit"),
    [
        ("Mengde (tonn/år)", "amount_best", "tonn"),
        ("Mengd", "amount_best", ""),
        ("Amount t/yr", "amount_best", "t"),
        ("Org.\u00adnr.", "organisation_number", ""),
        ("EAL kode (6 siffer)", "eal_code", ""),
        ("Breddegrad (WGS84)", "lat", ""),
        ("municipality_number", "municipality", ""),
        ("Helt ukjent", None, ""),
    ],
)
def test_headers(header: str, column: str | None, unit: str) -> None:
    read = read_header(header)
    assert (read.column, read.unit) == (column, unit)


def test_a_header_may_name_its_coordinate_system_and_year() -> None:
    assert (read_header("Øst (EPSG:25832)").epsg, read_header("Nord UTM 33").epsg) == (25832, 25833)
    assert read_header("Mengde 2024 (tonn)").year == 2024


@pytest.mark.parametrize(
    ("text", "number"),
    [("63,4297", 63.4297), ("63°30'00\"N", 63.5), ("270 340,04", 270340.04), ("10.4 Ø", 10.4), (None, None)],
)
def test_coordinates(text: str | None, number: float | None) -> None:
    assert read_coordinate(text) == (number, True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings(encoding: str) -> None:
    assert decode_text("Ærø på vår".encode(encoding), file="a.csv")[0] == "Ærø på vår"


def test_damaged_letters_are_told() -> None:
    _, _, notes = decode_text("Bodø".encode().decode("cp1252").encode(), file="a.csv")
    assert [note.code for note in notes] == ["file.mojibake"]


def test_the_delimiter_is_the_one_that_gives_headers() -> None:
    assert choose_delimiter("navn;kommune;mengde\nA, B og C;Oslo;1,5\n") == ";"
    assert choose_delimiter("name\tmunicipality\tamount\nA, B\tOslo\t1.5\n") == "\t"


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    content = b'sep=;\nTittel\n\nnavn;kommune\n"A\nB";Oslo\n\nC;Moss\n'
    raw = read_text_table(content, file="a.csv", limits=Limits()).tables[0]
    assert raw.numbers == [1, 3, 4, 6]


def test_a_firm_called_total_is_no_sum() -> None:
    rows = [
        ["navn", "kommune", "materiale", "mengde"],
        ["Total Gjenvinning", "Oslo", "tre", "5"],
        ["Sum", None, None, "5"],
    ]
    grid, findings = lay_out(RawTable("", rows, [1, 2, 3]), file="a.csv", several=False)  # type: ignore[arg-type]
    assert grid is not None
    assert [row.number for row in grid.rows] == [2]
    assert [(f.code, f.row) for f in findings] == [("row.total_skipped", 3)]
