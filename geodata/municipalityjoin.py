"""Tables with municipality or county numbers of any year since 2017, joined to today's.

Two kinds of tables:

- of things (facilities): every row stays; the number of a divided municipality is settled by what the row
  says of its place, or asked for;
- of amounts: rows that are the same municipality today become one; what a divided municipality had is
  divided by a share that somebody chose, or asked for and left out, with the amount told.

Nothing is chosen in silence and nothing is lost: for each summed column, before = after + asked + hidden +
left out (:attr:`JoinResult.totals`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.errors import InvalidTableError
from geodata.findings import Finding
from geodata.municipalityreading import NumberReader, NumberReading
from geodata.municipalityshares import Parts
from geodata.municipalitytelling import ASIDE, ASKED_COLUMNS, TEXT_MARK, Chosen, Teller

__all__ = ["ADDED", "ASKED_COLUMNS", "TOTAL_COLUMNS", "JoinResult", "Measure", "join_municipalities"]

Measure = Literal["sum", "mean", "text"]
"""``sum``: amounts; ``mean``: rates and shares, weighted; ``text``: the distinct texts joined."""

NUMBER: Final = "municipality_number"
NAME: Final = "municipality_name"
STATUS: Final = "municipality_status"
CANDIDATES: Final = "municipality_candidates"
LACKS: Final = "municipality_lacks"
"""Column of a table of amounts where parts of divided municipalities are asked for: which ones."""
ADDED: Final = (NUMBER, NAME, STATUS, CANDIDATES)
"""Columns of a joined table; a county table has them too, with county numbers."""
TOTAL_COLUMNS: Final = ("column", "before", "after", "asked", "hidden", "left_out")

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Groups = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class JoinResult:
    """A joined table and all that was not joined.

    Attributes
    ----------
    table : of things: the rows as they were with :data:`ADDED` behind; of amounts: ``municipality_number``,
        ``municipality_name``, the keys and the measures, by number and keys, and :data:`LACKS` where
        something is asked for.
    asked : :data:`ASKED_COLUMNS` and the summed columns: rows that are not (wholly) in the table and what
        would settle each (``settles``: address, share, number).
    told : what was done, one finding a matter.
    totals : :data:`TOTAL_COLUMNS`, one row a summed column; ``hidden`` is what is known of sums that are
        unknown because one part is, ``left_out`` what stood in rows of sums.
    """

    table: pd.DataFrame
    asked: pd.DataFrame
    told: tuple[Finding, ...]
    totals: pd.DataFrame


def join_municipalities(
    table: pd.DataFrame,
    *,
    column: str,
    reader: NumberReader,
    measures: Mapping[str, Measure] | None = None,
    weight: str | None = None,
    year: int | None = None,
    year_column: str | None = None,
    column_years: Mapping[str, int] | None = None,
    shares: Parts | None = None,
    settled: pd.Series | None = None,
    rows: pd.Series | None = None,
    file: str = "",
) -> JoinResult:
    """Join a table to the municipalities (or counties) of today.

    Parameters
    ----------
    column : the column of numbers, as people write them.
    reader : what the numbers are, for municipalities or counties.
    measures : column -> how it is put together; ``None`` keeps every row (a table of things). Columns that
        are not named are keys: rows with different keys are kept apart.
    weight : the column that means are weighted by; it is summed.
    year, year_column, column_years : the year of the table, of each row, or of each measure (years as
        columns). Numbers are read whatever the year; a value in a year the number was not in use is told, and
        an empty cell there is no unknown.
    shares : as from :func:`geodata.municipalityshares.check_shares`; a share of 1 settles things too.
    settled : index of `table` -> today's number that a point, an address or a postcode of the row says.
    rows : index of `table` -> row in the file, for what is told.

    Raises
    ------
    InvalidTableError
        ``municipality.column_missing``, ``municipality.measure_text`` (a measure that is no number),
        ``municipality.weight_missing`` (means of several municipalities and nothing to weigh them by).
    """
    for name in (column, *(measures or ()), *filter(None, (weight, year_column))):
        if name not in table:
            raise InvalidTableError("municipality.column_missing", column=name)
    cells = table[column].tolist()
    years = _read_years(table, year, year_column)
    readings = [reader.read(cell, year=when) for cell, when in zip(cells, years, strict=True)]
    chosen = _choose(readings, table.index, settled, shares or {})
    numbers = table.index.tolist() if rows is None else rows.reindex(table.index).tolist()
    teller = Teller(file, column, cells, readings, numbers, reader)
    teller.tell_repairs()
    if measures is None:
        teller.tell_years(years, np.ones(len(table), dtype=bool))
        teller.tell_chosen(chosen)
        joined = _join_things(table, readings, chosen, reader)
        asked = teller.list_asked(chosen, table, [], things=True)
        totals = pd.DataFrame(columns=list(TOTAL_COLUMNS))
        return JoinResult(joined, asked, tuple(teller.findings), totals)
    kinds: dict[str, Measure] = {**measures, **({weight: "sum"} if weight else {})}
    summed = [name for name, kind in kinds.items() if kind == "sum"]
    numeric = {name: _read_numbers(table, name) for name, kind in kinds.items() if kind != "text"}
    used = _find_used(readings, years, kinds, column_years or {})
    teller.tell_years_of_measures(numeric, years, column_years or {})
    teller.tell_chosen(chosen)
    teller.tell_merged(chosen)
    keys = [str(name) for name in table.columns if name != column and name not in kinds]
    joined, hidden = _join_amounts(
        table, keys, kinds, numeric, used, chosen=chosen, weight=weight, teller=teller, reader=reader
    )
    asked = teller.list_asked(chosen, table, summed, things=False)
    joined = _mark_lacking(joined, readings, chosen, teller)
    totals = _count_totals(summed, numeric, joined, hidden, chosen, readings)
    return JoinResult(joined, asked, tuple(teller.findings), totals)


def _choose(
    readings: Sequence[NumberReading], index: pd.Index, settled: pd.Series | None, shares: Parts
) -> Chosen:
    said = [None] * len(readings) if settled is None else settled.reindex(index).tolist()
    chosen: Chosen = []
    for reading, by_place in zip(readings, said, strict=True):
        if len(reading.today) == 1:
            chosen.append(((reading.today[0], 1.0, "number"),))
        elif isinstance(by_place, str) and by_place in reading.today:
            chosen.append(((by_place, 1.0, "place"),))
        elif reading.status == "split" and reading.number in shares:
            parts = [(number, share) for number, share in shares[reading.number] if share > 0]
            chosen.append(tuple((number, share, "share") for number, share in parts))
        else:
            chosen.append(())
    return chosen


# --- tables of things -----------------------------------------------------------------------------


def _join_things(
    table: pd.DataFrame, readings: Sequence[NumberReading], chosen: Chosen, reader: NumberReader
) -> pd.DataFrame:
    numbers = [parts[0][0] if len(parts) == 1 else None for parts in chosen]
    names = [reader.labels.get(number) if number else None for number in numbers]
    states = ["settled" if parts and parts[0][2] != "number" and number else reading.status
              for parts, number, reading in zip(chosen, numbers, readings, strict=True)]  # fmt: skip
    candidates = [
        TEXT_MARK.join(reader.label(one) for one in reading.today) if number is None else None
        for number, reading in zip(numbers, readings, strict=True)
    ]
    added = pd.DataFrame(
        {NUMBER: numbers, NAME: names, STATUS: states, CANDIDATES: [c or None for c in candidates]},
        index=table.index,
        dtype="string",
    )
    kept = table.rename(columns={name: f"{name}_file" for name in ADDED if name in table})
    return pd.concat([kept, added], axis=1)


# --- tables of amounts ----------------------------------------------------------------------------


def _join_amounts(
    table: pd.DataFrame,
    keys: list[str],
    kinds: Mapping[str, Measure],
    numeric: Mapping[str, Floats],
    used: Mapping[str, Bools],
    *,
    chosen: Chosen,
    weight: str | None,
    teller: Teller,
    reader: NumberReader,
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the table by today's number and keys, and what is known of unknown sums, by column."""
    spread = [(at, number, share) for at, parts in enumerate(chosen) for number, share, _how in parts]
    at = np.array([row for row, _, _ in spread], dtype=np.intp)
    part = np.array([share for _, _, share in spread], dtype=float)
    frame = table[keys].iloc[at].reset_index(drop=True)
    frame.insert(0, _free(NUMBER, keys), [number for _, number, _ in spread])
    by = list(frame.columns)
    grouped = frame.groupby(by, dropna=False, sort=False, observed=True)
    group: Groups = grouped.ngroup().to_numpy(dtype=np.intp)
    out = frame.drop_duplicates(subset=by).reset_index(drop=True)
    size = len(out)
    weighing = None if weight is None else numeric[weight][at] * part
    hidden: dict[str, float] = {}
    for name, kind in kinds.items():
        if kind == "text":
            out[name] = _join_texts(table[name].iloc[at].tolist(), group, size)
            continue
        values, idle = numeric[name][at], ~used[name][at] & np.isnan(numeric[name][at])
        if kind == "sum":
            sums, known = _sum_groups(values * part, idle, group, size)
            hidden[name] = float(np.sum(known[np.isnan(sums)]))
            hiding = np.isnan(sums) & (known != 0)
            teller.tell_unknown_sums(name, out[by[0]].astype(str)[hiding].tolist())
            whole = bool(np.all(part == 1.0)) and bool(np.all(values[~np.isnan(values)] % 1 == 0))
            out[name] = pd.array(sums, dtype="Float64").astype("Int64" if whole else "Float64")
        else:
            if weighing is None and _has_company(idle, group, size):
                raise InvalidTableError("municipality.weight_missing", column=name)
            means = _mean_groups(values, weighing, idle, group, size)
            out[name] = pd.array(means, dtype="Float64")
    out.insert(1, _free(NAME, list(out.columns)), out[by[0]].map(reader.labels).astype("string"))
    out[by[0]] = out[by[0]].astype("string")
    out = out.sort_values(by[0], kind="stable").reset_index(drop=True)
    return out[[*out.columns[:2], *[c for c in table.columns if c in out.columns[2:]]]], hidden


def _mark_lacking(
    joined: pd.DataFrame, readings: Sequence[NumberReading], chosen: Chosen, teller: Teller
) -> pd.DataFrame:
    """Return the table with a column that names the divided ones of which a part is lacking."""
    lacks: dict[str, dict[str, None]] = {}
    for reading, parts in zip(readings, chosen, strict=True):
        if not parts and reading.status == "split":
            for number in reading.today:
                lacks.setdefault(number, {})[f"{reading.number} {reading.name}".strip()] = None
    numbers = joined.iloc[:, 0]
    if not numbers.isin(list(lacks)).any():
        return joined
    teller.tell_lacking(int(numbers[numbers.isin(list(lacks))].nunique()))
    named = numbers.map({number: TEXT_MARK.join(found) for number, found in lacks.items()})
    return joined.assign(**{_free(LACKS, list(joined.columns)): named.astype("string")})


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _sum_groups(values: Floats, idle: Bools, group: Groups, size: int) -> tuple[Floats, Floats]:
    """Return sums (NaN where a part is unknown) and what is known of each."""
    unknown = np.bincount(group[np.isnan(values) & ~idle], minlength=size) > 0
    counted = np.bincount(group[~idle], minlength=size)
    known = np.bincount(group, weights=np.nan_to_num(values), minlength=size)
    sums = np.asarray(known, dtype=np.float64)
    return np.where(unknown | (counted == 0), np.nan, sums), sums


def _mean_groups(values: Floats, weighing: Floats | None, idle: Bools, group: Groups, size: int) -> Floats:
    counted = np.bincount(group[~idle], minlength=size)
    alone = np.full(size, np.nan)
    alone[group[~idle]] = values[~idle]
    if weighing is None:
        return alone
    live = ~idle
    weights = np.where(live, weighing, 0.0)
    above = np.bincount(group, weights=np.where(live, weights * values, 0.0), minlength=size)  # NaN spreads
    below = np.bincount(group, weights=weights, minlength=size)
    means = np.divide(above, below, out=np.full(size, np.nan), where=below != 0)
    return np.where(counted == 1, alone, means)


def _has_company(idle: Bools, group: Groups, size: int) -> bool:
    return bool(np.any(np.bincount(group[~idle], minlength=size) > 1))


def _join_texts(values: Sequence[Any], group: Groups, size: int) -> pd.Series:
    found: list[dict[str, None]] = [{} for _ in range(size)]
    for value, at in zip(values, group.tolist(), strict=True):
        if not (value is None or value is pd.NA or value != value):
            found[at][str(value)] = None
    return pd.Series([TEXT_MARK.join(texts) or None for texts in found], dtype="string")


def _count_totals(
    summed: Sequence[str],
    numeric: Mapping[str, Floats],
    joined: pd.DataFrame,
    hidden: Mapping[str, float],
    chosen: Chosen,
    readings: Sequence[NumberReading],
) -> pd.DataFrame:
    aside = np.array([r.status in ASIDE for r in readings], dtype=bool)
    asked = np.array([not parts for parts in chosen], dtype=bool) & ~aside
    rows = []
    for name in summed:
        values = np.nan_to_num(numeric[name])
        after = float(np.nansum(joined[name].to_numpy(dtype=float, na_value=np.nan)))
        rows.append(
            (name, float(values.sum()), after, float(values[asked].sum()), hidden[name],
             float(values[aside].sum()))
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(TOTAL_COLUMNS)).astype({"column": "string"})


# --- years and numbers ----------------------------------------------------------------------------


def _read_years(table: pd.DataFrame, year: int | None, year_column: str | None) -> list[int | None]:
    if year_column is None:
        return [year] * len(table)
    texts = table[year_column].astype("string").str.extract(r"\b((?:19|20)\d\d)\b", expand=False)
    return [None if pd.isna(text) else int(str(text)) for text in texts.tolist()]


def _find_used(
    readings: Sequence[NumberReading],
    years: Sequence[int | None],
    kinds: Mapping[str, Measure],
    column_years: Mapping[str, int],
) -> dict[str, Bools]:
    """Return for each measure whether each row's number was in use in the year of the value."""
    by_row = np.array([r.is_used(y) for r, y in zip(readings, years, strict=True)], dtype=bool)
    found = {}
    for name in kinds:
        if name in column_years:
            found[name] = np.array([r.is_used(column_years[name]) for r in readings], dtype=bool)
        else:
            found[name] = by_row
    return found


def _read_numbers(table: pd.DataFrame, name: str) -> Floats:
    try:
        numbers = pd.to_numeric(table[name], errors="raise")
    except (ValueError, TypeError) as error:
        raise InvalidTableError("municipality.measure_text", column=name) from error
    return np.asarray(numbers.to_numpy(dtype=np.float64, na_value=np.nan))
