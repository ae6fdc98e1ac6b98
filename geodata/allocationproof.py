"""Is the plan the best one? Worked out anew from tonnes and prices, with nothing but sums.

For any prices that are not negative, no plan can gain more than what all supplies, demands, capacities and
limits are worth at them, once no pair is worth more than it costs (weak duality). So two vectors suffice: the
tonnes keep every limit, the prices undercut no pair, and both come to the same sum. Pairs the solver never
saw are judged like the others. What prices leave over on a pair is put on its offer's price, so that the
bound holds whatever the solver's tolerance was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geodata.allocationmodel import Floats, Problem
from geodata.allocationsolver import find_scale, measure_scale

TOLERANCE = 1e-8
"""Of a limit (primal) or of the largest gain (dual): what a sum may be off before it is no proof."""
GAP = 1e-9
"""Of the plan's sum: how much better another plan might still be."""


@dataclass(frozen=True)
class Proof:
    """What the check found.

    Attributes
    ----------
    status : ``optimal``, ``infeasible`` (no plan keeps all limits) or ``not_proved``.
    primal : the plan's sum. dual : no plan has a larger one.
    gap : the difference, as a share of the larger of both.
    primal_violation : by how much a limit is exceeded at worst, as a share of it (or of a usual amount).
    dual_violation : by how much a pair is worth more than it costs at worst, as a share of the largest gain.
    pairs : how many pairs were judged. solver_pairs : how many of them the solver saw. rounds : how often.
    """

    status: str
    primal: float
    dual: float
    gap: float
    primal_violation: float
    dual_violation: float
    pairs: int
    solver_pairs: int = 0
    rounds: int = 0


def prove_plan(
    problem: Problem, tonnes: Floats, prices: Floats, *, solver_pairs: int = 0, rounds: int = 0
) -> Proof:
    """Return whether `tonnes` (of each column) are the best plan, shown by `prices` (of each row)."""
    prices = np.maximum(prices, 0.0)
    matrix, bound = problem.matrix, problem.bound
    usual = np.maximum(np.abs(bound), find_scale(bound))
    over = np.max((matrix @ tonnes - bound) / usual, initial=0.0)
    below = np.max(-tonnes, initial=0.0) / find_scale(bound)
    primal_violation = float(max(over, below))
    left = np.maximum(problem.gain - matrix.T @ prices, 0.0)
    dual_violation = float(np.max(left, initial=0.0) / measure_scale(problem.gain))
    primal = float(problem.gain @ tonnes)
    dual = float(bound @ prices + _repair(problem, left))
    size = max(abs(primal), abs(dual))
    gap = abs(dual - primal) / size if size else 0.0
    # Sums of nothing but noise: both are nothing beside what one usual amount could gain.
    if size <= GAP * measure_scale(problem.gain) * find_scale(bound):
        gap = 0.0
    good = primal_violation <= TOLERANCE and dual_violation <= TOLERANCE and gap <= GAP
    return Proof(
        "optimal" if good else "not_proved",
        primal,
        dual,
        gap,
        primal_violation,
        dual_violation,
        len(problem.gain),
        solver_pairs,
        rounds,
    )


def prove_infeasible(problem: Problem, prices: Floats, *, solver_pairs: int = 0, rounds: int = 0) -> Proof:
    """Return whether `prices` show that no plan keeps all limits (Farkas' lemma).

    They do where everything that may be used is worth less at them than what has to be reached, and no pair
    changes that: then `dual` is below zero.
    """
    prices = np.maximum(prices, 0.0)
    left = np.maximum(-(problem.matrix.T @ prices), 0.0)
    size = measure_scale(prices)
    dual = float(problem.bound @ prices + _repair(problem, left)) / size
    proved = dual < -TOLERANCE * find_scale(problem.bound)
    return Proof(
        "infeasible" if proved else "not_proved",
        float("nan"),
        dual,
        float("nan"),
        float("nan"),
        float(np.max(left, initial=0.0) / size),
        len(problem.gain),
        solver_pairs,
        rounds,
    )


def _repair(problem: Problem, left: Floats) -> float:
    """Return what the supplies cost once each offer's price rises by the most its pairs leave over."""
    rise = np.zeros(len(problem.offers))
    np.maximum.at(rise, problem.offer, left)
    return float(problem.bound[: len(rise)] @ rise)
