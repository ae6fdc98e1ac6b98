"""The reader's choices in the session: widgets that show them and set them, and the page's own link.

What can be chosen, and how a link writes it, is said by :mod:`dashboard.choices`. The choices live in the
session; a widget shows a choice and writes it back; at the end of a run the URL is rewritten from them. (A
widget's own ``bind="query-params"`` would write the translated label, and drops what it does not know without
a word.) Values of a link that cannot be used are told to the reader in plain words. The scenario's parameters
are read from the choices here, and described for the reader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from dashboard.choices import AMOUNT, CHOICES, LONGEST_VALUE, BadValue, read_query, write_query
from dashboard.labels import PARAMETER_TEXTS, PARAMETERS, label
from dashboard.text import format_number
from dashboard.text import gettext as _
from geodata.parameters import ScenarioParameters

STORE = "choices"
SEEN_URL = "seen_url"
SEEN_PATH = "seen_path"
FORCED = "forced_widgets"


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
