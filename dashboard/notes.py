"""Small remarks on a page."""

from __future__ import annotations

import streamlit as st


def note(text: str) -> None:
    """Write a small remark in our own words (never data: it is markdown), with full contrast."""
    st.markdown(f":gray[:small[{text}]]")
