"""What is done with the columns of a table of old municipality numbers: measures read as numbers, divided
numbers settled by place or share, the joined table written."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd

from geodata.errors import InvalidTableError, RefusedFileError
from geodata.findings import Finding, Severity
from geodata.geocoding import AddressIndex, geocode_table
from geodata.municipalityjoin import JoinResult, Measure
from geodata.municipalityreading import NumberReader, check_level
from loaders.exports import write_csv, write_excel
from loaders.geocoding import LIST_LIMITS
from loaders.headers import plain_text
from loaders.layout import HEADER_SEARCH_ROWS
from loaders.municipalitytables import MunicipalityTable, build_reader, name_of
from loaders.placenames import read_gazetteer
from loaders.quantities import find_number_style, is_unknown, read_quantity
from loaders.rawtables import Cell
from loaders.sandbox import parse_file

_NOT_SAID: Final = frozenset(("..", ":", "*", "x"))
"""Signs of Statistics Norway for what is missing or withheld, beside those of the members' files."""
_OLD: Final = re.compile(r"gam|old|fra|frå|from|tidl", re.IGNORECASE)
_NEW: Final = re.compile(r"ny|new|til|to\b|today|i dag|mål|2024", re.IGNORECASE)
_SHARE: Final = re.compile(r"andel|\bdel|share|\bpart|prosent|per ?cent|%|vekt|weight", re.IGNORECASE)


def choose_columns(rows: pd.DataFrame, asked: Sequence[str]) -> list[str]:
    """Return the columns that headers, lists of headers apart by commas and patterns (``20*``) mean."""
    headers = {plain_text(str(name)).casefold(): str(name) for name in rows.columns}
    chosen: list[str] = []
    for text in asked:
        whole = plain_text(text).casefold()
        parts = [text] if whole in headers else [part for part in text.split(",") if part.strip()]
        for part in parts:
            pattern = plain_text(part).casefold()
            if any(sign in pattern for sign in "*?") and pattern not in headers:
                hits = [name for key, name in headers.items() if fnmatch.fnmatchcase(key, pattern)]
                if not hits:
                    raise InvalidTableError("municipality.column_missing", column=part.strip()[:80])
                chosen += hits
            else:
                chosen.append(name_of(rows, part))
    return list(dict.fromkeys(chosen))


def read_measures(
    table: MunicipalityTable, *, sums: Sequence[str], means: Sequence[str], weight: str | None
) -> tuple[MunicipalityTable, dict[str, Measure]]:
    """Return the table with its measures as numbers, and how each column is put together.

    Texts that are the same in all rows of a number (names, counties) are joined; other columns are keys.

    Raises
    ------
    InvalidTableError
        ``municipality.measure_number`` where the numbers of municipalities or the years are to be added up.
    """
    numeric = dict.fromkeys([*sums, *means, *([weight] if weight else [])])
    if table.column in numeric or table.year_column in numeric:
        wrong = table.column if table.column in numeric else str(table.year_column)
        raise InvalidTableError("municipality.measure_number", column=wrong)
    rows = table.rows.copy()
    findings = list(table.findings)
    for name in numeric:
        rows[name], told = _read_numbers(rows[name], name, table.lines)
        findings += told
    measures: dict[str, Measure] = {**dict.fromkeys(sums, "sum"), **dict.fromkeys(means, "mean")}
    apart, beside = [], []
    for name in map(str, rows.columns):
        if name in numeric or name in (table.column, table.year_column):
            continue
        texts = rows[name].dropna()
        of_number = rows.groupby(table.column, dropna=True)[name].nunique(dropna=True)
        if (of_number > 1).any():
            apart.append(name)
            continue
        measures[name] = "text"
        read = pd.to_numeric(texts.astype(str).str.replace(",", "."), errors="coerce")
        if len(texts) and read.notna().mean() > 0.5:
            beside.append(name)
    for code, names in (("municipality.kept_apart", apart), ("municipality.set_beside", beside)):
        if names:
            findings.append(Finding(Severity.INFO, code, "", None, None, ", ".join(names)[:80]))
    return replace(table, rows=rows, findings=tuple(findings)), measures


def _read_numbers(cells: pd.Series, name: str, lines: pd.Series) -> tuple[pd.Series, list[Finding]]:
    plain: list[Cell] = [None if cell is None or cell != cell else cell for cell in cells.tolist()]
    style = find_number_style(plain, point_is_decimal=True)
    numbers: list[float | None] = []
    unread: list[int] = []
    for at, cell in enumerate(plain):
        text = str(cell).strip().rstrip("%").strip() if isinstance(cell, str) else cell
        read = read_quantity(text, style)
        numbers.append(read.best)
        if read.best is None and not is_unknown(text) and str(text) not in _NOT_SAID:
            unread.append(at)
    findings = []
    if unread:
        first, value = int(lines.iloc[unread[0]]), str(plain[unread[0]])[:80]
        told: dict[str, str | int | float] = {"count": len(unread)}
        findings.append(Finding(Severity.WARNING, "municipality.number_unread", "", first, name, value, told))
    return pd.Series(numbers, index=cells.index, dtype="Float64"), findings


def settle_by_place(
    table: MunicipalityTable, reader: NumberReader, *, addresses: AddressIndex | None = None
) -> pd.Series | None:
    """Return today's number that the row's own point, address, place or postcode says, for rows whose number
    may be several; None where the table says nothing of places."""
    if table.wanted is None or table.level == "county":
        return None
    cells = table.rows[table.column]
    several = cells.map(lambda cell: len(reader.read(cell).today) > 1)
    open_rows = cells.index[several.astype(bool)]
    telling = [name for name in table.wanted.columns if name not in ("municipality", "county")]
    if not len(open_rows) or table.wanted.loc[open_rows, telling].isna().all(axis=None):
        return None
    wanted = table.wanted.loc[open_rows].assign(municipality=cells.loc[open_rows].astype(str))
    gazetteer = read_gazetteer()
    said = pd.Series(pd.NA, index=table.rows.index, dtype="string")
    for part in (wanted, wanted.drop(columns=["lon", "lat"])):  # a point may lie where two share a polygon
        left = part.index[said.loc[part.index].isna()]
        answers = geocode_table(part.loc[left], gazetteer=gazetteer, addresses=addresses)
        sure = answers["municipality_number"].where(answers["grade"] != "municipality")
        said.loc[left] = sure
    return said


def read_shares(path: Path) -> pd.DataFrame:
    """Read a table of shares: ``old_number``, ``new_number``, ``share`` (0 to 1; per cents are taken too).

    Raises
    ------
    RefusedFileError
        ``municipality.shares_unread`` (no three such columns), and what opening a file raises.
    """
    for raw in parse_file(path, limits=LIST_LIMITS).raw.tables:
        for at, row in enumerate(raw.rows[:HEADER_SEARCH_ROWS]):
            positions = _find_share_columns(row)
            if positions is not None:
                return _collect_shares(raw.rows[at + 1 :], positions)
    raise RefusedFileError("municipality.shares_unread", file=path.name)


def _find_share_columns(row: Sequence[Cell]) -> tuple[int, int, int] | None:
    texts = [plain_text(str(cell)) if cell is not None else "" for cell in row]
    share = next((k for k, text in enumerate(texts) if _SHARE.search(text)), None)
    old = next((k for k, text in enumerate(texts) if _OLD.search(text) and k != share), None)
    new = next((k for k, text in enumerate(texts) if _NEW.search(text) and k not in (share, old)), None)
    return None if share is None or old is None or new is None else (old, new, share)


def _collect_shares(rows: Sequence[Sequence[Cell]], positions: tuple[int, int, int]) -> pd.DataFrame:
    cells = [[row[k] if k < len(row) else None for k in positions] for row in rows]
    cells = [row for row in cells if any(cell is not None for cell in row)]
    frame = pd.DataFrame(cells, columns=["old_number", "new_number", "share"], dtype=object)
    frame["share"], _told = _read_numbers(frame["share"], "share", pd.Series(range(len(frame))))
    if len(frame) and frame["share"].max() > 1.5:
        frame["share"] = frame["share"] / 100
    level = check_level(frame["old_number"])
    reader = build_reader(level)
    for name in ("old_number", "new_number"):
        frame[name] = [reader.read(cell).number or str(cell) for cell in frame[name]]
    return frame.astype({"old_number": "string", "new_number": "string"})


def write_joined(result: JoinResult, path: Path, *, sheets: tuple[str, str, str]) -> list[Path]:
    """Write the joined table and what is asked: Excel with a sheet for each, or CSV with one beside it.

    Parameters
    ----------
    sheets : names of the sheets of the table, of what is asked and of the totals.
    """
    if path.suffix.lower() == ".xlsx":
        frames = {sheets[0]: result.table}
        if len(result.asked):
            frames[sheets[1]] = result.asked
        if len(result.totals):
            frames[sheets[2]] = result.totals
        write_excel(frames, path)
        return [path]
    write_csv(result.table, path)
    beside = path.with_name(f"{path.stem}-{sheets[1]}{path.suffix}")
    if not len(result.asked):
        beside.unlink(missing_ok=True)  # what an earlier run asked for would look like today's
        return [path]
    write_csv(result.asked, beside)
    return [path, beside]
