"""Values of road tags as people write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.routing.tagvalues import (
    holds_for,
    read_conditions,
    read_interval,
    read_metres,
    read_minutes,
    read_speed,
    read_tonnes,
)

TRUCK = {"weight": 50.0, "axleload": 10.0, "height": 4.2, "length": 17.5, "width": 2.55, "trailer": 1.0}


@pytest.mark.parametrize(
    ("text", "tonnes"),
    [
        ("7.5", 7.5),
        ("7,5 t", 7.5),
        ("7.5t", 7.5),
        ("7500 kg", 7.5),
        ("7500", 7.5),
        ("12;8", 8.0),
        ("10 st", 9.0718474),
        ("none", math.inf),
        ("default", math.inf),
        ("none;12", 12.0),
        ("below_default", None),
        ("0", None),
        ("heavy", None),
        ("-5", None),
        ("٣", None),
        ("1e3", None),
        ("", None),
    ],
)
def test_masses(text: str, tonnes: float | None) -> None:
    assert read_tonnes(text) == pytest.approx(tonnes)


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("3.8", 3.8),
        ("3.8 m", 3.8),
        ("3,8m", 3.8),
        ("380", 3.8),
        ("380 cm", 3.8),
        ("12'6\"", 3.81),
        ("12'", 3.6576),
        ("13 ft", 3.9624),
        ("12 ft 6 in", 3.81),
        ("25.25", 25.25),
        ("default", math.inf),
        ("no_indications", math.inf),
        ("below_default", None),
        ("low", None),
    ],
)
def test_lengths(text: str, metres: float | None) -> None:
    assert read_metres(text) == pytest.approx(metres)


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("80", 80.0),
        ("50 mph", 80.4672),
        ("30mph", 48.28032),
        ("NO:urban", 50.0),
        ("NO:rural", 80.0),
        ("NO:zone30", 30.0),
        ("DE:zone:30", 30.0),
        ("walk", 6.0),
        ("none", math.inf),
        ("50;60", 50.0),
        ("signals", None),
        ("variable", None),
        ("0", None),
        ("fast", None),
        ("60 km/t", 60.0),
    ],
)
def test_speeds(text: str, kmh: float | None) -> None:
    assert read_speed(text) == pytest.approx(kmh)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("PT35M", 35.0),
        ("PT1H35M", 95.0),
        ("P1DT2H", 1560.0),
        ("PT90S", 1.5),
        ("00:35", 35.0),
        ("0:35", 35.0),
        ("1:05:00", 65.0),
        ("35", 35.0),
        ("35 min", 35.0),
        ("35 minutter", 35.0),
        ("1 h 5 min", 65.0),
        ("1h", 60.0),
        ("00:30-00:40", 40.0),
        ("00:30;00:40", 40.0),
        ("0", None),
        ("00:00", None),
        ("PT", None),
        ("P", None),
        ("soon", None),
        ("9999:00", None),
        ("99999999", None),
    ],
)
def test_durations(text: str, minutes: float | None) -> None:
    assert read_minutes(text) == pytest.approx(minutes)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("00:30", 30.0), ("2/h", 30.0), ("3/day", 480.0), ("4 per hour", 15.0), ("0/h", None), ("often", None)],
)
def test_intervals(text: str, minutes: float | None) -> None:
    assert read_interval(text) == pytest.approx(minutes)


def test_conditions_come_apart() -> None:
    text = "no @ (Mo-Fr 07:00-09:00; PH); destination @ (weight>7.5 AND length>12)"
    assert list(read_conditions(text)) == [
        ("no", ["mo-fr 07:00-09:00; ph"]),
        ("destination", ["weight>7.5", "length>12"]),
    ]
    assert list(read_conditions("no @ winter")) == [("no", ["winter"])]


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ("weight>7.5", True),
        ("weight > 60", False),
        ("weightrating>=50", True),
        ("length<=12.4", False),
        ("maxaxleload>8", True),
        ("trailer", True),
        ("height<12'6\"", False),
        ("mo-fr 07:00-09:00", None),
        ("winter", None),
        ("weight>heavy", None),
    ],
)
def test_conditions_on_the_vehicle_are_decided(condition: str, answer: bool | None) -> None:
    assert holds_for(condition, TRUCK) is answer


@given(st.text(max_size=300))
def test_any_text_is_a_positive_number_or_unknown(text: str) -> None:
    for reader in (read_tonnes, read_metres, read_speed, read_minutes, read_interval):
        value = reader(text)
        assert value is None or value > 0
    for _, conditions in read_conditions(text):
        assert all(holds_for(part, TRUCK) in (True, False, None) for part in conditions)
