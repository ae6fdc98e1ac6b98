"""Travel tables measured by an existing Dask cluster: the roads are sent once, blocks of rows come back.

A block is a pure function (:func:`geodata.traveltables.measure_block`) of what was sent and its rows. Blocks
are cut by the number of places alone and taken in order, so that neither the number of workers nor a worker
that is lost and its blocks measured anew changes a number. The scheduler and its workers run what they are
sent: only a cluster that one trusts may be named.
"""

from __future__ import annotations

import platform
from collections import deque
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final
from uuid import uuid4

import numpy as np
import pyarrow as pa

from geodata.errors import ClusterError
from geodata.roads import GraphTravel, NetworkTravel
from geodata.traveltables import Question, cut_rows, measure_block
from loaders.tablewriting import lay_out_pairs

CONNECT_S: Final = 10
RETRIES: Final = 3
AHEAD: Final = 2
"""Blocks that are under way for each thread of the cluster: memory stays bounded on both sides."""


def iterate_cluster_pairs(
    travel: NetworkTravel, *, question: Question, address: str
) -> Iterator[pa.RecordBatch]:
    """Yield the pairs that `question` wants, in order, as :func:`loaders.tablewriting.lay_out_pairs` does.

    `address` is that of a Dask scheduler, ``tcp://host:port``. What is yielded is what
    :func:`geodata.traveltables.iterate_pairs` measures here.

    Raises
    ------
    ClusterError
        ``cluster.package_missing`` (``distributed`` is not installed), ``cluster.address``,
        ``cluster.unreachable``, ``cluster.no_workers``, ``cluster.not_installed`` (a worker lacks this
        program), ``cluster.versions`` (a worker has another version), ``cluster.lost`` (the scheduler, or the
        same block's worker again and again).
    """
    blocks = cut_rows(len(travel.ids), question=question)
    if isinstance(travel, GraphTravel):  # the cluster has a thread for each block
        travel = replace(travel, threads=1, known=None, shelf=None)
    with _connect(address) as client:
        threads = _check_workers(client)
        with _telling_losses(address):
            (sent,) = client.scatter([travel], broadcast=True, hash=False)
            run = uuid4().hex
            waiting: deque[Any] = deque()
            for number, rows in enumerate(blocks):
                key = f"symbiosekart-{run}-{number}"
                job = client.submit(
                    measure_packed, sent, rows, question, key=key, pure=False, retries=RETRIES
                )
                waiting.append(job)
                if len(waiting) >= AHEAD * threads:
                    yield _unpack(waiting.popleft().result())
            while waiting:
                yield _unpack(waiting.popleft().result())


def measure_packed(travel: NetworkTravel, rows: slice, question: Question) -> bytes:
    """Return one block as compressed bytes of Arrow's stream format; runs on a worker."""
    block = lay_out_pairs(measure_block(travel, rows, question=question))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, block.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
        stream.write_batch(block)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def describe_versions() -> dict[str, str]:
    """Return the versions that client and workers must share."""
    try:
        ours = version("symbiosekart")
    except PackageNotFoundError:
        ours = "0"
    return {
        "symbiosekart": ours,
        "python": ".".join(platform.python_version_tuple()[:2]),
        "numpy": ".".join(np.__version__.split(".")[:2]),
        "pyarrow": pa.__version__.split(".")[0],
        "distributed": version("distributed"),
    }


def _unpack(content: bytes) -> pa.RecordBatch:
    with pa.ipc.open_stream(content) as stream:
        return stream.read_next_batch()


@contextmanager
def _connect(address: str) -> Iterator[Any]:
    try:
        import distributed
    except ImportError as error:
        raise ClusterError("cluster.package_missing") from error
    try:
        make: Any = distributed.Client
        client = make(address, timeout=CONNECT_S, set_as_default=False)
    except (ValueError, TypeError) as error:
        raise ClusterError("cluster.address", address=address[:200]) from error
    except OSError as error:  # also what waits too long
        raise ClusterError("cluster.unreachable", address=address[:200]) from error
    try:
        yield client
    finally:
        client.close()


def _check_workers(client: Any) -> int:
    """Return how many threads the cluster has; raise where a worker would measure otherwise than we do."""
    workers: dict[str, Any] = client.scheduler_info()["workers"]
    if not workers:
        raise ClusterError("cluster.no_workers")
    try:
        told: dict[str, dict[str, str]] = client.run(describe_versions)
    except ImportError as error:
        raise ClusterError("cluster.not_installed") from error
    ours = describe_versions()
    for worker, theirs in sorted(told.items()):
        for part, wanted in ours.items():
            if theirs.get(part) != wanted:
                has = str(theirs.get(part, ""))
                raise ClusterError("cluster.versions", worker=worker, part=part, theirs=has, ours=wanted)
    return max(sum(int(worker["nthreads"]) for worker in workers.values()), 1)


@contextmanager
def _telling_losses(address: str) -> Iterator[None]:
    from distributed import KilledWorker

    try:
        yield
    except (KilledWorker, CancelledError, OSError) as error:
        raise ClusterError("cluster.lost", address=address[:200]) from error
