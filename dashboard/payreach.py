"""How far from a facility a match, or a material without one, pays: areas for the map, and words."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboard import controls, session
from dashboard.cardfacts import find_card, is_priced, show_distance
from dashboard.layers import Layer
from dashboard.matchwording import tell_unpriced
from dashboard.text import format_number, is_unknown
from dashboard.text import gettext as _

ENDS = ("low", "best", "high")


@dataclass(frozen=True)
class PayReach:
    """Kilometres at the worst, the best and the most favourable figures; None: no end to it.

    Attributes
    ----------
    of : what it is the reach of, in words.
    lacking : what lacks for a price, in words; then the kilometres say nothing.
    layer : the areas, None where there are none.
    """

    of: str
    km: dict[str, float | None]
    lacking: tuple[str, ...] = ()
    layer: Layer | None = None

    @property
    def drawn(self) -> tuple[tuple[str, float], ...]:
        """The ends that are drawn, with their kilometres."""
        return tuple(
            (end, round(km, 1))
            for end in ENDS
            if (km := self.km[end]) is not None and 0 < km <= session.MOST_KM
        )


def pick_pay_reach(
    view: session.View, facility_id: str, *, match_id: str | None = None, material: str | None = None
) -> PayReach | None:
    """Let the reader switch on how far it pays; None where it is off.

    With `match_id` it is that of the match, by its own way; else that of `material`, used as it is.
    """
    if not controls.pick_switch(
        "pays",
        _("How far does it pay?"),
        help_text=_("Areas within which it pays to drive it, by road, with the figures that are chosen."),
    ):
        return None
    found = _of_match(view, match_id) if match_id is not None else _of_material(view, material)
    if found is None or found.lacking or not found.drawn:
        return found
    with st.spinner(_("Finding how far it pays …")):
        layer = session.find_pay_areas(view, facility_id, found.drawn)
    return PayReach(found.of, found.km, layer=layer)


def _of_match(view: session.View, match_id: str) -> PayReach | None:
    card = find_card(view, match_id)
    if card is None:
        return None
    columns = {"low": "break_even_km_low", "best": "break_even_km", "high": "break_even_km_high"}
    km = {end: _number(card.price[name]) for end, name in columns.items()}
    return PayReach(card.way(), km, () if is_priced(card) else tuple(card.unpriced))


def _of_material(view: session.View, material: str | None) -> PayReach | None:
    if material is None:
        return None
    reach = session.reach_of_material(material)
    lacking = tell_unpriced(" ".join(reach.unpriced), words=session.use_words(), material=view.material)
    of = _("{material}, used as it is").format(material=view.material(material))
    return PayReach(of, {end: _number(getattr(reach, end)) for end in ENDS}, tuple(lacking))


def _number(value: float) -> float | None:
    return None if is_unknown(value) else float(value)


def show_pay_reach(reach: PayReach) -> None:
    """Say in words what the areas show, and why where there are none."""
    lines = [reach.of]
    if reach.lacking:
        lines += [_("How far it pays is not known, for these are unknown:")]
        lines += [f"• {line}" for line in reach.lacking]
    else:
        titles = {
            "low": _("Worst figures: {km}"),
            "best": _("Best estimate: {km}"),
            "high": _("Most favourable figures: {km}"),
        }
        lines += [titles[end].format(km=show_distance(reach.km[end])) for end in ENDS]
        if len(reach.drawn) < len(ENDS):
            lines.append(
                _("Not drawn: what pays at no distance, or beyond {km}.").format(
                    km=format_number(session.MOST_KM, unit="km")
                )
            )
        if reach.drawn and reach.layer is None:
            lines.append(_("The facility has no point that a road reaches, so it has no reach."))
    st.subheader(_("How far it pays"))
    st.text("\n".join(lines))
