"""Units of the business register on the shelf: kept as one parser reads them, without sole proprietors."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import requests
from requests.adapters import HTTPAdapter

from geodata.errors import ParameterError, SourceError
from loaders.brreg import BRREG, read_records, read_units
from loaders.brregshelf import keep_bulk, keep_units, keep_updated, write_units
from loaders.official.attempts import ATTEMPTS
from loaders.official.shelf import FOLDER_SETTING, answers_folder, list_fetched
from loaders.official.webclient import WebClient
from loaders.registershelf import find_units
from tests.loaders.played import Played, play, status
from tests.loaders.playedbrreg import PlayedRegister, Unit, make_units, number_of, pack

FIRM, PERSON = number_of(900), number_of(901)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER_SETTING, str(tmp_path / "shelf"))
    return tmp_path / "shelf"


def client_of(service: Played) -> WebClient:
    return WebClient(BRREG, address=service.address, cache=answers_folder(), wait=lambda seconds: None)


def make_register() -> PlayedRegister:
    units = make_units(60, municipality="5001", seed=4) + make_units(
        20, municipality="5006", seed=5, first=100
    )
    for order, unit in enumerate(units):
        unit.parent = PERSON if order % 4 == 0 else FIRM
        unit.more = {"epostadresse": "post@oppdikta.example", "mobil": "99999999"}
    person = Unit(PERSON, more={"organisasjonsform": {"kode": "ENK"}})
    return PlayedRegister(units, [Unit(FIRM), person])


def test_what_is_kept_is_read_back_as_it_came(tmp_path: Path) -> None:
    register = make_register()
    records = [unit.record("underenheter") for unit in register.units.values()]
    records[0]["beliggenhetsadresse"]["adresse"] = ['Bygg "4", inngang\u00a0B', "Liksomvegen 1"]
    records[1]["navn"] = "=cmd|' /C calc'!A0, \"Ås\""
    units = read_records(records, keep_sole_proprietors=True).units
    units["parent_form"] = pd.Series(["AS", pd.NA] * (len(units) // 2), dtype="string")
    write_units(units, tmp_path / "kept.csv")
    back = read_units(tmp_path / "kept.csv", keep_sole_proprietors=True)
    assert back.faults == {}
    pd.testing.assert_frame_equal(back.units, units)


def test_a_search_is_kept_without_persons_and_their_addresses(shelf: Path) -> None:
    register = make_register()
    with play(register.answer, rate=0.2, seed=3) as service, client_of(service) as client:
        kept = keep_units(client, municipalities=("5001", "5006"))
    (record,) = kept.records
    assert list_fetched(shelf) == kept.records
    assert (record.area, record.rows, record.facts["left_sole_proprietor"]) == ("5001-5006", 60, 20)
    text = record.path(shelf).read_text()
    assert "oppdikta.example" not in text
    assert "99999999" not in text
    assert not answers_folder().joinpath(BRREG.key).exists()
    found = find_units(("5006",))
    assert found == record
    read = read_units(record.path(shelf), municipalities=("5006",))
    expected = {unit.number for unit in register.units.values() if unit.municipality == "5006"}
    owned = {unit.number for unit in register.units.values() if unit.parent == FIRM}
    assert set(read.units["organisation_number"]) == expected & owned
    assert set(read.units["parent_form"]) == {"AS"}


def test_a_broken_run_keeps_its_answers_and_puts_nothing_on_the_shelf(shelf: Path) -> None:
    register = make_register()
    with play(register.answer) as service, client_of(service) as client:
        whole = keep_units(client, municipalities=("5001",)).records[0].path(shelf).read_bytes()
        asked_in_all = len(service.asked)
    for path in (shelf / "brreg").iterdir():
        path.unlink()
    with play(register.answer, [None] * (asked_in_all - 1) + [status(503)] * ATTEMPTS) as service:
        with client_of(service) as client, pytest.raises(SourceError):
            keep_units(client, municipalities=("5001",))
        assert list_fetched(shelf) == ()
        before = len(service.asked)
    with play(register.answer) as again:
        # the same service, at another port here: answers are kept under its address
        session = requests.Session()
        session.mount(service.address, Moved(again.address))
        client = WebClient(BRREG, address=service.address, cache=answers_folder(), session=session)
        with client:
            kept = keep_units(client, municipalities=("5001",))
        assert 0 < len(again.asked) < before - ATTEMPTS + 1
    assert kept.records[0].path(shelf).read_bytes() == whole


class Moved(HTTPAdapter):
    """Sends what is meant for one address to another."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        request.url = f"{self.address}/{str(request.url).split('/', 3)[3]}"
        return super().send(request, *args, **more)


def test_a_selection_of_industries_is_not_taken_for_all_units(shelf: Path) -> None:
    register = make_register()
    with play(register.answer) as service, client_of(service) as client:
        kept = keep_units(client, municipalities=("5001",), industries=("38",))
    units = read_units(kept.records[0].path(shelf)).units
    codes = units[["industry_code", "industry_code_2", "industry_code_3"]]
    assert codes.apply(lambda column: column.str.startswith("38")).any(axis=1).all()
    assert find_units(("5001",)) is None


def test_kept_units_follow_the_registers_changes(shelf: Path) -> None:
    register = make_register()
    numbers = [number for number, unit in register.units.items() if unit.parent == FIRM]
    with play(register.answer) as service, client_of(service) as client:
        keep_units(client, municipalities=("5001", "5006"))
        changed, closed, moved = numbers[0], numbers[1], numbers[2]
        register.units[changed].name = "NYTT NAVN"
        register.units[closed].more["slettedato"] = "2026-11-20"
        del register.units[closed]
        register.gone[closed] = (
            200,
            {
                "organisasjonsnummer": closed,
                "navn": "X",
                "organisasjonsform": {"kode": "BEDR"},
                "slettedato": "2026-11-20",
            },
        )
        register.units[moved].municipality = "0301"
        fresh = Unit(number_of(500), "5006", name="HELT NY", parent=FIRM)
        register.units[fresh.number] = fresh
        elsewhere = Unit(number_of(501), "1103", name="ANNET STED", parent=FIRM)
        register.units[elsewhere.number] = elsewhere
        day = dt.date.today().isoformat()
        for order, (number, kind) in enumerate(
            [
                (changed, "Endring"),
                (closed, "Sletting"),
                (moved, "Endring"),
                (fresh.number, "Ny"),
                (elsewhere.number, "Ny"),
            ]
        ):
            register.tell_change(100 + order, number, kind, day)
        (record,) = keep_updated(client).records
        units = read_units(record.path(shelf)).units.set_index("organisation_number")
        assert units.at[changed, "name"] == "NYTT NAVN"
        assert units.at[closed, "deleted_on"] == "2026-11-20"
        assert moved not in units.index
        assert fresh.number in units.index
        assert elsewhere.number not in units.index
        assert record.facts["next_update"] == 105
        asked = len(service.asked)
        (same,) = keep_updated(client).records
        assert same.path(shelf).read_text() == record.path(shelf).read_text()
        assert len(service.asked) - asked == 1


def test_there_must_be_something_to_update(shelf: Path) -> None:
    with (
        play(PlayedRegister().answer) as service,
        client_of(service) as client,
        pytest.raises(ParameterError) as refusal,
    ):
        keep_updated(client)
    assert refusal.value.code == "brreg.nothing_to_update"


def test_the_whole_register_is_kept_as_it_came(shelf: Path) -> None:
    header = "organisasjonsnummer,navn,organisasjonsform.kode\n"
    rows = "".join(f"{number_of(order)},OPPDIKTA {order} AS,BEDR\n" for order in range(3000))
    register = PlayedRegister()
    register.files = {
        "underenheter/lastned/csv": pack(header + rows, "csv"),
        "enheter/lastned/csv": pack(header + rows.replace("BEDR", "AS"), "csv"),
    }
    with play(register.answer, rate=0.3, seed=1) as service, client_of(service) as client:
        kept = keep_bulk(client)
    assert [record.part for record in kept.records] == ["underenheter", "enheter"]
    assert len(read_units(kept.records[0].path(shelf)).units) == 3000
    names = sorted(path.name for path in (shelf / "brreg").iterdir())
    assert names == [
        f"{kind}.csv.gz{end}" for kind in ("enheter", "underenheter") for end in ("", ".source.json")
    ]
