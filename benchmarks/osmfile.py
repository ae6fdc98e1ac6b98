"""The synthetic roads as an OpenStreetMap file, and the OSRM profile that drives them by the same times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import osmium
from osmium.osm.mutable import Node, Way
from pyproj import Transformer

from geodata.crs import METRIC, WGS84
from geodata.routing.graph import RoadGraph
from geodata.routing.labels import unpack_labels

PROFILE = """
api_version = 4
function setup()
  return { properties = { weight_name = 'duration', weight_precision = 1, u_turn_penalty = 0,
           continue_straight_at_waypoint = false, use_turn_restrictions = false,
           max_speed_for_map_matching = 40, process_call_tagless_node = false } }
end
function process_node(profile, node, result) end
function process_way(profile, way, result)
  result.forward_mode = mode.driving
  result.backward_mode = mode.driving
  if way:get_value_by_key('oneway') == 'yes' then result.backward_mode = mode.inaccessible end
  result.duration = tonumber(way:get_value_by_key('seconds'))
end
function process_turn(profile, turn) end
return { setup = setup, process_node = process_node, process_way = process_way, process_turn = process_turn }
"""
"""No turn costs anything, and each way takes the seconds that it says."""


def locate_nodes(graph: RoadGraph) -> np.ndarray:
    """Return longitude and latitude of every node, degrees with the seven decimals that the file holds."""
    turn = Transformer.from_crs(METRIC, WGS84, always_xy=True)
    return np.round(np.column_stack(turn.transform(graph.node_x, graph.node_y)), 7)


def write_osm(path: Path, graph: RoadGraph) -> None:
    """Write a node for each node and a way of two nodes for each edge; the ending of `path` is the format."""
    path.unlink(missing_ok=True)
    seconds = unpack_labels(graph.edge_along).weight_min * 60
    one_way = np.isinf(graph.edge_against)
    with osmium.SimpleWriter(path) as writer:
        for number, place in enumerate(locate_nodes(graph).tolist(), 1):
            writer.add_node(Node(id=number, location=place, version=1))
        ends = np.column_stack([graph.edge_tail, graph.edge_head]) + 1
        for number, (nodes, time, single) in enumerate(
            zip(ends.tolist(), seconds.tolist(), one_way.tolist(), strict=True), 1
        ):
            tags = {"highway": "road", "seconds": f"{time:.1f}"}
            if single:
                tags["oneway"] = "yes"
            writer.add_way(Way(id=number, nodes=nodes, tags=tags, version=1))
