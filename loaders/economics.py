"""The embedded figures that price a match (``loaders/data/economics``), with the materials' densities."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

from geodata.economictables import PARAMETER_COLUMNS, EconomicTables
from loaders.codes import read_materials

DENSITY = "density_t_per_m3"
_MEANINGS = {
    "nb": "Tetthet slik det ligger på bilen",
    "nn": "Tettleik slik det ligg på bilen",
    "en": "Density as it lies on the vehicle",
}


def read_economics() -> EconomicTables:
    """Return the economic tables, checked; some tens of milliseconds, callers keep them.

    Densities come from the material vocabulary (``density_t_per_m3/<material>``), where their source stands.
    """
    rows = _read("parameters.csv")
    numbers = {name: pd.to_numeric(rows[name]).astype("float64") for name in ("value", "low", "high")}
    rows = rows.assign(**numbers, year=pd.to_numeric(rows["year"]).astype("Int64"))
    return EconomicTables(
        parameters=pd.concat([rows, _tabulate_densities()], ignore_index=True)[list(PARAMETER_COLUMNS)],
        links=_read("links.csv"),
        replaced=_read("replaced.csv"),
    )


def _tabulate_densities() -> pd.DataFrame:
    materials = read_materials()
    known = materials[materials[DENSITY].notna()]
    best = known[DENSITY].astype("float64")
    low = known["density_low_t_per_m3"].astype("float64").fillna(best)
    high = known["density_high_t_per_m3"].astype("float64").fillna(best)
    table = pd.DataFrame(
        {"name": DENSITY, "subject": known["material"], "value": best, "low": low, "high": high}
    )
    table = table.assign(
        unit="t/m3", year=pd.array([pd.NA] * len(known), "Int64"), source=known["density_source"]
    )
    for language, text in _MEANINGS.items():
        table[f"meaning_{language}"] = text + ": " + known[f"label_{language}"]
    texts = [name for name in PARAMETER_COLUMNS if name not in ("value", "low", "high", "year")]
    return table.astype(dict.fromkeys(texts, "string"))


def _read(name: str) -> pd.DataFrame:
    with files("loaders").joinpath("data", "economics", name).open(encoding="utf-8") as stream:
        return pd.read_csv(stream, dtype="string", keep_default_na=False)
