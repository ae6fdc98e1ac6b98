# ruff: noqa: E501  (lists of names are easier to read in whole lines)
"""Rows of the European table of waste transfers, by header in any order and casing, streamed by country."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pandas as pd

from geodata.errors import RefusedFileError
from geodata.wastetransfers import TRANSFER_COLUMNS, fold_facility_name
from loaders.official.webclient import Progress

CHUNK_ROWS: Final = 200_000
_HEADERS: Final = {
    "facilityname": "facility_name",
    "city": "city",
    "countryname": "country",
    "country": "country",
    "countrycode": "country",
    "reportingyear": "reporting_year",
    "year": "reporting_year",
    "wasteclassification": "class",
    "wasteclassificationcode": "class",
    "wastetreatment": "treatment",
    "wastetreatmentcode": "treatment",
    "wastetransfers": "tonnes",
    "quantitytons": "tonnes",
    "quantity": "tonnes",
    "longitude": "lon",
    "latitude": "lat",
    "facilityinspireid": "inspire_id",
    "eprtrsectorcode": "sector_code",
    "eprtrsectorname": "sector_name",
    "eprtrannexlmainactivity": "activity",
    "eprtranneximainactivity": "activity",
    "confidentialityreason": "reason",
    "addressconfidentialityreason": "address_reason",
}
"""Header, small letters and figures only -> column."""
_NEEDED: Final = {
    "facility_name": "facilityName",
    "country": "countryName",
    "reporting_year": "reportingYear",
    "class": "wasteClassification",
    "treatment": "wasteTreatment",
    "tonnes": "wasteTransfers",
}
_COUNTRIES: Final = {
    "at": "austria", "be": "belgium", "bg": "bulgaria", "hr": "croatia", "cy": "cyprus", "cz": "czechia", "dk": "denmark",
    "ee": "estonia", "fi": "finland", "fr": "france", "de": "germany", "gr": "greece", "el": "greece", "hu": "hungary",
    "is": "iceland", "ie": "ireland", "it": "italy", "lv": "latvia", "li": "liechtenstein", "lt": "lithuania",
    "lu": "luxembourg", "mt": "malta", "nl": "netherlands", "no": "norway", "nor": "norway", "norge": "norway",
    "noreg": "norway", "pl": "poland", "pt": "portugal", "ro": "romania", "rs": "serbia", "sk": "slovakia",
    "si": "slovenia", "es": "spain", "se": "sweden", "ch": "switzerland", "gb": "united kingdom", "uk": "united kingdom",
    "czech republic": "czechia", "danmark": "denmark", "sverige": "sweden",
}  # fmt: skip
_HIDDEN: Final = re.compile(r"conf(?:idential)?\b.*|n/?a|-+|\*+", re.IGNORECASE)


def fold_country(text: object) -> str:
    """Return a country's name for comparing: its English name, small, from a name or two letters."""
    plain = " ".join(str(text).casefold().split())
    return _COUNTRIES.get(plain, plain)


def stream_transfers(
    path: Path, *, country: str, facts: Counter[str], progress: Progress | None = None
) -> Iterator[pd.DataFrame]:
    """Yield the rows of one country as texts, part by part; `facts` counts ``rows`` and ``of_country``.

    Raises
    ------
    RefusedFileError
        ``eea.not_transfers`` where a column is missing, ``file.not_found``.
    """
    if not path.is_file():
        raise RefusedFileError("file.not_found", file=path.name)
    names, delimiter = _read_header(path)
    wanted = fold_country(country)
    for part in _read_parts(path, names, delimiter):
        facts["rows"] += len(part)
        folded = {text: fold_country(text) for text in part["country"].unique()}
        own = part[part["country"].map(folded) == wanted]
        facts["of_country"] += len(own)
        if progress is not None:
            progress("read", facts["rows"], None)
        if len(own):
            yield own.reset_index(drop=True)


def _read_parts(path: Path, names: list[str], delimiter: str) -> Iterator[pd.DataFrame]:
    try:
        parts = pd.read_csv(
            path,
            sep=delimiter,
            header=0,
            names=names,
            usecols=[name for name in names if not name.startswith("?")],
            dtype="string",
            keep_default_na=False,
            encoding="utf-8-sig",
            encoding_errors="replace",
            chunksize=CHUNK_ROWS,
            on_bad_lines="error",
            low_memory=True,
        )
        yield from parts
    except pd.errors.ParserError as error:  # a quotation mark that is never closed
        raise RefusedFileError("file.damaged", file=path.name) from error


def _read_header(path: Path) -> tuple[list[str], str]:
    """Return a name for each column (``?n`` for those that are not used) and the delimiter."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        line = file.readline(100_000)
    delimiter = max(",;\t", key=line.count)
    names: list[str] = []
    for position, text in enumerate(next(csv.reader([line], delimiter=delimiter), [])):
        name = _HEADERS.get(re.sub(r"[^a-z0-9]", "", text.casefold()), "")
        names.append(name if name and name not in names else f"?{position}")
    for column, written in _NEEDED.items():
        if column not in names:
            raise RefusedFileError("eea.not_transfers", file=path.name, column=written)
    return names, delimiter


def type_transfers(texts: pd.DataFrame, facts: Counter[str]) -> pd.DataFrame:
    """Return rows as :data:`geodata.wastetransfers.TRANSFER_COLUMNS`; what cannot be read is counted.

    `facts` counts ``unreadable`` (class, treatment, year or amount: left out), ``confidential_amount``,
    ``confidential_name``.
    """
    text = {name: texts[name].str.strip() if name in texts else _empty(texts) for name in (*_NEEDED, *_MORE)}
    plain = text["class"].str.casefold().str.replace(r"[^a-z]", "", regex=True)
    hazardous = plain.map(_CLASSES).astype("boolean")
    letter = text["treatment"].str.upper().str[:1]
    treatment = letter.mask((~letter.isin(["R", "D"])).to_numpy(dtype=bool))
    told = pd.to_numeric(text["reporting_year"], errors="coerce").astype("Float64")
    year = told.where((told >= 1990) & (told <= 2100) & (told % 1 == 0)).astype("Int64")
    bare = text["tonnes"].str.replace(r"[\s\u00a0]", "", regex=True)
    one_comma = bare.str.fullmatch(r"\d+,\d+") & ~bare.str.fullmatch(r"\d{1,3},\d{3}")  # 1,234 may be either
    bare = bare.where(~one_comma, bare.str.replace(",", ".", regex=False))
    tonnes = pd.to_numeric(bare, errors="coerce").astype("Float64")
    tonnes = tonnes.where((tonnes >= 0) & (tonnes < 1e12))
    hidden = (bare == "") | bare.str.fullmatch(_HIDDEN)
    no_name = (text["facility_name"] == "") | text["facility_name"].str.fullmatch(_HIDDEN)
    bad = hazardous.isna() | treatment.isna() | year.isna() | (tonnes.isna() & ~hidden)
    bad = bad.astype("boolean").fillna(True)
    name = text["facility_name"].mask(no_name.to_numpy(dtype=bool), pd.NA)
    key = text["inspire_id"].mask((text["inspire_id"] == "").to_numpy(dtype=bool), pd.NA)
    by_name = name.map(fold_facility_name, na_action="ignore") + "|" + text["city"].str.casefold()
    out = pd.DataFrame(
        {
            "facility_key": key.fillna(by_name.astype("string")),
            "facility_name": name,
            **{column: _or_na(text[column]) for column in ("city", "sector_code", "sector_name", "activity")},
            "lon": _degrees(text["lon"], 180),
            "lat": _degrees(text["lat"], 90),
            "reporting_year": year,
            "hazardous": hazardous,
            "treatment": treatment,
            "tonnes": tonnes,
            "confidential": hidden | no_name,
        }
    )[list(TRANSFER_COLUMNS)].astype(TRANSFER_COLUMNS)
    facts["unreadable"] += int(bad.sum())
    facts["confidential_amount"] += int((hidden & ~bad).sum())
    facts["confidential_name"] += int((no_name & ~bad).sum())
    good: pd.DataFrame = out[~bad.to_numpy(dtype=bool)]
    return good


_MORE: Final = ("city", "lon", "lat", "inspire_id", "sector_code", "sector_name", "activity")
_CLASSES: Final = {
    **dict.fromkeys(("hw", "hazardous", "hwic", "hwoc", "hazardouswaste"), True),
    **dict.fromkeys(("nonhw", "nonhazardous", "nhw", "nonhazardouswaste"), False),
}
"""HWIC and HWOC are older words for hazardous waste sent within and out of the country."""


def _empty(texts: pd.DataFrame) -> pd.Series:
    return pd.Series("", index=texts.index, dtype="string")


def _or_na(texts: pd.Series) -> pd.Series:
    return texts.mask((texts == "").to_numpy(dtype=bool), pd.NA)


def _degrees(texts: pd.Series, most: float) -> pd.Series:
    numbers = pd.to_numeric(texts.str.replace(",", ".", regex=False), errors="coerce").astype("Float64")
    return numbers.where((numbers.abs() <= most) & (numbers != 0))
