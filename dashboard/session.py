"""What the server remembers, and for whom: the one place that caches, the one view-side caller of loaders.

Tables and scenarios are shared by all sessions, read only, and found again by keys (names, digests, frozen
parameters), never by hashing a frame. Uploads belong to one session and are gone with it.
"""

from __future__ import annotations

import gc
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import geopandas as gpd
import pandas as pd
import streamlit as st

from dashboard import controls
from dashboard.background import Job, Report, Workshop
from dashboard.layers import (
    Layer,
    build_cluster_layer,
    build_facility_layer,
    build_flow_layer,
    build_municipality_layer,
)
from dashboard.text import gettext as _
from dashboard.text import language, provide_language
from geodata.inquiries import Spot, Subject, find_spot, read_subject
from geodata.materials import material_label
from geodata.parameters import ScenarioParameters
from geodata.partners import append_tables, make_inquiry
from geodata.results import RegionTables, ScenarioResult
from geodata.roads import RoadNetwork, RoadTravel, measure_travel
from geodata.routes import Route, find_route
from geodata.scenario import access_key, outline_scenario, run_scenario
from geodata.selection import select_kinds, select_region
from geodata.wastecodes import WasteCodes, format_code
from loaders import templates
from loaders.codes import read_waste_codes
from loaders.embedded import read_counties, read_municipalities, read_places, read_postcodes, read_sources
from loaders.exports import export_csv, export_excel, export_geojson, export_geopackage, tabulate_result
from loaders.members import MemberFiles, read_members
from loaders.references import References
from loaders.region import read_region
from loaders.roads import read_road_network

KEPT_SCENARIOS = 32
KEPT_LAYERS = 64
KEPT_LARGE_SCENARIOS = 8
LARGE = 1_500
"""Data sets of more facilities than this are shown before they are computed."""
SECONDS_TO_DRAW = 0.7
"""A head start for the page that shows the facilities: calculating beside it would slow it down."""
OWN = "own_files"


@dataclass(frozen=True)
class Filters:
    """What a scenario is narrowed to; empty means all. Part of the scenario's key."""

    networks: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    actor_types: tuple[str, ...] = ()
    municipalities: tuple[str, ...] = ()
    near_km: float | None = None


@dataclass(frozen=True)
class Own:
    """The reader's own files of this session: what was read of them, and the digest of their bytes."""

    files: MemberFiles
    digest: str


@dataclass(frozen=True)
class View:
    """One scenario with what a page needs to show it in words.

    Attributes
    ----------
    key : digest that stands for the scenario in caches.
    names : facility_id -> name.
    networks_of : facility_id -> names of its networks.
    municipality_names : municipality number -> name.
    material : key of a material -> label in the reader's language.
    job : what computes the rest; None when everything is there.
    """

    key: str
    result: ScenarioResult
    names: Mapping[str, str]
    networks_of: Mapping[str, str]
    municipality_names: Mapping[str, str]
    material: Callable[[str], str] = field(compare=False)
    job: Job | None = None


@st.cache_resource(show_spinner=False)
def load_municipalities() -> gpd.GeoDataFrame:
    """Return today's municipalities, read once."""
    return read_municipalities(detail="light")


@st.cache_resource(show_spinner=False)
def load_counties() -> gpd.GeoDataFrame:
    """Return today's counties, read once."""
    return read_counties(detail="light")


@st.cache_resource(show_spinner=False)
def load_places() -> pd.DataFrame:
    """Return towns and villages with their points, read once."""
    return read_places()


@st.cache_resource(show_spinner=False)
def load_postcodes() -> pd.DataFrame:
    """Return the postcodes with their points, read once."""
    return read_postcodes()


@st.cache_resource(show_spinner=False)
def load_sources() -> list[dict[str, str]]:
    """Return the records of the sources that ship with the app."""
    return read_sources()


@st.cache_resource(show_spinner=False)
def load_codes() -> WasteCodes:
    """Return the waste codes and materials, read once."""
    return read_waste_codes()


@st.cache_resource(show_spinner=False)
def load_references() -> References:
    """Return what members' files are checked against, read at the first upload."""
    return References(municipalities=read_municipalities(), codes=load_codes())


@st.cache_resource(show_spinner=False)
def load_network() -> RoadNetwork:
    """Return the road network, read and routed once."""
    return read_road_network()


@st.cache_resource(show_spinner=False)
def load_region(dataset: str) -> RegionTables:
    """Return the tables of the real region (``region``) or of the practice data (``practice``)."""
    return read_region(dataset)


@st.cache_resource(show_spinner=False)
def warm_server() -> bool:
    """Read everything once and compute the first page; then take all of it out of the collector's rounds.

    Streamlit collects garbage after every run; what lives as long as the server need not be looked at again.
    """
    for load in (load_municipalities, load_counties, load_places, load_sources, load_codes, load_network):
        load()
    parameters = ScenarioParameters()
    for dataset in ("region", "practice"):
        _compute(dataset, "", Filters(), parameters, _own=None)
    gc.collect()
    gc.freeze()
    return True


def start_session() -> None:
    """Say who reads: text and numbers follow the choice of language from here on."""
    provide_language(_chosen_language)
    warm_server()


def _chosen_language() -> str | None:
    # Also asked where no page runs (the command line's process, a test): then nobody has chosen.
    return str(controls.choice("lang"))


def own_files() -> Own | None:
    """Return what this session's reader has uploaded, or None."""
    return st.session_state.get(OWN)


def keep_uploads(uploads: Sequence[tuple[str, bytes]]) -> Own | None:
    """Read uploaded files (name, bytes) in the limited subprocess and keep them for this session.

    The same bytes are read once. No upload empties what was kept. Refusals come back as findings.
    """
    if not uploads:
        st.session_state.pop(OWN, None)
        return None
    digest = hashlib.sha256(b"".join(_digest(name, content) for name, content in uploads)).hexdigest()
    kept = own_files()
    if kept is None or kept.digest != digest:
        kept = Own(read_uploads(uploads), digest)
        st.session_state[OWN] = kept
    return kept


def _digest(name: str, content: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\x00" + content).digest()


def read_uploads(uploads: Sequence[tuple[str, bytes]]) -> MemberFiles:
    """Read files as members bring them; faults and refusals are findings."""
    return read_members(uploads, references=load_references())


def current_filters(*, municipalities: tuple[str, ...] = (), near_km: float | None = None) -> Filters:
    """Return the filters that the reader has chosen."""
    return Filters(
        networks=controls.choice("network"),
        materials=controls.choice("material"),
        bases=controls.choice("basis"),
        actor_types=controls.choice("actor"),
        municipalities=municipalities,
        near_km=near_km,
    )


def current_tables() -> RegionTables:
    """Return the unfiltered tables of the data set that the reader has chosen, own files included."""
    own = _used_own()
    return _tables(controls.choice("data"), own.digest if own else "", _own=own)


def current_view(filters: Filters) -> View:
    """Return the scenario for the reader's data set, `filters` and parameters; computed once for each."""
    view = quick_view(filters)
    if view.job is None:
        return view
    with load_workshop().attend(view.job):
        result = view.job.future.result()
    return make_view(result, key=view.key.removesuffix(OUTLINE))


def quick_view(filters: Filters) -> View:
    """Return the scenario as :func:`current_view`, or for large data not yet computed its outline at once.

    An outline has a `job` that computes the rest in the background; see
    :func:`geodata.scenario.outline_scenario`.
    """
    dataset, own = controls.choice("data"), _used_own()
    parameters = controls.scenario_parameters()
    digest = own.digest if own else ""
    key = hashlib.sha256(repr((dataset, digest, filters, parameters)).encode()).hexdigest()
    tables = _tables(dataset, digest, _own=own)
    if len(tables.facilities) <= LARGE:
        return make_view(_compute(dataset, digest, filters, parameters, _own=own), key=key)

    def calculate(report: Report) -> ScenarioResult:
        time.sleep(SECONDS_TO_DRAW)
        report("travel")
        travel = _travel(dataset, digest, *access_key(parameters), _own=own)
        chosen = _narrow(tables, filters, travel=travel)
        return run_scenario(
            chosen,
            network=load_network(),
            codes=load_codes(),
            parameters=parameters,
            travel=travel,
            report=report,
        )

    job = load_workshop().order(key, calculate)
    if job.ready:
        return make_view(job.future.result(), key=key)
    outline = _outline(dataset, digest, filters, parameters, _own=own)
    return replace(make_view(outline, key=key + OUTLINE), job=job)


OUTLINE = "-outline"


@st.cache_resource(show_spinner=False)
def load_workshop() -> Workshop:
    """Return where large scenarios are computed, one at a time for the whole server."""
    return Workshop(kept=KEPT_LARGE_SCENARIOS)


def make_view(result: ScenarioResult, *, key: str) -> View:
    """Put a scenario together with the words that a page needs."""
    facilities, members, networks = (
        result.tables.facilities,
        result.tables.memberships,
        result.tables.networks,
    )
    network_names = dict(zip(networks["network_id"].astype(str), networks["name"].astype(str), strict=True))
    named = members["network_id"].astype("object").map(network_names).dropna()
    grouped = named.groupby(members["facility_id"].astype("object").loc[named.index])
    return View(
        key=key,
        result=result,
        names=dict(zip(facilities["facility_id"].astype(str), facilities["name"].astype(str), strict=True)),
        networks_of={str(name): ", ".join(dict.fromkeys(found)) for name, found in grouped},
        municipality_names=municipality_names(),
        material=label_material,
    )


def label_material(key: str) -> str:
    """Return a material's name in the reader's language."""
    return material_label(key, codes=load_codes(), language=language())


def municipality_names() -> dict[str, str]:
    """Return municipality number -> name, with the county where two municipalities share a name."""
    frame = load_municipalities()
    names = frame["name"].astype(str)
    told_apart = names + " (" + frame["county_name"].astype(str) + ")"
    shown = names.where(~names.duplicated(keep=False), told_apart)
    return dict(zip(frame["municipality_number"].astype(str), shown, strict=True))


def _used_own() -> Own | None:
    return own_files() if controls.choice("own") else None


@st.cache_resource(show_spinner=False, max_entries=8)
def _tables(dataset: str, own_digest: str, _own: Own | None) -> RegionTables:
    tables = load_region(dataset)
    return tables if _own is None else append_tables(tables, _own.files.tables)


@st.cache_resource(show_spinner=False, max_entries=8)
def _travel(
    dataset: str, own_digest: str, detour_factor: float, speed_kmh: float, _own: Own | None
) -> RoadTravel:
    tables = _tables(dataset, own_digest, _own=_own)
    parameters = ScenarioParameters(access_detour_factor=detour_factor, access_speed_kmh=speed_kmh)
    return measure_travel(load_network(), tables.facilities, parameters=parameters)


@st.cache_resource(show_spinner=False, max_entries=KEPT_SCENARIOS)
def _compute(
    dataset: str, own_digest: str, filters: Filters, parameters: ScenarioParameters, _own: Own | None
) -> ScenarioResult:
    travel = _travel(dataset, own_digest, *access_key(parameters), _own=_own)
    tables = _narrow(_tables(dataset, own_digest, _own=_own), filters, travel=travel)
    return run_scenario(
        tables, network=load_network(), codes=load_codes(), parameters=parameters, travel=travel
    )


@st.cache_resource(show_spinner=False, max_entries=KEPT_LARGE_SCENARIOS)
def _outline(
    dataset: str, own_digest: str, filters: Filters, parameters: ScenarioParameters, _own: Own | None
) -> ScenarioResult:
    tables = _narrow(_tables(dataset, own_digest, _own=_own), filters, travel=None)
    return outline_scenario(tables, codes=load_codes(), parameters=parameters)


def _narrow(tables: RegionTables, filters: Filters, *, travel: RoadTravel | None) -> RegionTables:
    """Return what meets the filters; without `travel` the neighbours by road are left out."""
    if filters.municipalities:
        near = filters.near_km if travel is not None else None
        tables = select_region(tables, filters.municipalities, travel=travel, neighbours_km=near)
    return select_kinds(
        tables,
        networks=filters.networks,
        materials=filters.materials,
        bases=filters.bases,
        actor_types=filters.actor_types,
    )


def compute(tables: RegionTables, parameters: ScenarioParameters) -> ScenarioResult:
    """Run one scenario over the embedded road network; not kept."""
    return run_scenario(tables, network=load_network(), codes=load_codes(), parameters=parameters)


def build_layers(view: View, *, municipalities: tuple[str, ...] = ()) -> list[Layer]:
    """Return the layers of a scenario, lowest first; built once for each scenario, language and selection."""
    return [
        _municipality_layer(language(), municipalities),
        *_scenario_layers(view.key, language(), _view=view),
    ]


@st.cache_resource(show_spinner=False, max_entries=KEPT_LAYERS)
def _municipality_layer(lang: str, selected: tuple[str, ...]) -> Layer:
    return build_municipality_layer(load_municipalities(), selected)


@st.cache_resource(show_spinner=False, max_entries=KEPT_LAYERS)
def _scenario_layers(key: str, lang: str, _view: View) -> list[Layer]:
    result = _view.result
    facilities = result.tables.facilities
    return [
        build_cluster_layer(result.clusters, result.cluster_members, facilities),
        build_flow_layer(result.matches, facilities),
        _facility_layer(key.removesuffix(OUTLINE), lang, len(facilities), _view=_view),
    ]


@st.cache_resource(show_spinner=False, max_entries=KEPT_LAYERS)
def _facility_layer(key: str, lang: str, count: int, _view: View) -> Layer:
    # An outline and its scenario share the layer, unless neighbours by road came in between.
    tables = _view.result.tables
    return build_facility_layer(tables.facilities, tables.streams)


def county_names() -> dict[str, str]:
    """Return county number -> name."""
    frame = load_counties()
    return dict(zip(frame["county_number"].astype(str), frame["name"].astype(str), strict=True))


def county_of(municipality_number: str) -> str:
    """Return the number of the county that a municipality lies in: its first two digits."""
    return municipality_number[:2]


def bounds_of(municipalities: Sequence[str]) -> tuple[float, float, float, float] | None:
    """Return south, west, north, east of some municipalities in degrees, or None for none."""
    frame = load_municipalities()
    chosen = frame[frame["municipality_number"].isin(list(municipalities))]
    if chosen.empty:
        return None
    west, south, east, north = (float(edge) for edge in chosen.total_bounds)
    return south, west, north, east


def shared_polygon_note(municipality: str | None) -> str:
    """Return what the data say of a municipality whose border is not open data; empty for all others."""
    frame = load_municipalities()
    notes = frame.loc[frame["municipality_number"] == municipality, "polygon_note"].dropna()
    return str(notes.iloc[0]) if len(notes) else ""


def count_neighbours(view: View) -> int:
    """Return how many facilities were taken for their nearness only."""
    facilities = view.result.tables.facilities
    return int(facilities["neighbour"].sum()) if "neighbour" in facilities else 0


def companies_serving(municipalities: tuple[str, ...]) -> gpd.GeoDataFrame:
    """Return the facilities whose service area touches `municipalities`, wherever they stand."""
    facilities = current_tables().facilities
    wanted = set(municipalities)
    areas = facilities["service_area"].astype("object")
    return facilities[[isinstance(area, str) and bool(wanted & set(area.split())) for area in areas]]


def material_keys() -> list[str]:
    """Return the keys of all materials."""
    return list(load_codes().materials["material"].astype(str))


def sorted_material_keys() -> list[str]:
    """Return the keys of all materials by their names in the reader's language."""
    return sorted(material_keys(), key=lambda key: label_material(key).casefold())


def format_waste_code(code: str) -> str:
    """Return a waste code as people write it, star included."""
    return format_code(code, codes=load_codes())


def place_names() -> dict[str, str]:
    """Return place identifier -> name with municipality, sorted by name."""
    places, names = load_places().sort_values("name"), municipality_names()
    return {
        str(identifier): f"{name} ({names.get(str(number), '?')})"
        for identifier, name, number in zip(
            places["geoname_id"], places["name"], places["municipality_number"], strict=True
        )
    }


@dataclass(frozen=True)
class Asked:
    """One inquiry, read: what, where, which way, and how much a year in a unit of the tables."""

    subject: Subject
    spot: Spot
    direction: str
    amount: float | None
    unit: str | None


def read_inquiry_subject(text: str) -> Subject:
    """Read what the reader wrote of a thing: a material's name or key, or a waste code."""
    return read_subject(text, codes=load_codes())


def find_inquiry_spot(text: str) -> Spot | None:
    """Find the place the reader wrote: identifier, name, postcode or municipality."""
    return find_spot(
        text, places=load_places(), postcodes=load_postcodes(), municipalities=load_municipalities()
    )


def inquiry_view(asked: Asked) -> View:
    """Return the scenario of the reader's data with one inquiry added."""
    dataset, own = controls.choice("data"), _used_own()
    parameters = controls.scenario_parameters()
    digest = own.digest if own else ""
    result = _compute_inquiry(dataset, digest, current_filters(), parameters, asked, language(), _own=own)
    key = hashlib.sha256(repr((dataset, digest, current_filters(), parameters, asked)).encode()).hexdigest()
    return make_view(result, key=key)


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs={Asked: repr})
def _compute_inquiry(
    dataset: str,
    own_digest: str,
    filters: Filters,
    parameters: ScenarioParameters,
    asked: Asked,
    lang: str,
    _own: Own | None,
) -> ScenarioResult:
    if asked.subject.material is None:
        raise ValueError("an inquiry needs a material")
    inquiry = make_inquiry(
        material=asked.subject.material,
        lon=asked.spot.lon,
        lat=asked.spot.lat,
        direction=asked.direction,
        eal_code=asked.subject.eal_code,
        hazardous=asked.subject.hazardous,
        amount_best=asked.amount,
        unit=asked.unit,
        name=_("Your inquiry"),
        municipality_number=asked.spot.municipality_number,
    )
    tables = select_kinds(
        _tables(dataset, own_digest, _own=_own),
        networks=filters.networks,
        bases=filters.bases,
        actor_types=filters.actor_types,
    )
    return compute(append_tables(tables, inquiry), parameters)


def find_way(view: View, from_id: str, to_id: str) -> Route | None:
    """Return the way by road between two facilities of a scenario, or None where one has no point."""
    points = view.result.tables.facilities.set_index("facility_id").geometry
    start, end = points.get(from_id), points.get(to_id)
    if start is None or end is None or start.is_empty or end.is_empty:
        return None
    return find_route(load_network(), start, end, parameters=view.result.parameters)


EXPORT_FORMATS = ("xlsx", "gpkg", "facilities.geojson", "matches.geojson", "clusters.geojson")


def export_result(view: View, form: str) -> bytes:
    """Return a scenario as a file: all tables as ``xlsx`` or ``gpkg``, one layer as ``<layer>.geojson``."""
    frames = tabulate_result(view.result, sources=load_sources())
    if form == "xlsx":
        return export_excel(frames)
    if form == "gpkg":
        return export_geopackage(frames)
    return export_geojson(frames, layer=form.removesuffix(".geojson"))


@st.cache_resource(show_spinner=False)
def make_template(table: str, lang: str) -> bytes:
    """Return an empty Excel template for ``facilities`` or ``streams`` with headers in language `lang`."""
    return templates.make_template(table, language=lang)


def export_table(table: pd.DataFrame) -> bytes:
    """Return a table of words as CSV that a spreadsheet opens: cells that look like formulas are disarmed."""
    return export_csv(table)
