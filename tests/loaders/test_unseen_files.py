# ruff: noqa: E501  (tables of cases are easier to read in whole lines)
"""Lists as firms, counties and programs write them: each kind of oddity once, as a whole file."""

from __future__ import annotations

import datetime as dt
import io
import json
import time
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook

from loaders.distances import read_points
from loaders.headers import read_header, settle_headers
from loaders.members import MemberFiles, read_members
from loaders.references import References
from loaders.sandbox import Upload
from loaders.templates import make_template

REFERENCES = References()


def read(text: str, *, name: str = "liste.csv", encoding: str = "utf-8") -> MemberFiles:
    return read_members([Upload(name, text.encode(encoding))], references=REFERENCES)


def read_rows(*rows: list[object]) -> MemberFiles:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return read_members([Upload("bok.xlsx", stream.getvalue())], references=REFERENCES)


def alarms(result: MemberFiles) -> list[tuple[str, int | None, str | None]]:
    return [(f.code, f.row, f.column) for f in result.findings if str(f.severity) != "info"]


@pytest.mark.parametrize(
    ("text", "column", "unit", "period"),
    [
        ("amount_t", "amount_best", "t", ""), ("mengde_t", "amount_best", "t", ""), ("tonn", "amount_best", "tonn", ""),
        ("kg", "amount_best", "kg", ""), ("Antall kg", "amount_best", "kg", ""), ("Nettovekt (kg)", "amount_best", "kg", ""),
        ("net_weight_kg", "amount_best", "kg", ""), ("quantity_kg", "amount_best", "kg", ""), ("tonn_per_ar", "amount_best", "tonn", "year"),
        ("mengdeKg", "amount_best", "Kg", ""), ("MWh/år", "amount_best", "MWh", "year"), ("kg/mnd", "amount_best", "kg", "month"),
        ("volume_m3", "amount_best", "m3", ""), ("Fra (tonn)", "amount_min", "tonn", ""), ("Til (tonn)", "amount_max", "tonn", ""),
        ("mengde_min_t", "amount_min", "t", ""), ("max_kg", "amount_max", "kg", ""), ("Estimert mengde (tonn)", "amount_best", "tonn", ""),
        ("vendor_name", "name", "", ""), ("Pris kr pr tonn", "price_nok_per_t", "tonn", ""), ("utm_x", "east", "", ""),
        ("Kapasitet (tonn)", None, "tonn", ""), ("CO2-utslipp (t)", None, "t", ""), ("t", None, "t", ""), ("Fra", None, "", ""),
        ("from_date", None, "", ""), ("Transportkostnad kr/t", None, "t", ""),
    ],
)  # fmt: skip
def test_headers_with_the_unit_as_suffix(text: str, column: str | None, unit: str, period: str) -> None:
    header = read_header(text)
    assert (header.text, header.column, header.unit, header.period) == (text, column, unit, period)


def test_a_suppliers_waste_report_with_a_sum_under_the_customer_number() -> None:
    result = read(
        "Avfallsrapport 2025;;;;;\nKundenr;Kunde;Org.nr;Fraksjon;Vekt (kg);Poststed\n"
        "10023;Fjordbruk Sagverk AS;974760673;1141 Rent trevirke;106 750,0;Namsos\nSum;;;;106 750,0;\n",
        encoding="cp1252",
    )
    assert alarms(result) == []
    assert result.files[0].rows_skipped == 1
    stream = result.tables.streams.iloc[0]
    assert (stream["amount_best"], stream["unit"], stream["material"]) == (106.75, "t", "clean_wood")


def test_an_english_erp_export_names_the_firm_by_its_number_where_it_has_no_name() -> None:
    result = read(
        "org_no,street_address,zip_code,city,latitude,longitude,waste_code,quantity_kg\n"
        '974760673,"Industrigata 1",0357,Oslo,59.925,10.720,170405,12500.5\n'
    )
    assert result.files[0].rows_loaded == 1
    assert result.tables.streams["amount_best"].tolist() == [12.5005]
    assert result.tables.facilities["name"].tolist() == ["974760673"]


@pytest.mark.parametrize(
    "text",
    ["63.43, 10.39", "63,43; 10,39", "63,43 10,39", "63.43/10.39", "10.39 63.43", "63°25'48\"N 10°23'24\"E",
     "N 63° 25.8' E 10° 23.4'", "63° 25,8' N, 10° 23,4' Ø", "lat: 63.43, lon: 10.39", "POINT (10.39 63.43)", "63.43N 10.39E"],
)  # fmt: skip
def test_both_coordinates_in_one_cell(text: str) -> None:
    cell = text.replace('"', '""')
    result = read(f'Navn;Kommune;Koordinater\nA AS;Trondheim;"{cell}"\nB AS;Moss;59.43, 10.66\n')
    point = result.tables.facilities.geometry.iloc[0]
    assert alarms(result) == []
    assert (point.x, point.y) == (pytest.approx(10.39, abs=1e-6), pytest.approx(63.43, abs=1e-6))


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("10-", "row.amount_negative"),
        ("(10)", "row.amount_negative"),
        ("−10", "row.amount_negative"),
        ("7.5.2024", "row.amount_date"),
    ],
)
def test_odd_amounts_that_are_faults(cell: str, code: str) -> None:
    result = read(f"Navn;Kommune;Materiale;Mengde (t)\nA;Moss;Papp;{cell}\nB;Moss;Papp;10\n")
    assert alarms(result) == [(code, 2, "Mengde (t)")]
    assert result.files[0].rows_loaded == 1


@pytest.mark.parametrize(
    ("cell", "amounts"),
    [
        ("“12”", (None, 12.0, None)),
        ("500–700", (500.0, None, 700.0)),
        ("< 5", (None, None, 5.0)),
        ("ca. 500 kg", (None, 0.5, None)),
    ],
)
def test_odd_amounts_that_are_none(cell: str, amounts: tuple[float | None, ...]) -> None:
    result = read(f"Navn;Kommune;Materiale;Mengde (t)\nA;Moss;Papp;{cell}\n")
    row = result.tables.streams.iloc[0]
    shown = tuple(None if pd.isna(row[c]) else row[c] for c in ("amount_min", "amount_best", "amount_max"))
    assert shown == amounts


@pytest.mark.parametrize(
    "word",
    [
        "Sum",
        "Totalt:",
        "SUM TOTALT 2024",
        "Sum alle anlegg",
        "I alt (tonn)".replace("(", "").replace(")", ""),
    ],
)
def test_sums_are_told_and_firms_called_total_are_kept(word: str) -> None:
    result = read(f"Navn;Kommune;Materiale;Mengde (t)\nTotal Renovasjon AS;Moss;Papp;5\n{word};;;5\n")
    assert alarms(result) == []
    assert (result.files[0].rows_in, result.files[0].rows_skipped) == (1, 1)


def test_an_unread_amount_is_warned_of_and_a_list_without_amounts_is_not() -> None:
    unread = read("Navn;Kommune;Materiale;2023;2024\nA;Moss;Papp;5;6\n")
    assert alarms(unread) == [("column.amount_missing", 1, None)]
    assert alarms(read("Navn;Kommune;Materiale\nA;Moss;Papp\n")) == []


def test_formulas_without_results_are_told_with_their_cells() -> None:
    result = read_rows(
        ["Navn", "Kommune", "Materiale", "Mengde (t)"],
        ["A", "Moss", "Papp", "=1+1"],
        ["B", "Moss", "Papp", 3],
    )
    assert [f.code for f in result.findings if str(f.severity) == "warning"] == [
        "sheet.formulas_without_values"
    ]
    told = next(f for f in result.findings if f.code == "sheet.formulas_without_values")
    assert told.values == {"cells": "D2", "count": 1}


def test_codes_amounts_and_months_that_became_dates() -> None:
    day = dt.datetime(2017, 2, 1)
    result = read_rows(["Navn", "Kommune", "EAL", "Mengde (t)", "Måneder"], ["A", "Moss", day, day, day])
    assert [code for code, _, _ in alarms(result)] == [
        "row.code_date",
        "row.amount_date",
        "row.months_became_date",
    ]
    assert next(f for f in result.findings if f.code == "row.code_date").values["suggestion"] == "17 02 01"


def test_a_refused_row_is_told_once_and_an_ambiguous_municipality_is_named() -> None:
    result = read("Navn;Kommune;Materiale;Mengde (t)\nA;Gotham;Papp;1\nB;Herøy;Papp;1\n")
    assert [code for code, row, _ in alarms(result) if row == 2] == ["row.municipality_unknown"]
    assert next(f.value for f in result.findings if f.code == "row.municipality_ambiguous") == "Herøy"


def test_an_empty_map_feature_is_told() -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"navn": "A", "kommune": "Moss"},
            "geometry": {"type": "Point", "coordinates": [10.66, 59.43]},
        },
        {"type": "Feature", "properties": None, "geometry": None},
    ]
    result = read(json.dumps({"type": "FeatureCollection", "features": features}), name="kart.geojson")
    assert [(f.code, f.row) for f in result.findings if f.code == "row.feature_empty"] == [
        ("row.feature_empty", 2)
    ]
    assert (result.files[0].rows_in, result.files[0].rows_skipped) == (1, 1)


def test_endless_cells_are_refused_in_no_time() -> None:
    row = f"A;Moss;{'a ' * 4000};{'1 ' * 5000};{'1 ' * 5000}"
    start = time.process_time()
    result = read("Navn;Kommune;Materiale;Mengde (t);Koordinater\n" + "\n".join([row] * 30) + "\n")
    assert result.files[0].rows_with_errors == 30
    assert time.process_time() - start < 10


def test_a_quotation_mark_that_swallows_rows_is_told() -> None:
    result = read('Navn;Kommune;Materiale\nA;Moss;Papp\n"B;Moss;Papp\nC;Moss;Papp\n')
    assert ("file.quote_unclosed", 3, None) in alarms(result)
    whole = read('Navn;Kommune;Materiale;Merknad\nA;Moss;Papp;"to linjer;\nhele"\n')
    assert alarms(whole) == []


@pytest.mark.parametrize(
    "header",
    [
        "id;lat;lon",
        "Anleggs-ID;Latitude (WGS84);Longitude (WGS84)",
        "Stedsnavn;Breddegrad (N);Lengdegrad (Ø)",
        "Place_Name;Lat;Long",
    ],
)
def test_lists_of_places_are_read_by_any_usual_header(header: str, tmp_path: Path) -> None:
    path = tmp_path / "steder.csv"
    path.write_text(f"{header}\nA;63,43;10,39\nB;59,43;10,66\n", encoding="utf-8-sig")
    points, findings = read_points(path)
    assert (findings, points["facility_id"].tolist(), points["row"].tolist()) == ([], ["A", "B"], [2, 3])


@pytest.mark.parametrize(
    ("language", "offer", "actor"),
    [("nb", "Tilbud", "Industri"), ("nn", "Tilbod", "Industri"), ("en", "Offer", "Manufacturing")],
)
def test_templates_filled_in_by_hand_raise_no_alarm(language: str, offer: str, actor: str) -> None:
    facility = {"name": "Ås Ålefiske AS", "organisation_number": "974 760 673", "actor_type": actor,
                "address": "Kaia 3", "postcode": "7600", "place": "Levanger", "municipality": "Levanger"}  # fmt: skip
    stream = {"name": "Ås Ålefiske AS", "direction": offer, "material": "Fiskeavfall", "eal_code": "02 02 02", "amount_best": 12.5,
              "unit": "t", "months": "5-9", "reference_year": 2024}  # fmt: skip
    uploads = []
    for kind, values in (("facilities", facility), ("streams", stream)):
        book = load_workbook(io.BytesIO(make_template(kind, language=language)))
        sheet = book.worksheets[0]
        headers = settle_headers([read_header(str(cell.value)) for cell in sheet[1]])
        columns = {header.column: number for number, header in enumerate(headers, start=1)}
        for column, value in values.items():
            sheet.cell(2, columns[column], value)
        out = io.BytesIO()
        book.save(out)
        uploads.append(Upload(f"{kind}.xlsx", out.getvalue()))
    result = read_members(uploads, references=REFERENCES)
    assert alarms(result) == []
    assert result.tables.facilities["municipality_number"].tolist() == ["5037"]
    assert result.tables.streams["amount_best"].tolist() == [12.5]
