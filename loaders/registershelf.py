"""Filled registers on the shelf: each a file of facilities with the record of where they came from.

An extract holds facilities only, never streams: what they may have left over is modelled each time it is
read into a region, and is always marked so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import geopandas as gpd
from pyarrow import ArrowException

from geodata.addresstext import fold_name
from geodata.errors import RefusedFileError
from geodata.results import RegionTables
from geodata.schemas import WGS84, conform_table, empty_table
from loaders.official.shelf import FetchedRecord, keep_fetched, list_fetched, remove_fetched, sources_folder

SOURCE: Final = "fill"
"""Name of the extracts' place on the shelf."""
REGISTER: Final = "brreg"
UNITS_PART: Final = "underenheter"
PARENTS_PART: Final = "enheter"
SUFFIX: Final = ".parquet"
LICENCE: Final = "NLOD 2.0"
LICENCE_ADDRESS: Final = "https://data.norge.no/nlod/no/2.0"
ATTRIBUTION: Final = (
    "Contains data under the Norwegian licence for Open Government data (NLOD) distributed by "
    "Brønnøysundregistrene"
)
PLANT_ATTRIBUTION: Final = (
    "Contains data under the Norwegian licence for Open Government data (NLOD) distributed by "
    "Miljødirektoratet"
)
ADDRESS_ATTRIBUTION: Final = "© Kartverket"
LEFT: Final = "left_"
UNDECIDED: Final = "undecided_"
FILE_DAY: Final = "file_day"
"""Fact of an extract whose date is the day its file was saved, because the file does not tell its own."""
GRADE: Final = "grade_"


@dataclass(frozen=True)
class Extract:
    """One filled register on the shelf.

    Attributes
    ----------
    key : stands for it in links and on the command line. name : as it was called when it was made.
    record : where it came from; its `facts` hold the counts that :class:`Filled` tells of.
    """

    key: str
    name: str
    record: FetchedRecord

    @property
    def facilities(self) -> int:
        """How many facilities it holds."""
        return self.record.rows or 0

    @property
    def left_out(self) -> dict[str, int]:
        """Reason of :data:`geodata.registerfacilities.LEFT_OUT` -> units."""
        return _facts(self.record.facts, LEFT)

    @property
    def grades(self) -> dict[str, int]:
        """Grade of :data:`geodata.schemas.GEOCODE_GRADES`, or ``none`` -> facilities."""
        return _facts(self.record.facts, GRADE)

    @property
    def undecided(self) -> dict[str, int]:
        """Number as given and today's candidates (``1507 → 1508 / 1580``) -> facilities."""
        return _facts(self.record.facts, UNDECIDED)

    @property
    def is_dated(self) -> bool:
        """Whether its date is the register's own, not only the day a file was saved."""
        return not self.record.facts.get(FILE_DAY)

    @property
    def attributions(self) -> tuple[str, ...]:
        """Whom to name, in English for gettext."""
        return tuple(part for part in self.record.attribution.split("; ") if part)


def _facts(facts: Mapping[str, int], start: str) -> dict[str, int]:
    return {name.removeprefix(start): int(count) for name, count in facts.items() if name.startswith(start)}


def name_extract(name: str) -> str:
    """Return a name as the key that stands for it in links and file names: small letters, digits, ``-``."""
    plain = fold_name(name).replace("æ", "ae").translate(str.maketrans("øå", "oa"))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "register"


def keep_extract(
    facilities: gpd.GeoDataFrame,
    counts: Mapping[str, int],
    *,
    name: str,
    area: str,
    question: str,
    date: str,
    attributions: Collection[str] = (ATTRIBUTION,),
    folder: Path | None = None,
) -> Extract:
    """Put facilities on the shelf as one GeoParquet file with its record: both or neither.

    An older extract of that name is replaced.
    """
    record = FetchedRecord(
        source=SOURCE,
        part=name[:80],
        area=area,
        file=name_extract(name) + SUFFIX,
        fetched_on=date,
        question=question,
        rows=len(facilities),
        licence=LICENCE,
        attribution="; ".join(attributions),
        facts=dict(counts),
    )
    kept = keep_fetched(
        folder or sources_folder(), record, lambda path: facilities.to_parquet(path, index=False)
    )
    return _describe(kept)


def list_extracts(folder: Path | None = None) -> tuple[Extract, ...]:
    """Return the extracts on the shelf by name."""
    found = list_fetched(folder or sources_folder(), source=SOURCE)
    return tuple(sorted(map(_describe, found), key=lambda extract: (extract.name.casefold(), extract.key)))


def _describe(record: FetchedRecord) -> Extract:
    return Extract(record.file.removesuffix(SUFFIX), record.part, record)


def remove_extract(extract: Extract, *, folder: Path | None = None) -> None:
    """Take an extract off the shelf."""
    remove_fetched(folder or sources_folder(), extract.record)


def find_extract(key: str, *, folder: Path | None = None) -> Extract:
    """Return an extract by its key or name.

    Raises
    ------
    RefusedFileError
        ``fill.unknown``; `names` tells which there are.
    """
    extracts = list_extracts(folder)
    found = next((one for one in extracts if key in (one.key, one.name)), None)
    if found is None:
        raise RefusedFileError("fill.unknown", name=key[:80], names=", ".join(one.key for one in extracts))
    return found


def read_register(key: str, *, folder: Path | None = None) -> RegionTables:
    """Return the facilities of :func:`read_extract` as tables of a region, which has no stream."""
    return RegionTables(
        facilities=read_extract(key, folder=folder),
        streams=empty_table("streams"),
        networks=empty_table("networks"),
        memberships=empty_table("memberships"),
    )


def read_extract(key: str, *, folder: Path | None = None) -> gpd.GeoDataFrame:
    """Read the facilities of one extract, by its key or name.

    Returns
    -------
    GeoDataFrame as :data:`geodata.schemas.FACILITIES`, EPSG:4326, with
    :data:`geodata.registerjoins.OWNER`.

    Raises
    ------
    RefusedFileError
        As :func:`find_extract`; ``fill.damaged``.
    """
    extract = find_extract(key, folder=folder)
    try:
        content = extract.record.path(folder or sources_folder()).read_bytes()
        if hashlib.sha256(content).hexdigest() != extract.record.sha256:
            raise RefusedFileError("fill.damaged", name=extract.name)
        table = gpd.read_parquet(BytesIO(content))
        return gpd.GeoDataFrame(conform_table(table, "facilities"), geometry="geometry").to_crs(WGS84)
    except (OSError, ValueError, TypeError, KeyError, ArrowException) as error:
        raise RefusedFileError("fill.damaged", name=extract.name) from error


def name_register_sources(extracts: Iterable[Extract]) -> list[dict[str, str]]:
    """Return one record a source of `extracts`, with ``loaders.embedded.SOURCE_COLUMNS``."""
    return [
        {
            "part": "registers",
            "title": extract.name,
            "owner": text.rpartition(" by ")[2],
            "licence": extract.record.licence,
            "licence_url": LICENCE_ADDRESS,
            "vintage": extract.record.fetched_on,
            "attribution_text": text,
        }
        for extract in extracts
        for text in extract.attributions
    ]


def find_units(municipalities: Collection[str] = (), *, folder: Path | None = None) -> FetchedRecord | None:
    """Return the newest fetched units of the business register that hold all of `municipalities`."""
    for record in list_fetched(folder or sources_folder(), source=REGISTER):
        covers = not record.area or set(municipalities) <= set(record.area.split("-"))
        if record.part.startswith(UNITS_PART) and covers:
            return record
    return None


def find_parents(*, folder: Path | None = None) -> Path | None:
    """Return the newest fetched file of the register's firms, if there is one."""
    folder = folder or sources_folder()
    found = [one for one in list_fetched(folder, source=REGISTER) if one.part.startswith(PARENTS_PART)]
    return found[0].path(folder) if found else None
