"""Small economic tables and uses whose results can be worked out on paper."""

from __future__ import annotations

import pandas as pd

from geodata.economictables import LINK_COLUMNS, REPLACED_COLUMNS, EconomicTables
from geodata.uses import COLUMNS, USE_COLUMNS, UseLibrary, tabulate_receivers

# key: value, low, high, unit
FIGURES: dict[str, tuple[float, float, float, str]] = {
    "fixed_nok_per_load": (300, 200, 400, "NOK/load"),
    "driver_and_vehicle_nok_per_hour": (600, 500, 700, "NOK/h"),
    "vehicle_nok_per_km": (10, 8, 12, "NOK/km"),
    "loading_hours": (0.5, 0.25, 1, "h/load"),
    "mean_speed_kmh": (60, 50, 80, "km/h"),
    "ferry_nok_per_crossing": (400, 200, 600, "NOK/crossing"),
    "toll_nok_per_km": (1, 0, 2, "NOK/km"),
    "empty_return_share": (1, 0.5, 1, "share"),
    "payload_limit_t": (30, 25, 33, "t"),
    "payload_limit_t/semi_trailer": (25, 20, 30, "t"),
    "body_volume_m3": (40, 35, 45, "m3"),
    "body_volume_m3/semi_trailer": (90, 80, 100, "m3"),
    "density_t_per_m3/sawdust": (0.2, 0.15, 0.3, "t/m3"),
    "density_t_per_m3/wood_pellets": (0.65, 0.6, 0.7, "t/m3"),
    "density_t_per_m3/clean_soil": (1.5, 1.4, 1.7, "t/m3"),
    "density_t_per_m3/concrete": (1.4, 1.3, 1.5, "t/m3"),
    "tariff_nok_per_tkm/soil_stone": (2.1, 2.0, 2.2, "NOK/tkm"),
    "emission_wtw_kg_per_km": (1.2, 1.0, 1.5, "kg CO2e/km"),
    "emission_ttw_kg_per_km": (1.0, 0.8, 1.2, "kg CO2e/km"),
    "pipe_nok_per_mwh_km/heat": (40, 10, 100, "NOK/MWh/km"),
    "pipe_emission_wtw_kg_per_km/heat": (0.1, 0, 0.5, "kg CO2e/unit/km"),
    "gate_fee/sawdust": (500, 200, 900, "NOK/t"),
    "gate_fee/clean_soil": (77, 60, 90, "NOK/t"),
    "gate_fee/heat": (0, 0, 0, "NOK/MWh"),
    "replaced_value/peat": (900, 500, 1500, "NOK/t"),
    "replaced_emission_wtw/peat": (700, 400, 1000, "kg CO2e/t"),
    "replaced_value/wood_pellets": (500, 400, 700, "NOK/MWh"),
    "replaced_emission_wtw/wood_pellets": (20, 10, 40, "kg CO2e/MWh"),
    "replaced_value/fill_masses": (0, 0, 0, "NOK/t"),
    "replaced_emission_wtw/fill_masses": (4, 1, 10, "kg CO2e/t"),
    "replaced_value/heat_district": (700, 500, 900, "NOK/MWh"),
    "replaced_emission_wtw/heat_district": (40, 10, 100, "kg CO2e/MWh"),
    "substitution_ratio": (0.8, 0.5, 1, "t/t"),
    "substitution_ratio/wood_pellets": (1, 0.9, 1, "t/t"),
    "treatment_cost/none": (0, 0, 0, "NOK/unit"),
    "treatment_cost/pelletising": (400, 300, 600, "NOK/unit"),
    "treatment_emission_wtw/none": (0, 0, 0, "kg CO2e/unit"),
    "treatment_emission_wtw/pelletising": (50, 20, 90, "kg CO2e/unit"),
    "reject_share/none": (0, 0, 0, "share"),
    "reject_share/pelletising": (0.02, 0, 0.05, "share"),
    "final_emission_wtw/R1:group:wood": (15, 5, 60, "kg CO2e/t"),
    "final_emission_wtw/D1:group:minerals": (6, 2, 15, "kg CO2e/t"),
    "energy_mwh_per_t/group:wood": (3, 2, 4, "MWh/t"),
    "energy_mwh_per_t/wood_pellets": (4.8, 4.6, 5, "MWh/t"),
    "energy_efficiency": (0.75, 0.5, 0.9, "MWh/MWh"),
}
LINKS = [("sawdust", "peat", "R1"), ("clean_soil", "fill_masses", "D1"), ("heat", "heat_district", "")]
PELLETS = {
    "use_id": "sawdust-to-pellets",
    "materials": "sawdust",
    "step": "pelletising",
    "operation": "R3",
    "hierarchy": "recycling",
    "product": "wood_pellets",
    "replaces": "wood_pellets",
    "receivers": "35:4",
    "law": "product",
    "yield_low": 0.85,
    "yield_best": 0.9,
    "yield_high": 0.95,
    "source": "made up",
}


def make_tables(**changed: tuple[float, float, float, str]) -> EconomicTables:
    """Return the tables of :data:`FIGURES`; `changed` rows replace or add (two underscores for a slash)."""
    figures = FIGURES | {key.replace("__", "/"): row for key, row in changed.items()}
    rows = [
        (*key.partition("/")[::2], *row, 2026, "made up", "nb", "nn", "en") for key, row in figures.items()
    ]
    names = ["name", "subject", "value", "low", "high", "unit", "year", "source"]
    parameters = pd.DataFrame(rows, columns=[*names, "meaning_nb", "meaning_nn", "meaning_en"])
    links = pd.DataFrame(LINKS, columns=list(LINK_COLUMNS)).astype("string")
    return EconomicTables(
        parameters=parameters, links=links, replaced=pd.DataFrame(columns=list(REPLACED_COLUMNS))
    )


def make_uses() -> UseLibrary:
    """Return a library of one use: sawdust to pellets."""
    uses = pd.DataFrame([{name: PELLETS.get(name, "") for name in USE_COLUMNS}])
    numbers = ["yield_low", "yield_best", "yield_high"]
    texts = [name for name in USE_COLUMNS if name not in numbers]
    uses = uses.astype(dict.fromkeys(numbers, "Float64") | dict.fromkeys(texts, "string"))
    frames = {
        name: pd.DataFrame({column: pd.array([], "string") for column in columns})
        for name, columns in COLUMNS.items()
        if name not in ("uses", "steps", "laws", "exchanges")
    }
    label = {"label_nb": ["x"], "label_nn": ["x"], "label_en": ["x"]}
    steps = pd.DataFrame({"step": ["pelletising"], **label}).astype("string")
    laws = pd.DataFrame({"law": ["product"], **label, "reference": ["x"]}).astype("string")
    return UseLibrary(uses=uses, receivers=tabulate_receivers(uses), steps=steps, laws=laws, **frames)


def make_matches(*rows: dict[str, object]) -> pd.DataFrame:
    """Return matches of sawdust used as it is, 60 km and 90 minutes away; each of `rows` changes one."""
    plain: dict[str, object] = {
        "material": "sawdust",
        "need_material": "sawdust",
        "use_id": None,
        "route": "same_stream",
        "step": None,
        "operation": None,
        "hierarchy": None,
        "product": None,
        "unit": "t",
        "offer_treatment": None,
        "offer_price_nok_per_t": None,
        "yield_best": None,
        "distance_km": 60.0,
        "minutes": 90.0,
        "ferries": 0,
        "toll_nok": 0.0,
        "via_km": None,
        "via_minutes": None,
        "exchange_min": 800.0,
        "exchange_best": 1000.0,
        "exchange_max": 1600.0,
    }
    frame = pd.DataFrame([plain | row for row in rows or ({},)])
    numbers = ("offer_price_nok_per_t", "yield_best", "toll_nok", "via_km", "via_minutes")
    numbers += ("exchange_min", "exchange_best", "exchange_max")
    texts = ("material", "need_material", "use_id", "route", "step", "operation", "hierarchy", "product")
    kinds = dict.fromkeys(numbers, "Float64") | dict.fromkeys((*texts, "unit", "offer_treatment"), "string")
    return frame.astype(kinds | {"distance_km": "float64", "minutes": "float64", "ferries": "Int64"})
