"""Texts, numbers and dates in the reader's language; every text in bokmål and nynorsk, none left over."""

from __future__ import annotations

import ast
import csv
import datetime as dt
import importlib.util
from contextvars import Context
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from dashboard import text
from dashboard.text import THIN_SPACE, format_amount, format_date, format_minutes, format_number, in_language

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tools" / "check_messages.py"
TRANSLATED = ("nb", "nn")


@pytest.fixture(scope="module")
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_messages", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


def test_every_language_has_every_text(check: ModuleType) -> None:
    assert len(check.find_marked_texts()) > 200
    assert len(check.find_sentences()) > 250
    assert tuple(check.list_languages()) == TRANSLATED
    assert {language: check.find_missing(language) for language in TRANSLATED} == {"nb": {}, "nn": {}}


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_left_over(language: str) -> None:
    literals = _all_literals()
    left = {
        f"{path.name}: {msgid}"
        for path, known in _catalogues(language)
        for msgid in known
        if msgid not in literals
    }
    assert sorted(left) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_catalogues_agree_and_keep_every_placeholder(check: ModuleType, language: str) -> None:
    assert list(check.find_lost_placeholders(language)) == []
    seen: dict[str, tuple[str, ...]] = {}
    for path, known in _catalogues(language):
        for msgid, texts in known.items():
            assert seen.setdefault(msgid, texts) == texts, f"{path.name} says otherwise: {msgid}"


def test_the_check_tells_what_is_missing_and_which_placeholder_was_lost(
    check: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    for language, body in {
        "nb": 'msgid "only here {a}"\nmsgstr "berre her {a}"\n',
        "nn": 'msgid "{count} rows"\nmsgstr "{tal} rader"\n\nmsgid "unknown"\nmsgstr ""\n',
    }.items():
        folder = tmp_path / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "part.po").write_text(head + body, encoding="utf-8")
    original = text.read_catalogues
    monkeypatch.setattr(text, "LOCALE_DIR", tmp_path)
    monkeypatch.setattr(text, "read_catalogues", lambda code: original(code, folder=tmp_path))
    missing = check.find_missing("nn")
    assert missing["only here {a}"] == "dashboard/locale/nb"
    assert missing["unknown"].startswith("dashboard/")  # an empty translation is none
    assert missing["The file is empty."] == "dashboard/messages.py"
    assert "{count} rows" not in missing
    assert list(check.find_lost_placeholders("nn")) == [("part.po", "{count} rows", "{tal} rader")]
    assert list(check.find_lost_placeholders("nb")) == []
    assert check.main() == 1
    assert "nn: other placeholders: part.po: '{count} rows' -> '{tal} rader'" in capsys.readouterr().out


@pytest.mark.parametrize("language", TRANSLATED)
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
    def read() -> None:
        text.provide_language(lambda: "en")
        assert text.language() == "en"
        with in_language("nn"):
            assert text.language() == "nn"
        text.provide_language(lambda: "<script>")
        assert text.language() == "nb"

    try:
        Context().run(read)  # whatever an earlier test chose in this thread
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


@pytest.mark.parametrize(
    ("label", "within"),
    [
        ("Minst 30 °C", "minst 30 °C"),
        ("Uten PCB", "uten PCB"),
        ("pH under 4", "pH under 4"),
        ("CO2", "CO2"),
        ("", ""),
    ],
)
def test_a_label_within_a_sentence_keeps_its_abbreviations(label: str, within: str) -> None:
    assert text.lower_first(label) == within
