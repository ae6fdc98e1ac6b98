"""Pages of the national road database's service (NVDB, API v4) -> links, and what is told of stretches."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from geodata.errors import RefusedFileError

LARGEST_PAGE_BYTES: Final = 200_000_000
QUESTION_FILE: Final = "question.json"

SPEED_TYPE: Final = 105
LOAD_TYPE: Final = 904
TIMBER_TYPE: Final = 900
MODULAR_TYPE: Final = 889
HEIGHT_TYPE: Final = 591
TOLL_TYPE: Final = 45
OBJECT_TYPES: Final = (SPEED_TYPE, LOAD_TYPE, TIMBER_TYPE, MODULAR_TYPE, HEIGHT_TYPE, TOLL_TYPE)
"""Speed limits, load classes (ordinary transport, timber, modular combinations), heights, tolls."""

_LOAD_CLASS = re.compile(r"Bk\s?(T?)\s?([0-9]{1,2}).{0,12}?([0-9]{2})\s*t", re.IGNORECASE)
_NUMBER = re.compile(r"([0-9]{1,6}(?:[.,][0-9]{1,3})?)")


@dataclass(frozen=True)
class NvdbLink:
    """One segment of a road link, as the service tells it.

    Attributes
    ----------
    sequence, start, end : its stretch of a link sequence (positions 0..1). number : of the link in it.
    start_node, end_node : what the link begins and ends at (``""``: not told). metres : NaN where not told.
    road_type, category, road_number, group, phase : ``typeVeg``, ``vegkategori``, road number,
        ``trafikantgruppe`` and ``fase``. lanes : ``feltoversikt``. level : ``detaljnivå``.
    is_connector : it ties ramps and lanes to the road they belong to. inside : the sequence that it is a
        detail of, -1 for none. medium : where it runs (``U`` below ground, ``L`` in the air).
    wkt, srid : its line. name : of the street. since : ISO date.
    """

    sequence: int
    start: float
    end: float
    number: int
    start_node: str
    end_node: str
    metres: float
    road_type: str
    category: str
    road_number: int
    group: str
    phase: str
    lanes: tuple[str, ...]
    level: str
    is_connector: bool
    inside: int
    medium: str
    wkt: str
    srid: int
    name: str
    since: str

    @property
    def is_ferry(self) -> bool:
        """Whether it is a ferry that carries vehicles."""
        return self.road_type.lower() == "bilferje"

    @property
    def key(self) -> tuple[int, float, float, int]:
        """What tells it from other segments."""
        return self.sequence, self.start, self.end, self.number


@dataclass(frozen=True)
class Stretch:
    """What an object of the database tells of a stretch of a link sequence.

    Attributes
    ----------
    kind : number of the type of object. sequence, start, end : where; a point has equal ends.
    value : km/h, tonnes in all, metres of height or kroner, by the kind; NaN where not told.
    axle_t : tonnes on one axle, length_m : longest combination; NaN where not told. allowed : modular
        combinations may drive.
    """

    kind: int
    sequence: int
    start: float
    end: float
    value: float = math.nan
    axle_t: float = math.nan
    length_m: float = math.nan
    allowed: bool = True


@dataclass(frozen=True)
class NvdbPages:
    """Everything that pages tell: links, stretches, the pages' digest, and what was left out."""

    links: list[NvdbLink]
    stretches: list[Stretch]
    digest: str
    unread: int


def read_pages(pages: Iterable[Mapping[str, Any] | Path | str], *, today: dt.date) -> NvdbPages:
    """Read pages of links and of objects, in any order; a folder stands for all ``.json`` files in it.

    Raises RefusedFileError (``nvdb.not_links``, ``file.not_found``, ``file.truncated``) for a page that is
    not one; objects without what is needed are counted in ``unread``.
    """
    digest = hashlib.sha256()
    links: dict[tuple[int, float, float, int], NvdbLink] = {}
    stretches: list[Stretch] = []
    unread = 0
    for name, page in _open_pages(pages, digest):
        things = page.get("objekter")
        if not isinstance(things, list):
            raise RefusedFileError("nvdb.not_links", file=name)
        for thing in things:
            if not isinstance(thing, dict):
                unread += 1
            elif "egenskaper" in thing or "lokasjon" in thing:
                stretches += _read_object(thing, page)
            elif _has_ended(thing, today):
                continue
            else:
                link = _read_link(thing)
                if link is None:
                    unread += 1
                else:
                    links[link.key] = link
    return NvdbPages(list(links.values()), stretches, digest.hexdigest(), unread)


def _open_pages(
    pages: Iterable[Mapping[str, Any] | Path | str], digest: hashlib._Hash
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for page in pages:
        if isinstance(page, Mapping):
            digest.update(json.dumps(page, sort_keys=True, ensure_ascii=False).encode())
            yield "NVDB", page
            continue
        path = Path(page)
        if path.is_dir():
            inside = sorted(file for file in path.glob("*.json") if file.name != QUESTION_FILE)
            if not inside:
                raise RefusedFileError("nvdb.not_links", file=path.name[:120])
            yield from _open_pages(inside, digest)
            continue
        yield path.name[:120], _open_page(path, digest)


def _open_page(path: Path, digest: hashlib._Hash) -> Mapping[str, Any]:
    name = path.name[:120]
    if not path.is_file():
        raise RefusedFileError("file.not_found", file=name)
    if path.stat().st_size > LARGEST_PAGE_BYTES:
        raise RefusedFileError("file.too_large", file=name, limit=LARGEST_PAGE_BYTES // 1_000_000)
    content = path.read_bytes()
    digest.update(content)
    try:
        page = json.loads(content)
    except (ValueError, RecursionError) as error:
        cut = content.lstrip()[:1] == b"{" and content.rstrip()[-1:] != b"}"
        raise RefusedFileError("file.truncated" if cut else "nvdb.not_links", file=name) from error
    if not isinstance(page, dict):
        raise RefusedFileError("nvdb.not_links", file=name)
    return page


# --- links ---------------------------------------------------------------------------------------------


def _read_link(thing: Mapping[str, Any]) -> NvdbLink | None:
    geometry = _part(thing, "geometri")
    reference = _part(thing, "vegsystemreferanse")
    system, strip = _part(reference, "vegsystem"), _part(reference, "strekning")
    sequence, start, end = (
        _number(thing.get(key)) for key in ("veglenkesekvensid", "startposisjon", "sluttposisjon")
    )
    wkt = geometry.get("wkt")
    if not (sequence >= 0 and 0 <= start < end <= 1 and isinstance(wkt, str)):
        return None
    crossing = _part(reference, "kryssystem") or _part(reference, "sideanlegg")
    inside = _number(_part(thing, "superstedfesting").get("veglenkesekvensid"))
    medium = thing.get("medium") or geometry.get("medium") or ""
    street = _part(thing, "adresse") or _part(thing, "gate")
    return NvdbLink(
        sequence=int(sequence),
        start=start,
        end=end,
        number=int(_number(thing.get("veglenkenummer"), 0)),
        start_node=_text(thing.get("startnode")),
        end_node=_text(thing.get("sluttnode")),
        metres=_number(thing.get("lengde")),
        road_type=_text(thing.get("typeVeg")),
        category=_text(system.get("vegkategori")),
        road_number=int(_number(system.get("nummer"), 0)),
        group=_text(crossing.get("trafikantgruppe") or strip.get("trafikantgruppe")),
        phase=_text(system.get("fase")),
        lanes=_read_lanes(thing.get("feltoversikt")),
        level=_text(thing.get("detaljnivå")),
        is_connector="KONNEKTERING" in _text(thing.get("type")).upper() or thing.get("konnektering") is True,
        inside=int(inside) if math.isfinite(inside) else -1,
        medium=_text(medium),
        wkt=wkt,
        srid=int(_number(geometry.get("srid"), 5973)),
        name=_text(street.get("navn"))[:80],
        since=_text(_part(thing, "metadata").get("startdato"))[:10],
    )


def _has_ended(thing: Mapping[str, Any], today: dt.date) -> bool:
    ended = _text(_part(thing, "metadata").get("sluttdato") or thing.get("sluttdato"))[:10]
    try:
        return bool(ended) and dt.date.fromisoformat(ended) <= today
    except ValueError:
        return False


def _read_lanes(lanes: Any) -> tuple[str, ...]:
    if isinstance(lanes, str):
        lanes = re.split(r"[#,]", lanes[:200])
    return tuple(_text(lane).strip() for lane in lanes[:20]) if isinstance(lanes, list) else ()


def _part(thing: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = thing.get(key)
    return part if isinstance(part, dict) else {}


def _text(value: Any) -> str:
    return str(value)[:200] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _number(value: Any, default: float = math.nan) -> float:
    if isinstance(value, str):
        found = _NUMBER.search(value[:40])
        return float(found[1].replace(",", ".")) if found else default
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15:
        return float(value)
    return default


# --- objects -------------------------------------------------------------------------------------------


def _read_object(thing: Mapping[str, Any], page: Mapping[str, Any]) -> Iterator[Stretch]:
    kind = int(_number(_part(_part(thing, "metadata"), "type").get("id"), -1))
    if kind < 0:
        kind = int(_number(_part(_part(page, "metadata"), "type").get("id"), -1))
    told = {
        _text(item.get("navn")).lower(): item.get("verdi")
        for item in _list(thing.get("egenskaper"))
        if isinstance(item, dict)
    }
    if kind == -1 and "fartsgrense" in told:
        kind = SPEED_TYPE
    value, axle, length, allowed = _read_values(kind, told)
    if kind not in OBJECT_TYPES:
        return
    places = _list(_part(thing, "lokasjon").get("stedfestinger")) or _list(thing.get("stedfestinger"))
    for place in places:
        if not isinstance(place, dict):
            continue
        sequence = _number(place.get("veglenkesekvensid"))
        point = _number(place.get("relativPosisjon"))
        start = _number(place.get("startposisjon"), point)
        end = _number(place.get("sluttposisjon"), point)
        if sequence >= 0 and start <= end:
            yield Stretch(kind, int(sequence), start, end, value, axle, length, allowed)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _read_values(kind: int, told: Mapping[str, Any]) -> tuple[float, float, float, bool]:
    if kind == SPEED_TYPE:
        return _number(told.get("fartsgrense")), math.nan, math.nan, True
    if kind == HEIGHT_TYPE:
        return _number(told.get("skilta høyde", told.get("skiltet høyde"))), math.nan, math.nan, True
    if kind == TOLL_TYPE:
        return _number(told.get("takst stor bil")), math.nan, math.nan, True
    length = _number(told.get("maks vogntoglengde", told.get("maks lengde")))
    found = _LOAD_CLASS.search(_text(told.get("bruksklasse")))
    # Bk10 and Bk8 say what an axle may carry; on BkT8 roads timber rigs spread the same load on more axles.
    axle = float(found[2]) if found and kind == LOAD_TYPE else math.nan
    says = [
        _text(value).strip().lower()
        for name, value in told.items()
        if name.startswith("tillatt for modulvogn")
    ]
    allowed = not says or any(word.startswith("ja") for word in says)
    return (float(found[3]) if found else math.nan), axle, length, allowed
