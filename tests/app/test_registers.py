"""Filled registers in the app: a switch, a pick, modelled apart from reported, sources named."""

from __future__ import annotations

import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook
from streamlit.testing.v1 import AppTest

from dashboard import session
from dashboard.session import datasets
from dashboard.text import gettext, in_language
from geodata.registerfacilities import UnitChoices
from loaders.official.shelf import FetchedRecord, keep_fetched
from loaders.region import read_region
from loaders.registerfill import fill_from_file
from loaders.registershelf import (
    ATTRIBUTION,
    Extract,
    find_extract,
    keep_extract,
    list_extracts,
    read_extract,
)
from tests.app.test_pages import Open, _metrics, _number, _query, maps, open_page
from tests.loaders.test_registerfill import BERGEN, STEINKJER, make_row, municipalities, write_csv

__all__ = ["maps", "open_page"]

SWITCH, MODELLED, EXTRACTS = "choice_registers", "choice_modelled", "choice_extracts"


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Extract, Extract]:
    """Two extracts on a shelf of their own: seven firms of Trøndelag, one of Vestland."""
    folder = tmp_path_factory.mktemp("shelf")
    rows = [
        make_row(k, industry=code, employees=20) for k, code in enumerate(("10.110", "16.100", "25.110"), 1)
    ]
    rows += [make_row(k, town=STEINKJER, industry="38.320", employees=30) for k in (4, 5)]
    rows += [make_row(6, industry="41.200", employees=9), make_row(7, name="<b>Tenkt</b> Bygg AS")]
    rows.append(make_row(8, town=BERGEN, industry="10.110", employees=25))
    path = write_csv(folder / "underenheter.csv.gz", rows)
    kept = []
    for county, name in (("50", "Midt"), ("46", "Vest")):
        choices = UnitChoices(municipalities=municipalities(county))
        facilities, counts = fill_from_file(path, choices=choices, date="2026-11-01")
        kept.append(
            keep_extract(
                facilities, counts, name=name, area=county, question="test", date="2026-11-01", folder=folder
            )
        )
    return kept[0], kept[1]


@pytest.fixture
def shelf(
    extracts: tuple[Extract, Extract],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    folder = next(path for path in tmp_path_factory.getbasetemp().glob("shelf*") if (path / "fill").is_dir())
    monkeypatch.setenv("SYMBIOSEKART_SOURCES", str(folder))
    return folder


def _facilities(app: AppTest) -> float:
    return _number(_metrics(app)["Anlegg"])


def _texts(app: AppTest) -> str:
    return "\n".join(element.value for element in (*app.text, *app.markdown, *app.subheader))


def test_without_a_register_the_region_is_as_it_was(open_page: Open) -> None:
    app = open_page()
    assert _facilities(app) == len(read_region("region").facilities)
    assert not [toggle for toggle in app.sidebar.toggle if toggle.key == SWITCH]


def test_registers_are_shown_beside_the_region_and_can_be_switched_off(open_page: Open, shelf: Path) -> None:
    app = open_page()
    region = len(read_region("region").facilities)
    assert _facilities(app) == region + 8
    assert _query(app) == {}
    switch = app.sidebar.toggle(key=SWITCH)
    assert switch.label == "Virksomheter fra Enhetsregisteret (8)"
    app = switch.set_value(False).run()
    assert _facilities(app) == region
    assert _query(app) == {"registers": "0"}
    assert _facilities(open_page(registers="0")) == region


def test_one_of_several_extracts_is_picked_and_stands_in_the_link(open_page: Open, shelf: Path) -> None:
    app = open_page()
    app = app.sidebar.multiselect(key=EXTRACTS).set_value(["vest"]).run()
    assert _facilities(app) == len(read_region("region").facilities) + 1
    assert _query(app) == {"extracts": "vest"}
    assert _facilities(open_page(extracts="vest")) == _facilities(app)


def test_an_extract_that_is_not_there_is_told(open_page: Open, shelf: Path) -> None:
    app = open_page(extracts="nord~vest")
    assert any("extracts = nord" in text.value for text in app.text)
    assert _facilities(app) == len(read_region("region").facilities) + 1
    assert _query(app) == {"extracts": "vest"}


def test_registers_do_not_stand_beside_the_practice_data(open_page: Open, shelf: Path) -> None:
    app = open_page(data="practice")
    assert _facilities(app) == len(read_region("practice").facilities)
    assert not [toggle for toggle in app.sidebar.toggle if toggle.key in (SWITCH, MODELLED)]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[session.View]:
    """What the page drew, in order."""
    views: list[session.View] = []
    build = session.build_layers

    def note(view: session.View, **options: object) -> object:
        views.append(view)
        return build(view, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(session, "build_layers", note)
    return views


def test_modelled_amounts_are_taken_out_everywhere_with_one_switch(
    open_page: Open, shelf: Path, seen: list[session.View]
) -> None:
    app = open_page()
    before = seen[-1].result
    streams = before.tables.streams
    register = streams[streams["dataset"] == "register"]
    assert len(register) >= 8
    assert set(register["basis"]) == {"modelled"}
    app = app.sidebar.toggle(key=MODELLED).set_value(False).run()
    assert _query(app) == {"modelled": "0"}
    after = seen[-1].result
    assert "modelled" not in set(after.tables.streams["basis"])
    assert "modelled" not in set(after.matches["basis"])
    assert len(after.tables.facilities) == len(before.tables.facilities)
    reported = streams["basis"] == "reported"
    assert (after.tables.streams["basis"] == "reported").sum() == reported.sum()
    assert "◇ modellert" not in _texts(app)
    frames = load_workbook(io.BytesIO(session.export_result(seen[-1], "xlsx")), read_only=True)
    rows = list(frames["streams"].iter_rows(values_only=True))
    assert "modelled" not in {row[rows[0].index("basis")] for row in rows[1:]}


def test_exports_and_footer_name_the_register(open_page: Open, shelf: Path, seen: list[session.View]) -> None:
    app = open_page()
    assert "tilgjengeliggjort av Brønnøysundregistrene" in _texts(app)
    book = load_workbook(io.BytesIO(session.export_result(seen[-1], "xlsx")), read_only=True)
    rows = [dict(zip(SOURCE_KEYS, row, strict=False)) for row in book["sources"].iter_rows(values_only=True)]
    with in_language("nb"):
        named = gettext(ATTRIBUTION)
    assert named != ATTRIBUTION
    assert any(row["attribution_text"] == named and row["vintage"] == "2026-11-01" for row in rows)
    without = open_page(registers="0")
    assert "tilgjengeliggjort av Brønnøysundregistrene" not in _texts(without)


SOURCE_KEYS = ("part", "title", "owner", "licence", "licence_url", "vintage", "attribution_text")


def test_the_page_data_tells_of_each_extract_or_how_to_make_one(open_page: Open, shelf: Path) -> None:
    app = open_page("data")
    told = _texts(app)
    assert "Enhetsregisteret 1. november 2026" in told
    assert "Vises på kartet." in told
    counts = [frame.value for frame in app.dataframe if list(frame.value.columns) == ["title", "count"]]
    # of each extract who was left out, and how the others were placed, each for a wide and a narrow screen
    assert len(counts) == 8
    assert counts[0].to_numpy().tolist() == [["ligger utenfor det valgte området", 1]]
    assert counts[1].equals(counts[0])
    assert counts[2]["count"].sum() == 7


def test_without_an_extract_the_page_data_tells_the_two_commands(open_page: Open) -> None:
    app = open_page("data")
    code = "\n".join(block.value for block in app.code)
    assert "symbiosekart fetch brreg" in code
    assert "symbiosekart fill" in code


def test_a_damaged_extract_is_told_and_the_rest_is_shown(
    open_page: Open, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(shelf, copy)
    monkeypatch.setenv("SYMBIOSEKART_SOURCES", str(copy))
    sound = find_extract("midt", folder=copy)
    record = (copy / "fill" / "vest.parquet.source.json").read_text(encoding="utf-8")
    digest = find_extract("vest", folder=copy).record.sha256
    (copy / "fill" / "vest.parquet.source.json").write_text(
        record.replace(digest, "0" * 64), encoding="utf-8"
    )
    app = open_page("data")
    assert any("Uttrekk som ikke kan leses" in warning.value for warning in app.warning)
    assert _facilities(open_page()) == len(read_region("region").facilities) + sound.facilities


def test_a_firms_own_row_takes_the_place_of_the_registers(
    extracts: tuple[Extract, Extract], shelf: Path
) -> None:
    uploads = [("mine.csv", OWN.encode())]
    own = session.Own(session.read_uploads(uploads), "digest of the test")
    key = (extracts[0].key, extracts[0].record.sha256)
    found = datasets.load_dataset("region", own.digest, (key,), True, _own=own, _extracts=extracts[:1])
    facilities = found.tables.facilities
    mine = facilities[facilities["organisation_number"] == NUMBER]
    assert mine["dataset"].to_list() == ["own"]
    assert (facilities["dataset"] == "register").sum() == extracts[0].facilities - 1
    streams = found.tables.streams
    assert set(streams.loc[streams["facility_id"].isin(mine["facility_id"]), "basis"]) == {"modelled"}


NUMBER = make_row(1)["organisasjonsnummer"]
OWN = f"""navn;organisasjonsnummer;næringskode;ansatte;postnummer;poststed;kommune
Vår egen bedrift AS;{NUMBER};10.110;44;7010;Trondheim;Trondheim
"""


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_the_command_fills_and_tells(
    call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setenv("SYMBIOSEKART_SOURCES", str(tmp_path / "shelf"))
    path = write_csv(tmp_path / "u.csv.gz", [make_row(1), make_row(2, employees=2), make_row(3, town=BERGEN)])
    out = tmp_path / "out.csv"
    code, told, complaint = call("--lang", language, "fill", str(path), "--county", "50", "--out", str(out))
    assert code == 0, complaint
    word = {"nb": "ansatte", "nn": "tilsette", "en": "employees"}[language]
    assert word in told
    assert "Trøndelag: 1 " in told
    written = pd.read_csv(out, dtype=str)
    assert written["dataset"].to_list() == ["register"]
    assert find_extract("trondelag", folder=tmp_path / "shelf").facilities == 1
    assert call("fill", "--remove", "trondelag")[0] == 0
    assert list_extracts(tmp_path / "shelf") == ()
    assert call("fill", "--remove", "trondelag")[0] == 2


def test_the_command_says_what_it_lacks(call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMBIOSEKART_SOURCES", str(tmp_path))
    code, _told, complaint = call("--lang", "en", "fill", "--county", "50")
    assert code == 2
    assert "symbiosekart fetch brreg" in complaint
    code, _told, complaint = call(
        "--lang", "en", "analyse", "--registers", "nope", "--out", str(tmp_path / "o")
    )
    assert code == 2
    assert "no filled register called nope" in complaint


def test_analyse_takes_a_register_alone_and_names_it(
    call, shelf: Path, extracts: tuple[Extract, Extract], tmp_path: Path
) -> None:
    words = ("--dataset", "none", "--registers", "midt", "--out", str(tmp_path))
    code, _told, complaint = call("--lang", "en", "analyse", *words)
    assert code == 0, complaint
    facilities = pd.read_csv(tmp_path / "facilities.csv", dtype=str)
    assert len(facilities) == extracts[0].facilities
    streams = pd.read_csv(tmp_path / "streams.csv", dtype=str)
    assert set(streams["basis"]) == {"modelled"}
    assert "Brønnøysundregistrene (Midt, 2026-11-01)" in (tmp_path / "sources.txt").read_text(
        encoding="utf-8"
    )


def test_labels_of_registers_are_the_readers(extracts: tuple[Extract, Extract]) -> None:
    from dashboard.registerwords import tell_grades, tell_left_out

    with in_language("nn"):
        assert ("ligg utanfor det valde området", 1) in tell_left_out(extracts[0])
        assert sum(count for _word, count in tell_grades(extracts[0])) == extracts[0].facilities


def test_what_was_fetched_is_filled_without_a_file_and_plants_give_their_points(
    call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYMBIOSEKART_SOURCES", str(tmp_path))
    rows = [make_row(1, name="Tenkt Fabrikk AS"), make_row(2), make_row(3, town=BERGEN)]
    record = FetchedRecord(
        "brreg", "underenheter", "5001", "u.csv.gz", "2026-10-30", facts={"left_sole_proprietor": 4}
    )
    keep_fetched(tmp_path, record, lambda path: write_csv(path, rows))
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": point},
            "properties": {"anlegg_id": number, "navn": name, "driftsstatus": "Aktiv"},
        }
        for number, name, point in (
            (1, "Tenkt fabrikk", [10.38, 63.36]),
            (2, "Et annet anlegg", [10.39, 63.37]),
        )
    ]
    plants = tmp_path / "plants.geojson"
    plants.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    code, told, complaint = call("--lang", "en", "fill", "--plants", str(plants), "--json")
    assert code == 0, complaint
    counts = json.loads(told)
    assert counts["name"] == "Trondheim"  # the area that was fetched
    assert counts["date"] == "2026-10-30"
    assert counts["left_out"] == {"sole_proprietor": 4, "outside": 1}
    assert (counts["facilities"], counts["plants_used"], counts["plants_added"]) == (3, 1, 1)
    assert len(counts["attribution"]) == 2
    made = read_extract(counts["key"]).set_index("name")
    assert (made.geometry["Tenkt Fabrikk AS"].x, made.geometry["Tenkt Fabrikk AS"].y) == (10.38, 63.36)
    assert made["geocode_quality"].to_dict()["Tenkt Fabrikk AS"] == "given"
    assert set(made["dataset"]) == {"register"}
    assert counts["plants_cut"] is False
    page = {"type": "FeatureCollection", "features": features, "exceededTransferLimit": True}
    plants.write_text(json.dumps(page), encoding="utf-8")
    _code, told, _complaint = call("--lang", "en", "fill", "--plants", str(plants))
    assert "The file of plants is not whole" in told


@pytest.mark.parametrize(
    ("name", "word"),
    [("u.csv.gz", "file of 4 May 2024"), ("u_2023-02-01.csv.gz", "register of 1 February 2023")],
)
def test_the_day_a_file_was_saved_is_not_called_the_registers(
    call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, word: str
) -> None:
    monkeypatch.setenv("SYMBIOSEKART_SOURCES", str(tmp_path / "shelf"))
    path = write_csv(tmp_path / name, [make_row(1)])
    saved = datetime(2024, 5, 4, 12, tzinfo=UTC).timestamp()
    os.utime(path, (saved, saved))
    code, told, complaint = call("--lang", "en", "fill", str(path), "--county", "50", "--name", "one")
    assert code == 0, complaint
    assert word in told
    own = "register of" in word
    (extract,) = list_extracts(tmp_path / "shelf")
    assert extract.is_dated == own
    years = read_extract("one", folder=tmp_path / "shelf")["source_year"].dropna().to_list()
    assert years == ([2023] if own else [])


def test_the_file_of_firms_is_said_to_belong_to_parents(
    call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYMBIOSEKART_SOURCES", str(tmp_path))
    firms = [make_row(1) | {"overordnetEnhet": "", "organisasjonsform.kode": "AS"}]
    code, _told, complaint = call("fill", str(write_csv(tmp_path / "e.csv.gz", firms)))
    assert code == 2
    assert "hovedenheter" in complaint
    assert "--parents" in complaint
