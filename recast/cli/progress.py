"""Progress of what takes long, on standard error of a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import click

from recast.cli.common import Settings, color_system

__all__ = ["Show", "progress"]

Show: TypeAlias = Callable[..., None]
"""Called with (done, total) and, if there is anything to say, what is done now."""

# Seconds: what takes less needs no bar.
PATIENCE = 1.0


@contextmanager
def progress(title: str, *, unit: str = "") -> Iterator[Show]:
    """Show how far the work of a block has come, once it has lasted a second.

    Nothing is shown where standard error is no terminal, or with ``--quiet``; nothing is left behind.

    Parameters
    ----------
    title : str
        What is worked on.
    unit : str
        What is counted, in the plural; a percentage is shown without one.

    Yields
    ------
    callable
        To be called with (done, total, what = ""); until then the end is not known.
    """
    context = click.get_current_context(silent=True)
    settings = context.find_object(Settings) if context else None
    if (settings is not None and settings.quiet) or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
    from rich.text import Text

    class Amount(ProgressColumn):
        def render(self, task: Task) -> Text:
            if task.total is None:
                return Text()
            if not unit:
                return Text(f"{task.percentage:3.0f}%")
            rate = f", {task.speed:.3g}/s" if task.speed else ""
            return Text(f"{task.completed:.4g} of {task.total:.4g} {unit}{rate}")

    class Remaining(ProgressColumn):
        def render(self, task: Task) -> Text:
            left = task.time_remaining
            return Text("" if task.total is None or left is None else f"{_clock(left)} left")

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        Amount(),
        TimeElapsedColumn(),
        Remaining(),
        console=Console(stderr=True, color_system=color_system()),
        transient=True,
        redirect_stdout=False,
    )
    task = bar.add_task(title, total=None)

    def show(done: float, total: float, what: str = "") -> None:
        # Rich leaves what was done at first, as before an interruption, out of the rate.
        bar.update(task, completed=done, total=total, description=f"{title}: {what}" if what else title)

    timer = threading.Timer(PATIENCE, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield show
    finally:
        timer.cancel()
        timer.join()
        if bar.live.is_started:
            bar.stop()


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
