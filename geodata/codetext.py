"""Read the text of a waste code as people write it, before asking whether the code exists.

No table is needed here: :mod:`geodata.wastecodes` decides which of the candidate readings is a code.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from numbers import Real

_MAX_LENGTH = 200  # a cell holds a code and perhaps its title; the rest of a longer text is not read
_STARS = str.maketrans({"∗": "*", "⁎": "*", "٭": "*", "✱": "*", "★": "*"})
_LABEL = re.compile(
    r"^(?:(?:eal|ewc|low|eak|lov|avfallskode|avfallskoden|kode|code|nr|no|waste)[\s.:#-]*)+(?=[\d*])", re.I
)
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?e\+?0?[45]", re.I)
_WHOLE_FLOAT = re.compile(r"(\d{5,6})[.,]0+(\s*\*?)")
_LEADING = re.compile(r"\*?\s*(?P<figures>\d[\d\s.,;:/_|+&·-]*)(?P<star>\*?)(?P<rest>.*)", re.S)
_SIX = re.compile(r"(?<!\d)\d{2}[ .]?\d{2}[ .]?\d{2}(?!\d)")
_AND = re.compile(r"[\s,;]*(?:og|eller|samt|and|or)\b[\s:]*(?:eal\s*)?", re.I)
_LETTERS_AS_DIGITS = re.compile(r"\*?[\dOoIl](?:[\s.-]?[\dOoIl]){4,5}\s*\*?")
_DATE = re.compile(r"(?:19|20)(\d\d)-(\d\d)-(\d\d)(?:[ T]00:00(?::00(?:\.0+)?)?)?")
_EMPTY = {"", "-", "--", "na", "n/a", "none", "null", "nan", "ingen", "ukjent"}


class Shape(StrEnum):
    """What the text looks like."""

    EMPTY = "empty"
    CODE = "code"
    PREFIX = "prefix"  # a chapter (2 digits) or a subchapter (4 digits)
    SEVERAL = "several"
    MALFORMED = "malformed"


@dataclass(frozen=True)
class CodeReading:
    """A text read as a code.

    Attributes
    ----------
    shape : what the text looks like.
    candidates : digit strings the text can stand for, the most likely first; more than one only where
        a zero was lost and it is not clear where. For ``SEVERAL`` the codes found.
    star : an asterisk (the mark of hazardous waste) was written.
    repair : ``code.lost_zero``, ``code.number_format``, ``code.scientific``, ``code.date``,
        ``code.letter_for_digit`` or ``code.found_in_text``
        where the digits had to be mended, else None. Spaces, points and dashes need no mending.
    """

    shape: Shape
    candidates: tuple[str, ...] = ()
    star: bool = False
    repair: str | None = None


def clean_text(value: object) -> str:
    """Return `value` as one line of plain text: NFKC, no odd spaces or controls, at most 200 characters.

    None, NaN and <NA> give the empty text; whole numbers lose a trailing ``.0``; digits of any script
    become 0-9.
    """
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return ""
    if isinstance(value, Real) and not isinstance(value, bool):
        number = float(value)
        if math.isnan(number):
            return ""
        if number.is_integer() and abs(number) < 1e15:
            return str(int(number))
    text = unicodedata.normalize("NFKC", str(value)[:_MAX_LENGTH])
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if category == "Nd":
            kept.append(str(unicodedata.decimal(character)))
        elif category == "Pd" or character == "\u2212":
            kept.append("-")
        elif category[0] == "Z" or character in "\t\r\n":
            kept.append(" ")
        elif category[0] != "C":
            kept.append(character)
    return " ".join("".join(kept).split())


def read_code_text(value: object) -> CodeReading:
    """Read `value` (text or a number from a spreadsheet) as a waste code; see :class:`CodeReading`."""
    text = clean_text(value).translate(_STARS)
    text = text.removeprefix("=").strip(" '\"`´’()[]")
    if text.casefold() in _EMPTY:
        return CodeReading(Shape.EMPTY)
    text = _LABEL.sub("", text)
    if _SCIENTIFIC.fullmatch(text):
        return _read_figures(str(int(Decimal(text.replace(",", ".")))), star=False, repair="code.scientific")
    date = _DATE.fullmatch(text)
    if date:  # a spreadsheet took 17.05.03 for the 17th of May 2003
        year, month, day = date.groups()
        candidates = tuple(dict.fromkeys((day + month + year, month + day + year)))
        return CodeReading(Shape.CODE, candidates, repair="code.date")
    whole = _WHOLE_FLOAT.fullmatch(text)
    if whole:
        return _read_figures(
            whole[1],
            star="*" in whole[2],
            repair="code.number_format" if len(whole[1]) == 6 else "code.lost_zero",
        )
    repair = None
    if _LETTERS_AS_DIGITS.fullmatch(text) and re.search("[OoIl]", text):
        text = re.sub("[Il]", "1", re.sub("[Oo]", "0", text))
        repair = "code.letter_for_digit"
    match = _LEADING.fullmatch(text)
    if match is None:
        return _find_in_words(text)
    star = bool(match["star"]) or text.startswith("*")
    rest = match["rest"].strip()
    found = tuple(dict.fromkeys(re.sub(r"\D", "", hit) for hit in _SIX.findall(match["figures"])))
    listed = _AND.match(rest) if found else None  # `17 01 01 og 17 01 02`
    following = _SIX.match(rest.lstrip(" ,;/+&|-")) if match["star"] else None
    following = _SIX.match(rest[listed.end() :]) if listed else following
    if following:
        found += (re.sub(r"\D", "", following[0]),)
    if len(found) > 1:
        return CodeReading(Shape.SEVERAL, found, star)
    if rest and rest[0].isalnum() and not match["star"] and match["figures"][-1].isdigit():
        return CodeReading(Shape.MALFORMED)  # digits run into letters: 170503x
    star = star or rest.lstrip("( ").startswith("*")
    return _read_figures(match["figures"], star=star, repair=repair)


def _find_in_words(text: str) -> CodeReading:
    hits = list(_SIX.finditer(text))
    codes = tuple(dict.fromkeys(re.sub(r"\D", "", hit[0]) for hit in hits))
    if len(codes) > 1:
        return CodeReading(Shape.SEVERAL, codes, "*" in text)
    if len(hits) != 1 or re.search(r"\d", _SIX.sub("", text)):
        return CodeReading(Shape.MALFORMED)
    star = text[hits[0].end() :].lstrip("( ").startswith("*")
    return CodeReading(Shape.CODE, codes, star, "code.found_in_text")


def _read_figures(figures: str, *, star: bool, repair: str | None = None) -> CodeReading:
    groups = re.findall(r"\d+", figures)
    joined = "".join(groups)
    if len(groups) == 3 and max(map(len, groups)) <= 2:
        padded = "".join(group.zfill(2) for group in groups)
        return CodeReading(Shape.CODE, (padded,), star, repair or _lost(padded, joined))
    if len(joined) == 6:
        return CodeReading(Shape.CODE, (joined,), star, repair)
    if len(joined) == 5:
        candidates = ["0" + joined]
        if len(groups) == 2:
            first, second = groups
            if len(first) <= 2:
                candidates.append(first.zfill(2) + second.zfill(4))
            if len(second) <= 2:
                candidates.append(first.zfill(4) + second.zfill(2))
        unique = tuple(dict.fromkeys(candidates))
        return CodeReading(Shape.CODE, unique, star, repair or "code.lost_zero")
    if 1 <= len(joined) <= 4:
        padded = joined.zfill(2 if len(joined) <= 2 else 4)
        if len(groups) == 2 and max(map(len, groups)) <= 2:
            padded = "".join(group.zfill(2) for group in groups)
        return CodeReading(Shape.PREFIX, (padded,), star, repair or _lost(padded, joined))
    return CodeReading(Shape.MALFORMED, (joined,) if len(joined) == 7 else ())


def _lost(padded: str, written: str) -> str | None:
    return None if padded == written else "code.lost_zero"
