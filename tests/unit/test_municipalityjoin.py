"""Tables of any year joined to today's municipalities: nothing is chosen in silence, and nothing is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.errors import InvalidTableError
from geodata.municipalities import MunicipalityNames
from geodata.municipalityjoin import JoinResult, join_municipalities
from geodata.municipalityreading import NumberReader
from geodata.municipalityshares import check_shares, list_split_numbers, offer_shares
from loaders import embedded

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("SYMBIOSEKART_REFERENCE", ROOT.parent / "shared" / "reference"))
CHANGES = embedded.read_municipality_changes()
MUNICIPALITIES = pd.DataFrame(embedded.read_municipalities(detail="light").drop(columns="geometry"))
NAMES = MunicipalityNames.build(MUNICIPALITIES, changes=CHANGES)
READER = NumberReader(CHANGES, names=NAMES)
COUNTIES = NumberReader(CHANGES, level="county", county_names=embedded.read_county_names())
NINE = {
    "1504": ("1508", "1580"),
    "1507": ("1508", "1580"),
    "1523": ("1508", "1580"),
    "1529": ("1508", "1580"),
    "1534": ("1508", "1580"),
    "1546": ("1508", "1580"),
    "1613": ("5055", "5056", "5059"),
    "1850": ("1806", "1875"),
    "5012": ("5055", "5056", "5059"),
}


def offer(level: str = "municipality") -> pd.DataFrame:
    wholes = embedded.read_municipality_wholes()
    return offer_shares(MUNICIPALITIES, changes=CHANGES, wholes=wholes, level=level)  # type: ignore[arg-type]


def table(*rows: tuple[object, ...], columns: str = "knr tonn") -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


def add_up(frame: pd.DataFrame, **options: object) -> JoinResult:
    options = {"column": "knr", "reader": READER, "measures": {"tonn": "sum"}, **options}
    return join_municipalities(frame, **options)  # type: ignore[arg-type]


def codes(result: JoinResult) -> set[str]:
    return {finding.code for finding in result.told}


def test_the_nine_divided_numbers_are_these() -> None:
    assert list_split_numbers(CHANGES) == NINE


@pytest.mark.parametrize("number", NINE)
def test_each_divided_number_asks_with_its_candidates_and_what_settles_it(number: str) -> None:
    result = add_up(table((number, 10.0), ("5001", 2.0)))
    assert result.table["tonn"].tolist() == [2.0]
    asked = result.asked.iloc[0]
    assert asked["reason"] == "split"
    assert asked["settles"] == "share"
    assert tuple(part[:4] for part in asked["candidates"].split("; ")) == NINE[number]
    assert asked["tonn"] == 10.0
    assert "municipality.asks_share" in codes(result)
    of_things = join_municipalities(table((number, 10.0)), column="knr", reader=READER)
    assert of_things.table["municipality_number"].isna().all()
    assert of_things.table["municipality_status"].tolist() == ["split"]
    assert of_things.asked["settles"].tolist() == ["address"]
    assert "municipality.asks_address" in codes(of_things)


@pytest.mark.parametrize("number", NINE)
def test_each_divided_number_is_settled_by_a_place_or_a_share(number: str) -> None:
    first, *others = NINE[number]
    frame = table((number, 10.0))
    said = pd.Series([first], index=frame.index, dtype="string")
    things = join_municipalities(frame, column="knr", reader=READER, settled=said)
    assert things.table["municipality_number"].tolist() == [first]
    assert things.table["municipality_status"].tolist() == ["settled"]
    assert things.asked.empty
    elsewhere = join_municipalities(
        frame, column="knr", reader=READER, settled=pd.Series(["0301"], index=frame.index)
    )
    assert (
        elsewhere.table["municipality_number"].isna().all()
    )  # a place that is no part of it settles nothing
    given_shares = pd.DataFrame(
        [(number, first, 0.25)] + [(number, other, 0.75 / len(others)) for other in others],
        columns=["old_number", "new_number", "share"],
    )
    shared = add_up(frame, shares=check_shares(given_shares, changes=CHANGES))
    assert shared.table.set_index("municipality_number")["tonn"][first] == pytest.approx(2.5)
    assert shared.table["tonn"].sum() == pytest.approx(10.0)
    assert shared.asked.empty
    assert "municipality.divided_by_share" in codes(shared)


def test_what_can_be_offered_says_how_well_it_is_known() -> None:
    shares = offer().set_index(["old_number", "new_number"])
    assert set(shares.index.get_level_values(0)) == set(NINE)
    assert shares.loc[("1534", "1580"), ["share", "method"]].tolist() == [1.0, "whole"]
    assert shares.loc[("1504", "1508"), ["share", "method"]].tolist() == [1.0, "whole"]
    people = MUNICIPALITIES.set_index("municipality_number")["inhabitants"]
    expected = people["1508"] / (people["1508"] + people["1580"])
    assert shares.loc[("1507", "1508"), "share"] == pytest.approx(float(expected))
    assert shares.loc[("1507", "1508"), "method"] == "inhabitants"
    assert set(shares.loc[["1850", "5012", "1613"], "method"]) == {"rough"}
    assert shares["source"].notna().all()
    assert set(check_shares(offer(), changes=CHANGES)) == set(NINE)
    counties = offer("county").set_index(["old_number", "new_number"])
    assert counties.loc[["30", "38", "54"], "method"].eq("inhabitants").all()
    assert (
        counties.loc[["01", "07"], "method"].eq("rough").all()
    )  # a municipality of theirs crossed the border


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([("5001", "5001", 1.0)], "municipality.share_old"),
        ([("1507", "0301", 1.0)], "municipality.share_new"),
        ([("1507", "1508", 0.5), ("1507", "1508", 0.5)], "municipality.share_twice"),
        ([("1507", "1508", 1.5), ("1507", "1580", -0.5)], "municipality.share_range"),
        ([("1507", "1508", 0.5), ("1507", "1580", None)], "municipality.share_range"),
        ([("1507", "1508", 0.5), ("1507", "1580", 0.4)], "municipality.share_total"),
    ],
)
def test_shares_that_lose_or_invent_are_refused(rows: list[tuple[object, ...]], code: str) -> None:
    shares = pd.DataFrame(rows, columns=["old_number", "new_number", "share"])
    with pytest.raises(InvalidTableError) as caught:
        check_shares(shares, changes=CHANGES)
    assert caught.value.code == code


def test_merged_amounts_are_summed_and_unknown_is_not_zero() -> None:
    frame = table(("5030", 5.0), ("5001", 100.0), ("1624", None), ("1718", 3.0), ("5038", 7.0))
    result = add_up(frame)
    sums = result.table.set_index("municipality_number")["tonn"]
    assert sums["5001"] == 105
    assert pd.isna(sums["5054"])  # Rissa is not known
    assert sums["5038"] == 7
    totals = result.totals.iloc[0]
    assert (totals["before"], totals["after"], totals["hidden"]) == (115.0, 112.0, 3.0)
    assert {"municipality.sum_unknown", "municipality.put_together"} <= codes(result)


def test_rates_are_weighed_or_refused() -> None:
    frame = table(("5030", 6000.0, 50.0), ("5001", 194000.0, 40.0), columns="knr folk andel")
    weighed = join_municipalities(
        frame, column="knr", reader=READER, measures={"andel": "mean"}, weight="folk"
    )
    assert weighed.table["andel"].tolist() == pytest.approx([(6000 * 50 + 194000 * 40) / 200000])
    assert weighed.table["folk"].tolist() == [200000]
    with pytest.raises(InvalidTableError, match=r"municipality\.weight_missing"):
        join_municipalities(frame[["knr", "andel"]], column="knr", reader=READER, measures={"andel": "mean"})
    alone = join_municipalities(
        frame[["knr", "andel"]].iloc[:1], column="knr", reader=READER, measures={"andel": "mean"}
    )
    assert alone.table["andel"].tolist() == [50.0]  # nothing to weigh
    lacking = frame.assign(folk=[None, 194000.0])
    unknown = join_municipalities(
        lacking, column="knr", reader=READER, measures={"andel": "mean"}, weight="folk"
    )
    assert unknown.table["andel"].isna().all()


def test_texts_are_joined_and_other_columns_keep_rows_apart() -> None:
    frame = table(
        ("5030", "Klæbu", "papir", 1.0),
        ("5001", "Trondheim", "papir", 2.0),
        ("5001", "Trondheim", "glass", 4.0),
        columns="knr navn vare tonn",
    )
    result = add_up(frame, measures={"tonn": "sum", "navn": "text"})
    rows = result.table.set_index("vare")
    assert rows.loc["papir", ["navn", "tonn"]].tolist() == ["Klæbu; Trondheim", 3]
    assert rows.loc["glass", ["navn", "tonn"]].tolist() == ["Trondheim", 4]


def test_years_tell_what_is_counted_twice_and_what_was_never_there() -> None:
    wide = pd.DataFrame(
        {
            "knr": ["5030 Klæbu (-2019)", "5001 Trondheim"],
            "2018": [10.0, 100.0],
            "2021": [None, 120.0],
        }
    )
    years = {"2018": 2018, "2021": 2021}
    measures = {"2018": "sum", "2021": "sum"}
    result = add_up(wide, measures=measures, column_years=years)
    assert result.table.loc[0, ["2018", "2021"]].tolist() == [110, 120]  # no Klæbu in 2021 is no unknown
    twice = add_up(wide.assign(**{"2021": [11.0, 120.0]}), measures=measures, column_years=years)
    assert "municipality.year_no_longer" in codes(twice)
    assert twice.table.loc[0, "2021"] == 131
    long = table(("5001", 2016, 1.0), ("1601", 2017, 2.0), ("3001", 2019, 4.0), columns="knr år tonn")
    told = add_up(long, year_column="år")
    assert [f.value for f in told.told if f.code == "municipality.year_not_yet"] == ["5001", "3001"]
    assert told.table["tonn"].sum() == 7


@pytest.mark.parametrize(
    ("cell", "year", "today"),
    [
        ("K-5037", None, ("5037",)),
        ("5037 Levanger - Levangke", None, ("5037",)),
        ("1534 Haram (-2019)", None, ("1508", "1580")),
        ("Ålesund (2020-2023)", None, ("1508", "1580")),
        ("Ålesund", 2021, ("1508", "1580")),
        ("Ålesund", None, ("1508",)),
        (301, None, ("0301",)),
        (1601.0, None, ("5001",)),
        ("Trondheim kommune", None, ("5001",)),
        ("Herøy", None, ("1515", "1818")),
    ],
)
def test_cells_as_people_and_statistics_write_them(
    cell: object, year: int | None, today: tuple[str, ...]
) -> None:
    assert READER.read(cell, year=year).today == today


def test_lost_zeros_sums_and_what_is_no_municipality_are_told() -> None:
    frame = table((101, 1.0), ("0 Hele landet", 50.0), ("50 Trøndelag", 20.0), ("9999", 2.0), ("5002", 3.0))
    result = add_up(frame)
    assert result.table["municipality_number"].tolist() == ["3101"]
    assert result.asked[["value", "reason"]].to_numpy().tolist() == [["5002", "unknown"]]
    totals = result.totals.iloc[0]
    assert (totals["after"], totals["asked"], totals["left_out"]) == (1.0, 3.0, 72.0)
    expected = {"municipality.lost_zero", "municipality.sum_left_out", "municipality.elsewhere"}
    assert expected | {"municipality.not_known"} <= codes(result)
    guess = add_up(table(("1666 Trondhjem", 1.0))).asked["suggestion"].iloc[0]
    assert guess == "5001 Trondheim"


def test_what_lacks_a_part_is_marked() -> None:
    result = add_up(table(("1850", 10.0), ("1805", 5.0), ("0301", 1.0)))
    marked = result.table.set_index("municipality_number")["municipality_lacks"]
    assert marked["1806"].startswith("1850 Tysfjord")
    assert pd.isna(marked["0301"])
    assert "municipality.lacking" in codes(result)


def test_counties_ask_too() -> None:
    frame = table(("30", 100.0), ("F-50", 5.0), ("16 Sør-Trøndelag", 2.0), ("Troms og Finnmark", 9.0))
    asked = add_up(frame, reader=COUNTIES)
    assert asked.table.set_index("municipality_number")["tonn"].to_dict() == {"50": 7}
    assert asked.asked["number"].tolist() == ["30", "54"]
    shares = check_shares(offer("county"), changes=CHANGES, level="county")
    shared = add_up(frame, reader=COUNTIES, shares=shares)
    assert shared.asked.empty
    assert shared.table["tonn"].sum() == pytest.approx(116.0)
    assert shared.table["municipality_number"].tolist() == ["31", "32", "33", "50", "55", "56"]
    moved = add_up(table(("15", 1.0)), reader=COUNTIES)
    assert "municipality.county_moved" in codes(moved)  # Rindal and Halsa went to Trøndelag


def test_columns_of_the_file_that_have_an_added_name_are_kept() -> None:
    frame = table(("5001", "x"), columns="knr municipality_number")
    joined = join_municipalities(frame, column="knr", reader=READER).table
    assert joined["municipality_number_file"].tolist() == ["x"]
    assert joined["municipality_number"].tolist() == ["5001"]


def test_columns_that_are_not_there_and_texts_as_amounts_are_refused() -> None:
    with pytest.raises(InvalidTableError, match=r"municipality\.column_missing"):
        add_up(table(("5001", 1.0)), column="kommune")
    with pytest.raises(InvalidTableError, match=r"municipality\.measure_text"):
        add_up(table(("5001", "mye")))


NUMBERS = st.sampled_from(
    [*NINE, "5001", "5030", "1601", "0101", "3001", "301", "1624", "9999", "5002", "0 Hele landet", None]
)
AMOUNTS = st.one_of(st.none(), st.floats(0, 1e6, allow_nan=False, width=32))


@settings(max_examples=60)
@given(
    rows=st.lists(st.tuples(NUMBERS, st.integers(2017, 2024), AMOUNTS), max_size=25),
    shared=st.sets(st.sampled_from(sorted(NINE))),
    by_year=st.booleans(),
)
def test_nothing_is_lost(
    rows: list[tuple[str | None, int, float | None]], shared: set[str], by_year: bool
) -> None:
    frame = pd.DataFrame(rows, columns=["knr", "år", "tonn"]).astype({"knr": object, "tonn": "Float64"})
    all_shares = check_shares(offer(), changes=CHANGES)
    shares = {number: parts for number, parts in all_shares.items() if number in shared}
    result = add_up(frame, shares=shares, year_column="år" if by_year else None)
    totals = result.totals.iloc[0]
    parts = totals["after"] + totals["asked"] + totals["hidden"] + totals["left_out"]
    before = sum(amount or 0.0 for _, _, amount in rows)
    assert totals["before"] == pytest.approx(before)
    assert parts == pytest.approx(before, rel=1e-9, abs=1e-6)
    assert result.asked["tonn"].sum() == pytest.approx(totals["asked"])
    assert not result.table.duplicated(["municipality_number", "år"]).any()
    assert set(result.asked.loc[result.asked["reason"] == "split", "number"]) <= set(NINE) - shared


@pytest.mark.skipif(
    not (REFERENCE / "admin" / "kommunenummer_til_2024.csv").is_file(),
    reason="the reference folder is not here (SYMBIOSEKART_REFERENCE or ../shared/reference)",
)
def test_every_number_since_2017_agrees_with_the_reference() -> None:
    truth = pd.read_csv(REFERENCE / "admin" / "kommunenummer_til_2024.csv", dtype=str, keep_default_na=False)
    frame = pd.DataFrame({"knr": truth["nummer"], "tonn": 1.0})
    result = add_up(frame)
    several = truth["nummer_2024"].str.contains(";")
    assert result.asked["number"].tolist() == truth.loc[several, "nummer"].tolist()
    assert len(result.asked) == 9
    expected = truth.loc[~several].groupby("nummer_2024").size()
    got = result.table.set_index("municipality_number")["tonn"]
    assert got.sort_index().astype(int).tolist() == expected.sort_index().tolist()
    assert got.sort_index().index.tolist() == expected.sort_index().index.tolist()
    assert set(got.index) <= set(MUNICIPALITIES["municipality_number"])
