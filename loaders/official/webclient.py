"""Ask a public service politely: one at a time, again where it fails, and nothing kept that is not whole.

Every question carries who asks. Between two questions there is a pause, and no more than the service allows
in a minute. A busy or failing service is asked again, later each time and not before it says. Answers are
kept on disk under the digest of their question, so that a broken run goes on where it ended; errors,
halves and answers of another kind are never kept.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import requests

from geodata.errors import SourceError, SymbiosekartError
from loaders.official.attempts import Attempt, Attempts, Pace
from loaders.official.keptanswers import (
    KeptAnswer,
    forget_part,
    read_answer,
    read_part,
    write_answer,
    write_part,
)

TIMEOUT_S: Final = (10.0, 120.0)
MOST_BYTES: Final = 400_000_000
"""Of one answer that is held in memory; files are downloaded in a stream and may be larger."""
MOST_REDIRECTS: Final = 5
_CHUNK: Final = 1 << 18
_MOVED: Final = frozenset({301, 302, 303, 307, 308})

Progress = Callable[[str, int, int | None], None]
"""Told the step, how much of it is done and how much there is in all (None where nobody knows)."""
Parameters = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Service:
    """A public service.

    Attributes
    ----------
    key : short name; the folder of its kept answers.
    title : its owner as users know it.
    address : where it is, without a slash at the end.
    pause_s : least time between two questions, seconds.
    per_minute : questions that it takes in a minute, where it says so.
    """

    key: str
    title: str
    address: str
    pause_s: float = 0.2
    per_minute: int | None = None


@dataclass(frozen=True)
class Answer:
    """What came.

    Attributes
    ----------
    value : decoded JSON, or bytes. status : HTTP status.
    fetched_on : ISO date. kept : it lay on disk. stale : it is older than asked for, because the service
        cannot be reached.
    """

    value: Any
    status: int
    fetched_on: str
    kept: bool = False
    stale: bool = False


@dataclass(frozen=True)
class Download:
    """A file that came whole: where it lies, when it came (ISO date), its bytes and SHA-256."""

    path: Path
    fetched_on: str
    bytes: int
    sha256: str


class WebClient:
    """Asks one service. Use it in a ``with``, or close it.

    Parameters
    ----------
    service : whom to ask. address : another place of the same service (a mirror, a test).
    cache : folder of kept answers; None keeps none.
    max_age_days : a kept answer that is older is asked for again. refresh : ask again for all.
    wait : how to wait, seconds. session : to share connections.
    trouble : told of each failed attempt that is followed by another: its number from 1, and the seconds
        until the next.

    Attributes
    ----------
    notices : codes of what the user should know: ``source.stale``.
    """

    def __init__(
        self,
        service: Service,
        *,
        address: str = "",
        cache: Path | None = None,
        max_age_days: float = 7.0,
        refresh: bool = False,
        wait: Callable[[float], None] = time.sleep,
        session: requests.Session | None = None,
        trouble: Callable[[int, float], None] | None = None,
    ) -> None:
        self.service = service
        self.address = (address or service.address).rstrip("/")
        self.notices: list[str] = []
        self._cache = cache / service.key if cache is not None else None
        self._max_age = dt.timedelta(days=max_age_days)
        self._refresh = refresh
        self._pace = Pace(service.pause_s, per_minute=service.per_minute, wait=wait)
        self._attempts = Attempts(service.title, wait=wait, trouble=trouble)
        self._session = session or requests.Session()
        self._owns_session = session is None

    def __enter__(self) -> WebClient:
        return self

    def __exit__(self, *_args: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that it opened."""
        if self._owns_session:
            self._session.close()

    def ask_json(
        self,
        path: str,
        *,
        params: Parameters | None = None,
        body: Any = None,
        accept: str = "application/json",
        check: Callable[[Any], bool],
        absent: frozenset[int] = frozenset(),
        keep: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask for JSON and return it decoded.

        Parameters
        ----------
        path : under the service's address. params : of the question. body : sent as JSON by POST.
        check : tells whether the decoded answer is of the kind that is meant; others are asked for again.
        absent : statuses that say that the thing is not there; they are answers (never kept), with what JSON
            they carry or None.
        keep : on disk.

        Raises
        ------
        SourceError
            ``source.unreachable``, ``source.failing``, ``source.refused``, ``source.unexpected``.
        """

        def decode(content: bytes) -> Any:
            value = json.loads(content.decode("utf-8-sig"))
            if not check(value):
                raise ValueError
            return value

        return self._ask(path, params, body, accept, decode, absent, keep, headers)

    def ask_bytes(
        self,
        path: str,
        *,
        params: Parameters | None = None,
        body: Any = None,
        accept: str = "*/*",
        check: Callable[[bytes], bool],
        absent: frozenset[int] = frozenset(),
        keep: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask for anything and return its bytes; see :meth:`ask_json`."""

        def decode(content: bytes) -> bytes:
            if not check(content):
                raise ValueError
            return content

        return self._ask(path, params, body, accept, decode, absent, keep, headers)

    def download(
        self,
        path: str,
        target: Path,
        *,
        params: Parameters | None = None,
        accept: str = "*/*",
        check: Callable[[Path], None] | None = None,
        progress: Progress | None = None,
    ) -> Download:
        """Download a file in a stream; it lies at `target` when it is whole, and not before.

        What came of a broken download stays beside `target` and is gone on from where the service can, as
        long as it is still the same file there.

        Parameters
        ----------
        check : raises a :class:`SymbiosekartError` when the file is not what it should be; it is then thrown
            away and fetched again.
        progress : told ``download`` and bytes.

        Raises
        ------
        SourceError
            As :meth:`ask_json`.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        tell = progress or _tell_nobody
        for attempt in self._attempts.of(path):
            try:
                whole = self._stream_to(part, path, params, accept, attempt, tell)
            except requests.RequestException:
                attempt.failed("source.unreachable")
                continue
            if not whole:
                continue
            try:
                if check is not None:
                    check(part)
            except SymbiosekartError:
                forget_part(part)
                attempt.failed("source.unexpected")
                continue
            digest, size = _digest_file(part)
            part.replace(target)
            forget_part(part)
            return Download(target, dt.date.today().isoformat(), size, digest)
        raise AssertionError("the last attempt returns or raises")  # pragma: no cover

    # --- one question ---------------------------------------------------------------------------------

    def _ask(
        self,
        path: str,
        params: Parameters | None,
        body: Any,
        accept: str,
        decode: Callable[[bytes], Any],
        absent: frozenset[int],
        keep: bool,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        file = self._kept_file(path, params, body, accept) if keep else None
        known = read_answer(file) if file is not None else None
        if known is not None:
            try:
                value = decode(known.content)
            except (ValueError, RecursionError):
                known = None
            else:
                if not self._refresh and known.age() <= self._max_age:
                    return Answer(value, known.status, known.fetched_on, kept=True)
        try:
            return self._ask_service(path, params, body, accept, decode, absent, headers, file, known)
        except SourceError as error:
            if known is None or error.code not in ("source.unreachable", "source.failing"):
                raise
            self.notices.append("source.stale")
            return Answer(decode(known.content), known.status, known.fetched_on, kept=True, stale=True)

    def _ask_service(
        self,
        path: str,
        params: Parameters | None,
        body: Any,
        accept: str,
        decode: Callable[[bytes], Any],
        absent: frozenset[int],
        headers: Mapping[str, str] | None,
        file: Path | None,
        known: KeptAnswer | None,
    ) -> Answer:
        sent = {"Accept": accept, **(headers or {})}
        if known is not None and known.etag:
            sent["If-None-Match"] = known.etag
        today = dt.date.today().isoformat()
        for attempt in self._attempts.of(path):
            try:
                answer = self._send(path, params, body, sent)
                content = _read_limited(answer)
            except requests.RequestException:
                attempt.failed("source.unreachable")
                continue
            status = answer.status_code
            if status == 304 and known is not None and file is not None:
                write_answer(file, known.renewed())
                return Answer(decode(known.content), known.status, today, kept=True)
            if status in absent:
                return Answer(_decode_or_none(content), status, today)
            if attempt.is_failure(answer):
                continue
            try:
                value = decode(content)
            except (ValueError, RecursionError):
                attempt.failed("source.unexpected")
                continue
            if file is not None:
                write_answer(
                    file, KeptAnswer.made_now(answer.url, status, content, answer.headers.get("ETag"))
                )
            return Answer(value, status, today)
        raise AssertionError("the last attempt returns or raises")  # pragma: no cover

    def _kept_file(self, path: str, params: Parameters | None, body: Any, accept: str) -> Path | None:
        if self._cache is None:
            return None
        pairs = list(params.items()) if isinstance(params, Mapping) else list(params or ())
        question = json.dumps([self.address, path, sorted(pairs), body, accept], sort_keys=True)
        digest = hashlib.sha256(question.encode()).hexdigest()
        return self._cache / digest[:2] / f"{digest[2:40]}.answer"

    def _send(
        self, path: str, params: Parameters | None, body: Any, headers: Mapping[str, str]
    ) -> requests.Response:
        """Ask once, at the pace that the service allows; redirects are followed on the same host only."""
        address = f"{self.address}/{path.lstrip('/')}" if path else self.address
        host = urlsplit(address).netloc
        method = "GET" if body is None else "POST"
        given = list(params.items()) if isinstance(params, Mapping) else list(params or ()) or None
        for _hop in range(MOST_REDIRECTS):
            self._pace.keep()
            answer = self._session.request(
                method,
                address,
                params=given,
                json=body,
                headers={"User-Agent": name_client(), **headers},
                timeout=TIMEOUT_S,
                allow_redirects=False,
                stream=True,
            )
            moved = answer.headers.get("Location") if answer.status_code in _MOVED else None
            following = urljoin(address, moved) if moved else ""
            if not following or urlsplit(following).netloc != host:
                return answer
            answer.close()
            address, given = following, None
        return answer

    def _stream_to(
        self,
        part: Path,
        path: str,
        params: Parameters | None,
        accept: str,
        attempt: Attempt,
        tell: Progress,
    ) -> bool:
        """Add to `part` what is lacking; return whether it is whole."""
        kept = read_part(part)
        sent = {"Accept": accept, "Accept-Encoding": "identity"}
        if kept is not None:
            sent |= {"Range": f"bytes={kept.size}-", "If-Range": kept.validator}
        with self._send(path, params, None, sent) as answer:
            if answer.status_code == 416:
                forget_part(part)  # longer than the file there: not of that file
                attempt.failed("source.unexpected")
                return False
            if attempt.is_failure(answer, also=frozenset({206})):
                return False
            begun = kept.size if kept is not None and _continues(answer, kept.size) else 0
            if answer.status_code == 206 and not begun:
                forget_part(part)
                attempt.failed("source.unexpected")
                return False
            length = answer.headers.get("Content-Length", "")
            total = begun + int(length) if length.isascii() and length.isdigit() else None
            write_part(part, answer.headers)
            done = begun
            with part.open("ab" if begun else "wb") as file:
                for chunk in answer.iter_content(_CHUNK):
                    file.write(chunk)
                    done += len(chunk)
                    tell("download", done, total)
        if total is not None and done != total:
            attempt.failed("source.unreachable")
            return False
        return True


def name_client() -> str:
    """Return who asks, for the header User-Agent."""
    try:
        return f"Symbiosekart/{version('symbiosekart')}"
    except PackageNotFoundError:
        return "Symbiosekart"


def _tell_nobody(step: str, done: int, total: int | None) -> None:
    """Drop what is told."""


def _read_limited(answer: requests.Response) -> bytes:
    with answer:
        content = bytearray()
        for chunk in answer.iter_content(_CHUNK):
            content += chunk
            if len(content) > MOST_BYTES:
                raise requests.exceptions.ContentDecodingError
    return bytes(content)


def _decode_or_none(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def _continues(answer: requests.Response, size: int) -> bool:
    return answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {size}-")


def _digest_file(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
