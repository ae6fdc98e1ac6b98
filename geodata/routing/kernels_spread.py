"""Compiled loops that spread labels over a whole hierarchy and over dead-end trees."""

from __future__ import annotations

import numpy as np

from geodata.routing.compiled import compiled
from geodata.routing.graph import Int32s, Int64s
from geodata.transport import Floats


@compiled
def spread_over(
    up_first: Int64s,
    up_head: Int32s,
    up_label: Floats,
    down_first: Int64s,
    down_tail: Int32s,
    down_label: Floats,
    label: Floats,
) -> None:
    """Spread the labels of some nodes (by rank, others infinite) over all, in place."""
    for node in range(len(label)):
        if label[node] < np.inf:
            for arc in range(up_first[node], up_first[node + 1]):
                label[up_head[arc]] = min(label[up_head[arc]], label[node] + up_label[arc])
    for node in range(len(label) - 1, -1, -1):
        for arc in range(down_first[node], down_first[node + 1]):
            label[node] = min(label[node], label[down_tail[arc]] + down_label[arc])


@compiled
def hang_trees(label: Floats, core: int, parent: Int32s, down: Floats) -> None:
    """Spread the labels of the core over the dead-end trees that hang on it, in place."""
    for t in range(len(parent)):
        label[core + t] = min(label[core + t], label[parent[t]] + down[t])
