"""Zip containers opened with counted bytes: no bombs, no nested archives, no names that leave the folder."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from geodata.errors import RefusedFileError
from loaders.fileformats import detect_kind
from loaders.rawtables import Limits

_NESTED = {".zip", ".gz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".tgz", ".kmz", ".xlsx", ".jar", ".zst"}
_CHUNK = 1 << 16


def open_archive(
    path: Path, *, file: str, limits: Limits, allow_nested_names: bool = False
) -> zipfile.ZipFile:
    """Open the zip at `path` after checking its directory; raises :class:`RefusedFileError`.

    Codes: ``file.truncated`` (not a whole zip), ``file.zip_bomb`` (too many members, too large, too dense),
    ``file.zip_nested``, ``file.zip_unsafe`` (links, absolute or climbing names, the same name twice),
    ``file.encrypted_or_old``.
    """
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise RefusedFileError("file.truncated", file=file) from error
    members = archive.infolist()
    if len(members) > limits.archive_members:
        raise RefusedFileError("file.zip_bomb", file=file, limit=limits.archive_members)
    packed = max(path.stat().st_size, 1)
    unpacked = sum(member.file_size for member in members)
    if unpacked > limits.unpacked_bytes or (
        unpacked > 10_000_000 and unpacked / packed > limits.compression_ratio
    ):
        raise RefusedFileError("file.zip_bomb", file=file, limit=limits.unpacked_bytes // 1_000_000)
    seen: set[str] = set()
    for member in members:
        _check_member(member, file=file, seen=seen, allow_nested_names=allow_nested_names)
    return archive


def _check_member(member: zipfile.ZipInfo, *, file: str, seen: set[str], allow_nested_names: bool) -> None:
    name = member.filename
    pure = PurePosixPath(name.replace("\\", "/"))
    is_link = (member.external_attr >> 16) & 0o170000 == 0o120000
    if is_link or pure.is_absolute() or ".." in pure.parts or ":" in name or "\x00" in name or name in seen:
        raise RefusedFileError("file.zip_unsafe", file=file, member=name[:80])
    seen.add(name)
    if member.flag_bits & 1:
        raise RefusedFileError("file.encrypted_or_old", file=file)
    if not allow_nested_names and pure.suffix.lower() in _NESTED:
        raise RefusedFileError("file.zip_nested", file=file, member=name[:80])


class CountedReader:
    """Reads members of one archive and stops when all of them together have given more than the limit."""

    def __init__(self, archive: zipfile.ZipFile, *, file: str, limits: Limits) -> None:
        self._archive, self._file, self._limits = archive, file, limits
        self._total = 0

    def read(self, member: str) -> bytes:
        """Return the bytes of `member`; raises ``file.zip_bomb``, ``file.zip_nested`` or
        ``file.truncated``."""
        parts: list[bytes] = []
        try:
            with self._archive.open(member) as stream:
                while chunk := stream.read(_CHUNK):
                    self._total += len(chunk)
                    if self._total > self._limits.unpacked_bytes:
                        limit = self._limits.unpacked_bytes // 1_000_000
                        raise RefusedFileError("file.zip_bomb", file=self._file, limit=limit)
                    parts.append(chunk)
        except (zipfile.BadZipFile, EOFError, OSError) as error:
            raise RefusedFileError("file.truncated", file=self._file) from error
        content = b"".join(parts)
        if detect_kind(content[:4096]) in {"zip", "gzip", "7z", "rar"} if content else False:
            raise RefusedFileError("file.zip_nested", file=self._file, member=member[:80])
        return content
