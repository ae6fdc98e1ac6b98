"""The embedded coefficients of firms' waste: kilograms per employee, by industry and material.

The table lies in ``loaders/data/industrywaste`` beside the readable tables that it is made of (see
``docs/sources/modelled-streams.md``); the calculation is :mod:`geodata.industrywaste`.
"""

from __future__ import annotations

import pandas as pd

from geodata.industrywaste import IndustryWording
from loaders.embedded import data_dir

INDUSTRY_WORDING = IndustryWording(
    description="Anslått fra næring og ansatte (modellert)",
    reference="{source}; ansatte: {employees_source}",
    employees_source="anleggets egen rad",
    note=(
        "Modellert: {employees} ansatte ganger kg per ansatt i næring {industry}."
        " Koeffisient: {status}. Vanlig behandling: {treatment}."
    ),
    statuses=(
        ("published", "publisert"),
        ("derived", "utledet av nasjonal statistikk"),
        ("judgement", "skjønn"),
    ),
)

_AMOUNTS = ("kg_per_employee_low", "kg_per_employee_best", "kg_per_employee_high")


def read_industry_coefficients() -> pd.DataFrame:
    """Read kilograms of waste per employee a year by industry and material, low, best and high.

    Columns as :data:`geodata.industrywaste.COEFFICIENT_COLUMNS`, ``legal_status``, ``caveat`` (what a reader
    of the stream should know) and ``note``. Industries are two to five digits with a point after the second
    and mean the same in SN2007 and SN2025. Callers keep the table.
    """
    table = _read("coefficients.csv").replace("", pd.NA).astype("string")
    table = table.astype(dict.fromkeys(_AMOUNTS, "Float64"))
    table["year"] = pd.to_numeric(table["year"]).astype("Int64")
    table["hazardous"] = table["hazardous"].map({"0": False, "1": True}).astype("boolean")
    return table


def read_industry_employment() -> pd.DataFrame:
    """Read who works in which industry of the coefficients: industry, same_as (a copy of that row's
    coefficients), accounts (apart by ``;``), mix, employees, year, status, spread, source, note."""
    return _read("employment.csv").astype({"employees": "Int64", "spread": "Float64"})


def read_waste_accounts() -> pd.DataFrame:
    """Read the published figures that the coefficients are held against: account, class, tonnes (t; where
    `use` is ``per_employee``: t per employee), year, use (``calibrate``, ``check``, ``per_employee``,
    ``not_modelled``), range_factor (how far off the model may be), source, note."""
    return _read("waste_accounts.csv").astype({"tonnes": "Float64", "range_factor": "Float64"})


def _read(name: str) -> pd.DataFrame:
    path = data_dir() / "industrywaste" / name
    return pd.read_csv(path, dtype="string", keep_default_na=False, encoding="utf-8")
