"""Options that say where the work is done, for the commands with much of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["executor_options"]

F = TypeVar("F", bound=Callable[..., Any])


def executor_options(function: F | None = None, *, default: str = "this process alone") -> Any:
    """Add ``--processes``, ``--workers`` and ``--scheduler``, the arguments of `recast.executors.open_executor`.

    Parameters
    ----------
    function : callable
        The command.
    default : str
        What happens without them, for the help.
    """
    if function is None:
        return lambda command: executor_options(command, default=default)
    options = (
        click.option(
            "--processes", type=click.IntRange(min=1), help=f"Processes of this computer. [default: {default}]"
        ),
        click.option(
            "--workers", type=click.IntRange(min=1), help="Workers of a dask cluster of this computer, a process each."
        ),
        click.option("--scheduler", metavar="ADDRESS", help="A dask scheduler that runs, such as tcp://host:8786."),
    )
    for option in reversed(options):
        function = option(function)
    return function
