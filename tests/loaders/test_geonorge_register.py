"""The register of addresses fetched: names of its files, broken lines, several counties, and who finds it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dashboard.cli import build_app
from dashboard.text import in_language
from geodata.errors import ParameterError, RefusedFileError, SourceError
from loaders.geonorge import DOWNLOADS, fetch_address_register, open_fetched_register, read_county_names
from loaders.official.addressfiles import ADDRESS_SET
from loaders.official.geonorgefiles import list_file_names
from loaders.official.shelf import list_fetched
from loaders.official.webclient import WebClient
from tests.loaders.played import Asked, Reply, cut, html, play, status
from tests.loaders.test_addresses import HEADER, line

FOLDER = "/geonorge/Basisdata/MatrikkelenAdresse/CSV/"


def pack(rows: Sequence[str]) -> bytes:
    """Return a zip as Geonorge makes it: one CSV in a folder."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Basisdata/matrikkelenAdresse.csv", "\n".join([HEADER, *rows]) + "\n")
    return packed.getvalue()


class Files:
    """Plays the download service: files by path, ranges, and orders of what has another name."""

    def __init__(self, files: Mapping[str, bytes], orders: Mapping[str, str] | None = None) -> None:
        self.files = dict(files)
        self.orders = orders or {}
        self.address = ""

    def __call__(self, asked: Asked) -> Reply:
        if asked.path.startswith("/api/codelists/area/"):
            formats = [{"name": "CSV ", "projections": [{"code": "25833"}]}]
            return Reply(
                200, [{"code": a, "type": "fylke", "name": a, "formats": formats} for a in self.orders]
            )
        if asked.path == "/api/order":
            (wanted,) = asked.json()["orderLines"][0]["areas"]
            file = {"downloadUrl": self.address + self.orders[wanted["code"]], "status": "ReadyForDownload"}
            return Reply(200, {"referenceNumber": "1", "files": [file]})
        content = self.files.get(asked.path)
        if content is None:
            return Reply(404, "<html>borte</html>", {"Content-Type": "text/html"})
        mark = {"ETag": f'"{len(content)}"'}
        asked_for = {name.casefold(): value for name, value in asked.headers.items()}
        begin = asked_for.get("range", "")
        if begin and asked_for.get("if-range") == mark["ETag"]:
            at = int(begin.removeprefix("bytes=").rstrip("-"))
            last = len(content) - 1
            return Reply(206, content[at:], {**mark, "Content-Range": f"bytes {at}-{last}/{len(content)}"})
        return Reply(200, content, mark)


def client(address: str) -> WebClient:
    return WebClient(replace(DOWNLOADS, pause_s=0.0), address=address, wait=lambda _s: None)


TRONDELAG = FOLDER + "Basisdata_50_Trondelag_25833_MatrikkelenAdresse_CSV.zip"
OSTFOLD = FOLDER + "Basisdata_31_Ostfold_25833_MatrikkelenAdresse_CSV.zip"
NORWAY = FOLDER + "Basisdata_0000_Norge_25833_MatrikkelenAdresse_CSV.zip"
HOUSES = [line(nummer=n, øst=270000 + 20 * n) for n in (1, 3, 5)]
SOUTH = [line(kommunenummer=3105, nummer=9, nord=6578000, øst=275000, postnummer=1712, poststed="GRÅLUM")]


def test_names_of_files_have_no_norwegian_letters() -> None:
    names = read_county_names()
    assert len(names) == 17  # fifteen counties, Svalbard and Jan Mayen
    paths = [list_file_names(ADDRESS_SET, area=number, name=name)[0] for number, name in names.items()]
    assert "/" + paths[list(names).index("50")] == TRONDELAG
    assert "/" + paths[list(names).index("31")] == OSTFOLD
    assert all(path.isascii() and " " not in path for path in paths)
    tried = list_file_names(ADDRESS_SET, area="15", name="Møre og Romsdal")
    assert [path.split("_")[2] for path in tried] == ["More", "MoreogRomsdal", "More-og-Romsdal"]
    assert "/" + list_file_names(ADDRESS_SET, area="0000", name="")[0] == NORWAY


def test_the_register_comes_whole_through_broken_lines(tmp_path: Path) -> None:
    bad = [cut(0.4), status(500), html(), cut(0.0), status(429, retry_after="0")]
    told: list[tuple[str, int, int | None]] = []
    with play(Files({TRONDELAG: pack(HOUSES * 400)}), bad) as played, client(played.address) as web:
        (record,) = fetch_address_register(
            web,
            counties=["50"],
            folder=tmp_path,
            progress=lambda step, done, total: told.append((step, done, total)),
        )
    assert (record.source, record.part, record.area) == ("geonorge", "addresses", "50")
    assert (record.attribution, record.rows, record.facts) == ("© Kartverket", 1200, {"skipped": 0})
    assert {step for step, _done, _total in told} >= {"download"}
    left = sorted(path.name for path in (tmp_path / "geonorge").iterdir())
    assert left == ["addresses-50.addresses", "addresses-50.addresses.source.json"]
    with open_fetched_register(tmp_path) as register:  # type: ignore[union-attr]
        assert register.facts.rows == 1200
        assert register.facts.date == "2025-01-04"
        assert len(register.find_number("prøveveg", 3, municipalities=["5001"])) == 400


def test_a_file_that_is_no_zip_is_not_kept(tmp_path: Path) -> None:
    with (
        play(Files({TRONDELAG: b"PK\3\4 and not a zip"})) as played,
        client(played.address) as web,
        pytest.raises(SourceError) as caught,
    ):
        fetch_address_register(web, counties=["50"], folder=tmp_path)
    assert caught.value.code == "source.unexpected"
    assert list_fetched(tmp_path) == ()
    assert open_fetched_register(tmp_path) is None


def test_a_zip_of_something_else_is_refused_and_the_old_register_stays(tmp_path: Path) -> None:
    files = Files({TRONDELAG: pack(HOUSES)})
    with play(files) as played, client(played.address) as web:
        fetch_address_register(web, counties=["50"], folder=tmp_path)
        files.files[TRONDELAG] = pack([])
        with pytest.raises(RefusedFileError) as caught:
            fetch_address_register(web, counties=["50"], folder=tmp_path)
    assert caught.value.code == "file.no_addresses"
    with open_fetched_register(tmp_path) as register:  # type: ignore[union-attr]
        assert register.facts.rows == 3


def test_counties_are_asked_together_and_added_later(tmp_path: Path) -> None:
    with (
        play(Files({TRONDELAG: pack(HOUSES), OSTFOLD: pack(SOUTH)})) as played,
        client(played.address) as web,
    ):
        fetch_address_register(web, counties=["50"], folder=tmp_path)
        fetch_address_register(web, counties=["31", "31"], folder=tmp_path)
        assert len(played.asked) == 2
    with open_fetched_register(tmp_path) as register:  # type: ignore[union-attr]
        assert [record.area for record in register.records] == ["31", "50"]
        assert register.facts.rows == 4
        assert len(register.find_street("prøveveg", municipalities=["5001", "3105"])) == 4
        found = register.find_postcode("1712")
        assert found is not None
        assert found[1] == pytest.approx(59.3, abs=0.2)
        assert register.find_postcode("0150") is None
        assert list(register.suggest_streets("prøveveien", municipalities=["5001"], limit=3)) == [
            "Prøvevegen"
        ]
        # a street that only these counties are known to have may be in others too
        assert list(register.find_number("prøveveg", 9, municipalities=[])) == []


def test_the_whole_country_is_used_alone(tmp_path: Path) -> None:
    files = Files({OSTFOLD: pack(SOUTH), NORWAY: pack(HOUSES + SOUTH)})
    with play(files) as played, client(played.address) as web:
        fetch_address_register(web, counties=["31"], folder=tmp_path)
        fetch_address_register(web, folder=tmp_path)
    with open_fetched_register(tmp_path) as register:  # type: ignore[union-attr]
        assert [record.area for record in register.records] == [""]
        assert len(register.find_number("prøveveg", 9, municipalities=[])) == 1


def test_a_file_of_another_name_is_ordered(tmp_path: Path) -> None:
    place = FOLDER + "Basisdata_15_Ukjent_25833_MatrikkelenAdresse_CSV.zip"
    files = Files({place: pack(HOUSES)}, {"15": place})
    with play(files) as played, client(played.address) as web:
        files.address = played.address
        (record,) = fetch_address_register(web, counties=["15"], folder=tmp_path)
        assert "/" + record.question == place
        assert [one.method for one in played.asked] == ["GET", "GET", "GET", "GET", "POST", "GET"]


@pytest.mark.parametrize("address", ["https://example.org", ""])
def test_an_order_that_leads_elsewhere_or_nowhere_is_told(tmp_path: Path, address: str) -> None:
    files = Files({}, {"15": "/x.zip"} if address else {})
    files.address = address
    with play(files) as played, client(played.address) as web, pytest.raises(SourceError) as caught:
        fetch_address_register(web, counties=["15"], folder=tmp_path)
    assert caught.value.code == "geonorge.no_file"


def test_counties_that_are_none_are_told_before_anything_is_asked(tmp_path: Path) -> None:
    with play(Files({})) as played, client(played.address) as web:
        with pytest.raises(ParameterError) as caught:
            fetch_address_register(web, counties=["50", "16"], folder=tmp_path)
        assert played.asked == []
    assert caught.value.code == "geonorge.county"


# --- the command ----------------------------------------------------------------------------------


def run(*arguments: object) -> Result:
    with in_language("en"):
        return CliRunner().invoke(build_app(), ["--lang", "en", "geocode", *(str(one) for one in arguments)])


def test_geocode_finds_what_was_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMBIOSEKART_SOURCES", str(tmp_path / "kept"))
    source = tmp_path / "liste.csv"
    source.write_text("Adresse;Postnr\nPrøvev. 3 B;7011\nPrøvev. 3;0150\nPrøvev. 3;\n", encoding="utf-8")
    before = run(source, "--out", tmp_path / "ut.csv")
    assert "No register of addresses is used" in before.output
    assert json.loads(run(source, "--json").output)["register"] is None
    with play(Files({TRONDELAG: pack(HOUSES)})) as played, client(played.address) as web:
        fetch_address_register(web, counties=["50"])
    answer = json.loads(run(source, "--json").output)
    assert answer["grades"] == {"address": 1, "postcode": 1}
    assert answer["problems"]["register_elsewhere"] == 2  # Oslo, and anywhere
    assert "street_unknown" not in answer["problems"]
    assert (answer["register"]["kind"], answer["register"]["counties"]) == ("fetched", ["50"])
    told = run(source, "--out", tmp_path / "ut.csv")
    assert "Fetched register of addresses (Trøndelag): 3 addresses, 2025-01-04" in told.output
    without = json.loads(run(source, "--json", "--no-register").output)
    assert without["register"] is None
    assert "address" not in without["grades"]
