"""What a reader can choose, and how it is written in a link.

Every choice that shapes a page is one entry of :data:`CHOICES`: a name in the URL, a default, and how it is
read and written there. Values in the URL are keys (``basis=reported``), never labels, so that a link works in
every language; defaults are left out. A value that cannot be read is handed back as a :class:`BadValue` and
the default is used. This module knows no Streamlit: the session and the widgets are in
:mod:`dashboard.controls`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.text import LANGUAGES
from geodata.inquiries import AMOUNT_UNITS
from geodata.parameters import ScenarioParameters
from geodata.schemas import ACTOR_TYPES, BASES, DIRECTIONS
from geodata.uses import HIERARCHIES

LIST_SEPARATOR = "~"
MOST_VALUES = 60
LONGEST_VALUE = 80
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


def widen_distance(km: float) -> float | None:
    """Return the slider's first step that reaches `km`, None where it does not go so far."""
    step = math.ceil(km / LIMIT_STEP) * LIMIT_STEP
    return step if step <= DISTANCE_KM[1] else None


def lower_score(points: float) -> float:
    """Return the slider's last step that lets `points` in."""
    return max(0.0, math.floor(points / LIMIT_STEP) * LIMIT_STEP)
