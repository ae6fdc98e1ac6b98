"""What kind of OpenStreetMap file lies at a path, and whether all of it is there, before anything is read."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from geodata.errors import RefusedFileError

LARGEST_HEADER: Final = 64 * 1024
LARGEST_BLOB: Final = 32 * 1024 * 1024
"""Limits of the format itself (OpenStreetMap wiki, PBF Format)."""
_FULL_BLOCK: Final = 1000
_HEADER_BLOCK: Final = b"OSMHeader"
_DATA_BLOCK: Final = b"OSMData"
_FIRST_BYTES: Final = 4096


@dataclass(frozen=True)
class OsmFile:
    """A file that may be read: its path, libosmium's word for its format, its size and digest."""

    path: Path
    format: str
    size: int
    digest: str


def check_osm_file(path: Path, *, progress: Callable[[float], None] | None = None) -> OsmFile:
    """Return what lies at `path`; its content decides, not its name.

    Reads the file once: the SHA-256 is made, and of a PBF file all block frames are followed, so that one
    that was cut off is found before its roads are believed.

    Raises RefusedFileError (``osm.not_found``, ``file.not_a_file``, ``file.empty``, ``osm.not_osm``,
    ``osm.change_file``, ``file.html``, ``file.truncated``, ``file.damaged``).
    """
    name = path.name[:120]
    if not path.exists():
        raise RefusedFileError("file.not_found", file=name)
    if not path.is_file():
        raise RefusedFileError("file.not_a_file", file=name)
    try:
        with path.open("rb") as file:
            found = _find_format(file.read(_FIRST_BYTES), file=name)
            size = path.stat().st_size
            if found == "pbf":
                _follow_blocks(file, size, name=name)
            file.seek(0)
            digest = _sign(file, size, progress)
    except OSError as error:
        raise RefusedFileError("file.damaged", file=name) from error
    return OsmFile(path, found, size, digest)


def _sign(file: BinaryIO, size: int, progress: Callable[[float], None] | None) -> str:
    digest, done = hashlib.sha256(), 0
    while chunk := file.read(1 << 22):
        digest.update(chunk)
        done += len(chunk)
        if progress:
            progress(min(done / size, 1.0))
    return digest.hexdigest()


def _find_format(start: bytes, *, file: str) -> str:
    if not start:
        raise RefusedFileError("file.empty", file=file)
    if start[4 : 4 + 2 + len(_HEADER_BLOCK)] == b"\x0a\x09" + _HEADER_BLOCK:
        return "pbf"
    if start.startswith(b"\x1f\x8b"):
        return "osm.gz"
    if start.startswith(b"BZh"):
        return "osm.bz2"
    text = start.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n").lower()
    if "<osmchange" in text:
        raise RefusedFileError("osm.change_file", file=file)
    if "<osm" in text and text.startswith("<"):
        return "osm"
    if text.startswith(("<!doctype html", "<html")):
        raise RefusedFileError("file.html", file=file)
    raise RefusedFileError("osm.not_osm", file=file)


# --- PBF frames ------------------------------------------------------------------------------------


def _follow_blocks(file: BinaryIO, size: int, *, name: str) -> None:
    position = 0
    blocks: list[tuple[int, int]] = []
    file.seek(0)
    while position < size:
        head = file.read(4)
        if len(head) < 4:
            raise RefusedFileError("file.truncated", file=name)
        length = struct.unpack(">I", head)[0]
        if not 0 < length <= LARGEST_HEADER:
            raise RefusedFileError("file.damaged", file=name)
        header = file.read(length)
        if len(header) < length:
            raise RefusedFileError("file.truncated", file=name)
        kind, data = _read_frame(header, name=name)
        start = position + 4 + length
        if start + data > size:
            raise RefusedFileError("file.truncated", file=name)
        if not position and kind != _HEADER_BLOCK:
            raise RefusedFileError("file.damaged", file=name)
        if kind == _DATA_BLOCK:
            # The first, and the last two: more are not looked at.
            blocks = [*blocks[:1], *blocks[1:][-1:], (start, data)]
        position = start + data
        file.seek(position)
    if len(blocks) > 1 and _ends_full([_count_things(file, *block) for block in blocks]):
        raise RefusedFileError("file.truncated", file=name)


def _ends_full(counts: list[tuple[int, int] | None]) -> bool:
    """Return whether the last block is as full as others are.

    Writers fill every block of a kind but its last one: a full one at the end means that the file was cut
    between two blocks, and the roads after it are gone. (A whole file ends so once in some thousand times.)
    """
    last = counts[-1]
    return (
        last is not None
        and last[1] >= _FULL_BLOCK
        and any(
            other is not None and other[1] == last[1] and (other[0] == last[0] or other is counts[0])
            for other in counts[:-1]
        )
    )


def _read_frame(header: bytes, *, name: str) -> tuple[bytes, int]:
    kind, data = b"", -1
    try:
        for field, value in _read_fields(header):
            if field == 1 and isinstance(value, bytes):
                kind = value
            elif field == 3 and isinstance(value, int):
                data = value
    except (IndexError, ValueError) as error:
        raise RefusedFileError("file.damaged", file=name) from error
    if not 0 <= data <= LARGEST_BLOB:
        raise RefusedFileError("file.damaged", file=name)
    return kind, data


def _count_things(file: BinaryIO, start: int, length: int) -> tuple[int, int] | None:
    """Return which kind of thing a data block holds and how many; None where that cannot be said."""
    file.seek(start)
    try:
        blob = dict(_read_fields(file.read(length)))
        packed = blob.get(3)
        plain = zlib.decompress(packed) if isinstance(packed, bytes) else blob.get(1)
        if not isinstance(plain, bytes):
            return None
        counts: dict[int, int] = {}
        for field, group in _read_fields(plain):
            if field == 2 and isinstance(group, bytes):
                for kind, thing in _read_fields(group):
                    many = isinstance(thing, bytes) and kind == 2
                    counts[kind] = counts.get(kind, 0) + (_count_dense(thing) if many else 1)  # type: ignore[arg-type]
    except (IndexError, ValueError, zlib.error):
        return None
    return next(iter(counts.items())) if len(counts) == 1 else None


def _count_dense(dense: bytes) -> int:
    ids = dict(_read_fields(dense)).get(1, b"")
    return sum(1 for byte in ids if byte < 128) if isinstance(ids, bytes) else 0


def _read_fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of each field of a protocol buffer message; ValueError where it is none."""
    position, end = 0, len(message)
    while position < end:
        key, position = _read_varint(message, position)
        if key & 7 == 0:
            value, position = _read_varint(message, position)
            yield key >> 3, value
        elif key & 7 == 2:
            length, position = _read_varint(message, position)
            if position + length > end:
                raise ValueError("field beyond the end")
            yield key >> 3, message[position : position + length]
            position += length
        elif key & 7 in (1, 5):
            position += 8 if key & 7 == 1 else 4
        else:
            raise ValueError("unknown kind of field")


def _read_varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
        shift += 7
        if shift > 63:
            raise ValueError("number too long")
