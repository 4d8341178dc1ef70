"""Options that say where the work is done, for the commands with much of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["executor_options"]

F = TypeVar("F", bound=Callable[..., Any])


def executor_options(function: F) -> F:
    """Add ``--processes``, ``--workers`` and ``--scheduler``, the arguments of `recast.executors.open_executor`."""
    number = click.IntRange(min=1)
    options = (
        click.option("--processes", type=number, metavar="N", help="Use N processes of this computer."),
        click.option("--workers", type=number, metavar="N", help="Use a local dask cluster of N workers."),
        click.option("--scheduler", metavar="ADDRESS", help="Join a dask scheduler, such as tcp://host:8786."),
    )
    for option in reversed(options):
        function = option(function)
    return function
