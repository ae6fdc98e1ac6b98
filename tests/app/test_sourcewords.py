"""Where figures come from is told in the reader's language, on pages, in files and by the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from dashboard.sourcewords import WHOLES, word_records, word_source
from dashboard.text import gettext, in_language
from loaders.economics import read_economics
from loaders.embedded import read_municipality_wholes
from loaders.registershelf import ATTRIBUTION
from tests.loaders.test_registerfill import make_row, write_csv

ENGLISH = re.compile(
    r"judgement|\b(?:physical|lorry|range|nothing|emission|widened|litres?|banned|VAT|measured|low|high|made|thesis|mean|from)\b"
)


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_no_source_of_an_economic_figure_is_left_in_english(language: str) -> None:
    with in_language(language):
        told = {word_source(text) for text in read_economics().parameters["source"].unique()}
        assert [text for text in told if ENGLISH.search(text)] == []
        assert any("IPCC 2006" in text for text in told)  # what is a name stays
    with in_language("en"):
        assert word_source("expert judgement; low: x") == "expert judgement; low: x"


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_sources_of_whole_municipalities_are_translated(language: str) -> None:
    sources = set(read_municipality_wholes()["source"])
    assert sources == set(WHOLES)
    with in_language(language):
        assert all(gettext(text) != text for text in sources)


def test_records_of_sources_are_the_readers_and_keep_their_keys() -> None:
    with in_language("nb"):
        (record,) = word_records([{"title": "Midt", "attribution_text": ATTRIBUTION}])
    assert record["title"] == "Midt"
    assert record["attribution_text"].startswith("Inneholder data under norsk lisens")


def test_the_files_of_analyse_are_in_the_readers_language(call, tmp_path: Path) -> None:
    code, _told, complaint = call("--lang", "nb", "analyse", "--dataset", "practice", "--out", str(tmp_path))
    assert code == 0, complaint
    for name in ("economics", "parameters"):
        sources = pd.read_csv(tmp_path / f"{name}.csv")["source"].dropna()
        assert "faglig skjønn" in set(sources)
        assert not sources.str.contains(ENGLISH).any()
    text = (tmp_path / "sources.txt").read_text(encoding="utf-8")
    assert "Del: " in text
    assert "Navngiving: " in text
    assert not re.search(r"\b(part|title|owner|licence|attribution_text): |judgement\)", text)


def test_the_sheet_of_sources_of_a_filled_register_is_in_the_readers_language(
    call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYMBIOSEKART_SOURCES", str(tmp_path / "shelf"))
    path, out = write_csv(tmp_path / "u.csv.gz", [make_row(1)]), tmp_path / "h.xlsx"
    code, _told, complaint = call("--lang", "nb", "fill", str(path), "--county", "50", "--out", str(out))
    assert code == 0, complaint
    cells = [str(cell.value) for row in load_workbook(out)["sources"].iter_rows() for cell in row]
    assert any(text.startswith("Inneholder data") for text in cells)
    assert not any(text.startswith("Contains data") for text in cells)


def test_shares_that_are_offered_name_their_source_in_the_readers_language(call, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("kommunenummer;tonn\n1507;10\n1534;5\n1850;7\n", encoding="utf-8")
    _code, told, _complaint = call("--lang", "nb", "municipalities", str(table), "--sum", "tonn", "--json")
    sources = {offer["source"] for offer in json.loads(told)["offers"]}
    assert any("innbyggere 1. januar" in source for source in sources)
    assert not any(re.search("inhabitants|former", source) for source in sources)
