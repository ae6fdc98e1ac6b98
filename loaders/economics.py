"""The embedded figures that price a match (``loaders/data/economics``), with the materials' densities."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

from geodata.codetables import LANGUAGES
from geodata.economictables import PARAMETER_COLUMNS, EconomicTables
from loaders.codes import read_materials

DENSITY, DRY_MATTER = "density_t_per_m3", "dry_matter_share"
DRY_MATTER_DOUBT = 0.4
"""Dry matter varies by so much either way (expert judgement); the vocabulary holds one figure only."""
_MEANINGS = {
    DENSITY: (
        "Tetthet slik det ligger på bilen",
        "Tettleik slik det ligg på bilen",
        "Density as it lies on the vehicle",
    ),
    DRY_MATTER: ("Tørrstoff", "Tørrstoff", "Dry matter"),
}


def read_economics() -> EconomicTables:
    """Return the economic tables, checked; some tens of milliseconds, callers keep them.

    Densities and dry matter come from the material vocabulary (``density_t_per_m3/<material>``,
    ``dry_matter_share/<material>``), where their source stands.
    """
    rows = _read("parameters.csv")
    numbers = {name: pd.to_numeric(rows[name]).astype("float64") for name in ("value", "low", "high")}
    rows = rows.assign(**numbers, year=pd.to_numeric(rows["year"]).astype("Int64"))
    return EconomicTables(
        parameters=pd.concat([rows, *_tabulate_materials()], ignore_index=True)[list(PARAMETER_COLUMNS)],
        links=_read("links.csv"),
        replaced=_read("replaced.csv"),
    )


def _tabulate_materials() -> list[pd.DataFrame]:
    materials = read_materials()
    dense, dry = materials[materials[DENSITY].notna()], materials[materials[DRY_MATTER].notna()]
    density, share = dense[DENSITY].astype("float64"), dry[DRY_MATTER].astype("float64")
    low = dense["density_low_t_per_m3"].astype("float64").fillna(density)
    high = dense["density_high_t_per_m3"].astype("float64").fillna(density)
    less, more = share * (1 - DRY_MATTER_DOUBT), (share * (1 + DRY_MATTER_DOUBT)).clip(upper=1.0)
    return [
        _shape_rows(DENSITY, dense, (low, density, high), unit="t/m3", source=dense["density_source"]),
        _shape_rows(DRY_MATTER, dry, (less, share, more), unit="share", source=dry["dry_matter_source"]),
    ]


def _shape_rows(
    name: str,
    materials: pd.DataFrame,
    ends: tuple[pd.Series, pd.Series, pd.Series],
    *,
    unit: str,
    source: pd.Series,
) -> pd.DataFrame:
    low, best, high = ends
    rows = pd.DataFrame(
        {"name": name, "subject": materials["material"], "value": best, "low": low, "high": high}
    )
    rows = rows.assign(unit=unit, year=pd.array([pd.NA] * len(rows), "Int64"), source=source)
    for language, text in zip(LANGUAGES, _MEANINGS[name], strict=True):
        rows[f"meaning_{language}"] = text + ": " + materials[f"label_{language}"]
    texts = [column for column in PARAMETER_COLUMNS if column not in ("value", "low", "high", "year")]
    return rows.astype(dict.fromkeys(texts, "string"))


def _read(name: str) -> pd.DataFrame:
    with files("loaders").joinpath("data", "economics", name).open(encoding="utf-8") as stream:
        return pd.read_csv(stream, dtype="string", keep_default_na=False)
