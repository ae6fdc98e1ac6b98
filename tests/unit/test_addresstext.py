"""Norwegian addresses as people write them, taken apart and made alike."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geodata.addresstext import clean_line, fold_name, normalise_street, read_address

PIECES = (
    "Stor gata gt. gt g. g veien vegen vei veg v. v pl. plassen plass allé alleen St. Dr. Øvre aa å AA a 5 b "
    "7010 C/O c/o postboks 12 H0101 2. etg , ; / \u00a0 \u2009 - ö ä é Å\u030a ﬁ ß İ ŉ"
)
WRITINGS = st.text(max_size=60) | st.lists(st.sampled_from(PIECES.split(" ")), max_size=8).map(" ".join)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Storgata", "Storgaten"),
        ("Storgata", "STORGT."),
        ("Storgata", "Storgt"),
        ("Storgata", "Stor gate"),
        ("Storgata", "Storg."),
        ("Trondheimsveien", "Trondheimsvegen"),
        ("Trondheimsveien", "Trondheimsv."),
        ("Trondheimsveien", "Trondheimsvn."),
        ("Trondheims vei", "TRONDHEIMS\u00a0VEG"),
        ("Rådhusplassen", "Rådhuspl."),
        ("Olav Tryggvasons gate", "Olav Tryggvasons gt."),
        ("Olav Tryggvasons gate", "Olav Tryggvasonsgate"),
        ("St. Olavs gate", "Sankt Olavs gt"),
        ("Dr. Holms vei", "Doktor Holms veg"),
        ("Kirkeveien", "Kirke-veien"),
        ("Aasveien", "Åsvegen"),
        ("Professor Brochs gate", "Prof. Brochs gt."),
        ("Frognerallé", "Frogneralleen"),
    ],
)
def test_writings_of_one_street_are_one(one: str, other: str) -> None:
    assert normalise_street(one) == normalise_street(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Storgata", "Storvegen"),
        ("Nedre Storgate", "Storgata"),
        ("Øvre gate", "Nedre gate"),
        ("Kirkegata", "Kirkeplassen"),
        ("Åsveien", "Asveien"),
        ("Solvang", "Solvegen"),
    ],
)
def test_different_streets_stay_apart(one: str, other: str) -> None:
    assert normalise_street(one) != normalise_street(other)


@pytest.mark.parametrize(
    ("text", "street", "number", "letter", "postcode", "place"),
    [
        ("Storgata 5", "Storgata", 5, "", "", ""),
        ("Storgata 5B", "Storgata", 5, "B", "", ""),
        ("Storgata 5 b", "Storgata", 5, "B", "", ""),
        ("Storgata 5, 7010 TRONDHEIM", "Storgata", 5, "", "7010", "TRONDHEIM"),
        ("Storgata 5 7010 Trondheim", "Storgata", 5, "", "7010", "Trondheim"),
        (
            "Storgata\u00a05\u00a0B,\u00a0NO-7010\u00a0Trondheim, Norge",
            "Storgata",
            5,
            "B",
            "7010",
            "Trondheim",
        ),
        ("Storgata 5-7", "Storgata", 5, "", "", ""),
        ("Storgata 5B-7A", "Storgata", 5, "B", "", ""),
        ("Storgata 5/7", "Storgata", 5, "", "", ""),
        ("Storgata nr. 5", "Storgata", 5, "", "", ""),
        ("Storgata 5 H0201", "Storgata", 5, "", "", ""),
        ("Storgata 5, 2. etg", "Storgata", 5, "", "", ""),
        ("Storgata 5 2. etasje", "Storgata", 5, "", "", ""),
        ("7. juni-plassen 1", "7. juni-plassen", 1, "", "", ""),
        ("c/o Eksempel AS, Storgata 5", "Storgata", 5, "", "", ""),
        ("Storgata 5, v/ Kari", "Storgata", 5, "", "", ""),
        ("Postboks 123 Sentrum, 0101 Oslo", "", None, "", "0101", "Oslo"),
        ("PB 12, 7401 Trondheim", "", None, "", "7401", "Trondheim"),
        ("Storgata 5, Postboks 12, 7010 Trondheim", "Storgata", 5, "", "7010", "Trondheim"),
        ("c/o Eksempel AS/nStorgata 5", "Storgata", 5, "", "", ""),
        ("Storgata 5\n7010 Trondheim", "Storgata", 5, "", "7010", "Trondheim"),
        ("Nordre Berg", "Nordre Berg", None, "", "", ""),
        ("", "", None, "", "", ""),
        (" , ,", "", None, "", "", ""),
        ("7010 Trondheim", "", None, "", "7010", "Trondheim"),
        ("E6 12", "E6", 12, "", "", ""),
        ("Industrivegen 12, Bygg 3", "Industrivegen", 12, "", "", ""),
    ],
)
def test_address_is_taken_apart(
    text: str, street: str, number: int | None, letter: str, postcode: str, place: str
) -> None:
    read = read_address(text)
    assert (read.street, read.number, read.letter, read.postcode, read.place) == (
        street,
        number,
        letter,
        postcode,
        place,
    )


def test_what_is_put_aside_is_told() -> None:
    assert read_address("c/o Eksempel AS, Postboks 1, Storgata 5 H0101, Norge").stripped == (
        "care_of",
        "box",
        "country",
        "unit",
    )


def test_a_street_behind_a_firm_is_offered() -> None:
    read = read_address("c/o Eksempel AS Stor gata 5")
    assert read.number == 5
    assert "Stor gata" in read.others


@given(WRITINGS)
@example("d r")
@example("aaa")
@example("gt gt")
@example("İ")
def test_making_alike_twice_changes_nothing(text: str) -> None:
    key = normalise_street(text)
    assert normalise_street(key) == key
    assert fold_name(fold_name(text)) == fold_name(text)
    assert clean_line(clean_line(text)) == clean_line(text)


@given(WRITINGS)
def test_reading_never_raises_and_is_bounded(text: str) -> None:
    read = read_address(text)
    assert read.number is None or 0 <= read.number <= 99_999
    assert len(read.street) <= 400
    assert read.postcode == "" or (len(read.postcode) == 4 and read.postcode.isdecimal())


ORDINARY = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzæøå 0123456789.-"), max_size=40)


@given(ORDINARY)
def test_case_spaces_and_their_kind_do_not_matter(text: str) -> None:
    key = normalise_street(text)
    assert normalise_street(text.upper()) == key
    assert normalise_street("  " + text.replace(" ", "\u00a0 \u2009") + "\u00a0") == key
    assert normalise_street(unicodedata.normalize("NFD", text)) == key


@given(st.sampled_from(["a", " ", ",", "1", "c/o ", "pb", "5 ", "g.", "-"]), st.integers(1, 100_000))
def test_long_hostile_cells_are_cut(piece: str, times: int) -> None:
    read = read_address(piece * times)
    assert len(read.street) <= 400
