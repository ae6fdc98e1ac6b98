"""Questions to PxWeb, version 2 and the older 0: which codes are meant, in how many parts, in which words.

A table is asked for by the codes of its dimensions. What is written freely (``*``, ``top(3)``, ``20??``) is
turned into codes with the help of the table's own description, so that the cells can be counted before they
are asked for: the service refuses more than it gives in one answer. A question that is too large is split
along its longest dimension, and the answers are put together cell by cell, so that a lacking or doubled
cell cannot go unseen.
"""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

import numpy as np

from geodata.errors import ParameterError, RefusedFileError
from loaders.official.jsonstat import Cube, Dimension, find_dataset, read_cube, read_text

MOST_CELLS: Final = 800_000
"""In one answer of Statistics Norway."""
LONGEST_QUESTION: Final = 2000
"""Letters of an address; a longer question is sent in the body."""
MOST_CHOSEN: Final = 5_000_000
_TOP: Final = re.compile(
    r"(?P<word>top|bottom)\(\s*(?P<count>\d{1,6})\s*(?:,\s*(?P<skip>\d{1,6})\s*)?\)", re.I
)
_SPAN: Final = re.compile(
    r"(?P<word>from|to|range)\(\s*(?P<first>[^,()]+?)\s*(?:,\s*(?P<last>[^,()]+?)\s*)?\)", re.I
)

Selection = Mapping[str, Sequence[str] | str]
Chosen = dict[str, tuple[str, ...]]


def read_description(value: object) -> Cube:
    """Read what a service tells of a table: the answer of ``/metadata`` (version 2) or of version 0.

    Raises
    ------
    RefusedFileError
        See :func:`loaders.official.jsonstat.read_jsonstat`.
    """
    if isinstance(value, Mapping) and isinstance(value.get("variables"), list):
        return _read_older_description(value)
    return read_cube(value, with_values=False)


def is_description(value: object) -> bool:
    """Return whether a decoded answer describes a table."""
    try:
        return bool(read_description(value).dimensions)
    except RefusedFileError:
        return False


def choose_codes(selection: Selection, *, description: Cube) -> Chosen:
    """Return the codes that are meant, dimension by dimension in the table's order.

    Parameters
    ----------
    selection : by the dimension's id or its name in words: a code, a list of codes, or ``*`` (all),
        ``top(3)`` (the last three; ``top(3,1)`` leaves out the last), ``bottom(3)`` (the first three),
        ``from(2019)``, ``to(2019)``, ``range(2019,2023)`` (both ends included), masks as ``20*`` and
        ``20??``. A dimension that is not named gives all of its codes; an empty list leaves it out, so that
        the service sums over it.

    Raises
    ------
    ParameterError
        ``ssb.unknown_variable``, ``ssb.unknown_code``, ``ssb.must_choose`` (left out, and the
        service cannot sum over it).
    """
    by_name = {name.casefold(): d.code for d in description.dimensions for name in (d.label, d.code)}
    by_name |= {dimension.code.casefold(): dimension.code for dimension in description.dimensions}
    wanted: dict[str, Sequence[str] | str] = {}
    for name, codes in selection.items():
        if name.casefold() not in by_name:
            known = ", ".join(dimension.code for dimension in description.dimensions)
            raise ParameterError("ssb.unknown_variable", variable=name[:80], known=known[:300])
        wanted[by_name[name.casefold()]] = codes
    chosen: Chosen = {}
    for dimension in description.dimensions:
        asked = wanted.get(dimension.code, "*")
        listed = [asked] if isinstance(asked, str) else list(asked)
        if not listed:
            if not dimension.eliminable:
                raise ParameterError("ssb.must_choose", variable=dimension.code[:80])
            continue
        found = [code for item in listed for code in _expand(str(item), dimension)]
        chosen[dimension.code] = tuple(dict.fromkeys(found))
    return chosen


def read_query(value: object) -> dict[str, list[str]]:
    """Return what a saved question asks for, as a selection: the body of version 0 or of version 2.

    The statistics bank shows it under each table ("API query for this table").

    Raises
    ------
    ParameterError
        ``ssb.not_a_query``; ``ssb.grouping`` where it asks for values put together (``agg:``, a code list).
    """
    older = value.get("query") if isinstance(value, Mapping) else None
    newer = value.get("selection") if isinstance(value, Mapping) else None
    entries = older if isinstance(older, list) else newer
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise ParameterError("ssb.not_a_query")
    wanted: dict[str, list[str]] = {}
    for entry in entries:
        name = entry.get("code") or entry.get("variableCode")
        inner = entry.get("selection")
        asked = inner if isinstance(inner, Mapping) else {"filter": "item", "values": entry.get("valueCodes")}
        kind, codes = str(asked.get("filter", "item")).casefold(), asked.get("values")
        if not isinstance(name, str) or not isinstance(codes, list):
            raise ParameterError("ssb.not_a_query")
        if kind.startswith("agg") or str(entry.get("codelist") or "").casefold().startswith("agg"):
            raise ParameterError("ssb.grouping", variable=name[:80])
        listed = [str(code) for code in codes]
        wanted[name] = [f"top({code})" for code in listed] if kind == "top" else listed
    return wanted


def split_codes(values: str) -> list[str]:
    """Return the codes in a text, apart by commas; the commas within ``range(2019,2023)`` part nothing."""
    return [code.strip() for code in re.split(r",(?![^()]*\))", values) if code.strip()]


def count_cells(chosen: Chosen) -> int:
    """Return how many cells a question asks for."""
    return math.prod(len(codes) for codes in chosen.values())


def split_question(chosen: Chosen, *, most_cells: int = MOST_CELLS) -> Iterator[Chosen]:
    """Give the parts of a question, each of at most `most_cells` cells; together they are the whole."""
    cells = count_cells(chosen)
    longest = max(chosen, key=lambda name: len(chosen[name]), default="")
    if cells <= most_cells or not longest or len(chosen[longest]) == 1:
        yield chosen
        return
    codes = chosen[longest]
    parts = max(2, min(len(codes), -(-cells // most_cells)))
    size = -(-len(codes) // parts)
    for start in range(0, len(codes), size):
        yield from split_question({**chosen, longest: codes[start : start + size]}, most_cells=most_cells)


def word_question(chosen: Chosen, *, description: Cube, language: str = "no") -> list[tuple[str, str]]:
    """Return the parameters of a question to version 2."""
    params = [("lang", language), ("outputFormat", "json-stat2")]
    for name, codes in chosen.items():
        params.append((f"valueCodes[{name}]", "*" if _is_all(name, codes, description) else ",".join(codes)))
    return params


def word_body(chosen: Chosen) -> dict[str, Any]:
    """Return the body of a question to version 2, for what is too long for an address."""
    return {
        "selection": [{"variableCode": name, "valueCodes": list(codes)} for name, codes in chosen.items()]
    }


def word_older_body(chosen: Chosen, *, description: Cube) -> dict[str, Any]:
    """Return the body of a question to version 0."""
    query = []
    for name, codes in chosen.items():
        whole = _is_all(name, codes, description)
        picked = {"filter": "all", "values": ["*"]} if whole else {"filter": "item", "values": list(codes)}
        query.append({"code": name, "selection": picked})
    return {"query": query, "response": {"format": "json-stat2"}}


def needs_body(params: Sequence[tuple[str, str]], chosen: Chosen) -> bool:
    """Return whether a question is too long for an address, or a code in it would be read as two."""
    letters = len(urlencode(params))
    return letters > LONGEST_QUESTION or any("," in code for codes in chosen.values() for code in codes)


class Assembly:
    """The cells of a question, as its parts come in."""

    def __init__(self, chosen: Chosen, *, description: Cube) -> None:
        cells = count_cells(chosen)
        if cells > MOST_CHOSEN:
            raise ParameterError("ssb.too_many_cells", cells=cells, limit=MOST_CHOSEN)
        self._chosen = chosen
        self._description = description
        self._values = np.full(cells, np.nan)
        self._statuses = np.full(cells, "", dtype=object)
        self._times_filled = np.zeros(cells, dtype=np.uint8)
        self._last: Cube | None = None

    def fits(self, value: object, part: Chosen) -> bool:
        """Return whether a decoded answer has every cell of a part of the question."""
        try:
            cube = read_cube(find_dataset(value))
        except RefusedFileError:
            return False
        answered = {dimension.code: set(dimension.codes) for dimension in cube.dimensions}
        return all(answered.pop(name, set()) >= set(codes) for name, codes in part.items()) and all(
            len(codes) == 1 for codes in answered.values()
        )

    def add(self, cube: Cube, part: Chosen) -> None:
        """Put the cells of the answer to a part where they belong.

        Codes that were not asked for are passed over: a table may have got a new year since it was described.
        """
        strides = self._strides()
        at = np.zeros(1, dtype=np.int64)
        meant = np.ones(1, dtype=bool)
        for dimension in cube.dimensions:
            own = np.zeros(len(dimension.codes), dtype=np.int64)
            asked = np.ones(len(dimension.codes), dtype=bool)
            if dimension.code in part:
                order = {code: place for place, code in enumerate(self._chosen[dimension.code])}
                own = np.array([order.get(code, 0) for code in dimension.codes]) * strides[dimension.code]
                asked = np.isin(dimension.codes, part[dimension.code])
            at = (at[:, np.newaxis] + own).ravel()
            meant = (meant[:, np.newaxis] & asked).ravel()
        self._values[at[meant]] = cube.values[meant]
        if cube.statuses is not None:
            self._statuses[at[meant]] = cube.statuses[meant]
        self._times_filled[at[meant]] += 1
        self._last = cube

    def finish(self) -> Cube:
        """Return the whole.

        Raises
        ------
        RefusedFileError
            ``ssb.cells_lacking`` where a cell did not come, or came twice.
        """
        wrong = int((self._times_filled != 1).sum())
        if wrong or self._last is None:
            raise RefusedFileError("ssb.cells_lacking", cells=wrong)
        told = {dimension.code: dimension for dimension in self._last.dimensions}
        dimensions = []
        for known in self._description.dimensions:
            if known.code not in self._chosen:
                continue
            codes = self._chosen[known.code]
            label_of = dict(zip(known.codes, known.labels, strict=True))
            answered = told.get(known.code, known)
            label_of |= dict(zip(answered.codes, answered.labels, strict=True))
            dimensions.append(
                replace(
                    known,
                    label=answered.label,
                    role=answered.role or known.role,
                    codes=codes,
                    labels=tuple(label_of[code] for code in codes),
                    units={**known.units, **answered.units},
                    decimals={**known.decimals, **answered.decimals},
                )
            )
        return replace(
            self._last,
            dimensions=tuple(dimensions),
            values=self._values,
            statuses=self._statuses if (self._statuses != "").any() else None,
        )

    def _strides(self) -> dict[str, int]:
        strides: dict[str, int] = {}
        below = 1
        for name in reversed(list(self._chosen)):
            strides[name] = below
            below *= len(self._chosen[name])
        return strides


def is_too_large(status: int, answer: object) -> bool:
    """Return whether a refusal is that of a question with too many cells."""
    if status == 413:
        return True
    said = str(answer).casefold() if answer is not None else ""
    return status in (400, 403) and bool(
        re.search(r"too (?:many|large)|cells|celler|for mange|exceed|max(?:imum)?\b", said)
        or (status == 403 and not said)
    )


def _is_all(name: str, codes: tuple[str, ...], description: Cube) -> bool:
    return any(d.code == name and len(d.codes) == len(codes) > 1 for d in description.dimensions)


def _expand(item: str, dimension: Dimension) -> list[str]:
    codes = list(dimension.codes)
    if item in codes:
        return [item]
    found: list[str] = []
    top, span = _TOP.fullmatch(item.strip()), _SPAN.fullmatch(item.strip())
    if top:
        newest_first = dimension.role == "time" and codes[:1] > codes[-1:]
        ordered = codes[::-1] if (top["word"].casefold() == "top") != newest_first else codes
        skip = int(top["skip"] or 0)
        kept = set(ordered[skip : skip + int(top["count"])])
        found = [code for code in codes if code in kept]
    elif span:
        found = _expand_span(span, codes)
    elif "*" in item or "?" in item:
        mask = item.replace("[", "[[]")
        found = [code for code in codes if fnmatch.fnmatchcase(code, mask)]
    elif item in dimension.labels:
        found = [code for code, label in zip(codes, dimension.labels, strict=True) if label == item]
    if not found:
        raise ParameterError("ssb.unknown_code", variable=dimension.code[:80], value=item[:80])
    return found


def _expand_span(span: re.Match[str], codes: list[str]) -> list[str]:
    word, first, last = span["word"].casefold(), span["first"], span["last"]
    if (word == "range") != (last is not None):
        return []
    ends = [end for end in (first, last) if end is not None]
    if any(end not in codes for end in ends):
        return []
    low = 0 if word == "to" else codes.index(first)
    high = codes.index(first if word == "to" else last) if word != "from" else len(codes) - 1
    return codes[low : high + 1]


def _read_older_description(value: Mapping[str, Any]) -> Cube:
    dimensions = []
    for variable in value["variables"]:
        if not isinstance(variable, Mapping) or not isinstance(variable.get("values"), list):
            raise RefusedFileError("jsonstat.no_dataset")
        codes = tuple(str(code) for code in variable["values"])
        texts = variable.get("valueTexts")
        labels = tuple(read_text(text) for text in texts) if isinstance(texts, list) else codes
        code = str(variable.get("code", ""))
        dimensions.append(
            Dimension(
                code=code,
                label=read_text(variable.get("text")) or code,
                role="time" if variable.get("time") is True else "metric" if code == "ContentsCode" else "",
                codes=codes,
                labels=labels if len(labels) == len(codes) else codes,
                eliminable=variable.get("elimination") is True,
            )
        )
    return Cube(tuple(dimensions), np.empty(0), None, label=read_text(value.get("title")))
