"""Pairs, amounts and limits as the rows and columns of a linear programme; every fault of the input is told.

A column is a pair that may carry tonnes (of the offered stream, a year). A row is a sum over columns that may
not exceed an amount, or has to reach one. Rows and columns stand in an order that the order of the input does
not change.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csc_array

from geodata.errors import AllocationError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

GOALS = {"net": "net_nok_per_t", "carbon": "net_kg_co2e_per_t", "kept": "kept_t_per_t"}
"""Goal -> the pairs' column that is summed up, tonne by tonne."""
GOAL_UNITS = {"net": "NOK", "carbon": "kg CO2e", "kept": "t"}
ROW_KINDS = (
    "supply",  # what an offer has
    "demand",  # what a need takes (of the product)
    "capacity",  # what an intermediary takes in
    "max_vehicle_km",
    "max_transport_kg_co2e",
    "must_place",  # all of an offer
    "must_meet",  # all of a need
    "min_kept_t",
    "min_placed_share",
)
AT_LEAST = ROW_KINDS[5:]
FILTERS = ("max_km", "worst_hierarchy_rank")
"""Limits that close single pairs instead of limiting a sum."""
STATES = (
    "open",
    "beyond_reach",
    "below_hierarchy",
    "unpriced",
    "demand_unknown",
    "capacity_unknown",
    "supply_unknown",
)
"""Why a pair is no column; a pair is put down to the first that holds."""


@dataclass(frozen=True)
class AllocationLimits:
    """What a plan has to keep to, besides supply, demand and capacity. Raises :class:`AllocationError`.

    Attributes
    ----------
    max_km : longest way of a pair, kilometres. worst_hierarchy_rank : 1 (reuse) .. 6 (disposal).
    min_kept_t : tonnes a year that have to be kept from final treatment (`kept_t_per_t`).
    min_placed_share : share of all known supply that has to be placed, 0..1.
    must_place : offers to be placed whole. must_meet : needs to be met whole.
    max_vehicle_km : kilometres driven a year (`vehicle_km_per_t`).
    max_transport_kg_co2e : emissions of transport a year (`transport_kg_co2e_per_t`).
    """

    max_km: float | None = None
    worst_hierarchy_rank: float | None = None
    min_kept_t: float | None = None
    min_placed_share: float | None = None
    must_place: tuple[str, ...] = ()
    must_meet: tuple[str, ...] = ()
    max_vehicle_km: float | None = None
    max_transport_kg_co2e: float | None = None

    def __post_init__(self) -> None:
        for spec in fields(self):
            value = getattr(self, spec.name)
            if value is None or isinstance(value, tuple):
                continue
            low = 1.0 if spec.name == "worst_hierarchy_rank" else 0.0
            high = {"worst_hierarchy_rank": 6.0, "min_placed_share": 1.0}.get(spec.name, 1e15)
            if not low <= value <= high:  # also refuses NaN
                raise AllocationError(
                    "allocation.limit_range", name=spec.name, value=float(value), low=low, high=high
                )


@dataclass(frozen=True, eq=False)
class Problem:
    """A linear programme: the most of `gain @ x` with `matrix @ x <= bound`, ``x >= 0``.

    Rows that have to reach an amount stand with both sides negated. Among the best plans the one with the
    most of `second @ x` is taken: net NOK where another goal is asked for and all is priced, else the least
    tonne-kilometres; what is still equal follows the sorted ids. `pair` is each column's position in the
    input (`state` and `pair_offer` go by it), `offer`, `need`, `via` positions in the sorted ids (`via` -1:
    none). `known`: rows whose amount is known (no open column leads to one that is not). `closed` tells the
    filters that a column does not pass (bit 1: reach, bit 2: hierarchy); only a search for conflicts has any.
    """

    goal: str
    gain: Floats
    second: Floats
    km: Floats
    rank: Floats
    matrix: csc_array
    bound: Floats
    known: Flags
    kind: npt.NDArray[np.object_]
    subject: npt.NDArray[np.object_]
    pair: Ints
    offer: Ints
    need: Ints
    via: Ints
    offers: npt.NDArray[np.object_]
    needs: npt.NDArray[np.object_]
    supply: Floats
    closed: npt.NDArray[np.int8]
    state: npt.NDArray[np.int8]
    pair_offer: Ints

    @property
    def at_least(self) -> Flags:
        """Rows that have to reach an amount."""
        return np.isin(self.kind, AT_LEAST)

    @property
    def sign(self) -> Floats:
        """-1 for rows that stand negated."""
        return np.where(self.at_least, -1.0, 1.0)


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows as they are collected: entries of the matrix, bounds and names."""

    entries: list[tuple[Ints, Ints, Floats]]
    bound: list[float]
    kind: list[str]
    subject: list[str]

    def add(self, kind: str, subjects: Collection[str], amounts: Floats) -> int:
        first = len(self.bound)
        self.kind.extend([kind] * len(subjects))
        self.subject.extend(subjects)
        self.bound.extend(amounts.tolist())
        return first

    def fill(self, row: Ints, column: Ints, value: Floats) -> None:
        self.entries.append((row, column, value))


def build_problem(
    pairs: pd.DataFrame,
    offers: pd.DataFrame,
    needs: pd.DataFrame,
    *,
    capacities: pd.DataFrame | None,
    goal: str,
    limits: AllocationLimits,
    keep_closed: bool = False,
) -> Problem:
    """Return the linear programme of checked tables (see :func:`geodata.allocation.allocate`).

    Parameters
    ----------
    keep_closed : keep columns that reach or hierarchy close, marked in `closed`.

    Raises
    ------
    AllocationError
        ``allocation.goal``, ``.column_missing``, ``.value_missing``, ``.number``, ``.duplicate_id``,
        ``.unknown_id``.
    """
    if goal not in GOALS:
        raise AllocationError("allocation.goal", value=str(goal)[:80], allowed=" ".join(GOALS))
    offer_ids, supply = _read_amounts(offers, "offers", "supply_t")
    need_ids, demand = _read_amounts(needs, "needs", "demand_t")
    if capacities is None:
        capacities = pd.DataFrame({"stream_id": [], "capacity_t": []})
    via_ids, capacity = _read_amounts(capacities, "capacities", "capacity_t")
    offer = _locate(pairs, "offer", offer_ids)
    need = _locate(pairs, "need", need_ids)
    via = _locate(pairs, "via", via_ids, blank=True)
    if pairs.index.has_duplicates:
        name = str(pairs.index[pairs.index.duplicated()][0])[:80]
        raise AllocationError("allocation.duplicate_id", table="pairs", id=name)
    gain = _read_numbers(pairs, GOALS[goal])
    yields = _read_numbers(pairs, "yield_best", low=0.0)
    km = _read_numbers(pairs, "distance_km", low=0.0)
    rank = (
        _read_numbers(pairs, "hierarchy_rank", low=0.0)
        if "hierarchy_rank" in pairs
        else np.full(len(km), np.nan)
    )
    per_tonne = _read_per_tonne(pairs, goal, gain, limits)
    priced = ~np.isnan(gain) & ~np.isnan(yields)
    for values in per_tonne.values():
        priced &= ~np.isnan(values)
    far = np.zeros(len(km), bool) if limits.max_km is None else ~(km <= limits.max_km)
    worst = limits.worst_hierarchy_rank
    low_rank = np.zeros(len(km), bool) if worst is None else ~(rank <= worst)
    blind = (via >= 0) & np.isnan(np.append(capacity, np.nan)[via])
    tests = [far, low_rank, ~priced, np.isnan(demand[need]), blind, np.isnan(supply[offer])]
    state = np.select(tests, range(1, len(STATES)), 0).astype(np.int8)
    if keep_closed:
        usable = np.logical_or.reduce(tests[2:])
        columns = np.flatnonzero(~usable)
    else:
        columns = np.flatnonzero(state == 0)
    keys = [km, gain, yields, rank, *per_tonne.values(), via, need, offer]
    columns = columns[np.lexsort([values[columns] for values in keys])]
    chosen = {name: values[columns] for name, values in per_tonne.items()}
    rows = _collect_rows(
        (offer_ids, supply, offer[columns]),
        (need_ids, demand, need[columns], yields[columns]),
        (via_ids, capacity, via[columns]),
        per_tonne=chosen,
        limits=limits,
    )
    if goal != "net" and "net_nok_per_t" in pairs:
        second = _read_numbers(pairs, "net_nok_per_t")[columns]
    else:
        second = np.full(len(columns), np.nan)
    if np.isnan(second).any():
        second = -np.nan_to_num(km[columns], nan=2.0 * np.nanmax(km, initial=1.0))
    row, column, value = (np.concatenate(part) for part in zip(*rows.entries, strict=True))
    sign = np.where(np.isin(rows.kind, AT_LEAST), -1.0, 1.0)
    shape = (len(rows.bound), len(columns))
    matrix = csc_array((value * sign[row], (row, column)), shape=shape)
    matrix.eliminate_zeros()
    return Problem(
        goal=goal,
        gain=gain[columns],
        second=second,
        km=km[columns],
        rank=rank[columns],
        matrix=matrix,
        bound=np.nan_to_num(rows.bound) * sign,
        known=~np.isnan(rows.bound),
        kind=np.array(rows.kind, dtype=object),
        subject=np.array(rows.subject, dtype=object),
        pair=columns,
        offer=offer[columns],
        need=need[columns],
        via=via[columns],
        offers=offer_ids,
        needs=need_ids,
        supply=supply,
        closed=(far + 2 * low_rank)[columns].astype(np.int8),
        state=state,
        pair_offer=offer,
    )


def _collect_rows(
    given: tuple[npt.NDArray[np.object_], Floats, Ints],
    taken: tuple[npt.NDArray[np.object_], Floats, Ints, Floats],
    treated: tuple[npt.NDArray[np.object_], Floats, Ints],
    *,
    per_tonne: dict[str, Floats],
    limits: AllocationLimits,
) -> _Rows:
    offer_ids, supply, offer = given
    need_ids, demand, need, yields = taken
    via_ids, capacity, via = treated
    rows = _Rows([], [], [], [])
    every, one = np.arange(len(offer)), np.ones(len(offer))
    first = rows.add("supply", list(offer_ids), supply)
    rows.fill(first + offer, every, one)
    first_need = rows.add("demand", list(need_ids), demand)
    rows.fill(first_need + need, every, yields)
    through = np.flatnonzero(via >= 0)
    # What an intermediary takes in for itself and for others goes through the same gate: one row for both.
    shared = pd.Index(need_ids).get_indexer(pd.Index(via_ids))
    own = shared < 0
    place = np.empty(len(via_ids), dtype=np.int64)
    place[own] = rows.add("capacity", list(via_ids[own]), capacity[own]) + np.arange(own.sum())
    place[~own] = first_need + shared[~own]
    for number in np.flatnonzero(~own):
        row = int(place[number])
        rows.kind[row] = "capacity"
        rows.bound[row] = float(np.fmin(rows.bound[row], capacity[number]))
    rows.fill(place[via[through]], through, one[through])
    for name, amount in (
        ("max_vehicle_km", limits.max_vehicle_km),
        ("max_transport_kg_co2e", limits.max_transport_kg_co2e),
        ("min_kept_t", limits.min_kept_t),
    ):
        if amount is not None:
            row = rows.add(name, [""], np.array([amount]))
            rows.fill(np.full(len(every), row), every, per_tonne[name])
    if limits.min_placed_share is not None:
        row = rows.add("min_placed_share", [""], np.array([limits.min_placed_share * np.nansum(supply)]))
        rows.fill(np.full(len(every), row), every, one)
    _require_whole(rows, "must_place", limits.must_place, (offer_ids, supply, offer, one))
    _require_whole(rows, "must_meet", limits.must_meet, (need_ids, demand, need, yields))
    return rows


def _require_whole(
    rows: _Rows,
    kind: str,
    names: tuple[str, ...],
    side: tuple[npt.NDArray[np.object_], Floats, Ints, Floats],
) -> None:
    ids, amounts, position, value = side
    wanted = np.array(sorted(set(names)), dtype=object)
    where = pd.Index(ids).get_indexer(pd.Index(wanted, dtype=object))
    if (where < 0).any():
        raise AllocationError(
            "allocation.unknown_id", table="limits", column=kind, id=str(wanted[where < 0][0])[:80]
        )
    if np.isnan(amounts[where]).any():
        unknown = wanted[np.isnan(amounts[where])][0]
        raise AllocationError("allocation.must_unknown", name=kind, id=str(unknown)[:80])
    first = rows.add(kind, list(wanted), amounts[where])
    row_of = np.full(len(ids) + 1, -1)
    row_of[where] = first + np.arange(len(where))
    chosen = np.flatnonzero(row_of[position] >= 0)
    rows.fill(row_of[position[chosen]], chosen, value[chosen])


def _read_per_tonne(
    pairs: pd.DataFrame, goal: str, gain: Floats, limits: AllocationLimits
) -> dict[str, Floats]:
    """Return limit -> what a tonne of each pair counts in it, for the limits that are set."""
    columns = {
        "max_vehicle_km": "vehicle_km_per_t",
        "max_transport_kg_co2e": "transport_kg_co2e_per_t",
        "min_kept_t": "kept_t_per_t",
    }
    asked = {name: column for name, column in columns.items() if getattr(limits, name) is not None}
    return {
        name: gain
        if column == GOALS[goal]
        else _read_numbers(pairs, column, low=None if name == "min_kept_t" else 0.0)
        for name, column in asked.items()
    }


def _read_amounts(frame: pd.DataFrame, table: str, column: str) -> tuple[npt.NDArray[np.object_], Floats]:
    """Return sorted ids and their amounts, NaN where unknown."""
    if "stream_id" not in frame:
        raise AllocationError("allocation.column_missing", table=table, column="stream_id")
    ids = frame["stream_id"]
    if ids.isna().any():
        raise AllocationError("allocation.value_missing", table=table, column="stream_id")
    names = ids.astype(str).to_numpy(dtype=object)
    amounts = _read_numbers(frame, column, low=0.0, table=table)
    order = np.argsort(names)
    names, amounts = names[order], amounts[order]
    if (same := names[1:] == names[:-1]).any():
        raise AllocationError("allocation.duplicate_id", table=table, id=str(names[1:][same][0])[:80])
    return names, amounts


def _read_numbers(
    frame: pd.DataFrame, column: str, *, low: float | None = None, table: str = "pairs"
) -> Floats:
    """Return a column as numbers, NaN where unknown; infinite or too low is refused."""
    if column not in frame:
        raise AllocationError("allocation.column_missing", table=table, column=column)
    try:
        values = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise AllocationError("allocation.not_numbers", table=table, column=column) from error
    wrong = np.abs(values) > 1e15
    if low is not None:
        wrong |= values < low
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise AllocationError(
            "allocation.number",
            table=table,
            column=column,
            row=str(frame.index[first])[:80],
            value=values[first].item(),
        )
    return values


def _locate(
    pairs: pd.DataFrame, column: str, ids: npt.NDArray[np.object_], *, blank: bool = False
) -> npt.NDArray[np.int64]:
    """Return the position of each pair's id among `ids`; -1 for a blank where one is allowed."""
    if column not in pairs:
        if blank:
            return np.full(len(pairs), -1, dtype=np.int64)
        raise AllocationError("allocation.column_missing", table="pairs", column=column)
    missing = pairs[column].isna().to_numpy()
    if missing.any() and not blank:
        raise AllocationError("allocation.value_missing", table="pairs", column=column)
    codes, names = pd.factorize(pairs[column].astype(object).to_numpy())
    where = pd.Index(ids, dtype=object).get_indexer(pd.Index([str(name) for name in names], dtype=object))
    if (where < 0).any():
        unknown = str(names[where < 0][0])[:80]
        raise AllocationError("allocation.unknown_id", table="pairs", column=column, id=unknown)
    return np.append(where, -1)[codes].astype(np.int64)
