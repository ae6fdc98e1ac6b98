"""The material vocabulary: find a key from what people write, and say how two materials relate."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.codetables import LANGUAGES, WasteCodes

Relation = Literal["same", "parent", "sibling", "none"]
RELATIONS: tuple[Relation, ...] = ("same", "parent", "sibling", "none")
_STOP_WORDS = frozenset(
    ("og", "and", "av", "of", "fra", "from", "til", "to", "i", "in", "med", "with", "for", "the")
)
_NEUTRAL = frozenset(  # words that say nothing of the material; left out only as the last try
    [
        "blandet",
        "blanda",
        "blandede",
        "mixed",
        "diverse",
        "div",
        "various",
        "avfall",
        "waste",
        "rest",
        "rester",
        "sortert",
        "kildesortert",
        "kassert",
        "kasserte",
        "utrangert",
        "utrangerte",
    ]
)
_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "ä": "ae", "ö": "o", "đ": "d", "ŋ": "n"})
_LONGEST = 200
_ENDINGS = ("ene", "ane", "er", "ar", "en", "et", "a", "e", "s")


def material_label(material: str, *, codes: WasteCodes, language: str = "nb") -> str:
    """Return the material's name in `language` (nb, nn or en), or "" for an unknown key."""
    names = codes.labels.get(material)
    return "" if names is None else names[LANGUAGES.index(language) if language in LANGUAGES else 0]


def normalise_material(text: object, *, codes: WasteCodes) -> str | None:
    """Return the material key that `text` names, or None where it is not known or could be two.

    Keys, labels in bokmål, nynorsk and English, and synonyms are known. Case, hyphens, spaces, ø/oe/o,
    å/aa/a, the order of the words, common endings and small words (``og``, ``av`` ...) make no difference.
    """
    if text is None or not isinstance(text, str):
        return None
    index = _index_names(codes)
    written = text[:_LONGEST]
    found = _look_up(written, index)
    if found is None:  # `EPS/isopor`: every part must name the same material
        parts = {_look_up(part, index) for part in re.split(r"[/,;&+|]", written)}
        found = parts.pop() if len(parts) == 1 else None
    return found


def normalise_material_column(texts: pd.Series, *, codes: WasteCodes) -> pd.Series:
    """Normalise a column (see :func:`normalise_material`), each distinct text once; <NA> where not known."""
    distinct = {text: normalise_material(text, codes=codes) for text in texts.dropna().unique()}
    return texts.map(distinct).astype("string")


def materials_related(material_a: str | None, material_b: str | None, *, codes: WasteCodes) -> Relation:
    """Return ``same``, ``parent`` (one stands above the other), ``sibling`` (same parent) or ``none``."""
    if not material_a or not material_b or material_a not in codes.ancestors:
        return "none"
    if material_a == material_b:
        return "same"
    above_a, above_b = codes.ancestors[material_a], codes.ancestors.get(material_b, ())
    if material_b in above_a or material_a in above_b:
        return "parent"
    return "sibling" if above_a[:1] == above_b[:1] != () else "none"


def compare_widths(
    offered: npt.NDArray[np.object_], needed: npt.NDArray[np.object_], *, codes: WasteCodes
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tell pair by pair whether what is offered is a kind of what is needed, or something wider than it.

    Both are false where the two are no line: siblings, strangers.
    """
    row, offers = pd.factorize(offered)
    column, needs = pd.factorize(needed)
    above = codes.ancestors
    covered = np.array([[a == b or b in above.get(a, ()) for b in needs] for a in offers], dtype=bool)
    wider = np.array([[a in above.get(b, ()) for b in needs] for a in offers], dtype=bool)
    shape = (len(offers), len(needs))
    return covered.reshape(shape)[row, column], wider.reshape(shape)[row, column]


def tabulate_relations(codes: WasteCodes) -> pd.DataFrame:
    """Return every ordered pair of related materials, to be merged with: material_a, material_b, relation.

    ``same`` pairs are there; unrelated pairs are not.
    """
    keys = list(codes.ancestors)
    rows = [(a, b, materials_related(a, b, codes=codes)) for a in keys for b in keys]
    table = pd.DataFrame(rows, columns=["material_a", "material_b", "relation"]).astype("string")
    return table[table["relation"] != "none"].reset_index(drop=True)


def _look_up(text: str, index: dict[str, str]) -> str | None:
    return next((index[key] for key in _spellings(text) if index.get(key)), None)


@lru_cache(maxsize=8)
def _index_names(codes: WasteCodes) -> dict[str, str]:
    # Weaker spellings never overrule stronger ones; two materials for one weak spelling make it unknown.
    levels: list[dict[str, set[str]]] = []
    columns = [codes.materials[name] for name in ("material", "label_nb", "label_nn", "label_en", "synonyms")]
    for material, *names, synonyms in zip(*columns, strict=True):
        every = [material, *names, *(synonyms.split("|") if isinstance(synonyms, str) else [])]
        for name in filter(None, every):
            for level, key in enumerate(_spellings(str(name))):
                while len(levels) <= level:
                    levels.append({})
                levels[level].setdefault(key, set()).add(str(material))
    index: dict[str, str] = {}
    for level_names in levels:
        for key, found in level_names.items():
            index.setdefault(key, found.copy().pop() if len(found) == 1 else "")
    return index


def _spellings(text: str) -> list[str]:
    """The ways to look a name up, from exact to loose; each kind wears its own mark, so kinds never mix."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    words = [word for word in re.split(r"[^a-z0-9]+", plain) if word]
    joined = "".join(words)
    digraphs = joined.replace("oe", "o").replace("aa", "a")
    bag = sorted({_stem(word) for word in words} - _STOP_WORDS)
    if not joined:
        return []
    keys = ["=" + joined, "~" + digraphs, "^" + _stem(digraphs)]
    keys += ["+" + " ".join(bag)] if bag else []
    core = sorted(
        {_stem(word.removesuffix("avfall")) for word in words if word not in _NEUTRAL} - _STOP_WORDS
    )
    return [*keys, "-" + " ".join(core)] if any(core) else keys


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
