"""CPU time, wall time and peak memory of one call in this process. Standard library only."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Cost:
    """What a call took: seconds of processor (all threads) and of clock, and bytes beyond what stood before.

    The times are the least of `runs` runs; the bytes are the most of any, the result with them.
    """

    cpu_s: float
    wall_s: float
    peak_bytes: int
    runs: int


def measure(call: Callable[[], _Result], *, repeat_s: float = 0.0, runs: int = 1) -> tuple[_Result, Cost]:
    """Run `call` at least `runs` times and for `repeat_s` seconds; return its last result and its cost."""
    cpu, wall, peak, done, began = float("inf"), float("inf"), 0, 0, time.perf_counter()
    while done < runs or time.perf_counter() - began < repeat_s:
        result = None
        before = _read_status("VmRSS")
        _forget_peak()
        start_cpu, start = time.process_time(), time.perf_counter()
        result = call()
        wall = min(wall, time.perf_counter() - start)
        cpu = min(cpu, time.process_time() - start_cpu)
        peak = max(peak, _read_status("VmHWM") - before)
        done += 1
    return result, Cost(cpu, wall, peak, done)  # type: ignore[return-value]


def say(**facts: Any) -> None:
    """Hand `facts` to the process that started this one: a line of JSON; costs may be among the values."""
    print(json.dumps({k: asdict(v) if isinstance(v, Cost) else v for k, v in facts.items()}), flush=True)


def read_peak() -> int:
    """Return the most bytes that this process held since the last :func:`measure` began."""
    return _read_status("VmHWM")


def read_held() -> int:
    """Return the bytes that this process holds now."""
    return _read_status("VmRSS")


def _read_status(name: str) -> int:
    """Return a number of bytes from /proc/self/status; elsewhere than on Linux the peak of the whole run."""
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    except FileNotFoundError:
        pass
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _forget_peak() -> None:
    """Let the kernel count the peak from now on, where it can."""
    try:
        with os.fdopen(os.open("/proc/self/clear_refs", os.O_WRONLY), "w") as file:
            file.write("5")
    except OSError:
        pass
