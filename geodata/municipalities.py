"""Municipalities through time, by number, by name and by point: the one door to the three modules behind it.

- :mod:`geodata.municipality_numbers`: any number used since 2017 -> today's, or all candidates of a split.
- :mod:`geodata.municipality_names`: a name as people write it -> every municipality it may mean.
- :mod:`geodata.municipality_areas`: a point -> the municipality it lies in, neighbours, shared polygons.
"""

from __future__ import annotations

from geodata.municipality_areas import (
    LOCATION_STATUSES,
    SHORE_TOLERANCE_M,
    find_neighbours,
    lies_in,
    locate_municipality,
    locate_points,
    merge_shared_polygons,
    nearest_municipality,
)
from geodata.municipality_names import (
    MunicipalityNames,
    NameMatch,
    find_counties,
    find_municipality_by_name,
    match_municipality_names,
)
from geodata.municipality_numbers import (
    CHANGE_COLUMNS,
    NUMBER_STATUSES,
    Resolution,
    normalise_municipality_number,
    resolve_county,
    resolve_municipality,
    to_current_municipality,
)

__all__ = [
    "CHANGE_COLUMNS",
    "LOCATION_STATUSES",
    "NUMBER_STATUSES",
    "SHORE_TOLERANCE_M",
    "MunicipalityNames",
    "NameMatch",
    "Resolution",
    "find_counties",
    "find_municipality_by_name",
    "find_neighbours",
    "lies_in",
    "locate_municipality",
    "locate_points",
    "match_municipality_names",
    "merge_shared_polygons",
    "nearest_municipality",
    "normalise_municipality_number",
    "resolve_county",
    "resolve_municipality",
    "to_current_municipality",
]
