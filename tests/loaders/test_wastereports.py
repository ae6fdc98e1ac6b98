# ruff: noqa: E501  (reports are easier to read in whole lines)
"""Waste reports as suppliers write them: read among a member's own files, mended where certain, told where not."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from dashboard.commands.check import write_text
from dashboard.messages import describe_finding
from dashboard.text import read_catalogues
from geodata.findings import Severity
from loaders.codes import read_ns9431_groups
from loaders.members import MemberFiles, read_members
from loaders.official.reportgoods import GoodsReader
from loaders.official.reportlayout import find_waste_report
from loaders.official.reportperiods import (
    join_periods,
    make_month,
    read_month_header,
    read_period,
    read_year_header,
)
from loaders.official.reportsites import part_address
from loaders.rawtables import Limits, RawTable
from loaders.references import References
from loaders.sandbox import Upload
from loaders.tabular import read_text_table
from loaders.wastereports import lay_out_reports, read_waste_reports

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = (
    Path(os.environ.get("SYMBIOSEKART_REFERENCE", ROOT.parent / "shared" / "reference")) / "api-examples"
)
REFERENCES = References()
ORGNR = "999999999"


def read(*files: tuple[str, str | bytes], encoding: str = "utf-8") -> MemberFiles:
    uploads = [
        Upload(name, content if isinstance(content, bytes) else content.encode(encoding))
        for name, content in files
    ]
    return read_members(uploads, references=REFERENCES)


def make_book(rows: list[list[Any]], *, sheet: str = "Rapport") -> bytes:
    book = Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def amounts(result: MemberFiles) -> dict[str, tuple[float | None, float | None, float | None, str]]:
    table = result.tables.streams
    columns = [
        table[name].astype(object).where(table[name].notna(), None)
        for name in ("amount_min", "amount_best", "amount_max", "unit")
    ]
    return {str(m): tuple(row) for m, *row in zip(table["material"], *columns, strict=True)}  # type: ignore[misc]


def told(result: MemberFiles, code: str) -> list[Any]:
    return [finding for finding in result.findings if finding.code == code]


def report(year: str = "01.01.2025 - 31.12.2025", *, rows: str, supplier: str = "", total: str = "") -> str:
    head = f"Avfallsrapport;;;\r\nRapporteringsperiode;{year};;\r\nKunde;Fjellrev Bygg AS;;\r\n"
    head += f"Hentested;Fabrikkvegen 4, 7600 LEVANGER;;\r\n{supplier};;;\r\n;;;\r\nVaregruppe;Vare;Avfallsmengde;Andel\r\n"
    return head + rows + total


WOOD = "1149 Bl. bearb. trevirke;114901;106 750,0 kg;\r\n"
PAPER = "1221 Brunt papir;122101;1 240,0 kg;\r\n"


# --- one report -----------------------------------------------------------------------------------


def test_the_example_becomes_a_facility_and_its_streams() -> None:
    path = EXAMPLES / "avfallsrapport_leverandor.constructed.csv"
    if not path.is_file():
        pytest.skip("the reference folder is not here (SYMBIOSEKART_REFERENCE or ../shared/reference)")
    result = read_members([path], references=REFERENCES)
    summary = result.files[0]
    assert (summary.rows_in, summary.rows_loaded, summary.rows_with_errors) == (10, 10, 0)
    facility = result.tables.facilities.iloc[0]
    assert (facility["name"], facility["postcode"], facility["place"]) == (
        "Konstruert Bygg AS",
        "7600",
        "LEVANGER",
    )
    assert facility["municipality_number"] == "5037"
    assert facility.geometry is not None
    streams = result.tables.streams
    assert set(streams["basis"]) == {"reported"}
    assert set(streams["direction"]) == {"offer"}
    assert set(streams["reference_year"]) == {2025}
    assert streams["amount_best"].sum() == pytest.approx(256.22)
    assert streams["eal_code"].isna().all()  # a group does not tell the code: it is offered, never set
    hazardous = streams[streams["hazardous"].fillna(False)]
    assert hazardous["amount_best"].tolist() == pytest.approx([0.24])
    assert not told(result, "wastereport.sum_differs")
    assert told(result, "wastereport.sorting_rate")[0].values["percent"] == 83.9


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", "\t", ","])
def test_encodings_and_delimiters_give_the_same(encoding: str, delimiter: str) -> None:
    text = report(
        rows="1149 Bl. bearb. trevirke;114901;1750 kg;\r\n9912 Bl. næringsavfall;119901 Restavfall;40,5 tonn;\r\n"
    )
    if delimiter == ",":
        cells = [line.split(";") for line in text.splitlines()]
        text = "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in cells)
    result = read(("rapport.csv", text.replace(";", delimiter)), encoding=encoding)
    assert amounts(result) == {
        "treated_wood": (None, 1.75, None, "t"),
        "mixed_commercial_waste": (None, 40.5, None, "t"),
    }


def test_a_workbook_with_months_is_added_up_and_held_against_its_sums() -> None:
    months = ["Jan", "Feb", "Mar", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Des"]
    rows: list[list[Any]] = [
        ["Avfallsstatistikk 2024"], ["Kunde", "Havørn Industri AS"], ["Org.nr", ORGNR],
        ["Adresse", "Havnegata 1", None, "Postnr", 7600, "Sted", "Levanger"], [],
        ["Fraksjon", "NS-kode", *[f"{month} (kg)" for month in months], "Sum"],
        ["Trevirke", 1149, *[100.5] * 12, 1206], ["Gips", 1615, *[0] * 11, 500, 450], ["Sum", None, *[100.5] * 11, 600.5, 1706],
    ]  # fmt: skip
    result = read(("fil.xlsx", make_book(rows)))
    assert amounts(result) == {
        "treated_wood": (None, pytest.approx(1.206), None, "t"),
        "gypsum": (None, 0.5, None, "t"),
    }
    assert [f.row for f in told(result, "wastereport.months_differ")] == [8]
    assert not told(result, "wastereport.part_year")
    facility = result.tables.facilities.iloc[0]
    assert (facility["organisation_number"], facility["postcode"]) == (ORGNR, "7600")


def test_a_list_of_pickups_is_summed_by_fraction_and_site() -> None:
    rows = "Dato;Kunde;Hentested;Varenr;Fraksjon;Mengde;Enhet\n"
    rows += "12.01.2024;Alkekonge AS;Verket, Storgata 3, 7600 Levanger;119901;Restavfall;1 200;kg\n"
    rows += "15.06.2024;Alkekonge AS;Verket, Storgata 3, 7600 Levanger;119901;Restavfall;-200;kg\n"
    rows += "20.12.2024;Alkekonge AS;Lageret, Kaigata 1, 7650 Verdal;122101;Brunt papir;0,35;tonn\n"
    rows += "20.12.2024;Alkekonge AS;Lageret, Kaigata 1, 7650 Verdal;;Glass;3;stk\n"
    result = read(("uttrekk.csv", rows))
    assert amounts(result) == {
        "residual_waste": (None, 1.0, None, "t"),
        "cardboard": (None, 0.35, None, "t"),
        "glass": (None, None, None, "t"),
    }
    assert sorted(result.tables.facilities["municipality_number"]) == ["5037", "5038"]
    assert result.files[0].rows_in == result.files[0].rows_loaded == 4
    assert told(result, "wastereport.period_from_dates")[0].values["read_as"] == "2024"
    for code in ("wastereport.correction", "wastereport.pieces"):
        assert told(result, code)


def test_a_cover_speaks_for_the_sheets_of_its_book() -> None:
    book = Workbook()
    book.active.title = "Sammendrag"
    for row in (
        ["Avfallsrapport"],
        ["Kunde:", "Fjord AS"],
        ["Periode:", "01.01.2024 - 31.12.2024"],
        ["Totalt (tonn)", 12.5],
    ):
        book.active.append(row)
    sheet = book.create_sheet("Fraksjoner")
    sheet.append(["Hentested", "Avfallstype", "NS-kode", "Vekt (kg)"])
    sheet.append(["Industriveien 4, 7650 VERDAL", "Papp", "1221", 5000])
    sheet.append(["Totalt", None, None, 5000])
    stream = io.BytesIO()
    book.save(stream)
    result = read(("bok.xlsx", stream.getvalue()))
    assert amounts(result) == {"cardboard": (None, 5.0, None, "t")}
    assert result.tables.facilities["name"].tolist() == ["Fjord AS"]
    assert result.tables.streams["reference_year"].tolist() == [2024]


def test_another_customers_row_does_not_get_the_blocks_number_and_place() -> None:
    text = f"Avfallsrapport 2024\nKunde;Rev AS\nOrg.nr;{ORGNR}\nAdresse;Storgata 3\nPostnr;7600\nPoststed;7600 Levanger\n"
    text += "Kunde;Varegruppe;Kg\nRev AS;Papir;100\nGaupe AS;Papir;200\n"
    facilities = read(("to.csv", text)).tables.facilities.set_index("name")
    assert facilities["organisation_number"].fillna("").to_dict() == {"Rev AS": ORGNR, "Gaupe AS": ""}
    assert facilities["place"].fillna("").to_dict() == {"Rev AS": "Levanger", "Gaupe AS": ""}


def test_months_and_years_in_a_column_are_periods() -> None:
    head = "Kunde;Rein AS;\nHentested;Storgata 1, 7600 Levanger;\n"
    months = head + "Måned;Fraksjon;Mengde (kg)\njanuar 2024;Papir;100\nfebruar 2024;Papir;200\n"
    result = read(("m.csv", months))
    assert amounts(result) == {"paper": (pytest.approx(0.3), pytest.approx(0.3), None, "t")}
    assert told(result, "wastereport.part_year")[0].values["period"] == "01.01.2024–29.02.2024"
    years = head + "År;Fraksjon;Mengde (kg)\n2022;Papir;100\n2024;Papir;300\n2023;Papir;200\n"
    assert amounts(read(("y.csv", years))) == {"paper": (0.1, 0.3, 0.3, "t")}


def test_sites_with_their_own_blocks_are_facilities_of_their_own() -> None:
    text = "Avfallsrapport 2024;;\nKunde;Delfin AS;\nHentested;Fabrikkgata 1, 7600 Levanger;\nVaregruppe;Vare;Mengde tonn\n"
    text += "1149 Bl. bearb. trevirke;114901;10,5\nSum;;10,5\nHentested;Kaia 2, 7650 Verdal;\nVaregruppe;Vare;Mengde tonn\n"
    text += "1149 Bl. bearb. trevirke;114901;2,5\nSum;;2,5\nTotalsum;;13,0\n"
    result = read(("to.csv", text))
    assert sorted(result.tables.facilities["place"]) == ["Levanger", "Verdal"]
    assert sorted(result.tables.streams["amount_best"]) == [2.5, 10.5]
    assert not told(result, "wastereport.sum_differs")


def test_rows_of_a_group_and_its_sum_are_not_counted_twice() -> None:
    rows = "1149 Bl. bearb. trevirke;;30 000 kg;\n;114901 A;10 000 kg;\n;114902 B;20 000 kg;\nDelsum;;30 000 kg;\n"
    result = read(("g.csv", report(rows=rows, total="Sum;;30 000 kg;\n")))
    assert sorted(result.tables.streams["amount_best"]) == [10.0, 20.0]
    assert set(result.tables.streams["material"]) == {
        "treated_wood"
    }  # the group stands only in its first row
    assert told(result, "row.total_skipped")
    assert not told(result, "wastereport.sum_differs")


def test_a_wrong_sum_and_a_wrong_sorting_rate_are_told() -> None:
    rows = WOOD + "9912 Bl. næringsavfall;;10 000,0 kg;\r\n"
    result = read(("g.csv", report(rows=rows, total="Sum;;126 750,0 kg;\r\nSorteringsgrad;;;50 %\r\n")))
    assert told(result, "wastereport.sum_differs")[0].values["tonnes"] == 116.75
    assert told(result, "wastereport.sorting_differs")[0].values["percent"] == 91.4


def test_the_group_wins_over_number_and_words_and_that_is_told() -> None:
    result = read(("g.csv", report(rows="1447 Rent magn. metall;149901 Gips;8 320,0 kg;\r\n")))
    assert list(amounts(result)) == ["ferrous_metal"]
    assert told(result, "wastereport.number_differs")[0].values["group"] == "1447"
    assert told(result, "wastereport.words_differ")


def test_what_no_words_make_certain_is_left_to_the_reader() -> None:
    result = read(("g.csv", report(rows="2388 Ulumbambum;;10 kg;\r\n" + WOOD)))
    assert list(amounts(result)) == ["treated_wood"]
    unknown = told(result, "row.material_unknown")[0]
    assert (unknown.row, unknown.value) == (8, "Ulumbambum")
    assert (result.files[0].rows_in, result.files[0].rows_with_errors) == (2, 1)
    upload = Upload("g.csv", report(rows="2388 Ulumbambum;;10 kg;\r\n").encode())
    chosen = read_members([upload], references=REFERENCES, accepted={"ulumbambum": "170201"})
    assert chosen.tables.streams["eal_code"].tolist() == ["170201"]


def test_unknown_numbers_of_hazardous_waste_are_hazardous() -> None:
    result = read(("g.csv", report(rows="7777 Noe ukjent;;3 kg;\r\n7051 Maling;70510001;100 kg;\r\n")))
    assert set(amounts(result)) == {"hazardous_waste", "paint"}
    assert result.tables.streams["hazardous"].all()
    assert told(result, "wastereport.hazardous_number")


def test_codes_treatments_and_volumes_of_other_suppliers() -> None:
    text = '"Customer","Zebra AS"\n"Site","Storgata 3, 7600 Levanger"\n"Period","2024"\n'
    text += (
        '"Waste type","EAL code","Quantity","Unit","Treatment"\n"Treavfall","17 02 01","1,234.5","kg","R3"\n'
    )
    text += '"Oljeavfall","13 02 08*","0.5","tonn","R9"\n"Betong","170101","12","m3","R5"\n"Total","","1,734.5","kg"\n'
    result = read(("report.csv", text))
    streams = result.tables.streams.set_index("eal_code")
    assert streams["amount_best"].to_dict() == {"170201": 1.2345, "130208": 0.5, "170101": 12.0}
    assert streams["unit"].to_dict() == {
        "170201": "t",
        "130208": "t",
        "170101": "m3",
    }  # no density is made up
    assert streams["treatment"].to_dict() == {"170201": "R3", "130208": "R9", "170101": "R5"}


def test_nothing_is_delivered_with_zero_and_pieces_have_no_weight() -> None:
    result = read(("g.csv", report(rows="1149 Trevirke;;0,0 kg;\r\n1599 EE-avfall;;4 stk;\r\n")))
    assert amounts(result) == {"weee": (None, None, None, "t")}
    assert told(result, "wastereport.nothing")
    assert result.files[0].rows_skipped == 1


def test_hire_and_transport_are_no_waste() -> None:
    rows = "Leie container 8 m3;;2 stk;\r\nTransport;;;\r\nMiljøgebyr;;1 stk;\r\n" + WOOD
    result = read(("g.csv", report(rows=rows)))
    assert list(amounts(result)) == ["treated_wood"]
    assert (result.files[0].rows_in, result.files[0].rows_skipped, result.files[0].rows_with_errors) == (
        1,
        3,
        0,
    )


@pytest.mark.parametrize(
    ("words", "material"),
    [
        ("Bl. bearb. trevirke", "treated_wood"), ("Betong m/armering", "concrete"), ("Plastfolie farget", "plastic_film"),
        ("1142 Overflatebeh. trevirke", "treated_wood"), ("Impr. trevirke", "impregnated_wood"), ("Papp/plast", ""), ("Vinduer m/PCB", ""),
        ("7092 Blyakkumulatorer", "lead_batteries"), ("7240 KFK", "refrigerants"), ("Aviser og magasiner", "paper"), ("9911 Brennbart restavfall", "refuse_derived_fuel"),
    ],
)  # fmt: skip
def test_suppliers_words_name_a_material_only_where_that_is_certain(words: str, material: str) -> None:
    found = GoodsReader(REFERENCES.codes, read_ns9431_groups()).read(None, words, None)
    assert found is not None
    assert found.material == material


def test_a_report_that_names_nobody_and_no_unit_says_so() -> None:
    result = read(("Avfallsrapport_2023.csv", "Fraksjon;Mengde\nRestavfall;1200\nPapir;300\n"))
    assert amounts(result)["residual_waste"][1] == 1.2
    assert told(result, "wastereport.customer_missing")
    assert told(result, "wastereport.unit_assumed")[0].values["unit"] == "kg"
    assert set(result.tables.streams["reference_year"]) == {2023}


def test_an_invalid_organisation_number_costs_no_row() -> None:
    text = report(rows=WOOD).replace("Kunde;Fjellrev", "Org.nr;123456789;;\r\nKunde;Fjellrev")
    result = read(("g.csv", text))
    assert len(result.tables.streams) == 1
    assert told(result, "wastereport.number_invalid")
    assert result.tables.facilities["organisation_number"].isna().all()


@pytest.mark.parametrize(
    "text",
    [
        "Bedrift;Adresse;Postnr;Poststed;Avfallstype;Mengde (tonn)\nAlfa AS;Storgata 3;7600;Levanger;Restavfall;12\n",
        "Kunde;Avfallstype;Mengde;Enhet\nAlfa AS;Restavfall;12;tonn\n",
        "Fraksjon;Mengde\nRestavfall;12\n",
        "Firma;Alfa AS\nOrg.nr;999999999\nMateriale;Mengde;Retning\nTrevirke;12 t;Tilbud\n",
    ],
)
def test_members_lists_are_not_taken_for_reports(text: str) -> None:
    result = read(("liste.csv", text))
    assert not told(result, "wastereport.read")


def test_a_report_beside_a_members_own_list_joins_the_facility() -> None:
    firms = "Navn;Adresse;Postnr;Poststed\nFjellrev Bygg AS;Fabrikkvegen 4;7600;Levanger\n"
    result = read(("bedrifter.csv", firms), ("rapport.csv", report(rows=WOOD)))
    assert len(result.tables.facilities) == 1
    assert result.tables.streams["facility_id"].tolist() == result.tables.facilities["facility_id"].tolist()


def test_hostile_text_stays_text() -> None:
    name = '<script>alert(1)</script>{{7*7}}{facility}%s=cmd|" /C calc"!A0'
    text = f"Kunde;{name.replace(';', ',')}\nHentested;../../etc/passwd, 7600 LEVANGER\nPeriode;2024\n"
    text += "Varegruppe;Vare;Avfallsmengde\n1149 <b>x</b>;=1+1;100 kg\n1221 Brunt papir;;1e400 kg\n1615 Gips;;12 00 kg\n"
    result = read(("avfallsrapport.csv", text))
    assert result.files[0].rows_in == 3
    assert [f.row for f in result.findings if f.severity is Severity.ERROR] == [6, 7]
    for finding in result.findings:
        what, advice = describe_finding(finding, lambda words: words)
        assert what
        assert advice


# --- several years --------------------------------------------------------------------------------


def test_three_years_give_the_latest_and_the_range_whatever_their_order() -> None:
    files = [
        (f"{year}.csv", report(f"01.01.{year} - 31.12.{year}", rows=WOOD.replace("106 750,0", kg)))
        for year, kg in ((2024, "120 000,0"), (2025, "106 750,0"), (2023, "90 000,0"))
    ]
    result = read(*files)
    assert amounts(result) == {"treated_wood": (90.0, 106.75, 120.0, "t")}
    stream = result.tables.streams.iloc[0]
    assert stream["reference_year"] == 2025
    for year in ("2023", "2024", "2025"):
        assert year in stream["reference"]
    assert len(result.tables.facilities) == 1
    assert [summary.rows_loaded for summary in result.files] == [1, 1, 1]


def test_years_in_columns_are_years() -> None:
    text = "Avfallsmengder\nKunde;Elg AS\nHentested;Storgata 3, 7600 Levanger\nFraksjon;2022 (tonn);2023 (tonn);2024 (tonn)\n"
    text += "Restavfall;10,5;11;12\nPapp;1;;2\nTotalt;11,5;11;14\n"
    assert amounts(read(("hist.csv", text))) == {
        "residual_waste": (10.5, 12.0, 12.0, "t"),
        "cardboard": (1.0, 2.0, 2.0, "t"),
    }


def test_part_of_a_year_is_not_scaled() -> None:
    result = read(("q1.csv", report("01.01.2025 - 31.03.2025", rows=WOOD)))
    assert amounts(result) == {"treated_wood": (106.75, 106.75, None, "t")}
    finding = told(result, "wastereport.part_year")[0]
    assert (str(finding.severity), finding.values["period"]) == ("warning", "01.01.2025–31.03.2025")
    assert "01.01.2025–31.03.2025" in result.tables.streams["note"][0]


def test_quarters_make_a_year_and_are_not_counted_beside_it() -> None:
    quarters = [
        "01.01.2025-31.03.2025",
        "01.04.2025-30.06.2025",
        "01.07.2025-30.09.2025",
        "01.10.2025-31.12.2025",
    ]
    files = [
        (f"q{i}.csv", report(days, rows=WOOD.replace("106 750", str(i))))
        for i, days in enumerate(quarters, 1)
    ]
    result = read(*files)
    assert amounts(result) == {"treated_wood": (None, 0.01, None, "t")}
    assert not told(result, "wastereport.part_year")
    year = ("year.csv", report(rows=WOOD.replace("106 750", "12")))
    result = read(*files, year)
    assert amounts(result) == {"treated_wood": (None, 0.012, None, "t")}
    assert len(told(result, "wastereport.period_within")) == 4
    assert [summary.rows_skipped for summary in result.files] == [1, 1, 1, 1, 0]


def test_more_than_a_year_is_not_divided() -> None:
    result = read(("lang.csv", report("01.01.2023 - 31.12.2024", rows=WOOD)))
    assert amounts(result) == {"treated_wood": (None, None, 106.75, "t")}
    assert told(result, "wastereport.long_period")


def test_the_same_report_twice_counts_once_and_two_suppliers_count_both() -> None:
    twice = read(("a.csv", report(rows=WOOD)), ("b.csv", report(rows=WOOD)))
    assert amounts(twice) == {"treated_wood": (None, 106.75, None, "t")}
    assert told(twice, "wastereport.repeated")[0].file == "b.csv"
    both = read(
        ("a.csv", report(rows=WOOD, supplier="Leverandør;Renovasjon Nord AS")),
        ("b.csv", report(rows=WOOD, supplier="Leverandør;Renovasjon Sør AS")),
    )
    assert both.tables.streams["amount_best"].tolist() == [106.75, 106.75]
    assert "Renovasjon Sør AS" in both.tables.streams["reference"][1]
    differing = read(("a.csv", report(rows=WOOD)), ("b.csv", report(rows=WOOD.replace("106 750", "50 000"))))
    assert sorted(differing.tables.streams["amount_best"]) == [50.0, 106.75]
    assert told(differing, "wastereport.same_period")


def test_what_ended_may_be_nothing() -> None:
    old = report("2023", rows=WOOD + PAPER)
    result = read(("a.csv", old), ("b.csv", report("2024", rows=WOOD)))
    assert amounts(result)["cardboard"] == (0.0, 1.24, 1.24, "t")
    assert told(result, "wastereport.not_in_latest")


# --- units, years, corrections and names that suppliers write ----------------------------------------

TONNES = ["TO", "to.", "TON", "Tn", "MT", "TNE", "tonne", "Tonner", "t.", "tonn\u00a0"]


@pytest.mark.parametrize("word", TONNES)
def test_words_for_tonnes_in_a_column_of_units_are_tonnes(word: str) -> None:
    rows = f"Varegruppe;Vare;Mengde;Enhet\n1149 Trevirke;;450;{word}\n1221 Papp;;500;KGM\n9912 Restavfall;;3;M3\n"
    result = read(("avfallsrapport_2024.csv", "Kunde;Rein AS;;\n" + rows))
    assert amounts(result)["treated_wood"] == (None, 450.0, None, "t")
    assert amounts(result)["cardboard"] == (None, 0.5, None, "t")
    assert amounts(result)["mixed_commercial_waste"] == (None, 3.0, None, "m3")
    assert not told(result, "wastereport.unit_assumed")
    assert not told(result, "wastereport.unit_unknown")


@pytest.mark.parametrize(
    ("header", "cell", "tonnes"),
    [("Mengde (TO)", "450", 450.0), ("Vekt [TN]", "450", 450.0), ("Mengde i tonner", "450", 450.0), ("Mengde", "450 TO", 450.0), ("Mengde", "1 250 tn.", 1250.0)],
)  # fmt: skip
def test_words_for_tonnes_in_headers_and_cells_are_tonnes(header: str, cell: str, tonnes: float) -> None:
    text = f"Avfallsrapport 2024\nKunde;Rein AS\nVaregruppe;Vare;{header}\n1149 Trevirke;;{cell}\n"
    assert amounts(read(("r.csv", text))) == {"treated_wood": (None, tonnes, None, "t")}


def test_an_unknown_word_in_the_column_of_units_makes_the_amount_unknown_and_is_named() -> None:
    text = "Avfallsrapport 2024\nKunde;Rein AS\nVaregruppe;Vare;Mengde;Enhet\n1149 Trevirke;;450;QQX\n1221 Papp;;500;KG\n1615 Gips;;7;QQX\n"
    result = read(("r.csv", text))
    assert amounts(result) == {
        "treated_wood": (None, None, None, "t"),
        "cardboard": (None, 0.5, None, "t"),
        "gypsum": (None, None, None, "t"),
    }
    (finding,) = told(result, "wastereport.unit_unknown")
    assert (str(finding.severity), finding.row, finding.column) == ("warning", 4, "Enhet")
    assert (finding.value, finding.values["count"]) == ("QQX", 2)
    assert not told(result, "wastereport.unit_assumed")
    assert not told(result, "wastereport.pieces")
    assert "QQX" in describe_finding(finding, lambda words: words)[0]


def test_a_unit_beside_a_count_and_departments_called_enhet_are_no_units_of_the_weight() -> None:
    head = "Avfallsrapport 2024\nKunde;Rein AS\n"
    counted = head + "Varegruppe;Vare;Antall;Enhet;Vekt (kg)\n1149 Trevirke;;3;CONT;1200\n"
    assert amounts(read(("r.csv", counted))) == {"treated_wood": (None, 1.2, None, "t")}
    departments = head + "Enhet;Varegruppe;Vare;Vekt (kg)\nDrift Nord;1149 Trevirke;;1200\n"
    assert amounts(read(("r.csv", departments))) == {"treated_wood": (None, 1.2, None, "t")}


def test_a_list_with_years_in_columns_is_a_report() -> None:
    text = "Kundenavn;Kundenr;Anleggsnavn;Avfallstype;2021 (tonn);2022 (tonn);2023 (tonn)\n"
    text += "Lom Skole;1234;Lom Skole, Fjellveien 1, 7600 Levanger;Restavfall;12,345;11,5;10,25\n"
    text += "Lom Skole;1234;Lom Skole, Fjellveien 1, 7600 Levanger;Papir;1,5;;2,0\nSum;;;;13,845;11,5;12,25\n"
    result = read(("uttrekk.csv", text))
    assert amounts(result) == {
        "residual_waste": (10.25, 10.25, 12.345, "t"),
        "paper": (1.5, 2.0, 2.0, "t"),
    }
    facility = result.tables.facilities.iloc[0]
    assert (facility["name"], facility["address"], facility["postcode"]) == (
        "Lom Skole",
        "Fjellveien 1",
        "7600",
    )
    assert facility["facility_id"] != "1234"
    assert set(result.tables.streams["basis"]) == {"reported"}
    assert not told(result, "wastereport.sum_differs")


def test_the_last_column_of_years_ends_with_the_reports_period() -> None:
    text = "Avfallsrapport\nPeriode;01.01.2022 - 30.09.2024\nKunde;Elg AS\nFraksjon;2022 (kg);2023 (kg);2024 (kg)\nPapp;1000;2000;900\n"
    result = read(("r.csv", text))
    assert amounts(result) == {"cardboard": (1.0, 2.0, 2.0, "t")}
    assert told(result, "wastereport.part_left_out")[0].values["period"] == "01.01.2024–30.09.2024"


@pytest.mark.parametrize("order", [(2021, 2022, 2023), (2023, 2022, 2021), (2022, 2023, 2021)])
def test_a_plain_list_with_amounts_of_several_years_keeps_the_latest_and_tells_the_others(
    order: tuple[int, ...],
) -> None:
    text = "Bedrift;Breddegrad;Lengdegrad;Avfallstype;" + ";".join(f"Mengde {year} (tonn)" for year in order)
    text += "\nAlfa AS;63.74;11.30;Trevirke;" + ";".join(str(year - 2000) for year in order) + "\n"
    result = read(("liste.csv", text))
    stream = result.tables.streams.iloc[0]
    assert (stream["amount_best"], stream["reference_year"]) == (23.0, 2023)
    findings = told(result, "header.other_year")
    assert {finding.column for finding in findings} == {"Mengde 2021 (tonn)", "Mengde 2022 (tonn)"}
    assert {finding.values["read_as"] for finding in findings} == {"Mengde 2023 (tonn)"}


def test_a_correction_is_one_finding_and_no_error() -> None:
    alone = read(("g.csv", report(rows=WOOD + "1615 Gips;161501;-120,0 kg;\r\n")))
    about = [finding for finding in alone.findings if finding.row == 9 and finding.value is not None]
    assert [finding.code for finding in about] == ["wastereport.taken_back"]
    assert not alone.has_errors
    assert list(amounts(alone)) == ["treated_wood"]
    assert (alone.files[0].rows_loaded, alone.files[0].rows_skipped) == (1, 1)
    both = read(("g.csv", report(rows="1615 Gips;161501;500,0 kg;\r\n1615 Gips;161501;-120,0 kg;\r\n")))
    assert amounts(both) == {"gypsum": (None, 0.38, None, "t")}
    assert [finding.code for finding in both.findings if "correction" in finding.code] == [
        "wastereport.correction"
    ]
    assert not told(both, "wastereport.taken_back")


def test_a_year_with_more_taken_back_than_delivered_counts_as_nothing() -> None:
    text = "Kunde;Elg AS\nHentested;Storgata 3, 7600 Levanger\nFraksjon;2022 (kg);2023 (kg);2024 (kg)\nPapp;-100;2000;900\n"
    result = read(("avfallsrapport.csv", text))
    assert amounts(result) == {"cardboard": (0.0, 0.9, 2.0, "t")}
    assert not result.has_errors
    assert told(result, "wastereport.taken_back")[0].values["amount"] == pytest.approx(-0.1)


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u2009"])
def test_a_sum_is_shown_with_plain_spaces(space: str) -> None:
    text = report(rows=WOOD, total=f"Sum;;126{space}750,0 kg;\r\n")
    result = read(("g.csv", text))
    told_sum = describe_finding(told(result, "wastereport.sum_differs")[0], lambda words: words)[0]
    assert "126 750,0 kg" in told_sum
    assert "126 750,0 kg" in write_text(result)
    assert "\ufffd" not in write_text(result)


def test_marks_that_move_the_cursor_are_still_shown_and_not_obeyed() -> None:
    result = read(("g.csv", report(rows=WOOD + "2388 Ulum\u202e\x1b[2Jbam;;10 kg;\r\n")))
    assert not {"\x1b", "\u202e"} & set(write_text(result))


def test_a_spreadsheets_numbers_have_the_readers_decimal_mark() -> None:
    rows: list[list[Any]] = [
        ["Avfallsrapport 2024"], ["Kunde", "Elg AS"], ["Varegruppe", "Vare", "Mengde"],
        ["1149 Trevirke", "114901", 1.25], ["1221 Papp", "122101", 2.5], ["Sum", None, 4.75],
    ]  # fmt: skip
    result = read(("r.xlsx", make_book(rows)))
    catalogue = read_catalogues("nb")
    for code, number in (("wastereport.unit_assumed", "1,25"), ("wastereport.sum_differs", "4,75")):
        text = describe_finding(told(result, code)[0], lambda words: catalogue[words][0])[0]
        assert number in text
        assert number.replace(",", ".") not in text


@pytest.mark.parametrize(
    ("customer", "name", "number"),
    [
        ("Ost AS (org.nr 974 760 673)", "Ost AS", "974760673"), ("Ost AS [Orgnr: 974760673]", "Ost AS", "974760673"),
        ("Ost AS, org. nr. 974.760.673 MVA", "Ost AS", "974760673"), ("Ost AS NO 974 760 673 MVA", "Ost AS", "974760673"),
        ("974760673 Ost AS", "Ost AS", "974760673"), ("Ost AS - 974 760 673", "Ost AS", "974760673"),
        ("Ost AS (org.nr 974 760 674)", "Ost AS", None), ("Ost AS 123456789", "Ost AS 123456789", None),
        ("Ost (tidl. Melk) AS (organisasjonsnummer 974760673), avd. Nord", "Ost (tidl. Melk) AS, avd. Nord", "974760673"),
        ("Orgelbyggerne AS", "Orgelbyggerne AS", None),
    ],
)  # fmt: skip
def test_an_organisation_number_in_the_name_leaves_it(customer: str, name: str, number: str | None) -> None:
    text = report(rows=WOOD).replace("Fjellrev Bygg AS", f'"{customer}"')
    result = read(("g.csv", text))
    facility = result.tables.facilities.iloc[0]
    assert facility["name"] == name
    assert (None if pd.isna(facility["organisation_number"]) else facility["organisation_number"]) == number
    assert bool(told(result, "wastereport.number_invalid")) == ("974 760 674" in customer)


def test_sites_of_one_customer_keep_their_names() -> None:
    text = (
        "Avfallsrapport 2024\nKunde;Fjord Hotell AS\nAnlegg;Adresse;Postnr;Poststed;Avfallstype;Mengde (kg)\n"
    )
    rows = [
        "Hotell Nord;Storgata 1;7600;LEVANGER;Restavfall;1000\n",
        "Hotell Sør;Kaigata 4;7650;VERDAL;Restavfall;100\n",
    ]
    both = read(("r.csv", text + "".join(rows))).tables.facilities
    assert sorted(both["name"]) == ["Fjord Hotell AS, Hotell Nord", "Fjord Hotell AS, Hotell Sør"]
    assert sorted(both["address"]) == ["Kaigata 4", "Storgata 1"]
    one = read(("r.csv", text + rows[0])).tables.facilities
    assert one["name"].tolist() == ["Fjord Hotell AS"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Verket, Storgata 3, 7600 Levanger", ("Verket", "Storgata 3", "7600 Levanger")),
        ("Skolen (Skolegata 1 B, 9510 Alta)", ("Skolen", "Skolegata 1 B", "9510 Alta")),
        ("Verkstedet - Bragernes torg 1 - 3017 Drammen", ("Verkstedet", "Bragernes torg 1", "3017 Drammen")),
        ("Hovde 12, 7600 Levanger", ("", "Hovde 12", "7600 Levanger")), ("Bygg 4, Kaia 2", ("Bygg 4", "Kaia 2", "")),
        ("Hotell Nord", ("Hotell Nord", "", "")), ("Avd. 12", ("Avd. 12", "", "")), ("Rema 1000", ("Rema 1000", "", "")),
        ("Rema 1000, 7600 Levanger", ("Rema 1000", "", "7600 Levanger")), ("Ost - og - Melk", ("Ost - og - Melk", "", "")),
    ],
)  # fmt: skip
def test_an_address_inside_a_name_is_taken_only_where_it_is_clearly_one(
    text: str, parts: tuple[str, str, str]
) -> None:
    assert part_address(text) == parts


def test_an_address_in_the_customers_name_is_its_address_unless_the_site_is_another() -> None:
    head = "Avfallsrapport 2024\nKunde;Rev AS, Storgata 3, 7600 Levanger\n"
    rows = "Varegruppe;Vare;Mengde (kg)\n1149 Trevirke;;100\n"
    facility = read(("r.csv", head + rows)).tables.facilities.iloc[0]
    assert (facility["name"], facility["address"], facility["postcode"]) == ("Rev AS", "Storgata 3", "7600")
    other = read(("r.csv", head + "Hentested;Kaigata 1, 7650 Verdal\n" + rows)).tables.facilities.iloc[0]
    assert (other["address"], other["postcode"]) == ("Kaigata 1", "7650")


# --- periods and goods ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("01.01.2025 - 31.12.2025", "2025"), ("2025-01-01 til 2025-12-31", "2025"), ("01/01/25–31/12/25", "2025"),
        ("År 2024", "2024"), ("1. kvartal 2025", "01.01.2025–31.03.2025"), ("Q3 2024", "01.07.2024–30.09.2024"),
        ("2. halvår 2023", "01.07.2023–31.12.2023"), ("jan-mars 2025", "01.01.2025–31.03.2025"), ("februar 2024", "01.02.2024–29.02.2024"),
        ("01.2025 - 12.2025", "2025"), ("202401-202412", "2024"), ("1.1. - 31.12.2024", "2024"), ("1.7.2024 – 30.6.2025", "01.07.2024–30.06.2025"),
        ("2022-2024", "2022–2024"), ("31.12.2025 - 01.01.2025", None), ("alle", None), ("32.13.2024 - 33.13.2024", None),
    ],
)  # fmt: skip
def test_periods_as_people_write_them(text: str, written: str | None) -> None:
    period = read_period(text)
    assert (period.written if period else None) == written


def test_headers_that_are_months_or_years() -> None:
    assert read_month_header("jan.24") == (2024, 1)
    assert read_month_header("Oktober (kg)") == (0, 10)
    assert read_month_header("Mengde") is None
    assert read_year_header("Mengde 2024 (kg)") == 2024
    assert read_year_header("Kode 2024") == 0


@given(st.integers(2015, 2030), st.integers(1, 24))
@settings(max_examples=40)
def test_months_in_a_row_are_one_period_and_a_gap_is_none(year: int, count: int) -> None:
    months = [make_month(year + index // 12, index % 12 + 1) for index in range(count)]
    whole = join_periods(reversed(months))
    assert whole is not None
    assert (whole.first, whole.last) == (months[0].first, months[-1].last)
    assert whole.is_year == (count == 12)
    if count > 2:
        assert join_periods([months[0], *months[2:]]) is None


def test_numbers_that_may_be_waste_codes_are_not_taken_for_groups() -> None:
    goods = GoodsReader(REFERENCES.codes, read_ns9431_groups())
    assert goods.read(None, "160304 Uorganisk avfall", None).group == ""  # type: ignore[union-attr]
    assert goods.read(None, "122101 Brunt papir", None).group == "1221"  # type: ignore[union-attr]
    assert goods.read("9912 Bl. næringsavfall", "119901 Restavfall", None).group == "9912"  # type: ignore[union-attr]
    assert goods.read(None, None, None) is None


# --- number writing -------------------------------------------------------------------------------

SPACES = st.sampled_from([" ", "\u00a0", "\u2009", "\u202f", ".", ""])


def write_kilograms(tenths: int, mark: str) -> str:
    whole, decimal = divmod(tenths, 10)
    return f"{whole:,}".replace(",", mark) + f",{decimal} kg"


@given(
    st.lists(st.integers(1, 99_999_999), min_size=2, max_size=6, unique=True),
    SPACES,
    st.permutations(["group", "item", "amount", "share"]),
)
@settings(max_examples=30)
def test_amounts_survive_any_writing_and_order_of_columns(
    tenths: list[int], mark: str, order: list[str]
) -> None:
    titles = {"group": "Varegruppe", "item": "Vare", "amount": "Avfallsmengde", "share": "Andel"}
    lines = [";".join(titles[name] for name in order)]
    for index, number in enumerate(tenths):
        cells = {
            "group": "1149 Bl. bearb. trevirke",
            "item": f"11490{index}",
            "amount": write_kilograms(number, mark),
            "share": "1,0 %",
        }
        lines.append(";".join(cells[name] for name in order))
    text = "Avfallsrapport 2024\nKunde;Rein AS\nHentested;Storgata 3, 7600 Levanger\n" + "\n".join(lines)
    raw = read_text_table(text.encode(), file="r.csv", limits=Limits())
    page = find_waste_report(raw.tables[0], file="r.csv")
    assert page is not None
    (sheet,) = lay_out_reports([(page, False)], codes=REFERENCES.codes)
    read_as = {
        str(row.cells["description"])[-6:]: float(str(row.cells["amount_best"])) for row in sheet.grid.rows
    }
    assert read_as == {f"11490{index}": pytest.approx(number / 10_000) for index, number in enumerate(tenths)}


@given(
    st.lists(st.text(max_size=12), min_size=1, max_size=5),
    st.lists(st.text(max_size=8), min_size=1, max_size=5),
)
@settings(max_examples=60)
def test_no_content_of_cells_raises(fractions: list[str], values: list[str]) -> None:
    rows: list[list[Any]] = [
        ["Avfallsrapport 2024"],
        ["Kunde", "Rein AS"],
        ["Varegruppe", "Vare", "Avfallsmengde"],
    ]
    rows += [[fraction, None, values[index % len(values)]] for index, fraction in enumerate(fractions)]
    page = find_waste_report(RawTable("", rows, list(range(1, len(rows) + 1))), file="r.csv")
    if page is None:
        return
    (sheet,) = lay_out_reports([(page, False)], codes=REFERENCES.codes)
    numbers = [row.number for row in sheet.grid.rows]
    assert len(numbers) == len(set(numbers))
    assert set(sheet.stands_in).isdisjoint(sheet.report.error_rows)


def test_the_plain_lines_have_days_and_tonnes() -> None:
    lines = read_waste_reports([Upload("g.csv", report(rows=WOOD + PAPER).encode())]).lines
    assert lines["amount"].tolist() == [106.75, 1.24]
    assert set(lines["first_day"]) == {"2025-01-01"}
    assert lines["group"].tolist() == ["1149", "1221"]
    assert isinstance(lines, pd.DataFrame)
