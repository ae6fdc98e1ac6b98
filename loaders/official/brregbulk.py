"""The business register's bulk files (CSV, JSON or workbook, packed or not) as a stream of columns of texts.

A file holds some 1.5 million units and more than a gigabyte once unpacked; no more than one group of rows is
held at a time. Rows that cannot be used are counted, and a file that ends too early is refused: half a
register looks like a whole one.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa
from pyarrow import csv as arrow_csv

from geodata.errors import RefusedFileError
from loaders.fileformats import detect_kind
from loaders.official.brregquotes import QuoteGuard
from loaders.official.brregrows import NEEDED, RAW_COLUMNS, flatten_unit, match_headers
from loaders.official.brregsheets import read_sheets

GROUP_BYTES: Final = 12_000_000
"""Texts of so many bytes are handed on together."""
_BLOCK: Final = 1 << 20
_HEAD: Final = 1 << 16
_LONGEST_OBJECT: Final = 16_000_000
_RECORDS: Final = 4_000
_LISTS: Final = ("underenheter", "enheter")
_DELIMITERS: Final = ",;\t|"
_ESCAPED = re.compile("[\udc80-\udcff]")
_LONE = re.compile("[\ud800-\udfff]")

TEXT: Final = pa.large_string()
"""As pandas holds texts, so that nothing is copied."""

Texts = dict[str, pa.Array]
"""Column of :data:`~loaders.official.brregrows.RAW_COLUMNS` -> ``large_string`` without empty texts."""


@dataclass
class BulkFaults:
    """What was wrong with a file.

    Attributes
    ----------
    rows : reason -> rows that were not read: ``wrong_fields``, ``not_a_unit``.
    mended : bytes that are not UTF-8 and were read as Windows-1252.
    """

    rows: Counter[str] = field(default_factory=Counter)
    mended: int = 0


class _NotUtf8(Exception):  # noqa: N818  (a turn of the way, not an error)
    pass


def stream_bulk(path: Path, faults: BulkFaults, *, columns: Sequence[str] = RAW_COLUMNS) -> Iterator[Texts]:
    """Yield the file's rows in groups.

    Parameters
    ----------
    path : what the register's "lastned" addresses give, or a file cut out of that; also answers of the search
        and JSON lines. Told by content, not by name.
    faults : filled on the way.
    columns : those wanted; others are not even decoded.

    Raises
    ------
    RefusedFileError
        ``file.not_found``, ``file.empty``, ``file.html``, ``file.damaged``, ``brreg.columns``,
        ``brreg.several_files``.
    """
    if not path.is_file():
        raise RefusedFileError("file.not_found", file=path.name)
    try:
        if _is_workbook(path):
            yield from _group(read_sheets(path), columns)
            return
        with _open(path) as file:
            head = file.read(_HEAD)
        kind = detect_kind(head)
        if kind == "html":
            raise RefusedFileError("file.html", file=path.name)
        if not head.strip(b"\xef\xbb\xbf \t\r\n\x00"):
            raise RefusedFileError("file.empty", file=path.name)
        if kind == "json":
            yield from _stream_json(path, faults, columns)
        elif kind == "text":
            yield from _stream_csv(path, head, faults, columns)
        else:
            raise RefusedFileError("file.damaged", file=path.name)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, pa.ArrowInvalid, RecursionError) as error:
        raise RefusedFileError("file.damaged", file=path.name) from error


def gather_texts(records: Iterable[Mapping[str, Any]], columns: Sequence[str] = RAW_COLUMNS) -> Texts:
    """Return columns of texts of records (answers of the search, objects of the bulk JSON)."""
    rows = [flatten_unit(record) for record in records]
    return {column: _make_array([row[column] for row in rows]) for column in columns}


def _open(path: Path) -> AbstractContextManager[IO[bytes]]:
    with path.open("rb") as file:
        magic = file.read(4)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.open(path, "rb")  # type: ignore[return-value]
    if magic.startswith(b"PK"):
        return _open_member(path)
    return path.open("rb")


def _is_workbook(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return "xl/workbook.xml" in archive.namelist()


def _open_member(path: Path) -> IO[bytes]:
    archive = zipfile.ZipFile(path)
    members = [info for info in archive.infolist() if info.filename.lower().endswith((".csv", ".json"))]
    if len(members) != 1:
        archive.close()
        raise RefusedFileError("brreg.several_files", file=path.name, count=len(members))
    return archive.open(members[0])


# ---- CSV


def _stream_csv(path: Path, head: bytes, faults: BulkFaults, columns: Sequence[str]) -> Iterator[Texts]:
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    text = head.decode(encoding, "replace")
    first = text.lstrip("\r\n")
    blank = text[: len(text) - len(first)].replace("\r\n", "\n")
    line = re.split("[\r\n]", first, maxsplit=1)[0]
    delimiter = max(_DELIMITERS, key=line.count)
    headers = next(csv.reader([line], delimiter=delimiter))
    positions = match_headers(headers)
    missing = [column for column in NEEDED if column not in positions and column in columns]
    if missing:
        raise RefusedFileError("brreg.columns", file=path.name, missing=", ".join(missing))
    wanted = {column: f"c{positions[column]}" for column in columns if column in positions}
    if len(head) < _HEAD and not first.removeprefix(line).strip():
        return  # a header without rows
    reading = _CsvReading(path, len(headers), delimiter, wanted, faults, above=len(blank))
    if encoding == "utf-16":
        yield from reading.read(mending="utf-16")
        return
    held = faults.rows.copy()
    try:
        yield from reading.read(mending="")
    except _NotUtf8:
        # begins anew: what was handed on already is skipped, so that no row comes twice
        faults.rows = held
        yield from reading.read(mending="utf-8", skip=reading.handed_on)


class _CsvReading:
    def __init__(
        self,
        path: Path,
        fields: int,
        delimiter: str,
        wanted: Mapping[str, str],
        faults: BulkFaults,
        *,
        above: int,
    ) -> None:
        self.path, self.fields, self.delimiter, self.above = path, fields, delimiter, above
        self.wanted, self.faults = wanted, faults
        self.handed_on = 0

    def read(self, *, mending: str, skip: int = 0) -> Iterator[Texts]:
        """Yield groups; `skip` rows were handed on before."""
        with self._open(mending) as raw, self._guard(raw) as source:
            batches = self._turn(lambda: self._open_batches(source))
            held: list[pa.RecordBatch] = []
            size = 0
            with batches:
                while batch := self._next(batches):
                    if skip:
                        dropped = min(skip, batch.num_rows)
                        batch, skip = batch.slice(dropped), skip - dropped
                    held.append(batch)
                    size += batch.nbytes
                    if size >= GROUP_BYTES:
                        yield self._hand_on(held)
                        held, size = [], 0
            if held:
                yield self._hand_on(held)

    def _open(self, mending: str) -> AbstractContextManager[Any]:
        if mending:
            return closing(_Mender(_open(self.path), mending, self.faults))
        with self.path.open("rb") as file:
            magic = file.read(2)
        if magic == b"PK":
            return _open(self.path)
        return closing(pa.input_stream(str(self.path), compression="gzip" if magic == b"\x1f\x8b" else None))

    def _guard(self, raw: Any) -> AbstractContextManager[Any]:
        guard = QuoteGuard(raw, self.fields, self.delimiter, self._count_row)
        return closing(pa.PythonFile(guard, mode="r"))

    def _open_batches(self, source: Any) -> arrow_csv.CSVStreamingReader:
        return arrow_csv.open_csv(
            source,
            read_options=arrow_csv.ReadOptions(
                block_size=_BLOCK,
                use_threads=False,  # as soon as ready with them, and a fifth less of work
                skip_rows=self.above + 1,
                column_names=[f"c{k}" for k in range(self.fields)],
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=True, invalid_row_handler=self._count_row
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=list(self.wanted.values()),
                column_types=dict.fromkeys(self.wanted.values(), TEXT),
                strings_can_be_null=True,
                null_values=[""],
            ),
            memory_pool=_choose_pool(),
        )

    def _next(self, batches: arrow_csv.CSVStreamingReader) -> pa.RecordBatch | None:
        try:
            return self._turn(batches.read_next_batch)
        except StopIteration:
            return None

    def _turn(self, step: Callable[[], Any]) -> Any:
        """Do `step`; what is not UTF-8 is another way to go, not a damaged file."""
        try:
            return step()
        except pa.ArrowInvalid as error:
            if "UTF8" in str(error):
                raise _NotUtf8 from error
            raise

    def _count_row(self, _row: object) -> str:
        self.faults.rows["wrong_fields"] += 1
        return "skip"

    def _hand_on(self, batches: list[pa.RecordBatch]) -> Texts:
        table = pa.Table.from_batches(batches).combine_chunks(memory_pool=_choose_pool())
        self.handed_on += table.num_rows
        return {column: _join(table.column(name)) for column, name in self.wanted.items()}


def _choose_pool() -> pa.MemoryPool:
    """Return the pool that serves blocks of this size with the least work and waste."""
    try:
        return pa.jemalloc_memory_pool()
    except NotImplementedError:  # not in every build
        return pa.default_memory_pool()


def _join(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


class _Mender(io.RawIOBase):
    """Reads UTF-16, or text of which some is UTF-8 and some Windows-1252, as UTF-8."""

    def __init__(self, file: AbstractContextManager[IO[bytes]], encoding: str, faults: BulkFaults) -> None:
        self._opened = file
        self._file = file.__enter__()
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="surrogateescape")
        self._faults = faults
        self._ready = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._ready:
            raw = self._file.read(_BLOCK)
            text = _mend_text(self._decoder.decode(raw, final=not raw), self._faults)
            self._ready = text.encode("utf-8", "replace")
            if not raw:
                break
        size = len(self._ready) if size is None or size < 0 else size
        given, self._ready = self._ready[:size], self._ready[size:]
        return given

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def _mend_text(text: str, faults: BulkFaults) -> str:
    try:
        text.encode()  # a search would take many times as long
        return text
    except UnicodeEncodeError:
        pass
    mended, count = _ESCAPED.subn(
        lambda found: bytes([ord(found[0]) - 0xDC00]).decode("cp1252", "replace"), text
    )
    faults.mended += count
    return mended


# ---- JSON


def _stream_json(path: Path, faults: BulkFaults, columns: Sequence[str]) -> Iterator[Texts]:
    yield from _group(_find_units(_read_values(path, faults), faults), columns)


def _group(units: Iterator[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[Texts]:
    held: list[Texts] = []
    size = 0
    while records := list(islice(units, _RECORDS)):
        texts = gather_texts(records, columns)
        held.append(texts)
        size += sum(array.nbytes for array in texts.values())
        if size >= GROUP_BYTES:
            yield {column: pa.concat_arrays([part[column] for part in held]) for column in columns}
            held, size = [], 0
    if held:
        yield {column: pa.concat_arrays([part[column] for part in held]) for column in columns}


def _find_units(values: Iterator[Any], faults: BulkFaults) -> Iterator[Mapping[str, Any]]:
    for value in values:
        if not isinstance(value, dict):
            faults.rows["not_a_unit"] += 1
        elif "_embedded" in value or any(isinstance(value.get(name), list) for name in _LISTS):
            inner = value.get("_embedded")
            lists = inner if isinstance(inner, dict) else value
            for name in _LISTS:
                yield from _find_units(iter(lists.get(name) or ()), faults)
        elif "organisasjonsnummer" not in value and "page" in value:
            continue  # an answer without hits
        else:
            yield value


def _read_values(path: Path, faults: BulkFaults) -> Iterator[Any]:
    """Yield the members of the array, or the objects that stand one after another, a chunk at a time."""
    decoder = json.JSONDecoder()
    with _open(path) as file:
        chunks = _read_chunks(file, faults)
        text, at, in_array, ended = next(chunks, ""), 0, False, False
        while True:
            at = _skip(text, at, ", \t\r\n\ufeff")
            if at < len(text) and text[at] == "[" and not in_array:
                in_array, at = True, at + 1
                continue
            if at < len(text) and text[at] == "]" and in_array:
                ended = True
                break
            if at < len(text):
                try:
                    value, at = decoder.raw_decode(text, at)
                except json.JSONDecodeError as error:
                    if len(text) - at > _LONGEST_OBJECT:
                        raise RefusedFileError("file.damaged", file=path.name) from error
                except ValueError as error:  # a number beyond all bounds
                    raise RefusedFileError("file.damaged", file=path.name) from error
                else:
                    yield value
                    continue
            more = next(chunks, None)
            if more is None:
                ended = at >= len(text) and not in_array
                break
            text, at = text[at:] + more, 0
    if not ended:
        raise RefusedFileError("file.damaged", file=path.name)


def _skip(text: str, at: int, signs: str) -> int:
    while at < len(text) and text[at] in signs:
        at += 1
    return at


def _read_chunks(file: IO[bytes], faults: BulkFaults) -> Iterator[str]:
    first = file.read(_BLOCK)
    encoding = "utf-16" if first.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogateescape")
    raw = first
    while raw:
        yield _mend_text(decoder.decode(raw), faults)
        raw = file.read(_BLOCK)
    yield _mend_text(decoder.decode(b"", final=True), faults)


def _make_array(texts: list[str | None]) -> pa.Array:
    try:
        return pa.array(texts, type=TEXT)
    except UnicodeEncodeError:  # half a character, escaped
        return pa.array([text and _LONE.sub("\ufffd", text) for text in texts], type=TEXT)
