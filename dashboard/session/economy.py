"""Money, carbon and the plan of a scenario, by what the reader turned; matching is never done anew for it."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd
import streamlit as st

from dashboard import controls
from dashboard.background import Job, Report
from dashboard.calculator import PlanRequest, Request
from dashboard.choices import CHOICES, PLAN_CHOICES, BadValue, write_figures
from dashboard.session.loaded import load_codes, load_uses
from dashboard.session.roads import current_roads
from dashboard.session.scenarios import View, load_calculator, load_workshop
from geodata.allocation import AllocationLimits
from geodata.comparison import Comparison, compare_plans, gather_choices, spread_choices
from geodata.economics import EconomicChoices, EconomicTables, describe_parameters, price_matches
from geodata.economictables import Figures, list_keys
from geodata.errors import ParameterError
from geodata.planning import Plan, plan_scenario
from geodata.uses import HIERARCHIES
from loaders.economics import read_economics

KEPT_PRICES, KEPT_PLANS = 48, 48
KEPT_LARGE_PRICES = 2
MOST_ORDERS = 3
"""Most changes that are compared in every order (8 plans); more are made one after the other."""


@dataclass(frozen=True)
class PlanChoices:
    """What a plan is asked for; hashable, for caches and links.

    Attributes
    ----------
    goal : ``net``, ``carbon`` or ``kept``.
    economics : what was turned of the figures that price a match.
    """

    goal: str = "net"
    limits: AllocationLimits = field(default_factory=AllocationLimits)
    economics: EconomicChoices = field(default_factory=EconomicChoices)


@st.cache_resource(show_spinner=False)
def load_economics() -> EconomicTables:
    """Return the figures that price a match, read once."""
    return read_economics()


def current_economics() -> EconomicChoices:
    """Return what the reader turned of the figures that price a match."""
    return read_economics_choices({name: controls.choice(name) for name in PLAN_CHOICES})


def current_plan_choices() -> PlanChoices:
    """Return what the reader asks of a plan."""
    return read_plan_choices({name: controls.choice(name) for name in PLAN_CHOICES})


def base_plan_choices() -> PlanChoices | None:
    """Return what the reader keeps to compare with, None where nothing is kept."""
    kept = controls.choice("base")
    return None if kept is None else read_plan_choices(dict(kept))


def read_plan_choices(values: Mapping[str, object]) -> PlanChoices:
    """Put choices by name (as :data:`dashboard.choices.PLAN_CHOICES`) together."""
    get = {name: values.get(name, CHOICES[name].default) for name in PLAN_CHOICES}
    share, worst = float(str(get["placed"])) / 100, str(get["worst"])
    limits = AllocationLimits(
        worst_hierarchy_rank=None if worst == HIERARCHIES[-1] else float(HIERARCHIES.index(worst) + 1),
        min_placed_share=share or None,
    )
    return PlanChoices(goal=str(get["goal"]), limits=limits, economics=read_economics_choices(get))


def read_economics_choices(values: Mapping[str, object]) -> EconomicChoices:
    """Put the economic ones of the choices by name together."""
    figures = values["figures"]
    return EconomicChoices(
        overrides=figures if isinstance(figures, tuple) else (),
        empty_return=bool(values["return"]),
        vehicle=str(values["vehicle"] or ""),
        emission_basis="TTW" if values["emissions"] == "TTW" else "WTW",
    )


@st.cache_resource(show_spinner=False)
def vehicle_keys() -> tuple[str, ...]:
    """Return the kinds of vehicle that can be chosen: those with a payload and a body of their own."""
    rows = load_economics().parameters
    of = {
        name: set(rows.loc[rows["name"] == name, "subject"]) for name in ("payload_limit_t", "body_volume_m3")
    }
    forms = set(load_codes().materials["payload_form"].dropna().astype(str))
    return tuple(sorted(str(key) for key in set.intersection(*of.values()) - forms - {""}))


def check_figures() -> list[BadValue]:
    """Drop what the reader's link says of figures that are not there or out of their range; return it."""
    bad: list[BadValue] = []
    good: list[tuple[str, float]] = []
    for key, value in controls.choice("figures"):
        try:
            _check(EconomicChoices(overrides=((key, value),)))
        except ParameterError:
            bad.append(BadValue("figures", write_figures(((key, value),))))
        else:
            good.append((key, value))
    if bad:
        controls.choose("figures", tuple(good))
    vehicle = controls.choice("vehicle")
    if vehicle is not None and vehicle not in vehicle_keys():
        bad.append(BadValue("vehicle", vehicle))
        controls.choose("vehicle", None)
    base = base_plan_choices()
    if base is not None:
        try:
            _check(base.economics)
        except ParameterError:
            bad.append(BadValue("base", CHOICES["base"].write(controls.choice("base"))))
            controls.choose("base", None)
    return bad


def _check(choices: EconomicChoices) -> Figures:
    return Figures(load_economics(), choices, load_codes())


@st.cache_resource(show_spinner=False, max_entries=KEPT_PRICES)
def figures_in_force(choices: EconomicChoices) -> Figures:
    """Return the figures with the reader's laid over them."""
    return _check(choices)


@st.cache_resource(show_spinner=False)
def describe_figures(lang: str) -> pd.DataFrame:
    """Return every figure by key: usual value, range, unit, year, source, meaning in language `lang`."""
    return describe_parameters(load_economics(), lang).set_index("key", drop=False)


@st.cache_resource(show_spinner=False)
def step_names(lang: str) -> Mapping[str, str]:
    """Return what each step of treatment is called in language `lang`."""
    steps = load_uses().steps
    return dict(zip(steps["step"].astype(str), steps[f"label_{lang}"].astype(str), strict=True))


@st.cache_resource(show_spinner=False)
def figure_keys() -> frozenset[str]:
    """Return the keys of all figures."""
    return frozenset(list_keys(load_economics().parameters))


def price_rows(matches: pd.DataFrame) -> pd.DataFrame:
    """Return money and carbon of some matches with the reader's figures; not kept."""
    return _price_matches(matches, current_economics())


def price_view(view: View) -> pd.DataFrame:
    """Return money and carbon of all of a scenario's matches, in their order; kept for each choice."""
    return price_view_for(view, current_economics())


def price_view_for(view: View, choices: EconomicChoices) -> pd.DataFrame:
    """Return money and carbon as :func:`price_view`, for given choices."""
    if view.dataset.large:
        return _price_large(view.key, choices, _view=view)
    return _price(view.key, choices, _view=view)


@st.cache_resource(show_spinner=False, max_entries=KEPT_PRICES)
def _price(key: str, choices: EconomicChoices, _view: View) -> pd.DataFrame:
    return _price_matches(_view.result.matches, choices)


@st.cache_resource(show_spinner=False, max_entries=KEPT_LARGE_PRICES)
def _price_large(key: str, choices: EconomicChoices, _view: View) -> pd.DataFrame:
    return _price_matches(_view.result.matches, choices)


def _price_matches(matches: pd.DataFrame, choices: EconomicChoices) -> pd.DataFrame:
    return price_matches(
        matches, tables=load_economics(), choices=choices, uses=load_uses(), codes=load_codes()
    )


def order_plan(view: View, asked: PlanChoices) -> Job | None:
    """Return the job that plans a large scenario in another process; None where it is planned at once."""
    if not view.dataset.large:
        return None
    request = PlanRequest(
        Request(view.dataset.key, current_roads().key, view.filters, view.result.parameters),
        goal=asked.goal,
        limits=asked.limits,
        economics=asked.economics,
    )
    tables = view.dataset.tables

    def calculate(report: Report) -> Plan:
        return load_calculator().calculate(request, tables, report)

    return load_workshop().order(hashlib.sha256(repr((view.key, asked)).encode()).hexdigest(), calculate)


def plan_view(view: View, asked: PlanChoices) -> Plan:
    """Return the best plan of a scenario for what is asked; one of a large scenario is waited for.

    Raises
    ------
    SymbiosekartError
        What the calculation refused.
    """
    job = order_plan(view, asked)
    if job is None:
        return _plan(view.key, asked, _view=view)
    with load_workshop().attend(job):
        found: Plan = load_workshop().collect(job)
    return found


@st.cache_resource(show_spinner=False, max_entries=KEPT_PLANS)
def _plan(key: str, asked: PlanChoices, _view: View) -> Plan:
    prices = price_view_for(_view, asked.economics)
    return plan_scenario(_view.result, prices, goal=asked.goal, limits=asked.limits, codes=load_codes())


def list_indicators(plan: Plan) -> dict[str, float]:
    """Return a plan's totals by name; NaN where one is not known, or where there is no plan."""
    nan = float("nan")
    totals = plan.totals
    return {
        (f"{name}_{unit}" if name in ("supply", "placed", "unallocated") else str(name)): (
            float(value) if plan.status != "infeasible" else nan
        )
        for name, unit, value in zip(totals["name"], totals["unit"], totals["value"], strict=True)
    }


def list_supply(plan: Plan) -> float:
    """Return the known supply in tonnes, whether there is a plan or not."""
    totals = plan.totals
    return float(totals.loc[(totals["name"] == "supply") & (totals["unit"] == "t"), "value"].sum())


def spread_plan_choices(asked: PlanChoices) -> dict[str, Hashable]:
    """Return what is asked as a scenario of :mod:`geodata.comparison`: one name for each thing to turn."""
    return spread_choices(asked.economics) | {
        "goal": asked.goal,
        "worst": asked.limits.worst_hierarchy_rank,
        "placed": asked.limits.min_placed_share,
    }


def gather_plan_choices(scenario: Mapping[str, Hashable]) -> PlanChoices:
    """Return what is asked in a scenario, the opposite of :func:`spread_plan_choices`."""

    def number(name: str) -> float | None:
        value = scenario.get(name)
        return float(value) if isinstance(value, int | float) else None

    return PlanChoices(
        goal=str(scenario["goal"]),
        limits=replace(
            AllocationLimits(), worst_hierarchy_rank=number("worst"), min_placed_share=number("placed")
        ),
        economics=gather_choices(scenario),
    )


def compare_with_base(view: View, base: PlanChoices, changed: PlanChoices) -> Comparison:
    """Return what each change did to each total of the plan."""
    return _compare(view.key, base, changed, _view=view)


@st.cache_resource(show_spinner=False, max_entries=16)
def _compare(key: str, base: PlanChoices, changed: PlanChoices, _view: View) -> Comparison:
    def evaluate(scenario: dict[str, Hashable]) -> Mapping[str, float]:
        return list_indicators(plan_view(_view, gather_plan_choices(scenario)))

    return compare_plans(
        spread_plan_choices(base), spread_plan_choices(changed), evaluate, shapley_most=MOST_ORDERS
    )
