"""The embedded code lists: waste codes, materials, treatments, NS 9431 groups and industries.

The files lie in ``loaders/data/codes`` with their licences in LICENCE.md. Codes are text; empty cells of
text are the empty string, empty numbers <NA>.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import pandas as pd

from geodata.codetables import WasteCodes

if TYPE_CHECKING:
    from geodata.codeindex import CodeIndex

_NUMBERS = (
    *("density_low_t_per_m3", "density_t_per_m3", "density_high_t_per_m3", "dry_matter_share"),
    *("energy_low_mwh_per_m3", "energy_mwh_per_m3", "energy_high_mwh_per_m3"),
)


def read_eal_codes() -> pd.DataFrame:
    """Return the 842 codes: eal_code, hazardous (bool), entry, mirrors, title_nb, title_nn, title_en."""
    table = _read("eal.csv")
    return table.assign(hazardous=table["hazardous"] == "1")


def read_chapters() -> pd.DataFrame:
    """Return the 20 chapters: chapter (2 digits), title_nb, title_nn, title_en."""
    return _read("chapters.csv")


def read_subchapters() -> pd.DataFrame:
    """Return the 111 subchapters: subchapter (4 digits), title_nb, title_nn, title_en."""
    return _read("subchapters.csv")


def read_materials() -> pd.DataFrame:
    """Return the material vocabulary.

    Columns: material (key), label_nb, label_nn, label_en, group, parent (key or ""),
    density_low_t_per_m3, density_t_per_m3, density_high_t_per_m3, dry_matter_share,
    energy_low_mwh_per_m3, energy_mwh_per_m3, energy_high_mwh_per_m3 (Float64; of gases, at 0 °C and 1 atm),
    density_source, dry_matter_source, energy_source, payload_form, unit, synonyms (apart by ``|``).
    """
    table = _read("materials.csv")
    numbers = {
        name: pd.to_numeric(table[name].mask(table[name] == "")).astype("Float64") for name in _NUMBERS
    }
    return table.assign(**numbers)


def read_code_materials() -> pd.DataFrame:
    """Return which material a code stands for: prefix (2, 4 or 6 digits), material; the longest wins."""
    return _read("code_materials.csv")


def read_treatments() -> pd.DataFrame:
    """Return R1-R13 and D1-D15: treatment, kind, hierarchy, hierarchy_rank (Int64, 5 is lowest; <NA> for
    interim steps), eurostat_group, title_nb, title_nn, title_en."""
    table = _read("rd.csv")
    rank = pd.to_numeric(table["hierarchy_rank"].mask(table["hierarchy_rank"] == "")).astype("Int64")
    return table.assign(hierarchy_rank=rank)


def read_ns9431_groups() -> pd.DataFrame:
    """Return the publicly seen NS 9431 groups: prefix, level, title_nb, material (key or ""), source."""
    return _read("ns9431.csv")


def read_industries() -> pd.DataFrame:
    """Return the 88 divisions: division, section_sn2007, section_sn2025 ("" where it is gone), title_nb,
    title_nn, title_en, became (divisions of SN2025 that it was shared out to), classes (see
    :func:`geodata.industries.normalise_industry_code`)."""
    return _read("industries.csv")


def read_sn2025_codes() -> frozenset[str]:
    """Return all five-digit industry codes of SN2025, as ``38.110``."""
    return frozenset(_read("sn2025.csv")["code"])


def read_waste_codes() -> WasteCodes:
    """Return the code tables as one checked value; about 20 ms, callers keep it."""
    return WasteCodes(
        eal=read_eal_codes(),
        chapters=read_chapters(),
        subchapters=read_subchapters(),
        materials=read_materials(),
        code_materials=read_code_materials(),
    )


def read_code_words() -> pd.DataFrame:
    """Return everyday words and trade words: targets (codes and materials, each with ``:weight`` where not
    1), words_nb, words_nn, words_en (apart by ``|``)."""
    return _read("words.csv")


def read_industry_codes() -> pd.DataFrame:
    """Return what an industry typically gives: division, prefixes of codes, each with ``:1`` to ``:3``."""
    return _read("industry_codes.csv")


def read_code_index(codes: WasteCodes | None = None) -> CodeIndex:
    """Return all that is known of the codes in words, to be searched; callers keep it."""
    from geodata.codeindex import build_code_index

    return build_code_index(
        codes if codes is not None else read_waste_codes(),
        words=read_code_words(),
        industry_codes=read_industry_codes(),
    )


def _read(name: str) -> pd.DataFrame:
    with files("loaders").joinpath("data", "codes", name).open(encoding="utf-8") as stream:
        return pd.read_csv(stream, dtype="string", keep_default_na=False)
