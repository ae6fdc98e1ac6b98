"""A match card on money, emissions and how far it pays: parts with their ranges; unknown is never zero."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.cardfacts import Card, is_priced, show_between, show_distance, show_known
from dashboard.economycontrols import BASES as EMISSION_BASES
from dashboard.labels import label
from dashboard.notes import note
from dashboard.text import N_, format_minutes, format_number, is_unknown
from dashboard.text import gettext as _

MONEY_TITLES = {
    "gate_fee": N_("Gate fee saved"),
    "value": N_("Value of what it replaces"),
    "treatment": N_("Treatment"),
    "transport": N_("Transport"),
    "net": N_("Net"),
}
CARBON_TITLES = {
    "avoided_production": N_("Production avoided"),
    "avoided_treatment": N_("Present treatment avoided"),
    "treatment": N_("Treatment"),
    "transport": N_("Transport"),
    "net": N_("Net saved"),
}


def show_money(card: Card, *, key: str) -> None:
    """Show the parts of the net per tonne, the net a year, and the lorries."""
    match, price = card.match, card.price
    titles = {name: _(text) for name, text in MONEY_TITLES.items()}
    if not is_unknown(match["offer_price_nok_per_t"]) and not card.parts.as_today:
        titles["gate_fee"] = _("What it costs or earns today, as the offer says")
    _tell_as_today(card)
    _show_parts(card, card.parts.money, titles, unit="NOK", key=f"{key}_money")
    if is_unknown(price["net_nok_per_year"]):
        st.text(_("A year: unknown, as the amount or a price is not known."))
    else:
        low, high = price["net_nok_per_year_low"], price["net_nok_per_year_high"]
        st.text(
            _("A year: {best}").format(best=format_number(price["net_nok_per_year"], unit="NOK"))
            + " ("
            + show_between(low, high, "NOK")
            + ")"
        )
    _tell_loads(card)
    _name_unpriced(card)
    note(_("Above zero is a gain. The range takes every figure at its worst and at its best at once."))


def show_carbon(card: Card, *, key: str) -> None:
    """Show the parts of the emissions saved per tonne, and those of a year."""
    price = card.price
    titles = {name: _(text) for name, text in CARBON_TITLES.items()}
    _tell_as_today(card)
    _show_parts(card, card.parts.carbon, titles, unit="kg CO2e", key=f"{key}_carbon")
    year = price["net_t_co2e_per_year"]
    st.text(
        "\n".join(
            (
                _("A year: {best}").format(best=show_known(year, "t CO2e")),
                _("Counted throughout: {basis}.").format(
                    basis=label(EMISSION_BASES, price["emission_basis"])
                ),
            )
        )
    )
    _name_unpriced(card)
    note(_("Above zero is saved, below zero is let out."))


def _tell_as_today(card: Card) -> None:
    if card.parts.as_today:
        st.text(_("The same would be done to it as today: nothing is new but the way."))


def _name_unpriced(card: Card) -> None:
    if card.unpriced:
        st.text("\n".join((_("Unknown, and not counted as zero:"), *(f"• {line}" for line in card.unpriced))))


def _tell_loads(card: Card) -> None:
    price = card.price
    if is_unknown(price["payload_t"]):
        return
    told = [_("{payload} a load").format(payload=format_number(price["payload_t"], decimals=1, unit="t"))]
    if not is_unknown(price["loads_per_year"]):
        told.append(_("{loads} loads a year").format(loads=format_number(price["loads_per_year"])))
        if not is_unknown(price["vehicle_km_per_year"]):
            told.append(
                _("{km} driven a year").format(km=format_number(price["vehicle_km_per_year"], unit="km"))
            )
    st.text(" · ".join(told))


def _show_parts(card: Card, parts: pd.DataFrame, titles: dict[str, str], *, unit: str, key: str) -> None:
    """Show parts and their net as a table, and as lines where the screen is too narrow for it."""
    per, amount = f"{unit}/{card.unit}", card.match["exchange_best"]
    yearly = parts["best"] * (float("nan") if is_unknown(amount) else float(amount))
    rows = pd.DataFrame(
        {
            "part": [titles[name] for name in parts["part"]],
            **{end: parts[end].to_numpy() for end in ("low", "best", "high")},
            "year": yearly.to_numpy(),
        }
    )
    names = {
        "part": _("Part"),
        "low": _("Worst ({unit})").format(unit=per),
        "best": _("Best estimate ({unit})").format(unit=per),
        "high": _("Best case ({unit})").format(unit=per),
        "year": _("A year ({unit})").format(unit=unit),
    }
    with st.container(key=f"wide_{key}"):
        st.dataframe(
            rows.style.format(dict.fromkeys(("low", "best", "high", "year"), format_number)),
            hide_index=True,
            key=f"{key}_table",
            height="content",
            alt=_("Parts of the sum, each with its worst, best estimate and best case; the last is the net."),
            column_config={name: st.column_config.Column(title) for name, title in names.items()},
        )
    with st.container(key=f"narrow_{key}"):
        st.text(
            "\n".join(
                f"{row['part']}: {show_known(row['best'], per)}"
                + ("" if is_unknown(row["low"]) else f" ({show_between(row['low'], row['high'], per)})")
                for row in rows.to_dict("records")
            )
        )


def show_break_even(card: Card) -> None:
    """Say within how many kilometres it pays, beside the length of the way."""
    match, price = card.match, card.price
    best, low, high = (price[f"break_even_km{end}"] for end in ("", "_low", "_high"))
    way = float(match["distance_km"])
    lines = []
    if not is_priced(card):
        lines += [_("Not known, for these are unknown:"), *(f"• {line}" for line in card.unpriced)]
    elif is_unknown(best):
        lines.append(_("By the best estimate no distance ends it: more kilometres cost nothing here."))
    elif best <= 0:
        lines.append(_("By the best estimate it pays at no distance."))
    else:
        lines.append(
            _("By the best estimate it pays within {km} by road.").format(km=format_number(best, unit="km"))
        )
        spare = float(best) - way
        text = (
            _("The way is {way}: {spare} to spare.")
            if spare >= 0
            else _("The way is {way}: {spare} too long.")
        )
        lines.append(
            text.format(
                way=format_number(way, decimals=1, unit="km"), spare=format_number(abs(spare), unit="km")
            )
        )
    if is_priced(card):
        ends = [show_distance(low), show_distance(high)]
        lines.append(
            _("At the worst figures: {low}. At the most favourable: {high}.").format(
                low=ends[0], high=ends[1]
            )
        )
    if card.name("via") and not is_unknown(match["via_km"]):
        lines.append(
            _("The way is both legs: {first} to the intermediary ({minutes}), {second} from there.").format(
                first=format_number(match["via_km"], decimals=1, unit="km"),
                minutes=format_minutes(match["via_minutes"]),
                second=format_number(max(way - float(match["via_km"]), 0.0), decimals=1, unit="km"),
            )
        )
    st.text("\n".join(lines))
    note(_("Speed, ferries and tolls are those of this way."))
