"""From a road graph to a router: the order of contraction comes from a wheel that hands it over in a file."""

from __future__ import annotations

import importlib.util
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from geodata.errors import NetworkError
from geodata.routing import compiled
from geodata.routing.graph import Int32s, RoadGraph
from geodata.routing.hierarchy import build_hierarchy
from geodata.routing.labels import TIME_SCALE
from geodata.routing.ordering import SMALL_NODES, order_by_degree
from geodata.routing.router import Router

_MAGIC: Final = 0x436F6E7448696572  # "ContHier", as RoutingKit's src/contraction_hierarchy.cpp writes it
_HEADER: Final = struct.Struct("<QIII4x")
MOST_TIME: Final = 2**31 - 1
"""The wheel adds up whole numbers of 32 bits."""


def make_router(graph: RoadGraph, *, progress: Callable[[float], None] | None = None) -> Router:
    """Return a router over `graph`, with a hierarchy where the compiler is to be had.

    Large graphs are ordered by the wheel ``ch-router`` (some minutes for a million nodes); small ones, and
    all where it is missing, by their nodes' degrees, which gives more arcs. Without a compiler it answers the
    same numbers by plain Dijkstra. `progress` is told the share of the contraction that is done; while
    the order is looked for it hears nothing.
    """
    if not compiled.AVAILABLE:
        return Router(graph)
    by_wheel = graph.core > SMALL_NODES and importlib.util.find_spec("routingkit_ch") is not None
    order = order_by_wheel(graph) if by_wheel else order_by_degree(graph)
    return Router(graph, build_hierarchy(graph, order, progress=progress))


def order_by_wheel(graph: RoadGraph) -> Int32s:
    """Return the core nodes in the order in which RoutingKit's hierarchy of times contracts them.

    RoutingKit (Dibbelt, Strasser, Wagner, "Customizable Contraction Hierarchies", 2016) is asked for times
    alone: among ways of equal time it keeps any, so of its result nothing but the order is used.

    Raises NetworkError ``network.order`` when what comes back is not such an order.
    """
    from routingkit_ch import ContractionHierarchy

    time = np.maximum(np.floor(graph.arc_label / TIME_SCALE), 1.0)
    longest = float(time.sum())
    if longest > MOST_TIME:  # no way is longer than all arcs together; an order bears rounding
        time = np.maximum(np.floor(time * (MOST_TIME / longest / 2)), 1.0)
    made = ContractionHierarchy.build(
        graph.core, graph.arc_tail.astype(np.uint32), graph.arc_head.astype(np.uint32), time.astype(np.uint32)
    )
    with tempfile.TemporaryDirectory(prefix="symbiosekart-") as folder:
        path = Path(folder) / "hierarchy"
        made.save_file(str(path))
        return read_order(path, graph)


def read_order(path: Path, graph: RoadGraph) -> Int32s:
    """Read the order out of RoutingKit's file: a header, then the rank of each node, then upward arcs.

    That these are the ranks is checked: they are a permutation, and the arcs that follow all lead upward.
    """
    nodes = graph.core
    with path.open("rb") as file:
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            raise NetworkError("network.order", nodes=nodes, ordered=0)
        magic, told, upward, _ = _HEADER.unpack(header)
        rank = np.fromfile(file, np.uint32, nodes)
        first = np.fromfile(file, np.uint32, nodes + 1)
        head = np.fromfile(file, np.uint32, upward)
    fits = magic == _MAGIC and told == nodes and len(first) == nodes + 1 and len(head) == upward
    if not fits or not np.array_equal(np.sort(rank), np.arange(nodes)):
        raise NetworkError("network.order", nodes=nodes, ordered=int(told))
    counts = first[1:].astype(np.int64) - first[:-1]
    if first[0] != 0 or first[-1] != upward or (counts < 0).any() or (head >= nodes).any():
        raise NetworkError("network.order", nodes=nodes, ordered=int(told))
    low = np.repeat(np.arange(nodes), counts)
    if (head <= low).any():
        raise NetworkError("network.order", nodes=nodes, ordered=int(told))
    order = np.empty(nodes, np.int32)
    order[rank] = np.arange(nodes, dtype=np.int32)
    return order
