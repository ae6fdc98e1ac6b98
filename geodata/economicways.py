"""What a way costs per tonne of a material: by lorry, at a tariff, or by pipe."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from geodata.codetables import WasteCodes
from geodata.economictables import NOTHING, UNKNOWN, WHOLE, Figures, Range, read_texts
from geodata.flows import PIPED_MATERIALS

MEGAWATT_HOUR, TONNE = "MWh", "t"


class Way(NamedTuple):
    """What a way costs per tonne of the offered stream.

    Attributes
    ----------
    start : NOK, whatever the length (ordering, loading). hour, km : NOK per hour and per kilometre
        of the single way, the return in it. hour_per_km : the hours where only kilometres are known. ferry :
        NOK per crossing. toll : NOK per known NOK of toll. toll_per_km : NOK per kilometre where it is not.
    carbon : kg CO2e per kilometre. payload_t : tonnes a load, NaN where nothing goes by lorry.
    loads : loads per tonne of the stream (0 by pipe). trips : times the way is driven per load.
    """

    start: Range
    hour: Range
    hour_per_km: Range
    km: Range
    ferry: Range
    toll: Range
    toll_per_km: Range
    carbon: Range
    payload_t: float
    loads: float
    trips: float


NO_WAY = Way(NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, float("nan"), 0.0, 0.0)
COSTS = ("start", "hour", "hour_per_km", "km", "ferry", "toll", "toll_per_km", "carbon")
"""The fields of a :class:`Way` that are ranges."""


class WayPricer:
    """Prices ways with the figures in force; each material is worked out once."""

    def __init__(self, figures: Figures, codes: WasteCodes) -> None:
        self.figures, self.choices = figures, figures.choices
        self.basis = figures.choices.emission_basis.lower()
        self.forms = read_texts(codes, "payload_form")
        self.price = lru_cache(maxsize=None)(self._measure_way)

    def _measure_way(self, material: str, unit: str) -> tuple[Way, tuple[str, ...]]:
        line = self.figures.line(material)
        if self.is_piped(material, unit):
            return self._measure_pipe(line, unit)
        lacking: list[str] = []

        def take(name: str, subjects: Sequence[str]) -> Range:
            found, key = self.figures.find(name, subjects)
            if not found.known:
                lacking.append(key)
            return found

        chosen, form = self.choices.vehicle, self.forms.get(material, "")
        carrier = (chosen,) if chosen else (*line, *([form] if form else []))
        density = take("density_t_per_m3", line)
        limit, volume = take("payload_limit_t", carrier), take("body_volume_m3", carrier)
        filled = volume * density
        payload = Range(*(min(a, b) for a, b in zip(limit, filled, strict=True))) if filled.known else UNKNOWN
        share = take("empty_return_share", ()) if self.choices.empty_return else NOTHING
        trips = WHOLE + share
        carbon = take(f"emission_{self.basis}_kg_per_km", carrier) * trips / payload
        ferry = take("ferry_nok_per_crossing", carrier) * trips / payload
        tariff = UNKNOWN if chosen else self.figures.find("tariff_nok_per_tkm", line)[0]
        if tariff.known:
            way = Way(
                NOTHING,
                NOTHING,
                NOTHING,
                tariff,
                ferry,
                NOTHING,
                NOTHING,
                carbon,
                payload.best,
                1 / payload.best,
                trips.best,
            )
            return way, tuple(lacking)
        hour = take("driver_and_vehicle_nok_per_hour", carrier)
        start = (take("fixed_nok_per_load", carrier) + take("loading_hours", carrier) * hour) / payload
        driven = hour * trips / payload
        way = Way(
            start=start,
            hour=driven,
            hour_per_km=driven / take("mean_speed_kmh", carrier),
            km=take("vehicle_nok_per_km", carrier) * trips / payload,
            ferry=ferry,
            toll=trips / payload,
            toll_per_km=take("toll_nok_per_km", carrier) * trips / payload,
            carbon=carbon,
            payload_t=payload.best,
            loads=1 / payload.best,
            trips=trips.best,
        )
        return way, tuple(lacking)

    def is_piped(self, material: str, unit: str) -> bool:
        """Tell whether a material counted in `unit` goes by pipe."""
        return unit == MEGAWATT_HOUR or not set(self.figures.line(material)).isdisjoint(PIPED_MATERIALS)

    def _measure_pipe(self, line: tuple[str, ...], unit: str) -> tuple[Way, tuple[str, ...]]:
        name = "pipe_nok_per_mwh_km" if unit == MEGAWATT_HOUR else "pipe_nok_per_t_km"
        cost, carbon = (
            self.figures.find(name, line),
            self.figures.find(f"pipe_emission_{self.basis}_kg_per_km", line),
        )
        way = NO_WAY._replace(km=cost[0], carbon=carbon[0])
        return way, tuple(key for found, key in (cost, carbon) if not found.known)


def scale_way(way: Way, product_yield: Range) -> Way:
    """Return the way of the product counted per tonne of the stream it is made of."""
    scaled = {name: getattr(way, name) * product_yield for name in COSTS}
    return way._replace(**scaled, loads=way.loads * product_yield.best)
