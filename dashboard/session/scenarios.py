"""Scenarios as pages see them: small ones computed at once, large ones shown first and computed meanwhile."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import geopandas as gpd
import streamlit as st

from dashboard import controls
from dashboard.background import Job, Report, Workshop
from dashboard.calculator import Request
from dashboard.remote import RemoteCalculator
from dashboard.session.datasets import Dataset, current_dataset, current_tables
from dashboard.session.loaded import load_codes, load_network, load_uses
from dashboard.session.names import label_material, municipality_names
from dashboard.session.roads import MAIN_ROADS, current_roads
from geodata.parameters import ScenarioParameters
from geodata.results import RegionTables, ScenarioResult
from geodata.roads import GraphNetwork, NetworkTravel, measure_travel
from geodata.scenario import access_key, outline_scenario, run_scenario
from geodata.selection import Filters, select_filtered
from loaders.travelcache import open_cache

KEPT_SCENARIOS = 32
KEPT_LARGE_SCENARIOS = 8
SECONDS_TO_DRAW = 0.5
"""A head start for the page that shows the facilities: a calculation beside it would slow both."""
OUTLINE = "-outline"


@dataclass(frozen=True)
class View:
    """One scenario with what a page needs to show it in words.

    Attributes
    ----------
    key : digest that stands for the scenario in caches.
    dataset : what it was narrowed from; its names are those of the scenario too.
    municipality_names : municipality number -> name.
    material : key of a material -> label in the reader's language.
    filters : what the data set was narrowed by.
    job : what computes the rest; None when everything is there.
    """

    key: str
    result: ScenarioResult
    dataset: Dataset
    municipality_names: Mapping[str, str]
    material: Callable[[str], str] = field(compare=False)
    filters: Filters = field(default_factory=Filters)
    job: Job | None = None

    @property
    def names(self) -> Mapping[str, str]:
        """facility_id -> name."""
        return self.dataset.names

    @property
    def networks_of(self) -> Mapping[str, str]:
        """facility_id -> names of its networks."""
        return self.dataset.networks_of


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


def current_view(filters: Filters) -> View:
    """Return the scenario for the reader's data set, `filters` and parameters; computed once for each."""
    view = quick_view(filters)
    if view.job is None:
        return view
    with load_workshop().attend(view.job):
        result = load_workshop().collect(view.job)
    return make_view(result, dataset=view.dataset, key=view.key.removesuffix(OUTLINE), filters=filters)


def quick_view(filters: Filters) -> View:
    """Return the scenario as :func:`current_view`, or for large data not yet computed its outline at once.

    An outline has a `job` that computes the rest in another process; see
    :func:`geodata.scenario.outline_scenario`.

    Raises
    ------
    SymbiosekartError
        What the calculation refused, or ``calculation.lost``; asked again, it is computed again.
    """
    dataset, parameters, roads = current_dataset(), controls.scenario_parameters(), current_roads().key
    key = _digest(dataset.key, roads, filters, parameters)
    if not dataset.large:
        result = _compute(dataset.key, roads, filters, parameters, _dataset=dataset)
        return make_view(result, dataset=dataset, key=key, filters=filters)
    request = Request(dataset.key, roads, filters, parameters)

    def calculate(report: Report) -> ScenarioResult:
        time.sleep(SECONDS_TO_DRAW)
        return load_calculator().calculate(request, dataset.tables, report)

    job = load_workshop().order(key, calculate)
    if job.ready:
        return make_view(load_workshop().collect(job), dataset=dataset, key=key, filters=filters)
    outline = _outline(dataset.key, filters, parameters, _dataset=dataset)
    return replace(make_view(outline, dataset=dataset, key=key + OUTLINE, filters=filters), job=job)


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@st.cache_resource(show_spinner=False)
def load_workshop() -> Workshop:
    """Return where large scenarios wait for their turn, one at a time for the whole server."""
    return Workshop(kept=KEPT_LARGE_SCENARIOS)


@st.cache_resource(show_spinner=False)
def load_calculator() -> RemoteCalculator:
    """Return the process that computes large scenarios; it starts at the first of them."""
    return RemoteCalculator(read_network=load_network)


def make_view(result: ScenarioResult, *, dataset: Dataset, key: str, filters: Filters | None = None) -> View:
    """Put a scenario together with the words that a page needs."""
    return View(
        key=key,
        result=result,
        dataset=dataset,
        municipality_names=municipality_names(),
        material=label_material,
        filters=filters or Filters(),
    )


@st.cache_resource(show_spinner=False, max_entries=8)
def _travel(
    dataset: str, roads: str, detour_factor: float, speed_kmh: float, _tables: RegionTables
) -> NetworkTravel:
    parameters = ScenarioParameters(access_detour_factor=detour_factor, access_speed_kmh=speed_kmh)
    network, facilities = load_network(roads), _tables.facilities
    if isinstance(network, GraphNetwork) and not (facilities["dataset"] == "own").any():
        # Never own files: readers are told that these are gone with the page, so nothing of them is kept.
        cache = open_cache()
        return cache.complete(cache.tie(network, facilities, parameters=parameters))
    return measure_travel(network, facilities, parameters=parameters)


@st.cache_resource(show_spinner=False, max_entries=KEPT_SCENARIOS)
def _compute(
    dataset: str, roads: str, filters: Filters, parameters: ScenarioParameters, _dataset: Dataset
) -> ScenarioResult:
    travel = _travel(dataset, roads, *access_key(parameters), _tables=_dataset.tables)
    return run_scenario(
        select_filtered(_dataset.tables, filters, travel=travel),
        network=load_network(roads),
        codes=load_codes(),
        uses=load_uses(),
        parameters=parameters,
        travel=travel,
    )


@st.cache_resource(show_spinner=False, max_entries=KEPT_LARGE_SCENARIOS)
def _outline(
    dataset: str, filters: Filters, parameters: ScenarioParameters, _dataset: Dataset
) -> ScenarioResult:
    tables = select_filtered(_dataset.tables, filters, travel=None)
    return outline_scenario(tables, codes=load_codes(), parameters=parameters)


def warm_dataset(dataset: Dataset) -> None:
    """Compute a data set's first page: no filter, the usual parameters."""
    _compute(dataset.key, MAIN_ROADS, Filters(), ScenarioParameters(), _dataset=dataset)


def compute(tables: RegionTables, parameters: ScenarioParameters) -> ScenarioResult:
    """Run one scenario over the embedded road network; not kept."""
    return run_scenario(
        tables, network=load_network(), codes=load_codes(), uses=load_uses(), parameters=parameters
    )


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
