"""Streams that are alike in all but amount, place and owner: matching compares groups, not rows.

A group is a distinct combination of code, material, unit, months, hazard, treatment and quality (of needs
also the owner's industry and whether it treats for others). A *kin* is a distinct code and material, a
*profile* a distinct kin, industry, treatment and kind of owner of a need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.intp]
Array = npt.NDArray  # type: ignore[type-arg]

_SHARED = ("code", "material", "unit", "months", "hazard", "piped", "treatment", "quality")
_OF_NEEDS = ("division", "treats")


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of the offers or of the needs.

    Attributes
    ----------
    of_flow : group of each row of the flows (-1: not among these).
    columns : name -> value of each group: those named above, `nothing` (no amount), `placed`, `kin` and, for
        needs, `profile`.
    members : rows of each group, ascending.
    """

    of_flow: Ints
    columns: dict[str, Array]
    members: list[Ints]

    def __len__(self) -> int:
        return len(self.members)


@dataclass(frozen=True, eq=False)
class Grouping:
    """All groups of one table of flows.

    Attributes
    ----------
    kins : code and material of each kin.
    profiles : name -> value of each profile: kin, division, treatment, treats.
    """

    offers: Groups
    needs: Groups
    kin_codes: npt.NDArray[np.object_]
    kin_materials: npt.NDArray[np.object_]
    profiles: dict[str, Array]


def group_flows(flows: pd.DataFrame, *, placed: npt.NDArray[np.bool_]) -> Grouping:
    """Return the groups of `flows` (see :func:`geodata.flows.prepare_flows`).

    Parameters
    ----------
    placed : of each row, whether its facility has a point.
    """
    nothing = (flows["amount_max"] == 0).to_numpy()
    kin, kin_first = number_rows([flows["code"], flows["material"]])
    columns: dict[str, Array] = {name: flows[name].to_numpy() for name in (*_SHARED, *_OF_NEEDS)}
    columns |= {"nothing": nothing, "placed": placed, "kin": kin}
    offer = flows["offer"].to_numpy()
    need_rows = np.flatnonzero(~offer)
    names = ("kin", "division", "treatment", "treats")
    profile, first = number_rows([columns[name][need_rows] for name in names])
    profiles = {name: columns[name][need_rows][first] for name in names}
    columns["profile"] = np.full(len(flows), -1, dtype=np.intp)
    columns["profile"][need_rows] = profile
    shared = [*_SHARED, "nothing", "placed", "kin"]
    return Grouping(
        offers=_collect(columns, np.flatnonzero(offer), shared),
        needs=_collect(columns, need_rows, [*shared, *_OF_NEEDS, "profile"]),
        kin_codes=flows["code"].to_numpy()[kin_first],
        kin_materials=flows["material"].to_numpy()[kin_first],
        profiles=profiles,
    )


def number_rows(columns: Sequence[Array | pd.Series]) -> tuple[Ints, Ints]:
    """Return the number of each row's combination of values, in the order of the values, and a row of each.

    Equal rows get equal numbers; the numbers do not depend on the order of the rows.
    """
    number = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        codes, values = pd.factorize(np.asarray(column), sort=True)
        number = number * max(len(values), 1) + codes
        number = np.unique(number, return_inverse=True)[1]  # keeps the product of sizes small
    _, first, back = np.unique(number, return_index=True, return_inverse=True)
    return back.astype(np.intp), first.astype(np.intp)


def _collect(columns: dict[str, Array], rows: Ints, names: list[str]) -> Groups:
    """Group some rows by the columns `names`."""
    number, first = number_rows([columns[name][rows] for name in names])
    of_flow = np.full(len(columns["kin"]), -1, dtype=np.intp)
    of_flow[rows] = number
    order = np.argsort(number, kind="stable")
    starts = np.searchsorted(number[order], np.arange(len(first)))
    members = np.split(rows[order], starts[1:]) if len(first) else []
    return Groups(
        of_flow=of_flow,
        columns={name: columns[name][rows][first] for name in names},
        members=members,
    )
