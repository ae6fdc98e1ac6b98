"""Layers: what is drawn how, what a screen is told, and that hostile text stays text."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import folium
import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from streamlit_folium import _get_feature_group_string, _get_header, _get_map_string

from dashboard import mapview
from dashboard.layerdocument import Feature, build_layer, feature_key, plain
from dashboard.layers import (
    Layer,
    build_cluster_layer,
    build_facility_layer,
    build_flow_layer,
    build_municipality_layer,
    build_reach_layer,
    build_route_layer,
    combine_legends,
    find_roles,
    publish,
)
from dashboard.layers.looks import OUTLINES, PATTERNS
from dashboard.mapview import LayerElement, LocalMap, MapContentError
from dashboard.symbols import FRAMES, SHAPES, LegendEntry, Style, Theme, draw_symbol, mark, render_legend
from dashboard.text import in_language
from geodata.routes import Route, RouteLeg
from geodata.schemas import conform_table

PAYLOADS = (
    "{{7*7}}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{x}}{% endfor %}",
    "{# gone #}",
    "${alert(1)}",
    "`${alert(2)}`",
    '<img src=x onerror="alert(3)">',
    "</script><script>alert(4)</script>",
    '");alert(5);//',
    "'-alert(6)-'",
    '\u2028\u0000\\" æøå',
)


def make_facilities(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    defaults = {"visibility": "public", "dataset": "region", "actor_type": "producer"}
    frame = pd.DataFrame([{**defaults, "name": row["facility_id"], **row} for row in rows])
    geometry = [None if point is None else shapely.Point(point) for point in frame.pop("point")]
    return gpd.GeoDataFrame(conform_table(frame, "facilities"), geometry=geometry, crs="EPSG:4326")


def make_streams(rows: list[dict[str, Any]]) -> pd.DataFrame:
    defaults = {"material": "wood", "dataset": "region", "unit": "t", "basis": "reported"}
    return conform_table(
        pd.DataFrame([{**defaults, "stream_id": f"s{k}", **row} for k, row in enumerate(rows)]), "streams"
    )


FACILITIES = make_facilities(
    [
        {"facility_id": "a", "point": (10.4, 63.4), "name": "Sag på Øra"},
        {"facility_id": "b", "point": (10.9, 63.5)},
        {"facility_id": "c", "point": (11.0, 63.6), "dataset": "practice"},
        {"facility_id": "d", "point": (11.2, 63.7), "actor_type": "municipal_waste_company"},
        {"facility_id": "e", "point": (11.3, 63.8), "actor_type": "industrial_park"},
        {"facility_id": "f", "point": (11.4, 63.9), "actor_type": "research"},
        {"facility_id": "g", "point": None},
    ]
)
STREAMS = make_streams(
    [
        {"facility_id": "a", "direction": "offer", "amount_best": 12.0, "basis": "modelled"},
        {"facility_id": "a", "direction": "offer", "amount_min": 1.0, "basis": "estimated"},
        {"facility_id": "b", "direction": "need", "basis": "reported"},
        {"facility_id": "c", "direction": "need", "amount_max": 3.0, "basis": "illustrative"},
        {"facility_id": "c", "direction": "offer", "basis": "reported"},
        {"facility_id": "d", "direction": "offer", "amount_best": 0.0, "basis": "reported"},
        {"facility_id": "e", "direction": "need", "amount_best": 5.0},
    ]
)
MATCHES = pd.DataFrame(
    {
        "match_id": ["m1", "m2", "m3"],
        "from_facility_id": ["a", "a", "a"],
        "to_facility_id": ["b", "c", "g"],
        "score": [50.0, 80.0, 99.0],
        "exchange_best": [1000.0, math.nan, 1.0],
        "unit": ["t", "t", "t"],
        "distance_km": [12.3, 40.0, 1.0],
        "minutes": [75.0, 50.0, 2.0],
        "basis": ["reported", "illustrative", "reported"],
    }
)


def read(layer: Layer) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(layer.content)
    return document


def test_roles_follow_streams_and_actor_and_the_firmest_known_amount_counts() -> None:
    roles = find_roles(FACILITIES, STREAMS)
    assert roles["role"].to_list() == [
        "offers", "needs", "both", "municipal_waste_company", "needs", "support", "none",
    ]  # fmt: skip
    # a: estimated beats modelled; b: reported, but no amount; c: the amount is illustrative; d: zero is known
    assert roles["basis"].to_list() == [
        "estimated", "unknown", "illustrative", "reported", "reported", "unknown", "unknown",
    ]  # fmt: skip


def test_facilities_without_a_point_are_left_to_the_table() -> None:
    layer = build_facility_layer(FACILITIES, STREAMS)
    assert set(layer.ids.values()) == set("abcdef")
    assert layer.count == 6
    assert layer.bounds == (63.4, 10.4, 63.9, 11.4)
    first = read(layer)["features"][0]
    assert first["geometry"] == {"type": "Point", "coordinates": [10.4, 63.4]}
    assert first["properties"]["title"] == "Sag på Øra"
    assert first["properties"]["key"] == feature_key("a")


def test_no_two_kinds_of_facility_differ_by_colour_alone() -> None:
    styles = read(build_facility_layer(FACILITIES, STREAMS))["symbiosekart"]["styles"]
    looks = [(s["shape"], s["pattern"], bool(s["frame"]), s["radius"]) for s in styles]
    assert len(set(looks)) == len(looks)


def test_practice_data_is_framed_and_named() -> None:
    layer = build_facility_layer(FACILITIES, STREAMS)
    document = read(layer)
    feature = next(f for f in document["features"] if f["properties"]["key"] == feature_key("c"))
    assert document["symbiosekart"]["styles"][feature["properties"]["category"]]["frame"] is not None
    with in_language("nb"):
        assert "Øvingsdata (oppdiktede bedrifter)" in combine_legends(
            [build_facility_layer(FACILITIES, STREAMS)]
        )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_frames_and_fillings_keep_data_sets_and_bases_apart_without_colour(theme: Theme) -> None:
    frames = [FRAMES[name] for name in ("practice", "own", "register")]
    assert len({(frame.dash, frame.square) for frame in frames}) == 3
    drawn = {
        draw_symbol(Style("circle", mark("neutral"), pattern=pattern, outline=outline), theme=theme)
        for pattern in PATTERNS.values()
        for outline in OUTLINES.values()
    }
    assert len(drawn) == len(PATTERNS) * len(OUTLINES)


def test_a_unit_of_a_register_looks_modelled_and_practice_looks_illustrative() -> None:
    facilities = make_facilities(
        [
            {"facility_id": "r", "point": (10.4, 63.4), "dataset": "register"},
            {"facility_id": "p", "point": (10.5, 63.4), "dataset": "practice"},
            {"facility_id": "f", "point": (10.6, 63.4)},
        ]
    )
    streams = make_streams(
        [
            {
                "facility_id": name,
                "direction": "offer",
                "amount_best": 1.0,
                "basis": basis,
                "dataset": dataset,
            }
            for name, basis, dataset in (
                ("r", "modelled", "register"),
                ("p", "illustrative", "practice"),
                ("f", "reported", "region"),
            )
        ]
    )
    with in_language("nb"):
        layer = build_facility_layer(facilities, streams)
        legend = combine_legends([layer])
    document = read(layer)["symbiosekart"]
    looks = {
        layer.ids[feature["properties"]["key"]]: document["styles"][feature["properties"]["category"]]
        for feature in read(layer)["features"]
    }
    assert [looks[name]["pattern"] for name in "rpf"] == ["ring", "hatch", "solid"]
    assert [looks[name]["frameSquare"] for name in "rpf"] == [True, False, False]
    assert looks["f"]["frame"] is None
    for word in (
        "Fra Enhetsregisteret",
        "Mengde modellert",
        "Mengde oppdiktet til øving",
        "Mengde rapportert",
    ):
        assert word in legend, word


def test_flows_go_from_offer_to_need_the_best_first_and_only_between_placed_ends() -> None:
    layer = build_flow_layer(MATCHES, FACILITIES)
    features = read(layer)["features"]
    assert [layer.ids[f["properties"]["key"]] for f in features] == ["m2", "m1"]
    assert features[1]["geometry"]["coordinates"] == [[10.4, 63.4], [10.9, 63.5]]
    # 1000 t: 1.8 + log10(1000) = 4.8 pixels; unknown: the thinnest, 1.8
    assert [f["properties"]["size"] for f in features] == [1.8, 4.8]
    dashes = [style["dash"] for style in read(layer)["symbiosekart"]["styles"]]
    assert len({tuple(dash) for dash in dashes}) == len(dashes) == 2


def test_only_the_best_flows_are_drawn() -> None:
    layer = build_flow_layer(MATCHES, FACILITIES, limit=1)
    assert list(layer.ids.values()) == ["m2"]


def test_an_unknown_amount_is_said_and_is_not_zero() -> None:
    with in_language("nb"):
        document = read(build_flow_layer(MATCHES, FACILITIES))
    words = document["symbiosekart"]["words"]
    details = [words[number] for number in document["features"][0]["properties"]["details"]]
    assert details[1:3] == ["ukjent", "40 km"]


def test_nothing_makes_an_empty_layer() -> None:
    for layer in (
        build_facility_layer(FACILITIES.head(0), STREAMS.head(0)),
        build_flow_layer(MATCHES.head(0), FACILITIES),
        build_cluster_layer(
            pd.DataFrame(columns=["cluster_id"]),
            pd.DataFrame(columns=["facility_id", "cluster_id"]),
            FACILITIES,
        ),
    ):
        assert (layer.count, layer.bounds, layer.legend) == (0, None, ())
        assert read(layer)["features"] == []


def test_a_cluster_is_drawn_around_its_placed_members() -> None:
    members = pd.DataFrame({"facility_id": ["a", "b", "g"], "cluster_id": ["k"] * 3})
    clusters = pd.DataFrame({"cluster_id": ["k", "empty"], "name": ["Trondheim", "x"], "facilities": [3, 0]})
    layer = build_cluster_layer(clusters, members, FACILITIES)
    assert list(layer.ids.values()) == ["k"]
    shape = shapely.geometry.shape(read(layer)["features"][0]["geometry"])
    for point in FACILITIES.geometry.iloc[:2]:
        assert shape.contains(point)
    assert not shape.contains(FACILITIES.geometry.iloc[2])
    # 1 500 m wider than the two points: 26 km apart, so about 26 x 3 + pi x 1.5^2 = 85 km2
    area = gpd.GeoSeries([shape], crs="EPSG:4326").to_crs("EPSG:25833").area.iloc[0] / 1e6
    length = FACILITIES.geometry.iloc[:2].to_crs("EPSG:25833")
    assert area == pytest.approx(
        length.iloc[0].distance(length.iloc[1]) / 1e3 * 3 + math.pi * 1.5**2, rel=0.01
    )


def test_a_shared_polygon_is_drawn_once_and_the_selected_number_wins() -> None:
    square = shapely.box(6, 62, 7, 63)
    frame = gpd.GeoDataFrame(
        {"municipality_number": ["1508", "1580", "1517"], "name": ["Ålesund", "Haram", "Hareid"]},
        geometry=[square, square, shapely.box(7, 62, 8, 63)],
        crs="EPSG:4326",
    )
    assert sorted(build_municipality_layer(frame).ids.values()) == ["1508", "1517"]
    layer = build_municipality_layer(frame, ["1580"])
    assert sorted(layer.ids.values()) == ["1517", "1580"]
    document = read(layer)
    assert [f["properties"]["category"] for f in document["features"]] == [0, 1]  # the selected one on top
    assert document["symbiosekart"]["styles"][1]["pattern"] == "hatch"


def make_route(
    points: list[tuple[float, float]], legs: list[RouteLeg], places: tuple[str, ...] = ()
) -> Route:
    return Route(places, tuple(legs), shapely.LineString(points), 1.0, 1.0, 0)


def test_a_route_tells_ferry_and_estimate_apart_from_road_and_follows_the_bends() -> None:
    bends = ((10.1, 59.0), (10.15, 59.04), (10.2, 59.0), (10.200001, 59.0))
    legs = [
        RouteLeg("", 1.0, 1.0, False, True, ((10.0, 59.0), (10.1, 59.0))),
        RouteLeg("E18", 30.0, 30.0, False, False, bends),
        RouteLeg("Ferje", 10.0, 30.0, True, False, ((10.2, 59.0), (10.3, 59.0))),
        RouteLeg("Fv1", 10.0, 30.0, False, False, ((10.3, 59.0), (10.4, 59.1))),
        RouteLeg("", 0.0, 0.0, False, True),
    ]
    document = read(build_route_layer(make_route([(10.0, 59.0), (10.4, 59.1)], legs)))
    # off the roads first, a road to the quay, the crossing, and a road again; a leg of no length is none
    assert [feature["properties"]["category"] for feature in document["features"]] == [2, 0, 1, 0]
    road = document["features"][1]["geometry"]["coordinates"]
    assert road == [list(point) for point in bends[:3]]  # a bend of centimetres is not drawn
    dashes = {tuple(style["dash"]) for style in document["symbiosekart"]["styles"]}
    assert len(dashes) == 3


def test_reach_is_told_by_pattern_and_words_and_the_nearest_lies_on_top() -> None:
    areas = gpd.GeoDataFrame(
        {"minutes": [30.0, 60.0, 90.0]},
        geometry=[shapely.Point(10, 60).buffer(0.1 * k) for k in (1, 2, 3)],
        crs="EPSG:4326",
    )
    layer = build_reach_layer(areas)
    document = read(layer)
    assert [feature["properties"]["category"] for feature in document["features"]] == [2, 1, 0]
    looks = {(style["pattern"], tuple(style["dash"])) for style in document["symbiosekart"]["styles"]}
    assert len(looks) == 3
    told = [" ".join(entry.label.split()) for entry in layer.legend[0][1]]  # thin spaces too
    assert told == [" ".join(text.split()) for text in document["symbiosekart"]["categories"]]
    assert build_reach_layer(areas.iloc[:0]).count == 0


def test_equal_content_has_an_equal_digest_and_another_has_another() -> None:
    one, same = build_facility_layer(FACILITIES, STREAMS), build_facility_layer(FACILITIES, STREAMS)
    assert (one.digest, publish(one)) == (same.digest, publish(same))
    renamed = FACILITIES.assign(name="X")
    assert build_facility_layer(renamed, STREAMS).digest != one.digest


@given(st.text(max_size=400))
def test_a_label_is_short_printable_text_whatever_is_in_the_table(value: str) -> None:
    text = plain(value)
    assert len(text) <= 200
    assert text.isprintable()


@pytest.mark.parametrize("value", [None, pd.NA, math.nan])
def test_unknown_is_an_empty_label(value: object) -> None:
    assert plain(value) == ""


# --- hostile text ------------------------------------------------------------------------------------------


def hostile_layers() -> list[Layer]:
    """Every kind of layer with attacks in every text, identifiers included."""
    rows = [
        {"facility_id": f"{p}{k}", "point": (10 + k / 10, 63), "name": p, "place": p, "note": p}
        for k, p in enumerate(PAYLOADS)
    ]
    facilities = make_facilities(rows)
    ids = facilities["facility_id"].to_list()
    streams = make_streams(
        [{"facility_id": i, "direction": "offer", "material": i, "description": i} for i in ids]
    )
    matches = pd.DataFrame(
        {
            "match_id": [f"{p}m" for p in PAYLOADS],
            "from_facility_id": ids,
            "to_facility_id": ids[::-1],
            "score": 50.0,
            "exchange_best": 1.0,
            "unit": PAYLOADS,
            "distance_km": 1.0,
            "minutes": 1.0,
            "basis": "reported",
        }
    )
    members = pd.DataFrame({"facility_id": ids, "cluster_id": [f"{p}k" for p in PAYLOADS]})
    clusters = pd.DataFrame({"cluster_id": members["cluster_id"], "name": PAYLOADS, "basis": PAYLOADS})
    areas = gpd.GeoDataFrame(
        {"municipality_number": PAYLOADS, "name": PAYLOADS, "county_name": PAYLOADS},
        geometry=[shapely.box(k, 60, k + 1, 61) for k in range(len(PAYLOADS))],
        crs="EPSG:4326",
    )
    line = [(10 + k, 59.0) for k in range(len(PAYLOADS) + 1)]
    legs = [
        RouteLeg(p, 1.0, 1.0, bool(k % 2), False, (start, end))  # no two are one piece
        for k, (p, start, end) in enumerate(zip(PAYLOADS, line[:-1], line[1:], strict=True))
    ]
    return [
        build_municipality_layer(areas, PAYLOADS[:2]),
        build_cluster_layer(clusters, members, facilities),
        build_flow_layer(matches, facilities),
        build_route_layer(make_route(line, legs, PAYLOADS)),
        build_facility_layer(facilities, streams),
    ]


def render(element: LayerElement) -> str:
    """Return all that streamlit-folium would send for the map and this element, as it compiles it."""
    chart = mapview._base_map()
    chart.get_root().render()
    parts = [_get_header(chart), _get_map_string(chart)]
    group = folium.FeatureGroup(name="x")
    group.add_child(element)
    parts.append(_get_feature_group_string(group, map=chart))
    return "\n".join(parts)


def make_element(shown: list[Layer], **changes: Any) -> LayerElement:
    arguments: dict[str, Any] = {
        "layers": [publish(layer) for layer in shown],
        "base": [],
        "texts": mapview._publish_texts(),
        "language": "nb",
        "theme": "light",
        "tiles": False,
        "selected": next(iter(shown[-1].ids)),
        "bounds": (59.0, 10.0, 64.0, 12.0),
    }
    return LayerElement(**{**arguments, **changes})


def test_no_text_of_the_tables_reaches_folium() -> None:
    layers = hostile_layers()
    assert all(layer.count == len(PAYLOADS) for layer in layers)
    sent = render(make_element(layers))
    for payload in PAYLOADS:
        assert payload not in sent
    assert not re.search(r"alert|onerror|\{\{|\{%|\{#|__class__|`", sent)
    assert "49" not in re.sub(r"[0-9a-f]{40}|[0-9a-f]{16}", "", sent)
    assert sent.count(".json") == len(layers) + 1


def test_the_map_s_own_script_is_the_same_for_any_content() -> None:
    scripts = set()
    for layers in (hostile_layers(), [build_facility_layer(FACILITIES, STREAMS)]):
        make_element(layers)
        chart = mapview._base_map()
        chart.get_root().render()
        scripts.add(_get_map_string(chart))
    assert len(scripts) == 1


def test_the_published_text_is_the_table_s_text_as_json() -> None:
    layer = hostile_layers()[-1]
    titles = [feature["properties"]["title"] for feature in read(layer)["features"]]
    assert titles == [plain(payload) for payload in PAYLOADS]
    assert titles[:-1] == list(PAYLOADS[:-1])  # untouched: it is shown, not interpreted


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("place", ["layers", "base", "texts", "language", "theme", "selected"])
def test_an_element_refuses_anything_but_addresses_and_keys(place: str, payload: str) -> None:
    layers = [build_facility_layer(FACILITIES, STREAMS)]
    value: Any = {"layers": [payload], "base": [(payload, 0, 1)]}.get(place, payload)
    with pytest.raises(MapContentError):
        make_element(layers, **{place: value})


def test_an_address_on_another_host_is_refused() -> None:
    with pytest.raises(MapContentError):
        make_element(
            [build_facility_layer(FACILITIES, STREAMS)],
            layers=["https://x.no/kart/lag/" + "0" * 40 + ".json"],
        )


def test_bounds_are_numbers() -> None:
    with pytest.raises(ValueError, match="could not convert"):
        make_element([build_facility_layer(FACILITIES, STREAMS)], bounds=(PAYLOADS[0], 1, 2, 3))


def test_legends_escape_their_texts() -> None:
    entries = tuple(LegendEntry(payload, Style("circle", mark("offer"))) for payload in PAYLOADS)
    fragment = render_legend([(PAYLOADS[5], entries)])
    assert "<img src=x" not in fragment
    assert "<script" not in fragment
    assert "&lt;img src=x" in fragment


@pytest.mark.parametrize("shape", [*SHAPES, "line", "area"])
@pytest.mark.parametrize("pattern", ["solid", "half", "ring", "hatch", "hollow"])
def test_every_symbol_can_be_drawn_in_both_themes(shape: str, pattern: Any) -> None:
    style = Style(shape, mark("offer"), pattern=pattern, outline="practice")
    assert draw_symbol(style, theme="light") != draw_symbol(style, theme="dark")


def test_a_feature_s_size_is_kept_only_where_it_has_one() -> None:
    layer = build_layer(
        [Feature("1", [10.0, 60.0], 0, "a"), Feature("2", [10.0, 61.0], 0, "b", size=2.345)],
        key="x", title="X", kind="points", styles=[Style("circle", mark("offer"))],
    )  # fmt: skip
    assert [f["properties"].get("size") for f in read(layer)["features"]] == [None, 2.35]


def test_local_map_lets_the_page_be_zoomed() -> None:
    chart = LocalMap(location=(63, 10), tiles=None)
    chart.get_root().render()
    header = _get_header(chart)
    assert "user-scalable" not in header
    assert "maximum-scale" not in header
