"""A folder of tiles: what is known of a table is looked up, the rest is measured and kept.

Rows and columns are named by keys, so that neither their order nor what else is in a table matters. Tiles
that were used longest ago are removed when the folder grows beyond its limit. Any number of processes may use
one folder: nobody waits for anybody, and a lost tile costs time only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from geodata.transport import Ints
from loaders.tilefiles import (
    PART_SUFFIX,
    SUFFIX,
    PlaneKind,
    Planes,
    TileHead,
    cut_planes,
    empty_planes,
    read_tile_body,
    read_tile_head,
    write_tile,
)

MOST_BYTES: Final = 2 * 2**30
"""What all tiles take at most."""
TILE_CELLS: Final = 4_000_000
MOST_TILES: Final = 24
"""A table that is put together of more tiles than this is written anew in few."""
MOST_PARTS: Final = 32
"""Parts of a table that are measured apart at most; beyond, what has gaps is measured whole."""
_LEFT_OVER_S: Final = 24 * 3600.0

Measure = Callable[[Ints, Ints], Planes]
"""Measures the cells of some rows and columns (positions)."""


class TileStore:
    """Tables under one folder, a folder for each context.

    Attributes
    ----------
    trouble : why tiles cannot be kept (a full disk, a folder that cannot be written to), empty when they can.
    """

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self.trouble = ""

    def fill(
        self, context: str, rows: list[bytes], columns: list[bytes], kinds: list[PlaneKind], measure: Measure
    ) -> Planes:
        """Return the planes of a table, ``rows x columns``: what tiles of `context` know, the rest measured.

        `context` is a file name that says all that the numbers depend on besides the keys. `measure` is
        called for rows and columns with different keys only.
        """
        row_keys, row_of = _number_keys(rows)
        column_keys, column_of = _number_keys(columns)
        planes = empty_planes(len(row_keys), len(column_keys), kinds=kinds)
        missing = np.ones((len(row_keys), len(column_keys)), dtype=bool)
        used = self._look_up(context, row_keys, column_keys, kinds, planes, missing) if missing.size else []
        if missing.any():
            first_row, first_column = _first_places(row_of), _first_places(column_of)
            folder = self._place(context)
            for some, others in _cut_missing(missing):
                made = measure(first_row[some], first_column[others])
                for name, plane in planes.items():
                    plane[np.ix_(some, others)] = made[name]
                if len(used) < MOST_TILES:
                    self._keep(
                        folder, context, [row_keys[k] for k in some], [column_keys[k] for k in others], made
                    )
        if len(used) >= MOST_TILES:
            self._merge(context, row_keys, column_keys, planes, used)
        self._tidy()
        if len(row_keys) == len(rows) and len(column_keys) == len(columns):
            return planes
        where = np.ix_(row_of, column_of)
        return {name: plane[where] for name, plane in planes.items()}

    def _place(self, context: str) -> Path:
        return self.folder / context

    def _look_up(
        self,
        context: str,
        rows: list[bytes],
        columns: list[bytes],
        kinds: list[PlaneKind],
        planes: Planes,
        missing: npt.NDArray[np.bool_],
    ) -> list[TileHead]:
        """Fill in what tiles know, and return those that were used."""
        row_at, column_at = ({key: k for k, key in enumerate(keys)} for keys in (rows, columns))
        used = []
        for path in self._list_tiles(context):
            try:
                head = read_tile_head(path, context=context, kinds=kinds)
                if head is None:
                    self._discard(path)
                    continue
                mine, here = _match_keys(head.rows, row_at)
                if not len(here):
                    continue
                theirs, there = _match_keys(head.columns, column_at)
                if not len(there) or not missing[np.ix_(here, there)].any():
                    continue
                body = read_tile_body(head, kinds=kinds)
                if body is None:
                    self._discard(path)
                    continue
            except OSError:
                continue  # another process removed it, or it cannot be read: it is not there
            for name, plane in planes.items():
                plane[np.ix_(here, there)] = body[name][np.ix_(mine, theirs)]
            missing[np.ix_(here, there)] = False
            used.append(head)
            with suppress(OSError):
                os.utime(path)  # used last now
            if not missing.any():
                break
        return used

    def _list_tiles(self, context: str) -> list[Path]:
        """Return the tiles of a context, the largest first."""
        sizes: list[tuple[int, str]] = []
        with suppress(OSError):
            for entry in os.scandir(self._place(context)):
                if entry.name.endswith(SUFFIX):
                    with suppress(OSError):
                        sizes.append((-entry.stat().st_size, entry.path))
        return [Path(path) for _, path in sorted(sizes)]

    def _keep(
        self, folder: Path, context: str, rows: list[bytes], columns: list[bytes], planes: Planes
    ) -> list[Path]:
        step = max(TILE_CELLS // max(len(columns), 1), 1)
        kept: list[Path] = []
        try:
            for row in range(0, len(rows), step):
                part = slice(row, row + step)
                tile = cut_planes(planes, part)
                kept.append(
                    write_tile(folder, context=context, rows=rows[part], columns=columns, planes=tile)
                )
        except OSError as error:
            self.trouble = error.strerror or type(error).__name__
        return kept

    def _merge(
        self, context: str, rows: list[bytes], columns: list[bytes], planes: Planes, used: list[TileHead]
    ) -> None:
        """Write the whole table anew, and remove tiles that say nothing more."""
        kept = set(self._keep(self._place(context), context, rows, columns, planes))
        if self.trouble:
            return
        known_rows, known_columns = set(rows), set(columns)
        for head in used:
            if (
                head.path not in kept
                and known_rows.issuperset(head.rows)
                and known_columns.issuperset(head.columns)
            ):
                self._discard(head.path)

    def _tidy(self) -> None:
        """Remove the tiles used longest ago while there are too many bytes, and what broken runs left."""
        found: list[tuple[float, int, str]] = []
        now = time.time()
        for place, _folders, names in os.walk(self.folder):
            for name in names:
                path = Path(place) / name
                with suppress(OSError):
                    facts = path.stat()
                    if name.endswith(SUFFIX):
                        found.append((facts.st_mtime, facts.st_size, str(path)))
                    elif name.endswith(PART_SUFFIX) and now - facts.st_mtime > _LEFT_OVER_S:
                        self._discard(path)
        total = sum(size for _, size, _ in found)
        for _, size, name in sorted(found):
            if total <= self.most_bytes:
                break
            self._discard(Path(name))
            total -= size

    def _discard(self, path: Path) -> None:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _number_keys(keys: list[bytes]) -> tuple[list[bytes], Ints]:
    """Return the different keys, and the number of each."""
    number: dict[bytes, int] = {}
    numbers = [number.setdefault(key, len(number)) for key in keys]
    return list(number), np.array(numbers, np.intp)


def _first_places(numbers: Ints) -> Ints:
    """Return where each number stands first."""
    return np.unique(numbers, return_index=True)[1].astype(np.intp)


def _match_keys(keys: tuple[bytes, ...], wanted: dict[bytes, int]) -> tuple[Ints, Ints]:
    """Return the positions of keys that are wanted: among `keys`, and where they are wanted."""
    pairs = [(k, wanted[key]) for k, key in enumerate(keys) if key in wanted]
    both = np.array(pairs, np.intp).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _cut_missing(missing: npt.NDArray[np.bool_]) -> list[tuple[Ints, Ints]]:
    """Return rectangles (rows, columns) of a table that cover all that is missing and little else."""
    rows = np.flatnonzero(missing.any(axis=1))
    packed = np.packbits(missing[rows], axis=1)
    patterns, which = np.unique(packed, axis=0, return_inverse=True)
    if len(patterns) > MOST_PARTS:
        return [(rows, np.flatnonzero(missing.any(axis=0)))]
    parts: list[tuple[Any, Any]] = []
    for pattern in range(len(patterns)):
        some = rows[which.ravel() == pattern]
        parts.append((some, np.flatnonzero(missing[some[0]])))
    return parts
