"""Travel tables to disk as they come, block by block: CSV, Parquet, or a folder of Parquet files.

Nothing stands under its name before it is whole: files are written beside it and take its name at the end.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geodata.errors import RefusedFileError
from geodata.traveltables import PairTable

SCHEMA: Final = pa.schema(
    [
        ("from_id", pa.string()),
        ("to_id", pa.string()),
        ("distance_km", pa.float64()),
        ("minutes", pa.float64()),
        ("ferries", pa.int16()),
        ("estimated", pa.bool_()),
    ]
)
OD_COLUMNS: Final = tuple(SCHEMA.names)
ROWS_AT_ONCE: Final = 500_000
"""Rows that are laid out at once, and that a row group of Parquet holds at most."""
_PARQUET: Final[dict[str, Any]] = {"compression": "zstd", "use_dictionary": ["from_id", "to_id", "minutes"]}
PARQUET_SUFFIXES: Final = (".parquet", ".pq")


class PairWriter(Protocol):
    """Takes blocks of pairs as :func:`lay_out_pairs` lays them out."""

    def write(self, block: pa.RecordBatch) -> None:
        """Write a block of pairs."""
        ...


def lay_out_pairs(table: PairTable) -> pa.RecordBatch:
    """Return pairs as they are written, columns of :data:`SCHEMA`, with positions in place of ids."""
    legs = table.legs
    missing = np.isnan(legs.distance_km)
    columns = [
        _wrap(table.origin, pa.int32()),
        _wrap(table.destination, pa.int32()),
        _wrap(np.round(legs.distance_km, 3), pa.float64(), missing=missing),
        _wrap(np.round(legs.minutes, 1), pa.float64(), missing=missing),
        _wrap(legs.ferries, pa.int16(), missing=missing),
        _wrap(legs.estimated_km > 0, pa.bool_(), missing=missing),
    ]
    return pa.record_batch(columns, names=list(OD_COLUMNS))


def _wrap(
    values: npt.NDArray[Any], kind: pa.DataType, *, missing: npt.NDArray[np.bool_] | None = None
) -> pa.Array:
    """Return an Arrow array of numbers; `pa.array` would load pandas first, half a second."""
    if pa.types.is_boolean(kind):
        content = np.packbits(values, bitorder="little")
    else:
        content = np.ascontiguousarray(values, kind.to_pandas_dtype())
    valid = None
    if missing is not None and missing.any():
        valid = pa.py_buffer(np.packbits(~missing, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(content)])


def _wrap_text(texts: tuple[str, ...]) -> pa.Array:
    """Return an Arrow array of texts, without pandas being loaded."""
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.int32)  # a list has far less than 2 GB of ids
    return pa.Array.from_buffers(
        pa.string(), len(texts), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    )


@contextmanager
def open_pair_writer(path: Path, *, ids: tuple[str, ...], facts: Mapping[str, str]) -> Iterator[PairWriter]:
    """Give a writer for `path`: ``.parquet`` makes a Parquet file, a folder a file for each block, else CSV.

    The table takes its name when the ``with`` block ends without an error; otherwise nothing is left.
    Columns are :data:`OD_COLUMNS`: kilometres to a metre, minutes to a tenth, and whether some of the way is
    estimated; a pair without a way has none of them. Parquet files carry `facts` in the metadata of their
    schema; CSV is UTF-8 with commas and decimal points. A folder must be there, and holds
    ``part-00000.parquet`` and so on; files of that form in it are replaced.

    Raises RefusedFileError ``file.unwritable``.
    """
    labels = _wrap_text(ids)
    try:
        if path.is_dir():
            with tempfile.TemporaryDirectory(prefix=".distances-", dir=path) as made:
                yield _FolderWriter(Path(made), labels, facts)
                _move_parts(Path(made), path)
            return
        with _replacing(path) as part:
            if path.suffix.lower() in PARQUET_SUFFIXES:
                import pyarrow.parquet as pq  # only where it is asked for

                with pq.ParquetWriter(part, _describe(facts), **_PARQUET) as parquet:
                    yield _FileWriter(parquet.write_batch, labels)
            else:
                import pyarrow.csv

                plain = not any(set(place) & set('",\r\n') for place in ids)
                options = pyarrow.csv.WriteOptions(
                    include_header=False, quoting_style="none" if plain else "needed"
                )
                with part.open("wb") as stream:
                    stream.write((",".join(OD_COLUMNS) + "\n").encode())
                    with pyarrow.csv.CSVWriter(stream, SCHEMA, write_options=options) as text:
                        yield _FileWriter(text.write_batch, labels)
    except OSError as error:
        raise RefusedFileError("file.unwritable", file=path.name) from error


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        yield part
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _move_parts(made: Path, folder: Path) -> None:
    """Put the files of `made` in place of those of `folder` that have such names."""
    fresh = sorted(made.iterdir())
    names = {part.name for part in fresh}
    for old in folder.glob("part-?????.parquet"):
        if old.name not in names:
            old.unlink()
    for part in fresh:
        part.replace(folder / part.name)


def _describe(facts: Mapping[str, str]) -> pa.Schema:
    """Return the schema with what its numbers are."""
    return SCHEMA.with_metadata({f"symbiosekart.{name}": text for name, text in facts.items()})


class _FileWriter:
    """Hands batches of rows to one file."""

    def __init__(self, write_rows: Callable[[pa.RecordBatch], None], ids: pa.Array) -> None:
        self._write_rows = write_rows
        self._ids = ids

    def write(self, block: pa.RecordBatch) -> None:
        for row in range(0, block.num_rows, ROWS_AT_ONCE):
            origin, destination, *measures = block.slice(row, ROWS_AT_ONCE).columns
            named = [self._ids.take(origin), self._ids.take(destination), *measures]
            self._write_rows(pa.record_batch(named, schema=SCHEMA))


class _FolderWriter:
    """Writes each block to a file of its own, numbered in order."""

    def __init__(self, folder: Path, ids: pa.Array, facts: Mapping[str, str]) -> None:
        self._folder = folder
        self._ids = ids
        self._facts = facts
        self._parts = 0

    def write(self, block: pa.RecordBatch) -> None:
        import pyarrow.parquet as pq

        path = self._folder / f"part-{self._parts:05d}.parquet"
        with pq.ParquetWriter(path, _describe(self._facts), **_PARQUET) as parquet:
            _FileWriter(parquet.write_batch, self._ids).write(block)
        self._parts += 1
