"""Sums and sorting rates of a waste report, held against its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from loaders.official.reportamounts import AmountStyle, RowAmount, guess_unit, read_amount_cell, write_cell
from loaders.official.reportgoods import RESIDUAL_MATERIALS
from loaders.official.reportlayout import ReportRow, Section
from loaders.official.reportline import Line, Report
from loaders.quantities import clean_words
from loaders.rawtables import Cell

SUM_TOLERANCE_SHARE = 0.002
SUM_TOLERANCE_T = 0.0015
"""A sum may differ from its rows by this share or by a kilogram and a half: reports round."""
RATE_TOLERANCE_POINTS = 0.6


def check_total(section: Section, style: AmountStyle, tonnes: float, so_far: float, report: Report) -> None:
    """Tell a sum that is neither that of its table nor of all tables so far."""
    assumed = guess_unit(section, style)
    stated: list[tuple[float, ReportRow, Cell]] = []
    for row in section.totals:
        for name in ("weight", "sum"):
            read = read_amount_cell(row.cells.get(name), row, section, name, style, assumed)
            if read is not None and read.amount is not None and read.unit == "t":
                stated.append((read.amount, row, row.cells.get(name)))
                break
        else:
            parts = [
                read_amount_cell(cell, row, section, "weight", style, assumed) for cell in row.parts.values()
            ]
            if any(part is not None for part in parts):
                total = sum(part.amount or 0.0 for part in parts if part is not None)
                stated.append((total, row, next(iter(row.parts.values()))))
    if not stated:
        return
    for amount, _, _ in stated:
        for own in (tonnes, so_far):
            if abs(amount - own) <= max(SUM_TOLERANCE_T, abs(amount) * SUM_TOLERANCE_SHARE):
                return
    amount, row, cell = max(stated, key=lambda one: one[0])
    report(
        "warning", "wastereport.sum_differs", row.number, "amount_best",
        value=cell, amount=write_cell(cell), tonnes=round(tonnes, 3),
    )  # fmt: skip


def check_sorting(section: Section, lines: list[Line], report: Report) -> None:
    """Tell whether the stated sorting rate is that of the rows, in one of the ways it is counted."""
    if section.sorting is None:
        return
    row, cell = section.sorting
    text = clean_words(cell)
    found = re.search(r"\d+(?:[.,]\d+)?", text)
    if found is None:
        return
    stated = float(found[0].replace(",", "."))
    stated = stated * 100 if stated <= 1 and "%" not in text else stated
    rates = [rate for rate in _sorting_rates(lines) if rate is not None]
    if not rates:
        return
    agrees = any(abs(rate - stated) <= RATE_TOLERANCE_POINTS for rate in rates)
    report(
        "info" if agrees else "warning",
        "wastereport.sorting_rate" if agrees else "wastereport.sorting_differs",
        row, None, value=cell, amount=write_cell(cell), percent=round(rates[0], 1),
    )  # fmt: skip


def _sorting_rates(lines: list[Line]) -> Iterator[float | None]:
    """The share that is not mixed waste: of all, without masses, without hazardous waste, without both."""
    for masses, hazardous in ((True, True), (False, True), (True, False), (False, False)):
        kept = [
            line
            for line in lines
            if (
                masses
                or line.goods.material
                not in ("clean_soil", "contaminated_soil", "soil_stone", "stone_gravel")
            )
            and (hazardous or not line.goods.hazardous)
        ]
        total = sum(line.amount or 0.0 for line in kept)
        mixed = sum(line.amount or 0.0 for line in kept if line.goods.material in RESIDUAL_MATERIALS)
        yield 100 * (1 - mixed / total) if total > 0 else None


def check_parts(
    section: Section,
    row: ReportRow,
    amounts: list[RowAmount],
    style: AmountStyle,
    assumed: str,
    report: Report,
) -> None:
    """Tell a row whose months are not its own sum."""
    if not all(month for _, month in section.parts.values()):
        return  # years beside a column of this year's amount
    for name in ("sum", "weight"):
        stated = read_amount_cell(row.cells.get(name), row, section, name, style, assumed)
        if stated is None or stated.amount is None:
            continue
        total = sum(one.amount or 0.0 for one in amounts)
        if abs(total - stated.amount) > max(SUM_TOLERANCE_T, abs(stated.amount) * SUM_TOLERANCE_SHARE):
            report(
                "warning", "wastereport.months_differ", row.number, "amount_best",
                value=row.cells.get(name), amount=write_cell(row.cells.get(name)), tonnes=round(total, 3),
            )  # fmt: skip
        return
