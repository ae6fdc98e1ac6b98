"""Text tables and workbooks -> plain rows, without trusting either. Runs inside the limited subprocess.

Text: UTF-8 with and without BOM, UTF-16, cp1252; ``;``, ``,``, tab or ``|``. Workbooks: read only,
cached values,
with counted bytes, rows and cells. Nothing is interpreted here: see :mod:`loaders.layout`.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.sax.handler import ContentHandler
from zipfile import ZipFile

import defusedxml.sax
from defusedxml.common import DefusedXmlException

from geodata.errors import RefusedFileError
from loaders.archives import CountedReader, open_archive
from loaders.fileformats import check_not_path
from loaders.headers import count_known
from loaders.rawtables import Cell, Limits, Note, RawFile, RawTable

DELIMITERS = (";", "\t", ",", "|")
_HEADER_SEARCH_ROWS = 40
_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?r="([A-Z]{1,3}[0-9]{1,7})"[^>/]*>(.*?)</(?:\w+:)?c>', re.DOTALL)
_ARMED = re.compile(r"'+[=+\-@\t\r]")
_MOJIBAKE = re.compile("Ã[¦¸¥\u0086\u0098\u0085˜†…]|Ã\u00a5")


def decode_text(content: bytes, *, file: str) -> tuple[str, str, list[Note]]:
    """Return the text, the encoding's name and what should be told; raises ``file.binary``.

    Without a byte order mark UTF-8 is tried strictly; what is not UTF-8 is cp1252, the usual one in
    Norway. The five
    bytes that cp1252 does not have become U+FFFD and are told (``file.encoding_damaged``).
    """
    notes: list[Note] = []
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text, encoding = content.decode("utf-16", "replace"), "UTF-16"
    elif content.startswith(b"\xef\xbb\xbf"):
        text, encoding = content[3:].decode("utf-8", "replace"), "UTF-8-BOM"
    elif b"\x00" in content[:4096]:
        little = content[1:4096:2].count(0) >= content[0:4096:2].count(0)
        text, encoding = content.decode("utf-16-le" if little else "utf-16-be", "replace"), "UTF-16"
    else:
        try:
            text, encoding = content.decode("utf-8"), "UTF-8"
        except UnicodeDecodeError:
            text, encoding = content.decode("cp1252", "replace"), "cp1252"
    if "\x00" in text:
        raise RefusedFileError("file.binary", file=file)
    if "\ufffd" in text:
        notes.append(Note("warning", "file.encoding_damaged", values={"count": text.count("\ufffd")}))
    if len(_MOJIBAKE.findall(text)) >= 1:
        notes.append(Note("warning", "file.mojibake", values={"count": len(_MOJIBAKE.findall(text))}))
    return text, encoding, notes


def read_text_table(content: bytes, *, file: str, limits: Limits) -> RawFile:
    """Return the rows of a delimited text file; raises :class:`RefusedFileError` (too many rows, not a
    table, a path)."""
    text, encoding, notes = decode_text(content, file=file)
    check_not_path(file, text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first, _, rest = text.partition("\n")
    stated = re.fullmatch(r'\s*"?sep=(.)"?\s*', first, re.IGNORECASE)
    if stated:  # Excel's own line, which Excel does not show
        delimiter, text = stated.group(1), rest
    elif first.strip().casefold() == "sep=":  # the delimiter was a tab and was trimmed
        delimiter, text = "\t", rest
    else:
        delimiter = choose_delimiter(text)
    if delimiter not in DELIMITERS:
        raise RefusedFileError("file.not_a_table", file=file)
    rows: list[list[Cell]] = []
    numbers: list[int] = []
    cells = 0
    for number, row in enumerate(_parse(text, delimiter, file=file), start=1):
        if any(_swallowed_rows(cell, delimiter) for cell in row):
            notes.append(Note("warning", "file.quote_unclosed", row=number))
        values: list[Cell] = [_bare(cell) for cell in row]
        _trim(values)
        if not values:
            continue
        cells += len(values)
        _check_size(len(rows) + 1, len(values), cells, file=file, limits=limits)
        _check_cells(values, row=number, file=file, limits=limits)
        rows.append(values)
        numbers.append(number)
    if not rows:
        raise RefusedFileError("file.empty", file=file)
    if max(len(row) for row in rows) < 2:
        raise RefusedFileError("file.not_a_table", file=file)
    names = {";": ";", ",": ",", "\t": "tab", "|": "|"}
    return RawFile("csv", [RawTable("", rows, numbers)], encoding, names[delimiter], notes)


def _bare(cell: str) -> str | None:
    # A quotation mark before = + - @ keeps a spreadsheet from calculating the text; it is not part of
    # the value.
    text = cell.strip()
    text = cell[1:].strip() if _ARMED.match(cell) else text[1:] if _ARMED.match(text) else text
    return text or None


def _swallowed_rows(cell: str, delimiter: str) -> bool:
    # A quotation mark that is never closed makes one cell of all the rows that follow.
    lines = cell.split("\n") if "\n" in cell else []
    return len(lines) > 1 and all(delimiter in line for line in lines if line.strip())


def _parse(text: str, delimiter: str, *, file: str) -> Iterator[list[str]]:
    csv.field_size_limit(1_000_000)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    except csv.Error as error:
        raise RefusedFileError("file.not_a_table", file=file) from error


def choose_delimiter(text: str) -> str:
    """Return the delimiter that gives most known headers in one of the first rows, then the evenest rows."""
    head = "\n".join(text.split("\n", 200)[:200])
    best, best_score = ";", (-1.0, -1.0)
    for delimiter in DELIMITERS:
        try:
            rows = [row for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter) if any(row)]
        except csv.Error:
            continue
        if not rows:
            continue
        known = max(count_known(row) for row in rows[:_HEADER_SEARCH_ROWS])
        widths = [len(row) for row in rows]
        usual = max(set(widths), key=widths.count)
        even = widths.count(usual) / len(widths) if usual > 1 else 0.0
        score = (float(known), even * math.log1p(usual))
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _trim(values: list[Cell]) -> None:
    while values and values[-1] is None:
        values.pop()


def _check_cells(values: list[Cell], *, row: int, file: str, limits: Limits) -> None:
    if any(isinstance(value, str) and len(value) > limits.cell_characters for value in values):
        raise RefusedFileError("file.cell_too_long", file=file, row=row, limit=limits.cell_characters)


def _check_size(rows: int, columns: int, cells: int, *, file: str, limits: Limits) -> None:
    if rows > limits.rows:
        raise RefusedFileError("file.too_many_rows", file=file, limit=limits.rows)
    if columns > limits.columns:
        raise RefusedFileError("file.too_many_columns", file=file, limit=limits.columns)
    if cells > limits.cells:
        raise RefusedFileError("file.too_many_cells", file=file, limit=limits.cells)


# --- workbooks ------------------------------------------------------------------------------------


def read_workbook(path: Path, *, file: str, limits: Limits) -> RawFile:
    """Return every visible sheet of an XLSX workbook; raises :class:`RefusedFileError`.

    Before openpyxl sees the file its parts are counted (``file.zip_bomb``) and each XML part is parsed
    for a document
    type, which no spreadsheet program writes (``file.xml_entities``).
    """
    from openpyxl import load_workbook

    archive = open_archive(path, file=file, limits=limits)
    with archive:
        names = archive.namelist()
        if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
            raise RefusedFileError("file.wrong_extension", file=file, extension=".xlsx", found="zip")
        reader = CountedReader(archive, file=file, limits=limits)
        for name in names:
            if name.lower().endswith((".xml", ".rels", ".vml")):
                check_xml(reader.read(name), file=file)
            elif name.lower().endswith("vbaproject.bin"):
                raise RefusedFileError("file.macros", file=file)
        notes = _find_empty_formulas(archive, names)
        merged = {
            name: _merged_ranges(archive.read(name))
            for name in names
            if name.startswith("xl/worksheets/sheet")
        }
    book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    try:
        if len(book.sheetnames) > limits.sheets:
            raise RefusedFileError("file.too_many_sheets", file=file, limit=limits.sheets)
        tables: list[RawTable] = []
        cells = 0
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                if sheet.sheet_state == "hidden":
                    notes.append(Note("info", "sheet.hidden", values={"sheet": sheet.title}))
                continue
            sheet.reset_dimensions()
            rows, numbers, cells = _read_sheet(
                sheet.iter_rows(values_only=True), cells, file=file, limits=limits
            )
            part = str(getattr(sheet, "_worksheet_path", "")).lstrip("/")
            tables.append(RawTable(sheet.title, rows, numbers, merged.get(part, [])))
    finally:
        book.close()
    if not any(table.rows for table in tables):
        raise RefusedFileError("file.empty", file=file)
    return RawFile("xlsx", tables, notes=notes)


def _find_empty_formulas(archive: ZipFile, names: list[str]) -> list[Note]:
    # A program that is no spreadsheet writes formulas without their results: such cells are read as empty.
    cells: list[str] = []
    for name in names:
        if not name.startswith("xl/worksheets/sheet"):
            continue
        for cell in _CELL.finditer(archive.read(name)):
            if b"<f" in cell[2] and not re.search(rb"<(?:\w+:)?(?:v|is)>[^<]", cell[2]):
                cells.append(cell[1].decode("ascii"))
    if not cells:
        return []
    shown = ", ".join(cells[:5])
    return [Note("warning", "sheet.formulas_without_values", values={"cells": shown, "count": len(cells)})]


def _read_sheet(
    source: Iterable[tuple[object, ...]], cells: int, *, file: str, limits: Limits
) -> tuple[list[list[Cell]], list[int], int]:
    rows: list[list[Cell]] = []
    numbers: list[int] = []
    looked_at = 0
    for number, row in enumerate(source, start=1):
        looked_at += len(row)
        if looked_at > 20 * limits.cells:  # blank formatted cells cost time too
            raise RefusedFileError("file.too_many_cells", file=file, limit=limits.cells)
        values = [_plain_cell(cell) for cell in row]
        _trim(values)
        if not values:
            continue
        cells += len(values)
        _check_size(len(rows) + 1, len(values), cells, file=file, limits=limits)
        _check_cells(values, row=number, file=file, limits=limits)
        rows.append(values)
        numbers.append(number)
    return rows, numbers, cells


def _plain_cell(value: object) -> Cell:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int):
        return value if abs(value) < 1 << 53 else str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 1 << 53 else value
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time(0) else value.isoformat(sep=" ")
    return str(value)


def _merged_ranges(content: bytes) -> list[tuple[int, int, int, int]]:
    from openpyxl.utils import range_boundaries

    boxes: list[tuple[int, int, int, int]] = []
    for found in re.finditer(
        rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"', content
    ):
        first_column, first_row, last_column, last_row = range_boundaries(found.group(1).decode())
        boxes.append((first_row, first_column, last_row, last_column))
        if len(boxes) >= 20_000:
            break
    return boxes


def check_xml(content: bytes, *, file: str) -> None:
    """Raise ``file.xml_entities`` for a document type or entity, ``file.damaged`` for XML that is not
    well formed."""
    from xml.sax import SAXParseException

    try:
        defusedxml.sax.parseString(content, ContentHandler(), forbid_dtd=True)
    except DefusedXmlException as error:
        raise RefusedFileError("file.xml_entities", file=file) from error
    except SAXParseException as error:
        raise RefusedFileError("file.damaged", file=file) from error
