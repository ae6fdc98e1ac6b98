"""The browser's files, all from this host: Leaflet out of an installed package, and our own.

folium and streamlit-folium name their scripts and style sheets by addresses on public content networks. Every
such address is turned into a local one here and nowhere else; an address that this module does not know is an
error, because a map that waits for a blocked host is blank without a word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import xstatic.pkg.leaflet as xstatic_leaflet

from geodata.errors import SymbiosekartError

ROOT = "kart"
"""First step of the path of everything that this project serves to the map."""

FROM_COMPONENT = f"../../{ROOT}"
"""The same seen from the map's frame (``component/<name>/index.html``): works behind any path prefix."""

_STATIC = Path(__file__).parent / "static"
_LEAFLET = Path(xstatic_leaflet.BASE_DIR)

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


class UnknownAssetError(SymbiosekartError):
    """A script or style sheet that is not served from this host."""


@dataclass(frozen=True)
class Asset:
    """One file for the browser: its bytes, media type and the digest that stands in its address."""

    name: str
    content: bytes
    media_type: str
    digest: str

    @property
    def path(self) -> str:
        """Path below :data:`ROOT`; changes when the content does, so a browser may keep it for good."""
        return f"assets/{self.digest}/{self.name}"


_FILES: dict[str, Path] = {
    "leaflet.js": _LEAFLET / "leaflet.js",
    "leaflet.css": _LEAFLET / "leaflet.css",
    "images/layers.png": _LEAFLET / "images" / "layers.png",
    "images/layers-2x.png": _LEAFLET / "images" / "layers-2x.png",
    "images/marker-icon.png": _LEAFLET / "images" / "marker-icon.png",
    "images/marker-icon-2x.png": _LEAFLET / "images" / "marker-icon-2x.png",
    "images/marker-shadow.png": _LEAFLET / "images" / "marker-shadow.png",
    "symbiosekart.js": _STATIC / "symbiosekart.js",
    "symbiosekart.css": _STATIC / "symbiosekart.css",
}

_SUFFIX_TO_FILE = (
    ("/leaflet.js", "leaflet.js"),
    ("/leaflet.css", "leaflet.css"),
)

NOT_NEEDED = ("jquery", "bootstrap", "awesome", "fontawesome")
"""Parts of folium's defaults that no element of ours uses; their links are left out."""


@cache
def read_assets() -> dict[str, Asset]:
    """Read every file that may be served, by name; nothing else on the disk can be reached through a URL."""
    assets = {}
    for name, path in _FILES.items():
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:16]
        if name.startswith("images/"):  # Leaflet's style sheet finds them beside itself
            digest = hashlib.sha256(_FILES["leaflet.css"].read_bytes()).hexdigest()[:16]
        assets[name] = Asset(name, content, _TYPES[path.suffix], digest)
    return assets


def asset_url(name: str) -> str:
    """Return the address of one of our files as the map's frame sees it.

    Raises
    ------
    UnknownAssetError
        ``asset.unknown`` when no such file is served.
    """
    asset = read_assets().get(name)
    if asset is None:
        raise UnknownAssetError("asset.unknown", name=name)
    return f"{FROM_COMPONENT}/{asset.path}"


def localise_links(links: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Rewrite ``(name, address)`` pairs as folium keeps them to addresses on this host.

    Parts in :data:`NOT_NEEDED` are dropped; addresses that are local already stay.

    Raises
    ------
    UnknownAssetError
        ``asset.unknown`` for any other address.
    """
    local = []
    for name, address in links:
        if address.startswith(f"{FROM_COMPONENT}/"):
            local.append((name, address))
            continue
        found = next((file for suffix, file in _SUFFIX_TO_FILE if address.endswith(suffix)), None)
        if found is not None:
            local.append((name, asset_url(found)))
        elif not any(part in f"{name} {address}".lower() for part in (*NOT_NEEDED, "glyphicons")):
            raise UnknownAssetError("asset.unknown", name=address)
    return local
