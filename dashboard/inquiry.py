"""Finn partner, the shortest way: what do you have today, and where? Free text, read and told back."""

from __future__ import annotations

import streamlit as st

from dashboard import controls, session
from dashboard.notes import note
from dashboard.text import N_
from dashboard.text import gettext as _
from dashboard.uploads import word_choice
from geodata.inquiries import AMOUNT_UNITS, Spot, Subject, to_stated_amount

DIRECTIONS = {"offer": N_("I have it and want to give it"), "need": N_("I need it")}
UNIT_NAMES = {
    "t": N_("tonnes a year"),
    "kg": N_("kilograms a year"),
    "MWh": N_("MWh a year"),
    "m3": N_("m³ a year"),
}
EXAMPLES = (
    ("food_waste", "Fredrikstad", N_("Food waste in Fredrikstad")),
    ("impregnated_wood", "7300", N_("Treated wood at postcode 7300")),
    ("fish_sludge", "Rørvik", N_("Fish sludge in Rørvik")),
)
GRADES = {
    "place": N_("{name}"),
    "postcode": N_("postcode {name}"),
    "municipality": N_("the centre of {name} municipality"),
}


def ask_inquiry() -> session.View | None:
    """Ask what it is and where, which way, and the amount if known; no file and no registration."""
    first, second = st.columns(2)
    with first:
        written = controls.pick_or_write(
            "has",
            _("What is it?"),
            {key: session.label_material(key) for key in session.sorted_material_keys()},
            placeholder=_("Write it, or a waste code: treated wood, 20 01 08"),
            help_text=_("Pick from the list, or write your own words or a waste code (EAL) and press Enter."),
        )
    with second:
        where = controls.pick_or_write(
            "place",
            _("Where is it?"),
            session.place_names(),
            placeholder=_("Town, postcode or municipality"),
            help_text=_("Pick from the list, or write a postcode or a municipality and press Enter."),
        )
    third, fourth, fifth = st.columns([2, 1, 1])
    with third:
        direction = controls.pick_segment(
            "gives", _("Which way?"), tuple(DIRECTIONS), labels=lambda key: _(DIRECTIONS[key])
        )
    with fourth:
        amount = controls.pick_amount("amount", _("Amount (leave empty if you do not know)"))
    with fifth:
        unit = (
            controls.pick_one("unit", _("Unit"), AMOUNT_UNITS, labels=lambda key: _(UNIT_NAMES[key])) or "t"
        )
    if written is None and where is None:
        _show_first_steps()
        return None
    subject = _read_subject(written)
    spot = _find_spot(where)
    if subject is None or subject.material is None or spot is None:
        return None
    stated, stated_unit = to_stated_amount(amount, unit)
    _tell_back(subject, spot)
    with st.spinner(_("Looking for partners …")):
        return session.inquiry_view(
            session.Asked(subject=subject, spot=spot, direction=direction, amount=stated, unit=stated_unit)
        )


def _show_first_steps() -> None:
    with st.container(border=True):
        st.markdown("**" + _("Two fields are enough") + "**")
        st.markdown(
            "\n".join(
                (
                    "1. " + _("Write what you have, in your own words or as a waste code."),
                    "2. " + _("Write where it is: a town, a postcode or a municipality."),
                    "3. "
                    + _("See who could take it, why, how far it is by road, and where that is known from."),
                )
            )
        )
        st.text(_("Try an example:"))
        with st.container(horizontal=True):
            for material, place, title in EXAMPLES:
                st.button(
                    _(title),
                    key=f"example_{material}",
                    on_click=_take_example,
                    args=(material, place),
                    icon=":material/play_arrow:",
                )
        note(_("Nothing you write is saved. No registration, and no contact is made with anybody."))


def _take_example(material: str, place: str) -> None:
    controls.choose("has", material)
    controls.choose("place", place)
    controls.choose("selected", None)


def _read_subject(written: str | None) -> Subject | None:
    if written is None:
        st.info(_("Write what it is as well."), icon=":material/edit:")
        return None
    subject = session.read_inquiry_subject(written)
    if subject.material is not None:
        return subject
    st.warning(_("This was not understood as a material or a waste code:"), icon=":material/help:")
    st.text(written)
    codes = session.suggest_codes_for(written)
    if codes:
        st.text(_("It may have one of these waste codes. Choose the one that is right:"))
        for suggestion in codes:
            st.button(
                word_choice(suggestion),
                key=f"coded_{suggestion.code}",
                on_click=controls.choose,
                args=("has", suggestion.code),
                width="stretch",
            )
    if subject.suggestions:
        st.text(_("Or one of these materials?") if codes else _("Did you mean one of these?"))
        with st.container(horizontal=True):
            for key in subject.suggestions:
                st.button(
                    session.label_material(key),
                    key=f"meant_{key}",
                    on_click=controls.choose,
                    args=("has", key),
                )
    elif not codes:
        note(_("Try a broader word, such as wood, plastic, sludge or heat, or a waste code of six digits."))
    return subject


def _find_spot(where: str | None) -> Spot | None:
    if where is None:
        st.info(_("Write where it is as well."), icon=":material/edit:")
        return None
    spot = session.find_inquiry_spot(where)
    if spot is None:
        st.warning(_("No town, postcode or municipality of this name is known:"), icon=":material/help:")
        st.text(where)
        note(_("Try the nearest town, the postcode or the municipality."))
    return spot


def _tell_back(subject: Subject, spot: Spot) -> None:
    """Say what was understood, so that a wrong reading is seen at once."""
    understood = session.label_material(str(subject.material))
    if subject.eal_code is not None:
        understood += f" ({session.format_waste_code(subject.eal_code)})"
    parts = [
        _("Understood as {material}").format(material=understood),
        _(GRADES[spot.grade]).format(name=spot.name),
    ]
    if subject.hazardous:
        parts.insert(1, _("hazardous waste"))
    if spot.municipality_number is not None and spot.grade != "municipality":
        parts.append(session.municipality_names().get(spot.municipality_number, ""))
    st.text(" · ".join(dict.fromkeys(part for part in parts if part)))
    if spot.others:
        note(_("Other places have the same name; the largest was taken. A postcode is surer."))
