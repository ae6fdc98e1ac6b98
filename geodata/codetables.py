"""The tables of waste codes and materials as one frozen value, checked once.

``loaders.codes.read_waste_codes()`` builds it; :mod:`geodata.wastecodes` and :mod:`geodata.materials` ask it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd

from geodata.errors import InvalidTableError

ENTRIES = ("absolute_hazardous", "absolute_nonhazardous", "mirror_hazardous", "mirror_nonhazardous")
LANGUAGES = ("nb", "nn", "en")
COLUMNS = {
    "eal": ("eal_code", "hazardous", "entry", "mirrors", "title_nb", "title_nn", "title_en"),
    "chapters": ("chapter", "title_nb", "title_nn", "title_en"),
    "subchapters": ("subchapter", "title_nb", "title_nn", "title_en"),
    "materials": ("material", "label_nb", "label_nn", "label_en", "group", "parent", "synonyms"),
    "code_materials": ("prefix", "material"),
}


@dataclass(frozen=True, eq=False)
class WasteCodes:
    """Tables of codes and materials, checked once, with look-ups made from them.

    Parameters
    ----------
    eal : eal_code, hazardous (bool), entry (one of :data:`ENTRIES`), mirrors (codes apart by a space),
        title_nb, title_nn, title_en. One row a code.
    chapters, subchapters : chapter (2 digits) or subchapter (4 digits), title_nb, title_nn, title_en.
    materials : material (key), label_nb, label_nn, label_en, group, parent (key or empty),
        density_low_t_per_m3, density_t_per_m3, density_high_t_per_m3, dry_matter_share, payload_form,
        unit, synonyms (apart by ``|``); energy_low_mwh_per_m3, energy_mwh_per_m3 and
        energy_high_mwh_per_m3 of gases may be missing.
    code_materials : prefix (2, 4 or 6 digits), material. The longest prefix wins.

    Raises
    ------
    InvalidTableError
        A column is missing (``table.column_missing``), a material is not in the vocabulary
        (``codes.material_unknown``) or a code reaches none (``codes.code_without_material``).
    """

    eal: pd.DataFrame
    chapters: pd.DataFrame
    subchapters: pd.DataFrame
    materials: pd.DataFrame
    code_materials: pd.DataFrame
    hazard: Mapping[str, bool] = field(init=False, repr=False)
    mirrors: Mapping[str, tuple[str, ...]] = field(init=False, repr=False)
    material_by_code: Mapping[str, str] = field(init=False, repr=False)
    ancestors: Mapping[str, tuple[str, ...]] = field(init=False, repr=False)
    titles: Mapping[str, tuple[str, str, str]] = field(init=False, repr=False)
    labels: Mapping[str, tuple[str, str, str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, columns in COLUMNS.items():
            for column in columns:
                if column not in getattr(self, name):
                    raise InvalidTableError("table.column_missing", table=name, column=column)
        codes = [str(code) for code in self.eal["eal_code"]]
        hazard = {code: bool(flag) for code, flag in zip(codes, self.eal["hazardous"], strict=True)}
        mirrors = {code: tuple(str(m).split()) for code, m in zip(codes, self.eal["mirrors"], strict=True)}
        self._keep("hazard", hazard)
        self._keep("mirrors", mirrors)
        self._keep("ancestors", _find_ancestors(self.materials))
        self._keep("material_by_code", self._reach_materials(codes))
        titles: dict[str, tuple[str, str, str]] = {}
        for table, key in (("chapters", "chapter"), ("subchapters", "subchapter"), ("eal", "eal_code")):
            frame = getattr(self, table)
            rows = _rows(frame, key, "title_nb", "title_nn", "title_en")
            titles |= {str(r[0]): (str(r[1]), str(r[2]), str(r[3])) for r in rows}
        self._keep("titles", titles)
        labels = _rows(self.materials, "material", "label_nb", "label_nn", "label_en")
        self._keep("labels", {str(r[0]): (str(r[1]), str(r[2]), str(r[3])) for r in labels})

    def _keep(self, name: str, mapping: Mapping[str, object]) -> None:
        object.__setattr__(self, name, MappingProxyType(dict(mapping)))

    def _reach_materials(self, codes: list[str]) -> dict[str, str]:
        by_prefix = {str(p): str(m) for p, m in _rows(self.code_materials, "prefix", "material")}
        for prefix, material in by_prefix.items():
            if material not in self.ancestors:
                raise InvalidTableError("codes.material_unknown", prefix=prefix, material=material)
        reached = {}
        for code in codes:
            found = next((by_prefix[code[:n]] for n in (6, 4, 2) if code[:n] in by_prefix), None)
            if found is None:
                raise InvalidTableError("codes.code_without_material", eal_code=code)
            reached[code] = found
        return reached


def _rows(frame: pd.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    return list(zip(*(frame[column] for column in columns), strict=True))


def _find_ancestors(materials: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    parent = {str(k): p if isinstance(p, str) else "" for k, p in _rows(materials, "material", "parent")}
    ancestors: dict[str, tuple[str, ...]] = {}
    for key in parent:
        line: list[str] = []
        above = parent[key]
        while above:
            if above not in parent or above in line or above == key:
                raise InvalidTableError("codes.material_parent", material=key, parent=above)
            line.append(above)
            above = parent[above]
        ancestors[key] = tuple(line)
    return ancestors
