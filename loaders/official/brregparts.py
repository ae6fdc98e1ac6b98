"""Smaller questions that together are one: the business register tells the first 10 000 answers of each.

A question is a set of filters of the search. One that fits more units than the register tells is asked in
parts: by industry, by the day of registration, by employees, by postcode. A unit may have three industry
codes (then it comes more than once) or none (then no part by industry has it); each has one day of
registration.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

Question = Mapping[str, str]
"""Filter -> value, in the service's own words."""

MUNICIPALITY: Final = "kommunenummer"
INDUSTRY: Final = "naeringskode"
FROM_DAY: Final = "fraRegistreringsdatoEnhetsregisteret"
TO_DAY: Final = "tilRegistreringsdatoEnhetsregisteret"
FROM_EMPLOYEES: Final = "fraAntallAnsatte"
TO_EMPLOYEES: Final = "tilAntallAnsatte"
POSTCODE: Final = "beliggenhetsadresse.postnummer"

_FIRST_DAY: Final = dt.date(1995, 1, 1)
"""The register began in 1995; what bears an older date is in the part that is open downwards."""
_EMPLOYEES: Final = (0, 1, 5, 10, 20, 50, 100, 250, 1000)
"""Where groups begin. The register takes 1-4 only together."""


@dataclass(frozen=True)
class Criterion:
    """A way to take a question apart.

    Attributes
    ----------
    name : of it.
    impossible : filters that no unit fits; a service that answers with units does not know the filter.
    split : question and postcodes to the parts, none where it cannot be taken further apart this way.
    """

    name: str
    impossible: Question
    split: Callable[[Question, Collection[str]], list[Question]]


def split_industries(question: Question, _postcodes: Collection[str] = ()) -> list[Question]:
    """Return the parts by industry: lists to single codes, no code to divisions, a code to one digit more.

    ``00`` is the register's "not given". Codes have two to five digits, a point after the second.
    """
    code = question.get(INDUSTRY, "")
    if "," in code:
        codes = code.split(",")
    elif not code:
        codes = [f"{division:02d}" for division in range(100)]
    elif len(code) < len("00.000"):
        codes = [f"{code}{'.' if len(code) == 2 else ''}{digit}" for digit in range(10)]
    else:
        codes = []
    return [{**question, INDUSTRY: part} for part in codes]


def split_days(question: Question, _postcodes: Collection[str] = ()) -> list[Question]:
    """Return the two halves by day of registration (both ends included), none of a single day."""
    today = dt.date.today()
    first = dt.date.fromisoformat(question[FROM_DAY]) if FROM_DAY in question else None
    last = dt.date.fromisoformat(question[TO_DAY]) if TO_DAY in question else None
    low = first if first is not None else min(_FIRST_DAY, last or _FIRST_DAY)
    high = last if last is not None else max(today, first or today)
    if low >= high:
        return []
    middle = low + (high - low) // 2
    return [
        {**question, TO_DAY: middle.isoformat()},
        {**question, FROM_DAY: (middle + dt.timedelta(days=1)).isoformat()},
    ]


def split_employees(question: Question, _postcodes: Collection[str] = ()) -> list[Question]:
    """Return the parts by employees; none where the question speaks of employees already.

    A unit whose number the register does not know is in none of them.
    """
    if FROM_EMPLOYEES in question or TO_EMPLOYEES in question:
        return []
    parts: list[Question] = []
    for position, begin in enumerate(_EMPLOYEES):
        part = {**question, FROM_EMPLOYEES: str(begin)}
        if position + 1 < len(_EMPLOYEES):
            part[TO_EMPLOYEES] = str(_EMPLOYEES[position + 1] - 1)
        parts.append(part)
    return parts


def split_postcodes(question: Question, postcodes: Collection[str]) -> list[Question]:
    """Return a part for each of `postcodes`; none where the question is of one already."""
    if POSTCODE in question:
        return []
    return [{**question, POSTCODE: postcode} for postcode in sorted(set(postcodes))]


CRITERIA: Final = (
    Criterion("industries", {INDUSTRY: "99.999"}, split_industries),
    Criterion("days", {FROM_DAY: "2999-12-31"}, split_days),
    Criterion("employees", {FROM_EMPLOYEES: "99999999"}, split_employees),
    Criterion("postcodes", {POSTCODE: "0000"}, split_postcodes),
)
"""In the order in which they are tried; the first is the one that the register's own guide names."""
