"""Statistics Norway (SSB): tables of the statistics bank, out of the service or out of a file.

Nothing in the app needs the service: what it uses of SSB is embedded. With it, newer years and other tables
are one question away. Data: CC BY 4.0, named "Statistisk sentralbyrå (SSB)".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd

from geodata.errors import ParameterError, RefusedFileError, SourceError
from loaders.codes import read_waste_codes
from loaders.official.jsonstat import (
    Cube,
    StatTable,
    is_dataset,
    read_cube,
    read_jsonstat,
    read_text,
    tabulate_cube,
)
from loaders.official.pxweb import (
    MOST_CELLS,
    Assembly,
    Chosen,
    Selection,
    choose_codes,
    count_cells,
    is_description,
    is_too_large,
    needs_body,
    read_description,
    split_question,
    word_body,
    word_older_body,
    word_question,
)
from loaders.official.statcsv import read_statcsv
from loaders.official.wasteaccounts import TableChoice, judge_household_table, tidy_waste_accounts
from loaders.official.webclient import Answer, Progress, Service, WebClient

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
LEAST_CELLS_OF_A_PART: Final = 1_000
"""A refusal of so few is not about their number."""
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
_REFUSALS: Final = frozenset({400, 403, 404, 413})

Api = Literal["v2", "v0"]


@dataclass(frozen=True)
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
        asker = _Asker(client, number, version, language, progress)
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
    return _Asker(client, normalise_table_id(table_id), api, language, None).describe()


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
        description = describe_table(number, client=client)
        time = next((d.code for d in description.dimensions if d.role == "time"), "Tid")
        tables.append(fetch_table(number, client=client, selection={time: years}, progress=progress))
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


class _Asker:
    """Asks one version of the service for one table."""

    def __init__(
        self, client: WebClient, table_id: str, api: Api, language: str, progress: Progress | None
    ) -> None:
        self._client = client
        self._table_id = table_id
        self._api = api
        self._language = language
        self._tell = progress
        self._fetched_on: list[str] = []

    def describe(self) -> Cube:
        older = self._api == "v0"
        path = f"v0/{self._language}/table/{self._table_id}/" if older else self._path("metadata")
        params = None if older else {"lang": self._language, "outputFormat": "json-stat2"}
        answer = self._client.ask_json(
            path, params=params, check=is_description, absent=frozenset({400, 404})
        )
        if answer.status != 200:
            raise ParameterError("ssb.unknown_table", table=self._table_id)
        self._fetched_on.append(answer.fetched_on)
        return read_description(answer.value)

    def fetch(self, selection: Selection) -> StatTable:
        description = self.describe()
        chosen = choose_codes(selection, description=description)
        whole = Assembly(chosen, description=description)
        total, done = count_cells(chosen), 0
        waiting = deque(split_question(chosen, most_cells=MOST_CELLS))
        while waiting:
            part = waiting.popleft()
            cells = count_cells(part)
            answer = self._ask(part, whole, description)
            if answer.status != 200:
                if not is_too_large(answer.status, answer.value) or cells <= LEAST_CELLS_OF_A_PART:
                    raise SourceError(
                        "source.refused",
                        service=self._client.service.title,
                        status=answer.status,
                        path=self._path("data") if self._api == "v2" else f"v0/{self._table_id}",
                    )
                waiting.extendleft(reversed(list(split_question(part, most_cells=cells // 2))))
                continue
            whole.add(read_cube(answer.value), part)
            self._fetched_on.append(answer.fetched_on)
            done += cells
            if self._tell is not None:
                self._tell("cells", done, total)
        return tabulate_cube(
            whole.finish(), licence=LICENCE, table_id=self._table_id, fetched_on=min(self._fetched_on)
        )

    def _ask(self, part: Chosen, whole: Assembly, description: Cube) -> Answer:
        def check(value: Any) -> bool:
            return is_dataset(value) and whole.fits(value, part)

        if self._api == "v0":
            return self._client.ask_json(
                f"v0/{self._language}/table/{self._table_id}/",
                body=word_older_body(part, description=description),
                check=check,
                absent=_REFUSALS,
            )
        params = word_question(part, description=description, language=self._language)
        if needs_body(params, part):
            return self._client.ask_json(
                self._path("data"),
                params={"lang": self._language, "outputFormat": "json-stat2"},
                body=word_body(part),
                check=check,
                absent=_REFUSALS,
            )
        return self._client.ask_json(self._path("data"), params=params, check=check, absent=_REFUSALS)

    def _path(self, what: str) -> str:
        return f"pxwebapi/v2/tables/{self._table_id}/{what}"


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
