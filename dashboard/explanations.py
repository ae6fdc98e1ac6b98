"""Why a match fits: the parts of its score in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import session
from dashboard.labels import HIERARCHIES, SCORE_PARTS, SCORE_REASONS, label
from dashboard.text import format_minutes, format_number
from dashboard.text import gettext as _
from geodata.scoring import explain_match

ROW_HEIGHT = 56
"""Pixels of a row with room for two lines: Streamlit then breaks long texts instead of cutting them."""


def show_parts(view: session.View, match: Mapping[str, Any], *, key: str) -> None:
    """Show each part of one match's score as text and bar; the parts add up to the score.

    Where the screen is too narrow for the table's last column, the same stands as lines.
    """
    parts = explain_match(match, parameters=view.result.parameters)
    reasons = [describe_reason(part.reason_code, part.values, material=view.material) for part in parts]
    names = [label(SCORE_PARTS, part.part) for part in parts]
    points, most = (sum(getattr(part, name) for part in parts) for name in ("points", "max_points"))
    table = pd.DataFrame(
        {
            "part": [*names, _("Sum")],
            "points": [part.points for part in parts] + [points],
            "share": [100 * part.points / part.max_points if part.max_points else 0.0 for part in parts]
            + [100 * points / max(most, 1e-9)],
            "why": [*reasons, ""],
        }
    )
    with st.container(key=f"wide_{key}_parts"):
        st.dataframe(
            table.style.format({"points": _points}),
            hide_index=True,
            key=key,
            height="content",
            row_height=ROW_HEIGHT,
            alt=_("The parts of the score with points and reason; the last row is their sum."),
            column_config={
                "part": st.column_config.TextColumn(_("Part"), width=150),
                "points": st.column_config.NumberColumn(_("Points"), width=70),
                "share": st.column_config.ProgressColumn(
                    _("Share of the possible points"), min_value=0, max_value=100, format="%d %%", width=150
                ),
                "why": st.column_config.TextColumn(_("Why"), width="large"),
            },
        )
    with st.container(key=f"narrow_{key}_parts"):
        st.text(
            "\n".join(
                _("{part}: {points} of {most} points, {reason}").format(
                    part=name,
                    points=_points(part.points),
                    most=_points(part.max_points),
                    reason=reason,
                )
                for name, part, reason in zip(names, parts, reasons, strict=True)
            )
        )


def _points(value: Any) -> str:
    return format_number(value, decimals=2)


def describe_reason(code: str, values: Mapping[str, Any], *, material: Any) -> str:
    """Word one reason of a score in the reader's language; its values are written with their units."""
    unit = str(values.get("unit", ""))
    written: dict[str, str] = {}
    for name, value in values.items():
        if name in ("offer_material", "need_material", "product"):
            written[name] = material(str(value))
        elif name in ("offer_amount", "exchange_best"):
            written[name] = format_number(value, decimals=1, unit=unit)
        elif name == "need_amount":
            written[name] = format_number(value, decimals=1, unit=str(values.get("need_unit", unit)))
        elif name in ("present", "new"):
            written[name] = label(HIERARCHIES, value)
        elif name in ("distance_km", "estimated_km"):
            written[name] = format_number(value, decimals=1, unit="km")
        elif name == "minutes":
            written[name] = format_minutes(value)
        else:
            written[name] = str(value)
    text = label(SCORE_REASONS, code)
    return text.format_map(written) if code in SCORE_REASONS else text
