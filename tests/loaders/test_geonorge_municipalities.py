"""kommuneinfo: numbers, names by language and where municipalities lie, whichever answer they come in."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.errors import ParameterError, RefusedFileError
from loaders.geonorge import (
    FACTS,
    fetch_municipality_areas,
    fetch_municipality_facts,
    read_municipality_facts,
)
from loaders.official.municipalityfacts import FACT_COLUMNS
from loaders.official.webclient import WebClient
from tests.loaders.played import Asked, Reply, cut, html, play, status

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("SYMBIOSEKART_REFERENCE", ROOT.parent / "shared" / "reference"))
EXAMPLE = REFERENCE / "api-examples" / "kommuneinfo_fylkerkommuner_extract.copied.json"


def municipality(number: str = "5001", name: str = "Prøveby", **more: Any) -> dict[str, Any]:
    """Return a municipality as /fylkerkommuner tells it; what it says of the place is invented."""
    crs = {"properties": {"name": "EPSG:4258"}, "type": "name"}
    ring = [[10.0, 63.1], [10.0, 63.5], [10.7, 63.5], [10.7, 63.1], [10.0, 63.1]]
    return {
        "avgrensningsboks": {"coordinates": [ring], "crs": crs, "type": "Polygon"},
        "fylkesnavn": "Trøndelag",
        "fylkesnummer": "50",
        "gyldigeNavn": [
            {"navn": name, "prioritet": 1, "sprak": "Norwegian"},
            {"navn": "Pröövebye", "prioritet": 2, "sprak": "Southern Sami"},
            {"navn": None, "prioritet": 3, "sprak": None},
        ],
        "kommunenavn": f"{name} - Pröövebye",
        "kommunenavnNorsk": name,
        "kommunenummer": number,
        "punktIOmrade": {"coordinates": [10.4, 63.3], "crs": crs, "type": "Point"},
        "samiskForvaltningsomrade": True,
    } | more


COUNTY = {"fylkesnavn": "Trøndelag", "fylkesnummer": "50", "kommuner": [municipality(), municipality("5006")]}


def client(address: str) -> WebClient:
    return WebClient(replace(FACTS, pause_s=0.0), address=address, wait=lambda _s: None)


@pytest.mark.skipif(
    not EXAMPLE.is_file(),
    reason="the reference folder is not here (SYMBIOSEKART_REFERENCE or ../shared/reference)",
)
def test_the_example_is_read() -> None:
    table = read_municipality_facts(EXAMPLE).set_index("municipality_number")
    assert list(table.index) == ["5047", "5001", "5037", "5059"]
    assert table.loc["5001", "name_sma"] == "Tråante"
    assert table["name_sma"].notna().sum() == 1
    assert (table["county_number"] == "50").all()
    assert (table["west"] < table["lon"]).all()
    assert (table["lon"] < table["east"]).all()
    assert not table["sami_administrative_area"].any()


def test_names_stand_by_their_language() -> None:
    row = read_municipality_facts([COUNTY]).iloc[0]
    assert (row["name"], row["name_norwegian"]) == ("Prøveby - Pröövebye", "Prøveby")
    assert (row["name_nor"], row["name_sma"]) == ("Prøveby", "Pröövebye")
    assert row[["name_sme", "name_smj", "name_fkv", "names_other"]].isna().all()
    assert row[["west", "south", "east", "north"]].tolist() == [10.0, 63.1, 10.7, 63.5]
    assert (row["county_name"], bool(row["sami_administrative_area"])) == ("Trøndelag", True)


@pytest.mark.parametrize(
    "answer",
    [
        [{"kommunenavn": "Prøveby", "kommunenavnNorsk": "Prøveby", "kommunenummer": "5001"}],
        {"kommunenavn": "Prøveby", "kommunenummer": "5001", "fylkesnavn": "Trøndelag", "fylkesnummer": "50"},
        municipality(),
        {"antallTreff": 1, "kommuner": [municipality()]},
        COUNTY | {"kommuner": [{"kommunenavn": "Prøveby\u00a0", "kommunenummer": 5001}]},
        [COUNTY, COUNTY],
    ],
)
def test_every_answer_of_the_service_is_read(tmp_path: Path, answer: Any) -> None:
    path = tmp_path / "svar.json"
    path.write_text(json.dumps(answer), encoding="utf-8-sig")
    table = read_municipality_facts(path)
    assert table["municipality_number"].tolist()[:1] == ["5001"]
    assert table["municipality_number"].is_unique
    assert table["name_norwegian"].tolist()[0] == "Prøveby"
    assert table["county_number"].tolist()[0] == "50"


@pytest.mark.parametrize("content", ["{}", '{"adresser": []}', "<html/>", "[3]", '[{"kommuner": [{"kommu'])
def test_other_files_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "svar.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RefusedFileError):
        read_municipality_facts(path)


TEXT = st.text(max_size=10) | st.just("\u00a0Karasjok\u00a0-\u00a0K\u00e1r\u00e1\u0161johka")
JUNK = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
VALUES = st.recursive(
    JUNK, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@settings(max_examples=60)
@given(st.data())
def test_any_answer_of_that_shape_is_read(data: st.DataObject) -> None:
    answer = municipality()
    for key in data.draw(st.sets(st.sampled_from(sorted(answer)))):
        if data.draw(st.booleans()):
            answer.pop(key)
        else:
            answer[key] = data.draw(VALUES)
    names = [{"navn": data.draw(JUNK), "sprak": data.draw(JUNK)} for _ in range(data.draw(st.integers(0, 3)))]
    answer.setdefault("gyldigeNavn", names)
    table = read_municipality_facts([{"fylkesnummer": "50", "kommuner": [answer, municipality("5006")]}])
    assert "5006" in set(table["municipality_number"])
    assert {name: str(kind) for name, kind in table.dtypes.items()} == FACT_COLUMNS
    assert table["municipality_number"].str.fullmatch(r"\d{4}").all()
    assert (table["lon"].isna() == table["lat"].isna()).all()
    assert not table["name"].dropna().str.contains("\u00a0").any()


# --- fetching -------------------------------------------------------------------------------------


def answer(asked: Asked) -> Reply:
    if asked.path == "/fylkerkommuner":
        return Reply(200, [COUNTY])
    if asked.path == "/kommuner/5006":
        return Reply(200, municipality("5006", "Prøvik"))
    if asked.path == "/punkt":
        assert set(asked.params) == {"ost", "nord", "koordsys"}
        inside = float(asked.one("nord")) > 60
        return Reply(200, {"kommunenavn": "Prøveby", "kommunenummer": "5001"}) if inside else Reply(404, {})
    if asked.path == "/sok":
        return Reply(200, {"antallTreff": 0, "kommuner": []})
    if asked.path == "/kommuner/5001/omrade":
        ring = [[10.0, 63.1], [10.7, 63.1], [10.7, 63.5], [10.0, 63.1]]
        crs = {"properties": {"name": "EPSG:4258"}, "type": "name"}
        shape = {"type": "MultiPolygon", "coordinates": [[ring]], "crs": crs}
        return Reply(200, {"kommunenavn": "Prøveby", "kommunenummer": "5001", "omrade": shape})
    return Reply(404, {"message": "borte"})


def test_the_service_is_asked_through_its_bad_days() -> None:
    bad = [status(500), html(), cut(), status(429, retry_after="0")]
    with play(answer, bad, rate=0.3, seed=5) as service, client(service.address) as web:
        assert len(fetch_municipality_facts(web)) == 2
        assert fetch_municipality_facts(web, municipality="5006")["name_norwegian"].tolist() == ["Prøvik"]
        assert fetch_municipality_facts(web, municipality="9999").empty
        assert fetch_municipality_facts(web, point=(10.4, 63.3))["municipality_number"].tolist() == ["5001"]
        assert fetch_municipality_facts(web, point=(2.0, 55.0)).empty
        assert fetch_municipality_facts(web, name="Ingensteds*").empty
        with pytest.raises(ParameterError):
            fetch_municipality_facts(web, municipality="../1")


def test_single_areas_are_asked_for() -> None:
    with play(answer, [html()]) as service, client(service.address) as web:
        areas = fetch_municipality_areas(web, numbers=["5001", "9999", "5001"])
        nobody = fetch_municipality_areas(web, numbers=["9999"])
        with pytest.raises(ParameterError):
            fetch_municipality_areas(web, numbers=["5001/.."])
    assert areas["municipality_number"].tolist() == ["5001"]
    assert areas["includes_sea"].tolist() == [True]
    assert areas.geometry.iloc[0].covers(areas.geometry.iloc[0].representative_point())
    assert list(areas.total_bounds) == pytest.approx([10.0, 63.1, 10.7, 63.5], abs=1e-6)
    assert list(nobody.columns) == list(areas.columns)
    assert nobody.empty
