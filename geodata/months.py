"""The months in which a stream arises or is needed: text to a 12-bit mask and back."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.codetext import clean_text

ALL_YEAR = 0b1111_1111_1111
"""Bit 0 is January, bit 11 December."""

_NAMES = {
    name: month
    for month, names in enumerate(
        (
            "jan januar january",
            "feb februar february",
            "mar mars march",
            "apr april",
            "mai may",
            "jun juni june",
            "jul juli july",
            "aug august",
            "sep sept september",
            "okt oct oktober october",
            "nov november",
            "des dec desember december",
        ),
        start=1,
    )
    for name in names.split()
}
_WHOLE_YEAR = re.compile(
    r"(?:hele?|heile|gjennom|all|whole|full|the)?\s*(?:aret|ar|year)(?:\s*rundt|[\s-]*round)?|helars|heilars"
    r"|alle?|(?:alle?|12)\s*(?:maneder|manader|months|mnd)|continuous|kontinuerlig|jevnt|jamt"
    r"|hver maned|kvar manad|monthly"
)
_SEASONS = {
    "vinter": "12-2", "vinteren": "12-2", "winter": "12-2",
    "var": "3-5", "varen": "3-5", "spring": "3-5",
    "sommer": "6-8", "sommeren": "6-8", "sommar": "6-8", "sommaren": "6-8", "summer": "6-8",
    "host": "9-11", "hosten": "9-11", "haust": "9-11", "hausten": "9-11", "autumn": "9-11", "fall": "9-11",
    "q1": "1-3", "q2": "4-6", "q3": "7-9", "q4": "10-12",
}  # fmt: skip
_UNTIL = re.compile(r"\s+(?:til og med|t\.?\s?o\.?\s?m\.?|til|through|to)\s+")
_RANGE = re.compile(r"(\w+)\.?\s*-\s*(\w+)\.?")


def parse_months(text: object) -> tuple[int | None, str | None]:
    """Return (mask, problem) of months as people write them.

    ``1-12``, ``11-2`` (over the new year), ``1,4,7``, ``jan-mar``, ``mai``, ``juni til august``,
    ``hele året``, ``sommer`` (June to August), ``Q3`` in bokmål, nynorsk or English. Nothing written gives
    (None, None): unknown is not the whole year. What cannot be read gives (None, ``months.malformed``).
    """
    plain = _fold(clean_text(text))
    plain = re.sub(r"^(?:fra|fra og med|from|i)\s+", "", re.sub(r"\s*\(.*$", "", plain))
    if plain in {"", "-", "ukjent", "unknown", "ukjend"}:
        return None, None
    if _WHOLE_YEAR.fullmatch(plain):
        return ALL_YEAR, None
    mask = 0
    for part in re.split(r"[,;/&+]|\s+(?:og|and)\s+|(?<=[\w.])\s+(?=\w)", _UNTIL.sub("-", plain)):
        found = _read_part(part.strip())
        if found is None:
            return None, "months.malformed"
        mask |= found
    return mask, None


def format_months(mask: int | None) -> str:
    """Return the canonical text of a mask: runs as ``5-9``, over the new year ``11-2``, apart by commas.

    None and 0 give the empty text. Runs begin with the earliest starting month; a run over the new year
    stands last. ``parse_months(format_months(mask)) == (mask, None)`` for each mask from 1 to 4095.
    """
    if not mask:
        return ""
    if mask & ALL_YEAR == ALL_YEAR:
        return "1-12"
    on = [bool(mask >> month & 1) for month in range(12)]
    starts = [month for month in range(12) if on[month] and not on[month - 1]]
    runs = []
    for start in starts:
        length = next(n for n in range(1, 13) if not on[(start + n) % 12])
        end = (start + length - 1) % 12
        runs.append(f"{start + 1}" if length == 1 else f"{start + 1}-{end + 1}")
    return ",".join(runs)


def count_months(mask: int) -> int:
    """Return how many months a mask holds."""
    return (mask & ALL_YEAR).bit_count()


def overlap_share(mask_a: int | None, mask_b: int | None) -> float:
    """Return months shared / months of the one that has fewer (0 to 1); NaN where either is unknown."""
    if not mask_a or not mask_b:
        return float("nan")
    return count_months(mask_a & mask_b) / min(count_months(mask_a), count_months(mask_b))


def parse_months_column(texts: pd.Series) -> pd.DataFrame:
    """Parse a column, each distinct text once: mask (Int64, <NA> unknown) and problem (string)."""
    values = texts.astype(object)
    positions, distinct = pd.factorize(values, use_na_sentinel=True)
    parsed = [*(parse_months(value) for value in distinct), (None, None)]
    rows = [parsed[position] for position in positions]
    return pd.DataFrame(
        {
            "mask": pd.array([mask for mask, _ in rows], dtype="Int64"),
            "problem": pd.array([problem for _, problem in rows], dtype="string"),
        },
        index=texts.index,
    )


def overlap_shares(masks_a: pd.Series, masks_b: pd.Series) -> npt.NDArray[np.float64]:
    """Compare two columns of masks row by row (see :func:`overlap_share`); unknown gives NaN."""
    a = masks_a.astype("Int64").fillna(0).to_numpy(dtype=np.int64)
    b = masks_b.astype("Int64").fillna(0).to_numpy(dtype=np.int64)
    counts = np.array([count_months(mask) for mask in range(ALL_YEAR + 1)], dtype=np.float64)
    fewer = np.minimum(counts[a], counts[b])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(fewer > 0, counts[a & b] / fewer, np.nan)


def _fold(text: str) -> str:
    plain = text.casefold().replace("ø", "o").replace("å", "a").replace("æ", "ae")
    plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return plain.strip(" .'\"()")


def _read_part(part: str) -> int | None:
    part = _SEASONS.get(part, part)
    span = _RANGE.fullmatch(part)
    if span:
        first, last = _read_month(span[1]), _read_month(span[2])
        if first is None or last is None:
            return None
        return sum(1 << (first - 1 + step) % 12 for step in range((last - first) % 12 + 1))
    month = _read_month(part.rstrip("."))
    return None if month is None else 1 << (month - 1)


def _read_month(word: str) -> int | None:
    if re.fullmatch(r"0?[1-9]|1[0-2]", word):
        return int(word)
    return _NAMES.get(word)
