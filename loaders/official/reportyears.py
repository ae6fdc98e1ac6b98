"""Waste reports of the same site over time -> one stream a fraction: the latest full year, the range of all.

Months and quarters that make a whole year are added up. Part of a year is never scaled: its amount stands
for itself and is told. What would be counted twice (the same period again, a month inside its year) is left
out and told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from loaders.official.reportline import Line
from loaders.official.reportperiods import Period, join_periods, make_month

Tell = Callable[..., None]
"""Called as ``tell(sheet, severity, code, row, **values)``."""
_KIND_CODES = {
    "part": "wastereport.part_year",
    "long": "wastereport.long_period",
    "undated": "wastereport.period_missing",
}
BatchKey = tuple[int, Period | None]


@dataclass(frozen=True)
class Combined:
    """One stream of several lines.

    Attributes
    ----------
    sheet, row : the line that it is shown by. lines : all that it stands for, as (sheet, line).
    low, best, high : a year, in `unit`; None is unknown.
    periods : whose amounts these are, each with its amount.
    kind : ``years``, ``part``, ``long`` or ``undated``.
    ended : the latest full year has none of it; that year, or None.
    """

    sheet: int
    line: Line
    lines: tuple[tuple[int, Line], ...]
    low: float | None
    best: float | None
    high: float | None
    periods: tuple[tuple[Period | None, float | None], ...]
    kind: str
    ended: Period | None = None

    @property
    def period(self) -> Period | None:
        """Whose amount the best estimate is."""
        return self.periods[-1][0] if self.periods else None


@dataclass(frozen=True)
class _Span:
    """A period made of one or several batches that follow one another."""

    period: Period | None
    batches: tuple[BatchKey, ...]


def combine_lines(sheets: Sequence[Sequence[Line]], *, tell: Tell) -> list[Combined]:
    """Return the streams of all sheets together; see the module."""
    by_source: dict[tuple[object, ...], dict[BatchKey, list[Line]]] = defaultdict(lambda: defaultdict(list))
    for sheet, lines in enumerate(sheets):
        for line in _settle_dates(lines, sheet, tell):
            by_source[(*line.site.key, _fold(line.supplier))][(sheet, line.period)].append(line)
    combined: list[Combined] = []
    for batches in by_source.values():
        for own in _part_sources(batches, tell):
            combined += _combine_source(own, tell)
    return combined


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())


def _settle_dates(lines: Sequence[Line], sheet: int, tell: Tell) -> list[Line]:
    """Rows with a day each are of the months from the first to the last day of the list, year by year."""
    dates = sorted(line.period for line in lines if line.dated and line.period is not None)
    if not dates:
        return list(lines)
    first, last = dates[0].first, dates[-1].last
    whole = Period(make_month(first.year, first.month).first, make_month(last.year, last.month).last)
    spans: dict[int, Period] = {}
    for year in range(first.year, last.year + 1):
        begin = make_month(year, first.month if year == first.year else 1).first
        end = make_month(year, last.month if year == last.year else 12).last
        spans[year] = Period(begin, end)
    row = next(line.row for line in lines if line.dated)
    tell(sheet, "info", "wastereport.period_from_dates", row, read_as=whole.written)
    return [
        replace(line, period=spans[line.period.first.year])
        if line.dated and line.period is not None
        else line
        for line in lines
    ]


def _part_sources(batches: Mapping[BatchKey, list[Line]], tell: Tell) -> list[dict[BatchKey, list[Line]]]:
    """Leave out what was sent twice; keep apart what two files say differently of the same days."""
    by_period: dict[Period | None, list[int]] = defaultdict(list)
    apart: set[int] = set()
    repeated: set[BatchKey] = set()
    for sheet, period in batches:
        for earlier in by_period[period]:
            one, other = _contents(batches[(earlier, period)]), _contents(batches[(sheet, period)])
            written = period.written if period else ""
            if one == other:
                repeated.add((sheet, period))
                row = batches[(sheet, period)][0].row
                tell(sheet, "warning", "wastereport.repeated", row, period=written)
                break
            if set(one) & set(other):
                apart.add(sheet)
                row = batches[(sheet, period)][0].row
                tell(sheet, "warning", "wastereport.same_period", row, period=written)
                break
        by_period[period].append(sheet)
    sources: dict[int, dict[BatchKey, list[Line]]] = defaultdict(dict)
    for (sheet, period), lines in batches.items():
        if (sheet, period) not in repeated:
            sources[sheet if sheet in apart else -1][(sheet, period)] = lines
    return list(sources.values())


def _contents(lines: Iterable[Line]) -> dict[tuple[object, ...], float]:
    sums: dict[tuple[object, ...], float] = defaultdict(float)
    for line in lines:
        sums[(line.goods.key, line.unit)] += line.amount or 0.0
    return {key: round(amount, 6) for key, amount in sums.items()}


def _combine_source(batches: Mapping[BatchKey, list[Line]], tell: Tell) -> list[Combined]:
    years, parts = _find_spans(batches, tell)
    entries: dict[tuple[object, ...], dict[BatchKey, list[Line]]] = defaultdict(lambda: defaultdict(list))
    for batch, lines in batches.items():
        for line in lines:
            entries[(line.goods.key, line.unit)][batch].append(line)
    left_out = {batch for span in parts for batch in span.batches} if years else set()
    for sheet, period in sorted(left_out, key=lambda batch: batch[0]):
        row = batches[(sheet, period)][0].row
        code = "wastereport.part_left_out" if period else "wastereport.period_missing"
        tell(sheet, "warning", code, row, period=period.written if period else "")
    combined: list[Combined] = []
    told: set[tuple[int, Period | None]] = set()
    for own in entries.values():
        made = _combine_years(own, years) or _combine_parts(own, parts)
        if made is None:
            continue
        combined.append(made)
        if made.kind != "years" and (made.sheet, made.period) not in told and not years:
            told.add((made.sheet, made.period))
            code = _KIND_CODES[made.kind]
            written = made.period.written if made.period else ""
            tell(made.sheet, "warning", code, made.line.row, period=written)
    return combined


def _find_spans(batches: Mapping[BatchKey, list[Line]], tell: Tell) -> tuple[list[_Span], list[_Span]]:
    """Return full years in order, and what is no full year, the best of it last."""
    by_period: dict[Period, list[BatchKey]] = defaultdict(list)
    undated: list[BatchKey] = []
    for batch in batches:
        if batch[1] is None:
            undated.append(batch)
        else:
            by_period[batch[1]].append(batch)
    kept: list[Period] = []
    for period in sorted(by_period, key=lambda one: (not one.is_year, one.days > 366, -one.days, one.first)):
        if all(period.last < other.first or other.last < period.first for other in kept):
            kept.append(period)
            continue
        for sheet, _ in by_period[period]:
            row = batches[(sheet, period)][0].row
            tell(sheet, "info", "wastereport.period_within", row, period=period.written)
    years = [_Span(period, tuple(by_period[period])) for period in kept if period.is_year]
    rest = sorted(period for period in kept if not period.is_year)
    for year in sorted({period.first.year for period in rest}):
        inside = [period for period in rest if period.first.year == period.last.year == year]
        whole = join_periods(inside)
        if whole is not None and whole.is_year:
            years.append(_Span(whole, tuple(batch for one in inside for batch in by_period[one])))
            rest = [period for period in rest if period not in inside]
    runs: list[list[Period]] = []
    for period in rest:
        if runs and join_periods([runs[-1][-1], period]) is not None:
            runs[-1].append(period)
        else:
            runs.append([period])
    parts: list[_Span] = [_Span(None, tuple(undated))] if undated else []
    joined: list[_Span] = []
    for run in runs:
        whole = join_periods(run)
        span = _Span(whole, tuple(batch for one in run for batch in by_period[one]))
        if whole is not None and whole.is_year:
            years.append(span)
        elif whole is not None and whole.days > 366 and len(run) > 1:  # more than a year in pieces
            joined += [_Span(one, tuple(by_period[one])) for one in run]
        else:
            joined.append(span)
    joined.sort(
        key=lambda span: (
            (span.period.days <= 366, span.period.days, span.period) if span.period else (False, 0, _NONE)
        )
    )
    years.sort(key=lambda span: span.period or _NONE)
    return years, parts + joined


_NONE = make_month(1900, 1)


def _lines_of(own: Mapping[BatchKey, list[Line]], span: _Span) -> list[tuple[int, Line]]:
    return [(batch[0], line) for batch in span.batches for line in own.get(batch, [])]


def _add(lines: Iterable[tuple[int, Line]]) -> float | None:
    amounts = [line.amount for _, line in lines if line.amount is not None]
    return round(sum(amounts), 9) if amounts else None


def _combine_years(own: Mapping[BatchKey, list[Line]], years: list[_Span]) -> Combined | None:
    found = [(span, lines) for span in years if (lines := _lines_of(own, span))]
    if not found:
        return None
    amounts = [(span.period, _add(lines)) for span, lines in found]
    known = [amount for _, amount in amounts if amount is not None]
    ended = years[-1].period if years[-1] is not found[-1][0] else None
    spread = [*known, 0.0] if ended else known
    several = len(spread) > 1
    sheet, line = found[-1][1][0]
    every = [pair for batch, lines in own.items() for pair in ((batch[0], one) for one in lines)]
    counted = {id(one) for _, lines in found for _, one in lines}
    used = [pair for pair in every if id(pair[1]) in counted]
    return Combined(
        sheet,
        line,
        tuple(used),
        min(spread) if several else None,
        amounts[-1][1],
        max(spread) if several else None,
        tuple(amounts),
        "years",
        ended,
    )


def _combine_parts(own: Mapping[BatchKey, list[Line]], parts: list[_Span]) -> Combined | None:
    found = [(span, lines) for span in parts if (lines := _lines_of(own, span))]
    if not found:
        return None
    span, lines = found[-1]
    amount = _add(lines)
    sheet, line = lines[0]
    periods = ((span.period, amount),)
    if span.period is None:
        return Combined(sheet, line, tuple(lines), None, amount, None, periods, "undated")
    if span.period.days > 366:
        return Combined(sheet, line, tuple(lines), None, None, amount, periods, "long")
    return Combined(sheet, line, tuple(lines), amount, amount, None, periods, "part")
