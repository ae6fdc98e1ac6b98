"""Statistics Norway (SSB): tables of the statistics bank, out of the service or out of a file.

Nothing in the app needs the service: what it uses of SSB is embedded. With it, newer years and other tables
are one question away. Data: CC BY 4.0, named "Statistisk sentralbyrå (SSB)".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from geodata.errors import ParameterError, RefusedFileError, SourceError
from loaders.codes import read_waste_codes
from loaders.official.householdwaste import TableChoice, judge_household_table, tidy_household_waste
from loaders.official.jsonstat import (
    Cube,
    StatTable,
    read_jsonstat,
    read_text,
    tabulate_cube,
)
from loaders.official.pxweb import Selection
from loaders.official.pxwebtables import Api, TableAsker
from loaders.official.statcsv import read_statcsv
from loaders.official.wasteaccounts import tidy_waste_accounts
from loaders.official.webclient import Progress, Service, WebClient

SSB: Final = Service(
    key="ssb",
    title="Statistisk sentralbyrå (SSB)",
    address="https://data.ssb.no/api",
    pause_s=0.5,
    per_minute=30,
)
"""It takes 30 questions a minute from one address."""
LICENCE: Final = "CC BY 4.0"
ATTRIBUTION: Final = "Statistisk sentralbyrå (SSB)"
ACCOUNTS_BY_TREATMENT: Final = "10513"
ACCOUNTS_BY_SOURCE: Final = "10514"
PAGE_SIZE: Final = 100
MOST_PAGES: Final = 20
MOST_DESCRIBED: Final = 12
"""Tables whose description is read when one is chosen among the hits of a search."""
TABLE_COLUMNS: Final = (
    "table_id",
    "label",
    "variables",
    "first_period",
    "last_period",
    "updated",
    "time_unit",
    "discontinued",
)


@dataclass(frozen=True, eq=False)
class WasteAccounts:
    """The waste accounts.

    Attributes
    ----------
    table : both tables, one row a cell; see :data:`loaders.official.wasteaccounts.ACCOUNT_COLUMNS`.
    unknown_materials : names of materials that have no key of ours, or no certain one.
    unknown_sources : names of sources that are no industry, or not one that is certain.
    updated : as the tables tell, by their ids. fetched_on : ISO date.
    """

    table: pd.DataFrame
    unknown_materials: tuple[str, ...]
    unknown_sources: tuple[str, ...]
    updated: dict[str, str]
    fetched_on: str = ""


@dataclass(frozen=True, eq=False)
class HouseholdWaste:
    """Household waste by municipality and material.

    Attributes
    ----------
    table : one row a cell; see :data:`loaders.official.householdwaste.HOUSEHOLD_COLUMNS`.
    unknown_materials : names of materials that have no key of ours, or no certain one.
    label : title of the table. choice : why that table, where it was chosen. fetched_on : ISO date.
    """

    table: pd.DataFrame
    unknown_materials: tuple[str, ...]
    label: str
    choice: TableChoice | None
    fetched_on: str


def fetch_table(
    table_id: str | int,
    *,
    client: WebClient,
    selection: Selection | None = None,
    api: Api = "v2",
    language: str = "no",
    progress: Progress | None = None,
) -> StatTable:
    """Fetch a table, or what `selection` names of it.

    The table is described first; then what was asked for is fetched in as many parts as the service's limit
    of cells makes necessary and put together. Version 2 is asked; where it cannot be reached or refuses,
    version 0 (``ssb.older_api`` is then among the client's notices).

    Parameters
    ----------
    table_id : ``"10514"``. client : of :data:`SSB`.
    selection : by dimension; see :func:`loaders.official.pxweb.choose_codes`. None is the whole table.
    api : the version to ask first. language : ``no`` or ``en``.
    progress : told ``cells``, those that came and those in all.

    Raises
    ------
    ParameterError
        ``ssb.unknown_table``, ``ssb.unknown_variable``, ``ssb.unknown_code``, ``ssb.must_choose``,
        ``ssb.too_many_cells``.
    RefusedFileError
        ``ssb.cells_lacking``.
    SourceError
        See :class:`loaders.official.webclient.WebClient`.
    """
    number = normalise_table_id(table_id)
    versions: tuple[Api, ...] = ("v2", "v0") if api == "v2" else ("v0",)
    for version in versions:
        asker = TableAsker(client, number, api=version, language=language, licence=LICENCE, progress=progress)
        try:
            return asker.fetch(selection or {})
        except SourceError:
            if version == versions[-1]:
                raise
        except ParameterError as error:
            if version == versions[-1] or error.code != "ssb.unknown_table":
                raise
        client.notices.append("ssb.older_api")
    raise AssertionError("the last version returns or raises")  # pragma: no cover


def describe_table(table_id: str | int, *, client: WebClient, api: Api = "v2", language: str = "no") -> Cube:
    """Return what the service tells of a table: its dimensions with their codes, and no values.

    Raises
    ------
    ParameterError, SourceError
        As :func:`fetch_table`.
    """
    number = normalise_table_id(table_id)
    return TableAsker(client, number, api=api, language=language, licence=LICENCE).describe()


def find_tables(words: str, *, client: WebClient, language: str = "no") -> pd.DataFrame:
    """Return the tables that the service finds for `words`, best first as it ranks them.

    Returns
    -------
    DataFrame of text: :data:`TABLE_COLUMNS`; ``variables`` are names apart by ``|``.

    Raises
    ------
    SourceError
        See :class:`loaders.official.webclient.WebClient`.
    """
    rows: dict[str, dict[str, str]] = {}
    for page in range(1, MOST_PAGES + 1):
        answer = client.ask_json(
            "pxwebapi/v2/tables",
            params={"lang": language, "query": words, "pageSize": str(PAGE_SIZE), "pageNumber": str(page)},
            check=lambda value: isinstance(value, dict) and isinstance(value.get("tables"), list),
        )
        for table in answer.value["tables"]:
            if isinstance(table, dict) and isinstance(table.get("id"), str):
                rows.setdefault(table["id"], _tidy_hit(table))
        told = answer.value.get("page")
        pages = told.get("totalPages") if isinstance(told, dict) else None
        if not answer.value["tables"] or not isinstance(pages, int) or page >= pages:
            break
    return pd.DataFrame(list(rows.values()), columns=list(TABLE_COLUMNS), dtype="string")


def find_household_waste_table(
    client: WebClient, *, words: str = "husholdningsavfall", language: str = "no"
) -> TableChoice:
    """Choose, among the tables found for `words`, one of household waste by municipality and material.

    A table must be of households, have a region with municipalities, a material, and a unit of weight or of
    kilograms a head. Of those that have, the one with the newest period is taken, then the one ranked first.

    Raises
    ------
    ParameterError
        ``ssb.no_such_table`` where none will do.
    SourceError
        See :class:`loaders.official.webclient.WebClient`.
    """
    hits = find_tables(words, client=client, language=language)
    running = hits[hits["discontinued"].fillna("") != "true"]
    likely = running[running["variables"].str.contains("region|kommune|municipal", case=False, na=False)]
    considered = []
    fitting: list[tuple[str, int, str, str, tuple[str, ...]]] = []
    columns = (likely["table_id"], likely["label"], likely["last_period"].fillna(""))
    for rank, (number, label, last) in enumerate(zip(*columns, strict=True)):
        if rank >= MOST_DESCRIBED:
            break
        description = describe_table(number, client=client, language=language)
        reasons, lacks = judge_household_table(description, title=f"{label} {description.label}")
        considered.append((number, label, last, " ".join(lacks)))
        if not lacks:
            fitting.append((last, -rank, number, label, (*reasons, f"last_period:{last}")))
    if not fitting:
        raise ParameterError("ssb.no_such_table", words=words[:80], tables=len(considered))
    _last, _rank, number, label, why = max(fitting)
    table = pd.DataFrame(considered, columns=["table_id", "label", "last_period", "lacks"], dtype="string")
    return TableChoice(number, label, why, table)


def fetch_household_waste(
    *,
    client: WebClient,
    table_id: str | int = "",
    years: Sequence[str] | str = "*",
    progress: Progress | None = None,
) -> HouseholdWaste:
    """Fetch household waste by municipality and material.

    Parameters
    ----------
    table_id : of the table; empty lets :func:`find_household_waste_table` choose it.
    years : as in a selection: ``"*"``, ``"top(3)"``, ``["2022", "2023"]``.

    Raises
    ------
    ParameterError
        ``ssb.no_such_table`` and as :func:`fetch_table`.
    RefusedFileError
        ``ssb.not_household`` where the table has no municipalities or materials, ``ssb.unknown_unit``.
    SourceError
        As :func:`fetch_table`.
    """
    choice = None if table_id else find_household_waste_table(client)
    number = choice.table_id if choice is not None else table_id
    selection = _select_years(number, years, client)
    table = fetch_table(number, client=client, selection=selection, progress=progress)
    rows = tidy_household_waste(table, codes=read_waste_codes())
    plain = rows[~rows["is_total"]]
    return HouseholdWaste(
        table=rows,
        unknown_materials=_list_unknown(plain, "material_label", "material"),
        label=table.label,
        choice=choice,
        fetched_on=table.fetched_on,
    )


def fetch_waste_accounts(
    *,
    client: WebClient,
    years: Sequence[str] | str = "*",
    by_treatment: str = ACCOUNTS_BY_TREATMENT,
    by_source: str = ACCOUNTS_BY_SOURCE,
    progress: Progress | None = None,
) -> WasteAccounts:
    """Fetch the national waste accounts: material by treatment, and source (industry) by material, in tonnes.

    Parameters
    ----------
    years : as in a selection: ``"*"``, ``"top(3)"``, ``["2022", "2023"]``.
    by_treatment, by_source : ids of the two tables.

    Raises
    ------
    RefusedFileError
        ``ssb.not_accounts``, ``ssb.unknown_unit`` where a table is another than was thought.
    ParameterError, SourceError
        As :func:`fetch_table`.
    """
    tables = []
    for number in (by_treatment, by_source):
        selection = _select_years(number, years, client)
        tables.append(fetch_table(number, client=client, selection=selection, progress=progress))
    return read_waste_accounts(tables)


def read_waste_accounts(tables: Sequence[StatTable | Path]) -> WasteAccounts:
    """Return the accounts out of tables that were fetched, or out of files of them.

    Raises
    ------
    RefusedFileError
        See :func:`fetch_waste_accounts` and :func:`read_table`.
    """
    read = [read_table(table) if isinstance(table, Path) else table for table in tables]
    codes = read_waste_codes()
    whole = pd.concat([tidy_waste_accounts(table, codes=codes) for table in read], ignore_index=True)
    plain = whole[~whole["is_total"]]
    return WasteAccounts(
        table=whole,
        unknown_materials=_list_unknown(plain, "material_label", "material"),
        unknown_sources=_list_unknown(plain, "source_label", "industry_code"),
        updated={table.table_id: table.updated for table in read},
        fetched_on=min((table.fetched_on for table in read if table.fetched_on), default=""),
    )


def read_table(path: Path) -> StatTable:
    """Read a table out of a file: JSON-stat 2, or the statistics bank's CSV (UTF-8 or latin-1).

    A CSV file has no codes: labels stand for them.

    Raises
    ------
    RefusedFileError
        ``jsonstat.*`` (see :func:`loaders.official.jsonstat.read_jsonstat`), ``ssb.not_a_table``,
        ``file.not_found``.
    """
    if not path.is_file():
        raise RefusedFileError("file.not_found", file=path.name[:120])
    with path.open("rb") as file:
        begins = file.read(200).lstrip(b"\xef\xbb\xbf \t\r\n")
    if begins[:1] in (b"{", b"["):
        return read_jsonstat(path, licence=LICENCE)
    return tabulate_cube(read_statcsv(path), licence=LICENCE)


def normalise_table_id(table_id: str | int) -> str:
    """Return a table's id as the service writes it: five digits.

    Raises
    ------
    ParameterError
        ``ssb.unknown_table``.
    """
    text = read_text(table_id).rstrip(":")
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 5):
        raise ParameterError("ssb.unknown_table", table=text[:80])
    return text.zfill(5)


def _select_years(table_id: str | int, years: Sequence[str] | str, client: WebClient) -> Selection:
    if years == "*":
        return {}
    description = describe_table(table_id, client=client)
    return {next((d.code for d in description.dimensions if d.role == "time"), "Tid"): years}


def _tidy_hit(table: dict[str, Any]) -> dict[str, str]:
    names = table.get("variableNames")
    return {
        "table_id": table["id"],
        "label": read_text(table.get("label")),
        "variables": "|".join(read_text(name) for name in names) if isinstance(names, list) else "",
        "first_period": read_text(table.get("firstPeriod")),
        "last_period": read_text(table.get("lastPeriod")),
        "updated": read_text(table.get("updated")),
        "time_unit": read_text(table.get("timeUnit")),
        "discontinued": "true" if table.get("discontinued") is True else "false",
    }


def _list_unknown(rows: pd.DataFrame, label: str, key: str) -> tuple[str, ...]:
    return tuple(rows.loc[rows[key].isna(), label].dropna().drop_duplicates())
