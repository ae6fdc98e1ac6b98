"""Fetch pages of the national road database's service into a folder: polite, resumed, never half a page."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from geodata.errors import ParameterError, SourceError
from loaders.nvdbpages import OBJECT_TYPES, QUESTION_FILE
from loaders.official.keptanswers import write_whole
from loaders.official.webclient import Service, WebClient

NVDB: Final = Service("nvdb", "NVDB (Statens vegvesen)", "https://nvdbapiles.atlas.vegvesen.no")
LINKS_PATH: Final = "/vegnett/api/v4/veglenkesekvenser/segmentert"
OBJECTS_PATH: Final = "/vegobjekter/api/v4/vegobjekter/{kind}"
CLIENT: Final = "Symbiosekart"
LARGEST_PAGE: Final = 1000
"""Objects in one answer: as many as the service gives."""


def fetch_nvdb(
    folder: Path,
    *,
    county: str = "",
    municipality: str = "",
    bbox: tuple[float, float, float, float] | None = None,
    object_types: tuple[int, ...] = OBJECT_TYPES,
    address: str = NVDB.address,
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
        ``nvdb.other_question`` where the folder holds another area, ``nvdb.no_area``.
    SourceError
        As :meth:`loaders.official.webclient.WebClient.ask_json`.
    """
    area = _describe_area(county, municipality, bbox)
    folder.mkdir(parents=True, exist_ok=True)
    _keep_question(folder, {"area": area, "address": address})
    files = []
    kinds: list[tuple[str, str, dict[str, str]]] = [("links", LINKS_PATH, {})]
    for kind in object_types:
        kinds.append(
            (str(kind), OBJECTS_PATH.format(kind=kind), {"inkluder": "egenskaper,lokasjon,metadata"})
        )
    with WebClient(NVDB, address=address, wait=wait) as client:
        for name, path, more in kinds:
            question = {**area, **more, "antall": str(LARGEST_PAGE), "srid": "5973"}
            files += _fetch_pages(folder, name, client, path, question, progress or _tell_nobody)
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
    write_whole(file, json.dumps(dated, ensure_ascii=False).encode())


def _fetch_pages(
    folder: Path,
    name: str,
    client: WebClient,
    path: str,
    question: Mapping[str, str],
    tell: Callable[[str, float], None],
) -> list[Path]:
    files: list[Path] = []
    start = ""
    seen = {start}
    while True:
        file = folder / f"{name}-{len(files):05d}.json"
        page = _read_stored(file)
        if page is None:
            content = client.ask_bytes(
                path,
                params={**question, **({"start": start} if start else {})},
                accept="application/json",
                check=lambda content: _check_page(content) is not None,
                keep=False,  # the folder is the store
                headers={"X-Client": CLIENT},
            ).value
            page = json.loads(content)
            write_whole(file, content)
        files.append(file)
        tell(name, len(files))
        start = _find_next(page)
        if not start or not page["objekter"]:
            return files
        if start in seen:
            raise SourceError("source.unexpected", service=NVDB.title, path=path)
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
