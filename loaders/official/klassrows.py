"""Answers and files of KLASS as tables: codes, versions, changes and correspondences, JSON or CSV.

KLASS is Statistics Norway's register of classifications. Its dates are ISO; ``validTo`` is the first day on
which a code is no longer valid. Names of municipalities and counties hold several languages with a dash
between (``Levanger - Levange``), in no fixed order.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd

from geodata.errors import RefusedFileError
from loaders.official.jsonstat import read_text

CODE_COLUMNS: Final = (
    "code",
    "parent_code",
    "level",
    "name",
    "norwegian_name",
    "short_name",
    "notes",
    "valid_from",
    "valid_to",
)
"""``name`` as it stands, ``norwegian_name`` its Norwegian part; ``valid_to`` its first invalid day."""
VERSION_COLUMNS: Final = ("version_id", "name", "valid_from", "valid_to")
CORRESPONDENCE_COLUMNS: Final = ("source_code", "source_name", "target_code", "target_name")

Kind = Literal["codes", "versions", "changes", "correspondence"]

_CODE_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "code": ("code",),
    "parent_code": ("parentcode",),
    "level": ("level",),
    "name": ("name",),
    "short_name": ("shortname",),
    "notes": ("notes",),
    "valid_from": ("validfrominrequestedrange", "validfrom"),
    "valid_to": ("validtoinrequestedrange", "validto"),
}
_CHANGE_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "old_code": ("oldcode",),
    "old_name": ("oldname",),
    "new_code": ("newcode",),
    "new_name": ("newname",),
    "occurred_on": ("changeoccurred",),
}
_CORRESPONDENCE_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "source_code": ("sourcecode",),
    "source_name": ("sourcename",),
    "target_code": ("targetcode",),
    "target_name": ("targetname",),
}
_VERSION_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "version_id": ("id",),
    "name": ("name",),
    "valid_from": ("validfrom",),
    "valid_to": ("validto",),
}
_KEYS: Final[dict[Kind, dict[str, tuple[str, ...]]]] = {
    "codes": _CODE_KEYS,
    "versions": _VERSION_KEYS,
    "changes": _CHANGE_KEYS,
    "correspondence": _CORRESPONDENCE_KEYS,
}
_LISTS: Final[dict[str, Kind]] = {
    "codes": "codes",
    "classificationItems": "codes",
    "codeChanges": "changes",
    "correspondenceItems": "correspondence",
    "correspondenceMaps": "correspondence",
    "versions": "versions",
}
_LANGUAGES: Final = ("nb", "no", "nn")
_DASH: Final = re.compile(r"\s+[-–—]\s+")
_OTHER_LETTERS: Final = re.compile(r"[áčđŋšŧžïâäö]", re.I)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, eq=False)
class KlassTable:
    """What an answer or a file of KLASS holds.

    Attributes
    ----------
    kind : ``codes`` (:data:`CODE_COLUMNS`), ``versions`` (:data:`VERSION_COLUMNS`), ``changes``
        (:data:`geodata.municipalitychanges.CODE_CHANGE_COLUMNS`) or ``correspondence``
        (:data:`CORRESPONDENCE_COLUMNS`).
    table : text but ``level`` (Int64).
    name : of the classification, version or correspondence, where told.
    source, target : names of the two sides of a correspondence, where told.
    """

    kind: Kind
    table: pd.DataFrame
    name: str = ""
    source: str = ""
    target: str = ""


def read_klass_file(
    content: bytes, *, file: str, norwegian_names: Collection[str] = (), bilingual: bool | None = None
) -> KlassTable:
    """Read the bytes of a file as KLASS gives them, JSON or CSV (latin-1 or UTF-8; ``;``, ``,`` or tab).

    Raises
    ------
    RefusedFileError
        ``klass.unreadable``.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    try:
        if text.lstrip()[:1] in ("{", "["):
            return read_klass_json(json.loads(text), norwegian_names=norwegian_names, bilingual=bilingual)
        return _read_csv(text, norwegian_names=norwegian_names, bilingual=bilingual)
    except (ValueError, RecursionError, csv.Error, RefusedFileError):
        raise RefusedFileError("klass.unreadable", file=file[:120]) from None


def read_klass_json(
    value: object, *, norwegian_names: Collection[str] = (), bilingual: bool | None = None
) -> KlassTable:
    """Read a decoded answer: of ``codes``, ``codesAt``, ``changes``, ``corresponds``, a version, a
    classification, or a table of correspondences.

    Parameters
    ----------
    norwegian_names : names that are known to be Norwegian; they decide which part of a name is.
    bilingual : whether names hold several languages; None: those of municipalities and counties do.

    Raises
    ------
    RefusedFileError
        ``klass.unreadable``.
    """
    listed = find_list(value)
    if listed is None or not isinstance(value, Mapping):
        raise RefusedFileError("klass.unreadable", file="")
    key, kind = listed
    records = [record for record in value[key] if isinstance(record, Mapping)]
    table = _tabulate([_tidy_record(record) for record in records], kind)
    if key == "classificationItems":
        for name, told in (("valid_from", "validFrom"), ("valid_to", "validTo")):
            table[name] = table[name].fillna(_read_date(value.get(told)) or pd.NA)
    if kind == "codes":
        table = _add_norwegian_names(table, norwegian_names, bilingual)
    return KlassTable(
        kind,
        table,
        name=read_text(value.get("name")),
        source=read_text(value.get("source")),
        target=read_text(value.get("target")),
    )


def find_list(value: object) -> tuple[str, Kind] | None:
    """Return under which key a decoded answer has its rows, and what they are; None where it has none."""
    if not isinstance(value, Mapping):
        return None
    return next(((key, kind) for key, kind in _LISTS.items() if isinstance(value.get(key), list)), None)


def find_norwegian_part(name: str, *, norwegian_names: Collection[str] = ()) -> str:
    """Return the Norwegian part of a name in several languages.

    A part that is known to be Norwegian is taken; else the first without letters that only Sámi and Kven
    have; else the first.
    """
    parts = [part for part in _DASH.split(read_text(name)) if part]
    known = [part for part in parts if part in norwegian_names]
    plain = [part for part in parts if not _OTHER_LETTERS.search(part)]
    return next(iter([*known, *plain, *parts]), "")


def _tidy_record(record: Mapping[str, Any]) -> dict[str, str]:
    return {str(key).casefold(): _read_words(value) for key, value in record.items()}


def _read_words(value: Any) -> str:
    if isinstance(value, list):  # one text a language
        by_language = {
            part.get("languageCode"): part.get("languageText") for part in value if isinstance(part, Mapping)
        }
        value = next((by_language[one] for one in _LANGUAGES if by_language.get(one)), "")
    if isinstance(value, Mapping):
        value = " ".join(str(part) for part in value.values() if part)
    return "" if value is None else read_text(str(value))


def _tabulate(records: list[dict[str, str]], kind: Kind) -> pd.DataFrame:
    keys = _KEYS[kind]
    columns: dict[str, list[str | None]] = {name: [] for name in keys}
    for record in records:
        for name, spellings in keys.items():
            columns[name].append(next((record[key] for key in spellings if record.get(key)), None))
    table = pd.DataFrame(columns, dtype="string")
    for name in ("valid_from", "valid_to", "occurred_on"):
        if name in table:
            table[name] = table[name].map(_read_date, na_action="ignore").astype("string")
    if kind == "codes":
        level = pd.to_numeric(table["level"], errors="coerce")
        table["level"] = level.astype("Float64").round().astype("Int64")
    must = {"codes": ["code"], "changes": ["old_code", "new_code", "occurred_on"]}
    return table.dropna(subset=must.get(kind, [])).reset_index(drop=True)


def _read_date(value: object) -> str | None:
    found = _DATE.match(read_text(value))
    return found[0] if found else None


def _add_norwegian_names(
    table: pd.DataFrame, norwegian_names: Collection[str], bilingual: bool | None
) -> pd.DataFrame:
    if bilingual is None:
        area = table["code"].str.fullmatch(r"\d{4}|\d{2}").all() and table["parent_code"].isna().all()
        bilingual = bool(len(table)) and bool(area)
    names = table["name"]
    known = frozenset(norwegian_names)
    if bilingual:
        split = {name: find_norwegian_part(name, norwegian_names=known) for name in names.dropna().unique()}
        names = names.map(split).astype("string")
    return table.assign(norwegian_name=names)[list(CODE_COLUMNS)]


def _read_csv(text: str, *, norwegian_names: Collection[str], bilingual: bool | None) -> KlassTable:
    head = text.lstrip().partition("\n")[0]
    sign = max(";\t,", key=head.count)
    rows = list(csv.reader(io.StringIO(text.lstrip()), delimiter=sign))
    if not rows:
        raise RefusedFileError("klass.unreadable", file="")
    header = [read_text(name).casefold() for name in rows[0]]
    filled = [row for row in rows[1:] if any(row)]
    records = [{name: read_text(cell) for name, cell in zip(header, row, strict=False)} for row in filled]
    kinds: tuple[tuple[Kind, set[str]], ...] = (
        ("changes", {"oldcode", "newcode", "changeoccurred"}),
        ("correspondence", {"sourcecode", "targetcode"}),
        ("codes", {"code", "name"}),
    )
    for kind, needed in kinds:
        if needed <= set(header):
            table = _tabulate(records, kind)
            if kind == "codes":
                table = _add_norwegian_names(table, norwegian_names, bilingual)
            return KlassTable(kind, table)
    raise RefusedFileError("klass.unreadable", file="")
