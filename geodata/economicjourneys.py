"""The way of every match in NOK, kg CO2e and lorries, and the distance at which it has eaten up the gain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.economickinds import Kind, KindFigures
from geodata.economicways import COSTS, Way

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
LOW, BEST, HIGH = 0, 1, 2


@dataclass(frozen=True)
class Journeys:
    """Ways of all matches. NOK per unit as ``fixed + varying`` where `varying` grows with the distance alone;
    `slope` is NOK per kilometre of the whole way; each three arrays: low, best, high."""

    fixed: tuple[Floats, Floats, Floats]
    varying: tuple[Floats, Floats, Floats]
    slope: tuple[Floats, Floats, Floats]
    carbon: tuple[Floats, Floats, Floats]
    loads: Floats
    vehicle_km: Floats
    payload_t: Floats


def read_numbers(frame: pd.DataFrame, name: str, default: float = float("nan")) -> Floats:
    if name not in frame:
        return np.full(len(frame), default)
    return frame[name].to_numpy(dtype=np.float64, na_value=np.nan)


def measure_journeys(
    matches: pd.DataFrame, kind_of: Ints, kinds: list[Kind], priced: list[KindFigures]
) -> Journeys:
    km, minutes = read_numbers(matches, "distance_km"), read_numbers(matches, "minutes")
    ferries, toll = read_numbers(matches, "ferries", 0.0), read_numbers(matches, "toll_nok")
    chained = np.array([kind.route == "intermediary" for kind in kinds], dtype=bool)[kind_of]
    first_km, first_minutes = km, minutes
    share = np.ones(len(matches))
    if chained.any():
        first_km = np.where(chained, read_numbers(matches, "via_km"), km)
        first_minutes = np.where(chained, read_numbers(matches, "via_minutes"), minutes)
        with np.errstate(invalid="ignore", divide="ignore"):
            part = np.where(km > 0, first_km / km, np.where(first_km == 0, 0.5, np.nan))
        share = np.where(chained, part, 1.0)
    whole = _measure_legs(
        [figures.first for figures in priced],
        kind_of,
        km=first_km,
        minutes=first_minutes,
        ferries=ferries * share,
        toll=toll * share,
        share=share,
    )
    rows = np.flatnonzero(chained)
    if not len(rows):
        return whole
    # Ferries and tolls are known for the whole way only: each leg bears them by its share of the kilometres.
    rest = 1.0 - share[rows]
    second = _measure_legs(
        [figures.second for figures in priced],
        kind_of[rows],
        km=np.maximum(km[rows] - first_km[rows], 0.0),
        minutes=np.maximum(minutes[rows] - first_minutes[rows], 0.0),
        ferries=ferries[rows] * rest,
        toll=toll[rows] * rest,
        share=rest,
    )
    for name in ("fixed", "varying", "slope", "carbon"):
        for here, there in zip(getattr(whole, name), getattr(second, name), strict=True):
            here[rows] += there
    whole.loads[rows] += second.loads
    whole.vehicle_km[rows] += second.vehicle_km
    return whole


def _measure_legs(
    ways: list[Way],
    kind_of: Ints,
    *,
    km: Floats,
    minutes: Floats,
    ferries: Floats,
    toll: Floats,
    share: Floats,
) -> Journeys:
    """Measure one leg of each match; `share` is the leg's part of the whole way."""
    hours, timed, tolled = minutes / 60.0, ~np.isnan(minutes), ~np.isnan(toll)
    paid = np.where(tolled, toll, 0.0)
    fixed: list[Floats] = []
    varying: list[Floats] = []
    slope: list[Floats] = []
    carbon: list[Floats] = []
    all_timed, all_tolled = bool(timed.all()), bool(tolled.all())
    with np.errstate(invalid="ignore", divide="ignore"):
        for end in (LOW, BEST, HIGH):
            cost = {
                name: np.array([getattr(way, name)[end] for way in ways], dtype=np.float64) for name in COSTS
            }
            fixed.append(
                cost["start"][kind_of] + cost["ferry"][kind_of] * ferries + cost["toll"][kind_of] * paid
            )
            per_km = cost["km"][kind_of]
            if not all_tolled:
                per_km = per_km + np.where(tolled, 0.0, cost["toll_per_km"][kind_of])
            estimate = (cost["hour_per_km"])[kind_of]
            driving = estimate * km if not all_timed else None
            timed_cost = cost["hour"][kind_of] * hours
            time = timed_cost if driving is None else np.where(timed, timed_cost, driving)
            here = time + per_km * km
            varying.append(here)
            slope.append(np.where(km > 0, here / km, estimate + per_km) * share)
            carbon.append(cost["carbon"][kind_of] * km)
    loads = np.array([way.loads for way in ways])[kind_of]
    trips = np.array([way.trips for way in ways])[kind_of]
    return Journeys(
        fixed=(fixed[0], fixed[1], fixed[2]),
        varying=(varying[0], varying[1], varying[2]),
        slope=(slope[0], slope[1], slope[2]),
        carbon=(carbon[0], carbon[1], carbon[2]),
        loads=loads,
        vehicle_km=np.where(loads == 0, 0.0, loads * trips * km),
        payload_t=np.array([way.payload_t for way in ways])[kind_of],
    )


def find_break_even(margin: Floats, fixed: Floats, slope: Floats) -> Floats:
    """Return the km where ``margin - fixed - slope * km`` is 0; 0: never above, NaN: always above."""
    left = margin - fixed
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(left <= 0, 0.0, np.where(slope > 0, left / slope, np.nan))
