# ruff: noqa: E501  (tables of cases are easier to read in whole lines)
"""Two hundred good rows give no alarm in any shape; each seeded fault is caught at its row and column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from geodata.findings import Severity
from loaders.members import MemberFiles, read_members
from loaders.references import References
from loaders.sandbox import Upload
from tests.data.member_lists import (
    HEADERS,
    in_words,
    make_frame,
    make_rows,
    write_csv,
    write_vector,
    write_xlsx,
)

NB = HEADERS["nb"]
Rows = list[dict[str, object]]


@pytest.fixture(scope="module")
def references() -> References:
    return References()


@pytest.fixture(scope="module")
def rows() -> Rows:
    return make_rows(200)


def alarms(result: MemberFiles) -> list[tuple[str, int | None, str | None]]:
    return [(f.code, f.row, f.column) for f in result.findings if f.severity is not Severity.INFO]


def check_whole(result: MemberFiles, count: int = 200) -> None:
    assert alarms(result) == []
    assert len(result.tables.facilities) == count
    assert len(result.tables.streams) == count
    (summary,) = result.files
    assert (summary.rows_in, summary.rows_loaded, summary.rows_with_errors) == (count, count, 0)


TEXT_SHAPES: dict[str, Callable[[Rows], Upload]] = {
    "nb semicolon utf-8": lambda rows: write_csv(in_words(rows, "nb")),
    "nb semicolon cp1252": lambda rows: write_csv(in_words(rows, "nb"), encoding="cp1252"),
    "nb semicolon utf-8-bom with banner": lambda rows: write_csv(
        in_words(rows, "nb"), encoding="utf-8-sig", banner=("Medlemsliste 2026", "")
    ),
    "nn tab utf-16": lambda rows: write_csv(
        in_words(rows, "nn"), delimiter="\t", encoding="utf-16", name="l.txt"
    ),
    "nn semicolon": lambda rows: write_csv(in_words(rows, "nn")),
    "en comma": lambda rows: write_csv(in_words(rows, "en"), delimiter=",", decimal="."),
    "en tab": lambda rows: write_csv(in_words(rows, "en"), delimiter="\t", decimal=".", name="l.tsv"),
    "canonical names": lambda rows: write_csv(rows, delimiter=",", decimal="."),
    "nb xlsx": lambda rows: write_xlsx(in_words(rows, "nb")),
    "en xlsx": lambda rows: write_xlsx(in_words(rows, "en")),
}


@pytest.mark.parametrize("shape", TEXT_SHAPES)
def test_good_rows_give_no_alarm(shape: str, rows: Rows, references: References) -> None:
    result = read_members([TEXT_SHAPES[shape](rows)], references=references)
    check_whole(result)
    streams = result.tables.streams
    assert streams["amount_best"].tolist() == pytest.approx([row["amount_best"] for row in rows])
    assert streams["eal_code"].tolist() == [str(row["eal_code"]).replace(" ", "").rstrip("*") for row in rows]
    assert result.tables.facilities["organisation_number"].tolist() == [
        row["organisation_number"] for row in rows
    ]
    points = result.tables.facilities.geometry
    assert points.y.tolist() == pytest.approx([row["lat"] for row in rows])
    assert result.tables.facilities["name"].iloc[0] == "Øvingsfirma 001 AS"


@pytest.mark.parametrize(
    ("kind", "crs"),
    [
        ("gpkg", "EPSG:25832"),
        ("gpkg", "EPSG:4326"),
        ("geojson", "EPSG:25833"),
        ("geojson", "EPSG:4326"),
        ("parquet", "EPSG:25832"),
        ("parquet", "EPSG:4258"),
        ("kml", "EPSG:4326"),
        ("zip", "EPSG:25833"),
        ("zip", "EPSG:32633"),
    ],
)
def test_good_features_give_no_alarm(
    kind: str, crs: str, rows: Rows, references: References, tmp_path: Path
) -> None:
    short = {
        "Kommunenr.": "Kommunenr", "Min. mengde (tonn/år)": "min", "Mengde (tonn/år)": "mengde", "Maks. mengde (tonn/år)": "maks",
        "Tilbud/behov": "retning", "Aktørtype": "anl.type",
    }  # fmt: skip
    few = rows[:40]
    frame = make_frame(in_words(few, "nb"), lat=NB["lat"], lon=NB["lon"]).to_crs(crs)
    frame = frame.rename(columns=short) if kind == "zip" else frame
    result = read_members([write_vector(frame, tmp_path, kind=kind)], references=references)
    check_whole(result, 40)
    assert result.tables.facilities.geometry.y.tolist() == pytest.approx(
        [row["lat"] for row in few], abs=1e-6
    )


def swap(row: dict[str, object], one: str, other: str) -> None:
    row[one], row[other] = row[other], row[one]


def put(column: str, value: object) -> Callable[[Rows, int], None]:
    def change(rows: Rows, index: int) -> None:
        rows[index][NB[column]] = value

    return change


def lose_star(rows: Rows, index: int) -> None:
    rows[index][NB["eal_code"]] = str(rows[index][NB["eal_code"]]).rstrip("*")


def write_kilograms(rows: Rows, index: int) -> None:
    for column in ("amount_min", "amount_best", "amount_max"):
        rows[index][NB[column]] = float(str(rows[index][NB[column]])) * 1000


def reverse_range(rows: Rows, index: int) -> None:
    swap(rows[index], NB["amount_min"], NB["amount_max"])


def swap_point(rows: Rows, index: int) -> None:
    swap(rows[index], NB["lat"], NB["lon"])


def copy_number(rows: Rows, index: int) -> None:
    rows[index][NB["organisation_number"]] = rows[3][NB["organisation_number"]]


def go_to_sea(rows: Rows, index: int) -> None:
    rows[index] |= {NB["lat"]: 64.9, NB["lon"]: 6.1}


# fault -> (change, expected code, column, severity, row index that suits it)
FAULTS: dict[str, tuple[Callable[[Rows, int], None], str, str, Severity, int]] = {
    "code without its zero": (put("eal_code", "30105"), "row.code_lost_zero", "eal_code", Severity.REPAIRED, 41),
    "dropped hazard star": (lose_star, "row.star_missing", "eal_code", Severity.REPAIRED, 42),
    "swapped lat and lon": (swap_point, "row.coordinates_swapped", "lat", Severity.REPAIRED, 50),
    "unknown code": (put("eal_code", "17 99 98"), "row.code_unknown", "eal_code", Severity.ERROR, 60),
    "kilograms for tonnes": (write_kilograms, "row.amount_looks_like_kg", "amount_best", Severity.WARNING, 70),
    "kilograms in the value": (
        put("amount_best", "106 750,0 kg"), "row.amount_converted", "amount_best", Severity.REPAIRED, 71,
    ),
    "negative amount": (put("amount_best", "-12,5"), "row.amount_negative", "amount_best", Severity.ERROR, 80),
    "number of another firm": (
        copy_number, "row.organisation_number_duplicate", "organisation_number", Severity.WARNING, 90,
    ),
    "point at sea": (go_to_sea, "row.point_at_sea", "lat", Severity.WARNING, 100),
    "ambiguous thousands": (put("amount_best", "1.234"), "row.amount_ambiguous", "amount_best", Severity.WARNING, 110),
    "unknown municipality": (put("municipality", "9999"), "row.municipality_unknown", "municipality", Severity.ERROR, 120),
    "municipality misspelt": (put("municipality", "Trånheim"), "row.municipality_unknown", "municipality", Severity.ERROR, 121),
    "lowest above highest": (reverse_range, "row.amount_min_above_max", "amount_min", Severity.ERROR, 130),
    "wrong check digit": (put("organisation_number", "974760674"), "orgnr.check_digit", "organisation_number", Severity.ERROR, 140),
}  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "form"),
    [(fault, "csv") for fault in FAULTS]
    + [(fault, "xlsx") for fault in ("code without its zero", "negative amount", "swapped lat and lon")],
)
def test_a_seeded_fault_is_caught_where_it_is_and_nowhere_else(
    fault: str, form: str, rows: Rows, references: References
) -> None:
    change, code, column, severity, index = FAULTS[fault]
    faulty = in_words(rows, "nb")
    change(faulty, index)
    upload = write_csv(faulty) if form == "csv" else write_xlsx(faulty)
    result = read_members([upload], references=references)
    found = [f for f in result.findings if f.code == code]
    assert [(f.row, f.column, f.severity) for f in found] == [(index + 2, NB[column], severity)]
    assert {f.row for f in result.findings if f.severity is not Severity.INFO} == {index + 2}
    lost = 1 if severity is Severity.ERROR else 0
    assert len(result.tables.streams) == 200 - lost
    assert result.files[0].rows_loaded == 200 - lost
    assert result.files[0].rows_with_errors == lost


def test_the_repaired_code_and_the_swapped_point_are_loaded_right(rows: Rows, references: References) -> None:
    faulty = in_words(rows, "nb")
    faulty[41][NB["eal_code"]] = 30105
    swap_point(faulty, 50)
    result = read_members([write_xlsx(faulty)], references=references)
    assert result.tables.streams["eal_code"].iloc[41] == "030105"
    point = result.tables.facilities.geometry.iloc[50]
    assert (point.y, point.x) == (rows[50]["lat"], rows[50]["lon"])


def test_a_decimal_comma_is_read_right_and_told_once(rows: Rows, references: References) -> None:
    faulty = in_words(rows, "en")
    upload = write_csv(faulty, delimiter=";", decimal=",")
    result = read_members([upload], references=references)
    told = [f for f in result.findings if f.code == "column.decimal_comma" and f.column == "Amount t/yr"]
    assert [(f.severity, f.row, f.values["count"]) for f in told] == [(Severity.INFO, 2, 200)]
    assert result.tables.streams["amount_best"].tolist() == pytest.approx(
        [row["amount_best"] for row in rows]
    )
    assert alarms(result) == []


def test_one_decimal_comma_among_points_is_read_right(rows: Rows, references: References) -> None:
    faulty = in_words(rows, "en")
    faulty[9]["Amount t/yr"] = "450,5"
    faulty[9]["Minimum amount (t/yr)"] = faulty[9]["Maximum amount (t/yr)"] = None
    result = read_members([write_csv(faulty, delimiter="\t", decimal=".")], references=references)
    assert result.tables.streams["amount_best"].iloc[9] == 450.5
    assert [(f.row, f.value) for f in result.findings if f.code == "column.decimal_comma"] == [(11, "450,5")]
    assert alarms(result) == []


def test_a_merged_header_is_caught_and_both_columns_are_read(rows: Rows, references: References) -> None:
    from io import BytesIO

    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    few = rows[:20]
    sheet.append(
        [
            "Bedrift",
            "Kommunenr.",
            "Koordinater",
            None,
            "Materiale",
            "Mengde (tonn/år)",
            None,
            None,
            "Tilbud/behov",
        ]
    )
    sheet.append([None, None, "Breddegrad", "Lengdegrad", None, "Min", "Beste", "Maks", None])
    sheet.merge_cells("C1:D1")
    sheet.merge_cells("F1:H1")
    for row in few:
        sheet.append(
            [
                row[c]
                for c in (
                    "name",
                    "municipality",
                    "lat",
                    "lon",
                    "material",
                    "amount_min",
                    "amount_best",
                    "amount_max",
                )
            ]
            + ["Tilbud"]
        )
    stream = BytesIO()
    book.save(stream)
    result = read_members([Upload("flettet.xlsx", stream.getvalue())], references=references)
    merged = [(f.row, f.column) for f in result.findings if f.code == "header.merged"]
    assert merged == [(1, "Koordinater")] * 2 + [(1, "Mengde (tonn/år)")] * 3
    assert {code for code, _, _ in alarms(result)} == {"header.merged"}
    assert result.tables.streams["amount_max"].tolist() == pytest.approx([row["amount_max"] for row in few])
    assert result.tables.facilities.geometry.y.tolist() == pytest.approx([row["lat"] for row in few])


def test_all_faults_at_once_are_all_told(rows: Rows, references: References) -> None:
    faulty = in_words(rows, "nb")
    for change, _, _, _, index in FAULTS.values():
        change(faulty, index)
    result = read_members([write_csv(faulty)], references=references)
    told = {(f.code, f.row) for f in result.findings}
    assert {(code, index + 2) for _, code, _, _, index in FAULTS.values()} <= told
    assert {f.row for f in result.findings if f.severity is not Severity.INFO} == {
        i + 2 for *_, i in FAULTS.values()
    }
    errors = sum(severity is Severity.ERROR for *_, severity, _ in FAULTS.values())
    assert result.files[0].rows_with_errors == errors
    assert result.files[0].rows_in == 200 == result.files[0].rows_loaded + errors
