"""Amounts of a waste report: which marks and units its cells have, and what a cell says in tonnes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from loaders.official.reportlayout import ReportPage, ReportRow, Section, known_unit
from loaders.quantities import (
    NumberStyle,
    Quantity,
    clean_words,
    find_number_style,
    is_unknown,
    read_quantity,
)
from loaders.rawtables import Cell

AMOUNTS = ("weight", "sum", "count", "volume")
"""Columns of amounts, the surest first."""
_PIECES = re.compile(r"[\d .,]+\s*(?:stk|stykk|pcs|tømming(?:er)?|kolli|sekk(?:er)?)\.?", re.IGNORECASE)


@dataclass(frozen=True)
class AmountStyle:
    """What the whole report tells: marks in its numbers, and a unit that its sums or a line above say."""

    number: NumberStyle
    unit: str


def find_amount_style(page: ReportPage) -> AmountStyle:
    """Return what all amounts of a report show of their marks and unit."""
    cells = [
        cell
        for section in page.sections
        for row in (*section.rows, *section.totals)
        for cell in (*(row.cells.get(name) for name in AMOUNTS), *row.parts.values())
    ]
    number = find_number_style(cells, point_is_decimal=page.point_is_decimal)
    unit = page.note_unit
    for section in page.sections:
        stated = clean_words(section.block.get("unit", "")).casefold()
        unit = unit or (stated if known_unit(stated) else "")
        for row in section.totals:
            for name in ("weight", "sum"):
                unit = unit or read_quantity(row.cells.get(name), number).unit
    return AmountStyle(number, unit)


def read_plain_amount(row: ReportRow, section: Section, style: AmountStyle, assumed: str) -> float | None:
    """Return the first amount of a row, in t or m3, without telling anything."""
    for name in AMOUNTS:
        read = read_amount_cell(row.cells.get(name), row, section, name, style, assumed)
        if read is not None and read[0] is not None:
            return read[0]
    return None


def guess_unit(section: Section, style: AmountStyle) -> str:
    """Return the unit that bare numbers have, where nothing says: kilograms, or tonnes where all are small
    and some have decimals."""
    cells = [cell for row in section.rows for cell in (row.cells.get("weight"), *row.parts.values())]
    read = [read_quantity(cell, style.number) for cell in cells]
    numbers = [abs(one.best) for one in read if one.best is not None and not one.unit]
    small = bool(numbers) and max(numbers) < 1000 and any(not number.is_integer() for number in numbers)
    return "tonn" if small else "kg"


def read_amount_cell(
    cell: Cell, row: ReportRow, section: Section, name: str, style: AmountStyle, assumed: str
) -> tuple[float | None, str, bool, Quantity] | None:
    """Return (amount or None for pieces, unit, unit was assumed, as read), None where nothing is readable."""
    if is_unknown(cell):
        return None
    if isinstance(cell, str) and _PIECES.fullmatch(clean_words(cell)):
        return None, "", False, Quantity()
    read = read_quantity(cell, style.number)
    if read.problem or read.best is None:
        return None
    stated = clean_words(row.cells.get("unit")) if not is_unknown(row.cells.get("unit")) else ""
    usual = {"volume": "m3", "count": "stk"}.get(name, "")
    header = section.units.get(name, "") or usual or section.units.get("weight", "")
    for word in (read.unit, stated, header, style.unit):
        known = known_unit(word) if word else None
        if known is not None:
            unit, factor = known
            return (read.best * factor if unit else None), unit, False, read
    unit, factor = known_unit(assumed) or ("t", 1.0)
    return read.best * factor, unit, True, read
