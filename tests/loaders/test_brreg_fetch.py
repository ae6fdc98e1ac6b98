"""Fetching from the business register: a local server plays it, with its window, its changes and bad days."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.businessunits import BUSINESS_UNIT_COLUMNS
from geodata.errors import ParameterError, SourceError
from loaders.brreg import apply_updates, fetch_bulk, fetch_unit, fetch_units, fetch_updates
from loaders.official.brregparts import split_days, split_industries
from loaders.official.brregsearch import BRREG, Gathered, Search, is_page
from loaders.official.brregunits import ask_parent_forms, ask_unit, ask_units
from loaders.official.brregupdates import ask_updates
from loaders.official.webclient import Answer, WebClient
from tests.loaders.played import Asked, Played, Reply, cut, html, play, status
from tests.loaders.playedbrreg import (
    DAYS,
    EMPLOYEES,
    FILTERS,
    PlayedRegister,
    Unit,
    make_units,
    number_of,
    pack,
)

HERE = {"kommunenummer": "5001"}
ROOT = Path(__file__).parents[2]
EXAMPLES = (
    Path(os.environ.get("SYMBIOSEKART_REFERENCE", ROOT.parent / "shared" / "reference")) / "api-examples"
)


def client_of(service: Played, cache: Path | None = None) -> WebClient:
    return WebClient(BRREG, address=service.address, cache=cache, wait=lambda seconds: None)


def gather(service: Played, cache: Path | None = None, *, window: int = 100, **filters: str) -> Gathered:
    with client_of(service, cache) as client:
        return Search(client, window=window, page_size=20).gather({**HERE, **filters})


def numbers_in(register: PlayedRegister, municipality: str = "5001") -> set[str]:
    return {unit.number for unit in register.units.values() if unit.municipality == municipality}


def check_window(service: Played, window: int) -> None:
    for asked in service.asked:
        if "size" in asked.params:
            assert (int(asked.one("page")) + 1) * int(asked.one("size")) <= window


class Direct:
    """A client without a line between it and the register."""

    service = BRREG

    def __init__(self, register: PlayedRegister) -> None:
        self.register = register

    def ask_json(
        self,
        path: str,
        *,
        params: dict[str, str] | None = None,
        check: Callable[[Any], bool],
        absent: frozenset[int] = frozenset(),
        **_more: Any,
    ) -> Answer:
        given = params or {}
        if "oppdateringer" not in path and "page" in given:
            assert (int(given["page"]) + 1) * int(given["size"]) <= self.register.window
        asked = Asked("GET", f"/{path}", {name: [value] for name, value in given.items()}, {})
        reply = self.register.answer(asked)
        assert reply.status in absent or (reply.status == 200 and check(reply.body))
        return Answer(reply.body, reply.status, "2026-11-22")


def direct(register: PlayedRegister) -> WebClient:
    return cast(WebClient, Direct(register))


# --- the search -------------------------------------------------------------------------------------------


def test_a_municipality_within_the_window_comes_page_by_page() -> None:
    units = make_units(95, municipality="5001", seed=1) + make_units(9, municipality="5006", seed=2, first=95)
    register = PlayedRegister(units, window=100)
    with play(register.answer) as service:
        got = gather(service)
    assert set(got.records) == numbers_in(register)
    assert got.asked == 95
    assert [asked.one("page") for asked in service.asked] == ["0", "1", "2", "3", "4"]
    headers = service.asked[0].headers
    assert headers["Accept"] == "application/vnd.brreg.enhetsregisteret.underenhet.v2+json;charset=UTF-8"
    assert headers["User-Agent"].startswith("Symbiosekart")


def test_nothing_is_found_where_nothing_is() -> None:
    with play(PlayedRegister().answer) as service:
        got = gather(service)
    assert got.records == {}
    assert got.is_whole


def test_a_large_municipality_comes_in_parts_nothing_lost_and_nothing_twice() -> None:
    units = make_units(12_000, municipality="5001", seed=3)
    units += make_units(50, municipality="5006", seed=4, first=12_000)
    register = PlayedRegister(units)
    got = Search(direct(register)).gather(HERE)
    assert set(got.records) == numbers_in(register)
    assert got.asked == 12_000


@pytest.mark.parametrize(
    "heeded",
    [
        FILTERS,
        FILTERS - set(DAYS),
        FILTERS - {*DAYS, *EMPLOYEES},
        FILTERS - {*DAYS, "beliggenhetsadresse.postnummer"},
    ],
    ids=["all", "no_days", "no_days_no_employees", "no_days_no_postcodes"],
)
@pytest.mark.parametrize("refuses", [False, True], ids=["drops", "refuses"])
def test_units_without_code_are_reached_by_what_the_service_knows(heeded: set[str], refuses: bool) -> None:
    units = make_units(260, municipality="5001", seed=5)
    for unit in units[:90]:
        unit.codes = ()
        unit.employees = unit.employees or 0
    for unit in units:
        unit.employees = unit.employees or 0
    assert sum(not unit.codes for unit in units) >= 90
    register = PlayedRegister(units, window=100, heeded=heeded, refuses=refuses)
    got = Search(direct(register), window=100, page_size=20).gather(HERE)
    assert set(got.records) == numbers_in(register)
    assert got.is_whole


def test_both_ends_are_asked_where_no_filter_helps() -> None:
    units = [Unit(number_of(order), codes=("47.110",)) for order in range(190)]
    register = PlayedRegister(units, window=100, heeded={"kommunenummer", "naeringskode"})
    with play(register.answer) as service:
        got = gather(service)
    assert set(got.records) == numbers_in(register)


def test_what_cannot_be_reached_is_told() -> None:
    units = [Unit(number_of(order), codes=("47.110",)) for order in range(250)]
    register = PlayedRegister(units, window=100, heeded={"kommunenummer", "naeringskode"})
    with play(register.answer) as service:
        got = gather(service)
    assert (got.asked, len(got.records), got.is_whole) == (250, 200, False)


def test_a_filter_that_the_service_drops_is_not_taken_for_an_answer() -> None:
    register = PlayedRegister(
        make_units(150, municipality="5001", seed=6), window=100, heeded={"kommunenummer"}
    )
    with play(register.answer) as service:
        got = gather(service)
    assert set(got.records) == numbers_in(register)
    assert len(service.asked) < 40


@pytest.mark.parametrize("seed", range(6))
def test_bad_days_lose_and_double_nothing(seed: int) -> None:
    register = PlayedRegister(make_units(330, municipality="5001", seed=seed), window=100)
    with play(register.answer, rate=0.35, seed=seed) as service:
        got = gather(service)
        assert service.faults_made > 10
    assert set(got.records) == numbers_in(register)


def test_a_service_that_is_down_is_told() -> None:
    with play(PlayedRegister().answer, [status(503)] * 6) as service, pytest.raises(SourceError) as caught:
        gather(service)
    assert caught.value.code == "source.failing"


def test_a_broken_run_goes_on_where_it_ended(tmp_path: Path) -> None:
    register = PlayedRegister(make_units(330, municipality="5001", seed=7), window=100)
    with play(register.answer) as service:
        gather(service)
        whole = len(service.asked)
    with play(register.answer, [None] * (whole // 2) + [status(500)] * 6) as service:
        with pytest.raises(SourceError):
            gather(service, tmp_path)
        before = len(service.asked)
        got = gather(service, tmp_path)
        after = len(service.asked)
        again = gather(service, tmp_path)
    assert set(got.records) == set(again.records) == numbers_in(register)
    # Only what is counted anew, and never kept, is asked twice.
    counts = [asked for asked in service.asked[after:] if asked.one("size") == "1"]
    assert len(service.asked) - after == len(counts) <= 3
    assert after - before <= whole - whole // 2 + len(counts)


def test_pages_that_shift_are_asked_anew() -> None:
    register = PlayedRegister(make_units(60, municipality="5001", seed=8, first=100), window=100)
    early = [Unit(number_of(order)) for order in range(3)]

    def add(count: int) -> None:
        # A unit with a low number pushes all others one place on, between two pages.
        if count in (1, 2):
            register.units[early[count].number] = early[count]

    register.before = add
    with play(register.answer) as service:
        got = gather(service)
    assert set(got.records) == numbers_in(register)
    assert len(got.records) == 62


def test_what_disappears_between_two_pages_hides_nothing() -> None:
    units = make_units(60, municipality="5001", seed=9)
    register = PlayedRegister(units, window=100)

    def remove(count: int) -> None:
        if count == 1:
            del register.units[units[0].number]  # all others move one place back: one is on no page

    register.before = remove
    with play(register.answer) as service:
        got = gather(service)
    assert numbers_in(register) <= set(got.records)


def test_a_municipality_that_outgrows_the_window_meanwhile_is_taken_apart() -> None:
    register = PlayedRegister(make_units(100, municipality="5001", seed=10, first=50), window=100)
    more = make_units(40, municipality="5001", seed=11)

    def grow(count: int) -> None:
        if count == 2:
            register.units |= {unit.number: unit for unit in more}

    register.before = grow
    with play(register.answer) as service:
        got = gather(service)
    assert set(got.records) == numbers_in(register)


@pytest.mark.parametrize(
    ("answer", "is_one"),
    [
        ({"page": {"totalElements": 0}}, True),
        ({"page": {"totalElements": 0}, "_embedded": None}, True),
        ({"page": {"totalElements": 1}, "_embedded": {"underenheter": [{}]}}, True),
        ({"page": {"totalElements": 5, "number": 2, "size": 3}}, True),  # beyond the last
        ({"page": {"totalElements": 5, "number": 1, "size": 3}}, False),
        ({"page": {"totalElements": 5}}, False),
        ({"page": {"totalElements": "5"}, "_embedded": {"underenheter": [{}]}}, False),
        ({"page": {"totalElements": True}, "_embedded": {"underenheter": [{}]}}, False),
        ({"page": {"totalElements": -1}}, False),
        ({"page": {"totalElements": 1}, "_embedded": {"enheter": [{}]}}, False),
        ({"page": {"totalElements": 1}, "_embedded": {"underenheter": ["x"]}}, False),
        ({"page": {"totalElements": 1}, "_embedded": {"underenheter": {"0": {}}}}, False),
        ({"_embedded": {"underenheter": [{}]}}, False),
        ({"status": 500, "error": "Internal Server Error"}, False),
        ([], False),
        (None, False),
    ],
)
def test_only_a_page_is_taken_for_one(answer: Any, is_one: bool) -> None:
    assert is_page(answer, "underenheter") == is_one


def test_records_with_holes_are_told_apart_by_their_number() -> None:
    register = PlayedRegister([Unit(number_of(order), codes=()) for order in range(150)], window=100)
    holes: list[dict[str, Any]] = [
        {"beliggenhetsadresse": None},
        {"beliggenhetsadresse": {"postnummer": 7010}},
        {"beliggenhetsadresse": []},
        {"organisasjonsform": None, "navn": None},
    ]
    for order, unit in enumerate(register.units.values()):
        unit.more = holes[order % len(holes)]
    assert set(Search(direct(register), window=100).gather(HERE).records) == numbers_in(register)


CODES = st.sampled_from(
    ["00.000", "01.110", "01.120", "10.110", "38.110", "38.21", "47", "47.110", "96.99", "6"]
)
UNITS_DRAWN = st.lists(
    st.tuples(
        st.lists(CODES, max_size=3, unique=True),
        st.sampled_from([None, 0, 1, 4, 5, 9, 10, 5000]),
        st.dates(dt.date(1990, 1, 1), dt.date(2026, 11, 1)),
        st.sampled_from(["7010", "7030", "9999"]),
        st.sampled_from(["5001", "5001", "5001", "1601"]),
    ),
    max_size=70,
)


@settings(max_examples=40)
@given(drawn=UNITS_DRAWN, page_size=st.integers(1, 9))
def test_any_register_comes_whole(drawn: list[Any], page_size: int) -> None:
    register = PlayedRegister(window=12)
    for order, (codes, employees, day, postcode, municipality) in enumerate(drawn):
        unit = Unit(number_of(order), municipality, tuple(codes), employees, day.isoformat(), postcode)
        register.units[unit.number] = unit
    got = Search(direct(register), window=12, page_size=page_size).gather(HERE)
    days = [unit.registered_on for unit in register.units.values() if unit.municipality == "5001"]
    assert set(got.records) <= numbers_in(register)
    if len(days) <= 12 or max(map(days.count, days)) <= 12:  # then days alone tell all apart
        assert set(got.records) == numbers_in(register)
    assert got.is_whole == (set(got.records) == numbers_in(register))


@given(
    first=st.none() | st.dates(dt.date(1900, 1, 1), dt.date(2030, 1, 1)),
    length=st.none() | st.integers(0, 20_000),
    day=st.dates(dt.date(1900, 1, 1), dt.date(2035, 1, 1)),
)
def test_each_day_is_in_one_half(first: dt.date | None, length: int | None, day: dt.date) -> None:
    question = {}
    if first is not None:
        question[DAYS[0]] = first.isoformat()
        if length is not None:
            question[DAYS[1]] = (first + dt.timedelta(days=length)).isoformat()
    text = day.isoformat()
    within = question.get(DAYS[0], "") <= text <= question.get(DAYS[1], "9")
    parts = split_days(question)
    if parts:
        assert sum(part.get(DAYS[0], "") <= text <= part.get(DAYS[1], "9") for part in parts) == within
    else:
        assert first is not None
        assert length == 0 or first >= dt.date.today()


def test_codes_are_taken_apart_to_the_last_digit() -> None:
    assert len(split_industries({})) == 100
    assert split_industries({"naeringskode": "38,47.1"}) == [{"naeringskode": "38"}, {"naeringskode": "47.1"}]
    assert split_industries({"naeringskode": "47"})[3] == {"naeringskode": "47.3"}
    assert split_industries({"naeringskode": "47.11"})[9] == {"naeringskode": "47.119"}
    assert split_industries({"naeringskode": "47.110"}) == []


def test_what_came_is_held_without_telephone_and_words_for_codes() -> None:
    unit = Unit(number_of(1), more={"mobil": "99999999", "telefon": "77777777", "_links": {"self": {}}})
    with play(PlayedRegister([unit]).answer) as service:
        (record,) = gather(service).records.values()
    assert "9999" not in str(record)
    assert "7777" not in str(record)
    assert record["naeringskode1"] == {"kode": "38.110"}
    assert record["beliggenhetsadresse"]["adresse"] == ["Liksomvegen 1"]


# --- single units and parents -----------------------------------------------------------------------------


def test_a_unit_is_there_or_gone_in_three_ways() -> None:
    register = PlayedRegister([Unit(number_of(1))])
    shut = {"organisasjonsnummer": number_of(2), "navn": "OPPDIKTA", "slettedato": "2024-11-26"}
    register.gone = {
        number_of(2): (200, shut),
        number_of(3): (410, {"organisasjonsnummer": number_of(3), "slettedato": "2023-01-02"}),
    }
    with play(register.answer) as service, client_of(service) as client:
        said = [ask_unit(number_of(order), client=client) for order in (1, 2, 3, 4)]
    assert [(unit.fate, unit.deleted_on) for unit in said] == [
        ("registered", ""),
        ("deleted", "2024-11-26"),
        ("removed", "2023-01-02"),
        ("unknown", ""),
    ]
    assert said[0].record["navn"].startswith("OPPDIKTA")


def test_many_units_are_asked_in_batches_and_the_lacking_one_by_one() -> None:
    register = PlayedRegister([Unit(number_of(order)) for order in range(450)])
    register.gone[number_of(500)] = (410, {})
    steps: list[tuple[str, int, int | None]] = []
    with play(register.answer, rate=0.3, seed=2) as service, client_of(service) as client:
        numbers = [number_of(order) for order in range(450)] + [number_of(500), number_of(0)]
        said = ask_units(numbers, client=client, progress=lambda *step: steps.append(step))
    assert list(said) == numbers[:-1]
    assert [number for number, unit in said.items() if unit.fate != "registered"] == [number_of(500)]
    assert steps[-1] == ("units", 451, 451)


def test_parents_tell_their_form_even_when_deleted() -> None:
    parents = [Unit(number_of(1)), Unit(number_of(2), more={"organisasjonsform": {"kode": "ENK"}})]
    register = PlayedRegister(parents=parents)
    shut = {
        "organisasjonsnummer": number_of(3),
        "organisasjonsform": {"kode": "FYLK"},
        "slettedato": "2024-01-01",
    }
    register.gone = {number_of(3): (200, shut), number_of(4): (410, None)}
    with play(register.answer) as service, client_of(service) as client:
        forms, gone = ask_parent_forms([number_of(order) for order in (1, 2, 3, 4, 5)], client=client)
    assert forms == {number_of(1): "AS", number_of(2): "ENK", number_of(3): "FYLK"}
    assert gone == {number_of(3): "deleted", number_of(4): "removed", number_of(5): "unknown"}
    assert (
        service.asked[0].headers["Accept"].startswith("application/vnd.brreg.enhetsregisteret.enhet.v2+json")
    )


# --- changes ----------------------------------------------------------------------------------------------


def test_changes_are_read_to_the_end_and_the_last_counts() -> None:
    register = PlayedRegister(window=100)
    kinds = ("Ny", "Endring", "Ukjent", "Sletting", "Fjernet", "Noko nytt")
    for order in range(37):
        register.tell_change(1000 + order * 7, number_of(order % 12), kinds[order % 6])
    register.tell_change(400, number_of(40), "Ny", day="2026-11-01")
    with play(register.answer, rate=0.3, seed=4) as service, client_of(service) as client:
        got = ask_updates(client=client, since=dt.date(2026, 11, 20), at_once=10)
        pages = {asked.one("page") for asked in service.asked}
        later = ask_updates(client=client, from_id=got.next_id, at_once=10)
    assert got.read == 37
    assert got.next_id == 1000 + 36 * 7 + 1
    assert pages == {"0"}  # read by running number, never by page
    last = {change.number: change.kind for change in got.changes}
    order_kinds = ("new", "changed", "changed", "deleted", "removed", "changed")
    assert last == {number_of(order % 12): order_kinds[order % 6] for order in range(37)}
    assert got.count("deleted") == 2
    assert (later.changes, later.read, later.next_id) == ((), 0, got.next_id)


def test_no_change_since_leaves_nothing_to_go_on_from() -> None:
    with play(PlayedRegister().answer) as service, client_of(service) as client:
        got = ask_updates(client=client, since=dt.date(2026, 11, 20))
        with pytest.raises(ParameterError) as caught:
            ask_updates(client=client)
    assert (got.changes, got.next_id) == ((), None)
    assert caught.value.code == "brreg.no_beginning"


def test_a_list_that_runs_backwards_is_no_list() -> None:
    register = PlayedRegister()
    register.tell_change(5, number_of(1), "Ny")
    register.list_changes = lambda asked, kind: PlayedRegister.list_changes(  # type: ignore[method-assign]
        register, type(asked)(asked.method, asked.path, {"size": ["10"]}, asked.headers), kind
    )
    with play(register.answer) as service, client_of(service) as client, pytest.raises(SourceError) as caught:
        ask_updates(client=client, from_id=6)
    assert caught.value.code == "source.unexpected"


# --- the file of all --------------------------------------------------------------------------------------

HEADER = "organisasjonsnummer,navn,overordnetEnhet\n"


def whole_csv() -> bytes:
    chance = random.Random(1)
    rows = "".join(f"{number_of(order)},{chance.getrandbits(400):x},\n" for order in range(9000))
    return pack(HEADER + rows, "csv")


def test_a_broken_download_goes_on_and_ends_whole(tmp_path: Path) -> None:
    register = PlayedRegister()
    register.files["underenheter/lastned/csv"] = whole_csv()
    faults = [cut(0.8), status(500), None]
    with play(register.answer, faults) as service, client_of(service) as client:
        came = fetch_bulk(tmp_path / "all.csv.gz", client=client)
    assert came.path.read_bytes() == whole_csv()
    assert "Range" in service.asked[-1].headers
    assert [file.name for file in tmp_path.iterdir()] == ["all.csv.gz"]


def test_a_file_in_json_is_asked_for_by_its_type(tmp_path: Path) -> None:
    register = PlayedRegister()
    register.files["enheter/lastned"] = pack([{"organisasjonsnummer": number_of(1)}], "json")
    with play(register.answer, [html()]) as service, client_of(service) as client:
        fetch_bulk(tmp_path / "all.json.gz", kind="enheter", layout="json", client=client)
    accept = service.asked[0].headers["Accept"]
    assert accept.startswith("application/vnd.brreg.enhetsregisteret.enhet.v2+gzip")
    assert len(service.asked) == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", whole_csv()[:-20], pack("a,b\n1,2\n", "csv"), pack("organisasjonsnummer", "csv")],
    ids=["empty", "html", "cut_off", "other_columns", "one_column"],
)
def test_what_is_no_register_is_never_kept(content: bytes, tmp_path: Path) -> None:
    register = PlayedRegister()
    register.files["underenheter/lastned/csv"] = content
    with play(register.answer) as service, client_of(service) as client, pytest.raises(SourceError) as caught:
        fetch_bulk(tmp_path / "all.csv.gz", client=client)
    assert caught.value.code == "source.unexpected"
    assert list(tmp_path.iterdir()) == []


# --- the door: tables -------------------------------------------------------------------------------------


def make_firm(order: int, form: str) -> Unit:
    return Unit(number_of(9000 + order), more={"organisasjonsform": {"kode": form}})


def make_region() -> PlayedRegister:
    """Two municipalities; firms, single persons, a deleted county; one unit that only has its post here."""
    firms = [make_firm(0, "AS"), make_firm(1, "ENK"), make_firm(2, "IKS")]
    units = make_units(40, municipality="5001", seed=1) + make_units(
        20, municipality="5006", seed=2, first=40
    )
    for order, unit in enumerate(units):
        unit.parent = firms[order % 3].number
    units += [Unit(number_of(70), parent=number_of(9003)), Unit(number_of(71), "5001", located="4601")]
    units += [Unit(number_of(72), "5001", located="5006", parent=number_of(9000))]
    units[0].more = {"mobil": "99999999", "epostadresse": "nokon@oppdikta.example"}
    register = PlayedRegister(units, firms, window=100)
    shut = {
        "organisasjonsnummer": number_of(9003),
        "organisasjonsform": {"kode": "FYLK"},
        "slettedato": "2024-01-01",
    }
    register.gone[number_of(9003)] = (200, shut)
    return register


def test_units_come_as_a_table_without_those_of_single_persons() -> None:
    register = make_region()
    steps: list[str] = []
    with play(register.answer, rate=0.2, seed=5) as service, client_of(service) as client:
        read = fetch_units(
            municipalities=["5001", "1702"],  # the second became 5006 and is asked for by both numbers
            client=client,
            window=100,
            page_size=20,
            progress=lambda step, done, total: steps.append(step),
        )
    persons = {unit.number for unit in register.units.values() if unit.parent == number_of(9001)}
    assert set(read.units["organisation_number"]) == set(register.units) - persons - {number_of(71)}
    assert read.left_out == {"elsewhere": 1, "sole_proprietor": len(persons)}
    assert set(read.units["parent_form"]) == {"AS", "IKS", "FYLK"}
    assert read.parents_gone == 1
    assert (read.incomplete, read.fetched_on) == ((), dt.date.today().isoformat())
    assert [finding.code for finding in read.tell("brreg")] == ["brreg.parents_gone", "brreg.sole_proprietor"]
    assert set(steps) == {"units", "parents"}
    asked = {one.one("kommunenummer") for one in service.asked if one.path == "/underenheter"}
    assert asked == {"5001", "5006", "1702"}


def test_those_of_single_persons_come_where_they_are_wanted() -> None:
    register = make_region()
    with play(register.answer) as service, client_of(service) as client:
        read = fetch_units(
            municipalities=["5006"],
            industries=["38", "47110"],
            keep_sole_proprietors=True,
            client=client,
            window=100,
        )
        assert {one.path for one in service.asked} == {"/underenheter"}
    wanted = {
        unit.number
        for unit in register.units.values()
        if "5006" in (unit.located, unit.municipality)
        and any(code.startswith(("38", "47.110")) for code in unit.codes)
    }
    assert wanted
    assert set(read.units["organisation_number"]) == wanted
    assert service.asked[0].one("naeringskode") == "38,47.110"


def test_what_lacks_of_a_municipality_is_told_with_both_counts() -> None:
    units = [Unit(number_of(order), codes=("47.110",)) for order in range(250)]
    register = PlayedRegister(units, window=100, heeded={"kommunenummer", "naeringskode"})
    with play(register.answer) as service, client_of(service) as client:
        read = fetch_units(
            municipalities=["5001"], client=client, keep_sole_proprietors=True, window=100, page_size=50
        )
    assert read.incomplete == (("5001", 250, 200),)
    finding = read.tell("brreg")[0]
    assert (finding.code, finding.value, finding.values) == (
        "brreg.incomplete",
        "5001",
        {"asked": 250, "found": 200},
    )


def test_an_industry_that_is_no_more_is_told_where_nobody_has_it() -> None:
    old = Unit(number_of(1), codes=("45.200",))  # SN2007, as a register of before has it
    codes = ["45", "45.320", "38", "96.02"]
    with play(PlayedRegister([old]).answer) as service, client_of(service) as client:
        read = fetch_units(
            municipalities=["5001"], industries=codes, client=client, keep_sole_proprietors=True
        )
    assert len(read.units) == 1
    assert read.retired == ("45.320", "96.02")
    told = [finding.value for finding in read.tell("brreg") if finding.code == "brreg.industry_retired"]
    assert told == ["45.320", "96.02"]


def test_an_empty_municipality_is_an_empty_table() -> None:
    with play(PlayedRegister().answer) as service, client_of(service) as client:
        read = fetch_units(municipalities=["5001"], client=client)
        with pytest.raises(ParameterError) as caught:
            fetch_units(municipalities=[], client=client)
    assert read.units.empty
    assert read.incomplete == ()
    assert caught.value.code == "brreg.no_area"


def test_a_number_that_is_none_is_not_asked_for() -> None:
    with play(PlayedRegister().answer) as service, client_of(service) as client:
        said = fetch_unit("123456789", client=client)
    assert (said.fate, service.asked) == ("unknown", [])


def test_updates_renew_add_mark_and_remove() -> None:
    register = make_region()
    with play(register.answer, rate=0.25, seed=8) as service, client_of(service) as client:
        area = {"municipalities": ["5001", "5006"], "client": client}
        before = fetch_units(**area, window=100, page_size=20).units
        numbers = list(before["organisation_number"])
        renewed, shut, out, moved, still = numbers[:5]

        register.units[renewed].name = "NYTT OPPDIKTA NAMN"
        register.units[renewed].employees = 77
        register.gone[shut] = (200, {"organisasjonsnummer": shut, "slettedato": "2026-11-19"})
        register.gone[out] = (410, {"organisasjonsnummer": out})
        register.units[moved].municipality = register.units[moved].located = "0301"
        for number in (shut, out):
            del register.units[number]
        added, person, far = number_of(200), number_of(201), number_of(202)
        register.units[added] = Unit(added, "5006", parent=number_of(9000))
        register.units[person] = Unit(person, "5006", parent=number_of(9001))
        register.units[far] = Unit(far, "0301", parent=number_of(9000))
        told = [(renewed, "Endring"), (shut, "Sletting"), (out, "Fjernet"), (moved, "Endring"), (added, "Ny")]
        told += [(person, "Ny"), (far, "Ny"), (number_of(300), "Sletting"), (still, "Ukjent")]
        for order, (number, kind) in enumerate(told):
            register.tell_change(100 + 3 * order, number, kind)

        updates = fetch_updates(client=client, since=dt.date(2026, 11, 19))
        asked = len(service.asked)
        after = apply_updates(before, updates, **area)
        assert all("300" not in one.path for one in service.asked[asked:])
        again = apply_updates(after.units, updates, **area)
        rest = fetch_updates(client=client, from_id=after.next_id)
    table = after.units.set_index("organisation_number")
    assert list(table.index) == [number for number in numbers if number not in (out, moved)] + [added]
    assert table.loc[renewed, ["name", "employees"]].tolist() == ["NYTT OPPDIKTA NAMN", 77]
    assert table.loc[shut, "deleted_on"] == "2026-11-19"
    assert table["deleted_on"].notna().sum() == 1
    assert after.counts == {"renewed": 2, "added": 1, "deleted": 1, "removed": 1, "left": 1}
    pd.testing.assert_frame_equal(after.units.drop(index=range(4)), again.units.drop(index=range(4)))
    assert list(after.units.columns) == list(BUSINESS_UNIT_COLUMNS)
    assert after.units.dtypes.equals(before.dtypes)
    assert rest.changes == ()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "change", "move", "sell", "delete", "remove", "tell"]),
        st.integers(0, 14),
        st.sampled_from(["5001", "5006", "0301"]),
    ),
    max_size=25,
)


@settings(max_examples=25)
@given(steps=STEPS, cuts=st.integers(0, 25))
def test_updates_lead_to_what_a_new_fetch_gives(steps: list[tuple[str, int, str]], cuts: int) -> None:
    firms = [make_firm(0, "AS"), make_firm(1, "ENK")]
    units = [Unit(number_of(order), ("5001", "5006", "0301")[order % 3]) for order in range(9)]
    for unit in units:
        unit.parent = firms[0].number
    register = PlayedRegister(units, firms)
    area: dict[str, Any] = {"municipalities": ["5001", "5006"], "client": direct(register)}
    table = fetch_units(**area).units
    next_id = None
    removed: set[str] = set()
    for order, (what, which, place) in enumerate(steps):
        if order == cuts:
            updates = fetch_updates(client=direct(register), since=dt.date(2026, 11, 1))
            table, next_id = apply_updates(table, updates, **area).units, updates.next_id
        number = number_of(which)
        unit = register.units.get(number)
        if what in ("delete", "remove") and unit is not None:
            del register.units[number]
            stub = {"organisasjonsnummer": number, "slettedato": "2026-11-20"}
            register.gone[number] = (200, stub) if what == "delete" else (410, stub)
            removed |= {number} if what == "remove" else set()
        elif what == "add" and unit is None:
            register.units[number] = Unit(number, place, parent=firms[0].number)
            register.gone.pop(number, None)
        elif unit is not None:
            unit.name = f"OPPDIKTA {order}" if what == "change" else unit.name
            unit.municipality = place if what == "move" else unit.municipality
            unit.parent = firms[1].number if what == "sell" else unit.parent
        else:
            continue
        kind = {"add": "Ny", "delete": "Sletting", "remove": "Fjernet", "tell": "Ukjent"}.get(what, "Endring")
        register.tell_change(7 * order + 3, number, kind)
    updates = fetch_updates(client=direct(register), since=dt.date(2026, 11, 1), from_id=next_id)
    table = apply_updates(table, updates, **area).units

    assert table["organisation_number"].is_unique
    assert removed - set(register.units) <= set(register.gone) - set(table["organisation_number"])
    standing = table[table["deleted_on"].isna()].sort_values("organisation_number", ignore_index=True)
    fresh = fetch_units(**area).units.sort_values("organisation_number", ignore_index=True)
    pd.testing.assert_frame_equal(standing, fresh)


def test_a_broken_fetch_of_units_and_owners_asks_nothing_twice(tmp_path: Path) -> None:
    register = make_region()
    wanted: dict[str, Any] = {"municipalities": ["5001", "5006"], "window": 100, "page_size": 10}
    with play(register.answer) as service, client_of(service) as client:
        whole = fetch_units(**wanted, client=client)
    clean = len(service.asked)
    for broken_after in (0, clean // 2, clean - 1):
        cache = tmp_path / str(broken_after)
        faults = [None] * broken_after + [status(500)] * 6
        with play(register.answer, faults) as service, client_of(service, cache) as client:
            with pytest.raises(SourceError):
                fetch_units(**wanted, client=client)
            assert len(service.asked) == broken_after + 6
            again = fetch_units(**wanted, client=client)
            assert len(service.asked) == clean + 6
        pd.testing.assert_frame_equal(again.units, whole.units)


# --- answers of the real register -------------------------------------------------------------------------


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="needs the reference folder (SYMBIOSEKART_REFERENCE)")
def test_the_registers_own_answers_are_understood() -> None:
    found, firms, none, deleted = (
        json.loads((EXAMPLES / f"brreg_{name}.copied.json").read_bytes())
        for name in ("underenheter_sok", "enheter_sok", "enheter_ingen_treff", "enhet_slettet")
    )
    answers = {"/underenheter": found, "/enheter": firms, "/enheter/821227062": deleted}
    with play(lambda asked: Reply(200, answers[asked.path])) as service, client_of(service) as client:
        read = fetch_units(municipalities=["1813"], client=client)
        shut = ask_unit("821227062", client=client, kind="enheter")
    assert read.units[["organisation_number", "parent_form", "employees"]].to_numpy().tolist() == [
        ["924203617", "ORGL", 94]
    ]
    assert read.incomplete == (("1813", 3, 1),)  # the example is one of three
    assert (shut.fate, shut.deleted_on) == ("deleted", "2024-11-26")
    assert is_page(none, "enheter")
