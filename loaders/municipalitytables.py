"""Tables with municipality numbers of any year: any CSV or Excel file, its number column found by its header,
else by what stands in it; every other column is kept as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

import pandas as pd

from geodata.errors import InvalidTableError, RefusedFileError
from geodata.findings import Finding, Severity
from geodata.municipalities import CHANGE_COLUMNS, MunicipalityNames
from geodata.municipalitychanges import extend_changes
from geodata.municipalityreading import NumberReader, check_level
from geodata.municipalityshares import Level, offer_shares
from loaders import embedded
from loaders.geocoding import LIST_LIMITS, AddressList, name_columns, read_address_list
from loaders.headers import plain_text, read_header
from loaders.klass import KLASS, MUNICIPALITIES, read_changes
from loaders.layout import HEADER_SEARCH_ROWS
from loaders.official.shelf import list_fetched, sources_folder
from loaders.quantities import is_unknown
from loaders.rawtables import RawTable
from loaders.sandbox import parse_file

LEAST_READ: Final = 0.6
"""Share of cells that must be numbers used since 2017 for a column to be taken without a known header."""
LEAST_BLANK: Final = 0.3
"""Share of blank cells from which the column is one where each number is written once for several rows."""
ROWS_SEARCHED: Final = 400
COLUMNS_SEARCHED: Final = 12
"""Rows and columns that are looked through for numbers where no header is known."""
_YEAR: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_YEAR_HEADERS: Final = frozenset(
    ("år", "aar", "year", "tid", "time", "årgang", "årstall", "årstal", "periode")
)


@dataclass(frozen=True, eq=False)
class MunicipalityTable:
    """A table as read.

    Attributes
    ----------
    rows : the data rows, every column under its own name. lines : row of the file, index of `rows`.
    column : the column of numbers. level : what it numbers. wanted : columns that tell of a place (index of
        `rows`), or None. year_column, column_years, year : what the file says of years.
    findings : what was told while reading.
    """

    rows: pd.DataFrame
    lines: pd.Series
    column: str
    level: Level
    wanted: pd.DataFrame | None
    year_column: str | None
    column_years: dict[str, int]
    year: int | None
    findings: tuple[Finding, ...]


def build_reader(level: Level, *, changes: pd.DataFrame | None = None) -> NumberReader:
    """Return the reader of numbers over the embedded changes, or over those that hold newer reforms too."""
    return _build_embedded(level) if changes is None else _build(level, changes)


@cache
def _build_embedded(level: Level) -> NumberReader:
    return _build(level, embedded.read_municipality_changes())


def _build(level: Level, changes: pd.DataFrame) -> NumberReader:
    # A county is named by the table that ships; names of newer municipalities stand in the changes.
    index = MunicipalityNames.build(_embedded_municipalities(), changes=embedded.read_municipality_changes())
    return NumberReader(changes, names=index, level=level, county_names=embedded.read_county_names())


@cache
def _embedded_municipalities() -> pd.DataFrame:
    return pd.DataFrame(embedded.read_municipalities(detail="light").drop(columns="geometry"))


def read_newer_changes(path: Path | None = None) -> pd.DataFrame | None:
    """Return the changes with newer reforms than those that ship.

    Parameters
    ----------
    path : an answer of KLASS's changes, or the table that ``fetch klass 131 --changes`` keeps; without it the
        newest that has been fetched, None where none has.

    Raises
    ------
    RefusedFileError
        See :func:`loaders.klass.read_changes`.
    """
    if path is None:
        kept = list_fetched(sources_folder(), source=KLASS.key, part=f"changes-{MUNICIPALITIES}")
        if not kept:
            return None
        path = kept[0].path(sources_folder())
    own = _read_own_changes(path)
    known = embedded.read_municipality_changes()
    if own is None:
        return extend_changes(known, read_changes(path)).changes
    outdated = own["valid_from_year"].max() < known["valid_from_year"].max()  # the app knows more by now
    return known if outdated else own


def _read_own_changes(path: Path) -> pd.DataFrame | None:
    """Return the table of changes of a CSV file that has its columns, else None."""
    if path.suffix.lower() != ".csv" or not path.is_file():
        return None
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        if stream.readline(200).strip().replace('"', "") != ",".join(CHANGE_COLUMNS):
            return None
    try:
        table = pd.read_csv(path, dtype="string", keep_default_na=False, encoding="utf-8-sig")
        table = table.replace("", pd.NA).astype({"valid_from_year": "Int64", "valid_to_year": "Int64"})
    except (ValueError, UnicodeError) as error:
        raise RefusedFileError("klass.unreadable", file=path.name) from error
    return table


def read_share_offer(level: Level, **words: str) -> pd.DataFrame:
    """Return the shares that may be chosen; `words` and all else: see
    :func:`geodata.municipalityshares.offer_shares`."""
    wholes = embedded.read_municipality_wholes()
    changes = embedded.read_municipality_changes()
    return offer_shares(_embedded_municipalities(), changes=changes, wholes=wholes, level=level, **words)


def read_municipality_table(path: Path, *, column: str = "", year_column: str = "") -> MunicipalityTable:
    """Read a table and find its column of municipality or county numbers.

    Parameters
    ----------
    column, year_column : headers as written (case does not matter) or letters as in a spreadsheet; found
        where they are not given.

    Raises
    ------
    RefusedFileError
        ``municipality.no_column``, and what opening a file raises.
    InvalidTableError
        ``municipality.column_missing``.
    """
    listed: AddressList | None = None
    try:
        listed = read_address_list(path)
    except RefusedFileError as error:
        if error.code != "file.nowhere":
            raise
    found = None if listed is None else _from_list(listed, column, path.name)
    if found is None:
        found = _from_cells(path, column)
    if found is None:
        headers = ", ".join(str(name) for name in listed.rows.columns) if listed is not None else ""
        raise RefusedFileError("municipality.no_column", file=path.name, found=headers[:120])
    return _add_years(found, year_column)


def _from_list(listed: AddressList, column: str, file: str) -> MunicipalityTable | None:
    kept = [row for row in listed.rows.index if row not in listed.skipped]
    rows = listed.rows.loc[kept]
    lines = pd.Series(listed.numbers, index=listed.rows.index, dtype="Int64").loc[kept]
    found = name_of(rows, column) if column else _find_column(rows)
    if found is None:
        return None
    wanted = listed.wanted.loc[kept]
    return _fill_down(MunicipalityTable(rows, lines, found, "municipality", wanted, None, {}, None, ()), file)


def _from_cells(path: Path, column: str) -> MunicipalityTable | None:
    """Return the first table that has a column of numbers, by its cells alone."""
    for raw in parse_file(path, limits=LIST_LIMITS).raw.tables:
        start = _find_first_number(raw)
        if start is None:
            continue
        header = raw.rows[start - 1] if start else []
        body = raw.rows[start:]
        width = max([len(header), *(len(row) for row in body)])
        cells = [[*row, *[None] * (width - len(row))] for row in body]
        rows = pd.DataFrame(cells, columns=name_columns(header, width), dtype=object)
        found = name_of(rows, column) if column else _find_column(rows, by_cells=True)
        if found is not None:
            lines = pd.Series(raw.numbers[start:], index=rows.index, dtype="Int64")
            remark = rows.notna().sum(axis=1).eq(1) & rows[found].notna()
            remark &= ~rows[found].map(lambda cell: bool(build_reader("municipality").read(cell).today))
            rows, lines = rows[~remark], lines[~remark]
            table = MunicipalityTable(rows, lines, found, "municipality", None, None, {}, None, ())
            return _fill_down(table, path.name)
    return None


def _find_first_number(raw: RawTable) -> int | None:
    """Return the first row of data: where the column with most numbers in use has its first."""
    reader = build_reader("municipality")
    width = max((len(row) for row in raw.rows), default=0)
    hits: dict[int, list[int]] = {}
    for position in range(min(width, COLUMNS_SEARCHED)):
        for at, row in enumerate(raw.rows[:ROWS_SEARCHED]):
            cell = row[position] if position < len(row) else None
            if not _looks_like_year(cell) and reader.read(cell).number and reader.read(cell).today:
                hits.setdefault(position, []).append(at)
    best = max(hits, key=lambda position: len(hits[position]), default=None)
    return None if best is None or hits[best][0] > HEADER_SEARCH_ROWS else hits[best][0]


def _looks_like_year(cell: object) -> bool:
    # numbers of Finnmark until 2019 are 2002 to 2030; a bare one is a year more often
    return bool(re.fullmatch(r"(?:19[5-9]|20[0-3])\d(?:\.0)?", str(cell).strip()))


def _find_column(rows: pd.DataFrame, *, by_cells: bool = False) -> str | None:
    """Return the column of numbers: by header the one that can be read best, else by cells."""
    named = {str(name): read_header(str(name)).column for name in rows.columns}
    known = [name for name, meaning in named.items() if meaning in ("municipality", "county")]
    looked = list(rows.columns) if by_cells or not known else known
    scores = {name: _score(rows[name], by_header=name in known) for name in looked}
    least = LEAST_READ if by_cells or not known else 0.0
    best = max(scores, key=lambda name: scores[name], default=None)
    if best is None or scores[best] < least or (scores[best] == 0.0 and not known):
        return None
    return str(best)


def _score(cells: pd.Series, *, by_header: bool) -> float:
    """Return how much of a column can be read; numbers before names, municipalities before counties."""
    values = cells.dropna().astype(str).drop_duplicates().head(400)
    if values.empty:
        return 0.0
    if values.map(_looks_like_year).all():
        return 0.0
    level = check_level(values)
    if level == "county" and not by_header and values.str.fullmatch(r"[\d.,]+").all():
        return 0.0  # small numbers may be anything
    reader = build_reader(level)
    read = [reader.read(value) for value in values]
    share = sum(bool(r.today) or r.status in ("sum", "elsewhere") for r in read) / len(read)
    by_number = any(r.number for r in read)
    return share * (1.0 if by_number and level == "municipality" else 0.98 if by_number else 0.95)


def name_of(rows: pd.DataFrame, wanted: str) -> str:
    """Return the column that is meant by a header or a spreadsheet's letter; raises InvalidTableError
    ``municipality.column_missing``."""
    asked = plain_text(wanted).casefold()
    for name in rows.columns:
        if plain_text(str(name)).casefold() == asked:
            return str(name)
    if re.fullmatch(r"[A-Za-z]{1,2}", wanted.strip()):
        position = 0
        for letter in wanted.strip().upper():
            position = position * 26 + ord(letter) - ord("A") + 1
        if position <= len(rows.columns):
            return str(rows.columns[position - 1])
    raise InvalidTableError("municipality.column_missing", column=wanted[:80])


def _fill_down(table: MunicipalityTable, file: str) -> MunicipalityTable:
    """Return the table with its level and, where a number is written once for several rows, all of them."""
    cells = table.rows[table.column].map(lambda cell: None if is_unknown(cell) else cell)
    level = check_level(cells)
    filled = table.rows.drop(columns=table.column).notna().any(axis=1)
    blank = cells.isna() & filled
    findings = table.findings
    rows = table.rows
    if len(cells) and not blank.iloc[0] and blank.mean() >= LEAST_BLANK:
        rows = rows.assign(**{table.column: cells.ffill()})
        line = int(table.lines[blank].iloc[0])
        told: dict[str, str | int | float] = {"count": int(blank.sum())}
        findings += (
            Finding(Severity.REPAIRED, "municipality.filled_down", file, line, table.column, None, told),
        )
    return replace(table, rows=rows, level=level, findings=findings)


def _add_years(table: MunicipalityTable, year_column: str) -> MunicipalityTable:
    found: str | None = name_of(table.rows, year_column) if year_column else None
    for name in table.rows.columns:
        if found is None and str(name) != table.column and plain_text(str(name)).casefold() in _YEAR_HEADERS:
            texts = table.rows[name].dropna().astype(str)
            dated = texts.map(lambda text: bool(_YEAR.search(text)))
            found = str(name) if len(texts) and dated.mean() > 0.9 else None
    years = {
        str(name): int(match[1])
        for name in table.rows.columns
        if str(name) != table.column and (match := _YEAR.search(str(name)))
    }
    stated = _YEAR.search(table.column)
    year = int(stated[1]) if stated else None
    return replace(table, year_column=found, column_years=years, year=year)
