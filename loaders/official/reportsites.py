# ruff: noqa: E501  (patterns are easier to read in whole lines)
"""Whose waste and where from: customer, site, address and organisation number of a waste report.

Reports write them in one cell or in many: ``Meieriet AS (org.nr 974 760 673)``,
``Verket, Storgata 3, 7600 Levanger``.
"""

from __future__ import annotations

import re

from geodata.identifiers import check_organisation_number
from loaders.official.reportline import Report, Site, fold_words
from loaders.quantities import clean_words, is_unknown
from loaders.rawtables import Cell

_OF_SITE = ("address", "postcode", "place", "postal", "municipality")
_POSTAL = re.compile(r"(?:N(?:O)?-)?(?P<postcode>\d{4})\s+(?P<place>[^\W\d][^\d,;]*)$")
_LABELLED = re.compile(
    r"[\s,;–-]*[(\[]?\s*\b(?:(?:org(?:anisasjons)?|foretaks)[.\s-]*(?:nr|nummer|no)(?![^\W\d])[.:\s]*(?:NO\s*)?|NO\s?(?=\d{9}|\d{3} \d{3} \d{3}))"
    r"(?P<number>\d[\d\s.]*\d)(?:\s*MVA)?\b\s*[)\]]?",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"[\s,;–-]*[(\[]?\s*\b(?P<number>\d{9}|\d{3} \d{3} \d{3})(?:\s*MVA)?\b\s*(?:[)\]]|$)|^(?P<first>\d{9}|\d{3} \d{3} \d{3})\b",
    re.IGNORECASE,
)
_HOUSE = re.compile(
    r"(?P<street>[^\W\d][^,;\d]*?)\s+\d{1,4}\s?[A-ZÆØÅa-zæøå]?(?:\s?[-/]\s?\d{1,4}\s?[A-Za-z]?)?"
)
_STREET = re.compile(
    r"(?:(?:gat[ae]n?|gt|veg(?:en)?|vei(?:en)?|vn|vg|plass(?:en)?|allé(?:en)?|alle|torg(?:et)?|brygg[ea]n?|kai(?:a|en)?"
    r"|bakke[nr]?|sti(?:en)?|sving(?:en)?|ring(?:en)?|kroken|stred(?:et)?|tun(?:et)?|løkka|haugen|lia|åsen|smau(?:et)?"
    r"|strand[ae]?|moen|marka|sletta|dalen|myra)\.?|street|road)$",
    re.IGNORECASE,
)
_CHAIN = re.compile(r"\d{4}$")
"""House numbers of four figures are rare, and shops called so (Rema 1000) are not."""
_PART_OF_SITE = re.compile(
    r"(?:bygg|bygning|avd|avdeling|hall|port|lager|felt|etasje|etg|blokk|hus|sone|tomt|prosjekt|butikk|kontor|linje|fase"
    r"|trinn|trapp|rom|kontrakt|ordre|anlegg|rigg|sjakt|kunde|nr)\b",
    re.IGNORECASE,
)


def read_site(block: dict[str, str], cells: dict[str, Cell], report: Report) -> Site:
    """Return the site that a row's cells say, with what the block says where they say nothing.

    A row of another customer, site or address than the block's does not get what belongs to the block's. An
    organisation number inside a name goes to the number, and leaves the name whether it is valid or not; an
    address inside a name goes to the address where it clearly is one.
    """
    for name in ("customer", "site", "address"):
        own = clean_words(cells.get(name))
        if own and own.casefold() != clean_words(block.get(name, own)).casefold():
            lost = _OF_SITE if name != "customer" else (*_OF_SITE, "site", "organisation_number")
            block = {label: text for label, text in block.items() if label not in lost}

    def said(name: str) -> str:
        cell = cells.get(name)
        if not is_unknown(cell):
            return clean_words(int(cell) if isinstance(cell, float) and cell.is_integer() else cell)[:200]
        return clean_words(block.get(name, ""))[:200]

    number, problem = check_organisation_number(said("organisation_number"))
    if problem and "organisation_number" in block:
        report("warning", "wastereport.number_invalid", None, None, value=block["organisation_number"])
    customer, of_customer = _part_number(said("customer"), report)
    site, of_site = _part_number(said("site"), report)
    number = number or of_customer or of_site
    address, postcode, place = said("address"), said("postcode"), said("place")
    if not place and (postal := _POSTAL.search(said("postal"))):
        postcode, place = postcode or postal["postcode"], postal["place"].strip()
    if postal := _POSTAL.fullmatch(place):
        postcode, place = postcode or postal["postcode"], postal["place"].strip()
    whole = customer
    customer, own_address, own_postal = part_address(customer, named=True)
    if (
        (own_address or own_postal)
        and site
        and fold_words(site) not in (fold_words(customer), fold_words(whole))
    ):
        customer, own_address, own_postal = (
            whole,
            "",
            "",
        )  # where the bill goes, perhaps not where the waste is
    site_name, site_address, site_postal = part_address(site)
    for text in (address, site_postal, own_postal):
        if not postcode and (postal := _POSTAL.search(text)):
            postcode, place = postal["postcode"], place or postal["place"].strip()
    address = _POSTAL.sub("", address).strip(" ,;") or site_address or own_address
    if fold_words(site_name) == fold_words(customer):
        site_name = ""
    return Site(customer, site, address, postcode, place, said("municipality"), number or "", site_name)


def _part_number(text: str, report: Report) -> tuple[str, str]:
    """Return (name, organisation number or "") of a name that may have its number beside it."""
    found = _LABELLED.search(text)
    number, problem = check_organisation_number(found["number"]) if found else (None, None)
    if found is None and (bare := _BARE.search(text)):
        number, _ = check_organisation_number(bare["number"] or bare["first"])
        found = bare if number else None  # nine digits by themselves may be anything
    if found is None:
        return text, ""
    if problem:
        report("warning", "wastereport.number_invalid", None, None, value=found["number"].strip())
    rest = text[found.end() :].lstrip(" )]-")
    left = f"{text[: found.start()]}{'' if rest[:1] in (',', ';') else ' '}{rest}"
    return " ".join(left.split()).strip(" ,;-"), number or ""


def part_address(text: str, *, named: bool = False) -> tuple[str, str, str]:
    """Return (name, address, postcode and place) of a text in parts: ``Verket, Storgata 3, 7600 Levanger``.

    A part with a house number is an address where it names a street, where a postcode follows;
    ``Bygg 4`` and ``Avd. 12`` are none, and nor is the first part where the text is a name (`named`).
    """
    plain = re.sub(r"[()\[\]]", ",", text).strip(" ,")
    postal = found[0] if (found := _POSTAL.search(plain)) else ""
    parts = [part.strip() for part in re.split(r"[,;|]|\s-\s|-\s*$", _POSTAL.sub("", plain)) if part.strip()]
    address = ""
    for index in reversed(range(len(parts))):
        house = _HOUSE.fullmatch(parts[index])
        if house is None or _PART_OF_SITE.match(parts[index]) or (named and index == 0):
            continue
        last = index == len(parts) - 1
        if _STREET.search(house["street"]) or (postal and last and not _CHAIN.search(parts[index])):
            address = parts.pop(index)
            return ", ".join(parts), address, postal
    return (text[: -len(postal)] if postal and text.endswith(postal) else text).strip(" ,;-"), "", postal
