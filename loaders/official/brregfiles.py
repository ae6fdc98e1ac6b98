"""The whole register as one file, made anew every night: fetched, gone on with, and checked to be whole."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Final, Literal

from geodata.errors import RefusedFileError
from loaders.official.webclient import Download, Progress, WebClient

Kind = Literal["underenheter", "enheter"]
Layout = Literal["csv", "json"]

_SINGULAR: Final = {"underenheter": "underenhet", "enheter": "enhet"}
_CHUNK: Final = 1 << 20
_NUMBER: Final = b"organisasjonsnummer"


def fetch_bulk(
    target: Path,
    *,
    kind: Kind = "underenheter",
    layout: Layout = "csv",
    client: WebClient,
    progress: Progress | None = None,
) -> Download:
    """Download the whole register to `target` (gzip); see :meth:`~WebClient.download`.

    Raises
    ------
    SourceError
        As :meth:`~WebClient.download`; ``source.unexpected`` where no whole file of this layout comes.
    """
    path = f"{kind}/lastned" + ("/csv" if layout == "csv" else "")
    # The service refuses application/json here; of CSV it names no type.
    json_type = f"application/vnd.brreg.enhetsregisteret.{_SINGULAR[kind]}.v2+gzip;charset=UTF-8"
    return client.download(
        path,
        target,
        accept="*/*" if layout == "csv" else f"{json_type}, */*;q=0.1",
        check=lambda file: check_register_file(file, layout=layout),
        progress=progress,
    )


def check_register_file(file: Path, *, layout: Layout) -> None:
    """Read a gzip file to its end and look at its head and tail.

    Raises
    ------
    RefusedFileError
        ``brreg.not_whole`` (no gzip, cut off, damaged), ``brreg.other_layout`` (no register in this layout).
    """
    head = tail = b""
    try:
        with gzip.open(file) as content:
            while chunk := content.read(_CHUNK):
                head = head or chunk
                tail = (tail + chunk)[-64:]
    except (OSError, EOFError, zlib.error) as error:
        raise RefusedFileError("brreg.not_whole", file=file.name[:120]) from error
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if layout == "csv":
        sound = _NUMBER in head.split(b"\n", 1)[0].lower() and b"," in head
    else:
        sound = head.startswith(b"[") and tail.rstrip().endswith(b"]")
    if not sound:
        raise RefusedFileError("brreg.other_layout", file=file.name[:120])
