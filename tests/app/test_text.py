"""Texts, numbers and dates in the reader's language; every text has its bokmål, none is left over."""

from __future__ import annotations

import ast
import csv
import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from dashboard import text
from dashboard.text import THIN_SPACE, format_amount, format_date, format_minutes, format_number, in_language

ROOT = Path(__file__).resolve().parents[2]
MARKERS = {"_": 1, "gettext": 1, "N_": 1, "ngettext": 2}


def _calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name in MARKERS:
                yield name, node


def _marked_texts() -> set[str]:
    found = set()
    for path in sorted((ROOT / "dashboard").rglob("*.py")):
        for name, call in _calls(path):
            texts = [a.value for a in call.args[: MARKERS[name]] if isinstance(a, ast.Constant)]
            found |= {value for value in texts if isinstance(value, str)}
    return found


def _all_literals() -> set[str]:
    found = set()
    for part in ("dashboard", "loaders", "geodata"):
        for path in (ROOT / part).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    with (ROOT / "loaders" / "data" / "sources.csv").open(encoding="utf-8", newline="") as file:
        found |= {value for row in csv.DictReader(file) for value in row.values()}
    return found


def _catalogues(language: str) -> list[tuple[Path, dict[str, tuple[str, ...]]]]:
    folder = text.LOCALE_DIR / language / "LC_MESSAGES"
    return [(path, dict(text._read_catalogue(path))) for path in sorted(folder.glob("*.po"))]


def test_every_text_has_a_bokmaal_translation() -> None:
    texts = _marked_texts()
    assert len(texts) > 200
    assert sorted(texts - set(text.read_catalogues("nb"))) == []


def test_no_bokmaal_translation_is_left_over() -> None:
    literals = _all_literals()
    left = {
        f"{path.name}: {msgid}"
        for path, known in _catalogues("nb")
        for msgid in known
        if msgid not in literals
    }
    assert sorted(left) == []


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_catalogues_agree_and_keep_every_placeholder(language: str) -> None:
    seen: dict[str, tuple[str, ...]] = {}
    for path, known in _catalogues(language):
        for msgid, texts in known.items():
            assert seen.setdefault(msgid, texts) == texts, f"{path.name} says otherwise: {msgid}"
            wanted = set(re.findall(r"\{[a-z_]+\}", msgid))
            for translated in texts:
                assert set(re.findall(r"\{[a-z_]+\}", translated)) == wanted, f"{path.name}: {msgid}"


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_no_translation_is_fuzzy(language: str) -> None:
    for path in (text.LOCALE_DIR / language / "LC_MESSAGES").glob("*.po"):
        with path.open("rb") as file:
            assert [message.id for message in read_po(file) if message.fuzzy and message.id] == [], path.name


def test_languages_and_their_fallbacks() -> None:
    with in_language("nb"):
        assert text.gettext("unknown") == "ukjent"
    with in_language("en"):
        assert text.gettext("unknown") == "unknown"
    with in_language("sv"):
        assert text.language() == "nb"


def test_nynorsk_falls_back_on_bokmaal_and_then_on_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    for language, body in {
        "nb": 'msgid "a"\nmsgstr "a-nb"\n\nmsgid "b"\nmsgstr "b-nb"\n',
        "nn": 'msgid "a"\nmsgstr "a-nn"\n\n#, fuzzy\nmsgid "b"\nmsgstr "unsure"\n',
    }.items():
        folder = tmp_path / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "part.po").write_text(head + body, encoding="utf-8")
    assert text.read_catalogues("nn", folder=tmp_path) == {"a": ("a-nn",)}
    monkeypatch.setattr(text, "LOCALE_DIR", tmp_path)
    original = text.read_catalogues
    monkeypatch.setattr(text, "read_catalogues", lambda code: original(code, folder=tmp_path))
    text._texts.cache_clear()
    try:
        with in_language("nn"):
            assert [text.gettext(key) for key in "abc"] == ["a-nn", "b-nb", "c"]
    finally:
        text._texts.cache_clear()


def test_a_session_says_who_reads_where_the_thread_has_not() -> None:
    try:
        text.provide_language(lambda: "en")
        assert text.language() == "en"
        with in_language("nn"):
            assert text.language() == "nn"
        text.provide_language(lambda: "<script>")
        assert text.language() == "nb"
    finally:
        text.provide_language(None)


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (1234567.84, 1, "1 234 567,8"),
        (0, 0, "0"),
        (999.5, 0, "1 000"),
        (12.0, 2, "12"),
        (-0.04, 1, "0"),
        (-1234.5, 1, "−1 234,5"),
        (float("nan"), 0, "ukjent"),
        (None, 0, "ukjent"),
        (pd.NA, 0, "ukjent"),
    ],
)
def test_numbers_in_norwegian(value: object, decimals: int, expected: str) -> None:
    with in_language("nb"):
        assert format_number(value, decimals=decimals).replace(THIN_SPACE, " ") == expected


def test_numbers_in_english_and_with_a_unit() -> None:
    with in_language("en"):
        assert format_number(12345.6, decimals=1, unit="t") == f"12,345.6{THIN_SPACE}t"


@given(st.integers(-(10**12), 10**12))
def test_a_whole_number_reads_back(number: int) -> None:
    with in_language("nb"):
        assert int(format_number(number).replace(THIN_SPACE, "").replace("−", "-")) == number


def test_amounts_show_their_range_and_never_turn_unknown_into_zero() -> None:
    def shown(low: object, best: object, high: object) -> str:
        return format_amount(low, best, high, unit="t").replace(THIN_SPACE, " ")

    with in_language("nb"):
        assert shown(100, 120, 150) == "120 (100–150) t"
        assert shown(pd.NA, 120, pd.NA) == "120 t"
        assert shown(120, 120, 120) == "120 t"
        assert shown(100, pd.NA, 150) == "100–150 t"
        assert shown(100, None, None) == "≥100 t"
        assert shown(None, None, 150) == "≤150 t"
        assert shown(None, pd.NA, float("nan")) == "ukjent"


def test_minutes_and_dates() -> None:
    with in_language("nb"):
        assert format_minutes(85) == "1 t 25 min"
        assert format_minutes(59.6) == "1 t 0 min"
        assert format_minutes(7) == "7 min"
        assert format_minutes(None) == "ukjent"
        assert format_date("2020-05-20") == "20. mai 2020"
        assert format_date("2020-05") == "mai 2020"
        assert format_date("2020") == "2020"
        assert format_date(dt.date(2026, 11, 22)) == "22. november 2026"
        assert format_date(None) == "ukjent"
    with in_language("en"):
        assert format_date("2020-05-20") == "20 May 2020"
