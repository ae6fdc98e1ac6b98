"""Matches as arrows and a way by road as a line."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from itertools import groupby
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dashboard.labels import BASES, label
from dashboard.layerdocument import (
    Feature,
    Layer,
    build_layer,
    point_coordinates,
)
from dashboard.layers.columns import read_rows
from dashboard.layers.looks import (
    FLOW_DASHES,
    GREEN,
    NEUTRAL,
    OFFER,
)
from dashboard.symbols import LegendEntry, Style
from dashboard.text import format_minutes, format_number
from dashboard.text import gettext as _
from geodata.routes import Route
from geodata.schemas import BASES as BASIS_ORDER

ROUTE_DETAIL_DEG = 3e-5
"""Bends of a route smaller than this (about three metres) are not drawn."""


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
    styles = [Style("line", GREEN, width=2.5, dash=FLOW_DASHES[basis]) for basis in bases]
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
        for row in read_rows(rows)
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


def _amount(row: dict[Hashable, Any]) -> str:
    return format_number(row.get("exchange_best"), decimals=1, unit=str(row.get("unit") or ""))


def _flow_width(row: dict[Hashable, Any]) -> float:
    """Return 1.8 to 6 pixels: a decade of tonnes is one pixel; unknown amounts are the thinnest."""
    amount = row.get("exchange_best")
    if amount is None or pd.isna(amount) or amount <= 0:
        return 1.8
    return float(np.clip(1.8 + np.log10(max(float(amount), 1.0)), 1.8, 6.0))


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
