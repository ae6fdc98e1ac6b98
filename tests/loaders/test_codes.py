"""The embedded code lists: whole, in agreement with themselves and with the reference where it is there."""

from __future__ import annotations

import csv
import json
import os
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.industries import division_label, find_successors, normalise_industry_code, section_of
from geodata.schemas import TREATMENTS, UNITS
from geodata.wastecodes import (
    ENTRIES,
    format_code,
    material_of,
    materials_related,
    mirror_of,
    normalise_material,
    parse_eal,
    parse_eal_column,
    tabulate_relations,
    title,
)
from loaders.codes import (
    read_chapters,
    read_code_materials,
    read_eal_codes,
    read_industries,
    read_materials,
    read_ns9431_groups,
    read_subchapters,
    read_treatments,
    read_waste_codes,
)

CODES = read_waste_codes()
EAL = read_eal_codes()
MATERIALS = read_materials()
ALL_CODES = EAL["eal_code"].tolist()
PAYLOAD_FORMS = {"bulk", "bale", "container", "tank", "pallet", ""}


def _reference(name: str) -> Path:
    root = Path(__file__).resolve().parents[2]
    folder = Path(os.environ.get("SYMBIOSEKART_REFERENCE", root.parent / "shared" / "reference"))
    path = folder / "codes" / name
    if not path.is_file():
        pytest.skip(f"the reference file codes/{name} is not on this machine")
    return path


def test_the_list_has_its_known_size() -> None:
    assert len(EAL) == EAL["eal_code"].nunique() == 842
    assert int(EAL["hazardous"].sum()) == 408
    assert len(read_chapters()) == 20
    assert len(read_subchapters()) == 111
    assert EAL["eal_code"].str.fullmatch(r"[0-9]{6}").all()
    assert EAL["eal_code"].is_monotonic_increasing


def test_every_code_stands_in_a_chapter_and_a_subchapter() -> None:
    assert set(EAL["eal_code"].str[:2]) == set(read_chapters()["chapter"])
    assert set(EAL["eal_code"].str[:4]) == set(read_subchapters()["subchapter"])


def test_hazard_flag_and_kind_of_entry_agree() -> None:
    assert set(EAL["entry"]) == set(ENTRIES)
    hazardous_entry = EAL["entry"].isin(["absolute_hazardous", "mirror_hazardous"])
    assert (hazardous_entry == EAL["hazardous"]).all()


def test_mirrors_stand_against_one_another() -> None:
    entry = dict(zip(EAL["eal_code"], EAL["entry"], strict=True))
    alone = set()
    for code in ALL_CODES:
        partners = mirror_of(code, codes=CODES)
        if entry[code].startswith("absolute"):
            assert partners == ()
            continue
        if not partners:
            alone.add(code)
        for partner in partners:
            assert code in mirror_of(partner, codes=CODES)
            assert {entry[code], entry[partner]} == {"mirror_hazardous", "mirror_nonhazardous"}
            assert partner[:2] == code[:2]
    assert alone == {"101401", "140604", "140605", "170605"}
    assert mirror_of("030105", codes=CODES) == ("030104",)
    assert mirror_of("170904", codes=CODES) == ("170901", "170902", "170903")


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_titles_are_short_and_tell_codes_apart(language: str) -> None:
    for table, key in ((EAL, "eal_code"), (read_subchapters(), "subchapter"), (read_chapters(), "chapter")):
        for code in table[key]:
            text = title(code, codes=CODES, language=language)
            assert text == text.strip()
            assert 1 <= len(text.split()) <= 11, (code, text)
            assert len(text) <= 72, (code, text)
    within = EAL.assign(subchapter=EAL["eal_code"].str[:4])
    assert not within.duplicated(["subchapter", f"title_{language}"]).any()


def test_every_nynorsk_title_is_nynorsk() -> None:
    # Words and endings that bokmål has and nynorsk has not, as far as these lists use them.
    bokmaal = re.compile(
        r"\b(fra|ikke|annen|annet|uten|også|vann|farlige?|metaller|hører)\b|holdige?\b|stoffer\b|rensing|løsning|"
        r"kjemikalier|midler\b|forurenset|tjære|kobber|støping|beholder|skjær|kjøretøy|flyveaske|maling\b",
        re.IGNORECASE,
    )
    for table in (EAL, read_subchapters(), read_chapters()):
        assert not [text for text in table["title_nn"] if bokmaal.search(text)]
    same = (EAL["title_nn"] == EAL["title_nb"]).sum()
    assert 0 < same < len(EAL) / 4  # some titles are alike in both, most are not


def test_every_code_reaches_a_material_and_every_rule_is_used() -> None:
    known = set(MATERIALS["material"])
    rules = read_code_materials()
    assert rules["prefix"].is_unique
    used = set()
    prefixes = set(rules["prefix"])
    for code in ALL_CODES:
        assert material_of(code, codes=CODES) in known
        used.add(next(code[:n] for n in (6, 4, 2) if code[:n] in prefixes))
    assert used == prefixes


@pytest.mark.parametrize(
    ("code", "material"),
    [
        ("170101", "concrete"),
        ("170204", "impregnated_wood"),
        ("170201", "wood"),
        ("200108", "food_waste"),
        ("200201", "garden_waste"),
        ("190805", "sewage_sludge"),
        ("160103", "tyres"),
        ("160601", "lead_batteries"),
        ("170411", "copper_cable"),
        ("020106", "manure"),
        ("030310", "fibre_sludge"),
        ("170802", "gypsum"),
        ("190606", "digestate"),
        ("200301", "residual_waste"),
    ],
)
def test_codes_reach_the_material_a_person_expects(code: str, material: str) -> None:
    assert material_of(code, codes=CODES) == material


def test_hazardous_codes_never_reach_a_clean_material() -> None:
    clean = {"clean_wood", "sawdust", "bark", "clean_soil", "soil_stone", "food_waste", "garden_waste"}
    clean |= {"compost", "digestate", "paper_cardboard", "glass", "plastic", "concrete", "sand"}
    hazardous = EAL.loc[EAL["hazardous"], "eal_code"]
    assert [code for code in hazardous if material_of(code, codes=CODES) in clean] == []


def test_the_vocabulary_is_whole() -> None:
    assert MATERIALS["material"].is_unique
    assert MATERIALS["material"].str.fullmatch(r"[a-z][a-z0-9_]*").all()
    for column in ("label_nb", "label_nn", "label_en", "group", "unit"):
        assert (MATERIALS[column].str.strip() != "").all()
    for column in ("label_nb", "label_en"):
        assert MATERIALS[column].is_unique
    assert set(MATERIALS["unit"]) <= set(UNITS)
    assert set(MATERIALS["payload_form"]) <= PAYLOAD_FORMS
    parents = set(MATERIALS["parent"]) - {""}
    assert parents <= set(MATERIALS["material"])


def test_figures_have_a_range_and_a_source() -> None:
    low, best, high = (
        MATERIALS[name] for name in ("density_low_t_per_m3", "density_t_per_m3", "density_high_t_per_m3")
    )
    known = best.notna()
    assert (low.notna() == known).all()
    assert (high.notna() == known).all()
    assert ((low <= best) & (best <= high))[known].all()
    assert (low[known] > 0).all()
    assert (MATERIALS.loc[known, "density_source"] != "").all()
    dry = MATERIALS["dry_matter_share"]
    assert dry[dry.notna()].between(0, 1).all()
    assert (MATERIALS.loc[dry.notna(), "dry_matter_source"] != "").all()


def test_every_name_leads_back_to_its_material() -> None:
    for row in MATERIALS.itertuples():
        names = [row.material, row.label_nb, row.label_nn, row.label_en, *str(row.synonyms).split("|")]
        for name in filter(None, names):
            for written in (name, name.upper(), f"  {name} ", name.replace("ø", "oe").replace("å", "aa")):
                assert normalise_material(written, codes=CODES) == row.material, written


def test_related_materials_are_a_symmetric_table() -> None:
    table = tabulate_relations(CODES)
    pairs = {(a, b): relation for a, b, relation in table.itertuples(index=False)}
    assert all(pairs[b, a] == relation for (a, b), relation in pairs.items())
    assert pairs["aluminium", "metal"] == "parent"
    assert pairs["fish_sludge", "sewage_sludge"] == "sibling"
    assert ("gypsum", "asphalt") not in pairs
    assert materials_related("wood", "wood_chips", codes=CODES) == "parent"


def test_treatments_are_those_of_the_schema() -> None:
    table = read_treatments()
    assert tuple(table["treatment"]) == TREATMENTS
    assert set(table["hierarchy"]) == {"recycling", "other_recovery", "interim", "disposal"}
    disposal = table["treatment"].str.startswith("D")
    assert (table.loc[disposal, "hierarchy_rank"] == 5).all()
    assert table.set_index("treatment").loc["R1", "hierarchy_rank"] == 4
    assert table.loc[table["hierarchy"] == "interim", "hierarchy_rank"].isna().all()


def test_standard_groups_are_single_facts_with_a_source() -> None:
    table = read_ns9431_groups()
    assert (table["source"] != "").all()
    assert not table["source"].str.contains("general knowledge").any()
    assert set(table["material"]) - {""} <= set(MATERIALS["material"])


def test_industries_are_the_divisions() -> None:
    table = read_industries()
    assert len(table) == table["division"].nunique() == 88
    assert table.loc[table["section_sn2025"] == "", "division"].tolist() == ["45"]
    assert normalise_industry_code("3811", divisions=table) == ("38.11", None)
    assert normalise_industry_code("1.11", divisions=table) == ("01.11", None)
    assert normalise_industry_code("1610", divisions=table) == (None, "industry.ambiguous")


_SEPARATORS = st.sampled_from(["", " ", ".", "-", "/", "\u00a0", "\u202f", "\u2013"])


@given(st.sampled_from(ALL_CODES), _SEPARATORS, st.sampled_from(["", " "]))
def test_any_notation_of_any_code_comes_back(code: str, separator: str, space: str) -> None:
    star = "*" if CODES.hazard[code] else ""
    text = separator.join((code[:2], code[2:4], code[4:])) + space + star
    parsed = parse_eal(text, codes=CODES)
    assert (parsed.code, parsed.problem, parsed.repaired) == (code, None, False)


def test_every_code_comes_back_from_its_own_notation() -> None:
    written = pd.Series([format_code(code, codes=CODES) for code in ALL_CODES])
    table = parse_eal_column(written, codes=CODES)
    assert table["code"].tolist() == ALL_CODES
    assert table["problem"].isna().all()
    assert not table["repaired"].any()


def test_every_lost_zero_is_found_again_and_told() -> None:
    early = [code for code in ALL_CODES if code.startswith("0")]
    numbers = pd.Series([int(code) for code in early])
    table = parse_eal_column(numbers, codes=CODES, star_expected=False)
    assert table["code"].tolist() == early
    assert (table["repair"] == "code.lost_zero").all()


@given(st.text(max_size=40))
def test_any_text_gets_an_answer_and_only_known_codes(text: str) -> None:
    parsed = parse_eal(text, codes=CODES)
    assert parsed.code is None or parsed.code in CODES.hazard
    assert set(parsed.suggestions) <= set(ALL_CODES)
    if parsed.problem in {"code.unknown", "code.malformed", "code.several", "code.incomplete"}:
        assert parsed.code is None
    found = normalise_material(text, codes=CODES)
    assert found is None or found in CODES.ancestors


def test_the_list_agrees_with_the_reference() -> None:
    reference = json.loads(_reference("low_842_defra.json").read_text(encoding="utf-8"))
    entries = {row["code"]: row["entryTypeDesc"].lower().replace("non-h", "nonh") for row in reference}
    assert {code: entry.replace(" ", "_") for code, entry in entries.items()} == dict(
        zip(EAL["eal_code"], EAL["entry"], strict=True)
    )
    assert {row["code"]: row["isHazardous"] for row in reference} == dict(CODES.hazard)
    with _reference("eal_full_en.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["eal"]: row["farlig"] == "1" for row in rows} == dict(CODES.hazard)
    for row in rows:  # the reference's own notation is read without a complaint
        assert parse_eal(row["eal_vist"], codes=CODES).problem is None


def test_named_mirror_entries_of_the_reference_are_ours() -> None:
    reference = json.loads(_reference("low_842_defra.json").read_text(encoding="utf-8"))
    entry = {row["code"]: row["entryTypeDesc"] for row in reference}
    for row in reference:
        if row["entryTypeDesc"] == "Mirror non-hazardous":
            named = {hit.replace(" ", "") for hit in re.findall(r"\d\d \d\d \d\d", row["description"])}
            hazardous = {code for code in named if entry.get(code) == "Mirror hazardous"}
            assert hazardous <= set(mirror_of(row["code"], codes=CODES)), row["code"]


def test_the_titles_are_our_own_wording() -> None:
    reference = json.loads(_reference("low_842_defra.json").read_text(encoding="utf-8"))
    copied = [
        row["code"]
        for row in reference
        if len(row["description"].split()) > 5
        and title(row["code"], codes=CODES, language="en").casefold() == row["description"].casefold()
    ]
    assert copied == []


def test_industries_and_operations_have_titles_in_three_languages() -> None:
    for table in (read_industries(), read_treatments()):
        for language in ("nb", "nn", "en"):
            assert (table[f"title_{language}"].str.len() > 1).all()
    divisions = read_industries()
    assert division_label("08.110", divisions=divisions, language="nn") == "Steinbrot og mineralutvinning"
    assert division_label("08.110", divisions=divisions) == "Steinbrudd og mineralutvinning"


def test_both_revisions_of_the_industry_codes_are_accepted_and_told_apart() -> None:
    divisions = read_industries()
    gone = divisions.loc[divisions["section_sn2025"] == "", "division"].tolist()
    assert gone == ["45"]
    assert find_successors("45.200", divisions=divisions) == ("46", "47", "95")
    assert find_successors("46", divisions=divisions) == ()
    assert section_of("62", divisions=divisions, revision="sn2007") == "J"
    assert section_of("62", divisions=divisions) == "K"
    known = set(divisions["division"])
    assert all(set(became.split()) <= known for became in divisions["became"])
