"""Money and carbon of every match, per tonne and per year, and how far it may travel.

net = avoided gate fee + value of what is replaced - treatment - transport, NOK per tonne of the offered
stream (per MWh for energy); carbon likewise. Formulas, sources and what is judgement: ``docs/economics.md``.
Prices never enter the score of a match, so that turning a figure needs no new matching.
"""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.codetables import WasteCodes
from geodata.economicjourneys import (
    BEST,
    HIGH,
    LOW,
    Journeys,
    find_break_even,
    measure_journeys,
    read_numbers,
)
from geodata.economickinds import Kind, KindFigures, KindPricer
from geodata.economictables import (
    EMISSION_BASES,
    EconomicChoices,
    EconomicTables,
    Figures,
    check_choices,
    describe_parameters,
)
from geodata.uses import UseLibrary

__all__ = [
    "EMISSION_BASES",
    "PRICE_COLUMNS",
    "PRICE_UNITS",
    "BreakEven",
    "EconomicChoices",
    "EconomicTables",
    "break_even_reach",
    "check_choices",
    "describe_parameters",
    "move_matches",
    "price_matches",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

PRICE_UNITS = {
    "payload_t": "t a load",
    "loads_per_year": "loads a year",
    "vehicle_km_per_year": "km a year",
    "avoided_gate_fee_nok_per_t": "NOK per tonne (energy: per MWh)",
    "replaced_value_nok_per_t": "NOK per tonne (energy: per MWh)",
    "treatment_nok_per_t": "NOK per tonne (energy: per MWh)",
    "transport_nok_per_t": "NOK per tonne (energy: per MWh)",
    "net_nok_per_t": "NOK per tonne (energy: per MWh)",
    "net_low_nok_per_t": "NOK per tonne (energy: per MWh)",
    "net_high_nok_per_t": "NOK per tonne (energy: per MWh)",
    "net_nok_per_year": "NOK a year",
    "net_nok_per_year_low": "NOK a year",
    "net_nok_per_year_high": "NOK a year",
    "avoided_production_kg_co2e_per_t": "kg CO2e per tonne (energy: per MWh)",
    "avoided_treatment_kg_co2e_per_t": "kg CO2e per tonne (energy: per MWh)",
    "treatment_kg_co2e_per_t": "kg CO2e per tonne (energy: per MWh)",
    "transport_kg_co2e_per_t": "kg CO2e per tonne (energy: per MWh)",
    "net_kg_co2e_per_t": "kg CO2e per tonne (energy: per MWh)",
    "net_kg_co2e_per_t_low": "kg CO2e per tonne (energy: per MWh)",
    "net_kg_co2e_per_t_high": "kg CO2e per tonne (energy: per MWh)",
    "net_t_co2e_per_year": "t CO2e a year",
    "break_even_km": "km",
    "break_even_km_low": "km",
    "break_even_km_high": "km",
    "emission_basis": "",
    "kept_t_per_t": "t per tonne",
    "as_today": "",
    "unpriced": "",
}
"""Column -> unit ("" for texts). Per tonne of the offered stream (per MWh where `unit` is MWh); a positive
net is a gain, positive carbon is saved. <NA> where a figure it needs is not known; `unpriced` then names
what lacks (keys of the tables, or ``distance``, ``ferries``, ``via_km``), apart by a space. Amounts that
lack leave the figures per year <NA> and are told by the match's own `amount_state`. `break_even_km` is 0
where the match never pays and <NA> where no distance ends it. `loads_per_year` and `payload_t`: of lorries;
0 and <NA> by pipe. `as_today`: the match does to the stream what is done to it today, so that nothing is
avoided and nothing replaced but the way, which alone is counted (`net` is its cost; where the stream goes
today, and how far, nobody has told)."""
PRICE_COLUMNS = tuple(PRICE_UNITS)

_TEXTS = (
    "material",
    "need_material",
    "use_id",
    "route",
    "step",
    "operation",
    "hierarchy",
    "product",
    "unit",
    "offer_treatment",
)


class BreakEven(NamedTuple):
    """Kilometres by road at which nothing is gained any more: least, best and greatest; NaN: no end to it, or
    not known where `unpriced` names what lacks."""

    low: float
    best: float
    high: float
    unpriced: tuple[str, ...]


def price_matches(
    matches: pd.DataFrame,
    *,
    tables: EconomicTables,
    choices: EconomicChoices,
    uses: UseLibrary,
    codes: WasteCodes,
) -> pd.DataFrame:
    """Return :data:`PRICE_COLUMNS` for each match, with the index and order of `matches`.

    Parameters
    ----------
    matches : columns of :data:`geodata.matchtable.MATCH_COLUMNS`; one that lacks counts as not told.
        `ferries` counts as 0 only where the column itself is missing.
    tables, choices : figures and what the planner turned.

    Raises
    ------
    ParameterError
        A choice that the tables do not allow.
    """
    pricer = KindPricer(Figures(tables, choices, codes), tables, uses, codes)
    kind_of, kinds = _sort_into_kinds(matches)
    priced = [pricer.price(kind) for kind in kinds]
    journey = measure_journeys(matches, kind_of, kinds, priced)
    return _tabulate(matches, kind_of, priced, journey, choices)


def move_matches(matches: pd.DataFrame, distance_km: pd.Series) -> pd.DataFrame:
    """Return the matches as if their ways were `distance_km` long, driven at the same mean speed.

    Minutes and the first leg of a chain grow with the way; ferries and tolls stay. A match that is moved to
    its own `break_even_km` gains nothing and loses nothing.
    """
    factor = distance_km.astype("Float64") / matches["distance_km"].astype("Float64")
    names = [name for name in ("minutes", "via_km", "via_minutes") if name in matches]
    moved = {name: matches[name].astype("Float64") * factor for name in names}
    return matches.assign(distance_km=distance_km.astype("Float64"), **moved)


def break_even_reach(
    material: str,
    *,
    tables: EconomicTables,
    choices: EconomicChoices,
    uses: UseLibrary,
    codes: WasteCodes,
    use_id: str | None = None,
    treatment: str | None = None,
    price_nok_per_t: float | None = None,
) -> BreakEven:
    """Return how far `material` may travel before it pays no more, without a match: for the map.

    Parameters
    ----------
    material : key of the vocabulary.
    use_id : the use it goes to; None: used as it is.
    treatment : how it is treated today (R or D operation); None: as is usual.
    price_nok_per_t : what the owner gets (negative: pays) today; None: the table's gate fee.

    The drive is at the table's mean speed, without ferries, tolls by the kilometre; no intermediary.
    """
    row = {
        "material": material,
        "need_material": material,
        "use_id": use_id,
        "route": "same_stream" if use_id is None else "use",
        "offer_treatment": treatment,
        "offer_price_nok_per_t": price_nok_per_t,
        "distance_km": 0.0,
        "ferries": 0,
    }
    frame = pd.DataFrame([row])
    priced = price_matches(frame, tables=tables, choices=choices, uses=uses, codes=codes).iloc[0]
    low, best, high = (
        float("nan") if pd.isna(priced[f"break_even_km{end}"]) else float(priced[f"break_even_km{end}"])
        for end in ("_low", "", "_high")
    )
    return BreakEven(low, best, high, tuple(str(priced["unpriced"]).split()))


def _sort_into_kinds(matches: pd.DataFrame) -> tuple[Ints, list[Kind]]:
    """Return which kind each match is of, and the kinds."""
    parts: list[tuple[Ints, list[object]]] = []
    for name in _TEXTS:
        if name in matches:
            place, found = pd.factorize(matches[name], use_na_sentinel=True)
            parts.append((place.astype(np.intp), [*map(str, found), ""]))
        else:
            parts.append((np.full(len(matches), -1, dtype=np.intp), [""]))
    spot, yields = pd.factorize(read_numbers(matches, "yield_best"), use_na_sentinel=True)
    parts.append((spot.astype(np.intp), [*map(float, yields), float("nan")]))
    mixed = np.zeros(len(matches), dtype=np.int64)
    for place, values in parts:
        # Numbered anew after each part: the product of all parts would not fit in a machine word.
        mixed = pd.factorize(mixed * (len(values) + 1) + place)[0].astype(np.int64)
    count = int(mixed.max()) + 1 if len(mixed) else 0
    first = np.zeros(count, dtype=np.intp)
    first[mixed[::-1]] = np.arange(len(mixed) - 1, -1, -1)
    columns = [[values[at] for at in place[first]] for place, values in parts]
    return mixed.astype(np.intp), [Kind(*row) for row in zip(*columns, strict=True)]


def _tabulate(
    matches: pd.DataFrame,
    kind_of: Ints,
    priced: list[KindFigures],
    journey: Journeys,
    choices: EconomicChoices,
) -> pd.DataFrame:
    def spread(name: str, end: int = BEST) -> Floats:
        return np.array([getattr(figures, name)[end] for figures in priced], dtype=np.float64)[kind_of]

    price = read_numbers(matches, "offer_price_nok_per_t")
    as_today = np.array([figures.as_today for figures in priced], dtype=bool)[kind_of]
    reported = ~np.isnan(price) & ~as_today
    gate = tuple(np.where(reported, -price, spread("gate", end)) for end in (LOW, BEST, HIGH))
    opposite = {LOW: HIGH, BEST: BEST, HIGH: LOW}
    margin = {end: gate[end] + spread("value", end) - spread("treatment", opposite[end]) for end in opposite}
    transport = {end: journey.fixed[end] + journey.varying[end] for end in opposite}
    net = {end: margin[end] - transport[opposite[end]] for end in opposite}
    saved = {
        end: spread("avoided_production", end)
        + spread("avoided_treatment", end)
        - spread("treatment_carbon", opposite[end])
        - journey.carbon[opposite[end]]
        for end in opposite
    }
    reach = {
        end: find_break_even(margin[end], journey.fixed[opposite[end]], journey.slope[opposite[end]])
        for end in opposite
    }
    amount = [read_numbers(matches, f"exchange_{name}") for name in ("min", "best", "max")]
    with np.errstate(invalid="ignore"):
        yearly = {
            LOW: net[LOW] * np.where(net[LOW] < 0, amount[2], amount[0]),
            BEST: net[BEST] * amount[1],
            HIGH: net[HIGH] * np.where(net[HIGH] < 0, amount[0], amount[2]),
        }
    figures = {
        "payload_t": journey.payload_t,
        "loads_per_year": journey.loads * amount[1],
        "vehicle_km_per_year": journey.vehicle_km * amount[1],
        "avoided_gate_fee_nok_per_t": gate[BEST],
        "replaced_value_nok_per_t": spread("value"),
        "treatment_nok_per_t": spread("treatment"),
        "transport_nok_per_t": transport[BEST],
        "net_nok_per_t": net[BEST],
        "net_low_nok_per_t": net[LOW],
        "net_high_nok_per_t": net[HIGH],
        "net_nok_per_year": yearly[BEST],
        "net_nok_per_year_low": yearly[LOW],
        "net_nok_per_year_high": yearly[HIGH],
        "avoided_production_kg_co2e_per_t": spread("avoided_production"),
        "avoided_treatment_kg_co2e_per_t": spread("avoided_treatment"),
        "treatment_kg_co2e_per_t": spread("treatment_carbon"),
        "transport_kg_co2e_per_t": journey.carbon[BEST],
        "net_kg_co2e_per_t": saved[BEST],
        "net_kg_co2e_per_t_low": saved[LOW],
        "net_kg_co2e_per_t_high": saved[HIGH],
        "net_t_co2e_per_year": saved[BEST] * amount[1] / 1000.0,
        "break_even_km": reach[BEST],
        "break_even_km_low": reach[LOW],
        "break_even_km_high": reach[HIGH],
        "kept_t_per_t": np.array([kind.kept for kind in priced], dtype=np.float64)[kind_of],
    }
    columns: dict[str, object] = {name: _nullable(values) for name, values in figures.items()}
    columns["emission_basis"] = pd.array([choices.emission_basis], dtype="string").repeat(len(matches))
    columns["as_today"] = pd.array(as_today, dtype="boolean")
    columns["unpriced"] = _name_unpriced(matches, kind_of, priced, reported)
    ordered = {name: columns[name] for name in PRICE_COLUMNS}
    return pd.DataFrame(ordered, index=matches.index, copy=False)


def _nullable(values: Floats) -> pd.arrays.FloatingArray:
    lacks = ~np.isfinite(values)
    return pd.arrays.FloatingArray(values, lacks)


def _name_unpriced(
    matches: pd.DataFrame, kind_of: Ints, priced: list[KindFigures], reported: npt.NDArray[np.bool_]
) -> pd.Series:
    """Return what lacks for each match; texts are made once for each kind and set of gaps."""
    chained = "via_km" in matches and "route" in matches
    on_chain = (matches["route"] == "intermediary").fillna(False).to_numpy(dtype=bool) if chained else None
    gaps: list[tuple[str, npt.NDArray[np.bool_]]] = [
        ("distance", np.isnan(read_numbers(matches, "distance_km"))),
        ("ferries", np.isnan(read_numbers(matches, "ferries", 0.0))),
    ]
    if on_chain is not None:
        gaps.append(("via_km", on_chain & np.isnan(read_numbers(matches, "via_km"))))
    flags = [reported, *(flag for _name, flag in gaps)]
    mask = reduce(lambda sofar, flag: sofar * 2 + flag, flags, np.zeros(len(matches), dtype=np.int64))
    place, found = pd.factorize(kind_of.astype(np.int64) * (1 << len(flags)) + mask)
    texts = []
    for code in found.tolist():
        kind, bits = divmod(code, 1 << len(flags))
        told = bits >> len(gaps) & 1
        lacking = [key for key in priced[kind].unpriced if not (told and key.startswith("gate_fee"))]
        lacking += [name for at, (name, _flag) in enumerate(gaps) if bits >> (len(gaps) - 1 - at) & 1]
        texts.append(" ".join(lacking))
    return pd.Series(pd.array(texts, dtype="string").take(place), index=matches.index)
