"""Level lines of a grid of numbers, as areas: marching squares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geodata.transport import Floats, Ints

BOTTOM, RIGHT, TOP, LEFT = range(4)
CORNER_CASES: Final = {
    1: [(LEFT, BOTTOM)],
    2: [(BOTTOM, RIGHT)],
    3: [(LEFT, RIGHT)],
    4: [(RIGHT, TOP)],
    5: [(LEFT, BOTTOM), (RIGHT, TOP)],
    6: [(BOTTOM, TOP)],
    7: [(LEFT, TOP)],
    8: [(TOP, LEFT)],
    9: [(TOP, BOTTOM)],
    10: [(BOTTOM, RIGHT), (TOP, LEFT)],
    11: [(TOP, RIGHT)],
    12: [(RIGHT, LEFT)],
    13: [(RIGHT, BOTTOM)],
    14: [(BOTTOM, LEFT)],
}
"""Sides of a square that the line joins, by which corners are inside: 1 south-west, 2 south-east,
4 north-east, 8 north-west. Where two opposite corners are inside, they are kept apart."""
NUDGE: Final = 1e-3
"""Crossings keep this share away from the corners, so that no two lines meet in one."""


def trace_level(height: Floats, x: Floats, y: Floats) -> shapely.Geometry:
    """Return where `height` (rows by rising y, columns by rising x) is above 0, as (multi)polygon with holes.

    The line runs where the straight course between neighbours passes 0. The outermost rows and columns must
    not be above 0.
    """
    inside = height > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        flat = np.clip(height[:, :-1] / (height[:, :-1] - height[:, 1:]), NUDGE, 1 - NUDGE)
        steep = np.clip(height[:-1] / (height[:-1] - height[1:]), NUDGE, 1 - NUDGE)
    flat_x, steep_y = x[:-1] + flat * np.diff(x), y[:-1, None] + steep * np.diff(y)[:, None]
    case = inside[:-1, :-1] + 2 * inside[:-1, 1:] + 4 * inside[1:, 1:] + 8 * inside[1:, :-1]
    points = (np.column_stack([np.ravel(a) for a in pair]) for pair in _locate(flat_x, steep_y, x, y))
    begins, ends = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for number, sides in CORNER_CASES.items():
        row, column = np.nonzero(case == number)
        for one, other in sides:
            begins.append(_number(one, row, column, flat.shape, steep.shape))
            ends.append(_number(other, row, column, flat.shape, steep.shape))
    crossings, chain, ring = _chain(np.concatenate(begins), np.concatenate(ends))
    at = np.concatenate(list(points))[crossings[chain]]
    return _assemble(shapely.linearrings(at, indices=ring) if len(at) else np.empty(0, object))


def _locate(flat_x: Floats, steep_y: Floats, x: Floats, y: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Yield x and y of all crossings of rows, then of columns; in the order of :func:`_number`."""
    yield flat_x, np.broadcast_to(y[:, None], flat_x.shape)
    yield np.broadcast_to(x, steep_y.shape), steep_y


def _number(side: int, row: Ints, column: Ints, flat: tuple[int, ...], steep: tuple[int, ...]) -> Ints:
    """Return one number for each place where the line crosses a side; neighbours get the same."""
    if side in (BOTTOM, TOP):
        return (row + (side == TOP)) * flat[1] + column
    return flat[0] * flat[1] + row * steep[1] + column + (side == RIGHT)


def _chain(begins: Ints, ends: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the crossings, the order in which closed lines run through them, and the line of each.

    All pieces run with the inside on their right, so each begins where one other ends.
    """
    order = np.argsort(begins, kind="stable")
    crossings = begins[order]
    follow = np.searchsorted(crossings, ends[order]).tolist()
    seen, chain, ring, rings = [False] * len(follow), [], [], 0
    for first in range(len(follow)):
        place = first
        while not seen[place]:
            seen[place] = True
            chain.append(place)
            ring.append(rings)
            place = follow[place]
        rings += ring[-1] == rings
    return crossings, np.array(chain, np.intp), np.array(ring, np.intp)


def _assemble(rings: npt.NDArray[np.object_]) -> shapely.Geometry:
    """Return the area between closed lines that do not touch one another: a line within a shell is a hole."""
    if not len(rings):
        return shapely.MultiPolygon()
    whole = shapely.polygons(rings)
    around, within = shapely.STRtree(shapely.get_point(rings, 0)).query(whole, predicate="contains")
    depth = np.bincount(within, minlength=len(rings))
    parent = depth[around] == depth[within] - 1
    holes: dict[int, list[shapely.Geometry]] = {}
    for shell, hole in zip(around[parent].tolist(), within[parent].tolist(), strict=True):
        holes.setdefault(shell, []).append(rings[hole])
    parts = [shapely.Polygon(rings[k], holes.get(k)) for k in np.flatnonzero(depth % 2 == 0).tolist()]
    return shapely.MultiPolygon(parts) if len(parts) != 1 else parts[0]
