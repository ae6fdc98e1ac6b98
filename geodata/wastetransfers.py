"""Waste that facilities report to have sent away (hazardous or not x recovery or disposal), beside streams.

The reports (European Pollutant Release and Transfer Register, Regulation (EC) 166/2006, article 5) tell no
material, so they are a check on streams and, for hazardous waste only, a stream of mixed hazardous waste. A
facility reports above 2 t of hazardous and 2 000 t of other waste a year: no report is not zero.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.schemas import STREAMS, conform_table

TRANSFER_COLUMNS: Final = {
    "facility_key": "string",
    "facility_name": "string",
    "city": "string",
    "lon": "Float64",
    "lat": "Float64",
    "sector_code": "string",
    "sector_name": "string",
    "activity": "string",
    "reporting_year": "Int64",
    "hazardous": "boolean",
    "treatment": "string",
    "tonnes": "Float64",
    "confidential": "boolean",
}
"""Of a table of transfers: one row a facility, year, class and treatment (``R`` recovery, ``D`` disposal)."""
LEAST_REPORTED_T: Final = {True: 2.0, False: 2_000.0}
"""Hazardous -> tonnes a year above which a facility must report (Regulation (EC) 166/2006, article 5.1 b)."""
NEAR_KM: Final = 5.0
"""How far a facility's point may lie from the one in the report to be the same."""
TOLERANCE: Final = 0.10
"""Streams may exceed the reported transfer by this share before it is told."""
VERDICTS: Final = ("within", "above", "far_below", "no_transfer", "confidential")
YEARS_OF_RANGE: Final = 5
_FORMS = frozenset(
    ["as", "asa", "ans", "da", "sa", "iks", "ks", "ba", "avd", "avdeling", "nuf", "ltd", "gmbh"]
)


def fold_facility_name(text: object) -> str:
    """Return a facility's name for comparing: small letters, without marks and legal form."""
    words = re.sub(r"[^\w]+", " ", str(text).casefold()).split()
    return " ".join(word for word in words if word not in _FORMS)


def match_transfers(transfers: pd.DataFrame, facilities: gpd.GeoDataFrame) -> dict[str, str]:
    """Return facility_key -> facility_id for facilities that are certainly the same.

    The same name but for marks and legal form, and points within :data:`NEAR_KM` where both have one. A name
    that fits several facilities on either side fits none, unless the points tell which.
    """
    places = facilities.geometry
    ours: dict[str, list[tuple[str, float, float]]] = {}
    for facility_id, name, point in zip(facilities["facility_id"], facilities["name"], places, strict=True):
        placed = point is not None and not point.is_empty
        ours.setdefault(fold_facility_name(name), []).append(
            (str(facility_id), point.x if placed else np.nan, point.y if placed else np.nan)
        )
    theirs = transfers.dropna(subset=["facility_name"]).drop_duplicates("facility_key", keep="last")
    claims: dict[str, list[str]] = {}
    for key, name, lon, lat in zip(
        theirs["facility_key"], theirs["facility_name"], theirs["lon"], theirs["lat"], strict=True
    ):
        here = (np.nan if pd.isna(lon) else float(lon), np.nan if pd.isna(lat) else float(lat))
        near = [
            facility_id
            for facility_id, x, y in ours.get(fold_facility_name(name), [])
            if not _measure_km(x, y, *here) > NEAR_KM
        ]
        if len(near) == 1:
            claims.setdefault(near[0], []).append(str(key))
    return {keys[0]: facility_id for facility_id, keys in claims.items() if len(keys) == 1}


def _measure_km(x: float, y: float, lon: float, lat: float) -> float:
    """Return the distance in kilometres; NaN where one of the points is not known."""
    east = (x - lon) * 111.32 * np.cos(np.radians((y + lat) / 2))
    return float(np.hypot(east, (y - lat) * 111.32))


def compare_transfers(
    streams: pd.DataFrame,
    transfers: pd.DataFrame,
    *,
    facilities: gpd.GeoDataFrame,
    year: int | None = None,
) -> pd.DataFrame:
    """Tell per facility and class how its streams add up beside what it reports to have sent away.

    Parameters
    ----------
    streams : offers in tonnes are counted; the best estimate, else the most, else the least.
    transfers : :data:`TRANSFER_COLUMNS`.
    year : of the reports; the latest of each facility when it is not given.

    Returns
    -------
    One row a facility that has streams in tonnes or a report, and class: ``facility_id``, ``hazardous``
    (boolean), ``reported_t``, ``modelled_t`` (streams of that basis; estimated ones count as modelled),
    ``transfer_t`` (<NA> where nothing or nothing public is reported), ``transfer_year`` (Int64), ``share``
    (streams over transfer), ``verdict``: ``within``, ``above`` (more than the report and :data:`TOLERANCE`),
    ``far_below`` (less than a tenth: streams are missing), ``no_transfer`` (nothing reported, which below
    :data:`LEAST_REPORTED_T` need not be), ``confidential``.
    """
    ids = match_transfers(transfers, facilities)
    known = transfers.assign(facility_id=transfers["facility_key"].map(ids).astype("string"))
    known = known[known["facility_id"].notna() & known["hazardous"].notna()]
    if year is not None:
        known = known[known["reporting_year"] == year]
    else:
        latest = known.groupby("facility_id")["reporting_year"].transform("max")
        known = known[known["reporting_year"] == latest]
    sent = known.groupby(["facility_id", "hazardous"], dropna=False).agg(
        transfer_t=("tonnes", lambda values: values.sum(min_count=1)),
        transfer_year=("reporting_year", "max"),
        hidden=("confidential", "any"),
    )
    have = _sum_streams(streams, set(facilities["facility_id"].astype(str)))
    out = have.join(sent, how="outer").reset_index()
    out = out.astype({"facility_id": "string", "hazardous": "boolean", "transfer_year": "Int64"})
    for name in ("reported_t", "modelled_t", "transfer_t"):
        out[name] = out[name].astype("Float64")
    total = out["reported_t"].fillna(0) + out["modelled_t"].fillna(0)
    out["share"] = (total / out["transfer_t"]).where(out["transfer_t"] > 0).astype("Float64")
    verdict = pd.Series("no_transfer", index=out.index, dtype="string")
    verdict = verdict.mask(out["share"].notna().to_numpy(dtype=bool), "within")
    verdict = verdict.mask((out["share"] > 1 + TOLERANCE).fillna(False).to_numpy(dtype=bool), "above")
    verdict = verdict.mask((out["share"] < 0.1).fillna(False).to_numpy(dtype=bool), "far_below")
    hidden = out["hidden"].astype("boolean").fillna(False) & out["transfer_t"].isna()
    out["verdict"] = verdict.mask(hidden.to_numpy(dtype=bool), "confidential")
    columns = ["facility_id", "hazardous", "reported_t", "modelled_t", "transfer_t", "transfer_year", "share"]
    return out[[*columns, "verdict"]].sort_values(["facility_id", "hazardous"]).reset_index(drop=True)


def _sum_streams(streams: pd.DataFrame, ids: set[str]) -> pd.DataFrame:
    offers = streams[
        (streams["direction"] == "offer") & (streams["unit"] == "t") & streams["facility_id"].isin(ids)
    ]
    amount = offers["amount_best"].fillna(offers["amount_max"]).fillna(offers["amount_min"]).astype("Float64")
    reported = (offers["basis"] == "reported").fillna(False)
    frame = pd.DataFrame(
        {
            "facility_id": offers["facility_id"].astype("string"),
            "hazardous": offers["hazardous"].astype("boolean").fillna(False),
            "reported_t": amount.where(reported.to_numpy(dtype=bool)),
            "modelled_t": amount.where(~reported.to_numpy(dtype=bool)),
        }
    )
    return frame.groupby(["facility_id", "hazardous"])[["reported_t", "modelled_t"]].sum(min_count=1)


def make_hazardous_streams(
    transfers: pd.DataFrame,
    *,
    facilities: gpd.GeoDataFrame,
    streams: pd.DataFrame,
    source: str,
    note: str,
    dataset: str = "register",
    materials: Collection[str] = ("hazardous_waste",),
) -> pd.DataFrame:
    """Return one stream of mixed hazardous waste for each facility that reports it and has none of its own.

    Other waste becomes no stream: the report does not tell what it is, and a material made up would match.

    Parameters
    ----------
    transfers, facilities : matched as :func:`match_transfers` does. streams : those there are already.
    source, note : texts for ``reference`` and ``note`` (that the material is not known).
    materials : the vocabulary's key for it, first.

    Returns
    -------
    Table of streams: best = the latest year, least and most = of the last :data:`YEARS_OF_RANGE` reported
    years; basis ``reported``; treatment <NA> (recovery or disposal is all that is told).
    """
    ids = match_transfers(transfers, facilities)
    offers = streams["direction"] == "offer"
    own = set(streams.loc[offers & streams["hazardous"].fillna(False), "facility_id"].astype(str))
    rows = transfers[transfers["hazardous"].fillna(False) & transfers["tonnes"].notna()]
    rows = rows.assign(facility_id=rows["facility_key"].map(ids))
    rows = rows[rows["facility_id"].notna() & ~rows["facility_id"].isin(own)]
    made: list[dict[str, object]] = []
    for facility_id, group in rows.groupby("facility_id"):
        years = group.groupby("reporting_year")["tonnes"].sum().sort_index().tail(YEARS_OF_RANGE)
        several = len(years) > 1
        made.append(
            {
                "stream_id": f"transfer-{facility_id}",
                "facility_id": facility_id,
                "direction": "offer",
                "material": next(iter(materials)),
                "amount_min": float(years.min()) if several else None,
                "amount_best": float(years.iloc[-1]),
                "amount_max": float(years.max()) if several else None,
                "unit": "t",
                "hazardous": True,
                "basis": "reported",
                "reference": f"{source} {years.index[0]}–{years.index[-1]}"
                if several
                else f"{source} {years.index[-1]}",
                "reference_year": int(years.index[-1]),
                "dataset": dataset,
                "note": note,
            }
        )
    frame = pd.DataFrame(made, columns=[column.name for column in STREAMS])
    return conform_table(frame.astype(object), "streams")
