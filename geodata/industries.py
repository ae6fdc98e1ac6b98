"""Industry codes, SN2007 and SN2025 (NACE Rev. 2 and 2.1): normalise the text, name the division."""

from __future__ import annotations

import re

import pandas as pd

from geodata.codetext import clean_text

_LABEL = re.compile(
    r"^(?:(?:sn\s?20(?:07|25)|nace|naeringskode|næringskode|nkode|kode)[\s.:-]*)+(?=[\da-v])", re.I
)
_CODE = re.compile(
    r"(?:[a-v][\s.-]*)?(?P<division>\d{1,2})(?:(?:\s?[.,-]\s?|\s)(?P<detail>\d[\d.]{0,3}))?(?:\s+-?\s*[^\d\s].*)?",
    re.I,
)
_RUN = re.compile(r"(?:[a-v][\s.-]*)?(?P<digits>\d{3,5})(?:[.,]0)?(?:\s+-?\s*[^\d\s].*)?", re.I)


def normalise_industry_code(text: object, *, divisions: pd.DataFrame) -> tuple[str | None, str | None]:
    """Return (code, problem) of an industry code: 2 to 5 digits, a point after the second (``38.110``).

    Parameters
    ----------
    text : ``38.110``, ``38110``, ``38.11``, ``38``, ``E38.110``, ``38.110 Innsamling av avfall``, or with
        a lost zero ``1.11`` or ``1110`` (only where no other division fits).
    divisions : table with the columns `division` (two digits) and `classes` (the detail digits that exist,
        apart by a space; filled for 01-09, where a lost zero must be told from another division).

    Nothing written gives (None, None). Problems: ``industry.malformed``, ``industry.unknown`` (no such
    division in SN2007 or SN2025), ``industry.ambiguous`` (``1110`` is 11.10 or 01.110); code is then None.
    """
    written = clean_text(text).strip(" '\"()")
    if written in {"", "-"}:
        return None, None
    written = _LABEL.sub("", written)
    known = set(divisions["division"].astype(str))
    pointed = _CODE.fullmatch(written)
    if pointed:
        division = pointed["division"].zfill(2)
        detail = (pointed["detail"] or "").replace(".", "")
        if len(detail) > 3:
            return None, "industry.malformed"
        return _answer({_join(division, detail)}, known)
    run = _RUN.fullmatch(written)
    if run is None:
        return None, "industry.malformed"
    digits = run["digits"]
    readings = {_join(digits[:2], digits[2:])}
    if len(digits) < 5 and not digits.startswith("0"):
        division = "0" + digits[0]
        row = divisions.loc[divisions["division"] == division, "classes"]
        classes = "" if row.empty else str(row.iloc[0])
        if any(name.startswith(digits[1:3]) for name in classes.split()):
            readings.add(_join(division, digits[1:]))
    return _answer(readings, known)


def normalise_industry_column(texts: pd.Series, *, divisions: pd.DataFrame) -> pd.DataFrame:
    """Normalise a column, each distinct text once: code and problem (both ``string``)."""
    positions, distinct = pd.factorize(texts.astype(object), use_na_sentinel=True)
    parsed = [*(normalise_industry_code(value, divisions=divisions) for value in distinct), (None, None)]
    rows = [parsed[position] for position in positions]
    return pd.DataFrame(
        {
            "code": pd.array([code for code, _ in rows], dtype="string"),
            "problem": pd.array([problem for _, problem in rows], dtype="string"),
        },
        index=texts.index,
    )


def division_label(code: str, *, divisions: pd.DataFrame, language: str = "nb") -> str:
    """Return the short name of the code's division in nb, nn or en (project's own wording), or ""."""
    row = divisions[divisions["division"] == code[:2]]
    column = f"title_{language}" if f"title_{language}" in divisions else "title_nb"
    return "" if row.empty else str(row.iloc[0][column])


def find_successors(code: str, *, divisions: pd.DataFrame) -> tuple[str, ...]:
    """Return the divisions of SN2025 that a division of SN2007 was shared out to; () where it still stands.

    45 (trade in and repair of vehicles) went to 46, 47 and 95. No other division is gone; letters of
    sections moved, see :func:`section_of`.
    """
    row = divisions[divisions["division"] == code[:2]]
    return () if row.empty else tuple(str(row.iloc[0]["became"]).split())


def section_of(code: str, *, divisions: pd.DataFrame, revision: str = "sn2025") -> str:
    """Return the section letter of the code's division in ``sn2025`` or ``sn2007``, or ""."""
    row = divisions[divisions["division"] == code[:2]]
    return "" if row.empty else str(row.iloc[0][f"section_{revision}"])


def _join(division: str, detail: str) -> str:
    return f"{division}.{detail}" if detail else division


def _answer(readings: set[str], known: set[str]) -> tuple[str | None, str | None]:
    possible = {code for code in readings if code[:2] in known}
    if not possible:
        return None, "industry.unknown"
    if len(possible) > 1:
        return None, "industry.ambiguous"
    return possible.pop(), None
