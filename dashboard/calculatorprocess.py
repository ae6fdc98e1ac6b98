"""The calculating process: ``python -m dashboard.calculatorprocess``.

Requests come in on standard input, answers go out on standard output (:mod:`dashboard.channel`). It knows no
Streamlit. It ends when its input ends, and so with the server, however that ends.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from dashboard.calculator import Calculator, PlanRequest, Request, name_part
from dashboard.channel import DONE, GIVE_UP, GIVEN_UP, REFUSED, STEP, WANTED, receive, send
from geodata.errors import SymbiosekartError
from geodata.results import RegionTables, ScenarioResult
from loaders.networkshelf import read_shelved

NICENESS = 5
"""How far the process steps back for the pages, in steps of POSIX."""
SECONDS_BETWEEN_STEPS = 0.1
KEPT_NETWORKS = 2


class GivenUpError(Exception):
    """The result is not wanted any longer."""


class Loop:
    """The process's side of the talk: one request at a time, steps told, given up when told to.

    Parameters
    ----------
    incoming, outgoing : binary streams to and from the server.
    """

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._read_network = lru_cache(maxsize=KEPT_NETWORKS)(read_shelved)
        self._messages: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._given_up = threading.Event()
        self._told = ("", 0.0)
        self._calculator = Calculator(self._fetch, read_network=self._read_network)

    def run(self) -> None:
        """Answer requests until the input ends, which ends the process at once."""
        threading.Thread(target=self._listen, name="listener", daemon=True).start()
        while True:
            self._answer(self._messages.get()[1])

    def _answer(self, request: Request | PlanRequest) -> None:
        self._given_up.clear()
        self._told = ("", 0.0)
        try:
            result = self._calculator.calculate(request, self._report)
        except GivenUpError:
            send(self._outgoing, (GIVEN_UP,))
        except SymbiosekartError as error:
            send(self._outgoing, (REFUSED, type(error), error.code, error.values))
        else:
            if not isinstance(result, ScenarioResult):  # a plan holds no network
                send(self._outgoing, (DONE, result))
                return
            # the travel's own: the network may have been read anew since
            network = result.travel.network  # type: ignore[attr-defined]
            send(
                self._outgoing,
                (DONE, result),
                name=lambda obj: name_part(obj, network, request.network),
            )

    def _listen(self) -> None:
        while True:
            try:
                message = receive(self._incoming)
            except EOFError:
                os._exit(0)  # the server is gone: nobody reads a result
            if message[0] == GIVE_UP:
                self._given_up.set()
            else:
                self._messages.put(message)

    def _report(self, step: str) -> None:
        if self._given_up.is_set():
            raise GivenUpError
        before, at = self._told
        now = time.monotonic()
        if step != before or now - at > SECONDS_BETWEEN_STEPS:
            self._told = (step, now)
            send(self._outgoing, (STEP, step))

    def _fetch(self, dataset: str) -> RegionTables:
        send(self._outgoing, (WANTED, dataset))
        tables: RegionTables = self._messages.get()[1]
        return tables


def main() -> None:
    """Be the calculating process: step back for the pages, and keep the output for answers only."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)  # elsewhere the server starts the process with a lower priority
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's; its end ends this process
    outgoing = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not be read as an answer
    # Unbuffered: a buffer's lock would be held by the listener when the process ends by a fault.
    with Path(os.devnull).open("rb") as nothing:
        incoming = os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)
        os.dup2(nothing.fileno(), sys.stdin.fileno())
    Loop(incoming, outgoing).run()


if __name__ == "__main__":
    main()
