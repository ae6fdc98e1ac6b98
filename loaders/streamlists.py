"""Lists of streams to ask about: waste code, text and the giver's industry, any of them empty.

CSV and other text tables, XLSX (opened in the limited subprocess) and JSON lines. Every row is kept, in the
file's order; what a row lacks is for the asker to tell.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from geodata.errors import RefusedFileError
from loaders.fileformats import safe_name
from loaders.headers import plain_text
from loaders.rawtables import Cell, Limits
from loaders.sandbox import parse_file, read_source
from loaders.tabular import decode_text, read_text_table

JSON_ENDINGS: Final = (".jsonl", ".ndjson", ".jsonlines")
TEXT_ENDINGS: Final = (".csv", ".tsv", ".txt", "")
HEADER_ROWS: Final = 30
_LONGEST: Final = 500
HEADERS: Final = {
    "code": "code|eal_code|eal|eal-kode|avfallskode|avfallskode eal|waste_code|ewc|ewc code|low code|"
    "list of waste|kode|eural",
    "text": "text|tekst|description|beskrivelse|skildring|waste|avfall|avfallstype|stream|strøm|straum|"
    "fraksjon|material|materiale|name|navn|namn|stream_name|hva|kva|what|innhold|innhald",
    "industry": "industry|industry_code|nace|nace_code|sn2007|sn2025|næring|næringskode|næringskode 1|"
    "naering|bransje|division|giver|giver_division|giver_industry|donor|avgiver|avgjevar|nkode",
    "id": "id|case_id|stream_id|row_id|nr|nummer|number|key",
}


@dataclass(frozen=True)
class AskedStream:
    """One row: its number as a person sees it, and the texts as they stand; `fault` where it cannot be read.

    `fault` is a code of :mod:`dashboard.messages` (``uses.json_line``) or "".
    """

    row: int
    code: str = ""
    text: str = ""
    industry: str = ""
    id: str = ""
    fault: str = ""


def read_stream_list(path: Path, *, limits: Limits | None = None) -> list[AskedStream]:
    """Read a list of streams; columns are found by their header in Norwegian or English.

    Raises
    ------
    RefusedFileError
        ``uses.columns`` where no header names a code or a text, ``file.not_a_table`` where no line is a JSON
        object, and what reading a table raises (``file.not_found``, ``file.too_large``, ``file.empty`` ...).
    """
    limits = limits or Limits()
    name = safe_name(path.name)
    ending = path.suffix.lower()
    if ending in JSON_ENDINGS or ending == ".json":
        upload = read_source(path, limits=limits)
        text, _encoding, _notes = decode_text(upload.content, file=name)
        return _read_json_lines(text, file=name, limits=limits)
    if ending in TEXT_ENDINGS:
        upload = read_source(path, limits=limits)
        tables = read_text_table(upload.content, file=name, limits=limits).tables
    else:
        tables = parse_file(path, limits=limits).raw.tables
    for table in tables:
        header, columns = _find_header(table.rows)
        if columns:
            return [
                AskedStream(row=number, **{field: _text(row, place) for field, place in columns.items()})
                for number, row in zip(table.numbers[header + 1 :], table.rows[header + 1 :], strict=True)
            ]
    first = tables[0].rows[0] if tables and tables[0].rows else []
    shown = ", ".join(str(cell) for cell in first[:8] if cell is not None)[:80]
    raise RefusedFileError("uses.columns", file=name, found=shown)


def _read_json_lines(text: str, *, file: str, limits: Limits) -> list[AskedStream]:
    lines = [line for line in enumerate(_split_array(text), start=1) if line[1].strip()]
    if not lines:
        raise RefusedFileError("file.empty", file=file)
    if len(lines) > limits.rows:
        raise RefusedFileError("file.too_many_rows", file=file, limit=limits.rows)
    asked = []
    for number, line in lines:
        record = _read_json_line(line, limits=limits)
        if record is None:
            asked.append(AskedStream(number, fault="uses.json_line"))
            continue
        keys = {_key(str(key)): key for key in record}
        fields = {}
        for field, words in HEADERS.items():
            found = next((keys[_key(word)] for word in words.split("|") if _key(word) in keys), None)
            fields[field] = _plain(record[found]) if found is not None else ""
        asked.append(AskedStream(row=number, **fields))
    if all(row.fault for row in asked):
        raise RefusedFileError("file.not_a_table", file=file)
    return asked


def _split_array(text: str) -> list[str]:
    """Return the lines of JSON lines; the parts of one array, each as a line of its own."""
    if not text.lstrip().startswith("["):
        return text.splitlines()
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return text.splitlines()
    return [json.dumps(part, ensure_ascii=False) for part in whole]


def _read_json_line(line: str, *, limits: Limits) -> dict[str, object] | None:
    if len(line) > limits.cell_characters:
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _find_header(rows: list[list[Cell]]) -> tuple[int, dict[str, int]]:
    wanted = {field: [_key(word) for word in words.split("|")] for field, words in HEADERS.items()}
    for number, row in enumerate(rows[:HEADER_ROWS]):
        keys = [_key(str(cell)) if isinstance(cell, str) else "" for cell in row]
        found = {
            field: min((words.index(key), place) for place, key in enumerate(keys) if key in words)[1]
            for field, words in wanted.items()
            if any(key in words for key in keys)
        }
        if "code" in found or "text" in found:
            return number, found
    return 0, {}


def _key(text: str) -> str:
    return "".join(c for c in plain_text(text[:80]).casefold() if c.isalnum())


def _text(row: Iterable[Cell], place: int) -> str:
    cells = list(row)
    return _plain(cells[place]) if place < len(cells) else ""


def _plain(value: object) -> str:
    if value is None or isinstance(value, (dict, list)):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)[:_LONGEST].strip()
