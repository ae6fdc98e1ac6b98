"""One group of offers against all groups of needs: what can be said before any two streams are looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geodata.codetables import WasteCodes
from geodata.flows import ENERGY, HAZARD_NO, HAZARD_YES, TONNES
from geodata.parameters import ScenarioParameters
from geodata.qualitytext import read_quality
from geodata.scoring import LICENCES, ScorePart
from geodata.streamgroups import Array, Grouping, Groups, Ints
from geodata.usepairs import NO_ROUTE, SAME_STREAM, USE, PairKnowledge, UseTable
from geodata.uses import UseLibrary

Bools = npt.NDArray[np.bool_]

REASONS = (
    "",
    "not_placed",
    "material",
    "hazard",
    "unit",
    "amount_zero",
    "months",
    "unreachable",
    "too_far",
    "too_long",
    "below_score",
    "ranked_below",
)
OK, NOT_PLACED, MATERIAL, HAZARD, UNIT, ZERO, MONTHS, UNREACHABLE, FAR, LONG, SCORE, RANK = range(12)

TREATMENT_RANKS = (
    {"R1": 5, "R10": 3, "R11": 4} | {f"R{n}": 2 for n in range(2, 10)} | {f"D{n}": 6 for n in range(1, 16)}
)
"""Place in the hierarchy (:data:`geodata.uses.HIERARCHIES`, 1 to 6) of what the waste codes of operations
stand for; R12 and R13 only come before others."""
USUAL_RANKS = {
    "wood": 5,
    "organic": 3,
    "sludge": 3,
    "soil_improver": 3,
    "paper": 2,
    "plastics": 5,
    "metals": 2,
    "glass": 2,
    "minerals": 4,
    "ash_slag": 6,
    "textiles_rubber": 5,
    "electronics": 2,
    "vehicles": 2,
    "chemicals": 6,
    "energy_water": 6,
    "mixed": 5,
}
"""Where most of each group of materials goes in Norway today, where the offer does not say; expert judgement
after the published accounts of waste. Heat and water that nobody uses are let out."""
BITS = np.array([bin(mask).count("1") for mask in range(4096)], dtype=np.int8)
_UNKNOWN_LICENCE = LICENCES.index("hazard_unknown")


@dataclass(frozen=True, eq=False)
class QualityTable:
    """How many demands of uses and of needs are met and broken by what offers say of their quality.

    Attributes
    ----------
    of_offer, of_need : row of each group of offers; column of each group of needs without a use.
    met, broken : rows x columns; the first columns are the uses.
    asked : of each column.
    """

    of_offer: Ints
    of_need: Ints
    met: npt.NDArray[np.int16]
    broken: npt.NDArray[np.int16]
    asked: npt.NDArray[np.int16]


class PairTables:
    """All groups of one table of flows against each other, one group of offers at a time."""

    def __init__(
        self,
        grouping: Grouping,
        *,
        codes: WasteCodes,
        uses: UseLibrary | None,
        parts: tuple[ScorePart, ...],
        parameters: ScenarioParameters,
    ) -> None:
        self.grouping = grouping
        self.knowledge = PairKnowledge(grouping, codes=codes, uses=uses)
        self.quality = tabulate_quality(grouping, self.knowledge.uses)
        self.parts = tuple(part for part in parts if part.level == "group")
        self.parameters = parameters
        self.present_rank, self.present_told = _rank_present(grouping.offers, codes=codes)
        treatment = grouping.needs.columns["treatment"] if len(grouping.needs) else np.empty(0, object)
        self.treatment_rank = np.array([TREATMENT_RANKS.get(str(t), 0) for t in treatment], dtype=np.int8)

    def compare(self, group: int) -> tuple[Ints, dict[str, Array]]:
        """Return the related groups of needs, and the columns that tell of each pair of groups.

        `reason` is a position in :data:`REASONS`: why no pair of the two groups can match, 0 where nothing
        speaks against it. The points of the parts of level ``group`` are there and `group_points`, their sum.
        """
        offers, needs = self.grouping.offers.columns, self.grouping.needs.columns
        row = self.knowledge.relate(int(offers["kin"][group]))
        which = np.flatnonzero(row.related[needs["profile"]])
        profile = needs["profile"][which]
        one = {name: values[group] for name, values in offers.items()}
        many = {name: values[which] for name, values in needs.items()}
        table: dict[str, Array] = {
            name: getattr(row, name)[profile]
            for name in ("digits", "relation", "coded_sides", "route", "use", "by_use")
        }
        table["code_share"] = row.share[profile]
        uses = self.knowledge.uses
        turned = table["route"] == USE
        energy = np.zeros(len(which), dtype=bool)
        if len(uses):
            energy = turned & uses.energy[np.maximum(table["use"], 0)]
        table |= compare_months(one["months"], many["months"])
        table |= self.compare_quality(group, table["use"], self.quality.of_need[which])
        table["licence"] = tell_licence(one["hazard"], many["hazard"], many["treatment"])
        table |= self.rank_change(group, table["use"], self.treatment_rank[which])
        table["comparable"] = are_comparable(one["unit"], many["unit"], turned=turned, energy=energy)
        other_kind = (
            (one["unit"] != "") & (many["unit"] != "") & ((many["unit"] == ENERGY) != (one["unit"] == ENERGY))
        )
        other_kind = np.where(turned, (many["unit"] != "") & ((many["unit"] == ENERGY) != energy), other_kind)
        no_months = (table["offer_months"] > 0) & (table["need_months"] > 0) & (table["common_months"] == 0)
        forbidden = (one["hazard"] == HAZARD_YES) & (many["hazard"] == HAZARD_NO)
        other_waste = (one["hazard"] == HAZARD_NO) & (many["hazard"] == HAZARD_YES) & ~turned
        tests = [
            ~many["placed"] | (not one["placed"]),
            table["route"] == NO_ROUTE,
            forbidden | other_waste,
            other_kind,
            many["nothing"] | bool(one["nothing"]),
            no_months,
        ]
        reasons = [NOT_PLACED, MATERIAL, HAZARD, UNIT, ZERO, MONTHS]
        table["reason"] = np.select(tests, reasons, OK).astype(np.int8)
        self.add_points(table)
        return which, table

    def add_points(self, table: dict[str, Array]) -> None:
        """Add the points of the parts of level ``group`` and `group_points`, their sum."""
        table["group_points"] = np.zeros(len(table["code_share"]))
        for part in self.parts:
            table[part.column] = part.points(table, self.parameters)
            table["group_points"] = table["group_points"] + table[part.column]

    def compare_quality(self, group: Ints | int, use: Array, need_column: Ints) -> dict[str, Array]:
        """Return how many demands are asked, met and broken: those of the use, else those of the need."""
        quality, row = self.quality, self.quality.of_offer[group]
        column = np.where(use >= 0, use, need_column)
        return {
            "quality_asked": quality.asked[column],
            "quality_met": quality.met[row, column],
            "quality_broken": quality.broken[row, column],
        }

    def rank_change(self, group: Ints | int, use: Array, treatment_rank: Array) -> dict[str, Array]:
        """Return the place in the hierarchy before and after, 0 unknown."""
        new = treatment_rank.astype(np.int8)
        if len(self.knowledge.uses):
            by_use = self.knowledge.uses.hierarchy_rank[np.maximum(use, 0)]
            new = np.where(use >= 0, by_use, new).astype(np.int8)
        shape = np.ones(len(use), dtype=np.int8)
        return {
            "present_rank": self.present_rank[group] * shape,
            "present_reported": self.present_told[group] & (shape > 0),
            "new_rank": new,
        }


def compare_months(offered: Array, needed: Array) -> dict[str, Array]:
    """Return how many months are offered, needed and common; 0 where they are not told."""
    common = BITS[offered & needed]
    return {
        "offer_months": BITS[offered] * np.ones(len(common), dtype=np.int8),
        "need_months": BITS[needed] * np.ones(len(common), dtype=np.int8),
        "common_months": common,
    }


def tell_licence(hazard: Array, taken: Array, treatment: Array) -> npt.NDArray[np.int8]:
    """Return the state of hazard and licence as a position in :data:`geodata.scoring.LICENCES`."""
    states = [
        (hazard == HAZARD_YES) & (taken == HAZARD_YES),
        hazard == HAZARD_YES,
        (hazard != HAZARD_NO) & (hazard != HAZARD_YES) & (taken != HAZARD_NO),
        (taken == HAZARD_NO) | (treatment != ""),
    ]
    names = ["licensed", "licence_unknown", "hazard_unknown", "ordinary"]
    found = np.select(states, [LICENCES.index(name) for name in names], LICENCES.index("unstated"))
    return found.astype(np.int8)


def are_comparable(offered: Array, needed: Array, *, turned: Array, energy: Array) -> Bools:
    """Tell where the two amounts can be compared: one unit, or one that the use turns into the other."""
    same = (offered == needed) & (needed != "")
    by_use = np.where(energy, (needed == ENERGY) & ((offered == TONNES) | (offered == ENERGY)), same)
    return np.asarray(np.where(turned, by_use, same), dtype=bool)


def tabulate_quality(grouping: Grouping, uses: UseTable) -> QualityTable:
    """Count the demands of every use and need that every way of telling an offer's quality meets."""
    keys: dict[str, int] = {}
    asked_by_use: list[list[str]] = []
    if uses.library is not None:
        keys = {str(key): k for k, key in enumerate(uses.library.qualities["quality"])}
        asked_by_use = [str(text).split() for text in uses.library.uses["quality"]]

    def spell(names: frozenset[str]) -> list[int]:
        return sorted(keys.setdefault(name, len(keys)) for name in names)

    offer_texts = [str(t) for t in grouping.offers.columns["quality"]]
    need_texts = [str(t) for t in grouping.needs.columns["quality"]]
    said = [tuple(tuple(spell(side)) for side in read_quality(text)) for text in offer_texts]
    wanted = [tuple(spell(read_quality(text)[0])) for text in need_texts]
    rows, of_offer = _number_distinct(said)
    columns, of_need = _number_distinct(wanted)
    met, broken = (np.zeros((len(rows), len(keys)), dtype=np.int16) for _ in range(2))
    for k, (good, bad) in enumerate(rows):
        met[k, list(good)], broken[k, list(bad)] = 1, 1
    asked = np.zeros((len(asked_by_use) + len(columns), len(keys)), dtype=np.int16)
    for k, names in enumerate([*([keys[name] for name in use] for use in asked_by_use), *columns]):
        asked[k, list(names)] = 1
    return QualityTable(
        of_offer=of_offer,
        of_need=of_need + len(asked_by_use),
        met=met @ asked.T,
        broken=broken @ asked.T,
        asked=asked.sum(axis=1, dtype=np.int16),
    )


def _number_distinct(values: list) -> tuple[list, Ints]:  # type: ignore[type-arg]
    places: dict[object, int] = {}
    numbers = [places.setdefault(value, len(places)) for value in values]
    return list(places), np.array(numbers, dtype=np.intp)


def _rank_present(offers: Groups, *, codes: WasteCodes) -> tuple[npt.NDArray[np.int8], Bools]:
    """Return the place in the hierarchy of each group of offers today (0 unknown), and whether it is told."""
    treatment = [str(text) for text in offers.columns["treatment"]]
    group_of = dict(zip(codes.materials["material"], codes.materials["group"], strict=True))
    told = np.array([TREATMENT_RANKS.get(text, 0) for text in treatment], dtype=np.int8)
    materials = offers.columns["material"]
    usual = np.array([USUAL_RANKS.get(str(group_of.get(name)), 0) for name in materials], dtype=np.int8)
    return np.where(told > 0, told, usual), told > 0


__all__ = ["REASONS", "SAME_STREAM", "PairTables", "QualityTable", "tabulate_quality"]
