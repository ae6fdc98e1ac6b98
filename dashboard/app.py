"""What ``streamlit run dashboard/app.py`` is given: the pages of main.py and the map's own routes."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import config

from dashboard.server import build_middleware, build_routes

READY = threading.Event()
"""Set when what every page needs has been built; until then readers are told that the server is starting."""


def warm_up() -> None:
    """Build what every page needs before the first reader comes.

    streamlit_folium must not be imported here: a component is registered with the running server by whoever
    imports it first, and there is none yet.
    """
    from dashboard.basemap import publish_base
    from dashboard.session import warm_server

    try:
        publish_base()
        warm_server()
    finally:  # whatever went wrong, the page itself tells it better than one that never gives way
        READY.set()


@asynccontextmanager
async def start_warm(app: st.App) -> AsyncGenerator[dict[str, Any] | None, None]:
    """Answer at once and warm up meanwhile."""
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    yield None


app = st.App(
    Path(__file__).with_name("main.py"),
    lifespan=start_warm,
    routes=build_routes(base_path=config.get_option("server.baseUrlPath") or ""),
    middleware=build_middleware(ready=READY),
)
