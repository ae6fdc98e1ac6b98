"""Tell which texts of the code a language lacks, and which translations lost a placeholder.

``make messages`` runs it; it prints one line for each fault and ends with status 1 where there is one::

    python tools/check_messages.py

A text is wanted in every language when it is marked in ``dashboard`` (``_``, ``gettext``, ``N_``,
``ngettext``), when it is a sentence of :mod:`dashboard.messages`, or when any other language has it: so
bokmål and nynorsk are held complete in the same way.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from dashboard import messages, text

ROOT = Path(__file__).resolve().parents[1]
MARKERS = {"_": 1, "gettext": 1, "N_": 1, "ngettext": 2}
"""Function that marks a text -> how many of its first arguments are texts."""

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def find_marked_texts() -> dict[str, str]:
    """Return every text marked in the dashboard's code -> the first ``file:line`` that has it."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "dashboard").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            for argument in node.args[: MARKERS.get(name, 0)]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    found.setdefault(argument.value, f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def find_sentences() -> set[str]:
    """Return the sentences of findings and errors, with the words that are set into them."""
    pairs = (*messages.MESSAGES.values(), messages.INTERNAL, messages.UNKNOWN)
    return {sentence for pair in pairs for sentence in pair} | {
        *messages.ONE.values(),
        *messages.DEFAULT_WORDS.values(),
        messages.DECIMAL,
        messages.SHEET,
        messages.SUGGESTION,
    }


def list_languages() -> list[str]:
    """Return the languages that have catalogues, by their folder names."""
    return sorted(path.name for path in text.LOCALE_DIR.iterdir() if any(path.glob("LC_MESSAGES/*.po")))


def find_missing(language: str) -> dict[str, str]:
    """Return each wanted text that `language` lacks -> where it is used."""
    wanted = dict.fromkeys(sorted(find_sentences()), "dashboard/messages.py") | find_marked_texts()
    for other in list_languages():
        for msgid in text.read_catalogues(other):
            wanted.setdefault(msgid, f"dashboard/locale/{other}")
    known = text.read_catalogues(language)
    return {msgid: place for msgid, place in wanted.items() if msgid not in known}


def find_lost_placeholders(language: str) -> Iterator[tuple[str, str, str]]:
    """Yield (file name, msgid, translation) where the two do not have the same ``{placeholders}``."""
    for path in sorted((text.LOCALE_DIR / language / "LC_MESSAGES").glob("*.po")):
        for msgid, translations in text._read_catalogue(path):
            wanted = set(_PLACEHOLDER.findall(msgid))
            for translation in translations:
                if set(_PLACEHOLDER.findall(translation)) != wanted:
                    yield path.name, msgid, translation


def main() -> int:
    """Print every fault; return 1 where there is one, else 0."""
    faults = 0
    for language in list_languages():
        for msgid, place in find_missing(language).items():
            print(f"{language}: no translation: {place}: {msgid!r}")
            faults += 1
        for name, msgid, translation in find_lost_placeholders(language):
            print(f"{language}: other placeholders: {name}: {msgid!r} -> {translation!r}")
            faults += 1
    print(f"{len(find_marked_texts())} marked texts, {', '.join(list_languages())}: {faults} faults")
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main())
