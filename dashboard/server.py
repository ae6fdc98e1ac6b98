"""What is served beside Streamlit's own pages: the map's files and layers, and headers on every answer.

A layer is published under an address that cannot be guessed: a keyed hash (secret of this process) of its
content. Whoever was shown the page has the address, nobody else does, and no other site may embed or read it.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import re
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.assets import FROM_COMPONENT, ROOT, read_assets
from dashboard.starting import StartingPage, read_asked_language

TILE_HOST = "https://cache.kartverket.no"
TOKEN = re.compile(r"[0-9a-f]{40}")
MAX_STORE_BYTES = 192 * 1024 * 1024
"""Compressed bytes of layers kept; the least recently asked for go first."""


@dataclass(frozen=True)
class Document:
    """One published layer: gzipped JSON, its entity tag, and whether shared caches may keep it."""

    compressed: bytes
    etag: str
    public: bool


class LayerStore:
    """Published layers by token, bounded in bytes, safe to use from many threads."""

    def __init__(self, *, max_bytes: int = MAX_STORE_BYTES) -> None:
        self._secret = secrets.token_bytes(32)
        self._max_bytes = max_bytes
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def token(self, digest: str, *, public: bool = False) -> str:
        """Return the token of a content digest; a public one is the same in every process."""
        key = b"public" if public else self._secret
        return hmac.new(key, digest.encode(), hashlib.sha256).hexdigest()[:40]

    def publish(self, content: bytes, *, digest: str, public: bool = False) -> str:
        """Keep `content` (JSON, UTF-8) and return its address as the map's frame sees it."""
        token = self.token(digest, public=public)
        with self._lock:
            known = token in self._documents
            if known:
                self._documents.move_to_end(token)
        if not known:
            compressed = gzip.compress(content, compresslevel=9 if public else 1, mtime=0)
            self._keep(token, Document(compressed, f'"{token}"', public))
        return f"{FROM_COMPONENT}/lag/{token}.json"

    def _keep(self, token: str, document: Document) -> None:
        with self._lock:
            if token not in self._documents:
                self._documents[token] = document
                self._bytes += len(document.compressed)
            while self._bytes > self._max_bytes and len(self._documents) > 1:
                _, dropped = self._documents.popitem(last=False)
                self._bytes -= len(dropped.compressed)

    def find(self, token: str) -> Document | None:
        """Return the document, or None when it was never published or has been dropped."""
        with self._lock:
            document = self._documents.get(token)
            if document is not None:
                self._documents.move_to_end(token)
            return document

    def __len__(self) -> int:
        return len(self._documents)


STORE = LayerStore()


def _from_another_site(request: Request) -> bool:
    # Browsers say where a request comes from; older ones and command lines say nothing and need the token.
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


async def serve_layer(request: Request) -> Response:
    """Answer a published layer as GeoJSON: gzip where the browser takes it, 304 where it has it already."""
    # Looked up at each request: while the source is being edited Streamlit reloads modules, and the pages
    # then publish in the new module's store.
    from dashboard import server

    if _from_another_site(request):
        return PlainTextResponse("Forbidden", status_code=403)
    token = request.path_params["token"]
    document = server.STORE.find(token) if TOKEN.fullmatch(token) else None
    if document is None:
        return PlainTextResponse("Not found", status_code=404, headers={"Cache-Control": "no-store"})
    headers = {
        "ETag": document.etag,
        "Cache-Control": f"{'public' if document.public else 'private'}, max-age=86400, immutable",
        "Vary": "Accept-Encoding",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if request.headers.get("if-none-match") == document.etag:
        return Response(status_code=304, headers=headers)
    content = document.compressed
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        content = gzip.decompress(content)
        headers["Content-Encoding"] = "identity"
    return Response(content, media_type="application/geo+json", headers=headers)


async def serve_asset(request: Request) -> Response:
    """Answer one of the known files; the address carries its digest, so it may be kept for good."""
    asset = read_assets().get(request.path_params["name"])
    if asset is None or asset.digest != request.path_params["digest"]:
        return PlainTextResponse("Not found", status_code=404, headers={"Cache-Control": "no-store"})
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "ETag": f'"{asset.digest}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)


def build_routes(*, base_path: str = "") -> list[BaseRoute]:
    """Return the routes of the map, below ``/<base_path>/kart``."""
    prefix = "/".join(["", *(part for part in (base_path.strip("/"), ROOT) if part)])
    return [
        Route(f"{prefix}/lag/{{token}}.json", serve_layer, methods=["GET"]),
        Route(f"{prefix}/assets/{{digest}}/{{name:path}}", serve_asset, methods=["GET"]),
    ]


CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        # streamlit-folium sets its script inline and evaluates what is added to a map
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        f"img-src 'self' data: blob: {TILE_HOST}",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "media-src 'self' data: blob:",
        "frame-src 'self' blob: data:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Permissions-Policy": "camera=(), microphone=(), payment=(), usb=()",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
}


class SecurityHeaders:
    """Set :data:`SECURITY_HEADERS` on every HTTP answer that does not have them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class PageLanguage:
    """Say the page's language in ``<html lang>``: Streamlit always says English, which misleads a voice.

    The language is the one of the ``lang`` query parameter, else the one that the dashboard opens in.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        accepted = Headers(scope=scope).get("accept", "") if scope["type"] == "http" else ""
        if "text/html" not in accepted:
            await self.app(scope, receive, send)
            return
        language = read_asked_language(scope)
        start: Message | None = None
        chunks: list[bytes] = []

        async def send_rewritten(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                headers = Headers(raw=message["headers"])
                if (
                    not headers.get("content-type", "").startswith("text/html")
                    or "content-encoding" in headers
                ):
                    await send(message)
                else:
                    start = message
                return
            if start is None:
                await send(message)
                return
            chunks.append(message.get("body", b""))
            if message.get("more_body"):
                return
            body = b"".join(chunks).replace(b'<html lang="en"', f'<html lang="{language}"'.encode(), 1)
            headers = MutableHeaders(scope=start)
            if scope["method"] != "HEAD":
                headers["Content-Length"] = str(len(body))
            await send(start)
            await send({"type": "http.response.body", "body": body})

        # A compressed page could not be read here; it is small.
        kept = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self.app({**scope, "headers": kept}, receive, send_rewritten)


def build_middleware(*, ready: threading.Event | None = None) -> list[Middleware]:
    """Return the middleware of the served app, outermost first; pages wait for `ready` where it is given."""
    waiting = [] if ready is None else [Middleware(StartingPage, ready=ready)]
    return [Middleware(SecurityHeaders), *waiting, Middleware(PageLanguage)]
