"""The table of places and links as a road graph, so that the one engine answers for it too."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from geodata.routing.graph import EDGE_KINDS, FERRY, NetworkFacts, RoadGraph
from geodata.routing.graphdigest import sign_graph
from geodata.routing.labels import unpack_labels
from geodata.transport import Floats, Ints

PRIMARY: Final = EDGE_KINDS.index("primary")


def choose_arcs(places: int, tail: Ints, head: Ints, labels: Floats, toll_nok: Floats) -> tuple[Ints, Ints]:
    """Return both directions' arcs of two-way links: sorted keys ``tail * places + head``, and their links.

    Of parallel links the one with the least label stands, then the cheapest, then the first.
    """
    links = np.tile(np.arange(len(labels)), 2)
    keys = np.r_[tail, head] * places + np.r_[head, tail]
    order = np.lexsort((toll_nok[links], labels[links], keys))
    order = order[np.unique(keys[order], return_index=True)[1]]
    return keys[order], links[order]


def build_place_graph(
    x: Floats,
    y: Floats,
    *,
    tail: Ints,
    head: Ints,
    labels: Floats,
    toll_nok: Floats,
    names: tuple[str, ...],
    facts: NetworkFacts,
) -> RoadGraph:
    """Build a graph whose core nodes are the places, in their order, and whose edges are straight chords.

    Parameters
    ----------
    x, y : places, EPSG:25833.
    tail, head, labels, toll_nok, names : one entry a two-way link.
    """
    places, links = len(x), len(labels)
    keys, chosen = choose_arcs(places, tail, head, labels, toll_nok)
    arc_tail, arc_head = np.divmod(keys, places)
    first = np.searchsorted(arc_tail, np.arange(places + 1)).astype(np.int64)
    measures = unpack_labels(labels)
    known, name = np.unique(np.array(["", *names], dtype=object), return_inverse=True)
    ends = np.stack([tail, head], axis=1).ravel()
    shape = np.zeros((2, 2 * links), np.uint32)
    shape[:, 1::2] = np.rint([600 * measures.weight_min, 1000 * measures.km])
    none: Floats = np.empty(0)
    return sign_graph(
        RoadGraph(
            node_x=x,
            node_y=y,
            core=places,
            arc_first=first,
            arc_head=arc_head.astype(np.int32),
            arc_label=labels[chosen],
            arc_toll=toll_nok[chosen].astype(np.float32),
            arc_edge=chosen.astype(np.int32),
            arc_forward=tail[chosen] == arc_tail,
            tree_parent=none.astype(np.int32),
            tree_up=none,
            tree_down=none,
            tree_edge=none.astype(np.int32),
            component=_number_parts(places, arc_tail, arc_head),
            edge_tail=tail.astype(np.int32),
            edge_head=head.astype(np.int32),
            edge_kind=np.where(measures.ferries > 0, FERRY, PRIMARY).astype(np.uint8),
            edge_name=name[1:].astype(np.int32),
            edge_along=labels,
            edge_against=labels,
            edge_toll=toll_nok > 0,
            edge_snappable=measures.ferries == 0,
            shape_first=2 * np.arange(links + 1, dtype=np.int64),
            shape_x=x[ends],
            shape_y=y[ends],
            shape_time=shape[0],
            shape_metres=shape[1],
            names=tuple(known),
            facts=facts,
            digest="",
        )
    )


def _number_parts(places: int, tail: Ints, head: Ints) -> npt.NDArray[np.int32]:
    """Number of each place's connected part, 0 the largest."""
    from scipy.sparse import csr_array  # slow to load
    from scipy.sparse.csgraph import connected_components

    joined = csr_array((np.ones(len(tail), np.int8), (tail, head)), shape=(places, places))
    _, part = connected_components(joined, directed=False)
    order = np.argsort(-np.bincount(part), kind="stable")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order))
    numbers: npt.NDArray[np.int32] = rank[part]
    return numbers
