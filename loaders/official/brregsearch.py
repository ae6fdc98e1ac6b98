"""Search the business register until all that fits a question has come, and say so where it has not.

The register tells how many units fit a question and gives the first 10 000 of them, page by page. Larger
questions are asked in parts (:mod:`loaders.official.brregparts`). While pages come the register changes: what
came is counted by organisation number against what the register told last, and asked for anew where it lacks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from loaders.embedded import read_postcodes
from loaders.official.brregparts import CRITERIA, MUNICIPALITY, Criterion, Question
from loaders.official.brregrows import REGISTER_NAMES
from loaders.official.webclient import Service, WebClient

BRREG: Final = Service("brreg", "Brønnøysundregistrene", "https://data.brreg.no/enhetsregisteret/api")
WINDOW: Final = 10_000
"""(page + 1) * size is at most this; beyond, the register refuses."""
PAGE_SIZE: Final = 1_000
ROUNDS: Final = 3
"""How often a question is asked whose answers lack some: the first time, kept answers are used."""

UNITS: Final = "underenheter"
PARENTS: Final = "enheter"
ACCEPT: Final = {
    UNITS: "application/vnd.brreg.enhetsregisteret.underenhet.v2+json;charset=UTF-8",
    PARENTS: "application/vnd.brreg.enhetsregisteret.enhet.v2+json;charset=UTF-8",
}
_REFUSED: Final = frozenset({400})

_READ: Final = {name.partition(".")[0] for name in REGISTER_NAMES.values()} | {"forretningsadresse"}
_NOT_READ_WITHIN: Final = frozenset({"beskrivelse", "land", "_links"})

Record = dict[str, Any]
"""A unit as the register gives it, as far as it is read."""


@dataclass
class Gathered:
    """What came of one question.

    Attributes
    ----------
    question : as it was asked. records : organisation number -> unit. asked : how many the register told of.
    """

    question: Question
    records: dict[str, Record] = field(default_factory=dict)
    asked: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether as many came as the register told of."""
        return len(self.records) >= self.asked


@dataclass(frozen=True)
class _Page:
    total: int
    records: dict[str, Record]


class Search:
    """Asks one register (units or parents) for all that fits a question.

    Parameters
    ----------
    client : of :data:`BRREG`. kind : :data:`UNITS` or :data:`PARENTS`.
    window, page_size : what the service allows, and how much is asked for at once.
    tell : told how many units have come so far.

    Attributes
    ----------
    fetched_on : ISO date of the oldest answer that was used, ``""`` before the first.
    """

    def __init__(
        self,
        client: WebClient,
        *,
        kind: str = UNITS,
        window: int = WINDOW,
        page_size: int = PAGE_SIZE,
        tell: Callable[[int], None] | None = None,
    ) -> None:
        self._client = client
        self._kind = kind
        self._window = window
        # Pages fill the window exactly, else its last units are on no page that is given.
        self._page_size = max(size for size in range(1, min(page_size, window) + 1) if window % size == 0)
        self._tell = tell
        self.fetched_on = ""
        self._seen: set[str] = set()
        self._known_filters: dict[str, bool] = {}

    def gather(self, question: Question) -> Gathered:
        """Return all that fits `question`, or what could be reached of it (:attr:`Gathered.is_whole`).

        Raises
        ------
        SourceError
            As :meth:`~loaders.official.webclient.WebClient.ask_json`.
        """
        return self._gather(question, CRITERIA, may_refuse=False)

    # --- a question and its parts ---------------------------------------------------------------------

    def _gather(self, question: Question, criteria: Sequence[Criterion], *, may_refuse: bool) -> Gathered:
        got = Gathered(question)
        for number in range(ROUNDS):
            fresh = number > 0
            first = self._ask(question, 0, fresh=fresh, may_refuse=may_refuse)
            if first is None:
                return got
            if first.total > self._window:
                self._gather_parts(got, first, criteria)
                return got
            if self._gather_pages(got, first, fresh=fresh):
                return got
        return got

    def _gather_pages(self, got: Gathered, page: _Page, *, fresh: bool) -> bool:
        """Add all pages of a question that fits the window; return whether they are all of one moment.

        A register that grows or shrinks between two pages moves units from one to the other: what is on no
        page then may be made up for in number by what is gone.
        """
        came, totals = dict(page.records), {page.total}
        number = 1
        while number * self._page_size < page.total and (number + 1) * self._page_size <= self._window:
            following = self._ask(got.question, number, fresh=fresh)
            if following is None:
                break
            page = following
            came |= page.records
            totals.add(page.total)
            number += 1
        of_one_moment = len(totals) == 1 and len(came) >= page.total
        # Such a round stands alone: what an earlier one had may be gone from the register.
        got.asked = page.total
        got.records = came if of_one_moment else got.records | came
        return of_one_moment

    def _gather_parts(self, got: Gathered, page: _Page, criteria: Sequence[Criterion]) -> None:
        """Add what the parts of a question bring, by one criterion after the other until nothing lacks."""
        got.asked = page.total
        got.records = dict(page.records)
        for position, criterion in enumerate(criteria):
            if not self._knows(criterion, got.question):
                continue
            for part in criterion.split(got.question, self._find_postcodes(got)):
                got.records |= self._gather(part, criteria[position:], may_refuse=True).records
            if not got.is_whole:
                got.asked = self._count(got.question)
            if got.is_whole:
                return
        self._gather_ends(got)

    def _gather_ends(self, got: Gathered) -> None:
        """Add the first and the last that the window shows, in the order of their numbers."""
        for order in ("ASC", "DESC"):
            for number in range(self._window // self._page_size):
                if got.is_whole:
                    return
                page = self._ask(got.question, number, order=order, fresh=True)
                if page is None:
                    return
                got.asked = page.total
                got.records |= page.records

    # --- asking ---------------------------------------------------------------------------------------

    def _ask(
        self,
        question: Question,
        number: int,
        *,
        size: int | None = None,
        order: str = "ASC",
        fresh: bool = False,
        may_refuse: bool = True,
    ) -> _Page | None:
        """Return a page, or None where the service does not take the question."""
        paging = {
            "sort": f"organisasjonsnummer,{order}",
            "size": str(size or self._page_size),
            "page": str(number),
        }
        answer = self._client.ask_json(
            self._kind,
            params={**question, **paging},
            accept=ACCEPT[self._kind],
            check=lambda value: is_page(value, self._kind),
            absent=_REFUSED if may_refuse else frozenset(),
            keep=not fresh,
        )
        if answer.status in _REFUSED:
            return None
        page = _Page(
            answer.value["page"]["totalElements"], index_records(read_embedded(answer.value, self._kind))
        )
        self.fetched_on = min(self.fetched_on or answer.fetched_on, answer.fetched_on)
        self._seen.update(page.records)
        if self._tell is not None:
            self._tell(len(self._seen))
        return page

    def _count(self, question: Question) -> int:
        """Return how many fit now."""
        page = self._ask(question, 0, size=1, fresh=True)
        return 0 if page is None else page.total

    def _knows(self, criterion: Criterion, question: Question) -> bool:
        """Return whether the service heeds the filters of a criterion: one that does not answers with all."""
        if criterion.name not in self._known_filters:
            page = self._ask({**question, **criterion.impossible}, 0, size=1)
            self._known_filters[criterion.name] = page is not None and page.total == 0
        return self._known_filters[criterion.name]

    def _find_postcodes(self, got: Gathered) -> set[str]:
        """Return the postcodes of the question's municipality, and those of what came so far."""
        came = {read_location(record).get("postnummer") for record in got.records.values()}
        here = _list_postcodes().get(got.question.get(MUNICIPALITY, ""), ())
        return {code for code in [*came, *here] if isinstance(code, str) and code}


@cache
def _list_postcodes() -> dict[str, tuple[str, ...]]:
    """Return the embedded postcodes by municipality."""
    table = read_postcodes().dropna(subset=["municipality_number"])
    groups = table.groupby("municipality_number")["postcode"]
    return {str(number): tuple(map(str, codes)) for number, codes in groups}


def is_page(value: Any, kind: str) -> bool:
    """Return whether an answer is a page of the search: it tells how many fit, and gives some if any do."""
    page = value.get("page") if isinstance(value, dict) else None
    total = page.get("totalElements") if isinstance(page, dict) else None
    if not isinstance(page, dict) or not isinstance(total, int) or isinstance(total, bool) or total < 0:
        return False
    embedded = value.get("_embedded") or {}
    rows = embedded.get(kind) or [] if isinstance(embedded, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return False
    begun = page.get("number") or 0
    size = page.get("size") or len(rows)
    return bool(rows) or not isinstance(begun, int) or not isinstance(size, int) or begun * size >= total


def read_embedded(value: Any, kind: str) -> list[Record]:
    """Return the records of a page; one without hits has no such key."""
    rows: list[Record] = (value.get("_embedded") or {}).get(kind) or []
    return rows


def index_records(rows: Iterable[Record]) -> dict[str, Record]:
    """Return records by organisation number; one that has none cannot be told from others and is left out."""
    return {
        str(row["organisasjonsnummer"]): slim_record(row) for row in rows if row.get("organisasjonsnummer")
    }


def slim_record(record: Record) -> Record:
    """Return what is read of a record: a third of the memory, and no telephone or e-mail.

    Texts that many records share, such as codes and places, are held once.
    """
    slim: Record = {}
    for key, value in record.items():
        if key.casefold() in _READ:
            if isinstance(value, dict):
                value = {
                    sys.intern(name): sys.intern(part) if isinstance(part, str) else part
                    for name, part in value.items()
                    if name not in _NOT_READ_WITHIN
                }
            slim[key] = value
    return slim


def read_location(record: Record) -> Record:
    """Return the address where a unit lies, ``{}`` where none is given."""
    location = record.get("beliggenhetsadresse")
    return location if isinstance(location, dict) else {}
