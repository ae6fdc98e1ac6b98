"""What is in a road graph, in figures that a person can check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from geodata.routing.graph import EDGE_KINDS, FERRY, RoadGraph
from geodata.routing.labels import unpack_labels


@dataclass(frozen=True)
class GraphSummary:
    """Counts and lengths of a graph; kilometres count each edge once, whatever its directions.

    Attributes
    ----------
    nodes : junctions and road ends. core : those of them outside dead ends. edges, arcs, vertices : entries.
    km : by kind of road, in the order of :data:`geodata.routing.graph.EDGE_KINDS`; kinds without edges left
        out. road_km : all of it but ferries. ferries : crossings. one_way_km, toll_km : road open one way
        only; road or ferry where a toll is known to be taken.
    snappable_km : road that points may be tied to.
    parts : groups of core nodes that reach one another. largest_km : road of the largest, dead ends included.
    bounds : least and greatest x and y of nodes, EPSG:25833 metres.
    """

    nodes: int
    core: int
    edges: int
    arcs: int
    vertices: int
    km: Mapping[str, float]
    road_km: float
    ferries: int
    one_way_km: float
    toll_km: float
    snappable_km: float
    parts: int
    largest_km: float
    bounds: tuple[float, float, float, float]


def summarise_graph(graph: RoadGraph) -> GraphSummary:
    """Count what is in `graph`."""
    measures = unpack_labels(np.fmin(graph.edge_along, graph.edge_against))
    km = np.nan_to_num(measures.km)
    ferry = graph.edge_kind == FERRY
    by_kind = np.bincount(graph.edge_kind, weights=km, minlength=len(EDGE_KINDS))
    used = np.bincount(graph.edge_kind, minlength=len(EDGE_KINDS))
    one_way = np.isinf(graph.edge_along) | np.isinf(graph.edge_against)
    largest = _belongs_to_largest(graph)
    within = largest[graph.edge_tail] & largest[graph.edge_head] & ~ferry
    return GraphSummary(
        nodes=len(graph.node_x),
        core=graph.core,
        edges=len(graph.edge_tail),
        arcs=len(graph.arc_head),
        vertices=len(graph.shape_x),
        km={kind: float(by_kind[k]) for k, kind in enumerate(EDGE_KINDS) if used[k]},
        road_km=float(km[~ferry].sum()),
        ferries=int(measures.ferries[ferry].clip(0).sum()),
        one_way_km=float(km[one_way & ~ferry].sum()),
        toll_km=float(km[graph.edge_toll].sum()),
        snappable_km=float(km[graph.edge_snappable].sum()),
        parts=int(graph.component.max()) + 1,
        largest_km=float(km[within].sum()),
        bounds=(
            float(graph.node_x.min()),
            float(graph.node_y.min()),
            float(graph.node_x.max()),
            float(graph.node_y.max()),
        ),
    )


def _belongs_to_largest(graph: RoadGraph) -> np.typing.NDArray[np.bool_]:
    """Return for each node whether the largest part reaches it and is reached from it."""
    belongs = np.zeros(len(graph.node_x), np.bool_)
    belongs[: graph.core] = graph.component == 0
    hung = np.isfinite(graph.tree_up) & np.isfinite(graph.tree_down)
    # Parents stand before their children, but how deep a layer is is not known: until none is new.
    while True:
        new = hung & belongs[graph.tree_parent] & ~belongs[graph.core :]
        if not new.any():
            return belongs
        belongs[graph.core :] |= new
