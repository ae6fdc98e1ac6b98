"""Lists of addresses: any CSV or Excel file, its columns found by their headers and kept as they are, with
points added."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pandas as pd
import platformdirs

from geodata.errors import RefusedFileError
from geodata.geocoding import GEOCODE_INPUT, AddressIndex, geocode_table
from loaders.exports import FORMULA_STARTS, write_csv, write_excel
from loaders.headers import plain_text, read_header, settle_headers
from loaders.layout import HEADER_SEARCH_ROWS, Grid, GridRow, lay_out
from loaders.placenames import read_gazetteer
from loaders.placing import place_spots, read_spot
from loaders.quantities import is_unknown
from loaders.rawtables import Cell, Limits, RawTable
from loaders.reporting import Reporter
from loaders.sandbox import parse_file, read_source
from loaders.tabular import decode_text

FOLDER_VARIABLE: Final = "SYMBIOSEKART_CACHE"
ADDED: Final = ("lat", "lon", "grade", "radius_m", "matched", "problem", "candidates")
LIST_LIMITS: Final = Limits(
    file_bytes=200_000_000, rows=600_000, cells=20_000_000, result_bytes=1_000_000_000
)
_POINT: Final = ("lat", "lon", "east", "north", "coordinates", "geometry_x")
_WANTED: Final = frozenset(("address", "postcode", "place", "postal", "municipality", "county", *_POINT))
_COORDINATE_FAULTS: Final = {
    "row.coordinates_zero": "point_zero",
    "row.coordinate_unreadable": "point_unreadable",
    "row.coordinate_missing": "point_unreadable",
    "row.coordinate_range": "point_unreadable",
    "row.point_wrong_zone": "point_unreadable",
    "file.crs_missing": "zone_missing",
    "file.crs_unknown": "zone_missing",
}
"""What the reading of coordinates tells -> what is told of the row; see :mod:`loaders.placing`."""


@dataclass(frozen=True, eq=False)
class AddressList:
    """A list as read.

    Attributes
    ----------
    rows : every row under the header, every column under its own name.
    wanted : the columns of ``geodata.geocoding.GEOCODE_INPUT`` that were found, with the index of `rows`.
    found : canonical column -> header as written. skipped : rows that are no data (sums, remarks).
    faults : problems of the coordinates, by index of `rows`. numbers : row of the file, by index of `rows`.
    written : coordinates as they are written, by index of `rows`.
    """

    rows: pd.DataFrame
    wanted: pd.DataFrame
    found: dict[str, str]
    skipped: frozenset[int]
    faults: dict[int, tuple[str, ...]]
    numbers: tuple[int, ...] = ()
    written: Mapping[int, str] = field(default_factory=dict)


def register_folder() -> Path:
    """Return where indexes of the address register are kept: the user's cache folder, or the one the
    environment names."""
    named = os.environ.get(FOLDER_VARIABLE, "").strip()
    root = Path(named) if named else Path(platformdirs.user_cache_dir("symbiosekart", appauthor=False))
    return root / "addresses"


def read_address_list(path: Path) -> AddressList:
    """Read a list in the limited subprocess; the first table with a column that tells of a place is taken.

    Raises
    ------
    RefusedFileError
        ``file.nowhere`` (nothing tells where the rows are), and what opening a file raises.
    """
    upload = read_source(path, limits=LIST_LIMITS)
    try:
        tables = parse_file(upload, limits=LIST_LIMITS).raw.tables
    except RefusedFileError as error:
        if error.code != "file.not_a_table" or path.suffix.lower() not in {".csv", ".txt", ".tsv"}:
            raise
        text, _encoding, _notes = decode_text(upload.content, file=upload.name)
        lines: list[list[Cell]] = [[line.strip().strip('"') or None] for line in text.splitlines()]
        kept = [(number, line) for number, line in enumerate(lines, start=1) if line[0]]
        tables = [RawTable("", [line for _, line in kept], [number for number, _ in kept])]
    shown = ""
    for table in tables:
        grid, _told = lay_out(table, file=upload.name, several=len(tables) > 1)
        grid = grid or _lay_out_few(table, file=upload.name)
        grid = grid and _drop_halves(grid)
        if grid is not None and _WANTED & set(grid.headers):
            return _collect(table, grid)
        if table.rows and not shown:
            shown = ", ".join(str(cell) for cell in table.rows[0][:8] if cell is not None)[:80]
    raise RefusedFileError("file.nowhere", file=upload.name, found=shown)


def _lay_out_few(table: RawTable, *, file: str) -> Grid | None:
    """Return the grid of a table of which one column only is known, such as a bare list of postcodes."""
    for at, row in enumerate(table.rows[:HEADER_SEARCH_ROWS]):
        headers = settle_headers([read_header(str(cell)[:80] if cell is not None else "") for cell in row])
        positions = {h.column: k for k, h in enumerate(headers) if h.column in _WANTED}
        if positions:
            rows = []
            for number, line in zip(table.numbers[at + 1 :], table.rows[at + 1 :], strict=True):
                cells = {str(column): line[k] for column, k in positions.items() if k < len(line)}
                rows.append(
                    GridRow(number, {column: cell for column, cell in cells.items() if cell is not None})
                )
            found = {str(column): headers[k] for column, k in positions.items()}
            return Grid(file, table.name, table.numbers[at], found, rows, table.crs)
    return None


def _drop_halves(grid: Grid) -> Grid:
    """Return the grid without coordinates that lack their other half: a lone ``x`` may be anything."""
    halves = {
        one for pair in (("lat", "lon"), ("east", "north")) for one in pair if set(pair) - set(grid.headers)
    }
    if not halves & set(grid.headers):
        return grid
    headers = {column: header for column, header in grid.headers.items() if column not in halves}
    rows = [GridRow(r.number, {c: v for c, v in r.cells.items() if c not in halves}) for r in grid.rows]
    return replace(grid, headers=headers, rows=rows)


def _collect(table: RawTable, grid: Grid) -> AddressList:
    at = table.numbers.index(grid.header_row) if grid.header_row in table.numbers else 0
    cells_of = {row.number: row for row in grid.rows}
    first = min(cells_of, default=0)
    body = [
        (number, row)
        for number, row in zip(table.numbers[at + 1 :], table.rows[at + 1 :], strict=True)
        if number >= first
    ]
    width = max([len(table.rows[at]), *(len(row) for _, row in body)])
    names = name_columns(table.rows[at], width)
    rows = pd.DataFrame(
        [[*row, *[None] * (width - len(row))] for _, row in body], columns=names, dtype=object
    )
    report = Reporter(grid)
    spots = [read_spot(grid, row, report=report) for row in grid.rows]
    gazetteer = read_gazetteer()
    if any(spot.has_point for spot in spots):
        for spot, row in zip(spots, grid.rows, strict=True):
            cell = row.cells.get("municipality")
            spot.stated = () if is_unknown(cell) else gazetteer.read_municipality(str(cell))
        places = place_spots(spots, grid=grid, municipalities=gazetteer.municipalities, report=report)
    else:
        places = pd.DataFrame({"lon": [float("nan")] * len(spots), "lat": [float("nan")] * len(spots)})
    position = {number: index for index, (number, _) in enumerate(body)}
    wanted = pd.DataFrame(index=rows.index, columns=list(GEOCODE_INPUT), dtype=object)
    index = [position[row.number] for row in grid.rows]
    for column in ("lon", "lat"):
        wanted[column] = pd.Series(places[column].to_numpy(), index=index, dtype=float).reindex(rows.index)
    for column in GEOCODE_INPUT[2:]:
        texts = [_text_of(row.cells, column) for row in grid.rows]
        wanted[column] = pd.Series(texts, index=index, dtype=object).reindex(rows.index)
    faults: dict[int, tuple[str, ...]] = {}
    everywhere = tuple(
        code for f in report.findings if f.row is None and (code := _COORDINATE_FAULTS.get(f.code))
    )
    for spot in spots:
        if everywhere and spot.problem:
            faults[position[spot.row]] = everywhere
    for finding in report.findings:
        if finding.row is not None and finding.code in _COORDINATE_FAULTS:
            faults[position[finding.row]] = (_COORDINATE_FAULTS[finding.code],)
    found = {column: header.text for column, header in grid.headers.items() if column in _WANTED}
    skipped = frozenset(position[number] for number, _ in body if number not in cells_of)
    written = {position[row.number]: text for row in grid.rows if (text := _write_coordinates(row.cells))}
    return AddressList(rows, wanted, found, skipped, faults, tuple(number for number, _ in body), written)


def _write_coordinates(cells: dict[str, Cell]) -> str:
    columns = ("lat", "lon", "north", "east", "geometry_x", "geometry_y", "coordinates")
    return ", ".join(str(cells[one]).strip() for one in columns if not is_unknown(cells.get(one)))


def _text_of(cells: dict[str, Cell], column: str) -> str | None:
    cell = cells.get(column)
    if column == "postcode" and is_unknown(cell):
        cell = cells.get("postal")
    if is_unknown(cell):
        return None
    return str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell)


def name_columns(written: Sequence[Cell], width: int) -> list[str]:
    """Return a name for each of `width` columns: as written, none twice, none that would be run."""
    names: list[str] = []
    for k in range(width):
        cell = written[k] if k < len(written) else None
        name = plain_text(str(cell)) if cell is not None else f"column_{k + 1}"
        if name.lstrip("'").startswith(FORMULA_STARTS):  # a spreadsheet would run it
            name = f"'{name}"
        while name in names:
            name += "_"
        names.append(name)
    return names


def geocode_list(listed: AddressList, *, addresses: AddressIndex | None = None) -> pd.DataFrame:
    """Place the rows of a list.

    Returns
    -------
    DataFrame with the index of ``listed.rows`` and ``geodata.geocoding.GEOCODE_COLUMNS``; rows that are no
    data have nothing.
    """
    data = listed.wanted.drop(index=sorted(listed.skipped))
    found = geocode_table(data, gazetteer=read_gazetteer(), addresses=addresses)
    problems = found["problem"].astype(object).where(found["problem"].notna(), None)
    for row, faults in listed.faults.items():
        if row in problems.index:
            told = [*faults, *str(problems[row] or "").split()]
            if "nothing_given" in told:
                told = ["not_placed" if one == "nothing_given" else one for one in told]
            problems[row] = " ".join(dict.fromkeys(told))
    return found.assign(problem=problems.astype("string")).reindex(listed.rows.index)


def add_points(listed: AddressList, points: pd.DataFrame, *, problems: dict[str, str]) -> pd.DataFrame:
    """Return the rows of a list with the columns :data:`ADDED` after its own; `problems` says each code in
    words.

    A column of the file that has the name of an added one keeps it with ``_file`` behind.
    """
    rows = listed.rows.rename(columns={name: f"{name}_file" for name in ADDED if name in listed.rows})
    shown = points[list(ADDED)].copy()
    shown["problem"] = [
        None if pd.isna(codes) else "; ".join(problems.get(code, code) for code in str(codes).split())
        for codes in points["problem"]
    ]
    for column, decimals in (("lat", 6), ("lon", 6), ("radius_m", 0)):
        shown[column] = shown[column].astype("Float64").round(decimals)
    return pd.concat([rows, shown], axis=1)


def write_points(rows: pd.DataFrame, path: Path, *, sheet: str) -> None:
    """Write the rows as Excel (``.xlsx``) or CSV; what begins like a formula is made harmless."""
    if path.suffix.lower() == ".xlsx":
        write_excel({sheet: rows}, path)
    else:
        write_csv(rows, path)
