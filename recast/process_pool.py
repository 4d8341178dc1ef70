"""Worker processes of the standard library that end when they should: with Ctrl-C, and with who started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any

__all__ = ["ProcessPool", "interrupts_held"]


class ProcessPool(ProcessPoolExecutor):
    """A pool of processes that ends at once when it is left by an exception, and with the process that started it.

    Parameters
    ----------
    workers : int
        Processes, started when there is work for them.
    """

    def __init__(self, workers: int) -> None:
        super().__init__(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_follow_parent)
        self.workers = workers

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit a call; a process that is started for it is not interrupted by Ctrl-C."""
        with interrupts_held():
            return super().submit(fn, *args, **kwargs)

    def __exit__(self, kind: type[BaseException] | None, *details: object) -> bool | None:
        """Wait for the work, or end it after an exception."""
        if kind is not None:
            for process in list((self._processes or {}).values()):
                process.kill()
        self.shutdown(wait=True, cancel_futures=kind is not None)
        return None


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back in this thread; processes and threads started meanwhile never see it.

    They would each print a traceback: it is for the process that started them to end them.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    # Its start would let the signal through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _follow_parent() -> None:
    """Let this worker ignore Ctrl-C and end when the process that started it is gone, even by ``kill -9``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
