"""Which offers could meet which needs: groups against groups, then only those that lie near each other.

What the kinds of two streams decide is decided once for their groups. Of the rest only pairs within reach as
the crow flies are looked at one by one, in blocks; the others are counted, and the nearest of them told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.pairtables import FAR, NOT_PLACED, OK, PairTables
from geodata.streamgroups import Array, Ints

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

BLOCK_PAIRS = 400_000
"""Pairs held at once; a block is some 50 MB."""
EARTH_RADIUS_KM = 6371.0088
STRAIGHT_MARGIN = 0.9
"""Roads are never this much shorter than the crow's way: what is beyond is not routed."""


@dataclass(frozen=True, eq=False)
class Block:
    """Pairs to look at, and pairs that need no look; all pairs of an offer lie within one block.

    Attributes
    ----------
    offer, need : rows in the flows.
    table : row in `tables` of each pair.
    tables : columns that tell of pairs of groups (:meth:`geodata.pairtables.PairTables.compare`).
    told : offer, need, reason of the nearest pairs left out of each offer and reason.
    counts : offer, reason, pairs: how many were left out, the told ones among them.
    """

    offer: Ints
    need: Ints
    table: Ints
    tables: dict[str, Array]
    told: dict[str, Ints]
    counts: dict[str, Ints]


def iterate_candidates(
    flows: pd.DataFrame,
    tables: PairTables,
    points: Floats,
    *,
    limit_km: Floats,
    watched: Bools | None = None,
    detailed_pairs: int,
    block_pairs: int = BLOCK_PAIRS,
) -> Iterator[Block]:
    """Yield the pairs of related offers and needs of different facilities.

    Parameters
    ----------
    flows : from :func:`geodata.flows.prepare_flows`, and `tables` of their groups.
    points : unit vectors of the facilities, see :func:`place_points`.
    limit_km : longest way of each offer.
    watched : by position of the facility: only pairs that touch one of these (None: all).
    detailed_pairs : pairs left out to tell, for each offer and reason.
    """
    held = _Held()
    facility = flows["facility"].to_numpy()
    spot = np.nan_to_num(points)[facility]
    offers, needs = choose_watched(flows, watched)
    for group, rows in enumerate(tables.grouping.offers.members):
        rows = rows[offers[rows]]
        if not len(rows):
            continue
        which, table = tables.compare(group)
        if not len(which):
            continue
        members = [tables.grouping.needs.members[k] for k in which]
        columns = np.concatenate(members)
        of_table = np.repeat(np.arange(len(which)), [len(part) for part in members])
        kept = needs[columns]
        columns, of_table = columns[kept], of_table[kept]
        order = np.argsort(columns, kind="stable")  # ties of distance then end by the need's position
        columns, of_table = columns[order], of_table[order]
        if not len(columns):
            continue
        start_of_table = held.add_table(table)
        reason = table["reason"][of_table]
        step = max(1, block_pairs // len(columns))
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            allowed = facility[some][:, None] != facility[columns]
            if watched is not None:
                allowed &= watched[facility[some]][:, None] | watched[facility[columns]]
            cosine = multiply_points(spot[some], spot[columns])
            near_limit = np.cos(np.minimum(limit_km[some] / STRAIGHT_MARGIN / EARTH_RADIUS_KM, np.pi))
            open_pairs = allowed & (reason == OK)
            near = open_pairs & (cosine >= near_limit[:, None])
            left = [(FAR, open_pairs & ~near)]
            left += [(int(r), allowed & (reason == r)) for r in np.unique(reason) if r != OK]
            for why, mask in left:
                held.add_left(why, mask, cosine, rows=some, columns=columns, detailed_pairs=detailed_pairs)
            one, two = np.nonzero(near)
            held.add_pairs(some[one], columns[two], of_table[two] + start_of_table)
            if held.pairs >= block_pairs:
                yield held.release()
                start_of_table = held.add_table(table)
    if not held.empty:
        yield held.release()


def choose_watched(flows: pd.DataFrame, watched: Bools | None) -> tuple[Bools, Bools]:
    """Tell which rows can be an offer, and which a need, of a pair that touches a watched facility."""
    offer = flows["offer"].to_numpy()
    if watched is None:
        return offer, ~offer
    mine = watched[flows["facility"].to_numpy()]
    return (
        offer & (mine | bool((mine & ~offer).any())),
        ~offer & (mine | bool((mine & offer).any())),
    )


def measure_straight_km(points: Floats, origin: Ints, destination: Ints) -> Floats:
    """Return the crow's way between facilities, NaN where one has no point."""
    chord = np.linalg.norm(points[origin] - points[destination], axis=1)
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chord / 2, 1.0)))


def multiply_points(one: Floats, two: Floats) -> Floats:
    """Return the cosine of the angle between unit vectors, rows of `one` against rows of `two`."""
    # Not a matrix product: that rounds a pair differently by where it stands in the matrix.
    out = one[:, 0, None] * two[:, 0]
    out += one[:, 1, None] * two[:, 1]
    out += one[:, 2, None] * two[:, 2]
    return out


class _Held:
    """What has been gathered for the next block."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self.pairs = 0
        self.rows = 0
        self._tables: list[dict[str, Array]] = []
        self._pairs: list[tuple[Ints, Ints, Ints]] = []
        self._told: list[tuple[Ints, Ints, int]] = []
        self._counts: list[tuple[Ints, int, Ints]] = []

    @property
    def empty(self) -> bool:
        return not (self._pairs or self._counts)

    def add_table(self, table: dict[str, Array]) -> int:
        start = self.rows
        self._tables.append(table)
        self.rows += len(table["reason"])
        return start

    def add_pairs(self, offer: Ints, need: Ints, table: Ints) -> None:
        self._pairs.append((offer, need, table))
        self.pairs += len(offer)

    def add_left(
        self, reason: int, mask: Bools, cosine: Floats, *, rows: Ints, columns: Ints, detailed_pairs: int
    ) -> None:
        count = mask.sum(axis=1)
        some = np.flatnonzero(count)
        if not len(some):
            return
        self._counts.append((rows[some], reason, count[some]))
        nearness = np.where(mask[some], cosine[some] if reason != NOT_PLACED else 0.0, -2.0)
        at = np.arange(len(some))
        for _ in range(min(detailed_pairs, len(columns))):
            best = nearness.argmax(axis=1)
            there = nearness[at, best] > -2.0
            if not there.any():
                break
            self._told.append((rows[some[there]], columns[best[there]], reason))
            nearness[at, best] = -2.0

    def release(self) -> Block:
        none = np.empty(0, dtype=np.intp)
        pairs = [np.concatenate([none, *(part[k] for part in self._pairs)]) for k in range(3)]
        told, counts = self._told, self._counts
        block = Block(
            offer=pairs[0],
            need=pairs[1],
            table=pairs[2],
            tables={
                name: np.concatenate([table[name] for table in self._tables]) for name in self._tables[0]
            },
            told={
                "offer": np.concatenate([none, *(rows for rows, _, _ in told)]),
                "need": np.concatenate([none, *(columns for _, columns, _ in told)]),
                "reason": np.repeat([r for _, _, r in told], [len(rows) for rows, _, _ in told]).astype(
                    np.intp
                ),
            },
            counts={
                "offer": np.concatenate([none, *(rows for rows, _, _ in counts)]),
                "reason": np.repeat([r for _, r, _ in counts], [len(rows) for rows, _, _ in counts]).astype(
                    np.intp
                ),
                "pairs": np.concatenate([none, *(number for _, _, number in counts)]),
            },
        )
        self._clear()
        return block
