"""Travel tables block by block: all pairs, those within reach, or the nearest ones, over any network.

A block is a pure function of the travel, the rows asked for and the question: it may be measured anywhere, in
any order and more than once. How rows are cut depends on the number of points alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from geodata.roads import GraphTravel, NetworkTravel
from geodata.transport import Ints, Legs

BLOCK_PAIRS: Final = 2_000_000
BLOCK_ROWS: Final = 128
"""Rows of a block at least: fewer are swept less well."""
SWEPT_BLOCKS: Final = 2
"""Blocks that are swept together where one process measures them all: threads share them."""
REACH_ROWS: Final = 4_096
"""Rows of a block where only pairs within reach are measured: their number follows the answer."""


@dataclass(frozen=True)
class Question:
    """Which pairs are wanted: all where nothing is given.

    Attributes
    ----------
    max_km, max_minutes : only pairs no longer than this (None: no limit).
    nearest : for each point only this many others, those that are reached soonest (None: all). Where limits
        are given too, those of the nearest that keep them.
    """

    max_km: float | None = None
    max_minutes: float | None = None
    nearest: int | None = None

    @property
    def limited(self) -> bool:
        """Whether some pairs are left out."""
        return not (self.max_km is None and self.max_minutes is None and self.nearest is None)


@dataclass(frozen=True, eq=False)
class PairTable:
    """Some pairs of a travel table: positions of the points, and the legs; parallel arrays."""

    origin: Ints
    destination: Ints
    legs: Legs


def cut_rows(points: int, *, question: Question) -> list[slice]:
    """Return the rows of the blocks that a table of `points` is measured in."""
    step = REACH_ROWS if question.limited else max(BLOCK_PAIRS // max(points, 1), BLOCK_ROWS)
    return [slice(row, min(row + step, points)) for row in range(0, points, step)]


def iterate_pairs(travel: NetworkTravel, *, question: Question) -> Iterator[PairTable]:
    """Yield the pairs wanted, one block after another; what is common to all blocks is made once."""
    points = len(travel.ids)
    rows = cut_rows(points, question=question)
    if question.limited or not isinstance(travel, GraphTravel) or not rows:
        for block in rows:
            yield measure_block(travel, block, question=question)
        return
    everyone = np.arange(points)
    swept = travel.iterate_legs(everyone, everyone, rows_at_once=SWEPT_BLOCKS * rows[0].stop)
    for at, (wide, legs) in enumerate(swept):
        for block in rows[SWEPT_BLOCKS * at : SWEPT_BLOCKS * (at + 1)]:
            part = slice(block.start - wide.start, block.stop - wide.start)
            some = {spec.name: getattr(legs, spec.name)[part] for spec in fields(legs)}
            yield _leave_out_diagonal(everyone[block], everyone, Legs(**some))
        del legs, some  # before the next ones are measured


def measure_block(travel: NetworkTravel, rows: slice, *, question: Question) -> PairTable:
    """Return the pairs wanted that set out from the points `rows`, sorted by both points.

    A point and itself are no pair. Pairs without a way are told (as NaN) where all are wanted, and not where
    only some are.
    """
    if not isinstance(travel, GraphTravel):
        return _pick(_measure_all(travel, rows), question)
    origins = np.arange(len(travel.ids))[rows]
    if question.nearest is not None:
        return _pick(PairTable(*travel.nearest(count=question.nearest, origins=origins)), question)
    if question.limited:
        limits = (np.inf if limit is None else limit for limit in (question.max_km, question.max_minutes))
        max_km, max_minutes = limits
        return PairTable(*travel.legs_within(max_km=max_km, max_minutes=max_minutes, origins=origins))
    return _measure_all(travel, rows)


def _measure_all(travel: NetworkTravel, rows: slice) -> PairTable:
    everyone = np.arange(len(travel.ids))
    origins = everyone[rows]
    if isinstance(travel, GraphTravel):
        ((_, legs),) = travel.iterate_legs(origins, everyone, rows_at_once=max(len(origins), 1))
        return _leave_out_diagonal(origins, everyone, legs)
    i, j = np.repeat(origins, len(everyone)), np.tile(everyone, len(origins))
    other = i != j
    i, j = i[other], j[other]
    return PairTable(i, j, travel.pairs(i, j))


def _leave_out_diagonal(origins: Ints, everyone: Ints, legs: Legs) -> PairTable:
    """Lay a table of legs out as pairs of different points."""
    other = origins[:, None] != everyone
    i, j = np.nonzero(other)
    flat = {spec.name: getattr(legs, spec.name)[other] for spec in fields(legs)}
    return PairTable(origins[i], everyone[j], Legs(**flat))


def _pick(table: PairTable, question: Question) -> PairTable:
    """Return the pairs of `table`, which has all or the nearest ones, that `question` wants."""
    if not question.limited:
        return table
    i, j, legs = table.origin, table.destination, table.legs
    kept = np.isfinite(legs.minutes)
    if question.nearest is not None:
        order = np.lexsort((j, legs.ferries, legs.distance_km, legs.minutes, ~kept, i))
        place = np.empty(len(i), np.intp)
        place[order] = np.arange(len(i)) - np.searchsorted(i[order], i[order])
        kept &= place < question.nearest
    if question.max_km is not None:
        kept &= legs.distance_km <= question.max_km
    if question.max_minutes is not None:
        kept &= legs.minutes <= question.max_minutes
    some = np.flatnonzero(kept)
    some = some[np.lexsort((j[some], i[some]))]
    picked = {spec.name: getattr(legs, spec.name)[some] for spec in fields(legs)}
    return PairTable(i[some], j[some], Legs(**picked))
