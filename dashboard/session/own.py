"""The reader's own files: they belong to one session and are gone with it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from dashboard import controls
from dashboard.session.loaded import load_references
from loaders.members import MemberFiles, read_members

OWN = "own_files"
_UPLOADS = "own_uploads"
_ACCEPTED = "own_accepted_codes"


@dataclass(frozen=True)
class Own:
    """The reader's own files of this session: what was read of them, the digest of their bytes and of the
    codes that the reader chose for texts in them, and those codes."""

    files: MemberFiles
    digest: str
    accepted: Mapping[str, str] = field(default_factory=dict)


def own_files() -> Own | None:
    """Return what this session's reader has uploaded, or None."""
    return st.session_state.get(OWN)


def keep_uploads(uploads: Sequence[tuple[str, bytes]]) -> Own | None:
    """Read uploaded files (name, bytes) in the limited subprocess and keep them for this session.

    The same bytes are read once. No upload empties what was kept. Refusals come back as findings.
    """
    if not uploads:
        for key in (OWN, _UPLOADS, _ACCEPTED):
            st.session_state.pop(key, None)
        return None
    accepted: dict[str, str] = st.session_state.get(_ACCEPTED, {})
    parts = [_digest(name, content) for name, content in uploads]
    parts.append(repr(sorted(accepted.items())).encode())
    digest = hashlib.sha256(b"".join(parts)).hexdigest()
    kept = own_files()
    if kept is None or kept.digest != digest:
        kept = Own(read_uploads(uploads, accepted=accepted), digest, dict(accepted))
        st.session_state[OWN] = kept
        st.session_state[_UPLOADS] = tuple(uploads)
    return kept


def accept_codes(chosen: Mapping[str, str]) -> None:
    """Read the uploads again with the codes that the reader chose for texts that have none."""
    uploads = st.session_state.get(_UPLOADS)
    if uploads:
        st.session_state[_ACCEPTED] = {**st.session_state.get(_ACCEPTED, {}), **chosen}
        keep_uploads(uploads)


def forget_accepted_codes() -> None:
    """Read the uploads again as they are, without any code that the reader chose."""
    uploads = st.session_state.get(_UPLOADS)
    if uploads:
        st.session_state.pop(_ACCEPTED, None)
        keep_uploads(uploads)


def _digest(name: str, content: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\x00" + content).digest()


def read_uploads(
    uploads: Sequence[tuple[str, bytes]], *, accepted: Mapping[str, str] | None = None
) -> MemberFiles:
    """Read files as members bring them; faults and refusals are findings."""
    return read_members(uploads, references=load_references(), accepted=accepted)


def used_own() -> Own | None:
    """Return the reader's own files where they are to be included."""
    return own_files() if controls.choice("own") else None
