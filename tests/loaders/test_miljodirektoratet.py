# ruff: noqa: E501  (answers are easier to read in whole lines)
"""Plants with a permit: from a played ArcGIS server with all its bad habits, and from saved answers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from geodata.errors import RefusedFileError, SourceError
from loaders.checks import check_table
from loaders.miljodirektoratet import (
    MILJODIREKTORATET,
    PermittedPlants,
    fetch_permitted_plants,
    read_permitted_plants,
    to_facilities,
)
from loaders.official.arcgisfeatures import Record
from loaders.official.plantrows import tabulate_plants
from loaders.official.shelf import FetchedRecord
from loaders.official.webclient import WebClient
from loaders.plantfetching import _choose_kept, keep_plants, read_kept_plants
from tests.loaders.played import Asked, Fault, Reply, play

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = (
    Path(os.environ.get("SYMBIOSEKART_REFERENCE", ROOT.parent / "shared" / "reference")) / "api-examples"
)
LAYER_PATH = "/industri/MapServer/0"


def make_plant(number: int, **more: Any) -> dict[str, Any]:
    values = {
        "OBJECTID": number,
        "anlegg_id": 5000 + number,
        "navn": f"Oppdiktet anlegg {number} AS",
        "bransje": "38.320 Sortering og bearbeiding av avfall"
        if number % 2
        else "10.200 Bearbeiding av fisk",
        "driftsstatus": ("Aktiv", "Etterdrift", "Nedlagt")[number % 3],
        "anleggstype": "Landbasert industri",
        "siste_rapportering_aar": 2023,
        "har_utslipp_luft": 0,
        "har_utslipp_vann": None,
        "faktaark": f"https://www.norskeutslipp.no/anlegg?id={5000 + number}",
    }
    return {"attributes": {**values, **more}, "geometry": {"x": 11.0 + number * 0.001, "y": 63.7}}


class Server:
    """An ArcGIS layer: `largest` features an answer; GeoJSON or Esri JSON; with paging or without."""

    def __init__(
        self, plants: list[dict[str, Any]], *, largest: int = 7, geojson: bool = False, paging: bool = True,
        honest: bool = True, described: bool = True,
    ) -> None:  # fmt: skip
        self.plants = plants
        self.largest = largest
        self.geojson = geojson
        self.paging = paging
        self.honest = honest
        self.described = described

    def __call__(self, asked: Asked) -> Reply:
        if asked.path == LAYER_PATH:
            if not self.described:
                return Reply(200, {"error": {"code": 400, "message": "Invalid URL"}})
            abilities = {"supportsPagination": self.paging}
            return Reply(
                body={
                    "maxRecordCount": self.largest,
                    "objectIdField": "OBJECTID",
                    "advancedQueryCapabilities": abilities,
                }
            )
        assert asked.path == f"{LAYER_PATH}/query"
        chosen = self._choose(asked.one("where", "1=1"))
        if asked.one("returnCountOnly") == "true":
            return Reply(body={"count": len(chosen)})
        if asked.one("returnIdsOnly") == "true":
            ids = [plant["attributes"]["OBJECTID"] for plant in reversed(chosen)]
            return Reply(body={"objectIdFieldName": "OBJECTID", "objectIds": ids})
        offset = int(asked.one("resultOffset", "0"))
        if offset and not self.paging:
            return Reply(
                200, {"error": {"code": 400, "message": "Pagination is not supported.", "details": []}}
            )
        size = min(self.largest, int(asked.one("resultRecordCount", "100000")))
        page = chosen[offset : offset + size]
        more = self.honest and offset + size < len(chosen)
        return Reply(body=self._write(page, more))

    def _choose(self, where: str) -> list[dict[str, Any]]:
        if "OBJECTID >=" not in where:
            return list(self.plants)
        low, high = (int(part.split(" ")[0]) for part in where.replace("<= ", ">= ").split(">= ")[1:])
        return [plant for plant in self.plants if low <= plant["attributes"]["OBJECTID"] <= high]

    def _write(self, page: list[dict[str, Any]], more: bool) -> dict[str, Any]:
        if not self.geojson:
            told = {"exceededTransferLimit": True} if more else {}
            return {"spatialReference": {"wkid": 4326}, "features": page, **told}
        features = [
            {
                "type": "Feature", "id": plant["attributes"]["OBJECTID"], "properties": plant["attributes"],
                "geometry": {"type": "Point", "coordinates": [plant["geometry"]["x"], plant["geometry"]["y"]]},
            }
            for plant in page
        ]  # fmt: skip
        return {
            "type": "FeatureCollection",
            "features": features,
            **({"properties": {"exceededTransferLimit": True}} if more else {}),
        }


def fetch(
    server: Callable[[Asked], Reply], *, faults: list[Fault | None] | None = None, rate: float = 0.0, seed: int = 0,
    cache: Path | None = None, **chosen: Any,
) -> PermittedPlants:  # fmt: skip
    with play(server, faults or [], rate=rate, seed=seed) as service:
        client = WebClient(MILJODIREKTORATET, address=service.address, cache=cache, wait=lambda seconds: None)
        with client:
            return fetch_permitted_plants(client, **chosen)


PLANTS = [make_plant(number) for number in range(1, 24)]
ALL = [str(5000 + number) for number in range(1, 24)]


@pytest.mark.parametrize("geojson", [False, True])
@pytest.mark.parametrize("paging", [True, False])
@pytest.mark.parametrize("largest", [1, 7, 23, 1000])
def test_all_plants_come_once_however_the_server_pages(geojson: bool, paging: bool, largest: int) -> None:
    found = fetch(Server(PLANTS, largest=largest, geojson=geojson, paging=paging))
    assert sorted(found.table["plant_id"]) == ALL
    assert found.facts["repeated"] == 0
    assert found.table.crs == "EPSG:4326"


@pytest.mark.parametrize("seed", range(4))
def test_faults_lose_and_repeat_nothing(seed: int) -> None:
    found = fetch(Server(PLANTS, largest=4, geojson=bool(seed % 2), paging=seed < 3), rate=0.35, seed=seed)
    assert sorted(found.table["plant_id"]) == ALL


def test_a_passing_error_with_status_200_is_asked_again_and_not_kept(tmp_path: Path) -> None:
    error = Fault(Reply(200, {"error": {"code": 500, "message": "Error performing query operation"}}))
    found = fetch(Server(PLANTS), faults=[None, None, error, error, None, error], cache=tmp_path)
    assert sorted(found.table["plant_id"]) == ALL
    kept = [path.read_bytes() for path in tmp_path.rglob("*.answer")]
    assert kept
    assert not any(b"Error performing" in content for content in kept)


def test_a_lasting_error_with_status_200_is_no_data() -> None:
    with pytest.raises(SourceError) as caught:
        fetch(
            lambda asked: Reply(
                200, {"error": {"code": 400, "message": "Invalid or missing input parameters."}}
            )
        )
    assert caught.value.code == "mdir.answer_error"
    assert caught.value.values["reason"] == "Invalid or missing input parameters."


def test_a_server_that_tells_no_more_though_there_is_more_is_held_to_its_count() -> None:
    found = fetch(Server(PLANTS, largest=5, honest=False))
    assert sorted(found.table["plant_id"]) == ALL


def test_a_server_that_describes_nothing_and_ignores_the_offset_is_asked_by_ids() -> None:
    server = Server(PLANTS, largest=1000, described=False)

    def ignoring(asked: Asked) -> Reply:
        params = {name: value for name, value in asked.params.items() if name != "resultOffset"}
        if not asked.one("returnIdsOnly") and "OBJECTID >=" not in asked.one("where"):
            server.largest = 6
        else:
            server.largest = 1000
        return server(Asked(asked.method, asked.path, params, asked.headers))

    found = fetch(ignoring)
    assert sorted(found.table["plant_id"]) == ALL


def test_a_count_that_never_agrees_is_told() -> None:
    server = Server(PLANTS, largest=50)

    def lying(asked: Asked) -> Reply:
        return Reply(body={"count": 99}) if asked.one("returnCountOnly") else server(asked)

    with pytest.raises(SourceError) as caught:
        fetch(lying)
    assert (caught.value.code, caught.value.values["count"], caught.value.values["read"]) == (
        "mdir.count_differs",
        99,
        23,
    )


def test_a_register_that_grows_meanwhile_is_read_again() -> None:
    server = Server(PLANTS[:20], largest=6)
    grown = []

    def growing(asked: Asked) -> Reply:
        if asked.one("resultOffset") == "12" and not grown:
            grown.append(True)
            server.plants = [make_plant(0, OBJECTID=0), *PLANTS[:20]]  # everything moves one place on
        return server(asked)

    found = fetch(growing)
    assert len(found.table) == 21
    assert found.table["plant_id"].is_unique


def test_kept_pages_are_not_asked_for_again(tmp_path: Path) -> None:
    with play(Server(PLANTS, largest=5)) as service:
        for _ in range(2):
            with WebClient(
                MILJODIREKTORATET, address=service.address, cache=tmp_path, wait=lambda s: None
            ) as client:
                found = fetch_permitted_plants(client)
                asked = len(service.asked)
    assert len(found.table) == 23
    assert asked == 7  # description, count, five pages; the second time nothing


def test_an_area_is_asked_for_by_its_box_and_held_to_its_border() -> None:
    there = [make_plant(1), make_plant(2, navn="I Oslo"), make_plant(3)]
    there[1]["geometry"] = {"x": 10.75, "y": 59.91}
    there[2]["geometry"] = None
    boxes: list[str] = []
    server = Server(there)

    def noting(asked: Asked) -> Reply:
        boxes.append(asked.one("geometry"))
        return server(asked)

    found = fetch(noting, municipalities=("5037",))
    assert found.table["plant_id"].tolist() == ["5001"]
    assert found.table["municipality_number"].tolist() == ["5037"]
    assert found.facts["outside"] == 2
    west, south, east, north = map(float, boxes[-1].split(","))
    assert west < 11.0 < east
    assert south < 63.7 < north
    assert north - south < 3
    everything = fetch(Server(there))
    assert (len(everything.table), everything.facts["without_point"]) == (3, 1)


def test_progress_tells_how_many_of_how_many() -> None:
    told: list[tuple[str, int, int | None]] = []
    fetch(Server(PLANTS, largest=10), progress=lambda *step: told.append(step))
    assert told == [("plants", 10, 23), ("plants", 20, 23), ("plants", 23, 23)]


# --- saved answers --------------------------------------------------------------------------------


def save(tmp_path: Path, value: object, *, encoding: str = "utf-8") -> Path:
    path = tmp_path / "anlegg.json"
    path.write_text(json.dumps(value, ensure_ascii=False), encoding=encoding)
    return path


def test_the_example_is_read() -> None:
    path = EXAMPLES / "mdir_industri_query.constructed.json"
    if not path.is_file():
        pytest.skip("the reference folder is not here (SYMBIOSEKART_REFERENCE or ../shared/reference)")
    plant = read_permitted_plants(path).table.iloc[0]
    assert (plant["plant_id"], plant["industry_code"], plant["status"]) == ("999999", "38.320", "active")
    assert plant["industry_text"].startswith("Sortering")
    assert (plant["emits_to_air"], plant["emits_to_water"]) == (False, True)
    assert plant.isna()["must_monitor"]
    assert plant["municipality_number"] == "5037"
    assert plant["fact_sheet"].startswith("https://www.norskeutslipp.no/")


@pytest.mark.parametrize("wkid", [4326, 25833, 25832, 3857, 102100])
def test_points_of_any_system_land_where_they_are(wkid: int, tmp_path: Path) -> None:
    epsg = 3857 if wkid == 102100 else wkid
    x, y = Transformer.from_crs(4326, epsg, always_xy=True).transform(11.1, 63.7)
    plant = {**make_plant(1), "geometry": {"x": x, "y": y}}
    page = {"spatialReference": {"wkid": wkid, "latestWkid": epsg}, "features": [plant]}
    found = read_permitted_plants(save(tmp_path, page)).table
    assert (found.geometry.x[0], found.geometry.y[0]) == pytest.approx((11.1, 63.7), abs=1e-6)
    crs = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{epsg}"}}
    feature = {
        "type": "Feature",
        "properties": plant["attributes"],
        "geometry": {"type": "Point", "coordinates": [x, y]},
    }
    found = read_permitted_plants(
        save(tmp_path, {"type": "FeatureCollection", "crs": crs, "features": [feature]})
    ).table
    assert (found.geometry.x[0], found.geometry.y[0]) == pytest.approx((11.1, 63.7), abs=1e-6)


def test_metres_under_the_name_of_degrees_are_no_point(tmp_path: Path) -> None:
    page = {
        "spatialReference": {"wkid": 4326},
        "features": [{**make_plant(1), "geometry": {"x": 306_000.0, "y": 7_070_000.0}}],
    }
    found = read_permitted_plants(save(tmp_path, page))
    assert found.table.geometry.isna().all()
    assert found.facts["without_point"] == 1


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"error": {"code": 400, "message": "no"}}, "mdir.saved_error"), ({"rows": []}, "mdir.not_plants"), ([], "mdir.not_plants"),
        ("x", "mdir.not_plants"), ({"spatialReference": {"wkid": 999999}, "features": []}, "mdir.unknown_crs"),
    ],
)  # fmt: skip
def test_other_files_are_refused(value: object, code: str, tmp_path: Path) -> None:
    with pytest.raises(RefusedFileError) as caught:
        read_permitted_plants(save(tmp_path, value))
    assert caught.value.code == code


def test_several_pages_with_a_byte_order_mark_are_one_table(tmp_path: Path) -> None:
    pages = [{"features": PLANTS[:2]}, {"features": PLANTS[1:3]}]
    found = read_permitted_plants(save(tmp_path, pages, encoding="utf-8-sig"))
    assert (len(found.table), found.facts["repeated"]) == (3, 1)


@pytest.mark.parametrize(
    ("pages", "lacking"),
    [
        ({"features": PLANTS[:2], "exceededTransferLimit": True}, 1),
        ({"features": PLANTS[:2], "properties": {"exceededTransferLimit": True}}, 1),
        ({"features": PLANTS[:2], "exceededTransferLimit": False}, 0),
        ([{"features": PLANTS[:2], "exceededTransferLimit": True}, {"features": PLANTS[2:]}], 0),
        ([{"features": PLANTS[k : k + 1], "exceededTransferLimit": True} for k in range(2)], 1),
    ],
)
def test_a_saved_page_of_several_is_told(pages: object, lacking: int, tmp_path: Path) -> None:
    assert read_permitted_plants(save(tmp_path, pages)).facts["pages_lacking"] == lacking


# --- values ---------------------------------------------------------------------------------------


def read_one(**values: Any) -> Mapping[str, Any]:
    row = tabulate_plants([Record(values)]).iloc[0]
    return {name: None if row.isna()[name] else row[name] for name in row.index}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"BRANSJE": "38.320 Sortering"}, {"industry_code": "38.320", "industry_text": "Sortering"}),
        ({"Bransje": "E - 38.21 - Behandling"}, {"industry_code": "38.21", "industry_text": "Behandling"}),
        ({"bransje": "38320"}, {"industry_code": "38.320", "industry_text": None}),
        ({"bransje": "Treforedling"}, {"industry_code": None, "industry_text": "Treforedling"}),
        ({"Siste rapporteringsår": "2022"}, {"last_report_year": 2022}),
        ({"siste_rapportering_aar": 1672527600000}, {"last_report_year": 2023}),  # midnight of 1 January in Norway
        ({"siste_rapportering_aar": 0}, {"last_report_year": None}),
        ({"Har utslipp vann": "Ja", "HAR_UTSLIPP_LUFT": "nei"}, {"emits_to_water": True, "emits_to_air": False}),
        ({"har_utslipp_vann": "ukjent"}, {"emits_to_water": None}),
        ({"Driftsstatus": " aktiv\u00a0"}, {"status": "active"}),
        ({"driftsstatus": "Stanset"}, {"status": None, "status_text": "Stanset"}),
        ({"faktaark": "http://www.norskeutslipp.no/x"}, {"fact_sheet": None, "fact_sheet_text": "http://www.norskeutslipp.no/x"}),
        ({"faktaark": "https://www.norskeutslipp.no@evil.example/x"}, {"fact_sheet": None}),
        ({"faktaark": "https://evilnorskeutslipp.no/x"}, {"fact_sheet": None}),
        ({"faktaark": "javascript:alert(1)//norskeutslipp.no"}, {"fact_sheet": None}),
        ({"faktaark": "https://[x/"}, {"fact_sheet": None}),
        ({"industri.dbo.anlegg_id": 7.0}, {"plant_id": "7"}),
        ({"orgnr": "123456789"}, {"organisation_number": None}),
        ({"orgnr": 999999999}, {"organisation_number": "999999999"}),
    ],
)  # fmt: skip
def test_values_in_any_casing_and_wording(values: dict[str, Any], expected: dict[str, Any]) -> None:
    row = read_one(**values)
    assert {name: row[name] for name in expected} == expected


def test_coded_values_and_aliases_are_decoded(tmp_path: Path) -> None:
    fields = [
        {
            "name": "f1",
            "alias": "Driftsstatus",
            "domain": {"type": "codedValue", "codedValues": [{"code": 2, "name": "Nedlagt"}]},
        },
        {"name": "f2", "alias": "Anleggsnavn", "domain": None},
    ]
    page = {"fields": fields, "features": [{"attributes": {"f1": 2, "f2": "Gamle verket"}, "geometry": None}]}
    plant = read_permitted_plants(save(tmp_path, page)).table.iloc[0]
    assert (plant["name"], plant["status"]) == ("Gamle verket", "closed")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "attributes": st.dictionaries(
                    st.sampled_from(
                        [
                            "anlegg_id",
                            "navn",
                            "bransje",
                            "driftsstatus",
                            "faktaark",
                            "siste_rapportering_aar",
                            "har_utslipp_luft",
                        ]
                    ),
                    JSON,
                ),
                "geometry": JSON | st.fixed_dictionaries({"x": JSON, "y": JSON}),
            },
        )
        | JSON,
        max_size=4,
    )
)
@settings(max_examples=60)
def test_missing_keys_nulls_and_nonsense_raise_nothing(features: list[Any]) -> None:
    from loaders.official.arcgisfeatures import read_records

    table = tabulate_plants(read_records({"features": features, "fields": [None, {"name": 3}]}))
    assert len(table) == len(features)


# --- facilities -----------------------------------------------------------------------------------


def test_plants_become_facilities_without_the_closed_ones(tmp_path: Path) -> None:
    plants = read_permitted_plants(save(tmp_path, {"features": [*PLANTS[:6], make_plant(7, navn=None)]}))
    facilities, left_out = to_facilities(plants)
    assert left_out == {"nameless": 1, "closed": 2, "aftercare": 3}
    assert facilities["facility_id"].tolist() == ["plant-5003", "plant-5006"]
    assert facilities["actor_type"].tolist() == ["treatment", "producer"]
    assert set(facilities["geocode_quality"]) == {"given"}
    assert set(facilities["dataset"]) == {"register"}
    assert "Miljødirektoratet" in facilities["source"][0]
    assert check_table(facilities, "facilities") == []
    everyone, _ = to_facilities(plants, with_closed=True)
    assert len(everyone) == 6
    assert "Etterdrift" in everyone["note"][0]


def test_what_is_kept_on_the_shelf_is_read_again_the_same(tmp_path: Path) -> None:
    there = [*PLANTS[:4], make_plant(9, faktaark="se arkivet", bransje="Treforedling", har_utslipp_vann=1)]
    there[1] = {**there[1], "geometry": None}
    with play(Server(there)) as service:
        client = WebClient(MILJODIREKTORATET, address=service.address, wait=lambda seconds: None)
        with client:
            fetched = fetch_permitted_plants(client)
            kept = keep_plants(client, folder=tmp_path)
    (record,) = kept
    assert (record.rows, record.licence, record.attribution) == (5, "NLOD 2.0", "Miljødirektoratet")
    again = read_permitted_plants(record.path(tmp_path)).table
    pd.testing.assert_frame_equal(
        pd.DataFrame(again.drop(columns="geometry")), pd.DataFrame(fetched.table.drop(columns="geometry"))
    )
    assert again.geometry.isna().tolist() == fetched.table.geometry.isna().tolist()
    found = read_kept_plants(folder=tmp_path)
    assert found is not None
    facilities, facts = found
    assert facts["pages_lacking"] == 0
    assert set(facilities["facility_id"]) == {"plant-5003", "plant-5009"}
    assert read_kept_plants(folder=tmp_path / "empty") is None


def test_plants_of_the_area_are_read_though_others_were_fetched_later() -> None:
    def make_record(area: str, day: str) -> FetchedRecord:
        return FetchedRecord("mdir", "plants", area, f"plants-{area}.geojson", day)

    whole, east = make_record("4601-4602", "2026-01-01"), make_record("5001-5006", "2026-02-01")
    records = (east, whole)  # the newest first, as the shelf lists them
    assert _choose_kept(records, ["4601"]) == whole
    assert _choose_kept(records, ["5001", "4601"]) == east  # some of it
    assert _choose_kept(records, ["0301"]) is None
    assert _choose_kept(records, []) == east
    country = make_record("", "2025-01-01")
    assert _choose_kept((east, whole, country), ["0301", "5001"]) == country
