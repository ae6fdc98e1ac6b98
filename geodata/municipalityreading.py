"""What each cell of a column of municipality or county numbers is today, by number, else by name.

``K-5037``, ``5037 Levanger``, ``1534 Haram (-2019)``, ``301`` and names are taken; what cannot be read is
named with the nearest guess, and sums (whole country, counties among municipalities) are known as such.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from geodata.municipality_names import MunicipalityNames, find_municipality_by_name
from geodata.municipality_numbers import (
    normalise_municipality_number,
    resolve_county,
    to_current_municipality,
)
from geodata.municipalityshares import Level

READ_STATUSES: Final = (
    "current",
    "renumbered",
    "merged",
    "named",
    "split",
    "ambiguous",
    "unknown",
    "missing",
    "sum",
    "elsewhere",
)
"""``named``: read by its name alone; ``sum``: a row that holds others; ``elsewhere``: Svalbard, Jan Mayen,
the shelf, abroad, not stated: numbers that are used in statistics and are no municipality."""

FORMER_COUNTIES: Final = {
    "01": "Østfold",
    "02": "Akershus",
    "04": "Hedmark",
    "05": "Oppland",
    "06": "Buskerud",
    "07": "Vestfold",
    "08": "Telemark",
    "09": "Aust-Agder",
    "10": "Vest-Agder",
    "12": "Hordaland",
    "14": "Sogn og Fjordane",
    "16": "Sør-Trøndelag",
    "17": "Nord-Trøndelag",
    "19": "Troms",
    "20": "Finnmark",
    "30": "Viken",
    "38": "Vestfold og Telemark",
    "54": "Troms og Finnmark",
}
"""Counties of 2017 to 2023 whose numbers are no longer in use (Statistics Norway, KLASS 104)."""
ELSEWHERE: Final = re.compile(r"(?:2[1-5]\d\d|99\d\d|0000|8888|\d\d99)")
_COUNTY: Final = re.compile(r"(?:[FfKk]-?\s*)?(\d{1,2})(?:[.,]0+)?(?:\s+\D.*)?")
_WHOLE: Final = re.compile(
    r"(?:[EK]AK?U?\b|0{1,4})?\s*-?\s*(?:hele\s+landet|heile\s+landet|landet(?:\s+totalt)?|norge|noreg|norway"
    r"|(?:the\s+)?whole\s+country|i\s+alt|totalt?|sum)|0|EAK\b.*|EKA\b.*",
    re.IGNORECASE,
)
_YEARS: Final = re.compile(r"\s*\(\s*(?:\d{4})?\s*[-–]\s*(?P<last>\d{4})?\s*\)\s*$")
"""``Haram (-2019)``, ``Ålesund (2020-2023)``: the years that Statistics Norway writes behind a name."""


@dataclass(frozen=True)
class NumberReading:
    """What one cell is today.

    Attributes
    ----------
    number : the number as it stands, repaired; empty where there is none. name : its name when last used.
    today : today's numbers that it may be. status : one of :data:`READ_STATUSES`.
    repaired : a lost leading zero was put back. suggestion : nearest guess of what is not known.
    first, last : years of use, ``last`` None where it still is used; 2017 means 2017 or earlier.
    """

    number: str = ""
    name: str = ""
    today: tuple[str, ...] = ()
    status: str = "missing"
    repaired: bool = False
    suggestion: str = ""
    first: int = 0
    last: int | None = None

    def is_used(self, year: int | None) -> bool:
        """Whether the number was in use in `year`; True where either is not known."""
        if year is None or not self.number or self.status in ("unknown", "missing"):
            return True
        if year < self.first and self.first > 2017:
            return False
        return self.last is None or year <= self.last


class NumberReader:
    """Reads cells against the numbers used since 2017; equal cells are answered from memory.

    Parameters
    ----------
    changes : as from ``loaders.embedded.read_municipality_changes``.
    names : index of names; without it cells without a number are not read.
    level : ``municipality`` (four digits) or ``county`` (two).
    county_names : today's county number -> name, for level ``county``.

    Attributes
    ----------
    labels : today's number -> name. moved : county still in use -> its former municipalities that are now in
        another county, so that its amounts of earlier years are of a larger area.
    """

    def __init__(
        self,
        changes: pd.DataFrame,
        *,
        names: MunicipalityNames | None = None,
        level: Level = "municipality",
        county_names: Mapping[str, str] | None = None,
    ) -> None:
        self.level: Level = level
        self._changes = changes
        self._names = names
        first = changes.drop_duplicates("old_number").reset_index(drop=True)
        current = first[first["kind"] == "current"]
        self.labels: dict[str, str] = dict(
            zip(current["old_number"].astype(str), current["old_name"].astype(str), strict=True)
        )
        self.moved: dict[str, tuple[str, ...]] = {}
        if level == "county":
            self.labels = dict(county_names or {})
            self._known = self._read_counties(first)
        else:
            self._known = self._read_municipalities(first)
        self._named: dict[str, list[NumberReading]] = {}
        for reading in self._known.values():
            for name in {_fold(reading.name), *(_fold(part) for part in reading.name.split(" - "))} - {""}:
                self._named.setdefault(name, []).append(reading)
        self._memory: dict[tuple[str, int | None], NumberReading] = {}

    def _read_municipalities(self, first: pd.DataFrame) -> dict[str, NumberReading]:
        today = to_current_municipality(first["old_number"], self._changes)
        columns = [
            first[name].tolist() for name in ("old_number", "old_name", "valid_from_year", "valid_to_year")
        ]
        known = {}
        for number, name, since, until, candidates, status in zip(
            *columns, today["candidates"], today["status"], strict=True
        ):
            last = None if until is pd.NA else int(until)
            known[str(number)] = NumberReading(
                str(number), str(name), tuple(candidates), str(status), first=int(since), last=last
            )
        return known

    def _read_counties(self, first: pd.DataFrame) -> dict[str, NumberReading]:
        known = {}
        for county, own in first.groupby(first["old_number"].str[:2]):
            number = str(county)
            today = resolve_county(number, changes=self._changes)
            last = None if own["valid_to_year"].isna().any() else int(own["valid_to_year"].max())
            if today == (number,):
                self.moved |= self._find_moved(number, own)
            status = "split" if len(today) > 1 else "current" if today == (number,) else "renumbered"
            name = self.labels.get(number, "") or FORMER_COUNTIES.get(number, "")
            since = int(own["valid_from_year"].min())
            known[number] = NumberReading(number, name, today, status, first=since, last=last)
        return known

    def _find_moved(self, county: str, own: pd.DataFrame) -> dict[str, tuple[str, ...]]:
        # a county that is still there may have given municipalities away
        candidates = to_current_municipality(own["old_number"], self._changes)["candidates"]
        rows = zip(own["old_number"], own["old_name"], candidates, strict=True)
        gone = [f"{number} {name}" for number, name, found in rows if {n[:2] for n in found} != {county}]
        return {county: tuple(gone)} if gone else {}

    def read(self, value: object, *, year: int | None = None) -> NumberReading:
        """Return what one cell is today; nothing raises for any text.

        `year` only tells which municipality of a name is meant where there is no number.
        """
        if value is None or value is pd.NA or value != value:
            return NumberReading()
        text = " ".join(str(value).split())
        if (text, year) not in self._memory:
            self._memory[text, year] = self._read(text, year)
        return self._memory[text, year]

    def _read(self, text: str, year: int | None) -> NumberReading:
        if not text:
            return NumberReading()
        if _WHOLE.fullmatch(text):
            return NumberReading(status="sum")
        county = _COUNTY.fullmatch(text)
        if self.level == "county":
            digits, repaired = (county[1].zfill(2), len(county[1]) == 1) if county else (None, False)
        else:
            if county is not None:
                return NumberReading(status="sum")  # a county among municipalities holds some of them
            digits, repaired = normalise_municipality_number(text)
        if digits in self._known:
            reading = self._known[digits]
            return replace(reading, repaired=True) if repaired else reading
        if digits is not None and (ELSEWHERE.fullmatch(digits) or digits in ("21", "22", "23", "25", "99")):
            return NumberReading(digits, status="elsewhere")
        return self._read_name(text, digits or "", year)

    def _read_name(self, text: str, digits: str, year: int | None) -> NumberReading:
        bare = re.sub(r"^(?:[FK]-)?\s*\d[\d.]*\s*", "", text, flags=re.IGNORECASE)
        behind = _YEARS.search(bare)
        written = _YEARS.sub("", bare).strip()
        if not digits and written:
            own = self._named.get(_fold(written), [])
            if behind is not None:
                last = int(behind["last"]) if behind["last"] else None
                own = [reading for reading in own if reading.last == last]
            elif year is not None:
                own = [reading for reading in own if reading.is_used(year)]
            elif self.level == "county":
                own = [r for r in own if r.last is None] or own
            else:
                own = []
            if len(own) == 1:
                certain = len(own[0].today) == 1
                return replace(own[0], status="named") if certain else own[0]
        today: tuple[str, ...] = ()
        if self.level == "municipality" and self._names is not None and written:
            matches = find_municipality_by_name(written, self._names)
            today = tuple(dict.fromkeys(match.municipality_number for match in matches))
        if today and not digits:
            return NumberReading("", written, today, "named" if len(today) == 1 else "ambiguous")
        guess = ", ".join(self.label(number) for number in today) or self._guess(digits, written)
        return NumberReading(digits, status="unknown", suggestion=guess)

    def _guess(self, digits: str, written: str) -> str:
        if written:
            names = {name: number for number, name in self.labels.items()}
            close = difflib.get_close_matches(written.title(), list(names), n=1, cutoff=0.6)
            return self.label(names[close[0]]) if close else ""
        close = difflib.get_close_matches(digits, list(self.labels), n=1, cutoff=0.75) if digits else []
        return self.label(close[0]) if close else ""

    def label(self, number: str) -> str:
        """Return ``5001 Trondheim`` of one of today's numbers."""
        return f"{number} {self.labels.get(number, '')}".strip()


def _fold(name: str) -> str:
    return " ".join(name.casefold().split())


def check_level(values: pd.Series) -> Level:
    """Return ``county`` where most cells with a number have two digits at most, else ``municipality``."""
    texts = [" ".join(str(v).split()) for v in values.dropna().unique()]
    two = sum(bool(_COUNTY.fullmatch(t)) and t != "0" for t in texts)
    four = sum(normalise_municipality_number(t)[0] is not None for t in texts)
    return "county" if two > four else "municipality"
