"""What members' rows are looked up in: municipalities, waste codes, postcodes and places, each answer
kept."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from typing import TypeVar

import geopandas as gpd
import pandas as pd

from geodata.addressladder import Answer as PlaceAnswer
from geodata.addressladder import Ladder, Question
from geodata.codetables import WasteCodes
from geodata.gazetteer import Gazetteer
from geodata.industries import normalise_industry_code
from geodata.materials import normalise_material
from geodata.municipalities import (
    MunicipalityNames,
    Resolution,
    find_municipality_by_name,
    normalise_municipality_number,
    to_current_municipality,
)
from geodata.schemas import UNITS
from geodata.wastecodes import ParsedCode, parse_eal
from loaders import codes as code_tables
from loaders import embedded
from loaders.placenames import read_gazetteer, read_places_of_all
from loaders.rawtables import Cell

Answer = TypeVar("Answer")


def is_missing(value: object) -> bool:
    """Tell whether a table's value is None, NaN or <NA>."""
    return value is None or value is pd.NA or value != value


class References:
    """The embedded tables that rows are checked against; look-ups of equal texts are answered from memory.

    Parameters
    ----------
    municipalities, codes, changes, postcodes, places, divisions : as from :mod:`loaders.embedded` and
        :mod:`loaders.codes`; each is read when it is not given.
    """

    def __init__(
        self,
        *,
        municipalities: gpd.GeoDataFrame | None = None,
        codes: WasteCodes | None = None,
        changes: pd.DataFrame | None = None,
        postcodes: pd.DataFrame | None = None,
        places: pd.DataFrame | None = None,
        divisions: pd.DataFrame | None = None,
    ) -> None:
        self.municipalities = embedded.read_municipalities() if municipalities is None else municipalities
        self.codes = code_tables.read_waste_codes() if codes is None else codes
        self.changes = embedded.read_municipality_changes() if changes is None else changes
        self.divisions = code_tables.read_industries() if divisions is None else divisions
        old = self.changes.drop_duplicates("old_number").reset_index(drop=True)
        today = to_current_municipality(old["old_number"], self.changes)
        self._numbers = {
            str(number): Resolution(str(number), str(name), tuple(candidates), str(kind))
            for number, name, candidates, kind in zip(
                old["old_number"], old["old_name"], today["candidates"], today["status"], strict=True
            )
        }
        self.names = MunicipalityNames.build(self.municipalities, changes=self.changes)
        materials = self.codes.materials
        self.default_unit: dict[str, str] = {
            str(material): str(unit) if unit in UNITS else "t"
            for material, unit in zip(materials["material"], materials["unit"], strict=True)
        }
        self.municipality_name: dict[str, str] = dict(
            zip(self.municipalities["municipality_number"], self.municipalities["name"], strict=True)
        )
        codes_by_number = (embedded.read_postcodes() if postcodes is None else postcodes).set_index(
            "postcode"
        )
        self._postcodes: dict[str, dict[str, object]] = {
            str(code): {str(column): value for column, value in row.items()}
            for code, row in codes_by_number.to_dict("index").items()
        }
        self._tables = postcodes, places
        self._memory: dict[tuple[str, Hashable], object] = {}

    def _remember(self, kind: str, key: Hashable, answer: Callable[[], Answer]) -> Answer:
        known = self._memory.get((kind, key))
        if known is None:
            known = self._memory[(kind, key)] = answer()
        return known  # type: ignore[return-value]

    def parse_code(self, cell: Cell, *, star_expected: bool) -> ParsedCode:
        """Return a waste code as read; see :func:`geodata.wastecodes.parse_eal`."""
        return self._remember(
            f"code{star_expected}",
            str(cell),
            lambda: parse_eal(cell, codes=self.codes, star_expected=star_expected),
        )

    def find_material(self, text: str) -> str | None:
        """Return the material key of `text`, or None."""
        return self._remember("material", text, lambda: (normalise_material(text, codes=self.codes),))[0]

    def suggest_materials(self, text: str) -> str:
        """Return up to three material names that look like `text`, apart by commas."""
        names = {str(label): None for labels in self.codes.labels.values() for label in labels}
        return ", ".join(difflib.get_close_matches(text, list(names), n=3, cutoff=0.6))

    def read_industry(self, cell: Cell) -> tuple[str | None, str | None]:
        """Return (industry code, problem); see :func:`geodata.industries.normalise_industry_code`."""
        return self._remember(
            "industry", str(cell), lambda: normalise_industry_code(cell, divisions=self.divisions)
        )

    def find_municipality(self, text: str, county: str | None) -> tuple[tuple[str, ...], Resolution | None]:
        """Return the municipalities of today that a number or a name may mean, and the number's resolution.

        Nothing found gives an empty tuple.
        """
        return self._remember("municipality", (text, county), lambda: self._find_municipality(text, county))

    def _find_municipality(self, text: str, county: str | None) -> tuple[tuple[str, ...], Resolution | None]:
        number, repaired = normalise_municipality_number(text)
        if number is not None:
            resolution = self._numbers.get(number)
            if resolution is None:
                return (), None
            return resolution.today, replace(resolution, repaired=repaired)
        found = find_municipality_by_name(text, self.names, county=county)
        if not found and county:
            found = find_municipality_by_name(text, self.names)
        return tuple(dict.fromkeys(match.municipality_number for match in found)), None

    def is_divided(self, text: str) -> bool:
        """Tell whether `text` is the number of a former municipality that is several of today's."""
        number, _repaired = normalise_municipality_number(text)
        resolution = None if number is None else self._numbers.get(number)
        return resolution is not None and not resolution.is_certain

    def label_municipalities(self, numbers: Iterable[str]) -> str:
        """Return ``1508 Ålesund, 1580 Haram`` of today's numbers."""
        return ", ".join(f"{number} {self.municipality_name.get(number, '')}".strip() for number in numbers)

    def suggest_municipalities(self, text: str) -> str:
        """Return up to three municipalities whose name looks like `text`, as ``5001 Trondheim``, apart
        by commas."""
        known = {name: number for number, name in self.municipality_name.items()}
        close = difflib.get_close_matches(text.strip().title(), list(known), n=3, cutoff=0.6)
        return ", ".join(f"{known[name]} {name}" for name in close)

    def look_up_postcode(self, postcode: str) -> dict[str, object] | None:
        """Return place, municipality_number, lat and lon of a postcode, or None."""
        return self._postcodes.get(postcode)

    def place_text(self, question: Question) -> PlaceAnswer:
        """Return where a row without coordinates lies; see :class:`geodata.addressladder.Ladder`."""
        ladder = self._remember(
            "ladder", "", lambda: Ladder(self._remember("gazetteer", "", self._build_gazetteer), None)
        )
        return self._remember("where", question, lambda: ladder.climb(question))

    def find_meant(self, place: str) -> tuple[str, ...]:
        """Return the municipalities of all that a place's name by itself may mean."""
        gazetteer = self._remember("gazetteer", "", self._build_gazetteer)
        return tuple(spot.municipality_number for spot in gazetteer.find_meanings(place))

    def _build_gazetteer(self) -> Gazetteer:
        postcodes, places = self._tables
        if postcodes is None and places is None:
            return read_gazetteer()
        return Gazetteer.build(
            postcodes=embedded.read_postcodes() if postcodes is None else postcodes,
            places=read_places_of_all() if places is None else places,
            municipalities=self.municipalities,
            changes=self.changes,
        )
