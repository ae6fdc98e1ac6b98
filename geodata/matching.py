"""Explained candidates: which offer could go to which need, why, how well, and why others were left out.

Three routes lead from an offer to a need: the same stream, a use that the receiver makes of it
(:mod:`geodata.usepairs`), or an intermediary who treats (:mod:`geodata.intermediaries`). The order of the
tests (the first that fails is the reason given): placed, material, hazard, unit, amount, months, road, score,
rank. Money and carbon are worked out of the matches and are no part of the score.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.candidates import BLOCK_PAIRS, iterate_candidates
from geodata.codetables import WasteCodes
from geodata.exclusions import EXCLUSION_COLUMNS, gather_left, tabulate_left
from geodata.flows import prepare_flows
from geodata.intermediaries import find_chain_members, match_chains
from geodata.judging import Array, judge_block, limit_way_km
from geodata.matchtable import MATCH_COLUMNS, tabulate_matches
from geodata.pairtables import REASONS, PairTables
from geodata.parameters import ScenarioParameters
from geodata.results import RegionTables
from geodata.scoring import PARTS, ScorePart
from geodata.streamgroups import group_flows
from geodata.transport import Travel
from geodata.usepairs import SAME_STREAM
from geodata.uses import UseLibrary

Floats = npt.NDArray[np.float64]

__all__ = [
    "EXCLUSION_COLUMNS",
    "MATCH_COLUMNS",
    "REASONS",
    "MatchResult",
    "find_counterparts",
    "match_streams",
]

MAX_PARTNERS = 100
"""A match is kept when it is among this many best of its offer or of its need; the others are counted."""
MAX_TURNED_PARTNERS = 30
"""Of matches by a use or an intermediary: among this many best of its kind of its offer or of its need. There
are more ways to turn a stream than to pass it on, and the weaker ones help nobody."""
DETAILED_PAIRS = 3
"""Pairs left out that are told one by one, for each offer and reason."""


@dataclass(frozen=True)
class MatchResult:
    """Matches (:data:`MATCH_COLUMNS`) and the pairs left out (:data:`EXCLUSION_COLUMNS`)."""

    matches: pd.DataFrame
    exclusions: pd.DataFrame


def match_streams(
    tables: RegionTables,
    travel: Travel,
    *,
    codes: WasteCodes,
    parameters: ScenarioParameters,
    uses: UseLibrary | None = None,
    parts: tuple[ScorePart, ...] = PARTS,
    focus: Collection[str] | None = None,
    detailed_pairs: int = DETAILED_PAIRS,
    block_pairs: int = BLOCK_PAIRS,
    pulse: Callable[[], None] = lambda: None,
) -> MatchResult:
    """Match offers with needs of other facilities.

    Parameters
    ----------
    tables : checked tables; `travel` is between the facilities of the same table.
    travel : distances by road, asked in blocks and only for pairs that passed every cheaper test.
    uses : what streams can become; None: only the same streams meet.
    parts : the parts of the score.
    focus : facility ids; only pairs that touch one of them are looked at (None: all).
    detailed_pairs : pairs left out that are told one by one, for each offer and reason.
    pulse : called before each block; what it raises ends the work.

    Returns
    -------
    The same rows whatever the order of the rows in `tables`.
    """
    flows = prepare_flows(tables.streams, facility_ids=travel.ids, codes=codes, facilities=tables.facilities)
    points = place_points(tables.facilities, travel.ids)
    facility = flows["facility"].to_numpy()
    watched = None if focus is None else np.isin(np.array(travel.ids, dtype=object), list(focus))
    grouping = group_flows(flows, placed=~np.isnan(points[:, 0])[facility])
    pairs = PairTables(grouping, codes=codes, uses=uses, parts=parts, parameters=parameters)
    known_uses = pairs.knowledge.uses
    best = _Best(flows["basis"].to_numpy())
    told, counts = [], []
    blocks = iterate_candidates(
        flows,
        pairs,
        points,
        limit_km=limit_way_km(flows["piped"].to_numpy(), parameters),
        watched=watched,
        detailed_pairs=detailed_pairs,
        block_pairs=block_pairs,
    )
    for block in blocks:
        pulse()
        matched, failed = judge_block(
            block, flows, points, known_uses, travel, parts=parts, parameters=parameters
        )
        best.add(matched)
        some, number = gather_left(block, failed, facility, points, detailed_pairs=detailed_pairs)
        told.append(some)
        counts.append(number)
    chains = match_chains(
        flows,
        pairs,
        points,
        travel,
        parts=parts,
        parameters=parameters,
        watched=watched,
        block_pairs=block_pairs,
        pulse=pulse,
    )
    if chains is not None:
        best.add(_drop_needless(chains, best.columns))
    capped = best.settle()
    return MatchResult(
        matches=tabulate_matches(best.columns, flows, travel.ids, uses=known_uses, parts=parts, codes=codes),
        exclusions=tabulate_left(
            told, counts, capped, flows, known_uses, travel, parts=parts, parameters=parameters
        ),
    )


def find_counterparts(
    tables: RegionTables,
    watched: npt.NDArray[np.bool_],
    *,
    codes: WasteCodes,
    uses: UseLibrary | None = None,
) -> npt.NDArray[np.bool_]:
    """Tell which facilities have a stream that could meet one of a watched facility, or are watched.

    All others can neither match with a watched one, by themselves or in a chain, nor be told as left out.

    Parameters
    ----------
    watched : by position of the facility in `tables`.
    """
    ids = tuple(tables.facilities["facility_id"].astype(str))
    flows = prepare_flows(tables.streams, facility_ids=ids, codes=codes, facilities=tables.facilities)
    facility = flows["facility"].to_numpy()
    grouping = group_flows(flows, placed=np.ones(len(flows), dtype=bool))
    pairs = PairTables(grouping, codes=codes, uses=uses, parts=(), parameters=ScenarioParameters())
    found = watched.copy()
    seen = [watched[facility[rows]].any() for rows in grouping.needs.members]
    for group, rows in enumerate(grouping.offers.members):
        related = pairs.knowledge.relate(int(grouping.offers.columns["kin"][group])).related
        which = np.flatnonzero(related[grouping.needs.columns["profile"]])
        mine = watched[facility[rows]].any()
        for other in which:
            if mine:
                found[facility[grouping.needs.members[other]]] = True
            if seen[other]:
                found[facility[rows]] = True
    return found | find_chain_members(flows, pairs, watched)


def place_points(facilities: gpd.GeoDataFrame, ids: tuple[str, ...]) -> Floats:
    """Return n x 3 unit vectors in the order of `ids`; NaN where a facility has no point."""
    geometry = facilities.set_index("facility_id").geometry.reindex(list(ids))
    lon, lat = (np.radians(np.asarray(axis, dtype=np.float64)) for axis in (geometry.x, geometry.y))
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


class _Best:
    """The best matches seen so far: those among the best of their offer or of their need, by rank."""

    def __init__(self, basis: npt.NDArray[np.int8]) -> None:
        self._basis = basis
        self._held: list[dict[str, Array]] = []
        self._size = self._sorted = 0
        self._passed: list[Array] = []

    @property
    def columns(self) -> dict[str, Array]:
        """Columns of the matches; sorted by rank once settled."""
        if not self._held:
            return {}
        if len(self._held) > 1:
            self._held = [{n: np.concatenate([part[n] for part in self._held]) for n in self._held[0]}]
        return self._held[0]

    def add(self, columns: dict[str, Array]) -> None:
        """Take up a block of matches."""
        if not len(columns["offer"]):
            return
        self._passed.append(columns["offer"])
        basis = [self._basis[columns["offer"]], self._basis[columns["need"]]]
        basis.append(np.where(columns["via"] >= 0, self._basis[columns["via"]], 0).astype(np.int8))
        self._held.append(columns | {"basis": np.maximum.reduce(basis)})
        self._size += len(columns["offer"])
        if self._size > 2 * self._sorted + BLOCK_PAIRS:
            self._trim()

    def settle(self) -> pd.Series:
        """Sort by rank; return offer -> matches that are not among the best of either side."""
        if not self._held:
            return pd.Series(dtype=np.int64)
        self._trim()
        offer, count = np.unique(np.concatenate(self._passed), return_counts=True)
        kept, left = np.unique(self.columns["offer"], return_counts=True)
        passed = pd.Series(count, index=offer)
        return passed.sub(pd.Series(left, index=kept), fill_value=0).astype(np.int64)

    def _trim(self) -> None:
        pairs = self.columns
        # Positions in flows follow stream_id, so ties end the same way whatever the order of the input.
        keys = [
            pairs["via"],
            pairs["need"],
            pairs["offer"],
            pairs["distance_km"],
            pairs["basis"],
            -pairs["score"],
        ]
        order = np.lexsort(keys)
        turned = pairs["route"][order] != SAME_STREAM
        most = np.where(turned, MAX_TURNED_PARTNERS, MAX_PARTNERS)
        few = np.zeros(len(order), dtype=bool)
        for side in ("offer", "need"):
            few |= _count_before(2 * pairs[side][order] + turned) < most
        kept = order[few]
        self._held = [{name: values[kept] for name, values in pairs.items()}]
        self._size = self._sorted = len(kept)


def _count_before(keys: Array) -> Array:
    """Return how many equal keys stand before each."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    at = np.arange(len(keys))
    new = np.ones(len(keys), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    out = np.empty(len(keys), dtype=np.intp)
    out[order] = at - np.maximum.accumulate(np.where(new, at, 0))
    return out


def _drop_needless(chains: dict[str, Array], direct: dict[str, Array]) -> dict[str, Array]:
    """Leave out a chain where the offer meets the need without anyone between, as well or better."""
    if not direct:
        return chains
    size = int(max(chains["need"].max(initial=0), direct["need"].max(initial=0))) + 1
    known = direct["offer"] * size + direct["need"]
    order = np.argsort(known)
    key = chains["offer"] * size + chains["need"]
    at = np.minimum(np.searchsorted(known[order], key), len(known) - 1)
    meets = (known[order][at] == key) & (direct["score"][order][at] >= chains["score"])
    return {name: values[~meets] for name, values in chains.items()}
