"""What answers questions about ways: a graph, its hierarchy where there is one, and where points meet it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geodata.routing.graph import Int32s, Int64s, RoadGraph
from geodata.routing.hierarchy import Hierarchy
from geodata.transport import Floats


@dataclass(frozen=True, eq=False)
class Router:
    """A graph with its hierarchy; without one, plain Dijkstra answers the same labels, only slower."""

    graph: RoadGraph
    hierarchy: Hierarchy | None = None


@dataclass(frozen=True, eq=False)
class Entries:
    """Where points meet the core of a graph: for each point any number of nodes, each with a label.

    For starts a label is that of the way from the point to the node, for ends from the node to the point.

    Attributes
    ----------
    first : ``points + 1``; entries of point i are ``first[i] : first[i + 1]`` (none: nothing is reached).
    node : core nodes of the graph. label : packed labels, finite. toll : NOK on that part, 0 where unknown.
    """

    first: Int64s
    node: Int32s
    label: Floats
    toll: npt.NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.first) - 1

    def select(self, positions: npt.ArrayLike) -> Entries:
        """Return the entries of the points at `positions`, in that order."""
        rows = np.asarray(positions, np.int64)
        counts = self.first[rows + 1] - self.first[rows]
        first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        taken = np.arange(first[-1]) - np.repeat(first[:-1] - self.first[rows], counts)
        return Entries(first, self.node[taken], self.label[taken], self.toll[taken])


def enter_at_nodes(nodes: npt.ArrayLike) -> Entries:
    """Return entries of points that stand at core nodes themselves."""
    node = np.asarray(nodes, np.int32)
    first = np.arange(len(node) + 1, dtype=np.int64)
    return Entries(first, node, np.zeros(len(node)), np.zeros(len(node), np.float32))
