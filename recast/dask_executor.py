"""dask.distributed as an executor: a cluster of this computer, or a scheduler that runs elsewhere.

Installed with ``pip install 'recast-bsm[dask]'``. The function goes to a worker once, not with every item; what a lost
worker was doing is done again by another one.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import metadata
from multiprocessing import active_children
from typing import Any

from recast.errors import RecastError
from recast.process_pool import interrupts_held

__all__ = ["DaskExecutor", "cluster", "joined"]

CONNECT = 5.0
"""Seconds that a scheduler may take to answer."""
START = 60.0
"""Seconds that the workers of this computer may take to start."""

VERSION = metadata.version("recast-bsm")

# Deaths of a worker that one piece of work may live through: it is seldom the work that killed it.
_ALLOWED_FAILURES = 100


class DaskExecutor:
    """A client of dask.distributed as an executor.

    Parameters
    ----------
    client : distributed.Client
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._address = str(getattr(client.scheduler, "address", client))
        self._held: tuple[Any, Any] = (None, None)

    @property
    def workers(self) -> int:
        """Threads of all workers that there are now."""
        with self._lost_scheduler():
            return max(1, sum(int(threads) for threads in self._client.nthreads().values()))

    def map(self, function: Callable[..., Any], /, *iterables: Iterable[Any]) -> Iterator[Any]:
        """Submit the calls, and return an iterator over their results."""
        import dask

        # The function may be large, and goes to the scheduler as part of a graph, of which dask warns.
        with self._lost_scheduler(), dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"}):
            if self._held[0] is not function:
                self._held = function, self._client.submit(_unpacked, function, VERSION, pure=False)
            futures = deque(self._client.map(_call, *iterables, held=self._held[1], pure=False))
        return self._results(futures)

    def _results(self, futures: deque[Any]) -> Iterator[Any]:
        from distributed import KilledWorker

        while futures:
            future = futures.popleft()  # released with its result once that has been read
            try:
                with self._lost_scheduler(future):
                    result = future.result()
            except KilledWorker as error:
                msg = (
                    f"workers of {self._address} were killed again and again at the same work (memory may have run "
                    "out): start again with fewer workers, or with more memory for each"
                )
                raise RecastError(msg) from error
            yield result

    @contextmanager
    def _lost_scheduler(self, future: Any = None) -> Iterator[None]:
        """Say which scheduler was lost; errors of the work itself pass."""
        from concurrent.futures import CancelledError

        try:
            yield
        except (CancelledError, OSError, TimeoutError, ValueError) as error:
            if (future is not None and future.status == "error") or self._client.status == "running":
                raise
            msg = f"the dask scheduler {self._address} does not answer any more: start it again, and then this"
            raise RecastError(msg) from error


def _unpacked(function: Callable[..., Any], version: str) -> Callable[..., Any]:
    """Receive the function on a worker, whose code must be that of the process that asks."""
    here = metadata.version("recast-bsm")
    if here != version:
        msg = f"a dask worker has recast {here}, but {version} asks for work: install the same version everywhere"
        raise RecastError(msg)
    return function


def _call(*arguments: Any, held: Callable[..., Any]) -> Any:
    return held(*arguments)


@contextmanager
def cluster(workers: int) -> Iterator[DaskExecutor]:
    """Start a scheduler in this process and workers of one thread each; see `recast.executors.open_executor`."""
    dask, distributed = _imported()
    environment = dict(dask.config.get("distributed.nanny.pre-spawn-environ"))
    # It gives the memory of every large array back to the system at once, which takes longer than to compute them.
    environment.pop("MALLOC_TRIM_THRESHOLD_", None)
    settings = {
        "distributed.scheduler.allowed-failures": _ALLOWED_FAILURES,
        "distributed.nanny.pre-spawn-environ": environment,
    }
    others = active_children()

    def kill(kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:  # workers may be in the middle of long calls
            for nanny in list(local.workers.values()):
                nanny.close_gracefully()  # not to replace the workers
            for process in active_children():
                if process not in others and process.name.startswith("Dask"):
                    process.kill()

    with ExitStack() as closing:
        # The threads of the cluster, and with them its processes, must not see Ctrl-C: see interrupts_held.
        with dask.config.set(settings), interrupts_held():
            local = distributed.LocalCluster(
                n_workers=0,
                threads_per_worker=1,
                processes=True,
                # There is none, but a port is taken all the same: any that is free.
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                memory_limit=0,  # pieces are small; a limit would pause workers on a busy computer
                silence_logs=logging.CRITICAL,
            )
            closing.push(_closing(local))
            client = distributed.Client(local, timeout=CONNECT, set_as_default=False)
            closing.push(_closing(client))
            closing.push(kill)
        local.scale(workers)
        _wait(client, workers)
        yield DaskExecutor(client)


def _closing(closable: Any) -> Callable[..., None]:
    """Return how a context closes a client or a cluster: not for long, least of all after an exception."""

    def close(kind: type[BaseException] | None, *_: object) -> None:
        with suppress(Exception):  # it may be gone already
            closable.close(timeout=1.0 if kind is None else 0.3)
            return
        # Nor is it tried again when Python ends.
        if hasattr(closable, "shutdown_on_close"):
            closable.shutdown_on_close = False
        else:
            closable.status = "closed"

    return close


def _wait(client: Any, workers: int) -> None:
    try:
        client.wait_for_workers(workers, timeout=START)
    except TimeoutError as error:
        msg = (
            f"the {workers} dask workers did not start within {START:g} seconds: ask for fewer; a script that starts "
            'workers needs `if __name__ == "__main__":`'
        )
        raise RecastError(msg) from error


@contextmanager
def joined(address: str) -> Iterator[DaskExecutor]:
    """Join a scheduler that runs already; see `recast.executors.open_executor`.

    Parameters
    ----------
    address : str
        Of the scheduler.

    Raises
    ------
    RecastError
        When nothing answers there.
    """
    _, distributed = _imported()
    if not _answers(address):
        msg = f"no dask scheduler answers at {address}: start one with `dask scheduler`, or correct the address"
        raise RecastError(msg)
    client = distributed.Client(address, timeout=CONNECT, set_as_default=False)
    with ExitStack() as closing:
        closing.push(_closing(client))
        yield DaskExecutor(client)


def _answers(address: str) -> bool:
    """Tell whether a scheduler is there; the client itself would wait for ever for a server that says nothing."""
    _, distributed = _imported()

    async def handshake() -> None:
        security = distributed.Security().get_connection_args("client")
        comm = await distributed.comm.connect(address, **security)
        await comm.close()

    answers: list[bool] = []

    def run() -> None:
        # Whatever another kind of server answers is no handshake.
        with suppress(Exception):
            asyncio.run(asyncio.wait_for(handshake(), CONNECT))
            answers.append(True)

    # A thread: there may be an event loop in this one, as in notebooks.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(CONNECT + 1.0)
    return bool(answers)


def _imported() -> tuple[Any, Any]:
    used = "distributed" in sys.modules
    try:
        import dask
        import distributed
    except ImportError as error:
        msg = "dask is not installed: pip install 'recast-bsm[dask]'"
        raise RecastError(msg) from error
    if not used:
        # What it would log, when a scheduler is lost or workers are ended, is said in one sentence.
        for handler in logging.getLogger("distributed").handlers:
            handler.setLevel(logging.CRITICAL)
    return dask, distributed
