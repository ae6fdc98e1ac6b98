"""What a match's points are made of: a tuple of small pure functions, each a part of the score.

A later part (economics, knowledge of uses) is one more :class:`ScorePart` and one more weight. All points are
whole multiples of a quarter: sums of them are exact in binary and in two decimals, so the parts a reader sees
add up to the score a reader sees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.parameters import ScenarioParameters

Floats = npt.NDArray[np.float64]
Values = Mapping[str, str | int | float]

QUANTUM_POINTS = 0.25
NEUTRAL_SHARE = 0.5
"""Share of the points that an unknown amount or season gets: neither praise nor blame, and always said."""
CODE_SHARES = {6: 1.0, 4: 0.7, 2: 0.4, 0: 0.0}
RELATIONS = ("none", "sibling", "parent", "same")
RELATION_SHARES = (0.0, 0.3, 0.6, 1.0)
ONE_CODE_SHARE = 0.7
"""Factor where only one side has a code: the material speaks for the code, at the worth of four digits."""


@dataclass(frozen=True)
class ScorePart:
    """One part of the score.

    Attributes
    ----------
    name : the column is ``score_<name>``; the weight is the parameter ``weight_<name>``.
    share : candidate frame and parameters -> share of the weight, 0..1. It must not rise with distance_km:
        candidates are pruned with a lower bound of the distance.
    reason : one match as a mapping -> reason code and the values its sentence needs.
    """

    name: str
    share: Callable[[pd.DataFrame, ScenarioParameters], Floats]
    reason: Callable[[Mapping[str, object]], tuple[str, Values]]

    @property
    def column(self) -> str:
        """Name of the column that holds this part's points."""
        return f"score_{self.name}"

    def max_points(self, parameters: ScenarioParameters) -> float:
        """Points that a share of 1 gives."""
        return float(_quantise(np.array(getattr(parameters, f"weight_{self.name}"))))

    def points(self, candidates: pd.DataFrame, parameters: ScenarioParameters) -> Floats:
        """Points of each candidate, multiples of :data:`QUANTUM_POINTS`."""
        return _quantise(getattr(parameters, f"weight_{self.name}") * self.share(candidates, parameters))


def _quantise(points: Floats) -> Floats:
    return np.asarray(np.round(points / QUANTUM_POINTS) * QUANTUM_POINTS, dtype=np.float64)


def _share_code(candidates: pd.DataFrame, parameters: ScenarioParameters) -> Floats:
    digits = candidates["shared_digits"].to_numpy()
    by_code = np.select([digits == known for known in CODE_SHARES], list(CODE_SHARES.values()), 0.0)
    by_material = np.array(RELATION_SHARES)[candidates["relation"].to_numpy()]
    coded = candidates["coded_sides"].to_numpy()
    return np.where(coded == 2, by_code, np.where(coded == 1, ONE_CODE_SHARE, 1.0) * by_material)


def _share_material(candidates: pd.DataFrame, parameters: ScenarioParameters) -> Floats:
    return np.asarray(np.array(RELATION_SHARES)[candidates["relation"].to_numpy()], dtype=np.float64)


def _share_amount(candidates: pd.DataFrame, parameters: ScenarioParameters) -> Floats:
    offered, needed = candidates["offer_amount"].to_numpy(), candidates["need_amount"].to_numpy()
    share = _mean_of_both(np.fmin(offered, needed), offered, needed)
    return np.where(candidates["amount_known"].to_numpy(), share, NEUTRAL_SHARE)


def _share_season(candidates: pd.DataFrame, parameters: ScenarioParameters) -> Floats:
    offered, needed = (
        candidates[name].to_numpy(dtype=np.float64) for name in ("offer_months", "need_months")
    )
    share = _mean_of_both(candidates["common_months"].to_numpy(dtype=np.float64), offered, needed)
    return np.where((offered > 0) & (needed > 0), share, NEUTRAL_SHARE)


def _mean_of_both(common: Floats, offered: Floats, needed: Floats) -> Floats:
    """Half for how much of the offer is taken, half for how much of the need is met."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((offered > 0) & (needed > 0), 0.5 * common / offered + 0.5 * common / needed, 0.0)


def _share_distance(candidates: pd.DataFrame, parameters: ScenarioParameters) -> Floats:
    # Halved with every half_distance_km: at the median distance of known exchanges half the points are left.
    return np.asarray(np.exp2(-candidates["distance_km"].to_numpy() / parameters.half_distance_km))


def _number(match: Mapping[str, object], name: str) -> float:
    return float(cast(float, match[name]))


def _reason_code(match: Mapping[str, object]) -> tuple[str, Values]:
    coded, digits = int(_number(match, "coded_sides")), int(_number(match, "shared_digits"))
    if coded < 2:
        return ("code.absent_both" if coded == 0 else "code.absent_one"), {}
    values = {"offer_code": str(match["offer_code"]), "need_code": str(match["need_code"])}
    return f"code.shared_{digits}", values


def _reason_material(match: Mapping[str, object]) -> tuple[str, Values]:
    values = {"offer_material": str(match["material"]), "need_material": str(match["need_material"])}
    return f"material.{match['relation']}", values


def _reason_amount(match: Mapping[str, object]) -> tuple[str, Values]:
    state = str(match["amount_state"])
    if state != "known":
        return f"amount.{state}", {}
    names = ("offer_amount", "need_amount", "exchange_best")
    values: dict[str, str | int | float] = {name: _number(match, name) for name in names}
    return "amount.overlap", values | {"unit": str(match["unit"])}


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


PARTS: tuple[ScorePart, ...] = (
    ScorePart("code", _share_code, _reason_code),
    ScorePart("material", _share_material, _reason_material),
    ScorePart("amount", _share_amount, _reason_amount),
    ScorePart("season", _share_season, _reason_season),
    ScorePart("distance", _share_distance, _reason_distance),
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
