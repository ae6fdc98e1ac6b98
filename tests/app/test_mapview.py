"""The map's call: what the component is given, and what a click becomes."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit_folium
from streamlit.testing.v1 import AppTest

from dashboard.layerdocument import feature_key


def _script() -> None:
    import geopandas as gpd
    import pandas as pd
    import streamlit as st

    from dashboard.layers import build_facility_layer
    from dashboard.mapview import show_map
    from geodata.schemas import conform_table, empty_table

    ids = ["{{7*7}}", "b", "c"][: int(st.number_input("n", value=3))]
    frame = pd.DataFrame(
        {
            "facility_id": ids,
            "name": ids,
            "actor_type": "producer",
            "visibility": "public",
            "dataset": "region",
        }
    )
    facilities = gpd.GeoDataFrame(
        conform_table(frame, "facilities"),
        geometry=gpd.points_from_xy([10.0 + k for k in range(len(ids))], [63.0] * len(ids)),
        crs="EPSG:4326",
    )
    selected = st.selectbox("row", [None, *ids])
    clicked = show_map(
        [build_facility_layer(facilities, empty_table("streams"))], key="m", selected_id=selected
    )
    st.text(f"clicked={None if clicked is None else (clicked.layer, clicked.id)}")


class Component:
    """Stands in for the browser: keeps what it is given and answers with a click."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.answer: Any = None

    def __call__(self, **arguments: Any) -> Any:
        self.calls.append(arguments)
        if self.answer is None:
            return arguments["default"]
        return {"last_object_clicked_tooltip": self.answer}


@pytest.fixture
def component(monkeypatch: pytest.MonkeyPatch) -> Component:
    double = Component()
    monkeypatch.setattr(streamlit_folium, "_component_func", double)
    return double


def _run(app: AppTest) -> AppTest:
    app.run(timeout=30)
    assert not app.exception
    return app


def test_a_filter_changes_the_layers_and_never_the_map(component: Component) -> None:
    app = _run(AppTest.from_function(_script))
    app.number_input[0].set_value(2)
    _run(app)
    first, second = component.calls
    assert first["key"] == second["key"]
    assert first["script"] == second["script"]
    assert first["height"] == second["height"]
    assert first["feature_group"] != second["feature_group"]
    assert len(second["feature_group"]) < 3000


def test_an_unchanged_run_sends_the_same_again(component: Component) -> None:
    app = _run(AppTest.from_function(_script))
    _run(app)
    assert component.calls[0]["feature_group"] == component.calls[1]["feature_group"]


def test_pans_are_not_asked_for(component: Component) -> None:
    _run(AppTest.from_function(_script))
    assert component.calls[0]["returned_objects"] == ["last_object_clicked_tooltip"]
    assert component.calls[0]["zoom"] is None
    assert component.calls[0]["center"] is None


def test_every_link_is_on_this_host(component: Component) -> None:
    _run(AppTest.from_function(_script))
    links = [*component.calls[0]["js_links"], *component.calls[0]["css_links"]]
    assert len(links) == 4
    assert all(link.startswith("../../kart/assets/") for link in links)
    assert "//" not in component.calls[0]["header"]
    assert "//" not in component.calls[0]["script"]


def test_the_list_of_groups_in_the_browser_is_emptied(component: Component) -> None:
    _run(AppTest.from_function(_script))
    code = component.calls[0]["feature_group"]
    assert code.index("window.feature_group = [];") < code.index("window.feature_group.push")


def test_a_click_comes_back_once_as_the_row_s_identifier(component: Component) -> None:
    app = _run(AppTest.from_function(_script))
    component.answer = f"facilities:{feature_key('{{7*7}}')}:m1abc"
    assert _run(app).text[0].value == "clicked=('facilities', '{{7*7}}')"
    assert _run(app).text[0].value == "clicked=None"  # the same click is not told twice
    component.answer = f"facilities:{feature_key('{{7*7}}')}:m1abd"
    assert _run(app).text[0].value == "clicked=('facilities', '{{7*7}}')"  # the same object once more


@pytest.mark.parametrize(
    "answer",
    [
        "facilities:{{7*7}}:1",
        f"facilities:{'0' * 16}:1",
        f"elsewhere:{feature_key('b')}:1",
        f"facilities:{feature_key('b')}",
        f"facilities:{feature_key('b')}:1\n",
        {"key": feature_key("b")},
        17,
        "",
    ],
)
def test_what_is_no_click_on_a_known_row_is_ignored(component: Component, answer: Any) -> None:
    app = _run(AppTest.from_function(_script))
    component.answer = answer
    assert _run(app).text[0].value == "clicked=None"


def test_a_row_chosen_in_the_table_is_marked_by_key_not_by_text(component: Component) -> None:
    app = _run(AppTest.from_function(_script))
    app.selectbox[0].set_value("{{7*7}}")
    _run(app)
    code = component.calls[-1]["feature_group"]
    assert f'"selected": "{feature_key("{{7*7}}")}"' in code
    assert "{{" not in code
    assert "49" not in code.replace(feature_key("{{7*7}}"), "").split('"selected"')[1]


@pytest.mark.parametrize(
    ("setting", "expected"), [("off", "false"), ("0", "false"), ("auto", "true"), (None, "true")]
)
def test_tiles_can_be_switched_off(
    component: Component, monkeypatch: pytest.MonkeyPatch, setting: str | None, expected: str
) -> None:
    if setting is None:
        monkeypatch.delenv("SYMBIOSEKART_TILES", raising=False)
    else:
        monkeypatch.setenv("SYMBIOSEKART_TILES", setting)
    _run(AppTest.from_function(_script))
    assert f'"tiles": {expected}' in component.calls[0]["feature_group"]
