"""Waste reports as suppliers send them to firms -> facilities and streams with basis reported.

The door to the parts in :mod:`loaders.official`: ``reportlayout`` (is it a report, and where stands what),
``reportperiods``, ``reportgoods`` (NS 9431 groups and materials), ``reportamounts``, ``reportsites`` (whose
and where), ``reportlines`` (rows with tonnes), ``reportsums`` and ``reportyears`` (several years to one
stream).
:func:`loaders.members.read_members` recognises reports among a member's own files and reads them through
:func:`lay_out_reports`; :func:`read_waste_reports` gives the plain lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

import pandas as pd

from geodata.codetables import WasteCodes
from geodata.findings import Finding
from loaders.amounts import write_number
from loaders.codes import read_ns9431_groups, read_waste_codes
from loaders.headers import Header
from loaders.layout import Grid, GridRow
from loaders.official.reportgoods import GoodsReader
from loaders.official.reportlayout import ReportPage, add_cover, find_waste_report
from loaders.official.reportline import Line, Site, fold_words
from loaders.official.reportlines import read_lines, tell_corrections
from loaders.official.reportperiods import join_periods
from loaders.official.reportyears import Combined, combine_lines
from loaders.rawtables import Cell, Limits
from loaders.reporting import Reporter
from loaders.sandbox import ParsedFile, Upload, parse_file

__all__ = [
    "ReportPage",
    "ReportSheet",
    "WasteReportLines",
    "find_waste_report",
    "find_waste_reports",
    "lay_out_reports",
    "read_waste_reports",
]

_CANONICAL = (
    *("name", "organisation_number", "address", "postcode", "place", "municipality"),
    *("direction", "eal_code", "material", "description", "amount_min", "amount_best", "amount_max", "unit"),
    *("hazardous", "treatment", "basis", "reference", "reference_year", "note"),
)
_TITLES = {
    "material": ("item", "group", "number"),
    "amount_best": ("weight", "sum", "volume", "count"),
    "eal_code": ("eal",),
    "unit": ("unit",),
}
LINE_COLUMNS = (
    *(
        "file",
        "sheet",
        "row",
        "customer",
        "site",
        "organisation_number",
        "supplier",
        "group",
        "fraction",
        "material",
    ),
    *("amount", "unit", "first_day", "last_day"),
)


@dataclass
class ReportSheet:
    """One report on its way to members' tables.

    Attributes
    ----------
    grid : one row a stream, under schema columns; its numbers are rows of the file.
    report : what was found.
    stands_in : row of the file -> (index of the sheet, row of its grid) of the stream that it is part of.
    skipped : rows of fractions that are in no stream (sums, repeated periods, nothing delivered), each told.
    """

    grid: Grid
    report: Reporter
    stands_in: dict[int, tuple[int, int]] = field(default_factory=dict)
    skipped: int = 0


@dataclass(frozen=True)
class WasteReportLines:
    """`lines`: a table with :data:`LINE_COLUMNS`, amounts in t or m3 as `unit` says, days as ISO dates, <NA>
    where not known. `findings` as of members' files."""

    lines: pd.DataFrame
    findings: tuple[Finding, ...]


def read_waste_reports(
    sources: Iterable[Upload | Path | str], *, codes: WasteCodes | None = None, limits: Limits | None = None
) -> WasteReportLines:
    """Read waste reports to plain lines, without placing them or joining years.

    Parameters
    ----------
    sources : paths or uploads; each is parsed in the limited subprocess. Tables that are no report are left
        out.

    Raises
    ------
    RefusedFileError
        A file that cannot be opened; see :func:`loaders.sandbox.parse_file`.
    """
    pages: list[ReportPage] = []
    for source in sources:
        parsed = parse_file(source, limits=limits)
        pages += [page for page in find_waste_reports(parsed) if page is not None]
    goods = GoodsReader(codes or read_waste_codes(), read_ns9431_groups())
    rows: list[tuple[object, ...]] = []
    findings: list[Finding] = []
    for page in pages:
        sheet = _open_sheet(page, several=bool(page.sheet))
        lines, _ = read_lines(page, goods=goods, report=sheet.report, once=sheet.report.once)
        tell_corrections(lines, sheet.report.once)
        rows += [_tabulate(page, line) for line in lines]
        findings += sheet.report.flush()
    table = pd.DataFrame(rows, columns=list(LINE_COLUMNS)).astype("string")
    table = table.astype({"row": "Int64", "amount": "Float64"})
    return WasteReportLines(table.replace("", pd.NA), tuple(findings))


def find_waste_reports(parsed: ParsedFile) -> list[ReportPage | None]:
    """Return the waste report of each table of a file, None where it is none; a cover speaks for all."""
    point = parsed.raw.delimiter == ","
    pages = [find_waste_report(raw, file=parsed.name, point_is_decimal=point) for raw in parsed.raw.tables]
    others = [raw for raw, page in zip(parsed.raw.tables, pages, strict=True) if page is None]
    return [None if page is None else add_cover(page, others) for page in pages]


def _tabulate(page: ReportPage, line: Line) -> tuple[object, ...]:
    site, goods, period = line.site, line.goods, line.period
    days = (period.first.isoformat(), period.last.isoformat()) if period else (None, None)
    return (
        *(page.file, page.sheet, line.row, site.customer, site.site, site.organisation_number, line.supplier),
        *(goods.group, goods.shown, goods.material, line.amount, line.unit, *days),
    )


def lay_out_reports(
    pages: Sequence[tuple[ReportPage, bool]], *, codes: WasteCodes, groups: pd.DataFrame | None = None
) -> list[ReportSheet]:
    """Return each report as rows under schema columns, years of a site joined; in the order of `pages`.

    Parameters
    ----------
    pages : reports with whether their file has several sheets (which are then named in findings).
    codes, groups : waste codes and NS 9431 groups; groups are read when they are not given.
    """
    goods = GoodsReader(codes, read_ns9431_groups() if groups is None else groups)
    sheets: list[ReportSheet] = []
    lines: list[list[Line]] = []
    for page, several in pages:
        sheet = _open_sheet(page, several=several)
        own, skipped = read_lines(page, goods=goods, report=sheet.report, once=sheet.report.once)
        own = [line for line in own if line.row not in sheet.report.error_rows]
        sheet.skipped = skipped
        sheets.append(sheet)
        lines.append(own)
        _tell_whole(page, sheet, own)

    def tell(index: int, severity: str, code: str, row: int, **values: str | int | float) -> None:
        sheets[index].report(severity, code, row, None, **values)

    names = [page.file for page, _ in pages]
    streams = combine_lines(lines, tell=tell)
    crowded = _find_customers_with_sites(line.site for own in lines for line in own)
    taken_back: set[int] = set()
    for combined in streams:
        amounts = (combined.low, combined.best, combined.high)
        if any(amount is not None and amount < 0 for amount in amounts):
            _tell_taken_back(combined, sheets[combined.sheet])
            taken_back |= {id(line) for _, line in combined.lines}
            combined = replace(
                combined, low=_floor(amounts[0]), best=_floor(amounts[1]), high=_floor(amounts[2])
            )
            if not any(amount for amount in (combined.low, combined.best, combined.high)):
                continue
        _write_row(combined, sheets, names, crowded)
    for sheet, own in zip(sheets, lines, strict=True):
        tell_corrections((line for line in own if id(line) not in taken_back), sheet.report.once)
    for sheet, own in zip(sheets, lines, strict=True):
        rows = {line.row for line in own}
        sheet.skipped += len(rows - set(sheet.stands_in))
        sheet.grid.rows.sort(key=lambda row: row.number)
    return sheets


def _find_customers_with_sites(sites: Iterable[Site]) -> set[str]:
    """Return who has more than one site: their facilities need the sites' names to be told apart."""
    keys: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for site in sites:
        keys[site.key[0]].add(site.key)
    return {who for who, own in keys.items() if len(own) > 1}


def _floor(amount: float | None) -> float | None:
    return None if amount is None else max(amount, 0.0)


def _tell_taken_back(combined: Combined, sheet: ReportSheet) -> None:
    lowest = min(amount for _, amount in combined.periods if amount is not None)
    sheet.report(
        "warning", "wastereport.taken_back", combined.line.row, "amount_best",
        value=combined.line.goods.shown, amount=lowest, unit=combined.line.unit,
    )  # fmt: skip


def _open_sheet(page: ReportPage, *, several: bool) -> ReportSheet:
    titles: dict[str, str] = {}
    for section in page.sections:
        for name, title in section.titles.items():
            titles.setdefault(name, title)
    headers = {
        name: Header(next((titles[own] for own in _TITLES.get(name, ()) if own in titles), ""), name)
        for name in _CANONICAL
    }
    extra: dict[str, str | int | float] = {"sheet": page.sheet} if several and page.sheet else {}
    grid = Grid(page.file, page.sheet, page.sections[0].header_row, headers, [], None, 0, extra)
    return ReportSheet(grid, Reporter(grid))


def _tell_whole(page: ReportPage, sheet: ReportSheet, lines: list[Line]) -> None:
    periods = sorted({line.period for line in lines if line.period is not None and not line.dated})
    whole = join_periods(periods)
    periods = [whole] if whole is not None and len(periods) > 3 else periods
    tonnes = sum(line.amount or 0.0 for line in lines if line.unit == "t")
    written = ", ".join(period.written for period in periods[:3])
    sheet.report(
        "info",
        "wastereport.read",
        page.sections[0].header_row,
        None,
        value=next((line.site.customer or line.site.site for line in lines), None),
        period=(f"{written} …" if len(periods) > 3 else written) or "–",
        count=len({line.row for line in lines}),
        tonnes=round(tonnes, 3),
    )
    if lines and not any(
        line.site.customer or line.site.site or line.site.organisation_number for line in lines
    ):
        sheet.report("warning", "wastereport.customer_missing", page.sections[0].header_row, None)


def _write_row(
    combined: Combined, sheets: list[ReportSheet], names: list[str], several: AbstractSet[str]
) -> None:
    sheet = sheets[combined.sheet]
    amounts = (combined.low, combined.best, combined.high)
    if all(not amount for amount in amounts) and any(amount is not None for amount in amounts):
        sheet.report(
            "info", "wastereport.nothing", combined.line.row, "amount_best", value=combined.line.goods.shown
        )
        return
    number = combined.line.row
    for index, line in combined.lines:
        sheets[index].stands_in[line.row] = (combined.sheet, number)
    if combined.ended is not None:
        sheet.report(
            "info", "wastereport.not_in_latest", number, "material",
            value=combined.line.goods.shown, period=combined.ended.written,
        )  # fmt: skip
    cells: dict[str, Cell] = {
        name: cell for name, cell in _make_cells(combined, names, several).items() if cell not in ("", None)
    }
    sheet.grid.rows.append(GridRow(number, cells))


def _make_cells(combined: Combined, names: list[str], several: AbstractSet[str]) -> dict[str, Cell]:
    line = combined.line
    goods, site = line.goods, line.site
    files = list(dict.fromkeys(names[index] for index, _ in combined.lines))
    treatments = {one.treatment for _, one in combined.lines}
    period = combined.period
    return {
        "name": _name_site(site, names[combined.sheet], several=site.key[0] in several),
        "organisation_number": site.organisation_number,
        "address": site.address,
        "postcode": site.postcode,
        "place": site.place,
        "municipality": site.municipality,
        "direction": "offer",
        "eal_code": line.eal,
        "material": goods.material or ("" if line.eal else goods.words),
        "description": goods.shown,
        "amount_min": combined.low,
        "amount_best": combined.best,
        "amount_max": combined.high,
        "unit": line.unit,
        "hazardous": "true" if goods.hazardous else "",
        "treatment": treatments.pop() if len(treatments) == 1 else "",
        "basis": "reported",
        "reference": _write_reference(combined, files),
        "reference_year": period.year if period is not None and period.days <= 366 else None,
        "note": _write_note(combined),
    }


def _name_site(site: Site, file: str, *, several: bool) -> str:
    if not site.customer:
        return site.site_name or site.site or site.organisation_number or PurePath(file).stem
    if not site.site_name or (not several and (site.address or site.postcode)):
        return site.customer
    if f" {fold_words(site.customer)} " in f" {fold_words(site.site_name)} ":
        return site.site_name
    return f"{site.customer}, {site.site_name}"


def _write_reference(combined: Combined, files: list[str]) -> str:
    periods = [period.written for period, _ in combined.periods if period is not None]
    text = " ".join(["Avfallsrapport", ", ".join(periods)]).strip()
    supplier = f" fra {combined.line.supplier}" if combined.line.supplier else ""
    return f"{text}{supplier} ({', '.join(files)})"


def _write_note(combined: Combined) -> str:
    parts: list[str] = []
    unit = combined.line.unit
    if len(combined.periods) > 1 or combined.ended:
        told = [
            f"{period.written}: {write_number(amount).replace('.', ',')} {unit}"
            for period, amount in combined.periods
            if period is not None and amount is not None
        ]
        parts.append("; ".join(told))
    if combined.ended:
        parts.append(f"ikke i rapporten for {combined.ended.written}")
    period = combined.period
    if combined.kind in ("part", "long") and period is not None:
        parts.append(f"gjelder {period.written}, ikke ett år")
    if combined.kind == "undated":
        parts.append("rapporten sier ikke hvilken periode den gjelder")
    words = {
        line.treatment_words for _, line in combined.lines if line.treatment_words and not line.treatment
    }
    parts += sorted(words)[:3]
    text = "; ".join(filter(None, parts))
    return text[:1].upper() + text[1:]
