"""Periods as statistics offices write them: years, halves, quarters, months, weeks, days."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_PERIOD: Final = re.compile(
    r"(?P<year>(?:1[5-9]|2[01])\d\d)"
    r"(?:\s?-?[KQkqTt](?P<quarter>[1-4])"
    r"|\s?-?[Mm](?P<month>0[1-9]|1[0-2]|[1-9])(?:[Dd](?P<day>\d\d))?"
    r"|-(?P<iso_month>0[1-9]|1[0-2])(?:-(?P<iso_day>0[1-9]|[12]\d|3[01]))?"
    r"|\s?-?[UuWw](?P<week>[0-5]?\d)"
    r"|\s?-?[HhSs](?P<half>[12]))?"
)


def is_period(text: str) -> bool:
    """Return whether a text is a period: ``2023``, ``2023K1``, ``2023Q1``, ``2023M01``, ``2023-01``."""
    return _PERIOD.fullmatch(text.strip()) is not None


def read_period(text: str) -> tuple[int | None, int | None, int | None]:
    """Return year, quarter and month of a period; None for what it does not tell.

    The quarter of a month is told too. A span of years (``2020-2023``) has no year of its own: all are None.
    """
    found = _PERIOD.fullmatch(text.strip())
    if found is None:
        return None, None, None
    month = found["month"] or found["iso_month"]
    quarter = int(found["quarter"]) if found["quarter"] else (int(month) + 2) // 3 if month else None
    return int(found["year"]), quarter, int(month) if month else None


def read_periods(codes: Sequence[str], labels: Sequence[str]) -> dict[str, list[int | None]]:
    """Return ``year``, ``quarter`` and ``month`` of each category: out of its code, else out of its label."""
    read = [
        read_period(code if is_period(code) else label) for code, label in zip(codes, labels, strict=True)
    ]
    return {name: [one[at] for one in read] for at, name in enumerate(("year", "quarter", "month"))}
