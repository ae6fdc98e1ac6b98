"""Plan against plan: what is kept to compare with, and what each change did to each figure."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from dashboard import controls, economycontrols, session, tables
from dashboard.choices import CHOICES, PLAN_CHOICES
from dashboard.labels import HIERARCHIES, label
from dashboard.notes import note
from dashboard.planwording import GOALS
from dashboard.text import N_, format_number, is_unknown
from dashboard.text import gettext as _
from geodata.comparison import TOTAL, Comparison
from geodata.uses import HIERARCHIES as RANKS

INDICATORS = {
    "placed_t": (N_("Placed, t"), 1.0, 0),
    "kept": (N_("Kept from final treatment, t"), 1.0, 0),
    "net_nok": (N_("Net benefit, 1000 NOK"), 1e-3, 0),
    "net_kg_co2e": (N_("Emissions avoided, t CO2e"), 1e-3, 1),
    "vehicle_km": (N_("Kilometres driven"), 1.0, 0),
    "placed_MWh": (N_("Placed, MWh"), 1.0, 0),
}
"""Indicator -> what it is called with its unit, what it is multiplied by, decimals."""
CHANGES = {
    "goal": N_("Goal"),
    "worst": N_("Lowest place in the waste hierarchy"),
    "placed": N_("Has to be placed at least"),
    "empty_return": N_("Empty way back"),
    "vehicle": N_("Vehicle"),
    "emission_basis": N_("Emissions are counted"),
}
OVERRIDE = "override:"


def show_comparison(view: session.View) -> None:
    """Let the reader keep a plan to compare with, and show what each change since did."""
    st.header(_("Plan against plan"))
    base, present = session.base_plan_choices(), session.current_plan_choices()
    with st.container(horizontal=True):
        st.button(
            _("Keep this plan to compare with"),
            on_click=keep_base,
            icon=":material/bookmark_add:",
            disabled=base == present,
        )
        if base is not None:
            st.button(_("Forget it"), on_click=controls.choose, args=("base", None), icon=":material/close:")
            st.button(
                _("Go back to it"), on_click=restore_base, icon=":material/undo:", disabled=base == present
            )
    if base is None:
        note(
            _(
                "Keep a plan, then turn goal, limits or figures: here stands what each change did. The link "
                "in the address holds both plans."
            )
        )
        return
    if base == present:
        st.text(_("This is the plan that is kept. Turn something to compare."))
        return
    _show_difference(view, base, present)


def keep_base() -> None:
    """Keep the present choices of the plan to compare with."""
    chosen = {name: controls.choice(name) for name in PLAN_CHOICES}
    turned = {name: value for name, value in chosen.items() if value != CHOICES[name].default}
    controls.choose("base", tuple(sorted(turned.items())))


def restore_base() -> None:
    """Go back to the plan that is kept."""
    kept = dict(controls.choice("base") or ())
    for name in PLAN_CHOICES:
        controls.choose(name, kept.get(name, CHOICES[name].default))


def _show_difference(view: session.View, base: session.PlanChoices, present: session.PlanChoices) -> None:
    if view.dataset.large:
        _show_totals_alone(view, base, present)
        return
    with st.spinner(_("Working out what each change did …")):
        found = session.compare_with_base(view, base, present)
    shown = tabulate(found)
    columns = ["what", *(name for name in INDICATORS if name in shown)]
    tables.show_table(
        shown,
        key="plan_comparison",
        columns=columns,
        titles={"what": _("What was changed")} | {name: _(text) for name, (text, *_x) in INDICATORS.items()},
        alt=_("What each change did to each figure of the plan; the last rows are the sum and both plans."),
    )
    if found.method == "shapley":
        note(
            _(
                "The difference is the sum of what each change did: its mean effect over all orders in which "
                "the changes could be made. Each plan is worked out anew."
            )
        )
    else:
        note(
            _(
                "The difference is the sum of what each change did, made one after the other in the order of "
                "the table; another order would share it otherwise."
            )
        )


def _show_totals_alone(view: session.View, base: session.PlanChoices, present: session.PlanChoices) -> None:
    kept, now = (session.list_indicators(session.plan_view(view, asked)) for asked in (base, present))
    rows = []
    for what, values in (
        (_("The plan that is kept"), kept),
        (_("This plan"), now),
        (_("Difference"), {name: now[name] - kept[name] for name in now if name in kept}),
    ):
        rows.append({"what": what} | _scale(values))
    tables.show_table(
        pd.DataFrame(rows),
        key="plan_comparison",
        columns=("what", *INDICATORS),
        titles={"what": ""} | {name: _(text) for name, (text, *_x) in INDICATORS.items()},
        alt=_("Both plans and their difference."),
    )
    note(_("With data of this size only the sums are compared, not what each change did."))


def tabulate(found: Comparison) -> pd.DataFrame:
    """Return a row a change, their sum, and both plans; indicators nobody has left out."""
    rows = []
    table = found.contributions
    for name in [*found.changes["name"], TOTAL]:
        own = table[table["change"] == name]
        values = {
            str(key): math.nan if is_unknown(value) else float(value)
            for key, value in zip(own["indicator"], own["contribution"], strict=True)
        }
        change = found.changes[found.changes["name"] == name]
        what = _("Sum: this plan less the plan that is kept")
        if name != TOTAL:
            what = tell_change(str(name), change.iloc[0]["base"], change.iloc[0]["changed"])
        rows.append({"what": what} | _scale(values))
    rows.append({"what": _("The plan that is kept")} | _scale(found.base))
    rows.append({"what": _("This plan")} | _scale(found.changed))
    return pd.DataFrame(rows)


def _scale(values: dict[str, float]) -> dict[str, float]:
    return {name: values[name] * times for name, (_t, times, _d) in INDICATORS.items() if name in values}


def tell_change(name: str, base: object, changed: object) -> str:
    """Return one change in words: what it is, from what to what."""
    if name.startswith(OVERRIDE):
        key = name.removeprefix(OVERRIDE)
        title, usual, unit = economycontrols.name_figure(key)
        ends = [
            format_number(usual if is_unknown(value) else float(str(value)), decimals=2)
            for value in (base, changed)
        ]
        return f"{title}: {ends[0]} → {ends[1]} {unit}"
    title = _(CHANGES[name]) if name in CHANGES else name
    return f"{title}: {_tell_value(name, base)} → {_tell_value(name, changed)}"


def _tell_value(name: str, value: object) -> str:
    text = "" if is_unknown(value) else str(value)
    if name == "goal":
        return str(_(GOALS[text])) if text in GOALS else text
    if name == "worst":
        return label(HIERARCHIES, RANKS[-1] if text in ("", "None") else RANKS[int(float(text)) - 1])
    if name == "placed":
        return format_number(0 if text in ("", "None") else 100 * float(text), unit="%")
    if name == "empty_return":
        return _("yes") if text == "True" else _("no")
    if name == "vehicle":
        return label(economycontrols.VEHICLES, text) if text else _("the usual one")
    return text
