"""A contraction hierarchy with packed labels: what exact tables, reach and routes are swept over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geodata.routing.graph import Int32s, Int64s
from geodata.transport import Floats


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """Upward and downward arcs over the core nodes of a graph, which are numbered by rank here.

    Rank 0 is contracted first, the highest rank last. Every least way runs up and then down; labels along it
    are exactly those of the graph, ties in time included.

    Attributes
    ----------
    node : core node of each rank. rank : rank of each core node.
    up_first, up_head, up_label, up_toll, up_via : CSR by the lower end: arcs ``r -> up_head``, where
        ``up_head > r``, sorted by head; `up_via` is the rank of the node a shortcut runs through, or
        ``-1 - arc`` with the arc's number in the graph.
    down_first, down_tail, down_label, down_toll, down_via : CSR by the lower end: arcs ``down_tail -> r``,
        where ``down_tail > r``, sorted by tail.
    digest : SHA-256 of the graph it belongs to.
    """

    node: Int32s
    rank: Int32s
    up_first: Int64s
    up_head: Int32s
    up_label: Floats
    up_toll: npt.NDArray[np.float32]
    up_via: Int64s
    down_first: Int64s
    down_tail: Int32s
    down_label: Floats
    down_toll: npt.NDArray[np.float32]
    down_via: Int64s
    digest: str
