"""What a planner may turn of a plan: goal, limits, and the figures that price a match.

The choices in the link are the truth; a slider shows one of them and writes it back before the page is made
(``on_change``), so that all of the page follows at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from dashboard import controls, session
from dashboard.choices import CHOICES
from dashboard.choices import GOALS as GOAL_KEYS
from dashboard.labels import HIERARCHIES, label
from dashboard.notes import note
from dashboard.planwording import GOALS
from dashboard.sourcewords import word_source
from dashboard.text import N_, format_number, language
from dashboard.text import gettext as _
from geodata.economics import EconomicChoices
from geodata.economictables import Figures, Range
from geodata.uses import HIERARCHIES as RANKS

STEPS_OF_SLIDER = 40
MOST_CHANGES_SHOWN = 12
GENERAL = (
    ("vehicle_nok_per_km", N_("Vehicle per kilometre")),
    ("driver_and_vehicle_nok_per_hour", N_("Driver and vehicle per hour")),
    ("fixed_nok_per_load", N_("Fixed cost a load")),
)
CARRIERS = {
    "bulk": N_("in bulk"),
    "container": N_("in a container"),
    "tank": N_("in a tank"),
    "pallet": N_("on pallets"),
    "bale": N_("in bales"),
}
VEHICLES = {
    "modulvogntog": N_("Modular combination"),
    "semi_trailer": N_("Articulated lorry"),
    "three_axle_truck": N_("Truck, three axles"),
    "timber_rig_60t": N_("Timber rig, 60 t"),
}
BASES = {
    "WTW": N_("Well to wheel (WTW)"),
    "TTW": N_("Tank to wheel (TTW)"),
}
UNITS = {
    "NOK/load": N_("NOK/load"),
    "NOK/h": N_("NOK/h"),
    "h/load": N_("h/load"),
    "NOK/crossing": N_("NOK/crossing"),
    "share": N_("share"),
}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|$~:<>])")


@dataclass(frozen=True)
class Figure:
    """One figure that can be turned: key, what it is called, unit, range, usual and present value."""

    key: str
    title: str
    unit: str
    value: float
    usual: float
    allowed: Range
    source: str


def pick_goal() -> str:
    """Let the reader say what the plan is to get most of."""
    return controls.pick_segment(
        "goal",
        _("What the plan is to get most of"),
        GOAL_KEYS,
        labels=lambda key: str(_(GOALS[key])).capitalize(),
    )


def pick_limits() -> None:
    """Let the reader limit the plan: place in the waste hierarchy, and how much has to be placed."""
    left, right = st.columns(2)
    with left:
        controls.pick_from(
            "worst",
            _("Lowest place in the waste hierarchy"),
            RANKS,
            labels=lambda key: label(HIERARCHIES, key).capitalize(),
            help_text=_("What is lower than this is not planned."),
        )
    with right:
        controls.pick_number(
            "placed",
            _("Has to be placed at least, of the known tonnes"),
            low=0,
            high=100,
            step=1,
            unit="%%",
            help_text=_("0: nothing has to be placed that does not gain anything."),
        )


def pick_transport() -> None:
    """Let the reader turn what a lorry costs and lets out."""
    first, second, third = st.columns(3)
    with first:
        controls.pick_switch(
            "return",
            _("Count the empty way back"),
            help_text=_("The lorry drives back empty: kilometres, hours and ferries count twice."),
        )
    with second:
        controls.pick_one(
            "vehicle",
            _("Vehicle"),
            session.vehicle_keys(),
            labels=lambda key: label(VEHICLES, key),
            placeholder=_("The usual one for the material"),
        )
    with third:
        controls.pick_from(
            "emissions",
            _("Emissions are counted"),
            tuple(BASES),
            labels=lambda key: label(BASES, key),
            help_text=_(
                "Well to wheel: the whole chain of a fuel, products from cradle to gate. Tank to wheel: what "
                "leaves the exhaust or the stack itself. The two are never added."
            ),
        )
    figures = session.figures_in_force(session.current_economics())
    names = [(_find_own_row(name), _(title)) for name, title in GENERAL]
    carbon = f"emission_{figures.choices.emission_basis.lower()}_kg_per_km"
    names.append((_find_own_row(carbon), _("Emissions per kilometre")))
    _show_sliders([_read_figure(key, title, figures) for key, title in names])


def _find_own_row(name: str) -> str:
    """Return the key of the chosen vehicle's own row, or of the row for all."""
    own = f"{name}/{controls.choice('vehicle') or ''}"
    return own if own in session.figure_keys() else name


def pick_material_figures(view: session.View) -> None:
    """Let the reader turn gate fee, value and payload of one material of the scenario."""
    counts = view.result.matches["material"].astype(str).value_counts()
    if counts.empty:
        return
    # By the number of matches: the first one is what is shown where nothing is chosen.
    material = controls.pick_always(
        "turned", _("Figures of this material"), list(counts.index), labels=view.material
    )
    figures = session.figures_in_force(session.current_economics())
    found = [_read_figure(f"gate_fee/{material}", _("Gate fee today"), figures)]
    replaced = _find_replaced(view, material)
    if replaced is not None:
        key, name = replaced
        title = _("Value of what it replaces: {name}").format(name=name)
        found.append(_read_figure(f"replaced_value/{key}", title, figures))
    load = _find_load(material, figures)
    if load is not None:
        found.append(_read_figure(*load, figures))
    _show_sliders([figure for figure in found if figure is not None])
    note(_("A gate fee below zero is what the owner is paid today."))


def _find_replaced(view: session.View, material: str) -> tuple[str, str] | None:
    """Return key and name of what most matches of `material` replace."""
    tables = session.load_economics()
    matches = view.result.matches
    uses = session.load_uses().uses.set_index("use_id")["replaces"]
    own = matches.loc[(matches["material"] == material).fillna(False), "use_id"].dropna().astype(str)
    keys = own.map(uses).dropna()
    keys = keys[keys != ""]
    key = str(keys.value_counts().index[0]) if len(keys) else ""
    if not key:
        links = tables.links.set_index("material")["replaces"]
        key = next((str(links[m]) for m in (material,) if m in links.index and links[m]), "")
    names = tables.replaced.set_index("key")[f"label_{language()}"]
    return (key, str(names.get(key, key))) if key else None


def _find_load(material: str, figures: Figures) -> tuple[str, str] | None:
    """Return key and name of the figure that decides how much a lorry takes: weight, or room."""
    chosen = controls.choice("vehicle")
    forms = session.load_codes().materials.set_index("material")["payload_form"]
    form = forms.get(material)
    carrier = (chosen,) if chosen else (*figures.line(material), *((form,) if isinstance(form, str) else ()))
    limit, limit_key = figures.find("payload_limit_t", carrier)
    room, room_key = figures.find("body_volume_m3", carrier)
    density, _key = figures.find("density_t_per_m3", figures.line(material))
    if not (limit.known and room.known and density.known):
        return None
    subject = (limit_key if limit.best <= room.best * density.best else room_key).partition("/")[2]
    where = label(VEHICLES | CARRIERS, subject) if subject in VEHICLES | CARRIERS else ""
    if limit.best <= room.best * density.best:
        return limit_key, f"{_('Payload by weight')} {where}".strip()
    return room_key, f"{_('Room for the load')} {where}".strip()


def _read_figure(key: str, title: str, figures: Figures) -> Figure | None:
    """Return the figure in force for `key`, None where there is none, not even to inherit."""
    name, _slash, subject = key.partition("/")
    line = figures.line(subject) if subject else ()
    untouched = session.figures_in_force(EconomicChoices())
    usual, usual_key = untouched.find(name, line)
    if not usual.known:
        return None
    row = session.describe_figures(language()).loc[usual_key]
    return Figure(
        key,
        title,
        label(UNITS, row["unit"]),
        figures.find(name, line)[0].best,
        usual.best,
        untouched.allow(key),
        word_source(row["source"]),
    )


def _show_sliders(found: Sequence[Figure | None]) -> None:
    figures = [figure for figure in found if figure is not None]
    columns = st.columns(max(len(figures), 1))
    for column, figure in zip(columns, figures, strict=False):
        with column:
            pick_figure(figure)


def pick_figure(figure: Figure) -> None:
    """Turn one figure on a slider; its source and usual value stand in the help."""
    low, high = figure.allowed.low, figure.allowed.high
    if not low < high:
        return
    step = find_step(low, high)
    key = f"figure_{figure.key}"
    value = min(max(float(figure.value), low), high)
    if st.session_state.get(key) != value:  # set without need, it would undo what the reader is just turning
        st.session_state[key] = value
    st.slider(
        f"{figure.title} ({figure.unit})",
        min_value=float(low),
        max_value=float(high),
        step=step,
        format=f"%.{max(0, -math.floor(math.log10(step)))}f",
        key=key,
        on_change=partial(_turn_from_slider, figure.key, key, figure.usual),
        help=_("Usual value {usual}; from {low} to {high}. Source: {source}").format(
            usual=format_number(figure.usual, decimals=2, unit=figure.unit),
            low=format_number(low, decimals=2),
            high=format_number(high, decimals=2, unit=figure.unit),
            source=escape_markdown(figure.source),
        ),
    )


def find_step(low: float, high: float) -> float:
    """Return a round step (1, 2 or 5 times a power of ten) that cuts the range in some forty."""
    rough = (high - low) / STEPS_OF_SLIDER
    power = 10.0 ** math.floor(math.log10(rough))
    return float(next(power * times for times in (1, 2, 5, 10) if power * times >= rough * 0.999))


def escape_markdown(text: str) -> str:
    """Return text of a table so that markdown shows it as it stands."""
    return _MARKDOWN.sub(r"\\\1", text)


def _turn_from_slider(key: str, widget: str, usual: float) -> None:
    turn_figure(key, float(st.session_state[widget]), usual=usual)


def turn_figure(key: str, value: float | None, *, usual: float) -> None:
    """Set a figure in the choices; None or the usual value takes it out."""
    kept = {name: number for name, number in controls.choice("figures") if name != key}
    if value is not None and value != usual:
        kept[key] = float(value)
    controls.choose("figures", tuple(sorted(kept.items())))


def reset_figures() -> None:
    """Go back to the usual figures."""
    for name in ("figures", "return", "vehicle", "emissions"):
        controls.choose(name, CHOICES[name].default)


def show_changes() -> None:
    """List what the reader turned, beside the usual value, and offer to take it all back."""
    turned = session.current_economics()
    if turned == EconomicChoices():
        return
    if turned.overrides:
        lines = [tell_override(key, value) for key, value in turned.overrides[:MOST_CHANGES_SHOWN]]
        if len(turned.overrides) > MOST_CHANGES_SHOWN:
            more = len(turned.overrides) - MOST_CHANGES_SHOWN
            lines.append(_("… and {count} more").format(count=format_number(more)))
        st.text(_("Turned by you:") + "\n" + "\n".join(f"• {line}" for line in lines))
    st.button(_("Back to the usual figures"), on_click=reset_figures, icon=":material/restart_alt:")


def name_figure(key: str) -> tuple[str, float, str]:
    """Return what a figure is called, its usual value and its unit."""
    name, _slash, subject = key.partition("/")
    usual = session.figures_in_force(EconomicChoices())
    found, used = usual.find(name, usual.line(subject) if subject else ())
    row = session.describe_figures(language()).loc[used]
    # A material that inherits its figure is named beside the row that it has it from.
    of = f" ({session.label_materials().get(subject, subject)})" if used != key else ""
    return f"{row['meaning']}{of}", found.best, label(UNITS, row["unit"])


def tell_override(key: str, value: float) -> str:
    """Return what a figure was turned to, beside its usual value."""
    meaning, usual, unit = name_figure(key)
    return _("{meaning}: {value} (usual {usual})").format(
        meaning=meaning,
        value=format_number(value, decimals=2, unit=unit),
        usual=format_number(usual, decimals=2),
    )
