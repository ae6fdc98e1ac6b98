"""What a firm's own words say of the quality: which demands of uses they meet, and which they break.

Only words with a plain meaning are read; all else leaves the quality unknown, which is neither good nor bad.
"""

from __future__ import annotations

import re
from functools import lru_cache

WORDS: tuple[tuple[str, str, str], ...] = (
    # pattern (whole words, lower case), what is met, what is broken
    (r"re[ni]t?|reint|rene|reine|clean|pure|sauber", "clean_sorted no_foreign_objects", ""),
    (
        r"(?:kilde|kjelde)?sorter(?:t|te)|sorted|separated|fraksjonert",
        "clean_sorted single_material",
        "",
    ),
    (r"usorter(?:t|te)|blanda|blandet|blandete|mixed|unsorted|diverse", "", "clean_sorted single_material"),
    (r"forurens(?:et|a|ede)|skitten|skittent|contaminated|dirty|tilsmusset", "", "clean_sorted"),
    (
        r"t[øo]rr?t?|turr|turt|t[øo]rket|t[øo]rka|dry|dried",
        "low_moisture dry_matter_high water_content_low",
        "",
    ),
    (r"v[åa]t|v[åa]tt|fuktig|wet|moist|r[åa]fuktig", "", "low_moisture water_content_low"),
    (r"avvann(?:et|a)|presset|pressa|dewatered|pressed", "water_content_low", ""),
    (r"pumpbar|flytende|flytande|liquid|pumpable", "pumpable", "dry_matter_high low_moisture"),
    (r"matkvalitet|n[æa]ringsmiddelkvalitet|food\s?grade", "food_grade feed_grade clean_sorted", ""),
    (r"f[ôo]rkvalitet|feed\s?grade", "feed_grade", ""),
    (r"kategori\s?3|kat\.?\s?3|category\s?3|abp\s?3", "category_3", ""),
    (r"kategori\s?2|kat\.?\s?2|category\s?2", "category_2", "category_3 feed_grade food_grade"),
    (r"kategori\s?1|kat\.?\s?1|category\s?1", "", "category_3 category_2 feed_grade food_grade"),
    (r"fersk|ferskt|fresh", "fresh", ""),
    (r"luktende|luktande|bedervet|r[åa]tten|gammel|gammal|rotten", "", "fresh food_grade feed_grade"),
    (r"kj[øo]l(?:t|ig)|frossen|frosset|frosen|cooled|chilled|frozen", "cooled fresh", ""),
    (r"ensilert|ensilage|sur|syrnet", "ph_below_4", "fresh"),
    (r"umalt|ubehandl(?:et|a)|untreated|unpainted", "no_hazardous_coating no_impregnation clean_sorted", ""),
    (r"malt|m[åa]la|lakk(?:ert|a)|beis(?:et|a)|painted|coated", "", "no_hazardous_coating clean_sorted"),
    (r"impregner(?:t|te)|kreosot\w*|cca|impregnated|creosoted?", "", "no_impregnation clean_sorted"),
    (r"(?:uten|utan|fri for|without)\s+asbest|asbestfri(?:tt)?|asbestos[ -]?free", "no_asbestos", ""),
    (r"asbest|asbestholdig|asbesthaldig|asbestos", "", "no_asbestos"),
    (r"pcb[ -]?fri(?:tt)?|(?:uten|utan|without)\s+pcb", "no_pcb", ""),
    (r"pcb|pcb[ -]?holdig", "", "no_pcb"),
    (r"med\s+flammehemm(?:er|ar)|flame\s?retard\w+", "", "no_brominated_flame_retardants no_halogens"),
    (r"(?:med|with)\s+(?:olje|oil)|oljeholdig|oljehaldig|oily", "", "clean_sorted drained"),
    (r"t[øo]mt|t[øo]mte|drained|emptied", "drained", ""),
    (r"utladet|utlada|discharged", "discharged", ""),
    (r"hel|hele|heil|heile|uskadd?e?|komplett|undamaged|complete|intact", "undamaged complete", ""),
    (r"[øo]delagt|knust|brukket|broken|damaged", "", "undamaged complete"),
    (r"fargesorter(?:t|te)|colou?r[ -]?sorted", "colour_sorted clean_sorted", ""),
    (r"farg(?:et|a|ede)|mixed\s+colou?rs?", "", "colour_sorted"),
    (r"siktet|sikta|knust og siktet|screened|sieved|granulert|granulat|regranulat", "particle_size", ""),
    (r"buntet|bunta|bundled", "dry_and_bundled", ""),
    (r"stabilisert|kompostert|stabilised|composted", "stabilised sanitised", ""),
    (r"hygienisert|sanitised|pasteurisert|sterilisert", "sanitised no_pathogens", ""),
    (r"sertifisert|dokumentert|testet|testa|certified|documented|tested", "documented_properties", ""),
    (r"prima|h[øo]y\s?renhet|h[øo]g\s?reinleik|high\s?purity", "high_purity clean_sorted", ""),
)
_READ = tuple(
    (re.compile(rf"(?<!\w)(?:{pattern})(?!\w)"), frozenset(met.split()), frozenset(broken.split()))
    for pattern, met, broken in WORDS
)
_NOT = re.compile(r"(?<!\w)(?:ikke|ikkje|ikkje?|not|non|lite|lit[et]|delvis|partly)\s+\w+")
_SHARE = re.compile(r"(\d{1,3}(?:[.,]\d+)?)\s*%\s*(t[øo]rrstoff|turrstoff|ts|dry\s?matter|vann|vatn|water)")
_DEGREES = re.compile(r"(\d{1,3}(?:[.,]\d+)?)\s*(?:grader|°\s*c?|degrees|c(?!\w))")
TEMPERATURES = (10, 30, 60, 90, 150)
LONGEST = 300
DRY_SHARE, WET_SHARE = 60.0, 40.0
"""Per cent of dry matter from which a stream is dry, and below which it is wet."""


@lru_cache(maxsize=4096)
def read_quality(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the keys of qualities that `text` says are met, and those it says are broken.

    Bokmål, nynorsk and English words, shares of dry matter or water and degrees Celsius are known. What is
    said both ways, or with a "not" before it, is not counted as met.
    """
    written = text[:LONGEST].lower()
    denied = " ".join(_NOT.findall(written))
    met: set[str] = set()
    broken: set[str] = set()
    left = written
    for (
        pattern,
        good,
        bad,
    ) in _READ:  # what one pattern has read is not read again: "uten asbest" is no asbestos
        if pattern.search(left) and not (denied and pattern.search(denied)):
            met |= good
            broken |= bad
            left = pattern.sub(" ", left)
    for number, what in _SHARE.findall(written):
        dry = float(number.replace(",", "."))
        dry = 100 - dry if what[0] in "vw" else dry
        if dry >= DRY_SHARE:
            met |= {"dry_matter_high", "low_moisture", "water_content_low"}
        if dry < WET_SHARE:
            broken |= {"dry_matter_high", "low_moisture"}
    if degrees := [float(number.replace(",", ".")) for number in _DEGREES.findall(written)]:
        for limit in TEMPERATURES:
            (met if max(degrees) >= limit else broken).add(f"temperature_{limit}c")
    return frozenset(met - broken), frozenset(broken)
