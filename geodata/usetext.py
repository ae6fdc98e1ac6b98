"""Which uses, materials and published exchanges a text is about: words and pieces of words, by TF-IDF.

Small and deterministic: some thousand short documents, a list of them for each word, cosine. A word counts
by its stem and by its runs of five letters, so that Norwegian compounds and spelling slips still meet. What
follows ``from`` or ``to`` tells where a stream comes from or goes, and counts less than what it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import log, sqrt
from types import MappingProxyType
from typing import Literal

from geodata.codetables import WasteCodes
from geodata.uses import UseLibrary

_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "ä": "ae", "ö": "o", "đ": "d", "ŋ": "n", "ß": "ss"})
_STOP = frozenset(
    """og and av the a an on by som as is er at waste wastes avfall other annet anna andre not ikke ikkje or
    eller used brukt new ny nytt en et ei ein eit den det de its their between same public into use materials
    material stoff produkt product plant plants anlegg production produksjon factory fabrikk mill works verk
    company firm bedrift various diverse different with med for som i in""".split()  # noqa: SIM905
)
_TURNS = MappingProxyType(
    {"of": 0.7, "from": 0.45, "fra": 0.45, "to": 0.4, "til": 0.4, "ved": 0.5, "at": 0.5}
)
"""Words after which a text no longer says what the stream is, and how much the rest counts."""
_ENDINGS = ("ings", "ing", "ene", "ane", "ies", "es", "er", "ar", "en", "et", "s", "a", "e")
_GRAM = 5
_GRAM_WEIGHT = 0.35
_LONGEST_TEXT = 500
_UNKNOWN_WEIGHT = 3.0
TextKind = Literal["use", "material", "code", "exchange"]


@dataclass(frozen=True)
class TextHits:
    """What a text resembles: key -> cosine (0..1) for ``use``, ``material``, ``code`` and ``exchange``."""

    uses: Mapping[str, float]
    materials: Mapping[str, float]
    codes: Mapping[str, float]
    exchanges: Mapping[str, float]


NO_HITS = TextHits(*(MappingProxyType({}) for _ in range(4)))


@dataclass(frozen=True, eq=False)
class _TextIndex:
    keys: tuple[tuple[TextKind, str], ...]
    weights: Mapping[str, float]
    postings: Mapping[str, tuple[tuple[int, float], ...]]


def search_texts(
    text: str | None, *, library: UseLibrary, codes: WasteCodes, floor: float = 0.12
) -> TextHits:
    """Return what `text` resembles; hits below `floor` are left out.

    Parameters
    ----------
    text : what a firm writes of its stream, in bokmål, nynorsk or English; only 500 signs are read.
    """
    index = _index_texts(library, codes)
    asked = _features(str(text or "")[:_LONGEST_TEXT])
    vector = {term: count * index.weights[term] for term, count in asked.items() if term in index.weights}
    length = sqrt(sum(value * value for value in vector.values()))
    # Words that no document knows make the text longer too: what is mostly unknown fits nothing well.
    unknown = [term for term in asked if term not in index.weights and not term.startswith("#")]
    if not vector:
        return NO_HITS
    length = sqrt(length**2 + len(unknown) * _UNKNOWN_WEIGHT**2)
    scores: dict[int, float] = {}
    for term, value in vector.items():
        for place, weight in index.postings[term]:
            scores[place] = scores.get(place, 0.0) + value * weight
    found: dict[TextKind, dict[str, float]] = {"use": {}, "material": {}, "code": {}, "exchange": {}}
    for place, score in scores.items():
        cosine = score / length
        if cosine >= floor:
            kind, key = index.keys[place]
            found[kind][key] = max(found[kind].get(key, 0.0), cosine)
    return TextHits(*(MappingProxyType(found[kind]) for kind in ("use", "material", "code", "exchange")))


@lru_cache(maxsize=4)
def _index_texts(library: UseLibrary, codes: WasteCodes) -> _TextIndex:
    keys: list[tuple[TextKind, str]] = []
    bags: list[dict[str, float]] = []
    for kind, key, text in _documents(library, codes):
        keys.append((kind, key))
        bags.append(_features(text))
    frequency = Counter(term for bag in bags for term in bag)
    weights = {term: log(1 + len(bags) / count) for term, count in frequency.items()}
    postings: dict[str, list[tuple[int, float]]] = {}
    for place, bag in enumerate(bags):
        vector = {
            term: (1 + log(count) if count > 1 else count) * weights[term] for term, count in bag.items()
        }
        length = sqrt(sum(value * value for value in vector.values())) or 1.0
        for term, value in vector.items():
            postings.setdefault(term, []).append((place, value / length))
    return _TextIndex(tuple(keys), weights, {term: tuple(hits) for term, hits in postings.items()})


def _documents(library: UseLibrary, codes: WasteCodes) -> Iterable[tuple[TextKind, str, str]]:
    for row in codes.materials.itertuples(index=False):
        key = str(row.material)
        for name in (*codes.labels[key], *str(row.synonyms).split("|"), key.replace("_", " ")):
            if name:
                yield "material", key, name
    for code in codes.hazard:
        for name in codes.titles[code]:
            yield "code", code, name
    for row in library.uses.itertuples(index=False):
        stream = str(row.use_id).split("-to-")[0].replace("-", " ")
        yield "use", str(row.use_id), stream
        yield "use", str(row.use_id), str(row.use_id).replace("-", " ")
    for row in library.exchanges.itertuples(index=False):
        yield "exchange", str(row.exchange_id), str(row.stream)


def _features(text: str) -> dict[str, float]:
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    bag: dict[str, float] = {}
    weight = 1.0
    for word in re.findall(r"[a-z][a-z0-9]+", plain):
        if word in _TURNS:
            weight = min(weight, _TURNS[word])
        if word in _TURNS or word in _STOP:
            continue
        stem = _stem(word.replace("aa", "a").replace("oe", "o"))
        bag[stem] = bag.get(stem, 0.0) + weight
        for start in range(max(0, len(stem) - _GRAM + 1)):
            gram = "#" + stem[start : start + _GRAM]
            bag[gram] = bag.get(gram, 0.0) + weight * _GRAM_WEIGHT
    return bag


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
