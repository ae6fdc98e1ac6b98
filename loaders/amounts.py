"""The three amounts of a stream row, in the schema's units a year; every conversion and doubt is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from loaders.layout import Grid, GridRow
from loaders.quantities import (
    PERIODS,
    UNITS,
    NumberStyle,
    Quantity,
    clean_words,
    find_number_style,
    is_unknown,
    read_quantity,
    read_tail,
)
from loaders.reporting import Reporter

AMOUNT_COLUMNS = ("amount_min", "amount_best", "amount_max")
_PERIOD_FACTORS = dict(PERIODS.values())


@dataclass(frozen=True)
class AmountStyle:
    """What the whole table tells about its amounts.

    Attributes
    ----------
    number : decimal and thousands marks of the amount columns together.
    usual_unit : unit as written that most amounts carry (``kg``), or empty: converting it is told once,
    not a row.
    """

    number: NumberStyle
    usual_unit: str = ""


@dataclass(frozen=True)
class Amounts:
    """Lowest, best and highest amount a year in `unit`; None is unknown."""

    low: float | None = None
    best: float | None = None
    high: float | None = None
    unit: str | None = None
    approximate: bool = False


def find_amount_style(grid: Grid, *, point_is_decimal: bool) -> AmountStyle:
    """Return marks and usual unit of all amounts of `grid`."""
    cells = [row.cells.get(column) for row in grid.rows for column in AMOUNT_COLUMNS]
    number = find_number_style(cells, point_is_decimal=point_is_decimal)
    written: Counter[str] = Counter()
    for row in grid.rows:
        units = {
            _written_unit(grid, row, column, read_quantity(row.cells.get(column), number))
            for column in AMOUNT_COLUMNS
        }
        written.update(units - {""})
    unit, count = written.most_common(1)[0] if written else ("", 0)
    return AmountStyle(number, unit if count * 2 > sum(written.values()) else "")


def _unit_cell(row: GridRow) -> str:
    cell = row.cells.get("unit")
    return "" if is_unknown(cell) else clean_words(cell)


def _written_unit(grid: Grid, row: GridRow, column: str, read: Quantity) -> str:
    if read.low is None and read.best is None and read.high is None:
        return ""
    if read.unit:
        return read.unit
    tail = read_tail(_unit_cell(row))
    if tail and tail[0]:
        return tail[0]
    header = grid.headers.get(column)
    return header.unit.casefold() if header is not None else ""


def read_amounts(
    grid: Grid, row: GridRow, style: AmountStyle, *, default_unit: str, report: Reporter
) -> Amounts:
    """Return the amounts of one row.

    Errors: ``row.amount_unreadable``, ``row.amount_date``, ``row.amount_negative``,
    ``row.amount_min_above_max``,
    ``row.unit_unknown``, ``row.units_differ``. Told: ``row.amount_ambiguous``, ``row.amount_converted``,
    ``row.amount_best_outside``, ``column.decimal_comma``, ``column.unit_assumed``,
    ``column.amount_approximate``.
    """
    tail = read_tail(_unit_cell(row))
    if tail is None:
        report("error", "row.unit_unknown", row.number, "unit", value=row.cells.get("unit"))
        return Amounts()
    found: dict[str, list[float]] = {"low": [], "best": [], "high": []}
    units: set[str] = set()
    approximate = False
    for column in AMOUNT_COLUMNS:
        cell = row.cells.get(column)
        read = read_quantity(cell, style.number)
        if read.problem:
            code = "row.amount_date" if read.problem == "amount.date" else "row.amount_unreadable"
            report("error", code, row.number, column, value=cell)
            continue
        numbers = {"low": read.low, "best": read.best, "high": read.high}
        if all(number is None for number in numbers.values()):
            continue
        if any(number is not None and number < 0 for number in numbers.values()):
            report("error", "row.amount_negative", row.number, column, value=cell)
            continue
        unit, factor = _find_factor(grid, row, column, read, tail, style, default_unit, report)
        units.add(unit)
        approximate = approximate or read.approximate
        if read.decimal_comma:
            report.once("column.decimal_comma", row.number, column, value=cell)
        if read.ambiguous:
            shown = next(number for number in numbers.values() if number is not None)
            report(
                "warning", "row.amount_ambiguous", row.number, column, value=cell, read_as=write_number(shown)
            )
        place = {"amount_min": "low", "amount_best": "best", "amount_max": "high"}[column]
        for part, number in numbers.items():
            if number is not None:
                found[place if part == "best" else part].append(round(number * factor, 9))
        if read.low is not None and read.high is not None and read.low > read.high:
            report(
                "error",
                "row.amount_min_above_max",
                row.number,
                column,
                value=cell,
                low=read.low,
                high=read.high,
            )
    if len(units) > 1:
        report("error", "row.units_differ", row.number, "unit", value=", ".join(sorted(units)))
        return Amounts()
    if approximate:
        report.once("column.amount_approximate", row.number, "amount_best")
    stated = UNITS[tail[0]][0] if tail[0] else None
    low, best, high = (found[part][0] if found[part] else None for part in ("low", "best", "high"))
    _check_order(row, low, best, high, report)
    return Amounts(low, best, high, units.pop() if units else stated, approximate)


def _find_factor(
    grid: Grid,
    row: GridRow,
    column: str,
    read: Quantity,
    tail: tuple[str, str],
    style: AmountStyle,
    default_unit: str,
    report: Reporter,
) -> tuple[str, float]:
    written = _written_unit(grid, row, column, read)
    if not written or written not in UNITS:
        report.once("column.unit_assumed", row.number, column, key=default_unit, unit=default_unit)
        unit, factor = default_unit, 1.0
    else:
        unit, factor = UNITS[written]
    header = grid.headers.get(column)
    period = read.period or tail[1] or (header.period if header is not None else "")
    times = _PERIOD_FACTORS.get(period, 1.0)
    if factor != 1 or times != 1:
        number = next(part for part in (read.best, read.low, read.high) if part is not None)
        read_as = f"{write_number(number * factor * times)} {unit}"
        if written == style.usual_unit and not read.period:
            report.once(
                "column.amount_converted", row.number, column, value=row.cells.get(column), read_as=read_as
            )
        else:
            report(
                "repaired",
                "row.amount_converted",
                row.number,
                column,
                value=row.cells.get(column),
                read_as=read_as,
            )
    return unit, factor * times


def write_number(number: float) -> str:
    """Return `number` with at most six decimals and never with an exponent: ``106.75``, ``1000000``."""
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _check_order(
    row: GridRow, low: float | None, best: float | None, high: float | None, report: Reporter
) -> None:
    if row.number in report.error_rows:
        return
    if low is not None and high is not None and low > high:
        shown = row.cells.get("amount_min")
        report("error", "row.amount_min_above_max", row.number, "amount_min", value=shown, low=low, high=high)
    elif best is not None and ((low is not None and best < low) or (high is not None and best > high)):
        report(
            "warning",
            "row.amount_best_outside",
            row.number,
            "amount_best",
            value=row.cells.get("amount_best"),
        )
