"""A CSV stream in which a lone quote costs its own line only.

A quote that nobody closes would swallow everything to the next quote, many rows as one. Lines with an odd
number of quotes are rare: they are looked at one by one, all else passes as it is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any, Final

import numpy as np

_BLOCK: Final = 1 << 20
_LONGEST: Final = 1 << 22
"""A value with line breaks is no longer than this."""
_QUOTE: Final = ord('"')


class QuoteGuard(io.RawIOBase):
    """Reads lines out of `source` (UTF-8), without those that open a quote and never close it.

    A value may hold line breaks: then the lines together have as many `fields` as a row should, the first
    by itself has fewer, and none of those within is a row by itself. Else the line is read without its
    quotes where it then has the right number of fields, and `drop` is called with it where not.
    """

    def __init__(self, source: Any, fields: int, delimiter: str, drop: Callable[[object], object]) -> None:
        self._source, self._fields, self._delimiter, self._drop = source, fields, delimiter, drop
        self._ready = memoryview(b"")
        self._tail = b""
        self._ended = False
        self._passing = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._ready and not self._ended:
            self._ready = memoryview(self._check(self._source.read(_BLOCK)))
        size = len(self._ready) if size is None or size < 0 else size
        given, self._ready = self._ready[:size], self._ready[size:]
        return bytes(given)

    def _check(self, raw: bytes) -> bytes:
        """Return what can be handed on; the rest is kept until more has come."""
        self._ended = not raw
        if self._passing:
            return raw
        block = self._tail + raw if self._tail else raw
        self._tail = b""
        end = len(block) if self._ended else block.rfind(b"\n") + 1
        if end == 0 and len(block) > _LONGEST:  # lines that end in another way
            self._passing = True
            return block
        done: list[bytes] = []
        at = 0
        while (start := _find_odd(block, at, end)) >= 0:
            done.append(block[at:start])
            kept, at = self._settle(block, start, end)
            if kept is None:
                self._tail = block[at:]
                return b"".join(done)
            done.append(kept)
        self._tail = block[end:]
        return b"".join((*done, block[at:end])) if done else block[:end]

    def _settle(self, block: bytes, start: int, end: int) -> tuple[bytes | None, int]:
        """Return what is made of the line at `start`, and where to go on; None where more must come first."""
        stop = _end_line(block, start, end)
        line = block[start:stop]
        at = stop
        while at < end:
            following = _end_line(block, at, end)
            inner = block[at:following]
            if inner.count(b'"') % 2:
                whole = block[start:following]
                joined = line.count(self._delimiter.encode()) < self._fields - 1 and self._is_row(whole)
                return (whole, following) if joined else (self._mend(line), stop)
            if self._is_row(inner):
                return self._mend(line), stop
            at = following
        if self._ended or end - start > _LONGEST:
            return (line, stop) if stop == end else (self._mend(line), stop)
        return None, start

    def _mend(self, line: bytes) -> bytes:
        bare = line.replace(b'"', b"")
        if bare.count(self._delimiter.encode()) == self._fields - 1:
            return bare
        self._drop(line)
        return b""

    def _is_row(self, lines: bytes) -> bool:
        text = lines.decode("utf-8", "replace")
        try:
            rows = list(csv.reader([text.rstrip("\r\n")], delimiter=self._delimiter, strict=True))
        except csv.Error:
            return False
        return len(rows) == 1 and len(rows[0]) == self._fields


def _end_line(block: bytes, start: int, end: int) -> int:
    found = block.find(b"\n", start, end)
    return end if found < 0 else found + 1


def _find_odd(block: bytes, start: int, end: int) -> int:
    """Return where the first line with an odd number of quotes begins, or -1."""
    if end <= start or block.find(b'"', start, end) < 0:
        return -1
    signs = np.frombuffer(block, dtype=np.uint8)[start:end]
    breaks = np.flatnonzero(signs == 10) + 1
    begins = np.concatenate(([0], breaks[breaks < len(signs)]))
    quotes = (signs == _QUOTE).view(np.uint8)
    odd = np.flatnonzero(np.bitwise_xor.reduceat(quotes, begins))  # a dozen times faster than on booleans
    return start + int(begins[odd[0]]) if len(odd) else -1
