"""Fetching from NVDB: a local server plays the service, with its faults."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from geodata.errors import ParameterError, SourceError
from loaders.nvdb import read_nvdb
from loaders.nvdbfetch import LINKS_PATH, fetch_nvdb
from loaders.official.attempts import LONGEST_WAIT_S
from loaders.vehicles import read_vehicle

PAGES = 4
Fault = Callable[["Service", str, int], bool]


class Service(BaseHTTPRequestHandler):
    """Answers pages 0 .. PAGES - 1 of links; the server's `fault` may answer instead."""

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        question = {key: values[0] for key, values in parse_qs(place.query).items()}
        start = question.get("start", "")
        asked = f"{place.path.rsplit('/', 1)[-1]}:{start}"
        self.server.asked[asked] += 1  # type: ignore[attr-defined]
        self.server.questions.append((place.path, question, dict(self.headers)))  # type: ignore[attr-defined]
        if self.server.fault(self, asked, self.server.asked[asked]):  # type: ignore[attr-defined]
            return
        self.answer(200, self.make_page(place.path, int(start.removeprefix("p") or 0)))

    def make_page(self, path: str, number: int) -> bytes:
        if path != LINKS_PATH:
            return json.dumps({"objekter": [], "metadata": {"returnert": 0}}).encode()
        x = number * 1000
        thing = {
            "veglenkesekvensid": number + 1,
            "startposisjon": 0.0,
            "sluttposisjon": 1.0,
            "startnode": str(number),
            "sluttnode": str(number + 1),
            "lengde": 1000,
            "typeVeg": "Enkel bilveg",
            "detaljnivå": "Vegtrase og kjørebane",
            "feltoversikt": ["1", "2"],
            "geometri": {"wkt": f"LINESTRING Z ({x} 7000000 1, {x + 1000} 7000000 1)", "srid": 5973},
        }
        metadata: dict[str, Any] = {"returnert": 1, "sidestørrelse": 1}
        if number + 1 < PAGES:
            metadata["neste"] = self.server.tell_next(f"p{number + 1}")  # type: ignore[attr-defined]
        return json.dumps({"objekter": [thing], "metadata": metadata}, ensure_ascii=False).encode()

    def answer(self, status: int, content: bytes, *, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Service)
        self.asked: Counter[str] = Counter()
        self.questions: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.fault: Fault = lambda service, asked, times: False
        self.tell_next: Callable[[str], dict[str, str]] = lambda start: {"start": start}
        self.address = f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def fetch(server: Server, folder: Path, waits: list[float] | None = None, **more: Any) -> list[Path]:
    told = [] if waits is None else waits
    more = {"municipality": "5001", "object_types": (), **more}
    return fetch_nvdb(folder, address=server.address, wait=told.append, **more)


def test_all_pages_come_and_are_read(server: Server, tmp_path: Path) -> None:
    steps: list[tuple[str, float]] = []
    files = fetch(
        server, tmp_path, object_types=(105,), progress=lambda name, pages: steps.append((name, pages))
    )
    assert [file.name for file in files] == [*(f"links-{n:05d}.json" for n in range(4)), "105-00000.json"]
    assert steps == [("links", 1), ("links", 2), ("links", 3), ("links", 4), ("105", 1)]
    segments, _ = read_nvdb(tmp_path, vehicle=read_vehicle("semi_trailer"))
    assert len(segments.way_kind) == 4
    assert len(segments.point_x) == 5
    path, question, headers = server.questions[0]
    assert path == LINKS_PATH
    assert question == {"kommune": "5001", "antall": "1000", "srid": "5973"}
    assert headers["X-Client"] == "Symbiosekart"


@pytest.mark.parametrize(
    "tell_next",
    [
        lambda start: {"href": f"{LINKS_PATH}?start={start}"},
        lambda start: {"href": f"https://elsewhere.example/vegnett?kommune=1&start={start}"},
        lambda start: {"start": start, "href": "https://elsewhere.example/"},
    ],
)
def test_the_next_page_is_asked_of_the_same_service(
    server: Server, tmp_path: Path, tell_next: Callable[[str], dict[str, str]]
) -> None:
    server.tell_next = tell_next
    assert len(fetch(server, tmp_path)) == PAGES
    assert all(question["kommune"] == "5001" for _, question, _ in server.questions)


def _fail(status: int, **headers: str) -> Fault:
    def fault(service: Service, asked: str, times: int) -> bool:
        if times > 1:
            return False
        service.answer(status, b"<html>error</html>", **headers)
        return True

    return fault


def _cut(service: Service, asked: str, times: int) -> bool:
    if times > 1:
        return False
    content = service.make_page(LINKS_PATH, 0)
    service.answer(200, content[:50], length=len(content))
    service.close_connection = True
    return True


def _half(service: Service, asked: str, times: int) -> bool:
    if times > 1:
        return False
    service.answer(200, service.make_page(LINKS_PATH, 0)[:50])
    return True


def _short(service: Service, asked: str, times: int) -> bool:
    if times > 1:
        return False
    service.answer(200, b'{"objekter": [], "metadata": {"returnert": 1}}')
    return True


@pytest.mark.parametrize(
    "fault",
    [_fail(500), _fail(503), _fail(429), _fail(200), _cut, _half, _short],
    ids=["500", "503", "429", "login page", "cut", "half", "short"],
)
def test_passing_faults_are_asked_again(server: Server, tmp_path: Path, fault: Fault) -> None:
    server.fault = fault
    waits: list[float] = []
    files = fetch(server, tmp_path, waits)
    assert len(files) == PAGES
    assert set(server.asked.values()) == {2}
    assert len([pause for pause in waits if pause >= 1]) == PAGES
    assert all(json.loads(file.read_bytes())["metadata"]["returnert"] == 1 for file in files)


def test_the_service_says_how_long_to_wait(server: Server, tmp_path: Path) -> None:
    server.fault = _fail(429, Retry_After="17")
    waits: list[float] = []
    fetch(server, tmp_path, waits)
    assert waits.count(17.0) == PAGES
    server.fault = _fail(429, Retry_After="999999")
    server.asked.clear()
    waits.clear()
    fetch(server, tmp_path / "other", waits)
    assert max(waits) == LONGEST_WAIT_S


def test_a_lasting_fault_keeps_what_came_and_is_resumed(server: Server, tmp_path: Path) -> None:
    def fault(service: Service, asked: str, times: int) -> bool:
        if asked.endswith(":p2"):
            service.answer(500, b'{"objekter": [], "metadata": {"returnert": 0}}')
        return asked.endswith(":p2")

    server.fault = fault
    waits: list[float] = []
    with pytest.raises(SourceError) as caught:
        fetch(server, tmp_path, waits)
    assert caught.value.code == "source.failing"
    assert sorted(waits)[-1] == 16.0
    assert sorted(file.name for file in tmp_path.glob("links-*")) == ["links-00000.json", "links-00001.json"]
    server.fault = lambda service, asked, times: False
    server.asked.clear()
    assert len(fetch(server, tmp_path)) == PAGES
    assert set(server.asked) == {"segmentert:p2", "segmentert:p3"}


def test_a_damaged_stored_page_is_fetched_again(server: Server, tmp_path: Path) -> None:
    files = fetch(server, tmp_path)
    files[1].write_bytes(files[1].read_bytes()[:40])
    server.asked.clear()
    assert fetch(server, tmp_path) == files
    assert set(server.asked) == {"segmentert:p1"}


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404])
def test_a_wrong_question_is_not_asked_again(server: Server, tmp_path: Path, status: int) -> None:
    server.fault = _fail(status, Location="http://127.0.0.1:9/")
    with pytest.raises(SourceError) as caught:
        fetch(server, tmp_path)
    assert caught.value.code == "source.refused"
    assert caught.value.values["status"] == status
    assert sum(server.asked.values()) == 1
    assert list(tmp_path.glob("links-*")) == []


def test_pages_that_run_in_a_circle_end(server: Server, tmp_path: Path) -> None:
    server.tell_next = lambda start: {"start": "p1"}
    with pytest.raises(SourceError) as caught:
        fetch(server, tmp_path)
    assert caught.value.code == "source.unexpected"


def test_a_folder_answers_one_question(server: Server, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    with pytest.raises(ParameterError) as caught:
        fetch(server, tmp_path, municipality="", county="50")
    assert caught.value.code == "nvdb.other_question"
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "mine.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ParameterError) as caught:
        fetch(server, tmp_path / "strange")
    assert caught.value.code == "nvdb.other_question"


def test_an_area_must_be_named(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ParameterError) as caught:
        fetch(server, tmp_path, municipality="")
    assert caught.value.code == "nvdb.no_area"
    fetch(server, tmp_path, municipality="", bbox=(0.4, 1.0, 2.0, 3.0))
    assert server.questions[0][1]["kartutsnitt"] == "0,1,2,3"
