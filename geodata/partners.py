"""Who fits one facility (or one inquiry): its matches gathered by partner, best first."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from geodata.flows import ENERGY, TONNES
from geodata.results import RegionTables
from geodata.schemas import WGS84, conform_table, empty_table

PARTNER_COLUMNS = (
    "rank",
    "facility_id",
    "partner_facility_id",
    "direction",
    "score",
    "matches",
    "best_match_id",
    "materials",
    "exchange_t_best",
    "exchange_mwh_best",
    "amount_unknown",
    "distance_km",
    "minutes",
    "ferries",
    "estimated_km",
    "estimated",
    "basis",
)
"""One row a partner and direction. `direction`: ``gives`` (the partner takes what the facility offers) or
``takes``. `score`, distance and basis are those of the best match; `exchange_*` the largest single match
(not a sum: the same offer may stand in several matches); `amount_unknown` the number of matches without a
known amount."""

INQUIRY_ID = "inquiry"


def rank_partners(matches: pd.DataFrame, *, facility_ids: list[str]) -> pd.DataFrame:
    """Return the partners of some facilities, best first (:data:`PARTNER_COLUMNS`).

    Parameters
    ----------
    matches : a match table (by rank); matches between two of `facility_ids` are shown from the giver's side.
    """
    giving = matches["from_facility_id"].isin(facility_ids)
    taking = matches["to_facility_id"].isin(facility_ids) & ~giving
    seen = pd.concat(
        [
            matches[giving].assign(
                direction="gives", facility_id=matches["from_facility_id"], partner=matches["to_facility_id"]
            ),
            matches[taking].assign(
                direction="takes", facility_id=matches["to_facility_id"], partner=matches["from_facility_id"]
            ),
        ]
    ).sort_values("rank")
    seen["tonnes"] = seen["exchange_best"].where(seen["unit"] == TONNES)
    seen["energy"] = seen["exchange_best"].where(seen["unit"] == ENERGY)
    partners = (
        seen.groupby(["facility_id", "partner", "direction"], sort=False)
        .agg(
            score=("score", "first"),
            matches=("match_id", "size"),
            best_match_id=("match_id", "first"),
            materials=("material", lambda keys: " ".join(dict.fromkeys(keys))),
            exchange_t_best=("tonnes", "max"),
            exchange_mwh_best=("energy", "max"),
            amount_unknown=("amount_known", lambda known: int((~known).sum())),
            **{name: (name, "first") for name in ("distance_km", "minutes", "ferries", "estimated_km")},
            estimated=("estimated", "first"),
            basis=("basis", "first"),
        )
        .reset_index()
        .rename(columns={"partner": "partner_facility_id"})
    )
    partners["rank"] = range(1, len(partners) + 1)
    kinds = {"rank": "Int64", "matches": "Int64", "amount_unknown": "Int64", "direction": "string"}
    kinds |= {"materials": "string", "ferries": "Int64", "estimated": "boolean", "basis": "string"}
    return partners[list(PARTNER_COLUMNS)].astype(kinds)


def append_tables(tables: RegionTables, extra: RegionTables) -> RegionTables:
    """Return `tables` with the rows of `extra` after them (a dropped file, an inquiry).

    A facility or stream of `extra` takes the place of one with the same id.
    """

    def join(name: str, key: list[str]) -> pd.DataFrame:
        one, two = getattr(tables, name), getattr(extra, name)
        filled = [frame for frame in (one, two) if len(frame)]
        both = pd.concat(filled, ignore_index=True) if filled else one
        return conform_table(both.drop_duplicates(key, keep="last").reset_index(drop=True), name)

    facilities = gpd.GeoDataFrame(join("facilities", ["facility_id"]), geometry="geometry", crs=WGS84)
    return RegionTables(
        facilities=facilities,
        streams=join("streams", ["stream_id"]),
        networks=join("networks", ["network_id"]),
        memberships=join("memberships", ["facility_id", "network_id", "role"]),
    )


def make_inquiry(
    *,
    material: str,
    lon: float,
    lat: float,
    direction: str = "offer",
    eal_code: str | None = None,
    amount_best: float | None = None,
    unit: str | None = None,
    months: str | None = None,
    hazardous: bool | None = None,
    name: str = "?",
    municipality_number: str | None = None,
) -> RegionTables:
    """Return one facility with one stream from what a person has in the container today.

    The facility's id is :data:`INQUIRY_ID`; `lon`, `lat` are EPSG:4326; the amount is a year's, in `unit`.
    """
    facility = {
        "facility_id": INQUIRY_ID,
        "name": name,
        "actor_type": "producer",
        "municipality_number": municipality_number,
        "geocode_quality": "given",
        "visibility": "private",
        "dataset": "own",
    }
    stream = {
        "stream_id": f"{INQUIRY_ID}-1",
        "facility_id": INQUIRY_ID,
        "direction": direction,
        "eal_code": eal_code,
        "material": material,
        "amount_best": amount_best,
        "unit": unit,
        "months": months,
        "hazardous": hazardous,
        "basis": "estimated",
        "dataset": "own",
    }
    point = gpd.points_from_xy([lon], [lat], crs=WGS84)
    facilities = gpd.GeoDataFrame(
        conform_table(pd.DataFrame([facility]), "facilities"), geometry=point, crs=WGS84
    )
    return RegionTables(
        facilities=facilities,
        streams=conform_table(pd.DataFrame([stream]), "streams"),
        networks=empty_table("networks"),
        memberships=empty_table("memberships"),
    )
