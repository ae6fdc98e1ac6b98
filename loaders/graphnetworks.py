"""From a network file to a network ready for travel, with the land beside it."""

from __future__ import annotations

from pathlib import Path

from geodata.crs import METRIC
from geodata.land import Land
from geodata.roads import GraphNetwork
from loaders.embedded import read_municipalities
from loaders.networkfiles import read_network


def read_graph_network(path: Path) -> GraphNetwork:
    """Read a network file, with the municipalities' polygons as land; raises as :func:`read_network`."""
    router = read_network(path)
    land = read_municipalities().geometry.drop_duplicates().to_crs(METRIC).make_valid()
    return GraphNetwork(router, Land(land.to_numpy()))
