"""A network file gives back what was written, and refuses everything that is not whole."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from dataclasses import fields, replace

import numpy as np
import pytest

from geodata.errors import NetworkError, RefusedFileError
from geodata.routing.graph import FERRY, RoadGraph
from geodata.routing.graphchecks import check_graph, check_hierarchy
from geodata.routing.graphdigest import sign_graph
from geodata.routing.hierarchy import Hierarchy
from geodata.routing.router import Router
from geodata.routing.simplify import build_graph
from loaders import networkfiles
from loaders.networkfiles import read_network, read_network_facts, write_network
from tests.properties.roadcases import FACTS, Way, make_segments
from tests.unit.routing.hierarchies import contract_slowly, scatter_graph

SPOTS = [(0, 0), (1000, 0), (1000, 1000), (0, 1000), (2000, 500), (2500, 900.4), (9000, 500), (9300, 800)]
WAYS = (
    Way((0, 1, 2, 3, 0), name=1),
    Way((1, 4, 5), speed=80, toll=True, toll_nok=12.5),
    Way((2, 4), against=False),
    Way((4, 6), kind=FERRY, minutes=20, snappable=False),
    Way((6, 7), name=2),
)


@pytest.fixture(scope="module")
def router() -> Router:
    spots = [(260_000 + x, 6_650_000 + y) for x, y in SPOTS]
    facts = replace(FACTS, name="Øyriket", notes=("osm.turn_restrictions",), km_cost_min=0.25)
    graph = build_graph(make_segments(spots, WAYS), facts=facts)
    return Router(graph, contract_slowly(graph))


@pytest.fixture
def path(router, tmp_path):
    path = tmp_path / "network.roads"
    write_network(path, router, source={"points": 8, "ways": 5})
    return path


def assert_same(one: object, other: object) -> None:
    for field in fields(one):
        here, there = getattr(one, field.name), getattr(other, field.name)
        if isinstance(here, np.ndarray):
            assert here.dtype == there.dtype, field.name
            np.testing.assert_array_equal(here, there, err_msg=field.name)
            assert there.flags.writeable, field.name
        elif not isinstance(here, RoadGraph | Hierarchy):
            assert here == there, field.name


def test_what_is_written_is_read_bit_for_bit(router, path):
    again = read_network(path)
    assert_same(router.graph, again.graph)
    assert_same(router.hierarchy, again.hierarchy)
    record = read_network_facts(path)
    assert record.facts == router.graph.facts
    assert record.digest == router.graph.digest
    assert record.has_hierarchy
    assert record.source == {"points": 8, "ways": 5}


@pytest.mark.parametrize("seed", range(3))
def test_graphs_of_other_builders_come_back_too(seed, tmp_path):
    """Coordinates of no decimetre, no hierarchy, parallel edges."""
    graph = scatter_graph(seed, 60)
    graph = sign_graph(replace(graph, node_x=graph.node_x + np.pi, node_y=-graph.node_y))
    path = tmp_path / "network.roads"
    write_network(path, Router(graph))
    again = read_network(path)
    assert again.hierarchy is None
    assert_same(graph, again.graph)


def test_the_same_network_gives_the_same_bytes(router, path, tmp_path):
    other = tmp_path / "other.roads"
    write_network(other, router, source={"points": 8, "ways": 5})
    assert other.read_bytes() == path.read_bytes()


def test_writing_replaces_and_leaves_nothing_beside(router, path):
    write_network(path, Router(router.graph))
    assert read_network(path).hierarchy is None
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_stopped_midway_the_old_file_stays(router, path, monkeypatch):
    before = path.read_bytes()
    calls = []

    def stop(values, kind):
        calls.append(kind)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return networkfiles_pack(values, kind)

    networkfiles_pack = networkfiles.pack_array
    monkeypatch.setattr(networkfiles, "pack_array", stop)
    with pytest.raises(KeyboardInterrupt):
        write_network(path, router)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_folder_that_is_not_there(router, tmp_path):
    with pytest.raises(RefusedFileError) as refused:
        write_network(tmp_path / "none" / "network.roads", router)
    assert refused.value.code == "file.unwritable"


def refuse(path) -> str:
    with pytest.raises(RefusedFileError) as refused:
        read_network(path)
    return refused.value.code


def test_every_truncation_is_refused(path):
    whole = path.read_bytes()
    for size in range(1, len(whole), max(1, len(whole) // 60)):
        path.write_bytes(whole[:size])
        assert refuse(path) in {"network.truncated", "network.damaged", "network.foreign"}, size


def test_every_flipped_byte_is_told_or_harmless(router, path):
    """A flip is refused, or it hit what does not matter (a date, say) and the network is the same."""
    whole = path.read_bytes()
    refused = []
    for place in range(0, len(whole), max(1, len(whole) // 150)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            again = read_network(path)
        except RefusedFileError as error:
            refused.append(error.code)
        else:
            assert_same(router.graph, again.graph)
            assert_same(router.hierarchy, again.hierarchy)
    assert set(refused) <= {"network.damaged", "network.truncated", "network.foreign", "network.bomb"}
    assert len(refused) > 90


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (b"id;lat;lon\n1;60;10\n", "network.foreign"),
        (b"\xff\xd8\xff\xe0 a picture", "network.foreign"),
        (b"PK\x03\x04 a zip that is none", "network.truncated"),
    ],
)
def test_foreign_files_are_refused(tmp_path, content, code):
    path = tmp_path / "network.roads"
    path.write_bytes(content)
    assert refuse(path) == code


def test_missing_paths_and_folders_are_refused(tmp_path):
    assert refuse(tmp_path / "none.roads") == "file.not_found"
    assert refuse(tmp_path) == "file.not_a_file"


def rewrite(path, **changed: bytes | None) -> None:
    """Write the zip anew with other members; None leaves one out."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name, content in changed.items():
        members[name.replace("__", "/").replace("_json", ".json").replace("_npy", ".npy")] = content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            if content is not None:
                archive.writestr(name, content)


def change_meta(path, **changed) -> None:
    with zipfile.ZipFile(path) as archive:
        meta = json.loads(archive.read("meta.json"))
    rewrite(path, meta_json=json.dumps(meta | changed).encode())


def test_another_zip_is_no_network(path):
    rewrite(path, meta_json=None)
    assert refuse(path) == "network.foreign"


def test_a_later_format_is_told(path):
    change_meta(path, version=networkfiles.VERSION + 1)
    assert refuse(path) == "network.too_new"


@pytest.mark.parametrize(
    "changed",
    [
        {"digest": "0" * 64},
        {"hierarchy": "0" * 64},
        {"core": 10**9},
        {"core": "7"},
        {"facts": {}},
        {"facts": [1]},
        {"arrays": {}},
        {"arrays": 3},
        {"version": "1"},
    ],
)
def test_meta_at_odds_with_the_arrays_is_damage(path, changed):
    change_meta(path, **changed)
    assert refuse(path) == "network.damaged"


def test_a_changed_fact_breaks_the_digest(path):
    with zipfile.ZipFile(path) as archive:
        facts = json.loads(archive.read("meta.json"))["facts"]
    change_meta(path, facts=facts | {"licence": "all mine"})
    assert refuse(path) == "network.damaged"


def test_nothing_in_a_file_runs_or_swells(path):
    for content in (
        pickle.dumps({"a": 1}),
        b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (5,), }".ljust(128) + b"\n",
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (10**15,), }",
        b"\x93NUMPY\x01\x00" + (3000).to_bytes(2, "little") + b"[" * 3000,
    ):
        rewrite(path, graph__arc_toll_npy=content)
        assert refuse(path) == "network.damaged"


def test_a_member_larger_than_told_is_a_bomb(path):
    content = io.BytesIO()
    np.lib.format.write_array(content, np.zeros(20_000_000, np.float32))
    rewrite(path, graph__arc_toll_npy=content.getvalue())
    assert refuse(path) == "network.bomb"


def test_arrays_that_point_outside_are_refused(router):
    """Compiled code walks them unchecked: no position may lead out of an array."""
    graph, hierarchy = router.graph, router.hierarchy
    check_graph(graph)
    check_hierarchy(hierarchy, graph)
    for name in (
        "arc_head",
        "arc_edge",
        "tree_parent",
        "tree_edge",
        "edge_tail",
        "edge_head",
        "edge_name",
        "component",
    ):
        values = getattr(graph, name)
        assert len(values), name
        for wrong in (-1, 10**6):
            changed = values.copy()
            changed[-1] = wrong
            with pytest.raises(NetworkError) as told:
                check_graph(replace(graph, **{name: changed}))
            assert told.value.values["part"] == name
    for name in ("arc_first", "shape_first"):
        with pytest.raises(NetworkError):
            check_graph(replace(graph, **{name: getattr(graph, name)[::-1].copy()}))
    for name in ("arc_label", "edge_along", "tree_up"):
        for wrong in (np.nan, -1.0, 0.5, 2.0**54):
            changed = getattr(graph, name).copy()
            changed[0] = wrong
            with pytest.raises(NetworkError):
                check_graph(replace(graph, **{name: changed}))
    for name in ("up_head", "down_tail", "up_via", "down_via", "rank", "node"):
        changed = getattr(hierarchy, name).copy()
        changed[0] = 10**6
        with pytest.raises(NetworkError):
            check_hierarchy(replace(hierarchy, **{name: changed}), graph)
