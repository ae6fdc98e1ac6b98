"""Where places, postcodes and municipalities are when no register of addresses is at hand, and how sure
that is.

A postcode lies where the place it is named after lies. Where no point of that place is known, postcodes
near it in number and in the same municipality tell roughly where it is: Norwegian postcodes follow the old
mail routes.

Radii are set so that at least nine of ten true points lie within them; docs/geocoding.md tells on what they
were measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Transformer
from rapidfuzz import fuzz, process

from geodata.addresstext import fold_name
from geodata.crs import METRIC, WGS84, to_metric
from geodata.errors import UnknownMunicipalityError
from geodata.municipalities import (
    MunicipalityNames,
    NameMatch,
    find_counties,
    find_municipality_by_name,
    normalise_municipality_number,
    resolve_county,
    to_current_municipality,
)

Floats = npt.NDArray[np.float64]

LEAST_RADIUS_M: Final = 3_000.0
"""A postal place or village is at least this wide."""
PLACE_SHARE: Final = 1.25
"""Radius of a known place, in radii of a disc of its share of the municipality (area / postal places)."""
ESTIMATE_SHARE: Final = 2.0
"""Radius of an estimated point, in radii of a disc of the municipality's area."""
NEIGHBOURS: Final = 3
"""Places near in number that an estimate rests on."""
_BEHIND: Final = re.compile(r" (?:(?:i|på) .+|[nsøvk])$")
"""``Våler i Solør``, ``Nes på Hedmarken``, ``Kristiansand S``: what stands behind the name proper in a
postal place."""
_QUALIFIED: Final = re.compile(r"\S\s+(?:(?:i|på)\s+\S|\(\s*\S)", re.IGNORECASE)
"""A name that says itself which of its namesakes is meant."""
_LANGUAGES: Final = re.compile(r"\s+[-\u2013]\s+|\s*/\s*")


@dataclass(frozen=True)
class Spot:
    """A point that stands for something larger.

    Attributes
    ----------
    lon, lat : degrees, EPSG:4326. radius_m : metres within which the true point is expected.
    name : what was found, as it is written. municipality_number : today's, or empty (Svalbard, Jan Mayen).
    known : the place's own point; False where it was estimated from others.
    """

    lon: float
    lat: float
    radius_m: float
    name: str
    municipality_number: str
    known: bool = True


@dataclass(frozen=True, eq=False)
class Gazetteer:
    """Places, postcodes and municipalities with points; see :meth:`build`.

    Attributes
    ----------
    postcodes : postcode -> spot. postal_names : postcode -> name of its place, also without a point.
    places : folded name -> spots, one a municipality. seats : municipality number -> spot.
    municipalities : as from ``loaders.embedded.read_municipalities``. names : index of their names.
    changes : numbers through time, or None.
    """

    postcodes: Mapping[str, Spot]
    postal_names: Mapping[str, str]
    postal_municipality: Mapping[str, str]
    places: Mapping[str, tuple[Spot, ...]]
    seats: Mapping[str, Spot]
    municipalities: gpd.GeoDataFrame
    names: MunicipalityNames
    changes: pd.DataFrame | None
    _areas: _Areas

    @classmethod
    def build(
        cls,
        *,
        postcodes: pd.DataFrame,
        places: pd.DataFrame,
        municipalities: gpd.GeoDataFrame,
        changes: pd.DataFrame | None = None,
    ) -> Gazetteer:
        """Index the tables.

        Parameters
        ----------
        postcodes : ``postcode``, ``place``, ``municipality_number``.
        places : ``name``, ``municipality_number``, ``lat``, ``lon``; the first of equal names in a
            municipality counts.
        municipalities : as from ``loaders.embedded.read_municipalities``.
        changes : as from ``loaders.embedded.read_municipality_changes``: former names are known too.
        """
        points: dict[tuple[str, str], tuple[float, float, str]] = {}
        for name, number, lat, lon in zip(
            places["name"], _texts(places["municipality_number"]), places["lat"], places["lon"], strict=True
        ):
            for key in _keys(str(name)):
                points.setdefault((key, number), (float(lon), float(lat), str(name)))
        areas = _Areas.build(municipalities)
        seats = _place_seats(municipalities, points, areas)
        found = _place_postcodes(postcodes, points, seats, areas)
        return cls(
            found,
            dict(zip(postcodes["postcode"].astype(str), postcodes["place"].astype(str), strict=True)),
            dict(
                zip(postcodes["postcode"].astype(str), _texts(postcodes["municipality_number"]), strict=True)
            ),
            _gather_places(points, postcodes, found),
            seats,
            municipalities,
            MunicipalityNames.build(municipalities, changes=changes),
            changes,
            areas,
        )

    def measure_to(self, number: str, lon: float, lat: float) -> float:
        """Return metres from a point to a municipality, 0 inside; infinity where the number is not known."""
        row = self._areas.row.get(number)
        if row is None:
            return float("inf")
        return float(shapely.distance(self._areas.shapes[row], shapely.Point(_to_metres(lon, lat))))

    def find_place(self, name: str, *, municipalities: Sequence[str] = ()) -> tuple[Spot, ...]:
        """Return the places of that name, in `municipalities` where any are given: none, one, or several."""
        keys = (key for part in (name, *_LANGUAGES.split(name)) for key in _keys(part))
        for key in keys:
            if spots := self.places.get(key):
                return tuple(
                    s for s in spots if not municipalities or s.municipality_number in municipalities
                )
        return ()

    def find_meanings(
        self, name: str, *, municipalities: Sequence[str] = (), counties: Sequence[str] = ()
    ) -> tuple[Spot, ...]:
        """Return all that a name by itself may mean, one spot each: places, and municipalities so named.

        A postal place whose postcodes lie in several municipalities is one place, as wide as all of it. A
        municipality is left out where a place of its name lies in it, and where the name says which of
        several is meant (``Bø i Vesterålen``); it stands for all places of its name that its radius holds.

        Parameters
        ----------
        municipalities : only in these, where any are given.
        counties : only in these, where that leaves any.
        """
        spots = self._join_postal(self.find_place(name))
        taken = {spot.municipality_number for spot in spots}
        named: tuple[NameMatch, ...] = ()
        if not spots or not _QUALIFIED.search(name):
            named = find_municipality_by_name(name, self.names)
            # what is left of a former municipality of that name is still the same place
            if any(one.former_name and one.municipality_number in taken for one in named):
                named = ()
        numbers = dict.fromkeys(one.municipality_number for one in named)
        seats = [self.seats[one] for one in numbers if one in self.seats and one not in taken]
        found = (*spots, *seats)
        if len(found) > 1 and len(numbers) == 1:  # one municipality with a hamlet or two of its name around
            whole = self.seats[next(iter(numbers))]
            found = (whole,) if _span((whole, *found)) <= whole.radius_m else found
        if municipalities:
            found = tuple(spot for spot in found if spot.municipality_number in municipalities)
        inside = tuple(spot for spot in found if spot.municipality_number[:2] in counties)
        return inside or found

    def is_seat(self, spot: Spot) -> bool:
        """Tell whether a spot stands for its whole municipality."""
        return self.seats.get(spot.municipality_number) is spot

    def _join_postal(self, spots: Sequence[Spot]) -> tuple[Spot, ...]:
        """Return the spots with those joined that are parts of one postal place: those names are unique."""
        parts: dict[tuple[str, str], list[Spot]] = {}
        for spot in spots:
            own = (fold_name(spot.name), spot.municipality_number)
            parts.setdefault((own[0], "") if own in self._postal_parts else own, []).append(spot)
        return tuple(_join_spots(own) for own in parts.values())

    @cached_property
    def _postal_parts(self) -> frozenset[tuple[str, str]]:
        return frozenset(
            (fold_name(name), self.postal_municipality.get(code, ""))
            for code, name in self.postal_names.items()
        )

    def read_counties(self, text: str) -> tuple[str, ...]:
        """Return today's numbers of the counties that a number or name, also a former one, may mean."""
        found = find_counties(text, self.names) if text else ()
        known = {number[:2] for number in self.seats}
        if not found or known.issuperset(found) or self.changes is None:
            return found
        try:
            return tuple(
                dict.fromkeys(now for one in found for now in resolve_county(one, changes=self.changes))
            )
        except UnknownMunicipalityError:
            return ()

    def find_municipalities(self, name: str, *, county: str = "") -> tuple[str, ...]:
        """Return today's numbers of the municipalities that a name may mean."""
        found = find_municipality_by_name(name, self.names, county=county or None)
        if not found and county:
            found = find_municipality_by_name(name, self.names)
        return tuple(dict.fromkeys(match.municipality_number for match in found))

    def read_municipality(self, text: str, *, county: str = "") -> tuple[str, ...]:
        """Return today's numbers that a number of any year since 2017, or a name, may mean; none where
        unknown."""
        number, _repaired = normalise_municipality_number(text)
        if number is None:
            return self.find_municipalities(text, county=county)
        if number in self.seats:
            return (number,)
        if self.changes is None:
            return ()
        today = to_current_municipality(pd.Series([number], dtype="string"), self.changes)
        return tuple(today["candidates"].iloc[0])

    def suggest_places(
        self, name: str, *, municipalities: Sequence[str] = (), limit: int = 3
    ) -> tuple[str, ...]:
        """Return names of places that look like `name`, the likest first."""
        key = fold_name(name)
        if not key:
            return ()
        close = process.extract(key, self.places.keys(), scorer=fuzz.ratio, limit=4 * limit, score_cutoff=70)
        shown: dict[str, None] = {}
        for found, _score, _position in close:
            for spot in self.places[found]:
                if not municipalities or spot.municipality_number in municipalities:
                    shown[spot.name] = None
        return tuple(shown)[:limit]

    def describe_place(self, spot: Spot) -> str:
        """Return ``Våler (3114 Våler)``: a place with its municipality, to tell it from others of its
        name."""
        seat = self.seats.get(spot.municipality_number)
        return spot.name if seat is None else f"{spot.name} ({spot.municipality_number} {seat.name})"


@dataclass(frozen=True, eq=False)
class _Areas:
    """Polygons of the municipalities in metres, with the radius of a disc of their area."""

    row: Mapping[str, int]
    shapes: npt.NDArray[np.object_]
    disc_m: Floats

    @classmethod
    def build(cls, municipalities: gpd.GeoDataFrame) -> _Areas:
        shapes = to_metric(municipalities).geometry.to_numpy()
        shapely.prepare(shapes)
        rows = {str(number): row for row, number in enumerate(municipalities["municipality_number"])}
        return cls(rows, shapes, np.sqrt(shapely.area(shapes) / np.pi))

    def disc(self, number: str) -> float:
        return float(self.disc_m[self.row[number]]) if number in self.row else float("nan")

    def reach(self, number: str, lon: float, lat: float) -> float:
        """Metres from a point to the farthest corner of the municipality."""
        point = _to_metres(lon, lat)
        corners = shapely.get_coordinates(shapely.convex_hull(self.shapes[self.row[number]]))
        return float(np.hypot(*(corners - point).T).max())

    def holds(self, number: str, lon: float, lat: float) -> bool:
        point = _to_metres(lon, lat)
        return bool(shapely.intersects_xy(self.shapes[self.row[number]], point[0], point[1]))


@cache
def _transformer() -> Transformer:
    return Transformer.from_crs(WGS84, METRIC, always_xy=True)


def _to_metres(lon: float, lat: float) -> Floats:
    return np.array(_transformer().transform(lon, lat), dtype=np.float64)


def _join_spots(parts: Sequence[Spot]) -> Spot:
    """Return the part that has a point of its own, as wide as to hold the middles of the others."""
    first = min(parts, key=lambda spot: not spot.known)
    return replace(first, radius_m=max(first.radius_m, _round_up(_span((first, *parts)))))


def _span(spots: Sequence[Spot]) -> float:
    """Return metres from the first spot to the farthest of the others."""
    middle = _to_metres(spots[0].lon, spots[0].lat)
    return max(float(np.hypot(*(_to_metres(spot.lon, spot.lat) - middle))) for spot in spots)


def _texts(column: pd.Series) -> list[str]:
    return ["" if pd.isna(value) else str(value) for value in column]


def _keys(name: str) -> Iterable[str]:
    key = fold_name(name)
    bare = _BEHIND.sub("", key)
    return (key,) if bare == key else (key, bare)


def _round_up(metres: float) -> float:
    return float(np.ceil(metres / 100.0) * 100.0)


def _place_seats(
    municipalities: gpd.GeoDataFrame,
    points: Mapping[tuple[str, str], tuple[float, float, str]],
    areas: _Areas,
) -> dict[str, Spot]:
    seats = {}
    middles = municipalities.representative_point()
    for number, name, seat, middle in zip(
        municipalities["municipality_number"],
        municipalities["name"],
        municipalities["seat"],
        middles,
        strict=True,
    ):
        spot = None if pd.isna(seat) else points.get((fold_name(seat), str(number)))
        lon, lat = (spot[0], spot[1]) if spot else (float(middle.x), float(middle.y))
        radius = min(ESTIMATE_SHARE * areas.disc(str(number)), areas.reach(str(number), lon, lat))
        seats[str(number)] = Spot(lon, lat, _round_up(radius), str(name), str(number), known=spot is not None)
    return seats


def _place_postcodes(
    postcodes: pd.DataFrame,
    points: Mapping[tuple[str, str], tuple[float, float, str]],
    seats: Mapping[str, Spot],
    areas: _Areas,
) -> dict[str, Spot]:
    out: dict[str, Spot] = {}
    frame = pd.DataFrame(
        {
            "postcode": postcodes["postcode"].astype(str),
            "place": postcodes["place"].astype(str),
            "number": _texts(postcodes["municipality_number"]),
        }
    )
    for key, group in frame.groupby("number", sort=True):
        number = str(key)
        own: dict[str, tuple[float, float]] = {}
        for place in group["place"].unique():
            spot = next((points[k, number] for k in _keys(place) if (k, number) in points), None)
            if spot is not None:
                own[place] = spot[0], spot[1]
        share = areas.disc(number) / np.sqrt(max(1, group["place"].nunique()))
        near = [(int(code), place) for code, place in zip(group["postcode"], group["place"], strict=True)]
        near = [(code, place) for code, place in near if place in own]
        for code, place in zip(group["postcode"], group["place"], strict=True):
            if place in own:
                wide = LEAST_RADIUS_M if not np.isfinite(share) else max(LEAST_RADIUS_M, PLACE_SHARE * share)
                out[code] = Spot(*own[place], _round_up(wide), place, number)
            elif number in seats:
                out[code] = _estimate(int(code), place, near, own, seats[number], areas)
    return out


def _estimate(
    code: int,
    place: str,
    near: Sequence[tuple[int, str]],
    own: Mapping[str, tuple[float, float]],
    seat: Spot,
    areas: _Areas,
) -> Spot:
    """Return the mean of the places next in number, the nearer the heavier; the seat where there are none."""
    gaps: dict[str, int] = {}
    for other, name in near:
        gaps[name] = min(abs(other - code), gaps.get(name, 10_000))
    chosen = sorted(gaps.items(), key=lambda item: item[1])[:NEIGHBOURS]
    number = seat.municipality_number
    lon, lat = seat.lon, seat.lat
    if chosen:
        weights = np.array([1.0 / (gap + 1) for _, gap in chosen])
        mean = np.average(np.array([own[name] for name, _ in chosen]), axis=0, weights=weights)
        # a mean may lie in a fjord or across a border: then the nearest neighbour itself is taken
        lon, lat = own[chosen[0][0]]
        if areas.holds(number, float(mean[0]), float(mean[1])):
            lon, lat = float(mean[0]), float(mean[1])
    radius = min(ESTIMATE_SHARE * areas.disc(number), areas.reach(number, lon, lat))
    return Spot(lon, lat, _round_up(max(LEAST_RADIUS_M, radius)), place, number, known=False)


def _gather_places(
    points: Mapping[tuple[str, str], tuple[float, float, str]],
    postcodes: pd.DataFrame,
    found: Mapping[str, Spot],
) -> dict[str, tuple[Spot, ...]]:
    places: dict[str, dict[str, Spot]] = {}
    # A postal place is as wide as its postcodes; one without a point is where the middle one of its
    # postcodes is.
    groups: dict[tuple[str, str], list[Spot]] = {}
    for code in postcodes["postcode"].astype(str):
        if (spot := found.get(code)) is not None:
            groups.setdefault((spot.name, spot.municipality_number), []).append(spot)
    for (name, number), spots in groups.items():
        for key in _keys(name):
            places.setdefault(key, {}).setdefault(number, spots[len(spots) // 2])
    for (key, number), (lon, lat, name) in points.items():
        places.setdefault(key, {}).setdefault(number, Spot(lon, lat, LEAST_RADIUS_M, name, number))
    return {key: tuple(spots.values()) for key, spots in places.items()}
