"""Networks in a folder: listed cheaply, grouped by name and date, found by link, faults told."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from geodata.errors import NetworkError, RefusedFileError
from geodata.roads import GraphNetwork, RoadNetwork
from geodata.routing.router import Router
from loaders import networkshelf
from loaders.networkbuilds import build_network
from loaders.networkfiles import read_network, write_network
from loaders.networkshelf import FOLDER_SETTING, MAIN_ROADS, find_shelf_folder, list_shelf, read_shelved
from tests.loaders.osmwriting import write_osm

PLACES = {1: (10.70, 59.90), 2: (10.75, 59.90), 3: (10.75, 59.95), 4: (10.70, 59.95)}
WAYS = ((1, (1, 2, 3, 4, 1), {"highway": "secondary", "name": "Ringveien"}),)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one network for two vehicles, and one of the same name but another date."""
    made = tmp_path_factory.mktemp("networks")
    for stem, date, vehicle in (
        ("b_timber", "2026-05-01T00:00:00Z", "timber_rig_60t"),
        ("a_semi", "2026-05-01T00:00:00Z", "semi_trailer"),
        ("old", "2025-05-01T00:00:00Z", "semi_trailer"),
    ):
        source = write_osm(made / f"{stem}.osm", PLACES, WAYS, timestamp=date, header_date=date)
        build_network(source, made / f"{stem}.roads", vehicle=vehicle, name="Ringbygda Ås")
        source.unlink()
    return made


def test_without_a_folder_there_are_the_main_roads_by_both_profiles(tmp_path: Path) -> None:
    shelf = list_shelf(tmp_path / "nowhere")
    assert [network.profile for network in shelf.networks] == ["least_cost", "fastest"]
    assert list(shelf.groups) == [MAIN_ROADS]
    assert not shelf.faulty


def test_one_name_and_date_is_one_network_with_a_profile_a_vehicle(folder: Path) -> None:
    groups = list_shelf(folder).groups
    assert list(groups) == [MAIN_ROADS, "ringbygda-as-2025-05-01", "ringbygda-as-2026-05-01"]
    newest = groups["ringbygda-as-2026-05-01"]
    assert [network.profile for network in newest] == ["semi_trailer", "timber_rig_60t"]
    assert {network.attribution for network in newest} == {"© OpenStreetMap contributors"}


def test_a_link_may_name_the_group_the_file_or_the_digest(folder: Path) -> None:
    shelf = list_shelf(folder)
    timber = next(network for network in shelf.networks if network.profile == "timber_rig_60t")
    assert shelf.find("b_timber") == timber
    assert shelf.find(timber.key[:12]) == timber
    assert shelf.find(timber.group) == shelf.groups[timber.group][0]
    assert shelf.find(MAIN_ROADS) == shelf.networks[0]
    for text in ("", timber.key[:4], "tull", "../b_timber"):
        assert shelf.find(text) is None


def test_the_same_name_date_and_vehicle_with_other_roads_are_told_apart(folder: Path, tmp_path: Path) -> None:
    first = read_network(folder / "a_semi.roads")
    shutil.copy(folder / "a_semi.roads", tmp_path / "a.roads")
    shutil.copy(folder / "a_semi.roads", tmp_path / "same.roads")
    source = write_osm(
        tmp_path / "other.osm",
        PLACES,
        ((1, (1, 2, 3, 4), {"highway": "primary"}),),
        timestamp="2026-05-01T00:00:00Z",
        header_date="2026-05-01T00:00:00Z",
    )
    build_network(source, tmp_path / "z.roads", vehicle="semi_trailer", name="Ringbygda Ås")
    shelf = list_shelf(tmp_path)
    assert len(shelf.networks) == 4  # the copy is the same network
    assert len(shelf.groups) == 3
    assert shelf.networks[2].key == first.graph.digest


def test_files_that_cannot_be_read_are_listed_with_the_reason(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.roads").touch()
    (tmp_path / "foreign.roads").write_text("<osm/>")
    whole = (folder / "a_semi.roads").read_bytes()
    (tmp_path / "short.roads").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "folder.roads").mkdir()
    (tmp_path / "notes.txt").write_text("not a network")
    shelf = list_shelf(tmp_path)
    assert len(shelf.networks) == 2
    assert {(error.values["file"], error.code) for error in shelf.faulty} == {
        ("empty.roads", "file.empty"),
        ("foreign.roads", "network.foreign"),
        ("short.roads", "network.truncated"),
        ("folder.roads", "file.not_a_file"),
    }


def test_a_file_written_anew_is_read_anew(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.roads"
    shutil.copy(folder / "a_semi.roads", path)
    assert list_shelf(tmp_path).networks[-1].profile == "semi_trailer"
    shutil.copy(folder / "b_timber.roads", path)
    assert list_shelf(tmp_path).networks[-1].profile == "timber_rig_60t"


def test_networks_are_read_by_key_with_the_land_beside_them(folder: Path) -> None:
    shelf = list_shelf(folder)
    network = read_shelved(shelf.networks[-1].key, folder=folder)
    assert isinstance(network, GraphNetwork)
    assert network.digest == shelf.networks[-1].key
    assert network.land is not None
    main, fastest = (read_shelved(shelf.networks[k].key, folder=folder) for k in (0, 1))
    assert isinstance(fastest, RoadNetwork)
    assert (main.digest, fastest.digest) == (main.digest, main.with_profile("fastest").digest)
    assert main.digest != fastest.digest
    assert fastest.land is main.land


def test_a_network_that_is_gone_or_damaged_says_so(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NetworkError) as caught:
        read_shelved("0" * 64, folder=folder)
    assert caught.value.code == "network.gone"
    router = read_network(folder / "a_semi.roads")
    graph = replace(router.graph, shape_x=router.graph.shape_x + 1)
    write_network(tmp_path / "changed.roads", Router(graph))
    with pytest.raises(RefusedFileError) as refused:
        read_shelved(graph.digest, folder=tmp_path)
    assert refused.value.code == "network.damaged"


def test_the_folder_comes_from_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_SETTING, str(tmp_path))
    assert find_shelf_folder() == tmp_path
    monkeypatch.delenv(FOLDER_SETTING)
    assert find_shelf_folder().name == "networks"


@pytest.mark.parametrize(
    ("name", "date", "word"),
    [
        ("Norge", "2026-11-20", "norge-2026-11-20"),
        ("Ærlige Øyer & Å", "", "arlige-oyer-a"),
        ("<script>/../x", "", "script-x"),
        ("道路", "", "network"),
        ("x" * 400, "", "x" * 60),
    ],
)
def test_links_hold_letters_and_digits_only(name: str, date: str, word: str) -> None:
    assert networkshelf.name_group(name, date) == word
