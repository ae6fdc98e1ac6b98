"""CSV files of the statistics bank, long or with periods as columns, to the same cube as JSON-stat.

A file begins with the table's title, or with its header at once; the separator is ``;``, ``,`` or a tab,
the letters are UTF-8 or latin-1. Long files have one value column behind the dimensions; wide ones have one
column for each measure and period (``Mengde (tonn) 2023``). Codes are not in such files: labels stand for
them.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.errors import RefusedFileError
from loaders.official.jsonstat import (
    LARGEST_FILE_BYTES,
    MOST_CELLS,
    TIME_NAMES,
    Cube,
    Dimension,
    read_text,
)
from loaders.official.periods import is_period

MEASURE: Final = "ContentsCode"
TIME: Final = "Tid"
_MEASURE_NAMES: Final = frozenset({"statistikkvariabel", "contents", "contentscode", "statistical variable"})
_NUMBER: Final = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")
_NIL: Final = "-"
_MARKS: Final = frozenset({"", ".", "..", "...", ":", _NIL})
"""Standard signs: cannot be, not known, not yet, confidential; and nil, which is zero."""
_WIDE: Final = re.compile(r"(?:(?P<measure>.*\S)\s+)?(?P<period>\S+)")


def read_statcsv(path: Path) -> Cube:
    """Read a CSV file as the statistics bank gives it.

    Raises
    ------
    RefusedFileError
        ``ssb.not_a_table`` where no header with dimensions and values is found, or where a cell stands twice;
        ``file.too_large``, ``jsonstat.too_large``.
    """
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise RefusedFileError("file.too_large", limit=LARGEST_FILE_BYTES // 1_000_000)
    title, header, rows = _find_table(_split_rows(_decode(path.read_bytes())))
    if not rows:
        raise RefusedFileError("ssb.not_a_table", file=path.name[:120])
    value_columns = _find_value_columns(header, rows)
    keys = [at for at in range(len(header)) if at not in value_columns]
    if not keys or not value_columns:
        raise RefusedFileError("ssb.not_a_table", file=path.name[:120])
    wide = [_split_wide(header[at]) for at in value_columns]
    names = [header[at] for at in keys]
    by_column = [np.array(column, dtype=object) for column in zip(*rows, strict=True)]
    parts = [by_column[at] for at in keys]
    cells = by_column[value_columns[0]]
    if len(value_columns) > 1 or wide[0][1]:
        count = len(value_columns)
        parts = [np.repeat(part, count) for part in parts]
        cells = np.column_stack([by_column[at] for at in value_columns]).ravel()
        measures = np.array([measure for measure, _period in wide], dtype=object)
        periods = np.array([period for _measure, period in wide], dtype=object)
        if measures.any():
            names, parts = [*names, MEASURE], [*parts, np.tile(measures, len(rows))]
        if periods.all():
            names, parts = [*names, TIME], [*parts, np.tile(periods, len(rows))]
    elif not title and header[value_columns[0]] != "value":
        title = header[value_columns[0]]
    return _build_cube(names, parts, cells, title=title, file=path.name)


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _split_rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines()[:50] if line.strip()]
    counts = {sign: sum(line.count(sign) for line in lines) for sign in ";\t,"}
    sign = ";" if counts[";"] else "\t" if counts["\t"] else ","
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=sign))
    except csv.Error:
        return []
    clean: dict[str, str] = {}  # the same words stand in every row
    for row in rows:
        for cell in row:
            if cell not in clean:
                clean[cell] = read_text(cell)
    tidy = [[clean[cell] for cell in row] for row in rows]
    return [row for row in tidy if any(row)]


def _find_table(rows: list[list[str]]) -> tuple[str, list[str], list[list[str]]]:
    """Part the title above, the header, and the rows; notes below the table are left out."""
    title = ""
    for at, row in enumerate(rows):
        if len(row) == 1:
            title = title or row[0]
            continue
        body = rows[at + 1 :]
        notes = next((below for below, one in enumerate(body) if len(one) != len(row)), len(body))
        if any(len(one) == len(row) for one in body[notes:]):
            return title, [], []
        return title, row, body[:notes]
    return title, [], []


def _find_value_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the columns behind the last dimension: numbers and standard signs only."""
    found: list[int] = []
    for at in reversed(range(len(header))):
        cells = {row[at] for row in rows}
        numeric = all(cell in _MARKS or _NUMBER.fullmatch(_tidy_number(cell)) for cell in cells)
        is_key = header[at].casefold() in TIME_NAMES | {"region"} or not numeric
        if is_key:
            break
        found.insert(0, at)
    if len(found) == len(header):  # codes that look like numbers: the first column is no value
        found = found[1:]
    named = [at for at in found if _split_wide(header[at])[1]]
    if named:
        return named
    while len(found) > 1 and not _tell_rows_apart([at for at in range(len(header)) if at not in found], rows):
        found = found[1:]  # numbers that are a dimension: ages, codes
    return found


def _tell_rows_apart(keys: list[int], rows: Sequence[Sequence[str]]) -> bool:
    return len({tuple(row[at] for at in keys) for row in rows}) == len(rows)


def _split_wide(name: str) -> tuple[str, str]:
    found = _WIDE.fullmatch(name)
    if found is None or not is_period(found["period"]):
        return name, ""
    return found["measure"] or "", found["period"]


def _build_cube(
    names: list[str],
    parts: list[npt.NDArray[np.object_]],
    written: npt.NDArray[np.object_],
    *,
    title: str,
    file: str,
) -> Cube:
    factors = [pd.factorize(part) for part in parts]
    categories: list[list[str]] = [list(uniques) for _place, uniques in factors]
    cells = math.prod(len(found) for found in categories)
    if cells > MOST_CELLS:
        raise RefusedFileError("jsonstat.too_large", cells=cells, limit=MOST_CELLS)
    at = np.zeros(len(written), dtype=np.int64)
    for place, uniques in factors:
        at = at * len(uniques) + place
    if len(np.unique(at)) < len(at):
        raise RefusedFileError("ssb.not_a_table", file=file[:120])
    kinds, distinct = pd.factorize(written)
    marks = [cell if cell in _MARKS else "" for cell in distinct]
    numbers = [_read_number(cell) for cell in distinct]
    values, statuses = np.full(cells, np.nan), np.full(cells, "", dtype=object)
    values[at] = np.array(numbers, dtype=np.float64)[kinds]
    statuses[at] = np.array(marks, dtype=object)[kinds]
    dimensions = []
    for name, found in zip(names, categories, strict=True):
        is_time = name == TIME or name.casefold() in TIME_NAMES
        is_measure = name == MEASURE or name.casefold() in _MEASURE_NAMES
        dimensions.append(
            Dimension(
                code=name,
                label=name,
                role="time" if is_time else "metric" if is_measure else "",
                codes=tuple(found),
                labels=tuple(found),
                units=_read_units(found) if is_measure else {},
            )
        )
    return Cube(
        dimensions=tuple(dimensions),
        values=values,
        statuses=statuses if (statuses != "").any() else None,
        label=title,
        source="",
        table_id=title.partition(":")[0] if re.match(r"\d{5}:", title) else "",
    )


def _read_units(measures: list[str]) -> dict[str, str]:
    inside = {measure: re.findall(r"\(([^()]*)\)", measure) for measure in measures}
    return {measure: found[-1] for measure, found in inside.items() if found}


def _read_number(cell: str) -> float:
    if cell in _MARKS:
        return 0.0 if cell == _NIL else math.nan
    return float(_tidy_number(cell).replace(",", "."))


def _tidy_number(cell: str) -> str:
    return cell.replace(" ", "").replace("\u2212", "-")
