"""Small hand-made regions and a made-up travel table for tests of matching and clustering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.codetables import WasteCodes
from geodata.results import RegionTables
from geodata.schemas import WGS84, conform_table, empty_table
from geodata.transport import Floats, Ints, Legs
from geodata.uses import USE_COLUMNS, UseLibrary, tabulate_receivers


def make_codes() -> WasteCodes:
    """A small vocabulary: wood and its kinds, glass, sludge with a density, heat."""
    eal = pd.DataFrame(
        [
            ("030105", False, "mirror_nonhazardous"),
            ("030104", True, "mirror_hazardous"),
            ("030101", False, "absolute_nonhazardous"),
            ("170201", False, "absolute_nonhazardous"),
            ("170202", False, "absolute_nonhazardous"),
            ("170204", True, "mirror_hazardous"),
            ("190805", False, "absolute_nonhazardous"),
        ],
        columns=["eal_code", "hazardous", "entry"],
    ).assign(mirrors="", title_nb="x", title_nn="x", title_en="x")
    materials = pd.DataFrame(
        [
            ("wood", "", 0.2, 0.25, 0.3),
            ("sawdust", "wood", 0.15, 0.2, 0.25),
            ("wood_chips", "wood", np.nan, np.nan, np.nan),
            ("glass", "", np.nan, np.nan, np.nan),
            ("sludge", "", np.nan, 1.0, np.nan),
            ("heat", "", np.nan, np.nan, np.nan),
            ("surplus_heat", "heat", np.nan, np.nan, np.nan),
        ],
        columns=["material", "parent", "density_low_t_per_m3", "density_t_per_m3", "density_high_t_per_m3"],
    ).assign(label_nb="x", label_nn="x", label_en="x", group="x", synonyms="")
    chapters = pd.DataFrame([("03", "x", "x", "x")], columns=["chapter", "title_nb", "title_nn", "title_en"])
    subchapters = pd.DataFrame(
        [("0301", "x", "x", "x")], columns=["subchapter", "title_nb", "title_nn", "title_en"]
    )
    reach = pd.DataFrame(
        [("03", "sawdust"), ("1702", "wood"), ("170202", "glass"), ("19", "sludge")],
        columns=["prefix", "material"],
    )
    return WasteCodes(eal, chapters, subchapters, materials, reach)


def make_use(use_id: str, **values: object) -> dict[str, object]:
    """A use with the gaps filled: wood to sawdust, done by the receiver."""
    usual: dict[str, object] = dict.fromkeys(USE_COLUMNS, "")
    usual |= {"materials": "wood", "step": "grinding", "hierarchy": "recycling", "product": "sawdust"}
    usual |= {"operation": "R3", "receivers": "16:5", "law": "product", "source": "expert judgement"}
    usual |= {"yield_low": 0.8, "yield_best": 0.9, "yield_high": 1.0}
    return usual | {"use_id": use_id} | values


def make_uses(*uses: Mapping[str, object]) -> UseLibrary:
    """A library of some uses (:func:`make_use`) with a few words; without any there are no uses."""
    table = pd.DataFrame([dict(use) for use in uses], columns=list(USE_COLUMNS))
    yields = dict.fromkeys(("yield_low", "yield_best", "yield_high"), "Float64")
    table = table.astype(dict.fromkeys(USE_COLUMNS, "string") | yields)
    labels = {f"label_{language}": "x" for language in ("nb", "nn", "en")}

    def words(name: str, keys: Sequence[str]) -> pd.DataFrame:
        return pd.DataFrame({name: list(keys)}).assign(**labels, reference="x")

    return UseLibrary(
        uses=table,
        receivers=tabulate_receivers(table),
        steps=words("step", ["none", "grinding", "sorting", "combustion"]),
        qualities=words("quality", ["clean_sorted", "low_moisture", "no_impregnation"]),
        laws=words("law", ["product", "energy", "hazardous"]),
        precedents=pd.DataFrame(
            columns=["precedent_id", "place", "country", "year", "text_nb", "text_nn", "text_en", "reference"]
        ),
        popularity=pd.DataFrame(columns=["division", "share", "source"]),
    )


NO_USES = make_uses()


def make_tables(
    facilities: Mapping[str, tuple[float, float] | None], streams: Sequence[Mapping[str, object]]
) -> RegionTables:
    """Facilities by id -> (lon, lat) or None; streams as mappings with defaults filled in."""
    ids = list(facilities)
    frame = pd.DataFrame(
        {
            "facility_id": ids,
            "name": ids,
            "actor_type": "producer",
            "place": [f"Place {name}" for name in ids],
            "municipality_number": ["5001"] * len(ids),
            "visibility": "public",
            "dataset": "practice",
        }
    )
    points = gpd.GeoSeries(
        [None if p is None else gpd.points_from_xy([p[0]], [p[1]])[0] for p in facilities.values()], crs=WGS84
    )
    rows = [{"material": "wood", "basis": "reported", "dataset": "practice", **stream} for stream in streams]
    table = pd.DataFrame(rows) if rows else empty_table("streams")
    return RegionTables(
        facilities=gpd.GeoDataFrame(conform_table(frame, "facilities"), geometry=points, crs=WGS84),
        streams=conform_table(table, "streams"),
        networks=empty_table("networks"),
        memberships=empty_table("memberships"),
    )


def give(stream_id: str, facility_id: str, **values: object) -> dict[str, object]:
    """An offer."""
    return {"stream_id": stream_id, "facility_id": facility_id, "direction": "offer", **values}


def take(stream_id: str, facility_id: str, **values: object) -> dict[str, object]:
    """A need."""
    return {"stream_id": stream_id, "facility_id": facility_id, "direction": "need", **values}


class TableTravel:
    """Travel from a matrix of kilometres and one of minutes (NaN: no road); counts the pairs asked for."""

    def __init__(
        self, ids: Sequence[str], km: Floats, minutes: Floats | None = None, estimated_km: float = 0.0
    ) -> None:
        self.ids = tuple(ids)
        self.km = np.asarray(km, dtype=float)
        self.minutes = self.km if minutes is None else np.asarray(minutes, dtype=float)
        self.estimated_km = estimated_km
        self.asked = 0

    def pairs(self, origins: Ints, destinations: Ints) -> Legs:
        self.asked += len(origins)
        km = self.km[origins, destinations]
        lost = np.isnan(km)
        return Legs(
            distance_km=km,
            minutes=self.minutes[origins, destinations],
            ferries=np.where(lost, -1, 0).astype(np.int16),
            toll_nok=np.where(lost, np.nan, 0.0),
            estimated_km=np.where(lost, np.nan, self.estimated_km),
        )

    def minutes_between(self, origins: Ints, destinations: Ints) -> Floats:
        return self.minutes[np.ix_(origins, destinations)]

    def pairs_within(
        self, *, max_km: float, max_minutes: float, among: Ints | None = None
    ) -> tuple[Ints, Ints]:
        near = (self.km <= max_km) & (self.minutes <= max_minutes)
        if among is not None:
            near &= np.isin(np.arange(len(self.ids)), among)[:, None] & np.isin(
                np.arange(len(self.ids)), among
            )
        np.fill_diagonal(near, False)
        origins, destinations = np.nonzero(near)
        return origins, destinations


class StraightTravel(TableTravel):
    """The crow's way between facilities at 60 km/h: one kilometre a minute."""

    def __init__(self, tables: RegionTables) -> None:
        lon, lat = (
            np.radians(axis.to_numpy())
            for axis in (tables.facilities.geometry.x, tables.facilities.geometry.y)
        )
        half = np.sin((lat[:, None] - lat) / 2) ** 2
        half += np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
        super().__init__(list(tables.facilities["facility_id"]), 2 * 6371.0088 * np.arcsin(np.sqrt(half)))
