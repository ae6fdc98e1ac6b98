"""Distances kept on disk: never another number, never a crash, and only what is new is measured."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geodata.parameters import ScenarioParameters
from geodata.roads import GraphNetwork, GraphTravel, RoadTravel, measure_travel
from geodata.routing.graph import RoadGraph
from geodata.routing.router import Router
from geodata.routing.tables import measure_table
from geodata.transport import Legs
from geodata.ways import measure_ways
from loaders import travelcache
from loaders.roads import read_road_network
from loaders.tilefiles import (
    KEY_BYTES,
    MAGIC,
    PlaneKind,
    empty_planes,
    read_tile_body,
    read_tile_head,
    write_tile,
)
from loaders.tilestore import MOST_TILES, TileStore
from loaders.travelcache import TravelCache, measure_travel_cached, open_cache
from tests.unit.routing.streets import Street, ferry, lay_streets, place_facilities

PARAMETERS = ScenarioParameters()
PLACES = {
    "A": (0, 0),
    "B": (4, 0),
    "C": (8, 1),
    "D": (4, 5),
    "E": (0, 5),
    "F": (12, 1),
    "G": (16, 1),
    "H": (17, 4),
}
STREETS = [
    Street("A B"),
    Street("B C", kmh=80),
    Street("C D", against=False),
    Street("D E", kmh=40),
    Street("E A"),
    Street("B D"),
    ferry("C F", 20),
    Street("F G"),
    Street("G H"),
]


@pytest.fixture(scope="module")
def graph() -> RoadGraph:
    return lay_streets(PLACES, STREETS)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The cells of tables that were measured, call by call."""
    cells: list[int] = []
    measure = travelcache.measure_table

    def count(router, starts, ends, **options):
        cells.append(len(starts) * len(ends))
        return measure(router, starts, ends, **options)

    monkeypatch.setattr(travelcache, "measure_table", count)
    return cells


def scatter(count: int, seed: int = 1) -> gpd.GeoDataFrame:
    chance = np.random.default_rng(seed)
    spots = chance.uniform((-1, -1), (18, 6), (count, 2))
    return place_facilities({f"p{k}": (float(x), float(y)) for k, (x, y) in enumerate(spots)})


def ask(network: GraphNetwork, facilities: gpd.GeoDataFrame, cache: TravelCache) -> Legs:
    return list_legs(measure_travel_cached(network, facilities, parameters=PARAMETERS, cache=cache))


def list_legs(travel: GraphTravel | RoadTravel) -> Legs:
    n = len(travel.ids)
    i, j = np.divmod(np.arange(n * n), n)
    return travel.pairs(i, j)


def assert_same(one: Legs, other: Legs) -> None:
    for spec in fields(Legs):
        np.testing.assert_array_equal(getattr(one, spec.name), getattr(other, spec.name))


def tiles(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.tile"))


def test_a_second_run_measures_nothing_and_says_the_same(tmp_path, graph, measured):
    network = GraphNetwork(Router(graph))
    facilities = scatter(20)
    plain = list_legs(measure_travel(network, facilities, parameters=PARAMETERS))
    assert_same(ask(network, facilities, TravelCache(tmp_path)), plain)
    assert sum(measured) == 20 * 20
    assert_same(ask(network, facilities, TravelCache(tmp_path)), plain)
    assert sum(measured) == 20 * 20


def test_all_ways_of_asking_agree_with_plain_travel(tmp_path, graph):
    network = GraphNetwork(Router(graph))
    facilities = scatter(15)
    facilities.loc[3, "geometry"] = None
    facilities.loc[5, "geometry"] = shapely.Point(900_000, 7_900_000)
    known = measure_travel_cached(network, facilities, parameters=PARAMETERS, cache=TravelCache(tmp_path))
    plain = measure_travel(network, facilities, parameters=PARAMETERS)
    assert known.known is not None
    assert known.reasons == plain.reasons
    everyone = np.arange(15)
    np.testing.assert_array_equal(
        known.minutes_between(everyone, everyone), plain.minutes_between(everyone, everyone)
    )
    for one, other in zip(
        known.pairs_within(max_km=9, max_minutes=30),
        plain.pairs_within(max_km=9, max_minutes=30),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
    some = np.array([7, 2, 2, 5])
    assert_same(list_legs(known.select(some)), list_legs(plain.select(some)))
    for (rows, legs), (wanted_rows, wanted) in zip(
        known.iterate_legs(some, everyone, rows_at_once=2),
        plain.iterate_legs(some, everyone, rows_at_once=2),
        strict=True,
    ):
        assert rows == wanted_rows
        assert_same(legs, wanted)


def test_ten_more_facilities_measure_only_their_rows_and_columns(tmp_path, graph, measured):
    network = GraphNetwork(Router(graph))
    everyone = scatter(30)
    ask(network, everyone.iloc[:20], TravelCache(tmp_path))
    measured.clear()
    plain = list_legs(measure_travel(network, everyone, parameters=PARAMETERS))
    assert_same(ask(network, everyone, TravelCache(tmp_path)), plain)
    assert sum(measured) == 30 * 30 - 20 * 20


def test_removing_and_reordering_measure_nothing(tmp_path, graph, measured):
    network = GraphNetwork(Router(graph))
    everyone = scatter(20)
    ask(network, everyone, TravelCache(tmp_path))
    measured.clear()
    fewer = everyone.iloc[[17, 3, 3, 11, 0, 8]].assign(facility_id=list("uvwxyz"))
    plain = list_legs(measure_travel(network, fewer, parameters=PARAMETERS))
    assert_same(ask(network, fewer, TravelCache(tmp_path)), plain)
    assert measured == []


def test_another_network_or_other_access_is_another_table(tmp_path, graph, measured):
    facilities = scatter(12)
    cache = TravelCache(tmp_path)
    ask(GraphNetwork(Router(graph)), facilities, cache)
    other = GraphNetwork(Router(lay_streets(PLACES, [*STREETS[:-1], Street("G H", kmh=20)])))
    assert_same(
        ask(other, facilities, cache), list_legs(measure_travel(other, facilities, parameters=PARAMETERS))
    )
    slow = ScenarioParameters(access_speed_kmh=10)
    network = GraphNetwork(Router(graph))
    assert_same(
        list_legs(measure_travel_cached(network, facilities, parameters=slow, cache=cache)),
        list_legs(measure_travel(network, facilities, parameters=slow)),
    )


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0" * 8)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def turn_last_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def turn_a_key(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[content.index(b"}") + 5] ^= 1
    path.write_bytes(content)


def turn_the_head(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(MAGIC) + 70] ^= 255
    path.write_bytes(content)


def make_older(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(MAGIC, b"SYMBIOSEKART T0\n"))


def make_foreign(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04" + bytes(range(256)) * 20)


def take_another_context(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(path.parent.name.encode(), b"f" * len(path.parent.name)))


@pytest.mark.parametrize(
    "spoil",
    [
        cut,
        lengthen,
        empty,
        turn_last_bit,
        turn_a_key,
        turn_the_head,
        make_older,
        make_foreign,
        take_another_context,
    ],
)
def test_spoilt_files_are_found_and_made_anew(
    tmp_path: Path, graph: RoadGraph, measured: list[int], spoil: Callable[[Path], None]
) -> None:
    network = GraphNetwork(Router(graph))
    facilities = scatter(12)
    plain = ask(network, facilities, TravelCache(tmp_path))
    assert len(tiles(tmp_path)) == 2  # the points and the table
    for path in tiles(tmp_path):
        spoil(path)
    measured.clear()
    assert_same(ask(network, facilities, TravelCache(tmp_path)), plain)
    assert sum(measured) == 12 * 12
    measured.clear()
    assert_same(ask(network, facilities, TravelCache(tmp_path)), plain)
    assert measured == []


def test_every_bit_of_a_file_counts(tmp_path):
    kinds = [PlaneKind("labels", "<f8"), PlaneKind("toll", "<f4")]
    planes = empty_planes(2, 3, kinds=kinds)
    planes["labels"][:] = np.arange(6).reshape(2, 3)
    keys = [bytes([k]) * KEY_BYTES for k in range(5)]
    path = write_tile(tmp_path, context="c", rows=keys[:2], columns=keys[2:], planes=planes)
    whole = path.read_bytes()
    for place in range(len(whole)):
        content = bytearray(whole)
        content[place] ^= 1 << place % 8
        path.write_bytes(content)
        head = read_tile_head(path, context="c", kinds=kinds)
        assert head is None or read_tile_body(head, kinds=kinds) is None, place


def test_the_main_roads_keep_where_points_meet_them(tmp_path, monkeypatch):
    network = read_road_network()
    facilities = gpd.GeoDataFrame(
        {"facility_id": list("abcd")},
        geometry=[
            shapely.Point(10.39, 63.43),
            shapely.Point(11.5, 64.01),
            None,
            shapely.Point(8.6637, 63.8676),
        ],
        crs="EPSG:4326",
    )
    plain = measure_travel(network, facilities, parameters=PARAMETERS)
    first = measure_travel_cached(network, facilities, parameters=PARAMETERS, cache=TravelCache(tmp_path))

    def fail(*_arguments, **_options):
        raise AssertionError("snapped again")

    monkeypatch.setattr("geodata.roads.snap_points", fail)
    again = measure_travel_cached(
        network, facilities.iloc[::-1], parameters=PARAMETERS, cache=TravelCache(tmp_path)
    )
    assert first.reasons == again.reasons[::-1] == plain.reasons == ("", "", "not_placed", "across_sea")
    for travel in (first, again):
        for spec in fields(travel.snapped):
            assert getattr(travel.snapped, spec.name).dtype == getattr(plain.snapped, spec.name).dtype
    assert_same(list_legs(first), list_legs(plain))
    assert_same(list_legs(again.select(np.arange(4)[::-1])), list_legs(plain))


def test_the_main_roads_keep_the_ways_between_their_places(tmp_path, monkeypatch):
    facilities = gpd.GeoDataFrame(
        {"facility_id": list("abcde")},
        geometry=gpd.points_from_xy([10.39, 11.5, 5.33, 10.75, 18.95], [63.43, 64.01, 60.39, 59.91, 69.65]),
        crs="EPSG:4326",
    )
    plain = list_legs(measure_travel(read_road_network(), facilities, parameters=PARAMETERS))
    rows: list[int] = []

    def count(router, places):
        rows.append(len(places))
        return measure_ways(router, places)

    monkeypatch.setattr("geodata.network.measure_ways", count)

    def ask_anew(some: gpd.GeoDataFrame) -> Legs:
        network = read_road_network()  # nothing is known in this process
        cache = TravelCache(tmp_path)
        return list_legs(measure_travel_cached(network, some, parameters=PARAMETERS, cache=cache))

    ask_anew(facilities.iloc[:3])
    few, rows[:] = sum(rows), []
    assert_same(ask_anew(facilities), plain)
    assert 0 < sum(rows) < few
    rows[:] = []
    assert_same(ask_anew(facilities), plain)
    assert rows == []
    for tile in tiles(tmp_path):
        tile.write_bytes(tile.read_bytes()[:-1] + b"?")
    assert_same(ask_anew(facilities), plain)
    assert sum(rows) > few


@pytest.mark.parametrize("rows", [1000, 7, 0])
def test_tables_that_are_not_held_are_kept_row_by_row(tmp_path, graph, monkeypatch, rows):
    network = GraphNetwork(Router(graph))
    cells: list[int] = []

    def count(router, starts, ends, **options):
        cells.append(len(starts) * len(ends))
        return measure_table(router, starts, ends, **options)

    def ask_blocks(count: int) -> Legs:
        cells.clear()
        cache = TravelCache(tmp_path, most_points=10)
        travel = measure_travel_cached(network, scatter(40).iloc[:count], parameters=PARAMETERS, cache=cache)
        return stack_legs(travel, count)

    def stack_legs(travel: GraphTravel, count: int) -> Legs:
        some = np.arange(count)
        blocks = [legs for _, legs in travel.iterate_legs(some, some, rows_at_once=6)]
        return Legs(
            **{spec.name: np.concatenate([getattr(b, spec.name) for b in blocks]) for spec in fields(Legs)}
        )

    monkeypatch.setattr("geodata.routing.travel.measure_table", count)
    monkeypatch.setattr(travelcache, "MOST_TABLE_BYTES", travelcache.CELL_BYTES * 40 * rows)
    plain = stack_legs(measure_travel(network, scatter(40), parameters=PARAMETERS), 40)
    assert_same(ask_blocks(40), plain)
    whole = sum(cells)
    assert_same(ask_blocks(40), plain)
    again = sum(cells)
    if rows == 0:
        assert again == whole
    elif rows == 7:
        assert 0 < again < whole
    else:
        assert again == 0
        assert whole <= 40 * 40
        shutil.rmtree(tmp_path)
        ask_blocks(30)
        assert_same(ask_blocks(40), plain)
        assert 0 < sum(cells) <= 40 * 40 - 30 * 30
        for tile in tiles(tmp_path):
            tile.write_bytes(tile.read_bytes()[:-1] + b"?")
        assert_same(ask_blocks(40), plain)
        assert sum(cells) > 0


def test_the_kinds_of_points_are_all_there(graph, tmp_path):
    plain = measure_travel(GraphNetwork(Router(graph)), scatter(3), parameters=PARAMETERS)
    cached = measure_travel_cached(
        GraphNetwork(Router(graph)), scatter(3), parameters=PARAMETERS, cache=TravelCache(tmp_path)
    )
    for spec in fields(plain.snapped):
        one, other = getattr(plain.snapped, spec.name), getattr(cached.snapped, spec.name)
        assert one.dtype == other.dtype, spec.name
        np.testing.assert_array_equal(one, other)


def test_too_many_points_are_measured_when_asked(tmp_path, graph, measured):
    cache = TravelCache(tmp_path, most_points=10)
    travel = measure_travel_cached(
        GraphNetwork(Router(graph)), scatter(11), parameters=PARAMETERS, cache=cache
    )
    assert travel.known is None
    assert measured == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to(tmp_path, graph):
    tmp_path.chmod(0o500)
    cache = TravelCache(tmp_path / "deep")
    network = GraphNetwork(Router(graph))
    plain = list_legs(measure_travel(network, scatter(5), parameters=PARAMETERS))
    assert_same(ask(network, scatter(5), cache), plain)
    assert cache.trouble
    tmp_path.chmod(0o700)


def test_a_file_in_place_of_the_folder_and_a_full_disk(tmp_path, graph, monkeypatch, caplog):
    (tmp_path / "file").write_text("here")
    network = GraphNetwork(Router(graph))
    plain = list_legs(measure_travel(network, scatter(5), parameters=PARAMETERS))
    cache = TravelCache(tmp_path / "file")
    assert_same(ask(network, scatter(5), cache), plain)
    assert cache.trouble

    def full(*_arguments, **_options):
        raise OSError(28, "No room to test in")

    monkeypatch.setattr("loaders.tilestore.write_tile", full)
    for _ in range(2):
        cache = TravelCache(tmp_path / "full")
        assert_same(ask(network, scatter(5), cache), plain)
        assert cache.trouble == "No room to test in"
    assert [record.getMessage().count("No room to test in") for record in caplog.records].count(1) == 1


def test_the_tiles_used_longest_ago_go_first(tmp_path):
    kinds = [PlaneKind("labels", "<f8")]
    store = TileStore(tmp_path, most_bytes=3600)

    def make(rows, columns):
        return {"labels": np.zeros((len(rows), len(columns)))}

    for number, name in enumerate(["one", "two", "three"]):
        store.fill(name, [b"r" * KEY_BYTES], [bytes([k]) * KEY_BYTES for k in range(40)], kinds, make)
        for path in (tmp_path / name).iterdir():
            os.utime(path, (1_000_000 + number, 1_000_000 + number))
    assert {path.parent.name for path in tiles(tmp_path)} == {"one", "two", "three"}
    store.fill("one", [b"r" * KEY_BYTES], [bytes([3]) * KEY_BYTES], kinds, make)  # used now
    store.fill("four", [b"r" * KEY_BYTES], [bytes([k]) * KEY_BYTES for k in range(40)], kinds, make)
    assert {path.parent.name for path in tiles(tmp_path)} == {"one", "three", "four"}
    assert sum(path.stat().st_size for path in tiles(tmp_path)) <= 3600


def test_many_small_tiles_are_put_together(tmp_path):
    kinds = [PlaneKind("labels", "<f8")]
    store = TileStore(tmp_path)

    def make(rows, columns):
        return {"labels": 100.0 * np.add.outer(rows, 10 * columns)}

    keys = [bytes([k]) * KEY_BYTES for k in range(MOST_TILES + 4)]
    for count in range(1, len(keys) + 1):
        found = store.fill("one", keys[:count], keys[:count], kinds, make)["labels"]
        places = np.arange(count)
        np.testing.assert_array_equal(found, 100.0 * np.add.outer(places, 10 * places))
        assert len(tiles(tmp_path)) <= 2 * MOST_TILES
    assert len(tiles(tmp_path)) < MOST_TILES


def test_what_a_broken_run_left_is_removed_after_a_day(tmp_path):
    store = TileStore(tmp_path)
    (tmp_path / "one").mkdir()
    old, new = tmp_path / "one" / ".old.part", tmp_path / "one" / ".new.part"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    store.fill("two", [], [], [PlaneKind("labels", "<f8")], lambda _rows, _columns: {})
    assert not old.exists()
    assert new.exists()


def test_two_processes_at_once(tmp_path):
    program = """
import sys
from pathlib import Path
import numpy as np
from loaders.tilefiles import KEY_BYTES, PlaneKind
from loaders.tilestore import TileStore

store = TileStore(Path(sys.argv[1]), most_bytes=400_000)
chance = np.random.default_rng(int(sys.argv[2]))
for turn in range(60):
    some = chance.choice(200, 60, replace=False)
    keys = [int(k).to_bytes(KEY_BYTES, "little") for k in some]
    def measure(rows, columns):
        return {"labels": np.add.outer(1000.0 * some[rows], some[columns])}
    found = store.fill("table", keys, keys, [PlaneKind("labels", "<f8")], measure)["labels"]
    assert (found == np.add.outer(1000.0 * some, some)).all()
assert not store.trouble, store.trouble
"""
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), str(seed)], stderr=subprocess.PIPE)
        for seed in (1, 2)
    ]
    for process in running:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said.decode()


def test_the_folder_can_be_moved(tmp_path, monkeypatch):
    monkeypatch.setenv("SYMBIOSEKART_CACHE", str(tmp_path / "moved"))
    assert open_cache().store.folder.parent == tmp_path / "moved"
    assert not (tmp_path / "moved").exists()
    monkeypatch.delenv("SYMBIOSEKART_CACHE")
    assert "symbiosekart" in str(open_cache().store.folder)
