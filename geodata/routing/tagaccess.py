"""Whether a vehicle may drive: who may go, how heavy, how high, how long, and under which conditions."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from geodata.routing.tagvalues import holds_for, read_conditions, read_metres, read_tonnes, split_values
from geodata.routing.vehicles import Vehicle

Tags = Mapping[str, str]


class Leave(IntEnum):
    """Who may drive; the worse, the higher."""

    OPEN = 0
    RESTRICTED = 1
    """Only who has business there: driven slowly, so that no through way is tempted."""
    CLOSED = 2


ACCESS_KEYS: Final = ("access", "vehicle", "motor_vehicle", "goods", "hgv")
"""From the general to the special: the last one that is told holds."""
_RESTRICTED: Final = frozenset(
    {
        "private",
        "destination",
        "delivery",
        "customers",
        "permit",
        "residents",
        "employees",
        "discouraged",
        "unsuitable",
    }
)
_FORESTRY: Final = frozenset({"agricultural", "forestry"})
_CLOSED: Final = frozenset(
    {
        "no",
        "foot",
        "bicycle",
        "bus",
        "psv",
        "taxi",
        "emergency",
        "military",
        "horse",
        "ski",
        "snowmobile",
        "restricted",
        "locked",
        "closed",
        "never",
    }
)
_LIMITS: Final = (
    ("weight", ("maxweight", "maxgcweight", "maxweightrating", "maxgcweightrating", "maxgrossweight")),
    ("axleload", ("maxaxleload",)),
    ("height", ("maxheight", "maxheight:physical", "maxheight:legal")),
    ("length", ("maxlength",)),
    ("width", ("maxwidth", "maxwidth:physical")),
)
_BUSINESS: Final = frozenset({"destination", "delivery", "residents", "customers"})
_WINTER_MONTHS: Final = frozenset({"nov", "dec", "jan", "feb", "mar", "apr"})
DIRECTIONS: Final = ("forward", "backward")


def tell_measures(vehicle: Vehicle) -> dict[str, float]:
    """Return the vehicle's measures by the words that limits use."""
    return {
        "weight": vehicle.total_t,
        "axleload": vehicle.axle_t,
        "height": vehicle.height_m,
        "length": vehicle.length_m,
        "width": vehicle.width_m,
        "trailer": float(vehicle.has_trailer),
    }


def grade_access(value: str, vehicle: Vehicle) -> Leave:
    """Return what one access value (``"delivery;psv"``: the best of several) means for `vehicle`.

    A value that is not known closes nothing.
    """
    grades = []
    for part in split_values(value):
        if part in _CLOSED:
            grades.append(Leave.CLOSED)
        elif part in _FORESTRY:
            grades.append(Leave.OPEN if vehicle.is_forestry else Leave.CLOSED)
        else:
            grades.append(Leave.RESTRICTED if part in _RESTRICTED else Leave.OPEN)
    return min(grades, default=Leave.OPEN)


def read_access(tags: Tags, vehicle: Vehicle, *, notes: set[str]) -> tuple[Leave, Leave]:
    """Return who may drive along and against the way; adds to `notes` what depends on time and is not kept.

    Conditions on weight, length, height, width or trailers are decided for `vehicle`; conditions on time are
    noted (``conditional``, ``winter_closed``) and do not close.
    """
    keys = ACCESS_KEYS + (("hgv_articulated",) if vehicle.has_trailer else ())
    keys += ("lhv",) if vehicle.is_long else ()
    leaves = [Leave.OPEN, Leave.OPEN]
    for key in keys:
        for side, direction in enumerate(DIRECTIONS):
            value = tags.get(f"{key}:{direction}", tags.get(key))
            if value is not None and (key != "goods" or grade_access(value, vehicle) is Leave.CLOSED):
                leaves[side] = grade_access(value, vehicle)
            for name in (f"{key}:conditional", f"{key}:{direction}:conditional"):
                text = tags.get(name)
                if text is not None:
                    leaves[side] = _apply_conditions(text, leaves[side], vehicle, notes)
    if vehicle.has_trailer and "trailer" in tags and grade_access(tags["trailer"], vehicle) is Leave.CLOSED:
        return Leave.CLOSED, Leave.CLOSED
    return leaves[0], leaves[1]


def _apply_conditions(text: str, leave: Leave, vehicle: Vehicle, notes: set[str]) -> Leave:
    measures = tell_measures(vehicle)
    for value, conditions in read_conditions(text):
        answers = [holds_for(condition, measures) for condition in conditions]
        if all(answers):
            leave = grade_access(value, vehicle)
        elif _BUSINESS.issuperset(conditions):
            # "no, but yes for destination": open to those with business there.
            leave = min(leave, max(grade_access(value, vehicle), Leave.RESTRICTED))
        elif not any(answer is False for answer in answers):
            notes.add("winter_closed" if _is_winter(conditions) and value == "no" else "conditional")
    return leave


def _is_winter(conditions: list[str]) -> bool:
    words = " ".join(conditions).replace("-", " ").split()
    return "winter" in words or "snow" in words or bool(words and words[0] in _WINTER_MONTHS)


def find_limit(tags: Tags, vehicle: Vehicle, *, notes: set[str]) -> tuple[str, str]:
    """Return which limit closes the way to `vehicle` along and against it (``"weight"``), or ``""``.

    A value that is not understood does not close and is noted (``unclear_limit``).
    """
    measures = tell_measures(vehicle)
    closed = ["", ""]
    for what, keys in _LIMITS:
        for key in keys:
            for side, direction in enumerate(DIRECTIONS):
                limit = _read_limit(tags, key, direction, what=what, notes=notes)
                if measures[what] > limit and not closed[side]:
                    closed[side] = what
    return closed[0], closed[1]


def _read_limit(tags: Tags, key: str, direction: str, *, what: str, notes: set[str]) -> float:
    # The special comes first: for trucks in this direction, for trucks, in this direction, for all.
    for name in (f"{key}:hgv:{direction}", f"{key}:hgv", f"{key}:{direction}", key):
        text = tags.get(name)
        if text is None:
            continue
        limit = (read_tonnes if what in ("weight", "axleload") else read_metres)(text)
        if limit is not None:
            return limit
        notes.add("unclear_limit")
    if f"{key}:conditional" in tags or f"{key}:hgv:conditional" in tags:
        notes.add("conditional")
    return float("inf")
