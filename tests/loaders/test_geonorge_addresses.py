"""Kartverket's address search: every address once through faults and the window, and the ladder on line."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from dashboard.cli import build_app
from dashboard.text import in_language
from geodata.errors import ParameterError, RefusedFileError, SourceError
from geodata.geocoding import geocode_table
from loaders import geonorge
from loaders.geonorge import ADDRESSES, AddressService, fetch_addresses, read_addresses
from loaders.official.addressrows import ADDRESS_COLUMNS, list_address_rows
from loaders.official.addressservice import list_spellings
from loaders.official.webclient import WebClient
from loaders.placenames import read_gazetteer
from tests.loaders.played import Asked, Reply, cut, html, play, status

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("SYMBIOSEKART_REFERENCE", ROOT.parent / "shared" / "reference"))
EXAMPLES = REFERENCE / "api-examples"
needs_reference = pytest.mark.skipif(
    not EXAMPLES.is_dir(),
    reason="the reference folder is not here (SYMBIOSEKART_REFERENCE or ../shared/reference)",
)


def house(street: str = "Prøvevegen", number: int | None = 1, **more: Any) -> dict[str, Any]:
    """Return an address as the service tells it; street and house are invented."""
    address: dict[str, Any] = {
        "adressekode": 10010,
        "adressenavn": street,
        "adressetekst": f"{street} {number}{more.get('bokstav', '')}",
        "adressetekstutenadressetilleggsnavn": f"{street} {number}",
        "adressetilleggsnavn": None,
        "bokstav": "",
        "bruksenhetsnummer": [],
        "bruksnummer": 7,
        "festenummer": 0,
        "gardsnummer": 41,
        "kommunenavn": "TRONDHEIM",
        "kommunenummer": "5001",
        "nummer": number,
        "objtype": "Vegadresse",
        "oppdateringsdato": "2025-02-03T00:00:00",
        "postnummer": "7011",
        "poststed": "TRONDHEIM",
        "representasjonspunkt": {"epsg": "EPSG:4258", "lat": 63.43, "lon": 10.395 + (number or 0) / 1e5},
        "stedfestingverifisert": True,
        "undernummer": None,
    }
    return address | more


class Search:
    """Plays the address search over a list of addresses, its window and its refusals included."""

    def __init__(self, addresses: Sequence[Mapping[str, Any]]) -> None:
        self.addresses = addresses

    def __call__(self, asked: Asked) -> Reply:
        assert asked.path == "/sok"
        size, page = int(asked.one("treffPerSide", "10")), int(asked.one("side", "0"))
        if size > 1000 or (page + 1) * size > 10_000:
            return Reply(
                400, {"message": {"side": ["Api-et returner ikke mer enn de første 10 000 treffene."]}}
            )
        code = asked.one("postnummer")
        near = [one for one in self.addresses if one["postnummer"] == code] if code else self.addresses
        found = [one for one in near if self._fits(one, asked)]
        metadata = {"side": page, "totaltAntallTreff": len(found), "treffPerSide": size}
        shown = found[page * size : (page + 1) * size]
        return Reply(200, {"adresser": shown, "metadata": metadata})

    def _fits(self, one: Mapping[str, Any], asked: Asked) -> bool:
        for name in ("kommunenummer", "nummer", "bokstav", "objtype"):
            if name in asked.params and str(one[name] or "") != asked.one(name):
                return False
        wanted, has = asked.one("adressenavn").casefold(), str(one["adressenavn"]).casefold()
        if asked.one("fuzzy") == "true":
            return wanted[:5] == has[:5]
        return not wanted or wanted == has


def client(address: str, cache: Path | None = None) -> WebClient:
    service = replace(ADDRESSES, pause_s=0.0)
    return WebClient(service, address=address, cache=cache, wait=lambda _s: None)


def test_every_address_comes_once_through_a_failing_service() -> None:
    houses = [house(number=n) for n in range(1, 2501)]
    bad = [status(429, retry_after="0"), cut(), html(), None, status(500), cut(0.0)]
    with play(Search(houses), bad, rate=0.4, seed=11) as service, client(service.address) as web:
        told: list[tuple[str, int, int | None]] = []
        found = fetch_addresses(
            web,
            street="Prøvevegen",
            municipality="5001",
            progress=lambda step, done, total: told.append((step, done, total)),
        )
        assert service.faults_made >= 5
    assert sorted(found["number"]) == list(range(1, 2501))
    assert told[-1] == ("addresses", 2500, 2500)
    assert {name: str(kind) for name, kind in found.dtypes.items()} == ADDRESS_COLUMNS
    assert {one.headers["User-Agent"].partition("/")[0] for one in service.asked} == {"Symbiosekart"}


def test_more_than_the_window_is_asked_for_by_postcode() -> None:
    codes = ("7010", "7011", "7012", "7013", "7014", "7015")
    houses = [house(number=n, postnummer=codes[n % 6]) for n in range(1, 10_501)]
    with play(Search(houses)) as service, client(service.address) as web:
        found = fetch_addresses(web, municipality="5001")
        assert all((int(a.one("side")) + 1) * int(a.one("treffPerSide")) <= 10_000 for a in service.asked)
    assert sorted(found["number"]) == list(range(1, 10_501))


def test_what_the_parts_do_not_find_is_told_and_never_lost() -> None:
    houses = [house(number=n, postnummer=None) for n in range(1, 10_501)]
    with (
        play(Search(houses)) as service,
        client(service.address) as web,
        pytest.raises(SourceError) as caught,
    ):
        fetch_addresses(web, municipality="5001")
    assert caught.value.code == "geonorge.window"
    assert caught.value.values["total"] == 10_500


def test_pages_that_do_not_add_up_are_asked_for_again(tmp_path: Path) -> None:
    before = [house(number=n) for n in range(1, 1501)]
    search = Search(before)
    with play(search) as service, client(service.address, tmp_path) as web:
        fetch_addresses(web, street="Prøvevegen")
        for kept in tmp_path.rglob("*.answer"):
            if b'"side": 1' in kept.read_bytes():
                kept.unlink()  # the second page is of another day than the first
        search.addresses = [house(number=n) for n in range(1, 1511)]
        assert len(fetch_addresses(web, street="Prøvevegen")) == 1510


def test_a_service_that_gives_the_same_twice_is_told() -> None:
    houses = [house(number=1)] * 3
    with (
        play(Search(houses)) as service,
        client(service.address) as web,
        pytest.raises(SourceError) as caught,
    ):
        fetch_addresses(web, street="Prøvevegen")
    assert caught.value.code == "geonorge.changing"


def test_an_empty_letter_asks_for_houses_without_one() -> None:
    houses = [house(number=5), house(number=5, bokstav="B"), house(number=6)]
    with play(Search(houses)) as service, client(service.address) as web:
        assert len(fetch_addresses(web, street="Prøvevegen", number=5)) == 2
        bare = fetch_addresses(web, street="Prøvevegen", number=5, letter="")
        assert fetch_addresses(web, street="Prøvevegen", letter="b")["letter"].tolist() == ["B"]
        assert service.asked[1].params["bokstav"] == [""]
    assert bare["letter"].isna().tolist() == [True]


def test_words_are_asked_for_with_all_of_them() -> None:
    with play(Search([])) as service, client(service.address) as web:
        assert fetch_addresses(web, text="prøvevegen 5 trondheim").empty
        fetch_addresses(web, text="prøvevegen 5", fuzzy=True, any_word=True)
        assert service.asked[0].one("sokemodus") == "AND"
        assert (service.asked[1].one("sokemodus"), service.asked[1].one("fuzzy")) == ("OR", "true")
        with pytest.raises(ParameterError):
            fetch_addresses(web, text="  ")


# --- reading --------------------------------------------------------------------------------------


@needs_reference
def test_the_examples_are_read() -> None:
    found = read_addresses(EXAMPLES / "geonorge_adresser_sok.copied.json")
    row = found.iloc[0]
    assert (row["street"], row["number"], row["letter"]) == ("Myrvollveien", 5, "C")
    assert (row["municipality_number"], row["postcode"], row["property"]) == ("3207", "1415", "243/898")
    assert (row["lat"], row["lon"]) == pytest.approx((59.78502, 10.79929), abs=1e-4)
    assert read_addresses(EXAMPLES / "geonorge_adresser_ingen_treff.constructed.json").empty


def test_former_numbers_become_todays_and_are_kept() -> None:
    row = read_addresses([house(kommunenummer="1601")]).iloc[0]
    assert (row["municipality_number"], row["municipality_given"]) == ("5001", "1601")


def test_points_in_metres_are_read_and_points_abroad_are_none() -> None:
    metres = {"epsg": "EPSG:25833", "øst": 270000.25, "nord": 7041000.5}
    nowhere = {"epsg": "EPSG:4258", "lat": 0.0, "lon": 0.0}
    table = read_addresses([house(representasjonspunkt=metres), house(representasjonspunkt=nowhere)])
    assert table["lat"][0] == pytest.approx(63.4, abs=0.1)
    assert table["lat"].isna().tolist() == [False, True]
    assert len(list_address_rows(table)) == 1


def test_farms_have_a_name_and_no_number() -> None:
    farm = house(None, None, adressenavn="", objtype="Matrikkeladresse", adressetilleggsnavn="Prøvegard")
    table = read_addresses({"adresser": [farm | {"undernummer": 2}]})
    assert table["number"].isna().all()
    assert table["property"].tolist() == ["41/7/0/2"]
    assert [row.written for row in list_address_rows(table)] == ["Prøvegard, 7011 Trondheim"]


@pytest.mark.parametrize("content", ["[1, 2]", '{"adresser": 1}', '"x"', "<html></html>", '{"adresser": [{'])
def test_other_files_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "svar.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RefusedFileError):
        read_addresses(path)


JUNK = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.just("\u00a0Vei\u00a0")
)
VALUES = st.recursive(
    JUNK, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner)
)


@settings(max_examples=60)
@given(st.data())
def test_any_answer_of_that_shape_is_read(data: st.DataObject) -> None:
    addresses = []
    for _ in range(data.draw(st.integers(0, 3))):
        address = house()
        for key in data.draw(st.sets(st.sampled_from(sorted(address)))):
            if data.draw(st.booleans()):
                address.pop(key)
            else:
                address[key] = data.draw(VALUES)
        addresses.append(address)
    table = read_addresses({"adresser": addresses, "metadata": {}})
    assert len(table) == len(addresses)
    assert {name: str(kind) for name, kind in table.dtypes.items()} == ADDRESS_COLUMNS
    assert (table["lon"].isna() == table["lat"].isna()).all()
    assert table["municipality_number"].dropna().str.fullmatch(r"\d{4}").all()
    assert not table["street"].dropna().str.contains("\u00a0").any()
    list_address_rows(table)


# --- the ladder on line ---------------------------------------------------------------------------

TOWN = [
    house("Prøvegata", 1),
    house("Prøvegata", 3),
    house("Prøvegata", 3, bokstav="B"),
    house("Per Prøves vei", 12, kommunenummer="3105", postnummer="1712", poststed="GRÅLUM"),
]


def climb(service: AddressService, *rows: dict[str, str]) -> pd.DataFrame:
    return geocode_table(pd.DataFrame(list(rows)), gazetteer=read_gazetteer(), addresses=service)


def test_the_ladder_climbs_on_line_and_each_street_is_asked_for_once(tmp_path: Path) -> None:
    rows = (
        {"address": "Prøvegt. 3 B", "postcode": "7011"},
        {"address": "Prøvegaten 1", "postcode": "7011"},
        {"address": "Prøvegata 4", "postcode": "7011"},
        {"address": "Per Prøves veg 12"},
        {"address": "Prøvegåta 1", "postcode": "7011"},
    )
    with play(Search(TOWN)) as played:
        with client(played.address, tmp_path) as web:
            found = climb(AddressService(web), *rows)
        questions = [tuple(sorted((k, *v) for k, v in one.params.items())) for one in played.asked]
        assert len(questions) == len(set(questions))
        before = len(questions)
        with client(played.address, tmp_path) as web:
            again = climb(AddressService(web), *rows)
        assert len(played.asked) == before  # all of it was kept
    assert found["grade"].tolist() == ["address", "address", "street", "address", "postcode"]
    assert found["matched"][0] == "Prøvegata 3B, 7011 Trondheim"
    assert found["problem"].tolist()[2] == "number_unknown"
    assert found["problem"].tolist()[4] == "street_unknown"
    assert found["municipality_number"][3] == "3105"
    pd.testing.assert_frame_equal(found, again)


def test_a_service_out_of_reach_leaves_the_ladder_to_the_embedded_data() -> None:
    with play(Search(TOWN)) as played:
        address = played.address
    with client(address) as web:
        service = AddressService(web)
        found = climb(
            service,
            {"address": "Prøvegata 1", "postcode": "7011", "place": "Trondheim"},
            {"address": "Prøvegata 3", "postcode": "7011"},
            {"postcode": "1713"},
        )
    assert found["grade"].isin(["place", "postcode"]).all()
    assert found["problem"].tolist()[:2] == ["register_silent", "register_silent"]
    assert pd.isna(found["problem"].iloc[2])
    assert service.asked == 1  # and not again for every row
    assert service.failure is not None
    assert service.failure.code == "source.unreachable"


def test_a_street_that_is_in_several_towns_is_not_chosen_among_them() -> None:
    houses = [house("Prøvegata", 1), house("Prøvegata", 1, kommunenummer="0301", postnummer="0150")]
    with play(Search(houses)) as played, client(played.address) as web:
        found = climb(AddressService(web), {"address": "Prøvegata 1"})
    assert pd.isna(found["grade"].iloc[0])


@pytest.mark.parametrize(
    ("written", "spelt"),
    [
        ("Prøvev.", ("Prøvevegen", "Prøveveien", "Prøveveg", "Prøvevei")),
        ("Per Prøves veg", ("Per Prøves veg", "Per Prøves vegen", "Per Prøves veien", "Per Prøves vei")),
        ("Prøvegt", ("Prøvegata", "Prøvegaten", "Prøvegate")),
        ("Gamle Hov", ("Gamle Hov",)),
        ("*", ()),
        ("Prøve*gata", ("Prøve gata", "Prøve gaten", "Prøve gate")),
    ],
)
def test_usual_spellings_are_asked_for(written: str, spelt: tuple[str, ...]) -> None:
    assert list_spellings(written) == spelt


# --- the command ----------------------------------------------------------------------------------


def run(*arguments: object) -> Result:
    with in_language("en"):
        return CliRunner().invoke(build_app(), ["--lang", "en", "geocode", *(str(one) for one in arguments)])


def test_the_command_asks_on_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "liste.csv"
    source.write_text("Adresse;Postnr\nPrøvegata 3;7011\n", encoding="utf-8")
    with play(Search(TOWN)) as played:
        monkeypatch.setattr(geonorge, "open_address_service", lambda: AddressService(client(played.address)))
        result = run(source, "--online", "--out", tmp_path / "ut.csv")
        assert result.exit_code == 0, result.output
        assert "Asked Kartverket (adresser): 1 questions" in result.output
        answer = json.loads(run(source, "--online", "--json").output)
    assert answer["grades"] == {"address": 1}
    assert (answer["register"]["kind"], answer["register"]["failure"]) == ("online", None)
    silent = run(source, "--online", "--out", tmp_path / "ut.csv")  # the service is gone now
    assert silent.exit_code == 0, silent.output
    assert "could not be reached" in silent.output
    assert "the register of addresses did not answer: 1" in silent.output


def test_only_one_register_is_chosen(tmp_path: Path) -> None:
    source = tmp_path / "liste.csv"
    source.write_text("Postnr\n7011\n", encoding="utf-8")
    assert run(source, "--json", "--online", "--no-register").exit_code == 2
