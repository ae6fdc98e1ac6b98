"""How fast the business register's file of units is read, and in how much memory, beside pandas.

``python -m benchmarks.registers`` makes a file of 1.5 million invented units in the register's layout (36
columns, some addresses of several lines, some odd spaces) as CSV, plain and gzip, and fewer as JSON, and
reads them: ours, ``pandas.read_csv`` and ``read_json`` as they are, and ``read_csv`` with the same columns as
text, which is what a careful reader would write (else postcodes and municipality numbers lose their zeros).
Each is a process of its own; memory is the peak beyond what the process held once everything was imported.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.measure import Cost, measure, say
from geodata.identifiers import check_digit
from loaders.brreg import read_units
from loaders.codes import read_sn2025_codes
from loaders.embedded import read_postcodes

ROWS = 1_500_000
JSON_ROWS = 300_000
COUNTY = "50"
HEADERS = (  # noqa: SIM905
    "organisasjonsnummer navn overordnetEnhet organisasjonsform.kode organisasjonsform.beskrivelse "
    "naeringskode1.kode naeringskode1.beskrivelse naeringskode2.kode naeringskode2.beskrivelse "
    "naeringskode3.kode naeringskode3.beskrivelse hjelpeenhetskode.kode hjelpeenhetskode.beskrivelse "
    "harRegistrertAntallAnsatte antallAnsatte hjemmeside postadresse.adresse postadresse.poststed "
    "postadresse.postnummer postadresse.kommune postadresse.kommunenummer postadresse.land "
    "postadresse.landkode beliggenhetsadresse.adresse beliggenhetsadresse.poststed "
    "beliggenhetsadresse.postnummer "
    "beliggenhetsadresse.kommune beliggenhetsadresse.kommunenummer beliggenhetsadresse.land "
    "beliggenhetsadresse.landkode registreringsdatoIEnhetsregisteret frivilligMvaRegistrertBeskrivelser "
    "registrertIMvaregisteret oppstartsdato datoEierskifte nedleggelsesdato"
).split()
PLACE = "beliggenhetsadresse."
WANTED = [
    *("organisasjonsnummer", "navn", "overordnetEnhet", "organisasjonsform.kode", "naeringskode1.kode"),
    *(
        "naeringskode2.kode",
        "naeringskode3.kode",
        "harRegistrertAntallAnsatte",
        "antallAnsatte",
        "hjemmeside",
    ),
    *(PLACE + part for part in ("adresse", "poststed", "postnummer", "kommune", "kommunenummer", "landkode")),
    *("oppstartsdato", "nedleggelsesdato"),
]
"""What the table of units is made of."""

Row = dict[str, str]


def make_rows(rows: int, *, seed: int = 1) -> Iterator[Row]:
    """Yield invented units by the register's headers; half a column is empty, as in the register."""
    chance = random.Random(seed)  # noqa: S311
    columns = read_postcodes()[["postcode", "place", "municipality_number"]].dropna()
    places = list(columns.itertuples(index=False))
    codes = sorted(read_sn2025_codes())
    streets = ("Storgata", "Industrivegen", "Kirkegata", "Havnegata", "Sjøvegen", "Fabrikkvegen")
    empty = dict.fromkeys(HEADERS, "")
    for at, number in enumerate(make_numbers(rows)):
        postcode, place, municipality = chance.choice(places)
        name, code = f"{place.upper()} {chance.choice(streets).upper()} {at}", chance.choice(codes)
        row = empty | {
            "organisasjonsnummer": number,
            "navn": name + ("\xa0AS" if at % 50 == 0 else chance.choice((" AS", " AS", " SA", "", " DA"))),
            "overordnetEnhet": number,
            "organisasjonsform.kode": "BEDR" if at % 8 else "AAFY",
            "organisasjonsform.beskrivelse": "Underenhet til næringsdrivende og offentlig forvaltning",
            "naeringskode1.kode": code,
            "naeringskode1.beskrivelse": f"Oppdiktet næring, med {code} som kode",
            "harRegistrertAntallAnsatte": "true" if at % 3 else "false",
            "antallAnsatte": str(5 + chance.randrange(200)) if at % 5 == 1 else "",
            "hjemmeside": f"www.nr{at}.example" if at % 9 == 0 else "",
            PLACE + "adresse": f"{chance.choice(streets)} {chance.randrange(1, 300)}",
            PLACE + "poststed": place.upper(),
            PLACE + "postnummer": postcode,
            PLACE + "kommune": place.upper(),
            PLACE + "kommunenummer": municipality,
            PLACE + "land": "Norge",
            PLACE + "landkode": "NO",
            "registreringsdatoIEnhetsregisteret": f"20{10 + at % 15}-0{1 + at % 9}-1{at % 10}",
            "registrertIMvaregisteret": "true" if at % 2 else "false",
            "oppstartsdato": f"20{10 + at % 15}-0{1 + at % 9}-01",
        }
        if at % 12 == 0:
            row[PLACE + "adresse"] = f"c/o Noen AS/n{row[PLACE + 'adresse']}"
        if at % 5 == 0:
            row |= {"postadresse.adresse": f"Postboks {at % 999}", "postadresse.poststed": place.upper()}
            row |= {"postadresse.postnummer": postcode, "postadresse.kommunenummer": municipality}
        yield row


def make_numbers(count: int) -> Iterator[str]:
    """Yield organisation numbers with right check digits, in order."""
    first = 81_000_000
    while count:
        digit = check_digit(str(first))
        if digit is not None:
            count -= 1
            yield f"{first}{digit}"
        first += 1


def nest_row(row: Row) -> dict[str, Any]:
    """Return the unit as the bulk JSON has it."""
    number = row["organisasjonsnummer"]
    nested: dict[str, Any] = {}
    for header, text in row.items():
        if not text:
            continue
        head, _, tail = header.partition(".")
        value: Any = text == "true" if text in ("true", "false") else text
        if header == "antallAnsatte":
            value = int(text)
        if tail == "adresse":
            value = text.split("/n")
        if tail:
            nested.setdefault(head, {})[tail] = value
        else:
            nested[head] = value
    address = "https://data.brreg.no/enhetsregisteret/api/underenheter/"
    return nested | {
        "_links": {"self": {"href": address + number}, "overordnetEnhet": {"href": address + number}}
    }


def make_files(folder: Path, rows: int, json_rows: int) -> None:
    """Write units.csv, units.csv.gz and units.json.gz."""
    with (
        (folder / "units.csv").open("w", encoding="utf-8", newline="") as table,
        gzip.open(folder / "units.json.gz", "wt", encoding="utf-8", compresslevel=4) as objects,
    ):
        writer = csv.DictWriter(table, HEADERS, lineterminator="\n")
        writer.writeheader()
        for at, row in enumerate(make_rows(rows)):
            writer.writerow(row)
            if at < json_rows:
                objects.write(("[\n " if at == 0 else ",\n ") + json.dumps(nest_row(row), ensure_ascii=False))
        objects.write("\n]\n")
    with (folder / "units.csv").open("rb") as plain, gzip.open(folder / "units.csv.gz", "wb", 6) as packed:
        shutil.copyfileobj(plain, packed, 1 << 20)


def read_ours(path: Path) -> pd.DataFrame:
    """Read the whole country, sole proprietors too."""
    return read_units(path, keep_sole_proprietors=True).units


def read_county(path: Path) -> pd.DataFrame:
    """Read one county, sole proprietors too."""
    return read_units(path, counties=[COUNTY], keep_sole_proprietors=True).units


def read_texts(path: Path) -> pd.DataFrame:
    """Read the columns that ours has, as text."""
    return pd.read_csv(path, dtype=str, usecols=WANTED)


CALLS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "ours": read_ours,
    "ours, one county": read_county,
    "pandas.read_csv": pd.read_csv,
    "pandas.read_csv, the same columns as text": read_texts,
    "pandas.read_json": pd.read_json,
}
FILES = {
    "units.csv": list(CALLS)[:4],
    "units.csv.gz": list(CALLS)[:4],
    "units.json.gz": ["ours", "ours, one county", "pandas.read_json"],
}


def main() -> None:
    """Measure every reader on every file and print the tables, or (``--one``) measure one."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--rows", type=int, default=ROWS)
    reader.add_argument("--json-rows", type=int, default=JSON_ROWS)
    reader.add_argument(
        "--runs", type=int, default=2, help="processes each; the least of each figure is told"
    )
    reader.add_argument("--folder", type=Path, help="where the files are kept; else they are thrown away")
    reader.add_argument("--one", nargs=2, metavar=("FILE", "READER"))
    options = reader.parse_args()
    if options.one:
        file, name = options.one
        table, cost = measure(lambda: CALLS[name](Path(file)))
        say(rows=len(table), columns=table.shape[1], total=sum_up(table), cost=cost)
        return
    with tempfile.TemporaryDirectory() as own:
        folder = options.folder or Path(own)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "units.csv.gz").is_file():
            make_files(folder, options.rows, options.json_rows)
        for file, names in FILES.items():
            print_table(folder / file, {name: run_apart(folder / file, name, options.runs) for name in names})


def sum_up(table: pd.DataFrame) -> int:
    """Return a figure that two tables of the same units share: numbers and employees summed."""
    names = (
        ("organisation_number", "employees")
        if "employees" in table
        else ("organisasjonsnummer", "antallAnsatte")
    )
    return sum(int(pd.to_numeric(table[name]).sum()) for name in names)


def run_apart(path: Path, name: str, runs: int) -> dict[str, Any]:
    """Measure one reader in processes of its own; the least CPU, clock and memory."""
    command = [sys.executable, "-m", "benchmarks.registers", "--one", str(path), name]
    told = []
    for _ in range(runs):
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
        told.append(json.loads(done.stdout.strip().splitlines()[-1]))
    costs = [Cost(**facts["cost"]) for facts in told]
    least = Cost(
        min(cost.cpu_s for cost in costs),
        min(cost.wall_s for cost in costs),
        min(cost.peak_bytes for cost in costs),
        runs,
    )
    return told[0] | {"cost": least}


def print_table(path: Path, told: dict[str, dict[str, Any]]) -> None:
    """Print what each took and how many times ours that is; fail where the units are not the same."""
    print(f"\n{path.name}: {told['ours']['rows']} units, {path.stat().st_size / 2**20:.0f} MiB\n")
    print("| reader | CPU, s | times ours | clock, s | memory, MiB | times ours | units | columns |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    ours = told["ours"]["cost"]
    for name, facts in told.items():
        cost = facts["cost"]
        print(
            f"| {name} | {cost.cpu_s:.1f} | {cost.cpu_s / ours.cpu_s:.1f} | {cost.wall_s:.1f} "
            f"| {cost.peak_bytes / 2**20:.0f} | {cost.peak_bytes / ours.peak_bytes:.1f} "
            f"| {facts['rows']} | {facts['columns']} |",
            flush=True,
        )
    whole = {(facts["rows"], facts["total"]) for name, facts in told.items() if "county" not in name}
    if len(whole) > 1:
        raise SystemExit(f"not the same units: {whole}")
    if ours.peak_bytes > 2**30:
        raise SystemExit("more than 1 GiB")


if __name__ == "__main__":
    main()
