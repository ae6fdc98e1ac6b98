"""Kartverket's address search as a register that the ladder can climb, for who has not fetched the register.

A street is asked for whole, once, and answers for all its numbers. Streets are compared by the same key as
everywhere; the service compares letters, so that the usual other spellings are asked for too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from rapidfuzz import fuzz, process

from geodata.addressladder import AddressRow
from geodata.addresstext import clean_line, normalise_street
from geodata.errors import SourceError
from loaders.official.addressrows import is_address_answer, list_address_rows, read_addresses
from loaders.official.addresssearch import LARGEST_PAGE, SEARCH_PATH, ask_addresses
from loaders.official.webclient import WebClient

_ALIKE: Final = 70.0
_SPREAD: Final = 0.95
"""Share of a postcode's houses that lie within the radius stated for it."""
_ENDINGS: Final = (
    ("vegen", "veien", "veg", "vei"),
    ("gata", "gaten", "gate"),
    ("plassen", "plass"),
)
_SHORT: Final = (
    (re.compile(r"(?:(?<=\w)(?:vn|vg|v)\.|\b(?:vn|vg|v)\.?)$", re.IGNORECASE), "vegen"),
    (re.compile(r"(?:(?<=\w)(?:gtn|gt|g)\.|(?<=\w)gt|\b(?:gtn|gt|g)\.?)$", re.IGNORECASE), "gata"),
    (re.compile(r"(?:(?<=\w)pl\.|\bpl\.?)$", re.IGNORECASE), "plassen"),
)
"""Abbreviated endings, alone or with their dot, and what they may stand for."""
_SAFE: Final = re.compile(r"[^\w .,'/()-]+")
"""What no street has in its name; ``*`` would ask for much more."""


class AddressService:
    """Serves :class:`geodata.geocoding.AddressIndex` by questions to the address search.

    When the service cannot be reached it is not asked again for other rows: each of them raises what the
    first one did, at once, and the ladder goes on without.

    Parameters
    ----------
    client : asks ``loaders.official.addresssearch.ADDRESSES``; with a cache each question is asked once.

    Attributes
    ----------
    asked : questions so far. failure : why the service is not asked any more, or None.
    """

    def __init__(self, client: WebClient) -> None:
        self.client = client
        self.asked = 0
        self.failure: SourceError | None = None
        self._street = lru_cache(maxsize=20_000)(self._ask_street)
        self._houses = lru_cache(maxsize=100_000)(self._ask_number)
        self._postcode = lru_cache(maxsize=6_000)(self._ask_postcode)

    def close(self) -> None:
        """Close the client."""
        self.client.close()

    def covers(self, municipalities: Sequence[str]) -> bool:
        """Return True: the service knows the whole country."""
        return True

    def find_number(
        self, street: str, number: int, *, municipalities: Sequence[str], written: str = ""
    ) -> Sequence[AddressRow]:
        """Return the houses of that number; without municipalities only where one municipality alone has
        it."""
        if not municipalities:
            rows = self._houses(street, number, written)
            return rows if len({row.municipality_number for row in rows}) == 1 else ()
        whole = self.find_street(street, municipalities=municipalities, written=written)
        return [row for row in whole if row.number == number]

    def find_street(
        self, street: str, *, municipalities: Sequence[str], written: str = ""
    ) -> Sequence[AddressRow]:
        """Return all houses of a street, by number and letter."""
        found = [row for place in municipalities for row in self._street(street, place, written)]
        return sorted(found, key=lambda row: (row.number, row.letter, row.postcode))

    def find_postcode(self, postcode: str) -> tuple[float, float, float] | None:
        """Return the house in the middle of a postcode and the radius that 95 % of its houses lie within."""
        return self._postcode(postcode)

    def suggest_streets(
        self, street: str, *, municipalities: Sequence[str], limit: int, written: str = ""
    ) -> Sequence[str]:
        """Return names of streets that the service finds alike, the likest first."""
        known: dict[str, str] = {}
        for municipality in municipalities:
            question = {"adressenavn": _plain(written) or street, "kommunenummer": municipality}
            for row in self._ask({**question, "fuzzy": "true"}, whole=False):
                known.setdefault(normalise_street(row.street), row.street)
        close = process.extract(street, known.keys(), scorer=fuzz.ratio, limit=limit, score_cutoff=_ALIKE)
        return tuple(known[key] for key, _score, _position in close)

    def _ask_street(self, street: str, municipality: str, written: str) -> tuple[AddressRow, ...]:
        return self._ask_spellings(street, written, {"kommunenummer": municipality})

    def _ask_number(self, street: str, number: int, written: str) -> tuple[AddressRow, ...]:
        return self._ask_spellings(street, written, {"nummer": str(number)})

    def _ask_spellings(self, street: str, written: str, more: dict[str, str]) -> tuple[AddressRow, ...]:
        for spelling in list_spellings(written or street):
            found = self._ask({"adressenavn": spelling, **more}, whole=True)
            same = tuple(row for row in found if normalise_street(row.street) == street)
            if same:
                return same
        return ()

    def _ask_postcode(self, postcode: str) -> tuple[float, float, float] | None:
        rows = self._ask({"postnummer": postcode}, whole=True)
        if not rows:
            return None
        lon, lat = np.array([row.lon for row in rows]), np.array([row.lat for row in rows])
        x = (lon - lon.mean()) * 111_320.0 * np.cos(np.radians(lat))
        y = (lat - lat.mean()) * 110_574.0
        middle = int(np.argmin(x * x + y * y))
        away = np.hypot(x - x[middle], y - y[middle])
        radius = float(np.ceil(np.quantile(away, _SPREAD, method="higher")))
        return float(lon[middle]), float(lat[middle]), radius

    def _ask(self, question: dict[str, str], *, whole: bool) -> list[AddressRow]:
        """Return the rows that answer: all of them, or the first page."""
        if self.failure is not None:
            raise self.failure
        self.asked += 1
        try:
            if whole:
                answer = ask_addresses(self.client, question, split=lambda _question: ())
                return list_address_rows(read_addresses(answer))
            paging = {"treffPerSide": str(LARGEST_PAGE // 10), "side": "0", "asciiKompatibel": "false"}
            page = self.client.ask_json(
                SEARCH_PATH, params={**question, "utkoordsys": "4258", **paging}, check=is_address_answer
            )
            return list_address_rows(read_addresses(page.value))
        except SourceError as error:
            if error.code in ("source.unreachable", "source.failing"):
                self.failure = error
            raise


def list_spellings(street: str) -> tuple[str, ...]:
    """Return `street` as the search may know it: as written, then with the other usual endings.

    Examples
    --------
    >>> list_spellings("Strandv.")
    ('Strandvegen', 'Strandveien', 'Strandveg', 'Strandvei')
    """
    name = _plain(street)
    if not name:
        return ()
    for pattern, full in _SHORT:
        if pattern.search(name):
            name = pattern.sub(full, name)
            break
    for endings in _ENDINGS:
        for ending in endings:
            if name.casefold().endswith(ending):
                stem = name[: -len(ending)]
                return tuple(dict.fromkeys((name, *(stem + other for other in endings))))
    return (name,)


def _plain(street: str) -> str:
    return " ".join(_SAFE.sub(" ", clean_line(street)).split())[:100]
