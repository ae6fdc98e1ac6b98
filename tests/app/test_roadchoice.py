"""The reader's choice of road network and profile: in the margin, in the link, and beside every distance."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
import streamlit_folium
from streamlit.testing.v1 import AppTest

from loaders.networkbuilds import build_network
from loaders.networkshelf import FOLDER_SETTING, Shelf, list_shelf
from loaders.region import read_region
from loaders.travelcache import FOLDER_VARIABLE
from tests.loaders.osmwriting import write_osm

MAIN = Path(__file__).resolve().parents[2] / "dashboard" / "main.py"
RORVIK = "3141310"
GROUP = "ringbygda-2026-05-01"
Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one network for two vehicles, through practice firms, and a broken file."""
    made = tmp_path_factory.mktemp("networks")
    facilities = read_region("practice").facilities
    points = sorted((point.x, point.y) for point in facilities.geometry if not point.is_empty)[:60]
    places = dict(enumerate(points, 1))
    ways = ((1, tuple(places), {"highway": "primary", "name": "Ringveien"}),)
    source = write_osm(made / "ring.osm", places, ways, header_date="2026-05-01T00:00:00Z")
    for vehicle in ("semi_trailer", "timber_rig_60t"):
        build_network(source, made / f"{vehicle}.roads", vehicle=vehicle, name="Ringbygda")
    (made / "broken.roads").write_text("<svg onload=alert(1)>")
    return made


@pytest.fixture
def open_page(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setenv(FOLDER_SETTING, str(folder))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))

    def component(**arguments: Any) -> dict[str, Any]:
        return dict(arguments.get("default") or {})

    monkeypatch.setattr(streamlit_folium, "_component_func", component)

    def opened(page: str = "oversikt", **query: str) -> AppTest:
        app = AppTest.from_file(str(MAIN), default_timeout=120)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        if page != "oversikt":
            app.switch_page(f"views/{page}.py")
            for name, value in query.items():
                app.query_params[name] = value
            app.run()
        assert not app.exception, app.exception
        return app

    return opened


def _query(app: AppTest) -> dict[str, str]:
    found = app.query_params.items()
    return {name: value if isinstance(value, str) else value[0] for name, value in found}


def _texts(app: AppTest) -> str:
    return "\n".join(element.value for element in app.text)


def _matches(app: AppTest) -> float:
    return float(re.sub(r"\D", "", app.metric[2].value))


def test_network_and_profile_are_chosen_in_the_margin_and_stand_in_the_link(open_page: Open) -> None:
    app = open_page(data="practice")
    assert _query(app) == {"data": "practice"}
    roads, profile = (app.sidebar.selectbox(key=f"choice_{name}") for name in ("roads", "profile"))
    assert len(roads.options) == 2
    assert "Ringbygda" in roads.options[1]
    assert profile.options == ["Lastebil, lavest kostnad", "Lastebil, raskest"]
    least = _matches(app)
    app = profile.set_value("fastest").run()
    assert _query(app) == {"data": "practice", "profile": "fastest"}
    fastest = _matches(app)
    app = app.sidebar.selectbox(key="choice_roads").set_value(GROUP).run()
    assert not app.exception
    assert _query(app) == {"data": "practice", "roads": GROUP}
    assert not app.warning[1:]  # another network's profile is no fault of the link
    assert app.sidebar.selectbox(key="choice_profile").options == ["Semitrailer", "Tømmervogntog 60 t"]
    ring = _matches(app)
    assert len({least, fastest, ring}) == 3
    app = app.sidebar.selectbox(key="choice_profile").set_value("timber_rig_60t").run()
    assert _query(app) == {"data": "practice", "roads": GROUP, "profile": "timber_rig_60t"}
    again = open_page(**_query(app))
    assert again.sidebar.selectbox(key="choice_profile").value == "timber_rig_60t"
    assert _matches(again) == _matches(app)


def test_a_link_may_name_a_file_and_brings_its_profile(open_page: Open) -> None:
    app = open_page(data="practice", roads="timber_rig_60t")
    assert app.sidebar.selectbox(key="choice_roads").value == GROUP
    assert app.sidebar.selectbox(key="choice_profile").value == "timber_rig_60t"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"roads": "gone-2020"}, "roads = gone-2020"),
        ({"roads": "<script>", "profile": "fastest"}, "roads = <script>"),
        ({"roads": GROUP, "profile": "bicycle"}, "profile = bicycle"),
        ({"profile": "semi_trailer"}, "profile = semi_trailer"),
    ],
)
def test_what_a_link_names_and_is_not_there_is_told(
    open_page: Open, query: dict[str, str], told: str
) -> None:
    app = open_page(**query)
    assert "Lenken har verdier" in app.warning[0].value
    assert told in _texts(app)
    assert "profile" not in _query(app)


def test_partners_say_which_roads_and_vehicle_the_distance_is_of(open_page: Open) -> None:
    asked = {"data": "practice", "has": "food_waste", "place": RORVIK}
    assert "Veiavstander: Symbiosekarts hovedveier, 22. november 2026, lastebil, lavest" in _texts(
        open_page("finn_partner", **asked)
    )
    assert "Veiavstander: Symbiosekarts hovedveier, 22. november 2026, lastebil, raskest" in _texts(
        open_page("finn_partner", **asked, profile="fastest")
    )


def test_a_map_with_a_built_network_names_its_makers(open_page: Open) -> None:
    assert "© OpenStreetMap contributors" in _texts(open_page("data", roads=GROUP)).splitlines()
    app = open_page("data", roads=GROUP)
    assert "Ringbygda, 1. mai 2026. © OpenStreetMap contributors" in _texts(app)
    assert "Kjøretøy: Semitrailer" in _texts(app)
    assert "broken.roads" in _texts(app)


def test_facilities_without_distances_are_listed_with_the_reason(open_page: Open) -> None:
    app = open_page(data="practice", roads=GROUP)
    assert any("Uten veiavstander" in element.label for element in app.expander)
    assert "ligger for langt fra veiene" in _texts(app)


def test_reach_stands_in_a_table_too_and_in_the_link(open_page: Open) -> None:
    asked = {"data": "practice", "has": "food_waste", "place": RORVIK}
    app = open_page("finn_partner", **asked, reach="1", reach_min="180")
    table = next(frame.value for frame in app.dataframe if "time" in frame.value.columns)
    assert [int(re.sub(r"\D", "", text)) for text in table["time"]] == [60, 120, 180]
    assert table["facilities"].is_monotonic_increasing
    assert table["facilities"].iloc[-1] > 0
    assert _query(app)["reach_min"] == "180"
    assert "reach" not in _query(open_page("finn_partner", **asked))


def _spoil(path: Path) -> None:
    """Change the arrays of a network file and leave what it says of itself."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = max((name for name in members if name.startswith("graph/")), key=lambda name: len(members[name]))
    members[name] = members[name][:-3] + b"???"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)


def test_a_network_with_damaged_arrays_gives_way_to_the_main_roads(
    open_page: Open, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "networks"
    own.mkdir()
    copy = own / "ring.roads"
    copy.write_bytes((folder / "semi_trailer.roads").read_bytes())
    _spoil(copy)
    monkeypatch.setenv(FOLDER_SETTING, str(own))
    st.cache_resource.clear()
    expected = _matches(open_page(data="practice"))
    app = open_page(data="practice", roads=GROUP)
    assert any("kan ikke leses" in warning.value for warning in app.warning)
    assert "Ringbygda" in _texts(app)
    assert "Brukes i stedet: Symbiosekarts hovedveier" in _texts(app)
    assert not app.error
    assert _matches(app) == expected
    assert _query(app) == {"data": "practice"}
    assert len(app.sidebar.selectbox(key="choice_roads").options) == 1
    again = app.run()  # told until another is chosen
    assert any("kan ikke leses" in warning.value for warning in again.warning)
    copy.write_bytes((folder / "semi_trailer.roads").read_bytes())  # mended
    again = again.run()
    chosen = again.sidebar.selectbox(key="choice_roads").set_value(GROUP).run()
    assert not any("kan ikke leses" in warning.value for warning in chosen.warning)
    assert _matches(chosen) != expected


def test_the_folder_is_looked_at_once_a_run(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def look() -> Shelf:
        looks.append(1)
        return list_shelf()

    app = open_page("data")
    monkeypatch.setattr("dashboard.session.roads.list_shelf", look)
    app.run()
    assert not app.exception
    assert len(looks) == 1
