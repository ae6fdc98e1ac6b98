"""Waste codes: read as people write them, related, never guessed; on a table small enough to see."""

from __future__ import annotations

import datetime

import pandas as pd
import pytest

from geodata.errors import InvalidTableError
from geodata.wastecodes import (
    WasteCodes,
    chapter_of,
    format_code,
    is_hazardous,
    material_label,
    material_of,
    materials_of,
    materials_related,
    mirror_of,
    nearest_codes,
    normalise_material,
    normalise_material_column,
    parse_eal,
    parse_eal_column,
    relate,
    relate_codes,
    subchapter_of,
    tabulate_relations,
    title,
)

EAL = [
    ("010305", True, "mirror_hazardous", "", "Annen gruveavgang", "Annan gruveavgang", "Other tailings"),
    ("030104", True, "mirror_hazardous", "030105", "Farlig flis", "Farleg flis", "Hazardous shavings"),
    ("030105", False, "mirror_nonhazardous", "030104", "Sagflis", "Sagflis", "Sawdust"),
    ("170201", False, "mirror_nonhazardous", "170204", "Trevirke", "Trevirke", "Wood"),
    ("170204", True, "mirror_hazardous", "170201", "Impregnert tre", "Impregnert tre", "Treated wood"),
    ("170503", True, "mirror_hazardous", "170504", "Farlig jord", "Farleg jord", "Hazardous soil"),
    ("170504", False, "mirror_nonhazardous", "170503", "Annen jord", "Anna jord", "Other soil"),
    ("200108", False, "absolute_nonhazardous", "", "Matavfall", "Matavfall", "Food waste"),
]
MATERIALS = [
    ("wood", "Trevirke", "Trevirke", "Wood", "wood", "", "treavfall|waste wood"),
    ("clean_wood", "Rent trevirke", "Reint trevirke", "Clean wood", "wood", "wood", "ubehandlet tre"),
    ("treated_wood", "Behandlet trevirke", "Behandla trevirke", "Treated wood", "wood", "wood", ""),
    ("pallets", "Paller", "Pallar", "Pallets", "wood", "clean_wood", ""),
    ("soil", "Jord og stein", "Jord og stein", "Soil and stone", "soil", "", ""),
    ("manure", "Husdyrgjødsel", "Husdyrgjødsel", "Manure", "organic", "", "møkk|gjødsel"),
    ("food_waste", "Matavfall", "Matavfall", "Food waste", "organic", "", "rester"),
    ("weee", "EE-avfall", "EE-avfall", "E-waste", "weee", "", "rest"),
]
CODE_MATERIALS = [
    ("01", "soil"),
    ("03", "wood"),
    ("17", "soil"),
    ("1702", "wood"),
    ("170204", "treated_wood"),
    ("20", "food_waste"),
]


def make_codes(**changes: pd.DataFrame) -> WasteCodes:
    tables = {
        "eal": pd.DataFrame(
            EAL,
            columns=["eal_code", "hazardous", "entry", "mirrors", "title_nb", "title_nn", "title_en"],
        ),
        "chapters": pd.DataFrame(
            [("17", "Bygg", "Bygg", "Construction")],
            columns=["chapter", "title_nb", "title_nn", "title_en"],
        ),
        "subchapters": pd.DataFrame(
            [("1705", "Jord", "Jord", "Soil")],
            columns=["subchapter", "title_nb", "title_nn", "title_en"],
        ),
        "materials": pd.DataFrame(
            MATERIALS,
            columns=["material", "label_nb", "label_nn", "label_en", "group", "parent", "synonyms"],
        ),
        "code_materials": pd.DataFrame(CODE_MATERIALS, columns=["prefix", "material"]),
    }
    return WasteCodes(**(tables | changes))


CODES = make_codes()


@pytest.mark.parametrize(
    "text",
    [
        "17 05 03*",
        "170503*",
        "17.05.03*",
        "17-05-03 *",
        "17/05/03*",
        "*170503",
        "17\u00a005\u00a003*",
        "17\u202f05\u202f03\u2217",
        "\ufeff17 05 03*",
        "17\u201305\u201303*",
        "１７０５０３＊",
        "EAL 17 05 03*",
        "EAL-kode: 170503*",
        "'170503*",
        '="170503*"',
        "17 05 03* Jord og stein, se også 17 05 04",
        "170503* – forurenset",
        "17 05 03 (*)",
    ],
)
def test_notations_of_one_hazardous_code_read_without_repair(text: str) -> None:
    parsed = parse_eal(text, codes=CODES)
    assert (parsed.code, parsed.star, parsed.repaired, parsed.problem) == ("170503", True, False, None)


@pytest.mark.parametrize(
    ("text", "repair"),
    [
        ("30105", "code.lost_zero"),
        (30105, "code.lost_zero"),
        (30105.0, "code.lost_zero"),
        ("30105.0", "code.lost_zero"),
        ("3 01 05", "code.lost_zero"),
        ("3.1.5", "code.lost_zero"),
        ("30 105", "code.lost_zero"),
        ("3.0105E+04", "code.scientific"),
        ("O30105", "code.letter_for_digit"),
        ("03Ol05", "code.letter_for_digit"),
        ("Sagflis (03 01 05)", "code.found_in_text"),
    ],
)
def test_mended_codes_are_told(text: object, repair: str) -> None:
    parsed = parse_eal(text, codes=CODES)
    assert (parsed.code, parsed.repaired, parsed.repair, parsed.problem) == ("030105", True, repair, None)


def test_a_number_of_six_digits_needs_no_repair() -> None:
    assert parse_eal(170504.0, codes=CODES) == parse_eal("170504", codes=CODES)
    assert parse_eal("170504.0", codes=CODES).repair == "code.number_format"


def test_a_code_that_became_a_date_is_mended_only_when_certain() -> None:
    # 17.05.03 typed in a Norwegian spreadsheet is the 17th of May 2003; 051703 is no code.
    parsed = parse_eal(datetime.datetime(2003, 5, 17), codes=CODES)
    assert (parsed.code, parsed.repair, parsed.problem) == ("170503", "code.date", "code.star_missing")
    # 1 March 2005 is 01 03 05 or 03 01 05: both are codes.
    unsure = parse_eal("2005-03-01 00:00:00", codes=CODES)
    assert (unsure.code, unsure.problem) == (None, "code.ambiguous")
    assert set(unsure.suggestions) == {"010305", "030105"}


@pytest.mark.parametrize("text", ["", "  ", None, float("nan"), pd.NA, pd.NaT, "-", "–", "ukjent"])
def test_nothing_written_is_no_problem(text: object) -> None:
    parsed = parse_eal(text, codes=CODES)
    assert (parsed.code, parsed.problem) == (None, None)


@pytest.mark.parametrize(
    ("text", "problem", "suggestions"),
    [
        ("170530", "code.unknown", ("170503",)),  # last two swapped
        ("175003", "code.unknown", ("170503",)),  # middle two swapped
        ("170205", "code.unknown", ("170204", "170201")),  # one digit wrong
        ("17503", "code.unknown", ("170503",)),  # a zero lost inside is not guessed
        ("0170503", "code.malformed", ("170503",)),
        ("200999", "code.unknown", ("200108",)),  # same chapter
        ("999999", "code.unknown", ()),
        ("trevirke", "code.malformed", ()),
        ("trevirke 2023 170201", "code.malformed", ()),
        ("tre 170201 og 170204*", "code.several", ("170201", "170204")),
        ("17 02 01 og 17 05 04", "code.several", ("170201", "170504")),
        ("17 05 03* eller 17 05 04", "code.several", ("170503", "170504")),
        ("170503x", "code.malformed", ()),
        ("17 05 03 04", "code.malformed", ()),
        ("170201, 170204*", "code.several", ("170201", "170204")),
        ("17 05 03* / 17 05 04", "code.several", ("170503", "170504")),
        ("1702", "code.incomplete", ("170201", "170204")),
        ("{{7*7}}", "code.malformed", ()),
    ],
)
def test_what_is_not_a_code_is_refused_with_suggestions(
    text: str, problem: str, suggestions: tuple[str, ...]
) -> None:
    parsed = parse_eal(text, codes=CODES)
    assert (parsed.code, parsed.problem, parsed.suggestions) == (None, problem, suggestions)


def test_the_star_must_agree_with_the_list() -> None:
    missing = parse_eal("170503", codes=CODES)
    assert (missing.code, missing.problem, missing.suggestions) == (
        "170503",
        "code.star_missing",
        ("170504",),
    )
    false = parse_eal("17 05 04*", codes=CODES)
    assert (false.code, false.problem, false.suggestions) == ("170504", "code.star_false", ("170503",))
    assert parse_eal("170503", codes=CODES, star_expected=False).problem is None
    assert parse_eal("170504*", codes=CODES, star_expected=False).problem == "code.star_false"


def test_prefixes_are_taken_only_when_asked_for() -> None:
    assert parse_eal("17 05", codes=CODES, allow_prefix=True).code == "1705"
    assert parse_eal("17", codes=CODES, allow_prefix=True).code == "17"
    assert parse_eal("1799", codes=CODES, allow_prefix=True).problem == "code.unknown"
    assert parse_eal("17", codes=CODES).problem == "code.incomplete"


def test_a_column_is_parsed_as_its_cells() -> None:
    texts = pd.Series(["30105", None, "170503", "tull", "30105", 170504], index=[10, 11, 12, 13, 14, 15])
    table = parse_eal_column(texts, codes=CODES)
    assert list(table.index) == list(texts.index)
    assert table["code"].tolist() == ["030105", pd.NA, "170503", pd.NA, "030105", "170504"]
    assert table["problem"].tolist() == [
        pd.NA,
        pd.NA,
        "code.star_missing",
        "code.malformed",
        pd.NA,
        pd.NA,
    ]
    assert table["repaired"].tolist() == [True, False, False, False, True, False]
    assert table.loc[12, "suggestions"] == "170504"
    assert parse_eal_column(pd.Series([], dtype="string"), codes=CODES).empty


def test_nearest_codes_put_swapped_neighbours_first() -> None:
    # 170504 <-> 170540 swaps neighbours; 170503 is two slips away.
    assert nearest_codes("170540", codes=CODES) == ("170504",)
    assert nearest_codes("170502", codes=CODES, limit=1) == ("170503",)


def test_relate_counts_whole_levels() -> None:
    assert relate("170503", "170503") == 6
    assert relate("170503", "170504") == 4
    assert relate("170503", "170201") == 2
    assert relate("170503", "030105") == 0
    assert relate("170503", "1705") == 4
    assert relate(None, "170503") == 0
    a = pd.Series(["170503", "170503", "170503", "170503", pd.NA, "", "1705"], dtype="string")
    b = pd.Series(["170503", "170504", "170201", "030105", pd.NA, "", "170503"], dtype="string")
    assert relate_codes(a, b).tolist() == [6, 4, 2, 0, 0, 0, 4]


def test_lookups() -> None:
    assert chapter_of("170503") == "17"
    assert subchapter_of("170503") == "1705"
    assert title("170503", codes=CODES) == title("170503", codes=CODES, language="xx") == "Farlig jord"
    assert title("170503", codes=CODES, language="nn") == "Farleg jord"
    assert title("1705", codes=CODES, language="en") == "Soil"
    assert title("999999", codes=CODES) == ""
    assert format_code("170503", codes=CODES) == "17 05 03*"
    assert format_code("030105", codes=CODES) == "03 01 05"
    assert is_hazardous("170503", codes=CODES) is True
    assert is_hazardous("999999", codes=CODES) is None
    assert mirror_of("170201", codes=CODES) == ("170204",)
    assert mirror_of("200108", codes=CODES) == ()


def test_the_longest_prefix_gives_the_material() -> None:
    assert material_of("170204", codes=CODES) == "treated_wood"
    assert material_of("170201", codes=CODES) == "wood"
    assert material_of("170503", codes=CODES) == "soil"
    assert material_of("999999", codes=CODES) is None
    column = materials_of(pd.Series(["170204", pd.NA, "999999"], dtype="string"), codes=CODES)
    assert column.tolist() == ["treated_wood", pd.NA, pd.NA]


def test_materials_relate_through_their_parents() -> None:
    assert materials_related("wood", "wood", codes=CODES) == "same"
    assert materials_related("pallets", "wood", codes=CODES) == "parent"  # grandparent
    assert materials_related("wood", "clean_wood", codes=CODES) == "parent"
    assert materials_related("clean_wood", "treated_wood", codes=CODES) == "sibling"
    assert materials_related("pallets", "treated_wood", codes=CODES) == "none"
    assert materials_related("wood", "soil", codes=CODES) == "none"  # two roots are not siblings
    assert materials_related("unheard_of", "unheard_of", codes=CODES) == "none"
    assert materials_related(None, "wood", codes=CODES) == "none"
    table = tabulate_relations(CODES)
    counts = table["relation"].value_counts().to_dict()
    # 8 keys; clean, treated, pallets under wood and pallets under clean: 4 pairs both ways; one sibling pair.
    assert counts == {"same": 8, "parent": 8, "sibling": 2}


@pytest.mark.parametrize(
    ("text", "material"),
    [
        ("Trevirke", "wood"),
        ("  TREVIRKE ", "wood"),
        ("waste-wood", "wood"),
        ("Trevirke (rent)", "clean_wood"),
        ("trevirke, rent", "clean_wood"),
        ("Husdyrgjødsel", "manure"),
        ("husdyrgjodsel", "manure"),
        ("husdyrgjoedsel", "manure"),
        ("HUSDYR-GJØDSEL", "manure"),
        ("ee avfall", "weee"),
        ("clean_wood", "clean_wood"),
        ("pallene", "pallets"),
        ("stein og jord", "soil"),
        ("rest", "weee"),  # exact spelling wins over another's stem
        ("resten", None),  # stem of both `rest` and `rester`: not guessed
        ("Diverse trevirke, sortert", "wood"),
        ("Matavfall/food waste", "food_waste"),
        ("Matavfall/trevirke", None),
        ("diverse", None),
        ("plutonium", None),
        ("", None),
        (None, None),
        (17, None),
    ],
)
def test_materials_are_known_by_many_names(text: object, material: str | None) -> None:
    assert normalise_material(text, codes=CODES) == material


def test_a_column_of_materials_and_their_labels() -> None:
    found = normalise_material_column(pd.Series(["Jord og stein", pd.NA, "??"], dtype="string"), codes=CODES)
    assert found.tolist() == ["soil", pd.NA, pd.NA]
    assert material_label("clean_wood", codes=CODES, language="nn") == "Reint trevirke"
    assert material_label("clean_wood", codes=CODES, language="xx") == "Rent trevirke"
    assert material_label("none", codes=CODES) == ""


def test_tables_that_do_not_hang_together_are_refused() -> None:
    with pytest.raises(InvalidTableError, match=r"table\.column_missing"):
        make_codes(chapters=pd.DataFrame({"chapter": ["17"]}))
    with pytest.raises(InvalidTableError, match=r"codes\.material_unknown"):
        make_codes(code_materials=pd.DataFrame({"prefix": ["17"], "material": ["gold"]}))
    with pytest.raises(InvalidTableError, match=r"codes\.code_without_material"):
        make_codes(code_materials=pd.DataFrame({"prefix": ["17"], "material": ["soil"]}))
    circle = pd.DataFrame(MATERIALS[:2], columns=[*CODES.materials.columns])
    circle["parent"] = ["clean_wood", "wood"]
    with pytest.raises(InvalidTableError, match=r"codes\.material_parent"):
        make_codes(materials=circle)
