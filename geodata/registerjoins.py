"""Who a facility of a register is already: a row that somebody wrote, or a plant with a permit.

Names are compared without legal form and marks, and only within one municipality. Where two fit, none is
taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.addresstext import fold_name
from geodata.columnvalues import list_texts
from geodata.results import RegionTables
from geodata.schemas import WGS84, conform_table

OWNER: Final = "owner_number"
"""Column of an extract: organisation number of the firm that the unit belongs to."""

_LEGAL_FORMS: Final = frozenset(
    [
        *("as", "asa", "ans", "da", "sa", "iks", "ks", "ba", "bbl", "enk", "fli", "nuf", "stiftelse"),
        *("avd", "avdeling", "filial", "hf", "kf", "fkf"),
    ]
)


def join_plants(
    facilities: gpd.GeoDataFrame,
    plants: gpd.GeoDataFrame,
    *,
    municipalities: Collection[str] = (),
    source: str,
) -> tuple[gpd.GeoDataFrame, int, int]:
    """Return `facilities` with the exact points of plants that have a permit, and the plants that are no
    unit as facilities of their own.

    Parameters
    ----------
    facilities : from :func:`make_register_facilities`.
    plants : facilities with points. One belongs to a unit of the same municipality with the same number, or
        with the same name but for legal form and place; where two fit, it gives none its point.
    municipalities : today's numbers that plants of their own are taken from; empty takes all.
    source : appended to the source of a unit that gets a point.

    Returns
    -------
    facilities, how many units got a point, how many plants were added.
    """
    wanted = _match_names(facilities, plants)
    rows, chosen = list(wanted), list(wanted.values())
    out = facilities.copy()
    shapes = out.geometry.to_numpy(dtype=object).copy()
    shapes[rows] = plants.geometry.to_numpy(dtype=object)[chosen]
    out = out.set_geometry(gpd.GeoSeries(shapes, index=out.index, crs=WGS84))
    radius = plants["geocode_radius_m"].to_numpy(dtype=float, na_value=np.nan)[chosen]
    out.loc[out.index[rows], "geocode_quality"] = "given"
    out.loc[out.index[rows], "geocode_radius_m"] = radius
    out.loc[out.index[rows], "source"] = out.loc[out.index[rows], "source"] + "; " + source
    here = plants["municipality_number"].isin(list(municipalities)) if municipalities else True
    alone = ~np.isin(np.arange(len(plants)), chosen) & here & plants.geometry.notna()
    alone &= ~plants["facility_id"].isin(out["facility_id"])
    others = plants[alone].assign(dataset="register", visibility="public")
    if others.empty:
        return out, len(rows), 0
    both = pd.concat([pd.DataFrame(out), pd.DataFrame(others)], ignore_index=True)
    both = conform_table(both, "facilities").sort_values("facility_id", kind="stable").reset_index(drop=True)
    return gpd.GeoDataFrame(both, geometry="geometry", crs=WGS84), len(rows), len(others)


def add_register(tables: RegionTables, register: gpd.GeoDataFrame) -> RegionTables:
    """Return `tables` with the facilities of a register that are not in them already.

    What stands there wins: somebody looked at it, or it is the firm's own row. Streams stay as they are.
    """
    owners = register.get(OWNER)
    twice = register["facility_id"].isin(tables.facilities["facility_id"])
    twice |= find_known(register, tables.facilities, parents=owners)
    fresh = register[~twice].drop(columns=OWNER, errors="ignore")
    if fresh.empty:
        return tables
    both = pd.concat([pd.DataFrame(tables.facilities), pd.DataFrame(fresh)], ignore_index=True)
    facilities = gpd.GeoDataFrame(conform_table(both, "facilities"), geometry="geometry", crs=WGS84)
    return replace(tables, facilities=facilities)


def find_known(
    facilities: pd.DataFrame, known: pd.DataFrame, *, parents: pd.Series | None = None
) -> pd.Series:
    """Return which of `facilities` stand in `known` already: that row wins, since somebody looked at it.

    The same organisation number; the same name but for legal form in the same municipality; or, where
    `parents` (index of `facilities`: numbers of the owners) are given, the number of the owner of a single
    unit in the same municipality (of a municipality's hundred units nobody can tell which is meant).
    """
    numbers = set(known["organisation_number"].dropna().astype(str))
    places = list_texts(known, "municipality_number")
    names = {
        (place, fold_company(name))
        for place, name in zip(places, list_texts(known, "name"), strict=True)
        if place
    }
    owned = {
        (place, number)
        for place, number in zip(places, list_texts(known, "organisation_number"), strict=True)
        if place and number
    }
    here = list_texts(facilities, "municipality_number")
    same = [
        number in numbers or (bool(place) and (place, fold_company(name)) in names)
        for number, place, name in zip(
            list_texts(facilities, "organisation_number"), here, list_texts(facilities, "name"), strict=True
        )
    ]
    found = pd.Series(same, index=facilities.index, dtype=bool)
    if parents is None:
        return found
    sites = list(zip(here, parents.astype("string").fillna(""), strict=True))
    alone = Counter(sites)
    by_owner = [site in owned and alone[site] == 1 for site in sites]
    return found | pd.Series(by_owner, index=facilities.index, dtype=bool)


def fold_company(name: object) -> str:
    """Return a firm's name for comparing: small letters, no legal form, no marks."""
    words = fold_name(re.sub(r"(?<=\w)[./](?=\w)", "", str(name))).split()
    kept = [word for word in words if word not in _LEGAL_FORMS]
    return " ".join(kept or words)


def _match_names(facilities: pd.DataFrame, plants: pd.DataFrame) -> dict[int, int]:
    """Return row of `facilities` -> row of `plants`, one to one."""
    by_number: dict[str, list[int]] = {}
    by_name: dict[tuple[str, str], list[int]] = {}
    placed = plants.geometry.notna().to_numpy(dtype=bool)
    for row, (number, name, place) in enumerate(
        zip(
            list_texts(plants, "organisation_number"),
            list_texts(plants, "name"),
            list_texts(plants, "municipality_number"),
            strict=True,
        )
    ):
        if not placed[row]:
            continue
        if number:
            by_number.setdefault(number, []).append(row)
        if place:
            by_name.setdefault((place, fold_company(name)), []).append(row)
    taken: dict[int, list[int]] = {}
    for row, (number, name, place, postal) in enumerate(
        zip(
            list_texts(facilities, "organisation_number"),
            list_texts(facilities, "name"),
            list_texts(facilities, "municipality_number"),
            list_texts(facilities, "place"),
            strict=True,
        )
    ):
        found = by_number.get(number) or next(
            (rows for key in _name_keys(name, postal) if (rows := by_name.get((place, key)))), []
        )
        if len(found) == 1:
            taken.setdefault(found[0], []).append(row)
    return {rows[0]: plant for plant, rows in sorted(taken.items()) if len(rows) == 1}


def _name_keys(name: str, place: str) -> Iterable[str]:
    key, postal = fold_company(name), fold_name(place)
    yield key
    if postal and key.endswith(f" {postal}"):
        yield key.removesuffix(f" {postal}")
    elif postal:
        yield f"{key} {postal}"
