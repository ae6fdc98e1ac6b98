"""Files of parts of tables, each row and column named by a digest, that can be trusted after any accident.

A file holds a checksum of its head (what it is, of what context, the keys of its rows and columns) and one of
its numbers. What was cut off, overwritten, written by another version or by something else is no tile:
reading gives None, and the numbers are made again. Files are written beside their place and then renamed, so
that other processes see a whole file or none.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Planes = dict[str, npt.NDArray[Any]]
"""Arrays by name, all with rows and columns first; further axes belong to a cell."""

MAGIC: Final = b"SYMBIOSEKART T1\n"
SUFFIX: Final = ".tile"
PART_SUFFIX: Final = ".part"
KEY_BYTES: Final = 16
_SUM_BYTES: Final = 32
_LENGTH: Final = struct.Struct("<I")
_MOST_TOLD: Final = 100_000
_PREFIX: Final = len(MAGIC) + 2 * _SUM_BYTES + _LENGTH.size


@dataclass(frozen=True)
class PlaneKind:
    """What a plane is: its name, NumPy type, and the shape of what one cell holds."""

    name: str
    dtype: str
    inner: tuple[int, ...] = ()


@dataclass(frozen=True)
class TileHead:
    """What a tile says of itself: the keys of its rows and columns. `body_at` is where its numbers begin."""

    path: Path
    rows: tuple[bytes, ...]
    columns: tuple[bytes, ...]
    body_sum: bytes
    body_at: int


def write_tile(
    folder: Path, *, context: str, rows: list[bytes], columns: list[bytes], planes: Planes
) -> Path:
    """Write a tile to `folder`, under a name made of its content, and return its path. Raises OSError."""
    body = b"".join(np.ascontiguousarray(plane).tobytes() for plane in planes.values())
    kinds = [PlaneKind(name, plane.dtype.str, plane.shape[2:]) for name, plane in planes.items()]
    told = _tell(context, rows=len(rows), columns=len(columns), kinds=kinds)
    signed = hashlib.sha256(body).digest() + _LENGTH.pack(len(told)) + told + b"".join(rows + columns)
    head_sum = hashlib.sha256(signed).digest()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{head_sum.hex()[:32]}{SUFFIX}"
    handle, name = tempfile.mkstemp(prefix=".", suffix=PART_SUFFIX, dir=folder)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(MAGIC + head_sum + signed)
            stream.write(body)
        Path(name).replace(path)
    finally:
        with suppress(OSError):
            Path(name).unlink(missing_ok=True)
    return path


def read_tile_head(path: Path, *, context: str, kinds: list[PlaneKind]) -> TileHead | None:
    """Read what rows and columns a tile has; None where it is no whole tile of `context` and `kinds`.

    Raises OSError where the file cannot be read at all.
    """
    with path.open("rb") as stream:
        prefix = stream.read(_PREFIX)
        if len(prefix) < _PREFIX or not prefix.startswith(MAGIC):
            return None
        head_sum = prefix[len(MAGIC) : len(MAGIC) + _SUM_BYTES]
        body_sum = prefix[len(MAGIC) + _SUM_BYTES : len(MAGIC) + 2 * _SUM_BYTES]
        (length,) = _LENGTH.unpack(prefix[-_LENGTH.size :])
        if length > _MOST_TOLD:
            return None
        told = stream.read(length)
        try:
            record = json.loads(told)
        except (ValueError, RecursionError):
            return None
        rows, columns = (
            (record.get(name) for name in ("rows", "columns")) if isinstance(record, dict) else 2 * (0,)
        )
        if not (isinstance(rows, int) and isinstance(columns, int) and rows > 0 and columns > 0):
            return None
        cell = sum(np.dtype(kind.dtype).itemsize * int(np.prod(kind.inner)) for kind in kinds)
        body_at = _PREFIX + length + KEY_BYTES * (rows + columns)
        # nothing is read or made by the word of a file that is not as long as it says
        if path.stat().st_size != body_at + rows * columns * cell:
            return None
        keys = stream.read(KEY_BYTES * (rows + columns))
    wanted = _tell(context, rows=rows, columns=columns, kinds=kinds)
    if told != wanted or hashlib.sha256(prefix[len(MAGIC) + _SUM_BYTES :] + told + keys).digest() != head_sum:
        return None
    each = [keys[at : at + KEY_BYTES] for at in range(0, len(keys), KEY_BYTES)]
    return TileHead(path, tuple(each[:rows]), tuple(each[rows:]), body_sum, body_at)


def read_tile_body(head: TileHead, *, kinds: list[PlaneKind]) -> Planes | None:
    """Read the numbers of a tile, ``rows x columns``; None where they are not those that were written."""
    with head.path.open("rb") as stream:
        stream.seek(head.body_at)
        body = stream.read()
    if hashlib.sha256(body).digest() != head.body_sum:
        return None
    planes: Planes = {}
    at = 0
    for kind in kinds:
        shape = (len(head.rows), len(head.columns), *kind.inner)
        count = int(np.prod(shape))
        planes[kind.name] = np.frombuffer(body, kind.dtype, count, at).reshape(shape)
        at += count * np.dtype(kind.dtype).itemsize
    return planes


def empty_planes(rows: int, columns: int, *, kinds: list[PlaneKind]) -> Planes:
    """Return planes of that size with nothing in them yet."""
    return {kind.name: np.zeros((rows, columns, *kind.inner), kind.dtype) for kind in kinds}


def cut_planes(planes: Mapping[str, npt.NDArray[Any]], rows: slice) -> Planes:
    """Return the given rows of all planes."""
    return {name: plane[rows] for name, plane in planes.items()}


def _tell(context: str, *, rows: int, columns: int, kinds: list[PlaneKind]) -> bytes:
    told = {
        "columns": columns,
        "context": context,
        "planes": [[kind.name, kind.dtype, list(kind.inner)] for kind in kinds],
        "rows": rows,
    }
    return json.dumps(told, sort_keys=True).encode()
