"""What a reader asks for in own words, and the scenario that answers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st
from shapely import Point

from dashboard import controls
from dashboard.layers import Layer, build_reach_layer
from dashboard.session.datasets import Dataset, current_dataset, describe_dataset
from dashboard.session.loaded import (
    load_codes,
    load_municipalities,
    load_network,
    load_places,
    load_postcodes,
    load_uses,
)
from dashboard.session.roads import current_network, current_roads
from dashboard.session.scenarios import View, current_filters, make_view
from dashboard.text import gettext as _
from dashboard.text import language
from geodata.coverage import count_within, find_areas
from geodata.ferryneeds import FerryNeed, find_ferry_need
from geodata.inquiries import Spot, Subject, find_spot, read_subject
from geodata.parameters import ScenarioParameters
from geodata.partners import make_inquiry
from geodata.results import ScenarioResult
from geodata.roads import measure_travel
from geodata.routes import Route, find_route
from geodata.scenario import run_inquiry
from geodata.selection import Filters, select_filtered


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
    """Return the scenario of one inquiry among the reader's data: its matches, and what was left out."""
    dataset, parameters = current_dataset(), controls.scenario_parameters()
    filters = replace(current_filters(), materials=())  # the inquiry names its own
    roads = current_roads().key
    result = _compute_inquiry(dataset.key, roads, filters, parameters, asked, language(), _dataset=dataset)
    key = hashlib.sha256(repr((dataset.key, roads, filters, parameters, asked)).encode()).hexdigest()
    return make_view(result, dataset=describe_dataset(result.tables, key=key), key=key)


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs={Asked: repr})
def _compute_inquiry(
    dataset: str,
    roads: str,
    filters: Filters,
    parameters: ScenarioParameters,
    asked: Asked,
    lang: str,
    _dataset: Dataset,
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
    return run_inquiry(
        select_filtered(_dataset.tables, filters, travel=None),
        inquiry,
        network=load_network(roads),
        codes=load_codes(),
        uses=load_uses(),
        parameters=parameters,
    )


def find_reach(
    view: View, facility_id: str, *, minutes: tuple[float, ...]
) -> tuple[Layer, pd.DataFrame] | None:
    """Return the areas within `minutes` of a facility as a layer, and how many others lie within each.

    None where the facility has no point, or none that a road reaches.
    """
    return _find_reach(view.key, current_roads().key, facility_id, minutes, language(), _view=view)


@st.cache_resource(show_spinner=False, max_entries=32)
def _find_reach(
    key: str, roads: str, facility_id: str, minutes: tuple[float, ...], lang: str, _view: View
) -> tuple[Layer, pd.DataFrame] | None:
    network, result = load_network(roads), _view.result
    facilities, travel = result.tables.facilities, result.travel
    point = facilities.set_index("facility_id").geometry.get(facility_id)
    if point is None or point.is_empty:
        return None
    areas = find_areas(network, point, minutes=minutes, parameters=result.parameters)
    if areas.empty:
        return None
    if len(travel.ids) != len(facilities):  # an inquiry measures those only that could come into question
        travel = measure_travel(network, facilities, parameters=result.parameters)
    return build_reach_layer(areas), count_within(travel, facility_id, minutes=minutes)


def find_way(view: View, from_id: str, to_id: str) -> Route | None:
    """Return the way by road between two facilities of a scenario, or None where one has no point."""
    points = view.result.tables.facilities.set_index("facility_id").geometry
    start, end = points.get(from_id), points.get(to_id)
    if start is None or end is None or start.is_empty or end.is_empty:
        return None
    return find_route(current_network(), start, end, parameters=view.result.parameters)


def find_ferries(view: View, from_id: str, to_id: str) -> FerryNeed | None:
    """Return what the way between two facilities owes to its ferries; None for a way without any."""
    points = view.result.tables.facilities.set_index("facility_id").geometry
    start, end = points.get(from_id), points.get(to_id)
    if start is None or end is None or start.is_empty or end.is_empty:
        return None
    ends = (start.x, start.y), (end.x, end.y)
    return _find_ferries(current_roads().key, *ends, view.result.parameters)


@st.cache_resource(show_spinner=False, max_entries=64)
def _find_ferries(
    roads: str, start: tuple[float, float], end: tuple[float, float], parameters: ScenarioParameters
) -> FerryNeed | None:
    # The way without ferries is searched without a hierarchy: seconds on the roads of a whole country.
    return find_ferry_need(load_network(roads), Point(start), Point(end), parameters=parameters)
