"""Pairs looked at one by one: amounts, the way between them, points, and the tests that these decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.candidates import STRAIGHT_MARGIN, Block, measure_straight_km
from geodata.pairtables import FAR, LONG, OK, SCORE, UNREACHABLE
from geodata.parameters import ScenarioParameters
from geodata.scoring import ScorePart, bound_amount
from geodata.streamgroups import Ints
from geodata.transport import Travel
from geodata.usepairs import SAME_STREAM, UseTable

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

LEG_NAMES = ("distance_km", "minutes", "estimated_km", "toll_nok", "ferries")


def judge_block(
    block: Block,
    flows: pd.DataFrame,
    points: Floats,
    uses: UseTable,
    travel: Travel,
    *,
    parts: tuple[ScorePart, ...],
    parameters: ScenarioParameters,
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the columns of the pairs that match, and offer, need, reason and table row of the others.

    Only pairs that may still pass are routed, each pair of facilities once.
    """
    facility = flows["facility"].to_numpy()
    origin, destination = facility[block.offer], facility[block.need]
    columns: dict[str, Array] = {"offer": block.offer, "need": block.need, "table": block.table}
    columns["group_points"] = block.tables["group_points"][block.table]
    for name in ("route", "use", "comparable"):
        columns[name] = block.tables[name][block.table]
    columns = add_amounts(columns, flows, uses, parts=parts, parameters=parameters)
    lower_km = measure_straight_km(points, origin, destination) * STRAIGHT_MARGIN
    bound = add_distance(columns | {"distance_km": lower_km}, parts=parts, parameters=parameters)["score"]
    hopeful = bound >= parameters.min_score
    reason = np.where(hopeful, OK, SCORE).astype(np.int8)
    rows = np.flatnonzero(hopeful)
    columns = {name: values[rows] for name, values in columns.items()}
    columns |= route_pairs(travel, origin[rows], destination[rows])
    columns = add_distance(columns, parts=parts, parameters=parameters)
    limit_km = limit_way_km(flows["piped"].to_numpy()[columns["offer"]], parameters)
    with np.errstate(invalid="ignore"):
        late = [
            np.isnan(columns["distance_km"]),
            columns["distance_km"] > limit_km,
            columns["minutes"] > parameters.max_minutes,
            columns["score"] < parameters.min_score,
        ]
    reason[rows] = np.select(late, [UNREACHABLE, FAR, LONG, SCORE], OK)
    passed = reason[rows] == OK
    matched = {name: values[passed] for name, values in columns.items()}
    at = matched.pop("table")
    for name, values in block.tables.items():
        if name not in matched and name != "reason":
            matched[name] = values[at]
    matched["via"] = np.full(len(at), -1, dtype=np.intp)
    for name in ("via_km", "via_minutes", "capacity"):
        matched[name] = np.full(len(at), np.nan)
    failed = reason != OK
    left = {
        "offer": block.offer[failed],
        "need": block.need[failed],
        "reason": reason[failed].astype(np.intp),
        "straight_km": lower_km[failed] / STRAIGHT_MARGIN,
        "group_points": block.tables["group_points"][block.table[failed]],
        "route": block.tables["route"][block.table[failed]],
        "use": block.tables["use"][block.table[failed]],
        "comparable": block.tables["comparable"][block.table[failed]],
    }
    return matched, left


def add_amounts(
    columns: Mapping[str, Array],
    flows: pd.DataFrame,
    uses: UseTable,
    *,
    parts: tuple[ScorePart, ...],
    parameters: ScenarioParameters,
) -> dict[str, Array]:
    """Add the amounts of each pair, `amount_points` and their lowest and highest value over the ranges.

    `absorbed_amount` is what the need takes of the offered stream: its own amount, by the yield of the use
    where it takes the product, and never more than an intermediary's capacity.
    """
    out = dict(columns)
    offer, need = out["offer"], out["need"]
    low, best, high = (flows[f"amount_{level}"].to_numpy() for level in ("min", "best", "max"))
    offered = low[offer], best[offer], high[offer]
    turned = (out["route"] != SAME_STREAM) & (out["use"] >= 0)
    absorbed = [low[need], best[need], high[need]]
    if turned.any():
        use = np.maximum(out["use"], 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            yields = [
                np.where(turned, y[use], 1.0) for y in (uses.yield_high, uses.yield_best, uses.yield_low)
            ]
            absorbed = [np.where(y > 0, a / y, np.nan) for a, y in zip(absorbed, yields, strict=True)]
        absorbed[2] = np.where(np.isnan(absorbed[2]), absorbed[1], absorbed[2])
    known = ~np.isnan(offered[1]) & ~np.isnan(absorbed[1]) & out["comparable"]
    if "via" in out:
        via, unit = out["via"], flows["unit"].to_numpy()
        same = (unit[via] == unit[offer]) & (unit[offer] != "")
        capacity = [np.where(same, level[via], np.nan) for level in (low, best, high)]
        absorbed = [np.fmin(a, c) for a, c in zip(absorbed, capacity, strict=True)]
        out["capacity"] = capacity[1]
    out["offer_amount"], out["absorbed_amount"], out["amount_known"] = offered[1], absorbed[1], known
    floor = np.minimum(offered[0], offered[1]), np.fmin(absorbed[0], absorbed[1])
    top = np.maximum(offered[2], offered[1]), np.fmax(absorbed[2], absorbed[1])
    shares = bound_amount((floor[0], top[0]), (floor[1], top[1]), known)
    out["exchange_min"] = np.where(known, np.minimum(floor[0], floor[1]), np.nan)
    out["exchange_best"] = np.where(known, np.minimum(offered[1], absorbed[1]), np.nan)
    out["exchange_max"] = np.where(known, np.minimum(top[0], top[1]), np.nan)
    spans = np.zeros((2, len(offer)))
    out["amount_points"] = np.zeros(len(offer))
    for part in parts:
        if part.level == "group" or part.name == "distance":
            continue
        out[part.column] = part.points(out, parameters)
        out["amount_points"] = out["amount_points"] + out[part.column]
        if part.name == "amount":
            most = part.max_points(parameters)
            for k, share in enumerate(shares):
                spans[k] += np.round(share * most * 4) / 4 - out[part.column]
    out["span_low"], out["span_high"] = np.minimum(spans[0], 0.0), np.maximum(spans[1], 0.0)
    return out


def add_distance(
    columns: Mapping[str, Array], *, parts: tuple[ScorePart, ...], parameters: ScenarioParameters
) -> dict[str, Array]:
    """Add the points of the distance and `score`, the sum of all parts."""
    out = dict(columns)
    score = out["group_points"] + out["amount_points"]
    for part in parts:
        if part.name == "distance":
            out[part.column] = part.points(out, parameters)
            score = score + out[part.column]
    out["score"] = score
    return out


def limit_way_km(piped: Bools, parameters: ScenarioParameters) -> Floats:
    """Return the longest way of each pair: the pipe's limit where it goes by pipe (along the road)."""
    by_pipe = min(parameters.max_pipe_km, parameters.max_distance_km)
    return np.where(piped, by_pipe, parameters.max_distance_km)


def route_pairs(travel: Travel, origin: Ints, destination: Ints) -> dict[str, Array]:
    """Return the legs of the pairs, each pair of facilities measured once; NaN and -1 ferries: no way."""
    count = max(len(travel.ids), 1)
    distinct, back = np.unique(origin.astype(np.int64) * count + destination, return_inverse=True)
    legs = travel.pairs((distinct // count).astype(np.intp), (distinct % count).astype(np.intp))
    return {name: np.asarray(getattr(legs, name), dtype=np.float64)[back] for name in LEG_NAMES}
