"""The library of uses: which stream can become whose input, by what step, under which law.

``loaders.uses.read_use_library()`` reads the tables; :class:`UseLibrary` checks them once. A use is a row of
knowledge, not a match: :func:`find_uses` says which uses a stream may meet and how well it fits
(`fit`), :func:`relate_uses` says the same of every code and material at once, for joins.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

import pandas as pd

from geodata.codetables import WasteCodes
from geodata.errors import InvalidTableError

HIERARCHIES = ("reuse", "recycling", "biological", "backfilling", "energy", "disposal")
"""From best to worst; `hierarchy_rank` is the place in this order, 1 to 6."""
YIELDS = ("yield_low", "yield_best", "yield_high")
USE_COLUMNS = (
    "use_id",
    "codes",
    "materials",
    "donors",
    "step",
    "operation",
    "hierarchy",
    "product",
    "replaces",
    "receivers",
    "intermediary",
    "quality",
    "law",
    *YIELDS,
    "precedent",
    "source",
)
COLUMNS = {
    "uses": USE_COLUMNS,
    "steps": ("step", "label_nb", "label_nn", "label_en"),
    "qualities": ("quality", "label_nb", "label_nn", "label_en"),
    "laws": ("law", "label_nb", "label_nn", "label_en", "reference"),
    "precedents": (
        "precedent_id",
        "place",
        "country",
        "year",
        "text_nb",
        "text_nn",
        "text_en",
        "reference",
    ),
    "popularity": ("division", "share", "source"),
    "exchanges": (
        "exchange_id",
        "kind",
        "giver",
        "code",
        "material",
        "receiver",
        "place",
        "stream",
        "reference",
    ),
}
CODE_FIT = MappingProxyType({6: 1.0, 4: 0.8, 2: 0.5})
"""How well a use fits a code that begins with one of its prefixes, by the prefix' digits."""
MATERIAL_FIT = 1.0
KIND_FIT = 0.8
"""The stream is a kind of the use's material (oak is wood); falls by :data:`KIND_STEP` a level."""
KIND_STEP = 0.8
PARENT_FIT = 0.4
"""The stream is only known as the material's parent (wood, where the use wants clean wood)."""
OTHER_CODE_FIT = 0.7
"""Factor on the fit of a material where the use names codes and the stream's code is none of them."""
HAZARD_FIT = 0.4
"""Factor where the stream's code is hazardous and the use, meant for ordinary waste, does not name it."""
_DIVISION = re.compile(r"\d{2}")
_PREFIX = re.compile(r"\d{2}|\d{4}|\d{6}")
_RECEIVER = re.compile(r"(\d{2}):([1-5])")
_OPERATION = re.compile(r"|R([1-9]|1[0-3])|D([1-9]|1[0-5])")


@dataclass(frozen=True, eq=False)
class UseLibrary:
    """The tables of uses, checked once.

    Parameters
    ----------
    uses : :data:`USE_COLUMNS`, texts as ``string`` ("" where nothing stands), yields Float64 (tonnes of
        product per tonne of stream; energy: MWh per tonne, or per MWh). `hierarchy_rank` is added.
    receivers : use_id, division (NACE, two digits), weight (Int64, 1 rare .. 5 usual); see
        :func:`tabulate_receivers`.
    steps, qualities, laws : key, label_nb, label_nn, label_en (laws: reference).
    precedents : precedent_id, place, country, year, text_nb, text_nn, text_en, reference.
    popularity : division, share (how often it is the receiver among published exchanges), source.
    exchanges : published exchanges behind `popularity`, see :data:`COLUMNS`; may be left out.

    Raises
    ------
    InvalidTableError
        ``table.column_missing``, or ``uses.unknown_key`` / ``uses.bad_value`` / ``uses.duplicate`` with
        the row, the column and the value.
    """

    uses: pd.DataFrame
    receivers: pd.DataFrame
    steps: pd.DataFrame
    qualities: pd.DataFrame
    laws: pd.DataFrame
    precedents: pd.DataFrame
    popularity: pd.DataFrame
    exchanges: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame({c: pd.array([], "string") for c in COLUMNS["exchanges"]})
    )
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        for name, columns in COLUMNS.items():
            for column in columns:
                if column not in getattr(self, name):
                    raise InvalidTableError("table.column_missing", table=name, column=column)
        _check_uses(self)
        ranks = self.uses["hierarchy"].map({name: place for place, name in enumerate(HIERARCHIES, start=1)})
        object.__setattr__(self, "uses", self.uses.assign(hierarchy_rank=ranks.astype("Int64")))
        object.__setattr__(self, "digest", _digest(self))

    def labels(self, table: str, *, language: str = "nb") -> dict[str, str]:
        """Return key -> label of ``steps``, ``qualities`` or ``laws`` in `language` (nb, nn or en)."""
        frame: pd.DataFrame = getattr(self, table)
        column = f"label_{language if language in ('nb', 'nn', 'en') else 'nb'}"
        return {
            str(key): str(text) for key, text in zip(frame[COLUMNS[table][0]], frame[column], strict=True)
        }


def tabulate_receivers(uses: pd.DataFrame) -> pd.DataFrame:
    """Return the column `receivers` (``"23:3 42:1"``) as rows: use_id, division, weight (Int64).

    Raises
    ------
    InvalidTableError
        ``uses.bad_value`` where a text is not ``division:weight`` or a division stands twice.
    """
    rows: list[tuple[str, str, int]] = []
    for use_id, text in zip(uses["use_id"], uses["receivers"], strict=True):
        divisions: set[str] = set()
        for part in str(text).split():
            found = _RECEIVER.fullmatch(part)
            if found is None or found[1] in divisions:
                raise _bad_value(str(use_id), "receivers", part)
            divisions.add(found[1])
            rows.append((str(use_id), found[1], int(found[2])))
    table = pd.DataFrame(rows, columns=["use_id", "division", "weight"])
    return table.astype({"use_id": "string", "division": "string", "weight": "Int64"})


def check_against_codes(library: UseLibrary, *, codes: WasteCodes) -> None:
    """Check that every prefix and material of the library is known.

    Raises
    ------
    InvalidTableError
        ``uses.unknown_key`` with the row, the column and the value.
    """
    for row in library.uses.itertuples(index=False):
        for prefix in str(row.codes).split():
            if prefix not in codes.titles:
                raise _unknown_key(str(row.use_id), "codes", prefix)
        for column, text in (("materials", row.materials), ("product", row.product)):
            for material in str(text).split():
                if material not in codes.ancestors:
                    raise _unknown_key(str(row.use_id), column, material)
    for row in library.exchanges.itertuples(index=False):
        if str(row.code) and str(row.code) not in codes.titles:
            raise _unknown_key(str(row.exchange_id), "code", str(row.code))
        if str(row.material) and str(row.material) not in codes.ancestors:
            raise _unknown_key(str(row.exchange_id), "material", str(row.material))


def find_uses(
    library: UseLibrary,
    *,
    codes: WasteCodes,
    code: str | None,
    material: str | None = None,
    industry: str | None = None,
) -> pd.DataFrame:
    """Return the uses that a stream may meet, the best fit first.

    Parameters
    ----------
    code : waste code of six digits (or its beginning of two or four), or None.
    material : material key, or None: the one that the code stands for.
    industry : NACE code or division of the giver, or None.

    Returns
    -------
    Rows of ``library.uses`` with `fit` (0..1, how well the stream is what the use means), `fit_by`
    (``code`` or ``material``) and `donor_known` (boolean: the giver's division is among the use's donors;
    <NA> where one of them is not known), ordered by fit, donor, rank in the hierarchy and use_id.
    """
    index = _index_uses(library, codes)
    fits = index.fit_stream(code, material)
    places = list(fits)
    found = library.uses.iloc[places].copy()
    found["fit"] = pd.array([fits[place][0] for place in places], dtype="Float64")
    found["fit_by"] = pd.array([fits[place][1] for place in places], dtype="string")
    division = industry[:2] if industry else ""
    known = [
        division in donors if division and donors else None
        for donors in (str(text).split() for text in found["donors"])
    ]
    found["donor_known"] = pd.array(known, dtype="boolean")
    found["_donor"] = found["donor_known"].fillna(False)
    found = found.sort_values(
        ["fit", "_donor", "hierarchy_rank", "use_id"], ascending=[False, False, True, True], kind="stable"
    )
    return found.drop(columns="_donor").reset_index(drop=True)


def fit_uses(
    library: UseLibrary, *, codes: WasteCodes, code: str | None, material: str | None
) -> dict[int, float]:
    """Return place in ``library.uses`` -> fit (0..1); :func:`find_uses` without the table."""
    fits = _index_uses(library, codes).fit_stream(code, material)
    return {place: fit for place, (fit, _by) in fits.items()}


def relate_uses(library: UseLibrary, *, codes: WasteCodes) -> pd.DataFrame:
    """Return which uses every code and every material may meet, to be joined with.

    Returns
    -------
    kind (``code`` or ``material``), key (six digits, or a material key), use_id, fit (Float64, as in
    :func:`find_uses`). The fit of a code counts the material it stands for; a stream whose material is
    told besides takes the better of both.
    """
    return _relate_uses(library, codes).copy()


@lru_cache(maxsize=8)
def _relate_uses(library: UseLibrary, codes: WasteCodes) -> pd.DataFrame:
    index = _index_uses(library, codes)
    use_ids = [str(use_id) for use_id in library.uses["use_id"]]
    rows: list[tuple[str, str, str, float]] = []
    for kind, keys in (("code", codes.hazard), ("material", codes.ancestors)):
        for key in keys:
            fits = index.fit_stream(key, None) if kind == "code" else index.fit_stream(None, key)
            rows += [(kind, key, use_ids[place], fit) for place, (fit, _by) in sorted(fits.items())]
    table = pd.DataFrame(rows, columns=["kind", "key", "use_id", "fit"])
    return table.astype({"kind": "string", "key": "string", "use_id": "string", "fit": "Float64"})


@dataclass(frozen=True, eq=False)
class _UseIndex:
    """Places of the uses by prefix and by material, so that a stream looks at few of them."""

    codes: WasteCodes
    by_prefix: Mapping[str, tuple[int, ...]]
    by_material: Mapping[str, tuple[int, ...]]
    below: Mapping[str, tuple[str, ...]]
    prefixes: tuple[frozenset[str], ...]
    for_hazardous: tuple[bool, ...]

    def fit_stream(self, code: str | None, material: str | None) -> dict[int, tuple[float, str]]:
        """Return place -> (fit, ``code`` or ``material``)."""
        fits: dict[int, tuple[float, str]] = {}
        code = code or ""
        hazardous = self.codes.hazard.get(code, False)
        for digits, fit in CODE_FIT.items():
            for place in self.by_prefix.get(code[:digits], ()) if len(code) >= digits else ():
                meant = not hazardous or digits == 6 or self.for_hazardous[place]
                self._keep(fits, place, fit if meant else fit * HAZARD_FIT, "code")
        kind = material or self.codes.material_by_code.get(code)
        for key, fit in self._material_fits(kind).items():
            for place in self.by_material.get(key, ()):
                factor = 1.0
                if code and self.prefixes[place]:
                    factor *= OTHER_CODE_FIT
                if hazardous and not self.for_hazardous[place]:
                    factor *= HAZARD_FIT
                self._keep(fits, place, fit * factor, "material")
        return fits

    def _material_fits(self, material: str | None) -> dict[str, float]:
        if not material or material not in self.codes.ancestors:
            return {}
        fits = dict.fromkeys(self.below.get(material, ()), PARENT_FIT)
        fit = KIND_FIT
        for above in self.codes.ancestors[material]:
            fits[above] = fit
            fit *= KIND_STEP
        fits[material] = MATERIAL_FIT
        return fits

    @staticmethod
    def _keep(fits: dict[int, tuple[float, str]], place: int, fit: float, by: str) -> None:
        if place not in fits or fit > fits[place][0]:
            fits[place] = (fit, by)


@lru_cache(maxsize=8)
def _index_uses(library: UseLibrary, codes: WasteCodes) -> _UseIndex:
    by_prefix: dict[str, list[int]] = {}
    by_material: dict[str, list[int]] = {}
    uses = library.uses
    for place, (prefixes, materials) in enumerate(zip(uses["codes"], uses["materials"], strict=True)):
        for prefix in str(prefixes).split():
            by_prefix.setdefault(prefix, []).append(place)
        for material in str(materials).split():
            by_material.setdefault(material, []).append(place)
    below: dict[str, list[str]] = {}
    for material, ancestors in codes.ancestors.items():
        for above in ancestors:
            below.setdefault(above, []).append(material)
    return _UseIndex(
        codes=codes,
        by_prefix={key: tuple(places) for key, places in by_prefix.items()},
        by_material={key: tuple(places) for key, places in by_material.items()},
        below={key: tuple(kinds) for key, kinds in below.items()},
        prefixes=tuple(frozenset(str(text).split()) for text in uses["codes"]),
        for_hazardous=tuple(law in ("hazardous", "landfill") for law in uses["law"]),
    )


def _check_uses(library: UseLibrary) -> None:
    for name, columns in COLUMNS.items():
        keys = getattr(library, name)[columns[0]]
        if keys.duplicated().any():
            raise InvalidTableError("uses.duplicate", table=name, value=str(keys[keys.duplicated()].iloc[0]))
    known = {
        "step": set(library.steps["step"]),
        "law": set(library.laws["law"]),
        "quality": set(library.qualities["quality"]),
        "precedent": {*library.precedents["precedent_id"], ""},
        "hierarchy": set(HIERARCHIES),
    }
    patterns = {"codes": _PREFIX, "donors": _DIVISION, "intermediary": _DIVISION}
    for row in library.uses.to_dict("records"):
        use_id = str(row["use_id"])
        for column in ("step", "law", "hierarchy", "precedent"):
            if row[column] not in known[column]:
                raise _unknown_key(use_id, column, str(row[column]))
        for quality in str(row["quality"]).split():
            if quality not in known["quality"]:
                raise _unknown_key(use_id, "quality", quality)
        for column, pattern in patterns.items():
            for part in str(row[column]).split():
                if pattern.fullmatch(part) is None:
                    raise _bad_value(use_id, column, part)
        if _OPERATION.fullmatch(str(row["operation"])) is None:
            raise _bad_value(use_id, "operation", str(row["operation"]))
        for column in ("source", "product"):
            if not str(row[column]).strip():
                raise _bad_value(use_id, column, "")
        if not str(row["codes"]).strip() and not str(row["materials"]).strip():
            raise _bad_value(use_id, "codes", "")
        low, best, high = (row[column] for column in YIELDS)
        if any(pd.isna(value) for value in (low, best, high)) or not 0 <= low <= best <= high:
            raise _bad_value(use_id, "yield_best", f"{low} {best} {high}")
    told = set(library.receivers["use_id"])
    for use_id in library.uses["use_id"]:
        if use_id not in told:
            raise _bad_value(str(use_id), "receivers", "")
    foreign: Iterable[str] = told - set(library.uses["use_id"])
    for use_id in sorted(foreign):
        raise _unknown_key(use_id, "use_id", use_id)


def _digest(library: UseLibrary) -> str:
    content = hashlib.sha256()
    for name, columns in COLUMNS.items():
        frame: pd.DataFrame = getattr(library, name)
        content.update(frame[list(columns)].to_csv(index=False).encode())
    content.update(library.receivers.to_csv(index=False).encode())
    return content.hexdigest()


def _bad_value(row: str, column: str, value: str) -> InvalidTableError:
    return InvalidTableError("uses.bad_value", row=row, column=column, value=value)


def _unknown_key(row: str, column: str, value: str) -> InvalidTableError:
    return InvalidTableError("uses.unknown_key", row=row, column=column, value=value)
