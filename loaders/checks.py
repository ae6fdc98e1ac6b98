"""Checks of whole tables: the schema (pandera, built from geodata.schemas), and rows against one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from geodata.findings import Finding, Severity
from geodata.schemas import TABLES, Column

_CODES = {
    "column_in_dataframe": "table.column_missing",
    "not_nullable": "table.value_missing",
    "field_uniqueness": "table.value_repeated",
}
_FEW = 5  # with fewer rows of a material the whole table is the measure
_FACTOR = 1000.0  # kilograms written as tonnes


def build_schema(name: str) -> pa.DataFrameSchema:
    """Return the pandera schema of table `name`, with one check for each demand of its :class:`Column`
    specs."""
    return pa.DataFrameSchema({column.name: _build_column(column) for column in TABLES[name]}, strict=False)


def _build_column(column: Column) -> pa.Column:
    checks = []
    if column.allowed:
        checks.append(pa.Check.isin(list(column.allowed), name="allowed"))
    if column.low is not None:
        checks.append(pa.Check.ge(column.low, name="range"))
    if column.high is not None:
        checks.append(pa.Check.le(column.high, name="range"))
    dtype = pd.api.types.pandas_dtype(column.dtype)
    return pa.Column(dtype, checks, nullable=not column.required, unique=column.unique, required=True)


def check_table(
    frame: pd.DataFrame,
    name: str,
    *,
    file: str | None = None,
    rows: Sequence[int] | None = None,
) -> list[Finding]:
    """Return every place where `frame` is not as :data:`geodata.schemas.TABLES` says, all at once.

    Parameters
    ----------
    file : told as the finding's file; the table's name when not given.
    rows : row number in the file of each row of `frame`, in order; its position + 1 when not given.

    Codes: ``table.column_missing``, ``table.type``, ``table.value_missing``, ``table.value_repeated``,
    ``table.value_not_allowed``, ``table.value_out_of_range``. All are errors.
    """
    plain = pd.DataFrame(frame).reset_index(drop=True)
    try:
        build_schema(name).validate(plain, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
    else:
        return []
    numbers = list(rows) if rows is not None else [position + 1 for position in range(len(plain))]
    findings: dict[tuple[str, int | None, str | None], Finding] = {}
    for case in cases.to_dict("records"):
        check = str(case["check"])
        column = str(case["column"]) if case["column"] is not None else None
        if check == "column_in_dataframe":
            column = str(case["failure_case"])
        code = _CODES.get(check) or ("table.type" if check.startswith("dtype") else None)
        if code is None:
            code = (
                "table.value_not_allowed"
                if check == "allowed" or "isin" in check
                else "table.value_out_of_range"
            )
        index = case["index"]
        row = None if index is None or pd.isna(index) else numbers[int(index)]
        shown = (
            None
            if code in ("table.column_missing", "table.value_missing")
            else str(case["failure_case"])[:80]
        )
        finding = Finding(Severity.ERROR, code, file or name, row, column, shown)
        findings.setdefault((code, row, column), finding)
    return list(findings.values())


@dataclass(frozen=True)
class OutOfLine:
    """An amount about a thousand times the others of its kind: position in the table and what it may
    have been."""

    position: int
    amount: float
    suggestion: float
    usual: float


def find_kilograms(streams: pd.DataFrame) -> list[OutOfLine]:
    """Find amounts that look like kilograms in a column of tonnes.

    An amount is told when, against the other rows of its material (of all rows where the material has
    fewer than
    five), it lies far above what they spread over, nothing lies near below it, and a thousandth of it
    fits among them.
    Spread is the median absolute deviation of log10, taken as at least 0.35 (a factor of 2.2).

    Parameters
    ----------
    streams : material, unit and amount_min, amount_best, amount_max.
    """
    best = streams["amount_best"].astype("Float64")
    amount = best.fillna(streams["amount_max"].astype("Float64")).fillna(
        streams["amount_min"].astype("Float64")
    )
    tonnes = (streams["unit"] == "t").fillna(False) & (amount > 0).fillna(False)
    positions = np.flatnonzero(tonnes.to_numpy(dtype=bool))
    if len(positions) < _FEW:
        return []
    values = np.log10(amount.to_numpy(dtype=float, na_value=np.nan)[positions])
    materials = streams["material"].astype("string").fillna("").to_numpy(dtype=object)[positions]
    found = []
    for place in np.flatnonzero(values > np.median(values) + 1.0):
        same = np.delete(values, place)[np.delete(materials, place) == materials[place]]
        others = same if len(same) >= _FEW - 1 else np.delete(values, place)
        middle = float(np.median(others))
        spread = max(0.35, 1.4826 * float(np.median(np.abs(others - middle))))
        # Other kilograms in the group must not hide this one: only the rows of the usual size are
        # compared with.
        usual = others[np.abs(others - middle) <= max(1.7, 2.5 * spread)]
        excess = values[place] - middle
        gap = values[place] - (usual.max() if len(usual) else middle)
        fits = abs(excess - np.log10(_FACTOR)) <= max(1.0, 2.5 * spread)
        if excess > max(1.7, 2.5 * spread) and gap > 0.8 and fits:
            value = 10 ** float(values[place])
            found.append(OutOfLine(int(positions[place]), value, value / _FACTOR, 10**middle))
    return found
