"""The server's end of the calculating process: starts it, asks it, gives up, starts another when it is lost.

A process of its own because threads share one interpreter lock: a page would wait for every step of a large
calculation. Not :mod:`multiprocessing`: its new processes run the main script anew, which under Streamlit is
the page.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from dashboard.calculator import PlanRequest, Report, Request, find_part
from dashboard.channel import DONE, GIVE_UP, REFUSED, RUN, STEP, TABLES, WANTED, receive, send
from geodata.errors import SymbiosekartError
from geodata.results import RegionTables
from geodata.roads import Network

MODULE = "dashboard.calculatorprocess"


class CalculationLostError(SymbiosekartError):
    """The calculating process ended without an answer: killed, out of memory, or a fault of ours."""


class RemoteCalculator:
    """One calculating process, started when it is first needed.

    Parameters
    ----------
    read_network : returns the server's own road network of a key, to stand in results.
    """

    def __init__(self, *, read_network: Callable[[str], Network]) -> None:
        self._read_network = read_network
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The process's number, None where none runs."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    def close(self) -> None:
        """End the process; the next request would start another."""
        with self._lock:
            if self._process is not None:
                _end_process(self._process)
                self._process = None

    def calculate(self, request: Request | PlanRequest, tables: RegionTables, report: Report) -> Any:
        """Compute one request; one at a time.

        Parameters
        ----------
        tables : the unfiltered tables that the request's data set stands for; sent when not there yet.
        report : is told each step and may raise: the work is then given up, and what it raised goes on.

        Raises
        ------
        CalculationLostError
            ``calculation.lost``; the next request starts another process.
        SymbiosekartError
            What the calculation itself refused.
        """
        with self._lock:
            process = self._living()
            finished = False
            try:
                self._tell(process, (RUN, request))
                while True:
                    kind, *rest = self._hear(process)
                    if kind == STEP:
                        report(rest[0])
                    elif kind == WANTED:
                        self._tell(process, (TABLES, tables))
                    else:
                        finished = True
                        return _read_answer(kind, rest)
            except CalculationLostError:
                finished = True
                raise
            finally:
                if not finished:
                    self._give_up(process, tables)

    def _give_up(self, process: subprocess.Popen[bytes], tables: RegionTables) -> None:
        """Tell the process to stop, and hear it out: it stops at its next step."""
        with contextlib.suppress(CalculationLostError):
            self._tell(process, (GIVE_UP,))
            while (kind := self._hear(process)[0]) in (STEP, WANTED):
                if kind == WANTED:
                    self._tell(process, (TABLES, tables))

    def _living(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = _start_process()
            weakref.finalize(self, _end_process, self._process)
        return self._process

    def _tell(self, process: subprocess.Popen[bytes], message: object) -> None:
        try:
            send(cast(BinaryIO, process.stdin), message)
        except OSError as error:
            raise self._lose(process) from error

    def _hear(self, process: subprocess.Popen[bytes]) -> tuple[Any, ...]:
        try:
            return tuple(receive(cast(BinaryIO, process.stdout), find=self._find))
        except (EOFError, OSError) as error:
            raise self._lose(process) from error

    def _find(self, name: str) -> object:
        return find_part(name, self._read_network)

    def _lose(self, process: subprocess.Popen[bytes]) -> CalculationLostError:
        _end_process(process)
        self._process = None
        return CalculationLostError("calculation.lost")


def _read_answer(kind: str, rest: list[Any]) -> Any:
    if kind == REFUSED:
        error, code, values = rest
        raise error(code, **values)
    if kind != DONE:
        raise ValueError(kind)
    return rest[0]


def _start_process() -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    # One thread is enough: the other cores are for the pages.
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return subprocess.Popen(  # noqa: S603  (our own interpreter and module, no shell)
        [sys.executable, "-P", "-m", MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **one, "PYTHONPATH": os.pathsep.join(paths)},
        creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
    )


def _end_process(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):  # what was not sent yet cannot be sent any more
                stream.close()
