"""The results of a run as Markdown tables, plain enough for a terminal."""

from __future__ import annotations

from typing import Any

MIB = 2**20
LENGTH_TOO = "time, length, ferries"
WHAT = {
    "scipy": "scipy, Dijkstra from each start",
    "pyroutingkit": "pyroutingkit (RoutingKit CCH), its many-to-many",
    "ch-router": "ch-router (RoutingKit CH), pair by pair",
    "pandana": "pandana (CH), pairs in one call",
    "osrm": "OSRM (MLD), table in its own process",
}
Facts = dict[str, Any]


def print_report(results: Facts) -> None:
    """Print every table that `results` has the figures for."""
    machine, roads, prepared = results["machine"], results["roads"], results["prepared"]
    print(f"\n# {roads['nodes']:,} nodes, {roads['arcs']:,} arcs".replace(",", " "))
    print(
        f"{machine['cores']} cores ({machine['model']}), {machine['memory_bytes'] / 2**30:.0f} GiB, "
        f"Python {machine['python']}, load before: {machine['load_before']:.1f}\n"
    )
    if "tables 1" in results:
        _print_tables(results)
        _print_growth(results)
    _print_preparation(results, prepared, roads)
    if "reach" in results:
        _print_reach(results["reach"])
    if "start" in results:
        _print_starts(results["start"])
    for engine, why in results["skipped"].items():
        print(f"left out: {engine}: {why}")


def _cells(said: list[Facts], *, streamed: bool = False) -> dict[int, Facts]:
    return {one["size"]: one for one in said if "cells" in one and one.get("streamed", False) == streamed}


def _us(one: Facts, clock: str = "cpu_s") -> float:
    return float(one["cost"][clock] / one["cells"] * 1e6)


def _print_tables(results: Facts) -> None:
    """Print microseconds of processor a cell for ours, and how many times as much the others take."""
    single = results["tables 1"]
    whole, rows = _cells(single), _cells(single, streamed=True)
    ours = {**rows, **whole}
    sizes = sorted(ours)
    print("## Tables of n x n points: CPU a cell, one thread\n")
    _print_row(["", *(f"{size}" for size in sizes), "beyond roads at the largest, MiB", "right"])
    _print_row(["---"] * (len(sizes) + 3))
    for name, part in (("ours, whole table", whole), ("ours, row by row", rows)):
        if part:
            last = part[max(part)]
            shown = [f"{_us(part[size]):.3f} µs" if size in part else "" for size in sizes]
            memory = f"{max(0, last['cost']['peak_bytes'] - last['result_bytes']) / MIB:.0f}"
            _print_row([f"**{name}**: {LENGTH_TOO}", *shown, memory, _share(part)])
    for threads in (int(name.split()[1]) for name in results if name.startswith("tables ")):
        many = _cells(results[f"tables {threads}"], streamed=True) | _cells(results[f"tables {threads}"])
        if threads > 1 and many:
            cpu = [f"{_us(many[size]):.3f} µs" if size in many else "" for size in sizes]
            clock = [f"{_us(many[size], 'wall_s'):.3f} µs" if size in many else "" for size in sizes]
            _print_row([f"ours, {threads} threads: CPU", *cpu, "", _share(many)])
            _print_row([f"ours, {threads} threads: clock", *clock, "", ""])
    scipy = results["roads"]["scipy"]["cpu_s"] / results["roads"]["starts"] * 1e6
    shown = [f"{scipy / size / _us(ours[size]):.0f} x" for size in sizes]
    _print_row(
        [WHAT["scipy"] + f": {LENGTH_TOO}, {results['roads']['starts']} starts", *shown, "", "the truth"]
    )
    for engine in WHAT:
        if engine in results:
            _print_row(_compare(engine, results[engine], ours, sizes))
    print()


def _compare(engine: str, said: list[Facts], ours: dict[int, Facts], sizes: list[int]) -> list[str]:
    known = _cells(said)
    sampled = [one for one in known.values() if one["sampled"]]
    if sampled:  # a pair costs the same in any table
        shown = [f"{_us(sampled[0]) / _us(ours[size]):.0f} x" for size in sizes]
        memory = ""
    else:
        shown = [f"{_us(known[size]) / _us(ours[size]):.0f} x" if size in known else "–" for size in sizes]
        memory = f"{max(one['cost']['peak_bytes'] for one in known.values()) / MIB:.0f}" if known else ""
    note = f", {sampled[0]['cells']} pairs" if sampled else ""
    return [f"{WHAT[engine]}: time{note}", *shown, memory, _share(known)]


def _share(part: dict[int, Facts]) -> str:
    least = min((one["right"] for one in part.values()), default=float("nan"))
    return "all" if least == 1 else f"{least:.4%}"


def _print_growth(results: Facts) -> None:
    """Print how the whole cost grows with the number of points."""
    single = results["tables 1"]
    ours = {**_cells(single, streamed=True), **_cells(single)}
    first = min(ours)
    print("## Growth, one thread\n")
    _print_row(["n", "CPU, s", "times the first", "cells, times the first"])
    _print_row(["---"] * 4)
    for size, one in sorted(ours.items()):
        more = one["cost"]["cpu_s"] / ours[first]["cost"]["cpu_s"]
        _print_row(
            [
                str(size),
                f"{one['cost']['cpu_s']:.3f}",
                f"{more:.0f}",
                f"{one['cells'] / ours[first]['cells']:.0f}",
            ]
        )
    print()


def _print_preparation(results: Facts, prepared: Facts, roads: Facts) -> None:
    print("## Preparation, once for a network (measured when it was made)\n")
    _print_row(["", "CPU, s", "clock, s", "peak beyond what stood, MiB"])
    _print_row(["---"] * 4)
    steps = {
        "synthetic roads": roads["made"],
        "ours: order (ch-router)": prepared["ordered"],
        f"ours: contraction to {prepared['hierarchy_arcs']} arcs": prepared["contracted"],
        f"ours: save, {prepared['file_bytes'] / MIB:.0f} MiB": prepared["saved"],
        "ours: load and check": prepared["loaded"],
    }
    for engine in WHAT:
        for one in results.get(engine, []):
            if "prepared" in one and "cost" in one:
                steps[f"{engine}: {one['prepared']}"] = {"peak_bytes": one.get("peak_bytes", 0)} | one["cost"]
    for name, cost in steps.items():
        _print_row([name, f"{cost['cpu_s']:.1f}", f"{cost['wall_s']:.1f}", f"{cost['peak_bytes'] / MIB:.0f}"])
    held = [
        f"ours {one['held_bytes'] / MIB:.0f}" for one in results.get("tables 1", []) if "held_bytes" in one
    ]
    for engine in WHAT:
        held += [
            f"{engine} {one['held_bytes'] / MIB:.0f}"
            for one in results.get(engine, [])
            if "held_bytes" in one
        ]
    print(f"\nHeld in memory once loaded, MiB: {', '.join(held)}\n")


def _print_reach(said: list[Facts]) -> None:
    print("## Not all pairs, one thread\n")
    _print_row(["", "n", "pairs found", "CPU, s", "full table, CPU s", "full / this", "right"])
    _print_row(["---"] * 7)
    for one in said:
        cost, full = one["cost"]["cpu_s"], one["full"]["cpu_s"]
        _print_row(
            [
                one["question"],
                str(one["size"]),
                str(one["pairs"]),
                f"{cost:.3f}",
                f"{full:.3f}",
                f"{full / cost:.1f}",
                "all" if one["right"] == 1 else "no",
            ]
        )
    print()


def _print_starts(said: list[Facts]) -> None:
    print("## From the start of the program to its end\n")
    _print_row(["", "which", "CPU, s", "clock, s"])
    _print_row(["---"] * 4)
    for one in said:
        failed = f" (failed: {one['exit']})" if one["exit"] else ""
        _print_row([one["start"] + failed, one["which"], f"{one['cpu_s']:.1f}", f"{one['wall_s']:.1f}"])
    print()


def _print_row(cells: list[str]) -> None:
    print("| " + " | ".join(cells) + " |")
