"""A built road network as one file: a zip of plain arrays with what they are, checked when it is read.

``meta.json`` says the format's version, the network's facts, digests and counts; ``names.json`` holds road
names; every array is one ``.npy`` member (:mod:`loaders.arraystore`). Nothing in the file can run: no
pickles, no object arrays.
"""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np

from geodata.errors import NetworkError, RefusedFileError
from geodata.routing.graph import NetworkFacts, RoadGraph
from geodata.routing.graphchecks import check_graph, check_hierarchy
from geodata.routing.graphdigest import digest_graph, digest_hierarchy
from geodata.routing.hierarchy import Hierarchy
from geodata.routing.router import Router
from loaders.arraystore import CODECS, pack_array, size_array, unpack_array

FORMAT: Final = "symbiosekart-roads"
VERSION: Final = 1
SUFFIX: Final = ".roads"
META_BYTES: Final = 1_000_000
NAMES_BYTES: Final = 200_000_000
UNPACKED_BYTES: Final = 64_000_000_000
"""A network of Europe would be about a third of this."""
PACKED_RATIO: Final = 60
"""Whole networks unpack to three to six times their size; past this, above :data:`SMALL_BYTES`, is a bomb."""
SMALL_BYTES: Final = 50_000_000
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)

_GRAPH_TYPES: Final = {
    "node_x": "<f8",
    "node_y": "<f8",
    "arc_first": "<i8",
    "arc_head": "<i4",
    "arc_label": "<f8",
    "arc_toll": "<f4",
    "arc_edge": "<i4",
    "arc_forward": "|b1",
    "tree_parent": "<i4",
    "tree_up": "<f8",
    "tree_down": "<f8",
    "tree_edge": "<i4",
    "component": "<i4",
    "edge_tail": "<i4",
    "edge_head": "<i4",
    "edge_kind": "|u1",
    "edge_name": "<i4",
    "edge_along": "<f8",
    "edge_against": "<f8",
    "edge_toll": "|b1",
    "edge_snappable": "|b1",
    "shape_first": "<i8",
    "shape_x": "<f8",
    "shape_y": "<f8",
    "shape_time": "<u4",
    "shape_metres": "<u4",
}
_HIERARCHY_TYPES: Final = {
    "node": "<i4",
    "rank": "<i4",
    "up_first": "<i8",
    "up_head": "<i4",
    "up_label": "<f8",
    "up_toll": "<f4",
    "up_via": "<i8",
    "down_first": "<i8",
    "down_tail": "<i4",
    "down_label": "<f8",
    "down_toll": "<f4",
    "down_via": "<i8",
}


@dataclass(frozen=True)
class NetworkRecord:
    """What a network file says of itself, read without its arrays.

    Attributes
    ----------
    facts : name, date, vehicle, licence, attribution. digest : SHA-256 of the graph.
    has_hierarchy : whether tables are swept over a hierarchy. source : counts before the graph was built
        (``points``, ``ways``), empty where unknown.
    """

    facts: NetworkFacts
    digest: str
    has_hierarchy: bool
    source: Mapping[str, int]


def write_network(path: Path, router: Router, *, source: Mapping[str, int] | None = None) -> None:
    """Write `router` to `path`: beside it first, then in its place, so that no half-written file is left.

    The same router gives the same bytes. An existing file is replaced.

    Raises
    ------
    RefusedFileError
        ``file.unwritable``.
    """
    graph, hierarchy = router.graph, router.hierarchy
    meta: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "facts": asdict(graph.facts),
        "digest": graph.digest,
        "core": graph.core,
        "hierarchy": digest_hierarchy(hierarchy) if hierarchy is not None else "",
        "source": dict(source or {}),
        "arrays": {},
    }
    with _replacing(path) as target, zipfile.ZipFile(target, "w") as archive:
        _store(archive, "names.json", json.dumps(graph.names, ensure_ascii=False).encode())
        for room, record, types in (
            ("graph", graph, _GRAPH_TYPES),
            ("hierarchy", hierarchy, _HIERARCHY_TYPES),
        ):
            if record is None:
                continue
            for name, kind in types.items():
                values = getattr(record, name)
                codec, content = pack_array(values, kind)
                meta["arrays"][f"{room}/{name}"] = [codec, len(values)]
                _store(archive, f"{room}/{name}.npy", content)
        _store(archive, "meta.json", json.dumps(meta, ensure_ascii=False, sort_keys=True).encode())


def read_network(path: Path) -> Router:
    """Read a network that :func:`write_network` wrote, and check that it is whole and as it was.

    Raises
    ------
    RefusedFileError
        ``file.not_found``, ``file.not_a_file``, ``file.empty``, ``network.foreign`` (not a network),
        ``network.too_new`` (a later version's), ``network.truncated``, ``network.damaged`` (arrays missing,
        unreadable, at odds with one another or with the digest), ``network.bomb``.
    """
    with _opened(path) as archive:
        meta = _read_meta(archive, file=path.name)
        names = _read_names(archive, file=path.name)
        graph_arrays = _read_arrays(archive, "graph", _GRAPH_TYPES, meta, file=path.name)
        hierarchy_digest = str(meta.get("hierarchy", ""))
        hierarchy_arrays = (
            _read_arrays(archive, "hierarchy", _HIERARCHY_TYPES, meta, file=path.name)
            if hierarchy_digest
            else None
        )
    facts, digest = _read_facts(meta, file=path.name), str(meta.get("digest", ""))
    core = meta.get("core")
    if not isinstance(core, int):
        raise RefusedFileError("network.damaged", file=path.name, part="core")
    graph = RoadGraph(**graph_arrays, core=core, names=names, facts=facts, digest=digest)
    hierarchy = Hierarchy(**hierarchy_arrays, digest=digest) if hierarchy_arrays is not None else None
    try:
        check_graph(graph)
        if hierarchy is not None:
            check_hierarchy(hierarchy, graph)
    except NetworkError as error:
        part = str(error.values.get("part", ""))
        raise RefusedFileError("network.damaged", file=path.name, part=part) from error
    if digest_graph(graph) != digest or (
        hierarchy is not None and digest_hierarchy(hierarchy) != hierarchy_digest
    ):
        raise RefusedFileError("network.damaged", file=path.name, part="digest")
    return Router(graph, hierarchy)


def read_network_facts(path: Path) -> NetworkRecord:
    """Read what the network at `path` says of itself; raises as :func:`read_network`, arrays unread."""
    with _opened(path) as archive:
        meta = _read_meta(archive, file=path.name)
    source = meta.get("source")
    counts = {str(k): v for k, v in source.items() if isinstance(v, int)} if isinstance(source, dict) else {}
    facts = _read_facts(meta, file=path.name)
    return NetworkRecord(facts, str(meta.get("digest", "")), bool(meta.get("hierarchy")), counts)


def _store(archive: zipfile.ZipFile, name: str, content: bytes | memoryview) -> None:
    member = zipfile.ZipInfo(name, _EPOCH)
    member.external_attr = 0o644 << 16
    archive.writestr(member, content, compress_type=zipfile.ZIP_DEFLATED, compresslevel=1)


@contextmanager
def _replacing(path: Path) -> Iterator[Any]:
    """Give a file to write that takes the place of `path` when all went well, and is removed when not."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise RefusedFileError("file.unwritable", file=path.name) from error
    try:
        with os.fdopen(handle, "wb") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise RefusedFileError("file.unwritable", file=path.name) from error
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    file = path.name
    if not path.exists():
        raise RefusedFileError("file.not_found", file=file)
    if not path.is_file():
        raise RefusedFileError("file.not_a_file", file=file)
    size = path.stat().st_size
    if not size:
        raise RefusedFileError("file.empty", file=file)
    with path.open("rb") as content:
        begins = content.read(4)
    if begins != b"PK\x03\x04":
        raise RefusedFileError("network.foreign", file=file)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, OverflowError, UnicodeDecodeError) as error:
        raise RefusedFileError("network.truncated", file=file) from error
    with archive:
        unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > UNPACKED_BYTES or (unpacked > SMALL_BYTES and unpacked / size > PACKED_RATIO):
            raise RefusedFileError("network.bomb", file=file)
        yield archive


def _read_member(archive: zipfile.ZipFile, name: str, *, most: int, file: str) -> bytes:
    """Return a member's bytes, no more than `most`; fewer or more are damage."""
    try:
        with archive.open(name) as stream:
            content = stream.read(most + 1)
    except KeyError as error:
        raise RefusedFileError("network.damaged", file=file, part=name) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise RefusedFileError("network.damaged", file=file, part=name) from error
    if len(content) > most:
        raise RefusedFileError("network.bomb", file=file)
    return content


def _read_json(archive: zipfile.ZipFile, name: str, *, most: int, file: str) -> Any:
    content = _read_member(archive, name, most=most, file=file)
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RefusedFileError("network.damaged", file=file, part=name) from error


def _read_meta(archive: zipfile.ZipFile, *, file: str) -> dict[str, Any]:
    if "meta.json" not in archive.NameToInfo:
        raise RefusedFileError("network.foreign", file=file)
    meta = _read_json(archive, "meta.json", most=META_BYTES, file=file)
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        raise RefusedFileError("network.foreign", file=file)
    version = meta.get("version")
    if not isinstance(version, int) or version < 1:
        raise RefusedFileError("network.damaged", file=file, part="version")
    if version > VERSION:
        raise RefusedFileError("network.too_new", file=file, version=version, known=VERSION)
    return meta


def _read_names(archive: zipfile.ZipFile, *, file: str) -> tuple[str, ...]:
    names = _read_json(archive, "names.json", most=NAMES_BYTES, file=file)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RefusedFileError("network.damaged", file=file, part="names.json")
    return tuple(names)


def _read_facts(meta: Mapping[str, Any], *, file: str) -> NetworkFacts:
    told = meta.get("facts")
    values = dict(told) if isinstance(told, dict) else {}
    notes = values.pop("notes", [])
    cost = values.pop("km_cost_min", 0.0)
    words = {field.name for field in fields(NetworkFacts)} - {"notes", "km_cost_min"}
    whole = (
        set(values) == words
        and all(isinstance(value, str) for value in values.values())
        and isinstance(notes, list)
        and all(isinstance(note, str) for note in notes)
        and isinstance(cost, int | float)
        and 0 <= cost < np.inf
    )
    if not whole:
        raise RefusedFileError("network.damaged", file=file, part="facts")
    return NetworkFacts(**values, km_cost_min=float(cost), notes=tuple(notes))


def _read_arrays(
    archive: zipfile.ZipFile, room: str, types: Mapping[str, str], meta: Mapping[str, Any], *, file: str
) -> dict[str, Any]:
    told = meta.get("arrays")

    def read(name: str) -> Any:
        entry = told.get(f"{room}/{name}") if isinstance(told, dict) else None
        codec, length = entry if isinstance(entry, list) and len(entry) == 2 else ("", -1)
        if not (isinstance(codec, str) and isinstance(length, int) and codec in CODECS and length >= 0):
            raise RefusedFileError("network.damaged", file=file, part=name)
        most = size_array(codec, length, types[name])
        content = _read_member(archive, f"{room}/{name}.npy", most=most, file=file)
        try:
            return unpack_array(content, codec, length, types[name])
        except ValueError as error:
            raise RefusedFileError("network.damaged", file=file, part=name) from error

    # Inflating and adding up leave the interpreter free: arrays are read beside one another.
    with ThreadPoolExecutor() as pool:
        return dict(zip(types, pool.map(read, types), strict=True))
