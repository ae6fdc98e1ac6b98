"""One run, one report: this project's engine and others on the same synthetic roads.

``python -m benchmarks.run`` (or ``make bench``). Every measurement is a process of its own, one by one.
What is slow to make (roads, orders, hierarchies) is kept in the user's cache folder, and its cost with it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import platformdirs

from benchmarks.report import print_report

ROOT = Path(__file__).resolve().parent.parent
OTHER_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
COMPARATORS = {
    "pyroutingkit": "pyroutingkit",
    "ch-router": "routingkit_ch",
    "pandana": "pandana",
    "osrm": "osrm",
}
"""Engine -> the module that must be there."""
SIZES = (100, 300, 1000, 3000, 5000, 10_000, 20_000)
REACH_SIZES = (1000, 10_000)
PARTS = ("ours", "reach", "start", *COMPARATORS)
GIVE_UP_S = 3600

Facts = dict[str, Any]


def main() -> None:
    """Read the command line, measure, and print the report."""
    options = _read_options()
    folder = options.cache / f"roads-{options.nodes}-{options.seed}-{_sum_up(['benchmarks/synthetic.py'])}"
    folder.mkdir(parents=True, exist_ok=True)
    kept = options.cache / f"results-{options.nodes}.json"
    results: Facts = {}
    if options.keep and kept.exists():
        results = json.loads(kept.read_text(encoding="utf-8"))
    results |= {"machine": _describe_machine(), "skipped": {}}
    results["roads"] = _once(folder / "roads.json", "benchmarks.ours", "roads", options.nodes, options.seed)[
        -1
    ]
    network = f"network-{_sum_up(_list_builders())}.skn"
    results["prepared"] = _once(folder / f"{network}.json", "benchmarks.ours", "prepare", network)[-1]
    sizes = [size for size in options.sizes if size <= options.nodes]
    if "ours" in options.parts:
        for threads in sorted({1, os.cpu_count() or 1}):
            some = sizes if threads == 1 else [size for size in sizes if size >= 1000]
            results[f"tables {threads}"] = _run("benchmarks.ours", "tables", folder, network, threads, *some)
    if "reach" in options.parts:
        some = [size for size in REACH_SIZES if size <= options.nodes]
        results["reach"] = _run("benchmarks.ours", "reach", folder, network, *some)
    if "start" in options.parts:
        results["start"] = measure_starts(folder)
    for engine in COMPARATORS:
        if engine in options.parts:
            _compare(engine, folder, sizes, options.budget, results)
    kept.write_text(json.dumps(results, indent=1), encoding="utf-8")
    print_report(results)
    print(f"\nAll figures: {kept}")


def _read_options() -> argparse.Namespace:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--nodes", type=int, default=1_250_000)
    reader.add_argument("--seed", type=int, default=1)
    reader.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    reader.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    reader.add_argument("--budget", type=float, default=900.0, help="seconds that one table may take")
    reader.add_argument(
        "--keep", action="store_true", help="report parts that are not measured now as they were before"
    )
    reader.add_argument(
        "--cache", type=Path, default=Path(platformdirs.user_cache_dir("symbiosekart")) / "benchmarks"
    )
    return reader.parse_args()


def _list_builders() -> list[str]:
    """Return the files that decide what is in a network file."""
    names = ["hierarchy", "kernels_contract", "labels"]
    loaders = ["hierarchies", "networkfiles"]
    return [f"geodata/routing/{n}.py" for n in names] + [f"loaders/{n}.py" for n in loaders]


def _sum_up(files: Iterable[str]) -> str:
    made = hashlib.sha256()
    for file in files:
        made.update((ROOT / file).read_bytes())
    return made.hexdigest()[:10]


def _describe_machine() -> Facts:
    model = ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="ascii", errors="replace").splitlines()
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "model": model,
        "memory_bytes": memory,
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
    }


def _once(kept: Path, module: str, task: str, *arguments: object) -> list[Facts]:
    """Run a task and keep what it said, or return what it said before."""
    if not kept.exists():
        said = _run(module, task, kept.parent, *arguments)
        kept.write_text(json.dumps(said), encoding="utf-8")
    known: list[Facts] = json.loads(kept.read_text(encoding="utf-8"))
    return known


def _run(
    module: str, task: str, folder: Path, *arguments: object, python: str = sys.executable
) -> list[Facts]:
    """Run one measurement to its end and return what it said."""
    words = [str(word) for word in (task, folder, *arguments)]
    print(f"... {' '.join(words[:1] + words[2:])}", file=sys.stderr, flush=True)
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(  # noqa: S603
        [python, "-m", module, *words],
        env=environment,
        stdout=subprocess.PIPE,
        timeout=GIVE_UP_S,
        check=True,
        text=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def _compare(engine: str, folder: Path, sizes: list[int], budget_s: float, results: Facts) -> None:
    """Measure another engine where it is to be had; say why where it is not."""
    python = _find_python(COMPARATORS[engine])
    if python is None:
        results["skipped"][engine] = "not installed"
        return
    try:
        if engine == "osrm" and not (folder / "osrm" / "done").exists():
            _run("benchmarks.ours", "osm", folder)
        said = _run("benchmarks.comparators", engine, folder, budget_s, *sizes, python=python)
    except subprocess.SubprocessError as error:
        results["skipped"][engine] = f"{type(error).__name__}: {error}"
        return
    kept = folder / f"{engine}.json"
    before: list[Facts] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else []
    now = {one["prepared"]: one for one in said if "prepared" in one}
    prepared = {one["prepared"]: one for one in before} | now
    kept.write_text(json.dumps(list(prepared.values())), encoding="utf-8")
    results[engine] = [*prepared.values(), *(one for one in said if "prepared" not in one)]


def _find_python(module: str) -> str | None:
    """Return a Python that has `module`: the comparators' own or this one."""
    for python in (str(OTHER_PYTHON), sys.executable):
        if not Path(python).exists():
            continue
        code = f"import importlib.util as u, sys; sys.exit(u.find_spec({module!r}) is None)"
        if not subprocess.run([python, "-c", code], check=False).returncode:  # noqa: S603
            return python
    return None


def measure_starts(folder: Path) -> list[Facts]:
    """Start the command line twice with an empty compiler cache: network file, hierarchy, answers."""
    ours = [sys.executable, "-m", "benchmarks.ours", "small", str(folder)]
    _run("benchmarks.ours", "small", folder)
    towns = folder / "towns.csv"
    towns.write_text("id,lat,lon\nA,59.913,10.752\nB,63.430,10.395\nC,59.267,10.408\n", encoding="utf-8")
    start = [str(Path(sys.executable).parent / "symbiosekart"), "distances"]
    end = ["--no-cache", "--out", str(folder / "od.csv")]
    command = [*start, str(folder / "places.csv"), *end, "--network", str(folder / "small.skn")]
    programs = {
        "making a network of 6 000 nodes": ours,
        "distances, embedded main roads": [*start, str(towns), *end],
        "distances over a network file": command,
        "distances --within 20": [*command, "--within", "20"],
        "distances --nearest 3": [*command, "--nearest", "3"],
    }
    said = []
    for name, words in programs.items():
        with tempfile.TemporaryDirectory() as compiled:
            environment = os.environ | {"NUMBA_CACHE_DIR": compiled, "PYTHONPATH": str(ROOT)}
            for which in ("first", "later"):
                began = time.perf_counter()
                with subprocess.Popen(  # noqa: S603
                    words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                ) as process:
                    _, status, usage = os.wait4(process.pid, 0)
                    process.returncode = os.waitstatus_to_exitcode(status)
                said.append(
                    {
                        "start": name,
                        "which": which,
                        "cpu_s": usage.ru_utime + usage.ru_stime,
                        "wall_s": time.perf_counter() - began,
                        "exit": process.returncode,
                    }
                )
    return said


if __name__ == "__main__":
    main()
