"""Matches and planned flows as arrows, and a way by road as a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dashboard.labels import BASES, HIERARCHIES, label
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
    INTERMEDIARY,
    NEUTRAL,
    OFFER,
    PLAN_LOOKS,
)
from dashboard.symbols import INK, LegendEntry, Style
from dashboard.text import format_minutes, format_number
from dashboard.text import gettext as _
from geodata.routes import Route
from geodata.schemas import BASES as BASIS_ORDER

ROUTE_DETAIL_DEG = 3e-5
"""Bends of a route smaller than this (about three metres) are not drawn."""
THINNEST_FLOW, WIDEST_FLOW = 1.5, 14.0
"""Width of planned flows in pixels."""


def build_flow_layer(matches: pd.DataFrame, facilities: gpd.GeoDataFrame, *, limit: int = 80) -> Layer:
    """Return the best `limit` matches as arrows from offer to need, as wide as their tonnes, dashed by basis.

    A match through an intermediary is two arrows, and the intermediary is ringed.

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
    shown = list(read_rows(rows))
    features = _draw_flows(
        shown,
        points,
        names,
        identify=lambda row: str(row["match_id"]),
        category=lambda row: bases.index(row["basis"]),
        size=_flow_width,
        details=lambda row: (
            format_number(row["score"], decimals=0),
            _amount(row),
            format_number(row.get("distance_km"), decimals=1, unit="km"),
            format_minutes(row.get("minutes")),
            label(BASES, row["basis"]),
        ),
    )
    entries = tuple(
        LegendEntry(label(BASES, basis), style) for basis, style in zip(bases, styles, strict=True)
    )
    if any(feature.ringed for feature in features):
        entries += (LegendEntry(_("Goes on through an intermediary"), INTERMEDIARY),)
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


def _draw_flows(
    rows: Sequence[Mapping[Hashable, Any]],
    points: Mapping[str, Any],
    names: Mapping[str, str],
    *,
    identify: Callable[[Mapping[Hashable, Any]], str],
    category: Callable[[Mapping[Hashable, Any]], int],
    size: Callable[[Mapping[Hashable, Any]], float],
    details: Callable[[Mapping[Hashable, Any]], tuple[str, ...]],
) -> list[Feature]:
    """Return one arrow a row, or two where an intermediary stands between, who is then ringed.

    Arrows between the same two points bend more and more, the first the least.
    """
    bends: Counter[tuple[str, str]] = Counter()
    features = []
    for row in rows:
        stops = [str(row["from_facility_id"]), str(row["to_facility_id"])]
        if (via := _via(row)) is not None:
            stops.insert(1, via)
        title = " → ".join(names[stop] for stop in stops)
        for leg in pairwise(stops):
            features.append(
                Feature(
                    identify(row),
                    [points[stop] for stop in leg],
                    category(row),
                    title,
                    details(row),
                    size=size(row),
                    bend=bends[leg],
                    ringed=leg[1] == via,
                )
            )
            bends[leg] += 1
    return features


def _via(row: Mapping[Hashable, Any]) -> str | None:
    via = row.get("via_facility_id")
    return via if isinstance(via, str) else None


def _find_placed(rows: pd.DataFrame, placed: Collection[str]) -> pd.Series:
    """Return which rows have a point at both ends, and at their intermediary where they have one."""
    known = rows["from_facility_id"].isin(placed) & rows["to_facility_id"].isin(placed)
    if "via_facility_id" in rows:
        known &= rows["via_facility_id"].isin(placed) | rows["via_facility_id"].isna()
    return known.astype(bool)


def build_plan_layer(
    flows: pd.DataFrame, facilities: gpd.GeoDataFrame, *, unit: str = "t", limit: int = 150
) -> Layer:
    """Return the largest flows of a plan as arrows whose width is their amount, by place in the hierarchy.

    The width grows straight with the amount; the legend shows what it stands for. A flow through an
    intermediary is two arrows, the intermediary ringed.

    Parameters
    ----------
    flows : `from_facility_id`, `to_facility_id`, `via_facility_id`, `hierarchy`, and either `tonnes` or
        `amount` with `unit` (as :data:`geodata.planning.FLOW_COLUMNS`), both a year; may have `match_id`,
        `material`, `distance_km` and `basis`.
    unit : of the flows that are drawn, ``t`` or ``MWh``.
    """
    rows = flows.assign(amount=flows["tonnes"]) if "amount" not in flows else flows
    if "unit" in rows:
        rows = rows[(rows["unit"] == unit).fillna(False)]
    rows = rows[(rows["amount"] > 0).fillna(False)]
    facilities = facilities.head(0) if rows.empty else facilities
    placed, coordinates = point_coordinates(facilities)
    ids = facilities.loc[placed, "facility_id"].astype(object)
    points = dict(zip(ids, coordinates, strict=True))
    names = dict(zip(ids, facilities.loc[placed, "name"].astype(object), strict=True))
    rows = rows[_find_placed(rows, points.keys())].sort_values("amount", ascending=False, kind="stable")
    # The thinnest stand first and are drawn last: on top, where a wide one would hide them.
    shown = list(read_rows(rows.head(limit)))[::-1]
    ranks = [name for name in PLAN_LOOKS if any(row.get("hierarchy") == name for row in shown)]
    unknown = any(row.get("hierarchy") not in PLAN_LOOKS for row in shown)
    styles = [Style("line", PLAN_LOOKS[name][0], width=5.0, dash=PLAN_LOOKS[name][1]) for name in ranks]
    titles = [label(HIERARCHIES, name) for name in ranks]
    if unknown:
        styles.append(Style("line", NEUTRAL, width=5.0, dash=(1.0, 6.0)))
        titles.append(_("not known what it becomes"))
    most = max((float(row["amount"]) for row in shown), default=0.0)
    features = _draw_flows(
        shown,
        points,
        names,
        identify=lambda row: str(row.get("match_id", f"{row['from_facility_id']} {row['to_facility_id']}")),
        category=lambda row: ranks.index(row["hierarchy"]) if row.get("hierarchy") in ranks else len(ranks),
        size=lambda row: plan_width(float(row["amount"]), most),
        details=lambda row: (
            format_number(row["amount"], decimals=1, unit=unit),
            str(row.get("material_name") or ""),
            label(HIERARCHIES, row.get("hierarchy")),
            format_number(row.get("distance_km"), decimals=1, unit="km"),
            label(BASES, row["basis"]) if "basis" in row else "",
        ),
    )
    kinds = [LegendEntry(title, style) for title, style in zip(titles, styles, strict=True)]
    if any(feature.ringed for feature in features):
        kinds.append(LegendEntry(_("Goes on through an intermediary"), INTERMEDIARY))
    scale = [
        LegendEntry(format_number(amount, unit=unit), Style("line", INK, width=plan_width(amount, most)))
        for amount in _round_amounts(most)
    ]
    title = _("Planned flows, by what the stream becomes")
    legend = ((title, tuple(kinds)), (_("Width of the arrows, a year"), tuple(scale)))
    return build_layer(
        features,
        key="plan",
        title=_("Planned flows"),
        kind="lines",
        styles=styles,
        categories=titles,
        headings=(_("Amount a year"), _("Material"), _("Becomes"), _("Road km"), _("Basis")),
        legend=legend if features else (),
        arrows=True,
    )


def plan_width(amount: float, most: float) -> float:
    """Return the width in pixels of an arrow: straight with the amount, the largest :data:`WIDEST_FLOW`."""
    return max(THINNEST_FLOW, WIDEST_FLOW * amount / most) if most > 0 else THINNEST_FLOW


def _round_amounts(most: float) -> list[float]:
    """Return up to three round amounts for a legend: near the largest, and two smaller ones."""
    if most <= 0:
        return []
    decade = 10.0 ** np.floor(np.log10(most))
    top = next(step * decade for step in (5.0, 2.0, 1.0) if step * decade <= most)
    return [amount for amount in (top, top / 2, top / 5) if amount >= 1 or amount == top]


def _best_rows(matches: pd.DataFrame, placed: Collection[str], *, limit: int) -> pd.DataFrame:
    """Return the `limit` matches of the highest score between placed facilities, ties by match_id."""
    if matches.empty:
        return matches
    scores = matches["score"].to_numpy(dtype=np.float64)
    enough = 8 * limit
    best = matches
    if len(scores) > enough:  # looking at the names and order of half a million rows takes its time
        best = matches[scores >= np.partition(scores, -enough)[-enough]]
    known = _find_placed(best, placed)
    if len(best) < len(matches) and known.sum() < limit:
        best = matches
        known = _find_placed(best, placed)
    return best[known].sort_values(["score", "match_id"], ascending=[False, True], kind="stable").head(limit)


def _amount(row: Mapping[Hashable, Any]) -> str:
    return format_number(row.get("exchange_best"), decimals=1, unit=str(row.get("unit") or ""))


def _flow_width(row: Mapping[Hashable, Any]) -> float:
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
