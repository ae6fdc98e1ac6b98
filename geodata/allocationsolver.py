"""The best plan by few columns: a guess of the prices, HiGHS on the pairs they leave, the rest priced anew.

A plan uses about as many pairs as there are offers and needs, whatever the number of candidates. Prices are
guessed first (a softened plan whose temperature falls, a few array operations a round). Pairs that are nearly
worth their while at these prices go to HiGHS; its prices then judge *all* pairs, those that are worth more
than they cost are added, and so on until there is none. What ends there is the optimum of the whole problem,
and :mod:`geodata.allocationproof` checks it without HiGHS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from geodata.allocationmodel import Flags, Floats, Ints, Problem

TOLERANCE = 1e-9
"""Of scaled prices and amounts; a pair must gain more than this share of the largest gain to be added."""
WHOLE = 3000
"""So many columns are solved at once: choosing among them would cost more than it saves."""
BATCH = 2
"""So many further columns of an offer are added at a time."""
_COLDEST = 0.025
_ROUNDS = 10
_PRIMAL_SIMPLEX = 4
_TRACE = 1e-3
_PENALTY = 20.0
_MISSING = 1e-7


@dataclass(frozen=True, eq=False)
class Solution:
    """What the solver says; nothing here is trusted before it is proved.

    Attributes
    ----------
    tonnes : of each column. prices : of each row (>= 0). feasible : False: `prices` show that no plan exists.
    low, high : amounts of each row's bound (as in ``Problem.bound``) between which its price holds; NaN where
        the solver could not say.
    columns : how many columns HiGHS ever saw. rounds : how often it was asked.
    """

    tonnes: Floats
    prices: Floats
    feasible: bool
    low: Floats
    high: Floats
    columns: int
    rounds: int


class Master:
    """HiGHS with some of a problem's columns; further ones are added as prices call for them."""

    def __init__(self, problem: Problem, *, gain: Floats | None = None, allowed: Flags | None = None) -> None:
        self.problem = problem
        self.gain = problem.gain if gain is None else gain
        self.allowed = np.ones(len(self.gain), bool) if allowed is None else allowed
        self.transposed = problem.matrix.T.tocsr()
        self.tonne = find_scale(problem.bound)
        self.nok = measure_scale(self.gain)
        self.columns: Ints = np.zeros(0, dtype=np.int64)
        self.inside = np.zeros(len(self.gain), bool)
        self.rounds = self.solved = 0
        self.solver = highspy.Highs()  # type: ignore[no-untyped-call]
        self.solver.silent()
        for option, value in (
            ("parallel", "off"),
            ("primal_feasibility_tolerance", TOLERANCE),
            ("dual_feasibility_tolerance", TOLERANCE),
        ):
            self.solver.setOptionValue(option, value)
        self.artificial = np.flatnonzero(problem.at_least)
        self._pass(self._choose_first())

    def _choose_first(self) -> Ints:
        worthwhile = self.allowed if len(self.artificial) else self.allowed & (self.gain > 0)
        candidates = np.flatnonzero(worthwhile)
        rows = len(self.problem.bound)
        if len(candidates) <= WHOLE:
            return candidates
        wanted = min(len(candidates), int(1.4 * rows) + 100)
        worth = guess_worth(self.problem, candidates, self.gain)
        return np.sort(candidates[np.argpartition(-worth, wanted - 1)[:wanted]])

    def _pass(self, columns: Ints) -> None:
        """Hand the rows, one artificial column for each that has to be reached, and the first columns
        over."""
        problem, needed = self.problem, self.artificial
        part = problem.matrix[:, columns]
        model = highspy.HighsLp()
        rows, extra = len(problem.bound), len(needed)
        model.num_row_, model.num_col_ = rows, extra + len(columns)
        model.col_cost_ = np.concatenate([np.zeros(extra), -self.gain[columns] / self.nok])
        model.col_lower_ = np.zeros(extra + len(columns))
        model.col_upper_ = np.full(extra + len(columns), highspy.kHighsInf)
        model.row_lower_ = np.full(rows, -highspy.kHighsInf)
        model.row_upper_ = problem.bound / self.tonne
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = np.concatenate([np.arange(extra), extra + part.indptr]).astype(np.int32)
        model.a_matrix_.index_ = np.concatenate([needed, part.indices]).astype(np.int32)
        model.a_matrix_.value_ = np.concatenate([-np.ones(extra), part.data])
        self.solver.passModel(model)
        self.columns = columns
        self.inside[columns] = True

    def add(self, columns: Ints) -> None:
        """Let HiGHS see further columns."""
        part = self.problem.matrix[:, columns]
        count = len(columns)
        self.solver.addCols(
            count,
            -self.gain[columns] / self.nok,
            np.zeros(count),
            np.full(count, highspy.kHighsInf),
            part.nnz,
            part.indptr[:-1].astype(np.int32),
            part.indices.astype(np.int32),
            part.data,
        )
        self.columns = np.concatenate([self.columns, columns])
        self.inside[columns] = True

    def set_gains(self, gain: Floats, *, artificial_cost: float, artificial_most: float) -> None:
        """Go on with another goal; the artificial columns cost so much and may carry so much."""
        self.gain, self.nok = gain, measure_scale(gain)
        extra = len(self.artificial)
        every = np.arange(extra + len(self.columns), dtype=np.int32)
        costs = np.concatenate([np.full(extra, artificial_cost), -gain[self.columns] / self.nok])
        self.solver.changeColsCost(len(every), every, costs)
        if extra:
            self.solver.changeColsBounds(
                extra, every[:extra], np.zeros(extra), np.full(extra, artificial_most)
            )

    def solve(self) -> Floats:
        """Return the rows' prices when no column is worth more than it costs."""
        while True:
            self._run()
            duals = np.array(self.solver.getSolution().row_dual, dtype=np.float64)
            prices: Floats = np.maximum(-duals, 0.0) * self.nok
            worth = self.gain - self.transposed @ prices
            worth[self.inside | ~self.allowed] = -np.inf
            better = np.flatnonzero(worth > TOLERANCE * self.nok)
            if not len(better):
                return prices
            self.add(self._choose_best(better, worth[better]))

    def _choose_best(self, columns: Ints, worth: Floats) -> Ints:
        """Return each offer's few best of `columns`: the best of all may all be of one offer."""
        order = np.lexsort((-worth, self.problem.offer[columns]))
        columns = columns[order]
        offer = self.problem.offer[columns]
        first = np.flatnonzero(np.diff(offer, prepend=-1))
        place = np.arange(len(columns)) - np.repeat(first, np.diff(np.append(first, len(columns))))
        return np.sort(columns[place < BATCH])

    def _run(self) -> None:
        first = self.rounds == 0
        # Many new columns make the old basis a poor start: an interior point goes straight there.
        new = len(self.columns) - self.solved
        by_points = len(self.columns) > WHOLE and new > len(self.problem.bound) / 2
        self.solved = len(self.columns)
        self.solver.setOptionValue("solver", "ipm" if by_points else "simplex")
        self.solver.setOptionValue("simplex_strategy", 1 if first else _PRIMAL_SIMPLEX)
        self.solver.run()
        self.rounds += 1
        if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            # Rarely an interior point or a warm basis leads nowhere: from scratch, by the dual simplex.
            self.solver.clearSolver()
            self.solver.setOptionValue("solver", "simplex")
            self.solver.setOptionValue("simplex_strategy", 1)
            self.solver.run()

    def read_tonnes(self) -> Floats:
        """Return the tonnes of every column of the problem."""
        tonnes = np.zeros(len(self.gain))
        values = np.array(self.solver.getSolution().col_value)[len(self.artificial) :]
        tonnes[self.columns] = np.maximum(values, 0.0) * self.tonne
        return tonnes

    def read_missing(self) -> Floats:
        """Return by how much each row that has to be reached falls short, in its own unit."""
        short = np.array(self.solver.getSolution().col_value)[: len(self.artificial)]
        return np.asarray(np.maximum(short, 0.0) * self.tonne)

    def read_ranges(self) -> tuple[Floats, Floats]:
        """Return the bounds between which each row's price holds, NaN where HiGHS cannot say."""
        rows = len(self.problem.bound)
        ranging: Any = self.solver.getRanging()
        if isinstance(ranging, tuple):  # older versions hand a status along
            ranging = ranging[1]
        low, high = np.full(rows, np.nan), np.full(rows, np.nan)
        if ranging.valid:
            limit = highspy.kHighsInf
            down, up = np.array(ranging.row_bound_dn.value_), np.array(ranging.row_bound_up.value_)
            low = np.where(down <= -limit, -np.inf, down * self.tonne)
            high = np.where(up >= limit, np.inf, up * self.tonne)
        basic = np.array(
            [status == highspy.HighsBasisStatus.kBasic for status in self.solver.getBasis().row_status]
        )
        # A row with slack costs nothing as long as it has slack.
        used = np.array(self.solver.getSolution().row_value) * self.tonne
        return np.where(basic, used, low), np.where(basic, np.inf, high)

    @property
    def optimal(self) -> bool:
        """Whether HiGHS found an optimum the last time it was asked."""
        return bool(self.solver.getModelStatus() == highspy.HighsModelStatus.kOptimal)

    def move_bound(self, row: int, bound: float) -> None:
        """Give one row another bound."""
        self.solver.changeRowBounds(row, -highspy.kHighsInf, bound / self.tonne)


class TieBreaker(Master):
    """Among the plans that are best, the one with the most of a second sum.

    Only pairs that are worth exactly what they cost carry anything, and rows with a price stay as full as
    they are: these two together are the set of all best plans (complementary slackness).
    """

    def __init__(self, problem: Problem, tonnes: Floats, prices: Floats, *, scale: float) -> None:
        worth = problem.gain - problem.matrix.T @ prices
        allowed = worth >= -TOLERANCE * scale
        self.needed = bool((allowed & (tonnes <= 0)).any())
        self.pinned = np.flatnonzero(prices > TOLERANCE * scale)
        self.start = tonnes
        self.used = problem.matrix @ tonnes
        if self.needed:
            super().__init__(problem, gain=problem.second, allowed=allowed)

    def _choose_first(self) -> Ints:
        started = self.allowed & (self.start > 0)
        if self.allowed.sum() <= WHOLE:
            return np.flatnonzero(self.allowed)
        candidates = np.flatnonzero(self.allowed & ~started)
        best = candidates[np.argsort(-self.gain[candidates], kind="stable")[: len(self.problem.bound)]]
        return np.sort(np.concatenate([np.flatnonzero(started), best]))

    def _pass(self, columns: Ints) -> None:
        self.artificial = np.zeros(0, dtype=np.int64)
        super()._pass(columns)
        for row in self.pinned:
            used = self.used[row] / self.tonne
            self.solver.changeRowBounds(int(row), used, used)

    def solve(self) -> Floats:
        """Return the rows' prices of the second sum, of either sign where a row stays as it is."""
        while True:
            self._run()
            prices = -np.array(self.solver.getSolution().row_dual) * self.nok
            worth = self.gain - self.transposed @ prices
            worth[self.inside | ~self.allowed] = -np.inf
            better = np.flatnonzero(worth > TOLERANCE * self.nok)
            if not len(better):
                return prices
            self.add(self._choose_best(better, worth[better]))


def solve_problem(problem: Problem) -> tuple[Solution, Master]:
    """Return the optimum (or the prices that show that no plan exists) and the solver as it stands there.

    The goal is first asked for with a trace of the second sum in it: where many plans are equally good,
    prices that tell nothing apart would call for column after column. What is missing in rows that have to be
    reached costs more than anything gains. From the plan found so, the goal itself is asked for.
    """
    mixed = problem.gain / measure_scale(problem.gain) + _TRACE * problem.second / measure_scale(
        problem.second
    )
    master = Master(problem, gain=mixed)
    master.set_gains(mixed, artificial_cost=_PENALTY, artificial_most=highspy.kHighsInf)
    master.solve()
    feasible = master.read_missing().sum() <= _MISSING * master.tonne
    if not feasible:
        master.set_gains(np.zeros(len(mixed)), artificial_cost=1.0, artificial_most=highspy.kHighsInf)
        prices = master.solve()
        feasible = master.read_missing().sum() <= _MISSING * master.tonne
    if feasible:
        master.set_gains(problem.gain, artificial_cost=0.0, artificial_most=0.0)
        prices = master.solve()
        low, high = master.read_ranges()
    else:
        low, high = np.full((2, len(problem.bound)), np.nan)
    tonnes = master.read_tonnes() if feasible else np.zeros(len(mixed))
    return Solution(tonnes, prices, feasible, low, high, len(master.columns), master.rounds), master


def break_ties(problem: Problem, solution: Solution) -> Floats:
    """Return the tonnes of the best plan that also has the most of ``problem.second``."""
    tiebreaker = TieBreaker(problem, solution.tonnes, solution.prices, scale=measure_scale(problem.gain))
    if not tiebreaker.needed:
        return solution.tonnes
    tiebreaker.solve()
    return tiebreaker.read_tonnes()


def guess_worth(problem: Problem, columns: Ints, gain: Floats) -> Floats:
    """Return about how much more (or less) each column is worth than it costs.

    The plan is softened: an offer spreads over its pairs by ``exp(worth / temperature)`` and keeps the share
    of "nowhere" (worth 0), and full needs and intermediaries raise their price by the logarithm of the crowd,
    as in the scaling of Sinkhorn and Knopp. A guess only: what it leaves out is priced later.
    """
    offer, need, via = problem.offer[columns], problem.need[columns], problem.via[columns]
    worth = gain[columns]
    matrix = problem.matrix[:, columns]
    n, m = len(problem.offers), len(problem.needs)
    product = np.zeros(len(columns))
    entry = np.repeat(np.arange(len(columns)), np.diff(matrix.indptr))
    demand_rows = (matrix.indices >= n) & (matrix.indices < n + m)
    direct = demand_rows & (matrix.indices == n + need[entry])
    product[entry[direct]] = matrix.data[direct]
    capacity_rows = np.flatnonzero(problem.kind == "capacity")
    gate = np.full(len(columns), len(problem.bound))
    gated = np.isin(matrix.indices, capacity_rows) & ~direct
    gate[entry[gated]] = matrix.indices[gated]
    through = np.flatnonzero(via >= 0)
    supply, demand = problem.bound[:n], np.maximum(problem.bound[n : n + m], 1e-9)
    rooms = np.append(np.maximum(problem.bound, 1e-9), 1e300)
    starts = np.flatnonzero(np.diff(offer, prepend=-1))
    groups = np.diff(np.append(starts, len(offer)))
    heats = _choose_heats(worth)
    need_price, gate_price = np.zeros(m), np.zeros(len(rooms))
    left = worth
    for heat in heats:
        for _ in range(_ROUNDS):
            left = worth - product * need_price[need] - gate_price[gate]
            best = np.maximum(np.maximum.reduceat(left, starts), 0.0)
            weight = np.exp((left - np.repeat(best, groups)) / heat)
            total = np.add.reduceat(weight, starts) + np.exp(-best / heat)
            tonnes = weight * np.repeat(supply[offer[starts]] / total, groups)
            arriving = np.bincount(need, tonnes * product, m)
            passing = np.bincount(gate[through], tonnes[through], len(rooms))
            need_price = np.maximum(0.0, need_price + 0.9 * heat * np.log((arriving + 1e-9) / demand))
            gate_price = np.maximum(0.0, gate_price + 0.9 * heat * np.log((passing + 1e-9) / rooms))
    left = worth - product * need_price[need] - gate_price[gate]
    best = np.maximum(np.maximum.reduceat(left, starts), 0.0)
    return np.asarray(left - np.repeat(best, groups))


def _choose_heats(worth: Floats) -> Floats:
    """Return falling temperatures, from the largest worth to a fraction of what tells pairs apart."""
    hottest = measure_scale(worth)
    coldest = _COLDEST * max(float(np.std(worth)), 1e-6 * hottest)
    return np.geomspace(hottest, coldest, 2 + int(np.log2(hottest / coldest)))


def find_scale(bound: Floats) -> float:
    """Return the amount that a row usually has."""
    positive = np.abs(bound[(bound != 0) & np.isfinite(bound)])
    return float(np.median(positive)) if len(positive) else 1.0


def measure_scale(values: Floats) -> float:
    """Return the largest size among `values`, 1 where all are zero."""
    return float(np.abs(values).max(initial=0.0)) or 1.0
