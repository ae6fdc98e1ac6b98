"""Answers of services kept on disk, each whole and with its date; and what is known of half-fetched files."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class KeptAnswer:
    """One answer as it lies on disk: a line of JSON that describes it, then its bytes.

    Attributes
    ----------
    url : what was asked. status : HTTP status. content : the bytes.
    etag : the service's mark of this version.
    fetched_at : ISO time with zone.
    """

    url: str
    status: int
    content: bytes
    etag: str
    fetched_at: str

    @classmethod
    def made_now(cls, url: str, status: int, content: bytes, etag: str | None) -> KeptAnswer:
        """Return the record of an answer that came just now."""
        return cls(url, status, content, etag or "", _now())

    def renewed(self) -> KeptAnswer:
        """Return it with today's date: the service said that it is still so."""
        return replace(self, fetched_at=_now())

    @property
    def fetched_on(self) -> str:
        """ISO date."""
        return self.fetched_at[:10]

    def age(self) -> dt.timedelta:
        """Return how old it is; an answer from the future is as old as can be."""
        age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(self.fetched_at)
        return age if age >= dt.timedelta(minutes=-5) else dt.timedelta.max


@dataclass(frozen=True)
class KeptPart:
    """The beginning of a file: its bytes so far, and the mark by which the service knows its version."""

    size: int
    validator: str


def read_answer(path: Path) -> KeptAnswer | None:
    """Return the answer at `path`, or None where there is none or it is damaged."""
    try:
        head, _newline, content = path.read_bytes().partition(b"\n")
        facts = json.loads(head)
        if facts["sha256"] != hashlib.sha256(content).hexdigest():
            return None
        answer = KeptAnswer(
            str(facts["url"]), int(facts["status"]), content, str(facts["etag"]), str(facts["fetched_at"])
        )
        answer.age()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return answer


def write_answer(path: Path, answer: KeptAnswer) -> None:
    """Write `answer` at `path`, whole or not at all."""
    head = {
        "url": answer.url,
        "status": answer.status,
        "etag": answer.etag,
        "fetched_at": answer.fetched_at,
        "sha256": hashlib.sha256(answer.content).hexdigest(),
    }
    write_whole(path, json.dumps(head).encode() + b"\n" + answer.content)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there: nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
        beside = Path(file.name)
        try:
            file.write(content)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
    beside.replace(path)


def read_part(part: Path) -> KeptPart | None:
    """Return what lies of a half-fetched file, or None where it cannot be gone on from."""
    try:
        validator = json.loads(_beside(part).read_bytes())["validator"]
        size = part.stat().st_size
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return KeptPart(size, validator) if size and isinstance(validator, str) and validator else None


def write_part(part: Path, headers: Mapping[str, str]) -> None:
    """Note by which mark the service knows the version that `part` is the beginning of.

    A weak ETag does not promise the same bytes; the day of the last change is then the mark.
    """
    etag = headers.get("ETag", "")
    validator = etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")
    write_whole(_beside(part), json.dumps({"validator": validator}).encode())


def forget_part(part: Path) -> None:
    """Take away what lies of a half-fetched file, and its note."""
    part.unlink(missing_ok=True)
    _beside(part).unlink(missing_ok=True)


def _beside(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
