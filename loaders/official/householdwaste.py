"""Household waste by municipality: which of the statistics bank's tables tells of it, and its rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import pandas as pd

from geodata.codetables import WasteCodes
from geodata.errors import RefusedFileError
from loaders.official.jsonstat import Cube, Dimension, StatTable
from loaders.official.wasteaccounts import (
    MATERIAL,
    PER_HEAD,
    TOTAL,
    TREATMENT,
    find_dimension,
    find_tonnes_factors,
    find_units,
    map_materials,
    read_tonnes_factor,
)

HOUSEHOLD_COLUMNS: Final = {
    "table_id": "string",
    "year": "Int64",
    "municipality_number": "string",
    "municipality_name": "string",
    "material_code": "string",
    "material_label": "string",
    "material": "string",
    "treatment_label": "string",
    "measure_label": "string",
    "tonnes": "Float64",
    "kg_per_head": "Float64",
    "status": "string",
    "is_total": "boolean",
}
"""Columns of household waste. Numbers are those of the year; a row is of one measure, in `tonnes` or in
`kg_per_head`. `is_total` marks rows that sum others."""

MOST_LIKELY_ALL: Final = 50
"""More municipalities than this are those of the whole country, fewer a choice or none."""
_REGION: Final = re.compile(r"region|kommune|municipality", re.I)
_HOUSEHOLD: Final = re.compile(r"hushald|hushold|household", re.I)
_NUMBER: Final = re.compile(r"(?:K[-_]?)?(\d{4})")


@dataclass(frozen=True, eq=False)
class TableChoice:
    """The table that was chosen among the hits of a search.

    Attributes
    ----------
    table_id, label : of the chosen one.
    reasons : why, each as ``word:what``: ``region:Region``, ``municipalities:357``,
        ``material:Materialtype``, ``unit:tonn``, ``last_period:2024``.
    considered : one row a hit: ``table_id``, ``label``, ``last_period``, ``lacks`` (words apart by a space:
        ``household``, ``region``, ``municipalities``, ``material``, ``unit``; empty where it would do).
    """

    table_id: str
    label: str
    reasons: tuple[str, ...]
    considered: pd.DataFrame


def judge_household_table(description: Cube, *, title: str) -> tuple[list[str], list[str]]:
    """Return why a table tells of household waste by municipality and material, and what it lacks."""
    reasons: list[str] = []
    lacks: list[str] = []
    region = _find_region(description.dimensions)
    material = find_dimension(description.dimensions, MATERIAL)
    if not _HOUSEHOLD.search(title):
        lacks.append("household")
    if region is None:
        lacks.append("region")
    else:
        reasons.append(f"region:{region.code}")
        count = sum(_NUMBER.fullmatch(code) is not None for code in region.codes)
        if count > MOST_LIKELY_ALL:
            reasons.append(f"municipalities:{count}")
        else:
            lacks.append("municipalities")
    if material is None:
        lacks.append("material")
    else:
        reasons.append(f"material:{material.code}")
    units = [unit for dimension in description.dimensions for unit in _list_units(dimension, title)]
    fitting = [unit for unit in units if read_tonnes_factor(unit) is not None or PER_HEAD.search(unit)]
    (reasons if fitting else lacks).append(f"unit:{fitting[0]}" if fitting else "unit")
    return reasons, lacks


def tidy_household_waste(table: StatTable, *, codes: WasteCodes) -> pd.DataFrame:
    """Return the rows of municipalities in tonnes and kilograms a head; see :data:`HOUSEHOLD_COLUMNS`.

    Counties, the country and measures of anything else than weight are left out.

    Raises
    ------
    RefusedFileError
        ``ssb.not_household`` where the table has no municipalities or no materials; ``ssb.unknown_unit``.
    """
    name = table.table_id or table.label[:80]
    region = _find_region(table.dimensions)
    material = find_dimension(table.dimensions, MATERIAL)
    treatment = find_dimension(table.dimensions, TREATMENT)
    metric = next((one for one in table.dimensions if one.role == "metric"), None)
    if region is None or material is None:
        raise RefusedFileError("ssb.not_household", table=name)
    unit = find_units(table)
    factor = find_tonnes_factors(table)
    a_head = {one for one in unit.unique() if "kg" in one.casefold() and PER_HEAD.search(one)}
    per_head = unit.isin(a_head)
    if not (factor.notna() | per_head).any():
        units = ", ".join(unit.dropna().unique()) or "?"
        raise RefusedFileError("ssb.unknown_unit", table=name, unit=units[:80])
    numbers = table.frame[table.columns_of(region)[0]].str.extract(rf"^{_NUMBER.pattern}$", expand=False)
    kept = numbers.notna() & (factor.notna() | per_head)
    if not kept.any():
        raise RefusedFileError("ssb.not_household", table=name)
    frame, factor, per_head = table.frame[kept], factor[kept], per_head[kept]
    material_code, material_label = (frame[column] for column in table.columns_of(material))
    total = material_label.isin({label for label in material.labels if TOTAL.search(label)})
    result = pd.DataFrame(
        {
            "year": frame["year"],
            "municipality_number": numbers[kept],
            "municipality_name": frame[table.columns_of(region)[1]],
            "material_code": material_code,
            "material_label": material_label,
            "material": map_materials(material, material_code, codes),
            "tonnes": frame["value"] * factor,
            "kg_per_head": frame["value"].where(per_head),
            "status": frame["status"],
        }
    )
    result["table_id"] = table.table_id
    result["treatment_label"] = result["measure_label"] = pd.NA
    if treatment is not None:
        result["treatment_label"] = frame[table.columns_of(treatment)[1]]
        total |= result["treatment_label"].isin({one for one in treatment.labels if TOTAL.search(one)})
    if metric is not None:
        result["measure_label"] = frame[table.columns_of(metric)[1]]
    result["is_total"] = total
    return result[list(HOUSEHOLD_COLUMNS)].astype(HOUSEHOLD_COLUMNS).reset_index(drop=True)


def _find_region(dimensions: tuple[Dimension, ...]) -> Dimension | None:
    placed = next((one for one in dimensions if one.role == "geo"), None)
    return placed or find_dimension(dimensions, _REGION)


def _list_units(dimension: Dimension, title: str) -> list[str]:
    if dimension.role != "metric":
        return []
    brackets = [text for label in (*dimension.labels, title) for text in re.findall(r"\(([^()]*)\)", label)]
    return [*dimension.units.values(), *brackets]
