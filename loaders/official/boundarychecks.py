"""What numbers of areas are today, and whether an area lies where its number says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from geodata.errors import RefusedFileError, UnknownMunicipalityError
from geodata.municipalities import resolve_county, resolve_municipality
from loaders import embedded
from loaders.official.areafeatures import MUNICIPALITY, AreaFeature

FARTHEST_M: Final = 50_000.0
"""Sea borders and reforms move an area's edge by less than this from the embedded one."""
_BEYOND_M: Final = 20_000_000.0
"""Half around the globe: for places that the grid of Norway cannot tell."""


def renumber_areas(areas: Sequence[AreaFeature]) -> tuple[list[AreaFeature], list[tuple[str, str]]]:
    """Return the areas under today's numbers, and of each the number it had and what became of that.

    What became of it: ``current``; ``renumbered`` or ``merged`` into one other, whose number the area has
    now; ``split`` among several or ``unknown``, and then the number is kept.
    """
    out, told = [], []
    for area in areas:
        number, status = _find_today(area.kind, area.number)
        told.append((area.number, status))
        if number != area.number:
            area = replace(area, number=number, name=_read_names(area.kind).get(number, ""), names=())
        out.append(area)
    return out, told


@cache
def _find_today(kind: str, number: str) -> tuple[str, str]:
    if number in _read_names(kind):
        return number, "current"
    changes = embedded.read_municipality_changes()
    try:
        if kind == MUNICIPALITY:
            found = resolve_municipality(number, changes=changes)
            today, status = found.today, found.kind
        else:
            today, status = resolve_county(number, changes=changes), "renumbered"
    except UnknownMunicipalityError:
        return number, "unknown"
    return (today[0], status) if len(today) == 1 else (number, "split")


@cache
def _read_names(kind: str) -> dict[str, str]:
    if kind != MUNICIPALITY:
        return embedded.read_county_names()
    own = embedded.read_undivided_municipalities(detail="light")
    return dict(zip(own[MUNICIPALITY].astype(str), own["name"].astype(str), strict=True))


def refuse_far(numbers: Sequence[str], shapes: npt.NDArray[np.object_], *, kind: str, file: str) -> None:
    """Refuse areas (metres, EPSG:25833) far from the embedded area of their number; where the number is not
    today's, far from Norway.

    Raises
    ------
    RefusedFileError
        ``geonorge.far_away``.
    """
    own = _read_boxes(kind)
    country = np.array(list(own.values()), dtype=object)
    for number, shape in zip(numbers, shapes, strict=True):
        if shapely.is_empty(shape):
            continue
        box = shapely.envelope(shape)
        away = float(np.min(shapely.distance(box, own.get(number, country))))
        away = float(np.nan_to_num(away, nan=_BEYOND_M, posinf=_BEYOND_M))
        if away > FARTHEST_M:
            raise RefusedFileError("geonorge.far_away", file=file, number=number, km=round(away / 1000))


@cache
def _read_boxes(kind: str) -> dict[str, Any]:
    read = embedded.read_undivided_municipalities if kind == MUNICIPALITY else embedded.read_counties
    own = read(detail="light")
    boxes = shapely.envelope(own.geometry.to_crs("EPSG:25833").to_numpy())
    return dict(zip(own[kind].astype(str), boxes, strict=True))
