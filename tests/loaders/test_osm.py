"""Reading OpenStreetMap files: what comes out of good ones, and that bad ones give nothing."""

from __future__ import annotations

import bz2
import gzip
import os
from pathlib import Path

import numpy as np
import osmium
import pytest
from pyproj import Transformer

from geodata.errors import RefusedFileError
from geodata.routing.graph import EDGE_KINDS, FERRY
from geodata.routing.segments import RoadSegments
from geodata.routing.waytags import FERRY_KMH, GATE_MINUTES
from loaders import osm
from loaders.osm import read_osm
from loaders.vehicles import read_vehicle
from tests.loaders.osmwriting import write_osm

REFERENCE = Path(
    os.environ.get("SYMBIOSEKART_REFERENCE", Path(__file__).resolve().parents[3] / "shared" / "reference")
)
OSLO = REFERENCE / "roads" / "oslo_east.osm.pbf"
TRUCK = read_vehicle("semi_trailer")
LINE = {number: (10.0 + number / 100, 60.0) for number in range(1, 10)}
"""Points 1 to 9 from west to east."""


def lines(segments: RoadSegments) -> list[list[int]]:
    """Return the numbers of the points of each way (0: made here)."""
    return [
        segments.point_id[segments.way_point[start:end]].tolist()
        for start, end in zip(segments.way_first[:-1], segments.way_first[1:], strict=True)
    ]


def test_a_small_map(tmp_path: Path) -> None:
    path = write_osm(
        tmp_path / "small.osm.pbf",
        LINE,
        [
            (10, [1, 2, 3], {"highway": "primary", "ref": "Fv 1", "name": "Veien"}),
            (11, [3, 4], {"highway": "residential", "oneway": "yes", "maxspeed": "30"}),
            (12, [4, 5], {"highway": "footway"}),
            (13, [4, 5], {"building": "yes"}),
            (14, [5, 6], {"highway": "primary", "maxweight": "10"}),
        ],
        header_date="2026-04-30T20:21:00Z",
    )
    told: list[tuple[str, float]] = []
    segments, facts = read_osm(path, vehicle=TRUCK, progress=lambda step, share: told.append((step, share)))
    assert lines(segments) == [[1, 2, 3], [3, 4]]
    assert [segments.names[name] for name in segments.way_name] == ["Fv 1 Veien", ""]
    assert [EDGE_KINDS[kind] for kind in segments.way_kind] == ["primary", "minor"]
    assert segments.way_along.tolist() == [True, True]
    assert segments.way_against.tolist() == [True, False]
    expected = Transformer.from_crs(4326, 25833, always_xy=True).transform(*zip(*LINE.values(), strict=True))
    at = segments.way_point[:3]
    np.testing.assert_allclose(segments.point_x[at], expected[0][:3], atol=0.02)
    np.testing.assert_allclose(segments.point_y[at], expected[1][:3], atol=0.02)
    assert facts.source_date == "2026-04-30"
    assert facts.attribution == "© OpenStreetMap contributors"
    assert facts.licence.startswith("ODbL")
    assert facts.profile == "semi_trailer"
    assert len(facts.source_digest) == 64
    assert {"closed_weight=1", "turn_restrictions_ignored"} <= set(facts.notes)
    assert told[0] == ("check", 0.0)
    assert told[-1] == ("points", 1.0)
    assert all(0 <= share <= 1 for _, share in told)


def test_the_newest_way_dates_a_file_without_a_date(tmp_path: Path) -> None:
    path = write_osm(tmp_path / "a.osm", LINE, [(1, [1, 2], {"highway": "primary"})])
    assert read_osm(path, vehicle=TRUCK)[1].source_date == "2026-05-01"
    path = write_osm(
        tmp_path / "b.osm", LINE, [(1, [1, 2], {"highway": "primary"})], timestamp="1970-01-01T00:00:00Z"
    )
    assert read_osm(path, vehicle=TRUCK)[1].source_date == ""


@pytest.mark.parametrize("name", ["a.osm.pbf", "a.osm", "a.osm.gz", "a.osm.bz2"])
def test_content_decides_and_not_the_name(tmp_path: Path, name: str) -> None:
    path = write_osm(tmp_path / name, LINE, [(1, [1, 2], {"highway": "primary"})])
    hidden = tmp_path / "map.data"
    path.rename(hidden)
    assert lines(read_osm(hidden, vehicle=TRUCK)[0]) == [[1, 2]]


def test_points_outside_the_extract_end_a_way(tmp_path: Path) -> None:
    here = {number: LINE[number] for number in (1, 2, 4, 5, 7, 8)}
    path = write_osm(
        tmp_path / "cut.osm.pbf",
        here,
        [
            (1, [1, 2, 3, 4, 5, 6], {"highway": "primary"}),
            (2, [5, 6], {"highway": "primary"}),
            (3, [8, 9], {"route": "ferry"}),
        ],
    )
    segments, facts = read_osm(path, vehicle=TRUCK)
    assert lines(segments) == [[1, 2], [4, 5]]
    assert {"points_outside=4", "ferries_outside=1"} <= set(facts.notes)


def test_a_closed_point_parts_the_ways_that_meet_there(tmp_path: Path) -> None:
    path = write_osm(
        tmp_path / "bollard.osm.pbf",
        LINE,
        [
            (1, [1, 2, 3], {"highway": "primary"}),
            (2, [3, 4], {"highway": "primary"}),
            (3, [2, 5], {"highway": "primary"}),
        ],
        node_tags={2: {"barrier": "bollard"}},
    )
    segments, facts = read_osm(path, vehicle=TRUCK)
    assert lines(segments) == [[1, 0], [0, 3], [3, 4], [0, 5]]
    at = segments.way_point
    new = [at[1], at[2], at[6]]
    assert len(set(new)) == 3
    assert len(set(segments.point_x[new])) == 1
    assert "points_closed_barrier=2" in facts.notes


def test_a_closed_point_at_the_end_of_a_way(tmp_path: Path) -> None:
    path = write_osm(
        tmp_path / "end.osm.pbf",
        LINE,
        [(1, [1, 2], {"highway": "primary"}), (2, [2, 3], {"highway": "primary"})],
        node_tags={2: {"maxheight": "3.5"}},
    )
    segments, _ = read_osm(path, vehicle=TRUCK)
    assert lines(segments) == [[1, 0], [0, 3]]
    assert segments.way_point[1] != segments.way_point[2]


def test_tolls_and_gates_get_a_stretch_of_their_own(tmp_path: Path) -> None:
    path = write_osm(
        tmp_path / "toll.osm.pbf",
        LINE,
        [
            (1, [1, 2, 3, 4], {"highway": "trunk", "toll": "no"}),
            (2, [5, 6, 7], {"highway": "service"}),
        ],
        node_tags={3: {"barrier": "toll_booth"}, 5: {"barrier": "gate", "access": "private"}},
    )
    segments, _ = read_osm(path, vehicle=TRUCK)
    assert lines(segments) == [[1, 2], [2, 3], [3, 4], [5, 6], [6, 7]]
    assert segments.way_toll.tolist() == [False, True, False, False, False]
    metres = np.hypot(
        *np.diff([segments.point_x[segments.way_point[6:8]], segments.point_y[segments.way_point[6:8]]])
    )
    assert metres[0] / 1000 / segments.way_speed_kmh[3] * 60 == pytest.approx(GATE_MINUTES, rel=0.01)
    assert segments.way_speed_kmh[4] == 20.0


def test_ferries_sail_and_wait_once_however_they_are_drawn(tmp_path: Path) -> None:
    path = write_osm(
        tmp_path / "ferry.osm.pbf",
        LINE,
        [
            (1, [1, 2], {"highway": "primary"}),
            (2, [4, 5], {"highway": "primary"}),
            (3, [2, 3], {"route": "ferry", "duration": "00:10", "interval": "00:30"}),
            (4, [3, 4], {"route": "ferry", "duration": "00:12", "interval": "00:30"}),
            (5, [3, 6], {"route": "ferry", "interval": "00:30"}),
            (6, [3, 7], {"route": "ferry", "foot": "yes"}),
            (7, [3, 8], {"route": "ferry", "duration": "0:00:01", "interval": "00:30"}),
        ],
    )
    segments, facts = read_osm(path, vehicle=TRUCK)
    ferry = segments.way_kind == FERRY
    assert lines(segments)[2:] == [[2, 3], [3, 4], [3, 6], [3, 8]]
    # A quay at one end: half of the mean wait of 15 minutes; none at sea.
    km = 3 * 0.5573 + 0.0  # a hundredth of a degree of longitude at 60 degrees north: 557 m
    assert segments.way_minutes[ferry][:2].tolist() == [17.5, 19.5]
    assert segments.way_minutes[ferry][2] == pytest.approx(km / FERRY_KMH * 60, rel=0.01)
    assert segments.way_minutes[ferry][3] == pytest.approx(km / 3 * 5 / FERRY_KMH * 60, rel=0.01)
    assert np.isnan(segments.way_minutes[~ferry]).all()
    assert np.isnan(segments.way_speed_kmh[ferry]).all()
    assert not segments.way_snappable[ferry].any()
    assert {"closed_ferry=1", "ferries_without_duration=2", "ferries_without_road=2"} <= set(facts.notes)


def test_ferry_relations_lend_their_tags_to_bare_ways(tmp_path: Path) -> None:
    ways = [
        (1, [1, 2], {"highway": "primary"}),
        (2, [3, 4], {"highway": "primary"}),
        (3, [2, 3], {"seamark:type": "ferry_route"}),
    ]
    relation = (
        9,
        [("w", 3, ""), ("n", 2, "stop"), ("w", 1, "")],
        {"type": "route", "route": "ferry", "name": "Sambandet"},
    )
    alone = (9, [("w", 3, "")], {"type": "route", "route": "ferry", "duration": "00:20"})
    segments, _ = read_osm(write_osm(tmp_path / "r.osm.pbf", LINE, ways, relations=[relation]), vehicle=TRUCK)
    assert lines(segments) == [[1, 2], [3, 4], [2, 3]]
    assert segments.names[segments.way_name[2]] == "Sambandet"
    segments, _ = read_osm(write_osm(tmp_path / "s.osm.pbf", LINE, ways, relations=[alone]), vehicle=TRUCK)
    assert segments.way_minutes[2] == 35.0


def test_repeated_points_ways_told_twice_and_ways_of_one_point_fall_out(tmp_path: Path) -> None:
    road = {"highway": "primary"}
    path = write_osm(
        tmp_path / "odd.osm",
        LINE,
        [
            (1, [1, 1, 2, 2, 2, 3], road),
            (2, [4, 4], road),
            (3, [5], road),
            (4, [5, 6], road),
            (4, [5, 6], road),
        ],
    )
    assert lines(read_osm(path, vehicle=TRUCK)[0]) == [[1, 2, 3], [5, 6]]


def test_negative_numbers_of_a_drawing_program_are_read(tmp_path: Path) -> None:
    text = (
        '<osm version="0.6"><node id="-1" lat="60" lon="10"/><node id="-2" lat="60" lon="10.1"/>'
        '<way id="-3"><nd ref="-1"/><nd ref="-2"/><tag k="highway" v="primary"/></way></osm>'
    )
    path = tmp_path / "drawn.osm"
    path.write_text(text, encoding="utf-8")
    assert lines(read_osm(path, vehicle=TRUCK)[0]) == [[-1, -2]]


def test_sifting_points_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_osm(
        tmp_path / "a.osm.pbf",
        LINE,
        [(1, [1, 2, 3], {"highway": "primary"}), (2, [3, 5], {"highway": "primary"})],
    )
    plain, _ = read_osm(path, vehicle=TRUCK)
    monkeypatch.setattr(osm, "FILTER_FROM_BYTES", 0)
    sifted, _ = read_osm(path, vehicle=TRUCK)
    for name in ("point_x", "point_y", "point_id", "way_first", "way_point"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(sifted, name))


# --- files that are refused ----------------------------------------------------------------------------


def refuse(path: Path) -> str:
    with pytest.raises(RefusedFileError) as caught:
        read_osm(path, vehicle=TRUCK)
    return caught.value.code


GOOD_XML = (
    b'<?xml version="1.0"?><osm version="0.6">'
    b'<node id="1" lat="60" lon="10"/><node id="2" lat="60" lon="11"/>'
    b'<way id="3"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way></osm>'
)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.osm.pbf", b"", "file.empty"),
        ("a.osm.pbf", b"These are no roads.", "osm.not_osm"),
        ("a.osm.pbf", b"\xff\xd8\xff\xe0\x00\x10JFIF", "osm.not_osm"),
        ("a.osm.pbf", b"<!DOCTYPE html><html><body>Log in", "file.html"),
        ("a.osc", b'<?xml version="1.0"?><osmChange version="0.6"></osmChange>', "osm.change_file"),
        ("a.osm", b'<?xml version="1.0"?><gpx></gpx>', "osm.not_osm"),
        ("a.osm", b'<?xml version="1.0"?><osm version="0.6"></osm>', "osm.no_roads"),
        ("a.osm", GOOD_XML[:-30], "file.truncated"),
        ("a.osm.gz", gzip.compress(GOOD_XML)[:-9], "file.truncated"),
        ("a.osm.gz", gzip.compress(b'<osmChange version="0.6"></osmChange>'), "osm.change_file"),
        ("a.osm.gz", gzip.compress(b"nothing"), "file.damaged"),
        ("a.osm.bz2", bz2.compress(GOOD_XML)[:-9], "file.truncated"),
        ("a.osm", GOOD_XML.replace(b'lat="60"', b'lat="north"'), "file.damaged"),
        ("a.osm", GOOD_XML.replace(b'id="3"', b'id="3" visible="false"'), "osm.change_file"),
        ("a.osm", GOOD_XML.replace(b'lat="60"', b'lat="99"'), "osm.no_roads"),
    ],
)
def test_what_is_no_map_is_refused(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert refuse(path) == code


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    assert refuse(tmp_path) == "file.not_a_file"
    assert refuse(tmp_path / "gone.osm.pbf") == "file.not_found"


def test_a_history_file_is_refused(tmp_path: Path) -> None:
    good = write_osm(tmp_path / "a.osm.pbf", LINE, [(1, [1, 2], {"highway": "primary"})])
    history = tmp_path / "a.osh.pbf"
    header = osmium.io.Header()
    header.has_multiple_object_versions = True
    with osmium.SimpleWriter(str(history), header=header) as writer:
        for thing in osmium.FileProcessor(str(good)):
            writer.add(thing)
    assert refuse(history) == "osm.change_file"


def test_a_file_without_roads_for_the_truck_is_refused(tmp_path: Path) -> None:
    path = write_osm(tmp_path / "paths.osm.pbf", LINE, [(1, [1, 2], {"highway": "path"})])
    assert refuse(path) == "osm.no_roads"
    path = write_osm(tmp_path / "away.osm.pbf", {9: LINE[9]}, [(1, [1, 2], {"highway": "primary"})])
    assert refuse(path) == "osm.no_roads"
    path = write_osm(tmp_path / "bare.osm.pbf", LINE, [(1, [], {"highway": "primary"})])
    assert refuse(path) == "osm.no_roads"


def _write_streets(path: Path, count: int) -> bytes:
    places = {number: (10 + number / 1e5, 60.0) for number in range(1, count + 2)}
    ways = [(number, [number, number + 1], {"highway": "primary"}) for number in range(1, count + 1)]
    return write_osm(path, places, ways).read_bytes()


def test_a_cut_anywhere_gives_nothing(tmp_path: Path) -> None:
    content = _write_streets(tmp_path / "whole.osm.pbf", 20_000)
    path = tmp_path / "cut.osm.pbf"
    borders = _find_borders(content)
    assert len(borders) > 6
    spots = {1, 2, 3, 4, 5, 30, len(content) - 1, len(content) // 3, len(content) // 2}
    spots |= {border + step for border in borders[:-1] for step in (-1, 0, 1, 2, 3, 4, 9)}
    for spot in sorted(spots):
        path.write_bytes(content[:spot])
        assert refuse(path) in ("file.truncated", "osm.not_osm", "osm.no_roads"), spot
    path.write_bytes(content)
    assert len(read_osm(path, vehicle=TRUCK)[0].way_kind) == 20_000


def _find_borders(content: bytes) -> list[int]:
    """Return where each block of a PBF file ends, by looking for the next block's header."""
    found, at = [], content.find(b"\n\x07OSMData")
    while at >= 0:
        found.append(at - 4)
        at = content.find(b"\n\x07OSMData", at + 1)
    return [*found, len(content)]


def test_flipped_bytes_never_raise_anything_else(tmp_path: Path) -> None:
    content = write_osm(
        tmp_path / "good.osm.pbf", LINE, [(1, [1, 2, 3], {"highway": "primary"})]
    ).read_bytes()
    path = tmp_path / "bad.osm.pbf"
    random = np.random.default_rng(7)
    refused = 0
    for spot in random.integers(0, len(content), 60):
        bad = bytearray(content)
        bad[spot] ^= int(random.integers(1, 256))
        path.write_bytes(bytes(bad))
        try:
            segments, _ = read_osm(path, vehicle=TRUCK)
        except RefusedFileError:
            refused += 1
        else:
            assert np.isfinite(segments.point_x).all()
    assert refused > 30


# --- a real extract ------------------------------------------------------------------------------------


@pytest.mark.skipif(not OSLO.exists(), reason="the reference extract of Oslo is not here")
def test_oslo() -> None:
    segments, facts = read_osm(OSLO, vehicle=TRUCK)
    assert 5_000 < len(segments.way_kind) < 7_000
    assert facts.source_date == "2019-10-07"
    assert np.isfinite(segments.point_x).all()
    east, north = Transformer.from_crs(25833, 4326, always_xy=True).transform(
        segments.point_x, segments.point_y
    )
    assert 10.7 < east.min() < east.max() < 11.0
    assert 59.8 < north.min() < north.max() < 60.0
    assert (segments.way_along | segments.way_against).all()
    assert any("Mosseveien" in name for name in segments.names)
    assert segments.way_speed_kmh.max() <= 80
