"""Which industries could use a stream that nobody here takes: ranked, with reasons and precedents."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import controls, session
from dashboard.notes import note
from dashboard.text import gettext as _
from dashboard.usewording import UNCERTAIN
from geodata.partners import INQUIRY_ID

MOST_STREAMS = 3


def show_industries(view: session.View, facility_id: str, *, nobody: bool) -> None:
    """Show who could use what a facility offers where `nobody` here fits; of an inquiry always, in a part
    that opens."""
    if not nobody and facility_id != INQUIRY_ID:
        return
    streams = view.result.tables.streams
    own = streams[(streams["facility_id"] == facility_id) & (streams["direction"] == "offer")]
    own = own.drop_duplicates(["material", "eal_code"]).head(MOST_STREAMS)
    for stream in own.to_dict("records"):
        _show_stream(view, stream, nobody=nobody)


def _show_stream(view: session.View, stream: dict[Any, Any], *, nobody: bool) -> None:
    code = stream["eal_code"] if isinstance(stream["eal_code"], str) else None
    found = session.suggest_industries(material=str(stream["material"]), code=code, text=_written())
    title = _("Industries that usually take it")
    if nobody:
        st.header(title)
        st.text(
            _("{material}: nobody here, but these industries usually take it.").format(
                material=view.material(str(stream["material"]))
            )
        )
        _show_ranking(found)
        return
    with st.expander(title, icon=":material/factory:"):
        st.text(view.material(str(stream["material"])))
        _show_ranking(found)


def _written() -> str | None:
    """Return what the reader wrote in own words in an inquiry."""
    written = controls.choice("has") if controls.choice("mode") == "container" else None
    return written if written and " " in written else None


def _show_ranking(found: session.Industries) -> None:
    if found.uncertain and found.reason in UNCERTAIN:
        st.info(_(UNCERTAIN[found.reason]), icon=":material/help:")
    for rank, (title, reasons) in enumerate(found.told, start=1):
        with st.container(border=True, gap="xxsmall"):
            st.text("\n".join((f"{rank}. {title}", *(f"• {reason}" for reason in reasons))))
    note(_("Ranked by the library of uses and by published exchanges; no enterprise here has said so."))


def offered_material(view: session.View, facility_id: str) -> str | None:
    """Return the material that a facility offers first, None where it offers nothing."""
    streams: pd.DataFrame = view.result.tables.streams
    own = streams[(streams["facility_id"] == facility_id) & (streams["direction"] == "offer")]
    return str(own["material"].iloc[0]) if len(own) else None
