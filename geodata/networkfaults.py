"""What makes the two tables of a road network unusable, one short English text a fault."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from geodata.routing.graph import Bools
from geodata.schemas import ROAD_LINKS, ROAD_PLACES


def find_faults(places: pd.DataFrame, links: pd.DataFrame) -> list[str]:
    """Return every fault of two tables with the columns of ``ROAD_PLACES`` and ``ROAD_LINKS``; none: an empty
    list."""
    faults = []
    for table, columns, key in ((places, ROAD_PLACES, "place_id"), (links, ROAD_LINKS, "link_id")):
        for column in columns:
            if column.required:
                missing = table.index[table[column.name].isna()]
                faults += [f"row {i + 1}: {column.name} is missing" for i in missing]
        faults += [
            f"{key} {value} stands twice" for value in table.loc[table[key].duplicated(), key].dropna()
        ]
    lost = ~(_is_within(places["lat"], 90.0) & _is_within(places["lon"], 180.0))
    for place in places[lost].to_dict("records"):
        for name, limit in (("lat", 90.0), ("lon", 180.0)):
            if not pd.isna(place[name]) and not abs(float(place[name])) <= limit:
                faults.append(f"place {place['place_id']}: {name} {place[name]}")
    known = set(places["place_id"].dropna())
    for link in links[~_is_plain(links, places["place_id"])].to_dict("records"):
        faults += [f"link {link['link_id']}: {text}" for text in _find_link_faults(link, known)]
    return faults


def _is_within(degrees: pd.Series[float], limit: float) -> Bools:
    within: Bools = np.abs(degrees.to_numpy(float, na_value=np.nan)) <= limit
    return within


def _is_plain(links: pd.DataFrame, place_ids: pd.Series[str]) -> Bools:
    """Tell which links are certainly free of faults, so that only few are looked at one by one."""
    number = {
        name: links[name].to_numpy(float, na_value=np.nan)
        for name in ("km", "speed_kmh", "sailing_minutes", "waiting_minutes", "toll_nok")
    }
    told = links["ferry"].notna().to_numpy(bool)
    ferry = links["ferry"].fillna(False).to_numpy(bool)
    crossing = np.where(ferry, number["sailing_minutes"], number["speed_kmh"])
    plain: Bools = told & (links["from_place"] != links["to_place"]).fillna(False).to_numpy(bool)
    for end in ("from_place", "to_place"):
        plain &= links[end].isin(place_ids.dropna()).to_numpy(bool)
    for positive in (number["km"], crossing):
        plain &= (positive > 0) & np.isfinite(positive)
    for name in ("waiting_minutes", "toll_nok"):
        plain &= np.isnan(number[name]) | (number[name] >= 0) & np.isfinite(number[name])
    return plain


def _find_link_faults(link: dict[Any, Any], known: set[str]) -> list[str]:
    ends = [link["from_place"], link["to_place"]]
    faults = [f"unknown place {end}" for end in ends if not pd.isna(end) and end not in known]
    if not pd.isna(ends[0]) and not pd.isna(ends[1]) and ends[0] == ends[1]:
        faults.append("leads to its own start")
    if not pd.isna(link["km"]) and not 0 < float(link["km"]) < math.inf:
        faults.append(f"length {link['km']} km")
    if not pd.isna(link["ferry"]):
        name = "sailing_minutes" if link["ferry"] else "speed_kmh"
        if pd.isna(link[name]) or not 0 < float(link[name]) < math.inf:
            faults.append(f"{name} {link[name]}")
    for name in ("waiting_minutes", "toll_nok"):
        if not pd.isna(link[name]) and not 0 <= float(link[name]) < math.inf:
            faults.append(f"{name} {link[name]}")
    return faults
