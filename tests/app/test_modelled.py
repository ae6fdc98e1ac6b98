"""Modelled streams are taken in or out by one switch of the command line, whoever modelled them."""

from __future__ import annotations

import pandas as pd
import pytest

from dashboard.commands.region import choose_modelled
from geodata.results import RegionTables
from loaders.region import read_region


@pytest.fixture(scope="module")
def tables() -> RegionTables:
    region = read_region("region")
    facilities = region.facilities.copy()
    bare = ~facilities["facility_id"].isin(region.streams["facility_id"])
    bare &= facilities["industry_code"].notna() & (facilities["actor_type"] != "municipal_waste_company")
    facilities.loc[bare, "employees"] = 40
    return RegionTables(facilities, region.streams, region.networks, region.memberships)


def test_with_modelled_streams_only_the_bare_get_some(tables: RegionTables) -> None:
    chosen = choose_modelled(tables, modelled=True)
    before, after = set(tables.streams["stream_id"]), set(chosen.streams["stream_id"])
    assert before < after
    added = chosen.streams[~chosen.streams["stream_id"].isin(before)]
    assert set(added["basis"]) == {"modelled"}
    assert not set(added["facility_id"]) & set(tables.streams["facility_id"])
    assert added["reference"].str.strip().ne("").all()


def test_without_them_no_modelled_stream_is_left_and_nothing_else_is_gone(tables: RegionTables) -> None:
    chosen = choose_modelled(choose_modelled(tables, modelled=True), modelled=False)
    assert "modelled" not in set(chosen.streams["basis"])
    kept = tables.streams[tables.streams["basis"] != "modelled"]
    pd.testing.assert_frame_equal(chosen.streams, kept.reset_index(drop=True))
    assert len(chosen.facilities) == len(tables.facilities)


def test_the_embedded_region_as_it_is_has_no_employees_to_model_from() -> None:
    region = read_region("region")
    assert choose_modelled(region, modelled=True) is region
