"""Make the practice data: plainly fictional firms at real places, so that every feature can be tried.

``python -m loaders.practice`` writes the four tables in ``loaders/data/practice`` anew, byte for byte the
same from the same seed and the same places. What each industry offers and needs stands in the readable
table ``loaders/data/practice/recipes.csv``; this module only draws amounts, months and places from it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from math import cos, exp, log, pi, radians, sin
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
from shapely import Point
from shapely.geometry.base import BaseGeometry

from geodata.schemas import TABLES
from loaders.embedded import data_dir, read_municipalities, read_places, read_postcodes

Row = dict[str, str]

SEED = 20261122
NOT_TOLD = ("employees",)  # invented firms have invented streams: nothing is modelled from employees
FACILITIES = 200
STREAMS = 600
REFERENCE = "Øvingsdata (fiktiv)"
SOURCE = "Øvingsdata, laget av loaders/practice.py"
COUNTIES = ("50", "31", "39", "32", "33", "03")
GEOCODES = (("given", "20"), ("address", "50"), ("street", "200"), ("site", "400"))
KM_PER_DEGREE = 111.2

# Where facilities stand close together, and which industries meet there.
HUBS: dict[str, tuple[str, ...]] = {
    "Orkanger": ("smelter", "concrete", "greenhouse", "poultry", "biogas", "metal", "farm"),
    "Levanger": ("paper", "bioheat", "sawmill", "soil", "farm", "dairy", "sorting"),
    "Verdal": ("workshop", "metal", "biogas", "farm", "dairy", "soil", "waste_company"),
    "Steinkjer": ("sawmill", "board", "bioheat", "abattoir", "farm", "soil", "shop"),
    "Namsos": ("sawmill", "bioheat", "salmon", "concrete", "demolition", "quarry", "waste_company"),
    "Rørvik": ("salmon", "smolt", "feed", "plastic", "yard", "biogas"),
    "Fillan": ("salmon", "smolt", "feed", "biogas", "shop", "farm"),
    "Stjørdalshalsen": ("shop", "hotel", "biodiesel", "demolition", "quarry", "asphalt", "sorting"),
    "Trondheim": ("incineration", "brewery", "hotel", "shop", "datacentre", "pool", "sorting", "textile"),
    "Fredrikstad": ("metal", "glass", "plastic", "incineration", "board", "weee", "waste_company"),
    "Sarpsborg": ("paper", "bioheat", "soil", "demolition", "quarry", "sorting", "brewery"),
    "Tønsberg": ("biogas", "farm", "greenhouse", "dairy", "shop", "waste_company", "brewery"),
    "Holmestrand": ("gypsum", "demolition", "metal", "workshop", "oil", "concrete"),
    "Drammen": ("soil", "sewage", "biogas", "gypsum", "demolition", "datacentre", "pool", "shop"),
    "Oslo": ("shop", "hotel", "datacentre", "pool", "textile", "brewery"),
    "Lillestrøm": ("sorting", "weee", "textile", "hotel", "biodiesel", "incineration", "waste_company"),
    "Moss": ("glass", "shop", "hotel", "feed", "greenhouse", "asphalt", "sewage"),
}
INSTITUTIONS = (
    ("Forskningsinstitutt", "research", "72.190", "Trondheim"),
    ("Høgskole", "research", "85.420", "Fredrikstad"),
    ("Såkornfond", "investor", "64.300", "Oslo"),
    ("Industrifond", "investor", "64.300", "Tønsberg"),
    ("Næringsforening", "network_office", "94.110", "Levanger"),
    ("Kommunalteknikk", "public_body", "84.110", "Drammen"),
)
NETWORKS = (
    (
        "practice-net-skog",
        "Øvingsklynge Skog og varme (fiktiv)",
        "industry_cluster",
        "Trøndelag",
        ("sawmill", "bioheat", "board", "paper"),
    ),
    (
        "practice-net-hav",
        "Øvingsklynge Hav og jord (fiktiv)",
        "industry_cluster",
        "Trøndelag",
        ("salmon", "smolt", "feed", "biogas", "farm"),
    ),
    (
        "practice-net-fjord",
        "Øvingsklynge Fjordkretsløp (fiktiv)",
        "waste_cluster",
        "Oslofjorden",
        ("metal", "glass", "plastic", "weee", "sorting", "waste_company", "incineration"),
    ),
    (
        "practice-net-bygg",
        "Øvingsnettverk Ombygg (fiktiv)",
        "cooperation",
        "Oslofjorden",
        ("demolition", "concrete", "gypsum", "quarry", "asphalt"),
    ),
)


def read_recipes() -> pd.DataFrame:
    """Read what each practice industry offers and needs: one row an industry and stream, all text.

    Columns: industry, label, actor_type, industry_code, direction, eal_code, material, description,
    low and high (amount a year in ``unit``), unit, months (alternatives separated by ``|``), qualities
    (likewise), hazardous, treatment, price_low, price_high (NOK/t), legal_status.
    """
    path = data_dir() / "practice" / "recipes.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def _round_amount(value: float) -> float:
    # Two significant digits, as a firm would say it.
    digits = 0
    while value >= 100:
        value /= 10
        digits += 1
    while 0 < value < 10:
        value *= 10
        digits -= 1
    return float(round(value)) * 10.0**digits if digits >= 0 else round(value) / 10.0**-digits


def _write_number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _draw_point(random: Random, *, lat: float, lon: float, area: BaseGeometry, reach_km: float) -> Point:
    # A point on land in the municipality, 0.3 to `reach_km` from the place; nearer and nearer until one fits.
    for attempt in range(200):
        distance = random.uniform(0.3, max(0.5, reach_km * (1 - attempt / 200)))
        angle = random.uniform(0, 2 * pi)
        point = Point(
            round(lon + distance * sin(angle) / (KM_PER_DEGREE * cos(radians(lat))), 5),
            round(lat + distance * cos(angle) / KM_PER_DEGREE, 5),
        )
        if area.contains(point):
            return point
    return area.representative_point()


class _Ground:
    """The real places and municipalities that practice firms are put at."""

    def __init__(self) -> None:
        places = pd.DataFrame(read_places())
        numbers = places["municipality_number"].astype("string").fillna("")
        places = places[numbers.str[:2].isin(COUNTIES)]
        keys = ["municipality_number", "name", "lat", "lon"]
        self.places = places.sort_values(keys, kind="stable").reset_index(drop=True)
        municipalities = read_municipalities()
        self.areas: Mapping[str, BaseGeometry] = dict(
            zip(municipalities["municipality_number"], municipalities.geometry, strict=True)
        )

        self.postcodes = read_postcodes().sort_values("postcode", kind="stable")

    def find_postcode(self, place: str, *, municipality: str, lat: float, lon: float) -> str:
        """Postcode of a place: the first under its name in the municipality, else the nearest there."""
        inside = self.postcodes[self.postcodes["municipality_number"] == municipality]
        named = inside.loc[inside["place"].str.casefold() == place.casefold(), "postcode"]
        if len(named):
            return str(named.iloc[0])
        north = inside["lat"].astype(float).to_numpy() - lat
        east = (inside["lon"].astype(float).to_numpy() - lon) * cos(radians(lat))
        return str(inside["postcode"].iloc[int(np.argmin(north**2 + east**2))])

    def find(self, name: str) -> int:
        """Position of the most populous place of that name."""
        named = (self.places["name"] == name).to_numpy()
        population = self.places["population"].astype(float).to_numpy()
        return int(np.argmax(np.where(named, population, -1.0)))


def _make_facility(
    random: Random,
    ground: _Ground,
    *,
    number: int,
    label: str,
    actor_type: str,
    industry_code: str,
    position: int,
    reach_km: float,
) -> Row:
    place = ground.places.iloc[position]
    municipality = str(place["municipality_number"])
    point = _draw_point(
        random,
        lat=float(place["lat"]),
        lon=float(place["lon"]),
        area=ground.areas[municipality],
        reach_km=reach_km,
    )
    quality, radius_m = random.choice(
        (("given", "20"), ("address", "50"), ("street", "200"), ("site", "400"))
    )
    return {
        "facility_id": f"practice-{number:03d}",
        "name": f"Øvingsbedrift {number:03d} {label} (fiktiv)",
        "actor_type": actor_type,
        "industry_code": industry_code,
        "address": f"Øvingsvegen {number}",
        "postcode": ground.find_postcode(
            str(place["name"]),
            municipality=municipality,
            lat=float(place["lat"]),
            lon=float(place["lon"]),
        ),
        "place": str(place["name"]),
        "municipality_number": municipality,
        "service_area": municipality if actor_type == "municipal_waste_company" else "",
        "geocode_quality": quality,
        "geocode_radius_m": radius_m,
        "source": SOURCE,
        "source_year": "2026",
        "visibility": "public",
        "dataset": "practice",
        "note": "Fiktiv bedrift i øvingsdata.",
        "lat": f"{point.y:.5f}",
        "lon": f"{point.x:.5f}",
    }


def _make_facilities(random: Random, ground: _Ground, recipes: pd.DataFrame) -> tuple[list[Row], list[str]]:
    """Return the facilities and each one's industry (empty for institutions, which have no streams)."""
    facts = recipes.drop_duplicates("industry").set_index("industry")
    plan: list[tuple[str, int, float]] = [
        (industry, ground.find(hub), 4.0) for hub, kinds in HUBS.items() for industry in kinds
    ]
    industries = sorted(facts.index)
    while len(plan) < FACILITIES - len(INSTITUTIONS):
        plan.append((random.choice(industries), random.randrange(len(ground.places)), 6.0))
    rows = [
        _make_facility(
            random,
            ground,
            number=number,
            label=str(facts.at[industry, "label"]),
            actor_type=str(facts.at[industry, "actor_type"]),
            industry_code=str(facts.at[industry, "industry_code"]),
            position=position,
            reach_km=reach_km,
        )
        for number, (industry, position, reach_km) in enumerate(plan, start=1)
    ]
    for label, actor_type, industry_code, place in INSTITUTIONS:
        row = _make_facility(
            random,
            ground,
            number=len(rows) + 1,
            label=label,
            actor_type=actor_type,
            industry_code=industry_code,
            position=ground.find(place),
            reach_km=3.0,
        )
        rows.append(row)
    return rows, [industry for industry, _, _ in plan] + [""] * len(INSTITUTIONS)


def _make_stream(random: Random, facility_id: str, number: int, recipe: Mapping[str, str]) -> Row:
    low, high = float(recipe["low"]), float(recipe["high"])
    best = _round_amount(exp(random.uniform(log(low), log(high))))
    least, most = (
        _round_amount(best * random.uniform(0.65, 0.95)),
        _round_amount(best * random.uniform(1.05, 1.5)),
    )
    amount_known, months_known, price_known, quality_known, treatment_known = (
        random.random() < share for share in (0.92, 0.88, 0.75, 0.7, 0.85)
    )
    months = random.choice(recipe["months"].split("|"))
    quality = random.choice(recipe["qualities"].split("|"))
    price = round(random.uniform(float(recipe["price_low"]), float(recipe["price_high"])) / 10) * 10
    return {
        "stream_id": f"{facility_id}-{number}",
        "facility_id": facility_id,
        "direction": recipe["direction"],
        "eal_code": recipe["eal_code"],
        "material": recipe["material"],
        "description": recipe["description"],
        "amount_min": _write_number(min(least, best)) if amount_known else "",
        "amount_best": _write_number(best) if amount_known else "",
        "amount_max": _write_number(max(most, best)) if amount_known else "",
        "unit": recipe["unit"],
        "months": months if months_known else "",
        "quality": quality if quality_known else "",
        "hazardous": recipe["hazardous"],
        "treatment": recipe["treatment"] if treatment_known else "",
        "price_nok_per_t": str(price) if price_known and recipe["unit"] == "t" else "",
        "legal_status": recipe["legal_status"],
        "basis": "illustrative",
        "reference": REFERENCE,
        "reference_year": "2026",
        "dataset": "practice",
        "note": "Fiktiv mengde.",
    }


def _make_streams(
    random: Random, facilities: Sequence[Row], industries: Sequence[str], recipes: pd.DataFrame
) -> list[Row]:
    # Three streams a firm; the first ones that have more to tell get a fourth until the total is reached.
    groups = {str(key): group.to_dict("records") for key, group in recipes.groupby("industry", sort=True)}
    firms = [
        (row["facility_id"], groups[kind]) for row, kind in zip(facilities, industries, strict=True) if kind
    ]
    spare = STREAMS - 3 * len(firms)
    rows: list[Row] = []
    for facility_id, choices in firms:
        count = 3
        if spare > 0 and len(choices) > 3:
            count, spare = 4, spare - 1
        chosen = sorted(random.sample(range(len(choices)), count))
        for number, index in enumerate(chosen, start=1):
            recipe = {str(key): str(value) for key, value in choices[index].items()}
            rows.append(_make_stream(random, facility_id, number, recipe))
    return rows


def _make_networks(facilities: Sequence[Row], industries: Sequence[str]) -> tuple[list[Row], list[Row]]:
    networks: list[Row] = []
    memberships: list[Row] = []
    for network_id, name, kind, region, kinds in NETWORKS:
        north = region == "Trøndelag"
        members = [
            row["facility_id"]
            for row, industry in zip(facilities, industries, strict=True)
            if industry in kinds and row["municipality_number"].startswith("50") == north
        ]
        networks.append(
            {
                "network_id": network_id,
                "name": name,
                "kind": kind,
                "founded": "2020",
                "region": region,
                "member_count": str(len(members)),
                "member_count_year": "2026",
                "members_public": "1",
                "source": SOURCE,
                "note": "Fiktivt nettverk i øvingsdata.",
            }
        )
        memberships += [
            {
                "facility_id": facility_id,
                "network_id": network_id,
                "role": "founder" if rank < 3 else "member",
                "from_date": "2020" if rank < 3 else "2022",
                "source": SOURCE,
            }
            for rank, facility_id in enumerate(members)
        ]
    return networks, memberships


def make_practice_tables(*, seed: int = SEED) -> dict[str, list[Row]]:
    """Return the four practice tables as rows of text, the same for the same seed and places."""
    random = Random(seed)  # noqa: S311 - reproducible practice data, no secret
    recipes = read_recipes()
    facilities, industries = _make_facilities(random, _Ground(), recipes)
    networks, memberships = _make_networks(facilities, industries)
    return {
        "facilities": facilities,
        "streams": _make_streams(random, facilities, industries, recipes),
        "networks": networks,
        "memberships": memberships,
    }


def write_practice(directory: Path, *, seed: int = SEED) -> None:
    """Write the four practice tables as CSV (UTF-8, comma, dot) into `directory`."""
    for name, rows in make_practice_tables(seed=seed).items():
        columns = [column.name for column in TABLES[name] if column.name not in NOT_TOLD]
        columns += ["lat", "lon"] if name == "facilities" else []
        with (directory / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    write_practice(data_dir() / "practice")
