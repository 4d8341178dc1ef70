"""Executors: where work that falls into independent pieces is done.

An executor is anything with ``map(function, *iterables)``: `concurrent.futures`, ``dask.distributed.Client``,
``mpi4py.futures``, ``parsl``; or a function that is called like the builtin `map`. None is this process.
Every piece depends on its own input alone and results come back in the order of the input, so that what is computed
does not depend on the executor. Linear algebra runs in one thread meanwhile: with more of them it adds up in another
order, and the last digits would depend on the number of cores.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, Protocol, TypeVar

from recast.errors import RecastError
from recast.process_pool import ProcessPool

__all__ = ["AnyExecutor", "Executor", "given_or_processes", "one_thread", "open_executor", "ordered"]

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 16
"""Items per batch for executors that do not say how many workers they have."""


class Executor(Protocol):
    """What can do independent pieces of work."""

    def map(self, function: Callable[..., Any], /, *iterables: Iterable[Any]) -> Iterable[Any]:
        """Return the results, or their futures, in the order of the input."""
        ...


AnyExecutor = Executor | Callable[..., Iterable[Any]]
"""An executor, or a function that is called like the builtin `map`."""


def ordered(
    executor: AnyExecutor | None,
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    ahead: int | None = None,
) -> Iterator[tuple[Item, Result]]:
    """Apply a function to items and yield the results in their order, few of them at a time.

    Parameters
    ----------
    executor : Executor, callable or None
        Where the function runs; None is here and one by one.
    function : callable
        Of one item. Both must be picklable when the executor has other processes; arrays in results may then be
        read-only.
    items : iterable
        Drawn as they are needed: there may be more than fit into memory.
    ahead : int, optional
        Items per batch at most; two batches are under way. There are not more than twice as many as workers, or 16 when
        their number is not known.

    Yields
    ------
    tuple
        The item and its result.

    Raises
    ------
    RecastError
        When workers or a scheduler are lost for good.
    Exception
        What the function raises, as it was raised.
    """
    call = OneThread(function)
    # Held here as well, so that threads of this process find it set when one of them ends.
    with one_thread():
        if executor is None:
            for item in items:
                yield item, call(item)
            return
        try:
            yield from _batches(executor, call, items, ahead)
        except BrokenProcessPool as error:
            msg = "a worker process was killed (memory may have run out): start again with fewer processes"
            raise RecastError(msg) from error


def _batches(
    executor: AnyExecutor, function: Callable[[Item], Result], items: Iterable[Item], ahead: int | None
) -> Iterator[tuple[Item, Result]]:
    mapping, workers = _mapping(executor)
    size = 2 * workers if workers else AHEAD
    if ahead is not None:
        size = min(size, max(ahead, 1))
    source = iter(items)
    # While one batch is read, the next one is under way: workers do not wait for the reader.
    following = list(islice(source, size))
    results = _submitted(mapping, function, following)
    while following:
        batch, current = following, results
        following = list(islice(source, size))
        results = _submitted(mapping, function, following)
        for item in batch:
            yield item, _next(current)


@dataclass(frozen=True)
class OneThread:
    """A function whose linear algebra runs in one thread."""

    function: Callable[..., Any]

    def __call__(self, item: Any) -> Any:
        """Call the function."""
        with one_thread():
            return self.function(item)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let linear algebra run in one thread during the block."""
    with _thread_pools().limit(limits=1):
        yield


@cache
def _thread_pools() -> Any:
    import scipy.linalg  # noqa: F401  # has a library of its own, which would be overlooked when it came later
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _mapping(executor: AnyExecutor) -> tuple[Callable[..., Iterable[Any]], int | None]:
    """Return what is called like `map`, and the number of workers where it is known."""
    if type(executor).__module__.partition(".")[0] == "distributed" and hasattr(executor, "scheduler_info"):
        from recast.dask_executor import DaskExecutor

        executor = DaskExecutor(executor)
    workers = getattr(executor, "workers", None)
    mapping = getattr(executor, "map", executor)
    if not callable(mapping):
        msg = f"{executor!r} is no executor: give what has a method map(function, *iterables), as in concurrent.futures"
        raise RecastError(msg)
    return mapping, workers if isinstance(workers, int) else None


def _submitted(mapping: Callable[..., Iterable[Any]], function: Callable[..., Any], items: list[Any]) -> Iterator[Any]:
    if not items:
        return iter(())
    found = mapping(function, items)
    return _emptied(deque(found)) if isinstance(found, list) else iter(found)


def _emptied(values: deque[Any]) -> Iterator[Any]:
    """Yield values that are not kept, so that a future and its result are released when they have been read."""
    while values:
        yield values.popleft()


def _next(results: Iterator[Any]) -> Any:
    """Return the next result; of a future, what it holds."""
    try:
        result = next(results)
        return result.result() if hasattr(result, "result") and hasattr(result, "cancel") else result
    except StopIteration:
        msg = "the executor returned fewer results than it was given items"
        raise RecastError(msg) from None


@contextmanager
def open_executor(
    *, processes: int | None = None, workers: int | None = None, scheduler: str | None = None
) -> Iterator[Executor | None]:
    """Start workers, or join those that run, and let go of them at the end of the block.

    When the block ends with an exception, of which Ctrl-C is one, what is under way is not waited for.

    Parameters
    ----------
    processes : int, optional
        Processes of this computer, from the standard library.
    workers : int, optional
        Workers of a local dask cluster, a process each; one that is killed is replaced and its work done again.
    scheduler : str, optional
        Address of a dask scheduler that runs already, such as ``tcp://host:8786``.

    Yields
    ------
    Executor or None
        None when nothing was asked for: this process does the work.

    Raises
    ------
    RecastError
        When more than one is asked for, a number is not positive, dask is missing, or the scheduler does not answer.
    """
    chosen = {"processes": processes, "workers": workers, "scheduler": scheduler}
    given = [name for name, value in chosen.items() if value is not None]
    if len(given) > 1:
        msg = f"choose one of {' and '.join(given)}: each of them says where the work is done"
        raise RecastError(msg)
    for name, value in (("processes", processes), ("workers", workers)):
        if value is not None and value < 1:
            msg = f"{name} must be at least 1, not {value}"
            raise RecastError(msg)
    opened: AbstractContextManager[Executor | None] = nullcontext()
    if processes is not None:
        opened = ProcessPool(processes)
    elif workers is not None or scheduler is not None:
        from recast.dask_executor import cluster, joined

        opened = cluster(workers) if workers is not None else joined(str(scheduler))
    with opened as executor:
        yield executor


@contextmanager
def given_or_processes(executor: AnyExecutor | None, processes: int | None) -> Iterator[AnyExecutor]:
    """Give back an executor, or start processes of this computer, by default one per core.

    Raises
    ------
    RecastError
        When both are given.
    """
    if executor is not None:
        if processes is not None:
            msg = "choose one of executor and processes: each of them says where the work is done"
            raise RecastError(msg)
        yield executor
        return
    with ProcessPool(processes or os.cpu_count() or 1) as pool:
        yield pool
