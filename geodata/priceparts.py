"""One match's money and carbon, part by part with their ranges, and the figures that each part rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geodata.codetables import WasteCodes
from geodata.economicjourneys import BEST, HIGH, LOW, measure_journeys, read_numbers
from geodata.economickinds import Kind, KindPricer
from geodata.economictables import EconomicChoices, EconomicTables, Figures, Range
from geodata.uses import UseLibrary

PART_COLUMNS = ("part", "low", "best", "high")
MONEY_PARTS = ("gate_fee", "value", "treatment", "transport")
CARBON_PARTS = ("avoided_production", "avoided_treatment", "treatment", "transport")
NET = "net"


@dataclass(frozen=True, eq=False)
class PriceParts:
    """What a match's net figures are made of.

    Attributes
    ----------
    money : :data:`PART_COLUMNS`, one row for each of :data:`MONEY_PARTS` and one for the net; NOK per tonne
        of the offered stream (per MWh where the match is in MWh). Costs are below zero, so that rows add up
        to the net, each end by itself: `low` is what is worst for the net. NaN where not known.
    carbon : the same for :data:`CARBON_PARTS`, kg CO2e that are saved (below zero: let out).
    as_today : what is done to the stream is what is done to it today: nothing but the way is new.
    keys : keys of the rows of ``EconomicTables.parameters`` that the figures rest on, in order of use.
    """

    money: pd.DataFrame
    carbon: pd.DataFrame
    as_today: bool
    keys: tuple[str, ...]


class _NotingFigures(Figures):
    """Figures that note which rows are asked for and found."""

    def __init__(self, tables: EconomicTables, choices: EconomicChoices, codes: WasteCodes) -> None:
        super().__init__(tables, choices, codes)
        self.found: dict[str, None] = {}

    def find(self, name: str, subjects: Iterable[str] = ()) -> tuple[Range, str]:
        """Return as :meth:`Figures.find`, and note the key."""
        out = super().find(name, subjects)
        if out[0].known:
            self.found[out[1]] = None
        return out


def explain_price(
    match: pd.DataFrame,
    *,
    tables: EconomicTables,
    choices: EconomicChoices,
    uses: UseLibrary,
    codes: WasteCodes,
) -> PriceParts:
    """Return the parts of one match's price; they add up to :func:`geodata.economics.price_matches`.

    Parameters
    ----------
    match : one row of the match table.

    Raises
    ------
    ParameterError
        A choice that the tables do not allow.
    ValueError
        Not exactly one row.
    """
    if len(match) != 1:
        raise ValueError("one match at a time")
    noting = _NotingFigures(tables, choices, codes)
    texts = [_read_text(match, name) for name in Kind._fields[:-1]]
    kind = Kind._make([*texts, float(read_numbers(match, "yield_best")[0])])
    figures = KindPricer(noting, tables, uses, codes).price(kind)
    way = measure_journeys(match, np.zeros(1, dtype=np.intp), [kind], [figures])
    price = float(read_numbers(match, "offer_price_nok_per_t")[0])
    reported = not np.isnan(price) and not figures.as_today
    transport = Range(*(float((way.fixed[end] + way.varying[end])[0]) for end in (LOW, BEST, HIGH)))
    carbon = Range(*(float(way.carbon[end][0]) for end in (LOW, BEST, HIGH)))
    money_parts = (
        Range(-price, -price, -price) if reported else figures.gate,
        figures.value,
        _turn(figures.treatment),
        _turn(transport),
    )
    carbon_parts = (
        figures.avoided_production,
        figures.avoided_treatment,
        _turn(figures.treatment_carbon),
        _turn(carbon),
    )
    keys = tuple(key for key in noting.found if not (reported and key.partition("/")[0] == "gate_fee"))
    return PriceParts(
        money=_tabulate(MONEY_PARTS, money_parts),
        carbon=_tabulate(CARBON_PARTS, carbon_parts),
        as_today=figures.as_today,
        keys=keys,
    )


def _read_text(match: pd.DataFrame, name: str) -> str:
    value = match[name].iloc[0] if name in match else None
    return value if isinstance(value, str) else ""


def _turn(cost: Range) -> Range:
    """Return a cost as what it does to the net: the greatest cost is worst."""
    return Range(-cost.high, -cost.best, -cost.low)


def _tabulate(names: tuple[str, ...], parts: tuple[Range, ...]) -> pd.DataFrame:
    net = Range(*(float(sum(part[end] for part in parts)) for end in (LOW, BEST, HIGH)))
    rows = [(name, *part) for name, part in zip((*names, NET), (*parts, net), strict=True)]
    return pd.DataFrame(rows, columns=list(PART_COLUMNS))
