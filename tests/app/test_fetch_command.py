"""``symbiosekart fetch``: from a played service to the shelf, and from there to the map."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.cli import main
from loaders.official.shelf import FOLDER_SETTING, list_fetched
from tests.loaders.played import Asked, Reply, play, status
from tests.loaders.playedbrreg import PlayedRegister, Unit, make_units, number_of

FIRM = number_of(900)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER_SETTING, str(tmp_path / "shelf"))
    monkeypatch.setattr("loaders.official.attempts.ATTEMPTS", 1)
    return tmp_path / "shelf"


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(*arguments: str, lang: str = "nb") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["symbiosekart", "--lang", lang, *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


def test_units_of_a_county_are_fetched_and_fill_the_map(call: Any, shelf: Path, tmp_path: Path) -> None:
    units = make_units(40, municipality="5001", seed=1) + make_units(9, municipality="1103", seed=2, first=70)
    for unit in units:
        unit.parent = FIRM
    register = PlayedRegister(units, [Unit(FIRM)])
    with play(register.answer) as service:
        code, out, _err = call("fetch", "brreg", "--county", "50", "--address", service.address)
    assert code == 0
    assert "40 rader" in out
    assert "NLOD" in out
    asked = {number for question in service.asked for number in question.params.get("kommunenummer", ())}
    assert {"5001", "5006"} <= asked
    assert "1103" not in asked
    code, out, _err = call("fill", "--county", "50", "--json")
    assert code == 0
    assert 0 < json.loads(out)["facilities"] <= 40
    code, out, _err = call("fetch", "list", "--json")
    assert {record["source"] for record in json.loads(out)} == {"brreg", "fill"}


@pytest.mark.parametrize(
    ("lang", "says", "instead"),
    [
        ("nb", "Brønnøysundregistrene ble ikke nådd", "Uten den: kartet virker"),
        ("nn", "Brønnøysundregistrene vart ikkje nådd", "Utan den: kartet verkar"),
        ("en", "Brønnøysundregistrene could not be reached", "Without it: the map works"),
    ],
)
def test_a_service_that_cannot_be_reached_is_told_with_what_still_works(
    lang: str, says: str, instead: str, call: Any, shelf: Path
) -> None:
    with play(lambda asked: Reply()) as service:
        pass  # nobody listens there any more
    code, _out, err = call("fetch", "brreg", "--county", "50", "--address", service.address, lang=lang)
    assert code == 3
    assert says in err
    assert instead in err
    assert "Traceback" not in err
    assert list_fetched(shelf) == ()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["brreg"], 2, "--county 50"),
        (["brreg", "--county", "99"], 2, "99"),
        (["brreg", "--update"], 2, "symbiosekart fetch brreg"),
        (["ssb"], 2, "tabell"),
        (["ssb", "--table", "10514", "--choose", "Tid"], 2, "Tid=top(3)"),
        (["klass", "131", "--on", "i går"], 2, "2026-01-31"),
    ],
)
def test_a_question_that_lacks_something_says_what(
    arguments: list[str], code: int, says: str, call: Any, shelf: Path
) -> None:
    with play(lambda asked: Reply(500)) as service:
        ended, _out, err = call("fetch", *arguments, "--address", service.address)
    assert (ended, service.asked) == (code, [])
    assert says in err


def test_an_empty_shelf_says_that_the_app_works_all_the_same(call: Any, shelf: Path) -> None:
    code, out, _err = call("fetch", "list")
    assert code == 0
    assert str(shelf) in out
    assert "innebygde" in out


def test_municipality_facts_are_kept_with_their_source(call: Any, shelf: Path) -> None:
    def answer(asked: Asked) -> Reply:
        one = {"kommunenummer": "5001", "kommunenavn": "Trondheim", "kommunenavnNorsk": "Trondheim"}
        return Reply(body=[{"fylkesnummer": "50", "fylkesnavn": "Trøndelag", "kommuner": [one]}])

    with play(answer) as service:
        code, out, _err = call("fetch", "municipalities", "--address", service.address)
    assert code == 0
    assert "© Kartverket" in out
    (record,) = list_fetched(shelf)
    assert "Trondheim" in record.path(shelf).read_text(encoding="utf-8-sig")


def test_a_table_is_kept_as_tidy_rows(call: Any, shelf: Path) -> None:
    dataset = {
        "version": "2.0",
        "class": "dataset",
        "label": "99999: Oppdikta (tonn)",
        "id": ["Region", "Tid"],
        "size": [1, 2],
        "dimension": {
            "Region": {"label": "region", "category": {"index": {"5001": 0}, "label": {"5001": "Her"}}},
            "Tid": {
                "label": "år",
                "category": {"index": {"2022": 0, "2023": 1}, "label": {"2022": "2022", "2023": "2023"}},
            },
        },
        "role": {"time": ["Tid"]},
    }

    def answer(asked: Asked) -> Reply:
        values = {} if asked.path.endswith("/metadata") else {"value": [7, None], "status": {"1": ".."}}
        return Reply(body={**dataset, **values})

    with play(answer) as service:
        code, out, err = call("fetch", "ssb", "--table", "99999", "--address", service.address)
    assert (code, "2 rader" in out) == (0, True), err
    (record,) = list_fetched(shelf)
    text = record.path(shelf).read_text(encoding="utf-8-sig")
    assert "5001" in text
    assert ".." in text
    assert record.attribution == "Statistisk sentralbyrå (SSB)"


def test_a_further_attempt_is_told_while_it_is_waited_for(
    call: Any, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.official.attempts.ATTEMPTS", 2)
    register = PlayedRegister([Unit(number_of(1))], [])
    with play(register.answer, [status(503, retry_after="1")]) as service:
        code, _out, err = call("fetch", "brreg", "--municipality", "5001", "--address", service.address)
    assert code == 0
    assert "forsøk 2 om 1 s" in err


def test_a_number_that_was_divided_is_told_where_all_its_parts_are_taken(call: Any, shelf: Path) -> None:
    register = PlayedRegister()
    with play(register.answer) as service:
        call("fetch", "brreg", "--municipality", "5012", "--address", service.address)
    _code, _out, err = call("fill", "--municipality", "5012")
    assert all(number in err for number in ("5012", "5055", "5056", "5059"))
