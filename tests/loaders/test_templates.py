# ruff: noqa: E501  (tables of cases are easier to read in whole lines)
"""The empty templates explain themselves and can be read back when they are filled in."""

from __future__ import annotations

from io import BytesIO

import pytest
from openpyxl import load_workbook

from geodata.schemas import ACTOR_TYPES, BASES, DIRECTIONS, LEGAL_STATUSES, TREATMENTS, VISIBILITIES
from loaders.headers import read_header, settle_headers
from loaders.members import read_members
from loaders.references import References
from loaders.sandbox import Upload
from loaders.templates import CHOICES, COLUMNS, LANGUAGES, TITLES, make_template
from loaders.vocabulary import read_word

FULL = {
    "actor_type": ACTOR_TYPES, "visibility": VISIBILITIES, "direction": DIRECTIONS, "basis": BASES,
    "legal_status": LEGAL_STATUSES, "treatment": TREATMENTS,
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_headers_and_answers_are_understood(language: str) -> None:
    place = LANGUAGES.index(language)
    for columns in COLUMNS.values():
        headers = settle_headers([read_header(header[place]) for _, _, header, _ in columns])
        assert [header.column for header in headers] == [column for column, *_ in columns]
    for column, allowed in FULL.items():
        assert {read_word(column, choice[place]) for choice in CHOICES[column]} == set(allowed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_filled_in_templates_are_read_back_whole(language: str) -> None:
    place = LANGUAGES.index(language)
    answers = {column: choices[0][place] for column, choices in CHOICES.items()}
    filled = {
        "name": "Øvingsfirma AS", "organisation_number": "974760673", "industry_code": "38.110", "address": "Gata 1",
        "postcode": "0152", "place": "Oslo", "municipality": "0301", "lat": 59.91, "lon": 10.75, "source": "egen", "note": "æøå",
        "material": {"nb": "Trevirke", "nn": "Trevirke", "en": "Wood"}[language], "eal_code": "17 02 01",
        "amount_min": 1.5, "amount_best": 2, "amount_max": 3, "months": "5-9", "quality": "ren", "price_nok_per_t": -200,
        "reference": "rapport", "reference_year": 2025, "description": "kapp",
    }  # fmt: skip
    uploads = []
    for kind, columns in COLUMNS.items():
        book = load_workbook(BytesIO(make_template(kind, language=language)))
        sheet = book[TITLES[kind][place]]
        values = {**answers, **filled, "hazardous": {"en": "no"}.get(language, "nei")}
        sheet.append([values.get(column) for column, *_ in columns])
        stream = BytesIO()
        book.save(stream)
        uploads.append(Upload(f"{kind}.xlsx", stream.getvalue()))
    result = read_members(uploads, references=References())
    assert {str(finding.severity) for finding in result.findings} <= {"info"}
    facility, stream_row = result.tables.facilities.iloc[0], result.tables.streams.iloc[0]
    assert (facility["postcode"], facility["municipality_number"], facility["actor_type"]) == (
        "0152",
        "0301",
        "producer",
    )
    assert stream_row["facility_id"] == facility["facility_id"]
    assert (stream_row["amount_min"], stream_row["amount_best"], stream_row["amount_max"]) == (1.5, 2.0, 3.0)
    assert (stream_row["direction"], stream_row["basis"], stream_row["unit"]) == ("offer", "reported", "t")


@pytest.mark.parametrize("kind", COLUMNS)
def test_the_workbook_has_lists_and_an_explanation_of_each_column(kind: str) -> None:
    book = load_workbook(BytesIO(make_template(kind)))
    sheet, explanation = book[TITLES[kind][0]], book[TITLES["help"][0]]
    assert explanation.max_row - 1 == len(COLUMNS[kind]) == sheet.max_column
    with_lists = sum(column in CHOICES or column == "material" for column, *_ in COLUMNS[kind])
    assert len(sheet.data_validations.dataValidation) == with_lists
    assert sheet.freeze_panes == "A2"
