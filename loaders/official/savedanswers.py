"""Answers of a service that somebody saved as a file: JSON, whole, and not without end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from geodata.errors import RefusedFileError

LARGEST_FILE_BYTES: Final = 200_000_000


def read_saved_json(path: Path, *, not_this: str) -> Any:
    """Return the decoded content of a saved answer.

    Parameters
    ----------
    not_this : code of the error where the file is whole and is no JSON.

    Raises
    ------
    RefusedFileError
        ``file.not_found``, ``file.too_large``, ``file.truncated`` (it ends in the middle), or `not_this`.
    """
    name = path.name[:120]
    if not path.is_file():
        raise RefusedFileError("file.not_found", file=name)
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise RefusedFileError("file.too_large", file=name, limit=LARGEST_FILE_BYTES // 1_000_000)
    content = path.read_bytes()
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        cut = content.rstrip()[-1:] not in (b"}", b"]")
        raise RefusedFileError("file.truncated" if cut else not_this, file=name) from error
