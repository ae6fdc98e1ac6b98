"""A served dashboard and a browser for the tests that need them.

Each server runs on a free port of the loopback, in a folder of its own, and is stopped by its process id.
Where no browser is found these tests skip and say so; under CI they fail.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_SECONDS = 90


@dataclass(frozen=True)
class Server:
    """A running dashboard: where it answers, the file its output goes to, and its process."""

    url: str
    log: Path
    pid: int


def find_chromium() -> str | None:
    """Return the browser's path: the CHROMIUM variable, else the first known name on the PATH."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).is_file() else None
    return next((found for name in CANDIDATES if (found := shutil.which(name))), None)


def free_port() -> int:
    """Return a port of the loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(script: Path, folder: Path, **environment: str) -> Iterator[Server]:
    """Serve an entry (``dashboard/app.py`` or a test's own) until the block ends.

    Parameters
    ----------
    script : file that `streamlit run` is given.
    folder : the server's working folder and home: nothing is written elsewhere.
    environment : variables for the server; Kartverket's tiles are off unless told otherwise.
    """
    port = free_port()
    log = folder / "server.log"
    command = [
        *(sys.executable, "-m", "streamlit", "run", str(script)),
        *("--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"),
        *("--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false"),
    ]
    variables = {"SYMBIOSEKART_TILES": "off", **os.environ, "HOME": str(folder), **environment}
    shutil.copytree(ROOT / ".streamlit", folder / ".streamlit", dirs_exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=variables, stdout=output, stderr=output)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(url, process, log)
        yield Server(url, log, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            pass
        time.sleep(0.2)
    pytest.fail(f"the server did not start:\n{log.read_text(errors='replace')[-3000:]}")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A Chromium, or a skip with the reason (a failure under CI)."""
    executable = find_chromium()
    if executable is None:
        reason = "no Chromium found: install one or set CHROMIUM to its path"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(reason)
        pytest.skip(reason)
    launched = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
    yield launched
    launched.close()


@pytest.fixture
def strangers() -> list[str]:
    """Addresses outside the served host that pages of this test asked for."""
    return []


@pytest.fixture
def errors() -> list[str]:
    """Uncaught errors of scripts on pages of this test."""
    return []


@pytest.fixture
def open_context(
    browser: Browser, strangers: list[str], errors: list[str]
) -> Iterator[Callable[..., BrowserContext]]:
    """Open a fresh browser context: ``open_context(width=390, dark=True)``; its requests are watched."""
    contexts = []

    def open_one(*, width: int = 1440, height: int = 1000, dark: bool = False) -> BrowserContext:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            locale="nb-NO",
            accept_downloads=True,
        )

        def note(address: str) -> None:
            parts = urlsplit(address)
            if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in (
                "127.0.0.1",
                "localhost",
            ):
                strangers.append(address)

        context.on("request", lambda request: note(request.url))
        context.on("weberror", lambda error: errors.append(str(error.error)))
        contexts.append(context)
        return context

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    """A page 1440 pixels wide in the light theme."""
    return open_context().new_page()


@pytest.fixture(scope="session")
def dashboard(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real dashboard, served once for all tests."""
    with serve(ROOT / "dashboard" / "app.py", tmp_path_factory.mktemp("dashboard")) as server:
        yield server


@pytest.fixture(scope="session")
def map_server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The page of map_page.py, served once for all tests."""
    with serve(Path(__file__).with_name("map_app.py"), tmp_path_factory.mktemp("map")) as server:
        yield server
