"""A road graph for routing: junctions, directed arcs with packed labels, and the roads' shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geodata.transport import Floats

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

EDGE_KINDS: Final = (
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "minor",
    "service",
    "track",
    "ferry",
)
"""What an edge is, by its number in :attr:`RoadGraph.edge_kind`."""
FERRY: Final = EDGE_KINDS.index("ferry")


@dataclass(frozen=True)
class NetworkFacts:
    """What a network is: for provenance, in the words of its source.

    Attributes
    ----------
    name : what people call it. source_date : ISO date of the data ('' when the source does not say).
    profile : key of the vehicle. licence, attribution : whom to name and how.
    objective : ``"time"``, or ``"cost"`` where a label's first part also holds `km_cost_min` per kilometre.
    km_cost_min : minutes that one kilometre counts in the first part of a label; 0 for pure time.
    builder : version of the rules that made it. source_digest : SHA-256 of the source file.
    notes : what a reader should know (left out restrictions, say), as code words.
    """

    name: str
    source_date: str
    profile: str
    licence: str
    attribution: str
    objective: str = "time"
    km_cost_min: float = 0.0
    builder: str = ""
    source_digest: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class RoadGraph:
    """Junctions and directed arcs after chains are joined and dead ends cut off, with the shapes kept.

    Nodes ``0 .. core - 1`` are the core: all arcs join two of them. Nodes from `core` on hang in dead-end
    trees; each has one way towards the core (`tree_*`), and a parent always has a lower number than its
    children. Edges are stretches of road between two nodes (core or tree; a loop is an edge without an arc);
    an arc runs along one edge, with it or against it. Points are EPSG:25833 in metres.

    Attributes
    ----------
    node_x, node_y : one entry a node. core : number of core nodes.
    arc_first : ``core + 1``; arcs of core node i are ``arc_first[i] : arc_first[i + 1]`` (CSR by tail).
    arc_head, arc_label, arc_toll, arc_edge, arc_forward : one entry an arc: its end, packed label
        (:mod:`geodata.routing.labels`), known toll or fare in NOK, the edge it follows, and whether with its
        direction. No loops and no parallel arcs.
    tree_parent, tree_up, tree_down, tree_edge : one entry a tree node (``node - core``): its parent, the
        labels of the ways to the parent and from it (inf where closed), the edge between them.
    component : one entry a core node: number of its strongly connected part, 0 the largest.
    edge_tail, edge_head : nodes. edge_kind : position in :data:`EDGE_KINDS`. edge_name : position in `names`.
    edge_along, edge_against : labels of the whole edge with and against its direction, inf where closed;
        equal where both are open.
    edge_toll : whether a toll is known to be taken on the edge.
    edge_snappable : whether a point may be tied to it (no ferry, no motorway, no forgotten scrap).
    shape_first : ``edges + 1``; vertices of edge k are ``shape_first[k] : shape_first[k + 1]``, tail to head.
    shape_x, shape_y : vertices in metres, to a decimetre. shape_time, shape_metres : whole tenths of a second
        and metres from the tail to the vertex along the edge (the last ones equal the edge's label).
    names : road names and numbers. facts : what the network is. digest : SHA-256 over arrays and facts.
    """

    node_x: Floats
    node_y: Floats
    core: int
    arc_first: Int64s
    arc_head: Int32s
    arc_label: Floats
    arc_toll: npt.NDArray[np.float32]
    arc_edge: Int32s
    arc_forward: Bools
    tree_parent: Int32s
    tree_up: Floats
    tree_down: Floats
    tree_edge: Int32s
    component: Int32s
    edge_tail: Int32s
    edge_head: Int32s
    edge_kind: npt.NDArray[np.uint8]
    edge_name: Int32s
    edge_along: Floats
    edge_against: Floats
    edge_toll: Bools
    edge_snappable: Bools
    shape_first: Int64s
    shape_x: Floats
    shape_y: Floats
    shape_time: npt.NDArray[np.uint32]
    shape_metres: npt.NDArray[np.uint32]
    names: tuple[str, ...]
    facts: NetworkFacts
    digest: str

    @property
    def arc_tail(self) -> Int32s:
        """Tail of each arc."""
        return np.repeat(np.arange(self.core, dtype=np.int32), np.diff(self.arc_first))

    def describe(self) -> dict[str, str]:
        """Return name, date, profile, licence and digest, for provenance."""
        return {
            "name": self.facts.name,
            "date": self.facts.source_date,
            "profile": self.facts.profile,
            "licence": self.facts.licence,
            "digest": self.digest,
        }
