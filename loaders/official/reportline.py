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
    site_name: str = ""
    """The site without its address."""

    @property
    def key(self) -> tuple[str, ...]:
        """What the same site is known by in another report."""
        who = self.organisation_number or fold_words(self.customer)
        return (who, fold_words(self.site or self.address), self.postcode)


@dataclass(frozen=True)
class Line:
    """An amount of one fraction in one period: tonnes or cubic metres (`unit`), or None where only pieces
    are counted or the unit is a word that is not known (`unknown_unit`). `cell` is the amount as it stands in
    the file."""

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
    cell: Cell = None
    unknown_unit: str = ""


def fold_words(text: str) -> str:
    """Return small letters and figures with single spaces: what two writings of a name have in common."""
    return " ".join(re.sub(r"[^\w]+", " ", text.casefold()).split())
