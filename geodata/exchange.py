"""How much could be exchanged when nothing is given twice: a largest flow from offers to needs.

Every offer is given at most once and every need met at most once; which match carries which tonne is not
said (many plans reach the same sum, and choosing one belongs to the allocation). What a use makes of a
stream fills its need by the yield; a need with several uses is filled by the highest of them, so that it
never gets more than it wants. Matches through an intermediary carry nothing here: what they give is counted
where the intermediary takes it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

Floats = npt.NDArray[np.float64]

LEVELS = ("min", "best", "max")
_INT32 = 2**31 - 1


def sum_exchange(matches: pd.DataFrame, flows: pd.DataFrame, *, unit: str = "t") -> tuple[Floats, int]:
    """Return the largest total exchange a year at the minimum, best and maximum amounts, and what is unknown.

    Parameters
    ----------
    matches : rows of a match table; only those with known amounts in `unit` carry anything.
    flows : from :func:`geodata.flows.prepare_flows`, the amounts of the streams.

    Returns
    -------
    Three totals in `unit` (NaN where no match has known amounts: unknown is not zero), and the number of
    matches whose amount is unknown. Exact to 1e-9 of the sum of the offers.
    """
    in_unit = matches["unit"].astype(object).eq(unit).to_numpy(bool)
    known = matches["amount_known"].to_numpy(dtype=bool) & in_unit
    known &= matches["route"].astype(object).ne("intermediary").to_numpy(bool)
    unknown = int((~matches["amount_known"].to_numpy(dtype=bool)).sum())
    if not known.any():
        return np.full(3, np.nan), unknown
    amounts = flows.set_index("stream_id")
    offer, offers = pd.factorize(matches["offer_stream_id"].astype(object).to_numpy()[known])
    need, needs = pd.factorize(matches["need_stream_id"].astype(object).to_numpy()[known])
    fills = np.zeros(len(needs))
    np.maximum.at(fills, need, matches["fills_per_t"].to_numpy(dtype=np.float64, na_value=1.0)[known])
    fills = np.where(fills > 0, fills, 1.0)
    totals = [
        _push_flow(
            offer,
            need,
            supply=amounts[f"amount_{level}"].reindex(offers).to_numpy(),
            demand=amounts[f"amount_{level}"].reindex(needs).to_numpy() / fills,
        )
        for level in LEVELS
    ]
    return np.array(totals), unknown


def _push_flow(
    offer: npt.NDArray[np.intp], need: npt.NDArray[np.intp], *, supply: Floats, demand: Floats
) -> float:
    """Return the largest flow through source -> offers -> needs -> sink."""
    if not min(supply.sum(), demand.sum()) > 0:
        return 0.0
    # The solver counts in whole 32-bit numbers: take the finest decimal step with which the sums still fit.
    step = 10.0 ** math.ceil(
        math.log10(max(supply.sum(), demand.sum()) / (_INT32 - len(supply) - len(demand)))
    )
    given, taken = (np.round(amounts / step).astype(np.int32) for amounts in (supply, demand))
    n, m = len(given), len(taken)
    source, sink = n + m, n + m + 1
    tails = np.concatenate([np.full(n, source), offer, n + np.arange(m)])
    heads = np.concatenate([np.arange(n), n + need, np.full(m, sink)])
    caps = np.concatenate([given, np.minimum(given[offer], taken[need]), taken]).astype(np.int32)
    graph = csr_array((caps, (tails, heads)), shape=(n + m + 2, n + m + 2), dtype=np.int32)
    return float(round(maximum_flow(graph, source, sink).flow_value * step, 9))
