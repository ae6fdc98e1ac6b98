"""Sums of streams that equal the rows they were made from: by material, basis or anything else."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

AMOUNTS = ("amount_min", "amount_best", "amount_max")


def sum_streams(
    streams: pd.DataFrame, *, by: Sequence[str] = ("direction", "material", "basis")
) -> pd.DataFrame:
    """Return one row a group and unit: the sums of the known amounts, and how many streams are unknown.

    Parameters
    ----------
    streams : columns as :data:`geodata.schemas.STREAMS`.
    by : columns to group by; `unit` is always added, for amounts in different units are never summed.

    Returns
    -------
    Frame with `by`, ``unit`` (<NA> where the streams state none), ``streams``, ``unknown`` (streams without a
    best amount, as :mod:`geodata.indicators` counts) and the three amounts a year over the other streams:
    ``amount_best`` is the sum of the column; an end that such a stream lacks is its best amount, so that
    ``amount_min <= amount_best <= amount_max``. <NA> where nothing of a group is known. Largest sums first.
    """
    keys = [*by, "unit"]
    low, best, high = (streams[name].astype("Float64") for name in AMOUNTS)
    rows = streams[keys].assign(
        amount_min=low.fillna(best).where(best.notna()),
        amount_best=best,
        amount_max=high.fillna(best).where(best.notna()),
        unknown=best.isna().astype("int64"),
        streams=1,
    )
    groups = rows.groupby(keys, dropna=False, sort=True, observed=True)
    sums = groups[list(AMOUNTS)].sum(min_count=1)
    counts = groups[["streams", "unknown"]].sum()
    table = counts.join(sums).reset_index()
    return table.sort_values(
        "amount_best", ascending=False, kind="stable", na_position="last", ignore_index=True
    )
