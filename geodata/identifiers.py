"""Norwegian organisation numbers: nine digits, the last a mod-11 check digit."""

from __future__ import annotations

import re

import pandas as pd

from geodata.codetext import clean_text

_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)
_LABEL = re.compile(
    r"^(?:(?:org(?:anisasjons)?(?:\.|-)?\s*(?:nr|nummer)?|foretaksregisteret|no)[\s.:-]*)+", re.I
)
_SUFFIX = re.compile(r"[\s.-]*(?:mva|vat)\.?$", re.I)


def check_digit(first_eight: str) -> int | None:
    """Return the check digit of eight digits, or None where the rule gives none (a remainder of 10).

    Weights 3 2 7 6 5 4 3 2; k = 11 - (sum mod 11); 11 becomes 0; 10 is never issued (Brønnøysundregistrene).
    """
    total = sum(weight * int(figure) for weight, figure in zip(_WEIGHTS, first_eight, strict=True))
    k = 11 - total % 11
    return None if k == 10 else k % 11


def check_organisation_number(text: object) -> tuple[str | None, str | None]:
    """Return (number, problem) of an organisation number as people write it.

    ``974 760 673``, ``NO 974760673 MVA``, ``974.760.673`` and a spreadsheet's ``974760673.0`` are read.
    Nothing written gives (None, None). Problems: ``orgnr.malformed`` (not nine digits),
    ``orgnr.check_digit`` (the digits do not add up); the number is then None.
    """
    written = clean_text(text).strip(" '\"()")
    if written in {"", "-"}:
        return None, None
    core = _SUFFIX.sub("", _LABEL.sub("", written))
    core = re.sub(r"(?<=\d{9})[.,]0+$", "", core)
    digits = re.sub(r"[\s.'-]", "", core)
    if not re.fullmatch(r"[0-9]{9}", digits):
        return None, "orgnr.malformed"
    if check_digit(digits[:8]) != int(digits[8]):
        return None, "orgnr.check_digit"
    return digits, None


def check_organisation_number_column(texts: pd.Series) -> pd.DataFrame:
    """Check a column; returns number and problem (both ``string``) with the index of `texts`."""
    checked = [check_organisation_number(value) for value in texts.astype(object)]
    return pd.DataFrame(
        {
            "number": pd.array([number for number, _ in checked], dtype="string"),
            "problem": pd.array([problem for _, problem in checked], dtype="string"),
        },
        index=texts.index,
    )
