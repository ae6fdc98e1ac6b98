"""A plan in words: its proof, why something stays, what a price means, which limits are in conflict.

For the command line and the pages alike; knows no Streamlit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dashboard.labels import BASES, label
from dashboard.text import N_, format_number, is_unknown, language
from dashboard.text import gettext as _

if TYPE_CHECKING:
    from geodata.allocationproof import Proof
    from geodata.codetables import WasteCodes
    from geodata.planning import Plan
    from geodata.results import ScenarioResult

GOALS = {
    "net": N_("largest net benefit"),
    "carbon": N_("most emissions avoided"),
    "kept": N_("most tonnes kept from final treatment"),
}
STATUSES = {
    "optimal": N_("Proved: no other plan is better."),
    "infeasible": N_("There is no plan that keeps all limits."),
    "not_proved": N_("The plan keeps to what is told below, but it is not proved that no other is better."),
}
REASONS = {
    "no_candidate": N_("no match"),
    "beyond_reach": N_("everybody who could take it is too far away; the nearest at {nearest} km"),
    "below_hierarchy": N_("all that could be done with it is too low in the waste hierarchy"),
    "composition_unknown": N_(
        "those who could take it ask for a narrower or another material: first find out what it is made of"
    ),
    "as_today": N_("the best match does what is done to it today, so only the way is new; that gives {best}"),
    "kept_as_today": N_(
        "no match keeps more of it from final treatment than today (recycled already, or to be burnt)"
    ),
    "unpriced": N_("no match has all the figures that the goal needs"),
    "demand_unknown": N_("nobody who could take it has said how much"),
    "capacity_unknown": N_("the capacity of those who could treat it is unknown"),
    "supply_unknown": N_("its amount is unknown"),
    "unit_unknown": N_("its amount cannot be turned into tonnes or MWh"),
    "not_worth": N_("no match gains anything; the best gives {best}"),
    "demand_full": N_("the need {blocker} is full; room there costs {price}, this would gain {best}"),
    "capacity_full": N_("{blocker} has no capacity left; it costs {price} there, this would gain {best}"),
    "limit_reached": N_(
        "a limit of the plan is used up ({blocker}); it costs {price}, this would gain {best}"
    ),
}
KINDS = {
    "supply": N_("Supply"),
    "demand": N_("Demand"),
    "capacity": N_("Capacity"),
    "max_vehicle_km": N_("Kilometres driven at most"),
    "max_transport_kg_co2e": N_("Emissions of transport at most"),
    "must_place": N_("Has to be placed"),
    "must_meet": N_("Has to be met"),
    "min_kept_t": N_("Tonnes kept at least"),
    "min_placed_share": N_("Share placed at least"),
    "max_km": N_("Longest way"),
    "worst_hierarchy_rank": N_("Lowest place in the hierarchy"),
}
PARTS = {"t": N_("Tonnes"), "m3": N_("Water by pipe (m3)"), "MWh": N_("Energy (MWh)")}
_KIND_UNITS = {
    "max_vehicle_km": "km",
    "max_transport_kg_co2e": "kg CO2e",
    "max_km": "km",
    "worst_hierarchy_rank": "",
}
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class PlanNames:
    """Names of facilities and materials as a reader knows them, without control signs."""

    def __init__(self, result: ScenarioResult, codes: WasteCodes) -> None:
        facilities, streams = result.tables.facilities, result.tables.streams
        self._facility = dict(
            zip(facilities["facility_id"].astype(str), facilities["name"].astype(str), strict=True)
        )
        self._stream = {
            str(stream): (str(facility), str(material))
            for stream, facility, material in zip(
                streams["stream_id"], streams["facility_id"], streams["material"], strict=True
            )
        }
        self._modelled = set(streams.loc[streams["basis"] == "modelled", "stream_id"].astype(str))
        self._codes = codes

    def facility(self, facility_id: object) -> str:
        """Return a facility's name."""
        return show_text(self._facility.get(str(facility_id), facility_id))

    def material(self, key: object) -> str:
        """Return a material's label in the reader's language."""
        from geodata.wastecodes import material_label

        known = str(key) in set(self._codes.materials["material"])
        return material_label(str(key), codes=self._codes, language=language()) if known else show_text(key)

    def stream(self, stream_id: object) -> str:
        """Return a stream as its material and its facility, and that it is modelled where it is; what is no
        stream, as the word for a limit."""
        if str(stream_id) in KINDS:
            return _(KINDS[str(stream_id)])
        if str(stream_id) not in self._stream:
            return show_text(stream_id)
        facility, material = self._stream[str(stream_id)]
        name = f"{self.material(material)}, {self.facility(facility)}"
        return f"{name} ({_name_basis('modelled')})" if str(stream_id) in self._modelled else name


def show_text(value: object) -> str:
    """Return hostile text for a line of output: no control signs, not endlessly long."""
    if is_unknown(value):
        return ""
    return "".join(sign if sign.isprintable() else " " for sign in str(value))[:120]


def describe_proof(proof: Proof, *, unit: str) -> str:
    """Return what is proved, and by which figures."""
    told = _(STATUSES[proof.status])
    if proof.status == "infeasible":
        return told
    figures = _("Plan {primal}, bound {dual}, gap {gap}, {pairs} matches judged.").format(
        primal=format_number(proof.primal, unit=unit),
        dual=format_number(proof.dual, unit=unit),
        gap=_write_gap(proof.gap),
        pairs=format_number(proof.pairs),
    )
    return f"{told} {figures}"


def _write_gap(gap: float) -> str:
    """Return a relative gap as people write powers of ten; none is 0."""
    if not gap:
        return "0"
    mantissa, _sign, exponent = f"{gap:.1e}".partition("e")
    return f"{format_number(float(mantissa), decimals=1)}·10{str(int(exponent)).translate(_RAISED)}"


def describe_whole(plan: Plan) -> str:
    """Return what the proofs of the parts say of the plan as a whole."""
    if plan.status == "optimal":
        return _("The parts do not stand in one another's way: together they are proved best.")
    if plan.status == "proved_apart":
        return _("Each part is proved; {count} shared needs are decided first come, tonnes first.").format(
            count=format_number(len(plan.shared_needs))
        )
    return _("The plan as a whole is not proved.")


def describe_bases(plan: Plan) -> list[str]:
    """Return a line for each part and basis: how much of supply, placed and gain rests on what."""
    lines = []
    for row in _records(plan.bases):
        unit = str(row["unit"])
        text = _("{part}, {basis}: {supply} offered, {placed} placed, net {net} a year ({low} to {high})")
        lines.append(
            text.format(
                part=_(PARTS[unit]),
                basis=_name_basis(str(row["basis"])),
                supply=format_number(row["supply"], unit=unit),
                placed=format_number(row["placed"], unit=unit),
                net=format_number(row["net_nok"], unit="NOK"),
                low=format_number(row["net_nok_low"]),
                high=format_number(row["net_nok_high"], unit="NOK"),
            )
        )
    return lines


def _name_basis(basis: str) -> str:
    return label(BASES, basis) if basis in BASES else _("not told")


def describe_parts(
    row: Mapping[str, Any], *, unit: str = "", decimals: int = 0, times: float = 1.0, prefix: str = ""
) -> str:
    """Return what a sum rests on (``modelled``; ``reported 5 t, modelled 3 t``); empty where it is nothing.

    Parameters
    ----------
    row : the parts of the sum by :data:`geodata.planning.BASIS_PARTS`, after `prefix`.
    times : what the parts are multiplied by, for the reader's unit.
    """
    from geodata.planning import BASIS_PARTS

    parts = {name: row.get(f"{prefix}{name}", 0.0) for name in BASIS_PARTS}
    # What adding up left behind, a billionth of the sum, is no part of it.
    largest = max((abs(float(value)) for value in parts.values() if not is_unknown(value)), default=0.0)
    told = {
        name: value
        for name, value in parts.items()
        if is_unknown(value) or abs(float(value)) > 1e-9 * largest
    }
    if len(told) == 1:
        return _name_basis(next(iter(told)))
    return ", ".join(
        f"{_name_basis(name)} "
        + format_number(None if is_unknown(value) else float(value) * times, decimals=decimals, unit=unit)
        for name, value in told.items()
    )


def describe_reason(row: Mapping[str, Any], *, names: PlanNames, unit: str) -> str:
    """Return why a row of ``Plan.unallocated`` stays; `unit` of a price (``NOK/t``)."""
    return _(REASONS[str(row["reason"])]).format(
        nearest=format_number(row.get("nearest_km"), decimals=1),
        best=format_number(row.get("best_per_t"), decimals=2, unit=unit),
        price=format_number(row.get("price"), decimals=2, unit=unit),
        blocker=names.stream(row.get("blocked_by")),
    )


def describe_price(row: Mapping[str, Any], *, names: PlanNames) -> str:
    """Return what one more of a row of ``Plan.prices`` is worth, and how far that holds."""
    unit = _KIND_UNITS.get(str(row["kind"]), str(row["price_unit"]).rpartition("/")[2])
    low, high = (format_number(row[name], decimals=1) for name in ("holds_from", "holds_to"))
    endless = not is_unknown(row["holds_to"]) and float(row["holds_to"]) == float("inf")
    holds = _("holds from {low} {unit} up") if endless else _("holds from {low} to {high} {unit}")
    text = _("{what}: one more is worth {price} ({holds})").format(
        what=_name_row(row, names),
        price=format_number(row["price"], decimals=2, unit=str(row["price_unit"])),
        holds=holds.format(low=low, high=high, unit=unit),
    )
    if row["degenerate"] is True or str(row["degenerate"]) == "True":
        text += " " + _("The next one up gives {more}, one less costs {less}.").format(
            more=format_number(row["price_more"], decimals=2),
            less=format_number(row["price_less"], decimals=2),
        )
    return text


def describe_conflict(row: Mapping[str, Any], *, names: PlanNames) -> str:
    """Return one of the limits that cannot be kept together, and by how much it would have to give way."""
    unit = _KIND_UNITS.get(str(row["kind"]), str(row["unit"]))
    text = f"{_name_row(row, names)}: {format_number(row['amount'], decimals=1, unit=unit)}"
    if not is_unknown(row["would_do"]):
        text += " " + _("(alone it would have to be {would_do})").format(
            would_do=format_number(row["would_do"], decimals=1, unit=unit)
        )
    else:
        text += " " + _("(no change of this one alone would do)")
    return text


def _name_row(row: Mapping[str, Any], names: PlanNames) -> str:
    kind = _(KINDS[str(row["kind"])])
    count = row.get("count", 1)
    if not is_unknown(row["id"]) and row["id"]:
        return f"{kind} ({names.stream(row['id'])})"
    return f"{kind} ({format_number(count)})" if not is_unknown(count) and int(count) > 1 else kind


def write_plan(plan: Plan, *, names: PlanNames, rows: int, echo: Callable[[str], object]) -> None:
    """Write a plan as lines of text, at most `rows` of each table."""
    from geodata.planning import goal_unit

    echo(_("Goal: {goal}").format(goal=_(GOALS[plan.goal])))
    for unit, found in plan.allocations.items():
        echo(f"{_(PARTS[unit])}: {describe_proof(found.proof, unit=goal_unit(plan.goal, unit))}")
    if len(plan.allocations) > 1:
        echo(describe_whole(plan))
    for row in plan.conflicts.to_dict("records"):
        echo(f"  ! {describe_conflict(row, names=names)}")
    for told in _list_totals(plan):
        echo(told)
    if plan.status != "infeasible":
        for told in describe_bases(plan):
            echo(told)
    _write_rows(echo, _("What goes where"), [_tell_flow(row, names) for row in _records(plan.flows)], rows)
    priced = plan.prices[(plan.prices["price"] != 0).fillna(False)] if len(plan.prices) else plan.prices
    told_prices = [describe_price(row, names=names) for row in _records(priced)[:rows]]
    _write_rows(echo, _("What one more is worth"), told_prices, rows, count=len(priced))
    left = plan.unallocated.sort_values("amount", ascending=False, kind="stable")
    told_left = [
        f"{names.stream(row['offer_stream_id'])}: "
        f"{format_number(row['amount'], decimals=1, unit=show_text(row['unit']))} - "
        + describe_reason(row, names=names, unit=f"{goal_unit(plan.goal, str(row['unit']))}/{row['unit']}")
        for row in _records(left)[:rows]
    ]
    _write_rows(echo, _("What stays, and why"), told_left, rows, count=len(left))
    if plan.shared_needs:
        shared = "; ".join(names.stream(name) for name in plan.shared_needs[:rows])
        echo(_("Needs decided first come: {needs}").format(needs=shared))


def _records(frame: Any) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = frame.to_dict("records")
    return records


_OF_PART = ("supply", "placed", "unallocated")


def _list_totals(plan: Plan) -> list[str]:
    words = {
        "supply": _("Supply with an amount"),
        "placed": _("Placed"),
        "unallocated": _("Unallocated"),
        "kept": _("Kept from final treatment"),
        "tonne_km": _("Transport work"),
        "vehicle_km": _("Kilometres driven"),
        "net_nok": _("Net benefit a year"),
        "net_kg_co2e": _("Emissions avoided a year"),
    }
    values = {row["name"]: row["value"] for row in _records(plan.totals)}
    lines = []
    for row in _records(plan.totals):
        if row["name"] not in words or (row["unit"] != "t" and row["name"] in _OF_PART and not row["value"]):
            continue
        told = format_number(row["value"], decimals=0 if row["unit"] == "NOK" else 1, unit=row["unit"])
        if f"{row['name']}_low" in values:
            ends = (format_number(values[f"{row['name']}_{end}"]) for end in ("low", "high"))
            told += " " + _("(everything at its worst {low}, at its best {high})").format(
                **dict(zip(("low", "high"), ends, strict=True))
            )
        parts = describe_parts(row, decimals=0 if row["unit"] == "NOK" else 1, unit=row["unit"])
        if parts:
            told += f" - {parts}"
        lines.append(f"{words[row['name']]}: {told}")
    return lines


def _tell_flow(row: Mapping[str, Any], names: PlanNames) -> str:
    via = row["via_facility_id"]
    way = [row["from_facility_id"], *([] if is_unknown(via) else [via]), row["to_facility_id"]]
    text = "{material}: {amount}, {way} ({km}, {net})".format(
        material=names.material(row["material"]),
        amount=format_number(row["amount"], decimals=1, unit=show_text(row["unit"])),
        way=" → ".join(names.facility(name) for name in way),
        km=format_number(row["distance_km"], decimals=1, unit="km"),
        net=format_number(row["net_nok"], unit="NOK"),
    )
    return f"{text}, {_name_basis('modelled')}" if str(row["basis"]) == "modelled" else text


def _write_rows(
    echo: Callable[[str], object], title: str, told: list[str], rows: int, *, count: int | None = None
) -> None:
    count = len(told) if count is None else count
    if not count:
        return
    echo("")
    echo(f"{title} ({format_number(count)}):")
    for line in told[:rows]:
        echo(f"  {line}")
    if count > rows:
        echo("  " + _("… and {count} more; all are in the files").format(count=format_number(count - rows)))
