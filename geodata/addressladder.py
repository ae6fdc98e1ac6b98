"""The rungs below given coordinates: house, house without its letter, street, place, postcode, municipality.

A register of addresses (:class:`AddressIndex`) is needed for houses and streets only. Nothing is guessed:
where several places fit, or a street is not in the register, that is told with the nearest candidates, and
the next rung is tried.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np

from geodata.addresstext import Address, fold_name, normalise_street, read_address
from geodata.errors import SourceError
from geodata.gazetteer import Gazetteer, Spot

ADDRESS_RADIUS_M: Final = 50.0
"""The register's point stands on the building or its plot; a large plant is wider."""
LETTERLESS_RADIUS_M: Final = 100.0
STREET_LEAST_M: Final = 200.0
METRES_PER_NUMBER: Final = 20.0
"""House numbers of rural roads count tens of metres: what a missing number may lie off its nearest
neighbour."""
MOST_NUMBERS: Final = 200
"""Beyond this many numbers a gap says nothing more."""
TOGETHER_M: Final = 500.0
"""Houses of the same number this near each other are one address."""


@dataclass(frozen=True)
class AddressRow:
    """One address of a register: ``letter`` is empty where it has none, degrees in EPSG:4326."""

    street: str
    number: int
    letter: str
    postcode: str
    place: str
    municipality_number: str
    lon: float
    lat: float

    @property
    def written(self) -> str:
        number = f" {self.number}{self.letter}" if self.number else ""
        return f"{self.street}{number}, {self.postcode} {self.place}".strip(", ")


class AddressIndex(Protocol):
    """A register of addresses, looked up by the key of :func:`geodata.addresstext.normalise_street`.

    `written` is the street as the row has it, for a register that knows no keys. A register that can be out
    of reach raises :class:`~geodata.errors.SourceError`.
    """

    def covers(self, municipalities: Sequence[str]) -> bool:
        """Tell whether a street of these municipalities (none: of anywhere) would be in the register."""

    def find_number(
        self, street: str, number: int, *, municipalities: Sequence[str], written: str = ""
    ) -> Sequence[AddressRow]:
        """Return the houses of that number, all letters; without municipalities those of the whole
        register."""

    def find_street(
        self, street: str, *, municipalities: Sequence[str], written: str = ""
    ) -> Sequence[AddressRow]:
        """Return all houses of a street."""

    def find_postcode(self, postcode: str) -> tuple[float, float, float] | None:
        """Return longitude, latitude and radius in metres of a postcode's houses."""

    def suggest_streets(
        self, street: str, *, municipalities: Sequence[str], limit: int, written: str = ""
    ) -> Sequence[str]:
        """Return names of streets that look like `street`, the likest first."""


@dataclass(frozen=True)
class Question:
    """What a row says, each part empty where it says nothing. `municipalities` and `counties` are today's
    numbers; counties choose among places of one name."""

    address: str = ""
    postcode: str = ""
    place: str = ""
    municipality: str = ""
    municipalities: tuple[str, ...] = ()
    counties: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """A point with grade and radius; ``lon`` is NaN and `grade` empty where nothing was found."""

    lon: float = math.nan
    lat: float = math.nan
    grade: str = ""
    radius_m: float = math.nan
    matched: str = ""
    municipality_number: str = ""
    problems: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()

    @property
    def placed(self) -> bool:
        return bool(self.grade)


@dataclass(frozen=True, eq=False)
class Ladder:
    """The ladder over embedded places and, where there is one, a register of addresses."""

    gazetteer: Gazetteer
    addresses: AddressIndex | None

    def climb(self, question: Question) -> Answer:
        """Answer one row that has no coordinates, by the best rung that holds."""
        address = read_address(question.address) if question.address else Address()
        postcode, place, problems = self._read_postal(question, address)
        scope, told = self._choose_scope(question, postcode, place)
        problems += told
        candidates: tuple[str, ...] = ()
        if self.addresses is not None and address.street and not self.addresses.covers(scope):
            problems += ("register_elsewhere",)
        elif self.addresses is not None and address.street:
            try:
                answer, told, candidates = self._find_house(address, postcode, scope)
            except SourceError:
                answer, told = None, ("register_silent",)
            problems += told
            if answer is not None:
                return replace(answer, problems=_once(problems), candidates=candidates)
        if not address.street and address.number is None and "box" in address.stripped:
            problems += ("box_only",)
        answer, told, more = self._find_area(question, address, postcode, place, scope)
        problems += told
        candidates = tuple(dict.fromkeys((*candidates, *more)))
        if answer is None:
            given = question.address or question.postcode or question.place or question.municipality
            problems += ("not_placed",) if given else ("nothing_given",)
            return Answer(problems=_once(problems), candidates=candidates)
        return replace(answer, problems=_once(problems), candidates=candidates)

    def _read_postal(self, question: Question, address: Address) -> tuple[str, str, tuple[str, ...]]:
        """Return postcode, place and what is wrong with the first; ``7010 Trondheim`` may stand in either
        cell."""
        code, name = question.postcode, question.place
        for text in (question.postcode, question.place):
            read = read_address(f"{text},") if text else Address()
            if read.postcode:
                code, name = read.postcode, read.place or name
        digits = "".join(c for c in code.removesuffix(".0") if c.isascii() and c.isdigit())
        problems: tuple[str, ...] = ()
        if code and len(digits) not in (3, 4):
            if not digits and not name:
                name = code  # a place in the postcode's cell
            else:
                problems = ("postcode_unknown",)
            digits = ""
        digits = digits.zfill(4) if digits else address.postcode
        if digits and digits not in self.gazetteer.postal_names and not self._is_registered(digits):
            problems, digits = ("postcode_unknown",), ""
        return digits, name or address.place, problems

    def _is_registered(self, postcode: str) -> bool:
        return self._ask_postcode(postcode) is not None

    def _ask_postcode(self, postcode: str) -> tuple[float, float, float] | None:
        if self.addresses is None:
            return None
        try:
            return self.addresses.find_postcode(postcode)
        except SourceError:  # then what is embedded is used
            return None

    def _choose_scope(
        self, question: Question, postcode: str, place: str
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the municipalities to look in (none: anywhere), and what does not fit together."""
        problems: tuple[str, ...] = ()
        if question.municipality and not question.municipalities:
            problems = ("municipality_unknown",)
        postal = self.gazetteer.postal_municipality.get(postcode, "")
        scope = question.municipalities
        if scope and postal and postal not in scope and not self._reaches(postcode, scope):
            return scope, (*problems, "postcode_elsewhere")
        if len(scope) > 1 and postal in scope:
            return (postal,), problems
        if not scope and postal:
            return (postal,), problems
        if place and len(scope) != 1:
            found = self.gazetteer.find_meanings(place, municipalities=scope, counties=question.counties)
            if len(found) == 1:
                return (found[0].municipality_number,), problems
        return scope, problems

    def _reaches(self, postcode: str, scope: Sequence[str]) -> bool:
        # post is carried across borders: a postcode may serve houses of the municipality beside its own
        spot = self.gazetteer.postcodes.get(postcode)
        return spot is not None and any(
            self.gazetteer.measure_to(number, spot.lon, spot.lat) <= spot.radius_m for number in scope
        )

    def _find_house(
        self, address: Address, postcode: str, scope: tuple[str, ...]
    ) -> tuple[Answer | None, tuple[str, ...], tuple[str, ...]]:
        """Return a house or a street of the register, what is wrong, and candidates."""
        register = self.addresses
        assert register is not None  # noqa: S101  (asked by climb)
        problems: tuple[str, ...] = ()
        for name in (address.street, *address.others):
            street = normalise_street(name)
            if not street:
                continue
            if address.number is not None:
                houses = register.find_number(street, address.number, municipalities=scope, written=name)
                rows = _prefer(houses, postcode)
                if rows:
                    answer, told = _choose_letter(rows, address.letter, postcode)
                    if answer is None:
                        return None, told, tuple(dict.fromkeys(row.written for row in rows))[:3]
                    return answer, told, ()
            if not scope:
                continue  # a street without a number is known by its municipality only
            whole = _prefer(register.find_street(street, municipalities=scope, written=name), postcode)
            if whole:
                problems = () if address.number is None else ("number_unknown",)
                near = _near_numbers(whole, address.number)
                return _answer_street(whole, address.number), problems, near
        close: tuple[str, ...] = ()
        if scope and normalise_street(address.street):
            key = normalise_street(address.street)
            close = tuple(
                register.suggest_streets(key, municipalities=scope, limit=3, written=address.street)
            )
        return None, ("street_unknown",), close

    def _find_area(
        self, question: Question, address: Address, postcode: str, place: str, scope: tuple[str, ...]
    ) -> tuple[Answer | None, tuple[str, ...], tuple[str, ...]]:
        """Return the narrowest of place and postcode, else the municipality."""
        gazetteer = self.gazetteer
        problems: tuple[str, ...] = ()
        candidates: tuple[str, ...] = ()
        elsewhere = bool(scope) and not self._fits(postcode, scope)
        by_place = None
        meant = self._find_meant(question, place, postcode, scope) if place else ()
        if place:
            same_post = postcode and fold_name(gazetteer.postal_names.get(postcode, "")) == fold_name(place)
            if len(meant) == 1:
                by_place = meant[0]
            elif len(meant) > 1:
                problems += ("place_ambiguous",)
                candidates += tuple(gazetteer.describe_place(spot) for spot in meant)[:5]
            elif not same_post:
                others = gazetteer.find_place(place)
                if others:
                    problems += ("place_elsewhere",)
                    candidates += tuple(gazetteer.describe_place(spot) for spot in others)[:3]
                elif not gazetteer.find_municipalities(place):
                    problems += ("place_unknown",)
                    candidates += gazetteer.suggest_places(place, municipalities=scope)
        elif not postcode and address.street and address.number is None:
            # an address without a number may be the name of a village
            meant = self._find_meant(question, address.street, postcode, scope)
            by_place = meant[0] if len(meant) == 1 and not gazetteer.is_seat(meant[0]) else None
        by_code = None if elsewhere or not postcode else self._find_postcode(postcode)
        if by_place is not None and (by_code is None or by_place.radius_m <= by_code.radius_m):
            grade = "municipality" if gazetteer.is_seat(by_place) else "place"
            return _answer_spot(by_place, grade), problems, candidates
        if by_code is not None:
            return _answer_spot(by_code, "postcode"), problems, candidates
        numbers = question.municipalities or scope
        if len(numbers) == 1 and numbers[0] in gazetteer.seats:
            return _answer_spot(gazetteer.seats[numbers[0]], "municipality"), problems, candidates
        if len(numbers) > 1 and "place_ambiguous" not in problems:
            problems += ("municipality_ambiguous",)
            candidates += tuple(
                f"{number} {gazetteer.seats[number].name}" for number in numbers if number in gazetteer.seats
            )[:5]
        return None, problems, candidates

    def _find_meant(
        self, question: Question, name: str, postcode: str, scope: tuple[str, ...]
    ) -> tuple[Spot, ...]:
        """Return what a name means: the places in the one municipality that something else than the name
        tells of, else all that the name may mean."""
        if len(scope) == 1 and (question.municipalities or postcode):
            return self.gazetteer.find_place(name, municipalities=scope)
        return self.gazetteer.find_meanings(
            name, municipalities=question.municipalities, counties=question.counties
        )

    def _fits(self, postcode: str, scope: Sequence[str]) -> bool:
        postal = self.gazetteer.postal_municipality.get(postcode, "")
        return not postal or postal in scope or self._reaches(postcode, scope)

    def _find_postcode(self, postcode: str) -> Spot | None:
        spot = self.gazetteer.postcodes.get(postcode)
        found = self._ask_postcode(postcode)
        if found is None:
            return spot
        name = self.gazetteer.postal_names.get(postcode, "")
        number = self.gazetteer.postal_municipality.get(postcode, "")
        return Spot(found[0], found[1], max(found[2], STREET_LEAST_M), name, number)


def _once(problems: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(problems))


def _prefer(rows: Sequence[AddressRow], postcode: str) -> Sequence[AddressRow]:
    """Return the rows of the stated postcode where there are any, else all."""
    same = [row for row in rows if postcode and row.postcode == postcode]
    return same or rows


def _choose_letter(
    rows: Sequence[AddressRow], letter: str, postcode: str
) -> tuple[Answer | None, tuple[str, ...]]:
    """Return the house among those of its number: the same letter, else without a letter, else among all
    letters."""
    exact = [row for row in rows if row.letter == letter]
    chosen = exact or [row for row in rows if not row.letter] or list(rows)
    lon, lat, spread = _middle(chosen)
    if spread > TOGETHER_M:
        return None, ("address_ambiguous",)
    first = chosen[0]
    radius = ADDRESS_RADIUS_M if exact else LETTERLESS_RADIUS_M
    if not exact:  # the house asked for is one beside these
        spread = max(spread, _middle(rows)[2])
    problems = ("postcode_differs",) if postcode and first.postcode and first.postcode != postcode else ()
    answer = Answer(
        lon,
        lat,
        "address",
        float(round(max(radius, spread + radius))),
        first.written,
        first.municipality_number,
    )
    return answer, problems


def _answer_street(rows: Sequence[AddressRow], number: int | None) -> Answer:
    """Return the neighbour of a missing number, or the house in the middle of the street."""
    lon, lat, spread = _middle(rows)
    radius = max(STREET_LEAST_M, spread + ADDRESS_RADIUS_M)
    first = rows[0]
    if number is not None:
        nearest = min(rows, key=lambda row: (abs(row.number - number), (row.number - number) % 2))
        gap = abs(nearest.number - number)
        lon, lat = nearest.lon, nearest.lat
        radius = STREET_LEAST_M + min(gap, MOST_NUMBERS) * METRES_PER_NUMBER
    where = f"{first.street}, {first.postcode} {first.place}".strip(", ")
    return Answer(lon, lat, "street", float(round(radius)), where, first.municipality_number)


def _near_numbers(rows: Sequence[AddressRow], number: int | None) -> tuple[str, ...]:
    if number is None:
        return ()
    nearest = sorted(rows, key=lambda row: (abs(row.number - number), row.letter))
    return tuple(dict.fromkeys(row.written for row in nearest))[:3]


def _middle(rows: Sequence[AddressRow]) -> tuple[float, float, float]:
    """Return the house nearest the mean of all (so that it never lies in a fjord), and metres to the
    farthest."""
    lon = np.array([row.lon for row in rows])
    lat = np.array([row.lat for row in rows])
    east, north = 111_320.0 * np.cos(np.radians(lat)), 110_574.0
    x, y = (lon - lon.mean()) * east, (lat - lat.mean()) * north
    at = int(np.argmin(x * x + y * y))
    return float(lon[at]), float(lat[at]), float(np.hypot(x - x[at], y - y[at]).max())


def _answer_spot(spot: Spot, grade: str) -> Answer:
    return Answer(spot.lon, spot.lat, grade, spot.radius_m, spot.name, spot.municipality_number)
