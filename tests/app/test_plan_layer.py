"""Planned flows, flows through an intermediary, and how far a stream pays: as layers of the map."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from dashboard.layers import Layer, build_break_even_layer, build_flow_layer, build_plan_layer
from dashboard.layers.lines import WIDEST_FLOW
from dashboard.symbols import render_legend
from geodata.schemas import conform_table

FACILITIES = gpd.GeoDataFrame(
    conform_table(
        pd.DataFrame(
            [
                {"facility_id": key, "name": name, "actor_type": "producer", "visibility": "public"}
                | {"dataset": "region"}
                for key, name in (("a", "Sag <b>"), ("b", "{{7*7}}"), ("c", "Mottak"), ("n", "Uten punkt"))
            ]
        ),
        "facilities",
    ),
    geometry=[shapely.Point(10, 63), shapely.Point(11, 63), shapely.Point(11, 64), None],
    crs="EPSG:4326",
)


def make_flows(*rows: tuple[str, str | None, str, float, str | None]) -> pd.DataFrame:
    names = ("from_facility_id", "via_facility_id", "to_facility_id", "tonnes", "hierarchy")
    frame = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows])
    frame["match_id"] = [f"m{k}" for k in range(len(frame))]
    return frame.astype({name: "string" for name in names if name != "tonnes"})


def read(layer: Layer) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(layer.content)
    return document


def widths(layer: Layer) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for feature in read(layer)["features"]:
        found.setdefault(layer.ids[feature["properties"]["key"]], []).append(feature["properties"]["size"])
    return found


def test_the_width_grows_straight_with_the_tonnes_and_the_legend_says_so() -> None:
    layer = build_plan_layer(
        make_flows(("a", None, "b", 1000.0, "reuse"), ("b", None, "c", 500.0, "energy")), FACILITIES
    )
    assert widths(layer) == {"m0": [WIDEST_FLOW], "m1": [WIDEST_FLOW / 2]}
    scale = {entry.label: entry.style.width for entry in layer.legend[1][1]}
    assert {"".join(c for c in text if c.isdigit()): width for text, width in scale.items()} == {
        "1000": WIDEST_FLOW,
        "500": WIDEST_FLOW / 2,
        "200": WIDEST_FLOW / 5,
    }


def test_a_flow_through_an_intermediary_is_two_arrows_and_the_intermediary_is_ringed() -> None:
    layer = build_plan_layer(make_flows(("a", "b", "c", 100.0, "recycling")), FACILITIES)
    first, second = read(layer)["features"]
    assert first["geometry"]["coordinates"] == [[10, 63], [11, 63]]
    assert second["geometry"]["coordinates"] == [[11, 63], [11, 64]]
    assert first["properties"]["ringed"] == 1
    assert "ringed" not in second["properties"]
    assert {layer.ids[f["properties"]["key"]] for f in (first, second)} == {"m0"}
    assert first["properties"]["title"] == "Sag <b> → {{7*7}} → Mottak"
    assert layer.legend[0][1][-1].label == "Går videre gjennom et mellomledd"


def test_matches_through_an_intermediary_are_drawn_so_too() -> None:
    matches = make_flows(("a", "b", "c", 100.0, "recycling"), ("a", "n", "c", 1.0, "reuse")).assign(
        score=[80.0, 90.0], exchange_best=[100.0, 1.0], unit="t", basis="reported", distance_km=3.0
    )
    layer = build_flow_layer(matches, FACILITIES)
    assert [layer.ids[f["properties"]["key"]] for f in read(layer)["features"]] == ["m0", "m0"]
    direct = build_flow_layer(matches.assign(via_facility_id=pd.NA), FACILITIES)
    assert direct.count == 2
    assert not any("ringed" in f["properties"] for f in read(direct)["features"])


def test_flows_between_the_same_two_fan_out_and_the_thin_ones_lie_on_top() -> None:
    layer = build_plan_layer(
        make_flows(
            ("a", None, "b", 10.0, "reuse"), ("a", None, "b", 900.0, "energy"), ("b", None, "a", 5.0, None)
        ),
        FACILITIES,
    )
    properties = [feature["properties"] for feature in read(layer)["features"]]
    # the first of the document is drawn last
    assert [layer.ids[p["key"]] for p in properties] == ["m2", "m0", "m1"]
    assert [p.get("bend", 0) for p in properties] == [0, 0, 1]


def test_kinds_of_destination_differ_by_more_than_colour_and_unknown_is_said() -> None:
    ranks = ("reuse", "recycling", "biological", "backfilling", "energy", "disposal", None)
    layer = build_plan_layer(make_flows(*(("a", None, "b", 10.0, rank) for rank in ranks)), FACILITIES)
    document = read(layer)["symbiosekart"]
    assert len(document["categories"]) == 7
    assert len({tuple(style["dash"]) for style in document["styles"]}) == 7
    assert document["categories"][-1] == "ikke kjent hva det blir til"


def test_energy_is_drawn_apart_from_tonnes_and_nothing_is_drawn_of_nothing() -> None:
    flows = make_flows(("a", None, "b", 10.0, "reuse"), ("b", None, "c", 20.0, "energy"))
    flows = flows.rename(columns={"tonnes": "amount"}).assign(unit=pd.array(["t", "MWh"], dtype="string"))
    assert list(widths(build_plan_layer(flows, FACILITIES))) == ["m0"]
    heat = build_plan_layer(flows, FACILITIES, unit="MWh")
    assert list(widths(heat)) == ["m1"]
    assert "MWh" in heat.legend[1][1][0].label
    for nothing in (flows.head(0), flows.assign(amount=0.0), flows.assign(amount=pd.NA)):
        empty = build_plan_layer(nothing, FACILITIES)
        assert (empty.count, empty.legend) == (0, ())


def test_ends_without_a_point_are_left_to_the_table() -> None:
    flows = make_flows(("a", None, "n", 10.0, "reuse"), ("a", "n", "b", 10.0, "reuse"))
    assert build_plan_layer(flows, FACILITIES).count == 0


def test_only_the_largest_flows_are_drawn() -> None:
    flows = make_flows(*(("a", None, "b", float(k), "reuse") for k in range(1, 9)))
    assert sorted(widths(build_plan_layer(flows, FACILITIES, limit=2))) == ["m6", "m7"]


@pytest.mark.parametrize("ends", [("low", "best", "high"), ("best",), ("best", "high")])
def test_how_far_it_pays_is_told_by_pattern_and_words(ends: tuple[str, ...]) -> None:
    shapes = [shapely.MultiPolygon([shapely.Point(10, 63).buffer(k + 1)]) for k in range(len(ends))]
    areas = gpd.GeoDataFrame(
        {"end": ends, "km": [12.0 * (k + 1) for k in range(len(ends))]}, geometry=shapes, crs="EPSG:4326"
    )
    layer = build_break_even_layer(areas)
    document = read(layer)["symbiosekart"]
    assert not document["clickable"]
    assert len({(s["pattern"], tuple(s["dash"])) for s in document["styles"]}) == len(ends)
    assert "12" in document["categories"][0]
    # the largest lies lowest
    assert [f["properties"]["category"] for f in read(layer)["features"]] == list(range(len(ends)))[::-1]
    assert build_break_even_layer(areas.head(0)).count == 0


def test_legends_escape_names_and_are_drawn_in_both_themes() -> None:
    layer = build_plan_layer(make_flows(("a", "b", "c", 100.0, "recycling")), FACILITIES)
    fragments = [render_legend(list(layer.legend), theme=theme) for theme in ("light", "dark")]
    assert fragments[0] != fragments[1]
    assert all("{{" not in fragment and "<b>" not in fragment for fragment in fragments)
