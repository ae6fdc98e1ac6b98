"""What a planner may turn: frozen scenario parameters, each with unit, range and source."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from geodata.errors import ParameterError


def _parameter(default: float, unit: str, low: float, high: float, source: str) -> float:
    # A dataclass field wears its own documentation; the type checker sees the number it holds.
    metadata = {"unit": unit, "low": low, "high": high, "source": source}
    return field(default=default, metadata=metadata)


JUDGEMENT = "expert judgement"


@dataclass(frozen=True)
class ScenarioParameters:
    """All numbers that steer one scenario. Raises :class:`ParameterError` outside the stated ranges.

    The weights are points: the parts of a match's score add up to their sum times the share each reached.
    """

    max_distance_km: float = _parameter(120.0, "km", 1, 2000, "73 % of exchanges: Velenturf & Jensen")
    max_minutes: float = _parameter(240.0, "min", 1, 2880, JUDGEMENT)
    min_score: float = _parameter(35.0, "points", 0, 100, JUDGEMENT)
    weight_code: float = _parameter(40.0, "points", 0, 100, JUDGEMENT)
    weight_quality: float = _parameter(6.0, "points", 0, 100, JUDGEMENT)
    weight_amount: float = _parameter(14.0, "points", 0, 100, JUDGEMENT)
    weight_season: float = _parameter(8.0, "points", 0, 100, JUDGEMENT)
    weight_distance: float = _parameter(20.0, "points", 0, 100, JUDGEMENT)
    weight_hazard: float = _parameter(5.0, "points", 0, 100, JUDGEMENT)
    weight_hierarchy: float = _parameter(7.0, "points", 0, 100, JUDGEMENT)
    max_pipe_km: float = _parameter(
        10.0, "km", 0, 200, "expert judgement: heat and water go by pipe, not by lorry"
    )
    half_distance_km: float = _parameter(32.8, "km", 1, 500, "median of exchanges: Jensen 2011 (NISP)")
    cluster_minutes: float = _parameter(20.0, "min", 1, 240, JUDGEMENT)
    cluster_min_facilities: float = _parameter(3.0, "facilities", 2, 50, JUDGEMENT)
    access_detour_factor: float = _parameter(
        1.35, "road km per straight km", 1.0, 3.0, "measured: see docs/roads.md"
    )
    access_speed_kmh: float = _parameter(40.0, "km/h", 5, 80, JUDGEMENT)

    def __post_init__(self) -> None:
        for spec in fields(self):
            value = getattr(self, spec.name)
            low, high = spec.metadata["low"], spec.metadata["high"]
            if not low <= value <= high:  # also refuses NaN
                raise ParameterError(
                    "parameter.range", name=spec.name, value=float(value), low=float(low), high=float(high)
                )
