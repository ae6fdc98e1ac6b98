"""From columns of raw texts to the table of units: each text is looked at in bulk, only odd ones one by one.

A register holds millions of texts of which few need mending. Bytes are compared in whole columns to find
those (an odd space, a length that does not fit); only they go through Python.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geodata.businessunits import BUSINESS_UNIT_COLUMNS, classify_employees, tell_industry_revision
from geodata.identifiers import check_organisation_number
from geodata.municipality_numbers import normalise_municipality_number
from loaders.official.brregbulk import TEXT
from loaders.official.brregrows import HAS_REGISTERED, ODD_SPACES, RAW_COLUMNS, tidy_address, tidy_text

_TEXT: Final[Any] = pd.StringDtype()
_WEIGHTS: Final = (3, 2, 7, 6, 5, 4, 3, 2)
_WHOLES: Final[Any] = pd.Int64Dtype()
_FLAGS: Final[Any] = pd.BooleanDtype()
_PIECE: Final = 1 << 17
"""Bytes looked at together: what is made of them on the way stays in the processor's cache."""
_ODD_RE2: Final = re.sub(r"\\u([0-9a-f]{4})", r"\\x{\1}", ODD_SPACES)
_RARE_BREAK: Final = r"/n[eor]|[\\\r\n\x0b\x0c\x{85}\x{2028}\x{2029}]"
"""What wants a closer look: a slash before a word ("12/nedre"), real breaks of lines and escaped ones."""
_YES: Final = {
    "true": True,
    "j": True,
    "ja": True,
    "1": True,
    "false": False,
    "n": False,
    "nei": False,
    "0": False,
}
_INDUSTRY = re.compile(r"(\d{2})[. ]?(\d{0,3})(?:\s.*)?")
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?")
_NORWEGIAN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:\s.*)?")
_WHOLE = re.compile(r"(\d{1,7})(?:[.,]0+)?")


@dataclass
class Unreadable:
    """Values that were there but could not be read, and so are <NA>: column -> how many."""

    counts: Counter[str] = field(default_factory=Counter)


def read_numbers(texts: pa.Array) -> npt.NDArray[np.int64]:
    """Return organisation numbers as integers, -1 where there is none or its check digit is wrong."""
    starts, lengths, data = _lay_open(texts)
    numbers = np.full(len(texts), -1, dtype=np.int64)
    plain = np.flatnonzero(lengths == 9)
    if len(plain):
        if len(plain) == len(texts):  # one after another without gaps
            signs = data[starts[0] : starts[0] + 9 * len(plain)].reshape(-1, 9)
        else:
            signs = data[starts[plain][:, None] + np.arange(9)]
        digits = np.ascontiguousarray(signs.T) - np.uint8(
            ord("0")
        )  # what is no digit wraps to a large number
        total = np.zeros(len(plain), dtype=np.uint16)
        value = np.zeros(len(plain), dtype=np.int64)
        for place, weight in enumerate(_WEIGHTS):
            total += digits[place] * np.uint16(weight)
        for place in range(9):
            value = value * 10 + digits[place]
        # 11 - (sum mod 11), of which 11 is 0 and 10 equals no digit
        fits = ((11 - total % 11) % 11 == digits[8]) & (digits.max(axis=0) <= 9)
        numbers[plain[fits]] = value[fits]
    for row in np.flatnonzero((lengths > 0) & (lengths != 9)):
        number, _problem = check_organisation_number(texts[int(row)].as_py())
        if number is not None:
            numbers[row] = int(number)
    return numbers


def shape_units(
    raw: Mapping[str, pa.Array], numbers: npt.NDArray[np.int64], unreadable: Unreadable
) -> pd.DataFrame:
    """Return the table of units of texts by :data:`RAW_COLUMNS`; `industry_revision` lacks.

    Parameters
    ----------
    raw : columns of one length, ``large_string``; columns that the source does not have are left out.
    numbers : as from :func:`read_numbers`, none of them -1.
    """
    rows = len(numbers)
    columns: dict[str, Any] = {}
    for column in RAW_COLUMNS:
        texts = raw.get(column)
        if column in _READERS and texts is not None:
            texts = _READERS[column](texts, column, unreadable)
        if column not in (HAS_REGISTERED, "employees", "organisation_number", "parent_number"):
            columns[column] = _as_text_column(texts, rows)
    columns["organisation_number"] = _as_text_column(
        _write_numbers(raw["organisation_number"], numbers), rows
    )
    columns["parent_number"] = _as_text_column(_read_parents(raw.get("parent_number"), unreadable), rows)
    employees = _read_employees(raw.get("employees"), rows, unreadable)
    flags = _read_flags(raw.get(HAS_REGISTERED), rows)
    columns["employees"] = employees
    columns["employees_status"] = classify_employees(flags, employees)
    columns["industry_revision"] = _as_text_column(None, rows)
    return pd.DataFrame({column: columns[column] for column in BUSINESS_UNIT_COLUMNS})


def _lay_open(texts: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Return where each text begins, its length in bytes (0 for null) and all bytes."""
    _valid, offsets, data = texts.buffers()
    places = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    lengths = np.diff(places)
    if texts.null_count:
        lengths = np.where(texts.is_valid().to_numpy(zero_copy_only=False), lengths, 0)
    content = np.frombuffer(data, dtype=np.uint8) if data is not None else np.empty(0, dtype=np.uint8)
    return places[:-1], lengths, content


def _find_odd(texts: pa.Array, *, address: bool = False) -> npt.NDArray[np.bool_]:
    """Tell which texts hold a control, an odd space, a space too many or (`address`) a line break."""
    starts, lengths, data = _lay_open(texts)
    odd = np.zeros(len(texts), dtype=bool)
    if not len(data) or not len(texts):
        return odd
    begin, end = int(starts[0]), int(starts[-1] + lengths[-1])
    part = data[begin:end]
    if not len(part):
        return odd
    found = np.concatenate(
        [
            _scan(part[at : at + _PIECE + 1], address=address) + (begin + at)
            for at in range(0, len(part), _PIECE)
        ]
    )
    if len(found):
        odd[np.searchsorted(starts, found, side="right") - 1] = True
    some = np.flatnonzero(lengths > 0)
    first, last = data[starts[some]], data[starts[some] + lengths[some] - 1]
    edges = {0x20, ord(",")} if address else {0x20}
    for edge in edges:
        odd[some[(first == edge) | (last == edge)]] = True
    odd[lengths == 0] = False
    return odd


def _scan(part: npt.NDArray[np.uint8], *, address: bool) -> npt.NDArray[np.int64]:
    strange = part < 0x20
    # what begins a no-break space, a thin space or a byte order mark begins little else in such names
    for byte in (0x7F, 0xC2, 0xE1, 0xE2, 0xE3, 0xEF):
        strange |= part == byte
    space = part == 0x20
    strange[:-1] |= space[:-1] & space[1:]
    if address:
        strange[:-1] |= ((part[:-1] == ord("/")) | (part[:-1] == ord("\\"))) & (part[1:] == ord("n"))
    return np.flatnonzero(strange)


def tell_revisions(units: pd.DataFrame, *, sn2025: frozenset[str], whole: str) -> pd.Series:
    """Return the revision of each unit's first industry code, each distinct code looked at once."""
    codes, distinct = pd.factorize(units["industry_code"])
    told = tell_industry_revision(pd.Series(distinct, dtype="string"), sn2025=sn2025, whole=whole)
    return pd.Series(told.array.take(codes, allow_fill=True), index=units.index)


def _mend(texts: pa.Array, which: npt.NDArray[np.bool_], mend: Callable[[str], str | None]) -> pa.Array:
    """Return `texts` with those of `which` mended; what becomes empty is null."""
    if not which.any():
        return texts
    mask = pa.array(which)
    distinct: dict[str, str | None] = {}
    mended = []
    for text in texts.filter(mask).to_pylist():
        if text not in distinct:
            distinct[text] = mend(text) or None
        mended.append(distinct[text])
    return pc.replace_with_mask(texts, mask, pa.array(mended, type=TEXT))


def _read_text(texts: pa.Array, _column: str, _unreadable: Unreadable) -> pa.Array:
    """Do to each odd text what :func:`tidy_text` does, in bulk: a file may have one in every name."""
    odd = _find_odd(texts)
    return _replace(texts, odd, _tidy_bulk(texts.filter(pa.array(odd)), edges=" ")) if odd.any() else texts


def _read_address(texts: pa.Array, _column: str, _unreadable: Unreadable) -> pa.Array:
    """Do to each odd text what :func:`tidy_address` does, in bulk where only a plain ``/n`` joins lines."""
    odd = _find_odd(texts, address=True)
    if not odd.any():
        return texts
    rare = np.zeros(len(texts), dtype=bool)
    rare[odd] = pc.match_substring_regex(texts.filter(pa.array(odd)), _RARE_BREAK).to_numpy(
        zero_copy_only=False
    )
    plain = odd & ~rare
    lines = pc.replace_substring_regex(texts.filter(pa.array(plain)), "[ ,]*/n[ ,]*", ", ")
    return _mend(_replace(texts, plain, _tidy_bulk(lines, edges=", ")), rare, tidy_address)


def _tidy_bulk(texts: pa.Array, *, edges: str) -> pa.Array:
    plain = pc.utf8_trim(pc.replace_substring_regex(texts, _ODD_RE2, " "), edges)
    return pc.if_else(pc.equal(plain, ""), pa.scalar(None, TEXT), plain)


def _replace(texts: pa.Array, which: npt.NDArray[np.bool_], values: pa.Array) -> pa.Array:
    return pc.replace_with_mask(texts, pa.array(which), values)


def _read_word(texts: pa.Array, _column: str, _unreadable: Unreadable) -> pa.Array:
    """Read a short code in capitals."""
    texts = _read_text(texts, _column, _unreadable)
    _starts, _lengths, data = _lay_open(texts)
    return pc.utf8_upper(texts) if (data >= ord("a")).any() else texts


def _mend_told(
    texts: pa.Array,
    which: npt.NDArray[np.bool_],
    read: Callable[[str], str | None],
    column: str,
    unreadable: Unreadable,
) -> pa.Array:
    mended = _mend(texts, which, lambda text: read(tidy_text(text)))
    lost = int(np.count_nonzero(mended.is_null().to_numpy(zero_copy_only=False) & which))
    if lost:
        blank = sum(not tidy_text(text) for text in texts.filter(pa.array(which)).to_pylist())
        unreadable.counts[column] += lost - blank
    return mended


def _read_digits(texts: pa.Array, column: str, unreadable: Unreadable) -> pa.Array:
    """Read postcodes and numbers of municipalities: four digits, a lost zero put back."""
    starts, lengths, data = _lay_open(texts)
    plain = _fit(starts, lengths, data, pattern="dddd")
    return _mend_told(texts, ~plain & (lengths > 0), _read_four, column, unreadable)


def _read_four(text: str) -> str | None:
    return normalise_municipality_number(text)[0] or (text or None)  # a foreign postcode stays as it is


def _read_industry(texts: pa.Array, column: str, unreadable: Unreadable) -> pa.Array:
    starts, lengths, data = _lay_open(texts)
    plain = _fit(starts, lengths, data, pattern="dd.ddd")
    return _mend_told(texts, ~plain & (lengths > 0), _read_code, column, unreadable)


def _read_code(text: str) -> str | None:
    found = _INDUSTRY.fullmatch(text)
    if found is None:
        return None
    return f"{found[1]}.{found[2]}" if found[2] else found[1]


def _read_dates(texts: pa.Array, column: str, unreadable: Unreadable) -> pa.Array:
    starts, lengths, data = _lay_open(texts)
    plain = _fit(starts, lengths, data, pattern="dddd-dd-dd")
    return _mend_told(texts, ~plain & (lengths > 0), _read_day, column, unreadable)


def _read_day(text: str) -> str | None:
    found = _DAY.fullmatch(text)
    if found:
        return found[1]
    found = _NORWEGIAN_DAY.fullmatch(text)
    return f"{found[3]}-{int(found[2]):02d}-{int(found[1]):02d}" if found else None


def _fit(
    starts: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    data: npt.NDArray[np.uint8],
    *,
    pattern: str,
) -> npt.NDArray[np.bool_]:
    """Tell which texts look like `pattern`, in which d is a digit."""
    fits: npt.NDArray[np.bool_] = np.equal(lengths, len(pattern))
    rows = np.flatnonzero(fits)
    first = starts[rows]
    good = np.ones(len(rows), dtype=bool)
    for place, sign in enumerate(pattern):
        at = data[first + place]
        # digits lie from 48 to 57; what is below wraps to a large number
        good &= (at - np.uint8(48) < 10) if sign == "d" else (at == ord(sign))
    fits[rows] = good
    return fits


def _write_numbers(texts: pa.Array, numbers: npt.NDArray[np.int64]) -> pa.Array:
    """Return the numbers as nine digits, null where they are -1; `texts` themselves where they are that."""
    wrong = numbers < 0
    if not wrong.any() and (_lay_open(texts)[1] == 9).all():
        return texts
    written = pc.utf8_lpad(pa.array(numbers).cast(TEXT), width=9, padding="0")
    return pc.if_else(pa.array(wrong), pa.scalar(None, TEXT), written)


def _read_parents(texts: pa.Array | None, unreadable: Unreadable) -> pa.Array | None:
    if texts is None:
        return None
    numbers = read_numbers(texts)
    wrong = (numbers < 0) & texts.is_valid().to_numpy(zero_copy_only=False)
    if wrong.any():
        unreadable.counts["parent_number"] += int(wrong.sum())
    return _write_numbers(texts, numbers)


def _read_employees(texts: pa.Array | None, rows: int, unreadable: Unreadable) -> pd.Series:
    if texts is None:
        return pd.Series(pd.NA, index=range(rows), dtype="Int64")
    coded = texts.dictionary_encode()
    values = []
    for text in coded.dictionary.to_pylist():
        tidy = tidy_text(text)
        found = _WHOLE.fullmatch(tidy.replace(" ", ""))
        values.append(int(found[1]) if found else None)
        if tidy and not found:
            unreadable.counts["employees"] += pc.sum(pc.equal(texts, text)).as_py()
    if not values:
        return pd.Series(pd.NA, index=range(rows), dtype="Int64")
    numbers = pa.array(values, type=pa.int64()).take(coded.indices)
    return pd.Series(_WHOLES.__from_arrow__(numbers))


def _read_flags(texts: pa.Array | None, rows: int) -> pd.Series:
    if texts is None:
        return pd.Series(pd.NA, index=range(rows), dtype="boolean")
    coded = texts.dictionary_encode()
    values = [_YES.get(tidy_text(text).casefold()) for text in coded.dictionary.to_pylist()]
    if not values:
        return pd.Series(pd.NA, index=range(rows), dtype="boolean")
    return pd.Series(_FLAGS.__from_arrow__(pa.array(values, type=pa.bool_()).take(coded.indices)))


def _as_text_column(texts: pa.Array | None, rows: int) -> Any:
    if texts is None:
        texts = pa.nulls(rows, TEXT)
    return _TEXT.__from_arrow__(texts)


_READERS: Final[Mapping[str, Callable[[pa.Array, str, Unreadable], pa.Array]]] = {
    "name": _read_text,
    "form": _read_word,
    "industry_code": _read_industry,
    "industry_code_2": _read_industry,
    "industry_code_3": _read_industry,
    "started_on": _read_dates,
    "closed_on": _read_dates,
    "deleted_on": _read_dates,
    "homepage": _read_text,
    "address": _read_address,
    "postcode": _read_digits,
    "place": _read_text,
    "municipality_number": _read_digits,
    "municipality_name": _read_text,
    "country_code": _read_word,
}
