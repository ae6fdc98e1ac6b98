"""A local server that plays an official service, its bad days included."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

MOST_IN_A_ROW = 3
"""Random faults in a row: fewer than the attempts of a client."""


@dataclass(frozen=True)
class Asked:
    """One question as it came."""

    method: str
    path: str
    params: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""

    def one(self, name: str, default: str = "") -> str:
        """Return the first value of a parameter."""
        return self.params.get(name, [default])[0]

    def json(self) -> Any:
        """Return the body decoded."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What to answer; `body` is bytes, text, or anything that is JSON."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False).encode()


@dataclass(frozen=True)
class Fault:
    """A bad answer: another reply, or the right one cut off after a share of its bytes."""

    reply: Reply | None = None
    cut_at: float | None = None


def status(code: int, *, retry_after: str = "") -> Fault:
    """Return the fault of a service that says so."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Fault(Reply(code, {"error": "played"}, headers))


def cut(at: float = 0.5) -> Fault:
    """Return the fault of a line that breaks after a share of the answer."""
    return Fault(cut_at=at)


def html() -> Fault:
    """Return the fault of a web page where data were asked for."""
    return Fault(Reply(200, "<!doctype html><title>Vedlikehold</title>", {"Content-Type": "text/html"}))


ALL_FAULTS = (
    status(429, retry_after="0"),
    status(500),
    status(503, retry_after="1"),
    cut(),
    cut(0.0),
    html(),
)


class Played:
    """A running service: where it is, and what it was asked."""

    def __init__(self, answer: Callable[[Asked], Reply], next_fault: Callable[[], Fault | None]) -> None:
        self.asked: list[Asked] = []
        self.faults_made = 0
        self._answer = answer
        self._next_fault = next_fault
        self._lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(self))
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def reply_to(self, asked: Asked) -> tuple[Reply, float | None]:
        with self._lock:
            self.asked.append(asked)
            fault = self._next_fault()
            self.faults_made += fault is not None
            if fault is not None and fault.reply is not None:
                return fault.reply, None
            return self._answer(asked), fault.cut_at if fault is not None else None


def _make_handler(played: Played) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits 40 ms for the client's acknowledgement

        def do_GET(self) -> None:
            self._serve("GET", b"")

        def do_POST(self) -> None:
            self._serve("POST", self.rfile.read(int(self.headers.get("Content-Length", "0"))))

        def _serve(self, method: str, body: bytes) -> None:
            place = urlsplit(self.path)
            params = parse_qs(place.query, keep_blank_values=True)
            asked = Asked(method, unquote(place.path), params, dict(self.headers), body)
            reply, cut_at = played.reply_to(asked)
            content = reply.content()
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if cut_at is None:
                self.wfile.write(content)
                return
            self.wfile.write(content[: int(len(content) * cut_at)])
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(2)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def play(
    answer: Callable[[Asked], Reply],
    faults: Sequence[Fault | None] = (),
    *,
    rate: float = 0.0,
    seed: int = 0,
    kinds: Sequence[Fault] = ALL_FAULTS,
) -> Iterator[Played]:
    """Run a service on loopback.

    Parameters
    ----------
    answer : what it says on a good day.
    faults : the i-th answer is replaced by the i-th fault, where that is not None.
    rate, seed, kinds : after these, faults at random; never more than :data:`MOST_IN_A_ROW` in a row.
    """
    listed = iter(faults)
    chance = random.Random(seed)
    in_a_row = 0

    def next_fault() -> Fault | None:
        nonlocal in_a_row
        try:
            return next(listed)
        except StopIteration:
            pass
        if in_a_row >= MOST_IN_A_ROW or chance.random() >= rate:
            in_a_row = 0
            return None
        in_a_row += 1
        return chance.choice(list(kinds))

    played = Played(answer, next_fault)
    thread = threading.Thread(target=played.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield played
    finally:
        played.server.shutdown()
        played.server.server_close()
        thread.join()
