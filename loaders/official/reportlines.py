"""Rows of a waste report as lines with tonnes and days, everything mended, assumed or unlike itself told."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from loaders.amounts import write_number
from loaders.official.reportamounts import (
    AMOUNTS,
    AmountStyle,
    RowAmount,
    find_amount_style,
    guess_unit,
    read_amount_cell,
    read_plain_amount,
    write_cell,
)
from loaders.official.reportgoods import Goods, GoodsReader, is_service
from loaders.official.reportlayout import ReportPage, ReportRow, Section
from loaders.official.reportline import Line, Report, Site
from loaders.official.reportperiods import Period, make_month, make_year, read_date, read_period
from loaders.official.reportsites import read_site
from loaders.official.reportsums import SUM_TOLERANCE_T, check_parts, check_sorting, check_total
from loaders.quantities import clean_words, is_unknown
from loaders.rawtables import Cell
from loaders.vocabulary import read_word

_SITE_CELLS = (
    *("customer", "site", "organisation_number", "address", "postcode", "place", "postal", "municipality"),
)


def read_lines(
    page: ReportPage, *, goods: GoodsReader, report: Report, once: Callable[..., None]
) -> tuple[list[Line], int]:
    """Return the lines of a page and how many rows were skipped (sums of groups, rows without an amount)."""
    style = find_amount_style(page)
    lines: list[Line] = []
    skipped = 0
    total_so_far = 0.0
    for section in page.sections:
        own, left_out = _read_section(page, section, style, goods, report, once)
        lines += own
        skipped += left_out
        tonnes = sum(line.amount or 0.0 for line in own if line.unit == "t")
        total_so_far += tonnes
        check_total(section, style, tonnes, total_so_far, report)
        check_sorting(section, [line for line in own if line.unit == "t"], report)
    _tell_unknown_units(lines, report)
    return lines, skipped


def tell_corrections(lines: Iterable[Line], once: Callable[..., None]) -> None:
    """Tell amounts below zero: suppliers take back what was weighed or written wrongly."""
    for line in lines:
        if line.amount is not None and line.amount < 0:
            shown = write_cell(line.cell)
            once("wastereport.correction", line.row, "amount_best", value=line.cell, amount=shown)


def _tell_unknown_units(lines: Iterable[Line], report: Report) -> None:
    rows: dict[str, list[int]] = defaultdict(list)
    for line in lines:
        if line.unknown_unit:
            rows[line.unknown_unit].append(line.row)
    for word, found in rows.items():
        report("warning", "wastereport.unit_unknown", found[0], "unit", value=word, count=len(found))


def _read_section(
    page: ReportPage,
    section: Section,
    style: AmountStyle,
    goods: GoodsReader,
    report: Report,
    once: Callable[..., None],
) -> tuple[list[Line], int]:
    period, supplier = _find_period(page, section), section.block.get("supplier", "")[:80]
    block_site = read_site(section.block, {}, report)
    rows = list(_inherit_groups(section.rows))
    assumed = guess_unit(section, style)
    subtotals = _find_subtotals(section, rows, style, assumed)
    lines: list[Line] = []
    sites: dict[tuple[Cell, ...], Site] = {}
    skipped = 0
    for row in rows:
        what = goods.read(row.cells.get("group"), row.cells.get("item"), row.cells.get("number"))
        if what is None or row.number in subtotals:
            skipped += 1
            code = "row.total_skipped" if what is not None else "row.remark_skipped"
            report("info", code, row.number, None, value=what.shown if what else None)
            continue
        site = block_site
        if any(name in row.cells for name in _SITE_CELLS):
            said = tuple(row.cells.get(name) for name in _SITE_CELLS)
            if said not in sites:
                sites[said] = read_site(section.block, row.cells, report)
            site = sites[said]
        treatment = clean_words(row.cells.get("treatment"))[:80]
        made = _read_row(section, row, style, assumed, period, report, once)
        if made and is_service(what) and all(one.amount is None for one in made):
            report("info", "row.remark_skipped", row.number, None, value=what.shown)
            made = None
        if made is None:
            skipped += 1
            continue
        _tell_goods(what, row, section, once)
        for one in made:
            lines.append(
                Line(
                    row.number,
                    site,
                    supplier,
                    what,
                    one.amount,
                    one.unit,
                    one.period,
                    row.cells.get("eal"),
                    read_word("treatment", treatment) or "" if treatment else "",
                    treatment,
                    one.dated,
                    one.cell,
                    one.unknown_unit,
                )
            )
    return lines, skipped


def _inherit_groups(rows: list[ReportRow]) -> Iterator[ReportRow]:
    """A group stands only in its first row in many reports; the rows below are of it too."""
    above: Cell = None
    for row in rows:
        group = row.cells.get("group")
        if is_unknown(group) and above is not None and (row.cells.get("item") or row.cells.get("number")):
            row = ReportRow(row.number, {**row.cells, "group": above}, row.parts)
        above = group if not is_unknown(group) else above
        yield row


def _find_subtotals(section: Section, rows: list[ReportRow], style: AmountStyle, assumed: str) -> set[int]:
    """A row that names only a group and equals the rows of items below it is their sum."""
    plain = {row.number: row for row in section.rows}
    found: set[int] = set()
    for position, row in enumerate(rows):
        if (
            is_unknown(plain[row.number].cells.get("group"))
            or row.cells.get("item")
            or row.cells.get("number")
        ):
            continue
        below: list[float] = []
        for later in rows[position + 1 :]:
            same = later.cells.get("group") == row.cells.get("group")
            if not same or not (later.cells.get("item") or later.cells.get("number")):
                break
            below.append(read_plain_amount(later, section, style, assumed) or 0.0)
        own = read_plain_amount(row, section, style, assumed)
        if below and own is not None and abs(sum(below) - own) <= max(SUM_TOLERANCE_T, own * 0.005):
            found.add(row.number)
    return found


def _read_row(
    section: Section,
    row: ReportRow,
    style: AmountStyle,
    assumed: str,
    period: Period | None,
    report: Report,
    once: Callable[..., None],
) -> list[RowAmount] | None:
    """Return the amount of each period of a row, None where it holds none."""
    amounts: list[RowAmount] = []
    year = period.year if period is not None else 0
    for index, (part_year, month) in section.parts.items():
        cell = row.parts.get(index)
        made = _read_and_tell(cell, row, section, "weight", style, assumed, report, once)
        if made is None:
            continue
        at = part_year or year
        days = (make_month(at, month) if month else _clip_year(at, period)) if at else None
        amounts.append(made._replace(period=days))
    if row.number in getattr(report, "error_rows", ()):
        return []
    if section.parts:
        if amounts:
            check_parts(section, row, amounts, style, assumed, report)
            return amounts
        return None
    own = read_period(row.cells.get("period")) if "period" in row.cells else None
    day = read_date(row.cells.get("date"))
    for name in AMOUNTS:
        made = _read_and_tell(row.cells.get(name), row, section, name, style, assumed, report, once)
        if row.number in getattr(report, "error_rows", ()):
            return []
        if made is not None:
            pieces = made.amount is None
            if pieces and any(other in row.cells for other in AMOUNTS[AMOUNTS.index(name) + 1 :]):
                continue  # perhaps a weight or a volume stands beside the count
            when = own or period or (Period(day, day) if day else None)
            return [made._replace(period=when, dated=own is None and period is None and day is not None)]
    report("info", "row.remark_skipped", row.number, None, value=_first_text(row))
    return None


def _clip_year(year: int, period: Period | None) -> Period:
    """A report until September has nine months in the column of its last year."""
    whole = make_year(year)
    if period is None or not period.first.year <= year <= period.last.year:
        return whole
    return Period(max(whole.first, period.first), min(whole.last, period.last))


def _first_text(row: ReportRow) -> str | None:
    return next((str(cell) for cell in row.cells.values() if isinstance(cell, str)), None)


def _read_and_tell(
    cell: Cell,
    row: ReportRow,
    section: Section,
    name: str,
    style: AmountStyle,
    assumed: str,
    report: Report,
    once: Callable[..., None],
) -> RowAmount | None:
    if is_unknown(cell):
        return None
    made = read_amount_cell(cell, row, section, name, style, assumed)
    if made is None:
        report("error", "row.amount_unreadable", row.number, "amount_best", value=cell)
        return None
    shown, read = write_cell(cell), made.read
    if made.amount is None and not made.unknown_unit:
        once("wastereport.pieces", row.number, "amount_best", value=cell, amount=shown)
    if made.guessed:
        once(
            "wastereport.unit_assumed", row.number, "amount_best",
            value=cell, amount=shown, unit=assumed, key=assumed,
        )  # fmt: skip
    if read.ambiguous and read.best is not None:
        report(
            "warning", "row.amount_ambiguous", row.number, "amount_best",
            value=cell, read_as=write_number(read.best),
        )  # fmt: skip
    return RowAmount(made.amount, made.unit or "t", None, False, cell, made.unknown_unit)


def _tell_goods(what: Goods, row: ReportRow, section: Section, once: Callable[..., None]) -> None:
    column = "material"
    if what.other_number:
        once("wastereport.number_differs", row.number, column, value=what.shown, group=what.group)
    if what.other_material:
        once("wastereport.words_differ", row.number, column, value=what.shown, group=what.group)
    if what.from_series:
        once("wastereport.hazardous_number", row.number, column, value=what.shown)


def _find_period(page: ReportPage, section: Section) -> Period | None:
    block = section.block
    first, last = read_date(block.get("from")), read_date(block.get("to"))
    if first and last and first <= last:
        return Period(first, last)
    header = " ".join(title for name, title in section.titles.items() if name in AMOUNTS)
    texts = (block.get("period"), page.title, header if re.search(r"\d{4}", header) else "", page.sheet)
    for text in texts:
        period = read_period(text) if text else None
        if period is not None:
            return period
    named = re.search(r"(?<!\d)(20\d\d)(?!\d)", page.file)
    return (
        make_year(int(named[1])) if named and not any("date" in row.cells for row in section.rows) else None
    )
