"""Small OpenStreetMap files for tests, written by the library's own writer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Relation, Way

Tags = Mapping[str, str]
Places = Mapping[int, tuple[float, float]]
Ways = Sequence[tuple[int, Sequence[int], Tags]]


def write_osm(
    path: Path,
    places: Places,
    ways: Ways,
    *,
    node_tags: Mapping[int, Tags] | None = None,
    relations: Sequence[tuple[int, Sequence[tuple[str, int, str]], Tags]] = (),
    timestamp: str = "2026-05-01T12:00:00Z",
    header_date: str = "",
) -> Path:
    """Write nodes (number -> longitude, latitude), ways and relations; the suffix decides the format."""
    header = osmium.io.Header()
    if header_date:
        header.set("osmosis_replication_timestamp", header_date)
    with osmium.SimpleWriter(str(path), header=header, overwrite=True) as writer:
        for number, (lon, lat) in sorted(places.items()):
            tags = (node_tags or {}).get(number, {})
            writer.add_node(
                Node(id=number, location=(lon, lat), tags=dict(tags), version=1, timestamp=timestamp)
            )
        for number, refs, tags in ways:
            writer.add_way(Way(id=number, nodes=list(refs), tags=dict(tags), version=1, timestamp=timestamp))
        for number, members, tags in relations:
            writer.add_relation(
                Relation(id=number, members=list(members), tags=dict(tags), version=1, timestamp=timestamp)
            )
    return path
