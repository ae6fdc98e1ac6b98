"""A business register of invented units, answering as the real one does, its narrow window included."""

from __future__ import annotations

import datetime as dt
import gzip
import itertools
import json
import random
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from geodata.identifiers import check_digit
from tests.loaders.played import Asked, Reply

DAYS = ("fraRegistreringsdatoEnhetsregisteret", "tilRegistreringsdatoEnhetsregisteret")
EMPLOYEES = ("fraAntallAnsatte", "tilAntallAnsatte")
POSTCODE = "beliggenhetsadresse.postnummer"
FILTERS = {"kommunenummer", "naeringskode", "organisasjonsnummer", *DAYS, *EMPLOYEES, POSTCODE}
PAGING = {"size", "page", "sort"}


def number_of(order: int) -> str:
    """Return an organisation number with its check digit; larger orders give larger numbers."""
    for first in itertools.count(80_000_000 + order * 2):
        digit = check_digit(str(first))
        if digit is not None:
            return f"{first}{digit}"
    raise AssertionError


@dataclass
class Unit:
    """A unit with what the register knows and does not tell (its employees where they are few).

    `municipality` is where it is found; also where it is `located`, if that is another one.
    """

    number: str
    municipality: str = "5001"
    codes: tuple[str, ...] = ("38.110",)
    employees: int | None = 12
    registered_on: str = "2010-06-15"
    postcode: str = "7010"
    parent: str = ""
    name: str = ""
    located: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def record(self, kind: str) -> dict[str, Any]:
        address = {
            "land": "Norge",
            "landkode": "NO",
            "postnummer": self.postcode,
            "poststed": "OPPDIKTA",
            "adresse": ["Liksomvegen 1"],
            "kommune": "OPPDIKTA",
            "kommunenummer": self.located or self.municipality,
        }
        record: dict[str, Any] = {
            "organisasjonsnummer": self.number,
            "navn": self.name or f"OPPDIKTA {self.number}",
            "organisasjonsform": {"kode": "BEDR" if kind == "underenheter" else "AS"},
            "registreringsdatoEnhetsregisteret": self.registered_on,
            "harRegistrertAntallAnsatte": self.employees is not None,
            "beliggenhetsadresse" if kind == "underenheter" else "forretningsadresse": address,
        }
        for order, code in enumerate(self.codes, 1):
            record[f"naeringskode{order}"] = {"kode": code, "beskrivelse": "oppdikta"}
        if self.employees is not None and (self.employees == 0 or self.employees > 4):
            record["antallAnsatte"] = self.employees
        if self.parent:
            record["overordnetEnhet"] = self.parent
        return record | self.more


class PlayedRegister:
    """Answers searches, single units, lists of changes and files.

    Attributes
    ----------
    units, parents : number -> unit. gone : number -> (status, answer) of what is asked for by its number.
    window : (page + 1) * size is at most this. heeded : filters that it knows; `refuses` tells whether it
        says 400 to others or drops them.
    before : called with the count of searches so far before each, to change the register meanwhile.
    """

    def __init__(
        self,
        units: Iterable[Unit] = (),
        parents: Iterable[Unit] = (),
        *,
        window: int = 10_000,
        heeded: Collection[str] = FILTERS,
        refuses: bool = False,
    ) -> None:
        self.units = {unit.number: unit for unit in units}
        self.parents = {unit.number: unit for unit in parents}
        self.gone: dict[str, tuple[int, Any]] = {}
        self.changes: list[dict[str, Any]] = []
        self.window = window
        self.heeded = set(heeded)
        self.refuses = refuses
        self.before: Callable[[int], None] = lambda count: None
        self.searches = 0
        self.files: dict[str, bytes] = {}

    def answer(self, asked: Asked) -> Reply:
        parts = asked.path.strip("/").split("/")
        if parts[0] == "oppdateringer":
            return self.list_changes(asked, parts[1])
        if len(parts) == 1:
            return self.search(asked, parts[0])
        if parts[1] == "lastned":
            content = self.files["/".join(parts)]
            begin = asked.headers.get("Range", "").removeprefix("bytes=").removesuffix("-")
            if not begin:
                return Reply(200, content, {"ETag": '"one"'})
            whole = f"bytes {begin}-{len(content) - 1}/{len(content)}"
            return Reply(206, content[int(begin) :], {"ETag": '"one"', "Content-Range": whole})
        return self.look_up(parts[0], parts[1])

    def look_up(self, kind: str, number: str) -> Reply:
        if number in self.gone:
            return Reply(*self.gone[number])
        unit = self.table(kind).get(number)
        return Reply(404, {"status": 404}) if unit is None else Reply(200, unit.record(kind))

    def table(self, kind: str) -> dict[str, Unit]:
        return self.units if kind == "underenheter" else self.parents

    def search(self, asked: Asked, kind: str) -> Reply:
        self.before(self.searches)
        self.searches += 1
        unknown = set(asked.params) - self.heeded - PAGING
        if unknown and self.refuses:
            return Reply(400, {"feilmelding": f"Ukjent parameter {sorted(unknown)}"})
        size, page = int(asked.one("size", "20")), int(asked.one("page", "0"))
        if (page + 1) * size > self.window:
            return Reply(400, {"feilmelding": "Antall treff er begrenset"})
        given = {name: asked.one(name) for name in asked.params if name in self.heeded}
        hits = [unit for unit in self.table(kind).values() if fits(unit, given)]
        hits.sort(key=lambda unit: unit.number, reverse=asked.one("sort").endswith("DESC"))
        return page_of(kind, hits, size, page, make=lambda unit: unit.record(kind))

    def tell_change(self, update_id: int, number: str, kind: str, day: str = "2026-11-20") -> None:
        self.changes.append(
            {
                "oppdateringsid": update_id,
                "dato": f"{day}T03:00:00.000Z",
                "organisasjonsnummer": number,
                "endringstype": kind,
            }
        )

    def list_changes(self, asked: Asked, kind: str) -> Reply:
        size, page = int(asked.one("size", "20")), int(asked.one("page", "0"))
        if (page + 1) * size > 10_000:
            return Reply(400)
        begin, day = int(asked.one("oppdateringsid", "0")), asked.one("dato", "0")
        rows = [row for row in self.changes if row["oppdateringsid"] >= begin and row["dato"] >= day]
        return page_of("oppdaterte" + kind.capitalize(), rows, size, page)


def page_of(
    key: str, rows: Sequence[Any], size: int, page: int, make: Callable[[Any], Any] = lambda row: row
) -> Reply:
    part = [make(row) for row in rows[page * size : (page + 1) * size]]
    paging = {
        "size": size,
        "totalElements": len(rows),
        "totalPages": -(-len(rows) // size),
        "number": page,
    }
    answer = {"_links": {"self": {"href": "https://example.invalid"}}, "page": paging}
    return Reply(200, answer | ({"_embedded": {key: part}} if part else {}))


def fits(unit: Unit, given: dict[str, str]) -> bool:
    if given.get("kommunenummer", unit.municipality) not in (unit.municipality, unit.located):
        return False
    codes = given.get("naeringskode")
    if codes is not None and not any(own.startswith(tuple(codes.split(","))) for own in unit.codes):
        return False
    first_day, last_day = (given.get(name) for name in DAYS)
    least, most = (given.get(name) for name in EMPLOYEES)
    return (
        ("organisasjonsnummer" not in given or unit.number in given["organisasjonsnummer"].split(","))
        and (first_day is None or (bool(unit.registered_on) and unit.registered_on >= first_day))
        and (last_day is None or (bool(unit.registered_on) and unit.registered_on <= last_day))
        and (least is None or (unit.employees is not None and unit.employees >= int(least)))
        and (most is None or (unit.employees is not None and unit.employees <= int(most)))
        and given.get(POSTCODE, unit.postcode) == unit.postcode
    )


def make_units(
    count: int, *, municipality: str, seed: int, first: int = 0, codes: Sequence[str] = ()
) -> list[Unit]:
    """Return `count` invented units: one to three codes, some few without, employees known or not."""
    chance = random.Random(seed)
    known = codes or (
        "01.110",
        "10.110",
        "10.200",
        "38.110",
        "38.210",
        "47.110",
        "47.190",
        "68.209",
        "96.020",
    )
    units = []
    for order in range(first, first + count):
        own = tuple(chance.sample(known, chance.choice((1, 1, 1, 2, 3)))) if chance.random() > 0.04 else ()
        day = dt.date(1995, 2, 20) + dt.timedelta(days=chance.randrange(11_000))
        employees = chance.choice((None, 0, 0, 2, 4, 5, 12, 60, 300))
        postcode = chance.choice(("7010", "7011", "7020", "7088"))
        units.append(Unit(number_of(order), municipality, own, employees, day.isoformat(), postcode))
    return units


def pack(rows: Any, layout: str) -> bytes:
    """Return rows as the nightly file: gzip of CSV text or of a JSON list."""
    text = rows if layout == "csv" else json.dumps(rows, ensure_ascii=False)
    return gzip.compress(text.encode(), mtime=0)
