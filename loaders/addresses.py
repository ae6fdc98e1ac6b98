"""The register of addresses (Matrikkelen's bulk CSV) as one indexed file on disk.

Kartverket's file has 46 columns apart by ``;``, EPSG:25833, 2.6 million rows for the whole country; columns
are found by their headers. It is read in a stream and written in one transaction to a file beside its
place, which is moved there when it is whole: a broken run leaves nothing that could be used. The index
keeps the digest and date of its source.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import sqlite3
import tempfile
import zipfile
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from pyproj import Transformer
from pyproj.exceptions import CRSError
from rapidfuzz import fuzz, process

from geodata.addressladder import AddressRow
from geodata.addresstext import normalise_street
from geodata.crs import WGS84
from geodata.errors import RefusedFileError

FORMAT: Final = "symbiosekart-addresses"
VERSION: Final = 1
SUFFIX: Final = ".addresses"
_APPLICATION_ID: Final = 0x53594D42
_CHUNK: Final = 50_000
_UNPACKED_BYTES: Final = 8_000_000_000
"""The whole country takes about one gigabyte."""
_LONGEST_LINE: Final = 20_000
_SPREAD: Final = 0.95
"""Share of a postcode's houses that lie within the radius stated for it."""
_HEADERS: Final = {
    "municipality": ("kommunenummer",),
    "kind": ("adressetype", "objtype"),
    "addition": ("adressetilleggsnavn",),
    "street": ("adressenavn",),
    "number": ("nummer",),
    "letter": ("bokstav",),
    "epsg": ("epsg-kode", "epsgkode", "koordinatsystem"),
    "north": ("nord",),
    "east": ("øst", "ost"),
    "postcode": ("postnummer",),
    "place": ("poststed",),
    "taken": ("datauttaksdato",),
}
_NEEDED: Final = ("municipality", "street", "number", "north", "east")
_COLUMNS: Final = "name, number, letter, postcode, place, municipality, lon, lat"
_ORDER: Final = "ORDER BY number, letter, postcode LIMIT 20000"
_SCHEMA: Final = """
CREATE TABLE address (street TEXT, municipality TEXT, number INTEGER, letter TEXT, postcode TEXT,
                      place INTEGER, name INTEGER, lon REAL, lat REAL);
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT);
CREATE TABLE postcode (postcode TEXT PRIMARY KEY, lon REAL, lat REAL, radius_m REAL, houses INTEGER);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT);
"""

Progress = Callable[[int], None]
"""Called with the rows read so far."""


@dataclass(frozen=True)
class RegisterFacts:
    """What an index says of itself.

    Attributes
    ----------
    rows : addresses that can be looked up. skipped : rows without a usable name or point.
    digest : SHA-256 of the source file. date : day on which the source was taken from the register, or empty.
    """

    rows: int
    skipped: int
    digest: str
    date: str


class AddressRegister:
    """An open index; serves :class:`geodata.geocoding.AddressIndex`. Close it, or use it in a ``with``."""

    def __init__(self, path: Path) -> None:
        """Open an index written by :func:`build_register`.

        Raises
        ------
        RefusedFileError
            ``file.not_found``, ``file.not_address_index``.
        """
        if not path.is_file():
            raise RefusedFileError("file.not_found", file=path.name)
        try:
            self._database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
            meta = dict(self._database.execute("SELECT name, value FROM meta").fetchall())
            if (meta.get("format"), meta.get("version")) != (FORMAT, str(VERSION)):
                raise RefusedFileError("file.not_address_index", file=path.name)
            self.facts = RegisterFacts(int(meta["rows"]), int(meta["skipped"]), meta["digest"], meta["date"])
        except (sqlite3.Error, KeyError, ValueError) as error:
            raise RefusedFileError("file.not_address_index", file=path.name) from error
        self._word = lru_cache(maxsize=200_000)(self._read_word)
        self._streets = lru_cache(maxsize=64)(self._read_streets)

    def __enter__(self) -> AddressRegister:
        return self

    def __exit__(self, *_args: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def covers(self, municipalities: Sequence[str]) -> bool:
        """Return True: what a file covers it does not say."""
        return True

    def find_number(
        self, street: str, number: int, *, municipalities: Sequence[str], written: str = ""
    ) -> Sequence[AddressRow]:
        """Return the houses of that number in a street, all letters, by letter."""
        if not municipalities:
            # a street of that name may be in every town: one municipality is chosen only where no other has
            # it
            rows = self._select("street = ? AND number = ?", (street, number))
            return rows if len({row.municipality_number for row in rows}) <= 1 else ()
        marks = ",".join("?" * len(municipalities))
        return self._select(
            f"street = ? AND municipality IN ({marks}) AND number = ?", (street, *municipalities, number)
        )

    def find_street(
        self, street: str, *, municipalities: Sequence[str], written: str = ""
    ) -> Sequence[AddressRow]:
        """Return all houses of a street, by number and letter."""
        marks = ",".join("?" * len(municipalities))
        return self._select(f"street = ? AND municipality IN ({marks})", (street, *municipalities))

    def find_postcode(self, postcode: str) -> tuple[float, float, float] | None:
        """Return the house in the middle of a postcode and the radius that 95 % of its houses lie within."""
        found = self._database.execute(
            "SELECT lon, lat, radius_m FROM postcode WHERE postcode = ?", (postcode,)
        ).fetchone()
        return None if found is None else (float(found[0]), float(found[1]), float(found[2]))

    def suggest_streets(
        self, street: str, *, municipalities: Sequence[str], limit: int, written: str = ""
    ) -> Sequence[str]:
        """Return names of streets in the municipalities that look like `street`, the likest first."""
        known = {key: name for number in municipalities for key, name in self._streets(number).items()}
        close = process.extract(street, known.keys(), scorer=fuzz.ratio, limit=limit, score_cutoff=70)
        return tuple(known[key] for key, _score, _position in close)

    def _select(self, where: str, values: tuple[object, ...]) -> Sequence[AddressRow]:
        # `where` is our own words with a mark for each value
        query = f"SELECT {_COLUMNS} FROM address WHERE {where} {_ORDER}"  # noqa: S608
        return [
            AddressRow(self._word(name), number, letter, code, self._word(place), municipality, lon, lat)
            for name, number, letter, code, place, municipality, lon, lat in self._database.execute(
                query, values
            )
        ]

    def _read_word(self, key: int) -> str:
        return str(self._database.execute("SELECT text FROM word WHERE id = ?", (key,)).fetchone()[0])

    def _read_streets(self, municipality: str) -> dict[str, str]:
        query = "SELECT street, min(name) FROM address WHERE municipality = ? GROUP BY street"
        return {street: self._word(name) for street, name in self._database.execute(query, (municipality,))}


def build_register(
    source: Path, target: Path, *, renumber: Mapping[str, str] | None = None, progress: Progress | None = None
) -> RegisterFacts:
    """Index Matrikkelen's CSV (or the zip it comes in) at `target`; an existing index is replaced when all
    is done.

    Parameters
    ----------
    renumber : municipality number of the file -> today's, where it has become one other.
    progress : told how many rows have been read.

    Raises
    ------
    RefusedFileError
        ``file.not_found``, ``file.damaged``, ``file.address_columns``, ``file.no_addresses``,
        ``file.not_utf8``.
    """
    if not source.is_file():
        raise RefusedFileError("file.not_found", file=source.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".addresses-", suffix=".part", dir=target.parent)
    os.close(handle)
    part = Path(name)
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as database:
            facts = _fill(database, source, renumber=renumber or {}, progress=progress)
        part.replace(target)
    except (zipfile.BadZipFile, EOFError, csv.Error) as error:
        raise RefusedFileError("file.damaged", file=source.name) from error
    except UnicodeDecodeError as error:
        raise RefusedFileError("file.not_utf8", file=source.name) from error
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return facts


def open_register(
    path: Path, *, folder: Path, renumber: Mapping[str, str] | None = None, progress: Progress | None = None
) -> AddressRegister:
    """Open an index, or index a CSV or zip once in `folder` and open that.

    The index is found again by the digest of the source, whatever that is called; raises as
    :func:`build_register`.
    """
    if not path.is_file():
        raise RefusedFileError("file.not_found", file=path.name)
    with path.open("rb") as file:
        if file.read(15) == b"SQLite format 3":
            return AddressRegister(path)
    target = folder / f"{_digest(path)[:24]}-{VERSION}{SUFFIX}"
    if target.is_file():
        with suppress(RefusedFileError):
            return AddressRegister(target)
    build_register(path, target, renumber=renumber, progress=progress)
    return AddressRegister(target)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _open_text(source: Path) -> Iterator[IO[str]]:
    """Open the CSV, or the one CSV in a zip, as text."""
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            members = [info for info in archive.infolist() if info.filename.lower().endswith(".csv")]
            if len(members) != 1 or members[0].file_size > _UNPACKED_BYTES:
                raise RefusedFileError("file.address_columns", file=source.name, missing="csv")
            with archive.open(members[0]) as packed:
                yield io.TextIOWrapper(packed, encoding="utf-8-sig", newline="")
    else:
        with source.open(encoding="utf-8-sig", newline="") as file:
            yield file


def _fill(
    database: sqlite3.Connection, source: Path, *, renumber: Mapping[str, str], progress: Progress | None
) -> RegisterFacts:
    database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    database.execute("PRAGMA journal_mode = OFF")  # a broken file is thrown away, never mended
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA temp_store = MEMORY")
    database.execute("BEGIN")
    for statement in filter(str.strip, _SCHEMA.split(";")):
        database.execute(statement)
    writer = _Writer(database, renumber)
    read = 0
    with _open_text(source) as file:
        header = _bounded(file.readline()).strip()
        # Kartverket writes no quotes: then one in a name must not swallow the rows after it
        rows = (_bounded(line) for line in file)
        if header.startswith('"'):
            lines = csv.reader(rows, delimiter=";")
        else:
            lines = csv.reader(rows, delimiter=";", quoting=csv.QUOTE_NONE)
        columns = _find_columns(header.replace('"', "").split(";"), file=source.name)
        chunk: list[list[str]] = []
        for line in lines:
            chunk.append(line)
            if len(chunk) == _CHUNK:
                read += len(chunk)
                writer.write(chunk, columns)
                chunk.clear()
                if progress is not None:
                    progress(read)
        writer.write(chunk, columns)
    if not writer.rows:
        raise RefusedFileError("file.no_addresses", file=source.name)
    writer.finish()
    facts = RegisterFacts(writer.rows, writer.skipped, _digest(source), writer.date)
    meta = {"format": FORMAT, "version": str(VERSION), "rows": str(facts.rows), "skipped": str(facts.skipped)}
    meta |= {
        "digest": facts.digest,
        "date": facts.date,
        "licence": "CC BY 4.0",
        "attribution": "© Kartverket",
    }
    database.executemany("INSERT INTO meta VALUES (?, ?)", list(meta.items()))
    database.execute("CREATE INDEX by_street ON address (street, municipality, number, letter)")
    database.execute("CREATE INDEX by_municipality ON address (municipality, street, name)")
    database.execute("COMMIT")
    return facts


def _bounded(line: str) -> str:
    if len(line) > _LONGEST_LINE:
        raise csv.Error("line too long")
    return line.replace("\0", "")


def _find_columns(header: Sequence[str], *, file: str) -> dict[str, int]:
    names = {name.strip().casefold(): position for position, name in reversed(list(enumerate(header)))}
    columns = {}
    for column, known in _HEADERS.items():
        for name in known:
            if name in names:
                columns[column] = names[name]
                break
    missing = [_HEADERS[column][0] for column in _NEEDED if column not in columns]
    if missing:
        raise RefusedFileError("file.address_columns", file=file, missing=", ".join(missing))
    return columns


class _Writer:
    """Puts chunks of lines in the database and remembers where the houses of each postcode are."""

    def __init__(self, database: sqlite3.Connection, renumber: Mapping[str, str]) -> None:
        self.database = database
        self.renumber = renumber
        self.rows = self.skipped = 0
        self.date = self._taken = ""
        self._words: dict[str, int] = {}
        self._transformers: dict[str, Transformer | None] = {}
        self._codes = array("i")
        self._lon = array("d")
        self._lat = array("d")

    def write(self, lines: Sequence[Sequence[str]], columns: Mapping[str, int]) -> None:
        rows: list[tuple[Any, ...]] = []
        places: dict[str, list[tuple[float, float]]] = {}
        zones: list[tuple[str, int]] = []
        for line in lines:
            read = self._read_line(line, columns)
            if read is None:
                self.skipped += bool(line)
                continue
            row, zone, east, north = read
            points = places.setdefault(zone, [])
            zones.append((zone, len(points)))
            points.append((east, north))
            rows.append(row)
        degrees = {zone: self._to_degrees(zone, points) for zone, points in places.items()}
        ready = []
        for row, (zone, at) in zip(rows, zones, strict=True):
            lon, lat = degrees[zone][0][at], degrees[zone][1][at]
            # outside Norway: a point of another zone or none at all
            if not (-10.0 <= lon <= 34.0 and 57.0 <= lat <= 81.5):
                self.skipped += 1
                continue
            ready.append((*row, round(float(lon), 6), round(float(lat), 6)))
            if row[4]:
                self._codes.append(int(row[4]))
                self._lon.append(float(lon))
                self._lat.append(float(lat))
        self.database.executemany("INSERT INTO address VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", ready)
        self.rows += len(ready)

    def _read_line(
        self, line: Sequence[str], columns: Mapping[str, int]
    ) -> tuple[tuple[Any, ...], str, float, float] | None:
        last = len(line)
        cells = [line[at].strip() if at < last else "" for at in map(columns.get, _HEADERS, repeat(last))]
        municipality, _kind, addition, name, number, letter, zone, north, east, code, place, taken = cells
        if taken != self._taken:
            self._taken = taken
            day = taken[:10].split(".")
            self.date = max(self.date, "-".join(reversed(day)) if len(day) == 3 else taken[:10])
        if not name:  # a farm without a street may have a name of its own
            name, number = addition, "0"
        key = normalise_street(name)
        try:
            x, y = float(east.replace(",", ".")), float(north.replace(",", "."))
        except ValueError:
            return None
        if not key or not (number or "0").isdecimal() or not (x or y) or not municipality.isdecimal():
            return None
        municipality = municipality.zfill(4)
        code = code.zfill(4) if code.isascii() and code.isdecimal() and len(code) <= 4 else ""
        row = (
            key,
            self.renumber.get(municipality, municipality),
            min(int(number or 0), 99_999),
            letter.upper()[:2],
            code,
            self._number_word(_as_written(place)),
            self._number_word(name),
        )
        return row, zone or "25833", x, y

    def _number_word(self, text: str) -> int:
        return self._words.setdefault(text, len(self._words))

    def _to_degrees(self, zone: str, points: Sequence[tuple[float, float]]) -> tuple[Any, Any]:
        if zone not in self._transformers:
            usable = zone.isascii() and zone.isdecimal() and len(zone) <= 6
            try:
                self._transformers[zone] = (
                    Transformer.from_crs(f"EPSG:{zone}", WGS84, always_xy=True) if usable else None
                )
            except CRSError:
                self._transformers[zone] = None
        transformer = self._transformers[zone]
        if transformer is None:
            return [float("nan")] * len(points), [float("nan")] * len(points)
        x, y = np.array(points, dtype=np.float64).T
        return transformer.transform(x, y)

    def finish(self) -> None:
        """Write the words and, for each postcode, the house in its middle."""
        self.database.executemany("INSERT INTO word VALUES (?, ?)", [(n, w) for w, n in self._words.items()])
        if not self._codes:
            return
        codes = np.frombuffer(self._codes, dtype=np.int32)
        lon, lat = np.frombuffer(self._lon), np.frombuffer(self._lat)
        order = np.argsort(codes, kind="stable")
        starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
        rows = []
        for first, last in zip(starts, [*starts[1:], len(order)], strict=True):
            at = order[first:last]
            x = (lon[at] - lon[at].mean()) * 111_320.0 * np.cos(np.radians(lat[at]))
            y = (lat[at] - lat[at].mean()) * 110_574.0
            middle = at[int(np.argmin(x * x + y * y))]
            away = np.hypot(x - x[at == middle], y - y[at == middle])
            radius = float(np.ceil(np.quantile(away, _SPREAD, method="higher")))
            rows.append((f"{codes[middle]:04d}", float(lon[middle]), float(lat[middle]), radius, len(at)))
        self.database.executemany("INSERT INTO postcode VALUES (?, ?, ?, ?, ?)", rows)


def _as_written(place: str) -> str:
    return place.title() if place.isupper() else place
