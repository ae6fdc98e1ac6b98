"""Kartverket's register of addresses fetched, indexed and found again: one index a county, asked together."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Final

from geodata.addressladder import AddressRow
from geodata.errors import ParameterError, RefusedFileError
from loaders import embedded
from loaders.addresses import SUFFIX, AddressRegister, RegisterFacts, build_register
from loaders.official.geonorgefiles import (
    ATTRIBUTION,
    DOWNLOADS,
    LICENCE,
    WHOLE_COUNTRY,
    DataSet,
    download_file,
)
from loaders.official.shelf import FetchedRecord, keep_fetched, list_fetched
from loaders.official.webclient import Progress, WebClient
from loaders.placenames import read_renumbering

ADDRESS_SET: Final = DataSet("MatrikkelenAdresse", "f7df7a18-b30f-4745-bd64-d0863812350c", "CSV")
SOURCE: Final = DOWNLOADS.key
PART: Final = "addresses"
_BEYOND: Final = {"21": "Svalbard", "22": "Jan Mayen"}


@cache
def read_county_names() -> dict[str, str]:
    """Return number -> name of today's counties, and of Svalbard and Jan Mayen, which have files too."""
    with (embedded.data_dir() / "admin" / "counties.csv").open(encoding="utf-8", newline="") as file:
        return {row["county_number"]: row["name"] for row in csv.DictReader(file)} | _BEYOND


def fetch_registers(
    client: WebClient, folder: Path, counties: Sequence[str], *, progress: Progress | None = None
) -> tuple[FetchedRecord, ...]:
    """Download and index the register of each county, or of the whole country; see
    :func:`loaders.geonorge.fetch_address_register`."""
    names = read_county_names()
    asked = tuple(dict.fromkeys(counties)) or (WHOLE_COUNTRY,)
    if WHOLE_COUNTRY in asked:
        asked = (WHOLE_COUNTRY,)
    for number in asked:
        if number != WHOLE_COUNTRY and number not in names:
            raise ParameterError("geonorge.county", county=number[:20])
    return tuple(_fetch_one(client, folder, number, names.get(number, ""), progress) for number in asked)


def _fetch_one(
    client: WebClient, folder: Path, number: str, name: str, progress: Progress | None
) -> FetchedRecord:
    archive = folder / SOURCE / f"addresses-{number}.zip"
    download, path = download_file(client, ADDRESS_SET, archive, area=number, name=name, progress=progress)
    index = archive.with_suffix(SUFFIX + ".part")

    def tell(rows: int) -> None:
        if progress is not None:
            progress("index", rows, None)

    try:
        facts = build_register(archive, index, renumber=read_renumbering(), progress=tell)
        record = FetchedRecord(
            source=SOURCE,
            part=PART,
            area="" if number == WHOLE_COUNTRY else number,
            file=f"addresses-{number}{SUFFIX}",
            fetched_on=download.fetched_on,
            address=client.address,
            question=path,
            rows=facts.rows,
            licence=LICENCE,
            attribution=ATTRIBUTION,
            facts={"skipped": facts.skipped},
        )
        return keep_fetched(folder, record, lambda target: _move(index, target))
    finally:
        index.unlink(missing_ok=True)
        archive.unlink(missing_ok=True)  # the index holds all that is asked for, in a fraction of the room


def _move(source: Path, target: Path) -> None:
    """Move a file to another name on the same disk."""
    source.replace(target)


class FetchedRegisters:
    """All fetched indexes as one; serves :class:`geodata.geocoding.AddressIndex`. Close it, or use it in a
    ``with``.

    Parameters
    ----------
    records : of one index a county, or of the whole country; damaged ones are left out.

    Attributes
    ----------
    facts : rows, skipped, digests and the oldest date of all together.
    records : those that are used.
    """

    def __init__(self, records: Sequence[FetchedRecord], *, folder: Path) -> None:
        self._stack = ExitStack()
        self._registers: list[AddressRegister] = []
        used = []
        for record in records:
            with suppress(RefusedFileError):
                self._registers.append(self._stack.enter_context(AddressRegister(record.path(folder))))
                used.append(record)
        self.records = tuple(used)
        every = [register.facts for register in self._registers]
        self.facts = RegisterFacts(
            sum(facts.rows for facts in every),
            sum(facts.skipped for facts in every),
            " ".join(facts.digest for facts in every),
            min((facts.date for facts in every), default=""),
        )
        self._counties = {record.area for record in used}
        self._whole = "" in self._counties

    def __enter__(self) -> FetchedRegisters:
        return self

    def __exit__(self, *_args: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files."""
        self._stack.close()

    def covers(self, municipalities: Sequence[str]) -> bool:
        """Tell whether the county of any of them is here. Of anywhere only where the whole country is: a
        street that some counties have may be in others too."""
        return self._whole or any(number[:2] in self._counties for number in municipalities)

    def find_number(
        self, street: str, number: int, *, municipalities: Sequence[str], written: str = ""
    ) -> Sequence[AddressRow]:
        """Return the houses of that number; none where :meth:`covers` says no."""
        if not self.covers(municipalities):
            return ()
        return [
            row
            for register in self._registers
            for row in register.find_number(street, number, municipalities=municipalities)
        ]

    def find_street(
        self, street: str, *, municipalities: Sequence[str], written: str = ""
    ) -> Sequence[AddressRow]:
        """Return all houses of a street."""
        return [
            row
            for register in self._registers
            for row in register.find_street(street, municipalities=municipalities)
        ]

    def find_postcode(self, postcode: str) -> tuple[float, float, float] | None:
        """Return middle and radius of a postcode's houses; of one that crosses a border, the wider part."""
        found = [spot for register in self._registers if (spot := register.find_postcode(postcode))]
        return max(found, key=lambda spot: spot[2], default=None)

    def suggest_streets(
        self, street: str, *, municipalities: Sequence[str], limit: int, written: str = ""
    ) -> Sequence[str]:
        """Return names of streets that look like `street`."""
        found = [
            name
            for register in self._registers
            for name in register.suggest_streets(street, municipalities=municipalities, limit=limit)
        ]
        return tuple(dict.fromkeys(found))[:limit]


def choose_fetched(folder: Path) -> tuple[FetchedRecord, ...]:
    """Return the records to use: the whole country's where it is here, else the newest of each county."""
    newest: dict[str, FetchedRecord] = {}
    for record in list_fetched(folder, source=SOURCE, part=PART):
        newest.setdefault(record.area, record)
    if "" in newest:
        return (newest[""],)
    return tuple(record for _area, record in sorted(newest.items()))
