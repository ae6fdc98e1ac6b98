"""Long calculations wait for their turn, so that a page can show what it has and stays free for clicks.

One calculation runs at a time, in a thread that itself only waits (for :mod:`dashboard.remote`). What nobody
waits for any longer is not begun, and gives way when another is wanted. A calculation tells which step it is
at, and never calls Streamlit.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Report = Callable[[str], None]
Calculation = Callable[[Report], Any]
"""Returns a scenario, or a plan of one."""


class AbandonedError(Exception):
    """Nobody waits for the calculation any longer, and another one is waiting for its turn."""


@dataclass
class Job:
    """One calculation: its future result, the step it is at, and how many wait for it."""

    future: Future[Any]
    step: str = ""
    waiting: int = 0

    @property
    def ready(self) -> bool:
        """Whether the result (or the error) is there."""
        return self.future.done() and not self.future.cancelled()

    def wait(self, seconds: float) -> bool:
        """Wait at most so long; return whether it is done."""
        return bool(wait([self.future], timeout=seconds).done)


class Workshop:
    """Calculates results by key and keeps the latest `kept` of them."""

    def __init__(self, *, kept: int) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="calculation")

    def order(self, key: str, calculate: Calculation) -> Job:
        """Return the job for `key`, begun or done; begin it with `calculate` where there is none."""
        with self._lock:
            job = self._jobs.get(key)
            if job is None or job.future.cancelled():
                job = Job(Future())
                reporting = job

                def report(step: str) -> None:
                    reporting.step = step
                    if self._in_the_way(reporting):
                        raise AbandonedError

                job.future = self._worker.submit(calculate, report)
                self._jobs[key] = job
            self._jobs.move_to_end(key)
            done = [name for name, other in self._jobs.items() if other.future.done() and name != key]
            for name in done[: max(len(self._jobs) - self._kept, 0)]:
                del self._jobs[name]
            return job

    def collect(self, job: Job) -> Any:
        """Return the result of `job`, waiting for it, or raise its error; what failed is not kept."""
        if job.future.exception() is not None:
            with self._lock:
                self._forget(job)
        return job.future.result()

    def _forget(self, job: Job) -> None:
        for key in [key for key, other in self._jobs.items() if other is job]:
            del self._jobs[key]

    def _in_the_way(self, job: Job) -> bool:
        """Whether nobody waits for `job` while somebody waits for another; such a job is forgotten."""
        with self._lock:
            waited = any(other.waiting and not other.future.done() for other in self._jobs.values())
            if job.waiting or not waited:
                return False
            self._forget(job)
            return True

    @contextmanager
    def attend(self, job: Job) -> Iterator[Job]:
        """Wait for `job` inside the block; when the last one leaves before it began, it is given up."""
        with self._lock:
            job.waiting += 1
        try:
            yield job
        finally:
            with self._lock:
                job.waiting -= 1
                if not job.waiting:
                    job.future.cancel()  # does nothing once it has begun
