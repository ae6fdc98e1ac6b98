"""The permalink: choices there and back, and values that cannot be used."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.choices import CHOICES, LONGEST_VALUE, read_query, write_query
from dashboard.controls import describe_parameters
from dashboard.text import in_language
from geodata.parameters import ScenarioParameters
from geodata.schemas import ACTOR_TYPES, BASES

names = st.text(st.characters(categories=["L", "N"], include_characters="-_:"), min_size=1, max_size=20)


def several(options: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(options), unique=True).map(tuple)


choices = st.fixed_dictionaries(
    {
        "lang": st.sampled_from(["nb", "nn", "en"]),
        "data": st.sampled_from(["region", "practice"]),
        "own": st.booleans(),
        "network": st.lists(names, unique=True, max_size=4).map(tuple),
        "material": st.lists(names, unique=True, max_size=4).map(tuple),
        "basis": several(BASES),
        "actor": several(ACTOR_TYPES),
        "km": st.integers(5, 400).map(float),
        "score": st.integers(0, 100).map(float),
        "municipality": st.none() | st.from_regex(r"[0-9]{4}", fullmatch=True).filter(str.isascii),
        "near": st.booleans(),
        "near_km": st.integers(5, 150).map(float),
        "selected": st.none() | names,
        "mode": st.sampled_from(["facility", "container", "file"]),
        "facility": st.none() | names,
        "has": st.none() | names,
        "place": st.none() | names,
        "gives": st.sampled_from(["offer", "need"]),
    }
)


@given(choices)
def test_choices_survive_the_url(chosen: dict[str, object]) -> None:
    read, bad = read_query(write_query(chosen))
    assert bad == []
    assert {name: read[name] for name in chosen} == chosen


def test_defaults_give_a_bare_address() -> None:
    defaults = {name: choice.default for name, choice in CHOICES.items()}
    assert write_query(defaults) == {}
    assert read_query({}) == (defaults, [])


def test_the_url_holds_keys_and_no_labels() -> None:
    chosen = {"basis": ("reported", "modelled"), "km": 80.0, "near": True, "municipality": "5006"}
    assert write_query(chosen) == {
        "basis": "reported~modelled",
        "km": "80",
        "near": "1",
        "municipality": "5006",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("km", "abc"),
        ("km", "nan"),
        ("km", "1e9"),
        ("km", "-5"),
        ("score", "101"),
        ("near", "ja"),
        ("lang", "sv"),
        ("data", "../../etc/passwd"),
        ("basis", "reported~guessed"),
        ("county", "٥٠"),  # digits, but not ours
        ("municipality", "50060"),
        ("selected", "x" * (LONGEST_VALUE + 1)),
        ("facility", "a\x00b"),
        ("network", "~".join(f"n{k}" for k in range(61))),
        ("mode", "<img src=x onerror=alert(1)>"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_and_the_default_stands(name: str, value: str) -> None:
    read, bad = read_query({name: value, "near_km": "55"})
    assert [(b.name, b.value) for b in bad] == [(name, value[:LONGEST_VALUE])]
    assert read[name] == CHOICES[name].default
    assert read["near_km"] == 55.0


def test_a_decimal_comma_and_unknown_names_do_no_harm() -> None:
    read, bad = read_query({"km": "62,5", "utm_source": "post"})
    assert (read["km"], bad) == (62.5, [])


def test_every_parameter_is_described_with_unit_range_and_source() -> None:
    with in_language("nb"):
        rows = describe_parameters(ScenarioParameters(max_distance_km=1500.0))
    assert rows[0]["name"] == "Lengste avstand langs vei"
    assert rows[0]["value"].replace("\u202f", " ") == "1 500 km"
    assert rows[0]["range"].replace("\u202f", " ") == "1–2 000"
    assert all(row["source"] for row in rows)
