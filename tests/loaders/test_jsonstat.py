"""JSON-stat: every shape the format allows becomes the same tidy table; what is no dataset is refused."""

from __future__ import annotations

import itertools
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.errors import RefusedFileError
from loaders.official.jsonstat import is_dataset, read_jsonstat
from loaders.official.periods import is_period, read_period

ROOT = Path(__file__).parents[2]
EXAMPLES = (
    Path(os.environ.get("SYMBIOSEKART_REFERENCE", ROOT.parent / "shared" / "reference")) / "api-examples"
)
needs_examples = pytest.mark.skipif(
    not EXAMPLES.is_dir(),
    reason="the reference folder is not here (SYMBIOSEKART_REFERENCE or ../shared/reference)",
)


def make_dataset(**changes: Any) -> dict[str, Any]:
    dataset: dict[str, Any] = {
        "version": "2.0",
        "class": "dataset",
        "label": "01234: Avfall (tonn), etter region, statistikkvariabel og år",
        "source": "Statistisk sentralbyrå",
        "updated": "2026-05-01T06:00:00Z",
        "note": ["Oppdiktet\u00a0tabell."],
        "id": ["Region", "ContentsCode", "Tid"],
        "size": [2, 1, 3],
        "dimension": {
            "Region": {
                "label": "region",
                "category": {
                    "index": {"5037": 0, "5059": 1},
                    "label": {"5037": "Levanger\u00a0- Levange", "5059": "Ork\u00adland"},
                },
                "extension": {"elimination": True},
            },
            "ContentsCode": {
                "label": "statistikkvariabel",
                "category": {
                    "label": {"Mengde": "Mengde (tonn)"},
                    "unit": {"Mengde": {"base": "tonn", "decimals": 1}},
                },
            },
            "Tid": {"label": "kvartal", "category": {"index": ["2023K3", "2023K4", "2024K1"]}},
        },
        "value": [1, 2.5, None, 4, 5, 6],
        "status": {"2": ".."},
        "role": {"time": ["Tid"], "metric": ["ContentsCode"], "geo": ["Region"]},
    }
    return {**dataset, **changes}


def test_cells_become_rows_with_codes_labels_period_unit_and_status() -> None:
    table = read_jsonstat(make_dataset(), licence="CC BY 4.0")
    frame = table.frame
    assert list(frame.columns) == [
        "Region",
        "Region_label",
        "ContentsCode",
        "ContentsCode_label",
        "Tid",
        "Tid_label",
        "year",
        "quarter",
        "month",
        "value",
        "unit",
        "decimals",
        "status",
    ]
    assert len(frame) == 6
    assert frame["Region_label"].unique().tolist() == ["Levanger - Levange", "Orkland"]
    assert frame["Tid"].tolist() == ["2023K3", "2023K4", "2024K1"] * 2
    assert frame["quarter"].tolist() == [3, 4, 1] * 2
    assert frame["year"].tolist() == [2023, 2023, 2024] * 2
    assert frame["value"].dtype == "Float64"
    assert pd.isna(frame["value"][2])
    assert frame["value"].drop(2).tolist() == [1, 2.5, 4, 5, 6]
    assert frame["status"].fillna("").tolist() == ["", "", "..", "", "", ""]
    assert set(frame["unit"]) == {"tonn"}
    assert set(frame["decimals"]) == {1}
    assert table.units == {"Mengde": "tonn"}
    assert (table.table_id, table.licence, table.notes) == ("01234", "CC BY 4.0", ("Oppdiktet tabell.",))
    assert table.dimensions[0].eliminable
    assert [dimension.role for dimension in table.dimensions] == ["geo", "metric", "time"]


SAME_CELLS: list[dict[str, Any]] = [
    {"value": {"0": 1, "1": 2.5, "3": 4, "4": 5, "5": 6}},
    {"value": {"5": 6, "0": 1, "1": 2.5, "2": None, "3": 4, "4": 5}},
    {"status": [None, None, "..", None, None, None]},
    {"value": [1, 2.5, "..", 4, 5, 6], "status": None},
    {"value": ["1", 2.5, float("nan"), 4, 5, "6.0"]},
]


@pytest.mark.parametrize("changes", SAME_CELLS)
def test_every_way_to_give_cells_gives_the_same_table(changes: dict[str, Any]) -> None:
    expected = read_jsonstat(make_dataset()).frame
    pd.testing.assert_frame_equal(read_jsonstat(make_dataset(**changes)).frame, expected)


def test_one_status_stands_for_every_cell() -> None:
    for status in ("p", ["p"]):
        assert set(read_jsonstat(make_dataset(status=status)).frame["status"]) == {"p"}


def test_version_1_is_read_with_its_dimensions_inside() -> None:
    new = make_dataset()
    old = {key: new[key] for key in ("label", "source", "updated", "value", "status")}
    inside = {**new["dimension"], "id": new["id"], "size": new["size"], "role": new["role"]}
    read = read_jsonstat(json.dumps({"dataset": {**old, "dimension": inside}}))
    pd.testing.assert_frame_equal(read.frame, read_jsonstat(new).frame)


def test_time_is_found_without_roles_and_zero_is_not_unknown() -> None:
    table = read_jsonstat(make_dataset(role=None, value=[0, 0, None, 0, 0, 0]))
    assert table.dimensions[2].role == "time"
    assert table.frame["year"].tolist() == [2023, 2023, 2024] * 2
    assert table.frame["value"].notna().sum() == 5


def test_a_dimension_called_as_a_value_column_keeps_both() -> None:
    dataset = make_dataset()
    text = json.dumps(dataset).replace('"Region"', '"unit"')
    frame = read_jsonstat(text).frame
    assert frame["unit_code"].tolist() == ["5037"] * 3 + ["5059"] * 3
    assert set(frame["unit"]) == {"tonn"}


REFUSED: list[tuple[Any, str]] = [
    ("<!doctype html>", "jsonstat.unreadable"),
    ("[" * 100_000, "jsonstat.unreadable"),
    ([1, 2], "jsonstat.no_dataset"),
    ({}, "jsonstat.no_dataset"),
    ({"class": "collection", "link": {"item": []}}, "jsonstat.collection"),
    ({"one": make_dataset(), "two": make_dataset()}, "jsonstat.collection"),
    ({"class": "error", "status": "404", "label": "Not found"}, "jsonstat.refused"),
    ({"error": "Too many values"}, "jsonstat.refused"),
    ({"type": "Parameter error", "title": "Non-existent value", "status": 400}, "jsonstat.refused"),
    (make_dataset(value=[1, 2, 3]), "jsonstat.size"),
    (make_dataset(value={"6": 1}), "jsonstat.size"),
    (make_dataset(value={"-1": 1}), "jsonstat.size"),
    (make_dataset(value={"x": 1}), "jsonstat.size"),
    (make_dataset(value=None), "jsonstat.no_dataset"),
    (make_dataset(size=[2, 1, 4]), "jsonstat.size"),
    (make_dataset(status=["", ""]), "jsonstat.size"),
    (make_dataset(id=["Region", "ContentsCode", "Month"]), "jsonstat.dimension"),
    (make_dataset(id=["Region", "Region", "Tid"]), "jsonstat.dimension"),
]


@pytest.mark.parametrize(("given_value", "code"), REFUSED)
def test_what_is_no_dataset_is_refused_with_the_reason(given_value: Any, code: str) -> None:
    text = given_value if isinstance(given_value, str) else json.dumps(given_value)
    with pytest.raises(RefusedFileError) as caught:
        read_jsonstat(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "index", [{"a": 0, "b": 0}, {"a": 0, "b": "1"}, ["a", "a"], None, 7, {"a": 0, "b": True}]
)
def test_categories_that_cannot_be_ordered_are_refused(index: Any) -> None:
    dataset = make_dataset(id=["Region"], size=[2], value=[1, 2], status=None)
    dataset["dimension"]["Region"]["category"] = {"index": index, "label": {"a": "A", "b": "B"}}
    with pytest.raises(RefusedFileError) as caught:
        read_jsonstat(dataset)
    assert caught.value.code == "jsonstat.dimension"


def test_a_few_lines_cannot_claim_more_cells_than_memory_holds() -> None:
    wide = {"category": {"index": [str(at) for at in range(5000)]}}
    names = ["a", "b", "c"]
    dataset = {"class": "dataset", "id": names, "size": [5000] * 3, "value": {}}
    with pytest.raises(RefusedFileError) as caught:
        read_jsonstat({**dataset, "dimension": dict.fromkeys(names, wide)})
    assert caught.value.code == "jsonstat.too_large"


def test_an_error_is_no_dataset() -> None:
    assert is_dataset(make_dataset())
    assert not is_dataset({"error": "nei"})
    assert not is_dataset("tekst")
    assert not is_dataset({"class": "dataset", "dimension": {}})


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2023", (2023, None, None)),
        ("2023K2", (2023, 2, None)),
        ("2023Q4", (2023, 4, None)),
        ("2023M05", (2023, 2, 5)),
        ("2023-11", (2023, 4, 11)),
        ("2023-11-30", (2023, 4, 11)),
        ("2023U53", (2023, None, None)),
        ("2023H1", (2023, None, None)),
        ("2020-2023", (None, None, None)),
        ("2023M13", (None, None, None)),
        ("I alt", (None, None, None)),
        ("5037", (None, None, None)),
    ],
)
def test_periods(text: str, period: tuple[int | None, int | None, int | None]) -> None:
    assert read_period(text) == period
    assert is_period(text) == (period[0] is not None)


names = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp", "Cf")), min_size=1, max_size=6
)


@st.composite
def cubes(draw: st.DrawFn) -> tuple[dict[str, Any], dict[tuple[str, ...], tuple[float | None, str]]]:
    ids = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    categories = [draw(st.lists(names, min_size=1, max_size=4, unique=True)) for _ in ids]
    dimension: dict[str, Any] = {}
    for name, codes in zip(ids, categories, strict=True):
        index: Any = {code: at for at, code in enumerate(codes)}
        category: dict[str, Any] = {"index": draw(st.sampled_from([index, codes]))}
        if draw(st.booleans()):
            category["label"] = {code: code + "\u00a0" for code in codes if draw(st.booleans())}
        dimension[name] = {"category": category}
    keys = list(itertools.product(*categories))
    number = st.one_of(st.none(), st.floats(-1e12, 1e12), st.integers(-(10**9), 10**9))
    values = [draw(number) for _ in keys]
    marks = [draw(st.sampled_from(["", "..", "."])) for _ in keys]
    value: Any = values
    if draw(st.booleans()):
        value = {str(at): one for at, one in enumerate(values) if one is not None or draw(st.booleans())}
    status: Any = {str(at): one for at, one in enumerate(marks) if one}
    if draw(st.booleans()):
        status = marks
    sizes = [len(codes) for codes in categories]
    dataset = {
        "class": "dataset",
        "id": ids,
        "size": sizes,
        "dimension": dimension,
        "value": value,
        "status": status,
    }
    return dataset, dict(zip(keys, zip(values, marks, strict=True), strict=True))


@settings(max_examples=60)
@given(cubes())
def test_no_cell_is_lost_moved_or_made_up(
    drawn: tuple[dict[str, Any], dict[tuple[str, ...], tuple[float | None, str]]],
) -> None:
    dataset, cells = drawn
    table = read_jsonstat(json.dumps(dataset))
    columns = [table.columns_of(dimension)[0] for dimension in table.dimensions]
    assert len(table.frame) == len(cells)
    for row in table.frame.to_dict("records"):
        value, mark = cells[tuple(row[column] for column in columns)]
        assert (pd.isna(row["value"]) and value is None) or row["value"] == value
        assert ("" if pd.isna(row["status"]) else row["status"]) == mark


@needs_examples
def test_the_examples_are_read() -> None:
    fuel = read_jsonstat(EXAMPLES / "ssb_09654_jsonstat2.copied_values.json")
    assert len(fuel.frame) == 19
    assert fuel.table_id == "09654"
    assert math.isclose(fuel.frame["value"].iloc[-1], 20.69)
    assert fuel.frame["month"].tolist() == [*range(1, 13), *range(1, 8)]
    waste = read_jsonstat(EXAMPLES / "ssb_kommune_avfall_jsonstat2.constructed.json").frame
    cell = waste[(waste["Region"] == "5037") & (waste["Materialtype"] == "02") & (waste["year"] == 2023)]
    assert cell["value"].isna().all()
    assert cell["status"].tolist() == [".."]
    assert np.isclose(waste["value"].sum(), 905)
