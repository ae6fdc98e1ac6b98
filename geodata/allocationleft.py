"""What stays unallocated, and why: one reason an offer, with the figures that show it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geodata.allocationmodel import STATES, Floats, Problem
from geodata.allocationsolver import measure_scale

UNALLOCATED_COLUMNS = (
    "offer",
    "tonnes",
    "reason",
    "pair",
    "blocked_by",
    "price",
    "best_per_t",
    "nearest_km",
    "best_rank",
    "candidates",
    "open_candidates",
)
"""`reason`: one of :data:`REASONS`. `pair`: the pair that would come next, by position in the pairs (or the
nearest, best ranked one that a limit closes); `blocked_by`: the need, intermediary or limit that is full
there, `price` what it charges a tonne of the offer, `best_per_t` what a tonne of that pair would gain before
that."""
REASONS = (
    "no_candidate",
    *STATES[1:],
    "not_worth",
    "demand_full",
    "capacity_full",
    "limit_reached",
)
_BLOCKERS = {"demand": "demand_full", "capacity": "capacity_full"}
_NOTHING = 1e-9


def explain_unallocated(
    problem: Problem, tonnes: Floats, prices: Floats, *, km: Floats, rank: Floats
) -> pd.DataFrame:
    """Return what each offer keeps, with the reason.

    Parameters
    ----------
    km, rank : way and place in the hierarchy of every pair of the input.
    """
    n = len(problem.offers)
    placed = np.bincount(problem.offer, tonnes, n)
    left = problem.supply - placed
    keeps = np.flatnonzero(~(left <= _NOTHING * np.maximum(problem.supply, 1.0)))
    pairs = np.bincount(problem.pair_offer, minlength=n)
    opened = np.bincount(problem.offer, minlength=n)
    stage = np.full(n, -1)
    np.maximum.at(stage, problem.pair_offer, problem.state)
    nearest = _least(problem.pair_offer, km, n)
    best_rank = _least(problem.pair_offer, rank, n)
    reason = np.full(n, "no_candidate", dtype=object)
    shut = (opened == 0) & (pairs > 0)
    reason[shut] = np.array(STATES, dtype=object)[stage[shut]]
    pair, blocked = np.full(n, -1), np.full(n, None, dtype=object)
    charge, margin = np.full(n, np.nan), np.full(n, np.nan)
    for number, column, row, price in _find_next(
        problem, prices, np.isin(np.arange(n), keeps) & (opened > 0)
    ):
        gain = problem.gain[column]
        pair[number], margin[number] = problem.pair[column], gain
        if gain <= _NOTHING * measure_scale(problem.gain) or row < 0:
            reason[number] = "not_worth"
            continue
        kind, subject = problem.kind[row], problem.subject[row]
        reason[number] = _BLOCKERS.get(kind, "limit_reached")
        blocked[number], charge[number] = subject or kind, price
    frame = pd.DataFrame(
        {
            "offer": problem.offers,
            "tonnes": left,
            "reason": reason,
            "pair": np.where(pair < 0, np.nan, pair),
            "blocked_by": blocked,
            "price": charge,
            "best_per_t": margin,
            "nearest_km": nearest,
            "best_rank": best_rank,
            "candidates": pairs,
            "open_candidates": opened,
        }
    ).iloc[keeps]
    kinds = dict.fromkeys(("tonnes", "price", "best_per_t", "nearest_km"), "Float64")
    kinds |= dict.fromkeys(("pair", "best_rank", "candidates", "open_candidates"), "Int64")
    kinds |= dict.fromkeys(("offer", "reason", "blocked_by"), "string")
    return frame.astype(kinds).reset_index(drop=True)


def _find_next(
    problem: Problem, prices: Floats, wanted: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> list[tuple[int, int, int, float]]:
    """Return (offer, column, row, charge) of the pair each wanted offer would use next and its largest
    charge."""
    columns = np.flatnonzero(wanted[problem.offer])
    if not len(columns):
        return []
    part = problem.matrix[:, columns]
    rows = part.indices
    # The offer's own price is no hindrance to itself.
    charges = np.where(problem.kind[rows] == "supply", 0.0, part.data * prices[rows])
    worth = problem.gain[columns] - np.add.reduceat(charges, part.indptr[:-1])
    offer = problem.offer[columns]
    order = np.lexsort((-problem.gain[columns], -worth, offer))
    first = order[np.flatnonzero(np.diff(offer[order], prepend=-1))]
    found = []
    for place in first.tolist():
        own = slice(part.indptr[place], part.indptr[place + 1])
        dearest = int(np.argmax(charges[own]))
        charge = float(charges[own][dearest])
        row = int(rows[own][dearest]) if charge > 0 else -1
        found.append((int(offer[place]), int(columns[place]), row, charge))
    return found


def _least(group: np.ndarray[tuple[int], np.dtype[np.int64]], values: Floats, count: int) -> Floats:
    least = np.full(count, np.inf)
    np.fmin.at(least, group, values)
    return np.where(np.isinf(least), np.nan, least)
