"""The limited subprocess: ``python -m loaders.worker FOLDER`` parses the one file that ``job.json`` names.

Limits are set before any parser is imported, and an audit hook refuses sockets, other programs and
writing outside
the folder to everything Python does. The answer is ``result.json``: rows, or the code of a refusal.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from geodata.errors import RefusedFileError
from loaders.rawtables import Limits, RawFile, dump_raw_file

_FORBIDDEN_EVENTS = (
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "socket.sendto",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.forkpty",
    "os.symlink",
    "os.link",
    "os.kill",
    "os.killpg",
    "ftplib.connect",
    "http.client.connect",
    "urllib.Request",
    "pty.spawn",
)


def set_limits(limits: Limits) -> None:
    """Limit this process's memory, processor time, file size and open files (where the system can)."""
    if sys.platform == "win32":
        return
    import resource

    def lower(kind: int, value: int) -> None:
        _, hard = resource.getrlimit(kind)
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (ceiling, ceiling))

    lower(resource.RLIMIT_AS, limits.memory_bytes)
    lower(resource.RLIMIT_FSIZE, limits.result_bytes + limits.unpacked_bytes)
    lower(resource.RLIMIT_NOFILE, 128)
    lower(resource.RLIMIT_CORE, 0)
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 5))


def guard(folder: Path) -> None:
    """Install the audit hook; it cannot be removed again."""
    allowed = str(folder.resolve()) + os.sep
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = args
            if isinstance(path, int) or path is None:
                return
            writes = (
                any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool(flags & writing)
            )
            if writes and not os.path.realpath(os.fsdecode(path)).startswith(allowed):
                raise PermissionError("writing outside the folder")
        elif event in _FORBIDDEN_EVENTS:
            raise PermissionError(event)

    sys.addaudithook(hook)


def parse(target: Path, *, kind: str, file: str, limits: Limits) -> RawFile:
    """Return the rows of `target`, whose content kind is already known; raises :class:`RefusedFileError`."""
    from loaders import tabular, vector

    extension = target.suffix
    if kind == "text":
        return tabular.read_text_table(target.read_bytes(), file=file, limits=limits)
    if kind == "zip" and extension == ".xlsx":
        return tabular.read_workbook(target, file=file, limits=limits)
    if kind == "json":
        return vector.read_geojson(target.read_bytes(), file=file, limits=limits)
    if kind == "xml":
        return vector.read_kml(target.read_bytes(), file=file, limits=limits)
    if kind == "parquet":
        return vector.read_parquet(target, file=file, limits=limits)
    if kind == "geopackage":
        return vector.read_geopackage(target, file=file, limits=limits)
    if extension == ".kmz":
        return vector.read_kmz(target, file=file, limits=limits)
    return vector.read_shapefile_zip(target, file=file, limits=limits)


def main(folder: Path) -> int:
    """Read the job, parse, write the answer; exit code 3 when memory ran out."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    limits = Limits(**job["limits"])
    set_limits(limits)
    guard(folder)
    try:
        raw = parse(folder / job["target"], kind=job["kind"], file=job["file"], limits=limits)
        content = dump_raw_file(raw)
    except RefusedFileError as error:
        content = json.dumps({"refused": error.code, "values": error.values}).encode()
    except MemoryError:
        return 3
    unfinished = folder / "result.part"
    unfinished.write_bytes(content)
    unfinished.rename(folder / "result.json")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
