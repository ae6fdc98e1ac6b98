"""Whether the arrays of a graph or a hierarchy fit together, before compiled code walks them unchecked."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from geodata.errors import NetworkError
from geodata.routing.graph import EDGE_KINDS, Int64s, RoadGraph
from geodata.routing.hierarchy import Hierarchy
from geodata.transport import Floats

_Array = npt.NDArray[Any]


def check_graph(graph: RoadGraph) -> None:
    """Raise :class:`NetworkError` (``network.inconsistent``, with the name of the array) at the first misfit.

    Lengths agree, positions point at something, first positions rise, labels are whole numbers above zero or
    infinite, parents come before children.
    """
    nodes, edges, arcs = len(graph.node_x), len(graph.edge_tail), len(graph.arc_head)
    trees, vertices = nodes - graph.core, len(graph.shape_x)
    _require(0 < graph.core <= nodes, "core")
    for count, names in (
        (nodes, ("node_y",)),
        (arcs, ("arc_label", "arc_toll", "arc_edge", "arc_forward")),
        (trees, ("tree_parent", "tree_up", "tree_down", "tree_edge")),
        (graph.core, ("component",)),
        (edges, ("edge_head", "edge_kind", "edge_name", "edge_along", "edge_against")),
        (edges, ("edge_toll", "edge_snappable")),
        (vertices, ("shape_y", "shape_time", "shape_metres")),
    ):
        for name in names:
            _require(len(getattr(graph, name)) == count, name)
    _require_firsts(graph.arc_first, graph.core, arcs, "arc_first")
    _require_firsts(graph.shape_first, edges, vertices, "shape_first")
    _require(bool((np.diff(graph.shape_first) >= 2).all()), "shape_first")
    for name, limit in (
        ("arc_head", graph.core),
        ("arc_edge", edges),
        ("tree_edge", edges),
        ("component", graph.core),
        ("edge_tail", nodes),
        ("edge_head", nodes),
        ("edge_kind", len(EDGE_KINDS)),
        ("edge_name", len(graph.names)),
    ):
        _require_within(getattr(graph, name), limit, name)
    own = np.arange(graph.core, nodes)
    _require(bool(((graph.tree_parent >= 0) & (graph.tree_parent < own)).all()), "tree_parent")
    for name in ("node_x", "node_y", "shape_x", "shape_y"):
        _require(bool(np.isfinite(getattr(graph, name)).all()), name)
    for name in ("arc_label", "tree_up", "tree_down", "edge_along", "edge_against"):
        _require_labels(getattr(graph, name), name)
    _require(bool(np.isfinite(graph.arc_label).all()), "arc_label")
    _require_tolls(graph.arc_toll, "arc_toll")


def check_hierarchy(hierarchy: Hierarchy, graph: RoadGraph) -> None:
    """Raise :class:`NetworkError` (``network.inconsistent``) where `hierarchy` cannot be one of `graph`."""
    core, arcs = graph.core, len(graph.arc_head)
    _require(hierarchy.digest == graph.digest, "digest")
    _require(len(hierarchy.node) == core and len(hierarchy.rank) == core, "rank")
    _require_within(hierarchy.node, core, "node")
    _require_within(hierarchy.rank, core, "rank")
    _require(bool((hierarchy.rank[hierarchy.node] == np.arange(core)).all()), "rank")
    for side, end in (("up", "up_head"), ("down", "down_tail")):
        first, upper = getattr(hierarchy, f"{side}_first"), getattr(hierarchy, end)
        label, toll, via = (getattr(hierarchy, f"{side}_{part}") for part in ("label", "toll", "via"))
        _require_firsts(first, core, len(upper), f"{side}_first")
        _require(len(label) == len(toll) == len(via) == len(upper), end)
        lower = np.repeat(np.arange(core), np.diff(first))
        _require_within(upper, core, end)
        _require(bool((upper > lower).all()), end)
        _require(bool(((via < lower) & (via >= -arcs)).all()), f"{side}_via")
        _require_labels(label, f"{side}_label")
        _require_tolls(toll, f"{side}_toll")


def _require(holds: bool, part: str) -> None:
    if not holds:
        raise NetworkError("network.inconsistent", part=part)


def _require_firsts(first: Int64s, count: int, total: int, part: str) -> None:
    _require(len(first) == count + 1 and int(first[0]) == 0 and int(first[-1]) == total, part)
    _require(bool((np.diff(first) >= 0).all()), part)


def _require_within(values: _Array, limit: int, part: str) -> None:
    _require(not len(values) or (int(values.min()) >= 0 and int(values.max()) < limit), part)


def _require_labels(labels: Floats, part: str) -> None:
    there = labels[labels != np.inf]
    _require(bool(((there > 0) & (there < 2.0**53)).all()) and bool((there == np.rint(there)).all()), part)


def _require_tolls(tolls: npt.NDArray[np.float32], part: str) -> None:
    _require(bool((np.isfinite(tolls) & (tolls >= 0)).all()), part)
