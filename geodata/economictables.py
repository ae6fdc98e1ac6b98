"""The rows that price a match, what a planner turned of them, and the look-up that both make.

A row is named by its key, ``name`` or ``name/subject`` (``gate_fee/clean_wood``). A subject is a material, a
group of materials (``group:wood``), a step, an R or D operation, what is replaced, a kind of vehicle or a way
to carry (``bulk``); an empty one stands for all that have no row of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from geodata.codetables import LANGUAGES, WasteCodes
from geodata.errors import InvalidTableError, ParameterError

PARAMETER_COLUMNS = (
    "name",
    "subject",
    "value",
    "low",
    "high",
    "unit",
    "year",
    "source",
    "meaning_nb",
    "meaning_nn",
    "meaning_en",
)
LINK_COLUMNS = ("material", "replaces", "usual_treatment")
REPLACED_COLUMNS = ("key", "label_nb", "label_nn", "label_en", "unit", "counted_by")
BY_DRY_MATTER = "dry_matter"
JUDGEMENT = "expert judgement"

EmissionBasis = Literal["WTW", "TTW"]
EMISSION_BASES: tuple[EmissionBasis, ...] = ("WTW", "TTW")
"""Well to wheel (a fuel's whole chain; products from cradle to gate) or tank to wheel (what leaves the pipe
or the stack itself). A figure is wholly of one kind; the two are never added."""


class Range(NamedTuple):
    """A figure with its least and greatest value; NaN in all three where it is not known."""

    low: float
    best: float
    high: float

    def __add__(self, other: Range) -> Range:  # type: ignore[override]
        """Add, end to end."""
        return Range(self.low + other.low, self.best + other.best, self.high + other.high)

    def __sub__(self, other: Range) -> Range:
        """Subtract: the least less the greatest."""
        return Range(self.low - other.high, self.best - other.best, self.high - other.low)

    def __mul__(self, other: Range) -> Range:  # type: ignore[override]
        """Multiply; right for figures of any sign."""
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        if any(end != end for end in ends):
            return UNKNOWN
        return Range(min(ends), self.best * other.best, max(ends))

    def __truediv__(self, other: Range) -> Range:
        """Divide by a figure that is greater than zero throughout; unknown where it is not."""
        if not other.low > 0:
            return UNKNOWN
        return self * Range(1 / other.high, 1 / other.best, 1 / other.low)

    @property
    def known(self) -> bool:
        """Whether the figure is known."""
        return self.best == self.best


UNKNOWN = Range(float("nan"), float("nan"), float("nan"))
NOTHING, WHOLE = Range(0.0, 0.0, 0.0), Range(1.0, 1.0, 1.0)


def _no_rows(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.array([], "string") for name in columns})


@dataclass(frozen=True, eq=False)
class EconomicTables:
    """Every figure that prices a match, checked once; ``loaders.economics.read_economics()`` reads them.

    Parameters
    ----------
    parameters : :data:`PARAMETER_COLUMNS`; value, low and high are numbers in `unit`, low <= value <= high.
        `low` and `high` are at once the range of doubt that a figure carries into every result and the
        range that a planner may choose from.
    links : material -> `replaces` (a key of `replaced`, "" unknown) and `usual_treatment` (an R or D
        operation, "" none: it is let out or used) where the owner has told
        neither. A kind inherits its parent's.
    replaced : key, label_nb, label_nn, label_en, unit (t or MWh) of what a stream may replace; `counted_by`
        is ``dry_matter`` where a wet product stands for its dry matter only (feed, fertiliser), else "".
    digest : SHA-256 of the content; made here where it is not given.

    Raises
    ------
    InvalidTableError
        ``table.column_missing``, ``table.duplicate_id`` or ``economics.range`` (low <= value <= high fails,
        or a number is missing).
    """

    parameters: pd.DataFrame
    digest: str = ""
    links: pd.DataFrame = field(default_factory=lambda: _no_rows(LINK_COLUMNS))
    replaced: pd.DataFrame = field(default_factory=lambda: _no_rows(REPLACED_COLUMNS))

    def __post_init__(self) -> None:
        for table, columns in (
            ("parameters", PARAMETER_COLUMNS),
            ("links", LINK_COLUMNS),
            ("replaced", REPLACED_COLUMNS),
        ):
            for column in columns:
                if column not in getattr(self, table):
                    raise InvalidTableError("table.column_missing", table=table, column=column)
        keys = list_keys(self.parameters)
        if keys.duplicated().any():
            first = str(keys[keys.duplicated()].iloc[0])
            raise InvalidTableError("table.duplicate_id", table="parameters", column="name", value=first)
        low, value, high = (self.parameters[name].astype("float64") for name in ("low", "value", "high"))
        wrong = ~((low <= value) & (value <= high) & np.isfinite(low) & np.isfinite(high))
        if wrong.any():
            at = int(np.flatnonzero(wrong.to_numpy())[0])
            raise InvalidTableError(
                "economics.range",
                name=str(keys.iloc[at]),
                value=float(value.iloc[at]),
                low=float(low.iloc[at]),
                high=float(high.iloc[at]),
            )
        if not self.digest:
            object.__setattr__(self, "digest", self._make_digest())

    def _make_digest(self) -> str:
        made = hashlib.sha256()
        for frame, columns in (
            (self.parameters, PARAMETER_COLUMNS),
            (self.links, LINK_COLUMNS),
            (self.replaced, REPLACED_COLUMNS),
        ):
            made.update(frame[list(columns)].to_csv(index=False).encode())
        return made.hexdigest()


@dataclass(frozen=True)
class EconomicChoices:
    """What a planner turned; hashable, so that it goes into cache keys and links.

    Parameters
    ----------
    overrides : key and value, ``("gate_fee/clean_wood", 900.0)``; the later wins. A chosen figure has no
        range of doubt of its own: it is what the planner says.
    empty_return : count the way back (time, kilometres, ferries and tolls), by the share of it that is driven
        empty (``empty_return_share``).
    vehicle : a kind of vehicle for everything on lorries (``semi_trailer``); "" the usual one for the
        material, and the tariff for masses where the table has one.
    emission_basis : which emissions are counted throughout, see :data:`EMISSION_BASES`.

    Values are checked against the tables where they are used: :func:`check_choices`.
    """

    overrides: tuple[tuple[str, float], ...] = ()
    empty_return: bool = True
    vehicle: str = ""
    emission_basis: EmissionBasis = "WTW"

    def __post_init__(self) -> None:
        if self.emission_basis not in EMISSION_BASES:
            raise ParameterError("parameter.unknown", name=f"emission_basis/{self.emission_basis}"[:120])


def list_keys(parameters: pd.DataFrame) -> pd.Series:
    """Return the key of each row: ``name/subject``, or ``name`` where the subject is empty."""
    name, subject = parameters["name"].astype("object"), parameters["subject"].astype("object")
    return pd.Series(
        [f"{n}/{s}" if isinstance(s, str) and s else str(n) for n, s in zip(name, subject, strict=True)],
        index=parameters.index,
        dtype="object",
    )


class Figures:
    """The figures in force: the tables with a planner's choices laid over them.

    Raises
    ------
    ParameterError
        ``parameter.unknown`` for a key or vehicle that the tables do not have, ``parameter.range`` for a
        value outside the row's range (name, value, low, high).
    """

    def __init__(self, tables: EconomicTables, choices: EconomicChoices, codes: WasteCodes) -> None:
        ranges, units = _read_rows(tables)
        self.ranges, self.units = dict(ranges), dict(units)
        self.codes, self.choices = codes, choices
        self._lines: dict[str, tuple[str, ...]] = {}
        self._groups = read_texts(codes, "group")
        self._subjects = {key.partition("/")[2] for key in ranges} | set(codes.ancestors)
        if choices.vehicle and f"payload_limit_t/{choices.vehicle}" not in self.ranges:
            raise ParameterError("parameter.unknown", name=f"vehicle/{choices.vehicle}"[:120])
        chosen: dict[str, Range] = {}
        for key, value in choices.overrides:
            allowed = self.allow(key)
            if not allowed.low <= value <= allowed.high:  # also refuses NaN
                raise ParameterError(
                    "parameter.range", name=key, value=float(value), low=allowed.low, high=allowed.high
                )
            chosen[key] = Range(float(value), float(value), float(value))
        for key in chosen:
            self.units.setdefault(key, self._inherit(key)[1])
        self.ranges |= chosen

    def allow(self, key: str) -> Range:
        """Return the range a planner may choose from for `key`, its own row's or the one it inherits."""
        return self._inherit(key)[0]

    def _inherit(self, key: str) -> tuple[Range, str]:
        name, _slash, subject = key.partition("/")
        if key in self.ranges:
            return self.ranges[key], self.units[key]
        if subject in self._subjects:
            for found in (*(f"{name}/{kind}" for kind in self.line(subject)), name):
                if found in self.ranges:
                    return self.ranges[found], self.units[found]
        raise ParameterError("parameter.unknown", name=key[:120])

    def line(self, material: str) -> tuple[str, ...]:
        """Return the material, what stands above it, and its group: whose row is taken, in this order."""
        if material not in self._lines:
            group = self._groups.get(material)
            above = self.codes.ancestors.get(material, ())
            self._lines[material] = (material, *above, *([f"group:{group}"] if group else []))
        return self._lines[material]

    def find(self, name: str, subjects: Iterable[str] = ()) -> tuple[Range, str]:
        """Return the first row there is among `subjects` and then "", with its key; ``UNKNOWN`` and the key
        of the first subject where there is none."""
        asked = ""
        for subject in subjects:
            key = f"{name}/{subject}" if subject else name
            asked = asked or key
            if key in self.ranges:
                return self.ranges[key], key
        if name in self.ranges:
            return self.ranges[name], name
        return UNKNOWN, asked or name

    def unit_of(self, key: str) -> str:
        """Return what the row counts by: the part of its unit after the first slash (t, MWh, km ...)."""
        return self.units.get(key, "").partition("/")[2]


@lru_cache(maxsize=4)
def _read_rows(tables: EconomicTables) -> tuple[dict[str, Range], dict[str, str]]:
    """Return range and unit by key."""
    rows, keys = tables.parameters, list_keys(tables.parameters).tolist()
    numbers = (rows[name].astype("float64").tolist() for name in ("low", "value", "high"))
    ranges = {key: Range(*ends) for key, *ends in zip(keys, *numbers, strict=True)}
    return ranges, dict(zip(keys, rows["unit"].astype("object").tolist(), strict=True))


@lru_cache(maxsize=16)
def read_texts(codes: WasteCodes, column: str) -> dict[str, str]:
    """Return a column of the material vocabulary by material; "" where nothing stands."""
    values = codes.materials[column].astype("object").fillna("").tolist()
    return dict(zip(codes.materials["material"].astype("object").tolist(), values, strict=True))


def check_choices(choices: EconomicChoices, *, tables: EconomicTables, codes: WasteCodes) -> None:
    """Raise ParameterError where a choice does not fit the tables (see :class:`Figures`)."""
    Figures(tables, choices, codes)


def describe_parameters(
    tables: EconomicTables, language: str = "nb", *, choices: EconomicChoices | None = None
) -> pd.DataFrame:
    """Return the rows as a person reads them, in the tables' order.

    Columns: key, name, subject, value, low, high, unit, year, source, meaning (in `language`: nb, nn or en),
    judged (whether the figure rests on judgement alone), chosen (the value in force with `choices`).
    """
    rows = tables.parameters
    said = f"meaning_{language if language in LANGUAGES else LANGUAGES[0]}"
    columns = ["name", "subject", "value", "low", "high", "unit", "year", "source"]
    out = rows[columns].reset_index(drop=True)
    out.insert(0, "key", list_keys(out).astype("string"))
    out["meaning"] = rows[said].to_numpy()
    out["judged"] = out["source"].astype("string").str.startswith(JUDGEMENT).astype("boolean")
    turned: Mapping[str, float] = dict(choices.overrides) if choices is not None else {}
    values = out["value"].astype("float64").tolist()
    out["chosen"] = [turned.get(key, value) for key, value in zip(out["key"].tolist(), values, strict=True)]
    return out
