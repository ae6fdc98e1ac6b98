"""What columns each table has, in which unit and CRS. The single source for checks, templates and docs.

A table is a pandas DataFrame (facilities: a GeoDataFrame of points in EPSG:4326). Text columns are
pandas ``string``; numbers are ``Float64``; whole numbers ``Int64``; yes/no ``boolean``; dates are ISO
text (``2020-05-20``, ``2020-05`` or ``2020``). Unknown is ``<NA>`` and is never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pandas as pd
from pandas.api.extensions import ExtensionDtype

WGS84 = "EPSG:4326"

ACTOR_TYPES = (
    "producer",  # industry that gives or takes streams
    "treatment",  # waste treatment, recycling or energy recovery plant
    "municipal_waste_company",  # owned by municipalities; serves their inhabitants
    "collector",  # collects, sorts and trades waste
    "industrial_park",
    "primary_production",  # farm, forest, fish
    "construction",
    "research",
    "investor",
    "public_body",
    "network_office",
    "service",
)
GEOCODE_GRADES = ("given", "address", "street", "site", "place", "postcode", "municipality")
VISIBILITIES = ("public", "network", "private")
DATASETS = ("region", "practice", "own", "register")
"""Public facts somebody looked at, plainly fictional, the user's own files, units of a public register."""
DIRECTIONS = ("offer", "need")
UNITS = ("t", "MWh", "m3")  # per year
BASES = ("reported", "estimated", "modelled", "illustrative")
LEGAL_STATUSES = ("waste", "by_product", "end_of_waste", "product")
TREATMENTS = tuple(f"R{n}" for n in range(1, 14)) + tuple(f"D{n}" for n in range(1, 16))
NETWORK_KINDS = ("waste_cluster", "industry_cluster", "industrial_park", "cooperation", "network")
MEMBER_ROLES = ("founder", "member", "owner", "partner", "tenant", "project", "office")
PLACE_KINDS = ("seat", "town", "village", "site", "junction", "quay")


@dataclass(frozen=True)
class Column:
    """One column: its name, type, and what it may hold.

    Attributes
    ----------
    name : column name; the unit stands in it where it has one.
    dtype : pandas dtype name (``string``, ``Float64``, ``Int64``, ``boolean``).
    required : a value must stand in every row.
    allowed : closed vocabulary, or empty.
    low, high : inclusive range of a number, or None.
    unique : no value twice.
    meaning : one English sentence for the docs.
    """

    name: str
    dtype: str
    required: bool = False
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    unique: bool = False
    meaning: str = ""


def _text(
    name: str, meaning: str, *, required: bool = False, unique: bool = False, allowed: tuple[str, ...] = ()
) -> Column:
    return Column(name, "string", required, allowed, unique=unique, meaning=meaning)


def _number(
    name: str, meaning: str, *, required: bool = False, low: float | None = 0.0, high: float | None = None
) -> Column:
    return Column(name, "Float64", required, low=low, high=high, meaning=meaning)


FACILITIES: tuple[Column, ...] = (
    _text("facility_id", "Stable identifier, unique in the table.", required=True, unique=True),
    _text("name", "Name of the facility as its owner writes it.", required=True),
    _text("organisation_number", "Nine digits with a valid mod-11 check digit (Brønnøysundregistrene)."),
    _text("actor_type", "What kind of actor it is.", required=True, allowed=ACTOR_TYPES),
    _text("industry_code", "SN2007 or SN2025 code, 2 to 5 digits with a point after the second: 38.110."),
    Column("employees", "Int64", low=0, meaning="Registered employees; empty: unknown or withheld."),
    _text("address", "Street and number, or the site's name."),
    _text("postcode", "Four digits as text."),
    _text("place", "Postal place or village."),
    _text("municipality_number", "Today's four-digit municipality number as text."),
    _text("service_area", "Municipality numbers served, separated by a space (municipal waste companies)."),
    _text("geocode_quality", "How the point was found.", allowed=GEOCODE_GRADES),
    _number("geocode_radius_m", "Radius within which the true point is expected, metres."),
    _text("source", "Where the row comes from (page, register, file)."),
    Column("source_year", "Int64", low=1900, high=2100, meaning="Year the source speaks of."),
    _text("visibility", "Who may see the row.", required=True, allowed=VISIBILITIES),
    _text(
        "dataset",
        "Public facts, practice data, the user's own, or a public register.",
        required=True,
        allowed=DATASETS,
    ),
    _text("note", "Free text."),
)
"""GeoDataFrame; ``geometry`` is a point in EPSG:4326 or None (not placed: listed, never on the map)."""

MEMBERSHIPS: tuple[Column, ...] = (
    _text("facility_id", "The member.", required=True),
    _text("network_id", "The network.", required=True),
    _text("role", "What the member is in the network.", required=True, allowed=MEMBER_ROLES),
    _text("from_date", "ISO date, month or year."),
    _text("to_date", "ISO date, month or year; empty while it lasts."),
    _text("source", "Where the membership is published."),
)

NETWORKS: tuple[Column, ...] = (
    _text("network_id", "Stable identifier.", required=True, unique=True),
    _text("name", "The network's own name.", required=True),
    _text("kind", "What kind of network.", required=True, allowed=NETWORK_KINDS),
    _text("founded", "ISO date, month or year."),
    _text("ended", "ISO date, month or year of a merger or an end."),
    _text("merged_into", "network_id of the successor."),
    _text("region", "Where it works, in words."),
    Column("member_count", "Int64", low=0, meaning="Published number of members."),
    Column("member_count_year", "Int64", low=1900, high=2100, meaning="Year of that number."),
    Column("members_public", "boolean", meaning="Whether a list of members is public."),
    _text("website", "Host name of the network's own site."),
    _text("source", "Where the row comes from."),
    _text("note", "What a reader should know, e.g. that the members are not public."),
)

STREAMS: tuple[Column, ...] = (
    _text("stream_id", "Stable identifier, unique in the table.", required=True, unique=True),
    _text("facility_id", "The facility that offers or needs it.", required=True),
    _text("direction", "Offer or need.", required=True, allowed=DIRECTIONS),
    _text("eal_code", "Six digits without spaces (European List of Waste), or none: heat, water, products."),
    _text("material", "Key of the material vocabulary (geodata.wastecodes).", required=True),
    _text("description", "The firm's own words."),
    _number("amount_min", "Lowest amount a year, in `unit`."),
    _number("amount_best", "Best estimate of the amount a year, in `unit`."),
    _number("amount_max", "Highest amount a year, in `unit`."),
    _text("unit", "Unit of the three amounts, per year.", allowed=UNITS),
    _text("months", "Months it arises or is needed in: `1-12`, `11-2`, `1,4,7`; empty: unknown."),
    _text("quality", "Quality in words (clean, mixed, wet 80 %, grade A ...)."),
    Column("hazardous", "boolean", meaning="Hazardous waste."),
    _text("treatment", "Present treatment (offers) or the treatment done (needs).", allowed=TREATMENTS),
    _number(
        "price_nok_per_t", "What the owner pays (negative) or gets (positive) today, NOK per tonne.", low=None
    ),
    _text("legal_status", "Waste, by-product, end-of-waste or product.", allowed=LEGAL_STATUSES),
    _text("basis", "How the amount is known.", required=True, allowed=BASES),
    _text("reference", "The published source, method or file the figure comes from."),
    Column("reference_year", "Int64", low=1900, high=2100, meaning="Year the figure speaks of."),
    _text(
        "dataset",
        "Public facts, practice data, the user's own, or a public register.",
        required=True,
        allowed=DATASETS,
    ),
    _text("note", "Free text."),
)

ROAD_PLACES: tuple[Column, ...] = (
    _text("place_id", "Stable identifier.", required=True, unique=True),
    _text("name", "Name of the place, junction or quay.", required=True),
    _text("kind", "What it is.", required=True, allowed=PLACE_KINDS),
    _text("municipality_number", "Today's municipality number."),
    _number("lat", "Latitude, degrees, EPSG:4326.", required=True, low=57, high=81),
    _number("lon", "Longitude, degrees, EPSG:4326.", required=True, low=-10, high=33),
)

ROAD_LINKS: tuple[Column, ...] = (
    _text("link_id", "Stable identifier.", required=True, unique=True),
    _text("from_place", "place_id.", required=True),
    _text("to_place", "place_id.", required=True),
    _text("road", "Road number as on the signs: E6, Rv3, Fv17; or the ferry's name."),
    _number("km", "Length along the road or the ferry line, kilometres.", required=True),
    _number("speed_kmh", "Mean speed of a truck, km/h; empty on a ferry.", high=80.0),
    Column("ferry", "boolean", required=True, meaning="A car ferry."),
    _number("sailing_minutes", "Minutes on board, ferries only."),
    _number("waiting_minutes", "Mean wait, ferries only."),
    _number("toll_nok", "Toll or ferry fare of a 3-axle truck, NOK; empty: unknown."),
    _text("source", "Where the length or the crossing comes from."),
)

PARAMETERS: tuple[Column, ...] = (
    _text("name", "Parameter name; its unit stands in it.", required=True, unique=True),
    _number("value", "Default.", required=True, low=None),
    _text("unit", "Unit.", required=True),
    _number("low", "Lowest sensible value.", low=None),
    _number("high", "Highest sensible value.", low=None),
    Column("year", "Int64", low=1900, high=2100, meaning="Year the value speaks of."),
    _text("source", "Where the value comes from.", required=True),
    _text("meaning", "One sentence."),
)

TABLES: dict[str, tuple[Column, ...]] = {
    "facilities": FACILITIES,
    "memberships": MEMBERSHIPS,
    "networks": NETWORKS,
    "streams": STREAMS,
    "road_places": ROAD_PLACES,
    "road_links": ROAD_LINKS,
    "parameters": PARAMETERS,
}


def _dtype(column: Column) -> ExtensionDtype:
    return cast(ExtensionDtype, pd.api.types.pandas_dtype(column.dtype))


def empty_table(name: str) -> pd.DataFrame:
    """Return the table `name` with its columns and types and no rows (facilities: a GeoDataFrame)."""
    frame = pd.DataFrame({column.name: pd.Series([], dtype=_dtype(column)) for column in TABLES[name]})
    if name == "facilities":
        import geopandas as gpd  # slow to load

        return cast(pd.DataFrame, gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([], crs=WGS84)))
    return frame


def conform_table(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return `frame` with every column of table `name`, in order and with its dtype; missing ones are <NA>.

    Columns the schema does not know are kept after the known ones, untouched. Nothing is validated here:
    see :func:`geodata.schemas.check_table`.
    """
    known = [column.name for column in TABLES[name]]
    out = frame.copy()
    for column in TABLES[name]:
        if column.name not in out:
            out[column.name] = pd.Series(pd.NA, index=out.index, dtype=_dtype(column))
        elif str(out[column.name].dtype) != column.dtype:
            out[column.name] = out[column.name].astype(_dtype(column))
    rest = [name for name in out.columns if name not in known]
    return out[known + rest]
