"""Scenario against scenario: how much of each difference comes from each thing that was changed.

A scenario is a mapping of names to values (``empty_return`` -> False, ``max_km`` -> 80, ``goal`` ->
``carbon`` ...). Whatever differs is a change. The contributions of the changes to an indicator add up to its
difference:

- up to :data:`SHAPLEY_MOST` changes: **Shapley values**. Each change bears its mean effect over all orders in
  which the changes could be made; the result does not hang on any order. 2^n evaluations.
- more: **telescoping**. The changes are made one after the other in the order they are stated, and each bears
  the step it makes; another order would share the differences otherwise. n + 1 evaluations.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, fsum
from typing import Literal

import pandas as pd

from geodata.economictables import EconomicChoices, EmissionBasis
from geodata.errors import ParameterError

Scenario = Mapping[str, Hashable]
Evaluate = Callable[[dict[str, Hashable]], Mapping[str, float]]
Method = Literal["shapley", "telescoping"]

SHAPLEY_MOST = 5
"""Most changes whose orders are all looked at: 32 evaluations."""
COMPARISON_COLUMNS = ("change", "indicator", "contribution")
TOTAL = ""
"""The `change` of the rows that hold the whole difference."""
_OVERRIDE = "override:"


@dataclass(frozen=True, eq=False)
class Comparison:
    """What a comparison found.

    Attributes
    ----------
    contributions : one row a change and indicator, in the order of the changes: :data:`COMPARISON_COLUMNS`;
        for each indicator a last row with `change` :data:`TOTAL` and the difference. <NA> where the indicator
        is not known in some scenario that is needed.
    changes : name, base, changed (as text; <NA> where the name is not there).
    base, changed : indicators of the two scenarios.
    method : ``shapley`` or ``telescoping``.
    evaluations : scenarios that were worked out.
    """

    contributions: pd.DataFrame
    changes: pd.DataFrame
    base: dict[str, float]
    changed: dict[str, float]
    method: Method
    evaluations: int


def compare_plans(
    base: Scenario,
    changed: Scenario,
    evaluate: Evaluate,
    *,
    order: Sequence[str] | None = None,
    together: Mapping[str, str] | None = None,
    shapley_most: int = SHAPLEY_MOST,
) -> Comparison:
    """Share each indicator's difference between two scenarios among what was changed.

    Parameters
    ----------
    base, changed : the two scenarios. A name that only one of them has is a change too (set or taken away).
    evaluate : indicators of a scenario that has some of the changes; it must give the same for the same.
        An indicator that lacks or is NaN is not known.
    order : names in the order they are made when telescoping, and listed; those left out follow in the order
        of the scenarios.
    together : name -> name of the change it belongs to, for values that only make sense at once.
    shapley_most : most changes for Shapley values.

    Returns
    -------
    Contributions that add up to the difference, but for the last digits of floating point (1e-9 relative).

    Raises
    ------
    ParameterError
        ``comparison.unknown_change`` where `order` or `together` names what was not changed.
    """
    groups = _find_changes(base, changed, order=order or (), together=together or {})
    names = list(groups)
    known: dict[frozenset[str], dict[str, float]] = {}

    def work_out(made: frozenset[str]) -> dict[str, float]:
        if made not in known:
            found = evaluate(_mix(base, changed, [key for name in made for key in groups[name]]))
            known[made] = {str(name): float(value) for name, value in found.items()}
        return known[made]

    first, last = work_out(frozenset()), work_out(frozenset(names))
    method: Method = "shapley" if len(names) <= shapley_most else "telescoping"
    indicators = list(dict.fromkeys([*first, *last]))
    shares = _share_all(names, indicators, work_out) if method == "shapley" else {}
    if method == "telescoping":
        steps = [work_out(frozenset(names[:count])) for count in range(len(names) + 1)]
        for at, name in enumerate(names):
            for indicator in indicators:
                shares[name, indicator] = _value(steps[at + 1], indicator) - _value(steps[at], indicator)
    rows = [(name, indicator, shares[name, indicator]) for name in names for indicator in indicators]
    rows += [
        (TOTAL, indicator, _value(last, indicator) - _value(first, indicator)) for indicator in indicators
    ]
    table = pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS))
    return Comparison(
        contributions=table.astype({"change": "string", "indicator": "string", "contribution": "Float64"}),
        changes=_tabulate_changes(groups, base, changed),
        base=first,
        changed=last,
        method=method,
        evaluations=len(known),
    )


def spread_choices(choices: EconomicChoices) -> dict[str, Hashable]:
    """Return economic choices as a scenario: one name for each override and each switch."""
    scenario: dict[str, Hashable] = {f"{_OVERRIDE}{key}": value for key, value in choices.overrides}
    return scenario | {
        "empty_return": choices.empty_return,
        "vehicle": choices.vehicle,
        "emission_basis": choices.emission_basis,
    }


def gather_choices(scenario: Scenario) -> EconomicChoices:
    """Return the economic choices in a scenario, the opposite of :func:`spread_choices`."""
    overrides = [
        (name.removeprefix(_OVERRIDE), float(value))
        for name, value in scenario.items()
        if name.startswith(_OVERRIDE) and isinstance(value, int | float)
    ]
    plain = EconomicChoices()
    basis: EmissionBasis = "TTW" if scenario.get("emission_basis") == "TTW" else "WTW"
    return EconomicChoices(
        overrides=tuple(sorted(overrides)),
        empty_return=bool(scenario.get("empty_return", plain.empty_return)),
        vehicle=str(scenario.get("vehicle", plain.vehicle)),
        emission_basis=basis,
    )


_ABSENT = object()


def _find_changes(
    base: Scenario, changed: Scenario, *, order: Sequence[str], together: Mapping[str, str]
) -> dict[str, list[str]]:
    """Return name of the change -> the names it sets, in order."""
    keys = list(dict.fromkeys([*base, *changed]))
    differ = [key for key in keys if _differs(base.get(key, _ABSENT), changed.get(key, _ABSENT))]
    groups: dict[str, list[str]] = {}
    for key in differ:
        groups.setdefault(together.get(key, key), []).append(key)
    for name in order:
        if name not in groups and name not in keys:
            raise ParameterError("comparison.unknown_change", name=str(name)[:120])
    for key in together:
        if key not in keys:
            raise ParameterError("comparison.unknown_change", name=str(key)[:120])
    ordered = [name for name in dict.fromkeys(order) if name in groups]
    return {name: groups[name] for name in [*ordered, *(name for name in groups if name not in ordered)]}


def _differs(one: object, other: object) -> bool:
    return one != other or isinstance(one, bool) != isinstance(
        other, bool
    )  # True == 1, but no number is meant


def _mix(base: Scenario, changed: Scenario, keys: list[str]) -> dict[str, Hashable]:
    """Return the base with the changed values of `keys`."""
    mixed = dict(base)
    for key in keys:
        if key in changed:
            mixed[key] = changed[key]
        else:
            mixed.pop(key, None)
    return mixed


def _value(indicators: Mapping[str, float], name: str) -> float:
    return indicators.get(name, float("nan"))


def _share_all(
    names: list[str], indicators: list[str], work_out: Callable[[frozenset[str]], dict[str, float]]
) -> dict[tuple[str, str], float]:
    """Shapley values: for each change the weighted mean of its effect over all sets of the others."""
    shares: dict[tuple[str, str], float] = {}
    count = len(names)
    for name in names:
        others = [other for other in names if other != name]
        pairs = [
            (1 / (count * comb(count - 1, size)), frozenset(made))
            for size in range(count)
            for made in combinations(others, size)
        ]
        for indicator in indicators:
            shares[name, indicator] = fsum(
                weight * (_value(work_out(made | {name}), indicator) - _value(work_out(made), indicator))
                for weight, made in pairs
            )
    return shares


def _tabulate_changes(groups: dict[str, list[str]], base: Scenario, changed: Scenario) -> pd.DataFrame:
    def tell(scenario: Scenario, keys: list[str]) -> str | None:
        values = [str(scenario[key]) for key in keys if key in scenario]
        return ", ".join(values) if values else None

    rows = [(name, tell(base, keys), tell(changed, keys)) for name, keys in groups.items()]
    return pd.DataFrame(rows, columns=["name", "base", "changed"]).astype("string")
