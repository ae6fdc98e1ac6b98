"""Waste codes from free text: ``kappet impregnert trevirke`` -> 17 02 04* and what made it so.

The text's words are made alike (:mod:`geodata.codewording`), mended where they are nearly a known word,
and compared with every phrase known of every code (:mod:`geodata.codeindex`) by the cosine of their weighted
stems. The best phrase of a code decides, the titles above it help, what the industry typically gives is
lifted, and words of hazard or cleanness choose between mirror entries. Where the text says nothing that is
known, there is no suggestion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from geodata.codeindex import CodeIndex, weigh
from geodata.codetext import clean_text
from geodata.codewording import (
    LONGEST_TEXT,
    fold_text,
    split_words,
    squeeze,
    stem_word,
    tell_hazard,
)
from geodata.wastecodes import parse_eal

CONFIDENCES = ("high", "medium", "low")
"""How sure a suggestion is; below low nothing is suggested."""
HIGH, MEDIUM, LOW = 0.75, 0.45, 0.3
"""How well the best phrase must agree (cosine times its weight) for each confidence."""
SURE, CLEAR, RIVAL = 0.95, 0.75, 0.85
"""Agreement that is sure as long as the nearest other material scores below CLEAR of the first; HIGH asks for
0.6. Above RIVAL the first is no more than low."""
MOST_SUGGESTIONS = 25

_PHRASE_SHARE, _COVERED_SHARE = 0.7, 0.35
_SAME, _SAME_LIFT = 0.985, 1.2
_UNDECIDED_STAR = 0.9
_HAZARD_UNSAID = 0.7
_UNKNOWN_WEIGHT = 0.55
_INDUSTRY_STEP = 0.14
_OTHER_INDUSTRY = 0.82
_SOURCE_CHAPTERS = frozenset(f"{n:02d}" for n in (*range(1, 13), 18))
_HAZARD_LIFT, _HAZARD_FALL = 1.12, 0.78
_CLEAN_LIFT, _CLEAN_FALL = 1.04, 0.74
_REST_SHARE = 0.93
_FAR = 0.6
_LEAST_SHARE = 0.4
_LOOKED_AT = 12
_FAINT = 0.05
_BLOCK_CELLS = 400_000

_OTHER_THAN = re.compile(
    r"\b(?:other than|an(?:n?et|n?en|dre|na)\b.{0,60}? enn?)\b.*\d{2}[ .]?\d{2}[ .]?\d{2}"
)
_CODE = re.compile(r"(?<!\d)\d{2}[ .]?\d{2}[ .]?\d{2}(?!\d)")


@dataclass(frozen=True)
class CodeSuggestion:
    """One code that a text may mean.

    Attributes
    ----------
    code : six digits.
    score : how well text and code agree, 0 to 1; comparable between texts.
    confidence : one of :data:`CONFIDENCES`.
    hazardous : the code's star. mirrors : its mirror entries, to be looked at before choosing.
    material : key of the material that the code stands for.
    words : the text's own words that made it so, mended ones as ``gibsplater > gipsplater``.
    phrase : the known phrase that they were found in.
    """

    code: str
    score: float
    confidence: str
    hazardous: bool
    mirrors: tuple[str, ...]
    material: str
    words: tuple[str, ...]
    phrase: str


@dataclass(frozen=True)
class _Reading:
    """A text's words as features: position -> weight, with the word each came from, and the whole weight."""

    features: dict[int, float]
    sources: dict[int, str]
    mass: float
    hazard: int
    others: tuple[str, ...]


def suggest_codes(
    text: str, *, index: CodeIndex, industry: str | None = None, limit: int = 5
) -> tuple[CodeSuggestion, ...]:
    """Return the codes that a text may mean, the likeliest first; none where nothing in it is known.

    Parameters
    ----------
    text : what is in the container, in bokmål, nynorsk or English; a code written in it comes first.
    industry : code of the industry that gives it (SN2007 or SN2025, two digits or more), if known.
    limit : at most so many, and never more than 25.
    """
    return suggest_many([text], index=index, industries=[industry], limit=limit)[0]


def suggest_many(
    texts: Sequence[object],
    *,
    index: CodeIndex,
    industries: Sequence[str | None] | None = None,
    limit: int = 3,
) -> list[tuple[CodeSuggestion, ...]]:
    """Suggest codes for many texts at once, each distinct pair of text and industry searched once.

    Returns one tuple for each text, in their order; see :func:`suggest_codes`.
    """
    limit = max(0, min(limit, MOST_SUGGESTIONS))
    divisions = [_division(code, index) for code in industries] if industries else [None] * len(texts)
    keys = [
        (clean_text(text[:LONGEST_TEXT]) if isinstance(text, str) else "", division)
        for text, division in zip(texts, divisions, strict=True)
    ]
    distinct = sorted(set(keys), key=lambda key: (key[0], key[1] or ""))
    readings = _read_texts([text for text, _division in distinct], index)
    answers: dict[tuple[str, str | None], tuple[CodeSuggestion, ...]] = {}
    step = max(1, _BLOCK_CELLS // max(len(index.link_phrase), 1))
    for start in range(0, len(distinct), step):
        block = distinct[start : start + step]
        for key, found in zip(
            block,
            _search(block, readings[start : start + step], index, limit),
            strict=True,
        ):
            answers[key] = found
    return [answers[key] for key in keys]


def suggest_code_column(
    texts: pd.Series, *, index: CodeIndex, industries: pd.Series | None = None, limit: int = 3
) -> pd.DataFrame:
    """Suggest codes for a column.

    Returns
    -------
    One row a suggestion: row (label in `texts`), rank (1 is the likeliest), code, score, confidence,
    hazardous, mirrors, material, words, phrase. A text without a suggestion has no row.
    """
    given = None if industries is None else [x if isinstance(x, str) else None for x in industries]
    found = suggest_many(list(texts), index=index, industries=given, limit=limit)
    rows = [
        (
            *(label, rank, s.code, s.score, s.confidence, s.hazardous),
            *(" ".join(s.mirrors), s.material, ", ".join(s.words), s.phrase),
        )
        for label, suggestions in zip(texts.index, found, strict=True)
        for rank, s in enumerate(suggestions, start=1)
    ]
    columns = ["row", "rank", "code", "score", "confidence", "hazardous", "mirrors", "material", "words"]
    return pd.DataFrame(rows, columns=[*columns, "phrase"])


def _division(industry: str | None, index: CodeIndex) -> str | None:
    digits = re.sub(r"\D", "", industry)[:2] if isinstance(industry, str) else ""
    return digits if digits in index.priors else None


def _read_texts(texts: Sequence[str], index: CodeIndex) -> list[_Reading]:
    words = [split_words(text) for text in texts]
    spreads: dict[str, list[tuple[int, float, str]]] = {}
    unknown: list[str] = []
    for word in sorted(set().union(*words)) if words else []:
        known = index.spread_word(word)
        spreads[word] = [(index.features[s], weight, "") for s, weight in known.items()]
        if stem_word(word) not in index.features and len(word) > 3 and not known:
            unknown.append(word)
    for word, mended, likeness in _mend(unknown, index):
        spreads[word] = [
            (index.features[s], weight * likeness, mended) for s, weight in index.spread_word(mended).items()
        ]
    ceiling = float(np.median(index.idf))
    return [_read(text, w, spreads, index, ceiling) for text, w in zip(texts, words, strict=True)]


def _read(
    text: str,
    words: list[str],
    spreads: dict[str, list[tuple[int, float, str]]],
    index: CodeIndex,
    ceiling: float,
) -> _Reading:
    features: dict[int, float] = {}
    sources: dict[int, str] = {}
    mass = 0.0
    surface = {squeeze(fold_text(w)): w for w in reversed(re.findall(r"[^\W_]+", text))}
    for word in words:
        spread = spreads[word]
        written = surface.get(word, word).casefold()
        if not spread:
            mass += (_UNKNOWN_WEIGHT * ceiling * weigh(stem_word(word))) ** 2
            continue
        for feature, weight, mended in spread:
            value = weight * float(index.idf[feature])
            if value > features.get(feature, 0.0):
                features[feature] = value
                sources[feature] = f"{written} > {mended}" if mended else written
    mass += sum(value**2 for value in features.values())
    folded = fold_text(text)
    others: tuple[str, ...] = ()
    if _OTHER_THAN.search(folded):  # the list's own way: "other than those mentioned in 17 05 03"
        named = {re.sub(r"\D", "", hit) for hit in _CODE.findall(folded)}
        others = tuple(sorted({m for code in named for m in index.codes.mirrors.get(code, ())} - named))
    hazard = tell_hazard(folded)
    return _Reading(features, sources, mass, -1 if others else hazard, others)


def _mend(words: list[str], index: CodeIndex) -> Iterator[tuple[str, str, float]]:
    """Yield (word, known word, likeness 0-1) for unknown words nearly known, in whole or at an end."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    stock = [word for word in index.speller.words if len(word) > 3 and not word.isdigit()]
    lengths = np.array([len(word) for word in stock])
    initials = np.array([word[0] for word in stock])
    for start in range(0, len(words), 256):
        block = words[start : start + 256]
        distances = process.cdist(block, stock, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8)
        for word, row in zip(block, distances, strict=True):
            allowed = 1 if len(word) < 7 else 2
            # A slip of the first letter is rare; it counts as half a slip more.
            cost = row + 0.5 * (initials != word[0]) + 0.01 * np.abs(lengths - len(word))
            best = int(np.argmin(cost)) if len(stock) else -1
            ends = index.speller.find_ends(word)
            near = best >= 0 and row[best] <= allowed and cost[best] < allowed + 0.45
            if near and (row[best] <= 1 or not ends):
                yield word, stock[best], (1 - float(row[best]) / len(word)) ** 1.5
            elif ends:
                longest = max(ends, key=lambda part: (len(part), part))
                yield word, longest, min(0.8, len(longest) / len(word))


def _search(
    keys: Sequence[tuple[str, str | None]], readings: Sequence[_Reading], index: CodeIndex, limit: int
) -> list[tuple[CodeSuggestion, ...]]:
    queries = _stack(readings, len(index.idf))
    lengths = np.sqrt([max(reading.mass, 1e-12) for reading in readings])[:, None]
    phrase_scores = ((queries @ index.matrix).toarray() / lengths).astype(np.float32)
    calm = np.array([reading.hazard <= 0 for reading in readings])
    phrase_scores[np.ix_(calm, index.hazard_phrases)] *= _HAZARD_UNSAID
    phrase_scores[phrase_scores > _SAME] *= _SAME_LIFT
    linked = np.take(phrase_scores, index.link_phrase, axis=1)
    linked *= index.link_weight
    best = np.maximum.reduceat(linked, index.link_start, axis=1)
    squares = queries.copy()
    squares.data **= 2
    covered = (squares @ index.vocabulary).toarray() / lengths**2
    scores = _PHRASE_SHARE * best + _COVERED_SHARE * covered
    scores += (queries @ index.context).toarray() / lengths * (best > 0)
    _weigh_circumstances(scores, best, keys, readings, index)
    np.clip(scores, 0, 1.6, out=scores)
    found = []
    for row, (text, _division) in enumerate(keys):
        found.append(_choose(text, readings[row], scores[row], best[row], linked[row], index, limit))
    return found


def _stack(readings: Sequence[_Reading], width: int) -> csr_array:
    starts = np.cumsum([0, *(len(reading.features) for reading in readings)])
    columns = [k for reading in readings for k in reading.features]
    values = [v for reading in readings for v in reading.features.values()]
    return csr_array((values, columns, starts), shape=(len(readings), width))


def _weigh_circumstances(
    scores: npt.NDArray[np.float64],
    best: npt.NDArray[np.float32],
    keys: Sequence[tuple[str, str | None]],
    readings: Sequence[_Reading],
    index: CodeIndex,
) -> None:
    """Weigh what the industry gives, hazard words between mirror entries, and entries for what is left."""
    left_over = np.array([code.endswith("99") for code in index.code_list])
    scores[:, left_over] *= _REST_SHARE
    sourced = np.array([code[:2] in _SOURCE_CHAPTERS for code in index.code_list])
    for row, ((_text, division), reading) in enumerate(zip(keys, readings, strict=True)):
        if division is not None:
            prior = index.priors[division]
            scores[row] *= 1 + _INDUSTRY_STEP * prior
            scores[row, sourced & (prior == 0)] *= _OTHER_INDUSTRY
            _lift_own_material(scores[row], best[row], sourced, prior, index)
        if reading.hazard > 0:
            scores[row, index.mirrored & index.starred] *= _HAZARD_LIFT
            scores[row, index.mirrored & ~index.starred] *= _HAZARD_FALL
        elif reading.hazard == 0:
            scores[row, index.mirrored & index.starred] *= _UNDECIDED_STAR
        else:
            scores[row, index.mirrored & index.starred] *= _CLEAN_FALL
            scores[row, index.mirrored & ~index.starred] *= _CLEAN_LIFT
        for code in reading.others:
            place = index.code_list.index(code)
            scores[row, place] = scores[row].max() * 1.01 + 0.1 * scores[row, place]
            best[row, place] = max(best[row, place], HIGH)


def _lift_own_material(
    scores: npt.NDArray[np.float64],
    best: npt.NDArray[np.float32],
    sourced: npt.NDArray[np.bool_],
    prior: npt.NDArray[np.float64],
    index: CodeIndex,
) -> None:
    """Where the best code is of another industry, lift this industry's codes of that material: a builder's
    ``trekapp`` is wood from building."""
    top = int(np.argmax(scores))
    if not sourced[top] or prior[top] > 0 or best[top] < MEDIUM:
        return
    codes = index.codes
    chapter = index.code_list[top][:2]
    if any(prior[k] > 0 for k, code in enumerate(index.code_list) if code[:2] == chapter):
        return  # the industry is at home in the chapter
    material = codes.material_by_code[index.code_list[top]]
    line = (material, *codes.ancestors.get(material, ()))
    for place in np.flatnonzero(prior > 0):
        code = index.code_list[place]
        if codes.material_by_code[code] in line and not code.endswith("99"):
            lifted = scores[top] * (0.95 + 0.05 * prior[place])
            scores[place] = max(scores[place], lifted)
            best[place] = max(best[place], 0.8 * best[top])


def _choose(
    text: str,
    reading: _Reading,
    scores: npt.NDArray[np.float64],
    agreement: npt.NDArray[np.float32],
    linked: npt.NDArray[np.float32],
    index: CodeIndex,
    limit: int,
) -> tuple[CodeSuggestion, ...]:
    told = text and not reading.others
    written = parse_eal(text, codes=index.codes, star_expected=False).code if told else None
    order = np.argsort(-scores, kind="stable")[: max(limit + 1, _LOOKED_AT)]
    chosen: list[CodeSuggestion] = []
    if written is not None and limit:
        chosen.append(_describe(written, 1.0, "high", (), "", index))
    first = int(order[0])
    step = _judge(order, scores, float(agreement[first]), index)
    leading = int(np.argmax(linked))
    for position in order:
        if len(chosen) >= limit or step is None or agreement[position] < LOW:
            break
        share = float(scores[position] / scores[first])
        code = index.code_list[position]
        if share < _LEAST_SHARE or code == written:
            continue
        start = index.link_start[position]
        end = index.link_start[position + 1] if position + 1 < len(index.code_list) else len(linked)
        at = start + int(np.argmax(linked[start:end]))
        if linked[at] < _FAINT:  # lifted for its material: what spoke for the first speaks for it
            at = leading
        phrase = int(index.link_phrase[at])
        words = _explain(reading, phrase, index)
        later = step if position == first else min(2, step + (1 if share > CLEAR else 2))
        score = min(float(scores[position]), 1.0)
        chosen.append(_describe(code, score, CONFIDENCES[later], words, index.phrases[phrase], index))
    return tuple(chosen)


def _judge(
    order: npt.NDArray[np.intp], scores: npt.NDArray[np.float64], agreement: float, index: CodeIndex
) -> int | None:
    """Say how sure the first is, as a place in CONFIDENCES: None where it is not worth suggesting."""
    if agreement < LOW or scores[order[0]] <= 0:
        return None
    codes = index.codes
    first = index.code_list[order[0]]
    material, mirrors = codes.material_by_code[first], codes.mirrors.get(first, ())
    rival = 0.0
    for position in order[1:]:
        code = index.code_list[position]
        if codes.material_by_code[code] != material and code not in mirrors:
            rival = float(scores[position] / scores[order[0]])
            break
    if (agreement >= SURE and rival < CLEAR) or (agreement >= HIGH and rival < _FAR):
        return 0
    return 1 if agreement >= MEDIUM and rival < RIVAL else 2


def _explain(reading: _Reading, phrase: int, index: CodeIndex) -> tuple[str, ...]:
    """The words of the text that the phrase has too, those that count most first."""
    shared: dict[str, float] = {}
    for feature, value in reading.features.items():
        start, end = index.matrix.indptr[feature], index.matrix.indptr[feature + 1]
        columns = index.matrix.indices[start:end]
        at = int(np.searchsorted(columns, phrase))
        if at < len(columns) and columns[at] == phrase:
            source = reading.sources[feature]
            shared[source] = max(shared.get(source, 0.0), value)
    return tuple(sorted(shared, key=lambda word: (-shared[word], word)))


def _describe(
    code: str, score: float, confidence: str, words: tuple[str, ...], phrase: str, index: CodeIndex
) -> CodeSuggestion:
    codes = index.codes
    return CodeSuggestion(
        code=code,
        score=round(score, 3),
        confidence=confidence,
        hazardous=codes.hazard[code],
        mirrors=codes.mirrors.get(code, ()),
        material=codes.material_by_code[code],
        words=words,
        phrase=phrase,
    )
