"""The register of addresses indexed on disk: the real layout, the traps, broken runs and hostile files."""

from __future__ import annotations

import os
import sqlite3
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from geodata.errors import RefusedFileError
from loaders import addresses
from loaders.addresses import AddressRegister, build_register, open_register

HEADER = (
    "lokalid;kommunenummer;kommunenavn;adressetype;adressetilleggsnavn;adressetilleggsnavnKilde;adressekode;"
    "adressenavn;nummer;bokstav;gardsnummer;bruksnummer;festenummer;undernummer;adresseTekst;"
    "adresseTekstUtenAdressetilleggsnavn;EPSG-kode;Nord;Øst;postnummer;poststed;grunnkretsnummer;grunnkretsnavn;"
    "soknenummer;soknenavn;organisasjonsnummer;tettstednummer;tettstednavn;valgkretsnummer;valgkretsnavn;"
    "oppdateringsdato;datauttaksdato;adresseId;uuidAdresse;atkomstId;uuidAtkomst;atkomstNord;atkomstØst;"
    "sommeratkomstId;uuidSommeratkomst;sommeratkomstNord;sommeratkomstØst;vinteratkomstId;uuidVinteratkomst;"
    "vinteratkomstNord;vinteratkomstØst"
)
COLUMNS = HEADER.split(";")
REFERENCE = Path(
    os.environ.get("SYMBIOSEKART_REFERENCE", Path(__file__).resolve().parents[3] / "shared" / "reference")
)
EXAMPLE = REFERENCE / "api-examples" / "matrikkelen_adresse_25833.copied.csv"


def line(**cells: object) -> str:
    """Return one row of the real layout; the house is invented."""
    row = dict.fromkeys(COLUMNS, "")
    row |= {
        "kommunenummer": "5001",
        "adressetype": "vegadresse",
        "adressenavn": "Prøvevegen",
        "nummer": "1",
        "EPSG-kode": "25833",
        "Nord": "7041000.5",
        "Øst": "270000.25",
        "postnummer": "7011",
        "poststed": "TRONDHEIM",
        "datauttaksdato": "04.01.2025 05:32:37",
    }
    names = {name.casefold().replace("-", "_"): name for name in COLUMNS}
    row |= {names[key]: str(value) for key, value in cells.items()}
    return ";".join(row.values())


def write(path: Path, lines: Iterable[str], *, header: str = HEADER, encoding: str = "utf-8") -> Path:
    path.write_text("\n".join([header, *lines]) + "\n", encoding=encoding)
    return path


def index(tmp_path: Path, lines: Iterable[str], **options: str) -> AddressRegister:
    build_register(write(tmp_path / "a.csv", lines, **options), tmp_path / "a.addresses")
    return AddressRegister(tmp_path / "a.addresses")


def test_layout_has_46_columns() -> None:
    assert len(COLUMNS) == 46


def test_a_house_is_found_where_it_is(tmp_path: Path) -> None:
    with index(tmp_path, [line(nummer=5, bokstav="b"), line(nummer=5), line(nummer=7)]) as register:
        rows = register.find_number("prøveveg", 5, municipalities=["5001"])
        assert [row.letter for row in rows] == ["", "B"]
        assert rows[0].written == "Prøvevegen 5, 7011 Trondheim"
        lon, lat = Transformer.from_crs(25833, 4326, always_xy=True).transform(270000.25, 7041000.5)
        assert (rows[0].lon, rows[0].lat) == pytest.approx((lon, lat), abs=1e-6)
        assert len(register.find_street("prøveveg", municipalities=["5001"])) == 3
        assert register.find_street("prøveveg", municipalities=["0301"]) == []
        assert register.facts.rows == 3
        assert register.facts.date == "2025-01-04"
        assert len(register.facts.digest) == 64


def test_without_a_municipality_only_what_is_unique(tmp_path: Path) -> None:
    rows = [line(), line(kommunenummer="0301", nummer=1), line(kommunenummer="0301", nummer=9)]
    with index(tmp_path, rows) as register:
        assert register.find_number("prøveveg", 1, municipalities=[]) == ()
        assert [r.municipality_number for r in register.find_number("prøveveg", 9, municipalities=[])] == [
            "0301"
        ]


def test_every_zone_is_read_as_its_row_says(tmp_path: Path) -> None:
    zones = [line(nummer=33), line(nummer=32, epsg_kode=25832, nord=7034000, øst=569000)]
    with index(tmp_path, zones) as register:
        one, other = register.find_street("prøveveg", municipalities=["5001"])
        assert abs(one.lon - other.lon) < 0.2
        assert abs(one.lat - other.lat) < 0.1


def test_columns_are_found_in_any_order_and_casing_with_a_byte_order_mark(tmp_path: Path) -> None:
    header = "ØST;NORD;NUMMER;ADRESSENAVN;KOMMUNENUMMER"
    with index(
        tmp_path, ["270000;7041000;4;Prøvegata;5001"], header=header, encoding="utf-8-sig"
    ) as register:
        assert len(register.find_number("prøvegate", 4, municipalities=["5001"])) == 1


def test_rows_without_a_name_or_point_are_counted(tmp_path: Path) -> None:
    bad = [
        line(adressenavn=""),
        line(nord="", øst=""),
        line(nord=0, øst=0),
        line(nord="nord"),
        line(nord=1, øst=1),
        line(epsg_kode=99999),
        line(epsg_kode="../../x"),
        line(nummer="fem"),
        "kort;rad",
        line(nummer="²"),
    ]
    with index(tmp_path, [*bad, line()]) as register:
        assert (register.facts.rows, register.facts.skipped) == (1, len(bad))


def test_a_farm_is_known_by_its_own_name(tmp_path: Path) -> None:
    farm = line(adressetype="matrikkeladresse", adressenavn="", nummer="", adressetilleggsnavn="Nordre Berg")
    with index(tmp_path, [farm]) as register:
        assert (
            register.find_street("nordreberg", municipalities=["5001"])[0].written
            == "Nordre Berg, 7011 Trondheim"
        )


def test_a_quotation_mark_in_a_name_swallows_nothing(tmp_path: Path) -> None:
    rows = [line(adressenavn='"Prøve vegen'), *(line(nummer=n) for n in range(2, 30))]
    with index(tmp_path, rows) as register:
        assert register.facts.rows == 29


def test_quoted_files_are_read_too(tmp_path: Path) -> None:
    def quote(text: str) -> str:
        return ";".join(f'"{cell}"' for cell in text.split(";"))

    with index(tmp_path, [quote(line())], header=quote(HEADER)) as register:
        assert len(register.find_number("prøveveg", 1, municipalities=["5001"])) == 1


def test_former_numbers_become_todays(tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", [line(kommunenummer="1601")])
    build_register(source, tmp_path / "a.addresses", renumber={"1601": "5001"})
    with AddressRegister(tmp_path / "a.addresses") as register:
        assert len(register.find_number("prøveveg", 1, municipalities=["5001"])) == 1


def test_a_postcode_lies_in_the_middle_of_its_houses(tmp_path: Path) -> None:
    rows = [line(nummer=n, øst=270000 + 100 * n) for n in range(1, 22)]
    with index(tmp_path, rows) as register:
        lon, lat, radius = register.find_postcode("7011") or (0.0, 0.0, 0.0)
        east, _north = Transformer.from_crs(4326, 25833, always_xy=True).transform(lon, lat)
        assert east == pytest.approx(271100, abs=60)
        assert 900 <= radius <= 1_050
        assert register.find_postcode("0150") is None


def test_streets_that_look_alike_are_offered(tmp_path: Path) -> None:
    with index(tmp_path, [line(), line(adressenavn="Storgata")]) as register:
        assert register.suggest_streets("prøvveg", municipalities=["5001"], limit=3) == ("Prøvevegen",)


def test_a_zip_is_read_and_indexed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(tmp_path / "a.csv", [line()])
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(source, "Basisdata_5001.csv")
    with open_register(tmp_path / "a.zip", folder=tmp_path / "kept") as register:
        assert register.facts.rows == 1
    (tmp_path / "a.zip").rename(tmp_path / "b.zip")
    monkeypatch.setattr(addresses, "build_register", lambda *_, **__: pytest.fail("indexed twice"))
    with open_register(tmp_path / "b.zip", folder=tmp_path / "kept") as register:
        assert register.facts.rows == 1
    kept = next((tmp_path / "kept").iterdir())
    with open_register(kept, folder=tmp_path / "elsewhere") as register:  # the index itself
        assert register.facts.rows == 1


def test_a_damaged_index_is_made_again(tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", [line()])
    open_register(source, folder=tmp_path / "kept").close()
    kept = next((tmp_path / "kept").iterdir())
    kept.write_bytes(kept.read_bytes()[:100])
    with open_register(source, folder=tmp_path / "kept") as register:
        assert register.facts.rows == 1


def test_a_broken_run_leaves_nothing_and_the_old_index_stays(tmp_path: Path) -> None:
    class BrokenError(Exception):
        pass

    def stop(_rows: int) -> None:
        raise BrokenError

    target = tmp_path / "kept" / "a.addresses"
    build_register(write(tmp_path / "a.csv", [line()]), target)
    before = target.read_bytes()
    longer = write(tmp_path / "b.csv", ["kort;rad"] * 60_000)
    with pytest.raises(BrokenError):
        build_register(longer, target, progress=stop)
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["a.addresses"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.address_columns"),
        (b"a;b;c\n1;2;3\n", "file.address_columns"),
        (b"<html><body>Logg inn</body></html>", "file.address_columns"),
        (HEADER.encode(), "file.no_addresses"),
        (HEADER.encode() + b"\n\xff\xfe\xff", "file.not_utf8"),
        (HEADER.encode() + b"\n" + b"x" * 100_000, "file.damaged"),
        (b"PK\x03\x04 not a zip", "file.address_columns"),
    ],
)
def test_what_is_no_register_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    source = tmp_path / "a.csv"
    source.write_bytes(content)
    with pytest.raises(RefusedFileError) as caught:
        open_register(source, folder=tmp_path / "kept")
    assert caught.value.code == code
    assert list((tmp_path / "kept").iterdir()) == []


def test_another_database_is_no_index(tmp_path: Path) -> None:
    path = tmp_path / "other.addresses"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE x (y)")
    database.close()
    with pytest.raises(RefusedFileError, match="not_address_index"):
        open_register(path, folder=tmp_path / "kept")
    with pytest.raises(RefusedFileError, match="not_found"):
        open_register(tmp_path / "none.csv", folder=tmp_path / "kept")


CELL = st.text(st.characters(exclude_characters=';\n\r"\0', exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(
                [
                    "kommunenummer",
                    "adressenavn",
                    "nummer",
                    "bokstav",
                    "nord",
                    "øst",
                    "postnummer",
                    "epsg_kode",
                ]
            ),
            CELL,
        ),
        max_size=6,
    )
)
def test_every_row_is_indexed_or_counted(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    with index(tmp_path, [*(line(**cells) for cells in rows), line()]) as register:
        assert register.facts.rows + register.facts.skipped == len(rows) + 1
        assert register.facts.rows >= 1


@pytest.mark.skipif(
    not EXAMPLE.is_file(),
    reason="the reference folder is not here (SYMBIOSEKART_REFERENCE or ../shared/reference)",
)
def test_the_registers_own_rows_are_read(tmp_path: Path) -> None:
    assert EXAMPLE.read_text(encoding="utf-8").splitlines()[0] == HEADER
    with open_register(EXAMPLE, folder=tmp_path) as register:
        assert (register.facts.rows, register.facts.skipped, register.facts.date) == (5, 0, "2021-01-04")
        street = register.suggest_streets("tyrihanveg", municipalities=["4204"], limit=1)
        assert street == ("Tyrihansveien",)
        rows = register.find_number("tyrihansveg", 36, municipalities=["4204"])
        assert (rows[0].lat, rows[0].lon) == pytest.approx((58.15, 8.07), abs=0.01)  # east of Kristiansand
