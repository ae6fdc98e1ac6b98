"""Which limits cannot be kept together: a set of which every one is needed for the conflict.

The prices that show that no plan exists name the rows and filters that take part. From these one after
another is let go; what the conflict cannot do without stays (deletion filter). Supplies, demands and
capacities that take part in great number count as one ("the supply of all these").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import highspy
import numpy as np
import pandas as pd

from geodata.allocationmodel import AT_LEAST, FILTERS, AllocationLimits, Flags, Floats, Ints, Problem
from geodata.allocationsolver import Master, measure_scale

CONFLICT_COLUMNS = ("kind", "id", "count", "amount", "gives_way_by", "would_do")
"""`count` rows of a kind that count as one. `gives_way_by`: how far this one alone would have to give way for
the others of the set to be kept together; `would_do`: the amount after that. <NA>: no amount of it would
do."""
SINGLES = 12
_MISSING = 1e-7
_OTHERS = 1e4


@dataclass(frozen=True)
class _Member:
    kind: str
    rows: tuple[int, ...] = ()


class _Elastic(Master):
    """How much is missing at least when some rows may be overstepped and others do not count at all."""

    def __init__(self, problem: Problem, *, soft: Ints, allowed: Flags, costs: Floats) -> None:
        self._soft, self._costs = soft, costs
        super().__init__(problem, gain=np.zeros(len(problem.gain)), allowed=allowed)

    def _choose_first(self) -> Ints:
        columns = np.flatnonzero(self.allowed)
        first = columns if len(columns) <= 3000 else self._choose_best(columns, np.zeros(len(columns)))
        return first

    def _pass(self, columns: Ints) -> None:
        self.artificial = self._soft
        super()._pass(columns)
        extra = len(self._soft)
        self.solver.changeColsCost(extra, np.arange(extra, dtype=np.int32), self._costs)


def find_conflicts(problem: Problem, prices: Floats, *, limits: AllocationLimits) -> pd.DataFrame:
    """Return :data:`CONFLICT_COLUMNS` of an irreducible set of limits that no plan keeps together.

    Parameters
    ----------
    problem : with the columns that filters close. prices : of its rows; they show that no plan exists.
    """
    members = _name_suspects(problem, prices, limits)
    if _is_possible(problem, members):
        # The prices were too coarse to name all that take part: begin with everything.
        members = _name_suspects(problem, np.ones(len(problem.bound)), limits)
    for member in sorted(members, key=lambda one: (one.kind in (*AT_LEAST, *FILTERS), -len(one.rows))):
        rest = [other for other in members if other is not member]
        if not _is_possible(problem, rest):
            members = rest
    return _tabulate(problem, members, limits)


def _name_suspects(problem: Problem, prices: Floats, limits: AllocationLimits) -> list[_Member]:
    taking_part = np.flatnonzero(problem.known & (prices > 1e-9 * measure_scale(prices)))
    members: list[_Member] = []
    for kind in dict.fromkeys(problem.kind[taking_part]):
        rows = [int(row) for row in taking_part if problem.kind[row] == kind]
        members += (
            [_Member(kind, (row,)) for row in rows] if len(rows) <= SINGLES else [_Member(kind, tuple(rows))]
        )
    for bit, name in enumerate(FILTERS, start=1):
        if getattr(limits, name) is not None and (problem.closed & bit).any():
            members.append(_Member(name))
    return members


def _measure_missing(
    problem: Problem, members: Sequence[_Member], allowed: Flags, *, soft: _Member | None = None
) -> tuple[float, float]:
    """Return what is missing when `members` are kept: in `soft`'s rows, and in all others."""
    kept = np.zeros(len(problem.bound), bool)
    for member in members:
        kept[list(member.rows)] = True
    bound = np.where(kept, problem.bound, highspy.kHighsInf)
    chosen = np.zeros(len(kept), bool)
    if soft is not None:
        chosen[list(soft.rows)] = True
    loose = np.flatnonzero(chosen | (kept & problem.at_least))
    if not len(loose):
        return 0.0, 0.0
    costs = np.where(chosen[loose] | (soft is None), 1.0, _OTHERS)
    master = _Elastic(replace(problem, bound=bound), soft=loose, allowed=allowed, costs=costs)
    master.solve()
    missing = master.read_missing()
    return float(missing[chosen[loose]].sum()), float(missing[~chosen[loose]].sum())


def _allow(problem: Problem, members: Sequence[_Member]) -> Flags:
    closing = sum(1 << FILTERS.index(member.kind) for member in members if member.kind in FILTERS)
    return np.asarray((problem.closed & closing) == 0)


def _is_possible(problem: Problem, members: Sequence[_Member], allowed: Flags | None = None) -> bool:
    allowed = _allow(problem, members) if allowed is None else allowed
    _of_soft, missing = _measure_missing(problem, members, allowed)
    return missing <= _tolerance(problem)


def _is_enough(problem: Problem, members: Sequence[_Member], values: Floats, step: float) -> bool:
    """Whether `members` can be kept with a filter that lets pairs up to `step` of `values` through."""
    return _is_possible(problem, members, _allow(problem, members) & (values <= step))


def _tolerance(problem: Problem) -> float:
    at_least = np.abs(problem.bound[problem.at_least])
    return _MISSING * max(float(at_least.max(initial=0.0)), 1e-6)


def _tabulate(problem: Problem, members: Sequence[_Member], limits: AllocationLimits) -> pd.DataFrame:
    records = []
    for member in members:
        rest = [other for other in members if other is not member]
        if member.kind in FILTERS:
            amount = float(getattr(limits, member.kind))
            values = problem.km if member.kind == "max_km" else problem.rank
            bit = 1 << FILTERS.index(member.kind)
            steps = np.unique(values[(problem.closed & bit) > 0])
            would = _search_step(steps[~np.isnan(steps)], partial(_is_enough, problem, rest, values))
            record = (member.kind, None, 1, amount, would - amount, would)
        else:
            amount = float(np.abs(problem.bound[list(member.rows)]).sum())
            allowed = _allow(problem, members)
            missing, others = _measure_missing(problem, members, allowed, soft=member)
            short = missing if others <= _tolerance(problem) else float("nan")
            would = amount + (-short if member.kind in AT_LEAST else short)
            subject = problem.subject[member.rows[0]] if len(member.rows) == 1 else None
            record = (member.kind, subject or None, len(member.rows), amount, short, would)
        records.append(record)
    frame = pd.DataFrame(records, columns=list(CONFLICT_COLUMNS))
    kinds = dict.fromkeys(CONFLICT_COLUMNS[3:], "Float64") | {
        "kind": "string",
        "id": "string",
        "count": "Int64",
    }
    return frame.astype(kinds)


def _search_step(steps: Floats, enough: Callable[[float], bool]) -> float:
    """Return the least of ascending `steps` that is enough, NaN where none is."""
    if not len(steps) or not enough(float(steps[-1])):
        return float("nan")
    low, high = 0, len(steps) - 1
    while low < high:
        middle = (low + high) // 2
        if enough(float(steps[middle])):
            high = middle
        else:
            low = middle + 1
    return float(steps[low])
