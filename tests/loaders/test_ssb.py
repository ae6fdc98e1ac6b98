"""Statistics Norway: questions worded, split and put together; a bad day loses and doubles nothing."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.cli import main
from geodata.errors import ParameterError, RefusedFileError, SourceError
from loaders.official.jsonstat import read_cube, read_jsonstat, tabulate_cube
from loaders.official.pxweb import (
    Assembly,
    Chosen,
    choose_codes,
    count_cells,
    needs_body,
    read_description,
    read_query,
    split_codes,
    split_question,
    word_older_body,
    word_question,
)
from loaders.official.shelf import FOLDER_SETTING, list_fetched
from loaders.official.wasteaccounts import read_tonnes_factor
from loaders.official.webclient import WebClient
from loaders.ssb import (
    SSB,
    fetch_household_waste,
    fetch_table,
    fetch_waste_accounts,
    find_household_waste_table,
    find_tables,
    read_table,
    read_waste_accounts,
)
from tests.loaders.played import ALL_FAULTS, Played, cut, html, play, status
from tests.loaders.playedpxweb import PlayedTable, StatisticsBank, make_waste_tables
from tests.loaders.test_jsonstat import EXAMPLES, needs_examples


def make_table(municipalities: int = 5, years: int = 4, *, number: str = "01234") -> PlayedTable:
    return PlayedTable(
        number,
        "Husholdningsavfall (tonn), etter region, materiale, statistikkvariabel og år",
        {
            "Region": [f"{5001 + at}" for at in range(municipalities)],
            "Materialtype": ["01", "02", "03"],
            "ContentsCode": ["Mengde"],
            "Tid": [str(2020 + at) for at in range(years)],
        },
        {"Region": "region", "Materialtype": "materiale", "ContentsCode": "statistikkvariabel", "Tid": "år"},
        {"ContentsCode": {"Mengde": "Mengde (tonn)"}},
        eliminable=("Region",),
    )


def make_client(service: Played, *, cache: Path | None = None) -> WebClient:
    return WebClient(SSB, address=service.address, cache=cache, wait=lambda seconds: None)


def list_expected(table: PlayedTable) -> pd.DataFrame:
    return read_jsonstat(table.describe()).frame


def test_a_table_is_fetched_whole_in_one_question() -> None:
    table = make_table()
    with play(StatisticsBank(table).answer) as service, make_client(service) as client:
        fetched = fetch_table(1234, client=client)
        assert [asked.method for asked in service.asked] == ["GET", "GET"]
    pd.testing.assert_frame_equal(fetched.frame, list_expected(table))
    assert fetched.units == {"Mengde": "tonn"}
    assert (fetched.table_id, fetched.licence, len(fetched.fetched_on)) == ("01234", "CC BY 4.0", 10)


@pytest.mark.parametrize("api", ["v2", "v0"])
@pytest.mark.parametrize(
    "refusal", [(403, {"title": "Too many cells selected"}), (400, {"error": "too many"}), (403, "")]
)
def test_parts_make_the_whole_whatever_the_service_takes_at_once(
    api: str, refusal: tuple[int, object]
) -> None:
    table = make_table(200, 12)
    bank = StatisticsBank(table, most_cells=2_500)
    bank.too_large = refusal
    faults = [None, html(), None, None, cut(), None, status(429, retry_after="0")]
    told: list[tuple[str, int, int | None]] = []
    with play(bank.answer, faults, rate=0.3, seed=5) as service, make_client(service) as client:
        fetched = fetch_table(
            "01234",
            client=client,
            api="v2" if api == "v2" else "v0",
            progress=lambda *step: told.append(step),
        )
        assert service.faults_made > 2
    pd.testing.assert_frame_equal(fetched.frame, list_expected(table))
    assert told[-1] == ("cells", 200 * 3 * 12, 200 * 3 * 12)


@pytest.mark.parametrize("seed", range(4))
def test_bad_days_lose_and_double_nothing(seed: int) -> None:
    table = make_table(40, 6)
    faults = [*ALL_FAULTS[:3], None]
    with (
        play(StatisticsBank(table).answer, faults, rate=0.5, seed=seed) as service,
        make_client(service) as client,
    ):
        fetched = fetch_table("01234", client=client)
    pd.testing.assert_frame_equal(fetched.frame, list_expected(table))


def test_only_what_is_asked_for_comes() -> None:
    table = make_table()
    chosen = {"region": ["5002", "5004"], "Tid": "top(2)", "Materialtype": ["01"]}
    with play(StatisticsBank(table).answer) as service, make_client(service) as client:
        newer = fetch_table("01234", client=client, selection=chosen)
        older = fetch_table("01234", client=client, selection=chosen, api="v0")
    frame = newer.frame
    assert frame[["Region", "Tid"]].to_numpy().tolist() == [
        ["5002", "2022"],
        ["5002", "2023"],
        ["5004", "2022"],
        ["5004", "2023"],
    ]
    expected = list_expected(table).merge(frame[["Region", "Tid", "Materialtype"]])
    pd.testing.assert_frame_equal(frame, expected)
    pd.testing.assert_frame_equal(older.frame, expected)


def test_a_dimension_that_is_left_out_is_summed_by_the_service() -> None:
    with play(StatisticsBank(make_table()).answer) as service, make_client(service) as client:
        frame = fetch_table("01234", client=client, selection={"Region": []}).frame
        assert "Region" not in frame
        assert len(frame) == 12
        with pytest.raises(ParameterError) as caught:
            fetch_table("01234", client=client, selection={"Tid": []})
    assert caught.value.code == "ssb.must_choose"


def test_a_long_question_goes_in_the_body() -> None:
    table = make_table(600)
    regions = table.dimensions["Region"][:-1]
    with play(StatisticsBank(table).answer) as service, make_client(service) as client:
        fetched = fetch_table("01234", client=client, selection={"Region": regions})
        assert [asked.method for asked in service.asked] == ["GET", "POST"]
    assert fetched.frame["Region"].drop_duplicates().tolist() == regions


def test_the_older_version_answers_where_the_newer_does_not() -> None:
    table = make_table()
    bank = StatisticsBank(table, newer=False)
    with play(bank.answer) as service, make_client(service) as client:
        fetched = fetch_table("01234", client=client)
        assert client.notices == ["ssb.older_api"]
    pd.testing.assert_frame_equal(fetched.frame, list_expected(table))
    failing = [status(503)] * 6
    with play(StatisticsBank(table).answer, failing) as service, make_client(service) as client:
        assert len(fetch_table("01234", client=client).frame) == len(fetched.frame)


def test_a_service_that_stays_away_is_told_of_and_nothing_is_kept(tmp_path: Path) -> None:
    table = make_table()
    with (
        play(StatisticsBank(table).answer, [status(500)] * 12) as service,
        make_client(service, cache=tmp_path) as client,
    ):
        with pytest.raises(SourceError) as caught:
            fetch_table("01234", client=client)
        assert caught.value.code == "source.failing"
        assert not list(tmp_path.rglob("*.answer"))
        first = fetch_table("01234", client=client)
        asked = len(service.asked)
        again = fetch_table("01234", client=client)
        assert len(service.asked) == asked  # out of the kept answers
    pd.testing.assert_frame_equal(first.frame, again.frame)


@pytest.mark.parametrize(
    ("table_id", "selection", "code"),
    [
        ("99999", {}, "ssb.unknown_table"),
        ("../../etc", {}, "ssb.unknown_table"),
        ("01234", {"Sted": "*"}, "ssb.unknown_variable"),
        ("01234", {"Region": ["0301"]}, "ssb.unknown_code"),
        ("01234", {"Tid": "range(2022)"}, "ssb.unknown_code"),
    ],
)
def test_a_wrong_question_is_told_of_before_it_is_asked(
    table_id: str, selection: dict[str, list[str] | str], code: str
) -> None:
    with play(StatisticsBank(make_table()).answer) as service, make_client(service) as client:
        with pytest.raises(ParameterError) as caught:
            fetch_table(table_id, client=client, selection=selection)
        assert not [asked for asked in service.asked if asked.path.endswith("/data")]
    assert caught.value.code == code


def test_a_new_year_since_the_table_was_described_does_no_harm(tmp_path: Path) -> None:
    table, later = make_table(), make_table(years=5)
    bank = StatisticsBank(table)
    with play(bank.answer) as service, make_client(service, cache=tmp_path) as client:
        fetch_table("01234", client=client, selection={"Region": ["5001"]})
        bank.tables["01234"] = later
        frame = fetch_table("01234", client=client).frame
    assert set(frame["Tid"]) == {"2020", "2021", "2022", "2023"}
    whole = list_expected(later)
    expected = whole[whole["Tid"] != "2024"].reset_index(drop=True)
    pd.testing.assert_frame_equal(frame, expected)


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("*", ["2019", "2020", "2021", "2022", "2023"]),
        ("top(2)", ["2022", "2023"]),
        ("TOP(2,1)", ["2021", "2022"]),
        ("bottom(1)", ["2019"]),
        ("from(2022)", ["2022", "2023"]),
        ("to(2020)", ["2019", "2020"]),
        ("range(2020, 2022)", ["2020", "2021", "2022"]),
        ("202?", ["2020", "2021", "2022", "2023"]),
        (["2023", "2019", "2023"], ["2023", "2019"]),
    ],
)
@pytest.mark.parametrize("newest_first", [False, True])
def test_words_for_codes(written: str | list[str], codes: list[str], newest_first: bool) -> None:
    table = make_table()
    table.dimensions["Tid"] = [str(year) for year in range(2019, 2024)]
    if newest_first and written not in ("*", "202?", ["2023", "2019", "2023"]) and "top" in str(written):
        table.dimensions["Tid"].reverse()
    description = read_description(table.describe(with_values=False))
    assert sorted(choose_codes({"Tid": written}, description=description)["Tid"]) == sorted(codes)


OLDER_QUERY: dict[str, Any] = {
    "query": [
        {"code": "Region", "selection": {"filter": "vs:Kommune", "values": ["5001", "5003"]}},
        {"code": "Materialtype", "selection": {"filter": "all", "values": ["*"]}},
        {"code": "ContentsCode", "selection": {"filter": "item", "values": ["Mengde"]}},
        {"code": "Tid", "selection": {"filter": "top", "values": ["2"]}},
    ],
    "response": {"format": "json-stat2"},
}
NEWER_QUERY: dict[str, Any] = {
    "selection": [
        {"variableCode": "Region", "valueCodes": ["5001", "5003"]},
        {"variableCode": "Tid", "valueCodes": ["top(2)"], "codelist": None},
    ]
}


@pytest.mark.parametrize("query", [OLDER_QUERY, NEWER_QUERY])
def test_a_saved_question_can_be_asked(query: dict[str, Any]) -> None:
    with play(StatisticsBank(make_table()).answer) as service, make_client(service) as client:
        frame = fetch_table("01234", client=client, selection=read_query(query)).frame
    assert set(frame["Region"]) == {"5001", "5003"}
    assert set(frame["Tid"]) == {"2022", "2023"}
    assert len(frame) == 2 * 3 * 2


GROUPED: dict[str, Any] = {"code": "Region", "selection": {"filter": "agg:KommSummer", "values": ["K-5001"]}}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "ssb.not_a_query"),
        ({"query": [3]}, "ssb.not_a_query"),
        ({"selection": [{"variableCode": "Tid"}]}, "ssb.not_a_query"),
        ({"query": [GROUPED]}, "ssb.grouping"),
        ({"selection": [{"variableCode": "R", "codelist": "agg_Komm", "valueCodes": ["*"]}]}, "ssb.grouping"),
    ],
)
def test_what_cannot_be_asked_is_told(query: dict[str, Any], code: str) -> None:
    with pytest.raises(ParameterError) as caught:
        read_query(query)
    assert caught.value.code == code


@needs_examples
def test_the_saved_question_of_the_examples_is_what_would_be_asked() -> None:
    query = json.loads((EXAMPLES / "ssb_v0_query.constructed.json").read_text(encoding="utf-8"))
    answer = json.loads((EXAMPLES / "ssb_09654_jsonstat2.copied_values.json").read_text(encoding="utf-8"))
    description = read_description(answer)
    body = word_older_body(choose_codes(read_query(query), description=description), description=description)
    assert body["response"] == query["response"]
    assert [entry["code"] for entry in body["query"]] == ["PetroleumProd", "ContentsCode", "Tid"]
    assert body["query"][:2] == query["query"][:2]
    assert len(body["query"][2]["selection"]["values"]) == 12
    assert body["query"][2]["selection"]["values"][-1] == "2025M07"


def test_commas_within_a_span_part_nothing() -> None:
    assert split_codes("range(2019,2023), top(2,1),2015 ,, 20*") == [
        "range(2019,2023)",
        "top(2,1)",
        "2015",
        "20*",
    ]


@settings(max_examples=60)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    most=st.integers(1, 300),
)
def test_parts_are_small_enough_and_together_the_whole(sizes: list[int], most: int) -> None:
    chosen: Chosen = {f"d{at}": tuple(map(str, range(size))) for at, size in enumerate(sizes)}
    parts = list(split_question(chosen, most_cells=most))
    assert sum(map(count_cells, parts)) == count_cells(chosen) == math.prod(sizes)
    assert all(count_cells(part) <= most for part in parts)
    corners = {tuple((name, codes) for name, codes in part.items()) for part in parts}
    assert len(corners) == len(parts)


@settings(max_examples=50)
@given(
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 6), st.integers(1, 5)),
    most=st.integers(1, 60),
    shuffle=st.randoms(use_true_random=False),
)
def test_answers_in_any_order_make_the_same_whole(
    sizes: tuple[int, int, int], most: int, shuffle: random.Random
) -> None:
    table = make_table(sizes[0], sizes[1])
    table.dimensions["Materialtype"] = [f"m{at}" for at in range(sizes[2])]
    description = read_description(table.describe(with_values=False))
    chosen = choose_codes({}, description=description)
    parts = list(split_question(chosen, most_cells=most))
    shuffle.shuffle(parts)
    whole = Assembly(chosen, description=description)
    for part in parts:
        answer = table.describe({name: list(codes) for name, codes in part.items()})
        assert whole.fits(answer, part)
        whole.add(read_cube(answer), part)
    pd.testing.assert_frame_equal(tabulate_cube(whole.finish()).frame, list_expected(table))
    if len(parts) > 1:
        lacking = Assembly(chosen, description=description)
        lacking.add(read_cube(answer), parts[-1])
        with pytest.raises(RefusedFileError) as caught:
            lacking.finish()
        assert caught.value.code == "ssb.cells_lacking"
        lacking.add(read_cube(answer), parts[-1])
        with pytest.raises(RefusedFileError):
            lacking.finish()


def test_no_more_is_asked_in_a_minute_than_the_service_takes() -> None:
    waits: list[float] = []
    bank = StatisticsBank(make_table(40))
    with (
        play(bank.answer) as service,
        WebClient(SSB, address=service.address, wait=waits.append) as client,
    ):
        for region in bank.tables["01234"].dimensions["Region"][:18]:
            fetch_table("01234", client=client, selection={"Region": [region]})
        assert len(service.asked) == 36
    assert SSB.per_minute == 30
    assert (
        sum(seconds > 30 for seconds in waits) == 36 - 30
    )  # nothing slept: each wait is to the minute's end


def test_a_refusal_that_is_not_about_size_ends(tmp_path: Path) -> None:
    bank = StatisticsBank(make_table(200, 12), most_cells=20)
    with play(bank.answer) as service, make_client(service) as client, pytest.raises(SourceError) as caught:
        fetch_table("01234", client=client, api="v0")
    assert caught.value.code == "source.refused"
    assert len(service.asked) < 12


def test_codes_with_commas_go_in_the_body() -> None:
    table = make_table()
    description = read_description(table.describe(with_values=False))
    chosen: Chosen = {"Region": ("5001",)}
    assert not needs_body(word_question(chosen, description=description), chosen)
    assert needs_body([], {"Region": ("a,b",)})


def test_tables_are_found_over_all_pages() -> None:
    tables = [make_table(number=f"1000{at}") for at in range(5)]
    with play(StatisticsBank(*tables).answer, rate=0.3, seed=3) as service, make_client(service) as client:
        found = find_tables("husholdningsavfall", client=client)
        nothing = find_tables("kakemiks", client=client)
    assert found["table_id"].tolist() == ["10000", "10001", "10002", "10003", "10004"]
    assert found["variables"][0] == "region|materiale|statistikkvariabel|år"
    assert nothing.empty
    assert list(nothing.columns) == list(found.columns)


def test_the_table_of_household_waste_is_chosen_by_what_it_holds() -> None:
    national = make_table(1, number="10001")
    del national.dimensions["Region"], national.names["Region"]
    counties = make_table(15, number="10002")
    money = make_table(357, number="10003")
    money.unit, money.labels = "kr", {}
    money.title = "Gebyr for husholdningsavfall, etter region og materiale"
    old = make_table(357, number="10004")
    old.last_period = "2015"
    good = make_table(357, number="10005")
    bank = StatisticsBank(national, counties, money, old, good)
    with play(bank.answer) as service, make_client(service) as client:
        choice = find_household_waste_table(client)
        del bank.tables["10004"], bank.tables["10005"]
        with pytest.raises(ParameterError) as caught:
            find_household_waste_table(client)
    assert choice.table_id == "10005"
    assert choice.reasons == (
        "region:Region",
        "municipalities:357",
        "material:Materialtype",
        "unit:tonn",
        "last_period:2024",
    )
    lacks = dict(zip(choice.considered["table_id"], choice.considered["lacks"], strict=True))
    assert lacks == {"10002": "municipalities", "10003": "unit", "10004": "", "10005": ""}
    assert caught.value.code == "ssb.no_such_table"


def test_household_waste_has_municipalities_in_tonnes_and_kilograms_a_head() -> None:
    table = make_table(60)
    table.dimensions["Region"] += ["EAK", "50"]
    table.dimensions["ContentsCode"] = ["Mengde", "PerHode"]
    table.labels["ContentsCode"] = {"Mengde": "Mengde (1 000 tonn)", "PerHode": "Kg per innbygger"}
    table.labels["Materialtype"] = {"01": "I alt", "02": "Matavfall", "03": "Treavfall"}
    answer = table.describe
    table.unit = "1 000 tonn"

    def describe(*given: Any, **more: Any) -> Any:
        told = answer(*given, **more)
        unit = told["dimension"].get("ContentsCode", {}).get("category", {}).get("unit", {})
        if "PerHode" in unit:
            unit["PerHode"] = {"base": "kg per innbygger", "decimals": 1}
        return told

    table.describe = describe  # type: ignore[method-assign]
    with play(StatisticsBank(table).answer) as service, make_client(service) as client:
        waste = fetch_household_waste(client=client, years="top(1)")
        named = fetch_household_waste(client=client, table_id="01234", years="top(1)")
        prices = make_table(number="04321")
        del prices.dimensions["Region"], prices.names["Region"]
    assert waste.choice is not None
    assert waste.choice.table_id == "01234"
    assert named.choice is None
    assert len(waste.fetched_on) == 10
    rows = waste.table
    assert len(rows) == 60 * 3 * 2
    assert rows["municipality_number"].str.fullmatch(r"\d{4}").all()
    assert set(rows["year"]) == {2023}
    assert set(rows["material"].dropna()) == {"food_waste", "wood"}
    assert rows.loc[rows["material_label"] == "I alt", "is_total"].all()
    weights = rows["measure_label"] == "Mengde (1 000 tonn)"
    assert rows.loc[weights, "kg_per_head"].isna().all()
    assert rows.loc[~weights, "tonnes"].isna().all()
    one = rows[(rows["municipality_number"] == "5003") & (rows["material"] == "wood")]
    key = ("5003", "03", "Mengde", "2023")
    assert one.loc[weights, "tonnes"].tolist() == [1000.0 * (table.value(key) or 0)]
    with (
        play(StatisticsBank(prices).answer) as service,
        make_client(service) as client,
        pytest.raises(RefusedFileError) as caught,
    ):
        fetch_household_waste(client=client, table_id="04321")
    assert caught.value.code == "ssb.not_household"


def test_waste_accounts_are_in_tonnes_with_our_materials_and_their_sums_marked() -> None:
    by_treatment, by_source = make_waste_tables()
    with play(StatisticsBank(by_treatment, by_source).answer) as service, make_client(service) as client:
        accounts = fetch_waste_accounts(client=client, years="top(1)")
    table = accounts.table
    assert set(table["year"]) == {2023}
    wood = table[(table["source_code"] == "C") & (table["material"] == "wood")]
    assert wood["tonnes"].tolist() == [1000.0 * (by_source.value(("C", "01", "Avfall", "2023")) or 0)]
    assert set(table.loc[table["source_code"] == "F", "industry_code"]) == {"F"}
    assert table.loc[table["source_label"] == "Private husholdninger", "industry_code"].isna().all()
    assert accounts.unknown_materials == ("Blandet avfall", "Slagg, støv, bunnaske, flygeaske")
    assert accounts.unknown_sources == ("Private husholdninger",)
    totals = table[table["is_total"]]
    assert (
        totals[["source_label", "material_label", "treatment_label"]]
        .fillna("")
        .sum(axis=1)
        .str.contains("i alt", case=False)
        .all()
    )
    assert not table.loc[~table["is_total"], "material_label"].str.contains("I alt").any()
    lacking = table["tonnes"].isna()
    assert lacking.any()
    assert set(table.loc[lacking, "status"]) == {".."}


def test_another_table_is_not_taken_for_waste_accounts() -> None:
    by_treatment, by_source = make_waste_tables()
    by_source.unit = "prosent"
    by_source.title = "Avfallsregnskap, etter kilde og materialtype"
    by_source.labels["ContentsCode"] = {"Avfall": "Andel"}
    prices = make_table(number="10513")
    for wrong, code in ((by_source, "ssb.unknown_unit"), (prices, "ssb.not_accounts")):
        bank = StatisticsBank(by_treatment, by_source)
        bank.tables[wrong.number] = wrong
        with (
            play(bank.answer) as service,
            make_client(service) as client,
            pytest.raises(RefusedFileError) as caught,
        ):
            fetch_waste_accounts(client=client)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("1 000 tonn", 1000.0),
        ("1\u00a0000 tonn", 1000.0),
        ("1000 tonnes", 1000.0),
        ("tonn", 1.0),
        ("Tonn", 1.0),
        ("mill. tonn", 1e6),
        ("kg", 0.001),
        ("1 000 kg", 1.0),
        ("kt", 1000.0),
        ("Kilotonn", 1000.0),
        ("vekt i kg", 0.001),
        ("vekt", None),
        ("tonn-km", None),
        ("tonnkilometer", None),
        ("1 000 kWh", None),
        ("1 000 tonn per år", 1000.0),
        ("kg per innbygger", None),
        ("prosent", None),
        ("kr", None),
        ("antall", None),
        ("1 000 tonn CO2-ekvivalenter", None),
        ("", None),
    ],
)
def test_units_of_weight(unit: str, factor: float | None) -> None:
    assert read_tonnes_factor(unit) == factor


LONG = """\
"01234: Avfall (tonn), etter region, statistikkvariabel og år"

"region";"statistikkvariabel";"år";"Avfall"
"Levanger";"Mengde (tonn)";"2022";1200,5
"Levanger";"Mengde (tonn)";"2023";..
"Våler";"Mengde (tonn)";"2022";0
"Våler";"Mengde (tonn)";"2023";-

"Oppdiktet."
"""
WIDE = """\
"region","Mengde (tonn) 2022","Mengde (tonn) 2023"
"Levanger",1200.5,..
"Våler",0,-
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("text", [LONG, LONG.replace("\n", "\r\n"), WIDE])
def test_csv_files_are_read_as_the_service_gives_them(tmp_path: Path, encoding: str, text: str) -> None:
    file = tmp_path / "tabell.csv"
    file.write_bytes(text.encode(encoding))
    table = read_table(file)
    frame = table.frame
    assert frame["region"].tolist() == ["Levanger", "Levanger", "Våler", "Våler"]
    assert frame["year"].tolist() == [2022, 2023] * 2
    assert frame["value"].fillna(-1).tolist() == [1200.5, -1, 0, 0]
    assert frame["status"].fillna("").tolist() == ["", "..", "", "-"]
    assert set(frame["unit"]) == {"tonn"}


AGES = """\
"alder";"størrelse";"Personer"
1;10;5
1;20;6
2;10;7
2;20;8
"""


def test_numbers_that_are_a_dimension_are_no_values(tmp_path: Path) -> None:
    file = tmp_path / "tabell.csv"
    file.write_text(AGES, encoding="utf-8")
    frame = read_table(file).frame
    assert frame["value"].tolist() == [5, 6, 7, 8]
    assert frame["størrelse"].tolist() == ["10", "20", "10", "20"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a;b\n",
        "tittel\n",
        "<html><body>Nei</body></html>\n",
        LONG.replace("Våler", "Levanger"),
        "a;b;c\n1;2\n",
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "tabell.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RefusedFileError) as caught:
        read_table(file)
    assert caught.value.code == "ssb.not_a_table"


def test_commands_put_tables_on_the_shelf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(FOLDER_SETTING, str(tmp_path))
    monkeypatch.setattr("loaders.ssb.SSB", replace(SSB, pause_s=0.0, per_minute=None))
    question = tmp_path / "question.json"
    question.write_text(json.dumps(NEWER_QUERY), encoding="utf-8")
    calls = {
        "table-01234": ["--table", "01234", "--query", str(question)],
        "household_waste": ["--household-waste", "--choose", "Tid=range(2021,2022)"],
        "waste_accounts": ["--waste-accounts"],
    }
    with play(StatisticsBank(make_table(60), *make_waste_tables()).answer) as service:
        for part, words in calls.items():
            monkeypatch.setattr(
                "sys.argv", ["symbiosekart", "fetch", "ssb", *words, "--address", service.address]
            )
            with pytest.raises(SystemExit) as ended:
                main()
            assert not ended.value.code
            (record,) = list_fetched(tmp_path, part=part)
            table = pd.read_csv(record.path(tmp_path), dtype=str)
            assert len(table) == record.rows > 10
            assert record.attribution == "Statistisk sentralbyrå (SSB)"
            if part != "waste_accounts":
                assert set(table["Tid" if "Tid" in table else "year"]) in ({"2022", "2023"}, {"2021", "2022"})
    assert "Private husholdninger" in capsys.readouterr().err


def test_accounts_are_read_out_of_files(tmp_path: Path) -> None:
    files = []
    for table in make_waste_tables():
        files.append(tmp_path / f"{table.number}.json")
        files[-1].write_text(json.dumps(table.describe()), encoding="utf-8")
    accounts = read_waste_accounts(files)
    assert set(accounts.table["table_id"]) == {"10513", "10514"}
    assert accounts.fetched_on == ""
    with pytest.raises(RefusedFileError) as caught:
        read_table(tmp_path / "finnes_ikke.json")
    assert caught.value.code == "file.not_found"
