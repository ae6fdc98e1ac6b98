"""The page Plan in parts: key figures and proof, map, what goes where, prices, what stays and why."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import controls, panels, session, tables
from dashboard.choices import CHOICES
from dashboard.exporting import MEDIA_TYPES
from dashboard.labels import HIERARCHIES, label, label_basis
from dashboard.layers import build_facility_layer, build_plan_layer
from dashboard.mapview import show_map
from dashboard.matchwording import tell_unpriced
from dashboard.notes import note
from dashboard.planwording import (
    KINDS,
    PlanNames,
    describe_bases,
    describe_conflict,
    describe_parts,
    describe_proof,
    describe_reason,
    describe_whole,
    show_text,
)
from dashboard.text import N_, format_number, is_unknown, language
from dashboard.text import gettext as _
from geodata.flows import TONNES
from geodata.planning import Plan, goal_unit

MOST_ROWS = 300
FLOW_COLUMNS = (
    "from_name",
    "to_name",
    "material",
    "amount",
    "unit",
    "basis",
    "net_nok",
    "net_t_co2e",
    "becomes",
    "via_name",
    "distance_km",
    "vehicle_km",
    "net_nok_low",
    "net_nok_high",
)
ADVICE = {
    "must_place": N_("Take away what has to be placed, or choose a longer distance in the margin."),
    "min_placed_share": N_("Lower the share that has to be placed."),
    "min_kept_t": N_("Lower the tonnes that have to be kept."),
    "worst_hierarchy_rank": N_("Allow a lower place in the waste hierarchy."),
    "max_km": N_("Choose a longer distance in the margin."),
    "demand": N_("More demand would do: lower the limit, or find more who can take it."),
    "capacity": N_("More capacity would do: lower the limit, or find more who can treat it."),
    "supply": N_("There is no more of it: lower the limit."),
}


def show_figures(plan: Plan) -> None:
    """Show what the plan comes to: tonnes, money, carbon, lorries; each with its range."""
    if plan.status == "infeasible":
        return
    total = session.list_indicators(plan)
    basis = str(session.current_economics().emission_basis)
    # Title, figure, what to know of it, and its total with what one of the figure is of the total's.
    cards = (
        (
            _("Placed a year"),
            format_number(total["placed_t"], unit="t"),
            _("of {supply} with an amount").format(supply=format_number(total["supply_t"], unit="t")),
            ("placed", 1.0),
        ),
        (
            _("Unallocated"),
            format_number(total["unallocated_t"], unit="t"),
            _("the reasons stand below"),
            ("unallocated", 1.0),
        ),
        (
            _("Kept from final treatment"),
            format_number(total["kept"], unit="t"),
            _("otherwise landfilled or burnt"),
            ("kept", 1.0),
        ),
        (
            _("Net benefit, million NOK a year"),
            _write_million(total["net_nok"]),
            _tell_unknown(plan, "net_nok", 1e-6)
            or _("between {low} and {high}").format(
                low=_write_million(total["net_nok_low"]), high=_write_million(total["net_nok_high"])
            ),
            ("net_nok", 1e-6),
        ),
        (
            _("Emissions avoided, t CO2e a year"),
            format_number(total["net_kg_co2e"] / 1000),
            _tell_unknown(plan, "net_kg_co2e", 1e-3)
            or _("between {low} and {high}").format(
                low=format_number(total["net_kg_co2e_low"] / 1000),
                high=format_number(total["net_kg_co2e_high"] / 1000, unit=f"({basis})"),
            ),
            ("net_kg_co2e", 1e-3),
        ),
        (
            _("Kilometres driven a year"),
            format_number(total["vehicle_km"]),
            _("empty way back included")
            if session.current_economics().empty_return
            else _("without the empty way back"),
            ("vehicle_km", 1.0),
        ),
    )
    with st.container(key="key_figures"):
        for number, (title, value, detail, (name, times)) in enumerate(cards):
            with st.container(border=True, gap="xxsmall", key=f"figure_{number}"):
                st.metric(title, value)
                st.text(detail)
                if rests := _tell_parts(plan, name, times):
                    st.text(rests)


def _tell_parts(plan: Plan, name: str, times: float) -> str:
    """Return on what a card's figure rests; empty where there is nothing."""
    totals = plan.totals
    others = set(plan.allocations) - {TONNES}
    (row,) = totals[(totals["name"] == name) & ~totals["unit"].isin(others)].to_dict("records")
    return describe_parts(
        {str(key): part for key, part in row.items()}, times=times, decimals=1 if times != 1 else 0
    )


def _tell_unknown(plan: Plan, column: str, times: float) -> str:
    """Tell how many flows have no such figure, and the sum of the others; empty where all have one."""
    values = plan.flows[column]
    if not values.isna().any():
        return ""
    return _("not known for {count} of the flows; the others: {sum}").format(
        count=format_number(int(values.isna().sum())),
        sum=format_number(float(values.sum()) * times, decimals=1),
    )


def _write_million(nok: float) -> str:
    return format_number(nok / 1e6, decimals=0 if abs(nok) >= 1e8 else 1)


def show_proof(plan: Plan, *, names: PlanNames) -> None:
    """Say whether the plan is proved best, or which limits cannot be kept together."""
    if plan.status == "infeasible":
        _show_conflicts(plan, names=names)
        return
    if plan.status == "optimal":
        st.text(_("✔ Proved: with these figures and limits no other plan is better."))
    elif plan.status == "proved_apart":
        st.text(describe_whole(plan))
    else:
        st.text(_("It is not proved that no other plan is better."))
    st.text("\n".join(describe_bases(plan)))
    with st.expander(_("How it is proved"), icon=":material/verified:"):
        for unit, found in plan.allocations.items():
            st.text(f"{unit}: {describe_proof(found.proof, unit=goal_unit(plan.goal, unit))}")
        note(
            _(
                "Every supply, need, capacity and limit gets a price. At these prices no match is worth more "
                "than what it uses, so no plan can come to more than the bound. This plan comes to just "
                "that. Both sums are worked out anew over all matches, whatever the solver said."
            )
        )
        if plan.shared_needs:
            shared = "; ".join(names.stream(name) for name in plan.shared_needs[:20])
            st.text(_("Needs decided first come: {needs}").format(needs=shared))


def _show_conflicts(plan: Plan, *, names: PlanNames) -> None:
    st.error(_("No plan keeps all of these limits together:"), icon=":material/block:")
    records = plan.conflicts.to_dict("records")
    st.text("\n".join(f"• {describe_conflict(row, names=names)}" for row in records))
    for row in records:
        supply = session.list_supply(plan)
        if row["kind"] == "min_placed_share" and not is_unknown(row["would_do"]) and supply > 0:
            share = format_number(100 * row["would_do"] / supply, decimals=1, unit="%")
            st.text(_("At most {share} of the known tonnes can be placed.").format(share=share))
    advice = dict.fromkeys(_(ADVICE[str(row["kind"])]) for row in records if str(row["kind"]) in ADVICE)
    for text in advice:
        st.text(text)
    st.button(_("Take the limits away"), on_click=_clear_limits, icon=":material/filter_alt_off:")


def _clear_limits() -> None:
    for name in ("worst", "placed"):
        controls.choose(name, CHOICES[name].default)


def show_flow_map(view: session.View, plan: Plan) -> None:
    """Show what goes where on the map: the width of an arrow is its tonnes."""
    result = view.result
    used = set(plan.flows[["from_facility_id", "to_facility_id", "via_facility_id"]].stack().astype(str))
    facilities = result.tables.facilities
    flows = describe_flows(view, plan)
    ends = facilities[facilities["facility_id"].isin(used)]
    layers = [build_plan_layer(flows, facilities), build_facility_layer(ends, result.tables.streams)]
    drawing, signs = st.columns([3.4, 1])
    with drawing:
        clicked = show_map(
            layers,
            key="map_plan",
            height=560,
            selected_id=controls.choice("selected"),
            bounds=layers[0].bounds,
            lang=language(),
            credit=session.credit_roads(),
        )
    if clicked is not None:
        controls.choose("selected", clicked.id)
    panels.show_legend(layers, beside=signs)


def describe_flows(view: session.View, plan: Plan) -> pd.DataFrame:
    """Return the flows of a plan with the basis of their amount and words beside the keys."""
    flows = plan.flows.copy()
    basis = view.result.matches.set_index("match_id")["basis"]
    flows["basis"] = flows["match_id"].astype(object).map(basis)
    flows["material_name"] = [view.material(str(key)) for key in flows["material"]]
    return flows


def show_flows(view: session.View, plan: Plan, *, names: PlanNames) -> None:
    """Show what goes where as a table; a row can be picked, and the map marks it."""
    shown = present_flows(view, plan, names=names)
    tables.show_table(
        shown.head(MOST_ROWS),
        key="plan_flows",
        columns=FLOW_COLUMNS,
        ids=list(shown["match_id"].astype(str).head(MOST_ROWS)),
        titles=_flow_titles(),
        alt=_("What goes where: from, through, to, material, amount, money and carbon a year, way."),
        empty=_("Nothing is placed."),
        missing="–",
    )
    _tell_more(len(shown))


def present_flows(view: session.View, plan: Plan, *, names: PlanNames) -> pd.DataFrame:
    """Return the flows in words, amounts a year, unrounded."""
    shown = describe_flows(view, plan)
    for end in ("from", "via", "to"):
        column = shown[f"{end}_facility_id"]
        shown[f"{end}_name"] = ["" if is_unknown(key) else names.facility(key) for key in column]
    shown["material"] = shown["material_name"]
    shown["becomes"] = [_tell_use(row) for row in shown.to_dict("records")]
    shown["net_t_co2e"] = shown["net_kg_co2e"] / 1000
    shown["basis"] = shown["basis"].map(label_basis)
    return shown


def _tell_use(row: Mapping[Any, Any]) -> str:
    step = row["step"]
    parts = [label(HIERARCHIES, row["hierarchy"])]
    if not is_unknown(step):
        parts.append(session.step_names(language()).get(str(step), show_text(step)).lower())
    return ": ".join(parts)


def _flow_titles() -> dict[str, str]:
    return {
        "via_name": _("Through"),
        "becomes": _("What becomes of it"),
        "net_nok": _("Net, NOK a year"),
        "net_nok_low": _("Net, lowest"),
        "net_nok_high": _("Net, highest"),
        "net_t_co2e": _("Saved, t CO2e a year"),
        "vehicle_km": _("Km driven a year"),
    }


def show_prices(plan: Plan, *, names: PlanNames) -> None:
    """Show what one more tonne of room, capacity or limit is worth, and for how many tonnes."""
    priced = plan.prices[(plan.prices["price"] != 0).fillna(False)] if len(plan.prices) else plan.prices
    where = priced[priced["kind"] != "supply"]
    shown = _present_prices(where, names=names)
    note(
        _(
            "What one more tonne a year of this is worth to the whole plan, and for how many tonnes more "
            "that holds. It counts what is gained each year, not what it costs to build."
        )
    )
    tables.show_table(
        shown.head(MOST_ROWS),
        key="plan_prices",
        columns=("what", "amount", "unit", "price", "price_unit", "more"),
        titles={
            "what": _("Where there is too little"),
            "amount": _("Today"),
            "price": _("One more is worth"),
            "price_unit": _("Counted in"),
            "more": _("Holds for so many more"),
        },
        alt=_("Needs, capacities and limits that are used up, with what one more tonne of each is worth."),
        empty=_("Nothing is used up: more room would not gain anything."),
        missing="–",
    )
    _tell_more(len(shown))


def _present_prices(priced: pd.DataFrame, *, names: PlanNames) -> pd.DataFrame:
    shown = priced.reset_index(drop=True).copy()
    kinds = [_(KINDS[str(kind)]) for kind in shown["kind"]]
    subjects = ["" if is_unknown(name) or not name else names.stream(name) for name in shown["id"]]
    shown["what"] = [
        f"{kind}: {subject}" if subject else kind for kind, subject in zip(kinds, subjects, strict=True)
    ]
    shown["unit"] = [str(unit).rpartition("/")[2] for unit in shown["price_unit"]]
    more = (shown["holds_to"] - shown["amount"]).astype(object)
    shown["more"] = [
        _("no end to it")
        if not is_unknown(value) and value == float("inf")
        else format_number(value, decimals=1)
        for value in more
    ]
    return shown


def show_unallocated(plan: Plan, *, names: PlanNames) -> None:
    """Show what stays, the largest first, each with the reason."""
    left = plan.unallocated.sort_values("amount", ascending=False, kind="stable")
    tables.show_table(
        present_unallocated(plan, left.head(MOST_ROWS), names=names),
        key="plan_left",
        columns=("facility", "material", "amount", "unit", "basis", "reason"),
        alt=_("What stays unallocated: facility, material, amount a year and the reason."),
        empty=_("All that is offered is placed."),
    )
    _tell_more(len(left))


def present_unallocated(plan: Plan, left: pd.DataFrame, *, names: PlanNames) -> pd.DataFrame:
    """Return what stays in words."""
    rows = left.to_dict("records")
    return pd.DataFrame(
        {
            "facility": [names.facility(row["facility_id"]) for row in rows],
            "material": [names.material(row["material"]) for row in rows],
            "amount": left["amount"].to_numpy(),
            "unit": ["" if is_unknown(row["unit"]) else show_text(row["unit"]) for row in rows],
            "basis": [label_basis(row["basis"]) for row in rows],
            "reason": [
                describe_reason(row, names=names, unit=_price_unit(plan, row["unit"])) for row in rows
            ],
        }
    )


def _price_unit(plan: Plan, unit: object) -> str:
    return f"{goal_unit(plan.goal, str(unit))}/{unit}"


def show_unpriced(view: session.View) -> None:
    """Tell which matches cannot be priced, and what lacks."""
    with st.expander(
        _("Matches that cannot be priced"),
        icon=":material/question_mark:",
        key="plan_lacks",
        on_change="rerun",
    ) as opened:
        if not opened.open:
            return
        prices = session.price_view(view)
        lacks = prices[(prices["unpriced"].fillna("") != "").to_numpy()]
        if lacks.empty:
            st.text(_("Every match has a price."))
            return
        unknown = lacks["net_nok_per_t"].isna().sum()
        st.text(
            _("{count} matches lack a figure; the net benefit of {unknown} of them is not known.").format(
                count=format_number(len(lacks)), unknown=format_number(int(unknown))
            )
        )
        counts = lacks["unpriced"].astype(str).str.split().explode().value_counts()
        lines = tell_unpriced(" ".join(counts.index), words=session.use_words(), material=view.material)
        rows = pd.DataFrame({"what": lines, "matches": counts.to_numpy()})
        tables.show_table(
            rows,
            key="plan_unpriced",
            columns=("what", "matches"),
            titles={"what": _("What lacks")},
            alt=_("Figures that lack, with the number of matches that need them."),
        )


def _tell_more(count: int) -> None:
    if count > MOST_ROWS:
        note(
            _("The first {shown} of {count} are shown; all are in the download.").format(
                shown=format_number(MOST_ROWS), count=format_number(count)
            )
        )


def show_downloads(view: session.View, plan: Plan, *, names: PlanNames) -> None:
    """Offer the plan as files: all of it with figures and sources, and what goes where as a table."""
    with st.container(horizontal=True):
        st.download_button(
            _("Excel: the plan with figures and sources"),
            data=partial(session.export_plan, view, plan),
            file_name="symbiosekart-plan.xlsx",
            mime=MEDIA_TYPES["xlsx"],
            key="plan_xlsx",
            on_click="ignore",
            icon=":material/download:",
        )
        st.download_button(
            _("CSV: what goes where"),
            data=partial(_export_flows, view, plan, names),
            file_name="symbiosekart-plan.csv",
            mime="text/csv",
            key="plan_csv",
            on_click="ignore",
            icon=":material/download:",
        )


def _export_flows(view: session.View, plan: Plan, names: PlanNames) -> bytes:
    shown = present_flows(view, plan, names=names)
    return session.export_table(shown[[name for name in FLOW_COLUMNS if name in shown]])
