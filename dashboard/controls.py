"""Widgets <-> filters and scenario parameters, and the permalink that holds them.

Every choice that shapes a page is one entry of :data:`CHOICES`: a name in the URL, a default, and how it is
read and written there. Values in the URL are keys (``basis=reported``), never labels, so that a link works in
every language (a widget's own ``bind="query-params"`` would write the translated label, and drops what it
does not know without a word). The choices live in the session; a widget shows a choice and writes it back;
at the end of a run the URL is rewritten from them, defaults left out. A value that cannot be read is told to
the reader in plain words and the default is used.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from dashboard.labels import PARAMETER_TEXTS, PARAMETERS, label
from dashboard.text import LANGUAGES, format_number
from dashboard.text import gettext as _
from geodata.inquiries import AMOUNT_UNITS
from geodata.parameters import ScenarioParameters
from geodata.schemas import ACTOR_TYPES, BASES, DIRECTIONS
from geodata.uses import HIERARCHIES

STORE = "choices"
SEEN_URL = "seen_url"
SEEN_PATH = "seen_path"
FORCED = "forced_widgets"
LIST_SEPARATOR = "~"
MOST_VALUES = 60
LONGEST_VALUE = 80


@dataclass(frozen=True)
class Choice:
    """One choice of the reader's.

    Attributes
    ----------
    name : the parameter's name in the URL and the choice's name in the session.
    default : value where nothing is chosen; it never stands in the URL.
    read : text of the URL -> value; raises ValueError for a text that is no value.
    write : value -> text of the URL.
    """

    name: str
    default: Any
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str


def _one_of(allowed: Iterable[str]) -> Callable[[str], str]:
    known = frozenset(allowed)

    def read(text: str) -> str:
        if text not in known:
            raise ValueError(text)
        return text

    return read


def _text(text: str) -> str:
    if len(text) > LONGEST_VALUE or not text.isprintable():
        raise ValueError(text)
    return text


def _several(read_one: Callable[[str], str]) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        parts = [part for part in text.split(LIST_SEPARATOR) if part]
        if len(parts) > MOST_VALUES:
            raise ValueError(text)
        return tuple(dict.fromkeys(read_one(part) for part in parts))

    return read


def _number(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        number = float(text.replace(",", "."))
        if not low <= number <= high:  # also refuses NaN
            raise ValueError(text)
        return number

    return read


def _yes(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(text)
    return text == "1"


def _digits(length: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) != length or not (text.isascii() and text.isdigit()):
            raise ValueError(text)
        return text

    return read


def _write_number(value: float) -> str:
    return f"{value:.12g}"


def _write_several(values: Sequence[str]) -> str:
    return LIST_SEPARATOR.join(values)


def _write_yes(value: bool) -> str:
    return "1" if value else "0"


Figures = tuple[tuple[str, float], ...]
"""Figures that the reader turned: key of the row (``gate_fee/clean_wood``) and value."""


def _read_figures(text: str) -> Figures:
    """Read ``key:value~key:value``; whether the rows are there, and their ranges, is asked of the tables."""
    parts = [part for part in text.split(LIST_SEPARATOR) if part]
    if len(parts) > MOST_VALUES:
        raise ValueError(text)
    found: dict[str, float] = {}
    for part in parts:
        key, colon, number = part.rpartition(":")
        if not colon or not _FIGURE_KEY.fullmatch(key) or not math.isfinite(float(number)):
            raise ValueError(text)
        found[key] = float(number)
    return tuple(sorted(found.items()))


def write_figures(figures: Figures) -> str:
    """Write figures as they stand in a link."""
    return LIST_SEPARATOR.join(f"{key}:{_write_number(value)}" for key, value in figures)


def _read_base(text: str) -> tuple[tuple[str, Any], ...]:
    """Read what a plan is compared with: choices as in the link itself, apart by ``;``."""
    kept: dict[str, Any] = {}
    for part in text.split(BASE_SEPARATOR)[: len(PLAN_CHOICES) + 1]:
        name, equals, value = part.partition("=")
        if not equals or name not in PLAN_CHOICES:
            if text == BASE_USUAL:
                break
            raise ValueError(text)
        kept[name] = CHOICES[name].read(value)
    return tuple(sorted(kept.items()))


def _write_base(kept: tuple[tuple[str, Any], ...]) -> str:
    parts = [f"{name}={CHOICES[name].write(value)}" for name, value in kept]
    return BASE_SEPARATOR.join(parts) or BASE_USUAL


DISTANCE_KM = (5.0, 400.0)
LIMIT_STEP = 5.0
NEAR_KM = (5.0, 150.0)
REACH_MINUTES = (15.0, 240.0)
PARTNER_MODES = ("container", "facility", "file")
AMOUNT = (0.0, 1e9)
GOALS = ("net", "carbon", "kept")
BASE_SEPARATOR, BASE_USUAL = ";", "usual"
PLAN_CHOICES = ("goal", "worst", "placed", "return", "vehicle", "emissions", "figures")
"""What a plan is asked for; kept together they are what another plan is compared with."""
_FIGURE_KEY = re.compile(r"[a-z][a-z0-9_]{0,59}(/[a-z0-9_:]{1,60})?")
_DEFAULTS = ScenarioParameters()

CHOICES: dict[str, Choice] = {
    choice.name: choice
    for choice in (
        Choice("lang", "nb", _one_of(LANGUAGES)),
        Choice("data", "region", _one_of(("region", "practice"))),
        Choice("own", True, _yes, _write_yes),
        Choice("registers", True, _yes, _write_yes),
        Choice("extracts", (), _several(_text), _write_several),
        Choice("modelled", True, _yes, _write_yes),
        Choice("network", (), _several(_text), _write_several),
        Choice("material", (), _several(_text), _write_several),
        Choice("basis", (), _several(_one_of(BASES)), _write_several),
        Choice("actor", (), _several(_one_of(ACTOR_TYPES)), _write_several),
        Choice("roads", None, _text),
        Choice("profile", None, _text),
        Choice("km", _DEFAULTS.max_distance_km, _number(*DISTANCE_KM), _write_number),
        Choice("score", _DEFAULTS.min_score, _number(0, 100), _write_number),
        Choice("county", "50", _digits(2)),
        Choice("municipality", None, _digits(4)),
        Choice("near", False, _yes, _write_yes),
        Choice("near_km", 40.0, _number(*NEAR_KM), _write_number),
        Choice("selected", None, _text),
        Choice("mode", "container", _one_of(PARTNER_MODES)),
        Choice("facility", None, _text),
        Choice("reach", False, _yes, _write_yes),
        Choice("pays", False, _yes, _write_yes),
        Choice("reach_min", 90.0, _number(*REACH_MINUTES), _write_number),
        Choice("has", None, _text),
        Choice("place", None, _text),
        Choice("gives", "offer", _one_of(DIRECTIONS)),
        Choice("amount", None, _number(*AMOUNT), _write_number),
        Choice("unit", "t", _one_of(AMOUNT_UNITS)),
        Choice("goal", GOALS[0], _one_of(GOALS)),
        Choice("worst", HIERARCHIES[-1], _one_of(HIERARCHIES)),
        Choice("placed", 0.0, _number(0, 100), _write_number),
        Choice("return", True, _yes, _write_yes),
        Choice("vehicle", None, _text),
        Choice("emissions", "WTW", _one_of(("WTW", "TTW"))),
        Choice("figures", (), _read_figures, write_figures),
        Choice("turned", None, _text),
        Choice("idle", False, _yes, _write_yes),
        Choice("base", None, _read_base, _write_base),
    )
}


@dataclass(frozen=True)
class BadValue:
    """A value in the URL that cannot be used; `value` is the reader's own text."""

    name: str
    value: str


def read_query(query: Mapping[str, str]) -> tuple[dict[str, Any], list[BadValue]]:
    """Read the choices of a URL's query; unknown names are left alone, unusable values are told.

    Returns
    -------
    choices : name -> value for every choice; the default where the URL says nothing or nothing usable.
    bad : the values that could not be used.
    """
    values = {name: choice.default for name, choice in CHOICES.items()}
    bad: list[BadValue] = []
    for name, choice in CHOICES.items():
        if name not in query:
            continue
        try:
            values[name] = choice.read(query[name])
        except ValueError:
            bad.append(BadValue(name, query[name][:LONGEST_VALUE]))
    return values, bad


def write_query(values: Mapping[str, Any]) -> dict[str, str]:
    """Write choices as a URL's query; defaults are left out, so that the shortest link says the same."""
    query = {}
    for name, choice in CHOICES.items():
        value = values.get(name, choice.default)
        if value is not None and value != choice.default:
            query[name] = choice.write(value)
    return query


def restore_choices() -> list[BadValue]:
    """Take the choices from the URL when it has changed behind our back: first load, a link, back or forward.

    Call it before any widget is made. Returns the values that could not be used.
    """
    query = st.query_params.to_dict()
    state = st.session_state
    path = urlsplit(st.context.url or "").path
    turned = STORE in state and path != state.get(SEEN_PATH)
    state[SEEN_PATH] = path
    if STORE in state and query == state.get(SEEN_URL):
        return []
    if turned and not query:
        # A click in the menu drops the query: the reader keeps the choices, and the URL gets them back.
        return []
    values, bad = read_query(query)
    before = state.get(STORE, {})
    state[STORE] = values
    for name in CHOICES:
        if before.get(name) != values[name]:
            _force(name)
    state[SEEN_URL] = query
    return bad


def write_permalink() -> None:
    """Write the choices to the URL; call it when the page has been made."""
    query = write_query(st.session_state[STORE])
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)
    st.session_state[SEEN_URL] = query


def choice(name: str) -> Any:
    """Return the reader's present choice `name`."""
    store = st.session_state.get(STORE)
    return CHOICES[name].default if store is None else store.get(name, CHOICES[name].default)


def choose(name: str, value: Any) -> None:
    """Set choice `name` from code (a click on the map, a row in a table); its widget follows next run."""
    st.session_state.setdefault(STORE, {})[name] = value
    _force(name)


def _force(*names: str) -> None:
    # The browser still holds the widget's old value and sends it with the next run: the store must win once.
    st.session_state[FORCED] = st.session_state.get(FORCED, frozenset()) | set(names)


def force_widgets() -> None:
    """Let every widget show its choice anew: after a change of language the browser holds the old labels."""
    _force(*CHOICES)


def _widget_key(name: str) -> str:
    return f"choice_{name}"


def _bind(name: str, *, show: Callable[[Any], Any] = lambda value: value) -> str:
    """Return the widget key for choice `name`, its state set so that the widget shows the choice."""
    key = _widget_key(name)
    forced = st.session_state.get(FORCED, frozenset())
    if key not in st.session_state or name in forced:
        st.session_state[key] = show(choice(name))
        st.session_state[FORCED] = forced - {name}
    return key


def _keep(name: str, value: Any) -> Any:
    st.session_state[STORE][name] = value
    return value


def show_bad_values(bad: Sequence[BadValue]) -> None:
    """Tell the reader which values of the link could not be used; their text is shown as text."""
    if not bad:
        return
    st.warning(
        _("The link holds values that cannot be used. The usual values are shown instead."),
        icon=":material/link_off:",
    )
    st.text("\n".join(f"{value.name} = {value.value}" for value in bad))


def pick_several(
    name: str,
    label: str,
    options: Sequence[str],
    *,
    labels: Callable[[str], str],
    help_text: str | None = None,
) -> tuple[str, ...]:
    """Several of `options` (keys), shown by `labels`; nothing chosen means all.

    Values of a link that are not among the options (another dataset's network) are left out and kept quiet:
    the choice is emptied by them.
    """
    key = _bind(name, show=list)
    st.session_state[key] = [value for value in st.session_state[key] if value in options]
    chosen = st.multiselect(label, options, format_func=labels, key=key, help=help_text, placeholder=_("All"))
    return tuple(_keep(name, tuple(chosen)))


def pick_one(
    name: str,
    label: str,
    options: Sequence[str],
    *,
    labels: Callable[[str], str],
    placeholder: str | None = None,
    help_text: str | None = None,
) -> str | None:
    """One of `options` (keys) by a search box, or None."""
    key = _bind(name)
    if st.session_state[key] not in options:
        st.session_state[key] = None
    chosen = st.selectbox(
        label, options, index=None, format_func=labels, key=key, placeholder=placeholder, help=help_text
    )
    _keep(name, chosen)
    return chosen


def pick_always(
    name: str,
    label: str,
    options: Sequence[str],
    *,
    labels: Callable[[str], str],
    help_text: str | None = None,
) -> str:
    """One of `options` (keys), the first where nothing is chosen, which then does not stand in the link."""
    key = _bind(name, show=lambda value: value if value in options else options[0])
    if st.session_state[key] not in options:
        st.session_state[key] = options[0]
    chosen = str(st.selectbox(label, options, format_func=labels, key=key, help=help_text))
    _keep(name, None if chosen == options[0] else chosen)
    return chosen


def pick_from(
    name: str,
    label: str,
    options: Sequence[str],
    *,
    labels: Callable[[str], str],
    help_text: str | None = None,
) -> str:
    """One of a few fixed `options` in a list; one of them is the usual one."""
    chosen = st.selectbox(label, options, format_func=labels, key=_bind(name), help=help_text)
    return str(_keep(name, chosen))


def pick_or_write(
    name: str, label: str, options: Mapping[str, str], *, placeholder: str, help_text: str | None = None
) -> str | None:
    """One of `options` (key -> name) or a text of the reader's own, or None.

    The text is the reader's: whoever reads it must tell what was understood.
    """
    chosen = st.selectbox(
        label,
        list(options),
        index=None,
        format_func=lambda key: options.get(key, key),
        key=_bind(name),
        placeholder=placeholder,
        help=help_text,
        accept_new_options=True,
    )
    written = None if chosen is None else chosen.strip()[:LONGEST_VALUE]
    return _keep(name, written if written and written.isprintable() else None)


def pick_amount(name: str, label: str, *, help_text: str | None = None) -> float | None:
    """Take an amount, or None where the reader does not know it."""
    written = st.number_input(
        label,
        min_value=AMOUNT[0],
        max_value=AMOUNT[1],
        value=None,
        key=_bind(name),
        step=1.0,
        format="%0.6g",
        help=help_text,
    )
    return _keep(name, written)


def pick_segment(name: str, label: str, options: Sequence[str], *, labels: Callable[[str], str]) -> str:
    """One of a few fixed `options`, all visible at once. `labels` must give our own texts, never data."""
    chosen = st.segmented_control(
        label, options, format_func=labels, key=_bind(name), required=True, width="stretch"
    )
    return str(_keep(name, chosen or CHOICES[name].default))


def pick_number(
    name: str, label: str, *, low: float, high: float, step: float, unit: str, help_text: str | None = None
) -> float:
    """Pick a number on a slider whose unit is shown; returned in that unit."""
    shown = st.slider(
        label,
        min_value=float(low),
        max_value=float(high),
        step=float(step),
        key=_bind(name, show=lambda value: min(max(float(value), low), high)),
        format=f"%d {unit}",
        help=help_text,
    )
    return float(_keep(name, float(shown)))


def pick_switch(name: str, label: str, *, help_text: str | None = None) -> bool:
    """Switch choice `name` on or off."""
    return bool(_keep(name, st.toggle(label, key=_bind(name), help=help_text)))


def widen_distance(km: float) -> float | None:
    """Return the slider's first step that reaches `km`, None where it does not go so far."""
    step = math.ceil(km / LIMIT_STEP) * LIMIT_STEP
    return step if step <= DISTANCE_KM[1] else None


def lower_score(points: float) -> float:
    """Return the slider's last step that lets `points` in."""
    return max(0.0, math.floor(points / LIMIT_STEP) * LIMIT_STEP)


def scenario_parameters() -> ScenarioParameters:
    """Return the scenario parameters that the reader's choices say; the other ones keep their defaults."""
    return ScenarioParameters(max_distance_km=choice("km"), min_score=choice("score"))


def describe_parameters(parameters: ScenarioParameters) -> list[dict[str, str]]:
    """Return one row a parameter: name, value with unit, range and source, for a table."""
    rows = []
    for spec in fields(parameters):
        meta = spec.metadata
        unit = label(PARAMETER_TEXTS, meta["unit"])
        low, high = format_number(meta["low"], decimals=1), format_number(meta["high"], decimals=1)
        rows.append(
            {
                "name": label(PARAMETERS, spec.name),
                "value": format_number(getattr(parameters, spec.name), decimals=2, unit=unit),
                "range": f"{low}–{high}",
                "source": label(PARAMETER_TEXTS, meta["source"]),
            }
        )
    return rows
