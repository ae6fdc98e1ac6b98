"""``symbiosekart roads``: a network from a map file, told in figures; bad input in a sentence."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import osmium
import pytest

from dashboard import cli
from dashboard.commands.roads import KINDS, STEPS
from geodata.routing.graph import EDGE_KINDS
from loaders import networkbuilds, networkfiles
from loaders.networkbuilds import build_network
from loaders.networkfiles import read_network


@pytest.fixture
def extract(tmp_path):
    """A small town with a ferry, as OpenStreetMap writes it."""
    path = tmp_path / "bygda.osm.pbf"
    nodes = [
        (10.0, 60.0),
        (10.1, 60.0),
        (10.1, 60.05),
        (10.0, 60.05),
        (10.2, 60.0),
        (10.3, 60.0),
        (10.4, 60.0),
    ]
    ways = (
        ([1, 2, 3, 4, 1], {"highway": "secondary", "name": "Ringveien"}),
        ([2, 5], {"highway": "tertiary", "maxspeed": "60"}),
        ([5, 6], {"route": "ferry", "duration": "00:20", "motor_vehicle": "yes"}),
        ([6, 7], {"highway": "tertiary"}),
        ([3, 1], {"highway": "residential", "oneway": "yes"}),
        ([1, 7], {"highway": "footway"}),
    )
    with osmium.SimpleWriter(str(path)) as writer:
        for number, place in enumerate(nodes, 1):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=place, version=1))
        for number, (points, tags) in enumerate(ways, 1):
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=points, tags=tags, version=1))
    return path


def test_a_network_is_built_and_described(extract, tmp_path, call):
    out = tmp_path / "bygda.roads"
    code, output, told = call(
        "--lang", "en", "roads", "build", str(extract), "--out", str(out), "--name", "Bygda"
    )
    assert code == 0, told
    assert "bygda.roads" in output
    assert told.splitlines() == [f"{text} …" for text in STEPS.values()]
    router = read_network(out)
    assert router.graph.facts.name == "Bygda"
    assert router.graph.facts.profile == "semi_trailer"

    code, output, _told = call("--lang", "en", "roads", "info", str(out))
    assert code == 0
    for line in (
        "Name: Bygda",
        "Vehicle: Semi-trailer (semi_trailer)",
        "Ferry crossings: 1",
        f"Digest: {router.graph.digest}",
    ):
        assert line in output.splitlines()
    assert "OpenStreetMap" in output
    assert "ODbL" in output

    code, output, _told = call("roads", "info", str(out), "--json")
    figures = json.loads(output)
    assert code == 0
    assert figures["digest"] == router.graph.digest
    assert figures["source"] == {"points": 7, "ways": 5}
    assert figures["network"]["ferries"] == 1
    assert figures["network"]["core"] == router.graph.core
    assert figures["network"]["km"]["ferry"] == pytest.approx(5.58, abs=0.02)


def test_every_vehicle_builds_and_unknown_ones_are_told(extract, tmp_path, call):
    digests = set()
    for vehicle in ("three_axle_truck", "timber_rig_60t", "modulvogntog"):
        out = tmp_path / f"{vehicle}.roads"
        assert call("roads", "build", str(extract), "--out", str(out), "--vehicle", vehicle)[0] == 0
        digests.add(read_network(out).graph.digest)
    assert len(digests) == 3
    out = tmp_path / "sykkel.roads"
    code, _output, told = call("roads", "build", str(extract), "--out", str(out), "--vehicle", "sykkel")
    assert code == cli.UNUSABLE
    assert "sykkel" in told
    assert "semi_trailer" in told
    assert not out.exists()


def test_a_file_that_is_there_is_replaced_only_when_asked(extract, tmp_path, call):
    out = tmp_path / "bygda.roads"
    out.write_text("mine")
    code, _output, told = call("roads", "build", str(extract), "--out", str(out))
    assert (code, out.read_text()) == (cli.UNUSABLE, "mine")
    assert "--force" in told
    assert call("roads", "build", str(extract), "--out", str(out), "--force")[0] == 0
    assert read_network(out).graph.core
    before = extract.read_bytes()
    assert call("roads", "build", str(extract), "--out", str(extract), "--force")[0] == cli.UNUSABLE
    assert extract.read_bytes() == before
    assert call("roads", "build", str(extract), "--out", str(tmp_path))[0] == cli.UNUSABLE
    assert call("roads", "build", str(extract), "--out", str(tmp_path / "no" / "a.roads"))[0] == cli.UNUSABLE


@pytest.mark.parametrize("spoil", ["cut", "text", "empty", "gone"])
def test_a_bad_map_file_leaves_nothing(extract, tmp_path, call, spoil):
    if spoil == "cut":
        extract.write_bytes(extract.read_bytes()[:-20])
    elif spoil == "text":
        extract.write_text("id;lat;lon\n")
    elif spoil == "empty":
        extract.write_bytes(b"")
    else:
        extract.unlink()
    before = set(tmp_path.iterdir())
    code, output, told = call("roads", "build", str(extract), "--out", str(tmp_path / "ut.roads"))
    assert (code, output) == (cli.UNUSABLE, "")
    assert "Traceback" not in told
    assert "Feil:" in told
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("step", networkbuilds.STEPS)
def test_stopped_at_any_step_nothing_is_left(extract, tmp_path, step):
    def stop(here: str, share: float) -> None:
        if here == step:
            raise KeyboardInterrupt

    before = set(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        build_network(extract, tmp_path / "ut.roads", vehicle="semi_trailer", progress=stop)
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_while_writing_nothing_is_left(extract, tmp_path, call, monkeypatch, number):
    seen = []

    def stop(*_values):
        seen.extend(path.name for path in tmp_path.iterdir() if path.suffix == ".part")
        signal.raise_signal(number)

    before, handler = set(tmp_path.iterdir()), signal.getsignal(signal.SIGTERM)
    interrupted = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a run in the background ignores it
    monkeypatch.setattr(networkfiles, "pack_array", stop)
    try:
        code, output, _told = call("roads", "build", str(extract), "--out", str(tmp_path / "ut.roads"))
    finally:
        signal.signal(signal.SIGTERM, handler)
        signal.signal(signal.SIGINT, interrupted)
    assert (code, output) == (128 + number, "")
    assert len(seen) == 1
    assert set(tmp_path.iterdir()) == before


def test_what_is_no_network_is_told(tmp_path, call):
    path = tmp_path / "bilde.roads"
    path.write_bytes(b"\xff\xd8\xff\xe0")
    code, output, told = call("roads", "info", str(path))
    assert (code, output) == (cli.UNUSABLE, "")
    assert "bilde.roads" in told


def test_names_cannot_steer_the_terminal(extract, tmp_path, call):
    out = tmp_path / "bygda.roads"
    assert call("roads", "build", str(extract), "--out", str(out), "--name", "By\x1b[31mgda\n")[0] == 0
    output = call("roads", "info", str(out))[1]
    assert "\x1b" not in output
    assert "gda" in output.splitlines()[0]


def test_every_kind_of_road_and_step_has_a_word():
    assert set(KINDS) == set(EDGE_KINDS)
    assert tuple(STEPS) == networkbuilds.STEPS


def test_streamlit_is_not_needed():
    script = (
        "import sys, dashboard.cli, loaders.networkbuilds; dashboard.cli.build_app();"
        "print('streamlit' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "False"


@pytest.fixture
def pages(tmp_path):
    """Two road links and a ferry, as NVDB's service tells them."""
    folder = tmp_path / "sider"
    folder.mkdir()
    places = ((260_000, 6_650_000), (261_000, 6_650_000), (266_000, 6_650_000), (267_000, 6_650_500))
    links = [
        {
            "veglenkesekvensid": 100 + k,
            "startposisjon": 0.0,
            "sluttposisjon": 1.0,
            "veglenkenummer": 1,
            "startnode": str(k),
            "sluttnode": str(k + 1),
            "lengde": length,
            "typeVeg": kind,
            "detaljnivå": "Vegtrase",
            "feltoversikt": ["1", "2"],
            "vegsystemreferanse": {
                "vegsystem": {"vegkategori": "F", "fase": "V", "nummer": 44},
                "strekning": {"trafikantgruppe": "K"},
            },
            "geometri": {
                "wkt": f"LINESTRING Z ({here[0]} {here[1]} 0, {there[0]} {there[1]} 0)",
                "srid": 5973,
            },
        }
        for k, (here, there, kind, length) in enumerate(
            [
                (places[0], places[1], "Enkel bilveg", 1000.0),
                (places[1], places[2], "Bilferje", 5000.0),
                (places[2], places[3], "Enkel bilveg", 1118.0),
            ]
        )
    ]
    page = {"objekter": links, "metadata": {"returnert": 3, "sidestørrelse": 1000}}
    (folder / "links-1.json").write_text(json.dumps(page), encoding="utf-8")
    return folder


def test_pages_of_the_road_database_build_too(pages, tmp_path, call):
    out = tmp_path / "nvdb.roads"
    code, _output, told = call("roads", "build", str(pages), "--out", str(out))
    assert code == 0, told
    output = call("--lang", "en", "roads", "info", str(out))[1]
    assert "Ferry crossings: 1" in output.splitlines()
    assert "NLOD" in output


def test_fetching_needs_an_area(tmp_path, call):
    code, _output, told = call("roads", "fetch-nvdb", str(tmp_path / "sider"))
    assert code == cli.UNUSABLE
    assert told.startswith("Feil:")
    assert call("roads", "fetch-nvdb", str(tmp_path / "sider"), "--bbox", "1,2")[0] == 2
    assert not (tmp_path / "sider").exists()
