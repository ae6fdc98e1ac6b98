"""Clusters by road time: a fjord parts what the crow's way joins, noise stays noise, labels stay."""

from __future__ import annotations

import numpy as np
import pytest

from geodata import clustering
from geodata.clustering import CLUSTER_COLUMNS, MEMBER_COLUMNS, cluster_facilities
from geodata.flows import prepare_flows
from geodata.matching import match_streams
from geodata.parameters import ScenarioParameters
from tests.unit.scenes import StraightTravel, TableTravel, give, make_codes, make_tables, take

CODES = make_codes()
PARAMETERS = ScenarioParameters()
DEGREES_NORTH_PER_KM = 1 / 111.195


def cluster(tables, travel, parameters=PARAMETERS):
    matches = match_streams(tables, travel, codes=CODES, parameters=parameters).matches
    flows = prepare_flows(tables.streams, facility_ids=travel.ids, codes=CODES)
    return cluster_facilities(tables, travel, matches, flows=flows, parameters=parameters)


def plant_fjord():
    """Two groups of four on either shore, 5 km apart; the road around takes an hour and a half."""
    points, streams = {}, []
    for shore, north in (("west", 0.0), ("east", 5.0)):
        for k in range(4):
            name = f"{shore}-{k}"
            points[name] = (10.0 + 0.004 * k, 63.0 + north * DEGREES_NORTH_PER_KM)
            make = give if k % 2 else take
            streams.append(make(f"stream-{name}", name, amount_best=100 * (k + 1), unit="t"))
    tables = make_tables(points, streams)
    straight = StraightTravel(tables)
    names = list(points)
    across = np.array([[one[:4] != two[:4] for two in names] for one in names])
    km = np.where(across, 75.0, straight.km * 1.3)
    return tables, TableTravel(names, km, np.where(across, 90.0, km)), straight


def groups(members):
    return {frozenset(part["facility_id"]) for _, part in members.groupby("cluster_id")}


def is_told_apart(members):
    shores = {frozenset(f"{shore}-{k}" for k in range(4)) for shore in ("west", "east")}
    return groups(members) == shores


def test_two_shores_are_told_apart_by_road_and_not_by_the_crow():
    tables, road, straight = plant_fjord()
    assert is_told_apart(cluster(tables, road)[1])
    _, merged = cluster(tables, straight)
    assert not is_told_apart(merged)
    assert groups(merged) == {frozenset(road.ids)}  # the crow makes one of the two


def test_tonnes_inside_are_worked_by_hand_and_given_once():
    # Each shore: needs of 100 and 300 t, offers of 200 and 400 t: 400 t, not the pairs' 800.
    tables, road, _ = plant_fjord()
    clusters, members = cluster(tables, road)
    assert clusters["exchange_t_best"].tolist() == [400, 400]
    assert clusters["matches"].tolist() == [4, 4]
    assert clusters[["facilities", "offers", "needs"]].to_numpy().tolist() == [[4, 2, 2], [4, 2, 2]]
    assert list(clusters.columns) == list(CLUSTER_COLUMNS)
    assert list(members.columns) == list(MEMBER_COLUMNS)
    assert members["is_medoid"].sum() == 2
    for row in clusters.to_dict("records"):
        own = members[members["cluster_id"] == row["cluster_id"]]
        assert row["radius_minutes"] == own["minutes_to_medoid"].max() <= PARAMETERS.cluster_minutes
        assert row["name"] == f"Place {row['medoid_facility_id']}"


def test_who_exchanges_nothing_is_noise():
    tables, road, _ = plant_fjord()
    points = {name: (p.x, p.y) for name, p in zip(road.ids, tables.facilities.geometry, strict=True)}
    points |= {"idle": (10.001, 63.0), "other": (10.002, 63.0), "far": (14.0, 65.0)}
    streams = tables.streams.dropna(axis=1, how="all").to_dict("records")
    streams += [give("g", "other", material="glass"), take("w", "far")]
    tables = make_tables(points, streams)
    n = len(points)
    km = np.full((n, n), 5.0)
    km[:8, :8] = road.km
    km[4:8, 8:], km[8:, 4:8] = 75.0, 75.0
    km[10, :], km[:, 10] = 110.0, 110.0
    _, members = cluster(tables, TableTravel(list(points), km, np.where(km > 50, 90.0, km)))
    assert is_told_apart(members)


def test_a_chain_along_a_road_is_not_one_place():
    # Twelve facilities 10 minutes apart: neighbours are near, the ends are two hours apart.
    names = [f"f{k:02}" for k in range(12)]
    tables = make_tables(
        dict.fromkeys(names, (10.0, 63.0)),
        [(give if k % 2 else take)(f"s{k:02}", name) for k, name in enumerate(names)],
    )
    km = 10.0 * np.abs(np.subtract.outer(range(12), range(12)))
    clusters, members = cluster(tables, TableTravel(names, km))
    assert len(clusters) >= 2
    assert (members["minutes_to_medoid"] <= PARAMETERS.cluster_minutes).all()


def test_one_way_roads_count_with_the_longer_of_both_ways():
    tables, road, _ = plant_fjord()
    slower = np.triu(np.ones_like(road.km))  # one of the two ways takes three minutes more
    travel = TableTravel(road.ids, road.km, road.minutes + 3 * slower * (road.minutes > 0))
    turned = TableTravel(road.ids, road.km.T, travel.minutes.T)
    _, members = cluster(tables, travel)
    assert is_told_apart(members)
    minutes = members.loc[~members["is_medoid"], "minutes_to_medoid"]
    assert (minutes > 3).all()
    assert (minutes <= PARAMETERS.cluster_minutes).all()
    _, other = cluster(tables, turned)  # who is near whom does not hang on the direction of a match
    assert other.drop(columns="matches").equals(members.drop(columns="matches"))


def test_labels_do_not_change_with_the_other_clusters():
    tables, road, _ = plant_fjord()
    before = set(cluster(tables, road)[0]["cluster_id"])
    west = [name for name in road.ids if name.startswith("west")]
    kept = tables.facilities["facility_id"].isin(west).to_numpy()
    smaller = make_tables(
        {name: (10.0 + 0.004 * k, 63.0) for k, name in enumerate(west)},
        tables.streams[tables.streams["facility_id"].isin(west)].dropna(axis=1, how="all").to_dict("records"),
    )
    travel = TableTravel(west, road.km[np.ix_(kept, kept)])
    assert set(cluster(smaller, travel)[0]["cluster_id"]) < before


@pytest.mark.parametrize("names", [[], ["a", "b"]])
def test_too_few_facilities_give_no_cluster(names):
    streams = [give("o", "a"), take("n", "b")] if names else []
    tables = make_tables(dict.fromkeys(names, (10.0, 63.0)), streams)
    clusters, members = cluster(tables, TableTravel(names, np.ones((len(names), len(names)))))
    assert not len(clusters)
    assert not len(members)
    assert list(clusters.columns) == list(CLUSTER_COLUMNS)


@pytest.mark.parametrize("seed", range(5))
def test_facilities_at_equal_points_share_a_cluster_as_if_each_were_looked_at_alone(seed, monkeypatch):
    chance = np.random.default_rng(seed)
    spots = chance.uniform(0, 60, (14, 2))
    at = np.r_[np.arange(14), chance.integers(14, size=46)]
    chance.shuffle(at)
    names = [f"f{k:02}" for k in range(60)]
    streams = []
    for name, spot in zip(names, at, strict=True):  # who stands at one point gives and takes the same
        material = "glass" if spot % 3 else "wood"
        streams += [give(f"o-{name}", name, material=material), take(f"n-{name}", name, material=material)]
    tables = make_tables(dict.fromkeys(names, (10.0, 63.0)), streams)
    away = spots[at][:, None] - spots[at]
    travel = TableTravel(names, np.hypot(away[..., 0], away[..., 1]))
    parameters = ScenarioParameters(cluster_minutes=14)
    clusters, members = cluster(tables, travel, parameters)
    assert len(clusters) >= 2
    label = members.set_index("facility_id")["cluster_id"].astype(object).reindex(names, fill_value="")
    for spot in range(14):
        assert label[at == spot].nunique() == 1
    monkeypatch.setattr(clustering, "_number_twins", lambda minutes: (np.arange(minutes.shape[0]),) * 2)
    for now, before in zip(cluster(tables, travel, parameters), (clusters, members), strict=True):
        assert now.equals(before)
