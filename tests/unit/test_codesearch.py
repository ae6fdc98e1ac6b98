"""Codes from free text: rules that hold for any wording, and how good it is on labelled texts."""

from __future__ import annotations

import csv
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.codeindex import CodeIndex, build_code_index
from geodata.codesearch import CONFIDENCES, suggest_code_column, suggest_codes, suggest_many
from geodata.codewording import Speller, fold_text, split_lines, split_words, stem_word
from geodata.errors import InvalidTableError
from loaders.codes import read_code_index, read_code_words, read_industry_codes, read_waste_codes

CASES = Path(__file__).parents[1] / "data" / "code_texts.csv"
CODES = read_waste_codes()
INDEX = read_code_index(CODES)


def _first(text: str, **options: str) -> str | None:
    found = suggest_codes(text, index=INDEX, **options)
    return found[0].code if found else None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("blåsesand", "blaasesand"),
        ("lysrør", "lysroer"),
        ("oljeholdig", "oljehaldig"),
        ("forurenset", "forureina"),
        ("paller", "pallar"),
        ("Kjølevæske", "kjølevæsken"),
        ("avfall", "avfal"),
        ("reine", "rent"),
        ("concrete", "konkrete"),
    ],
)
def test_ways_of_writing_one_word_become_one_form(one: str, other: str) -> None:
    assert [stem_word(w) for w in split_words(one)] == [stem_word(w) for w in split_words(other)]


def test_many_texts_are_split_as_each_alone() -> None:
    texts = ["Sagflis  fra\nsag", "", "ØL på boks", "fôr til fisk", "a" * 400]
    assert split_lines(texts) == [split_words(" ".join(text[:300].split())) for text in texts]


def test_compounds_fall_into_known_parts_and_letters_between() -> None:
    speller = Speller(
        ["opdret", "slam", "trevirke", "kap", "avkap", "avfal", "skiferavfal", "arbeid", "kler"]
    )
    assert speller.split_compound("opdretslam") == (stem_word("opdret"), "slam")
    assert speller.split_compound("trevirkeavkap") == (stem_word("trevirke"), "avkap")
    assert speller.split_compound("arbeidskler")[0] == "arbeid"  # the joining s belongs to neither
    assert "skif" in speller.stems  # learnt from skiferavfall
    assert speller.split_compound("slam") == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("impregnert trevirke", "170204"),
        ("impregnerte terrassebord", "170204"),
        ("pressure treated decking", "170204"),
        ("spillolje", "130205"),
        ("asbestholdige plater", "170605"),
        ("17 05 04 rene masser", "170504"),
        ("Andre byggematerialer enn dem nevnt i 17 08 01", "170802"),
    ],
)
def test_common_wordings_find_their_code(text: str, code: str) -> None:
    assert _first(text) == code


def test_hazard_and_cleanness_choose_between_mirror_entries() -> None:
    assert _first("forurenset jord") == "170503"
    assert _first("ren jord") == "170504"
    assert _first("jord, ikke forurenset") == "170504"


def test_the_industry_moves_the_answer() -> None:
    assert _first("kapp av trevirke", industry="16") == "030105"
    assert _first("kapp av trevirke", industry="41") == "170201"
    assert _first("betongrester", industry="23.630") in {"101314", "170101"}
    assert suggest_codes("gips", index=INDEX, industry="xx") == suggest_codes("gips", index=INDEX)


@pytest.mark.parametrize("text", ["", "   ", "asdf qwer", "12345", "???", "xyzzyplugh", "og i på"])
def test_what_is_not_known_gets_no_code(text: str) -> None:
    assert suggest_codes(text, index=INDEX) == ()


def test_a_suggestion_tells_the_texts_own_words_and_mended_ones() -> None:
    first = suggest_codes("Gamle GIBSPLATER", index=INDEX)[0]
    assert first.code == "170802"
    assert any(word.startswith("gibsplater > ") for word in first.words)
    assert first.mirrors == ("170801",)
    plain = suggest_codes("Kappet impregnert trevirke", index=INDEX, limit=2)
    assert {"impregnert", "trevirke"} <= set(plain[0].words)
    assert len(plain) == 2


def test_a_column_keeps_its_rows_and_equals_each_alone() -> None:
    texts = pd.Series(["betong", None, "gips", "betong", "asdf"], index=[5, 6, 9, 2, 3])
    table = suggest_code_column(texts, index=INDEX, limit=2)
    assert set(table["row"]) == {5, 9, 2}
    for label, text in texts.dropna().items():
        alone = [s.code for s in suggest_codes(text, index=INDEX, limit=2)]
        assert table.loc[table["row"] == label, "code"].tolist() == alone
    assert (table["rank"] <= 2).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=400), max_size=6), st.sampled_from([None, "16", "86.1", "99", "nei"]))
def test_any_text_is_answered_in_order_and_alike_each_time(texts: list[str], industry: str | None) -> None:
    industries = [industry] * len(texts)
    found = suggest_many(texts, index=INDEX, industries=industries, limit=4)
    assert len(found) == len(texts)
    assert found == suggest_many(texts, index=INDEX, industries=industries, limit=4)
    for text, suggestions in zip(texts, found, strict=True):
        assert suggestions == suggest_codes(text, index=INDEX, industry=industry, limit=4)
        assert len({s.code for s in suggestions}) == len(suggestions) <= 4
        assert all(0 <= s.score <= 1 and s.confidence in CONFIDENCES for s in suggestions)
        assert all(s.code in CODES.hazard for s in suggestions)


def test_small_words_are_not_lost_in_fold_text() -> None:
    assert fold_text(None) == ""
    assert split_words("PP PE ee-avfall") == ["pp", "pe", "ee", "avfal"]


def test_tables_that_name_what_is_not_there_are_refused() -> None:
    words, industries = read_code_words(), read_industry_codes()
    with pytest.raises(InvalidTableError) as caught:
        build_code_index(CODES, words=words.assign(targets="999999"), industry_codes=industries)
    assert caught.value.code == "codes.target_unknown"
    with pytest.raises(InvalidTableError):
        build_code_index(CODES, words=words.drop(columns="words_nn"), industry_codes=industries)
    with pytest.raises(InvalidTableError):
        build_code_index(CODES, words=words, industry_codes=industries.assign(prefixes="77"))


def test_every_chapter_has_everyday_words_in_three_languages() -> None:
    words = read_code_words()
    texts: dict[str, set[str]] = {}
    for row in words.to_dict("records"):
        chapters = {target[:2] for target in row["targets"].split() if target[0].isdigit()}
        for language in ("nb", "nn", "en"):
            for chapter in chapters:
                found = [text for text in row[f"words_{language}"].split("|") if text]
                texts.setdefault(chapter + language, set()).update(found)
    chapters = sorted({code[:2] for code in CODES.hazard})
    assert all(texts.get(chapter + language) for chapter in chapters for language in ("nb", "nn", "en"))
    assert len(set().union(*texts.values())) >= 600


def test_every_division_has_typical_codes() -> None:
    assert set(INDEX.priors) == {f"{n:02d}" for n in range(1, 100)} - {
        *("04", "34", "40", "44", "48", "54", "57", "67", "76", "83", "89")
    }


# --- how good it is -----------------------------------------------------------------------------------


def _read_cases(split: str) -> list[tuple[str, str | None, set[str]]]:
    with CASES.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == split]
    return [(row["text"], row["industry"] or None, set(row["codes"].split())) for row in rows]


def search_titles(text: str, index: CodeIndex, limit: int) -> list[str]:
    """The baseline: plain TF-IDF of the official-like titles (nb, nn, en), words as they are written."""
    documents = {code: " ".join(CODES.titles[code]).casefold().split() for code in index.code_list}
    known = Counter(word for words in documents.values() for word in set(words))
    query = [word for word in text.casefold().split() if word in known]
    scores = {}
    for code, words in documents.items():
        shared = sum(math.log(len(documents) / known[w]) ** 2 for w in query if w in words)
        length = math.sqrt(sum(math.log(len(documents) / known[w]) ** 2 for w in set(words)))
        if shared:
            scores[code] = shared / length
    return sorted(scores, key=lambda code: (-scores[code], code))[:limit]


def measure_hits(split: str) -> dict[str, np.ndarray]:
    """Whether an acceptable code is among the first 1, 3, 5 for each labelled text: ours, the baseline's."""
    cases = [case for case in _read_cases(split) if case[2]]
    found = suggest_many([c[0] for c in cases], index=INDEX, industries=[c[1] for c in cases], limit=5)
    hits: dict[str, np.ndarray] = {}
    for k in (1, 3, 5):
        ours = [any(s.code in ok for s in got[:k]) for got, (_t, _i, ok) in zip(found, cases, strict=True)]
        plain = [any(code in ok for code in search_titles(text, INDEX, k)) for text, _i, ok in cases]
        hits[f"ours@{k}"], hits[f"titles@{k}"] = np.array(ours), np.array(plain)
    return hits


def test_labelled_texts_are_many_known_and_split() -> None:
    held, tuned = _read_cases("held_out"), _read_cases("tune")
    assert len(held) + len(tuned) >= 300
    assert min(len(held), len(tuned)) >= 120
    assert not {case[0] for case in held} & {case[0] for case in tuned}
    assert all(code in CODES.hazard for case in held + tuned for code in case[2])


def test_held_out_texts_find_their_code_more_often_than_titles_do() -> None:
    hits = measure_hits("held_out")
    assert hits["ours@1"].mean() >= 0.75
    assert hits["ours@3"].mean() >= 0.88
    assert hits["ours@3"].mean() > hits["titles@3"].mean() + 0.3


def test_what_is_said_to_be_sure_is_right_more_often() -> None:
    cases = [case for case in _read_cases("held_out") if case[2]]
    found = suggest_many([c[0] for c in cases], index=INDEX, industries=[c[1] for c in cases], limit=1)
    right: dict[str, list[bool]] = {}
    for got, (_text, _industry, ok) in zip(found, cases, strict=True):
        right.setdefault(got[0].confidence if got else "none", []).append(bool(got) and got[0].code in ok)
    assert np.mean(right["high"]) >= 0.9
    assert np.mean(right["high"]) > np.mean(right.get("low", []) + right.get("none", []) or [0])
