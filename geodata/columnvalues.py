"""Columns of a table as plain arrays, a column that is not there as one of unknowns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Texts = npt.NDArray[np.object_]
Flags = npt.NDArray[np.bool_]


def list_texts(frame: pd.DataFrame, column: str) -> Texts:
    """Return a column as texts; unknown and a column that is not there as empty ones."""
    if column not in frame:
        return np.full(len(frame), "", dtype=object)
    return np.asarray(frame[column].astype("string").fillna("").to_numpy(dtype=object))


def list_numbers(frame: pd.DataFrame, column: str) -> npt.NDArray[np.float64]:
    if column not in frame:
        return np.full(len(frame), np.nan)
    return np.asarray(frame[column].astype("Float64").to_numpy(dtype=float, na_value=np.nan))


def list_flags(frame: pd.DataFrame, column: str) -> Flags:
    if column not in frame:
        return np.zeros(len(frame), dtype=bool)
    return np.asarray(frame[column].astype("boolean").fillna(False).to_numpy(dtype=bool))
