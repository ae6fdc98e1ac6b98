"""From a network file to a network ready for travel, with the land beside it."""

from __future__ import annotations

from pathlib import Path

from geodata.land import Land
from geodata.roads import GraphNetwork
from loaders.embedded import read_land_polygons
from loaders.networkfiles import read_network


def read_graph_network(path: Path) -> GraphNetwork:
    """Read a network file, with the municipalities' polygons as land; raises as :func:`read_network`."""
    return GraphNetwork(read_network(path), Land(read_land_polygons()))
