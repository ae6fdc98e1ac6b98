"""What a file is, by its first bytes and never by its name alone; what it may be called."""

from __future__ import annotations

import re
from pathlib import PurePosixPath, PureWindowsPath

from geodata.errors import RefusedFileError

EXTENSIONS: dict[str, tuple[str, ...]] = {
    ".csv": ("text",),
    ".txt": ("text",),
    ".tsv": ("text",),
    ".xlsx": ("zip",),
    ".gpkg": ("geopackage",),
    ".geojson": ("json",),
    ".json": ("json",),
    ".parquet": ("parquet",),
    ".geoparquet": ("parquet",),
    ".kml": ("xml",),
    ".kmz": ("zip",),
    ".zip": ("zip",),
}
"""Extension -> the content kinds it may hold."""

_HTML = re.compile(rb"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]|<table[\s>]", re.IGNORECASE)
_PATHLIKE = re.compile(
    r"^(?:/[\w.\-]|~/|\.\.?[/\\]|[A-Za-z]:[\\/]|\\\\\w|file:|/vsi|https?:|ftp:|s3:|gs:|PG:|MYSQL:|WFS:|MVT:|GPKG:)",
    re.IGNORECASE,
)
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PAR1", "parquet"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"%PDF", "pdf"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf", "7z"),
    (b"Rar!", "rar"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"\x00\x00\x27\x0a", "shp"),
)


def safe_name(name: str) -> str:
    """Return the file's own name without any folder; raises ``file.path_not_file`` for an address or a
    GDAL path."""
    text = name.strip()
    if re.match(r"^(?:/vsi|\w{2,}:)", text, re.IGNORECASE) or "\x00" in text or not text:
        raise RefusedFileError("file.path_not_file", file=text[:80] or "?")
    base = PureWindowsPath(PurePosixPath(text).name).name
    base = "".join(char for char in base if char.isprintable())[:120]
    if base in ("", ".", ".."):
        raise RefusedFileError("file.path_not_file", file=text[:80])
    return base


def extension_of(name: str) -> str:
    """Return the extension in lower case; raises ``file.unsupported`` or ``file.old_excel`` for others
    than ours."""
    extension = PurePosixPath(name).suffix.lower()
    if extension in (".xls", ".xlsb", ".ods", ".xlsm"):
        raise RefusedFileError("file.old_excel", file=name, extension=extension)
    if extension in (".shp", ".dbf", ".shx"):
        raise RefusedFileError("file.shapefile_not_zipped", file=name)
    if extension not in EXTENSIONS:
        raise RefusedFileError("file.unsupported", file=name, extension=extension or "-")
    return extension


def detect_kind(head: bytes) -> str:
    """Return the kind of content that begins with `head` (give it at least 4 kB if there are as many).

    One of zip, parquet, ole, pdf, gzip, 7z, rar, image, shp, geopackage, sqlite, vrt, html, xml, json,
    text, binary.
    """
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.startswith(b"SQLite format 3\x00"):
        return "geopackage" if head[68:72] in (b"GPKG", b"GP10", b"GP11") else "sqlite"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _text_kind(head.replace(b"\x00", b"")[2:])
    if b"\x00" in head:
        plain = head.replace(b"\x00", b"")
        zeros = len(head) - len(plain)
        return _text_kind(plain) if 0.3 < zeros / len(head) <= 0.55 else "binary"
    return _text_kind(head.removeprefix(b"\xef\xbb\xbf"))


def _text_kind(head: bytes) -> str:
    start = head.lstrip()
    lowered = start[:4096].lower()
    if b"<ogrvrtdata" in lowered or b"<vrtdata" in lowered or b"<gdal_wms" in lowered:
        return "vrt"
    if start.startswith(b"<"):
        return "html" if _HTML.search(start[:4096]) and b"<kml" not in lowered else "xml"
    if start.startswith((b"{", b"[")):
        return "json"
    control = sum(byte < 9 or 13 < byte < 32 for byte in head)
    return "binary" if control > len(head) * 0.02 else "text"


def check_kind(name: str, head: bytes) -> str:
    """Return the content kind of a file called `name`; raises :class:`RefusedFileError` where the two
    disagree.

    Codes: ``file.empty``, ``file.html``, ``file.disguised``, ``file.encrypted_or_old``,
    ``file.path_not_file``,
    ``file.wrong_extension``, ``file.sqlite_not_geopackage``, ``file.binary``.
    """
    extension = extension_of(name)
    if not head.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise RefusedFileError("file.empty", file=name)
    kind = detect_kind(head)
    if kind == "vrt":
        raise RefusedFileError("file.disguised", file=name, found="VRT")
    if kind == "html":
        raise RefusedFileError("file.html", file=name)
    if kind == "ole":
        raise RefusedFileError("file.encrypted_or_old", file=name)
    if kind == "sqlite" and extension == ".gpkg":
        raise RefusedFileError("file.sqlite_not_geopackage", file=name)
    if kind in EXTENSIONS[extension]:
        return kind
    if kind == "text" and _looks_like_path(head):
        raise RefusedFileError("file.path_not_file", file=name)
    if kind == "binary":
        raise RefusedFileError("file.binary", file=name)
    raise RefusedFileError("file.wrong_extension", file=name, extension=extension, found=kind)


def _looks_like_path(head: bytes) -> bool:
    text = head[:2048].decode("utf-8", "replace").strip()
    return "\n" not in text and bool(_PATHLIKE.match(text))


def check_not_path(name: str, text: str) -> None:
    """Raise ``file.path_not_file`` when the whole text is one line that names a file or an address."""
    line = text.strip()
    if "\n" not in line and "\r" not in line and _PATHLIKE.match(line) and not re.search(r"[;\t]", line):
        raise RefusedFileError("file.path_not_file", file=name)
