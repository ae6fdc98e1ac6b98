"""Bulk files of the business register: one table from CSV and JSON, whatever way it is written."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from dashboard.messages import MESSAGES
from geodata.businessunits import BUSINESS_UNIT_COLUMNS
from geodata.errors import ParameterError, RefusedFileError, UnknownMunicipalityError
from geodata.identifiers import check_digit
from loaders.brreg import UnitsRead, read_parent_forms, read_records, read_units
from loaders.official import brregbulk, brregquotes
from loaders.official.brregbulk import BulkFaults, gather_texts, stream_bulk
from loaders.official.brregcolumns import Unreadable, shape_units
from loaders.official.brregrows import RAW_COLUMNS, flatten_unit, match_headers, tidy_address, tidy_text

HEADERS = (  # noqa: SIM905  (easier to read than thirty-six quoted words)
    "organisasjonsnummer,navn,overordnetEnhet,organisasjonsform.kode,organisasjonsform.beskrivelse,"
    "naeringskode1.kode,naeringskode1.beskrivelse,naeringskode2.kode,naeringskode2.beskrivelse,"
    "naeringskode3.kode,naeringskode3.beskrivelse,hjelpeenhetskode.kode,hjelpeenhetskode.beskrivelse,"
    "harRegistrertAntallAnsatte,antallAnsatte,hjemmeside,postadresse.adresse,postadresse.poststed,"
    "postadresse.postnummer,postadresse.kommune,postadresse.kommunenummer,postadresse.land,"
    "postadresse.landkode,beliggenhetsadresse.adresse,beliggenhetsadresse.poststed,"
    "beliggenhetsadresse.postnummer,beliggenhetsadresse.kommune,beliggenhetsadresse.kommunenummer,"
    "beliggenhetsadresse.land,beliggenhetsadresse.landkode,registreringsdatoIEnhetsregisteret,"
    "frivilligMvaRegistrertBeskrivelser,registrertIMvaregisteret,oppstartsdato,datoEierskifte,nedleggelsesdato"
).split(",")
EXAMPLES = (
    Path(
        os.environ.get("SYMBIOSEKART_REFERENCE", Path(__file__).resolve().parents[3] / "shared" / "reference")
    )
    / "api-examples"
)
NUMBERS = [
    f"{first}{check_digit(str(first))}"
    for first in range(81_000_000, 81_000_300)
    if check_digit(str(first)) is not None
]


def make_row(at: int = 0, **values: str) -> dict[str, str]:
    """A CSV row of an invented unit; `values` by dotted name with __ for the point."""
    row = dict.fromkeys(HEADERS, "") | {
        "organisasjonsnummer": NUMBERS[at],
        "navn": f"OPPDIKTET FABRIKK {at} AS",
        "overordnetEnhet": NUMBERS[at + 100],
        "organisasjonsform.kode": "BEDR",
        "naeringskode1.kode": "38.110",
        "harRegistrertAntallAnsatte": "true",
        "antallAnsatte": "12",
        "beliggenhetsadresse.adresse": "Oppdiktet vei 1",
        "beliggenhetsadresse.poststed": "STEINKJER",
        "beliggenhetsadresse.postnummer": "7715",
        "beliggenhetsadresse.kommune": "STEINKJER",
        "beliggenhetsadresse.kommunenummer": "5006",
        "beliggenhetsadresse.landkode": "NO",
        "registrertIMvaregisteret": "false",
        "oppstartsdato": "2013-02-01",
    }
    return row | {name.replace("__", "."): value for name, value in values.items()}


def write_csv(rows: list[dict[str, str]], headers: list[str] | None = None, **dialect: Any) -> bytes:
    text = io.StringIO()
    headers = headers or HEADERS
    writer = csv.writer(text, lineterminator="\r\n", **dialect)
    writer.writerow(headers)
    writer.writerows([row.get(header, "") for header in headers] for row in rows)
    return text.getvalue().encode()


def nest(row: dict[str, str]) -> dict[str, Any]:
    """The same unit as an object of the bulk JSON: what is empty has no key."""
    record: dict[str, Any] = {}
    for name, value in row.items():
        if not value:
            continue
        head, _, tail = name.partition(".")
        content: Any = value
        if value in ("true", "false"):
            content = value == "true"
        elif name == "antallAnsatte" and value.isdecimal():
            content = int(value)
        elif tail == "adresse":
            content = value.split("/n")
        if tail:
            record.setdefault(head, {})[tail] = content
        else:
            record[head] = content
    return record


def write_json(rows: list[dict[str, str]], **layout: Any) -> bytes:
    return json.dumps([nest(row) for row in rows], ensure_ascii=False, **layout).encode()


def read_bytes(folder: Path, content: bytes, name: str = "units.csv", **choices: Any) -> UnitsRead:
    path = folder / name
    path.write_bytes(content)
    read = read_units(path, **choices)
    assert read.rows == len(read.units) + sum(read.left_out.values()) + sum(read.faults.values())
    return read


def test_a_row_of_the_real_layout(tmp_path: Path) -> None:
    row = make_row(
        organisasjonsform__beskrivelse="Underenhet",
        hjemmeside="www.oppdiktet.example",
        postadresse__adresse="Postboks 1",
        postadresse__kommunenummer="0301",
        beliggenhetsadresse__adresse="c/o Noen AS/nOppdiktet vei 1/nHall 2",
        naeringskode2__kode="46.770",
        nedleggelsesdato="2026-01-31",
    )
    read = read_bytes(tmp_path, write_csv([row]))
    unit = read.units.iloc[0].dropna().to_dict()
    assert unit == {
        "organisation_number": NUMBERS[0],
        "parent_number": NUMBERS[100],
        "name": "OPPDIKTET FABRIKK 0 AS",
        "form": "BEDR",
        "industry_code": "38.110",
        "industry_code_2": "46.770",
        "employees": 12,
        "employees_status": "registered",
        "address": "c/o Noen AS, Oppdiktet vei 1, Hall 2",
        "postcode": "7715",
        "place": "STEINKJER",
        "municipality_number": "5006",
        "municipality_name": "STEINKJER",
        "country_code": "NO",
        "started_on": "2013-02-01",
        "closed_on": "2026-01-31",
        "homepage": "www.oppdiktet.example",
    }
    assert tuple(read.units) == BUSINESS_UNIT_COLUMNS
    assert (read.rows, read.left_out, read.faults, read.unreadable) == (1, {}, {}, {})


@pytest.mark.parametrize(
    ("said", "number", "expected", "status"),
    [
        ("true", "", None, "withheld"),
        ("false", "", None, "none_registered"),
        ("", "", None, "not_given"),
        ("true", "0", 0, "registered"),
        ("", "7", 7, "registered"),
        ("TRUE", " 1 200 ", 1200, "registered"),
        ("true", "mange", None, "withheld"),
    ],
)
def test_employees_withheld_are_not_zero(
    tmp_path: Path, said: str, number: str, expected: int | None, status: str
) -> None:
    row = make_row(harRegistrertAntallAnsatte=said, antallAnsatte=number)
    read = read_bytes(tmp_path, write_csv([row]))
    employees = read.units["employees"][0]
    assert (None if pd.isna(employees) else employees) == expected
    assert read.units["employees_status"][0] == status
    assert read.unreadable == ({"employees": 1} if number == "mange" else {})


def test_columns_are_found_by_name_in_any_order_and_casing(tmp_path: Path) -> None:
    rows = [make_row(0), make_row(1, hjemmeside="a.example")]
    expected = read_bytes(tmp_path, write_csv(rows)).units
    headers = [*reversed(HEADERS), *(f"nyttFelt{k}.kode" for k in range(54))]
    for content in (
        write_csv(rows, headers),
        write_csv(rows, quoting=csv.QUOTE_ALL),
        write_csv(rows, delimiter=";"),
        b"\xef\xbb\xbf" + write_csv(rows),
        b"\n\r\n" + write_csv(rows),
        write_csv(rows).replace(b"\r\n", b"\n"),
        write_csv(rows).replace(b"registrertIMvaregisteret", b"registrertIMvaRegisteret"),
        write_csv(rows)
        .replace(b"organisasjonsnummer", b" OrganisasjonsNummer")
        .replace(b"navn,", b'"NAVN",'),
        write_csv(rows, [header.upper() for header in HEADERS]),
        write_csv(rows).decode().encode("utf-16"),
    ):
        if content.startswith(b"ORGANISASJONSNUMMER"):
            upper = [{key.upper(): value for key, value in row.items()} for row in rows]
            content = write_csv(upper, [header.upper() for header in HEADERS])
        read = read_bytes(tmp_path, content)
        pd.testing.assert_frame_equal(read.units, expected)


def test_files_are_told_by_content_not_by_name(tmp_path: Path) -> None:
    rows = [make_row(k) for k in range(3)]
    expected = read_bytes(tmp_path, write_csv(rows)).units
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("underenheter.csv", write_csv(rows))
    lines = b"\n".join(json.dumps(nest(row)).encode() for row in rows)
    answer = json.dumps({"_embedded": {"underenheter": [nest(row) for row in rows]}, "page": {}}).encode()
    for content in (
        gzip.compress(write_csv(rows)),
        gzip.compress(write_csv(rows)[:200]) + gzip.compress(write_csv(rows)[200:]),
        packed.getvalue(),
        write_json(rows),
        gzip.compress(write_json(rows, indent=1)),
        b"\xef\xbb\xbf" + write_json(rows),
        lines,
        answer,
    ):
        pd.testing.assert_frame_equal(read_bytes(tmp_path, content, "any.thing").units, expected)


def test_the_workbook_gives_the_same_table_from_all_its_sheets(tmp_path: Path) -> None:
    rows = [make_row(k, beliggenhetsadresse__adresse="Vei 1/nHall 2") for k in range(4)]
    expected = read_bytes(tmp_path, write_csv(rows)).units
    book = Workbook()
    book.active.append(["Om filen"])
    for at in (0, 2):
        sheet = book.create_sheet()
        sheet.append(HEADERS)
        for row in rows[at : at + 2]:
            values: list[Any] = [row[header] or None for header in HEADERS]
            values[HEADERS.index("antallAnsatte")] = 12.0
            values[HEADERS.index("organisasjonsnummer")] = int(row["organisasjonsnummer"])
            values[HEADERS.index("harRegistrertAntallAnsatte")] = True
            values[HEADERS.index("oppstartsdato")] = dt.datetime(2013, 2, 1)
            sheet.append(values)
    book.save(tmp_path / "units.xlsx")
    pd.testing.assert_frame_equal(read_units(tmp_path / "units.xlsx").units, expected)
    other = Workbook()
    other.active.append(["navn", "kommune"])
    other.save(tmp_path / "other.xlsx")
    with pytest.raises(RefusedFileError) as caught:
        read_units(tmp_path / "other.xlsx")
    assert caught.value.code == "brreg.columns"


TEXTS = st.text(
    st.one_of(st.sampled_from(" ,\"'\n\r\t;|/n\xa0\u2009\ufeffæøåÆŠá{}<>%"), st.characters(codec="utf-8")),
    max_size=12,
).map(lambda text: text.replace("\0", ""))
LINES = st.lists(st.text("abc ÅØ1/,.\xa0", min_size=1, max_size=8), max_size=3).map("/n".join)


@settings(max_examples=25)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "navn": TEXTS,
                "hjemmeside": TEXTS,
                "beliggenhetsadresse.adresse": LINES,
                "beliggenhetsadresse.poststed": st.sampled_from(
                    ["", "Levanger\xa0- Levange", " BØ ", "TROMSØ"]
                ),
                "beliggenhetsadresse.kommune": TEXTS,
                "beliggenhetsadresse.kommunenummer": st.sampled_from(["", "301", "0301", "5006", "x"]),
                "beliggenhetsadresse.postnummer": st.sampled_from(["", "0150", "150", "SE-11122"]),
                "naeringskode1.kode": st.sampled_from(["", "38.110", "38110", "68.209", "tull"]),
                "antallAnsatte": st.sampled_from(["", "0", "12", "3000"]),
                "harRegistrertAntallAnsatte": st.sampled_from(["", "true", "false"]),
                "overordnetEnhet": st.sampled_from(["", NUMBERS[3], "123456789"]),
                "oppstartsdato": st.sampled_from(
                    ["", "2013-02-01", "01.02.2013", "2013-02-01T00:00:00Z", "i går"]
                ),
                "organisasjonsform.kode": st.sampled_from(["", "BEDR", "AAFY", "ENK"]),
            },
        ),
        max_size=5,
    ),
    order=st.permutations(HEADERS),
)
def test_csv_and_json_give_the_same_table(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]], order: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("both")
    units = [make_row(k) | row for k, row in enumerate(rows)]
    for keep in (True, False):
        one = read_bytes(folder, write_csv(units, order), keep_sole_proprietors=keep)
        two = read_bytes(folder, write_json(units), "units.json", keep_sole_proprietors=keep)
        pd.testing.assert_frame_equal(one.units, two.units)
        assert (one.rows, one.left_out, one.faults) == (two.rows, two.left_out, two.faults)
        assert one.unreadable == two.unreadable
    asked = read_records([nest(row) for row in units])
    pd.testing.assert_frame_equal(asked.units, one.units)
    assert len(one.units) + sum(one.left_out.values()) == len(rows)
    everything = one.units.drop(columns="employees").to_numpy().ravel()
    for text in everything:
        if not pd.isna(text):
            assert text
            assert text == " ".join(text.split())


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    names = [
        "=HYPERLINK(1) AS",
        "{{7*7}} AS",
        "<script>alert(1)</script> AS",
        "'; DROP TABLE x;-- AS",
        "%s{0} AS",
    ]
    rows = [make_row(k, navn=name, hjemmeside="javascript:1") for k, name in enumerate(names)]
    for content in (write_csv(rows), write_json(rows)):
        assert read_bytes(tmp_path, content).units["name"].tolist() == names


def test_texts_are_tidied_in_bulk_as_they_are_one_by_one() -> None:
    signs = [chr(code) for code in (*range(0x3100), 0xFEFF, 0xFFFD, 0x1F600)]
    texts = [text for sign in signs for text in (f"A{sign}B", f"{sign}B", f"A {sign}", sign)] + [
        "",
        "  ",
        "A  B",
    ]
    records = [{"organisasjonsnummer": NUMBERS[0], "hjemmeside": text} for text in texts]
    tidied = shape_units(gather_texts(records), np.full(len(texts), 810000004), Unreadable())["homepage"]
    assert [None if pd.isna(text) else text for text in tidied] == [tidy_text(text) or None for text in texts]
    joints = ("/n", "/nedre", "/nr 2", "/n ", " ,/n", "\\n", "\r\n", "/", "n", ",/n/n")
    texts = [
        f"{one}{joint}{two}"
        for joint in joints
        for one in ("", "Vei 1", ",", "\xa0")
        for two in ("", "x", "H,", " ")
    ]
    records = [
        {"organisasjonsnummer": NUMBERS[0], "beliggenhetsadresse.adresse": text} for text in [*texts, *signs]
    ]
    tidied = shape_units(gather_texts(records), np.full(len(records), 810000004), Unreadable())["address"]
    expected = [tidy_address(text) or None for text in [*texts, *signs]]
    assert [None if pd.isna(text) else text for text in tidied] == expected


def test_odd_characters_in_names_are_made_plain(tmp_path: Path) -> None:
    row = make_row(
        navn="\ufeff LEVANGER\xa0-\u2009LEVANGE  \x07AS ", beliggenhetsadresse__adresse="Vei 1\nHall 2"
    )
    unit = read_bytes(tmp_path, write_csv([row])).units.iloc[0]
    assert (unit["name"], unit["address"]) == ("LEVANGER - LEVANGE AS", "Vei 1, Hall 2")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Storgata 1/n7715 STEINKJER", "Storgata 1, 7715 STEINKJER"),
        ("c/o Noen/nvei 2", "c/o Noen, vei 2"),
        ("Vei 1/nedre plan", "Vei 1/nedre plan"),
        ("Vei 1\\nHall 2", "Vei 1, Hall 2"),
        ("/nVei 1/n/n", "Vei 1"),
        ("Vei 1, /n Hall", "Vei 1, Hall"),
        ("/n", ""),
    ],
)
def test_lines_of_an_address(written: str, read: str) -> None:
    assert tidy_address(written) == read


def test_rows_that_cannot_be_used_are_counted_and_told(tmp_path: Path) -> None:
    good = write_csv([make_row(k) for k in range(3)]).decode().splitlines()
    lines = [
        *good,
        good[1],  # once more
        good[1].replace(NUMBERS[0], "810000001"),  # wrong check digit
        good[1].replace(NUMBERS[0], ""),
        "for,få,felt",
        good[2].replace(NUMBERS[1], f'"{NUMBERS[5][:3]} {NUMBERS[5][3:6]} {NUMBERS[5][6:]}"'),
        good[2] + ",for mange",
        "",
    ]
    read = read_bytes(tmp_path, "\n".join(lines).encode())
    assert read.units["organisation_number"].tolist() == [*NUMBERS[:3], NUMBERS[5]]
    assert read.faults == {"number": 2, "duplicate": 1, "wrong_fields": 2}
    assert read.rows == 9
    told = read.tell("units.csv")
    assert {finding.code for finding in told} == {"brreg.number", "brreg.duplicate", "brreg.wrong_fields"}


def test_everything_that_is_told_has_a_sentence() -> None:
    faults = dict.fromkeys(("number", "duplicate", "wrong_fields", "not_a_unit"), 1)
    left_out = dict.fromkeys(("elsewhere", "no_municipality", "other_industry"), 1)
    left_out |= dict.fromkeys(("sole_proprietor", "parent_form_unknown"), 1)
    read = UnitsRead(
        pd.DataFrame(), 9, left_out, faults, dict.fromkeys(RAW_COLUMNS[:3], 1), unsure=1, mended=1
    )
    told = read.tell("x")
    assert len(told) == 4 + 3 + 2 + 3
    assert {finding.code for finding in told} <= set(MESSAGES)


def test_objects_that_are_no_units_are_counted(tmp_path: Path) -> None:
    content = json.dumps([nest(make_row()), None, 3, "x", [1], {"navn": "UTEN NUMMER"}]).encode()
    read = read_bytes(tmp_path, content, "units.json")
    assert (len(read.units), read.faults) == (1, {"not_a_unit": 4, "number": 1})


def test_deleted_units_have_little(tmp_path: Path) -> None:
    record = {
        "organisasjonsnummer": NUMBERS[0],
        "navn": "NEDLAGT FABRIKK AS",
        "organisasjonsform": {"kode": "BEDR", "_links": {}},
        "slettedato": "2024-11-26",
        "nedleggelsesdato": "2024-11-20",
        "_links": {"self": {"href": "x"}},
    }
    unit = read_bytes(tmp_path, json.dumps(record).encode(), "one.json").units.iloc[0]
    assert (unit["deleted_on"], unit["closed_on"], unit["employees_status"]) == (
        "2024-11-26",
        "2024-11-20",
        "not_given",
    )


def test_places_are_found_by_numbers_of_any_year(tmp_path: Path) -> None:
    given_numbers = {
        "5006": "today",
        "1702": "Steinkjer until 2017",
        "5039": "Verran, part of Steinkjer since 2020",
        "5001": "Trondheim",
        "0301": "Oslo",
        "301": "Oslo with a lost zero",
        "1507": "Ålesund, divided in 2024",
        "9999": "no such",
        "": "none",
    }
    rows = [make_row(k, beliggenhetsadresse__kommunenummer=number) for k, number in enumerate(given_numbers)]
    content = write_csv(rows)
    steinkjer = read_bytes(tmp_path, content, municipalities=["5006"])
    known = set(steinkjer.units["municipality_number"])
    assert {"5006", "5039"} <= known <= {"5006", "1702", "5039"}
    assert steinkjer.left_out["no_municipality"] == 1
    assert read_bytes(tmp_path, content, municipalities=["5039"]).units.equals(steinkjer.units)
    county = read_bytes(tmp_path, content, counties=["50"])
    assert set(county.units["municipality_number"]) == known | {"5001"}
    haram = read_bytes(tmp_path, content, municipalities=["1580"])
    assert haram.units["municipality_number"].tolist() == ["1507"]
    assert haram.unsure == 1
    assert "brreg.split" in {finding.code for finding in haram.tell("x")}
    county = read_bytes(tmp_path, content, counties=["15"])
    assert (county.units["municipality_number"].tolist(), county.unsure) == (["1507"], 0)
    both = read_bytes(tmp_path, content, counties=["03"], municipalities=["5006"])
    assert len(both.units) == len(steinkjer.units) + 2
    with pytest.raises(UnknownMunicipalityError):
        read_bytes(tmp_path, content, municipalities=["9999"])


def test_industries_at_any_level_in_any_of_three_columns(tmp_path: Path) -> None:
    rows = [
        make_row(0, naeringskode1__kode="38.110"),
        make_row(1, naeringskode1__kode="46.770", naeringskode3__kode="38.320"),
        make_row(2, naeringskode1__kode="35.110"),
        make_row(3, naeringskode1__kode=""),
    ]
    for wanted, positions in (
        (["38"], [0, 1]),
        (["38.1"], [0]),
        (["38110"], [0]),
        (["E38.11", "35"], [0, 2]),
        (["01"], []),
    ):
        read = read_bytes(tmp_path, write_csv(rows), industries=wanted)
        assert read.units["organisation_number"].tolist() == [NUMBERS[k] for k in positions]
        assert sum(read.left_out.values()) == 4 - len(positions)
    with pytest.raises(ParameterError):
        read_bytes(tmp_path, write_csv(rows), industries=["avfall"])


def test_sole_proprietors_are_out_unless_asked_for(tmp_path: Path) -> None:
    rows = [
        make_row(0, navn="OLA NORMANN", antallAnsatte=""),
        make_row(1, navn="FABRIKKEN", antallAnsatte=""),
        make_row(2, organisasjonsform__kode="ENK"),
        make_row(3),
    ]
    parents = [
        {"organisasjonsnummer": NUMBERS[100], "organisasjonsform.kode": "ENK", "navn": "x"},
        {"organisasjonsnummer": NUMBERS[101], "organisasjonsform.kode": "AS", "navn": "y"},
    ]
    firms = tmp_path / "enheter.csv.gz"
    firms.write_bytes(gzip.compress(write_csv(parents)))
    alone = read_bytes(tmp_path, write_csv(rows))
    assert alone.units["organisation_number"].tolist() == [NUMBERS[3]]
    assert alone.left_out == {"sole_proprietor": 1, "parent_form_unknown": 2}
    steps: list[tuple[str, int, int | None]] = []
    known = read_bytes(tmp_path, write_csv(rows), parents=firms, progress=lambda *step: steps.append(step))
    assert known.units["organisation_number"].tolist() == [NUMBERS[1], NUMBERS[3]]
    assert known.left_out == {"sole_proprietor": 2}
    assert steps == [("parents", 2, None), ("read", 4, None)]
    everyone = read_bytes(tmp_path, write_csv(rows), parents=firms, keep_sole_proprietors=True)
    assert everyone.units["parent_form"].fillna("").tolist() == ["ENK", "AS", "", ""]
    assert len(read_parent_forms(firms, numbers=[NUMBERS[101], "tull"])) == 1


def test_what_is_not_utf8_is_mended_and_told_without_losing_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brregbulk, "GROUP_BYTES", 2_000)
    monkeypatch.setattr(brregbulk, "_BLOCK", 4_000)
    rows = [make_row(k, navn=f"BÅT {k} AS") for k in range(60)]
    parts = write_csv(rows).split("BÅT 59".encode())
    assert len(parts) == 2
    for content in (
        parts[0] + "BÅT 59".encode("cp1252") + parts[1],
        write_csv(rows).decode().encode("cp1252"),
    ):
        read = read_bytes(tmp_path, content)
        assert read.units["name"].tolist() == [f"BÅT {k} AS" for k in range(60)]
        assert read.mended in (1, 60)
        assert [finding.code for finding in read.tell("x")] == ["brreg.encoding"]
    broken = write_json(rows).replace("BÅT 7 ".encode(), b"B\xc5T 7 ")
    read = read_bytes(tmp_path, broken, "units.json")
    assert (read.units["name"].tolist(), read.mended) == ([f"BÅT {k} AS" for k in range(60)], 1)


@pytest.mark.parametrize("block", [1 << 20, 700])
@pytest.mark.parametrize(
    ("stray", "others", "lost"),
    [
        ('{number},"Uavsluttet AS,,BEDR', 'SLAKTER, "DEN STORE" AS', {"wrong_fields": 1}),
        # ends in the same column of a later row: as many fields as one row
        ('{number},"Uavsluttet AS', 'SLAKTER, "DEN STORE" AS', {"wrong_fields": 1}),
        ('{number},"Uavsluttet AS', "SLAKTER AS", {"wrong_fields": 1}),  # no other quote in the file
        ('{number},"Uavsluttet AS', "SLAKTER\nAVD 2 AS", {"wrong_fields": 1}),
        ("whole", 'SLAKTER, "DEN STORE" AS', {}),  # a row but for the quote: read without it
        ("whole", "SLAKTER\nAVD 2 AS", {}),
    ],
)
def test_a_lone_quote_costs_no_other_row(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    block: int,
    stray: str,
    others: str,
    lost: dict[str, int],
) -> None:
    monkeypatch.setattr(brregquotes, "_BLOCK", block)
    rows = [make_row(k, navn=others if k % 9 == 8 else f"FABRIKK {k} AS") for k in range(40)]
    clean = write_csv([*rows[:12], make_row(40), *rows[12:]])
    expected = read_bytes(tmp_path, write_csv(rows) if lost else clean)
    last = write_csv([make_row(40)]).split(b"\r\n")[1].decode()
    broken = last.replace(",OPPD", ',"OPPD') if stray == "whole" else stray.format(number=NUMBERS[40])
    assert broken != last
    read = read_bytes(tmp_path, clean.replace(last.encode(), broken.encode()))
    pd.testing.assert_frame_equal(read.units, expected.units)
    assert read.faults == lost
    assert read.rows == 41


def test_small_groups_give_the_same_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [make_row(k % 90, navn=f"FABRIKK\n{k} AS") for k in range(95)]
    whole = [read_bytes(tmp_path, content) for content in (write_csv(rows), write_json(rows))]
    monkeypatch.setattr(brregbulk, "GROUP_BYTES", 3_000)
    monkeypatch.setattr(brregbulk, "_BLOCK", 2_000)
    monkeypatch.setattr(brregbulk, "_RECORDS", 7)
    for content, expected in zip((write_csv(rows), write_json(rows)), whole, strict=True):
        read = read_bytes(tmp_path, content)
        pd.testing.assert_frame_equal(read.units, expected.units)
        assert read.faults == expected.faults == {"duplicate": 5}
    path = tmp_path / "units.csv"
    path.write_bytes(write_csv(rows))
    assert len(list(stream_bulk(path, BulkFaults()))) > 5


@pytest.mark.parametrize("layout", [write_csv, write_json])
def test_a_file_that_ends_too_early_is_refused(tmp_path: Path, layout: Any) -> None:
    rows = [make_row(k) for k in range(80)]
    packed = gzip.compress(layout(rows))
    for content in (packed[: len(packed) // 2], packed[:-3]):
        with pytest.raises(RefusedFileError) as caught:
            read_bytes(tmp_path, content)
        assert caught.value.code == "file.damaged"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (b"\xef\xbb\xbf\n\n", "file.empty"),
        (b"<!doctype html><html><body>Feil</body></html>", "file.html"),
        (b"navn;kommune\nA;B\n", "brreg.columns"),
        (b'[{"organisasjonsnummer": "8', "file.damaged"),
        (b'[{"organisasjonsnummer": 1]', "file.damaged"),
        (b'[{"navn": ' + b"[" * 200_000, "file.damaged"),
        (b'[{"navn": 1' + b"0" * 10_000 + b"}]", "file.damaged"),
        (b"PK\x03\x04 no archive", "file.damaged"),
        (b"\x1f\x8b no archive", "file.damaged"),
        (b"%PDF-1.7", "file.damaged"),
    ],
)
def test_what_is_no_register_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(RefusedFileError) as caught:
        read_bytes(tmp_path, content)
    assert caught.value.code == code
    assert code in MESSAGES


def test_a_missing_file_and_an_archive_of_several_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedFileError) as caught:
        read_units(tmp_path / "none.csv")
    assert caught.value.code == "file.not_found"
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", write_csv([]))
        archive.writestr("b.csv", write_csv([]))
    with pytest.raises(RefusedFileError) as caught:
        read_units(tmp_path / "two.zip")
    assert caught.value.code == "brreg.several_files"


def test_a_register_without_rows_is_an_empty_table(tmp_path: Path) -> None:
    for content in (write_csv([]), write_csv([]).rstrip(), b"[]", b'{"page": {"totalElements": 0}}'):
        read = read_bytes(tmp_path, content, counties=["50"])
        assert (len(read.units), read.rows, tuple(read.units)) == (0, 0, BUSINESS_UNIT_COLUMNS)


def test_the_revision_of_the_whole_file_is_told(tmp_path: Path) -> None:
    codes = ["38.110"] * 8 + ["68.209", "68.209"]
    rows = [make_row(k, naeringskode1__kode=codes[k % 10]) for k in range(90)]
    few = read_bytes(tmp_path, write_csv(rows))
    assert (few.revision, set(few.units["industry_revision"].dropna())) == ("", {"sn2007"})
    many = read_bytes(tmp_path, write_csv(rows * 3))
    assert (many.revision, set(many.units["industry_revision"])) == ("sn2007", {"sn2007"})
    new = [make_row(k, naeringskode1__kode="68.200") for k in range(90)]
    assert set(read_bytes(tmp_path, write_csv(new * 3)).units["industry_revision"]) == {"sn2025"}


def test_a_record_is_flattened_from_nested_or_dotted_keys_in_any_casing() -> None:
    row = make_row(beliggenhetsadresse__adresse="Vei 1/nHall 2", naeringskode2__kode="46.770")
    nested = flatten_unit(nest(row))
    assert tuple(nested) == RAW_COLUMNS
    assert nested["address"] == "Vei 1\nHall 2"
    assert nested["employees"] == "12"
    assert nested["has_registered"] == "true"
    dotted = flatten_unit({key.upper(): value for key, value in row.items()})
    assert dotted | {"address": nested["address"]} == nested
    firm = flatten_unit({"forretningsadresse": {"Kommunenummer": 301, "adresse": [None, " ", "Vei 1"]}})
    assert (firm["municipality_number"], firm["address"]) == ("301", "Vei 1")
    assert flatten_unit({"navn": None, "organisasjonsform": None, "naeringskode1": [], "x": {"y": 1}}) == (
        dict.fromkeys(RAW_COLUMNS)
    )
    assert match_headers(["Forretningsadresse.Kommune", "NAVN"]) == {"municipality_name": 0, "name": 1}


def test_half_a_character_does_not_stop_the_reading(tmp_path: Path) -> None:
    record = nest(make_row(navn="X AS"))
    content = json.dumps([record]).replace("X AS", "X\\ud83d AS").encode()
    assert read_bytes(tmp_path, content, "x.json").units["name"].tolist() == ["X\ufffd AS"]


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the reference folder is not here (SYMBIOSEKART_REFERENCE)")
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("brreg_underenheter_bulk_2024.copied.csv", ("811549932", "BEDR", 10, "49.410", "3228", "2165")),
        ("brreg_underenheter_sok.copied.json", ("924203617", "BEDR", 94, "84.110", "1813", "8900")),
        ("brreg_enheter_sok.copied.json", ("991825827", "ORGL", 433, "84.110", "0301", "0585")),
    ],
)
def test_the_examples_of_the_register(file: str, expected: tuple[object, ...]) -> None:
    read = read_units(EXAMPLES / file)
    names = ("organisation_number", "form", "employees", "industry_code", "municipality_number", "postcode")
    assert tuple(read.units.loc[0, list(names)]) == expected
    assert (len(read.units), read.faults, read.left_out, read.unreadable) == (1, {}, {}, {})


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the reference folder is not here (SYMBIOSEKART_REFERENCE)")
def test_the_example_of_a_deleted_unit_and_of_no_hits() -> None:
    deleted = read_units(EXAMPLES / "brreg_enhet_slettet.copied.json").units
    assert deleted.loc[0, ["organisation_number", "form", "deleted_on"]].tolist() == [
        "821227062",
        "FYLK",
        "2024-11-26",
    ]
    assert read_units(EXAMPLES / "brreg_enheter_ingen_treff.copied.json").rows == 0
