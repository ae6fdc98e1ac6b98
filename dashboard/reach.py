"""What lies within so many minutes of one facility: areas for the map, and the same as a table."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboard import controls, session, tables
from dashboard.choices import REACH_MINUTES
from dashboard.layers import Layer
from dashboard.notes import note
from dashboard.text import format_number
from dashboard.text import gettext as _

BANDS = 3
NAMES_SHOWN = 8


@dataclass(frozen=True)
class Reach:
    """Areas for the map, and how many facilities lie within each band by the travel table."""

    layer: Layer
    counts: pd.DataFrame


def pick_reach(view: session.View, facility_id: str) -> Reach | None:
    """Let the reader switch on the reach of a facility and say how far; None where it is off."""
    if not controls.pick_switch(
        "reach",
        _("Show reach"),
        help_text=_("Areas within so many minutes by road, on the map and as a table."),
    ):
        return None
    low, high = REACH_MINUTES
    furthest = controls.pick_number(
        "reach_min", _("Longest time by road"), low=low, high=high, step=low, unit="min"
    )
    minutes = tuple(round(furthest * k / BANDS) for k in range(1, BANDS + 1))
    with st.spinner(_("Finding what is within reach …")):
        found = session.find_reach(view, facility_id, minutes=minutes)
    if found is None:
        st.info(_("The facility has no point that a road reaches, so it has no reach."))
        return None
    return Reach(*found)


def show_reach(view: session.View, reach: Reach) -> None:
    """Show as a table what the areas show: how many facilities, and the nearest of them."""
    counts = reach.counts
    shown = pd.DataFrame(
        {
            "time": [format_number(value, unit="min") for value in counts["minutes"]],
            "facilities": counts["facilities"],
            "nearest": [
                ", ".join(view.names.get(key, "?") for key in ids[:NAMES_SHOWN]) for ids in counts["ids"]
            ],
        }
    )
    st.subheader(_("Reach"))
    tables.show_table(
        shown,
        key="reach_counts",
        columns=("time", "facilities", "nearest"),
        titles={
            "time": _("Within"),
            "facilities": _("Facilities"),
            "nearest": _("The nearest of them"),
        },
        alt=_("Facilities within each time by road, and the nearest of them."),
    )
    if session.current_roads().path is None:
        note(
            _(
                "The facilities are counted by their own travel times. The areas are rough: main roads are "
                "drawn straight from place to place, and small roads around them are not known."
            )
        )
    else:
        note(_("The facilities are counted by their own travel times. Ferries and their waiting count."))
