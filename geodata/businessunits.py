"""Units of the business register as one table, and who in it is left out and why.

A unit (underenhet, BEDR or AAFY) is a place of work; the firm that owns it is its parent. Whether the parent
is a person (a sole proprietorship) stands only with the parent, so it must be known or shown by evidence.
Employees: the register withholds small numbers, and a number that is not given is never zero.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

BUSINESS_UNIT_COLUMNS: Final = (
    "organisation_number",  # nine digits with a valid check digit
    "parent_number",  # of the firm that owns the unit
    "name",
    "form",  # the unit's own form: BEDR, AAFY; in constructed files also ENK, AS ...
    "parent_form",  # AS, ENK, KOMM ...; <NA> where the parent is not known
    "industry_code",  # as 38.110
    "industry_code_2",
    "industry_code_3",
    "industry_revision",  # one of INDUSTRY_REVISIONS, <NA> where it cannot be told
    "employees",  # <NA> is unknown, never zero
    "employees_status",  # one of EMPLOYEES_STATUSES
    "address",  # street and number; several lines are joined by a comma
    "postcode",
    "place",
    "municipality_number",  # as given, of the year of the file
    "municipality_name",
    "country_code",
    "started_on",  # ISO dates
    "closed_on",
    "deleted_on",
    "homepage",
)
"""All text (pandas ``string``) but `employees` (``Int64``). No telephone or e-mail: it may be a person's."""

EMPLOYEES_STATUSES: Final = ("registered", "withheld", "none_registered", "not_given")
"""A number is given; there are some but so few that it is withheld; none are registered; nothing is said."""

INDUSTRY_REVISIONS: Final = ("sn2007", "sn2025")
UNIT_FORMS: Final = frozenset({"BEDR", "AAFY"})
"""Own forms that say nothing of who owns the unit."""
PERSONAL_FORMS: Final = frozenset({"ENK", "PERS", "BO", "TVAM"})
"""Forms that stand for one person or a person's estate: sole proprietors, other single persons, estates, and
those registered for VAT by force, who may be persons."""
ENOUGH_EMPLOYEES: Final = 20
"""So many registered employees count as evidence that a unit is no person's alone. Sole proprietors with
five or ten exist in numbers, with twenty hardly (judgement); a person's name is not risked."""
MANY_CODES: Final = 200
"""So many industry codes tell by which revision a file is written."""
FEW_STRAYS: Final = 0.002
"""Share of codes from the other revision that a file may hold all the same."""

_END = r"(?:$|[^0-9A-Za-zÆØÅæøåÄÖäö])"
_START = r"(?:^|[^0-9A-Za-zÆØÅæøåÄÖäö])"
_COMPANY = re.compile(
    rf"{_START}(?:AS|ASA|A/S|IKS|NUF|FKF|RHF|ANS|BBL|STIFTELSEN|STIFTELSE|BORETTSLAG|SAMEIET|KOMMUNE|FYLKESKOMMUNE){_END}"
    # these are names or initials too, and count only where the name ends or a department follows
    r"|.[ ,](?:SA|BA|DA|KF|HF|SF|SE|KS|STI|BRL)(?:$| *[-,/(]| +(?:AVD|AVDELING|VED|V/))"
    r"|.[ ,](?i:as|asa|iks|nuf|kommune)$"
)
_PUBLIC_DIVISION: Final = "84."


@dataclass(frozen=True)
class LeftOut:
    """How many rows stayed, and how many went for which reason.

    Attributes
    ----------
    kept : rows left. reasons : reason -> rows; only reasons that came up.
    """

    kept: int
    reasons: Mapping[str, int] = field(default_factory=dict)


class ParentForms:
    """The forms of firms by their numbers, packed: some nine bytes a firm."""

    def __init__(self, numbers: npt.NDArray[np.int64], forms: Iterable[object]) -> None:
        """Keep `forms` (text, or nothing) of `numbers`; of a number that comes twice the last is kept."""
        codes, names = pd.factorize(np.asarray(list(forms), dtype=object), use_na_sentinel=True)
        order = np.argsort(numbers, kind="stable")
        last = np.append(np.diff(numbers[order]) != 0, True) if len(order) else np.empty(0, dtype=bool)
        self._numbers = numbers[order][last]
        self._codes = codes[order][last].astype(np.int16)
        self._names = np.array([*names, None], dtype=object)  # -1 is the last: not known

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[str, str]]) -> ParentForms:
        """Make it of (organisation number, form); numbers that are not nine digits are passed over."""
        usable = [pair for pair in pairs if re.fullmatch("[0-9]{9}", pair[0])]
        return cls(np.array([int(number) for number, _ in usable], dtype=np.int64), [f for _, f in usable])

    @classmethod
    def join(cls, parts: Iterable[ParentForms]) -> ParentForms:
        """Put several together; a later part prevails."""
        parts = list(parts)
        if not parts:
            return cls(np.empty(0, dtype=np.int64), [])
        forms = np.concatenate([part._names[part._codes] for part in parts])
        return cls(np.concatenate([part._numbers for part in parts]), forms)

    def __len__(self) -> int:
        """Return how many firms are known."""
        return len(self._numbers)

    def look_up(self, numbers: pd.Series) -> pd.Series:
        """Return the form of each number (``string``, <NA> where it is not known), with the same index."""
        nine = numbers.str.fullmatch("[0-9]{9}").fillna(False)
        wanted = numbers.where(nine).astype("Int64").fillna(-1).to_numpy(dtype=np.int64)
        if not len(self._numbers):
            return pd.Series(pd.NA, index=numbers.index, dtype="string")
        at = np.minimum(np.searchsorted(self._numbers, wanted), len(self._numbers) - 1)
        codes = np.where(self._numbers[at] == wanted, self._codes[at], -1)
        names = pd.array(self._names, dtype="string")
        return pd.Series(names.take(codes % len(self._names)), index=numbers.index)


def empty_units() -> pd.DataFrame:
    """Return a table of units without rows."""
    return conform_units(pd.DataFrame())


def conform_units(units: pd.DataFrame) -> pd.DataFrame:
    """Return `units` with exactly :data:`BUSINESS_UNIT_COLUMNS`, in order; those that lack are <NA>."""
    columns = {
        name: units[name] if name in units else pd.Series(pd.NA, index=units.index, dtype="object")
        for name in BUSINESS_UNIT_COLUMNS
    }
    types = {name: "Int64" if name == "employees" else "string" for name in BUSINESS_UNIT_COLUMNS}
    return pd.DataFrame(columns, index=units.index).astype(types)


def classify_employees(has_registered: pd.Series, employees: pd.Series) -> pd.Series:
    """Tell what is known of the number of employees: one of :data:`EMPLOYEES_STATUSES` a row.

    Parameters
    ----------
    has_registered : ``boolean``; the register's ``harRegistrertAntallAnsatte``, <NA> where it says nothing.
    employees : ``Int64``; the number where one is given. A zero that is written stays a number.
    """
    said = has_registered.fillna(False).to_numpy(dtype=bool)
    denied = (~has_registered.fillna(True)).to_numpy(dtype=bool)
    given = employees.notna().to_numpy()
    some = given & (employees.fillna(0) > 0).to_numpy(dtype=bool)
    # positions in EMPLOYEES_STATUSES; what is written last prevails
    status = np.full(len(employees), 3)
    status[said] = 1
    status[given] = 0
    status[denied & ~some] = 2
    return pd.Series(pd.array(EMPLOYEES_STATUSES, dtype="string").take(status), index=employees.index)


def judge_revision(counts: Mapping[str, int], *, sn2025: frozenset[str]) -> str:
    """Tell by which revision a whole file is coded: ``sn2007``, ``sn2025``, or empty where that is not clear.

    Parameters
    ----------
    counts : industry code (``38.110``) -> rows. sn2025 : all five-digit codes of SN2025.

    Notes
    -----
    Most codes stand in both; only codes that SN2025 does not have tell. A file with next to none of them
    among at least :data:`MANY_CODES` is written in SN2025, one with more in SN2007.
    """
    detailed = {code: rows for code, rows in counts.items() if len(code) == 6 and not code.startswith("00")}
    total = sum(detailed.values())
    if total < MANY_CODES:
        return ""
    gone = sum(rows for code, rows in detailed.items() if code not in sn2025)
    return "sn2007" if gone > FEW_STRAYS * total else "sn2025"


def tell_industry_revision(codes: pd.Series, *, sn2025: frozenset[str], whole: str = "") -> pd.Series:
    """Tell the revision of each industry code, <NA> where it cannot be told.

    A five-digit code that SN2025 does not have is SN2007; of the others only the file tells.

    Parameters
    ----------
    codes : as ``38.110``. sn2025 : all five-digit codes of SN2025. whole : as from :func:`judge_revision`.
    """
    told = codes.notna() & ~codes.str.startswith("00").fillna(False)
    revision = pd.Series(pd.array([whole or None], dtype="string").take(np.zeros(len(codes), dtype=np.intp)),
                         index=codes.index)  # fmt: skip
    revision = revision.where(told)
    gone = (
        told
        & (codes.str.len() == 6).fillna(False)
        & ~pd.Series([code in sn2025 for code in codes], index=codes.index, dtype=bool)
    )
    return revision.mask(gone, "sn2007")


def leave_out_sole_proprietors(
    units: pd.DataFrame, parent_forms: ParentForms | None = None
) -> tuple[pd.DataFrame, LeftOut]:
    """Leave out units that are or may be a single person's business.

    Out go those whose own or parent's form is one of :data:`PERSONAL_FORMS` (``sole_proprietor``), and those
    whose parent's form is not known and that show no evidence of being no person's: a company form in their
    own name, :data:`ENOUGH_EMPLOYEES` registered employees, or public administration
    (``parent_form_unknown``: with the file of parents many of them would stay).

    Parameters
    ----------
    units : :data:`BUSINESS_UNIT_COLUMNS`. parent_forms : fills `parent_form` where it lacks.

    Returns
    -------
    (the units that stay, with `parent_form` filled; what was left out)
    """
    units = fill_parent_forms(units, parent_forms)
    own = units["form"].str.upper()
    parent = units["parent_form"].str.upper()
    personal = own.isin(PERSONAL_FORMS) | parent.isin(PERSONAL_FORMS)
    open_question = parent.isna() & (own.isna() | own.isin(UNIT_FORMS))
    unknown = open_question & ~personal & ~_shows_company(units, where=open_question)
    left = units[~(personal | unknown)]
    counts = {"sole_proprietor": int(personal.sum()), "parent_form_unknown": int(unknown.sum())}
    return left, LeftOut(len(left), {reason: count for reason, count in counts.items() if count})


def fill_parent_forms(units: pd.DataFrame, parent_forms: ParentForms | None) -> pd.DataFrame:
    """Return `units` with `parent_form` filled from `parent_forms` where it lacks."""
    if parent_forms is None or not len(units):
        return units
    known = units["parent_form"]
    return units.assign(parent_form=known.where(known.notna(), parent_forms.look_up(units["parent_number"])))


def drop_closed(units: pd.DataFrame, *, on: str = "") -> tuple[pd.DataFrame, LeftOut]:
    """Leave out units that are closed (``closed``) or deleted (``deleted``).

    Parameters
    ----------
    on : ISO date; what closes later stays. Empty: whatever has a date of closing goes.
    """
    deleted = units["deleted_on"].notna()
    closed = units["closed_on"].notna() & ~deleted
    if on:
        closed &= (units["closed_on"] <= on).fillna(False)
    left = units[~(closed | deleted)]
    counts = {"closed": int(closed.sum()), "deleted": int(deleted.sum())}
    return left, LeftOut(len(left), {reason: count for reason, count in counts.items() if count})


def _shows_company(units: pd.DataFrame, *, where: pd.Series) -> pd.Series:
    names = units["name"].where(where)
    named = names.str.contains(_COMPANY.pattern, regex=True).fillna(False)
    many = (units["employees"] >= ENOUGH_EMPLOYEES).fillna(False)
    public = units["industry_code"].str.startswith(_PUBLIC_DIVISION).fillna(False)
    return (named | many | public).astype(bool)
