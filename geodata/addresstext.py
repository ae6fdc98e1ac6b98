"""Norwegian addresses as people write them: taken apart, and streets made alike for comparing.

Nothing is looked up here. ``Storgt. 5 B, 7010 TRONDHEIM`` and ``c/o Firma AS, Storgata 5b`` name the same
house.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

LONGEST_TEXT: Final = 300
"""Characters of an address that are read: no street is longer, and a hostile cell may be."""

_WORDS: Final = {
    "st": "sankt",
    "dr": "doktor",
    "prof": "professor",
    "gml": "gamle",
    "gamla": "gamle",
    "ndr": "nordre",
    "sdr": "søndre",
    "øvr": "øvre",
    "kpt": "kaptein",
    "kapt": "kaptein",
    "gen": "general",
    "oberstl": "oberstløytnant",
    "v": "veg",
    "vn": "veg",
    "vg": "veg",
    "g": "gate",
    "gt": "gate",
    "gtn": "gate",
    "pl": "plass",
    "allé": "alle",
}
_DOTTED: Final = (
    (re.compile(r"(?<=\w)(?:vn|vg|v)\.(?=\W|$)"), "veg "),
    (re.compile(r"(?<=\w)(?:gtn|gt|g)\.(?=\W|$)"), "gate "),
    (re.compile(r"(?<=\w)pl\.(?=\W|$)"), "plass "),
)
"""``Strandv.`` and ``Storgt.``: an abbreviation that is written together with the name, and its dot."""
_ENDINGS: Final = (
    (re.compile(r"(?:veien|vegen|vei)$"), "veg"),
    (re.compile(r"(?:gaten|gata|gt)$"), "gate"),
    (re.compile(r"plassen$"), "plass"),
    (re.compile(r"all(?:e|é)en$"), "alle"),
)
_LETTERS: Final = str.maketrans({"ö": "ø", "ä": "æ", "ü": "u", "đ": "d", "ŋ": "n", "ŧ": "t", "ð": "d"})
_NUMBER: Final = re.compile(
    r"(?P<street>.*?[^\W\d_].*?)[\s,]*(?:\b(?:nr|no|num(?:mer)?)\b\.?\s*)?(?<!\d)(?P<number>\d{1,5})"
    r"(?:\s*(?P<letter>[a-zæøå])(?![\w.]))?"
    r"(?:\s*[-/+&]\s*(?:\d{1,5}\s*[a-zæøå]?|[a-zæøå])(?!\w))?\.?",
    re.IGNORECASE,
)
_UNIT: Final = re.compile(
    r"[\s,]+(?:[HLUK]\d{4}|(?:\d{1,2}\.?\s*)?(?:etg|etasje)\b\.?.*|(?:leil|leilighet|inngang|oppgang|port|bygg|hall"
    r"|rom|kontor)\b\.?\s*\w{0,6})$",
    re.IGNORECASE,
)
_POSTAL: Final = re.compile(r"(?:n(?:o|or)?\s*-?\s*)?(?P<code>\d{4})\s+(?P<place>[^\W\d_].*)", re.IGNORECASE)
_CODE_ALONE: Final = re.compile(r"(?:n(?:o|or)?\s*-\s*)?(?P<code>\d{4})", re.IGNORECASE)
_TAIL_POSTAL: Final = re.compile(
    r"(?P<rest>.*?\S)[\s]+(?:n(?:o|or)?\s*-\s*)?(?P<code>\d{4})\s+(?P<place>[^\W\d_][^\d]*)", re.IGNORECASE
)
_BOX: Final = re.compile(
    r"\b(?:service\s*boks|post\s*boks|post\s*box|p\s*\.?\s*o\s*\.?\s*box|p\s*\.?\s*b|boks|box)\b\.?\s*(?:nr\.?\s*)?\d{1,5}\b",
    re.IGNORECASE,
)
_CARE: Final = re.compile(r"(?:c\s*/\s*o|co/|v\s*/|att(?:n)?\s*[:.]|ved\s*:)\s*(?P<rest>.*)", re.IGNORECASE)
_COUNTRY: Final = re.compile(r"(?:norge|noreg|norway)\.?", re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    """An address taken apart.

    Attributes
    ----------
    street : name of the street or farm as written, empty where there is none.
    number : house number, None where there is none. letter : in upper case, or empty.
    postcode, place : where the text itself holds them, else empty.
    stripped : what was left out: ``care_of``, ``box``, ``unit``, ``country``.
    others : names that the street may have instead, where a firm's name stands before it.
    """

    street: str = ""
    number: int | None = None
    letter: str = ""
    postcode: str = ""
    place: str = ""
    stripped: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def clean_line(text: object) -> str:
    """Return `text` on one line: NFKC, no-break and thin spaces as spaces, dashes as ``-``, no invisible
    marks."""
    if text is None:
        return ""
    written = unicodedata.normalize("NFKC", str(text)[:LONGEST_TEXT])
    kept = []
    for char in written:
        kind = unicodedata.category(char)
        if kind == "Pd" or char == "\u2212":
            kept.append("-")
        elif kind == "Cc":
            kept.append(" ")
        elif kind not in ("Cf", "Co", "Cs", "Cn"):
            kept.append(char)
    return " ".join("".join(kept).split())


def fold_name(text: object) -> str:
    """Return a name for comparing: small letters, ``aa`` as ``å``, foreign letters as Norwegian ones, words
    apart by one space, no other marks and no accents."""
    folded = clean_line(text).casefold()
    for _attempt in range(4):
        plain = _fold_once(folded)
        if plain == folded:
            break
        folded = plain
    return folded


def _fold_once(folded: str) -> str:
    letters = []
    for char in unicodedata.normalize("NFC", folded.translate(_LETTERS)).casefold().translate(_LETTERS):
        if char in "æøå":
            letters.append(char)
        else:
            letters += [c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c)]
    words = re.sub(r"[^\w]+|_+", " ", "".join(letters)).split()
    return " ".join(word.replace("aa", "å") for word in words)


@lru_cache(maxsize=200_000)
def normalise_street(name: str) -> str:
    """Return the key under which a street is looked up; equal for all usual ways of writing one name.

    vei, veien, vegen, v. become ``veg``; gate, gaten, gata, gt., g. become ``gate``; plassen, pl. become
    ``plass``; the commonest abbreviations are written out, spaces and marks left out. Doing it twice
    changes nothing.
    """
    text = clean_line(name).casefold()
    for pattern, full in _DOTTED:
        text = pattern.sub(full, text)
    key = _join_words(fold_name(text))
    for _attempt in range(8):
        again = _join_words(fold_name(key))
        if again == key:
            break
        key = again
    return key


def _join_words(folded: str) -> str:
    joined = "".join(_WORDS.get(word, word) for word in folded.split())
    for pattern, full in _ENDINGS:
        joined = pattern.sub(full, joined)
    return joined


@lru_cache(maxsize=100_000)
def read_address(text: str) -> Address:
    """Take an address apart; nothing raises, and what is not understood stands in ``street``.

    Examples
    --------
    >>> read_address("c/o Firma AS, Storgt. 5 b, 7010 TRONDHEIM").postcode
    '7010'
    """
    line = clean_line(
        str(text).replace("/n", ", ").replace("\\n", ", ").replace("\n", ", ").replace("\r", ", ")
    )
    read = Address()
    stripped: list[str] = []
    streets: list[str] = []
    care: list[str] = []
    for part in (piece.strip(" .") for piece in re.split(r"[,;|]", line)):
        if not part:
            continue
        if _COUNTRY.fullmatch(part):
            stripped.append("country")
            continue
        if found := _CARE.match(part):
            stripped.append("care_of")
            care.append(found["rest"].strip())
            continue
        if _BOX.search(part):
            stripped.append("box")
            part = _BOX.sub(" ", part)
            # what stands behind a box is its post office or the postal place, never a street
            found = re.search(r"\b(\d{4})\s+([^\W\d_].*)$", part)
            if found:
                read = replace(read, postcode=found[1], place=found[2].strip())
                part = part[: found.start()]
            if not re.search(r"\d", part):
                continue
            part = " ".join(part.split())
        if found := _POSTAL.fullmatch(part):
            read = replace(read, postcode=found["code"], place=found["place"].strip())
        elif (found := _CODE_ALONE.fullmatch(part)) and streets:
            read = replace(read, postcode=found["code"])
        else:
            streets.append(part)
    return _read_street(read, streets, care, stripped)


def _read_street(read: Address, streets: list[str], care: list[str], stripped: list[str]) -> Address:
    house = next(
        (part for part in streets if re.search(r"[^\W\d_].*\d", part)), streets[0] if streets else ""
    )
    others: tuple[str, ...] = ()
    from_care = not house and bool(care)
    if from_care:
        house = care[0]
    found = _TAIL_POSTAL.fullmatch(house)
    if found and re.search(r"[^\W\d_]", found["rest"]) and not read.postcode:
        house = found["rest"].strip(" ,")
        read = replace(read, postcode=found["code"], place=found["place"].strip())
    shorter = _UNIT.sub("", house)
    if shorter != house:
        stripped.append("unit")
        house = shorter
    number: int | None = None
    letter = ""
    if found := _NUMBER.fullmatch(house):
        house, number = found["street"].strip(" ,"), int(found["number"])
        letter = (found["letter"] or "").upper()
    elif from_care:
        house = ""  # only a person or a firm
    if (
        from_care and house
    ):  # the firm's name stands before the street: each later beginning may be the street's
        words = house.split()
        others = tuple(" ".join(words[start:]) for start in range(1, min(len(words), 8)))
    return replace(
        read,
        street=house,
        number=number,
        letter=letter,
        stripped=tuple(dict.fromkeys(stripped)),
        others=others,
    )
