"""The business register's "regneark": rows of a workbook as records by header, a sheet after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from geodata.errors import RefusedFileError
from loaders.archives import open_archive
from loaders.official.brregrows import NEEDED, match_headers
from loaders.rawtables import Limits

_LIMITS: Final = Limits(unpacked_bytes=12_000_000_000)
"""A workbook of the whole country unpacks to some gigabytes; it is read row by row."""


def read_sheets(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of all sheets whose first row names the columns of the register.

    Raises
    ------
    RefusedFileError
        ``brreg.columns`` where no sheet does, ``file.damaged``, and as :func:`loaders.archives.open_archive`.
    """
    open_archive(path, file=path.name, limits=_LIMITS).close()
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (KeyError, ValueError, ParseError, InvalidFileException) as error:
        raise RefusedFileError("file.damaged", file=path.name) from error
    found = False
    try:
        for sheet in book.worksheets:
            rows = sheet.iter_rows(values_only=True)
            headers = [str(name or "") for name in next(rows, ())]
            if not set(NEEDED) <= set(match_headers(headers)):
                continue
            found = True
            for row in rows:
                if any(value is not None for value in row):
                    yield dict(zip(headers, row, strict=False))
    except (KeyError, ValueError, ParseError) as error:
        raise RefusedFileError("file.damaged", file=path.name) from error
    finally:
        book.close()
    if not found:
        raise RefusedFileError("brreg.columns", file=path.name, missing=", ".join(NEEDED))
