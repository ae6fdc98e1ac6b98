"""Which uses a stream may meet: worked by hand on a small library; faults of a library are told."""

from __future__ import annotations

import dataclasses

import pytest

from geodata.errors import InvalidTableError
from geodata.uses import check_against_codes, find_uses, fit_uses, relate_uses, tabulate_receivers
from loaders.codes import read_waste_codes
from tests.unit.usescenes import frame, make_library, use

CODES = read_waste_codes()


def fits(library, **asked):
    found = find_uses(library, codes=CODES, **{"code": None, **asked})
    return dict(zip(found["use_id"], found["fit"], strict=True))


def test_the_longest_shared_beginning_fits_best():
    library = make_library(
        [use("six", codes="030105"), use("four", codes="0301"), use("two", codes="03"), use("no", codes="17")]
    )
    assert fits(library, code="030105") == {"six": 1.0, "four": 0.8, "two": 0.5}
    assert fits(library, code="030101") == {"four": 0.8, "two": 0.5}
    assert fits(library, code="0301") == {"four": 0.8, "two": 0.5}
    assert fits(library, code=None) == {}


def test_a_material_fits_itself_its_kinds_and_half_its_parent():
    library = make_library([use("wood", materials="wood"), use("dust", materials="sawdust")])
    assert fits(library, material="wood") == {"wood": 1.0, "dust": 0.4}
    assert fits(library, material="sawdust") == {"dust": 1.0, "wood": 0.8}
    assert fits(library, material="whey") == {}
    assert fits(library, material="no such thing") == {}


def test_a_code_stands_for_its_material_but_less_where_the_use_names_other_codes():
    library = make_library([use("any", materials="sawdust"), use("other", codes="1912", materials="sawdust")])
    assert CODES.material_by_code["030105"] == "sawdust"
    assert fits(library, code="030105") == pytest.approx({"any": 1.0, "other": 0.7})


def test_hazardous_codes_need_a_use_that_means_them():
    wood = {"codes": "1702", "materials": "impregnated_wood"}
    library = make_library(
        [use("ordinary", **wood), use("meant", law="hazardous", **wood), use("named", codes="170204")]
    )
    assert CODES.hazard["170204"]
    found = fits(library, code="170204")
    assert found["named"] == 1.0
    assert found["meant"] == pytest.approx(0.8)
    assert found["ordinary"] == pytest.approx(0.8 * 0.4)


def test_the_giver_orders_uses_that_fit_alike():
    library = make_library(
        [use("a", codes="0301", donors="10"), use("b", codes="0301", donors="16"), use("c", codes="0301")]
    )
    found = find_uses(library, codes=CODES, code="030105", industry="16.100")
    assert found["use_id"].tolist() == ["b", "a", "c"]
    assert found["donor_known"].tolist()[:2] == [True, False]
    assert found["donor_known"].isna().tolist() == [False, False, True]


def test_relations_of_all_codes_and_materials_say_what_single_questions_say():
    library = make_library(
        [
            use("six", codes="030105"),
            use("wood", materials="wood"),
            use("two", codes="17", materials="gypsum"),
        ]
    )
    table = relate_uses(library, codes=CODES)
    assert not table.duplicated(["kind", "key", "use_id"]).any()
    ids = library.uses["use_id"].tolist()
    for kind, keys in (("code", CODES.hazard), ("material", CODES.ancestors)):
        part = table[table["kind"] == kind]
        by_key = {
            key: dict(zip(rows["use_id"], rows["fit"], strict=True)) for key, rows in part.groupby("key")
        }
        for key in keys:
            asked = {"code": key, "material": None} if kind == "code" else {"code": None, "material": key}
            single = fit_uses(library, codes=CODES, **asked)
            assert by_key.get(key, {}) == {ids[place]: fit for place, fit in single.items()}


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("step", "wishing", "uses.unknown_key"),
        ("law", "none at all", "uses.unknown_key"),
        ("hierarchy", "best", "uses.unknown_key"),
        ("quality", "clean_sorted shiny", "uses.unknown_key"),
        ("precedent", "q", "uses.unknown_key"),
        ("codes", "0301055", "uses.bad_value"),
        ("donors", "1", "uses.bad_value"),
        ("intermediary", "3800", "uses.bad_value"),
        ("operation", "R14", "uses.bad_value"),
        ("receivers", "16:6", "uses.bad_value"),
        ("receivers", "16:5 16:4", "uses.bad_value"),
        ("receivers", "", "uses.bad_value"),
        ("source", " ", "uses.bad_value"),
        ("product", "", "uses.bad_value"),
        ("yield_best", 1.1, "uses.bad_value"),
        ("yield_low", -0.1, "uses.bad_value"),
    ],
)
def test_a_faulty_row_is_told(column, value, code):
    with pytest.raises(InvalidTableError) as told:
        make_library([use("row", **{"codes": "0301", column: value})])
    assert told.value.code == code
    assert told.value.values["row"] == "row"


def test_a_use_without_code_and_material_and_a_repeated_one_are_told():
    with pytest.raises(InvalidTableError):
        make_library([use("row")])
    with pytest.raises(InvalidTableError) as told:
        make_library([use("row", codes="03"), use("row", codes="04")])
    assert told.value.code == "uses.duplicate"


def test_unknown_codes_and_materials_are_told():
    for column, value in (("codes", "0399"), ("materials", "gold dust"), ("product", "unobtainium")):
        library = make_library([use("row", **{"codes": "0301", column: value})])
        with pytest.raises(InvalidTableError) as told:
            check_against_codes(library, codes=CODES)
        assert told.value.values["column"] == column


def test_the_digest_follows_the_content():
    first, same = (make_library([use("row", codes="03")]) for _ in range(2))
    other = make_library([use("row", codes="04")])
    assert first.digest == same.digest != other.digest
    assert first.uses["hierarchy_rank"].tolist() == [2]


def test_a_missing_column_is_told():
    library = make_library([use("row", codes="03")])
    with pytest.raises(InvalidTableError) as told:
        dataclasses.replace(library, steps=frame("steps").drop(columns="label_nn"))
    assert told.value.values == {"table": "steps", "column": "label_nn"}


def test_receivers_become_rows():
    table = tabulate_receivers(frame("uses", use("row", receivers="23:3 42:1")))
    assert table.to_numpy().tolist() == [["row", "23", 3], ["row", "42", 1]]
