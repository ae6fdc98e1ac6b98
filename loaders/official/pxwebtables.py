"""One table of PxWeb asked for: described, counted, fetched in parts, put together."""

from __future__ import annotations

from collections import deque
from typing import Any, Final, Literal

from geodata.errors import ParameterError, SourceError
from loaders.official.jsonstat import Cube, StatTable, is_dataset, read_cube, tabulate_cube
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
from loaders.official.webclient import Answer, Progress, WebClient

LEAST_CELLS_OF_A_PART: Final = 1_000
"""A refusal of so few is not about their number."""
_REFUSALS: Final = frozenset({400, 403, 404, 413})

Api = Literal["v2", "v0"]


class TableAsker:
    """Asks one version of the service for one table.

    Parameters
    ----------
    client : of the service, whose address has both versions under it. table_id : five digits.
    api : the version. language : ``no`` or ``en``. licence : of the data.
    progress : told ``cells``, those that came and those in all.
    """

    def __init__(
        self,
        client: WebClient,
        table_id: str,
        *,
        api: Api,
        language: str,
        licence: str,
        progress: Progress | None = None,
    ) -> None:
        self._client = client
        self._table_id = table_id
        self._api = api
        self._language = language
        self._licence = licence
        self._tell = progress
        self._fetched_on: list[str] = []

    def describe(self) -> Cube:
        """Return the table's dimensions, without values.

        Raises
        ------
        ParameterError
            ``ssb.unknown_table``.
        SourceError
            See :class:`loaders.official.webclient.WebClient`.
        """
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
        """Return the cells that `selection` names.

        Raises
        ------
        ParameterError, RefusedFileError, SourceError
            See :func:`loaders.ssb.fetch_table`.
        """
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
            whole.finish(), licence=self._licence, table_id=self._table_id, fetched_on=min(self._fetched_on)
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
