# ruff: noqa: E501  (lists of names are easier to read in whole lines)
"""Records of permitted plants -> one table with typed columns; names of fields in any casing and wording."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import pandas as pd

from geodata.identifiers import check_organisation_number
from loaders.official.arcgisfeatures import Record

_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "plant_id": ("anleggid", "anleggsid", "anleggsnr", "anleggsnummer", "anleggnr", "anleggnummer", "companyid", "plantid"),
    "name": ("navn", "anleggsnavn", "anleggnavn", "virksomhet", "virksomhetsnavn", "bedrift", "bedriftsnavn", "name"),
    "organisation_number": ("orgnr", "organisasjonsnummer", "organisasjonsnr", "orgnummer", "bedriftsnummer"),
    "industry": ("bransje", "naering", "naringskode", "naeringskode", "nace", "nacekode", "bransjekode", "industry"),
    "status": ("driftsstatus", "anleggsstatus", "status"),
    "kind": ("anleggstype", "anleggtype", "typeanlegg", "anleggskategori"),
    "authority": ("forurensningsmyndighet", "forurensingsmyndighet", "myndighet", "tilsynsmyndighet"),
    "last_report_year": ("sisterapporteringaar", "sisterapporteringsaar", "sisterapporteringar", "sisterapporteringsar",
                         "sisterapporterteaar", "sisterapportering"),
    "emits_to_air": ("harutslippluft", "harutslipptilluft", "utslippluft", "utslipptilluft"),
    "emits_to_water": ("harutslippvann", "harutslipptilvann", "utslippvann", "utslipptilvann"),
    "must_monitor": ("harkravtilovervaking", "harkravtilovervakning", "kravtilovervaking"),
    "fact_sheet_text": ("faktaark", "faktaarkurl", "faktaarklenke", "factsheet"),
}  # fmt: skip
"""Column -> names of fields, folded: small letters and figures only, æ as ae, å as a or aa."""
_DTYPES: Final = {
    "plant_id": "string",
    "name": "string",
    "organisation_number": "string",
    "industry_code": "string",
    "industry_text": "string",
    "status": "string",
    "status_text": "string",
    "kind": "string",
    "authority": "string",
    "last_report_year": "Int64",
    "emits_to_air": "boolean",
    "emits_to_water": "boolean",
    "must_monitor": "boolean",
    "fact_sheet": "string",
    "fact_sheet_text": "string",
    "lon": "Float64",
    "lat": "Float64",
}
PLANT_COLUMNS: Final = tuple(name for name in _DTYPES if name not in ("lon", "lat"))
STATUSES: Final = ("active", "aftercare", "closed")
_STATUS_WORDS: Final = {
    "aktiv": "active", "aktive": "active", "active": "active", "idrift": "active", "drift": "active",
    "etterdrift": "aftercare", "underetterdrift": "aftercare", "avsluttetmedetterdrift": "aftercare",
    "nedlagt": "closed", "nedlagte": "closed", "avsluttet": "closed", "closed": "closed", "opphort": "closed",
}  # fmt: skip
_YES: Final = frozenset({"1", "ja", "j", "true", "yes", "y", "t"})
_NO: Final = frozenset({"0", "nei", "n", "false", "no", "f"})
_FACT_SHEET_HOSTS: Final = ("norskeutslipp.no", "miljodirektoratet.no")
_INDUSTRY: Final = re.compile(
    r"\s*(?:[A-V]\s*-?\s*)?(\d{2})(?:[.,]?(\d{1,3}))?(?![\d.,])\s*[-–:]?\s*(.*)", re.DOTALL
)
_MILLISECONDS_LEAST: Final = 10_000_000_000
_OSLO: Final = dt.timedelta(hours=2)
"""Midnight in Norway is 22 or 23 o'clock of the day before in the server's time."""
LONGEST_TEXT: Final = 300


def fold_field(name: str) -> str:
    """Return a field's name for comparing: without its table, case, marks and accents."""
    bare = name.rsplit(".", 1)[-1].casefold().replace("æ", "ae").replace("ø", "o").replace("å", "a")
    plain = unicodedata.normalize("NFKD", bare)
    return re.sub(r"[^a-z0-9]", "", plain.encode("ascii", "ignore").decode())


def tabulate_plants(records: Iterable[Record]) -> pd.DataFrame:
    """Return one row a record: :data:`PLANT_COLUMNS`, `lon` and `lat` (degrees, <NA> where it has no point)."""
    rows = [_read_plant(record) for record in records]
    table = pd.DataFrame(rows, columns=list(_DTYPES))
    return table.astype(_DTYPES)


def _read_plant(record: Record) -> dict[str, object]:
    said: dict[str, Any] = {}
    folded: dict[str, Any] = {}
    for name, value in record.values.items():
        if value is not None:
            folded.setdefault(fold_field(str(name)), value)
    for column, names in _FIELDS.items():
        said[column] = next((folded[name] for name in names if name in folded), None)
    code, words = _read_industry(said["industry"])
    link = _read_link(said["fact_sheet_text"])
    status = _text(said["status"])
    number, _ = check_organisation_number(_text(said["organisation_number"]))
    return {
        "plant_id": _text(said["plant_id"]),
        "name": _text(said["name"]),
        "organisation_number": number,
        "industry_code": code,
        "industry_text": words,
        "status": _STATUS_WORDS.get(fold_field(status or "")),
        "status_text": status,
        "kind": _text(said["kind"]),
        "authority": _text(said["authority"]),
        "last_report_year": _read_year(said["last_report_year"]),
        "emits_to_air": _read_flag(said["emits_to_air"]),
        "emits_to_water": _read_flag(said["emits_to_water"]),
        "must_monitor": _read_flag(said["must_monitor"]),
        "fact_sheet": link,
        "fact_sheet_text": None if link else _text(said["fact_sheet_text"]),
        "lon": record.lon if math.isfinite(record.lon) else None,
        "lat": record.lat if math.isfinite(record.lat) else None,
    }


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    text = " ".join(unicodedata.normalize("NFKC", str(value)).split())
    return text[:LONGEST_TEXT] or None


def _read_industry(value: Any) -> tuple[str | None, str | None]:
    """Return (code, words) of ``38.320 Sortering og bearbeiding``; the words alone where no code begins it."""
    text = _text(value)
    if text is None:
        return None, None
    found = _INDUSTRY.fullmatch(text)
    if found is None:
        return None, text
    code = f"{found[1]}.{found[2]}" if found[2] else found[1]
    return code, found[3].strip() or None


def _read_year(value: Any) -> int | None:
    """Return a year written as number, as text or as a server's milliseconds since 1970."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        if not math.isfinite(value):
            return None
        if abs(value) >= _MILLISECONDS_LEAST:
            try:
                moment = dt.datetime(1970, 1, 1) + dt.timedelta(milliseconds=value) + _OSLO
            except OverflowError:
                return None
            value = moment.year
        year = int(value)
    else:
        found = re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", str(value)[:40])
        year = int(found[0]) if found else 0
    return year if 1900 <= year <= 2100 else None


def _read_flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    text = (_text(value) or "").casefold()
    return True if text in _YES else False if text in _NO else None


def _read_link(value: Any) -> str | None:
    """Return the address of a fact sheet on a page of the authority by https, None for anything else."""
    text = (_text(value) or "") if isinstance(value, str) else ""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    known = any(host == name or host.endswith(f".{name}") for name in _FACT_SHEET_HOSTS)
    plain = parts.username is None and parts.password is None and port in (None, 443)
    return (
        text if parts.scheme == "https" and known and plain and not re.search(r"[\s<>\"'`]", text) else None
    )


def count_statuses(plants: pd.DataFrame) -> Mapping[str, int]:
    """Return how many plants have each of :data:`STATUSES`, and ``unknown``."""
    told = plants["status"].fillna("unknown").value_counts()
    return {status: int(told.get(status, 0)) for status in (*STATUSES, "unknown")}
