"""How fast a plan is found, beside scipy's plain ``linprog`` on the same matrices.

``python -m benchmarks.allocation`` prints a table. 2 000 offers and 2 000 needs in a square of 200 km,
100 intermediaries with capacities, 200 000 pairs drawn among all (three in ten by way of an intermediary with
a yield below one); gain by material, pair and way. Every solver is a process of its own, and is given the
ready matrices; its processor time is that of the call alone.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pandas as pd

from geodata.allocation import AllocationLimits, allocate
from geodata.allocationmodel import Problem, build_problem
from geodata.allocationproof import prove_plan
from geodata.allocationsolver import solve_problem

METHODS = ("ours", "ours, whole answer", "highs", "highs-ds", "highs-ipm")
Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]


def main() -> None:
    """Measure every solver and print the table, or (``--one``) measure one and print its figures."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--offers", type=int, default=2000)
    reader.add_argument("--pairs", type=int, default=200_000)
    reader.add_argument("--intermediaries", type=int, default=100)
    reader.add_argument("--goals", nargs="+", default=["net", "kept"])
    reader.add_argument("--seed", type=int, default=1)
    reader.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    reader.add_argument("--budget", type=float, default=1800.0, help="seconds that one solver may take")
    reader.add_argument("--one", choices=METHODS)
    options = reader.parse_args()
    if options.one:
        print(json.dumps(measure_one(options)))
        return
    for goal in options.goals:
        facts = {method: run_apart(options, method, goal) for method in options.methods}
        print_table(facts, goal)


def run_apart(options: argparse.Namespace, method: str, goal: str) -> dict[str, Any]:
    """Measure one solver in a process of its own, one thread."""
    words = [sys.executable, "-m", "benchmarks.allocation", "--one", method, "--goals", goal]
    for name in ("offers", "pairs", "intermediaries", "seed"):
        words += [f"--{name}", str(getattr(options, name))]
    try:
        done = subprocess.run(  # noqa: S603
            words,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            timeout=options.budget,
            check=True,
            text=True,
        )
    except subprocess.TimeoutExpired:
        return {"note": f"given up after {options.budget:.0f} s by the clock"}
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


def measure_one(options: argparse.Namespace) -> dict[str, Any]:
    """Return processor time, clock, peak memory and the sum that one solver found."""
    tables = make_tables(options.offers, options.pairs, options.intermediaries, seed=options.seed)
    goal = options.goals[0]
    pairs, offers, needs, capacities = tables
    problem = build_problem(pairs, offers, needs, capacities=capacities, goal=goal, limits=AllocationLimits())
    before = _peak_mib()
    cpu, clock = time.process_time(), time.perf_counter()
    if options.one == "ours":
        solution, _master = solve_problem(problem)
        proof = prove_plan(problem, solution.tonnes, solution.prices)
        best, note = proof.primal, f"{proof.status}, gap {proof.gap:.0e}, {solution.columns} pairs seen"
    elif options.one == "ours, whole answer":
        found = allocate(pairs, offers, needs, capacities=capacities, goal=goal)
        best, note = found.totals["goal"], f"{found.status}, prices, ranges and reasons too"
    else:
        best, note = solve_plainly(problem, options.one)
    return {
        "cpu": time.process_time() - cpu,
        "clock": time.perf_counter() - clock,
        "mib": _peak_mib() - before,
        "best": best,
        "note": note,
    }


def solve_plainly(problem: Problem, method: str) -> tuple[float, str]:
    """Return the sum that ``scipy.optimize.linprog`` finds for the same matrices, and how."""
    from scipy.optimize import linprog

    done = linprog(-problem.gain, A_ub=problem.matrix, b_ub=problem.bound, method=method)
    return -float(done.fun), f"status {done.status}, {done.nit} iterations"


def make_tables(count: int, pairs: int, intermediaries: int, *, seed: int) -> Tables:
    """Return pairs, offers, needs and capacities of a made-up region."""
    random = np.random.default_rng(seed)
    places = [random.uniform(0, 200, (n, 2)) for n in (count, count, intermediaries)]
    drawn = random.choice(count * count, size=pairs, replace=False)
    offer, need = drawn // count, drawn % count
    via = np.where(random.random(pairs) < 0.3, random.integers(0, intermediaries, pairs), -1)

    def far(tails: np.ndarray[Any, Any], heads: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.asarray(1.3 * np.hypot(*(tails - heads).T))

    start, end, middle = places[0][offer], places[1][need], places[2][via]
    km = np.where(via >= 0, far(start, middle) + far(middle, end), far(start, end))
    material = random.integers(0, 10, count)[offer]
    gain = random.normal(600, 250, 10)[material] + random.normal(0, 50, pairs)
    sizes_of = (count, count, intermediaries)
    names = [[f"{kind}{k:05}" for k in range(n)] for kind, n in zip("onv", sizes_of, strict=True)]
    frame = pd.DataFrame(
        {
            "offer": np.array(names[0], dtype=object)[offer],
            "need": np.array(names[1], dtype=object)[need],
            "via": np.where(via >= 0, np.array(names[2], dtype=object)[via], None),
            "yield_best": np.where(via >= 0, np.round(random.uniform(0.6, 0.95, pairs), 2), 1.0),
            "distance_km": km,
            "hierarchy_rank": 2,
            "net_nok_per_t": np.round(gain - 150 - 2.1 * km - np.where(via >= 0, 80, 0), 2),
            "net_kg_co2e_per_t": np.round(random.normal(150, 60, 10)[material] - 0.08 * km, 3),
            "kept_t_per_t": 1.0,
        }
    )
    sizes = [
        np.round(random.lognormal(mean, spread, n), 1)
        for mean, spread, n in ((5, 1.2, count), (5, 1.2, count), (6, 1.0, intermediaries))
    ]
    columns = ("supply_t", "demand_t", "capacity_t")
    amounts = [
        pd.DataFrame({"stream_id": ids, column: size})
        for ids, column, size in zip(names, columns, sizes, strict=True)
    ]
    return frame, amounts[0], amounts[1], amounts[2]


def print_table(facts: dict[str, dict[str, Any]], goal: str) -> None:
    """Print one goal's table in Markdown, and how far the sums are apart."""
    ours = facts["ours"]
    print(f"\nGoal {goal}: {ours['best']:.6f}\n")
    print("| solver | CPU, s | times ours | clock, s | beyond the matrices, MiB | the same sum | |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for method, found in facts.items():
        if "best" not in found:
            print(f"| {method} | – | – | – | – | – | {found['note']} |")
            continue
        apart = abs(found["best"] - ours["best"]) / max(abs(ours["best"]), 1.0)
        print(
            f"| {method} | {found['cpu']:.2f} | {found['cpu'] / ours['cpu']:.1f} | {found['clock']:.2f} | "
            f"{found['mib']:.0f} | {'yes' if apart <= 1e-9 else 'no'} ({apart:.0e}) | {found['note']} |"
        )


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
