"""Words as people write them of waste, made alike: spelling, endings, nynorsk beside bokmål, compounds.

Pure text, no table: :class:`Speller` is given the words that are known. Bokmål, nynorsk and English pass
through the same rules, so that a rule need not know the language; what counts is that two ways of writing
one word end up as one form, not that the form is a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

LONGEST_TEXT = 300
"""Letters of a text that are read; a cell that goes on says no more of the code."""
SHORTEST_PART = 3
MOST_WORDS = 24


def _list_words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FEED = re.compile(r"\bf(?:ô|o\u0302)r\b")
_LETTERS = str.maketrans({"æ": "e", "ø": "o", "å": "a", "ä": "e", "ö": "o", "đ": "d", "ŋ": "n", "ß": "s"})
_SOUNDS = (
    ("ae", "e"),
    ("oe", "o"),
    ("qu", "kv"),
    ("ph", "f"),
    ("x", "ks"),
    ("z", "s"),
    ("w", "v"),
    ("c", "k"),
)
_DOUBLE = re.compile(r"(.)\1+")
_WORD = re.compile(r"[a-z0-9]+")
_NYNORSK = tuple(  # nynorsk, dialect and short forms beside the usual form, in folded letters
    (re.compile(pattern), form)
    for pattern, form in (
        (r"haldig", "holdig"),
        (r"vas?tn", "van"),
        (r"forurein", "forurens"),
        (r"reins", "rens"),
        (r"^(?:rent|reint|rene|reine|rein)$", "ren"),
        (r"reing", "reng"),
        (r"feit", "fet"),
        (r"omns?(?=for|stein|$)", "ovn"),
        (r"jarn", "jern"),
        (r"golv", "gulv"),
        (r"royr", "ror"),
        (r"leidning", "ledning"),
        (r"skiljar", "skiler"),
        (r"farleg", "farlig"),
        (r"hovud", "hode"),
        (r"mjolk", "melk"),
        (r"mjol", "mel"),
        (r"sjuke", "syke"),
        (r"naud", "nod"),
        (r"daud", "dod"),
        (r"blaut", "blot"),
        (r"vyrke", "virke"),
        (r"loys", "los"),
        (r"losnings", "lose"),
        (r"raud", "rod"),
        (r"kjelde", "kilde"),
        (r"byg(?:je|ge)", "byg"),
        (r"brot", "brud"),
        (r"straum", "strom"),
        (r"lauv", "lov"),
        (r"hushald", "hushold"),
        (r"vindauge", "vindu"),
        (r"^kop(?:ar|er)", "kober"),
        (r"^alu(?:minum)?$", "aluminium"),
    )
)
_ANY_NYNORSK = re.compile("|".join(pattern.pattern for pattern, _form in _NYNORSK))
_ENDING = re.compile(r"(?<=...)(?:ingene|ingane|ande|ende|ene|ane|ede|er|ar|en|et|es|ed|a|e|s)$")
_NEVER_PARTS = _list_words("ing het ede ert ene ane sjon for med til fra del per the and som san ter")
STOP_WORDS = _list_words(
    "og i pa av fra til med som etter ved hos den det en et ei er for om vi har de noe no under over "
    "oppi ikke ikje uten utan in of the and from with a an to at on by for or is are some our we have "
    "fro "
    "kg ton tonn stk liter ca dvs osv mm bl div type alt frem litt mye mykje mange many various kontainer "
    "forskjelig ulike typer eal kode eter"
)


def fold_text(text: object) -> str:
    """Return `text` in small letters a-z and digits, letters that sound alike made one."""
    return _fold(text[:LONGEST_TEXT]) if isinstance(text, str) else ""


def _fold(text: str) -> str:
    plain = text.casefold()
    if not plain.isascii():
        plain = _FEED.sub("dyrefor", unicodedata.normalize("NFC", plain))
        plain = unicodedata.normalize("NFKC", plain).translate(_LETTERS)
        if not plain.isascii():
            plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    for written, sound in _SOUNDS:
        plain = plain.replace(written, sound)
    return plain


@lru_cache(maxsize=50_000)
def squeeze(word: str) -> str:
    """Return the word with double letters made single; abbreviations (``pp``, ``ee``) stay as they are."""
    return _DOUBLE.sub(r"\1", word) if len(word) > 3 else word


def split_words(text: object) -> list[str]:
    """Return the folded words of a text, small words and bare numbers left out, at most 24 of them."""
    return _pick_words(fold_text(text))


def split_lines(texts: Iterable[str]) -> list[list[str]]:
    """Return :func:`split_words` of each of many texts at once; line breaks in them count as spaces."""
    joined = "\n".join(" ".join(text[:LONGEST_TEXT].split()) for text in texts)
    return [_pick_words(line) for line in _fold(joined).split("\n")]


def _pick_words(folded: str) -> list[str]:
    words = [squeeze(word) for word in _WORD.findall(folded)]
    return [word for word in words if len(word) > 1 and word not in STOP_WORDS and not word.isdigit()][
        :MOST_WORDS
    ]


@lru_cache(maxsize=50_000)
def stem_word(word: str) -> str:
    """Return the folded word without its ending, nynorsk written as bokmål."""
    if _ANY_NYNORSK.search(word):
        for pattern, form in _NYNORSK:
            word = pattern.sub(form, word)
        word = squeeze(word)
    return _ENDING.sub("", word, count=1)


_DOUBLE_LETTERS = re.compile(r"([a-z])\1+")
_NOT_HAZARDOUS = re.compile(
    r"\b(?:(?:ike|ikje|uten|utan|fri for|non|not|no|ingen)[ -]?(?:farlig|farleg|hasard|forurens|forurein"
    r"|impregn|asbest|pkb|olje)\w*|uforurens\w*|uforurein\w*|ubehandl\w*|untreat\w*|unkontaminat\w*|inert\w*"
    r"|asbestfri\w*|(?:ren|rent|rene|rein|reint|reine|klean)\b)"
)
_HAZARDOUS = re.compile(
    r"farlig|farleg|hasard|impregn|asbest|eternit|pkb|forurens|forurein|kontaminat|poluted|kreosot|giftig|toksik"
    r"|tungmetal|heavy metal|holdig olje|oljehold|oljehald|med olje|oily|hbkd|brom|klorparafin|kvikksolv"
    r"|kviksolv|merkur|tjere|\btjor|\bpah\b|\bpfas\b|\bbly\b|\blead\b|losemid|losningsmid|loysemid|solvent"
    r"|hermet|etsend|brandfarlig|branfarlig|med rest|kjemikali|fremedstof|arsen|med diesel|krom"
)


def tell_hazard(folded: str) -> int:
    """Return 1 where a folded text speaks of hazard, -1 where it speaks of cleanness, 0 of neither."""
    text = _DOUBLE_LETTERS.sub(r"\1", folded)
    freed = _NOT_HAZARDOUS.sub(" ", text)
    return 1 if _HAZARDOUS.search(freed) else -1 if freed != text else 0


WEAK_WORDS: Mapping[str, float] = {
    # Words that say that something is waste, old or left over, and words of where it comes from, say less of
    # what it is.
    stem_word(word): weight
    for weight, words in (
        (0.25, "avfal vaste vast rest rester gamel gamal gamle old bruk brukte brukt used kasert utrangert"),
        (0.25, "overskud overskot skrap skrot vrak vrakede materiale material produkt product ferdig deler"),
        (0.25, "stof diverse varer leftover leftovers spent skrap gods fraksjon fraksjoner reste dele"),
        (0.35, "blandet blanda blandede miksed sortert usortert ren klean sorted pure"),
        (0.45, "byg byge byggeplas bygeplas butik kontor hotel restaurant verksted verkstad fabrik industri"),
        (
            0.45,
            "gard husholdning hushald produksjon anleg bedrift lager skole skule kantine barnehage sykehus",
        ),
        (
            0.45,
            "site konstruktion ofice shop store skhol hospital faktory vorkshop produktion farm varehouse",
        ),
        (
            0.45,
            "riving rivning rehab opusing renovering demolition renovation varehouse",
        ),
        (0.45, "gjenvinningsstasjon liten smal large"),
    )
    for word in words.split()
}


class Speller:
    """Knows a stock of word stems: splits compounds into them and mends what is nearly one of them."""

    def __init__(self, words: Iterable[str]) -> None:
        """Learn the folded `words`, and what stands before a known word in one that is known only as a whole:
        where ``skiferavfall`` and ``avfall`` are known, ``skifer`` is too."""
        self.words = tuple(sorted(set(words)))
        known = {stem_word(word) for word in self.words}
        heads = {stem for stem in known if len(stem) >= 4 and not stem.isdigit()}
        learnt = set()
        for word in self.words:
            for cut in range(4, len(word) - 3):
                before = word[:cut]
                if stem_word(word[cut:]) in heads:
                    if stem_word(before) not in known and before not in known:
                        learnt |= {stem_word(before), stem_word(before[:-1]) if before[-1] in "se" else ""}
                    break
        self.stems = frozenset(known | {stem for stem in learnt if len(stem) >= 4})
        self._parts = frozenset(
            s for s in self.stems if len(s) >= SHORTEST_PART and s not in _NEVER_PARTS and not s.isdigit()
        )
        self._splits: dict[str, tuple[str, ...]] = {}

    def split_compound(self, word: str) -> tuple[str, ...]:
        """Return the stems that a compound is made of, or () where it is none: ``fiskeslam``: fisk, slam.

        Of several ways to split, the one whose shortest part is longest is taken, then the longest last part.
        A joining s or e belongs to no part.
        """
        known = self._splits.get(word)
        if known is None:
            known = self._splits[word] = self._split(word, depth=3)
        return known

    def _split(self, word: str, *, depth: int) -> tuple[str, ...]:
        best: tuple[int, int, tuple[str, ...]] | None = None
        for cut in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
            left = self._as_part(word[:cut], joint=True)
            if left is None:
                continue
            right = self._as_part(word[cut:], joint=False)
            if right is not None:
                found: tuple[str, ...] = (left, right)
            elif depth > 1 and len(word) - cut >= 2 * SHORTEST_PART:
                found = self._split(word[cut:], depth=depth - 1)
                if not found:
                    continue
                found = (left, *found)
            else:
                continue
            rank = (min(map(len, found)) - 2 * len(found), len(found[-1]), found)
            if best is None or rank > best:
                best = rank
        return best[2] if best else ()

    def _as_part(self, piece: str, *, joint: bool) -> str | None:
        stem = stem_word(piece)
        if stem in self._parts:
            return stem
        if piece in self._parts:
            return piece
        if joint and len(piece) > SHORTEST_PART and piece[-1] in "se" and piece[:-1] in self._parts:
            return piece[:-1]
        return None

    def find_ends(self, word: str, *, shortest: int = 4) -> tuple[str, ...]:
        """Return the longest known beginning and end of a word that is not known as a whole."""
        found = []
        for cut in range(shortest, len(word) - 1):  # the end: what a compound is
            part = self._as_part(word[cut - 2 :], joint=False) if len(word) - cut + 2 >= shortest else None
            if part is not None and len(part) >= shortest:
                found.append(part)
                break
        for cut in range(len(word) - 2, shortest - 1, -1):
            part = self._as_part(word[:cut], joint=True)
            if part is not None and len(part) >= shortest:
                found.append(part)
                break
        return tuple(dict.fromkeys(found))
