"""How kinds of offers relate to kinds of needs: the same stream, or another one by way of a use.

All is told for kins of offers against profiles of needs (:mod:`geodata.streamgroups`), a few thousand of each
at most; no stream is looked at here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.codetables import WasteCodes
from geodata.flows import ENERGY
from geodata.materials import materials_related
from geodata.streamgroups import Grouping
from geodata.uses import UseLibrary, fit_uses

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

RELATIONS = ("none", "sibling", "parent", "same")
RELATION_SHARES = (0.0, 0.3, 0.6, 1.0)
CODE_SHARES = {6: 1.0, 4: 0.7, 2: 0.4, 0: 0.0}
ONE_CODE_SHARE = 0.7
"""Factor where only one side has a code: the material speaks for the code, at the worth of four digits."""
CODE_PART, MATERIAL_PART = 0.7, 0.3
"""What the code and the material count in the share of the same stream."""
ROUTES = ("same_stream", "use", "intermediary")
SAME_STREAM, USE, INTERMEDIARY, NO_ROUTE = 0, 1, 2, -1

RECEIVER_SHARES = (0.0, 0.7, 0.8, 0.9, 0.95, 1.0)
"""By how common the receiving industry is for the use, 1 rare .. 5 usual."""
UNKNOWN_RECEIVER = 0.75
OTHER_RECEIVER = 0.5
"""An industry that is not among the use's receivers, but needs the product; only where nothing is to be done
to it."""
STEP_LEFT = 0.8
"""Somebody between the two usually does the step: the receiver may not be able to."""
USE_PART, CHAIN_PART = 0.9, 0.85
"""A use is never worth all that the same stream is; one by an intermediary a little less."""
LEAST_STRENGTH = 0.4
"""Weaker uses are no match."""
TAKE_PART = 0.8
"""What a use is worth where the need takes the stream itself, under another code, for that use."""
LOOSE_PRODUCT = {"same": 1.0, "kind": 0.9, "wider": 0.5}
"""The product is what is needed, a kind of it, or (energy only) known as something wider than what is needed:
scrap metal is no copper cable, but heat may be steam."""
MIXED = "mixed"
"""The group of materials that are mixed waste."""
TIE = 1e-4
"""Of uses that are equally good the one higher in the hierarchy is told, then the first of the library."""
STRAIGHT_STEPS = ("none", "direct_reuse", "piping", "heat_exchange", "inspection")
"""Steps that any receiver can do."""


@dataclass(frozen=True, eq=False)
class UseTable:
    """The uses as arrays by position, and what each kin of offer may meet.

    Attributes
    ----------
    library : the library, or None where no uses are known (all arrays are then empty).
    accept : uses x profiles, how well a need takes the use's product where no one stands between, 0..1.
    wanted : uses x profiles, how well a need's material is the use's product, whoever makes it, 0..1.
    take : uses x profiles, how well a need that takes the stream itself does so for the use, 0..1.
    fits : kin -> uses that its streams may meet, ascending, and how well they fit, 0..1.
    gives : kin -> of each of these, whether the product can come of such a stream.
    """

    library: UseLibrary | None
    use_id: npt.NDArray[np.object_]
    yield_low: Floats
    yield_best: Floats
    yield_high: Floats
    hierarchy_rank: Ints
    energy: Bools
    by_intermediary: Bools
    accept: npt.NDArray[np.float32]
    wanted: npt.NDArray[np.float32]
    take: npt.NDArray[np.float32]
    fits: dict[int, tuple[Ints, npt.NDArray[np.float32]]]
    gives: dict[int, Bools]

    def __len__(self) -> int:
        return len(self.use_id)


@dataclass(frozen=True, eq=False)
class KinRow:
    """One kin of offers against all profiles of needs.

    Attributes
    ----------
    digits, relation : shared digits of the code (6, 4, 2, 0) and position in :data:`RELATIONS`.
    coded_sides : how many of the two have a code.
    share : of the points of the code, 0..1.
    route : position in :data:`ROUTES`, or -1: not of one family.
    use : position of the use, -1 none.
    by_use : whether the share comes from what the need takes the stream for, not from the codes.
    related : whether the pair is of one family at all (else it is not told as left out).
    """

    digits: npt.NDArray[np.int8]
    relation: npt.NDArray[np.int8]
    coded_sides: npt.NDArray[np.int8]
    share: npt.NDArray[np.float64]
    route: npt.NDArray[np.int8]
    use: npt.NDArray[np.int32]
    by_use: Bools
    related: Bools


class PairKnowledge:
    """What is known of kins and profiles of one table of flows; rows are made when asked, and kept."""

    def __init__(self, grouping: Grouping, *, codes: WasteCodes, uses: UseLibrary | None) -> None:
        self.grouping = grouping
        self.codes = codes
        self.materials = sorted({str(name) for name in grouping.kin_materials})
        place = {name: k for k, name in enumerate(self.materials)}
        self.kin_material = np.array([place[str(name)] for name in grouping.kin_materials], dtype=np.intp)
        self.relations = _relate_materials(self.materials, codes=codes)
        texts = grouping.kin_codes.astype("U6")
        self.prefixes = {
            digits: np.unique(texts.astype(f"U{digits}"), return_inverse=True)[1] for digits in (2, 4, 6)
        }
        self.coded = texts != ""
        self.uses = tabulate_uses(uses, grouping, codes=codes)
        self._rows: dict[int, KinRow] = {}

    def relate(self, kin: int) -> KinRow:
        """Return how offers of `kin` relate to every profile of needs."""
        if kin not in self._rows:
            self._rows[kin] = self._relate(kin)
        return self._rows[kin]

    def compare_kins(
        self, kin: int
    ) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8], npt.NDArray[np.int8], Floats]:
        """Return shared digits, relation, coded sides and the code's share of `kin` with every kin."""
        relation = self.relations[self.kin_material[kin], self.kin_material]
        digits = np.zeros(len(relation), dtype=np.int8)
        if self.coded[kin]:
            for n in (2, 4, 6):
                digits[(self.prefixes[n] == self.prefixes[n][kin]) & self.coded] = n
        coded = (self.coded[kin].astype(np.int8) + self.coded).astype(np.int8)
        by_code = np.select([digits == n for n in CODE_SHARES], list(CODE_SHARES.values()), 0.0)
        by_material = np.array(RELATION_SHARES)[relation]
        code = np.where(coded == 2, by_code, np.where(coded == 1, ONE_CODE_SHARE, 1.0) * by_material)
        return digits, relation, coded, CODE_PART * code + MATERIAL_PART * by_material

    def _relate(self, kin: int) -> KinRow:
        of_profile = self.grouping.profiles["kin"]
        digits, relation, coded, share = (values[of_profile] for values in self.compare_kins(kin))
        related = (relation > 0) | (digits >= 4)
        same = (relation > 0) | (digits == 6)
        route = np.where(same, SAME_STREAM, NO_ROUTE).astype(np.int8)
        use = np.full(len(of_profile), -1, dtype=np.int32)
        by_use = np.zeros(len(of_profile), dtype=bool)
        which, fit = self.uses.fits.get(kin, _NO_FITS)
        if len(which):
            take = fit[:, None] * self.uses.take[which]
            best = (take - TIE * self.uses.hierarchy_rank[which][:, None]).argmax(axis=0)
            known = same & (take.max(axis=0) >= LEAST_STRENGTH)
            use[known] = which[best[known]]
            lifted = np.where(known & self._covers(kin)[of_profile], TAKE_PART * take.max(axis=0), 0.0)
            by_use = lifted > share
            share = np.maximum(share, lifted)
            accept = (fit * self.uses.gives[kin])[:, None] * self.uses.accept[which]
            best = (accept - TIE * self.uses.hierarchy_rank[which][:, None]).argmax(axis=0)
            strength = accept.max(axis=0).astype(np.float64)
            better = (strength >= LEAST_STRENGTH) & (~same | (USE_PART * strength > share))
            use[better] = which[best[better]]
            route[better] = USE
            share = np.where(better, USE_PART * strength, share)
            by_use &= ~better
            related = related | better
        return KinRow(digits, relation, coded, share, route, use, by_use, related)

    def _covers(self, kin: int) -> Bools:
        """Tell which kins have the material of `kin`, or one that it is a kind of."""
        material = self.materials[self.kin_material[kin]]
        wider = {material, *self.codes.ancestors.get(material, ())}
        covers = np.array([name in wider for name in self.materials], dtype=bool)
        return np.asarray(covers[self.kin_material])


_NO_FITS: tuple[Ints, npt.NDArray[np.float32]] = (np.empty(0, np.intp), np.empty(0, np.float32))


def _relate_materials(materials: list[str], *, codes: WasteCodes) -> npt.NDArray[np.int8]:
    names = [[materials_related(a, b, codes=codes) for b in materials] for a in materials]
    table = np.array([[RELATIONS.index(name) for name in row] for row in names], dtype=np.int8)
    return table.reshape(len(materials), len(materials))


def tabulate_uses(uses: UseLibrary | None, grouping: Grouping, *, codes: WasteCodes) -> UseTable:
    """Return the uses as arrays over the kins and profiles of `grouping`."""
    if uses is None or not len(uses.uses):
        none, few = np.empty(0), np.empty((0, len(grouping.profiles["kin"])), np.float32)
        return UseTable(
            uses, none.astype(object), none, none, none, none.astype(np.intp), none.astype(bool),
            none.astype(bool), few, few, few, {}, {},
        )  # fmt: skip
    table = uses.uses
    products = [str(text) for text in table["product"]]
    unit = dict(zip(codes.materials["material"], codes.materials["unit"], strict=True)) if (
        "unit" in codes.materials
    ) else {}  # fmt: skip
    step = table["step"].astype(object).to_numpy()
    by_other = np.array([bool(str(text).split()) for text in table["intermediary"]], dtype=bool)
    energies = frozenset(name for name in products if unit.get(name) == ENERGY)
    product = _fit_products(products, grouping, codes=codes, energy=energies)
    listed, known = _weigh_receivers(uses, grouping)
    easy = np.isin(step, STRAIGHT_STEPS)
    industry = np.where(known, RECEIVER_AT[listed], UNKNOWN_RECEIVER)
    able = np.where(known & (listed == 0), np.where(easy, OTHER_RECEIVER, 0.0)[:, None], industry)
    able = able * np.where(by_other & ~easy, STEP_LEFT, 1.0)[:, None]
    energy = np.array([unit.get(name) == ENERGY for name in products], dtype=bool)
    # Who needs heat does not burn the stream for it: that takes an intermediary. And what a treatment plant
    # says it takes is what it takes, not a product.
    able = able * ~(energy & ~easy)[:, None]
    able = able * ~(grouping.profiles["treats"].astype(bool) & (grouping.profiles["treatment"] != ""))
    anybody = np.where(known & (listed == 0), 0.7, industry)
    operation = table["operation"].astype(object).to_numpy().astype("U3")
    treatment = grouping.profiles["treatment"].astype("U3")
    treated = (treatment != "")[None, :]
    told = (
        (operation != "")[:, None] & treated & (treatment[None, :] != "R12") & (treatment[None, :] != "R13")
    )
    agrees = told & (operation[:, None] == treatment[None, :])
    taking = np.where(known & (listed > 0), RECEIVER_AT[listed], 0.0)
    taking = np.where(agrees, np.maximum(taking, 0.9), np.where(told, 0.0, taking))
    fits = _fit_kins(uses, grouping, codes=codes)
    return UseTable(
        library=uses,
        use_id=table["use_id"].astype(object).to_numpy(),
        yield_low=_numbers(table["yield_low"]),
        yield_best=_numbers(table["yield_best"]),
        yield_high=_numbers(table["yield_high"]),
        hierarchy_rank=table["hierarchy_rank"].to_numpy(dtype=np.intp),
        energy=energy,
        by_intermediary=by_other,
        accept=(product * able).astype(np.float32),
        wanted=(product * anybody).astype(np.float32),
        take=taking.astype(np.float32),
        fits=fits,
        gives=_find_givers(uses, grouping, fits, codes=codes),
    )


RECEIVER_AT = np.array(RECEIVER_SHARES)


def _numbers(column: pd.Series) -> Floats:
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def _fit_products(
    products: list[str], grouping: Grouping, *, codes: WasteCodes, energy: frozenset[str]
) -> Floats:
    """Return uses x profiles: how well the need's material is the use's product."""
    distinct = sorted(set(products))
    needed = [str(name) for name in grouping.kin_materials]
    kinds = sorted(set(needed))

    def fit(product: str, material: str) -> float:
        if product == material:
            return LOOSE_PRODUCT["same"]
        if material in codes.ancestors.get(product, ()):
            return LOOSE_PRODUCT["kind"]
        wider = product in energy and product in codes.ancestors.get(material, ())
        return LOOSE_PRODUCT["wider"] if wider else 0.0

    small = np.array([[fit(product, kind) for kind in kinds] for product in distinct])
    small = small.reshape(len(distinct), len(kinds))
    column = np.searchsorted(np.array(kinds, dtype=object), np.array(needed, dtype=object))
    row = np.searchsorted(np.array(distinct, dtype=object), np.array(products, dtype=object))
    found: Floats = small[row][:, column[grouping.profiles["kin"]]]
    return found


def _weigh_receivers(uses: UseLibrary, grouping: Grouping) -> tuple[Ints, Bools]:
    """Return uses x profiles: the weight of the need's industry (0: not listed), and whether it is known."""
    division = grouping.profiles["division"].astype("U2")
    names, at = np.unique(division, return_inverse=True)
    place = {str(name): k for k, name in enumerate(names) if name}
    row = {str(use_id): k for k, use_id in enumerate(uses.uses["use_id"])}
    weights = np.zeros((len(row), len(names)), dtype=np.intp)
    receivers = uses.receivers
    for use_id, name, weight in zip(
        receivers["use_id"], receivers["division"], receivers["weight"], strict=True
    ):
        if str(name) in place:
            weights[row[str(use_id)], place[str(name)]] = int(weight)
    return weights[:, at], np.broadcast_to((division != "")[None, :], (len(row), len(division)))


def _find_givers(
    uses: UseLibrary,
    grouping: Grouping,
    fits: dict[int, tuple[Ints, npt.NDArray[np.float32]]],
    *,
    codes: WasteCodes,
) -> dict[int, Bools]:
    """Tell of each kin and use that fits it whether the product can come of the stream.

    A use that hands a material on as it is gives it only where it was: sorted copper is no packaging. And
    what is one material does not become mixed waste for anybody's good.
    """
    group = dict(zip(codes.materials["material"], codes.materials["group"], strict=True))
    products = [str(text) for text in uses.uses["product"]]
    passed_on = [
        name in str(text).split() for name, text in zip(products, uses.uses["materials"], strict=True)
    ]
    gives: dict[int, Bools] = {}
    for kin, (which, _) in fits.items():
        material = str(grouping.kin_materials[kin])
        own = {material, *codes.ancestors.get(material, ())}
        gives[kin] = np.array(
            [
                (
                    not passed_on[use]
                    or products[use] in own
                    or material in codes.ancestors.get(products[use], ())
                )
                and (group.get(products[use]) != MIXED or group.get(material) == MIXED)
                for use in which.tolist()
            ],
            dtype=bool,
        )
    return gives


def _fit_kins(
    uses: UseLibrary, grouping: Grouping, *, codes: WasteCodes
) -> dict[int, tuple[Ints, npt.NDArray[np.float32]]]:
    """Return kin -> positions of the uses that it may meet, ascending, and how well it fits each."""
    fits: dict[int, tuple[Ints, npt.NDArray[np.float32]]] = {}
    for kin, (code, material) in enumerate(zip(grouping.kin_codes, grouping.kin_materials, strict=True)):
        found = fit_uses(uses, codes=codes, code=str(code) or None, material=str(material))
        if found:
            which = np.array(sorted(found), dtype=np.intp)
            fits[kin] = which, np.array([found[use] for use in which.tolist()], dtype=np.float32)
    return fits
