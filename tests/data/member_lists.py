# ruff: noqa: E501  (tables of cases are easier to read in whole lines)
"""Makes members' lists for tests: plainly fictional firms in real places, written in many shapes."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geodata.identifiers import check_digit
from geodata.schemas import WGS84
from loaders.embedded import read_municipalities, read_places
from loaders.sandbox import Upload

HEADERS = {
    "nb": {
        "name": "Bedrift", "organisation_number": "Org.nr.", "address": "Adresse", "municipality": "Kommunenr.",
        "lat": "Breddegrad", "lon": "Lengdegrad", "direction": "Tilbud/behov", "eal_code": "EAL-kode",
        "material": "Materiale", "amount_min": "Min. mengde (tonn/år)", "amount_best": "Mengde (tonn/år)",
        "amount_max": "Maks. mengde (tonn/år)", "months": "Måneder", "basis": "Grunnlag", "actor_type": "Aktørtype",
    },
    "nn": {
        "name": "Verksemd", "organisation_number": "Organisasjonsnummer", "address": "Vegadresse", "municipality": "Kommunenummer",
        "lat": "Breiddegrad", "lon": "Lengdegrad", "direction": "Tilbod eller behov", "eal_code": "Avfallskode",
        "material": "Avfallsslag", "amount_min": "Minste mengd (t)", "amount_best": "Årleg mengd (t)",
        "amount_max": "Største mengd (t)", "months": "Månader", "basis": "Datagrunnlag", "actor_type": "Type verksemd",
    },
    "en": {
        "name": "Company name", "organisation_number": "Organisation number", "address": "Street address",
        "municipality": "Municipality number", "lat": "Latitude", "lon": "Longitude", "direction": "Offer or need",
        "eal_code": "EWC code", "material": "Waste type", "amount_min": "Minimum amount (t/yr)",
        "amount_best": "Amount t/yr", "amount_max": "Maximum amount (t/yr)", "months": "Months available",
        "basis": "Basis", "actor_type": "Facility type",
    },
}  # fmt: skip
WORDS = {
    "nb": {
        "offer": "Tilbud",
        "need": "Behov",
        "reported": "Rapportert",
        "estimated": "Anslått",
        "producer": "Industri",
    },
    "nn": {
        "offer": "Tilbod",
        "need": "Treng",
        "reported": "Rapportert",
        "estimated": "Overslag",
        "producer": "Industri",
    },
    "en": {
        "offer": "Offer",
        "need": "Need",
        "reported": "Reported",
        "estimated": "Estimate",
        "producer": "Industry",
    },
}
GOODS = (
    ("17 02 01", "Trevirke", 400), ("03 01 05", "Sagflis", 900), ("17 05 03*", "Forurenset jord", 2500), ("17 01 01", "Betong", 3000),
    ("20 01 08", "Matavfall", 250), ("15 01 01", "Papp", 120), ("17 04 05", "Jern og stål", 300), ("13 02 05*", "Spillolje", 15),
)  # fmt: skip


def make_rows(count: int = 200, *, seed: int = 7) -> list[dict[str, object]]:
    """Return `count` faultless rows by canonical column, one firm and one stream each."""
    random_ = random.Random(seed)
    places = read_places()
    numbers = set(read_municipalities()["municipality_number"]) - {"1508", "1580"}
    places = places[places["municipality_number"].isin(numbers)].reset_index(drop=True)
    rows: list[dict[str, object]] = []
    used: set[str] = set()
    while len(rows) < count:
        first = f"{random_.choice('89')}{random_.randrange(10**7):07d}"
        digit = check_digit(first)
        if digit is None or first in used:
            continue
        used.add(first)
        place = places.iloc[random_.randrange(len(places))]
        code, material, middle = GOODS[len(rows) % len(GOODS)]
        best = round(middle * 10 ** random_.gauss(0, 0.3), 1) + 0.2
        rows.append(
            {
                "name": f"Øvingsfirma {len(rows) + 1:03d} AS",
                "organisation_number": f"{first}{digit}",
                "address": f"Prøvevegen {len(rows) + 1}",
                "municipality": str(place["municipality_number"]),
                "lat": round(float(place["lat"]), 5),
                "lon": round(float(place["lon"]), 5),
                "direction": random_.choice(["offer", "need"]),
                "eal_code": code,
                "material": material,
                "amount_min": round(best * 0.8, 1),
                "amount_best": round(best, 1),
                "amount_max": round(best * 1.3, 1),
                "months": random_.choice(["1-12", "5-9", "11-2", None]),
                "basis": random_.choice(["reported", "estimated"]),
                "actor_type": "producer",
            }
        )
    return rows


def in_words(rows: list[dict[str, object]], language: str) -> list[dict[str, object]]:
    """Return `rows` with vocabulary words and headers of `language` (nb, nn or en)."""
    words = WORDS[language]
    return [
        {HEADERS[language][key]: words.get(str(value), value) for key, value in row.items()} for row in rows
    ]


def write_csv(
    rows: list[dict[str, object]],
    *,
    name: str = "liste.csv",
    delimiter: str = ";",
    encoding: str = "utf-8",
    decimal: str = ",",
    banner: tuple[str, ...] = (),
) -> Upload:
    """Return a delimited text file; numbers get `decimal` as their mark."""
    stream = io.StringIO()
    for line in banner:
        stream.write(line + "\r\n")
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {
                key: str(value).replace(".", decimal) if isinstance(value, float) else value
                for key, value in row.items()
            }
        )
    return Upload(name, stream.getvalue().encode(encoding))


def write_xlsx(rows: list[dict[str, object]], *, name: str = "liste.xlsx") -> Upload:
    """Return a workbook with one sheet."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    stream = io.BytesIO()
    book.save(stream)
    return Upload(name, stream.getvalue())


def make_frame(rows: list[dict[str, object]], *, lat: str, lon: str) -> gpd.GeoDataFrame:
    """Return the rows with their coordinates as points (EPSG:4326) instead of columns."""
    frame = pd.DataFrame(rows)
    points = gpd.points_from_xy(frame[lon], frame[lat], crs=WGS84)
    return gpd.GeoDataFrame(frame.drop(columns=[lat, lon]), geometry=points)


def write_vector(frame: gpd.GeoDataFrame, folder: Path, *, kind: str) -> Upload:
    """Return `frame` as gpkg, geojson, parquet, kml or zip (shapefile)."""
    path = folder / f"liste.{'shp' if kind == 'zip' else kind}"
    if kind == "parquet":
        frame.to_parquet(path)
    elif kind == "kml":
        frame.to_file(path, driver="KML")
    else:
        frame.to_file(path, encoding="UTF-8") if kind == "zip" else frame.to_file(path)
    if kind == "zip":
        path = folder / "liste.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in ("shp", "shx", "dbf", "prj", "cpg"):
                archive.write(folder / f"liste.{part}", f"liste.{part}")
    return Upload(path.name, path.read_bytes())
