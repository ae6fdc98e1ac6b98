"""Every figure that prices a match as a table whose values a reader may change."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from dashboard import controls, economycontrols, session
from dashboard.labels import label
from dashboard.notes import note
from dashboard.sourcewords import word_source
from dashboard.text import format_number, language
from dashboard.text import gettext as _

EDITOR = "figures_table"


def show_all_figures() -> None:
    """Show every figure as a table whose values can be changed; what was changed is marked."""
    with st.expander(
        _("All figures"), icon=":material/table_edit:", key="all_figures", on_change="rerun"
    ) as opened:
        if not opened.open:
            for name in ("seen", "refused"):  # what is written in it is forgotten with it
                st.session_state.pop(f"{EDITOR}_{name}", None)
            return
        note(
            _(
                "Write a value of your own in the second column. It must lie within the range. An empty cell "
                "means the usual value."
            )
        )
        _tell_refused()
        _show_editor()


def _show_editor() -> None:
    """Draw the table. It is drawn anew only when a figure was turned elsewhere, or the language changed."""
    state = st.session_state
    turned = dict(controls.choice("figures"))
    seen = (language(), tuple(sorted(turned.items())))
    if state.get(f"{EDITOR}_seen") != seen:
        state[f"{EDITOR}_seen"] = seen
        state[f"{EDITOR}_version"] = state.get(f"{EDITOR}_version", 0) + 1
        state[f"{EDITOR}_rows"] = _tabulate_figures(turned)
    rows: pd.DataFrame = state[f"{EDITOR}_rows"]
    key = f"{EDITOR}_{state[f'{EDITOR}_version']}"
    text = partial(st.column_config.TextColumn, disabled=True)
    number = partial(st.column_config.NumberColumn, disabled=True, width=90)
    st.data_editor(
        rows,
        key=key,
        hide_index=True,
        height=420,
        column_order=("meaning", "own", "value", "low", "high", "unit", "year", "source"),
        column_config={
            "meaning": text(_("Figure"), width=330),
            "own": st.column_config.NumberColumn(_("Your value"), width=110),
            "value": number(_("Usual value")),
            "low": number(_("Lowest")),
            "high": number(_("Highest")),
            "unit": text(_("Unit"), width=90),
            "year": st.column_config.NumberColumn(_("Year"), disabled=True, width=70, format="%d"),
            "source": text(_("Source"), width=320),
        },
        on_change=partial(_turn_from_table, key),
        placeholder="–",
        alt=_("All figures with your value, usual value, range, unit, year and source."),
    )


def _tabulate_figures(turned: dict[str, float]) -> pd.DataFrame:
    table = session.describe_figures(language()).reset_index(drop=True)
    own = table["key"].map(turned).astype("Float64")
    out = table.assign(
        own=own,
        unit=[label(economycontrols.UNITS, unit) for unit in table["unit"]],
        source=[word_source(source) for source in table["source"]],
    )
    first = own.notna().to_numpy()
    # What was turned stands first, so that it is found.
    return pd.concat([out[first], out[~first]], ignore_index=True)


def _turn_from_table(widget: str) -> None:
    state = st.session_state
    rows: pd.DataFrame = state[f"{EDITOR}_rows"]
    refused: list[str] = []
    for place, cells in state[widget]["edited_rows"].items():
        if "own" not in cells:
            continue
        row = rows.iloc[int(place)]
        value = cells["own"]
        if value is not None and not row["low"] <= float(value) <= row["high"]:
            refused.append(
                _("{meaning}: {value} is not between {low} and {high}.").format(
                    meaning=row["meaning"],
                    value=format_number(value, decimals=2),
                    low=format_number(row["low"], decimals=2),
                    high=format_number(row["high"], decimals=2, unit=row["unit"]),
                )
            )
            continue
        economycontrols.turn_figure(str(row["key"]), value, usual=float(row["value"]))
    state[f"{EDITOR}_refused"] = refused
    if refused:
        state.pop(f"{EDITOR}_seen", None)  # the cell shows the usual value again
    else:
        # The table itself shows what was written: it need not be drawn anew.
        state[f"{EDITOR}_seen"] = (language(), tuple(sorted(dict(controls.choice("figures")).items())))


def _tell_refused() -> None:
    refused = st.session_state.get(f"{EDITOR}_refused")
    if refused:
        st.warning(_("Not taken, because it lies outside the range:"), icon=":material/block:")
        st.text("\n".join(refused))
