"""Streams made comparable: one unit, one range, months as a mask, hazard from flag or code.

Everything here is per stream; pairs are made in :mod:`geodata.matching`. Unknown stays unknown (NaN, mask 0,
hazard -1) and is never zero.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.codetables import WasteCodes
from geodata.months import parse_months
from geodata.schemas import BASES

Floats = npt.NDArray[np.float64]

FLOW_COLUMNS = (
    "stream_id",
    "facility",
    "offer",
    "code",
    "material",
    "unit",
    "amount_min",
    "amount_best",
    "amount_max",
    "months",
    "hazard",
    "basis",
    "piped",
    "division",
    "treats",
    "treatment",
    "quality",
    "price_nok_per_t",
)
HAZARD_UNKNOWN, HAZARD_NO, HAZARD_YES = -1, 0, 1
TONNES, ENERGY = "t", "MWh"
_PER_CUBIC_METRE = {
    TONNES: ("density_low_t_per_m3", "density_t_per_m3", "density_high_t_per_m3"),
    ENERGY: ("energy_low_mwh_per_m3", "energy_mwh_per_m3", "energy_high_mwh_per_m3"),
}
PIPED_MATERIALS = ("heat", "cooling", "cooling_water", "process_water", "process_gas")
"""These and their kinds go by pipe: no lorry carries them across a county."""


TREATERS = ("treatment", "collector", "municipal_waste_company")
"""Kinds of actors that treat or sort what others give them, and hand the product on."""


def prepare_flows(
    streams: pd.DataFrame,
    *,
    facility_ids: tuple[str, ...],
    codes: WasteCodes,
    facilities: gpd.GeoDataFrame | None = None,
) -> pd.DataFrame:
    """Return one comparable row a stream, sorted by stream_id (so that no later step sees the row order).

    Parameters
    ----------
    streams : columns as :data:`geodata.schemas.STREAMS`.
    facility_ids : position -> facility_id, as in ``Travel.ids``.
    codes : the material vocabulary (densities) and the hazard flags of the codes.
    facilities : what kind of actor each is and its industry; None: not known of any.

    Returns
    -------
    Frame with :data:`FLOW_COLUMNS`: `facility` is a position in `facility_ids`; `unit` is ``t`` wherever the
    amount could be turned into tonnes (m3 by the material's density: low for the minimum, high for the
    maximum), MWh where its heating value is known instead, else the stream's own unit or ``""``; `months` a
    12-bit mask, 0 unknown; `hazard` -1 unknown, 0 no, 1 yes; `basis` the position in
    :data:`geodata.schemas.BASES`; `piped` whether it goes by pipe;
    `division` the facility's NACE division ("" unknown) and `treats` whether
    it is one of :data:`TREATERS`; `treatment`, `quality` the stream's own ("" unknown).
    """
    position = pd.Series(np.arange(len(facility_ids)), index=pd.Index(facility_ids, dtype="object"))
    rows = streams.sort_values("stream_id", kind="stable").reset_index(drop=True)
    facility = rows["facility_id"].astype("object").map(position)
    low, best, high = fill_range(rows["amount_min"], rows["amount_best"], rows["amount_max"])
    unit = rows["unit"].astype("object").where(rows["unit"].notna(), "").to_numpy()
    low, best, high, unit = _to_common_unit(
        low, best, high, unit=unit, material=rows["material"], codes=codes
    )
    division, treats = _describe_owners(rows["facility_id"], facilities)
    basis = rows["basis"].astype("object").map({name: rank for rank, name in enumerate(BASES)})
    return pd.DataFrame(
        {
            "stream_id": rows["stream_id"].astype("object").to_numpy(),
            "facility": facility.to_numpy(dtype=np.intp),
            "offer": (rows["direction"] == "offer").to_numpy(dtype=bool),
            "code": rows["eal_code"].astype("object").where(rows["eal_code"].notna(), "").to_numpy(),
            "material": rows["material"].astype("object").to_numpy(),
            "unit": unit,
            "amount_min": low,
            "amount_best": best,
            "amount_max": high,
            "months": _month_masks(rows["months"]),
            "hazard": _hazards(rows["hazardous"], rows["eal_code"], codes=codes),
            "basis": basis.to_numpy(dtype=np.int8),
            "piped": _find_piped(rows["material"], codes=codes),
            "division": division,
            "treats": treats,
            "treatment": _texts(rows["treatment"]),
            "quality": _texts(rows["quality"]),
            "price_nok_per_t": rows["price_nok_per_t"].to_numpy(dtype=np.float64, na_value=np.nan),
        }
    )


def _texts(column: pd.Series) -> npt.NDArray[np.object_]:
    texts: npt.NDArray[np.object_] = column.astype("object").where(column.notna(), "").to_numpy()
    return texts


def _describe_owners(
    facility_id: pd.Series, facilities: gpd.GeoDataFrame | None
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.bool_]]:
    """Return the division of each stream's facility, and whether it treats what others give it."""
    if facilities is None:
        return np.full(len(facility_id), "", dtype=object), np.zeros(len(facility_id), dtype=bool)
    known = facilities.drop_duplicates("facility_id").set_index("facility_id")
    owner = known.index.astype("object").get_indexer(pd.Index(facility_id.astype("object")))
    if "industry_code" in known:
        division = pd.Series(_texts(known["industry_code"])).str[:2].to_numpy(dtype=object)[owner]
    else:
        division = np.full(len(facility_id), "", dtype=object)
    return division, known["actor_type"].isin(TREATERS).to_numpy(dtype=bool)[owner]


def fill_range(
    amount_min: pd.Series, amount_best: pd.Series, amount_max: pd.Series
) -> tuple[Floats, Floats, Floats]:
    """Return min, best and max with the gaps that follow from the others filled; NaN where they do not.

    A best without a range is its own range; a range without a best has its middle as best. A lone minimum or
    maximum says nothing of the best: all three stay unknown.
    """
    low = amount_min.to_numpy(dtype=np.float64, na_value=np.nan)
    best = amount_best.to_numpy(dtype=np.float64, na_value=np.nan)
    high = amount_max.to_numpy(dtype=np.float64, na_value=np.nan)
    best = np.where(np.isnan(best), (low + high) / 2.0, best)
    unknown = np.isnan(best)
    low = np.where(unknown, np.nan, np.where(np.isnan(low), best, low))
    high = np.where(unknown, np.nan, np.where(np.isnan(high), best, high))
    return low, best, high


def _to_common_unit(
    low: Floats,
    best: Floats,
    high: Floats,
    *,
    unit: npt.NDArray[np.object_],
    material: pd.Series,
    codes: WasteCodes,
) -> tuple[Floats, Floats, Floats, npt.NDArray[np.object_]]:
    """Turn cubic metres into tonnes by the material's density, a gas without one into MWh by its heating
    value."""
    facts = codes.materials.set_index("material")
    names = material.astype("object")
    for made, (lowest, middle, highest) in _PER_CUBIC_METRE.items():
        if middle not in facts:
            continue
        light, mean, heavy = (
            names.map(facts[column].astype("Float64")).to_numpy(dtype=np.float64, na_value=np.nan)
            if column in facts
            else np.full(len(names), np.nan)
            for column in (lowest, middle, highest)
        )
        light, heavy = np.where(np.isnan(light), mean, light), np.where(np.isnan(heavy), mean, heavy)
        by_volume = (unit == "m3") & ~np.isnan(mean)
        low = np.where(by_volume, low * light, low)
        best = np.where(by_volume, best * mean, best)
        high = np.where(by_volume, high * heavy, high)
        unit = np.where(by_volume, made, unit)
    return low, best, high, unit


def _find_piped(material: pd.Series, *, codes: WasteCodes) -> npt.NDArray[np.bool_]:
    names = material.astype("object")
    piped = {
        name: bool({name, *codes.ancestors.get(name, ())} & set(PIPED_MATERIALS)) for name in names.unique()
    }
    return names.map(piped).to_numpy(dtype=bool)


def _month_masks(months: pd.Series) -> npt.NDArray[np.int16]:
    texts = months.astype("object").where(months.notna(), "")
    masks = {text: parse_months(text)[0] or 0 for text in texts.unique()}
    return texts.map(masks).to_numpy(dtype=np.int16)


def _hazards(flag: pd.Series, code: pd.Series, *, codes: WasteCodes) -> npt.NDArray[np.int8]:
    # A hazardous code is hazardous whatever the flag says: the law goes by the code.
    by_code = code.astype("object").map(dict(codes.hazard))
    said = flag.astype("object")
    yes = (said == True) | (by_code == True)  # noqa: E712  (object columns with gaps)
    known = said.notna() | by_code.notna()
    return np.where(yes, HAZARD_YES, np.where(known, HAZARD_NO, HAZARD_UNKNOWN)).astype(np.int8)
