# ruff: noqa: E501, SIM905  (word lists are easier to read in whole lines)
"""Units as suppliers' reports write them: ``TO``, ``KGM``, ``kg netto``, ``Mengde (tonner)``."""

from __future__ import annotations

import re

from loaders.headers import plain_text
from loaders.quantities import UNITS

UNIT_WORD = re.compile(
    r"\b(?:kg|kgs|kgm|kilo|kilos|kilogram|tonn|tonne|tonner|tonnes|tons?|t|m3|m³|kubikk|liter|stk)\b\.?"
    r"|(?<=[(\[])\s*(?:to|tn|tne|mt|ltr|l)\.?\s*(?=[)\]])",
    re.IGNORECASE,
)
"""Words so short that they may be others (``to``) are units in brackets only."""


def find_unit(text: str) -> str:
    """Return the unit that stands in a header as written, small letters, or an empty text."""
    found = UNIT_WORD.search(text)
    return found[0].casefold().replace("³", "3").strip(" .") if found else ""


def known_unit(text: str) -> tuple[str, float] | None:
    """Return (schema unit, factor) of a unit as written, ``("", 0)`` for pieces, None where it is not known."""
    word = plain_text(text).casefold().replace("³", "3").replace("m^3", "m3").strip(" .()[]")
    word = _A_YEAR.sub("", word)
    if word in _PIECES:
        return "", 0.0
    known = UNITS.get(_SUPPLIERS_UNITS.get(word, word))
    if known is None and not _NO_PLAIN_UNIT.search(word):  # ``kg netto``, ``Kilogram (kg)``
        found = {UNITS.get(_SUPPLIERS_UNITS.get(part, part)) for part in re.findall(r"\w+", word)} - {None}
        known = found.pop() if len(found) == 1 and find_unit(word) else None
    return known


_A_YEAR = re.compile(r"\s*(?:/|\b(?:per|pr)\b\.?)\s*(?:år|year|yr)$")
_NO_PLAIN_UNIT = re.compile(r"(?<!m)\d|/|\b(?:per|pr)\b")


_SUPPLIERS_UNITS: dict[str, str] = {
    **dict.fromkeys(("to", "tn", "tne", "mt", "tonner", "metrisk tonn", "metriske tonn"), "t"),
    "1000 kg": "t",
    **dict.fromkeys(("kgm", "kilos", "kilogramm"), "kg"),
    **dict.fromkeys(("mtq", "m 3", "kubikkmeter", "kubikk meter", "cbm"), "m3"),
    **dict.fromkeys(("literer", "lit", "lt"), "l"),
}
"""Units as suppliers' systems write them, with the codes of UN/ECE's recommendation 20 -> the usual word."""
_PIECES = frozenset(
    "st stk stykk stykker pcs pce ea h87 c62 enheter antall kolli tømming tømminger henting hentinger tur turer sekk sekker"
    " storsekk storsekker dunk dunker fat kasse kasser pall paller beholder beholdere container containere bur time timer"
    " dag dager døgn uke uker mnd måned måneder".split()
)
"""What is counted and has no weight."""
