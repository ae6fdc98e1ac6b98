"""Plan: which tonnes go where, what that gains, and what would gain more."""

from __future__ import annotations

import streamlit as st

from dashboard import comparisons, economycontrols, figuretable, panels, planpanels, sankey, session
from dashboard.notes import note
from dashboard.planwording import PARTS, PlanNames
from dashboard.text import gettext as _
from geodata.flows import TONNES

st.title(_("Plan"))
note(
    _(
        "Which tonnes should go where for the whole region to gain most, with the figures below. A "
        "calculation with modelled figures, to be checked with those concerned; not advice about law."
    )
)
economycontrols.pick_goal()
view = session.quick_view(session.current_filters())
panels.await_scenario(view)
top = st.container()
with st.expander(_("Limits and figures"), expanded=True, icon=":material/tune:"):
    economycontrols.pick_limits()
    economycontrols.pick_transport()
    economycontrols.pick_material_figures(view)
    economycontrols.show_changes()
figuretable.show_all_figures()
asked = session.current_plan_choices()
job = session.order_plan(view, asked)
if job is not None and not job.ready:
    panels.await_job(job, _("The best plan is being computed."))
plan = session.plan_view(view, asked)
names = PlanNames(view.result, session.load_codes())
with top:
    planpanels.show_figures(plan)
    planpanels.show_proof(plan, names=names)
if plan.status != "infeasible":
    st.header(_("What goes where"))
    planpanels.show_flow_map(view, plan)
    planpanels.show_flows(view, plan, names=names)
    st.header(_("From material to receiver"))
    sankey.show_destinations(plan, material=view.material, unit="t")
    for unit in plan.allocations:
        if unit != TONNES:
            st.subheader(_(PARTS.get(unit, unit)))
            sankey.show_destinations(plan, material=view.material, unit=unit)
    st.header(_("Where to invest"))
    planpanels.show_prices(plan, names=names)
    st.header(_("What stays, and why"))
    planpanels.show_unallocated(plan, names=names)
planpanels.show_unpriced(view)
comparisons.show_comparison(view)
if plan.status != "infeasible":
    st.header(_("Downloads"))
    planpanels.show_downloads(view, plan, names=names)
