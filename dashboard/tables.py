"""Tables of a page: translated, with basis and source, and in step with the map.

A table is shown from a frame whose columns are keys of :data:`dashboard.labels.COLUMNS`. Data text goes to
``st.dataframe`` only, which draws cells as plain text. Numbers stay numbers, so that a column sorts rightly;
they are written in the reader's way by a formatter beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from pandas.api.types import is_numeric_dtype

from dashboard import controls
from dashboard.labels import (
    ACTOR_TYPES,
    COLUMNS,
    DIRECTIONS,
    EXCLUSION_REASONS,
    GEOCODE_GRADES,
    HIERARCHIES,
    LEGAL_STATUSES,
    NETWORK_KINDS,
    label,
    label_basis,
    label_dataset,
)
from dashboard.text import format_minutes, format_number, is_unknown
from dashboard.text import gettext as _

MOST_FORMATTED_CELLS = 12_000
"""Above this the browser writes a table's numbers, in its own language: here it takes half a second."""
ROW_HEIGHT = 35
DECIMALS = {
    "amount_min": 1,
    "amount_best": 1,
    "amount_max": 1,
    "exchange_best": 1,
    "distance_km": 1,
    "estimated_km": 1,
    "net_nok_per_t": 0,
    "net_kg_co2e_per_t": 0,
    "break_even_km": 0,
    "rank_best": 0,
    "rank_worst": 0,
    "minutes": 0,
    "ferries": 0,
    "score": 2,
    "rank": 0,
    "pairs": 0,
    "value": 1,
    "limit": 1,
    "streams": 0,
    "count": 0,
    "unknown": 0,
    "member_count": 0,
    "exchange_t_min": 0,
    "exchange_t_best": 0,
    "exchange_t_max": 0,
    "exchange_mwh_best": 0,
    "amount_unknown": 0,
    "matches_amount_unknown": 0,
    "facilities": 0,
    "matches": 0,
    "radius_minutes": 0,
    "amount": 1,
    "price": 2,
    "net_nok": 0,
    "net_nok_low": 0,
    "net_nok_high": 0,
    "net_t_co2e": 1,
    "net_kg_co2e": 1,
    "vehicle_km": 0,
    "kept": 0,
    "placed_t": 0,
    "placed_MWh": 0,
    "score_code": 2,
    "score_quality": 2,
    "score_amount": 2,
    "score_season": 2,
    "score_distance": 2,
    "score_hazard": 2,
    "score_hierarchy": 2,
}
WIDTHS = {
    "name": 270,
    "partner": 270,
    "facility": 250,
    "from_name": 240,
    "via": 230,
    "net_nok_per_t": 105,
    "net_kg_co2e_per_t": 130,
    "break_even_km": 135,
    "to_name": 240,
    "becomes": 170,
    "missing": 260,
    "rank_best": 75,
    "rank_worst": 75,
    "title": 330,
    "reason": 300,
    "what": 380,
    "advice": 380,
    "meaning": 560,
    "material": 170,
    "materials": 230,
    "reference": 300,
    "source": 220,
    "note": 400,
    "networks": 220,
    "actor_type": 190,
    "municipality": 130,
    "direction": 130,
    "basis": 125,
    "dataset": 130,
    "unit": 65,
    "rank": 60,
    "row": 60,
    "ferries": 70,
    "score": 75,
    "pairs": 65,
    "hazardous": 80,
    "months": 90,
    "eal_code": 130,
    "value": 85,
    "limit": 75,
}
"""Width of a column in pixels; a number takes :data:`NUMBER_WIDTH`, all else what Streamlit calls medium."""
NUMBER_WIDTH = 105

NARROW_FORMS: dict[str, dict[str, int]] = {
    "plan_comparison": {
        "what": 150,
        "net_nok": 88,
        "net_kg_co2e": 88,
        "placed_t": 88,
        "kept": 88,
        "vehicle_km": 96,
        "placed_MWh": 80,
    },
    "plan_left": {
        "material": 130,
        "amount": 84,
        "unit": 44,
        "basis": 106,
        "reason": 420,
        "facility": 220,
    },
    "plan_prices": {"what": 250, "price": 92, "price_unit": 86, "more": 90},
    "plan_flows": {
        "from_name": 112,
        "to_name": 112,
        "amount": 84,
        "unit": 40,
        "material": 130,
        "basis": 120,
        "net_nok": 100,
    },
    "content_basis": {"direction": 62, "basis": 106, "amount_best": 104, "unit": 50},
    "register_counts": {"title": 270, "count": 70},
    "partners": {"partner": 158, "distance_km": 68, "score": 66},
    "kommune_totals": {"direction": 62, "material": 104, "amount_best": 80, "unit": 42, "basis": 108},
}
"""Tables that have a second form where the screen is narrow: their most telling columns and widths, by key.

The first ones fit 390 pixels together. Such a table is made twice and the page's style (``chrome.STYLE``)
shows one, so that only small tables have it.
"""


def show_table(
    frame: pd.DataFrame,
    *,
    key: str,
    columns: Sequence[str],
    alt: str,
    ids: Sequence[str] | None = None,
    rows_shown: int = 10,
    titles: Mapping[str, str] | None = None,
    empty: str | None = None,
    missing: str | None = None,
    form: str = "",
) -> None:
    """Show `frame`; with `ids` a row can be picked, and the row of the object picked elsewhere is marked.

    Parameters
    ----------
    frame : one row an object; column names are keys of :data:`dashboard.labels.COLUMNS`.
    columns : the columns shown, in this order; those that the frame lacks are left out.
    alt : what the table holds, in one translated sentence, for those who do not see it.
    ids : identifier of each row, in the frame's order; the choice ``selected`` follows the picked row.
    titles : column titles (translated) that differ from the usual ones.
    empty : what is said when there are no rows.
    missing : what stands in an empty cell; "unknown" where nothing else is said.
    form : key of :data:`NARROW_FORMS` where `key` is not one.
    """
    if frame.empty:
        st.info(empty or _("No rows with these filters."), icon=":material/filter_alt_off:")
        return
    said: dict[str, Any] = {
        "rows_shown": rows_shown,
        "alt": alt,
        "placeholder": _("unknown") if missing is None else missing,
    }
    narrow = NARROW_FORMS.get(form or key)
    if narrow is None:
        _draw(frame, key=key, widths=dict.fromkeys(columns), titles=titles, ids=ids, **said)
        return
    with st.container(key=f"wide_{key}"):
        _draw(frame, key=key, widths=dict.fromkeys(columns), titles=titles, ids=ids, **said)
    with st.container(key=f"narrow_{key}"):
        _draw(frame, key=f"{key}_narrow", widths=narrow, titles=titles, ids=ids, **said)


def _draw(
    frame: pd.DataFrame,
    *,
    key: str,
    widths: Mapping[str, int | None],
    titles: Mapping[str, str] | None,
    ids: Sequence[str] | None,
    rows_shown: int,
    alt: str,
    placeholder: str,
) -> None:
    shown = frame[[name for name in widths if name in frame]].reset_index(drop=True)
    named = {name: (titles or {}).get(name) or label(COLUMNS, name) for name in shown}
    large = shown.size > MOST_FORMATTED_CELLS
    options: dict[str, Any] = {
        "hide_index": True,
        "column_config": {
            name: _configure(name, title, width=widths[name], by_browser=large)
            for name, title in named.items()
        },
        "height": ROW_HEIGHT * (min(rows_shown, len(shown)) + 1) + 3,
        "alt": alt,
        "placeholder": placeholder,
        "key": key,
    }
    if ids is not None:
        _mark_selected(key, list(ids))
        options |= {"on_select": partial(_pick_row, key), "selection_mode": "single-row"}
    st.dataframe(shown if large else _write_numbers(shown), **options)


def _configure(name: str, title: str, *, width: Any, by_browser: bool) -> Any:
    width = width or WIDTHS.get(name, NUMBER_WIDTH if name in DECIMALS else "medium")
    if by_browser and name in DECIMALS:
        return st.column_config.NumberColumn(title, width=width, format="localized")
    return st.column_config.Column(title, width=width)


def _write_numbers(frame: pd.DataFrame) -> Any:
    numbers = [name for name in frame if name in DECIMALS and is_numeric_dtype(frame[name])]
    formats = {name: partial(format_number, decimals=DECIMALS[name]) for name in numbers}
    if "minutes" in formats:
        formats["minutes"] = format_minutes
    return frame.style.format(formats) if formats else frame


def _rows_of(key: str) -> list[int]:
    state = st.session_state.get(key)
    return list(state["selection"]["rows"]) if state else []


def _mark_selected(key: str, ids: list[str]) -> None:
    selected = controls.choice("selected")
    rows = [ids.index(selected)] if selected in ids else []
    if _rows_of(key) != rows:
        st.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    st.session_state[f"{key}_ids"] = ids


def _pick_row(key: str) -> None:
    ids, rows = st.session_state.get(f"{key}_ids", []), _rows_of(key)
    controls.choose("selected", ids[rows[0]] if rows and rows[0] < len(ids) else None)


def text_or_unknown(values: pd.Series) -> pd.Series:
    """Return `values` as text, "unknown" in the reader's language where there is none."""
    return values.astype("object").where(values.notna(), _("unknown")).astype(str)


def _text_or_blank(values: pd.Series) -> pd.Series:
    return values.astype("object").where(values.notna(), "").astype(str)


def _labelled(values: pd.Series, vocabulary: Mapping[str, str]) -> pd.Series:
    keys = values.to_numpy(dtype=object)
    words = {key: label(vocabulary, key) for key in pd.unique(keys)}
    return pd.Series(
        [words[key] if key in words else label(vocabulary, key) for key in keys],
        index=values.index,
        dtype=str,
    )


def _yes_no(value: object) -> str:
    return _("unknown") if is_unknown(value) else _("yes") if value else _("no")


def present_facilities(
    facilities: pd.DataFrame, *, municipalities: Mapping[str, str], networks: Mapping[str, str]
) -> pd.DataFrame:
    """Return facilities with labels for keys.

    Parameters
    ----------
    municipalities : municipality number -> name.
    networks : facility_id -> names of its networks.
    """
    view = pd.DataFrame(facilities.drop(columns="geometry", errors="ignore")).reset_index(drop=True)
    number = view["municipality_number"]
    view["municipality"] = text_or_unknown(number.astype("object").map(municipalities))
    view["networks"] = [networks.get(str(identifier), "") for identifier in view["facility_id"]]
    view["actor_type"] = _labelled(view["actor_type"], ACTOR_TYPES)
    view["dataset"] = view["dataset"].map(label_dataset)
    placed = pd.Series(facilities.geometry.notna().to_numpy()) if "geometry" in facilities else number.notna()
    grade = _labelled(view["geocode_quality"], GEOCODE_GRADES)
    view["geocode_quality"] = grade.where(placed, _("not placed"))
    view["source"] = text_or_unknown(view["source"])
    view["note"] = _text_or_blank(view["note"])
    return view


def present_streams(
    streams: pd.DataFrame, *, names: Mapping[str, str], material: Callable[[str], str]
) -> pd.DataFrame:
    """Return streams with labels for keys; `names` is facility_id -> name, `material` gives a label."""
    view = streams.reset_index(drop=True).copy()
    view["facility"] = view["facility_id"].astype("object").map(names)
    view["direction"] = _labelled(view["direction"], DIRECTIONS)
    view["material"] = view["material"].astype("object").map(material)
    view["eal_code"] = view["eal_code"].astype("object").where(view["eal_code"].notna(), _("none"))
    view["basis"] = view["basis"].map(label_basis)
    view["dataset"] = view["dataset"].map(label_dataset)
    view["hazardous"] = view["hazardous"].map(_yes_no)
    view["months"] = text_or_unknown(view["months"])
    view["legal_status"] = _labelled(view["legal_status"], LEGAL_STATUSES)
    view["reference"] = text_or_unknown(view["reference"])
    view["description"], view["note"] = _text_or_blank(view["description"]), _text_or_blank(view["note"])
    return view


def present_matches(
    matches: pd.DataFrame,
    *,
    names: Mapping[str, str],
    material: Callable[[str], str],
    brief: bool = False,
) -> pd.DataFrame:
    """Return matches with names for identifiers and labels for keys; `brief` leaves out what it becomes."""
    view = matches.reset_index(drop=True).copy()
    view["from_name"] = view["from_facility_id"].astype("object").map(names)
    view["to_name"] = view["to_facility_id"].astype("object").map(names)
    through = view["via_facility_id"].dropna().astype("object").map(names)
    view["via"] = through.reindex(view.index, fill_value="")
    view["material"] = view["material"].astype("object").map(material)
    if not brief:
        view["becomes"] = _labelled(view["hierarchy"], HIERARCHIES)
    view["basis"] = view["basis"].map(label_basis)
    view["hazardous"] = view["hazardous"].map(_yes_no)
    view["eal_code"] = view["eal_code"].astype("object").where(view["eal_code"].notna(), _("none"))
    return view


def present_exclusions(
    exclusions: pd.DataFrame, *, names: Mapping[str, str], material: Callable[[str], str]
) -> pd.DataFrame:
    """Return pairs left out with names, and the reason in words."""
    view = exclusions.reset_index(drop=True).copy()
    view["from_name"] = view["from_facility_id"].astype("object").map(names)
    others = view["to_facility_id"].astype("object").map(names)
    view["to_name"] = others.where(view["to_facility_id"].notna(), _("(several)"))
    view["material"] = view["material"].astype("object").map(material)
    view["reason"] = _labelled(view["reason"], EXCLUSION_REASONS)
    return view


def present_networks(networks: pd.DataFrame) -> pd.DataFrame:
    """Return networks with labels for keys."""
    view = networks.reset_index(drop=True).copy()
    view["kind"] = _labelled(view["kind"], NETWORK_KINDS)
    view["members_public"] = view["members_public"].map(_yes_no)
    for column in ("region", "website", "note"):
        view[column] = _text_or_blank(view[column])
    return view
