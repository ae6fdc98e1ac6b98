"""One way by road in words and as a table: kilometres, time, ferries, legs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dashboard import session, tables
from dashboard.text import format_minutes, format_number, is_unknown
from dashboard.text import gettext as _
from geodata.ferryneeds import FerryNeed


def describe_way(match: Mapping[str, Any], *, on_main_roads: bool = True) -> str:
    """Say in one line how far it is by road: kilometres, time, ferries, and what of it is estimated."""
    if is_unknown(match["distance_km"]):
        return _("No road or ferry between the two is known.")
    ferries = int(match["ferries"])
    crossings = {0: _("no ferry"), 1: _("1 ferry, waiting included")}.get(
        ferries, _("{count} ferries, waiting included")
    )
    rough = match["estimated_km"] > 0
    if on_main_roads:
        estimated = (
            _("{km} of it, between facility and main road, is estimated")
            if rough
            else _("all of it along main roads")
        )
    else:
        estimated = (
            _("{km} of it, between facility and road, is estimated") if rough else _("all of it along roads")
        )
    return " · ".join(
        (
            format_number(match["distance_km"], decimals=1, unit="km"),
            format_minutes(match["minutes"]),
            crossings.format(count=format_number(ferries)),
            estimated.format(km=format_number(match["estimated_km"], decimals=1, unit="km")),
        )
    )


def describe_ferries(need: FerryNeed) -> str:
    """Say which ferries a way takes, and how far it is when they do not sail."""
    taken = _("Ferries on the way: {names}.").format(names=_list_ferries(need.ferries))
    if need.without is None:
        return " ".join((taken, _("When they do not sail, there is no way by road.")))
    others = tuple(dict.fromkeys(leg.road for leg in need.without.legs if leg.ferry))
    over = _(", over the ferries {names}").format(names=_list_ferries(others)) if others else ""
    left = _("When they do not sail, the way is {km}, {minutes}{over}.").format(
        km=format_number(need.without.distance_km, decimals=1, unit="km"),
        minutes=format_minutes(need.without.minutes),
        over=over,
    )
    return " ".join((taken, left))


def _list_ferries(names: tuple[str, ...]) -> str:
    return ", ".join(name or _("without a name") for name in names)


def show_legs(route: session.Route) -> None:
    """Show the legs of a way as a table."""
    on_main_roads = session.current_roads().path is None
    off = _("Off the main roads (estimated)") if on_main_roads else _("Off the road network (estimated)")
    kinds = {"road": _("Road"), "ferry": _("Ferry"), "access": off}
    legs = pd.DataFrame(
        {
            "kind": [kinds[leg.kind] for leg in route.legs],
            "road": [leg.road or "" for leg in route.legs],
            "distance_km": [leg.km for leg in route.legs],
        }
    )
    tables.show_table(
        legs,
        key="partner_legs",
        columns=("kind", "road", "distance_km"),
        alt=_("The legs of the way with road number and kilometres."),
        titles={"road": _("Road number or ferry")},
        rows_shown=6,
    )
