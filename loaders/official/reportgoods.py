"""What a row of a waste report is about: its NS 9431 group, its product number, and which material that is.

A supplier's product number (6 to 8 digits) usually begins with the group, not always: where a column holds
the group, that wins. Groups are those publicly seen (``loaders/data/codes/ns9431.csv``); beyond them a
material is taken only where the words name one for certain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from geodata.codetables import WasteCodes
from geodata.materials import materials_related, normalise_material
from loaders.quantities import clean_words, is_unknown
from loaders.rawtables import Cell

_GROUP = re.compile(r"[(\[]?\s*(?:ns\s*(?:9431)?[\s:-]*)?(\d{4})(?:\.0)?(?!\d)[)\]]?", re.IGNORECASE)
_NUMBER = re.compile(r"[(\[]?\s*(\d{6,8})(?:\.0)?(?!\d)[)\]]?")
_LEADING = re.compile(
    r"^[\s(\[]*(?:ns\s*(?:9431)?[\s:-]*)?\d{3,8}(?!\d)(?:\.0)?[)\]]?[\s:.,/–-]*", re.IGNORECASE
)
_SHORT: tuple[tuple[str, str], ...] = (
    (r"\bbl(?:and)?\.", "blandet "),
    (r"\bbearb\.", "bearbeidet "),
    (r"\bubeh\.", "ubehandlet "),
    (r"\bbeh\.", "behandlet "),
    (r"\bimpr?\.", "impregnert "),
    (r"\bforur\.", "forurenset "),
    (r"\bmagn\.", "magnetisk "),
    (r"\bemb(?:al)?\.", "emballasje "),
    (r"\bklorp\.", "klorparafinholdig "),
    (r"\borg\.", "organisk "),
    (r"\buorg\.", "uorganisk "),
    (r"\bn[æe]r\.\s?avf(?:all)?\.?", "næringsavfall "),
    (r"\bavf\.", "avfall "),
    (r"\boverflatebeh\.", "overflatebehandlet "),
    (r"\b[mu]/\s?(?:armering|jern)\b", " "),
    (r"\b(?:klar|farget|fargeblandet|gjennomsiktig|transparent)\b", " "),
    (r"\bpl\.", "plast "),
)
"""Abbreviations that stand for one word only, and words that do not tell one material from another."""
_SERVICE = re.compile(
    r"\b(?:leie|container ?leie|utleie|transport|kjøring|tømming|henting|utsett|utsetting|innkjøring|bytte"
    r"|gebyr|miljøgebyr|miljøavgift|vask|påfyll|oppmøte|bomtur|bompenger|drivstofftillegg|administrasjon"
    r"|rental|collection fee)\b",
    re.IGNORECASE,
)
RESIDUAL_MATERIALS = frozenset(
    {"residual_waste", "mixed_commercial_waste", "mixed_construction_waste", "bulky_waste"}
)
"""What counts as not sorted in a sorting rate."""
HAZARDOUS_SERIES = "7"


@dataclass(frozen=True)
class Goods:
    """What one row is about.

    Attributes
    ----------
    key : what the same fraction is known by in another row or year.
    words : as written, without numbers; `shown` : as written, group and item.
    group : four digits or "". material : key of the vocabulary or "" (not certain).
    hazardous : True in the series of hazardous waste, else None (the group does not tell).
    other_number : a product number that does not begin with the group, or "".
    other_material : what the item's words name where that is neither the group's material nor a kind of it.
    from_series : the material is the series' only: hazardous waste of an unseen number.
    """

    key: tuple[str, str, str]
    words: str
    shown: str
    group: str = ""
    material: str = ""
    hazardous: bool | None = None
    other_number: str = ""
    other_material: str = ""
    from_series: bool = False


class GoodsReader:
    """Reads goods against the groups and the vocabulary; equal texts are answered from memory."""

    def __init__(self, codes: WasteCodes, groups: pd.DataFrame) -> None:
        self._codes = codes
        rows = groups[groups["level"] == "group"]
        self._material = {str(p): str(m) for p, m in zip(rows["prefix"], rows["material"], strict=True)}
        self._memory: dict[tuple[str, str, str], Goods] = {}

    def read(self, group_cell: Cell, item_cell: Cell, number_cell: Cell) -> Goods | None:
        """Return what a row is about, None where none of the three cells says anything."""
        texts = (_text(group_cell), _text(item_cell), _text(number_cell))
        if not any(texts):
            return None
        if texts not in self._memory:
            self._memory[texts] = self._read(*texts)
        return self._memory[texts]

    def _read(self, group_text: str, item_text: str, number_text: str) -> Goods:
        group = _leading_group(group_text)
        number = _leading_number(number_text) or _leading_number(item_text) or _leading_number(group_text)
        known = group
        if not group:
            group = self._group_of_item(item_text, number_text, number)
        words = [bare for text in (group_text, item_text) if (bare := _LEADING.sub("", text).strip())]
        named = [material for text in words if (material := self._name_material(text))]
        by_group = self._material.get(group, "")
        from_series = not by_group and not named and group.startswith(HAZARDOUS_SERIES)
        material = by_group or (named[0] if named else "") or ("hazardous_waste" if from_series else "")
        other = next((name for name in named if by_group and self._disagree(by_group, name)), "")
        shown = ", ".join(dict.fromkeys(text for text in (group_text, item_text or number_text) if text))
        differs = number if known and number and not number.startswith(known) else ""
        item_key = number or " ".join(re.sub(r"[^\w]+", " ", (item_text or number_text).casefold()).split())
        return Goods(
            key=(group or _fold(group_text), item_key, material or _fold(item_text)),
            words=(words[-1] if group_text and not _fold(group_text) else words[0]) if words else shown,
            shown=shown[:200],
            group=group,
            material=material,
            hazardous=True if group.startswith(HAZARDOUS_SERIES) else None,
            other_number=differs,
            other_material=other,
            from_series=from_series,
        )

    def _group_of_item(self, item_text: str, number_text: str, number: str) -> str:
        for text in (item_text, number_text):
            group = _leading_group(text)
            if group and (group in self._material or group.startswith(HAZARDOUS_SERIES)):
                return group
        beginning = number[:4]
        if beginning in self._material and (len(number) != 6 or number not in self._codes.hazard):
            return beginning
        return beginning if beginning.startswith(HAZARDOUS_SERIES) and len(number) == 8 else ""

    def _name_material(self, text: str) -> str:
        long = text
        for pattern, word in _SHORT:
            long = re.sub(pattern, word, long, flags=re.IGNORECASE)
        for candidate in (text, long):
            found = normalise_material(candidate, codes=self._codes)
            if found:
                return found
        return ""

    def _disagree(self, one: str, other: str) -> bool:
        return materials_related(one, other, codes=self._codes) not in ("same", "parent")


def is_service(goods: Goods) -> bool:
    """Tell whether a row without a weight is of hire, transport or a fee, not of waste."""
    return not goods.material and not goods.group and bool(_SERVICE.search(goods.shown))


def _text(cell: Cell) -> str:
    if is_unknown(cell) or isinstance(cell, bool):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return clean_words(cell)[:200]


def _fold(text: str) -> str:
    return " ".join(re.sub(r"[^\w]+", " ", text.casefold()).split())


def _leading_group(text: str) -> str:
    found = _GROUP.match(text)
    return found[1] if found else ""


def _leading_number(text: str) -> str:
    found = _NUMBER.match(text)
    return found[1] if found else ""
