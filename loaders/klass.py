"""KLASS, Statistics Norway's classifications: municipalities, counties and industries with their validity.

What the app needs of KLASS is embedded; with the service, a newer reform can be taken in.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any, Final

import pandas as pd

from geodata.errors import ParameterError, RefusedFileError
from geodata.industrychanges import classify_industry_changes
from geodata.municipalitychanges import ExtendedChanges, extend_changes
from loaders.embedded import read_municipalities, read_municipality_changes
from loaders.official.klassrows import Kind, KlassTable, find_list, read_klass_file, read_klass_json
from loaders.official.webclient import Service, WebClient

KLASS: Final = Service(
    key="klass",
    title="Statistisk sentralbyrå (KLASS)",
    address="https://data.ssb.no/api/klass/v1",
    pause_s=0.5,
)
LICENCE: Final = "CC BY 4.0"
MUNICIPALITIES: Final = 131
COUNTIES: Final = 104
INDUSTRIES: Final = 6
FIRST_DAY: Final = dt.date(2017, 1, 1)
"""From which on the app knows municipalities."""
SN2025_BEGINS: Final = dt.date(2025, 1, 1)
_BILINGUAL: Final = frozenset({MUNICIPALITIES, COUNTIES})
_LARGEST_FILE_BYTES: Final = 100_000_000
_ABSENT: Final = frozenset({400, 404})

When = dt.date | tuple[dt.date, dt.date | None]


def fetch_classification_codes(classification: int, *, on: When, client: WebClient) -> pd.DataFrame:
    """Fetch the codes valid on a day, or each code that was valid at some time in a span.

    Parameters
    ----------
    classification : 131 municipalities, 104 counties, 6 industries (SN2007 before 2025, SN2025 from then).
    on : a day, or the first day and the day after the last (None: still).
    client : of :data:`KLASS`.

    Returns
    -------
    DataFrame: :data:`loaders.official.klassrows.CODE_COLUMNS`; the dates are those within the span.

    Raises
    ------
    ParameterError
        ``klass.unknown``, ``klass.dates``.
    SourceError
        See :class:`loaders.official.webclient.WebClient`.
    """
    path, params = f"classifications/{int(classification)}/codes.json", _span(on)
    if isinstance(on, dt.date):
        path, params = f"classifications/{int(classification)}/codesAt.json", {"date": on.isoformat()}
    answer = _ask(client, path, params, "codes", classification)
    return read_klass_json(
        answer,
        norwegian_names=_norwegian_names() if classification in _BILINGUAL else (),
        bilingual=classification in _BILINGUAL,
    ).table


def fetch_versions(classification: int, *, client: WebClient) -> pd.DataFrame:
    """Fetch the versions of a classification: :data:`loaders.official.klassrows.VERSION_COLUMNS`.

    Raises
    ------
    ParameterError, SourceError
        As :func:`fetch_classification_codes`.
    """
    answer = _ask(client, f"classifications/{int(classification)}.json", {}, "versions", classification)
    return read_klass_json(answer).table


def fetch_changes(
    classification: int, *, since: dt.date, until: dt.date | None = None, client: WebClient
) -> pd.DataFrame:
    """Fetch the changes of codes from `since` on, before `until` (None: all that are known).

    Returns
    -------
    DataFrame: :data:`geodata.municipalitychanges.CODE_CHANGE_COLUMNS`; empty where nothing changed.

    Raises
    ------
    ParameterError, SourceError
        As :func:`fetch_classification_codes`.
    """
    path = f"classifications/{int(classification)}/changes.json"
    answer = _ask(client, path, _span((since, until)), "changes", classification)
    return read_klass_json(answer).table


def fetch_correspondence(source: int, target: int, *, on: dt.date, client: WebClient) -> pd.DataFrame:
    """Fetch which codes of one classification correspond to which of another on a day.

    Returns
    -------
    DataFrame: :data:`loaders.official.klassrows.CORRESPONDENCE_COLUMNS`.

    Raises
    ------
    ParameterError, SourceError
        As :func:`fetch_classification_codes`.
    """
    path = f"classifications/{int(source)}/correspondsAt.json"
    params = {"targetClassificationId": str(int(target)), "date": on.isoformat()}
    answer = _ask(client, path, params, "correspondence", source)
    return read_klass_json(answer).table


def fetch_municipality_changes(
    *, client: WebClient, known: pd.DataFrame | None = None, today: dt.date | None = None
) -> ExtendedChanges:
    """Take reforms that are newer than the embedded table into it.

    Parameters
    ----------
    known : the table to extend; None is the embedded one. today : to ask for the numbers in use.

    Raises
    ------
    InvalidTableError
        See :func:`geodata.municipalitychanges.extend_changes`.
    ParameterError, SourceError
        As :func:`fetch_classification_codes`.
    """
    table = read_municipality_changes() if known is None else known
    newest = dt.date(int(table["valid_from_year"].max()) + 1, 1, 1)
    day = today or dt.date.today()
    if day < newest:
        return extend_changes(table, _no_changes())
    changes = fetch_changes(MUNICIPALITIES, since=newest, until=day + dt.timedelta(days=1), client=client)
    if changes.empty:
        return extend_changes(table, changes)
    used = fetch_classification_codes(MUNICIPALITIES, on=day, client=client)["code"]
    return extend_changes(table, changes, still_used=frozenset(used))


def fetch_industry_changes(*, client: WebClient) -> pd.DataFrame:
    """Fetch what each industry code of SN2007 became in SN2025.

    The changes at the turn are asked for; where KLASS has none, the table of changes of the version that
    begins then.

    Returns
    -------
    DataFrame: :data:`geodata.industrychanges.INDUSTRY_CHANGE_COLUMNS`.

    Raises
    ------
    ParameterError
        ``klass.unknown`` where KLASS tells of no change at the turn to SN2025.
    SourceError
        See :class:`loaders.official.webclient.WebClient`.
    """
    day = dt.timedelta(days=1)
    since, until = SN2025_BEGINS - day, SN2025_BEGINS + day
    changes = fetch_changes(INDUSTRIES, since=since, until=until, client=client)
    if not changes.empty:
        return _classify_changes(changes)
    versions = fetch_versions(INDUSTRIES, client=client)
    begun = versions[versions["valid_from"] == SN2025_BEGINS.isoformat()]
    for version in begun["version_id"].dropna():
        told = _ask(client, f"versions/{int(version)}.json", {}, "codes", INDUSTRIES)
        listed = told.get("correspondenceTables")
        for entry in listed if isinstance(listed, list) else []:
            if not isinstance(entry, dict) or entry.get("changeTable") is not True:
                continue
            path = f"correspondencetables/{int(entry['id'])}.json"
            pairs = read_klass_json(_ask(client, path, {}, "correspondence", INDUSTRIES))
            changes = _classify_correspondence(pairs)
            if not changes.empty:
                return changes
    raise ParameterError("klass.unknown", classification=INDUSTRIES)


def fetch_known_changes(
    classification: int, *, until: dt.date, client: WebClient
) -> tuple[pd.DataFrame, int]:
    """Fetch what old codes became, in the form in which the app keeps it, and how many steps are new to it.

    Municipalities: the embedded table with newer reforms taken in (``CHANGE_COLUMNS``). Industries: SN2007 to
    SN2025 (``INDUSTRY_CHANGE_COLUMNS``). Others: KLASS' own changes (``CODE_CHANGE_COLUMNS``).

    Raises
    ------
    ParameterError, SourceError, InvalidTableError
        As :func:`fetch_municipality_changes`.
    """
    if classification == MUNICIPALITIES:
        extended = fetch_municipality_changes(client=client, today=until)
        return extended.changes, len(extended.taken)
    if classification == INDUSTRIES:
        changes = fetch_industry_changes(client=client)
    else:
        span = (FIRST_DAY, until + dt.timedelta(days=1))
        changes = fetch_changes(classification, since=span[0], until=span[1], client=client)
    return changes, len(changes)


def read_classification(path: Path, *, bilingual: bool | None = None) -> pd.DataFrame:
    """Read the codes in a file as KLASS gives it: a version, the answer of ``codes`` or ``codesAt``, or CSV.

    Parameters
    ----------
    bilingual : whether names hold several languages; None: those of municipalities and counties do.

    Returns
    -------
    DataFrame: :data:`loaders.official.klassrows.CODE_COLUMNS`.

    Raises
    ------
    RefusedFileError
        ``klass.unreadable``, ``file.not_found``, ``file.too_large``.
    """
    return _read(path, "codes", bilingual=bilingual).table


def read_versions(path: Path) -> pd.DataFrame:
    """Read the versions in the file of a classification; see :func:`fetch_versions`.

    Raises
    ------
    RefusedFileError
        As :func:`read_classification`.
    """
    return _read(path, "versions").table


def read_changes(path: Path) -> pd.DataFrame:
    """Read the changes in a file; see :func:`fetch_changes`.

    Raises
    ------
    RefusedFileError
        As :func:`read_classification`.
    """
    return _read(path, "changes").table


def read_correspondence(path: Path) -> pd.DataFrame:
    """Read a correspondence in a file; see :func:`fetch_correspondence`.

    Raises
    ------
    RefusedFileError
        As :func:`read_classification`.
    """
    return _read(path, "correspondence").table


def read_industry_changes(path: Path) -> pd.DataFrame:
    """Read what industry codes became, out of a file of changes or of a correspondence.

    The table of changes between two versions has the newer one as its source; it is turned around where the
    names of the two sides tell the years (``SN2025`` - ``SN2007``). Without names the source is the older.

    Returns
    -------
    DataFrame: :data:`geodata.industrychanges.INDUSTRY_CHANGE_COLUMNS`.

    Raises
    ------
    RefusedFileError
        As :func:`read_classification`.
    """
    read = _read(path, "changes", "correspondence")
    if read.kind == "changes":
        return _classify_changes(read.table)
    return _classify_correspondence(read)


def _classify_correspondence(read: KlassTable) -> pd.DataFrame:
    names = {"source_code": "code_from", "source_name": "name_from"}
    names |= {"target_code": "code_to", "target_name": "name_to"}
    if _find_year(read.source) > _find_year(read.target) > 0:
        names = {
            column: name.replace("from", "?").replace("to", "from").replace("?", "to")
            for column, name in names.items()
        }
    return classify_industry_changes(read.table.rename(columns=names))


def _classify_changes(changes: pd.DataFrame) -> pd.DataFrame:
    names = {"old_code": "code_from", "old_name": "name_from", "new_code": "code_to", "new_name": "name_to"}
    return classify_industry_changes(changes.rename(columns=names))


def _find_year(name: str) -> int:
    return max((int(year) for year in re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", name)), default=0)


def _read(path: Path, *kinds: Kind, bilingual: bool | None = None) -> KlassTable:
    if not path.is_file():
        raise RefusedFileError("file.not_found", file=path.name[:120])
    if path.stat().st_size > _LARGEST_FILE_BYTES:
        raise RefusedFileError("file.too_large", limit=_LARGEST_FILE_BYTES // 1_000_000)
    names = _norwegian_names() if bilingual is not False and "codes" in kinds else frozenset[str]()
    read = read_klass_file(path.read_bytes(), file=path.name, norwegian_names=names, bilingual=bilingual)
    if read.kind not in kinds:
        raise RefusedFileError("klass.unreadable", file=path.name[:120])
    return read


def _norwegian_names() -> frozenset[str]:
    places = read_municipalities(detail="light")
    return frozenset(places["name"]) | frozenset(places["county_name"])


def _span(span: Any) -> dict[str, str]:
    if isinstance(span, dt.date):
        return {}
    first, last = span
    if last is not None and last < first:
        raise ParameterError("klass.dates", first=first.isoformat(), last=last.isoformat())
    return {"from": first.isoformat(), **({"to": last.isoformat()} if last is not None else {})}


def _ask(client: WebClient, path: str, params: dict[str, str], kind: Kind, classification: int) -> Any:
    def check(value: object) -> bool:
        listed = find_list(value)
        return listed is not None and listed[1] == kind

    answer = client.ask_json(path, params=params, check=check, absent=_ABSENT)
    if answer.status == 200:
        return answer.value
    if kind == "changes" and answer.status == 404:
        return {"codeChanges": []}
    raise ParameterError("klass.unknown", classification=int(classification))


def _no_changes() -> pd.DataFrame:
    return read_klass_json({"codeChanges": []}).table
