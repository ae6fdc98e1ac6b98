"""What ``streamlit run dashboard/app.py`` is given: the pages of main.py and the map's own routes."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit import config

from dashboard.server import build_middleware, build_routes

app = st.App(
    Path(__file__).with_name("main.py"),
    routes=build_routes(base_path=config.get_option("server.baseUrlPath") or ""),
    middleware=build_middleware(),
)
