"""Boundaries fetched: the whole set kept on the shelf as read, or a few areas asked for."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from geodata.boundaries import split_shared_polygons
from geodata.crs import METRIC, WGS84
from loaders import embedded
from loaders.official.areafeatures import MUNICIPALITY
from loaders.official.boundaryfiles import BOUNDARY_COLUMNS, read_boundary_file
from loaders.official.geonorgefiles import (
    ATTRIBUTION,
    DOWNLOADS,
    LICENCE,
    WHOLE_COUNTRY,
    DataSet,
    download_file,
)
from loaders.official.shelf import FetchedRecord, keep_fetched, list_fetched, name_area
from loaders.official.webclient import Progress, WebClient

BOUNDARY_SETS: Final = {
    "municipalities": DataSet("Kommuner", "041f1e6e-bdbc-4091-b48f-8a5990f3cc5b", "GeoJSON"),
    "counties": DataSet("Fylker", "6093c8a8-fa80-11e6-bc64-92361f002671", "GeoJSON"),
}
SOURCE: Final = DOWNLOADS.key
LIGHT_TOLERANCE_M: Final = 100.0
"""By which a border is simplified for maps of the whole country."""
LONGEST_LINE_M: Final = 1_000.0


def keep_boundaries(client: WebClient, folder: Path, kind: str, progress: Progress | None) -> FetchedRecord:
    """Download, read and keep one set; see :func:`loaders.geonorge.fetch_boundaries`."""
    archive = folder / SOURCE / f"{kind}.zip"
    download, path = download_file(
        client, BOUNDARY_SETS[kind], archive, area=WHOLE_COUNTRY, progress=progress
    )
    try:
        if progress is not None:
            progress("read", 0, None)
        areas = read_boundary_file(archive, kind=kind)
        record = FetchedRecord(
            source=SOURCE,
            part=kind,
            area="",
            file=f"{kind}.parquet",
            fetched_on=download.fetched_on,
            address=client.address,
            question=path,
            rows=len(areas),
            licence=LICENCE,
            attribution=ATTRIBUTION,
        )
        kept = keep_fetched(folder, record, lambda target: areas.to_parquet(target))
    finally:
        archive.unlink(missing_ok=True)
    if kind == "municipalities":
        keep_divided(folder, areas, kept)
    return kept


def keep_divided(folder: Path, areas: gpd.GeoDataFrame, source: FetchedRecord) -> FetchedRecord | None:
    """Divide the embedded polygons that several municipalities share by their official border, and keep the
    parts where :func:`loaders.embedded.read_municipalities` finds them; None where nothing is divided.

    Parameters
    ----------
    areas : official ones, of those municipalities at least. source : the record of where they came from.
    """
    parts = []
    details: tuple[tuple[embedded.Detail, float], ...] = (("full", 0.0), ("light", LIGHT_TOLERANCE_M))
    for detail, tolerance_m in details:
        own = embedded.read_undivided_municipalities(detail=detail)
        shared = own[own["shared_polygon"].notna()]
        needed = areas[areas[MUNICIPALITY].isin(shared[MUNICIPALITY])]
        metres = needed.to_crs(METRIC)
        # A long straight line in metres is a bent one in degrees: it keeps points on its way.
        plain = metres.geometry.simplify(tolerance_m).segmentize(LONGEST_LINE_M)
        simple = metres.set_geometry(plain).to_crs(WGS84)
        divided = split_shared_polygons(shared, simple if tolerance_m else needed)
        divided = divided[divided["shared_polygon"].isna()]
        parts.append(divided[[MUNICIPALITY, "geometry"]].assign(detail=detail))
    table = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=WGS84)
    if table.empty:
        return None
    record = replace(
        source, part=embedded.DIVIDED_PART, file=f"{embedded.DIVIDED_PART}.parquet", rows=len(table)
    )
    return keep_fetched(folder, record, lambda target: table.to_parquet(target))


def keep_shared_borders(client: WebClient, folder: Path, progress: Progress | None) -> FetchedRecord | None:
    """Ask for the areas that share a polygon only; see :func:`loaders.geonorge.fetch_shared_borders`."""
    own = embedded.read_undivided_municipalities(detail="light")
    numbers = own[MUNICIPALITY][own["shared_polygon"].notna()].astype(str).tolist()
    areas = ask_areas(client, numbers, progress)
    source = FetchedRecord(
        source=SOURCE,
        part=embedded.DIVIDED_PART,
        area=name_area(numbers),
        file="",
        fetched_on=dt.date.today().isoformat(),
        address=client.address,
        question="/kommuner/{kommunenummer}/omrade",
        licence=LICENCE,
        attribution=ATTRIBUTION,
    )
    return keep_divided(folder, areas, source)


def read_kept_boundaries(folder: Path, kind: str) -> gpd.GeoDataFrame | None:
    """Return the newest kept set of a kind, or None."""
    records = list_fetched(folder, source=SOURCE, part=kind)
    return gpd.read_parquet(records[0].path(folder)) if records else None


def ask_areas(client: WebClient, numbers: Sequence[str], progress: Progress | None) -> gpd.GeoDataFrame:
    """Ask kommuneinfo for the area of each municipality; see
    :func:`loaders.geonorge.fetch_municipality_areas`."""
    asked = sorted(set(numbers))
    found = []
    for count, number in enumerate(asked, start=1):
        answer = client.ask_json(
            f"/kommuner/{number}/omrade",
            params={"utkoordsys": "4258"},
            check=is_area_answer,
            absent=frozenset({404}),
        )
        if answer.status == 200:
            found.append(_read_answer(answer.value))
        if progress is not None:
            progress("areas", count, len(asked))
    if found:
        return gpd.GeoDataFrame(pd.concat(found, ignore_index=True), geometry="geometry", crs=WGS84)
    empty = pd.DataFrame(columns=[MUNICIPALITY, *BOUNDARY_COLUMNS])
    return gpd.GeoDataFrame(empty, geometry="geometry", crs=WGS84)


def is_area_answer(value: Any) -> bool:
    """Tell whether a decoded answer is the area of a municipality."""
    return isinstance(value, dict) and "kommunenummer" in value and isinstance(value.get("omrade"), dict)


def _read_answer(value: Any) -> gpd.GeoDataFrame:
    with tempfile.TemporaryDirectory(prefix="symbiosekart-") as beside:
        path = Path(beside) / "omrade.json"
        path.write_text(json.dumps(value), encoding="utf-8")
        return read_boundary_file(path)
