"""One match with what its card tells of it, and how its figures are written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from dashboard import session
from dashboard.matchwording import tell_unpriced
from dashboard.text import format_number, is_unknown
from dashboard.text import gettext as _
from dashboard.usewording import tell_use
from geodata.priceparts import PriceParts


@dataclass(frozen=True)
class Card:
    """One match with what its card tells: its row, its price, its use in words."""

    view: session.View
    row: pd.DataFrame
    price: dict[str, Any]

    @cached_property
    def match(self) -> dict[str, Any]:
        """The row of the match table: column -> value."""
        return self.row.iloc[0].to_dict()

    @cached_property
    def use(self) -> dict[str, Any] | None:
        """The use in words, None where the match is of none."""
        use_id, words = self.match["use_id"], session.use_words()
        return tell_use(use_id, words) if isinstance(use_id, str) and use_id in words.uses else None

    @cached_property
    def parts(self) -> PriceParts:
        """The price in parts."""
        return session.explain_price_of(self.view, self.row)

    @property
    def unit(self) -> str:
        """What the figures are per: a tonne, or a MWh of energy."""
        return "MWh" if self.match["unit"] == "MWh" else "t"

    @property
    def unpriced(self) -> list[str]:
        """What lacks for a price, in words."""
        keys = str(self.price["unpriced"] or "")
        return tell_unpriced(keys, words=session.use_words(), material=self.view.material)

    def name(self, end: str) -> str:
        """Return the name of the facility at ``from``, ``via`` or ``to``; "" where there is none."""
        key = self.match[f"{end}_facility_id"]
        return "" if is_unknown(key) else self.view.names.get(str(key), "?")

    def way(self) -> str:
        """Return who gives, through whom, to whom."""
        return " → ".join(name for end in ("from", "via", "to") if (name := self.name(end)))


def find_card(view: session.View, match_id: str) -> Card | None:
    """Return the card of a match, priced with the reader's figures; None where the scenario has it not."""
    matches = view.result.matches
    row = matches[matches["match_id"] == match_id]
    if row.empty:
        return None
    return Card(view, row, session.price_some(view, row).iloc[0].to_dict())


def unit_word(unit: str) -> str:
    """Return what the figures are per, in words."""
    return "MWh" if unit == "MWh" else _("tonne")


def show_known(value: Any, unit: str) -> str:
    """Write a figure with its unit; unknown is said."""
    return _("unknown") if is_unknown(value) else format_number(value, unit=unit)


def show_between(low: Any, high: Any, unit: str) -> str:
    """Write a range with its unit."""
    if is_unknown(low) or is_unknown(high):
        return _("range unknown")
    return _("from {low} to {high}").format(low=format_number(low), high=format_number(high, unit=unit))


def is_priced(card: Card) -> bool:
    """Whether the net is known."""
    return not is_unknown(card.price["net_nok_per_t"])


def show_distance(km: Any) -> str:
    """Write a break-even distance; `km` may have no end, or be none."""
    if is_unknown(km):
        return _("any distance")
    return _("no distance") if km <= 0 else format_number(km, unit="km")
