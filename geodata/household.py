"""Household waste of municipal waste companies, modelled: inhabitants times kilograms per head and material.

The formula is ``tonnes = inhabitants x kg per head / 1000``, material by material, with a low, a best and a
high coefficient. The coefficients come with their own source and year (SSB, household waste by material);
the range covers three years and the spread between counties. A modelled row never says more than that:
its basis is ``modelled`` and its reference names both statistics.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from geodata.errors import InvalidTableError, UnknownMunicipalityError
from geodata.schemas import conform_table

COEFFICIENT_COLUMNS = (
    "material",
    "eal_code",
    "hazardous",
    "kg_per_head_low",
    "kg_per_head_best",
    "kg_per_head_high",
    "usual_treatment",
    "source",
    "year",
)
AMOUNTS = {
    "amount_min": "kg_per_head_low",
    "amount_best": "kg_per_head_best",
    "amount_max": "kg_per_head_high",
}
KG_PER_TONNE = 1000.0


@dataclass(frozen=True)
class HouseholdWording:
    """What the rows say of themselves; a loader gives it in the language of its data.

    Attributes
    ----------
    description : the stream's description.
    reference : template with ``{source}`` (of the coefficients) and ``{year}`` (of the inhabitants).
    note : template with ``{inhabitants}``, ``{count}`` (municipalities) and ``{treatment}``.
    """

    description: str = "Household waste"
    reference: str = "{source}; inhabitants {year}: SSB"
    note: str = "Modelled for {inhabitants} inhabitants in {count} municipalities. Usual: {treatment}."


ENGLISH = HouseholdWording()


def check_coefficients(coefficients: pd.DataFrame) -> None:
    """Raise :class:`InvalidTableError` unless the coefficients are whole, unique and low <= best <= high.

    Codes: ``table.column_missing`` (column), ``household.material_repeated`` (material),
    ``household.coefficient_range`` (material).
    """
    for column in COEFFICIENT_COLUMNS:
        if column not in coefficients:
            raise InvalidTableError("table.column_missing", table="household_coefficients", column=column)
    repeated = coefficients.loc[coefficients["material"].duplicated(), "material"]
    if len(repeated):
        raise InvalidTableError("household.material_repeated", material=str(repeated.iloc[0]))
    low, best, high = (coefficients[column] for column in AMOUNTS.values())
    ordered = (low >= 0) & (low <= best) & (best <= high)
    bad = coefficients.loc[~ordered.fillna(False).astype(bool), "material"]
    if len(bad):
        raise InvalidTableError("household.coefficient_range", material=str(bad.iloc[0]))


def model_household_waste(municipalities: pd.DataFrame, *, coefficients: pd.DataFrame) -> pd.DataFrame:
    """Return each municipality's household waste by material.

    Parameters
    ----------
    municipalities : ``municipality_number`` and ``inhabitants`` (<NA> where unknown).
    coefficients : :data:`COEFFICIENT_COLUMNS`; kilograms per inhabitant a year.

    Returns
    -------
    One row a municipality and material, in that order: ``municipality_number``, ``material``, ``amount_min``,
    ``amount_best``, ``amount_max`` (t a year, ``Float64``). Unknown inhabitants give unknown amounts.
    """
    check_coefficients(coefficients)
    facts = pd.DataFrame(
        {
            "municipality_number": municipalities["municipality_number"].astype("string"),
            "inhabitants": municipalities["inhabitants"].astype("Float64"),
        }
    )
    table = facts.merge(coefficients[["material", *AMOUNTS.values()]], how="cross")
    for amount, coefficient in AMOUNTS.items():
        table[amount] = table["inhabitants"] * table[coefficient].astype("Float64") / KG_PER_TONNE
    return table[["municipality_number", "material", *AMOUNTS]]


def _split_service_areas(facilities: pd.DataFrame) -> pd.DataFrame:
    # One row a served municipality; companies whose area is not known have none.
    area = facilities.loc[
        facilities["service_area"].fillna("").str.strip() != "", ["facility_id", "service_area"]
    ]
    numbers = area["service_area"].str.split().explode()
    served = area[["facility_id"]].join(numbers.rename("municipality_number"))
    return served.drop_duplicates().reset_index(drop=True)


def model_household_streams(
    facilities: pd.DataFrame,
    *,
    municipalities: pd.DataFrame,
    coefficients: pd.DataFrame,
    dataset: str = "region",
    wording: HouseholdWording = ENGLISH,
) -> pd.DataFrame:
    """Return the modelled offers of household waste of every facility that has a service area.

    Parameters
    ----------
    facilities : facilities table; ``service_area`` holds municipality numbers separated by a space.
        Facilities without one get no row: unknown, not zero.
    municipalities : ``municipality_number``, ``inhabitants``, ``inhabitants_year``.
    coefficients : see :func:`model_household_waste`.
    dataset : value of the column ``dataset``.
    wording : description, reference and note of the rows.

    Returns
    -------
    Streams table (see :data:`geodata.schemas.STREAMS`), one row a facility and material, sorted by facility
    and in the order of the coefficients. Amounts in t a year are the sums over the municipalities served and
    are <NA> when one of them has unknown inhabitants. Basis is ``modelled``.

    Raises
    ------
    UnknownMunicipalityError
        Code ``household.municipality_unknown``: a served number is not in `municipalities`.
    """
    served = _split_service_areas(facilities)
    known = set(municipalities["municipality_number"].astype("string"))
    for row in served.itertuples(index=False):
        if row.municipality_number not in known:
            raise UnknownMunicipalityError(
                "household.municipality_unknown",
                number=str(row.municipality_number),
                facility_id=str(row.facility_id),
            )
    chosen = municipalities[municipalities["municipality_number"].isin(served["municipality_number"])]
    waste = model_household_waste(chosen, coefficients=coefficients)
    rows = served.merge(waste, on="municipality_number")
    keys = ["facility_id", "material"]
    sums = rows.groupby(keys, sort=False)[list(AMOUNTS)].sum(skipna=False).reset_index()
    people = _count_people(served, chosen)
    order = {material: rank for rank, material in enumerate(coefficients["material"])}
    facts = coefficients[["material", "eal_code", "hazardous", "usual_treatment", "source", "year"]]
    streams = (
        sums.merge(people, on="facility_id")
        .merge(facts, on="material")
        .assign(_rank=lambda frame: frame["material"].map(order))
        .sort_values(["facility_id", "_rank"], kind="stable")
        .reset_index(drop=True)
    )
    return _describe_streams(streams, dataset=dataset, wording=wording)


def _count_people(served: pd.DataFrame, municipalities: pd.DataFrame) -> pd.DataFrame:
    # Inhabitants served, the year of the figure and the number of municipalities, one row a facility.
    facts = municipalities[["municipality_number", "inhabitants", "inhabitants_year"]]
    groups = served.merge(facts, on="municipality_number").groupby("facility_id", sort=False)
    people = groups[["inhabitants"]].sum(skipna=False)
    people["inhabitants_year"] = groups["inhabitants_year"].max()
    people["count"] = groups.size()
    return people.reset_index()


def _describe_streams(streams: pd.DataFrame, *, dataset: str, wording: HouseholdWording) -> pd.DataFrame:
    out = pd.DataFrame(
        {
            "stream_id": "household-" + streams["facility_id"] + "-" + streams["material"],
            "facility_id": streams["facility_id"],
            "direction": "offer",
            "eal_code": streams["eal_code"],
            "material": streams["material"],
            "description": wording.description,
            "amount_min": streams["amount_min"],
            "amount_best": streams["amount_best"],
            "amount_max": streams["amount_max"],
            "unit": "t",
            "months": "1-12",
            "hazardous": streams["hazardous"],
            "legal_status": "waste",
            "basis": "modelled",
            "reference": [
                wording.reference.format(source=source, year=year)
                for source, year in zip(streams["source"], streams["inhabitants_year"], strict=True)
            ],
            "reference_year": streams["year"],
            "dataset": dataset,
            "note": [
                wording.note.format(inhabitants=people, count=count, treatment=treatment)
                for people, count, treatment in zip(
                    streams["inhabitants"], streams["count"], streams["usual_treatment"], strict=True
                )
            ],
        }
    )
    return conform_table(out, "streams")
