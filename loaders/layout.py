"""Where a table begins and what its columns are: banner rows, merged headers, sums and notes are found
and told.

From a :class:`~loaders.rawtables.RawTable` (plain rows) to a :class:`Grid` (named columns and numbered
data rows).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from geodata.findings import Finding, Severity
from loaders.headers import FACILITY_MARKS, STREAM_MARKS, Header, count_known, read_header, settle_headers
from loaders.quantities import clean_words, is_unknown, read_coordinate
from loaders.rawtables import CRS_MISSING, Cell, RawTable

HEADER_SEARCH_ROWS = 40
LONGEST_VALUE = 300
"""Characters that are read of a cell that is not free text."""
_FREE_TEXT = frozenset(
    {"name", "address", "description", "quality", "reference", "source", "note", "material"}
)
Tell = Callable[..., None]
"""Called as ``tell(severity, code, row, column, value=..., **values)``."""
_TOTAL = re.compile(
    r"(?:sum|totalt?|i alt|til saman|til sammen|totalsum|delsum|subtotal|grand total|sum total|totals"
    r"|summert)(?:\s+(?:tonn|t|kg|mwh|m3|mengde|mengd|amount|per|pr|år|year|alle|all|rader|rows"
    r"|sum|totalt?|i alt|anlegg|bedrifter|firma|avfall|fraksjoner|(?:19|20)\d\d))*[ :.=]*",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"\*|(?:kilde|kjelde|merk|merknad|note|source|obs|forklaring|utskrift|dato|side \d+)\b", re.IGNORECASE
)
_PARTS = re.compile(r"\s*[/,;&+|]\s*|\s+-\s+|\s+(?:og|and)\s+")


@dataclass(frozen=True)
class GridRow:
    """One data row: its number in the file and its cells by canonical column (blank ones left out)."""

    number: int
    cells: dict[str, Cell]


@dataclass(frozen=True)
class Grid:
    """One table with its columns understood.

    Attributes
    ----------
    file : the file's own name; sheet : sheet or layer name, empty where the file has one table.
    header_row : row number of the header, or 0 (vector files).
    headers : canonical column -> :class:`~loaders.headers.Header` as written.
    crs : of ``geometry_x``/``geometry_y``, as in :class:`~loaders.rawtables.RawTable`.
    skipped : rows that are no data (sums, remarks, repeated headers), each told.
    """

    file: str
    sheet: str
    header_row: int
    headers: dict[str, Header]
    rows: list[GridRow]
    crs: str | None = None
    skipped: int = 0
    extra: dict[str, str | int | float] = field(default_factory=dict)

    def title(self, column: str) -> str | None:
        """Return the header of `column` as written in the file."""
        if column in ("geometry_x", "geometry_y", "geometry"):
            return "geometry" if "geometry_x" in self.headers else None
        return self.headers[column].text if column in self.headers else None

    @property
    def kind(self) -> str:
        """``facilities``, ``streams``, ``both`` or empty (nothing that can be used)."""
        columns = set(self.headers)
        stream = columns & (STREAM_MARKS - {"stream_id"})
        about_stream = bool(stream & {"material", "eal_code"}) or bool(
            stream & {"amount_best", "amount_min", "amount_max", "direction"} and "description" in columns
        )
        who = columns & {"facility_id", "name", "organisation_number"}
        where = columns & (FACILITY_MARKS - {"organisation_number", "hazardous"})
        if about_stream and who:
            return "both" if where and columns & {"name", "organisation_number"} else "streams"
        if about_stream and "geometry_x" in columns:
            return "both"
        if who and (where or len(who) > 1) and not about_stream:
            return "facilities"
        return ""


def lay_out(raw: RawTable, *, file: str, several: bool) -> tuple[Grid | None, list[Finding]]:
    """Return the grid of one raw table (None where no header row is found) and what was found on the way.

    Codes: ``file.banner_rows``, ``header.merged``, ``header.merged_unreadable``, ``header.unknown``,
    ``header.other_year``, ``header.duplicate``, ``header.blank``, ``file.merged_cells``,
    ``row.total_skipped``, ``row.remark_skipped``, ``row.header_repeated``.
    """
    extra: dict[str, str | int | float] = {"sheet": raw.name} if several and raw.name else {}
    findings: list[Finding] = []

    def tell(
        severity: Severity,
        code: str,
        row: int | None = None,
        column: str | None = None,
        **values: str | int | float,
    ) -> None:
        value = values.pop("value", None)
        shown = None if value is None else str(value)[:80]
        findings.append(Finding(severity, code, file, row, column, shown, {**extra, **values}))

    start = _find_header(raw)
    if start is None:
        return None, findings
    if start > 0:
        texts = [" ".join(str(cell) for cell in row if cell is not None) for row in raw.rows[:start]]
        tell(Severity.INFO, "file.banner_rows", raw.numbers[0], value=texts[0], count=start)
    rows = _fill_merged(raw, start, tell)
    texts, used = _join_headers(raw, rows, start, tell)
    width = max([len(texts), *(len(row) for row in rows[start + used :])])
    texts += [""] * (width - len(texts))
    body = [(number, row) for number, row in zip(raw.numbers, rows, strict=True)][start + used :]
    filled = [any(len(row) > index and row[index] is not None for _, row in body) for index in range(width)]
    texts = _split_joint_headers(texts, filled, body, raw.numbers[start], tell)
    read = [read_header(text) if text else Header("", None) for text in texts]
    headers = settle_headers(read)
    positions: dict[str, int] = {}
    for index, header in enumerate(headers):
        if header.column:
            positions[header.column] = index
        elif filled[index] and _is_other_year(read[index], headers):
            kept = next(own for own in headers if own.column == read[index].column)
            row = raw.numbers[start] or None
            tell(Severity.WARNING, "header.other_year", row, header.text, read_as=kept.text)
        elif filled[index] and header.text:
            known = read[index].column is not None
            tell(
                Severity.INFO,
                "header.duplicate" if known else "header.unknown",
                raw.numbers[start] or None,
                header.text,
            )
        elif filled[index]:
            tell(
                Severity.INFO,
                "header.blank",
                raw.numbers[start] or None,
                value=_first_value(body, index),
                position=index + 1,
            )
    data, skipped = _collect_rows(body, positions, headers, tell, tell_empty=not raw.has_header_row)
    grid = Grid(
        file,
        raw.name,
        raw.numbers[start],
        {column: headers[index] for column, index in positions.items()},
        data,
        raw.crs,
        skipped,
        extra,
    )
    return grid, findings


def _is_other_year(header: Header, settled: Sequence[Header]) -> bool:
    return bool(header.year) and any(
        own.column == header.column and own.year > header.year and own.column.startswith("amount_")
        for own in settled
        if own.column
    )


def _first_value(body: list[tuple[int, list[Cell]]], index: int) -> str:
    return next((str(row[index]) for _, row in body if len(row) > index and row[index] is not None), "")


def _find_header(raw: RawTable) -> int | None:
    if not raw.rows:
        return None
    if not raw.has_header_row:
        return 0
    counts = [count_known(row) for row in raw.rows[:HEADER_SEARCH_ROWS]]
    best = max(counts)
    return counts.index(best) if best >= 2 else None


def _fill_merged(raw: RawTable, start: int, tell: Tell) -> list[list[Cell]]:
    # A value merged over several rows stands for each of them; a header merged over columns is seen to later.
    rows = [list(row) for row in raw.rows]
    index_of = {number: index for index, number in enumerate(raw.numbers)}
    filled, first_row = 0, 0
    for first, left, last, right in raw.merged:
        source = index_of.get(first)
        if source is None or source <= start or last == first or left > len(rows[source]):
            continue
        value = rows[source][left - 1]
        if value is None or right - left > 3:
            continue
        for number in range(first + 1, last + 1):
            target = index_of.get(number)
            if target is not None:
                row = rows[target]
                row.extend([None] * (left - len(row)))
                if row[left - 1] is None:
                    row[left - 1] = value
                    filled, first_row = filled + 1, first_row or number
    if filled:
        tell(Severity.INFO, "file.merged_cells", first_row, count=filled)
    return rows


def _cell_text(row: list[Cell], index: int) -> str:
    return clean_words(row[index]) if index < len(row) and isinstance(row[index], str) else ""


def _join_headers(raw: RawTable, rows: list[list[Cell]], start: int, tell: Tell) -> tuple[list[str], int]:
    """Return the header texts and how many rows they take: a second row under merged headers is joined
    to the first."""
    top = rows[start]
    texts = [
        _cell_text(top, index) if isinstance(cell, str) else clean_words(cell)
        for index, cell in enumerate(top)
    ]
    if not raw.has_header_row:
        return texts, 1
    used = 1
    below = rows[start + 1] if len(rows) > start + 1 else []
    under = {index: _cell_text(below, index) for index in range(len(below)) if below[index] is not None}
    groups = _spread(texts, max(len(texts), len(below)))
    is_second = (
        bool(under)
        and raw.numbers[start + 1] == raw.numbers[start] + 1
        and all(under.values())  # texts only
        and any(index >= len(texts) or not texts[index] for index in under)
        and sum(_join(groups[index], text) is not None for index, text in under.items())
        >= max(1, len(under) / 2)
        and all(index >= len(texts) or not texts[index] or groups.count(texts[index]) > 1 for index in under)
    )
    if is_second:
        used = 2
        texts += [""] * (max(under) + 1 - len(texts))
        for index, text in under.items():
            joined = _join(groups[index], text) or text
            tell(
                Severity.REPAIRED,
                "header.merged",
                raw.numbers[start],
                groups[index] or text,
                value=text,
                read_as=joined,
            )
            texts[index] = joined
    elif start > 0 and raw.numbers[start - 1] == raw.numbers[start] - 1:
        _tell_group_row(raw, rows, start, texts, tell)
    return texts, used


def _tell_group_row(raw: RawTable, rows: list[list[Cell]], start: int, texts: list[str], tell: Tell) -> None:
    # A row of merged group titles over complete headers: the headers stand by themselves, the groups are
    # told.
    above = rows[start - 1]
    boxes = {left - 1: right - 1 for first, left, _, right in raw.merged if first == raw.numbers[start - 1]}
    named = [index for index, cell in enumerate(above) if isinstance(cell, str)]
    if not named or (not boxes and (len(named) < 2 or len(named) >= len(texts) - 1)):
        return
    for index in named:
        following = [later for later in named if later > index]
        last = boxes.get(index, (following[0] if following else len(texts)) - 1)
        if last <= index or last - index + 1 >= len(texts):
            continue
        group = _cell_text(above, index)
        for position in range(index, min(last + 1, len(texts))):
            if texts[position] and read_header(texts[position]).column is None:
                texts[position] = _join(group, texts[position]) or texts[position]
        tell(
            Severity.REPAIRED,
            "header.merged",
            raw.numbers[start - 1],
            group,
            read_as=" | ".join(texts[index : last + 1])[:80],
        )


def _spread(texts: list[str], width: int) -> list[str]:
    spread, last = [], ""
    for index in range(width):
        last = texts[index] if index < len(texts) and texts[index] else last
        spread.append(last)
    return spread


def _join(group: str, text: str) -> str | None:
    """Return a header text that is known, made of a merged header and the one under it, or None."""
    for candidate in (f"{text} {group}", f"{group} {text}", text):
        column = read_header(candidate).column
        if column is None:
            continue
        if (
            candidate != text
            and column == read_header(group).column
            and read_header(text).column not in (None, column)
        ):
            continue  # the group's name hid what the part says
        own = read_header(text)
        parent = read_header(group)
        unit = f" ({parent.unit})" if parent.unit and not own.unit and column.startswith("amount") else ""
        epsg = f" (EPSG:{parent.epsg})" if parent.epsg and not own.epsg else ""
        return candidate if candidate != text else f"{text}{unit}{epsg}"
    return None


def _split_joint_headers(
    texts: list[str], filled: list[bool], body: list[tuple[int, list[Cell]]], row: int, tell: Tell
) -> list[str]:
    """Give names to the columns that one merged header covers, where its text or its values say which
    they are."""
    out = list(texts)
    index = 0
    while index < len(out):
        text = out[index]
        last = index
        while last + 1 < len(out) and not out[last + 1] and filled[last + 1]:
            last += 1
        span = last - index + 1
        if text and span > 1:
            names = _names_of_span(
                text, span, [_numbers(body, position) for position in range(index, last + 1)]
            )
            if names:
                out[index : last + 1] = names
                tell(Severity.REPAIRED, "header.merged", row or None, text, read_as=" | ".join(names))
            elif read_header(text).column in (None, "amount_best", "coordinates", "postal", "lat", "east"):
                tell(Severity.WARNING, "header.merged_unreadable", row or None, text, count=span)
                out[index] = f"{text} " if read_header(text).column is None else out[index]
        index = last + 1
    return _split_lost_delimiter(out, filled, body, row, tell)


def _names_of_span(text: str, span: int, values: list[list[float]]) -> list[str] | None:
    parts = [part for part in _PARTS.split(re.sub(r"[()]", " ", text)) if part.strip()]
    if len(parts) != span:
        parts = text.split()
    if len(parts) == span and all(read_header(part).column for part in parts):
        return [f"{part}" for part in parts]
    column = read_header(text).column
    if span == 2 and column == "postal":
        return ["postnr", "poststed"]
    if span == 2 and (column in ("coordinates", "lat", "east") or read_header(text).epsg) and all(values):
        epsg = read_header(text).epsg
        hint = f" (EPSG:{epsg})" if epsg else ""
        first, second = values
        if all(57 <= v <= 81.5 for v in first) and all(-10 <= v <= 34 for v in second):
            return [f"lat{hint}", f"lon{hint}"]
        if all(57 <= v <= 81.5 for v in second) and all(-10 <= v <= 34 for v in first):
            return [f"lon{hint}", f"lat{hint}"]
        if min(first) > 6_000_000 > max(second):
            return [f"nord{hint}", f"øst{hint}"]
        if min(second) > 6_000_000 > max(first):
            return [f"øst{hint}", f"nord{hint}"]
    return None


def _numbers(body: list[tuple[int, list[Cell]]], index: int) -> list[float]:
    read = [read_coordinate(row[index])[0] for _, row in body if len(row) > index and row[index] is not None]
    return [number for number in read if number is not None]


def _split_lost_delimiter(
    texts: list[str], filled: list[bool], body: list[tuple[int, list[Cell]]], row: int, tell: Tell
) -> list[str]:
    # "Navn Orgnr;Adresse" over three columns: two names stand in one header and the rest has slid to the
    # left.
    missing = len(texts) - max((index + 1 for index, text in enumerate(texts) if text), default=0)
    if missing != 1 or not filled[-1]:
        return texts
    for index, text in enumerate(texts[:-1]):
        words = text.split()
        for cut in range(1, len(words)):
            first, second = " ".join(words[:cut]), " ".join(words[cut:])
            whole = read_header(text).column
            halves = (read_header(first).column, read_header(second).column)
            if whole in (None, "coordinates", "postal") and None not in halves and halves[0] != halves[1]:
                tell(Severity.REPAIRED, "header.merged", row or None, text, read_as=f"{first} | {second}")
                return [*texts[:index], first, second, *texts[index + 1 : -1]]
    return texts


def _collect_rows(
    body: list[tuple[int, list[Cell]]],
    positions: dict[str, int],
    headers: list[Header],
    tell: Tell,
    *,
    tell_empty: bool,
) -> tuple[list[GridRow], int]:
    data: list[GridRow] = []
    skipped = 0
    titles = {index: header.text.casefold() for index, header in enumerate(headers) if header.text}
    for number, row in body:
        cells = {
            column: _shorten(column, row[index])
            for column, index in positions.items()
            if index < len(row) and row[index] is not None
        }
        filled = [(index, cell) for index, cell in enumerate(row) if cell is not None]
        if not filled:
            if tell_empty:  # a blank line is nothing, an empty map feature is something that was drawn
                skipped += 1
                tell(Severity.INFO, "row.feature_empty", number)
            continue
        code = _not_data(filled, cells, titles)
        if code:
            skipped += 1
            tell(Severity.INFO, code, number, value=str(filled[0][1]))
            continue
        data.append(GridRow(number, cells))
    return data, skipped


def _shorten(column: str, cell: Cell) -> Cell:
    # A number, a code or a name of a place is never this long; comparing such texts would take minutes.
    if isinstance(cell, str) and len(cell) > LONGEST_VALUE and column not in _FREE_TEXT:
        return cell[:LONGEST_VALUE] + "…"
    return cell


def _not_data(
    filled: Sequence[tuple[int, Cell]], cells: dict[str, Cell], titles: dict[int, str]
) -> str | None:
    same = sum(
        isinstance(cell, str) and titles.get(index) == clean_words(cell).casefold() for index, cell in filled
    )
    if same >= 2 and same >= len(filled) * 0.6:
        return "row.header_repeated"
    first = filled[0][1]
    who = [
        column
        for column in ("facility_id", "organisation_number", "postcode", "eal_code", "lat")
        if column in cells and cells[column] is not first
    ]
    if isinstance(first, str) and _TOTAL.fullmatch(clean_words(first)) and not who and len(titles) > 2:
        return "row.total_skipped"
    alone = len(filled) == 1 and len(titles) >= 4 and isinstance(first, str)
    if alone and (_REMARK.match(str(first)) or len(str(first)) > 60 or not cells):
        return "row.remark_skipped"
    if all(is_unknown(cell) for _, cell in filled):
        return "row.remark_skipped"
    return None


def crs_is_missing(grid: Grid) -> bool:
    """Tell whether the file has points but no coordinate reference system."""
    return grid.crs == CRS_MISSING
