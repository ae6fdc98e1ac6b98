"""Routes and headers: who may read a layer, and how answers are compressed, kept and marked."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import unquote

import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.types import Message

from dashboard import server
from dashboard.assets import FROM_COMPONENT, asset_url
from dashboard.server import LayerStore, build_middleware, build_routes


async def _page(request: Request) -> HTMLResponse:
    return HTMLResponse('<!doctype html>\n<html lang="en" style="x"><body>Blåbær</body></html>')


async def _plain(request: Request) -> PlainTextResponse:
    return PlainTextResponse('<html lang="en">')


@dataclass(frozen=True)
class Answer:
    """What the app sent: as on the wire, and `content` unpacked."""

    status_code: int
    headers: Headers
    body: bytes

    @property
    def content(self) -> bytes:
        packed = self.headers.get("content-encoding") == "gzip"
        return gzip.decompress(self.body) if packed else self.body

    @property
    def text(self) -> str:
        return self.content.decode()


class Client:
    """Calls the app as a server would, without a network."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    def get(self, address: str, *, headers: dict[str, str] | None = None) -> Answer:
        path, _, query = address.partition("?")
        sent: list[Message] = []
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
            "server": ("localhost", 80),
            "client": ("localhost", 1),
        }

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        # in a thread of its own: a browser test of the same run may keep a loop in this one
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, self.app(scope, receive, send)).result()
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(sent[0]["status"], Headers(raw=sent[0]["headers"]), body)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(server, "STORE", LayerStore())
    routes = [*build_routes(), Route("/", _page), Route("/plain", _plain)]
    return Client(Starlette(routes=routes, middleware=build_middleware()))


def _path(address: str) -> str:
    return address.removeprefix("../..")


def test_a_layer_comes_back_as_it_was_published(client: Client) -> None:
    content = json.dumps({"type": "FeatureCollection", "features": [], "navn": "Øra"}).encode()
    address = server.STORE.publish(content, digest="abc")
    answer = client.get(_path(address), headers={"accept-encoding": "gzip"})
    assert answer.content == content
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("application/geo+json")
    assert "private" in answer.headers["cache-control"]
    assert client.get(_path(address), headers={"accept-encoding": "identity"}).content == content


def test_the_browser_s_copy_is_confirmed_without_a_body(client: Client) -> None:
    path = _path(server.STORE.publish(b"{}", digest="abc"))
    etag = client.get(path).headers["etag"]
    again = client.get(path, headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_may_not_read_a_layer(client: Client, site: str) -> None:
    path = _path(server.STORE.publish(b"{}", digest="abc"))
    assert client.get(path, headers={"sec-fetch-site": site}).status_code == 403
    assert client.get(path, headers={"sec-fetch-site": "same-origin"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/kart/lag/" + "0" * 40 + ".json",
        "/kart/lag/abc.json",
        "/kart/lag/..%2f..%2fpyproject.toml.json",
        "/kart/assets/x/leaflet.js",
        "/kart/assets/0/../../app.py",
        "/kart/assets/0123456789abcdef/symbiosekart.js",
    ],
)
def test_what_was_not_published_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_address_cannot_be_worked_out_from_the_content() -> None:
    one, other = LayerStore(), LayerStore()
    assert one.publish(b"{}", digest="abc") != other.publish(b"{}", digest="abc")
    assert one.publish(b"{}", digest="abc") == one.publish(b"{}", digest="abc")
    assert one.publish(b"{}", digest="p", public=True) == other.publish(b"{}", digest="p", public=True)


def test_the_store_keeps_within_its_bounds_and_drops_the_oldest() -> None:
    size = len(gzip.compress(b"x" * 10, compresslevel=1))
    store = LayerStore(max_bytes=3 * size)
    addresses = [store.publish(bytes([65 + k]) * 10, digest=str(k)) for k in range(3)]
    tokens = [address.rsplit("/", 1)[1].removesuffix(".json") for address in addresses]
    assert store.find(tokens[0]) is not None  # now the newest
    store.publish(b"y" * 10, digest="more")
    assert len(store) == 3
    assert store.find(tokens[0]) is not None
    assert store.find(tokens[1]) is None


def test_files_may_be_kept_for_good(client: Client) -> None:
    answer = client.get(_path(asset_url("leaflet.css")))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/css")
    image = client.get(_path(asset_url("leaflet.css")).replace("leaflet.css", "images/layers.png"))
    assert image.headers["content-type"] == "image/png"


def test_every_answer_has_the_headers(client: Client) -> None:
    for path in ("/", "/kart/lag/x.json", _path(asset_url("leaflet.js"))):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
        assert "object-src 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "language"),
    [("/", "nb"), ("/?lang=en", "en"), ("/?a=1&lang=nn", "nn"), ("/?lang=xx", "nb"), ("/?slang=en", "nb")],
)
def test_the_page_says_its_language(client: Client, path: str, language: str) -> None:
    answer = client.get(path, headers={"accept": "text/html"})
    assert f'<html lang="{language}" style="x">' in answer.text
    assert "Blåbær" in answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_only_pages_are_rewritten(client: Client) -> None:
    assert client.get("/plain", headers={"accept": "text/html"}).text == '<html lang="en">'
    assert 'lang="en"' in client.get("/", headers={"accept": "*/*"}).text


def test_routes_follow_the_base_path() -> None:
    paths = {route.path for route in build_routes(base_path="/symbiose/")}  # type: ignore[attr-defined]
    assert "/symbiose/kart/lag/{token}.json" in paths
    assert FROM_COMPONENT == "../../kart"


def test_pages_say_that_the_server_is_starting_until_it_is_ready() -> None:
    ready = threading.Event()
    routes = [Route("/", _page), Route("/plain", _plain), Route("/_stcore/health", _plain)]
    waiting = Client(Starlette(routes=routes, middleware=build_middleware(ready=ready)))
    page = {"accept": "text/html,*/*"}
    texts = {}
    for code in ("nb", "nn", "en"):
        answer = waiting.get(f"/?lang={code}", headers=page)
        assert (answer.status_code, answer.headers["cache-control"]) == (503, "no-store")
        assert f'<html lang="{code}">' in answer.text
        assert "content-security-policy" in answer.headers
        texts[code] = answer.text.partition('role="status">')[2].partition("<")[0]
    assert len(set(texts.values())) == 3
    assert waiting.get("/?lang=xx", headers=page).text == waiting.get("/", headers=page).text
    assert waiting.get("/plain", headers={"accept": "*/*"}).status_code == 200
    assert waiting.get("/_stcore/health").status_code == 503
    ready.set()
    assert waiting.get("/_stcore/health").status_code == 200
    assert "Blåbær" in waiting.get("/", headers=page).text
