"""Every code that the source raises or tells has a sentence, and every sentence its bokmål."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from dashboard.messages import (
    DECIMAL,
    DEFAULT_WORDS,
    INTERNAL,
    INTERNAL_CODES,
    MESSAGES,
    ONE,
    SHEET,
    SUGGESTION,
    UNKNOWN,
    describe_error,
    describe_finding,
)
from dashboard.text import gettext, in_language, read_catalogues
from geodata.errors import RefusedFileError
from geodata.findings import Finding, Severity
from geodata.snapping import REASONS

ROOT = Path(__file__).parents[2]
KINDS = (
    "file",
    "row",
    "column",
    "header",
    "sheet",
    "geometry",
    "table",
    "orgnr",
    "industry",
    "industrywaste",
    "members",
    "crs",
    "place",
    "distances",
    "cluster",
    "allocation",
    "source",
    "fill",
    "brreg",
    "geonorge",
    "jsonstat",
    "ssb",
    "klass",
    "wastereport",
    "mdir",
    "eea",
)
CODE = re.compile(
    rf"(?:{'|'.join(KINDS)}|municipality|parameter|county|network|household|codes|dataset|osm|nvdb|vehicle)\.[a-z_]+"
)
PASSED_ON = {"file.tsv", "osm.gz", "osm.bz2", "network.npz"}  # look like codes and are none


def codes_in_source() -> set[str]:
    found: set[str] = set()
    for folder in ("geodata", "loaders"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if (
                    isinstance(node, ast.Constant)
                    and isinstance(node.value, str)
                    and CODE.fullmatch(node.value)
                ):
                    found.add(node.value)
    return found - PASSED_ON


def test_each_code_has_a_sentence() -> None:
    known = set(MESSAGES) | set(INTERNAL_CODES)
    missing = {code for code in codes_in_source() if code not in known}
    assert missing == set()
    assert len(codes_in_source()) > 100  # the walk does find them


def test_each_sentence_has_its_bokmaal_with_the_same_placeholders() -> None:
    catalogue = read_catalogues("nb")
    texts = {text for pair in (*MESSAGES.values(), INTERNAL, UNKNOWN) for text in pair} | {
        *ONE.values(),
        DECIMAL,
    }
    for text in texts | {SHEET, SUGGESTION, *DEFAULT_WORDS.values()}:
        translation = catalogue.get(text, ("",))[0]
        assert translation, text
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", translation)), text


def test_hostile_values_stand_in_the_sentence_as_they_are() -> None:
    value = "{file.__class__} {{7*7}} %s {0}"
    finding = Finding(
        Severity.ERROR, "row.material_unknown", "a.csv", 3, "Materiale", value, {"suggestion": "{x}"}
    )
    what, advice = describe_finding(finding, lambda text: text)
    assert what == f"The material {value} is not known, and there is no waste code to tell."
    assert advice.endswith("Suggestion: {x}.")


def test_missing_values_and_unknown_codes_give_a_plain_sentence() -> None:
    what, _ = describe_error(RefusedFileError("file.too_large"), lambda text: text)
    assert what == "The file is larger than – MB."
    finding = Finding(Severity.ERROR, "row.never_heard_of", "a.csv", values={"sheet": "Ark1"})
    assert (
        describe_finding(finding, lambda text: text)[0]
        == "Something is wrong (row.never_heard_of). Sheet Ark1."
    )


def test_every_reason_for_a_place_without_distances_has_a_sentence() -> None:
    assert {f"place.{reason}" for reason in REASONS if reason} <= set(MESSAGES)


def test_one_is_said_as_one_and_numbers_have_the_readers_decimal_mark() -> None:
    with in_language("nb"):
        finding = Finding(
            Severity.INFO, "column.amount_converted", "a.csv", 2, "Vekt (kg)", "106 750,0",
            {"count": 1, "read_as": "106.75 t"},
        )  # fmt: skip
        assert (
            describe_finding(finding, gettext)[0] == "Én mengde ble regnet om: 106 750,0 til 106,75 t i året."
        )
        sea = Finding(Severity.WARNING, "row.point_at_sea", "a.csv", 2, "lat", "62.9, 5.0", {"km": 61.7})
        assert "62.9, 5.0" in describe_finding(sea, gettext)[0]  # as in the file
        assert "61,7 km" in describe_finding(sea, gettext)[0]
