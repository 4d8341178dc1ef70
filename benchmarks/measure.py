"""Timing for the benchmarks: alternating runs, medians, and rows of a table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median


@dataclass(frozen=True)
class Row:
    """One figure and what was measured beside it.

    Attributes
    ----------
    what : str
    values : tuple of float
        One per run.
    unit : str
    target : str
        Empty where there is none.
    reference : str
        What a reader can run without recast.
    reference_values : tuple of float
        In the same unit.
    """

    what: str
    values: tuple[float, ...]
    unit: str
    target: str = ""
    reference: str = ""
    reference_values: tuple[float, ...] = field(default=())

    def cells(self) -> list[str]:
        """Return the row as text."""
        value = median(self.values)
        spread = f"{number(min(self.values))} to {number(max(self.values))}, {len(self.values)} runs"
        cells = [self.what, f"{number(value)} {self.unit}", spread, self.target or "none", self.reference]
        if not self.reference_values:
            return [*cells, "", ""]
        beside = median(self.reference_values)
        return [*cells, f"{number(beside)} {self.unit}", number(value / beside)]


HEADER = ["measured", "median", "range", "target", "beside it in the same run", "median", "ratio"]


def number(value: float) -> str:
    """Three significant digits."""
    if value == 0.0 or 1e-3 <= abs(value) < 1e4:
        text = f"{value:#.3g}"
        return text.rstrip(".") if abs(value) >= 1.0 else text
    return f"{value:.2e}".replace("e+0", "e").replace("e-0", "e-")


def markdown(rows: Iterable[Row]) -> str:
    """Return rows as a table."""
    lines = [HEADER, ["---"] * len(HEADER), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def emit(rows: Iterable[Row]) -> None:
    """Print rows for ``run.py``, each as soon as it is there."""
    for row in rows:
        print(json.dumps(asdict(row)), flush=True)


def received(line: str) -> Row:
    """Read a row back."""
    content = json.loads(line)
    for key in ("values", "reference_values"):
        content[key] = tuple(content[key])
    return Row(**content)


def seconds(task: Callable[[], object], *, at_least: float = 0.0) -> float:
    """Return the wall time of one call; short ones are repeated until they take ``at_least`` seconds."""
    calls, elapsed = 0, 0.0
    start = time.perf_counter()
    while calls == 0 or elapsed < at_least:
        task()
        calls += 1
        elapsed = time.perf_counter() - start
    return elapsed / calls


def alternate(
    *tasks: Callable[[], object], runs: int, at_least: float = 0.2, warm_up: bool = True
) -> list[tuple[float, ...]]:
    """Time several tasks in turns, so that a busy machine slows all of them alike.

    Returns
    -------
    list of tuple of float
        Seconds per call; one tuple for each task with one entry per run.
    """
    if warm_up:
        for task in tasks:
            task()
    rounds = [[seconds(task, at_least=at_least) for task in tasks] for _ in range(runs)]
    return [tuple(times) for times in zip(*rounds, strict=True)]


def rates(count: int, times: Iterable[float]) -> tuple[float, ...]:
    """Turn seconds into a number per second."""
    return tuple(count / time for time in times)


@dataclass(frozen=True)
class Usage:
    """What one command took, from its start to its end."""

    seconds: float
    megabytes: float


def command(words: Sequence[str]) -> Usage:
    """Run a command without its output; the largest resident set is that of its largest process.

    Raises
    ------
    RuntimeError
        When the command fails.
    """
    start = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        msg = f"{' '.join(words)} failed with exit code {process.returncode}"
        raise RuntimeError(msg)
    unit = 1.0 if sys.platform == "darwin" else 1024.0
    return Usage(elapsed, usage.ru_maxrss * unit / 1e6)
