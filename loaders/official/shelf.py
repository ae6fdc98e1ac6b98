"""What was fetched and kept: files of official sources, each with a record of where it came from."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

import platformdirs

from loaders.official.keptanswers import write_whole

FOLDER_SETTING: Final = "SYMBIOSEKART_SOURCES"
"""Environment variable: the folder of fetched files and kept answers."""
RECORD: Final = ".source.json"
"""Ends the name of the record that lies beside each file."""


@dataclass(frozen=True)
class FetchedRecord:
    """Where a file came from.

    Attributes
    ----------
    source : key of the service (``brreg``). part : what of it (``underenheter``). area : county or
        municipality numbers apart by ``-``, or empty for all.
    file : name in the shelf's folder of the source. fetched_on : ISO date. address : of the service.
    question : what was asked, in the service's own words. rows : how many, or None.
    licence, attribution : as the owner wants it named. sha256 : of the file.
    facts : counts worth telling (what was left out and why).
    """

    source: str
    part: str
    area: str
    file: str
    fetched_on: str
    address: str = ""
    question: str = ""
    rows: int | None = None
    licence: str = ""
    attribution: str = ""
    sha256: str = ""
    facts: Mapping[str, int] = field(default_factory=dict)

    def path(self, folder: Path) -> Path:
        """Return where the file lies on the shelf `folder`."""
        return folder / self.source / self.file


def sources_folder() -> Path:
    """Return the folder of fetched files: the environment's choice, or the user's own data folder."""
    chosen = os.environ.get(FOLDER_SETTING, "")
    return Path(chosen) if chosen else platformdirs.user_data_path("symbiosekart") / "sources"


def answers_folder() -> Path:
    """Return the folder in which clients keep answers."""
    return sources_folder() / "answers"


def keep_fetched(folder: Path, record: FetchedRecord, write: Callable[[Path], None]) -> FetchedRecord:
    """Let `write` fill the file of `record` and put it on the shelf with its record: both or neither.

    Returns
    -------
    The record with the file's digest. An older file of that name is replaced.
    """
    target = record.path(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetching-") as beside:
        fresh = Path(beside) / target.name
        write(fresh)
        with fresh.open("rb") as file:
            kept = replace(record, sha256=hashlib.file_digest(file, "sha256").hexdigest())
        # Without its record a file is not on the shelf; the old record goes first, the new one comes last.
        _record_of(target).unlink(missing_ok=True)
        fresh.replace(target)
        write_whole(_record_of(target), json.dumps(asdict(kept), ensure_ascii=False, indent=1).encode())
    return kept


def list_fetched(folder: Path, *, source: str = "", part: str = "") -> tuple[FetchedRecord, ...]:
    """Return the records of the files that lie on the shelf, the newest first; damaged records are none."""
    found = []
    for path in sorted(folder.glob(f"{source or '*'}/*{RECORD}")):
        record = _read_record(path)
        if record is not None and record.path(folder).is_file() and part in ("", record.part):
            found.append(record)
    return tuple(sorted(found, key=lambda record: (record.fetched_on, record.file), reverse=True))


def remove_fetched(folder: Path, record: FetchedRecord) -> None:
    """Take a file and its record off the shelf."""
    _record_of(record.path(folder)).unlink(missing_ok=True)
    record.path(folder).unlink(missing_ok=True)


def name_area(numbers: tuple[str, ...] | list[str]) -> str:
    """Return the area of a record: the numbers in order, apart by ``-``."""
    return "-".join(sorted(set(numbers)))


def _record_of(path: Path) -> Path:
    return path.with_name(path.name + RECORD)


def _read_record(path: Path) -> FetchedRecord | None:
    try:
        values = json.loads(path.read_bytes())
        record = FetchedRecord(**values)
    except (OSError, ValueError, TypeError):
        return None
    own = path.name.removesuffix(RECORD)
    texts = (record.source, record.part, record.area, record.fetched_on, record.sha256)
    # The record names only what lies beside it.
    sound = record.file == own and record.source == path.parent.name and all(map(_is_text, texts))
    return record if sound and re.fullmatch(r"\d{4}-\d\d-\d\d", record.fetched_on) else None


def _is_text(value: object) -> bool:
    return isinstance(value, str)
