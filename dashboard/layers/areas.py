"""Clusters, municipalities and what is within reach, as areas."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from dashboard.labels import BASES, label
from dashboard.layerdocument import (
    Feature,
    Layer,
    build_layer,
    point_coordinates,
    polygon_coordinates,
)
from dashboard.layers.columns import read_rows
from dashboard.layers.looks import (
    GREEN,
    NEUTRAL,
    OFFER,
    PAYS,
    REACH,
    REACH_LOOKS,
)
from dashboard.symbols import LegendEntry, Style
from dashboard.text import N_, format_number
from dashboard.text import gettext as _
from geodata.crs import METRIC, WGS84


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
        for row in read_rows(clusters)
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
    for row in read_rows(pd.DataFrame(rows)):
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


def build_reach_layer(areas: gpd.GeoDataFrame) -> Layer:
    """Return the areas within so many minutes of a place, the largest lowest.

    Parameters
    ----------
    areas : `minutes` and (multi)polygons in EPSG:4326, by rising minutes.
    """
    rows = list(read_rows(pd.DataFrame(areas)))
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


PAY_TITLES = {
    "low": N_("Pays within {km} even at the worst figures"),
    "best": N_("Pays within {km} at the best estimate"),
    "high": N_("Pays within {km} at the most favourable figures"),
}


def build_break_even_layer(areas: gpd.GeoDataFrame) -> Layer:
    """Return the areas from which, or to which, a stream may be driven before it pays no more.

    Parameters
    ----------
    areas : `end` (``low``, ``best`` or ``high``: which figures), `km` and (multi)polygons in EPSG:4326, by
        rising kilometres.
    """
    rows = list(read_rows(pd.DataFrame(areas)))
    titles = [_(PAY_TITLES[row["end"]]).format(km=format_number(row["km"], unit="km")) for row in rows]
    place = {"best": 0, "low": 1, "high": 2}
    styles = [
        Style("area", PAYS, PAYS, pattern=pattern, width=width / 2, dash=dash, opacity=opacity)
        for pattern, width, dash, opacity in (REACH_LOOKS[place[row["end"]]] for row in rows)
    ]
    features = [
        Feature(f"pays {row['end']}", polygon_coordinates(row["geometry"]), k, title)
        for k, (row, title) in enumerate(zip(rows, titles, strict=True))
    ]
    entries = tuple(LegendEntry(title, style) for title, style in zip(titles, styles, strict=True))
    title = _("How far it pays")
    return build_layer(
        features[::-1],
        key="pays",
        title=title,
        kind="polygons",
        styles=styles,
        categories=titles,
        legend=((title, entries),) if entries else (),
        clickable=False,
    )
