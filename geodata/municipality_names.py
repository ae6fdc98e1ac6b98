"""Municipalities by name, as people and registers write them; an ambiguous name gives all its candidates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import geopandas as gpd
import pandas as pd

from geodata.municipality_numbers import to_current_municipality

_TYPE_WORDS = re.compile(
    r"\b(?:kommune|kommunen|herad|bykommune|municipality|suohkan|gielda|tjïelte|kommuvna)\b"
)
_QUALIFIER = re.compile(r"^(.*?)\s*(?:\(([^)]*)\)|,\s*(.+)|\s+i\s+(\S.*))$")
_FORMER_COUNTIES = {  # spelled freely -> today's county numbers
    "hedmark": ("34",),
    "oppland": ("34",),
    "hordaland": ("46",),
    "sogn og fjordane": ("46",),
    "aust agder": ("42",),
    "vest agder": ("42",),
    "sor trondelag": ("50",),
    "nord trondelag": ("50",),
    "viken": ("31", "32", "33"),
    "vestfold og telemark": ("39", "40"),
    "troms og finnmark": ("55", "56"),
}
_LANGUAGE_SIGN = re.compile(r"\s+[-–—]\s+|\s*[/|]\s*")
_SPELLINGS = (
    ("aa", "a"),
    ("å", "a"),
    ("oe", "o"),
    ("ø", "o"),
    ("ö", "o"),
    ("ae", "a"),
    ("æ", "a"),
    ("ä", "a"),
)


@dataclass(frozen=True)
class NameMatch:
    """One municipality of today that a name may mean.

    Attributes
    ----------
    municipality_number, name, county_number, county_name : today's.
    former_name : the name that was matched, when it is one that is no longer in use; else empty.
    exact : the spelling agreed (case and spaces aside); False when only æ/ø/å or accents were read freely.
    """

    municipality_number: str
    name: str
    county_number: str
    county_name: str
    former_name: str = ""
    exact: bool = True


@dataclass(frozen=True)
class MunicipalityNames:
    """Index of names, made once for many look-ups; see :meth:`build`."""

    current: dict[str, tuple[NameMatch, ...]]
    former: dict[str, tuple[NameMatch, ...]]
    counties: dict[str, str] = field(default_factory=dict)

    @classmethod
    def build(
        cls, municipalities: gpd.GeoDataFrame | pd.DataFrame, *, changes: pd.DataFrame | None = None
    ) -> MunicipalityNames:
        """Index today's names, every language of a bilingual one, and former names where `changes` are given.

        Parameters
        ----------
        municipalities : as from ``loaders.embedded.read_municipalities``.
        changes : as from ``loaders.embedded.read_municipality_changes``.
        """
        matches: dict[str, NameMatch] = {}
        current: dict[str, list[NameMatch]] = {}
        counties: dict[str, str] = {}
        full = municipalities["full_name" if "full_name" in municipalities else "name"]
        columns = (
            municipalities[name] for name in ("municipality_number", "name", "county_number", "county_name")
        )
        for number, name, county_number, county_name, full_name in zip(*columns, full, strict=True):
            match = NameMatch(str(number), str(name), str(county_number), str(county_name))
            matches[match.municipality_number] = match
            counties[_spell_freely(_tidy(match.county_name))] = match.county_number
            for key in _list_keys((match.name, str(full_name), f"{match.name} ({match.county_name})")):
                current.setdefault(key, []).append(match)
        former: dict[str, list[NameMatch]] = {}
        if changes is not None:
            gone = changes[changes["kind"] != "current"].drop_duplicates("old_number")
            today = to_current_municipality(gone["old_number"], changes)["candidates"]
            for old_name, candidates in zip(gone["old_name"], today, strict=True):
                for key in _list_keys((str(old_name),)):
                    for number in candidates:
                        match = replace(matches[number], former_name=str(old_name))
                        if all(known.municipality_number != number for known in former.get(key, [])):
                            former.setdefault(key, []).append(match)
        return cls(
            {key: tuple(found) for key, found in current.items()},
            {key: tuple(found) for key, found in former.items()},
            counties,
        )


def _tidy(name: str) -> str:
    text = unicodedata.normalize("NFC", name).replace("\u00ad", "").casefold()
    return " ".join(text.split())  # str.split also takes no-break and thin spaces


def _spell_freely(tidy: str) -> str:
    for written, read in _SPELLINGS:
        tidy = tidy.replace(written, read)
    plain = unicodedata.normalize("NFD", tidy.replace("ŋ", "n").replace("đ", "d").replace("ŧ", "t"))
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.sub(r"[^\w]+", " ", letters).split())


def _list_keys(names: Iterable[str]) -> list[str]:
    keys: dict[str, None] = {}
    for name in names:
        bare = re.sub(r"\s*\(.*\)$", "", _tidy(name))
        for part in (_tidy(name), bare, *_LANGUAGE_SIGN.split(bare)):
            keys[part] = None
            keys["~" + _spell_freely(part)] = None
    return list(keys)


def _mend_encoding(name: str) -> str:
    # "TÃ¸nsberg" is UTF-8 read as cp1252; a correct name cannot be turned back and stays.
    if "Ã" not in name:
        return name
    try:
        return name.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return name


def _look_up(tidy: str, index: dict[str, tuple[NameMatch, ...]]) -> tuple[NameMatch, ...]:
    parts = [part for part in _LANGUAGE_SIGN.split(tidy) if part]
    for key in (tidy, *parts):
        if key in index:
            return index[key]
    for key in (tidy, *parts):
        if (free := "~" + _spell_freely(key)) in index:
            return tuple(replace(match, exact=False) for match in index[free])
    return ()


def find_counties(county: str, names: MunicipalityNames) -> tuple[str, ...]:
    """Return today's numbers of the counties that a number, a name or a former name may mean; none where
    unknown."""
    if re.fullmatch(r"\d{1,2}", county.strip()):
        return (county.strip().zfill(2),)
    text = re.sub(r"\b(?:fylke|fylkeskommune)\b", "", _tidy(county))
    for part in (text, *_LANGUAGE_SIGN.split(text)):
        key = _spell_freely(part)
        if key in names.counties:
            return (names.counties[key],)
        if key in _FORMER_COUNTIES:
            return _FORMER_COUNTIES[key]
    return ()


def find_municipality_by_name(
    name: str, names: MunicipalityNames | gpd.GeoDataFrame | pd.DataFrame, *, county: str | None = None
) -> tuple[NameMatch, ...]:
    """Return every municipality of today that `name` may mean: none, one, or several.

    Case, no-break spaces, a "kommune" behind the name, ae/oe/aa for æ/ø/å, missing accents, one language of
    a bilingual name and UTF-8 read as cp1252 are all taken. A county behind the name decides
    (``Våler (Østfold)``, ``Herøy, Nordland``, ``Bø i Telemark``), as does `county`. Today's names come
    before former ones: ``Haram`` is 1580, though a municipality of that name ended in 2019; former names
    are found only through an index built with ``changes``.

    Parameters
    ----------
    name : as written.
    names : the table of municipalities, or an index from :meth:`MunicipalityNames.build` for many names.
    county : county number or name, also a former county's; leaves out municipalities of other counties.
    """
    index = names if isinstance(names, MunicipalityNames) else MunicipalityNames.build(names)
    tidy = _tidy(_mend_encoding(name))
    bare = " ".join(_TYPE_WORDS.sub(" ", tidy).split()).strip(" ,.")
    asked = () if county is None else find_counties(county, index)
    if county is not None and not asked:
        return ()
    split = _QUALIFIER.match(bare)
    behind = next(part for part in split.groups()[1:] if part) if split else ""
    stem = split[1].strip() if split else ""
    # 1. the whole name as it stands (with a county in brackets, as the register writes some of them)
    for written in dict.fromkeys((bare, tidy, f"{stem} ({behind})" if split else bare)):
        for tier in (index.current, index.former):
            found = _keep_counties(_look_up(written, tier), asked)
            if found:
                return found
    if not split:
        return ()
    # 2. the name without what stands behind it, which must be a county to choose by
    told = find_counties(behind, index) or asked
    both = _look_up(stem, index.current) + _look_up(stem, index.former)
    return _keep_counties(_drop_repeated(both), told)


def match_municipality_names(
    column: pd.Series, names: MunicipalityNames, *, county: str | None = None
) -> pd.DataFrame:
    """Look up a column of names; nothing raises and nothing is chosen.

    Returns
    -------
    DataFrame with the index of `column`: ``number`` (string; <NA> unless exactly one municipality fits),
    ``candidates`` (tuple of numbers), ``status`` (string: found, former, ambiguous, unknown or missing).
    """
    known: dict[str, tuple[object, tuple[str, ...], str]] = {"": (pd.NA, (), "missing")}
    rows = []
    for value in column.to_numpy(dtype=object):
        text = "" if pd.isna(value) else str(value).strip()
        if text not in known:
            found = find_municipality_by_name(text, names, county=county)
            numbers = tuple(match.municipality_number for match in found)
            if len(found) == 1:
                known[text] = (numbers[0], numbers, "former" if found[0].former_name else "found")
            else:
                known[text] = (pd.NA, numbers, "ambiguous" if found else "unknown")
        rows.append(known[text])
    table = pd.DataFrame(rows, columns=["number", "candidates", "status"], index=column.index)
    return table.astype({"number": "string", "status": "string"})


def _keep_counties(found: tuple[NameMatch, ...], counties: tuple[str, ...]) -> tuple[NameMatch, ...]:
    return tuple(match for match in found if not counties or match.county_number in counties)


def _drop_repeated(found: tuple[NameMatch, ...]) -> tuple[NameMatch, ...]:
    first: dict[str, NameMatch] = {}
    for match in found:
        first.setdefault(match.municipality_number, match)
    return tuple(first.values())
