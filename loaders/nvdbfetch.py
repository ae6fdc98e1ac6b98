"""Fetch pages of the national road database's service into a folder: polite, resumed, never half a page."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import requests

from geodata.errors import ParameterError, RefusedFileError
from loaders.nvdbpages import OBJECT_TYPES, QUESTION_FILE

ADDRESS: Final = "https://nvdbapiles.atlas.vegvesen.no"
LINKS_PATH: Final = "/vegnett/api/v4/veglenkesekvenser/segmentert"
OBJECTS_PATH: Final = "/vegobjekter/api/v4/vegobjekter/{kind}"
CLIENT: Final = "Symbiosekart"
LARGEST_PAGE: Final = 1000
"""Objects in one answer: as many as the service gives."""
ATTEMPTS: Final = 6
LONGEST_WAIT_S: Final = 120.0
PAUSE_S: Final = 0.2
"""Between two pages: the service is everybody's."""
TIMEOUT_S: Final = (10.0, 120.0)
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


def fetch_nvdb(
    folder: Path,
    *,
    county: str = "",
    municipality: str = "",
    bbox: tuple[float, float, float, float] | None = None,
    object_types: tuple[int, ...] = OBJECT_TYPES,
    address: str = ADDRESS,
    session: requests.Session | None = None,
    progress: Callable[[str, float], None] | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> list[Path]:
    """Fetch the links of an area, and the objects on them, page by page; return the files.

    A page is stored only when all of it came and it is what it should be. What lies in the folder already is
    not fetched again; a second call after a broken one goes on where that one ended.

    Parameters
    ----------
    county, municipality : official numbers (``"50"``, ``"5001"``). bbox : west, south, east and north in
        metres (EPSG:25833). One of the three at least.
    object_types : objects to fetch beside the links; see :data:`loaders.nvdbpages.OBJECT_TYPES`.
    address : of the service. wait : how to wait, seconds.
    progress : told ``"links"`` or the type of object, and the pages so far (the service tells no total).

    Raises
    ------
    ParameterError
        ``nvdb.refused`` where the service says that the question is wrong, ``nvdb.other_question`` where the
        folder holds another area, ``nvdb.no_area``.
    RefusedFileError
        ``nvdb.unreachable`` after several attempts.
    """
    area = _describe_area(county, municipality, bbox)
    folder.mkdir(parents=True, exist_ok=True)
    _keep_question(folder, {"area": area, "address": address})
    own = session or requests.Session()
    own.headers.update({"X-Client": CLIENT, "User-Agent": CLIENT, "Accept": "application/json"})
    files = []
    kinds: list[tuple[str, str, dict[str, str]]] = [("links", LINKS_PATH, {})]
    for kind in object_types:
        kinds.append(
            (str(kind), OBJECTS_PATH.format(kind=kind), {"inkluder": "egenskaper,lokasjon,metadata"})
        )
    try:
        for name, path, more in kinds:
            question = {**area, **more, "antall": str(LARGEST_PAGE), "srid": "5973"}
            asker = _Asker(own, address.rstrip("/") + path, question, wait)
            files += _fetch_pages(folder, name, asker, progress or _tell_nobody)
    finally:
        if session is None:
            own.close()
    return files


def _tell_nobody(step: str, pages: float) -> None:
    """Drop what is told."""


def _describe_area(
    county: str, municipality: str, bbox: tuple[float, float, float, float] | None
) -> dict[str, str]:
    area = {"fylke": county, "kommune": municipality}
    if bbox is not None:
        area["kartutsnitt"] = ",".join(f"{edge:.0f}" for edge in bbox)
    area = {key: value for key, value in area.items() if value}
    if not area:
        raise ParameterError("nvdb.no_area")
    return area


def _keep_question(folder: Path, question: Mapping[str, Any]) -> None:
    """Write down what the folder's pages answer; refuse a folder that answers something else."""
    file = folder / QUESTION_FILE
    if file.exists():
        try:
            kept = json.loads(file.read_bytes())
        except ValueError:
            kept = None
        same = isinstance(kept, dict) and all(kept.get(key) == value for key, value in question.items())
        if not same:
            raise ParameterError("nvdb.other_question", folder=folder.name[:120])
        return
    if any(folder.glob("*.json")):
        raise ParameterError("nvdb.other_question", folder=folder.name[:120])
    dated = {**question, "fetched": dt.date.today().isoformat()}
    _write_whole(file, json.dumps(dated, ensure_ascii=False).encode())


def _write_whole(file: Path, content: bytes) -> None:
    part = file.with_name(file.name + ".part")
    part.write_bytes(content)
    part.replace(file)


def _fetch_pages(folder: Path, name: str, asker: _Asker, tell: Callable[[str, float], None]) -> list[Path]:
    files: list[Path] = []
    start = ""
    seen = {start}
    while True:
        file = folder / f"{name}-{len(files):05d}.json"
        page = _read_stored(file)
        if page is None:
            page, content = asker.ask(start)
            _write_whole(file, content)
            asker.pause()
        files.append(file)
        tell(name, len(files))
        start = _find_next(page)
        if not start or not page["objekter"]:
            return files
        if start in seen:
            raise RefusedFileError("nvdb.unreachable", attempts=1)
        seen.add(start)


def _read_stored(file: Path) -> dict[str, Any] | None:
    if not file.exists():
        return None
    return _check_page(file.read_bytes())


def _check_page(content: bytes) -> dict[str, Any] | None:
    """Return the page when it is a whole one, else None."""
    try:
        page = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(page, dict) or not isinstance(page.get("objekter"), list):
        return None
    metadata = page.get("metadata")
    if not isinstance(metadata, dict):
        return None
    told = metadata.get("returnert")
    return page if told is None or told == len(page["objekter"]) else None


def _find_next(page: Mapping[str, Any]) -> str:
    """Return where the next page starts, or ``""``; of an address only that part is taken."""
    following = page["metadata"].get("neste")
    if not isinstance(following, dict):
        return ""
    start = following.get("start")
    if isinstance(start, str | int) and not isinstance(start, bool) and start != "":
        return str(start)
    href = following.get("href")
    return parse_qs(urlsplit(href).query).get("start", [""])[0] if isinstance(href, str) else ""


class _Asker:
    """Asks one question page by page, and again where the service or the line fails."""

    def __init__(
        self,
        session: requests.Session,
        address: str,
        question: Mapping[str, str],
        wait: Callable[[float], None],
    ) -> None:
        self.session = session
        self.address = address
        self.question = question
        self.wait = wait

    def pause(self) -> None:
        self.wait(PAUSE_S)

    def ask(self, start: str) -> tuple[dict[str, Any], bytes]:
        """Return the page that starts there, and its bytes as they came."""
        question = {**self.question, **({"start": start} if start else {})}
        for attempt in range(ATTEMPTS):
            pause = min(2.0**attempt, LONGEST_WAIT_S)
            try:
                # No redirects: an answer from another host is not the database's.
                answer = self.session.get(
                    self.address, params=question, timeout=TIMEOUT_S, allow_redirects=False
                )
                content = answer.content
            except requests.RequestException:
                self.wait(pause)
                continue
            if answer.status_code == 200:
                page = _check_page(content)
                if page is not None:
                    return page, content
            elif answer.status_code not in _AGAIN:
                raise ParameterError("nvdb.refused", status=answer.status_code)
            self.wait(max(pause, _read_retry_after(answer.headers.get("Retry-After", ""))))
        raise RefusedFileError("nvdb.unreachable", attempts=ATTEMPTS)


def _read_retry_after(text: str) -> float:
    return min(float(text), LONGEST_WAIT_S) if text.isascii() and text.isdigit() else 0.0
