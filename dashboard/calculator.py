"""What a large calculation is asked and what computes it, in whatever process; knows no Streamlit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeVar, overload

from geodata.allocation import AllocationLimits
from geodata.economics import EconomicChoices, price_matches
from geodata.parameters import ScenarioParameters
from geodata.planning import Plan, plan_scenario
from geodata.results import RegionTables, ScenarioResult
from geodata.roads import GraphNetwork, Network, NetworkTravel, measure_travel
from geodata.scenario import access_key, run_scenario
from geodata.selection import Filters, select_filtered
from loaders.codes import read_waste_codes
from loaders.economics import read_economics
from loaders.networkshelf import MAIN_ROADS
from loaders.uses import read_use_library

__all__ = ["MAIN_ROADS", "Calculator", "PlanRequest", "Request", "find_part", "name_part"]

Report = Callable[[str], None]
K = TypeVar("K")
V = TypeVar("V")

GRAPH, LAND = "graph", "land"
KEPT_TABLES = 2
KEPT_TRAVEL = 4


@dataclass(frozen=True)
class Request:
    """One scenario to compute: four keys or values that say all of it.

    Attributes
    ----------
    dataset : digest that stands for the unfiltered tables.
    network : key of a road network (:func:`loaders.networkshelf.read_shelved`), here and in the server alike.
    """

    dataset: str
    network: str
    filters: Filters
    parameters: ScenarioParameters


@dataclass(frozen=True)
class PlanRequest:
    """The plan of one scenario: what it is to gain most of, within which limits, at which prices."""

    scenario: Request
    goal: str
    limits: AllocationLimits
    economics: EconomicChoices

    @property
    def network(self) -> str:
        """Key of the scenario's road network."""
        return self.scenario.network


class Calculator:
    """Computes requests; remembers the latest tables, the travel between their facilities, and the latest
    scenario, which its plans are made from.

    Parameters
    ----------
    fetch : returns the tables of a key that is not known yet.
    read_network : returns a road network by its key; reads each once.
    """

    def __init__(
        self, fetch: Callable[[str], RegionTables], *, read_network: Callable[[str], Network]
    ) -> None:
        self._fetch = fetch
        self._read_network = read_network
        self._read_codes = cache(read_waste_codes)
        self._read_uses = cache(read_use_library)
        self._read_economics = cache(read_economics)
        self._tables: OrderedDict[str, RegionTables] = OrderedDict()
        self._travel: OrderedDict[tuple[str, str, tuple[float, float]], NetworkTravel] = OrderedDict()
        self._results: dict[Request, ScenarioResult] = {}

    @overload
    def calculate(self, request: Request, report: Report) -> ScenarioResult: ...

    @overload
    def calculate(self, request: PlanRequest, report: Report) -> Plan: ...

    def calculate(self, request: Request | PlanRequest, report: Report) -> ScenarioResult | Plan:
        """Compute one request; `report` is told each step and may raise to end the work."""
        if isinstance(request, PlanRequest):
            return self._plan(request, report)
        self._results.clear()  # not two of them at once: such a scenario may take a gigabyte
        self._results[request] = self._run_scenario(request, report)
        return self._results[request]

    def _plan(self, request: PlanRequest, report: Report) -> Plan:
        result = self._results.get(request.scenario) or self.calculate(request.scenario, report)
        report("price")
        prices = price_matches(
            result.matches,
            tables=self._read_economics(),
            choices=request.economics,
            uses=self._read_uses(),
            codes=self._read_codes(),
        )
        report("plan")
        return plan_scenario(
            result, prices, goal=request.goal, limits=request.limits, codes=self._read_codes()
        )

    def _run_scenario(self, request: Request, report: Report) -> ScenarioResult:
        report("travel")
        network = self._read_network(request.network)
        tables = _remember(
            self._tables, request.dataset, lambda: self._fetch(request.dataset), kept=KEPT_TABLES
        )
        travel = _remember(
            self._travel,
            (request.dataset, request.network, access_key(request.parameters)),
            lambda: measure_travel(network, tables.facilities, parameters=request.parameters),
            kept=KEPT_TRAVEL,
        )
        return run_scenario(
            select_filtered(tables, request.filters, travel=travel),
            network=network,
            codes=self._read_codes(),
            uses=self._read_uses(),
            parameters=request.parameters,
            travel=travel,
            report=report,
        )


def _remember(known: OrderedDict[K, V], key: K, make: Callable[[], V], *, kept: int) -> V:
    if key not in known:
        known[key] = make()
    known.move_to_end(key)
    while len(known) > kept:
        known.popitem(last=False)
    return known[key]


def name_part(obj: object, network: Network, key: str) -> str | None:
    """Return the name of `network` or of a large part of it, which both ends have; None of all else."""
    if obj is network:
        return key
    if isinstance(network, GraphNetwork):
        if obj is network.router.graph:
            return f"{key}/{GRAPH}"
        if obj is network.land and obj is not None:
            return f"{key}/{LAND}"
    return None


def find_part(name: str, read_network: Callable[[str], Network]) -> object:
    """Return this end's object of a name that :func:`name_part` gave."""
    key, _slash, part = name.partition("/")
    network = read_network(key)
    if not isinstance(network, GraphNetwork):
        return network
    return {"": network, GRAPH: network.router.graph, LAND: network.land}[part]
