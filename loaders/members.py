# ruff: noqa: E501, SIM905  (word lists are easier to read in whole lines)
"""Members' own files -> facilities and streams, with a finding for everything that was wrong, mended or
assumed.

``read_members([path, Upload(name, content), ...])`` reads any number of files together: streams in one
file may
belong to facilities in another. For every file ``rows_in == rows_loaded + rows_with_errors``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geodata.codetables import WasteCodes
from geodata.errors import InvalidTableError, RefusedFileError
from geodata.findings import Finding, Severity
from geodata.results import RegionTables
from geodata.schemas import FACILITIES, STREAMS, WGS84, conform_table, empty_table
from loaders.amounts import write_number
from loaders.checks import check_table, find_kilograms
from loaders.facilityrows import FacilityRow, Value, read_facilities
from loaders.layout import Grid, GridRow, lay_out
from loaders.rawtables import CRS_MISSING, Limits, Note, RawFile
from loaders.references import References
from loaders.registry import Registry
from loaders.reporting import Reporter
from loaders.sandbox import ParsedFile, Upload, parse_file
from loaders.streamrows import StreamRow, read_streams
from loaders.templates import TITLES
from loaders.wastereports import ReportPage, ReportSheet, find_waste_reports, lay_out_reports

Source = Upload | Path | str | tuple[str, bytes]

_HELP_SHEETS = {title.casefold() for title in TITLES["help"]}
_STREAM_ONLY = frozenset(column.name for column in STREAMS) - {column.name for column in FACILITIES}
_WHO = ("facility_id", "organisation_number", "name")


@dataclass(frozen=True)
class FileSummary:
    """What became of one file.

    Attributes
    ----------
    file, digest : its own name and SHA-256 (empty where it was refused before it was read).
    format, encoding, delimiter, crs : how it was read; empty where that does not apply.
    kinds : what its tables held: ``facilities``, ``streams``, ``both``.
    rows_in : data rows; rows_skipped : sums, remarks and repeated headers, which are told and not counted in.
    rows_loaded, rows_with_errors : add up to `rows_in`.
    facilities, streams : how many of each came out of it.
    refused : nothing could be read.
    """

    file: str
    digest: str = ""
    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    crs: str = ""
    kinds: tuple[str, ...] = ()
    rows_in: int = 0
    rows_loaded: int = 0
    rows_with_errors: int = 0
    rows_skipped: int = 0
    facilities: int = 0
    streams: int = 0
    refused: bool = False


@dataclass(frozen=True)
class MemberFiles:
    """What was read of all files together: tables as in :mod:`geodata.schemas`, findings, one summary a
    file."""

    tables: RegionTables
    findings: tuple[Finding, ...]
    files: tuple[FileSummary, ...]

    @property
    def has_errors(self) -> bool:
        """Whether a row or a file was not loaded."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


@dataclass
class _Table:
    """One usable table on its way: its grid, its reporter, and what its rows became."""

    grid: Grid
    report: Reporter
    kind: str
    parsed: ParsedFile
    position: int
    facilities: list[FacilityRow]
    streams: list[StreamRow]
    facility_of: dict[int, str]
    sheet: ReportSheet | None = None
    """Of a supplier's waste report, whose rows are streams that several rows and files may stand behind."""


def read_members(
    sources: Iterable[Source],
    *,
    municipalities: gpd.GeoDataFrame | None = None,
    codes: WasteCodes | None = None,
    references: References | None = None,
    known: RegionTables | None = None,
    keep_dataset: bool = False,
    limits: Limits | None = None,
    accepted: Mapping[str, str] | None = None,
) -> MemberFiles:
    """Read members' files; nothing in a file raises, whatever it holds.

    Parameters
    ----------
    sources : paths, :class:`~loaders.sandbox.Upload` or (name, bytes).
    municipalities, codes : embedded tables, read when not given; `references` replaces both.
    known : tables whose facilities streams may refer to (they are not loaded again).
    keep_dataset : keep the column `dataset` of a file (read back an export) instead of writing ``own``.
    limits : what one file may cost.
    accepted : text (:func:`loaders.streamrows.accepted_key`) -> code that a person chose for it.

    Returns
    -------
    :class:`MemberFiles`; refused files are findings with severity error and no row.
    """
    references = references or References(municipalities=municipalities, codes=codes)
    findings: list[Finding] = []
    parsed: list[tuple[int, ParsedFile]] = []
    summaries: dict[int, FileSummary] = {}
    for position, source in enumerate(sources):
        upload = Upload(*source) if isinstance(source, tuple) else source
        try:
            parsed.append((position, parse_file(upload, limits=limits)))
        except RefusedFileError as error:
            name = str(error.values.get("file", "?"))
            values = {key: value for key, value in error.values.items() if key != "file"}
            findings.append(Finding(Severity.ERROR, error.code, name, values=values))
            summaries[position] = FileSummary(name, refused=True)
    tables: list[_Table] = []
    reports: list[tuple[int, ParsedFile, ReportPage]] = []
    for position, file in parsed:
        found, usable = _lay_out_file(file, position, reports)
        findings += found
        tables += usable
    tables += _lay_out_reports(reports, references)
    _settle_kinds(tables, known)
    dataset = None if keep_dataset else "own"
    registry = Registry()
    if known is not None:
        registry.add_known(known.facilities)
    for table in tables:
        _read_rows(table, references=references, dataset=dataset, accepted=accepted)
    for own_table in (True, False):  # lists of facilities first: streams refer to them
        for table in tables:
            if table.kind == ("facilities" if own_table else "both"):
                _register(table, registry, own_table=own_table)
    streams = _attach_streams(tables, registry)
    result = _build_tables(registry, streams, tables)
    sheets = [table for table in tables if table.sheet is not None]
    for position, file in parsed:
        own = [table for table in tables if table.position == position]
        summaries[position] = _summarise(file, own, registry, streams, sheets)
    for table in tables:
        findings += table.report.flush()
    return MemberFiles(result, tuple(findings), tuple(summaries[position] for position in sorted(summaries)))


# --- tables of a file -----------------------------------------------------------------------------


def _lay_out_file(
    file: ParsedFile, position: int, reports: list[tuple[int, ParsedFile, ReportPage]]
) -> tuple[list[Finding], list[_Table]]:
    """Return what was found and the tables of a file; its waste reports are added to `reports`."""
    findings = [_read_note(note, file.name) for note in file.raw.notes]
    several = len(file.raw.tables) > 1
    usable: list[_Table] = []
    pages: list[ReportPage] = []
    idle: list[tuple[str, Grid | None]] = []
    for raw, page in zip(file.raw.tables, find_waste_reports(file), strict=True):
        if not raw.rows:
            continue
        if several and raw.name.casefold() in _HELP_SHEETS:
            idle.append((raw.name, None))
            continue
        if page is not None:
            pages.append(page)
            findings += [_read_note(note, file.name) for note in raw.notes]
            continue
        grid, told = lay_out(raw, file=file.name, several=several)
        if grid is None or not grid.kind:
            idle.append((raw.name, grid))
            continue
        findings += [_read_note(note, file.name) for note in raw.notes]
        if grid.crs == CRS_MISSING and "geometry_x" not in grid.headers:
            grid = Grid(**{**grid.__dict__, "crs": None})
        report = Reporter(grid)
        report.findings += told
        if not grid.rows:
            report("warning", "file.no_rows", grid.header_row or None)
        usable.append(_Table(grid, report, grid.kind, file, position, [], [], {}))
    reports += [(position, file, page) for page in pages]
    if usable or pages:
        findings += [
            Finding(Severity.INFO, "sheet.skipped", file.name, values={"sheet": name}) for name, _ in idle
        ]
    else:
        known = next((grid for _, grid in idle if grid is not None), None)
        if known is None:
            findings.append(Finding(Severity.ERROR, "file.no_header", file.name))
        else:
            read = ", ".join(header.text for header in known.headers.values())
            findings.append(
                Finding(
                    Severity.ERROR,
                    "file.columns_missing",
                    file.name,
                    known.header_row or None,
                    values={"read": read[:200]},
                )
            )
    return findings, usable


def _lay_out_reports(
    reports: list[tuple[int, ParsedFile, ReportPage]], references: References
) -> list[_Table]:
    """Reports of several years, in whatever files, are one table of streams each, joined with one another."""
    if not reports:
        return []
    pages = [(page, len(file.raw.tables) > 1) for _, file, page in reports]
    return [
        _Table(sheet.grid, sheet.report, "both", file, position, [], [], {}, sheet)
        for (position, file, _), sheet in zip(
            reports, lay_out_reports(pages, codes=references.codes), strict=True
        )
    ]


def _read_note(note: Note, file: str) -> Finding:
    return Finding(Severity(note.severity), note.code, file, note.row, values=dict(note.values))


def _settle_kinds(tables: list[_Table], known: RegionTables | None) -> None:
    """A list of streams with firms' names and no list of facilities beside it gives the facilities as
    well."""
    placed = any(table.kind in ("facilities", "both") for table in tables if table.sheet is None) or (
        known is not None and len(known.facilities) > 0
    )
    for table in tables:
        columns = table.grid.headers
        if table.kind == "streams" and not placed and "name" in columns:
            table.kind = "both"
        if table.kind == "facilities":
            for column in columns:
                if column in _STREAM_ONLY:
                    table.report("info", "header.not_used", table.grid.header_row or None, column)
        elif not {"amount_best", "amount_min", "amount_max"} & set(columns):
            unread = any(finding.code == "header.unknown" for finding in table.report.findings)
            level = "warning" if unread else "info"  # perhaps they stand in a column that was not understood
            table.report(level, "column.amount_missing", table.grid.header_row or None)


def _read_rows(
    table: _Table, *, references: References, dataset: str | None, accepted: Mapping[str, str] | None = None
) -> None:
    if table.kind == "both":
        table.grid = table.report.grid = _fill_from_above(table)
    if table.kind in ("facilities", "both"):
        table.facilities = read_facilities(
            table.grid, references=references, report=table.report, dataset=dataset
        )
    if table.kind in ("streams", "both"):
        point = table.parsed.raw.delimiter == "," or table.parsed.raw.format in (
            "geojson",
            "geopackage",
            "parquet",
        )
        table.streams = read_streams(
            table.grid,
            references=references,
            report=table.report,
            dataset=dataset,
            point_is_decimal=point,
            accepted=accepted,
        )
    refused = table.report.error_rows
    table.facilities = [facility for facility in table.facilities if facility.row not in refused]
    table.streams = [stream for stream in table.streams if stream.row not in refused]


def _fill_from_above(table: _Table) -> Grid:
    """Rows that name nobody, under a row that does, belong to that firm: lists are often written so. It
    is told."""
    grid = table.grid
    rows: list[GridRow] = []
    owner: GridRow | None = None
    columns = [column for column in grid.headers if column in _WHO or column in _PLACE]
    for row in grid.rows:
        if any(column in row.cells for column in _WHO):
            owner = row
        elif owner is not None and not any(column in row.cells for column in columns):
            cells = {
                **{column: owner.cells[column] for column in columns if column in owner.cells},
                **row.cells,
            }
            table.report("repaired", "row.facility_from_above", row.number, "name", other_row=owner.number)
            row = GridRow(row.number, cells)
        rows.append(row)
    return Grid(**{**grid.__dict__, "rows": rows})


_PLACE = frozenset(
    "address postcode place postal municipality county lat lon east north epsg coordinates geometry_x geometry_y actor_type"
    " industry_code employees".split()
)


# --- rows to tables -------------------------------------------------------------------------------


def _register(table: _Table, registry: Registry, *, own_table: bool) -> None:
    for facility in table.facilities:
        facility_id = registry.add(facility, report=table.report, own_table=own_table)
        if facility_id is not None:
            table.facility_of[facility.row] = facility_id
    for row in table.grid.rows:
        if row.number in table.report.error_rows:
            registry.refuse(dict(row.cells))


def _attach_streams(tables: list[_Table], registry: Registry) -> list[tuple[_Table, StreamRow]]:
    streams: list[tuple[_Table, StreamRow]] = []
    taken: dict[str, tuple[int, str]] = {}
    contents: dict[tuple[Value, ...], int] = {}
    for table in tables:
        for stream in table.streams:
            if table.kind == "both":
                facility_id = table.facility_of.get(stream.row)
            else:
                facility_id = registry.find(stream, report=table.report)
            if facility_id is None:
                continue
            values = stream.values
            values["facility_id"] = facility_id
            if stream.given_id and str(values["stream_id"]) in taken:
                row, file = taken[str(values["stream_id"])]
                table.report(
                    "error",
                    "row.stream_duplicate",
                    stream.row,
                    "stream_id",
                    value=values["stream_id"],
                    other_row=row,
                    other_file=file,
                )
                continue
            content = (
                table.position,
                *(value for key, value in sorted(values.items()) if key != "stream_id"),
            )
            if content in contents and not stream.given_id:
                table.report("warning", "row.stream_repeated", stream.row, None, other_row=contents[content])
            contents.setdefault(content, stream.row)
            if not stream.given_id:
                values["stream_id"] = _make_stream_id(values, taken)
            taken[str(values["stream_id"])] = (stream.row, table.grid.file)
            streams.append((table, stream))
        own = [stream for owner, stream in streams if owner is table]
        _tell_kilograms(table, own)
    return streams


def _make_stream_id(values: Mapping[str, Value], taken: Mapping[str, object]) -> str:
    base = f"{values['facility_id']}-{values['direction']}-{values['eal_code'] or values['material']}"
    names = (base if n == 1 else f"{base}-{n}" for n in itertools.count(1))
    return next(name for name in names if name not in taken)


def _tell_kilograms(table: _Table, streams: list[StreamRow]) -> None:
    if not streams or table.sheet is not None:  # a report writes its unit, and fractions differ widely
        return
    frame = conform_table(pd.DataFrame([stream.values for stream in streams]), "streams")
    for odd in find_kilograms(frame):
        stream = streams[odd.position]
        column = "amount_best" if stream.values["amount_best"] is not None else "amount_max"
        column = column if stream.values[column] is not None else "amount_min"
        shown = next((row.cells.get(column) for row in table.grid.rows if row.number == stream.row), None)
        column = column if shown is not None else "amount_best"
        table.report(
            "warning",
            "row.amount_looks_like_kg",
            stream.row,
            column,
            value=shown if shown is not None else odd.amount,
            suggestion=write_number(odd.suggestion),
            usual=write_number(float(f"{odd.usual:.3g}")),
        )


def _build_tables(
    registry: Registry, streams: list[tuple[_Table, StreamRow]], tables: list[_Table]
) -> RegionTables:
    entries = list(registry.entries.values())
    facilities = empty_table("facilities")
    if entries:
        frame = pd.DataFrame(
            [entry.values for entry in entries], columns=[column.name for column in FACILITIES]
        )
        points = gpd.GeoSeries(
            gpd.points_from_xy([e.lon for e in entries], [e.lat for e in entries]), crs=WGS84
        )
        points = points.mask(pd.Series([entry.lon != entry.lon for entry in entries]), None)
        facilities = gpd.GeoDataFrame(conform_table(frame.astype(object), "facilities"), geometry=points)
    stream_table = empty_table("streams")
    if streams:
        frame = pd.DataFrame([s.values for _, s in streams], columns=[column.name for column in STREAMS])
        stream_table = conform_table(frame.astype(object), "streams")
    for name, table in (("facilities", facilities), ("streams", stream_table)):
        faults = check_table(table, name)
        if faults:  # every row was checked on its way: a fault here is ours, not the member's
            first = faults[0]
            raise InvalidTableError(first.code, table=name, column=str(first.column), value=str(first.value))
    return RegionTables(
        gpd.GeoDataFrame(facilities), stream_table, empty_table("networks"), empty_table("memberships")
    )


def _summarise(
    file: ParsedFile,
    tables: list[_Table],
    registry: Registry,
    streams: list[tuple[_Table, StreamRow]],
    sheets: list[_Table],
) -> FileSummary:
    raw: RawFile = file.raw
    rows_in = loaded = with_errors = skipped = 0
    for table in tables:
        kept = {stream.row for owner, stream in streams if owner is table}
        if table.kind == "facilities":
            kept = set(table.facility_of)
        refused = table.report.error_rows
        if table.sheet is not None:
            good, bad = _count_report_rows(table, table.sheet, sheets)
            rows_in, loaded, with_errors = rows_in + good + bad, loaded + good, with_errors + bad
            skipped += table.sheet.skipped
            continue
        if kept & refused or len(kept) + len(refused) != len(table.grid.rows):
            raise InvalidTableError(
                "members.rows_lost",
                file=file.name,
                rows=len(table.grid.rows),
                loaded=len(kept),
                errors=len(refused),
            )
        rows_in += len(table.grid.rows)
        loaded += len(kept)
        with_errors += len(refused)
        skipped += table.grid.skipped
    crs = next((str(table.grid.crs) for table in tables if table.grid.crs), "")
    own_rows = [entry for entry in registry.entries.values() if entry.file == file.name]
    return FileSummary(
        file.name,
        file.digest,
        raw.format,
        raw.encoding,
        raw.delimiter,
        crs,
        tuple(table.kind for table in tables),
        rows_in,
        loaded,
        with_errors,
        skipped,
        len(own_rows),
        sum(owner in tables for owner, _ in streams),
        refused=not tables,
    )


def _count_report_rows(table: _Table, sheet: ReportSheet, sheets: list[_Table]) -> tuple[int, int]:
    """Return how many rows of a report are in a stream, and how many have an error or stand in a refused
    one."""
    lost = {
        row for row, (index, number) in sheet.stands_in.items() if number in sheets[index].report.error_rows
    }
    own = table.report.error_rows - set(sheet.stands_in)
    return len(sheet.stands_in) - len(lost), len(lost | own)
