"""Lists of texts that want a waste code: any CSV or Excel file, its columns kept as they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from geodata.errors import RefusedFileError
from loaders.headers import plain_text, read_header
from loaders.rawtables import Cell, Limits, RawTable
from loaders.sandbox import parse_file, read_source
from loaders.tabular import decode_text

if TYPE_CHECKING:
    from geodata.codesearch import CodeSuggestion

HEADER_ROWS: Final = 30
NAMES: Final = (
    "tekst text avfall avfallstekst varetekst fraksjonsnavn fraksjonsnamn artikkel artikkelnavn produkt vare "
    "navn namn name item waste stream strøm straum strømnavn innhold innhald content hva kva what kommentar"
)
_WANTED: Final = ("material", "description", "stream", "note")
RESULT_COLUMNS: Final = (
    "suggested_code",
    "suggested_title",
    "suggested_hazardous",
    "suggested_confidence",
    "suggested_score",
    "suggested_words",
    "other_codes",
)


@dataclass(frozen=True, eq=False)
class TextTable:
    """A file's table with the column of texts found.

    Attributes
    ----------
    rows : every row under the header, in the file's order, every column under its own name.
    column : name of the column of texts. industry : name of the column of industry codes, or None.
    """

    rows: pd.DataFrame
    column: str
    industry: str | None = None


def read_text_table_of_codes(path: Path, *, column: str = "") -> TextTable:
    """Read a CSV or Excel file (or a text file with one text on each line) in the limited subprocess.

    Parameters
    ----------
    column : header of the column of texts; without it a column with a usual name is taken (``materiale``,
        ``beskrivelse``, ``text`` ...), or the only column there is.

    Raises
    ------
    RefusedFileError
        ``codes.column`` (no such column, or none to be guessed), and what opening a file raises.
    """
    upload = read_source(path)
    try:
        tables = parse_file(upload).raw.tables
    except RefusedFileError as error:
        if error.code != "file.not_a_table" or path.suffix.lower() not in {".csv", ".txt", ".tsv"}:
            raise
        # One column has no delimiter: each line is one text.
        text, _encoding, _notes = decode_text(upload.content, file=upload.name)
        lines: list[list[Cell]] = [[line.strip().strip('"')] for line in text.splitlines() if line.strip()]
        if len(lines) > Limits().rows:
            raise RefusedFileError("file.too_many_rows", file=upload.name, limit=Limits().rows) from error
        tables = [RawTable("", lines, list(range(1, len(lines) + 1)))]
    for table in tables:
        found = _find_column(table, column)
        if found is not None:
            return _lay_out(table, *found)
    rows = tables[0].rows if tables else []
    shown = ", ".join(str(cell) for cell in (rows[0] if rows else [])[:8] if cell is not None)[:80]
    raise RefusedFileError("codes.column", file=upload.name, found=shown)


def _find_column(table: RawTable, column: str) -> tuple[int, int] | None:
    """Return (row of the header, column), the header -1 where a list of one column has none."""
    wanted = _key(column)
    usual = {_key(name) for name in NAMES.split()}
    for number, row in enumerate(table.rows[:HEADER_ROWS]):
        keys = [_key(str(cell)) if cell is not None else "" for cell in row]
        if wanted:
            if wanted in keys:
                return number, keys.index(wanted)
            continue
        if sum(bool(key) for key in keys) > 1 or max(len(r) for r in table.rows) == 1:
            meanings = [read_header(str(cell)[:80]).column if cell is not None else None for cell in row]
            for meaning in _WANTED:
                if meaning in meanings:
                    return number, meanings.index(meaning)
            for place, key in enumerate(keys):
                if key in usual:
                    return number, place
    if not wanted and table.rows and max(len(row) for row in table.rows) == 1:
        return -1, 0
    return None


def _lay_out(table: RawTable, header: int, place: int) -> TextTable:
    body = table.rows[header + 1 :]
    width = max([len(row) for row in table.rows[max(header, 0) :]])
    written = list(table.rows[header]) if header >= 0 else ["text"]
    names: list[str] = []
    for k in range(width):
        name = plain_text(str(written[k])) if k < len(written) and written[k] is not None else ""
        name = name or f"column_{k + 1}"
        while name in names or name in RESULT_COLUMNS:
            name += "_"
        names.append(name)
    rows = pd.DataFrame([[*row, *[None] * (width - len(row))] for row in body], columns=names, dtype=object)
    industry = next(
        (name for name in names if read_header(name).column == "industry_code" and name != names[place]), None
    )
    return TextTable(rows, names[place], industry)


def add_suggestions(
    table: TextTable,
    found: list[tuple[CodeSuggestion, ...]],
    *,
    titles: dict[str, str],
    confidences: dict[str, str],
) -> pd.DataFrame:
    """Return the table's rows with :data:`RESULT_COLUMNS` after its own columns, empty where unknown."""
    rows: list[tuple[object, ...]] = []
    for suggestions in found:
        if not suggestions:
            rows.append((None,) * len(RESULT_COLUMNS))
            continue
        first, *others = suggestions
        rows.append(
            (
                first.code,
                titles.get(first.code, ""),
                first.hazardous,
                confidences.get(first.confidence, first.confidence),
                first.score,
                ", ".join(first.words),
                " ".join(other.code for other in others),
            )
        )
    added = pd.DataFrame(rows, columns=list(RESULT_COLUMNS), index=table.rows.index, dtype=object)
    return pd.concat([table.rows, added], axis=1)


def _key(text: str) -> str:
    return "".join(c for c in plain_text(text).casefold() if c.isalnum())
