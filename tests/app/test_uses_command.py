"""``symbiosekart uses``: ranked receivers with reasons; hostile input told in a sentence."""

from __future__ import annotations

import json

import pytest

from dashboard.commands.uses import FAULTS, UNUSABLE
from dashboard.text import in_language
from dashboard.usewording import HIERARCHY_LABELS, UNCERTAIN, gather_words, tell_use
from geodata.uses import HIERARCHIES
from loaders.codes import read_waste_codes
from loaders.uses import read_use_library

ANSWER_KEYS = {"query", "problems", "uncertain", "why_uncertain", "receivers"}
RECEIVER_KEYS = {"rank", "division", "title", "score", "basis", "uses", "reasons"}
USE_KEYS = {"use_id", "stream", "step", "product", "hierarchy", "quality", "law", "precedent", "source"}


def test_json_has_the_promised_keys(call):
    code, out, _err = call("uses", "03 01 05", "--industry", "16.100", "--json")
    assert code == 0
    answer = json.loads(out)
    assert set(answer) == ANSWER_KEYS
    assert answer["query"] == {"code": "030105", "material": "", "text": "", "industry": "16.100"}
    assert [row["rank"] for row in answer["receivers"]] == list(range(1, 11))
    scores = [row["score"] for row in answer["receivers"]]
    assert scores == sorted(scores, reverse=True)
    for row in answer["receivers"]:
        assert set(row) == RECEIVER_KEYS
        assert row["title"]
        assert row["reasons"]
        assert all(set(use) >= USE_KEYS for use in row["uses"])
    precedents = [use["precedent"] for row in answer["receivers"] for use in row["uses"] if use["precedent"]]
    assert precedents
    assert all(found["text"] and found["reference"] for found in precedents)


def test_titles_and_reasons_follow_the_language(call):
    told = {}
    for language in ("nb", "nn", "en"):
        _code, told[language], _err = call("--lang", language, "uses", "whey", "--limit", "1")
    assert "Jordbruk" in told["nb"]
    assert "Farming" in told["en"]
    assert len(set(told.values())) == 3


@pytest.mark.parametrize("asked", ["spillvarme", "surplus heat", "kjølevatn", "CO2"])
def test_a_material_may_stand_where_a_code_does(call, asked):
    code, out, _err = call("uses", asked, "--json", "--limit", "3")
    assert code == 0
    answer = json.loads(out)
    assert answer["query"]["material"]
    assert not answer["uncertain"]


def test_a_text_alone_is_answered_and_nonsense_is_uncertain(call):
    _code, out, _err = call("uses", "--text", "mask frå bryggeri", "--json", "--limit", "2")
    assert json.loads(out)["receivers"][0]["division"] == "01"
    _code, out, _err = call("uses", "--text", "xqzzt", "--json")
    answer = json.loads(out)
    assert answer["uncertain"]
    assert answer["why_uncertain"]
    assert len(answer["receivers"]) == 10


@pytest.mark.parametrize(
    "asked",
    [
        ("999999",),
        ("1701019",),
        ("\x1b[31mrød",),
        ("170101", "--industry", "tull"),
        ("--industry", "00.000"),
        ("A" * 5000,),
    ],
)
def test_bad_codes_and_industries_are_told(call, asked):
    code, out, err = call("uses", *asked)
    assert code == UNUSABLE
    assert out == ""
    assert len(err.strip()) > 20
    assert "Traceback" not in err
    assert "\x1b" not in err


def test_nothing_asked_and_both_asked_are_told(call, tmp_path):
    code, _out, err = call("uses")
    assert code == UNUSABLE
    assert err
    code, _out, err = call("uses", "170101", "--file", str(tmp_path / "none.csv"))
    assert code == UNUSABLE
    assert err


def test_a_file_is_answered_row_by_row(call, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "id;kode;tekst;næring\na;170101;;41\nb;999999;betong;\nc;;;\nd;170101;;41\n", encoding="utf-8"
    )
    code, out, _err = call("uses", "--file", str(path), "--json", "--limit", "2")
    assert code == FAULTS
    answers = json.loads(out)
    assert [answer["row"] for answer in answers] == [2, 3, 4, 5]
    assert [answer["query"]["id"] for answer in answers] == ["a", "b", "c", "d"]
    assert [len(answer["receivers"]) for answer in answers] == [2, 2, 2, 2]
    assert [bool(answer["problems"]) for answer in answers] == [False, True, False, False]
    assert answers[0]["receivers"] == answers[3]["receivers"]
    assert answers[1]["problems"][0]["code"] == "row.code_unknown"
    assert answers[2]["uncertain"]
    code, out, _err = call("uses", "--file", str(path), "--limit", "1")
    assert code == FAULTS
    assert "170101" in out


def test_files_that_cannot_be_used_are_told(call, tmp_path):
    for name, content in (
        ("a.csv", b"lat,lon\n1,2\n"),
        ("b.csv", b""),
        ("c.xlsx", b"MZ\x90\x00"),
        ("d.jsonl", b"\x00\x01"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        code, out, err = call("uses", "--file", str(path))
        assert code == UNUSABLE, name
        assert out == ""
        assert "Traceback" not in err
        assert err.strip()


def test_every_use_can_be_told_in_every_language():
    words = gather_words(read_use_library(), read_waste_codes())
    for language in ("nb", "nn", "en"):
        with in_language(language):
            for use_id in words.uses:
                told = tell_use(use_id, words)
                for key in (
                    "stream",
                    "step_label",
                    "product_label",
                    "hierarchy_label",
                    "law_label",
                    "law_reference",
                ):
                    assert told[key], (use_id, language, key)


def test_every_place_in_the_hierarchy_and_every_doubt_has_words():
    assert tuple(HIERARCHY_LABELS) == HIERARCHIES
    assert set(UNCERTAIN) == {"uses.nothing_asked", "uses.none_fits", "uses.none_stands_out"}
