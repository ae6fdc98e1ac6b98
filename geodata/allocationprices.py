"""What one more tonne is worth, and over how many tonnes that holds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geodata.allocationmodel import Floats, Problem
from geodata.allocationsolver import Master, Solution, measure_scale

PRICE_COLUMNS = (
    "kind",
    "id",
    "amount",
    "used",
    "price",
    "holds_from",
    "holds_to",
    "price_more",
    "price_less",
    "degenerate",
)
"""One row a supply, demand, capacity or limit. `price`: what the goal gains by one more of `amount`; for what
has to be reached it is zero or below. It is exact while the amount lies between `holds_from` and `holds_to`
(all else unchanged). Where the amount itself is an end of that stretch, the first unit more is worth
`price_more` and the first unit less costs `price_less` (<NA>: not worked out); `degenerate` says that the two
are not known to be equal."""
_STEPS = (1e-3, 1e-5, 1e-7)
_NEAR = 1e-9


def tabulate_prices(
    problem: Problem, solution: Solution, master: Master, *, tonnes: Floats, solve_again: int
) -> pd.DataFrame:
    """Return :data:`PRICE_COLUMNS`, the dearest first; `solve_again` of the degenerate ones are worked
    out."""
    sign, price, bound = problem.sign, solution.prices.copy(), problem.bound
    price[price < _NEAR * measure_scale(problem.gain)] = 0.0
    near = _NEAR * np.maximum(np.abs(bound), master.tonne)
    low, high = np.minimum(solution.low, bound), np.maximum(solution.high, bound)
    rise = np.where(high > bound + near, price, np.nan)
    fall = np.where(low < bound - near, price, np.nan)
    # An amount of nothing cannot become less.
    nothing = (bound == 0) & ~problem.at_least
    fall[nothing] = np.nan
    degenerate = np.isnan(rise) | (np.isnan(fall) & ~nothing)
    unclear = np.flatnonzero(degenerate & problem.known & (price > 0))
    for row in unclear[np.argsort(-price[unclear], kind="stable")][:solve_again]:
        if np.isnan(rise[row]):
            rise[row] = _measure_slope(problem, master, int(row), up=True)
        if np.isnan(fall[row]) and not nothing[row]:
            fall[row] = _measure_slope(problem, master, int(row), up=False)
        degenerate[row] = not abs(rise[row] - fall[row]) <= _NEAR * measure_scale(problem.gain)
    must = problem.at_least
    frame = pd.DataFrame(
        {
            "kind": problem.kind,
            "id": problem.subject,
            "amount": bound * sign,
            "used": (problem.matrix @ tonnes) * sign,
            "price": price * sign,
            "holds_from": np.maximum(np.where(must, -high, low), 0.0),
            "holds_to": np.where(must, -low, high),
            "price_more": np.where(must, -fall, rise),
            "price_less": np.where(must, -rise, fall),
            "degenerate": degenerate,
        }
    )[problem.known]
    frame = frame.iloc[np.argsort(-np.abs(frame["price"].to_numpy()), kind="stable")].reset_index(drop=True)
    kinds = dict.fromkeys(PRICE_COLUMNS[2:-1], "Float64") | {
        "kind": "string",
        "id": "string",
        "degenerate": "boolean",
    }
    return frame.astype(kinds)


def _measure_slope(problem: Problem, master: Master, row: int, *, up: bool) -> float:
    """Return what the first unit more (or less) of a row's bound changes, NaN where it cannot be said.

    A little further on the price is plain; it is the wanted one where it holds back to the bound itself.
    """
    bound = float(problem.bound[row])
    size = max(abs(bound), master.tonne)
    slope = float("nan")
    for share in _STEPS:
        moved = bound + (share * size if up else -share * size)
        if moved < 0 and not problem.at_least[row]:
            continue
        master.move_bound(row, moved)
        prices = master.solve()
        if not master.optimal:
            continue
        low, high = master.read_ranges()
        end = low[row] if up else high[row]
        if (end <= bound + _NEAR * size) if up else (end >= bound - _NEAR * size):
            slope = float(prices[row])
            break
    master.move_bound(row, bound)
    return slope
