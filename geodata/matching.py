"""Explained candidates: which offer could go to which need, why, how well, and why others were left out.

The order of the tests (the first that fails is the reason given): placed, material, hazard, unit, amount,
months, road, score, rank. Economics and knowledge of uses attach as further
:class:`geodata.scoring.ScorePart`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.candidates import BLOCK_PAIRS, drop_unwatched, iterate_candidates
from geodata.codetables import WasteCodes
from geodata.flows import ENERGY, HAZARD_NO, HAZARD_YES, prepare_flows
from geodata.matchtable import MATCH_COLUMNS, tabulate_matches
from geodata.parameters import ScenarioParameters
from geodata.results import RegionTables
from geodata.scoring import PARTS, ScorePart
from geodata.transport import Travel

Floats = npt.NDArray[np.float64]

EXCLUSION_COLUMNS = (
    "offer_stream_id",
    "need_stream_id",
    "from_facility_id",
    "to_facility_id",
    "material",
    "reason",
    "value",
    "limit",
    "unit",
    "distance_km",
    "pairs",
)
"""One row a pair left out, the nearest of each offer and reason; the rest of them as one row with no need
and their number in `pairs`. `value`, `limit` and `unit` tell the test that failed (km, min, points)."""

__all__ = ["EXCLUSION_COLUMNS", "MATCH_COLUMNS", "REASONS", "MatchResult", "match_streams"]

REASONS = (
    "",
    "not_placed",
    "material",
    "hazard",
    "unit",
    "amount_zero",
    "months",
    "unreachable",
    "too_far",
    "too_long",
    "below_score",
    "ranked_below",
)
_OK, _NOT_PLACED, _MATERIAL, _HAZARD, _UNIT, _ZERO, _MONTHS, _UNREACHABLE, _FAR, _LONG, _SCORE, _RANK = range(
    12
)

MAX_PARTNERS = 100
"""A match is kept when it is among this many best of its offer or of its need; the others are counted."""
DETAILED_PAIRS = 3
"""Pairs left out that are told one by one, for each offer and reason."""
STRAIGHT_MARGIN = 0.9
"""Roads are never this much shorter than the crow's way: what is beyond is not routed."""
EARTH_RADIUS_KM = 6371.0088


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
    parts : the parts of the score.
    focus : facility ids; only pairs that touch one of them are looked at (None: all).
    detailed_pairs : pairs left out that are told one by one, for each offer and reason.
    pulse : called before each block; what it raises ends the work.

    Returns
    -------
    The same rows whatever the order of the rows in `tables`.
    """
    flows = prepare_flows(tables.streams, facility_ids=travel.ids, codes=codes)
    points = _place_points(tables.facilities, travel.ids)
    watched = None if focus is None else np.isin(np.array(travel.ids, dtype=object), list(focus))
    if watched is not None:
        flows = drop_unwatched(flows, watched)
    kept: list[pd.DataFrame] = []
    left: list[pd.DataFrame] = []
    for block in iterate_candidates(flows, codes=codes, block_pairs=block_pairs):
        pulse()
        pairs = _describe_pairs(block, flows, points)
        if watched is not None:
            pairs = pairs[watched[pairs["origin"]] | watched[pairs["destination"]]]
        pairs = pairs[pairs["origin"] != pairs["destination"]].reset_index(drop=True)
        pairs = _judge_pairs(pairs, travel, parts=parts, parameters=parameters)
        kept = [_keep_best([*kept, pairs[pairs["reason"] == _OK]], flows)]
        counts = pairs[pairs["reason"] == _OK].groupby("offer").size().rename("passed")
        left.append(_summarise_left(pairs[pairs["reason"] != _OK], detailed_pairs))
        left.append(counts.reset_index())
    matches = kept[0] if kept else pd.DataFrame()
    return MatchResult(
        matches=tabulate_matches(matches, flows, travel.ids, parts=parts),
        exclusions=_tabulate_left(left, matches, flows, travel, parts=parts, parameters=parameters),
    )


def _place_points(facilities: gpd.GeoDataFrame, ids: tuple[str, ...]) -> Floats:
    """Return n x 3 unit vectors in the order of `ids`; NaN where a facility has no point."""
    geometry = facilities.set_index("facility_id").geometry.reindex(list(ids))
    lon, lat = (np.radians(np.asarray(axis, dtype=np.float64)) for axis in (geometry.x, geometry.y))
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _describe_pairs(block: pd.DataFrame, flows: pd.DataFrame, points: Floats) -> pd.DataFrame:
    offer, need = block["offer"].to_numpy(), block["need"].to_numpy()

    def both(name: str) -> tuple[npt.NDArray, npt.NDArray]:  # type: ignore[type-arg]
        column = flows[name].to_numpy()
        return column[offer], column[need]

    origin, destination = both("facility")
    coded = flows["code"].to_numpy() != ""
    units, (offered, needed) = both("unit"), both("amount_best")
    offer_months, need_months = both("months")
    known = ~np.isnan(offered) & ~np.isnan(needed)
    hazard = both("hazard")
    chord = np.linalg.norm(points[origin] - points[destination], axis=1)
    bits = np.array([bin(mask).count("1") for mask in range(4096)], dtype=np.int8)
    return block.assign(
        origin=origin,
        destination=destination,
        coded_sides=coded[offer].astype(np.int8) + coded[need].astype(np.int8),
        offer_amount=offered,
        need_amount=needed,
        amount_known=known & (units[0] == units[1]) & (units[0] != ""),
        offer_months=bits[offer_months],
        need_months=bits[need_months],
        common_months=bits[offer_months & need_months],
        other_kind=(units[0] != "") & (units[1] != "") & ((units[0] == ENERGY) != (units[1] == ENERGY)),
        piped=flows["piped"].to_numpy()[offer],
        nothing=_is_nothing(flows)[offer] | _is_nothing(flows)[need],
        hazard_differs=((hazard[0] == HAZARD_YES) & (hazard[1] == HAZARD_NO))
        | ((hazard[0] == HAZARD_NO) & (hazard[1] == HAZARD_YES)),
        straight_km=2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chord / 2, 1.0)),
    )


def _is_nothing(flows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    return (flows["amount_max"] == 0).to_numpy()


def _judge_pairs(
    pairs: pd.DataFrame, travel: Travel, *, parts: tuple[ScorePart, ...], parameters: ScenarioParameters
) -> pd.DataFrame:
    """Add `reason` (position in REASONS), legs and points; only pairs that may still pass are routed."""
    placed = pairs["straight_km"].notna()
    seasonless = (pairs["offer_months"] > 0) & (pairs["need_months"] > 0) & (pairs["common_months"] == 0)
    limit_km = _limit_km(pairs["piped"].to_numpy(), parameters)
    lower_km = pairs["straight_km"].fillna(0.0) * STRAIGHT_MARGIN
    bound = _score_pairs(pairs.assign(distance_km=lower_km), parts=parts, parameters=parameters)["score"]
    tests = [
        ~placed,
        (pairs["relation"] == 0) & (pairs["shared_digits"] < 6),
        pairs["hazard_differs"],
        pairs["other_kind"],
        pairs["nothing"],
        seasonless,
        lower_km > limit_km,
        bound < parameters.min_score,
    ]
    reasons = [_NOT_PLACED, _MATERIAL, _HAZARD, _UNIT, _ZERO, _MONTHS, _FAR, _SCORE]
    reason = np.select([test.to_numpy() for test in tests], reasons, _OK).astype(np.int8)
    pairs = _add_legs(pairs, travel, rows=np.flatnonzero(reason == _OK))
    pairs = _score_pairs(pairs, parts=parts, parameters=parameters)
    late = [
        pairs["distance_km"].isna(),
        pairs["distance_km"] > limit_km,
        pairs["minutes"] > parameters.max_minutes,
        pairs["score"] < parameters.min_score,
    ]
    routed = np.select([test.to_numpy() for test in late], [_UNREACHABLE, _FAR, _LONG, _SCORE], _OK)
    return pairs.assign(reason=np.where(reason == _OK, routed, reason).astype(np.int8))


def _limit_km(piped: npt.NDArray[np.bool_], parameters: ScenarioParameters) -> Floats:
    """Return the longest way of each pair: the pipe's limit where it goes by pipe (along the road)."""
    by_pipe = min(parameters.max_pipe_km, parameters.max_distance_km)
    return np.where(piped, by_pipe, parameters.max_distance_km)


def _add_legs(pairs: pd.DataFrame, travel: Travel, *, rows: npt.NDArray[np.intp]) -> pd.DataFrame:
    """Route the given rows (each pair of facilities once); the others have NaN and no ferries."""
    origin, destination = pairs["origin"].to_numpy()[rows], pairs["destination"].to_numpy()[rows]
    pair_number = origin.astype(np.int64) * len(travel.ids) + destination
    distinct, back = np.unique(pair_number, return_inverse=True)
    legs = travel.pairs(
        (distinct // max(len(travel.ids), 1)).astype(np.intp),
        (distinct % max(len(travel.ids), 1)).astype(np.intp),
    )
    columns: dict[str, npt.NDArray[np.float64]] = {}
    for name in ("distance_km", "minutes", "estimated_km", "ferries"):
        column = np.full(len(pairs), -1.0 if name == "ferries" else np.nan)
        column[rows] = getattr(legs, name)[back]
        columns[name] = column
    return pairs.assign(**columns)


def _score_pairs(
    pairs: pd.DataFrame, *, parts: tuple[ScorePart, ...], parameters: ScenarioParameters
) -> pd.DataFrame:
    points = {part.column: part.points(pairs, parameters) for part in parts}
    return pairs.assign(**points, score=np.sum(list(points.values()), axis=0))


def _keep_best(blocks: list[pd.DataFrame], flows: pd.DataFrame) -> pd.DataFrame:
    """Join blocks and keep a pair that is among the best of its offer or of its need; sorted by rank."""
    if not (filled := [block for block in blocks if len(block)]):
        return blocks[-1]
    pairs = pd.concat(filled, ignore_index=True)
    basis = flows["basis"].to_numpy()
    pairs["basis"] = np.maximum(basis[pairs["offer"]], basis[pairs["need"]])
    # Positions in flows follow stream_id, so ties end the same way whatever the order of the input.
    keys = [pairs["need"], pairs["offer"], pairs["distance_km"], pairs["basis"], -pairs["score"]]
    pairs = pairs.iloc[np.lexsort([key.to_numpy() for key in keys])].reset_index(drop=True)
    best = (pairs.groupby("offer").cumcount() < MAX_PARTNERS) | (
        pairs.groupby("need").cumcount() < MAX_PARTNERS
    )
    return pairs[best].reset_index(drop=True)


def _summarise_left(pairs: pd.DataFrame, detailed_pairs: int) -> pd.DataFrame:
    """Keep the nearest pairs of each offer and reason and count the rest."""
    order = np.lexsort([pairs[name].to_numpy() for name in ("need", "straight_km", "reason", "offer")])
    pairs = pairs.iloc[order]
    groups = pairs.groupby(["offer", "reason"])
    detailed = pairs[groups.cumcount() < detailed_pairs].assign(pairs=1)
    rest = (groups.size() - detailed_pairs).rename("pairs").reset_index()
    rest = rest[rest["pairs"] > 0].assign(need=-1)
    names = ["offer", "need", "origin", "destination", "reason", "pairs", "straight_km"]
    return pd.concat([detailed, rest], ignore_index=True).reindex(
        columns=[*names, *(name for name in pairs.columns if name not in names)]
    )


def _tabulate_left(
    left: list[pd.DataFrame],
    matches: pd.DataFrame,
    flows: pd.DataFrame,
    travel: Travel,
    *,
    parts: tuple[ScorePart, ...],
    parameters: ScenarioParameters,
) -> pd.DataFrame:
    told = [frame for frame in left[0::2] if len(frame)]
    rows = pd.concat(told, ignore_index=True) if told else pd.DataFrame(columns=["offer", "need", "reason"])
    passed = pd.concat(left[1::2]).set_index("offer")["passed"] if left else pd.Series(dtype=int)
    kept = matches.groupby("offer").size() if len(matches) else pd.Series(dtype=int)
    beyond = passed.sub(kept, fill_value=0)
    capped = beyond[beyond > 0].rename("pairs").rename_axis("offer").reset_index()
    rows = pd.concat([rows, capped.assign(need=-1, reason=_RANK)], ignore_index=True)
    if not len(rows):
        return _type_left(pd.DataFrame(columns=list(EXCLUSION_COLUMNS), dtype=object))
    single = rows["need"].to_numpy() >= 0
    rows = _measure_left(rows, single, travel, parts=parts, parameters=parameters)
    offer, need = rows["offer"].to_numpy(dtype=np.intp), rows["need"].to_numpy(dtype=np.intp)
    reason = rows["reason"].to_numpy(dtype=np.int8)
    names, stream = np.array(travel.ids, dtype=object), flows["stream_id"].to_numpy()
    facility = flows["facility"].to_numpy()
    by_reason = {
        _FAR: ("distance_km", parameters.max_distance_km, "km"),
        _LONG: ("minutes", parameters.max_minutes, "min"),
        _SCORE: ("score", parameters.min_score, "points"),
    }
    value, limit = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    unit = np.full(len(rows), None, dtype=object)
    for which, (column, bound, name) in by_reason.items():
        mask = reason == which
        value[mask & single] = rows[column].to_numpy(dtype=np.float64)[mask & single]
        limit[mask], unit[mask] = bound, name
    far = reason == _FAR
    limit[far] = _limit_km(flows["piped"].to_numpy()[offer[far]], parameters)
    out = pd.DataFrame(
        {
            "offer_stream_id": stream[offer],
            "need_stream_id": np.where(single, stream[need], None),
            "from_facility_id": names[facility[offer]],
            "to_facility_id": np.where(single, names[facility[need]], None),
            "material": flows["material"].to_numpy()[offer],
            "reason": np.array(REASONS, dtype=object)[reason],
            "value": value,
            "limit": limit,
            "unit": unit,
            "distance_km": rows["distance_km"].to_numpy(dtype=np.float64),
            "pairs": rows["pairs"].to_numpy(dtype=np.int64),
        }
    )
    order = np.lexsort([need, ~single, reason, offer])
    return _type_left(out.iloc[order])


def _measure_left(
    rows: pd.DataFrame,
    single: npt.NDArray[np.bool_],
    travel: Travel,
    *,
    parts: tuple[ScorePart, ...],
    parameters: ScenarioParameters,
) -> pd.DataFrame:
    """Route the pairs that are told one by one; where no road leads to the place, that becomes the reason."""
    if not single.any():
        return rows.assign(distance_km=np.nan, minutes=np.nan, score=np.nan)
    pairs = rows[single].astype({"origin": np.intp, "destination": np.intp, "relation": np.intp})
    pairs = pairs.astype({"shared_digits": np.int8, "coded_sides": np.int8, "amount_known": bool})
    placed = np.flatnonzero(pairs["reason"].to_numpy() != _NOT_PLACED)
    pairs = _score_pairs(_add_legs(pairs, travel, rows=placed), parts=parts, parameters=parameters)
    lost = pairs["distance_km"].isna() & pairs["reason"].isin([_FAR, _SCORE])
    pairs["reason"] = pairs["reason"].mask(lost, _UNREACHABLE)
    out = rows.copy()
    for name in ("distance_km", "minutes", "score"):
        out[name] = np.nan
        out.loc[single, name] = pairs[name].to_numpy()
    out.loc[single, "reason"] = pairs["reason"].to_numpy()
    return out


def _type_left(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = dict.fromkeys(EXCLUSION_COLUMNS, "string") | {"pairs": "Int64"}
    kinds |= dict.fromkeys(("value", "limit", "distance_km"), "Float64")
    return frame.astype(kinds).reset_index(drop=True)
