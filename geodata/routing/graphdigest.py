"""A graph's fingerprint: the same arrays and facts give the same digest, on any machine."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields, replace

import numpy as np

from geodata.routing.graph import RoadGraph
from geodata.routing.hierarchy import Hierarchy


def digest_graph(graph: RoadGraph) -> str:
    """Return the SHA-256 over all arrays (name, type, length, little-endian bytes), names and facts."""
    text = json.dumps(
        {"facts": asdict(graph.facts), "names": graph.names, "core": graph.core}, sort_keys=True
    )
    return _digest_arrays(graph, text)


def digest_hierarchy(hierarchy: Hierarchy) -> str:
    """Return the SHA-256 over all arrays and the digest of the graph it belongs to."""
    return _digest_arrays(hierarchy, hierarchy.digest)


def sign_graph(graph: RoadGraph) -> RoadGraph:
    """Return `graph` with its own digest."""
    return replace(graph, digest=digest_graph(graph))


def _digest_arrays(record: RoadGraph | Hierarchy, text: str) -> str:
    digest = hashlib.sha256(text.encode())
    for field in fields(record):
        array = getattr(record, field.name)
        if isinstance(array, np.ndarray):
            kind = array.dtype.newbyteorder("<")
            digest.update(f"{field.name}:{kind.str}:{len(array)};".encode())
            digest.update(np.ascontiguousarray(array, kind).data)
    return digest.hexdigest()
