"""What is known of every waste code in words, laid out as sparse arrays to be searched.

A *phrase* is one way of saying what something is: a title, a material's name, a firm's everyday word. Each
phrase points at codes with a weight. A word counts the more the fewer subchapters it occurs in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from geodata.codetables import WasteCodes
from geodata.codewording import WEAK_WORDS, Speller, fold_text, split_lines, stem_word, tell_hazard
from geodata.errors import InvalidTableError

WORD_COLUMNS = ("targets", "words_nb", "words_nn", "words_en")
INDUSTRY_COLUMNS = ("division", "prefixes")
TITLE, MATERIAL_WORD, MATERIAL, SUBCHAPTER, CHAPTER = 0.85, 0.62, 0.5, 0.22, 0.1
"""How much a phrase says of a code: its own title; a word for its material; a material's name or synonym;
the title of its subchapter; of its chapter. Everyday words for the code itself carry their own weight, at
most 1."""
WHOLE_SHARE, HEAD_SHARE, PART_SHARE = 0.6, 0.85, 0.7
"""Weights of a compound's whole, of its last part (what it is) and of the parts before (of what)."""


@dataclass(frozen=True, eq=False)
class CodeIndex:
    """The searchable words of all codes.

    Attributes
    ----------
    code_list : codes in the order of the columns that scores come in.
    features : stem -> column of the phrase matrix.
    idf : weight of each stem.
    phrases : every phrase as written. hazard_phrases : those that speak of hazard.
    matrix : stems x phrases, columns of length 1.
    link_phrase, link_weight : links from phrases to codes, ordered by code.
    link_start : where each code's links begin (`len(code_list)` of them; every code has at least one).
    vocabulary : stems x codes, how surely a stem belongs to a code's own words, 0 to 1.
    context : stems x codes, titles of chapter and subchapter, columns of length 1 times their weight.
    priors : division -> weight of each code there, 0 (not typical) to 3.
    """

    codes: WasteCodes
    code_list: tuple[str, ...]
    features: Mapping[str, int]
    idf: npt.NDArray[np.float64]
    phrases: tuple[str, ...]
    hazard_phrases: npt.NDArray[np.bool_]
    matrix: csr_array
    link_phrase: npt.NDArray[np.int64]
    link_weight: npt.NDArray[np.float32]
    link_start: npt.NDArray[np.int64]
    vocabulary: csr_array
    context: csr_array
    priors: Mapping[str, npt.NDArray[np.float64]]
    speller: Speller
    mirrored: npt.NDArray[np.bool_]
    starred: npt.NDArray[np.bool_]

    def spread_word(self, word: str) -> dict[str, float]:
        """Return the known stems that a folded word stands for, with weights; empty where none is known."""
        return spread_word(word, self.speller)


def spread_word(word: str, speller: Speller) -> dict[str, float]:
    """Return a folded word's stem and the parts it is made of, those that are known, with weights."""
    stem = stem_word(word)
    parts = speller.split_compound(word)
    spread = {stem: (WHOLE_SHARE if parts else 1.0) * weigh(stem)} if stem in speller.stems else {}
    for place, part in enumerate(parts, start=1):
        if part != stem:
            share = HEAD_SHARE if place == len(parts) else PART_SHARE
            spread[part] = max(spread.get(part, 0.0), share * weigh(part))
    return spread


def weigh(stem: str) -> float:
    """Return 1 for a stem that says what something is, less for one that says that it is old or left over."""
    return WEAK_WORDS.get(stem, 1.0)


def build_code_index(codes: WasteCodes, *, words: pd.DataFrame, industry_codes: pd.DataFrame) -> CodeIndex:
    """Build the index; about 0.3 s of processor time, callers keep it.

    Parameters
    ----------
    words : targets (codes and keys of materials apart by a space, each with ``:weight`` where not 1),
        words_nb, words_nn, words_en (phrases apart by ``|``).
    industry_codes : division (two digits of SN2007 or SN2025), prefixes (beginnings of codes that it
        typically gives, apart by a space, each with ``:1`` to ``:3``).

    Raises
    ------
    InvalidTableError
        ``table.column_missing``; ``codes.target_unknown`` (neither a code nor a material).
    """
    for name, table, columns in (
        ("words", words, WORD_COLUMNS),
        ("industry_codes", industry_codes, INDUSTRY_COLUMNS),
    ):
        for column in columns:
            if column not in table:
                raise InvalidTableError("table.column_missing", table=name, column=column)
    code_list = tuple(codes.hazard)
    position = {code: k for k, code in enumerate(code_list)}
    phrases, links = _collect_phrases(codes, words, position)
    tokens = split_lines(phrases)
    prefixes = [p for p in codes.titles if len(p) < 6]
    heads = {p: split_lines(codes.titles[p]) for p in prefixes}
    vocabulary = sorted(
        set(chain.from_iterable(tokens)).union(*(chain.from_iterable(t) for t in heads.values()))
    )
    speller = Speller(vocabulary)
    features = {stem: k for k, stem in enumerate(sorted(speller.stems))}
    spreads = {word: [(features[s], w) for s, w in spread_word(word, speller).items()] for word in vocabulary}
    incidence = _lay_out(tokens, spreads, len(features))
    idf = _measure_rarity(incidence, links, code_list)
    return CodeIndex(
        codes=codes,
        code_list=code_list,
        features=features,
        idf=idf,
        phrases=tuple(phrases),
        hazard_phrases=np.array([tell_hazard(fold_text(phrase)) > 0 for phrase in phrases]),
        matrix=_order(_normalise(incidence, idf).T),
        link_phrase=links[0],
        link_weight=links[1].astype(np.float32),
        link_start=np.searchsorted(links[2], np.arange(len(code_list))),
        vocabulary=_gather_vocabulary(incidence, links, len(code_list)),
        context=_lay_out_context(heads, spreads, idf, code_list),
        priors=_read_priors(industry_codes, code_list),
        speller=speller,
        mirrored=codes.eal["entry"].astype(str).str.startswith("mirror").to_numpy(dtype=bool),
        starred=codes.eal["hazardous"].to_numpy(dtype=bool),
    )


def _collect_phrases(
    codes: WasteCodes, words: pd.DataFrame, position: Mapping[str, int]
) -> tuple[list[str], tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.int64]]]:
    """Every phrase once, and its links (phrase, weight, code) ordered by code; the strongest link stays."""
    by_material: dict[str, list[int]] = {}
    for code, material in codes.material_by_code.items():
        by_material.setdefault(material, []).append(position[code])
    numbers: dict[str, int] = {}
    strongest: dict[tuple[int, int], float] = {}

    def link(phrase: str, targets: Iterable[tuple[int, float]]) -> None:
        number = numbers.setdefault(phrase, len(numbers))
        for code, weight in targets:
            key = (code, number)
            if strongest.get(key, 0.0) < weight:
                strongest[key] = weight

    for code, titles in codes.titles.items():
        if len(code) == 6:
            for title in titles:
                link(title.casefold(), [(position[code], TITLE)])
    for targets, *columns in zip(*(words[name].astype(str) for name in WORD_COLUMNS), strict=True):
        aims: list[tuple[int, float]] = []
        for target in targets.split():
            name, _colon, weight = target.partition(":")
            if name in position:
                aims.append((position[name], float(weight or 1)))
            elif name in codes.ancestors:
                share = MATERIAL_WORD * float(weight or 1)
                aims += [(code, share) for code in by_material.get(name, ())]
            else:
                raise InvalidTableError("codes.target_unknown", target=name)
        for phrase in filter(None, chain.from_iterable(column.split("|") for column in columns)):
            link(phrase.casefold(), aims)
    names = ("material", "label_nb", "label_nn", "label_en", "synonyms")
    for material, *labels, synonyms in zip(
        *(codes.materials[name].astype(str) for name in names), strict=True
    ):
        aims = [(code, MATERIAL) for code in by_material.get(material, ())]
        if aims:
            for phrase in filter(None, [*labels, *synonyms.split("|")]):
                link(phrase.casefold(), aims)
    keys = sorted(strongest)
    return list(numbers), (
        np.array([number for _code, number in keys], dtype=np.int64),
        np.array([strongest[key] for key in keys]),
        np.array([code for code, _number in keys], dtype=np.int64),
    )


def _lay_out(
    tokens: list[list[str]], spreads: Mapping[str, list[tuple[int, float]]], width: int
) -> csr_array:
    """Phrases x stems; a stem that a phrase has twice counts once, at its greater weight."""
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for row, words in enumerate(tokens):
        kept: dict[int, float] = {}
        for word in words:
            for feature, weight in spreads[word]:
                if kept.get(feature, 0.0) < weight:
                    kept[feature] = weight
        rows += [row] * len(kept)
        columns += kept.keys()
        values += kept.values()
    return csr_array((values, (rows, columns)), shape=(len(tokens), width))


def _measure_rarity(
    incidence: csr_array,
    links: tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.int64]],
    code_list: tuple[str, ...],
) -> npt.NDArray[np.float64]:
    """log(1 + subchapters / subchapters that the stem occurs in); links of everyday words and titles only."""
    subchapters = {code[:4]: 0 for code in code_list}
    number = {sub: k for k, sub in enumerate(subchapters)}
    of_code = np.array([number[code[:4]] for code in code_list])
    direct = links[1] > MATERIAL_WORD
    membership = csr_array(
        (np.ones(direct.sum()), (links[0][direct], of_code[links[2][direct]])),
        shape=(incidence.shape[0], len(number)),
    )
    found = (incidence.T.sign() @ membership).sign().sum(axis=1)
    return np.asarray(np.log1p(len(number) / np.maximum(np.asarray(found).ravel(), 1)), dtype=np.float64)


def _normalise(rows: csr_array, idf: npt.NDArray[np.float64]) -> csr_array:
    weighted = csr_array(rows * idf[None, :])
    lengths = np.sqrt(np.asarray((weighted * weighted).sum(axis=1)).ravel())
    lengths[lengths == 0] = 1
    return csr_array(weighted / lengths[:, None])


def _gather_vocabulary(
    incidence: csr_array,
    links: tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.int64]],
    count: int,
) -> csr_array:
    """Stems x codes: the greatest weight of a stem in any phrase that points at the code."""
    phrase, weight, code = links
    sizes = np.diff(incidence.indptr)[phrase]
    first = incidence.indptr[phrase]
    ends = np.cumsum(sizes)
    at = np.arange(int(ends[-1])) - np.repeat(ends - sizes, sizes) + np.repeat(first, sizes)
    stems = incidence.indices[at].astype(np.int64)
    values = incidence.data[at] * np.repeat(weight, sizes)
    keys = stems * count + np.repeat(code, sizes)
    order = np.argsort(keys, kind="stable")
    keys, values = keys[order], values[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    kept = keys[starts]
    return csr_array(
        (np.maximum.reduceat(values, starts), (kept // count, kept % count)),
        shape=(incidence.shape[1], count),
    )


def _order(rows: csr_array) -> csr_array:
    ordered = csr_array(rows)
    ordered.sort_indices()
    return ordered


def _lay_out_context(
    heads: Mapping[str, list[list[str]]],
    spreads: Mapping[str, list[tuple[int, float]]],
    idf: npt.NDArray[np.float64],
    code_list: tuple[str, ...],
) -> csr_array:
    prefixes = list(heads)
    matrix = _lay_out([list(chain.from_iterable(heads[p])) for p in prefixes], spreads, len(idf))
    matrix = _normalise(matrix, idf)
    number = {p: k for k, p in enumerate(prefixes)}
    count = len(code_list)
    pick = csr_array(
        (
            np.concatenate([np.full(count, SUBCHAPTER), np.full(count, CHAPTER)]),
            (
                np.tile(np.arange(count), 2),
                [number[c[:4]] for c in code_list] + [number[c[:2]] for c in code_list],
            ),
        ),
        shape=(count, len(prefixes)),
    )
    return csr_array((pick @ matrix).T)


def _read_priors(table: pd.DataFrame, code_list: tuple[str, ...]) -> dict[str, npt.NDArray[np.float64]]:
    priors: dict[str, npt.NDArray[np.float64]] = {}
    inside: dict[str, list[int]] = {}
    for place, code in enumerate(code_list):
        for digits in (2, 4, 6):
            inside.setdefault(code[:digits], []).append(place)
    for division, prefixes in zip(table["division"].astype(str), table["prefixes"].astype(str), strict=True):
        weights = np.zeros(len(code_list))
        for item in prefixes.split():
            prefix, _colon, weight = item.partition(":")
            if prefix not in inside:
                raise InvalidTableError("codes.target_unknown", target=prefix)
            weights[inside[prefix]] = np.maximum(weights[inside[prefix]], float(weight or 1))
        priors[division] = weights
    return priors
