"""Dead ends: nodes that only one road leads to, cut off until none is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geodata.routing.graph import Bools, Int64s


@dataclass(frozen=True, eq=False)
class DeadEnds:
    """Where each node hangs, one entry a node.

    Attributes
    ----------
    parent, edge : the neighbour towards the core and the edge to it; -1 for nodes of the core.
    root : the core node its tree hangs on (itself in the core). depth : edges to the root.
    """

    parent: Int64s
    edge: Int64s
    root: Int64s
    depth: Int64s


def find_dead_ends(nodes: int, tail: Int64s, head: Int64s, *, locked: Bools) -> DeadEnds:
    """Peel off nodes with one edge left until none remains; `locked` nodes stay.

    No least way between two other nodes runs through a node that is peeled off: it would have to come back
    over the same edge. Loops do not count. Of a part that is nothing but a tree, one node stays.
    """
    loop = tail == head
    ends = np.concatenate([tail[~loop], head[~loop]])
    names = np.flatnonzero(~loop)
    degree = np.bincount(ends, minlength=nodes)
    # The sum of the edges still there is, at a node with one edge left, that edge.
    left = np.zeros(nodes, np.int64)
    np.add.at(left, ends, np.concatenate([names, names]))
    parent = np.full(nodes, -1, np.int64)
    edge = np.full(nodes, -1, np.int64)
    rounds: list[Int64s] = []
    leaves = np.flatnonzero((degree == 1) & ~locked)
    while len(leaves):
        last = left[leaves]
        inner = tail[last] + head[last] - leaves
        # The last two nodes of a tree hang on one another: the lower one stays.
        stays = (degree[inner] == 1) & ~locked[inner] & (leaves < inner)
        leaves, last, inner = leaves[~stays], last[~stays], inner[~stays]
        parent[leaves], edge[leaves] = inner, last
        degree[leaves] = 0
        np.subtract.at(degree, inner, 1)
        np.subtract.at(left, inner, last)
        rounds.append(leaves)
        touched = np.unique(inner)
        leaves = touched[(degree[touched] == 1) & ~locked[touched]]
    root = np.arange(nodes)
    depth = np.zeros(nodes, np.int64)
    for peeled in reversed(rounds):
        root[peeled] = root[parent[peeled]]
        depth[peeled] = depth[parent[peeled]] + 1
    return DeadEnds(parent, edge, root, depth)
