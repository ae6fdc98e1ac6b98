"""What the values of OpenStreetMap's road tags say: tonnes, metres, km/h, minutes and conditions.

Values are written by anybody, in many ways, and may be hostile: each reader here takes any text and answers
a number, or that it does not know.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

LONGEST_VALUE: Final = 255
"""Characters: what OpenStreetMap itself allows in a value; longer ones are not read."""
LONGEST_MINUTES: Final = 72 * 60.0
NO_LIMIT: Final = frozenset({"none", "no", "unsigned", "default", "no_sign", "no_indications", "unlimited"})
KMH_PER_MPH: Final = 1.609344
KMH_PER_KNOT: Final = 1.852
WALKING_KMH: Final = 6.0
ZONE_KMH: Final = {
    "urban": 50.0,
    "rural": 80.0,
    "trunk": 90.0,
    "motorway": 110.0,
    "living_street": 15.0,
    "walk": WALKING_KMH,
}
"""Limits that stand for themselves (``NO:urban``), Norwegian law (vegtrafikkloven section 6); a truck's own
limit of 80 km/h lies over them."""
_TONNES: Final = {
    "": 1.0,
    "t": 1.0,
    "to": 1.0,
    "ton": 1.0,
    "tons": 1.0,
    "tonn": 1.0,
    "tonne": 1.0,
    "tonnes": 1.0,
    "kg": 0.001,
    "st": 0.90718474,
    "lt": 1.0160469088,
    "lb": 0.00045359237,
    "lbs": 0.00045359237,
}
_METRES: Final = {
    "": 1.0,
    "m": 1.0,
    "meter": 1.0,
    "metre": 1.0,
    "metres": 1.0,
    "meters": 1.0,
    "cm": 0.01,
    "mm": 0.001,
    "ft": 0.3048,
    "feet": 0.3048,
    "'": 0.3048,
    "in": 0.0254,
    '"': 0.0254,
}
_AMOUNT = re.compile(r"([0-9]{1,7}(?:[.,][0-9]{1,6})?)\s*([a-z'\"]*)\Z")
_FEET_INCHES = re.compile(
    r"([0-9]{1,3})\s*(?:'|ft|feet)\s*-?\s*([0-9]{1,2}(?:\.[0-9]{1,3})?)\s*(?:\"|''|in)?\Z"
)
_SPEED = re.compile(
    r"([0-9]{1,3}(?:\.[0-9]{1,3})?)\s*(?:(km/h|kmh|kph|kmph|km/t)|(mph)|(knots|kn))?\Z", re.ASCII
)
_ZONE = re.compile(r"(?:[a-z]{2}(?:-[a-z]+)?:)?(?:zone:?)?([a-z_]+|[0-9]{1,3})\Z")
_ISO = re.compile(
    r"P(?:([0-9]{1,2})D)?(?:T(?:([0-9]{1,3})H)?(?:([0-9]{1,4})M)?(?:([0-9]{1,5})(?:\.[0-9]{1,6})?S)?)?\Z"
)
_CLOCK = re.compile(r"([0-9]{1,3}):([0-9]{2})(?::([0-9]{2}))?\Z")
_WORDS = re.compile(
    r"(?:([0-9]{1,3}) ?(?:h|hr|hrs|hour|hours|t|time|timer))? ?"
    r"(?:([0-9]{1,4})(?:[.,][0-9]+)? ?(?:m|min|mins|minute|minutes|minutt|minutter)?)?\Z"
)
_PER = re.compile(r"([0-9]{1,3})\s*(?:/|x|times per|per)\s*(h|hour|hr|day|d|time|døgn|dag)\Z")
_COMPARISON = re.compile(
    r"(weight|weightrating|grossweight|maxweight|axleload|maxaxleload|height|length|width|trailer)"
    r"(?:\s*(<=|>=|<|>|=)\s*(.+))?\Z"
)
_CONDITION = re.compile(r"([^@;]{1,60})@\s*(\([^()]{0,200}\)|[^;()]{1,200})(?:;|\Z)")


def split_values(text: str) -> list[str]:
    """Return the parts of a value that lists several, in lower case; none for an overlong value."""
    if len(text) > LONGEST_VALUE:
        return []
    return [part for part in (piece.strip().lower() for piece in text.split(";")) if part]


def read_tonnes(text: str) -> float | None:
    """Return the least mass told in `text` in tonnes; inf where there is no limit, None where it is unclear.

    A bare number is tonnes; of 1 000 and more it must be kilograms.
    """
    return _read_least(text, _TONNES, suspicious=1000.0, factor=0.001)


def read_metres(text: str) -> float | None:
    """Return the least length told in `text` in metres; inf where there is no limit, None where unclear.

    Metres, feet and inches (``12'6"``); a bare number of 100 and more must be centimetres.
    """
    return _read_least(text, _METRES, suspicious=100.0, factor=0.01)


def _read_least(text: str, units: dict[str, float], *, suspicious: float, factor: float) -> float | None:
    amounts = []
    for part in split_values(text):
        if part in NO_LIMIT:
            amounts.append(math.inf)
            continue
        feet = _FEET_INCHES.match(part) if "'" in units else None
        found = _AMOUNT.match(part)
        if feet:
            amounts.append(0.3048 * int(feet[1]) + 0.0254 * float(feet[2]))
        elif found and found[2] in units:
            amount = float(found[1].replace(",", "."))
            bare = not found[2]
            amounts.append(amount * (factor if bare and amount >= suspicious else units[found[2]]))
    least = min(amounts, default=None)
    return least if least else None


def read_speed(text: str) -> float | None:
    """Return the least speed told in `text` in km/h; inf for no limit, None where unclear (``signals``)."""
    speeds = []
    for part in split_values(text):
        found = _SPEED.match(part)
        if part == "none":
            speeds.append(math.inf)
        elif found:
            speeds.append(float(found[1]) * (KMH_PER_MPH if found[3] else KMH_PER_KNOT if found[4] else 1.0))
        elif (zone := _ZONE.match(part)) and (speed := _read_zone(zone[1])):
            speeds.append(speed)
    least = min(speeds, default=None)
    return least if least else None


def _read_zone(name: str) -> float | None:
    number = name.removeprefix("zone")
    return float(number) if number.isascii() and number.isdigit() else ZONE_KMH.get(name)


def read_minutes(text: str) -> float | None:
    """Return the longest duration told in `text` in minutes: ``PT35M``, ``00:35``, ``1:05:00``, ``35``,
    ``1 h 5 min``; None where it is unclear, nothing, or more than three days."""
    longest = max((_read_duration(part) for part in split_values(text)), default=0.0)
    return longest if 0 < longest <= LONGEST_MINUTES else None


def _read_duration(part: str) -> float:
    iso = _ISO.match(part.upper())
    if iso:
        days, hours, minutes, seconds = (int(group or 0) for group in iso.groups())
        return days * 1440 + hours * 60 + minutes + seconds / 60
    clock = _CLOCK.match(part)
    if clock:
        return int(clock[1]) * 60 + int(clock[2]) + int(clock[3] or 0) / 60
    if "-" in part:
        return max((_read_duration(piece.strip()) for piece in part.split("-", 1)), default=0.0)
    words = _WORDS.match(part)
    return int(words[1] or 0) * 60.0 + int(words[2] or 0) if words else 0.0


def read_interval(text: str) -> float | None:
    """Return the minutes between two departures: a duration, or a number an hour or a day (``2/h``)."""
    for part in split_values(text):
        per = _PER.match(part)
        if per and int(per[1]):
            return (1440.0 if per[2] in ("day", "d", "døgn", "dag") else 60.0) / int(per[1])
    return read_minutes(text)


def read_conditions(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each ``value @ (conditions)`` of a conditional restriction; conditions in lower case."""
    if len(text) > LONGEST_VALUE:
        return
    for found in _CONDITION.finditer(text):
        inside = found[2].strip().strip("()").lower()
        yield found[1].strip().lower(), [part.strip() for part in re.split(r"\band\b|,\s+and\s+", inside)]


def holds_for(condition: str, measures: dict[str, float]) -> bool | None:
    """Return whether `condition` (``weight>7.5``) is true of a vehicle's `measures`; None: not told by them.

    `measures` has ``weight`` and ``axleload`` in tonnes, ``height``, ``length`` and ``width`` in metres, and
    ``trailer`` (1 or 0).
    """
    found = _COMPARISON.match(condition)
    if not found:
        return None
    name = {"weightrating": "weight", "grossweight": "weight"}.get(found[1], found[1].removeprefix("max"))
    if name == "trailer":
        return bool(measures["trailer"]) if found[2] is None else None
    limit = (read_tonnes if name in ("weight", "axleload") else read_metres)(found[3] or "")
    if limit is None:
        return None
    own = measures[name]
    answers = {"<": own < limit, "<=": own <= limit, ">": own > limit, ">=": own >= limit, "=": own == limit}
    return answers.get(found[2] or "")
