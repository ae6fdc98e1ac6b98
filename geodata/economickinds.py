"""What a tonne costs, gains and lets out, for each kind of match; what its way costs per km, hour and load.

A kind is what matches have in common apart from the way and the amount: material, use, step, present
treatment, unit. There are few kinds, so they are worked out one by one in plain words;
:mod:`geodata.economics` spreads them over all matches. Every figure is per tonne of the offered stream (per
MWh where it is counted so).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from geodata.codetables import WasteCodes
from geodata.economicfates import (
    BURNING_STEPS,
    BURNT,
    FINAL_HIERARCHIES,
    FOSSIL,
    INTERIM,
    LANDFILLED,
    MIXED,
    RELEASED,
    TREATED_FIRST,
    broaden,
    join_fate,
    name_fate,
)
from geodata.economictables import (
    BY_DRY_MATTER,
    LINK_COLUMNS,
    NOTHING,
    UNKNOWN,
    WHOLE,
    EconomicTables,
    Figures,
    Range,
    read_texts,
)
from geodata.economicways import MEGAWATT_HOUR, NO_WAY, TONNE, Way, WayPricer, scale_way
from geodata.uses import UseLibrary

AS_IT_IS = "none"
UNCHANGING_STEPS = (AS_IT_IS, "direct_reuse", "inspection")
"""Steps that make nothing else of a stream."""
BOILER = "boiler"
KILN, KILN_FUELS = "co_combustion", ("coal", "petcoke")
HEAT = "heat_district"
HEATS = (HEAT, "heat_industrial", "steam")


class Kind(NamedTuple):
    """What sets one kind of match apart; "" where it is not told."""

    material: str
    need_material: str
    use_id: str
    route: str
    step: str
    operation: str
    hierarchy: str
    product: str
    unit: str
    offer_treatment: str
    yield_best: float


@dataclass
class KindFigures:
    """The figures of one kind; `unpriced` names the rows that lack (see :class:`Figures`).

    `as_today`: what is done to the stream is what is done to it today, so that only the way is new.
    """

    gate: Range = UNKNOWN
    value: Range = UNKNOWN
    treatment: Range = UNKNOWN
    avoided_production: Range = UNKNOWN
    avoided_treatment: Range = UNKNOWN
    treatment_carbon: Range = UNKNOWN
    kept: float = float("nan")
    as_today: bool = False
    first: Way = NO_WAY
    second: Way = NO_WAY
    unpriced: list[str] = field(default_factory=list)

    def need(self, found: tuple[Range, str]) -> Range:
        """Return the figure and note its key where it is not known."""
        if not found[0].known and found[1] not in self.unpriced:
            self.unpriced.append(found[1])
        return found[0]


class KindPricer:
    """Prices kinds of matches with the figures in force; look-ups are made once."""

    def __init__(self, figures: Figures, tables: EconomicTables, uses: UseLibrary, codes: WasteCodes) -> None:
        self.figures, self.choices = figures, figures.choices
        self.basis = figures.choices.emission_basis.lower()
        self.uses, self.yields = _read_uses(uses)
        self.replaces, self.usual, self.dry = _read_links(tables)
        self.material_unit = _read_units(codes)
        self.ways = WayPricer(figures, codes)

    def price(self, kind: Kind) -> KindFigures:
        """Return the figures of one kind."""
        kind = self._complete(kind)
        out = KindFigures()
        unit = kind.unit or self.material_unit.get(kind.material, TONNE)
        made = self.material_unit.get(kind.product or kind.need_material or kind.material, TONNE)
        product_yield = self._find_yield(kind)
        today = self._find_today(kind)
        if today and self._goes_as_today(kind, today):
            # The same gate is paid, the same is made of it and the same let out as before.
            out.as_today, out.kept = True, 0.0
            out.gate = out.value = out.treatment = NOTHING
            out.avoided_production = out.avoided_treatment = out.treatment_carbon = NOTHING
        else:
            gate, key = self.figures.find("gate_fee", self.figures.line(kind.material))
            out.gate = out.need((gate, key) if self.figures.unit_of(key) in (unit, "") else (UNKNOWN, key))
            self._price_treatment(out, kind, unit)
            self._price_replaced(out, kind, product_yield, made)
            self._price_present(out, kind, unit, today)
        out.first = self._take_way(out, kind.material, unit)
        if kind.route == "intermediary":
            carried = kind.need_material or kind.product
            counted = self.material_unit.get(carried, TONNE)
            # What goes on as tonnes though the yield is energy (a fuel made ready) goes on whole.
            per_tonne = product_yield if counted == made else WHOLE
            out.second = scale_way(self._take_way(out, carried, counted), per_tonne)
        return out

    def _complete(self, kind: Kind) -> Kind:
        """Fill what the match does not tell from its use, and from the route where nothing is done to it."""
        use = self.uses.get(kind.use_id, {})
        step, operation = kind.step or use.get("step", ""), kind.operation or use.get("operation", "")
        if kind.route == "same_stream" and not step and not operation:
            step = AS_IT_IS
        return kind._replace(
            step=step,
            operation=operation,
            hierarchy=kind.hierarchy or use.get("hierarchy", ""),
            product=kind.product or use.get("product", ""),
        )

    def _find_today(self, kind: Kind) -> str | None:
        """Return what is done to the stream today: as told, else as is usual; None where that is unknown."""
        if kind.offer_treatment and kind.offer_treatment not in INTERIM:
            return kind.offer_treatment
        line = self.figures.line(kind.material)
        return next((self.usual[name] for name in line if name in self.usual), None)

    def _goes_as_today(self, kind: Kind, today: str) -> bool:
        """Tell whether the match does to the stream what is done to it today, only elsewhere.

        The same operation; one that recovers matter also has to replace the same, since R3 is feed, biogas
        and paper alike. A fuel that somebody buys in place of a fossil one is more than burning waste.
        """
        then = name_fate(kind.operation, kind.step)
        if not then or then in INTERIM or join_fate(then) != join_fate(today):
            return False
        if (
            then.startswith("D") or join_fate(then) == "R4"
        ):  # scrap is scrap: who smelts it gains nothing more
            return True
        key = self._find_replaced(kind)
        if join_fate(then) == "R1":
            return not (key in FOSSIL and kind.product == kind.need_material)
        return key != "" and key == self._find_link(self.figures.line(kind.material))

    def _find_link(self, line: Sequence[str]) -> str:
        return next((self.replaces[name] for name in line if name in self.replaces), "")

    def _find_replaced(self, kind: Kind) -> str:
        """Return the key of what the match replaces; "" where nobody knows."""
        if kind.use_id in self.uses:
            return self.uses[kind.use_id]["replaces"]
        if kind.operation == "R1":  # burnt as it is: its heat is what it gives
            return HEAT
        return self._find_link(self.figures.line(kind.product or kind.need_material or kind.material))

    def _find_yield(self, kind: Kind) -> Range:
        known = self.yields.get(kind.use_id, UNKNOWN)
        best = kind.yield_best
        if best != best:
            best = known.best if known.known else (1.0 if kind.route == "same_stream" else float("nan"))
        low, high = (known.low, known.high) if known.known else (best, best)
        return Range(min(low, best), best, max(high, best)) if best == best else UNKNOWN

    def _price_replaced(self, out: KindFigures, kind: Kind, product_yield: Range, made: str) -> None:
        """Value and avoided production of what the product replaces: rate x yield x substitution."""
        if kind.hierarchy == "disposal" or (not kind.use_id and kind.operation.startswith("D")):
            out.value = out.avoided_production = NOTHING
            return
        product = kind.product or kind.need_material or kind.material
        if kind.use_id not in self.uses and kind.operation == "R1":
            product, product_yield = (
                kind.material,
                product_yield * out.need(self.figures.find("energy_efficiency")),
            )
        key = self._find_replaced(kind)
        if not key:
            out.unpriced.append(f"replaced_value/{kind.use_id or product}")
            return
        if not product_yield.known:
            out.unpriced.append(f"yield/{kind.use_id}")
        found = self._value(kind, key, product, product_yield, made)
        if not self._is_covered(kind):
            # Nobody has told what part of a wider stream is the narrow kind asked for: it counts as what it
            # is told to be, where that is worth less.
            own, told = self._find_link(self.figures.line(kind.material)), kind._replace(use_id="")
            if own and own != key:
                unit = self.material_unit.get(kind.material, TONNE)
                other = self._value(told, own, kind.material, product_yield, unit)
                found = other if other.value.best < found.value.best else found
        out.value, out.avoided_production = found.value, found.avoided_production
        out.treatment = out.treatment + found.treatment
        out.unpriced += [lacking for lacking in found.unpriced if lacking not in out.unpriced]

    def _is_covered(self, kind: Kind) -> bool:
        """Tell whether what is taken as it is, is what is asked for, or a kind of it."""
        line = self.figures.line(kind.material)
        same = kind.route in ("", "same_stream") and kind.need_material
        made = kind.product if kind.step in UNCHANGING_STEPS else ""
        return (not same or kind.need_material in line) and (not made or made in line)

    def _value(self, kind: Kind, key: str, product: str, product_yield: Range, made: str) -> KindFigures:
        """Return value and avoided production of `product` in place of `key`, per unit of the stream, and
        what burning it costs whoever does so."""
        out = KindFigures(treatment=NOTHING)
        amount = product_yield * self._find_substitution(out, key, product)
        value = out.need(self.figures.find("replaced_value", (key,)))
        counted = self.figures.unit_of(f"replaced_value/{key}")
        if counted == MEGAWATT_HOUR and made != MEGAWATT_HOUR:
            energy = out.need(self.figures.find("energy_mwh_per_t", self.figures.line(product)))
            amount = amount * energy
            if key in HEATS and kind.use_id:  # a fuel gives heat through a boiler, which costs and loses
                boiler = out.need(self.figures.find("treatment_cost", (BOILER,)))
                out.treatment = out.treatment + product_yield * energy * boiler
                amount = amount * out.need(self.figures.find("energy_efficiency"))
            elif key in KILN_FUELS and kind.hierarchy == "energy" and kind.step not in BURNING_STEPS:
                kiln = out.need(
                    self.figures.find("treatment_cost", (KILN,))
                )  # whoever burns it has costs too
                out.treatment = out.treatment + product_yield * kiln
        elif counted and counted != made:
            out.unpriced.append(f"unit/{key}")
            return out
        out.value = value * amount
        replaced = out.need(self.figures.find(f"replaced_emission_{self.basis}", (key,)))
        out.avoided_production = amount * replaced
        return out

    def _find_substitution(self, out: KindFigures, key: str, product: str) -> Range:
        """Return how much of `key` a tonne of `product` stands for: the product's own row, else the key's."""
        line = self.figures.line(product)
        ratio = out.need(self.figures.find("substitution_ratio", [*(f"{key}:{name}" for name in line), key]))
        if key not in self.dry:
            return ratio
        dry = self.figures.find("dry_matter_share", line)[0]
        return ratio * dry if dry.known else ratio  # what has no such row is dry

    def _price_treatment(self, out: KindFigures, kind: Kind, unit: str) -> None:
        names = (kind.step, kind.operation, broaden(kind.operation))
        subjects = [name for name in dict.fromkeys(names) if name] or ["unknown"]
        if unit == MEGAWATT_HOUR and (
            kind.step in BURNING_STEPS or (not kind.step and kind.operation in BURNT)
        ):
            subjects = [BOILER]  # rows for steps and operations that burn are per tonne
        # Some streams ask for more: what a step rejects of mixed waste has to be burnt, and paid for.
        asked = [
            name
            for subject in subjects
            for name in (*(f"{subject}:{kin}" for kin in self.figures.line(kind.material)), subject)
        ]

        def take(name: str) -> tuple[Range, str]:
            found = self.figures.find(name, asked)
            return found if found[0].known else (UNKNOWN, f"{name}/{subjects[0]}")

        out.treatment = out.need(take("treatment_cost"))
        if kind.step in BURNING_STEPS or (not kind.step and kind.operation in BURNT):
            found = self._find_final("R1", kind.material)
        elif kind.step == "landfilling" or (not kind.step and kind.operation in LANDFILLED):
            found = self._find_final("D1", kind.material)
        else:
            found = take(f"treatment_emission_{self.basis}")
        out.treatment_carbon = out.need(found)
        ready = kind.hierarchy == "energy" and unit != MEGAWATT_HOUR and kind.step not in BURNING_STEPS
        if ready and kind.step:  # made ready to be burnt: what it is made of goes up the stack in the end
            out.treatment_carbon = out.treatment_carbon + out.need(self._find_final("R1", kind.material))

    def _find_final(self, operation: str, material: str) -> tuple[Range, str]:
        subjects = [f"{operation}:{name}" for name in self.figures.line(material)]
        return self.figures.find(f"final_emission_{self.basis}", subjects)

    def _price_present(self, out: KindFigures, kind: Kind, unit: str, today: str | None) -> None:
        """Emissions of the present treatment that fall away, and the share kept from final treatment."""
        if today is None:
            out.unpriced.append(f"present_treatment/{kind.material}")
            return
        present = today
        out.avoided_treatment = self._find_present(out, kind.material, present)
        if self.ways.is_piped(kind.material, unit):
            out.kept = 0.0  # water and energy fill no landfill
            return
        ends_now = present.startswith("D") or present == "R1"
        ends_then = kind.hierarchy in FINAL_HIERARCHIES or (
            not kind.hierarchy and (kind.operation.startswith("D") or kind.operation == "R1")
        )
        line = self.figures.line(kind.material)
        shares = [*(f"{kind.step}:{name}" for name in line), kind.step] if kind.step else []
        rejected = self.figures.find("reject_share", shares)[0]
        kept = 1.0 - (rejected.best if rejected.known else 0.0)
        made = self._find_yield(kind)
        if MIXED in line and kind.hierarchy in ("reuse", "recycling") and made.known:
            kept = min(kept, made.best)  # of a mixed stream only what becomes the product is kept
        out.kept = kept if ends_now and not ends_then else 0.0

    def _find_present(self, out: KindFigures, material: str, present: str) -> Range:
        if not present:
            return NOTHING  # let out or used: nothing is done to it today
        if present in LANDFILLED:
            return out.need(self._find_final("D1", material))
        if present in RELEASED:
            return out.need(self.figures.find(f"final_emission_{self.basis}", (present,)))
        if present in BURNT:
            stack = out.need(self._find_final("R1", material))
            if present != "R1" or self.material_unit.get(material) == MEGAWATT_HOUR:
                return stack
            heat = out.need(self.figures.find("energy_mwh_per_t", self.figures.line(material)))
            heat = heat * out.need(
                self.figures.find("energy_efficiency")
            )  # must be made otherwise from now on
            return stack - heat * out.need(self.figures.find(f"replaced_emission_{self.basis}", (HEAT,)))
        done = out.need(
            self.figures.find(
                f"treatment_emission_{self.basis}", ("D9" if present in TREATED_FIRST else broaden(present),)
            )
        )
        if present in TREATED_FIRST:
            return done
        # Recovered today already: what that replaces is given up.
        line = self.figures.line(material)
        key = next((self.replaces[name] for name in line if name in self.replaces), "")
        if not key:
            out.unpriced.append(f"replaced_emission_{self.basis}/{material}")
            return UNKNOWN
        given_up = out.need(self.figures.find(f"replaced_emission_{self.basis}", (key,)))
        given_up = given_up * self._find_substitution(out, key, material)
        given_up = given_up * out.need(self.figures.find("present_recovery_yield", line))
        if (
            self.figures.unit_of(f"replaced_value/{key}") == MEGAWATT_HOUR
            and self.material_unit.get(material) != MEGAWATT_HOUR
        ):
            given_up = given_up * out.need(self.figures.find("energy_mwh_per_t", line))
        return done - given_up

    def _take_way(self, out: KindFigures, material: str, unit: str) -> Way:
        way, lacking = self.ways.price(material, unit)
        out.unpriced += [key for key in lacking if key not in out.unpriced]
        return way


@lru_cache(maxsize=4)
def _read_uses(library: UseLibrary) -> tuple[dict[str, dict[str, str]], dict[str, Range]]:
    """Return what is done in each use, and its yield."""
    rows = library.uses
    columns = ("step", "operation", "hierarchy", "product", "replaces")
    texts = zip(*(rows[name].astype("object").fillna("").tolist() for name in columns), strict=True)
    numbers = (rows[name].astype("float64").tolist() for name in ("yield_low", "yield_best", "yield_high"))
    ids = rows["use_id"].astype("object").tolist()
    uses = {use: dict(zip(columns, text, strict=True)) for use, text in zip(ids, texts, strict=True)}
    return uses, {use: Range(*ends) for use, *ends in zip(ids, *numbers, strict=True)}


@lru_cache(maxsize=4)
def _read_links(tables: EconomicTables) -> tuple[dict[str, str], dict[str, str], frozenset[str]]:
    """Return what each material usually replaces, how it is usually treated, and the keys counted dry."""
    columns = (tables.links[name].astype("object").fillna("").tolist() for name in LINK_COLUMNS)
    material, replaces, usual = columns
    keys = tables.replaced.loc[tables.replaced["counted_by"] == BY_DRY_MATTER, "key"]
    dry = frozenset(keys.astype("object"))
    return dict(zip(material, replaces, strict=True)), dict(zip(material, usual, strict=True)), dry


@lru_cache(maxsize=4)
def _read_units(codes: WasteCodes) -> dict[str, str]:
    return {
        key: MEGAWATT_HOUR if unit == MEGAWATT_HOUR else TONNE
        for key, unit in read_texts(codes, "unit").items()
    }
