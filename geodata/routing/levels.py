"""Level lines of a grid of numbers, as areas: marching squares."""

from __future__ import annotations

from typing import Final

import numpy as np
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
    segments = [np.empty((0, 2, 2))]
    for number, sides in CORNER_CASES.items():
        row, column = np.nonzero(case == number)
        for one, other in sides:
            ends = [_cross(side, row, column, x, y, flat_x, steep_y) for side in (one, other)]
            segments.append(np.stack(ends, axis=1))
    lines = shapely.linestrings(np.concatenate(segments))
    return shapely.build_area(shapely.line_merge(shapely.multilinestrings(lines)))


def _cross(
    side: int, row: Ints, column: Ints, x: Floats, y: Floats, flat_x: Floats, steep_y: Floats
) -> Floats:
    """Return where the line crosses one side of squares; neighbours get the very same points."""
    if side in (BOTTOM, TOP):
        up = row + (side == TOP)
        return np.column_stack([flat_x[up, column], y[up]])
    right = column + (side == RIGHT)
    return np.column_stack([x[right], steep_y[row, right]])
