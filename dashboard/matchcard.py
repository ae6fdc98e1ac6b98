"""The card of one match: who, what lacks, why, use, law, money, carbon, how far, precedent, sources."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard import explanations, session
from dashboard.cardfacts import Card, find_card, is_priced, show_between, show_distance, show_known, unit_word
from dashboard.cardmoney import show_break_even, show_carbon, show_money
from dashboard.cardterms import show_law, show_precedent, show_sources, show_use
from dashboard.labels import label_basis
from dashboard.matchwording import tell_missing
from dashboard.text import format_number
from dashboard.text import gettext as _


def show_match_card(view: session.View, match_id: str, *, key: str) -> None:
    """Show the card of one match: the most useful first, the rest in parts that open."""
    card = find_card(view, match_id)
    if card is None:
        return
    with st.container(key="match_card"):
        _show_card(card, key=key)


def _show_card(card: Card, *, key: str) -> None:
    _show_heading(card)
    _show_key_figures(card, key=key)
    _show_missing(card)
    parts = (
        (_("Why it fits"), ":material/balance:", partial(_show_why, card, key=key), True),
        (_("What it becomes"), ":material/autorenew:", partial(show_use, card), False),
        (_("What the law asks"), ":material/gavel:", partial(show_law, card), False),
        (_("Money"), ":material/payments:", partial(show_money, card, key=key), False),
        (_("Emissions"), ":material/eco:", partial(show_carbon, card, key=key), False),
        (_("How far it pays"), ":material/straighten:", partial(show_break_even, card), False),
        (_("Done before"), ":material/history_edu:", partial(show_precedent, card), False),
        (_("Where the figures come from"), ":material/source:", partial(show_sources, card), False),
    )
    for title, icon, show, opened in parts:
        with st.expander(title, icon=icon, expanded=opened):
            show()


def _show_heading(card: Card) -> None:
    match = card.match
    st.subheader(
        _("Match {rank} of {count}: {score} points").format(
            rank=format_number(match["rank"]),
            count=format_number(len(card.view.result.matches)),
            score=format_number(match["score"], decimals=2),
        )
    )
    st.text(card.way())
    lines = [
        " · ".join(
            (
                card.view.material(str(match["material"])),
                _("basis: {basis}").format(basis=label_basis(match["basis"])),
            )
        )
    ]
    if match["rank_best"] != match["rank_worst"]:
        lines.append(
            _("As far as the amounts are known, its place is between {best} and {worst}.").format(
                best=format_number(match["rank_best"]), worst=format_number(match["rank_worst"])
            )
        )
    if bool(match["ahead_of_reported"]):
        lines.append(_("It rests on modelled or invented amounts and stands above some that are reported."))
    st.text("\n".join(lines))


def _show_key_figures(card: Card, *, key: str) -> None:
    price, unit = card.price, card.unit
    figures = (
        (
            _("Net a {unit}").format(unit=unit_word(unit)),
            show_known(price["net_nok_per_t"], f"NOK/{unit}"),
            show_between(price["net_low_nok_per_t"], price["net_high_nok_per_t"], f"NOK/{unit}"),
        ),
        (
            _("CO2e saved a {unit}").format(unit=unit_word(unit)),
            show_known(price["net_kg_co2e_per_t"], f"kg/{unit}"),
            show_between(price["net_kg_co2e_per_t_low"], price["net_kg_co2e_per_t_high"], f"kg/{unit}"),
        ),
        (_("Pays within"), _break_even_in_short(card), _way_in_short(card)),
    )
    for number, (column, (title, value, detail)) in enumerate(zip(st.columns(3), figures, strict=True)):
        with column.container(border=True, gap="xxsmall", key=f"figure_{key}_{number}"):
            st.metric(title, value)
            st.text(detail)
    if card.unpriced:
        st.text(
            _("Cannot be priced in full, for these are unknown: {keys}.").format(
                keys="; ".join(card.unpriced)
            )
        )


def _break_even_in_short(card: Card) -> str:
    return show_distance(card.price["break_even_km"]) if is_priced(card) else _("unknown")


def _way_in_short(card: Card) -> str:
    return _("the way is {km}").format(km=format_number(card.match["distance_km"], decimals=1, unit="km"))


def _show_missing(card: Card) -> None:
    lines = tell_missing(str(card.match["missing"] or ""))
    if lines:
        st.markdown("**" + _("What is missing") + "**")
        st.text("\n".join(f"• {line}" for line in lines))


def _show_why(card: Card, *, key: str) -> None:
    explanations.show_parts(card.view, card.match, key=key)
