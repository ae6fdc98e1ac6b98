"""The vehicles that road networks are read for, and trucks' speeds by class of road, from their tables."""

from __future__ import annotations

import csv
from typing import Final

from geodata.errors import ParameterError
from geodata.routing.vehicles import RoadSpeed, SpeedTable, Vehicle
from loaders.embedded import data_dir

DEFAULT_VEHICLE: Final = "semi_trailer"


def read_vehicles() -> dict[str, Vehicle]:
    """Return all vehicles by their key, in the table's order."""
    return {
        row["key"]: Vehicle(
            key=row["key"],
            name_en=row["name_en"],
            name_nb=row["name_nb"],
            name_nn=row["name_nn"],
            total_t=float(row["total_t"]),
            axle_t=float(row["axle_t"]),
            height_m=float(row["height_m"]),
            length_m=float(row["length_m"]),
            width_m=float(row["width_m"]),
            top_speed_kmh=float(row["top_speed_kmh"]),
            worst_track_grade=int(row["worst_track_grade"]),
            has_trailer=row["has_trailer"] == "1",
            is_forestry=row["is_forestry"] == "1",
            is_long=row["is_long"] == "1",
            source=row["source"],
        )
        for row in _read_rows("vehicles.csv")
    }


def read_vehicle(key: str) -> Vehicle:
    """Return the vehicle with this key; raises ParameterError (``vehicle.unknown``) where there is none."""
    vehicles = read_vehicles()
    if key not in vehicles:
        raise ParameterError("vehicle.unknown", vehicle=key[:80], known=", ".join(vehicles))
    return vehicles[key]


def read_road_speeds() -> SpeedTable:
    """Return trucks' speeds by class of road."""
    return {
        row["road_class"]: RoadSpeed(
            kind=row["kind"],
            default_limit_kmh=float(row["default_limit_kmh"]),
            share_of_limit=float(row["share_of_limit"]),
            top_kmh=float(row["top_kmh"]),
            unpaved_top_kmh=float(row["unpaved_top_kmh"]),
        )
        for row in _read_rows("road_speeds.csv")
    }


def _read_rows(name: str) -> list[dict[str, str]]:
    with (data_dir() / "vehicles" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
