"""A scenario as files: Excel, GeoPackage, GeoJSON and CSV, each with its sources and parameters.

Texts of the data are hostile: in Excel a text is typed as text (with Excel's own quote mark where it begins
like a formula), so values come back identical; in CSV, which has no types, it gets a leading apostrophe.
Files are written beside their place and moved there when whole. Coordinates are EPSG:4326.
"""

from __future__ import annotations

import json
import math
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from geodata.economics import PRICE_UNITS
from geodata.results import ScenarioResult
from geodata.schemas import WGS84

Frames = dict[str, pd.DataFrame]
"""Table name -> table; those with a geometry are GeoDataFrames in EPSG:4326."""

Wording = Callable[[str], str]
"""An English text or key -> the reader's words."""

LAYERS = ("facilities", "matches", "clusters")
"""The tables with a geometry: points, lines from offer to need (not the road's course), medoid points."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
APPLICATION = "Symbiosekart"
EXCEL_MOST_ROWS = 1_048_576

_ILLEGAL_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, eq=False)
class Pricing:
    """What an export tells of money and carbon.

    Attributes
    ----------
    prices : :data:`geodata.economics.PRICE_COLUMNS`, with the index of the scenario's matches.
    figures : every figure behind them with unit, range, year and source, as
        :func:`geodata.economics.describe_parameters` gives them; `chosen` is the value in force.
    digest : of the economic tables.
    """

    prices: pd.DataFrame
    figures: pd.DataFrame
    digest: str


def tabulate_result(
    result: ScenarioResult,
    *,
    sources: Sequence[Mapping[str, str]] = (),
    pricing: Pricing | None = None,
    word: Wording = str,
) -> Frames:
    """Return all tables of a scenario, ready to write.

    Parameters
    ----------
    sources : records as from ``loaders.embedded.read_sources()``; every export names them.
    pricing : gives the matches their columns of money and carbon, and adds the tables ``economics`` (every
        figure with its source) and ``price_units`` (column, unit).
    word : translates texts of sources and parameters.
    """
    facilities = result.tables.facilities.assign(
        lat=result.tables.facilities.geometry.y, lon=result.tables.facilities.geometry.x
    )
    place = result.tables.facilities.set_index("facility_id").geometry
    ends = [result.matches[name].astype(object).map(place) for name in ("from_facility_id", "to_facility_id")]
    lines = [shapely.LineString([a, b]) for a, b in zip(*ends, strict=True)]
    middles = gpd.points_from_xy(result.clusters["lon"].astype(float), result.clusters["lat"].astype(float))
    matches, provenance = result.matches, tabulate_provenance(result)
    priced: Frames = {}
    if pricing is not None:
        matches = matches.join(pricing.prices, validate="1:1")
        units = pd.DataFrame({"column": list(PRICE_UNITS), "unit": list(PRICE_UNITS.values())})
        priced = {"economics": pricing.figures, "price_units": units.astype("string")}
        row = pd.DataFrame([("digest", "economics", pricing.digest)], columns=list(provenance.columns))
        provenance = pd.concat([provenance, row.astype("string")], ignore_index=True)
    return {
        "facilities": facilities,
        "streams": result.tables.streams,
        "networks": result.tables.networks,
        "memberships": result.tables.memberships,
        "matches": gpd.GeoDataFrame(matches, geometry=lines, crs=WGS84),
        "exclusions": result.exclusions,
        "clusters": gpd.GeoDataFrame(result.clusters, geometry=middles, crs=WGS84),
        "cluster_members": result.cluster_members,
        "indicators": result.indicators,
        "parameters": tabulate_parameters(result, word=word),
        **priced,
        "sources": tabulate_sources(result, sources=sources, word=word),
        "provenance": provenance,
    }


def tabulate_parameters(result: ScenarioResult, *, word: Wording = str) -> pd.DataFrame:
    """Return name, value, unit, low, high and source of every parameter of the scenario."""

    def read(given: object) -> object:
        return word(given) if isinstance(given, str) else given

    names = ("unit", "low", "high", "source")
    rows = [
        {"name": spec.name, "value": float(value), **{name: read(spec.metadata.get(name)) for name in names}}
        for spec, value in zip(fields(result.parameters), asdict(result.parameters).values(), strict=True)
    ]
    return pd.DataFrame(rows)


def tabulate_sources(
    result: ScenarioResult, *, sources: Sequence[Mapping[str, str]] = (), word: Wording = str
) -> pd.DataFrame:
    """Return the sources to name: the embedded parts, the road network, and what the scenario adds."""
    rows = [{name: word(text) for name, text in record.items()} for record in sources]
    rows += [{"part": word("scenario"), "attribution_text": text} for text in result.provenance.sources]
    network = result.provenance.network
    text = ", ".join(word(network[name]) for name in ("name", "date", "licence") if network.get(name))
    rows.append({"part": word("road network"), "attribution_text": text})
    return pd.DataFrame(rows).astype("string")


def tabulate_provenance(result: ScenarioResult) -> pd.DataFrame:
    """Return kind, name and value: digests of the tables, the road network, versions of the packages."""
    kinds = {"digest": result.provenance.digests, "network": result.provenance.network}
    kinds |= {"version": result.provenance.versions}
    rows = [(kind, name, value) for kind, mapping in kinds.items() for name, value in mapping.items()]
    return pd.DataFrame(rows, columns=["kind", "name", "value"]).astype("string")


def write_excel(frames: Frames, path: Path) -> None:
    """Write one sheet a table. Texts are typed as text; what Excel cannot hold becomes U+FFFD."""

    def write(target: Path) -> None:
        book = Workbook(write_only=True)
        for name, frame in frames.items():
            _write_sheet(book, name, _drop_geometry(frame))
        book.save(target)

    _write_whole(path, write)


def write_geopackage(frames: Frames, path: Path) -> None:
    """Write one layer a table; those without geometry (streams, sources ...) are plain tables."""

    def write(target: Path) -> None:
        kinds = {"facilities": "Point", "matches": "LineString", "clusters": "Point"}
        for number, (name, frame) in enumerate(frames.items()):
            options: dict[str, Any] = {"geometry_type": kinds[name]} if name in kinds else {}
            pyogrio.write_dataframe(
                frame, target, layer=name, driver="GPKG", use_arrow=True, append=number > 0, **options
            )

    _write_whole(path, write)


def write_geojson(frames: Frames, path: Path, *, layer: str) -> None:
    """Write one of :data:`LAYERS` as a FeatureCollection with ``sources`` and ``parameters`` beside it."""
    _write_whole(path, lambda target: _put(target, export_geojson(frames, layer=layer)))


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write comma-separated UTF-8 (with the mark that lets Excel see it), decimal point, header row."""
    _write_whole(path, lambda target: _put(target, export_csv(frame)))


def export_excel(frames: Frames) -> bytes:
    """Return the bytes of :func:`write_excel`."""
    return _take_bytes(lambda path: write_excel(frames, path), ".xlsx")


def export_geopackage(frames: Frames) -> bytes:
    """Return the bytes of :func:`write_geopackage`."""
    return _take_bytes(lambda path: write_geopackage(frames, path), ".gpkg")


def export_geojson(frames: Frames, *, layer: str) -> bytes:
    """Return one of :data:`LAYERS` as GeoJSON (RFC 7946: longitude first); sources in foreign members."""
    frame = frames[layer]
    features = [
        {"type": "Feature", "geometry": geometry, "properties": properties}
        for geometry, properties in zip(
            _geometries(gpd.GeoDataFrame(frame)), _records(_drop_geometry(frame)), strict=True
        )
    ]
    document = {
        "type": "FeatureCollection",
        "name": layer,
        "generator": APPLICATION,
        "sources": _records(frames["sources"]),
        "parameters": _records(frames["parameters"]),
        "provenance": _records(frames["provenance"]),
        "features": features,
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()


def export_csv(frame: pd.DataFrame) -> bytes:
    """Return the bytes of :func:`write_csv`."""
    plain = _drop_geometry(frame)
    for name in plain.columns:
        if _is_text(plain[name]):
            plain = plain.assign(**{str(name): plain[name].map(_disarm, na_action="ignore")})
    return plain.to_csv(index=False, lineterminator="\n").encode("utf-8-sig")


def name_sources(frames: Frames, *, word: Wording = str) -> str:
    """Return the sources, the road network and the parameters as plain text, one a line."""
    lines = [APPLICATION, ""]
    for record in _records(frames["sources"]):
        lines.append("- " + "; ".join(f"{word(name)}: {value}" for name, value in record.items() if value))
    lines.append("")
    lines += [
        f"{r['name']} = {r['value']:g} {r['unit']} ({r['source']})" for r in _records(frames["parameters"])
    ]
    lines.append("")
    for r in _records(frames["provenance"]):
        lines.append(f"{word(r['kind'])} {word(r['name'])}: {word(r['value'])}")
    return "\n".join(lines) + "\n"


def write_result(
    result: ScenarioResult,
    folder: Path,
    *,
    sources: Sequence[Mapping[str, str]] = (),
    pricing: Pricing | None = None,
    word: Wording = str,
) -> list[Path]:
    """Write a scenario in every format into `folder` and return the paths.

    ``symbiosekart.xlsx`` and ``symbiosekart.gpkg`` hold all tables; each of :data:`LAYERS` is a GeoJSON too;
    every table but the sources is a CSV; ``sources.txt`` names sources, parameters and digests,
    its headings and texts translated by `word`.
    """
    frames = tabulate_result(result, sources=sources, pricing=pricing, word=word)
    workbook, geopackage = folder / "symbiosekart.xlsx", folder / "symbiosekart.gpkg"
    write_excel(frames, workbook)
    write_geopackage(frames, geopackage)
    paths = [workbook, geopackage]
    for layer in LAYERS:
        paths.append(folder / f"{layer}.geojson")
        write_geojson(frames, paths[-1], layer=layer)
    for name in frames:
        if name not in ("sources", "provenance"):
            paths.append(folder / f"{name}.csv")
            write_csv(frames[name], paths[-1])
    paths.append(folder / "sources.txt")
    write_text(name_sources(frames, word=word), paths[-1])
    return paths


def write_text(text: str, path: Path) -> None:
    """Write UTF-8 text."""
    _write_whole(path, lambda target: _put(target, text.encode()))


def _write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a file beside `path` and move it there: nobody ever sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".symbiosekart-") as beside:
        target = Path(beside) / path.name
        write(target)
        target.replace(path)


def _take_bytes(write: Callable[[Path], None], suffix: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="symbiosekart-") as folder:
        path = Path(folder) / f"export{suffix}"
        write(path)
        return path.read_bytes()


def _put(target: Path, content: bytes) -> None:
    target.write_bytes(content)


def _drop_geometry(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(frame.drop(columns="geometry")) if "geometry" in frame else frame


def _is_text(column: pd.Series) -> bool:
    return pd.api.types.is_string_dtype(column.dtype) or column.dtype == object


def _disarm(value: object) -> object:
    # Also where apostrophes stand before it already: the reader takes one away.
    return f"'{value}" if isinstance(value, str) and value.lstrip("'").startswith(FORMULA_STARTS) else value


def _plain(value: Any) -> Any:
    """Return a value as plain Python: None, bool, int, float or str."""
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value.item() if hasattr(value, "item") else value


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    names = [str(name) for name in frame.columns]
    columns = [[_plain(value) for value in frame[name].astype(object)] for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _geometries(frame: gpd.GeoDataFrame) -> Iterable[dict[str, Any] | None]:
    for geometry in frame.geometry:
        yield None if geometry is None or geometry.is_empty else shapely.geometry.mapping(geometry)


def _write_sheet(book: Workbook, name: str, frame: pd.DataFrame) -> None:
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    for position, column in enumerate(frame.columns, start=1):
        sheet.column_dimensions[get_column_letter(position)].width = min(max(len(str(column)) + 2, 12), 40)
    bold = Font(bold=True)
    header = [_text_cell(sheet, str(column)) for column in frame.columns]
    for cell in header:
        cell.font = bold
    sheet.append(header)
    for row in _records(frame.head(EXCEL_MOST_ROWS - 1)):
        sheet.append([_cell(sheet, value) for value in row.values()])


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, str):
        return _text_cell(sheet, value)
    if isinstance(value, float) and float(f"{value:.16g}") != value:
        # The writer keeps 16 digits; every digit of such a number comes back only when handed over as text.
        cell = WriteOnlyCell(sheet, repr(value))
        cell.data_type = "n"
        return cell
    return value


def _text_cell(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, _ILLEGAL_IN_XML.sub("\ufffd", text))
    cell.data_type = "s"
    if text.startswith(FORMULA_STARTS):
        cell.quotePrefix = True
    return cell
