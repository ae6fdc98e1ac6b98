"""Waste of a firm that reported none, modelled: employees x kilograms per employee, by industry and material.

The formula is ``tonnes = employees x kg per employee a year / 1000``, material by material, with a low, a
best and a high coefficient. Which rows apply is settled by the industry code: all rows of its longest prefix
that has any (``10.710`` is answered by ``10.71`` before ``10.7`` and ``10``), never rows of two prefixes
together. Where the employees are known only as a range (``1-4``, withheld), the low amount takes the low end
and the high amount the high end; the best takes the geometric mean of the two ends.

A low and a high coefficient are meant as the ends of about 90 % of single establishments of that industry,
not of the industry's mean: waste per employee differs by a factor of several between firms of one industry.
A modelled row never says more than that: its basis is ``modelled`` and its reference names the statistics.
Unknown employees give no row: unknown is not zero. None employed gives no row either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pandas as pd

from geodata.errors import InvalidTableError
from geodata.results import RegionTables
from geodata.schemas import conform_table

COEFFICIENT_COLUMNS = (
    "industry",
    "material",
    "eal_code",
    "hazardous",
    "kg_per_employee_low",
    "kg_per_employee_best",
    "kg_per_employee_high",
    "usual_treatment",
    "source",
    "year",
    "status",
)
STATUSES = ("published", "derived", "judgement")
"""``published``: a source states it per employee; ``derived``: national tonnes by national employees;
``judgement``: nobody has measured it for this project."""
NOT_MODELLED = "not_modelled"
"""Status of a row without material: nothing is modelled for this industry, and its note says why (a waste
plant treats what others discard). It stands in the way of the rows of a shorter prefix."""
AMOUNTS = {
    "amount_min": "kg_per_employee_low",
    "amount_best": "kg_per_employee_best",
    "amount_max": "kg_per_employee_high",
}
ID_START = "industry-"
KG_PER_TONNE = 1000.0
LEAST_TONNES = 1.0
"""Best estimates below this are not worth a lorry's stop; they are left out and counted."""


@dataclass(frozen=True)
class IndustryWording:
    """What the rows say of themselves; a loader gives it in the language of its data.

    Attributes
    ----------
    description : the stream's description.
    reference : template with ``{source}`` (of the coefficients) and ``{employees_source}``.
    employees_source : what the reference says where the facility names no source of its own.
    note : template with ``{employees}``, ``{industry}`` (the prefix that answered), ``{code}`` (the
        facility's own code), ``{status}``, ``{treatment}``; what the coefficients warn of (their column
        ``caveat``, where they have one) is put behind it.
    statuses : status -> its word.
    """

    description: str = "Modelled from industry and employees"
    reference: str = "{source}; employees: {employees_source}"
    employees_source: str = "the facility's own row"
    note: str = (
        "Modelled: {employees} employees times kg per employee in industry {industry}"
        " (coefficient: {status}). Usual: {treatment}."
    )
    statuses: tuple[tuple[str, str], ...] = (
        ("published", "published"),
        ("derived", "derived from national statistics"),
        ("judgement", "judgement"),
    )


ENGLISH = IndustryWording()


@dataclass(frozen=True)
class ModelledStreams:
    """Modelled streams and what was not modelled.

    Attributes
    ----------
    streams : streams table, basis ``modelled``.
    skipped : facility_id, reason of every facility that got no row: ``employees_unknown``, ``no_employees``,
        ``industry_unknown``, ``industry_not_covered`` (no coefficients), ``industry_not_modelled`` (see
        :data:`NOT_MODELLED`), ``too_little`` (all rows too small).
    rows_left_out : rows whose best estimate was below `least_tonnes`, over all facilities.
    tonnes_left_out : their sum, t a year.
    """

    streams: pd.DataFrame
    skipped: pd.DataFrame
    rows_left_out: int
    tonnes_left_out: float


def check_industry_coefficients(coefficients: pd.DataFrame) -> None:
    """Raise :class:`InvalidTableError` unless the coefficients are whole, unique and low <= best <= high.

    Codes: ``table.column_missing`` (column), ``industrywaste.row_repeated`` (industry, material),
    ``industrywaste.coefficient_range`` (industry, material), ``industrywaste.status_unknown`` (status).
    """
    for column in COEFFICIENT_COLUMNS:
        if column not in coefficients:
            raise InvalidTableError("table.column_missing", table="industry_coefficients", column=column)
    repeated = coefficients[coefficients.duplicated(["industry", "material"])]
    alone = coefficients.loc[coefficients["status"] == NOT_MODELLED, "industry"]
    shared = coefficients[coefficients["industry"].isin(alone)].groupby("industry").size()
    if (shared > 1).any():
        repeated = coefficients[coefficients["industry"] == shared[shared > 1].index[0]]
    if len(repeated):
        row = repeated.iloc[0]
        raise InvalidTableError(
            "industrywaste.row_repeated", industry=str(row["industry"]), material=str(row["material"])
        )
    low, best, high = (coefficients[column].astype("Float64") for column in AMOUNTS.values())
    ordered = ((low >= 0) & (low <= best) & (best <= high)).fillna(False).astype(bool)
    if not ordered.all():
        row = coefficients[~ordered].iloc[0]
        raise InvalidTableError(
            "industrywaste.coefficient_range", industry=str(row["industry"]), material=str(row["material"])
        )
    strange = coefficients.loc[~coefficients["status"].isin((*STATUSES, NOT_MODELLED)), "status"]
    if len(strange):
        raise InvalidTableError("industrywaste.status_unknown", status=str(strange.iloc[0]))


def find_industry_prefix(codes: pd.Series, *, prefixes: frozenset[str]) -> pd.Series:
    """Return the longest of `prefixes` that each code begins with (``string``; <NA> where none does).

    A prefix is two to five digits with a point after the second (``10``, ``10.7``, ``10.71``). Divisions
    stand for their section: a coefficient table lists each division it answers for.
    """
    known = {prefix.replace(".", ""): prefix for prefix in prefixes}
    positions, distinct = pd.factorize(codes.astype("string").astype(object), use_na_sentinel=True)
    answers: list[str | None] = []
    for code in distinct:
        digits = str(code).replace(".", "")
        found = (known.get(digits[:size]) for size in range(len(digits), 1, -1))
        answers.append(next((prefix for prefix in found if prefix), None))
    answers.append(None)
    return pd.Series(pd.array([answers[place] for place in positions], dtype="string"), index=codes.index)


def model_industry_streams(
    facilities: pd.DataFrame,
    *,
    coefficients: pd.DataFrame,
    wording: IndustryWording = ENGLISH,
    least_tonnes: float = LEAST_TONNES,
) -> ModelledStreams:
    """Return the modelled offers of every facility whose industry and employees are known.

    Parameters
    ----------
    facilities : facilities table with ``employees`` (Int64). Where it has ``employees_low`` and
        ``employees_high`` too, they are used where ``employees`` is <NA> (a band such as 1-4).
    coefficients : :data:`COEFFICIENT_COLUMNS`; kilograms per employee a year.
    wording : description, reference and note of the rows.
    least_tonnes : rows with a best estimate below this are left out and counted, t a year.

    Returns
    -------
    ModelledStreams; streams (see :data:`geodata.schemas.STREAMS`) sorted by facility in the order given
    and within it in the order of the coefficients, ids ``industry-<facility_id>-<material>``, amounts in t a
    year, ``dataset`` as the facility's.
    """
    check_industry_coefficients(coefficients)
    facts = _describe_facilities(facilities, coefficients=coefficients)
    rows = facts[facts["reason"].isna()].merge(
        coefficients.drop(columns=["note"], errors="ignore").assign(_rank=range(len(coefficients))),
        left_on="prefix",
        right_on="industry",
        suffixes=("", "_coefficient"),
    )
    for amount, coefficient in AMOUNTS.items():
        people = rows[{"amount_min": "low", "amount_best": "best", "amount_max": "high"}[amount]]
        rows[amount] = (people * rows[coefficient].astype("Float64") / KG_PER_TONNE).round(4)
    large = (rows["amount_best"] >= least_tonnes).fillna(False).astype(bool)
    small = rows[~large]
    rows = rows[large].sort_values(["place", "_rank"], kind="stable").reset_index(drop=True)
    skipped = facts.loc[facts["reason"].notna(), ["facility_id", "reason"]]
    nothing = small.loc[~small["facility_id"].isin(rows["facility_id"]), "facility_id"].drop_duplicates()
    little = pd.DataFrame({"facility_id": nothing, "reason": "too_little"}).astype("string")
    return ModelledStreams(
        streams=_describe_streams(rows, wording=wording),
        skipped=pd.concat([skipped, little], ignore_index=True).astype("string"),
        rows_left_out=len(small),
        tonnes_left_out=float(small["amount_best"].sum()),
    )


def add_modelled_streams(
    tables: RegionTables,
    *,
    coefficients: pd.DataFrame,
    wording: IndustryWording = ENGLISH,
    least_tonnes: float = LEAST_TONNES,
) -> RegionTables:
    """Return `tables` with modelled streams of the facilities that have no stream of their own.

    Facilities of the practice data get none (their streams are invented as a whole), and none who serves
    municipalities (:mod:`geodata.household` models what they collect). The same tables give the same rows;
    adding twice changes nothing.
    """
    facilities = tables.facilities
    bare = ~facilities["facility_id"].isin(tables.streams["facility_id"])
    bare &= (facilities["dataset"] != "practice").fillna(True).astype(bool)
    bare &= (facilities["actor_type"] != "municipal_waste_company").fillna(True).astype(bool)
    if "service_area" in facilities:
        bare &= facilities["service_area"].fillna("").str.strip() == ""
    chosen = pd.DataFrame(facilities.loc[bare].drop(columns="geometry", errors="ignore"))
    made = model_industry_streams(
        chosen, coefficients=coefficients, wording=wording, least_tonnes=least_tonnes
    ).streams
    if made.empty:
        return tables
    streams = conform_table(pd.concat([tables.streams, made], ignore_index=True), "streams")
    return replace(tables, streams=streams)


def without_modelled(tables: RegionTables) -> RegionTables:
    """Return `tables` without any modelled stream, of households as of industry; facilities stay."""
    modelled = (tables.streams["basis"] == "modelled").fillna(False).astype(bool)
    if not modelled.any():
        return tables
    return replace(tables, streams=tables.streams[~modelled].reset_index(drop=True))


def _describe_facilities(facilities: pd.DataFrame, *, coefficients: pd.DataFrame) -> pd.DataFrame:
    # Employees low, best and high, the prefix that answers, and the reason where nothing can be modelled.
    index = facilities.index

    def numbers(column: str) -> pd.Series:
        if column not in facilities:
            return pd.Series(pd.NA, index=index, dtype="Float64")
        return facilities[column].astype("Float64")

    def texts(column: str) -> pd.Series:
        if column not in facilities:
            return pd.Series(pd.NA, index=index, dtype="string")
        return facilities[column].astype("string")

    known = numbers("employees")
    low, high = (known.fillna(numbers(f"employees_{end}")) for end in ("low", "high"))
    middle = cast(pd.Series, np.sqrt(low * high))
    whole = low.notna() & high.notna() & (low >= 0) & (high >= low)
    codes = texts("industry_code")
    prefix = find_industry_prefix(codes, prefixes=frozenset(coefficients["industry"].astype(str)))
    nothing = coefficients.loc[coefficients["status"] == NOT_MODELLED, "industry"]
    reason = pd.Series(pd.NA, index=index, dtype="string")
    reason[prefix.isin(nothing).fillna(False)] = "industry_not_modelled"
    reason[prefix.isna()] = "industry_not_covered"
    reason[codes.isna()] = "industry_unknown"
    reason[(high == 0).fillna(False)] = "no_employees"
    reason[~whole.fillna(False)] = "employees_unknown"
    return pd.DataFrame(
        {
            "place": range(len(facilities)),
            "facility_id": texts("facility_id"),
            "dataset": texts("dataset"),
            "code": codes,
            "facility_source": texts("source"),
            "low": low,
            "best": known.fillna(middle),
            "high": high,
            "prefix": prefix,
            "reason": reason,
        }
    )


def _describe_streams(rows: pd.DataFrame, *, wording: IndustryWording) -> pd.DataFrame:
    words = dict(wording.statuses)
    people = [
        f"{low:.0f}" if low == high else f"{low:.0f}-{high:.0f}"
        for low, high in zip(rows["low"], rows["high"], strict=True)
    ]
    caveats = rows["caveat"].fillna("") if "caveat" in rows else [""] * len(rows)
    facts = zip(
        *(people, rows["prefix"], rows["code"], rows["status"], rows["usual_treatment"].fillna(""), caveats),
        strict=True,
    )
    own = rows["facility_source"].fillna("").str.strip()
    out = pd.DataFrame(
        {
            "stream_id": ID_START + rows["facility_id"] + "-" + rows["material"].astype("string"),
            "facility_id": rows["facility_id"],
            "direction": "offer",
            "eal_code": rows["eal_code"],
            "material": rows["material"],
            "description": wording.description,
            **{amount: rows[amount] for amount in AMOUNTS},
            "unit": "t",
            "months": "1-12",
            "hazardous": rows["hazardous"],
            "legal_status": _find_status(rows),
            "basis": "modelled",
            "reference": [
                wording.reference.format(source=source, employees_source=said or wording.employees_source)
                for source, said in zip(rows["source"], own, strict=True)
            ],
            "reference_year": rows["year"],
            "dataset": rows["dataset"],
            "note": [
                wording.note.format(
                    employees=count, industry=prefix, code=code, status=words[status], treatment=treatment
                )
                + (f" {caveat}" if caveat else "")
                for count, prefix, code, status, treatment, caveat in facts
            ],
        }
    )
    return conform_table(out, "streams")


def _find_status(rows: pd.DataFrame) -> pd.Series:
    # A coefficient row may say that what arises is a by-product, not waste; else it is waste.
    if "legal_status" not in rows:
        return pd.Series("waste", index=rows.index, dtype="string")
    return rows["legal_status"].astype("string").fillna("waste")
