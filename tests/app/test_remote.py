"""The calculating process: the same results as in this one, given up on demand, replaced when it is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.calculator import MAIN_ROADS, Calculator, Request
from dashboard.remote import CalculationLostError, RemoteCalculator
from geodata.errors import InvalidTableError, NetworkError
from geodata.network import RoadNetwork
from geodata.parameters import ScenarioParameters
from geodata.results import RegionTables
from geodata.roads import GraphNetwork, GraphTravel
from geodata.selection import Filters
from loaders.networkbuilds import build_network
from loaders.networkshelf import FOLDER_SETTING, read_shelved
from loaders.region import read_region
from loaders.roads import read_road_network
from tests.loaders.osmwriting import write_osm

PARAMETERS = ScenarioParameters()
FRAMES = ("matches", "exclusions", "clusters", "cluster_members", "indicators")


@pytest.fixture(scope="module")
def network() -> RoadNetwork:
    return read_road_network()


@pytest.fixture(scope="module")
def tables() -> RegionTables:
    return read_region("practice")


@pytest.fixture(scope="module")
def remote(network: RoadNetwork) -> Iterator[RemoteCalculator]:
    calculator = RemoteCalculator(read_network=lambda key: {MAIN_ROADS: network}[key])
    yield calculator
    calculator.close()


def ask(**filters: object) -> Request:
    return Request("practice", MAIN_ROADS, Filters(**filters), PARAMETERS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "request_",
    [
        ask(),
        ask(actor_types=("producer", "treatment"), municipalities=("5059",), near_km=60.0),
    ],
    ids=["all", "narrowed"],
)
def test_the_process_gives_what_this_one_gives(
    remote: RemoteCalculator, network: RoadNetwork, tables: RegionTables, request_: Request
) -> None:
    steps: list[str] = []
    found = remote.calculate(request_, tables, steps.append)
    here = Calculator(lambda key: tables, read_network=lambda key: network)
    wanted = here.calculate(request_, lambda step: None)
    assert len(wanted.matches) > 0
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(found, name), getattr(wanted, name))
    for name in ("facilities", "streams", "networks", "memberships"):
        pd.testing.assert_frame_equal(getattr(found.tables, name), getattr(wanted.tables, name))
    assert found.tables.facilities.crs == wanted.tables.facilities.crs
    assert found.provenance == wanted.provenance
    assert found.parameters == wanted.parameters
    assert list(dict.fromkeys(steps)) == ["travel", "match", "cluster", "sum"]
    assert found.travel.network is network  # not sent: both ends have it
    one, two = np.array([0, 1]), np.array([2, 3])
    assert (found.travel.pairs(one, two).distance_km == wanted.travel.pairs(one, two).distance_km).all()


def test_the_tables_are_sent_once(remote: RemoteCalculator, tables: RegionTables) -> None:
    remote.calculate(ask(), tables, lambda step: None)
    elsewhere = replace(tables, facilities=tables.facilities.head(0), streams=tables.streams.head(0))
    again = remote.calculate(ask(), elsewhere, lambda step: None)
    assert len(again.tables.facilities) == len(tables.facilities)


class EnoughError(Exception):
    pass


def test_what_the_report_raises_ends_the_work_and_the_process_stays(
    remote: RemoteCalculator, tables: RegionTables
) -> None:
    remote.calculate(ask(), tables, lambda step: None)
    process = remote.pid

    def stop(step: str) -> None:
        if step == "match":
            raise EnoughError

    with pytest.raises(EnoughError):
        remote.calculate(ask(), tables, stop)
    after = remote.calculate(ask(actor_types=("treatment",)), tables, lambda step: None)
    assert set(after.tables.facilities["actor_type"]) == {"treatment"}
    assert remote.pid == process


def test_a_killed_process_is_told_and_replaced(remote: RemoteCalculator, tables: RegionTables) -> None:
    remote.calculate(ask(), tables, lambda step: None)
    lost = remote.pid
    assert lost is not None

    def kill(step: str) -> None:
        os.kill(lost, signal.SIGTERM)

    with pytest.raises(CalculationLostError) as caught:
        remote.calculate(ask(), tables, kill)
    assert caught.value.code == "calculation.lost"
    assert remote.pid is None
    after = remote.calculate(ask(), tables, lambda step: None)
    assert len(after.matches) > 0
    assert remote.pid not in (None, lost)


def test_a_refusal_comes_back_with_its_code(remote: RemoteCalculator, tables: RegionTables) -> None:
    broken = replace(tables, streams=tables.streams.drop(columns="material"))
    with pytest.raises(InvalidTableError) as caught:
        remote.calculate(replace(ask(), dataset="broken"), broken, lambda step: None)
    assert caught.value.code == "table.column_missing"
    assert caught.value.values["column"] == "material"


PARENT = """
import subprocess, sys
from dashboard import remote
process = remote._start_process()
print(process.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="asks for the process by a signal of POSIX")
def test_the_process_ends_with_a_server_that_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        process = int(server.stdout.readline())
        os.kill(process, 0)  # it is there
        server.kill()
    until = time.monotonic() + 60
    while _lives(process) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _lives(process)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    if not status.exists():
        return True
    # where nobody takes note of its end it stays in the list as a zombie
    return status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_the_process_knows_no_streamlit() -> None:
    probe = "import sys, dashboard.calculatorprocess; sys.exit('streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0


def test_a_built_network_is_read_by_both_ends_and_not_sent(
    tables: RegionTables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = tables.facilities.geometry[~tables.facilities.geometry.is_empty]
    west, south, east, north = places.total_bounds
    nodes = {1: (west, south), 2: (east, south), 3: (east, north), 4: (west, north), 5: (11.0, 63.5)}
    ring = ((1, (1, 2, 3, 4, 1), {"highway": "primary"}), (2, (1, 5, 3), {"highway": "secondary"}))
    source = write_osm(tmp_path / "ring.osm", nodes, ring)
    built = build_network(source, tmp_path / "ring.roads", vehicle="semi_trailer", name="Ring")
    monkeypatch.setenv(FOLDER_SETTING, str(tmp_path))
    key = built.graph.digest
    network = read_shelved(key)
    calculator = RemoteCalculator(read_network=lambda name: {key: network}[name])
    request = Request("practice", key, Filters(), PARAMETERS)
    try:
        found = calculator.calculate(request, tables, lambda step: None)
        with pytest.raises(NetworkError) as caught:
            calculator.calculate(replace(request, network="0" * 64), tables, lambda step: None)
    finally:
        calculator.close()
    assert caught.value.code == "network.gone"
    wanted = Calculator(lambda name: tables, read_network=lambda name: network).calculate(
        request, lambda step: None
    )
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(found, name), getattr(wanted, name))
    assert found.provenance.network == network.describe()
    assert isinstance(network, GraphNetwork)
    assert isinstance(found.travel, GraphTravel)
    assert found.travel.network is network
    assert found.travel.local.graph is network.router.graph
    assert found.travel.local.land is network.land
    assert found.travel.reasons == wanted.travel.reasons  # type: ignore[attr-defined]
