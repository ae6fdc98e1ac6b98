"""Periods as reports write them: ``01.01.2025 - 31.12.2025``, ``2024``, ``1. kvartal 2025``, ``jan-mars``.

Days are inclusive at both ends. Standard library only.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from loaders.quantities import clean_words
from loaders.rawtables import Cell

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januar january jan",
            "februar february feb",
            "mars march mar",
            "april apr",
            "mai may",
            "juni june jun",
            "juli july jul",
            "august aug",
            "september sept sep",
            "oktober october okt oct",
            "november nov",
            "desember december des dec",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_YEAR = r"(?:19[89]\d|20\d\d)"
_DATE = re.compile(
    r"(?<!\d)(?:(?P<y>(?:19|20)\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"
    r"|(?P<d2>\d{1,2})[./-]\s?(?P<m2>\d{1,2})[./-]\s?(?P<y2>(?:19|20)\d\d|\d\d))(?!\d)"
)
_MONTH_YEAR = re.compile(
    rf"(?<![\d.])(?:(?P<m>0?[1-9]|1[0-2])[./](?P<y>{_YEAR})(?!\d)"
    rf"|(?P<y2>{_YEAR})(?:(?P<m2>0[1-9]|1[0-2])(?!\d)|[./-](?P<m3>0[1-9]|1[0-2])(?!\d|[./-]\d)))"
)
_SHORT_FIRST = re.compile(
    r"(?<!\d)(\d{1,2})[./]\s?(\d{1,2})\.?\s*(?:-|til|to)\s*(\d{1,2}[./]\s?\d{1,2}[./]\s?((?:19|20)\d\d))(?!\d)"
)
"""``01.01 - 31.12.2024``: the year stands only once."""
_NAMED = re.compile(rf"\b(?P<name>{_MONTH})\b\.?[\s'-]*(?P<year>{_YEAR}|\d\d(?!\d))?", re.IGNORECASE)
_PART = re.compile(
    r"(?:\b(?P<n>[1-4])\s*\.?\s*(?P<kind>kvartal|kv|tertial|halvår|halvar|quarter|half|half-year)\b"
    r"|\b(?P<kind2>kvartal|tertial|halvår|q|t|h)\s*(?P<n2>[1-4])\b)",
    re.IGNORECASE,
)
_UNITS = "kgm?|kgs|kilo|kilogram|tonne[rs]?|tonn|tons?|t|to|tn|tne|mt|m3|liter"
_BESIDE_YEAR = re.compile(
    rf"\b(?:{_UNITS}|mengde|mengd|(?:netto)?vekt|netto|levert|sum|totalt?|år|year|amount|weight|i alt|i|in"
    r"|avfallsmengde|avfallsmengd|tonnasje)\b"
)
_PART_MONTHS = {"k": 3, "q": 3, "t": 4, "h": 6}


@dataclass(frozen=True, order=True)
class Period:
    """Days from `first` to `last`, both counted."""

    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def is_year(self) -> bool:
        """Whether it is a year's length: a calendar year or twelve months across new year."""
        return 365 <= self.days <= 366

    @property
    def year(self) -> int:
        """The calendar year that most of its days lie in, the later of two equal ones."""
        middle = self.first + dt.timedelta(days=self.days // 2)
        return middle.year

    @property
    def written(self) -> str:
        """As a Norwegian reader writes it; a calendar year is its number."""
        if (self.first.month, self.first.day, self.last.month, self.last.day) == (1, 1, 12, 31):
            years = (self.first.year, self.last.year)
            return f"{years[0]}" if years[0] == years[1] else f"{years[0]}–{years[1]}"
        return f"{self.first:%d.%m.%Y}–{self.last:%d.%m.%Y}"


def make_year(year: int) -> Period:
    """Return a calendar year."""
    return Period(dt.date(year, 1, 1), dt.date(year, 12, 31))


def make_month(year: int, month: int) -> Period:
    """Return a calendar month."""
    return Period(dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1]))


def join_periods(periods: Iterable[Period]) -> Period | None:
    """Return the one period that `periods` make together without a gap or an overlap, else None."""
    parts = sorted(set(periods))
    if not parts:
        return None
    for one, following in pairwise(parts):
        if following.first != one.last + dt.timedelta(days=1):
            return None
    return Period(parts[0].first, parts[-1].last)


def read_date(value: Cell) -> dt.date | None:
    """Return the first date in a cell: ``31.12.2025``, ``2025-12-31``, ``31/12/25``; day before month."""
    if not isinstance(value, str):
        return None
    found = _DATE.search(clean_words(value))
    return _make_date(found) if found else None


def _make_date(found: re.Match[str]) -> dt.date | None:
    year = int(found["y"] or found["y2"])
    year += 2000 if year < 100 else 0
    month, day = int(found["m"] or found["m2"]), int(found["d"] or found["d2"])
    if month > 12 >= day:
        month, day = day, month  # written in American order
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def read_period(value: Cell) -> Period | None:
    """Return the period that a text names, None where it names none or one that ends before it begins."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or value is None:
        return None
    text = _SHORT_FIRST.sub(r"\1.\2.\4 - \3", clean_words(value)[:200])
    written = [_make_date(found) for found in _DATE.finditer(text)]
    dates = [day for day in written if day is not None]
    if len(dates) < len(written):
        return None  # a day that no calendar has
    if len(dates) >= 2:
        return Period(dates[0], dates[1]) if dates[0] <= dates[1] else None
    if len(dates) == 1:
        return Period(dates[0], dates[0])
    months = [_month_of(found) for found in _MONTH_YEAR.finditer(text)]
    if months:
        return _span(months[0], months[-1])
    years = [int(found) for found in re.findall(rf"(?<!\d){_YEAR}(?!\d)", text)]
    if part := _PART.search(text):
        return _read_part(part, years)
    named = [
        (found["year"], _MONTHS[found["name"].casefold()]) for found in _NAMED.finditer(text) if found["name"]
    ]
    if named:
        last = _full_year(named[-1][0]) or (years[-1] if years else 0)
        first = _full_year(named[0][0]) or (years[0] if years else last)
        return _span((first, named[0][1]), (last, named[-1][1])) if last else None
    if not years or years[0] > years[-1]:
        return None
    return Period(dt.date(years[0], 1, 1), dt.date(years[-1], 12, 31))


def _month_of(found: re.Match[str]) -> tuple[int, int]:
    return int(found["y"] or found["y2"]), int(found["m"] or found["m2"] or found["m3"])


def _full_year(text: str | None) -> int:
    year = int(text) if text else 0
    return year + 2000 if 0 < year < 100 else year


def _span(first: tuple[int, int], last: tuple[int, int]) -> Period | None:
    return Period(make_month(*first).first, make_month(*last).last) if first <= last else None


def _read_part(part: re.Match[str], years: list[int]) -> Period | None:
    length = _PART_MONTHS[(part["kind"] or part["kind2"])[0].casefold()]
    number = int(part["n"] or part["n2"])
    if not years or number * length > 12:
        return None
    return _span((years[0], (number - 1) * length + 1), (years[0], number * length))


def read_month_header(text: str) -> tuple[int, int] | None:
    """Return (year or 0, month) of a column's header that is nothing but a month, else None."""
    bare = clean_words(text).casefold()
    bare = re.sub(rf"\(?\b(?:{_UNITS}|mengde|vekt|sum)\b\)?", " ", bare).strip(" .,;:()")
    if (day := read_date(bare)) is not None and day.day == 1:
        return day.year, day.month
    if found := _MONTH_YEAR.fullmatch(bare):
        return _month_of(found)
    if found := _NAMED.fullmatch(bare):
        return _full_year(found["year"]), _MONTHS[found["name"].casefold()]
    return None


def read_year_header(text: str) -> int:
    """Return the year of a column's header that is nothing but a year and a unit (``2024 (kg)``), else 0."""
    bare = _BESIDE_YEAR.sub(" ", clean_words(text).casefold())
    found = re.fullmatch(rf"[\s().,:/-]*({_YEAR})[\s().,:/-]*", bare)
    return int(found[1]) if found else 0
