"""A cluster measures what one process measures, whatever happens to its workers."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow.parquet as pq
import pytest

from geodata.errors import ClusterError
from geodata.parameters import ScenarioParameters
from geodata.roads import GraphNetwork, measure_travel
from geodata.traveltables import Question, iterate_pairs
from loaders import clusterruns
from loaders.clusterruns import describe_versions, iterate_cluster_pairs, measure_packed
from loaders.distances import write_distances
from loaders.hierarchies import make_router
from loaders.placelists import read_points
from loaders.roads import read_road_network
from loaders.tablewriting import lay_out_pairs
from tests.unit.routing.streets import Street, ferry, lay_streets

distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")

PLACES = {"A": (0, 0), "B": (4, 0), "C": (8, 1), "D": (4, 5), "E": (0, 5), "F": (12, 1), "G": (16, 1)}
STREETS = [
    Street("A B"),
    Street("B C", kmh=80),
    Street("C D", against=False),
    Street("D E", kmh=40),
    Street("E A"),
    Street("B D"),
    ferry("C F", 20),
    Street("F G"),
]


@pytest.fixture(scope="module")
def cluster():
    with pytest.MonkeyPatch.context() as patch:
        # A page tested before may have left its script as the main module, which a worker would run again.
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as running:
            yield running


@pytest.fixture(scope="module")
def network() -> GraphNetwork:
    return GraphNetwork(make_router(lay_streets(PLACES, STREETS)))


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """Places around the streets of this file; one is far away."""
    chance = np.random.default_rng(5)
    path = tmp_path / "places.csv"
    lat, lon = 63.48 + chance.uniform(-0.02, 0.06, 60), 15.0 + chance.uniform(-0.02, 0.36, 60)
    rows = [f"p{k},{lat[k]:.6f},{lon[k]:.6f}" for k in range(60)]
    path.write_text("\n".join(["id,lat,lon", *rows, "far,60.0,11.0"]) + "\n", encoding="utf-8")
    return path


def cut_small(points: int, *, question: Question) -> list[slice]:
    return [slice(row, min(row + 3, points)) for row in range(0, points, 3)]


@pytest.mark.parametrize("question", [Question(max_km=9.0), Question(nearest=4, max_minutes=25.0)])
def test_parts_of_a_table(question: Question, cluster, network, places, tmp_path, monkeypatch):
    here = write_distances(places, tmp_path / "here.csv", network=network, question=question)
    assert 100 < here.pairs < 61 * 60
    monkeypatch.setattr("loaders.clusterruns.cut_rows", cut_small)
    address = cluster.scheduler_address
    there = write_distances(
        places, tmp_path / "there.csv", network=network, question=question, cluster=address
    )
    assert there == here
    assert (tmp_path / "there.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()


def test_one_worker_killed_midway_changes_nothing(cluster, network, places, tmp_path, monkeypatch):
    monkeypatch.setattr("geodata.traveltables.cut_rows", cut_small)
    monkeypatch.setattr("loaders.clusterruns.cut_rows", cut_small)
    here = write_distances(places, tmp_path / "here.parquet", network=network)
    with distributed.Client(cluster, set_as_default=False) as client:
        pids = sorted(client.run(os.getpid).values())
    assert len(pids) == 2
    killed: list[int] = []

    def kill(share: float) -> None:
        if not killed:
            assert share < 0.1
            killed.append(pids[0])
            os.kill(pids[0], signal.SIGKILL)

    there = write_distances(
        places,
        tmp_path / "there.parquet",
        network=network,
        cluster=cluster.scheduler_address,
        progress=kill,
    )
    assert killed
    assert there == here
    assert (tmp_path / "there.parquet").read_bytes() == (tmp_path / "here.parquet").read_bytes()


def test_the_main_roads_can_be_sent(tmp_path):
    path = tmp_path / "places.csv"
    path.write_text("id,lat,lon\nT,63.43,10.39\nS,64.01,11.49\nM,63.8676,8.6637\n", encoding="utf-8")
    travel = measure_travel(read_road_network(), read_points(path)[0], parameters=ScenarioParameters())
    (here,) = map(lay_out_pairs, iterate_pairs(travel, question=Question()))
    sent = pickle.loads(pickle.dumps(travel))
    assert clusterruns._unpack(measure_packed(sent, slice(0, 3), Question())).equals(here)


def first_block(network: GraphNetwork, places: Path, address: str) -> None:
    travel = measure_travel(network, read_points(places)[0], parameters=ScenarioParameters())
    next(iterate_cluster_pairs(travel, question=Question(), address=address))


def test_a_cluster_that_is_not_there(network, places, tmp_path, monkeypatch):
    monkeypatch.setattr(clusterruns, "CONNECT_S", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ClusterError, match=r"cluster\.unreachable"):
            write_distances(places, tmp_path / "od.csv", network=network, cluster=address)
    assert [path.name for path in tmp_path.iterdir()] == ["places.csv"]


@pytest.mark.parametrize("address", ["carrier-pigeon://coop:1", "tcp://127.0.0.1:notaport"])
def test_what_is_no_address(network, places, address, monkeypatch):
    monkeypatch.setattr(clusterruns, "CONNECT_S", 1)
    with pytest.raises(ClusterError, match=r"cluster\.address"):
        first_block(network, places, address)


def test_the_package_is_missing(network, places, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"cluster\.package_missing"):
        first_block(network, places, "tcp://127.0.0.1:1")


class Told:
    """A client whose workers tell what is wanted."""

    def __init__(self, told: object) -> None:
        self.told = told

    def scheduler_info(self) -> dict[str, object]:
        return {"workers": {"tcp://w": {"nthreads": 3}} if self.told else {}}

    def run(self, _function: object) -> dict[str, object]:
        if isinstance(self.told, Exception):
            raise self.told
        return {"tcp://w": self.told}


def test_workers_that_do_not_fit_are_told():
    ours = describe_versions()
    assert clusterruns._check_workers(Told(ours)) == 3
    for told, code in (
        (None, "cluster.no_workers"),
        (ModuleNotFoundError("No module named 'loaders'"), "cluster.not_installed"),
        (ours | {"python": "3.99"}, "cluster.versions"),
        ({"python": ours["python"]}, "cluster.versions"),
    ):
        with pytest.raises(ClusterError) as caught:
            clusterruns._check_workers(Told(told))
        assert caught.value.code == code


def test_files_of_a_folder_are_read_as_one_table(network, places, tmp_path, monkeypatch):
    monkeypatch.setattr("geodata.traveltables.cut_rows", cut_small)
    folder = tmp_path / "od"
    folder.mkdir()
    (folder / "part-00099.parquet").write_bytes(b"of an older run")
    report = write_distances(places, folder, network=network)
    assert [path.name for path in sorted(folder.iterdir())] == [f"part-{k:05d}.parquet" for k in range(21)]
    write_distances(places, tmp_path / "od.parquet", network=network)
    table = pq.read_table(folder)
    assert table.num_rows == report.pairs == 61 * 60
    assert table.equals(pq.read_table(tmp_path / "od.parquet"))
