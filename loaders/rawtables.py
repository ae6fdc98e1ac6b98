"""What a parser hands over: plain rows, as they stand in the file, and what was noticed on the way.

Standard library only: the limited subprocess that opens members' files builds these and sends them back
as JSON.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

Cell = str | int | float | bool | None

X_HEADER = "geometry_x"
Y_HEADER = "geometry_y"
"""Headers under which a vector file's own points stand, in the CRS that the table names."""

CRS_MISSING = "missing"


@dataclass(frozen=True)
class Limits:
    """How much one file may cost. Bytes, rows, cells, seconds."""

    file_bytes: int = 50_000_000
    unpacked_bytes: int = 300_000_000
    archive_members: int = 2_000
    compression_ratio: int = 150
    rows: int = 100_000
    columns: int = 300
    cells: int = 5_000_000
    sheets: int = 50
    cell_characters: int = 20_000
    memory_bytes: int = 2_000_000_000
    cpu_seconds: int = 40
    wall_seconds: int = 60
    result_bytes: int = 250_000_000


@dataclass(frozen=True)
class Note:
    """Something the parser noticed that is not about one cell: banner, encoding, several layers."""

    severity: str
    code: str
    row: int | None = None
    values: dict[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True)
class RawTable:
    """One sheet, layer or text file.

    Attributes
    ----------
    name : sheet or layer name; empty where the file has only one table.
    rows : cells in file order, blank rows left out.
    numbers : the row number of each entry of `rows` as a person sees it (spreadsheet row; feature number).
    merged : merged cell ranges ``(first row, first column, last row, last column)``, 1-based.
    has_header_row : False for vector files, whose field names are put in ``rows[0]`` with number 0.
    crs : of the columns :data:`X_HEADER`, :data:`Y_HEADER`: ``EPSG:n``, other text, ``missing``, or None
    (no geometry).
    """

    name: str
    rows: list[list[Cell]]
    numbers: list[int]
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    has_header_row: bool = True
    crs: str | None = None
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True)
class RawFile:
    """All tables of one file, and how it was read (format, encoding, delimiter)."""

    format: str
    tables: list[RawTable]
    encoding: str = ""
    delimiter: str = ""
    notes: list[Note] = field(default_factory=list)


def dump_raw_file(raw: RawFile) -> bytes:
    """Return `raw` as JSON bytes (UTF-8); not-a-number and infinity cannot occur in it."""
    return json.dumps(asdict(raw), ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")


def parse_raw_file(content: bytes) -> RawFile:
    """Return the :class:`RawFile` in JSON bytes written by :func:`dump_raw_file`."""
    data: dict[str, Any] = json.loads(content.decode("utf-8", "replace"))
    tables = [
        RawTable(
            **{
                **table,
                "merged": [tuple(box) for box in table["merged"]],
                "notes": [Note(**note) for note in table["notes"]],
            }
        )
        for table in data.pop("tables")
    ]
    notes = [Note(**note) for note in data.pop("notes")]
    return RawFile(tables=tables, notes=notes, **data)
