"""Order of places along a Hilbert curve: what is near on the map is near in memory."""

from __future__ import annotations

from typing import Final

import numpy as np

from geodata.routing.graph import Int64s
from geodata.transport import Floats

BITS: Final = 20
"""Cells along each side are two to this power: about a metre where the area is as long as Norway."""


def number_places(x: Floats, y: Floats) -> Int64s:
    """Return each place's number along a Hilbert curve over the places' bounding square."""
    if not len(x):
        return np.zeros(0, np.int64)
    side = max(float(np.ptp(x)), float(np.ptp(y)), 1.0)
    top = 2**BITS - 1
    column = ((x - x.min()) / side * top).astype(np.int64)
    row = ((y - y.min()) / side * top).astype(np.int64)
    number = np.zeros(len(x), np.int64)
    for bit in range(BITS - 1, -1, -1):
        right, upper = (column >> bit) & 1, (row >> bit) & 1
        number += ((3 * right) ^ upper) << (2 * bit)
        # The lower quarters of the curve are turned: mirrored on one side, and x and y change places.
        mirrored = (upper == 0) & (right == 1)
        column = np.where(mirrored, top - column, column)
        row = np.where(mirrored, top - row, row)
        column, row = np.where(upper == 0, row, column), np.where(upper == 0, column, row)
    return number
