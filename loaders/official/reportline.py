"""A line of a waste report: whose waste, of what, how much and when."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from loaders.official.reportgoods import Goods
from loaders.official.reportperiods import Period
from loaders.rawtables import Cell

Report = Callable[..., None]
"""Called as ``report(severity, code, row, column, value=..., **values)``; see :mod:`loaders.reporting`."""


@dataclass(frozen=True)
class Site:
    """Whose waste and where from, as the report says; each part empty where it says nothing."""

    customer: str = ""
    site: str = ""
    address: str = ""
    postcode: str = ""
    place: str = ""
    municipality: str = ""
    organisation_number: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What the same site is known by in another report."""
        who = self.organisation_number or _fold(self.customer)
        return (who, _fold(self.site or self.address), self.postcode)


@dataclass(frozen=True)
class Line:
    """An amount of one fraction in one period: tonnes or cubic metres (`unit`), or None where only pieces
    are counted."""

    row: int
    site: Site
    supplier: str
    goods: Goods
    amount: float | None
    unit: str
    period: Period | None
    eal: Cell = None
    treatment: str = ""
    treatment_words: str = ""
    dated: bool = False


def _fold(text: str) -> str:
    return " ".join(re.sub(r"[^\w]+", " ", text.casefold()).split())
