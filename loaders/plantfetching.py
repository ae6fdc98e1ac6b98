"""Plants with a permit on the shelf: fetched, kept as GeoJSON in the service's words, read as facilities."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

import geopandas as gpd

from loaders.fetching import name_file
from loaders.miljodirektoratet import (
    ATTRIBUTION,
    LICENCE,
    MILJODIREKTORATET,
    fetch_permitted_plants,
    read_permitted_plants,
    to_facilities,
    write_permitted_plants,
)
from loaders.official.shelf import FetchedRecord, keep_fetched, list_fetched, name_area, sources_folder
from loaders.official.webclient import Progress, WebClient

PART: Final = "plants"


def keep_plants(
    client: WebClient,
    *,
    municipalities: Sequence[str] = (),
    progress: Progress | None = None,
    folder: Path | None = None,
) -> tuple[FetchedRecord, ...]:
    """Fetch the plants of some municipalities (none: of the whole country) and put them on the shelf.

    Returns the record of the file, in a tuple.

    Raises
    ------
    SourceError
        As :func:`loaders.miljodirektoratet.fetch_permitted_plants`.
    """
    plants = fetch_permitted_plants(client, municipalities=municipalities, progress=progress)
    record = FetchedRecord(
        source=MILJODIREKTORATET.key,
        part=PART,
        area=name_area(list(municipalities)),
        file=name_file("plants", sorted(municipalities), ".geojson"),
        fetched_on=plants.fetched_on,
        address=client.address,
        question=plants.question,
        rows=len(plants.table),
        licence=LICENCE,
        attribution=ATTRIBUTION,
        facts=plants.facts,
    )
    kept = keep_fetched(folder or sources_folder(), record, lambda path: write_permitted_plants(plants, path))
    return (kept,)


def read_kept_plants(
    path: Path | None = None, *, municipalities: Collection[str] = (), folder: Path | None = None
) -> tuple[gpd.GeoDataFrame, Mapping[str, int]] | None:
    """Return plants as facilities out of `path` or of a fetched file, and the facts of the reading.

    Of the fetched files the newest that holds all of `municipalities` (none: the country) is read, else the
    newest that holds some; None where there is none.

    Raises
    ------
    RefusedFileError
        As :func:`loaders.miljodirektoratet.read_permitted_plants`.
    """
    if path is None:
        shelf = folder or sources_folder()
        record = _choose_kept(list_fetched(shelf, source=MILJODIREKTORATET.key, part=PART), municipalities)
        if record is None:
            return None
        path = record.path(shelf)
    read = read_permitted_plants(path)
    facilities, _ = to_facilities(read)
    return facilities, read.facts


def _choose_kept(records: Sequence[FetchedRecord], municipalities: Collection[str]) -> FetchedRecord | None:
    """Return the newest record whose area holds all that is wanted, else the newest that holds some of it."""
    wanted = set(municipalities)
    some = None
    for record in records:
        area = set(record.area.split("-")) if record.area else None
        if area is None or (wanted and wanted <= area):
            return record
        if some is None and (not wanted or wanted & area):
            some = record
    return some
