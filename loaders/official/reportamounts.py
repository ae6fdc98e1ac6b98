"""Amounts of a waste report: which marks and units its cells have, and what a cell says in tonnes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from loaders.official.reportlayout import ReportPage, ReportRow, Section
from loaders.official.reportperiods import Period
from loaders.official.reportunits import known_unit
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
_SHORT_TONNES = re.compile(r"(?<=[\d\s])(?:to|tn|tne|mt|tonner)\.?$", re.IGNORECASE)
_PIECES = re.compile(r"[\d .,]+\s*(?:stk|stykk|pcs|tømming(?:er)?|kolli|sekk(?:er)?)\.?", re.IGNORECASE)


@dataclass(frozen=True)
class AmountStyle:
    """What the whole report tells: marks in its numbers, and a unit that its sums or a line above say."""

    number: NumberStyle
    unit: str
    column_of_units: bool = False
    """Whether the column that is called unit holds at least one unit: ``Enhet`` may also name departments."""


class RowAmount(NamedTuple):
    """What one cell of a row says: an amount in `unit` (None: unknown), of which days, and how it is known.

    `dated` : the days are those of a pickup. `cell` : as it stands in the file. `unknown_unit` : the word in
    the column of units that is no known unit, or empty.
    """

    amount: float | None
    unit: str
    period: Period | None
    dated: bool
    cell: Cell
    unknown_unit: str = ""


class CellAmount(NamedTuple):
    """Amount in `unit`, None where it is unknown (pieces, or `unknown_unit`); `guessed` : nothing says the
    unit."""

    amount: float | None
    unit: str
    guessed: bool
    read: Quantity
    unknown_unit: str = ""


def find_amount_style(page: ReportPage) -> AmountStyle:
    """Return what all amounts of a report show of their marks and unit."""
    cells = [
        cell
        for section in page.sections
        for row in (*section.rows, *section.totals)
        for cell in (*(row.cells.get(name) for name in AMOUNTS), *row.parts.values())
    ]
    cells = [_plain_cell(cell) for cell in cells]
    number = find_number_style(cells, point_is_decimal=page.point_is_decimal)
    unit = page.note_unit
    for section in page.sections:
        stated = clean_words(section.block.get("unit", "")).casefold()
        unit = unit or (stated if known_unit(stated) else "")
        for row in section.totals:
            for name in ("weight", "sum"):
                unit = unit or read_quantity(_plain_cell(row.cells.get(name)), number).unit
    words = {clean_words(row.cells.get("unit")) for section in page.sections for row in section.rows}
    return AmountStyle(number, unit, any(known_unit(word) is not None for word in words if word))


def write_cell(cell: Cell) -> str | float:
    """Return a cell for a sentence: a spreadsheet's number as a number, a text with plain spaces."""
    return float(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) else clean_words(cell)


def _plain_cell(cell: Cell) -> Cell:
    """Suppliers' short words for tonnes behind a number, as the words that all amounts may have."""
    if not isinstance(cell, str):
        return cell
    text = clean_words(cell)
    return _SHORT_TONNES.sub("t", text) if _SHORT_TONNES.search(text) else cell


def read_plain_amount(row: ReportRow, section: Section, style: AmountStyle, assumed: str) -> float | None:
    """Return the first amount of a row, in t or m3, without telling anything."""
    for name in AMOUNTS:
        read = read_amount_cell(row.cells.get(name), row, section, name, style, assumed)
        if read is not None and read.amount is not None:
            return read.amount
    return None


def guess_unit(section: Section, style: AmountStyle) -> str:
    """Return the unit that bare numbers have, where nothing says: kilograms, or tonnes where all are small
    and some have decimals."""
    cells = [cell for row in section.rows for cell in (row.cells.get("weight"), *row.parts.values())]
    read = [read_quantity(_plain_cell(cell), style.number) for cell in cells]
    numbers = [abs(one.best) for one in read if one.best is not None and not one.unit]
    small = bool(numbers) and max(numbers) < 1000 and any(not number.is_integer() for number in numbers)
    return "tonn" if small else "kg"


def read_amount_cell(
    cell: Cell, row: ReportRow, section: Section, name: str, style: AmountStyle, assumed: str
) -> CellAmount | None:
    """Return what a cell of amounts says, None where nothing is readable.

    The unit is that of the cell, the column of units, the header, the report's sums; `assumed` where none
    of them is there. A word in the column of units that is no unit makes the amount unknown: it might be
    tonnes or kilograms.
    """
    if is_unknown(cell):
        return None
    if isinstance(cell, str) and _PIECES.fullmatch(clean_words(cell)):
        return CellAmount(None, "", False, Quantity())
    read = read_quantity(_plain_cell(cell), style.number)
    if read.problem or read.best is None:
        return None
    stated = clean_words(row.cells.get("unit")) if not is_unknown(row.cells.get("unit")) else ""
    own, usual = section.units.get(name, ""), {"volume": "m3", "count": "stk"}.get(name, "")
    header = own or usual or section.units.get("weight", "")
    if own and name != "count" and "count" in section.titles:
        stated = ""  # the unit beside a count is the count's: 3, container, 120 kg
    elif stated and not style.column_of_units and _may_name_departments(section) and (own or style.unit):
        stated = ""
    for word in (read.unit, stated, header, style.unit):
        known = known_unit(word) if word else None
        if known is not None:
            unit, factor = known
            return CellAmount(read.best * factor if unit else None, unit, False, read)
        if word and word is stated:
            return CellAmount(None, "", False, read, stated)
    unit, factor = known_unit(assumed) or ("t", 1.0)
    return CellAmount(read.best * factor, unit, True, read)


def _may_name_departments(section: Section) -> bool:
    return section.titles.get("unit", "").casefold().strip(" :.") in ("enhet", "eining", "unit")
