"""A contraction hierarchy with packed labels: what exact tables, reach and routes are swept over."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geodata.errors import NetworkError
from geodata.routing.graph import Int32s, Int64s, RoadGraph
from geodata.transport import Floats

MOST_SETTLED: Final = 2000
"""Nodes a search for a way beside a shortcut may settle; beyond, the shortcut stays (exact all the same)."""
TOLL_STEP_NOK: Final = 1 / 64
"""Tolls are rounded to this: their sums are exact in single precision, in whatever order they are made."""
_POLL_S: Final = 0.2
_Side = tuple[Int64s, Int32s, Floats, npt.NDArray[np.float32], Int32s]


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


def build_hierarchy(
    graph: RoadGraph, order: npt.ArrayLike, *, progress: Callable[[float], None] | None = None
) -> Hierarchy:
    """Return the hierarchy of `graph` for `order`: the core nodes, the first to be contracted first.

    Any order gives exact answers; a good one (:mod:`geodata.routing.ordering`, or that of a contraction
    hierarchy for times alone) gives few arcs. `progress` is told the share done so far, in this thread.
    The compiled work is that of Geisberger, Sanders, Schultes and Delling, "Contraction Hierarchies" (2008),
    with the order given.

    Raises NetworkError ``network.order`` for an order that does not name each core node once.
    """
    node = np.ascontiguousarray(order, np.int32)
    if len(node) != graph.core or not np.array_equal(np.sort(node), np.arange(graph.core)):
        raise NetworkError("network.order", nodes=graph.core, ordered=len(node))
    rank = np.empty(graph.core, np.int32)
    rank[node] = np.arange(graph.core, dtype=np.int32)

    # near nodes get near numbers: most of the time goes to fetching them from memory
    place = order_by_place(graph.node_x[: graph.core], graph.node_y[: graph.core])
    number = np.empty(graph.core, np.int32)
    number[place] = np.arange(graph.core, dtype=np.int32)
    degree = np.diff(graph.arc_first)[place]
    first = np.concatenate([[0], np.cumsum(degree)]).astype(np.int64)
    arc = (np.arange(first[-1]) + np.repeat(graph.arc_first[place] - first[:-1], degree)).astype(np.int32)
    arcs = (first, number[graph.arc_head[arc]], graph.arc_label[arc], round_tolls(graph.arc_toll[arc]), arc)
    room = 4 * len(arc) + 4096
    made = None
    while made is None:
        made = _contract(number[node], arcs, room=room, progress=progress)
        room *= 4
    ranked = rank[place]
    up, down = (
        _sort_arcs(side_first, ranked[side_node], label, toll, via, ranked)
        for side_first, side_node, label, toll, via in made
    )
    return Hierarchy(node, rank, *up, *down, digest=graph.digest)


def _contract(
    node_at: Int32s,
    arcs: _Side,
    *,
    room: int,
    progress: Callable[[float], None] | None,
) -> tuple[_Side, _Side] | None:
    """Contract in a thread, so that progress can be told and the work be stopped; None: too little `room`."""
    from geodata.routing.kernels_contract import contract_nodes

    done = np.zeros(2, np.int64)
    with ThreadPoolExecutor(1) as worker:
        job = worker.submit(contract_nodes, node_at, *arcs, MOST_SETTLED, room, done)
        try:
            while wait([job], timeout=_POLL_S).not_done:
                if progress is not None:
                    progress(float(done[0]) / max(len(node_at), 1))
        except BaseException:
            done[0] = -1  # the work looks at this and stops
            raise
        made = job.result()
    return None if done[1] else (made[:5], made[5:])


def round_tolls(toll_nok: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return tolls rounded to :data:`TOLL_STEP_NOK`."""
    rounded: npt.NDArray[np.float32] = np.rint(toll_nok / TOLL_STEP_NOK) * TOLL_STEP_NOK
    return rounded.astype(np.float32)


def order_by_place(x: Floats, y: Floats) -> Int32s:
    """Return positions of points along a Z-shaped curve (Morton 1966), so that near points come together."""
    code = np.zeros(len(x), np.uint64)
    if not len(x):
        return code.astype(np.int32)
    span = max(float(np.ptp(x)), float(np.ptp(y)), 1.0)
    for shift, values in ((0, x), (1, y)):
        part = ((values - values.min()) / span * (2**21 - 1)).astype(np.uint64)
        for step, mask in (
            (32, 0x001F00000000FFFF),
            (16, 0x001F0000FF0000FF),
            (8, 0x100F00F00F00F00F),
            (4, 0x10C30C30C30C30C3),
            (2, 0x1249249249249249),
        ):
            part = (part | (part << np.uint64(step))) & np.uint64(mask)
        code |= part << np.uint64(shift)
    return np.argsort(code, kind="stable").astype(np.int32)


def _sort_arcs(
    first: Int64s,
    end: Int32s,
    label: Floats,
    toll: npt.NDArray[np.float32],
    via: Int32s,
    ranked: Int32s,
) -> tuple[Int64s, Int32s, Floats, npt.NDArray[np.float32], Int64s]:
    """Return one side's arcs with each lower end's sorted by the rank of the other end, and via as ranks."""
    ranks = len(first) - 1
    low = np.repeat(np.arange(ranks, dtype=np.int64), np.diff(first))
    sort = np.argsort(low * ranks + end, kind="stable")
    through = via[sort].astype(np.int64)
    shortcut = through >= 0
    through[shortcut] = ranked[through[shortcut]]
    return first, end[sort], label[sort], toll[sort], through
