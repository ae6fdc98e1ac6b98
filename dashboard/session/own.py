"""The reader's own files: they belong to one session and are gone with it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard import controls
from dashboard.session.loaded import load_references
from loaders.members import MemberFiles, read_members

OWN = "own_files"


@dataclass(frozen=True)
class Own:
    """The reader's own files of this session: what was read of them, and the digest of their bytes."""

    files: MemberFiles
    digest: str


def own_files() -> Own | None:
    """Return what this session's reader has uploaded, or None."""
    return st.session_state.get(OWN)


def keep_uploads(uploads: Sequence[tuple[str, bytes]]) -> Own | None:
    """Read uploaded files (name, bytes) in the limited subprocess and keep them for this session.

    The same bytes are read once. No upload empties what was kept. Refusals come back as findings.
    """
    if not uploads:
        st.session_state.pop(OWN, None)
        return None
    digest = hashlib.sha256(b"".join(_digest(name, content) for name, content in uploads)).hexdigest()
    kept = own_files()
    if kept is None or kept.digest != digest:
        kept = Own(read_uploads(uploads), digest)
        st.session_state[OWN] = kept
    return kept


def _digest(name: str, content: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\x00" + content).digest()


def read_uploads(uploads: Sequence[tuple[str, bytes]]) -> MemberFiles:
    """Read files as members bring them; faults and refusals are findings."""
    return read_members(uploads, references=load_references())


def used_own() -> Own | None:
    """Return the reader's own files where they are to be included."""
    return own_files() if controls.choice("own") else None
