"""Statistics Norway's waste accounts in tonnes, with our materials and industries where they are certain."""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from geodata.codetables import WasteCodes
from geodata.errors import RefusedFileError
from geodata.materials import normalise_material
from loaders.official.jsonstat import Dimension, StatTable

ACCOUNT_COLUMNS: Final = {
    "table_id": "string",
    "year": "Int64",
    "source_code": "string",
    "source_label": "string",
    "industry_code": "string",
    "material_code": "string",
    "material_label": "string",
    "material": "string",
    "treatment_code": "string",
    "treatment_label": "string",
    "tonnes": "Float64",
    "status": "string",
    "is_total": "boolean",
}
"""Columns of the accounts. ``source_*`` is <NA> in the table by treatment, ``treatment_*`` in that by source.
``industry_code`` is SN2007's (``C``, ``G-U``, ``10-12``) where the source is certain to be that industry;
``material`` our key where certain; ``is_total`` marks rows that sum others, never to be added to them."""

UNSURE_MATERIALS: Final = frozenset({"blandet avfall", "blanda avfall"})
"""Of households and firms together, while our keys for mixed waste part the two."""

_INDUSTRIES: Final = {
    "jordbruk, skogbruk og fiske": "A",
    "bergverksdrift og utvinning": "B",
    "industri": "C",
    "kraftforsyning": "D",
    "elektrisitets-, gass-, damp- og varmtvannsforsyning": "D",
    "vannforsyning, avløps- og renovasjonsvirksomhet": "E",
    "vassforsyning, avløps- og renovasjonsverksemd": "E",
    "bygge- og anleggsvirksomhet": "F",
    "byggje- og anleggsverksemd": "F",
    "tjenesteytende næringer": "G-U",
    "tenesteytande næringar": "G-U",
}
_INDUSTRY_CODE: Final = re.compile(r"[A-U]-[A-U]|\d{2}(?:\.\d{1,3})?-\d{2}(?:\.\d{1,3})?")
"""Codes of sources that can be nothing but industries; ``H`` may be households, ``01`` a running number."""
TOTAL: Final = re.compile(r"\b(?:i alt|alle|totalt?|sum|all)\b", re.I)
MATERIAL: Final = re.compile(r"material|avfallstype|avfallsfraksjon", re.I)
TREATMENT: Final = re.compile(r"behandl|handsam|treatment|disponering", re.I)
_SOURCE: Final = re.compile(r"kilde|kjelde|næring|naring|source|industry|opphav", re.I)
PER_HEAD: Final = re.compile(r"\bkg\b.*(?:innb|person|capita|abonnent)|(?:innb|person|capita)", re.I)
_MASS: Final = re.compile(
    r"(?P<many>mill(?:ioner|\.)?|1[ .,]?000|tusen)?\s*(?<![^\W\d_])"
    r"(?P<unit>kilotonn(?:es?)?|kt|tonn(?:es?)?|kg|kilo(?:gram)?|t)\b(?!\s*(?:co|-?\s*km))",
    re.I,
)
_FACTORS: Final = {"mill": 1e6, "1000": 1e3, "tusen": 1e3, "": 1.0}


def read_tonnes_factor(unit: str) -> float | None:
    """Return by what a value is multiplied to be tonnes, or None where the unit is no weight.

    >>> read_tonnes_factor("1 000 tonn")
    1000.0
    """
    if PER_HEAD.search(unit) or "%" in unit or "prosent" in unit.casefold():
        return None
    found = _MASS.search(" ".join(unit.split()))
    if found is None:
        return None
    many = re.sub(r"[ .,]", "", (found["many"] or "").casefold())
    factor = _FACTORS["mill" if many.startswith("mill") else many]
    word = found["unit"].casefold()
    if word.startswith("kilotonn") or word == "kt":
        return factor * 1000.0
    return factor / 1000.0 if word.startswith("k") else factor


def tidy_waste_accounts(table: StatTable, *, codes: WasteCodes) -> pd.DataFrame:
    """Return the accounts of one table in tonnes; see :data:`ACCOUNT_COLUMNS`.

    Which dimension is which is told by its name; the unit by the metric's, else by the table's title. Rows of
    other measures than weight (shares, changes) are left out.

    Raises
    ------
    RefusedFileError
        ``ssb.not_accounts`` where materials, or both sources and treatments, are missing;
        ``ssb.unknown_unit`` where nothing tells that the values are weights.
    """
    material = find_dimension(table.dimensions, MATERIAL)
    treatment = find_dimension(table.dimensions, TREATMENT)
    source = find_dimension(table.dimensions, _SOURCE)
    if material is None or (treatment is None and source is None):
        raise RefusedFileError("ssb.not_accounts", table=table.table_id or table.label[:80])
    frame = table.frame
    factor = find_tonnes_factors(table)
    weights = factor.notna()
    if not weights.any():
        unit = ", ".join(frame["unit"].dropna().unique()) or "?"
        raise RefusedFileError("ssb.unknown_unit", table=table.table_id or table.label[:80], unit=unit[:80])
    frame, factor = frame[weights], factor[weights]
    result = pd.DataFrame(index=frame.index)
    result["table_id"] = table.table_id
    result["year"] = frame["year"]
    total = pd.Series(False, index=frame.index)
    for name, dimension in (("source", source), ("material", material), ("treatment", treatment)):
        if dimension is None:
            result[f"{name}_code"] = result[f"{name}_label"] = pd.NA
            continue
        code_column, label_column = table.columns_of(dimension)
        result[f"{name}_code"] = frame[code_column]
        result[f"{name}_label"] = frame[label_column]
        sums = {label for label in dimension.labels if TOTAL.search(label)}
        total |= frame[label_column].isin(sums)
    result["industry_code"] = _map_industries(source, result["source_code"])
    result["material"] = map_materials(material, result["material_code"], codes)
    result["tonnes"] = frame["value"] * factor
    result["status"] = frame["status"]
    result["is_total"] = total
    return result[list(ACCOUNT_COLUMNS)].astype(ACCOUNT_COLUMNS).reset_index(drop=True)


def find_dimension(dimensions: tuple[Dimension, ...], wording: re.Pattern[str]) -> Dimension | None:
    """Return the dimension whose name fits, by its words before its id; None where none does."""
    rest = [one for one in dimensions if one.role not in ("time", "metric")]
    by_label = [one for one in rest if wording.search(one.label)]
    return next(iter(by_label or [one for one in rest if wording.search(one.code)]), None)


def find_tonnes_factors(table: StatTable) -> pd.Series:
    """Return the factor to tonnes of each row, <NA> where it is no weight."""
    unit = find_units(table)
    return unit.map({one: read_tonnes_factor(one) for one in unit.unique()}).astype("Float64")


def find_units(table: StatTable) -> pd.Series:
    """Return the unit of each row: as told, else in brackets in the measure's name or the table's title."""
    frame = table.frame
    metric = next((one for one in table.dimensions if one.role == "metric"), None)
    in_title = next(iter(re.findall(r"\(([^()]*)\)", table.label)), "")
    if metric is None:
        return pd.Series(in_title, index=frame.index, dtype="string")
    of_code = {}
    for code, label in zip(metric.codes, metric.labels, strict=True):
        of_code[code] = (
            metric.units.get(code) or next(iter(re.findall(r"\(([^()]*)\)", label)), "") or in_title
        )
    return frame[table.columns_of(metric)[0]].map(of_code).astype("string")


def _map_industries(source: Dimension | None, codes: pd.Series) -> pd.Series:
    if source is None:
        return pd.Series(pd.NA, index=codes.index, dtype="string")
    known = {}
    for code, label in zip(source.codes, source.labels, strict=True):
        industry = _INDUSTRIES.get(label.casefold())
        if industry or _INDUSTRY_CODE.fullmatch(code):
            known[code] = industry or code
    return codes.map(known).astype("string")


def map_materials(material: Dimension, of_row: pd.Series, codes: WasteCodes) -> pd.Series:
    """Return our key of each row's material, by its code; <NA> where the name is not certain to be one."""
    known = {}
    for code, label in zip(material.codes, material.labels, strict=True):
        if label.casefold() in UNSURE_MATERIALS or TOTAL.search(label):
            continue
        key = normalise_material(label, codes=codes)
        if key is not None:
            known[code] = key
    return of_row.map(known).astype("string")
