# ruff: noqa: E501  (tables of cases are easier to read in whole lines)
"""Waste transfers of facilities: read out of a file of all of Europe, and held against streams."""

from __future__ import annotations

import os
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.errors import RefusedFileError
from geodata.schemas import conform_table
from geodata.wastetransfers import TRANSFER_COLUMNS, VERDICTS
from loaders.checks import check_table
from loaders.eea import WasteTransfers, compare_transfers, match_transfers, read_waste_transfers, to_streams
from loaders.official import transferrows

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = (
    Path(os.environ.get("SYMBIOSEKART_REFERENCE", ROOT.parent / "shared" / "reference")) / "api-examples"
)
HEADER = "countryName,reportingYear,FacilityInspireId,facilityName,city,Longitude,Latitude,wasteClassification,wasteTreatment,wasteTransfers,confidentialityReason"


def write(tmp_path: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8-sig") -> Path:
    path = tmp_path / "F4_2_WasteTransfers_Facilities.csv"
    path.write_text("\r\n".join([header, *rows]) + "\r\n", encoding=encoding, newline="")
    return path


def row(
    name: str = "Oppdiktet Smelteverk AS", *, year: int = 2022, what: str = "HW", how: str = "R", tonnes: str = "12.5",
    country: str = "Norway", key: str = "NO.1", lon: float = 11.1, reason: str = "",
) -> str:  # fmt: skip
    return f'{country},{year},{key},"{name}",Levanger,{lon},63.7,{what},{how},{tonnes},{reason}'


def test_the_example_is_read() -> None:
    path = EXAMPLES / "eea_F4_2_waste_transfers.constructed.csv"
    if not path.is_file():
        pytest.skip("the reference folder is not here (SYMBIOSEKART_REFERENCE or ../shared/reference)")
    for country in ("Norway", "NO", "norge"):
        table = read_waste_transfers(path, country=country).table
        assert table["tonnes"].tolist() == [12345.6, 12.3]
        assert table["hazardous"].tolist() == [False, True]
        assert table["treatment"].tolist() == ["R", "D"]


def test_only_the_country_is_taken_and_all_parts_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transferrows, "CHUNK_ROWS", 3)
    rows = [row(country="Norway" if n % 4 == 0 else "Germany", key=f"NO.{n}") for n in range(20)]
    told: list[int] = []
    found = read_waste_transfers(write(tmp_path, *rows), progress=lambda step, done, total: told.append(done))
    assert sorted(found.table["facility_key"]) == sorted(f"NO.{n}" for n in range(0, 20, 4))
    assert (found.facts["rows"], found.facts["of_country"]) == (20, 5)
    assert told[-1] == 20
    assert {name: str(dtype) for name, dtype in found.table.dtypes.items()} == TRANSFER_COLUMNS


def test_what_is_hidden_twice_or_in_parts_is_told(tmp_path: Path) -> None:
    rows = [
        row(), row(), row(tonnes="2.5"),  # the same again, and more of the same kind
        row(what="NONHW", tonnes="", reason="Article 4(2)(d)"), row("", key="NO.2"), row("CONFIDENTIAL", key="NO.3"),
        row(what="XX"), row(how="?"), row(tonnes="many"), row(tonnes="-3"), row(year=12),
    ]  # fmt: skip
    found = read_waste_transfers(write(tmp_path, *rows))
    assert found.facts == {
        "rows": 11, "of_country": 11, "unreadable": 5, "repeated": 1, "added": 1, "confidential_amount": 1, "confidential_name": 2,
    }  # fmt: skip
    table = found.table.set_index(["facility_key", "hazardous"])
    assert table.loc[("NO.1", True), "tonnes"] == 15.0
    assert pd.isna(table.loc[("NO.1", False), "tonnes"])
    assert table["confidential"].sum() == 3
    assert table.loc["NO.2", "facility_name"].isna().all()


def test_older_words_and_other_marks_are_read(tmp_path: Path) -> None:
    header = "WASTECLASSIFICATION;Waste_Treatment;wasteTransfers;reporting year;Facility Name;CITY;CountryName;Extra"
    rows = [
        "HWIC;D;1 234,5;2020;Ærfugl AS;Bodø;NO;x",
        "HWOC;D;1,5;2020;Ærfugl AS;Bodø;NO;x",
        "Non-HW;Recovery;7;2020;Ærfugl AS;Bodø;NO;x",
    ]
    table = read_waste_transfers(write(tmp_path, *rows, header=header)).table.set_index("hazardous")
    assert table.loc[True, "tonnes"] == pytest.approx(1236.0)
    assert (table.loc[False, "treatment"], table.loc[False, "tonnes"]) == ("R", 7.0)
    assert table.loc[False, "facility_key"] == "ærfugl|bodø"


@pytest.mark.parametrize(
    "column",
    [
        "facilityName",
        "countryName",
        "reportingYear",
        "wasteClassification",
        "wasteTreatment",
        "wasteTransfers",
    ],
)
def test_a_missing_column_is_named(column: str, tmp_path: Path) -> None:
    with pytest.raises(RefusedFileError) as caught:
        read_waste_transfers(write(tmp_path, row(), header=HEADER.replace(column, "other")))
    assert (caught.value.code, caught.value.values["column"]) == ("eea.not_transfers", column)


def test_no_row_of_the_country_and_no_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(RefusedFileError) as caught:
        read_waste_transfers(write(tmp_path, row()), country="Iceland")
    assert caught.value.code == "eea.unknown_country"
    with pytest.raises(RefusedFileError) as caught:
        read_waste_transfers(tmp_path / "none.csv")
    assert caught.value.code == "file.not_found"
    with pytest.raises(RefusedFileError) as caught:
        read_waste_transfers(write(tmp_path, 'Norway,2020,NO.1,"never closed'))
    assert caught.value.code == "file.damaged"


@given(
    cases=st.lists(
        st.tuples(
            st.integers(1, 4), st.integers(2019, 2021), st.booleans(), st.booleans(), st.integers(0, 10**7)
        ),
        min_size=1,
        max_size=25,
        unique=True,
    ),
    order=st.permutations(HEADER.split(",")),
)
@settings(max_examples=25)
def test_tonnes_are_neither_lost_nor_made_in_any_order_of_columns(
    cases: list[tuple[int, int, bool, bool, int]], order: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = []
    for plant, year, hazardous, recovered, grams in cases:
        cells = dict(
            zip(
                HEADER.split(","),
                row(f"Verk {plant}", key=f"NO.{plant}").replace('"', "").split(","),
                strict=True,
            )
        )
        cells |= {"reportingYear": str(year), "wasteClassification": "HW" if hazardous else "NONHW"}
        cells |= {"wasteTreatment": "R" if recovered else "D", "wasteTransfers": str(grams / 1000)}
        lines.append(",".join(cells[name] for name in order))
    path = write(tmp_path_factory.mktemp("eea"), *lines, header=",".join(order))
    found = read_waste_transfers(path)
    assert found.table["tonnes"].sum() == pytest.approx(sum(case[-1] for case in cases) / 1000)
    keys = {
        (f"NO.{plant}", year, hazardous, "R" if recovered else "D")
        for plant, year, hazardous, recovered, _ in cases
    }
    got = set(
        zip(
            found.table["facility_key"],
            found.table["reporting_year"],
            found.table["hazardous"],
            found.table["treatment"],
            strict=True,
        )
    )
    assert got == keys


# --- beside streams -------------------------------------------------------------------------------


def make_facilities(*rows: tuple[str, str, float]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(
        {
            "facility_id": [r[0] for r in rows],
            "name": [r[1] for r in rows],
            "actor_type": "producer",
            "visibility": "public",
            "dataset": "region",
        }
    )
    points = gpd.points_from_xy([r[2] for r in rows], [63.7] * len(rows))
    return gpd.GeoDataFrame(conform_table(frame, "facilities"), geometry=points, crs="EPSG:4326")


def make_streams(*rows: tuple[str, float, bool | None, str]) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "stream_id": [f"s{n}" for n in range(len(rows))], "facility_id": [r[0] for r in rows], "direction": "offer",
            "material": "wood", "amount_best": [r[1] for r in rows], "unit": "t", "hazardous": [r[2] for r in rows],
            "basis": [r[3] for r in rows], "dataset": "region",
        }
    )  # fmt: skip
    return conform_table(frame.astype({"amount_best": "Float64", "hazardous": "boolean"}), "streams")


def read(tmp_path: Path, *rows: str) -> WasteTransfers:
    return read_waste_transfers(write(tmp_path, *rows))


def test_a_facility_is_known_by_name_and_nearness_only_where_that_is_certain(tmp_path: Path) -> None:
    transfers = read(
        tmp_path, row("Alken Verk AS", key="A"), row("BERGEN VERK", key="B", lon=5.3), row("Tvilling", key="C"), row("Dobbelt AS", key="D"), row("Dobbelt", key="E"),
    ).table  # fmt: skip
    facilities = make_facilities(
        ("a", "Alken verk", 11.11), ("b", "Bergen Verk AS", 11.1), ("c1", "Tvilling AS", 11.1), ("c2", "Tvilling", 11.12), ("d", "Dobbelt", 11.1),
    )  # fmt: skip
    assert match_transfers(transfers, facilities) == {"A": "a"}


def test_streams_are_held_against_the_latest_report(tmp_path: Path) -> None:
    transfers = read(
        tmp_path,
        row("Alken", key="A", year=2021, what="NONHW", tonnes="1.0"), row("Alken", key="A", what="NONHW", tonnes="3000"),
        row("Alken", key="A", what="NONHW", how="D", tonnes="1000"), row("Alken", key="A", what="HW", tonnes="", reason="x"),
        row("Brisk", key="B", what="NONHW", tonnes="5000"), row("Cola", key="C", what="NONHW", tonnes="5000"),
    ).table  # fmt: skip
    facilities = make_facilities(
        ("a", "Alken AS", 11.1), ("b", "Brisk AS", 11.1), ("c", "Cola AS", 11.1), ("d", "Drue AS", 11.1)
    )
    streams = make_streams(
        ("a", 3000.0, None, "reported"), ("a", 500.0, False, "modelled"), ("a", 4.0, True, "estimated"),
        ("b", 9000.0, False, "modelled"), ("c", 10.0, False, "reported"), ("d", 5.0, False, "modelled"), ("elsewhere", 1.0, False, "modelled"),
    )  # fmt: skip
    table = compare_transfers(streams, transfers, facilities=facilities)
    told = {
        (str(r["facility_id"]), bool(r["hazardous"])): str(r["verdict"]) for r in table.to_dict("records")
    }
    assert told == {
        ("a", False): "within",
        ("a", True): "confidential",
        ("b", False): "above",
        ("c", False): "far_below",
        ("d", False): "no_transfer",
    }
    first = table.iloc[0]
    assert (first["reported_t"], first["modelled_t"], first["transfer_t"], first["transfer_year"]) == (
        3000.0,
        500.0,
        4000.0,
        2022,
    )
    assert first["share"] == pytest.approx(0.875)
    assert set(table["verdict"]) <= set(VERDICTS)
    earlier = compare_transfers(streams, transfers, facilities=facilities, year=2021).set_index(
        ["facility_id", "hazardous"]
    )
    assert earlier.loc[("a", False), "verdict"] == "above"


def test_only_hazardous_waste_becomes_a_stream_and_only_where_none_is(tmp_path: Path) -> None:
    transfers = read(
        tmp_path, row("Alken", key="A", year=2020, tonnes="10"), row("Alken", key="A", year=2021, tonnes="30"), row("Alken", key="A", year=2022, tonnes="20"),
        row("Alken", key="A", year=2022, how="D", tonnes="5"), row("Alken", key="A", what="NONHW", tonnes="9000"), row("Brisk", key="B", tonnes="7"),
    )  # fmt: skip
    facilities = make_facilities(("a", "Alken AS", 11.1), ("b", "Brisk AS", 11.1))
    made = to_streams(transfers, facilities=facilities, streams=make_streams(("b", 4.0, True, "reported")))
    assert made["facility_id"].tolist() == ["a"]
    stream = made.iloc[0]
    assert (stream["amount_min"], stream["amount_best"], stream["amount_max"], stream["reference_year"]) == (
        10.0,
        25.0,
        30.0,
        2022,
    )
    assert (stream["material"], stream["basis"], stream["hazardous"]) == ("hazardous_waste", "reported", True)
    assert pd.isna(stream["eal_code"])
    assert "ikke kjent" in stream["note"]
    assert check_table(made, "streams") == []
    assert to_streams(transfers, facilities=facilities.iloc[:0], streams=make_streams()).empty
