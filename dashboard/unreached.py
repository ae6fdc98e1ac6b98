"""Which roads the distances are of, and which facilities have none and why."""

from __future__ import annotations

import streamlit as st

from dashboard import session
from dashboard.messages import describe_finding
from dashboard.notes import note
from dashboard.text import format_number
from dashboard.text import gettext as _
from geodata.findings import Finding, Severity
from geodata.results import ScenarioResult
from geodata.roads import GraphTravel, RoadTravel

UNREACHED_SHOWN = 50


def show_distance_source(result: ScenarioResult) -> None:
    """Say which roads, of which date, and which profile the distances of a scenario are."""
    network = result.provenance.network
    if network:
        st.text(_("Distances by road: {roads}").format(roads=session.describe_roads(network)))


def find_unreached(view: session.View) -> dict[str, str]:
    """Return facility_id -> code of why it has no distances, or only some, over the chosen roads."""
    travel = view.result.travel
    if not isinstance(travel, RoadTravel | GraphTravel):  # an outline knows no ways yet
        return {}
    return {name: reason for name, reason in zip(travel.ids, travel.reasons, strict=True) if reason}


def describe_unreached(view: session.View, facility_id: str, reason: str) -> tuple[str, str]:
    """Return in words why a facility has no distances, and what to do."""
    limit = getattr(view.result.travel, "max_access_km", 0.0)
    name = view.names.get(facility_id, "?")
    finding = Finding(Severity.WARNING, f"place.{reason}", "", None, None, name, {"limit": limit})
    return describe_finding(finding, _)


def show_unreached(view: session.View) -> None:
    """List the facilities without distances, each with the reason; nothing where there are none."""
    unreached = find_unreached(view)
    if not unreached:
        return
    title = _("Without distances by road, or with some only ({count})")
    with st.expander(title.format(count=format_number(len(unreached))), icon=":material/wrong_location:"):
        shown = sorted(unreached.items(), key=lambda row: view.names.get(row[0], "?").casefold())
        lines = [describe_unreached(view, *row)[0] for row in shown[:UNREACHED_SHOWN]]
        st.text("\n".join(lines), width="stretch")
        if len(unreached) > UNREACHED_SHOWN:
            note(_("Only the first {count} are listed.").format(count=UNREACHED_SHOWN))
