"""What a reader meets in the seconds before the server is warm: a page that says so and then gives way."""

from __future__ import annotations

import html
import re
import threading

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.text import DEFAULT_LANGUAGE, LANGUAGES, in_language
from dashboard.text import gettext as _
from dashboard.theme import DARK, LIGHT

ASK_AGAIN_MS = 400

PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Symbiosekart</title>
<noscript><meta http-equiv="refresh" content="3"></noscript>
<style>
:root {{color-scheme: light dark}}
body {{margin: 0; min-height: 100vh; display: grid; place-content: center; padding: 0 1.5rem;
  background: {light.background}; color: {light.text}; font: 1.05rem/1.5 system-ui, sans-serif}}
h1 {{margin: 0 0 .3rem; font-size: 1.9rem}}
p {{margin: 0; max-width: 34rem}}
@media (prefers-color-scheme: dark) {{body {{background: {dark.background}; color: {dark.text}}}}}
</style>
</head>
<body>
<main><h1>Symbiosekart</h1><p role="status">{text}</p></main>
<script>
const page = {{cache: 'no-store', headers: {{Accept: 'text/html'}}}};
const look = (answer) => answer.status === 503 ? again() : location.reload();
const again = () => setTimeout(() => fetch(location.href, page).then(look, again), {pause});
again();
</script>
</body>
</html>
"""


def read_asked_language(scope: Scope) -> str:
    """Return the language in the link (``lang``), or the one that the dashboard opens in."""
    asked = re.search(rb"(?:^|&)lang=([a-z]{2})(?:&|$)", scope.get("query_string", b""))
    code = asked[1].decode() if asked else DEFAULT_LANGUAGE
    return code if code in LANGUAGES else DEFAULT_LANGUAGE


def render_starting_page(language: str) -> str:
    """Return the page in `language`; it asks again by itself and then shows what was asked for."""
    with in_language(language):
        text = _("The map and the tables are being made ready. This takes a few seconds.")
    return PAGE.format(language=language, light=LIGHT, dark=DARK, text=html.escape(text), pause=ASK_AGAIN_MS)


class StartingPage:
    """Until `ready` is set, answer pages and the question for health with "starting" (503)."""

    def __init__(self, app: ASGIApp, *, ready: threading.Event) -> None:
        self.app = app
        self.ready = ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.ready.is_set() or scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {"Retry-After": "3", "Cache-Control": "no-store"}
        answer: Response
        if scope["path"].endswith("/_stcore/health"):
            answer = PlainTextResponse("starting", status_code=503, headers=headers)
        elif "text/html" in Headers(scope=scope).get("accept", ""):
            page = render_starting_page(read_asked_language(scope))
            answer = HTMLResponse(page, status_code=503, headers=headers)
        else:
            await self.app(scope, receive, send)
            return
        await answer(scope, receive, send)
