"""The served form of map_page.py, with the project's own routes and headers."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.server import build_middleware, build_routes

app = st.App(Path(__file__).with_name("map_page.py"), routes=build_routes(), middleware=build_middleware())
