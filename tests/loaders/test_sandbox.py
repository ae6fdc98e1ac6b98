# ruff: noqa: E501  (tables of cases are easier to read in whole lines)
"""Hostile and broken files each get a plain refusal with its own code; nothing outside the file is ever
read."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pytest
from openpyxl import Workbook
from shapely import Point

from geodata.errors import RefusedFileError
from loaders.rawtables import Limits
from loaders.sandbox import ALLOWED_DRIVERS, Upload, parse_file, parse_files, worker_environment

VRT = b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<kml><Document><Placemark><name>&b;</name></Placemark></Document></kml>"
)
EXTERNAL = (
    b'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
    b"<kml><Document><Placemark><name>&secret;</name></Placemark></Document></kml>"
)


def zip_of(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return stream.getvalue()


def workbook(rows: int = 3) -> bytes:
    book = Workbook()
    for number in range(rows):
        book.active.append(["Navn", "Kommune", number])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def workbook_with(part: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook())) as source,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, content if name == part else source.read(name))
        if part not in source.namelist():
            target.writestr(part, content)
    return stream.getvalue()


def linked_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        link = zipfile.ZipInfo("a.shp")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return stream.getvalue()


@pytest.fixture(scope="module")
def geopackage(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("gpkg") / "a.gpkg"
    points = [Point(10 + index / 1000, 63) for index in range(500)]
    gpd.GeoDataFrame({"navn": ["x" * 50] * 500}, geometry=points, crs=4326).to_file(path)
    return path.read_bytes()


HOSTILE: dict[str, tuple[str, bytes, str]] = {
    "VRT called GeoJSON": ("x.geojson", VRT, "file.disguised"),
    "VRT called KML": ("x.kml", VRT, "file.disguised"),
    "VRT called CSV": ("x.csv", VRT, "file.disguised"),
    "VRT called GeoPackage": ("x.gpkg", VRT, "file.disguised"),
    "VRT in a zip": ("x.zip", zip_of(a__vrt=VRT), "file.disguised"),
    "VRT called .shp in a zip": ("x.zip", zip_of(a__shp=VRT, a__shx=VRT, a__dbf=VRT), "file.damaged"),
    "zip bomb": ("x.zip", zip_of(a__shp=b"\0" * 60_000_000), "file.zip_bomb"),
    "nested zip": ("x.zip", zip_of(a__zip=zip_of(b__shp=b"1")), "file.zip_nested"),
    "nested zip under another name": (
        "x.zip", zip_of(a__shp=zip_of(b=b"1"), a__shx=b"1", a__dbf=b"1"), "file.zip_nested",
    ),
    "zip with a climbing name": ("x.zip", zip_of(**{"../../a__shp": b"1"}), "file.zip_unsafe"),
    "zip with a link": ("x.zip", linked_zip(), "file.zip_unsafe"),
    "zip with nothing of use": ("x.zip", zip_of(a__txt=b"hei"), "file.zip_content"),
    "half a shapefile": ("x.zip", zip_of(a__shp=b"\0\0\x27\x0a"), "file.shapefile_incomplete"),
    "XLSX bomb": ("x.xlsx", workbook_with("xl/worksheets/sheet1.xml", b"<a>" + b" " * 80_000_000 + b"</a>"), "file.zip_bomb"),
    "XLSX with laughs": ("x.xlsx", workbook_with("xl/worksheets/sheet1.xml", LAUGHS), "file.xml_entities"),
    "XLSX with an external entity": ("x.xlsx", workbook_with("xl/workbook.xml", EXTERNAL), "file.xml_entities"),
    "XLSX with macros": ("x.xlsx", workbook_with("xl/vbaProject.bin", b"1"), "file.macros"),
    "XLSX cut off": ("x.xlsx", workbook()[:-300], "file.truncated"),
    "zip called XLSX": ("x.xlsx", zip_of(a__txt=b"1"), "file.wrong_extension"),
    "KML with laughs": ("x.kml", LAUGHS, "file.xml_entities"),
    "KML with an external entity": ("x.kml", EXTERNAL, "file.xml_entities"),
    "KML with an entity in UTF-16": ("x.kml", EXTERNAL.decode().encode("utf-16"), "file.xml_entities"),
    "GML": ("x.gml", b"<gml/>", "file.unsupported"),
    "GML called KML": ("x.kml", b"<gml:FeatureCollection xmlns:gml='g'/>", "file.wrong_extension"),
    "broken KML": ("x.kml", b"<kml><Document>", "file.damaged"),
    "web page called CSV": ("x.csv", b"<!DOCTYPE html><html><body>Logg inn</body></html>", "file.html"),
    "web page called XLSX": ("x.xlsx", b"<html><table><tr><td>1</td></tr></table></html>", "file.html"),
    "old Excel called XLSX": ("x.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file.encrypted_or_old"),
    "old Excel": ("x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file.old_excel"),
    "path in a CSV": ("x.csv", b"/etc/passwd", "file.path_not_file"),
    "path in a GeoJSON": ("x.geojson", b"/vsicurl/http://127.0.0.1/x", "file.path_not_file"),
    "address in a GeoJSON": ("x.geojson", b"https://example.org/a.geojson", "file.path_not_file"),
    "connection in a GeoPackage": ("x.gpkg", b"PG:dbname=x", "file.path_not_file"),
    "GDAL path as a name": ("/vsizip//etc/x.zip", b"PK\x03\x04", "file.path_not_file"),
    "address as a name": ("https://example.org/a.csv", b"a;b", "file.path_not_file"),
    "empty": ("x.csv", b"", "file.empty"),
    "only spaces": ("x.csv", b" \r\n \r\n", "file.empty"),
    "picture called CSV": ("x.csv", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "file.wrong_extension"),
    "CSV called XLSX": ("x.xlsx", b"navn;kommune\na;b\n", "file.wrong_extension"),
    "XLSX called CSV": ("x.csv", workbook(), "file.wrong_extension"),
    "program": ("x.exe", b"MZ", "file.unsupported"),
    "bytes": ("x.csv", bytes(range(256)) * 20, "file.binary"),
    "one text": ("x.csv", b"bare litt tekst uten kolonner\nog en linje til\n", "file.not_a_table"),
    "JSON that is no map": ("x.geojson", b'{"a": 1}', "file.not_features"),
    "GeoJSON cut off": ("x.geojson", b'{"type": "FeatureCollection", "features": [{"type": "Fea', "file.truncated"),
    "GeoJSON deeper than the sky": ("x.geojson", b"[" * 200_000 + b"]" * 200_000, "file.damaged"),
    "Parquet cut off": ("x.parquet", b"PAR1" + b"\0" * 100, "file.truncated"),
    "database": ("x.gpkg", b"SQLite format 3\0" + b"\0" * 200, "file.sqlite_not_geopackage"),
    "loose .shp": ("x.shp", b"\0\0\x27\x0a", "file.shapefile_not_zipped"),
    "a cell without an end": ("x.csv", b'navn;kommune\n"' + b"a;b\n" * 20_000, "file.cell_too_long"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_with_its_own_code(case: str) -> None:
    name, content, code = HOSTILE[case]
    with pytest.raises(RefusedFileError) as refused:
        parse_file(Upload(name, content))
    assert refused.value.code == code
    assert "root:" not in str(refused.value.values)


@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_a_cut_off_geopackage_is_refused(share: float, geopackage: bytes) -> None:
    with pytest.raises(RefusedFileError) as refused:
        parse_file(Upload("a.gpkg", geopackage[: int(len(geopackage) * share)]))
    assert refused.value.code == "file.truncated"


def test_a_geopackage_with_virtual_tables_is_refused(geopackage: bytes, tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "a.gpkg"
    path.write_bytes(geopackage)
    with sqlite3.connect(path) as database:
        database.execute("CREATE VIRTUAL TABLE notes USING fts5(body)")
    with pytest.raises(RefusedFileError) as refused:
        parse_file(path)
    assert refused.value.code == "file.disguised"


def test_a_workbook_with_far_too_many_cells_is_refused() -> None:
    sheet = b"".join(b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (n, n) for n in range(1, 8000))
    content = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
    with pytest.raises(RefusedFileError) as refused:
        parse_file(Upload("a.xlsx", workbook_with("xl/worksheets/sheet1.xml", content % sheet)))
    assert refused.value.code in ("file.too_many_cells", "file.too_many_columns")


def test_limits_of_rows_bytes_and_time() -> None:
    rows = b"navn;kommune\n" + b"a;b\n" * 50
    for limits, code in (
        (replace(Limits(), rows=20), "file.too_many_rows"),
        (replace(Limits(), file_bytes=20), "file.too_large"),
        (replace(Limits(), wall_seconds=0), "file.too_slow"),
    ):
        with pytest.raises(RefusedFileError) as refused:
            parse_file(Upload("a.csv", rows), limits=limits)
        assert refused.value.code == code


@pytest.mark.skipif(sys.platform != "linux", reason="memory limits of a process are Linux's")
def test_memory_is_limited() -> None:
    big = b'{"type": "FeatureCollection", "features": [' + b",".join([b"{}"] * 1_500_000) + b"]}"
    with pytest.raises(RefusedFileError) as refused:
        parse_file(Upload("a.geojson", big), limits=replace(Limits(), memory_bytes=150_000_000, rows=10**9))
    assert refused.value.code == "file.too_much_memory"


def test_links_folders_and_devices_are_refused(tmp_path: Path) -> None:
    real = tmp_path / "a.csv"
    real.write_text("navn;kommune\na;b\n")
    link = tmp_path / "b.csv"
    link.symlink_to(real)
    pipe = tmp_path / "c.csv"
    os.mkfifo(pipe)
    codes = []
    for result in parse_files([link, tmp_path, pipe, tmp_path / "none.csv", real]):
        codes.append(result.code if isinstance(result, RefusedFileError) else result.raw.format)
    assert codes == ["file.symlink", "file.not_a_file", "file.not_a_file", "file.not_found", "csv"]


def test_the_subprocess_keeps_only_the_allowed_drivers(tmp_path: Path) -> None:
    code = "import json, pyogrio; print(json.dumps(sorted(pyogrio.list_drivers())))"
    done = subprocess.run(
        [sys.executable, "-P", "-s", "-c", code],
        env=worker_environment(tmp_path),
        capture_output=True,
        check=True,
        text=True,
    )
    assert tuple(json.loads(done.stdout)) == ALLOWED_DRIVERS


def test_the_subprocess_can_neither_connect_nor_start_nor_write_elsewhere(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from loaders.worker import guard; guard(Path(sys.argv[1]))\n"
        "import socket, subprocess, os\n"
        "def tries(f):\n"
        "    try: f()\n"
        "    except PermissionError: return 'refused'\n"
        "    return 'done'\n"
        "print(tries(lambda: socket.create_connection(('127.0.0.1', 9))),"
        " tries(lambda: subprocess.Popen(['true'])), tries(lambda: os.system('true')),"
        " tries(lambda: open(sys.argv[2], 'w')), tries(lambda: open(sys.argv[1] + '/own', 'w')))"
    )
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    done = subprocess.run(
        [sys.executable, "-P", "-s", "-c", code, str(inside), str(outside)],
        env=worker_environment(inside), capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert done.stdout.split() == ["refused"] * 4 + ["done"]
    assert not outside.exists()


def test_names_lose_their_folders() -> None:
    for name in ("../../etc/passwd.csv", "C:\\Users\\kari\\passwd.csv", "/tmp/passwd.csv"):
        assert parse_file(Upload(name, b"navn;kommune\na;b\n")).name == "passwd.csv"


def test_a_geopackage_whose_header_lies_about_its_size_is_refused(geopackage: bytes) -> None:
    lying = geopackage[:28] + struct.pack(">I", 1_000_000) + geopackage[32:]
    with pytest.raises(RefusedFileError) as refused:
        parse_file(Upload("a.gpkg", lying))
    assert refused.value.code == "file.truncated"
