"""The European List of Waste (EAL) and the material vocabulary: parse, look up, relate.

The tables come in as one frozen :class:`WasteCodes` (``loaders.codes.read_waste_codes()``). A code is kept
as six digits without spaces; two digits are a chapter, four a subchapter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.codetables import ENTRIES, LANGUAGES, WasteCodes
from geodata.codetext import Shape, read_code_text
from geodata.materials import (
    material_label,
    materials_related,
    normalise_material,
    normalise_material_column,
    tabulate_relations,
)


@dataclass(frozen=True)
class ParsedCode:
    """What a text said about a waste code.

    Attributes
    ----------
    code : six digits (or 2 or 4 where prefixes were asked for), or None: nothing written, or not certain.
    star : an asterisk was written.
    repaired : the digits were mended (a lost zero, a spreadsheet's number), see `repair`: tell the reader.
    problem : None, or ``code.unknown``, ``code.malformed``, ``code.several``, ``code.incomplete``,
        ``code.ambiguous`` (`code` is None), ``code.star_missing`` or ``code.star_false`` (`code` stands).
    suggestions : known codes that may be meant; on ``code.star_false`` the hazardous mirror entries.
    """

    code: str | None
    star: bool = False
    repaired: bool = False
    problem: str | None = None
    repair: str | None = None
    suggestions: tuple[str, ...] = ()


def parse_eal(
    text: object, *, codes: WasteCodes, allow_prefix: bool = False, star_expected: bool = True
) -> ParsedCode:
    """Read a waste code as people and spreadsheets write it: ``17 05 03*``, ``30105``, ``17.5.3`` ...

    Parameters
    ----------
    text : text or number; empty, NaN and ``-`` give a code of None and no problem.
    allow_prefix : take chapters (``17``) and subchapters (``17 05``, ``301``) too.
    star_expected : report ``code.star_missing``; pass False for files that never write the star.

    A reading that could mean two known codes is refused (``code.ambiguous``), not guessed.
    """
    reading = read_code_text(text)
    star = reading.star
    if reading.shape is Shape.EMPTY:
        return ParsedCode(None)
    if reading.shape is Shape.SEVERAL:
        known = tuple(code for code in reading.candidates if code in codes.hazard)
        return ParsedCode(None, star, problem="code.several", suggestions=known)
    if reading.shape is Shape.PREFIX:
        return _parse_prefix(reading.candidates[0], star, reading.repair, codes, allow=allow_prefix)
    known = tuple(code for code in reading.candidates if code in codes.hazard)
    if len(known) > 1:
        return ParsedCode(None, star, problem="code.ambiguous", suggestions=known)
    if not known:
        digits = reading.candidates[0] if reading.candidates else ""
        malformed = reading.shape is Shape.MALFORMED
        written = (
            digits[1:] if reading.repair == "code.lost_zero" and len(reading.candidates) == 1 else digits
        )
        near = nearest_codes(written, codes=codes) if digits else ()
        return ParsedCode(
            None, star, problem="code.malformed" if malformed else "code.unknown", suggestions=near
        )
    code = known[0]
    problem: str | None = None
    suggestions: tuple[str, ...] = ()
    if codes.hazard[code] and not star and star_expected:
        problem = "code.star_missing"
        suggestions = mirror_of(code, codes=codes)
    elif star and not codes.hazard[code]:
        problem = "code.star_false"
        suggestions = mirror_of(code, codes=codes)
    return ParsedCode(code, star, reading.repair is not None, problem, reading.repair, suggestions)


def _parse_prefix(
    prefix: str, star: bool, repair: str | None, codes: WasteCodes, *, allow: bool
) -> ParsedCode:
    if not allow:
        inside = _group_codes(codes).get(prefix, ())[:5]
        return ParsedCode(None, star, problem="code.incomplete", suggestions=inside)
    if prefix not in codes.titles:
        return ParsedCode(None, star, problem="code.unknown")
    return ParsedCode(prefix, star, repair is not None, "code.star_false" if star else None, repair)


def parse_eal_column(
    texts: pd.Series, *, codes: WasteCodes, allow_prefix: bool = False, star_expected: bool = True
) -> pd.DataFrame:
    """Parse a whole column, each distinct text once.

    Returns
    -------
    Table with the index of `texts`: code (string), star, repaired (boolean), problem, repair (string),
    suggestions (codes apart by a space); see :class:`ParsedCode`.
    """
    values = texts.astype(object)
    positions, distinct = pd.factorize(values, use_na_sentinel=True)
    parsed = [
        parse_eal(value, codes=codes, allow_prefix=allow_prefix, star_expected=star_expected)
        for value in distinct
    ]
    parsed.append(ParsedCode(None))  # position -1: nothing written
    rows = [parsed[position] for position in positions]
    return pd.DataFrame(
        {
            "code": pd.array([row.code for row in rows], dtype="string"),
            "star": pd.array([row.star for row in rows], dtype="boolean"),
            "repaired": pd.array([row.repaired for row in rows], dtype="boolean"),
            "problem": pd.array([row.problem for row in rows], dtype="string"),
            "repair": pd.array([row.repair for row in rows], dtype="string"),
            "suggestions": pd.array([" ".join(row.suggestions) for row in rows], dtype="string"),
        },
        index=texts.index,
    )


def nearest_codes(digits: str, *, codes: WasteCodes, limit: int = 3) -> tuple[str, ...]:
    """Return up to `limit` known codes that `digits` may have meant, the nearest first.

    One slip away (neighbours swapped, a digit wrong, missing or too many) comes first, in that order and
    then by the length of the shared beginning; failing that, codes of the same subchapter or chapter
    nearest in number.
    """
    slips: dict[str, int] = {}
    for position, (first, second) in enumerate(pairwise(digits)):
        slips.setdefault(digits[:position] + second + first + digits[position + 2 :], 0)
    for position in range(len(digits) + 1):
        for figure in "0123456789":
            if position < len(digits):
                slips.setdefault(digits[:position] + figure + digits[position + 1 :], 1)
            slips.setdefault(digits[:position] + figure + digits[position:], 2)
        slips.setdefault(digits[:position] + digits[position + 1 :], 2)

    def nearness(code: str) -> tuple[int, int, int]:
        shared = next((n for n in range(6, 0, -1) if code[:n] == digits[:n]), 0)
        return slips.get(code, 3), -shared, abs(int(code) - int(digits or 0))

    near = [code for code in slips if code in codes.hazard]
    if not near:
        below = _group_codes(codes)
        near = list(below.get(digits[:4], ()) or below.get(digits[:2], ()))
    return tuple(sorted(near, key=nearness)[:limit])


@lru_cache(maxsize=8)
def _group_codes(codes: WasteCodes) -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {}
    for code in codes.hazard:
        groups.setdefault(code[:2], []).append(code)
        groups.setdefault(code[:4], []).append(code)
    return {prefix: tuple(group) for prefix, group in groups.items()}


def mirror_of(code: str, *, codes: WasteCodes) -> tuple[str, ...]:
    """Return the mirror entries of `code` (hazardous <-> not hazardous); absolute entries have none."""
    return codes.mirrors.get(code, ())


def chapter_of(code: str) -> str:
    """Return the chapter: the first two digits."""
    return code[:2]


def subchapter_of(code: str) -> str:
    """Return the subchapter: the first four digits."""
    return code[:4]


def title(code: str, *, codes: WasteCodes, language: str = "nb") -> str:
    """Return the short title of a code, subchapter or chapter, or "" where it is not known.

    `language` is nb, nn or en; any other gives bokmål. The wording is the project's own.
    """
    titles = codes.titles.get(code)
    if titles is None:
        return ""
    return titles[LANGUAGES.index(language) if language in LANGUAGES else 0]


def format_code(code: str, *, codes: WasteCodes) -> str:
    """Return the code in pairs of digits, with the star of hazardous waste: ``17 05 03*``."""
    pairs = " ".join(code[start : start + 2] for start in range(0, len(code), 2))
    return pairs + ("*" if codes.hazard.get(code, False) else "")


def is_hazardous(code: str, *, codes: WasteCodes) -> bool | None:
    """Return the code's hazard flag, None for an unknown code."""
    return codes.hazard.get(code)


def relate(code_a: str | None, code_b: str | None) -> int:
    """Return how many digits two codes share from the left, in whole levels: 6, 4, 2 or 0."""
    if not code_a or not code_b:
        return 0
    return next((n for n in (6, 4, 2) if len(code_a) >= n and code_a[:n] == code_b[:n]), 0)


def relate_codes(codes_a: pd.Series, codes_b: pd.Series) -> npt.NDArray[np.int8]:
    """Relate two columns row by row (see :func:`relate`); a missing code shares nothing."""
    a = codes_a.astype("string").fillna("").to_numpy(dtype=str)
    b = codes_b.astype("string").fillna("").to_numpy(dtype=str)
    shared = np.zeros(len(a), dtype=np.int8)
    for digits in (2, 4, 6):
        head_a, head_b = a.astype(f"<U{digits}"), b.astype(f"<U{digits}")
        shared[(head_a == head_b) & (np.char.str_len(head_a) == digits)] = digits
    return shared


def material_of(code: str | None, *, codes: WasteCodes) -> str | None:
    """Return the material a code stands for (longest prefix wins), None for an unknown code."""
    return codes.material_by_code.get(code) if code else None


def materials_of(column: pd.Series, *, codes: WasteCodes) -> pd.Series:
    """Return the material of each code in a column, as ``string``; unknown or missing codes give <NA>."""
    found = column.astype("string").map(dict(codes.material_by_code))
    return found.astype("string")


__all__ = [
    "ENTRIES",
    "LANGUAGES",
    "ParsedCode",
    "WasteCodes",
    "chapter_of",
    "format_code",
    "is_hazardous",
    "material_label",
    "material_of",
    "materials_of",
    "materials_related",
    "mirror_of",
    "nearest_codes",
    "normalise_material",
    "normalise_material_column",
    "parse_eal",
    "parse_eal_column",
    "relate",
    "relate_codes",
    "subchapter_of",
    "tabulate_relations",
    "title",
]
