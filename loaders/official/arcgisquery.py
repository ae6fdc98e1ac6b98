"""Ask a layer of an ArcGIS server for all of its features: page by page, held against the count it states.

ArcGIS tells an error with HTTP status 200 and ``{"error": ...}``: such an answer is never data and never
kept. Pages come in the order of the object id. Where a server knows no paging, ranges of object ids are
asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from geodata.errors import SourceError
from loaders.official.webclient import Progress, WebClient

USUAL_PAGE: Final = 1000
LARGEST_PAGE: Final = 2000
"""Features in an answer, where the server allows more."""
ROUNDS: Final = 3
"""How often all is read again when the count changed meanwhile."""
_TRANSIENT: Final = frozenset({408, 429, 498, 499, 500, 502, 503, 504})


@dataclass(frozen=True)
class Layer:
    """What a layer says of itself: the field of its object ids, its largest page, whether it knows paging,
    and its description as it came (fields with aliases and coded values)."""

    id_field: str = "OBJECTID"
    page: int = USUAL_PAGE
    paging: bool = True
    described: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Features:
    """All features as they came (GeoJSON or Esri JSON) with the pages' other keys, and the oldest page's day.

    `repeated` is how many came twice and were taken once.
    """

    pages: tuple[Mapping[str, Any], ...]
    count: int
    fetched_on: str
    repeated: int = 0


def check_answer(service: str) -> Callable[[Any], bool]:
    """Return a check for :meth:`WebClient.ask_json`: an error that will not pass is raised
    (``mdir.answer_error``), others are asked again."""

    def check(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        error = value.get("error")
        if error is None:
            return bool(value)
        code = error.get("code") if isinstance(error, dict) else None
        if code in _TRANSIENT:
            return False
        message = str(error.get("message") if isinstance(error, dict) else error)[:120]
        raise SourceError("mdir.answer_error", service=service, error=str(code), reason=message)

    return check


def describe_layer(client: WebClient, path: str) -> Layer:
    """Return what the layer at `path` says of itself; usual values where it says nothing."""
    check = check_answer(client.service.title)
    try:
        told = client.ask_json(path, params={"f": "json"}, check=check, absent=frozenset({400, 404})).value
    except SourceError as error:
        if error.code not in ("mdir.answer_error", "source.unexpected", "source.refused"):
            raise
        told = None  # the features may be had all the same
    if not isinstance(told, dict) or "error" in told:
        return Layer()
    abilities = told.get("advancedQueryCapabilities")
    paging = abilities.get("supportsPagination", True) if isinstance(abilities, dict) else True
    largest = told.get("maxRecordCount")
    page = int(largest) if isinstance(largest, int | float) and largest >= 1 else USUAL_PAGE
    return Layer(_find_id_field(told), min(page, LARGEST_PAGE), bool(paging), told)


def _find_id_field(told: Mapping[str, Any]) -> str:
    named = told.get("objectIdField") or told.get("objectIdFieldName")
    if isinstance(named, str) and named:
        return named
    for entry in told.get("fields") or []:
        if isinstance(entry, dict) and entry.get("type") == "esriFieldTypeOID":
            return str(entry.get("name"))
    return "OBJECTID"


def fetch_features(
    client: WebClient,
    path: str,
    *,
    layer: Layer,
    where: str = "1=1",
    bbox: tuple[float, float, float, float] | None = None,
    step: str = "plants",
    progress: Progress | None = None,
) -> Features:
    """Return all features of a layer, in EPSG:4326.

    Parameters
    ----------
    path : of the layer under the service's address. bbox : west, south, east, north in degrees.
    step : what `progress` is told.

    Raises
    ------
    SourceError
        As :meth:`WebClient.ask_json`; ``mdir.answer_error``; ``mdir.count_differs`` where the answers do not
        add up to what the service says it has, after several rounds.
    """
    question = {"where": where, "outFields": "*", "outSR": "4326", "returnGeometry": "true", "f": "json"}
    if bbox is not None:
        question |= {
            "geometry": ",".join(f"{number:.6f}" for number in bbox),
            "geometryType": "esriGeometryEnvelope",
            "inSR": "4326",
            "spatialRel": "esriSpatialRelIntersects",
        }
    read = 0
    asker = _Asker(client, f"{path.rstrip('/')}/query", question, layer, progress, step)
    for round_number in range(ROUNDS):
        asker.keep = round_number == 0  # what was kept may be older than the count
        expected = asker.count()
        try:
            features = asker.read_pages(expected) if layer.paging else None
        except SourceError as error:
            if error.code != "mdir.answer_error":
                raise
            features = None  # a server without paging refuses the offset
        if features is None:
            features = asker.read_ranges(expected)
        moved = features.repeated > 0 and round_number < ROUNDS - 1  # the order changed while it was read
        if not moved and (expected is None or features.count == expected):
            return features
        read = features.count
    raise SourceError("mdir.count_differs", service=client.service.title, count=expected or 0, read=read)


@dataclass
class _Asker:
    client: WebClient
    path: str
    question: dict[str, str]
    layer: Layer
    progress: Progress | None
    step: str
    keep: bool = True

    def ask(self, **more: str) -> tuple[dict[str, Any], str]:
        answer = self.client.ask_json(
            self.path,
            params={**self.question, **more},
            check=check_answer(self.client.service.title),
            keep=self.keep,
        )
        value: dict[str, Any] = answer.value
        return value, answer.fetched_on

    def tell(self, done: int, total: int | None) -> None:
        if self.progress is not None:
            self.progress(self.step, done, total)

    def count(self) -> int | None:
        try:
            told, _ = self.ask(returnCountOnly="true")
        except SourceError as error:
            if error.code != "mdir.answer_error":
                raise
            return None
        count = told.get("count", _properties(told).get("count"))
        return count if isinstance(count, int) and not isinstance(count, bool) else None

    def read_pages(self, expected: int | None) -> Features | None:
        """Return all pages; None where the server does not mind the offset."""
        collector = _Collector(self.layer.id_field)
        offset = 0
        order = {"orderByFields": f"{self.layer.id_field} ASC", "resultRecordCount": str(self.layer.page)}
        while True:
            page, day = self.ask(**order, resultOffset=str(offset))
            got = _features(page)
            if not got:
                break
            fresh = collector.add(page, got, day)
            if not fresh:
                return None
            offset += len(got)
            self.tell(collector.count, expected)
            if not has_more(page) and (expected is None or collector.count >= expected):
                break
        return collector.finish()

    def read_ranges(self, expected: int | None) -> Features:
        told, day = self.ask(returnIdsOnly="true")
        ids = told.get("objectIds", _properties(told).get("objectIds"))
        id_field = str(told.get("objectIdFieldName") or self.layer.id_field)
        known = sorted({int(number) for number in ids or [] if isinstance(number, int | float)})
        collector = _Collector(id_field)
        collector.days.append(day)
        for first, last in _split(known, self.layer.page):
            self._read_range(collector, id_field, known[first:last])
            self.tell(collector.count, expected or len(known))
        return collector.finish()

    def _read_range(self, collector: _Collector, id_field: str, ids: Sequence[int]) -> None:
        where = f"({self.question['where']}) AND {id_field} >= {ids[0]} AND {id_field} <= {ids[-1]}"
        page, day = self.ask(where=where)
        got = _features(page)
        if len(got) < len(ids) and has_more(page) and len(ids) > 1:
            middle = len(ids) // 2
            self._read_range(collector, id_field, ids[:middle])
            self._read_range(collector, id_field, ids[middle:])
            return
        collector.add(page, got, day)


def _split(ids: Sequence[int], size: int) -> Iterator[tuple[int, int]]:
    for start in range(0, len(ids), size):
        yield start, min(start + size, len(ids))


@dataclass
class _Collector:
    id_field: str
    pages: list[dict[str, Any]] = field(default_factory=list)
    days: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    count: int = 0
    repeated: int = 0

    def add(self, page: Mapping[str, Any], got: Sequence[Any], day: str) -> int:
        """Take the features that have not come before; return how many."""
        fresh: list[Any] = []
        for one in got:
            key = _object_id(one, self.id_field)
            if key is not None and key in self.seen:
                self.repeated += 1
                continue
            if key is not None:
                self.seen.add(key)
            fresh.append(one)
        self.count += len(fresh)
        self.pages.append({**page, "features": fresh})
        self.days.append(day)
        return len(fresh)

    def finish(self) -> Features:
        return Features(tuple(self.pages), self.count, min(self.days, default=""), self.repeated)


def _features(page: Mapping[str, Any]) -> list[Any]:
    found = page.get("features")
    return found if isinstance(found, list) else []


def _properties(page: Mapping[str, Any]) -> Mapping[str, Any]:
    found = page.get("properties")
    return found if isinstance(found, dict) else {}


def has_more(page: Mapping[str, Any]) -> bool:
    """Tell whether the server says that there is more: at the top or, in GeoJSON, under properties."""
    return bool(page.get("exceededTransferLimit") or _properties(page).get("exceededTransferLimit"))


def _object_id(feature: Any, id_field: str) -> str | None:
    if not isinstance(feature, dict):
        return None
    values = feature.get("attributes") or feature.get("properties")
    if isinstance(values, dict):
        wanted = id_field.casefold()
        for name, value in values.items():
            if str(name).casefold() in (wanted, "objectid", "fid") and value is not None:
                return str(value)
    own = feature.get("id")
    return None if own is None else str(own)
