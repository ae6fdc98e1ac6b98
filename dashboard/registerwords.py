"""Filled registers in words: why units were left out, how the others were placed, and what of plants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dashboard.labels import GEOCODE_GRADES
from dashboard.text import N_, format_date, format_number
from dashboard.text import gettext as _
from geodata.schemas import GEOCODE_GRADES as GRADE_ORDER
from loaders.registershelf import UNDECIDED, Extract

REASONS: Final = {
    "unusable": N_("the row could not be read"),
    "twice": N_("stands twice in the file"),
    "foreign": N_("lies in another country"),
    "outside": N_("lies outside the chosen area"),
    "municipality_unknown": N_("no known municipality"),
    "municipality_split": N_("its former municipality was divided, and the address does not say which part"),
    "deleted": N_("deleted from the register"),
    "closed": N_("closed down"),
    "bankrupt": N_("bankrupt"),
    "sole_proprietor": N_("sole proprietor (left out for privacy)"),
    "industry": N_("another industry"),
    "no_employees": N_("no employees"),
    "employees_withheld": N_("one to four employees (the register withholds the number)"),
    "employees_not_given": N_("number of employees not given"),
    "few_employees": N_("too few employees"),
    "parent_form_unknown": N_(
        "may be a sole proprietor: the file does not tell who owns it (the file of firms would)"
    ),
    "in_region": N_("stands in the real region already, with its own source"),
}
"""Reason of ``geodata.registerfacilities.LEFT_OUT`` -> words."""
OTHER_COUNTS: Final = {
    "plants_used": N_("{count} got the exact point of a plant with a permit"),
    "plants_added": N_("{count} are plants with a permit that are no unit of the register"),
    "plants_cut": N_(
        "The file of plants is not whole: the service says that it has more plants than the saved page "
        "holds. Save the other pages too, or fetch all: symbiosekart fetch plants"
    ),
    "municipality_undecided": N_(
        "{count} lie in a former municipality that was divided; nothing decides which"
    ),
    "municipality_missing": N_("{count} have no number of a known municipality"),
}


def tell_left_out(extract: Extract) -> list[tuple[str, int]]:
    """Return why units were left out, in words, and how many; the most first."""
    left = sorted(extract.left_out.items(), key=lambda item: (-item[1], item[0]))
    return [(_(REASONS.get(reason, reason)), count) for reason, count in left]


def tell_grades(extract: Extract) -> list[tuple[str, int]]:
    """Return how the facilities were placed, in words, and how many; the surest first."""
    order = {grade: place for place, grade in enumerate(GRADE_ORDER)}
    found = sorted(extract.grades.items(), key=lambda item: order.get(item[0], len(order)))
    return [
        (_("not placed") if grade == "none" else _(GEOCODE_GRADES.get(grade, grade)), count)
        for grade, count in found
    ]


def tell_others(facts: Mapping[str, int]) -> list[str]:
    """Return what else is worth telling of an extract, a sentence each."""
    told = [
        _(text).format(count=format_number(facts[name]))
        for name, text in OTHER_COUNTS.items()
        if facts.get(name)
    ]
    undecided = {name.removeprefix(UNDECIDED): n for name, n in facts.items() if name.startswith(UNDECIDED)}
    if undecided:
        numbers = ", ".join(f"{name} ({format_number(count)})" for name, count in undecided.items())
        told.append(_("Numbers as given and what they may be today: {numbers}").format(numbers=numbers))
    return told


def tell_date(extract: Extract) -> str:
    """Return what an extract's date is of: the register, or only the file that it was made from."""
    text = _("register of {date}") if extract.is_dated else _("file of {date}")
    return text.format(date=format_date(extract.record.fetched_on))
