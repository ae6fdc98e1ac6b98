"""How often a service is asked, and how long is waited between: its pace, and attempts after failures."""

from __future__ import annotations

import datetime as dt
import time
from collections import deque
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Final

import requests

from geodata.errors import SourceError

ATTEMPTS: Final = 6
LONGEST_WAIT_S: Final = 120.0
MINUTE_S: Final = 60.0
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})

Wait = Callable[[float], None]
"""How to wait, seconds."""


class Pace:
    """Keeps a pause between questions, and no more of them in a minute than a service takes."""

    def __init__(self, pause_s: float, *, per_minute: int | None, wait: Wait) -> None:
        self._pause_s = pause_s
        self._limit = per_minute
        self._wait = wait
        self._asked: deque[float] = deque()

    def keep(self) -> None:
        """Wait until the next question may be asked, which is then counted."""
        now = time.monotonic()
        due = self._asked[-1] + self._pause_s if self._asked else now
        if self._limit is not None and len(self._asked) >= self._limit:
            due = max(due, self._asked[-self._limit] + MINUTE_S)
        if due > now:
            self._wait(due - now)
        self._asked.append(time.monotonic())
        while len(self._asked) > (self._limit or 1):
            self._asked.popleft()


class Attempts:
    """Gives the attempts at each question to one service.

    Parameters
    ----------
    service : its title, as users know it.
    trouble : told of each failed attempt that is followed by another: its number from 1, and the seconds
        until the next.
    """

    def __init__(
        self, service: str, *, wait: Wait, trouble: Callable[[int, float], None] | None = None
    ) -> None:
        self._service = service
        self._wait = wait
        self._trouble = trouble

    def of(self, path: str) -> Iterator[Attempt]:
        """Yield attempts at a question until the caller is content, and wait between them."""
        for number in range(ATTEMPTS):
            attempt = Attempt(self._service, path, number)
            yield attempt
            if self._trouble is not None:
                self._trouble(number + 1, attempt.pause)
            self._wait(attempt.pause)


class Attempt:
    """One attempt at a question: how it failed, and how long to wait before the next."""

    def __init__(self, service: str, path: str, number: int) -> None:
        self._service = service
        self._path = path
        self._last = number == ATTEMPTS - 1
        self.pause = min(2.0**number, LONGEST_WAIT_S)

    def failed(self, code: str, **values: str | int) -> None:
        """Go on to the next attempt; raise after the last."""
        if self._last:
            more = {"attempts": ATTEMPTS} if code != "source.unexpected" else {"path": self._path}
            raise SourceError(code, service=self._service, **more, **values)

    def is_failure(self, answer: requests.Response, *, also: frozenset[int] = frozenset()) -> bool:
        """Return whether to ask again; raise where the service says that the question is wrong."""
        status = answer.status_code
        if status == 200 or status in also:
            return False
        if status not in _AGAIN:
            raise SourceError("source.refused", service=self._service, status=status, path=self._path)
        self.pause = max(self.pause, read_retry_after(answer.headers.get("Retry-After", "")))
        self.failed("source.failing", status=status)
        return True


def read_retry_after(text: str) -> float:
    """Return the seconds of a Retry-After header (seconds or a date), at most :data:`LONGEST_WAIT_S`."""
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WAIT_S)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    now = dt.datetime.now(when.tzinfo)
    return min(max((when - now).total_seconds(), 0.0), LONGEST_WAIT_S)
