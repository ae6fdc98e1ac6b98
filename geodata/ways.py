"""Least ways between the places of a network, found row by row as they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from threading import Lock

import numpy as np
import numpy.typing as npt

from geodata.routing.labels import unpack_labels
from geodata.routing.router import Router, enter_at_nodes
from geodata.routing.tables import Table, measure_table
from geodata.transport import Floats, Ints


@dataclass(frozen=True)
class WayTable:
    """Least ways between all places, arrays ``places x places``; inf: no way. The way back is as long.

    Attributes
    ----------
    cost : what a way minimises, in minutes: time, and for the least cost what kilometres cost.
    minutes : truck time, sailing and waiting included.
    km : length of that way.
    ferries : ferry crossings on it.
    toll_nok : known tolls and fares on it.
    """

    cost: Floats
    minutes: Floats
    km: Floats
    ferries: npt.NDArray[np.int16]
    toll_nok: npt.NDArray[np.float32]


MeasureWays = Callable[[Ints], Table]
"""Measures the least ways from some places to all, with tolls."""


def measure_ways(router: Router, rows: Ints) -> Table:
    """Return the least ways from the places `rows` of a network to all its places, with tolls."""
    everyone = enter_at_nodes(np.arange(router.graph.core))
    return measure_table(router, everyone.select(rows), everyone, tolls=True)


class WayRows:
    """A :class:`WayTable` whose rows are filled when first asked for; before, they say nothing.

    Several threads may ask; a row once filled stays as it is. (2 400 places: 170 MB, and some two seconds
    for all rows; rows that nobody asks for take no memory, which is also why they are not marked.)

    Attributes
    ----------
    measure : what finds the ways of the rows that are not filled yet.
    """

    def __init__(self, places: int, *, km_cost_min: float, measure: MeasureWays) -> None:
        self._km_cost_min = km_cost_min
        self.measure = measure
        self._lock = Lock()
        self._filled = np.zeros(places, dtype=bool)
        self._table = WayTable(
            cost=np.zeros((places, places)),
            minutes=np.zeros((places, places)),
            km=np.zeros((places, places)),
            ferries=np.zeros((places, places), np.int16),
            toll_nok=np.zeros((places, places), np.float32),
        )

    def fill(self, places: npt.ArrayLike) -> WayTable:
        """Return the table with at least the rows of `places` filled."""
        asked = np.unique(np.asarray(places, np.intp))
        if not self._filled[asked].all():
            with self._lock:
                self._fill(asked[~self._filled[asked]])
        return self._table

    def fill_all(self) -> WayTable:
        """Return the whole table, from now on read-only."""
        table = self.fill(np.arange(len(self._filled)))
        for spec in fields(table):
            getattr(table, spec.name).setflags(write=False)
        return table

    def _fill(self, rows: Ints) -> None:
        if not len(rows):
            return
        table = self._table
        found = self.measure(rows)
        measures = unpack_labels(found.labels)
        there = np.isfinite(found.labels)
        minutes = np.maximum(measures.weight_min - self._km_cost_min * measures.km, 0.0)
        table.cost[rows] = np.where(there, measures.weight_min, np.inf)
        table.minutes[rows] = np.where(there, minutes, np.inf)
        table.km[rows] = np.where(there, measures.km, np.inf)
        table.ferries[rows] = np.maximum(measures.ferries, 0)
        table.toll_nok[rows] = np.where(there, 0.0 if found.toll is None else found.toll, 0.0)
        self._filled[rows] = True
