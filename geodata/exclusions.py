"""Pairs that did not match, with the reason: the nearest told one by one, the rest counted."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geodata.candidates import Block, measure_straight_km
from geodata.judging import Array, Floats, add_amounts, add_distance, limit_way_km, route_pairs
from geodata.pairtables import FAR, LONG, NOT_PLACED, OK, RANK, REASONS, SCORE, UNREACHABLE
from geodata.parameters import ScenarioParameters
from geodata.scoring import ScorePart
from geodata.transport import Travel
from geodata.usepairs import UseTable

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
and their number in `pairs`. `value`, `limit` and `unit` tell the test that failed (km, min, points). Chains
through an intermediary are not told: they are too many, and each has its direct pair."""

_TOLD = ("offer", "need", "reason", "straight_km", "group_points", "route", "use", "comparable")


def gather_left(
    block: Block, judged: dict[str, Array], facility: Array, points: Floats, *, detailed_pairs: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the pairs of a block to tell (with what their points need), and offer, reason, pairs: all."""
    told = pd.DataFrame(judged)
    at = [facility[block.told[name]] for name in ("offer", "need")]
    without = pd.DataFrame(block.told).assign(straight_km=measure_straight_km(points, at[0], at[1]))
    kinds = {"group_points": np.nan, "route": 0, "use": -1, "comparable": False}
    counts = [pd.DataFrame(block.counts)]
    if len(told):
        size = told.groupby(["offer", "reason"]).size().rename("pairs").reset_index()
        counts.append(size)
        told = _keep_nearest(told, detailed_pairs)
    frames = [frame for frame in (told, without.assign(**kinds)) if len(frame)]
    if not frames:
        return pd.DataFrame(columns=list(_TOLD)), counts[0]
    both = _keep_nearest(pd.concat(frames, ignore_index=True)[list(_TOLD)], detailed_pairs)
    total = pd.concat(counts, ignore_index=True).groupby(["offer", "reason"])["pairs"].sum().reset_index()
    return both, total


def _keep_nearest(pairs: pd.DataFrame, count: int) -> pd.DataFrame:
    order = np.lexsort([pairs[name].to_numpy() for name in ("need", "straight_km", "reason", "offer")])
    offer, reason = (pairs[name].to_numpy()[order] for name in ("offer", "reason"))
    starts = np.ones(len(order), dtype=bool)
    starts[1:] = (offer[1:] != offer[:-1]) | (reason[1:] != reason[:-1])
    at = np.arange(len(order))
    place = at - np.maximum.accumulate(np.where(starts, at, 0))
    kept: pd.DataFrame = pairs.iloc[order[place < count]].reset_index(drop=True)
    return kept


def tabulate_left(
    told: list[pd.DataFrame],
    counts: list[pd.DataFrame],
    capped: pd.Series,
    flows: pd.DataFrame,
    uses: UseTable,
    travel: Travel,
    *,
    parts: tuple[ScorePart, ...],
    parameters: ScenarioParameters,
) -> pd.DataFrame:
    """Return the table with :data:`EXCLUSION_COLUMNS`.

    Parameters
    ----------
    told, counts : from :func:`gather_left`, block by block.
    capped : offer -> pairs that matched but are not among the best of either side.
    """
    nothing = pd.DataFrame(columns=list(_TOLD))
    single = pd.concat([f for f in told if len(f)], ignore_index=True) if any(map(len, told)) else nothing
    rest = _count_rest(single, counts, capped)
    if not len(single) and not len(rest):
        return _type_left(pd.DataFrame(columns=list(EXCLUSION_COLUMNS), dtype=object))
    reason = single["reason"].to_numpy(dtype=np.intp)
    measures = {name: np.full(len(single), np.nan) for name in ("distance_km", "minutes", "score")}
    if len(single):
        reason, measures = _measure(single, flows, uses, travel, parts=parts, parameters=parameters)
    offer = np.concatenate([single["offer"].to_numpy(dtype=np.intp), rest["offer"].to_numpy(dtype=np.intp)])
    need = np.concatenate([single["need"].to_numpy(dtype=np.intp), np.full(len(rest), -1, dtype=np.intp)])
    reason = np.concatenate([reason, rest["reason"].to_numpy(dtype=np.intp)])
    alone = np.arange(len(offer)) < len(single)
    padding = np.full(len(rest), np.nan)
    wide = {name: np.concatenate([values, padding]) for name, values in measures.items()}
    value, limit = np.full(len(offer), np.nan), np.full(len(offer), np.nan)
    unit = np.full(len(offer), None, dtype=object)
    limits = {
        FAR: ("distance_km", limit_way_km(flows["piped"].to_numpy()[offer], parameters), "km"),
        LONG: ("minutes", np.full(len(offer), parameters.max_minutes), "min"),
        SCORE: ("score", np.full(len(offer), parameters.min_score), "points"),
    }
    for which, (column, bound, name) in limits.items():
        mask = reason == which
        value[mask] = wide[column][mask]
        limit[mask], unit[mask] = bound[mask], name
    names, stream = np.array(travel.ids, dtype=object), flows["stream_id"].to_numpy()
    facility = flows["facility"].to_numpy()
    out = pd.DataFrame(
        {
            "offer_stream_id": stream[offer],
            "need_stream_id": np.where(alone, stream[need], None),
            "from_facility_id": names[facility[offer]],
            "to_facility_id": np.where(alone, names[facility[need]], None),
            "material": flows["material"].to_numpy()[offer],
            "reason": np.array(REASONS, dtype=object)[reason],
            "value": value,
            "limit": limit,
            "unit": unit,
            "distance_km": wide["distance_km"],
            "pairs": np.concatenate([np.ones(len(single), np.int64), rest["pairs"].to_numpy(np.int64)]),
        }
    )
    order = np.lexsort([need, ~alone, reason, offer])
    return _type_left(out.iloc[order])


def _count_rest(single: pd.DataFrame, counts: list[pd.DataFrame], capped: pd.Series) -> pd.DataFrame:
    """Return offer, reason, pairs: how many there are besides those told one by one."""
    beyond = capped[capped > 0].rename("pairs").rename_axis("offer").reset_index().assign(reason=RANK)
    parts = [frame for frame in (*counts, beyond) if len(frame)]
    if not parts:
        return pd.DataFrame({name: np.empty(0, dtype=np.int64) for name in ("offer", "reason", "pairs")})
    total = pd.concat(parts, ignore_index=True).groupby(["offer", "reason"])["pairs"].sum()
    if len(single):
        total = total.sub(single.groupby(["offer", "reason"]).size(), fill_value=0)
    rest: pd.DataFrame = total[total > 0].astype(np.int64).rename("pairs").reset_index()
    return rest


def _measure(
    single: pd.DataFrame,
    flows: pd.DataFrame,
    uses: UseTable,
    travel: Travel,
    *,
    parts: tuple[ScorePart, ...],
    parameters: ScenarioParameters,
) -> tuple[Array, dict[str, Array]]:
    """Route the pairs that are told one by one; where no road leads to the place, that becomes the reason."""
    facility = flows["facility"].to_numpy()
    reason = single["reason"].to_numpy(dtype=np.intp)
    offer, need = (single[name].to_numpy(dtype=np.intp) for name in ("offer", "need"))
    measures = {name: np.full(len(single), np.nan) for name in ("distance_km", "minutes", "score")}
    placed = np.flatnonzero(reason != NOT_PLACED)
    legs = route_pairs(travel, facility[offer[placed]], facility[need[placed]])
    for name in ("distance_km", "minutes"):
        measures[name][placed] = legs[name]
    scored = np.flatnonzero(reason == SCORE)
    columns: dict[str, Array] = {"offer": offer[scored], "need": need[scored]}
    for name, kind in (("group_points", float), ("route", np.int8), ("use", np.intp), ("comparable", bool)):
        columns[name] = single[name].to_numpy()[scored].astype(kind)
    columns = add_amounts(columns, flows, uses, parts=parts, parameters=parameters)
    columns["distance_km"] = measures["distance_km"][scored]
    measures["score"][scored] = add_distance(columns, parts=parts, parameters=parameters)["score"]
    lost = np.isnan(measures["distance_km"]) & np.isin(reason, [FAR, SCORE])
    return np.where(lost, UNREACHABLE, reason), measures


def _type_left(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = dict.fromkeys(EXCLUSION_COLUMNS, "string") | {"pairs": "Int64"}
    kinds |= dict.fromkeys(("value", "limit", "distance_km"), "Float64")
    return frame.astype(kinds).reset_index(drop=True)


__all__ = ["EXCLUSION_COLUMNS", "OK", "gather_left", "tabulate_left"]
