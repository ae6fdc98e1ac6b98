"""One number for a way: its time, length and ferry crossings packed so that all three belong to one way.

A label is ``time * 2**29 + metres * 2**6 + ferries`` as float64, with time in tenths of a second. All parts
are whole numbers and a label stays below 2**53, so sums and comparisons are exact in double precision, which
processors add and compare many at a time; "no way" is plain infinity. Comparing labels compares time first,
then length, then ferries: the answer is the one least triple, whatever finds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geodata.transport import Floats, Ints

FERRY_BITS: Final = 6
LENGTH_BITS: Final = 23
TIME_BITS: Final = 24
LENGTH_SCALE: Final = float(2**FERRY_BITS)
TIME_SCALE: Final = float(2 ** (FERRY_BITS + LENGTH_BITS))
MAX_TIME_H: Final = 2**TIME_BITS / 36_000
"""Longest time a label can hold: 466 hours."""
MAX_LENGTH_KM: Final = 2**LENGTH_BITS / 1000
"""Longest way a label can hold: 8 388 kilometres."""
NO_WAY: Final = np.inf


@dataclass(frozen=True)
class Measures:
    """What labels say, arrays of the labels' shape; where there is no way NaN, and -1 ferries.

    Attributes
    ----------
    weight_min : what was minimised, in minutes. km : kilometres. ferries : crossings.
    """

    weight_min: Floats
    km: Floats
    ferries: npt.NDArray[np.int16]


def pack_labels(time_ds: npt.ArrayLike, metres: npt.ArrayLike, ferries: npt.ArrayLike = 0) -> Floats:
    """Pack whole tenths of a second, whole metres and ferry crossings; infinite or NaN time means no way.

    Raises ValueError for a negative part, and for a length or number of ferries beyond its bits.
    """
    time, length, crossings = np.broadcast_arrays(
        np.asarray(time_ds, float), np.asarray(metres, float), np.asarray(ferries, float)
    )
    there = np.isfinite(time)
    for part, most in ((time, 2**TIME_BITS), (length, 2**LENGTH_BITS), (crossings, 2**FERRY_BITS)):
        inside = part[there]
        if inside.size and not (inside.min() >= 0 and inside.max() < most):
            raise ValueError("a part of a label is negative or too large")
    packed = np.rint(time) * TIME_SCALE + np.rint(length) * LENGTH_SCALE + np.rint(crossings)
    out: Floats = np.where(there, packed, NO_WAY)
    return out


def unpack_labels(labels: Floats) -> Measures:
    """Return what `labels` (any shape) say: see :class:`Measures`."""
    there = np.isfinite(labels)
    whole = np.where(there, labels, 0.0).astype(np.int64)
    time = whole >> (FERRY_BITS + LENGTH_BITS)
    metres = (whole >> FERRY_BITS) & (2**LENGTH_BITS - 1)
    ferries = (whole & (2**FERRY_BITS - 1)).astype(np.int16)
    return Measures(
        weight_min=np.where(there, time / 600.0, np.nan),
        km=np.where(there, metres / 1000.0, np.nan),
        ferries=np.where(there, ferries, np.int16(-1)).astype(np.int16),
    )


def label_positions(whole_labels: Floats, shares: Floats) -> Floats:
    """Return labels of the first `shares` (0..1) of ways with `whole_labels`, ferries left to the rest.

    Time and length are cut at whole units, so that a part and its rest (``whole - part``) add up exactly.
    """
    there = np.isfinite(whole_labels)
    whole: Ints = np.where(there, whole_labels, 0.0).astype(np.int64)
    time = np.rint((whole >> (FERRY_BITS + LENGTH_BITS)) * shares)
    metres = np.rint(((whole >> FERRY_BITS) & (2**LENGTH_BITS - 1)) * shares)
    out: Floats = np.where(there, time * TIME_SCALE + metres * LENGTH_SCALE, NO_WAY)
    return out
