# ruff: noqa: E501, SIM905  (word lists are easier to read in whole lines)
"""Amounts and numbers as people write them: ``106 750,0 kg``, ``ca. 500``, ``500-700 t``, ``< 5``,
``1.234,5``.

A separator that could be a decimal mark or a thousands mark (``1.234``) is settled by the other values
of its column;
where they do not settle it the value is marked ambiguous, so that it can be told.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from loaders.rawtables import Cell

UNKNOWN_WORDS = frozenset(
    (
        "|-|--|---|–|—|n/a|n.a.|n.a|i/t|#i/t|#n/a|ukjent|ukjend|unknown|uvisst|vet ikke|veit ikkje|ikke kjent|ikkje kjend"
        "|ikke oppgitt|ikkje oppgitt|ikke angitt|mangler|manglar|missing|not known|not given|don't know|?|??|???|nan|null"
        "|none|tbd|ikke målt|ikkje målt|varierer|.|…|..."
    ).split("|")
)
"""Texts that say nothing is known. ``NA`` is not among them: a place may be called so."""

UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(
        ("t", "tonn", "tonne", "tonnes", "tons", "ton", "metric tons", "metric tonnes"), ("t", 1.0)
    ),
    **dict.fromkeys(("kg", "kilo", "kilogram", "kgs"), ("t", 0.001)),
    **dict.fromkeys(
        ("kt", "kilotonn", "kilotonne", "kilotonnes", "tusen tonn", "1000 tonn", "1000 t"), ("t", 1000.0)
    ),
    "mwh": ("MWh", 1.0),
    "kwh": ("MWh", 0.001),
    "gwh": ("MWh", 1000.0),
    "twh": ("MWh", 1_000_000.0),
    **dict.fromkeys(
        (
            "m3",
            "sm3",
            "nm3",
            "kbm",
            "kubikk",
            "kubikkmeter",
            "cubic metres",
            "cubic meters",
            "lm3",
            "fm3",
            "am3",
        ),
        ("m3", 1.0),
    ),
    **dict.fromkeys(("l", "liter", "litre", "litres", "liters", "ltr"), ("m3", 0.001)),
    "hl": ("m3", 0.1),
}
"""Unit as written (lower case) -> the schema's unit and the factor to it."""

PERIODS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("år", "aar", "yr", "year", "annum", "a", "årlig", "årleg", "yearly"), ("year", 1.0)),
    **dict.fromkeys(("mnd", "måned", "månad", "month", "mth", "månedlig", "månadleg"), ("month", 12.0)),
    **dict.fromkeys(("kvartal", "quarter"), ("quarter", 4.0)),
    **dict.fromkeys(("uke", "veke", "week", "wk", "ukentlig"), ("week", 52.0)),
    **dict.fromkeys(("døgn", "dag", "day", "daglig", "dagleg"), ("day", 365.0)),
}

_NUMBER = r"\d[\d ]*(?:[.,'’]\d+)*"
_WHOLE = re.compile(rf"(?P<sign>[-+]?)\s*(?P<number>{_NUMBER}(?:e[+-]?\d+)?)\s*(?P<tail>\D.*)?")
_RANGE = re.compile(
    rf"(?:mellom|between|fra|frå|from)?\s*(?P<low>{_NUMBER})\s*(?P<unit>[^\d\s.,-][^\d-]*?)?"
    rf"\s*(?:-|til|to|og|and|\.\.\.?|/)\s*(?P<high>{_NUMBER})\s*(?P<tail>\D.*)?"
)
_ABOUT = re.compile(
    r"(?:(?:ca|cirka|circa|omtrent|omlag|om lag|omkring|rundt|kring|about|approx|approximately|around|roughly|est"
    r"|estimert|anslagsvis|anslått)\b\.?|[~≈±])\s*:?\s*"
)
_BELOW = re.compile(
    r"(?:<=?|≤|(?:under|mindre enn|mindre enn|maks|maksimalt|maksimum|max|inntil|inntil|opp til|opptil|høyst|høgst|up to"
    r"|less than|below|at most|maximum)\b\.?)\s*"
)
_ABOVE = re.compile(
    r"(?:>=?|≥|(?:over|mer enn|meir enn|minst|minimum|min|more than|at least|above|fra|frå|from)\b\.?)\s*"
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ t].*)?|\d{1,2}\.\d{1,2}\.(?:19|20)\d{2}")
_GROUPED = re.compile(r"\d{1,3}(?: \d{3})+(?:[.,]\d+)?")
_AMBIGUOUS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")


@dataclass(frozen=True)
class NumberStyle:
    """What the other values of a column tell about its marks.

    Attributes
    ----------
    decimal : marks (``,`` ``.``) that are certainly decimal marks somewhere in the column.
    thousands : marks that certainly part thousands somewhere in the column.
    point_is_decimal : how an undecided point is read (a comma-separated file was written by a program).
    """

    decimal: frozenset[str] = frozenset()
    thousands: frozenset[str] = frozenset()
    point_is_decimal: bool = False


@dataclass(frozen=True)
class Quantity:
    """One cell read as an amount; all three numbers None: unknown.

    Attributes
    ----------
    unit : unit as written inside the value (lower case), or empty.
    period : ``year``, ``month`` ... as written inside the value, or empty.
    approximate : ``ca.`` and the like stood there.
    ambiguous : the mark could be a decimal or a thousands mark and nothing in the column tells which.
    decimal_comma : a comma was read as the decimal mark.
    problem : ``amount.unreadable``, ``amount.date`` or None.
    """

    low: float | None = None
    best: float | None = None
    high: float | None = None
    unit: str = ""
    period: str = ""
    approximate: bool = False
    ambiguous: bool = False
    decimal_comma: bool = False
    problem: str | None = None


@lru_cache(maxsize=200_000, typed=True)
def clean_words(value: Cell) -> str:
    """Return the cell as one line: NFKC (NBSP and thin spaces become spaces), dashes as ``-``, no
    control marks."""
    if value is None:
        return ""
    text = str(value)
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = unicodedata.normalize("NFKC", text)
    text = "".join(
        "-" if unicodedata.category(char) == "Pd" or char == "\u2212" else char
        for char in text
        if unicodedata.category(char) not in ("Cf", "Co", "Cs")
    )
    return " ".join(text.split())


def is_unknown(value: Cell) -> bool:
    """Tell whether the cell is empty or says in words that nothing is known."""
    return value is None or (isinstance(value, str) and clean_words(value).casefold() in UNKNOWN_WORDS)


def find_number_style(values: Iterable[Cell], *, point_is_decimal: bool = False) -> NumberStyle:
    """Return what the texts of one column show about their decimal and thousands marks."""
    decimal: set[str] = set()
    thousands: set[str] = set()
    for value in values:
        if not isinstance(value, str) or _DATE.fullmatch(clean_words(value)):
            continue
        for token in re.findall(r"\d[\d .,'’]*\d|\d", clean_words(value)):
            marks = re.findall(r"[.,]", token)
            if not marks or (token.count(" ") and not _GROUPED.fullmatch(token)):
                continue
            if len(set(marks)) == 2:
                decimal.add(marks[-1])
                thousands.add(marks[0])
            elif len(marks) > 1:
                thousands.add(marks[0])
            elif " " in token or not _AMBIGUOUS.fullmatch(token):
                decimal.add(marks[0])
    return NumberStyle(frozenset(decimal), frozenset(thousands), point_is_decimal)


def read_number(token: str, style: NumberStyle) -> tuple[float | None, bool, bool]:
    """Return (value, ambiguous, decimal comma) of an unsigned number's text; value None where it is
    malformed."""
    token = token.strip()
    if re.fullmatch(r"\d+(?:[.,]\d+)?e[+-]?\d+", token):
        return float(token.replace(",", ".")), False, "," in token
    if " " in token:
        if not _GROUPED.fullmatch(token):
            return None, False, False
        token = token.replace(" ", "")
        comma = "," in token
        return float(token.replace(",", ".")), False, comma
    if re.search("['’]", token):
        if not re.fullmatch(r"\d{1,3}(?:['’]\d{3})+(?:[.,]\d+)?", token):
            return None, False, False
        token = re.sub("['’]", "", token)
        return float(token.replace(",", ".")), False, "," in token
    marks = re.findall(r"[.,]", token)
    if not marks:
        return float(token), False, False
    if len(set(marks)) == 2:
        thousands, last = marks[0], marks[-1]
        if marks.count(last) > 1 or not re.fullmatch(rf"\d{{1,3}}(?:\{thousands}\d{{3}})+\{last}\d+", token):
            return None, False, False
        return float(token.replace(thousands, "").replace(last, ".")), False, last == ","
    mark = marks[0]
    if len(marks) > 1:
        if not re.fullmatch(rf"\d{{1,3}}(?:\{mark}\d{{3}})+", token):
            return None, False, False
        return float(token.replace(mark, "")), False, False
    as_decimal, as_thousands = float(token.replace(mark, ".")), float(token.replace(mark, ""))
    if not _AMBIGUOUS.fullmatch(token):
        return as_decimal, False, mark == ","
    if mark in style.decimal and mark not in style.thousands:
        return as_decimal, False, mark == ","
    if mark in style.thousands and mark not in style.decimal:
        return as_thousands, False, False
    other = "," if mark == "." else "."
    if other in style.decimal:
        return as_thousands, True, False
    if mark == "." and not style.point_is_decimal:
        return as_thousands, True, False
    return as_decimal, True, mark == ","


def read_tail(tail: str) -> tuple[str, str] | None:
    """Return (unit, period) of what stands behind a number (``kg``, ``tonn/år``, ``t pr mnd``), None if
    it is neither."""
    text = tail.strip(" .,;:()").casefold().replace("m^3", "m3").replace("³", "3")
    if not text:
        return "", ""
    parts = re.split(r"\s*(?:/|\bper\b|\bpr\b\.?|\bi\b|\bhver\b|\bkvar\b)\s*", text)
    unit = parts[0].strip(" .")
    period = parts[1].strip(" .") if len(parts) > 1 else ""
    if not period and unit not in UNITS:
        words = unit.rsplit(" ", 1)
        if len(words) == 2 and words[1] in PERIODS:
            unit, period = words[0], words[1]
    if unit and unit not in UNITS:
        return None
    if period and period not in PERIODS:
        return None
    return unit, PERIODS[period][0] if period else ""


@lru_cache(maxsize=200_000, typed=True)
def read_quantity(value: Cell, style: NumberStyle) -> Quantity:
    """Return `value` (a spreadsheet's number or text) as a :class:`Quantity`; nothing is thrown for any
    text."""
    if is_unknown(value):
        return Quantity()
    if isinstance(value, bool):
        return Quantity(problem="amount.unreadable")
    if isinstance(value, int | float):
        return Quantity(best=float(value))
    text = clean_words(value).casefold().strip("\"'“”„«»’‘ ")
    if text in ("na", "ingen data", "no data"):
        return Quantity()
    if _DATE.fullmatch(text):
        return Quantity(problem="amount.date")
    approximate = False
    if found := _ABOUT.match(text):
        approximate, text = True, text[found.end() :]
    if re.fullmatch(r"\(\s*\d[^()]*\)", text):  # an accountant's negative
        text = "-" + text.strip("() ")
    elif re.fullmatch(r"\d[\d .,]*-", text):  # some accounting programs put the sign last
        text = "-" + text.rstrip("- ")
    if spread := _RANGE.fullmatch(text):
        return _read_range(spread, style, approximate=approximate)
    bound = ""
    if found := _BELOW.match(text):
        bound, text = "below", text[found.end() :]
    elif found := _ABOVE.match(text):
        bound, text = "above", text[found.end() :]
    elif text.endswith("+"):
        bound, text = "above", text[:-1]
    if found := _ABOUT.match(text):
        approximate, text = True, text[found.end() :]
    whole = _WHOLE.fullmatch(text)
    tail = read_tail(whole["tail"] or "") if whole else None
    if whole is None or tail is None:
        return Quantity(problem="amount.unreadable")
    number, ambiguous, comma = read_number(whole["number"], style)
    if number is None or not math.isfinite(number):
        return Quantity(problem="amount.unreadable")
    number = -number if whole["sign"] == "-" else number
    unit, period = tail
    return Quantity(
        low=number if bound == "above" else None,
        best=None if bound else number,
        high=number if bound == "below" else None,
        unit=unit,
        period=period,
        approximate=approximate,
        ambiguous=ambiguous,
        decimal_comma=comma,
    )


def _read_range(spread: re.Match[str], style: NumberStyle, *, approximate: bool) -> Quantity:
    tail = read_tail(spread["tail"] or "")
    first_unit = read_tail(spread["unit"] or "")
    low, low_unsure, low_comma = read_number(spread["low"], style)
    high, high_unsure, high_comma = read_number(spread["high"], style)
    if tail is None or first_unit is None or low is None or high is None:
        return Quantity(problem="amount.unreadable")
    if first_unit[0] and tail[0] and first_unit[0] != tail[0]:
        return Quantity(problem="amount.unreadable")
    return Quantity(
        low=low,
        high=high,
        unit=tail[0] or first_unit[0],
        period=tail[1],
        approximate=approximate,
        ambiguous=low_unsure or high_unsure,
        decimal_comma=low_comma or high_comma,
    )


_DMS = re.compile(
    r"(?P<before>[nsøeovw])?\s*(?P<degrees>\d{1,3})\s*(?:°|º|grader|deg)\s*(?:(?P<minutes>\d{1,2}(?:[.,]\d+)?)\s*['’′]\s*)?"
    r"(?:(?P<seconds>\d{1,2}(?:[.,]\d+)?)\s*(?:\"|”|″|''|’’)\s*)?(?P<after>[nsøeovw])?"
)


def read_coordinate(value: Cell) -> tuple[float | None, bool]:
    """Return (number, readable) of a coordinate cell: decimal comma or point, spaces,
    degrees-minutes-seconds.

    An empty cell gives (None, True). West and south are negative; ``ø``, ``o`` and ``e`` are east, ``v``
    west.
    """
    if is_unknown(value):
        return None, True
    if isinstance(value, bool):
        return None, False
    if isinstance(value, int | float):
        return float(value), True
    text = clean_words(value).casefold()
    if found := _DMS.fullmatch(text):
        degrees = float(found["degrees"])
        degrees += float((found["minutes"] or "0").replace(",", ".")) / 60
        degrees += float((found["seconds"] or "0").replace(",", ".")) / 3600
        side = found["before"] or found["after"] or ""
        return (-degrees if side in ("s", "v", "w") else degrees), True
    side = ""
    if found2 := re.fullmatch(
        r"(?P<a>[nsøeovw])?\s*(?P<n>[-+]?[\d .,]+?)\s*(?:°|º|m|meter)?\s*(?P<b>[nsøeovw])?", text
    ):
        text, side = found2["n"].strip(), found2["a"] or found2["b"] or ""
    sign = -1.0 if text.startswith("-") or side in ("s", "v", "w") else 1.0
    token = text.lstrip("+-").replace(" ", "")
    if token.count(",") + token.count(".") <= 1 and re.fullmatch(r"\d+(?:[.,]\d+)?", token):
        return sign * float(token.replace(",", ".")), True
    number, _, _ = (
        read_number(token, NumberStyle()) if re.fullmatch(r"\d[\d.,]*", token) else (None, False, False)
    )
    return (None, False) if number is None else (sign * number, True)
