"""Measure the main-road table from Kartverket's N1000 roads and a list of places (for maintainers).

    python tools/measure_roads.py N1000.gpkg PLACES.csv MUNICIPALITIES.geojson --out loaders/data/roads

PLACES.csv has name, kind, mun, lat, lon (degrees); ``loaders/data/roads/places.csv`` itself will do after
renaming ``municipality_number``. The result is a readable table of facts - which named places a road joins,
how
long it is, how fast a truck drives it - and holds no road geometry: between two places only the measured
length is kept. docs/roads.md tells how good it is.
"""

from __future__ import annotations

import argparse
import heapq
import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.ops import substring

HOME = ("03", "31", "32", "33", "39", "50")  # counties measured in full
NEIGHBOURS = ("34", "40")  # European and national roads, and what joins the home counties
FERRY_GAP_M = 4500.0  # N1000 ferries end in the water, a median 817 m from a road
JOIN_M = 30.0  # loose road ends nearer than this are one point
ON_ROAD_M = 1500.0  # a village farther from a measured road gets no node of its own
MERGE_M = 350.0  # a place nearer than this to another named node shares it
WAYPOINT_M = 2200.0  # a link whose road strays farther than this from its chord gets a named waypoint
LONGEST_M = 20_000.0  # a longer link gets a waypoint in its middle
SPUR_KM = 8.0  # shorter dead ends without a named place are left out
ISLAND_M = 5000.0  # a ferry's end without a road stays when a village lies this near
CALL_M = 1500.0  # a ferry line's bend this near to a village is a call there
TIGHT_M = 600.0  # junctions nearer to one another than this are one
JOINED_SHARE = (
    0.25  # of a joined stretch, laid on each road at either end: ways through err as often up as down
)
ISLAND_KM = 3.0
SPEEDS = {"motorveg": 77.0, "motortrafikkveg": 73.0, "E": 66.0, "R": 66.0, "F": 56.0, "K": 42.0, "P": 32.0}
SAILING_KMH, SAILING_MIN, WAITING, ISLAND_WAITING = 19.0, 3.0, 15.0, 30.0
FERRIES: dict[str, tuple[str, float, float]] = {
    # road number in N1000 -> name, minutes on board, mean wait (half of the usual interval by day)
    "Rv19": ("Moss-Horten", 30.0, 10.0),
    "Fv715": ("Flakk-Rørvik", 25.0, 12.0),
    "Fv710": ("Brekstad-Valset", 25.0, 20.0),
    "E39": ("Halsa-Kanestraum", 20.0, 15.0),
    "Fv774": ("Levanger-Hokstad", 30.0, 30.0),
    "Fv17": ("Holm-Vennesund", 20.0, 30.0),
}
ADDED_FERRIES = (
    # name, lat/lon of both quays, km, sailing, waiting: in service, not in N1000
    ("Svelvik-Verket", (59.6125, 10.4107), (59.6118, 10.4220), 0.6, 5.0, 10.0),
)


@dataclass
class Edge:
    """One road or ferry stretch between two vertices of the measured graph."""

    u: int
    v: int
    line: shapely.LineString
    road: str
    km: float
    minutes: float
    ferry: bool = False
    parts: Counter[str] = field(default_factory=Counter)
    title: str = ""


class Graph:
    """Vertices with a point (EPSG:25833), edges with a line; edges can be cut and joined."""

    def __init__(self) -> None:
        self.xy: list[tuple[float, float]] = []
        self.at: dict[tuple[int, int], int] = {}
        self.edges: dict[int, Edge] = {}
        self.near: dict[int, set[int]] = defaultdict(set)
        self.next = 0

    def vertex(self, x: float, y: float) -> int:
        key = (round(x), round(y))
        if key not in self.at:
            self.at[key] = len(self.xy)
            self.xy.append((x, y))
        return self.at[key]

    def add(self, edge: Edge) -> int:
        self.edges[self.next] = edge
        self.near[edge.u].add(self.next)
        self.near[edge.v].add(self.next)
        self.next += 1
        return self.next - 1

    def drop(self, e: int) -> Edge:
        edge = self.edges.pop(e)
        self.near[edge.u].discard(e)
        self.near[edge.v].discard(e)
        return edge

    def cut(self, e: int, x: float, y: float) -> int:
        """Split edge `e` at the point of it nearest to (x, y); return the vertex there."""
        edge = self.edges[e]
        along = edge.line.project(shapely.Point(x, y))
        if along < 20:
            return edge.u
        if along > edge.line.length - 20:
            return edge.v
        self.drop(e)
        point = edge.line.interpolate(along)
        middle = self.vertex(point.x, point.y)
        share = along / edge.line.length
        first, second = substring(edge.line, 0, along), substring(edge.line, along, edge.line.length)
        for a, b, line, part in ((edge.u, middle, first, share), (middle, edge.v, second, 1 - share)):
            parts = Counter({name: km * part for name, km in edge.parts.items()})
            self.add(Edge(a, b, line, edge.road, edge.km * part, edge.minutes * part, edge.ferry, parts))
        return middle

    def other(self, e: int, v: int) -> int:
        edge = self.edges[e]
        return edge.v if edge.u == v else edge.u

    def degree(self, v: int) -> int:
        return len(self.near[v])

    def shortest(
        self, source: int, *, by_time: bool, on_land: bool = False
    ) -> tuple[dict[int, float], dict[int, int]]:
        cost, via = {source: 0.0}, dict[int, int]()
        heap, done = [(0.0, source)], set[int]()
        while heap:
            d, v = heapq.heappop(heap)
            if v in done:
                continue
            done.add(v)
            for e in self.near[v]:
                edge, w = self.edges[e], self.other(e, v)
                if on_land and edge.ferry:
                    continue
                new = d + (edge.minutes if by_time else edge.km)
                if new < cost.get(w, math.inf):
                    cost[w], via[w] = new, e
                    heapq.heappush(heap, (new, w))
        return cost, via


def read_roads(path: Path) -> gpd.GeoDataFrame:
    """Read N1000's roads for cars and car ferries, EPSG:25833."""
    roads = gpd.read_file(path)
    roads = roads[roads["typeVeg"].isin(["enkelBilveg", "bilferje"])].to_crs(25833)
    number = roads["vegnummer"].astype("Int64").astype(str)
    prefix = roads["vegkategori"].map({"E": "E", "R": "Rv", "F": "Fv"})
    roads["road"] = (prefix + number).where(prefix.notna() & roads["vegnummer"].notna(), "")
    roads["ferry"] = roads["typeVeg"] == "bilferje"
    motorway = roads["motorvegtype"].map({"motorveg": "motorveg", "motortrafikkveg": "motortrafikkveg"})
    roads["speed"] = motorway.fillna(roads["vegkategori"].fillna("P")).map(SPEEDS)
    return roads.reset_index(drop=True)


def build_graph(roads: gpd.GeoDataFrame) -> Graph:
    """Join road ends that touch, then lay each ferry's ends on the nearest road."""
    graph = Graph()
    ends = shapely.points([c for line in roads.geometry for c in (line.coords[0][:2], line.coords[-1][:2])])
    tree = shapely.STRtree(ends)
    first: dict[int, int] = {}
    for i, j in sorted(zip(*tree.query(ends, predicate="dwithin", distance=JOIN_M), strict=True)):
        first.setdefault(int(i), int(j))  # the lowest end within reach stands for it
    vertex_of = [graph.vertex(ends[first[i]].x, ends[first[i]].y) for i in range(len(ends))]
    for k, row in enumerate(roads.itertuples()):
        if row.ferry or vertex_of[2 * k] == vertex_of[2 * k + 1]:
            continue
        km = row.geometry.length / 1000
        parts = Counter({row.road: km})
        graph.add(
            Edge(
                vertex_of[2 * k],
                vertex_of[2 * k + 1],
                row.geometry,
                row.road,
                km,
                60 * km / row.speed,
                parts=parts,
            )
        )
    ferries = roads[roads["ferry"]]
    lines = [
        (row.road, [row.geometry.coords[0][:2], row.geometry.coords[-1][:2]], row.geometry.length)
        for row in ferries.itertuples()
    ]
    for road, (a, b), length in lines:
        quays, gap = [], 0.0
        for x, y in (a, b):
            ids = list(graph.edges)
            geoms = np.array([graph.edges[e].line for e in ids])
            distances = shapely.distance(geoms, shapely.Point(x, y))
            best = int(np.argmin(distances))
            if distances[best] > FERRY_GAP_M:
                # two N1000 ferries that meet at sea, or a quay without a road: a place of its own
                quays.append(graph.vertex(x, y))
            else:
                gap += float(distances[best])
                quays.append(graph.cut(ids[best], x, y))
        if quays[0] == quays[1]:
            continue
        km = (length + gap) / 1000
        line = shapely.LineString([graph.xy[quays[0]], graph.xy[quays[1]]])
        graph.add(
            Edge(
                quays[0], quays[1], line, road, km, 60 * km / SAILING_KMH + WAITING, True, Counter({road: km})
            )
        )
    return graph


def nearest_edge(graph: Graph, x: float, y: float, *, edges: list[int]) -> tuple[int, float]:
    geoms = np.array([graph.edges[e].line for e in edges])
    distances = shapely.distance(geoms, shapely.Point(x, y))
    best = int(np.argmin(distances))
    return edges[best], float(distances[best])


def select_roads(graph: Graph, places: pd.DataFrame, area: np.ndarray) -> dict[int, int]:
    """Drop what the table does not need; return place row -> vertex.

    Kept are E, Rv and Fv roads and car ferries of the home counties, E and Rv of the neighbours, whatever the
    quickest and the shortest ways between the home counties' seats run over, and the small road from a
    seat or village to them.
    """
    on_area = {e: area_of(edge, area) for e, edge in graph.edges.items()}
    ids = list(graph.edges)
    tree = shapely.STRtree([graph.edges[e].line for e in ids])
    keep = {
        e
        for e, edge in graph.edges.items()
        if (edge.ferry or edge.road)
        and (on_area[e] in HOME or (on_area[e] in NEIGHBOURS and not edge.ferry and edge.road[:1] in "ER"))
    }
    seats = places[(places["kind"] == "seat") & places["county"].isin(HOME)]
    vertex_of_seat = {}
    for row in seats.itertuples():
        best = graph.edges[ids[int(tree.nearest(shapely.Point(row.x, row.y)))]]
        along = best.line.project(shapely.Point(row.x, row.y), normalized=True)
        vertex_of_seat[row.Index] = best.u if along < 0.5 else best.v
    trunk: Counter[int] = Counter()
    for source in vertex_of_seat.values():
        for by_time in (True, False):
            _, via = graph.shortest(source, by_time=by_time)
            for target in vertex_of_seat.values():
                while target in via:
                    trunk[via[target]] += 1
                    target = graph.other(via[target], target)
    keep |= set(trunk)
    named = sorted(keep)
    small_tree = shapely.STRtree([graph.edges[e].line for e in named])
    wanted = places[places["county"].isin(HOME)]
    for row in wanted.itertuples():
        # the way of a village off the main roads: its nearest road of any kind, to the nearest kept vertex
        point = shapely.Point(row.x, row.y)
        own = int(small_tree.nearest(point))
        if shapely.distance(graph.edges[named[own]].line, point) <= 700:
            continue
        start = ids[int(tree.nearest(point))]
        if start in keep or shapely.distance(graph.edges[start].line, point) > ON_ROAD_M:
            continue
        if lay_way(graph, graph.edges[start].u, keep, named):
            keep.add(start)
    for e in sorted(keep):
        if graph.edges[e].ferry:  # the small road to a quay
            for v in (graph.edges[e].u, graph.edges[e].v):
                lay_way(graph, v, keep, [k for k in named if not graph.edges[k].ferry])
    for e in set(graph.edges) - keep:
        graph.drop(e)
    drop_islets(graph)
    return snap_places(graph, places)


def lay_way(graph: Graph, start: int, keep: set[int], named: list[int]) -> bool:
    """Add the shortest way on land from `start` to the roads `named` to `keep`; say whether there is one."""
    main = {v for e in named for v in (graph.edges[e].u, graph.edges[e].v)}
    cost, via = graph.shortest(start, by_time=False, on_land=True)
    reached = [v for v in cost if v in main]
    if not reached:
        return False
    target = min(reached, key=cost.__getitem__)
    while target in via:
        keep.add(via[target])
        target = graph.other(via[target], target)
    return True


def area_of(edge: Edge, area: np.ndarray) -> str:
    """County of the middle of an edge (`area` is a pair of STRtree and county numbers)."""
    tree, counties = area
    middle = edge.line.interpolate(0.5, normalized=True)
    return str(counties[int(tree.nearest(middle))])


def drop_islets(graph: Graph) -> None:
    """Drop stretches that no road or ferry joins to the rest and that are shorter than ISLAND_KM."""
    left = {v for e in graph.edges.values() for v in (e.u, e.v)}
    while left:
        group, stack = set[int](), [left.pop()]
        while stack:
            v = stack.pop()
            group.add(v)
            new = {graph.other(e, v) for e in graph.near[v]} - group
            stack.extend(new)
            left -= new
        edges = {e for v in group for e in graph.near[v]}
        if sum(graph.edges[e].km for e in edges) < ISLAND_KM:
            for e in edges:
                graph.drop(e)


def snap_places(graph: Graph, places: pd.DataFrame) -> dict[int, int]:
    """Give each place the point of the measured road nearest to it; a place near another's shares it not."""
    rank = {"seat": 0, "town": 1, "village": 2}
    order = places.assign(rank=places["kind"].map(rank)).sort_values("rank", kind="stable")
    taken: dict[int, int] = {}
    for row in order.itertuples():
        ids = list(graph.edges)
        e, distance = nearest_edge(graph, row.x, row.y, edges=[i for i in ids if not graph.edges[i].ferry])
        limit = 6000.0 if row.kind == "seat" else ON_ROAD_M
        if distance > limit or (row.kind != "seat" and row.county not in HOME + NEIGHBOURS):
            continue
        edge = graph.edges[e]
        along = edge.line.project(shapely.Point(row.x, row.y))
        ends = [(along, edge.u), (edge.line.length - along, edge.v)]
        near = [v for gap, v in ends if gap < MERGE_M]
        taken_near = [v for v in near if v in taken.values()]
        if row.kind != "seat" and taken_near:
            continue
        if near and not taken_near:
            vertex = near[0]
        elif taken_near and row.kind == "seat":
            vertex = graph.cut(e, row.x, row.y)
        else:
            vertex = graph.cut(e, row.x, row.y)
        if vertex not in taken.values():
            taken[row.Index] = vertex
    return taken


def trim_and_contract(graph: Graph, fixed: set[int], places: pd.DataFrame) -> None:
    """Drop spurs without a named end, then join edges over vertices that are neither places nor junctions."""
    changed = True
    while changed:
        changed = False
        for v in [v for v in graph.near if graph.degree(v) == 1 and v not in fixed]:
            if graph.degree(v) != 1:
                continue
            (e,) = graph.near[v]
            if graph.edges[e].ferry:
                drop = np.hypot(places["x"] - graph.xy[v][0], places["y"] - graph.xy[v][1]).min() > ISLAND_M
            else:
                drop = spur_km(graph, v, fixed) < SPUR_KM
            if drop:
                graph.drop(e)
                changed = True
    join_tight_junctions(graph, fixed)
    for v in list(graph.near):
        if v in fixed or graph.degree(v) != 2:
            continue
        a, b = sorted(graph.near[v])
        one, two = graph.edges[a], graph.edges[b]
        if one.ferry != two.ferry:
            continue
        if one.ferry and np.hypot(places["x"] - graph.xy[v][0], places["y"] - graph.xy[v][1]).min() < CALL_M:
            continue  # the ferry calls at an island
        start, end = graph.other(a, v), graph.other(b, v)
        if start == end or v in (start, end):
            continue
        line = shapely.LineString(
            [
                *orient(one.line, graph.xy[start], graph.xy[v]),
                *orient(two.line, graph.xy[v], graph.xy[end])[1:],
            ]
        )
        graph.drop(a)
        graph.drop(b)
        minutes = (
            one.minutes + two.minutes - (WAITING if one.ferry else 0)
        )  # one wait for a ferry in two pieces
        parts = one.parts + two.parts
        road = parts.most_common(1)[0][0] or one.road or two.road
        graph.add(Edge(start, end, line, road, one.km + two.km, minutes, one.ferry, parts))
    # of two edges between the same pair of vertices, the quicker stays; a long other one gets a waypoint
    best: dict[tuple[int, int, bool], int] = {}
    for e in sorted(graph.edges, key=lambda e: graph.edges[e].minutes):
        edge = graph.edges[e]
        key = (min(edge.u, edge.v), max(edge.u, edge.v), edge.ferry)
        if edge.u != edge.v and key in best and edge.km > 2 and not edge.ferry:
            middle = edge.line.interpolate(0.5, normalized=True)
            graph.cut(e, middle.x, middle.y)
        elif edge.u == edge.v or key in best:
            graph.drop(e)
        else:
            best[key] = e


def join_tight_junctions(graph: Graph, fixed: set[int]) -> None:
    """Draw short road stretches between junctions together; half of each goes to its neighbours."""
    for e in sorted(graph.edges, key=lambda e: graph.edges[e].km):
        edge = graph.edges.get(e)
        if edge is None or edge.ferry or edge.line.length > TIGHT_M:
            continue
        u, v = (edge.u, edge.v) if edge.v not in fixed else (edge.v, edge.u)
        if u == v or v in fixed or any(graph.edges[i].ferry for i in graph.near[v]):
            continue
        graph.drop(e)
        km, minutes = edge.km * JOINED_SHARE, edge.minutes * JOINED_SHARE
        for i in graph.near[u]:
            graph.edges[i].km += km
            graph.edges[i].minutes += minutes
        for i in list(graph.near[v]):
            old = graph.drop(i)
            other = old.v if old.u == v else old.u
            if other == u:
                continue  # a second way between the two
            line = shapely.LineString([graph.xy[u], *orient(old.line, graph.xy[v], graph.xy[other])])
            graph.add(
                Edge(u, other, line, old.road, old.km + km, old.minutes + minutes, old.ferry, old.parts)
            )


def spur_km(graph: Graph, v: int, fixed: set[int]) -> float:
    """Length of the dead end at `v` up to the first place or junction, kilometres."""
    km, last = 0.0, -1
    while True:
        edges = [e for e in graph.near[v] if e != last]
        if len(edges) != 1:
            return km
        last = edges[0]
        km += graph.edges[last].km
        v = graph.other(last, v)
        if v in fixed or graph.degree(v) != 2:
            return km


def orient(
    line: shapely.LineString, start: tuple[float, float], end: tuple[float, float]
) -> list[tuple[float, float]]:
    """Coordinates of `line` from the end nearest `start` to the other."""
    coords = [(x, y) for x, y, *_ in line.coords]
    forward = math.dist(coords[0], start) + math.dist(coords[-1], end)
    return coords if forward <= math.dist(coords[-1], start) + math.dist(coords[0], end) else coords[::-1]


def add_waypoints(graph: Graph) -> None:
    """Cut links that are long or that stray far from their chord, at the farthest point from it."""
    queue = [e for e, edge in graph.edges.items() if not edge.ferry]
    while queue:
        e = queue.pop()
        if e not in graph.edges:
            continue
        edge = graph.edges[e]
        chord = shapely.LineString([graph.xy[edge.u], graph.xy[edge.v]])
        coords = shapely.points([p[:2] for p in edge.line.segmentize(250).coords])
        far = shapely.distance(coords, chord)
        worst = int(np.argmax(far))
        if far[worst] > WAYPOINT_M and edge.km > 3:
            point = coords[worst]
        elif edge.line.length > LONGEST_M * 1.6:
            point = edge.line.interpolate(0.5, normalized=True)
        else:
            continue
        before = graph.next
        graph.cut(e, point.x, point.y)
        queue.extend(range(before, graph.next))


QUAYS = (
    # name, lat, lon: quays, and meeting points of ferry lines at sea, known by a name of their own
    ("Flakk ferjekai", 63.452, 10.203),
    ("Rørvik ferjekai (Fosen)", 63.510, 10.137),
    ("Valset ferjekai", 63.637, 9.689),
    ("Verket ferjekai", 59.613, 10.423),
    ("Hofles ferjekai", 64.827, 11.612),
    ("Geisnes ferjekai", 64.816, 11.628),
    ("Lund ferjekai (Namdalen)", 64.768, 11.624),
    ("Ferjeleden ved Geisnes", 64.822, 11.619),
    ("Skei ferjekai (Leka)", 65.088, 11.738),
    ("Gutvik ferjekai", 65.083, 11.824),
    ("Eidshaug ferjekai", 64.932, 11.465),
    ("Gjerdinga ferjekai", 64.944, 11.449),
    ("Ramstadlandet ferjekai", 64.958, 10.988),
    ("Borgan ferjekai", 64.967, 10.907),
    ("Hokstad ferjekai (Ytterøya)", 63.797, 11.167),
    ("Dypfest ferjekai", 63.782, 9.576),
    ("Storfosna ferjekai", 63.659, 9.437),
    ("Værnes ferjekai (Agdenes)", 63.583, 9.517),
    ("Leksa ferjekai", 63.587, 9.398),
    ("Ferjeleden ved Garten", 63.648, 9.500),
    ("Ferjeleden sør for Leksa", 63.594, 9.410),
    ("Ferjeleden øst for Leksa", 63.598, 9.417),
)


def name_vertices(
    graph: Graph, places: pd.DataFrame, taken: dict[int, int], kommuner: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Give every vertex of the contracted graph a readable name, a kind and a municipality."""
    vertices = sorted({v for edge in graph.edges.values() for v in (edge.u, edge.v)})
    own = {v: i for i, v in taken.items()}
    points = gpd.GeoSeries(shapely.points([graph.xy[v] for v in vertices]), crs=25833)
    found = gpd.sjoin_nearest(gpd.GeoDataFrame(geometry=points), kommuner[["kommunenummer", "geometry"]])
    found = found[~found.index.duplicated()]
    degrees = points.to_crs(4326)
    listed = places[~places["name"].str.contains("-")]
    place_points = [(places.at[i, "name"], *graph.xy[v]) for i, v in taken.items()]
    metric = gpd.GeoSeries(gpd.points_from_xy([q[2] for q in QUAYS], [q[1] for q in QUAYS]), crs=4326).to_crs(
        25833
    )
    xy = np.array([p[1:] for p in place_points])
    rows, seen = [], Counter[str]()
    for n, v in enumerate(vertices):
        x, y = graph.xy[v]
        edges = [graph.edges[e] for e in graph.near[v]]
        roads = "/".join(sorted({e.road for e in edges if e.road}, key=road_order)[:3])
        quay = any(e.ferry for e in edges)
        if v in own:
            name, kind = str(places.at[own[v], "name"]), str(places.at[own[v], "kind"])
        else:
            away = np.hypot(xy[:, 0] - x, xy[:, 1] - y)
            near = int(np.argmin(away))
            base = place_points[near][0]
            km = away[near] / 1000
            if km >= 1:
                base += f" {km:.0f} km {compass(x - xy[near, 0], y - xy[near, 1])}"
            kind = "quay" if quay else "junction" if len(edges) > 2 else "site"
            tail = f" ({roads})" if roads else ""
            name = base + (
                " ferjekai" if quay else tail if len(edges) > 1 or not tail else f" ({roads}, veiende)"
            )
            if quay and (known := metric.distance(points[n])).min() < 400:
                name = QUAYS[int(known.argmin())][0]
            elif quay:
                name = (
                    listed.iloc[int(np.argmin(np.hypot(listed["x"] - x, listed["y"] - y)))]["name"]
                    + " ferjekai"
                )
        number = str(found.at[n, "kommunenummer"])
        seen[f"{name} {number}"] += 1
        if (count := seen[f"{name} {number}"]) > 1:
            name += f" {count}"
        rows.append(
            (v, f"{number}-{slug(name)}", name, kind, number, round(degrees[n].y, 4), round(degrees[n].x, 4))
        )
    return pd.DataFrame(
        rows, columns=["vertex", "place_id", "name", "kind", "municipality_number", "lat", "lon"]
    )


def road_order(road: str) -> tuple[int, int]:
    """E before Rv before Fv, low numbers first."""
    letters = road.rstrip("0123456789")
    return ["E", "Rv", "Fv"].index(letters), int(road[len(letters) :])


def compass(dx: float, dy: float) -> str:
    """Norwegian compass letter of a direction (Ø is east)."""
    return ["Ø", "NØ", "N", "NV", "V", "SV", "S", "SØ"][round(math.degrees(math.atan2(dy, dx)) / 45) % 8]


def slug(name: str) -> str:
    """Lower-case ASCII name for an identifier."""
    text = name.lower().translate(str.maketrans({"æ": "ae", "ø": "o", "å": "a"}))
    return "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in text).split())


def tabulate_links(graph: Graph, names: pd.DataFrame) -> pd.DataFrame:
    """Return the links table; ferries carry minutes on board and waiting, roads a mean speed."""
    place = dict(zip(names["vertex"], names["place_id"], strict=True))
    label = dict(zip(names["vertex"], names["name"], strict=True))
    rows = []
    for edge in graph.edges.values():
        a, b = sorted((place[edge.u], place[edge.v]))
        sailing = waiting = speed = None
        road, source = edge.road, "Kartverket N1000"
        if edge.ferry:
            at_sea = [all(graph.edges[e].ferry for e in graph.near[v]) for v in (edge.u, edge.v)]
            on_land = 1 - sum(at_sea) / 2  # lines that meet at sea: the wait is shared out among them
            known = FERRIES.get(edge.title or road) if not any(at_sea) and crosses_home(edge, names) else None
            title = (
                known[0] if known else "-".join(label[v].removesuffix(" ferjekai") for v in (edge.u, edge.v))
            )
            road = f"{road} {title}".strip()
            sailing = (
                known[1]
                if known
                else float(max(1, round(60 * edge.km / SAILING_KMH + SAILING_MIN * on_land)))
            )
            waiting = known[2] if known else ISLAND_WAITING * on_land
            estimate = f"; sailing estimated at {SAILING_KMH:.0f} km/h"
            source += "; times rounded (general knowledge)" if known else estimate
        else:
            speed = float(round(min(80.0, 60 * edge.km / edge.minutes)))
            road = road or "kommunal vei"
        rows.append(
            (
                f"{a}--{b}" + ("--ferje" if edge.ferry else ""),
                a,
                b,
                road,
                round(edge.km, 2),
                speed,
                int(edge.ferry),
                sailing,
                waiting,
                None,
                source,
            )
        )
    columns = [
        "link_id",
        "from_place",
        "to_place",
        "road",
        "km",
        "speed_kmh",
        "ferry",
        "sailing_minutes",
        "waiting_minutes",
        "toll_nok",
        "source",
    ]
    return pd.DataFrame(rows, columns=columns).sort_values("link_id")


def crosses_home(edge: Edge, names: pd.DataFrame) -> bool:
    """Whether a quay lies in a home county: E39 and Fv17 have ferries of the same number elsewhere."""
    numbers = names.set_index("vertex")["municipality_number"]
    return any(str(numbers[v])[:2] in HOME for v in (edge.u, edge.v))


def add_known_ferries(graph: Graph) -> None:
    """Lay the ferries of ADDED_FERRIES between the road points nearest to their quays."""
    for title, (lat_a, lon_a), (lat_b, lon_b), km, sailing, waiting in ADDED_FERRIES:
        ends = gpd.GeoSeries(gpd.points_from_xy([lon_a, lon_b], [lat_a, lat_b]), crs=4326).to_crs(25833)
        quays = []
        for point in ends:
            ids = [e for e in graph.edges if not graph.edges[e].ferry]
            e, _ = nearest_edge(graph, point.x, point.y, edges=ids)
            quays.append(graph.cut(e, point.x, point.y))
        line = shapely.LineString([graph.xy[q] for q in quays])
        FERRIES[title] = (title, sailing, waiting)
        graph.add(Edge(quays[0], quays[1], line, "", km, sailing + waiting, True, title=title))


def main() -> None:
    """Measure and write places.csv and links.csv."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("roads", type=Path)
    parser.add_argument("places", type=Path)
    parser.add_argument("municipalities", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--leave-out", type=float, default=0.0, help="share of villages to hold out (checks)")
    options = parser.parse_args()
    kommuner = gpd.read_file(options.municipalities).to_crs(25833)
    kommuner["geometry"] = kommuner.make_valid()
    places = pd.read_csv(options.places, dtype={"mun": str})
    if options.leave_out:
        drawn = np.random.default_rng(7).random(len(places)) < options.leave_out
        places = places[~(drawn & (places["kind"] == "village"))].reset_index(drop=True)
    metric = gpd.GeoSeries(gpd.points_from_xy(places["lon"], places["lat"]), crs=4326).to_crs(25833)
    places = places.assign(x=metric.x.to_numpy(), y=metric.y.to_numpy(), county=places["mun"].str[:2])
    graph = build_graph(read_roads(options.roads))
    area = (shapely.STRtree(kommuner.geometry.to_numpy()), kommuner["kommunenummer"].str[:2].to_numpy())
    taken = select_roads(graph, places, area)
    add_known_ferries(graph)
    fixed = set(taken.values())
    trim_and_contract(graph, fixed, places)
    add_waypoints(graph)
    names = name_vertices(graph, places, taken, kommuner)
    options.out.mkdir(parents=True, exist_ok=True)
    names.drop(columns="vertex").sort_values("place_id").to_csv(
        options.out / "places.csv", index=False, lineterminator="\n"
    )
    links = tabulate_links(graph, names)
    links.to_csv(options.out / "links.csv", index=False, lineterminator="\n")
    print(f"{len(names)} places ({names['kind'].value_counts().to_dict()}), {len(links)} links")


if __name__ == "__main__":
    main()
