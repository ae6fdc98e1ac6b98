"""What a match asks of its two sides, in words: what lacks, what the law wants, what has no price."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dashboard.text import N_, language
from dashboard.text import gettext as _
from dashboard.usewording import Words, name_product, name_stream

ADVICE: Mapping[str, str] = {
    "code": N_("Waste code: write what it is on the page Find partner, or ask who collects it today."),
    "amount": N_("Amount: ask both sides how much a year; a range is enough."),
    "capacity": N_("The intermediary's capacity: ask how much more it can take a year."),
    "season": N_("Months: ask when it arises and when it is needed."),
    "quality": N_("Quality: ask what the receiver demands; have a sample analysed where it is in doubt."),
    "hazard": N_("Whether it is hazardous waste: the one who has the waste must find out and declare it."),
    "licence": N_("What the receiver may take: ask to see its permit."),
    "industry": N_("The receiver's industry: it stands in the public register of enterprises."),
    "price": N_(
        "What it costs or earns today: look at the last invoice. The usual gate fee is used till then."
    ),
    "step": N_("Who does the treatment: ask whether the receiver does it, or find somebody who can."),
    "composition": N_(
        "What it is made of: the receiver asks for something narrower or another kind; have it sorted or "
        "looked through first. A plan places none of it before that."
    ),
}
"""Key of :data:`geodata.matchtable.MISSING` -> what it is and what to do."""

LAW_ASKS: Mapping[str, str] = {
    "by_product": N_(
        "To be shown: further use is certain, nothing but ordinary processing is needed, it comes about as "
        "part of the production, and the use is lawful and harms neither health nor the environment."
    ),
    "end_of_waste": N_(
        "To be shown: it has been recovered, there is a use and a market for it, it meets the demands for "
        "that use, and it harms neither health nor the environment. Some metals and glass have EU criteria."
    ),
    "waste_recovery": N_("To be shown: the receiver's permit covers this kind of waste and this amount."),
    "energy": N_(
        "To be shown: for heat, who is responsible for temperature and backup; for burning, that the plant's "
        "permit covers the fuel."
    ),
    "animal_by_products": N_(
        "To be shown: the category, a plant that is approved for it, and a commercial document with each "
        "load."
    ),
    "fertiliser": N_(
        "To be shown: limits for heavy metals are kept, it is stabilised and made hygienic, and it is "
        "registered before it is sold or spread."
    ),
    "feed": N_("To be shown: both sides are registered as feed businesses, and nothing in it is forbidden."),
    "food": N_("To be shown: it has been handled as food all the way, by registered food businesses."),
    "hazardous": N_(
        "To be shown: the waste is declared before it is handed over, the receiver has a permit for it, and "
        "it is not mixed with other waste."
    ),
    "product": N_("To be shown: the product is safe and has the documents that its use asks for."),
    "construction_masses": N_(
        "To be shown: the masses are clean (by analysis where in doubt), and the municipality's permission "
        "for the filling."
    ),
    "producer_responsibility": N_(
        "To be shown: it goes through, or by agreement with, an approved take-back company."
    ),
    "chemicals": N_("To be shown: registration under REACH where it is asked for, and a safety data sheet."),
    "landfill": N_("To be shown: basic characterisation, and that the landfill may take it."),
    "water": N_("To be shown: a permit to let it out, or an agreement with the owner of the pipes."),
}
"""Key of the library's laws -> what has to be shown, in short."""

UNPRICED: Mapping[str, str] = {
    "gate_fee": N_("the gate fee of {subject}"),
    "replaced_value": N_("the value of what is replaced: {subject}"),
    "replaced_emission_wtw": N_("the emissions of what is replaced: {subject}"),
    "replaced_emission_ttw": N_("the emissions of what is replaced: {subject}"),
    "treatment_cost": N_("what the treatment costs: {subject}"),
    "treatment_emission_wtw": N_("the emissions of the treatment: {subject}"),
    "treatment_emission_ttw": N_("the emissions of the treatment: {subject}"),
    "final_emission_wtw": N_("the emissions of burning or landfill: {subject}"),
    "final_emission_ttw": N_("the emissions of burning or landfill: {subject}"),
    "present_treatment": N_("how {subject} is treated today"),
    "substitution_ratio": N_("how much it stands for: {subject}"),
    "energy_mwh_per_t": N_("the energy in {subject}"),
    "density_t_per_m3": N_("the density of {subject}"),
    "payload_limit_t": N_("how much a lorry carries: {subject}"),
    "body_volume_m3": N_("how much a lorry has room for: {subject}"),
    "pipe_nok_per_mwh_km": N_("what a pipe for {subject} costs"),
    "pipe_nok_per_t_km": N_("what a pipe for {subject} costs"),
    "yield": N_("how much comes of it: {subject}"),
    "unit": N_("the unit that {subject} is counted in"),
    "distance": N_("the distance by road"),
    "ferries": N_("the ferries on the way"),
    "via_km": N_("the way to the intermediary"),
}
"""First part of a key of ``unpriced`` -> what lacks."""


def name_subject(subject: str, *, words: Words, material: Callable[[str], str]) -> str:
    """Return what a key's subject is called: a use, a step, a material; what is none of these as it is."""
    subject = subject.rpartition(":")[2] if subject.startswith(("R", "D")) else subject
    if subject in words.uses:
        return f"{name_stream(subject, words)} → {name_product(subject, words)}"
    steps = words.library.labels("steps", language=language())
    return steps.get(subject) or material(subject) or subject


def tell_unpriced(keys: str, *, words: Words, material: Callable[[str], str]) -> list[str]:
    """Return one line for each key of what has no price, the key itself behind it."""
    lines = []
    for key in keys.split():
        name, _slash, subject = key.partition("/")
        text = UNPRICED.get(name)
        said = key if text is None else _(text)
        if "{subject}" in said:
            said = said.format(subject=name_subject(subject, words=words, material=material))
        lines.append(said if said == key else f"{said} ({key})")
    return lines


def tell_missing(keys: str) -> list[str]:
    """Return what is not known of a match, each with what to do about it."""
    return [_(ADVICE[key]) for key in keys.split() if key in ADVICE]
