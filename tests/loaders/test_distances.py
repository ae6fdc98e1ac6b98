"""``symbiosekart distances``: lists as people write them, and every fault told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geodata.errors import RefusedFileError
from geodata.network import RoadNetwork
from loaders.distances import OD_COLUMNS, read_points, write_distances
from loaders.hierarchies import make_router
from loaders.networkfiles import write_network
from loaders.roads import read_road_network
from tests.unit.routing.streets import Street, lay_streets


@pytest.fixture(scope="module")
def network() -> RoadNetwork:
    return read_road_network()


LISTS = {
    "comma": b"id,lat,lon\nT,63.4305,10.3951\nS,64.0149,11.4956\n",
    "semicolon, decimal comma, BOM": b"\xef\xbb\xbfid;lat;lon\r\nT;63,4305;10,3951\r\nS;64,0149;11,4956\r\n",
    "tab": b"ID\tLatitude\tLongitude\nT\t63.4305\t10.3951\nS\t64.0149\t11.4956\n",
    "cp1252, other names and order": (
        "Lengdegrad;Breddegrad;Kjøreplass;id\n10,3951;63,4305;Ålen;T\n11,4956;64,0149;Øra;S\n"
    ).encode("cp1252"),
    "quoted decimal comma": b'id,lat,lon\nT,"63,4305","10,3951"\nS,"64,0149","11,4956"\n',
    "banner and more columns": b"Liste over steder\n\nid;note;lat;lon\n"
    b"T;x;63.4305;10.3951\nS;y;64.0149;11.4956\n",
}


@pytest.mark.parametrize("content", LISTS.values(), ids=LISTS.keys())
def test_lists_are_read_as_people_write_them(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "steder.csv"
    path.write_bytes(content)
    points, findings = read_points(path)
    assert list(points["facility_id"]) == ["T", "S"]
    assert list(points.geometry.y) == [63.4305, 64.0149]
    assert list(points.geometry.x) == [10.3951, 11.4956]
    assert points.crs == "EPSG:4326"
    assert findings == []


def test_every_faulty_row_is_told(tmp_path: Path) -> None:
    path = tmp_path / "steder.csv"
    path.write_text(
        "id;lat;lon\nA;63,43;10,39\nB;10,48;59,41\nA;60;10\n;61;10\nC;;10\nD;abc;10\nE;6343;10\n",
        encoding="utf-8",
    )
    points, findings = read_points(path)
    assert list(points["facility_id"]) == ["A", "B"]
    assert points.geometry.y[1] == 59.41
    assert [(f.row, f.code, str(f.severity)) for f in findings] == [
        (3, "row.coordinates_swapped", "repaired"),
        (4, "row.id_duplicate", "error"),
        (5, "row.id_missing", "error"),
        (6, "row.coordinate_missing", "error"),
        (7, "row.coordinate_unreadable", "error"),
        (8, "row.coordinate_range", "error"),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"a;b\n1;2\n", "distances.columns"),
        (b"", "file.empty"),
        (b"\x00\x01\x02\x00\x00\x07\x00", "file.not_a_table"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "steder.csv"
    path.write_bytes(content)
    with pytest.raises(RefusedFileError) as caught:
        read_points(path)
    assert caught.value.code == code


def test_a_missing_file_and_a_missing_folder_are_refused(tmp_path: Path, network: RoadNetwork) -> None:
    with pytest.raises(RefusedFileError, match=r"file\.not_found"):
        read_points(tmp_path / "none.csv")
    path = tmp_path / "steder.csv"
    path.write_bytes(LISTS["comma"])
    with pytest.raises(RefusedFileError, match=r"file\.unwritable"):
        write_distances(path, tmp_path / "no" / "od.csv", network=network)
    with pytest.raises(RefusedFileError, match=r"file\.unwritable"):
        write_distances(path, path, network=network)
    assert path.read_bytes() == LISTS["comma"]


def test_all_ordered_pairs_are_written_and_unreachable_ones_stand_empty(
    tmp_path: Path, network: RoadNetwork
) -> None:
    path, out = tmp_path / "steder.csv", tmp_path / "od.csv"
    # Mausund is an island that the table's roads and ferries do not reach
    path.write_text(
        "id,lat,lon\nFredrikstad,59.2181,10.9298\nTønsberg,59.2675,10.4076\nMausund,63.8676,8.6637\n",
        encoding="utf-8",
    )
    report = write_distances(path, out, network=network)
    table = pd.read_csv(out)
    assert tuple(table.columns) == OD_COLUMNS
    assert len(table) == report.pairs == 6
    assert report.unreachable == 4
    assert [(f.code, f.value) for f in report.findings] == [("place.across_sea", "Mausund")]
    between = table.set_index(["from_id", "to_id"])
    there, back = between.loc[("Fredrikstad", "Tønsberg")], between.loc[("Tønsberg", "Fredrikstad")]
    assert there["distance_km"] == back["distance_km"] > 55
    assert there["ferries"] == 1
    assert between.loc[("Mausund", "Tønsberg")].isna().all()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["od.csv", "steder.csv"]


def test_an_empty_list_gives_a_header_only(tmp_path: Path, network: RoadNetwork) -> None:
    path, out = tmp_path / "steder.csv", tmp_path / "od.csv"
    path.write_text("id,lat,lon\n", encoding="utf-8")
    report = write_distances(path, out, network=network)
    assert (report.places, report.pairs) == (0, 0)
    assert out.read_text(encoding="utf-8") == ",".join(OD_COLUMNS) + "\n"


LIGHT = """
import sys
from pathlib import Path
from dashboard.cli import build_app
from loaders.distances import write_distances
from loaders.graphnetworks import read_graph_network
from loaders.roads import read_road_network
from loaders.travelcache import TravelCache
folder = Path(sys.argv[1])
build_app()
for name, network in (("small", read_graph_network(folder / "small.roads")), ("main", read_road_network())):
    report = write_distances(
        folder / f"{name}.csv", folder / "od.csv", network=network, cache=TravelCache(folder / "cache")
    )
    assert report.unreachable < report.pairs, report
    print(*(name for name in sys.argv[2:] if name in sys.modules))
"""


def test_a_short_list_is_measured_without_what_is_slow_to_load(tmp_path: Path) -> None:
    graph = lay_streets(
        {"A": (0, 0), "B": (4, 0), "C": (8, 1), "D": (4, 5)}, [Street("A B"), Street("B C"), Street("B D")]
    )
    write_network(tmp_path / "small.roads", make_router(graph))
    spots = gpd.GeoSeries(shapely.points(graph.node_x, graph.node_y), crs="EPSG:25833").to_crs("EPSG:4326")
    lines = [f"p{k},{spot.y},{spot.x}" for k, spot in enumerate(spots)]
    (tmp_path / "small.csv").write_text("\n".join(["id,lat,lon", *lines]), encoding="utf-8")
    (tmp_path / "main.csv").write_bytes(LISTS["comma"])
    slow = ["pandas", "geopandas", "numba", "pyogrio", "streamlit", "folium", "openpyxl", "scipy.spatial"]
    command = [sys.executable, "-c", LIGHT, str(tmp_path), *slow]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
