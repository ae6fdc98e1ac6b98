"""JSON-stat 2 (and the datasets of 1.x) to a cube of cells, and a cube to a tidy table: one row a cell.

The format: https://json-stat.org/full/. A dataset names its dimensions in ``id``, how many categories each
has in ``size``, and gives the values row by row, the last dimension fastest. Values and statuses may be lists
or, where most are lacking, objects from position to value. A null is unknown, never zero; why it is null may
stand in ``status`` (Statistics Norway: ``..`` not known, ``.`` cannot be, ``:`` confidential).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.errors import RefusedFileError
from loaders.official.periods import is_period, read_periods

MOST_CELLS: Final = 5_000_000
"""Of one table in memory; the service gives at most 800 000 in one answer."""
LARGEST_FILE_BYTES: Final = 400_000_000
VALUE_COLUMNS: Final = ("year", "quarter", "month", "value", "unit", "decimals", "status")
TIME_NAMES: Final = frozenset(
    ["tid", "time", "time_period", "år", "year", "kvartal", "quarter", "måned", "month", "periode", "period"]
)
_SOFT: Final = str.maketrans({"\u00ad": "", "\u200b": "", "\ufeff": ""})


@dataclass(frozen=True)
class Dimension:
    """One dimension of a table.

    Attributes
    ----------
    code : its id. label : its name in words.
    role : ``time``, ``geo``, ``metric`` or empty.
    codes, labels : of its categories, in their order.
    units, decimals : by code, of a metric dimension.
    eliminable : the service sums over it where it is not asked for.
    """

    code: str
    label: str
    role: str
    codes: tuple[str, ...]
    labels: tuple[str, ...]
    units: Mapping[str, str] = field(default_factory=dict)
    decimals: Mapping[str, int] = field(default_factory=dict)
    eliminable: bool = False


@dataclass(frozen=True, eq=False)
class Cube:
    """A table as the format has it: dimensions, and one value and one status a cell, row by row.

    Attributes
    ----------
    values : float, shape (cells,); NaN where unknown.
    statuses : text, shape (cells,), empty where there is none; None where no cell has one.
    """

    dimensions: tuple[Dimension, ...]
    values: npt.NDArray[np.float64]
    statuses: npt.NDArray[np.object_] | None
    label: str = ""
    source: str = ""
    updated: str = ""
    table_id: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class StatTable:
    """A statistical table, tidy.

    Attributes
    ----------
    frame : one row a cell. For each dimension its code (``Region``) and its label (``Region_label``); then
        ``year``, ``quarter``, ``month`` (Int64) of the period, ``value`` (Float64, <NA> where unknown),
        ``unit``, ``decimals`` (Int64) and ``status``. A dimension that is itself called ``value``, ``unit``
        ... has its code in ``value_code`` and so on.
    label, source, updated, table_id, notes : as the dataset tells, empty where it does not.
    licence : of the data. fetched_on : ISO date, empty for a file.
    dimensions : what the columns stand for.
    """

    frame: pd.DataFrame
    label: str
    source: str
    updated: str
    table_id: str
    licence: str
    dimensions: tuple[Dimension, ...]
    notes: tuple[str, ...] = ()
    fetched_on: str = ""

    @property
    def units(self) -> dict[str, str]:
        """Unit by metric code."""
        return {code: unit for dimension in self.dimensions for code, unit in dimension.units.items()}

    def columns_of(self, dimension: Dimension) -> tuple[str, str]:
        """Return the names of a dimension's two columns: codes, labels."""
        return name_columns(dimension.code)


def read_jsonstat(
    source: Mapping[str, Any] | str | bytes | Path, *, licence: str = "", table_id: str = ""
) -> StatTable:
    """Read a JSON-stat dataset: a decoded object, its text, or a file.

    Raises
    ------
    RefusedFileError
        ``jsonstat.unreadable`` (not JSON), ``jsonstat.no_dataset``, ``jsonstat.collection`` (a list of
        datasets), ``jsonstat.refused`` (the service's own error), ``jsonstat.dimension`` (a dimension without
        usable categories), ``jsonstat.size`` (more or fewer values than cells), ``jsonstat.too_large``.
    """
    return tabulate_cube(read_cube(_decode(source)), licence=licence, table_id=table_id)


def is_dataset(value: object) -> bool:
    """Return whether a decoded answer is a dataset with values (not an error, not a list of datasets)."""
    try:
        dataset = find_dataset(value)
    except RefusedFileError:
        return False
    return isinstance(dataset.get("value"), list | dict) and isinstance(dataset.get("dimension"), dict)


def find_dataset(value: object) -> Mapping[str, Any]:
    """Return the dataset in a decoded answer, out of the wrapper that version 1 has around it.

    Raises
    ------
    RefusedFileError
        See :func:`read_jsonstat`.
    """
    if not isinstance(value, Mapping):
        raise RefusedFileError("jsonstat.no_dataset")
    kind = value.get("class")
    if kind == "collection":
        raise RefusedFileError("jsonstat.collection")
    if isinstance(value.get("dimension"), Mapping):
        return value
    if kind == "error" or "error" in value or ("title" in value and "status" in value):
        said = value.get("label") or value.get("error") or value.get("title")
        raise RefusedFileError("jsonstat.refused", said=read_text(said)[:200])
    inner = [part for part in value.values() if isinstance(part, Mapping) and "dimension" in part]
    if len(inner) > 1:
        raise RefusedFileError("jsonstat.collection")
    if not inner or not isinstance(inner[0]["dimension"], Mapping):
        raise RefusedFileError("jsonstat.no_dataset")
    return inner[0]


def read_cube(value: object, *, with_values: bool = True) -> Cube:
    """Read a decoded dataset; without values it is what a service tells of a table before it is asked."""
    dataset = find_dataset(value)
    dimensions = _read_dimensions(dataset)
    cells = math.prod(len(dimension.codes) for dimension in dimensions)
    if with_values and cells > MOST_CELLS:
        raise RefusedFileError("jsonstat.too_large", cells=cells, limit=MOST_CELLS)
    values, statuses = np.empty(0), None
    if with_values:
        values, statuses = _read_cells(dataset, cells)
    label = read_text(dataset.get("label"))
    return Cube(
        dimensions=dimensions,
        values=values,
        statuses=statuses,
        label=label,
        source=read_text(dataset.get("source")),
        updated=read_text(dataset.get("updated")),
        table_id=_find_table_id(dataset, label),
        notes=_read_notes(dataset),
    )


def tabulate_cube(cube: Cube, *, licence: str = "", table_id: str = "", fetched_on: str = "") -> StatTable:
    """Return the cells as rows, in their order."""
    shape = [len(dimension.codes) for dimension in cube.dimensions]
    cells = math.prod(shape)
    columns: dict[str, Any] = {}
    time: dict[str, Any] = dict.fromkeys(("year", "quarter", "month"))
    unit: Any = None
    decimals: Any = None
    below = cells
    for dimension, size in zip(cube.dimensions, shape, strict=True):
        below //= size or 1
        position = np.tile(np.repeat(np.arange(size), below), cells // (size * below) if cells else 0)
        code_column, label_column = name_columns(dimension.code)
        columns[code_column] = _take(dimension.codes, position)
        columns[label_column] = _take(dimension.labels, position)
        if dimension.role == "time" and time["year"] is None:
            periods = read_periods(dimension.codes, dimension.labels)
            time = {name: pd.array(periods[name], dtype="Int64").take(position) for name in time}
        if dimension.units and unit is None:
            unit = _take([dimension.units.get(code) for code in dimension.codes], position)
            of_code = [dimension.decimals.get(code) for code in dimension.codes]
            decimals = pd.array(of_code, dtype="Int64").take(position)
    nothing = pd.arrays.IntegerArray(np.zeros(cells, dtype=np.int64), np.ones(cells, dtype=bool))
    columns |= {name: nothing if column is None else column for name, column in time.items()}
    unknown = ~np.isfinite(cube.values)
    columns["value"] = pd.arrays.FloatingArray(np.where(unknown, 1.0, cube.values), unknown)
    columns["unit"] = _take([None], np.zeros(cells, dtype=np.intp)) if unit is None else unit
    columns["decimals"] = nothing if decimals is None else decimals
    columns["status"] = _tabulate_statuses(cube.statuses, cells)
    return StatTable(
        frame=pd.DataFrame(columns),
        label=cube.label,
        source=cube.source,
        updated=cube.updated,
        table_id=table_id or cube.table_id,
        licence=licence,
        dimensions=cube.dimensions,
        notes=cube.notes,
        fetched_on=fetched_on,
    )


def name_columns(code: str) -> tuple[str, str]:
    """Return the names of the columns of a dimension: codes, labels."""
    return (f"{code}_code" if code in VALUE_COLUMNS else code), f"{code}_label"


def read_text(value: object) -> str:
    """Return a text without soft hyphens, with plain single spaces; the first of a list, empty for none."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        value = value[0] if value else ""
    if value is None or isinstance(value, Mapping):
        return ""
    return " ".join(str(value).translate(_SOFT).split())  # str.split also takes no-break spaces


# --- dimensions -----------------------------------------------------------------------------------------


def _decode(source: Mapping[str, Any] | str | bytes | Path) -> object:
    if isinstance(source, Mapping):
        return source
    if isinstance(source, Path):
        if source.stat().st_size > LARGEST_FILE_BYTES:
            raise RefusedFileError("file.too_large", limit=LARGEST_FILE_BYTES // 1_000_000)
        source = source.read_bytes()
    try:
        return json.loads(source.decode("utf-8-sig") if isinstance(source, bytes) else source)
    except (ValueError, RecursionError):
        raise RefusedFileError("jsonstat.unreadable") from None


def _read_dimensions(dataset: Mapping[str, Any]) -> tuple[Dimension, ...]:
    described = dataset["dimension"]
    ids = dataset.get("id", described.get("id"))
    sizes = dataset.get("size", described.get("size"))
    if not isinstance(ids, list) or not all(isinstance(name, str) for name in ids) or not ids:
        raise RefusedFileError("jsonstat.no_dataset")
    if len(set(ids)) < len(ids):
        raise RefusedFileError("jsonstat.dimension", dimension=ids[0][:80])
    roles = _read_roles(dataset.get("role", described.get("role")))
    dimensions = [_read_dimension(name, described.get(name), roles.get(name, "")) for name in ids]
    if isinstance(sizes, list) and sizes != [len(dimension.codes) for dimension in dimensions]:
        raise RefusedFileError("jsonstat.size", cells=str(sizes)[:80], values=0)
    return _guess_roles(dimensions)


def _read_roles(roles: object) -> dict[str, str]:
    if not isinstance(roles, Mapping):
        return {}
    return {
        str(name): role
        for role in ("time", "geo", "metric")
        if isinstance(roles.get(role), list)
        for name in roles[role]
    }


def _read_dimension(name: str, described: object, role: str) -> Dimension:
    if not isinstance(described, Mapping) or not isinstance(described.get("category"), Mapping):
        raise RefusedFileError("jsonstat.dimension", dimension=name[:80])
    category = described["category"]
    given = category.get("label")
    label_of = given if isinstance(given, Mapping) else {}
    codes = _read_codes(name, category.get("index"), label_of)
    units, decimals = _read_units(category.get("unit"), codes)
    extension = described.get("extension")
    return Dimension(
        code=name,
        label=read_text(described.get("label")) or name,
        role=role or ("metric" if units else ""),
        codes=codes,
        labels=tuple(read_text(label_of.get(code)) or code for code in codes),
        units=units,
        decimals=decimals,
        eliminable=isinstance(extension, Mapping) and extension.get("elimination") is True,
    )


def _read_codes(name: str, index: object, label_of: Mapping[str, Any]) -> tuple[str, ...]:
    # An index may be a list, an object from code to position, or lack where there is one category.
    if isinstance(index, list):
        codes = [str(code) for code in index]
    elif isinstance(index, Mapping):
        positions = list(index.values())
        if not all(type(at) is int for at in positions) or len(set(positions)) < len(positions):
            raise RefusedFileError("jsonstat.dimension", dimension=name[:80])
        codes = [str(code) for code in sorted(index, key=lambda code: int(index[code]))]
    elif index is None and len(label_of) == 1:
        codes = [str(code) for code in label_of]
    else:
        raise RefusedFileError("jsonstat.dimension", dimension=name[:80])
    if len(set(codes)) < len(codes):
        raise RefusedFileError("jsonstat.dimension", dimension=name[:80])
    return tuple(codes)


def _read_units(units: object, codes: tuple[str, ...]) -> tuple[dict[str, str], dict[str, int]]:
    named: dict[str, str] = {}
    decimals: dict[str, int] = {}
    for code in codes if isinstance(units, Mapping) else ():
        unit = units.get(code) if isinstance(units, Mapping) else None
        if isinstance(unit, Mapping):
            named[code] = read_text(unit.get("base") or unit.get("label") or unit.get("symbol"))
            count = unit.get("decimals")
            if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 100:
                decimals[code] = count
        elif isinstance(unit, str):
            named[code] = read_text(unit)
    return {code: unit for code, unit in named.items() if unit}, decimals


def _guess_roles(dimensions: list[Dimension]) -> tuple[Dimension, ...]:
    """Find the time where no role tells it: by its name, else the only dimension of nothing but periods."""
    if any(dimension.role == "time" for dimension in dimensions):
        return tuple(dimensions)
    named = [d.code for d in dimensions if {d.code.casefold(), d.label.casefold()} & TIME_NAMES]
    dated = [d.code for d in dimensions if d.codes and all(is_period(code) for code in d.codes)]
    found = named if len(named) == 1 else dated if len(dated) == 1 else []
    return tuple(replace(d, role="time") if d.code in found else d for d in dimensions)


# --- cells ----------------------------------------------------------------------------------------------


def _read_cells(
    dataset: Mapping[str, Any], cells: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.object_] | None]:
    given = dataset.get("value")
    if isinstance(given, list):
        if len(given) != cells:
            raise RefusedFileError("jsonstat.size", cells=cells, values=len(given))
        values, texts = _read_values(given)
    elif isinstance(given, Mapping):
        positions = _read_positions(given, cells)
        some, texts_of_some = _read_values(list(given.values()))
        values = np.full(cells, np.nan)
        values[positions] = some
        texts = {int(positions[at]): text for at, text in texts_of_some.items()}
    else:
        raise RefusedFileError("jsonstat.no_dataset")
    return values, _read_statuses(dataset.get("status"), texts, cells)


def _read_positions(given: Mapping[str, Any], cells: int) -> npt.NDArray[np.int64]:
    try:
        positions = np.array([int(key) for key in given], dtype=np.int64)
    except (ValueError, OverflowError):
        raise RefusedFileError("jsonstat.size", cells=cells, values=len(given)) from None
    wrong = (positions < 0) | (positions >= cells)
    if wrong.any() or len(np.unique(positions)) < len(positions):
        raise RefusedFileError("jsonstat.size", cells=cells, values=len(given))
    return positions


def _read_values(given: list[Any]) -> tuple[npt.NDArray[np.float64], dict[int, str]]:
    """Return the numbers, and by position the words that stand where a number should."""
    kinds = set(map(type, given))
    if kinds <= {int, float, type(None)}:
        try:
            return np.array(given, dtype=np.float64), {}
        except OverflowError:  # an integer that no float can hold
            pass
    values = np.full(len(given), np.nan)
    texts: dict[int, str] = {}
    for at, value in enumerate(given):
        if value is None or isinstance(value, bool):
            continue
        try:
            values[at] = float(value)
        except (TypeError, ValueError, OverflowError):
            texts[at] = read_text(value)[:40]
    return values, texts


def _read_statuses(given: object, texts: Mapping[int, str], cells: int) -> npt.NDArray[np.object_] | None:
    if not given and not texts:
        return None
    statuses = np.full(cells, "", dtype=object)
    if isinstance(given, str):
        statuses[:] = _read_status(given)
    elif isinstance(given, list):
        if len(given) not in (1, cells):  # one status stands for every cell
            raise RefusedFileError("jsonstat.size", cells=cells, values=len(given))
        statuses[:] = _clean_statuses(given)
    elif isinstance(given, Mapping):
        statuses[_read_positions(given, cells)] = _clean_statuses(list(given.values()))
    for at, text in texts.items():
        statuses[at] = statuses[at] or text
    return statuses


def _clean_statuses(given: list[Any]) -> list[str]:
    clean: dict[str, str] = {}
    cleaned = []
    for status in given:
        key = status if isinstance(status, str) else read_text(status)
        if key not in clean:
            clean[key] = _read_status(key)
        cleaned.append(clean[key])
    return cleaned


def _read_status(status: object) -> str:
    return read_text(status)[:40]


def _tabulate_statuses(statuses: npt.NDArray[np.object_] | None, cells: int) -> Any:
    if statuses is None:
        return _take([None], np.zeros(cells, dtype=np.intp))
    positions, distinct = pd.factorize(statuses)
    return _take([text or None for text in distinct], positions)


def _take(texts: Sequence[str | None], position: npt.NDArray[np.intp]) -> Any:
    return pd.array(list(texts), dtype="string").take(position)


# --- what else a dataset tells ----------------------------------------------------------------------------


def _find_table_id(dataset: Mapping[str, Any], label: str) -> str:
    extension = dataset.get("extension")
    px = extension.get("px") if isinstance(extension, Mapping) else None
    if isinstance(px, Mapping) and isinstance(px.get("tableid"), str):
        return read_text(px["tableid"])
    number, colon, _rest = label.partition(":")
    return number if colon and number.isascii() and number.isdigit() else ""


def _read_notes(dataset: Mapping[str, Any]) -> tuple[str, ...]:
    notes = dataset.get("note")
    listed = notes if isinstance(notes, list) else list(notes.values()) if isinstance(notes, Mapping) else []
    return tuple(text for note in listed if (text := read_text(note)))
