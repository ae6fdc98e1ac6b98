"""What makes the two tables of a road network unusable, one short English text a fault."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

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
    for place in places.to_dict("records"):
        for name, limit in (("lat", 90.0), ("lon", 180.0)):
            if not pd.isna(place[name]) and not abs(float(place[name])) <= limit:
                faults.append(f"place {place['place_id']}: {name} {place[name]}")
    known = set(places["place_id"].dropna())
    for link in links.to_dict("records"):
        faults += [f"link {link['link_id']}: {text}" for text in _find_link_faults(link, known)]
    return faults


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
