"""``symbiosekart distances``: which network a table came from, the parts asked for, and plain refusals."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from dashboard import cli
from dashboard.text import use_language
from loaders.hierarchies import make_router
from loaders.networkfiles import write_network
from tests.unit.routing.streets import Street, ferry, lay_streets

PLACES = "id,lat,lon\nA,63.4805,15.0005\nB,63.4805,15.0800\nC,63.4810,15.2405\nfar,60.0,11.0\n"
COLUMNS = ["from_id", "to_id", "distance_km", "minutes", "ferries", "estimated"]


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Run the command line in this process: exit code, output, complaint."""
    monkeypatch.setenv("SYMBIOSEKART_CACHE", str(tmp_path / "cache"))

    def run_here(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["symbiosekart", "--lang", "en", "distances", *arguments])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        use_language("nb")
        return stopped.value.code or 0, *capsys.readouterr()

    return run_here


@pytest.fixture
def places(tmp_path: Path) -> str:
    path = tmp_path / "places.csv"
    path.write_text(PLACES, encoding="utf-8")
    return str(path)


@pytest.fixture
def network(tmp_path: Path) -> str:
    """A road, a ferry, and a long road around."""
    path = tmp_path / "vei.roads"
    points = {"A": (0, 0), "B": (4, 0), "C": (12, 0)}
    write_network(path, make_router(lay_streets(points, [Street("A B"), ferry("B C", 25), Street("C A")])))
    return str(path)


def test_a_network_file_is_used_and_named(call, places, network, tmp_path):
    out = tmp_path / "od.parquet"
    code, output, told = call(places, "--out", str(out), "--network", network)
    assert code == 0, told
    assert "4 places, 12 pairs, of which 6 without a road." in output
    assert told.startswith("Network: Streets, 2026-01-01, Semi-trailer. nobody, CC0")
    table = pq.read_table(out)
    assert table.column_names == COLUMNS
    facts = {name.decode(): text.decode() for name, text in table.schema.metadata.items()}
    assert facts["symbiosekart.network_name"] == "Streets"
    assert facts["symbiosekart.network_date"] == "2026-01-01"
    assert facts["symbiosekart.network_profile"] == "semi_trailer"
    assert facts["symbiosekart.network_licence"] == "nobody, CC0"
    assert len(facts["symbiosekart.network_digest"]) == 64
    text = tmp_path / "od.csv"
    assert call(places, "--out", str(text), "--network", network)[0] == 0
    typed = table.to_pandas().convert_dtypes()
    pd.testing.assert_frame_equal(pd.read_csv(text).convert_dtypes(), typed, check_dtype=False)


def test_neither_cache_nor_threads_change_a_byte(call, places, network, tmp_path):
    contents = []
    for number, more in enumerate(
        [[], [], ["--no-cache"], ["--threads", "1"], ["--no-cache", "--threads", "5"]]
    ):
        out = tmp_path / f"od{number}.csv"
        assert call(places, "--out", str(out), "--network", network, *more)[0] == 0
        contents.append(out.read_bytes())
    assert len(set(contents)) == 1


def test_no_cache_leaves_no_cache(call, places, network, tmp_path):
    out = str(tmp_path / "od.csv")
    assert call(places, "--out", out, "--network", network, "--no-cache")[0] == 0
    assert not (tmp_path / "cache").exists()
    assert call(places, "--out", out, "--network", network)[0] == 0
    assert list((tmp_path / "cache").rglob("*.tile"))


def test_a_cache_that_cannot_be_kept_is_told_once(call, places, network, tmp_path):
    (tmp_path / "cache").write_text("no folder")
    code, _output, told = call(places, "--out", str(tmp_path / "od.csv"), "--network", network)
    assert code == 0
    assert told.count("could not be kept on disk") == 1


def test_parts_of_a_table(call, places, network, tmp_path):
    out = tmp_path / "od.csv"
    assert call(places, "--out", str(out), "--network", network, "--within", "7")[0] == 0
    assert list(zip(*pd.read_csv(out)[["from_id", "to_id"]].to_numpy().T, strict=True)) == [
        ("A", "B"),
        ("B", "A"),
    ]
    assert call(places, "--out", str(out), "--network", network, "--nearest", "1")[0] == 0
    assert list(pd.read_csv(out)["from_id"]) == ["A", "B", "C"]
    assert call(places, "--out", str(out), "--network", network, "--minutes", "0")[0] == 0
    assert out.read_text(encoding="utf-8") == ",".join(COLUMNS) + "\n"


def test_the_main_roads_have_profiles(call, tmp_path):
    path = tmp_path / "places.csv"
    path.write_text("id,lat,lon\nO,59.913,10.752\nT,63.430,10.395\nF,59.218,10.93\n", encoding="utf-8")
    tables = {}
    for profile in ("least_cost", "fastest"):
        out = tmp_path / f"{profile}.csv"
        code, _output, told = call(str(path), "--out", str(out), "--profile", profile)
        assert code == 0
        assert profile.replace("_", " ") in told
        tables[profile] = pd.read_csv(out)
    assert (tables["fastest"]["minutes"] <= tables["least_cost"]["minutes"]).all()
    default = tmp_path / "default.csv"
    assert call(str(path), "--out", str(default))[0] == 0
    assert default.read_bytes() == (tmp_path / "least_cost.csv").read_bytes()


def test_ids_with_commas_and_quotes_are_quoted(call, network, tmp_path):
    path, out = tmp_path / "places.csv", tmp_path / "od.csv"
    path.write_text('id,lat,lon\n"A, ""øst""",63.4805,15.0005\nB,63.4805,15.08\n', encoding="utf-8")
    assert call(str(path), "--out", str(out), "--network", network)[0] == 0
    assert list(pd.read_csv(out)["from_id"]) == ['A, "øst"', "B"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--network", "none.roads"], "none.roads"),
        (["--network", "broken"], "broken.roads"),
        (["--network", "foreign"], "foreign.roads"),
        (["--profile", "sykkel"], "least_cost, fastest"),
        (["--network", "good", "--profile", "fastest"], "its own profile"),
        (["--nearest", "0"], "--nearest"),
        (["--within", "-1"], "--within"),
        (["--dask", "pigeon"], "pigeon"),
    ],
)
def test_what_cannot_be_done_is_told_and_leaves_nothing(call, places, network, tmp_path, more, said):
    whole = Path(network).read_bytes()
    (tmp_path / "broken.roads").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "foreign.roads").write_bytes(b"id;lat;lon\n")
    files = {"broken": "broken.roads", "foreign": "foreign.roads", "good": "vei.roads"}
    more = [str(tmp_path / files[word]) if word in files else word for word in more]
    before = sorted(tmp_path.rglob("*.*"))
    code, _output, told = call(places, "--out", str(tmp_path / "od.csv"), "--no-cache", *more)
    assert code == 2
    assert said in told
    assert "Traceback" not in told
    assert sorted(tmp_path.rglob("*.*")) == before
