"""Matching of 20 000 offers with 20 000 needs within 100 km by road, beside plain pandas.

Fictional firms stand at real places, with streams like those of the practice data; the roads are those
that ship. Both get the same streams, the same table of which kinds meet (so the same candidates) and the
same ready travel, and give the same matches with the same scores. The plain one does what a few lines of
pandas do: merge offers with what they may meet and that with the needs, drop what does not fit, ask the
distance of each pair of facilities left, score, keep the best. Ours tells besides why each other pair was
left out. Each runs in a process of its own. ``python -m benchmarks.matching [streams of each side]``
prints a table.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.measure import Cost, measure, say
from geodata.candidates import EARTH_RADIUS_KM, STRAIGHT_MARGIN
from geodata.flows import prepare_flows
from geodata.matching import MAX_PARTNERS, MAX_TURNED_PARTNERS, match_streams, place_points
from geodata.pairtables import PairTables, are_comparable, compare_months, tell_licence
from geodata.parameters import ScenarioParameters
from geodata.results import RegionTables
from geodata.roads import measure_travel
from geodata.schemas import WGS84, conform_table, empty_table
from geodata.scoring import PARTS
from geodata.streamgroups import group_flows
from geodata.transport import Travel
from geodata.usepairs import USE
from geodata.uses import UseLibrary
from geodata.wastecodes import WasteCodes
from loaders.codes import read_waste_codes
from loaders.embedded import read_places
from loaders.region import read_region
from loaders.roads import read_road_network
from loaders.uses import read_use_library

STREAMS = 20_000
STREAMS_A_FACILITY = 10
PARAMETERS = ScenarioParameters(max_distance_km=100.0)
DIVISIONS = ("01", "03", "10", "16", "17", "20", "23", "24", "35", "38", "41", "43")


def make_tables(streams: int) -> RegionTables:
    """Return fictional firms near real places, with so many offers and as many needs."""
    chance = np.random.default_rng(5)
    places = read_places().drop_duplicates(["lat", "lon"])
    count = max(2 * streams // STREAMS_A_FACILITY, 2)
    near = places.iloc[np.sort(chance.integers(0, len(places), count))].reset_index(drop=True)
    ids = [f"f{k:05}" for k in range(count)]
    firms = pd.DataFrame(
        {
            "facility_id": ids,
            "name": ids,
            "actor_type": chance.choice(["producer", "producer", "treatment", "collector", "service"], count),
            "industry_code": chance.choice(DIVISIONS, count),
            "visibility": "public",
            "dataset": "practice",
        }
    )
    kinds = read_region("practice").streams
    rows = []
    for direction in ("offer", "need"):
        some = kinds[kinds["direction"] == direction]
        some = some.iloc[chance.integers(0, len(some), streams)].reset_index(drop=True)
        some = some.assign(stream_id=[f"{direction}{k:06}" for k in range(streams)])
        rows.append(some.assign(facility_id=chance.choice(ids, streams)))
    points = gpd.points_from_xy(near["lon"].astype(float), near["lat"].astype(float), crs=WGS84)
    return RegionTables(
        gpd.GeoDataFrame(conform_table(firms, "facilities"), geometry=points, crs=WGS84),
        conform_table(pd.concat(rows, ignore_index=True), "streams"),
        empty_table("networks"),
        empty_table("memberships"),
    )


def read_uses(*, chains: bool) -> UseLibrary:
    """Return the library of uses; without `chains` the receiver does every step himself."""
    library = read_use_library()
    if chains:
        return library
    uses = library.uses.drop(columns="hierarchy_rank").assign(intermediary="")
    return replace(library, uses=uses.astype({"intermediary": "string"}))


def match_plainly(tables: RegionTables, travel: Travel, codes: WasteCodes, uses: UseLibrary) -> pd.DataFrame:
    """Return offer_stream_id, need_stream_id and score: what :func:`match_streams` gives without chains."""
    flows = prepare_flows(tables.streams, facility_ids=travel.ids, codes=codes, facilities=tables.facilities)
    points = place_points(tables.facilities, travel.ids)
    facility = flows["facility"].to_numpy()
    grouping = group_flows(flows, placed=~np.isnan(points[:, 0])[facility])
    known = PairTables(grouping, codes=codes, uses=uses, parts=PARTS, parameters=PARAMETERS)
    table = known.knowledge.uses
    pairs = _merge(flows, known, points)
    pairs = pairs[pairs["facility_o"] != pairs["facility_n"]]
    pairs = pairs[pairs["route"] >= 0]
    one, two = pairs["hazard_o"], pairs["hazard_n"]
    turned = pairs["route"] == USE
    pairs = pairs[~((one == 1) & (two == 0)) & ~((one == 0) & (two == 1) & ~turned)]
    turned = pairs["route"] == USE
    energy = turned & table.energy[np.maximum(pairs["use"], 0)]
    given, wanted = pairs["unit_o"], pairs["unit_n"]
    other = np.where(turned, (wanted == "MWh") != energy, (wanted == "MWh") != (given == "MWh"))
    pairs = pairs[~((wanted != "") & (turned | (given != "")) & other)]
    pairs = pairs[(pairs["amount_max_o"] != 0) & (pairs["amount_max_n"] != 0)]
    told = (pairs["months_o"] > 0) & (pairs["months_n"] > 0)
    pairs = pairs[~(told & ((pairs["months_o"] & pairs["months_n"]) == 0))]
    chord = np.sqrt(sum((pairs[f"{axis}_o"] - pairs[f"{axis}_n"]) ** 2 for axis in "xyz"))
    straight = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chord / 2, 1))
    limit = np.where(pairs["piped_o"], PARAMETERS.max_pipe_km, PARAMETERS.max_distance_km)
    pairs = pairs.assign(limit=limit)[straight * STRAIGHT_MARGIN <= limit]
    ways = pairs[["facility_o", "facility_n"]].drop_duplicates()
    legs = travel.pairs(ways["facility_o"].to_numpy(), ways["facility_n"].to_numpy())
    ways = ways.assign(distance_km=legs.distance_km, minutes=legs.minutes)
    pairs = pairs.merge(ways, on=["facility_o", "facility_n"])
    pairs = pairs[(pairs["distance_km"] <= pairs["limit"]) & (pairs["minutes"] <= PARAMETERS.max_minutes)]
    pairs = pairs.assign(score=_score(pairs, known), turned=pairs["route"] == USE)
    pairs = pairs[pairs["score"] >= PARAMETERS.min_score]
    pairs = pairs.assign(basis=pairs[["basis_o", "basis_n"]].max(axis=1)).sort_values(
        ["score", "basis", "distance_km", "row_o", "row_n"], ascending=[False, True, True, True, True]
    )
    most = np.where(pairs["turned"], MAX_TURNED_PARTNERS, MAX_PARTNERS)
    few = np.zeros(len(pairs), dtype=bool)
    for side in ("row_o", "row_n"):
        few |= pairs.groupby([side, "turned"]).cumcount().to_numpy() < most
    pairs = pairs[few]
    stream = flows["stream_id"].to_numpy()
    return pd.DataFrame(
        {
            "offer_stream_id": stream[pairs["row_o"]],
            "need_stream_id": stream[pairs["row_n"]],
            "score": pairs["score"].to_numpy(),
        }
    )


def _merge(flows: pd.DataFrame, known: PairTables, points: npt.NDArray[np.float64]) -> pd.DataFrame:
    """Return every offer with every need that its kind may meet, by the rule that both go by."""
    grouping = known.grouping
    rules = []
    for kin in np.unique(grouping.offers.columns["kin"]):
        row = known.knowledge.relate(int(kin))
        which = np.flatnonzero(row.related)
        rule = {name: getattr(row, name)[which] for name in ("route", "use", "share", "digits", "relation")}
        rules.append(pd.DataFrame({"kin": kin, "profile": which} | rule))
    names = ["facility", "unit", "months", "hazard", "treatment", "piped", "basis"]
    names += ["amount_min", "amount_best", "amount_max"]
    place = pd.DataFrame(points[flows["facility"]], columns=["x", "y", "z"])
    rows = pd.concat([flows[names], place], axis=1).assign(row=np.arange(len(flows)))
    sides = []
    for groups, key, suffix in ((grouping.offers, "kin", "_o"), (grouping.needs, "profile", "_n")):
        mine = groups.of_flow >= 0
        side = rows[mine].assign(group=groups.of_flow[mine])
        side[key] = groups.columns[key][side["group"]]
        sides.append(side.rename(columns={name: name + suffix for name in side if name != key}))
    return sides[0].merge(pd.concat(rules, ignore_index=True), on="kin").merge(sides[1], on="profile")


def _score(pairs: pd.DataFrame, known: PairTables) -> npt.NDArray[np.float64]:
    """Return the sum of the parts of the score, each worked out for every pair."""
    get = {name: pairs[name].to_numpy() for name in pairs}
    uses, turned = known.knowledge.uses, get["route"] == USE
    use = np.maximum(get["use"], 0)
    fills = np.where(turned, uses.yield_best[use], 1.0)
    energy = turned & uses.energy[use]
    comparable = are_comparable(get["unit_o"], get["unit_n"], turned=turned, energy=energy)
    absorbed = get["amount_best_n"] / fills
    columns = {
        "code_share": get["share"],
        "offer_amount": get["amount_best_o"],
        "absorbed_amount": absorbed,
        "amount_known": ~np.isnan(get["amount_best_o"]) & ~np.isnan(absorbed) & comparable,
        "distance_km": get["distance_km"],
        "licence": tell_licence(get["hazard_o"], get["hazard_n"], get["treatment_n"]),
    }
    columns |= compare_months(get["months_o"], get["months_n"])
    columns |= known.compare_quality(get["group_o"], get["use"], known.quality.of_need[get["group_n"]])
    columns |= known.rank_change(get["group_o"], get["use"], known.treatment_rank[get["group_n"]])
    return sum((part.points(columns, PARAMETERS) for part in PARTS), start=np.zeros(len(pairs)))


def run_one(name: str, streams: int) -> None:
    """Run one of them in this process and tell its cost and its matches' digest."""
    tables, codes, uses = make_tables(streams), read_waste_codes(), read_uses(chains=name == "ours+chains")
    travel = measure_travel(read_road_network(), tables.facilities, parameters=PARAMETERS)
    travel.pairs(np.array([0]), np.array([1]))  # both find the roads warm
    none = np.arange(len(travel.ids))
    travel.pairs(none, none[::-1].copy())

    def call() -> pd.DataFrame:
        if name == "plain":
            return match_plainly(tables, travel, codes, uses)
        return match_streams(tables, travel, codes=codes, uses=uses, parameters=PARAMETERS).matches

    matches, cost = measure(call)
    names = ["offer_stream_id", "need_stream_id", "score"]
    told = matches[names].astype({names[0]: "string", names[1]: "string"}).sort_values(names[:2])
    digest = int(pd.util.hash_pandas_object(told.reset_index(drop=True), index=False).sum() % 2**53)
    say(name=name, cost=cost, matches=len(matches), digest=digest, streams=streams)


def main(streams: int = STREAMS) -> None:
    """Run each in a process of its own and print what they took."""
    told: dict[str, dict[str, Any]] = {}
    for name in ("ours", "plain", "ours+chains"):
        command = [sys.executable, "-m", "benchmarks.matching", name, str(streams)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
        told[name] = json.loads(done.stdout.strip().splitlines()[-1])
        print(told[name], flush=True)
    ours, plain = (Cost(**told[name]["cost"]) for name in ("ours", "plain"))
    same = told["ours"]["digest"] == told["plain"]["digest"]
    print(f"| {streams} x {streams}, 100 km | CPU, s | peak beyond what stood, MiB | matches |")
    print("| --- | --- | --- | --- |")
    for name, facts in told.items():
        cost = Cost(**facts["cost"])
        print(f"| {name} | {cost.cpu_s:.1f} | {cost.peak_bytes / 2**20:.0f} | {facts['matches']} |")
    faster, smaller = plain.cpu_s / ours.cpu_s, plain.peak_bytes / ours.peak_bytes
    print(f"plain / ours: {faster:.1f} x the CPU, {smaller:.1f} x the memory")
    print("the same matches with the same scores" if same else "DIFFERENT matches")
    if not same:
        raise SystemExit(1)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in ("ours", "plain", "ours+chains"):
        run_one(sys.argv[1], int(sys.argv[2]))
    else:
        main(*(int(argument) for argument in sys.argv[1:]))
