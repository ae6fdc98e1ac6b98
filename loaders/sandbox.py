# ruff: noqa: E501, SIM905  (word lists are easier to read in whole lines)
"""Opens a file that may be hostile: in a subprocess with little memory, time and few GDAL drivers.

The parent copies the bytes to a temporary folder under a name of its own and gets plain rows back as
JSON; no object
of the subprocess ever reaches it. What cannot be read is a :class:`~geodata.errors.RefusedFileError`
with a code.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from geodata.errors import RefusedFileError
from loaders.fileformats import check_kind, safe_name
from loaders.rawtables import Limits, RawFile, parse_raw_file

ALLOWED_DRIVERS = ("ESRI Shapefile", "GPKG")
"""The GDAL drivers that the subprocess keeps."""

SKIPPED_DRIVERS = (
    "MapInfo File",
    *(
        "DERIVED GTI SNAP_TIFF GTiff COG LIBERTIFF VRT NITF RPFTOC ECRGTOC HFA SAR_CEOS CEOS JAXAPALSAR GFF ESRIC AIG AAIGrid"
        " GRASSASCIIGrid ISG DTED PNG JPEG MEM JDEM ESAT BSB BMP DIMAP AirSAR RS2 SAFE PCIDSK PCRaster ILWIS SRTMHGT Leveller"
        " Terragen ISIS3 ISIS2 PDS PDS4 VICAR TIL ERS L1B GRIB RMF WCS WMS MSGN RST GSAG GSBG GS7BG COSAR TSX COASP MAP"
        " KMLSUPEROVERLAY PDF MBTiles PLMOSAIC CALS WMTS SENTINEL2 MRF PNM DOQ1 DOQ2 MFF MFF2 GSC FAST BT LAN CPG NDF EIR LCP"
        " GTX LOSLAS NTv2 ACE2 SNODAS KRO ROI_PAC RRASTER BYN NOAA_B NSIDCbin RIK USGSDEM GXF NWT_GRD NWT_GRC ADRG SRP SAGA"
        " XYZ HF2 CTG ZMap NGSGEOID IRIS PRF EEDAI EEDA DAAS SIGDEM TGA OGCAPI STACTA STACIT GDALG GNMFile GNMDatabase LVBAG"
        " S57 DGN OGR_VRT CSV GML GPX LIBKML KML GeoJSON GeoJSONSeq ESRIJSON TopoJSON OGR_GMT SQLite WAsP OpenFileGDB DXF"
        " FlatGeobuf GeoRSS VFK PGDUMP OSM GPSBabel OGR_PDS WFS OAPIF EDIGEO Idrisi ODS XLSX Elasticsearch Carto AmigoCloud"
        " SXF Selafin JML PLSCENES CSW VDV MVT NGW MapML GTFS PMTiles JSONFG MiraMonVector ADBC AVCBin AVCE00 AIVector PAux"
        " GenBin ENVI EHdr ISCE Zarr RCM MiraMonRaster HTTP Parquet Arrow PostgreSQL MySQL MSSQLSpatial ODBC PGeo Interlis_1"
        " Interlis_2 netCDF HDF4 HDF5 HDF4Image HDF5Image BAG KEA JP2OpenJPEG WEBP AVIF HEIF JPEGXL DWG CAD XODR SOSI GMLAS"
        " NAS UK_NTF TIGER REC SDTS Geoconcept ARCGEN SVG"
    ).split(),
)
"""Every driver of the pinned GDAL but the allowed ones; a test asks the subprocess what is left."""


@dataclass(frozen=True)
class Upload:
    """A file's own name and its bytes, as a browser sends them."""

    name: str
    content: bytes


@dataclass(frozen=True)
class ParsedFile:
    """What came out of the subprocess, with the name and the SHA-256 of what went in."""

    name: str
    digest: str
    raw: RawFile


def read_source(source: Upload | Path | str, *, limits: Limits | None = None) -> Upload:
    """Return name and bytes of `source`, a path or an upload; raises :class:`RefusedFileError`.

    Codes: ``file.not_found``, ``file.symlink``, ``file.not_a_file`` (folder, device),
    ``file.too_large``, ``file.empty``,
    ``file.path_not_file`` (an address, or a name that GDAL would take for one).
    """
    limits = limits or Limits()
    if isinstance(source, Upload):
        name, content = safe_name(source.name), source.content
        if len(content) > limits.file_bytes:
            raise RefusedFileError("file.too_large", file=name, limit=limits.file_bytes // 1_000_000)
    else:
        name = safe_name(Path(source).name if not str(source).startswith("/vsi") else str(source))
        content = _read_regular_file(Path(source), name=name, limits=limits)
    if not content:
        raise RefusedFileError("file.empty", file=name)
    return Upload(name, content)


def _read_regular_file(path: Path, *, name: str, limits: Limits) -> bytes:
    if path.is_symlink():
        raise RefusedFileError("file.symlink", file=name)
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    try:
        handle = os.open(path, flags)
    except FileNotFoundError as error:
        raise RefusedFileError("file.not_found", file=name) from error
    except OSError as error:
        raise RefusedFileError("file.not_a_file", file=name) from error
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise RefusedFileError("file.not_a_file", file=name)
    with os.fdopen(handle, "rb") as stream:
        if status.st_size > limits.file_bytes:
            raise RefusedFileError("file.too_large", file=name, limit=limits.file_bytes // 1_000_000)
        return stream.read(limits.file_bytes + 1)


def parse_file(source: Upload | Path | str, *, limits: Limits | None = None) -> ParsedFile:
    """Parse one file in the subprocess and return its plain rows.

    Raises
    ------
    RefusedFileError : for everything that is not a readable table; nothing else is raised for any content.
    """
    limits = limits or Limits()
    upload = read_source(source, limits=limits)
    kind = check_kind(upload.name, upload.content[:65_536])
    with tempfile.TemporaryDirectory(prefix="symbiosekart-") as folder:
        extension = Path(upload.name).suffix.lower()
        target = Path(folder) / f"upload{extension}"
        target.write_bytes(upload.content)
        raw = _run_worker(Path(folder), target, kind=kind, file=upload.name, limits=limits)
    return ParsedFile(upload.name, hashlib.sha256(upload.content).hexdigest(), raw)


def parse_files(
    sources: Iterable[Upload | Path | str], *, limits: Limits | None = None
) -> list[ParsedFile | RefusedFileError]:
    """Parse several files; a refused one stands in the list as its error, so that the others are read."""
    results: list[ParsedFile | RefusedFileError] = []
    for source in sources:
        try:
            results.append(parse_file(source, limits=limits))
        except RefusedFileError as error:
            results.append(error)
    return results


def worker_environment(folder: Path) -> dict[str, str]:
    """Return the whole environment of the subprocess: GDAL's switches stand before GDAL is imported."""
    root = str(Path(__file__).resolve().parent.parent)
    skip = ",".join(SKIPPED_DRIVERS)
    environment = {
        "PYTHONPATH": root,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "GDAL_SKIP": skip,
        "CPL_VSIL_CURL_ALLOWED_FILENAME": str(folder / "none"),
        "GDAL_DISABLE_READDIR_ON_OPEN": "TRUE",
        "GDAL_DRIVER_PATH": "disable",
        "GDAL_NUM_THREADS": "1",
        "OGR_SQLITE_LOAD_EXTENSIONS": "",
        "SQLITE_LIST_ALL_TABLES": "NO",
        "PROJ_NETWORK": "OFF",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "ARROW_IO_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
    }
    for name in ("SYSTEMROOT", "LD_LIBRARY_PATH"):  # what an interpreter may need to start at all
        if name in os.environ:
            environment[name] = os.environ[name]
    return environment


def _run_worker(folder: Path, target: Path, *, kind: str, file: str, limits: Limits) -> RawFile:
    result = folder / "result.json"
    job = {"target": target.name, "kind": kind, "file": file, "limits": asdict(limits)}
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    process = subprocess.Popen(  # noqa: S603  (our own interpreter and module, no shell)
        [sys.executable, "-P", "-s", "-m", "loaders.worker", str(folder)],
        cwd=folder,
        env=worker_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=True,
        start_new_session=True,
    )
    try:
        code = process.wait(timeout=limits.wall_seconds)
    except subprocess.TimeoutExpired as error:
        raise RefusedFileError("file.too_slow", file=file, limit=limits.wall_seconds) from error
    finally:
        _end_worker(process)
    if code == -getattr(signal, "SIGXCPU", -1):
        raise RefusedFileError("file.too_slow", file=file, limit=limits.cpu_seconds)
    if not result.is_file() or result.is_symlink():
        # The interpreter itself ran out of memory, or a parser fell over: the content cannot be trusted
        # to be whole.
        killed = code in (-getattr(signal, "SIGKILL", 9), -getattr(signal, "SIGABRT", 6), 3)
        raise RefusedFileError("file.too_much_memory" if killed else "file.damaged", file=file)
    if result.stat().st_size > limits.result_bytes:
        raise RefusedFileError("file.too_many_cells", file=file, limit=limits.cells)
    content = result.read_bytes()
    refused = content.startswith(b'{"refused"')
    if refused:
        answer = json.loads(content)
        raise RefusedFileError(str(answer["refused"]), **answer["values"])
    try:
        return parse_raw_file(content)
    except (ValueError, TypeError, KeyError) as error:
        raise RefusedFileError("file.damaged", file=file) from error


def _end_worker(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.wait()
