"""Matches by way of one who treats: an offer, the intermediary that accepts it, and a need of the product.

About a fifth of real exchanges go this way. An intermediary is a facility that treats or sorts for others, or
whose industry the use names, with a need (the stream it accepts: its licence and capacity) for the offered
material or code. Of each offer and use only the nearest intermediaries are looked at, and of each
intermediary and use only the nearest needs, so that the work grows with the streams and not with their cube;
of all ways of an offer to a need the best one is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.candidates import EARTH_RADIUS_KM, STRAIGHT_MARGIN, measure_straight_km, multiply_points
from geodata.flows import ENERGY, HAZARD_NO, HAZARD_YES
from geodata.judging import Array, add_amounts, add_distance, limit_way_km, route_pairs
from geodata.pairtables import PairTables, are_comparable, compare_months, tell_licence
from geodata.parameters import ScenarioParameters
from geodata.scoring import ScorePart
from geodata.streamgroups import Ints, number_rows
from geodata.transport import Travel
from geodata.usepairs import CHAIN_PART, INTERMEDIARY, LEAST_STRENGTH, UseTable

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NEAREST_VIAS = 2
"""Intermediaries looked at for each offer and use, the nearest as the crow flies."""
NEAREST_NEEDS = 8
"""Needs looked at for each intermediary's accepted stream and use, the nearest as the crow flies."""
CELLS_AT_ONCE = 2_000_000
PRODUCES, AGREES, LISTED, PERHAPS = 1.0, 0.95, 0.85, 0.6
"""How sure it is that an intermediary makes the product: it offers it; its operation is the use's; its
industry is the use's; it treats for others and says no more."""
INTERIM = ("", "R12", "R13")


@dataclass(frozen=True, eq=False)
class Chains:
    """Ways from an offer over an accepted stream to a need, one entry each: rows in the flows, the use's
    position and how good the use, the maker and the product are together, 0..1."""

    offer: Ints
    via: Ints
    need: Ints
    use: Ints
    strength: Floats

    def __len__(self) -> int:
        return len(self.offer)

    def select(self, rows: Ints | Bools) -> Chains:
        """Return some of the chains."""
        return Chains(*(getattr(self, spec.name)[rows] for spec in fields(self)))


def match_chains(
    flows: pd.DataFrame,
    tables: PairTables,
    points: Floats,
    travel: Travel,
    *,
    parts: tuple[ScorePart, ...],
    parameters: ScenarioParameters,
    watched: Bools | None,
    block_pairs: int,
    pulse: Callable[[], None] = lambda: None,
) -> dict[str, Array] | None:
    """Return the best chain of each offer and need, as columns of judged pairs; None where there is none.

    Parameters
    ----------
    watched : by position of the facility: only chains that touch one of these (None: all).
    """
    best: dict[str, Array] | None = None
    for chains in _gather_chains(
        flows, tables, points, parameters=parameters, watched=watched, size=block_pairs
    ):
        pulse()
        judged = _judge_chains(chains, flows, tables, points, travel, parts=parts, parameters=parameters)
        both = [judged] if best is None else [best, judged]
        best = _keep_best_way({name: np.concatenate([part[name] for part in both]) for name in judged})
    return best


def find_chain_members(flows: pd.DataFrame, tables: PairTables, watched: Bools) -> Bools:
    """Tell which facilities may stand in a chain with a watched one, or beside it in the choice of chains."""
    facility = flows["facility"].to_numpy()
    found = watched.copy()
    for _, offers, vias, needs, _ in _list_members(flows, tables):
        together = np.concatenate([offers, vias, needs])
        if watched[facility[together]].any():
            found[facility[together]] = True
    return found


def _list_members(flows: pd.DataFrame, tables: PairTables) -> Iterator[tuple[int, Ints, Ints, Ints, Floats]]:
    """Yield of each use with an intermediary: offers, accepted streams and needs of the product (rows, none
    of them empty), and how sure each accepted stream's owner makes the product."""
    uses, grouping = tables.knowledge.uses, tables.grouping
    if uses.library is None or not len(uses):
        return
    offer, facility = flows["offer"].to_numpy(), flows["facility"].to_numpy()
    usable = ~(flows["amount_max"] == 0).to_numpy()
    kin = np.full(len(flows), -1, dtype=np.intp)
    for groups in (grouping.offers, grouping.needs):
        rows = np.flatnonzero(groups.of_flow >= 0)
        kin[rows] = groups.columns["kin"][groups.of_flow[rows]]
    kins_of_use: dict[int, list[int]] = {}
    for number, (which, _) in uses.fits.items():
        for use in which.tolist():
            kins_of_use.setdefault(use, []).append(number)
    offers = np.flatnonzero(offer & usable & ~flows["piped"].to_numpy())
    accepting = ~offer & usable & (flows["treatment"].to_numpy().astype("U1") != "D")
    division, treats = flows["division"].to_numpy().astype("U2"), flows["treats"].to_numpy()
    treatment = flows["treatment"].to_numpy().astype("U3")
    interim = np.isin(treatment, INTERIM)
    needs = np.flatnonzero(~offer & usable)
    profile = grouping.needs.columns["profile"][grouping.needs.of_flow[needs]] if len(needs) else needs
    by_kin = _list_by(kin[offers], offers)
    made = _list_products(flows, tables)
    empty = np.empty(0, dtype=np.intp)
    table = uses.library.uses
    columns = (table[name].astype(object) for name in ("intermediary", "operation", "product"))
    for use, (between, operation, product) in enumerate(zip(*columns, strict=True)):
        if not uses.by_intermediary[use] or use not in kins_of_use:
            continue
        mine = np.concatenate([empty, *(by_kin.get(k, empty) for k in kins_of_use[use])])
        wanting = needs[uses.wanted[use, profile] > 0] if len(needs) else needs
        if not len(mine) or not len(wanting):
            continue
        listed = np.isin(division, str(between).split())
        able = accepting & (treats | listed)
        sure = np.where(
            np.isin(facility, made.get(str(product), empty)),
            PRODUCES,
            np.where(
                (treatment == str(operation)) & (str(operation) != ""),
                AGREES,
                np.where(interim, np.where(listed, LISTED, np.where(division == "", PERHAPS, 0.0)), 0.0),
            ),
        )
        vias = np.flatnonzero(able & (sure > 0))
        if len(vias):
            yield use, np.sort(mine), vias, wanting, sure[vias]


def _list_by(keys: Ints, rows: Ints) -> dict[int, Ints]:
    order = np.argsort(keys, kind="stable")
    present, starts = np.unique(keys[order], return_index=True)
    return dict(zip(present.tolist(), np.split(rows[order], starts[1:]), strict=True)) if len(keys) else {}


def _list_products(flows: pd.DataFrame, tables: PairTables) -> dict[str, Ints]:
    """Return product -> facilities that offer it or a kind of it."""
    ancestors = tables.knowledge.codes.ancestors
    made: dict[str, list[int]] = {}
    some = flows[flows["offer"].to_numpy()]
    for material, facility in set(zip(some["material"], some["facility"], strict=True)):
        for name in (material, *ancestors.get(material, ())):
            made.setdefault(str(name), []).append(int(facility))
    return {name: np.array(sorted(places), dtype=np.intp) for name, places in made.items()}


def _gather_chains(
    flows: pd.DataFrame,
    tables: PairTables,
    points: Floats,
    *,
    parameters: ScenarioParameters,
    watched: Bools | None,
    size: int,
) -> Iterator[Chains]:
    """Yield chains of the nearest intermediaries and needs, some `size` of them at a time."""
    facility, hazard = flows["facility"].to_numpy(), flows["hazard"].to_numpy()
    placed = ~np.isnan(points[:, 0])[facility]
    spot = np.nan_to_num(points)[facility]
    farthest = np.cos(min(parameters.max_distance_km / STRAIGHT_MARGIN / EARTH_RADIUS_KM, np.pi))
    grouping, knowledge = tables.grouping, tables.knowledge
    offer_kin, need_kin = grouping.offers.columns["kin"], grouping.needs.columns["kin"]
    held: list[Chains] = []
    count = 0
    for use, offers, vias, needs, sure in _list_members(flows, tables):
        offers, needs = offers[placed[offers]], needs[placed[needs]]
        sure, vias = sure[placed[vias]], vias[placed[vias]]
        if not (len(offers) and len(vias) and len(needs)):
            continue
        # Which accepted streams take which offers is told by their kins and hazards.
        alike, example = number_rows([offer_kin[grouping.offers.of_flow[offers]], hazard[offers]])
        via_kin = need_kin[grouping.needs.of_flow[vias]]
        first = [(np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0))]
        for number, at in enumerate(example):
            kin = int(offer_kin[grouping.offers.of_flow[offers[at]]])
            worth = _accept(tables, kin)[via_kin] * sure * _fit_of(knowledge.uses, kin, use)
            able = np.flatnonzero((worth >= LEAST_STRENGTH) & _may_take(hazard[offers[at]], hazard[vias]))
            mine = np.flatnonzero(alike == number)
            step = max(1, CELLS_AT_ONCE // max(len(able), 1))
            for start in range(0, len(mine) if len(able) else 0, step):
                rows = offers[mine[start : start + step]]
                allowed = facility[rows][:, None] != facility[vias[able]]
                row, column = _pick_nearest(
                    spot[rows], spot[vias[able]], allowed, least=farthest, most=NEAREST_VIAS
                )
                first.append((mine[row + start], able[column], worth[able[column]]))
        one, two, worth = (np.concatenate([part[k] for part in first]) for k in range(3))
        if not len(one):
            continue
        used = np.unique(two)
        last = []
        step = max(1, CELLS_AT_ONCE // len(needs))
        for start in range(0, len(used), step):
            some_vias = vias[used[start : start + step]]
            allowed = facility[some_vias][:, None] != facility[needs]
            via, need = _pick_nearest(
                spot[some_vias], spot[needs], allowed, least=farthest, most=NEAREST_NEEDS
            )
            last.append((used[via + start], need))
        via, need = (np.concatenate([part[k] for part in last]) for k in range(2))
        a, b = _join(two, via)
        profile = grouping.needs.columns["profile"][grouping.needs.of_flow[needs[need[b]]]]
        strength = worth[a] * knowledge.uses.wanted[use, profile]
        chains = Chains(
            offers[one[a]], vias[two[a]], needs[need[b]], np.full(len(a), use), strength.astype(np.float64)
        )
        kept = (strength >= LEAST_STRENGTH) & (facility[chains.offer] != facility[chains.need])
        if watched is not None:
            kept &= (
                watched[facility[chains.offer]]
                | watched[facility[chains.via]]
                | watched[facility[chains.need]]
            )
        held.append(chains.select(kept))
        count += len(held[-1])
        if count >= size:
            yield _concatenate(held)
            held, count = [], 0
    if count:
        yield _concatenate(held)


def _concatenate(chains: list[Chains]) -> Chains:
    names = [spec.name for spec in fields(Chains)]
    return Chains(*(np.concatenate([getattr(part, name) for part in chains]) for name in names))


def _accept(tables: PairTables, kin: int) -> Floats:
    """Return of every kin how well a stream of it that is accepted stands for `kin`: 0 where it is no licence
    for it. A licence covers the material itself, its kinds, and the same code."""
    knowledge = tables.knowledge
    digits, _relation, _, share = knowledge.compare_kins(kin)
    material = str(tables.grouping.kin_materials[kin])
    above = knowledge.codes.ancestors.get(material, ())
    names = knowledge.materials
    covers = np.array([name == material or name in above for name in names], dtype=bool)
    wide = np.array([name != material and name in above for name in names], dtype=bool)
    taken = covers[knowledge.kin_material] | (digits == 6)
    # A kind of what is accepted is accepted in full: the licence is the wider one on purpose.
    return np.where(taken, np.where(wide[knowledge.kin_material], np.maximum(share, 0.9), share), 0.0)


def _fit_of(uses: UseTable, kin: int, use: int) -> float:
    which, fit = uses.fits[kin]
    at = np.searchsorted(which, use)
    return float(fit[at]) * bool(uses.gives[kin][at])


def _may_take(offered: Array, accepted: Array) -> Bools:
    """Tell who may take what: hazardous waste goes only to those who take it, other waste not to them."""
    yes = (offered == HAZARD_YES) & (accepted == HAZARD_YES)
    no = (offered == HAZARD_NO) & (accepted != HAZARD_YES)
    return np.asarray(yes | no | ((offered != HAZARD_YES) & (offered != HAZARD_NO)), dtype=bool)


def _pick_nearest(one: Floats, two: Floats, allowed: Bools, *, least: float, most: int) -> tuple[Ints, Ints]:
    """Return (row, column) of the `most` nearest allowed columns of each row, those within reach only."""
    nearness = multiply_points(one, two)
    nearness = np.where(allowed & (nearness >= least), nearness, -2.0)
    rows, columns = [], []
    at = np.arange(len(one))
    for _ in range(min(most, len(two))):
        best = nearness.argmax(axis=1)
        there = nearness[at, best] > -2.0
        if not there.any():
            break
        rows.append(at[there])
        columns.append(best[there])
        nearness[at, best] = -2.0
    none = np.empty(0, dtype=np.intp)
    return np.concatenate([none, *rows]), np.concatenate([none, *columns])


def _join(one: Ints, two: Ints) -> tuple[Ints, Ints]:
    """Return positions (a, b) of all pairs with ``one[a] == two[b]``."""
    order = np.argsort(two, kind="stable")
    start = np.searchsorted(two[order], one, side="left")
    count = np.searchsorted(two[order], one, side="right") - start
    a = np.repeat(np.arange(len(one)), count)
    within = np.arange(len(a)) - np.repeat(np.cumsum(count) - count, count)
    return a, order[np.repeat(start, count) + within]


def _judge_chains(
    chains: Chains,
    flows: pd.DataFrame,
    tables: PairTables,
    points: Floats,
    travel: Travel,
    *,
    parts: tuple[ScorePart, ...],
    parameters: ScenarioParameters,
) -> dict[str, Array]:
    """Return the columns of the chains that pass every test."""
    facility, months = flows["facility"].to_numpy(), flows["months"].to_numpy()
    origin, middle, end = (facility[rows] for rows in (chains.offer, chains.via, chains.need))
    straight = measure_straight_km(points, origin, middle) + measure_straight_km(points, middle, end)
    shared = compare_months(months[chains.offer], months[chains.via])
    piped = flows["piped"].to_numpy()[chains.need]
    unit, energy = flows["unit"].to_numpy(), tables.knowledge.uses.energy[chains.use]
    wanted = unit[chains.need]
    other_kind = (wanted != "") & ((wanted == ENERGY) != energy)
    no_months = (shared["offer_months"] > 0) & (shared["need_months"] > 0) & (shared["common_months"] == 0)
    fine = (straight * STRAIGHT_MARGIN <= parameters.max_distance_km) & ~other_kind & ~no_months
    chains = chains.select(fine)
    offer, via, need, use = chains.offer, chains.via, chains.need, chains.use
    origin, middle, end, piped = origin[fine], middle[fine], end[fine], piped[fine]
    grouping = tables.grouping
    group, via_group = grouping.offers.of_flow[offer], grouping.needs.of_flow[via]
    columns: dict[str, Array] = {name: values[fine] for name, values in shared.items()}
    columns |= {"offer": offer, "need": need, "via": via, "use": use.astype(np.int32)}
    columns |= _compare_first_leg(tables, group, via_group)
    columns["route"] = np.full(len(offer), INTERMEDIARY, dtype=np.int8)
    columns["by_use"] = np.ones(len(offer), dtype=bool)
    columns["code_share"] = CHAIN_PART * chains.strength
    columns |= tables.compare_quality(group, use, tables.quality.of_need[via_group])
    hazard, treatment = flows["hazard"].to_numpy(), flows["treatment"].to_numpy()
    columns["licence"] = tell_licence(hazard[offer], hazard[via], treatment[via])
    columns |= tables.rank_change(group, use, tables.treatment_rank[via_group])
    columns["comparable"] = are_comparable(
        unit[offer], unit[need], turned=np.ones(len(offer), dtype=bool), energy=energy[fine]
    )
    tables.add_points(columns)
    columns = add_amounts(columns, flows, tables.knowledge.uses, parts=parts, parameters=parameters)
    bound = add_distance(
        columns | {"distance_km": straight[fine] * STRAIGHT_MARGIN}, parts=parts, parameters=parameters
    )
    hopeful = np.flatnonzero(bound["score"] >= parameters.min_score)
    columns = {name: values[hopeful] for name, values in columns.items()}
    origin, middle, end, piped = origin[hopeful], middle[hopeful], end[hopeful], piped[hopeful]
    first, last = route_pairs(travel, origin, middle), route_pairs(travel, middle, end)
    for name in ("distance_km", "minutes", "estimated_km", "toll_nok", "ferries"):
        columns[name] = first[name] + last[name]
    columns["via_km"], columns["via_minutes"] = first["distance_km"], first["minutes"]
    columns = add_distance(columns, parts=parts, parameters=parameters)
    with np.errstate(invalid="ignore"):
        kept = (
            (columns["distance_km"] <= parameters.max_distance_km)
            & (last["distance_km"] <= limit_way_km(piped, parameters))
            & (columns["minutes"] <= parameters.max_minutes)
            & (columns["score"] >= parameters.min_score)
        )
    return {name: values[kept] for name, values in columns.items()}


def _compare_first_leg(tables: PairTables, group: Ints, via_group: Ints) -> dict[str, Array]:
    """Return digits, relation and coded sides of the offer and the accepted stream."""
    one = tables.grouping.offers.columns["kin"][group]
    two = tables.grouping.needs.columns["kin"][via_group]
    pair, first = number_rows([one, two])
    small = {name: np.zeros(len(first), dtype=np.int8) for name in ("digits", "relation", "coded_sides")}
    for k in np.unique(one[first]):
        digits, relation, coded, _ = tables.knowledge.compare_kins(int(k))
        mine = np.flatnonzero(one[first] == k)
        for name, values in zip(small, (digits, relation, coded), strict=True):
            small[name][mine] = values[two[first[mine]]]
    return {name: values[pair] for name, values in small.items()}


def _keep_best_way(columns: dict[str, Array]) -> dict[str, Array]:
    """Keep the best chain of each offer and need: by score, then the shorter way, then the streams' names."""
    keys = [
        columns["use"],
        columns["via"],
        columns["distance_km"],
        -columns["score"],
        columns["need"],
        columns["offer"],
    ]
    order = np.lexsort(keys)
    one, two = columns["offer"][order], columns["need"][order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (one[1:] != one[:-1]) | (two[1:] != two[:-1])
    kept = order[first]
    return {name: values[kept] for name, values in columns.items()}
