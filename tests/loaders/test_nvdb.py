"""Road links of NVDB: what a truck may drive, how ends join, and what objects tell of stretches."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyproj import Transformer

from geodata.errors import RefusedFileError
from geodata.routing.graph import EDGE_KINDS, FERRY
from geodata.routing.segments import RoadSegments
from geodata.routing.waytags import FERRY_KMH, FERRY_WAIT_MIN
from loaders.nvdb import read_nvdb
from loaders.vehicles import read_vehicle

REFERENCE = Path(
    os.environ.get("SYMBIOSEKART_REFERENCE", Path(__file__).resolve().parents[3] / "shared" / "reference")
)
EXAMPLE = REFERENCE / "api-examples" / "nvdb_v4_segmentert.constructed.json"
SEMI = read_vehicle("semi_trailer")
TIMBER = read_vehicle("timber_rig_60t")
MODULAR = read_vehicle("modulvogntog")


def link(sequence: int, x: tuple[float, float], **more: Any) -> dict[str, Any]:
    """Return a county road along a line of latitude from x[0] to x[1] kilometres."""
    line = f"LINESTRING Z ({x[0] * 1000} 7000000 1, {sum(x) * 500} 7000000 1, {x[1] * 1000} 7000000 1)"
    thing: dict[str, Any] = {
        "veglenkesekvensid": sequence,
        "startposisjon": 0.0,
        "sluttposisjon": 1.0,
        "veglenkenummer": 1,
        "startnode": f"n{x[0]}",
        "sluttnode": f"n{x[1]}",
        "lengde": abs(x[1] - x[0]) * 1000,
        "typeVeg": "Enkel bilveg",
        "detaljnivå": "Vegtrase og kjørebane",
        "feltoversikt": ["1", "2"],
        "vegsystemreferanse": {
            "vegsystem": {"vegkategori": "F", "fase": "V", "nummer": 715},
            "strekning": {"trafikantgruppe": "K"},
        },
        "geometri": {"wkt": line, "srid": 5973},
    }
    return {**thing, **more}


def page(*things: dict[str, Any]) -> dict[str, Any]:
    return {"objekter": list(things), "metadata": {"returnert": len(things)}}


def road_object(kind: int, sequence: int, start: float, end: float, **told: Any) -> dict[str, Any]:
    place: dict[str, Any] = {"veglenkesekvensid": sequence}
    place |= {"startposisjon": start, "sluttposisjon": end} if start < end else {"relativPosisjon": start}
    names = [{"navn": name.replace("_", " "), "verdi": value} for name, value in told.items()]
    return {
        "id": 1,
        "metadata": {"type": {"id": kind}},
        "egenskaper": names,
        "lokasjon": {"stedfestinger": [place]},
    }


def spans(segments: RoadSegments) -> list[tuple[float, float]]:
    """Return where each way begins and ends, in kilometres."""
    return [
        tuple(np.round(segments.point_x[segments.way_point[[start, end - 1]]] / 1000, 3).tolist())
        for start, end in zip(segments.way_first[:-1], segments.way_first[1:], strict=True)
    ]


def ends(segments: RoadSegments) -> list[tuple[int, int]]:
    return [
        (int(segments.way_point[start]), int(segments.way_point[end - 1]))
        for start, end in zip(segments.way_first[:-1], segments.way_first[1:], strict=True)
    ]


def test_links_join_at_their_nodes() -> None:
    segments, facts = read_nvdb([page(link(1, (0, 1)), link(2, (1, 3)))], vehicle=SEMI)
    first, second = ends(segments)
    assert first[1] == second[0]
    assert len({*first, *second}) == 3
    assert segments.way_metres.tolist() == [1000.0, 2000.0]
    assert segments.names[segments.way_name[0]] == "Fv 715"
    assert EDGE_KINDS[segments.way_kind[0]] == "secondary"
    assert (facts.licence, facts.profile) == ("NLOD 2.0", "semi_trailer")
    assert "Statens vegvesen" in facts.attribution
    assert {"speed_limits_not_in_source", "load_classes_not_in_source"} <= set(facts.notes)


def test_segments_of_one_link_join_where_it_is_cut_though_all_name_both_nodes() -> None:
    nodes = {"startnode": "a", "sluttnode": "b"}
    parts = [
        link(1, (0, 1), startposisjon=0.0, sluttposisjon=0.25, **nodes),
        link(1, (1, 2), startposisjon=0.25, sluttposisjon=0.5, **nodes),
        link(1, (2, 4), startposisjon=0.5, sluttposisjon=1.0, **nodes),
        link(2, (4, 5), startnode="b", sluttnode="c"),
    ]
    segments, facts = read_nvdb([page(*parts)], vehicle=SEMI)
    assert all(left[1] == right[0] for left, right in itertools.pairwise(ends(segments)))
    assert len(set(np.ravel(ends(segments)))) == 5
    assert not any(note.startswith("nodes_apart") for note in facts.notes)


def test_a_bridge_over_a_road_is_no_crossing() -> None:
    over = link(2, (0, 1), startnode="x", sluttnode="y")
    over["geometri"] = {"wkt": "LINESTRING Z (1000 7000000 9, 1000 7001000 9)", "srid": 5973}
    segments, _ = read_nvdb([page(link(1, (0, 1)), over)], vehicle=SEMI)
    assert len(set(np.ravel(ends(segments)))) == 4


@pytest.mark.parametrize(
    ("lanes", "ways"),
    [
        (["1", "2"], (True, True)),
        (["1"], (True, False)),
        (["1", "3"], (True, False)),
        (["2", "4"], (False, True)),
        (["1", "2K"], (True, False)),
        (["1", "2S", "4"], (True, True)),
        (["1V", "3H"], (True, False)),
        ("1#2", (True, True)),
        ("1,3", (True, False)),
        ([], (True, True)),
        (None, (True, True)),
    ],
)
def test_lanes_tell_directions(lanes: Any, ways: tuple[bool, bool]) -> None:
    segments, _ = read_nvdb([page(link(1, (0, 1), feltoversikt=lanes))], vehicle=SEMI)
    assert (segments.way_along[0], segments.way_against[0]) == ways


def test_connectors_take_the_lanes_of_the_nearest_link() -> None:
    ramp = {"typeVeg": "Rampe", "detaljnivå": "Vegtrase"}
    things = [
        link(1, (0, 1), startposisjon=0.0, sluttposisjon=0.5, feltoversikt=["2"], **ramp),
        link(1, (1, 2), startposisjon=0.5, sluttposisjon=1.0, feltoversikt=None, type="KONNEKTERING", **ramp),
    ]
    segments, _ = read_nvdb([page(*things)], vehicle=SEMI)
    assert segments.way_against.tolist() == [True, True]
    assert segments.way_along.tolist() == [False, False]
    assert segments.way_snappable.tolist() == [True, False]


@pytest.mark.parametrize(
    "more",
    [
        {"typeVeg": "Gang- og sykkelveg"},
        {"typeVeg": "Passasjerferje"},
        {"typeVeg": "Trapp"},
        {"detaljnivå": "Kjørefelt"},
        {"feltoversikt": ["1K", "2S"]},
        {"superstedfesting": {"veglenkesekvensid": 1}},
        {"metadata": {"sluttdato": "2001-01-01"}},
        {"vegsystemreferanse": {"vegsystem": {"vegkategori": "F", "fase": "P"}}},
        {"vegsystemreferanse": {"strekning": {"trafikantgruppe": "G"}}},
        {"geometri": {"wkt": "POINT (1 2)", "srid": 5973}},
        {"geometri": {"wkt": "LINESTRING Z (1 2", "srid": 5973}},
        {"sluttposisjon": 0.0},
    ],
)
def test_what_is_no_road_is_left_out(more: dict[str, Any]) -> None:
    segments, _ = read_nvdb([page(link(1, (0, 1)), link(2, (1, 2), **more))], vehicle=SEMI)
    assert spans(segments) == [(0.0, 1.0)]


def test_forest_roads_are_for_those_that_drive_on_gravel() -> None:
    forest = link(2, (1, 2), vegsystemreferanse={"vegsystem": {"vegkategori": "S", "fase": "V"}})
    assert len(read_nvdb([page(link(1, (0, 1)), forest)], vehicle=TIMBER)[0].way_kind) == 2
    segments, facts = read_nvdb([page(link(1, (0, 1)), forest)], vehicle=SEMI)
    assert len(segments.way_kind) == 1
    assert "closed_track=1" in facts.notes


def test_ferries() -> None:
    ferry = link(2, (1, 8), typeVeg="Bilferje", detaljnivå="Vegtrase", feltoversikt=None)
    segments, _ = read_nvdb([page(link(1, (0, 1)), ferry)], vehicle=SEMI)
    assert segments.way_kind[1] == FERRY
    assert segments.way_minutes[1] == pytest.approx(7 / FERRY_KMH * 60 + FERRY_WAIT_MIN)
    assert not segments.way_snappable[1]
    assert (segments.way_along[1], segments.way_against[1]) == (True, True)


def test_speed_limits_hold_for_their_stretch() -> None:
    limits = page(
        road_object(105, 1, 0.0, 0.25, Fartsgrense=50), road_object(105, 1, 0.25, 1.0, Fartsgrense=80)
    )
    segments, facts = read_nvdb([page(link(1, (0, 4)))], vehicle=SEMI, limits=[limits])
    assert spans(segments) == [(0.0, 1.0), (1.0, 4.0)]
    assert segments.way_metres.tolist() == [1000.0, 3000.0]
    slow, fast = segments.way_speed_kmh
    assert slow <= 50 < fast <= 80
    assert ends(segments)[0][1] == ends(segments)[1][0]
    assert "speed_limits_not_in_source" not in facts.notes


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"Bruksklasse": "Bk10 - 50 tonn"}, ""),
        ({"Bruksklasse": "Bk10 - 42 tonn"}, "weight"),
        ({"Bruksklasse": "Bk8 - 50 tonn"}, "axleload"),
        ({"Bruksklasse": "Bk10 - 50 tonn", "Maks vogntoglengde": "19,50"}, ""),
        ({"Bruksklasse": "Bk10 - 50 tonn", "Maks vogntoglengde": "12,40"}, "length"),
        ({"Bruksklasse": "Unntatt"}, ""),
    ],
)
def test_load_classes_close_their_stretch(told: dict[str, str], code: str) -> None:
    classes = page(road_object(904, 1, 0.5, 1.0, **told))
    segments, facts = read_nvdb([page(link(1, (0, 4))), classes], vehicle=SEMI)
    assert spans(segments) == ([(0.0, 2.0)] if code else [(0.0, 2.0), (2.0, 4.0)])
    assert (f"closed_{code}=1" in facts.notes) is bool(code)


def test_a_closed_beginning_does_not_move_the_node() -> None:
    classes = page(road_object(904, 2, 0.0, 0.01, Bruksklasse="Bk6 - 28 tonn"))
    segments, _ = read_nvdb([page(link(1, (0, 1)), link(2, (1, 2))), classes], vehicle=SEMI)
    first, second = ends(segments)
    assert first[1] != second[0]


def test_a_low_bridge_closes_what_runs_under_it() -> None:
    low = page(road_object(591, 1, 0.5, 0.5, Skilta_høyde="3,8"))
    segments, _ = read_nvdb([page(link(1, (0, 4))), low], vehicle=SEMI)
    before, after = ends(segments)
    assert before[1] != after[0]
    assert spans(segments) == [(0.0, 1.99), (2.01, 4.0)]


def test_lists_for_long_combinations() -> None:
    things = page(link(1, (0, 1)), link(2, (1, 2)), link(3, (2, 3)))
    ordinary = [road_object(904, number, 0, 1, Bruksklasse="Bk10 - 50 tonn") for number in (1, 2, 3)]
    timber = [
        road_object(900, 1, 0, 1, Bruksklasse="Bk10 - 60 tonn", Maks_vogntoglengde="24,00"),
        road_object(900, 2, 0, 1, Bruksklasse="BkT8 - 50 tonn", Maks_vogntoglengde="19,50"),
    ]
    modular = [road_object(889, 2, 0, 1, **{"Tillatt for modulvogn 1 og 2 m sporingskrav": "Ja"})]
    segments, facts = read_nvdb([things, page(*ordinary), page(*timber)], vehicle=TIMBER)
    assert spans(segments) == [(0.0, 1.0)]
    assert {"closed_weight=1", "closed_road_list=1"} <= set(facts.notes)
    segments, _ = read_nvdb([things, page(*modular)], vehicle=MODULAR)
    assert spans(segments) == [(1.0, 2.0)]
    segments, facts = read_nvdb([things], vehicle=MODULAR)
    assert len(segments.way_kind) == 3
    assert "road_list_not_in_source" in facts.notes


def test_toll_stations() -> None:
    toll = page(road_object(45, 1, 0.5, 0.5, Takst_stor_bil=55))
    segments, _ = read_nvdb([page(link(1, (0, 4)), link(2, (4, 5))), toll], vehicle=SEMI)
    assert segments.way_toll.tolist() == [True, False]
    assert segments.way_toll_nok.tolist() == [55.0, 0.0]


def test_motorways_tunnels_and_bridges_are_not_tied_to() -> None:
    system = {"vegsystem": {"vegkategori": "E", "fase": "V", "nummer": 6}}
    things = page(
        link(1, (0, 1), vegsystemreferanse=system, typeVeg="Kanalisert veg", feltoversikt=["1", "3"]),
        link(2, (1, 2), medium="U"),
        link(3, (2, 3), medium="L"),
        link(4, (3, 4)),
    )
    limits = page(road_object(105, 1, 0, 1, Fartsgrense=110))
    segments, _ = read_nvdb([things, limits], vehicle=SEMI)
    assert segments.way_snappable.tolist() == [False, False, False, True]
    assert EDGE_KINDS[segments.way_kind[0]] == "motorway"
    assert segments.names[segments.way_name[0]] == "E6"


@pytest.mark.parametrize("srid", [5972, 5973, 5975, 25832, 25833, 4326])
def test_grids(srid: int) -> None:
    grid = {5972: 25832, 5973: 25833, 5975: 25835}.get(srid, srid)
    there = Transformer.from_crs(25833, grid)  # the authority's order of axes: latitude first in degrees
    line = [there.transform(x, 7_040_000) for x in (270_000, 271_000)]
    wkt = "LINESTRING Z ({:.7f} {:.7f} 1, {:.7f} {:.7f} 1)".format(*line[0], *line[1])
    segments, _ = read_nvdb([page(link(1, (0, 1), geometri={"wkt": wkt, "srid": srid}))], vehicle=SEMI)
    np.testing.assert_allclose(segments.point_x, [270_000, 271_000], atol=0.05)
    np.testing.assert_allclose(segments.point_y, [7_040_000, 7_040_000], atol=0.05)


def refuse(*pages: Any) -> str:
    with pytest.raises(RefusedFileError) as caught:
        read_nvdb(pages, vehicle=SEMI)
    return caught.value.code


def test_what_is_no_page_is_refused(tmp_path: Path) -> None:
    good = json.dumps(page(link(1, (0, 1)))).encode()
    contents = {
        "empty.json": (b"", "nvdb.not_links"),
        "cut.json": (good[:-40], "file.truncated"),
        "text.json": (b"<html>Log in</html>", "nvdb.not_links"),
        "list.json": (b"[]", "nvdb.not_links"),
        "other.json": (b'{"code": 4005}', "nvdb.not_links"),
        "binary.json": (b"\xff\xfe\x00", "nvdb.not_links"),
    }
    for name, (content, code) in contents.items():
        (tmp_path / name).write_bytes(content)
        assert refuse(tmp_path / name) == code, name
    assert refuse(tmp_path / "gone.json") == "file.not_found"
    (tmp_path / "folder").mkdir()
    assert refuse(tmp_path / "folder") == "nvdb.not_links"
    assert refuse(page()) == "nvdb.no_roads"
    assert (
        refuse(page(link(1, (0, 1), geometri={"wkt": "LINESTRING (1 2, 3 4)", "srid": 3857})))
        == "nvdb.wrong_grid"
    )
    assert refuse({"objekter": [1, {"veglenkesekvensid": "x"}]}) == "nvdb.not_links"


def test_a_line_with_a_point_nowhere_is_dropped() -> None:
    astray = link(2, (1, 2), geometri={"wkt": "LINESTRING (nan 7000000, 2000 7000000)", "srid": 5973})
    beyond = link(3, (1, 2), geometri={"wkt": "LINESTRING (1e400 7000000, 2000 7000000)", "srid": 5973})
    segments, facts = read_nvdb([page(link(1, (0, 1)), astray, beyond)], vehicle=SEMI)
    assert spans(segments) == [(0.0, 1.0)]
    assert "links_without_line=2" in facts.notes


def test_a_folder_of_pages_is_the_same_as_its_pages(tmp_path: Path) -> None:
    pages = [page(link(1, (0, 1))), page(link(2, (1, 2)), link(1, (0, 1)))]
    for number, content in enumerate(pages):
        (tmp_path / f"links-{number}.json").write_text(json.dumps(content), encoding="utf-8")
    from_folder, _ = read_nvdb(tmp_path, vehicle=SEMI)
    direct, _ = read_nvdb(pages, vehicle=SEMI)
    assert spans(from_folder) == spans(direct) == [(0.0, 1.0), (1.0, 2.0)]


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the reference example of NVDB is not here")
def test_the_example_of_the_service() -> None:
    segments, _ = read_nvdb(EXAMPLE, vehicle=SEMI)
    assert [EDGE_KINDS[kind] for kind in segments.way_kind] == ["secondary", "ferry"]
    assert segments.way_metres.tolist() == [143.2, 7000.0]
    assert segments.names[segments.way_name[0]] == "Fv 715"
