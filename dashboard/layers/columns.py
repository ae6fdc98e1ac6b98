"""Columns of tables as layers need them: by way of Arrow, fast."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa


def encode_column(column: pd.Series, words: Sequence[str]) -> npt.NDArray[np.intp]:
    """Return each value's position among `words`, and their number for all others: by way of Arrow, fast."""
    encoded = pa.array(column.astype("string")).dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    place = {word: number for number, word in enumerate(words)}
    numbers = [place.get(word, len(words)) for word in encoded.dictionary.to_pylist()]
    codes = encoded.indices.fill_null(len(numbers)).to_numpy(zero_copy_only=False)
    return np.array([*numbers, len(words)], dtype=np.intp)[codes]


def read_texts(frame: pd.DataFrame, column: str) -> list[str]:
    """Return a column as texts, unknown ones and a missing column as empty texts."""
    if column not in frame:
        return [""] * len(frame)
    # by way of Arrow: ten times as fast as walking through the column
    return [value or "" for value in pa.array(frame[column].astype("string")).to_pylist()]


def read_rows(frame: pd.DataFrame) -> Iterator[dict[Hashable, Any]]:
    """Return the rows one by one as column -> value."""
    if frame.empty:  # forty empty columns take as long to turn as full ones
        return iter(())
    return iter(cast(list[dict[Hashable, Any]], frame.astype(object).to_dict("records")))
