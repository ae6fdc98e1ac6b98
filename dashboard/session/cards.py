"""What the card of one match needs beyond its scenario: price in parts, uses in words, who else, how far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import geopandas as gpd
import pandas as pd
import shapely
import streamlit as st

from dashboard import usewording
from dashboard.layers import Layer, build_break_even_layer
from dashboard.session.economy import current_economics, load_economics, price_rows, price_view
from dashboard.session.inquiries import find_way
from dashboard.session.loaded import load_codes, load_network, load_uses
from dashboard.session.roads import current_roads
from dashboard.session.scenarios import View
from dashboard.text import language
from geodata.coverage import find_areas
from geodata.economics import BreakEven, EconomicChoices, break_even_reach
from geodata.parameters import ScenarioParameters
from geodata.priceparts import PriceParts, explain_price
from geodata.routes import Route
from geodata.userank import suggest_receivers
from loaders.codes import read_treatments

SHOWN_INDUSTRIES, TOLD_USES = 5, 1
MOST_KM = 600.0
"""Areas of more kilometres than this are not drawn: they hold half of the country."""


def use_words() -> usewording.Words:
    """Return what it takes to tell of uses in words, gathered once."""
    return usewording.gather_words(load_uses(), load_codes())


def name_treatment(treatment: str) -> str:
    """Return an R or D operation with its title in the reader's language."""
    title = _treatment_titles(language()).get(treatment)
    return treatment if title is None else f"{treatment} ({title[0].lower()}{title[1:]})"


@lru_cache(maxsize=4)
def _treatment_titles(lang: str) -> dict[str, str]:
    rows = read_treatments()
    return dict(zip(rows["treatment"].astype(str), rows[f"title_{lang}"].astype(str), strict=True))


def price_some(view: View, matches: pd.DataFrame) -> pd.DataFrame:
    """Return money and carbon of some of a scenario's matches; of a large scenario only these are priced."""
    return price_rows(matches) if view.dataset.large else price_view(view).loc[matches.index]


def explain_price_of(view: View, match: pd.DataFrame) -> PriceParts:
    """Return the price of one match (its row of the match table) in parts, with the reader's figures."""
    return _explain_price(view.key, str(match["match_id"].iloc[0]), current_economics(), _match=match)


@st.cache_resource(show_spinner=False, max_entries=128)
def _explain_price(key: str, match_id: str, choices: EconomicChoices, _match: pd.DataFrame) -> PriceParts:
    return explain_price(
        _match, tables=load_economics(), choices=choices, uses=load_uses(), codes=load_codes()
    )


@dataclass(frozen=True)
class Industries:
    """Industries that could use a stream, ranked: title, and reasons as sentences."""

    told: tuple[tuple[str, tuple[str, ...]], ...]
    uncertain: bool
    reason: str


def suggest_industries(*, material: str, code: str | None, text: str | None) -> Industries:
    """Return the industries that usually receive a stream like it."""
    return _suggest_industries(material, code, text, language())


@st.cache_resource(show_spinner=False, max_entries=64)
def _suggest_industries(material: str, code: str | None, text: str | None, lang: str) -> Industries:
    found = suggest_receivers(
        load_uses(), codes=load_codes(), code=code, material=material, text=text, limit=SHOWN_INDUSTRIES
    )
    words = use_words()
    told = tuple(
        (
            usewording.name_division(row["division"], words),
            tuple(
                usewording.tell_reasons(
                    use_ids=row["use_ids"].split()[:TOLD_USES],
                    exchange_ids=row["exchange_ids"].split()[:1],
                    share=float(row["share"]),
                    giver="",
                    words=words,
                )
            ),
        )
        for row in found.receivers.to_dict("records")
    )
    return Industries(told, found.uncertain, found.reason)


def reach_of_material(material: str, *, use_id: str | None = None) -> BreakEven:
    """Return how far a material may travel before it pays no more, without a match."""
    return break_even_reach(
        material,
        tables=load_economics(),
        choices=current_economics(),
        uses=load_uses(),
        codes=load_codes(),
        use_id=use_id,
    )


def find_pay_areas(view: View, facility_id: str, ends: tuple[tuple[str, float], ...]) -> Layer | None:
    """Return the areas within the kilometres of `ends` (``low``, ``best``, ``high``) of a facility.

    None where the facility has no point, or none that a road reaches.
    """
    point = view.result.tables.facilities.set_index("facility_id").geometry.get(facility_id)
    if point is None or point.is_empty:
        return None
    parameters = view.result.parameters
    return _find_pay_areas(current_roads().key, (point.x, point.y), ends, parameters, language())


@st.cache_resource(show_spinner=False, max_entries=32)
def _find_pay_areas(
    roads: str,
    point: tuple[float, float],
    ends: tuple[tuple[str, float], ...],
    parameters: ScenarioParameters,
    lang: str,
) -> Layer | None:
    network = load_network(roads)
    areas = find_areas(
        network, shapely.Point(point), km=[km for _end, km in ends], parameters=parameters
    ).set_index("km")
    rows = [(end, km) for end, km in ends if km in areas.index]
    if not rows:
        return None
    frame = gpd.GeoDataFrame(
        {"end": [end for end, _km in rows], "km": [km for _end, km in rows]},
        geometry=[areas.geometry[km] for _end, km in rows],
        crs=areas.crs,
    )
    return build_break_even_layer(frame.sort_values("km", kind="stable"))


def find_whole_way(view: View, from_id: str, via_id: str | None, to_id: str) -> Route | None:
    """Return the way between two facilities by way of an intermediary, where there is one."""
    if via_id is None:
        return find_way(view, from_id, to_id)
    first, second = find_way(view, from_id, via_id), find_way(view, via_id, to_id)
    if first is None or second is None:
        return None
    return replace(
        first,
        places=first.places + second.places,
        legs=first.legs + second.legs,
        geometry=shapely.LineString([*first.geometry.coords, *second.geometry.coords]),
        distance_km=first.distance_km + second.distance_km,
        minutes=first.minutes + second.minutes,
        ferries=first.ferries + second.ferries,
    )
