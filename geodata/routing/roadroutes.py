"""A shown pair's route: a line that follows the roads, and stretches by road name that add up to the table.

The way is that of the tables: over the core (:mod:`geodata.routing.paths`), or where that is less along the
one edge or within the one dead-end tree that both points share.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import shapely
from pyproj import Transformer

from geodata.crs import METRIC, WGS84
from geodata.routelegs import Route, RouteLeg
from geodata.routing.graph import FERRY, RoadGraph
from geodata.routing.labels import LENGTH_SCALE, TIME_SCALE, unpack_labels
from geodata.routing.paths import (
    Piece,
    RoadEnd,
    climb_sides,
    enter_edge,
    enter_point,
    find_path,
    pieces_of_arcs,
)
from geodata.routing.router import Router
from geodata.transport import Floats


def find_road_route(router: Router, start: RoadEnd, end: RoadEnd) -> Route | None:
    """Return the least way between two points that meet roads, or None when there is none.

    Its kilometres, minutes and ferries are those of the least label, both ways between point and road
    included; the legs' add up to them. A network of roads has no named places: `places` is empty.
    """
    drive = find_drive(router, start, end)
    if drive is None:
        return None
    label, pieces = drive
    graph = router.graph
    accesses = [(end_.access_label, end_.estimated) for end_ in (start, end)]
    lines = [trace_piece(graph, piece) for piece in pieces]
    feet = [lines[0][:1], lines[-1][-1:]] if lines else [_locate(graph, start)] * 2
    stretches = [
        ("", False, accesses[0][1], accesses[0][0], np.concatenate([[[start.x, start.y]], feet[0]])),
        *(
            (
                graph.names[graph.edge_name[piece.edge]],
                bool(graph.edge_kind[piece.edge] == FERRY),
                False,
                piece.label,
                line,
            )
            for piece, line in zip(pieces, lines, strict=True)
        ),
        ("", False, accesses[1][1], accesses[1][0], np.concatenate([feet[1], [[end.x, end.y]]])),
    ]
    legs = tuple(_make_leg(graph, *joined) for joined in _join(stretches))
    points = [point for leg in legs for point in leg.points]
    if len(points) < 2:
        points = [_to_degrees(np.array([[end_.x, end_.y]]))[0] for end_ in (start, end)]
    km, minutes, ferries = _measure(graph, label)
    line = shapely.remove_repeated_points(shapely.LineString(points))
    return Route((), legs, line, km, minutes, ferries)


def find_drive(router: Router, start: RoadEnd, end: RoadEnd) -> tuple[float, tuple[Piece, ...]] | None:
    """Return the least label between two points that meet roads and the drive in pieces, None when none."""
    graph = router.graph
    best = _find_local(graph, start, end)
    away, home = enter_edge(graph, start, outward=True), enter_edge(graph, end, outward=False)
    path = find_path(router, enter_point(away), enter_point(home))
    if path is not None and (best is None or path.label < best[0]):
        middle = pieces_of_arcs(graph, path.arcs)
        best = path.label, (*away[path.start_entry].pieces, *middle, *home[path.end_entry].pieces)
    return best


def _find_local(graph: RoadGraph, start: RoadEnd, end: RoadEnd) -> tuple[float, tuple[Piece, ...]] | None:
    """Return the least way along the edge that both share or within the dead-end tree that both share."""
    found: list[tuple[float, tuple[Piece, ...]]] = []
    access = start.access_label + end.access_label
    if start.edge == end.edge:
        time_ds, metres = end.time_ds - start.time_ds, end.metres - start.metres
        ahead = time_ds >= 0 and metres >= 0 and np.isfinite(graph.edge_along[start.edge])
        back = time_ds <= 0 and metres <= 0 and np.isfinite(graph.edge_against[start.edge])
        if ahead or back or not (time_ds or metres):
            label = abs(time_ds) * TIME_SCALE + abs(metres) * LENGTH_SCALE
            found.append((access + label, (Piece(start.edge, start.metres, end.metres, label),)))
    arriving = [
        (node, label, pieces)
        for chain in climb_sides(graph, end, outward=False)
        for node, label, pieces in chain
        if node >= graph.core
    ]
    for chain in climb_sides(graph, start, outward=True):
        for node, label, pieces in chain:
            found += [(label + more, (*pieces, *rest)) for meet, more, rest in arriving if meet == node]
    return min(found, key=lambda way: way[0]) if found else None


def trace_piece(graph: RoadGraph, piece: Piece) -> Floats:
    """Return the vertices of a drive along an edge, EPSG:25833, in driving order."""
    begin, stop = int(graph.shape_first[piece.edge]), int(graph.shape_first[piece.edge + 1])
    at = graph.shape_metres[begin:stop].astype(float)
    points = np.column_stack([graph.shape_x[begin:stop], graph.shape_y[begin:stop]])
    low, high = sorted((piece.begin, piece.end))
    if low > 0 or high < at[-1]:
        inside = (at > low) & (at < high)
        ends = [[np.interp(m, at, points[:, axis]) for axis in (0, 1)] for m in (low, high)]
        points = np.concatenate([ends[:1], points[inside], ends[1:]])
    out: Floats = points[::-1] if piece.begin > piece.end else points
    return out


def _locate(graph: RoadGraph, end: RoadEnd) -> Floats:
    return trace_piece(graph, Piece(end.edge, end.metres, end.metres, 0.0))[:1]


def _join(
    stretches: list[tuple[str, bool, bool, float, Floats]],
) -> list[tuple[str, bool, bool, float, Floats]]:
    """Put neighbouring stretches of one name and kind together; those of no time and length are left out."""
    joined: list[tuple[str, bool, bool, float, Floats]] = []
    for stretch in stretches:
        name, ferry, estimated, label, line = stretch
        if label == 0:
            continue
        if joined and joined[-1][:3] == (name, ferry, estimated):
            joined[-1] = (
                name,
                ferry,
                estimated,
                joined[-1][3] + label,
                np.concatenate([joined[-1][4], line]),
            )
        else:
            joined.append(stretch)
    return joined


def _make_leg(
    graph: RoadGraph, name: str, ferry: bool, estimated: bool, label: float, line: Floats
) -> RouteLeg:
    km, minutes, _ = _measure(graph, label)
    kept = np.concatenate([[True], (np.diff(line, axis=0) != 0).any(axis=1)])
    points = _to_degrees(line[kept])
    return RouteLeg(name, km, minutes, ferry, estimated, points if len(points) > 1 else points * 2)


def _measure(graph: RoadGraph, label: float) -> tuple[float, float, int]:
    measures = unpack_labels(np.array([label]))
    km = float(measures.km[0])
    minutes = float(measures.weight_min[0]) - graph.facts.km_cost_min * km
    return km, minutes, int(measures.ferries[0])


@lru_cache(maxsize=1)
def _transformer() -> Transformer:
    return Transformer.from_crs(METRIC, WGS84, always_xy=True)


def _to_degrees(line: Floats) -> tuple[tuple[float, float], ...]:
    lon, lat = _transformer().transform(line[:, 0], line[:, 1])
    return tuple(zip(np.asarray(lon).tolist(), np.asarray(lat).tolist(), strict=True))
