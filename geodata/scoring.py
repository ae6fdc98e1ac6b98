"""What a match's points are made of: a tuple of small pure functions, each a part of the score.

Parts of level ``group`` depend on what kinds of streams meet and are worked out once for all pairs of two
groups; those of level ``pair`` also on amounts and distance. A further part is one more :class:`ScorePart`
and one more weight. All points are whole multiples of a quarter: sums of them are exact in binary and in two
decimals, so the parts a reader sees add up to the score a reader sees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from geodata.parameters import ScenarioParameters
from geodata.uses import HIERARCHIES

Floats = npt.NDArray[np.float64]
Values = Mapping[str, str | int | float]
Columns = Mapping[str, npt.NDArray[Any]]

QUANTUM_POINTS = 0.25
NEUTRAL_SHARE = 0.5
"""Share of the points that what is unknown gets: neither praise nor blame, and always said."""
LICENCES = ("ordinary", "licensed", "hazard_unknown", "licence_unknown", "unstated")
"""Hazard and licence: ordinary waste; hazardous to one who takes hazardous waste; unknown whether it is
hazardous; hazardous, and unknown whether the receiver may take it; ordinary to one who does not say."""
LICENCE_SHARES = (1.0, 1.0, 0.5, 0.25, 0.75)
WORST_RANK = len(HIERARCHIES)


@dataclass(frozen=True)
class ScorePart:
    """One part of the score.

    Attributes
    ----------
    name : the column is ``score_<name>``; the weight is the parameter ``weight_<name>``.
    share : columns of pairs and parameters -> share of the weight, 0..1. It must not rise with distance_km:
        candidates are pruned with a lower bound of the distance.
    reason : one match as a mapping -> reason code and the values its sentence needs.
    level : ``group`` where it depends on nothing but the kinds of streams, else ``pair``.
    """

    name: str
    share: Callable[[Columns, ScenarioParameters], Floats]
    reason: Callable[[Mapping[str, object]], tuple[str, Values]]
    level: Literal["group", "pair"] = "pair"

    @property
    def column(self) -> str:
        """Name of the column that holds this part's points."""
        return f"score_{self.name}"

    def max_points(self, parameters: ScenarioParameters) -> float:
        """Points that a share of 1 gives."""
        return float(_quantise(np.array(getattr(parameters, f"weight_{self.name}"))))

    def points(self, columns: Columns, parameters: ScenarioParameters) -> Floats:
        """Points of each candidate, multiples of :data:`QUANTUM_POINTS`."""
        return _quantise(getattr(parameters, f"weight_{self.name}") * self.share(columns, parameters))


def _quantise(points: Floats) -> Floats:
    return np.asarray(np.round(points / QUANTUM_POINTS) * QUANTUM_POINTS, dtype=np.float64)


def _share_code(columns: Columns, parameters: ScenarioParameters) -> Floats:
    return np.asarray(columns["code_share"], dtype=np.float64)


def _share_quality(columns: Columns, parameters: ScenarioParameters) -> Floats:
    asked, met, broken = (
        columns[f"quality_{name}"].astype(np.float64) for name in ("asked", "met", "broken")
    )
    # What is asked for and not spoken of counts half.
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (met + NEUTRAL_SHARE * (asked - met - broken)) / asked
    return np.where(asked > 0, share, NEUTRAL_SHARE)


def _share_amount(columns: Columns, parameters: ScenarioParameters) -> Floats:
    share = fill_both(columns["offer_amount"], columns["absorbed_amount"])
    return np.where(columns["amount_known"], share, NEUTRAL_SHARE)


def fill_both(offered: Floats, needed: Floats) -> Floats:
    """Return the share: half for how much of the offer is taken, half for how much of the need is met."""
    return _mean_of_both(np.fmin(offered, needed), offered, needed)


def bound_amount(
    offered: tuple[Floats, Floats], needed: tuple[Floats, Floats], known: npt.NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Return the lowest and highest share of the amount over ranges (low, high); 0 and 1 where unknown.

    The share falls with the ratio of the two amounts, whichever is the larger: it is lowest at two opposite
    ends of the ranges, and 1 where they overlap.
    """
    ends = fill_both(offered[0], needed[1]), fill_both(offered[1], needed[0])
    overlap = (offered[0] <= needed[1]) & (needed[0] <= offered[1])
    apart = np.maximum(*ends)
    positive = (np.minimum(offered[1], needed[1]) > 0) & overlap
    low = np.where(known, np.minimum(*ends), 0.0)
    return low, np.where(known, np.where(positive, 1.0, apart), 1.0)


def _share_season(columns: Columns, parameters: ScenarioParameters) -> Floats:
    offered, needed, common = (
        columns[name].astype(np.float64) for name in ("offer_months", "need_months", "common_months")
    )
    share = _mean_of_both(common, offered, needed)
    return np.where((offered > 0) & (needed > 0), share, NEUTRAL_SHARE)


def _mean_of_both(common: Floats, offered: Floats, needed: Floats) -> Floats:
    """Half for how much of the offer is taken, half for how much of the need is met."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((offered > 0) & (needed > 0), 0.5 * common / offered + 0.5 * common / needed, 0.0)


def _share_distance(columns: Columns, parameters: ScenarioParameters) -> Floats:
    # Halved with every half_distance_km: at the median distance of known exchanges half the points are left.
    return np.asarray(np.exp2(-columns["distance_km"] / parameters.half_distance_km))


def _share_hazard(columns: Columns, parameters: ScenarioParameters) -> Floats:
    return np.asarray(np.array(LICENCE_SHARES)[columns["licence"]])


def _share_hierarchy(columns: Columns, parameters: ScenarioParameters) -> Floats:
    # From the worst to the best place in the hierarchy all points, no change half of them. 0: unknown.
    present, new = (columns[name].astype(np.float64) for name in ("present_rank", "new_rank"))
    gain = (present - new) / (WORST_RANK - 1)
    return np.where((present > 0) & (new > 0), NEUTRAL_SHARE * (1 + gain), NEUTRAL_SHARE)


def _number(match: Mapping[str, object], name: str) -> float:
    return float(cast(float, match[name]))


def _text(match: Mapping[str, object], name: str) -> str:
    value = match[name]
    return value if isinstance(value, str) else ""


def _reason_code(match: Mapping[str, object]) -> tuple[str, Values]:
    values: dict[str, str | int | float] = {
        "offer_material": _text(match, "material"),
        "need_material": _text(match, "need_material"),
        "product": _text(match, "product"),
        "use_id": _text(match, "use_id"),
        "step": _text(match, "step"),
    }
    route = _text(match, "route")
    if route != "same_stream":
        return f"code.{route}", values
    if match["code_by_use"]:
        return "code.taken_for_use", values
    if int(_number(match, "coded_sides")) < 2:
        return f"material.{match['relation']}", values
    values |= {"offer_code": _text(match, "offer_code"), "need_code": _text(match, "need_code")}
    return f"code.shared_{int(_number(match, 'shared_digits'))}", values


def _reason_quality(match: Mapping[str, object]) -> tuple[str, Values]:
    asked, met, broken = (int(_number(match, f"quality_{name}")) for name in ("asked", "met", "broken"))
    if not asked:
        return "quality.nothing_asked", {}
    if not met and not broken:
        return "quality.unknown", {"asked": asked}
    return ("quality.broken" if broken else "quality.met"), {"asked": asked, "met": met, "broken": broken}


def _reason_amount(match: Mapping[str, object]) -> tuple[str, Values]:
    state = _text(match, "amount_state")
    if state != "known":
        return f"amount.{state}", {}
    names = ("offer_amount", "need_amount", "exchange_best")
    values: dict[str, str | int | float] = {name: _number(match, name) for name in names}
    code = "amount.overlap" if _text(match, "route") == "same_stream" else "amount.turned"
    return code, values | {"unit": _text(match, "unit"), "need_unit": _text(match, "need_unit")}


def _reason_season(match: Mapping[str, object]) -> tuple[str, Values]:
    offered, needed = int(_number(match, "offer_months")), int(_number(match, "need_months"))
    if not offered or not needed:
        return "season.unknown", {}
    common = int(_number(match, "common_months"))
    return "season.overlap", {"common": common, "offer_months": offered, "need_months": needed}


def _reason_distance(match: Mapping[str, object]) -> tuple[str, Values]:
    names = ("distance_km", "minutes", "estimated_km")
    values: dict[str, str | int | float] = {name: _number(match, name) for name in names}
    code = "distance.partly_estimated" if match["estimated"] else "distance.routed"
    return code, values | {"ferries": int(_number(match, "ferries"))}


def _reason_hazard(match: Mapping[str, object]) -> tuple[str, Values]:
    return f"hazard.{match['licence']}", {}


def _reason_hierarchy(match: Mapping[str, object]) -> tuple[str, Values]:
    present, new = _text(match, "present_hierarchy"), _text(match, "hierarchy")
    if not present or not new:
        return "hierarchy.unknown", {}
    change = HIERARCHIES.index(present) - HIERARCHIES.index(new)
    which = "better" if change > 0 else "worse" if change < 0 else "same"
    known = "reported" if match["present_reported"] else "usual"
    return f"hierarchy.{which}_{known}", {"present": present, "new": new}


PARTS: tuple[ScorePart, ...] = (
    ScorePart("code", _share_code, _reason_code, "group"),
    ScorePart("quality", _share_quality, _reason_quality, "group"),
    ScorePart("amount", _share_amount, _reason_amount),
    ScorePart("season", _share_season, _reason_season, "group"),
    ScorePart("distance", _share_distance, _reason_distance),
    ScorePart("hazard", _share_hazard, _reason_hazard, "group"),
    ScorePart("hierarchy", _share_hierarchy, _reason_hierarchy, "group"),
)


@dataclass(frozen=True)
class Explanation:
    """One part of a match's score in a form that a front end can word: `reason_code` and `values`."""

    part: str
    points: float
    max_points: float
    reason_code: str
    values: Values


def explain_match(
    match: Mapping[str, object], *, parameters: ScenarioParameters, parts: tuple[ScorePart, ...] = PARTS
) -> list[Explanation]:
    """Return the parts of one row of the match table (``row.to_dict()``); they add up to its score."""
    return [
        Explanation(
            part=part.name,
            points=_number(match, part.column),
            max_points=part.max_points(parameters),
            reason_code=(reason := part.reason(match))[0],
            values=reason[1],
        )
        for part in parts
    ]
