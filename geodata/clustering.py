"""Groups of facilities near one another by road time whose offers and needs complement each other.

Each group has a centre, the medoid: a facility that every member reaches within ``cluster_minutes``. Groups
are therefore places where something could be shared, and never chains that wander along a main road. A
facility that exchanges nothing with a neighbour is noise and stays noise.

Method: (1) facilities that have a match within ``cluster_minutes`` are candidates; (2) the candidate whose
surroundings hold most matching pairs founds a group, its surroundings are taken out, and so on; (3) every
candidate goes to its nearest centre and centres move to the member with the least minutes to all others,
until nothing moves; (4) members without a match inside the group, then groups that became too small, are
dropped.
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array, eye_array

from geodata.exchange import sum_exchange
from geodata.flows import ENERGY, TONNES
from geodata.parameters import ScenarioParameters
from geodata.results import RegionTables
from geodata.schemas import BASES
from geodata.transport import Travel

Ints = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

CLUSTER_COLUMNS = (
    "cluster_id",
    "name",
    "medoid_facility_id",
    "facilities",
    "offers",
    "needs",
    "matches",
    "exchange_t_min",
    "exchange_t_best",
    "exchange_t_max",
    "exchange_mwh_best",
    "matches_amount_unknown",
    "materials",
    "radius_minutes",
    "radius_km",
    "basis",
    "lat",
    "lon",
)
"""One row a cluster, most matches first. `offers` and `needs` count the streams that have a match inside;
`exchange_*` a year, nothing given twice, <NA> where no amount is known; `materials` the keys of the matched
materials, most matches first; `radius_*` the farthest member from the medoid; `basis` the weakest of the
matches; `lat`, `lon` the medoid's point, EPSG:4326."""

MEMBER_COLUMNS = ("facility_id", "cluster_id", "is_medoid", "minutes_to_medoid", "km_to_medoid", "matches")
"""One row a clustered facility; who is not here is noise."""

TOP_KM_PER_MINUTE = 100 / 60
"""No lorry keeps up more than 100 km/h: a bound that lets far pairs be passed over unseen."""
_MAX_ROUNDS = 50


def cluster_facilities(
    tables: RegionTables,
    travel: Travel,
    matches: pd.DataFrame,
    *,
    flows: pd.DataFrame,
    parameters: ScenarioParameters,
    pulse: Callable[[], None] = lambda: None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the clusters (:data:`CLUSTER_COLUMNS`) and their members (:data:`MEMBER_COLUMNS`).

    Parameters
    ----------
    matches : from :func:`geodata.matching.match_streams`, over the same `travel`.
    flows : from :func:`geodata.flows.prepare_flows`: amounts for the tonnes inside each cluster.
    pulse : called between steps and before each group; what it raises ends the work.

    Notes
    -----
    Labels follow from the medoid's facility_id and do not depend on the order of rows or on other clusters.
    """
    near = matches[(matches["minutes"] <= parameters.cluster_minutes).to_numpy(dtype=bool)]
    # Work in the order of the ids, so that every tie ends the same way whatever the order of the rows.
    order = np.argsort(np.array(travel.ids, dtype=object), kind="stable")
    ids = np.array(travel.ids, dtype=object)[order]
    place = pd.Series(np.arange(len(ids)), index=ids)
    giver, taker = (near[name].astype(object).map(place).to_numpy(np.intp) for name in _ENDS)
    candidates = np.unique(np.concatenate([giver, taker]))
    if len(candidates) < parameters.cluster_min_facilities:
        return _empty(CLUSTER_COLUMNS), _empty(MEMBER_COLUMNS)
    minutes = _time_graph(travel, order, candidates, max_minutes=parameters.cluster_minutes)
    links = _link_graph(giver, taker, candidates)
    pulse()
    centre = _found_groups(minutes, links, at_least=int(parameters.cluster_min_facilities), pulse=pulse)
    centre = _settle_groups(minutes, centre)
    centre = _drop_idle(minutes, links, centre, at_least=int(parameters.cluster_min_facilities))
    return _describe_clusters(
        tables, travel, near, flows, ids=ids, order=order, candidates=candidates, centre=centre, pulse=pulse
    )


_ENDS = ("from_facility_id", "to_facility_id")


def _time_graph(travel: Travel, order: Ints, candidates: Ints, *, max_minutes: float) -> csr_array:
    """Minutes between candidates within the limit, the longer of both ways; a tiny value stands for 0."""
    back = np.full(len(order), -1)
    back[order[candidates]] = np.arange(len(candidates))
    origins, destinations = travel.pairs_within(
        max_km=max_minutes * TOP_KM_PER_MINUTE, max_minutes=max_minutes, among=order[candidates]
    )
    minutes = np.maximum(travel.pairs(origins, destinations).minutes, 1e-9)
    n = len(candidates)
    there = csr_array((minutes, (back[origins], back[destinations])), shape=(n, n))
    there = there.multiply(there.T > 0).tocsr()
    both = there.maximum(there.T).tocsr()
    both.sort_indices()
    return both


def _link_graph(giver: Ints, taker: Ints, candidates: Ints) -> csr_array:
    """1 where two candidates have at least one match, either way."""
    n = len(candidates)
    one, two = np.searchsorted(candidates, giver), np.searchsorted(candidates, taker)
    links = csr_array((np.ones(len(one)), (one, two)), shape=(n, n))
    links = (links + links.T).tocsr()
    links.data[:] = 1.0
    return links


def _found_groups(
    minutes: csr_array, links: csr_array, *, at_least: int, pulse: Callable[[], None] = lambda: None
) -> Ints:
    """Give each candidate the centre of the group that took it first, -1 for none."""
    first, twin = _number_twins(minutes)
    n = len(first)
    sizes = np.bincount(twin, minlength=n)
    near = _merge_twins(minutes, twin) + eye_array(n, format="csr")
    linked = _merge_twins(links, twin)
    centre = np.full(n, -1, dtype=np.intp)
    free = np.ones(n, dtype=bool)

    def surroundings(i: int) -> Ints:
        around = near.indices[near.indptr[i] : near.indptr[i + 1]]
        mine: Ints = around[free[around]].astype(np.intp)
        return mine

    def worth(i: int) -> tuple[int, int]:
        around = surroundings(i)
        inside = np.zeros(n, dtype=bool)
        inside[around] = True
        entries = _list_entries(linked, around)
        pairs = int(linked.data[entries[inside[linked.indices[entries]]]].sum()) // 2
        size = int(sizes[around].sum())
        return (pairs, size) if size >= at_least else (0, 0)

    # What is taken out only ever lowers the worth of the others: only the best known needs a fresh look.
    heap = [(-pairs, -size, i) for i in range(n) for pairs, size in [worth(i)] if pairs]
    heapq.heapify(heap)
    while heap:
        pulse()
        pairs, size, i = heapq.heappop(heap)
        if not free[i]:
            continue
        now = worth(i)
        if (-now[0], -now[1]) != (pairs, size):
            if now[0]:
                heapq.heappush(heap, (-now[0], -now[1], i))
            continue
        around = surroundings(i)
        centre[around] = first[i]
        free[around] = False
    return centre[twin]


def _number_twins(minutes: csr_array) -> tuple[Ints, Ints]:
    """Find candidates with the same neighbours, themselves among them, which found and join groups alike.

    Facilities at one point are such twins, and registers put hundreds at one point. Returns the first of each
    kind, ascending, and for each candidate the number of its kind.
    """
    known: dict[bytes, int] = {}
    n = minutes.shape[0]
    first: list[int] = []
    twin = np.empty(n, np.intp)
    for i in range(n):
        around = minutes.indices[minutes.indptr[i] : minutes.indptr[i + 1]]
        at = int(np.searchsorted(around, i))
        key = around[:at].tobytes() + i.to_bytes(around.itemsize, sys.byteorder) + around[at:].tobytes()
        twin[i] = known.setdefault(key, len(known))
        if twin[i] == len(first):
            first.append(i)
    return np.array(first, np.intp), twin


def _merge_twins(matrix: csr_array, twin: Ints) -> csr_array:
    """Add up the rows and columns of candidates that are twins."""
    n = int(twin.max(initial=-1)) + 1
    row = np.repeat(twin, np.diff(matrix.indptr))
    return csr_array((matrix.data, (row, twin[matrix.indices])), shape=(n, n))


def _list_entries(matrix: csr_array, rows: Ints) -> Ints:
    """Return where the entries of `rows` stand in the data of `matrix`."""
    counts = np.diff(matrix.indptr)[rows]
    starts = matrix.indptr[rows] - (np.cumsum(counts) - counts)
    entries: Ints = np.repeat(starts, counts) + np.arange(counts.sum())
    return entries


def _settle_groups(minutes: csr_array, centre: Ints) -> Ints:
    """Send each candidate to its nearest centre and move centres to their medoids, until nothing moves."""
    seen: set[bytes] = set()
    for _ in range(_MAX_ROUNDS):
        centre = _move_centres(minutes, centre)
        centre = _choose_nearest(minutes, np.unique(centre[centre >= 0]))
        if centre.tobytes() in seen:
            break
        seen.add(centre.tobytes())
    return centre


def _choose_nearest(minutes: csr_array, centres: Ints) -> Ints:
    nearest = np.full(minutes.shape[0], -1, dtype=np.intp)
    best = np.full(minutes.shape[0], np.inf)
    for i in centres:
        around = minutes.indices[minutes.indptr[i] : minutes.indptr[i + 1]]
        there = minutes.data[minutes.indptr[i] : minutes.indptr[i + 1]]
        closer = there < best[around]
        best[around[closer]], nearest[around[closer]] = there[closer], i
    nearest[centres] = centres
    return nearest


def _move_centres(minutes: csr_array, centre: Ints) -> Ints:
    """Return the groups with each centre at the member that reaches most others, then with the least minutes.

    A member out of the new centre's reach (only where no member reaches all) leaves the group.
    """
    out = np.full_like(centre, -1)
    for members in _groups(centre):
        inside = minutes[members][:, members]
        reach, sums = np.diff(inside.indptr), np.asarray(inside.sum(axis=1)).ravel()
        best = int(np.lexsort([members, sums, -reach])[0])
        row = slice(inside.indptr[best], inside.indptr[best + 1])
        out[members[inside.indices[row]]] = members[best]
        out[members[best]] = members[best]
    return out


def _drop_idle(minutes: csr_array, links: csr_array, centre: Ints, *, at_least: int) -> Ints:
    """Drop members without a match inside, then groups below the limit, until nothing is dropped."""
    while True:
        one, two = np.repeat(np.arange(len(centre)), np.diff(links.indptr)), links.indices
        inside = (centre[one] == centre[two]) & (centre[one] >= 0)
        busy = np.bincount(one[inside], minlength=len(centre)) > 0
        after = np.where(busy, centre, -1)
        sizes = pd.Series(after[after >= 0]).value_counts()
        small = sizes.index[sizes < at_least].to_numpy()
        after = _move_centres(minutes, np.where(np.isin(after, small), -1, after))
        if np.array_equal(after, centre):
            return after
        centre = after


def _groups(centre: Ints) -> list[Ints]:
    rows = np.flatnonzero(centre >= 0)
    rows = rows[np.argsort(centre[rows], kind="stable")]
    _, starts = np.unique(centre[rows], return_index=True)
    return np.split(rows, starts[1:]) if len(rows) else []


def _describe_clusters(
    tables: RegionTables,
    travel: Travel,
    near: pd.DataFrame,
    flows: pd.DataFrame,
    *,
    ids: npt.NDArray[np.object_],
    order: Ints,
    candidates: Ints,
    centre: Ints,
    pulse: Callable[[], None],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    facilities = tables.facilities.set_index("facility_id")
    label = pd.Series(centre, index=ids[candidates])
    ends = [near[name].astype(object).map(label).to_numpy() for name in _ENDS]
    inside = near[(ends[0] == ends[1]) & (ends[0] >= 0)]
    owner = ends[0][(ends[0] == ends[1]) & (ends[0] >= 0)]
    clusters, people = [], []
    for members in _groups(centre):
        pulse()
        middle = int(centre[members[0]])
        medoid = str(ids[candidates[middle]])
        own = inside[owner == middle]
        here = order[candidates[members]]
        centre_point = np.full(len(here), order[candidates[middle]])
        out, back = travel.pairs(centre_point, here), travel.pairs(here, centre_point)
        # one-way roads make the two ways differ: the longer counts, as in founding the group
        to_medoid = {
            "minutes": np.where(members == middle, 0.0, np.maximum(out.minutes, back.minutes)),
            "km": np.where(members == middle, 0.0, np.maximum(out.distance_km, back.distance_km)),
        }
        named = pd.concat([own["offer_stream_id"], own["need_stream_id"]])
        amounts = flows[flows["stream_id"].isin(named)]
        tonnes, unknown = sum_exchange(own, amounts, unit=TONNES)
        energy, _ = sum_exchange(own, amounts, unit=ENERGY)
        point = facilities.geometry.loc[medoid]
        counts = own["material"].value_counts().rename_axis("material").reset_index(name="n")
        counts = counts.sort_values(["n", "material"], ascending=[False, True])
        clusters.append(
            {
                "cluster_id": f"cluster-{medoid}",
                "name": _name_cluster(facilities.loc[medoid]),
                "medoid_facility_id": medoid,
                "facilities": len(members),
                "offers": own["offer_stream_id"].nunique(),
                "needs": own["need_stream_id"].nunique(),
                "matches": len(own),
                **{f"exchange_t_{level}": tonnes[k] for k, level in enumerate(("min", "best", "max"))},
                "exchange_mwh_best": energy[1],
                "matches_amount_unknown": unknown,
                "materials": " ".join(counts["material"]),
                "radius_minutes": float(to_medoid["minutes"].max()),
                "radius_km": float(to_medoid["km"].max()),
                "basis": BASES[max(BASES.index(basis) for basis in own["basis"])],
                "lat": float(point.y),
                "lon": float(point.x),
            }
        )
        touched = pd.concat([own[name] for name in _ENDS]).value_counts()
        names = ids[candidates[members]]
        people.append(
            pd.DataFrame(
                {
                    "facility_id": names,
                    "cluster_id": f"cluster-{medoid}",
                    "is_medoid": members == middle,
                    "minutes_to_medoid": to_medoid["minutes"],
                    "km_to_medoid": to_medoid["km"],
                    "matches": touched.reindex(names).to_numpy(),
                }
            )
        )
    if not clusters:
        return _empty(CLUSTER_COLUMNS), _empty(MEMBER_COLUMNS)
    table = _type(pd.DataFrame(clusters)).sort_values(["matches", "cluster_id"], ascending=[False, True])
    table["name"] = _tell_apart(table["name"])
    return table.reset_index(drop=True), _type(pd.concat(people, ignore_index=True))


def _name_cluster(medoid: pd.Series) -> str:
    return str(medoid["place"] if pd.notna(medoid["place"]) else medoid["name"])


def _tell_apart(names: pd.Series) -> pd.Series:
    """Number the second and later clusters of the same place."""
    number = names.groupby(names).cumcount() + 1
    return names.where(number == 1, names + " " + number.astype("string"))


_TEXTS = ("cluster_id", "name", "medoid_facility_id", "materials", "basis", "facility_id")
_COUNTS = ("facilities", "offers", "needs", "matches", "matches_amount_unknown")


def _type(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = dict.fromkeys(_TEXTS, "string") | dict.fromkeys(_COUNTS, "Int64") | {"is_medoid": "boolean"}
    return frame.astype({name: kinds.get(name, "Float64") for name in frame.columns})


def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    return _type(pd.DataFrame(columns=list(columns), dtype=object))
