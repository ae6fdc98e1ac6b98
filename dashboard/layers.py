"""Tables become map layers here and nowhere else: one ``build_*_layer`` a kind of content.

Texts are in the reader's language when the layer is built: who keeps built layers keeps them by language too.
What a layer is and how its text is kept harmless: :mod:`dashboard.layerdocument`.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import shapely

from dashboard.labels import ACTOR_TYPES, BASES, DATASETS, label
from dashboard.layerdocument import (
    Feature,
    Layer,
    assemble_layer,
    build_layer,
    combine_legends,
    encode_text,
    feature_key,
    plain,
    point_coordinates,
    polygon_coordinates,
    publish,
)
from dashboard.symbols import Colour, LegendEntry, Outline, Pattern, Style, mark
from dashboard.text import N_, format_minutes, format_number
from dashboard.text import gettext as _
from geodata.crs import METRIC, WGS84
from geodata.routes import Route
from geodata.schemas import BASES as BASIS_ORDER

__all__ = [
    "FacilityPieces",
    "Layer",
    "build_cluster_layer",
    "build_facility_layer",
    "build_flow_layer",
    "build_municipality_layer",
    "build_reach_layer",
    "build_route_layer",
    "combine_legends",
    "feature_key",
    "prepare_facilities",
    "publish",
]

OFFER, NEED, BOTH, NEUTRAL = mark("offer"), mark("need"), mark("both"), mark("neutral")
GREEN = Colour("#0b6b50", "#4cc498")
BROWN = Colour("#7a4b12", "#d6a35c")

ROLES: dict[str, tuple[str, Style]] = {
    "offers": (N_("Offers a stream"), Style("circle", OFFER)),
    "needs": (N_("Needs a stream"), Style("square", NEED)),
    "both": (N_("Both offers and needs"), Style("diamond", BOTH)),
    "municipal_waste_company": (N_("Municipal waste company"), Style("hexagon", GREEN, radius=8)),
    "treatment": (N_("Treatment or collection of waste"), Style("triangle", BROWN, radius=8)),
    "industrial_park": (N_("Industrial park"), Style("pentagon", NEUTRAL)),
    "support": (N_("Research, investor, authority or network office"), Style("cross", NEUTRAL)),
    "none": (N_("No known streams"), Style("circle", NEUTRAL, radius=5)),
}
"""Role -> what it is called and how it looks; the basis changes the filling, the data set the frame."""

_ROLE_OF_ACTOR = {
    "municipal_waste_company": "municipal_waste_company",
    "treatment": "treatment",
    "collector": "treatment",
    "industrial_park": "industrial_park",
    "research": "support",
    "investor": "support",
    "public_body": "support",
    "network_office": "support",
    "service": "support",
}
PATTERNS: dict[str, Pattern] = {
    "reported": "solid",
    "estimated": "half",
    "modelled": "ring",
    "illustrative": "hatch",
    "unknown": "hollow",
}
_OUTLINES: dict[str, Outline] = {"region": "plain", "practice": "practice", "own": "own"}
_BASIS_TITLES = {
    "reported": N_("Amount reported"),
    "estimated": N_("Amount estimated"),
    "modelled": N_("Amount modelled"),
    "illustrative": N_("Amount illustrative"),
    "unknown": N_("Amount not known"),
}
_DATASET_TITLES = {"practice": N_("Practice data (fictional firms)"), "own": N_("Own file")}
ROUTE_DETAIL_DEG = 3e-5
"""Bends of a route smaller than this (about three metres) are not drawn."""
REACH = Colour("#5b3fa0", "#b9a3f5")
REACH_LOOKS: tuple[tuple[Pattern, float, tuple[float, ...], float], ...] = (
    ("hatch", 2.5, (), 0.16),
    ("solid", 2.0, (8.0, 4.0), 0.12),
    ("solid", 1.5, (2.0, 4.0), 0.08),
)
"""Pattern, border, its dashes and filling of the areas of reach, the nearest first."""
_DASHES = {"reported": (), "estimated": (12.0, 4.0), "modelled": (6.0, 5.0), "illustrative": (2.0, 5.0)}


def find_roles(facilities: pd.DataFrame, streams: pd.DataFrame) -> pd.DataFrame:
    """Return role, best-known basis and data set a facility, in the facilities' order.

    The basis is the firmest of its streams with a known amount (reported before modelled); ``unknown`` when
    none has one.
    """
    ids = facilities["facility_id"].to_numpy(dtype=object)
    position = {identifier: row for row, identifier in enumerate(ids)}
    elsewhere = len(ids)  # where the streams of others are counted
    owner = np.fromiter(
        (position.get(identifier, elsewhere) for identifier in streams["facility_id"].to_numpy(dtype=object)),
        np.intp,
        len(streams),
    )
    offering = _encode_column(streams["direction"], ("offer",)) == 0
    offers, needs = (_mark(owner[chosen], elsewhere) for chosen in (offering, ~offering))
    role = np.select([offers & needs, offers, needs], ["both", "offers", "needs"], default="none").astype(
        object
    )
    actor = np.array([*_ROLE_OF_ACTOR.values(), None], dtype=object)[
        _encode_column(facilities["actor_type"], tuple(_ROLE_OF_ACTOR))
    ]
    # Parks and offices that have streams of their own are shown by them.
    keep = np.isin(actor, ["municipal_waste_company", "treatment"]) | (role == "none")
    role = np.where((actor != None) & keep, actor, role)  # noqa: E711  (each of them)
    known = np.zeros(len(streams), dtype=bool)
    for name in ("amount_min", "amount_best", "amount_max"):
        known |= streams[name].notna().to_numpy(dtype=bool)
    best = np.full(elsewhere + 1, len(BASIS_ORDER))
    np.minimum.at(best, owner[known], _encode_column(streams["basis"], BASIS_ORDER)[known])
    return pd.DataFrame(
        {
            "role": role,
            "basis": np.array([*BASIS_ORDER, "unknown"], dtype=object)[best[:-1]],
            "dataset": np.array([*_OUTLINES, "region"], dtype=object)[
                _encode_column(facilities["dataset"], tuple(_OUTLINES))
            ],
        }
    )


def _mark(positions: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.bool_]:
    marked = np.zeros(count + 1, dtype=bool)
    marked[positions] = True
    return marked[:-1]


def _encode_column(column: pd.Series, words: Sequence[str]) -> npt.NDArray[np.intp]:
    """Return each value's position among `words`, and their number for all others: by way of Arrow, fast."""
    encoded = pa.array(column.astype("string")).dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    place = {word: number for number, word in enumerate(words)}
    numbers = [place.get(word, len(words)) for word in encoded.dictionary.to_pylist()]
    codes = encoded.indices.fill_null(len(numbers)).to_numpy(zero_copy_only=False)
    return np.array([*numbers, len(words)], dtype=np.intp)[codes]


@dataclass(frozen=True)
class FacilityPieces:
    """The placed facilities of a data set as JSON in two halves each: what no filter changes.

    Between the halves go the category and the words that follow from the streams. Ten thousand features are
    then put together in hundredths of a second.

    Attributes
    ----------
    position : facility_id -> row in the arrays, -1 for one without a point.
    heads, tails : the two halves.
    keys, ids : feature key and facility_id.
    points : longitude and latitude.
    words : the texts that the halves refer to by number; further ones come after these.
    """

    position: Mapping[str, int]
    heads: npt.NDArray[np.object_]
    tails: npt.NDArray[np.object_]
    keys: npt.NDArray[np.object_]
    ids: npt.NDArray[np.object_]
    points: npt.NDArray[np.float64]
    words: tuple[str, ...]


def prepare_facilities(facilities: gpd.GeoDataFrame) -> FacilityPieces:
    """Return the pieces of all facilities of a data set in the reader's language."""
    placed, coordinates = point_coordinates(facilities)
    rows = facilities.loc[placed]
    ids, names = _texts(rows, "facility_id"), _texts(rows, "name")
    number: dict[str, int] = {}

    def count(texts: Iterable[str]) -> list[int]:
        return [number.setdefault(text, len(number)) for text in texts]

    kinds = {key: plain(label(ACTOR_TYPES, key)) for key in set(_texts(rows, "actor_type"))}
    actor = count(kinds[kind] for kind in _texts(rows, "actor_type"))
    places = _texts(rows, "place")
    short = {text: plain(text) for text in set(places)}
    place = count(short[text] for text in places)
    datasets = [text or "region" for text in _texts(rows, "dataset")]
    titles = {key: plain(label(DATASETS, key)) for key in set(datasets)}
    dataset = count(titles[key] for key in datasets)
    keys = [feature_key(identifier) for identifier in ids]
    heads = [
        f'{{"type":"Feature","properties":{{"key":"{key}","title":{encode_text(name)},"category":'
        for key, name in zip(keys, names, strict=True)
    ]
    tails = [
        f',{a},{p},{d}]}},"geometry":{{"type":"Point","coordinates":[{lon},{lat}]}}}}'
        for a, p, d, (lon, lat) in zip(actor, place, dataset, coordinates, strict=True)
    ]
    position = dict.fromkeys(facilities["facility_id"].astype(object), -1)
    return FacilityPieces(
        position=position | {identifier: row for row, identifier in enumerate(ids)},
        heads=np.array(heads, dtype=object),
        tails=np.array(tails, dtype=object),
        keys=np.array(keys, dtype=object),
        ids=np.array(ids, dtype=object),
        points=np.array(coordinates, dtype=np.float64).reshape(-1, 2),
        words=tuple(number),
    )


def build_facility_layer(
    facilities: gpd.GeoDataFrame, streams: pd.DataFrame, *, pieces: FacilityPieces | None = None
) -> Layer:
    """Return the placed facilities: shape and colour by role, filling by basis, frame by data set.

    Parameters
    ----------
    facilities : columns as :data:`geodata.schemas.FACILITIES`, EPSG:4326; rows without a point are left to
        the table.
    streams : columns as :data:`geodata.schemas.STREAMS`.
    pieces : of the data set that the facilities are part of; None: made of `facilities`.
    """
    pieces = prepare_facilities(facilities) if pieces is None else pieces
    known = facilities["facility_id"].to_numpy(dtype=object)
    row = np.fromiter((pieces.position[identifier] for identifier in known), np.intp, len(known))
    roles = find_roles(facilities, streams).loc[row >= 0]
    row = row[row >= 0]
    combos, category = _categories(roles)
    styles = []
    for role, basis, dataset in combos:
        base = ROLES[role][1]
        styles.append(
            Style(
                base.shape, base.fill, pattern=PATTERNS[basis], outline=_OUTLINES[dataset], radius=base.radius
            )
        )
    names = [plain(f"{_(ROLES[r][0])} · {_(_BASIS_TITLES[b])}") for r, b, _d in combos]
    middles = np.array([f'{k},"details":[{len(pieces.words) + k}' for k in range(len(combos))], dtype=object)
    texts = np.column_stack([pieces.heads[row], middles[category], pieces.tails[row]])
    return assemble_layer(
        ",".join(map("".join, texts.tolist())),
        count=len(row),
        ids=dict(zip(pieces.keys[row].tolist(), pieces.ids[row].tolist(), strict=True)),
        points=pieces.points[row],
        words=[*pieces.words, *names],
        key="facilities",
        title=_("Facilities"),
        kind="points",
        styles=styles,
        categories=[_(ROLES[role][0]) for role, _basis, _dataset in combos],
        headings=(_("On the map"), _("Kind of actor"), _("Place"), _("Data set")),
        legend=_facility_legend(combos),
        hint=_("facilities here"),
    )


def _best_rows(matches: pd.DataFrame, placed: Collection[str], *, limit: int) -> pd.DataFrame:
    """Return the `limit` matches of the highest score between placed facilities, ties by match_id."""
    if matches.empty:
        return matches
    scores = matches["score"].to_numpy(dtype=np.float64)
    enough = 8 * limit
    best = matches
    if len(scores) > enough:  # looking at the names and order of half a million rows takes its time
        best = matches[scores >= np.partition(scores, -enough)[-enough]]
    known = best["from_facility_id"].isin(placed) & best["to_facility_id"].isin(placed)
    if len(best) < len(matches) and known.sum() < limit:
        best = matches
        known = best["from_facility_id"].isin(placed) & best["to_facility_id"].isin(placed)
    return best[known].sort_values(["score", "match_id"], ascending=[False, True], kind="stable").head(limit)


def _categories(roles: pd.DataFrame) -> tuple[list[tuple[str, str, str]], npt.NDArray[np.intp]]:
    """Return the distinct (role, basis, data set) in the order of the legend, and each row's among them."""
    orders = (tuple(ROLES), tuple(PATTERNS), tuple(sorted(_OUTLINES)))
    codes = np.zeros(len(roles), dtype=np.intp)
    for name, order in zip(("role", "basis", "dataset"), orders, strict=True):
        codes = codes * len(order) + pd.Index(order, dtype=object).get_indexer(roles[name])
    distinct, category = np.unique(codes, return_inverse=True)
    places = np.unravel_index(distinct, [len(order) for order in orders])
    combos = [
        (orders[0][role], orders[1][basis], orders[2][dataset])
        for role, basis, dataset in zip(*places, strict=True)
    ]
    return combos, category


def _facility_legend(
    combos: list[tuple[str, str, str]],
) -> tuple[tuple[str, tuple[LegendEntry, ...]], ...]:
    roles = {role for role, _basis, _dataset in combos}
    bases = {basis for _role, basis, _dataset in combos}
    datasets = {dataset for _role, _basis, dataset in combos} - {"region"}
    groups = [
        (_("Role"), tuple(LegendEntry(_(t), style) for role, (t, style) in ROLES.items() if role in roles)),
        (
            _("How the amount is known"),
            tuple(
                LegendEntry(_(_BASIS_TITLES[basis]), Style("circle", NEUTRAL, pattern=pattern))
                for basis, pattern in PATTERNS.items()
                if basis in bases
            ),
        ),
        (
            _("Data set"),
            tuple(
                LegendEntry(_(_DATASET_TITLES[d]), Style("circle", NEUTRAL, outline=_OUTLINES[d], radius=5))
                for d in sorted(datasets)
            ),
        ),
    ]
    return tuple((title, entries) for title, entries in groups if entries)


def build_flow_layer(matches: pd.DataFrame, facilities: gpd.GeoDataFrame, *, limit: int = 80) -> Layer:
    """Return the best `limit` matches as arrows from offer to need, as wide as their tonnes, dashed by basis.

    Parameters
    ----------
    matches : columns as :data:`geodata.matching.MATCH_COLUMNS`; ``name`` may be absent.
    facilities : where they start and end; a match with an end that has no point is left to the table.
    """
    if matches.empty:
        facilities = facilities.head(0)  # ten thousand points cost time, and none is an end
    placed, coordinates = point_coordinates(facilities)
    ids = facilities.loc[placed, "facility_id"].astype(object)
    points = dict(zip(ids, coordinates, strict=True))
    names = dict(zip(ids, facilities.loc[placed, "name"].astype(object), strict=True))
    rows = _best_rows(matches, points.keys(), limit=limit)
    bases = [basis for basis in BASIS_ORDER if (rows["basis"] == basis).any()]
    styles = [Style("line", GREEN, width=2.5, dash=_DASHES[basis]) for basis in bases]
    features = (
        Feature(
            str(row["match_id"]),
            [points[row["from_facility_id"]], points[row["to_facility_id"]]],
            bases.index(row["basis"]),
            f"{names[row['from_facility_id']]} → {names[row['to_facility_id']]}",
            (
                format_number(row["score"], decimals=0),
                _amount(row),
                format_number(row.get("distance_km"), decimals=1, unit="km"),
                format_minutes(row.get("minutes")),
                label(BASES, row["basis"]),
            ),
            size=_flow_width(row),
        )
        for row in _rows(rows)
    )
    entries = tuple(
        LegendEntry(label(BASES, basis), style) for basis, style in zip(bases, styles, strict=True)
    )
    title = _("Best matches, from offer to need")
    return build_layer(
        features,
        key="flows",
        title=_("Best matches"),
        kind="lines",
        styles=styles,
        categories=[label(BASES, basis) for basis in bases],
        headings=(_("Score"), _("Can be exchanged"), _("Road km"), _("Minutes"), _("Basis")),
        legend=((title, entries),) if entries else (),
        arrows=True,
    )


def _amount(row: dict[Hashable, Any]) -> str:
    return format_number(row.get("exchange_best"), decimals=1, unit=str(row.get("unit") or ""))


def _flow_width(row: dict[Hashable, Any]) -> float:
    """Return 1.8 to 6 pixels: a decade of tonnes is one pixel; unknown amounts are the thinnest."""
    amount = row.get("exchange_best")
    if amount is None or pd.isna(amount) or amount <= 0:
        return 1.8
    return float(np.clip(1.8 + np.log10(max(float(amount), 1.0)), 1.8, 6.0))


def build_cluster_layer(
    clusters: pd.DataFrame, members: pd.DataFrame, facilities: gpd.GeoDataFrame, *, margin_m: float = 1500.0
) -> Layer:
    """Return each cluster as a soft outline `margin_m` around its members, with its name on the map.

    Parameters
    ----------
    clusters : ``cluster_id``, ``name`` and the figures of :data:`geodata.clustering.CLUSTER_COLUMNS`.
    members : ``facility_id``, ``cluster_id``.
    facilities : the members' points, EPSG:4326.
    """
    style = Style("area", GREEN, GREEN, pattern="hatch", width=2.0, dash=(6.0, 4.0), opacity=0.12)
    facilities = facilities[facilities["facility_id"].isin(members["facility_id"])]
    placed, _unused = point_coordinates(facilities)
    points = facilities.loc[placed].set_index("facility_id").geometry
    metric = points.to_crs(METRIC) if len(points) else points
    groups = members[members["facility_id"].isin(metric.index)].groupby("cluster_id")["facility_id"]
    outlines = {
        str(cluster): shapely.convex_hull(
            shapely.multipoints(shapely.get_coordinates(metric.loc[list(ids)].array))
        )
        for cluster, ids in groups
    }
    areas = gpd.GeoSeries(outlines, crs=METRIC).buffer(margin_m, quad_segs=6)
    areas = areas.to_crs(WGS84) if outlines else areas  # to get at the projection takes its time, even so
    features = (
        Feature(
            str(row["cluster_id"]),
            polygon_coordinates(areas[str(row["cluster_id"])]),
            0,
            str(row.get("name") or row["cluster_id"]),
            (
                format_number(row.get("facilities")),
                format_number(row.get("matches")),
                format_number(row.get("exchange_t_best"), unit="t"),
                label(BASES, row.get("basis")),
            ),
        )
        for row in _rows(clusters)
        if str(row["cluster_id"]) in outlines
    )
    title = _("Clusters")
    return build_layer(
        features,
        key="clusters",
        title=title,
        kind="polygons",
        styles=[style],
        categories=[_("Possible symbiosis site")],
        headings=(_("Facilities"), _("Matches"), _("Can be exchanged"), _("Basis")),
        legend=((title, (LegendEntry(_("Possible symbiosis site"), style),)),) if outlines else (),
        labelled=True,
    )


def build_municipality_layer(municipalities: gpd.GeoDataFrame, selected: Collection[str] = ()) -> Layer:
    """Return the municipalities as areas that can be clicked; the selected ones stand out.

    Parameters
    ----------
    municipalities : ``municipality_number``, ``name``, ``county_name`` and polygons in EPSG:4326. A
        polygon that two numbers share is drawn once.
    selected : municipality numbers.
    """
    chosen = set(selected)
    other = Style("area", NEUTRAL, NEUTRAL, width=0.0, opacity=0.0)  # the base map draws the borders
    picked = Style("area", OFFER, OFFER, pattern="hatch", width=2.5, opacity=0.12)
    rows = municipalities[~municipalities.geometry.isna()]
    drawn: set[bytes] = set()
    features = []
    rows = rows.assign(_picked=rows["municipality_number"].isin(chosen)).sort_values(
        "_picked", ascending=False, kind="stable"
    )
    for row in _rows(pd.DataFrame(rows)):
        shape = shapely.to_wkb(row["geometry"])
        if shape in drawn:
            continue
        drawn.add(shape)
        number = str(row["municipality_number"])
        features.append(
            Feature(
                number,
                polygon_coordinates(_outline(row["geometry"], exact=number in chosen), digits=4),
                int(number in chosen),
                str(row["name"]),
                (number, str(row.get("county_name") or "")),
            )
        )
    entry = LegendEntry(_("Selected municipality"), picked)
    return build_layer(
        features[::-1],
        key="municipalities",
        title=_("Municipalities"),
        kind="polygons",
        styles=[other, picked],
        categories=[_("Municipality"), _("Selected municipality")],
        headings=(_("Number"), _("County")),
        legend=((_("Municipalities"), (entry,)),) if chosen else (),
    )


def _outline(geometry: Any, *, exact: bool) -> Any:
    """Return the polygon itself, or a plainer one (some 200 m off) for an area that is only to be clicked."""
    return geometry if exact else shapely.simplify(geometry, 0.002)


def build_route_layer(route: Route) -> Layer:
    """Return a way by road, stretch by stretch: road, ferry, and the estimated ends off the roads.

    On a road graph it follows the road's own bends; on the main roads it is straight from place to place.
    """
    titles = (_("Road"), _("Ferry"), _("Off the road network (estimated)"))
    styles = (
        Style("line", OFFER, width=4.0, opacity=1.0),
        Style("line", OFFER, width=3.5, dash=(9.0, 7.0), opacity=1.0),
        Style("line", NEUTRAL, width=3.0, dash=(1.0, 6.0), opacity=1.0),
    )
    features = []
    for number, (name, legs) in enumerate(groupby(route.legs, key=lambda leg: leg.kind)):
        kind = ("road", "ferry", "access").index(name)
        line = _trace_line([point for leg in legs for point in leg.points])
        if line:
            features.append(Feature(f"stretch {number}", line, kind, titles[kind], size=styles[kind].width))
    present = {feature.category for feature in features}
    entries = tuple(LegendEntry(titles[k], styles[k]) for k in range(len(titles)) if k in present)
    return build_layer(
        features,
        key="route",
        title=_("Route"),
        kind="lines",
        styles=styles,
        categories=titles,
        legend=((_("Route"), entries),) if entries else (),
        clickable=False,
        casing=True,
    )


def _trace_line(points: Sequence[tuple[float, float]]) -> list[list[float]]:
    """Return points as GeoJSON has them, bends smaller than a few metres left out; [] for no line."""
    if len(points) < 2:
        return []
    line = shapely.simplify(shapely.LineString(points), ROUTE_DETAIL_DEG)
    rounded = np.round(shapely.get_coordinates(line), 5)
    kept = np.r_[True, (np.diff(rounded, axis=0) != 0).any(axis=1)]
    return cast(list[list[float]], rounded[kept].tolist()) if kept.sum() > 1 else []


def build_reach_layer(areas: gpd.GeoDataFrame) -> Layer:
    """Return the areas within so many minutes of a place, the largest lowest.

    Parameters
    ----------
    areas : `minutes` and (multi)polygons in EPSG:4326, by rising minutes.
    """
    rows = list(_rows(pd.DataFrame(areas)))
    titles = [_("Within {time}").format(time=format_number(row["minutes"], unit="min")) for row in rows]
    looks = [REACH_LOOKS[min(k, len(REACH_LOOKS) - 1)] for k in range(len(rows))]
    styles = [
        Style("area", REACH, REACH, pattern=pattern, width=width, dash=dash, opacity=opacity)
        for pattern, width, dash, opacity in looks
    ]
    features = [
        Feature(f"reach {k}", polygon_coordinates(row["geometry"]), k, title)
        for k, (row, title) in enumerate(zip(rows, titles, strict=True))
    ]
    entries = tuple(LegendEntry(title, style) for title, style in zip(titles, styles, strict=True))
    return build_layer(
        features[::-1],
        key="reach",
        title=_("Reach"),
        kind="polygons",
        styles=styles,
        categories=titles,
        legend=((_("Reach"), entries),) if entries else (),
        clickable=False,
        labelled=True,
    )


def _texts(frame: pd.DataFrame, column: str) -> list[str]:
    if column not in frame:
        return [""] * len(frame)
    # by way of Arrow: ten times as fast as walking through the column
    return [value or "" for value in pa.array(frame[column].astype("string")).to_pylist()]


def _rows(frame: pd.DataFrame) -> Iterator[dict[Hashable, Any]]:
    if frame.empty:  # forty empty columns take as long to turn as full ones
        return iter(())
    return iter(cast(list[dict[Hashable, Any]], frame.astype(object).to_dict("records")))
