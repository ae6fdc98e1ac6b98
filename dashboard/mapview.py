"""The only call of st_folium: a constant base map, layers by address, and clicks back as rows.

The map itself (script, key, height) never changes, so it is drawn once and kept while filters change. What
changes is one small element in a feature group that holds addresses, hexadecimal keys and numbers only; the
browser fetches the layers and draws them (``static/symbiosekart.js``).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import folium
import streamlit as st
import streamlit_folium
from branca.element import MacroElement
from folium.template import Template
from streamlit import runtime
from streamlit.components.types.base_custom_component import BaseCustomComponent
from streamlit.components.v1.component_registry import ComponentRegistry
from streamlit_folium import st_folium

from dashboard import server
from dashboard.assets import FROM_COMPONENT, asset_url, localise_links
from dashboard.basemap import publish_base
from dashboard.layerdocument import Layer, feature_key, plain, publish
from dashboard.symbols import Theme
from dashboard.text import LANGUAGES, language
from dashboard.text import gettext as _
from geodata.errors import SymbiosekartError

Bounds = tuple[float, float, float, float]

TILES_SETTING = "SYMBIOSEKART_TILES"
"""Environment variable: ``off`` keeps the map to the embedded base map and to this host."""

_ADDRESS = re.compile(re.escape(FROM_COMPONENT) + r"/lag/[0-9a-f]{40}\.json")
_KEY = re.compile(r"[0-9a-f]{16}")
_CLICK = re.compile(r"([a-z]{1,24}):([0-9a-f]{16}):([0-9a-z]{1,16})")
_RETURNED = "last_object_clicked_tooltip"
_HOME = (63.2, 10.4)
_COMPONENT = streamlit_folium._component_func


class MapContentError(SymbiosekartError):
    """Something other than an address, a key or a number was on its way into a folium element."""


@dataclass(frozen=True)
class MapSelection:
    """What the reader clicked: the layer's key and the identifier of the row."""

    layer: str
    id: str


class LocalMap(folium.Map):
    """A folium map whose files come from this host and whose page may be zoomed; no tiles of its own."""

    _template = Template(
        """
        {% macro header(this, kwargs) %}
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <style>html, body {width: 100%; height: 100%; margin: 0; padding: 0;}
            #{{ this.get_name() }} {position: relative; width: 100%; height: 100%;}</style>
        {% endmacro %}
        {% macro html(this, kwargs) %}
            <div class="folium-map" id={{ this.get_name()|tojson }} ></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {
                center: {{ this.location|tojson }},
                crs: L.CRS.EPSG3857,
                ...{{ this.options|tojavascript }}
            });
            symbiosekart.start({{ this.get_name() }});
        {% endmacro %}
        """
    )
    default_js = (
        *localise_links(folium.Map.default_js),
        ("symbiosekart", asset_url("symbiosekart.js")),
    )
    default_css = (
        *localise_links(folium.Map.default_css),
        ("symbiosekart_css", asset_url("symbiosekart.css")),
    )


class LayerElement(MacroElement):
    """Tells the map's script what to show. Holds addresses, keys and numbers; anything else is refused.

    Raises
    ------
    MapContentError
        ``map.content`` when a value is not of the form it must have.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            window.feature_group = [];
            symbiosekart.show(map_div, {{ this.content|tojson }});
        {% endmacro %}
        """
    )

    def __init__(
        self,
        *,
        layers: Sequence[str],
        base: Sequence[tuple[str, int, int]],
        texts: str,
        language: str,
        theme: Theme,
        tiles: bool,
        selected: str | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        super().__init__()
        self._name = "SymbiosekartLayers"
        for address in (*layers, *(address for address, _low, _high in base), texts):
            _require(_ADDRESS.fullmatch(address) is not None, "address")
        _require(selected is None or _KEY.fullmatch(selected) is not None, "selected")
        _require(language in LANGUAGES, "language")
        _require(theme in ("light", "dark"), "theme")
        self.content: dict[str, Any] = {
            "layers": list(layers),
            "base": [[address, int(low), int(high)] for address, low, high in base],
            "texts": texts,
            "lang": language,
            "theme": theme,
            "tiles": bool(tiles),
            "selected": selected,
            "bounds": [round(float(value), 5) for value in bounds] if bounds else None,
        }


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise MapContentError("map.content", what=what)


def show_map(
    layers: Sequence[Layer],
    *,
    key: str,
    height: int = 560,
    selected_id: str | None = None,
    bounds: Bounds | None = None,
    lang: str | None = None,
    credit: str = "",
) -> MapSelection | None:
    """Show `layers` over the base map and return what has been clicked since the last run, else None.

    Call it in every run of the page with the same `key` and `height`: the map then stays as it is and only
    the layers are exchanged. A pan or zoom causes no run; a second click on the same object does.

    Parameters
    ----------
    layers : drawn in this order, the last one on top.
    key : constant name of the map on its page.
    height : pixels.
    selected_id : identifier of the row that the table has selected; it is marked, and brought into view.
    bounds : south, west, north, east in degrees: fitted whenever it changes. None: the layers' extent when
        the map is first drawn, then wherever the reader went.
    lang : language of the map's own texts; None: the reader's.
    credit : whom to name beside those who made the base map.
    """
    theme = current_theme()
    texts = _publish_texts(credit)
    base = publish_base()
    element = LayerElement(
        layers=[publish(layer) for layer in layers],
        base=base,
        texts=texts,
        language=lang if lang in LANGUAGES else language(),
        theme=theme,
        tiles=os.environ.get(TILES_SETTING, "auto").lower() not in ("off", "0", "no", "false"),
        selected=_selected_key(layers, selected_id),
        bounds=bounds,
    )
    group = folium.FeatureGroup(name=key)
    group.add_child(element)
    _register_component()
    answer = st_folium(
        _base_map(),
        key=key,
        height=height,
        use_container_width=True,
        returned_objects=[_RETURNED],
        feature_group_to_add=group,
    )
    return _read_click(answer, layers, key=key)


def _register_component() -> None:
    """Make sure that this server serves the component's files.

    A component is registered by the script run that imports it first. When anything else imported it before
    (a warm-up, a test), nobody did, and the map would stay blank.
    """
    component = streamlit_folium._component_func
    if not (runtime.exists() and isinstance(component, BaseCustomComponent)):
        return
    if ComponentRegistry.instance().get_component_path(component.name) is None:
        ComponentRegistry.instance().register_component(component)


def current_theme() -> Theme:
    """Return the page's theme; light where it is not known."""
    return "dark" if st.context.theme.type == "dark" else "light"


def _base_map() -> LocalMap:
    # A fresh object each run: rendering changes it. Its script is the same each time, so it stays mounted.
    return LocalMap(
        location=_HOME, tiles=None, zoom_start=5, zoom_control=False, min_zoom=3, max_zoom=18,
        attribution_control=False, prefer_canvas=True, zoom_snap=0.25, world_copy_jump=False,
    )  # fmt: skip


def _selected_key(layers: Sequence[Layer], selected_id: str | None) -> str | None:
    if selected_id is None:
        return None
    key = feature_key(selected_id)
    return key if any(key in layer.ids for layer in layers) else None


def _read_click(answer: object, layers: Sequence[Layer], *, key: str) -> MapSelection | None:
    """Return a click not seen before. What the browser sends is checked as any input from outside."""
    value = answer.get(_RETURNED) if isinstance(answer, dict) else None
    found = _CLICK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    seen = f"{key}__seen_click"
    if st.session_state.get(seen) == value:
        return None
    st.session_state[seen] = value
    layer = next((layer for layer in layers if layer.key == found[1]), None)
    identifier = layer.ids.get(found[2]) if layer is not None else None
    return MapSelection(found[1], identifier) if identifier is not None else None


def _publish_texts(credit: str = "") -> str:
    """Publish the map's own words in the reader's language and return their address."""
    texts = {
        "title": _("Map of facilities, matches and clusters"),
        "frame": _("Map"),
        "help": _(
            "Arrow keys move the map, plus and minus zoom. N and P step through what is on the map, Enter "
            "selects. Everything on the map also stands in the tables of the page."
        ),
        "zoom_in": _("Zoom in"),
        "zoom_out": _("Zoom out"),
        "home": _("Show everything"),
        "next": _("Next on the map"),
        "previous": _("Previous on the map"),
        "layers": _("Map layers"),
        "base": _("Background map from Kartverket"),
        "close": _("Close"),
        "selected": _("Selected"),
        "here": _("at this place"),
        "more": _("and {count} more"),
        "nothing": _("Nothing to show here"),
        "failed": _("A map layer could not be fetched. Load the page again."),
        "attribution": ", ".join(
            filter(None, (_("Map data: © Kartverket and SSB (CC BY 4.0), places © GeoNames"), plain(credit)))
        ),
    }
    content = json.dumps(texts, ensure_ascii=False, sort_keys=True).encode()
    digest = feature_key(content.decode())
    return server.STORE.publish(content, digest=digest, public=True)
