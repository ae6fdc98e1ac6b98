"""The Norwegian Environment Agency (Miljødirektoratet): plants with a permit under the Pollution Control Act.

Asked for at its ArcGIS service or read from a saved answer, by the same parser. Licence NLOD 2.0, named
"Miljødirektoratet". Nothing in the app needs it. See ``docs/sources/miljodirektoratet.md``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.errors import RefusedFileError
from geodata.municipalities import locate_points
from geodata.schemas import FACILITIES, WGS84, conform_table
from loaders.embedded import read_municipalities
from loaders.official.arcgisfeatures import Record, is_feature_page, read_records, unknown_systems
from loaders.official.arcgisquery import describe_layer, fetch_features, has_more
from loaders.official.plantrows import PLANT_COLUMNS, count_statuses, tabulate_plants
from loaders.official.webclient import Progress, Service, WebClient

MILJODIREKTORATET: Final = Service(
    key="miljodirektoratet",
    title="Miljødirektoratet",
    address="https://kart3.miljodirektoratet.no/arcgis/rest/services",
)
LAYER: Final = "industri/MapServer/0"
LICENCE: Final = "NLOD 2.0"
ATTRIBUTION: Final = "Miljødirektoratet"
PLANT_RADIUS_M: Final = 300.0
"""A plant's point stands somewhere on its site, which may be some hundred metres wide, or at its gate."""
MARGIN_DEGREES: Final = 0.1
"""Around the area that is asked for: points near its border are sorted out afterwards."""
LARGEST_FILE: Final = 200_000_000

__all__ = [
    "ATTRIBUTION",
    "LICENCE",
    "MILJODIREKTORATET",
    "PLANT_COLUMNS",
    "PermittedPlants",
    "fetch_permitted_plants",
    "read_permitted_plants",
    "to_facilities",
    "write_permitted_plants",
]


@dataclass(frozen=True)
class PermittedPlants:
    """Plants with a permit.

    Attributes
    ----------
    table : GeoDataFrame in EPSG:4326 with ``plant_id``, ``name``, ``organisation_number``, ``industry_code``
        (``38.320``), ``industry_text``, ``status`` (``active``, ``aftercare``, ``closed``; <NA> for other
        words, which stand in ``status_text``), ``kind``, ``authority``, ``last_report_year``,
        ``emits_to_air``, ``emits_to_water``, ``must_monitor`` (boolean, <NA> unknown), ``fact_sheet`` (https
        address at the authority; other texts in ``fact_sheet_text``), ``municipality_number`` (today's, by
        the point), ``geometry`` (None where it has no point).
    facts : counts worth telling: ``rows``, ``repeated`` (plants that came twice, taken once), ``unusable``
        (neither number nor name), ``without_point``, ``outside`` (not in the area asked for), one for
        each status, and of a saved answer ``pages_lacking``: 1 where the service says that it has more plants
        and the page with the last of them is not there.
    fetched_on : ISO date of the oldest answer, or empty (a file). question : in the service's words.
    """

    table: gpd.GeoDataFrame
    facts: Mapping[str, int] = field(default_factory=dict)
    fetched_on: str = ""
    question: str = ""


def fetch_permitted_plants(
    client: WebClient,
    *,
    municipalities: Sequence[str] = (),
    counties: Sequence[str] = (),
    bbox: tuple[float, float, float, float] | None = None,
    layer: str = LAYER,
    areas: gpd.GeoDataFrame | None = None,
    progress: Progress | None = None,
) -> PermittedPlants:
    """Fetch the plants of an area, or of the whole country where none is named.

    Parameters
    ----------
    client : for :data:`MILJODIREKTORATET`.
    municipalities, counties : today's numbers; the box around them is asked for, and points outside them are
        left out and counted. Plants without a point are then left out too: nothing tells where they are.
    bbox : west, south, east, north in degrees, instead of numbers.
    layer : path of the layer. areas : the municipalities' polygons, the embedded ones when not given.
    progress : told ``plants``, how many have come and how many there are.

    Raises
    ------
    SourceError
        ``source.unreachable``, ``source.failing``, ``source.refused``, ``source.unexpected``;
        ``mdir.answer_error`` (the service answers with an error), ``mdir.count_differs`` (its pages do not
        add up to its own count).
    """
    polygons = read_municipalities() if areas is None else areas
    chosen = _choose(polygons, municipalities, counties)
    asked = bbox if bbox is not None else _box_around(chosen)
    described = describe_layer(client, layer)
    features = fetch_features(client, layer, layer=described, bbox=asked, progress=progress)
    records = [
        record for page in features.pages for record in read_records(page, described=described.described)
    ]
    plants, facts = _build(records, polygons)
    facts["repeated"] += features.repeated
    if chosen is not None:
        inside = plants["municipality_number"].isin(set(chosen["municipality_number"])).to_numpy(dtype=bool)
        facts["outside"] = int((~inside).sum())
        plants = gpd.GeoDataFrame(plants[inside].reset_index(drop=True))
    question = f"{layer}/query?where=1=1" + (
        f"&geometry={','.join(f'{n:.3f}' for n in asked)}" if asked else ""
    )
    return PermittedPlants(plants, {**facts, **count_statuses(plants)}, features.fetched_on, question)


def read_permitted_plants(path: Path | str, *, areas: gpd.GeoDataFrame | None = None) -> PermittedPlants:
    """Read a saved answer of the service: Esri JSON or GeoJSON, or a list of several pages.

    Parameters
    ----------
    areas : the municipalities' polygons, the embedded ones when not given.

    Raises
    ------
    RefusedFileError
        ``file.not_found``, ``file.too_large``, ``mdir.not_plants`` (no features in it), ``mdir.saved_error``
        (the service's error was saved), ``mdir.unknown_crs``.
    """
    file = Path(path)
    if not file.is_file():
        raise RefusedFileError("file.not_found", file=file.name)
    if file.stat().st_size > LARGEST_FILE:
        raise RefusedFileError("file.too_large", file=file.name, limit=LARGEST_FILE // 1_000_000)
    pages = _open_pages(file)
    unknown = unknown_systems(pages)
    if unknown:
        raise RefusedFileError("mdir.unknown_crs", file=file.name, crs=min(unknown))
    records = [record for page in pages for record in read_records(page)]
    polygons = read_municipalities() if areas is None else areas
    plants, facts = _build(records, polygons)
    facts["pages_lacking"] = int(all(has_more(page) for page in pages))
    return PermittedPlants(plants, {**facts, **count_statuses(plants)})


def write_permitted_plants(plants: PermittedPlants, path: Path) -> None:
    """Write plants as GeoJSON under the service's own field names: :func:`read_permitted_plants` reads it."""
    features = []
    for row, point in zip(
        plants.table.drop(columns="geometry").to_dict("records"), plants.table.geometry, strict=True
    ):
        said = {name: _plain(row[column]) for name, column in _WRITTEN.items()}
        said["bransje"] = (
            " ".join(filter(None, (_plain(row["industry_code"]), _plain(row["industry_text"])))) or None
        )
        said["faktaark"] = _plain(row["fact_sheet"]) or _plain(row["fact_sheet_text"])
        geometry = None if point is None else {"type": "Point", "coordinates": [point.x, point.y]}
        features.append({"type": "Feature", "properties": said, "geometry": geometry})
    content = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=0, allow_nan=False), encoding="utf-8")


_WRITTEN: Final = {
    "anlegg_id": "plant_id",
    "navn": "name",
    "organisasjonsnummer": "organisation_number",
    "driftsstatus": "status_text",
    "anleggstype": "kind",
    "forurensningsmyndighet": "authority",
    "siste_rapportering_aar": "last_report_year",
    "har_utslipp_luft": "emits_to_air",
    "har_utslipp_vann": "emits_to_water",
    "har_krav_til_overvaking": "must_monitor",
}


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    return int(value) if isinstance(value, bool | np.bool_ | np.integer) else value


def _open_pages(file: Path) -> list[Mapping[str, Any]]:
    try:
        value = json.loads(file.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise RefusedFileError("mdir.not_plants", file=file.name) from error
    pages = value if isinstance(value, list) else [value]
    for page in pages:
        if isinstance(page, dict) and "error" in page and "features" not in page:
            raise RefusedFileError("mdir.saved_error", file=file.name)
    if not pages or not all(is_feature_page(page) for page in pages):
        raise RefusedFileError("mdir.not_plants", file=file.name)
    return pages


def _build(records: Iterable[Record], polygons: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    table = tabulate_plants(records)
    facts = {"rows": len(table)}
    usable = (table["plant_id"].notna() | table["name"].notna()).to_numpy(dtype=bool)
    facts["unusable"] = int((~usable).sum())
    table = table[usable]
    twice = (table["plant_id"].duplicated() & table["plant_id"].notna()).to_numpy(dtype=bool)
    facts["repeated"] = int(twice.sum())
    table = table[~twice].reset_index(drop=True)
    lon = table["lon"].to_numpy(dtype=float, na_value=np.nan)
    lat = table["lat"].to_numpy(dtype=float, na_value=np.nan)
    points = gpd.GeoSeries(gpd.points_from_xy(lon, lat), index=table.index, crs=WGS84)
    points[np.isnan(lon) | np.isnan(lat)] = None
    facts["without_point"] = int(points.isna().sum())
    located = locate_points(points, polygons)["municipality_number"]
    table["municipality_number"] = located.where(~located.fillna("").str.contains(" "), pd.NA).astype(
        "string"
    )
    return gpd.GeoDataFrame(table.drop(columns=["lon", "lat"]), geometry=points), facts


def _choose(
    polygons: gpd.GeoDataFrame, municipalities: Sequence[str], counties: Sequence[str]
) -> gpd.GeoDataFrame | None:
    if not municipalities and not counties:
        return None
    numbers = polygons["municipality_number"].astype(str)
    return gpd.GeoDataFrame(polygons[numbers.isin(set(municipalities)) | numbers.str[:2].isin(set(counties))])


def _box_around(chosen: gpd.GeoDataFrame | None) -> tuple[float, float, float, float] | None:
    if chosen is None or chosen.empty:
        return None
    west, south, east, north = (float(bound) for bound in chosen.to_crs(WGS84).total_bounds)
    return west - MARGIN_DEGREES, south - MARGIN_DEGREES, east + MARGIN_DEGREES, north + MARGIN_DEGREES


def to_facilities(
    plants: PermittedPlants, *, with_closed: bool = False, dataset: str = "register"
) -> tuple[gpd.GeoDataFrame, Mapping[str, int]]:
    """Return the plants as facilities, and how many were left out and why.

    Parameters
    ----------
    with_closed : take plants too that are closed or in aftercare; they are left out by default, and those of
        unknown status are taken.
    dataset : written in each row.

    Returns
    -------
    GeoDataFrame with the columns of ``facilities``: ``plant-<plant_id>``, actor type treatment for waste and
    sewage (37-39), primary_production for 01-03, else producer; grade ``given`` with a radius of
    :data:`PLANT_RADIUS_M`; the year of the last report. Counts: ``closed``, ``aftercare``, ``nameless``.
    """
    table = plants.table
    closed = (table["status"] == "closed").fillna(False).to_numpy(dtype=bool)
    aftercare = (table["status"] == "aftercare").fillna(False).to_numpy(dtype=bool)
    nameless = table["name"].isna().to_numpy(dtype=bool)
    left_out = nameless if with_closed else nameless | closed | aftercare
    facts = {"nameless": int(nameless.sum())}
    if not with_closed:
        facts |= {"closed": int(closed.sum()), "aftercare": int(aftercare.sum())}
    kept = table[~left_out].reset_index(drop=True)
    ids = kept["plant_id"].fillna(kept["name"]).astype("string")
    placed = kept.geometry.notna()
    frame = pd.DataFrame(
        {
            "facility_id": "plant-" + ids,
            "name": kept["name"],
            "organisation_number": kept["organisation_number"],
            "actor_type": [_actor_of(code) for code in kept["industry_code"].fillna("")],
            "industry_code": kept["industry_code"],
            "municipality_number": kept["municipality_number"],
            "geocode_quality": pd.Series("given", index=kept.index, dtype="string").where(placed),
            "geocode_radius_m": pd.Series(PLANT_RADIUS_M, index=kept.index, dtype="Float64").where(placed),
            "source": f"{ATTRIBUTION}, " + kept["fact_sheet"].fillna("norskeutslipp.no"),
            "source_year": kept["last_report_year"],
            "visibility": "public",
            "dataset": dataset,
            "note": [_write_note(row) for row in kept.drop(columns="geometry").to_dict("records")],
        }
    )
    frame = frame.drop_duplicates("facility_id")
    facilities = gpd.GeoDataFrame(
        conform_table(frame, "facilities"), geometry=kept.geometry.loc[frame.index], crs=WGS84
    )
    names = [column.name for column in FACILITIES]
    return gpd.GeoDataFrame(facilities[[*names, "geometry"]].reset_index(drop=True)), facts


def _actor_of(code: str) -> str:
    division = code[:2]
    if division in ("37", "38", "39"):
        return "treatment"
    return "primary_production" if division in ("01", "02", "03") else "producer"


def _write_note(row: Mapping[str, Any]) -> str | None:
    parts = [row["industry_text"], row["kind"], row["authority"]]
    if row["status"] != "active":
        parts.append(row["status_text"])
    return "; ".join(str(part) for part in parts if not pd.isna(part)) or None
